//! The witness protocol: bytes, checks with their status codes, answers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{TestLog, cosigner};
use tlog::witness::{AddCheckpoint, Latest, format_response, format_size, parse_response, parse_size};
use tlog::{Checkpoint, EMPTY_ROOT, ProofError, Refusal, SignedNote, WitnessError, checkpoint, leaf_hash};

/// The request of the specification's worked example.
const EXAMPLE: &str = "old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
";

fn latest(log: &TestLog, size: u64) -> Latest {
    Latest { size, root: log.tree.root_at(size).unwrap() }
}

fn request(log: &TestLog, old: u64, new: u64) -> AddCheckpoint {
    AddCheckpoint { old_size: old, proof: log.tree.consistency(old, new).unwrap(), note: log.note(new) }
}

fn check(log: &TestLog, request: &AddCheckpoint, latest: &Latest) -> Result<Checkpoint, Refusal> {
    let again = AddCheckpoint::parse(&request.to_bytes()).unwrap();
    assert_eq!(&again, request);
    again.check(&log.origin, &log.key.verifier(), latest)
}

#[test]
fn the_example_of_the_specification_is_read() {
    let request = AddCheckpoint::parse(EXAMPLE.as_bytes()).unwrap();
    assert_eq!((request.old_size, request.proof.len(), request.note.signatures().len()), (20_852_014, 4, 2));
    assert_eq!(request.unverified_origin().unwrap().as_str(), "example.com/behind-the-sofa");
    assert_eq!(request.to_string(), EXAMPLE);
}

#[test]
fn consistent_checkpoints_are_accepted() {
    let log = TestLog::new(40);
    for old in 0..=40 {
        for new in old..=40 {
            assert_eq!(check(&log, &request(&log, old, new), &latest(&log, old)).unwrap(), log.head(new));
        }
    }
    assert_eq!(latest(&log, 0), Latest::default());
}

#[test]
fn every_refusal_has_its_status() {
    let log = TestLog::new(40);
    let refusal = |request: &AddCheckpoint, latest: &Latest| {
        let refusal = check(&log, request, latest).unwrap_err();
        (refusal.status(), refusal)
    };
    let good = request(&log, 20, 30);
    // The signature.
    let stranger = cosigner(1).verifier();
    let refused = good.check(&log.origin, &stranger, &latest(&log, 20)).unwrap_err();
    assert_eq!((refused.status(), refused), (403, Refusal::Signature));
    // The old size against the new one, and against what is known.
    let mut ahead = good.clone();
    ahead.old_size = 31;
    assert_eq!(refusal(&ahead, &latest(&log, 31)), (400, Refusal::OldSizeAhead));
    assert_eq!(refusal(&good, &latest(&log, 19)), (409, Refusal::Conflict { size: 19 }));
    assert_eq!(refusal(&good, &Latest::default()), (409, Refusal::Conflict { size: 0 }));
    // The proof.
    let mut short = good.clone();
    short.proof.pop();
    assert_eq!(refusal(&short, &latest(&log, 20)).0, 422);
    let mut unwanted = request(&log, 0, 30);
    unwanted.proof.push(EMPTY_ROOT);
    assert_eq!(refusal(&unwanted, &Latest::default()), (422, Refusal::UnwantedProof));
    // The empty tree.
    let empty = Checkpoint::new(log.origin.clone(), 0, leaf_hash(b""));
    let note = SignedNote::parse(checkpoint::sign(&empty, &log.key).as_bytes()).unwrap();
    let bad = AddCheckpoint { old_size: 0, proof: vec![], note };
    assert_eq!(refusal(&bad, &Latest::default()), (422, Refusal::EmptyTreeRoot));
}

#[test]
fn a19_an_inconsistent_checkpoint_is_not_cosigned() {
    let log = TestLog::new(40);
    let mut other = TestLog::new(10);
    (10..40).for_each(|index| other.append(format!("other {index}").as_bytes()));
    for old in 11..=40 {
        for new in old..=40 {
            let refused = check(&log, &request(&other, old, new), &latest(&log, old)).unwrap_err();
            assert_eq!(refused.status(), 422, "{old} to {new}");
        }
    }
    let same = check(&log, &request(&other, 40, 40), &latest(&log, 40));
    assert_eq!(same, Err(Refusal::Inconsistent(ProofError::Root)));
}

#[test]
fn malformed_requests_are_refused() {
    let log = TestLog::new(5);
    let good = request(&log, 3, 5).to_string();
    let refuse = |text: String, expected: WitnessError| {
        assert_eq!(AddCheckpoint::parse(text.as_bytes()), Err(expected), "{text}");
    };
    refuse(String::new(), WitnessError::Lines);
    refuse("old 3\n".into(), WitnessError::Lines);
    refuse(good.replace("old 3", "old 03"), WitnessError::OldSize);
    refuse(good.replace("old 3", "new 3"), WitnessError::OldSize);
    refuse(good.replace("old 3", "old 3 "), WitnessError::OldSize);
    let hash = format!("{}\n", EMPTY_ROOT.to_base64());
    refuse(good.replace("old 3\n", &format!("old 3\n{}", hash.repeat(64))), WitnessError::TooManyHashes { limit: 63 });
    assert!(matches!(
        AddCheckpoint::parse(good.replace("old 3\n", "old 3\nAAAA\n").as_bytes()),
        Err(WitnessError::Hash(_))
    ));
    assert!(matches!(AddCheckpoint::parse(good.trim_end().as_bytes()), Err(WitnessError::Note(_))));
    assert!(matches!(
        AddCheckpoint::parse(b"old 0\n\nx\n\n\xe2\x80\x94 a AAAAAAA=\n"),
        Err(WitnessError::Checkpoint(_))
    ));
    assert!(matches!(AddCheckpoint::parse(&vec![b'a'; 300_000]), Err(WitnessError::TooLarge { .. })));
}

#[test]
fn answers_are_verified() {
    let log = TestLog::new(5);
    let head = log.head(5);
    let keys = [cosigner(1).verifier(), cosigner(2).verifier()];
    let lines: Vec<_> = (1..=3).map(|seed| cosigner(seed).cosign(&head, 99).unwrap()).collect();
    let answer = format_response(&lines);
    // The third is unknown and ignored.
    assert_eq!(parse_response(answer.as_bytes(), &head, &keys).unwrap(), lines[..2]);
    let mut note = log.note(5);
    for line in &lines[..2] {
        note.add_signature(line.clone()).unwrap();
    }
    assert_eq!(note.verify(&keys).unwrap().len(), 2);
    assert_eq!(
        parse_response(answer.as_bytes(), &log.head(4), &keys),
        Err(WitnessError::Cosignature { name: "w1.example".into() })
    );
    assert_eq!(parse_response(format_response(&lines[2..]).as_bytes(), &head, &keys), Err(WitnessError::NoCosignature));
    for bad in [b"".as_slice(), b"\n", answer.trim_end().as_bytes(), b"\xff"] {
        assert!(parse_response(bad, &head, &keys).is_err());
    }
}

#[test]
fn sizes_have_one_spelling() {
    assert_eq!(format_size(20_852_014), "20852014\n");
    assert_eq!(parse_size(b"20852014\n"), Ok(20_852_014));
    for bad in [b"".as_slice(), b"1", b"01\n", b"1\n\n", b"-1\n", b"\xff\n"] {
        assert_eq!(parse_size(bad), Err(WitnessError::OldSize));
    }
}

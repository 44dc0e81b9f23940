//! Evidence of split views: what convicts, what only complains, and what can't be forged.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::TestLog;
use proptest::prelude::*;
use tlog::evidence::{SplitView, Verdict};
use tlog::{Checkpoint, EMPTY_ROOT, EvidenceError, Hash, Origin, SignedNote, checkpoint, leaf_hash};

/// Two logs of one key that agree on the first `common` entries only.
fn fork(common: u64, size: u64) -> (TestLog, TestLog) {
    let one = TestLog::new(size);
    let mut other = TestLog::new(common);
    other.append(b"something else");
    (common + 1..size).for_each(|index| other.append(format!("entry {index}").as_bytes()));
    (one, other)
}

fn judge(evidence: &SplitView, log: &TestLog) -> Verdict {
    let again = SplitView::parse(&evidence.to_bytes()).unwrap();
    assert_eq!(&again, evidence);
    again.judge(&log.origin, &log.key.verifier()).unwrap()
}

#[test]
fn a19_every_split_view_is_proven_to_anybody() {
    let (one, other) = fork(5, 40);
    for old in 1..=40 {
        for new in old..=40 {
            let (old_note, new_note) = (one.note(old), other.note(new));
            let evidence = SplitView::from_source(new_note, old_note, &other.tree).unwrap();
            let expected = if old > 5 { Verdict::SplitView } else { Verdict::Consistent };
            assert_eq!(judge(&evidence, &one), expected, "{old} and {new}");
        }
    }
}

#[test]
fn a19_an_honest_log_is_never_convicted() {
    let log = TestLog::new(40);
    for old in 0..=40 {
        for new in old..=40 {
            let evidence = SplitView::from_source(log.note(old), log.note(new), &log.tree).unwrap();
            assert_eq!(judge(&evidence, &log), Verdict::Consistent, "{old} and {new}");
        }
    }
}

#[test]
fn a_failing_proof_alone_is_a_complaint() {
    let (one, other) = fork(5, 40);
    let proof = other.tree.consistency(20, 40).unwrap();
    let complaint = SplitView::new(one.note(20), other.note(40), None, proof).unwrap();
    assert_eq!(judge(&complaint, &one), Verdict::ProofFails);
    // The same complaint can be made up against an honest log.
    let made_up = SplitView::new(one.note(20), one.note(40), None, vec![EMPTY_ROOT]).unwrap();
    assert_eq!(judge(&made_up, &one), Verdict::ProofFails);
    let answer = SplitView::new(one.note(20), one.note(40), None, one.tree.consistency(20, 40).unwrap()).unwrap();
    assert_eq!(judge(&answer, &one), Verdict::Consistent);
}

#[test]
fn a19_a_failing_proof_that_shows_another_prefix_convicts() {
    let (one, other) = fork(5, 40);
    for old in 6u64..40 {
        for new in old + 1..=40 {
            let proof = other.tree.consistency(old, new).unwrap();
            let evidence = SplitView::from_proof(one.note(old), other.note(new), proof.clone()).unwrap();
            assert_eq!(evidence, SplitView::from_proof(other.note(new), one.note(old), proof).unwrap());
            // A proof from a power of two does not contain the old root: whoever has the tiles must add it.
            let expected = if old.is_power_of_two() { Verdict::ProofFails } else { Verdict::SplitView };
            assert_eq!(judge(&evidence, &one), expected, "{old} and {new}");
        }
    }
    // Against an honest log a spoiled proof is a complaint, and a good one is nothing.
    for old in 1..40 {
        let mut proof = one.tree.consistency(old, 40).unwrap();
        let evidence = SplitView::from_proof(one.note(old), one.note(40), proof.clone()).unwrap();
        assert_eq!(judge(&evidence, &one), Verdict::Consistent, "{old}");
        for at in 0..proof.len() {
            proof[at].0[0] ^= 1;
            let evidence = SplitView::from_proof(one.note(old), one.note(40), proof.clone()).unwrap();
            assert_eq!(judge(&evidence, &one), Verdict::ProofFails, "{old}, hash {at}");
            proof[at].0[0] ^= 1;
        }
    }
    let same = SplitView::from_proof(one.note(40), other.note(40), vec![EMPTY_ROOT]).unwrap();
    assert_eq!(judge(&same, &one), Verdict::SplitView);
}

#[test]
fn both_checkpoints_must_be_signed_and_of_one_log() {
    let (one, other) = fork(5, 40);
    let evidence = SplitView::from_source(one.note(20), other.note(40), &other.tree).unwrap();
    let stranger = common::cosigner(1).verifier();
    assert!(matches!(evidence.judge(&one.origin, &stranger), Err(EvidenceError::Checkpoint(_))));
    let elsewhere = Origin::new("elsewhere").unwrap();
    assert!(matches!(evidence.judge(&elsewhere, &one.key.verifier()), Err(EvidenceError::Checkpoint(_))));
    let foreign = Checkpoint::new(elsewhere, 40, other.tree.root());
    let foreign = SignedNote::parse(checkpoint::sign(&foreign, &one.key).as_bytes()).unwrap();
    assert_eq!(SplitView::new(one.note(20), foreign, None, vec![]), Err(EvidenceError::Origins));
    assert!(matches!(
        SplitView::from_source(one.note(20), other.note(40), &tlog::MemoryTree::new()),
        Err(EvidenceError::Tree(_))
    ));
    assert_eq!(
        SplitView::new(one.note(2), other.note(4), None, vec![EMPTY_ROOT; 65]),
        Err(EvidenceError::TooManyHashes)
    );
}

#[test]
fn the_file_has_one_form() {
    let (one, other) = fork(5, 40);
    let evidence = SplitView::from_source(one.note(20), other.note(40), &other.tree).unwrap();
    let text = evidence.to_string();
    assert!(text.starts_with("urna/v1/split-view\nsmaller "));
    let (smaller, larger) = (one.note(20).to_string(), other.note(40).to_string());
    let swapped = text.replace(&smaller, "@").replace(&larger, &smaller).replace('@', &larger);
    for bad in [
        String::new(),
        text.replace("v1/split", "v2/split"),
        format!("{text}\n"),
        text.trim_end().to_owned(),
        text.replace("smaller ", "smaller 0"),
        text.replace("proof ", "proof 0"),
        text.replace("proof 4", "proof 3").replace("proof 5", "proof 4").replace("proof 6", "proof 5"),
        text.replace("prefix ", "prefix  "),
        text.replace("proof ", "proof 99"),
        swapped,
        "a".repeat(600_000),
    ] {
        assert!(SplitView::parse(bad.as_bytes()).is_err(), "{}", &bad[..bad.len().min(80)]);
    }
    // Equal sizes: neither prefix nor proof, and one order.
    let (a, b) = (one.note(40), other.note(40));
    let same = SplitView::new(a.clone(), b.clone(), Some(EMPTY_ROOT), vec![EMPTY_ROOT]).unwrap();
    assert_eq!(same, SplitView::new(b, a, None, vec![]).unwrap());
    assert!(same.to_string().ends_with("prefix none\nproof 0\n"));
    assert_eq!(judge(&same, &one), Verdict::SplitView);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever hashes an accuser takes, two honest checkpoints never give a conviction.
    #[test]
    fn a19_conviction_of_an_honest_log_can_not_be_forged(
        old in 1u64..40,
        more in 1u64..40,
        prefix: Option<[u8; 32]>,
        at: usize,
        bit in 0usize..256,
        kind in 0u8..4,
    ) {
        let new = old + more;
        let log = TestLog::new(new);
        let mut proof = log.tree.consistency(old, new).unwrap();
        let mut claimed = prefix.map(Hash);
        match kind {
            0 => {}
            1 => {
                let at = at % proof.len();
                proof[at].0[bit / 8] ^= 1 << (bit % 8);
            }
            2 => proof.insert(at % (proof.len() + 1), leaf_hash(b"x")),
            _ => claimed = proof.pop(),
        }
        let evidence = SplitView::new(log.note(old), log.note(new), claimed, proof).unwrap();
        prop_assert_ne!(evidence.judge(&log.origin, &log.key.verifier()).unwrap(), Verdict::SplitView);
    }
}

//! Checkpoints, cosignatures, offline proofs, evidence and the witness' wire format.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{TestLog, cosigner, policy};
use proptest::prelude::*;
use tlog::checkpoint::{Extension, open, sign};
use tlog::cosign::{self, MAX_TIMESTAMP};
use tlog::layout::witness_checkpoint_path;
use tlog::note::{NoteSignature, VerifierKey};
use tlog::tlog_proof::MAX_EXTRA;
use tlog::{
    Checkpoint, CheckpointError, CosignError, EMPTY_ROOT, KeyName, NoteError, Origin, Policy, ProofError, SignedNote,
    SigningKey, TlogProof, TlogProofError, Unsatisfied, leaf_hash,
};

/// The worked example of C2SP tlog-checkpoint and tlog-cosignature. Their keys are not published.
const EXAMPLE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

#[test]
fn the_example_of_the_specification_is_read() {
    let note = SignedNote::parse(EXAMPLE.as_bytes()).unwrap();
    assert_eq!(note.to_string(), EXAMPLE);
    let head = Checkpoint::from_unverified_note(&note).unwrap();
    assert_eq!((head.origin.as_str(), head.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(head.to_text(), note.text());
    // The cosignature's first eight bytes are the time of the worked example.
    assert_eq!(note.signatures()[1].signature()[..8], 1_679_315_147u64.to_be_bytes());
}

#[test]
fn checkpoints_have_one_text() {
    let root = leaf_hash(b"").to_base64();
    let parse = |text: &str| Checkpoint::from_text(text);
    assert!(parse(&format!("o\n0\n{root}\n")).is_ok());
    let with_lines = format!("o\n18446744073709551615\n{root}\nmore\nand more\n");
    assert_eq!(parse(&with_lines).unwrap().to_text(), with_lines);
    assert_eq!(parse(&with_lines).unwrap().extensions[1], Extension::new("and more").unwrap());
    for (text, expected) in [
        (String::new(), CheckpointError::Lines),
        ("o\n1\n".into(), CheckpointError::Lines),
        (format!("o\n1\n{root}"), CheckpointError::Lines),
        (format!("o\n1\n{root}\nx"), CheckpointError::Lines),
        (format!("\n1\n{root}\n"), CheckpointError::Origin),
        (format!("{}\n1\n{root}\n", "o".repeat(256)), CheckpointError::Origin),
        (format!("o\n01\n{root}\n"), CheckpointError::Size),
        (format!("o\n+1\n{root}\n"), CheckpointError::Size),
        (format!("o\n 1\n{root}\n"), CheckpointError::Size),
        (format!("o\n18446744073709551616\n{root}\n"), CheckpointError::Size),
        (format!("o\n1\n{root}\n\n"), CheckpointError::Extension),
        (format!("o\n1\n{root}\n\nx\n"), CheckpointError::Extension),
    ] {
        assert_eq!(parse(&text), Err(expected), "{text:?}");
    }
    assert!(matches!(parse("o\n1\nAAAA\n"), Err(CheckpointError::Root(_))));
    assert!(matches!(parse(&format!("o\n1\n{root} \n")), Err(CheckpointError::Root(_))));
}

#[test]
fn a_signed_checkpoint_opens_with_its_key_and_origin_only() {
    let log = TestLog::new(9);
    let note = sign(&log.head(9), &log.key);
    assert_eq!(open(note.as_bytes(), &log.origin, &log.key.verifier()).unwrap(), log.head(9));
    let other = SigningKey::from_seed(KeyName::new("log.example/test").unwrap(), &[1; 32]);
    assert_eq!(open(note.as_bytes(), &log.origin, &other.verifier()), Err(CheckpointError::Note(NoteError::NotSigned)));
    // The empty tree has one root.
    let bad = sign(&Checkpoint::new(log.origin.clone(), 0, leaf_hash(b"")), &log.key);
    assert_eq!(open(bad.as_bytes(), &log.origin, &log.key.verifier()), Err(CheckpointError::EmptyTreeRoot));
    let good = sign(&Checkpoint::new(log.origin.clone(), 0, EMPTY_ROOT), &log.key);
    assert!(open(good.as_bytes(), &log.origin, &log.key.verifier()).is_ok());
}

#[test]
fn s6_a_checkpoint_of_another_origin_is_refused() {
    let log = TestLog::new(9);
    let elsewhere = Origin::new("log.example/second").unwrap();
    let note = sign(&Checkpoint::new(elsewhere.clone(), 9, log.tree.root()), &log.key);
    assert_eq!(
        open(note.as_bytes(), &log.origin, &log.key.verifier()),
        Err(CheckpointError::WrongOrigin { expected: log.origin.to_string(), found: elsewhere.to_string() })
    );
}

#[test]
fn cosignatures_bind_checkpoint_time_and_key() {
    let log = TestLog::new(9);
    let (key, head) = (cosigner(1), log.head(9));
    let line = key.cosign(&head, 1_700_000_000).unwrap();
    assert_eq!(cosign::verify_line(&head, &line, &key.verifier()), Ok(1_700_000_000));
    // Every byte of the line counts, the time included.
    for at in 0..line.signature().len() {
        let mut bytes = line.signature().to_vec();
        bytes[at] ^= 1;
        let bad = NoteSignature::new(line.name().clone(), line.key_id(), bytes).unwrap();
        assert!(matches!(cosign::verify_line(&head, &bad, &key.verifier()), Err(CosignError::Invalid { .. })), "{at}");
    }
    for length in [1, 8, 71, 73] {
        let mut bytes = line.signature().to_vec();
        bytes.resize(length, 0);
        let bad = NoteSignature::new(line.name().clone(), line.key_id(), bytes).unwrap();
        assert!(matches!(cosign::verify_line(&head, &bad, &key.verifier()), Err(CosignError::Invalid { .. })));
    }
    // Another size, root, origin or extension line.
    let mut others = vec![log.head(8), Checkpoint::new(log.origin.clone(), 9, EMPTY_ROOT)];
    others.push(Checkpoint::new(Origin::new("other").unwrap(), 9, head.root));
    others.push(Checkpoint { extensions: vec![Extension::new("x").unwrap()], ..head.clone() });
    for other in others {
        assert!(cosign::verify_line(&other, &line, &key.verifier()).is_err());
    }
    assert!(matches!(cosign::verify_line(&head, &line, &cosigner(2).verifier()), Err(CosignError::OtherKey { .. })));
    for timestamp in [0, MAX_TIMESTAMP + 1, u64::MAX] {
        assert_eq!(key.cosign(&head, timestamp), Err(CosignError::Timestamp { timestamp }));
    }
    assert!(key.cosign(&head, MAX_TIMESTAMP).is_ok());

    // The key of a log is not asked for cosignatures, and a cosignature is no signature of type 0x01.
    let note = log.cosigned(9, &[1, 2]);
    let keys = [cosigner(1).verifier(), cosigner(2).verifier(), cosigner(3).verifier(), log.key.verifier()];
    assert_eq!(cosign::verify(&note, &keys).unwrap().len(), 2);
    assert!(cosign::verify(&note, &keys[2..]).unwrap().is_empty());
    let plain = VerifierKey::ed25519(key.name().clone(), key.verifier().public_key().try_into().unwrap()).unwrap();
    assert_ne!(plain.id(), key.verifier().id());
    assert_eq!(note.verify(&[plain]), Err(NoteError::NotSigned));
}

/// A cosignature made by hand over the message of the specification, with any time.
fn handmade(log: &TestLog, timestamp: u64) -> NoteSignature {
    let message = format!("cosignature/v1\ntime {timestamp}\n{}", log.head(9).to_text());
    let signature = tlog::signature::SecretKey::from_seed(&[1; 32]).sign(message.as_bytes());
    let bytes = [timestamp.to_be_bytes().as_slice(), &signature].concat();
    NoteSignature::new(cosigner(1).name().clone(), cosigner(1).verifier().id(), bytes).unwrap()
}

#[test]
fn cosignatures_follow_the_specification_and_its_limits_of_time() {
    let log = TestLog::new(9);
    let (head, key) = (log.head(9), cosigner(1).verifier());
    assert_eq!(handmade(&log, 1_679_315_147), cosigner(1).cosign(&head, 1_679_315_147).unwrap());
    assert_eq!(cosign::verify_line(&head, &handmade(&log, MAX_TIMESTAMP), &key), Ok(MAX_TIMESTAMP));
    for timestamp in [MAX_TIMESTAMP + 1, u64::MAX] {
        let outcome = cosign::verify_line(&head, &handmade(&log, timestamp), &key);
        assert!(matches!(outcome, Err(CosignError::Invalid { .. })));
    }
    // Time 0 verifies, but a witness must not answer with it.
    assert_eq!(cosign::verify_line(&head, &handmade(&log, 0), &key), Ok(0));
    let answer = handmade(&log, 0).to_string();
    assert!(tlog::witness::parse_response(answer.as_bytes(), &head, &[key]).is_err());
}

fn receipt(log: &TestLog, index: u64, size: u64, seeds: &[u8]) -> TlogProof {
    TlogProof::new(index, log.tree.inclusion(index, size).unwrap(), log.cosigned(size, seeds)).unwrap()
}

#[test]
fn receipts_verify_and_come_back() {
    let log = TestLog::new(70);
    let policy = policy(2, &[1, 2, 3]);
    let key = log.key.verifier();
    for (index, size) in [(0, 1), (0, 2), (6, 7), (63, 64), (64, 65), (33, 70)] {
        for extra in [None, Some(b"anything \xff".to_vec())] {
            let mut proof = receipt(&log, index, size, &[1, 3]);
            if let Some(extra) = extra.clone() {
                proof = proof.with_unauthenticated_extra(extra).unwrap();
            }
            let again = TlogProof::parse(&proof.to_bytes()).unwrap();
            assert_eq!((&again, again.to_bytes()), (&proof, proof.to_bytes()));
            assert_eq!(again.unauthenticated_extra(), extra.as_deref());
            let verified = again.verify(&log.entries[index as usize], &log.origin, &key, &policy).unwrap();
            assert_eq!((verified.index(), verified.checkpoint()), (index, &log.head(size)));
            assert_eq!(verified.satisfied().cosigners().len(), 2);
        }
    }
}

#[test]
fn receipts_bind_entry_place_log_and_witnesses() {
    let log = TestLog::new(70);
    let (key, needed) = (log.key.verifier(), policy(2, &[1, 2, 3]));
    let entry = log.entries[33].as_slice();
    let good = receipt(&log, 33, 70, &[1, 2]);
    assert!(good.verify(entry, &log.origin, &key, &needed).is_ok());
    assert_eq!(
        good.verify(b"another entry", &log.origin, &key, &needed),
        Err(TlogProofError::Inclusion(ProofError::Root))
    );
    let moved = TlogProof::new(32, good.inclusion().to_vec(), good.note().clone()).unwrap();
    assert!(matches!(moved.verify(entry, &log.origin, &key, &needed), Err(TlogProofError::Inclusion(_))));
    let short = receipt(&log, 33, 70, &[1]);
    assert_eq!(
        short.verify(entry, &log.origin, &key, &needed),
        Err(TlogProofError::Policy(Unsatisfied::Missing {
            requirement: "witnesses".into(),
            missing: vec!["w2".into(), "w3".into()]
        }))
    );
    assert!(short.verify(entry, &log.origin, &key, &Policy::none()).is_ok());
    assert!(good.verify(entry, &Origin::new("other").unwrap(), &key, &needed).is_err());
    assert!(good.verify(entry, &log.origin, &cosigner(9).verifier(), &needed).is_err());
    assert_eq!(TlogProof::new(70, vec![], log.note(70)), Err(TlogProofError::Index));
    assert_eq!(TlogProof::new(0, vec![EMPTY_ROOT; 65], log.note(70)), Err(TlogProofError::TooManyHashes));
}

#[test]
fn a_receipt_with_any_byte_changed_fails() {
    let log = TestLog::new(70);
    let (key, needed) = (log.key.verifier(), policy(2, &[1, 2]));
    let bytes = receipt(&log, 33, 70, &[1, 2]).to_bytes();
    let mut parsed = 0;
    for at in 0..bytes.len() {
        for flip in [0x01, 0x04, 0x20, 0x80] {
            let mut bad = bytes.clone();
            bad[at] ^= flip;
            let Ok(proof) = TlogProof::parse(&bad) else { continue };
            parsed += 1;
            assert!(proof.verify(&log.entries[33], &log.origin, &key, &needed).is_err(), "byte {at}");
        }
    }
    assert!(parsed > 1000);
}

#[test]
fn malformed_receipts_are_refused() {
    let log = TestLog::new(3);
    let good = receipt(&log, 1, 3, &[1]).to_string();
    let refuse = |text: String, expected: TlogProofError| {
        assert_eq!(TlogProof::parse(text.as_bytes()), Err(expected), "{text}");
    };
    refuse(String::new(), TlogProofError::Header);
    refuse(good.replace("@v1", "@v2"), TlogProofError::Header);
    refuse(good.replace("@v1\n", "@v1\r\n"), TlogProofError::Header);
    refuse(good.replace("index 1", "index 01"), TlogProofError::Index);
    refuse(good.replace("index 1", "index 3"), TlogProofError::Index);
    refuse(good.replace("index 1", "Index 1"), TlogProofError::Index);
    refuse(
        good.replace("index 1\n", "index 1\nindex 1\n").replace("index 1\nindex", "extra \nindex"),
        TlogProofError::Extra,
    );
    refuse(good.replace("index 1", "extra AAB=\nindex 1"), TlogProofError::Extra);
    refuse(good.replace("index 1", "extra AAA=\nextra AAA=\nindex 1"), TlogProofError::Index);
    let long = "A".repeat((MAX_EXTRA / 3 + 2) * 4);
    refuse(good.replace("index 1", &format!("extra {long}\nindex 1")), TlogProofError::Extra);
    refuse("c2sp.org/tlog-proof@v1\nindex 1\n".into(), TlogProofError::Lines);
    let line = format!("{}\n", EMPTY_ROOT.to_base64());
    refuse(format!("c2sp.org/tlog-proof@v1\nindex 1\n{}", line.repeat(65)), TlogProofError::TooManyHashes);
    assert!(matches!(
        TlogProof::parse(good.replace("index 1\n", "index 1\nAAAA\n").as_bytes()),
        Err(TlogProofError::Hash(_))
    ));
    assert!(matches!(TlogProof::parse(good.trim_end().as_bytes()), Err(TlogProofError::Note(_))));
    assert!(matches!(
        TlogProof::parse(b"c2sp.org/tlog-proof@v1\nindex 1\n\nno checkpoint\n\n\xe2\x80\x94 a AAAAAAA=\n"),
        Err(TlogProofError::Checkpoint(CheckpointError::Lines))
    ));
    assert!(matches!(TlogProof::parse(&vec![b'a'; 600_000]), Err(TlogProofError::TooLarge { .. })));
    let proof = receipt(&log, 1, 3, &[1]);
    assert_eq!(proof.clone().with_unauthenticated_extra(vec![]), Err(TlogProofError::Extra));
    assert_eq!(proof.clone().with_unauthenticated_extra(vec![0; MAX_EXTRA + 1]), Err(TlogProofError::Extra));
    let largest = proof.with_unauthenticated_extra(vec![0; MAX_EXTRA]).unwrap();
    assert_eq!(TlogProof::parse(&largest.to_bytes()).unwrap(), largest);
}

#[test]
fn the_path_of_a_witness_is_the_hash_of_the_origin() {
    // SHA-256 of "example.com/log42".
    let path = witness_checkpoint_path(&Origin::new("example.com/log42").unwrap());
    assert_eq!(path.len(), 64 + "/checkpoint".len());
    assert_eq!(path, format!("{}/checkpoint", tlog::hash::sha256(b"example.com/log42")));
}

proptest! {
    #[test]
    fn checkpoints_come_back(origin in "[^\\x00-\\x1f]{1,60}", size: u64, root: [u8; 32], more in proptest::collection::vec("[^\\x00-\\x1f]{1,20}", 0..4)) {
        let head = Checkpoint {
            origin: Origin::new(&origin).unwrap(),
            size,
            root: tlog::Hash(root),
            extensions: more.iter().map(|line| Extension::new(line).unwrap()).collect(),
        };
        prop_assert_eq!(Checkpoint::from_text(&head.to_text()).unwrap(), head.clone());
        let key = SigningKey::from_seed(KeyName::new("k").unwrap(), &[3; 32]);
        let note = SignedNote::parse(sign(&head, &key).as_bytes()).unwrap();
        prop_assert_eq!(note.text(), head.to_text());
    }

    #[test]
    fn readers_never_panic(text in "(c2sp.org/tlog-proof@v1|extra |index |old |\n|\n\n|1|0|AAAA|— a AAAAAAA=|o|47DEQpj8HBSa\\+/TImW\\+5JCeuQeRkm5NMpJWZG3hSuFU=){0,14}") {
        if let Ok(proof) = TlogProof::parse(text.as_bytes()) {
            prop_assert_eq!(proof.to_string(), text.clone());
        }
        if let Ok(head) = Checkpoint::from_text(&text) {
            prop_assert_eq!(head.to_text(), text.clone());
        }
        if let Ok(request) = tlog::witness::AddCheckpoint::parse(text.as_bytes()) {
            prop_assert_eq!(request.to_string(), text.clone());
        }
        let _ = tlog::witness::parse_size(text.as_bytes()).is_ok();
    }

    #[test]
    fn readers_never_panic_on_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for header in [b"".as_slice(), b"c2sp.org/tlog-proof@v1\nindex 0\n", b"old 0\n\n", b"urna/v1/split-view\nsmaller 9\n"] {
            let input = [header, &bytes].concat();
            prop_assert!(TlogProof::parse(&input).is_err() || TlogProof::parse(&input).unwrap().to_bytes() == input);
            prop_assert!(tlog::evidence::SplitView::parse(&input).is_err());
            prop_assert!(tlog::witness::AddCheckpoint::parse(&input).is_err());
        }
    }
}

//! Promises: one spelling, bound to log, entry and deadline.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use tlog::error::PromiseError;
use tlog::promise::{MAX_DEADLINE, MAX_PROMISE, Promise};
use tlog::{Checkpoint, KeyName, Origin, SigningKey, checkpoint, leaf_hash};

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(KeyName::new(name).unwrap(), &[seed; 32])
}

fn promise(name: &str) -> Promise {
    Promise { origin: Origin::new(name).unwrap(), leaf: leaf_hash(b"a ballot"), deadline: 1_800_000_000 }
}

#[test]
fn a_promise_is_read_back_and_binds_its_log() {
    let (log, made) = (key("log.example/1", 1), promise("log.example/1"));
    let file = made.sign(&log).unwrap();
    assert_eq!(Promise::open(file.as_bytes(), &made.origin, &log.verifier()), Ok(made.clone()));
    assert_eq!(Promise::from_unverified(file.as_bytes()), Ok(made.clone()));
    // Nothing random: the same promise has the same bytes.
    assert_eq!(made.sign(&log).unwrap(), file);
    assert!(file.starts_with("urna/v1/promise\nlog.example/1\n"));
}

#[test]
fn a15_a_promise_of_another_key_or_changed_afterwards_binds_nobody() {
    let (log, made) = (key("log.example/1", 1), promise("log.example/1"));
    let file = made.sign(&log).unwrap();
    let other = key("log.example/1", 2);
    assert_eq!(Promise::open(file.as_bytes(), &made.origin, &other.verifier()), Err(PromiseError::Signature));
    let leaf = leaf_hash(b"another ballot").to_base64();
    for (old, new) in [("1800000000", "1900000000"), (made.leaf.to_base64().as_str(), leaf.as_str())] {
        let changed = file.replacen(old, new, 1);
        assert_ne!(changed, file);
        assert_eq!(Promise::open(changed.as_bytes(), &made.origin, &log.verifier()), Err(PromiseError::Signature));
    }
}

#[test]
fn s6_a_promise_of_another_origin_is_refused() {
    let made = promise("log.example/2");
    let file = made.sign(&key("log.example/2", 1)).unwrap();
    let expected = Origin::new("log.example/1").unwrap();
    let refused = Promise::open(file.as_bytes(), &expected, &key("log.example/1", 1).verifier());
    assert!(matches!(refused, Err(PromiseError::WrongOrigin { .. })));
}

#[test]
fn signatures_of_checkpoints_and_of_promises_do_not_stand_for_each_other() {
    let (log, made) = (key("log.example/1", 1), promise("log.example/1"));
    let file = made.sign(&log).unwrap();
    assert!(checkpoint::open(file.as_bytes(), &made.origin, &log.verifier()).is_err());
    let head = checkpoint::sign(&Checkpoint::new(made.origin.clone(), 1, made.leaf), &log);
    assert_eq!(Promise::open(head.as_bytes(), &made.origin, &log.verifier()), Err(PromiseError::Lines));
    // The text of a promise under the log key's ordinary line is no promise.
    let ordinary = tlog::SignedNote::sign(&made.to_string(), &[&log]).unwrap().to_string();
    assert_eq!(Promise::open(ordinary.as_bytes(), &made.origin, &log.verifier()), Err(PromiseError::Signature));
}

#[test]
fn malformed_promises_are_refused() {
    let (log, made) = (key("log.example/1", 1), promise("log.example/1"));
    let sign = |text: &str| tlog::SignedNote::sign(text, &[&log]).unwrap().to_string();
    let text = made.to_string();
    let deadline = format!("{}\n", MAX_DEADLINE + 1);
    for (bad, fault) in [
        (text.replace("urna/v1", "urna/v2"), PromiseError::Lines),
        (format!("{text}more\n"), PromiseError::Lines),
        (text.replace("1800000000\n", ""), PromiseError::Lines),
        (text.replace("1800000000", "01"), PromiseError::Deadline),
        (text.replace("1800000000\n", &deadline), PromiseError::Deadline),
    ] {
        assert_eq!(Promise::from_unverified(sign(&bad).as_bytes()), Err(fault), "{bad}");
    }
    let bad = sign(&text.replace(&made.leaf.to_base64(), "AAAA"));
    assert!(matches!(Promise::from_unverified(bad.as_bytes()), Err(PromiseError::Hash(_))));
    let bad = vec![b'a'; MAX_PROMISE + 1];
    assert!(matches!(Promise::from_unverified(&bad), Err(PromiseError::TooLarge { .. })));
    let late = Promise { deadline: MAX_DEADLINE + 1, ..made };
    assert_eq!(late.sign(&log), Err(PromiseError::Deadline));
}

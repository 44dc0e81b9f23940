//! What needs a clock that the test sets.

use tlog::{KeyName, MemoryTree, SigningKey, checkpoint, cosign};

use super::*;

#[test]
fn stated_times_never_go_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let log = SigningKey::from_seed(KeyName::new("log.example/1").unwrap(), &[1; 32]);
    Key::make("w", &path("key")).unwrap();
    std::fs::write(path("watched"), format!("log {}\n", log.verifier())).unwrap();
    let config = Config::new(&path("data"), &path("key"), &path("watched"), "127.0.0.1:0".parse().unwrap());
    let mut witness = Witness::open(&config).unwrap();
    let mut tree = MemoryTree::new();
    for entry in 0..9u8 {
        tree.append(&[entry]);
    }
    let ask = |witness: &Witness, old: u64, new: u64, now: u64| {
        let head = Checkpoint::new(Origin::from(log.verifier().name()), new, tree.root_at(new).unwrap());
        let note = tlog::SignedNote::parse(checkpoint::sign(&head, &log).as_bytes()).unwrap();
        let request = AddCheckpoint { old_size: old, proof: tree.consistency(old, new).unwrap(), note };
        let answer = witness.add_checkpoint(&request.to_bytes(), now)?;
        let line = tlog::note::NoteSignature::parse_lines(&answer).unwrap().remove(0);
        Ok::<u64, Fault>(cosign::verify_line(&head, &line, &witness.verifier()).unwrap())
    };
    assert_eq!(ask(&witness, 0, 3, 0), Err(Fault::Clock));
    assert_eq!(ask(&witness, 0, 3, u64::MAX), Err(Fault::Clock));
    assert_eq!(ask(&witness, 0, 3, 1_000_000), Ok(1_000_000));
    assert_eq!(ask(&witness, 3, 4, 1_000_007), Ok(1_000_007));
    // A clock that is set back a little states the last time again; one that is wrong states none.
    assert_eq!(ask(&witness, 4, 5, 1_000_000), Ok(1_000_007));
    assert_eq!(ask(&witness, 5, 6, 1_000_007 - CLOCK_SLACK), Ok(1_000_007));
    assert_eq!(ask(&witness, 6, 7, 1_000_007 - CLOCK_SLACK - 1), Err(Fault::Clock));
    // The refusal has stored nothing; so it is after a restart.
    drop(witness);
    witness = Witness::open(&config).unwrap();
    assert_eq!(ask(&witness, 6, 7, 5), Err(Fault::Clock));
    assert_eq!(ask(&witness, 6, 7, 1_000_008), Ok(1_000_008));
    // A fresh time for the same tree.
    assert_eq!(ask(&witness, 7, 7, 1_000_100), Ok(1_000_100));
    assert!(!witness.has_failed());
}

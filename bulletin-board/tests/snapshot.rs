//! The board's shortcut at a start: what it is good for, and that nobody else's is taken. And the test setting that leaves
//! out proofs: what it does, and that it is loud.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, unreachable_pub)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use board::{Config, StartError};
use common::{HOST, Town, config, get};
use tempfile::TempDir;
use tlog::hash::Hash;
use tlog::note::{KeyId, KeyType, NoteSignature};
use tlog::{KeyName, SignedNote, SigningKey};
use voting_core::testing::chosen;

/// Starts the town's board with a changed configuration.
fn start(town: &mut Town, change: impl FnOnce(&mut Config)) -> Result<(), StartError> {
    let mut config = config(&town.data());
    config.snapshot_every = 1;
    change(&mut config);
    let board = board::run(config)?;
    town.url = board.url().to_owned();
    town.board = Some(board);
    Ok(())
}

fn snapshot(town: &Town) -> PathBuf {
    town.journal().with_file_name("snapshot")
}

/// A ballot of a voter whose signature is false.
fn forged(town: &mut Town, voter: usize) -> Vec<u8> {
    let sealed = town.sandbox.seal(voter, &[chosen(&[]), chosen(&[])]);
    let mut ballot = town.sandbox.cast(voter, &sealed.into_parts()[0]);
    *ballot.last_mut().unwrap() ^= 1;
    ballot
}

/// An open event with one true ballot, and a forged one behind it that only the test setting lets in. Stopped.
fn with_forged_ballot(seed: u64) -> Town {
    let mut town = Town::open(seed);
    town.sandbox.vote(0, &[chosen(&[0]), chosen(&[1])]);
    town.sync();
    let ballot = forged(&mut town, 4);
    let answer = town.submit(&ballot);
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (422, "invalid-signature"),
        "proofs are verified without the setting"
    );
    town.stop();
    start(&mut town, |config| config.without_proofs = true).unwrap();
    assert!(get(&format!("{}/api/health", town.url)).json()["warning"].as_str().unwrap().contains("forged"));
    assert_eq!(town.submit(&ballot).status, 200);
    town.stop();
    town
}

fn refused(started: Result<(), StartError>) -> bool {
    matches!(started, Err(StartError::Journal(error)) if error.to_string().contains("contradicts"))
}

/// The key of the log, as the operator has it.
fn log_key(town: &Town) -> SigningKey {
    let keys = fs::read_dir(town.data().join("keys")).unwrap();
    let path = keys.map(|item| item.unwrap().path()).find(|path| path.extension().is_some_and(|e| e == "json"));
    let file: serde_json::Value = serde_json::from_slice(&fs::read(path.unwrap()).unwrap()).unwrap();
    let mut seed = [0; 32];
    hex::decode_to_slice(file["seed"].as_str().unwrap(), &mut seed).unwrap();
    SigningKey::from_seed(KeyName::new(&town.sandbox.manifest().origin()).unwrap(), &seed)
}

/// A snapshot as the operator can sign one by hand, by the description of the format.
fn sign(town: &Town, version: &str, size: u64, root: &str) -> String {
    let key = log_key(town);
    let text = format!("urna/v1/snapshot\n{}\n{version}\n{size}\n{root}\n", town.sandbox.manifest().origin());
    let id = [b"urna/v1/snapshot", key.public().as_slice()].concat();
    let id = KeyId::derive(key.name(), KeyType::Other(0xff), &id);
    let signature = key.sign_text(&text).unwrap().signature().to_vec();
    let line = NoteSignature::new(key.name().clone(), id, signature).unwrap();
    SignedNote::from_parts(&text, vec![line]).unwrap().to_string()
}

/// Lines of the snapshot that the board left: version, size, root.
fn parts(town: &Town) -> (String, u64, String) {
    let text = fs::read_to_string(snapshot(town)).unwrap();
    let lines: Vec<_> = text.lines().collect();
    (lines[2].into(), lines[3].parse().unwrap(), lines[4].into())
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[test]
fn a_start_goes_on_from_the_snapshot_and_serves_the_same_log() {
    let mut town = Town::open(61);
    town.sandbox.vote(0, &[chosen(&[0]), chosen(&[1])]);
    town.sandbox.vote(0, &[chosen(&[1]), chosen(&[0])]);
    town.sync();
    town.stop();
    start(&mut town, |_| ()).unwrap();
    town.sandbox.vote(2, &[chosen(&[0]), chosen(&[1])]);
    town.sync();
    let before = town.read();
    town.stop();
    let (version, size, root) = parts(&town);
    assert_eq!((version.as_str(), size), (VERSION, town.sandbox.entries.len() as u64));
    assert_eq!(Hash::from_base64(&root).unwrap(), before.0);
    // What is behind the snapshot is verified: a start without it, and ballots that replace those before it.
    start(&mut town, |_| ()).unwrap();
    assert_eq!(town.read(), before);
    town.sandbox.vote(0, &[chosen(&[0]), chosen(&[])]);
    town.sync();
    let ballot = forged(&mut town, 4);
    assert_eq!(town.submit(&ballot).status, 422);
    town.close();
    town.stop();
}

#[test]
fn proofs_are_passed_over_up_to_the_snapshot_and_no_further() {
    let mut town = with_forged_ballot(62);
    let (version, size, root) = parts(&town);
    assert_eq!(version, format!("{VERSION}-without-proofs"));
    // A board without the setting does not take the word of one with it.
    assert!(refused(start(&mut town, |_| ())), "the snapshot of the test setting is not taken");
    // Signed by hand it is taken: that is what the operator could do to the own board, and why nobody else reads it.
    fs::write(snapshot(&town), sign(&town, VERSION, size, &root)).unwrap();
    start(&mut town, |_| ()).unwrap();
    town.stop();
    fs::write(snapshot(&town), sign(&town, VERSION, size, &root)).unwrap();
    assert!(refused(start(&mut town, |config| config.verify_all = true)), "--verify-all verifies all");
    // One entry less: the forged ballot is behind it.
    let mut tree = tlog::MemoryTree::new();
    town.sandbox.entries.iter().for_each(|entry| {
        tree.append(entry);
    });
    assert_eq!(tree.size(), size - 1);
    fs::write(snapshot(&town), sign(&town, VERSION, size - 1, &tree.root().to_base64())).unwrap();
    assert!(refused(start(&mut town, |_| ())));
}

#[test]
fn any_snapshot_that_does_not_fit_makes_the_board_verify_everything() {
    let mut town = with_forged_ballot(63);
    let (_, size, root) = parts(&town);
    let good = sign(&town, VERSION, size, &root);
    let changed = |from: &str, to: &str| good.replacen(from, to, 1);
    let other = Hash([9; 32]).to_base64();
    let cases = [
        ("changed size", changed(&format!("\n{size}\n"), &format!("\n{}\n", size - 1))),
        ("changed root", changed(&root, &other)),
        ("changed log", changed(HOST, "other.test")),
        ("cut", good[..good.len() / 2].to_owned()),
        ("empty", String::new()),
        ("no note", "snapshot".to_owned()),
        ("another version", sign(&town, "0.0.9", size, &root)),
        ("another root", sign(&town, VERSION, size, &other)),
        ("ahead of the journal", sign(&town, VERSION, size + 1, &root)),
        ("size that no batch had", sign(&town, VERSION, size - 1, &root)),
        (
            "size as nobody writes it",
            sign(&town, VERSION, size, &root).replace(&format!("\n{size}\n"), &format!("\n0{size}\n")),
        ),
    ];
    for (what, bytes) in cases {
        fs::write(snapshot(&town), bytes).unwrap();
        assert!(refused(start(&mut town, |_| ())), "{what}: the forged ballot is found");
    }
    fs::remove_file(snapshot(&town)).unwrap();
    assert!(refused(start(&mut town, |_| ())), "none at all");
}

#[test]
fn a_true_log_is_served_whatever_the_snapshot_says() {
    let mut town = Town::open(64);
    town.sandbox.vote(0, &[chosen(&[0]), chosen(&[1])]);
    town.sync();
    let journal = fs::read(town.journal()).unwrap();
    town.sandbox.vote(1, &[chosen(&[0]), chosen(&[0]), chosen(&[1])]);
    town.sync();
    let before = town.read();
    town.stop();
    start(&mut town, |_| ()).unwrap();
    town.stop();
    let (_, size, root) = parts(&town);
    for bytes in
        ["".into(), sign(&town, VERSION, size + 7, &root), sign(&town, VERSION, size, &Hash([1; 32]).to_base64())]
    {
        fs::write(snapshot(&town), bytes).unwrap();
        start(&mut town, |_| ()).unwrap();
        assert_eq!(town.read(), before);
        town.stop();
        assert_eq!(parts(&town), (VERSION.into(), size, root.clone()), "a new one is kept at the stop");
    }
    // An old journal under a newer snapshot: verified, and refused where something remembers more.
    fs::write(town.journal(), journal).unwrap();
    let behind = start(&mut town, |_| ());
    assert!(matches!(behind, Err(StartError::Journal(error)) if error.to_string().contains("an older copy")));
}

#[test]
fn a_journal_that_was_rewritten_before_the_snapshot_is_verified_and_refused() {
    let mut town = Town::open(65);
    town.stop();
    // Two futures of one event on copies of one data folder: a true ballot, and a forged one in its place.
    let aside = town.dir.path().join("aside");
    assert!(Command::new("cp").arg("-a").arg(town.data()).arg(&aside).status().unwrap().success());
    start(&mut town, |_| ()).unwrap();
    town.sandbox.vote(4, &[chosen(&[0]), chosen(&[1])]);
    town.sync();
    town.stop();
    let (kept, size) = (fs::read(snapshot(&town)).unwrap(), parts(&town).1);
    fs::remove_dir_all(town.data()).unwrap();
    fs::rename(&aside, town.data()).unwrap();
    start(&mut town, |config| config.without_proofs = true).unwrap();
    let ballot = forged(&mut town, 2);
    assert_eq!(town.submit(&ballot).index() + 1, size);
    town.stop();
    fs::write(snapshot(&town), kept).unwrap();
    assert!(refused(start(&mut town, |_| ())), "its root is another one, so the proofs are verified again");
}

/// Whether a program warns on its log, and in its health.
fn warnings(program: &str, setting: bool) -> (bool, bool) {
    let dir = TempDir::new().unwrap();
    let mut command = Command::new(program);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(dir.path().join("data"));
    if setting {
        command.env("URNA_TEST_NO_PROOFS", "1").env("URNA_WITHOUT_PROOFS", "1");
    }
    let mut board = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(board.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let health = get(&format!("{}/api/health", line.trim().trim_start_matches("listening on "))).json();
    board.kill().unwrap();
    let said = String::from_utf8(board.wait_with_output().unwrap().stderr).unwrap();
    (said.contains("Forged ballots are taken"), health.get("warning").is_some())
}

#[test]
fn the_board_verifies_whatever_is_set_when_it_runs() {
    for setting in [false, true] {
        assert_eq!(warnings(env!("CARGO_BIN_EXE_board"), setting), (false, false));
    }
    let dir = TempDir::new().unwrap();
    for line in ["without_proofs = true", "verify_all = false", "no_proofs = true"] {
        let path = dir.path().join("board.toml");
        fs::write(&path, line).unwrap();
        assert!(board::config::Settings::read(&path).is_err(), "{line}");
    }
}

#[cfg(feature = "measure")]
#[test]
fn the_program_without_proofs_is_loud() {
    assert_eq!(warnings(env!("CARGO_BIN_EXE_board-without-proofs"), false), (true, true));
}

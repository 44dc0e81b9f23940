//! What an operator does with a data folder: check, backup, restore, repair from a mirror; with the real program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use board::store::{Journal, Record};
use client::Source;
use common::{Town, get, post};
use serde_json::Value;
use tempfile::TempDir;
use voting_core::testing::chosen;

/// What the program said.
#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    #[track_caller]
    fn ok(self, words: &[&str]) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        assert!(words.iter().all(|words| self.out.contains(words)), "{words:?}: {self:?}");
        self
    }

    #[track_caller]
    fn refused(self, code: &str, words: &[&str]) {
        assert_eq!(self.code, 2, "{self:?}");
        assert!(self.err.contains(&format!("error[{code}]: ")), "{code}: {self:?}");
        assert!(words.iter().all(|words| self.err.contains(words)), "{words:?}: {self:?}");
    }
}

fn board(command: &str, folders: &[(&str, &Path)]) -> Said {
    run(Command::new(env!("CARGO_BIN_EXE_board"))
        .arg(command)
        .args(folders.iter().flat_map(|(flag, folder)| [(*flag).into(), folder.as_os_str().to_owned()])))
}

fn run(command: &mut Command) -> Said {
    let output = command.stdin(Stdio::null()).output().unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn check(data: &Path) -> Said {
    board("check", &[("--data", data)])
}

fn backup(data: &Path, to: &Path) -> Said {
    board("backup", &[("--data", data), ("--to", to)])
}

fn restore(from: &Path, data: &Path) -> Said {
    board("restore", &[("--from", from), ("--data", data)])
}

fn repair(town: &Town, mirror: &Path) -> Said {
    let event = PathBuf::from(town.event().to_string());
    board("repair", &[("--data", &town.data()), ("--event", &event), ("--from", mirror)])
}

/// A copy of the log as `observer mirror` makes it.
fn mirror(town: &Town, name: &str) -> PathBuf {
    let folder = town.dir.path().join(name);
    let log: Source = town.log("").parse().unwrap();
    client::mirror(&log, &folder, &mut |_| ()).unwrap();
    folder
}

/// An event with these ballots; the board runs.
fn town(seed: u64, ballots: u32) -> Town {
    let mut town = Town::open(seed);
    vote(&mut town, ballots);
    town
}

fn vote(town: &mut Town, ballots: u32) {
    for number in 0..ballots {
        town.sandbox.vote(2 * (number as usize % 3), &[chosen(&[number % 3]), chosen(&[0])]);
    }
    town.sync();
}

/// Everything that was acknowledged stands on the log, and is answered again.
fn holds(town: &Town) {
    assert_eq!(town.read().1, town.sandbox.entries);
    for (entry, receipt) in town.sandbox.entries.iter().zip(&town.receipts).skip(1) {
        town.check_receipt(entry, receipt);
        let again = town.submit(entry);
        assert_eq!(town.check_receipt(entry, &again.body), again.index());
    }
}

#[test]
fn a_backup_under_load_is_restored_and_completed_from_a_mirror() {
    let mut town = town(331, 0);
    let ballots: Vec<_> =
        (0..60_usize).map(|n| town.sandbox.vote(2 * (n % 3), &[chosen(&[0]), chosen(&[(n % 2) as u32])])).collect();
    let (done, entries) = (AtomicBool::new(false), town.api("/entries"));
    let mut copies = Vec::new();
    let receipts: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let receipts = ballots.iter().map(|ballot| {
                let answer = post(&entries, ballot);
                assert_eq!(answer.status, 200);
                answer.body
            });
            let receipts = receipts.collect();
            done.store(true, Ordering::SeqCst);
            receipts
        });
        while !done.load(Ordering::SeqCst) || copies.is_empty() {
            let to = town.dir.path().join(format!("backup-{}", copies.len()));
            backup(&town.data(), &to).ok(&["1 events", "copied and read again", "signing keys"]);
            copies.push(to);
        }
        load.join().unwrap()
    });
    town.receipts.extend(receipts);
    town.sent = town.receipts.len();
    assert!(copies.len() >= 2, "{} backups under load", copies.len());
    let checkpoint = get(&town.log("checkpoint")).body;
    let mirror = mirror(&town, "mirror");
    town.stop();

    // Each of the copies is whole and the beginning of the log.
    for copy in &copies {
        let manifest: Value = serde_json::from_slice(&std::fs::read(copy.join("backup.json")).unwrap()).unwrap();
        let entries = manifest["events"][0]["entries"].as_u64().unwrap() as usize;
        check(copy).ok(&[&format!(": good: {entries} entries"), "1 events checked"]);
        assert!(entries <= town.sandbox.entries.len());
    }

    // The disk is lost.
    std::fs::remove_dir_all(town.data()).unwrap();
    let words = restore(&copies[0], &town.data()).ok(&["1 events restored", "second log", "board repair"]).out;
    assert!(words.contains("witness"), "{words}");
    let repaired = repair(&town, &mirror);
    let total = town.sandbox.entries.len();
    repaired.ok(&["completed from ", &format!("to {total} entries"), "before-repair-1"]);
    repair(&town, &mirror).ok(&["nothing to repair"]);
    check(&town.data()).ok(&[&format!(": good: {total} entries")]);
    town.restart().unwrap();
    assert_eq!(get(&town.log("checkpoint")).body, checkpoint, "the same signed head");
    holds(&town);
    vote(&mut town, 2);
    let key = std::fs::read_dir(town.data().join("keys")).unwrap().next().unwrap().unwrap().path();
    assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(town.journal()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_restored_backup_that_is_not_behind_goes_on_at_once() {
    let mut town = town(332, 5);
    let checkpoint = get(&town.log("checkpoint")).body;
    town.stop();
    let copy = town.dir.path().join("copy");
    backup(&town.data(), &copy).ok(&[]);
    std::fs::remove_dir_all(town.data()).unwrap();
    std::fs::create_dir(town.data()).unwrap();
    restore(&copy, &town.data()).ok(&[]);
    town.restart().unwrap();
    assert_eq!(get(&town.log("checkpoint")).body, checkpoint);
    for (entry, receipt) in town.sandbox.entries.iter().zip(&town.receipts).skip(1) {
        assert_eq!(&town.submit(entry).body, receipt, "byte for byte");
    }
    vote(&mut town, 1);
}

#[test]
fn an_unsigned_batch_is_not_backed_up() {
    // It might be lost in a power cut, and other entries take its place.
    let mut town = town(333, 2);
    town.stop();
    let (mut journal, _) = Journal::open(&town.journal(), &town.event(), |_| Ok(())).unwrap();
    let signed = journal.length();
    let entry = town.sandbox.vote(0, &[chosen(&[0]), chosen(&[1])]);
    let (first, root) = (town.sent as u64, town.sandbox.state.root());
    journal.append(&Record::Batch { first, size: first + 1, root, entries: vec![entry] }).unwrap();
    drop(journal);
    let copy = town.dir.path().join("copy");
    backup(&town.data(), &copy).ok(&[&format!("{first} entries")]);
    let copied = copy.join("events").join(town.event().to_string()).join("journal");
    assert_eq!(std::fs::metadata(copied).unwrap().len(), signed);
    check(&town.data()).ok(&[&format!("{} entries", first + 1), "the last batch is unsigned"]);
}

#[test]
fn check_names_what_is_wrong_and_changes_nothing() {
    let mut town = town(334, 4);
    check(&town.data()).refused("data-locked", &["another board is running"]);
    check(town.dir.path()).refused("no-data", &["board serve --data"]);
    town.stop();
    let total = town.sandbox.entries.len();
    check(&town.data()).ok(&[&format!(": good: {total} entries, root {}", town.sandbox.state.root()), "heads"]);
    let good = std::fs::read(town.journal()).unwrap();
    let marks: Vec<_> = good.windows(4).enumerate().filter(|(_, window)| *window == b"\xf5rec").collect();
    for record in [0, marks.len() / 2, marks.len() - 2] {
        let offset = marks[record].0;
        let mut bad = good.clone();
        bad[offset + 30] ^= 4;
        std::fs::write(town.journal(), &bad).unwrap();
        let place = format!("damaged at byte {offset}");
        check(&town.data()).refused("journal-damaged", &[&place, "restore it from your copy"]);
        backup(&town.data(), &town.dir.path().join(format!("bad-{record}"))).refused("journal-damaged", &[&place]);
        assert_eq!(std::fs::read(town.journal()).unwrap(), bad);
    }
    // A torn end is no damage.
    let torn = [&good[..], &good[marks[3].0..marks[3].0 + 77]].concat();
    std::fs::write(town.journal(), &torn).unwrap();
    check(&town.data()).ok(&[": good: ", "77 bytes of a torn record"]);
    assert_eq!(std::fs::read(town.journal()).unwrap(), torn);
    std::fs::write(town.journal(), &good).unwrap();
    // A key that is missing.
    std::fs::rename(town.data().join("keys"), town.dir.path().join("keys")).unwrap();
    check(&town.data()).refused("log-key", &["it is missing", "restore the key file"]);
}

#[test]
fn nothing_is_ever_overwritten() {
    let mut town = town(335, 1);
    town.stop();
    let copy = town.dir.path().join("copy");
    backup(&town.data(), &copy).ok(&[]);
    backup(&town.data(), &copy).refused("not-empty", &["nothing is ever overwritten"]);
    restore(&copy, &town.data()).refused("not-empty", &["nothing is ever overwritten"]);
    backup(&town.data(), &town.data().join("events/copy")).refused("not-empty", &["on another disk"]);
    let file = town.dir.path().join("file");
    std::fs::write(&file, "something").unwrap();
    assert_ne!(backup(&town.data(), &file).code, 0);
    assert_eq!(std::fs::read(&file).unwrap(), b"something");
    town.restart().unwrap();
    holds(&town);
}

#[test]
fn a_backup_that_was_changed_is_not_restored() {
    let mut town = town(336, 2);
    town.stop();
    let copy = town.dir.path().join("copy");
    backup(&town.data(), &copy).ok(&[]);
    let manifest = copy.join("backup.json");
    let good = std::fs::read_to_string(&manifest).unwrap();
    let mut number = 0;
    let mut target = || {
        number += 1;
        town.dir.path().join(format!("restored-{number}"))
    };
    let journal = copy.join("events").join(town.event().to_string()).join("journal");
    let bytes = std::fs::read(&journal).unwrap();

    // A flipped bit, also in the last head, which a start would cut and sign again.
    for at in [60, bytes.len() / 2, bytes.len() - 1] {
        let mut bad = bytes.clone();
        bad[at] ^= 1;
        std::fs::write(&journal, bad).unwrap();
        let to = target();
        restore(&copy, &to).refused("backup-damaged", &["SHA-256", "take another copy"]);
        // And what was begun cannot be served.
        let refused = board::run(common::config(&to)).unwrap_err();
        assert!(refused.to_string().contains("a restore into this folder was interrupted"), "{refused}");
    }
    std::fs::write(&journal, &bytes[..bytes.len() - 40]).unwrap();
    restore(&copy, &target()).refused("backup-damaged", &["its manifest says"]);
    std::fs::write(&journal, &bytes).unwrap();

    // Manifests.
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        std::fs::write(&manifest, good.replace(from, to)).unwrap();
    };
    with("\"format\": 1", "\"format\": 9");
    restore(&copy, &target()).refused("backup-damaged", &["format 9 is not known"]);
    with("\"path\": \"format\"", "\"path\": \"../../outside\"");
    restore(&copy, &target()).refused("backup-damaged", &["../../outside"]);
    with("\"path\": \"format\"", "\"path\": \"/etc/hostname\"");
    restore(&copy, &target()).refused("backup-damaged", &["which no data folder has"]);
    with("/journal\"", "/labels\"");
    restore(&copy, &target()).refused("backup-damaged", &["the journal of"]);
    with(&town.sandbox.state.root().to_string(), &"0".repeat(64));
    restore(&copy, &target()).refused("backup-damaged", &["is not the one that the manifest names"]);
    std::fs::write(&manifest, "{").unwrap();
    restore(&copy, &target()).refused("backup-damaged", &["no manifest"]);
    std::fs::remove_file(&manifest).unwrap();
    restore(&copy, &target()).refused("backup-damaged", &["there is no finished backup here"]);
    std::fs::write(&manifest, &good).unwrap();
    restore(&copy, &target()).ok(&[]);
}

#[test]
fn a_lost_or_damaged_journal_is_made_again_from_a_mirror() {
    let mut town = town(337, 6);
    let mirror = mirror(&town, "mirror");
    let checkpoint = get(&town.log("checkpoint")).body;
    town.stop();
    let mut bad = std::fs::read(town.journal()).unwrap();
    bad[200] ^= 1;
    std::fs::write(town.journal(), &bad).unwrap();
    repair(&town, &mirror).refused("journal-damaged", &["damaged at byte"]);
    assert_eq!(std::fs::read(town.journal()).unwrap(), bad, "not touched");
    std::fs::rename(town.journal(), town.journal().with_extension("damaged")).unwrap();
    repair(&town, &mirror).ok(&["completed from 0 to"]);
    // What stands in the index as well is found again.
    town.restart().unwrap();
    assert_eq!(get(&town.log("checkpoint")).body, checkpoint);
    holds(&town);
    vote(&mut town, 1);
}

#[test]
fn a_mirror_that_is_older_or_the_same_changes_nothing() {
    let mut town = town(338, 2);
    let older = mirror(&town, "older");
    vote(&mut town, 2);
    let same = mirror(&town, "same");
    town.stop();
    let journal = std::fs::read(town.journal()).unwrap();
    repair(&town, &older).ok(&["nothing to repair"]);
    repair(&town, &same).ok(&["nothing to repair"]);
    assert_eq!(std::fs::read(town.journal()).unwrap(), journal);
}

#[test]
fn a19_a_mirror_that_contradicts_the_journal_is_refused() {
    // Two boards went on from the same backup.
    let mut town = town(339, 2);
    town.stop();
    let copy = town.dir.path().join("copy");
    backup(&town.data(), &copy).ok(&[]);
    town.restart().unwrap();
    let before = town.sent;
    vote(&mut town, 3);
    let one = mirror(&town, "one");
    town.stop();
    std::fs::remove_dir_all(town.data()).unwrap();
    restore(&copy, &town.data()).ok(&[]);
    town.restart().unwrap();
    // The ballots come in another order there.
    for entry in [2, 1].map(|next| town.sandbox.entries[before + next].clone()) {
        assert_eq!(town.submit(&entry).status, 200);
    }
    town.stop();
    let journal = std::fs::read(town.journal()).unwrap();
    let place = format!("entry {before} differs");
    repair(&town, &one).refused("log-contradiction", &[&place, "signed two logs", "start nothing"]);
    assert_eq!(std::fs::read(town.journal()).unwrap(), journal);
}

#[test]
fn mirrors_that_are_incomplete_false_or_of_another_event_are_refused() {
    let mut town = town(340, 3);
    let good = mirror(&town, "mirror");
    let spare = mirror(&town, "spare");
    let other = self::town(341, 1);
    let foreign = mirror(&other, "foreign");
    town.stop();
    // The journal is behind by two records, batch and head.
    let bytes = std::fs::read(town.journal()).unwrap();
    let marks: Vec<_> = bytes.windows(4).enumerate().filter(|(_, window)| *window == b"\xf5rec").collect();
    std::fs::write(town.journal(), &bytes[..marks[marks.len() - 2].0]).unwrap();
    let behind = std::fs::read(town.journal()).unwrap();
    assert!(town.restart().is_err(), "the index knows more: it refuses to start");

    repair(&town, &foreign).refused("mirror-damaged", &["the log of another event"]);
    repair(&town, town.dir.path()).refused("mirror-damaged", &["there is no mirror of a log here"]);
    let files = |folder: &Path| -> Vec<PathBuf> {
        let (mut files, mut open) = (Vec::new(), vec![folder.to_owned()]);
        while let Some(folder) = open.pop() {
            for item in std::fs::read_dir(folder).unwrap() {
                let path = item.unwrap().path();
                if path.is_dir() { open.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        files
    };
    let mut damaged = 0;
    for file in files(&good) {
        let bytes = std::fs::read(&file).unwrap();
        let mut bad = bytes.clone();
        let middle = bad.len() / 2;
        bad[middle] ^= 1;
        for bad in [Some(bad), None] {
            match bad {
                Some(bad) => std::fs::write(&file, bad).unwrap(),
                None => std::fs::remove_file(&file).unwrap(),
            }
            repair(&town, &good).refused("mirror-damaged", &["take another mirror"]);
            damaged += 1;
        }
        std::fs::write(&file, bytes).unwrap();
    }
    assert!(damaged >= 6, "checkpoint, a tile and a bundle, each in two ways");
    // A checkpoint by another key.
    std::fs::write(good.join("checkpoint"), std::fs::read(foreign.join("checkpoint")).unwrap()).unwrap();
    repair(&town, &good).refused("mirror-damaged", &[]);
    assert_eq!(std::fs::read(town.journal()).unwrap(), behind, "none of it changed the journal");
    repair(&town, &spare).ok(&["completed from"]);
    town.restart().unwrap();
    holds(&town);
}

#[test]
fn the_help_of_each_command_teaches() {
    let help = |command: &str| run(Command::new(env!("CARGO_BIN_EXE_board")).args([command, "--help"])).ok(&[]).out;
    for (command, words) in [
        ("check", ["without changing anything", "board check --data"]),
        ("backup", ["also while the board runs", "signing keys"]),
        ("restore", ["second log", "board repair"]),
        ("repair", ["observer mirror", "nothing is changed"]),
        ("serve", ["--minimum-free-mebibytes", "board backup"]),
    ] {
        // Lines are wrapped.
        let text = help(command).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.iter().all(|words| text.contains(words)), "{command}: {text}");
    }
    let dir = TempDir::new().unwrap();
    let missing = dir.path().join("missing");
    for said in [check(&missing), backup(&missing, &dir.path().join("to"))] {
        said.refused("no-data", &["it is no data folder"]);
    }
    assert!(!dir.path().join("to").exists() && !missing.exists(), "nothing was made");
}

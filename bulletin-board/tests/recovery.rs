//! Stopping, crashing, and damage on disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use board::StartError;
use board::store::{JournalError, Record};
use common::{HOST, Town, get};
use tempfile::TempDir;
use voting_core::entry::Body;
use voting_core::ids::RoundIndex;
use voting_core::testing::{Sandbox, chosen};

/// An event with some ballots, its board stopped; with checkpoint and log as they were.
fn stopped(seed: u64) -> (Town, Vec<u8>) {
    let mut town = Town::open(seed);
    town.sandbox.vote_all();
    town.sync();
    let checkpoint = get(&town.log("checkpoint")).body;
    town.stop();
    (town, checkpoint)
}

fn same(town: &Town, checkpoint: &[u8]) {
    assert_eq!(get(&town.log("checkpoint")).body, checkpoint);
    assert_eq!(town.read().1, town.sandbox.entries);
    let last = town.sent - 1;
    assert_eq!(town.submit(&town.sandbox.entries[last]).body, town.receipts[last]);
}

#[test]
fn a_restart_keeps_everything_and_the_event_goes_on() {
    let (mut town, checkpoint) = stopped(41);
    town.restart().unwrap();
    same(&town, &checkpoint);
    // Dropped without stopping.
    drop(town.board.take());
    town.restart().unwrap();
    same(&town, &checkpoint);
    let order = town.close();
    town.stop();
    town.restart().unwrap();
    let again = common::post(&town.api("/close"), &order);
    assert_eq!(again.json()["index"], town.sent as u64 - 1, "it remembers which order closed the round");
    town.sandbox.decrypt(1);
    town.sandbox.decrypt(2);
    town.sandbox.result(RoundIndex(0));
    town.sync();
}

#[test]
fn the_index_is_rebuilt_when_it_is_missing_behind_or_unreadable() {
    let (mut town, checkpoint) = stopped(42);
    let index = town.data().join("index");
    std::fs::remove_dir_all(&index).unwrap();
    town.restart().unwrap();
    same(&town, &checkpoint);
    town.stop();

    // Behind: an older copy of the index.
    let copy = town.dir.path().join("copy");
    copy_folder(&index, &copy);
    town.restart().unwrap();
    town.sandbox.vote(0, &[chosen(&[2]), chosen(&[1])]);
    town.sync();
    let checkpoint = get(&town.log("checkpoint")).body;
    town.stop();
    std::fs::remove_dir_all(&index).unwrap();
    copy_folder(&copy, &index);
    town.restart().unwrap();
    same(&town, &checkpoint);
    town.stop();

    // Unreadable, and with what an interrupted snapshot leaves.
    std::fs::write(index.join("snap.0000000000000001.generating"), b"half").unwrap();
    town.restart().unwrap();
    same(&town, &checkpoint);
    town.stop();

    // Of another version: kept aside. With a wrong value: rebuilt.
    let change = |key: &[u8], value: &[u8]| {
        let sled = sled::Config::new().path(&index).segment_size(8 << 20).open().unwrap();
        assert!(sled.insert(key, value).unwrap().is_some());
        sled.flush().unwrap();
    };
    change(b"format", b"urna index 99");
    town.restart().unwrap();
    same(&town, &checkpoint);
    town.stop();
    assert!(town.data().join("index.unreadable-1").exists());
    change(&[town.event().as_bytes(), &b"e\0\0\0\0\0\0\0\x05"[..]].concat(), b"something else");
    town.restart().unwrap();
    same(&town, &checkpoint);
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for item in std::fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        if item.file_type().unwrap().is_dir() {
            copy_folder(&item.path(), &to.join(item.file_name()));
        } else {
            std::fs::copy(item.path(), to.join(item.file_name())).unwrap();
        }
    }
}

/// Where the records of a journal begin, and its length.
fn offsets(journal: &[u8]) -> Vec<usize> {
    let marks = journal.windows(4).enumerate().filter(|(_, window)| *window == b"\xf5rec");
    let mut offsets: Vec<_> = marks.map(|(at, _)| at).collect();
    offsets.push(journal.len());
    offsets
}

#[test]
fn a_flipped_bit_is_refused_with_its_offset() {
    let (mut town, checkpoint) = stopped(43);
    let path = town.journal();
    let good = std::fs::read(&path).unwrap();
    let offsets = offsets(&good);
    let last_head = offsets[offsets.len() - 2];
    assert!(offsets.len() > 10);
    // Mark, kind, length, contents and sum of records at the beginning, in the middle, and of the last batch.
    for record in [0, offsets.len() / 2, offsets.len() - 3] {
        let (start, end) = (offsets[record], offsets[record + 1]);
        for at in [start, start + 4, start + 5, start + 8, start + 20, (start + end) / 2, end - 1] {
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            std::fs::write(&path, &bad).unwrap();
            match town.restart() {
                Err(StartError::Journal(JournalError::Damaged { offset, .. })) => assert_eq!(offset, start as u64),
                other => panic!("byte {at}: {other:?}"),
            }
            assert_eq!(std::fs::read(&path).unwrap(), bad, "nothing was cut");
        }
    }
    // In the file's beginning.
    let mut bad = good.clone();
    bad[20] ^= 1;
    std::fs::write(&path, &bad).unwrap();
    assert!(matches!(town.restart(), Err(StartError::Journal(JournalError::Foreign { .. }))));
    // The last head alone: it is made again, of the same tree.
    let mut bad = good.clone();
    bad[last_head + 60] ^= 1;
    std::fs::write(&path, &bad).unwrap();
    town.restart().unwrap();
    same(&town, &checkpoint);
    town.stop();
    assert_eq!(std::fs::read(&path).unwrap(), good, "byte for byte");
}

#[test]
fn a_torn_end_is_cut_and_signed_entries_are_never() {
    let (mut town, checkpoint) = stopped(44);
    let path = town.journal();
    let good = std::fs::read(&path).unwrap();
    let offsets = offsets(&good);
    let (last_batch, last_head) = (offsets[offsets.len() - 3], offsets[offsets.len() - 2]);
    // A crash while the next batch was written: every length of a torn record.
    let torn = &good[last_batch..last_head];
    for length in [1, 4, 8, 9, 10, 60, torn.len() - 33, torn.len() - 1] {
        std::fs::write(&path, [&good[..], &torn[..length]].concat()).unwrap();
        town.restart().unwrap();
        same(&town, &checkpoint);
        town.stop();
        assert_eq!(std::fs::read(&path).unwrap(), good, "{length} bytes were cut");
    }
    // A crash while the last head was written, or before: the same tree gets the same head.
    for length in [last_head, last_head + 1, last_head + 50, good.len() - 1] {
        std::fs::write(&path, &good[..length]).unwrap();
        town.restart().unwrap();
        same(&town, &checkpoint);
        town.stop();
        assert_eq!(std::fs::read(&path).unwrap(), good, "{length} bytes were left");
    }
    // An older journal than the index has seen: entries that were answered are missing (A15).
    std::fs::write(&path, &good[..last_batch]).unwrap();
    let older = town.restart();
    assert!(matches!(older, Err(StartError::Journal(JournalError::Behind { .. }))), "{older:?}");
}

#[test]
fn a_journal_that_breaks_the_rules_is_refused() {
    // Written with right sums by somebody who holds the disk but not the keys.
    let (mut town, _) = stopped(45);
    let path = town.journal();
    let event = town.event();
    let (mut journal, _) = board::store::Journal::open(&path, &event, |_| Ok(())).unwrap();
    let mut tree = tlog::MemoryTree::new();
    town.sandbox.entries.iter().for_each(|entry| {
        tree.append(entry);
    });
    let start = Body::RoundStarted(town.sandbox.start(RoundIndex(1)));
    let entry = town.sandbox.signed(voting_core::entry::Author::Administrator, &start);
    tree.append(&entry);
    let length = journal.length();
    let (first, size) = (tree.size() - 1, tree.size());
    journal.append(&Record::Batch { first, size, root: tree.root(), entries: vec![entry] }).unwrap();
    drop(journal);
    match town.restart() {
        Err(StartError::Journal(JournalError::Contradiction { offset, what, .. })) => {
            assert_eq!(offset, length);
            assert!(what.contains("R-ROUND-02"), "{what}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_second_board_on_the_same_data_is_refused() {
    let town = Town::found(46);
    let second = board::run(common::config(&town.data()));
    assert!(matches!(second, Err(StartError::Locked(_))), "{second:?}");
    assert_eq!(town.size(), 1);
}

#[test]
fn data_of_another_format_or_without_its_keys_is_refused() {
    let (mut town, _) = stopped(47);
    let keys = town.data().join("keys");
    let key = std::fs::read_dir(&keys).unwrap().next().unwrap().unwrap().path();
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(town.journal()).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    assert!(matches!(town.restart(), Err(StartError::Key { .. })));
    std::fs::write(&key, b"{}").unwrap();
    assert!(matches!(town.restart(), Err(StartError::Key { .. })));
    std::fs::write(&key, text).unwrap();
    std::fs::write(town.data().join("format"), "urna board 2\n").unwrap();
    assert!(matches!(town.restart(), Err(StartError::Format { .. })));
}

#[test]
fn an_event_whose_founding_was_interrupted_can_be_founded_again() {
    let (mut town, _) = stopped(48);
    let path = town.journal();
    std::fs::remove_dir_all(town.data().join("index")).unwrap();
    let good = std::fs::read(&path).unwrap();
    for length in [0, 20, 47, 50, 300] {
        std::fs::write(&path, &good[..length]).unwrap();
        town.restart().unwrap();
        assert_eq!(get(&town.api("")).code(), "unknown-event", "{length} bytes");
        if length < 300 {
            town.stop();
        }
    }
    assert_eq!(town.found_again().status, 200);
    assert_eq!(town.size(), 1);
    let position = town.submit(&town.sandbox.entries[1].clone()).index();
    assert_eq!(position, 1);
}

struct Process(Child);

impl Process {
    /// Starts the real program and waits until it is ready.
    fn start(data: &std::path::Path) -> (Self, String) {
        Self::start_as(Command::new(env!("CARGO_BIN_EXE_board")), data)
    }

    fn start_as(mut command: Command, data: &std::path::Path) -> (Self, String) {
        command.args(["serve", "--listen", "127.0.0.1:0", "--host", HOST, "--data"]).arg(data);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
        (Self(child), url)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_killed_process_keeps_what_it_answered() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let (mut process, url) = Process::start(&data);
    let log_key = common::reserve(&url, &Sandbox::new(49));
    let sandbox = Sandbox::with(49, |fields| {
        fields.host = HOST.into();
        fields.log_key = log_key;
    });
    let mut town = Town { dir, board: None, url, sandbox, sent: 1, receipts: vec![Vec::new()] };
    assert_eq!(town.found_again().status, 200);
    town.prepare();
    for round in 0..4_u32 {
        town.sandbox.vote(0, &[chosen(&[round % 3]), chosen(&[])]);
        town.sync();
        let checkpoint = get(&town.log("checkpoint")).body;
        drop(process); // SIGKILL
        let (again, url) = Process::start(&data);
        (process, town.url) = (again, url);
        same(&town, &checkpoint);
    }
    // And it ends when it is asked to.
    let terminated = Command::new("kill").arg(process.0.id().to_string()).status().unwrap();
    assert!(terminated.success());
    assert!(process.0.wait().unwrap().success());
}

#[test]
fn a_failed_write_ends_the_process_and_nobody_is_answered() {
    if Command::new("prlimit").arg("--version").output().is_err() {
        writeln!(
            std::io::stderr(),
            "SKIPPED: prlimit is not here; the end of the process on a failed write was not shown"
        )
        .unwrap();
        return;
    }
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    // The signal is ignored, so that the write itself fails, halfway through a record.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_board")]);
    let (mut process, url) = Process::start_as(command, &data);
    let log_key = common::reserve(&url, &Sandbox::new(50));
    let sandbox = Sandbox::with(50, |fields| {
        fields.host = HOST.into();
        fields.log_key = log_key;
    });
    let mut town = Town { dir, board: None, url, sandbox, sent: 1, receipts: vec![Vec::new()] };
    assert_eq!(town.found_again().status, 200);
    town.prepare();
    let checkpoint = get(&town.log("checkpoint")).body;
    let length = std::fs::metadata(town.journal()).unwrap().len();
    let limit = format!("--fsize={}", length + 100);
    let limited = Command::new("prlimit").args(["--pid", &process.0.id().to_string(), &limit]).status().unwrap();
    assert!(limited.success());
    let ballot = town.sandbox.vote(0, &[chosen(&[0]), chosen(&[1])]);
    assert!(common::try_post(&town.api("/entries"), &ballot).is_err(), "no answer of any kind");
    assert_eq!(process.0.wait().unwrap().code(), Some(70));
    assert_eq!(std::fs::metadata(town.journal()).unwrap().len(), length + 100, "a record was torn");
    let (again, url) = Process::start(&data);
    (process, town.url) = (again, url);
    assert_eq!(get(&town.log("checkpoint")).body, checkpoint);
    assert_eq!(std::fs::metadata(town.journal()).unwrap().len(), length);
    town.sync();
    drop(process);
}

#[test]
fn the_program_says_what_is_wrong() {
    let dir = TempDir::new().unwrap();
    let run = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_board"));
        command.arg("serve").args(arguments).envs(environment.iter().copied()).stdin(Stdio::null());
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let data = dir.path().join("data");
    let data = data.to_str().unwrap();
    let file = dir.path().join("board.toml");
    let bad = |text: &str| {
        std::fs::File::create(&file).unwrap().write_all(text.as_bytes()).unwrap();
        run(&["--config", file.to_str().unwrap(), "--data", data], &[])
    };
    let (code, words) = bad("listn = \"127.0.0.1:0\"\n");
    assert_eq!(code, Some(2));
    assert!(words.contains("error[config-invalid]") && words.contains("line 1, column 1"), "{words}");
    let (code, words) = bad("queue = 0\n");
    assert!(code == Some(2) && words.contains("queue: 0 is out of range"), "{words}");
    // Flags go over the environment, which goes over the file.
    std::fs::write(&file, format!("data = \"{data}\"\nlisten = \"from the file\"\n")).unwrap();
    let file = file.to_str().unwrap();
    assert!(run(&["--config", file], &[]).1.contains("from the file"));
    let words = run(&["--config", file], &[("URNA_LISTEN", "from the environment")]).1;
    assert!(words.contains("from the environment"), "{words}");
    let words = run(&["--config", file, "--listen", "from a flag"], &[("URNA_LISTEN", "from the environment")]).1;
    assert!(words.contains("from a flag"), "{words}");
    assert!(!std::path::Path::new(data).exists(), "nothing was written");
    let (code, words) = run(&["--listen", "127.0.0.1:0"], &[]);
    assert!(code == Some(2) && words.contains("--data"), "{words}");
}

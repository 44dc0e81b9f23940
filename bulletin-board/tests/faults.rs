//! Operations of the disk that fail: nothing that was answered is lost, nothing is written on top, and the tree that is
//! published afterwards is the one that was signed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
mod sim;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use board::StartError;
use board::store::{DiskFault, Index, Journal, JournalError, MemoryIndex, Tear};
use common::{HOST, Town, get, post, try_post};
use proptest::prelude::*;
use sim::{Told, World, fresh, start};
use tempfile::TempDir;
use voting_core::testing::{Sandbox, chosen};

const EIO: i32 = 5;
const ENOSPC: i32 = 28;
const EROFS: i32 = 30;

/// Every way in which an operation fails.
const FAULTS: [DiskFault; 8] = [
    DiskFault::Failed(EIO),
    DiskFault::FailedButDone(EIO),
    DiskFault::Failed(ENOSPC),
    DiskFault::FailedButDone(ENOSPC),
    DiskFault::Failed(EROFS),
    DiskFault::Short,
    DiskFault::ShortThenFailed(ENOSPC),
    DiskFault::ShortThenFailed(EIO),
];

#[test]
fn every_operation_fails_in_every_way_and_the_published_tree_is_derived_again() {
    let world = World::new(311);
    let (mut runs, mut stopped, mut answered) = (0, 0, 0);
    for number in 1.. {
        let mut reached = false;
        for fault in FAULTS {
            let disk = world.opened.copy();
            disk.plan(Some((number, fault)));
            let index: Arc<dyn Index> = Arc::new(MemoryIndex::new());
            let mut told = Told::default();
            let complete = match start(&disk, Arc::clone(&index)) {
                Ok(board) => {
                    let complete = world.drive(board.url(), &mut told);
                    world.verify(board.url(), &told);
                    board.stop();
                    complete
                }
                Err(StartError::Io { .. } | StartError::Journal(JournalError::Io { .. })) => false,
                Err(other) => panic!("operation {number}, {fault:?}: {other}"),
            };
            let fails = !matches!(fault, DiskFault::Short);
            reached |= disk.operations() >= number;
            assert!(complete || fails, "a short write alone is no failure");
            eprintln!("operation {number}: {fault:?}: {} receipts", told.receipts.len());
            world.note_signed(&disk, &mut told);
            (runs, answered) = (runs + 1, answered + told.receipts.len());
            stopped += u32::from(!complete);
            // The process starts again; the machine has stayed up, and shows what it may have given up writing.
            disk.plan(None);
            let index = if number % 2 == 0 { index } else { fresh() };
            world.recovers(&disk, index, &mut told);
            // Then the power goes. What was answered since then was not built on sand.
            world.recovers(&disk.after_power_cut(Tear::Nothing, 0), fresh(), &mut told);
        }
        if !reached {
            break;
        }
    }
    eprintln!("{runs} runs, {stopped} of them stopped by the fault, {answered} receipts given before");
    assert!(stopped > 50 && answered > 50);
}

#[test]
fn nothing_is_written_after_a_failed_sync() {
    let world = World::new(312);
    let disk = world.opened.copy();
    let board = start(&disk, fresh()).unwrap();
    // Write, then sync of the batch record.
    disk.plan(Some((2, DiskFault::Failed(EIO))));
    let mut told = Told::default();
    assert!(!world.drive(board.url(), &mut told));
    assert_eq!(disk.operations(), 2, "no second try, and nothing behind it");
    for batch in &world.batches {
        assert!(!world.submit(board.url(), batch, &mut told), "the event has stopped");
    }
    assert_eq!(disk.operations(), 2);
    assert!(told.receipts.is_empty());
    assert_eq!(world.verify(board.url(), &told).len(), world.before, "reads go on");
    board.stop();
}

#[test]
fn a_start_on_a_read_only_or_full_disk_says_what_to_do() {
    let world = World::new(313);
    for (error, words) in
        [(EROFS, "the file system is read-only"), (ENOSPC, "there is no room"), (EIO, "check the disk")]
    {
        let disk = world.opened.copy();
        disk.plan(Some((1, DiskFault::Failed(error))));
        let refused = start(&disk, fresh()).unwrap_err().to_string();
        assert!(refused.contains(words) && refused.contains("/disk"), "{refused}");
    }
}

#[test]
fn while_the_disk_is_nearly_full_nothing_new_is_taken_and_reads_go_on() {
    let mut town = Town::open(314);
    town.stop();
    let ballot = town.sandbox.vote(0, &[chosen(&[0]), chosen(&[1])]);
    let mut config = common::config(&town.data());
    config.minimum_free = u64::MAX;
    let board = board::run(config).unwrap();
    town.url = board.url().to_owned();
    let size = town.size();
    let full = town.submit(&ballot);
    assert_eq!((full.status, full.code().as_str()), (503, "disk-full"));
    assert!(full.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    assert_eq!(post(&town.api("/close"), &town.sandbox.close_order()).code(), "disk-full");
    let other = Sandbox::new(3_140).administrator;
    let request = voting_core::entry::sign_request(HOST, "reserve", b"", common::now(), &other);
    assert_eq!(post(&format!("{}/api/reserve", town.url), &request).code(), "disk-full");
    // Reads, and the receipt of an entry that was accepted before.
    let last = town.sent - 1;
    assert_eq!(town.submit(&town.sandbox.entries[last].clone()).body, town.receipts[last]);
    assert_eq!(town.found_again().status, 200, "founded before");
    assert_eq!(town.read().1.len() as u64, size);
    board.stop();
    town.restart().unwrap();
    town.sync();
    assert_eq!(town.size(), size + 1);
}

/// The journal of a real event, and where its records begin.
fn journal() -> (Vec<u8>, voting_core::ids::EventId, Vec<usize>) {
    let mut town = Town::open(315);
    town.sandbox.vote_all();
    town.sync();
    town.stop();
    let bytes = std::fs::read(town.journal()).unwrap();
    let mut offsets = vec![Journal::START as usize];
    while let Some(at) = offsets.last().copied().filter(|at| *at < bytes.len()) {
        let length = u32::from_le_bytes(bytes[at + 5..at + 9].try_into().unwrap());
        offsets.push(at + 9 + length as usize + 32);
    }
    (bytes, town.event(), offsets)
}

#[test]
fn a_flipped_bit_or_a_cut_anywhere_in_a_journal_is_found() {
    let (good, event, offsets) = journal();
    let (records, last) = (offsets.len() - 1, offsets[offsets.len() - 2]);
    assert_eq!(offsets.last(), Some(&good.len()));
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("journal");
    let read = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let mut found = 0;
        let opened = Journal::open(&path, &event, |_| {
            found += 1;
            Ok(())
        });
        let cut = opened.map(|(_, cut)| cut);
        (cut, found, std::fs::read(&path).unwrap())
    };
    let begins = |at: usize| offsets.iter().copied().rfind(|offset| *offset <= at);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(3_000));
    runner
        .run(&(0..good.len(), 0..8_u8), |(at, bit)| {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            match read(&bad) {
                (Err(JournalError::Foreign { .. }), 0, after) => {
                    prop_assert!(at < Journal::START as usize && after == bad);
                }
                // Refused, with the place where the damaged record begins, and untouched.
                (Err(JournalError::Damaged { offset, .. }), _, after) => {
                    prop_assert_eq!(Some(offset as usize), begins(at));
                    prop_assert_eq!(after, bad);
                }
                // Cut: the last head alone, which is made again from the batch before it, byte for byte.
                (Ok(cut), found, after) => {
                    prop_assert!(at >= last && found == records - 1 && cut > 0);
                    prop_assert_eq!(after, &good[..last]);
                }
                other => prop_assert!(false, "byte {at}, bit {bit}: {other:?}"),
            }
            Ok(())
        })
        .unwrap();
    // A file that ends too early at any byte: the torn record is cut, whole ones never.
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(1_000));
    runner
        .run(&(Journal::START as usize..good.len()), |length| {
            let (cut, found, after) = read(&good[..length]);
            let whole = begins(length).unwrap();
            prop_assert_eq!(cut.unwrap() as usize, length - whole);
            prop_assert_eq!(found, offsets.iter().position(|offset| *offset == whole).unwrap());
            prop_assert_eq!(after, &good[..whole]);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_torn_snapshot_and_a_lost_index_after_a_kill_are_no_obstacle() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let (mut process, mut town) = real(316, dir, &data);
    for (round, vote) in (0..3_usize).enumerate() {
        town.sandbox.vote(2 * vote, &[chosen(&[0]), chosen(&[1])]);
        town.sync();
        let checkpoint = get(&town.log("checkpoint")).body;
        drop(process); // SIGKILL
        let index = data.join("index");
        match round {
            0 => std::fs::write(index.join("snap.00000000000000ff.generating"), [0x5a; 700]).unwrap(),
            1 => std::fs::remove_dir_all(&index).unwrap(),
            _ => {
                std::fs::write(index.join("snap.0000000000000001.generating"), b"").unwrap();
                std::fs::write(index.join("db"), [0; 100]).unwrap();
            }
        }
        (process, town.url) = Process::start(Command::new(env!("CARGO_BIN_EXE_board")), &data, &[]);
        assert_eq!(get(&town.log("checkpoint")).body, checkpoint);
        assert_eq!(town.read().1, town.sandbox.entries);
        let last = town.sent - 1;
        assert_eq!(town.submit(&town.sandbox.entries[last].clone()).body, town.receipts[last]);
    }
    drop(process);
}

/// The real program.
struct Process(Child);

impl Process {
    fn start(mut command: Command, data: &Path, more: &[&str]) -> (Self, String) {
        command.args(["serve", "--listen", "127.0.0.1:0", "--host", HOST]).args(more).arg("--data").arg(data);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
        (Self(child), url)
    }

    /// Waits for its end: the code, and what it said.
    fn ended(&mut self) -> (Option<i32>, String) {
        let code = self.0.wait().unwrap().code();
        let mut words = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut words).unwrap();
        (code, words)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An event with an open round at the real program, which has no limit for free space.
fn real(seed: u64, dir: TempDir, data: &Path) -> (Process, Town) {
    let (process, url) =
        Process::start(Command::new(env!("CARGO_BIN_EXE_board")), data, &["--minimum-free-mebibytes", "0"]);
    let sandbox = sim::sandbox_for(seed, common::reserve(&url, &Sandbox::new(seed)));
    let mut town = Town { dir, board: None, url, sandbox, sent: 1, receipts: vec![Vec::new()] };
    assert_eq!(town.found_again().status, 200);
    town.prepare();
    (process, town)
}

/// A file system of its own.
struct Mount(PathBuf);

impl Mount {
    fn new(at: PathBuf) -> Option<Self> {
        std::fs::create_dir(&at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=48m", "none"]).arg(&at).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(at))
    }

    fn again(&self, how: &str) {
        assert!(Command::new("mount").args(["-o", how]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_and_a_read_only_file_system_stop_the_service_and_lose_nothing() {
    let dir = TempDir::new().unwrap();
    let Some(mount) = Mount::new(dir.path().join("small")) else {
        writeln!(
            std::io::stderr(),
            "SKIPPED: no file system can be mounted here; a disk that is really full was not shown"
        )
        .unwrap();
        return;
    };
    let data = mount.0.join("data");
    let (mut process, mut town) = real(317, dir, &data);

    // Full to the last byte.
    let filler = mount.0.join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    while file.write(&[7; 4096]).is_ok_and(|count| count > 0) {}
    drop(file);
    // What fits into blocks that the files have already is still taken.
    let ballots: Vec<_> = (0..12).map(|n| town.sandbox.vote(n % 3 * 2, &[chosen(&[0]), chosen(&[1])])).collect();
    let answers = ballots.iter().map_while(|ballot| try_post(&town.api("/entries"), ballot).ok());
    let receipts: Vec<_> = answers.map(|answer| (answer.index(), answer.body)).collect();
    assert!(receipts.len() < ballots.len(), "the disk was not full");
    for (index, receipt) in receipts {
        assert_eq!(index as usize, town.receipts.len());
        town.receipts.push(receipt);
    }
    town.sent = town.receipts.len();
    let (code, words) = process.ended();
    assert_eq!(code, Some(70));
    // Journal or index, whichever needs a new block first.
    let remedy = words.contains("there is no room") || words.contains("if the disk is full make room");
    assert!(words.contains("No space left on device") && remedy, "{words}");

    // The guard would have said so before.
    let guarded = Command::new(env!("CARGO_BIN_EXE_board"));
    std::fs::remove_file(&filler).unwrap();
    let (process, url) = Process::start(guarded, &data, &["--minimum-free-mebibytes", "100"]);
    town.url = url;
    let mut told = town.receipts.iter().zip(&town.sandbox.entries).skip(1);
    assert!(
        told.all(|(receipt, entry)| town.submit(entry).body == *receipt),
        "the same receipts, also while it is full"
    );
    // What was answered; perhaps one more, which was durable already.
    let log = town.read().1;
    assert!(log.len() >= town.sent && log == town.sandbox.entries[..log.len()]);
    assert_eq!(town.submit(ballots.last().unwrap()).code(), "disk-full");
    drop(process);

    // Read-only.
    mount.again("remount,ro");
    let mut command = Command::new(env!("CARGO_BIN_EXE_board"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data).stdin(Stdio::null());
    let output = command.output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(words.contains("the file system is read-only"), "{words}");
    mount.again("remount,rw");

    // Nothing is lost, and the ballots are taken now.
    let (process, url) =
        Process::start(Command::new(env!("CARGO_BIN_EXE_board")), &data, &["--minimum-free-mebibytes", "1"]);
    town.url = url;
    town.sync();
    assert_eq!(town.read().1, town.sandbox.entries);
    drop(process);
}

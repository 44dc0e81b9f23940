//! The real program is killed (SIGKILL) at random points while several submitters load it: every receipt that it ever gave
//! verifies against the log that it serves afterwards, and the tree never forks.
//!
//! 30 kills; `URNA_KILLS=500 cargo test -p board --test kill -- --nocapture` makes as many as it says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use common::{HOST, Town, try_get, try_post};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tempfile::TempDir;
use tlog::{MemoryTree, TlogProof};
use voting_core::ballot::{log_key, witness_policy};
use voting_core::testing::{Sandbox, chosen};

const VOTERS: usize = 6;
/// Ballots of each voter in one event: each replaces the one before.
const BALLOTS: usize = 24;
/// Longest time between the start of the load and the kill.
const LOAD: Duration = Duration::from_millis(60);

/// The program; dropping it kills it.
struct Program {
    child: Child,
    url: String,
}

fn spawn(data: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_board"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--host", HOST, "--minimum-free-mebibytes", "1"]);
    command.args(["--ballots-per-credential-minute", "0", "--data"]);
    command.arg(data).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

impl Program {
    fn start(data: &Path) -> Self {
        let mut child = spawn(data);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").unwrap_or_else(|| panic!("it did not start: {line}"));
        Self { url: url.to_owned(), child }
    }
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

impl Drop for Program {
    fn drop(&mut self) {
        kill(&mut self.child);
    }
}

/// An event with an open round, and what everybody keeps of it.
struct Event {
    town: Town,
    data: PathBuf,
    /// The ballots of each voter, in order.
    chains: Vec<Vec<Vec<u8>>>,
    /// How many of them were answered.
    answered: [usize; VOTERS],
    /// Ballot and receipt.
    receipts: Vec<(Vec<u8>, Vec<u8>)>,
    /// Checkpoints that were shown.
    heads: Vec<Vec<u8>>,
}

impl Event {
    fn new(seed: u64) -> (Self, Program) {
        let dir = TempDir::new().unwrap();
        let data = dir.path().join("data");
        let program = Program::start(&data);
        let key = common::reserve(&program.url, &Sandbox::new(seed));
        let sandbox = Sandbox::with(seed, |fields| {
            fields.host = HOST.into();
            fields.log_key = key;
        });
        let url = program.url.clone();
        let mut town = Town { dir, board: None, url, sandbox, sent: 1, receipts: vec![Vec::new()] };
        assert_eq!(town.found_again().status, 200);
        town.prepare();
        let mut chains = vec![Vec::new(); VOTERS];
        for number in 0..BALLOTS {
            for (voter, chain) in chains.iter_mut().enumerate() {
                let choices = [chosen(&[(number % 3) as u32]), chosen(&[0]), chosen(&[1])];
                chain.push(town.sandbox.vote(voter, if voter % 2 == 0 { &choices[1..] } else { &choices }));
            }
        }
        (Self { town, data, chains, answered: [0; VOTERS], receipts: Vec::new(), heads: Vec::new() }, program)
    }

    fn is_used_up(&self) -> bool {
        self.answered.iter().all(|count| *count == BALLOTS)
    }

    /// Everybody votes at the same time until the program is killed.
    fn load_and_kill(&mut self, mut program: Program, after: Duration) {
        let Self { town, chains, answered, receipts, heads, .. } = self;
        let (entries, checkpoint) = (town.api("/entries"), town.log("checkpoint"));
        let (kept, shown) = (Mutex::new(receipts), Mutex::new(heads));
        std::thread::scope(|scope| {
            for (chain, count) in chains.iter().zip(answered) {
                scope.spawn(|| {
                    // An answer that breaks off was not given.
                    while let Some(ballot) = chain.get(*count)
                        && let Ok(answer) = try_post(&entries, ballot)
                    {
                        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
                        kept.lock().unwrap().push((ballot.clone(), answer.body));
                        *count += 1;
                    }
                });
            }
            scope.spawn(|| {
                while let Ok(answer) = try_get(&checkpoint) {
                    assert_eq!(answer.status, 200);
                    shown.lock().unwrap().push(answer.body);
                    std::thread::sleep(Duration::from_millis(3));
                }
            });
            std::thread::sleep(after);
            kill(&mut program.child);
        });
    }

    /// What the program serves now, against all that it ever gave.
    fn verify(&mut self, program: &Program) {
        self.town.url.clone_from(&program.url);
        let manifest = self.town.sandbox.manifest();
        let origin = tlog::Origin::new(&manifest.origin()).unwrap();
        let (key, policy) = (log_key(&manifest).unwrap(), witness_policy(&manifest).unwrap());
        let (root, log) = self.town.read();
        let mut tree = MemoryTree::new();
        log.iter().for_each(|entry| {
            tree.append(entry);
        });
        assert_eq!(tree.root(), root);
        self.heads.dedup();
        for note in &self.heads {
            let head = tlog::checkpoint::open(note, &origin, &key).unwrap();
            assert_eq!(tree.root_at(head.size).expect("the log has become shorter"), head.root, "the log has forked");
        }
        for (ballot, receipt) in &self.receipts {
            let proof = TlogProof::parse(receipt).unwrap().verify(ballot, &origin, &key, &policy).unwrap();
            assert_eq!(&log[proof.index() as usize], ballot, "A15: an acknowledged ballot is missing");
            let head = proof.checkpoint();
            assert_eq!(tree.root_at(head.size).unwrap(), head.root, "a receipt of another tree");
        }
        let mut again = log.clone();
        again.sort();
        again.dedup();
        assert_eq!(again.len(), log.len(), "an entry stands twice");
        // The same bytes get the same receipt.
        if let Some((ballot, receipt)) = self.receipts.last() {
            assert_eq!(&self.town.submit(ballot).body, receipt);
        }
    }

    /// The end of an event: what is left is sent, everything stands on the log, and an offline check agrees.
    fn finish(mut self, program: Program) -> usize {
        for (chain, count) in self.chains.iter().zip(self.answered) {
            for ballot in &chain[count..] {
                let answer = self.town.submit(ballot);
                assert_eq!(answer.status, 200);
                self.receipts.push((ballot.clone(), answer.body));
            }
        }
        self.verify(&program);
        let log = self.town.read().1;
        assert_eq!(log.len(), self.town.sandbox.entries.len());
        drop(program);
        let mut check = Command::new(env!("CARGO_BIN_EXE_board"));
        let output = check.args(["check", "--data"]).arg(&self.data).output().unwrap();
        let words = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && words.contains(&format!(": good: {} entries", log.len())), "{words}");
        self.receipts.len()
    }
}

#[test]
fn whatever_was_answered_before_a_kill_holds_after_it() {
    let kills: u32 = std::env::var("URNA_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(30);
    let mut rng = StdRng::seed_from_u64(20_261_124);
    let begun = Instant::now();
    let (mut seed, mut receipts, mut early) = (320, 0, 0);
    let (mut event, mut program) = Event::new(seed);
    for round in 1..=kills {
        if event.is_used_up() {
            receipts += event.finish(program);
            seed += 1;
            (event, program) = Event::new(seed);
        }
        event.load_and_kill(program, rng.gen_range(Duration::ZERO..LOAD));
        // Now and then also while it starts.
        if rng.gen_ratio(1, 4) {
            let mut starting = spawn(&event.data);
            std::thread::sleep(rng.gen_range(Duration::ZERO..LOAD));
            kill(&mut starting);
            early += 1;
        }
        program = Program::start(&event.data);
        event.verify(&program);
        eprintln!("kill {round}: {} receipts hold, {} checkpoints", event.receipts.len(), event.heads.len());
    }
    receipts += event.finish(program);
    let seconds = begun.elapsed().as_secs_f32();
    eprintln!(
        "{kills} kills under load, {early} at a start, {} events, {receipts} receipts, {seconds:.0} s",
        seed - 319
    );
    assert!(receipts >= VOTERS * BALLOTS);
}

//! The program itself: what it writes about others, and how it ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use common::{HOST, Town, try_post};
use tempfile::TempDir;
use voting_core::record::state::as_ballot;
use voting_core::testing::{Sandbox, chosen};

/// The program; dropping it kills it.
struct Program {
    child: Child,
    url: String,
}

impl Program {
    fn start(data: &Path, log: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_board"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--host", HOST, "--minimum-free-mebibytes", "1"]);
        command.args(["--ballots-per-credential-minute", "0", "--data"]).arg(data).env("URNA_LOG", "trace");
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").unwrap_or_else(|| panic!("it did not start: {line}"));
        Self { url: url.to_owned(), child }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end; the exit code.
    fn end(&mut self) -> i32 {
        self.child.wait().unwrap().code().expect("it was killed")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An event with an open round on a board of its own, which logs all that it can.
fn open(seed: u64) -> (Town, Program, PathBuf) {
    let dir = TempDir::new().unwrap();
    let log = dir.path().join("log");
    let program = Program::start(&dir.path().join("data"), &log);
    let key = common::reserve(&program.url, &Sandbox::new(seed));
    let sandbox = Sandbox::with(seed, |fields| {
        fields.host = HOST.into();
        fields.log_key = key;
    });
    let url = program.url.clone();
    let mut town = Town { dir, board: None, url, sandbox, sent: 1, receipts: vec![Vec::new()] };
    assert_eq!(town.found_again().status, 200);
    town.prepare();
    (town, program, log)
}

/// How these bytes could be written in a log: hexadecimal digits, base64 at each of its three positions, numbers.
fn spellings(bytes: &[u8]) -> Vec<String> {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let numbers = |bytes: &[u8], comma: &str| bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(comma);
    let mut found = vec![hex.to_uppercase(), numbers(&bytes[..12], ", "), numbers(&bytes[..12], ","), hex];
    for skip in 0..3 {
        let whole = &bytes[skip..skip + (bytes.len() - skip) / 3 * 3];
        found.extend([STANDARD.encode(whole), STANDARD_NO_PAD.encode(whole), URL_SAFE_NO_PAD.encode(whole)]);
    }
    found
}

#[test]
fn the_log_has_no_ballot_and_no_credential_whatever_is_asked_of_it() {
    let (mut town, mut program, log) = open(110);
    let mut entries: Vec<Vec<u8>> =
        (0..6).map(|number| town.sandbox.vote(number % 2 * 2, &[chosen(&[number as u32 % 2]), chosen(&[])])).collect();
    town.sync();
    // Also one that is refused, and one of a chain that has gone on.
    let sealed = town.sandbox.seal(4, &[chosen(&[0]), chosen(&[])]);
    let mut forged = town.sandbox.cast(4, &sealed.parts()[0]);
    let at = forged.len() - 32;
    forged[at] ^= 1;
    for _ in 0..2 {
        assert_eq!(town.submit(&forged).code(), "invalid-signature");
    }
    let sealed = town.sandbox.seal(0, &[chosen(&[1]), chosen(&[])]);
    let stale = town.sandbox.cast_after(0, &sealed.parts()[0], 1, town.sandbox.state.root());
    assert_eq!(town.submit(&stale).code(), "stale-predecessor");
    entries.extend([forged, stale]);
    program.signal("TERM");
    assert_eq!(program.end(), 0);

    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.lines().count() > 10, "it was asked for everything:\n{text}");
    assert!(text.contains("\"batch\"") || text.contains("batch"), "{text}");
    assert!(text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "one object a line");
    for entry in &entries {
        let ballot = as_ballot(entry).unwrap();
        let mut secrets = spellings(ballot.sealed.credential.as_bytes());
        secrets.extend(spellings(ballot.tracker().as_bytes()));
        secrets.extend(spellings(&entry[..48]));
        for chunk in entry.chunks_exact(48).skip(1).step_by(3) {
            secrets.extend(spellings(&chunk[..24]));
        }
        secrets.push(ballot.sealed.credential.to_string());
        secrets.push(ballot.tracker().to_string());
        for secret in secrets {
            assert!(!text.contains(&secret), "the log has {secret}");
        }
    }
}

#[test]
fn a15_a_stop_under_load_answers_what_was_taken_and_takes_nothing_else() {
    let (mut town, mut program, log) = open(111);
    let chains: Vec<Vec<Vec<u8>>> = (0..3)
        .map(|voter| {
            (0..100).map(|number| town.sandbox.vote(voter * 2, &[chosen(&[number % 2]), chosen(&[])])).collect()
        })
        .collect();
    let before = town.size();
    let entries = town.api("/entries");
    let (answered, told) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    let (kept, away) = (&answered, &told);
    let entries = &entries;
    let ended = std::thread::scope(|scope| {
        for chain in &chains {
            scope.spawn(move || {
                for ballot in chain {
                    match try_post(entries, ballot) {
                        Ok(answer) if answer.status == 200 => kept.lock().unwrap().push((ballot.clone(), answer.body)),
                        Ok(answer) => {
                            assert_eq!((answer.status, answer.code().as_str()), (503, "stopping"));
                            assert!(answer.header("retry-after").is_some());
                            away.fetch_add(1, Ordering::Relaxed);
                            return;
                        }
                        Err(_) => {
                            away.fetch_add(1, Ordering::Relaxed);
                            return;
                        }
                    }
                }
            });
        }
        std::thread::sleep(Duration::from_millis(300));
        let begun = Instant::now();
        program.signal("TERM");
        assert_eq!(program.end(), 0);
        begun.elapsed()
    });
    assert!(ended < Duration::from_secs(8), "{ended:?}");
    let answered = answered.into_inner().unwrap();
    assert_eq!(told.into_inner(), 3, "the stop came under load");
    assert!(answered.len() > 3, "{}", answered.len());

    // What everybody reads afterwards is what was answered: nothing else was taken, and nothing is missing.
    let program = Program::start(&town.data(), &log);
    town.url.clone_from(&program.url);
    assert_eq!(town.size() - before, answered.len() as u64);
    let all = town.read().1;
    for (ballot, receipt) in &answered {
        assert_eq!(&all[town.check_receipt(ballot, receipt) as usize], ballot);
        assert_eq!(&town.submit(ballot).body, receipt);
    }
    // Those who were sent away come again.
    for chain in &chains {
        for ballot in chain.iter().filter(|ballot| !answered.iter().any(|(taken, _)| taken == *ballot)) {
            assert_eq!(town.submit(ballot).status, 200);
        }
    }
    assert_eq!(town.size() as usize, town.sandbox.entries.len());
}

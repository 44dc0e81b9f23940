//! Every durable step of a cosignature fails once, and is once the last one: `strace` makes the system calls of the real
//! program fail, or kills it in them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::io::Write as _;
use std::process::Command;

use common::{Place, Program, TestLog, add, agent, post, try_post};

/// The steps of a first cosignature in their order: record, its name, its folder, list, its name, its folder. Each with
/// the number of calls of its kind up to it.
const STEPS: [(&str, u8); 6] = [("fsync", 1), (RENAME, 1), ("fsync", 2), ("fsync", 3), (RENAME, 2), ("fsync", 4)];
/// Whichever of them this machine has.
const RENAME: &str = "?rename,?renameat,?renameat2";

fn strace_works() -> bool {
    let works = Command::new("strace").args(["-f", "-qq", "-o", "/dev/null", "true"]).status();
    if works.is_ok_and(|status| status.success()) {
        return true;
    }
    // Not `eprintln!`, which the test runner keeps back when a test passes.
    let text = "SKIPPED: strace is not here or may not trace; no step of a cosignature was made to fail";
    let mut stderr = std::io::stderr();
    writeln!(stderr, "{text}").unwrap();
    false
}

/// A witness that has cosigned size 20 of one log and watches another.
fn used() -> (Place, TestLog, TestLog) {
    let (log, new) = (TestLog::new("log.example/1", 40), TestLog::new("log.example/2", 40));
    let place = Place::new(&[&log, &new]);
    let witness = place.run();
    assert_eq!(post(&add(witness.url()), &log.ask(0, 20)).status, 200);
    witness.stop();
    (place, log, new)
}

/// Starts the program so that one of its system calls fails or kills it; counted in each thread by itself, and nothing
/// is written at this start.
fn start(place: &Place, (call, number): (&str, u8), what: &str) -> Program {
    let config = place.path("witness.toml");
    let mut command = Command::new("strace");
    command.args([
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        &format!("trace={call}"),
        "-e",
        &format!("inject={call}:{what}:when={number}"),
    ]);
    command.args([env!("CARGO_BIN_EXE_witness"), "serve", "--config", config.to_str().unwrap()]);
    Program::spawn(command)
}

/// After the restart the witness knows one of these sizes, goes on from there, and cosigns no other history.
fn goes_on(place: &Place, log: &TestLog, sizes: &[u64]) {
    let witness = place.run();
    let url = add(witness.url());
    let known: u64 = post(&url, &log.ask(7, 8)).text.trim().parse().unwrap();
    assert!(sizes.contains(&known), "{known}");
    assert_eq!(place.stored(log).unwrap_or(0), known);
    if known > 0 {
        let fork = TestLog::with(log.origin.as_str(), "other", 10, 40);
        assert_eq!(post(&url, &fork.ask(known, 40)).status, 422);
    }
    assert_eq!(post(&url, &log.ask(known, 40)).status, 200);
    witness.stop();
    place.run().stop();
}

#[test]
fn each_step_that_fails_ends_the_witness_without_a_cosignature() {
    if !strace_works() {
        return;
    }
    for (at, step) in STEPS.into_iter().enumerate() {
        for fault in ["error=EIO", "error=ENOSPC"] {
            let (place, log, new) = used();
            // A log that is known already has the first three steps.
            let (asked, old) = if at < 3 { (&log, 20) } else { (&new, 0) };
            let program = start(&place, step, fault);
            let answer = post(&add(&program.url), &asked.ask(old, 30));
            assert_eq!(answer.status, 500, "{step:?}: {}", answer.text);
            assert!(!answer.text.contains('\u{2014}'), "{step:?}: {}", answer.text);
            let (code, text) = program.end();
            assert_eq!(code, Some(70), "{step:?}: {text}");
            assert!(text.contains("error[storage-failed]"), "{step:?}: {text}");
            // Failed: before the rename of the record nothing had changed; from there on the record counts.
            goes_on(&place, asked, if at < 2 { &[20] } else { &[30] });
        }
    }
}

#[test]
fn a_kill_in_each_step_leaves_the_old_state_or_the_new_one() {
    if !strace_works() {
        return;
    }
    for (at, step) in STEPS.into_iter().enumerate() {
        let (place, log, new) = used();
        let (asked, old) = if at < 3 { (&log, 20) } else { (&new, 0) };
        let program = start(&place, step, "signal=SIGKILL");
        let answer = try_post(&agent(), &add(&program.url), &asked.ask(old, 30));
        assert!(answer.is_err(), "{step:?}: {answer:?}");
        let (code, text) = program.end();
        assert_ne!(code, Some(0), "{step:?}: {text}");
        // A kill at the entry of a call: it was not made, or it was.
        let sizes: &[u64] = match at {
            0 => &[20],
            1 => &[20, 30],
            _ => &[30],
        };
        goes_on(&place, asked, sizes);
    }
}

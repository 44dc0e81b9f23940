//! The fold of a log, and records in folders.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use client::{ClientError, Progress, Record, Source, fold};
use common::{Server, entries, log_of, write};
use tempfile::TempDir;
use voting_core::ids::{EntryIndex, EventId};
use voting_core::record::{Rule, verify_record};
use voting_core::testing::{ENTROPY, Sandbox};

#[test]
fn a_served_log_folds_to_the_boards_state() {
    let sandbox = Sandbox::finished(1);
    let event = sandbox.manifest().event();
    let server = Server::files(event, log_of(&sandbox, &sandbox.entries));
    let mut seen = Vec::new();
    let state = fold(&server.log(event), &event, &ENTROPY, &mut |progress| seen.push(progress)).unwrap();
    assert!(state.is_finished());
    assert_eq!((state.size(), state.root()), (sandbox.state.size(), sandbox.state.root()));
    assert_eq!(state.round_reports(), sandbox.state.round_reports());
    let total = sandbox.entries.len() as u64;
    assert_eq!(seen.last(), Some(&Progress { done: total, total }));
}

#[test]
fn an_illegal_entry_ends_the_fold_with_its_rule() {
    let mut sandbox = Sandbox::opened(2);
    let ballot = sandbox.vote(0, &[voting_core::testing::chosen(&[0]), voting_core::testing::chosen(&[1])]);
    sandbox.smuggle(ballot);
    let event = sandbox.manifest().event();
    let server = Server::files(event, log_of(&sandbox, &sandbox.entries));
    let error = fold(&server.log(event), &event, &ENTROPY, &mut |_| ()).unwrap_err();
    let ClientError::Illegal { entry, refusal } = &error else { panic!("{error}") };
    assert_eq!(*entry, EntryIndex(sandbox.entries.len() as u64 - 1));
    assert_eq!(refusal.rule, Rule::BallotChain);
    assert!(error.to_string().contains("R-BALLOT-06"), "{error}");
}

#[test]
fn a22_only_the_event_asked_for_is_folded() {
    let sandbox = Sandbox::new(3);
    let dir = TempDir::new().unwrap();
    write(dir.path(), &log_of(&sandbox, &sandbox.entries));
    let source = Source::Folder(dir.path().to_owned());
    let error = fold(&source, &EventId([1; 32]), &ENTROPY, &mut |_| ()).unwrap_err();
    assert_eq!(error.code(), "other-event");
}

#[test]
fn a19_a_checkpoint_short_of_witnesses_is_not_folded() {
    let seed = [7; 32];
    let witness = tlog::cosign::CosigningKey::from_seed(tlog::KeyName::new("w.example.org").unwrap(), &seed);
    let policy = format!("witness w1 {}\nquorum w1\n", witness.verifier());
    let sandbox = Sandbox::with(4, |fields| fields.witness_policy = policy);
    let dir = TempDir::new().unwrap();
    write(dir.path(), &log_of(&sandbox, &sandbox.entries));
    let source = Source::Folder(dir.path().to_owned());
    let error = fold(&source, &sandbox.manifest().event(), &ENTROPY, &mut |_| ()).unwrap_err();
    assert_eq!(error.code(), "too-few-witnesses", "{error}");
}

#[test]
fn a_record_in_a_folder_verifies() {
    let sandbox = Sandbox::finished(5);
    let dir = TempDir::new().unwrap();
    write(dir.path(), &log_of(&sandbox, &sandbox.entries));
    let record = Record::open(dir.path()).unwrap();
    let entries = record.entries().map(Result::unwrap);
    let report = verify_record(&record.event().unwrap(), record.checkpoint(), entries, &record, &ENTROPY, |_| ());
    assert!(report.holds && report.finished, "{:?}", report.faults);
}

#[test]
fn a_record_that_ends_early_says_where() {
    let sandbox = Sandbox::new(6);
    let all = entries(&sandbox, 600, 1);
    let mut files = log_of(&sandbox, &all);
    files.remove("tile/entries/001");
    let dir = TempDir::new().unwrap();
    write(dir.path(), &files);
    let record = Record::open(dir.path()).unwrap();
    let mut read = record.entries();
    assert_eq!(read.by_ref().take(256).map(Result::unwrap).count(), 256);
    let error = read.next().unwrap().unwrap_err();
    assert!(error.to_string().contains("tile/entries/001"), "{error}");
    assert!(read.next().is_none());
    assert_eq!(record.entry(EntryIndex(513)).unwrap(), all[513]);
    assert_eq!(record.entry(EntryIndex(601)).unwrap_err().code(), "malformed-file");
}

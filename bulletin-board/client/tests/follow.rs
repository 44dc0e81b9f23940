//! Following a log: grows, resumes, is interrupted, rolled back, forked, short of witnesses, and holds illegal entries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use client::{ClientError, EVIDENCE_FOLDER, Follower, Look, Source};
use common::{Files, Server, cosign, files_in, log_of, witness_policy};
use tempfile::TempDir;
use tlog::evidence::{SplitView, Verdict};
use voting_core::ballot::log_key;
use voting_core::ids::{EntryIndex, EventId};
use voting_core::record::Rule;
use voting_core::testing::{ENTROPY, Sandbox, chosen};

fn open(source: &Source, event: EventId, dir: &Path) -> Result<Follower, ClientError> {
    Follower::open(source, event, dir, &ENTROPY, &mut |_| ())
}

fn look(follower: &mut Follower) -> Result<Look, ClientError> {
    follower.look(&ENTROPY, &mut |_| ())
}

/// A server whose files can be exchanged.
fn changing(event: EventId, files: Files) -> (Server, Arc<Mutex<Files>>) {
    let shown = Arc::new(Mutex::new(files));
    let served = shown.clone();
    let server = Server::new(move |request| {
        let files = served.lock().unwrap();
        match request.path.strip_prefix(&format!("/{event}/")).and_then(|path| files.get(path)) {
            Some(bytes) => (200, vec![], bytes.clone()),
            None => (404, vec![], b"not found".to_vec()),
        }
    });
    (server, shown)
}

#[test]
fn only_what_is_new_is_fetched_and_the_fold_goes_on() {
    let sandbox = Sandbox::finished(1);
    let event = sandbox.manifest().event();
    let (server, shown) = changing(event, log_of(&sandbox, &sandbox.entries[..10]));
    let dir = TempDir::new().unwrap();
    let mut follower = open(&server.log(event), event, dir.path()).unwrap();
    let first = look(&mut follower).unwrap();
    assert_eq!((first.before, first.checkpoint.size), (0, 10));
    assert_eq!(follower.state().unwrap().size(), 10);

    // Nothing new: one request.
    let before = server.count();
    let same = look(&mut follower).unwrap();
    assert_eq!((same.before, same.checkpoint.size, server.count() - before), (10, 10, 1));

    let total = sandbox.entries.len();
    for size in 11..=total {
        *shown.lock().unwrap() = log_of(&sandbox, &sandbox.entries[..size]);
        let look = look(&mut follower).unwrap();
        assert_eq!((look.before, look.checkpoint.size), (size as u64 - 1, size as u64));
        assert!(look.refused.is_none());
        assert_eq!(follower.state().unwrap().size(), size as u64);
    }
    assert!(follower.state().unwrap().is_finished());
    assert_eq!(follower.state().unwrap().root(), sandbox.state.root());
    drop(follower);

    // Somebody who goes on from the folder needs nothing from the network but the checkpoint.
    let before = server.count();
    let mut again = open(&server.log(event), event, dir.path()).unwrap();
    assert_eq!(again.size(), total as u64);
    assert!(again.state().unwrap().is_finished());
    look(&mut again).unwrap();
    assert_eq!(server.count() - before, 1);
}

#[test]
fn a_folder_that_grew_stays_a_copy_and_does_not_fill_up() {
    let sandbox = Sandbox::new(2);
    let event = sandbox.manifest().event();
    let all = common::entries(&sandbox, 700, 1);
    let (server, shown) = changing(event, log_of(&sandbox, &all[..1]));
    let dir = TempDir::new().unwrap();
    let mut follower = open(&server.log(event), event, dir.path()).unwrap();
    let mut requests = 0;
    for size in [1, 2, 3, 200, 255, 256, 257, 400, 513, 514, 700, 701] {
        *shown.lock().unwrap() = log_of(&sandbox, &all[..size]);
        let before = server.count();
        look(&mut follower).unwrap();
        requests = server.count() - before;
        let wanted = log_of(&sandbox, &all[..size]);
        let found = files_in(dir.path());
        for (path, bytes) in &wanted {
            assert_eq!(found.get(path), Some(bytes), "{path} at {size}");
        }
        let copied = TempDir::new().unwrap();
        client::mirror(&Source::Folder(dir.path().to_owned()), copied.path(), &mut |_| ()).unwrap();
        assert_eq!(files_in(copied.path()), wanted, "a copy of the copy is the same");
    }
    // The last look: the checkpoint, the two edge tiles for the proof and as new ones, one bundle, two places for labels.
    assert!(requests <= 8, "{requests} requests");
    // Besides the files of the last size at most those of the one before.
    let extra: Vec<_> =
        files_in(dir.path()).into_keys().filter(|path| !log_of(&sandbox, &all).contains_key(path)).collect();
    let partial = extra.iter().filter(|path| path.contains(".p/")).count();
    assert!(partial <= 3 && extra.len() - partial <= 1, "{extra:?}");
}

#[test]
fn a19_a_fork_is_an_error_with_evidence_and_leaves_the_copy() {
    for (first, second) in [(5, 9), (9, 9), (9, 5), (300, 600), (600, 300)] {
        let sandbox = Sandbox::new(3);
        let event = sandbox.manifest().event();
        let (one, two) = (common::entries(&sandbox, first, 1), common::entries(&sandbox, second, 2));
        let (server, shown) = changing(event, log_of(&sandbox, &one));
        let dir = TempDir::new().unwrap();
        let mut follower = open(&server.log(event), event, dir.path()).unwrap();
        look(&mut follower).unwrap();
        let copy = files_in(dir.path());
        *shown.lock().unwrap() = log_of(&sandbox, &two);
        let error = look(&mut follower).unwrap_err();
        let ClientError::NotAnExtension { evidence, proved, .. } = &error else { panic!("{error}") };
        assert!(proved, "{first} then {second}");
        let evidence = SplitView::parse(&std::fs::read(evidence).unwrap()).unwrap();
        let manifest = sandbox.manifest();
        let key = log_key(&manifest).unwrap();
        assert_eq!(evidence.judge(&manifest.origin().parse().unwrap(), &key), Ok(Verdict::SplitView));
        let mut left = files_in(dir.path());
        left.retain(|path, _| !path.starts_with(EVIDENCE_FOLDER));
        assert_eq!(left, copy);
        // The true log is still followed.
        *shown.lock().unwrap() = log_of(&sandbox, &one);
        look(&mut follower).unwrap();
    }
}

#[test]
fn a19_a_rollback_is_told_from_a_fork() {
    let sandbox = Sandbox::new(4);
    let event = sandbox.manifest().event();
    let all = common::entries(&sandbox, 300, 1);
    let (server, shown) = changing(event, log_of(&sandbox, &all));
    let dir = TempDir::new().unwrap();
    let mut follower = open(&server.log(event), event, dir.path()).unwrap();
    look(&mut follower).unwrap();
    for size in [299, 256, 255, 1] {
        *shown.lock().unwrap() = log_of(&sandbox, &all[..size]);
        let error = look(&mut follower).unwrap_err();
        assert_eq!(error.code(), "rollback", "{error}");
        assert!(error.is_verdict());
        assert!(!dir.path().join(EVIDENCE_FOLDER).exists());
    }
}

#[test]
fn a19_what_an_interrupted_look_has_seen_binds_the_log() {
    let sandbox = Sandbox::finished(5);
    let event = sandbox.manifest().event();
    let total = sandbox.entries.len();
    // The bundle of the second look is missing: its checkpoint was seen, its entries were not.
    let (server, shown) = changing(event, log_of(&sandbox, &sandbox.entries[..10]));
    let dir = TempDir::new().unwrap();
    let mut follower = open(&server.log(event), event, dir.path()).unwrap();
    look(&mut follower).unwrap();
    let mut files = log_of(&sandbox, &sandbox.entries);
    files.retain(|path, _| !path.starts_with("tile/entries/"));
    *shown.lock().unwrap() = files;
    assert_eq!(look(&mut follower).unwrap_err().code(), "missing-file");
    assert_eq!(follower.size(), 10);

    for restart in [false, true] {
        if restart {
            drop(follower);
            follower = open(&server.log(event), event, dir.path()).unwrap();
        }
        // The copy has 10 entries, but what comes now must extend what was seen.
        let mut other = sandbox.entries[..total - 1].to_vec();
        other.push(b"something else".to_vec());
        *shown.lock().unwrap() = log_of(&sandbox, &other);
        let error = look(&mut follower).unwrap_err();
        assert!(matches!(error, ClientError::NotAnExtension { proved: true, .. }), "{error}");
        *shown.lock().unwrap() = log_of(&sandbox, &sandbox.entries[..10]);
        assert_eq!(look(&mut follower).unwrap_err().code(), "rollback");
    }
    *shown.lock().unwrap() = log_of(&sandbox, &sandbox.entries);
    assert_eq!(look(&mut follower).unwrap().checkpoint.size, total as u64);
    assert!(follower.state().unwrap().is_finished());
    assert!(!dir.path().join("checkpoint.seen").exists());
}

#[test]
fn an_interrupted_look_goes_on_without_folding_twice() {
    let sandbox = Sandbox::new(6);
    let event = sandbox.manifest().event();
    let files = log_of(&sandbox, &common::entries(&sandbox, 700, 1));
    // The server breaks down after so many answers, whatever they are.
    for answers in 1..files.len() + 4 {
        let (served, left) = (files.clone(), AtomicUsize::new(answers));
        let broken = Server::new(move |request| {
            let broken = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err();
            match request.path.strip_prefix(&format!("/{event}/")).and_then(|path| served.get(path)) {
                Some(bytes) if !broken => (200, vec![], bytes.clone()),
                None if !broken => (404, vec![], vec![]),
                _ => (500, vec![], vec![]),
            }
        });
        let dir = TempDir::new().unwrap();
        let mut follower = open(&broken.log(event), event, dir.path()).unwrap();
        let first = look(&mut follower);
        drop(follower);
        let good = Server::files(event, files.clone());
        let mut follower = open(&good.log(event), event, dir.path()).unwrap();
        let second = look(&mut follower).unwrap();
        assert_eq!(second.checkpoint.size, 701, "{answers}: {first:?}");
        // The entries mean nothing: the first of them is refused, in whichever look it came.
        assert_eq!(follower.refused().map(|(entry, _)| *entry), Some(EntryIndex(1)));
        assert_eq!(files_in(dir.path()).into_iter().filter(|(path, _)| path != ".lock").collect::<Files>(), files);
    }
}

#[test]
fn a_look_that_stopped_within_the_fold_goes_on_behind_it() {
    let mut sandbox = Sandbox::opened(12);
    while sandbox.entries.len() < 300 {
        sandbox.vote(0, &[chosen(&[0]), chosen(&[1])]);
    }
    let event = sandbox.manifest().event();
    let whole = log_of(&sandbox, &sandbox.entries);
    let mut first = whole.clone();
    first.retain(|path, _| !path.starts_with("tile/entries/001"));
    let (server, shown) = changing(event, first);
    let dir = TempDir::new().unwrap();
    let mut follower = open(&server.log(event), event, dir.path()).unwrap();
    // Each time the first bundle is folded again or not, and the second is missing.
    for _ in 0..2 {
        assert_eq!(look(&mut follower).unwrap_err().code(), "missing-file");
    }
    *shown.lock().unwrap() = whole;
    assert_eq!(look(&mut follower).unwrap().checkpoint.size, 300);
    assert!(follower.refused().is_none(), "{:?}", follower.refused());
    assert_eq!(follower.state().unwrap().root(), sandbox.state.root());
}

#[test]
fn a_refused_entry_is_reported_once_and_the_copy_goes_on() {
    let mut sandbox = Sandbox::opened(7);
    let ballot = sandbox.vote(0, &[chosen(&[0]), chosen(&[1])]);
    sandbox.smuggle(ballot);
    let event = sandbox.manifest().event();
    let bad = sandbox.entries.len() - 1;
    let (server, shown) = changing(event, log_of(&sandbox, &sandbox.entries[..bad]));
    let dir = TempDir::new().unwrap();
    let mut follower = open(&server.log(event), event, dir.path()).unwrap();
    assert!(look(&mut follower).unwrap().refused.is_none());
    *shown.lock().unwrap() = log_of(&sandbox, &sandbox.entries);
    let (entry, refusal) = look(&mut follower).unwrap().refused.unwrap();
    assert_eq!((entry, refusal.rule), (EntryIndex(bad as u64), Rule::BallotChain));
    let mut more = sandbox.entries.clone();
    more.push(b"and more".to_vec());
    *shown.lock().unwrap() = log_of(&sandbox, &more);
    let third = look(&mut follower).unwrap();
    assert!(third.refused.is_none() && third.checkpoint.size == bad as u64 + 2);
    assert_eq!(follower.state().unwrap().size(), bad as u64);
    drop(follower);
    let again = open(&server.log(event), event, dir.path()).unwrap();
    assert_eq!(again.refused().map(|(entry, _)| entry.0), Some(bad as u64));
}

#[test]
fn a19_a_checkpoint_short_of_witnesses_is_not_followed_and_its_fork_is_still_evidence() {
    let (keys, policy) = witness_policy(2);
    let sandbox = Sandbox::with(8, |fields| fields.witness_policy = policy);
    let event = sandbox.manifest().event();
    let (one, two) = (common::entries(&sandbox, 5, 1), common::entries(&sandbox, 9, 2));
    let full = cosign(log_of(&sandbox, &one[..3]), &[(&keys[0], 100), (&keys[1], 101)]);
    let (server, shown) = changing(event, full);
    let dir = TempDir::new().unwrap();
    let mut follower = open(&server.log(event), event, dir.path()).unwrap();
    let first = look(&mut follower).unwrap();
    let times: Vec<u64> = first.cosigners.iter().map(|cosigner| cosigner.timestamp).collect();
    assert_eq!(times, [100, 101]);

    *shown.lock().unwrap() = cosign(log_of(&sandbox, &one), &[(&keys[0], 102)]);
    let error = look(&mut follower).unwrap_err();
    let ClientError::Witnesses { missing, size, .. } = &error else { panic!("{error}") };
    assert_eq!((missing.as_slice(), *size), (["w2".to_owned()].as_slice(), 6));
    assert_eq!(follower.size(), 3);

    *shown.lock().unwrap() = log_of(&sandbox, &two);
    assert!(matches!(look(&mut follower).unwrap_err(), ClientError::NotAnExtension { proved: true, .. }));

    // A wrong line of a known witness is worse than none.
    let mut files = cosign(log_of(&sandbox, &one), &[(&keys[0], 102), (&keys[1], 103)]);
    let note = String::from_utf8(files["checkpoint"].clone()).unwrap();
    let other = cosign(log_of(&sandbox, &one[..4]), &[(&keys[0], 102), (&keys[1], 103)]);
    let other = String::from_utf8(other["checkpoint"].clone()).unwrap();
    let forged = note.replace(note.lines().last().unwrap(), other.lines().last().unwrap());
    files.insert("checkpoint".into(), forged.into_bytes());
    *shown.lock().unwrap() = files;
    assert_eq!(look(&mut follower).unwrap_err().code(), "false-checkpoint");

    // Later cosignatures of the same tree are taken over.
    *shown.lock().unwrap() = cosign(log_of(&sandbox, &one), &[(&keys[0], 102), (&keys[1], 103)]);
    assert_eq!(look(&mut follower).unwrap().checkpoint.size, 6);
    *shown.lock().unwrap() = cosign(log_of(&sandbox, &one), &[(&keys[0], 200), (&keys[1], 201)]);
    let later: Vec<u64> = look(&mut follower).unwrap().cosigners.iter().map(|cosigner| cosigner.timestamp).collect();
    assert_eq!(later, [200, 201]);
    assert_eq!(files_in(dir.path())["checkpoint"], shown.lock().unwrap()["checkpoint"]);
}

#[test]
fn s6_a_second_origin_under_the_same_key_is_not_followed() {
    let sandbox = Sandbox::new(9);
    let event = sandbox.manifest().event();
    let mut files = log_of(&sandbox, &sandbox.entries);
    files.insert("checkpoint".into(), common::second_origin(&sandbox));
    let server = Server::files(event, files);
    let dir = TempDir::new().unwrap();
    let mut follower = open(&server.log(event), event, dir.path()).unwrap();
    let error = look(&mut follower).unwrap_err();
    assert_eq!(error.code(), "false-checkpoint", "{error}");
    assert!(!dir.path().join("checkpoint").exists() && !dir.path().join("checkpoint.seen").exists());
}

#[test]
fn folders_in_use_of_other_events_and_damaged_ones_are_refused() {
    let sandbox = Sandbox::new(10);
    let event = sandbox.manifest().event();
    let server = Server::files(event, log_of(&sandbox, &common::entries(&sandbox, 20, 1)));
    let dir = TempDir::new().unwrap();
    let mut follower = open(&server.log(event), event, dir.path()).unwrap();
    look(&mut follower).unwrap();
    let busy = open(&server.log(event), event, dir.path()).err().unwrap();
    assert!(busy.code() == "file-system" && busy.to_string().contains("another process"), "{busy}");
    drop(follower);
    let other = open(&Source::Folder("x".into()), EventId([1; 32]), dir.path()).err().unwrap();
    assert_eq!(other.code(), "other-event");
    let named = open(&server.log(event), EventId([1; 32]), TempDir::new().unwrap().path()).err().unwrap();
    assert_eq!(named.code(), "other-event");
    let bundle = dir.path().join("tile/entries/000.p/21");
    let mut bytes = std::fs::read(&bundle).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&bundle, bytes).unwrap();
    let damaged = open(&server.log(event), event, dir.path()).err().unwrap();
    assert_eq!(damaged.code(), "not-in-the-log", "{damaged}");
}

#[test]
fn two_sources_are_compared() {
    let sandbox = Sandbox::new(11);
    let event = sandbox.manifest().event();
    let one = common::entries(&sandbox, 700, 1);
    let two = common::entries(&sandbox, 700, 2);
    let serve = |entries: &[Vec<u8>]| Server::files(event, log_of(&sandbox, entries));
    let (whole, part, other) = (serve(&one), serve(&one[..300]), serve(&two));
    let relation = |one: &Server, other: &Server| {
        let compared = client::compare(&one.log(event), &other.log(event), Some(&event)).unwrap();
        match compared.relation {
            client::Relation::Same => "same",
            client::Relation::Prefix => "prefix",
            client::Relation::Fork(evidence) => {
                let head = &compared.one;
                assert_eq!(evidence.judge(&head.origin, &head.key), Ok(Verdict::SplitView));
                "fork"
            }
        }
    };
    assert_eq!(relation(&whole, &whole), "same");
    assert_eq!((relation(&whole, &part), relation(&part, &whole)), ("prefix", "prefix"));
    assert_eq!((relation(&part, &other), relation(&other, &part)), ("fork", "fork"));
    assert_eq!(relation(&whole, &other), "fork");
}

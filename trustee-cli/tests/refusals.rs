//! What a trustee's program refuses: each with exit code, code and remedy, and without any output.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs;

use common::{World, folder, now, trustee};
use tlog::checkpoint::{self, Checkpoint, Origin};
use tlog::note::{KeyName, SignedNote, SigningKey};
use tlog::tlog_proof::TlogProof;
use tlog::tree::MemoryTree;
use voting_core::ids::RoundIndex;
use voting_core::testing::{START, chosen};

#[test]
fn keys_are_made_once_and_open_with_their_passphrase_only() {
    let dir = folder();
    let init = ["init", "--dir", "t", "--passphrase-file", "pass"];
    let said = trustee(dir.path(), &init).ok();
    assert_eq!(said.out.lines().next().unwrap().len(), 64);
    trustee(dir.path(), &init).refused(2, "output-exists");
    trustee(dir.path(), &["status", "--dir", "nowhere"]).refused(2, "no-identity");
    assert!(!dir.path().join("nowhere").exists());
    fs::write(dir.path().join("empty"), "\n").unwrap();
    trustee(dir.path(), &["init", "--dir", "u", "--passphrase-file", "empty"]).refused(2, "empty-passphrase");
    assert!(!dir.path().join("u/identity.age").exists());
    #[cfg(unix)]
    {
        let mode = fs::metadata(dir.path().join("t/identity.age")).unwrap();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o777, 0o600);
    }
}

#[test]
fn first_contact_needs_acceptance_of_this_event() {
    let world = World::new(11, |_| ());
    world.publish();
    let base = ["ceremony", "--dir", "t1", "--in", "log", "--out", "entry", "--passphrase-file"];
    let said = trustee(world.dir.path(), &[&base[..], &["pass"]].concat());
    said.refused(2, "needs-answer");
    let words = world.sandbox.manifest().event_words();
    assert!(said.err.contains(&words) && said.err.contains("you are    trustee 1 of 3; 2 are needed"), "{said:?}");
    let other = "ab".repeat(32);
    trustee(world.dir.path(), &[&base[..], &["pass", "--accept", &other]].concat()).refused(1, "other-event");
    trustee(world.dir.path(), &[&base[..], &["wrong", "--accept", &world.event()]].concat())
        .refused(2, "wrong-passphrase");
    assert!(!world.path("entry").exists());
    // Accepted once, it is not asked again; without --out there is nowhere to post.
    world.run(1, "verify", &[]).ok();
    trustee(world.dir.path(), &[&base[..], &["pass"]].concat()).ok();
    world.run(1, "ceremony", &[]).refused(2, "no-network");
}

#[test]
fn a21_an_event_that_does_not_name_this_trustee_is_refused() {
    let world = World::new(12, |_| ());
    world.publish();
    trustee(world.dir.path(), &["init", "--dir", "t4", "--passphrase-file", "pass"]).ok();
    world.run(4, "ceremony", &["--out", "entry"]).refused(1, "not-a-trustee");
    assert!(!world.path("entry").exists() && !world.path(&format!("t4/events/{}", world.event())).exists());
}

#[test]
fn a_second_process_is_kept_out() {
    let world = World::new(13, |_| ());
    world.publish();
    let lock = fs::File::create(world.path("t1/lock")).unwrap();
    lock.lock().unwrap();
    world.run(1, "ceremony", &["--out", "entry"]).refused(2, "folder-busy");
    drop(lock);
    world.run(1, "ceremony", &["--out", "entry"]).ok();
}

#[test]
fn a19_a_log_that_does_not_extend_the_copy_is_refused() {
    let mut world = World::new(14, |_| ());
    assert!(world.step(1) && world.step(2));
    world.publish();
    world.run(1, "verify", &[]).ok();
    world.sandbox.entries.swap(1, 2);
    world.publish();
    world.run(1, "verify", &[]).refused(1, "split-view");
}

#[test]
fn nothing_is_decrypted_while_the_round_is_open_or_under_the_minimum() {
    let mut world = World::new(15, |_| ());
    world.open();
    world.sandbox.vote(0, &[chosen(&[0]), chosen(&[0])]);
    world.publish();
    world.run(1, "decrypt", &["--yes", "--out", "part"]).refused(1, "not-closed");
    world.close();
    let said = world.run(1, "decrypt", &["--yes", "--out", "part"]);
    said.refused(1, "too-few-ballots"); // A36
    assert!(!world.path("part").exists());
}

#[test]
fn s7_nothing_is_decrypted_in_the_dispute_period() {
    let mut world = World::new(16, |fields| fields.dispute_seconds = 3_600);
    world.open();
    world.sandbox.vote_all();
    world.close();
    let said = world.run(1, "decrypt", &["--yes", "--out", "part"]);
    said.refused(1, "dispute-period");
    assert!(said.err.contains("members may still complain for 3"), "{said:?}");
    assert!(!world.path("part").exists());
}

#[test]
fn without_a_terminal_decryption_needs_yes() {
    let mut world = World::new(17, |_| ());
    world.open();
    world.sandbox.vote_all();
    world.close();
    let said = world.run(1, "decrypt", &["--out", "part"]);
    said.refused(2, "needs-answer");
    assert!(said.err.contains("only these sums, no single ballot"), "{said:?}");
    let said = world.run(1, "decrypt", &["--yes", "--out", "part", "--receipt", "r"]);
    said.refused(1, "receipt-without-ballot");
    assert!(!world.path("part").exists());
}

/// The receipt that the board gave for an entry, had it been the next one.
fn receipt(world: &World, entry: &[u8]) -> Vec<u8> {
    let mut tree = MemoryTree::new();
    for entry in world.sandbox.entries.iter().map(Vec::as_slice).chain([entry]) {
        tree.append(entry);
    }
    let name = world.sandbox.manifest().origin();
    let head = Checkpoint::new(Origin::new(&name).unwrap(), tree.size(), tree.root());
    let key = SigningKey::from_seed(KeyName::new(&name).unwrap(), &world.sandbox.log.expose_seed());
    let note = SignedNote::parse(checkpoint::sign(&head, &key).as_bytes()).unwrap();
    let index = tree.size() - 1;
    TlogProof::new(index, tree.inclusion(index, tree.size()).unwrap(), note).unwrap().to_bytes()
}

#[test]
fn a15_a_receipt_for_a_ballot_that_vanished_stops_the_count() {
    let mut world = World::new(18, |_| ());
    world.open();
    // The board gave a receipt for this ballot and then dropped it.
    let sealed = world.sandbox.seal(0, &[chosen(&[2]), chosen(&[0])]);
    let dropped = world.sandbox.cast(0, &sealed.parts()[0]);
    fs::write(world.path("dropped.receipt"), receipt(&world, &dropped)).unwrap();
    fs::write(world.path("dropped"), &dropped).unwrap();
    let sealed = world.sandbox.seal(2, &[chosen(&[1]), chosen(&[1])]);
    let kept = world.sandbox.cast(2, &sealed.parts()[0]);
    fs::write(world.path("kept.receipt"), receipt(&world, &kept)).unwrap();
    fs::write(world.path("kept"), &kept).unwrap();
    world.sandbox.offer(kept).unwrap();
    world.sandbox.vote(0, &[chosen(&[0]), chosen(&[0])]);
    world.sandbox.vote(4, &[chosen(&[]), chosen(&[])]);
    world.sandbox.vote(3, &[chosen(&[]), chosen(&[0]), chosen(&[1])]);
    world.sandbox.vote(5, &[chosen(&[]), chosen(&[1]), chosen(&[0])]);
    world.close();

    let pair = |name: &str| ["--receipt".to_owned(), format!("{name}.receipt"), "--ballot".to_owned(), name.to_owned()];
    let run = |pairs: &[String]| {
        let mut args = vec!["--yes", "--out", "part"];
        args.extend(pairs.iter().map(String::as_str));
        world.run(1, "decrypt", &args)
    };
    let said = run(&[pair("kept"), pair("dropped")].concat());
    said.refused(1, "ballot-missing");
    assert!(said.err.contains("the board at votes.example.org signed"), "{said:?}");
    let mixed = ["--receipt", "kept.receipt", "--ballot", "dropped"].map(str::to_owned);
    run(&mixed).refused(1, "receipt-invalid");
    assert!(!world.path("part").exists());
    run(&pair("kept")).ok();
}

#[test]
fn a20_a_record_with_a_fault_is_not_decrypted() {
    let mut world = World::new(19, |_| ());
    world.open();
    world.sandbox.vote_all();
    let mut false_ballot = world.sandbox.entries.last().unwrap().clone();
    *false_ballot.last_mut().unwrap() ^= 1;
    world.sandbox.smuggle(false_ballot);
    world.close();
    let said = world.run(1, "decrypt", &["--yes", "--out", "part"]);
    said.refused(1, "record-does-not-hold");
    assert!(said.err.contains("R-BALLOT-05"), "{said:?}");
    assert!(!world.path("part").exists());
}

#[test]
fn a20_a_second_checkpoint_of_a_round_is_refused_for_ever() {
    let mut world = World::new(20, |_| ());
    world.open();
    world.sandbox.vote_all();
    let before = (world.sandbox.state.clone(), world.sandbox.entries.clone());
    world.close();
    world.run(1, "decrypt", &["--yes", "--out", "part"]).ok();
    let part = fs::read(world.path("part")).unwrap();
    // The board takes the closing back, lets one more ballot in, and closes again.
    (world.sandbox.state, world.sandbox.entries) = before;
    world.sandbox.vote(0, &[chosen(&[2]), chosen(&[1])]);
    world.close();
    world.run(1, "decrypt", &["--yes", "--out", "other"]).refused(1, "split-view");
    // Even if the copy of the log was removed, the key folder remembers.
    fs::remove_dir_all(world.path(&format!("t1/events/{}/record", world.event()))).unwrap();
    let said = world.run(1, "decrypt", &["--yes", "--out", "other"]);
    said.refused(1, "other-checkpoint");
    assert!(!world.path("other").exists());
    assert_eq!(fs::read(world.path("part")).unwrap(), part);
}

#[test]
fn m9_an_own_part_that_the_folder_does_not_know_is_refused() {
    let mut world = World::new(21, |_| ());
    world.open();
    world.sandbox.vote_all();
    world.close();
    let memory = world.path(&format!("t1/events/{}/memory.age", world.event()));
    let old = fs::read(&memory).unwrap();
    world.run(1, "decrypt", &["--yes", "--out", "part"]).ok();
    world.sandbox.offer(fs::read(world.path("part")).unwrap()).unwrap();
    world.publish();
    fs::write(&memory, old).unwrap();
    world.run(1, "decrypt", &["--yes", "--out", "again"]).refused(1, "foreign-state");
    assert!(!world.path("again").exists());
    assert!(world.sandbox.state.round(RoundIndex(0)).unwrap().closed().is_some());
}

#[test]
fn a_closing_in_the_future_is_not_believed() {
    let mut world = World::new(22, |_| ());
    world.open();
    world.sandbox.vote_all();
    assert!(now() > START);
    let order = world.sandbox.close_order();
    let closing = world.sandbox.state.closing_entry(&order, now() + 100_000).unwrap();
    world.sandbox.push(voting_core::entry::Author::Board, &voting_core::entry::Body::RoundClosed(closing));
    world.publish();
    world.run(1, "decrypt", &["--yes", "--out", "part"]).refused(1, "clock");
}

#[test]
fn posting_takes_entries_of_trustees_only() {
    let dir = folder();
    fs::write(dir.path().join("junk"), b"junk").unwrap();
    let log = format!("http://127.0.0.1:9/{}", "ab".repeat(32));
    trustee(dir.path(), &["post", "junk", "--log", &log]).refused(1, "no-entry");
    trustee(dir.path(), &["post", "missing", "--log", &log]).refused(2, "no-such-file");
    trustee(dir.path(), &["post", "junk", "--log", "http://127.0.0.1:9/x"]).refused(2, "bad-url");
}

//! A whole event with real trustee processes that work on files, as in a room without a network.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs;

use common::{World, trustee};
use voting_core::ids::RoundIndex;
use voting_core::record::state::CeremonyStatus;
use voting_core::testing::totals;

#[test]
fn two_of_three_count_an_event_on_files() {
    let mut world = World::new(1, |_| ());
    world.open();
    world.sandbox.vote_all();
    world.close();
    for n in [3, 1] {
        let said = world.run(n, "decrypt", &["--yes", "--out", "part"]).ok();
        assert!(said.err.contains("contest 1  (selection): 4 totals over 6 ballots of weight 8"), "{said:?}");
        // A repetition, after a crash before posting for instance, gives the same bytes.
        world.run(n, "decrypt", &["--yes", "--out", "same"]).ok();
        assert_eq!(fs::read(world.path("part")).unwrap(), fs::read(world.path("same")).unwrap());
        fs::remove_file(world.path("same")).unwrap();
        world.sandbox.offer(fs::read(world.path("part")).unwrap()).unwrap();
        fs::remove_file(world.path("part")).unwrap();
        world.publish();
    }
    world.sandbox.result(RoundIndex(0));
    world.publish();
    let report = world.sandbox.report();
    assert!(report.holds);
    assert_eq!(totals(&report, 0)[0], [2, 4, 3, 3], "the totals that the sandbox documents");

    let said = world.run(2, "verify", &[]).ok();
    assert!(said.out.starts_with("The record holds."), "{said:?}");
    assert!(said.out.contains("2 partial decryptions"), "{said:?}");

    // Every trustee makes the same card, and it is the card of the manifest.
    let card = voting_core::card::Card::of(&world.sandbox.manifest()).unwrap();
    let event = world.event();
    for n in [1, 2] {
        let (dir, out, page) = (format!("t{n}"), format!("card-{n}"), format!("card-{n}.html"));
        let args = ["card", "--dir", &dir, "--in", "log", "--accept", &event, "--out", &out, "--page", &page];
        trustee(world.dir.path(), &args).ok();
        trustee(world.dir.path(), &args).ok();
        assert_eq!(fs::read(world.path(&out)).unwrap(), card.to_bytes());
        let page = fs::read_to_string(world.path(&page)).unwrap();
        assert!(page.contains("<svg") && page.contains("观察员卡") && page.contains(&card.words()), "{page}");
        fs::write(world.path(&out), "something else").unwrap();
        trustee(world.dir.path(), &args).refused(2, "output-exists");
    }
    let said = trustee(world.dir.path(), &["status", "--dir", "t3", "--json"]).ok();
    assert!(said.out.contains("\"ok\":true") && said.out.contains(&world.event()), "{said:?}");
    let said = world.run(3, "decrypt", &["--yes", "--out", "part", "--round", "1"]).ok();
    assert!(said.out.contains("stands on the log already"), "{said:?}");
}

/// A program that was killed after storing and before posting posts the same bytes again.
#[test]
fn s8_a_repetition_gives_the_same_bytes_at_every_stage() {
    let mut world = World::new(2, |_| ());
    for stage in ["commitment", "dealing", "confirmation"] {
        world.publish();
        let said = world.run(1, "ceremony", &["--out", "first"]).ok();
        assert!(said.out.contains(&format!("wrote the {stage}")), "{said:?}");
        world.run(1, "ceremony", &["--out", "second"]).ok();
        let (first, second) = (fs::read(world.path("first")).unwrap(), fs::read(world.path("second")).unwrap());
        assert_eq!(first, second, "{stage}");
        // The same file may be written again, another one is never replaced.
        world.run(1, "ceremony", &["--out", "first"]).ok();
        fs::write(world.path("second"), "something else").unwrap();
        world.run(1, "ceremony", &["--out", "second"]).refused(2, "output-exists");
        assert_eq!(fs::read(world.path("second")).unwrap(), b"something else");
        fs::remove_file(world.path("first")).unwrap();
        fs::remove_file(world.path("second")).unwrap();
        world.sandbox.offer(first).unwrap();
        world.publish();
        let said = world.run(1, "ceremony", &["--out", "first"]).ok();
        let last = stage == "confirmation";
        assert!(said.out.contains("waits for trustee 2, 3"), "{said:?}");
        assert!(world.step(2) && world.step(3));
        assert_eq!(world.sandbox.state.ceremony() == CeremonyStatus::Complete, last);
    }
    world.publish();
    let said = world.run(1, "ceremony", &["--out", "first"]).ok();
    assert!(said.out.contains("the ceremony is complete"), "{said:?}");
}

/// The memory of one stage put back after the next was posted must not deal again.
#[test]
fn s8_an_old_copy_of_the_folder_deals_nothing() {
    let mut world = World::new(3, |_| ());
    assert!(world.step(1) && world.step(2) && world.step(3));
    let memory = world.path(&format!("t1/events/{}/memory.age", world.event()));
    let old = fs::read(&memory).unwrap();
    assert!(world.step(1));
    world.publish();
    fs::write(&memory, old).unwrap();
    world.run(1, "ceremony", &["--out", "entry2"]).refused(1, "foreign-state");
    fs::remove_file(&memory).unwrap();
    world.run(1, "ceremony", &["--out", "entry2"]).refused(1, "foreign-state");
    assert!(!world.path("entry2").exists());
}

//! One share counts every round once: a round of the manifest and the run-off that its outcome calls for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs;

use common::{World, trustee};
use voting_core::contest::Selection;
use voting_core::entry::{Author, Body};
use voting_core::ids::RoundIndex;
use voting_core::outcome::{Decision, OutcomeRule, Ties, Vacancies};
use voting_core::record::Rule;
use voting_core::testing::{chosen, contest, totals};

/// One seat between three; equal votes are voted on again.
fn world(seed: u64) -> World {
    World::new(seed, |fields| {
        fields.rounds_may_be_added = true;
        fields.rounds.truncate(1);
        let mut chair = contest(3, Selection { min: 0, max: 1, blank: true }, &[0, 1], false);
        let (ties, vacancies) = (Ties::NewRound, Vacancies::LeaveOpen);
        let decision = Decision::Elect { seats: 1, requirement: None, ties, vacancies, then: None };
        chair.outcome = OutcomeRule { profile: None, quorum: None, decision };
        fields.rounds[0].contests = vec![chair];
    })
}

/// Trustee `n` decrypts the round that waits; the part goes onto the log.
fn decrypt(world: &mut World, n: usize) -> (String, Vec<u8>) {
    let said = world.run(n, "decrypt", &["--yes", "--out", "part"]).ok();
    let part = fs::read(world.path("part")).unwrap();
    fs::remove_file(world.path("part")).unwrap();
    world.sandbox.offer(part.clone()).unwrap();
    world.publish();
    (said.err, part)
}

#[test]
fn a20_a_round_is_decrypted_once_and_the_run_off_with_the_same_share() {
    let mut world = world(30);
    world.ceremony();
    world.sandbox.roll(RoundIndex(0));
    world.sandbox.open(RoundIndex(0));
    // Voter 1 has weight 3: 3 for the first and the third option.
    for (voter, option) in [(1, 0), (0, 2), (2, 2), (4, 2), (3, 1)] {
        world.sandbox.vote(voter, &[chosen(&[option])]);
    }
    world.close();
    let memory = world.path(&format!("t1/events/{}/memory.age", world.event()));
    let before = fs::read(&memory).unwrap();
    let (_, first) = decrypt(&mut world, 1);
    // The log refuses a second part of this round.
    let refusal = world.sandbox.offer(first.clone()).unwrap_err();
    assert_eq!(refusal.rule, Rule::DecryptOnce);
    // A folder that has forgotten is stopped by what stands on the log (M9).
    let after = fs::read(&memory).unwrap();
    fs::write(&memory, before).unwrap();
    world.run(1, "decrypt", &["--yes", "--round", "1", "--out", "part"]).refused(1, "foreign-state");
    fs::write(&memory, after).unwrap();
    decrypt(&mut world, 3);
    world.sandbox.result(RoundIndex(0));
    let outcome = world.sandbox.state.compute_outcome(RoundIndex(0), None).unwrap();
    world.sandbox.push(Author::Administrator, &Body::RoundOutcome(outcome));
    world.publish();
    world.run(1, "decrypt", &["--yes", "--round", "2", "--out", "part"]).refused(1, "not-closed");

    world.sandbox.roll(RoundIndex(1));
    let mut start = world.sandbox.start(RoundIndex(1));
    start.time = common::now();
    world.sandbox.push(Author::Administrator, &Body::RoundStarted(start));
    for voter in [0, 2, 3] {
        world.sandbox.vote(voter, &[chosen(&[1])]);
    }
    world.close();
    // The first round is done with: the memory knows its part, and nothing is written.
    let said = world.run(1, "decrypt", &["--yes", "--round", "1", "--out", "part"]).ok();
    assert!(said.out.contains("your part of round 1 stands on the log already"), "{said:?}");
    world.run(2, "decrypt", &["--yes", "--round", "1", "--out", "part"]).refused(1, "ended");
    assert!(!world.path("part").exists());
    // The run-off is the round that waits; the same share opens it.
    let (shown, _) = decrypt(&mut world, 1);
    assert!(shown.contains("round 2:  (run-off, called for by round 1), closed"), "{shown}");
    assert!(shown.contains("contest 1  (selection): 3 totals over 3 ballots of weight 3"), "{shown}");
    decrypt(&mut world, 2);
    world.sandbox.result(RoundIndex(1));
    world.publish();
    assert_eq!(totals(&world.sandbox.report(), 1), [vec![0, 3, 0]]);
    world.run(1, "verify", &[]).ok();
    let said = trustee(world.dir.path(), &["status", "--dir", "t1"]).ok();
    assert!(
        said.out.contains("round 2  result; you have decrypted your part; run-off, called for by round 1"),
        "{said:?}"
    );
}

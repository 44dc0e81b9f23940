//! Ballots in parts, and what the board shows of outcomes and of the rounds that they call for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::Town;
use voting_core::contest::Selection;
use voting_core::entry::{Author, Body, RoundDropped};
use voting_core::ids::RoundIndex;
use voting_core::manifest::Fields;
use voting_core::outcome::{Decision, OutcomeRule, Ties, Vacancies};
use voting_core::record::state::as_ballot;
use voting_core::testing::{chosen, contest};

/// Contests so large that a ballot of group 1 takes two parts.
fn in_parts(fields: &mut Fields) {
    let large = |groups: &[u32]| contest(225, Selection { min: 0, max: 1, blank: true }, groups, false);
    fields.rounds.truncate(1);
    fields.rounds[0].contests = vec![large(&[0, 1]), large(&[0, 1]), large(&[1])];
}

#[test]
fn a14_parts_of_a_ballot_are_taken_in_order_and_a_lost_receipt_is_given_again() {
    use base64::Engine as _;
    let mut town = Town::found_as(40, in_parts);
    town.prepare();
    let start = town.size();
    let sealed = town.sandbox.seal(1, &vec![chosen(&[7]); 3]);
    let parts = town.sandbox.cast_parts(1, sealed.parts());
    assert_eq!(parts.len(), 2);
    let early = town.submit(&parts[1]);
    assert_eq!((early.status, early.code().as_str()), (409, "parts-out-of-order"));
    let refusal = early.json();
    assert_eq!((refusal["rule"].as_str(), refusal["latest"].is_null()), (Some("R-BALLOT-06"), true));
    assert!(refusal["remedy"].as_str().unwrap().contains("from the first one"));
    assert_eq!(town.size(), start, "nothing was taken");
    // The receipt of the first part is lost; the same bytes get it again, and the second part follows.
    let first = town.submit(&parts[0]);
    assert_eq!((first.index(), town.state()["rounds"][0]["turnout"].as_u64()), (start, Some(0)));
    assert_eq!(town.submit(&parts[0]).body, first.body);
    assert_eq!(town.submit(&parts[1]).index(), start + 1);
    assert_eq!(town.state()["rounds"][0]["turnout"], 1);
    // Another device that knows nothing of it is shown its last part.
    let other = town.sandbox.seal(1, &vec![chosen(&[8]); 3]);
    let parts_of_other = town.sandbox.cast_parts(1, other.parts());
    let stale = town.submit(&parts_of_other[0]);
    assert_eq!((stale.status, stale.code().as_str()), (409, "stale-predecessor"));
    let latest = stale.json()["latest"]["entry"].as_str().unwrap().to_owned();
    let latest = base64::engine::general_purpose::STANDARD.decode(latest).unwrap();
    assert_eq!(latest, parts[1]);
    assert_eq!(as_ballot(&latest).unwrap().tracker(), sealed.tracker());
    for part in parts {
        town.sandbox.offer(part).unwrap();
    }
    assert_eq!(town.read().1, town.sandbox.entries);
}

/// One seat between three; equal votes are voted on again. Another round is planned.
fn tied(fields: &mut Fields) {
    fields.rounds_may_be_added = true;
    let mut chair = contest(3, Selection { min: 0, max: 1, blank: true }, &[0, 1], false);
    chair.outcome = OutcomeRule {
        profile: None,
        quorum: None,
        decision: Decision::Elect {
            seats: 1,
            requirement: None,
            ties: Ties::NewRound,
            vacancies: Vacancies::LeaveOpen,
            then: None,
        },
    };
    fields.rounds[0].contests = vec![chair];
}

fn count(town: &mut Town, round: u32) {
    town.close();
    assert_eq!(town.state()["phase"], "counting");
    town.sandbox.decrypt(1);
    town.sandbox.decrypt(3);
    town.sandbox.result(RoundIndex(round));
    town.sync();
}

fn decide(town: &mut Town, round: u32) {
    assert_eq!(town.state()["phase"], "outcome");
    let outcome = town.sandbox.state.compute_outcome(RoundIndex(round), None).unwrap();
    town.sandbox.push(Author::Administrator, &Body::RoundOutcome(outcome));
    town.sync();
}

#[test]
fn the_state_says_what_is_awaited_from_a_tie_to_the_end() {
    let mut town = Town::found_as(41, tied);
    assert_eq!(town.state()["phase"], "ceremony");
    town.prepare();
    // Voter 1 has weight 3: 3 for the first and the third option.
    for (voter, option) in [(1, 0), (0, 2), (2, 2), (4, 2), (3, 1)] {
        town.sandbox.vote(voter, &[chosen(&[option])]);
    }
    town.sync();
    assert_eq!(town.state()["phase"], "voting");
    count(&mut town, 0);
    let tally = town.state()["rounds"][0]["tallies"][0].clone();
    assert_eq!((&tally["standings"]["kind"], &tally["standings"]["answered"]), (&"selection".into(), &7.into()));
    assert_eq!(tally["tallied"]["numbers"]["entitled"]["members"], 6);
    assert!(town.state()["rounds"][0]["outcome"].is_null());
    decide(&mut town, 0);
    let state = town.state();
    assert_eq!((&state["phase"], &state["rounds_may_be_added"]), (&"follow-up".into(), &true.into()));
    assert_eq!(state["rounds"].as_array().unwrap().len(), 3);
    assert_eq!(state["rounds"][2]["cause"], state["rounds"][0]["id"]);
    assert_eq!(state["rounds"][0]["outcome"][0]["follow_up"]["cause"], "tie");
    assert_eq!(state["rounds"][2]["contests"][0]["options"].as_array().unwrap().len(), 2);

    town.sandbox.roll(RoundIndex(2));
    town.sync();
    assert_eq!(town.state()["phase"], "follow-up", "its roll is there, its start is not");
    town.start(RoundIndex(2));
    town.sync();
    assert_eq!(town.state()["open_round"], 2);
    for voter in [0, 1, 2] {
        town.sandbox.vote(voter, &[chosen(&[1])]);
    }
    town.sync();
    count(&mut town, 2);
    decide(&mut town, 2);
    // What was shown before a restart is shown after it.
    let before = town.state();
    assert_eq!((&before["phase"], &before["rounds"][2]["status"]), (&"ready".into(), &"result".into()));
    town.stop();
    town.restart().unwrap();
    assert_eq!(town.state(), before);
    let dropped = RoundDropped { round: RoundIndex(1), reason: 1 };
    town.sandbox.push(Author::Administrator, &Body::RoundDropped(dropped));
    town.sync();
    let state = town.state();
    assert_eq!((&state["phase"], &state["rounds"][1]["status"]), (&"finished".into(), &"dropped".into()));
}

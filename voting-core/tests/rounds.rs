//! What the fold refuses around a round: its order, its bounds, and what is counted and decrypted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use voting_core::contest::{Budget, Choice, Kind, Points};
use voting_core::entry::{Attendance, Author, Body, GroupAttendance, RoundDropped, Totals};
use voting_core::ids::{LabelDigest, RoundIndex, TrusteeIndex};
use voting_core::record::Rule;
use voting_core::testing::{Sandbox, chosen, contest_of};

const ADMINISTRATOR: Author = Author::Administrator;
const FIRST: RoundIndex = RoundIndex(0);
const SECOND: RoundIndex = RoundIndex(1);

fn refusal(sandbox: &mut Sandbox, author: Author, body: &Body) -> Rule {
    let bytes = sandbox.signed(author, body);
    sandbox.offer(bytes).unwrap_err().rule
}

fn started(seed: u64) -> Sandbox {
    let mut sandbox = Sandbox::new(seed);
    sandbox.ceremony();
    sandbox
}

#[test]
fn a41_rounds_of_the_manifest_are_held_in_their_order_or_dropped() {
    let mut sandbox = started(71);
    sandbox.roll(FIRST);
    sandbox.roll(SECOND);
    let start = Body::RoundStarted(sandbox.start(SECOND));
    assert_eq!(refusal(&mut sandbox, ADMINISTRATOR, &start), Rule::RoundReady, "the first one comes before");
    sandbox.push(ADMINISTRATOR, &Body::RoundDropped(RoundDropped { round: FIRST, reason: 1 }));
    sandbox.push(ADMINISTRATOR, &start);
    assert!(sandbox.state.round(SECOND).unwrap().open().is_some());
}

#[test]
fn attendance_is_bounded_by_members_and_by_their_weight() {
    let mut sandbox = started(72);
    sandbox.roll(FIRST);
    sandbox.open(FIRST);
    let round = sandbox.state.round(FIRST).unwrap().id().unwrap();
    // Group 0 has three members of weight 1; group 1 has three, of weight 5 together.
    let stated = |excused: (u64, u64), present: (u64, u64)| {
        let other = GroupAttendance { excused: (0, 0), present: (1, 1) };
        Body::Attendance(Attendance { round, groups: vec![other, GroupAttendance { excused, present }] })
    };
    for (excused, present) in
        [((0, 0), (3, 6)), ((1, 6), (0, 0)), ((1, 3), (2, 3)), ((1, u64::MAX), (1, 1)), ((2, 2), (2, 2))]
    {
        let rule = refusal(&mut sandbox, Author::Registrar, &stated(excused, present));
        assert_eq!(rule, Rule::RoundAttendance, "{excused:?} {present:?}");
    }
    sandbox.push(Author::Registrar, &stated((1, 3), (2, 2)));
}

#[test]
fn a9_a_roll_whose_totals_could_pass_the_bound_is_not_closed() {
    let with = |max: u64, heavy: u64| {
        let mut sandbox = Sandbox::with(73, |fields| {
            let points = Points { max, budget: Budget::Fixed(max), exact: false, blank: true };
            fields.groups = vec![LabelDigest([4; 32])];
            fields.rounds.truncate(1);
            fields.rounds[0].contests = vec![contest_of(3, Kind::Points(points), &[0], false)];
        });
        for voter in &mut sandbox.voters {
            (voter.weight, voter.group.0) = (1, 0);
        }
        sandbox.voters[0].weight = heavy;
        sandbox.ceremony();
        let members = sandbox.members(FIRST);
        let chunk = voting_core::entry::RollChunk { round: FIRST, number: 0, members };
        sandbox.push(Author::Registrar, &Body::RollChunk(chunk));
        let end = Body::RollClosed(sandbox.roll_end(FIRST));
        let bytes = sandbox.signed(Author::Registrar, &end);
        sandbox.offer(bytes).map_err(|refusal| refusal.rule)
    };
    // Six members; the bound is 2^40.
    assert_eq!(with(1 << 30, (1 << 10) - 5), Ok(()));
    assert_eq!(with(1 << 30, (1 << 10) - 4), Err(Rule::RollBound));
    assert_eq!(with(1 << 40, 1), Err(Rule::RollBound));
}

#[test]
fn a14_a_replaced_ballot_is_one_ballot_with_its_weight() {
    let mut sandbox = Sandbox::opened(74);
    let answers = |option| vec![chosen(&[option]), chosen(&[0]), chosen(&[1])];
    for option in [0, 1, 2] {
        sandbox.vote(1, &answers(option));
    }
    sandbox.vote(3, &answers(2));
    sandbox.vote(0, &[chosen(&[2]), chosen(&[1])]);
    sandbox.close();
    let counting = sandbox.state.round(FIRST).unwrap().closed().unwrap();
    let counts: Vec<_> = counting.tallies().iter().map(|t| (t.ballots, t.weight, t.heaviest)).collect();
    assert_eq!(counts, [(3, 5, 3), (2, 4, 3), (1, 1, 1), (2, 4, 3)], "by contest, the last one by group");
}

/// A closed round in which nobody but two of group 0 and one of group 1 voted: what only group 1 answers is not counted.
fn one_group_too_small(seed: u64) -> Sandbox {
    let mut sandbox = Sandbox::opened(seed);
    for voter in [0, 2] {
        sandbox.vote(voter, &[chosen(&[2]), chosen(&[1])]);
    }
    sandbox.vote(3, &[chosen(&[0]), chosen(&[0]), Choice::Blank]);
    sandbox.close();
    let counting = sandbox.state.round(FIRST).unwrap().closed().unwrap();
    let counted: Vec<_> = counting.tallies().iter().map(|tally| tally.counted).collect();
    assert_eq!(counted, [true, false, true, false]);
    sandbox
}

#[test]
fn a36_what_is_not_counted_is_neither_decrypted_nor_published() {
    let mut sandbox = one_group_too_small(75);
    let one = Author::Trustee(TrusteeIndex(1));
    let right = sandbox.partial(1);
    let lengths: Vec<_> = right.tallies.iter().map(Vec::len).collect();
    assert_eq!((lengths[1], lengths[3]), (0, 0));
    for (from, to) in [(2, 1), (2, 3), (0, 3)] {
        let mut part = right.clone();
        part.tallies[to] = part.tallies[from].clone();
        let rule = refusal(&mut sandbox, one, &Body::PartialDecryption(part));
        assert_eq!(rule, Rule::DecryptMinimum, "tally {to} is not counted");
    }
    sandbox.push(one, &Body::PartialDecryption(right));
    sandbox.decrypt(2);
    let right = sandbox.state.compute_result(FIRST).unwrap();
    for tally in [1, 3] {
        let mut result = right.clone();
        assert_eq!(result.totals[tally], Totals(vec![]));
        result.totals[tally] = Totals(vec![0; 2 + tally / 3]);
        let rule = refusal(&mut sandbox, ADMINISTRATOR, &Body::RoundResult(result));
        assert_eq!(rule, Rule::ResultTotals, "tally {tally} is not counted");
    }
    sandbox.push(ADMINISTRATOR, &Body::RoundResult(right));
}

#[test]
fn a_round_that_has_ended_is_not_decrypted_any_more() {
    let mut sandbox = one_group_too_small(76);
    let late = sandbox.partial(3);
    sandbox.decrypt(1);
    sandbox.decrypt(2);
    sandbox.result(FIRST);
    let rule = refusal(&mut sandbox, Author::Trustee(TrusteeIndex(3)), &Body::PartialDecryption(late));
    assert_eq!(rule, Rule::DecryptOnce);
}

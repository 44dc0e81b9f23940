//! Outcomes as entries, and the rounds that they call for: one ceremony, one set of codes, several rounds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use voting_core::contest::{Budget, Cap, Choice, Contest, Kind, Method, Mode, Points, Ranking, Reading, Selection};
use voting_core::entry::{Attendance, Author, Body, GroupAttendance, RoundDropped, RoundOutcome};
use voting_core::ids::{GroupIndex, LabelDigest, OptionIndex, RoundIndex};
use voting_core::method::{Pairwise, Strength};
use voting_core::outcome::{
    Cause, ContestOutcome, Decision, Number, OutcomeRule, Profile, Requirement, Stage, Subject, Ties, Vacancies,
    Verdict,
};
use voting_core::record::{RoundStatus, Rule};
use voting_core::testing::{Sandbox, chosen, contest, contest_of, grades, rules};

const ADMINISTRATOR: Author = Author::Administrator;

fn party(seats: u32) -> OutcomeRule {
    Profile::CnPartyBasic.rule(Subject::Election { seats }).unwrap()
}

/// Six members of one group with one vote each; a pre-selection of 4 from 5, and a formal election of `seats`.
fn preselection(seed: u64, seats: u32) -> Sandbox {
    let mut sandbox = Sandbox::with(seed, |fields| {
        fields.groups = vec![LabelDigest([4; 32])];
        fields.rounds.truncate(1);
        let mut first = contest(5, Selection { min: 0, max: 4, blank: true }, &[0], false);
        first.outcome = party(4);
        let Decision::Elect { then, .. } = &mut first.outcome.decision else { panic!("an election") };
        let kind = Kind::Selection(Selection { min: 0, max: seats, blank: true });
        *then = Some(Box::new(Stage { kind, rule: party(seats) }));
        fields.rounds[0].contests = vec![first];
        fields.rounds_may_be_added = true;
    });
    for voter in &mut sandbox.voters {
        (voter.weight, voter.group) = (1, GroupIndex(0));
    }
    sandbox.ceremony();
    sandbox
}

/// Roll, start, one ballot for each voter from the first on, end, count and outcome of a round.
fn hold(sandbox: &mut Sandbox, round: u32, ballots: &[&[u32]]) -> ContestOutcome {
    let round = RoundIndex(round);
    vote(sandbox, round, ballots);
    count(sandbox, round);
    let outcome = sandbox.state.compute_outcome(round, None).unwrap();
    sandbox.push(ADMINISTRATOR, &Body::RoundOutcome(outcome.clone()));
    outcome.contests[0].clone()
}

fn vote(sandbox: &mut Sandbox, round: RoundIndex, ballots: &[&[u32]]) {
    sandbox.roll(round);
    sandbox.open(round);
    for (voter, ballot) in ballots.iter().enumerate() {
        sandbox.vote(voter, &[chosen(ballot)]);
    }
}

fn count(sandbox: &mut Sandbox, round: RoundIndex) {
    sandbox.close();
    sandbox.decrypt(1);
    sandbox.decrypt(2);
    sandbox.result(round);
}

fn options(options: &[u32]) -> Vec<OptionIndex> {
    options.iter().copied().map(OptionIndex).collect()
}

#[test]
fn a_preselection_a_formal_election_a_tie_and_its_run_off_share_one_log() {
    let mut sandbox = preselection(41, 2);
    let first = hold(&mut sandbox, 0, &[&[0, 1, 2, 3], &[0, 1, 2, 3], &[0, 1, 2, 3], &[0, 1, 2, 3], &[4], &[4]]);
    let Verdict::Election { elected, .. } = &first.verdict else { panic!("{first:?}") };
    assert_eq!(*elected, options(&[0, 1, 2, 3]));
    assert_eq!(first.follow_up.as_ref().unwrap().cause, Cause::NextStage);

    // Four stand for two seats: the first is elected, two are tied for the other seat.
    let planned = sandbox.state.plan(RoundIndex(1)).unwrap();
    assert_eq!(planned.plan.contests[0].options, sandbox.manifest().rounds[0].contests[0].options[..4]);
    let formal = hold(&mut sandbox, 1, &[&[0, 1], &[0, 1], &[0, 1], &[0, 1], &[2, 0], &[2, 3]]);
    let Verdict::Election { elected, tied, vacant, .. } = &formal.verdict else { panic!("{formal:?}") };
    assert_eq!((elected.as_slice(), tied.as_slice(), *vacant), (&options(&[0, 1])[..], &[][..], 0));
    assert!(formal.follow_up.is_none(), "five and four of six are more than half");
    assert!(sandbox.state.is_finished());

    let mut sandbox = preselection(43, 2);
    hold(&mut sandbox, 0, &[&[1, 2, 3, 4], &[1, 2, 3, 4], &[1, 2, 3, 4], &[1, 2, 3, 4], &[0], &[0]]);
    let formal = hold(&mut sandbox, 1, &[&[0, 1], &[0, 1], &[0, 2], &[0, 2], &[1, 2], &[1, 2]]);
    let Verdict::Election { elected, tied, .. } = &formal.verdict else { panic!("{formal:?}") };
    assert_eq!((elected.clone(), tied.clone()), (vec![], options(&[0, 1, 2])), "four of six each, for two seats");
    let tie = formal.follow_up.unwrap();
    assert_eq!((tie.cause, tie.seats), (Cause::Tie, 2));
    let run_off = hold(&mut sandbox, 2, &[&[0, 1], &[0, 1], &[0, 1], &[0, 2], &[], &[]]);
    let Verdict::Election { elected, .. } = &run_off.verdict else { panic!("{run_off:?}") };
    assert_eq!(*elected, options(&[0, 1]), "most votes are enough in a run-off");

    let report = sandbox.report();
    assert_eq!(report.faults, vec![]);
    assert!(report.finished);
    assert_eq!(report.checked.outcomes, 3);
    let status: Vec<_> = report.rounds.iter().map(|round| (round.status, round.cause.is_some())).collect();
    assert_eq!(status, [(RoundStatus::Result, false), (RoundStatus::Result, true), (RoundStatus::Result, true)]);
}

#[test]
fn a_follow_up_round_is_held_as_its_outcome_says_or_not_at_all() {
    let mut sandbox = preselection(44, 2);
    hold(&mut sandbox, 0, &[&[0, 1, 2, 3], &[0, 1, 2, 3], &[0, 1, 2, 3], &[0, 1, 2, 3], &[4], &[4]]);
    sandbox.roll(RoundIndex(1));
    let refused = |sandbox: &mut Sandbox, change: &dyn Fn(&mut voting_core::entry::RoundStarted)| {
        let mut start = sandbox.start(RoundIndex(1));
        change(&mut start);
        let bytes = sandbox.signed(ADMINISTRATOR, &Body::RoundStarted(start));
        sandbox.offer(bytes).unwrap_err().rule
    };
    let contest = |start: &mut voting_core::entry::RoundStarted| start.statement.plan.contests[0].clone();
    assert_eq!(refused(&mut sandbox, &|start| start.statement.cause = None), Rule::RoundPlan);
    assert_eq!(refused(&mut sandbox, &|start| start.statement.cause.as_mut().unwrap().0[0] ^= 1), Rule::RoundPlan);
    assert_eq!(refused(&mut sandbox, &|start| start.statement.plan.closes = 0), Rule::RoundPlan);
    assert_eq!(refused(&mut sandbox, &|start| start.statement.plan.title.0[0] ^= 1), Rule::RoundPlan);
    let fewer = |start: &mut voting_core::entry::RoundStarted| {
        start.statement.plan.contests[0].options.pop();
    };
    assert_eq!(refused(&mut sandbox, &fewer), Rule::RoundPlan);
    let twice = |start: &mut voting_core::entry::RoundStarted| {
        let again = contest(start);
        start.statement.plan.contests.push(again);
    };
    assert_eq!(refused(&mut sandbox, &twice), Rule::RoundPlan);
    let start = sandbox.start(RoundIndex(1));
    assert!(!sandbox.state.is_finished(), "a round is called for");
    sandbox.push(ADMINISTRATOR, &Body::RoundDropped(RoundDropped { round: RoundIndex(1), reason: 1 }));
    assert!(sandbox.state.is_finished());
    let bytes = sandbox.signed(ADMINISTRATOR, &Body::RoundStarted(start));
    assert_eq!(sandbox.offer(bytes).unwrap_err().rule, Rule::RoundReady);
    assert_eq!(sandbox.report().rounds[1].status, RoundStatus::Dropped);
    assert_eq!(sandbox.report().faults, vec![]);
}

#[test]
fn without_leave_to_add_rounds_an_outcome_only_proposes() {
    let mut sandbox = Sandbox::with(45, |fields| {
        fields.rounds.truncate(1);
        let mut only = contest(3, Selection { min: 0, max: 1, blank: true }, &[0, 1], false);
        only.outcome = OutcomeRule {
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
        fields.rounds[0].contests = vec![only];
        fields.largest_share = (1, 1);
    });
    sandbox.ceremony();
    // Voter 1 has weight 3, as much as the three others together.
    let outcome = hold(&mut sandbox, 0, &[&[0], &[1], &[0], &[0]]);
    assert_eq!(outcome.follow_up.unwrap().cause, Cause::Tie);
    assert!(sandbox.state.plan(RoundIndex(1)).is_none());
    assert!(sandbox.state.is_finished());
}

/// A motion of six members that needs more than half of those due, with a quorum of two thirds of them.
fn motion(seed: u64) -> Sandbox {
    let mut sandbox = Sandbox::with(seed, |fields| {
        fields.groups = vec![LabelDigest([4; 32])];
        fields.rounds.truncate(1);
        let mut motion = contest(3, Selection { min: 1, max: 1, blank: true }, &[0], false);
        motion.outcome = OutcomeRule {
            profile: None,
            quorum: Some(Requirement::at_least((2, 3), Number::Due)),
            decision: Decision::Adopt {
                in_favour: OptionIndex(0),
                against: Some(OptionIndex(1)),
                requirement: Requirement::more_than((1, 2), Number::Due),
            },
        };
        fields.rounds[0].contests = vec![motion];
    });
    for voter in &mut sandbox.voters {
        (voter.weight, voter.group) = (1, GroupIndex(0));
    }
    sandbox.ceremony();
    sandbox
}

fn attendance(sandbox: &Sandbox, excused: u64, present: u64) -> Body {
    let round = sandbox.state.round(RoundIndex(0)).unwrap().id().unwrap();
    let groups = vec![GroupAttendance { excused: (excused, excused), present: (present, present) }];
    Body::Attendance(Attendance { round, groups })
}

#[test]
fn the_six_numbers_come_from_roll_attendance_and_ballots() {
    let verdict = |seed, stated: Option<(u64, u64)>, ballots: &[&[u32]]| {
        let mut sandbox = motion(seed);
        vote(&mut sandbox, RoundIndex(0), ballots);
        if let Some((excused, present)) = stated {
            let body = attendance(&sandbox, excused, present);
            sandbox.push(Author::Registrar, &body);
        }
        count(&mut sandbox, RoundIndex(0));
        let outcome = sandbox.state.compute_outcome(RoundIndex(0), None).unwrap().contests.remove(0);
        (outcome.verdict, outcome.numbers)
    };
    // Without attendance those who voted are present: four of six are two thirds; three in favour are exactly half of six.
    let (adopted, numbers) = verdict(51, None, &[&[0], &[0], &[0], &[0]]);
    assert_eq!(adopted, Verdict::Adopted);
    assert_eq!((numbers.due().members, numbers.present.members, numbers.answered), (6, 4, 4));
    assert_eq!(verdict(52, None, &[&[0], &[0], &[0], &[1]]).0, Verdict::NotAdopted, "exactly half of those due");
    assert_eq!(verdict(53, None, &[&[0], &[0], &[0]]).0, Verdict::NoQuorum);
    // Two are excused: four are due, three in favour are more than half of them, three present are more than two thirds.
    let (adopted, numbers) = verdict(54, Some((2, 3)), &[&[0], &[0], &[0]]);
    assert_eq!((adopted, numbers.due().members), (Verdict::Adopted, 4));
    assert_eq!(verdict(55, Some((0, 3)), &[&[0], &[0], &[0], &[0]]).0, Verdict::MoreBallotsThanPresent);
    let (_, numbers) = verdict(56, Some((0, 6)), &[&[0], &[], &[2], &[1]]);
    assert_eq!((numbers.ballots.members, numbers.answered), (4, 3), "a blank ballot took part and did not answer");
}

#[test]
fn attendance_is_stated_once_while_the_round_is_open() {
    let mut sandbox = motion(57);
    sandbox.roll(RoundIndex(0));
    sandbox.open(RoundIndex(0));
    let rule = |sandbox: &mut Sandbox, author, body: &Body| {
        let bytes = sandbox.signed(author, body);
        sandbox.offer(bytes).unwrap_err().rule
    };
    let body = attendance(&sandbox, 1, 4);
    assert_eq!(rule(&mut sandbox, ADMINISTRATOR, &body), Rule::EntrySignature);
    for (excused, present) in [(3, 4), (7, 0), (u64::MAX, 1)] {
        let body = attendance(&sandbox, excused, present);
        assert_eq!(rule(&mut sandbox, Author::Registrar, &body), Rule::RoundAttendance, "{excused} {present}");
    }
    sandbox.push(Author::Registrar, &body);
    assert_eq!(rule(&mut sandbox, Author::Registrar, &body), Rule::RoundAttendance, "a second time");
    for voter in 0..4 {
        sandbox.vote(voter, &[chosen(&[0])]);
    }
    sandbox.close();
    assert_eq!(rule(&mut sandbox, Author::Registrar, &body), Rule::EntryLegal, "after the end");
}

#[test]
fn an_outcome_that_the_totals_do_not_give_is_refused() {
    let mut sandbox = motion(58);
    vote(&mut sandbox, RoundIndex(0), &[&[0], &[0], &[0], &[1]]);
    let round = sandbox.state.round(RoundIndex(0)).unwrap().id().unwrap();
    let rule = |sandbox: &mut Sandbox, outcome: &RoundOutcome| {
        let bytes = sandbox.signed(ADMINISTRATOR, &Body::RoundOutcome(outcome.clone()));
        sandbox.offer(bytes).unwrap_err().rule
    };
    let early = RoundOutcome { round, lots: None, contests: vec![] };
    assert_eq!(rule(&mut sandbox, &early), Rule::EntryLegal, "the round is open");
    count(&mut sandbox, RoundIndex(0));
    let right = sandbox.state.compute_outcome(RoundIndex(0), None).unwrap();
    let wrong = |change: &dyn Fn(&mut RoundOutcome)| {
        let mut outcome = right.clone();
        change(&mut outcome);
        outcome
    };
    for outcome in [
        wrong(&|outcome| outcome.contests[0].verdict = Verdict::Adopted),
        wrong(&|outcome| outcome.contests[0].numbers.present.members += 1),
        wrong(&|outcome| outcome.contests.clear()),
        wrong(&|outcome| outcome.lots = Some([7; 32])),
    ] {
        assert_eq!(rule(&mut sandbox, &outcome), Rule::OutcomeTrue, "{outcome:?}");
    }
    assert!(!sandbox.state.is_finished(), "a rule decides, and nothing was decided yet");
    sandbox.push(ADMINISTRATOR, &Body::RoundOutcome(right.clone()));
    assert_eq!(rule(&mut sandbox, &right), Rule::EntryLegal, "a second time");
    assert!(sandbox.state.is_finished());
    assert!(rules(&sandbox.report()).is_empty());
}

#[test]
fn lots_settle_a_tie_by_the_public_value_alone() {
    let mut sandbox = Sandbox::with(46, |fields| {
        fields.rounds.truncate(1);
        let mut only = contest(3, Selection { min: 0, max: 1, blank: true }, &[0, 1], false);
        only.outcome.decision = Decision::Elect {
            seats: 1,
            requirement: None,
            ties: Ties::Lots,
            vacancies: Vacancies::LeaveOpen,
            then: None,
        };
        fields.rounds[0].contests = vec![only];
        fields.largest_share = (1, 1);
    });
    sandbox.ceremony();
    vote(&mut sandbox, RoundIndex(0), &[&[0], &[1], &[0], &[0]]);
    count(&mut sandbox, RoundIndex(0));
    let elected = |lots: u8| {
        let outcome = sandbox.state.compute_outcome(RoundIndex(0), Some([lots; 32])).unwrap();
        let Verdict::Election { elected, tied, decided_by, .. } = outcome.contests[0].verdict.clone() else {
            panic!("an election")
        };
        assert_eq!((tied, decided_by), (options(&[0, 1]), Some(Ties::Lots)));
        elected
    };
    let all: std::collections::BTreeSet<_> = (0..32).map(elected).collect();
    assert_eq!(all.len(), 2, "either may win");
    let undecided = sandbox.state.compute_outcome(RoundIndex(0), None).unwrap();
    let Verdict::Election { elected, .. } = &undecided.contests[0].verdict else { panic!("an election") };
    assert!(elected.is_empty());
}

/// A contest of one group, six members with one vote each, and rounds that may be added.
fn one_group(seed: u64, only: Contest) -> Sandbox {
    let mut sandbox = Sandbox::with(seed, |fields| {
        fields.groups = vec![LabelDigest([4; 32])];
        fields.rounds.truncate(1);
        fields.rounds[0].contests = vec![only];
        fields.rounds_may_be_added = true;
    });
    for voter in &mut sandbox.voters {
        (voter.weight, voter.group) = (1, GroupIndex(0));
    }
    sandbox.ceremony();
    sandbox
}

fn elect(seats: u32, then: Option<Stage>) -> OutcomeRule {
    let (ties, vacancies) = (Ties::NewRound, Vacancies::LeaveOpen);
    let decision = Decision::Elect { seats, requirement: None, ties, vacancies, then: then.map(Box::new) };
    OutcomeRule { profile: None, quorum: None, decision }
}

fn elected(sandbox: &Sandbox, round: u32) -> Vec<OptionIndex> {
    let outcome = sandbox.state.compute_outcome(RoundIndex(round), None).unwrap();
    let Verdict::Election { elected, .. } = &outcome.contests[0].verdict else { panic!("an election") };
    elected.clone()
}

fn answer_all(sandbox: &mut Sandbox, round: u32, answers: &[Choice]) {
    let round = RoundIndex(round);
    sandbox.roll(round);
    sandbox.open(round);
    for (voter, answer) in answers.iter().enumerate() {
        sandbox.vote(voter, core::slice::from_ref(answer));
    }
    count(sandbox, round);
}

#[test]
fn the_best_by_the_median_is_elected_without_any_best_grade() {
    let Kind::Grades(mut rule) = grades(1, false, &[]) else { panic!("grades") };
    rule.median = true;
    let mut only = contest_of(2, Kind::Grades(rule), &[0], false);
    only.outcome = elect(1, None);
    let mut sandbox = one_group(61, only);
    // Option 0 is good for everybody; option 1 is excellent for one and unfit for five.
    let answer = |voter| Choice::Grades(vec![Some(1), Some(if voter == 0 { 0 } else { 2 })]);
    answer_all(&mut sandbox, 0, &(0..6).map(answer).collect::<Vec<_>>());
    assert_eq!(elected(&sandbox, 0), options(&[0]));
}

#[test]
fn a_stage_that_fewer_have_reached_is_held_all_the_same() {
    let ranking = Ranking { mode: Mode::UnrankedLast, ties: true, blank: true, method: Method::Schulze };
    let points = Points { max: 10, budget: Budget::Fixed(30), exact: true, blank: false };
    let floor = [Cap { criterion: None, grade: 0, lo: 2, hi: 4 }];
    for (kind, answer) in [
        (Kind::Ranking(ranking), chosen(&[0])),
        (Kind::Points(points), Choice::Points(vec![10])),
        (grades(1, false, &floor), Choice::Grades(vec![Some(0)])),
        (Kind::Selection(Selection { min: 3, max: 4, blank: false }), chosen(&[0])),
    ] {
        let mut first = contest(5, Selection { min: 0, max: 4, blank: true }, &[0], false);
        first.outcome = elect(4, Some(Stage { kind, rule: elect(1, None) }));
        let mut sandbox = one_group(62, first);
        // One of four is selected.
        hold(&mut sandbox, 0, &[&[0], &[0], &[0]]);
        answer_all(&mut sandbox, 1, &[answer.clone(), answer.clone(), answer]);
        assert_eq!(elected(&sandbox, 1), options(&[0]));
    }
}

#[test]
fn ranked_pairs_that_give_up_still_have_an_outcome() {
    let rule = Ranking { mode: Mode::UnrankedLast, ties: false, blank: false, method: Method::RankedPairs };
    let mut only = contest_of(10, Kind::Ranking(rule), &[0], false);
    only.outcome = elect(1, None);
    let mut gave_up = 0;
    for seed in 63..66 {
        let mut sandbox = one_group(seed, only.clone());
        // Orders without a pattern: every pair is two to one, in many circles.
        let mut state = seed;
        let mut order = || {
            let mut ranks: Vec<u32> = (1..=10).collect();
            for i in (1..10).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ranks.swap(i, (state >> 33) as usize % (i + 1));
            }
            Choice::Ranking(ranks.into_iter().map(Some).collect())
        };
        let answers: Vec<_> = (0..3).map(|_| order()).collect();
        answer_all(&mut sandbox, 0, &answers);
        let reading = sandbox.state.round_report(RoundIndex(0)).unwrap().tallies[0].reading.clone().unwrap();
        let Reading::Ranking { before, .. } = reading else { panic!("a ranking") };
        let pairwise = Pairwise::new(before).unwrap();
        let outcome = sandbox.state.compute_outcome(RoundIndex(0), None).unwrap();
        let Verdict::Election { elected, tied, .. } = &outcome.contests[0].verdict else { panic!("an election") };
        if pairwise.ranked_pairs(Strength::WinningVotes).is_err() {
            gave_up += 1;
            assert!(elected.iter().chain(tied).all(|option| pairwise.smith_set().contains(option)));
            assert_eq!(elected.len() + tied.len(), if elected.is_empty() { pairwise.smith_set().len() } else { 1 });
        }
        sandbox.push(ADMINISTRATOR, &Body::RoundOutcome(outcome));
    }
    assert!(gave_up > 0, "the case that is tested here");
}

#[test]
fn a_tie_of_one_group_is_voted_again_by_that_group_alone() {
    let mut sandbox = Sandbox::with(66, |fields| {
        fields.rounds.truncate(1);
        let mut each = contest(3, Selection { min: 0, max: 1, blank: true }, &[0, 1], true);
        each.outcome = elect(1, None);
        fields.rounds[0].contests = vec![each];
        fields.rounds_may_be_added = true;
        fields.largest_share = (1, 1);
    });
    sandbox.ceremony();
    // Group 0 are voters 0 and 2: one each. Group 1 are voter 1 with three votes and voter 3.
    vote(&mut sandbox, RoundIndex(0), &[&[0], &[1], &[1], &[1]]);
    count(&mut sandbox, RoundIndex(0));
    let outcome = sandbox.state.compute_outcome(RoundIndex(0), None).unwrap();
    let called: Vec<_> = outcome.contests.iter().map(|one| (one.group, one.follow_up.is_some())).collect();
    assert_eq!(called, [(Some(GroupIndex(0)), true), (Some(GroupIndex(1)), false)]);
    sandbox.push(ADMINISTRATOR, &Body::RoundOutcome(outcome));
    let planned = &sandbox.state.plan(RoundIndex(1)).unwrap().plan.contests;
    let groups: Vec<_> = planned.iter().map(|contest| (contest.groups.clone(), contest.per_group)).collect();
    assert_eq!(groups, [(vec![GroupIndex(0)], false)]);
    assert_eq!(planned[0].options, sandbox.manifest().rounds[0].contests[0].options[..2]);
}

#[test]
fn ties_without_end_stop_at_the_most_rounds_of_an_event() {
    let mut only = contest(2, Selection { min: 0, max: 1, blank: true }, &[0], false);
    only.outcome = elect(1, None);
    let mut sandbox = one_group(67, only);
    let mut held = 0;
    while sandbox.state.plan(RoundIndex(held)).is_some() {
        let outcome = hold(&mut sandbox, held, &[&[0], &[1]]);
        assert!(outcome.follow_up.is_some(), "a tie calls for a round, whether there is one or not");
        held += 1;
    }
    assert_eq!(held as usize, voting_core::manifest::MAX_ROUNDS);
    assert!(sandbox.state.is_finished());
    assert_eq!(sandbox.report().faults, vec![]);
}

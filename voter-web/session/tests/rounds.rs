//! Ballots in parts, weights, all kinds of contest, and rounds that an outcome calls for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeMap;

use common::{Board, CODES, MEMBER, label_file};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use session::{Booth, BoothError, Stale, Submission};
use voting_core::ballot::ReceiptError;
use voting_core::contest::{Budget, Choice, Entitlement, Grades, Kind, Method, Mode, Points, Ranking, Selection};
use voting_core::entry::{Author, Body};
use voting_core::ids::{EntryIndex, GroupIndex, LabelDigest, OptionIndex, RoundIndex};
use voting_core::labels::Label;
use voting_core::manifest::Fields;
use voting_core::outcome::{Decision, OutcomeRule, Ties, Vacancies};
use voting_core::record::Rule;
use voting_core::testing::{Sandbox, chosen, contest, contest_of, totals};

/// Voter 1: in group 1, with weight 3.
const HEAVY: Entitlement = Entitlement { group: GroupIndex(1), weight: 3 };

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn label(labels: &mut Vec<Label>, text: &str) -> LabelDigest {
    let label = Label::new(BTreeMap::from([("en".to_owned(), text.to_owned())]), &mut rng(labels.len() as u64));
    labels.push(label.clone());
    label.digest()
}

/// Contests so large that a ballot of group 1 takes two parts.
fn in_parts(seed: u64) -> Board {
    Board::start(Sandbox::with(seed, |fields| {
        let large = |groups: &[u32]| contest(225, Selection { min: 0, max: 1, blank: true }, groups, false);
        fields.rounds.truncate(1);
        fields.rounds[0].contests = vec![large(&[0, 1]), large(&[0, 1]), large(&[1])];
        fields.minimum_ballots = 1;
        fields.largest_share = (1, 1);
    }))
}

fn submission(board: &Board, option: u32, rng: &mut ChaCha20Rng) -> Submission {
    let voter = board.booth().enter(&CODES[1], HEAVY).unwrap();
    voter.seal(&vec![chosen(&[option]); 3], rng).unwrap().cast(rng).unwrap()
}

fn turnout(board: &Board) -> u64 {
    board.sandbox.state.round(RoundIndex(0)).unwrap().turnout()
}

#[test]
fn s3_a_receipt_that_is_lost_between_two_parts_is_asked_for_again() {
    let (mut board, mut rng) = (in_parts(40), rng(40));
    let ballot = submission(&board, 5, &mut rng);
    let parts = ballot.entries().to_vec();
    assert_eq!(parts.len(), 2);
    // The first part arrives, its receipt does not: nothing counts yet, and the device knows it.
    board.submit(&parts[..1]).unwrap();
    assert_eq!(turnout(&board), 0);
    let kept = ballot.accept(&[]).unwrap_err();
    assert!(matches!(kept.error, ReceiptError::NotProved(_)));
    let ballot = *kept.step;
    // It sends everything again, the same bytes.
    assert_eq!(ballot.entries(), parts);
    let receipts = board.submit(ballot.entries()).unwrap();
    assert_eq!((turnout(&board), board.sandbox.state.round(RoundIndex(0)).unwrap().ballots()), (1, 2));
    // One receipt for both parts, or swapped ones, prove nothing.
    let kept = ballot.accept(&[receipts[1].clone(), receipts[0].clone()]).unwrap_err();
    assert!(matches!(kept.error, ReceiptError::NotProved(_)));
    let kept = kept.step.accept(&receipts[1..]).unwrap_err();
    assert!(matches!(kept.error, ReceiptError::NotProved(_)));
    let tracker = kept.step.tracker();
    let accepted = kept.step.accept(&receipts).unwrap();
    assert_eq!((accepted.tracker(), accepted.evidence().len()), (tracker, 2));
    assert_eq!(accepted.index(), EntryIndex(board.sandbox.state.size() - 1));

    // The next ballot follows the last part of this one.
    let again = accepted.vote_again().seal(&vec![chosen(&[6]); 3], &mut rng).unwrap().cast(&mut rng).unwrap();
    let receipts = board.submit(again.entries()).unwrap();
    again.accept(&receipts).unwrap();
    assert_eq!(turnout(&board), 1);
    let Board { mut sandbox } = board;
    sandbox.close();
    sandbox.decrypt(1);
    sandbox.decrypt(2);
    sandbox.result(RoundIndex(0));
    let report = sandbox.report();
    assert_eq!(report.faults, vec![]);
    let expected: Vec<u64> = (0..226).map(|cell| if cell == 6 { 3 } else { 0 }).collect();
    assert_eq!(totals(&report, 0), vec![expected; 3]);
}

#[test]
fn a14_parts_that_come_out_of_order_are_refused_and_can_be_sent_in_order() {
    let (mut board, mut rng) = (in_parts(41), rng(41));
    let ballot = submission(&board, 5, &mut rng);
    let refusal = board.submit(&ballot.entries()[1..]).unwrap_err();
    assert_eq!((refusal.rule, refusal.latest), (Rule::BallotChain, None), "no ballot came before: it is the order");
    let receipts = board.submit(ballot.entries()).unwrap();
    ballot.accept(&receipts).unwrap();
    assert_eq!(turnout(&board), 1);
}

#[test]
fn s3_another_ballot_between_two_parts_is_shown_and_the_voter_answers_again() {
    let (mut board, mut rng) = (in_parts(42), rng(42));
    let first = submission(&board, 1, &mut rng);
    board.submit(&first.entries()[..1]).unwrap();
    // A second device casts a whole ballot; the first one comes back with its second part.
    let second = submission(&board, 2, &mut rng);
    let receipts = board.submit(second.entries()).unwrap();
    let second = second.accept(&receipts).unwrap();
    let refusal = board.submit(&first.entries()[1..]).unwrap_err();
    assert_eq!((refusal.rule, refusal.latest), (Rule::BallotChain, Some(second.index())));
    let (entry, receipt) = board.latest(second.index());
    let Stale::Other(conflict) = first.stale(&entry, &receipt, &mut rng).unwrap() else { panic!("not own") };
    assert!(conflict.has_parts());
    assert_eq!((conflict.latest().tracker, conflict.latest().counter), (second.tracker(), 1));
    // Its first part stands on the log: signing the same sealed bytes again would repeat them (A10).
    let voter = conflict.answer_again();
    let ballot = voter.seal(&vec![chosen(&[3]); 3], &mut rng).unwrap().cast(&mut rng).unwrap();
    let receipts = board.submit(ballot.entries()).unwrap();
    ballot.accept(&receipts).unwrap();
    let chain = board.sandbox.state.latest_ballot(&board.sandbox.credential(1, RoundIndex(0)).key()).unwrap();
    assert_eq!(chain.counter(), 2);
}

#[test]
fn a10_a_ballot_of_which_a_part_stands_is_never_signed_again() {
    let (mut board, mut rng) = (in_parts(43), rng(43));
    let first = submission(&board, 1, &mut rng);
    board.submit(&first.entries()[..1]).unwrap();
    let second = submission(&board, 2, &mut rng);
    board.submit(second.entries()).unwrap();
    let (entry, receipt) = board.latest(EntryIndex(board.sandbox.state.size() - 1));
    let Stale::Other(conflict) = first.stale(&entry, &receipt, &mut rng).unwrap() else { panic!("not own") };
    let repeated = conflict.sign_again(&mut rng).unwrap();
    assert_eq!(board.submit(repeated.entries()).unwrap_err().rule, Rule::BallotRepeat);
    let ballot = repeated.answer_again().seal(&vec![chosen(&[3]); 3], &mut rng).unwrap().cast(&mut rng).unwrap();
    board.submit(ballot.entries()).unwrap();
    assert_eq!(turnout(&board), 1);
}

/// The kinds that differ from `selection`, with texts for all that a voter reads.
fn all_kinds(fields: &mut Fields, labels: &mut Vec<Label>) {
    fields.title = label(labels, "Meeting");
    fields.rounds.truncate(1);
    let rule = Grades {
        criteria: ["care", "pace"].map(|text| label(labels, text)).into(),
        grades: ["good", "fair", "poor"].map(|text| label(labels, text)).into(),
        rows_may_be_blank: true,
        caps: vec![],
        median: true,
    };
    let kinds = [
        Kind::Grades(rule),
        Kind::Points(Points { max: 0, budget: Budget::Weight, exact: true, blank: true }),
        Kind::Ranking(Ranking { mode: Mode::UnrankedLast, ties: true, blank: true, method: Method::Schulze }),
    ];
    fields.rounds[0].title = label(labels, "Round");
    fields.rounds[0].contests = kinds.map(|kind| contest_of(3, kind, &[0, 1], false)).into();
    for contest in &mut fields.rounds[0].contests {
        contest.title = label(labels, "Question");
        contest.options = ["A", "B", "C"].map(|text| label(labels, text)).into();
    }
}

#[test]
fn every_text_of_every_kind_must_stand_in_the_label_file() {
    let mut labels = Vec::new();
    let board = Board::start(Sandbox::with(44, |fields| all_kinds(fields, &mut labels)));
    let (event, state) = (board.sandbox.manifest().event(), &board.sandbox.state);
    let key = &board.sandbox.administrator;
    Booth::from_state(&event, state, Some(&label_file(&event, &labels, key))).unwrap();
    for (text, place) in [
        ("pace", "criterion 1 of contest 0"),
        ("poor", "grade 2 of contest 0"),
        ("C", "option 2 of contest 0"),
        ("Round", "the title of round 0"),
    ] {
        let without: Vec<_> = labels.iter().filter(|label| label.text("en") != text).cloned().collect();
        let error = Booth::from_state(&event, state, Some(&label_file(&event, &without, key))).unwrap_err();
        assert_eq!(error, BoothError::MissingLabel { place: place.into() });
    }
}

#[test]
fn all_kinds_are_cast_with_the_weight_of_the_roll() {
    let mut labels = Vec::new();
    let mut board = Board::start(Sandbox::with(45, |fields| {
        all_kinds(fields, &mut labels);
        fields.largest_share = (1, 1);
    }));
    let mut rng = rng(45);
    let ranks = |ranks: [u32; 3]| Choice::Ranking(ranks.map(Some).into());
    let graded = |grades: [u32; 6]| Choice::Grades(grades.map(Some).into());
    let answers = [graded([0, 1, 1, 1, 2, 2]), Choice::Points(vec![1, 2, 0]), ranks([0, 1, 1])];
    // A weight that is not the roll's seals a ballot that nobody takes.
    let voter = board.booth().enter(&CODES[1], Entitlement { weight: 1, ..HEAVY }).unwrap();
    let kept = voter.seal(&answers, &mut rng).unwrap_err();
    let one = [answers[0].clone(), Choice::Points(vec![1, 0, 0]), answers[2].clone()];
    let light = kept.step.seal(&one, &mut rng).unwrap().cast(&mut rng).unwrap();
    assert!(matches!(board.submit(light.entries()).unwrap_err().rule, Rule::BallotProof | Rule::BallotContests));

    let voter = board.booth().enter(&CODES[1], HEAVY).unwrap();
    let ballot = voter.seal(&answers, &mut rng).unwrap().cast(&mut rng).unwrap();
    let receipts = board.submit(ballot.entries()).unwrap();
    ballot.accept(&receipts).unwrap();
    let other = [graded([2, 0, 0, 0, 1, 1]), Choice::Blank, ranks([1, 0, 2])];
    board.cast(&CODES[0], &other, &mut rng);
    let Board { mut sandbox } = board;
    sandbox.close();
    sandbox.decrypt(1);
    sandbox.decrypt(3);
    sandbox.result(RoundIndex(0));
    let report = sandbox.report();
    assert_eq!(report.faults, vec![]);
    let all = totals(&report, 0);
    // Criterion by criterion, person by person, grade by grade; weight 3 and weight 1.
    assert_eq!(all[0], [[3, 0, 1, 1, 3, 0, 0, 1, 3], [1, 3, 0, 1, 3, 0, 0, 1, 3]].concat());
    assert_eq!(all[1], [1, 2, 0, 1], "the weight itself is split; the blank ballot is the other one");
    // Pairs AB AC BA BC CA CB, then blank.
    assert_eq!(all[2], [3, 4, 1, 1, 0, 0, 0]);
}

/// One seat between three; equal votes are voted on again.
fn tied(fields: &mut Fields, labels: &mut Vec<Label>) {
    fields.rounds_may_be_added = true;
    fields.rounds.truncate(1);
    fields.title = label(labels, "Election");
    fields.rounds[0].title = label(labels, "Chair");
    let mut chair = contest(3, Selection { min: 0, max: 1, blank: true }, &[0, 1], false);
    chair.title = label(labels, "Who?");
    chair.options = ["A", "B", "C"].map(|text| label(labels, text)).into();
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

#[test]
fn the_same_code_votes_in_the_round_that_an_outcome_calls_for() {
    let mut labels = Vec::new();
    let mut board = Board::start(Sandbox::with(46, |fields| tied(fields, &mut labels)));
    let mut rng = rng(46);
    let event = board.sandbox.manifest().event();
    assert_eq!(board.booth().cause(), None);
    // Voter 1 has weight 3: A 3, C 3, B 1.
    for (voter, option) in [(1, 0), (0, 2), (2, 2), (4, 2), (3, 1)] {
        board.sandbox.vote(voter, &[chosen(&[option])]);
    }
    board.sandbox.close();
    board.sandbox.decrypt(1);
    board.sandbox.decrypt(2);
    board.sandbox.result(RoundIndex(0));
    let outcome = board.sandbox.state.compute_outcome(RoundIndex(0), None).unwrap();
    board.sandbox.push(Author::Administrator, &Body::RoundOutcome(outcome));
    let key = label_file(&event, &labels, &board.sandbox.administrator);
    assert_eq!(Booth::from_state(&event, &board.sandbox.state, Some(&key)).unwrap_err(), BoothError::NotOpen);
    board.sandbox.roll(RoundIndex(1));
    board.sandbox.open(RoundIndex(1));

    let booth = Booth::from_state(&event, &board.sandbox.state, Some(&key)).unwrap();
    assert_eq!((booth.round(), booth.cause()), (RoundIndex(1), board.sandbox.state.round(RoundIndex(0)).unwrap().id()));
    let names: Vec<_> = booth
        .contests(GroupIndex(0))
        .flat_map(|rules| &rules.contest.options)
        .map(|digest| booth.labels().get(digest).unwrap().text("en").to_owned())
        .collect();
    assert_eq!(names, ["A", "C"]);
    assert_eq!(booth.labels().get(&booth.plan().title).unwrap().text("en"), "Chair");
    let without: Vec<_> = labels.iter().filter(|label| label.text("en") != "C").cloned().collect();
    let gap = label_file(&event, &without, &board.sandbox.administrator);
    let error = Booth::from_state(&event, &board.sandbox.state, Some(&gap)).unwrap_err();
    assert_eq!(error, BoothError::MissingLabel { place: "option 1 of contest 0".into() });

    let (first, second) =
        (board.sandbox.credential(0, RoundIndex(0)).key(), booth.enter(&CODES[0], MEMBER).unwrap().credential());
    assert_ne!(first, second, "nobody can tell who took part in both rounds");
    for code in [&CODES[0], &CODES[2], &CODES[4]] {
        board.cast(code, &[Choice::Selection(vec![OptionIndex(1)])], &mut rng);
    }
    board.sandbox.close();
    board.sandbox.decrypt(1);
    board.sandbox.decrypt(2);
    board.sandbox.result(RoundIndex(1));
    let report = board.sandbox.report();
    assert_eq!((report.faults.len(), totals(&report, 1)), (0, vec![vec![0, 3, 0]]));
}

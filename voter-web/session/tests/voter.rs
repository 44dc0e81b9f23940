//! A voter's whole way, against the real fold and real receipts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{Board, CODES, MEMBER, choices, label_file};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use session::{Booth, BoothError, ConflictError, EnterError, LogStart, STATUS, Stale};
use tlog::tree::MemoryTree;
use voting_core::ballot::{OpeningError, ReceiptError, SealError};
use voting_core::contest::{Choice, ChoiceError, Entitlement};
use voting_core::credential::CodeError;
use voting_core::entry::{Author, Body};
use voting_core::ids::{EventId, GroupIndex, OptionIndex, RoundIndex, Tracker};
use voting_core::testing::{ENTROPY, Sandbox, chosen};

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn slices(entries: &[Vec<u8>]) -> Vec<&[u8]> {
    entries.iter().map(Vec::as_slice).collect()
}

fn booth_of(sandbox: &Sandbox, expected: &EventId) -> Result<Booth, BoothError> {
    let entries = slices(&sandbox.entries);
    let log = LogStart { entries: &entries, checkpoint: &sandbox.checkpoint(), consistency: &[] };
    Booth::from_log(expected, &log, None, &ENTROPY)
}

#[test]
fn a_voter_seals_casts_and_keeps_a_receipt() {
    let mut board = Board::open(1);
    let mut rng = rng(1);
    let voter = board.booth().enter(&CODES[0], MEMBER).unwrap();
    assert_eq!(voter.contests().count(), 2, "group 0 answers contests 0 and 2");
    let sealed = voter.seal(&choices(&[0, 1], &[1]), &mut rng).unwrap();
    let tracker = sealed.tracker();
    assert_eq!(Tracker::of(&sealed.parts()[0]), tracker);
    let submission = sealed.cast(&mut rng).unwrap();
    assert_eq!(submission.tracker(), tracker);
    let receipt = board.submit(submission.entries()).unwrap();
    let sent = submission.entries().to_vec();
    let accepted = submission.accept(&receipt).unwrap();
    assert_eq!((accepted.tracker(), accepted.status()), (tracker, STATUS));
    assert_eq!(accepted.index().0 + 1, board.sandbox.state.size());
    assert_eq!(accepted.evidence(), [(sent[0].clone(), receipt[0].clone())]);
}

#[test]
fn s3_voting_again_on_the_same_device_follows_the_first_ballot() {
    let mut board = Board::open(2);
    let mut rng = rng(2);
    let mut voter = board.booth().enter(&CODES[0], MEMBER).unwrap();
    for round in 0..3 {
        let submission = voter.seal(&choices(&[round % 3], &[]), &mut rng).unwrap().cast(&mut rng).unwrap();
        let receipt = board.submit(submission.entries()).unwrap();
        voter = submission.accept(&receipt).unwrap().vote_again();
    }
    let chain = board.sandbox.state.latest_ballot(&voter.credential()).unwrap();
    assert_eq!(chain.counter(), 3);
}

#[test]
fn s3_a_second_device_sees_the_ballot_before_it_and_signs_again_without_proving_again() {
    let mut board = Board::open(3);
    let mut rng = rng(3);
    let booth = board.booth();
    let first = board.cast(&CODES[0], &choices(&[0], &[0]), &mut rng);
    let second = booth.enter(&CODES[0], MEMBER).unwrap().seal(&choices(&[1], &[1]), &mut rng).unwrap();
    let tracker = second.tracker();
    let submission = second.cast(&mut rng).unwrap();
    let sealed_before = voting_core::record::state::as_ballot(&submission.entries()[0]).unwrap().sealed_bytes;
    let refusal = board.submit(submission.entries()).unwrap_err();
    assert_eq!(refusal.rule.id(), "R-BALLOT-06");
    let (latest, proof) = board.latest(refusal.latest.unwrap());
    let Stale::Other(conflict) = submission.stale(&latest, &proof, &mut rng).unwrap() else { panic!("not own") };
    assert_eq!((conflict.latest().tracker, conflict.latest().counter), (first, 1));
    let submission = conflict.sign_again(&mut rng).unwrap();
    let sealed_after = voting_core::record::state::as_ballot(&submission.entries()[0]).unwrap().sealed_bytes;
    assert_eq!((sealed_before, submission.tracker()), (sealed_after, tracker));
    let receipt = board.submit(submission.entries()).unwrap();
    assert_eq!(submission.accept(&receipt).unwrap().tracker(), tracker);
}

#[test]
fn s3_a_lost_answer_is_recognised_as_the_own_ballot() {
    let mut board = Board::open(4);
    let mut rng = rng(4);
    let submission = board
        .booth()
        .enter(&CODES[0], MEMBER)
        .unwrap()
        .seal(&choices(&[], &[]), &mut rng)
        .unwrap()
        .cast(&mut rng)
        .unwrap();
    board.submit(submission.entries()).unwrap();
    let index = board.sandbox.state.latest_ballot(&submission_key(&submission)).unwrap().index;
    let (latest, proof) = board.latest(index);
    let tracker = submission.tracker();
    let Stale::Own(accepted) = submission.stale(&latest, &proof, &mut rng).unwrap() else { panic!("own") };
    assert_eq!((accepted.tracker(), accepted.index()), (tracker, index));
}

fn submission_key(submission: &session::Submission) -> voting_core::ids::CredentialKey {
    voting_core::record::state::as_ballot(&submission.entries()[0]).unwrap().sealed.credential
}

#[test]
fn a14_a_false_claim_of_a_ballot_before_is_refused_and_the_ballot_kept() {
    let mut board = Board::open(5);
    let mut rng = rng(5);
    board.cast(&CODES[2], &choices(&[0], &[]), &mut rng);
    let foreign = board.sandbox.state.size() - 1;
    let booth = board.booth();
    let submission =
        booth.enter(&CODES[0], MEMBER).unwrap().seal(&choices(&[1], &[]), &mut rng).unwrap().cast(&mut rng).unwrap();
    let sent = submission.entries().to_vec();

    let (latest, proof) = board.latest(voting_core::ids::EntryIndex(foreign));
    let kept = submission.stale(&latest, &proof, &mut rng).unwrap_err();
    assert_eq!(kept.error, ConflictError::Foreign, "a ballot of another voter");
    let kept = kept.step.stale(&latest, b"no receipt", &mut rng).unwrap_err();
    assert!(matches!(kept.error, ConflictError::Unproved(_)));
    let (start, proof) = board.latest(voting_core::ids::EntryIndex(foreign - 1));
    let kept = kept.step.stale(&start, &proof, &mut rng).unwrap_err();
    assert!(matches!(kept.error, ConflictError::Unproved(_) | ConflictError::Foreign), "no ballot at all");
    let submission = kept.step;
    assert_eq!(submission.entries(), sent);
    let receipt = board.submit(submission.entries()).unwrap();

    // The own first ballot is not later than what the second one on this device follows.
    let voter = submission.accept(&receipt).unwrap().vote_again();
    let second = voter.seal(&choices(&[2], &[]), &mut rng).unwrap().cast(&mut rng).unwrap();
    let (latest, proof) = board.latest(voting_core::ids::EntryIndex(foreign + 1));
    assert_eq!(second.stale(&latest, &proof, &mut rng).unwrap_err().error, ConflictError::NotLater);
}

#[test]
fn a34_a_receipt_for_other_bytes_or_another_log_is_refused_and_may_be_asked_for_again() {
    let mut board = Board::open(6);
    let mut other_board = Board::open(60);
    let mut rng = rng(6);
    let submission = board
        .booth()
        .enter(&CODES[0], MEMBER)
        .unwrap()
        .seal(&choices(&[1], &[]), &mut rng)
        .unwrap()
        .cast(&mut rng)
        .unwrap();
    board.cast(&CODES[2], &choices(&[0], &[]), &mut rng);
    let (_, other) = board.latest(voting_core::ids::EntryIndex(board.sandbox.state.size() - 1));
    let kept = submission.accept(&[other]).unwrap_err();
    assert!(matches!(kept.error, ReceiptError::NotProved(_)), "the receipt of another voter");
    other_board.cast(&CODES[0], &choices(&[0], &[]), &mut rng);
    let (_, foreign) = other_board.latest(voting_core::ids::EntryIndex(other_board.sandbox.state.size() - 1));
    let kept = kept.step.accept(&[foreign]).unwrap_err();
    assert!(matches!(kept.error, ReceiptError::NotProved(_)), "another event's log");
    let receipt = board.submit(kept.step.entries()).unwrap();
    kept.step.accept(&receipt).unwrap();
}

#[test]
fn a16_a_tested_ballot_opens_on_another_device_and_the_next_one_is_fresh() {
    let board = Board::open(7);
    let mut rng = rng(7);
    let answers = choices(&[0, 2], &[]);
    let sealed = board.booth().enter(&CODES[0], MEMBER).unwrap().seal(&answers, &mut rng).unwrap();
    let shown = sealed.tracker();
    let (voter, revealed) = sealed.reveal();
    assert_eq!(revealed.tracker, shown);

    let other_device = board.booth();
    let read = other_device.check_opening(&revealed.sealed, &shown, &revealed.opening).unwrap();
    assert_eq!(read, answers);
    assert_eq!(
        other_device.check_opening(&revealed.sealed, &Tracker([0; 32]), &revealed.opening),
        Err(OpeningError::Tracker)
    );
    // A device that sealed something else than it claims.
    let lie = voter.seal(&choices(&[1], &[]), &mut rng).unwrap();
    let (voter, lie) = lie.reveal();
    assert_eq!(
        other_device.check_opening(&lie.sealed, &lie.tracker, &revealed.opening),
        Err(OpeningError::OtherAnswers)
    );
    assert!(matches!(
        other_device.check_opening(&lie.sealed, &lie.tracker, &lie.opening[1..]),
        Err(OpeningError::Malformed(_))
    ));
    let fresh = voter.seal(&answers, &mut rng).unwrap();
    assert_ne!(fresh.tracker(), shown);
}

#[test]
fn an_answer_against_the_rules_keeps_the_voter() {
    let board = Board::open(8);
    let mut rng = rng(8);
    let voter = board.booth().enter(&CODES[0], MEMBER).unwrap();
    let kept = voter.seal(&choices(&[0, 1, 2], &[]), &mut rng).unwrap_err();
    assert!(matches!(kept.error, SealError::Choice { error: ChoiceError::TooMany { chosen: 3, max: 2 }, .. }));
    let kept = kept.step.seal(&[Choice::Blank], &mut rng).unwrap_err();
    assert_eq!(kept.error, SealError::Contests { expected: 2, found: 1 });
    kept.step.seal(&choices(&[0], &[]), &mut rng).unwrap();
}

#[test]
fn a_mistyped_code_names_its_group() {
    let board = Board::open(9);
    let booth = board.booth();
    let mut wrong: Vec<char> = CODES[0].chars().collect();
    wrong[7] = if wrong[7] == '2' { '3' } else { '2' };
    let wrong: String = wrong.into_iter().collect();
    assert_eq!(booth.enter(&wrong, MEMBER).unwrap_err(), EnterError::Code(CodeError::Group { group: 2 }));
    assert!(matches!(booth.enter("", MEMBER), Err(EnterError::Code(CodeError::Length { found: 0 }))));
    assert_eq!(
        booth.enter(&CODES[0], Entitlement { group: GroupIndex(9), ..MEMBER }).unwrap_err(),
        EnterError::Group(GroupIndex(9))
    );
}

#[test]
fn m10_whether_a_code_is_on_the_roll_is_learned_only_at_casting() {
    let mut board = Board::open(10);
    let mut rng = rng(10);
    let stranger = voting_core::credential::VotingCode::from_entropy([0x77; 11]).expose_text();
    let voter = board.booth().enter(&stranger, MEMBER).unwrap();
    let submission = voter.seal(&choices(&[0], &[]), &mut rng).unwrap().cast(&mut rng).unwrap();
    assert_eq!(board.submit(submission.entries()).unwrap_err().rule.id(), "R-BALLOT-02");
}

#[test]
fn a22_another_manifest_is_refused() {
    let (board, other) = (Board::open(11), Board::open(12));
    let expected = other.sandbox.manifest().event();
    let found = board.sandbox.manifest().event();
    assert_eq!(booth_of(&board.sandbox, &expected).unwrap_err(), BoothError::OtherEvent { found });
    assert_eq!(Booth::from_state(&expected, &board.sandbox.state, None).unwrap_err(), BoothError::OtherEvent { found });
    let nothing = LogStart { entries: &[], checkpoint: b"", consistency: &[] };
    assert_eq!(Booth::from_log(&expected, &nothing, None, &ENTROPY).unwrap_err(), BoothError::Empty);
}

#[test]
fn a21_a_ceremony_that_not_every_trustee_confirmed_opens_no_booth() {
    let mut sandbox = Sandbox::new(13);
    let committed = sandbox.commit();
    let dealt = sandbox.deal(committed);
    let event = sandbox.manifest().event();
    // Two of three confirm; the administrator starts the round all the same, under the key of the dealings.
    let mut joint_key = [0; 32];
    for (index, state) in (1..).map(voting_core::ids::TrusteeIndex).zip(dealt).take(2) {
        let (_, message) = state.confirm(sandbox.state.ceremony_messages()).unwrap();
        joint_key = message.joint_key;
        sandbox.push(Author::Trustee(index), &Body::Confirmation(message));
    }
    sandbox.roll(RoundIndex(0));
    assert_eq!(booth_of(&sandbox, &event).unwrap_err(), BoothError::NotOpen);
    let mut start = sandbox.start(RoundIndex(0));
    start.joint_key = joint_key;
    let start = sandbox.signed(Author::Administrator, &Body::RoundStarted(start));
    sandbox.smuggle(start);
    let error = booth_of(&sandbox, &event).unwrap_err();
    assert!(matches!(&error, BoothError::Illegal { refusal, .. } if refusal.rule.id() == "R-ROUND-02"), "{error}");
}

#[test]
fn a21_a_round_under_another_key_than_the_confirmed_one_opens_no_booth() {
    let mut sandbox = Sandbox::new(14);
    sandbox.ceremony();
    sandbox.roll(RoundIndex(0));
    let mut start = sandbox.start(RoundIndex(0));
    let other = Board::open(15).sandbox.state.joint_key().unwrap().public.to_bytes();
    start.joint_key = other;
    let start = sandbox.signed(Author::Administrator, &Body::RoundStarted(start));
    sandbox.smuggle(start);
    let error = booth_of(&sandbox, &sandbox.manifest().event()).unwrap_err();
    assert!(matches!(error, BoothError::Illegal { .. }), "{error}");
}

#[test]
fn s6_a19_only_entries_that_the_log_signed_are_believed() {
    let board = Board::open(16);
    let sandbox = &board.sandbox;
    let (event, entries) = (sandbox.manifest().event(), slices(&sandbox.entries));
    let open = |checkpoint: &[u8], consistency: &[tlog::hash::Hash]| {
        Booth::from_log(&event, &LogStart { entries: &entries, checkpoint, consistency }, None, &ENTROPY)
    };
    let origin = sandbox.manifest().origin();
    open(&sandbox.checkpoint(), &[]).unwrap();
    let elsewhere = sandbox.checkpoint_as("elsewhere.example.org/x", &sandbox.log, |_| ());
    assert!(matches!(open(&elsewhere, &[]).unwrap_err(), BoothError::Checkpoint(_)));
    let forged = sandbox.checkpoint_as(&origin, &sandbox.administrator, |_| ());
    assert!(matches!(open(&forged, &[]).unwrap_err(), BoothError::Checkpoint(_)));
    let other_root = sandbox.checkpoint_as(&origin, &sandbox.log, |checkpoint| checkpoint.root.0[0] ^= 1);
    assert!(matches!(open(&other_root, &[]).unwrap_err(), BoothError::OtherEntries(_)));
    let smaller = sandbox.checkpoint_as(&origin, &sandbox.log, |checkpoint| checkpoint.size -= 1);
    assert!(matches!(open(&smaller, &[]).unwrap_err(), BoothError::OtherEntries(_)));
}

#[test]
fn the_beginning_of_a_longer_log_needs_a_consistency_proof() {
    let mut board = Board::open(17);
    let start = board.sandbox.entries.clone();
    board.cast(&CODES[0], &choices(&[0], &[]), &mut rng(17));
    board.cast(&CODES[2], &choices(&[0], &[]), &mut rng(18));
    let mut tree = MemoryTree::new();
    board.sandbox.entries.iter().for_each(|entry| {
        tree.append(entry);
    });
    let proof = tree.consistency(start.len() as u64, tree.size()).unwrap();
    let (event, checkpoint) = (board.sandbox.manifest().event(), board.sandbox.checkpoint());
    let entries = slices(&start);
    let with = |consistency: &[tlog::hash::Hash]| {
        Booth::from_log(&event, &LogStart { entries: &entries, checkpoint: &checkpoint, consistency }, None, &ENTROPY)
    };
    assert_eq!(with(&proof).unwrap().round(), RoundIndex(0));
    assert!(matches!(with(&[]).unwrap_err(), BoothError::OtherEntries(_)));
}

#[test]
fn a_later_round_is_opened_behind_the_ballots_of_an_earlier_one() {
    let mut sandbox = Sandbox::opened(18);
    sandbox.vote_all();
    sandbox.close();
    let event = sandbox.manifest().event();
    assert_eq!(booth_of(&sandbox, &event).unwrap_err(), BoothError::NotOpen);
    sandbox.decrypt(1);
    sandbox.decrypt(2);
    sandbox.result(RoundIndex(0));
    sandbox.open(RoundIndex(1));
    assert_eq!(booth_of(&sandbox, &event).unwrap().round(), RoundIndex(1));
    let ballot = sandbox.entries.iter().position(|entry| voting_core::record::state::looks_like_ballot(entry)).unwrap();
    let last = sandbox.entries[ballot].len() - 1;
    sandbox.entries[ballot][last] ^= 1;
    let error = booth_of(&sandbox, &event).unwrap_err();
    assert!(matches!(error, BoothError::Illegal { index, .. } if index == ballot as u64), "{error}");
}

#[test]
fn labels_are_the_administrators_and_complete() {
    let (board, labels) = Board::open_with_labels(19);
    let (event, state) = (board.sandbox.manifest().event(), &board.sandbox.state);
    let signed = label_file(&event, &labels, &board.sandbox.administrator);
    let booth = Booth::from_state(&event, state, Some(&signed)).unwrap();
    let voter = booth.enter(&CODES[0], MEMBER).unwrap();
    let names: Vec<_> = voter
        .contests()
        .flat_map(|rules| &rules.contest.options)
        .map(|digest| booth.labels().get(digest).unwrap().text("en").to_owned())
        .collect();
    assert_eq!(names, ["A", "B", "C", "yes", "no"]);

    let foreign = label_file(&event, &labels, &board.sandbox.registrar);
    assert!(matches!(Booth::from_state(&event, state, Some(&foreign)), Err(BoothError::Labels(_))));
    let other = label_file(&EventId([3; 32]), &labels, &board.sandbox.administrator);
    assert!(matches!(Booth::from_state(&event, state, Some(&other)), Err(BoothError::Labels(_))));
    let without_an_option: Vec<_> = labels.iter().filter(|label| label.text("en") != "B").cloned().collect();
    let gap = label_file(&event, &without_an_option, &board.sandbox.administrator);
    let error = Booth::from_state(&event, state, Some(&gap)).unwrap_err();
    assert_eq!(error, BoothError::MissingLabel { place: "option 1 of contest 0".into() });
}

#[test]
fn nothing_secret_is_printed() {
    let board = Board::open(20);
    let mut rng = rng(20);
    let voter = board.booth().enter(&CODES[0], MEMBER).unwrap();
    let key = voter.credential().to_string();
    let printed = format!("{:?} {voter:?}", board.booth());
    let sealed = voter.seal(&[chosen(&[1]), Choice::Selection(vec![OptionIndex(0)])], &mut rng).unwrap();
    let printed = format!("{printed} {sealed:?}");
    let submission = sealed.cast(&mut rng).unwrap();
    let printed = format!("{printed} {submission:?}");
    assert!(printed.contains(&key), "the public key is public");
    assert!(!printed.contains("secret") && !printed.contains("choices") && !printed.contains("Selection"), "{printed}");
}

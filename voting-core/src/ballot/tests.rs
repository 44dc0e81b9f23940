use hkdf::Hkdf;
use proofs::secret::SecretScalar;
use proptest::prelude::*;
use sha2::Sha512;

use super::seal::SealingSeed;
use super::*;
use crate::contest::{Choice, Entitlement, Kind, Selection};
use crate::ids::RoundIndex;
use crate::testing::tamper::kinds::opened_with;
use crate::testing::{Sandbox, chosen, contest_of};

const FIRST: RoundIndex = RoundIndex(0);

fn answers() -> [Choice; 2] {
    [chosen(&[0, 2]), chosen(&[1])]
}

#[test]
fn a_ballot_is_read_back_from_its_bytes() {
    let mut sandbox = Sandbox::opened(1);
    let bytes = sandbox.vote(0, &answers());
    let entry: BallotEntry = codec::from_bytes(&bytes, tlog::tile::MAX_ENTRY).unwrap();
    assert_eq!(codec::to_bytes(&entry), bytes);
    assert_eq!(entry.counter, 1);
    assert_eq!(entry.previous.0, sandbox.manifest().event().0);
}

#[test]
fn the_computed_size_bounds_every_ballot() {
    let mut sandbox = Sandbox::opened(1);
    let manifest = sandbox.manifest();
    let contests = (0..).map(ContestIndex).zip(&manifest.rounds[0].contests);
    let group = sandbox.voters[0].group;
    let bounds = part_sizes(contests.filter(|(_, contest)| contest.is_for(group))).unwrap();
    let bytes = sandbox.vote(0, &answers());
    // The bound leaves room for the digests of all parts that there could be.
    let digests = MAX_PARTS * 34;
    assert_eq!(bounds.len(), 1);
    assert!(
        bytes.len() + digests <= bounds[0] && bytes.len() + digests + 48 > bounds[0],
        "{} of {bounds:?}",
        bytes.len()
    );
}

/// A tester who knows the protocol's text finds the randomness of a cell by the cell's number, implied cells counted.
#[test]
fn s2_randomness_follows_the_number_of_the_cell_not_its_place_among_the_carried() {
    let exactly_one = Kind::Selection(Selection { min: 1, max: 1, blank: true });
    let sandbox = opened_with(1, vec![contest_of(3, exactly_one, &[0, 1], false)]);
    let rules = sandbox.state.round(FIRST).unwrap().rules().unwrap().clone();
    let place = &rules.parts_of(sandbox.voters[0].group)[0][0];
    let section = &rules.contest(place.contest).unwrap().sections(1).unwrap()[0];
    let carried: Vec<usize> = section.carried().collect();
    assert_eq!((section.cells(), carried.len()), (4, 3));
    let found = SealingSeed([7; 32]).randomness(place, section);
    let written = |cell: usize| {
        let info = [b"urna/v1/randomness".as_slice(), &0_u32.to_le_bytes(), &(cell as u64).to_le_bytes()].concat();
        let mut wide = [0; 64];
        Hkdf::<Sha512>::new(None, &[7; 32]).expand(&info, &mut wide).unwrap();
        SecretScalar::from_wide_bytes(&wide)
    };
    let expected: Vec<_> = carried.iter().map(|cell| written(place.first_cell + cell)).collect();
    let bytes = |scalars: &[SecretScalar]| scalars.iter().map(|r| *r.expose()).collect::<Vec<_>>();
    assert_eq!(bytes(&found), bytes(&expected));
    assert_eq!(carried, [0, 1, 3]);
}

#[test]
fn a13_trackers_of_equal_answers_differ() {
    let mut sandbox = Sandbox::opened(1);
    let one = sandbox.seal(0, &answers());
    let other = sandbox.seal(0, &answers());
    assert_ne!(one.tracker(), other.tracker());
    assert_eq!(one.tracker(), Tracker::of(&one.parts()[0]));
}

#[test]
fn a16_an_honest_ballot_passes_its_test_and_is_consumed() {
    let mut sandbox = Sandbox::opened(1);
    let rules = sandbox.state.round(FIRST).unwrap().rules().unwrap().clone();
    let sealed = sandbox.seal(0, &answers());
    let shown = sealed.tracker();
    let (bytes, opening) = sealed.reveal();
    let opening = Opening::from_bytes(&opening.expose_bytes()).unwrap();
    assert_eq!(opening.check(&rules, &bytes, &shown), Ok(answers().as_slice()));
    assert_eq!(format!("{opening:?}"), "Opening(..)");
}

#[test]
fn a16_a_device_that_changes_the_vote_fails_the_test() {
    let mut sandbox = Sandbox::opened(1);
    let rules = sandbox.state.round(FIRST).unwrap().rules().unwrap().clone();
    // The device seals something else than what the voter chose and claims the voter's answers.
    let sealed = sandbox.seal(0, &[chosen(&[1]), chosen(&[1])]);
    let shown = sealed.tracker();
    let (bytes, opening) = sealed.reveal();
    let mut claimed = opening.expose_bytes();
    let honest = {
        let sealed = sandbox.seal(0, &answers());
        sealed.reveal().1.expose_bytes()
    };
    claimed.truncate(35); // array, seed
    claimed.extend_from_slice(&honest[35..]); // group, weight, answers
    let lie = Opening::from_bytes(&claimed).unwrap();
    assert_eq!(lie.check(&rules, &bytes, &shown), Err(OpeningError::OtherAnswers));
    let other = sandbox.seal(0, &answers());
    assert_eq!(lie.check(&rules, other.parts(), &shown), Err(OpeningError::Tracker));
}

#[test]
fn a16_an_opening_speaks_of_one_round_and_all_its_contests() {
    let mut sandbox = Sandbox::opened(1);
    let rules = sandbox.state.round(FIRST).unwrap().rules().unwrap().clone();
    let (bytes, opening) = sandbox.seal(0, &answers()).reveal();
    let sealed: Sealed = codec::from_bytes(&bytes[0], tlog::tile::MAX_ENTRY).unwrap();
    let check = |change: &dyn Fn(&mut Sealed)| {
        let mut sealed = sealed.clone();
        change(&mut sealed);
        let bytes = codec::to_bytes(&sealed);
        opening.check(&rules, core::slice::from_ref(&bytes), &Tracker::of(&bytes)).map(|_| ())
    };
    assert_eq!(check(&|_| ()), Ok(()));
    assert_eq!(check(&|sealed| sealed.event.0[0] ^= 1), Err(OpeningError::OtherAnswers));
    assert_eq!(check(&|sealed| sealed.round.0[0] ^= 1), Err(OpeningError::OtherAnswers));
    assert_eq!(check(&|sealed| sealed.part = 1), Err(OpeningError::OtherAnswers));
    let more = sealed.sections[0].clone();
    assert_eq!(check(&|sealed| sealed.sections.push(more.clone())), Err(OpeningError::OtherAnswers));
    assert_eq!(check(&|sealed| sealed.sections.truncate(1)), Err(OpeningError::OtherAnswers));
}

#[test]
fn s2_sealed_bytes_carry_no_signature_and_need_the_credential_to_be_cast() {
    let mut sandbox = Sandbox::opened(1);
    let sealed = sandbox.seal(0, &answers());
    let binding = sandbox.state.round(FIRST).unwrap().rules().unwrap().binding;
    let other = sandbox.credential(2, FIRST);
    let previous = Hash(sandbox.manifest().event().0);
    assert!(cast(sealed.parts(), &binding, &other, 1, previous, &mut sandbox.rng).is_err());
    // Signing twice makes different signatures over the same sealed bytes: nothing is proved again (S3).
    let one = sandbox.cast(0, &sealed.parts()[0]);
    let two = sandbox.cast(0, &sealed.parts()[0]);
    assert_ne!(one, two);
    assert_eq!(one[..one.len() - 64], two[..two.len() - 64]);
}

#[test]
fn a_choice_outside_the_rule_is_not_sealed() {
    let mut sandbox = Sandbox::opened(1);
    let rules = sandbox.state.round(FIRST).unwrap().rules().unwrap().clone();
    let key = proofs::elgamal::EncryptionKey::new(rules.binding.joint_key);
    let credential = sandbox.credential(0, FIRST).key();
    let member = Entitlement { group: sandbox.voters[0].group, weight: 1 };
    let mut refused =
        |choices: &[Choice]| seal(&rules, &key, member, &credential, choices, &mut sandbox.rng).unwrap_err();
    let error = refused(&[chosen(&[0, 1, 2]), chosen(&[0])]);
    assert_eq!(error.to_string(), "contest 0: 3 options are chosen, at most 2 are allowed: take some away");
    assert_eq!(refused(&[chosen(&[0])]), SealError::Contests { expected: 2, found: 1 });
}

#[test]
fn a34_a_receipt_is_checked_against_the_bytes_sent() {
    use tlog::tlog_proof::TlogProof;
    use tlog::tree::MemoryTree;
    let mut sandbox = Sandbox::opened(1);
    let bytes = sandbox.vote(0, &answers());
    let mut tree = MemoryTree::new();
    sandbox.entries.iter().for_each(|entry| {
        tree.append(entry);
    });
    let index = tree.size() - 1;
    let note = tlog::note::SignedNote::parse(&sandbox.checkpoint()).unwrap();
    let proof = TlogProof::new(index, tree.inclusion(index, tree.size()).unwrap(), note).unwrap().to_bytes();
    let receipt = Receipt::check(&sandbox.manifest(), &bytes, &proof).unwrap();
    assert_eq!(receipt.index.0, index);
    let entry: BallotEntry = codec::from_bytes(&bytes, tlog::tile::MAX_ENTRY).unwrap();
    assert_eq!(receipt.tracker, entry.tracker());
    // Another ballot, another event, a changed proof: each is refused.
    let other = {
        let sealed = sandbox.seal(0, &answers());
        sandbox.cast(0, &sealed.parts()[0])
    };
    assert!(Receipt::check(&sandbox.manifest(), &other, &proof).is_err());
    assert!(Receipt::check(&Sandbox::new(2).manifest(), &bytes, &proof).is_err());
    let text = String::from_utf8(proof).unwrap().replacen("index ", "index 1", 1);
    assert!(Receipt::check(&sandbox.manifest(), &bytes, text.as_bytes()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = crate::entry::Entry::from_bytes(&bytes);
        let _ = Opening::from_bytes(&bytes);
        let _ = crate::manifest::Manifest::from_bytes(&bytes);
    }
}

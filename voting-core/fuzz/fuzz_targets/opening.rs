//! An opening that is read is written back byte for byte, and one that fits a sealed ballot tells its answers.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use proofs::elgamal::EncryptionKey;
use voting_core::ballot::{self, Opening, RoundRules};
use voting_core::contest::Entitlement;
use voting_core::ids::{GroupIndex, RoundIndex, Tracker};
use voting_core::testing::chosen;
use voting_core_fuzz::{WORLD, edited, rng};

struct Case {
    rules: RoundRules,
    sealed: Vec<Vec<u8>>,
    tracker: Tracker,
    opening: Vec<u8>,
    values: Vec<Vec<Vec<u64>>>,
}

const GROUP: GroupIndex = GroupIndex(1);
const MEMBER: Entitlement = Entitlement { group: GROUP, weight: 3 };

static CASE: LazyLock<Case> = LazyLock::new(|| {
    let sandbox = &WORLD.sandbox;
    let rules = sandbox.state.round(RoundIndex(0)).and_then(|round| round.rules()).expect("a started round").clone();
    let key = EncryptionKey::new(rules.binding.joint_key);
    let credential = sandbox.credential(1, RoundIndex(0)).key();
    let choices = [chosen(&[0, 2]), chosen(&[1]), chosen(&[])];
    let ballot = ballot::seal(&rules, &key, MEMBER, &credential, &choices, &mut rng()).expect("valid choices");
    let tracker = ballot.tracker();
    let (sealed, opening) = ballot.reveal();
    let values = rules
        .contests_of(GROUP)
        .zip(&choices)
        .map(|(rule, choice)| rule.contest.values(choice, MEMBER.weight).expect("valid"));
    let values = values.collect();
    Case { rules, sealed, tracker, opening: opening.expose_bytes(), values }
});

fn check(bytes: &[u8]) {
    let Ok(opening) = Opening::from_bytes(bytes) else { return };
    assert_eq!(opening.expose_bytes(), bytes);
    let case = &*CASE;
    let answers = opening.check(&case.rules, &case.sealed, &case.tracker);
    assert!(bytes != case.opening || answers.is_ok());
    if let Ok(answers) = answers {
        let contests: Vec<_> = case.rules.contests_of(GROUP).collect();
        assert_eq!(answers.len(), contests.len());
        for ((rule, answer), values) in contests.iter().zip(answers).zip(&case.values) {
            assert_eq!(rule.contest.values(answer, MEMBER.weight).as_ref(), Ok(values));
        }
    }
}

fuzz_target!(|data: &[u8]| {
    check(data);
    if let Ok(bytes) = edited(&CASE.opening, &mut Unstructured::new(data)) {
        check(&bytes);
    }
});

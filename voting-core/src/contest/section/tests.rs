use proofs::elgamal::{EncryptionKey, PublicKey};
use proofs::group::{BASE, Scalar, scalar_from_i64};
use proofs::linear::{Carrier, Relation, Value};
use proofs::secret::SecretScalar;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::contest::tests::{case, ranking};
use crate::contest::{Budget, Kind, Mode, Points, Selection};
use crate::testing::{contest_of, grades};

/// How many cells of the one section are implied.
fn implied(kind: Kind, options: u32) -> usize {
    contest_of(options, kind, &[0], false).section(0, 1).unwrap().implied.len()
}

#[test]
fn exact_sums_spare_a_ciphertext() {
    let choose = |min, max, blank| Kind::Selection(Selection { min, max, blank });
    assert_eq!(implied(choose(1, 1, false), 5), 1);
    assert_eq!(implied(choose(3, 3, true), 5), 1);
    assert_eq!(implied(choose(0, 1, true), 5), 1, "choosing nothing is blank");
    assert_eq!(implied(choose(0, 1, false), 5), 0);
    assert_eq!(implied(choose(1, 2, false), 5), 0);
    assert_eq!(implied(choose(1, 1, false), 1), 0, "a ballot carries something");
    assert_eq!(implied(choose(1, 1, true), 1), 1);
    assert_eq!(implied(grades(1, false, &[]), 7), 7);
    assert_eq!(implied(grades(1, true, &[]), 7), 0);
    let points = |max, exact| Kind::Points(Points { max, budget: Budget::Fixed(max), exact, blank: false });
    assert_eq!((implied(points(9, true), 4), implied(points(9, false), 4)), (1, 0));
    assert_eq!(implied(points(1 << 20, true), 4), 0, "wide cells are all encrypted (F1)");
    assert_eq!(implied(ranking(Mode::UnrankedLast, false, true), 4), 6, "one of each pair");
    assert_eq!(implied(ranking(Mode::UnrankedLast, true, true), 4), 0);
    assert_eq!(implied(ranking(Mode::RankedOnly, false, true), 4), 0);
}

/// Which ones are carried decides what every ballot means.
#[test]
fn the_carried_cells_are_those_of_the_protocol() {
    let carried =
        |kind, options| contest_of(options, kind, &[0], false).section(0, 1).unwrap().carried().collect::<Vec<_>>();
    let points = |blank| Kind::Points(Points { max: 5, budget: Budget::Fixed(6), exact: true, blank });
    assert_eq!(carried(Kind::Selection(Selection { min: 2, max: 2, blank: true }), 3), [0, 1, 3]);
    assert_eq!(carried(grades(1, false, &[]), 2), [0, 1, 3, 4]);
    assert_eq!(carried(points(false), 3), [0, 1]);
    assert_eq!(carried(points(true), 3), [0, 1, 3]);
    assert_eq!(carried(ranking(Mode::UnrankedLast, false, true), 3), [0, 1, 3, 6]);
}

/// A relation that cannot tell a cell leaves it to the ballot, instead of a wrong cell.
#[test]
fn a_cell_that_cannot_be_told_stays_carried() {
    use crate::contest::plan::Plan;
    let carried = |relations: &[(&[(usize, i64)], usize)], others: usize| {
        let mut plan = Plan::default();
        for _ in 0..3 {
            plan.value(Value::encrypted(1), format_args!("cell"));
        }
        for _ in 0..others {
            plan.value(Value::committed(1), format_args!("no cell"));
        }
        for (terms, implied) in relations {
            plan.exactly(terms.iter().copied(), 1, *implied, format_args!("relation"));
        }
        plan.section().unwrap().statement().encrypted()
    };
    assert_eq!(carried(&[(&[(0, 1), (1, 1), (2, 1)], 2)], 0), 2);
    assert_eq!(carried(&[(&[(0, 1), (1, 1), (2, 2)], 2)], 0), 3, "half a total");
    assert_eq!(carried(&[(&[(0, 1), (1, 1)], 2)], 0), 3, "not in the relation");
    assert_eq!(carried(&[(&[(0, 1), (3, 1)], 0)], 1), 3, "told by a value that is no cell");
    assert_eq!(carried(&[(&[(0, 1), (1, 1)], 1), (&[(1, 1), (2, 1)], 2)], 0), 2, "told by an implied one");
    assert_eq!(carried(&[(&[(0, 1), (1, 1)], 1), (&[(0, 1), (2, 1)], 0)], 0), 2, "tells an implied one");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Every kind: who opens the ciphertexts that are carried opens the implied ones, and they hold what was answered.
    #[test]
    fn implied_cells_hold_what_the_others_leave((contest, choice) in case(), seed in 0..u64::MAX) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let secret = SecretScalar::random(&mut rng);
        let key = EncryptionKey::new(PublicKey::of(&secret).unwrap());
        for (number, values) in contest.values(&choice, 1).unwrap_or_default().iter().enumerate() {
            let section = contest.section(number, 1).unwrap();
            let randomness: Vec<_> = section.carried().map(|_| SecretScalar::random(&mut rng)).collect();
            let carried: Arc<[_]> = section.statement().encrypt(&key, values, &randomness).unwrap().into();
            let cells = section.complete(&carried).unwrap();
            let opened: Vec<_> = cells.iter().map(|cell| cell.open_with(&(cell.first * secret.expose()))).collect();
            let expected: Vec<_> = values[..section.cells()].iter().map(|v| BASE * Scalar::from(*v)).collect();
            prop_assert_eq!(opened, expected);
            for (cell, value) in section.statement().values()[..section.cells()].iter().enumerate() {
                prop_assert_eq!(value.carrier == Carrier::Committed, section.is_implied(cell));
            }
            prop_assert!(section.complete(&carried[1..].into()).is_err(), "one ciphertext fewer");
        }
    }
}

#[test]
fn coefficients_of_either_sign_count() {
    let statement = Statement::new(
        vec![Value::encrypted(9), Value::encrypted(9), Value::committed(9)],
        vec![Relation { terms: vec![(0, 3), (1, -2), (2, 1)], lo: 4, hi: 4 }],
    );
    let implied = vec![Implied { cell: 2, total: 4, others: vec![(0, 3), (1, -2)] }];
    let section = Section::new(statement.unwrap(), implied);
    let pair = |first: i64, second: i64| Ciphertext {
        first: BASE * scalar_from_i64(first),
        second: BASE * scalar_from_i64(second),
    };
    let cells = section.complete(&[pair(5, 7), pair(1, 2)].into()).unwrap();
    assert_eq!(cells[2], pair(-3 * 5 + 2, 4 - 3 * 7 + 2 * 2));
    let cancelled = section.complete(&[pair(2, 7), pair(3, 2)].into());
    assert_eq!(cancelled, Err(ProofError::Identity("first component of a ciphertext")), "a4");
}

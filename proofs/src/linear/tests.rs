use super::*;

/// Bits with their weights.
fn terms(place: &Place) -> Vec<(usize, u64)> {
    let Place::Bits { first, binary, rest } = place else { panic!("bits") };
    let weights = (0..*binary).map(|i| 1_u64 << i).chain((*rest > 0).then_some(*rest));
    weights.enumerate().map(|(i, weight)| (first + i, weight)).collect()
}

fn value_of(bits: &[Scalar], terms: &[(usize, u64)]) -> u64 {
    terms.iter().map(|(bit, weight)| if bits[*bit] == Scalar::ONE { *weight } else { 0 }).sum()
}

#[test]
fn m8_every_value_up_to_max_and_no_other_can_be_formed() {
    for max in 1..600_u64 {
        let mut next = 0;
        let terms = terms(&take_bits(&mut next, max));
        assert_eq!(terms.iter().map(|(_, weight)| weight).sum::<u64>(), max, "largest sum");
        for value in 0..=max {
            let mut bits = Vec::new();
            decompose(&mut bits, value, max);
            assert_eq!(bits.len(), next);
            assert!(bits.iter().all(|bit| *bit == Scalar::ZERO || *bit == Scalar::ONE));
            assert_eq!(value_of(&bits, &terms), value, "{value} of {max}");
        }
    }
}

#[test]
fn m1_statements_that_could_wrap_around_are_refused() {
    let cells = || vec![Value::encrypted(1), Value::encrypted(MAX_VALUE)];
    let relation = |terms: &[(usize, i64)], lo, hi| vec![Relation { terms: terms.to_vec(), lo, hi }];
    let refused = |values, relations| Statement::new(values, relations).unwrap_err();
    assert_eq!(refused(vec![], vec![]), StatementError::Empty);
    assert_eq!(refused(vec![Value::committed(3)], vec![]), StatementError::Empty);
    assert_eq!(refused(vec![Value::encrypted(0)], vec![]), StatementError::Range(0));
    assert_eq!(refused(vec![Value::encrypted(MAX_WIDE + 1)], vec![]), StatementError::Range(0));
    assert_eq!(refused(vec![Value::encrypted(u64::MAX)], vec![]), StatementError::Range(0));
    let wide_committed = vec![Value::encrypted(1), Value::committed(MAX_VALUE + 1)];
    assert_eq!(refused(wide_committed, vec![]), StatementError::Range(1));
    assert_eq!(refused(vec![Value::encrypted(MAX_WIDE); 33], vec![]), StatementError::TooManyWide(33));
    assert_eq!(refused(cells(), relation(&[(0, 1)], 1, 0)), StatementError::Bounds(0));
    assert_eq!(refused(cells(), relation(&[], 0, 1)), StatementError::Terms(0));
    assert_eq!(refused(cells(), relation(&[(2, 1)], 0, 1)), StatementError::Terms(0));
    assert_eq!(refused(cells(), relation(&[(0, 0)], 0, 1)), StatementError::Terms(0));
    assert_eq!(refused(cells(), relation(&[(0, 1), (0, 1)], 0, 1)), StatementError::Terms(0));
    assert_eq!(refused(cells(), relation(&[(1, 1 << 47)], 0, 1)), StatementError::Overflow(0));
    // The proved maximum of a wide value counts: 2^21 x 2^40 stays below the bound, 2^22 x 2^40 does not.
    let wide = || vec![Value::encrypted(MAX_WIDE)];
    assert!(Statement::new(wide(), relation(&[(0, 1 << 21)], 0, 1)).is_ok());
    assert_eq!(refused(wide(), relation(&[(0, 1 << 22)], 0, 1)), StatementError::Overflow(0));
    assert_eq!(refused(cells(), relation(&[(1, i64::MIN)], i64::MIN, i64::MAX)), StatementError::Overflow(0));
    assert_eq!(refused(vec![Value::encrypted(MAX_VALUE); 129], vec![]), StatementError::TooLarge(2_064));
    // Both bounds of a relation count, on either side, up to the last integer.
    let largest = (1_i64 << 62) - 2;
    for (lo, hi) in [(0, largest), (-largest, 0), (1 - largest, 1), (-1, largest - 1)] {
        assert!(Statement::new(cells(), relation(&[(0, 1)], lo, hi)).is_ok(), "{lo}..={hi}");
    }
    for (lo, hi) in [(0, 1 << 62), (-(1 << 62), 0), (0, largest + 1), (-largest - 1, 0), (-largest, 1), (-1, largest)] {
        assert_eq!(refused(cells(), relation(&[(0, 1)], lo, hi)), StatementError::Overflow(0), "{lo}..={hi}");
    }
}

/// Relations without slack have no bits: their number has a bound of its own, and encrypted values count too.
#[test]
fn m1_more_forms_than_an_argument_combines_are_refused() {
    let relation = Relation { terms: vec![(0, 1)], lo: 0, hi: 0 };
    let of = |relations: usize| Statement::new(vec![Value::encrypted(1); 2], vec![relation.clone(); relations]);
    assert_eq!(of(MAX_FORMS - 2).unwrap().form_count(), MAX_FORMS);
    assert_eq!(of(MAX_FORMS - 1).unwrap_err(), StatementError::TooManyForms(MAX_FORMS + 1));
    assert_eq!(of(100_000).unwrap_err(), StatementError::TooManyForms(100_002));
}

#[test]
fn m2_statement_bytes_are_injective_in_every_field() {
    let base =
        || (vec![Value::encrypted(1), Value::committed(2)], vec![Relation { terms: vec![(0, 1)], lo: 0, hi: 1 }]);
    let mut seen = std::collections::BTreeSet::new();
    let mut add = |change: &dyn Fn(&mut Vec<Value>, &mut Vec<Relation>)| {
        let (mut values, mut relations) = base();
        change(&mut values, &mut relations);
        assert!(seen.insert(encode(&values, &relations)));
    };
    add(&|_, _| ());
    add(&|values, _| values[0].max = 2);
    add(&|values, _| values[0].max = MAX_VALUE);
    add(&|values, _| values[0].max = MAX_VALUE + 1);
    add(&|values, _| values[0].max = MAX_WIDE);
    add(&|values, _| values[1].carrier = Carrier::Encrypted);
    add(&|values, _| values.push(Value::encrypted(1)));
    add(&|_, relations| relations.clear());
    add(&|_, relations| relations[0].lo = -1);
    add(&|_, relations| relations[0].hi = 2);
    add(&|_, relations| relations[0].terms[0] = (1, 1));
    add(&|_, relations| relations[0].terms[0] = (0, -1));
    add(&|_, relations| relations[0].terms.push((1, 1)));
}

#[test]
fn wide_values_have_no_bits_and_are_counted() {
    let values = vec![Value::encrypted(MAX_VALUE), Value::encrypted(MAX_VALUE + 1), Value::encrypted(MAX_WIDE)];
    let budget = vec![Relation { terms: vec![(0, 1), (1, 1), (2, 2)], lo: 0, hi: 1 << 41 }];
    let statement = Statement::new(values, budget).unwrap();
    assert_eq!((statement.wide(), statement.encrypted(), statement.form_count()), (2, 3, 4));
    // 16 bits of the narrow value, 41 and the rest of the slack.
    assert_eq!(statement.bits(), 16 + 42);
    assert_eq!(statement.wide_maxima(), [MAX_VALUE + 1, MAX_WIDE]);
    let secret = [7, 70_000, 1 << 40];
    let bits = statement.witness_bits(&[7, 1, 1 << 39]).unwrap();
    assert_eq!(bits.len(), 58);
    assert!(statement.witness_bits(&secret).is_err(), "the second is above its maximum");
    assert_eq!(*statement.witness_wide(&secret), [70_000, 1 << 40]);
    let wide = [Scalar::from(11_u64), Scalar::from(13_u64)];
    let zeros = vec![Scalar::ZERO; 58];
    let forms = statement.forms();
    assert_eq!(forms[1].evaluate(&zeros, &wide), wide[0]);
    assert_eq!(forms[3].evaluate(&zeros, &wide), wide[0] + wide[1] + wide[1]);
    assert_eq!(Statement::new(vec![Value::encrypted(MAX_WIDE)], vec![]).unwrap().bits(), 0);
}

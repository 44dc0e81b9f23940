//! The general statement: a vector of encrypted or committed integers with ranges, and public linear relations.
//!
//! - Each value `v_i` lies in `0..=max_i`. An *encrypted* value has an ElGamal ciphertext; a *committed* one exists
//!   only inside the argument (a rank, for instance).
//! - Each relation says `lo <= sum of coefficient x value <= hi` over the integers.
//!
//! [`Statement::new`] checks that the integers cannot wrap around modulo the group order (M1) and derives the layout of
//! bits, which is never sent (M2): first the bits of each value in order, then the slack bits of each relation in order.
//!
//! A value 0..=max is a sum of bits with the weights `1, 2, .., 2^(k-1), rest` where `2^k - 1 + rest = max`; so every
//! value up to max and no other can be formed (M8). A relation becomes the equation
//! `sum coefficient x value - slack = lo` with a slack in `0..=hi - lo`.

use subtle::{Choice, ConditionallySelectable, ConstantTimeGreater};
use zeroize::Zeroizing;

use crate::elgamal::{Ciphertext, EncryptionKey};
use crate::error::{ProofError, StatementError};
use crate::group::{Scalar, scalar_from_i64};
use crate::secret::SecretScalar;

/// The most bits one argument may have; its responses alone would fill an entry of the log beyond that.
pub const MAX_BITS: usize = 2_048;

/// The largest maximum of one value: 16 bits. Wider ones need another range proof.
pub const MAX_VALUE: u64 = 65_535;

/// Bound of the absolute value that a relation may reach (M1).
const RELATION_BOUND: i128 = 1 << 62;

/// How a value exists outside the argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// In an ElGamal ciphertext.
    Encrypted,
    /// Only in the vector commitment of the argument.
    Committed,
}

/// One integer of the vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// Largest value, 1..=65535; the smallest is 0.
    pub max: u64,
    /// Encrypted or committed.
    pub carrier: Carrier,
}

impl Value {
    /// An encrypted value in 0..=max.
    #[must_use]
    pub const fn encrypted(max: u64) -> Self {
        Self { max, carrier: Carrier::Encrypted }
    }

    /// A value in 0..=max that is only committed to.
    #[must_use]
    pub const fn committed(max: u64) -> Self {
        Self { max, carrier: Carrier::Committed }
    }
}

/// `lo <= sum of coefficient x value <= hi`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Pairs of the index of a value and its coefficient, ascending by index.
    pub terms: Vec<(usize, i64)>,
    /// Lower bound, included.
    pub lo: i64,
    /// Upper bound, included.
    pub hi: i64,
}

/// A linear form over the bits that must equal a public pair: the ciphertext of a value, or `(0, constant x G)`.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    /// Index of a bit and its coefficient.
    pub(crate) terms: Vec<(usize, Scalar)>,
    /// For a relation the constant `lo`; zero for an encrypted value.
    pub(crate) constant: Scalar,
}

impl Form {
    pub(crate) fn evaluate(&self, bits: &[Scalar]) -> Scalar {
        self.terms.iter().map(|(bit, coefficient)| bits[*bit] * coefficient).sum()
    }
}

/// A checked statement and the layout derived from it.
#[derive(Clone, Debug)]
pub struct Statement {
    values: Vec<Value>,
    relations: Vec<Relation>,
    bytes: Vec<u8>,
    /// First those of the encrypted values in order, then those of the relations in order.
    forms: Vec<Form>,
    encrypted: usize,
    bits: usize,
}

impl Statement {
    /// Checks values and relations and derives the layout.
    ///
    /// # Errors
    /// A [`StatementError`] naming the value or relation.
    pub fn new(values: Vec<Value>, relations: Vec<Relation>) -> Result<Self, StatementError> {
        for (index, value) in values.iter().enumerate() {
            if value.max == 0 || value.max > MAX_VALUE {
                return Err(StatementError::Range(index));
            }
        }
        let encrypted = values.iter().filter(|value| value.carrier == Carrier::Encrypted).count();
        if encrypted == 0 {
            return Err(StatementError::Empty);
        }
        for (index, relation) in relations.iter().enumerate() {
            check_relation(index, relation, &values)?;
        }

        let mut bits = 0;
        let mut forms = Vec::with_capacity(encrypted + relations.len());
        let mut value_terms = Vec::with_capacity(values.len());
        for value in &values {
            let terms = take_bits(&mut bits, value.max);
            if value.carrier == Carrier::Encrypted {
                let terms = terms.iter().map(|(bit, weight)| (*bit, Scalar::from(*weight))).collect();
                forms.push(Form { terms, constant: Scalar::ZERO });
            }
            value_terms.push(terms);
        }
        for relation in &relations {
            let mut terms = Vec::new();
            for (value, coefficient) in &relation.terms {
                let coefficient = scalar_from_i64(*coefficient);
                terms.extend(
                    value_terms[*value].iter().map(|(bit, weight)| (*bit, coefficient * Scalar::from(*weight))),
                );
            }
            let slack = take_bits(&mut bits, relation.hi.abs_diff(relation.lo));
            terms.extend(slack.iter().map(|(bit, weight)| (*bit, -Scalar::from(*weight))));
            forms.push(Form { terms, constant: scalar_from_i64(relation.lo) });
        }
        if bits > MAX_BITS {
            return Err(StatementError::TooLarge(bits));
        }
        let bytes = encode(&values, &relations);
        Ok(Self { values, relations, bytes, forms, encrypted, bits })
    }

    /// The values in order.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The relations in order.
    #[must_use]
    pub fn relations(&self) -> &[Relation] {
        &self.relations
    }

    /// Number of encrypted values, hence of ciphertexts.
    #[must_use]
    pub fn encrypted(&self) -> usize {
        self.encrypted
    }

    /// Number of bits L, slack bits included.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// Number of linear forms m: encrypted values and relations.
    #[must_use]
    pub fn form_count(&self) -> usize {
        self.forms.len()
    }

    /// Bytes of the ciphertexts together.
    #[must_use]
    pub fn ciphertext_bytes(&self) -> usize {
        self.encrypted * Ciphertext::BYTES
    }

    /// Canonical bytes for the transcript (M2): the number of values, then for each a byte (0 encrypted, 1 committed)
    /// and max; the number of relations, then for each lo, hi, the number of terms and each term's index and
    /// coefficient. All integers are 8 bytes little endian.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn forms(&self) -> &[Form] {
        &self.forms
    }

    /// Encrypts the encrypted values in order, one randomness for each. Constant time.
    ///
    /// # Errors
    /// [`ProofError::Misuse`] on a wrong number of values or randomnesses.
    pub fn encrypt(
        &self,
        key: &EncryptionKey,
        values: &[u64],
        randomness: &[SecretScalar],
    ) -> Result<Vec<Ciphertext>, ProofError> {
        if values.len() != self.values.len() || randomness.len() != self.encrypted {
            return Err(ProofError::Misuse("a value for each cell and a randomness for each ciphertext are needed"));
        }
        let encrypted = self.values.iter().zip(values).filter(|(value, _)| value.carrier == Carrier::Encrypted);
        Ok(encrypted.zip(randomness).map(|((_, v), r)| key.encrypt(&Scalar::from(*v), r)).collect())
    }

    /// The bits of a vector of values as scalars, in constant time (M8).
    ///
    /// # Errors
    /// [`ProofError::Misuse`] if a value is outside its range or a relation does not hold.
    pub(crate) fn witness_bits(&self, values: &[u64]) -> Result<Zeroizing<Vec<Scalar>>, ProofError> {
        if values.len() != self.values.len() {
            return Err(ProofError::Misuse("wrong number of values"));
        }
        let mut bits = Zeroizing::new(Vec::with_capacity(self.bits));
        for (value, secret) in self.values.iter().zip(values) {
            if *secret > value.max {
                return Err(ProofError::Misuse("a value is above its maximum"));
            }
            decompose(&mut bits, *secret, value.max);
        }
        for relation in &self.relations {
            let sum: i128 = relation.terms.iter().map(|(i, c)| i128::from(*c) * i128::from(values[*i])).sum();
            let slack = sum - i128::from(relation.lo);
            let width = relation.hi.abs_diff(relation.lo);
            let slack = u64::try_from(slack).map_err(|_| ProofError::Misuse("a relation falls below its bound"))?;
            if slack > width {
                return Err(ProofError::Misuse("a relation exceeds its bound"));
            }
            decompose(&mut bits, slack, width);
        }
        Ok(bits)
    }
}

fn check_relation(index: usize, relation: &Relation, values: &[Value]) -> Result<(), StatementError> {
    if relation.lo > relation.hi {
        return Err(StatementError::Bounds(index));
    }
    if relation.terms.is_empty() {
        return Err(StatementError::Terms(index));
    }
    let mut reach = i128::from(relation.lo).abs() + i128::from(relation.hi).abs();
    let mut previous = None;
    for (value, coefficient) in &relation.terms {
        let ascending = previous.is_none_or(|previous| previous < *value);
        previous = Some(*value);
        let Some(max) = values.get(*value).map(|value| value.max) else {
            return Err(StatementError::Terms(index));
        };
        if !ascending || *coefficient == 0 {
            return Err(StatementError::Terms(index));
        }
        reach = reach.saturating_add(i128::from(*coefficient).abs().saturating_mul(i128::from(max)));
    }
    if reach < RELATION_BOUND { Ok(()) } else { Err(StatementError::Overflow(index)) }
}

/// The number k of binary weights of the range 0..=max, and the rest: `2^k - 1 + rest = max` (M8).
fn split(max: u64) -> (u32, u64) {
    let k = (max + 1).ilog2();
    (k, max - ((1 << k) - 1))
}

/// Reserves the bits of a range 0..=max and returns them with their weights; none for max = 0.
fn take_bits(next: &mut usize, max: u64) -> Vec<(usize, u64)> {
    let (k, rest) = split(max);
    let weights = (0..k).map(|i| 1_u64 << i).chain((rest > 0).then_some(rest));
    let terms: Vec<_> = weights.enumerate().map(|(i, weight)| (*next + i, weight)).collect();
    *next += terms.len();
    terms
}

/// The bits of `value <= max` for the weights of [`take_bits`]: the rest is taken if `value >= 2^k`, then binary (M8).
fn decompose(bits: &mut Vec<Scalar>, value: u64, max: u64) {
    let (k, rest) = split(max);
    let take: Choice = value.ct_gt(&((1 << k) - 1));
    let value = value - u64::conditional_select(&0, &rest, take);
    bits.extend((0..k).map(|i| Scalar::from(value >> i & 1)));
    if rest > 0 {
        bits.push(Scalar::conditional_select(&Scalar::ZERO, &Scalar::ONE, take));
    }
}

fn encode(values: &[Value], relations: &[Relation]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let count = |n: usize| (n as u64).to_le_bytes();
    bytes.extend(count(values.len()));
    for Value { max, carrier } in values {
        bytes.push(match carrier {
            Carrier::Encrypted => 0,
            Carrier::Committed => 1,
        });
        bytes.extend(max.to_le_bytes());
    }
    bytes.extend(count(relations.len()));
    for Relation { terms, lo, hi } in relations {
        bytes.extend(lo.to_le_bytes());
        bytes.extend(hi.to_le_bytes());
        bytes.extend(count(terms.len()));
        for (value, coefficient) in terms {
            bytes.extend(count(*value));
            bytes.extend(coefficient.to_le_bytes());
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(bits: &[Scalar], terms: &[(usize, u64)]) -> u64 {
        terms.iter().map(|(bit, weight)| if bits[*bit] == Scalar::ONE { *weight } else { 0 }).sum()
    }

    #[test]
    fn m8_every_value_up_to_max_and_no_other_can_be_formed() {
        for max in 1..600_u64 {
            let mut next = 0;
            let terms = take_bits(&mut next, max);
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
        assert_eq!(refused(vec![Value::encrypted(MAX_VALUE + 1)], vec![]), StatementError::Range(0));
        assert_eq!(refused(cells(), relation(&[(0, 1)], 1, 0)), StatementError::Bounds(0));
        assert_eq!(refused(cells(), relation(&[], 0, 1)), StatementError::Terms(0));
        assert_eq!(refused(cells(), relation(&[(2, 1)], 0, 1)), StatementError::Terms(0));
        assert_eq!(refused(cells(), relation(&[(0, 0)], 0, 1)), StatementError::Terms(0));
        assert_eq!(refused(cells(), relation(&[(0, 1), (0, 1)], 0, 1)), StatementError::Terms(0));
        assert_eq!(refused(cells(), relation(&[(1, 1 << 47)], 0, 1)), StatementError::Overflow(0));
        assert_eq!(refused(cells(), relation(&[(1, i64::MIN)], i64::MIN, i64::MAX)), StatementError::Overflow(0));
        assert_eq!(refused(vec![Value::encrypted(MAX_VALUE); 129], vec![]), StatementError::TooLarge(2_064));
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
        add(&|values, _| values[1].carrier = Carrier::Encrypted);
        add(&|values, _| values.push(Value::encrypted(1)));
        add(&|_, relations| relations.clear());
        add(&|_, relations| relations[0].lo = -1);
        add(&|_, relations| relations[0].hi = 2);
        add(&|_, relations| relations[0].terms[0] = (1, 1));
        add(&|_, relations| relations[0].terms[0] = (0, -1));
        add(&|_, relations| relations[0].terms.push((1, 1)));
    }
}

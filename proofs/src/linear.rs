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
//!
//! An encrypted value with a maximum above 65,535 is *wide*: it has no bits but a commitment of its own and a place in an
//! aggregated range proof (F1). Relations mix narrow and wide values freely; slacks are always bits.

mod image;

use subtle::{Choice, ConditionallySelectable, ConstantTimeGreater};
use zeroize::Zeroizing;

use crate::elgamal::{Ciphertext, EncryptionKey};
use crate::error::{ProofError, StatementError};
#[cfg(test)]
use crate::group::scalar_from_i64;
use crate::group::{RangeShape, Scalar};
use crate::range;
use crate::secret::SecretScalar;
use image::RelationForm;

/// The most bits one argument may have; its responses alone would fill an entry of the log beyond that.
pub const MAX_BITS: usize = 2_048;

/// The largest maximum of a value made of bits: 16 bits. An encrypted value with a larger one is wide.
pub const MAX_VALUE: u64 = 65_535;

/// The largest maximum of a wide value: 2^40, the bound up to which discrete logarithms of totals are searched (A9).
pub const MAX_WIDE: u64 = 1 << 40;

/// The most wide values of one statement: two places each in a range proof of at most 64 places.
pub const MAX_WIDE_VALUES: usize = 32;

/// The most linear forms of one statement: encrypted values and relations. Relations without slack cost no bits, so that
/// [`MAX_BITS`] alone would not bound the work of a verifier or the knowledge error.
pub const MAX_FORMS: usize = 8_192;

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
    /// Largest value, 1..=65535, or up to 2^40 if it is encrypted; the smallest is 0.
    pub max: u64,
    /// Encrypted or committed.
    pub carrier: Carrier,
}

impl Value {
    /// An encrypted value in 0..=max, wide if max is above [`MAX_VALUE`].
    #[must_use]
    pub const fn encrypted(max: u64) -> Self {
        Self { max, carrier: Carrier::Encrypted }
    }

    /// A value in 0..=max that is only committed to.
    #[must_use]
    pub const fn committed(max: u64) -> Self {
        Self { max, carrier: Carrier::Committed }
    }

    /// Whether the value has a commitment and a range proof instead of bits (F1).
    #[must_use]
    pub const fn is_wide(&self) -> bool {
        self.max > MAX_VALUE
    }

    /// Whether there is a proof for such a range.
    const fn has_proof(&self) -> bool {
        let bound = match self.carrier {
            Carrier::Encrypted => MAX_WIDE,
            Carrier::Committed => MAX_VALUE,
        };
        self.max != 0 && self.max <= bound
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

/// A linear form over bits and wide values that must equal a public pair: the ciphertext of a value, or
/// `(0, constant x G)`. Written out for tests, which compare [`Statement::image`] with it.
#[cfg(test)]
#[derive(Clone, Debug)]
pub(crate) struct Form {
    /// Index of a bit and its coefficient.
    pub(crate) terms: Vec<(usize, Scalar)>,
    /// Index among the wide values and its coefficient.
    pub(crate) wide: Vec<(usize, Scalar)>,
    /// For a relation the constant `lo`; zero for an encrypted value.
    pub(crate) constant: Scalar,
}

#[cfg(test)]
impl Form {
    pub(crate) fn evaluate(&self, bits: &[Scalar], wide: &[Scalar]) -> Scalar {
        let narrow: Scalar = self.terms.iter().map(|(bit, coefficient)| bits[*bit] * coefficient).sum();
        let wide: Scalar = self.wide.iter().map(|(value, coefficient)| wide[*value] * coefficient).sum();
        narrow + wide
    }

    fn add(&mut self, coefficient: Scalar, place: &Place) {
        match place {
            Place::Bits { first, binary, rest } => {
                let weights = (0..*binary).map(|i| 1_u64 << i).chain((*rest > 0).then_some(*rest));
                let terms = weights.enumerate().map(|(i, weight)| (first + i, coefficient * Scalar::from(weight)));
                self.terms.extend(terms);
            }
            Place::Wide(index) => self.wide.push((*index, coefficient)),
        }
    }
}

/// Where a value stands.
#[derive(Clone, Debug)]
enum Place {
    /// Bits from the index `first` on: `binary` ones with the weights 1, 2, 4, .., and one with the weight `rest` unless
    /// that is 0.
    Bits { first: usize, binary: usize, rest: u64 },
    /// A wide value by its index among them.
    Wide(usize),
}

/// A checked statement and the layout derived from it.
#[derive(Clone, Debug)]
pub struct Statement {
    values: Vec<Value>,
    relations: Vec<Relation>,
    bytes: Vec<u8>,
    /// Where the values stand, in order.
    places: Vec<Place>,
    /// The relations as forms, in order. Before them, in the order of powers of y, come the encrypted values.
    relation_forms: Vec<RelationForm>,
    /// First those of the encrypted values in order, then those of the relations in order.
    #[cfg(test)]
    forms: Vec<Form>,
    encrypted: usize,
    bits: usize,
    /// Maxima of the wide values in order.
    wide: Vec<u64>,
}

impl Statement {
    /// Checks values and relations and derives the layout.
    ///
    /// # Errors
    /// A [`StatementError`] naming the value or relation.
    pub fn new(values: Vec<Value>, relations: Vec<Relation>) -> Result<Self, StatementError> {
        for (index, value) in values.iter().enumerate() {
            if !value.has_proof() {
                return Err(StatementError::Range(index));
            }
        }
        let wide: Vec<_> = values.iter().filter(|value| value.is_wide()).map(|value| value.max).collect();
        if wide.len() > MAX_WIDE_VALUES {
            return Err(StatementError::TooManyWide(wide.len()));
        }
        let encrypted = values.iter().filter(|value| value.carrier == Carrier::Encrypted).count();
        if encrypted == 0 {
            return Err(StatementError::Empty);
        }
        let form_count = encrypted.saturating_add(relations.len());
        if form_count > MAX_FORMS {
            return Err(StatementError::TooManyForms(form_count));
        }
        for (index, relation) in relations.iter().enumerate() {
            check_relation(index, relation, &values)?;
        }

        let (mut bits, mut next_wide) = (0, 0);
        let mut places = Vec::with_capacity(values.len());
        for value in &values {
            places.push(if value.is_wide() {
                next_wide += 1;
                Place::Wide(next_wide - 1)
            } else {
                take_bits(&mut bits, value.max)
            });
        }
        let mut slacks = Vec::with_capacity(relations.len());
        for relation in &relations {
            slacks.push(take_bits(&mut bits, relation.hi.abs_diff(relation.lo)));
        }
        if bits > MAX_BITS {
            return Err(StatementError::TooLarge(bits));
        }
        let bytes = encode(&values, &relations);
        #[cfg(test)]
        let forms = forms(&values, &relations, &places, &slacks);
        let relation_forms = relations.iter().zip(slacks);
        let relation_forms =
            relation_forms.map(|(relation, slack)| RelationForm::new(&relation.terms, slack, relation.lo));
        let relation_forms = relation_forms.collect();
        Ok(Self {
            values,
            relations,
            bytes,
            places,
            relation_forms,
            #[cfg(test)]
            forms,
            encrypted,
            bits,
            wide,
        })
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

    /// Number of wide values: those with a maximum above [`MAX_VALUE`].
    #[must_use]
    pub fn wide(&self) -> usize {
        self.wide.len()
    }

    /// Maxima of the wide values in order.
    pub(crate) fn wide_maxima(&self) -> &[u64] {
        &self.wide
    }

    /// Shape of the range proof of the wide values; none if there are no wide values.
    pub(crate) fn range_shape(&self) -> Option<RangeShape> {
        range::shape(&self.wide)
    }

    /// Number of linear forms m: encrypted values and relations, at most [`MAX_FORMS`].
    #[must_use]
    pub fn form_count(&self) -> usize {
        self.encrypted + self.relations.len()
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

    #[cfg(test)]
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
            if !value.is_wide() {
                decompose(&mut bits, *secret, value.max);
            }
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

    /// The wide ones of a vector of values in order.
    pub(crate) fn witness_wide(&self, values: &[u64]) -> Zeroizing<Vec<u64>> {
        let wide = self.values.iter().zip(values).filter(|(value, _)| value.is_wide());
        Zeroizing::new(wide.map(|(_, secret)| *secret).collect())
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

/// Reserves the bits of a range 0..=max; none for max = 0.
fn take_bits(next: &mut usize, max: u64) -> Place {
    let (k, rest) = split(max);
    let (first, binary) = (*next, k as usize);
    *next += binary + usize::from(rest > 0);
    Place::Bits { first, binary, rest }
}

/// All forms, written out over bits.
#[cfg(test)]
fn forms(values: &[Value], relations: &[Relation], places: &[Place], slacks: &[Place]) -> Vec<Form> {
    let form = |constant| Form { terms: Vec::new(), wide: Vec::new(), constant };
    let mut forms = Vec::new();
    for (_, place) in values.iter().zip(places).filter(|(value, _)| value.carrier == Carrier::Encrypted) {
        let mut form = form(Scalar::ZERO);
        form.add(Scalar::ONE, place);
        forms.push(form);
    }
    for (relation, slack) in relations.iter().zip(slacks) {
        let mut form = form(scalar_from_i64(relation.lo));
        relation.terms.iter().for_each(|(value, number)| form.add(scalar_from_i64(*number), &places[*value]));
        form.add(-Scalar::ONE, slack);
        forms.push(form);
    }
    forms
}

/// The bits of `value <= max` for the weights of [`take_bits`]: the rest is taken if `value >= 2^k`, then binary (M8).
pub(crate) fn decompose(bits: &mut Vec<Scalar>, value: u64, max: u64) {
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
mod tests;

//! The image of a vector of bits under all linear forms at once: what prover and verifier compute of masks and responses.
//!
//! A form over bits is mostly a form over the values that the bits make up. So each value is put together once, by
//! doubling and adding, and relations work on values: a ranking has thirteen bits in each relation, but four values.

use zeroize::Zeroizing;

use super::{Carrier, Place, Statement};
use crate::group::{Scalar, scalar_from_i64};

/// A coefficient of a relation; most are 1 or -1 and need no multiplication.
#[derive(Clone, Debug)]
enum Coefficient {
    One,
    MinusOne,
    Other(Scalar),
}

/// A relation as a form over values and its own slack.
#[derive(Clone, Debug)]
pub(super) struct RelationForm {
    terms: Vec<(usize, Coefficient)>,
    slack: Place,
    constant: Scalar,
}

impl RelationForm {
    pub(super) fn new(terms: &[(usize, i64)], slack: Place, lo: i64) -> Self {
        let coefficient = |number: i64| match number {
            1 => Coefficient::One,
            -1 => Coefficient::MinusOne,
            other => Coefficient::Other(scalar_from_i64(other)),
        };
        let terms = terms.iter().map(|(value, number)| (*value, coefficient(*number))).collect();
        Self { terms, slack, constant: scalar_from_i64(lo) }
    }

    fn evaluate(&self, values: &[Scalar], bits: &[Scalar], wide: &[Scalar]) -> Scalar {
        let mut sum = -self.slack.value(bits, wide);
        for (value, coefficient) in &self.terms {
            match coefficient {
                Coefficient::One => sum += values[*value],
                Coefficient::MinusOne => sum -= values[*value],
                Coefficient::Other(scalar) => sum += values[*value] * scalar,
            }
        }
        sum
    }
}

impl Place {
    /// The value that these bits, or responses for them, make up: their weights are 1, 2, 4, .. and the rest (M8).
    fn value(&self, bits: &[Scalar], wide: &[Scalar]) -> Scalar {
        match self {
            Self::Wide(index) => wide[*index],
            Self::Bits { first, binary, rest } => {
                let (binary, last) = bits[*first..].split_at(*binary);
                let mut sum = Scalar::ZERO;
                for (i, bit) in binary.iter().rev().enumerate() {
                    sum = if i == 0 { *bit } else { sum + sum + bit };
                }
                if *rest > 0 { sum + last[0] * Scalar::from(*rest) } else { sum }
            }
        }
    }
}

impl Statement {
    /// `sum y^j (form_j(bits, wide) - x constant_j)`. Constant time in bits and wide values.
    pub(crate) fn image(&self, y: &Scalar, x: &Scalar, bits: &[Scalar], wide: &[Scalar]) -> Scalar {
        let values: Zeroizing<Vec<Scalar>> =
            Zeroizing::new(self.places.iter().map(|place| place.value(bits, wide)).collect());
        // From the highest power down. Neighbours mostly have the same constant.
        let (mut image, mut constant, mut product) = (Scalar::ZERO, Scalar::ZERO, Scalar::ZERO);
        for form in self.relation_forms.iter().rev() {
            if form.constant != constant {
                (constant, product) = (form.constant, x * form.constant);
            }
            image = image * y + (form.evaluate(&values, bits, wide) - product);
        }
        let encrypted = self.values.iter().zip(values.iter()).filter(|(value, _)| value.carrier == Carrier::Encrypted);
        encrypted.rev().fold(image, |image, (_, value)| image * y + value)
    }
}

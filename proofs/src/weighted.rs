//! Weighted sums of responses, as integers that are reduced once.
//!
//! A batch adds two products for each bit of each argument to the coefficients of the shared generators. As scalars each
//! product is reduced at once; as integers they are added up and the sum is reduced. For the verifier: no secret comes here.

use crate::group::Scalar;

/// Limbs of 64 bits of a scalar, and of a product of two.
const SCALAR: usize = 4;
const PRODUCT: usize = 2 * SCALAR;
/// Limbs of a sum: a product of two scalars and a weight has 128 + 2 x 253 bits, so that 2^70 of them fit.
const SUM: usize = PRODUCT + 3;

/// `sum of weight x response`, or of `weight x response x response`; weights have 128 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WeightedSum([u64; SUM]);

/// A scalar or a weight as an integer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Integer([u64; SCALAR]);

impl Integer {
    pub(crate) fn of(scalar: &Scalar) -> Self {
        let mut limbs = [0; SCALAR];
        for (limb, bytes) in limbs.iter_mut().zip(scalar.as_bytes().as_chunks::<8>().0) {
            *limb = u64::from_le_bytes(*bytes);
        }
        Self(limbs)
    }

    /// The low 128 bits, which are all of a weight.
    fn weight(&self) -> [u64; 2] {
        let [low, high, rest @ ..] = self.0;
        debug_assert_eq!(rest, [0, 0], "a weight has 128 bits");
        [low, high]
    }
}

/// Adds `factor x limbs`, moved up by `SHIFT` limbs. The sum has room for the carry.
#[inline]
fn add_row<const SHIFT: usize>(sum: &mut [u64], factor: u64, limbs: &[u64]) {
    let mut carry = 0_u64;
    let (low, high) = sum[SHIFT..].split_at_mut(limbs.len());
    for (place, limb) in low.iter_mut().zip(limbs) {
        // At most (2^64 - 1)^2 + 2 (2^64 - 1) = 2^128 - 1.
        let row = u128::from(factor) * u128::from(*limb) + u128::from(*place) + u128::from(carry);
        (*place, carry) = (row as u64, (row >> 64) as u64);
    }
    for place in high {
        let (value, overflow) = place.overflowing_add(carry);
        (*place, carry) = (value, u64::from(overflow));
    }
    debug_assert_eq!(carry, 0, "the sum is too small for so many terms");
}

impl WeightedSum {
    pub(crate) const ZERO: Self = Self([0; SUM]);

    /// Adds `weight x scalar`.
    #[inline]
    pub(crate) fn add(&mut self, weight: &Integer, scalar: &Integer) {
        let [low, high] = weight.weight();
        add_row::<0>(&mut self.0, low, &scalar.0);
        add_row::<1>(&mut self.0, high, &scalar.0);
    }

    /// Adds `weight x one x other`.
    #[inline]
    pub(crate) fn add_product(&mut self, weight: &Integer, one: &Integer, other: &Integer) {
        let mut product = [0; PRODUCT];
        let [a, b, c, d] = one.0;
        add_row::<0>(&mut product, a, &other.0);
        add_row::<1>(&mut product, b, &other.0);
        add_row::<2>(&mut product, c, &other.0);
        add_row::<3>(&mut product, d, &other.0);
        let [low, high] = weight.weight();
        add_row::<0>(&mut self.0, low, &product);
        add_row::<1>(&mut self.0, high, &product);
    }

    /// The sum modulo the group order.
    pub(crate) fn reduce(&self) -> Scalar {
        let bytes = |limbs: &[u64]| {
            let mut bytes = [0; 64];
            bytes.as_chunks_mut::<8>().0.iter_mut().zip(limbs).for_each(|(bytes, limb)| *bytes = limb.to_le_bytes());
            Scalar::from_bytes_mod_order_wide(&bytes)
        };
        let (low, high) = self.0.split_at(PRODUCT);
        let above = Scalar::from_bytes_mod_order_wide(&[0xff; 64]) + Scalar::ONE;
        bytes(low) + bytes(high) * above
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As many of the largest terms as a batch has at most, and more.
    #[test]
    fn the_largest_terms_fit() {
        let (weight, scalar) = (Scalar::from(u128::MAX), -Scalar::ONE);
        let mut sum = WeightedSum::ZERO;
        let integers = (Integer::of(&weight), Integer::of(&scalar));
        for _ in 0..1 << 16 {
            sum.add(&integers.0, &integers.1);
            sum.add_product(&integers.0, &integers.1, &integers.1);
        }
        let count = Scalar::from(1_u64 << 16);
        assert_eq!(sum.reduce(), weight * scalar * count + weight * scalar * scalar * count);
        let mut full = WeightedSum([u64::MAX; SUM]);
        full.0[SUM - 1] >>= 2;
        full.add_product(&integers.0, &integers.1, &integers.1);
        assert_ne!(full.reduce(), Scalar::ZERO);
    }

    proptest! {
        #[test]
        fn sums_equal_sums_of_scalars(terms in prop::collection::vec(any::<(u128, [u8; 32], [u8; 32])>(), 0..20)) {
            let (mut sum, mut expected) = (WeightedSum::ZERO, Scalar::ZERO);
            for (weight, one, other) in terms {
                let (weight, one, other) =
                    (Scalar::from(weight), Scalar::from_bytes_mod_order(one), Scalar::from_bytes_mod_order(other));
                let [w, a, b] = [&weight, &one, &other].map(Integer::of);
                sum.add(&w, &a);
                sum.add_product(&w, &a, &b);
                expected += weight * one + weight * one * other;
            }
            prop_assert_eq!(sum.reduce(), expected);
        }
    }
}

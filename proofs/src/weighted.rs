//! Weighted sums of responses, as integers that are reduced once.
//!
//! A batch adds two products for each bit of each argument to the coefficients of the shared generators. As scalars each
//! product is reduced at once; as integers they are added up and the sum is reduced. For the verifier: no secret comes here.

use crate::group::Scalar;

/// Limbs of 64 bits of a scalar, and of a product of two.
const SCALAR: usize = 4;
const PRODUCT: usize = 2 * SCALAR;
/// Limbs of a sum: a product of three scalars has 3 x 253 bits, so that 2^73 of them fit.
const SUM: usize = PRODUCT + 5;

/// `sum of weight x response`, or of `weight x response x response`.
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

/// Adds `factor x limbs`. Batch weights have two limbs only.
#[inline]
fn add_multiple(sum: &mut [u64], factor: &Integer, limbs: &[u64]) {
    let [a, b, c, d] = factor.0;
    add_row::<0>(sum, a, limbs);
    add_row::<1>(sum, b, limbs);
    if (c, d) != (0, 0) {
        add_row::<2>(sum, c, limbs);
        add_row::<3>(sum, d, limbs);
    }
}

impl WeightedSum {
    pub(crate) const ZERO: Self = Self([0; SUM]);

    /// Adds `weight x scalar`.
    #[inline]
    pub(crate) fn add(&mut self, weight: &Integer, scalar: &Integer) {
        add_multiple(&mut self.0, weight, &scalar.0);
    }

    /// Adds `weight x one x other`.
    #[inline]
    pub(crate) fn add_product(&mut self, weight: &Integer, one: &Integer, other: &Integer) {
        let mut product = [0; PRODUCT];
        add_multiple(&mut product, one, &other.0);
        add_multiple(&mut self.0, weight, &product);
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
        let largest = &integers.1;
        let before = sum.reduce();
        sum.add_product(largest, largest, largest);
        assert_eq!(sum.reduce(), before + scalar * scalar * scalar, "weights of any size");
    }

    proptest! {
        #[test]
        fn sums_equal_sums_of_scalars(terms in prop::collection::vec(any::<([u8; 32], [u8; 32], [u8; 32])>(), 0..20)) {
            let (mut sum, mut expected) = (WeightedSum::ZERO, Scalar::ZERO);
            for (weight, one, other) in terms {
                let (weight, one, other) =
                    [weight, one, other].map(Scalar::from_bytes_mod_order).into();
                let [w, a, b] = [&weight, &one, &other].map(Integer::of);
                sum.add(&w, &a);
                sum.add_product(&w, &a, &b);
                expected += weight * one + weight * one * other;
            }
            prop_assert_eq!(sum.reduce(), expected);
        }
    }
}

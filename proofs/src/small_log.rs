#![doc = include_str!("../doc/small-log.md")]

use core::fmt;

use curve25519_dalek::traits::Identity;

use crate::error::ProofError;
use crate::group::{BASE, BASE_TABLE, CompressedPoint, Point, Scalar};

/// The largest bound to which logarithms are searched: 2^40 (A9).
pub const MAX_BOUND: u64 = 1 << 40;

/// Fewest and most baby steps.
const MIN_STEPS: u64 = 64;
const MAX_STEPS: u64 = 1 << 20;

/// Points encoded with one inversion. Batches begin small, so that small logarithms are found at once.
const FIRST_BATCH: usize = 8;
const LARGEST_BATCH: usize = 512;

/// Bits of a slot that hold the baby step plus one; the others hold a part of the point's encoding.
const STEP_BITS: u32 = 21;

/// A table for discrete logarithms to the base G up to a bound. Public data only: variable time.
#[derive(Clone)]
pub struct SmallLog {
    bound: u64,
    /// Number m of baby steps 0..m.
    steps: u64,
    /// Half of G and half of -mG: the batch encoder doubles.
    half: Scalar,
    half_giant: Point,
    /// Open addressing, at most half full; 0 is an empty slot.
    slots: Vec<u64>,
}

impl fmt::Debug for SmallLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmallLog").field("bound", &self.bound).field("steps", &self.steps).finish_non_exhaustive()
    }
}

/// `first`, `first + step`, `first + 2 step` and so on: the encodings of their doubles, in growing batches.
fn doubled_encodings(first: Point, step: Point, count: u64) -> impl Iterator<Item = CompressedPoint> {
    let (mut next, mut left, mut size) = (first, count, FIRST_BATCH);
    core::iter::from_fn(move || {
        let here = usize::try_from(left).unwrap_or(size).min(size);
        if here == 0 {
            return None;
        }
        let mut points = Vec::with_capacity(here);
        for _ in 0..here {
            points.push(next);
            next += step;
        }
        left -= here as u64;
        size = (2 * size).min(LARGEST_BATCH);
        Some(Point::double_and_compress_batch(&points))
    })
    .flatten()
}

/// Where the search for an encoding begins, and what a slot holds of it besides the step.
fn address(encoding: &CompressedPoint, slots: usize) -> (usize, u64) {
    let (head, _) = encoding.as_bytes().split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
    // The lowest bit of a canonical encoding is 0 always, so it is dropped.
    let bits = u64::from_le_bytes(*head) >> 1;
    let mask = slots as u64 - 1;
    // `slots` is a power of two and at most 2^21: the cast loses nothing.
    ((bits & mask) as usize, bits >> STEP_BITS << STEP_BITS)
}

impl SmallLog {
    /// Makes the table for logarithms in `0..=bound`: about the square root of the bound, between 64 and 2^20 baby steps
    /// of half a microsecond, and 16 to 32 bytes for each (at most 16 MiB).
    ///
    /// # Errors
    /// [`ProofError::Misuse`] if `bound` exceeds [`MAX_BOUND`] (A9).
    pub fn new(bound: u64) -> Result<Self, ProofError> {
        if bound > MAX_BOUND {
            return Err(ProofError::Misuse("the bound of a logarithm exceeds 2^40: lower the sum of weights"));
        }
        let steps = (bound.isqrt() + 1).clamp(MIN_STEPS, MAX_STEPS);
        let half = Scalar::from(2_u64).invert();
        let half_base = BASE_TABLE * &half;
        // `steps` is at most 2^20: the cast loses nothing.
        let mut slots = vec![0_u64; (2 * steps as usize).next_power_of_two()];
        for (step, encoding) in (1_u64..).zip(doubled_encodings(Point::identity(), half_base, steps)) {
            let (start, rest) = address(&encoding, slots.len());
            if let Some(slot) = probe_mut(&mut slots, start) {
                *slot = rest | step;
            }
        }
        Ok(Self { bound, steps, half, half_giant: -(half_base * Scalar::from(steps)), slots })
    }

    /// The bound.
    #[must_use]
    pub fn bound(&self) -> u64 {
        self.bound
    }

    /// The one v in `0..=bound` with `point = vG`, or `None` if there is none. Checked by multiplication.
    ///
    /// Takes up to `bound / steps + 1` giant steps of about half a microsecond; small v are found first.
    #[must_use]
    pub fn solve(&self, point: &Point) -> Option<u64> {
        let giants = self.bound / self.steps + 1;
        let encodings = doubled_encodings(point * self.half, self.half_giant, giants);
        (0..giants).zip(encodings).find_map(|(giant, encoding)| {
            let candidates = self.candidates(&encoding).map(|step| giant * self.steps + step);
            // A slot holds a part of an encoding only, so each candidate is computed anew.
            candidates.into_iter().find(|value| *value <= self.bound && BASE * Scalar::from(*value) == *point)
        })
    }

    /// The baby steps whose stored part equals that of `encoding`: nearly always none or one.
    fn candidates(&self, encoding: &CompressedPoint) -> impl Iterator<Item = u64> {
        let (start, rest) = address(encoding, self.slots.len());
        let (before, from) = self.slots.split_at_checked(start).unwrap_or((&[], &[]));
        let chain = from.iter().chain(before).take_while(|slot| **slot != 0);
        chain
            .filter(move |slot| **slot >> STEP_BITS == rest >> STEP_BITS)
            .map(|slot| (slot & ((1 << STEP_BITS) - 1)) - 1)
    }
}

/// The first empty slot from `start` on, cyclically. There is one: the table is at most half full.
fn probe_mut(slots: &mut [u64], start: usize) -> Option<&mut u64> {
    let (before, from) = slots.split_at_mut_checked(start)?;
    from.iter_mut().chain(before).find(|slot| **slot == 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn times_base(value: u64) -> Point {
        BASE * Scalar::from(value)
    }

    /// Every value and one beyond, for bounds around every edge of the table.
    #[test]
    fn a9_all_values_up_to_the_bound_and_none_beyond() {
        for bound in [0, 1, 2, 63, 64, 65, 127, 128, 129, 1_000, 4_095, 4_096, 4_097] {
            let table = SmallLog::new(bound).unwrap();
            let mut point = Point::identity();
            for value in 0..=bound {
                assert_eq!(table.solve(&point), Some(value), "bound {bound}");
                point += BASE;
            }
            for value in bound + 1..bound + 200 {
                assert_eq!(table.solve(&point), None, "bound {bound}, value {value}");
                point += BASE;
            }
        }
    }

    #[test]
    fn a9_negative_values_and_points_without_a_small_logarithm_are_none() {
        let table = SmallLog::new(100_000).unwrap();
        assert_eq!(table.solve(&-BASE), None);
        assert_eq!(table.solve(&(-BASE * Scalar::from(100_000_u64))), None);
        assert_eq!(table.solve(&Point::from_uniform_bytes(&[7; 64])), None);
        assert_eq!(table.solve(&(BASE * Scalar::from(2_u64).invert())), None);
    }

    #[test]
    fn a9_bound_above_two_to_the_forty_is_refused() {
        assert!(matches!(SmallLog::new(MAX_BOUND + 1), Err(ProofError::Misuse(_))));
        assert!(matches!(SmallLog::new(u64::MAX), Err(ProofError::Misuse(_))));
    }

    /// The largest table once, with sums as large as real ones: seconds, not minutes.
    #[test]
    fn a9_the_largest_bound() {
        let table = SmallLog::new(MAX_BOUND).unwrap();
        assert_eq!(table.bound(), MAX_BOUND);
        let steps = MAX_STEPS;
        for value in [0, 1, steps - 1, steps, steps + 1, 21_642_136_685, 987_654_321_012, MAX_BOUND - 1, MAX_BOUND] {
            assert_eq!(table.solve(&times_base(value)), Some(value));
        }
        assert_eq!(table.solve(&times_base(MAX_BOUND + 1)), None);
    }

    #[test]
    fn debug_does_not_print_the_table() {
        assert_eq!(format!("{:?}", SmallLog::new(10).unwrap()), "SmallLog { bound: 10, steps: 64, .. }");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_values(bound in 0_u64..1 << 24, value in 0_u64..1 << 25) {
            let table = SmallLog::new(bound).unwrap();
            prop_assert_eq!(table.solve(&times_base(value)), (value <= bound).then_some(value));
        }
    }
}

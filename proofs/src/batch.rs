//! Batch verification: every group equation of many proofs folded with random weights into one multiscalar
//! multiplication.
//!
//! A proof is *prepared* (decoded, transcript replayed, challenges drawn) and becomes an [`Item`] of one or more
//! [`Pending`] equations of the form "this linear combination of points is the identity". A batch multiplies each
//! equation by its own weight of 128 bits and adds them up (M3). If any equation is false the sum is the identity with
//! probability at most 2^-127, over weights that depend on the caller's 32 random bytes and on the digest of every item
//! (M4). A batch that fails is halved, with fresh weights, until the false items are named; the last step is the same
//! equation with one item, so that batch and single verification agree.

use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};

use crate::bit_vector::PendingBitVector;
use crate::elgamal::PublicKey;
use crate::group::{BASE, Generators, Point, RangeShape, Scalar};
use crate::sigma::signature::PendingSignature;
use crate::transcript::Weights;
use crate::weighted::WeightedSum;

/// The most items in one multiscalar multiplication.
pub const CHUNK: usize = 1_024;

/// Points in one multiscalar multiplication, of items and shared ones: fewer cost more each, more leave the cache
/// (measured).
const CHUNK_POINTS: usize = 16_384;

/// How many points of items come upon a shared point at least, where there are so many.
const ITEMS_PER_SHARED: usize = 64;

/// The fewest items that are worth a thread of their own.
#[cfg(feature = "parallel")]
const LEAST_SHARE: usize = 64;

/// The equations of one proof, ready to be weighted.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "nearly all are arguments; boxing them would cost an allocation each")]
pub enum Pending {
    /// Three equations: vector commitment, and both components of the image of the masks. With wide values one more for
    /// each of them and two of their range proof.
    BitVector(PendingBitVector),
    /// One equation: `zG = R + cP`.
    Signature(PendingSignature),
}

/// What is accepted or refused as a whole: for instance several arguments and a signature.
#[derive(Debug, Default)]
pub struct Item {
    parts: Vec<Pending>,
}

impl Item {
    /// An item of these parts. An item without parts is never accepted (A35).
    #[must_use]
    pub fn new(parts: Vec<Pending>) -> Self {
        Self { parts }
    }

    /// Points of the item itself.
    fn points(&self) -> usize {
        let points = |part: &Pending| match part {
            Pending::BitVector(pending) => pending.points(),
            Pending::Signature(_) => 2,
        };
        self.parts.iter().map(points).sum()
    }

    fn digests(&self) -> impl Iterator<Item = [u8; 32]> + '_ {
        self.parts.iter().map(|part| match part {
            Pending::BitVector(pending) => pending.digest,
            Pending::Signature(pending) => pending.digest,
        })
    }

    fn fold<'a>(&'a self, weights: &mut Weights, sum: &mut Accumulator<'a>) {
        for part in &self.parts {
            match part {
                Pending::BitVector(pending) => pending.fold(weights, sum),
                Pending::Signature(pending) => pending.fold(weights, sum),
            }
        }
    }
}

/// The weighted sum under construction: coefficients of the shared points, and the points of single proofs.
pub(crate) struct Accumulator<'a> {
    /// Coefficient of G.
    pub(crate) base: Scalar,
    /// Coefficient of the encryption key Y.
    pub(crate) key: Scalar,
    /// Coefficient of K.
    pub(crate) blind: Scalar,
    /// Coefficient of H.
    pub(crate) value: Scalar,
    /// Coefficients of `h_i` but for their sign, and of `h'_i`.
    pub(crate) bits: Vec<(WeightedSum, WeightedSum)>,
    /// Coefficients of `G_i` and `H_i` of range proofs, `range_bits` for each place.
    range: Vec<(Scalar, Scalar)>,
    range_bits: usize,
    scalars: Vec<Scalar>,
    points: Vec<&'a Point>,
}

impl<'a> Accumulator<'a> {
    /// `range` is the largest number of bits and the largest number of places of any range proof.
    pub(crate) fn new(bits: usize, range: RangeShape) -> Self {
        Self {
            base: Scalar::ZERO,
            key: Scalar::ZERO,
            blind: Scalar::ZERO,
            value: Scalar::ZERO,
            bits: vec![(WeightedSum::ZERO, WeightedSum::ZERO); bits],
            range: vec![(Scalar::ZERO, Scalar::ZERO); range.bits * range.places],
            range_bits: range.bits,
            scalars: Vec::new(),
            points: Vec::new(),
        }
    }

    /// Makes room for the points of items.
    fn reserve(&mut self, points: usize) {
        self.scalars.reserve(points);
        self.points.reserve(points);
    }

    /// Adds `scalar x point`.
    pub(crate) fn push(&mut self, scalar: Scalar, point: &'a Point) {
        self.scalars.push(scalar);
        self.points.push(point);
    }

    /// Coefficients of `G_i` and `H_i` for one bit of one place of a range proof.
    pub(crate) fn range(&mut self, place: usize, bit: usize) -> (&mut Scalar, &mut Scalar) {
        let (direct, cross) = &mut self.range[place * self.range_bits + bit];
        (direct, cross)
    }

    /// Whether the sum is the identity. Variable time: everything here is public.
    pub(crate) fn vartime_is_identity(mut self, generators: &'a Generators, key: &'a PublicKey) -> bool {
        // `holds` has checked that there are enough generators.
        let bits = core::mem::take(&mut self.bits);
        for ((direct, cross), (bit, other)) in bits.iter().zip(generators.bit.iter().zip(&generators.cross)) {
            self.push(-direct.reduce(), bit);
            self.push(cross.reduce(), other);
        }
        if let Some(range) = &generators.range {
            let have = range.shape().bits;
            for (index, (direct, cross)) in core::mem::take(&mut self.range).into_iter().enumerate() {
                let index = index / self.range_bits * have + index % self.range_bits;
                self.push(direct, &range.direct[index]);
                self.push(cross, &range.cross[index]);
            }
        }
        let shared = [
            (self.base, &BASE),
            (self.key, key.point()),
            (self.blind, &generators.blind),
            (self.value, &generators.value),
        ];
        // H has no part where no value is wide, nor G, Y and K where there are signatures only.
        shared
            .into_iter()
            .filter(|(scalar, _)| *scalar != Scalar::ZERO)
            .for_each(|(scalar, point)| self.push(scalar, point));
        Point::vartime_multiscalar_mul(&self.scalars, self.points).is_identity()
    }
}

/// Verifies items under one encryption key and returns the verdict on each, in order.
///
/// `entropy` are 32 bytes from the caller's operating system (M4). With the feature `parallel` chunks are spread over
/// all cores. An item that needs more generators than given, was prepared for another key, or has no parts, is refused.
#[must_use]
pub fn verify(items: &[Item], generators: &Generators, key: &PublicKey, entropy: &[u8; 32]) -> Vec<bool> {
    let verdicts = |(index, chunk): (usize, &[Item])| {
        let mut verdicts = vec![false; chunk.len()];
        let mut round = (index as u64) << 32;
        bisect(chunk, generators, key, entropy, &mut round, &mut verdicts);
        verdicts
    };
    let size = chunk_size(items);
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        items.par_chunks(size).enumerate().flat_map_iter(verdicts).collect()
    }
    #[cfg(not(feature = "parallel"))]
    {
        items.chunks(size).enumerate().flat_map(verdicts).collect()
    }
}

/// Items of a chunk: so many that a chunk has the points of the fastest size, and that all chunks, as many on each core,
/// are alike.
fn chunk_size(items: &[Item]) -> usize {
    let count = items.len().max(1);
    let points = items.iter().map(Item::points).sum::<usize>().max(1);
    let wanted = CHUNK_POINTS.max(shared_points(items) * ITEMS_PER_SHARED);
    let chunks = points.div_ceil(wanted).max(count.div_ceil(CHUNK));
    #[cfg(feature = "parallel")]
    let chunks = {
        let threads = rayon::current_num_threads().max(1);
        chunks.next_multiple_of(threads).min(count.div_ceil(LEAST_SHARE).max(chunks))
    };
    count.div_ceil(chunks)
}

/// Points that all these items share: two for each bit of the largest argument, and two for each bit of each place of the
/// largest range proof.
fn shared_points(items: &[Item]) -> usize {
    let points = |part: &Pending| match part {
        Pending::BitVector(pending) => {
            pending.bits() + pending.range_shape().map_or(0, |shape| shape.bits * shape.places)
        }
        Pending::Signature(_) => 0,
    };
    2 * items.iter().flat_map(|item| &item.parts).map(points).max().unwrap_or(0)
}

/// Marks the true items of `items` in `verdicts`; halves on failure.
fn bisect(
    items: &[Item],
    generators: &Generators,
    key: &PublicKey,
    entropy: &[u8; 32],
    round: &mut u64,
    verdicts: &mut [bool],
) {
    if holds(items, generators, key, entropy, *round) {
        verdicts.fill(true);
        return;
    }
    if items.len() < 2 {
        return;
    }
    let middle = items.len() / 2;
    let (left, right) = items.split_at(middle);
    let (left_verdicts, right_verdicts) = verdicts.split_at_mut(middle);
    *round += 1;
    bisect(left, generators, key, entropy, round, left_verdicts);
    *round += 1;
    bisect(right, generators, key, entropy, round, right_verdicts);
}

/// Whether the weighted sum of all equations is the identity.
fn holds(items: &[Item], generators: &Generators, key: &PublicKey, entropy: &[u8; 32], round: u64) -> bool {
    if items.is_empty() || items.iter().any(|item| item.parts.is_empty()) {
        return false;
    }
    let (mut bits, mut range) = (0, RangeShape { bits: 0, places: 0 });
    for part in items.iter().flat_map(|item| &item.parts) {
        match part {
            Pending::BitVector(pending) => {
                if !pending.is_about(key) {
                    return false;
                }
                bits = bits.max(pending.bits());
                if let Some(shape) = pending.range_shape() {
                    range.bits = range.bits.max(shape.bits);
                    range.places = range.places.max(shape.places);
                }
            }
            Pending::Signature(_) => {}
        }
    }
    if bits > generators.bits() || (range.bits > 0 && !generators.cover(range)) {
        return false;
    }
    let mut weights = Weights::new(entropy, round, items.iter().flat_map(Item::digests));
    let mut sum = Accumulator::new(bits, range);
    sum.reserve(items.iter().map(Item::points).sum::<usize>() + 2 * (bits + range.bits * range.places));
    items.iter().for_each(|item| item.fold(&mut weights, &mut sum));
    sum.vartime_is_identity(generators, key)
}

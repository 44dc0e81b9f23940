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
use crate::group::{BASE, Generators, Point, Scalar};
use crate::sigma::signature::PendingSignature;
use crate::transcript::Weights;

/// Items in one multiscalar multiplication: beyond about a thousand the points leave the cache (measured).
pub const CHUNK: usize = 1_024;

/// The equations of one proof, ready to be weighted.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "nearly all are arguments; boxing them would cost an allocation each")]
pub enum Pending {
    /// Three equations: vector commitment, and both components of the image of the masks.
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

    fn digests(&self) -> impl Iterator<Item = [u8; 32]> + '_ {
        self.parts.iter().map(|part| match part {
            Pending::BitVector(pending) => pending.digest,
            Pending::Signature(pending) => pending.digest,
        })
    }

    fn fold(&self, weights: &mut Weights, sum: &mut Accumulator) {
        for part in &self.parts {
            match part {
                Pending::BitVector(pending) => pending.fold(weights, sum),
                Pending::Signature(pending) => pending.fold(weights, sum),
            }
        }
    }
}

/// The weighted sum under construction: coefficients of the shared points, and the points of single proofs.
pub(crate) struct Accumulator {
    /// Coefficient of G.
    pub(crate) base: Scalar,
    /// Coefficient of the encryption key Y.
    pub(crate) key: Scalar,
    /// Coefficient of K.
    pub(crate) blind: Scalar,
    /// Coefficients of `h_i`.
    pub(crate) bit: Vec<Scalar>,
    /// Coefficients of `h'_i`.
    pub(crate) cross: Vec<Scalar>,
    scalars: Vec<Scalar>,
    points: Vec<Point>,
}

impl Accumulator {
    fn new(bits: usize) -> Self {
        Self {
            base: Scalar::ZERO,
            key: Scalar::ZERO,
            blind: Scalar::ZERO,
            bit: vec![Scalar::ZERO; bits],
            cross: vec![Scalar::ZERO; bits],
            scalars: Vec::new(),
            points: Vec::new(),
        }
    }

    /// Adds `scalar x point`.
    pub(crate) fn push(&mut self, scalar: Scalar, point: Point) {
        self.scalars.push(scalar);
        self.points.push(point);
    }

    /// Whether the sum is the identity. Variable time: everything here is public.
    fn vartime_is_identity(self, generators: &Generators, key: &PublicKey) -> bool {
        let scalars =
            self.scalars.iter().chain([&self.base, &self.key, &self.blind]).chain(&self.bit).chain(&self.cross);
        let points = self.points.iter().chain([&BASE, key.point(), &generators.blind]);
        let bits = self.bit.len();
        // `verify` has checked that there are enough generators.
        let points = points.chain(&generators.bit[..bits]).chain(&generators.cross[..bits]);
        Point::vartime_multiscalar_mul(scalars, points).is_identity()
    }
}

/// Verifies items under one encryption key and returns the verdict on each, in order.
///
/// `entropy` are 32 bytes from the caller's operating system (M4). With the feature `parallel` chunks are spread over
/// all cores. An item that needs more generators than given, or has no parts, is refused.
#[must_use]
pub fn verify(items: &[Item], generators: &Generators, key: &PublicKey, entropy: &[u8; 32]) -> Vec<bool> {
    let verdicts = |(index, chunk): (usize, &[Item])| {
        let mut verdicts = vec![false; chunk.len()];
        let mut round = (index as u64) << 32;
        bisect(chunk, generators, key, entropy, &mut round, &mut verdicts);
        verdicts
    };
    let size = chunk_size(items.len());
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

/// Full chunks, or one share for each core where there are fewer items than that.
fn chunk_size(items: usize) -> usize {
    #[cfg(feature = "parallel")]
    let share = items.div_ceil(rayon::current_num_threads().max(1)).max(64);
    #[cfg(not(feature = "parallel"))]
    let share = items;
    share.clamp(1, CHUNK)
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
    let bits = items.iter().flat_map(|item| &item.parts).map(|part| match part {
        Pending::BitVector(pending) => pending.bits(),
        Pending::Signature(_) => 0,
    });
    let bits = bits.max().unwrap_or(0);
    if bits > generators.bits() {
        return false;
    }
    let mut weights = Weights::new(entropy, round, items.iter().flat_map(Item::digests));
    let mut sum = Accumulator::new(bits);
    items.iter().for_each(|item| item.fold(&mut weights, &mut sum));
    sum.vartime_is_identity(generators, key)
}

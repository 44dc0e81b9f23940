#![doc = include_str!("../../doc/range.md")]

mod prove;
#[cfg(test)]
pub(crate) mod tests;
mod verify;

use crate::error::ProofError;
use crate::group::{CompressedPoint, POINT_BYTES, RangeShape, SCALAR_BYTES, Scalar, decode_scalar};

pub(crate) use prove::prove;
pub(crate) use verify::{PendingRange, prepare};

const WHAT: &str = "range proof";

/// The shape of the proof for wide values with these maxima: 32 bits if they suffice for all, else 64, and two places
/// for each value, filled up to a power of two. None without values.
pub(crate) fn shape(maxima: &[u64]) -> Option<RangeShape> {
    let largest = maxima.iter().max()?;
    let bits = if *largest < 1 << 32 { 32 } else { 64 };
    Some(RangeShape { bits, places: (2 * maxima.len()).next_power_of_two() })
}

/// Rounds of the inner-product argument: the binary logarithm of n m.
fn rounds(shape: RangeShape) -> usize {
    (shape.bits * shape.places).ilog2() as usize
}

/// Bytes of a proof of this shape: 32 (9 + 2 log2(n m)).
pub(crate) fn encoded_len(shape: RangeShape) -> usize {
    4 * POINT_BYTES + 5 * SCALAR_BYTES + 2 * rounds(shape) * POINT_BYTES
}

/// An aggregated range proof as the crate `bulletproofs` encodes it, taken apart so that it can join a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(non_snake_case, reason = "letters of the paper: capitals are points")]
pub(crate) struct RangeProof {
    /// Commitment to the bits of all values.
    pub(crate) A: CompressedPoint,
    /// Commitment to their blinding vectors.
    pub(crate) S: CompressedPoint,
    /// Commitments to the coefficients of t(X).
    pub(crate) T: [CompressedPoint; 2],
    /// t(x), its blinding, and the blinding of A and S at x.
    pub(crate) t_x: Scalar,
    pub(crate) t_x_blinding: Scalar,
    pub(crate) e_blinding: Scalar,
    /// L and R of each round.
    pub(crate) rounds: Vec<[CompressedPoint; 2]>,
    /// What is left of both vectors.
    pub(crate) a: Scalar,
    pub(crate) b: Scalar,
}

impl RangeProof {
    /// A, S, T_1, T_2, t_x, its blinding, the blinding of A and S, then L and R of each round, a, b; 32 bytes each.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let Self { A, S, T: [t1, t2], t_x, t_x_blinding, e_blinding, rounds, a, b } = self;
        let points = [A, S, t1, t2].into_iter().flat_map(|point| point.as_bytes());
        let scalars = [t_x, t_x_blinding, e_blinding].into_iter().flat_map(|scalar| scalar.as_bytes());
        let rounds = rounds.iter().flatten().flat_map(|point| point.as_bytes());
        let last = [a, b].into_iter().flat_map(|scalar| scalar.as_bytes());
        points.chain(scalars).chain(rounds).chain(last).copied().collect()
    }

    /// Decodes exactly [`encoded_len`] bytes. Scalars must be reduced; points are decoded by [`prepare`] (A3).
    pub(crate) fn from_bytes(shape: RangeShape, bytes: &[u8]) -> Result<Self, ProofError> {
        if bytes.len() != encoded_len(shape) {
            return Err(ProofError::Length(WHAT));
        }
        let (points, rest) = bytes.split_at(4 * POINT_BYTES);
        let (scalars, rest) = rest.split_at(3 * SCALAR_BYTES);
        let (rounds, last) = rest.split_at(2 * rounds(shape) * POINT_BYTES);
        let point = |bytes| CompressedPoint::from_slice(bytes).map_err(|_| ProofError::Length(WHAT));
        let points: Vec<_> = points.chunks_exact(POINT_BYTES).map(point).collect::<Result<_, _>>()?;
        let rounds: Vec<_> = rounds.chunks_exact(POINT_BYTES).map(point).collect::<Result<_, _>>()?;
        let scalars = [scalars, last].concat();
        let scalars = scalars.chunks_exact(SCALAR_BYTES).map(|bytes| decode_scalar(bytes, "scalar of a range proof"));
        let scalars: Vec<_> = scalars.collect::<Result<_, _>>()?;
        let (&[bits, blinding, t1, t2], &[t_x, t_x_blinding, e_blinding, a, b]) = (&*points, &*scalars) else {
            return Err(ProofError::Length(WHAT));
        };
        let rounds = rounds.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
        Ok(Self { A: bits, S: blinding, T: [t1, t2], t_x, t_x_blinding, e_blinding, rounds, a, b })
    }
}

/// Powers 1, x, x^2, ..
fn powers(x: Scalar) -> impl Iterator<Item = Scalar> {
    core::iter::successors(Some(Scalar::ONE), move |power| Some(power * x))
}

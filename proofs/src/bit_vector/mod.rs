#![doc = include_str!("../../doc/bit-vector.md")]

mod prove;
#[cfg(test)]
mod tests;
mod verify;

use crate::error::ProofError;
use crate::group::{CompressedPoint, POINT_BYTES, SCALAR_BYTES, Scalar, decode_scalar};
use crate::linear::Statement;
use crate::range::{self, RangeProof};

pub use prove::prove;
pub use verify::{PendingBitVector, prepare, verify};

/// Points of an encoded argument: B, A and both components of E.
const POINTS: usize = 4;

/// An argument that ciphertexts satisfy a [`Statement`]: 4 points and L + 2 scalars for L bits; for each wide value two
/// points and two scalars more, and one range proof for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(non_snake_case, reason = "letters of the notation: capitals are points")]
pub struct BitVectorProof {
    /// Commitment to the bits.
    B: CompressedPoint,
    /// Commitment to the masks.
    A: CompressedPoint,
    /// Image of the masks under the linear forms, as an ElGamal pair.
    E: [CompressedPoint; 2],
    /// One response for each bit: `f_i = x b_i + a_i`.
    f: Vec<Scalar>,
    /// Response for the blinding of B and A.
    z: Scalar,
    /// Response for the randomness of the ciphertexts.
    z_e: Scalar,
    /// The part about wide values, exactly if the statement has some.
    wide: Option<WideProof>,
}

/// The part of an argument about wide values, one entry of each list for each of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(non_snake_case, reason = "letters of the notation: capitals are points")]
struct WideProof {
    /// Commitments to the values.
    V: Vec<CompressedPoint>,
    /// Commitments to the masks.
    W: Vec<CompressedPoint>,
    /// Responses for the values: `f_j = x v_j + a_j`.
    f: Vec<Scalar>,
    /// Responses for the blindings.
    z: Vec<Scalar>,
    /// That each value is in its range.
    range: RangeProof,
}

impl BitVectorProof {
    /// Bytes of an argument about this statement: 32 (4 + L + 2); with w wide values 32 x 4 w more, and the range proof
    /// of 32 (9 + 2 log2(n m)), where n is 32 if all maxima are below 2^32 and else 64, and m is the power of two that
    /// is not below 2 w.
    #[must_use]
    pub fn encoded_len(statement: &Statement) -> usize {
        let narrow = POINTS * POINT_BYTES + (statement.bits() + 2) * SCALAR_BYTES;
        let wide = statement.wide() * 2 * (POINT_BYTES + SCALAR_BYTES);
        narrow + wide + statement.range_shape().map_or(0, range::encoded_len)
    }

    /// B, A, E, then f, z, z_e; for wide values then V, W, their f and z, and the range proof. 32 bytes each.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { B, A, E: [first, second], f, z, z_e, wide } = self;
        let points = [B, A, first, second].into_iter().flat_map(|point| point.as_bytes());
        let scalars = f.iter().chain([z, z_e]).flat_map(|scalar| scalar.as_bytes());
        let mut bytes: Vec<u8> = points.chain(scalars).copied().collect();
        if let Some(WideProof { V, W, f, z, range }) = wide {
            V.iter().chain(W).for_each(|point| bytes.extend_from_slice(point.as_bytes()));
            f.iter().chain(z).for_each(|scalar| bytes.extend_from_slice(scalar.as_bytes()));
            bytes.extend_from_slice(&range.to_bytes());
        }
        bytes
    }

    /// Decodes exactly [`Self::encoded_len`] bytes. Scalars must be reduced; points are decoded by [`prepare`] (A3).
    ///
    /// # Errors
    /// [`ProofError::Length`] or [`ProofError::Malformed`].
    pub fn from_bytes(statement: &Statement, bytes: &[u8]) -> Result<Self, ProofError> {
        if bytes.len() != Self::encoded_len(statement) {
            return Err(ProofError::Length("argument"));
        }
        let (points, rest) = bytes.split_at(POINTS * POINT_BYTES);
        let points = decode_points(points)?;
        let (scalars, wide) = rest.split_at((statement.bits() + 2) * SCALAR_BYTES);
        let mut f = decode_scalars(scalars)?;
        let (Some(z_e), Some(z), [b, a, e0, e1]) = (f.pop(), f.pop(), points.as_slice()) else {
            return Err(ProofError::Length("argument"));
        };
        let wide = WideProof::from_bytes(statement, wide)?;
        Ok(Self { B: *b, A: *a, E: [*e0, *e1], f, z, z_e, wide })
    }
}

impl WideProof {
    fn from_bytes(statement: &Statement, bytes: &[u8]) -> Result<Option<Self>, ProofError> {
        let Some(shape) = statement.range_shape() else { return Ok(None) };
        let count = statement.wide();
        let (points, rest) = bytes.split_at(2 * count * POINT_BYTES);
        let (scalars, range) = rest.split_at(2 * count * SCALAR_BYTES);
        let (mut commitments, mut f) = (decode_points(points)?, decode_scalars(scalars)?);
        let (masks, z) = (commitments.split_off(count), f.split_off(count));
        Ok(Some(Self { V: commitments, W: masks, f, z, range: RangeProof::from_bytes(shape, range)? }))
    }
}

fn decode_points(bytes: &[u8]) -> Result<Vec<CompressedPoint>, ProofError> {
    let points = bytes.chunks_exact(POINT_BYTES).map(CompressedPoint::from_slice);
    points.collect::<Result<_, _>>().map_err(|_| ProofError::Length("argument"))
}

fn decode_scalars(bytes: &[u8]) -> Result<Vec<Scalar>, ProofError> {
    bytes.chunks_exact(SCALAR_BYTES).map(|bytes| decode_scalar(bytes, "response of an argument")).collect()
}

/// Powers 1, y, y^2, ..
fn powers(y: Scalar) -> impl Iterator<Item = Scalar> {
    core::iter::successors(Some(Scalar::ONE), move |power| Some(power * y))
}

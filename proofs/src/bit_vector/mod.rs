#![doc = include_str!("../../doc/bit-vector.md")]

mod prove;
#[cfg(test)]
mod tests;
mod verify;

use crate::error::ProofError;
use crate::group::{CompressedPoint, POINT_BYTES, SCALAR_BYTES, Scalar, decode_scalar};
use crate::linear::Statement;

pub use prove::prove;
pub use verify::{PendingBitVector, prepare, verify};

/// Points of an encoded argument: B, A and both components of E.
const POINTS: usize = 4;

/// An argument that ciphertexts satisfy a [`Statement`]: 4 points and L + 2 scalars for L bits.
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
}

impl BitVectorProof {
    /// Bytes of an argument about this statement: 32 (4 + L + 2).
    #[must_use]
    pub fn encoded_len(statement: &Statement) -> usize {
        POINTS * POINT_BYTES + (statement.bits() + 2) * SCALAR_BYTES
    }

    /// B, A, E, then f, z, z_e; 32 bytes each.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let points = [&self.B, &self.A, &self.E[0], &self.E[1]];
        let points = points.into_iter().flat_map(|point| point.as_bytes());
        let scalars = self.f.iter().chain([&self.z, &self.z_e]).flat_map(|scalar| scalar.as_bytes());
        points.chain(scalars).copied().collect()
    }

    /// Decodes exactly [`Self::encoded_len`] bytes. Scalars must be reduced; points are decoded by [`prepare`] (A3).
    ///
    /// # Errors
    /// [`ProofError::Length`] or [`ProofError::Malformed`].
    pub fn from_bytes(statement: &Statement, bytes: &[u8]) -> Result<Self, ProofError> {
        if bytes.len() != Self::encoded_len(statement) {
            return Err(ProofError::Length("argument"));
        }
        let (points, scalars) = bytes.split_at(POINTS * POINT_BYTES);
        let points = points.chunks_exact(POINT_BYTES).map(CompressedPoint::from_slice);
        let points: Vec<_> = points.collect::<Result<_, _>>().map_err(|_| ProofError::Length("argument"))?;
        let scalars = scalars.chunks_exact(SCALAR_BYTES).map(|bytes| decode_scalar(bytes, "response of an argument"));
        let mut f: Vec<_> = scalars.collect::<Result<_, _>>()?;
        let (Some(z_e), Some(z), [b, a, e0, e1]) = (f.pop(), f.pop(), points.as_slice()) else {
            return Err(ProofError::Length("argument"));
        };
        Ok(Self { B: *b, A: *a, E: [*e0, *e1], f, z, z_e })
    }
}

/// Powers 1, y, y^2, ..
fn powers(y: Scalar) -> impl Iterator<Item = Scalar> {
    core::iter::successors(Some(Scalar::ONE), move |power| Some(power * y))
}

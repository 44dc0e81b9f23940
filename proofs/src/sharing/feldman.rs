//! Feldman's commitments to a polynomial. Everything here is public and in variable time but [`Commitments::of`] and
//! the multiplication of a share in [`Commitments::verify_share`].

use curve25519_dalek::traits::{Identity, IsIdentity};

use super::Polynomial;
use super::polynomial::check_threshold;
use crate::error::ProofError;
use crate::group::{BASE_TABLE, POINT_BYTES, Point, decode_point};
use crate::secret::SecretScalar;

/// The commitments `C_k = a_k G` to the t coefficients of a polynomial, constant first (Feldman 1987).
///
/// There are exactly as many as expected (A25); the first and the last are not the identity (A4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitments {
    points: Vec<Point>,
}

impl Commitments {
    /// The commitments to a polynomial, in constant time.
    #[must_use]
    pub fn of(polynomial: &Polynomial) -> Self {
        // A polynomial's first and last coefficient are not zero, so that these points are not the identity.
        Self { points: polynomial.expose_coefficients().map(|coefficient| BASE_TABLE * coefficient.expose()).collect() }
    }

    fn checked(points: Vec<Point>) -> Result<Self, ProofError> {
        if points.first().is_none_or(IsIdentity::is_identity) {
            return Err(ProofError::Identity("commitment to the constant coefficient"));
        }
        if points.last().is_none_or(IsIdentity::is_identity) {
            return Err(ProofError::Identity("commitment to the leading coefficient"));
        }
        Ok(Self { points })
    }

    /// Decodes exactly `threshold` points of 32 canonical bytes each (A3, A25).
    ///
    /// # Errors
    /// [`ProofError::Misuse`] if the threshold is out of range, [`ProofError::Length`] for another number of bytes,
    /// [`ProofError::Malformed`] for a point that is not canonical, [`ProofError::Identity`] if the first or last
    /// point is the identity (A4).
    pub fn decode(bytes: &[u8], threshold: usize) -> Result<Self, ProofError> {
        check_threshold(threshold)?;
        if bytes.len() != threshold * POINT_BYTES {
            return Err(ProofError::Length("commitments to a polynomial"));
        }
        let decode = |chunk| decode_point(chunk, "commitment to a coefficient");
        Self::checked(bytes.chunks_exact(POINT_BYTES).map(decode).collect::<Result<_, _>>()?)
    }

    /// The 32 t bytes, constant first.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.points.iter().flat_map(|point| point.compress().to_bytes()).collect()
    }

    /// The number t of commitments.
    #[must_use]
    pub fn threshold(&self) -> usize {
        self.points.len()
    }

    /// The commitment to the secret: the public key of what is shared. Not the identity.
    #[must_use]
    pub fn constant(&self) -> Point {
        self.points.first().copied().unwrap_or_else(Point::identity)
    }

    /// The public side of the share of `index`: the sum of `index^k C_k`. At 0 it is [`Self::constant`].
    ///
    /// It may be the identity: [`PublicKey::new`](crate::elgamal::PublicKey::new) refuses that (M9).
    #[must_use]
    pub fn public_share(&self, index: u32) -> Point {
        let add = |sum: Point, point: &Point| vartime_times(&sum, index) + point;
        self.points.iter().rev().fold(Point::identity(), add)
    }

    /// Whether `share` is the value of the committed polynomial at `index`. Always false at 0 (A26).
    #[must_use]
    pub fn verify_share(&self, index: u32, share: &SecretScalar) -> bool {
        index != 0 && BASE_TABLE * share.expose() == self.public_share(index)
    }

    /// The commitments to the sum of the polynomials, for the joint key of all dealers.
    ///
    /// # Errors
    /// [`ProofError::Misuse`] for an empty list, [`ProofError::Length`] if thresholds differ (A25),
    /// [`ProofError::Identity`] if the joint constant or leading coefficient is zero (A4, M9).
    pub fn sum(dealings: &[Self]) -> Result<Self, ProofError> {
        let (first, others) = dealings.split_first().ok_or(ProofError::Misuse("a sum needs at least one dealing"))?;
        let mut points = first.points.clone();
        for other in others {
            if other.points.len() != points.len() {
                return Err(ProofError::Length("commitments to a polynomial"));
            }
            points.iter_mut().zip(&other.points).for_each(|(sum, point)| *sum += point);
        }
        Self::checked(points)
    }
}

/// `factor x point` by doubling and adding over the bits of a small public factor.
fn vartime_times(point: &Point, factor: u32) -> Point {
    (0..u32::BITS - factor.leading_zeros()).rev().fold(Point::identity(), |sum, bit| {
        let doubled = sum + sum;
        if factor >> bit & 1 == 1 { doubled + point } else { doubled }
    })
}

//! Interpolation at zero, over scalars and in the exponent. Indices and points are public; variable time.

use std::collections::BTreeSet;

use curve25519_dalek::traits::VartimeMultiscalarMul;

use crate::error::ProofError;
use crate::group::{Point, Scalar};

/// The Lagrange coefficients at zero: `l_i`, the product over `j != i` of `j / (j - i)`, in the order of `indices`.
///
/// The value at zero of a polynomial with at most as many coefficients as there are indices is the sum of
/// `l_i f(i)`. One inversion in all.
///
/// # Errors
/// [`ProofError::Misuse`] if there is no index, one is 0, or one occurs twice (A26).
pub fn coefficients_at_zero(indices: &[u32]) -> Result<Vec<Scalar>, ProofError> {
    if indices.is_empty() {
        return Err(ProofError::Misuse("interpolation needs at least one index"));
    }
    if indices.contains(&0) {
        return Err(ProofError::Misuse("index 0 is not for a share"));
    }
    if indices.iter().collect::<BTreeSet<_>>().len() != indices.len() {
        return Err(ProofError::Misuse("an index occurs twice: use each share once"));
    }
    let points: Vec<Scalar> = indices.iter().map(|index| Scalar::from(*index)).collect();
    let product: Scalar = points.iter().product();
    // l_i = product / (i x product over j != i of (j - i)). No factor is zero, since indices are small and distinct.
    let denominator = |at: &Scalar| points.iter().filter(|other| *other != at).fold(*at, |d, other| d * (other - at));
    let mut coefficients: Vec<Scalar> = points.iter().map(denominator).collect();
    Scalar::batch_invert(&mut coefficients);
    coefficients.iter_mut().for_each(|coefficient| *coefficient *= product);
    Ok(coefficients)
}

/// Interpolates at zero in the exponent: the sum of `l_i P_i`.
///
/// The caller has verified each point and passes at least t of them; with fewer the result is a meaningless point.
///
/// # Errors
/// As [`coefficients_at_zero`].
pub fn combine(points: &[(u32, Point)]) -> Result<Point, ProofError> {
    let indices: Vec<u32> = points.iter().map(|(index, _)| *index).collect();
    let coefficients = coefficients_at_zero(&indices)?;
    Ok(Point::vartime_multiscalar_mul(coefficients, points.iter().map(|(_, point)| point)))
}

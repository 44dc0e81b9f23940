//! The secret polynomial of a dealer.

use core::fmt;

use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::MAX_THRESHOLD;
use crate::error::ProofError;
use crate::group::{SCALAR_BYTES, Scalar};
use crate::secret::SecretScalar;

/// A secret polynomial with t coefficients, constant first. Erased when dropped; no `Clone`; `Debug` shows only t.
///
/// Constant and leading coefficient are not zero (A4, A25): the secret is not trivial and exactly t shares are needed.
pub struct Polynomial {
    coefficients: Vec<SecretScalar>,
}

impl Polynomial {
    /// A uniform polynomial with `threshold` coefficients.
    ///
    /// # Errors
    /// [`ProofError::Misuse`] unless `threshold` is in 1..=[`MAX_THRESHOLD`].
    pub fn random(threshold: usize, rng: &mut impl CryptoRngCore) -> Result<Self, ProofError> {
        check_threshold(threshold)?;
        Self::from_coefficients((0..threshold).map(|_| SecretScalar::random(rng)).collect())
    }

    /// From its coefficients, constant first.
    ///
    /// # Errors
    /// [`ProofError::Misuse`] unless there are 1..=[`MAX_THRESHOLD`] of them, or if the constant or the leading
    /// one is zero.
    pub fn from_coefficients(coefficients: Vec<SecretScalar>) -> Result<Self, ProofError> {
        check_threshold(coefficients.len())?;
        let is_zero = |coefficient: Option<&SecretScalar>| coefficient.is_none_or(|c| c.expose() == &Scalar::ZERO);
        if is_zero(coefficients.first()) || is_zero(coefficients.last()) {
            return Err(ProofError::Misuse("constant and leading coefficient of a polynomial must not be zero"));
        }
        Ok(Self { coefficients })
    }

    /// The number t of coefficients, which is the number of shares that determine the secret.
    #[must_use]
    pub fn threshold(&self) -> usize {
        self.coefficients.len()
    }

    /// The share of an index: the value there, by Horner's rule, in constant time for a given t.
    ///
    /// # Errors
    /// [`ProofError::Misuse`] for index 0, where the value is the secret itself (A26).
    pub fn share(&self, index: u32) -> Result<SecretScalar, ProofError> {
        if index == 0 {
            return Err(ProofError::Misuse("index 0 is not for a share: its value is the secret"));
        }
        let at = Scalar::from(index);
        let mut value = Zeroizing::new(Scalar::ZERO);
        for coefficient in self.coefficients.iter().rev() {
            *value = *value * at + coefficient.expose();
        }
        Ok(SecretScalar::from_scalar(*value))
    }

    /// A copy of the secret that is shared, the constant coefficient: for a proof of its possession.
    #[must_use]
    pub fn expose_secret(&self) -> SecretScalar {
        // There is at least one coefficient, by construction.
        SecretScalar::from_scalar(self.coefficients.first().map_or(Scalar::ZERO, |constant| *constant.expose()))
    }

    /// The coefficients, constant first: for commitments.
    pub fn expose_coefficients(&self) -> impl ExactSizeIterator<Item = &SecretScalar> {
        self.coefficients.iter()
    }

    /// All coefficients as 32 t bytes, constant first, for a vault. Erased when dropped.
    #[must_use]
    pub fn expose_bytes(&self) -> Zeroizing<Vec<u8>> {
        // The capacity is exact, so that no reallocation leaves a copy behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(SCALAR_BYTES * self.coefficients.len()));
        self.coefficients.iter().for_each(|coefficient| bytes.extend_from_slice(coefficient.expose_bytes().as_ref()));
        bytes
    }

    /// From the bytes of [`Self::expose_bytes`] and the expected threshold.
    ///
    /// # Errors
    /// [`ProofError::Length`] unless there are 32 bytes for each coefficient, [`ProofError::Malformed`] if one is not
    /// reduced, and those of [`Self::from_coefficients`].
    pub fn from_exposed_bytes(bytes: &[u8], threshold: usize) -> Result<Self, ProofError> {
        check_threshold(threshold)?;
        if bytes.len() != threshold * SCALAR_BYTES {
            return Err(ProofError::Length("coefficients of a polynomial"));
        }
        let mut coefficients = Vec::with_capacity(threshold);
        for chunk in bytes.chunks_exact(SCALAR_BYTES) {
            coefficients.push(SecretScalar::from_bytes(chunk)?);
        }
        Self::from_coefficients(coefficients)
    }
}

/// Caps a threshold before anything is allocated for it (A3).
pub(super) fn check_threshold(threshold: usize) -> Result<(), ProofError> {
    if (1..=MAX_THRESHOLD).contains(&threshold) {
        Ok(())
    } else {
        Err(ProofError::Misuse("a threshold must be in 1..=1024: choose another one"))
    }
}

impl fmt::Debug for Polynomial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Polynomial(.., threshold: {})", self.threshold())
    }
}

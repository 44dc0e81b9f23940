//! Secrets that cannot be printed, copied by accident or left in memory.

use core::fmt;

use rand_core::CryptoRngCore;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::ProofError;
use crate::group::{Scalar, decode_scalar};

/// A secret scalar: a key, share, coefficient or nonce. Erased when dropped; `Debug` shows nothing; no `Clone`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretScalar(Scalar);

impl SecretScalar {
    /// A uniform secret from the caller's source of randomness: 64 bytes reduced (A7).
    #[must_use]
    pub fn random(rng: &mut impl CryptoRngCore) -> Self {
        let mut wide = Zeroizing::new([0_u8; 64]);
        rng.fill_bytes(wide.as_mut());
        Self::from_wide_bytes(&wide)
    }

    /// From 64 uniform bytes, reduced modulo the group order.
    #[must_use]
    pub fn from_wide_bytes(wide: &[u8; 64]) -> Self {
        Self(Scalar::from_bytes_mod_order_wide(wide))
    }

    /// From 32 canonical bytes, as written by [`Self::expose_bytes`].
    ///
    /// # Errors
    /// [`ProofError::Malformed`] if the number is not reduced, [`ProofError::Length`] unless there are 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProofError> {
        decode_scalar(bytes, "secret scalar").map(Self)
    }

    /// Wraps a scalar that the caller computed from secrets.
    #[must_use]
    pub fn from_scalar(scalar: Scalar) -> Self {
        Self(scalar)
    }

    /// The scalar itself. Reading it is spelled out, so that a search finds every place.
    #[must_use]
    pub fn expose(&self) -> &Scalar {
        &self.0
    }

    /// Its 32 canonical bytes, erased when dropped.
    #[must_use]
    pub fn expose_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }
}

impl fmt::Debug for SecretScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretScalar(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_digit() {
        let secret = SecretScalar::from_scalar(Scalar::from(123_456_u64));
        assert_eq!(format!("{secret:?} {secret:#?}"), "SecretScalar(..) SecretScalar(..)");
    }

    #[test]
    fn bytes_round_trip() {
        let secret = SecretScalar::from_wide_bytes(&[7; 64]);
        assert_eq!(SecretScalar::from_bytes(secret.expose_bytes().as_ref()).unwrap().expose(), secret.expose());
        assert!(SecretScalar::from_bytes(&[0xff; 32]).is_err());
    }
}

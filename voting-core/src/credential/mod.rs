//! Credentials: a voting code, the code secret stretched from it, and one signing key for each round (M10).

mod code;

use argon2::{Algorithm, Argon2, Params, Version};
use hkdf::Hkdf;
use proofs::elgamal::PublicKey;
use proofs::secret::SecretScalar;
use sha2::Sha512;
use zeroize::{Zeroize, ZeroizeOnDrop};

pub use code::{CodeError, VotingCode};

use crate::ids::{CredentialKey, EventId, RoundIndex, digest};

/// Argon2id parameters, fixed by the protocol version: 8 MiB, one pass, one lane, 32 bytes.
const MEMORY_KIB: u32 = 8_192;

/// 32 bytes stretched from a voting code for one event. Erased when dropped; prints nothing.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct CodeSecret([u8; 32]);

impl core::fmt::Debug for CodeSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("CodeSecret(..)")
    }
}

/// Stretching failed for lack of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not enough memory to open the voting code: 8 MiB are needed")]
pub struct OutOfMemory;

impl CodeSecret {
    /// `Argon2id(v 0x13, m = 8 MiB, t = 1, p = 1, code in canonical form, salt = digest("urna/v1/code", event))`.
    ///
    /// Takes some milliseconds and 8 MiB.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn stretch(code: &VotingCode, event: &EventId) -> Result<Self, OutOfMemory> {
        let params = Params::new(MEMORY_KIB, 1, 1, Some(32)).map_err(|_| OutOfMemory)?;
        let salt = digest("urna/v1/code", &[event.as_bytes()]);
        let mut secret = [0; 32];
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon.hash_password_into(code.expose_canonical().as_bytes(), &salt, &mut secret).map_err(|_| OutOfMemory)?;
        Ok(Self(secret))
    }

    /// A code secret without a code, for tests: skips the stretching.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn testing_only(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The signing key of a round: `HKDF-SHA-512(code secret, info = "urna/v1/signing key" || round as u32 little
    /// endian)`, 64 bytes reduced wide.
    #[must_use]
    pub fn credential(&self, round: RoundIndex) -> Credential {
        let mut wide = [0_u8; 64];
        let info = [b"urna/v1/signing key".as_slice(), &round.0.to_le_bytes()];
        // 64 bytes are one block of SHA-512, far below the limit of the expansion.
        let expanded = Hkdf::<Sha512>::new(None, &self.0).expand_multi_info(&info, &mut wide);
        debug_assert!(expanded.is_ok());
        let secret = SecretScalar::from_wide_bytes(&wide);
        wide.zeroize();
        Credential { secret }
    }
}

/// A voter's key pair in one round.
#[derive(Debug)]
pub struct Credential {
    secret: SecretScalar,
}

impl Credential {
    /// The secret signing key.
    pub(crate) fn secret(&self) -> &SecretScalar {
        &self.secret
    }

    /// The public point that stands on the roll. A key of zero has probability 2^-252 and is on no roll.
    #[must_use]
    pub fn public(&self) -> Option<PublicKey> {
        PublicKey::of(&self.secret).ok()
    }

    /// The bytes that stand on the roll.
    #[must_use]
    pub fn key(&self) -> CredentialKey {
        CredentialKey((proofs::group::BASE_TABLE * self.secret.expose()).compress().to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frozen: printed voting codes must keep working (M10). Native and wasm compute the same.
    #[test]
    fn m10_derivation_is_frozen() {
        let code: VotingCode = VotingCode::from_entropy([0x5a; 11]);
        let event = EventId([7; 32]);
        let secret = CodeSecret::stretch(&code, &event).unwrap();
        assert_eq!(code.expose_text(), "B9D5M-PJTB9-D5MPJ-TBXFS");
        assert_eq!(
            secret.credential(RoundIndex(0)).key().to_string(),
            "163132ad8e1c6493d4b6627b51cc51d6d55d50b5ebfccddb09f6a99dcc3ef755"
        );
        assert_eq!(
            secret.credential(RoundIndex(1)).key().to_string(),
            "e0bdb2c1dbac72ba34e4d2da9216f5e4fc9d4124ae64007c563731b7fa99046d"
        );
    }

    #[test]
    fn keys_of_two_rounds_or_events_are_unrelated_and_nothing_prints() {
        let code = VotingCode::from_entropy([1; 11]);
        let secret = CodeSecret::stretch(&code, &EventId([7; 32])).unwrap();
        let other = CodeSecret::stretch(&code, &EventId([8; 32])).unwrap();
        assert_ne!(secret.credential(RoundIndex(0)).key(), secret.credential(RoundIndex(1)).key());
        assert_ne!(secret.credential(RoundIndex(0)).key(), other.credential(RoundIndex(0)).key());
        assert_eq!(format!("{code:?} {secret:?}"), "VotingCode(..) CodeSecret(..)");
    }
}

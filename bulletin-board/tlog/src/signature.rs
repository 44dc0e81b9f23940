//! Ed25519 with strict verification, the one way in which this project checks Ed25519 (RFC 8032).
//!
//! # What is accepted
//! [`verify_strict`] accepts a signature exactly if
//! - the public key is the canonical encoding of a point that is not of small order,
//! - R is the canonical encoding of a point that is not of small order,
//! - S is below the group order, and
//! - the equation `S B = R + k A` holds *without* the cofactor, k hashed over the bytes as they came.
//!
//! So of the edge cases of the C2SP CCTV collection those flagged `low_order_A`, `low_order_R`, `low_order_residue`,
//! `non_canonical_A`, `non_canonical_R` or `reencoded_k` are refused. A component of low order in A or R
//! (`low_order_component_A`, `low_order_component_R`) is accepted if it cancels out in the equation; only the owner of
//! the key can make such a signature. The vectors are run by this crate's tests. No cofactored or batched verification is
//! offered, so that all programs agree on every signature.

use core::fmt;

use ed25519_dalek::{Signature, Signer as _, VerifyingKey};

/// Length of a signature in bytes.
pub const SIGNATURE_LEN: usize = 64;
/// Length of a public key, and of a seed, in bytes.
pub const KEY_LEN: usize = 32;

/// Whether `sig` is a valid signature of `message` under `public`, see the module documentation for the edge cases.
#[must_use]
pub fn verify_strict(public: &[u8; KEY_LEN], message: &[u8], sig: &[u8; SIGNATURE_LEN]) -> bool {
    valid_key(public).is_some_and(|key| key.verify_strict(message, &Signature::from_bytes(sig)).is_ok())
}

/// Whether the bytes are a public key that can ever verify: canonical and not of small order (A4).
#[must_use]
pub fn is_valid_public_key(public: &[u8; KEY_LEN]) -> bool {
    valid_key(public).is_some()
}

fn valid_key(public: &[u8; KEY_LEN]) -> Option<VerifyingKey> {
    let key = VerifyingKey::from_bytes(public).ok()?;
    // Decoding reduces y modulo p. Points of small order are `weak`; they include those whose sign bit is not canonical.
    (!key.is_weak() && has_canonical_y(public)).then_some(key)
}

/// Whether y, the encoding without its sign bit, is below p = 2^255 - 19.
fn has_canonical_y(public: &[u8; KEY_LEN]) -> bool {
    let [low, middle @ .., high] = public;
    // p is 0xed, then thirty times 0xff, then 0x7f in little-endian order.
    !(high & 0x7f == 0x7f && middle.iter().all(|byte| *byte == 0xff) && *low >= 0xed)
}

/// An Ed25519 secret key. It is wiped when dropped, can't be cloned and shows nothing in `Debug`.
///
/// One key signs one kind of message: a log key signs notes only, an official's key entries only.
///
/// ```compile_fail
/// let key = tlog::signature::SecretKey::from_seed(&[7; 32]);
/// let copy = key.clone();
/// ```
pub struct SecretKey(ed25519_dalek::SigningKey);

impl SecretKey {
    /// Expands a seed of 32 uniformly random bytes. The caller wipes its own copy.
    #[must_use]
    pub fn from_seed(seed: &[u8; KEY_LEN]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> [u8; KEY_LEN] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs a message (deterministic, RFC 8032).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_LEN] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_y_ends_at_p() {
        let mut p = [0xff; 32];
        p[31] = 0x7f;
        p[0] = 0xed;
        assert!(!has_canonical_y(&p));
        p[31] = 0xff;
        assert!(!has_canonical_y(&p));
        p[0] = 0xec;
        assert!(has_canonical_y(&p));
        p[0] = 0xff;
        p[5] = 0xfe;
        assert!(has_canonical_y(&p));
    }

    #[test]
    fn a4_keys_that_are_not_canonical_are_refused() {
        let mut decodable = 0;
        // y from p to 2^255 - 1, with both signs.
        for low in 0xed..=0xffu8 {
            for high in [0x7f, 0xff] {
                let mut public = [0xff; 32];
                (public[0], public[31]) = (low, high);
                decodable += usize::from(VerifyingKey::from_bytes(&public).is_ok_and(|key| !key.is_weak()));
                assert!(!is_valid_public_key(&public), "{low:x} {high:x}");
            }
        }
        // The crate below accepts some of them, so this check is not idle.
        assert!(decodable > 0);
    }

    #[test]
    fn signs_and_verifies() {
        let key = SecretKey::from_seed(&[7; 32]);
        let signature = key.sign(b"message");
        assert!(verify_strict(&key.public(), b"message", &signature));
        assert!(!verify_strict(&key.public(), b"massage", &signature));
        assert!(!verify_strict(&SecretKey::from_seed(&[8; 32]).public(), b"message", &signature));
        for at in 0..SIGNATURE_LEN {
            let mut changed = signature;
            changed[at] ^= 1;
            assert!(!verify_strict(&key.public(), b"message", &changed), "byte {at}");
        }
    }

    #[test]
    fn debug_shows_no_digit_of_the_seed() {
        let shown = format!("{:?}", SecretKey::from_seed(&[0xab; 32]));
        assert_eq!(shown, "SecretKey(hidden)");
    }
}

//! What the targets share: a key and sources that never change, and edits of valid bytes.
//!
//! Random bytes hardly ever pass a length or a canonical form. Most targets therefore read the input as a list of edits
//! of something valid: the fuzzer then explores what lies next to it, and an accepted change is a finding.

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use proofs::elgamal::PublicKey;
use proofs::secret::SecretScalar;
use proofs::transcript::Transcript;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

/// Weights of batches: fixed, so that a crash repeats.
pub const ENTROPY: [u8; 32] = [3; 32];

/// The transcript of every proof here.
pub fn context() -> Transcript {
    Transcript::open(b"fuzz")
}

/// A source of randomness that repeats.
pub fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

/// A key pair that never changes.
pub fn key() -> (SecretScalar, PublicKey) {
    let secret = SecretScalar::random(&mut rng());
    let public = PublicKey::of(&secret).expect("the secret is not zero");
    (secret, public)
}

/// Valid bytes with up to eight edits: a bit flipped, a byte set, a range of 32 replaced, cut, or inserted.
pub fn edited(valid: &[u8], u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut bytes = valid.to_vec();
    for _ in 0..u.int_in_range(0..=8)? {
        let at = u.int_in_range(0..=bytes.len())?;
        let word = (at / 32 * 32)..(at / 32 * 32 + 32).min(bytes.len());
        match u.int_in_range(0..=5)? {
            0 if at < bytes.len() => bytes[at] ^= 1 << u.int_in_range(0..=7)?,
            1 if at < bytes.len() => bytes[at] = u.arbitrary()?,
            2 => bytes[word].fill_with(|| u.arbitrary().unwrap_or(0)),
            3 => bytes.truncate(at),
            4 => bytes.insert(at, u.arbitrary()?),
            _ => {
                // Another word of the same bytes in this place: points and scalars that are canonical.
                let from = u.int_in_range(0..=bytes.len() / 32)? * 32;
                if word.len() == 32 && from + 32 <= bytes.len() {
                    bytes.copy_within(from..from + 32, word.start);
                }
            }
        }
    }
    Ok(bytes)
}

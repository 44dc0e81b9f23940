//! Cosignatures (C2SP tlog-cosignature): a witness states that it saw a log grow consistently up to a checkpoint.
//!
//! This version makes and verifies `cosignature/v1`, type 0x04 (Ed25519). Type 0x06 (ML-DSA-44) can be added beside it:
//! until then such keys parse, and their signature lines are ignored like those of unknown keys.

use crate::checkpoint::Checkpoint;
use crate::error::{CosignError, NoteError};
use crate::note::{KeyId, KeyName, KeyType, NoteSignature, Outcome, SignedNote, VerifiedSignature, VerifierKey};
use crate::signature::{KEY_LEN, SIGNATURE_LEN, SecretKey, verify_strict};

/// The largest timestamp in seconds since the Unix epoch: 2^63 - 1.
pub const MAX_TIMESTAMP: u64 = i64::MAX as u64;
/// Bytes of the timestamp before the signature.
const TIME_LEN: usize = 8;

/// The secret key of a witness (type 0x04).
///
/// Wiped when dropped, not clonable, hidden in `Debug`. The key must not be used for anything else: the signed message
/// does not contain its name.
#[derive(Debug)]
pub struct CosigningKey {
    name: KeyName,
    secret: SecretKey,
}

impl CosigningKey {
    /// A key from a seed of 32 uniformly random bytes. The caller wipes its own copy.
    #[must_use]
    pub fn from_seed(name: KeyName, seed: &[u8; KEY_LEN]) -> Self {
        Self { name, secret: SecretKey::from_seed(seed) }
    }

    /// The name of the key.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The public half.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey::of_secret(&self.name, KeyType::CosignatureV1, &self.secret)
    }

    /// Signs a checkpoint as seen at `timestamp`, in seconds since the Unix epoch.
    ///
    /// The caller has checked that the checkpoint extends what it signed before, and has stored it durably.
    ///
    /// # Errors
    /// [`CosignError::Timestamp`] if it is 0 or above [`MAX_TIMESTAMP`].
    pub fn cosign(&self, checkpoint: &Checkpoint, timestamp: u64) -> Result<NoteSignature, CosignError> {
        if timestamp == 0 || timestamp > MAX_TIMESTAMP {
            return Err(CosignError::Timestamp { timestamp });
        }
        let signature = self.secret.sign(message(&checkpoint.to_text(), timestamp).as_bytes());
        let bytes = [timestamp.to_be_bytes().as_slice(), &signature].concat();
        let id = KeyId::derive(&self.name, KeyType::CosignatureV1, &self.secret.public());
        Ok(NoteSignature::new(self.name.clone(), id, bytes)?)
    }
}

/// Verifies the cosignatures of the given witness keys under a checkpoint, one per key that signed.
///
/// Keys of other types than 0x04 are not asked. Whether the verified ones are enough is decided by `policy::Policy`.
///
/// # Errors
/// [`CosignError::Note`] if a line of a known key does not verify; an empty list if none of the keys signed.
pub fn verify(note: &SignedNote, keys: &[VerifierKey]) -> Result<Vec<VerifiedSignature>, CosignError> {
    let keys: Vec<_> = keys.iter().filter(|key| key.key_type() == KeyType::CosignatureV1).cloned().collect();
    match note.verify(&keys) {
        Ok(verified) => Ok(verified),
        Err(NoteError::NotSigned) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// The time that a single cosignature line states, if it is a valid one of `key` under `checkpoint`.
///
/// # Errors
/// [`CosignError::OtherKey`] if the line names another key, [`CosignError::Unsupported`] if the key is not of type 0x04,
/// [`CosignError::Invalid`] if the signature does not verify.
pub fn verify_line(checkpoint: &Checkpoint, line: &NoteSignature, key: &VerifierKey) -> Result<u64, CosignError> {
    if line.name() != key.name() || line.key_id() != key.id() {
        return Err(CosignError::OtherKey { name: line.name().to_string() });
    }
    match key.check(&checkpoint.to_text(), line.signature()) {
        Outcome::Valid { timestamp: Some(timestamp) } => Ok(timestamp),
        Outcome::Invalid => Err(CosignError::Invalid { name: line.name().to_string() }),
        Outcome::Valid { timestamp: None } | Outcome::Unsupported => {
            Err(CosignError::Unsupported { name: line.name().to_string() })
        }
    }
}

/// Checks the bytes of a cosignature over the text of a checkpoint and returns its time.
pub(crate) fn check(public: &[u8; KEY_LEN], text: &str, signature: &[u8]) -> Option<u64> {
    let (time, signature) = signature.split_first_chunk::<TIME_LEN>()?;
    let timestamp = u64::from_be_bytes(*time);
    let signature = <&[u8; SIGNATURE_LEN]>::try_from(signature).ok()?;
    let valid = timestamp <= MAX_TIMESTAMP && verify_strict(public, message(text, timestamp).as_bytes(), signature);
    valid.then_some(timestamp)
}

/// The signed message: header line, time line, text of the checkpoint.
fn message(text: &str, timestamp: u64) -> String {
    format!("cosignature/v1\ntime {timestamp}\n{text}")
}

//! A signed promise of a log: "this entry stands in my tree, and a receipt of it can be had by this time".
//!
//! A log that lacks cosignatures has no receipts to give. It gives a promise instead. Later the promise becomes a receipt,
//! or evidence: a checkpoint that witnesses saw after the deadline, of a tree without the entry.
//!
//! # File
//! A C2SP signed note, signed by the log with a signature of type 0xff:
//! ```text
//! urna/v1/promise
//! <origin>
//! <base64 leaf hash>
//! <deadline in seconds since 1970-01-01 UTC, decimal>
//!
//! — <origin> <base64 of key id and Ed25519 signature over the text>
//! ```
//! The key id is that of the key `"urna/v1/promise" || public key`, so that no checkpoint's signature fits. The text
//! can't be a checkpoint of the log either: its first line is no origin with a host.

use core::fmt;

use crate::checkpoint::Origin;
use crate::error::PromiseError;
use crate::hash::Hash;
use crate::note::{KeyId, KeyType, NoteSignature, SignedNote, SigningKey, VerifierKey};
use crate::signature::{KEY_LEN, SIGNATURE_LEN, verify_strict};
use crate::text::{decimal, line};

/// The first line, and the prefix of the key.
pub const HEADER: &str = "urna/v1/promise";
/// Largest accepted promise in bytes: two names and some short lines.
pub const MAX_PROMISE: usize = 2_048;
/// The latest deadline, in seconds since 1970: the same bound as for times of witnesses, 2^63 - 1.
pub const MAX_DEADLINE: u64 = i64::MAX as u64;

/// What a log promises. The value came out of a verification, or was made by the log itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The log.
    pub origin: Origin,
    /// The leaf hash of the entry.
    pub leaf: Hash,
    /// By when there is a receipt, in seconds since 1970-01-01 UTC.
    pub deadline: u64,
}

impl fmt::Display for Promise {
    /// The text of the note.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, leaf, deadline } = self;
        write!(f, "{HEADER}\n{origin}\n{}\n{deadline}\n", leaf.to_base64())
    }
}

/// The id of a log key when it signs promises.
fn key_id(key: &VerifierKey) -> KeyId {
    KeyId::derive(key.name(), KeyType::Other(0xff), &[HEADER.as_bytes(), key.public_key()].concat())
}

impl Promise {
    /// Signs with the key of the log. Returns the file.
    ///
    /// # Errors
    /// [`PromiseError::Deadline`] above [`MAX_DEADLINE`].
    pub fn sign(&self, key: &SigningKey) -> Result<String, PromiseError> {
        if self.deadline > MAX_DEADLINE {
            return Err(PromiseError::Deadline);
        }
        let text = self.to_string();
        let signature = key.sign_text(&text)?;
        let line = NoteSignature::new(key.name().clone(), key_id(&key.verifier()), signature.signature().to_vec())?;
        Ok(SignedNote::from_parts(&text, vec![line])?.to_string())
    }

    /// Reads a promise and verifies that the log of this origin and key made it.
    ///
    /// # Errors
    /// [`PromiseError`]; [`PromiseError::WrongOrigin`] if it is another log's (S6).
    pub fn open(bytes: &[u8], origin: &Origin, log_key: &VerifierKey) -> Result<Self, PromiseError> {
        let (promise, note) = Self::read(bytes)?;
        if promise.origin != *origin {
            let (expected, found) = (origin.to_string(), promise.origin.to_string());
            return Err(PromiseError::WrongOrigin { expected, found });
        }
        let id = key_id(log_key);
        let mut lines = note.signatures().iter();
        let line = lines.find(|line| line.name() == log_key.name() && line.key_id() == id);
        let public = <&[u8; KEY_LEN]>::try_from(log_key.public_key()).ok();
        let signature = line.and_then(|line| <&[u8; SIGNATURE_LEN]>::try_from(line.signature()).ok());
        let valid = match (public, signature) {
            (Some(public), Some(signature)) if log_key.key_type() == KeyType::Ed25519 => {
                verify_strict(public, note.text().as_bytes(), signature)
            }
            _ => false,
        };
        if valid { Ok(promise) } else { Err(PromiseError::Signature) }
    }

    /// Reads what a promise says, unverified: to find the log whose key it needs.
    ///
    /// # Errors
    /// [`PromiseError`] of the form.
    pub fn from_unverified(bytes: &[u8]) -> Result<Self, PromiseError> {
        Ok(Self::read(bytes)?.0)
    }

    fn read(bytes: &[u8]) -> Result<(Self, SignedNote), PromiseError> {
        if bytes.len() > MAX_PROMISE {
            return Err(PromiseError::TooLarge { bytes: bytes.len(), limit: MAX_PROMISE });
        }
        let note = SignedNote::parse(bytes)?;
        let body = note.text().strip_prefix(HEADER).and_then(|rest| rest.strip_prefix('\n'));
        let (origin, rest) = body.and_then(line).ok_or(PromiseError::Lines)?;
        let (leaf, rest) = line(rest).ok_or(PromiseError::Lines)?;
        let (deadline, rest) = line(rest).ok_or(PromiseError::Lines)?;
        if !rest.is_empty() {
            return Err(PromiseError::Lines);
        }
        let deadline = decimal(deadline).filter(|time| *time <= MAX_DEADLINE).ok_or(PromiseError::Deadline)?;
        let promise = Self { origin: Origin::new(origin)?, leaf: Hash::from_base64(leaf)?, deadline };
        Ok((promise, note))
    }
}

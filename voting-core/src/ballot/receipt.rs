//! The receipt: a C2SP tlog-proof that the entry which the client sent stands on the log. Everything shown is recomputed
//! from the bytes sent (A13, A34).

use thiserror::Error;
use tlog::checkpoint::Origin;
use tlog::note::{KeyName, VerifierKey};
use tlog::policy::Policy;
use tlog::tlog_proof::TlogProof;

use crate::codec::{self, Malformed};
use crate::ids::{EntryIndex, Tracker};
use crate::manifest::Manifest;

use super::BallotEntry;

/// A receipt that was checked: accepted, and counts unless replaced (S11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The receipt number, recomputed from the bytes sent.
    pub tracker: Tracker,
    /// Where the ballot stands on the log.
    pub index: EntryIndex,
    /// Size of the tree that the proof speaks of.
    pub tree_size: u64,
}

/// A receipt that proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReceiptError {
    /// The proof is malformed.
    #[error("the receipt is no tlog-proof: {0}")]
    Proof(String),
    /// The proof does not show this entry on this event's log under enough witnesses.
    #[error("the receipt does not prove that this ballot stands on the log of this event: {0}")]
    NotProved(String),
    /// What was sent is no ballot.
    #[error(transparent)]
    Ballot(#[from] Malformed),
}

/// The verifier key of an event's log: named by the manifest, never by the log (A35).
///
/// # Errors
/// The note error in words, for a host that cannot be a key name.
pub fn log_key(manifest: &Manifest) -> Result<VerifierKey, String> {
    let name = KeyName::new(&manifest.origin()).map_err(|error| error.to_string())?;
    VerifierKey::ed25519(name, manifest.log_key.as_bytes()).map_err(|error| error.to_string())
}

/// The witness policy of an event; nothing is required where the manifest names no witness.
///
/// # Errors
/// The policy error in words.
pub fn witness_policy(manifest: &Manifest) -> Result<Policy, String> {
    if manifest.witness_policy.is_empty() {
        return Ok(Policy::none());
    }
    Policy::parse(manifest.witness_policy.as_bytes()).map_err(|error| error.to_string())
}

impl Receipt {
    /// Checks a receipt against the entry that was sent, under origin, log key and witness policy of the manifest (S6).
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn check(manifest: &Manifest, entry: &[u8], receipt: &[u8]) -> Result<Self, ReceiptError> {
        let ballot: BallotEntry = codec::from_bytes(entry, tlog::tile::MAX_ENTRY)?;
        let proof = TlogProof::parse(receipt).map_err(|error| ReceiptError::Proof(error.to_string()))?;
        let origin = Origin::new(&manifest.origin()).map_err(|error| ReceiptError::NotProved(error.to_string()))?;
        let key = log_key(manifest).map_err(ReceiptError::NotProved)?;
        let policy = witness_policy(manifest).map_err(ReceiptError::NotProved)?;
        let verified = proof.verify(entry, &origin, &key, &policy);
        let verified = verified.map_err(|error| ReceiptError::NotProved(error.to_string()))?;
        Ok(Self {
            tracker: ballot.tracker(),
            index: EntryIndex(verified.index()),
            tree_size: verified.checkpoint().size,
        })
    }
}

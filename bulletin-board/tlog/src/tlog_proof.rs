//! Offline proofs that an entry is in a log (C2SP tlog-proof): the receipts of this project.
//!
//! A file holds the index of the entry, the inclusion proof and a checkpoint with its cosignatures. The reader brings the
//! entry, the origin and key of the log, and a witness policy.

use core::fmt;

use crate::checkpoint::{Checkpoint, Origin};
use crate::error::TlogProofError;
use crate::hash::{Hash, leaf_hash};
use crate::note::{SignedNote, VerifierKey};
use crate::policy::{Policy, Satisfied};
use crate::proof::{MAX_PROOF, verify_inclusion};
use crate::text::{decimal, from_base64, line, to_base64};

/// The first line of the format.
pub const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// Largest accepted file in bytes.
pub const MAX_TLOG_PROOF: usize = 512 * 1024;
/// Largest accepted extra data in bytes.
pub const MAX_EXTRA: usize = 64 * 1024;

/// A proof as it was received: form checked, nothing verified.
///
/// `Display` and [`TlogProof::to_bytes`] give back exactly the bytes that were parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    unauthenticated_extra: Option<Vec<u8>>,
    index: u64,
    inclusion: Vec<Hash>,
    note: SignedNote,
}

/// An entry that stands in the log under a checkpoint with enough witnesses. Only [`TlogProof::verify`] makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedEntry {
    index: u64,
    leaf_hash: Hash,
    satisfied: Satisfied,
}

impl VerifiedEntry {
    /// The position of the entry, from 0.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The leaf hash of the entry.
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        self.leaf_hash
    }

    /// The verified checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        self.satisfied.checkpoint()
    }

    /// Which witnesses cosigned, and when.
    #[must_use]
    pub fn satisfied(&self) -> &Satisfied {
        &self.satisfied
    }
}

impl TlogProof {
    /// Puts a proof together. The signatures of the note are not verified.
    ///
    /// # Errors
    /// [`TlogProofError::Checkpoint`] if the text of the note is no checkpoint, [`TlogProofError::Index`] if the index
    /// lies outside its tree, [`TlogProofError::TooManyHashes`] above 64.
    pub fn new(index: u64, inclusion: Vec<Hash>, note: SignedNote) -> Result<Self, TlogProofError> {
        if inclusion.len() > MAX_PROOF {
            return Err(TlogProofError::TooManyHashes);
        }
        if index >= Checkpoint::from_unverified_note(&note)?.size {
            return Err(TlogProofError::Index);
        }
        Ok(Self { unauthenticated_extra: None, index, inclusion, note })
    }

    /// Adds extra data. Nothing vouches for it: readers must not trust it by itself.
    ///
    /// # Errors
    /// [`TlogProofError::Extra`] if the data are empty or longer than [`MAX_EXTRA`].
    pub fn with_unauthenticated_extra(mut self, extra: Vec<u8>) -> Result<Self, TlogProofError> {
        if extra.is_empty() || extra.len() > MAX_EXTRA {
            return Err(TlogProofError::Extra);
        }
        self.unauthenticated_extra = Some(extra);
        Ok(self)
    }

    /// Reads a proof file.
    ///
    /// # Errors
    /// The [`TlogProofError`] of the first fault in the form.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogProofError> {
        if bytes.len() > MAX_TLOG_PROOF {
            return Err(TlogProofError::TooLarge { bytes: bytes.len(), limit: MAX_TLOG_PROOF });
        }
        let text = core::str::from_utf8(bytes).map_err(|_| TlogProofError::Lines)?;
        let (header, rest) = line(text).ok_or(TlogProofError::Header)?;
        if header != HEADER {
            return Err(TlogProofError::Header);
        }
        let (mut first, mut rest) = line(rest).ok_or(TlogProofError::Lines)?;
        let mut extra = None;
        if let Some(encoded) = first.strip_prefix("extra ") {
            extra = Some(from_base64(encoded).ok_or(TlogProofError::Extra)?);
            (first, rest) = line(rest).ok_or(TlogProofError::Lines)?;
        }
        let index = first.strip_prefix("index ").and_then(decimal).ok_or(TlogProofError::Index)?;
        let (inclusion, note) = parse_hash_lines(rest, MAX_PROOF)?;
        let proof = Self::new(index, inclusion, SignedNote::parse(note.as_bytes())?)?;
        match extra {
            Some(extra) => proof.with_unauthenticated_extra(extra),
            None => Ok(proof),
        }
    }

    /// The bytes of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    /// The position of the entry, from 0. Unverified.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The inclusion proof, from the leaf's sibling up. Unverified.
    #[must_use]
    pub fn inclusion(&self) -> &[Hash] {
        &self.inclusion
    }

    /// The signed checkpoint. Unverified.
    #[must_use]
    pub fn note(&self) -> &SignedNote {
        &self.note
    }

    /// The extra data. They stay unauthenticated even after [`TlogProof::verify`].
    #[must_use]
    pub fn unauthenticated_extra(&self) -> Option<&[u8]> {
        self.unauthenticated_extra.as_deref()
    }

    /// Verifies that `entry` stands in the log `origin` under a checkpoint signed by `log_key` that satisfies `policy`.
    ///
    /// # Errors
    /// [`TlogProofError::Policy`] if the checkpoint is not signed, another log's (S6), or short of witnesses (A19);
    /// [`TlogProofError::Inclusion`] if the entry is not where the proof says.
    pub fn verify(
        &self,
        entry: &[u8],
        origin: &Origin,
        log_key: &VerifierKey,
        policy: &Policy,
    ) -> Result<VerifiedEntry, TlogProofError> {
        self.verify_leaf_hash(leaf_hash(entry), origin, log_key, policy)
    }

    /// As [`TlogProof::verify`], for a caller that computed the leaf hash from the entry itself (A13, A34).
    ///
    /// # Errors
    /// As [`TlogProof::verify`].
    pub fn verify_leaf_hash(
        &self,
        leaf_hash: Hash,
        origin: &Origin,
        log_key: &VerifierKey,
        policy: &Policy,
    ) -> Result<VerifiedEntry, TlogProofError> {
        let Self { unauthenticated_extra: _, index, inclusion, note } = self;
        let satisfied = policy.evaluate(note, origin, log_key)?;
        let checkpoint = satisfied.checkpoint();
        verify_inclusion(*index, checkpoint.size, &leaf_hash, inclusion, &checkpoint.root)?;
        Ok(VerifiedEntry { index: *index, leaf_hash, satisfied })
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.unauthenticated_extra {
            writeln!(f, "extra {}", to_base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.inclusion.iter().try_for_each(|hash| writeln!(f, "{}", hash.to_base64()))?;
        write!(f, "\n{}", self.note)
    }
}

/// Reads base64 hashes, one a line, up to and with an empty line. Returns them and what follows.
fn parse_hash_lines(text: &str, limit: usize) -> Result<(Vec<Hash>, &str), TlogProofError> {
    let mut hashes = Vec::new();
    let mut rest = text;
    loop {
        let (first, after) = line(rest).ok_or(TlogProofError::Lines)?;
        if first.is_empty() {
            return Ok((hashes, after));
        }
        if hashes.len() == limit {
            return Err(TlogProofError::TooManyHashes);
        }
        hashes.push(Hash::from_base64(first).map_err(TlogProofError::Hash)?);
        rest = after;
    }
}

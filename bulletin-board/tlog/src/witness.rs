//! The wire format of the witness protocol (C2SP tlog-witness), `add-checkpoint` only: request, checks, answers.
//!
//! Here are bytes and the pure checks. The atomic compare-and-store that must surround [`AddCheckpoint::check`] is the
//! witness program's. The optional call `sign-subtree` is not supported: cosignatures of type 0x04 can't express it.

use core::fmt;

use crate::checkpoint::{Checkpoint, Origin, open_note};
use crate::cosign::verify_line;
use crate::error::{CheckpointError, Refusal, WitnessError};
use crate::hash::{EMPTY_ROOT, Hash};
use crate::note::{MAX_NOTE, NoteSignature, SignedNote, VerifierKey};
use crate::proof::verify_consistency;
use crate::text::{decimal, line};

/// Most hashes that a request may carry.
pub const MAX_REQUEST_HASHES: usize = 63;
/// Largest accepted request in bytes: a note, the hashes, the size line.
pub const MAX_REQUEST: usize = MAX_NOTE + MAX_REQUEST_HASHES * 45 + 64;
/// Largest accepted answer in bytes.
pub const MAX_RESPONSE: usize = MAX_NOTE;

/// The body of an `add-checkpoint` request: form checked, nothing verified.
///
/// `Display` and [`AddCheckpoint::to_bytes`] give back exactly the bytes that were parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size of the checkpoint that the witness is believed to know.
    pub old_size: u64,
    /// Consistency proof from that size.
    pub proof: Vec<Hash>,
    /// The new checkpoint, signed by the log.
    pub note: SignedNote,
}

/// The newest tree of a log that a witness has cosigned; by default the empty tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latest {
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

impl Default for Latest {
    fn default() -> Self {
        Self { size: 0, root: EMPTY_ROOT }
    }
}

impl AddCheckpoint {
    /// Reads a request body.
    ///
    /// # Errors
    /// The [`WitnessError`] of the first fault in the form; its status is 400.
    pub fn parse(bytes: &[u8]) -> Result<Self, WitnessError> {
        if bytes.len() > MAX_REQUEST {
            return Err(WitnessError::TooLarge { bytes: bytes.len(), limit: MAX_REQUEST });
        }
        let text = core::str::from_utf8(bytes).map_err(|_| WitnessError::Lines)?;
        let (first, mut rest) = line(text).ok_or(WitnessError::Lines)?;
        let old_size = first.strip_prefix("old ").and_then(decimal).ok_or(WitnessError::OldSize)?;
        let mut proof = Vec::new();
        loop {
            let (hash, after) = line(rest).ok_or(WitnessError::Lines)?;
            rest = after;
            if hash.is_empty() {
                break;
            }
            if proof.len() == MAX_REQUEST_HASHES {
                return Err(WitnessError::TooManyHashes { limit: MAX_REQUEST_HASHES });
            }
            proof.push(Hash::from_base64(hash)?);
        }
        let note = SignedNote::parse(rest.as_bytes())?;
        Checkpoint::from_unverified_note(&note)?;
        Ok(Self { old_size, proof, note })
    }

    /// The bytes of the request body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    /// The origin that the request names, by which the witness finds the log's key. Unverified.
    ///
    /// # Errors
    /// [`CheckpointError`] if the text of the note is no checkpoint; it is one after [`AddCheckpoint::parse`].
    pub fn unverified_origin(&self) -> Result<Origin, CheckpointError> {
        Ok(Checkpoint::from_unverified_note(&self.note)?.origin)
    }

    /// Everything that a witness checks before it stores and cosigns, in the order of the specification.
    ///
    /// `latest` must be read, and the returned checkpoint stored in its place, in one atomic step.
    ///
    /// # Errors
    /// The [`Refusal`], which knows its status code. An unknown origin (404) is found before this call.
    pub fn check(&self, origin: &Origin, log_key: &VerifierKey, latest: &Latest) -> Result<Checkpoint, Refusal> {
        let Self { old_size, proof, note } = self;
        let checkpoint = match open_note(note, origin, log_key) {
            Ok(checkpoint) => checkpoint,
            Err(CheckpointError::Note(_)) => return Err(Refusal::Signature),
            Err(CheckpointError::EmptyTreeRoot) => return Err(Refusal::EmptyTreeRoot),
            Err(error) => return Err(Refusal::Malformed(error)),
        };
        if *old_size > checkpoint.size {
            return Err(Refusal::OldSizeAhead);
        }
        if *old_size != latest.size {
            return Err(Refusal::Conflict { size: latest.size });
        }
        // A19: only consistent extensions are cosigned.
        if *old_size == 0 {
            if proof.is_empty() { Ok(checkpoint) } else { Err(Refusal::UnwantedProof) }
        } else {
            verify_consistency(latest.size, checkpoint.size, &latest.root, &checkpoint.root, proof)?;
            Ok(checkpoint)
        }
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", hash.to_base64()))?;
        write!(f, "\n{}", self.note)
    }
}

/// The body of an answer with status 200: signature lines.
#[must_use]
pub fn format_response(signatures: &[NoteSignature]) -> String {
    signatures.iter().map(ToString::to_string).collect()
}

/// Reads an answer with status 200 and returns the valid cosignatures of the given witness keys.
///
/// Lines of unknown keys, and of types that this version can't verify, are ignored.
///
/// # Errors
/// [`WitnessError::Note`] for a malformed answer, [`WitnessError::Cosignature`] for a line of a known key that does not
/// verify or that states no time, [`WitnessError::NoCosignature`] if no line is of a known key.
pub fn parse_response(
    bytes: &[u8],
    checkpoint: &Checkpoint,
    keys: &[VerifierKey],
) -> Result<Vec<NoteSignature>, WitnessError> {
    if bytes.len() > MAX_RESPONSE {
        return Err(WitnessError::TooLarge { bytes: bytes.len(), limit: MAX_RESPONSE });
    }
    let text = core::str::from_utf8(bytes).map_err(|_| WitnessError::Lines)?;
    let mut accepted = Vec::new();
    for line in NoteSignature::parse_lines(text)? {
        let known = keys.iter().find(|key| key.name() == line.name() && key.id() == line.key_id());
        match known.map(|key| verify_line(checkpoint, &line, key)) {
            None | Some(Err(crate::error::CosignError::Unsupported { .. })) => {}
            // A witness must state the time.
            Some(Ok(0)) => return Err(WitnessError::Cosignature { name: line.name().to_string() }),
            Some(Ok(_)) => accepted.push(line),
            Some(Err(_)) => return Err(WitnessError::Cosignature { name: line.name().to_string() }),
        }
    }
    if accepted.is_empty() { Err(WitnessError::NoCosignature) } else { Ok(accepted) }
}

/// The body of an answer with status 409: the size that the witness knows, and a newline.
#[must_use]
pub fn format_size(size: u64) -> String {
    format!("{size}\n")
}

/// Reads the body of an answer with status 409.
///
/// # Errors
/// [`WitnessError::OldSize`].
pub fn parse_size(bytes: &[u8]) -> Result<u64, WitnessError> {
    let text = core::str::from_utf8(bytes).map_err(|_| WitnessError::OldSize)?;
    text.strip_suffix('\n').and_then(decimal).ok_or(WitnessError::OldSize)
}

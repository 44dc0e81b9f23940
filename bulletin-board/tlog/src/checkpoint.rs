//! Checkpoints (C2SP tlog-checkpoint): origin, size and root of a log, signed as a note.

use core::fmt;
use core::str::FromStr;

use crate::error::CheckpointError;
use crate::hash::{EMPTY_ROOT, Hash};
use crate::note::{KeyName, SignedNote, SigningKey, VerifierKey};
use crate::text::{decimal, line};

/// Longest accepted extension line in bytes.
pub const MAX_EXTENSION: usize = 1024;
/// Longest accepted origin in bytes; the ML-DSA cosignature format has one length byte for it.
pub const MAX_ORIGIN: usize = 255;

/// The identity of a log: one line of text, not empty, without control characters, at most 255 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin(String);

impl Origin {
    /// Checks an origin.
    ///
    /// # Errors
    /// [`CheckpointError::Origin`].
    pub fn new(origin: &str) -> Result<Self, CheckpointError> {
        if is_line(origin, MAX_ORIGIN) { Ok(Self(origin.to_owned())) } else { Err(CheckpointError::Origin) }
    }

    /// The origin line without its newline.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = CheckpointError;

    fn from_str(origin: &str) -> Result<Self, CheckpointError> {
        Self::new(origin)
    }
}

impl From<&KeyName> for Origin {
    /// Every key name can be an origin; logs use the same text for both.
    fn from(name: &KeyName) -> Self {
        Self(name.as_str().to_owned())
    }
}

/// An extension line of a checkpoint: opaque, not empty. Logs of this project write none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Extension(String);

impl Extension {
    /// Checks an extension line.
    ///
    /// # Errors
    /// [`CheckpointError::Extension`].
    pub fn new(text: &str) -> Result<Self, CheckpointError> {
        if is_line(text, MAX_EXTENSION) { Ok(Self(text.to_owned())) } else { Err(CheckpointError::Extension) }
    }

    /// The line without its newline.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a log states: its size and root. Not by itself a signed statement; [`open`] returns one that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's identity.
    pub origin: Origin,
    /// Number of entries.
    pub size: u64,
    /// Root over all entries.
    pub root: Hash,
    /// Extension lines, usually none.
    pub extensions: Vec<Extension>,
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    #[must_use]
    pub fn new(origin: Origin, size: u64, root: Hash) -> Self {
        Self { origin, size, root, extensions: Vec::new() }
    }

    /// Reads the text of a note. Exactly one text per checkpoint is accepted.
    ///
    /// # Errors
    /// The [`CheckpointError`] of the first fault.
    pub fn from_text(text: &str) -> Result<Self, CheckpointError> {
        let (origin, rest) = line(text).ok_or(CheckpointError::Lines)?;
        let (size, rest) = line(rest).ok_or(CheckpointError::Lines)?;
        let (root, mut rest) = line(rest).ok_or(CheckpointError::Lines)?;
        let mut extensions = Vec::new();
        while !rest.is_empty() {
            let (extension, after) = line(rest).ok_or(CheckpointError::Lines)?;
            extensions.push(Extension::new(extension)?);
            rest = after;
        }
        Ok(Self {
            origin: Origin::new(origin)?,
            size: decimal(size).ok_or(CheckpointError::Size)?,
            root: Hash::from_base64(root).map_err(CheckpointError::Root)?,
            extensions,
        })
    }

    /// The text of the note, with its final newline.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, self.root.to_base64());
        for extension in &self.extensions {
            text.push_str(extension.as_str());
            text.push('\n');
        }
        text
    }

    /// Reads the checkpoint of a note *without* looking at its signatures.
    ///
    /// # Errors
    /// The [`CheckpointError`] of the first fault.
    pub fn from_unverified_note(note: &SignedNote) -> Result<Self, CheckpointError> {
        Self::from_text(note.text())
    }

    /// Refuses size 0 with another root than that of the empty tree.
    ///
    /// # Errors
    /// [`CheckpointError::EmptyTreeRoot`].
    pub fn check_empty_root(&self) -> Result<(), CheckpointError> {
        if self.size == 0 && self.root != EMPTY_ROOT { Err(CheckpointError::EmptyTreeRoot) } else { Ok(()) }
    }
}

/// Signs a checkpoint as a note with the key of the log.
///
/// A log must never sign two checkpoints of which one is not a prefix of the other; that is the caller's duty.
#[must_use]
pub fn sign(checkpoint: &Checkpoint, key: &SigningKey) -> String {
    let text = checkpoint.to_text();
    let line = key.sign_checked(&text);
    format!("{text}\n{line}")
}

/// Opens a signed checkpoint: form, signature of the log, origin.
///
/// Only `key` is looked at; cosignatures are the matter of `policy`.
///
/// # Errors
/// [`CheckpointError::Note`] if the note is malformed or not signed by `key`, [`CheckpointError::WrongOrigin`] if it is
/// another log's (S6), and the faults of the text.
pub fn open(note: &[u8], expected_origin: &Origin, key: &VerifierKey) -> Result<Checkpoint, CheckpointError> {
    open_note(&SignedNote::parse(note)?, expected_origin, key)
}

/// As [`open`], for a note that is already parsed.
///
/// # Errors
/// As [`open`].
pub fn open_note(
    note: &SignedNote,
    expected_origin: &Origin,
    key: &VerifierKey,
) -> Result<Checkpoint, CheckpointError> {
    note.verify(core::slice::from_ref(key))?;
    let checkpoint = Checkpoint::from_text(note.text())?;
    // S6: a second log under the same key is another origin and is refused.
    if checkpoint.origin != *expected_origin {
        return Err(CheckpointError::WrongOrigin {
            expected: expected_origin.to_string(),
            found: checkpoint.origin.to_string(),
        });
    }
    checkpoint.check_empty_root()?;
    Ok(checkpoint)
}

/// One line that is not empty, not too long, and without control characters.
fn is_line(text: &str, limit: usize) -> bool {
    !text.is_empty() && text.len() <= limit && text.bytes().all(|byte| byte >= 0x20)
}

//! Signed notes (C2SP signed-note): a text and signature lines under it.
//!
//! [`SignedNote::parse`] checks the form only. The text is worth nothing before [`SignedNote::verify`] succeeded with a
//! key that the caller trusts.

mod key;

#[cfg(test)]
mod tests;

pub use key::{KeyId, KeyName, KeyType, Outcome, SigningKey, VerifierKey};

use core::fmt;
use std::collections::BTreeMap;

use crate::error::NoteError;
use crate::text::{from_base64, line, to_base64};

/// Largest accepted note in bytes.
pub const MAX_NOTE: usize = 256 * 1024;
/// Largest accepted number of signature lines; the specification asks for at least 16.
pub const MAX_SIGNATURES: usize = 64;
/// Em dash and space, which begin a signature line.
const LINE_START: &str = "\u{2014} ";
/// Bytes of the key id before a signature.
const ID_LEN: usize = 4;

/// One signature line: who, and the bytes after the key id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoteSignature {
    name: KeyName,
    key_id: KeyId,
    signature: Vec<u8>,
}

impl NoteSignature {
    /// A signature of the given key. The bytes are those after the key id; there is at least one.
    ///
    /// # Errors
    /// [`NoteError::SignatureLine`] if there are no bytes.
    pub fn new(name: KeyName, key_id: KeyId, signature: Vec<u8>) -> Result<Self, NoteError> {
        if signature.is_empty() { Err(NoteError::SignatureLine) } else { Ok(Self { name, key_id, signature }) }
    }

    /// The name of the key.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id of the key.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The signature itself, without the key id.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Reads one signature line without its newline.
    ///
    /// # Errors
    /// [`NoteError::SignatureLine`] or [`NoteError::KeyName`].
    pub fn parse_line(text: &str) -> Result<Self, NoteError> {
        let rest = text.strip_prefix(LINE_START).ok_or(NoteError::SignatureLine)?;
        let (name, encoded) = rest.split_once(' ').ok_or(NoteError::SignatureLine)?;
        let bytes = from_base64(encoded).ok_or(NoteError::SignatureLine)?;
        let (id, signature) = bytes.split_first_chunk::<ID_LEN>().ok_or(NoteError::SignatureLine)?;
        Self::new(KeyName::new(name)?, KeyId(*id), signature.to_vec())
    }

    /// Reads signature lines, each with its newline, and nothing else: the answer of a witness, or the end of a note.
    ///
    /// # Errors
    /// [`NoteError::SignatureLine`], [`NoteError::KeyName`], [`NoteError::TooManySignatures`], or
    /// [`NoteError::NoSignature`] if there is none.
    pub fn parse_lines(text: &str) -> Result<Vec<Self>, NoteError> {
        let mut signatures = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if signatures.len() == MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures { limit: MAX_SIGNATURES });
            }
            let (first, after) = line(rest).ok_or(NoteError::SignatureLine)?;
            signatures.push(Self::parse_line(first)?);
            rest = after;
        }
        if signatures.is_empty() { Err(NoteError::NoSignature) } else { Ok(signatures) }
    }
}

impl fmt::Display for NoteSignature {
    /// The line with its newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = to_base64(&[self.key_id.0.as_slice(), &self.signature].concat());
        writeln!(f, "{LINE_START}{} {encoded}", self.name)
    }
}

/// A signature that was verified under a trusted key. Only [`SignedNote::verify`] makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedSignature {
    key: VerifierKey,
    timestamp: Option<u64>,
}

impl VerifiedSignature {
    /// The key that verified it.
    #[must_use]
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The time that a cosignature states, in seconds since the Unix epoch; `None` for a plain signature.
    #[must_use]
    pub fn timestamp(&self) -> Option<u64> {
        self.timestamp
    }
}

/// A note as it was received: form checked, signatures not.
///
/// `Display` and [`SignedNote::to_bytes`] give back exactly the bytes that were parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl SignedNote {
    /// Reads a note.
    ///
    /// # Errors
    /// The [`NoteError`] of the first fault in the form.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        // The size comes first (A3).
        if bytes.len() > MAX_NOTE {
            return Err(NoteError::TooLarge { bytes: bytes.len(), limit: MAX_NOTE });
        }
        let whole = core::str::from_utf8(bytes).map_err(|_| NoteError::Characters)?;
        check_characters(whole)?;
        // The text ends at the last empty line and keeps its own newline.
        let blank = whole.rfind("\n\n").ok_or(NoteError::NoBlankLine)?;
        let (text, lines) = whole.split_at_checked(blank + 1).ok_or(NoteError::NoBlankLine)?;
        let lines = lines.strip_prefix('\n').ok_or(NoteError::NoBlankLine)?;
        Ok(Self { text: text.to_owned(), signatures: NoteSignature::parse_lines(lines)? })
    }

    /// Signs a text with one or more keys.
    ///
    /// # Errors
    /// [`NoteError::Text`] if the text does not end in a newline, [`NoteError::Characters`],
    /// [`NoteError::NoSignature`] without a key, [`NoteError::TooManySignatures`] or [`NoteError::TooLarge`].
    pub fn sign(text: &str, keys: &[&SigningKey]) -> Result<Self, NoteError> {
        let signatures = keys.iter().map(|key| key.sign_text(text)).collect::<Result<Vec<_>, _>>()?;
        Self::from_parts(text, signatures)
    }

    /// Puts a text and signatures together, whoever made them.
    ///
    /// # Errors
    /// As [`SignedNote::sign`].
    pub fn from_parts(text: &str, signatures: Vec<NoteSignature>) -> Result<Self, NoteError> {
        check_text(text)?;
        if signatures.is_empty() {
            return Err(NoteError::NoSignature);
        }
        let note = Self { text: text.to_owned(), signatures };
        note.check_limits()?;
        Ok(note)
    }

    /// Adds a signature line at the end. A line that is already there is not added again.
    ///
    /// # Errors
    /// [`NoteError::TooManySignatures`] or [`NoteError::TooLarge`]; the note is then as before.
    pub fn add_signature(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        if self.signatures.contains(&signature) {
            return Ok(());
        }
        self.signatures.push(signature);
        self.check_limits().inspect_err(|_| {
            self.signatures.pop();
        })
    }

    /// The text with its final newline. Not to be believed before [`SignedNote::verify`].
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines in order.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The bytes of the whole note.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    /// Verifies the lines of the given keys and returns one verified signature per key that signed.
    ///
    /// Lines of unknown keys are ignored, and so are keys of a type that this version can't check. A line that names a
    /// known key and does not verify spoils the whole note. Several valid lines of one key count once; the first is
    /// returned.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] names the key whose line is wrong, [`NoteError::NotSigned`] if no given key signed,
    /// [`NoteError::AmbiguousKey`] if two different given keys share name and id.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Vec<VerifiedSignature>, NoteError> {
        let mut known: BTreeMap<(&KeyName, KeyId), &VerifierKey> = BTreeMap::new();
        for key in keys {
            if known.insert((key.name(), key.id()), key).is_some_and(|other| other != key) {
                return Err(NoteError::AmbiguousKey { name: key.name().to_string() });
            }
        }
        let mut verified: Vec<VerifiedSignature> = Vec::new();
        for line in &self.signatures {
            let Some(key) = known.get(&(&line.name, line.key_id)) else { continue };
            match key.check(&self.text, &line.signature) {
                Outcome::Unsupported => {}
                Outcome::Invalid => return Err(NoteError::BadSignature { name: line.name.to_string() }),
                Outcome::Valid { timestamp } => {
                    if !verified.iter().any(|earlier| &earlier.key == *key) {
                        verified.push(VerifiedSignature { key: (*key).clone(), timestamp });
                    }
                }
            }
        }
        if verified.is_empty() { Err(NoteError::NotSigned) } else { Ok(verified) }
    }

    fn check_limits(&self) -> Result<(), NoteError> {
        if self.signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures { limit: MAX_SIGNATURES });
        }
        let bytes = self.to_string().len();
        if bytes > MAX_NOTE { Err(NoteError::TooLarge { bytes, limit: MAX_NOTE }) } else { Ok(()) }
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| signature.fmt(f))
    }
}

/// Refuses control characters other than newline.
fn check_characters(text: &str) -> Result<(), NoteError> {
    if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') { Err(NoteError::Characters) } else { Ok(()) }
}

/// Checks a text that is to be signed.
fn check_text(text: &str) -> Result<(), NoteError> {
    check_characters(text)?;
    if text.ends_with('\n') { Ok(()) } else { Err(NoteError::Text) }
}

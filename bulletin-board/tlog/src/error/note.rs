//! Errors of notes, checkpoints, cosignatures and policies.

use thiserror::Error;

use super::HashError;

/// Faults of notes, names and keys.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoteError {
    /// The note is too large.
    #[error("the note has {bytes} bytes, at most {limit} are read; it is no checkpoint of a known log")]
    TooLarge {
        /// Bytes found.
        bytes: usize,
        /// Bytes accepted.
        limit: usize,
    },
    /// Not UTF-8, or control characters.
    #[error("the note is not UTF-8 or has control characters; copy the file without converting it")]
    Characters,
    /// No empty line between text and signatures.
    #[error("the note has no empty line before its signatures; copy the whole file")]
    NoBlankLine,
    /// The text does not end in a newline.
    #[error("the text of a note must end in a newline; add one before signing")]
    Text,
    /// A signature line has a wrong form.
    #[error("a signature line is malformed; copy the whole file, with its last newline")]
    SignatureLine,
    /// No signature line.
    #[error("the note has no signature; sign it or fetch it again")]
    NoSignature,
    /// Too many signature lines.
    #[error("the note has more than {limit} signatures; remove those that nobody needs")]
    TooManySignatures {
        /// Lines accepted.
        limit: usize,
    },
    /// Not the name of a key.
    #[error("no name of a key: use 1 to 255 bytes without spaces, '+' and control characters")]
    KeyName,
    /// Not a verifier key.
    #[error("no verifier key: expected <name>+<8 hex digits>+<base64>")]
    VerifierKey,
    /// The id is not the one of name, type and key.
    #[error("the id of the verifier key does not fit its name and key; copy the key again")]
    KeyIdMismatch,
    /// The bytes of the key are not acceptable.
    #[error("the public key is not a valid key of its type; ask its owner for the right one")]
    PublicKey,
    /// Two keys share name and id.
    #[error("two different keys are named '{name}' and share an id; remove one of them")]
    AmbiguousKey {
        /// Name of the keys.
        name: String,
    },
    /// A line of a known key does not verify.
    #[error("the signature of '{name}' does not verify; fetch the note again, and do not trust this one")]
    BadSignature {
        /// Name of the key.
        name: String,
    },
    /// No known key signed.
    #[error("the note is not signed by a known key; check the key and where the note came from")]
    NotSigned,
}

/// Faults of checkpoints.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// The note is malformed or not signed by the log.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Too few lines, or an unfinished one.
    #[error("a checkpoint has at least three finished lines; copy the whole text")]
    Lines,
    /// Not an origin.
    #[error("no origin of a log: use one line of 1 to 255 bytes without control characters")]
    Origin,
    /// Not a size.
    #[error("the size of the checkpoint is no plain decimal number")]
    Size,
    /// Not a root.
    #[error("the root of the checkpoint is malformed: {0}")]
    Root(HashError),
    /// A bad extension line.
    #[error("an extension line must have 1 to 1024 bytes without control characters")]
    Extension,
    /// A checkpoint of another log.
    #[error("the checkpoint is of the log '{found}', not of '{expected}'; use the address of the right log")]
    WrongOrigin {
        /// Origin expected.
        expected: String,
        /// Origin found.
        found: String,
    },
    /// Size 0 with the root of some other tree.
    #[error("a checkpoint of size 0 has another root than the empty tree; the log is faulty")]
    EmptyTreeRoot,
}

/// Faults of cosignatures.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CosignError {
    /// The note is malformed, or a known witness' line does not verify.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A time that can't be stated.
    #[error("can't cosign at time {timestamp}; set the clock, in seconds since 1970")]
    Timestamp {
        /// The time given.
        timestamp: u64,
    },
    /// The line names another key.
    #[error("the line of '{name}' is not of the expected key")]
    OtherKey {
        /// Name in the line.
        name: String,
    },
    /// The key is of another type than 0x04.
    #[error("the key of '{name}' makes no cosignatures that this version can check")]
    Unsupported {
        /// Name of the key.
        name: String,
    },
    /// The cosignature does not verify.
    #[error("the cosignature of '{name}' does not verify; ask the witness again")]
    Invalid {
        /// Name of the key.
        name: String,
    },
}

/// Faults of a policy file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// A fault in one line.
    #[error("line {number} of the policy: {fault}")]
    Line {
        /// Number of the line, from 1.
        number: usize,
        /// What is wrong there.
        fault: Box<PolicyError>,
    },
    /// The file is too large.
    #[error("the policy has {bytes} bytes, at most {limit} are read; remove lines that are not needed")]
    TooLarge {
        /// Bytes found.
        bytes: usize,
        /// Bytes accepted.
        limit: usize,
    },
    /// No newline at the end.
    #[error("the last line of the policy does not end in a newline; add one")]
    LastLine,
    /// Control characters, or a key that is not UTF-8.
    #[error("control characters are not allowed; use spaces and tabs only")]
    Characters,
    /// Not a known form of line.
    #[error("unknown form; a line begins with log, witness, group, quorum or #")]
    Syntax,
    /// Not a name or URL.
    #[error("a name or URL has 1 to 1024 bytes and no spaces")]
    Word,
    /// A faulty verifier key.
    #[error(transparent)]
    Key(NoteError),
    /// The key can't cosign.
    #[error("the key of witness '{name}' makes no cosignatures; use its key of type 04")]
    WitnessKeyType {
        /// Name of the witness.
        name: String,
    },
    /// The public key is listed twice.
    #[error("the public key of '{name}' is listed already; remove one of the lines")]
    DuplicateKey {
        /// Name of the log or witness.
        name: String,
    },
    /// The name is taken or reserved.
    #[error("the name '{name}' is taken or reserved; choose another")]
    Name {
        /// The name.
        name: String,
    },
    /// A name that is not defined on an earlier line.
    #[error("'{name}' is not defined on an earlier line; define it first")]
    Unknown {
        /// The name.
        name: String,
    },
    /// A member of two groups.
    #[error("'{name}' is a member of a group already; each name may be a member once")]
    SecondMembership {
        /// The name.
        name: String,
    },
    /// The number of needed members is impossible.
    #[error("group '{group}' needs a number from 1 to the number of its members, or any, or all")]
    Threshold {
        /// Name of the group.
        group: String,
    },
    /// Two quorum lines.
    #[error("a policy has one quorum line; remove the second")]
    SecondRequirement,
    /// No quorum line.
    #[error("the policy has no quorum line; add one, if need be 'quorum none'")]
    NoRequirement,
    /// Too many logs, witnesses or groups.
    #[error("more than {limit} logs, witnesses or groups; remove some")]
    TooMany {
        /// Number accepted of each.
        limit: usize,
    },
}

/// Why a policy does not accept a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unsatisfied {
    /// The policy does not list the log.
    #[error("the policy does not list the log '{name}'; use the policy of this log")]
    LogNotListed {
        /// Origin or key name.
        name: String,
    },
    /// The log did not sign, or the checkpoint is faulty or another log's.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The line of a known witness does not verify.
    #[error("a witness' line is wrong: {0}")]
    Witness(NoteError),
    /// Too few witnesses cosigned.
    #[error("too few witnesses cosigned for '{requirement}'; missing: {}; fetch a later copy or ask them", missing.join(", "))]
    Missing {
        /// Name of the witness or group that is required.
        requirement: String,
        /// Witnesses that did not cosign and could help.
        missing: Vec<String>,
    },
}

impl Unsatisfied {
    /// The witnesses that did not cosign and could help; empty if that is not the fault.
    #[must_use]
    pub fn missing(&self) -> &[String] {
        match self {
            Self::Missing { requirement: _, missing } => missing,
            Self::LogNotListed { .. } | Self::Checkpoint(_) | Self::Witness(_) => &[],
        }
    }
}

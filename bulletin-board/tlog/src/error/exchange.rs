//! Errors of what is exchanged: offline proofs, resources of a log, evidence, witness requests.

use thiserror::Error;

use super::{CheckpointError, HashError, NoteError, ProofError, TileError, TreeError, Unsatisfied};

/// Faults of an offline proof.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TlogProofError {
    /// The file is too large.
    #[error("the proof has {bytes} bytes, at most {limit} are read; it is no proof of a known log")]
    TooLarge {
        /// Bytes found.
        bytes: usize,
        /// Bytes accepted.
        limit: usize,
    },
    /// Not this format.
    #[error("no proof: the first line must be c2sp.org/tlog-proof@v1")]
    Header,
    /// Lines are missing or unfinished.
    #[error("the proof is incomplete; copy the whole file without converting it")]
    Lines,
    /// Bad extra data.
    #[error("the extra line must hold base64 of 1 to 65536 bytes")]
    Extra,
    /// Bad index.
    #[error("the index is malformed or lies outside the tree of the checkpoint; fetch the proof again")]
    Index,
    /// A bad hash.
    #[error("a line of the proof is malformed: {0}")]
    Hash(HashError),
    /// Too many hashes.
    #[error("the proof has more than 64 hashes; fetch it again")]
    TooManyHashes,
    /// The note is malformed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text of the note is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint is not acceptable.
    #[error(transparent)]
    Policy(#[from] Unsatisfied),
    /// The entry is not where the proof says.
    #[error("the entry is not in the log as claimed: {0}")]
    Inclusion(#[from] ProofError),
}

/// Faults of a promise.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PromiseError {
    /// The file is too large.
    #[error("the promise has {bytes} bytes, at most {limit} are read; it is none")]
    TooLarge {
        /// Bytes found.
        bytes: usize,
        /// Bytes accepted.
        limit: usize,
    },
    /// Not this format, or unfinished.
    #[error("no promise of a log: copy the whole file without converting it")]
    Lines,
    /// Bad deadline.
    #[error("the deadline is malformed or out of range")]
    Deadline,
    /// Bad leaf hash.
    #[error("the leaf hash is malformed: {0}")]
    Hash(#[from] HashError),
    /// The note is malformed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The origin is malformed.
    #[error(transparent)]
    Origin(#[from] CheckpointError),
    /// Another log's.
    #[error("the promise is of the log {found}, {expected} was expected")]
    WrongOrigin {
        /// The log that was asked.
        expected: String,
        /// The log that the promise names.
        found: String,
    },
    /// Not signed by the log.
    #[error("the promise is not signed by the key of this log; it binds nobody")]
    Signature,
}

/// Faults found while a log is read. Those of one resource name its path.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClientError {
    /// Too many entries for one reading.
    #[error("{entries} entries are too many for one reading; read in steps of at most {limit}")]
    TooLarge {
        /// Entries asked for.
        entries: u64,
        /// Entries accepted.
        limit: u64,
    },
    /// The log is smaller than before.
    #[error("the log shrank from {old} to {new} entries; keep both checkpoints and ask the operator")]
    Shrinks {
        /// Size read before.
        old: u64,
        /// Size now.
        new: u64,
    },
    /// Size 0 with the root of some other tree.
    #[error("a log of size 0 has another root than the empty tree; the log is faulty")]
    EmptyTreeRoot,
    /// The path was not asked for, or not yet, or arrived already.
    #[error("{path}: not wanted now; ask the reader what it wants")]
    NotWanted {
        /// The path.
        path: String,
    },
    /// The path or its bytes are malformed.
    #[error("{path}: {fault}")]
    Malformed {
        /// The path.
        path: String,
        /// What is wrong.
        fault: TileError,
    },
    /// A full tile does not have the hash that the tile above states.
    #[error("{path}: the tile is not the one in the tree of the checkpoint; fetch it from a mirror")]
    TileRoot {
        /// The path.
        path: String,
    },
    /// The partial tiles do not lead to the root of the checkpoint.
    #[error("{paths}: these tiles do not lead to the root of the checkpoint; fetch them and the checkpoint again")]
    CheckpointRoot {
        /// The paths, with commas between.
        paths: String,
    },
    /// An entry is not the one in the tree.
    #[error("{path}: entry {index} is not the one in the tree of the checkpoint; fetch the bundle from a mirror")]
    Entry {
        /// The path of the bundle.
        path: String,
        /// Index of the entry in the log.
        index: u64,
    },
    /// The new tree is no extension of the one that was read before.
    #[error("checkpoint: the tree of {new} does not extend the tree of {old}; keep both, they show a split view")]
    Inconsistent {
        /// Size read before.
        old: u64,
        /// Size now.
        new: u64,
    },
    /// The reading is not finished.
    #[error("only {yielded} of {expected} entries were read; go on until none is wanted")]
    Incomplete {
        /// Entries that belong to the reading.
        expected: u64,
        /// Entries yielded.
        yielded: u64,
    },
    /// A tile that is needed is missing.
    #[error(transparent)]
    Tree(TreeError),
}

/// Faults of a piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EvidenceError {
    /// The file is too large.
    #[error("the evidence has {bytes} bytes, at most {limit} are read; it is no evidence of this format")]
    TooLarge {
        /// Bytes found.
        bytes: usize,
        /// Bytes accepted.
        limit: usize,
    },
    /// Not this format.
    #[error("no evidence: the first line must be urna/v1/split-view")]
    Header,
    /// Lines are missing, unfinished, or not in canonical form.
    #[error("the evidence is incomplete or not in canonical form; copy the whole file without converting it")]
    Lines,
    /// A bad hash.
    #[error("a line of the evidence is malformed: {0}")]
    Hash(#[from] HashError),
    /// Too many hashes.
    #[error("the evidence has more than 64 hashes; make it again")]
    TooManyHashes,
    /// A checkpoint is malformed or not signed by the log.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoints are of two logs.
    #[error("the two checkpoints are of different logs; compare checkpoints of one origin")]
    Origins,
    /// The tree lacks a node.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// Faults in the form of witness requests and answers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WitnessError {
    /// The body is too large.
    #[error("the body has {bytes} bytes, at most {limit} are read; send one checkpoint and its proof")]
    TooLarge {
        /// Bytes found.
        bytes: usize,
        /// Bytes accepted.
        limit: usize,
    },
    /// Lines are missing or unfinished.
    #[error("the body is incomplete; every line must end in a newline")]
    Lines,
    /// A bad size line.
    #[error("the size is malformed; write it as a plain decimal number")]
    OldSize,
    /// Too many hashes.
    #[error("the request has more than {limit} hashes; send the proof for exactly these sizes")]
    TooManyHashes {
        /// Hashes accepted.
        limit: usize,
    },
    /// A bad hash.
    #[error("a line of the proof is malformed: {0}")]
    Hash(#[from] HashError),
    /// The note is malformed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text of the note is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A known witness' line does not verify or states no time.
    #[error("the cosignature of '{name}' is not valid for this checkpoint; ask the witness again")]
    Cosignature {
        /// Name of the key.
        name: String,
    },
    /// No line of a known witness.
    #[error("the answer has no cosignature of a known key; check the key of the witness")]
    NoCosignature,
}

/// Why a witness does not cosign, with the status code of its answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The body is malformed.
    #[error("the checkpoint is malformed: {0}")]
    Malformed(CheckpointError),
    /// The log did not sign.
    #[error("the checkpoint is not signed by the known key of this log")]
    Signature,
    /// The old size is above the new one.
    #[error("the old size is larger than the checkpoint; send them in the right order")]
    OldSizeAhead,
    /// The witness knows another size.
    #[error("the latest cosigned size is {size}; send a proof from there")]
    Conflict {
        /// The size that the witness knows; the body of the answer.
        size: u64,
    },
    /// Size 0 with the root of some other tree.
    #[error("a checkpoint of size 0 has another root than the empty tree")]
    EmptyTreeRoot,
    /// A proof from the empty tree.
    #[error("a proof from the empty tree must be empty; send none")]
    UnwantedProof,
    /// The new tree does not extend the one that was cosigned.
    #[error("the checkpoint does not extend the cosigned one: {0}")]
    Inconsistent(#[from] ProofError),
}

impl Refusal {
    /// The HTTP status code of the answer (C2SP tlog-witness).
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::OldSizeAhead => 400,
            Self::Signature => 403,
            Self::Conflict { .. } => 409,
            Self::EmptyTreeRoot | Self::UnwantedProof | Self::Inconsistent(_) => 422,
        }
    }
}

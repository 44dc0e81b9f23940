#![doc = include_str!("../README.md")]
#![deny(clippy::indexing_slicing)]

pub mod checkpoint;
pub mod client;
pub mod cosign;
pub mod error;
pub mod evidence;
pub mod hash;
pub mod layout;
pub mod note;
pub mod policy;
pub mod promise;
pub mod proof;
pub mod signature;
mod text;
pub mod tile;
pub mod tlog_proof;
pub mod tree;
pub mod witness;

pub use checkpoint::{Checkpoint, Origin};
pub use error::{
    CheckpointError, ClientError, CosignError, EvidenceError, HashError, NoteError, PolicyError, PromiseError,
    ProofError, Refusal, TileError, TlogProofError, TreeError, Unsatisfied, WitnessError,
};
pub use hash::{EMPTY_ROOT, Hash, leaf_hash, node_hash};
pub use note::{KeyName, SignedNote, SigningKey, VerifierKey};
pub use policy::Policy;
pub use promise::Promise;
pub use proof::{verify_consistency, verify_inclusion};
pub use tlog_proof::TlogProof;
pub use tree::{CompactTree, MemoryTree, NodeSource};

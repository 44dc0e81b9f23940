//! All errors of the crate, one enum per area. A message says what is wrong and, where there is one, what to do.

mod exchange;
mod merkle;
mod note;

pub use exchange::{ClientError, EvidenceError, PromiseError, Refusal, TlogProofError, WitnessError};
pub use merkle::{HashError, ProofError, TileError, TreeError};
pub use note::{CheckpointError, CosignError, NoteError, PolicyError, Unsatisfied};

#![doc = include_str!("../README.md")]
#![deny(clippy::indexing_slicing)]

mod board;
mod disk;
mod error;
mod fold;
mod http;
mod log;
mod mirror;
mod record;
mod source;

pub use board::{Accepted, Board};
pub use error::{ApiError, ClientError, Latest};
pub use fold::fold;
pub use mirror::{EVIDENCE_FOLDER, Mirrored, mirror};
pub use record::{Entries, Record};
pub use source::{LABELS_FILE, Source};

/// How far a reading has come, in entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Entries done.
    pub done: u64,
    /// Entries in all.
    pub total: u64,
}

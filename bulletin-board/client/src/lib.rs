#![doc = include_str!("../README.md")]
#![deny(clippy::indexing_slicing)]

mod board;
mod card;
mod disk;
mod error;
mod fold;
mod follow;
mod http;
mod log;
mod mirror;
mod read;
mod record;
mod source;
mod split;

pub use board::{Accepted, Board};
pub use card::{card_page, is_too_long_for_qr};
pub use error::{ApiError, ClientError, Latest};
pub use fold::fold;
pub use follow::{Follower, Look};
pub use log::Head;
pub use mirror::{EVIDENCE_FOLDER, Mirrored, mirror};
pub use read::{head, manifest, walk};
pub use record::{Entries, Record};
pub use source::{LABELS_FILE, Source};
pub use split::{Comparison, Relation, compare};

/// How far a reading has come, in entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Entries done.
    pub done: u64,
    /// Entries in all.
    pub total: u64,
}

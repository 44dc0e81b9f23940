#![doc = include_str!("../README.md")]
#![deny(clippy::indexing_slicing)]

mod booth;
mod conflict;
mod error;
mod voter;

pub use booth::{Booth, LogStart};
pub use conflict::{Conflict, LatestBallot, Stale};
pub use error::{BoothError, CastError, ConflictError, EnterError, Kept};
pub use voter::{Accepted, Revealed, STATUS, Sealed, Submission, Voter};

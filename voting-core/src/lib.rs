#![doc = include_str!("../README.md")]
#![deny(clippy::indexing_slicing)]

pub mod ballot;
pub mod card;
pub mod ceremony;
pub mod codec;
pub mod contest;
pub mod context;
pub mod credential;
pub mod entry;
pub mod ids;
pub mod labels;
pub mod manifest;
pub mod method;
pub mod outcome;
pub mod record;
pub mod tally;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

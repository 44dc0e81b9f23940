#![doc = include_str!("../README.md")]
#![doc = include_str!("../doc/notation.md")]

pub mod batch;
pub mod bit_vector;
pub mod elgamal;
pub mod error;
pub mod group;
pub mod linear;
mod range;
pub mod secret;
pub mod sharing;
pub mod sigma;
pub mod small_log;
pub mod transcript;
mod weighted;

pub use error::{ProofError, StatementError};

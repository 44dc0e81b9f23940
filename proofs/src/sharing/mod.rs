#![doc = include_str!("../../doc/sharing.md")]

pub mod feldman;
pub mod lagrange;
pub mod polynomial;

#[cfg(test)]
mod tests;

pub use feldman::Commitments;
pub use lagrange::{coefficients_at_zero, combine};
pub use polynomial::Polynomial;

/// The largest threshold that is accepted, so that a length is capped before memory is taken (A3).
pub const MAX_THRESHOLD: usize = 1_024;

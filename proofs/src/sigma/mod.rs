//! Sigma proofs about discrete logarithms, one relation per file.

pub mod equal_dlog;
pub mod possession;
pub mod signature;

//! The key ceremony: Pedersen's distributed key generation with Feldman commitments, on the event's log.
//!
//! Stages: commit (a fresh encryption key, a hash of the commitments) → deal (commitments, encrypted shares) → confirm
//! (the hash of everything seen, and the joint key). Each stage of [`member`] consumes the one before, so that no
//! polynomial is dealt twice and no stage is skipped. [`checks`] are the public rules: the fold of the log and every
//! trustee apply the same.
//!
//! ```compile_fail,E0382
//! # use std::collections::BTreeMap;
//! # use voting_core::{ceremony::Committed, ids::TrusteeIndex};
//! # fn twice(committed: Committed, keys: &BTreeMap<TrusteeIndex, proofs::elgamal::PublicKey>) {
//! let rng = &mut rand_core::OsRng;
//! let _ = committed.deal(keys, rng);
//! let _ = committed.deal(keys, rng); // use of moved value: a polynomial is dealt once
//! # }
//! ```
//!
//! The same with one `deal` compiles:
//!
//! ```
//! # use std::collections::BTreeMap;
//! # use voting_core::{ceremony::Committed, ids::TrusteeIndex};
//! # fn once(committed: Committed, keys: &BTreeMap<TrusteeIndex, proofs::elgamal::PublicKey>) {
//! let rng = &mut rand_core::OsRng;
//! let _ = committed.deal(keys, rng);
//! # }
//! ```
//!
//! A state that was stored can be restored more than once: the program that stores it replaces it by the next state, and
//! the entry it is about to post, before it posts anything (S8).

pub mod checks;
pub mod member;
pub mod messages;
mod shares;
#[cfg(test)]
mod tests;

pub use checks::{JointKey, Messages, Setup, StageError};
pub use member::{Committed, Dealt, KeyShare, commit};

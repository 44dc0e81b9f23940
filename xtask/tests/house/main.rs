//! The rules of the house. Each test says what it found, where, and how to repair it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod absence;
mod arrows;
mod ids;
mod licences;
mod source;
mod text;

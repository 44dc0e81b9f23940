#![doc = include_str!("../README.md")]
#![deny(clippy::indexing_slicing)]

mod account;
pub mod cli;
mod counted;
pub mod data;
mod draft;
mod election;
pub mod examples;
mod failure;
pub mod plain;
mod programs;
mod run;
mod verdict;
pub mod vote;
mod voters;

pub use failure::Failure;
pub use run::{Summary, run};
pub use verdict::ContestSummary;

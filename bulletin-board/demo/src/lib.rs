#![doc = include_str!("../README.md")]
#![deny(clippy::indexing_slicing)]

mod account;
pub mod cli;
pub mod data;
mod draft;
mod election;
mod failure;
mod programs;
mod run;
mod voters;

pub use failure::Failure;
pub use run::{Summary, run};

#![doc = include_str!("../README.md")]
#![deny(clippy::indexing_slicing)]

mod admit;
pub mod config;
pub mod error;
mod limits;
mod metrics;
mod openapi;
mod recovery;
mod routes;
pub mod sequencer;
mod server;
mod service;
mod space;
mod state;
pub mod store;
mod tls;
mod turnout;
pub mod upkeep;
mod view;
mod witnesses;

pub use config::{Config, OnFatal};
pub use error::{Fault, StartError};
pub use server::{Handle, run, run_on, run_with_index};

#![doc = include_str!("../README.md")]
#![deny(clippy::indexing_slicing)]

mod add;
mod body;
pub mod config;
pub mod error;
mod files;
pub mod key;
mod routes;
mod server;
mod service;
mod store;
pub mod watched;

pub use add::add_log;
pub use config::{Config, Settings};
pub use error::StartError;
pub use server::{Handle, run};

#![doc = include_str!("../README.md")]
#![deny(clippy::indexing_slicing)]

mod error;
mod file;
mod passphrase;
mod secret;

pub use error::VaultError;
pub use file::{write_atomic, write_new};
pub use passphrase::{Passphrase, PassphraseArgs, PassphraseSource};
pub use secret::{
    Cost, DEFAULT_COST, MAX_COST, MAX_SECRET, Opened, WORK_FACTOR_VARIABLE, inspect, open, replace, seal,
};

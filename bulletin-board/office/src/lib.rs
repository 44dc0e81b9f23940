#![doc = include_str!("../README.md")]
#![deny(clippy::indexing_slicing)]

pub mod cli;
pub mod commands;
pub mod draft;
pub mod folder;
pub mod letters;
pub mod roll;

pub use ::talk::failure;
pub use ::talk::terminal as talk;

/// Runs a command, speaks, and returns the exit code: 0 done, 1 checked and refused, 2 could not be done.
#[must_use]
pub fn run(cli: cli::Cli) -> u8 {
    let talk = talk::Talk { json: cli.json };
    talk.finish(&commands::run(cli.command, talk))
}

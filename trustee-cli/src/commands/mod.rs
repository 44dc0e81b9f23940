//! The commands: each reads, calls `voting-core`, stores, and posts, in this order.

mod card;
mod ceremony;
mod decrypt;
mod simple;
mod verify;

use std::time::{SystemTime, UNIX_EPOCH};

use crate::cli::Command;
use crate::failure::Failure;
use crate::talk::{Outcome, Talk};

/// Runs a command.
///
/// # Errors
/// [`Failure`].
pub fn run(command: Command, talk: Talk) -> Result<Outcome, Failure> {
    match command {
        Command::Init(args) => simple::init(&args),
        Command::Ceremony(args) => ceremony::ceremony(&args, talk),
        Command::Status(args) => simple::status(&args, talk),
        Command::Verify(args) => verify::verify(&args, talk),
        Command::Card(args) => card::card(&args, talk),
        Command::Decrypt(args) => decrypt::decrypt(&args, talk),
        Command::Post(args) => simple::post(&args, talk),
    }
}

/// Seconds since 1970-01-01 UTC.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// A time in words, UTC.
fn words_of_time(seconds: u64) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    let time = i64::try_from(seconds).ok().and_then(|seconds| time::OffsetDateTime::from_unix_timestamp(seconds).ok());
    time.and_then(|time| time.format(format).ok()).unwrap_or_else(|| format!("second {seconds} of 1970"))
}

//! The commands: each reads, calls `voting-core`, and writes or posts.

mod card;
mod credentials;
mod election;
mod follow_up;
mod key;
mod outcome;
mod roll;
mod rounds;
mod status;
mod tables;

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use client::Accepted;
use rand::RngCore;
use rand::rngs::OsRng;
use voting_core::entry::{self, Author, Body, OfficialKey};
use voting_core::ids::{RoundIndex, SigningKeyId};
use voting_core::manifest::MAX_ROUNDS;
use voting_core::record::State;

use crate::cli::{
    Command, CredentialsCommand, ElectionCommand, EventCommand, KeyArgs, KeyCommand, RollCommand, RoundCommand,
};
use crate::failure::Failure;
use crate::folder::EventFolder;
use crate::talk::{Outcome, Talk};

/// Runs a command.
///
/// # Errors
/// [`Failure`].
pub fn run(command: Command, talk: Talk) -> Result<Outcome, Failure> {
    match command {
        Command::Key(KeyCommand::New(args)) => key::new(&args),
        Command::Key(KeyCommand::Show(args)) => key::show(&args),
        Command::Election(ElectionCommand::New(args)) => election::new(&args, talk),
        Command::Election(ElectionCommand::Check(args)) => election::check(&args),
        Command::Election(ElectionCommand::Publish(args)) => election::publish(&args),
        Command::Election(ElectionCommand::Open(args)) => rounds::open(&args, talk),
        Command::Election(ElectionCommand::Close(args)) => rounds::close(&args, talk),
        Command::Election(ElectionCommand::Result(args)) => rounds::result(&args, talk),
        Command::Election(ElectionCommand::Outcome(args)) => outcome::outcome(&args, talk),
        Command::Election(ElectionCommand::Cancel(args)) => rounds::cancel(&args, talk),
        Command::Round(RoundCommand::Next(args)) => follow_up::next(&args, talk),
        Command::Round(RoundCommand::Attendance(args)) => follow_up::attendance(&args, talk),
        Command::Round(RoundCommand::Drop(args)) => follow_up::drop(&args, talk),
        Command::Roll(RollCommand::Import(args)) => roll::import(&args),
        Command::Credentials(CredentialsCommand::Issue(args)) => credentials::issue(&args, talk),
        Command::Event(EventCommand::Card(args)) => card::card(&args),
        Command::Status(args) => status::status(&args, talk),
    }
}

/// Seconds since 1970-01-01 UTC.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// A time in words, UTC.
fn words_of_time(seconds: u64) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    let time = i64::try_from(seconds).ok().and_then(|seconds| time::OffsetDateTime::from_unix_timestamp(seconds).ok());
    time.and_then(|time| time.format(format).ok()).unwrap_or_else(|| format!("second {seconds} of 1970"))
}

/// 32 fresh bytes for the weights of batches (M4).
fn entropy() -> [u8; 32] {
    let mut bytes = [0; 32];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

/// Opens a key file and makes sure that it holds the key of this role.
fn key_of(args: &KeyArgs, expected: &SigningKeyId, role: &str) -> Result<OfficialKey, Failure> {
    let key = key::open(args)?;
    if key.public() == *expected {
        return Ok(key);
    }
    let path = args.key.display();
    let fault = format!("{path} holds the key {}, but the {role} of this event has {expected}", key.public());
    Err(Failure::refused("other-key", fault, format!("give the {role}'s key file with --key")))
}

/// Reads and checks the whole log of the event.
fn fold(folder: &EventFolder, talk: Talk) -> Result<State, Failure> {
    let bar = talk.bar("reading the log");
    let mut progress = |progress: client::Progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    };
    let state = client::fold(&folder.source()?, &folder.file.event, &entropy(), &mut progress);
    bar.finish_and_clear();
    state.map_err(not_published)
}

/// Why a log can't be read: for one that is missing the reason that the office knows.
fn not_published(error: client::ClientError) -> Failure {
    match error {
        client::ClientError::Missing { .. } => {
            let fault = "the board has no record of this event yet";
            Failure::refused(
                "not-published",
                fault,
                "run `office election publish` first, or check the board's address",
            )
        }
        other => other.into(),
    }
}

/// Signs an entry, checks it against the state as the board will, posts it, and takes it into the state.
fn post(
    folder: &EventFolder,
    state: &mut State,
    author: Author,
    body: &Body,
    key: &OfficialKey,
) -> Result<Accepted, Failure> {
    let bytes = entry::sign(&folder.file.event, author, body, key);
    let checked = state.check(&bytes)?;
    let accepted = folder.board()?.submit(&folder.manifest, &bytes)?;
    state.apply(checked)?;
    Ok(accepted)
}

/// A round counted from 1 as an index; refused at once if the event can't have it.
fn round_index(folder: &EventFolder, number: u32) -> Result<RoundIndex, Failure> {
    let rounds = folder.manifest.rounds.len();
    let most = if folder.manifest.rounds_may_be_added { MAX_ROUNDS } else { rounds };
    if (1..=most).contains(&(number as usize)) {
        Ok(RoundIndex(number - 1))
    } else {
        Err(unknown_round(number, rounds))
    }
}

/// The same once the log was read: the rounds of the manifest, and those that outcomes call for.
fn must_exist(state: &State, wanted: Option<RoundIndex>) -> Result<Option<RoundIndex>, Failure> {
    match wanted.filter(|index| state.round(*index).is_none()) {
        Some(index) => Err(unknown_round(index.0 + 1, state.rounds().count())),
        None => Ok(wanted),
    }
}

fn unknown_round(number: u32, rounds: usize) -> Failure {
    let fault = format!("there is no round {number}: the event has {rounds}");
    Failure::refused("unknown-round", fault, "count rounds from 1; `office status` lists them")
}

/// Refuses outputs that are there already, before anything else is done.
fn must_not_exist(paths: &[&Path]) -> Result<(), Failure> {
    paths.iter().find(|path| path.symlink_metadata().is_ok()).map_or(Ok(()), |path| Err(Failure::exists(path)))
}

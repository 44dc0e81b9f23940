//! The command line, and nothing else.
#![allow(rustdoc::invalid_html_tags, rustdoc::bare_urls, reason = "the comments are help texts of the terminal")]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use vault::PassphraseArgs;
use voting_core::ids::EventId;

/// The program of a trustee: one of the people who together, and only together, can decrypt the totals.
///
/// Everything lies in one folder (--dir), encrypted with your passphrase; it serves any number of events. Every command
/// can be repeated: what is done stays done. Before anything is sent it is stored, so that a repetition sends the same.
/// Every step also works without a network: --in reads a copy of the log from a folder, --out writes what you would post
/// into a file, and `trustee post` posts such a file from another computer.
#[derive(Debug, Parser)]
#[command(
    name = "trustee",
    version,
    after_long_help = "EXAMPLE:\n  \
        trustee init --dir trustee                  (send the public key to the administrator)\n  \
        trustee ceremony --dir trustee --log https://votes.example.org/EVENT --watch\n  \
        ... members vote ...\n  \
        trustee decrypt --dir trustee\n\n\
        WITHOUT A NETWORK (`observer mirror` has copied the log to a memory stick):\n  \
        trustee ceremony --dir trustee --in /media/stick/log --out /media/stick/entry\n  \
        trustee post /media/stick/entry --log https://votes.example.org/EVENT   (on another computer)\n\n\
        EXIT CODES: 0 done, 1 checked and refused, 2 could not be done."
)]
pub struct Cli {
    /// Print one JSON object instead of text.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make your identity key and print its public half for the manifest.
    Init(InitArgs),
    /// Do all of the key ceremony that is possible for you now, and say whom it waits for.
    Ceremony(CeremonyArgs),
    /// Show the events of the folder and how far each has come, from your own copies of their logs.
    Status(StatusArgs),
    /// Copy the whole log and verify it.
    Verify(VerifyArgs),
    /// Copy the log, verify all of it, and make the observer card: what somebody must be told to check the event.
    ///
    /// All cards of one event are the same, whoever made them: compare yours with that of the administrator.
    Card(CardArgs),
    /// Verify the whole log, then decrypt your part of the totals of a closed round.
    Decrypt(DecryptArgs),
    /// Post a file that --out has written. Needs no key.
    Post(PostArgs),
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Your folder.
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// Where the passphrase comes from.
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}

/// Where the log is read from.
#[derive(Clone, Debug, Args)]
pub struct LogArgs {
    /// Your folder.
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// The log: <board>/<event id>. Remembered, so that later commands need it only if there are several events.
    #[arg(long, value_name = "URL", conflicts_with = "input")]
    pub log: Option<String>,
    /// Read a copy of the log from a folder instead.
    #[arg(long = "in", id = "input", value_name = "DIR")]
    pub input: Option<PathBuf>,
    /// On first contact: accept this event without asking. Compare its words with the administrator's first.
    #[arg(long, value_name = "EVENT_ID")]
    pub accept: Option<EventId>,
}

/// Arguments of `ceremony`.
#[derive(Debug, Args)]
pub struct CeremonyArgs {
    /// Folder and log.
    #[command(flatten)]
    pub log: LogArgs,
    /// Where the passphrase comes from.
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
    /// Write the entry into this file instead of posting it.
    #[arg(long, value_name = "FILE", conflicts_with = "watch")]
    pub out: Option<PathBuf>,
    /// Go on until the ceremony is complete.
    #[arg(long, conflicts_with = "input")]
    pub watch: bool,
    /// Seconds between two looks at the log with --watch.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub interval: u64,
}

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Your folder.
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Folder and log.
    #[command(flatten)]
    pub log: LogArgs,
}

/// Arguments of `card`.
#[derive(Debug, Args)]
pub struct CardArgs {
    /// Folder and log.
    #[command(flatten)]
    pub log: LogArgs,
    /// File for the card.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// File for the page to print, as HTML in English and Chinese.
    #[arg(long, value_name = "FILE")]
    pub page: Option<PathBuf>,
}

/// Arguments of `decrypt`.
#[derive(Debug, Args)]
pub struct DecryptArgs {
    /// Folder and log.
    #[command(flatten)]
    pub log: LogArgs,
    /// Where the passphrase comes from.
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
    /// The round, counted from 1; the closed one that waits for the count unless given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub round: Option<u32>,
    /// A receipt that a member complains about; needs a --ballot each. If the log lacks the ballot, nothing is decrypted.
    #[arg(long, value_name = "FILE")]
    pub receipt: Vec<PathBuf>,
    /// The ballot that the receipt was given for, in the same order.
    #[arg(long, value_name = "FILE")]
    pub ballot: Vec<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// Write the entry into this file instead of posting it.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Arguments of `post`.
#[derive(Debug, Args)]
pub struct PostArgs {
    /// The file.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The log: <board>/<event id>.
    #[arg(long, value_name = "URL")]
    pub log: String,
}

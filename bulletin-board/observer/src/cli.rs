//! The command line.
#![allow(rustdoc::invalid_html_tags, rustdoc::bare_urls, reason = "the comments are help texts of the terminal")]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use client::Source;
use voting_core::ids::EventId;

/// Copies and verifies the public record of an election.
///
/// Nobody's permission and no secret is needed. The only thing taken on trust is the event id: 64 hexadecimal digits that
/// stand on the letters and pages which announced the event. Everything else in the record is checked.
///
/// A SOURCE is the address of a record, such as https://votes.example.org/<event id>, or a folder that `observer mirror`
/// made.
///
/// Exit codes: 0 the record holds, 1 it was checked and does not hold, 2 it could not be checked.
#[derive(Clone, Debug, Parser)]
#[command(name = "observer", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Copy a whole record into a folder
    ///
    /// The copy is checked while it is made: the event id, the signature of the checkpoint, and that every entry is in the
    /// signed tree. A copy that was interrupted goes on where it stopped. Run it again to fetch what was added; a record
    /// that does not extend the one in the folder is refused, and the evidence is kept.
    ///
    /// Example: observer mirror https://votes.example.org/3f0c... ./record
    #[command(verbatim_doc_comment)]
    Mirror(MirrorArgs),
    /// Verify a whole record and report every fault
    ///
    /// Checks every signature, proof, count and total from the first entry to the last, and recomputes every result and what
    /// the rules of the manifest make of it: who is elected, what is adopted, which round must follow.
    ///
    /// Examples:
    ///   observer verify ./record --event 3f0c...
    ///   observer verify https://votes.example.org/3f0c... --json
    ///   observer verify ./record --language zh-CN
    #[command(verbatim_doc_comment)]
    Verify(VerifyArgs),
    /// Show what stands in a record, without verifying it
    ///
    /// Examples:
    ///   observer show ./record
    ///   observer show ./record --entry 17
    #[command(verbatim_doc_comment)]
    Show(ShowArgs),
}

/// `observer mirror`
#[derive(Clone, Debug, Args)]
pub struct MirrorArgs {
    /// Address of the record, or a folder
    #[arg(value_name = "SOURCE")]
    pub source: Source,
    /// Folder of the copy; made if it does not exist
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `observer verify`
#[derive(Clone, Debug, Args)]
pub struct VerifyArgs {
    /// Address of the record, or a folder
    #[arg(value_name = "SOURCE")]
    pub source: Source,
    /// The event id that you were told: 64 hexadecimal digits
    #[arg(long, value_name = "HASH")]
    pub event: Option<EventId>,
    /// Print one JSON object: the report, and the times
    #[arg(long)]
    pub json: bool,
    /// Language of labels and sentences, such as en or zh-CN; the first one of the manifest unless given
    #[arg(long, value_name = "TAG")]
    pub language: Option<String>,
    /// Also measure the least work that verifying these ballots can take, and compare
    #[arg(long)]
    pub floor: bool,
}

/// `observer show`
#[derive(Clone, Debug, Args)]
pub struct ShowArgs {
    /// Address of the record, or a folder
    #[arg(value_name = "SOURCE")]
    pub source: Source,
    /// Show this entry, counted from 0
    #[arg(long, value_name = "N")]
    pub entry: Option<u64>,
    /// Language of labels and sentences, such as en or zh-CN; the first one of the manifest unless given
    #[arg(long, value_name = "TAG")]
    pub language: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

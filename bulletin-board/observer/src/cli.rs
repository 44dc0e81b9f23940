//! The command line.
#![allow(rustdoc::invalid_html_tags, rustdoc::bare_urls, reason = "the comments are help texts of the terminal")]

use std::path::PathBuf;

use std::time::Duration;

use clap::{ArgGroup, Args, Parser, Subcommand};
use client::Source;
use tlog::note::VerifierKey;
use voting_core::ids::EventId;

/// Copies, verifies and watches the public record of an election, and judges receipts and evidence.
///
/// Nobody's permission and no secret is needed. The only thing taken on trust is the event id: 64 hexadecimal digits that
/// stand on the letters and pages which announced the event, and on its observer card. Everything else in the record is
/// checked.
///
/// A SOURCE is the address of a record, such as https://votes.example.org/<event id>, or a folder that `observer mirror`
/// made.
///
/// Exit codes: 0 the record holds, 1 it was checked and does not hold, 2 it could not be checked. `observer judge` turns to
/// the evidence: 0 it convinces, 1 it was checked and convinces nobody, 2 it could not be judged.
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
    /// The copy is checked while it is made: the event id, the signature of the checkpoint, and
    /// that every entry is in the signed tree. A copy that was interrupted goes on where it
    /// stopped. Run it again to fetch what was added; a record that does not extend the one in the
    /// folder is refused, and the evidence is kept.
    ///
    /// Example: observer mirror https://votes.example.org/3f0c... ./record
    #[command(verbatim_doc_comment)]
    Mirror(MirrorArgs),
    /// Verify a whole record and report every fault
    ///
    /// Checks every signature, proof, count and total from the first entry to the last, and
    /// recomputes every result and what the rules of the manifest make of it: who is elected, what
    /// is adopted, which round must follow.
    ///
    /// Examples:
    ///   observer verify ./record --event 3f0c...
    ///   observer verify https://votes.example.org/3f0c... --json
    ///   observer verify ./record --card event.card --language zh-CN
    ///   observer verify ./record --card event.card --sign my.key --name "Anna Alt" --statement statement.txt
    #[command(verbatim_doc_comment)]
    Verify(VerifyArgs),
    /// Show what stands in a record, without verifying it
    ///
    /// Examples:
    ///   observer show ./record
    ///   observer show ./record --entry 17
    #[command(verbatim_doc_comment)]
    Show(ShowArgs),
    /// Check a receipt, without a network and for ever
    ///
    /// Says where the entry stands, under which checkpoint, and which witness servers cosigned it
    /// and when. The entry is the file that the voter's device kept beside the receipt; without it
    /// a receipt proves nothing to anybody.
    ///
    /// Examples:
    ///   observer receipt ballot.tlog-proof --entry ballot.entry --card event.card
    ///   observer receipt ballot.tlog-proof --entry ballot.entry --event 3f0c... --record ./record
    #[command(verbatim_doc_comment)]
    Receipt(ReceiptArgs),
    /// Judge evidence against a board, without a network
    ///
    /// A FILE is the evidence of a split view, which `observer watch`, `compare` and `mirror`
    /// write, or a receipt, or a promise that the board gave while witness servers were missing. A
    /// receipt or promise needs the entry that it was given for and a copy of the closed record: a
    /// valid receipt for an entry that the closed record lacks shows that the board dropped it. A
    /// promise is also broken if enough witness servers saw the record without the entry after the
    /// promised time.
    ///
    /// Exit codes: 0 every file convinces, 1 a file was checked and convinces nobody, 2 a file
    /// could not be judged.
    ///
    /// Examples:
    ///   observer judge evidence/split-view-700-0f3c.txt --card event.card
    ///   observer judge ballot.tlog-proof --entry ballot.entry --event 3f0c... --record ./closed
    #[command(verbatim_doc_comment)]
    Judge(JudgeArgs),
    /// Follow a record for days and give the alarm
    ///
    /// Keeps a copy in a folder and goes on where it stopped. Each new checkpoint must be signed,
    /// cosigned by enough witness servers, and extend the last one; only what is new is fetched;
    /// new entries are verified as they come. Alarms go to standard error: fork, rollback,
    /// missing-cosignatures, false-checkpoint, false-data, bad-entry, stalled. After a fork the
    /// evidence lies in DIR/evidence, and the watch ends.
    ///
    /// Examples:
    ///   observer watch https://votes.example.org/3f0c... --event 3f0c... --dir ./watch
    ///   observer watch https://votes.example.org/3f0c... --card event.card --every 5m --command ./call-me --json
    #[command(verbatim_doc_comment)]
    Watch(WatchArgs),
    /// Compare what two sources show of one record
    ///
    /// The same, one is the beginning of the other, or a fork: then the evidence is written. A
    /// source is an address or a folder; compare your copy with that of somebody who lives
    /// elsewhere.
    ///
    /// Example: observer compare https://votes.example.org/3f0c... ./copy-of-a-friend
    #[command(verbatim_doc_comment)]
    Compare(CompareArgs),
    /// Serve copies of records to anybody
    ///
    /// Each copy appears at http://ADDR/<event id>, with the files of its log and nothing else. Put
    /// a proxy with TLS before it. Any other web server can serve such a folder as well.
    ///
    /// Example: observer serve ./record ./another --listen 127.0.0.1:8090
    #[command(verbatim_doc_comment)]
    Serve(ServeArgs),
    /// Check the signed statement of another observer
    ///
    /// Example: observer statement statement.txt --key 'observer.example.org+9a3f...+AQ...'
    #[command(verbatim_doc_comment)]
    Statement(StatementArgs),
    /// The key with which an observer signs statements
    #[command(subcommand)]
    Key(KeyCommand),
}

/// `observer key`
#[derive(Clone, Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key and print its public half
    ///
    /// The name is part of the key: one that others know you by, without spaces, such as observer.example.org.
    ///
    /// Example: observer key new my.key --name observer.example.org
    #[command(verbatim_doc_comment)]
    New(KeyNewArgs),
    /// Print the public half of a key
    Show(KeyShowArgs),
}

/// `observer key new`
#[derive(Clone, Debug, Args)]
pub struct KeyNewArgs {
    /// The file; only you can read it
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Name of the key
    #[arg(long, value_name = "NAME")]
    pub name: tlog::KeyName,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `observer key show`
#[derive(Clone, Debug, Args)]
pub struct KeyShowArgs {
    /// The file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Where the rules of an event come from: its log key and its witness servers.
#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("rules").args(["record", "card", "manifest"]).required(true).multiple(true))]
pub struct RulesArgs {
    /// The event id that you were told: 64 hexadecimal digits
    #[arg(long, value_name = "HASH", required_unless_present = "card")]
    pub event: Option<EventId>,
    /// A copy of the record, or its address; only its manifest is believed, because its hash is the event id
    #[arg(long, value_name = "SOURCE")]
    pub record: Option<Source>,
    /// The event's observer card
    #[arg(long, value_name = "FILE")]
    pub card: Option<PathBuf>,
    /// The event's manifest, entry 0 of its record
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
}

/// `observer receipt`
#[derive(Clone, Debug, Args)]
pub struct ReceiptArgs {
    /// The receipt
    #[arg(value_name = "FILE")]
    pub receipt: PathBuf,
    /// The entry that it was given for: for a ballot, the bytes that the voter's device sent
    #[arg(long, value_name = "FILE")]
    pub entry: PathBuf,
    /// What is believed
    #[command(flatten)]
    pub rules: RulesArgs,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `observer judge`
#[derive(Clone, Debug, Args)]
pub struct JudgeArgs {
    /// Evidence of a split view, a receipt, or a promise
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The entry of a receipt or promise; one for each, in the same order
    #[arg(long, value_name = "FILE")]
    pub entry: Vec<PathBuf>,
    /// What is believed, and with --record the closed record
    #[command(flatten)]
    pub rules: RulesArgs,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `observer watch`
#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("trust").args(["event", "card"]).required(true).multiple(true))]
pub struct WatchArgs {
    /// Address of the record, or a folder
    #[arg(value_name = "SOURCE")]
    pub source: Source,
    /// The event id that you were told: 64 hexadecimal digits
    #[arg(long, value_name = "HASH")]
    pub event: Option<EventId>,
    /// The event's observer card
    #[arg(long, value_name = "FILE")]
    pub card: Option<PathBuf>,
    /// Folder of the copy; `watch-` and the beginning of the event id unless given
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Time between two looks, such as 30s, 5m or 1h
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub every: Duration,
    /// While a round is open: alarm if nothing new was signed for this long
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    pub stalled: Duration,
    /// Look once and end: exit code 1 if there is an alarm
    #[arg(long)]
    pub once: bool,
    /// Program to run for each alarm: its name as the argument, the alarm as JSON on standard input
    #[arg(long, value_name = "PROGRAM")]
    pub command: Option<PathBuf>,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// `observer compare`
#[derive(Clone, Debug, Args)]
pub struct CompareArgs {
    /// Address of the record, or a folder
    #[arg(value_name = "SOURCE")]
    pub one: Source,
    /// Another one
    #[arg(value_name = "SOURCE")]
    pub other: Source,
    /// The event id that you were told: 64 hexadecimal digits
    #[arg(long, value_name = "HASH")]
    pub event: Option<EventId>,
    /// Folder in which evidence of a fork is written, in a folder of its own
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `observer serve`
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// Folders that `observer mirror` or `observer watch` made
    #[arg(value_name = "DIR", required = true)]
    pub dirs: Vec<PathBuf>,
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090")]
    pub listen: std::net::SocketAddr,
}

/// `observer statement`
#[derive(Clone, Debug, Args)]
pub struct StatementArgs {
    /// The statement
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Public key of the observer, as `observer key show` prints it
    #[arg(long, value_name = "KEY")]
    pub key: VerifierKey,
    /// The event that it must speak of
    #[arg(long, value_name = "HASH")]
    pub event: Option<EventId>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// A time such as 30s, 5m, 2h, 1d.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "write a number and s, m, h or d, such as 30s or 5m".to_owned();
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = text.strip_suffix(unit).and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
    let seconds = number.checked_mul(seconds).filter(|seconds| (1..=31_536_000).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(wrong)
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
    /// The event's observer card, in place of the event id
    #[arg(long, value_name = "FILE", conflicts_with = "event")]
    pub card: Option<PathBuf>,
    /// Print one JSON object: the report, and the times
    #[arg(long)]
    pub json: bool,
    /// Language of labels and sentences, such as en or zh-CN; the first one of the manifest unless given
    #[arg(long, value_name = "TAG")]
    pub language: Option<String>,
    /// Also measure the least work that verifying these ballots can take, and compare
    #[arg(long)]
    pub floor: bool,
    /// Sign a statement about the verdict with this key (`observer key new`)
    #[arg(long, value_name = "KEYFILE", requires = "name", requires = "statement")]
    pub sign: Option<PathBuf>,
    /// Who signs, in words
    #[arg(long, value_name = "NAME", requires = "sign")]
    pub name: Option<String>,
    /// File for the signed statement; must not exist yet
    #[arg(long, value_name = "FILE", requires = "sign")]
    pub statement: Option<PathBuf>,
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

//! The command line, and nothing else.
#![allow(rustdoc::invalid_html_tags, rustdoc::bare_urls, reason = "the comments are help texts of the terminal")]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use vault::PassphraseArgs;

/// The office of an event: it holds the keys of the administrator and of the registrar and never runs on the server.
///
/// The state of an event is a folder (--dir). Every command can be repeated: what is done stays done, what was
/// interrupted goes on. Bad input is refused with its place, a remedy and a stable code, and nothing is written.
#[derive(Debug, Parser)]
#[command(
    name = "office",
    version,
    after_long_help = "EXAMPLE, the life of an event:\n  \
        office key new --key administrator.key\n  \
        office key new --key registrar.key\n  \
        office election check draft.toml\n  \
        office election new draft.toml --board https://votes.example.org --dir event --key administrator.key\n  \
        office election publish --dir event --key administrator.key\n  \
        office event card --dir event --out event.card --page card.html\n  \
        ... every trustee runs `trustee ceremony` ...\n  \
        office roll import members.csv --dir event\n  \
        office credentials issue --dir event --key registrar.key\n  \
        office election open --dir event --key administrator.key\n  \
        ... members vote ...\n  \
        office election close --dir event --key administrator.key\n  \
        ... trustees run `trustee decrypt` ...\n  \
        office election result --dir event --key administrator.key\n  \
        office election outcome --dir event --key administrator.key\n\n\
        AFTER A TIE, where the manifest lets rounds be added (same members, same codes):\n  \
        office round next --dir event --key registrar.key\n  \
        office round next --dir event --key administrator.key\n  \
        ... members vote; then close, decrypt, result and outcome as before ...\n\n\
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
    /// Keys of administrator and registrar: one encrypted file each.
    #[command(subcommand)]
    Key(KeyCommand),
    /// The event itself: manifest, opening, closing, result.
    #[command(subcommand)]
    Election(ElectionCommand),
    /// Rounds that an outcome calls for, who is present, and rounds that are not held.
    #[command(subcommand)]
    Round(RoundCommand),
    /// The list of members.
    #[command(subcommand)]
    Roll(RollCommand),
    /// Voting codes.
    #[command(subcommand)]
    Credentials(CredentialsCommand),
    /// What others are told about the event.
    #[command(subcommand)]
    Event(EventCommand),
    /// Where an event stands, read from its log, with results, outcomes and what is to be done next.
    Status(StatusArgs),
}

/// A key file and its passphrase.
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// The encrypted key file.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Where the passphrase comes from.
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}

/// The folder of an event and the key that acts in it.
#[derive(Debug, Args)]
pub struct EventArgs {
    /// The folder of the event.
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// The key.
    #[command(flatten)]
    pub key: KeyArgs,
}

/// Keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key, encrypt it with a passphrase, and print its public key.
    New(KeyArgs),
    /// Print the public key of a key file.
    Show(KeyArgs),
}

/// The event itself.
#[derive(Debug, Subcommand)]
pub enum ElectionCommand {
    /// Check a draft, reserve the event at the board, and write its folder.
    ///
    /// Writes event.json, manifest.cbor, labels.signed and groups.json. Nothing is public before `publish`.
    New(NewArgs),
    /// Check a draft (or the manifest of a folder): every problem, every warning, and the sizes.
    Check(CheckArgs),
    /// Found the event at the board: its manifest becomes entry 0 of its log, the labels are deposited beside it.
    Publish(EventArgs),
    /// Start a round of the manifest: from now on the board takes ballots.
    ///
    /// A round that an outcome calls for is started with `office round next`.
    Open(RoundArgs),
    /// Order the board to close the open round.
    Close(CloseArgs),
    /// Publish the result of a closed round, once enough trustees have decrypted.
    Result(RoundArgs),
    /// Publish what the rules of the manifest make of a result: who is elected, what is adopted, which round must follow.
    ///
    /// Everybody who checks the record computes the same from the same numbers; the entry only says that it is so. If a rule
    /// settles ties by lots and there is such a tie, give the public value that was announced beforehand. A value that
    /// anybody could know before the end of voting decides nothing fairly.
    ///
    /// Example: office election outcome --dir event --key administrator.key --language zh-CN
    #[command(verbatim_doc_comment)]
    Outcome(OutcomeArgs),
    /// Cancel the event, for ever. Only possible before a round is closed.
    Cancel(CancelArgs),
}

/// Arguments of `election new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// The draft, as TOML.
    #[arg(value_name = "DRAFT.toml")]
    pub draft: PathBuf,
    /// Base URL of the board, such as https://votes.example.org.
    #[arg(long, value_name = "URL")]
    pub board: String,
    /// The folder and the administrator's key.
    #[command(flatten)]
    pub event: EventArgs,
    /// Accept a warning, visibly for every voter. Repeat for several.
    #[arg(long, value_name = "CODE")]
    pub accept: Vec<String>,
    /// Who may read the labels: "public", or words of the organisation.
    #[arg(long, value_name = "TEXT", default_value = "public")]
    pub audience: String,
}

/// Arguments of `election check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The draft, as TOML.
    #[arg(value_name = "DRAFT.toml", required_unless_present = "dir", conflicts_with = "dir")]
    pub draft: Option<PathBuf>,
    /// The folder of an event.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Accept a warning. Repeat for several.
    #[arg(long, value_name = "CODE")]
    pub accept: Vec<String>,
}

/// A round of an event.
#[derive(Debug, Args)]
pub struct RoundArgs {
    /// The folder and the key.
    #[command(flatten)]
    pub event: EventArgs,
    /// The round, counted from 1; the one whose turn it is unless given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub round: Option<u32>,
}

/// Arguments of `election outcome`.
#[derive(Debug, Args)]
pub struct OutcomeArgs {
    /// Folder, key and round.
    #[command(flatten)]
    pub round: RoundArgs,
    /// The public value for ties that lots settle: 64 hexadecimal digits, from the source that was announced.
    #[arg(long, value_name = "HEX")]
    pub lots: Option<String>,
    /// Language of the sentences: en or zh-CN; the first language of the event unless given.
    #[arg(long, value_name = "TAG")]
    pub language: Option<String>,
}

/// Arguments of `election close`.
#[derive(Debug, Args)]
pub struct CloseArgs {
    /// Folder, key and round.
    #[command(flatten)]
    pub round: RoundArgs,
    /// Close before the planned end: members who relied on the schedule can no longer vote.
    #[arg(long)]
    pub early: bool,
}

/// Arguments of `election cancel`.
#[derive(Debug, Args)]
pub struct CancelArgs {
    /// The folder and the key.
    #[command(flatten)]
    pub event: EventArgs,
    /// Why; the log carries this class and no other text.
    #[arg(long, value_enum)]
    pub reason: Reason,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
}

/// Classes of reasons for cancelling.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Reason {
    /// The manifest has an error.
    Manifest,
    /// A reason of the organisation.
    Organisational,
    /// A reason of security.
    Security,
    /// Any other.
    Other,
}

/// Rounds that an outcome calls for, who is present, and rounds that are not held.
#[derive(Debug, Subcommand)]
pub enum RoundCommand {
    /// Found the round that an outcome calls for: run-off, new vote on vacant seats, or formal election.
    ///
    /// Run it twice. With the registrar's key it publishes the roll of that round: the same members with the same voting
    /// codes, under new credentials, so that nobody can tell who took part in both rounds. With the administrator's key it
    /// starts the round, once the roll is there. Without times the round is open from now on, for as long as the one that
    /// calls for it was planned.
    ///
    /// Examples:
    ///   office round next --dir event --key registrar.key
    ///   office round next --dir event --key administrator.key --closes 2026-11-23T20:00:00+01:00
    #[command(verbatim_doc_comment)]
    Next(NextArgs),
    /// State who is present and who is excused, while a round is open. Once, with the registrar's key.
    ///
    /// Quorums and majorities of those present or due are parts of these numbers. Without a statement those whose ballots
    /// count are the ones present, and nobody is excused. Members only, or members:votes where weights differ.
    ///
    /// Examples:
    ///   office round attendance --dir event --key registrar.key --present all=23 --excused all=2
    ///   office round attendance --dir event --key registrar.key --present north=12:57 --present south=9:9
    #[command(verbatim_doc_comment)]
    Attendance(AttendanceArgs),
    /// Drop a round that will not be held, for everybody to see. A round that was started can't be dropped.
    Drop(DropArgs),
}

/// Arguments of `round next`.
#[derive(Debug, Args)]
pub struct NextArgs {
    /// The folder, and the key of the registrar or of the administrator.
    #[command(flatten)]
    pub event: EventArgs,
    /// Planned start; now unless given. RFC 3339, such as 2026-11-23T19:00:00+01:00.
    #[arg(long, value_name = "TIME", value_parser = rfc3339)]
    pub opens: Option<u64>,
    /// Planned end.
    #[arg(long, value_name = "TIME", value_parser = rfc3339)]
    pub closes: Option<u64>,
}

/// Arguments of `round attendance`.
#[derive(Debug, Args)]
pub struct AttendanceArgs {
    /// The folder and the registrar's key.
    #[command(flatten)]
    pub event: EventArgs,
    /// Members of a group who are present, by the group's short id ("all" if there is one). Repeat for each group.
    #[arg(long, value_name = "GROUP=MEMBERS[:VOTES]", required = true)]
    pub present: Vec<String>,
    /// Members of a group who are excused: they are not counted as due. None unless given.
    #[arg(long, value_name = "GROUP=MEMBERS[:VOTES]")]
    pub excused: Vec<String>,
}

/// Arguments of `round drop`.
#[derive(Debug, Args)]
pub struct DropArgs {
    /// The folder and the administrator's key.
    #[command(flatten)]
    pub event: EventArgs,
    /// The round, counted from 1.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub round: u32,
    /// Why; the log carries this class and no other text.
    #[arg(long, value_enum)]
    pub reason: DropReason,
}

/// Classes of reasons for a round that is not held.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DropReason {
    /// Nobody needs it any more, for instance because a candidate withdrew.
    NotNeeded,
    /// A reason of the organisation.
    Organisational,
    /// Any other.
    Other,
}

/// Seconds since 1970-01-01 UTC of a time with its offset.
fn rfc3339(text: &str) -> Result<u64, String> {
    let time = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339);
    let seconds = time.ok().and_then(|time| u64::try_from(time.unix_timestamp()).ok());
    seconds.ok_or_else(|| "write date, time and offset, such as 2026-11-23T19:00:00+01:00".into())
}

/// The list of members.
#[derive(Debug, Subcommand)]
pub enum RollCommand {
    /// Read the members from a CSV file: columns member, weight, group, contact; only `member` is required.
    ///
    /// Without a weight it is 1; without a group there must be only one. Every error names its line and column.
    Import(ImportArgs),
}

/// Arguments of `roll import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The members, as CSV with a header line.
    #[arg(value_name = "MEMBERS.csv")]
    pub csv: PathBuf,
    /// The folder of the event.
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
}

/// Voting codes.
#[derive(Debug, Subcommand)]
pub enum CredentialsCommand {
    /// Make a voting code for every member and publish the roll of every round.
    ///
    /// Writes codes.csv (member, code, digits), letters.html (one page for each member) and credentials.json (the
    /// registrar's map), readable by you alone; then posts the rolls. Can be repeated until it says that it is done.
    /// Where rounds may be added, credentials for eight further rounds are made at once, so that codes.csv can leave this
    /// computer.
    Issue(IssueArgs),
}

/// Arguments of `credentials issue`.
#[derive(Debug, Args)]
pub struct IssueArgs {
    /// The folder and the registrar's key.
    #[command(flatten)]
    pub event: EventArgs,
}

/// What others are told about the event.
#[derive(Debug, Subcommand)]
pub enum EventCommand {
    /// Make the observer card: what somebody must be told to check the event without trusting anybody else.
    ///
    /// The card has the event id, the host, the key of the log and the witness servers. Before it is written, the board's
    /// log must open under the manifest. The page is to be printed, in English and Chinese, with a QR code. All cards of
    /// one event are the same, whoever made them: trustees make them with `trustee card`, compare.
    ///
    /// Example: office event card --dir event --out event.card --page card.html
    #[command(verbatim_doc_comment)]
    Card(CardArgs),
}

/// Arguments of `event card`.
#[derive(Debug, Args)]
pub struct CardArgs {
    /// The folder of the event.
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// File for the card.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// File for the page to print, as HTML.
    #[arg(long, value_name = "FILE")]
    pub page: Option<PathBuf>,
}

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The folder of the event.
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// Language of tables and outcomes: en or zh-CN; the first language of the event unless given.
    #[arg(long, value_name = "TAG")]
    pub language: Option<String>,
}

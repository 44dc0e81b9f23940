//! The signed statement of an observer: who verified which record, and what held. A C2SP signed note with the text
//!
//! ```text
//! urna/v1/statement
//! by <who, in words>
//! event <event id>
//! size <entries>
//! root <base64>
//! finished <yes or no>
//! verdict <holds or does-not-hold>
//! faults <number, and the ids of the broken rules>
//! trust <given, card, address or folder>
//! program <name and version>
//! time <seconds since 1970-01-01 UTC, by the observer's clock>
//! ```
//!
//! It says what one observer's program found. Nobody need believe it who can verify the record.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use tlog::checkpoint::Checkpoint;
use tlog::hash::Hash;
use tlog::note::{MAX_NOTE, SignedNote};
use voting_core::ids::EventId;
use voting_core::manifest::event_words;
use voting_core::record::Report;

use crate::cli::StatementArgs;
use crate::failure::{Failure, Outcome};
use crate::talk::{count, entries, moment, plain};
use crate::verify::Trust;
use crate::{files, key};

/// The first line.
const HEADER: &str = "urna/v1/statement";
/// Longest name of a person or organisation in bytes.
const MAX_NAME: usize = 200;

/// What an observer states.
struct Statement {
    by: String,
    event: EventId,
    size: u64,
    root: Hash,
    finished: bool,
    holds: bool,
    faults: String,
    trust: String,
    program: String,
    time: u64,
}

/// Signs a statement about a report and writes it into a file that must not exist yet.
pub(crate) fn sign(
    report: &Report,
    checkpoint: &[u8],
    trust: Trust,
    key: &Path,
    by: &str,
    to: &Path,
) -> Result<(), Failure> {
    let key = key::open(key)?;
    // The tree that was looked at, also where the report finds that the log did not sign it.
    let note = SignedNote::parse(checkpoint).map_err(|error| error.to_string());
    let checkpoint = note.and_then(|note| Checkpoint::from_unverified_note(&note).map_err(|error| error.to_string()));
    let checkpoint = checkpoint.map_err(|why| Failure::unable("malformed-file", why, "fetch the record again"))?;
    let is_line = !by.is_empty() && by.len() <= MAX_NAME && by.trim() == by && !by.chars().any(char::is_control);
    if !is_line {
        let fault = format!("--name must be one line of 1 to {MAX_NAME} bytes");
        return Err(Failure::unable("bad-name", fault, "say who verified, such as \"Anna Alt, member\""));
    }
    let rules: BTreeSet<&str> = report.faults.iter().map(|fault| fault.rule).collect();
    let mut faults = report.faults.len().to_string();
    for rule in rules {
        faults.push(' ');
        faults.push_str(rule);
    }
    let statement = Statement {
        by: by.to_owned(),
        event: report.event,
        size: checkpoint.size,
        root: checkpoint.root,
        finished: report.finished,
        holds: report.holds,
        faults,
        trust: trust.word().to_owned(),
        program: concat!("observer ", env!("CARGO_PKG_VERSION")).to_owned(),
        time: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()),
    };
    let note = SignedNote::sign(&statement.to_text(), &[&key])
        .map_err(|error| Failure::unable("no-signature", error.to_string(), "give another name"))?;
    files::write_new(to, &note.to_bytes(), false)
}

pub(crate) fn run(args: &StatementArgs, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let malformed = |why: String| {
        let fault = format!("{}: {why}", args.file.display());
        Failure::unable("malformed-statement", fault, "copy the whole file without changing it")
    };
    let note = SignedNote::parse(&files::read(&args.file, MAX_NOTE)?).map_err(|error| malformed(error.to_string()))?;
    note.verify(core::slice::from_ref(&args.key)).map_err(|error| {
        let remedy = "ask the observer for the public key, in another way than for the statement";
        Failure::refused("false-statement", format!("the statement is not signed by that key: {error}"), remedy)
    })?;
    let statement =
        Statement::parse(note.text()).ok_or_else(|| malformed("it is no statement of an observer".into()))?;
    if let Some(expected) = args.event.filter(|expected| *expected != statement.event) {
        let fault = format!("the statement is about event {}, not about {expected}", statement.event);
        return Err(Failure::refused("other-event", fault, "check the event id"));
    }
    let written = if args.json { statement.print_json(args, out) } else { statement.print(args, out) };
    written.map_err(Failure::Output)?;
    Ok(if statement.holds { Outcome::Holds } else { Outcome::Refused })
}

impl Statement {
    fn to_text(&self) -> String {
        let Self { by, event, size, root, finished, holds, faults, trust, program, time } = self;
        let finished = if *finished { "yes" } else { "no" };
        let verdict = if *holds { "holds" } else { "does-not-hold" };
        format!(
            "{HEADER}\nby {by}\nevent {event}\nsize {size}\nroot {}\nfinished {finished}\nverdict {verdict}\n\
             faults {faults}\ntrust {trust}\nprogram {program}\ntime {time}\n",
            root.to_base64()
        )
    }

    /// Reads a text. Exactly one text per statement is accepted (A3).
    fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix(HEADER)?.strip_prefix('\n')?;
        let mut field = |name: &str| {
            let (value, after) = rest.strip_prefix(name)?.strip_prefix(' ')?.split_once('\n')?;
            rest = after;
            Some(value.to_owned())
        };
        let statement = Self {
            by: field("by")?,
            event: field("event")?.parse().ok()?,
            size: field("size")?.parse().ok()?,
            root: Hash::from_base64(&field("root")?).ok()?,
            finished: field("finished")? == "yes",
            holds: field("verdict")? == "holds",
            faults: field("faults")?,
            trust: field("trust")?,
            program: field("program")?,
            time: field("time")?.parse().ok()?,
        };
        (statement.to_text() == text).then_some(statement)
    }

    fn print(&self, args: &StatementArgs, out: &mut dyn Write) -> std::io::Result<()> {
        let faults = self.faults.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        let verdict = match self.holds {
            true => "the record holds".to_owned(),
            false => format!("the record does NOT hold: {} ({})", count(faults, "fault"), plain(&self.faults)),
        };
        let end = if self.finished { "finished" } else { "not finished" };
        writeln!(
            out,
            "Signed by the key {}.\n{} states: {verdict}.\nEvent {} ({}), {end}, {}, root {}.\nTaken on trust: {}. Program: \
             {}. By its clock: {}.\nThis is what another observer found: `observer verify` finds out for yourself.",
            args.key.name(),
            plain(&self.by),
            self.event,
            event_words(&self.event),
            entries(self.size),
            self.root,
            plain(&self.trust),
            plain(&self.program),
            moment(self.time)
        )
    }

    fn print_json(&self, args: &StatementArgs, out: &mut dyn Write) -> std::io::Result<()> {
        let object = json!({
            "holds": self.holds, "by": self.by, "key": args.key.to_string(), "event": self.event, "size": self.size,
            "root": self.root.to_string(), "finished": self.finished, "faults": self.faults, "trust": self.trust,
            "program": self.program, "time": self.time,
        });
        writeln!(out, "{object}")
    }
}

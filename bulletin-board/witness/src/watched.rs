//! The watched list: the logs that this witness cosigns, in a text file that is read again when it changes.
//!
//! ```text
//! # comment
//! log <vkey>
//! log <vkey> <origin>       # where the origin is not the name of the key
//! ```
//! A file is taken as a whole: with one faulty line, the list before it stays in force and the fault is reported.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tlog::Origin;
use tlog::note::{KeyType, VerifierKey};

use crate::error::StartError;
use crate::files::{read_text, replace};

/// Largest list that is read, in bytes.
const LIMIT: usize = 4 << 20;
/// A file changed less long ago may change once more without another time or length, or be half written.
const SETTLING: Duration = Duration::from_secs(2);

/// Logs by origin, with their keys.
pub type Logs = BTreeMap<Origin, VerifierKey>;

/// A fault in a list: number of the line from 1, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFault {
    /// The line.
    pub line: usize,
    /// What is wrong with it.
    pub fault: String,
}

impl ListFault {
    fn of(self, path: &Path) -> StartError {
        StartError::List { path: path.to_owned(), line: self.line, fault: self.fault }
    }
}

/// Reads a watched list.
///
/// # Errors
/// The first [`ListFault`].
pub fn parse(text: &str) -> Result<Logs, ListFault> {
    let mut logs = Logs::new();
    for (index, line) in text.lines().enumerate() {
        let wrong = |fault: String| ListFault { line: index + 1, fault };
        let Some((origin, key)) = parse_line(line).map_err(wrong)? else { continue };
        if logs.get(&origin).is_some_and(|other| *other != key) {
            return Err(wrong(format!("the log {origin} stands above with another key")));
        }
        logs.insert(origin, key);
    }
    Ok(logs)
}

fn parse_line(line: &str) -> Result<Option<(Origin, VerifierKey)>, String> {
    let line = without_comment(line).trim();
    if line.is_empty() {
        return Ok(None);
    }
    let rest = line.strip_prefix("log").filter(|rest| rest.starts_with([' ', '\t']));
    let rest = rest.ok_or("a line is `log <vkey>` or `log <vkey> <origin>`")?.trim_start();
    let (key, origin) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    let key = log_key(key)?;
    let origin = match origin.trim() {
        "" => Origin::from(key.name()),
        origin => Origin::new(origin).map_err(|error| error.to_string())?,
    };
    Ok(Some((origin, key)))
}

/// Comments begin with # at the start of the line or after a space; a verifier key or origin may contain one inside.
fn without_comment(line: &str) -> &str {
    let starts = |at: usize| line.get(..at).is_some_and(|before| before.is_empty() || before.ends_with([' ', '\t']));
    let at = line.match_indices('#').map(|(at, _)| at).find(|at| starts(*at));
    at.and_then(|at| line.get(..at)).unwrap_or(line)
}

/// Reads the key of a log: an Ed25519 key of type 0x01.
fn log_key(text: &str) -> Result<VerifierKey, String> {
    let key: VerifierKey = text.parse().map_err(|error| format!("the key of the log: {error}"))?;
    match key.key_type() {
        KeyType::Ed25519 => Ok(key),
        KeyType::CosignatureV1 => Err("this is the key of a witness, not of a log; ask the log for its own".into()),
        KeyType::Other(kind) => Err(format!("keys of type 0x{kind:02x} are not known to this version")),
    }
}

/// What a change of the list changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) added: BTreeSet<Origin>,
    pub(crate) removed: BTreeSet<Origin>,
    pub(crate) other_key: BTreeSet<Origin>,
}

impl Changes {
    fn between(old: &Logs, new: &Logs) -> Self {
        let added = new.keys().filter(|origin| !old.contains_key(*origin)).cloned().collect();
        let removed = old.keys().filter(|origin| !new.contains_key(*origin)).cloned().collect();
        let changed = new.iter().filter(|(origin, key)| old.get(*origin).is_some_and(|other| other != *key));
        Self { added, removed, other_key: changed.map(|(origin, _)| origin.clone()).collect() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

/// Length and time of a file: while they stay, it is not read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    changed: SystemTime,
}

impl Stamp {
    fn of(path: &Path) -> io::Result<Self> {
        let found = fs::metadata(path)?;
        Ok(Self { length: found.len(), changed: found.modified()? })
    }

    /// Whether a later change is sure to be seen.
    fn is_settled(self) -> bool {
        SystemTime::now().duration_since(self.changed).is_ok_and(|age| age >= SETTLING)
    }
}

/// The list in force, and the file behind it.
#[derive(Debug)]
pub(crate) struct Watched {
    path: PathBuf,
    logs: Logs,
    /// What was read last, or why it could not be; `None` before the first reading.
    seen: Option<Stamp>,
    settled: bool,
    /// The latest fault, reported once.
    fault: Option<String>,
}

/// What a look at the file found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing new.
    Same,
    /// Another list is in force now.
    Changed(Changes),
    /// The file cannot be taken; the list before it stays in force.
    Faulty(String),
}

impl Watched {
    /// Reads the list at the start. A file that is not there is an empty list.
    pub(crate) fn open(path: &Path) -> Result<Self, StartError> {
        let mut watched = Self { path: path.to_owned(), logs: Logs::new(), seen: None, settled: false, fault: None };
        match read(path) {
            Ok((stamp, text)) => {
                watched.logs = parse(&text).map_err(|fault| fault.of(path))?;
                (watched.seen, watched.settled) = (Some(stamp), stamp.is_settled());
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StartError::Io { path: path.to_owned(), error }),
        }
        Ok(watched)
    }

    /// The logs that are watched now.
    pub(crate) fn logs(&self) -> &Logs {
        &self.logs
    }

    /// Looks at the file and takes it if it changed.
    pub(crate) fn look(&mut self) -> Look {
        match self.try_look() {
            Ok(changes) => {
                self.fault = None;
                if changes.is_empty() { Look::Same } else { Look::Changed(changes) }
            }
            Err(fault) if self.fault.as_ref() == Some(&fault) => Look::Same,
            Err(fault) => {
                self.fault = Some(fault.clone());
                Look::Faulty(fault)
            }
        }
    }

    fn try_look(&mut self) -> Result<Changes, String> {
        let stamp = match Stamp::of(&self.path) {
            Ok(stamp) => stamp,
            // Nothing was ever read, and there is still nothing to read.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.seen.is_none() => {
                return Ok(Changes::default());
            }
            Err(error) => return Err(self.unread(&error)),
        };
        if self.seen == Some(stamp) && self.settled {
            return self.fault.clone().map_or_else(|| Ok(Changes::default()), Err);
        }
        let (stamp, text) = read(&self.path).map_err(|error| self.unread(&error))?;
        let settled = stamp.is_settled();
        let read = parse(&text);
        (self.seen, self.settled) = (Some(stamp), settled);
        let mut logs = read.map_err(|ListFault { line, fault }| format!("line {line}: {fault}"))?;
        if !settled {
            // An editor may be writing it: what is missing counts as removed when the file has come to rest.
            for (origin, key) in &self.logs {
                logs.entry(origin.clone()).or_insert_with(|| key.clone());
            }
        }
        let changes = Changes::between(&self.logs, &logs);
        self.logs = logs;
        Ok(changes)
    }

    /// The file could not be read: it is read again at the next look, whatever its stamp.
    fn unread(&mut self, error: &io::Error) -> String {
        self.settled = false;
        error.to_string()
    }
}

fn read(path: &Path) -> io::Result<(Stamp, String)> {
    // The stamp is taken first: a change in between is seen at the next look.
    let stamp = Stamp::of(path)?;
    Ok((stamp, read_text(path, LIMIT)?))
}

/// What [`add`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// The line was written.
    Written,
    /// The log was there already, with this key.
    AlreadyThere,
}

/// Adds a log to a list durably, in one step; a list that is not there is made.
///
/// # Errors
/// [`StartError::List`] if the list has a faulty line, or the log with another key; [`StartError::Config`] for a bad key,
/// origin or comment; [`StartError::Io`].
pub fn add(path: &Path, vkey: &str, origin: Option<&str>, comment: Option<&str>) -> Result<Added, StartError> {
    let (origin, key) = log_of(vkey, origin)?;
    let mut line = format!("log {key}");
    if Origin::from(key.name()) != origin {
        line.push_str(&format!(" {origin}"));
    }
    if let Some(comment) = comment {
        if comment.chars().any(char::is_control) {
            return Err(StartError::Config {
                place: "--comment".into(),
                fault: "it is not one line of text".into(),
                remedy: "leave out line breaks and control characters".into(),
            });
        }
        line.push_str(&format!("  # {comment}"));
    }
    line.push('\n');
    // Behind a link, the file itself is replaced.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    // One after the other: two that add at once would otherwise drop each other's line.
    let lock_path = path.with_extension("lock");
    let lock = File::options().write(true).create(true).truncate(false).open(&lock_path);
    let lock = lock.map_err(StartError::io(&lock_path))?;
    lock.lock().map_err(StartError::io(&lock_path))?;
    let mut text = match read_text(path, LIMIT) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(StartError::Io { path: path.to_owned(), error }),
    };
    let logs = parse(&text).map_err(|fault| fault.of(path))?;
    if logs.get(&origin) == Some(&key) {
        return Ok(Added::AlreadyThere);
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&line);
    let after = parse(&text).map_err(|fault| fault.of(path))?;
    if after.get(&origin) != Some(&key) {
        return Err(StartError::Internal(format!("the line of {origin} would not be read as it was meant")));
    }
    replace(path, &text).map_err(StartError::io(path))?;
    Ok(Added::Written)
}

/// The log that a verifier key and, perhaps, an origin name.
///
/// # Errors
/// [`StartError::Config`].
pub fn log_of(vkey: &str, origin: Option<&str>) -> Result<(Origin, VerifierKey), StartError> {
    let wrong = |place: &str, fault: String, remedy: &str| StartError::Config {
        place: place.into(),
        fault,
        remedy: remedy.into(),
    };
    let remedy = "copy the log's verifier key whole, as its operator publishes it";
    let key = log_key(vkey).map_err(|fault| wrong("VKEY", fault, remedy))?;
    let origin = match origin {
        None => Origin::from(key.name()),
        Some(text) => Origin::new(text)
            .ok()
            .filter(|origin| {
                let text = origin.as_str();
                text.trim() == text && without_comment(text) == text
            })
            .ok_or_else(|| {
                let remedy = "copy the first line of the log's checkpoint";
                wrong("--origin", format!("\"{text}\" is no origin"), remedy)
            })?,
    };
    Ok((origin, key))
}

#[cfg(test)]
mod tests;

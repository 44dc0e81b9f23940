//! Everything that touches the network, and the first contact with an event: the log is copied into the trustee's folder,
//! where a new copy must extend the old one (A19), and only that copy is believed.

use std::path::Path;

use client::{Board, ClientError, Progress, Record, Source};
use rand::RngCore;
use rand::rngs::OsRng;
use voting_core::ids::EventId;
use voting_core::labels::Labels;
use voting_core::manifest::Manifest;
use voting_core::record::{Report, State, verify_record};

use crate::cli::LogArgs;
use crate::failure::Failure;
use crate::folder::{EventFile, Folder};
use crate::talk::Talk;

/// A log that is read from, and where entries are posted.
#[derive(Clone, Debug)]
pub struct Contact {
    source: Source,
    /// The event.
    pub event: EventId,
}

/// 32 fresh bytes for the weights of batches (M4).
fn entropy() -> [u8; 32] {
    let mut bytes = [0; 32];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

impl Contact {
    /// The log that the arguments name, or the only one that the folder knows.
    ///
    /// # Errors
    /// `which-event` if the folder does not know exactly one; errors of URL and folder.
    pub fn of(args: &LogArgs, folder: &Folder) -> Result<Self, Failure> {
        if let Some(dir) = &args.input {
            let event = Record::open(dir)?.event()?;
            return Ok(Self { source: Source::Folder(dir.clone()), event });
        }
        if let Some(url) = &args.log {
            return Self::url(url);
        }
        let events = folder.events()?;
        let mut known = events.iter().filter_map(|file| file.log.as_deref());
        match (known.next(), known.next()) {
            (Some(url), None) => Self::url(url),
            (None, _) => Err(Failure::unable("which-event", "the folder knows no log", "name it with --log or --in")),
            (Some(_), Some(_)) => {
                Err(Failure::unable("which-event", "the folder knows several events", "name one with --log or --in"))
            }
        }
    }

    /// The log at this address.
    ///
    /// # Errors
    /// `bad-url`.
    pub fn url(url: &str) -> Result<Self, Failure> {
        let source = Source::Url(url.trim_end_matches('/').to_owned());
        let bad = || ClientError::Url { url: url.to_owned(), why: "does not end in an event id".into() };
        let event = source.event()?.ok_or_else(bad)?;
        Ok(Self { source, event })
    }

    /// The log's address, if it has one.
    #[must_use]
    pub fn log(&self) -> Option<&str> {
        match &self.source {
            Source::Url(url) => Some(url),
            Source::Folder(_) => None,
        }
    }

    /// Copies the log into the folder. The copy must extend the one that is there.
    ///
    /// # Errors
    /// [`ClientError`]: `split-view` with the evidence, for instance.
    pub fn copy(&self, folder: &Folder, talk: Talk) -> Result<Record, Failure> {
        let bar = talk.bar("copying the log");
        let mut progress = |progress: Progress| {
            bar.set_length(progress.total);
            bar.set_position(progress.done);
        };
        let dir = folder.record(&self.event);
        let copied = client::mirror(&self.source, &dir, &mut progress);
        bar.finish_and_clear();
        let copied = copied?;
        if copied.event != self.event {
            return Err(ClientError::OtherEvent { expected: self.event, found: copied.event }.into());
        }
        Ok(Record::open(&dir)?)
    }

    /// Posts an entry; returns where it stands. The receipt is verified.
    ///
    /// # Errors
    /// [`ClientError`]; `no-network` for a log that is a folder.
    pub fn post(&self, manifest: &Manifest, entry: &[u8]) -> Result<u64, Failure> {
        let offline = || Failure::unable("no-network", "a folder takes no entries", "write the entry with --out FILE");
        let url = self.log().ok_or_else(offline)?;
        let base = url.strip_suffix(&self.event.to_string()).unwrap_or(url);
        Ok(Board::new(base)?.submit(manifest, entry)?.index.0)
    }

    /// The manifest of the log, verified against the event id.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn manifest(&self, talk: Talk) -> Result<Manifest, Failure> {
        fold_source(&self.source, &self.event, talk).map(|state| state.manifest().clone())
    }
}

/// Folds the copy of a log in the trustee's folder.
///
/// # Errors
/// [`ClientError`].
pub fn fold(folder: &Folder, event: &EventId, talk: Talk) -> Result<State, Failure> {
    fold_source(&Source::Folder(folder.record(event)), event, talk)
}

fn fold_source(source: &Source, event: &EventId, talk: Talk) -> Result<State, Failure> {
    let bar = talk.bar("reading the log");
    let mut progress = |progress: Progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    };
    let state = client::fold(source, event, &entropy(), &mut progress);
    bar.finish_and_clear();
    Ok(state?)
}

/// Verifies the copy of a log with the function that everybody uses.
///
/// # Errors
/// Only if the copy cannot be read; faults of the record are in the report.
pub fn verify(record: &Record, event: &EventId, talk: Talk) -> Result<Report, Failure> {
    let bar = talk.bar("verifying the record");
    bar.set_length(record.size());
    let mut unreadable = None;
    let entries = record.entries().map_while(|entry| entry.map_err(|error| unreadable = Some(error)).ok());
    let report = verify_record(event, record.checkpoint(), entries, record, &entropy(), |done| bar.set_position(done));
    bar.finish_and_clear();
    unreadable.map_or(Ok(report), |error| Err(error.into()))
}

/// On first contact shows what the event is and asks; afterwards returns what was remembered.
///
/// # Errors
/// `not-a-trustee`, `other-event`, `declined`, `needs-answer`.
pub fn introduce(
    folder: &Folder,
    contact: &Contact,
    record: &Record,
    args: &LogArgs,
    talk: Talk,
) -> Result<(EventFile, Manifest), Failure> {
    let manifest = record.manifest()?;
    let event = manifest.event();
    if event != contact.event {
        return Err(ClientError::OtherEvent { expected: contact.event, found: event }.into());
    }
    if let Some(file) = folder.accepted(&event)? {
        return Ok((file, manifest));
    }
    match accept(folder, contact, record, args, &manifest, talk) {
        Ok(file) => Ok((file, manifest)),
        Err(failure) => {
            folder.forget_stranger(&event);
            Err(failure)
        }
    }
}

fn accept(
    folder: &Folder,
    contact: &Contact,
    record: &Record,
    args: &LogArgs,
    manifest: &Manifest,
    talk: Talk,
) -> Result<EventFile, Failure> {
    let event = manifest.event();
    let own = folder.public_key()?;
    let index = manifest.trustee_indices().find(|index| manifest.trustee(*index).is_some_and(|it| it.key == own));
    let index = index.ok_or_else(|| {
        let fault =
            format!("the manifest of {} does not name your key {own} among its trustees", manifest.event_words());
        Failure::refused("not-a-trustee", fault, "send the line that `trustee init` printed to the administrator") // A21
    })?;
    match args.accept {
        Some(accepted) if accepted == event => {}
        Some(accepted) => {
            let fault = format!("the log is that of event {event}, but --accept names {accepted}");
            return Err(Failure::refused("other-event", fault, "ask the administrator which one is meant"));
        }
        None => {
            talk.note(&describe(manifest, record.labels().as_ref(), index.0));
            let question = "Are these the words that the administrator told you, and do you accept this event?";
            if !talk.ask(question, &format!("compare the words, then repeat the command with --accept {event}"))? {
                return Err(Failure::refused("declined", "the event was not accepted; nothing was done", ""));
            }
        }
    }
    let file = EventFile { event, words: manifest.event_words(), index, log: contact.log().map(str::to_owned) };
    folder.accept(&file)?;
    Ok(file)
}

fn describe(manifest: &Manifest, labels: Option<&Labels>, index: u32) -> String {
    let language = manifest.languages.first().map_or("en", String::as_str);
    let text = |digest| {
        labels.and_then(|labels| labels.get(digest)).map_or("(no text)", |label| label.text(language)).to_owned()
    };
    format!(
        "A new event:\n  {} / {}\n  words      {}\n  event id   {}\n  host       {}\n  you are    trustee {index} of {}; {} are \
         needed for the count{}",
        text(&manifest.organisation),
        text(&manifest.title),
        manifest.event_words(),
        manifest.event(),
        manifest.host,
        manifest.trustees.len(),
        manifest.threshold,
        if manifest.demonstration { "\n  This is a DEMONSTRATION." } else { "" }
    )
}

/// Writes an entry into a file instead of posting it. A file with the same bytes is fine.
///
/// # Errors
/// `output-exists`, `file-system`.
pub fn write_out(path: &Path, entry: &[u8]) -> Result<(), Failure> {
    if std::fs::read(path).is_ok_and(|bytes| bytes == entry) {
        return Ok(());
    }
    Ok(vault::write_new(path, entry, 0o644)?)
}

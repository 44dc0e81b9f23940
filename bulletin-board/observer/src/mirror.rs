//! `observer mirror`

use std::io::Write;
use std::path::Path;

use client::{Mirrored, Source, mirror};
use serde_json::json;
use tempfile::TempDir;
use voting_core::manifest::event_words;

use crate::cli::MirrorArgs;
use crate::failure::{Failure, Outcome};
use crate::talk::{Bar, cosigned, cosigners_json, entries};

pub(crate) fn run(args: &MirrorArgs, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let copied = copy(&args.source, &args.dir)?;
    let Mirrored { event, size, labels, witnesses } = copied;
    // A19: the copy is there, since it may be evidence; nobody should take it for the record.
    let witnesses = witnesses?;
    let words = event_words(&event);
    let folder = args.dir.display().to_string();
    let written = if args.json {
        let copy = json!({ "event": event, "event_words": words, "size": size, "labels": labels, "folder": folder,
            "cosigners": cosigners_json(&witnesses) });
        writeln!(out, "{copy}")
    } else {
        let with = if labels { "with labels" } else { "without labels" };
        writeln!(
            out,
            "Event {event} ({words}): {} in {folder}, {with}.\n{}\nCopied, not yet verified: `observer verify \
             {folder} --event <event id>`.",
            entries(size),
            cosigned(&witnesses)
        )
    };
    written.map_err(Failure::Output)?;
    Ok(Outcome::Holds)
}

/// Copies a record into a folder, with a bar.
pub(crate) fn copy(source: &Source, dir: &Path) -> Result<Mirrored, Failure> {
    let bar = Bar::new("copying");
    Ok(mirror(source, dir, &mut |progress| bar.show(progress))?)
}

/// The folder of a record: the source itself, or a temporary copy that vanishes with the second value.
pub(crate) fn folder(source: &Source) -> Result<(std::path::PathBuf, Option<TempDir>), Failure> {
    match source {
        Source::Folder(folder) => Ok((folder.clone(), None)),
        Source::Url(_) => {
            let temporary = TempDir::with_prefix("observer-").map_err(Failure::Temporary)?;
            copy(source, temporary.path())?;
            Ok((temporary.path().to_owned(), Some(temporary)))
        }
    }
}

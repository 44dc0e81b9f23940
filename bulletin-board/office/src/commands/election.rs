//! `office election new`, `check`, `publish`.

use std::fs;
use std::path::Path;

use client::Board;
use serde_json::json;
use voting_core::ballot::log_key as log_key_of;
use voting_core::entry::OfficialKey;
use voting_core::ids::SigningKeyId;
use voting_core::labels::LabelFile;
use voting_core::manifest::Finding;

use super::{key_of, now};
use crate::cli::{CheckArgs, EventArgs, NewArgs};
use crate::draft::{self, Examined};
use crate::failure::Failure;
use crate::folder::{self, EventFile, EventFolder, Paths};
use crate::talk::{Outcome, Talk};

const DAY: u64 = 86_400;

/// Checks a draft, reserves the event, writes its folder.
pub(super) fn new(args: &NewArgs, talk: Talk) -> Result<Outcome, Failure> {
    let paths = Paths::of(&args.event.dir);
    free(&paths)?;
    let draft = draft::parse(&args.draft, &folder::read(&args.draft)?)?;
    // Everything is checked under a key that stands for the log's before anything is asked of the board.
    let rehearsal = draft::examine(&args.draft, draft.clone(), stand_in(), &args.accept)?;
    if let Some(failure) = draft::unaccepted(&rehearsal.unaccepted) {
        return Err(failure);
    }
    let board = Board::new(&args.board)?;
    let key = key_of(&args.event.key, &rehearsal.manifest.administrator, "administrator")?;
    let log_key = board.reserve(draft.host(), &key)?;
    let examined = draft::examine(&args.draft, draft, log_key, &args.accept)?;
    write(&paths, &examined, args, &key)?;
    for code in &examined.idle {
        talk.note(&format!("note: no warning has the accepted code \"{code}\"; is it a typing error?"));
    }

    let (event, words) = (examined.manifest.event(), examined.manifest.event_words());
    let accepted: Vec<_> = examined.accepted.iter().map(|finding| finding.code).collect();
    let unusable = |why: String| Failure::refused("bad-host", why, "correct event.host in the draft");
    let log_vkey = log_key_of(&examined.manifest).map_err(unusable)?.to_string();
    let for_witnesses = if examined.manifest.witness_policy.is_empty() {
        String::new()
    } else {
        format!("Send this line to the operator of each witness server, for its watched list:\n  log {log_vkey}\n")
    };
    Ok(Outcome {
        text: format!(
            "event  {event}\nwords  {words}\nfolder {}\naccepted warnings: {}\n{for_witnesses}\
             Nothing is public yet. Show the words to the trustees, then run `office election publish`.",
            paths.dir().display(),
            if accepted.is_empty() { "none".to_owned() } else { accepted.join(", ") }
        ),
        json: json!({
            "event": event, "words": words, "dir": paths.dir().display().to_string(), "accepted": accepted,
            "log_key": log_key, "log_vkey": log_vkey, "log_url": board.log_url(&event),
        }),
    })
}

/// Refuses a folder with an event; what an interrupted `new` left behind does not count.
fn free(paths: &Paths) -> Result<(), Failure> {
    let outputs = [paths.event(), paths.manifest(), paths.labels(), paths.groups()];
    if paths.unfinished().exists() && !paths.event().exists() {
        return Ok(());
    }
    outputs.iter().find(|path| path.exists()).map_or(Ok(()), |path| Err(Failure::exists(path)))
}

fn write(paths: &Paths, examined: &Examined, args: &NewArgs, key: &OfficialKey) -> Result<(), Failure> {
    let (event, fields) = (examined.manifest.event(), &examined.drafted.fields);
    let last = fields.rounds.iter().map(|round| round.closes).max().unwrap_or_else(now);
    let labels = LabelFile {
        event,
        audience: args.audience.clone(),
        delete_day: last / DAY + u64::from(fields.retention_days),
        labels: examined.drafted.labels.clone(),
    };
    fs::create_dir_all(paths.dir()).map_err(|error| Failure::io(paths.dir(), &error))?;
    // A crash from here on leaves the mark, and the next run writes everything again.
    vault::write_atomic(&paths.unfinished(), b"`office election new` was interrupted; run it again\n")?;
    vault::write_atomic(&paths.manifest(), examined.manifest.as_bytes())?;
    vault::write_atomic(&paths.labels(), &labels.sign(key))?;
    vault::write_atomic(&paths.groups(), &folder::to_json(&examined.drafted.group_ids)?)?;
    // event.json comes last: with it the folder has an event.
    let file = EventFile { board: args.board.trim_end_matches('/').to_owned(), event };
    vault::write_new(&paths.event(), &folder::to_json(&file)?, 0o644)?;
    fs::remove_file(paths.unfinished()).map_err(|error| Failure::io(&paths.unfinished(), &error))
}

/// A valid key in place of the log's, which the board makes only for a draft without faults.
fn stand_in() -> SigningKeyId {
    OfficialKey::from_seed(&[0; 32]).public()
}

/// Checks a draft or the manifest of a folder.
pub(super) fn check(args: &CheckArgs) -> Result<Outcome, Failure> {
    if let Some(dir) = &args.dir {
        let folder = EventFolder::open(dir)?;
        let (accepted, unaccepted) = draft::findings(&folder.manifest);
        let head = format!("event {}\nwords {}\n", folder.file.event, folder.manifest.event_words());
        return verdict(&head, &accepted, &unaccepted, &draft::sizes(&folder.manifest));
    }
    let path = args.draft.as_deref().unwrap_or(Path::new("draft.toml"));
    let draft = draft::parse(path, &folder::read(path)?)?;
    let examined = draft::examine(path, draft, stand_in(), &args.accept)?;
    let head = format!("{} is a valid draft.\n", path.display());
    verdict(&head, &examined.accepted, &examined.unaccepted, &examined.sizes)
}

fn verdict(
    head: &str,
    accepted: &[Finding],
    unaccepted: &[Finding],
    sizes: &[draft::Size],
) -> Result<Outcome, Failure> {
    if let Some(failure) = draft::unaccepted(unaccepted) {
        return Err(failure);
    }
    let mut text = head.to_owned();
    for finding in accepted {
        text.push_str(&format!("accepted warning {}: {}\n", finding.code, finding.what));
    }
    for size in sizes {
        text.push_str(&format!("{} takes at most {} bytes\n", size.what, size.bytes));
    }
    Ok(Outcome { text, json: json!({ "accepted": accepted, "sizes": sizes }) })
}

/// Founds the event at the board and deposits its labels.
pub(super) fn publish(args: &EventArgs) -> Result<Outcome, Failure> {
    let folder = EventFolder::open(&args.dir)?;
    let (_, unaccepted) = draft::findings(&folder.manifest);
    if let Some(failure) = draft::unaccepted(&unaccepted) {
        return Err(failure);
    }
    let labels = folder::read(&folder.paths.labels())?;
    folder.labels()?; // Refuses a damaged file before anything is public.
    let key = key_of(&args.key, &folder.manifest.administrator, "administrator")?;
    let board = folder.board()?;
    // Both may be repeated: the board knows identical bytes.
    board.found(&folder.manifest, &key)?;
    board.deposit_labels(&folder.manifest, &labels, &key)?;
    let (event, words) = (folder.file.event, folder.manifest.event_words());
    let log_url = board.log_url(&event);
    let trustees: Vec<_> = folder.manifest.trustees.iter().map(|trustee| trustee.key).collect();
    Ok(Outcome {
        text: format!(
            "published {event}\nwords     {words}\nlog       {log_url}\n\
             Every trustee now runs: trustee ceremony --dir DIR --log {log_url}"
        ),
        json: json!({ "event": event, "words": words, "log_url": log_url, "trustees": trustees }),
    })
}

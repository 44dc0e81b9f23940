//! `board restore`: puts a backup into an empty folder.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use voting_core::ids::{EventId, SigningKeyId};

use super::backup::{Backup, Listed, MANIFEST, Saved, VERSION, copy};
use super::check::{Checked, check_event};
use super::{UpkeepError, make_empty};
use crate::error::StartError;
use crate::store::{Disk, FORMAT, RealDisk, UNFINISHED, sync_parent, write_atomic};

/// Longest manifest of a backup that is read.
const MAX_MANIFEST: u64 = 64 << 20;

/// A restored data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was begun, in seconds since 1970.
    pub time: u64,
    /// Its logs.
    pub events: Vec<(EventId, Checked)>,
}

/// Puts a backup into a data folder that is empty or not there yet. Every file is compared with the manifest of the backup,
/// and every journal goes through the rules again.
///
/// # Errors
/// [`UpkeepError`]. What was restored until then stays, marked as unfinished: no board starts on it.
pub fn restore(from: &Path, data: &Path) -> Result<Restored, UpkeepError> {
    let backup = read_manifest(from)?;
    make_empty(data)?;
    let lock = data.join("lock");
    let _lock = RealDisk.lock(&lock).map_err(|_| StartError::Locked(data.to_owned()))?;
    let path = data.join("format");
    write_atomic(&RealDisk, &path, UNFINISHED.as_bytes()).map_err(UpkeepError::io(&path))?;
    sync_parent(&RealDisk, data).map_err(UpkeepError::io(data))?;
    for name in ["events", "keys"] {
        make(&data.join(name))?;
    }
    for Saved { event, .. } in &backup.events {
        make(&data.join("events").join(event.to_string()))?;
    }
    for Listed { path, bytes, sha256 } in backup.files.iter().filter(|file| file.path != "format") {
        let (source, to) = (from.join(path), data.join(path));
        let (found, digest) = copy(&source, &to, u64::MAX)?;
        if (found, &digest.to_string()) != (*bytes, sha256) {
            let what = format!("its manifest says {bytes} bytes and SHA-256 {sha256}, found are {found} and {digest}");
            return Err(UpkeepError::Backup { path: source, what });
        }
        sync_parent(&RealDisk, &to).map_err(UpkeepError::io(&to))?;
    }
    let mut events = Vec::new();
    for Saved { event, entries, root } in &backup.events {
        let (checked, _) = check_event(data, event)?;
        if (checked.entries, checked.root.map(|root| root.to_string()).as_ref()) != (*entries, Some(root)) {
            let what = format!("the journal of {event} is not the one that the manifest names");
            return Err(UpkeepError::Backup { path: from.join(MANIFEST), what });
        }
        events.push((*event, checked));
    }
    // Crash before: the folder is marked as unfinished. From here on a board starts on it.
    write_atomic(&RealDisk, &path, FORMAT.as_bytes()).map_err(UpkeepError::io(&path))?;
    Ok(Restored { time: backup.time, events })
}

fn make(folder: &Path) -> Result<(), UpkeepError> {
    make_empty(folder)?;
    sync_parent(&RealDisk, folder).map_err(UpkeepError::io(folder))
}

/// Reads the manifest of a backup: only files that a data folder has are named, each once, and journals of the named events.
fn read_manifest(from: &Path) -> Result<Backup, UpkeepError> {
    let path = from.join(MANIFEST);
    let wrong = |what: String| UpkeepError::Backup { path: path.clone(), what };
    let mut text = Vec::new();
    let file = File::open(&path).map_err(|error| wrong(format!("there is no finished backup here ({error})")))?;
    file.take(MAX_MANIFEST).read_to_end(&mut text).map_err(UpkeepError::io(&path))?;
    let backup: Backup = serde_json::from_slice(&text).map_err(|error| wrong(format!("no manifest: {error}")))?;
    if backup.format != VERSION {
        return Err(wrong(format!("format {} is not known", backup.format)));
    }
    let mut names: Vec<&str> = backup.files.iter().map(|file| file.path.as_str()).collect();
    names.sort_unstable();
    let is_event = |id: &str| backup.events.iter().any(|saved| saved.event.to_string() == id);
    let known = |name: &str| match name.split('/').collect::<Vec<_>>().as_slice() {
        ["format"] => true,
        ["keys", key] => key.strip_suffix(".json").is_some_and(|key| key.parse::<SigningKeyId>().is_ok()),
        ["events", event, "journal" | "labels"] => is_event(event),
        _ => false,
    };
    if let Some(strange) = names.iter().find(|name| !known(name)) {
        return Err(wrong(format!("it names \"{strange}\", which no data folder has")));
    }
    if names.windows(2).any(|pair| pair.first() == pair.get(1)) {
        return Err(wrong("it names a file twice".into()));
    }
    let journal = |saved: &Saved| format!("events/{}/journal", saved.event);
    match backup.events.iter().find(|saved| !names.contains(&journal(saved).as_str())) {
        Some(Saved { event, .. }) => Err(wrong(format!("the journal of {event} is not in it"))),
        None => Ok(backup),
    }
}

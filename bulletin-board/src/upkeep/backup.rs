//! `board backup`: copies what cannot be made again, also while the board runs.
//!
//! Of a journal everything up to its last head record is copied. What stands behind it may still be lost in a power cut, and
//! other entries may then take its place: restored from here, it would make a second log.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tlog::hash::{Hash, RunningSha256};
use voting_core::ids::EventId;

use super::{UpkeepError, make_empty};
use crate::sequencer::now;
use crate::store::{
    FORMAT, Journal, JournalError, RealDisk, Record, Scanned, check_format, events, sync_parent, write_atomic,
};

/// Name of the manifest of a backup. It is written last: a backup without it is unfinished.
pub const MANIFEST: &str = "backup.json";
/// Format of the manifest.
pub(super) const VERSION: u32 = 1;

/// The manifest of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// 1.
    pub format: u32,
    /// When it was begun, in seconds since 1970.
    pub time: u64,
    /// The logs.
    pub events: Vec<Saved>,
    /// All files but this one.
    pub files: Vec<Listed>,
}

/// A log in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// The event.
    pub event: EventId,
    /// Entries, all under a signed head.
    pub entries: u64,
    /// Root over them, in hexadecimal digits.
    pub root: String,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Its path in the folder, with slashes.
    pub path: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
}

/// The SHA-256 of the first `limit` bytes of a reader, each part given to `each`; with their number.
pub(super) fn digest(
    reader: impl Read,
    limit: u64,
    mut each: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> std::io::Result<(u64, Hash)> {
    let (mut reader, mut digest, mut bytes) = (reader.take(limit), RunningSha256::default(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = reader.read(&mut buffer)?;
        let part = buffer.get(..count).unwrap_or_default();
        if part.is_empty() {
            return Ok((bytes, digest.finish()));
        }
        digest.update(part);
        each(part)?;
        bytes += count as u64;
    }
}

/// Copies the first `limit` bytes of a file into a new one that only its owner may read, syncs it and reads it again.
pub(super) fn copy(from: &Path, to: &Path, limit: u64) -> Result<(u64, Hash), UpkeepError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let reader = File::open(from).map_err(UpkeepError::io(from))?;
    let mut options = File::options();
    let mut file = options.write(true).create_new(true).mode(0o600).open(to).map_err(UpkeepError::io(to))?;
    let written = digest(BufReader::new(reader), limit, |part| file.write_all(part)).map_err(UpkeepError::io(to))?;
    file.sync_all().map_err(UpkeepError::io(to))?;
    let again = File::open(to).and_then(|file| digest(file, u64::MAX, |_| Ok(()))).map_err(UpkeepError::io(to))?;
    if again == written { Ok(written) } else { Err(UpkeepError::Rewritten(to.to_owned())) }
}

/// A backup under way.
struct Copies<'a> {
    data: &'a Path,
    to: &'a Path,
    files: Vec<Listed>,
}

impl Copies<'_> {
    fn take(&mut self, path: &str, limit: u64) -> Result<(), UpkeepError> {
        let to = self.to.join(path);
        let (bytes, sha256) = copy(&self.data.join(path), &to, limit)?;
        sync_parent(&RealDisk, &to).map_err(UpkeepError::io(&to))?;
        self.files.push(Listed { path: path.to_owned(), bytes, sha256: sha256.to_string() });
        Ok(())
    }

    fn folder(&self, path: &str) -> Result<(), UpkeepError> {
        let folder = self.to.join(path);
        make_empty(&folder)?;
        sync_parent(&RealDisk, &folder).map_err(UpkeepError::io(&folder))
    }
}

/// What a scan says about a log.
#[derive(Default)]
struct Newest {
    size: u64,
    root: Option<Hash>,
}

impl Newest {
    fn of(path: &Path, event: &EventId) -> Result<(Self, Scanned), JournalError> {
        let mut newest = Self::default();
        let scanned = Journal::read_on(&RealDisk, path, event, |record| {
            if let Record::Head { size, root, .. } = record {
                newest = Self { size, root: Some(root) };
            }
            Ok(())
        })?;
        Ok((newest, scanned))
    }
}

/// Copies keys, journals and labels of a data folder into a new folder. A board may be running.
///
/// # Errors
/// [`UpkeepError`]. What was copied until then stays, without a manifest.
pub fn backup(data: &Path, to: &Path) -> Result<Backup, UpkeepError> {
    check_format(&RealDisk, data)?.ok_or_else(|| UpkeepError::NoData(data.to_owned()))?;
    let inside = |to: &Path| Some(absolute(to)?.starts_with(data.canonicalize().ok()?));
    if inside(to).unwrap_or(false) {
        return Err(UpkeepError::Inside(to.to_owned()));
    }
    make_empty(to)?;
    sync_parent(&RealDisk, to).map_err(UpkeepError::io(to))?;
    let (time, mut saved) = (now(), Vec::new());
    let mut copies = Copies { data, to, files: Vec::new() };
    copies.folder("events")?;
    copies.folder("keys")?;
    for event in events(&RealDisk, data)? {
        let path = super::check::journal(data, &event);
        let (newest, scanned) = match Newest::of(&path, &event) {
            // It is being founded, or a crash came while it was.
            Err(JournalError::Foreign { .. }) if std::fs::metadata(&path).is_ok_and(|f| f.len() < Journal::START) => {
                continue;
            }
            other => other?,
        };
        let Some(root) = newest.root else { continue };
        copies.folder(&format!("events/{event}"))?;
        let name = format!("events/{event}/journal");
        copies.take(&name, scanned.signed)?;
        // Once more as a journal, from the copy.
        let (copied, again) = Newest::of(&to.join(&name), &event)?;
        if (copied.root, again.end, again.torn) != (newest.root, scanned.signed, 0) {
            return Err(UpkeepError::Rewritten(to.join(&name)));
        }
        let labels = format!("events/{event}/labels");
        if data.join(&labels).exists() {
            copies.take(&labels, u64::MAX)?;
        }
        saved.push(Saved { event, entries: newest.size, root: root.to_string() });
    }
    // Behind the journals: each event that was copied has its key by now.
    let keys = data.join("keys");
    let mut names = Vec::new();
    for item in std::fs::read_dir(&keys).map_err(UpkeepError::io(&keys))? {
        let name = item.map_err(UpkeepError::io(&keys))?.file_name();
        names.extend(name.to_str().filter(|name| name.ends_with(".json")).map(str::to_owned));
    }
    names.sort();
    for name in names {
        copies.take(&format!("keys/{name}"), u64::MAX)?;
    }
    copies.take("format", FORMAT.len() as u64)?;
    let backup = Backup { format: VERSION, time, events: saved, files: copies.files };
    let path = to.join(MANIFEST);
    let text = serde_json::to_string_pretty(&backup).map_err(std::io::Error::other).map_err(UpkeepError::io(&path))?;
    write_atomic(&RealDisk, &path, text.as_bytes()).map_err(UpkeepError::io(&path))?;
    Ok(backup)
}

/// The real path of a folder that may not be there yet.
fn absolute(folder: &Path) -> Option<PathBuf> {
    if let Ok(path) = folder.canonicalize() {
        return Some(path);
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(parent.canonicalize().ok()?.join(folder.file_name()?))
}

//! Reading a mirror: a folder in the C2SP layout, as `observer mirror` writes it. Nothing in it is believed before the
//! manifest hashes to the event, the log's key signed the checkpoint, and every entry is in its tree.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use tlog::checkpoint::{self, Checkpoint, Origin};
use tlog::client::Reader;
use tlog::layout::{CHECKPOINT_PATH, Resource};
use tlog::note::{MAX_NOTE, SignedNote};
use tlog::tile::MAX_BUNDLE;
use voting_core::ballot::log_key;
use voting_core::ids::EventId;
use voting_core::manifest::Manifest;

use super::UpkeepError;

/// Resources that are read at a time.
const AHEAD: usize = 16;

/// A mirror that holds.
pub(super) struct Mirror {
    /// The signed tree head.
    pub(super) head: Checkpoint,
    /// The head as the board alone signed it, without cosignatures.
    pub(super) note: String,
    /// All entries.
    pub(super) entries: Vec<Vec<u8>>,
}

impl Mirror {
    /// Reads and verifies the mirror of an event.
    pub(super) fn read(folder: &Path, event: &EventId) -> Result<Self, UpkeepError> {
        let path = folder.join(CHECKPOINT_PATH);
        let wrong = |what: String| UpkeepError::Mirror { path: path.clone(), what };
        let bytes = read(folder, CHECKPOINT_PATH, MAX_NOTE as u64)?;
        let bytes = bytes.ok_or_else(|| wrong("there is no mirror of a log here".into()))?;
        let note = SignedNote::parse(&bytes).map_err(|error| wrong(error.to_string()))?;
        let head = Checkpoint::from_unverified_note(&note).map_err(|error| wrong(error.to_string()))?;
        let entries = entries(folder, &head)?;
        let manifest = entries.first().ok_or_else(|| wrong("its log is empty".into()))?;
        let found = EventId::of_manifest(manifest);
        if found != *event {
            return Err(wrong(format!("it is the log of another event, {found}")));
        }
        let manifest = Manifest::from_bytes(manifest).map_err(|error| wrong(format!("entry 0: {error}")))?;
        let origin = Origin::new(&manifest.origin()).map_err(|error| wrong(error.to_string()))?;
        let key = log_key(&manifest).map_err(wrong)?;
        // S6: signature and origin, never one without the other.
        let head = checkpoint::open_note(&note, &origin, &key).map_err(|error| wrong(error.to_string()))?;
        let own = note.signatures().iter().find(|line| (line.name(), line.key_id()) == (key.name(), key.id()));
        let own = own.ok_or_else(|| wrong("the log's own signature is missing".into()))?;
        let note = SignedNote::from_parts(note.text(), vec![own.clone()]).map_err(|error| wrong(error.to_string()))?;
        checkpoint::open_note(&note, &origin, &key).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { head, note: note.to_string(), entries })
    }
}

/// A file of the mirror; `None` if there is none.
fn read(folder: &Path, path: &str, limit: u64) -> Result<Option<Vec<u8>>, UpkeepError> {
    let place = folder.join(path);
    let file = match File::open(&place) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.map_err(UpkeepError::io(&place))?,
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(UpkeepError::io(&place))?;
    if bytes.len() as u64 > limit {
        return Err(UpkeepError::Mirror { path: place, what: format!("it is longer than {limit} bytes") });
    }
    Ok(Some(bytes))
}

/// All entries, each verified to be in the tree of the head.
fn entries(folder: &Path, head: &Checkpoint) -> Result<Vec<Vec<u8>>, UpkeepError> {
    let wrong = |path: &str, what: String| UpkeepError::Mirror { path: folder.join(path), what };
    let mut reader = Reader::new(head.size, head.root).map_err(|error| wrong(CHECKPOINT_PATH, error.to_string()))?;
    let mut entries = Vec::new();
    loop {
        let wanted = reader.wanted(AHEAD);
        if wanted.is_empty() {
            break;
        }
        for resource in wanted {
            // A mirror of a larger tree has the full file in place of a partial one.
            let full = match resource {
                Resource::Tile(tile) => Resource::Tile(tile.to_full()),
                Resource::Entries(bundle) => Resource::Entries(bundle.to_full()),
                Resource::Checkpoint => resource,
            };
            let mut path = resource.path();
            let mut bytes = read(folder, &path, MAX_BUNDLE as u64)?;
            if bytes.is_none() {
                path = full.path();
                bytes = read(folder, &path, MAX_BUNDLE as u64)?;
            }
            let bytes = bytes.ok_or_else(|| wrong(&resource.path(), "it is missing".into()))?;
            reader.feed(&path, &bytes).map_err(|error| wrong(&path, error.to_string()))?;
        }
        while let Some(entry) = reader.next_entry() {
            entries.push(entry.bytes);
        }
    }
    reader.finish().map_err(|error| wrong(CHECKPOINT_PATH, error.to_string()))?;
    Ok(entries)
}

//! The index on sled 0.34.7. What is known about that version on Linux, and what follows here:
//!
//! - `flush` ends in `sync_file_range`, which loses data in a power cut: nothing here counts as durable;
//! - a leftover `snap.*.generating` makes it refuse to open: such files are deleted first, and nothing else;
//! - large values go to files in `blobs` that are never synced: segments of 8 MiB keep every value inside, and a blob is
//!   an error;
//! - its folders are not synced when they are made: done here.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sled::{Batch, Db};
use tlog::hash::Hash;
use voting_core::ids::EventId;

use super::{Index, IndexError, Indexed, Summary};

const SEGMENT: usize = 8 << 20;
const CACHE: u64 = 16 << 20;
const FORMAT_KEY: &[u8] = b"format";
const FORMAT: &[u8] = b"urna index 1";

const ENTRY: u8 = b'e';
const LEAF: u8 = b'l';
const HEAD: u8 = b'h';
const SUMMARY: u8 = b's';

/// An index in a folder.
#[derive(Debug)]
pub struct SledIndex {
    db: Db,
    blobs: PathBuf,
}

fn failed(error: impl std::fmt::Display) -> IndexError {
    IndexError(error.to_string())
}

fn damaged(what: &str) -> IndexError {
    IndexError(format!("damaged {what}"))
}

fn key(event: &EventId, kind: u8, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(33 + rest.len());
    key.extend_from_slice(event.as_bytes());
    key.push(kind);
    key.extend_from_slice(rest);
    key
}

fn number(bytes: &[u8]) -> Result<u64, IndexError> {
    bytes.try_into().map(u64::from_be_bytes).map_err(|_| damaged("number"))
}

fn summary_bytes(summary: &Summary) -> Vec<u8> {
    let Summary { entries, root, head } = summary;
    [&entries.to_be_bytes()[..], &root.0, &head.to_be_bytes()].concat()
}

fn read_summary(bytes: &[u8]) -> Result<Summary, IndexError> {
    let parts = bytes.split_at_checked(8).and_then(|(entries, rest)| Some((entries, rest.split_at_checked(32)?)));
    let (entries, (root, head)) = parts.ok_or_else(|| damaged("summary"))?;
    let root = Hash::from_slice(root).map_err(|_| damaged("summary"))?;
    Ok(Summary { entries: number(entries)?, root, head: number(head)? })
}

/// Removes what an interrupted snapshot left, or sled would not open.
fn remove_generating(folder: &Path) -> std::io::Result<()> {
    for file in fs::read_dir(folder)? {
        let file = file?;
        let name = file.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

impl SledIndex {
    /// Opens the index in a folder, which is made if it is missing.
    ///
    /// # Errors
    /// [`IndexError`] if it cannot be read; it may then be moved away and rebuilt.
    pub fn open(folder: &Path) -> Result<Self, IndexError> {
        fs::create_dir_all(folder).map_err(failed)?;
        remove_generating(folder).map_err(failed)?;
        let config = sled::Config::new().path(folder).segment_size(SEGMENT).cache_capacity(CACHE);
        let db = config.open().map_err(failed)?;
        let blobs = folder.join("blobs");
        sync_folder(folder).map_err(failed)?;
        if blobs.exists() {
            sync_folder(&blobs).map_err(failed)?;
        }
        if let Some(parent) = folder.parent() {
            sync_folder(parent).map_err(failed)?;
        }
        match db.get(FORMAT_KEY).map_err(failed)? {
            Some(format) if format == FORMAT => {}
            Some(_) => return Err(IndexError("another format".into())),
            None => {
                db.insert(FORMAT_KEY, FORMAT).map_err(failed)?;
            }
        }
        let index = Self { db, blobs };
        index.check_blobs()?;
        Ok(index)
    }

    fn check_blobs(&self) -> Result<(), IndexError> {
        let Ok(mut blobs) = fs::read_dir(&self.blobs) else { return Ok(()) };
        if blobs.next().is_some() { Err(IndexError("it has blobs, which are never synced".into())) } else { Ok(()) }
    }
}

impl Index for SledIndex {
    fn summary(&self, event: &EventId) -> Result<Option<Summary>, IndexError> {
        let bytes = self.db.get(key(event, SUMMARY, &[])).map_err(failed)?;
        bytes.map(|bytes| read_summary(&bytes)).transpose()
    }

    fn forget(&self, event: &EventId) -> Result<(), IndexError> {
        let mut batch = Batch::default();
        let mut waiting = 0_usize;
        for item in self.db.scan_prefix(event.as_bytes()).keys() {
            batch.remove(item.map_err(failed)?);
            waiting += 1;
            if waiting == 1_024 {
                self.db.apply_batch(std::mem::take(&mut batch)).map_err(failed)?;
                waiting = 0;
            }
        }
        self.db.apply_batch(batch).map_err(failed)
    }

    fn add(&self, event: &EventId, first: u64, entries: &[Indexed], root: Hash) -> Result<(), IndexError> {
        let before = self.summary(event)?;
        if before.map_or(0, |summary| summary.entries) != first {
            return Err(IndexError(format!("not {first} entries before a batch")));
        }
        let mut position = first;
        // Parts of at most 4 MiB, so that no write outgrows a segment. The summary comes with the last part: a crash in
        // between leaves an index that is behind and is rebuilt.
        let mut batch = Batch::default();
        let mut bytes_waiting = 0_usize;
        for Indexed { leaf, bytes } in entries {
            if bytes_waiting + bytes.len() > SEGMENT / 2 {
                self.db.apply_batch(std::mem::take(&mut batch)).map_err(failed)?;
                bytes_waiting = 0;
            }
            batch.insert(key(event, ENTRY, &position.to_be_bytes()), bytes.as_slice());
            batch.insert(key(event, LEAF, &leaf.0), &position.to_be_bytes());
            bytes_waiting += bytes.len() + 256;
            position += 1;
        }
        let head = before.map_or(0, |summary| summary.head);
        batch.insert(key(event, SUMMARY, &[]), summary_bytes(&Summary { entries: position, root, head }));
        self.db.apply_batch(batch).map_err(failed)
    }

    fn add_head(&self, event: &EventId, size: u64, note: &str) -> Result<(), IndexError> {
        let summary = self.summary(event)?.ok_or_else(|| IndexError("a head without entries".into()))?;
        let mut batch = Batch::default();
        batch.insert(key(event, HEAD, &size.to_be_bytes()), note.as_bytes());
        batch.insert(key(event, SUMMARY, &[]), summary_bytes(&Summary { head: size, ..summary }));
        self.db.apply_batch(batch).map_err(failed)
    }

    fn entries(&self, event: &EventId, first: u64, count: usize) -> Result<Vec<Vec<u8>>, IndexError> {
        let end = first.saturating_add(count as u64);
        let range = key(event, ENTRY, &first.to_be_bytes())..key(event, ENTRY, &end.to_be_bytes());
        self.db.range(range).values().map(|value| value.map(|bytes| bytes.to_vec()).map_err(failed)).collect()
    }

    fn find(&self, event: &EventId, leaf: &Hash) -> Result<Option<u64>, IndexError> {
        let position = self.db.get(key(event, LEAF, &leaf.0)).map_err(failed)?;
        position.map(|bytes| number(&bytes)).transpose()
    }

    fn head_covering(&self, event: &EventId, position: u64) -> Result<Option<(u64, String)>, IndexError> {
        let first = position.saturating_add(1);
        let range = key(event, HEAD, &first.to_be_bytes())..=key(event, HEAD, &u64::MAX.to_be_bytes());
        let Some(item) = self.db.range(range).next() else { return Ok(None) };
        let (found, note) = item.map_err(failed)?;
        let size = number(found.get(33..).unwrap_or_default())?;
        let note = String::from_utf8(note.to_vec()).map_err(|_| damaged("head"))?;
        Ok(Some((size, note)))
    }

    fn flush(&self) -> Result<(), IndexError> {
        self.db.flush().map_err(failed)?;
        self.check_blobs()
    }
}

//! A record in a folder, read entry by entry.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use tlog::layout::{CHECKPOINT_PATH, Resource};
use tlog::tile::{FULL_WIDTH, parse_bundle};
use voting_core::ids::{EntryIndex, EventId};
use voting_core::labels::{LabelFile, Labels, MAX_FILE};
use voting_core::manifest::Manifest;
use voting_core::record::state::Recall;

use crate::disk;
use crate::error::ClientError;
use crate::log::{self, malformed};
use crate::source::{Fetch, LABELS_FILE};

/// A record in a folder. Only its form is looked at: `voting_core::record::verify_record` judges it.
#[derive(Clone, Debug)]
pub struct Record {
    dir: PathBuf,
    checkpoint: Vec<u8>,
    size: u64,
}

impl Record {
    /// Opens the folder of a record, such as [`crate::mirror`] makes.
    ///
    /// # Errors
    /// [`ClientError::Missing`] and [`ClientError::Malformed`] for its checkpoint.
    pub fn open(dir: &Path) -> Result<Self, ClientError> {
        let (_, checkpoint) = Fetch::Folder(dir.to_owned()).resource(Resource::Checkpoint)?;
        let place = dir.join(CHECKPOINT_PATH).display().to_string();
        let (_, opened) = log::read_checkpoint(&checkpoint, &place)?;
        Ok(Self { dir: dir.to_owned(), checkpoint, size: opened.size })
    }

    /// The entries of a folder up to a size, whatever its checkpoint says.
    pub(crate) fn of_size(dir: &Path, size: u64) -> Self {
        Self { dir: dir.to_owned(), checkpoint: Vec::new(), size }
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The event of the manifest found: for finding the right record. Whether it is the event meant, only the caller knows.
    ///
    /// # Errors
    /// [`ClientError`] if entry 0 can't be read.
    pub fn event(&self) -> Result<EventId, ClientError> {
        Ok(EventId::of_manifest(&self.entry(EntryIndex(0))?))
    }

    /// The signed checkpoint as it stands in the folder.
    #[must_use]
    pub fn checkpoint(&self) -> &[u8] {
        &self.checkpoint
    }

    /// Entries that the checkpoint speaks of.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The entries in order. Ends after the first that can't be read.
    #[must_use]
    pub fn entries(&self) -> Entries<'_> {
        Entries { record: self, next: 0, ready: VecDeque::new(), failed: false }
    }

    /// One entry.
    ///
    /// # Errors
    /// [`ClientError`], also for an index beyond the end.
    pub fn entry(&self, index: EntryIndex) -> Result<Vec<u8>, ClientError> {
        let full = u64::from(FULL_WIDTH);
        let beyond = || malformed(format!("entry {index}"), format!("the record has {} entries", self.size));
        if index.0 >= self.size {
            return Err(beyond());
        }
        self.bundle(index.0 / full)?.into_iter().nth((index.0 % full) as usize).ok_or_else(beyond)
    }

    /// The manifest.
    ///
    /// # Errors
    /// [`ClientError`] if entry 0 can't be read or is no valid manifest.
    pub fn manifest(&self) -> Result<Manifest, ClientError> {
        let bytes = self.entry(EntryIndex(0))?;
        Manifest::from_bytes(&bytes).map_err(|error| malformed("entry 0", error.to_string()))
    }

    /// The labels, if the folder has a label file that the administrator signed.
    #[must_use]
    pub fn labels(&self) -> Option<Labels> {
        let file = disk::read(&self.dir.join(LABELS_FILE), MAX_FILE as u64).ok()??;
        let manifest = self.manifest().ok()?;
        LabelFile::open(&file, &manifest.event(), &manifest.administrator).ok()
    }

    fn bundle(&self, index: u64) -> Result<Vec<Vec<u8>>, ClientError> {
        let fetch = Fetch::Folder(self.dir.clone());
        let wanted = log::bundle_at(index, self.size).map_err(|error| malformed("checkpoint", error.to_string()))?;
        let (found, bytes) = fetch.resource(Resource::Entries(wanted))?;
        let width = if found == Resource::Entries(wanted) { wanted.width() } else { FULL_WIDTH };
        let entries = parse_bundle(&bytes, usize::from(width));
        let entries = entries.map_err(|error| malformed(fetch.place(&found.path()), error.to_string()))?;
        Ok(entries.into_iter().take(usize::from(wanted.width())).map(<[u8]>::to_vec).collect())
    }
}

impl Recall for Record {
    fn entry(&self, index: EntryIndex) -> Option<Vec<u8>> {
        Self::entry(self, index).ok()
    }
}

/// The entries of a record in order; one bundle of at most 256 entries is held in memory.
#[derive(Debug)]
pub struct Entries<'a> {
    record: &'a Record,
    next: u64,
    ready: VecDeque<Vec<u8>>,
    failed: bool,
}

impl Iterator for Entries<'_> {
    type Item = Result<Vec<u8>, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(entry) = self.ready.pop_front() {
            return Some(Ok(entry));
        }
        if self.failed || self.next.saturating_mul(u64::from(FULL_WIDTH)) >= self.record.size {
            return None;
        }
        match self.record.bundle(self.next) {
            Ok(entries) => {
                self.next += 1;
                self.ready = entries.into();
                self.ready.pop_front().map(Ok)
            }
            Err(error) => {
                self.failed = true;
                Some(Err(error))
            }
        }
    }
}

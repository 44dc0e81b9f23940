//! The data folder: its lock, its format version, and where everything lies in it.

use std::any::Any;
use std::fs::TryLockError;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use voting_core::ids::{EventId, SigningKeyId};

use super::disk::{Disk, RealDisk, sync_parent, write_atomic};
use super::{Journal, JournalError, Record};
use crate::error::StartError;
use crate::snapshot::SnapshotFile;

/// The contents of the file `format`.
pub(crate) const FORMAT: &str = "urna board 1\n";

/// The data folder of a board, locked for this process.
pub(crate) struct Folder {
    root: PathBuf,
    disk: Arc<dyn Disk>,
    // The lock is released when it is dropped.
    _lock: Box<dyn Any + Send + Sync>,
}

/// Makes a folder that only its owner may enter, if it is missing, and syncs its parent: also for one that is there, whose
/// name an earlier process may have left unsynced.
fn make(disk: &dyn Disk, folder: &Path) -> io::Result<()> {
    match disk.make_folder(folder) {
        Ok(()) => sync_parent(disk, folder),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && disk.list(folder).is_ok() => {
            // Whoever made a parent that this process may not read has to care for its names.
            sync_parent(disk, folder).or_else(|error| match error.kind() {
                ErrorKind::PermissionDenied => Ok(()),
                _ => Err(error),
            })
        }
        Err(error) => Err(error),
    }
}

/// The contents of the file `format` while a restore is under way.
pub(crate) const UNFINISHED: &str = "unfinished restore\n";

/// Refuses a folder whose file `format` names another version. `None` if there is no such file.
pub(crate) fn check_format(disk: &dyn Disk, root: &Path) -> Result<Option<()>, StartError> {
    let path = root.join("format");
    match disk.read(&path) {
        Ok(found) if found == FORMAT.as_bytes() => Ok(Some(())),
        Ok(found) if found == UNFINISHED.as_bytes() => Err(StartError::Config {
            place: root.display().to_string(),
            fault: "a restore into this folder was interrupted".into(),
            remedy: "empty the folder and run `board restore` again".into(),
        }),
        Ok(found) => {
            let found = String::from_utf8_lossy(&found).trim_end().chars().take(60).collect();
            Err(StartError::Format { path, found, expected: FORMAT.trim_end() })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StartError::Io { path, error }),
    }
}

impl Folder {
    /// Opens and locks a data folder of the system; makes it if its parent exists.
    pub(crate) fn open(root: &Path) -> Result<Self, StartError> {
        Self::open_on(Arc::new(RealDisk), root)
    }

    /// As [`Folder::open`], on any disk.
    pub(crate) fn open_on(disk: Arc<dyn Disk>, root: &Path) -> Result<Self, StartError> {
        make(disk.as_ref(), root).map_err(StartError::io(root))?;
        let path = root.join("lock");
        let lock = match disk.lock(&path) {
            Ok(lock) => lock,
            Err(TryLockError::WouldBlock) => return Err(StartError::Locked(root.to_owned())),
            Err(TryLockError::Error(error)) => return Err(StartError::Io { path, error }),
        };
        if check_format(disk.as_ref(), root)?.is_none() {
            let format = root.join("format");
            write_atomic(disk.as_ref(), &format, FORMAT.as_bytes()).map_err(StartError::io(&format))?;
        }
        let folder = Self { root: root.to_owned(), disk, _lock: lock };
        for name in [folder.keys(), folder.root.join("events")] {
            make(folder.disk(), &name).map_err(StartError::io(&name))?;
            // Names that a process gave and did not live to sync are counted on from now on.
            folder.disk.sync_folder(&name).map_err(StartError::io(&name))?;
        }
        for event in folder.events()? {
            let name = folder.event(&event);
            folder.disk.sync_folder(&name).map_err(StartError::io(&name))?;
        }
        Ok(folder)
    }

    /// The disk that it lies on.
    pub(crate) fn disk(&self) -> &dyn Disk {
        self.disk.as_ref()
    }

    /// Where the index lies.
    pub(crate) fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    /// Where the log keys lie.
    pub(crate) fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// The file of a log key.
    pub(crate) fn key(&self, public: &SigningKeyId) -> PathBuf {
        self.keys().join(format!("{public}.json"))
    }

    /// The folder of an event.
    fn event(&self, event: &EventId) -> PathBuf {
        self.root.join("events").join(event.to_string())
    }

    /// The journal of an event.
    pub(crate) fn journal(&self, event: &EventId) -> PathBuf {
        self.event(event).join("journal")
    }

    /// Makes the folder of an event.
    pub(crate) fn make_event(&self, event: &EventId) -> io::Result<()> {
        make(self.disk(), &self.event(event))
    }

    /// Makes the folder and the journal of an event.
    pub(crate) fn create_journal(&self, event: &EventId) -> Result<Journal, JournalError> {
        self.make_event(event).map_err(|error| JournalError::Io { path: self.event(event), error })?;
        Journal::create_on(self.disk(), &self.journal(event), event)
    }

    /// Opens the journal of an event, see [`Journal::open`].
    pub(crate) fn open_journal(
        &self,
        event: &EventId,
        take: impl FnMut(Record) -> Result<(), String>,
    ) -> Result<(Journal, u64), JournalError> {
        Journal::open_on(self.disk(), &self.journal(event), event, take)
    }

    /// The length of an event's journal.
    pub(crate) fn journal_length(&self, event: &EventId) -> io::Result<u64> {
        self.disk.open_to_read(&self.journal(event))?.length()
    }

    /// Removes the journal of an event that was never founded.
    pub(crate) fn remove_journal(&self, event: &EventId) -> Result<(), StartError> {
        let path = self.journal(event);
        self.disk.remove(&path).and_then(|()| sync_parent(self.disk(), &path)).map_err(StartError::io(&path))
    }

    /// How far an event was verified before.
    pub(crate) fn snapshot(&self, event: &EventId) -> SnapshotFile {
        SnapshotFile { disk: Arc::clone(&self.disk), path: self.event(event).join("snapshot") }
    }

    /// The signed label file of an event.
    pub(crate) fn read_labels(&self, event: &EventId) -> io::Result<Vec<u8>> {
        self.disk.read(&self.event(event).join("labels"))
    }

    /// Keeps the signed label file of an event.
    pub(crate) fn write_labels(&self, event: &EventId, bytes: &[u8]) -> io::Result<()> {
        write_atomic(self.disk(), &self.event(event).join("labels"), bytes)
    }

    /// The events that have a journal, ascending.
    pub(crate) fn events(&self) -> Result<Vec<EventId>, StartError> {
        events(self.disk(), &self.root)
    }
}

/// The events of a data folder that have a journal, ascending.
pub(crate) fn events(disk: &dyn Disk, root: &Path) -> Result<Vec<EventId>, StartError> {
    let folder = root.join("events");
    let names = disk.list(&folder).map_err(StartError::io(&folder))?;
    let ids = names.iter().filter_map(|name| name.to_str()?.parse::<EventId>().ok());
    let mut events: Vec<_> = ids.filter(|id| disk.exists(&folder.join(id.to_string()).join("journal"))).collect();
    events.sort();
    Ok(events)
}

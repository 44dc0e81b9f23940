//! The data folder: its lock, its format version, and where everything lies in it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use voting_core::ids::{EventId, SigningKeyId};

use crate::error::StartError;

const FORMAT: &str = "urna board 1\n";

/// The data folder of a board, locked for this process.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    // The lock is released when the file is closed.
    _lock: File,
}

/// Makes a folder that only its owner may enter, and syncs its parent.
fn make(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => sync_parent(folder),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Syncs the folder that holds a file.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(parent)?.sync_all()
}

/// Writes a file that appears whole or not at all: a temporary file, synced, renamed, its folder synced.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("part");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_parent(path)
}

impl Folder {
    /// Opens and locks the data folder; makes it if its parent exists.
    pub(crate) fn open(root: &Path) -> Result<Self, StartError> {
        make(root).map_err(StartError::io(root))?;
        let path = root.join("lock");
        let options = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let lock = options.map_err(StartError::io(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StartError::Locked(root.to_owned())),
            Err(TryLockError::Error(error)) => return Err(StartError::Io { path, error }),
        }
        let format = root.join("format");
        match fs::read_to_string(&format) {
            Ok(found) if found == FORMAT => {}
            Ok(found) => {
                let found = found.trim_end().chars().take(60).collect();
                return Err(StartError::Format { path: format, found, expected: FORMAT.trim_end() });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write_atomic(&format, FORMAT.as_bytes()).map_err(StartError::io(&format))?;
            }
            Err(error) => return Err(StartError::Io { path: format, error }),
        }
        for name in ["keys", "events"] {
            let folder = root.join(name);
            make(&folder).map_err(StartError::io(&folder))?;
        }
        Ok(Self { root: root.to_owned(), _lock: lock })
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

    /// The journal of an event.
    pub(crate) fn journal(&self, event: &EventId) -> PathBuf {
        self.root.join("events").join(event.to_string()).join("journal")
    }

    /// The signed label file of an event.
    pub(crate) fn labels(&self, event: &EventId) -> PathBuf {
        self.root.join("events").join(event.to_string()).join("labels")
    }

    /// Makes the folder of an event.
    pub(crate) fn make_event(&self, event: &EventId) -> io::Result<()> {
        make(&self.root.join("events").join(event.to_string()))
    }

    /// The events that have a journal, ascending.
    pub(crate) fn events(&self) -> Result<Vec<EventId>, StartError> {
        let folder = self.root.join("events");
        let mut events = Vec::new();
        for item in fs::read_dir(&folder).map_err(StartError::io(&folder))? {
            let name = item.map_err(StartError::io(&folder))?.file_name();
            if let Some(event) = name.to_str().and_then(|name| name.parse::<EventId>().ok())
                && self.journal(&event).exists()
            {
                events.push(event);
            }
        }
        events.sort();
        Ok(events)
    }
}

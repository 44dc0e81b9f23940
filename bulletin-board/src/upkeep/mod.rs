//! What an operator does with a data folder beside serving it: check it, back it up, restore it, repair a journal from a
//! mirror.

mod backup;
mod check;
mod mirror;
mod repair;
mod restore;

use std::path::{Path, PathBuf};

use thiserror::Error;
use voting_core::ids::EventId;

use crate::error::StartError;
use crate::store::JournalError;

pub use backup::{Backup, MANIFEST, Saved, backup};
pub use check::{Checked, EventCheck, check};
pub use repair::{Repaired, repair};
pub use restore::{Restored, restore};

/// Why upkeep cannot be done.
#[derive(Debug, Error)]
pub enum UpkeepError {
    /// As at a start of the board.
    #[error("{0}")]
    Start(#[from] StartError),
    /// A journal is damaged, or contradicts itself.
    #[error("{0}")]
    Journal(#[from] JournalError),
    /// There is no data folder of a board here.
    #[error("{}: it is no data folder of a board: name the folder that `board serve --data` is given", .0.display())]
    NoData(PathBuf),
    /// There are files already.
    #[error("{}: it is not empty and nothing is ever overwritten: name a new folder", .0.display())]
    NotEmpty(PathBuf),
    /// A backup would lie in what it copies.
    #[error("{}: it lies in the data folder: name a folder elsewhere, best on another disk", .0.display())]
    Inside(PathBuf),
    /// The backup is none, or not what it was when it was made.
    #[error("{}: {what}: take another copy of the backup", .path.display())]
    Backup {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// What was written reads differently.
    #[error("{}: what was written reads differently: the disk or its cable is faulty, use another one", .0.display())]
    Rewritten(PathBuf),
    /// The mirror is incomplete or false.
    #[error("{}: {what}: copy the log again with `observer mirror`, or take another mirror", .path.display())]
    Mirror {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// Mirror and journal are two different logs, both signed.
    #[error(
        "the mirror contradicts the journal of {event}: {what}. The log key has signed two logs: keep both copies, start \
         nothing, and let an observer judge them"
    )]
    Contradiction {
        /// The event.
        event: EventId,
        /// Where they differ.
        what: String,
    },
}

impl UpkeepError {
    /// A stable code for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Start(error) => error.code(),
            Self::Journal(JournalError::Io { .. }) => "io",
            Self::Journal(_) => "journal-damaged",
            Self::NoData(_) => "no-data",
            Self::NotEmpty(_) | Self::Inside(_) => "not-empty",
            Self::Backup { .. } => "backup-damaged",
            Self::Rewritten(_) => "io",
            Self::Mirror { .. } => "mirror-damaged",
            Self::Contradiction { .. } => "log-contradiction",
        }
    }

    fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Start(StartError::Io { path, error })
    }
}

/// Makes the folder that results go to, and locks nothing. One that is there must be empty, but for what a file system puts
/// into its root.
fn make_empty(folder: &Path) -> Result<(), UpkeepError> {
    use std::os::unix::fs::DirBuilderExt as _;
    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            for item in std::fs::read_dir(folder).map_err(UpkeepError::io(folder))? {
                if item.map_err(UpkeepError::io(folder))?.file_name() != "lost+found" {
                    return Err(UpkeepError::NotEmpty(folder.to_owned()));
                }
            }
            Ok(())
        }
        other => other.map_err(UpkeepError::io(folder)),
    }
}

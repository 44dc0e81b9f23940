//! The folder of an event: what the office keeps between two commands.
//!
//! | file | what | secret |
//! | --- | --- | --- |
//! | `event.json` | board and event id; written last by `election new` | no |
//! | `manifest.cbor` | entry 0 of the log | no |
//! | `labels.signed` | texts behind the digests, signed by the administrator | as its audience says |
//! | `groups.json` | short ids of the groups, as used in the roll's CSV | no |
//! | `roll.json` | the members | yes: names and contacts |
//! | `codes.csv`, `letters.html` | voting codes | yes: whoever has them can vote |
//! | `credentials.json` | the registrar's map from members to credentials | yes (A38) |
//! | `close-N.order` | the signed order to close round N | no |

use std::fs;
use std::path::{Path, PathBuf};

use client::{Board, Source};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use voting_core::ids::{EventId, RoundIndex};
use voting_core::labels::{LabelFile, Labels};
use voting_core::manifest::Manifest;

use crate::failure::Failure;

/// Largest file that is read at once.
const MAX_FILE: u64 = 256 << 20;

/// `event.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventFile {
    /// Base URL of the board.
    pub board: String,
    /// The event.
    pub event: EventId,
}

/// Paths of a folder that may not have an event yet.
#[derive(Clone, Debug)]
pub struct Paths(PathBuf);

impl Paths {
    /// The paths of this folder.
    #[must_use]
    pub fn of(dir: &Path) -> Self {
        Self(dir.to_owned())
    }
    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.0
    }
    /// `event.json`.
    #[must_use]
    pub fn event(&self) -> PathBuf {
        self.0.join("event.json")
    }
    /// `manifest.cbor`.
    #[must_use]
    pub fn manifest(&self) -> PathBuf {
        self.0.join("manifest.cbor")
    }
    /// `labels.signed`.
    #[must_use]
    pub fn labels(&self) -> PathBuf {
        self.0.join("labels.signed")
    }
    /// `groups.json`.
    #[must_use]
    pub fn groups(&self) -> PathBuf {
        self.0.join("groups.json")
    }
    /// Stands while the four files above are being written.
    #[must_use]
    pub fn unfinished(&self) -> PathBuf {
        self.0.join(".unfinished")
    }
    /// `roll.json`.
    #[must_use]
    pub fn roll(&self) -> PathBuf {
        self.0.join("roll.json")
    }
    /// `codes.csv`.
    #[must_use]
    pub fn codes(&self) -> PathBuf {
        self.0.join("codes.csv")
    }
    /// `letters.html`.
    #[must_use]
    pub fn letters(&self) -> PathBuf {
        self.0.join("letters.html")
    }
    /// `credentials.json`.
    #[must_use]
    pub fn credentials(&self) -> PathBuf {
        self.0.join("credentials.json")
    }
    /// `close-N.order`, with the round counted from 1.
    #[must_use]
    pub fn close_order(&self, round: RoundIndex) -> PathBuf {
        self.0.join(format!("close-{}.order", round.0 + 1))
    }
}

/// The folder of an event, checked: its manifest is valid and is the one of the event id.
#[derive(Clone, Debug)]
pub struct EventFolder {
    /// Where everything lies.
    pub paths: Paths,
    /// Board and event.
    pub file: EventFile,
    /// The manifest.
    pub manifest: Manifest,
}

impl EventFolder {
    /// Opens the folder.
    ///
    /// # Errors
    /// `no-event` if `election new` has not finished there, `damaged-folder`, `file-system`.
    pub fn open(dir: &Path) -> Result<Self, Failure> {
        let paths = Paths::of(dir);
        if !paths.event().exists() {
            let fault = format!("{} holds no event", dir.display());
            return Err(Failure::unable("no-event", fault, "run `office election new` first, or check --dir"));
        }
        let file: EventFile = read_json(&paths.event())?;
        let manifest = Manifest::from_bytes(&read(&paths.manifest())?)
            .map_err(|error| damaged(&paths.manifest(), &error.to_string()))?;
        if manifest.event() != file.event {
            return Err(damaged(&paths.manifest(), "it is the manifest of another event"));
        }
        Ok(Self { paths, file, manifest })
    }

    /// The board.
    ///
    /// # Errors
    /// An URL that is none.
    pub fn board(&self) -> Result<Board, Failure> {
        Ok(Board::new(&self.file.board)?)
    }

    /// The log, as a source to read from.
    ///
    /// # Errors
    /// An URL that is none.
    pub fn source(&self) -> Result<Source, Failure> {
        Ok(Source::Url(self.board()?.log_url(&self.file.event)))
    }

    /// The labels, checked against event and administrator.
    ///
    /// # Errors
    /// `damaged-folder`, `file-system`.
    pub fn labels(&self) -> Result<Labels, Failure> {
        let path = self.paths.labels();
        LabelFile::open(&read(&path)?, &self.file.event, &self.manifest.administrator)
            .map_err(|error| damaged(&path, &error.to_string()))
    }

    /// The short ids of the groups, in the order of the manifest.
    ///
    /// # Errors
    /// `damaged-folder`, `file-system`.
    pub fn group_ids(&self) -> Result<Vec<String>, Failure> {
        let path = self.paths.groups();
        let ids: Vec<String> = read_json(&path)?;
        if ids.len() == self.manifest.groups.len() {
            Ok(ids)
        } else {
            Err(damaged(&path, "it does not have one id for each group of the manifest"))
        }
    }

    /// Language tag in which labels are shown.
    #[must_use]
    pub fn language(&self) -> &str {
        self.manifest.languages.first().map_or("en", String::as_str)
    }
}

/// A file of the folder that is not what this program wrote.
#[must_use]
pub fn damaged(path: &Path, what: &str) -> Failure {
    let fault = format!("{}: {what}", path.display());
    Failure::unable("damaged-folder", fault, "restore the folder from a copy; do not edit its files")
}

/// Reads a file.
///
/// # Errors
/// `no-such-file`, `file-system`, also for a file that is too large.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let size = fs::metadata(path).map_err(|error| Failure::io(path, &error))?.len();
    if size > MAX_FILE {
        let fault = format!("{} has {size} bytes, at most {MAX_FILE} are read", path.display());
        return Err(Failure::unable("file-system", fault, "check the path"));
    }
    fs::read(path).map_err(|error| Failure::io(path, &error))
}

/// Reads a JSON file of this program.
///
/// # Errors
/// As [`read`], and `damaged-folder`.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    serde_json::from_slice(&read(path)?).map_err(|error| damaged(path, &error.to_string()))
}

/// A value as the bytes of a JSON file.
///
/// # Errors
/// `internal`, for a value that cannot be written.
pub fn to_json(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    let bytes = serde_json::to_vec_pretty(value);
    bytes.map_err(|error| Failure::unable("internal", error.to_string(), "report this as a fault of the program"))
}

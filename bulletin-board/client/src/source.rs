//! Where a log is read from.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use tlog::layout::Resource;
use tlog::note::MAX_NOTE;
use tlog::tile::MAX_BUNDLE;
use voting_core::ids::EventId;
use voting_core::labels;

use crate::disk;
use crate::error::ClientError;
use crate::http::{Http, is_url};

/// Name of the signed label file in the folder of a record.
pub const LABELS_FILE: &str = "labels.signed";

/// A log: at an address `<board>/<event id>`, or in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The address of a log.
    Url(String),
    /// A folder in the C2SP layout.
    Folder(PathBuf),
}

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let is_url = is_url(text);
        Ok(if is_url { Self::Url(text.trim_end_matches('/').to_owned()) } else { Self::Folder(PathBuf::from(text)) })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.write_str(url),
            Self::Folder(folder) => folder.display().fmt(f),
        }
    }
}

impl Source {
    /// The event that an address names; `None` for a folder, which can't be believed to know.
    ///
    /// # Errors
    /// [`ClientError::Url`] if the address does not end in an event id.
    pub fn event(&self) -> Result<Option<EventId>, ClientError> {
        match self {
            Self::Url(url) => split(url).map(|(_, event)| Some(event)),
            Self::Folder(_) => Ok(None),
        }
    }
}

/// The board and event of a log's address.
fn split(url: &str) -> Result<(&str, EventId), ClientError> {
    let url = url.trim_end_matches('/');
    let parts = url.rsplit_once('/').and_then(|(base, event)| Some((base, event.parse().ok()?)));
    parts.ok_or_else(|| ClientError::Url { url: url.to_owned(), why: "does not end in an event id".into() })
}

/// A source that is read from.
pub(crate) enum Fetch {
    Url { http: Http, log: String, board: String, event: EventId },
    Folder(PathBuf),
}

impl Fetch {
    pub(crate) fn new(source: &Source) -> Result<Self, ClientError> {
        match source {
            Source::Url(url) => {
                let (board, event) = split(url)?;
                let log = url.trim_end_matches('/').to_owned();
                Ok(Self::Url { http: Http::new(url), log, board: board.to_owned(), event })
            }
            Source::Folder(folder) => Ok(Self::Folder(folder.clone())),
        }
    }

    /// Where a resource of the log lies, for messages.
    pub(crate) fn place(&self, path: &str) -> String {
        match self {
            Self::Url { log, .. } => format!("{log}/{path}"),
            Self::Folder(folder) => folder.join(path).display().to_string(),
        }
    }

    /// A resource of the log; for a partial tile or bundle that is not there the full one. Says which of the two it is.
    pub(crate) fn resource(&self, wanted: Resource) -> Result<(Resource, Vec<u8>), ClientError> {
        let (limit, full) = match wanted {
            Resource::Checkpoint => (MAX_NOTE, None),
            Resource::Tile(tile) => (tile.to_full().byte_len(), Some(Resource::Tile(tile.to_full()))),
            Resource::Entries(bundle) => (MAX_BUNDLE, Some(Resource::Entries(bundle.to_full()))),
        };
        let path = wanted.path();
        if let Some(bytes) = self.get(&path, limit as u64)? {
            return Ok((wanted, bytes));
        }
        if let Some(full) = full.filter(|full| *full != wanted)
            && let Some(bytes) = self.get(&full.path(), limit as u64)?
        {
            return Ok((full, bytes));
        }
        Err(ClientError::Missing { place: self.place(&path) })
    }

    /// The signed label file, if it is offered.
    pub(crate) fn labels(&self) -> Result<Option<Vec<u8>>, ClientError> {
        let limit = labels::MAX_FILE as u64;
        match self {
            Self::Url { http, board, event, .. } => {
                let answer = http.get(&format!("{board}/api/events/{event}/labels"), limit)?;
                // A mirror served as plain files has them beside the checkpoint.
                answer.map_or_else(|| self.get(LABELS_FILE, limit), |answer| Ok(Some(answer.body)))
            }
            Self::Folder(_) => self.get(LABELS_FILE, limit),
        }
    }

    fn get(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, ClientError> {
        match self {
            Self::Url { http, log, .. } => Ok(http.get(&format!("{log}/{path}"), limit)?.map(|answer| answer.body)),
            Self::Folder(folder) => disk::read(&folder.join(path), limit),
        }
    }
}

//! The read API of a log in one place: every path below the log's prefix, its media type and how long it may be cached
//! (C2SP tlog-tiles), and the paths of a witness (C2SP tlog-witness).

use core::fmt;

use crate::checkpoint::Origin;
use crate::error::TileError;
use crate::hash::sha256;
use crate::tile::{BundleId, TileId};

/// Path of the newest checkpoint below the log's prefix.
pub const CHECKPOINT_PATH: &str = "checkpoint";
/// Media type of a checkpoint.
pub const CHECKPOINT_TYPE: &str = "text/plain; charset=utf-8";
/// Media type of tiles and entry bundles.
pub const TILE_TYPE: &str = "application/octet-stream";
/// File extension of a C2SP tlog-proof, with the dot.
pub const PROOF_EXTENSION: &str = ".tlog-proof";
/// Path of a witness' call for cosignatures below its submission prefix.
pub const ADD_CHECKPOINT_PATH: &str = "add-checkpoint";
/// Media type of a witness' answer that names another size.
pub const SIZE_TYPE: &str = "text/x.tlog.size";

/// Something that a log serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// The newest checkpoint.
    Checkpoint,
    /// Hashes of the tree.
    Tile(TileId),
    /// Entries.
    Entries(BundleId),
}

impl Resource {
    /// The path below the log's prefix.
    #[must_use]
    pub fn path(self) -> String {
        match self {
            Self::Checkpoint => CHECKPOINT_PATH.to_owned(),
            Self::Tile(tile) => tile.path(),
            Self::Entries(bundle) => bundle.path(),
        }
    }

    /// Reads a path. Only the canonical spelling is accepted.
    ///
    /// # Errors
    /// [`TileError::Path`].
    pub fn from_path(path: &str) -> Result<Self, TileError> {
        if path == CHECKPOINT_PATH {
            Ok(Self::Checkpoint)
        } else if path.starts_with("tile/entries/") {
            BundleId::from_path(path).map(Self::Entries)
        } else {
            TileId::from_path(path).map(Self::Tile)
        }
    }

    /// The media type of the answer.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Checkpoint => CHECKPOINT_TYPE,
            Self::Tile(_) | Self::Entries(_) => TILE_TYPE,
        }
    }

    /// Whether the answer never changes and may be cached for ever.
    #[must_use]
    pub const fn is_immutable(self) -> bool {
        !matches!(self, Self::Checkpoint)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

/// Path of a witness' newest checkpoint of a log below its monitoring prefix: `<hex SHA-256 of the origin>/checkpoint`.
#[must_use]
pub fn witness_checkpoint_path(origin: &Origin) -> String {
    format!("{}/{CHECKPOINT_PATH}", sha256(origin.as_str().as_bytes()))
}

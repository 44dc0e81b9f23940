//! Tiles held in memory, as a source of nodes.

use std::collections::BTreeMap;

use super::{FULL_WIDTH, TILE_HEIGHT, TileId};
use crate::error::TileError;
use crate::hash::{HASH_LEN, Hash, node_hash};
use crate::tree::NodeSource;

/// A set of tiles, at most one per place; the widest one given is kept.
///
/// The contents are not trusted: check a root made from them (`tree::root_at`) against a signed checkpoint, or verify the
/// proofs made from them.
#[derive(Clone, Debug, Default)]
pub struct TileStore {
    tiles: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl TileStore {
    /// The empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the contents of a tile.
    ///
    /// # Errors
    /// [`TileError::TileLength`] if the bytes are not `tile.width()` hashes.
    pub fn insert(&mut self, tile: TileId, bytes: &[u8]) -> Result<(), TileError> {
        let hashes = parse_tile(tile, bytes)?;
        let held = self.tiles.entry((tile.level(), tile.index())).or_default();
        if held.len() < hashes.len() {
            *held = hashes;
        }
        Ok(())
    }

    /// The hashes of the tile at a tile level and index.
    #[must_use]
    pub fn hashes(&self, level: u8, index: u64) -> Option<&[Hash]> {
        self.tiles.get(&(level, index)).map(Vec::as_slice)
    }

    /// The hash over all 256 hashes of a full tile: what the tile above holds for it.
    #[must_use]
    pub fn tile_root(&self, level: u8, index: u64) -> Option<Hash> {
        let hashes = self.hashes(level, index)?;
        (hashes.len() == usize::from(FULL_WIDTH)).then(|| fold(hashes)).flatten()
    }

    /// Forgets the tile at a tile level and index.
    pub fn remove(&mut self, level: u8, index: u64) {
        self.tiles.remove(&(level, index));
    }
}

impl NodeSource for TileStore {
    fn node(&self, level: u8, index: u64) -> Option<Hash> {
        let (tile_level, height) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
        // The node stands over 2^height neighbouring hashes of one tile.
        let per_tile = u64::from(FULL_WIDTH) >> height;
        let first = usize::try_from((index % per_tile) << height).ok()?;
        let hashes = self.hashes(tile_level, index / per_tile)?.get(first..first + (1 << height))?;
        fold(hashes)
    }
}

/// Reads the contents of a tile.
pub(crate) fn parse_tile(tile: TileId, bytes: &[u8]) -> Result<Vec<Hash>, TileError> {
    if bytes.len() != tile.byte_len() {
        return Err(TileError::TileLength { expected: tile.byte_len(), found: bytes.len() });
    }
    let (chunks, _) = bytes.as_chunks::<HASH_LEN>();
    Ok(chunks.iter().map(|chunk| Hash(*chunk)).collect())
}

/// The hash over a power of two of hashes.
fn fold(hashes: &[Hash]) -> Option<Hash> {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        let (pairs, _) = row.as_chunks::<2>();
        row = pairs.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    row.first().copied()
}

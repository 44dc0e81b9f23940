//! Tiles and entry bundles (C2SP tlog-tiles): names, paths and contents.
//!
//! A tile is a subtree of height 8: up to 256 hashes of one level. Tile `index` of tile level `level` holds the nodes
//! `(8 * level, 256 * index ..)` of the tree. An entry bundle holds the up to 256 entries of one level-0 tile.

mod bundle;
mod store;

#[cfg(test)]
mod tests;

pub(crate) use bundle::parse_bundle_prefix;
pub use bundle::{MAX_BUNDLE, MAX_ENTRY, parse_bundle, write_bundle};
pub use store::TileStore;

use core::fmt;
use core::str::FromStr;
use std::collections::BTreeSet;

use crate::error::TileError;
use crate::hash::HASH_LEN;
use crate::text::decimal;
use crate::tree::{NodeId, NodeSource};

/// Height of a tile in tree levels.
pub const TILE_HEIGHT: u8 = 8;
/// Width of a full tile in hashes, and of a full bundle in entries.
pub const FULL_WIDTH: u16 = 256;
/// Tile levels that a tree of 64-bit size can have: 0 to 7.
const LEVELS: u8 = 8;
/// The highest tile level that the format allows.
const MAX_LEVEL: u8 = 63;

/// The name of a tile. Invariants: `level` is 0 to 63 and `width` 1 to 256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    level: u8,
    index: u64,
    width: u16,
}

/// The name of an entry bundle. Invariant: `width` is 1 to 256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BundleId {
    index: u64,
    width: u16,
}

impl TileId {
    /// A tile of `width` hashes at `level` and `index`.
    ///
    /// # Errors
    /// [`TileError::Level`] above 63, [`TileError::Width`] outside 1 to 256.
    pub fn new(level: u8, index: u64, width: u16) -> Result<Self, TileError> {
        if level > MAX_LEVEL {
            return Err(TileError::Level { level });
        }
        Ok(Self { level, index, width: checked_width(width)? })
    }

    /// The tile that holds a node of the tree of `size` leaves, or `None` if that tree has no such tile. For a node
    /// between two tile levels it is the tile whose hashes lie below the node.
    #[must_use]
    pub fn containing(node: NodeId, size: u64) -> Option<Self> {
        let level = node.level / TILE_HEIGHT;
        let index = node.index >> (TILE_HEIGHT - node.level % TILE_HEIGHT);
        tile_at(level, index, size)
    }

    /// The tile level, 0 for leaf hashes.
    #[must_use]
    pub const fn level(self) -> u8 {
        self.level
    }

    /// The position within the level.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.index
    }

    /// Number of hashes, 1 to 256.
    #[must_use]
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Whether the tile has all 256 hashes.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.width == FULL_WIDTH
    }

    /// The full tile at the same place, a fallback when a partial one is no longer served.
    #[must_use]
    pub const fn to_full(self) -> Self {
        Self { level: self.level, index: self.index, width: FULL_WIDTH }
    }

    /// Whether all its hashes are complete in the tree of `size` leaves.
    #[must_use]
    pub fn is_within(self, size: u64) -> bool {
        let end = self.index.checked_mul(u64::from(FULL_WIDTH)).and_then(|first| first.checked_add(self.width.into()));
        end.is_some_and(|end| end <= nodes_at(self.level, size))
    }

    /// Length of the tile's contents in bytes.
    #[must_use]
    pub const fn byte_len(self) -> usize {
        self.width as usize * HASH_LEN
    }

    /// The path below the log's prefix, for instance `tile/0/x001/067` or `tile/1/000.p/17`.
    #[must_use]
    pub fn path(self) -> String {
        format!("tile/{}/{}", self.level, index_path(self.index, self.width))
    }

    /// Reads a path. Only the canonical spelling is accepted.
    ///
    /// # Errors
    /// [`TileError::Path`].
    pub fn from_path(path: &str) -> Result<Self, TileError> {
        let wrong = || TileError::Path { path: shortened(path) };
        let (level, rest) = path.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).ok_or_else(wrong)?;
        let level = decimal(level).and_then(|level| u8::try_from(level).ok()).ok_or_else(wrong)?;
        let (index, width) = parse_index(rest).ok_or_else(wrong)?;
        Self::new(level, index, width).map_err(|_| wrong())
    }
}

impl BundleId {
    /// A bundle of `width` entries at `index`.
    ///
    /// # Errors
    /// [`TileError::Width`] outside 1 to 256.
    pub fn new(index: u64, width: u16) -> Result<Self, TileError> {
        Ok(Self { index, width: checked_width(width)? })
    }

    /// The position among the bundles; the first entry has 256 times this index.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.index
    }

    /// Number of entries, 1 to 256.
    #[must_use]
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Whether the bundle has all 256 entries.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.width == FULL_WIDTH
    }

    /// The full bundle at the same place, a fallback when a partial one is no longer served.
    #[must_use]
    pub const fn to_full(self) -> Self {
        Self { index: self.index, width: FULL_WIDTH }
    }

    /// The level-0 tile with the leaf hashes of these entries.
    #[must_use]
    pub const fn leaf_tile(self) -> TileId {
        TileId { level: 0, index: self.index, width: self.width }
    }

    /// The path below the log's prefix, for instance `tile/entries/x001/067` or `tile/entries/000.p/17`.
    #[must_use]
    pub fn path(self) -> String {
        format!("tile/entries/{}", index_path(self.index, self.width))
    }

    /// Reads a path. Only the canonical spelling is accepted.
    ///
    /// # Errors
    /// [`TileError::Path`].
    pub fn from_path(path: &str) -> Result<Self, TileError> {
        let wrong = || TileError::Path { path: shortened(path) };
        let rest = path.strip_prefix("tile/entries/").ok_or_else(wrong)?;
        let (index, width) = parse_index(rest).ok_or_else(wrong)?;
        Self::new(index, width)
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

impl fmt::Display for BundleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

impl FromStr for TileId {
    type Err = TileError;

    fn from_str(path: &str) -> Result<Self, TileError> {
        Self::from_path(path)
    }
}

impl FromStr for BundleId {
    type Err = TileError;

    fn from_str(path: &str) -> Result<Self, TileError> {
        Self::from_path(path)
    }
}

/// All tiles of a tree of `size` leaves: the full ones and the partial ones of the right edge, level by level.
pub fn tiles_for_size(size: u64) -> impl Iterator<Item = TileId> {
    new_tiles(0, size)
}

/// The tiles that a tree of `new` leaves has and one of `old` leaves has not: what a log publishes when it grows.
///
/// Nothing if `old >= new`.
pub fn new_tiles(old: u64, new: u64) -> impl Iterator<Item = TileId> {
    (0..LEVELS).flat_map(move |level| {
        new_indices(nodes_at(level, old), nodes_at(level, new)).map(move |(index, width)| TileId {
            level,
            index,
            width,
        })
    })
}

/// All entry bundles of a log of `size` entries.
pub fn bundles_for_size(size: u64) -> impl Iterator<Item = BundleId> {
    new_bundles(0, size)
}

/// The entry bundles that a log of `new` entries has and one of `old` entries has not. Nothing if `old >= new`.
pub fn new_bundles(old: u64, new: u64) -> impl Iterator<Item = BundleId> {
    new_indices(old, new).map(|(index, width)| BundleId { index, width })
}

/// The partial tiles of the right edge of a tree of `size` leaves, at most one per level.
pub fn edge_tiles(size: u64) -> impl Iterator<Item = TileId> {
    (0..LEVELS).filter_map(move |level| {
        let nodes = nodes_at(level, size);
        let width = (nodes % u64::from(FULL_WIDTH)) as u16;
        (width != 0).then_some(TileId { level, index: nodes / u64::from(FULL_WIDTH), width })
    })
}

/// The tiles that hold the given nodes of a tree of `size` leaves, without repetition: what a client fetches for a proof
/// (`tree::inclusion_nodes`, `tree::consistency_nodes`).
#[must_use]
pub fn tiles_for_nodes(nodes: &[NodeId], size: u64) -> BTreeSet<TileId> {
    nodes.iter().filter_map(|node| TileId::containing(*node, size)).collect()
}

/// The contents of a tile: the concatenated hashes. `None` if the source lacks one of them.
pub fn tile_bytes<S: NodeSource + ?Sized>(source: &S, tile: TileId) -> Option<Vec<u8>> {
    let level = tile.level.checked_mul(TILE_HEIGHT)?;
    let first = tile.index.checked_mul(u64::from(FULL_WIDTH))?;
    let mut bytes = Vec::with_capacity(tile.byte_len());
    for offset in 0..u64::from(tile.width) {
        bytes.extend_from_slice(&source.node(level, first + offset)?.0);
    }
    Some(bytes)
}

/// Hashes at a tile level of a tree of `size` leaves: `floor(size / 256^level)`.
fn nodes_at(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0)
}

/// The tile at a place in a tree of `size` leaves.
fn tile_at(level: u8, index: u64, size: u64) -> Option<TileId> {
    let nodes = nodes_at(level, size);
    let first = index.checked_mul(u64::from(FULL_WIDTH))?;
    let width = nodes.checked_sub(first)?.min(u64::from(FULL_WIDTH)) as u16;
    (width != 0).then_some(TileId { level, index, width })
}

/// Places and widths that `new` hashes in a row need and `old` hashes do not have.
fn new_indices(old: u64, new: u64) -> impl Iterator<Item = (u64, u16)> {
    let full = u64::from(FULL_WIDTH);
    let grows = new > old;
    let first = if grows { old / full } else { new / full };
    let partial = (new % full) as u16;
    let last = (grows && partial != 0).then_some((new / full, partial));
    (first..new / full).map(|index| (index, FULL_WIDTH)).chain(last)
}

fn checked_width(width: u16) -> Result<u16, TileError> {
    if (1..=FULL_WIDTH).contains(&width) { Ok(width) } else { Err(TileError::Width { width }) }
}

/// `x001/x234/067` or `000.p/17`: three digits per element, an `x` before all but the last.
fn index_path(index: u64, width: u16) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if width < FULL_WIDTH {
        path.push_str(&format!(".p/{width}"));
    }
    path
}

/// Reads what [`index_path`] writes, and nothing else.
fn parse_index(text: &str) -> Option<(u64, u16)> {
    // 20 digits in groups of three take 7 elements of at most 5 characters, and `.p/255` takes 6.
    if text.len() > 48 {
        return None;
    }
    let (elements, width) = match text.split_once(".p/") {
        Some((elements, width)) => (elements, u16::try_from(decimal(width)?).ok().filter(|w| *w < FULL_WIDTH)?),
        None => (text, FULL_WIDTH),
    };
    let (front, last) = match elements.rsplit_once('/') {
        Some((front, last)) => (Some(front), last),
        None => (None, elements),
    };
    let mut index = 0u64;
    let digits = front.into_iter().flat_map(|front| front.split('/')).map(|element| element.strip_prefix('x'));
    for element in digits.chain([Some(last)]) {
        let element = element.filter(|e| e.len() == 3 && e.bytes().all(|byte| byte.is_ascii_digit()))?;
        index = index.checked_mul(1000)?.checked_add(element.parse().ok()?)?;
    }
    // Leading elements of zeros and a width of 0 fall here: one spelling per index (A3).
    (width != 0 && index_path(index, width) == text).then_some((index, width))
}

/// At most 100 characters of a path, for messages.
fn shortened(path: &str) -> String {
    path.chars().take(100).collect()
}

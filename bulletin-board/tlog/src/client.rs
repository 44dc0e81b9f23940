//! A verifying reader of a whole log, without I/O: it says which paths it wants, is fed their bytes, and yields entries.
//!
//! The reader first wants tiles and checks them against the root of the checkpoint, from the top down, so that a wrong
//! tile is named. Then it wants entry bundles; each entry must hash to its leaf. An entry is yielded only after that, so
//! every yielded entry is in the tree of the checkpoint, at its place. The checkpoint itself (signature, origin,
//! witnesses) was judged by the caller.
//!
//! A reader that stopped at an earlier checkpoint resumes from its size and root. It then also checks that the new tree
//! extends the old one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::error::{ClientError, TileError};
use crate::hash::{EMPTY_ROOT, Hash, leaf_hash};
use crate::layout::Resource;
use crate::tile::{BundleId, FULL_WIDTH, TileId, TileStore, edge_tiles, new_tiles, parse_bundle_prefix};
use crate::tree::root_at;

/// Most entries that one reader takes, 2^28. A longer log is read in steps, by resuming.
pub const MAX_READ: u64 = 1 << 28;

/// A verified entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its position, from 0.
    pub index: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What a complete reading covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadSummary {
    /// Number of entries yielded, all verified.
    pub entries: u64,
    /// Size of the log that was read to the end.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// A size and root of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    size: u64,
    root: Hash,
}

/// A reading in progress, see the module documentation.
///
/// After an error nothing is lost: the resources at fault are wanted again, for instance from a mirror.
#[derive(Clone, Debug)]
pub struct Reader {
    old: Head,
    new: Head,
    tiles: TileStore,
    // Tiles that have not arrived. Bundles are asked for when this is empty and the tiles were checked.
    wanted_tiles: BTreeSet<TileId>,
    // Bundles that arrived before an earlier one, verified.
    early: BTreeMap<u64, Vec<Vec<u8>>>,
    // Index of the next bundle to become `ready`.
    next_bundle: u64,
    ready: VecDeque<Entry>,
    yielded: u64,
}

impl Reader {
    /// A reader of all entries of a log of this size and root.
    ///
    /// # Errors
    /// [`ClientError::EmptyTreeRoot`] if the size is 0 and the root is not that of the empty tree,
    /// [`ClientError::TooLarge`] above [`MAX_READ`] entries.
    pub fn new(size: u64, root: Hash) -> Result<Self, ClientError> {
        Self::resume((0, EMPTY_ROOT), (size, root))
    }

    /// A reader of the entries after those that were read up to the size and root `old`.
    ///
    /// # Errors
    /// As [`Reader::new`]; [`ClientError::Shrinks`] if the new size is smaller; [`ClientError::Inconsistent`] if the sizes
    /// are equal and the roots are not.
    pub fn resume(old: (u64, Hash), new: (u64, Hash)) -> Result<Self, ClientError> {
        let (old, new) = (Head { size: old.0, root: old.1 }, Head { size: new.0, root: new.1 });
        if [old, new].iter().any(|head| head.size == 0 && head.root != EMPTY_ROOT) {
            return Err(ClientError::EmptyTreeRoot);
        }
        let entries = new.size.checked_sub(old.size).ok_or(ClientError::Shrinks { old: old.size, new: new.size })?;
        if entries > MAX_READ {
            return Err(ClientError::TooLarge { entries, limit: MAX_READ });
        }
        if entries == 0 && old.root != new.root {
            return Err(ClientError::Inconsistent { old: old.size, new: new.size });
        }
        let wanted_tiles = if entries == 0 {
            BTreeSet::new()
        } else {
            new_tiles(old.size, new.size).chain(edge_tiles(new.size)).collect()
        };
        Ok(Self {
            old,
            new,
            tiles: TileStore::new(),
            wanted_tiles,
            early: BTreeMap::new(),
            next_bundle: old.size / u64::from(FULL_WIDTH),
            ready: VecDeque::new(),
            yielded: 0,
        })
    }

    /// The next resources to fetch, at most `limit`, in any order. Empty when everything has arrived.
    ///
    /// All tiles come before the first bundle, and bundles at most `limit` ahead of the one that is needed next, so that
    /// the memory for bundles that arrive early is bounded by the caller.
    #[must_use]
    pub fn wanted(&self, limit: usize) -> Vec<Resource> {
        if !self.wanted_tiles.is_empty() {
            return self.wanted_tiles.iter().take(limit).map(|tile| Resource::Tile(*tile)).collect();
        }
        (self.next_bundle..)
            .take(limit)
            .map_while(|index| self.bundle(index))
            .filter(|bundle| !self.early.contains_key(&bundle.index()))
            .map(Resource::Entries)
            .collect()
    }

    /// As [`Reader::wanted`], as paths below the log's prefix.
    #[must_use]
    pub fn wanted_paths(&self, limit: usize) -> Vec<String> {
        self.wanted(limit).into_iter().map(Resource::path).collect()
    }

    /// Takes the bytes of a wanted path. In place of a partial tile or bundle the full one is taken as well.
    ///
    /// # Errors
    /// All errors name the path at fault. [`ClientError::NotWanted`] if the path is not wanted (now);
    /// [`ClientError::Malformed`]; [`ClientError::TileRoot`], [`ClientError::CheckpointRoot`] and
    /// [`ClientError::Inconsistent`] when the tiles are complete and do not fit the checkpoint; [`ClientError::Entry`] if
    /// an entry is not the one in the tree.
    pub fn feed(&mut self, path: &str, bytes: &[u8]) -> Result<(), ClientError> {
        let malformed = |fault| ClientError::Malformed { path: path.chars().take(100).collect(), fault };
        match Resource::from_path(path).map_err(malformed)? {
            Resource::Checkpoint => Err(ClientError::NotWanted { path: path.to_owned() }),
            Resource::Tile(tile) => self.feed_tile(tile, bytes),
            Resource::Entries(bundle) => self.feed_bundle(bundle, bytes),
        }
    }

    /// The next verified entry, in the order of the log; `None` if none has arrived.
    pub fn next_entry(&mut self) -> Option<Entry> {
        let entry = self.ready.pop_front()?;
        self.yielded += 1;
        Some(entry)
    }

    /// The tiles fetched so far, for proofs about the part of the log that was read.
    #[must_use]
    pub fn tiles(&self) -> &TileStore {
        &self.tiles
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`ClientError::Incomplete`] if an entry was not fetched or not yielded (A35).
    pub fn finish(self) -> Result<ReadSummary, ClientError> {
        let expected = self.new.size - self.old.size;
        if self.yielded != expected {
            return Err(ClientError::Incomplete { expected, yielded: self.yielded });
        }
        Ok(ReadSummary { entries: self.yielded, size: self.new.size, root: self.new.root })
    }

    fn feed_tile(&mut self, tile: TileId, bytes: &[u8]) -> Result<(), ClientError> {
        let not_wanted = || ClientError::NotWanted { path: tile.path() };
        // At most one width is wanted per place, and the full one sorts last there.
        let wanted = self
            .wanted_tiles
            .range(..=tile.to_full())
            .next_back()
            .copied()
            .filter(|wanted| *wanted == tile || wanted.to_full() == tile)
            .ok_or_else(not_wanted)?;
        let malformed = |fault| ClientError::Malformed { path: tile.path(), fault };
        if bytes.len() != tile.byte_len() {
            return Err(malformed(TileError::TileLength { expected: tile.byte_len(), found: bytes.len() }));
        }
        let used = bytes.get(..wanted.byte_len()).unwrap_or(bytes);
        self.tiles.insert(wanted, used).map_err(malformed)?;
        self.wanted_tiles.remove(&wanted);
        if self.wanted_tiles.is_empty() { self.check_tiles() } else { Ok(()) }
    }

    /// Checks all tiles: the partial ones give the root; then, from the top down, each full one gives its hash in the
    /// tile above, which is checked already.
    fn check_tiles(&mut self) -> Result<(), ClientError> {
        let root = root_at(&self.tiles, self.new.size).map_err(ClientError::Tree)?;
        if root != self.new.root {
            let edge: Vec<TileId> = edge_tiles(self.new.size).collect();
            let paths: Vec<String> = edge.iter().map(|tile| tile.path()).collect();
            edge.into_iter().for_each(|tile| self.want_again(tile));
            return Err(ClientError::CheckpointRoot { paths: paths.join(", ") });
        }
        let mut full: Vec<TileId> = new_tiles(self.old.size, self.new.size).filter(|tile| tile.is_full()).collect();
        full.sort_by_key(|tile| core::cmp::Reverse(tile.level()));
        for tile in full {
            let width = u64::from(FULL_WIDTH);
            let above = self.tiles.hashes(tile.level() + 1, tile.index() / width);
            let expected = above.and_then(|hashes| hashes.get((tile.index() % width) as usize));
            if expected.is_none() || self.tiles.tile_root(tile.level(), tile.index()).as_ref() != expected {
                self.want_again(tile);
                return Err(ClientError::TileRoot { path: tile.path() });
            }
        }
        // A19: the tree that was read before must be the beginning of this one.
        if root_at(&self.tiles, self.old.size).map_err(ClientError::Tree)? != self.old.root {
            edge_tiles(self.new.size).for_each(|tile| self.want_again(tile));
            return Err(ClientError::Inconsistent { old: self.old.size, new: self.new.size });
        }
        Ok(())
    }

    fn want_again(&mut self, tile: TileId) {
        self.tiles.remove(tile.level(), tile.index());
        self.wanted_tiles.insert(tile);
    }

    fn feed_bundle(&mut self, bundle: BundleId, bytes: &[u8]) -> Result<(), ClientError> {
        let path = bundle.path();
        let wanted = self
            .bundle(bundle.index())
            .filter(|wanted| *wanted == bundle || wanted.to_full() == bundle)
            .filter(|wanted| wanted.index() >= self.next_bundle && !self.early.contains_key(&wanted.index()))
            .filter(|_| self.wanted_tiles.is_empty())
            .ok_or_else(|| ClientError::NotWanted { path: path.clone() })?;
        // Every byte of the resource is read, also of those entries of a full bundle that are not wanted yet.
        let malformed = |fault| ClientError::Malformed { path: path.clone(), fault };
        let (entries, rest) = parse_bundle_prefix(bytes, usize::from(bundle.width())).map_err(malformed)?;
        if !rest.is_empty() {
            return Err(malformed(TileError::BundleTrailing { bytes: rest.len() }));
        }
        let first = bundle.index() * u64::from(FULL_WIDTH);
        let leaves = self.tiles.hashes(0, bundle.index()).unwrap_or_default();
        let mut verified = Vec::with_capacity(entries.len());
        for (offset, entry) in entries.into_iter().take(usize::from(wanted.width())).enumerate() {
            if leaves.get(offset) != Some(&leaf_hash(entry)) {
                return Err(ClientError::Entry { path: path.clone(), index: first + offset as u64 });
            }
            verified.push(entry.to_vec());
        }
        self.early.insert(bundle.index(), verified);
        self.release();
        Ok(())
    }

    /// Moves bundles whose turn has come to the entries that are ready.
    fn release(&mut self) {
        while let Some(entries) = self.early.remove(&self.next_bundle) {
            let first = self.next_bundle * u64::from(FULL_WIDTH);
            let numbered = (first..).zip(entries).map(|(index, bytes)| Entry { index, bytes });
            // The first bundle may begin with entries that were read before.
            self.ready.extend(numbered.filter(|entry| entry.index >= self.old.size));
            self.next_bundle += 1;
        }
    }

    /// The bundle at an index, if the log has one there.
    fn bundle(&self, index: u64) -> Option<BundleId> {
        let full = u64::from(FULL_WIDTH);
        let first = index.checked_mul(full)?;
        // Nothing is wanted if nothing is new.
        if self.new.size == self.old.size {
            return None;
        }
        let width = self.new.size.checked_sub(first)?.min(full);
        BundleId::new(index, u16::try_from(width).ok()?).ok()
    }
}

/// Number of bundles that a complete reading of `size` entries fetches, for progress bars.
#[must_use]
pub fn bundle_count(size: u64) -> u64 {
    size.div_ceil(u64::from(FULL_WIDTH))
}

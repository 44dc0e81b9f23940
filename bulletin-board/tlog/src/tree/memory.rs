//! A tree with all its hashes in memory.

use super::{CompactTree, NodeSource, consistency, inclusion, root_at};
use crate::error::TreeError;
use crate::hash::{Hash, leaf_hash, node_hash};

/// A tree that keeps all leaf hashes and all complete inner nodes, 64 bytes per leaf.
#[derive(Clone, Debug, Default)]
pub struct MemoryTree {
    // levels[l][i] is the node (l, i). A level exists once it has a node.
    levels: Vec<Vec<Hash>>,
}

impl MemoryTree {
    /// The empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends an entry and returns its leaf hash.
    pub fn append(&mut self, entry: &[u8]) -> Hash {
        let leaf = leaf_hash(entry);
        self.append_leaf_hash(leaf);
        leaf
    }

    /// Appends one leaf hash.
    pub fn append_leaf_hash(&mut self, leaf: Hash) {
        let mut node = leaf;
        let mut level = 0;
        loop {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(row) = self.levels.get_mut(level) else { return };
            row.push(node);
            // An even number of nodes: the last two have a parent, which is now complete.
            match row.as_slice() {
                [.., left, right] if row.len() % 2 == 0 => node = node_hash(left, right),
                _ => return,
            }
            level += 1;
        }
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.leaf_hashes().len() as u64
    }

    /// All leaf hashes in order.
    #[must_use]
    pub fn leaf_hashes(&self) -> &[Hash] {
        self.levels.first().map_or(&[], Vec::as_slice)
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.compact().root()
    }

    /// The right edge of the tree.
    #[must_use]
    pub fn compact(&self) -> CompactTree {
        let size = self.size();
        // The last node of each level stands on the edge if the bit of that level is set in the size.
        let edge =
            self.levels.iter().rev().filter(|row| row.len() % 2 == 1).filter_map(|row| row.last().copied()).collect();
        CompactTree { size, edge }
    }

    /// The root over the first `size` leaves.
    ///
    /// # Errors
    /// [`TreeError::SizeAhead`] if the tree is smaller.
    pub fn root_at(&self, size: u64) -> Result<Hash, TreeError> {
        self.reaches(size)?;
        root_at(self, size)
    }

    /// The inclusion proof of leaf `index` in the tree of the first `size` leaves.
    ///
    /// # Errors
    /// [`TreeError::SizeAhead`] if the tree is smaller than `size`, [`TreeError::IndexOutsideTree`] if `index >= size`.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>, TreeError> {
        self.reaches(size)?;
        inclusion(self, index, size)
    }

    /// The consistency proof from `old` to `new` leaves; empty if `old` is 0 or equal to `new`.
    ///
    /// # Errors
    /// [`TreeError::SizeAhead`] if the tree is smaller than `new`, [`TreeError::Shrinks`] if `old > new`.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, TreeError> {
        self.reaches(new)?;
        consistency(self, old, new)
    }

    fn reaches(&self, size: u64) -> Result<(), TreeError> {
        let held = self.size();
        if size > held { Err(TreeError::SizeAhead { asked: size, held }) } else { Ok(()) }
    }
}

impl NodeSource for MemoryTree {
    fn node(&self, level: u8, index: u64) -> Option<Hash> {
        let index = usize::try_from(index).ok()?;
        self.levels.get(usize::from(level))?.get(index).copied()
    }
}

//! The right edge of a tree.

use crate::error::TreeError;
use crate::hash::{EMPTY_ROOT, Hash, node_hash};

/// The largest tree that may be taken up again, in leaves: 2^62. Appending can't overflow from there in any lifetime.
pub const MAX_TREE_SIZE: u64 = 1 << 62;

/// A tree of which only the right edge is kept: the roots of its complete subtrees, at most 64 hashes.
///
/// It can be appended to and knows its root; it can't make proofs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompactTree {
    pub(super) size: u64,
    // One hash per one-bit of `size`, from the largest subtree to the smallest.
    pub(super) edge: Vec<Hash>,
}

impl CompactTree {
    /// The empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes up a stored edge again, see [`CompactTree::edge`]. The edge must come from a trusted place.
    ///
    /// # Errors
    /// [`TreeError::EdgeLength`] if the number of hashes is not the number of one-bits of `size`,
    /// [`TreeError::TooLarge`] if `size` is above [`MAX_TREE_SIZE`].
    pub fn from_edge(size: u64, edge: Vec<Hash>) -> Result<Self, TreeError> {
        if size > MAX_TREE_SIZE {
            return Err(TreeError::TooLarge { size });
        }
        let expected = size.count_ones() as usize;
        if edge.len() != expected {
            return Err(TreeError::EdgeLength { size, expected, found: edge.len() });
        }
        Ok(Self { size, edge })
    }

    /// The roots of the complete subtrees, from the largest to the smallest.
    #[must_use]
    pub fn edge(&self) -> &[Hash] {
        &self.edge
    }

    /// Appends one leaf hash (`hash::leaf_hash` of the entry).
    pub fn append_leaf_hash(&mut self, leaf: Hash) {
        let mut node = leaf;
        // Each trailing one-bit of the size is a complete subtree that is now joined with its right sibling.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.edge.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.edge.push(node);
        self.size += 1;
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut nodes = self.edge.iter().rev();
        match nodes.next() {
            None => EMPTY_ROOT,
            Some(last) => nodes.fold(*last, |right, left| node_hash(left, &right)),
        }
    }
}

//! Append-only Merkle trees (RFC 6962 section 2.1) and the proofs made from them.
//!
//! [`CompactTree`] keeps only the right edge: enough to append and to know the root. [`MemoryTree`] keeps every hash.
//! Proofs are made from anything that knows the complete subtrees of a log ([`NodeSource`]): a `MemoryTree`, an index on
//! disk, or tiles (`tile::TileStore`).
//!
//! # Coordinates
//! The node at `(level, index)` is the hash of the complete subtree over the leaves
//! `index * 2^level .. (index + 1) * 2^level`. Level 0 holds the leaf hashes.

mod compact;
mod memory;
mod plan;

#[cfg(test)]
mod tests;

pub use compact::{CompactTree, MAX_TREE_SIZE};
pub use memory::MemoryTree;
pub use plan::{NodeId, consistency_nodes, inclusion_nodes, root_nodes};

use crate::error::TreeError;
use crate::hash::{EMPTY_ROOT, Hash, node_hash};
use plan::{LeafRange, consistency_ranges, inclusion_ranges};

/// Something that knows the hashes of a log's complete subtrees.
///
/// Hashes that come from an untrusted place (tiles of a server) make proofs that must still be verified.
pub trait NodeSource {
    /// The hash of the complete subtree at `(level, index)`, or `None` if it is not known or not complete.
    fn node(&self, level: u8, index: u64) -> Option<Hash>;
}

impl<S: NodeSource + ?Sized> NodeSource for &S {
    fn node(&self, level: u8, index: u64) -> Option<Hash> {
        (**self).node(level, index)
    }
}

/// The root of the first `size` leaves.
///
/// # Errors
/// [`TreeError::MissingNode`] if the source lacks a needed node.
pub fn root_at<S: NodeSource + ?Sized>(source: &S, size: u64) -> Result<Hash, TreeError> {
    if size == 0 {
        return Ok(EMPTY_ROOT);
    }
    range_hash(source, LeafRange { start: 0, end: size })
}

/// The inclusion proof of leaf `index` in the tree of `size` leaves (RFC 6962 section 2.1.1), from the leaf's sibling up.
///
/// # Errors
/// [`TreeError::IndexOutsideTree`] if `index >= size`, [`TreeError::MissingNode`] if the source lacks a needed node.
pub fn inclusion<S: NodeSource + ?Sized>(source: &S, index: u64, size: u64) -> Result<Vec<Hash>, TreeError> {
    inclusion_ranges(index, size)?.into_iter().map(|range| range_hash(source, range)).collect()
}

/// The consistency proof between the trees of `old` and `new` leaves (RFC 6962 section 2.1.2).
///
/// The proof is empty if `old == new`, and also if `old == 0`, as the witness protocol wants it; the empty tree is
/// consistent with every tree and `proof::verify_consistency` does not take it.
///
/// # Errors
/// [`TreeError::Shrinks`] if `old > new`, [`TreeError::MissingNode`] if the source lacks a needed node.
pub fn consistency<S: NodeSource + ?Sized>(source: &S, old: u64, new: u64) -> Result<Vec<Hash>, TreeError> {
    consistency_ranges(old, new)?.into_iter().map(|range| range_hash(source, range)).collect()
}

/// The hash of a range of leaves whose start is a multiple of the smallest power of two that is not below its length.
fn range_hash<S: NodeSource + ?Sized>(source: &S, range: LeafRange) -> Result<Hash, TreeError> {
    let mut hash: Option<Hash> = None;
    // The nodes come from left (largest) to right; the tree is folded from the right.
    for NodeId { level, index } in range.nodes().into_iter().rev() {
        let node = source.node(level, index).ok_or(TreeError::MissingNode { level, index })?;
        hash = Some(match hash {
            None => node,
            Some(right) => node_hash(&node, &right),
        });
    }
    hash.ok_or(TreeError::EmptyRange)
}

//! Which complete subtrees a root or a proof is made of. Pure arithmetic on sizes, so that a client knows what to fetch.

use crate::error::TreeError;

/// The place of a complete subtree: the leaves `index * 2^level .. (index + 1) * 2^level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId {
    /// Height of the subtree; 0 is a leaf.
    pub level: u8,
    /// Position among the subtrees of that height.
    pub index: u64,
}

/// A range of leaves with `start < end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LeafRange {
    pub(super) start: u64,
    pub(super) end: u64,
}

impl LeafRange {
    /// The complete subtrees that make up the range, from left to right, each smaller than the one before.
    pub(super) fn nodes(self) -> Vec<NodeId> {
        let mut nodes = Vec::new();
        let mut start = self.start;
        while start < self.end {
            // ilog2 is at most 63 and start + 2^level <= end, so nothing overflows.
            let level = (self.end - start).ilog2();
            nodes.push(NodeId { level: level as u8, index: start >> level });
            start += 1u64 << level;
        }
        nodes
    }
}

/// The largest power of two strictly below `length`; `length` is at least 2.
fn split(length: u64) -> u64 {
    1u64 << (length - 1).ilog2()
}

/// The sibling ranges of an inclusion proof, from the leaf up.
pub(super) fn inclusion_ranges(index: u64, size: u64) -> Result<Vec<LeafRange>, TreeError> {
    if index >= size {
        return Err(TreeError::IndexOutsideTree { index, size });
    }
    let mut ranges = Vec::new();
    let (mut start, mut end) = (0u64, size);
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            ranges.push(LeafRange { start: middle, end });
            end = middle;
        } else {
            ranges.push(LeafRange { start, end: middle });
            start = middle;
        }
    }
    ranges.reverse();
    Ok(ranges)
}

/// The ranges of a consistency proof in the order of RFC 6962 section 2.1.2.
pub(super) fn consistency_ranges(old: u64, new: u64) -> Result<Vec<LeafRange>, TreeError> {
    if old > new {
        return Err(TreeError::Shrinks { old, new });
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let mut ranges = Vec::new();
    let (mut start, mut end) = (0u64, new);
    // Leaves start..end hold the end of the old tree; when the loop ends, end == old.
    while end > old {
        let middle = start + split(end - start);
        if old <= middle {
            ranges.push(LeafRange { start: middle, end });
            end = middle;
        } else {
            ranges.push(LeafRange { start, end: middle });
            start = middle;
        }
    }
    // The old root itself is known to the verifier and is left out when it is one complete subtree.
    if start != 0 {
        ranges.push(LeafRange { start, end });
    }
    ranges.reverse();
    Ok(ranges)
}

/// The complete subtrees needed for the root of `size` leaves.
#[must_use]
pub fn root_nodes(size: u64) -> Vec<NodeId> {
    LeafRange { start: 0, end: size }.nodes()
}

/// The complete subtrees needed for the inclusion proof of leaf `index` among `size`.
///
/// # Errors
/// [`TreeError::IndexOutsideTree`] if `index >= size`.
pub fn inclusion_nodes(index: u64, size: u64) -> Result<Vec<NodeId>, TreeError> {
    Ok(inclusion_ranges(index, size)?.into_iter().flat_map(LeafRange::nodes).collect())
}

/// The complete subtrees needed for the consistency proof from `old` to `new` leaves.
///
/// # Errors
/// [`TreeError::Shrinks`] if `old > new`.
pub fn consistency_nodes(old: u64, new: u64) -> Result<Vec<NodeId>, TreeError> {
    Ok(consistency_ranges(old, new)?.into_iter().flat_map(LeafRange::nodes).collect())
}

//! Errors of hashes, trees, proofs and tiles.

use thiserror::Error;

/// Faults of a hash in text or bytes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HashError {
    /// Not 32 bytes.
    #[error("a hash has 32 bytes, not {found}; use the whole value")]
    Length {
        /// Number of bytes found.
        found: usize,
    },
    /// Not 64 lowercase hex digits.
    #[error("not a hash: give 64 lowercase hex digits")]
    Hex,
    /// Not canonical base64.
    #[error("not a hash: give 44 characters of standard base64 with padding")]
    Base64,
}

/// Faults in the use of a tree.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TreeError {
    /// The leaf is not in the tree.
    #[error("entry {index} is not in a tree of {size}; ask for a smaller index or a later checkpoint")]
    IndexOutsideTree {
        /// Index asked for.
        index: u64,
        /// Size of the tree.
        size: u64,
    },
    /// The old tree is larger than the new one.
    #[error("a tree of {old} can't shrink to {new}; exchange the sizes or fetch a newer checkpoint")]
    Shrinks {
        /// Old size.
        old: u64,
        /// New size.
        new: u64,
    },
    /// The tree has not grown that far.
    #[error("the tree holds {held} entries, {asked} were asked for; append the rest first")]
    SizeAhead {
        /// Size asked for.
        asked: u64,
        /// Size held.
        held: u64,
    },
    /// A hash that is needed is not known.
    #[error("the hash at level {level}, index {index} is missing; fetch or rebuild the tile that holds it")]
    MissingNode {
        /// Level of the node.
        level: u8,
        /// Index of the node.
        index: u64,
    },
    /// A range without leaves.
    #[error("an empty range of entries has no hash; ask for at least one entry")]
    EmptyRange,
    /// The stored right edge does not belong to the size.
    #[error("a tree of {size} has {expected} hashes on its edge, not {found}; rebuild it from the entries")]
    EdgeLength {
        /// Size of the tree.
        size: u64,
        /// Hashes that its edge must have.
        expected: usize,
        /// Hashes given.
        found: usize,
    },
    /// The tree is larger than this crate handles.
    #[error("a tree of {size} entries is too large; check the stored size")]
    TooLarge {
        /// Size of the tree.
        size: u64,
    },
}

/// Why a Merkle proof does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The leaf can't be in a tree of that size.
    #[error("entry {index} can't be in a tree of {size}; the proof belongs to another checkpoint")]
    IndexOutsideTree {
        /// Index claimed.
        index: u64,
        /// Size of the tree.
        size: u64,
    },
    /// Consistency with the empty tree needs no proof and has none.
    #[error("the empty tree is consistent with every tree and has no proof; compare its root instead")]
    EmptyOldTree,
    /// The old tree is larger than the new one.
    #[error("a tree of {old} is no prefix of a tree of {new}; exchange the sizes or fetch a newer checkpoint")]
    Shrinks {
        /// Old size.
        old: u64,
        /// New size.
        new: u64,
    },
    /// The proof has too few or too many hashes for the sizes.
    #[error("the proof has a wrong number of hashes ({found}); fetch the proof for exactly these sizes")]
    Length {
        /// Hashes given.
        found: usize,
    },
    /// The proof leads to another root of the old tree.
    #[error("the proof leads to another root of the old tree; keep both checkpoints and look for a split view")]
    OldRoot,
    /// The proof leads to another root.
    #[error("the proof leads to another root; the entry, the proof or the checkpoint is not genuine")]
    Root,
}

/// Faults of tiles, bundles and their paths.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TileError {
    /// Not the path of a tile or bundle.
    #[error("no path of a tile or bundle: '{path}'; see C2SP tlog-tiles for the form")]
    Path {
        /// The path, shortened.
        path: String,
    },
    /// Tile level above 63.
    #[error("tile level {level} does not exist; use 0 to 63")]
    Level {
        /// Level given.
        level: u8,
    },
    /// Width outside 1 to 256.
    #[error("a tile or bundle has 1 to 256 items, not {width}")]
    Width {
        /// Width given.
        width: u16,
    },
    /// The tile has another length than its width says.
    #[error("the tile has {found} bytes instead of {expected}; fetch it again")]
    TileLength {
        /// Bytes that the width asks for.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// The bundle ends too early.
    #[error("the bundle ends after {complete} of {expected} entries; fetch it again")]
    BundleShort {
        /// Entries that the width asks for.
        expected: usize,
        /// Complete entries found.
        complete: usize,
    },
    /// The bundle has bytes after its last entry.
    #[error("the bundle has {bytes} bytes after its last entry; fetch it again")]
    BundleTrailing {
        /// Bytes left over.
        bytes: usize,
    },
    /// An entry does not fit.
    #[error("an entry of {bytes} bytes is too long; at most 65535 fit")]
    EntryTooLong {
        /// Bytes of the entry.
        bytes: usize,
    },
}

//! Verification of Merkle proofs (RFC 9162 sections 2.1.3.2 and 2.1.4.2).
//!
//! Both functions are strict: the proof has exactly the length that the sizes dictate, and nothing is left over.

use crate::error::ProofError;
use crate::hash::{Hash, node_hash};

/// The longest proof that can occur: one hash per bit of a size.
pub const MAX_PROOF: usize = 64;

/// Checks that the leaf stands at `index` in the tree of `size` leaves with this root.
///
/// # Errors
/// [`ProofError::IndexOutsideTree`] if `index >= size`, [`ProofError::Length`] if the proof is too short or too long,
/// [`ProofError::Root`] if it leads to another root.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf_hash: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::IndexOutsideTree { index, size });
    }
    let wrong_length = || ProofError::Length { found: proof.len() };
    let mut place = index;
    let mut last = size - 1;
    let mut hash = *leaf_hash;
    for sibling in proof {
        if last == 0 {
            return Err(wrong_length());
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(sibling, &hash);
            // On the right edge the levels without a sibling are skipped.
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(wrong_length());
    }
    if hash == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Checks that the tree (`size1`, `root1`) is a prefix of the tree (`size2`, `root2`).
///
/// Equal sizes need an empty proof and equal roots. `size1` = 0 is refused, as RFC 9162 defines no such proof: the empty
/// tree is a prefix of every tree, and a caller who starts from it has nothing to verify.
///
/// # Errors
/// [`ProofError::EmptyOldTree`], [`ProofError::Shrinks`] if `size1 > size2`, [`ProofError::Length`] if the proof is too
/// short or too long, [`ProofError::OldRoot`] or [`ProofError::Root`] if it leads to another root.
pub fn verify_consistency(
    size1: u64,
    size2: u64,
    root1: &Hash,
    root2: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if size1 == 0 {
        return Err(ProofError::EmptyOldTree);
    }
    if size1 > size2 {
        return Err(ProofError::Shrinks { old: size1, new: size2 });
    }
    let wrong_length = || ProofError::Length { found: proof.len() };
    if size1 == size2 {
        return match (proof.is_empty(), root1 == root2) {
            (false, _) => Err(wrong_length()),
            (true, false) => Err(ProofError::Root),
            (true, true) => Ok(()),
        };
    }

    let (old, new) = consistency_roots(size1, size2, root1, proof).ok_or_else(wrong_length)?;
    if old != *root1 {
        return Err(ProofError::OldRoot);
    }
    if new == *root2 { Ok(()) } else { Err(ProofError::Root) }
}

/// The root that the first `size1` entries have under the tree (`size2`, `root2`), if `proof` shows it.
///
/// A proof that fails for one old root may hold for another: then it is the later tree that contradicts the earlier one,
/// and not a spoiled proof. `None` if the proof does not lead to `root2`, and always if `size1` is 0, is not below `size2`,
/// or is a power of two: proofs from such a size do not contain the old root (RFC 6962 section 2.1.2).
#[must_use]
pub fn proven_prefix(size1: u64, size2: u64, root2: &Hash, proof: &[Hash]) -> Option<Hash> {
    if size1 == 0 || size1 >= size2 || size1.is_power_of_two() {
        return None;
    }
    // The given old root is not used for such a size.
    let (old, new) = consistency_roots(size1, size2, root2, proof)?;
    (new == *root2).then_some(old)
}

/// The old and the new root to which a consistency proof leads, for `0 < size1 < size2`; `None` if it is too short or too
/// long. `root1` counts only where the proof does not contain it, that is, if `size1` is a power of two.
fn consistency_roots(size1: u64, size2: u64, root1: &Hash, proof: &[Hash]) -> Option<(Hash, Hash)> {
    // The walk starts at the last complete subtree of the old tree. If that is the whole old tree, its root is not sent.
    let (first, rest) = if size1.is_power_of_two() { (root1, proof) } else { proof.split_first()? };
    if rest.is_empty() {
        return None;
    }
    let skip = size1.trailing_zeros();
    let mut place = (size1 - 1) >> skip;
    let mut last = (size2 - 1) >> skip;
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return None;
        }
        if place & 1 == 1 || place == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    (last == 0).then_some((old, new))
}

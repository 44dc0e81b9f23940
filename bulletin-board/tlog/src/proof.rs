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

    // The walk starts at the last complete subtree of the old tree. If that is the whole old tree, its root is not sent.
    let (first, rest) =
        if size1.is_power_of_two() { (root1, proof) } else { proof.split_first().ok_or_else(wrong_length)? };
    if rest.is_empty() {
        return Err(wrong_length());
    }
    let skip = size1.trailing_zeros();
    let mut place = (size1 - 1) >> skip;
    let mut last = (size2 - 1) >> skip;
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(wrong_length());
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
    if last != 0 {
        return Err(wrong_length());
    }
    if old != *root1 {
        return Err(ProofError::OldRoot);
    }
    if new == *root2 { Ok(()) } else { Err(ProofError::Root) }
}

//! The count: aggregates of ciphertexts, partial decryptions bound to the closing checkpoint, their combination.

pub mod combine;
pub mod partial;

use proofs::elgamal::Ciphertext;
use tlog::hash::Hash;

use crate::ids::{ContestIndex, GroupIndex};

/// The closing checkpoint: size and root of the tree that ends in the closing entry, whatever larger checkpoint was
/// signed (S12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosingCheckpoint {
    /// Entries up to and with the closing entry.
    pub size: u64,
    /// Root of that tree.
    pub root: Hash,
}

/// The sum of the ciphertexts that count, in one contest and, where totals are decrypted for each, one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The contest.
    pub contest: ContestIndex,
    /// The group, or none for all together.
    pub group: Option<GroupIndex>,
    /// Sum of weight times ciphertext, for each cell.
    pub cells: Vec<Ciphertext>,
    /// Distinct credentials that count.
    pub ballots: u64,
    /// Sum of their weights.
    pub weight: u64,
    /// The largest weight among them.
    pub heaviest: u64,
    /// Decided at closing: whether it is decrypted at all ([`Self::may_be_decrypted`]).
    pub counted: bool,
}

impl Tally {
    /// Whether it may be decrypted: enough ballots, and no credential with more than the declared part of the weight
    /// (S12, A36).
    #[must_use]
    pub fn may_be_decrypted(&self, minimum: u64, (part, whole): (u32, u32)) -> bool {
        let share = u128::from(self.heaviest) * u128::from(whole) <= u128::from(self.weight) * u128::from(part);
        self.ballots > 0 && self.ballots >= minimum && share
    }
}

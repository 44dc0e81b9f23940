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

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(ballots: u64, weight: u64, heaviest: u64) -> Tally {
        Tally { contest: ContestIndex(0), group: None, cells: vec![], ballots, weight, heaviest, counted: false }
    }

    #[test]
    fn a36_both_conditions_must_hold() {
        assert!(tally(10, 10, 1).may_be_decrypted(10, (1, 2)));
        assert!(!tally(9, 9, 1).may_be_decrypted(10, (1, 2)), "too few ballots");
        assert!(!tally(0, 0, 0).may_be_decrypted(0, (1, 1)), "no ballot at all");
        assert!(tally(2, 4, 2).may_be_decrypted(2, (1, 2)), "exactly half");
        assert!(!tally(3, 5, 3).may_be_decrypted(2, (1, 2)), "more than half");
        assert!(!tally(2, u64::MAX, u64::MAX).may_be_decrypted(2, (1, 2)), "no overflow");
    }

    #[test]
    fn a9_a_total_above_its_bound_is_refused_even_if_it_decrypts() {
        use proofs::group::{BASE, Scalar};

        use crate::entry::Totals;
        let tally = Tally { cells: vec![Ciphertext::zero()], counted: true, ..tally(3, 3, 1) };
        let points = vec![vec![BASE * Scalar::from(4_u64)]];
        let check = |bound| combine::check(core::slice::from_ref(&tally), &points, &[Totals(vec![4])], |_| bound);
        assert_eq!(check(4), Ok(()));
        assert_eq!(check(3), Err(combine::CombineError::OutOfBound { contest: 0, cell: 0 }));
    }
}

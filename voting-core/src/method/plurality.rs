//! Most votes: options ordered by their totals.

use super::Standing;

/// Options ordered by their totals, most first; equal totals are tied. For votes, approvals and points alike.
///
/// Source: the oldest rule; with one choice for each ballot it is plurality, with any number of choices approval voting
/// (S. J. Brams, P. C. Fishburn, Approval Voting, American Political Science Review 72, 1978).
#[must_use]
pub fn plurality(totals: &[u64]) -> Standing {
    Standing::by_score(totals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::OptionIndex;

    /// The capital of Tennessee (Memphis, Nashville, Chattanooga, Knoxville), in per cent of first choices; textbooks and
    /// electowiki.org, "Effects of different voting systems under similar circumstances".
    #[test]
    fn memphis_has_most_first_choices() {
        assert_eq!(plurality(&[42, 26, 15, 17]), Standing([0, 1, 3, 2].map(|i| vec![OptionIndex(i)]).to_vec()));
    }

    #[test]
    fn equal_totals_share_a_place() {
        let expected = vec![vec![OptionIndex(1), OptionIndex(2)], vec![OptionIndex(0)]];
        assert_eq!(plurality(&[0, u64::MAX, u64::MAX]), Standing(expected));
    }
}

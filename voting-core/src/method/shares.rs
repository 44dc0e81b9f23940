//! Shares: exact fractions, and percentages as text.

use core::cmp::Ordering;

use serde::Serialize;

/// Most digits after the point of a percentage.
pub const MAX_DIGITS: u32 = 12;

/// An exact share, in lowest terms. Shares are compared exactly: whether a majority is reached is decided with the share
/// or with the totals, never with the text of [`Share::percent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    numerator: u64,
    denominator: u64,
}

impl Share {
    /// `part` of `whole`; `None` if the whole is zero. The part may be larger than the whole.
    #[must_use]
    pub fn new(part: u64, whole: u64) -> Option<Self> {
        let divisor = greatest_common_divisor(part, whole);
        Some(Self { numerator: part.checked_div(divisor)?, denominator: whole.checked_div(divisor)? })
            .filter(|share| share.denominator > 0)
    }

    /// The numerator in lowest terms.
    #[must_use]
    pub fn numerator(self) -> u64 {
        self.numerator
    }

    /// The denominator in lowest terms; never zero.
    #[must_use]
    pub fn denominator(self) -> u64 {
        self.denominator
    }

    /// The share in per cent with this many digits after the point, at most [`MAX_DIGITS`], and a point in every language.
    ///
    /// Rounded to the nearest, halves to the even digit (IEEE 754, roundTiesToEven), each share by itself. Rounded
    /// percentages of one contest need not add up to 100, and no digit is moved to make them do so.
    #[must_use]
    pub fn percent(self, digits: u32) -> String {
        let digits = digits.min(MAX_DIGITS);
        // Below 2^64 times 10^14, hence below 2^111.
        let unit = 10_u128.pow(digits);
        let scaled = u128::from(self.numerator) * 100 * unit;
        let denominator = u128::from(self.denominator);
        let (floor, rest) = (scaled / denominator, scaled % denominator);
        let up = match (rest * 2).cmp(&denominator) {
            Ordering::Less => false,
            Ordering::Equal => floor % 2 == 1,
            Ordering::Greater => true,
        };
        let rounded = floor + u128::from(up);
        if digits == 0 {
            return rounded.to_string();
        }
        format!("{}.{:0width$}", rounded / unit, rounded % unit, width = digits as usize)
    }
}

impl Ord for Share {
    fn cmp(&self, other: &Self) -> Ordering {
        let product = |a, b| u128::from(a) * u128::from(b);
        product(self.numerator, other.denominator).cmp(&product(other.numerator, self.denominator))
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The share of each total in their sum; `None` if the sum is zero or exceeds 64 bits.
#[must_use]
pub fn shares(totals: &[u64]) -> Option<Vec<Share>> {
    let sum = totals.iter().try_fold(0_u64, |sum, total| sum.checked_add(*total))?;
    totals.iter().map(|total| Share::new(*total, sum)).collect()
}

/// Euclid's algorithm; zero only if both are zero.
fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn percent(part: u64, whole: u64, digits: u32) -> String {
        Share::new(part, whole).unwrap().percent(digits)
    }

    #[test]
    fn percentages_round_halves_to_even() {
        assert_eq!(percent(1, 3, 2), "33.33");
        assert_eq!(percent(2, 3, 2), "66.67");
        assert_eq!(percent(1, 8, 0), "12"); // 12.5
        assert_eq!(percent(3, 8, 0), "38"); // 37.5
        assert_eq!(percent(1, 8, 1), "12.5");
        assert_eq!(percent(1, 2000, 2), "0.05");
        assert_eq!(percent(5, 100_000, 2), "0.00"); // 0.005
        assert_eq!(percent(15, 100_000, 2), "0.02"); // 0.015
        assert_eq!(percent(0, 7, 3), "0.000");
        assert_eq!(percent(7, 7, 3), "100.000");
        assert_eq!(percent(9, 4, 1), "225.0");
        assert_eq!(percent(u64::MAX, 1, 40), format!("{}00.000000000000", u64::MAX));
        assert_eq!(percent(1, u64::MAX, 12), "0.000000000000");
    }

    /// One vote below half of 30,237 ballots reads as 50.0 % and is less than half.
    #[test]
    fn what_reads_as_half_need_not_be_half() {
        let share = Share::new(15_118, 30_237).unwrap();
        assert_eq!(share.percent(1), "50.0");
        assert!(share < Share::new(1, 2).unwrap());
        assert!(Share::new(15_119, 30_237).unwrap() > Share::new(1, 2).unwrap());
    }

    #[test]
    fn shares_are_in_lowest_terms() {
        let share = Share::new(42, 56).unwrap();
        assert_eq!((share.numerator(), share.denominator()), (3, 4));
        assert_eq!(serde_json::to_string(&share).unwrap(), r#"{"numerator":3,"denominator":4}"#);
        assert_eq!(Share::new(0, 9), Share::new(0, 1));
        assert_eq!(Share::new(3, 0), None);
        assert_eq!(Share::new(0, 0), None);
        assert_eq!(shares(&[1, 1, 2]), [(1, 4), (1, 4), (1, 2)].map(|(p, w)| Share::new(p, w)).into_iter().collect());
        assert_eq!(shares(&[0, 0]), None);
        assert_eq!(shares(&[u64::MAX, 1]), None);
    }

    proptest! {
        /// The text differs from the share by at most half of its last digit.
        #[test]
        fn the_text_is_the_nearest(part in any::<u64>(), whole in 1_u64.., digits in 0_u32..=MAX_DIGITS) {
            let text = percent(part, whole, digits);
            prop_assert_eq!(text.split('.').nth(1).map_or(0, str::len), digits as usize);
            let read: u128 = text.replace('.', "").parse().unwrap();
            let exact = u128::from(part) * 100 * 10_u128.pow(digits);
            prop_assert!((read * u128::from(whole)).abs_diff(exact) * 2 <= u128::from(whole));
        }

        #[test]
        fn scaling_changes_no_share(part in 0_u64..1 << 40, whole in 1_u64..1 << 40, k in 1_u64..1 << 20) {
            prop_assert_eq!(Share::new(part, whole), Share::new(part * k, whole * k));
        }
    }
}

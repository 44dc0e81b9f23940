//! Methods: pure functions from decrypted totals to who stands where. Observers run the same ones as the office.
//!
//! | module | from | methods |
//! | --- | --- | --- |
//! | `plurality` | votes or points for each option | most votes |
//! | `median` | a histogram of grades for each option | majority grade, majority judgment |
//! | `pairwise` | the pairwise totals of rankings | Condorcet winner, Smith set, Borda, Copeland, Schulze, ranked pairs |
//! | `shares` | a part and a whole | exact fractions, percentages as text |
//!
//! Rules that hold for all of them:
//! - **Exact.** Integers only; limits are checked where totals come in, so that no sum can overflow later.
//! - **Neutral.** Options are treated alike: another order of the list gives the same result with other numbers. No
//!   method draws lots or looks at the order of the list.
//! - **Ties are reported.** Options of one place are tied. Where a method leaves more open than that, the result is an
//!   [`Order::Partial`], which says who may be first and what is sure.
//!
//! What a majority needs, who is present and what follows a tie are rules of the event, not of a method.
#![deny(clippy::float_arithmetic)]

mod median;
mod pairwise;
mod plurality;
mod relation;
mod shares;
mod standing;

pub use median::{Gauge, GradeIndex, Grades};
pub use pairwise::{Pairwise, Strength};
pub use plurality::plurality;
pub use shares::{MAX_DIGITS, Share, shares};
pub use standing::{Order, Seats, Standing};

use crate::ids::OptionIndex;

/// Most options that can be compared in pairs.
pub const MAX_COMPARED: usize = 128;
/// Largest weight of all ballots of a contest that the methods take: 2^53. Sums over [`MAX_COMPARED`] options fit in 64
/// bits, and every reader of JSON shows the totals exactly.
pub const MAX_WEIGHT: u64 = 1 << 53;

/// Totals that are not of the form that a method reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TotalsError {
    /// No option at all.
    #[error("there are no options: give one row of totals for each option")]
    NoOptions,
    /// More options than can be compared.
    #[error("{0} options can't be compared in pairs, at most {MAX_COMPARED} can: use another method")]
    TooManyOptions(usize),
    /// A row of another length than needed.
    #[error("the row of option {option} has {found} totals instead of {needed}: give one for each column")]
    RowLength {
        /// The option of the row.
        option: OptionIndex,
        /// Totals found.
        found: usize,
        /// Totals needed.
        needed: usize,
    },
    /// An option that some ballots put before itself.
    #[error("option {0} has votes against itself: the diagonal must be zero")]
    Diagonal(OptionIndex),
    /// Totals above [`MAX_WEIGHT`].
    #[error("the totals of option {0} exceed 2^53: check that they are decrypted totals")]
    TooLarge(OptionIndex),
    /// An option with more or fewer grades than the others.
    #[error(
        "option {option} has {found} grades and not {needed}: count the missing ones as the worst grade, or recount"
    )]
    UnequalGrades {
        /// The option.
        option: OptionIndex,
        /// Sum of its grades.
        found: u64,
        /// Sum that it should have.
        needed: u64,
    },
    /// No ballot gave a grade.
    #[error("nobody gave a grade: there is nothing to order")]
    NoGrades,
}

/// Ranked pairs met so many equal pairs in cycles that not all orders of them were tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many pairs are equally strong to try all their orders: use Schulze's method, or a new round")]
pub struct TooManyOrders;

/// The options of a list of `count`, with their positions.
fn options(count: usize) -> impl Iterator<Item = (usize, OptionIndex)> {
    (0..count).zip((0..).map(OptionIndex))
}

//! Combination of t partial decryptions, and totals from the result.

use proofs::ProofError;
use proofs::group::{BASE_TABLE, Point, Scalar};
use proofs::sharing::lagrange;
use proofs::small_log::SmallLog;
use thiserror::Error;

use super::Tally;
use crate::entry::Totals;
use crate::ids::TrusteeIndex;

/// Points of the partial decryptions of one trustee: one list for each tally.
pub type Parts = Vec<Vec<Point>>;

/// Totals cannot be computed or are not those of the tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CombineError {
    /// Missing parts, or indices that cannot be interpolated.
    #[error("the partial decryptions do not fit together")]
    Parts,
    /// A cell whose total lies outside the bound (A9).
    #[error("the total of contest {contest}, cell {cell} is outside its bound")]
    OutOfBound {
        /// The contest.
        contest: u32,
        /// The cell.
        cell: usize,
    },
    /// A claimed total that is not the decrypted one.
    #[error("the total of contest {contest}, cell {cell} is not what the partial decryptions give")]
    Other {
        /// The contest.
        contest: u32,
        /// The cell.
        cell: usize,
    },
}

impl From<ProofError> for CombineError {
    fn from(_: ProofError) -> Self {
        Self::Parts
    }
}

/// `total x G` for each cell of each tally that counts (nothing for others), interpolated from exactly these trustees' parts.
///
/// # Errors
/// [`CombineError::Parts`].
pub fn combine(tallies: &[Tally], parts: &[(TrusteeIndex, &Parts)]) -> Result<Vec<Vec<Point>>, CombineError> {
    let mut combined = Vec::with_capacity(tallies.len());
    for (position, tally) in tallies.iter().enumerate() {
        let mut cells = Vec::with_capacity(tally.cells.len());
        for (cell, ciphertext) in tally.cells.iter().enumerate().filter(|_| tally.counted) {
            let point = |(index, points): &(TrusteeIndex, &Parts)| Some((index.0, *points.get(position)?.get(cell)?));
            let points: Option<Vec<_>> = parts.iter().map(point).collect();
            let shared = lagrange::combine(&points.ok_or(CombineError::Parts)?)?;
            cells.push(ciphertext.open_with(&shared));
        }
        combined.push(cells);
    }
    Ok(combined)
}

/// Finds the totals by bounded discrete logarithms.
///
/// # Errors
/// [`CombineError::OutOfBound`].
pub fn totals(tallies: &[Tally], combined: &[Vec<Point>], table: &SmallLog) -> Result<Vec<Totals>, CombineError> {
    let mut all = Vec::with_capacity(tallies.len());
    for (tally, points) in tallies.iter().zip(combined) {
        let solve = |(cell, point)| {
            let error = CombineError::OutOfBound { contest: tally.contest.0, cell };
            table.solve(point).ok_or(error)
        };
        all.push(Totals(points.iter().enumerate().map(solve).collect::<Result<_, _>>()?));
    }
    Ok(all)
}

/// Checks claimed totals without searching: `total x G` must be the combined point, and the total within its bound.
///
/// # Errors
/// [`CombineError`].
pub fn check(
    tallies: &[Tally],
    combined: &[Vec<Point>],
    claimed: &[Totals],
    bounds: impl Fn(&Tally) -> u64,
) -> Result<(), CombineError> {
    if tallies.len() != claimed.len() || tallies.len() != combined.len() {
        return Err(CombineError::Parts); // A35
    }
    for ((tally, points), Totals(totals)) in tallies.iter().zip(combined).zip(claimed) {
        let cells = if tally.counted { tally.cells.len() } else { 0 };
        if points.len() != totals.len() || points.len() != cells {
            return Err(CombineError::Parts); // A35
        }
        for (cell, (point, total)) in points.iter().zip(totals).enumerate() {
            let contest = tally.contest.0;
            if *total > bounds(tally) {
                return Err(CombineError::OutOfBound { contest, cell }); // A9
            }
            if BASE_TABLE * &Scalar::from(*total) != *point {
                return Err(CombineError::Other { contest, cell });
            }
        }
    }
    Ok(())
}

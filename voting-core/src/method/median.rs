//! Grades: the majority grade of each option, and majority judgment, the order of options by their grades.
//!
//! Source: M. Balinski, R. Laraki, A theory of measuring, electing, and ranking, PNAS 104, 2007, 8720-8725; the same,
//! Majority Judgment, MIT Press 2011.
//!
//! **Majority grade.** Order the grades of an option; the one in the middle is its majority grade, the lower one of the two
//! in the middle if their number is even. In other words: the best grade that more than half of the weight reaches or exceeds.
//!
//! **Majority judgment.** The better majority grade is before. If two are equal, take one such grade away from both options
//! and compare the middle again, and so on. Only options with exactly the same grades stay tied.
//!
//! # How it is computed
//! Taking away the middle walks outwards. Let the grades be doubled, so that their number is even (below it is shown that
//! this changes nothing), and let l1, l2, .. be the lower half from the middle downwards, h1, h2, .. the upper half from
//! the middle upwards. The lower middle is l1. Without it the number is odd and the middle is h1; without that the lower
//! middle is l2, then h2 follows, and so on. So the grades taken away are l1 h1 l2 h2 .., and the order of options is the
//! order of these sequences. Both halves are runs of equal grades, so the sequences are compared run by run: the work
//! depends on the number of grades, not on the number of ballots.
//!
//! Doubling, or any other scaling by k, changes nothing: for an even number each pair (l, h) stands k times instead of
//! once; for an odd number the middle m stands alone before the pairs, and after scaling by an even k it is k/2 pairs
//! (m, m), by an odd k one m and (k-1)/2 pairs (m, m). In both cases the first difference of two options stays the same.

use core::cmp::Ordering;

use serde::Serialize;

use super::{MAX_WEIGHT, Standing, TotalsError, options};
use crate::ids::OptionIndex;

/// Position of a grade in the scale, from 0, the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct GradeIndex(pub u32);

/// The grades that each option got: totals for each option and grade, the best grade first, with the same sum for all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Grades {
    counts: Vec<Vec<u64>>,
}

/// The majority gauge of an option: its majority grade with the weights above and below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Gauge {
    /// Weight of the grades better than the majority grade.
    pub above: u64,
    /// The majority grade.
    pub grade: GradeIndex,
    /// Weight of the grades worse than the majority grade.
    pub below: u64,
}

impl Gauge {
    /// Whether the grade is written with a plus: more weight is above than below. Otherwise it has a minus.
    #[must_use]
    pub fn is_plus(&self) -> bool {
        self.above > self.below
    }
}

impl Grades {
    /// Grades of options, one row each.
    ///
    /// # Errors
    /// [`TotalsError`] if there is no option or no grade, a row has another length, the sums differ, or one exceeds
    /// [`MAX_WEIGHT`].
    pub fn new(counts: Vec<Vec<u64>>) -> Result<Self, TotalsError> {
        let needed = counts.first().ok_or(TotalsError::NoOptions)?;
        let (length, needed) = (needed.len(), sum(needed).ok_or(TotalsError::TooLarge(OptionIndex(0)))?);
        for ((_, option), row) in options(counts.len()).zip(&counts) {
            if row.len() != length {
                return Err(TotalsError::RowLength { option, found: row.len(), needed: length });
            }
            let found = sum(row).ok_or(TotalsError::TooLarge(option))?;
            if found != needed {
                return Err(TotalsError::UnequalGrades { option, found, needed });
            }
        }
        if needed == 0 { Err(TotalsError::NoGrades) } else { Ok(Self { counts }) }
    }

    /// Grades of options that some ballots left blank: what is missing to the weight of all ballots counts as the worst
    /// grade. This is the rule of the experiment of Orsay (M. Balinski, R. Laraki, Election by Majority Judgement:
    /// Experimental Evidence, Ecole polytechnique, cahier 2007-28).
    ///
    /// # Errors
    /// [`TotalsError`] as for [`Grades::new`], and if an option has more grades than the weight of all ballots.
    pub fn with_missing_as_worst(mut counts: Vec<Vec<u64>>, ballots: u64) -> Result<Self, TotalsError> {
        for ((_, option), row) in options(counts.len()).zip(&mut counts) {
            let found = sum(row).ok_or(TotalsError::TooLarge(option))?;
            let missing = ballots.checked_sub(found);
            let missing = missing.ok_or(TotalsError::UnequalGrades { option, found, needed: ballots })?;
            if let Some(worst) = row.last_mut() {
                *worst = worst.checked_add(missing).ok_or(TotalsError::TooLarge(option))?;
            }
        }
        Self::new(counts)
    }

    /// The majority grade of an option: the best grade that more than half of the weight reaches or exceeds. `None` if
    /// there is no such option.
    #[must_use]
    pub fn majority_grade(&self, option: OptionIndex) -> Option<GradeIndex> {
        self.gauge(option).map(|gauge| gauge.grade)
    }

    /// The majority gauge of an option; `None` if there is no such option.
    ///
    /// Where two gauges differ, majority judgment follows them: first the grade, then plus before minus, then with plus
    /// the larger weight above, with minus the smaller weight below. So the gauge explains almost every place.
    #[must_use]
    pub fn gauge(&self, option: OptionIndex) -> Option<Gauge> {
        let row = self.counts.get(option.position())?;
        let total: u64 = row.iter().sum();
        let mut above = 0;
        for (grade, count) in (0..).map(GradeIndex).zip(row) {
            let reached = above + count;
            if reached * 2 > total {
                return Some(Gauge { above, grade, below: total - reached });
            }
            above = reached;
        }
        None
    }

    /// Options in the order of majority judgment. Options of one place have exactly the same grades.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let values = self.counts.iter().map(|row| MajorityValue::of(row));
        Standing::by_score(values)
    }
}

/// The sum of a row; `None` above [`MAX_WEIGHT`].
fn sum(row: &[u64]) -> Option<u64> {
    let sum = row.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count))?;
    Some(sum).filter(|sum| *sum <= MAX_WEIGHT)
}

/// The majority value of an option with doubled grades: `times` pairs of a lower and an upper grade, from the middle
/// outwards. Greater is better.
#[derive(PartialEq, Eq)]
struct MajorityValue(Vec<Pairs>);

#[derive(Clone, Copy, PartialEq, Eq)]
struct Pairs {
    lower: GradeIndex,
    upper: GradeIndex,
    times: u64,
}

impl MajorityValue {
    fn of(row: &[u64]) -> Self {
        let half: u64 = row.iter().sum();
        let (mut upper, mut lower) = (Vec::new(), Vec::new());
        let mut room = half;
        for (grade, count) in (0..).map(GradeIndex).zip(row) {
            let better = room.min(count * 2);
            upper.push((grade, better));
            lower.push((grade, count * 2 - better));
            room -= better;
        }
        upper.reverse();
        Self(pair_up(lower, upper))
    }
}

/// Pairs two lists of runs of the same length in all; neighbours differ.
fn pair_up(lower: Vec<(GradeIndex, u64)>, upper: Vec<(GradeIndex, u64)>) -> Vec<Pairs> {
    let runs = |list: Vec<(GradeIndex, u64)>| list.into_iter().filter(|(_, times)| *times > 0);
    let (mut lower, mut upper) = (runs(lower), runs(upper));
    let (mut low, mut high) = (lower.next(), upper.next());
    let mut pairs = Vec::new();
    while let (Some((below, left)), Some((above, right))) = (low, high) {
        let times = left.min(right);
        pairs.push(Pairs { lower: below, upper: above, times });
        low = if left > times { Some((below, left - times)) } else { lower.next() };
        high = if right > times { Some((above, right - times)) } else { upper.next() };
    }
    pairs
}

impl Ord for MajorityValue {
    fn cmp(&self, other: &Self) -> Ordering {
        let better = |a: Pairs, b: Pairs| (b.lower, b.upper).cmp(&(a.lower, a.upper));
        let rest = |run: Pairs, times| Some(Pairs { times: run.times - times, ..run }).filter(|run| run.times > 0);
        let (mut ours, mut theirs) = (self.0.iter().copied(), other.0.iter().copied());
        let (mut mine, mut their) = (ours.next(), theirs.next());
        while let (Some(my_run), Some(their_run)) = (mine, their) {
            let compared = better(my_run, their_run);
            if compared.is_ne() {
                return compared;
            }
            let times = my_run.times.min(their_run.times);
            mine = rest(my_run, times).or_else(|| ours.next());
            their = rest(their_run, times).or_else(|| theirs.next());
        }
        // Both end at once, because `Grades` has the same sum for all.
        mine.is_some().cmp(&their.is_some())
    }
}

impl PartialOrd for MajorityValue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests;

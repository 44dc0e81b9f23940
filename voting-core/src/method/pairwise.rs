//! Pairwise totals of rankings, and the methods that read them directly. [`schulze`](Pairwise::schulze) and
//! [`ranked_pairs`](Pairwise::ranked_pairs) stand in files of their own.

use core::cmp::Reverse;

use serde::Serialize;

use super::relation::Relation;
use super::{MAX_COMPARED, MAX_WEIGHT, Standing, TotalsError, options};
use crate::ids::OptionIndex;

mod ranked_pairs;
mod schulze;

/// Pairwise totals: entry (i, j) is the weight of the ballots that put option i strictly before option j. Ballots that rank
/// the two equal, or in the mode of S10 do not rank both, are in neither (i, j) nor (j, i).
///
/// Below, i *beats* j if (i, j) is larger than (j, i).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Pairwise {
    totals: Vec<Vec<u64>>,
}

/// How the strength of a pairwise victory is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// The votes for the winner of the pair; if equal, the fewer against, the stronger.
    WinningVotes,
    /// The votes for the winner less the votes against. Without ties and unranked options on ballots it orders pairs as
    /// winning votes do.
    Margins,
}

/// A strength; larger is stronger.
type Key = (u64, Reverse<u64>);

impl Strength {
    fn of(self, won: u64, lost: u64) -> Key {
        match self {
            Self::WinningVotes => (won, Reverse(lost)),
            Self::Margins => (won.saturating_sub(lost), Reverse(0)),
        }
    }
}

impl Pairwise {
    /// Pairwise totals by rows.
    ///
    /// # Errors
    /// [`TotalsError`] if there is no option or more than [`MAX_COMPARED`], the rows do not form a square with a zero
    /// diagonal, or a pair has more than [`MAX_WEIGHT`].
    pub fn new(totals: Vec<Vec<u64>>) -> Result<Self, TotalsError> {
        let needed = totals.len();
        if needed == 0 {
            return Err(TotalsError::NoOptions);
        }
        if needed > MAX_COMPARED {
            return Err(TotalsError::TooManyOptions(needed));
        }
        for ((_, option), row) in options(needed).zip(&totals) {
            if row.len() != needed {
                return Err(TotalsError::RowLength { option, found: row.len(), needed });
            }
        }
        let pairwise = Self { totals };
        for (i, option) in options(needed) {
            if pairwise.at(i, i) > 0 {
                return Err(TotalsError::Diagonal(option));
            }
            let both = |j| pairwise.at(i, j).checked_add(pairwise.at(j, i));
            if (0..needed).any(|j| both(j).is_none_or(|sum| sum > MAX_WEIGHT)) {
                return Err(TotalsError::TooLarge(option));
            }
        }
        Ok(pairwise)
    }

    /// Number of options.
    #[must_use]
    pub fn count(&self) -> usize {
        self.totals.len()
    }

    /// The totals by rows.
    #[must_use]
    pub fn totals(&self) -> &[Vec<u64>] {
        &self.totals
    }

    /// Entry (i, j); positions come from `0..self.count()`, others would read as zero.
    fn at(&self, i: usize, j: usize) -> u64 {
        self.totals.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0)
    }

    fn beats(&self, i: usize, j: usize) -> bool {
        self.at(i, j) > self.at(j, i)
    }

    /// The others of an option.
    fn others(&self, i: usize) -> impl Iterator<Item = usize> {
        (0..self.count()).filter(move |j| *j != i)
    }

    fn options_where(&self, holds: impl Fn(usize) -> bool) -> Vec<OptionIndex> {
        options(self.count()).filter(|(i, _)| holds(*i)).map(|(_, option)| option).collect()
    }

    /// The option that beats every other one, if there is one. An only option wins.
    ///
    /// Source: Condorcet, Essai sur l'application de l'analyse a la probabilite des decisions rendues a la pluralite des
    /// voix, 1785.
    #[must_use]
    pub fn condorcet_winner(&self) -> Option<OptionIndex> {
        self.options_where(|i| self.others(i).all(|j| self.beats(i, j))).first().copied()
    }

    /// The options that no other one beats, ascending: weak Condorcet winners. May be none, one or several.
    #[must_use]
    pub fn unbeaten(&self) -> Vec<OptionIndex> {
        self.options_where(|i| self.others(i).all(|j| !self.beats(j, i)))
    }

    /// The Smith set, ascending: the fewest options, at least one, of which each beats every option outside. It is the
    /// Condorcet winner alone if there is one.
    ///
    /// Computed as the options from which every other one is reached over pairs that are won or tied.
    ///
    /// Source: J. H. Smith, Aggregation of preferences with variable electorate, Econometrica 41, 1973, 1027-1041.
    #[must_use]
    pub fn smith_set(&self) -> Vec<OptionIndex> {
        let mut reach = Relation::new(self.count());
        for i in 0..self.count() {
            for j in self.others(i).filter(|j| !self.beats(*j, i)) {
                reach.insert(i, j);
            }
        }
        reach.close();
        self.options_where(|i| self.others(i).all(|j| reach.has(i, j)))
    }

    /// Net Borda scores: for each option i the sum over all j of (i, j) - (j, i).
    ///
    /// It gives the order of Borda's count with averaged ties. There an option gets from a ballot one point for each
    /// option that it puts behind and half a point for each that it ties. With n options, b behind, a ahead and n - 1 - a - b
    /// tied, that is b + (n - 1 - a - b) / 2 = (n - 1 + b - a) / 2 points. Over all ballots of weight W, the sum of b is
    /// the sum over j of (i, j), and that of a the sum of (j, i). So the points are ((n - 1) W + score) / 2: they grow
    /// with the score, and n and W are the same for all options. Options that a ballot does not compare (S10) count
    /// like tied ones.
    ///
    /// Source: J.-C. de Borda, Memoire sur les elections au scrutin, 1781; with ties: D. Black, Partial justification of the
    /// Borda count, Public Choice 28, 1976.
    #[must_use]
    pub fn borda_scores(&self) -> Vec<i64> {
        let sum = |i: usize| -> i64 { self.others(i).map(|j| signed(self.at(i, j)) - signed(self.at(j, i))).sum() };
        (0..self.count()).map(sum).collect()
    }

    /// Options by [`Self::borda_scores`].
    #[must_use]
    pub fn borda(&self) -> Standing {
        Standing::by_score(self.borda_scores())
    }

    /// Doubled Copeland scores: two for each option that is beaten, one for each tie.
    ///
    /// Source: A. H. Copeland, A "reasonable" social welfare function, seminar on mathematics in social sciences,
    /// University of Michigan, 1951.
    #[must_use]
    pub fn copeland_scores(&self) -> Vec<u32> {
        let points = |i, j| u32::from(self.beats(i, j)) + u32::from(!self.beats(j, i));
        (0..self.count()).map(|i| self.others(i).map(|j| points(i, j)).sum()).collect()
    }

    /// Options by [`Self::copeland_scores`].
    #[must_use]
    pub fn copeland(&self) -> Standing {
        Standing::by_score(self.copeland_scores())
    }
}

/// A total as a signed number; totals are at most [`MAX_WEIGHT`].
fn signed(total: u64) -> i64 {
    i64::try_from(total).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;

//! Schulze's method: strongest paths.

use super::{Key, Pairwise, Strength};
use crate::method::Order;
use crate::method::relation::Relation;

impl Pairwise {
    /// The order of Schulze's method. A path from one option to another is a chain of pairwise victories, as strong as its
    /// weakest link. Option i is before j if the strongest path from i to j is stronger than the strongest one back.
    ///
    /// The order is transitive (Schulze 2011, section 4.1), so there is always a winner. Options without a stronger path
    /// in either direction are tied; if these ties give no places, the result is [`Order::Partial`].
    ///
    /// Schulze also lets paths run over ties and defeats. That changes no order: if a strongest path holds a defeat, the
    /// direct pair is a defeat too, so there is a path back of victories only, which is stronger; and ties are all
    /// equally strong.
    ///
    /// Source: M. Schulze, A new monotonic, clone-independent, reversal symmetric, and Condorcet-consistent
    /// single-winner election method, Social Choice and Welfare 36, 2011, 267-303, section 2; the measures of strength in
    /// section 2.1.
    #[must_use]
    pub fn schulze(&self, strength: Strength) -> Order {
        let paths = self.paths(strength);
        let path = |i: usize, j: usize| paths.get(i).and_then(|row| row.get(j)).copied().flatten();
        let mut relation = Relation::new(self.count());
        for i in 0..self.count() {
            for j in self.others(i).filter(|j| path(i, *j) > path(*j, i)) {
                relation.insert(i, j);
            }
        }
        Order::of(&relation)
    }

    /// The strength of the strongest path from each option to each other: the winning votes or the margin of its weakest
    /// link, zero where there is no path.
    #[must_use]
    pub fn strongest_paths(&self, strength: Strength) -> Vec<Vec<u64>> {
        let rows = self.paths(strength).into_iter();
        rows.map(|row| row.into_iter().map(|path| path.map_or(0, |(votes, _)| votes)).collect()).collect()
    }

    /// Strongest paths by the algorithm of Floyd and Warshall (Schulze 2011, section 2.3).
    fn paths(&self, strength: Strength) -> Vec<Vec<Option<Key>>> {
        let link = |i, j| self.beats(i, j).then(|| strength.of(self.at(i, j), self.at(j, i)));
        let mut paths: Vec<Vec<Option<Key>>> =
            (0..self.count()).map(|i| (0..self.count()).map(|j| link(i, j)).collect()).collect();
        for k in 0..self.count() {
            let onwards = paths.get(k).cloned().unwrap_or_default();
            for (i, row) in paths.iter_mut().enumerate().filter(|(i, _)| *i != k) {
                let there = row.get(k).copied().flatten();
                for (j, (path, onward)) in row.iter_mut().zip(&onwards).enumerate() {
                    if i != j {
                        *path = (*path).max(there.min(*onward));
                    }
                }
            }
        }
        paths
    }
}

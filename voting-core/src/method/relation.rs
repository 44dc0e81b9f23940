//! A set of ordered pairs of options, as bits.

/// Ordered pairs over `size` options. Positions outside are never in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Relation {
    size: usize,
    /// Words of a row.
    words: usize,
    bits: Vec<u64>,
}

impl Relation {
    pub(super) fn new(size: usize) -> Self {
        let words = size.div_ceil(64);
        Self { size, words, bits: vec![0; size * words] }
    }

    /// Number of options.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Words that a step over all rows touches: a measure of work.
    pub(super) fn width(&self) -> usize {
        self.size * self.words
    }

    pub(super) fn has(&self, i: usize, j: usize) -> bool {
        i < self.size
            && j < self.size
            && self.bits.get(i * self.words + j / 64).is_some_and(|word| word >> (j % 64) & 1 == 1)
    }

    pub(super) fn insert(&mut self, i: usize, j: usize) {
        if i < self.size
            && j < self.size
            && let Some(word) = self.bits.get_mut(i * self.words + j / 64)
        {
            *word |= 1 << (j % 64);
        }
    }

    fn row(&self, i: usize) -> Vec<u64> {
        self.bits.get(i * self.words..(i + 1) * self.words).unwrap_or_default().to_vec()
    }

    /// Adds `row` to row `i`.
    fn join(&mut self, i: usize, row: &[u64]) {
        for (word, more) in self.bits.iter_mut().skip(i * self.words).take(self.words).zip(row) {
            *word |= more;
        }
    }

    /// Adds a pair and all that follows from it; the relation was transitive and stays so.
    pub(super) fn lock(&mut self, i: usize, j: usize) {
        self.insert(i, j);
        let row = self.row(i);
        let behind = self.row(j);
        self.join(i, &behind);
        for k in (0..self.size).filter(|k| self.has(*k, i)).collect::<Vec<_>>() {
            self.join(k, &row);
            self.join(k, &behind);
        }
    }

    /// Adds all that follows by transitivity (Warshall's algorithm).
    pub(super) fn close(&mut self) {
        for k in 0..self.size {
            let row = self.row(k);
            for i in 0..self.size {
                if self.has(i, k) {
                    self.join(i, &row);
                }
            }
        }
    }

    /// Keeps the pairs that the other relation has too.
    pub(super) fn intersect(&mut self, other: &Self) {
        for (word, theirs) in self.bits.iter_mut().zip(&other.bits) {
            *word &= theirs;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// One pair after the other or all at once, within and across words.
        #[test]
        fn locking_keeps_a_relation_closed(
            size in 1_usize..140, pairs in proptest::collection::vec((0_usize..140, 0_usize..140), 0..60),
        ) {
            let (mut locked, mut closed) = (Relation::new(size), Relation::new(size));
            for (i, j) in pairs.into_iter().filter(|(i, j)| i < &size && j < &size) {
                locked.lock(i, j);
                closed.insert(i, j);
            }
            closed.close();
            prop_assert_eq!(locked, closed);
        }
    }

    #[test]
    fn pairs_outside_are_not_in_it() {
        let mut relation = Relation::new(3);
        relation.insert(0, 5);
        relation.insert(5, 0);
        assert_eq!(relation, Relation::new(3));
        assert!(!relation.has(0, 5) && !relation.has(5, 0));
    }
}

//! A set of 16-byte prefixes that grows to millions: a sorted list, and a small tree of those added since.

use std::collections::BTreeSet;

/// The first 16 bytes of a first component.
pub(super) type Prefix = [u8; 16];

/// The fewest prefixes that are merged into the list at once.
const LEAST: usize = 4_096;

/// Prefixes of all accepted ciphertexts (A10): 16 to 20 bytes each in the long run.
#[derive(Clone, Debug, Default)]
pub(super) struct Prefixes {
    sorted: Vec<Prefix>,
    recent: BTreeSet<Prefix>,
}

impl Prefixes {
    pub(super) fn contains(&self, prefix: &Prefix) -> bool {
        self.recent.contains(prefix) || self.sorted.binary_search(prefix).is_ok()
    }

    pub(super) fn extend(&mut self, prefixes: &[Prefix]) {
        self.recent.extend(prefixes);
        if self.recent.len() >= LEAST.max(self.sorted.len() / 16) {
            self.merge();
        }
    }

    /// Two ascending runs in a row are merged by the stable sort in linear time.
    fn merge(&mut self) {
        self.sorted.reserve_exact(self.recent.len());
        self.sorted.extend(core::mem::take(&mut self.recent));
        self.sorted.sort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_found_and_nothing_else() {
        let prefix = |i: u32| {
            let mut prefix = [0; 16];
            prefix[..4].copy_from_slice(&i.wrapping_mul(2_654_435_761).to_be_bytes());
            prefix
        };
        let mut set = Prefixes::default();
        for i in 0..20_000 {
            assert!(!set.contains(&prefix(i)), "{i} was not added yet");
            set.extend(&[prefix(i)]);
            assert!(set.contains(&prefix(i)));
        }
        assert!((0..20_000).all(|i| set.contains(&prefix(i))));
        assert!(set.sorted.is_sorted_by(|a, b| a < b) && set.sorted.len() > LEAST);
    }
}

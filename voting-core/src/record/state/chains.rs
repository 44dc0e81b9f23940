//! The latest ballot of each credential, in few bytes: 48 for a member of the roll, whether the member has cast or not.
//!
//! Ciphertexts are not kept. When a ballot is replaced or its last part arrives, the fold reads what it needs from the log
//! again ([`Recall`]) and checks the leaf hash or the tracker, so that nobody has to be trusted with it.

use core::num::NonZeroU64;
use std::collections::BTreeMap;

use tlog::hash::Hash;

use crate::ballot::VerifiedBallot;
use crate::ids::{EntryIndex, Tracker};

/// The chain of one credential's ballots: its last element counts (S3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    counter: NonZeroU64,
    /// Leaf hash of the latest ballot, of its last part if there are several.
    pub leaf: Hash,
    /// Where that stands.
    pub index: EntryIndex,
}

impl Chain {
    /// Counter of the latest ballot.
    #[must_use]
    pub fn counter(&self) -> u64 {
        self.counter.get()
    }
}

/// Parts of a ballot whose last part has not arrived yet.
#[derive(Clone, Debug)]
struct Pending {
    tracker: Tracker,
    indices: Vec<EntryIndex>,
}

/// The chains of a round, by position on its roll.
#[derive(Clone, Debug, Default)]
pub(super) struct Chains {
    latest: Vec<Option<Chain>>,
    cast: u64,
    /// For a latest ballot of several parts where all of them stand.
    several: BTreeMap<usize, Vec<EntryIndex>>,
    pending: BTreeMap<usize, Pending>,
}

impl Chains {
    pub(super) fn new(members: usize) -> Self {
        Self { latest: vec![None; members], ..Self::default() }
    }

    /// Number of credentials that have cast.
    pub(super) fn cast(&self) -> u64 {
        self.cast
    }

    pub(super) fn latest(&self, position: usize) -> Option<&Chain> {
        self.latest.get(position)?.as_ref()
    }

    /// Where the parts of the latest ballot stand, in order.
    pub(super) fn latest_parts(&self, position: usize) -> Vec<EntryIndex> {
        let one = || self.latest(position).map(|chain| chain.index).into_iter().collect();
        self.several.get(&position).cloned().unwrap_or_else(one)
    }

    /// Where the parts before this one stand; `None` if they are not on the log in order.
    pub(super) fn earlier_parts(&self, position: usize, ballot: &VerifiedBallot) -> Option<&[EntryIndex]> {
        let (part, _) = ballot.part();
        if part == 0 {
            return Some(&[]);
        }
        let pending = self.pending.get(&position).filter(|pending| pending.tracker == ballot.tracker())?;
        Some(&pending.indices).filter(|indices| indices.len() == part as usize).map(Vec::as_slice)
    }

    /// Takes a part in. The last one makes the ballot the latest; a first part gives up parts that wait.
    pub(super) fn take(&mut self, position: usize, ballot: &VerifiedBallot, index: EntryIndex) {
        let (part, parts) = ballot.part();
        if part == 0 {
            self.pending.remove(&position);
        }
        if part + 1 < parts {
            let new = || Pending { tracker: ballot.tracker(), indices: Vec::new() };
            self.pending.entry(position).or_insert_with(new).indices.push(index);
            return;
        }
        self.several.remove(&position);
        if let Some(pending) = self.pending.remove(&position) {
            self.several.insert(position, pending.indices.into_iter().chain([index]).collect());
        }
        // `check_chain` has compared the counter with the one before plus one.
        let counter = NonZeroU64::new(ballot.counter()).unwrap_or(NonZeroU64::MIN);
        if let Some(latest) = self.latest.get_mut(position) {
            self.cast += u64::from(latest.is_none());
            *latest = Some(Chain { counter, leaf: ballot.leaf(), index });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_takes_48_bytes_for_each_member() {
        assert_eq!(core::mem::size_of::<Option<Chain>>(), 48);
    }
}

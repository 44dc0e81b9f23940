//! Reading ballots from the log again: their ciphertexts are not kept, so what is taken out of the sums, and the earlier parts
//! of a ballot, are read where they stand and checked against what was accepted.

use tlog::hash::{Hash, leaf_hash};

use super::{Voting, as_ballot};
use crate::ballot::{BallotEntry, RoundRules, VerifiedBallot, VerifiedSection, read_again};
use crate::contest::Entitlement;
use crate::ids::{EntryIndex, Tracker};
use crate::record::{Culprit, Refusal, Rule};

/// Reads an entry of the log again that was applied before.
pub trait Recall {
    /// The bytes of the entry; `None` if it can't be read.
    fn entry(&self, index: EntryIndex) -> Option<Vec<u8>>;
}

impl<F: Fn(EntryIndex) -> Option<Vec<u8>>> Recall for F {
    fn entry(&self, index: EntryIndex) -> Option<Vec<u8>> {
        self(index)
    }
}

/// Ciphertexts that were read from the log again.
#[derive(Debug, Default)]
pub(super) struct Recalled {
    pub(super) added: Vec<VerifiedSection>,
    pub(super) taken_out: Vec<VerifiedSection>,
}

/// Reads a part of a ballot again, known by its leaf hash or by the tracker of the ballot. Nothing else of the log is trusted.
fn read_part(
    log: &dyn Recall,
    index: EntryIndex,
    number: u32,
    leaf: Option<&Hash>,
    tracker: Option<&Tracker>,
) -> Result<BallotEntry, Refusal> {
    let bytes = log.entry(index).filter(|bytes| leaf.is_none_or(|leaf| leaf_hash(bytes) == *leaf));
    let entry = bytes.and_then(|bytes| as_ballot(&bytes));
    let entry = entry.filter(|entry| entry.sealed.part == number);
    entry.filter(|entry| tracker.is_none_or(|tracker| entry.tracker() == *tracker)).ok_or_else(|| lost(index))
}

fn sections(
    rules: &RoundRules,
    member: Entitlement,
    entry: &BallotEntry,
    index: EntryIndex,
) -> Result<Vec<VerifiedSection>, Refusal> {
    read_again(rules, member, entry).map_err(|_| lost(index))
}

fn lost(index: EntryIndex) -> Refusal {
    let what = format!("entry {index}, a ballot that was accepted before, can't be read again");
    Refusal::new(Rule::LogSize, Culprit::Board, what)
}

impl Voting {
    /// Where the earlier parts of the same ballot stand; `None` if they are not on the log in order.
    pub(super) fn earlier_parts(&self, ballot: &VerifiedBallot) -> Option<&[EntryIndex]> {
        self.chains.earlier_parts(self.roll.position(&ballot.credential())?, ballot)
    }

    /// What counting a ballot needs of the log again: its earlier parts, and all of the ballot that it replaces.
    ///
    /// # Errors
    /// [`Refusal`] if the log has no such entry any more.
    pub(super) fn recall(&self, ballot: &VerifiedBallot, log: &dyn Recall) -> Result<Recalled, Refusal> {
        let mut recalled = Recalled::default();
        let Some(position) = self.roll.position(&ballot.credential()) else { return Ok(recalled) };
        let Some(member) = self.roll.member(&ballot.credential()).copied() else { return Ok(recalled) };
        let (part, parts) = ballot.part();
        if part + 1 < parts {
            return Ok(recalled);
        }
        for (number, index) in (0..).zip(self.earlier_parts(ballot).unwrap_or_default()) {
            let entry = read_part(log, *index, number, None, Some(&ballot.tracker()))?;
            recalled.added.extend(sections(&self.rules, member, &entry, *index)?);
        }
        let mut replaced = self.chains.latest_parts(position);
        if let (Some(chain), Some(last)) = (self.chains.latest(position), replaced.pop()) {
            let number = replaced.len() as u32;
            let entry = read_part(log, last, number, Some(&chain.leaf), None)?;
            recalled.taken_out.extend(sections(&self.rules, member, &entry, last)?);
            for (number, index) in (0..).zip(replaced) {
                let entry = read_part(log, index, number, None, Some(&entry.tracker()))?;
                recalled.taken_out.extend(sections(&self.rules, member, &entry, index)?);
            }
        }
        Ok(recalled)
    }
}

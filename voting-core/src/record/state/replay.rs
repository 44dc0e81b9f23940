//! Folding entries again that this program has verified before: ballots without their proofs and signatures.
//!
//! For a board's own restart, and for nobody else. The board has verified every entry up to some size and keeps that size
//! with the root, which commits to the entries, under its key. When it folds its journal again it may pass over the proofs
//! up to there; a root that differs at that size voids all of it. Observers, trustees and voters have verified nothing
//! before: a test of the house keeps them away from here.

use tlog::hash::leaf_hash;

use super::{Recall, State, fault_rule, not_on_roll};
use crate::ballot::{self, VerifiedBallot};
use crate::ids::EntryIndex;
use crate::record::{Culprit, Refusal, Rule};

/// A ballot that was decoded and **not verified**: it can only be applied by [`State::apply_unverified`].
#[derive(Debug)]
pub struct Unverified(VerifiedBallot);

impl State {
    /// As [`State::check_ballots`], but for the proofs and signatures of ballots, which must have been verified before.
    #[must_use]
    pub fn check_unverified(&self, ballots: &[&[u8]]) -> Vec<Result<Unverified, Refusal>> {
        let check = |bytes: &&[u8]| self.open_unverified(bytes);
        #[cfg(feature = "parallel")]
        {
            use rayon::prelude::*;
            ballots.par_iter().map(check).collect()
        }
        #[cfg(not(feature = "parallel"))]
        ballots.iter().map(check).collect()
    }

    fn open_unverified(&self, bytes: &[u8]) -> Result<Unverified, Refusal> {
        let closed = || Refusal::new(Rule::BallotOpen, Culprit::Board, "no round is open for voting");
        let (index, round) = self.voting().ok_or_else(closed)?;
        let (entry, voter) = self.open_ballot(round.rules(), bytes)?;
        let member = self.roll(index).and_then(|roll| roll.member(&entry.sealed.credential));
        let member = *member.ok_or_else(|| not_on_roll(voter))?;
        let ballot = ballot::verified_before(round.rules(), member, &entry, leaf_hash(bytes));
        let faulty = |fault: ballot::BallotFault| Refusal::new(fault_rule(&fault), voter, fault.to_string());
        ballot.map(Unverified).map_err(faulty)
    }

    /// As [`State::apply_ballot`]: chain and repeats are judged as ever.
    ///
    /// # Errors
    /// As [`State::apply_ballot`].
    pub fn apply_unverified(&mut self, ballot: &Unverified, log: &dyn Recall) -> Result<EntryIndex, Refusal> {
        self.apply_ballot(&ballot.0, log)
    }
}

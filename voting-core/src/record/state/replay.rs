//! Folding entries again that this program has verified before: ballots without their proofs and signatures.
//!
//! For a board's own restart, and for nobody else. The board has verified every entry up to some size and keeps that size
//! with the root, which commits to the entries, under its key. When it folds its journal again it may pass over the proofs
//! up to there; a root that differs at that size voids all of it. Observers, trustees and voters have verified nothing
//! before: a test of the house keeps them away from here.

use tlog::hash::leaf_hash;

use super::{Recall, State, fault_rule, not_on_roll};
use crate::ballot::{self, VerifiedBallot};
use crate::ids::{CredentialKey, EntryIndex};
use crate::record::{Culprit, Refusal, Rule};

/// A ballot that was decoded and **not verified**: it can only be applied by [`State::apply_unverified`].
#[derive(Debug)]
pub struct Unverified(VerifiedBallot);

impl Unverified {
    /// Its part, from 0, and the credential that it names.
    #[must_use]
    pub fn own(&self) -> (u32, CredentialKey) {
        (self.0.part().0, self.0.credential())
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::state::looks_like_ballot;
    use crate::testing::Sandbox;

    #[test]
    fn replaying_gives_the_same_state_at_every_prefix() {
        let sandbox = Sandbox::finished(7);
        let entries = &sandbox.entries;
        let log = |index: EntryIndex| entries.get(index.0 as usize).cloned();
        let mut verified = State::found(&entries[0]).unwrap();
        let mut replayed = verified.clone();
        let mut ballots = 0;
        for entry in &entries[1..] {
            if looks_like_ballot(entry) {
                let ballot = verified.check_ballots(&[entry], &[1; 32]).remove(0).unwrap();
                verified.apply_ballot(&ballot, &log).unwrap();
                let ballot = replayed.check_unverified(&[entry]).remove(0).unwrap();
                replayed.apply_unverified(&ballot, &log).unwrap();
                ballots += 1;
            } else {
                let checked = verified.check(entry).unwrap();
                verified.apply(checked).unwrap();
                let checked = replayed.check(entry).unwrap();
                replayed.apply(checked).unwrap();
            }
            assert_eq!(format!("{verified:?}"), format!("{replayed:?}"), "after entry {}", verified.size() - 1);
        }
        assert_eq!((verified.size(), ballots), (entries.len() as u64, 11));
    }

    #[test]
    fn what_needs_no_proof_is_refused_as_ever() {
        let mut sandbox = Sandbox::opened(8);
        let ballot = sandbox.vote(0, &[crate::testing::chosen(&[0]), crate::testing::chosen(&[1])]);
        let log = |_: EntryIndex| None;
        let rule = |state: &mut State, bytes: &[u8]| {
            let ballot = state.check_unverified(&[bytes]).remove(0);
            ballot.and_then(|ballot| state.apply_unverified(&ballot, &log)).map_err(|refusal| refusal.rule)
        };
        let state = &mut sandbox.state;
        assert_eq!(rule(state, &ballot), Err(Rule::BallotChain), "the same ballot twice (S3)");
        assert_eq!(rule(state, &ballot[..ballot.len() - 1]), Err(Rule::EntryCanonical));
        assert_eq!(rule(state, &sandbox.entries[1].clone()), Err(Rule::EntryCanonical));
        let mut stranger = ballot.clone();
        let key = sandbox.voters[0].secret.credential(crate::ids::RoundIndex(0)).key();
        let place = stranger.windows(32).position(|window| window == key.as_bytes()).unwrap();
        stranger[place] ^= 1;
        assert_eq!(rule(&mut sandbox.state, &stranger), Err(Rule::BallotEligible));
        let before = Sandbox::new(8).state;
        assert_eq!(
            before.check_unverified(&[&ballot]).remove(0).map(|_| ()).map_err(|r| r.rule),
            Err(Rule::BallotOpen)
        );
    }
}

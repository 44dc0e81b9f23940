//! The board refuses a ballot because another one of the same credential came before it (S3): the other ballot is
//! checked and shown, then the same sealed bytes are signed again. Nothing is proved again.

use rand_core::CryptoRngCore;
use tlog::hash::leaf_hash;
use voting_core::ballot::{self, Receipt};
use voting_core::ids::{EntryIndex, Tracker};
use voting_core::record::state::as_ballot;

use crate::error::{CastError, ConflictError, Kept};
use crate::voter::{Accepted, Latest, Submission, Voter};

/// What a checked refusal means.
#[derive(Debug)]
pub enum Stale {
    /// The ballot on the log is this very one: an earlier answer of the board was lost.
    Own(Accepted),
    /// Another ballot, cast on another device or by somebody else who has the code.
    Other(Conflict),
}

/// The ballot that came before, to be shown to the voter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LatestBallot {
    /// Its receipt number.
    pub tracker: Tracker,
    /// Where it stands on the log.
    pub index: EntryIndex,
    /// Its number among the ballots of this credential, from 1.
    pub counter: u64,
}

/// A ballot that must be signed again because another one came before.
#[derive(Debug)]
pub struct Conflict {
    submission: Submission,
    latest: Latest,
    shown: LatestBallot,
}

impl Submission {
    /// Checks the board's claim that another ballot of this credential came before: its receipt under origin, log key and
    /// witness policy of the manifest, its proofs and signature, and its place in the chain (A14).
    ///
    /// # Errors
    /// [`ConflictError`], with the submission.
    pub fn stale(
        self,
        entry: &[u8],
        receipt: &[u8],
        rng: &mut impl CryptoRngCore,
    ) -> Result<Stale, Kept<Self, ConflictError>> {
        match check(&self, entry, receipt, rng) {
            Ok((checked, latest)) if checked.tracker == self.tracker() => {
                let accepted = Accepted::new(self.voter, latest.counter, checked, (entry.to_vec(), receipt.to_vec()));
                Ok(Stale::Own(accepted))
            }
            Ok((Receipt { tracker, index, tree_size: _ }, latest)) => {
                let shown = LatestBallot { tracker, index, counter: latest.counter };
                Ok(Stale::Other(Conflict { submission: self, latest, shown }))
            }
            Err(error) => Err(Kept { step: Box::new(self), error }),
        }
    }
}

fn check(
    submission: &Submission,
    entry: &[u8],
    receipt: &[u8],
    rng: &mut impl CryptoRngCore,
) -> Result<(Receipt, Latest), ConflictError> {
    let voter = &submission.voter;
    let booth = &voter.booth;
    let receipt = Receipt::check(booth.manifest(), entry, receipt);
    let receipt = receipt.map_err(|error| ConflictError::Unproved(error.to_string()))?;
    let ballot = as_ballot(entry).ok_or(ConflictError::Foreign)?;
    if ballot.sealed.credential != voter.credential() {
        return Err(ConflictError::Foreign);
    }
    let public = voter.credential.public().ok_or(ConflictError::Foreign)?;
    let leaf = leaf_hash(entry);
    let prepared = ballot::prepare(&ballot::Verifier::new(booth.rules()), (&public, voter.member), &ballot, leaf);
    let prepared = prepared.map_err(|_| ConflictError::Foreign)?;
    let mut entropy = [0; 32];
    rng.fill_bytes(&mut entropy);
    let verified = ballot::verify(booth.rules(), vec![prepared], &entropy);
    let verified = verified.into_iter().next().flatten().ok_or(ConflictError::Foreign)?;
    // A14: the refused ballot has the counter after the latest known one; a ballot in the way has that counter or more.
    if verified.counter() < submission.counter || verified.counter() == u64::MAX {
        return Err(ConflictError::NotLater);
    }
    Ok((receipt, Latest { counter: verified.counter(), leaf }))
}

impl Conflict {
    /// The ballot that came before.
    #[must_use]
    pub fn latest(&self) -> LatestBallot {
        self.shown
    }

    /// Whether some parts of the own ballot may stand on the log already, so that [`Self::sign_again`] could be refused as a
    /// repeat (A10): then [`Self::answer_again`] is the way.
    #[must_use]
    pub fn has_parts(&self) -> bool {
        self.submission.sealed.len() > 1
    }

    /// Gives the own ballot up: the voter answers and seals anew, after the other ballot.
    #[must_use]
    pub fn answer_again(self) -> Voter {
        let mut voter = self.submission.answer_again();
        voter.latest = Some(self.latest);
        voter
    }

    /// Signs the same sealed bytes again, after the other ballot. The tracker stays.
    ///
    /// # Errors
    /// [`CastError`], a fault of this program.
    pub fn sign_again(self, rng: &mut impl CryptoRngCore) -> Result<Submission, CastError> {
        let Submission { mut voter, sealed, .. } = self.submission;
        voter.latest = Some(self.latest);
        voter.sign(sealed, rng)
    }
}

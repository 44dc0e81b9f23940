//! One voter's way through the booth: each step consumes the one before.

use rand_core::CryptoRngCore;
use tlog::hash::{Hash, leaf_hash};
use voting_core::ballot::{self, ContestRules, Receipt, ReceiptError, SealError, SealedBallot};
use voting_core::contest::{Choice, Entitlement};
use voting_core::credential::Credential;
use voting_core::ids::{CredentialKey, EntryIndex, Tracker};

use crate::booth::Booth;
use crate::error::{CastError, Kept};

/// What a voter may be told about a ballot whose receipt was checked (S11).
pub const STATUS: &str = "accepted, counts unless replaced";

/// Where the next ballot of a credential follows (S3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Latest {
    pub(crate) counter: u64,
    pub(crate) leaf: Hash,
}

/// A voter with an opened voting code. Nothing is chosen yet.
pub struct Voter {
    pub(crate) booth: Booth,
    pub(crate) credential: Credential,
    pub(crate) member: Entitlement,
    /// The latest ballot of this credential that the session knows to stand on the log.
    pub(crate) latest: Option<Latest>,
}

impl core::fmt::Debug for Voter {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Voter").field("credential", &self.credential()).field("member", &self.member).finish()
    }
}

impl Voter {
    pub(crate) fn new(booth: Booth, credential: Credential, member: Entitlement) -> Self {
        Self { booth, credential, member, latest: None }
    }

    /// The public key that stands on the roll.
    #[must_use]
    pub fn credential(&self) -> CredentialKey {
        self.credential.key()
    }

    /// The contests on this voter's ballot, in order.
    pub fn contests(&self) -> impl Iterator<Item = &ContestRules> {
        self.booth.contests(self.member.group)
    }

    /// Seals the answers, one for each contest. Nothing is cast and nothing is signed by this (S2).
    ///
    /// # Errors
    /// [`SealError`] naming contest and rule, with the voter to try again.
    pub fn seal(self, choices: &[Choice], rng: &mut impl CryptoRngCore) -> Result<Sealed, Kept<Self, SealError>> {
        let (booth, key) = (&self.booth, self.credential());
        match ballot::seal(booth.rules(), booth.key(), self.member, &key, choices, rng) {
            Ok(ballot) => Ok(Sealed { voter: self, ballot }),
            Err(error) => Err(Kept { step: Box::new(self), error }),
        }
    }

    /// Counter and predecessor of the next ballot (S3).
    fn place(&self) -> (u64, Hash) {
        let first = (1, Hash(self.booth.manifest().event().0));
        // A counter of 2^64 - 1 cannot be reached: each ballot on the log counts one more.
        self.latest.map_or(first, |latest| (latest.counter.saturating_add(1), latest.leaf))
    }

    pub(crate) fn sign(self, sealed: Vec<Vec<u8>>, rng: &mut impl CryptoRngCore) -> Result<Submission, CastError> {
        let (counter, previous) = self.place();
        let binding = &self.booth.rules().binding;
        let entries = ballot::cast(&sealed, binding, &self.credential, counter, previous, rng)?;
        Ok(Submission { voter: self, counter, sealed, entries })
    }
}

/// A sealed ballot. Nothing has been cast yet: cast it, or reveal it for a test.
pub struct Sealed {
    voter: Voter,
    ballot: SealedBallot,
}

impl core::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Sealed").field("tracker", &self.tracker()).finish_non_exhaustive()
    }
}

/// A ballot that was revealed for a test; it can never be cast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revealed {
    /// The sealed bytes of each part.
    pub sealed: Vec<Vec<u8>>,
    /// The tracker that was shown before.
    pub tracker: Tracker,
    /// What discloses the answers to the other device.
    pub opening: Vec<u8>,
}

impl Sealed {
    /// The tracker, shown before the voter chooses to cast or to test (A13).
    #[must_use]
    pub fn tracker(&self) -> Tracker {
        self.ballot.tracker()
    }

    /// The sealed bytes of each part, which hold no secret.
    #[must_use]
    pub fn parts(&self) -> &[Vec<u8>] {
        self.ballot.parts()
    }

    /// Signs the ballot for the board; the answers are erased (S2).
    ///
    /// # Errors
    /// [`CastError`], a fault of this program.
    pub fn cast(self, rng: &mut impl CryptoRngCore) -> Result<Submission, CastError> {
        self.voter.sign(self.ballot.into_parts(), rng)
    }

    /// Reveals the ballot for a test on another device, unsigned (A16). The voter seals anew, with fresh randomness.
    #[must_use]
    pub fn reveal(self) -> (Voter, Revealed) {
        let tracker = self.ballot.tracker();
        let (sealed, opening) = self.ballot.reveal();
        (self.voter, Revealed { sealed, tracker, opening: opening.expose_bytes() })
    }
}

/// A signed ballot for the board. It may be sent any number of times: the same bytes get the same receipt.
///
/// A ballot too large for one entry of the log has several parts; they are sent in order, and the ballot counts when the
/// last one is accepted.
pub struct Submission {
    pub(crate) voter: Voter,
    pub(crate) counter: u64,
    pub(crate) sealed: Vec<Vec<u8>>,
    entries: Vec<Vec<u8>>,
}

impl core::fmt::Debug for Submission {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Submission").field("tracker", &self.tracker()).finish_non_exhaustive()
    }
}

impl Submission {
    /// The bytes to send, in order: each becomes an entry on the log. One unless the ballot has several parts.
    #[must_use]
    pub fn entries(&self) -> &[Vec<u8>] {
        &self.entries
    }

    /// The tracker, recomputed from the sealed bytes.
    #[must_use]
    pub fn tracker(&self) -> Tracker {
        ballot::tracker_of(&self.sealed)
    }

    /// Gives this ballot up: the voter answers and seals anew. Needed where some parts of it stand on the log and another
    /// ballot came between them: the same ciphertexts are never taken twice (A10), and the answers are erased (S2).
    #[must_use]
    pub fn answer_again(self) -> Voter {
        self.voter
    }

    /// Checks the board's receipts, one for each entry in order, against the bytes that were sent (A13, A34).
    ///
    /// # Errors
    /// [`ReceiptError`], with the submission: send it again.
    pub fn accept(self, receipts: &[Vec<u8>]) -> Result<Accepted, Kept<Self, ReceiptError>> {
        match self.check(receipts) {
            Ok(checked) => {
                let Self { voter, counter, sealed: _, entries } = self;
                let evidence = entries.into_iter().zip(receipts.iter().cloned()).collect();
                Ok(Accepted { voter, counter, checked, evidence })
            }
            Err(error) => Err(Kept { step: Box::new(self), error }),
        }
    }

    /// The checked receipt of the last part, with which the ballot counts.
    fn check(&self, receipts: &[Vec<u8>]) -> Result<Receipt, ReceiptError> {
        let short = || ReceiptError::NotProved("there is not one receipt for each part of the ballot".into());
        if receipts.len() != self.entries.len() {
            return Err(short());
        }
        let mut last = None;
        for (entry, receipt) in self.entries.iter().zip(receipts) {
            last = Some(Receipt::check(self.voter.booth.manifest(), entry, receipt)?);
        }
        last.ok_or_else(short)
    }
}

/// A ballot that the log holds: accepted, counts unless replaced (S11).
pub struct Accepted {
    voter: Voter,
    counter: u64,
    checked: Receipt,
    evidence: Vec<(Vec<u8>, Vec<u8>)>,
}

impl core::fmt::Debug for Accepted {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Accepted").field("checked", &self.checked).finish_non_exhaustive()
    }
}

impl Accepted {
    pub(crate) fn new(voter: Voter, counter: u64, checked: Receipt, evidence: (Vec<u8>, Vec<u8>)) -> Self {
        Self { voter, counter, checked, evidence: vec![evidence] }
    }

    /// The tracker, recomputed from the bytes on the log.
    #[must_use]
    pub fn tracker(&self) -> Tracker {
        self.checked.tracker
    }

    /// Where the ballot stands on the log; its last part if there are several.
    #[must_use]
    pub fn index(&self) -> EntryIndex {
        self.checked.index
    }

    /// What the voter may be told.
    #[must_use]
    pub fn status(&self) -> &'static str {
        STATUS
    }

    /// Entries and receipts to keep: each pair proves to anybody that the board accepted that part of the ballot (A15).
    #[must_use]
    pub fn evidence(&self) -> &[(Vec<u8>, Vec<u8>)] {
        &self.evidence
    }

    /// Votes again on the same device: the next ballot follows this one and replaces it.
    #[must_use]
    pub fn vote_again(self) -> Voter {
        let leaf = self.evidence.last().map(|(entry, _)| leaf_hash(entry));
        let latest = leaf.map(|leaf| Latest { counter: self.counter, leaf });
        Voter { latest, ..self.voter }
    }
}

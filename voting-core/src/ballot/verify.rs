//! The verifier's side: decode, prepare, verify in batches. A [`VerifiedBallot`] exists only if the proofs of every
//! contest and the signature hold for its round (A42).

use std::sync::Arc;

use proofs::ProofError;
use proofs::batch::{self, Item, Pending};
use proofs::bit_vector::{self, BitVectorProof};
use proofs::elgamal::{Ciphertext, CompressedCiphertext, PublicKey};
use proofs::sigma::signature::Signature;
use thiserror::Error;
use tlog::hash::Hash;

use super::{BallotEntry, RoundRules};
use crate::context;
use crate::ids::{ContestIndex, CredentialKey, GroupIndex, RoundId, Tracker};

/// Why a ballot is not valid by itself, whatever else stands on the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BallotFault {
    /// Another event (A2).
    #[error("the ballot belongs to another event")]
    OtherEvent,
    /// Another round.
    #[error("the ballot belongs to another round")]
    OtherRound,
    /// Not exactly the contests of the credential's group.
    #[error("the ballot has {found} contests, the credential's group has {expected}")]
    Contests {
        /// Contests of the group.
        expected: usize,
        /// Contests on the ballot.
        found: usize,
    },
    /// A part that cannot be decoded.
    #[error("contest {0}: {1}")]
    Malformed(ContestIndex, ProofError),
    /// The arguments are false (A1, A2, A9, A10): an over-vote, another author, a changed ciphertext.
    #[error("the proof that the ballot keeps the rules does not hold")]
    Argument,
    /// The signature is not the credential's (A11).
    #[error("the signature is not the one of the credential")]
    Signature,
}

/// A ballot that is decoded and whose challenges are drawn, but whose equations have not been checked.
#[derive(Debug)]
pub struct PreparedBallot {
    verified: VerifiedBallot,
    item: Item,
}

/// A ballot whose proofs and signature were verified for its round. Only [`verify`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedBallot {
    credential: CredentialKey,
    group: GroupIndex,
    tracker: Tracker,
    leaf: Hash,
    counter: u64,
    previous: Hash,
    contests: Vec<(ContestIndex, Arc<[Ciphertext]>)>,
    compressed: Vec<(ContestIndex, Box<[CompressedCiphertext]>)>,
    prefixes: Vec<[u8; 16]>,
    round: RoundId,
}

impl VerifiedBallot {
    /// The round it was verified for.
    #[must_use]
    pub fn round(&self) -> RoundId {
        self.round
    }
    /// Who cast it.
    #[must_use]
    pub fn credential(&self) -> CredentialKey {
        self.credential
    }
    /// The group whose contests it answers.
    #[must_use]
    pub fn group(&self) -> GroupIndex {
        self.group
    }
    /// Its receipt number.
    #[must_use]
    pub fn tracker(&self) -> Tracker {
        self.tracker
    }
    /// Its leaf hash.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        self.leaf
    }
    /// Its place in the credential's chain, from 1.
    #[must_use]
    pub fn counter(&self) -> u64 {
        self.counter
    }
    /// Leaf hash of its predecessor.
    #[must_use]
    pub fn previous(&self) -> Hash {
        self.previous
    }
    /// The ciphertexts of each contest, in order.
    #[must_use]
    pub fn contests(&self) -> &[(ContestIndex, Arc<[Ciphertext]>)] {
        &self.contests
    }
    /// The same, encoded.
    #[must_use]
    pub fn compressed(&self) -> &[(ContestIndex, Box<[CompressedCiphertext]>)] {
        &self.compressed
    }
    /// The first 16 bytes of the first component of each ciphertext: what the search for repeats compares (A10).
    #[must_use]
    pub fn prefixes(&self) -> &[[u8; 16]] {
        &self.prefixes
    }
}

/// Decodes a ballot against the rules of its round and the roll's key and group of its credential.
///
/// # Errors
/// [`BallotFault`] for anything that needs no equation.
pub fn prepare(
    rules: &RoundRules,
    (key, group): (&PublicKey, GroupIndex),
    entry: &BallotEntry,
    leaf: Hash,
) -> Result<PreparedBallot, BallotFault> {
    let BallotEntry { sealed_bytes: _, sealed, counter, previous, signature } = entry;
    let binding = &rules.binding;
    if sealed.event != binding.event {
        return Err(BallotFault::OtherEvent);
    }
    if sealed.round != binding.round {
        return Err(BallotFault::OtherRound);
    }
    let expected = rules.contests_of(group).count();
    if sealed.contests.len() != expected {
        return Err(BallotFault::Contests { expected, found: sealed.contests.len() });
    }

    let mut parts = Vec::with_capacity(expected + 1);
    let mut contests = Vec::with_capacity(expected);
    let mut compressed = Vec::with_capacity(expected);
    let mut prefixes = Vec::new();
    let mut transcript = context::ballot(binding, &sealed.credential);
    for (rule, contest) in rules.contests_of(group).zip(&sealed.contests) {
        let malformed = |error| BallotFault::Malformed(rule.index, error);
        if contest.ciphertexts.len() != rule.statement.ciphertext_bytes() {
            return Err(malformed(ProofError::Length("ciphertexts")));
        }
        let pairs = contest.ciphertexts.chunks_exact(Ciphertext::BYTES).map(CompressedCiphertext::from_bytes);
        let pairs: Vec<_> = pairs.collect::<Result<_, _>>().map_err(malformed)?;
        let argument = BitVectorProof::from_bytes(&rule.statement, &contest.argument).map_err(malformed)?;
        context::contest(&mut transcript, rule.index);
        let pending = bit_vector::prepare(&mut transcript, &rule.statement, &binding.joint_key, &pairs, argument);
        let pending = pending.map_err(malformed)?;
        contests.push((rule.index, Arc::clone(pending.ciphertexts())));
        parts.push(Pending::BitVector(pending));
        for pair in &pairs {
            let mut prefix = [0; 16];
            prefix.copy_from_slice(pair.first.as_bytes().first_chunk::<16>().unwrap_or(&[0; 16]));
            prefixes.push(prefix);
        }
        compressed.push((rule.index, pairs.into_boxed_slice()));
    }
    let tracker = entry.tracker();
    let mut transcript = context::ballot_signature(binding, &sealed.credential, &tracker, *counter, previous);
    let signature = Signature::from_bytes(signature).and_then(|signature| signature.prepare(&mut transcript, key));
    parts.push(Pending::Signature(signature.map_err(|_| BallotFault::Signature)?));

    let verified = VerifiedBallot {
        credential: sealed.credential,
        group,
        tracker,
        leaf,
        counter: *counter,
        previous: *previous,
        contests,
        compressed,
        prefixes,
        round: binding.round,
    };
    Ok(PreparedBallot { verified, item: Item::new(parts) })
}

/// Checks the equations of all prepared ballots in one batch and returns a verdict on each, in order. `entropy` are 32
/// fresh random bytes of the caller (M4).
#[must_use]
pub fn verify(rules: &RoundRules, ballots: Vec<PreparedBallot>, entropy: &[u8; 32]) -> Vec<Option<VerifiedBallot>> {
    let (verified, items): (Vec<_>, Vec<_>) = ballots.into_iter().map(|ballot| (ballot.verified, ballot.item)).unzip();
    let verdicts = batch::verify(&items, rules.generators(), &rules.binding.joint_key, entropy);
    verified.into_iter().zip(verdicts).map(|(ballot, holds)| holds.then_some(ballot)).collect()
}

/// Tells which part of a refused ballot is false, for the report.
pub(crate) fn diagnose(rules: &RoundRules, key: &PublicKey, entry: &BallotEntry) -> BallotFault {
    let BallotEntry { sealed, counter, previous, signature, .. } = entry;
    let tracker = entry.tracker();
    let mut transcript = context::ballot_signature(&rules.binding, &sealed.credential, &tracker, *counter, previous);
    let signature = Signature::from_bytes(signature).and_then(|signature| signature.verify(&mut transcript, key));
    if signature.is_err() { BallotFault::Signature } else { BallotFault::Argument }
}

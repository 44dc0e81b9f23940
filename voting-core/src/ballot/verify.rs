//! The verifier's side: decode, prepare, verify in batches. A [`VerifiedBallot`] exists only if the proofs of every
//! contest and the signature hold for its round (A42).

use std::borrow::Cow;
use std::sync::Arc;

use proofs::ProofError;
use proofs::batch::{self, Item, Pending};
use proofs::bit_vector::{self, BitVectorProof, PendingBitVector};
use proofs::elgamal::{Ciphertext, CompressedCiphertext, PublicKey};
use proofs::sigma::signature::Signature;
use thiserror::Error;
use tlog::hash::Hash;

use super::{BallotEntry, Place, RoundRules};
use crate::contest::{Entitlement, Section};
use crate::context::{self, Beginnings, RoundBinding};
use crate::ids::{ContestIndex, CredentialKey, GroupIndex, RoundId, Tracker};

/// Why a ballot is not valid by itself, whatever else stands on the log.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BallotFault {
    /// Another event (A2).
    #[error("the ballot belongs to another event")]
    OtherEvent,
    /// Another round.
    #[error("the ballot belongs to another round")]
    OtherRound,
    /// Not exactly the contests of the credential's group.
    #[error("the ballot has {found} sections of contests where the credential's group has {expected}")]
    Contests {
        /// Sections of the group.
        expected: usize,
        /// Sections on the ballot.
        found: usize,
    },
    /// Not a part that a ballot of this group has, or not the one that it is said to be.
    #[error("the ballot is not split into the parts that the credential's group has")]
    Parts,
    /// A section that cannot be decoded.
    #[error("contest {0}: {1}")]
    Malformed(ContestIndex, ProofError),
    /// An argument is false (A1, A2, A9, A10): an over-vote, another author, a changed ciphertext. Which of the demands is
    /// broken is hidden in the ciphertexts.
    #[error("contest {contest}, section {section}: the proof that {demands} does not hold")]
    Argument {
        /// The contest.
        contest: ContestIndex,
        /// The section, from 0.
        section: usize,
        /// What the section demands, in plain words.
        demands: String,
    },
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

/// The cells of one section: the contest, the first of the contest's cells that stands here, and their ciphertexts, implied
/// ones included.
pub type VerifiedSection = (ContestIndex, usize, Arc<[Ciphertext]>);

/// A ballot, or one part of it, whose proofs and signature were verified for its round. Only [`verify`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedBallot {
    credential: CredentialKey,
    group: GroupIndex,
    tracker: Tracker,
    leaf: Hash,
    counter: u64,
    previous: Hash,
    part: (u32, u32),
    sections: Vec<VerifiedSection>,
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
    /// Number of this part, from 0, and how many there are.
    #[must_use]
    pub fn part(&self) -> (u32, u32) {
        self.part
    }
    /// The cells of each section of this part, in order.
    #[must_use]
    pub fn sections(&self) -> &[VerifiedSection] {
        &self.sections
    }
    /// The first 16 bytes of the first component of each ciphertext: what the search for repeats compares (A10).
    #[must_use]
    pub fn prefixes(&self) -> &[[u8; 16]] {
        &self.prefixes
    }
}

/// The rules of a round, and the transcripts of its ballots up to what differs between them: for a batch.
#[derive(Debug)]
pub struct Verifier<'r> {
    rules: &'r RoundRules,
    beginnings: Beginnings,
}

impl<'r> Verifier<'r> {
    /// For ballots of the round with these rules.
    #[must_use]
    pub fn new(rules: &'r RoundRules) -> Self {
        Self { rules, beginnings: Beginnings::of(&rules.binding) }
    }
}

/// The places of the sections that must stand in this entry: right event, round, number of parts, part and sections.
fn places<'r>(rules: &'r RoundRules, group: GroupIndex, entry: &BallotEntry) -> Result<&'r [Place], BallotFault> {
    let BallotEntry { sealed_bytes, sealed, parts, .. } = entry;
    if sealed.event != rules.binding.event {
        return Err(BallotFault::OtherEvent);
    }
    if sealed.round != rules.binding.round {
        return Err(BallotFault::OtherRound);
    }
    let layout = rules.parts_of(group);
    let expected = if layout.len() == 1 { 0 } else { layout.len() };
    let place = layout.get(sealed.part as usize).ok_or(BallotFault::Parts)?;
    let named = parts.get(sealed.part as usize).is_none_or(|digest| *digest == Tracker::of(sealed_bytes));
    if parts.len() != expected || !named {
        return Err(BallotFault::Parts);
    }
    if sealed.sections.len() != place.len() {
        return Err(BallotFault::Contests { expected: place.len(), found: sealed.sections.len() });
    }
    Ok(place)
}

fn pairs_of(ciphertexts: &[u8], cells: usize) -> Result<Vec<CompressedCiphertext>, ProofError> {
    if ciphertexts.len() != cells * Ciphertext::BYTES {
        return Err(ProofError::Length("ciphertexts"));
    }
    ciphertexts.chunks_exact(Ciphertext::BYTES).map(CompressedCiphertext::from_bytes).collect()
}

/// The ciphertexts of an entry that was accepted before and is read from the log again.
///
/// # Errors
/// [`BallotFault`] if it is no ballot of this round and group.
pub(crate) fn read_again(
    rules: &RoundRules,
    member: Entitlement,
    entry: &BallotEntry,
) -> Result<Vec<VerifiedSection>, BallotFault> {
    let mut cells = Vec::new();
    for (place, sealed) in places(rules, member.group, entry)?.iter().zip(&entry.sealed.sections) {
        let malformed = |error| BallotFault::Malformed(place.contest, error);
        let sections = sections(rules, place, member.weight)?;
        let section = sections.get(place.section).ok_or_else(|| unknown(place))?;
        let pairs = pairs_of(&sealed.ciphertexts, section.statement().encrypted()).map_err(malformed)?;
        let carried: Result<Arc<[_]>, _> = pairs.iter().map(CompressedCiphertext::decompress).collect();
        let complete = carried.and_then(|carried| section.complete(&carried));
        cells.push((place.contest, place.first_cell, complete.map_err(malformed)?));
    }
    Ok(cells)
}

fn unknown(place: &Place) -> BallotFault {
    BallotFault::Malformed(place.contest, ProofError::Misuse("the contest has no such section"))
}

/// The sections of a contest, for a ballot of this weight.
fn sections<'r>(rules: &'r RoundRules, place: &Place, weight: u64) -> Result<Cow<'r, [Section]>, BallotFault> {
    let contest = rules.contest(place.contest).ok_or_else(|| unknown(place))?;
    contest.sections(weight).map_err(|_| unknown(place))
}

/// The argument of a section with its place, its ciphertexts and all of its cells.
struct Argument {
    place: Place,
    pairs: Vec<CompressedCiphertext>,
    cells: Arc<[Ciphertext]>,
    pending: PendingBitVector,
}

/// Decodes the arguments of all sections of this entry and draws their challenges.
fn arguments(
    Verifier { rules, beginnings }: &Verifier<'_>,
    member: Entitlement,
    entry: &BallotEntry,
) -> Result<Vec<Argument>, BallotFault> {
    let places = places(rules, member.group, entry)?;
    let sealed = &entry.sealed;
    let mut arguments = Vec::with_capacity(places.len());
    let mut transcript = beginnings.ballot(&sealed.credential, sealed.part);
    for (place, sealed) in places.iter().zip(&sealed.sections) {
        let malformed = |error| BallotFault::Malformed(place.contest, error);
        let sections = sections(rules, place, member.weight)?;
        let section = sections.get(place.section).ok_or_else(|| unknown(place))?;
        let statement = section.statement();
        let pairs = pairs_of(&sealed.ciphertexts, statement.encrypted()).map_err(malformed)?;
        let argument = BitVectorProof::from_bytes(statement, &sealed.argument).map_err(malformed)?;
        context::section(&mut transcript, place.contest, place.section);
        let pending = bit_vector::prepare(&mut transcript, statement, &rules.binding.joint_key, &pairs, argument);
        let pending = pending.map_err(malformed)?;
        let cells = section.complete(pending.ciphertexts()).map_err(malformed)?;
        arguments.push(Argument { place: *place, pairs, cells, pending });
    }
    Ok(arguments)
}

/// Decodes a ballot against the rules of its round and the roll's key, group and weight of its credential.
///
/// # Errors
/// [`BallotFault`] for anything that needs no equation.
pub fn prepare(
    verifier: &Verifier<'_>,
    (key, member): (&PublicKey, Entitlement),
    entry: &BallotEntry,
    leaf: Hash,
) -> Result<PreparedBallot, BallotFault> {
    let BallotEntry { sealed_bytes: _, sealed, parts: digests, counter, previous, signature } = entry;
    let mut parts = Vec::new();
    let mut sections = Vec::new();
    let mut prefixes = Vec::new();
    for Argument { place, pairs, cells, pending } in arguments(verifier, member, entry)? {
        sections.push((place.contest, place.first_cell, cells));
        parts.push(Pending::BitVector(pending));
        for pair in &pairs {
            let mut prefix = [0; 16];
            prefix.copy_from_slice(pair.first.as_bytes().first_chunk::<16>().unwrap_or(&[0; 16]));
            prefixes.push(prefix);
        }
    }
    let tracker = entry.tracker();
    let mut transcript = verifier.beginnings.ballot_signature(&sealed.credential, &tracker, *counter, previous);
    let signature = Signature::from_bytes(signature).and_then(|signature| signature.prepare(&mut transcript, key));
    parts.push(Pending::Signature(signature.map_err(|_| BallotFault::Signature)?));

    let verified = VerifiedBallot {
        credential: sealed.credential,
        group: member.group,
        tracker,
        leaf,
        counter: *counter,
        previous: *previous,
        part: (sealed.part, digests.len().max(1) as u32),
        sections,
        prefixes,
        round: verifier.rules.binding.round,
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

/// Whether the signature of a ballot holds, looked at alone. It costs a fraction of the proofs: for turning away early what
/// somebody else sends in the name of a credential. It decides nothing about validity.
#[must_use]
pub fn signature_holds(binding: &RoundBinding, key: &PublicKey, entry: &BallotEntry) -> bool {
    let BallotEntry { sealed, counter, previous, signature, .. } = entry;
    let mut transcript = context::ballot_signature(binding, &sealed.credential, &entry.tracker(), *counter, previous);
    Signature::from_bytes(signature).and_then(|signature| signature.verify(&mut transcript, key)).is_ok()
}

/// Tells which part of a refused ballot is false, for the report: its signature, or the first section whose argument does
/// not hold by itself.
pub(crate) fn diagnose(
    rules: &RoundRules,
    (key, member): (&PublicKey, Entitlement),
    entry: &BallotEntry,
) -> BallotFault {
    let BallotEntry { sealed, counter, previous, signature, .. } = entry;
    let tracker = entry.tracker();
    let verifier = Verifier::new(rules);
    let mut transcript = verifier.beginnings.ballot_signature(&sealed.credential, &tracker, *counter, previous);
    let signature = Signature::from_bytes(signature).and_then(|signature| signature.verify(&mut transcript, key));
    let arguments = match (signature, arguments(&verifier, member, entry)) {
        (Ok(()), Ok(arguments)) => arguments,
        (Ok(()), Err(fault)) => return fault,
        (Err(_), _) => return BallotFault::Signature,
    };
    for Argument { place, pending, .. } in arguments {
        // The ballot is refused already; these weights decide about the wording of the report alone (M4).
        let items = [Item::new(vec![Pending::BitVector(pending)])];
        let verdict = batch::verify(&items, rules.generators(), &rules.binding.joint_key, &[0; 32]);
        if verdict != [true] {
            let demands = rules.contest(place.contest).map(|rules| rules.contest.demands(place.section));
            let (contest, section, demands) = (place.contest, place.section, demands.unwrap_or_default());
            return BallotFault::Argument { contest, section, demands };
        }
    }
    BallotFault::Signature
}

//! The voter's side: seal, then cast. Nothing here shares code with verification but the rules and the transcripts.

use std::collections::BTreeMap;

use hkdf::Hkdf;
use proofs::ProofError;
use proofs::bit_vector::prove;
use proofs::elgamal::EncryptionKey;
use proofs::secret::SecretScalar;
use proofs::sigma::signature::Signature;
use rand_core::CryptoRngCore;
use sha2::Sha512;
use thiserror::Error;
use tlog::hash::Hash;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::opening::Opening;
use super::{BallotEntry, Place, RoundRules, Sealed, SealedSection};
use crate::codec;
use crate::contest::{Choice, ChoiceError, Entitlement, Section};
use crate::context::{self, RoundBinding};
use crate::credential::Credential;
use crate::ids::{ContestIndex, CredentialKey, Tracker};

/// Why a ballot cannot be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// An answer breaks the rule of its contest.
    #[error("contest {contest}: {error}")]
    Choice {
        /// The contest.
        contest: ContestIndex,
        /// The rule and the remedy.
        error: ChoiceError,
    },
    /// Not one answer for each contest of the group.
    #[error("the ballot has {expected} contests, {found} were answered")]
    Contests {
        /// Contests of the group.
        expected: usize,
        /// Answers given.
        found: usize,
    },
    /// The key does not belong to this round.
    #[error("the encryption key is not the one of this round")]
    Key,
    /// A fault of this program.
    #[error("internal: {0}")]
    Internal(ProofError),
}

/// The seed of all ElGamal randomness of one sealed ballot. It feeds nothing else.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub(super) struct SealingSeed(pub(super) [u8; 32]);

impl SealingSeed {
    /// Randomness of the cells of a section that a ballot carries: HKDF-SHA-512 of the seed with the positions of contest and
    /// cell, 64 bytes reduced wide.
    pub(super) fn randomness(&self, place: &Place, section: &Section) -> Vec<SecretScalar> {
        let contest = place.contest;
        let expand = Hkdf::<Sha512>::new(None, &self.0);
        let cell = |cell: usize| {
            let mut wide = Zeroizing::new([0_u8; 64]);
            let info = [b"urna/v1/randomness".as_slice(), &contest.0.to_le_bytes(), &(cell as u64).to_le_bytes()];
            let expanded = expand.expand_multi_info(&info, wide.as_mut());
            debug_assert!(expanded.is_ok());
            SecretScalar::from_wide_bytes(&wide)
        };
        section.carried().map(|carried| cell(place.first_cell + carried)).collect()
    }
}

/// A sealed ballot: nothing has been cast yet. It can be cast, or revealed for a test, which destroys it (A16, S2).
pub struct SealedBallot {
    parts: Vec<Vec<u8>>,
    tracker: Tracker,
    opening: Opening,
}

impl core::fmt::Debug for SealedBallot {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SealedBallot").field("tracker", &self.tracker).finish_non_exhaustive()
    }
}

impl SealedBallot {
    /// The sealed bytes of each part, which hold no secret.
    #[must_use]
    pub fn parts(&self) -> &[Vec<u8>] {
        &self.parts
    }

    /// The tracker, shown before casting.
    #[must_use]
    pub fn tracker(&self) -> Tracker {
        self.tracker
    }

    /// Keeps the sealed bytes for casting and erases the seed; the choices are dropped.
    #[must_use]
    pub fn into_parts(self) -> Vec<Vec<u8>> {
        self.parts
    }

    /// Reveals the ballot for a test on another device. It can no longer be cast: it is consumed here, unsigned.
    #[must_use]
    pub fn reveal(self) -> (Vec<Vec<u8>>, Opening) {
        (self.parts, self.opening)
    }
}

/// The tracker of sealed bytes: the hash of the one part, or of the digests of all (A13).
#[must_use]
pub fn tracker_of(parts: &[Vec<u8>]) -> Tracker {
    match parts {
        [only] => Tracker::of(only),
        parts => Tracker::of_parts(&parts.iter().map(|part| Tracker::of(part)).collect::<Vec<_>>()),
    }
}

/// Encrypts the answers of a member and proves that they keep the rules. No signature is made (S2).
///
/// # Errors
/// [`SealError`]; nothing is sealed then.
pub fn seal(
    rules: &RoundRules,
    key: &EncryptionKey,
    member: Entitlement,
    credential: &CredentialKey,
    choices: &[Choice],
    rng: &mut impl CryptoRngCore,
) -> Result<SealedBallot, SealError> {
    if *key.public() != rules.binding.joint_key {
        return Err(SealError::Key);
    }
    let contests: Vec<_> = rules.contests_of(member.group).collect();
    if contests.len() != choices.len() {
        return Err(SealError::Contests { expected: contests.len(), found: choices.len() });
    }
    let internal = |_| SealError::Internal(ProofError::Misuse("the contests of this round are not valid"));
    let mut answers = BTreeMap::new();
    for (rule, choice) in contests.iter().zip(choices) {
        let values = rule.contest.values(choice, member.weight);
        let values = values.map_err(|error| SealError::Choice { contest: rule.index, error })?;
        let sections = rule.sections(member.weight).map_err(internal)?;
        answers.insert(rule.index, (Zeroizing::new(values), sections));
    }
    let mut seed = SealingSeed([0; 32]);
    rng.fill_bytes(&mut seed.0);

    let RoundBinding { event, round, .. } = rules.binding;
    let mut parts = Vec::new();
    for (part, places) in (0_u32..).zip(rules.parts_of(member.group)) {
        let mut transcript = context::ballot(&rules.binding, credential, part);
        let mut sections = Vec::with_capacity(places.len());
        for place in places {
            let answer = answers
                .get(&place.contest)
                .and_then(|(values, sections)| Some((values.get(place.section)?, sections.get(place.section)?)));
            let missing = SealError::Internal(ProofError::Misuse("a section has no answer"));
            let (values, section) = answer.ok_or(missing)?;
            let statement = section.statement();
            let randomness = seed.randomness(place, section);
            let pairs = statement.encrypt(key, values, &randomness).map_err(SealError::Internal)?;
            let pairs: Vec<_> = pairs.iter().map(|pair| pair.compress()).collect();
            context::section(&mut transcript, place.contest, place.section);
            let argument = prove(&mut transcript, statement, rules.generators(), key, &pairs, values, &randomness, rng);
            let argument = argument.map_err(SealError::Internal)?.to_bytes();
            let ciphertexts = pairs.iter().flat_map(|pair| pair.to_bytes()).collect();
            sections.push(SealedSection { ciphertexts, argument });
        }
        parts.push(codec::to_bytes(&Sealed { event, round, credential: *credential, part, sections }));
    }
    let tracker = tracker_of(&parts);
    Ok(SealedBallot { parts, tracker, opening: Opening::new(seed, member, choices.to_vec()) })
}

/// Signs sealed bytes and returns the entries to submit, one for each part, in order. Called again with another predecessor
/// after a refusal for a stale one: it signs again and never proves again (S3).
///
/// # Errors
/// [`codec::Malformed`] if the bytes are no sealed ballot.
pub fn cast(
    sealed: &[Vec<u8>],
    binding: &RoundBinding,
    credential: &Credential,
    counter: u64,
    previous: Hash,
    rng: &mut impl CryptoRngCore,
) -> Result<Vec<Vec<u8>>, codec::Malformed> {
    let malformed = || codec::Malformed { what: "credential of the sealed ballot", offset: 0 };
    let public = credential.public().ok_or_else(malformed)?;
    let tracker = tracker_of(sealed);
    let mut transcript = context::ballot_signature(binding, &credential.key(), &tracker, counter, &previous);
    let signature = Signature::sign(&mut transcript, credential.secret(), &public, rng).to_bytes();
    let digests: Vec<Tracker> =
        if sealed.len() > 1 { sealed.iter().map(|part| Tracker::of(part)).collect() } else { Vec::new() };
    let mut entries = Vec::with_capacity(sealed.len());
    for part in sealed {
        let decoded: Sealed = codec::from_bytes(part, tlog::tile::MAX_ENTRY)?;
        if decoded.credential != credential.key() {
            return Err(malformed());
        }
        let (sealed_bytes, parts) = (part.clone(), digests.clone());
        entries.push(codec::to_bytes(&BallotEntry {
            sealed_bytes,
            sealed: decoded,
            parts,
            counter,
            previous,
            signature,
        }));
    }
    Ok(entries)
}

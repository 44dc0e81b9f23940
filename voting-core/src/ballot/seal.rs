//! The voter's side: seal, then cast. Nothing here shares code with verification but the rules and the transcripts.

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
use super::{BallotEntry, RoundRules, Sealed, SealedContest};
use crate::codec;
use crate::contest::{Choice, ChoiceError};
use crate::context::{self, RoundBinding};
use crate::credential::Credential;
use crate::ids::{ContestIndex, CredentialKey, GroupIndex, Tracker};

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
    /// Randomness of one cell: HKDF-SHA-512 of the seed with the positions, 64 bytes reduced wide.
    pub(super) fn randomness(&self, contest: ContestIndex, cells: usize) -> Vec<SecretScalar> {
        let expand = Hkdf::<Sha512>::new(None, &self.0);
        let cell = |cell: usize| {
            let mut wide = Zeroizing::new([0_u8; 64]);
            let info = [b"urna/v1/randomness".as_slice(), &contest.0.to_le_bytes(), &(cell as u64).to_le_bytes()];
            let expanded = expand.expand_multi_info(&info, wide.as_mut());
            debug_assert!(expanded.is_ok());
            SecretScalar::from_wide_bytes(&wide)
        };
        (0..cells).map(cell).collect()
    }
}

/// A sealed ballot: nothing has been cast yet. It can be cast, or revealed for a test, which destroys it (A16, S2).
pub struct SealedBallot {
    bytes: Vec<u8>,
    tracker: Tracker,
    opening: Opening,
}

impl core::fmt::Debug for SealedBallot {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SealedBallot").field("tracker", &self.tracker).finish_non_exhaustive()
    }
}

impl SealedBallot {
    /// The sealed bytes, which hold no secret.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The tracker, shown before casting.
    #[must_use]
    pub fn tracker(&self) -> Tracker {
        self.tracker
    }

    /// Keeps the sealed bytes for casting and erases the seed; the choices are dropped.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Reveals the ballot for a test on another device. It can no longer be cast: it is consumed here, unsigned.
    #[must_use]
    pub fn reveal(self) -> (Vec<u8>, Opening) {
        (self.bytes, self.opening)
    }
}

/// Encrypts the answers of a group's member and proves that they keep the rules. No signature is made (S2).
///
/// # Errors
/// [`SealError`]; nothing is sealed then.
pub fn seal(
    rules: &RoundRules,
    key: &EncryptionKey,
    group: GroupIndex,
    credential: &CredentialKey,
    choices: &[Choice],
    rng: &mut impl CryptoRngCore,
) -> Result<SealedBallot, SealError> {
    if *key.public() != rules.binding.joint_key {
        return Err(SealError::Key);
    }
    let contests: Vec<_> = rules.contests_of(group).collect();
    if contests.len() != choices.len() {
        return Err(SealError::Contests { expected: contests.len(), found: choices.len() });
    }
    let mut seed = SealingSeed([0; 32]);
    rng.fill_bytes(&mut seed.0);

    let mut transcript = context::ballot(&rules.binding, credential);
    let mut sealed = Vec::with_capacity(contests.len());
    for (rule, choice) in contests.iter().zip(choices) {
        let values = rule.contest.values(choice);
        let values = Zeroizing::new(values.map_err(|error| SealError::Choice { contest: rule.index, error })?);
        let randomness = seed.randomness(rule.index, rule.statement.encrypted());
        let pairs = rule.statement.encrypt(key, &values, &randomness).map_err(SealError::Internal)?;
        let pairs: Vec<_> = pairs.iter().map(|pair| pair.compress()).collect();
        context::contest(&mut transcript, rule.index);
        let argument =
            prove(&mut transcript, &rule.statement, rules.generators(), key, &pairs, &values, &randomness, rng);
        let argument = argument.map_err(SealError::Internal)?.to_bytes();
        sealed.push(SealedContest { ciphertexts: pairs.iter().flat_map(|pair| pair.to_bytes()).collect(), argument });
    }
    let RoundBinding { event, round, .. } = rules.binding;
    let bytes = codec::to_bytes(&Sealed { event, round, credential: *credential, contests: sealed });
    let tracker = Tracker::of(&bytes);
    Ok(SealedBallot { bytes, tracker, opening: Opening::new(seed, group, choices.to_vec()) })
}

/// Signs sealed bytes and returns the entry to submit. Called again with another predecessor after a refusal for a stale
/// one: it signs again and never proves again (S3).
///
/// # Errors
/// [`codec::Malformed`] if the bytes are no sealed ballot.
pub fn cast(
    sealed: &[u8],
    binding: &RoundBinding,
    credential: &Credential,
    counter: u64,
    previous: Hash,
    rng: &mut impl CryptoRngCore,
) -> Result<Vec<u8>, codec::Malformed> {
    let decoded: Sealed = codec::from_bytes(sealed, tlog::tile::MAX_ENTRY)?;
    let malformed = codec::Malformed { what: "credential of the sealed ballot", offset: 0 };
    let public = credential.public().filter(|public| public.to_bytes() == decoded.credential.0).ok_or(malformed)?;
    let tracker = Tracker::of(sealed);
    let mut transcript = context::ballot_signature(binding, &decoded.credential, &tracker, counter, &previous);
    let signature = Signature::sign(&mut transcript, credential.secret(), &public, rng).to_bytes();
    Ok(codec::to_bytes(&BallotEntry { sealed_bytes: sealed.to_vec(), sealed: decoded, counter, previous, signature }))
}

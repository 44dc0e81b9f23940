//! The public rules of the ceremony, each a pure function of the setup and the log.

use std::collections::BTreeMap;

use proofs::elgamal::PublicKey;
use proofs::group::Point;
use proofs::sharing::feldman::Commitments;
use proofs::sigma::possession::PossessionProof;
use thiserror::Error;
use tlog::hash::Hash;

use super::messages::{Commitment, Confirmation, Dealing};
use crate::codec;
use crate::context;
use crate::ids::{CeremonyId, EventId, TrusteeIndex, digest};
use crate::manifest::Manifest;

/// What fixes a ceremony: taken from the manifest, never from messages (A25, A26, S8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The event.
    pub event: EventId,
    /// The ceremony.
    pub ceremony: CeremonyId,
    /// Trustees needed, t.
    pub threshold: u32,
    /// Trustees, n.
    pub trustees: u32,
}

impl Setup {
    /// The setup of an event's ceremony number `attempt`, from 0.
    #[must_use]
    pub fn of(manifest: &Manifest, attempt: u32) -> Self {
        let event = manifest.event();
        Self {
            event,
            ceremony: CeremonyId::of(&event, attempt),
            threshold: manifest.threshold,
            trustees: u32::try_from(manifest.trustees.len()).unwrap_or(0),
        }
    }

    /// The indices 1..=n.
    pub fn indices(&self) -> impl Iterator<Item = TrusteeIndex> + use<> {
        (1..=self.trustees).map(TrusteeIndex)
    }
}

/// Why a message of the ceremony is not accepted. Its author is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StageError {
    /// A message of another ceremony (A27).
    #[error("the message belongs to another ceremony")]
    OtherCeremony,
    /// Not one of the trustees 1..=n (A26).
    #[error("there is no such trustee")]
    UnknownTrustee,
    /// A second message of the same stage.
    #[error("this trustee has already posted this stage")]
    Repeated,
    /// A message before all of the stage before it.
    #[error("the stage before this one is not complete")]
    TooEarly,
    /// An encryption key without proof of possession, the identity, or that of another trustee (S9).
    #[error("the encryption key has no valid proof of possession, or belongs to another trustee")]
    EncryptionKey,
    /// The commitments are not those of the hash committed to (A24).
    #[error("the dealing is not the one that was committed to")]
    OtherDealing,
    /// Not exactly t commitments and n shares, or the constant is the identity (A4, A25).
    #[error("the dealing does not have exactly t commitments and n shares, or its constant is the identity")]
    Shape,
    /// No valid proof of possession of the constant (A24).
    #[error("the dealing has no valid proof of possession of its constant")]
    Constant,
    /// No valid proof of knowledge of an ephemeral key, or an ephemeral key used twice (A29).
    #[error("the ephemeral key of the share for trustee {0} has no valid proof of knowledge, or was used before")]
    Ephemeral(TrusteeIndex),
    /// Another hash or joint key than everybody computes (A21, A28).
    #[error("the confirmation names another record or joint key than the log gives")]
    OtherRecord,
    /// The share that the dealer encrypted does not fit its commitments.
    #[error("trustee {0} dealt a share that does not fit its commitments: do not confirm, tell the administrator")]
    BadShare(TrusteeIndex),
    /// The joint key or a verification share is the identity (M9).
    #[error("the joint key or a verification share is the identity")]
    IdentityKey,
}

/// The hash that the first stage commits to (A24).
#[must_use]
pub fn dealing_hash(setup: &Setup, dealer: TrusteeIndex, commitments: &[u8], possession: &[u8; 64]) -> [u8; 32] {
    let parts: [&[u8]; 5] =
        [setup.event.as_bytes(), setup.ceremony.as_bytes(), &dealer.0.to_le_bytes(), commitments, possession];
    digest("urna/v1/dealing", &parts)
}

fn member(setup: &Setup, author: TrusteeIndex, ceremony: &CeremonyId) -> Result<(), StageError> {
    if *ceremony != setup.ceremony {
        return Err(StageError::OtherCeremony); // A27
    }
    if !(1..=setup.trustees).contains(&author.0) {
        return Err(StageError::UnknownTrustee); // A26
    }
    Ok(())
}

/// Checks a first-stage message against those before it and returns the encryption key.
///
/// # Errors
/// [`StageError`].
pub fn check_commitment(
    setup: &Setup,
    author: TrusteeIndex,
    message: &Commitment,
    keys: &BTreeMap<TrusteeIndex, PublicKey>,
) -> Result<PublicKey, StageError> {
    let Commitment { ceremony, encryption_key, possession, dealing: _ } = message;
    member(setup, author, ceremony)?;
    if keys.contains_key(&author) {
        return Err(StageError::Repeated);
    }
    let key = PublicKey::decode(encryption_key).map_err(|_| StageError::EncryptionKey)?;
    let proof = PossessionProof::from_bytes(possession).map_err(|_| StageError::EncryptionKey)?;
    let mut transcript = context::encryption_key(&setup.event, &setup.ceremony, author);
    proof.verify(&mut transcript, &key).map_err(|_| StageError::EncryptionKey)?;
    if keys.values().any(|other| *other == key) {
        return Err(StageError::EncryptionKey); // S9: all distinct
    }
    Ok(key)
}

/// Checks a dealing against the first stage and the dealings before it and returns its commitments.
///
/// # Errors
/// [`StageError`]. A dealing that fails here is illegal by itself (M9).
pub fn check_dealing(
    setup: &Setup,
    author: TrusteeIndex,
    message: &Dealing,
    committed: &[u8; 32],
    keys: &BTreeMap<TrusteeIndex, PublicKey>,
    ephemerals: &mut Vec<[u8; 32]>,
) -> Result<Commitments, StageError> {
    let Dealing { ceremony, commitments, possession, shares } = message;
    member(setup, author, ceremony)?;
    if dealing_hash(setup, author, commitments, possession) != *committed {
        return Err(StageError::OtherDealing); // A24
    }
    let points = Commitments::decode(commitments, setup.threshold as usize).map_err(|_| StageError::Shape)?; // A25
    if shares.len() != setup.trustees as usize {
        return Err(StageError::Shape); // A25
    }
    let constant = PublicKey::new(points.constant()).map_err(|_| StageError::Shape)?; // A4
    let proof = PossessionProof::from_bytes(possession).map_err(|_| StageError::Constant)?;
    let mut transcript = context::dealing(&setup.event, &setup.ceremony, author);
    proof.verify(&mut transcript, &constant).map_err(|_| StageError::Constant)?; // A24

    let dealer_key = keys.get(&author).ok_or(StageError::TooEarly)?;
    let mut fresh = Vec::with_capacity(shares.len());
    for (receiver, share) in setup.indices().zip(shares) {
        let bad = |_| StageError::Ephemeral(receiver);
        let receiver_key = keys.get(&receiver).ok_or(StageError::TooEarly)?;
        let ephemeral = PublicKey::decode(&share.ephemeral).map_err(bad)?;
        let proof = PossessionProof::from_bytes(&share.possession).map_err(bad)?;
        let sides = ((author, dealer_key), (receiver, receiver_key));
        let mut transcript = context::ephemeral(&setup.event, &setup.ceremony, sides.0, sides.1);
        proof.verify(&mut transcript, &ephemeral).map_err(bad)?; // A29
        if ephemerals.contains(&share.ephemeral) || fresh.contains(&share.ephemeral) {
            return Err(StageError::Ephemeral(receiver)); // A29: no point is used twice
        }
        fresh.push(share.ephemeral);
    }
    ephemerals.extend(fresh);
    Ok(points)
}

/// The checked messages of each trustee: the commitment, and the dealing once it is revealed.
pub type Messages = BTreeMap<TrusteeIndex, (Commitment, Option<(Dealing, Commitments)>)>;

/// What a complete ceremony yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JointKey {
    /// The key that ballots are encrypted under.
    pub public: PublicKey,
    /// Verification share of each trustee, in order of index.
    pub shares: Vec<Point>,
    /// Hash of all messages of the first two stages.
    pub record: Hash,
}

impl JointKey {
    /// Adds up the dealings of all n trustees, in order of index.
    ///
    /// # Errors
    /// [`StageError::TooEarly`] unless there are n of both, [`StageError::IdentityKey`] (M9).
    pub fn of(setup: &Setup, messages: &Messages) -> Result<Self, StageError> {
        let mut parts = Vec::new();
        let mut commitments = Vec::new();
        for index in setup.indices() {
            let Some((commitment, Some((dealing, points)))) = messages.get(&index) else {
                return Err(StageError::TooEarly);
            };
            parts.push(codec::to_bytes(commitment));
            parts.push(codec::to_bytes(dealing));
            commitments.push(points.clone());
        }
        let parts: Vec<&[u8]> =
            [setup.ceremony.as_bytes().as_slice()].into_iter().chain(parts.iter().map(Vec::as_slice)).collect();
        let record = Hash(digest("urna/v1/ceremony record", &parts));
        let sum = Commitments::sum(&commitments).map_err(|_| StageError::IdentityKey)?;
        let public = PublicKey::new(sum.constant()).map_err(|_| StageError::IdentityKey)?; // M9
        let shares: Vec<_> = setup.indices().map(|index| sum.public_share(index.0)).collect();
        if shares.iter().any(|share| PublicKey::new(*share).is_err()) {
            return Err(StageError::IdentityKey); // M9
        }
        Ok(Self { public, shares, record })
    }

    /// The verification share of a trustee.
    #[must_use]
    pub fn share(&self, index: TrusteeIndex) -> Option<&Point> {
        (index.0 as usize).checked_sub(1).and_then(|position| self.shares.get(position))
    }

    /// Checks that a confirmation names this record and key (A21, A28).
    ///
    /// # Errors
    /// [`StageError`].
    pub fn check_confirmation(
        &self,
        setup: &Setup,
        author: TrusteeIndex,
        message: &Confirmation,
    ) -> Result<(), StageError> {
        let Confirmation { ceremony, record, joint_key } = message;
        member(setup, author, ceremony)?;
        if *record == self.record && *joint_key == self.public.to_bytes() {
            Ok(())
        } else {
            Err(StageError::OtherRecord)
        }
    }
}

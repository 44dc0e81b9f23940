//! A trustee's own side: one type for each stage, each step consumes the one before.

use std::collections::BTreeMap;

use proofs::elgamal::PublicKey;
use proofs::group::BASE_TABLE;
use proofs::secret::SecretScalar;
use proofs::sharing::feldman::Commitments;
use proofs::sharing::polynomial::Polynomial;
use proofs::sigma::possession::PossessionProof;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::checks::{JointKey, Messages, Setup, StageError, dealing_hash};
use super::messages::{Commitment, Confirmation, Dealing};
use super::shares;
use crate::context;
use crate::ids::{EventId, TrusteeIndex};

/// After the first stage: holds the encryption secret and the polynomial.
#[derive(Debug)]
pub struct Committed {
    setup: Setup,
    index: TrusteeIndex,
    encryption: SecretScalar,
    polynomial: Polynomial,
    possession: [u8; 64],
}

/// After the second stage: the polynomial is gone.
#[derive(Debug)]
pub struct Dealt {
    setup: Setup,
    index: TrusteeIndex,
    encryption: SecretScalar,
}

/// A trustee's share of the joint secret of one event. It refuses any other event (S9).
pub struct KeyShare {
    event: EventId,
    index: TrusteeIndex,
    secret: SecretScalar,
}

impl core::fmt::Debug for KeyShare {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("KeyShare").field("index", &self.index).finish_non_exhaustive()
    }
}

/// First stage: draws encryption key and polynomial, and commits to the dealing.
///
/// # Errors
/// [`StageError::UnknownTrustee`] if the index is not in 1..=n, [`StageError::Shape`] for a threshold of zero.
pub fn commit(
    setup: Setup,
    index: TrusteeIndex,
    rng: &mut impl CryptoRngCore,
) -> Result<(Committed, Commitment), StageError> {
    if !(1..=setup.trustees).contains(&index.0) {
        return Err(StageError::UnknownTrustee);
    }
    let encryption = SecretScalar::random(rng);
    let key = PublicKey::of(&encryption).map_err(|_| StageError::EncryptionKey)?;
    let mut transcript = context::encryption_key(&setup.event, &setup.ceremony, index);
    let key_possession = PossessionProof::prove(&mut transcript, &encryption, &key, rng).to_bytes();

    let polynomial = Polynomial::random(setup.threshold as usize, rng).map_err(|_| StageError::Shape)?;
    let constant = polynomial.expose_secret();
    let public = PublicKey::of(&constant).map_err(|_| StageError::Shape)?;
    let mut transcript = context::dealing(&setup.event, &setup.ceremony, index);
    let possession = PossessionProof::prove(&mut transcript, &constant, &public, rng).to_bytes();
    let commitments = Commitments::of(&polynomial).encode();
    let message = Commitment {
        ceremony: setup.ceremony,
        encryption_key: key.to_bytes(),
        possession: key_possession,
        dealing: dealing_hash(&setup, index, &commitments, &possession),
    };
    Ok((Committed { setup, index, encryption, polynomial, possession }, message))
}

impl Committed {
    /// Second stage: encrypts a share for every trustee. `keys` are the encryption keys of trustees 1..=n from the log.
    ///
    /// # Errors
    /// [`StageError::TooEarly`] unless there are n keys, [`StageError::EncryptionKey`] if the own one is another.
    pub fn deal(
        self,
        keys: &BTreeMap<TrusteeIndex, PublicKey>,
        rng: &mut impl CryptoRngCore,
    ) -> Result<(Dealt, Dealing), StageError> {
        let Self { setup, index, encryption, polynomial, possession } = self;
        let own = keys.get(&index).ok_or(StageError::TooEarly)?;
        if PublicKey::of(&encryption) != Ok(*own) {
            return Err(StageError::EncryptionKey);
        }
        let mut encrypted = Vec::with_capacity(setup.trustees as usize);
        for receiver in setup.indices() {
            let key = keys.get(&receiver).ok_or(StageError::TooEarly)?;
            let share = polynomial.share(receiver.0).map_err(|_| StageError::Shape)?;
            encrypted.push(shares::encrypt(&setup, (index, own), (receiver, key), &share, rng)?);
        }
        let commitments = Commitments::of(&polynomial).encode();
        let message = Dealing { ceremony: setup.ceremony, commitments, possession, shares: encrypted };
        Ok((Dealt { setup, index, encryption }, message))
    }

    /// The state as bytes, to be stored encrypted: encryption secret, proof, coefficients.
    #[must_use]
    pub fn expose_bytes(&self) -> Zeroizing<Vec<u8>> {
        let polynomial = self.polynomial.expose_bytes();
        // At its full size from the start: a vector that grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(32 + 64 + polynomial.len()));
        bytes.extend_from_slice(self.encryption.expose_bytes().as_ref());
        bytes.extend_from_slice(&self.possession);
        bytes.extend_from_slice(&polynomial);
        bytes
    }

    /// Restores the state that [`Self::expose_bytes`] wrote.
    ///
    /// # Errors
    /// [`StageError::Shape`] if the bytes are not such a state.
    pub fn from_exposed_bytes(setup: Setup, index: TrusteeIndex, bytes: &[u8]) -> Result<Self, StageError> {
        let bad = |_| StageError::Shape;
        let (encryption, rest) = bytes.split_at_checked(32).ok_or(StageError::Shape)?;
        let (possession, polynomial) = rest.split_first_chunk::<64>().ok_or(StageError::Shape)?;
        Ok(Self {
            setup,
            index,
            encryption: SecretScalar::from_bytes(encryption).map_err(bad)?,
            polynomial: Polynomial::from_exposed_bytes(polynomial, setup.threshold as usize).map_err(bad)?,
            possession: *possession,
        })
    }
}

impl Dealt {
    /// Last stage: decrypts and checks the share of every dealer, and confirms what everybody must see.
    ///
    /// `messages` are the checked messages of all trustees from the log.
    ///
    /// # Errors
    /// [`StageError::BadShare`] names a dealer whose share does not fit its commitments; [`StageError::TooEarly`].
    pub fn confirm(self, messages: &Messages) -> Result<(KeyShare, Confirmation), StageError> {
        let joint = JointKey::of(&self.setup, messages)?;
        let secret = self.receive(messages)?;
        if joint.share(self.index) != Some(&(BASE_TABLE * secret.expose())) {
            return Err(StageError::IdentityKey);
        }
        let confirmation =
            Confirmation { ceremony: self.setup.ceremony, record: joint.record, joint_key: joint.public.to_bytes() };
        Ok((KeyShare { event: self.setup.event, index: self.index, secret }, confirmation))
    }

    fn receive(&self, messages: &Messages) -> Result<SecretScalar, StageError> {
        let own = PublicKey::of(&self.encryption).map_err(|_| StageError::EncryptionKey)?;
        let position = (self.index.0 as usize).checked_sub(1).ok_or(StageError::UnknownTrustee)?;
        let mut sum = SecretScalar::from_scalar(proofs::group::Scalar::ZERO);
        for dealer in self.setup.indices() {
            let Some((commitment, Some((dealing, points)))) = messages.get(&dealer) else {
                return Err(StageError::TooEarly);
            };
            let dealer_key = PublicKey::decode(&commitment.encryption_key).map_err(|_| StageError::EncryptionKey)?;
            let share = dealing.shares.get(position).ok_or(StageError::Shape)?;
            let sides = ((dealer, &dealer_key), (self.index, &own));
            let share = shares::decrypt(&self.setup, sides.0, sides.1, &self.encryption, share);
            let share = share.filter(|share| points.verify_share(self.index.0, share));
            let share = share.ok_or(StageError::BadShare(dealer))?;
            sum = SecretScalar::from_scalar(sum.expose() + share.expose());
        }
        Ok(sum)
    }

    /// The state as bytes, to be stored encrypted.
    #[must_use]
    pub fn expose_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.encryption.expose_bytes().to_vec())
    }

    /// Restores the state that [`Self::expose_bytes`] wrote.
    ///
    /// # Errors
    /// [`StageError::Shape`] if the bytes are not such a state.
    pub fn from_exposed_bytes(setup: Setup, index: TrusteeIndex, bytes: &[u8]) -> Result<Self, StageError> {
        Ok(Self { setup, index, encryption: SecretScalar::from_bytes(bytes).map_err(|_| StageError::Shape)? })
    }
}

impl KeyShare {
    /// The trustee's index.
    #[must_use]
    pub fn index(&self) -> TrusteeIndex {
        self.index
    }

    /// The event that this share serves.
    #[must_use]
    pub fn event(&self) -> EventId {
        self.event
    }

    /// The secret, for partial decryption only.
    pub(crate) fn secret(&self) -> &SecretScalar {
        &self.secret
    }

    /// The secret as bytes, to be stored encrypted.
    #[must_use]
    pub fn expose_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.secret.expose_bytes()
    }

    /// Restores a share.
    ///
    /// # Errors
    /// [`StageError::Shape`] if the bytes are no scalar.
    pub fn from_exposed_bytes(event: EventId, index: TrusteeIndex, bytes: &[u8]) -> Result<Self, StageError> {
        Ok(Self { event, index, secret: SecretScalar::from_bytes(bytes).map_err(|_| StageError::Shape)? })
    }
}

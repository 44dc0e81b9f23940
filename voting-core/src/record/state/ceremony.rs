//! The ceremony in the fold.

use std::collections::{BTreeMap, BTreeSet};

use proofs::elgamal::PublicKey;
use proofs::sharing::feldman::Commitments;
use serde::Serialize;

use crate::ceremony::checks::{self, JointKey, Messages, Setup, StageError};
use crate::ceremony::messages::{Commitment, Dealing};
use crate::entry::{Author, Body};
use crate::ids::TrusteeIndex;
use crate::manifest::Manifest;
use crate::record::{Culprit, Refusal, Rule};

/// How far the ceremony has come: whom it waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "stage", content = "waiting_for", rename_all = "snake_case")]
pub enum CeremonyStatus {
    /// These trustees have not committed.
    Commit(Vec<TrusteeIndex>),
    /// These trustees have not dealt.
    Deal(Vec<TrusteeIndex>),
    /// These trustees have not confirmed.
    Confirm(Vec<TrusteeIndex>),
    /// Everybody has confirmed.
    Complete,
}

#[derive(Clone, Debug)]
pub(super) struct Ceremony {
    setup: Setup,
    keys: BTreeMap<TrusteeIndex, PublicKey>,
    messages: Messages,
    ephemerals: Vec<[u8; 32]>,
    joint: Option<JointKey>,
    confirmed: BTreeSet<TrusteeIndex>,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "lives for one entry")]
pub(super) enum Effect {
    Commitment(TrusteeIndex, Commitment, PublicKey),
    Dealing { dealer: TrusteeIndex, dealing: Box<Dealing>, points: Commitments, ephemerals: Vec<[u8; 32]> },
    LastDealing { dealer: TrusteeIndex, dealing: Box<Dealing>, points: Commitments, joint: Box<JointKey> },
    Confirmation(TrusteeIndex),
}

impl Ceremony {
    pub(super) fn new(manifest: &Manifest) -> Self {
        Self {
            setup: Setup::of(manifest, 0),
            keys: BTreeMap::new(),
            messages: Messages::new(),
            ephemerals: Vec::new(),
            joint: None,
            confirmed: BTreeSet::new(),
        }
    }

    pub(super) fn keys(&self) -> &BTreeMap<TrusteeIndex, PublicKey> {
        &self.keys
    }

    pub(super) fn messages(&self) -> &Messages {
        &self.messages
    }

    /// The joint key, only when all n trustees have confirmed it (A21, A28).
    pub(super) fn complete(&self) -> Option<&JointKey> {
        self.joint.as_ref().filter(|_| self.setup.indices().all(|index| self.confirmed.contains(&index)))
    }

    pub(super) fn status(&self) -> CeremonyStatus {
        let waiting = |done: &dyn Fn(TrusteeIndex) -> bool| -> Vec<_> {
            self.setup.indices().filter(|index| !done(*index)).collect()
        };
        let commit = waiting(&|index| self.messages.contains_key(&index));
        let deal = waiting(&|index| self.messages.get(&index).is_some_and(|(_, dealing)| dealing.is_some()));
        let confirm = waiting(&|index| self.confirmed.contains(&index));
        if !commit.is_empty() {
            CeremonyStatus::Commit(commit)
        } else if !deal.is_empty() {
            CeremonyStatus::Deal(deal)
        } else if !confirm.is_empty() {
            CeremonyStatus::Confirm(confirm)
        } else {
            CeremonyStatus::Complete
        }
    }

    pub(super) fn check(&self, author: Author, body: &Body) -> Result<Effect, Refusal> {
        let Author::Trustee(index) = author else {
            return Err(Refusal::new(Rule::EntrySignature, Culprit::Author(author), "only trustees take part"));
        };
        self.check_stage(index, body)
            .map_err(|error| Refusal::new(stage_rule(&error), Culprit::Author(author), error.to_string()))
    }

    fn check_stage(&self, index: TrusteeIndex, body: &Body) -> Result<Effect, StageError> {
        match body {
            Body::Commitment(message) => {
                let key = checks::check_commitment(&self.setup, index, message, &self.keys)?;
                Ok(Effect::Commitment(index, message.clone(), key))
            }
            Body::Dealing(message) => {
                if self.keys.len() != self.setup.trustees as usize {
                    return Err(StageError::TooEarly); // A24: nobody reveals before everybody has committed
                }
                let (commitment, dealt) = self.messages.get(&index).ok_or(StageError::UnknownTrustee)?;
                if dealt.is_some() {
                    return Err(StageError::Repeated);
                }
                let mut ephemerals = self.ephemerals.clone();
                let points = checks::check_dealing(
                    &self.setup,
                    index,
                    message,
                    &commitment.dealing,
                    &self.keys,
                    &mut ephemerals,
                )?;
                let dealing = Box::new(message.clone());
                let dealt = self.messages.values().filter(|(_, dealing)| dealing.is_some()).count();
                if dealt + 1 == self.setup.trustees as usize {
                    let mut messages = self.messages.clone();
                    messages.insert(index, (commitment.clone(), Some((message.clone(), points.clone()))));
                    let joint = Box::new(JointKey::of(&self.setup, &messages)?);
                    return Ok(Effect::LastDealing { dealer: index, dealing, points, joint });
                }
                Ok(Effect::Dealing { dealer: index, dealing, points, ephemerals })
            }
            Body::Confirmation(message) => {
                let joint = self.joint.as_ref().ok_or(StageError::TooEarly)?;
                joint.check_confirmation(&self.setup, index, message)?;
                if self.confirmed.contains(&index) {
                    return Err(StageError::Repeated);
                }
                Ok(Effect::Confirmation(index))
            }
            Body::RollChunk(_)
            | Body::RollClosed(_)
            | Body::RoundStarted(_)
            | Body::RoundClosed(_)
            | Body::PartialDecryption(_)
            | Body::RoundResult(_)
            | Body::NotCounted(_)
            | Body::Cancelled(_)
            | Body::Attendance(_)
            | Body::RoundOutcome(_)
            | Body::RoundDropped(_) => Err(StageError::TooEarly),
        }
    }

    pub(super) fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Commitment(index, message, key) => {
                self.keys.insert(index, key);
                self.messages.insert(index, (message, None));
            }
            Effect::Dealing { dealer, dealing, points, ephemerals } => {
                self.ephemerals = ephemerals;
                self.reveal(dealer, *dealing, points);
            }
            Effect::LastDealing { dealer, dealing, points, joint } => {
                self.reveal(dealer, *dealing, points);
                self.joint = Some(*joint);
            }
            Effect::Confirmation(index) => {
                self.confirmed.insert(index);
            }
        }
    }

    fn reveal(&mut self, dealer: TrusteeIndex, dealing: Dealing, points: Commitments) {
        if let Some((_, dealt)) = self.messages.get_mut(&dealer) {
            *dealt = Some((dealing, points));
        }
    }
}

fn stage_rule(error: &StageError) -> Rule {
    match error {
        StageError::OtherCeremony | StageError::UnknownTrustee | StageError::Repeated => Rule::CeremonyMessage,
        StageError::TooEarly => Rule::EntryLegal,
        StageError::EncryptionKey => Rule::CeremonyEncryptionKey,
        StageError::OtherDealing => Rule::CeremonyCommitted,
        StageError::Shape => Rule::CeremonyShape,
        StageError::Constant | StageError::Ephemeral(_) | StageError::BadShare(_) => Rule::CeremonyPossession,
        StageError::OtherRecord => Rule::CeremonyConfirmed,
        StageError::IdentityKey => Rule::CeremonyIdentity,
    }
}

//! Testing a sealed ballot on another device: the seed of its ElGamal randomness and the answers, nothing else (S2).

use std::collections::BTreeMap;

use proofs::elgamal::EncryptionKey;
use thiserror::Error;

use super::seal::{SealingSeed, tracker_of};
use super::{RoundRules, Sealed};
use crate::codec::{self, Malformed, Reader, Wire, Writer};
use crate::contest::{Choice, Entitlement};
use crate::ids::{GroupIndex, Tracker};
use crate::manifest::MAX_CONTESTS;

/// What discloses a sealed ballot that is never cast.
pub struct Opening {
    seed: SealingSeed,
    member: Entitlement,
    choices: Vec<Choice>,
}

impl core::fmt::Debug for Opening {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Opening(..)")
    }
}

/// The device that sealed the ballot was not honest, or the parts do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpeningError {
    /// Not canonical.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The sealed bytes have another tracker than the one shown.
    #[error("these sealed bytes have another receipt number than the one that was shown")]
    Tracker,
    /// The sealed ballot does not hold these answers: the device changed the vote.
    #[error("the sealed ballot does not hold the answers that the device claims: do not vote with this device")]
    OtherAnswers,
}

impl Opening {
    pub(super) fn new(seed: SealingSeed, member: Entitlement, choices: Vec<Choice>) -> Self {
        Self { seed, member, choices }
    }

    /// The bytes to hand to the other device; they disclose the answers.
    #[must_use]
    pub fn expose_bytes(&self) -> Vec<u8> {
        codec::to_bytes(self)
    }

    /// Reads what the sealing device disclosed.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        codec::from_bytes(bytes, 65_536)
    }

    /// Encrypts the answers again and compares with the sealed bytes and the tracker that was shown before. Returns the
    /// answers that the ballot really holds.
    ///
    /// # Errors
    /// [`OpeningError`].
    pub fn check(&self, rules: &RoundRules, sealed: &[Vec<u8>], shown: &Tracker) -> Result<&[Choice], OpeningError> {
        if tracker_of(sealed) != *shown {
            return Err(OpeningError::Tracker);
        }
        let Entitlement { group, weight } = self.member;
        let (contests, parts): (Vec<_>, _) = (rules.contests_of(group).collect(), rules.parts_of(group));
        if contests.len() != self.choices.len() || parts.len() != sealed.len() {
            return Err(OpeningError::OtherAnswers);
        }
        let mut answers = BTreeMap::new();
        for (rule, choice) in contests.iter().zip(&self.choices) {
            let values = rule.contest.values(choice, weight).map_err(|_| OpeningError::OtherAnswers)?;
            let sections = rule.sections(weight).map_err(|_| OpeningError::OtherAnswers)?;
            answers.insert(rule.index, (values, sections));
        }
        let key = EncryptionKey::new(rules.binding.joint_key);
        for (number, (places, part)) in (0_u32..).zip(parts.iter().zip(sealed)) {
            let part: Sealed = codec::from_bytes(part, tlog::tile::MAX_ENTRY)?;
            let binding = &rules.binding;
            let expected = (binding.event, binding.round, number, places.len());
            if (part.event, part.round, part.part, part.sections.len()) != expected {
                return Err(OpeningError::OtherAnswers);
            }
            for (place, sealed) in places.iter().zip(&part.sections) {
                let answer = answers
                    .get(&place.contest)
                    .and_then(|(values, sections)| Some((values.get(place.section)?, sections.get(place.section)?)));
                let (values, section) = answer.ok_or(OpeningError::OtherAnswers)?;
                let randomness = self.seed.randomness(place, section);
                let pairs =
                    section.statement().encrypt(&key, values, &randomness).map_err(|_| OpeningError::OtherAnswers)?;
                let bytes: Vec<u8> = pairs.iter().flat_map(|pair| pair.to_bytes()).collect();
                if bytes != sealed.ciphertexts {
                    return Err(OpeningError::OtherAnswers);
                }
            }
        }
        Ok(&self.choices)
    }
}

impl Wire for Opening {
    const WHAT: &'static str = "opening of a sealed ballot";
    fn write(&self, w: &mut Writer) {
        w.array(4);
        w.bytes(&self.seed.0);
        w.uint(self.member.group.0.into());
        w.uint(self.member.weight);
        w.list(&self.choices);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(4, Self::WHAT)?;
        let seed = SealingSeed(r.fixed("seed")?);
        let group = GroupIndex(r.uint32("group")?);
        let weight = r.uint("weight")?;
        if weight == 0 {
            return Err(r.malformed("weight"));
        }
        let choices = r.list(MAX_CONTESTS)?;
        Ok(Self { seed, member: Entitlement { group, weight }, choices })
    }
}

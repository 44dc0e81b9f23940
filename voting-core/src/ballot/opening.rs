//! Testing a sealed ballot on another device: the seed of its ElGamal randomness and the answers, nothing else (S2).

use proofs::elgamal::EncryptionKey;
use thiserror::Error;

use super::seal::SealingSeed;
use super::{RoundRules, Sealed};
use crate::codec::{self, Malformed, Reader, Wire, Writer};
use crate::contest::Choice;
use crate::ids::{GroupIndex, OptionIndex, Tracker};
use crate::manifest::MAX_CONTESTS;

/// What discloses a sealed ballot that is never cast.
pub struct Opening {
    seed: SealingSeed,
    group: GroupIndex,
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
    pub(super) fn new(seed: SealingSeed, group: GroupIndex, choices: Vec<Choice>) -> Self {
        Self { seed, group, choices }
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
    pub fn check(&self, rules: &RoundRules, sealed: &[u8], shown: &Tracker) -> Result<&[Choice], OpeningError> {
        if Tracker::of(sealed) != *shown {
            return Err(OpeningError::Tracker);
        }
        let sealed: Sealed = codec::from_bytes(sealed, tlog::tile::MAX_ENTRY)?;
        let binding = &rules.binding;
        if (sealed.event, sealed.round) != (binding.event, binding.round) {
            return Err(OpeningError::OtherAnswers);
        }
        let key = EncryptionKey::new(binding.joint_key);
        let contests: Vec<_> = rules.contests_of(self.group).collect();
        if contests.len() != self.choices.len() || contests.len() != sealed.contests.len() {
            return Err(OpeningError::OtherAnswers);
        }
        for ((rule, choice), contest) in contests.iter().zip(&self.choices).zip(&sealed.contests) {
            let values = rule.contest.values(choice).map_err(|_| OpeningError::OtherAnswers)?;
            let randomness = self.seed.randomness(rule.index, rule.statement.encrypted());
            let pairs = rule.statement.encrypt(&key, &values, &randomness).map_err(|_| OpeningError::OtherAnswers)?;
            let bytes: Vec<u8> = pairs.iter().flat_map(|pair| pair.to_bytes()).collect();
            if bytes != contest.ciphertexts {
                return Err(OpeningError::OtherAnswers);
            }
        }
        Ok(&self.choices)
    }
}

impl Wire for Opening {
    const WHAT: &'static str = "opening of a sealed ballot";
    fn write(&self, w: &mut Writer) {
        w.array(3);
        w.bytes(&self.seed.0);
        w.uint(self.group.0.into());
        w.array(self.choices.len());
        for choice in &self.choices {
            match choice {
                Choice::Blank => w.array(0),
                Choice::Selection(options) => {
                    w.array(1);
                    w.array(options.len());
                    options.iter().for_each(|option| w.uint(option.0.into()));
                }
            }
        }
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(3, Self::WHAT)?;
        let seed = SealingSeed(r.fixed("seed")?);
        let group = GroupIndex(r.uint32("group")?);
        let count = r.array_up_to(MAX_CONTESTS, "answers")?;
        let mut choices = Vec::with_capacity(count);
        for _ in 0..count {
            choices.push(match r.array_up_to(1, "answer")? {
                0 => Choice::Blank,
                _ => {
                    let options = r.array_up_to(crate::contest::MAX_OPTIONS, "options")?;
                    let options = (0..options).map(|_| r.uint32("option").map(OptionIndex));
                    Choice::Selection(options.collect::<Result<_, _>>()?)
                }
            });
        }
        Ok(Self { seed, group, choices })
    }
}

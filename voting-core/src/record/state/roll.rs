//! The roll of a round in the fold.

use proofs::elgamal::PublicKey;

use crate::contest::{Contest, Entitlement};
use crate::entry::{RollChunk, RollClosed};
use crate::ids::CredentialKey;
use crate::manifest::MAX_TOTAL;
use crate::record::{Culprit, Refusal, Rule};

/// The roll of one round. Keys are checked to be points when they come in, and kept encoded: 48 bytes for each member
/// instead of 208. Decoding one again with its ballot takes 4 us of more than 100, on all cores; M5 says once, but the roll
/// would then take more memory than everything else of a ballot together.
#[derive(Clone, Debug)]
pub struct Roll {
    /// Ascending, as the chunks are (M11).
    keys: Vec<CredentialKey>,
    members: Vec<Entitlement>,
    chunks: u32,
    /// For each group its members and their weight.
    groups: Vec<(u64, u64)>,
    closed: bool,
}

#[derive(Debug)]
pub(super) enum Effect {
    Chunk(Vec<(CredentialKey, Entitlement)>),
    Closed,
}

impl Roll {
    pub(super) fn new(groups: usize) -> Self {
        Self { keys: Vec::new(), members: Vec::new(), chunks: 0, groups: vec![(0, 0); groups], closed: false }
    }

    /// A member by credential.
    #[must_use]
    pub fn member(&self, credential: &CredentialKey) -> Option<&Entitlement> {
        self.members.get(self.position(credential)?)
    }

    /// A member by credential, with the decoded key.
    #[must_use]
    pub fn voter(&self, credential: &CredentialKey) -> Option<(PublicKey, Entitlement)> {
        let member = self.member(credential)?;
        // It was decoded when it came on the roll, so this can't fail (A4, M5).
        Some((PublicKey::decode(credential.as_bytes()).ok()?, *member))
    }

    /// Position of a credential on the roll.
    #[must_use]
    pub fn position(&self, credential: &CredentialKey) -> Option<usize> {
        self.keys.binary_search(credential).ok()
    }

    /// Number of members: those entitled to vote.
    #[must_use]
    pub fn entitled(&self) -> u64 {
        self.groups.iter().map(|(members, _)| members).sum()
    }

    /// Sum of all weights.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.groups.iter().map(|(_, weight)| weight).sum()
    }

    /// Members and weight of each group.
    #[must_use]
    pub fn groups(&self) -> &[(u64, u64)] {
        &self.groups
    }

    /// Number of chunks so far.
    #[must_use]
    pub fn chunks(&self) -> u32 {
        self.chunks
    }

    /// Whether the registrar has ended the roll.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn check_chunk(&self, chunk: &RollChunk, by: Culprit) -> Result<Effect, Refusal> {
        let RollChunk { round, number, members } = chunk;
        if self.closed {
            return Err(Refusal::new(Rule::EntryLegal, by, format!("the roll of round {round} has been closed")));
        }
        if *number != self.chunks || members.is_empty() {
            let what = format!("chunk {number} where chunk {} follows, or an empty one", self.chunks);
            return Err(Refusal::new(Rule::RollOrder, by, what));
        }
        let mut decoded = Vec::with_capacity(members.len());
        let mut last = self.keys.last().copied();
        for member in members {
            if last.is_some_and(|last| last >= member.key) {
                let what = format!("credential {} is not above the one before it", member.key); // M11
                return Err(Refusal::new(Rule::RollOrder, by, what));
            }
            last = Some(member.key);
            PublicKey::decode(member.key.as_bytes()).map_err(|error| {
                Refusal::new(Rule::RollKey, by, format!("credential {}: {error}", member.key)) // A4
            })?;
            if member.weight == 0 || member.group.position() >= self.groups.len() {
                let what = format!("credential {} has weight 0 or an unknown group", member.key);
                return Err(Refusal::new(Rule::RollBound, by, what));
            }
            decoded.push((member.key, Entitlement { weight: member.weight, group: member.group }));
        }
        let added = members.iter().try_fold(self.weight(), |sum, member| sum.checked_add(member.weight));
        if added.is_none_or(|sum| sum > MAX_TOTAL) {
            return Err(Refusal::new(Rule::RollBound, by, "the sum of weights exceeds 2^40")); // A9
        }
        Ok(Effect::Chunk(decoded))
    }

    pub(super) fn check_closed(
        &self,
        closed: &RollClosed,
        contests: &[Contest],
        by: Culprit,
    ) -> Result<Effect, Refusal> {
        let RollClosed { round, groups } = closed;
        if self.closed {
            return Err(Refusal::new(Rule::EntryLegal, by, format!("the roll of round {round} has been closed")));
        }
        if *groups != self.groups {
            let what = format!("the roll has {:?} members and weights, its end says {groups:?}", self.groups);
            return Err(Refusal::new(Rule::RollCount, by, what));
        }
        if self.entitled() == 0 || self.groups.iter().any(|(members, _)| *members == 1) {
            return Err(Refusal::new(Rule::RollCount, by, "the roll is empty, or a group has a single member"));
        }
        let weight = self.weight();
        if contests.iter().any(|contest| contest.largest_total(weight).is_none_or(|total| total > MAX_TOTAL)) {
            let what = "the sum of weights times the largest cell exceeds 2^40"; // A9
            return Err(Refusal::new(Rule::RollBound, by, what));
        }
        Ok(Effect::Closed)
    }

    pub(super) fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Chunk(members) => {
                self.chunks += 1;
                for (key, member) in members {
                    if let Some((count, weight)) = self.groups.get_mut(member.group.position()) {
                        *count += 1;
                        *weight += member.weight;
                    }
                    self.keys.push(key);
                    self.members.push(member);
                }
            }
            Effect::Closed => self.closed = true,
        }
    }
}

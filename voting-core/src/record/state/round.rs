//! A round in the fold: planned, open, closed, counted.

use std::collections::BTreeMap;

use proofs::elgamal::{Ciphertext, CompressedCiphertext};

use super::{Checked, Effect as StateEffect, Member, State};
use crate::ballot::{RoundRules, VerifiedBallot};
use crate::context::RoundBinding;
use crate::entry::{Author, NotCounted, RoundClosed, RoundResult, RoundStarted, Totals, open_close_order};
use crate::ids::{ContestIndex, CredentialKey, EntryIndex, GroupIndex, RoundId, RoundIndex, Tracker, TrusteeIndex};
use crate::record::{Culprit, Refusal, Rule};
use crate::tally::combine::{self, Parts};
use crate::tally::partial::{self, PartialDecryption, PartialError};
use crate::tally::{ClosingCheckpoint, Tally};

/// A round.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "an event has a handful of rounds")]
pub enum Round {
    /// Not started.
    Planned,
    /// Accepts ballots.
    Open(Voting),
    /// Voting is over; the count is under way, or done.
    Closed(Counting),
}

/// The chain of one credential's ballots: its last element counts (S3).
#[derive(Clone, Debug)]
pub struct Chain {
    /// Counter of the latest ballot.
    pub counter: u64,
    /// Leaf hash of the latest ballot.
    pub leaf: tlog::hash::Hash,
    /// Where the latest ballot stands.
    pub index: EntryIndex,
    /// Its tracker.
    pub tracker: Tracker,
    /// Its ciphertexts, encoded: taken out of the sum again when it is replaced.
    contests: Vec<(ContestIndex, Box<[CompressedCiphertext]>)>,
}

/// A round in which ballots are accepted.
#[derive(Clone, Debug)]
pub struct Voting {
    rules: RoundRules,
    started: u64,
    tallies: Vec<Tally>,
    chains: BTreeMap<CredentialKey, Chain>,
    ballots: u64,
}

/// How the count of a round ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With totals.
    Result(RoundResult),
    /// Without, because too few ballots count.
    NotCounted,
}

/// A round whose voting is over.
#[derive(Clone, Debug)]
pub struct Counting {
    rules: RoundRules,
    tallies: Vec<Tally>,
    chains: BTreeMap<CredentialKey, Chain>,
    ballots: u64,
    started: u64,
    closed: u64,
    closing: ClosingCheckpoint,
    parts: BTreeMap<TrusteeIndex, Parts>,
    ending: Option<Ending>,
}

#[derive(Debug)]
pub(super) enum Effect {
    Start(Box<Voting>),
    Close { time: u64, minimum: u64, largest_share: (u32, u32) },
    Part(TrusteeIndex, Parts),
    End(Ending),
}

impl Round {
    /// The voting, if the round is open.
    #[must_use]
    pub fn open(&self) -> Option<&Voting> {
        match self {
            Self::Open(voting) => Some(voting),
            Self::Planned | Self::Closed(_) => None,
        }
    }

    pub(super) fn open_mut(&mut self) -> Option<&mut Voting> {
        match self {
            Self::Open(voting) => Some(voting),
            Self::Planned | Self::Closed(_) => None,
        }
    }

    /// The count, if the round is closed.
    #[must_use]
    pub fn closed(&self) -> Option<&Counting> {
        match self {
            Self::Closed(counting) => Some(counting),
            Self::Planned | Self::Open(_) => None,
        }
    }

    /// The round's rules once it has started.
    #[must_use]
    pub fn rules(&self) -> Option<&RoundRules> {
        match self {
            Self::Planned => None,
            Self::Open(voting) => Some(&voting.rules),
            Self::Closed(counting) => Some(&counting.rules),
        }
    }

    /// The round's id once it has started.
    #[must_use]
    pub fn id(&self) -> Option<RoundId> {
        self.rules().map(|rules| rules.binding.round)
    }

    /// Whether the round has a result, or has ended without one.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.closed().is_some_and(|counting| counting.ending.is_some())
    }

    /// The latest ballot of a credential, during the voting and after it.
    #[must_use]
    pub fn chain(&self, credential: &CredentialKey) -> Option<&Chain> {
        match self {
            Self::Planned => None,
            Self::Open(voting) => voting.chains.get(credential),
            Self::Closed(counting) => counting.chains.get(credential),
        }
    }

    /// Number of ballots on the log, replaced ones included.
    #[must_use]
    pub fn ballots(&self) -> u64 {
        match self {
            Self::Planned => 0,
            Self::Open(voting) => voting.ballots,
            Self::Closed(counting) => counting.ballots,
        }
    }

    /// Number of credentials that have cast.
    #[must_use]
    pub fn turnout(&self) -> u64 {
        match self {
            Self::Planned => 0,
            Self::Open(voting) => voting.chains.len() as u64,
            Self::Closed(counting) => counting.chains.len() as u64,
        }
    }

    pub(super) fn apply(&mut self, effect: Effect, size: u64, root: tlog::hash::Hash) {
        match (effect, &mut *self) {
            (Effect::Start(voting), _) => *self = Self::Open(*voting),
            (Effect::Close { time, minimum, largest_share }, Self::Open(voting)) => {
                for tally in &mut voting.tallies {
                    tally.counted = tally.may_be_decrypted(minimum, largest_share);
                }
                *self = Self::Closed(Counting {
                    rules: voting.rules.clone(),
                    tallies: core::mem::take(&mut voting.tallies),
                    chains: core::mem::take(&mut voting.chains),
                    ballots: voting.ballots,
                    started: voting.started,
                    closed: time,
                    closing: ClosingCheckpoint { size, root },
                    parts: BTreeMap::new(),
                    ending: None,
                });
            }
            (Effect::Part(trustee, parts), Self::Closed(counting)) => {
                counting.parts.insert(trustee, parts);
            }
            (Effect::End(ending), Self::Closed(counting)) => counting.ending = Some(ending),
            // `check` has made sure that the effect fits the round, and `apply` that nothing happened in between.
            (Effect::Close { .. } | Effect::Part(..) | Effect::End(_), _) => {}
        }
    }
}

impl Voting {
    /// The rules of the round.
    #[must_use]
    pub fn rules(&self) -> &RoundRules {
        &self.rules
    }

    /// The administrator's clock at the start, in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn started_at(&self) -> u64 {
        self.started
    }

    /// The latest ballot of a credential.
    #[must_use]
    pub fn chain(&self, credential: &CredentialKey) -> Option<&Chain> {
        self.chains.get(credential)
    }

    /// Takes a verified ballot into the sums; what it replaces is taken out (A14).
    pub(super) fn count(&mut self, ballot: &VerifiedBallot, member: &Member, index: EntryIndex) {
        let contests: Vec<(ContestIndex, Box<[CompressedCiphertext]>)> = ballot.compressed().to_vec();
        let chain =
            Chain { counter: ballot.counter(), leaf: ballot.leaf(), index, tracker: ballot.tracker(), contests };
        let replaced = self.chains.insert(ballot.credential(), chain);
        self.ballots += 1;
        for (contest, cells) in ballot.contests() {
            let Some(tally) = tally_mut(&mut self.tallies, *contest, member.group) else { continue };
            for (sum, cell) in tally.cells.iter_mut().zip(cells.iter()) {
                *sum += cell.vartime_scale(member.weight);
            }
            if replaced.is_none() {
                tally.ballots += 1;
                tally.weight += member.weight;
                tally.heaviest = tally.heaviest.max(member.weight);
            }
        }
        for (contest, cells) in replaced.iter().flat_map(|chain| &chain.contests) {
            let Some(tally) = tally_mut(&mut self.tallies, *contest, member.group) else { continue };
            for (sum, cell) in tally.cells.iter_mut().zip(cells.iter()) {
                // It was decoded when it was accepted.
                if let Ok(cell) = cell.decompress() {
                    *sum -= cell.vartime_scale(member.weight);
                }
            }
        }
    }
}

fn tally_mut(tallies: &mut [Tally], contest: ContestIndex, group: GroupIndex) -> Option<&mut Tally> {
    tallies.iter_mut().find(|tally| tally.contest == contest && tally.group.is_none_or(|own| own == group))
}

impl Counting {
    /// The rules of the round.
    #[must_use]
    pub fn rules(&self) -> &RoundRules {
        &self.rules
    }
    /// The aggregates, in the order of contests and groups.
    #[must_use]
    pub fn tallies(&self) -> &[Tally] {
        &self.tallies
    }
    /// The closing checkpoint.
    #[must_use]
    pub fn closing(&self) -> ClosingCheckpoint {
        self.closing
    }
    /// The administrator's clock at the start, in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn started_at(&self) -> u64 {
        self.started
    }
    /// The board's clock at closing, in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn closed_at(&self) -> u64 {
        self.closed
    }
    /// The verified parts of the count.
    #[must_use]
    pub fn parts(&self) -> &BTreeMap<TrusteeIndex, Parts> {
        &self.parts
    }
    /// How the count ended.
    #[must_use]
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }
    /// The credentials that count, with their latest ballots.
    #[must_use]
    pub fn chains(&self) -> &BTreeMap<CredentialKey, Chain> {
        &self.chains
    }
}

impl State {
    /// Whether any tally of a closed round may be decrypted; else the words why not (A36, S12). Tallies of the round that
    /// do not count stay closed ([`Tally::counted`]).
    ///
    /// # Errors
    /// The reason, in words.
    pub fn may_be_decrypted(&self, counting: &Counting) -> Result<(), String> {
        let (minimum, share) = (self.manifest.minimum_ballots, self.manifest.largest_share);
        if counting.tallies.iter().any(|tally| tally.counted) {
            return Ok(());
        }
        counting.tallies.first().map_or(Err("the round has no tally".into()), |tally| {
            Err(format!(
                "contest {} has {} ballots of weight {} (the heaviest {}); at least {minimum} ballots are needed, and no \
                 credential may hold more than {}/{} of the weight",
                tally.contest, tally.ballots, tally.weight, tally.heaviest, share.0, share.1
            ))
        })
    }

    /// The closing entry that the board must write now for this order.
    ///
    /// # Errors
    /// [`Refusal`] unless the order is signed by the administrator and names the open round.
    pub fn closing_entry(&self, order: &[u8], time: u64) -> Result<RoundClosed, Refusal> {
        let voting = self.ordered_round(order, Culprit::Author(Author::Administrator))?.1;
        // An administrator's clock that runs ahead must not keep the round open (R-ROUND-06).
        let time = time.max(voting.started);
        Ok(RoundClosed { order: order.to_vec(), ballots: voting.ballots, size: self.size(), root: self.root(), time })
    }

    fn ordered_round(&self, order: &[u8], by: Culprit) -> Result<(RoundIndex, &Voting), Refusal> {
        let order = open_close_order(&self.manifest, order);
        let order = order.map_err(|error| Refusal::new(Rule::RoundOrder, by, error.to_string()))?;
        let open = self.voting().filter(|(_, voting)| voting.rules.binding.round == order.round);
        let what = "the round that the order names is not open";
        let (index, voting) = open.ok_or_else(|| Refusal::new(Rule::EntryLegal, by, what))?;
        if order.time < voting.started {
            let what = "the order was given before the round was started: it could have been kept for any moment";
            return Err(Refusal::new(Rule::RoundTime, by, what));
        }
        Ok((index, voting))
    }

    fn counting(&self, round: RoundId, by: Culprit) -> Result<(RoundIndex, &Counting), Refusal> {
        let closed = self.rounds().find_map(|(index, round)| Some((index, round.closed()?)));
        let wanted = |(_, counting): &(RoundIndex, &Counting)| counting.rules.binding.round == round;
        let found = self.rounds().filter_map(|(index, round)| Some((index, round.closed()?))).find(wanted);
        found.ok_or_else(|| {
            let what = if closed.is_some() { "there is no such closed round" } else { "no round has been closed" };
            Refusal::new(Rule::EntryLegal, by, what)
        })
    }

    pub(super) fn check_started(&self, started: &RoundStarted, by: Culprit) -> Result<StateEffect, Refusal> {
        let RoundStarted { statement, joint_key, time } = started;
        let index = statement.index;
        let planned = self.manifest.round(index);
        if planned != Some(&statement.plan) {
            let what = format!("round {index} is not the one that the manifest planned");
            return Err(Refusal::new(Rule::RoundPlan, by, what));
        }
        let not_ready = |what: String| Refusal::new(Rule::RoundReady, by, what);
        let joint = self.joint_key().ok_or_else(|| not_ready("the key ceremony is not complete".into()))?; // A41
        if joint.public.to_bytes() != *joint_key {
            return Err(not_ready("the round names another joint key than the ceremony gave".into()));
        }
        if !self.roll(index).is_some_and(super::Roll::is_closed) {
            return Err(not_ready(format!("the roll of round {index} is not complete")));
        }
        let before = self.rounds.iter().take(index.position());
        if !before.clone().all(Round::is_finished) || !matches!(self.round(index), Some(Round::Planned)) {
            return Err(not_ready("the rounds before it are not finished, or it was started before".into()));
        }
        let event = self.manifest.event();
        let binding = RoundBinding { event, round: statement.id(&event), joint_key: joint.public };
        let rules = RoundRules::new(binding, &statement.plan);
        let rules = rules.map_err(|error| Refusal::new(Rule::RoundPlan, by, error.to_string()))?;
        let mut tallies = Vec::new();
        for contest in rules.contests() {
            for group in contest.contest.tallies() {
                let cells = vec![Ciphertext::zero(); contest.contest.cells()];
                tallies.push(Tally {
                    contest: contest.index,
                    group,
                    cells,
                    ballots: 0,
                    weight: 0,
                    heaviest: 0,
                    counted: false,
                });
            }
        }
        let voting = Voting { rules, started: *time, tallies, chains: BTreeMap::new(), ballots: 0 };
        Ok(StateEffect::Round(index, Effect::Start(Box::new(voting))))
    }

    pub(super) fn check_closed(&self, closed: &RoundClosed, by: Culprit) -> Result<StateEffect, Refusal> {
        let RoundClosed { order, ballots, size, root, time } = closed;
        let (index, voting) = self.ordered_round(order, by)?;
        if *ballots != voting.ballots {
            let what = format!("{ballots} ballots are stated, {} stand on the log", voting.ballots); // A15
            return Err(Refusal::new(Rule::RoundCount, by, what));
        }
        if (*size, *root) != (self.size(), self.root()) {
            return Err(Refusal::new(Rule::RoundTree, by, "size or root is not that of the tree before this entry"));
        }
        if *time < voting.started {
            return Err(Refusal::new(Rule::RoundTime, by, "the round is closed before its start"));
        }
        let (minimum, largest_share) = (self.manifest.minimum_ballots, self.manifest.largest_share);
        Ok(StateEffect::Round(index, Effect::Close { time: *time, minimum, largest_share }))
    }

    pub(super) fn check_partial(
        &self,
        author: Author,
        message: &PartialDecryption,
        by: Culprit,
    ) -> Result<StateEffect, Refusal> {
        let (index, counting) = self.counting(message.round, by)?;
        let Author::Trustee(trustee) = author else {
            return Err(Refusal::new(Rule::EntrySignature, by, "only trustees decrypt"));
        };
        if counting.parts.contains_key(&trustee) || counting.ending.is_some() {
            let what = "this trustee has decrypted this round before, or the round has ended";
            return Err(Refusal::new(Rule::DecryptOnce, by, what));
        }
        self.may_be_decrypted(counting).map_err(|what| Refusal::new(Rule::DecryptMinimum, by, what))?;
        let joint = self.joint_key().ok_or_else(|| Refusal::new(Rule::EntryLegal, by, "there is no joint key"))?;
        let binding = &counting.rules.binding;
        let points = partial::verify(message, trustee, joint, binding, &counting.closing, &counting.tallies);
        let points = points.map_err(|error| {
            let rule = match error {
                PartialError::OtherEvent | PartialError::OtherCheckpoint => Rule::DecryptCheckpoint,
                PartialError::Shape => Rule::DecryptShape,
                PartialError::TooFew(_) => Rule::DecryptMinimum,
                PartialError::Proof { .. } => Rule::DecryptProof,
            };
            Refusal::new(rule, by, error.to_string())
        })?;
        Ok(StateEffect::Round(index, Effect::Part(trustee, points)))
    }

    pub(super) fn check_result(&self, result: &RoundResult, by: Culprit) -> Result<StateEffect, Refusal> {
        let RoundResult { round, trustees, totals } = result;
        let (index, counting) = self.counting(*round, by)?;
        if counting.ending.is_some() {
            return Err(Refusal::new(Rule::ResultOnce, by, "the round has ended before"));
        }
        let ascending = trustees.is_sorted_by(|a, b| a < b);
        if !ascending || trustees.len() != self.manifest.threshold as usize {
            let what = format!("exactly {} trustees must be named, ascending", self.manifest.threshold);
            return Err(Refusal::new(Rule::ResultTrustees, by, what));
        }
        let combined = self.combine(counting, trustees).map_err(|what| Refusal::new(Rule::ResultTrustees, by, what))?;
        let bound = |tally: &Tally| {
            let contest = counting.rules.contests().get(tally.contest.position());
            tally.weight.saturating_mul(contest.map_or(0, |rules| rules.contest.largest_cell()))
        };
        combine::check(&counting.tallies, &combined, totals, bound)
            .map_err(|error| Refusal::new(Rule::ResultTotals, by, error.to_string()))?;
        Ok(StateEffect::Round(index, Effect::End(Ending::Result(result.clone()))))
    }

    fn combine(
        &self,
        counting: &Counting,
        trustees: &[TrusteeIndex],
    ) -> Result<Vec<Vec<proofs::group::Point>>, String> {
        let mut parts = Vec::with_capacity(trustees.len());
        for trustee in trustees {
            let part = counting.parts.get(trustee);
            parts.push((*trustee, part.ok_or_else(|| format!("trustee {trustee} has not decrypted this round"))?));
        }
        combine::combine(&counting.tallies, &parts).map_err(|error| error.to_string())
    }

    /// Computes the result of a closed round from the first t parts on the log. Searches discrete logarithms up to the
    /// cast weight (A9): up to some seconds for 2^40.
    ///
    /// # Errors
    /// The reason, in words: too few parts, for instance.
    pub fn compute_result(&self, index: RoundIndex) -> Result<RoundResult, String> {
        let counting = self.round(index).and_then(Round::closed).ok_or("the round is not closed")?;
        let threshold = self.manifest.threshold as usize;
        let trustees: Vec<_> = counting.parts.keys().copied().take(threshold).collect();
        if trustees.len() < threshold {
            return Err(format!("{} of {threshold} trustees needed have decrypted: wait for more", trustees.len()));
        }
        self.may_be_decrypted(counting)?;
        let combined = self.combine(counting, &trustees)?;
        let bound = counting.tallies.iter().map(|tally| {
            let contest = counting.rules.contests().get(tally.contest.position());
            tally.weight.saturating_mul(contest.map_or(0, |rules| rules.contest.largest_cell()))
        });
        let table = proofs::small_log::SmallLog::new(bound.max().unwrap_or(0)).map_err(|error| error.to_string())?;
        let totals: Vec<Totals> =
            combine::totals(&counting.tallies, &combined, &table).map_err(|error| error.to_string())?;
        Ok(RoundResult { round: counting.rules.binding.round, trustees, totals })
    }

    pub(super) fn check_not_counted(&self, message: &NotCounted, by: Culprit) -> Result<StateEffect, Refusal> {
        let (index, counting) = self.counting(message.round, by)?;
        if counting.ending.is_some() {
            return Err(Refusal::new(Rule::ResultOnce, by, "the round has ended before"));
        }
        if self.may_be_decrypted(counting).is_ok() {
            return Err(Refusal::new(Rule::ResultOnce, by, "enough ballots count: the round must be decrypted"));
        }
        Ok(StateEffect::Round(index, Effect::End(Ending::NotCounted)))
    }
}

impl Checked {
    /// The leaf hash of the checked entry.
    #[must_use]
    pub fn leaf(&self) -> tlog::hash::Hash {
        self.leaf
    }
}

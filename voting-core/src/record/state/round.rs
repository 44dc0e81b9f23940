//! A round in the fold: planned, open, closed, counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use proofs::elgamal::Ciphertext;

use super::chains::{Chain, Chains};
use super::recall::Recalled;
use super::{Checked, Effect as StateEffect, Roll, State};
use crate::ballot::{MAX_PARTS, RoundRules, VerifiedBallot};
use crate::contest::Entitlement;
use crate::context::RoundBinding;
use crate::entry::{
    Attendance, Author, GroupAttendance, RoundClosed, RoundDropped, RoundOutcome, RoundResult, RoundStarted,
    open_close_order,
};
use crate::ids::{ContestIndex, CredentialKey, EntryIndex, GroupIndex, RoundId, RoundIndex, TrusteeIndex};
use crate::manifest::RoundPlan;
use crate::record::{Culprit, Refusal, Rule};
use crate::tally::combine::Parts;
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
    /// Never held.
    Dropped,
}

/// A round in which ballots are accepted.
#[derive(Clone, Debug)]
pub struct Voting {
    pub(super) rules: RoundRules,
    pub(super) roll: Arc<Roll>,
    pub(super) started: u64,
    pub(super) tallies: Vec<Tally>,
    pub(super) chains: Chains,
    pub(super) ballots: u64,
    pub(super) attendance: Option<Vec<GroupAttendance>>,
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
    pub(super) rules: RoundRules,
    pub(super) roll: Arc<Roll>,
    pub(super) tallies: Vec<Tally>,
    pub(super) chains: Chains,
    pub(super) ballots: u64,
    pub(super) attendance: Option<Vec<GroupAttendance>>,
    pub(super) started: u64,
    pub(super) closed: u64,
    pub(super) closing: ClosingCheckpoint,
    pub(super) parts: BTreeMap<TrusteeIndex, Parts>,
    pub(super) ending: Option<Ending>,
    pub(super) outcome: Option<RoundOutcome>,
}

#[derive(Debug)]
pub(super) enum Effect {
    Start(Box<Voting>, RoundPlan),
    Attend(Vec<GroupAttendance>),
    Close { time: u64, minimum: u64, largest_share: (u32, u32) },
    Drop,
    Part(TrusteeIndex, Parts),
    End(Ending),
    Outcome(RoundOutcome),
}

impl Round {
    /// The voting, if the round is open.
    #[must_use]
    pub fn open(&self) -> Option<&Voting> {
        match self {
            Self::Open(voting) => Some(voting),
            Self::Planned | Self::Closed(_) | Self::Dropped => None,
        }
    }

    pub(super) fn open_mut(&mut self) -> Option<&mut Voting> {
        match self {
            Self::Open(voting) => Some(voting),
            Self::Planned | Self::Closed(_) | Self::Dropped => None,
        }
    }

    /// The count, if the round is closed.
    #[must_use]
    pub fn closed(&self) -> Option<&Counting> {
        match self {
            Self::Closed(counting) => Some(counting),
            Self::Planned | Self::Open(_) | Self::Dropped => None,
        }
    }

    /// The round's rules once it has started.
    #[must_use]
    pub fn rules(&self) -> Option<&RoundRules> {
        match self {
            Self::Planned | Self::Dropped => None,
            Self::Open(voting) => Some(&voting.rules),
            Self::Closed(counting) => Some(&counting.rules),
        }
    }

    /// The round's id once it has started.
    #[must_use]
    pub fn id(&self) -> Option<RoundId> {
        self.rules().map(|rules| rules.binding.round)
    }

    /// Whether the round has a result, has ended without one, or was never held.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self, Self::Dropped) || self.closed().is_some_and(|counting| counting.ending.is_some())
    }

    /// The latest ballot of a credential, during the voting and after it.
    #[must_use]
    pub fn chain(&self, credential: &CredentialKey) -> Option<&Chain> {
        match self {
            Self::Planned | Self::Dropped => None,
            Self::Open(voting) => voting.chain(credential),
            Self::Closed(counting) => counting.chains.latest(counting.roll.position(credential)?),
        }
    }

    /// Number of ballots on the log, replaced ones included; each part of a ballot is one.
    #[must_use]
    pub fn ballots(&self) -> u64 {
        match self {
            Self::Planned | Self::Dropped => 0,
            Self::Open(voting) => voting.ballots,
            Self::Closed(counting) => counting.ballots,
        }
    }

    /// Number of credentials that have cast.
    #[must_use]
    pub fn turnout(&self) -> u64 {
        match self {
            Self::Planned | Self::Dropped => 0,
            Self::Open(voting) => voting.chains.cast(),
            Self::Closed(counting) => counting.chains.cast(),
        }
    }

    pub(super) fn apply(&mut self, effect: Effect, size: u64, root: tlog::hash::Hash) {
        match (effect, &mut *self) {
            (Effect::Start(voting, _), _) => *self = Self::Open(*voting),
            (Effect::Attend(groups), Self::Open(voting)) => voting.attendance = Some(groups),
            (Effect::Drop, Self::Planned) => *self = Self::Dropped,
            (Effect::Close { time, minimum, largest_share }, Self::Open(voting)) => {
                for tally in &mut voting.tallies {
                    tally.counted = tally.may_be_decrypted(minimum, largest_share);
                }
                *self = Self::Closed(Counting {
                    rules: voting.rules.clone(),
                    roll: Arc::clone(&voting.roll),
                    tallies: core::mem::take(&mut voting.tallies),
                    chains: core::mem::take(&mut voting.chains),
                    ballots: voting.ballots,
                    attendance: voting.attendance.take(),
                    started: voting.started,
                    closed: time,
                    closing: ClosingCheckpoint { size, root },
                    parts: BTreeMap::new(),
                    ending: None,
                    outcome: None,
                });
            }
            (Effect::Part(trustee, parts), Self::Closed(counting)) => {
                counting.parts.insert(trustee, parts);
            }
            (Effect::End(ending), Self::Closed(counting)) => counting.ending = Some(ending),
            (Effect::Outcome(outcome), Self::Closed(counting)) => counting.outcome = Some(outcome),
            // `check` has made sure that the effect fits the round, and `apply` that nothing happened in between.
            (
                Effect::Attend(_)
                | Effect::Drop
                | Effect::Close { .. }
                | Effect::Part(..)
                | Effect::End(_)
                | Effect::Outcome(_),
                _,
            ) => {}
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

    /// For each group who is excused and present, once that was stated.
    #[must_use]
    pub fn attendance(&self) -> Option<&[GroupAttendance]> {
        self.attendance.as_deref()
    }

    /// The latest ballot of a credential.
    #[must_use]
    pub fn chain(&self, credential: &CredentialKey) -> Option<&Chain> {
        self.chains.latest(self.roll.position(credential)?)
    }

    /// Takes a verified ballot into the sums once it is complete; what it replaces is taken out (A14).
    pub(super) fn count(&mut self, ballot: &VerifiedBallot, recalled: &Recalled, index: EntryIndex) {
        let Some(position) = self.roll.position(&ballot.credential()) else { return };
        let Some(Entitlement { group, weight }) = self.roll.member(&ballot.credential()).copied() else { return };
        let first = self.chains.latest(position).is_none();
        self.chains.take(position, ballot, index);
        self.ballots += 1;
        let (part, parts) = ballot.part();
        if part + 1 < parts {
            return;
        }
        let added = ballot.sections().iter().chain(&recalled.added).map(|section| (section, true));
        for ((contest, first_cell, cells), add) in
            added.chain(recalled.taken_out.iter().map(|section| (section, false)))
        {
            let factor = self.rules.contest(*contest).map_or(0, |rules| rules.contest.factor(weight));
            let Some(tally) = tally_mut(&mut self.tallies, *contest, group) else { continue };
            for (sum, cell) in tally.cells.iter_mut().skip(*first_cell).zip(cells.iter()) {
                let cell = cell.vartime_scale(factor);
                if add { *sum += cell } else { *sum -= cell }
            }
        }
        let of_group = |tally: &&mut Tally| tally.group.is_none_or(|own| own == group);
        for tally in self.tallies.iter_mut().filter(of_group).filter(|_| first) {
            if self.rules.contest(tally.contest).is_some_and(|rules| rules.contest.is_for(group)) {
                tally.ballots += 1;
                tally.weight += weight;
                tally.heaviest = tally.heaviest.max(weight);
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
    /// The roll of the round.
    #[must_use]
    pub fn roll(&self) -> &Roll {
        &self.roll
    }
    /// For each group who is excused and present, where that was stated.
    #[must_use]
    pub fn attendance(&self) -> Option<&[GroupAttendance]> {
        self.attendance.as_deref()
    }
    /// What the rules made of the totals, once it stands on the log.
    #[must_use]
    pub fn outcome(&self) -> Option<&RoundOutcome> {
        self.outcome.as_ref()
    }
    /// How the count ended.
    #[must_use]
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }
}

impl State {
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

    pub(super) fn counting(&self, round: RoundId, by: Culprit) -> Result<(RoundIndex, &Counting), Refusal> {
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
        if !self.plan(index).is_some_and(|planned| planned.is_held_as(statement)) {
            let what = format!("round {index} is not the one that the manifest planned or an outcome calls for");
            return Err(Refusal::new(Rule::RoundPlan, by, what));
        }
        let not_ready = |what: String| Refusal::new(Rule::RoundReady, by, what);
        let joint = self.joint_key().ok_or_else(|| not_ready("the key ceremony is not complete".into()))?; // A41
        if joint.public.to_bytes() != *joint_key {
            return Err(not_ready("the round names another joint key than the ceremony gave".into()));
        }
        let roll = self.rolls.get(index.position()).filter(|roll| roll.is_closed());
        let roll = Arc::clone(roll.ok_or_else(|| not_ready(format!("the roll of round {index} is not complete")))?);
        let is_planned = |round: &Round| matches!(round, Round::Planned);
        if !self.rounds.iter().all(|round| round.is_finished() || is_planned(round))
            || !self.round(index).is_some_and(is_planned)
        {
            return Err(not_ready("another round is not finished, or this one was started before".into()));
        }
        // Rounds of the manifest are held in their order; a follow-up round may come between them.
        let earlier = self.rounds.iter().take(index.position().min(self.manifest.rounds.len()));
        if statement.cause.is_none() && !earlier.clone().all(Round::is_finished) {
            return Err(not_ready("a round before it was neither held nor dropped".into()));
        }
        let event = self.manifest.event();
        let binding = RoundBinding { event, round: statement.id(&event), joint_key: joint.public };
        let rules = RoundRules::new(binding, &statement.plan);
        let rules = rules.map_err(|error| Refusal::new(Rule::RoundPlan, by, error.to_string()))?;
        // A valid manifest excludes it, also for the rounds that follow: a round must never start that nobody can vote in.
        let fits = |group: &GroupIndex| (1..=MAX_PARTS).contains(&rules.parts_of(*group).len());
        if !statement.plan.contests.iter().flat_map(|contest| &contest.groups).all(fits) {
            return Err(Refusal::new(Rule::RoundPlan, by, "a ballot of this round would not fit its entries"));
        }
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
        let chains = Chains::new(usize::try_from(roll.entitled()).unwrap_or(0));
        let voting = Voting { rules, roll, started: *time, tallies, chains, ballots: 0, attendance: None };
        Ok(StateEffect::Round(index, Effect::Start(Box::new(voting), statement.plan.clone())))
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

    /// The registrar's statement who is excused and present: once for each round, before anybody knows a total.
    pub(super) fn check_attendance(&self, attendance: &Attendance, by: Culprit) -> Result<StateEffect, Refusal> {
        let open = self.voting().filter(|(_, voting)| voting.rules.binding.round == attendance.round);
        let what = "attendance is stated while the round is open";
        let (index, voting) = open.ok_or_else(|| Refusal::new(Rule::EntryLegal, by, what))?;
        let entitled = voting.roll.groups();
        let fits = |(group, entitled): (&GroupAttendance, &(u64, u64))| {
            let GroupAttendance { excused, present } = group;
            let sum = |a: u64, b: u64| a.checked_add(b);
            sum(excused.0, present.0).is_some_and(|members| members <= entitled.0)
                && sum(excused.1, present.1).is_some_and(|weight| weight <= entitled.1)
        };
        let complete = attendance.groups.len() == entitled.len();
        if voting.attendance.is_some() || !complete || !attendance.groups.iter().zip(entitled).all(fits) {
            let what = "attendance was stated before, or more members are excused and present than are on the roll";
            return Err(Refusal::new(Rule::RoundAttendance, by, what));
        }
        Ok(StateEffect::Round(index, Effect::Attend(attendance.groups.clone())))
    }

    pub(super) fn check_dropped(&self, dropped: &RoundDropped, by: Culprit) -> Result<StateEffect, Refusal> {
        if matches!(self.round(dropped.round), Some(Round::Planned)) {
            return Ok(StateEffect::Round(dropped.round, Effect::Drop));
        }
        let what = format!("round {} is not one that waits to be held", dropped.round);
        Err(Refusal::new(Rule::EntryLegal, by, what))
    }
}

impl Checked {
    /// The leaf hash of the checked entry.
    #[must_use]
    pub fn leaf(&self) -> tlog::hash::Hash {
        self.leaf
    }
}

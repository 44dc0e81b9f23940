//! Outcome rules: what the totals of a contest make of its question, as data in the manifest and one pure function.
//!
//! **In scope:** six numbers that are never mixed ([`Numbers`]), requirements as exact fractions of one of them
//! ([`Requirement`]), seats, ties, vacancies and the stage that follows ([`OutcomeRule`]); named profiles with their sources
//! ([`Profile`]); the verdict and the round that it calls for ([`evaluate()`]); the same in words ([`words()`]); what an
//! administrator writes ([`draft`]). **Out of scope:** how totals become places (that is a counting method's work) and how the
//! six numbers are found on the log.
//!
//! Every observer calls [`evaluate()`] on the same data and must get the same [`ContestOutcome`], byte for byte.
//!
//! # Numbers of options in a chain of rounds
//! A pre-selection, the run-off between its tied candidates and the formal election are three contests, each with options of
//! its own, numbered from 0. A [`Verdict`] uses the numbers of its own contest. A [`FollowUp`] uses those of the *first*
//! contest of the chain, so that people who were chosen in different rounds can stand in one list. Option `i` of a contest
//! that follows is `follow_up.options[i]` of the first one; that is all that [`evaluate()`] needs to continue the chain.

pub mod draft;

mod check;
mod evaluate;
mod profiles;
mod requirement;
mod wire;
mod words;

use serde::{Serialize, Serializer};

pub use check::{Problem, Shape, problems};
pub use evaluate::{evaluate, follow_up_rule};
pub use profiles::{Profile, Source, Subject};
pub use requirement::{Bound, Count, NotARequirement, Number, Numbers, Requirement};
pub use words::{Base, Language, Sentence, TieBreak, sentences, words};

use crate::contest::Kind;
use crate::ids::{ContestIndex, GroupIndex, OptionIndex, RoundId};

/// Most stages of one election, such as pre-selection and formal election; bounds the depth of a rule.
pub const MAX_STAGES: usize = 3;

/// What is done when more options have equal votes than seats are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ties {
    /// They are voted on again; the one with more votes is elected.
    NewRound,
    /// Lots, drawn from a public value of 32 bytes. Its source is announced beforehand; nobody can know the value itself
    /// before voting has ended. See [`evaluate()`] for the order.
    Lots,
    /// The order in which the ballot lists them, such as seniority.
    Listed,
}

/// What follows when fewer are elected than there are seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Vacancies {
    /// The seats stay vacant.
    LeaveOpen,
    /// A new vote on the vacant seats between those who are not elected.
    NewRound,
}

/// What a contest decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Nothing: totals are published, and people read them.
    TotalsOnly,
    /// Whether a motion is adopted.
    Adopt {
        /// The option that speaks for it.
        in_favour: OptionIndex,
        /// The option that speaks against it, if there is one. All others are abstentions.
        against: Option<OptionIndex>,
        /// What the votes in favour must reach.
        requirement: Requirement,
    },
    /// Who is elected: most votes first, up to the number of seats.
    Elect {
        /// How many are elected; at least 1.
        seats: u32,
        /// What the votes of each must reach; without it most votes are enough. No votes are never enough.
        requirement: Option<Requirement>,
        /// Equal votes for the last seat.
        ties: Ties,
        /// Too few elected.
        vacancies: Vacancies,
        /// The stage that those who are elected go on to: this is then a pre-selection.
        then: Option<Box<Stage>>,
    },
}

/// The stage that follows a pre-selection. Its options are those who were selected, in the order of the first ballot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// How it is answered. In views as hexadecimal digits of its canonical bytes.
    #[serde(serialize_with = "kind_in_hex")]
    pub kind: Kind,
    /// What its totals mean.
    pub rule: OutcomeRule,
}

fn kind_in_hex<S: Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(crate::codec::to_bytes(kind)))
}

/// The outcome rule of a contest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutcomeRule {
    /// The named profile that it is; [`problems()`] refuses a rule that differs from it.
    pub profile: Option<Profile>,
    /// How many members must be present, in members and never in votes.
    pub quorum: Option<Requirement>,
    /// What is decided, and how.
    pub decision: Decision,
}

impl OutcomeRule {
    /// The rule of a contest that has none: totals only.
    #[must_use]
    pub const fn totals_only() -> Self {
        Self { profile: None, quorum: None, decision: Decision::TotalsOnly }
    }

    /// Seats of an election.
    #[must_use]
    pub const fn seats(&self) -> Option<u32> {
        match &self.decision {
            Decision::Elect { seats, .. } => Some(*seats),
            Decision::TotalsOnly | Decision::Adopt { .. } => None,
        }
    }

    /// The stage that follows, if this is a pre-selection.
    #[must_use]
    pub fn stage(&self) -> Option<&Stage> {
        match &self.decision {
            Decision::Elect { then, .. } => then.as_deref(),
            Decision::TotalsOnly | Decision::Adopt { .. } => None,
        }
    }
}

/// What the totals of a contest, or of one of its groups, say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tallied {
    /// Weight in favour of each option, in order; none where the method knows no such number (pairwise comparisons).
    pub votes: Option<Vec<u64>>,
    /// Places from first to last. Options of one place are tied. Every option stands in exactly one place.
    pub places: Vec<Vec<OptionIndex>>,
    /// The six numbers.
    pub numbers: Numbers,
}

impl Tallied {
    /// Most votes first.
    #[must_use]
    pub fn from_votes(votes: Vec<u64>, numbers: Numbers) -> Self {
        let mut order: Vec<(u64, OptionIndex)> =
            votes.iter().zip(0..).map(|(votes, option)| (*votes, OptionIndex(option))).collect();
        order.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let places = order.chunk_by(|a, b| a.0 == b.0);
        let places = places.map(|place| place.iter().map(|(_, option)| *option).collect()).collect();
        Self { votes: Some(votes), places, numbers }
    }

    /// Weight in favour of an option; none where the method knows no such number or there is no such option.
    #[must_use]
    pub fn votes_for(&self, option: OptionIndex) -> Option<u64> {
        self.votes.as_ref()?.get(option.position()).copied()
    }
}

/// Which totals an outcome is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The round.
    pub round: RoundId,
    /// The contest.
    pub contest: ContestIndex,
    /// The group, where totals are decrypted for each.
    pub group: Option<GroupIndex>,
}

/// What the rule makes of the totals. Options are those of this contest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Too few members were present: no decision.
    NoQuorum,
    /// More ballots, or more votes on them, than were present: the vote is not valid.
    MoreBallotsThanPresent,
    /// The rule decides nothing.
    TotalsOnly,
    /// The motion is adopted.
    Adopted,
    /// The motion is not adopted.
    NotAdopted,
    /// An election or pre-selection.
    Election {
        /// Who is elected, in the order of places.
        elected: Vec<OptionIndex>,
        /// Who had equal votes for the last seats, ascending. Where `decided_by` is given, some of them are elected.
        tied: Vec<OptionIndex>,
        /// Seats that nobody can take after this vote. Seats between tied options are not vacant.
        vacant: u32,
        /// What decided between the tied; none while nothing has.
        decided_by: Option<Ties>,
    },
}

/// Why a round follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Equal votes for the last seats.
    Tie,
    /// Seats are vacant.
    Vacancy,
    /// The next stage after a pre-selection.
    NextStage,
}

/// The round that an outcome calls for. Options are those of the first contest of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FollowUp {
    /// Why.
    pub cause: Cause,
    /// Its options, ascending. No ballot may favour more of them than there are seats.
    pub options: Vec<OptionIndex>,
    /// Its seats; 0 if the next stage is no election.
    pub seats: u32,
    /// Who was chosen before, in the order of choice: they keep their seats. Empty at the beginning of a stage.
    pub carried: Vec<OptionIndex>,
}

/// An outcome as it stands on the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContestOutcome {
    /// The contest.
    pub contest: ContestIndex,
    /// The group, where totals are decrypted for each.
    pub group: Option<GroupIndex>,
    /// The six numbers.
    pub numbers: Numbers,
    /// What the rule makes of the totals.
    pub verdict: Verdict,
    /// The round that it calls for.
    pub follow_up: Option<FollowUp>,
}

impl ContestOutcome {
    /// Evaluates a rule; the arguments are those of [`evaluate()`].
    #[must_use]
    pub fn of(
        rule: &OutcomeRule,
        tallied: &Tallied,
        lots: Option<&[u8; 32]>,
        position: &Position,
        from: Option<&FollowUp>,
    ) -> Self {
        let (verdict, follow_up) = evaluate(rule, tallied, lots, position, from);
        let Position { round: _, contest, group } = *position;
        Self { contest, group, numbers: tallied.numbers, verdict, follow_up }
    }
}

#[cfg(test)]
mod fixtures;

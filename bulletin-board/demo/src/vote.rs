//! A vote as data: who votes, on what, and what everybody answers. The same for votes that were really held and for made-up
//! ones.

mod rule;

use crate::failure::Failure;
use crate::plain::{self, Decided, Expected};

pub use rule::{Budget, Cap, Row, Rule, Unranked};

/// A vote to be held.
#[derive(Clone, Debug)]
pub struct Vote {
    /// What is voted on.
    pub title: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Names of the groups; each is its own short id. None where all members are in one.
    pub groups: Vec<String>,
    /// Everybody on the roll.
    pub members: Vec<Member>,
    /// The rounds. Only the first is planned: each of the others is called for by the outcome of the one before.
    pub rounds: Vec<Round>,
}

/// Where a vote comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A vote that was really held.
    Real {
        /// Lines of its file, of which the first ones are cast.
        lines: usize,
        /// Whether the totals were also compared with those that the data set states.
        stated: bool,
    },
    /// Made up by a rule that gives the same each time.
    MadeUp,
}

/// A member of the roll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Label, unique.
    pub name: String,
    /// How many votes the ballot counts for.
    pub weight: u64,
    /// Position of the group.
    pub group: usize,
}

/// One round.
#[derive(Clone, Debug)]
pub struct Round {
    /// Its title.
    pub title: String,
    /// What is asked.
    pub contests: Vec<Contest>,
    /// The ballots that are cast, at most one for each member; those that are replaced are made from them.
    pub ballots: Vec<Ballot>,
    /// The totals of each tally, added up in plain.
    pub expected: Vec<Expected>,
    /// What the totals decide, where the contest has a rule of outcome.
    pub decided: Option<Decided>,
}

/// One question.
#[derive(Clone, Debug)]
pub struct Contest {
    /// Its title.
    pub title: String,
    /// Names of the options; of the persons where grades are given.
    pub options: Vec<String>,
    /// How it is answered.
    pub rule: Rule,
    /// Positions of the groups that answer it.
    pub groups: Vec<usize>,
    /// Whether each group has totals of its own.
    pub per_group: bool,
    /// Whom its totals elect.
    pub outcome: Option<Outcome>,
}

/// A rule of outcome by profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Name of the profile.
    pub profile: &'static str,
    /// How many are elected.
    pub seats: u32,
    /// Seats of the formal election that follows, if this is a pre-selection.
    pub formal: Option<u32>,
    /// Whether this is a vote between tied options, who have had their majority: most votes decide.
    pub run_off: bool,
}

/// The answers of one member in one round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ballot {
    /// Position of the member.
    pub member: usize,
    /// One answer for each contest of the round; none for those of other groups.
    pub answers: Vec<Option<Row>>,
}

impl Contest {
    /// The tallies that are decrypted: one for all groups, or one for each.
    pub fn tallies(&self) -> Vec<Option<usize>> {
        if self.per_group { self.groups.iter().copied().map(Some).collect() } else { vec![None] }
    }
}

impl Round {
    /// A round with its totals added up in plain.
    ///
    /// # Errors
    /// [`Failure`] where weights are too large to be added.
    pub fn new(title: &str, contests: Vec<Contest>, ballots: Vec<Ballot>, members: &[Member]) -> Result<Self, Failure> {
        let expected = plain::totals(&contests, &ballots, members)?;
        let mut round = Self { title: title.to_owned(), contests, ballots, expected, decided: None };
        round.decided = plain::decided(&round);
        Ok(round)
    }

    /// The contests that members of a group answer, with their positions.
    pub fn contests_of(&self, group: usize) -> impl Iterator<Item = (usize, &Contest)> {
        self.contests.iter().enumerate().filter(move |(_, contest)| contest.groups.contains(&group))
    }

    /// The answers of a ballot, in the order of the contests on it.
    pub fn answers<'a>(&'a self, ballot: &'a Ballot) -> impl Iterator<Item = (&'a Contest, &'a Row)> {
        self.contests.iter().zip(&ballot.answers).filter_map(|(contest, answer)| Some((contest, answer.as_ref()?)))
    }

    /// Whether somebody holds more than half of the weight of a tally: its totals then tell how that one voted.
    pub fn has_majority_holder(&self, members: &[Member]) -> bool {
        let mut tallies = self.contests.iter().flat_map(|contest| {
            contest.tallies().into_iter().map(move |group| plain::voters(contest, group, &self.ballots, members))
        });
        tallies.any(|voters| {
            let weights: Vec<u128> = voters.map(|(member, _)| member.weight.into()).collect();
            weights.iter().max().is_some_and(|heaviest| heaviest * 2 > weights.iter().sum())
        })
    }
}

impl Vote {
    /// Sum of the weights on the roll.
    pub fn weight(&self) -> u64 {
        self.members.iter().map(|member| member.weight).sum()
    }

    /// Fewest ballots of a tally, over all rounds.
    pub fn fewest_ballots(&self) -> u64 {
        let expected = self.rounds.iter().flat_map(|round| &round.expected);
        expected.map(|expected| expected.ballots).min().unwrap_or(0)
    }
}

//! What a voter answers, why an answer is refused, and what totals say.

use serde::Serialize;
use thiserror::Error;

use crate::ids::OptionIndex;

/// A voter's answer to one contest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Took part without choosing anything.
    Blank,
    /// The chosen options.
    Selection(Vec<OptionIndex>),
    /// For each person and criterion, person by person, the position of a grade in the contest, or none.
    Grades(Vec<Option<u32>>),
    /// Points for each option, in order.
    Points(Vec<u64>),
    /// A rank for each option, in order: the smaller the better, equal ranks are a tie, gaps mean nothing; `None` leaves
    /// the option unranked.
    Ranking(Vec<Option<u32>>),
}

/// An answer that breaks the rule of its contest, in the voter's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChoiceError {
    /// An answer of another kind than the contest asks for.
    #[error("this contest asks for {0}: answer it with these")]
    OtherKind(&'static str),
    /// Not one answer for each place.
    #[error("{found} places are filled in, the contest has {expected}: give an answer, or none, for each")]
    Places {
        /// Answers given, empty ones included.
        found: usize,
        /// Places of the contest.
        expected: usize,
    },
    /// More options than allowed (over-vote).
    #[error("{chosen} options are chosen, at most {max} are allowed: take some away")]
    TooMany {
        /// How many were chosen.
        chosen: usize,
        /// How many may be.
        max: u32,
    },
    /// Fewer options than needed.
    #[error("{chosen} options are chosen, at least {min} are needed: add some")]
    TooFew {
        /// How many were chosen.
        chosen: usize,
        /// How many are needed.
        min: u32,
    },
    /// A blank answer where none is allowed.
    #[error("this contest can't be left blank: choose at least one option")]
    BlankNotAllowed,
    /// An option that is not on the ballot.
    #[error("there is no option {0} in this contest")]
    UnknownOption(OptionIndex),
    /// An option that is chosen twice.
    #[error("option {0} is chosen twice: choose it once")]
    Repeated(OptionIndex),
    /// A grade that the contest does not have.
    #[error("there is no grade {grade} in this contest: choose one of the first {grades}, counted from 0")]
    UnknownGrade {
        /// The grade.
        grade: u32,
        /// How many there are.
        grades: usize,
    },
    /// A person without a grade where every row must be filled in.
    #[error("person {person} has no grade for criterion {criterion}: give one")]
    GradeMissing {
        /// Position of the person.
        person: usize,
        /// Position of the criterion.
        criterion: usize,
    },
    /// More persons with a grade than its cap allows.
    #[error("{given} persons have grade {grade} for criterion {criterion}, at most {most} may: change some")]
    GradeTooOften {
        /// Position of the criterion.
        criterion: usize,
        /// Position of the grade.
        grade: u32,
        /// Persons who have it.
        given: u32,
        /// Persons who may have it.
        most: u32,
    },
    /// Fewer persons with a grade than its floor demands.
    #[error("{given} persons have grade {grade} for criterion {criterion}, at least {least} must: give it to more")]
    GradeTooRare {
        /// Position of the criterion.
        criterion: usize,
        /// Position of the grade.
        grade: u32,
        /// Persons who have it.
        given: u32,
        /// Persons who must have it.
        least: u32,
    },
    /// More points for one option than allowed.
    #[error("option {option} has {points} points, at most {max} are allowed: take some away")]
    PointsTooHigh {
        /// The option.
        option: OptionIndex,
        /// Its points.
        points: u64,
        /// The most that an option may have.
        max: u64,
    },
    /// More points than the budget.
    #[error("{given} points are given, {budget} are there to give: take some away")]
    OverBudget {
        /// Points given in all.
        given: u64,
        /// Points to give.
        budget: u64,
    },
    /// Fewer points than the budget where all must be given.
    #[error("{given} points are given, all {budget} must be: give the rest")]
    UnderBudget {
        /// Points given in all.
        given: u64,
        /// Points to give.
        budget: u64,
    },
    /// Two options with one rank where ties are not allowed.
    #[error("options {one} and {other} have the same rank: give each a rank of its own")]
    Tied {
        /// The first of them.
        one: OptionIndex,
        /// The other.
        other: OptionIndex,
    },
    /// Two options without a rank where unranked options share the last place and ties are not allowed.
    #[error("options {one} and {other} have no rank, hence the same: give each a rank of its own")]
    Unranked {
        /// The first of them.
        one: OptionIndex,
        /// The other.
        other: OptionIndex,
    },
    /// Everything in one place where a blank answer is not allowed.
    #[error("all options are in the same place, which says nothing: put at least one before another")]
    NoPreference,
}

/// What the totals of a contest say; weights included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// Votes for each option, and blank votes where blank is allowed.
    Selection {
        /// One number for each option, in order.
        options: Vec<u64>,
        /// Blank votes.
        blank: Option<u64>,
    },
    /// How often each grade was given.
    Grades {
        /// For each person, in order, the totals for each criterion, in order.
        persons: Vec<Vec<GradeTotals>>,
    },
    /// Points for each option, and blank votes where blank is allowed.
    Points {
        /// Points of each option, in order: times the weight of the ballot, or parts of it where ballots split it.
        options: Vec<u64>,
        /// Weight of the blank ballots.
        blank: Option<u64>,
    },
    /// Votes that put one option strictly before another.
    Ranking {
        /// `before[i][j]`: votes that put option i before option j; 0 on the diagonal.
        before: Vec<Vec<u64>>,
        /// Blank votes.
        blank: Option<u64>,
    },
}

impl Reading {
    /// Weight that is in favour of each option: votes, points, or votes for the best grade by the first criterion. `None` for
    /// pairwise totals, which have no such number.
    #[must_use]
    pub fn in_favour(&self) -> Option<Vec<u64>> {
        match self {
            Self::Selection { options, .. } | Self::Points { options, .. } => Some(options.clone()),
            Self::Grades { persons } => {
                let best = |criteria: &Vec<GradeTotals>| criteria.first()?.grades.first().copied();
                persons.iter().map(best).collect()
            }
            Self::Ranking { .. } => None,
        }
    }

    /// Weight of the ballots that are not blank here, of `weight` in all.
    #[must_use]
    pub fn answered(&self, weight: u64) -> u64 {
        match self {
            Self::Selection { blank, .. } | Self::Points { blank, .. } | Self::Ranking { blank, .. } => {
                weight.saturating_sub(blank.unwrap_or(0))
            }
            // A ballot may leave any of the rows blank; each row has a number of its own.
            Self::Grades { .. } => weight,
        }
    }
}

/// Totals of one person for one criterion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GradeTotals {
    /// Votes for each grade, best first.
    pub grades: Vec<u64>,
    /// Votes that gave a grade: the sum of them.
    pub answered: u64,
}

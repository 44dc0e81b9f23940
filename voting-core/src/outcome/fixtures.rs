//! Small rules and numbers that the tests of this module share.

use super::{Count, Decision, Numbers, OutcomeRule, Position, Requirement, Stage, Tallied, Ties, Vacancies};
use crate::contest::{Kind, Selection};
use crate::ids::{ContestIndex, OptionIndex, RoundId};

/// One vote each: entitled, excused, present, and as many ballots, none blank.
pub(super) fn people(entitled: u64, excused: u64, present: u64) -> Numbers {
    let count = Count::each_one_vote;
    Numbers {
        entitled: count(entitled),
        excused: count(excused),
        present: count(present),
        ballots: count(present),
        answered: present,
    }
}

/// Votes, most first.
pub(super) fn votes(votes: &[u64], numbers: Numbers) -> Tallied {
    Tallied::from_votes(votes.to_vec(), numbers)
}

pub(super) fn election(seats: u32, requirement: Option<Requirement>) -> OutcomeRule {
    let (ties, vacancies) = (Ties::NewRound, Vacancies::NewRound);
    let decision = Decision::Elect { seats, requirement, ties, vacancies, then: None };
    OutcomeRule { profile: None, quorum: None, decision }
}

/// `first`, followed by `next` on a ballot with as many choices as seats.
pub(super) fn stage(mut first: OutcomeRule, next: OutcomeRule) -> OutcomeRule {
    let kind = Kind::Selection(Selection { min: 0, max: next.seats().unwrap_or(1), blank: true });
    if let Decision::Elect { then, .. } = &mut first.decision {
        *then = Some(Box::new(Stage { kind, rule: next }));
    }
    first
}

pub(super) fn with_ties(mut rule: OutcomeRule, how: Ties) -> OutcomeRule {
    if let Decision::Elect { ties, .. } = &mut rule.decision {
        *ties = how;
    }
    rule
}

pub(super) fn with_vacancies(mut rule: OutcomeRule, what: Vacancies) -> OutcomeRule {
    if let Decision::Elect { vacancies, .. } = &mut rule.decision {
        *vacancies = what;
    }
    rule
}

pub(super) fn options(indices: &[u32]) -> Vec<OptionIndex> {
    indices.iter().copied().map(OptionIndex).collect()
}

pub(super) const HERE: Position = Position { round: RoundId([7; 32]), contest: ContestIndex(1), group: None };

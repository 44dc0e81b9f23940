//! An outcome in sentences, each with every number that it uses: first as data ([`Sentence`]), then in a language.
//!
//! The sentences say what [`evaluate()`](super::evaluate()) found and decide nothing. Pages that speak more languages translate
//! [`Sentence`] themselves.

mod chinese;
mod english;

use super::evaluate::base;
use super::requirement::{Bound, Number, Numbers, Requirement};
use super::{Cause, ContestOutcome, Decision, FollowUp, OutcomeRule, Tallied, Ties, Verdict};
use crate::ids::OptionIndex;

/// The languages of [`words()`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Language {
    /// Simplified Chinese for `zh`, `zh-CN` and `zh-Hans`, else English.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        let simplified = ["zh", "zh-CN", "zh-Hans", "zh-Hans-CN"].iter().any(|known| known.eq_ignore_ascii_case(tag));
        if simplified { Self::Chinese } else { Self::English }
    }
}

/// The number that a requirement was a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base {
    /// Which one.
    pub of: Number,
    /// How much it was.
    pub value: u128,
    /// Whether it counts people, each with one vote, instead of votes.
    pub people: bool,
}

/// How a tie ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TieBreak {
    /// By a new vote.
    NewRound,
    /// The lot has decided.
    Lots,
    /// A lot has to decide, but none is drawn.
    LotsNotDrawn,
    /// The order of the ballot has decided.
    Listed,
}

/// One sentence about an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sentence {
    /// The six numbers.
    Numbers(Numbers),
    /// More ballots than present.
    MoreBallotsThanPresent(Numbers),
    /// The quorum and whether it is met.
    Quorum {
        /// The rule.
        requirement: Requirement,
        /// Members that it is a part of.
        base: u64,
        /// Members present.
        present: u64,
        /// Fewest that meet it; none if nothing does.
        needed: Option<u128>,
        /// Whether it is met.
        met: bool,
    },
    /// Nothing is decided.
    TotalsOnly,
    /// A motion.
    Motion {
        /// Whether it is adopted.
        adopted: bool,
        /// Votes in favour.
        in_favour: u64,
        /// Votes against, where an option says so.
        against: Option<u64>,
        /// The rule.
        requirement: Requirement,
        /// The number that it is a part of.
        base: Base,
        /// Fewest votes that meet it; none if nothing does.
        needed: Option<u128>,
        /// Whether it missed the requirement because exactly the part is not enough.
        exact: bool,
    },
    /// What a candidate needed.
    Needed {
        /// The rule.
        requirement: Requirement,
        /// The number that it is a part of.
        base: Base,
        /// Fewest votes that meet it; none if nothing does.
        needed: Option<u128>,
    },
    /// Candidates with exactly the part, where that is not enough.
    Exactly {
        /// Who.
        names: Vec<String>,
        /// Their votes.
        votes: u64,
        /// The rule.
        requirement: Requirement,
    },
    /// Who is elected, in the order of places, with votes where the method counts them. May be nobody.
    Elected {
        /// Name and votes.
        names: Vec<(String, Option<u64>)>,
        /// How many seats there were.
        seats: u32,
        /// Whether they are selected for a next stage.
        preselected: bool,
    },
    /// Equal votes for the last seats.
    Tied {
        /// Who.
        names: Vec<String>,
        /// Their votes, where the method counts them.
        votes: Option<u64>,
        /// Seats between them.
        seats: u32,
        /// How it ends.
        how: TieBreak,
    },
    /// Vacant seats.
    Vacant {
        /// How many.
        seats: u32,
        /// Between whom they are voted on again; nobody if they stay vacant.
        again: Vec<String>,
    },
    /// The next stage follows.
    NextStage {
        /// How many are selected.
        candidates: usize,
        /// How many are to be elected.
        seats: u32,
    },
}

/// The sentences in a language: Simplified Chinese for `zh-CN`, else English.
///
/// `name` gives the name of an option of this contest. `outcome` is what the rule made of `tallied`.
#[must_use]
pub fn words(
    rule: &OutcomeRule,
    outcome: &ContestOutcome,
    tallied: &Tallied,
    name: &dyn Fn(OptionIndex) -> String,
    language: &str,
) -> Vec<String> {
    let say = match Language::of(language) {
        Language::English => english::say,
        Language::Chinese => chinese::say,
    };
    sentences(rule, outcome, tallied, name).iter().map(say).collect()
}

/// The sentences as data; the arguments are those of [`words()`].
#[must_use]
pub fn sentences(
    rule: &OutcomeRule,
    outcome: &ContestOutcome,
    tallied: &Tallied,
    name: &dyn Fn(OptionIndex) -> String,
) -> Vec<Sentence> {
    let numbers = outcome.numbers;
    let mut said = vec![Sentence::Numbers(numbers)];
    if outcome.verdict == Verdict::MoreBallotsThanPresent {
        said.push(Sentence::MoreBallotsThanPresent(numbers));
        return said;
    }
    if let Some(requirement) = rule.quorum {
        let base = numbers.members(requirement.of).unwrap_or(0);
        said.push(Sentence::Quorum {
            requirement,
            base,
            present: numbers.present.members,
            needed: requirement.needed(base.into()),
            met: outcome.verdict != Verdict::NoQuorum,
        });
    }
    match (&outcome.verdict, &rule.decision) {
        (Verdict::TotalsOnly, _) => said.push(Sentence::TotalsOnly),
        (Verdict::Adopted | Verdict::NotAdopted, Decision::Adopt { in_favour, against, requirement }) => {
            let adopted = outcome.verdict == Verdict::Adopted;
            let value = base(requirement, tallied, *in_favour, *against);
            let votes = |option| tallied.votes_for(option).unwrap_or(0);
            said.push(Sentence::Motion {
                adopted,
                in_favour: votes(*in_favour),
                against: against.map(votes),
                requirement: *requirement,
                base: Base { of: requirement.of, value, people: is_people(requirement.of, &numbers) },
                needed: requirement.needed(value),
                exact: !adopted && requirement.is_exact(votes(*in_favour), value),
            });
        }
        (Verdict::Election { elected, tied, vacant, decided_by }, Decision::Elect { .. }) => {
            let filled = Filled { elected, tied, vacant: *vacant, decided_by: *decided_by };
            filled.say(rule, outcome.follow_up.as_ref(), tallied, name, &mut said);
        }
        _ => {} // an outcome of another rule; there is nothing true to say
    }
    said
}

const fn is_people(of: Number, numbers: &Numbers) -> bool {
    match of {
        Number::Entitled | Number::Due | Number::Present => numbers.one_vote_each(),
        Number::Ballots | Number::Answered | Number::Decided => false,
    }
}

struct Filled<'a> {
    elected: &'a [OptionIndex],
    tied: &'a [OptionIndex],
    vacant: u32,
    decided_by: Option<Ties>,
}

impl Filled<'_> {
    fn say(
        &self,
        rule: &OutcomeRule,
        follow_up: Option<&FollowUp>,
        tallied: &Tallied,
        name: &dyn Fn(OptionIndex) -> String,
        said: &mut Vec<Sentence>,
    ) {
        let Decision::Elect { seats, requirement, ties, .. } = &rule.decision else { return };
        let names = |options: &[OptionIndex]| options.iter().map(|option| name(*option)).collect::<Vec<_>>();
        if let Some(requirement) = *requirement {
            let value = tallied.numbers.votes(requirement.of, 0);
            let people = is_people(requirement.of, &tallied.numbers);
            let base = Base { of: requirement.of, value, people };
            said.push(Sentence::Needed { requirement, base, needed: requirement.needed(value) });
            let is_exact = |option: &OptionIndex| {
                tallied.votes_for(*option).is_some_and(|votes| requirement.is_exact(votes, value))
            };
            let exact: Vec<_> = tallied.places.iter().flatten().copied().filter(is_exact).collect();
            if let Some(votes) = exact.first().and_then(|first| tallied.votes_for(*first)).filter(|votes| *votes > 0)
                && requirement.bound == Bound::MoreThan
            {
                said.push(Sentence::Exactly { names: names(&exact), votes, requirement });
            }
        }
        let elected = self.elected.iter().map(|option| (name(*option), tallied.votes_for(*option)));
        said.push(Sentence::Elected { names: elected.collect(), seats: *seats, preselected: rule.stage().is_some() });
        if let Some(first) = self.tied.first() {
            let how = match (self.decided_by, ties) {
                (Some(Ties::Lots), _) => TieBreak::Lots,
                (Some(Ties::Listed), _) => TieBreak::Listed,
                (None, Ties::Lots) => TieBreak::LotsNotDrawn,
                (None, _) | (Some(Ties::NewRound), _) => TieBreak::NewRound,
            };
            let sure = self.elected.iter().filter(|option| !self.tied.contains(option)).count();
            let seats = seats.saturating_sub(u32::try_from(sure).unwrap_or(u32::MAX));
            said.push(Sentence::Tied { names: names(self.tied), votes: tallied.votes_for(*first), seats, how });
        }
        if self.vacant > 0 {
            let again = follow_up.is_some_and(|follow_up| follow_up.cause == Cause::Vacancy);
            let rest = tallied.places.iter().flatten().copied();
            let mut rest: Vec<_> = rest.filter(|option| again && !self.elected.contains(option)).collect();
            rest.sort();
            said.push(Sentence::Vacant { seats: self.vacant, again: names(&rest) });
        }
        if let Some(FollowUp { cause: Cause::NextStage, options, seats, .. }) = follow_up {
            said.push(Sentence::NextStage { candidates: options.len(), seats: *seats });
        }
    }
}

#[cfg(test)]
mod tests;

//! The sentences in English.

use super::{Base, Sentence, TieBreak};
use crate::outcome::requirement::{Bound, Count, Number, Requirement};

pub(super) fn say(sentence: &Sentence) -> String {
    match sentence {
        Sentence::Numbers(numbers) => {
            let people = numbers.one_vote_each();
            let count = |count: Count| {
                if people {
                    count.members.to_string()
                } else {
                    format!("{} with {}", count.members, votes(count.weight))
                }
            };
            format!(
                "On the roll: {}. Excused: {}. Due to attend: {}. Present: {}. Ballots counted: {}. Votes that are not blank: {}.",
                count(numbers.entitled),
                count(numbers.excused),
                count(numbers.due()),
                count(numbers.present),
                count(numbers.ballots),
                numbers.answered
            )
        }
        Sentence::MoreBallotsThanPresent(numbers) => {
            let (ballots, present) = (numbers.ballots, numbers.present);
            let (ballots, present) = if ballots.members > present.members {
                (counted(ballots.members, "ballot"), counted(present.members, "member"))
            } else {
                (votes(ballots.weight), votes(present.weight))
            };
            format!("Not valid: {ballots} counted, but only {present} present. The vote must be repeated.")
        }
        Sentence::Quorum { requirement, base, present, needed, met } => {
            let base = Base { of: requirement.of, value: (*base).into(), people: true };
            let verdict = if *met { "the quorum is met." } else { "the quorum is not met, and nothing is decided." };
            let needed = needed.map_or(String::new(), |needed| format!(", that is {needed}"));
            format!("{present} of {} present; {} needed{needed}: {verdict}", of(&base), bound(requirement))
        }
        Sentence::TotalsOnly => "No rule decides this contest: the totals stand for themselves.".into(),
        Sentence::Motion { adopted, in_favour, against, requirement, base, needed, exact } => {
            let verdict = if *adopted { "Adopted" } else { "Not adopted" };
            let against = against.map_or(String::new(), |against| format!(", {against} against"));
            let needed = match needed {
                None => format!("nothing is enough of {}", of(base)),
                Some(needed) => format!("{} of {} needed, that is {needed}", bound(requirement), of(base)),
            };
            let exact = if *exact { ". Exactly that part is not enough" } else { "" };
            format!("{verdict}: {in_favour} in favour{against}; {needed}{exact}.")
        }
        Sentence::Needed { requirement, base, needed } => match needed {
            None => format!("Nobody could be elected: {} needed, of {}.", bound(requirement), of(base)),
            Some(needed) => {
                format!("To be elected took {} of {}: at least {}.", bound(requirement), of(base), votes(*needed))
            }
        },
        Sentence::Exactly { names, votes: got, requirement } => {
            let part = part(requirement.part);
            format!("{}: {}, exactly {part}, which is not enough.", list(names), votes(*got))
        }
        Sentence::Elected { names, seats, preselected } => {
            let what = if *preselected { "Selected as candidates" } else { "Elected" };
            let numbered = |(name, got): &(String, Option<u64>)| match got {
                Some(got) => format!("{name} ({got})"),
                None => name.clone(),
            };
            let order = if names.iter().all(|(_, got)| got.is_some()) { "in the order of votes" } else { "in order" };
            match names.as_slice() {
                [] => format!("{what} for {}: nobody.", counted(*seats, "seat")),
                [only] => format!("{what} for {}: {}.", counted(*seats, "seat"), numbered(only)),
                _ => {
                    let names: Vec<_> = names.iter().map(numbered).collect();
                    format!("{what} for {}, {order}: {}.", counted(*seats, "seat"), names.join(", "))
                }
            }
        }
        Sentence::Tied { names, votes: got, seats, how } => {
            let got = got.map_or(String::new(), |got| format!(" ({} each)", votes(got)));
            let last = if *seats == 1 { "the last seat".to_owned() } else { format!("the last {seats} seats") };
            let how = match how {
                TieBreak::NewRound => "a run-off between them is to be held.",
                TieBreak::Lots => "decided by lot, from the public value.",
                TieBreak::LotsNotDrawn => "to be decided by lot; the public value is not there yet.",
                TieBreak::Listed => "decided by the order of the ballot.",
            };
            format!("Equal votes for {last}: {}{got}: {how}", list(names))
        }
        Sentence::Vacant { seats, again } => {
            let verb = if *seats == 1 { "stays" } else { "stay" };
            let seats = counted(*seats, "seat");
            if again.is_empty() {
                format!("{seats} {verb} vacant.")
            } else {
                format!("{seats} {verb} vacant: a new vote is to be held. Not elected so far: {}.", list(again))
            }
        }
        Sentence::NextStage { candidates, seats } => format!(
            "The formal election follows, with {} for {}.",
            counted(*candidates, "candidate"),
            counted(*seats, "seat")
        ),
    }
}

fn counted(number: impl Into<Amount>, what: &str) -> String {
    let Amount(number) = number.into();
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn votes(number: impl Into<Amount>) -> String {
    counted(number, "vote")
}

/// A number of anything.
struct Amount(u128);

macro_rules! amount {
    ($($int:ty),*) => {$(
        impl From<$int> for Amount {
            fn from(number: $int) -> Self {
                Self(number as u128)
            }
        }
    )*};
}
amount!(u32, u64, u128, usize);

fn list(names: &[String]) -> String {
    match names {
        [] => "nobody".into(),
        [only] => only.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

fn of(base: &Base) -> String {
    let Base { of, value, people } = base;
    match (of, people) {
        (Number::Entitled, true) => format!("{value} on the roll"),
        (Number::Due, true) => format!("{value} due"),
        (Number::Present, true) => format!("{value} present"),
        (Number::Entitled, false) => format!("{} on the roll", votes(*value)),
        (Number::Due, false) => format!("{} of those due", votes(*value)),
        (Number::Present, false) => format!("{} of those present", votes(*value)),
        (Number::Ballots, _) => format!("{} cast, blank ones included", votes(*value)),
        (Number::Answered, _) => format!("{} that are not blank", votes(*value)),
        (Number::Decided, _) => format!("{} for and against", votes(*value)),
    }
}

fn bound(requirement: &Requirement) -> String {
    let bound = match requirement.bound {
        Bound::AtLeast => "at least",
        Bound::MoreThan => "more than",
    };
    format!("{bound} {}", part(requirement.part))
}

fn part((part, whole): (u32, u32)) -> String {
    match (part, whole) {
        (1, 1) => "all".into(),
        (1, 2) => "half".into(),
        (1, 3) => "a third".into(),
        (2, 3) => "two thirds".into(),
        (1, 4) => "a quarter".into(),
        (3, 4) => "three quarters".into(),
        (3, 5) => "three fifths".into(),
        (4, 5) => "four fifths".into(),
        _ => format!("{part}/{whole}"),
    }
}

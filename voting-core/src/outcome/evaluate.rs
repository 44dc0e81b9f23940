//! The one pure function from a rule and totals to an outcome, and the rule of the round that follows.

use super::{Cause, Decision, FollowUp, OutcomeRule, Position, Requirement, Stage, Tallied, Ties, Vacancies, Verdict};
use crate::ids::{OptionIndex, digest};

/// What `rule` makes of `tallied`, and the round that it calls for.
///
/// - `lots` is the public value for [`Ties::Lots`]. Without it such a tie stays undecided and calls for no round. The tied
///   option with the smallest `digest("urna/v1/lots", value, round, contest as 4 bytes little endian, group likewise or
///   nothing, option likewise)` comes first.
/// - `from` is the follow-up that caused this contest, if one did.
///
/// In order: more ballots than present make the vote void; the quorum is judged in members; votes are weights. An option
/// without votes is never elected, nor is one whose votes do not meet the requirement. Most votes come first up to the number
/// of seats. If the last of them are tied for fewer seats, all of them are left out and [`Ties`] decides. Only then vacancies
/// count, and only after both the next stage begins: so a tie in a pre-selection is voted on again before the formal election.
///
/// The rule must have passed [`problems()`](super::problems()); an option that does not exist has no votes.
#[must_use]
pub fn evaluate(
    rule: &OutcomeRule,
    tallied: &Tallied,
    lots: Option<&[u8; 32]>,
    position: &Position,
    from: Option<&FollowUp>,
) -> (Verdict, Option<FollowUp>) {
    let numbers = &tallied.numbers;
    let (ballots, present) = (numbers.ballots, numbers.present);
    if ballots.members > present.members || ballots.weight > present.weight {
        return (Verdict::MoreBallotsThanPresent, None);
    }
    if rule.quorum.is_some_and(|quorum| !has_quorum(&quorum, tallied)) {
        return (Verdict::NoQuorum, None);
    }
    match &rule.decision {
        Decision::TotalsOnly => (Verdict::TotalsOnly, None),
        Decision::Adopt { in_favour, against, requirement } => {
            let adopted = requirement
                .is_met(tallied.votes_for(*in_favour).unwrap_or(0), base(requirement, tallied, *in_favour, *against));
            (if adopted { Verdict::Adopted } else { Verdict::NotAdopted }, None)
        }
        Decision::Elect { seats, requirement, ties, vacancies, then } => {
            let election = Election { seats: *seats, requirement: *requirement, ties: *ties };
            let filled = election.fill(tallied, lots, position);
            let follow_up = filled.follow_up(*ties, *vacancies, then.as_deref(), tallied, from);
            (filled.verdict(), follow_up)
        }
    }
}

/// Whether enough members are present. Judged in members; a number that only votes have is never reached.
pub(super) fn has_quorum(quorum: &Requirement, tallied: &Tallied) -> bool {
    let base = tallied.numbers.members(quorum.of).unwrap_or(0);
    quorum.is_met(tallied.numbers.present.members, base.into())
}

/// The number in votes that the requirement of a motion is a part of.
pub(super) fn base(
    requirement: &Requirement,
    tallied: &Tallied,
    in_favour: OptionIndex,
    against: Option<OptionIndex>,
) -> u128 {
    let votes = |option| u128::from(tallied.votes_for(option).unwrap_or(0));
    tallied.numbers.votes(requirement.of, votes(in_favour) + against.map_or(0, votes))
}

struct Election {
    seats: u32,
    requirement: Option<Requirement>,
    ties: Ties,
}

/// Seats after one vote; options of this contest.
struct Filled {
    elected: Vec<OptionIndex>,
    tied: Vec<OptionIndex>,
    decided_by: Option<Ties>,
    /// Seats that nobody has.
    left: u32,
}

impl Election {
    /// Whether an option may be elected at all.
    fn is_eligible(&self, tallied: &Tallied, option: OptionIndex) -> bool {
        let Some(votes) = &tallied.votes else {
            return self.requirement.is_none(); // places of a method that counts no votes in favour
        };
        let votes = votes.get(option.position()).copied().unwrap_or(0);
        // There are no votes against a candidate: `problems` refuses a part of "decided".
        let met = |requirement: Requirement| requirement.is_met(votes, tallied.numbers.votes(requirement.of, 0));
        votes > 0 && self.requirement.is_none_or(met)
    }

    fn fill(&self, tallied: &Tallied, lots: Option<&[u8; 32]>, position: &Position) -> Filled {
        let mut filled = Filled { elected: Vec::new(), tied: Vec::new(), decided_by: None, left: self.seats };
        for place in &tallied.places {
            let mut place: Vec<_> = place.iter().copied().filter(|option| self.is_eligible(tallied, *option)).collect();
            place.sort();
            if filled.left == 0 {
                break;
            }
            if place.len() <= filled.left as usize {
                filled.elect(place);
                continue;
            }
            filled.tied = place.clone();
            match (self.ties, lots) {
                (Ties::NewRound, _) | (Ties::Lots, None) => {}
                (Ties::Lots, Some(value)) => {
                    place.sort_by_key(|option| lot(value, position, *option));
                    filled.decide(place, self.ties);
                }
                (Ties::Listed, _) => filled.decide(place, self.ties),
            }
            break;
        }
        filled
    }
}

/// The lot of an option: the smallest comes first.
fn lot(value: &[u8; 32], position: &Position, option: OptionIndex) -> [u8; 32] {
    let Position { round, contest, group } = position;
    let group = group.map(|group| group.0.to_le_bytes());
    let group = group.as_ref().map_or(&[][..], |bytes| bytes.as_slice());
    let parts: [&[u8]; 5] = [value, round.as_bytes(), &contest.0.to_le_bytes(), group, &option.0.to_le_bytes()];
    digest("urna/v1/lots", &parts)
}

impl Filled {
    fn elect(&mut self, options: impl IntoIterator<Item = OptionIndex>) {
        let before = self.elected.len();
        self.elected.extend(options);
        let taken = u32::try_from(self.elected.len() - before).unwrap_or(u32::MAX);
        self.left = self.left.saturating_sub(taken);
    }

    /// Gives the seats that are left to the first of the tied.
    fn decide(&mut self, order: Vec<OptionIndex>, by: Ties) {
        let left = self.left as usize;
        self.elect(order.into_iter().take(left));
        self.decided_by = Some(by);
    }

    fn is_undecided(&self) -> bool {
        !self.tied.is_empty() && self.decided_by.is_none()
    }

    fn vacant(&self) -> u32 {
        if self.is_undecided() { 0 } else { self.left }
    }

    fn follow_up(
        &self,
        ties: Ties,
        vacancies: Vacancies,
        then: Option<&Stage>,
        tallied: &Tallied,
        from: Option<&FollowUp>,
    ) -> Option<FollowUp> {
        let in_first = |option: &OptionIndex| match from {
            Some(from) => from.options.get(option.position()).copied().unwrap_or(*option),
            None => *option,
        };
        let ascending = |options: &mut dyn Iterator<Item = &OptionIndex>| {
            let mut options: Vec<_> = options.map(in_first).collect();
            options.sort();
            options
        };
        let mut carried: Vec<_> = from.map(|from| from.carried.clone()).unwrap_or_default();
        carried.extend(self.elected.iter().map(in_first));
        if self.is_undecided() {
            let options = ascending(&mut self.tied.iter());
            let tie = FollowUp { cause: Cause::Tie, options, seats: self.left, carried };
            return Some(tie).filter(|_| ties == Ties::NewRound);
        }
        if self.vacant() > 0 && vacancies == Vacancies::NewRound {
            let mut rest = tallied.places.iter().flatten().filter(|option| !self.elected.contains(option));
            let options = ascending(&mut rest);
            if !options.is_empty() {
                return Some(FollowUp { cause: Cause::Vacancy, options, seats: self.vacant(), carried });
            }
        }
        let stage = then?;
        carried.sort();
        let next = FollowUp {
            cause: Cause::NextStage,
            options: carried,
            seats: stage.rule.seats().unwrap_or(0),
            carried: Vec::new(),
        };
        Some(next).filter(|next| !next.options.is_empty())
    }

    fn verdict(self) -> Verdict {
        let vacant = self.vacant();
        let Self { elected, tied, decided_by, left: _ } = self;
        Verdict::Election { elected, tied, vacant, decided_by }
    }
}

/// The rule of the contest that follows, from the rule of the contest that called for it.
///
/// A tie is decided by most votes alone: all who are tied have met the requirement. Vacant seats need the same requirement
/// again. The next stage has a rule of its own. Quorum, ties and vacancies stay as they are, and a run-off within a
/// pre-selection still leads to the next stage.
#[must_use]
pub fn follow_up_rule(rule: &OutcomeRule, follow_up: &FollowUp) -> OutcomeRule {
    let Decision::Elect { seats: _, requirement, ties, vacancies, then } = &rule.decision else {
        return rule.clone(); // only an election calls for a round
    };
    let requirement = match follow_up.cause {
        Cause::Tie => None,
        Cause::Vacancy => *requirement,
        Cause::NextStage => return then.as_ref().map_or_else(|| rule.clone(), |stage| stage.rule.clone()),
    };
    let decision =
        Decision::Elect { seats: follow_up.seats, requirement, ties: *ties, vacancies: *vacancies, then: then.clone() };
    let mut next = OutcomeRule { profile: rule.profile, quorum: rule.quorum, decision };
    next.profile = next.profile.filter(|profile| profile.is(&next));
    next
}

#[cfg(test)]
mod tests;

//! The expected totals: an own addition of the plain answers. It shares no code with the tally, knows nothing of cells, and
//! reads rows of whole numbers as they stand in the data sets.

use serde::Serialize;

use crate::failure::Failure;
use crate::vote::{Ballot, Budget, Contest, Member, Outcome, Round, Row, Rule, Unranked};

/// The totals of one tally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Position of the contest.
    pub contest: usize,
    /// Position of the group, where each has totals of its own.
    pub group: Option<usize>,
    /// The totals.
    pub totals: Totals,
    /// Weight of the blank ballots, where blank is allowed.
    pub blank: Option<u64>,
    /// Ballots that count.
    pub ballots: u64,
    /// Sum of their weights.
    pub weight: u64,
}

/// Totals of a kind of contest, weights included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Totals {
    /// Votes or points of each option.
    Options(Vec<u64>),
    /// For each option, how often it stands strictly before each option.
    Pairs(Vec<Vec<u64>>),
    /// For each person and criterion, how often each grade was given.
    Grades(Vec<Vec<Vec<u64>>>),
}

/// Whom the totals of the only contest of a round elect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// Who is elected, or selected for the next stage; most votes first.
    pub elected: Vec<String>,
    /// Who has equal votes for the last seats, in the order of the ballot.
    pub tied: Vec<String>,
}

/// The members whose ballots count in a tally, with their answers.
pub(crate) fn voters<'a>(
    contest: &'a Contest,
    group: Option<usize>,
    ballots: &'a [Ballot],
    members: &'a [Member],
) -> impl Iterator<Item = (&'a Member, &'a Ballot)> {
    let members = ballots.iter().filter_map(|ballot| Some((members.get(ballot.member)?, ballot)));
    members.filter(move |(member, _)| {
        contest.groups.contains(&member.group) && group.is_none_or(|group| group == member.group)
    })
}

/// The totals of all tallies of a round.
pub(crate) fn totals(contests: &[Contest], ballots: &[Ballot], members: &[Member]) -> Result<Vec<Expected>, Failure> {
    let mut all = Vec::new();
    for (position, contest) in contests.iter().enumerate() {
        for group in contest.tallies() {
            let mut sum = Sum::new(contest);
            for (member, ballot) in voters(contest, group, ballots, members) {
                let missing = || Failure::internal(format!("{} has no answer to a contest", member.name));
                let row = ballot.answers.get(position).and_then(Option::as_ref).ok_or_else(missing)?;
                sum.add(contest, row, member.weight).ok_or_else(too_large)?;
            }
            let Sum { totals, blank, ballots, weight } = sum;
            let blank = Some(blank).filter(|_| contest.rule.has_blank());
            all.push(Expected { contest: position, group, totals, blank, ballots, weight });
        }
    }
    Ok(all)
}

fn too_large() -> Failure {
    Failure::unable("data-csv", "the weights are too large to be added", "divide them by a common factor")
}

struct Sum {
    totals: Totals,
    blank: u64,
    ballots: u64,
    weight: u64,
}

fn increase(total: &mut u64, by: u64) -> Option<()> {
    *total = total.checked_add(by)?;
    Some(())
}

impl Sum {
    fn new(contest: &Contest) -> Self {
        let options = contest.options.len();
        let totals = match &contest.rule {
            Rule::Selection { .. } | Rule::Points { .. } => Totals::Options(vec![0; options]),
            Rule::Ranking { .. } => Totals::Pairs(vec![vec![0; options]; options]),
            Rule::Grades { criteria, grades, .. } => {
                Totals::Grades(vec![vec![vec![0; grades.len()]; criteria.len()]; options])
            }
        };
        Self { totals, blank: 0, ballots: 0, weight: 0 }
    }

    /// Adds one ballot; `None` where a sum passes 2^64 or the row does not fit.
    fn add(&mut self, contest: &Contest, row: &Row, weight: u64) -> Option<()> {
        self.ballots += 1;
        increase(&mut self.weight, weight)?;
        if contest.rule.is_blank(row) && contest.rule.has_blank() {
            return increase(&mut self.blank, weight);
        }
        // A holder who splits a mandate has spread the weight already.
        let split = matches!(contest.rule, Rule::Points { budget: Budget::Weight, .. });
        match &mut self.totals {
            Totals::Options(totals) => {
                for (total, number) in totals.iter_mut().zip(row) {
                    increase(total, if split { *number } else { number.checked_mul(weight)? })?;
                }
            }
            Totals::Pairs(before) => {
                let last = matches!(contest.rule, Rule::Ranking { unranked: Unranked::Last, .. });
                for (wins, one) in before.iter_mut().zip(row) {
                    for (total, other) in wins.iter_mut().zip(row) {
                        let strictly = match (*one, *other) {
                            (0, _) => false,
                            (_, 0) => last,
                            (one, other) => one < other,
                        };
                        increase(total, if strictly { weight } else { 0 })?;
                    }
                }
            }
            Totals::Grades(persons) => {
                let mut given = row.iter();
                for counts in persons.iter_mut().flatten() {
                    // 0 is no grade.
                    if let Some(grade) = given.next()?.checked_sub(1) {
                        increase(counts.get_mut(usize::try_from(grade).ok()?)?, weight)?;
                    }
                }
            }
        }
        Some(())
    }
}

/// The option that beats every other one: more votes put it before than behind.
pub(crate) fn condorcet_winner(before: &[Vec<u64>]) -> Option<usize> {
    let votes = |one: usize, other: usize| before.get(one).and_then(|row| row.get(other)).copied().unwrap_or(0);
    let beats_all =
        |one: &usize| (0..before.len()).all(|other| other == *one || votes(*one, other) > votes(other, *one));
    (0..before.len()).find(beats_all)
}

/// Who is elected by more than half of the ballots; for rounds that settle a tie, by most votes. Written down here once more
/// and apart from the program, for the one profile that the demonstration uses.
pub(crate) fn decided(round: &Round) -> Option<Decided> {
    let ([contest], [expected]) = (round.contests.as_slice(), round.expected.as_slice()) else { return None };
    let Outcome { profile: _, seats, formal: _, run_off } = contest.outcome.as_ref()?;
    let Totals::Options(totals) = &expected.totals else { return None };
    let enough = |votes: u64| if *run_off { votes > 0 } else { votes * 2 > expected.ballots };
    let mut places: Vec<_> = contest.options.iter().zip(totals.iter().copied()).filter(|(_, v)| enough(*v)).collect();
    // Stable: equal votes keep the order of the ballot.
    places.sort_by_key(|(_, votes)| core::cmp::Reverse(*votes));
    let names = |places: &[(&String, u64)]| places.iter().map(|(name, _)| (*name).clone()).collect::<Vec<_>>();
    let seats = *seats as usize;
    let last = seats.checked_sub(1).and_then(|last| places.get(last)).map(|(_, votes)| *votes);
    let next = places.get(seats).map(|(_, votes)| *votes);
    if let Some(votes) = last.filter(|votes| next == Some(*votes)) {
        let (elected, tied): (Vec<_>, Vec<_>) =
            places.into_iter().filter(|place| place.1 >= votes).partition(|place| place.1 > votes);
        return Some(Decided { elected: names(&elected), tied: names(&tied) });
    }
    places.truncate(seats);
    Some(Decided { elected: names(&places), tied: Vec::new() })
}

#[cfg(test)]
mod tests;

//! Standings: who stands where by the totals of one contest, as data for programs and as lines for a terminal.
//!
//! They are the same for everybody who has the totals, and decide nothing: what a rule makes of the places is the outcome.

#[cfg(test)]
mod tests;
mod words;

use serde::Serialize;

use crate::contest::{Contest, Kind, Method, Reading};
use crate::ids::OptionIndex;
use crate::method::{Gauge, Grades, Order, Pairwise, Share, Standing, Strength, plurality, shares};

/// What the totals of a contest say about its options. Weights are included everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Standings {
    /// Of a `selection`.
    Selection {
        /// Weight of the ballots that are not blank here.
        answered: u64,
        /// For each option its part of them; none at all if nobody answered.
        shares: Vec<Share>,
        /// Most votes first.
        places: Standing,
    },
    /// Of `points`.
    Points {
        /// Sum of all points.
        given: u64,
        /// For each option its part of them; none at all if nobody gave any.
        shares: Vec<Share>,
        /// Most points first.
        places: Standing,
    },
    /// Of `grades`.
    Grades {
        /// For each person, in order, and each criterion, in order.
        persons: Vec<Vec<GradeStanding>>,
        /// Whether `places` follow majority judgment; else they follow how often the best grade was given.
        median: bool,
        /// Places by the first criterion.
        places: Standing,
    },
    /// Of a `ranking`.
    Ranking(RankingStandings),
}

/// One person by one criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GradeStanding {
    /// The majority grade, with the weight above and below it. A ballot without a grade counts as the worst one.
    pub majority: Gauge,
    /// Weight of the ballots that gave no grade.
    pub missing: u64,
}

/// Orders of the options of a ranking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RankingStandings {
    /// The option that beats every other one in pairs.
    pub condorcet_winner: Option<OptionIndex>,
    /// The fewest options of which each beats all others, ascending.
    pub smith_set: Vec<OptionIndex>,
    /// The method of the contest.
    pub method: Method,
    /// The order by that method; none where ranked pairs meets too many equal pairs.
    pub order: Option<Order>,
    /// The options that can be first, by each method.
    pub first: Firsts,
    /// Two for each option that is beaten, one for each tie.
    pub copeland_doubled: Vec<u32>,
    /// Votes before others less votes behind others.
    pub borda_net: Vec<i64>,
}

/// The options that can be first, ascending, by each method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Firsts {
    /// Strongest paths.
    pub schulze: Vec<OptionIndex>,
    /// Ranked pairs; none where it meets too many equal pairs.
    pub ranked_pairs: Option<Vec<OptionIndex>>,
    /// Pairs won.
    pub copeland: Vec<OptionIndex>,
    /// Borda's count.
    pub borda: Vec<OptionIndex>,
}

impl Standings {
    /// The standings of a contest from what its totals say; `weight` is the sum of the weights of its ballots. `None` if the
    /// reading is of another contest, or nobody voted.
    ///
    /// Takes up to a second where ranked pairs meets many equal pairs.
    #[must_use]
    pub fn of(contest: &Contest, reading: &Reading, weight: u64) -> Option<Self> {
        match (&contest.kind, reading) {
            (Kind::Selection(_), Reading::Selection { options, .. }) => {
                let answered = reading.answered(weight);
                let shares = options.iter().map(|votes| Share::new(*votes, answered));
                let shares = shares.collect::<Option<_>>().unwrap_or_default();
                Some(Self::Selection { answered, shares, places: plurality(options) })
            }
            (Kind::Points(_), Reading::Points { options, .. }) => {
                let given = options.iter().try_fold(0_u64, |sum, points| sum.checked_add(*points))?;
                Some(Self::Points { given, shares: shares(options).unwrap_or_default(), places: plurality(options) })
            }
            (Kind::Grades(rule), Reading::Grades { persons }) => {
                let criteria = (0..rule.criteria.len()).map(|criterion| {
                    let counts = persons.iter().map(|row| row.get(criterion).map(|totals| totals.grades.clone()));
                    Grades::with_missing_as_worst(counts.collect::<Option<_>>()?, weight).ok()
                });
                let criteria = criteria.collect::<Option<Vec<_>>>()?;
                let places = if rule.median { criteria.first()?.standing() } else { plurality(&reading.in_favour()?) };
                let row = |(person, totals): (OptionIndex, &Vec<crate::contest::GradeTotals>)| {
                    let one = |(grades, totals): (&Grades, &crate::contest::GradeTotals)| {
                        let missing = weight.saturating_sub(totals.answered);
                        Some(GradeStanding { majority: grades.gauge(person)?, missing })
                    };
                    criteria.iter().zip(totals).map(one).collect::<Option<Vec<_>>>()
                };
                let persons = (0..).map(OptionIndex).zip(persons).map(row).collect::<Option<_>>()?;
                Some(Self::Grades { persons, median: rule.median, places })
            }
            (Kind::Ranking(rule), Reading::Ranking { before, .. }) => {
                let pairwise = Pairwise::new(before.clone()).ok()?;
                Some(Self::Ranking(RankingStandings::of(&pairwise, rule.method)))
            }
            _ => None,
        }
    }
}

impl RankingStandings {
    fn of(pairwise: &Pairwise, method: Method) -> Self {
        let schulze = pairwise.schulze(Strength::WinningVotes);
        let ranked_pairs = pairwise.ranked_pairs(Strength::WinningVotes).ok();
        let (copeland, borda) = (pairwise.copeland(), pairwise.borda());
        let first = Firsts {
            schulze: schulze.winners().to_vec(),
            ranked_pairs: ranked_pairs.as_ref().map(|order| order.winners().to_vec()),
            copeland: copeland.first().to_vec(),
            borda: borda.first().to_vec(),
        };
        let order = match method {
            Method::Schulze => Some(schulze),
            Method::RankedPairs => ranked_pairs,
            Method::Copeland => Some(Order::Complete(copeland)),
            Method::Borda => Some(Order::Complete(borda)),
        };
        Self {
            condorcet_winner: pairwise.condorcet_winner(),
            smith_set: pairwise.smith_set(),
            method,
            order,
            first,
            copeland_doubled: pairwise.copeland_scores(),
            borda_net: pairwise.borda_scores(),
        }
    }
}

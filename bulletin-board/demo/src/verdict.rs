//! The comparison: what the observer read from the record beside what a plain addition gives.

use serde::Serialize;

use crate::account::{Account, Row, table};
use crate::counted::{Counted, Published};
use crate::failure::Failure;
use crate::plain::{Decided, Expected, Totals, condorcet_winner};
use crate::vote::{Contest, Origin, Round, Rule, Vote};

/// One contest of the summary; with totals for each group, one for each of them.
#[derive(Clone, Debug, Serialize)]
pub struct ContestSummary {
    /// Its title.
    pub title: String,
    /// Its kind.
    pub kind: &'static str,
    /// The round, from 1.
    pub round: usize,
    /// The group, where each has totals of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Names of the options.
    pub options: Vec<String>,
    /// Published totals.
    pub totals: Totals,
    /// Expected totals.
    pub expected: Totals,
    /// Published weight of blank ballots, where blank is allowed.
    pub blank: Option<u64>,
    /// Expected weight of blank ballots.
    pub expected_blank: Option<u64>,
    /// The option that beats every other one, of a ranking that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condorcet_winner: Option<String>,
    /// Who is elected and who is tied, where a rule decides something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Decided>,
    /// The same by the plain addition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_outcome: Option<Decided>,
}

impl ContestSummary {
    fn new(vote: &Vote, number: usize, round: &Round, published: &Published, expected: &Expected) -> Option<Self> {
        let contest = round.contests.get(expected.contest)?;
        let name = |position: &usize| contest.options.get(*position).cloned();
        let names = |positions: &[usize]| positions.iter().map(name).collect::<Option<Vec<_>>>();
        let outcome = match &published.decided {
            Some((elected, tied)) => Some(Decided { elected: names(elected)?, tied: names(tied)? }),
            None => None,
        };
        let winner = if let Totals::Pairs(before) = &published.totals { condorcet_winner(before) } else { None };
        Some(Self {
            title: contest.title.clone(),
            kind: contest.rule.word(),
            round: number,
            group: expected.group.and_then(|group| vote.groups.get(group).cloned()),
            options: contest.options.clone(),
            totals: published.totals.clone(),
            expected: expected.totals.clone(),
            blank: published.blank,
            expected_blank: expected.blank,
            condorcet_winner: winner.as_ref().and_then(name),
            outcome,
            expected_outcome: round.decided.clone(),
        })
    }

    fn is_equal(&self) -> bool {
        self.totals == self.expected && self.blank == self.expected_blank && self.outcome == self.expected_outcome
    }
}

/// The contests of all rounds, each with what was published and what was expected.
///
/// # Errors
/// `totals` if the record has other rounds or tallies than were held.
pub(crate) fn summaries(vote: &Vote, counted: &Counted) -> Result<Vec<ContestSummary>, Failure> {
    let other = || {
        let fault = "the record has other rounds or tallies than were held";
        Failure::wrong("totals", fault, "keep the record; this must never happen")
    };
    if counted.rounds.len() != vote.rounds.len() {
        return Err(other());
    }
    let mut summaries = Vec::new();
    for (number, (round, tallies)) in (1..).zip(vote.rounds.iter().zip(&counted.rounds)) {
        if tallies.len() != round.expected.len() {
            return Err(other());
        }
        for (published, expected) in tallies.iter().zip(&round.expected) {
            let same = (published.contest, published.group) == (expected.contest, expected.group);
            let summary = ContestSummary::new(vote, number, round, published, expected).filter(|_| same);
            summaries.push(summary.ok_or_else(other)?);
        }
    }
    Ok(summaries)
}

/// Names and numbers of one contest, line by line.
fn rows(contest: &Contest, summary: &ContestSummary) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |name: String, published: &[u64], expected: &[u64]| {
        rows.push(Row { name, published: published.to_vec(), expected: expected.to_vec() });
    };
    let names = || contest.options.iter().enumerate();
    match (&summary.totals, &summary.expected) {
        (Totals::Options(published), Totals::Options(expected)) => {
            let one = |totals: &[u64], i: usize| totals.get(i).copied().into_iter().collect::<Vec<_>>();
            for (i, name) in names() {
                add(name.clone(), &one(published, i), &one(expected, i));
            }
        }
        (Totals::Pairs(published), Totals::Pairs(expected)) => {
            for (i, name) in names() {
                let row = |totals: &[Vec<u64>]| totals.get(i).cloned().unwrap_or_default();
                add(format!("{}. {name}", i + 1), &row(published), &row(expected));
            }
        }
        (Totals::Grades(published), Totals::Grades(expected)) => {
            let Rule::Grades { criteria, .. } = &contest.rule else { return rows };
            for (i, name) in names() {
                for (j, criterion) in criteria.iter().enumerate() {
                    let row = |totals: &[Vec<Vec<u64>>]| {
                        totals.get(i).and_then(|person| person.get(j)).cloned().unwrap_or_default()
                    };
                    add(format!("{name}, {criterion}"), &row(published), &row(expected));
                }
            }
        }
        // Another kind of totals than expected: nothing that could be shown side by side.
        _ => add("(all)".into(), &[], &[0]),
    }
    if contest.rule.has_blank() {
        let one = |blank: Option<u64>| blank.into_iter().collect::<Vec<_>>();
        add("(blank)".into(), &one(summary.blank), &one(summary.expected_blank));
    }
    rows
}

/// The tables and the verdict.
///
/// # Errors
/// `totals` unless everything is as expected.
pub(crate) fn conclude(
    vote: &Vote,
    summaries: &[ContestSummary],
    counted: &Counted,
    account: Account,
) -> Result<(), Failure> {
    let several = summaries.len() > 1;
    account.say("\nTotals");
    for summary in summaries {
        let round = summary.round.checked_sub(1).and_then(|round| vote.rounds.get(round));
        let round = round.ok_or_else(|| Failure::internal("a summary of no round"))?;
        let contest = round.contests.iter().find(|contest| contest.title == summary.title);
        let contest = contest.ok_or_else(|| Failure::internal("a summary of no contest"))?;
        if several {
            let group = summary.group.as_ref().map(|group| format!(", {group}")).unwrap_or_default();
            let heading = if vote.rounds.len() > 1 { &round.title } else { &summary.title };
            account.say(&format!("   {heading}{group} ({})", summary.kind));
        }
        if let Rule::Grades { grades, .. } = &contest.rule {
            account.detail(&format!("one number for each grade: {}", grades.join(", ")));
        }
        if let Rule::Ranking { .. } = &contest.rule {
            account.detail("votes that put the option of the line before option 1, 2, 3, ...");
        }
        table(&rows(contest, summary)).iter().for_each(|line| account.detail(line));
        if let Rule::Ranking { .. } = &contest.rule {
            let winner = summary.condorcet_winner.as_deref().unwrap_or("none");
            account.detail(&format!("Condorcet winner: {winner}"));
        }
        if let Some(Decided { elected, tied }) = &summary.outcome {
            let names = |names: &[String]| if names.is_empty() { "nobody".into() } else { names.join(", ") };
            account.detail(&format!("elected: {}; tied: {}", names(elected), names(tied)));
        }
    }
    let cells = |summary: &ContestSummary| {
        let round = summary.round.checked_sub(1).and_then(|round| vote.rounds.get(round));
        let contest = round.and_then(|round| round.contests.iter().find(|contest| contest.title == summary.title));
        contest.is_some_and(|contest| rows(contest, summary).iter().all(Row::is_equal))
    };
    if !summaries.iter().all(|summary| summary.is_equal() && cells(summary)) {
        let fault = "the published totals or outcomes are not those of the plain addition";
        return Err(Failure::wrong("totals", fault, "look for DIFFERENT in the tables; this must never happen"));
    }
    let source = match vote.origin {
        Origin::Real { stated: true, .. } => "the CSV file and those that the data set states",
        Origin::Real { stated: false, .. } => "the CSV file",
        Origin::MadeUp => "the made-up ballots",
    };
    account.detail(&format!("All totals equal those added up in plain from {source}."));
    account.detail(&counted.verdict);
    Ok(())
}

#[cfg(test)]
mod tests;

//! What the observer's report says that was counted.

use serde_json::Value;

use crate::account::number;
use crate::failure::Failure;
use crate::plain::Totals;

/// What the count of all rounds gave, by the observer's report.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    /// The tallies of each round.
    pub(crate) rounds: Vec<Vec<Published>>,
    /// The observer's verdict in words.
    pub(crate) verdict: String,
}

/// One tally as published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    /// Position of the contest.
    pub(crate) contest: usize,
    /// Position of the group, where each has totals of its own.
    pub(crate) group: Option<usize>,
    /// The totals.
    pub(crate) totals: Totals,
    /// Blank votes, where blank is allowed.
    pub(crate) blank: Option<u64>,
    /// Positions of those who are elected, and of those who are tied; where a rule decides something.
    pub(crate) decided: Option<(Vec<usize>, Vec<usize>)>,
}

fn figure(value: &Value, pointer: &str) -> Option<u64> {
    value.pointer(pointer).and_then(Value::as_u64)
}

fn figures(value: &Value) -> Option<Vec<u64>> {
    value.as_array()?.iter().map(Value::as_u64).collect()
}

fn positions(value: &Value, pointer: &str) -> Option<Vec<usize>> {
    let figures = figures(value.pointer(pointer)?)?;
    figures.into_iter().map(|figure| usize::try_from(figure).ok()).collect()
}

/// Totals and blank votes of a reading of any kind.
fn totals(reading: &Value) -> Option<(Totals, Option<u64>)> {
    let [(kind, body)] = reading.as_object()?.iter().collect::<Vec<_>>()[..] else { return None };
    let each = |field: &str| body.get(field).and_then(Value::as_array);
    let totals = match kind.as_str() {
        "selection" | "points" => Totals::Options(figures(body.get("options")?)?),
        "ranking" => Totals::Pairs(each("before")?.iter().map(figures).collect::<Option<_>>()?),
        "grades" => {
            let criterion = |totals: &Value| figures(totals.get("grades")?);
            let person = |criteria: &Value| criteria.as_array()?.iter().map(criterion).collect::<Option<_>>();
            Totals::Grades(each("persons")?.iter().map(person).collect::<Option<_>>()?)
        }
        _ => return None,
    };
    Some((totals, body.get("blank").and_then(Value::as_u64)))
}

fn published(round: &Value, tally: &Value) -> Option<Published> {
    let position = |name: &str| figure(tally, name).and_then(|position| usize::try_from(position).ok());
    let (totals, blank) = totals(tally.get("reading")?)?;
    let (contest, group) = (position("/contest")?, position("/group"));
    let outcomes = round.get("outcome").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let own =
        |outcome: &&Value| outcome.get("contest") == tally.get("contest") && outcome.get("group") == tally.get("group");
    let decided = outcomes.iter().find(own).and_then(|outcome| {
        let elected = positions(outcome, "/verdict/election/elected")?;
        Some((elected, positions(outcome, "/verdict/election/tied")?))
    });
    Some(Published { contest, group, totals, blank, decided })
}

/// Totals and verdict from the observer's report.
pub(crate) fn counted(report: &Value) -> Result<Counted, Failure> {
    let missing = || Failure::wrong("no-result", "the record holds but has no result", "see the office's output");
    let array = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().ok_or_else(missing);
    let mut rounds = Vec::new();
    for round in array(report, "rounds")? {
        let tallies = array(&round, "tallies")?;
        let tallies = tallies.iter().map(|tally| published(&round, tally).ok_or_else(missing));
        rounds.push(tallies.collect::<Result<_, _>>()?);
    }
    let checked = |name: &str| figure(report, &format!("/checked/{name}")).unwrap_or(0);
    // A35: a record of which nothing was checked proves nothing.
    if checked("ballots") == 0 || checked("partial_decryptions") < 2 {
        return Err(Failure::wrong("record", "the observer checked no ballots or no decryptions", "see its report"));
    }
    let checked = |name: &str| number(checked(name));
    let verdict = format!(
        "The record holds: {} entries, {} ballots, {} signatures, {} partial decryptions, {} totals and {} outcomes \
         checked; 0 faults.",
        checked("entries"),
        checked("ballots"),
        checked("signatures"),
        checked("partial_decryptions"),
        checked("totals"),
        checked("outcomes")
    );
    Ok(Counted { rounds, verdict })
}

#[cfg(test)]
mod tests;

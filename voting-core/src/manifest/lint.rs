//! The privacy and safety linter: what is allowed but should be known (A12, A30, A36). Publishing with a finding needs
//! its code to be accepted, visibly, in the manifest.

use serde::Serialize;

use super::{Fields, Login};
use crate::contest::Kind;
use crate::outcome::{Decision, Ties, Vacancies};

/// Something that weakens an event; voters see it unless it is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable code, to be accepted.
    pub code: &'static str,
    /// What it means and how to avoid it.
    pub what: String,
}

/// Default minimum of ballots (A36).
const USUAL_MINIMUM: u64 = 10;
/// Default minimum where a contest decrypts many cells: grades, points, rankings (M12).
const USUAL_MINIMUM_OF_MANY_CELLS: u64 = 30;
/// Default dispute period in seconds: 24 hours (S7).
const USUAL_DISPUTE: u64 = 86_400;

/// All findings of a manifest, accepted or not.
#[must_use]
pub fn lint(fields: &Fields) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |applies: bool, code, what: String| {
        if applies {
            findings.push(Finding { code, what });
        }
    };
    let (t, n) = (fields.threshold as usize, fields.trustees.len());
    find(
        fields.minimum_ballots < USUAL_MINIMUM,
        "few-ballots",
        format!(
            "results are published from {} ballots on; below 10 they can disclose single votes",
            fields.minimum_ballots
        ),
    );
    let contests: Vec<_> = fields.rounds.iter().flat_map(|round| &round.contests).collect();
    let stages = contests.iter().flat_map(|contest| {
        let first = contest.outcome.stage();
        core::iter::successors(first, |stage| stage.rule.stage()).map(|stage| &stage.kind)
    });
    let mut kinds = contests.iter().map(|contest| &contest.kind).chain(stages);
    let many_cells = kinds.any(|kind| !matches!(kind, Kind::Selection(_)));
    find(
        many_cells && fields.minimum_ballots < USUAL_MINIMUM_OF_MANY_CELLS,
        "small-ballots-for-kind",
        format!(
            "grades, points and rankings publish many totals, and are published from {} ballots on; below 30 they can \
             disclose single answers, and a rare answer that somebody demanded shows",
            fields.minimum_ballots
        ),
    );
    let calls_for_rounds = contests.iter().any(|contest| match &contest.outcome.decision {
        Decision::Elect { ties, vacancies, .. } => *ties == Ties::NewRound || *vacancies == Vacancies::NewRound,
        Decision::TotalsOnly | Decision::Adopt { .. } => false,
    });
    find(
        calls_for_rounds && !fields.rounds_may_be_added,
        "run-off-elsewhere",
        "equal votes or vacant seats call for a new round, but none may be added to this event: it would have to be an \
         event of its own, with new keys and codes; set rounds_may_be_added"
            .into(),
    );
    find(
        t == n,
        "all-trustees-needed",
        format!("all {n} trustees are needed: one lost key voids the event; choose t below n"),
    );
    find(
        2 * t <= n,
        "few-trustees-suffice",
        format!("{t} of {n} trustees can decrypt: fewer than half; choose a larger t"),
    );
    find(
        fields.dispute_seconds < USUAL_DISPUTE,
        "short-dispute",
        format!(
            "the count may begin {} s after closing; members with a receipt need time to complain",
            fields.dispute_seconds
        ),
    );
    find(
        fields.login.contains(&Login::None),
        "no-second-factor",
        "whoever has a voting code can cast; the registrar could vote for absent members".into(),
    );
    find(
        fields.administrator == fields.registrar,
        "one-office",
        "administrator and registrar share one key: one person holds both roles".into(),
    );
    find(
        fields.witness_policy.is_empty(),
        "no-witnesses",
        "no witness server is named: a dishonest board could show different records to different people".into(),
    );
    let (part, whole) = fields.largest_share;
    find(
        u64::from(part) * 2 > u64::from(whole),
        "heavy-share",
        format!("one credential may hold {part}/{whole} of the cast weight: totals then tell how it voted"),
    );
    find(fields.demonstration, "demonstration", "this is a demonstration and no real election".into());
    findings
}

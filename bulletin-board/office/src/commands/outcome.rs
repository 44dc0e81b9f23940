//! `office election outcome`.

use serde_json::json;
use voting_core::contest::Contest;
use voting_core::entry::{Author, Body, RoundOutcome};
use voting_core::ids::{LabelDigest, RoundIndex};
use voting_core::outcome::{Decision, Language, Ties, Verdict};
use voting_core::record::state::{Counting, Ending, Origin, Round};
use voting_core::record::{RoundReport, State};

use super::tables::Tables;
use super::{fold, key_of, must_exist, post, round_index, rounds};
use crate::cli::OutcomeArgs;
use crate::failure::Failure;
use crate::folder::EventFolder;
use crate::talk::{Outcome, Talk};

/// Posts what the rules make of a result, or prints what stands.
pub(super) fn outcome(args: &OutcomeArgs, talk: Talk) -> Result<Outcome, Failure> {
    let folder = EventFolder::open(&args.round.event.dir)?;
    let wanted = args.round.round.map(|number| round_index(&folder, number)).transpose()?;
    let lots = args.lots.as_deref().map(public_value).transpose()?;
    let key = key_of(&args.round.event.key, &folder.manifest.administrator, "administrator")?;
    let mut state = fold(&folder, talk)?;
    let wanted = must_exist(&state, wanted)?;
    let index = wanted.or_else(|| turn(&state)).ok_or_else(no_result)?;
    let counting = state.round(index).and_then(Round::closed).ok_or_else(no_result)?;
    match counting.ending() {
        Some(Ending::Result(_)) => {}
        Some(Ending::NotCounted) => {
            let fault = format!("round {} ended without a result, too few ballots: no rule applies to it", index.0 + 1);
            return Err(Failure::refused("no-outcome", fault, "nothing is left to do for this round"));
        }
        None => return Err(no_result()),
    }
    if !state.decides(index) {
        let text = format!("no rule decides anything in round {}: its totals stand for themselves", index.0 + 1);
        return Ok(Outcome { text, json: json!({ "round": index, "status": "nothing_to_decide" }) });
    }
    match counting.outcome() {
        Some(standing) if lots.is_some() && standing.lots != lots => {
            let fault =
                format!("the outcome of round {} stands on the log with another public value, or none", index.0 + 1);
            return Err(Failure::refused("other-lots", fault, "leave --lots out: an outcome is never replaced"));
        }
        Some(_) => {}
        None => {
            let computed = computed(&state, index, counting, lots)?;
            post(&folder, &mut state, Author::Administrator, &Body::RoundOutcome(computed), &key)?;
        }
    }
    said(&folder, &state, index, args.language.as_deref())
}

fn no_result() -> Failure {
    let fault = "there is no result that a rule could decide about";
    Failure::refused("no-result", fault, "run `office election result` first, once the trustees have decrypted")
}

/// The round whose turn it is: the first one with a result that waits for its outcome, else the one that was closed last.
fn turn(state: &State) -> Option<RoundIndex> {
    let waiting = state.rounds().map(|(index, _)| index).find(|index| state.lacks_outcome(*index));
    waiting.or_else(|| rounds::last_closed(state))
}

fn contests(state: &State, index: RoundIndex) -> &[Contest] {
    state.plan(index).map_or(&[][..], |planned| &planned.plan.contests)
}

/// 32 bytes as hexadecimal digits.
fn public_value(digits: &str) -> Result<[u8; 32], Failure> {
    let mut value = [0; 32];
    let fault = "--lots is no value of 32 bytes";
    hex::decode_to_slice(digits, &mut value).map_err(|_| {
        Failure::refused("bad-lots", fault, "give 64 hexadecimal digits, as the announced source makes them")
    })?;
    Ok(value)
}

fn is_by_lots(contest: &Contest) -> bool {
    matches!(contest.outcome.decision, Decision::Elect { ties: Ties::Lots, .. })
}

/// The outcome to post. A tie that lots settle is not posted without the value: an outcome stands for ever.
fn computed(
    state: &State,
    index: RoundIndex,
    counting: &Counting,
    lots: Option<[u8; 32]>,
) -> Result<RoundOutcome, Failure> {
    if lots.is_some() && !contests(state, index).iter().any(is_by_lots) {
        let fault = format!("no rule of round {} settles ties by lots", index.0 + 1);
        return Err(Failure::refused("no-lots", fault, "leave --lots out"));
    }
    let outcome = state.compute_outcome(index, lots).map_err(|why| {
        let fault = format!("the outcome of round {} can't be computed: {why}", index.0 + 1);
        Failure::refused(
            "no-outcome",
            fault,
            "read the totals with `office status` and decide by the rules of your statutes",
        )
    })?;
    let open = outcome.contests.iter().any(|contest| {
        let rule = counting.rules().contest(contest.contest);
        let undecided =
            matches!(&contest.verdict, Verdict::Election { tied, decided_by: None, .. } if !tied.is_empty());
        undecided && rule.is_some_and(|rules| is_by_lots(&rules.contest))
    });
    if open {
        let fault =
            format!("equal votes in round {} are settled by lots, and the public value is missing", index.0 + 1);
        let remedy =
            "wait for the value of the announced source, then repeat with --lots HEX; an outcome is posted once";
        return Err(Failure::refused("lots-needed", fault, remedy));
    }
    Ok(outcome)
}

/// What stands on the log, in words, with the next step.
fn said(folder: &EventFolder, state: &State, index: RoundIndex, language: Option<&str>) -> Result<Outcome, Failure> {
    let tables = Tables::of(folder, language)?;
    let reports = state.round_reports();
    let report = reports.iter().find(|report| report.index == index).ok_or_else(no_result)?;
    let mut text = format!("outcome of round {}\n{}", index.0 + 1, tables.outcome(report));
    let carried = carried(state, index, &tables);
    for (title, names) in &carried {
        text.push_str(&match Language::of(&tables.language) {
            Language::English => format!("\n{title}: chosen in earlier rounds already: {}\n", names.join(", ")),
            Language::Chinese => format!("\n{title}：先前各轮已经选出：{}\n", names.join("、")),
        });
    }
    let calls = report.outcome.iter().flatten().any(|outcome| outcome.follow_up.is_some());
    let follow_up = reports.iter().find(|other| other.cause.is_some() && other.cause == report.id);
    text.push('\n');
    match follow_up {
        Some(next) => text.push_str(&next_steps(next, &reports, &tables.language)),
        None if calls => text.push_str(
            "The rules call for a further round, but the manifest lets none be added, or there are too many: hold it as an event \
             of its own.\n",
        ),
        None => text.push_str("No further round follows from this outcome.\n"),
    }
    let json = json!({
        "round": index, "status": "outcome", "lots": report.lots, "calls_for_round": calls,
        "follow_up_round": follow_up.map(|next| next.index), "contests": tables.json(report),
        "carried": carried.iter().map(|(title, names)| json!({ "title": title, "names": names })).collect::<Vec<_>>(),
    });
    Ok(Outcome { text, json })
}

/// For each contest of a follow-up round who keeps a seat from the rounds before: title and names.
fn carried(state: &State, index: RoundIndex, tables: &Tables<'_>) -> Vec<(String, Vec<String>)> {
    let Some(planned) = state.plan(index) else { return Vec::new() };
    let text = |digest: &LabelDigest, fallback: String| tables.text(digest, fallback);
    let one = |(contest, origin): (&Contest, &Origin)| {
        let kept = &origin.follow_up.carried;
        let names = kept.iter().map(|option| origin.first.option_text(option.position(), &text)).collect();
        (!kept.is_empty()).then(|| (tables.text(&contest.title, "contest".into()), names))
    };
    planned.plan.contests.iter().zip(&planned.origins).filter_map(one).collect()
}

/// Who does what about a follow-up round.
pub(super) fn next_steps(next: &RoundReport, reports: &[RoundReport], language: &str) -> String {
    use voting_core::record::RoundStatus;
    let number = next.index.0 + 1;
    let cause = next.cause_words(reports, language).unwrap_or_default();
    let what = match next.status {
        RoundStatus::Planned if next.roll_closed => {
            "Next: the administrator starts it: office round next --dir DIR --key ADMINISTRATOR.key"
        }
        RoundStatus::Planned => {
            "Next: the registrar publishes its roll: office round next --dir DIR --key REGISTRAR.key\n\
             then the administrator starts it:       office round next --dir DIR --key ADMINISTRATOR.key\n\
             If it is not to be held:                office round drop --help"
        }
        RoundStatus::Voting => "It is open.",
        RoundStatus::Dropped => "It is not held.",
        RoundStatus::Counting | RoundStatus::Result | RoundStatus::NotCounted | RoundStatus::Cancelled => {
            "It was held: see `office status`."
        }
    };
    format!("Round {number}: {cause}\n{what}\n")
}

//! `office status`.

use serde_json::json;
use voting_core::record::state::CeremonyStatus;
use voting_core::record::{RoundReport, RoundStatus, State};

use super::tables::Tables;
use super::{fold, outcome, words_of_time};
use crate::cli::StatusArgs;
use crate::failure::Failure;
use crate::folder::EventFolder;
use crate::talk::{Outcome, Talk};

/// Says where the event stands, from its log.
pub(super) fn status(args: &StatusArgs, talk: Talk) -> Result<Outcome, Failure> {
    let folder = EventFolder::open(&args.dir)?;
    let state = fold(&folder, talk)?;
    let tables = Tables::of(&folder, args.language.as_deref())?;
    let manifest = &folder.manifest;
    let title = tables.text(&manifest.title, "event".into());
    let mut text = format!(
        "{title}\nevent    {}\nwords    {}\nlog      {}\nentries  {}\nceremony {}\n",
        folder.file.event,
        manifest.event_words(),
        folder.board()?.log_url(&folder.file.event),
        state.size(),
        ceremony(&state)
    );
    let rounds = state.round_reports();
    for round in &rounds {
        let plan = &round.asks.plan;
        let title = tables.text(&plan.title, String::new());
        text.push_str(&format!("round {}  {title}: {}\n", round.index.0 + 1, stage(&folder, round)));
        if let Some(cause) = round.cause_words(&rounds, &tables.language) {
            text.push_str(&format!("         {cause}\n"));
        } else if round.status == RoundStatus::Planned {
            let (opens, closes) = (words_of_time(plan.opens), words_of_time(plan.closes));
            text.push_str(&format!("         planned from {opens} to {closes}\n"));
        }
        text.push_str(&tables.totals(round));
        text.push_str(&tables.outcome(round));
    }
    let missing = rounds.iter().find(|round| state.lacks_outcome(round.index));
    if let Some(round) = missing {
        let number = round.index.0 + 1;
        text.push_str(&format!(
            "\nNext: the administrator publishes the outcome of round {number}: office election outcome --dir DIR --key KEY\n"
        ));
    }
    let waits = |round: &&RoundReport| round.status == RoundStatus::Planned && round.cause.is_some();
    if let Some(next) = rounds.iter().find(waits) {
        text.push_str(&format!("\n{}", outcome::next_steps(next, &rounds, &tables.language)));
    }
    let json = json!({
        "event": folder.file.event, "words": manifest.event_words(), "size": state.size(), "root": state.root().to_string(),
        "ceremony": state.ceremony(), "rounds": rounds, "cancelled": state.is_cancelled(), "finished": state.is_finished(),
    });
    Ok(Outcome { text, json })
}

/// How far the ceremony has come, in words.
pub(super) fn ceremony(state: &State) -> String {
    let (stage, waiting) = match state.ceremony() {
        CeremonyStatus::Commit(waiting) => ("first stage (commit)", waiting),
        CeremonyStatus::Deal(waiting) => ("second stage (deal)", waiting),
        CeremonyStatus::Confirm(waiting) => ("last stage (confirm)", waiting),
        CeremonyStatus::Complete => return "complete".into(),
    };
    let waiting: Vec<_> = waiting.iter().map(ToString::to_string).collect();
    format!("{stage}, waits for trustee {}", waiting.join(", "))
}

fn stage(folder: &EventFolder, round: &RoundReport) -> String {
    let turnout = format!("{} of {} members have cast {} ballots", round.turnout, round.entitled, round.ballots);
    match round.status {
        RoundStatus::Planned if round.roll_closed => format!("planned; the roll has {} members", round.entitled),
        RoundStatus::Planned => "planned; the roll is not complete".into(),
        RoundStatus::Voting => format!("open; {turnout}"),
        RoundStatus::Counting => format!(
            "closed; {turnout}; {} of {} trustees needed have decrypted",
            round.decrypted_by.len(),
            folder.manifest.threshold
        ),
        RoundStatus::Result => format!("result; {turnout}"),
        RoundStatus::NotCounted => format!("ended without a result, too few ballots; {turnout}"),
        RoundStatus::Cancelled => "cancelled".into(),
        RoundStatus::Dropped => "not held".into(),
    }
}

//! `office election open`, `close`, `result`, `cancel`.

use serde_json::json;
use voting_core::entry::{
    Author, Body, Cancelled, CloseOrder, NotCounted, RoundStarted, RoundStatement, open_close_order, sign_close_order,
};
use voting_core::ids::{RoundId, RoundIndex};
use voting_core::record::state::Round;
use voting_core::record::{RoundStatus, State};

use super::tables::Tables;
use super::{fold, follow_up, key_of, must_exist, now, post, round_index, status, words_of_time};
use crate::cli::{CancelArgs, CloseArgs, Reason, RoundArgs};
use crate::failure::Failure;
use crate::folder::{self, EventFolder, damaged};
use crate::talk::{Outcome, Talk};

/// What to do about a follow-up round.
const FOUND: &str = "use `office round next`, first with the registrar's key, then with the administrator's";

/// Starts a round of the manifest.
pub(super) fn open(args: &RoundArgs, talk: Talk) -> Result<Outcome, Failure> {
    let folder = EventFolder::open(&args.event.dir)?;
    let wanted = args.round.map(|number| round_index(&folder, number)).transpose()?;
    let key = key_of(&args.event.key, &folder.manifest.administrator, "administrator")?;
    let mut state = fold(&folder, talk)?;
    not_cancelled(&state)?;
    if let Some(index) = state.open_round().filter(|index| wanted.is_none_or(|wanted| wanted == *index)) {
        return Ok(opened(&state, index, "was open already"));
    }
    if let Some(index) = must_exist(&state, wanted)?.filter(|index| index.position() >= folder.manifest.rounds.len()) {
        let fault = format!("round {} is one that an outcome calls for, not one of the manifest", index.0 + 1);
        return Err(Failure::refused("follow-up-round", fault, FOUND));
    }
    let of_manifest = state.rounds().take(folder.manifest.rounds.len());
    let planned = of_manifest.filter(|(_, round)| matches!(round, Round::Planned)).map(|(index, _)| index).next();
    let follow_up = follow_up::waiting(&state);
    let none = || match follow_up {
        Some(index) => {
            let fault = format!(
                "every round of the manifest was held; round {} waits, which an outcome calls for",
                index.0 + 1
            );
            Failure::refused("follow-up-round", fault, FOUND)
        }
        None => Failure::refused("no-planned-round", "every round has been started", "see `office status`"),
    };
    let index = wanted.or(planned).ok_or_else(none)?;
    if !matches!(state.round(index), Some(Round::Planned)) {
        let fault = format!("round {} was started or dropped before", index.0 + 1);
        return Err(Failure::refused("no-planned-round", fault, "see `office status`"));
    }
    if let Some(waits) = follow_up {
        let other = waits.0 + 1;
        talk.note(&format!(
            "note: round {other}, which an outcome calls for, waits too: `office round next` starts that one"
        ));
    }
    let plan = folder.manifest.round(index).ok_or_else(none)?;
    let joint = state.joint_key().ok_or_else(|| {
        let fault = format!("the key ceremony is not complete: {}", status::ceremony(&state));
        Failure::refused("ceremony-incomplete", fault, "ask these trustees to run `trustee ceremony`")
    })?;
    if !state.roll(index).is_some_and(voting_core::record::state::Roll::is_closed) {
        let fault = format!("the roll of round {} is not complete", index.0 + 1);
        return Err(Failure::refused("roll-incomplete", fault, "run `office credentials issue` until it is done"));
    }
    let time = now();
    if time.abs_diff(plan.opens) > folder.manifest.grace_seconds {
        let planned = words_of_time(plan.opens);
        talk.note(&format!("note: the start was planned for {planned}; observers will see the difference"));
    }
    let statement = RoundStatement { index, plan: plan.clone(), cause: None };
    let started = RoundStarted { statement, joint_key: joint.public.to_bytes(), time };
    post(&folder, &mut state, Author::Administrator, &Body::RoundStarted(started), &key)?;
    Ok(opened(&state, index, "is open"))
}

fn opened(state: &State, index: RoundIndex, what: &str) -> Outcome {
    let id = state.round(index).and_then(Round::id);
    Outcome {
        text: format!("round {} {what}\nround id {}", index.0 + 1, id.map(|id| id.to_string()).unwrap_or_default()),
        json: json!({ "round": index, "id": id, "status": "voting" }),
    }
}

pub(super) fn not_cancelled(state: &State) -> Result<(), Failure> {
    let cancelled =
        || Failure::refused("cancelled", "the event was cancelled: its log has ended", "see `office status`");
    if state.is_cancelled() { Err(cancelled()) } else { Ok(()) }
}

/// Orders the board to close the open round.
pub(super) fn close(args: &CloseArgs, talk: Talk) -> Result<Outcome, Failure> {
    let event = &args.round.event;
    let folder = EventFolder::open(&event.dir)?;
    let wanted = args.round.round.map(|number| round_index(&folder, number)).transpose()?;
    let key = key_of(&event.key, &folder.manifest.administrator, "administrator")?;
    let state = fold(&folder, talk)?;
    let wanted = must_exist(&state, wanted)?;
    let open = state.open_round().filter(|index| wanted.is_none_or(|wanted| wanted == *index));
    let Some((index, round)) = open.and_then(|index| Some((index, state.round(index)?.id()?))) else {
        // An order that was carried out before the answer arrived.
        let done = wanted
            .or_else(|| last_closed(&state))
            .filter(|index| state.round(*index).is_some_and(|round| round.closed().is_some()));
        let none = || Failure::refused("no-open-round", "no such round is open", "see `office status`");
        return done.and_then(|index| closed(&state, index)).ok_or_else(none);
    };
    let planned = state.plan(index).map_or(0, |planned| planned.plan.closes);
    if now().saturating_add(folder.manifest.grace_seconds) < planned && !args.early {
        let fault = format!("round {} is planned to close at {}", index.0 + 1, words_of_time(planned));
        return Err(Failure::refused("too-early", fault, "wait, or close early for everybody to see with --early"));
    }
    let order = close_order(&folder, index, round, |order| sign_close_order(&folder.file.event, &order, &key))?;
    folder.board()?.close(&folder.file.event, &order)?;
    // The board's word is not enough: the closing entry must stand on the log.
    let state = fold(&folder, talk)?;
    let missing =
        || Failure::unable("not-closed", "the board says that the round is closed, its log does not", "run it again");
    closed(&state, index).ok_or_else(missing)
}

/// The signed order: made once and kept, so that a repetition sends the same bytes.
fn close_order(
    folder: &EventFolder,
    index: RoundIndex,
    round: RoundId,
    sign: impl FnOnce(CloseOrder) -> Vec<u8>,
) -> Result<Vec<u8>, Failure> {
    let path = folder.paths.close_order(index);
    if path.exists() {
        let order = folder::read(&path)?;
        let opened = open_close_order(&folder.manifest, &order).map_err(|error| damaged(&path, &error.to_string()))?;
        let own = opened.round == round;
        return if own { Ok(order) } else { Err(damaged(&path, "it is an order for another round")) };
    }
    let order = sign(CloseOrder { round, time: now() });
    vault::write_new(&path, &order, 0o644)?;
    Ok(order)
}

fn closed(state: &State, index: RoundIndex) -> Option<Outcome> {
    let report = state.round_report(index)?;
    let (size, root) = (report.closing_size?, report.closing_root.clone()?);
    Some(Outcome {
        text: format!(
            "round {} is closed with {} ballots, {} of {} members took part\nclosing checkpoint: {size} entries, root {root}\n\
             Next: the trustees run `trustee decrypt`, after the dispute period of {} s.",
            index.0 + 1,
            report.ballots,
            report.turnout,
            report.entitled,
            state.manifest().dispute_seconds
        ),
        json: json!({ "round": report }),
    })
}

/// The round that was closed last; one that waits for its count is always that one.
pub(super) fn last_closed(state: &State) -> Option<RoundIndex> {
    let closed = state.rounds().filter_map(|(index, round)| Some((round.closed()?.closing().size, index)));
    closed.max().map(|(_, index)| index)
}

/// Publishes the result of a closed round, or that it has none.
pub(super) fn result(args: &RoundArgs, talk: Talk) -> Result<Outcome, Failure> {
    let folder = EventFolder::open(&args.event.dir)?;
    let wanted = args.round.map(|number| round_index(&folder, number)).transpose()?;
    let key = key_of(&args.event.key, &folder.manifest.administrator, "administrator")?;
    let mut state = fold(&folder, talk)?;
    let wanted = must_exist(&state, wanted)?;
    let last = last_closed(&state);
    let none = || Failure::refused("not-closed", "the round is not closed", "close it first: `office election close`");
    let index = wanted.or(last).ok_or_else(none)?;
    let counting = state.round(index).and_then(Round::closed).ok_or_else(none)?;
    if counting.ending().is_none() {
        let body = match state.may_be_decrypted(counting) {
            Err(why) => {
                talk.note(&format!("note: {why}"));
                Body::NotCounted(NotCounted { round: counting.rules().binding.round })
            }
            Ok(()) => {
                let (found, needed) = (counting.parts().len(), folder.manifest.threshold as usize);
                if found < needed {
                    let fault = format!("{found} of {needed} trustees needed have decrypted round {}", index.0 + 1);
                    return Err(Failure::refused("waiting-for-trustees", fault, "ask them to run `trustee decrypt`"));
                }
                let result = state.compute_result(index);
                Body::RoundResult(result.map_err(|why| Failure::refused("no-result", why, "run `observer verify`"))?)
            }
        };
        post(&folder, &mut state, Author::Administrator, &body, &key)?;
    }
    let report = state.round_report(index).ok_or_else(none)?;
    let tables = Tables::of(&folder, None)?;
    let head = match report.status {
        RoundStatus::NotCounted => format!("round {} ended without a result: too few ballots", index.0 + 1),
        _ => format!("result of round {}", index.0 + 1),
    };
    let waits = state.lacks_outcome(index);
    let next = match (waits, report.outcome.is_some()) {
        (true, _) => {
            "\nNext: a rule decides about these totals: office election outcome --dir DIR --key ADMINISTRATOR.key\n"
        }
        (false, true) => "\nThe outcome stands on the log: `office election outcome` shows it again.\n",
        (false, false) => "",
    };
    Ok(Outcome {
        text: format!("{head}\n{}{next}", tables.totals(&report)),
        json: json!({
            "round": index, "status": report.status, "contests": tables.json(&report), "outcome_needed": waits,
        }),
    })
}

/// Cancels the event.
pub(super) fn cancel(args: &CancelArgs, talk: Talk) -> Result<Outcome, Failure> {
    let folder = EventFolder::open(&args.event.dir)?;
    let key = key_of(&args.event.key, &folder.manifest.administrator, "administrator")?;
    let mut state = fold(&folder, talk)?;
    if !state.is_cancelled() {
        let question = format!("Cancel {} for ever?", folder.manifest.event_words());
        if !args.yes && !talk.ask(&question, "repeat the command with --yes")? {
            return Err(Failure::refused("declined", "nothing was done", ""));
        }
        let reason = match args.reason {
            Reason::Other => 0,
            Reason::Manifest => 1,
            Reason::Organisational => 2,
            Reason::Security => 3,
        };
        post(&folder, &mut state, Author::Administrator, &Body::Cancelled(Cancelled { reason }), &key)?;
    }
    Ok(Outcome { text: "the event is cancelled".into(), json: json!({ "status": "cancelled" }) })
}

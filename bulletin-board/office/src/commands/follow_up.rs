//! `office round next`, `attendance`, `drop`.

use std::collections::BTreeMap;

use serde_json::json;
use voting_core::entry::{
    Attendance, Author, Body, GroupAttendance, OfficialKey, RoundDropped, RoundStarted, RoundStatement,
};
use voting_core::ids::RoundIndex;
use voting_core::record::State;
use voting_core::record::state::{Planned, Roll, Round};

use super::{credentials, fold, key, key_of, must_exist, now, post, round_index, rounds, words_of_time};
use crate::cli::{AttendanceArgs, DropArgs, DropReason, NextArgs};
use crate::failure::Failure;
use crate::folder::EventFolder;
use crate::talk::{Outcome, Talk};

/// Publishes the roll of the next follow-up round, or starts it, or both, as the key allows.
pub(super) fn next(args: &NextArgs, talk: Talk) -> Result<Outcome, Failure> {
    let folder = EventFolder::open(&args.event.dir)?;
    let key = key::open(&args.event.key)?;
    let manifest = &folder.manifest;
    let (registrar, administrator) = (key.public() == manifest.registrar, key.public() == manifest.administrator);
    if !registrar && !administrator {
        let fault = format!(
            "{} holds the key {}, which no official of this event has",
            args.event.key.key.display(),
            key.public()
        );
        return Err(Failure::refused("other-key", fault, "give the key file of the registrar or of the administrator"));
    }
    let mut state = fold(&folder, talk)?;
    rounds::not_cancelled(&state)?;
    let mut done = None;
    if registrar {
        done = Some(publish_roll(&folder, &mut state, &key, talk)?);
    }
    if administrator {
        done = Some(start(args, &folder, &mut state, &key, talk)?);
    }
    done.ok_or_else(|| none_waits(&state))
}

fn is_follow_up(state: &State, index: RoundIndex) -> bool {
    state.plan(index).is_some_and(|planned| planned.cause.is_some())
}

/// The first follow-up round that waits to be held.
pub(super) fn waiting(state: &State) -> Option<RoundIndex> {
    let planned = state.rounds().filter(|(_, round)| matches!(round, Round::Planned)).map(|(index, _)| index);
    planned.into_iter().find(|index| is_follow_up(state, *index))
}

fn none_waits(state: &State) -> Failure {
    let fault = "no outcome calls for a round that waits to be held";
    let missing = state.rounds().map(|(index, _)| index).find(|index| state.lacks_outcome(*index));
    let remedy = match missing {
        Some(index) => format!("publish the outcome of round {} first: `office election outcome`", index.0 + 1),
        None => "see `office status`; a round of the manifest is started with `office election open`".into(),
    };
    Failure::refused("no-follow-up", fault, remedy)
}

/// The title of a follow-up round: its number and why it is held.
fn titled(state: &State, index: RoundIndex) -> String {
    let reports = state.round_reports();
    let cause = reports.iter().find(|report| report.index == index);
    let cause = cause.and_then(|report| report.cause_words(&reports, "en"));
    cause.map_or_else(|| format!("round {}", index.0 + 1), |cause| format!("round {} ({cause})", index.0 + 1))
}

/// The registrar's half: the same members, with the credentials of this round.
fn publish_roll(folder: &EventFolder, state: &mut State, key: &OfficialKey, talk: Talk) -> Result<Outcome, Failure> {
    let closed = |state: &State, index: RoundIndex| state.roll(index).is_some_and(Roll::is_closed);
    let Some(index) = waiting(state) else {
        // Done already, and the administrator was quicker.
        let open = state.open_round().filter(|index| is_follow_up(state, *index));
        return open.map(|index| roll_stands(state, index)).ok_or_else(|| none_waits(state));
    };
    if !closed(state, index) {
        let members = credentials::members(folder)?;
        let issued = credentials::issued_for(folder, &members, index, talk)?;
        credentials::publish(folder, state, index, &members, &issued, key, talk)?;
    }
    Ok(roll_stands(state, index))
}

fn roll_stands(state: &State, index: RoundIndex) -> Outcome {
    let entitled = state.roll(index).map_or(0, Roll::entitled);
    let open = state.open_round() == Some(index);
    let next = if open { "It is open." } else { "Next: the administrator runs `office round next` with the own key." };
    Outcome {
        text: format!(
            "the roll of {} stands: {entitled} members, with their same voting codes\n{next}",
            titled(state, index)
        ),
        json: json!({ "round": index, "did": "roll", "members": entitled, "status": if open { "voting" } else { "planned" } }),
    }
}

/// The administrator's half.
fn start(
    args: &NextArgs,
    folder: &EventFolder,
    state: &mut State,
    key: &OfficialKey,
    talk: Talk,
) -> Result<Outcome, Failure> {
    if let Some(index) = state.open_round() {
        if is_follow_up(state, index) {
            return Ok(started(state, index, "was open already"));
        }
        let fault = format!("round {} is open", index.0 + 1);
        return Err(Failure::refused("round-open", fault, "close it and publish its result and outcome first"));
    }
    let index = waiting(state).ok_or_else(|| none_waits(state))?;
    let unfinished = |round: &Round| !round.is_finished() && !matches!(round, Round::Planned);
    if let Some((other, _)) = state.rounds().find(|(_, round)| unfinished(round)) {
        let fault = format!("round {} is not counted yet", other.0 + 1);
        return Err(Failure::refused("round-open", fault, "publish its result first: `office election result`"));
    }
    if !state.roll(index).is_some_and(Roll::is_closed) {
        let fault = format!("{} has no roll yet", titled(state, index));
        let remedy = "the registrar runs `office round next` with the own key first, then you run this again";
        return Err(Failure::refused("roll-incomplete", fault, remedy));
    }
    let joint = state.joint_key().ok_or_else(|| none_waits(state))?.public.to_bytes();
    let Planned { mut plan, cause, .. } = state.plan(index).ok_or_else(|| none_waits(state))?.clone();
    (plan.opens, plan.closes) = times(args, state, cause.as_ref())?;
    let time = now();
    if time.abs_diff(plan.opens) > folder.manifest.grace_seconds {
        let planned = words_of_time(plan.opens);
        talk.note(&format!("note: the start is stated as {planned}; observers will see the difference"));
    }
    let statement = RoundStatement { index, plan, cause };
    let body = Body::RoundStarted(RoundStarted { statement, joint_key: joint, time });
    post(folder, state, Author::Administrator, &body, key)?;
    Ok(started(state, index, "is open"))
}

/// Start and end: as given, else from now on for as long as the round that calls for it was planned.
fn times(args: &NextArgs, state: &State, cause: Option<&voting_core::ids::RoundId>) -> Result<(u64, u64), Failure> {
    let opens = args.opens.unwrap_or_else(now);
    let causing = state.rounds().find(|(_, round)| round.id().as_ref() == cause).map(|(index, _)| index);
    let plan = causing.and_then(|index| state.plan(index)).map(|planned| &planned.plan);
    let duration = plan.map_or(3_600, |plan| plan.closes.saturating_sub(plan.opens));
    let closes = args.closes.unwrap_or_else(|| opens.saturating_add(duration));
    if opens < closes && closes > now() {
        return Ok((opens, closes));
    }
    let fault = format!("the round would open at {} and close at {}", words_of_time(opens), words_of_time(closes));
    Err(Failure::refused("bad-times", fault, "give --closes a time after the start that is not over yet"))
}

fn started(state: &State, index: RoundIndex, what: &str) -> Outcome {
    let id = state.round(index).and_then(Round::id);
    let closes = state.plan(index).map_or(0, |planned| planned.plan.closes);
    Outcome {
        text: format!(
            "{} {what}, planned to close at {}\nround id {}\nNext: members vote with their same codes; then `office election close`.",
            titled(state, index),
            words_of_time(closes),
            id.map(|id| id.to_string()).unwrap_or_default()
        ),
        json: json!({ "round": index, "did": "start", "id": id, "status": "voting", "closes": closes }),
    }
}

/// States who is present and excused in the open round.
pub(super) fn attendance(args: &AttendanceArgs, talk: Talk) -> Result<Outcome, Failure> {
    let folder = EventFolder::open(&args.event.dir)?;
    let ids = folder.group_ids()?;
    let present = counts("--present", &args.present, &ids)?;
    let excused = counts("--excused", &args.excused, &ids)?;
    if let Some(id) = ids.iter().enumerate().find(|(group, _)| !present.contains_key(group)).map(|(_, id)| id) {
        let fault = format!("--present says nothing about group {id}");
        return Err(Failure::refused("attendance", fault, format!("add --present {id}=MEMBERS, 0 if nobody came")));
    }
    let key = key_of(&args.event.key, &folder.manifest.registrar, "registrar")?;
    let mut state = fold(&folder, talk)?;
    rounds::not_cancelled(&state)?;
    let none = || {
        let remedy = "state it between `office election open` or `office round next` and `office election close`";
        Failure::refused("no-open-round", "attendance is stated while a round is open, and none is", remedy)
    };
    let index = state.open_round().ok_or_else(none)?;
    let voting = state.round(index).and_then(Round::open).ok_or_else(none)?;
    let round = voting.rules().binding.round;
    let roll = state.roll(index).map_or(&[][..], Roll::groups);
    let mut groups = Vec::new();
    for (group, (id, entitled)) in ids.iter().zip(roll).enumerate() {
        let of = |counts: &BTreeMap<usize, Given>| {
            counts.get(&group).map_or(Ok((0, 0)), |given| given.against(id, *entitled))
        };
        let stated = GroupAttendance { excused: of(&excused)?, present: of(&present)? };
        let sum = |a: u64, b: u64| a.saturating_add(b);
        let members = sum(stated.excused.0, stated.present.0);
        let votes = sum(stated.excused.1, stated.present.1);
        if members > entitled.0 || votes > entitled.1 {
            let fault = format!(
                "group {id} has {} members with {} votes on the roll; {members} with {votes} are stated as present or excused",
                entitled.0, entitled.1
            );
            return Err(Failure::refused("attendance", fault, "count again: nobody is both, and nobody twice"));
        }
        groups.push(stated);
    }
    match voting.attendance() {
        Some(standing) if *standing != groups => {
            let fault = format!("the attendance of round {} was stated before, with other numbers", index.0 + 1);
            return Err(Failure::refused(
                "attendance-stated",
                fault,
                "it can't be changed; explain the difference in your minutes",
            ));
        }
        Some(_) => {}
        None => {
            let body = Body::Attendance(Attendance { round, groups: groups.clone() });
            post(&folder, &mut state, Author::Registrar, &body, &key)?;
        }
    }
    let mut text = format!("attendance of round {} stands\n", index.0 + 1);
    let mut json = Vec::new();
    for ((id, entitled), stated) in ids.iter().zip(state.roll(index).map_or(&[][..], Roll::groups)).zip(&groups) {
        let (excused, present) = (stated.excused, stated.present);
        text.push_str(&format!(
            "group {id}: {} on the roll, {} excused, {} due, {} present with {} votes\n",
            entitled.0,
            excused.0,
            entitled.0 - excused.0,
            present.0,
            present.1
        ));
        let count = |(members, weight): (u64, u64)| json!({ "members": members, "weight": weight });
        json.push(
            json!({ "group": id, "entitled": count(*entitled), "excused": count(excused), "present": count(present) }),
        );
    }
    Ok(Outcome { text, json: json!({ "round": index, "groups": json }) })
}

/// Members, and their votes where the command says them.
#[derive(Clone, Copy)]
struct Given {
    members: u64,
    votes: Option<u64>,
}

impl Given {
    /// Members and votes; the votes are the members only where everybody on the roll of the group has one vote.
    fn against(self, id: &str, (members, weight): (u64, u64)) -> Result<(u64, u64), Failure> {
        match self.votes {
            Some(votes) => Ok((self.members, votes)),
            None if members == weight || self.members == 0 => Ok((self.members, self.members)),
            None => {
                let fault = format!("the members of group {id} have {weight} votes between {members} of them");
                let remedy = format!("say how many votes they hold: {id}={}:VOTES", self.members);
                Err(Failure::refused("attendance", fault, remedy))
            }
        }
    }
}

/// Reads `north=12:57`, each group at most once.
fn counts(option: &str, given: &[String], ids: &[String]) -> Result<BTreeMap<usize, Given>, Failure> {
    let mut counts = BTreeMap::new();
    for text in given {
        let refused = |fault: String| {
            Failure::refused(
                "attendance",
                format!("{option} {text}: {fault}"),
                format!(
                    "write it such as {option} {}=12, or =12:57 with their votes",
                    ids.first().map_or("all", String::as_str)
                ),
            )
        };
        let (id, count) = text.split_once('=').ok_or_else(|| refused("there is no \"=\"".into()))?;
        let known = || refused(format!("there is no group \"{id}\", only {}", ids.join(", ")));
        let group = ids.iter().position(|known| known == id).ok_or_else(known)?;
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.parse::<u64>().ok().filter(|_| plain);
            number.ok_or_else(|| refused(format!("\"{digits}\" is no whole number")))
        };
        let (members, votes) = match count.split_once(':') {
            Some((members, votes)) => (number(members)?, Some(number(votes)?)),
            None => (number(count)?, None),
        };
        if counts.insert(group, Given { members, votes }).is_some() {
            return Err(refused(format!("group {id} is named twice")));
        }
    }
    Ok(counts)
}

/// Drops a round that waits to be held.
pub(super) fn drop(args: &DropArgs, talk: Talk) -> Result<Outcome, Failure> {
    let folder = EventFolder::open(&args.event.dir)?;
    let index = round_index(&folder, args.round)?;
    let key = key_of(&args.event.key, &folder.manifest.administrator, "administrator")?;
    let mut state = fold(&folder, talk)?;
    rounds::not_cancelled(&state)?;
    must_exist(&state, Some(index))?;
    match state.round(index) {
        Some(Round::Dropped) => {}
        Some(Round::Planned) => {
            let reason = match args.reason {
                DropReason::Other => 0,
                DropReason::NotNeeded => 1,
                DropReason::Organisational => 2,
            };
            let body = Body::RoundDropped(RoundDropped { round: index, reason });
            post(&folder, &mut state, Author::Administrator, &body, &key)?;
        }
        _ => {
            let fault = format!("round {} was started: it can't be dropped any more", index.0 + 1);
            return Err(Failure::refused("round-started", fault, "close it; `office election result` ends it"));
        }
    }
    let text = format!("round {} is not held", index.0 + 1);
    Ok(Outcome { text, json: json!({ "round": index, "status": "dropped" }) })
}

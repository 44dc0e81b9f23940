//! `observer show`: what stands in a record, unverified.

use std::io::{self, Write};

use client::Record;
use serde_json::{Value, json};
use voting_core::contest::{Contest, Kind};
use voting_core::entry::{Body, Entry, OfficialEntry, RoundOutcome, RoundResult};
use voting_core::ids::{ContestIndex, EntryIndex, EventId, GroupIndex, OptionIndex, RoundId, RoundIndex};
use voting_core::manifest::{RoundPlan, event_words};
use voting_core::outcome::{Tallied, Verdict, words};
use voting_core::record::state::looks_like_ballot;

use crate::cli::ShowArgs;
use crate::failure::{Failure, Outcome};
use crate::mirror::folder;
use crate::names::Names;
use crate::talk::{bytes, entries, moment};

pub(crate) fn run(args: &ShowArgs, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let (dir, _temporary) = folder(&args.source)?;
    let record = Record::open(&dir)?;
    let written = match args.entry {
        Some(index) => {
            let entry = record.entry(EntryIndex(index))?;
            let mut fields = describe(index, &entry);
            let names = Names::of(&record, args.language.as_deref());
            let lines = in_words(&record, &names, &entry)?;
            if !lines.is_empty() {
                fields.insert("lines".into(), json!(lines));
            }
            if args.json { writeln!(out, "{}", Value::Object(fields)) } else { print_fields(&fields, out) }
        }
        None => {
            let runs = runs(&record)?;
            if args.json {
                print_json(&record, &runs, out)?
            } else {
                print_text(&record, &Names::of(&record, args.language.as_deref()), &runs, out)
            }
        }
    };
    written.map_err(Failure::Output)?;
    Ok(Outcome::Holds)
}

/// Neighbouring entries of one kind and author.
struct Run {
    first: u64,
    last: u64,
    what: String,
}

fn runs(record: &Record) -> Result<Vec<Run>, Failure> {
    let mut runs: Vec<Run> = Vec::new();
    for (index, entry) in (0..).zip(record.entries()) {
        let what = title(index, &entry?);
        match runs.last_mut().filter(|run| run.what == what) {
            Some(run) => run.last = index,
            None => runs.push(Run { first: index, last: index, what }),
        }
    }
    Ok(runs)
}

/// Kind and claimed author of an entry.
fn title(index: u64, bytes: &[u8]) -> String {
    if index == 0 {
        return "manifest".into();
    }
    match Entry::from_bytes(bytes) {
        Ok(Entry::Ballot(_)) => "ballot".into(),
        Ok(Entry::Official(entry)) => format!("{}, by {}", entry.body.name(), entry.author),
        Err(_) => "malformed".into(),
    }
}

fn print_text(record: &Record, names: &Names, runs: &[Run], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Nothing of this was verified: `observer verify` does that.")?;
    match &names.manifest {
        Some(manifest) => {
            let event = manifest.event();
            writeln!(out, "Event {event} ({})", event_words(&event))?;
            let title = names.text(&manifest.title, String::new);
            if !title.is_empty() {
                writeln!(out, "{title}, {}", names.text(&manifest.organisation, || "organisation".into()))?;
            }
            writeln!(out, "Host {}, log key {}", manifest.host, manifest.log_key)?;
            writeln!(out, "{} of {} trustees are needed for the count", manifest.threshold, manifest.trustees.len())?;
            for (index, plan) in (0..).map(RoundIndex).zip(&manifest.rounds) {
                let round = names.round_title(index, plan);
                writeln!(out, "{round}: planned from {} to {}", moment(plan.opens), moment(plan.closes))?;
                for line in contests_in_words(names, plan) {
                    writeln!(out, "{line}")?;
                }
            }
            if manifest.rounds_may_be_added {
                writeln!(out, "Further rounds may be held if an outcome calls for them")?;
            }
        }
        None => writeln!(out, "Entry 0 is no valid manifest.")?,
    }
    writeln!(out, "{}:", entries(record.size()))?;
    for Run { first, last, what } in runs {
        if first == last {
            writeln!(out, "  {first:>8}            {what}")?;
        } else {
            writeln!(out, "  {first:>8}..{last:<8}  {what} ({})", last - first + 1)?;
        }
    }
    Ok(())
}

fn print_json(record: &Record, runs: &[Run], out: &mut dyn Write) -> Result<io::Result<()>, Failure> {
    let event = record.event()?;
    let runs = runs.iter().map(|run| json!({ "first": run.first, "last": run.last, "what": run.what }));
    let runs: Vec<Value> = runs.collect();
    let checkpoint = String::from_utf8_lossy(record.checkpoint()).into_owned();
    let object = json!({
        "verified": false,
        "event": event,
        "event_words": event_words(&event),
        "size": record.size(),
        "checkpoint": checkpoint,
        "labels": record.labels().is_some(),
        "entries": runs,
    });
    Ok(writeln!(out, "{object}"))
}

/// Title, kind and options of each contest.
fn contests_in_words(names: &Names, plan: &RoundPlan) -> Vec<String> {
    let line = |(position, contest): (usize, &Contest)| {
        let options = (0..contest.options.len()).map(|option| names.option(contest, option));
        let options: Vec<String> = options.collect();
        let (title, kind) = (names.contest_title(position, contest), contest.kind.word());
        format!("  {title} ({kind}): {}", options.join("; "))
    };
    plan.contests.iter().enumerate().map(line).collect()
}

/// What an entry that starts a round or tells about its totals says, in words; nothing for others.
fn in_words(record: &Record, names: &Names, bytes: &[u8]) -> Result<Vec<String>, Failure> {
    let Ok(Entry::Official(OfficialEntry { body, .. })) = Entry::from_bytes(bytes) else { return Ok(Vec::new()) };
    match &body {
        Body::RoundStarted(started) => Ok(contests_in_words(names, &started.statement.plan)),
        Body::RoundResult(result) => {
            let plan = plan_of(record, &result.round)?;
            Ok(plan.map(|plan| totals_in_words(names, &plan, result)).unwrap_or_default())
        }
        Body::RoundOutcome(outcome) => {
            let (plan, result) = (plan_of(record, &outcome.round)?, result_of(record, &outcome.round)?);
            Ok(plan
                .zip(result)
                .map(|(plan, result)| outcome_in_words(names, &plan, &result, outcome))
                .unwrap_or_default())
        }
        _ => Ok(Vec::new()),
    }
}

/// The first thing that `find` takes from an official's entry.
fn search<T>(record: &Record, find: impl Fn(Body) -> Option<T>) -> Result<Option<T>, Failure> {
    for entry in record.entries() {
        let entry = entry?;
        if looks_like_ballot(&entry) {
            continue;
        }
        if let Ok(Entry::Official(official)) = Entry::from_bytes(&entry)
            && let Some(found) = find(official.body)
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// What the round of this id asks, as the entry that starts it says.
fn plan_of(record: &Record, round: &RoundId) -> Result<Option<RoundPlan>, Failure> {
    let event = record.event()?;
    search(record, |body| match body {
        Body::RoundStarted(started) if started.statement.id(&event) == *round => Some(started.statement.plan),
        _ => None,
    })
}

fn result_of(record: &Record, round: &RoundId) -> Result<Option<RoundResult>, Failure> {
    search(record, |body| match body {
        Body::RoundResult(result) if result.round == *round => Some(result),
        _ => None,
    })
}

/// Contest, group and totals of each tally; empty totals where nothing was decrypted.
fn tallies<'a>(
    plan: &'a RoundPlan,
    result: &'a RoundResult,
) -> impl Iterator<Item = (ContestIndex, &'a Contest, Option<GroupIndex>, &'a [u64])> {
    let contests = (0..).map(ContestIndex).zip(&plan.contests);
    let tallies =
        contests.flat_map(|(index, contest)| contest.tallies().into_iter().map(move |group| (index, contest, group)));
    tallies.zip(&result.totals).map(|((index, contest, group), totals)| (index, contest, group, totals.0.as_slice()))
}

fn tally_title(names: &Names, index: ContestIndex, contest: &Contest, group: Option<GroupIndex>) -> String {
    let group = group.map(|group| format!(", {}", names.group(group))).unwrap_or_default();
    format!("{}{group}", names.contest_title(index.position(), contest))
}

fn totals_in_words(names: &Names, plan: &RoundPlan, result: &RoundResult) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, contest, group, totals) in tallies(plan, result) {
        lines.push(format!("  {}:", tally_title(names, index, contest, group)));
        if totals.is_empty() {
            lines.push("                  not decrypted".into());
        }
        for (cell, total) in totals.iter().enumerate() {
            lines.push(format!("  {total:>14}  {}", names.cell(contest, cell)));
        }
    }
    lines
}

fn outcome_in_words(names: &Names, plan: &RoundPlan, result: &RoundResult, outcome: &RoundOutcome) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, contest, group, totals) in tallies(plan, result) {
        let own = outcome.contests.iter().find(|own| (own.contest, own.group) == (index, group));
        let Some((own, reading)) = own.zip(contest.read_totals(totals)) else { continue };
        let by_places = match &contest.kind {
            Kind::Ranking(_) => true,
            Kind::Grades(rule) => rule.median,
            Kind::Selection(_) | Kind::Points(_) => false,
        };
        let tallied = match &own.verdict {
            // The method's places are not on the log: those elected come first.
            Verdict::Election { elected, .. } if by_places => {
                let others = (0..contest.options.len() as u32).map(OptionIndex);
                let others = others.filter(|option| !elected.contains(option)).collect();
                Tallied { votes: None, places: vec![elected.clone(), others], numbers: own.numbers }
            }
            _ => Tallied::from_votes(reading.in_favour().unwrap_or_default(), own.numbers),
        };
        lines.push(format!("  {}:", tally_title(names, index, contest, group)));
        let name = |option: OptionIndex| names.option(contest, option.position());
        let sentences = words(&contest.outcome, own, &tallied, &name, &names.language);
        lines.extend(sentences.into_iter().map(|sentence| format!("    {sentence}")));
    }
    lines
}

type Fields = serde_json::Map<String, Value>;

fn describe(index: u64, bytes: &[u8]) -> Fields {
    let mut fields = Fields::new();
    let mut set = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    set("entry", json!(index));
    set("what", json!(title(index, bytes)));
    set("bytes", json!(bytes.len()));
    set("leaf_hash", json!(tlog::leaf_hash(bytes).to_string()));
    if index == 0 {
        set("event", json!(EventId::of_manifest(bytes)));
        return fields;
    }
    match Entry::from_bytes(bytes) {
        Ok(Entry::Ballot(ballot)) => {
            set("receipt_number", json!(ballot.tracker()));
            set("event", json!(ballot.sealed.event));
            set("round", json!(ballot.sealed.round));
            set("credential", json!(ballot.sealed.credential));
            set("part", json!(ballot.sealed.part + 1));
            set("parts", json!(ballot.parts.len().max(1)));
            set("sections", json!(ballot.sealed.sections.len()));
            set("counter", json!(ballot.counter));
            set("previous", json!(ballot.previous.to_string()));
        }
        Ok(Entry::Official(entry)) => describe_official(&entry, &mut set),
        Err(fault) => set("fault", json!(fault.to_string())),
    }
    fields
}

fn describe_official(entry: &OfficialEntry, set: &mut dyn FnMut(&str, Value)) {
    match &entry.body {
        Body::Commitment(commitment) => set("ceremony", json!(commitment.ceremony)),
        Body::Dealing(dealing) => {
            set("ceremony", json!(dealing.ceremony));
            set("shares", json!(dealing.shares.len()));
        }
        Body::Confirmation(confirmation) => {
            set("ceremony", json!(confirmation.ceremony));
            set("record", json!(confirmation.record.to_string()));
        }
        Body::RollChunk(chunk) => {
            set("round", json!(chunk.round.0 + 1));
            set("chunk", json!(chunk.number));
            set("members", json!(chunk.members.len()));
        }
        Body::RollClosed(closed) => {
            set("round", json!(closed.round.0 + 1));
            let groups = closed.groups.iter().map(|(members, weight)| json!({ "members": members, "weight": weight }));
            set("groups", groups.collect());
        }
        Body::RoundStarted(started) => {
            set("round", json!(started.statement.index.0 + 1));
            if let Some(cause) = started.statement.cause {
                set("called_for_by", json!(cause));
            }
            set("opens", json!(moment(started.statement.plan.opens)));
            set("closes", json!(moment(started.statement.plan.closes)));
            set("time", json!(moment(started.time)));
        }
        Body::RoundClosed(closed) => {
            set("ballots", json!(closed.ballots));
            set("size", json!(closed.size));
            set("root", json!(closed.root.to_string()));
            set("time", json!(moment(closed.time)));
        }
        Body::PartialDecryption(partial) => {
            set("round", json!(partial.round));
            set("size", json!(partial.size));
            set("root", json!(partial.root.to_string()));
            set("tallies", json!(partial.tallies.len()));
        }
        Body::RoundResult(result) => {
            set("round", json!(result.round));
            set("trustees", json!(result.trustees));
            set("totals", result.totals.iter().map(|totals| json!(totals.0)).collect());
        }
        Body::NotCounted(ended) => set("round", json!(ended.round)),
        Body::Cancelled(cancelled) => set("reason", json!(cancelled.reason)),
        Body::Attendance(attendance) => {
            set("round", json!(attendance.round));
            let pair = |(members, weight): (u64, u64)| json!({ "members": members, "weight": weight });
            let groups = attendance.groups.iter();
            let groups = groups.map(|group| json!({ "excused": pair(group.excused), "present": pair(group.present) }));
            set("groups", groups.collect());
        }
        Body::RoundOutcome(outcome) => {
            set("round", json!(outcome.round));
            set(
                "lots",
                json!(outcome.lots.map(|lots| lots.iter().map(|byte| format!("{byte:02x}")).collect::<String>())),
            );
            set("contests", json!(outcome.contests));
        }
        Body::RoundDropped(dropped) => {
            set("round", json!(dropped.round.0 + 1));
            set("reason", json!(dropped.reason));
        }
    }
}

fn print_fields(fields: &Fields, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Nothing of this was verified: `observer verify` does that.")?;
    for (name, value) in fields.iter().filter(|(name, _)| *name != "lines") {
        let text = match value {
            Value::String(text) => text.clone(),
            other if name == "bytes" => bytes(other.as_u64().unwrap_or_default()),
            other => other.to_string(),
        };
        writeln!(out, "{:<15} {text}", name.replace('_', " "))?;
    }
    for line in fields.get("lines").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

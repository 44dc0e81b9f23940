//! `observer show`: what stands in a record, unverified.

use std::io::{self, Write};

use client::Record;
use serde_json::{Value, json};
use voting_core::entry::{Body, Entry, OfficialEntry};
use voting_core::ids::{EntryIndex, EventId, RoundIndex};
use voting_core::manifest::event_words;

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
            let fields = describe(index, &entry);
            if args.json { writeln!(out, "{}", Value::Object(fields)) } else { print_fields(&fields, out) }
        }
        None => {
            let runs = runs(&record)?;
            if args.json { print_json(&record, &runs, out)? } else { print_text(&record, &runs, out) }
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

fn print_text(record: &Record, runs: &[Run], out: &mut dyn Write) -> io::Result<()> {
    let names = Names::of(record);
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
                let round = names.round_title(index);
                writeln!(out, "{round}: planned from {} to {}", moment(plan.opens), moment(plan.closes))?;
                for (position, contest) in plan.contests.iter().enumerate() {
                    let options = (0..contest.options.len()).map(|cell| names.cell(index, position, cell));
                    let options: Vec<String> = options.collect();
                    writeln!(out, "  {}: {}", names.contest_title(index, position), options.join("; "))?;
                }
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
            set("contests", json!(ballot.sealed.contests.len()));
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
    }
}

fn print_fields(fields: &Fields, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Nothing of this was verified: `observer verify` does that.")?;
    for (name, value) in fields {
        let text = match value {
            Value::String(text) => text.clone(),
            other if name == "bytes" => bytes(other.as_u64().unwrap_or_default()),
            other => other.to_string(),
        };
        writeln!(out, "{:<15} {text}", name.replace('_', " "))?;
    }
    Ok(())
}

//! The report for people.

use std::io::{self, Write};
use std::path::Path;

use voting_core::ids::LabelDigest;
use voting_core::record::{Fault, RoundReport, RoundStatus, TallyReport};

use crate::names::Names;
use crate::talk::{bytes, count, entries, grouped, moment};
use crate::verify::{Trust, Verification};

/// Prints the report. Its first line says what was believed, its last line is the verdict.
pub(crate) fn print(
    verification: &Verification,
    names: &Names,
    card: Option<&Path>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Verification { report, trust, times, floor } = verification;
    let id = format!("the event id {} ({})", report.event, report.event_words);
    match trust {
        Trust::Given => writeln!(out, "Taken on trust: only {id}, which you gave.")?,
        Trust::Card => {
            let card = card.map(|card| card.display().to_string()).unwrap_or_default();
            writeln!(out, "Taken on trust: only the card {card}, with {id}.")?;
        }
        Trust::Address => writeln!(out, "Taken on trust: {id}, which the address names.")?,
        Trust::Folder => writeln!(
            out,
            "Taken on trust: {id}, which the folder itself names. Compare it with the letter or page that announced the \
             event, or give it with --event or --card."
        )?,
    }
    if let Some(origin) = &report.origin {
        writeln!(out, "Log: {origin}, {}, root {}", entries(report.size), report.root.as_deref().unwrap_or("unknown"))?;
    }
    if report.demonstration {
        writeln!(out, "This is a demonstration.")?;
    }
    if report.origin.is_some() && !report.finished {
        writeln!(out, "The event is not finished: this is the verdict on the record so far.")?;
    }
    print_checked(verification, out)?;
    for round in &report.rounds {
        print_round(round, &report.rounds, names, out)?;
    }
    if !names.has_labels() && !report.rounds.is_empty() {
        writeln!(out, "\nThe record has no label file: options are named by their numbers.")?;
    }
    writeln!(out, "\nNot checked, because the record can't tell:")?;
    for line in &report.not_checked {
        writeln!(out, "  - {line}")?;
    }
    write!(
        out,
        "\nRead {} in {:.1} s, verified in {:.1} s on {} ({} entries per second)",
        bytes(report.checked.bytes),
        times.read_seconds,
        times.verify_seconds,
        count(times.threads as u64, "thread"),
        grouped(times.entries_per_second as u64)
    )?;
    match times.peak_memory_bytes {
        Some(peak) => writeln!(out, ", peak memory {}.", bytes(peak))?,
        None => writeln!(out, ".")?,
    }
    if let Some(floor) = floor {
        write!(
            out,
            "Floor: {} of {} decompressed and multiplied in {:.2} s",
            count(floor.points, "point"),
            count(floor.ballots, "ballot"),
            floor.seconds
        )?;
        match floor.ratio {
            Some(ratio) => writeln!(out, "; verification took {ratio:.2} times as long.")?,
            None => writeln!(out, ".")?,
        }
    }
    for (number, fault) in (1_u64..).zip(&report.faults) {
        print_fault(number, fault, out)?;
    }
    writeln!(out)?;
    if report.holds {
        writeln!(out, "The record holds.")
    } else {
        writeln!(out, "The record does NOT hold: {}", count(report.faults.len() as u64, "fault"))
    }
}

/// What was checked, for each family of rules, so that a check that never ran is seen (A35).
fn print_checked(verification: &Verification, out: &mut dyn Write) -> io::Result<()> {
    let report = &verification.report;
    let checked = &report.checked;
    let founded = u64::from(report.origin.is_some());
    let closed = report.rounds.iter().filter(|round| round.closing_size.is_some()).count() as u64;
    let ended = |status| report.rounds.iter().filter(|round| round.status == status).count() as u64;
    let families = [
        ("R-LOG", format!("{} over {}", count(u64::from(report.root.is_some()), "checkpoint"), entries(report.size))),
        ("R-MANIFEST", count(founded, "manifest")),
        (
            "R-ENTRY",
            format!("{} read, {} by officials", entries(checked.entries), count(checked.signatures, "signature")),
        ),
        ("R-CEREMONY", format!("{} of the joint key", count(checked.confirmations, "confirmation"))),
        ("R-ROLL", count(checked.members, "member")),
        ("R-ROUND", format!("{} closed", count(closed, "round"))),
        ("R-BALLOT", format!("{}, {}", count(checked.ballots, "ballot"), count(checked.arguments, "argument"))),
        ("R-DECRYPT", count(checked.partial_decryptions, "partial decryption")),
        (
            "R-RESULT",
            format!(
                "{}, {} with and {} without a result",
                count(checked.totals, "total"),
                count(ended(RoundStatus::Result), "round"),
                grouped(ended(RoundStatus::NotCounted))
            ),
        ),
        ("R-OUTCOME", count(checked.outcomes, "outcome")),
        ("R-CANCEL", count(ended(RoundStatus::Cancelled), "cancelled round")),
    ];
    writeln!(out, "\nChecked:")?;
    for (family, what) in families {
        let broken = |fault: &&Fault| fault.rule.rsplit_once('-').is_some_and(|(prefix, _)| prefix == family);
        let faults = report.faults.iter().filter(broken).count() as u64;
        let verdict = if faults == 0 { String::new() } else { format!("; {}", count(faults, "fault").to_uppercase()) };
        writeln!(out, "  {family:<11} {what}{verdict}")?;
    }
    Ok(())
}

fn print_round(round: &RoundReport, rounds: &[RoundReport], names: &Names, out: &mut dyn Write) -> io::Result<()> {
    let status = match round.status {
        RoundStatus::Planned => "not started",
        RoundStatus::Voting => "voting",
        RoundStatus::Counting => "closed, waiting for the count",
        RoundStatus::Result => "result",
        RoundStatus::NotCounted => "ended without a result, too few ballots",
        RoundStatus::Cancelled => "cancelled",
        RoundStatus::Dropped => "not held",
    };
    writeln!(out, "\n{}: {status}", capital(&names.round_title(round.index, &round.asks.plan)))?;
    if let Some(cause) = round.cause_words(rounds, &names.language) {
        writeln!(out, "  {cause}")?;
    }
    if round.status == RoundStatus::Dropped {
        return Ok(());
    }
    writeln!(
        out,
        "  {} of {} cast, {} on the log",
        grouped(round.turnout),
        count(round.entitled, "credential"),
        count(round.ballots, "ballot")
    )?;
    if let (Some(size), Some(time)) = (round.closing_size, round.closed_at) {
        writeln!(out, "  closed at {size} entries, {} by the board's clock", moment(time))?;
    }
    if round.outside_schedule {
        let (opens, closes) = (moment(round.opens), moment(round.closes));
        writeln!(out, "  outside the schedule: planned from {opens} to {closes}; ask the administrator why")?;
    }
    if !round.decrypted_by.is_empty() {
        let trustees: Vec<String> = round.decrypted_by.iter().map(ToString::to_string).collect();
        writeln!(out, "  decrypted by trustees {}", trustees.join(", "))?;
    }
    if let Some(lots) = &round.lots {
        writeln!(out, "  public value for lots: {lots}")?;
    }
    round.tallies.iter().try_for_each(|tally| print_tally(round, tally, names, out))
}

/// Most unanimous cells of a tally that are named.
const NAMED: usize = 6;

fn print_tally(round: &RoundReport, tally: &TallyReport, names: &Names, out: &mut dyn Write) -> io::Result<()> {
    let Some(contest) = round.asks.plan.contests.get(tally.contest.position()) else { return Ok(()) };
    let text = |digest: &LabelDigest, fallback: String| names.of_label(digest, fallback);
    let group = tally.group.map(|group| format!(", {}", names.group(group))).unwrap_or_default();
    writeln!(
        out,
        "  {}{group}: {} of weight {}",
        capital(&names.contest_title(tally.contest.position(), contest)),
        count(tally.ballots, "ballot"),
        grouped(tally.weight)
    )?;
    if !tally.counted {
        writeln!(out, "      stays closed: too few ballots, or one credential with too much of their weight (A36)")?;
    }
    match tally.standings.as_ref().zip(tally.reading.as_ref()) {
        Some((standings, reading)) => {
            for line in standings.lines(contest, reading, &names.language, &text) {
                writeln!(out, "  {line}")?;
            }
        }
        None => {
            for (cell, total) in tally.totals.iter().flatten().enumerate() {
                writeln!(out, "  {total:>14}  {}", names.cell(contest, cell))?;
            }
        }
    }
    for sentence in round.outcome_words(tally, &names.language, &text) {
        writeln!(out, "      {sentence}")?;
    }
    let more = tally.unanimous_cells.len().saturating_sub(NAMED);
    for cell in tally.unanimous_cells.iter().take(NAMED) {
        let name = names.cell(contest, *cell);
        let total = tally.totals.as_ref().and_then(|totals| totals.get(*cell)).copied().unwrap_or_default();
        let who = if total == 0 { "nobody" } else { "everybody" };
        writeln!(out, "      unanimous: {who} chose \"{name}\", so this total tells how each ballot answered (A36)")?;
    }
    if more > 0 {
        writeln!(out, "      and {more} more of these totals tell how each ballot answered (A36)")?;
    }
    Ok(())
}

fn print_fault(number: u64, fault: &Fault, out: &mut dyn Write) -> io::Result<()> {
    let Fault { rule, must, culprit, what, entry, leaf } = fault;
    writeln!(out, "\nFault {number}: {rule}")?;
    writeln!(out, "  rule:     {must}")?;
    writeln!(out, "  what:     {what}")?;
    writeln!(out, "  culprit:  {culprit}")?;
    match (entry, leaf) {
        (Some(entry), Some(leaf)) => writeln!(out, "  evidence: entry {entry}, leaf hash {leaf}"),
        (Some(entry), None) => writeln!(out, "  evidence: entry {entry}"),
        (None, _) => writeln!(out, "  evidence: the record as a whole"),
    }
}

/// The text with its first letter in upper case.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

//! `observer judge`: evidence against a board, for a third party, without a network.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use client::Source;
use serde_json::{Value, json};
use tlog::evidence::{self, MAX_EVIDENCE, SplitView, Verdict};
use tlog::hash::leaf_hash;
use tlog::promise;
use tlog::tile::MAX_ENTRY;
use tlog::tlog_proof::{self, MAX_TLOG_PROOF};
use voting_core::entry::{Body, Entry};
use voting_core::ids::RoundId;
use voting_core::record::state::{as_ballot, looks_like_ballot};

use crate::cli::JudgeArgs;
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::receipt;
use crate::rules::{self, Rules};
use crate::talk::{cosigned, entries};

mod promised;

/// What a piece of evidence says, in words.
struct Finding {
    convinces: bool,
    words: String,
}

/// The pieces of evidence that this program knows, by their first line.
enum Evidence {
    SplitView(SplitView),
    Receipt(Vec<u8>),
    Promise(Vec<u8>),
}

pub(crate) fn run(args: &JudgeArgs, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let read = |path: &PathBuf| Ok((path.clone(), open(path)?));
    let pieces: Vec<(PathBuf, Evidence)> = args.files.iter().map(read).collect::<Result<_, Failure>>()?;
    let given_for = |evidence: &Evidence| matches!(evidence, Evidence::Receipt(_) | Evidence::Promise(_));
    let receipts = pieces.iter().filter(|(_, evidence)| given_for(evidence)).count();
    if receipts != args.entry.len() {
        let fault = format!("there are {receipts} receipts and promises and {} entries", args.entry.len());
        let remedy = "give --entry FILE for each receipt or promise, in the same order";
        return Err(Failure::unable("missing-entry", fault, remedy));
    }
    let rules = Rules::of(&args.rules)?;
    let mut own = args.entry.iter();
    let mut findings = Vec::new();
    for (path, evidence) in &pieces {
        let finding = match evidence {
            Evidence::SplitView(view) => split_view(view, &rules)?,
            Evidence::Receipt(given) | Evidence::Promise(given) => {
                let entry = own.next().map_or_else(|| Ok(Vec::new()), |path| files::read(path, MAX_ENTRY))?;
                let remedy = "give --record with a copy of the closed record, which `observer mirror` makes";
                let missing =
                    || Failure::unable("missing-record", "a receipt or promise is judged by the closed record", remedy);
                let record = rules::record(&args.rules).ok_or_else(missing)?;
                match evidence {
                    Evidence::Promise(_) => promised::judge(given, &entry, record, &rules)?,
                    _ => dropped(given, &entry, record, &rules)?,
                }
            }
        };
        findings.push((path, finding));
    }
    let all = findings.iter().all(|(_, finding)| finding.convinces);
    print(&findings, all, &rules, args.json, out).map_err(Failure::Output)?;
    Ok(if all { Outcome::Holds } else { Outcome::Refused })
}

fn print(
    findings: &[(&PathBuf, Finding)],
    all: bool,
    rules: &Rules,
    as_json: bool,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    if as_json {
        let one = |(path, finding): &(&PathBuf, Finding)| json!({ "file": path.display().to_string(), "convinces": finding.convinces, "words": finding.words });
        let findings: Value = findings.iter().map(one).collect();
        return writeln!(out, "{}", json!({ "convinces": all, "event": rules.event, "evidence": findings }));
    }
    writeln!(out, "{}", rules.trust)?;
    for (path, finding) in findings {
        let verdict = if finding.convinces { "This CONVINCES" } else { "This convinces nobody" };
        writeln!(out, "\n{}:\n{}\n{verdict}.", path.display(), finding.words)?;
    }
    Ok(())
}

/// Reads a piece of evidence by its first line.
fn open(path: &Path) -> Result<Evidence, Failure> {
    let bytes = files::read(path, MAX_EVIDENCE.max(MAX_TLOG_PROOF))?;
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let malformed = |why: String| {
        let fault = format!("{}: {why}", path.display());
        Failure::unable("malformed-evidence", fault, "copy the whole file without changing it")
    };
    if first == evidence::HEADER.as_bytes() {
        return SplitView::parse(&bytes).map(Evidence::SplitView).map_err(|error| malformed(error.to_string()));
    }
    if first == tlog_proof::HEADER.as_bytes() {
        return Ok(Evidence::Receipt(bytes));
    }
    if first == promise::HEADER.as_bytes() {
        return Ok(Evidence::Promise(bytes));
    }
    Err(malformed("neither the evidence of a split view nor a receipt nor a promise".into()))
}

/// Two signed checkpoints (A19).
fn split_view(view: &SplitView, rules: &Rules) -> Result<Finding, Failure> {
    let verdict = match view.judge(&rules.origin, &rules.log_key) {
        Ok(verdict) => verdict,
        Err(error) => {
            let words = format!("The log of this event did not sign both checkpoints: {error}.");
            return Ok(Finding { convinces: false, words });
        }
    };
    let describe = |note: &tlog::SignedNote| -> Result<String, Failure> {
        let opened = tlog::checkpoint::open_note(note, &rules.origin, &rules.log_key);
        let opened =
            opened.map_err(|error| Failure::refused("false-checkpoint", error.to_string(), "copy it again"))?;
        let seen = match rules.policy.evaluate(note, &rules.origin, &rules.log_key) {
            Ok(satisfied) => cosigned(satisfied.cosigners()),
            Err(error) => format!("Not cosigned as the manifest demands: {error}."),
        };
        Ok(format!("  a checkpoint of {}, root {}\n    {seen}", entries(opened.size), opened.root))
    };
    let both = format!("{}\n{}", describe(view.smaller())?, describe(view.larger())?);
    let (convinces, says) = match verdict {
        Verdict::SplitView => (
            true,
            "They contradict each other: no record can have both. Only the holder of the log's key can have made them; the \
             board showed different records, or its key was stolen.",
        ),
        Verdict::ProofFails => (
            false,
            "The proof between them fails. Anybody can spoil a proof: ask the board, or somebody with a copy, for the tiles \
             of the larger record, and run `observer compare`.",
        ),
        Verdict::Consistent => (false, "They agree: the smaller is the beginning of the larger, or the same."),
    };
    Ok(Finding { convinces, words: format!("The log of this event signed:\n{both}\n{says}") })
}

/// A receipt for an entry that the closed record lacks (A15).
fn dropped(proof: &[u8], entry: &[u8], source: &Source, rules: &Rules) -> Result<Finding, Failure> {
    let receipt = match receipt::check(proof, entry, rules) {
        Ok(receipt) => receipt,
        Err(Failure::Given(given)) if given.outcome == Outcome::Refused => {
            return Ok(Finding { convinces: false, words: format!("{}.", given.fault) });
        }
        Err(failure) => return Err(failure),
    };
    let closed = Closed::read(source, rules, receipt.leaf_hash(), Some(receipt.index()))?;
    let promise = format!(
        "The log signed that this entry is entry {} of its record, under a checkpoint of {}.\n{}",
        receipt.index(),
        entries(receipt.checkpoint().size),
        cosigned(receipt.satisfied().cosigners())
    );
    let record =
        format!("The record in {source} is signed by the same log and has {}.", entries(closed.head.checkpoint.size));
    let finding = |convinces, says: String| Ok(Finding { convinces, words: format!("{promise}\n{record}\n{says}") });
    if closed.stands {
        return finding(false, "The entry stands there, where the receipt says. Nothing is missing.".into());
    }
    let elsewhere = match closed.elsewhere {
        Some(index) => format!("The entry stands there as entry {index} instead, which the receipt rules out."),
        None => "The entry stands nowhere in it.".into(),
    };
    if receipt.index() < closed.head.checkpoint.size {
        return finding(true, format!("Another entry stands in that place. {elsewhere} The log signed both."));
    }
    // The record ends before that place. That is a fault only if nothing could come after it.
    let round = as_ballot(entry).map(|ballot| ballot.sealed.round);
    match round {
        Some(round) if closed.rounds.contains(&round) => finding(
            true,
            format!(
                "{elsewhere} The ballot's round is over there, so it can't follow: the board dropped it, or took it against \
                 the rules."
            ),
        ),
        _ => Err(Failure::unable(
            "record-not-closed",
            format!(
                "the record in {source} ends before entry {}, and the round of the receipt is not over in it",
                receipt.index()
            ),
            "get a later copy of the record with `observer mirror`, at best after the round was closed",
        )),
    }
}

/// What matters of a closed record, every entry of which was checked against the signed checkpoint.
struct Closed {
    head: client::Head,
    /// The entry stands where the receipt says.
    stands: bool,
    /// Where it stands instead.
    elsewhere: Option<u64>,
    /// Rounds that were closed or cancelled.
    rounds: BTreeSet<RoundId>,
}

impl Closed {
    fn read(source: &Source, rules: &Rules, leaf: tlog::Hash, index: Option<u64>) -> Result<Self, Failure> {
        let (mut stands, mut elsewhere) = (false, None);
        let mut started: BTreeMap<u64, RoundId> = BTreeMap::new();
        let mut rounds = BTreeSet::new();
        let head = client::walk(source, &rules.event, &mut |at, bytes| {
            if leaf_hash(bytes) == leaf {
                match Some(at) == index {
                    true => stands = true,
                    false => elsewhere = Some(at),
                }
            }
            if at == 0 || looks_like_ballot(bytes) {
                return;
            }
            match Entry::from_bytes(bytes) {
                Ok(Entry::Official(official)) => match official.body {
                    Body::RoundStarted(start) => {
                        started.insert(at, start.statement.id(&rules.event));
                    }
                    // One round is open at a time: it is the one that was started last.
                    Body::RoundClosed(_) => rounds.extend(started.last_key_value().map(|(_, round)| *round)),
                    // S12: nothing may follow.
                    Body::Cancelled(_) => rounds.extend(started.values()),
                    _ => {}
                },
                Ok(Entry::Ballot(_)) | Err(_) => {}
            }
        })?;
        Ok(Self { head, stands, elsewhere, rounds })
    }
}

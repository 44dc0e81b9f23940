//! `trustee verify`.

use serde_json::Value;
use voting_core::record::Report;

use crate::board::{self, Contact};
use crate::cli::VerifyArgs;
use crate::failure::{Failure, Problem};
use crate::folder::Folder;
use crate::talk::{Outcome, Talk};

/// Most faults that are printed.
const SHOWN: usize = 20;

/// Copies the log and verifies all of it.
pub(super) fn verify(args: &VerifyArgs, talk: Talk) -> Result<Outcome, Failure> {
    let folder = Folder::at(&args.log.dir);
    folder.must_have_identity()?;
    let _lock = folder.lock()?;
    let contact = Contact::of(&args.log, &folder)?;
    let record = contact.copy(&folder, talk)?;
    board::introduce(&folder, &contact, &record, &args.log, talk)?;
    let report = board::verify(&record, &contact.event, talk)?;
    holds(&report)?;
    let checked = &report.checked;
    let text = format!(
        "The record holds.\nevent {}\nwords {}\n{} entries, {} ballots, {} signatures, {} members, {} partial decryptions, \
         {} totals checked\nnot checked:\n  {}",
        report.event,
        report.event_words,
        checked.entries,
        checked.ballots,
        checked.signatures,
        checked.members,
        checked.partial_decryptions,
        checked.totals,
        report.not_checked.join("\n  ")
    );
    Ok(Outcome { text, json: serde_json::to_value(&report).unwrap_or(Value::Null) })
}

/// Refuses a record with faults, naming each with its rule and culprit.
pub(super) fn holds(report: &Report) -> Result<(), Failure> {
    if report.holds {
        return Ok(());
    }
    let mut problems: Vec<_> = report
        .faults
        .iter()
        .take(SHOWN)
        .map(|fault| {
            let place = fault.entry.map(|entry| format!("entry {entry}: ")).unwrap_or_default();
            let text = format!("{}: {place}{} (culprit: {})", fault.rule, fault.what, fault.culprit);
            Problem::new("record-fault", text, format!("the rule says: {}", fault.must))
        })
        .collect();
    let fault = format!("the record does not hold: {} faults", report.faults.len());
    problems.insert(
        0,
        Problem::new("record-does-not-hold", fault, "decrypt nothing; show this to the administrator and to observers"),
    );
    Err(Failure::all(problems))
}

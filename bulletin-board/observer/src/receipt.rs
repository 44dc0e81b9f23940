//! `observer receipt`: offline and for ever.

use std::io::Write;

use serde_json::json;
use tlog::error::TlogProofError;
use tlog::tile::MAX_ENTRY;
use tlog::tlog_proof::{MAX_TLOG_PROOF, TlogProof, VerifiedEntry};
use voting_core::record::state::as_ballot;

use crate::cli::ReceiptArgs;
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::rules::Rules;
use crate::talk::{cosigned, cosigners_json, entries};

pub(crate) fn run(args: &ReceiptArgs, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let receipt = files::read(&args.receipt, MAX_TLOG_PROOF)?;
    let entry = files::read(&args.entry, MAX_ENTRY)?;
    let rules = Rules::of(&args.rules)?;
    let verified = check(&receipt, &entry, &rules)?;
    let checkpoint = verified.checkpoint();
    let cosigners = verified.satisfied().cosigners();
    let number = as_ballot(&entry).map(|ballot| ballot.tracker());
    let written = if args.json {
        let object = json!({
            "holds": true, "event": rules.event, "entry": verified.index(), "leaf_hash": verified.leaf_hash().to_string(),
            "receipt_number": number, "origin": checkpoint.origin.as_str(), "size": checkpoint.size,
            "root": checkpoint.root.to_string(), "cosigners": cosigners_json(cosigners),
        });
        writeln!(out, "{object}")
    } else {
        let what = match number {
            Some(number) => format!("The ballot with the receipt number {number}"),
            None => "The entry".into(),
        };
        writeln!(
            out,
            "{}\n{what} is entry {} of the record {}.\nIt stands under the checkpoint of {}, root {}.\n{}\n\nThe receipt \
             holds{}.",
            rules.trust,
            verified.index(),
            checkpoint.origin,
            entries(checkpoint.size),
            checkpoint.root,
            cosigned(cosigners),
            // S11
            if number.is_some() { ": the ballot was accepted. It counts unless a later one replaced it" } else { "" }
        )
    };
    written.map_err(Failure::Output)?;
    Ok(Outcome::Holds)
}

/// Verifies a receipt under the rules of an event.
pub(crate) fn check(receipt: &[u8], entry: &[u8], rules: &Rules) -> Result<VerifiedEntry, Failure> {
    let proof = TlogProof::parse(receipt).map_err(|error| {
        Failure::unable("malformed-receipt", error.to_string(), "give the receipt as the voter's device kept it")
    })?;
    // S6, A19: origin, key and witnesses are those of the event, whatever the file says.
    proof.verify(entry, &rules.origin, &rules.log_key, &rules.policy).map_err(|error| {
        let remedy = match &error {
            TlogProofError::Inclusion(_) => "check that the entry is the one that this receipt was given for",
            _ => "check that the receipt is of this event; if it is, tell the administrator and other observers",
        };
        Failure::refused("false-receipt", format!("the receipt proves nothing: {error}"), remedy)
    })
}

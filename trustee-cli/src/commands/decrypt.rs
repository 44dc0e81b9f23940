//! `trustee decrypt`: the whole log is copied and verified before anything is decrypted (A20).

use std::fs;
use std::path::Path;

use client::Record;
use rand::rngs::OsRng;
use serde_json::json;
use voting_core::ballot::{Receipt, ReceiptError};
use voting_core::ids::{EntryIndex, RoundIndex};
use voting_core::labels::Labels;
use voting_core::manifest::Manifest;
use voting_core::record::State;
use voting_core::record::state::{Counting, as_ballot};

use super::{now, verify, words_of_time};
use crate::board::{self, Contact};
use crate::cli::DecryptArgs;
use crate::count::{self, CountError};
use crate::failure::Failure;
use crate::folder::Folder;
use crate::talk::{Outcome, Talk};

/// Verifies everything, shows what would be decrypted, asks, stores, posts.
pub(super) fn decrypt(args: &DecryptArgs, talk: Talk) -> Result<Outcome, Failure> {
    let folder = Folder::at(&args.log.dir);
    folder.must_have_identity()?;
    if args.receipt.len() != args.ballot.len() {
        let fault = format!("{} receipts and {} ballots were given", args.receipt.len(), args.ballot.len());
        return Err(Failure::refused("receipt-without-ballot", fault, "give --receipt and --ballot in pairs"));
    }
    if args.log.input.is_some() && args.out.is_none() {
        let fault = "a folder takes no entries";
        return Err(Failure::unable("no-network", fault, "name a file for the entry with --out FILE"));
    }
    let lock = folder.lock()?;
    let contact = Contact::of(&args.log, &folder)?;
    let passphrase = args.passphrase.read(false)?;
    let identity = folder.open_identity(&passphrase)?;

    let record = contact.copy(&folder, talk)?;
    let (file, manifest) = board::introduce(&folder, &contact, &record, &args.log, talk)?;
    verify::holds(&board::verify(&record, &file.event, talk)?)?; // A20
    let state = board::fold(&folder, &file.event, talk)?;
    let (index, counting) = count::choose(&state, args.round.map(|round| RoundIndex(round - 1))).map_err(failure)?;
    let mut memory = folder.open_memory(&file, &manifest, &passphrase)?;
    let done = json!({ "event": file.event, "round": index, "trustee": file.index });
    if counting.parts().contains_key(&file.index) && memory.counted.contains_key(&index) {
        let text = format!("your part of round {} stands on the log already", index.0 + 1);
        return Ok(Outcome { text, json: done });
    }
    count::earlier(counting, index, &memory).map_err(failure)?;
    count::permitted(&state, counting, now()).map_err(failure)?;
    for (receipt, ballot) in args.receipt.iter().zip(&args.ballot) {
        check_receipt(&record, &manifest, counting, receipt, ballot)?;
    }

    talk.note(&describe(&state, index, counting, record.labels().as_ref(), args.receipt.len()));
    if !args.yes
        && !talk.ask("Decrypt your part of these totals?", "read the above, then repeat the command with --yes")?
    {
        return Err(Failure::refused("declined", "nothing was decrypted", ""));
    }
    let before = memory.expose_bytes();
    let entry = count::decrypt(&state, index, &mut memory, &identity, &mut OsRng).map_err(failure)?;
    state.check(&entry)?;
    // The checkpoint is remembered for ever before anything leaves this computer (A20).
    if memory.expose_bytes() != before {
        folder.store_memory(&memory, &passphrase, &lock)?;
    }
    let text = match &args.out {
        Some(path) => {
            board::write_out(path, &entry)?;
            format!("wrote your part of round {} to {}; post it with `trustee post`", index.0 + 1, path.display())
        }
        None => {
            let at = contact.post(&manifest, &entry)?;
            format!("posted your part of round {} as entry {at}", index.0 + 1)
        }
    };
    Ok(Outcome { text, json: done })
}

/// A receipt for a ballot that the closed log lacks is proof against the board: nothing is decrypted then (S7, A15).
fn check_receipt(
    record: &Record,
    manifest: &Manifest,
    counting: &Counting,
    receipt_path: &Path,
    ballot_path: &Path,
) -> Result<(), Failure> {
    let read = |path: &Path| fs::read(path).map_err(|error| Failure::io(path, &error));
    let (receipt_bytes, ballot) = (read(receipt_path)?, read(ballot_path)?);
    let place = receipt_path.display();
    let receipt = Receipt::check(manifest, &ballot, &receipt_bytes).map_err(|error: ReceiptError| {
        Failure::refused(
            "receipt-invalid",
            format!("{place}: {error}"),
            "leave it out, or ask the member for the right pair",
        )
    })?;
    let own_round = as_ballot(&ballot).is_some_and(|ballot| ballot.sealed.round == counting.rules().binding.round);
    let in_time = !own_round || receipt.index.0 < counting.closing().size;
    let stands = receipt.index.0 < record.size() && record.entry(EntryIndex(receipt.index.0))? == ballot;
    if stands && in_time {
        return Ok(());
    }
    let fault = format!(
        "{place}: the board at {} signed that ballot {} is entry {} of its log, but the closed log lacks it",
        manifest.host, receipt.tracker, receipt.index
    );
    Err(Failure::refused(
        "ballot-missing",
        fault,
        "decrypt nothing; publish receipt and ballot as evidence against the board",
    ))
}

fn describe(state: &State, index: RoundIndex, counting: &Counting, labels: Option<&Labels>, receipts: usize) -> String {
    let manifest = state.manifest();
    let language = manifest.languages.first().map_or("en", String::as_str);
    let text = |digest, fallback: String| {
        labels.and_then(|labels| labels.get(digest)).map_or(fallback, |label| label.text(language).to_owned())
    };
    // What the round asks stands in the state: a follow-up round is not in the manifest.
    let plan = state.plan(index).map(|planned| &planned.plan);
    let round = plan.map_or_else(String::new, |plan| text(&plan.title, String::new()));
    let reports = state.round_reports();
    let cause = reports.iter().find(|report| report.index == index);
    let cause = cause.and_then(|report| report.cause_words(&reports, language));
    let cause = cause.map_or_else(String::new, |cause| format!(" ({cause})"));
    let mut words = format!(
        "The record holds. You are about to decrypt your part of:\n  {} ({})\n  round {}: {round}{cause}, closed {}\n",
        text(&manifest.title, "event".into()),
        manifest.event_words(),
        index.0 + 1,
        words_of_time(counting.closed_at())
    );
    for tally in counting.tallies() {
        let contest = counting.rules().contest(tally.contest).map(|rules| &rules.contest);
        let title = contest.map_or_else(String::new, |contest| text(&contest.title, String::new()));
        let kind = contest.map_or("", |contest| contest.kind.word());
        let group = tally.group.map(|group| format!(", group {}", group.0 + 1)).unwrap_or_default();
        let what = if tally.counted {
            format!("{} totals over {} ballots of weight {}", tally.cells.len(), tally.ballots, tally.weight)
        } else {
            format!("NOT decrypted: {} ballots, or one of them with too much of the weight", tally.ballots)
        };
        words.push_str(&format!("  contest {} {title} ({kind}){group}: {what}\n", tally.contest.0 + 1));
    }
    let closing = counting.closing();
    words.push_str(&format!(
        "  only these sums, no single ballot; closing checkpoint {} entries, root {}\n  {receipts} receipts of members \
         checked. You can never decrypt another checkpoint of this round.",
        closing.size, closing.root
    ));
    words
}

fn failure(error: CountError) -> Failure {
    let (code, remedy) = match &error {
        CountError::NotClosed => ("not-closed", "wait until the administrator has closed the round"),
        CountError::Ended => ("ended", "there is nothing to do; `trustee status` shows how the rounds ended"),
        CountError::NoSuchRound(_) => ("no-such-round", "`trustee status` lists the rounds"),
        CountError::Dispute { .. } => ("dispute-period", "run this command again when it is over"),
        CountError::Future(_) => ("clock", "set this computer's clock; if it is right, tell the administrator"),
        CountError::TooFew(_) => ("too-few-ballots", "nothing may be decrypted; the round ends without a result"),
        CountError::OtherCheckpoint { .. } => {
            ("other-checkpoint", "never decrypt a second one; show both to the administrator and to observers")
        }
        CountError::Foreign => ("foreign-state", "use the folder with which you decrypted it"),
        CountError::NoShare => ("no-share", "use the folder with which you took part in the ceremony"),
        CountError::Partial(_) => ("no-share", "restore the folder from a copy"),
    };
    Failure::refused(code, error.to_string(), remedy)
}

//! `trustee init`, `status`, `post`.

use std::fs;

use serde_json::json;
use voting_core::entry::Entry;
use voting_core::record::State;
use voting_core::record::state::CeremonyStatus;

use crate::board::{self, Contact};
use crate::cli::{InitArgs, PostArgs, StatusArgs};
use crate::failure::Failure;
use crate::folder::{EventFile, Folder};
use crate::talk::{Outcome, Talk};

/// Makes the identity key.
pub(super) fn init(args: &InitArgs) -> Result<Outcome, Failure> {
    let folder = Folder::at(&args.dir);
    if folder.must_have_identity().is_ok() {
        return Err(Failure::exists(&args.dir.join("identity.age")));
    }
    let public = folder.init(&args.passphrase.read(true)?)?;
    Ok(Outcome {
        text: format!(
            "{public}\nThis is your public key: send it to the administrator, for the manifest.\n\
             Keep a copy of {} and your passphrase in two safe places: without them your part of the count is lost.",
            args.dir.display()
        ),
        json: json!({ "public_key": public, "dir": args.dir.display().to_string() }),
    })
}

/// How far a ceremony has come, in words.
pub(super) fn ceremony_words(status: &CeremonyStatus) -> String {
    let (stage, waiting) = match status {
        CeremonyStatus::Commit(waiting) => ("first stage (commit)", waiting),
        CeremonyStatus::Deal(waiting) => ("second stage (deal)", waiting),
        CeremonyStatus::Confirm(waiting) => ("last stage (confirm)", waiting),
        CeremonyStatus::Complete => return "the ceremony is complete".into(),
    };
    let waiting: Vec<_> = waiting.iter().map(ToString::to_string).collect();
    format!("{stage}: waits for trustee {}", waiting.join(", "))
}

/// Shows the events of the folder.
pub(super) fn status(args: &StatusArgs, talk: Talk) -> Result<Outcome, Failure> {
    let folder = Folder::at(&args.dir);
    let public = folder.public_key()?;
    let mut text = format!("public key {public}\n");
    let mut events = Vec::new();
    for file in folder.events()? {
        let state = board::fold(&folder, &file.event, talk)?;
        text.push_str(&describe(&file, &state));
        events.push(json!({
            "event": file.event, "words": file.words, "index": file.index, "log": file.log, "size": state.size(),
            "ceremony": state.ceremony(), "rounds": state.round_reports(),
        }));
    }
    if events.is_empty() {
        text.push_str("no event was accepted yet\n");
    }
    Ok(Outcome { text, json: json!({ "public_key": public, "events": events }) })
}

fn describe(file: &EventFile, state: &State) -> String {
    let mut text = format!(
        "\nevent {}\n  words    {}\n  you are  trustee {} of {}\n  copy     {} entries\n  ceremony {}\n",
        file.event,
        file.words,
        file.index,
        state.manifest().trustees.len(),
        state.size(),
        ceremony_words(&state.ceremony())
    );
    let rounds = state.round_reports();
    let language = state.manifest().languages.first().map_or("en", String::as_str);
    for round in &rounds {
        let own = if round.decrypted_by.contains(&file.index) { "; you have decrypted your part" } else { "" };
        let status = serde_json::to_value(round.status).ok();
        let status = status.as_ref().and_then(|status| status.as_str()).unwrap_or("?").replace('_', " ");
        let cause = round.cause_words(&rounds, language).map_or_else(String::new, |cause| format!("; {cause}"));
        text.push_str(&format!("  round {}  {status}{own}{cause}\n", round.index.0 + 1));
    }
    text
}

/// Posts a file that `--out` has written.
pub(super) fn post(args: &PostArgs, talk: Talk) -> Result<Outcome, Failure> {
    let contact = Contact::url(&args.log)?;
    let entry = fs::read(&args.file).map_err(|error| Failure::io(&args.file, &error))?;
    let signed = matches!(Entry::from_bytes(&entry), Ok(Entry::Official(_)));
    if !signed {
        let fault = format!("{} is no entry of a trustee", args.file.display());
        return Err(Failure::refused("no-entry", fault, "give the file that `trustee ... --out FILE` wrote"));
    }
    let index = contact.post(&contact.manifest(talk)?, &entry)?;
    Ok(Outcome { text: format!("posted as entry {index}"), json: json!({ "index": index }) })
}

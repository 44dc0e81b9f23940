//! `trustee card`: the observer card of an event, from the trustee's own verified copy of its log.

use serde_json::json;
use voting_core::card::Card;

use super::verify::holds;
use crate::board::{self, Contact};
use crate::cli::CardArgs;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::talk::{Outcome, Talk};

/// Copies the log, verifies all of it, and makes the card from its manifest.
pub(super) fn card(args: &CardArgs, talk: Talk) -> Result<Outcome, Failure> {
    let folder = Folder::at(&args.log.dir);
    folder.must_have_identity()?;
    let _lock = folder.lock()?;
    let contact = Contact::of(&args.log, &folder)?;
    let record = contact.copy(&folder, talk)?;
    let (_, manifest) = board::introduce(&folder, &contact, &record, &args.log, talk)?;
    holds(&board::verify(&record, &contact.event, talk)?)?;
    let card = Card::of(&manifest).map_err(|error| {
        Failure::refused("no-card", error.to_string(), "this is a fault of the manifest: tell the administrator")
    })?;
    board::write_out(&args.out, &card.to_bytes())?;
    let mut text = format!("{card}\nWritten to {}: give it to observers and members.", args.out.display());
    if let Some(path) = &args.page {
        let labels = record.labels().unwrap_or_default();
        board::write_out(path, client::card_page(&card, &manifest, &labels).as_bytes())?;
        text.push_str(&format!("\nThe page to print is {}.", path.display()));
        if client::is_too_long_for_qr(&card) {
            text.push_str(" It has no QR code: the card is too long for one.");
        }
    }
    let page = args.page.as_ref().map(|path| path.display().to_string());
    Ok(Outcome {
        text,
        json: json!({ "event": card.event(), "words": card.words(), "card": args.out.display().to_string(), "page": page }),
    })
}

//! `office event card`: the observer card of an event, as a file and as a page to print.

use std::fs;
use std::path::Path;

use serde_json::json;
use voting_core::card::Card;

use crate::cli::CardArgs;
use crate::failure::Failure;
use crate::folder::EventFolder;
use crate::talk::Outcome;

/// Makes the card from the manifest in the folder, once the board's log was found to be the one that it names.
pub(super) fn card(args: &CardArgs) -> Result<Outcome, Failure> {
    let folder = EventFolder::open(&args.dir)?;
    // The manifest is that of the event id; the log must open under it, signed and cosigned, before anybody is told.
    let head = client::head(&folder.source()?, &folder.file.event).map_err(super::not_published)?;
    let card = Card::of(&head.manifest).map_err(|error| {
        Failure::refused("no-card", error.to_string(), "this is a fault of the manifest: found another event")
    })?;
    let page = args.page.as_ref().map(|path| Ok((path, client::card_page(&card, &head.manifest, &folder.labels()?))));
    let page = page.transpose().map_err(|failure: Failure| failure)?;
    write(&args.out, &card.to_bytes())?;
    let mut text = format!("{card}\nWritten to {}: give it to observers and members.", args.out.display());
    if let Some((path, page)) = &page {
        write(path, page.as_bytes())?;
        text.push_str(&format!("\nThe page to print is {}.", path.display()));
        if client::is_too_long_for_qr(&card) {
            text.push_str(" It has no QR code: the card is too long for one.");
        }
    }
    let page = page.map(|(path, _)| path.display().to_string());
    Ok(Outcome {
        text,
        json: json!({ "event": card.event(), "words": card.words(), "card": args.out.display().to_string(), "page": page }),
    })
}

/// Writes a file. One with the same bytes is fine.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if fs::read(path).is_ok_and(|found| found == bytes) {
        return Ok(());
    }
    Ok(vault::write_new(path, bytes, 0o644)?)
}

//! What is believed about an event: its id, and what follows from it. Log key and witness servers come from the manifest,
//! whose hash is the event id, or from an observer card.

use std::path::Path;

use client::Source;
use tlog::checkpoint::Origin;
use tlog::note::VerifierKey;
use tlog::policy::Policy;
use tlog::tile::MAX_ENTRY;
use voting_core::card::{Card, CardError, MAX_CARD};
use voting_core::ids::EventId;
use voting_core::manifest::{Manifest, event_words};

use crate::cli::RulesArgs;
use crate::failure::Failure;
use crate::files;

/// The rules of an event.
pub(crate) struct Rules {
    pub(crate) event: EventId,
    pub(crate) origin: Origin,
    pub(crate) log_key: VerifierKey,
    pub(crate) policy: Policy,
    /// What was believed, as a sentence.
    pub(crate) trust: String,
}

impl Rules {
    /// The rules that the arguments name. Where there are several sources they must agree.
    pub(crate) fn of(args: &RulesArgs) -> Result<Self, Failure> {
        let card = args.card.as_deref().map(card).transpose()?;
        let event = match (args.event, &card) {
            (Some(event), Some(card)) if card.event() != event => return Err(other_event(card.event(), event)),
            (Some(event), _) => event,
            (None, Some(card)) => card.event(),
            (None, None) => return Err(Failure::unable("no-event", "no event was named", "give --event or --card")),
        };
        let mut manifests = Vec::new();
        if let Some(path) = &args.manifest {
            manifests.push(manifest(path, event)?);
        }
        if let Some(source) = &args.record {
            manifests.push(client::manifest(source, &event)?);
        }
        for manifest in &manifests {
            card.as_ref().map_or(Ok(()), |card| card.check(manifest)).map_err(|error| refused_card(&error))?;
        }
        let words = event_words(&event);
        let trust = match (&card, &args.card) {
            (Some(_), Some(path)) => {
                format!("Taken on trust: only the card {}, of the event {event} ({words}).", path.display())
            }
            _ => format!("Taken on trust: only the event id {event} ({words}), which you gave."),
        };
        let used = match (card, manifests.first()) {
            (Some(card), _) => card,
            (None, Some(manifest)) => Card::of(manifest).map_err(|error| refused_card(&error))?,
            (None, None) => {
                let remedy = "give --card, --manifest or --record";
                return Err(Failure::unable("no-rules", "log key and witness servers are not known", remedy));
            }
        };
        let (origin, log_key, policy) = (used.origin().clone(), used.log_key().clone(), used.policy().clone());
        Ok(Self { event, origin, log_key, policy, trust })
    }
}

/// Reads a card.
pub(crate) fn card(path: &Path) -> Result<Card, Failure> {
    let bytes = files::read(path, MAX_CARD)?;
    Card::parse(&bytes).map_err(|error| {
        let fault = format!("{}: {error}", path.display());
        Failure::unable("malformed-card", fault, "ask whoever gave you the card for the file")
    })
}

/// A card that says something else than the manifest.
pub(crate) fn refused_card(error: &CardError) -> Failure {
    Failure::refused("false-card", error.to_string(), "ask for the card again, in another way")
}

/// The event that is meant: of the card or of the argument, which must agree.
pub(crate) fn event(given: Option<EventId>, path: Option<&Path>) -> Result<(EventId, Option<Card>), Failure> {
    let card = path.map(card).transpose()?;
    match (given, card) {
        (Some(event), Some(card)) if card.event() != event => Err(other_event(card.event(), event)),
        (Some(event), card) => Ok((event, card)),
        (None, Some(card)) => Ok((card.event(), Some(card))),
        (None, None) => Err(Failure::unable("no-event", "no event was named", "give --event or --card")),
    }
}

fn other_event(card: EventId, event: EventId) -> Failure {
    let fault = format!("the card is that of event {card}, not of event {event}");
    Failure::refused("other-event", fault, "check the event id against the letter or page that announced it")
}

/// Reads a manifest, whose hash must be the event id (A22).
fn manifest(path: &Path, event: EventId) -> Result<Manifest, Failure> {
    let bytes = files::read(path, MAX_ENTRY)?;
    let found = EventId::of_manifest(&bytes);
    if found != event {
        let fault = format!("{} is the manifest of event {found}, not of event {event}", path.display());
        let remedy = "check the event id against the letter or page that announced it";
        return Err(Failure::refused("other-event", fault, remedy));
    }
    Manifest::from_bytes(&bytes).map_err(|error| {
        let fault = format!("{} is no valid manifest: {error}", path.display());
        Failure::refused("false-manifest", fault, "show it to the administrator and to other observers")
    })
}

/// A source that is asked for entries.
pub(crate) fn record(args: &RulesArgs) -> Option<&Source> {
    args.record.as_ref()
}

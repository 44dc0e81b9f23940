//! Reading without keeping: the head of a log, its manifest, all its entries.

use tlog::client::Entry;
use tlog::layout::Resource;
use tlog::tile::TileStore;
use voting_core::ids::EventId;
use voting_core::manifest::Manifest;

use crate::error::ClientError;
use crate::log::{self, Head, Sink};
use crate::source::{Fetch, Source};

/// Opens a log: the manifest is that of the event, its key signed the checkpoint, and enough witnesses cosigned.
///
/// # Errors
/// [`ClientError`].
pub fn head(source: &Source, event: &EventId) -> Result<Head, ClientError> {
    let head = Head::open(&Fetch::new(source)?, Some(event))?;
    head.satisfied()?;
    Ok(head)
}

/// The manifest of an event, from any copy of its log: only its hash is looked at, which says everything about it (A22).
///
/// # Errors
/// [`ClientError`].
pub fn manifest(source: &Source, event: &EventId) -> Result<Manifest, ClientError> {
    let fetch = Fetch::new(source)?;
    let (_, checkpoint) = fetch.resource(Resource::Checkpoint)?;
    log::find_manifest(&fetch, &checkpoint, Some(event))
}

/// Reads all entries of a log in order, each checked against the signed and cosigned checkpoint. What they mean is not
/// looked at.
///
/// # Errors
/// [`ClientError`]; the entries visited before were in the tree all the same.
pub fn walk(source: &Source, event: &EventId, visit: &mut dyn FnMut(u64, &[u8])) -> Result<Head, ClientError> {
    let fetch = Fetch::new(source)?;
    let head = Head::open(&fetch, Some(event))?;
    head.satisfied()?;
    log::read(&fetch, None, None, &head.checkpoint, &mut Visiting(visit))?;
    Ok(head)
}

struct Visiting<'a>(&'a mut dyn FnMut(u64, &[u8]));

impl Sink for Visiting<'_> {
    fn tiles(&mut self, _tiles: &TileStore) -> Result<(), ClientError> {
        Ok(())
    }

    fn keep(&mut self, _resource: Resource, _bytes: &[u8]) -> Result<(), ClientError> {
        Ok(())
    }

    fn entry(&mut self, entry: Entry) -> Result<(), ClientError> {
        (self.0)(entry.index, &entry.bytes);
        Ok(())
    }
}

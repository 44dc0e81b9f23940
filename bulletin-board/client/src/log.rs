//! Opening a log and reading all of it, every tile and entry checked against its checkpoint.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tlog::checkpoint::{self, Checkpoint, Origin};
use tlog::client::{Entry, Reader};
use tlog::error::Unsatisfied;
use tlog::hash::EMPTY_ROOT;
use tlog::layout::Resource;
use tlog::note::{SignedNote, VerifierKey};
use tlog::policy::Satisfied;
use tlog::tile::{BundleId, FULL_WIDTH, TileId, TileStore, edge_tiles, parse_bundle, write_bundle};
use voting_core::ballot::{log_key, witness_policy};
use voting_core::ids::EventId;
use voting_core::manifest::Manifest;

use crate::disk;
use crate::error::ClientError;
use crate::source::Fetch;

/// Tiles or bundles asked for at a time.
const AHEAD: usize = 16;

/// A log that was opened: the manifest hashes to the event, and its key signed the checkpoint. Whether enough witnesses
/// cosigned is asked with [`Head::satisfied`].
#[derive(Clone, Debug)]
pub struct Head {
    /// The manifest, entry 0.
    pub manifest: Manifest,
    /// The key of the log, named by the manifest.
    pub key: VerifierKey,
    /// The origin of the log, as the manifest gives it (S6).
    pub origin: Origin,
    /// The signed checkpoint.
    pub note: SignedNote,
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The checkpoint as it was received.
    pub(crate) bytes: Vec<u8>,
    /// Where it came from, for messages.
    pub(crate) place: String,
}

impl Head {
    /// Opens a log. Without an expected event the manifest found says which one it is; trust is then the caller's matter.
    pub(crate) fn open(fetch: &Fetch, expected: Option<&EventId>) -> Result<Self, ClientError> {
        let (_, bytes) = fetch.resource(Resource::Checkpoint)?;
        let manifest = find_manifest(fetch, &bytes, expected)?;
        Self::under(fetch.place("checkpoint"), bytes, manifest)
    }

    /// Opens a checkpoint of the log whose manifest is known.
    pub(crate) fn under(place: String, bytes: Vec<u8>, manifest: Manifest) -> Result<Self, ClientError> {
        let (note, _) = read_checkpoint(&bytes, &place)?;
        let refused = |why: String| ClientError::Checkpoint { place: place.clone(), why };
        let origin = Origin::new(&manifest.origin()).map_err(|error| refused(error.to_string()))?;
        let key = log_key(&manifest).map_err(refused)?;
        // S6: signature and origin, never one without the other.
        let checkpoint = checkpoint::open_note(&note, &origin, &key).map_err(|error| refused(error.to_string()))?;
        if checkpoint.size == 0 {
            return Err(refused("its log is empty".into()));
        }
        Ok(Self { manifest, key, origin, note, checkpoint, bytes, place })
    }

    /// The witnesses that cosigned, if they are enough.
    ///
    /// # Errors
    /// [`ClientError::Witnesses`] if the policy of the manifest is not met (A19); [`ClientError::Checkpoint`] if the line
    /// of a witness does not verify, or the policy can't be read.
    pub fn satisfied(&self) -> Result<Satisfied, ClientError> {
        let refused = |why: String| ClientError::Checkpoint { place: self.place.clone(), why };
        let policy = witness_policy(&self.manifest).map_err(refused)?;
        policy.evaluate(&self.note, &self.origin, &self.key).map_err(|error| match error {
            Unsatisfied::Missing { missing, .. } => {
                let (place, size) = (self.place.clone(), self.checkpoint.size);
                ClientError::Witnesses { place, size, missing }
            }
            other => refused(other.to_string()),
        })
    }
}

/// Entry 0 of a log, which must be the manifest of the expected event.
pub(crate) fn find_manifest(
    fetch: &Fetch,
    checkpoint: &[u8],
    expected: Option<&EventId>,
) -> Result<Manifest, ClientError> {
    let place = fetch.place("checkpoint");
    let (_, unverified) = read_checkpoint(checkpoint, &place)?;
    if unverified.size == 0 {
        return Err(ClientError::Checkpoint { place, why: "its log is empty".into() });
    }
    let manifest = first_entry(fetch, unverified.size)?;
    let found = EventId::of_manifest(&manifest);
    // A22: everything else follows from the manifest, and the manifest from the event id.
    if let Some(expected) = expected.filter(|expected| **expected != found) {
        return Err(ClientError::OtherEvent { expected: *expected, found });
    }
    Manifest::from_bytes(&manifest).map_err(|error| malformed(fetch.place("entry 0"), error.to_string()))
}

/// A checkpoint whose signature is not looked at.
pub(crate) fn read_checkpoint(bytes: &[u8], place: &str) -> Result<(SignedNote, Checkpoint), ClientError> {
    let note = SignedNote::parse(bytes).map_err(|error| malformed(place, error.to_string()))?;
    let checkpoint = Checkpoint::from_unverified_note(&note).map_err(|error| malformed(place, error.to_string()))?;
    Ok((note, checkpoint))
}

pub(crate) fn malformed(place: impl Into<String>, why: impl Into<String>) -> ClientError {
    ClientError::Malformed { place: place.into(), why: why.into() }
}

/// The name of a bundle in a log of this size.
pub(crate) fn bundle_at(index: u64, size: u64) -> Result<BundleId, tlog::TileError> {
    let left = index.checked_mul(u64::from(FULL_WIDTH)).map_or(0, |first| size.saturating_sub(first));
    BundleId::new(index, u16::try_from(left.min(u64::from(FULL_WIDTH))).unwrap_or(FULL_WIDTH))
}

/// Entry 0, unverified.
fn first_entry(fetch: &Fetch, size: u64) -> Result<Vec<u8>, ClientError> {
    let bundle = bundle_at(0, size).map_err(|error| malformed(fetch.place("checkpoint"), error.to_string()))?;
    let (found, bytes) = fetch.resource(Resource::Entries(bundle))?;
    let entry = bytes
        .split_first_chunk::<2>()
        .and_then(|(length, rest)| rest.get(..usize::from(u16::from_be_bytes(*length))).map(<[u8]>::to_vec));
    entry.ok_or_else(|| malformed(fetch.place(&found.path()), "it ends within entry 0"))
}

/// What is done with a log while it is read.
pub(crate) trait Sink {
    /// All tiles have arrived and lead to the root of the checkpoint. Nothing was kept yet.
    fn tiles(&mut self, tiles: &TileStore) -> Result<(), ClientError>;
    /// A verified tile or bundle that did not come from the local folder.
    fn keep(&mut self, resource: Resource, bytes: &[u8]) -> Result<(), ClientError>;
    /// A verified entry, in order.
    fn entry(&mut self, entry: Entry) -> Result<(), ClientError>;
}

/// Reads a log: all of it, or what came after the tree `from` that was read before, which it must extend. Files in the
/// `local` folder are used in place of the source where they fit the checkpoint, so that an interrupted copy goes on where
/// it stopped.
pub(crate) fn read(
    fetch: &Fetch,
    local: Option<&Path>,
    from: Option<&Checkpoint>,
    checkpoint: &Checkpoint,
    sink: &mut dyn Sink,
) -> Result<(), ClientError> {
    let from = from.map_or((0, EMPTY_ROOT), |from| (from.size, from.root));
    let mut reading = Reading {
        fetch,
        local,
        own: BTreeSet::new(),
        tiles: BTreeMap::new(),
        reader: Reader::resume(from, (checkpoint.size, checkpoint.root)).map_err(ClientError::Log)?,
    };
    loop {
        let wanted = reading.reader.wanted(AHEAD);
        if wanted.is_empty() {
            break;
        }
        if !reading.tiles.is_empty() && wanted.iter().all(|resource| matches!(resource, Resource::Entries(_))) {
            sink.tiles(reading.reader.tiles())?;
            for (tile, bytes) in core::mem::take(&mut reading.tiles) {
                let resource = Resource::Tile(tile);
                if !reading.own.contains(&resource.path()) {
                    sink.keep(resource, &bytes)?;
                }
            }
        }
        for resource in wanted {
            if !reading.take(resource, checkpoint.size, sink)? {
                // What is wanted has changed.
                break;
            }
            while let Some(entry) = reading.reader.next_entry() {
                sink.entry(entry)?;
            }
        }
    }
    reading.reader.finish().map(|_| ()).map_err(ClientError::Log)
}

struct Reading<'a> {
    fetch: &'a Fetch,
    /// The local folder, until one of its files turned out to be wrong.
    local: Option<&'a Path>,
    /// Paths whose bytes came from the local folder.
    own: BTreeSet<String>,
    /// Tiles that wait for the others, to be checked together.
    tiles: BTreeMap<TileId, Vec<u8>>,
    reader: Reader,
}

impl Reading<'_> {
    /// Takes one wanted resource. False if a local file was wrong: it is wanted again, now from the source.
    fn take(&mut self, wanted: Resource, size: u64, sink: &mut dyn Sink) -> Result<bool, ClientError> {
        let path = wanted.path();
        let own = self.own_copy(&path, wanted)?;
        let is_own = own.is_some();
        let (found, bytes) = match own {
            Some(bytes) => (wanted, bytes),
            None => self.fetch.resource(wanted)?,
        };
        if is_own {
            self.own.insert(path.clone());
        }
        let fed = self.reader.feed(&found.path(), &bytes);
        if let Resource::Tile(tile) = wanted {
            // Also after a fault: it may be that of another tile. A tile at fault is fetched again and replaced.
            self.tiles.insert(tile, bytes.get(..tile.byte_len()).unwrap_or(&bytes).to_vec());
        }
        if let Err(fault) = fed {
            return if self.excuse(&fault, size) { Ok(false) } else { Err(ClientError::Log(fault)) };
        }
        if let Resource::Entries(bundle) = wanted
            && !is_own
        {
            match found == wanted {
                true => sink.keep(wanted, &bytes)?,
                false => sink.keep(wanted, &shortened(&bytes, bundle))?,
            }
        }
        Ok(true)
    }

    fn own_copy(&self, path: &str, wanted: Resource) -> Result<Option<Vec<u8>>, ClientError> {
        let limit = match wanted {
            Resource::Tile(tile) => tile.byte_len(),
            Resource::Checkpoint | Resource::Entries(_) => tlog::tile::MAX_BUNDLE,
        };
        match self.local.map(|folder| disk::read(&folder.join(path), limit as u64)).transpose() {
            // A file that is too long is no copy.
            Err(ClientError::Malformed { .. }) => Ok(None),
            other => other.map(Option::flatten),
        }
    }

    /// Whether a fault may come from a local file. If so, local files are no longer used.
    fn excuse(&mut self, fault: &tlog::ClientError, size: u64) -> bool {
        let paths = match fault {
            tlog::ClientError::TileRoot { path }
            | tlog::ClientError::Malformed { path, .. }
            | tlog::ClientError::Entry { path, .. } => vec![path.clone()],
            tlog::ClientError::CheckpointRoot { .. } => edge_tiles(size).map(TileId::path).collect(),
            _ => Vec::new(),
        };
        let removed = paths.iter().filter(|path| self.own.remove(*path)).count();
        if removed > 0 {
            self.local = None;
        }
        removed > 0
    }
}

/// The first entries of a full bundle as the partial one. The reader has checked the form.
fn shortened(bytes: &[u8], bundle: BundleId) -> Vec<u8> {
    let entries = parse_bundle(bytes, usize::from(FULL_WIDTH)).unwrap_or_default();
    let first = entries.get(..usize::from(bundle.width())).unwrap_or(&entries);
    write_bundle(first).unwrap_or_default()
}

//! The copy of a whole log in a folder.
//!
//! Order of writing: nothing before all tiles lead to the signed root and extend what the folder had; then tiles; then
//! each bundle after its entries were checked; labels; the checkpoint last. A folder with a checkpoint is therefore
//! complete, and an interrupted copy leaves only files that fit or are replaced.

use std::path::Path;

use tlog::checkpoint::{self, Checkpoint};
use tlog::client::Entry;
use tlog::layout::{CHECKPOINT_PATH, Resource};
use tlog::note::{MAX_NOTE, SignedNote};
use tlog::policy::Cosigner;
use tlog::tile::{FULL_WIDTH, TILE_HEIGHT, TileStore, edge_tiles};
use tlog::tree::root_at;
use voting_core::ids::EventId;
use voting_core::labels::LabelFile;
use voting_core::manifest::Manifest;

use crate::error::ClientError;
use crate::log::{self, Head, Sink};
use crate::source::{Fetch, LABELS_FILE, Source};
use crate::{Progress, disk, split};

/// Name of the folder, inside that of the record, for the evidence of split views.
pub const EVIDENCE_FOLDER: &str = "evidence";

/// A finished copy.
#[derive(Debug)]
pub struct Mirrored {
    /// The event: named by the address, or for a folder by the manifest found.
    pub event: EventId,
    /// Entries in the copy.
    pub size: u64,
    /// Whether the folder has a label file whose signature holds.
    pub labels: bool,
    /// The witnesses that cosigned the checkpoint, or why they are not enough. A copy is made all the same: it may be
    /// evidence.
    pub witnesses: Result<Vec<Cosigner>, ClientError>,
}

/// Copies a whole log into a folder in the C2SP layout.
///
/// The checkpoint must be signed by the key that the manifest names, every tile and entry must be in its tree, and the
/// log must extend the one that the folder has. Files that are there already are checked and not fetched again.
///
/// # Errors
/// [`ClientError`]; [`ClientError::NotAnExtension`] after a fork or rollback (A19): the record in the folder is left as it
/// was, and both checkpoints are kept as a file in [`EVIDENCE_FOLDER`].
pub fn mirror(source: &Source, dir: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Mirrored, ClientError> {
    let fetch = Fetch::new(source)?;
    let head = Head::open(&fetch, source.event()?.as_ref())?;
    let old = previous(dir, &head)?;
    if let Some(old) = &old
        && old.1.size > head.checkpoint.size
    {
        let own = Fetch::Folder(dir.to_owned());
        return Err(fork(dir, &head, old, &split::readable_tiles(&own, head.checkpoint.size, old.1.size)));
    }
    let total = head.checkpoint.size;
    let mut copy = Copy { dir, head: &head, old: old.as_ref(), progress };
    (copy.progress)(Progress { done: 0, total });
    log::read(&fetch, Some(dir), None, &head.checkpoint, &mut copy)?;

    let labels = keep_labels(&fetch, &head.manifest, dir)?;
    // Last: from now on the folder is complete up to this size.
    disk::write(&dir.join(CHECKPOINT_PATH), &head.bytes)?;
    if let Some((_, old)) = &old {
        prune(dir, old.size, total)?;
    }
    let witnesses = head.satisfied().map(|satisfied| satisfied.cosigners().to_vec());
    Ok(Mirrored { event: head.manifest.event(), size: total, labels, witnesses })
}

/// Copies the label file. Labels are a courtesy (A38): without them, or with false ones, everything else still holds.
/// Says whether the folder has labels whose signature holds.
pub(crate) fn keep_labels(fetch: &Fetch, manifest: &Manifest, dir: &Path) -> Result<bool, ClientError> {
    let offered = fetch.labels().unwrap_or(None);
    let holds = |file: &Vec<u8>| LabelFile::open(file, &manifest.event(), &manifest.administrator).is_ok();
    let place = dir.join(LABELS_FILE);
    match offered.filter(|file| holds(file)) {
        Some(file) => disk::write(&place, &file).map(|()| true),
        None => Ok(disk::read(&place, voting_core::labels::MAX_FILE as u64)?.is_some_and(|file| holds(&file))),
    }
}

/// The checkpoint that the folder has.
fn previous(dir: &Path, head: &Head) -> Result<Option<(SignedNote, Checkpoint)>, ClientError> {
    let path = dir.join(CHECKPOINT_PATH);
    let Some(bytes) = disk::read(&path, MAX_NOTE as u64)? else { return Ok(None) };
    let place = path.display().to_string();
    let (note, _) = log::read_checkpoint(&bytes, &place)?;
    let opened = checkpoint::open_note(&note, &head.origin, &head.key);
    let opened = opened.map_err(|error| ClientError::Checkpoint { place, why: error.to_string() })?;
    Ok(Some((note, opened)))
}

struct Copy<'a> {
    dir: &'a Path,
    head: &'a Head,
    old: Option<&'a (SignedNote, Checkpoint)>,
    progress: &'a mut dyn FnMut(Progress),
}

impl Sink for Copy<'_> {
    fn tiles(&mut self, tiles: &TileStore) -> Result<(), ClientError> {
        let Some(old) = self.old else { return Ok(()) };
        // A19: the tree in the folder must be the beginning of this one.
        if root_at(tiles, old.1.size).is_ok_and(|root| root == old.1.root) {
            return Ok(());
        }
        Err(fork(self.dir, self.head, old, tiles))
    }

    fn keep(&mut self, resource: Resource, bytes: &[u8]) -> Result<(), ClientError> {
        disk::write(&self.dir.join(resource.path()), bytes)
    }

    fn entry(&mut self, entry: Entry) -> Result<(), ClientError> {
        (self.progress)(Progress { done: entry.index + 1, total: self.head.checkpoint.size });
        Ok(())
    }
}

/// Keeps both checkpoints, with the proof of their contradiction if the larger tree gives one.
fn fork(dir: &Path, head: &Head, old: &(SignedNote, Checkpoint), larger: &TileStore) -> ClientError {
    match split::view(&old.0, &head.note, larger) {
        Ok(evidence) => split::refusal(&evidence, old.1.size, head, dir),
        Err(error) => error,
    }
}

/// Removes partial tiles and bundles that belong neither to the tree `old` nor to `new`, which is larger: a folder that
/// follows a log for days would fill up with them. Where the full one is there, all partial ones go; readers of an older
/// checkpoint take the full one (C2SP tlog-tiles).
pub(crate) fn prune(dir: &Path, old: u64, new: u64) -> Result<(), ClientError> {
    let tiles = edge_tiles(old).filter(|tile| !tile.is_full()).map(|tile| {
        let first = tile.index().saturating_mul(u64::from(FULL_WIDTH));
        let now = new >> (u32::from(TILE_HEIGHT) * u32::from(tile.level()));
        let now = now.saturating_sub(first).min(u64::from(FULL_WIDTH));
        (tile.path(), tile.width(), now)
    });
    let bundle = log::bundle_at(old / u64::from(FULL_WIDTH), old).ok().map(|bundle| {
        let first = bundle.index().saturating_mul(u64::from(FULL_WIDTH));
        (bundle.path(), bundle.width(), new.saturating_sub(first).min(u64::from(FULL_WIDTH)))
    });
    for (path, width, now) in tiles.chain(bundle) {
        // `tile/0/x001/234.p/37`: the folder has one file for each width.
        let Some((folder, _)) = path.rsplit_once('/').filter(|(folder, _)| folder.ends_with(".p")) else { continue };
        let whole = now == u64::from(FULL_WIDTH);
        let keep = |found: u64| !whole && (found == u64::from(width) || found == now);
        disk::remove_numbers(&dir.join(folder), &keep)?;
    }
    Ok(())
}

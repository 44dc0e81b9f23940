//! The copy of a whole log in a folder.
//!
//! Order of writing: nothing before all tiles lead to the signed root and extend what the folder had; then tiles; then
//! each bundle after its entries were checked; labels; the checkpoint last. A folder with a checkpoint is therefore
//! complete, and an interrupted copy leaves only files that fit or are replaced.

use std::path::{Path, PathBuf};

use tlog::checkpoint::{self, Checkpoint};
use tlog::client::Entry;
use tlog::evidence::{SplitView, Verdict};
use tlog::layout::{CHECKPOINT_PATH, Resource};
use tlog::note::{MAX_NOTE, SignedNote};
use tlog::tile::{TileStore, tiles_for_nodes};
use tlog::tree::{consistency_nodes, root_at, root_nodes};
use voting_core::ids::EventId;
use voting_core::labels::LabelFile;

use crate::error::ClientError;
use crate::log::{self, Head, Sink};
use crate::source::{Fetch, LABELS_FILE, Source};
use crate::{Progress, disk};

/// Name of the folder, inside that of the record, for the evidence of split views.
pub const EVIDENCE_FOLDER: &str = "evidence";

/// A finished copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mirrored {
    /// The event: named by the address, or for a folder by the manifest found.
    pub event: EventId,
    /// Entries in the copy.
    pub size: u64,
    /// Whether the folder has a label file whose signature holds.
    pub labels: bool,
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
        return Err(fork(dir, &head, old, &folder_tiles(dir, head.checkpoint.size, old.1.size)));
    }
    let total = head.checkpoint.size;
    let mut copy = Copy { dir, head: &head, old: old.as_ref(), progress };
    (copy.progress)(Progress { done: 0, total });
    log::read(&fetch, Some(dir), &head.checkpoint, &mut copy)?;

    // Labels are a courtesy (A38): without them, or with false ones, everything else still holds.
    let offered = fetch.labels().unwrap_or(None);
    let event = head.manifest.event();
    let holds = |file: &Vec<u8>| LabelFile::open(file, &event, &head.manifest.administrator).is_ok();
    let place = dir.join(LABELS_FILE);
    let labels = match offered.filter(|file| holds(file)) {
        Some(file) => disk::write(&place, &file).map(|()| true)?,
        None => disk::read(&place, voting_core::labels::MAX_FILE as u64)?.is_some_and(|file| holds(&file)),
    };
    // Last: from now on the folder is complete up to this size.
    disk::write(&dir.join(CHECKPOINT_PATH), &head.bytes)?;
    Ok(Mirrored { event, size: total, labels })
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
    let (one, other) = (old.0.clone(), head.note.clone());
    let proved = SplitView::from_source(one.clone(), other.clone(), larger);
    let evidence = proved.or_else(|_| SplitView::new(one, other, None, Vec::new()));
    let evidence = match evidence {
        Ok(evidence) => evidence,
        Err(error) => return log::malformed(CHECKPOINT_PATH, error.to_string()),
    };
    let shows = match evidence.judge(&head.origin, &head.key) {
        Ok(Verdict::SplitView) => "the log signed two trees that contradict each other",
        Ok(Verdict::Consistent) => "it is an older state of the same log",
        Ok(Verdict::ProofFails) | Err(_) => "without the tiles it can't be told whether the log forked",
    };
    let root: String = head.checkpoint.root.to_string().chars().take(16).collect();
    let path: PathBuf = dir.join(EVIDENCE_FOLDER).join(format!("split-view-{}-{root}.txt", head.checkpoint.size));
    match disk::write(&path, &evidence.to_bytes()) {
        Ok(()) => {
            let (old, new) = (old.1.size, head.checkpoint.size);
            ClientError::NotAnExtension { old, new, evidence: path, shows }
        }
        Err(error) => error,
    }
}

/// The tiles of the folder's tree that prove what it has to do with its first `new` entries, as far as they are readable.
fn folder_tiles(dir: &Path, new: u64, old: u64) -> TileStore {
    let mut nodes = consistency_nodes(new, old).unwrap_or_default();
    nodes.extend(root_nodes(new));
    let fetch = Fetch::Folder(dir.to_owned());
    let mut tiles = TileStore::new();
    for tile in tiles_for_nodes(&nodes, old) {
        if let Ok((Resource::Tile(found), bytes)) = fetch.resource(Resource::Tile(tile)) {
            // A file of the wrong length is like one that is missing: the proof can't be made.
            let _ = tiles.insert(found, &bytes);
        }
    }
    tiles
}

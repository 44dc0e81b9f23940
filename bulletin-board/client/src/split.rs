//! Whether one signed tree is the beginning of another, from tiles, and the evidence if it is not (A19).

use std::path::{Path, PathBuf};

use tlog::checkpoint::Checkpoint;
use tlog::evidence::{SplitView, Verdict};
use tlog::layout::{CHECKPOINT_PATH, Resource};
use tlog::note::SignedNote;
use tlog::tile::{TileId, TileStore, tiles_for_nodes};
use tlog::tree::{consistency_nodes, root_at, root_nodes};
use voting_core::ids::EventId;

use crate::error::ClientError;
use crate::log::{self, Head};
use crate::source::{Fetch, Source};
use crate::{EVIDENCE_FOLDER, disk};

/// The tiles of a tree that lead to its root and to that of its first `old` entries, checked against the first.
///
/// Full tiles of the `local` folder are used in place of the source as long as they lead to the root.
pub(crate) fn tiles(
    fetch: &Fetch,
    local: Option<&Fetch>,
    old: u64,
    checkpoint: &Checkpoint,
) -> Result<TileStore, ClientError> {
    let mut nodes = consistency_nodes(old, checkpoint.size).unwrap_or_default();
    nodes.extend(root_nodes(old));
    nodes.extend(root_nodes(checkpoint.size));
    let wanted = tiles_for_nodes(&nodes, checkpoint.size);
    for local in [local, None] {
        let mut tiles = TileStore::new();
        for tile in &wanted {
            let own = local.filter(|_| tile.is_full()).and_then(|local| local.resource(Resource::Tile(*tile)).ok());
            let (found, bytes) = own.map_or_else(|| fetch.resource(Resource::Tile(*tile)), Ok)?;
            let Resource::Tile(found) = found else { continue };
            let place = || fetch.place(&found.path());
            tiles.insert(found, &bytes).map_err(|error| log::malformed(place(), error.to_string()))?;
        }
        if root_at(&tiles, checkpoint.size).is_ok_and(|root| root == checkpoint.root) {
            return Ok(tiles);
        }
    }
    let paths: Vec<String> = wanted.into_iter().map(TileId::path).collect();
    Err(ClientError::Log(tlog::ClientError::CheckpointRoot { paths: paths.join(", ") }))
}

/// The tiles of the folder's tree that prove what it has to do with its first `old` entries, as far as they are readable.
pub(crate) fn readable_tiles(fetch: &Fetch, old: u64, size: u64) -> TileStore {
    let mut nodes = consistency_nodes(old, size).unwrap_or_default();
    nodes.extend(root_nodes(old));
    let mut tiles = TileStore::new();
    for tile in tiles_for_nodes(&nodes, size) {
        if let Ok((Resource::Tile(found), bytes)) = fetch.resource(Resource::Tile(tile)) {
            // A file of the wrong length is like one that is missing: the proof can't be made.
            let _ = tiles.insert(found, &bytes);
        }
    }
    tiles
}

/// Two signed checkpoints of one log, with the proof of their contradiction if the larger tree gives one.
pub(crate) fn view(one: &SignedNote, other: &SignedNote, larger: &TileStore) -> Result<SplitView, ClientError> {
    let proved = SplitView::from_source(one.clone(), other.clone(), larger);
    let evidence = proved.or_else(|_| SplitView::new(one.clone(), other.clone(), None, Vec::new()));
    evidence.map_err(|error| log::malformed(CHECKPOINT_PATH, error.to_string()))
}

/// The refusal of a log that does not extend the tree `old`, with its evidence written into `dir`.
pub(crate) fn refusal(evidence: &SplitView, old: u64, head: &Head, dir: &Path) -> ClientError {
    let (proved, shows) = match evidence.judge(&head.origin, &head.key) {
        Ok(Verdict::SplitView) => (true, "the log signed two trees that contradict each other"),
        Ok(Verdict::Consistent) => (false, "it is an older state of the same log"),
        Ok(Verdict::ProofFails) | Err(_) => (false, "without the tiles it can't be told whether the log forked"),
    };
    match keep(evidence, head, dir) {
        Ok(evidence) => ClientError::NotAnExtension { old, new: head.checkpoint.size, evidence, shows, proved },
        Err(error) => error,
    }
}

/// Writes the evidence into its folder inside `dir`; returns the file.
fn keep(evidence: &SplitView, head: &Head, dir: &Path) -> Result<PathBuf, ClientError> {
    let root: String = head.checkpoint.root.to_string().chars().take(16).collect();
    let path = dir.join(EVIDENCE_FOLDER).join(format!("split-view-{}-{root}.txt", head.checkpoint.size));
    disk::write(&path, &evidence.to_bytes())?;
    Ok(path)
}

/// What two views of one log have to do with each other.
#[derive(Clone, Debug)]
pub enum Relation {
    /// The same tree.
    Same,
    /// The smaller tree is the beginning of the larger.
    Prefix,
    /// The log signed two trees that contradict each other.
    Fork(Box<SplitView>),
}

/// Two sources of one log, both signed.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What the first source shows.
    pub one: Head,
    /// What the other source shows.
    pub other: Head,
    /// What they have to do with each other.
    pub relation: Relation,
}

/// Compares what two sources show of one log: signatures, and consistency from the tiles of the larger tree.
///
/// Both must have the event asked for, or else the one that an address names, or else that of the first source.
/// Cosignatures are not asked for: a contradiction counts whoever saw it. See [`Head::satisfied`].
///
/// # Errors
/// [`ClientError`]; [`ClientError::OtherEvent`] if a source is another event's.
pub fn compare(one: &Source, other: &Source, event: Option<&EventId>) -> Result<Comparison, ClientError> {
    let named = match event {
        Some(event) => Some(*event),
        None => one.event()?.or(other.event()?),
    };
    let (fetch_one, fetch_other) = (Fetch::new(one)?, Fetch::new(other)?);
    let one = Head::open(&fetch_one, named.as_ref())?;
    let other = Head::open(&fetch_other, Some(&one.manifest.event()))?;
    let (a, b) = (&one.checkpoint, &other.checkpoint);
    let relation = if a.size == b.size {
        match a.root == b.root {
            true => Relation::Same,
            false => Relation::Fork(Box::new(view(&one.note, &other.note, &TileStore::new())?)),
        }
    } else {
        let (small, large, fetch) = if a.size < b.size { (a, b, &fetch_other) } else { (b, a, &fetch_one) };
        let tiles = tiles(fetch, None, small.size, large)?;
        match root_at(&tiles, small.size).is_ok_and(|root| root == small.root) {
            true => Relation::Prefix,
            false => Relation::Fork(Box::new(view(&one.note, &other.note, &tiles)?)),
        }
    };
    Ok(Comparison { one, other, relation })
}

//! The state of an event, from its log.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;

use tlog::client::Entry;
use tlog::layout::Resource;
use tlog::tile::TileStore;
use voting_core::ballot::witness_policy;
use voting_core::ids::{EntryIndex, EventId, digest};
use voting_core::record::state::{Recall, looks_like_ballot};
use voting_core::record::{Refusal, State};

use crate::Progress;
use crate::error::ClientError;
use crate::log::{self, Head, Sink};
use crate::source::{Fetch, Source};

/// Ballots that are verified together.
const BATCH: usize = 2_048;

/// Reads a log and folds it, without keeping files. Event id, signature and witnesses of the checkpoint, its root, and
/// every entry are checked; unlike `verify_record` this stops at the first fault.
///
/// `entropy` are 32 fresh random bytes of the caller's operating system (M4).
///
/// # Errors
/// [`ClientError`]; [`ClientError::Illegal`] for an entry that the rules refuse.
pub fn fold(
    source: &Source,
    event: &EventId,
    entropy: &[u8; 32],
    progress: &mut dyn FnMut(Progress),
) -> Result<State, ClientError> {
    let fetch = Fetch::new(source)?;
    let head = Head::open(&fetch, Some(event))?;
    let refused = |why: String| ClientError::Checkpoint { place: fetch.place("checkpoint"), why };
    let policy = witness_policy(&head.manifest).map_err(refused)?;
    // A19: a checkpoint that too few witnesses saw may be shown to us alone.
    policy.evaluate(&head.note, &head.origin, &head.key).map_err(|error| refused(error.to_string()))?;

    let spool = Spool::new()?;
    let mut folding =
        Folding { total: head.checkpoint.size, state: None, ballots: Vec::new(), spool, entropy, progress };
    log::read(&fetch, None, &head.checkpoint, &mut folding)?;
    folding.flush()?;
    let state = folding.state.ok_or_else(|| refused("its log is empty".into()))?;
    // The reader has checked every entry against the root; the fold must have taken the same ones.
    if (state.size(), state.root()) == (head.checkpoint.size, head.checkpoint.root) {
        Ok(state)
    } else {
        Err(refused("the folded entries give another root".into()))
    }
}

struct Folding<'a> {
    total: u64,
    state: Option<State>,
    ballots: Vec<Vec<u8>>,
    spool: Spool,
    entropy: &'a [u8; 32],
    progress: &'a mut dyn FnMut(Progress),
}

impl Sink for Folding<'_> {
    fn tiles(&mut self, _tiles: &TileStore) -> Result<(), ClientError> {
        Ok(())
    }

    fn keep(&mut self, _resource: Resource, _bytes: &[u8]) -> Result<(), ClientError> {
        Ok(())
    }

    fn entry(&mut self, entry: Entry) -> Result<(), ClientError> {
        let Entry { index, bytes } = entry;
        if looks_like_ballot(&bytes) && self.state.is_some() {
            self.ballots.push(bytes);
            return if self.ballots.len() == BATCH { self.flush() } else { Ok(()) };
        }
        self.flush()?;
        match self.state.as_mut() {
            None => {
                let state = State::found(&bytes);
                self.state = Some(state.map_err(|error| log::malformed("entry 0", error.to_string()))?);
            }
            Some(state) => {
                let applied = state.check(&bytes).and_then(|checked| state.apply(checked));
                applied.map_err(|refusal| illegal(index, refusal))?;
            }
        }
        (self.progress)(Progress { done: index + 1, total: self.total });
        Ok(())
    }
}

impl Folding<'_> {
    /// Verifies the ballots that wait and applies them.
    fn flush(&mut self) -> Result<(), ClientError> {
        let ballots = core::mem::take(&mut self.ballots);
        let Some(state) = self.state.as_mut().filter(|_| !ballots.is_empty()) else { return Ok(()) };
        self.spool.add(state.size(), &ballots)?;
        let slices: Vec<&[u8]> = ballots.iter().map(Vec::as_slice).collect();
        // Fresh weights for every batch (M4).
        let entropy = digest("urna/v1/batch", &[self.entropy, &state.size().to_le_bytes()]);
        for verdict in state.check_ballots(&slices, &entropy) {
            let index = state.size();
            let applied = verdict.and_then(|ballot| state.apply_ballot(&ballot, &self.spool));
            applied.map_err(|refusal| illegal(index, refusal))?;
        }
        (self.progress)(Progress { done: state.size(), total: self.total });
        Ok(())
    }
}

/// Ballots in a temporary file, so that a replaced one can be read again: 8 bytes of memory for each.
struct Spool {
    file: File,
    /// Index of the first ballot of each row of ballots, and the position of its first offset.
    rows: BTreeMap<u64, usize>,
    /// Where each ballot begins, and where the last one ends.
    offsets: Vec<u64>,
}

impl Spool {
    fn new() -> Result<Self, ClientError> {
        let file = tempfile::tempfile().map_err(temporary)?;
        Ok(Self { file, rows: BTreeMap::new(), offsets: vec![0] })
    }

    /// Adds ballots that stand in a row on the log.
    fn add(&mut self, first: u64, ballots: &[Vec<u8>]) -> Result<(), ClientError> {
        self.rows.insert(first, self.offsets.len() - 1);
        for ballot in ballots {
            self.file.write_all(ballot).map_err(temporary)?;
            let end = self.offsets.last().copied().unwrap_or(0) + ballot.len() as u64;
            self.offsets.push(end);
        }
        Ok(())
    }
}

impl Recall for Spool {
    fn entry(&self, index: EntryIndex) -> Option<Vec<u8>> {
        let (first, position) = self.rows.range(..=index.0).next_back()?;
        let position = position + usize::try_from(index.0 - first).ok()?;
        let (begin, end) = (self.offsets.get(position)?, self.offsets.get(position + 1)?);
        let mut bytes = vec![0; usize::try_from(end - begin).ok()?];
        self.file.read_exact_at(&mut bytes, *begin).ok()?;
        Some(bytes)
    }
}

fn temporary(why: std::io::Error) -> ClientError {
    ClientError::Io { path: std::env::temp_dir(), why }
}

fn illegal(index: u64, refusal: Refusal) -> ClientError {
    ClientError::Illegal { entry: EntryIndex(index), refusal }
}

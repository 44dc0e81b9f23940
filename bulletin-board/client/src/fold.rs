//! The state of an event, from its log.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;

use tlog::client::Entry;
use tlog::layout::Resource;
use tlog::tile::TileStore;
use voting_core::ids::{EntryIndex, EventId, digest};
use voting_core::record::state::{Recall, looks_like_ballot};
use voting_core::record::{Refusal, State};

use crate::Progress;
use crate::error::ClientError;
use crate::log::{self, Head, Sink};
use crate::source::{Fetch, Source};

/// Ballots that are verified together.
const BATCH: usize = 2_048;
/// Bytes of ballots that are verified together at most: large ballots take several times as much while they are.
const BATCH_BYTES: usize = 16 << 20;

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
    // A19: a checkpoint that too few witnesses saw may be shown to us alone.
    head.satisfied()?;

    let mut folding = Folding::new(Spool::new()?);
    folding.entropy = *entropy;
    let mut whole = Whole { total: head.checkpoint.size, folding, progress };
    log::read(&fetch, None, None, &head.checkpoint, &mut whole)?;
    whole.folding.flush()?;
    (whole.progress)(Progress { done: head.checkpoint.size, total: head.checkpoint.size });
    let refused = |why: &str| ClientError::Checkpoint { place: fetch.place("checkpoint"), why: why.into() };
    let state = whole.folding.state.ok_or_else(|| refused("its log is empty"))?;
    // The reader has checked every entry against the root; the fold must have taken the same ones.
    if (state.size(), state.root()) == (head.checkpoint.size, head.checkpoint.root) {
        Ok(state)
    } else {
        Err(refused("the folded entries give another root"))
    }
}

struct Whole<'a> {
    total: u64,
    folding: Folding<Spool>,
    progress: &'a mut dyn FnMut(Progress),
}

impl Sink for Whole<'_> {
    fn tiles(&mut self, _tiles: &TileStore) -> Result<(), ClientError> {
        Ok(())
    }

    fn keep(&mut self, _resource: Resource, _bytes: &[u8]) -> Result<(), ClientError> {
        Ok(())
    }

    fn entry(&mut self, entry: Entry) -> Result<(), ClientError> {
        self.folding.entry(entry)?;
        (self.progress)(Progress { done: self.folding.applied(), total: self.total });
        Ok(())
    }
}

/// Where ballots that were folded can be read again.
pub(crate) trait Ballots: Recall {
    /// Adds ballots that stand in a row on the log.
    fn add(&mut self, first: u64, ballots: &[Vec<u8>]) -> Result<(), ClientError>;
}

/// A fold in progress: entries in order, ballots in batches.
pub(crate) struct Folding<L> {
    pub(crate) state: Option<State>,
    /// 32 fresh random bytes (M4).
    pub(crate) entropy: [u8; 32],
    pub(crate) log: L,
    ballots: Vec<Vec<u8>>,
    bytes: usize,
}

impl<L: Ballots> Folding<L> {
    pub(crate) fn new(log: L) -> Self {
        Self { state: None, entropy: [0; 32], log, ballots: Vec::new(), bytes: 0 }
    }

    /// Entries that were applied.
    pub(crate) fn applied(&self) -> u64 {
        self.state.as_ref().map_or(0, State::size)
    }

    /// Entries that were taken, applied or waiting.
    pub(crate) fn taken(&self) -> u64 {
        self.applied() + self.ballots.len() as u64
    }

    /// Takes the next entry.
    pub(crate) fn entry(&mut self, entry: Entry) -> Result<(), ClientError> {
        let Entry { index, bytes } = entry;
        if looks_like_ballot(&bytes) && self.state.is_some() {
            self.bytes += bytes.len();
            self.ballots.push(bytes);
            let full = self.ballots.len() == BATCH || self.bytes >= BATCH_BYTES;
            return if full { self.flush() } else { Ok(()) };
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
        Ok(())
    }

    /// Verifies the ballots that wait and applies them.
    pub(crate) fn flush(&mut self) -> Result<(), ClientError> {
        let ballots = core::mem::take(&mut self.ballots);
        self.bytes = 0;
        let Some(state) = self.state.as_mut().filter(|_| !ballots.is_empty()) else { return Ok(()) };
        self.log.add(state.size(), &ballots)?;
        let slices: Vec<&[u8]> = ballots.iter().map(Vec::as_slice).collect();
        // Fresh weights for every batch (M4).
        let entropy = digest("urna/v1/batch", &[&self.entropy, &state.size().to_le_bytes()]);
        for verdict in state.check_ballots(&slices, &entropy) {
            let index = state.size();
            let applied = verdict.and_then(|ballot| state.apply_ballot(&ballot, &self.log));
            applied.map_err(|refusal| illegal(index, refusal))?;
        }
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
}

impl Ballots for Spool {
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

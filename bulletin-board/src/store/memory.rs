//! An index in memory, for tests, with hooks that make it fail.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tlog::hash::Hash;
use voting_core::ids::EventId;

use super::{Index, IndexError, Indexed, Summary};

#[derive(Debug, Default)]
struct Log {
    entries: Vec<Vec<u8>>,
    root: Option<Hash>,
    leaves: BTreeMap<Hash, u64>,
    heads: BTreeMap<u64, String>,
}

/// An index in memory.
#[derive(Debug, Default)]
pub struct MemoryIndex {
    logs: Mutex<BTreeMap<EventId, Log>>,
    fail_entries: AtomicBool,
    fail_heads: AtomicBool,
}

impl MemoryIndex {
    /// An empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on adding entries fails, or no longer.
    pub fn fail_entries(&self, fail: bool) {
        self.fail_entries.store(fail, Ordering::SeqCst);
    }

    /// From now on adding heads fails, or no longer.
    pub fn fail_heads(&self, fail: bool) {
        self.fail_heads.store(fail, Ordering::SeqCst);
    }

    fn logs(&self) -> MutexGuard<'_, BTreeMap<EventId, Log>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index for MemoryIndex {
    fn summary(&self, event: &EventId) -> Result<Option<Summary>, IndexError> {
        Ok(self.logs().get(event).and_then(|log| {
            let head = log.heads.keys().next_back().copied().unwrap_or(0);
            Some(Summary { entries: log.entries.len() as u64, root: log.root?, head })
        }))
    }

    fn forget(&self, event: &EventId) -> Result<(), IndexError> {
        self.logs().remove(event);
        Ok(())
    }

    fn add(&self, event: &EventId, first: u64, entries: &[Indexed], root: Hash) -> Result<(), IndexError> {
        if self.fail_entries.load(Ordering::SeqCst) {
            return Err(IndexError("fault hook: entries".into()));
        }
        let mut logs = self.logs();
        let log = logs.entry(*event).or_default();
        if log.entries.len() as u64 != first {
            return Err(IndexError(format!("{} entries, {first} expected", log.entries.len())));
        }
        for (position, Indexed { leaf, bytes }) in (first..).zip(entries) {
            log.entries.push(bytes.clone());
            log.leaves.insert(*leaf, position);
        }
        log.root = Some(root);
        Ok(())
    }

    fn add_head(&self, event: &EventId, size: u64, note: &str) -> Result<(), IndexError> {
        if self.fail_heads.load(Ordering::SeqCst) {
            return Err(IndexError("fault hook: heads".into()));
        }
        self.logs().entry(*event).or_default().heads.insert(size, note.to_owned());
        Ok(())
    }

    fn entries(&self, event: &EventId, first: u64, count: usize) -> Result<Vec<Vec<u8>>, IndexError> {
        let first = usize::try_from(first).map_err(|error| IndexError(error.to_string()))?;
        let logs = self.logs();
        let entries = logs.get(event).into_iter().flat_map(|log| log.entries.iter().skip(first).take(count));
        Ok(entries.cloned().collect())
    }

    fn find(&self, event: &EventId, leaf: &Hash) -> Result<Option<u64>, IndexError> {
        Ok(self.logs().get(event).and_then(|log| log.leaves.get(leaf).copied()))
    }

    fn head_covering(&self, event: &EventId, position: u64) -> Result<Option<(u64, String)>, IndexError> {
        let logs = self.logs();
        let head = logs.get(event).and_then(|log| log.heads.range(position + 1..).next());
        Ok(head.map(|(size, note)| (*size, note.clone())))
    }

    fn flush(&self) -> Result<(), IndexError> {
        Ok(())
    }
}

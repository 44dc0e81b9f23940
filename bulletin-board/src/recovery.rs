//! What a start does with a journal: every entry goes through the fold again, every head must be that of its entries, and
//! the index must hold the same.

use std::collections::BTreeMap;
use std::path::Path;

use tlog::checkpoint::{self, Checkpoint, Origin};
use tlog::hash::{Hash, leaf_hash};
use tracing::info;
use voting_core::ballot::log_key;
use voting_core::entry::{Body, Entry};
use voting_core::ids::{EntryIndex, EventId};
use voting_core::record::State;

use crate::admit;
use crate::error::StartError;
use crate::sequencer::entropy;
use crate::store::{Index, IndexError, Indexed, JournalError, Record, Summary};

/// Entries of the index that are compared at once.
const CHECKED_AT_ONCE: usize = 256;

/// What the records of a journal amount to. Every entry goes through the fold again.
#[derive(Default)]
pub(crate) struct Replay {
    /// The fold, once there is a manifest.
    pub(crate) state: Option<State>,
    /// All entries.
    pub(crate) entries: Vec<Indexed>,
    /// The signed heads by size.
    pub(crate) heads: BTreeMap<u64, String>,
    /// Those with cosignatures.
    pub(crate) cosigned: BTreeMap<u64, String>,
    /// Where the closing entry of each order stands, by the hash of the order.
    pub(crate) closings: BTreeMap<Hash, u64>,
}

impl Replay {
    /// Takes the next record; the error says how it contradicts those before it.
    pub(crate) fn take(&mut self, record: Record) -> Result<(), String> {
        match record {
            Record::Batch { first, size, root, entries } => {
                if first != self.entries.len() as u64 || entries.is_empty() {
                    return Err(format!("a batch begins at entry {first}, {} stand before it", self.entries.len()));
                }
                self.fold(&entries)?;
                let state = self.state.as_ref().ok_or("there is no manifest")?;
                if (state.size(), state.root()) != (size, root) {
                    return Err(format!("size or root after entry {first} are not those that the batch names"));
                }
                for bytes in entries {
                    self.remember_closing(&bytes);
                    self.entries.push(Indexed { leaf: leaf_hash(&bytes), bytes });
                }
                Ok(())
            }
            Record::Head { size, root, note } => {
                let state = self.state.as_ref().ok_or("a head stands before the manifest")?;
                let head = tlog::SignedNote::parse(note.as_bytes()).map_err(|error| error.to_string())?;
                let head = Checkpoint::from_unverified_note(&head).map_err(|error| error.to_string())?;
                // The root that was signed is the root of these entries, or nothing is served.
                if (state.size(), state.root()) != (size, root) || (head.size, head.root) != (size, root) {
                    return Err(format!("the head of size {size} is not that of the entries before it"));
                }
                self.heads.insert(size, note);
                Ok(())
            }
            Record::Cosigned { size, note } => {
                let text =
                    |note: &str| tlog::SignedNote::parse(note.as_bytes()).ok().map(|note| note.text().to_owned());
                let signed = self.heads.get(&size).and_then(|head| text(head));
                if signed.is_none() || signed != text(&note) {
                    return Err(format!("the cosigned head of size {size} is not one that was signed"));
                }
                self.cosigned.insert(size, note);
                Ok(())
            }
        }
    }

    /// Checks what the records cannot say of themselves: that they are of this event, and that its log key signed every head.
    ///
    /// # Errors
    /// What contradicts it.
    pub(crate) fn check_signed(&self, event: &EventId) -> Result<(), String> {
        let Some(state) = &self.state else { return Ok(()) };
        let manifest = state.manifest();
        if manifest.event() != *event {
            return Err("entry 0 is the manifest of another event".into());
        }
        let origin = Origin::new(&manifest.origin()).map_err(|error| error.to_string())?;
        let key = log_key(manifest)?;
        for (size, note) in &self.heads {
            checkpoint::open(note.as_bytes(), &origin, &key)
                .map_err(|error| format!("the head of size {size} is not signed by the log key: {error}"))?;
        }
        Ok(())
    }

    fn fold(&mut self, entries: &[Vec<u8>]) -> Result<(), String> {
        let entries: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
        let (state, entries) = match (&mut self.state, entries.split_first()) {
            (Some(state), _) => (state, entries.as_slice()),
            (empty, Some((manifest, rest))) => {
                (empty.insert(State::found(manifest).map_err(|error| error.to_string())?), rest)
            }
            (_, None) => return Err("a batch is empty".into()),
        };
        let before = &self.entries;
        let log = |index: EntryIndex| before.get(usize::try_from(index.0).ok()?).map(|entry| entry.bytes.clone());
        let mut verdicts = admit::admit(state, entries, &log, &entropy(), None).into_iter();
        verdicts.find_map(Result::err).map_or(Ok(()), |refusal| Err(refusal.to_string()))
    }

    fn remember_closing(&mut self, bytes: &[u8]) {
        if let Ok(Entry::Official(official)) = Entry::from_bytes(bytes)
            && let Body::RoundClosed(closed) = official.body
        {
            self.closings.insert(tlog::hash::sha256(&closed.order), self.entries.len() as u64);
        }
    }
}

/// Brings the index to what the journal says: untouched if it has it, rebuilt if it is behind or another.
pub(crate) fn restore_index(
    index: &dyn Index,
    event: &EventId,
    entries: &[Indexed],
    heads: &BTreeMap<u64, String>,
    state: &State,
    path: &Path,
) -> Result<(), StartError> {
    let head = heads.keys().next_back().copied().unwrap_or(0);
    let expected = Summary { entries: state.size(), root: state.root(), head };
    let found = index.summary(event)?;
    if found == Some(expected) && holds(index, event, entries, heads).unwrap_or(false) {
        return Ok(());
    }
    // The index is written after the journal was synced, so it can only be behind. If it is ahead, the journal has lost
    // entries that were answered (A15).
    if let Some(Summary { entries, .. }) = found
        && entries > expected.entries
    {
        let (path, journal) = (path.to_owned(), expected.entries);
        return Err(JournalError::Behind { path, journal, index: entries }.into());
    }
    info!(event = %event, entries = expected.entries, "the index is missing, behind or damaged: it is rebuilt from the journal");
    index.forget(event)?;
    index.add(event, 0, entries, expected.root)?;
    for (size, note) in heads {
        index.add_head(event, *size, note)?;
    }
    index.flush()?;
    Ok(())
}

/// Whether the index has every entry, position and head as the journal has them. Reading it is little beside the fold.
fn holds(
    index: &dyn Index,
    event: &EventId,
    entries: &[Indexed],
    heads: &BTreeMap<u64, String>,
) -> Result<bool, IndexError> {
    for (first, part) in (0..).step_by(CHECKED_AT_ONCE).zip(entries.chunks(CHECKED_AT_ONCE)) {
        let found = index.entries(event, first, part.len())?;
        if !found.iter().eq(part.iter().map(|entry| &entry.bytes)) {
            return Ok(false);
        }
        for (position, entry) in (first..).zip(part) {
            if index.find(event, &entry.leaf)? != Some(position) {
                return Ok(false);
            }
        }
    }
    for (size, note) in heads {
        if index.head_covering(event, size - 1)?.as_ref() != Some(&(*size, note.clone())) {
            return Ok(false);
        }
    }
    Ok(true)
}

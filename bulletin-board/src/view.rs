//! What everybody may see of an event: only what is durable and signed. The sequencer alone writes it.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Value, json};
use tlog::checkpoint::Origin;
use tlog::hash::Hash;
use tlog::note::{SignedNote, VerifierKey};
use tlog::tile::{TileId, tile_bytes, write_bundle};
use tlog::tlog_proof::TlogProof;
use tlog::tree::MemoryTree;
use voting_core::ids::{EventId, RoundIndex};
use voting_core::manifest::Manifest;
use voting_core::record::State;
use voting_core::record::state::{CeremonyStatus, Round};

use crate::store::{Index, IndexError, Indexed};

/// The newest signed tree.
#[derive(Debug)]
struct Published {
    tree: MemoryTree,
    note: String,
    state: Value,
}

/// The public side of an event.
pub(crate) struct View {
    pub(crate) manifest: Manifest,
    pub(crate) origin: Origin,
    pub(crate) verifier: VerifierKey,
    index: Arc<dyn Index>,
    published: RwLock<Published>,
}

impl View {
    /// A view that shows nothing yet.
    pub(crate) fn new(manifest: Manifest, origin: Origin, verifier: VerifierKey, index: Arc<dyn Index>) -> Self {
        let published = Published { tree: MemoryTree::new(), note: String::new(), state: Value::Null };
        Self { manifest, origin, verifier, index, published: RwLock::new(published) }
    }

    pub(crate) fn event(&self) -> EventId {
        self.manifest.event()
    }

    pub(crate) fn index(&self) -> &Arc<dyn Index> {
        &self.index
    }

    /// Shows a larger tree: these entries behind the ones shown so far, under this note.
    pub(crate) fn publish(&self, leaves: impl Iterator<Item = Hash>, note: String, state: Value) {
        let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
        leaves.for_each(|leaf| published.tree.append_leaf_hash(leaf));
        published.note = note;
        published.state = state;
    }

    /// The newest signed checkpoint.
    pub(crate) fn checkpoint(&self) -> String {
        self.read(|published| published.note.clone())
    }

    /// The state of the event as JSON.
    pub(crate) fn state(&self) -> Value {
        self.read(|published| published.state.clone())
    }

    /// Number of entries shown.
    pub(crate) fn size(&self) -> u64 {
        self.read(|published| published.tree.size())
    }

    fn read<T>(&self, take: impl FnOnce(&Published) -> T) -> T {
        take(&self.published.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The contents of a tile, if the signed tree has it.
    pub(crate) fn tile(&self, tile: TileId) -> Option<Vec<u8>> {
        self.read(|published| tile_bytes(&published.tree, tile))
    }

    /// A bundle of `width` entries from position `first` on, if the signed tree has them.
    pub(crate) fn bundle(&self, first: u64, width: u16) -> Result<Option<Vec<u8>>, IndexError> {
        if first.checked_add(u64::from(width)).is_none_or(|end| end > self.size()) {
            return Ok(None);
        }
        let entries = self.index.entries(&self.event(), first, usize::from(width))?;
        if entries.len() != usize::from(width) {
            return Err(IndexError(format!("entries from {first} on are missing")));
        }
        write_bundle(&entries).map(Some).map_err(|error| IndexError(error.to_string()))
    }

    /// The receipt of an entry: always under the first head that covers it, so that it stays the same bytes.
    pub(crate) fn receipt(&self, position: u64) -> Result<Vec<u8>, IndexError> {
        let failed = |error: String| IndexError(format!("receipt of entry {position}: {error}"));
        let head = self.index.head_covering(&self.event(), position)?;
        let (size, note) = head.ok_or_else(|| failed("no head covers it".into()))?;
        let note = SignedNote::parse(note.as_bytes()).map_err(|error| failed(error.to_string()))?;
        let proof = self.read(|published| published.tree.inclusion(position, size));
        let proof = proof.map_err(|error| failed(error.to_string()))?;
        let receipt = TlogProof::new(position, proof, note).map_err(|error| failed(error.to_string()))?;
        Ok(receipt.to_bytes())
    }

    /// The bytes of an entry.
    pub(crate) fn entry(&self, position: u64) -> Result<Vec<u8>, IndexError> {
        let missing = || IndexError(format!("entry {position} is missing"));
        self.index.entries(&self.event(), position, 1)?.pop().ok_or_else(missing)
    }
}

/// Where the event stands, in one word:
///
/// | phase | what is awaited |
/// | --- | --- |
/// | `ceremony` | trustees |
/// | `roll` | the registrar, for the round whose turn it is |
/// | `ready` | the administrator starts a round |
/// | `voting` | ballots |
/// | `counting` | trustees decrypt, then the administrator publishes the result |
/// | `outcome` | the administrator publishes what the rules make of a result |
/// | `follow-up` | a round that an outcome calls for: its roll, its start, or that it is dropped |
/// | `finished`, `cancelled` | nothing |
fn phase(state: &State) -> &'static str {
    let planned = || state.rounds().filter(|(_, round)| matches!(round, Round::Planned)).map(|(index, _)| index);
    let follows = |index: RoundIndex| state.plan(index).is_some_and(|planned| planned.cause.is_some());
    if state.is_cancelled() {
        "cancelled"
    } else if state.is_finished() {
        "finished"
    } else if state.open_round().is_some() {
        "voting"
    } else if state.rounds().any(|(_, round)| round.closed().is_some() && !round.is_finished()) {
        "counting"
    } else if state.ceremony() != CeremonyStatus::Complete {
        "ceremony"
    } else if state.rounds().any(|(index, _)| state.lacks_outcome(index)) {
        "outcome"
    } else if planned().any(follows) {
        "follow-up"
    } else if planned().any(|index| state.roll(index).is_some_and(|roll| roll.is_closed())) {
        "ready"
    } else {
        "roll"
    }
}

/// Reports of rounds that have ended, by whether they have an outcome. They never change any more, and some methods take up to
/// a second for them: too long for each batch.
#[derive(Default)]
pub(crate) struct Ended(BTreeMap<(RoundIndex, bool), Value>);

impl Ended {
    /// All rounds as JSON.
    fn rounds(&mut self, state: &State) -> Vec<Value> {
        let mut reports = Vec::new();
        for (index, round) in state.rounds() {
            let ended = round.closed().filter(|counting| counting.ending().is_some());
            let key = ended.map(|counting| (index, counting.outcome().is_some()));
            if let Some(report) = key.and_then(|key| self.0.get(&key)) {
                reports.push(report.clone());
                continue;
            }
            let report = json!(state.round_report(index));
            if let Some(key) = key {
                self.0.insert(key, report.clone());
            }
            reports.push(report);
        }
        reports
    }
}

/// The state of an event as JSON.
pub(crate) fn state_json(state: &State, verifier: &VerifierKey, ended: &mut Ended) -> Value {
    let manifest = state.manifest();
    json!({
        "event": manifest.event(),
        "event_words": manifest.event_words(),
        "origin": manifest.origin(),
        "host": manifest.host,
        "log_key": manifest.log_key,
        "log_vkey": verifier.to_string(),
        "demonstration": manifest.demonstration,
        "languages": manifest.languages,
        "phase": phase(state),
        "cancelled": state.is_cancelled(),
        "finished": state.is_finished(),
        "size": state.size(),
        "root": state.root().to_string(),
        "ceremony": state.ceremony(),
        "joint_key": state.joint_key().map(|joint| hex::encode(joint.public.to_bytes())),
        "trustees": manifest.trustees.len(),
        "threshold": manifest.threshold,
        "open_round": state.open_round(),
        "rounds_may_be_added": manifest.rounds_may_be_added,
        "rounds": ended.rounds(state),
    })
}

/// The leaf hashes of entries.
pub(crate) fn leaves(entries: &[Indexed]) -> impl Iterator<Item = Hash> {
    entries.iter().map(|entry| entry.leaf)
}

//! What everybody may see of an event: only what is durable and signed. The sequencer alone writes it.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tlog::checkpoint::Origin;
use tlog::hash::Hash;
use tlog::note::{SignedNote, VerifierKey};
use tlog::tile::{TileId, tile_bytes, write_bundle};
use tlog::tlog_proof::TlogProof;
use voting_core::ids::{EventId, RoundIndex};
use voting_core::manifest::Manifest;
use voting_core::record::State;
use voting_core::record::state::{CeremonyStatus, Round};

use crate::error::Fault;
use crate::limits::Desk;
use crate::store::{Index, IndexError, Indexed};
use crate::turnout::Turnout;
use crate::witnesses::SharedTree;

/// The newest head that everybody may see.
#[derive(Debug)]
struct Published {
    size: u64,
    note: String,
    state: Value,
    waiting: Option<Waiting>,
    /// Since when.
    waits_since: Option<Instant>,
}

/// Why nothing new is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// Which witnesses are missing and why, or which contradicts.
    pub(crate) why: String,
    /// Whether a witness claims to know more than there is here.
    pub(crate) contradicted: bool,
}

/// The public side of an event.
pub(crate) struct View {
    pub(crate) manifest: Manifest,
    pub(crate) origin: Origin,
    pub(crate) verifier: VerifierKey,
    index: Arc<dyn Index>,
    /// All that is durable and signed; the first `size` leaves of it are published.
    tree: SharedTree,
    published: RwLock<Published>,
    /// The first look at what is submitted.
    pub(crate) desk: Desk,
}

impl View {
    /// A view that shows nothing yet.
    pub(crate) fn new(manifest: Manifest, origin: Origin, verifier: VerifierKey, index: Arc<dyn Index>) -> Self {
        let published =
            Published { size: 0, note: String::new(), state: Value::Null, waiting: None, waits_since: None };
        let (tree, published) = (SharedTree::default(), RwLock::new(published));
        Self { manifest, origin, verifier, index, tree, published, desk: Desk::default() }
    }

    pub(crate) fn event(&self) -> EventId {
        self.manifest.event()
    }

    pub(crate) fn index(&self) -> &Arc<dyn Index> {
        &self.index
    }

    /// The tree, for proofs to witnesses.
    pub(crate) fn tree(&self) -> &SharedTree {
        &self.tree
    }

    /// Adds entries that are durable behind those there are. Nobody sees them before [`View::publish`].
    pub(crate) fn extend(&self, leaves: impl Iterator<Item = Hash>) {
        let mut tree = self.tree.write().unwrap_or_else(PoisonError::into_inner);
        leaves.for_each(|leaf| tree.append_leaf_hash(leaf));
    }

    /// Shows the tree of this size, under this note.
    pub(crate) fn publish(&self, size: u64, note: String, state: Value) {
        let (waiting, waits_since) = (None, None);
        *self.published.write().unwrap_or_else(PoisonError::into_inner) =
            Published { size, note, state, waiting, waits_since };
    }

    /// Says why nothing new is taken, until the next head is published.
    pub(crate) fn wait(&self, waiting: Waiting) {
        let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
        published.waiting = Some(waiting);
        published.waits_since.get_or_insert_with(Instant::now);
    }

    /// Says that the newest head is still confirmed.
    pub(crate) fn go_on(&self) {
        let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
        (published.waiting, published.waits_since) = (None, None);
    }

    /// Why nothing new is taken, if nothing is.
    pub(crate) fn waiting(&self) -> Option<Waiting> {
        self.read(|published| published.waiting.clone())
    }

    /// Whether cosignatures have been missing for longer than a batch waits for them.
    pub(crate) fn is_late(&self, wait: Duration) -> bool {
        self.read(|published| published.waits_since.is_some_and(|since| since.elapsed() >= wait))
    }

    /// The refusal of what comes while nothing is taken.
    pub(crate) fn refusal(&self) -> Fault {
        Fault::Witnesses(self.waiting().map(|waiting| waiting.why).unwrap_or_default())
    }

    /// The newest signed checkpoint, with the cosignatures that the policy asks for; `None` before the first.
    pub(crate) fn checkpoint(&self) -> Option<String> {
        self.read(|published| (published.size > 0).then(|| published.note.clone()))
    }

    /// The state of the event as JSON.
    pub(crate) fn state(&self) -> Value {
        self.read(|published| {
            let mut state = published.state.clone();
            if let Some(object) = state.as_object_mut() {
                object.insert(
                    "waiting_for_witnesses".into(),
                    json!(published.waiting.as_ref().map(|waiting| &waiting.why)),
                );
            }
            state
        })
    }

    /// Turnout of the open round, or of the last one that was open.
    pub(crate) fn turnout(&self) -> Turnout {
        self.read(|published| {
            let rounds = published.state.get("rounds").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let started = rounds.iter().rposition(|round| round.get("id").is_some_and(|id| !id.is_null()));
            let open = published.state.get("open_round").and_then(Value::as_u64);
            let shown = open.and_then(|round| usize::try_from(round).ok()).or(started);
            let round = shown.and_then(|shown| rounds.get(shown));
            let number = |name| round.and_then(|round| round.get(name)).and_then(Value::as_u64).unwrap_or(0);
            let index = shown.and_then(|shown| u32::try_from(shown).ok());
            Turnout { round: index, ballots: number("ballots"), turnout: number("turnout"), size: published.size }
        })
    }

    /// Number of entries shown.
    pub(crate) fn size(&self) -> u64 {
        self.read(|published| published.size)
    }

    fn read<T>(&self, take: impl FnOnce(&Published) -> T) -> T {
        take(&self.published.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The contents of a tile, if the published tree has it.
    pub(crate) fn tile(&self, tile: TileId) -> Option<Vec<u8>> {
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        if tile.is_within(self.size()) { tile_bytes(&*tree, tile) } else { None }
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
        let proof = self.tree.read().unwrap_or_else(PoisonError::into_inner).inclusion(position, size);
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

//! Verification of a whole record: entries in, report out. No clock, network or files; observer, trustee, board and
//! browser call this one function.
//!
//! Trusted is the event id alone, which is the hash of the manifest; log key, trustees and witnesses are named by the
//! manifest (A35). Nothing else in the record is believed.

use tlog::checkpoint::{self, Origin};
use tlog::hash::Hash;
use tlog::note::SignedNote;

use super::report::{Counts, Fault, NOT_CHECKED, Report};
use super::state::{self, Recall, State};
use super::{Refusal, Rule};
use crate::ballot::{log_key, witness_policy};
use crate::ids::EventId;
use crate::manifest::{Manifest, event_words};

/// Ballots that are verified together: the most that is held in memory beyond the state.
const BATCH: usize = 2_048;

/// Bytes of entries that are verified together at most: large ballots take several times as much while they are.
const BATCH_BYTES: usize = 16 << 20;

/// Most faults that are reported one by one; the rest is counted.
const MAX_FAULTS: usize = 1_000;

/// Verifies the record of an event.
///
/// `checkpoint` is the signed note, `entries` are all entries in order, `entropy` 32 fresh random bytes of the caller's
/// operating system (M4), `log` reads an entry again by its index (of a ballot that a later one replaces, for instance),
/// `progress` is called with the number of entries done. The record holds if and only if the
/// report has no fault.
pub fn verify_record(
    event: &EventId,
    checkpoint: &[u8],
    entries: impl IntoIterator<Item = Vec<u8>>,
    log: &dyn Recall,
    entropy: &[u8; 32],
    mut progress: impl FnMut(u64),
) -> Report {
    let mut entries = entries.into_iter();
    let mut verifier = Verifier {
        log,
        state: None,
        faults: Vec::new(),
        more: 0,
        counts: Counts::default(),
        batch: Vec::new(),
        batch_bytes: 0,
    };
    let mut claimed = None;
    match entries.next() {
        None => verifier.fault(Fault::of_record(Rule::LogSize, "the record has no entries: nothing was checked")),
        Some(bytes) => {
            if let Some(manifest) = verifier.found(event, &bytes) {
                claimed = verifier.checkpoint(&manifest, checkpoint);
                for entry in entries {
                    verifier.entry(entry, entropy);
                    progress(verifier.counts.entries);
                }
                verifier.flush(entropy);
                progress(verifier.counts.entries);
                verifier.tree(claimed);
            }
        }
    }
    verifier.report(event, claimed)
}

struct Verifier<'l> {
    log: &'l dyn Recall,
    state: Option<State>,
    faults: Vec<Fault>,
    more: u64,
    counts: Counts,
    batch: Vec<Vec<u8>>,
    batch_bytes: usize,
}

impl Verifier<'_> {
    fn fault(&mut self, fault: Fault) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        } else {
            self.more += 1;
        }
    }

    /// Entry 0: the only thing that is compared with something from outside (A22).
    fn found(&mut self, event: &EventId, bytes: &[u8]) -> Option<Manifest> {
        self.counts.entries = 1;
        self.counts.bytes = bytes.len() as u64;
        let found = EventId::of_manifest(bytes);
        if found != *event {
            let what = format!("entry 0 is the manifest of event {found}");
            self.fault(Fault::of_record(Rule::ManifestHash, what));
            return None;
        }
        match State::found(bytes) {
            Ok(state) => {
                let manifest = state.manifest().clone();
                self.state = Some(state);
                Some(manifest)
            }
            Err(error) => {
                self.fault(Fault::of_record(Rule::ManifestValid, error.to_string()));
                None
            }
        }
    }

    /// Signature, origin and witnesses of the checkpoint; returns the size and root that it claims.
    fn checkpoint(&mut self, manifest: &Manifest, bytes: &[u8]) -> Option<(u64, Hash)> {
        let (note, key, origin) = match parts(manifest, bytes) {
            Ok(parts) => parts,
            Err(what) => {
                self.fault(Fault::of_record(Rule::LogCheckpoint, what));
                return None;
            }
        };
        let unverified = checkpoint::Checkpoint::from_unverified_note(&note);
        if unverified.as_ref().is_ok_and(|unverified| unverified.origin != origin) {
            let what = format!("the checkpoint is of another log than {}", manifest.origin()); // S6
            self.fault(Fault::of_record(Rule::LogOrigin, what));
            return None;
        }
        match checkpoint::open_note(&note, &origin, &key) {
            Ok(opened) => {
                let policy = witness_policy(manifest);
                let met = policy.and_then(|policy| {
                    policy.evaluate(&note, &origin, &key).map(|_| ()).map_err(|error| error.to_string())
                });
                if let Err(what) = met {
                    self.fault(Fault::of_record(Rule::LogWitnesses, what)); // A19
                }
                Some((opened.size, opened.root))
            }
            Err(error) => {
                self.fault(Fault::of_record(Rule::LogCheckpoint, error.to_string()));
                None
            }
        }
    }

    fn entry(&mut self, bytes: Vec<u8>, entropy: &[u8; 32]) {
        self.counts.entries += 1;
        self.counts.bytes += bytes.len() as u64;
        if state::looks_like_ballot(&bytes) {
            self.batch_bytes += bytes.len();
            self.batch.push(bytes);
            if self.batch.len() == BATCH || self.batch_bytes >= BATCH_BYTES {
                self.flush(entropy);
            }
            return;
        }
        self.flush(entropy);
        let Some(state) = self.state.as_mut() else { return };
        let index = state.size();
        match state.check(&bytes).and_then(|checked| state.apply(checked)) {
            Ok(_) => self.counts.signatures += 1,
            Err(refusal) => self.refused(&refusal, index, &bytes),
        }
    }

    /// An illegal entry: reported, kept in the tree, without any effect.
    fn refused(&mut self, refusal: &Refusal, index: u64, bytes: &[u8]) {
        if let Some(state) = self.state.as_mut() {
            state.skip(bytes);
        }
        self.fault(Fault::of_entry(refusal, index, bytes));
    }

    /// Verifies the ballots that wait, then lets the fold judge them one by one.
    fn flush(&mut self, entropy: &[u8; 32]) {
        if self.batch.is_empty() {
            return;
        }
        let batch = core::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        let Some(state) = self.state.as_ref() else { return };
        // Fresh weights for every batch: the position is hashed into the entropy (M4).
        let entropy = crate::ids::digest("urna/v1/batch", &[entropy, &state.size().to_le_bytes()]);
        let ballots: Vec<&[u8]> = batch.iter().map(Vec::as_slice).collect();
        let verdicts = state.check_ballots(&ballots, &entropy);
        for (bytes, verdict) in ballots.iter().zip(verdicts) {
            let Some(state) = self.state.as_mut() else { return };
            let index = state.size();
            let arguments = verdict.as_ref().map_or(0, |ballot| ballot.sections().len() as u64);
            match verdict.and_then(|ballot| state.apply_ballot(&ballot, self.log)) {
                Ok(_) => {
                    self.counts.ballots += 1;
                    self.counts.arguments += arguments;
                }
                Err(refusal) => self.refused(&refusal, index, bytes),
            }
        }
    }

    /// Number of entries and root, against the checkpoint (A35).
    fn tree(&mut self, claimed: Option<(u64, Hash)>) {
        let Some((size, root, state)) =
            claimed.zip(self.state.as_ref()).map(|((size, root), state)| (size, root, state))
        else {
            return;
        };
        let (found, computed) = (state.size(), state.root());
        if found != size {
            let what = format!("the checkpoint speaks of {size} entries, the record has {found}");
            self.fault(Fault::of_record(Rule::LogSize, what));
        } else if computed != root {
            self.fault(Fault::of_record(Rule::LogRoot, format!("the entries give the root {computed}")));
        }
    }

    fn report(mut self, event: &EventId, claimed: Option<(u64, Hash)>) -> Report {
        if self.more > 0 {
            let what = format!("{} more faults are not listed", self.more);
            self.faults.push(Fault::of_record(Rule::EntryLegal, what));
        }
        let state = self.state.as_ref();
        let rounds = state.map(State::round_reports).unwrap_or_default();
        if let Some(state) = state {
            self.counts.members = rounds.iter().map(|round| round.entitled).sum();
            self.counts.confirmations =
                if state.joint_key().is_some() { state.manifest().trustees.len() as u64 } else { 0 };
            self.counts.partial_decryptions = rounds.iter().map(|round| round.decrypted_by.len() as u64).sum();
            let totals = rounds.iter().flat_map(|round| &round.tallies).filter_map(|tally| tally.totals.as_ref());
            let outcomes = rounds.iter().filter_map(|round| round.outcome.as_ref());
            self.counts.outcomes = outcomes.map(|outcomes| outcomes.len() as u64).sum();
            self.counts.totals = totals.map(|totals| totals.len() as u64).sum();
        }
        Report {
            holds: self.faults.is_empty(),
            event: *event,
            event_words: event_words(event),
            origin: state.map(|state| state.manifest().origin()),
            size: claimed.map_or(0, |(size, _)| size),
            root: claimed.map(|(_, root)| root.to_string()),
            finished: state.is_some_and(State::is_finished),
            demonstration: state.is_some_and(|state| state.manifest().demonstration),
            checked: self.counts,
            ceremony: state.map(State::ceremony),
            rounds,
            not_checked: NOT_CHECKED.to_vec(),
            faults: self.faults,
        }
    }
}

fn parts(manifest: &Manifest, bytes: &[u8]) -> Result<(SignedNote, tlog::note::VerifierKey, Origin), String> {
    let note = SignedNote::parse(bytes).map_err(|error| error.to_string())?;
    let origin = Origin::new(&manifest.origin()).map_err(|error| error.to_string())?;
    Ok((note, log_key(manifest)?, origin))
}

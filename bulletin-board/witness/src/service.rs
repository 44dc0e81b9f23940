//! What the witness does, without HTTP: check, store, cosign.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tlog::evidence::Verdict;
use tlog::hash::Hash;
use tlog::note::VerifierKey;
use tlog::witness::{AddCheckpoint, Latest, format_response};
use tlog::{Checkpoint, Origin, Refusal};
use tokio::sync::Notify;
use tracing::{error, info, warn};

use crate::config::Config;
use crate::error::{Fault, StartError};
use crate::key::Key;
use crate::store::{Kept, Record, Store, keep, name_of};
use crate::watched::{Look, Watched};

/// How far the clock may stand behind the last time that was stated, in seconds. Up to here that time is stated again;
/// beyond, the witness states none.
const CLOCK_SLACK: u64 = 60;

/// The record of a log behind the lock that makes check and store one step.
type Slot = Arc<Mutex<Option<Record>>>;

/// A witness: its key, its watched list, its records.
#[derive(Debug)]
pub(crate) struct Witness {
    key: Key,
    store: Store,
    watched: Mutex<Watched>,
    /// One slot for each log that is watched or was ever cosigned, by the hash of its origin.
    slots: Mutex<BTreeMap<Hash, Slot>>,
    /// Set when storage failed. Nothing is cosigned from then on.
    failed: AtomicBool,
    /// Wakes who waits for a failure.
    pub(crate) failure: Notify,
}

impl Witness {
    /// Opens key, watched list and data folder.
    pub(crate) fn open(config: &Config) -> Result<Self, StartError> {
        let key = Key::read(&config.key)?;
        let watched = Watched::open(&config.watched)?;
        let (store, records) = Store::open(&config.data, &key)?;
        for record in records.values() {
            let origin = record.origin();
            match watched.logs().get(origin) {
                None => report_removed(record),
                Some(key) if *key != record.key => report_other_key(record),
                Some(_) => info!(%origin, size = record.checkpoint.size, "this log was cosigned before"),
            }
        }
        if watched.logs().is_empty() {
            let list = config.watched.display().to_string();
            warn!(list, "no log is watched: add one with `witness log add`");
        }
        let slots = records.into_iter().map(|(name, record)| (name, Arc::new(Mutex::new(Some(record)))));
        Ok(Self {
            key,
            store,
            watched: Mutex::new(watched),
            slots: Mutex::new(slots.collect()),
            failed: AtomicBool::new(false),
            failure: Notify::new(),
        })
    }

    /// The public key of the witness.
    pub(crate) fn verifier(&self) -> VerifierKey {
        self.key.verifier()
    }

    /// Number of logs that are watched.
    pub(crate) fn watched(&self) -> usize {
        self.watched.lock().map_or(0, |watched| watched.logs().len())
    }

    /// Whether storage failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::SeqCst)
    }

    /// Answers a request at a time in seconds since 1970: the cosignature lines.
    pub(crate) fn add_checkpoint(&self, body: &[u8], now: u64) -> Result<String, Fault> {
        let request = AddCheckpoint::parse(body)?;
        let origin = request.unverified_origin().map_err(|fault| Fault::Malformed(fault.into()))?;
        let listed = self.key_of(&origin)?.ok_or_else(|| Fault::UnknownLog(origin.to_string()))?;
        let slot = self.slot(&origin)?;
        // From here to the end of the function there is one request for each log at a time: what is checked against is
        // what is replaced. Without this, a smaller tree could be stored over a larger one (see the race in the
        // specification). A lock that a panic left behind is never entered again, for what it guards is unknown.
        let mut record = slot.lock().map_err(|_| Fault::Internal)?;
        // Looked at under the lock, so that nothing is cosigned after another request has failed to store.
        if self.has_failed() {
            return Err(Fault::Storage);
        }
        // The key is fixed by the first cosignature. Another one in the list is reported when it is read, and not used.
        let log_key = record.as_ref().map_or(&listed, |record| &record.key).clone();
        let latest = record.as_ref().map_or_else(Latest::default, Record::latest);
        let checkpoint = match request.check(&origin, &log_key, &latest) {
            Ok(checkpoint) => checkpoint,
            Err(refusal) => {
                self.examine(record.as_ref(), &log_key, &request, &refusal);
                return Err(refusal.into());
            }
        };
        let time = state_time(now, record.as_ref())?;
        let cosignature = self.key.secret().cosign(&checkpoint, time).map_err(|_| Fault::Clock)?;
        let answer = format_response(core::slice::from_ref(&cosignature));
        let next = Record::new(&log_key, checkpoint, &request.note, cosignature, time);
        let next = next.map_err(|fault| Fault::Malformed(fault.into()))?;
        // The same text is on the disk already; a fresh time needs no sync.
        let is_stored = record.as_ref().is_some_and(|record| record.note.text() == next.note.text());
        if !is_stored {
            // The cosignature does not leave before this has returned.
            if let Err(fault) = self.store.save(&next) {
                self.fail(&origin, &fault);
                return Err(Fault::Storage);
            }
        }
        if record.is_none() {
            info!(%origin, size = next.checkpoint.size, "first cosignature of this log");
        }
        *record = Some(next);
        Ok(answer)
    }

    /// The newest cosigned checkpoint of the log whose origin has this hash.
    pub(crate) fn checkpoint(&self, name: &Hash) -> Result<String, Fault> {
        let slots = self.slots.lock().map_err(|_| Fault::Internal)?;
        let slot = Arc::clone(slots.get(name).ok_or(Fault::NotFound)?);
        drop(slots);
        let record = slot.lock().map_err(|_| Fault::Internal)?;
        // After a failure the disk may hold less than was checked: nothing is shown that may be forgotten.
        if self.has_failed() {
            return Err(Fault::Storage);
        }
        record.as_ref().map(|record| record.note.to_string()).ok_or(Fault::NotFound)
    }

    /// Looks at the watched list, and takes and reports what changed.
    pub(crate) fn look(&self) {
        let Ok(mut watched) = self.watched.lock() else { return };
        let look = watched.look();
        drop(watched);
        match look {
            Look::Same => {}
            Look::Faulty(fault) => error!(fault, "the watched list cannot be taken, the one before it stays in force"),
            Look::Changed(changes) => {
                for origin in &changes.added {
                    match self.record(origin) {
                        None => info!(%origin, "this log is watched now"),
                        Some(record) => self.report_back(&record),
                    }
                }
                for origin in &changes.removed {
                    match self.record(origin) {
                        None => info!(%origin, "this log is not watched any more; it was never cosigned"),
                        Some(record) => report_removed(&record),
                    }
                }
                for origin in &changes.other_key {
                    match self.record(origin) {
                        None => warn!(%origin, "this log has another key now; it was never cosigned"),
                        Some(record) => self.report_back(&record),
                    }
                }
            }
        }
    }

    fn report_back(&self, record: &Record) {
        let origin = record.origin();
        let listed = self.watched.lock().ok().and_then(|watched| watched.logs().get(origin).cloned());
        if listed.is_some_and(|listed| listed != record.key) {
            report_other_key(record);
        } else {
            info!(%origin, size = record.checkpoint.size, "this log is watched again; its record goes on");
        }
    }

    /// The listed key of a log; the list is read again for one that is not known.
    fn key_of(&self, origin: &Origin) -> Result<Option<VerifierKey>, Fault> {
        let listed = || self.watched.lock().map(|watched| watched.logs().get(origin).cloned());
        if let Some(key) = listed().map_err(|_| Fault::Internal)? {
            return Ok(Some(key));
        }
        self.look();
        listed().map_err(|_| Fault::Internal)
    }

    fn slot(&self, origin: &Origin) -> Result<Slot, Fault> {
        let mut slots = self.slots.lock().map_err(|_| Fault::Internal)?;
        Ok(Arc::clone(slots.entry(name_of(origin)).or_default()))
    }

    fn record(&self, origin: &Origin) -> Option<Record> {
        let slot = Arc::clone(self.slots.lock().ok()?.get(&name_of(origin))?);
        slot.lock().ok()?.clone()
    }

    /// A failed write or sync is never tried again: what the disk holds is unknown. The process ends.
    fn fail(&self, origin: &Origin, fault: &std::io::Error) {
        self.failed.store(true, Ordering::SeqCst);
        error!(%origin, %fault, "a record could not be stored: nothing is cosigned any more, and the witness ends. Mend the disk and start it again; nothing that was cosigned is lost");
        self.failure.notify_one();
    }

    /// Keeps a refused request if it shows that the log contradicts itself (A19).
    fn examine(&self, record: Option<&Record>, log_key: &VerifierKey, request: &AddCheckpoint, refusal: &Refusal) {
        let Some(record) = record else { return };
        let origin = record.origin();
        let Ok(new) = Checkpoint::from_unverified_note(&request.note) else { return };
        let known = &record.checkpoint;
        let contradicts = match refusal {
            Refusal::Inconsistent(_) => true,
            // Two trees of one size need no proof, whatever size the request starts from.
            Refusal::Conflict { .. } => new.size == known.size && new.root != known.root,
            Refusal::Malformed(_)
            | Refusal::Signature
            | Refusal::OldSizeAhead
            | Refusal::EmptyTreeRoot
            | Refusal::UnwantedProof => false,
        };
        // These refusals come after the signature was verified; a second look costs little and proves it.
        if !contradicts || request.note.verify(core::slice::from_ref(log_key)).is_err() {
            return;
        }
        let (size, known_size) = (new.size, known.size);
        match keep(&self.store.evidence(origin), record, request) {
            Ok(Kept::New(path, verdict)) => {
                let evidence = path.display().to_string();
                let meaning = match verdict {
                    Verdict::SplitView => "the log signed two histories: this convicts it, publish it",
                    Verdict::ProofFails | Verdict::Consistent => {
                        "a signed checkpoint came with a proof that fails: ask the log for a proof, or compare its tiles"
                    }
                };
                warn!(%origin, size, known_size, evidence, meaning, "evidence against a log was kept");
            }
            Ok(Kept::Full(verdict)) => {
                warn!(%origin, size, known_size, ?verdict, "more evidence against a log; there is room for no more");
            }
            Ok(Kept::Known) => {}
            // Not fatal: nothing was cosigned, and the log can be asked again.
            Err(error) => error!(%origin, size, known_size, %error, "evidence against a log could not be kept"),
        }
    }
}

fn report_removed(record: &Record) {
    let (origin, size) = (record.origin(), record.checkpoint.size);
    warn!(%origin, size, "the watched list lacks a log that was cosigned: it gets no cosignatures until its line is back; its record stays");
}

fn report_other_key(record: &Record) {
    let (origin, key) = (record.origin(), record.key.to_string());
    error!(%origin, key, "the watched list gives another key for a log that was cosigned: refused, the key of the record stays in force. A log with a new key needs a new origin");
}

/// The time that the next cosignature of a log states.
fn state_time(now: u64, record: Option<&Record>) -> Result<u64, Fault> {
    let last = record.map_or(0, |record| record.time);
    if now.saturating_add(CLOCK_SLACK) < last {
        error!(now, last, "the clock stands before the last stated time: nothing is cosigned until it is set right");
        return Err(Fault::Clock);
    }
    Ok(now.max(last))
}

#[cfg(test)]
mod tests;

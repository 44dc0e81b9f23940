//! The sequencer of one event: takes submissions, admits them in groups, commits each group, then answers.
//!
//! Order of a batch, and what a crash between its steps leaves:
//!
//! 1. The fold takes the entries. Nothing but this thread knows of it.
//! 2. Journal: the batch record, synced. *Crash before or within:* the torn record is cut at the next start; nobody was
//!    answered.
//! 3. Index. *Crash before or within:* the batch is durable and unsigned; the next start rebuilds the index and goes on
//!    with step 4.
//! 4. Exactly that tree is signed. *Crash before or after:* as before; signing is deterministic, so the same tree gets
//!    the same note, and no second tree of that size is ever signed.
//! 5. Journal: the head record, synced. *Crash before or within:* a torn record is cut and step 4 runs again. *After:* the
//!    next start shows that head.
//! 6. Published, then answered (A15). *Crash:* clients without an answer send the same bytes again and get the receipt.
//!
//! A failed write or sync is never retried: the process ends ([`OnFatal`]), since the state in memory is ahead of the
//! journal and the system may have dropped the pages.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::RngCore;
use rand::rngs::OsRng;
use tlog::checkpoint::{self, Checkpoint, Origin};
use tlog::hash::{Hash, leaf_hash};
use tokio::sync::oneshot;
use tracing::{error, info};
use voting_core::entry::{self, Author, Body};
use voting_core::ids::{EntryIndex, EventId};
use voting_core::record::{Refusal, State};

use crate::admit;
use crate::config::{Config, OnFatal};
use crate::error::{Fault, Latest, StartError};
use crate::recovery::{Replay, restore_index};
use crate::space::Space;
use crate::store::{Folder, Index, IndexError, Indexed, Journal, JournalError, LogKeys, Record};
use crate::view::{Ended, View, leaves, state_json};

/// Most bytes of entries in one batch.
const BATCH_BYTES: usize = 32 << 20;

/// An accepted entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// Where it stands.
    pub(crate) index: u64,
    /// Its receipt, a C2SP tlog-proof.
    pub(crate) receipt: Vec<u8>,
}

/// What is submitted.
#[derive(Debug)]
pub(crate) enum Work {
    /// An entry, passed by [`admit::stateless`].
    Entry(Vec<u8>),
    /// An order to close, passed by [`admit::close_order`].
    Close(Vec<u8>),
}

type Answer = Result<Accepted, Fault>;

struct Job {
    work: Work,
    reply: oneshot::Sender<Answer>,
}

/// Why storage failed.
#[derive(Debug, thiserror::Error)]
enum Fatal {
    #[error("{0}")]
    Journal(#[from] JournalError),
    #[error(
        "index: {0}: if the disk is full make room, then start the board again; the index is rebuilt from the journals"
    )]
    Index(#[from] IndexError),
    #[error("{0}")]
    Internal(&'static str),
}

/// The seconds since 1970-01-01 UTC. The only clock of the service whose value reaches a log.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

pub(crate) fn entropy() -> [u8; 32] {
    let mut entropy = [0; 32];
    OsRng.fill_bytes(&mut entropy);
    entropy
}

/// State and storage of one event. Only its thread has it.
pub(crate) struct Core {
    state: State,
    journal: Journal,
    keys: LogKeys,
    view: Arc<View>,
    /// Where the closing entry of each order stands, by the hash of the order.
    closings: BTreeMap<Hash, u64>,
    /// Reports of rounds that have ended.
    ended: Ended,
}

impl Core {
    /// Founds an event: its journal, with the manifest as entry 0, under a first signed head.
    pub(crate) fn found(
        manifest: &[u8],
        keys: LogKeys,
        folder: &Folder,
        index: Arc<dyn Index>,
    ) -> Result<Self, StartError> {
        let internal = |error: String| StartError::Internal(error);
        let state = State::found(manifest).map_err(|error| internal(error.to_string()))?;
        let journal = folder.create_journal(&state.manifest().event())?;
        let view = view_of(&state, &keys, index)?;
        let mut core = Self { state, journal, keys, view, closings: BTreeMap::new(), ended: Ended::default() };
        let entry = Indexed { leaf: leaf_hash(manifest), bytes: manifest.to_vec() };
        core.commit(0, vec![entry]).map_err(StartError::from)?;
        Ok(core)
    }

    /// Takes an event up again from its journal. `keys` finds the log's keys by its manifest. `None` if the crash came
    /// while the event was being founded: there is no entry then.
    pub(crate) fn recover(
        event: &EventId,
        folder: &Folder,
        index: Arc<dyn Index>,
        keys: impl FnOnce(&State) -> Result<LogKeys, StartError>,
    ) -> Result<Option<Self>, StartError> {
        let mut replay = Replay::default();
        let path = &folder.journal(event);
        let (journal, cut) = match folder.open_journal(event, |record| replay.take(record)) {
            // Torn while its first bytes were written.
            Err(JournalError::Foreign { .. })
                if folder.journal_length(event).is_ok_and(|length| length < Journal::START) =>
            {
                return Ok(None);
            }
            other => other?,
        };
        if cut > 0 {
            info!(event = %event, bytes = cut, "the journal ended in a torn record, which was cut");
        }
        let Replay { state, entries, heads, closings } = replay;
        let Some(state) = state else { return Ok(None) };
        let contradiction = |what: String| JournalError::Contradiction { path: path.clone(), offset: 0, what };
        if state.manifest().event() != *event {
            return Err(contradiction("entry 0 is the manifest of another event".into()).into());
        }
        let keys = keys(&state)?;
        let view = view_of(&state, &keys, Arc::clone(&index))?;
        let signed = heads.keys().next_back().copied().unwrap_or(0);
        for note in heads.values() {
            let opened = checkpoint::open(note.as_bytes(), &view.origin, &view.verifier);
            opened.map_err(|error| contradiction(format!("a head is not signed by the log key: {error}")))?;
        }
        restore_index(index.as_ref(), event, &entries, &heads, &state, path)?;
        let mut core = Self { state, journal, keys, view, closings, ended: Ended::default() };
        let last = heads.into_iter().next_back();
        let shown = entries.iter().take(usize::try_from(signed).unwrap_or(usize::MAX));
        let rest = entries.get(usize::try_from(signed).unwrap_or(usize::MAX)..).unwrap_or_default();
        match last {
            Some((_, note)) if rest.is_empty() => {
                let state = core.json();
                core.view.publish(leaves(&entries), note, state);
            }
            // A crash between the batch record and its head: the same path as a batch takes from there.
            _ => {
                core.view.publish(shown.map(|entry| entry.leaf), String::new(), serde_json::Value::Null);
                core.seal(rest)?;
            }
        }
        info!(event = %event, entries = core.state.size(), root = %core.state.root(), "event restored");
        Ok(Some(core))
    }

    pub(crate) fn view(&self) -> &Arc<View> {
        &self.view
    }

    fn json(&mut self) -> serde_json::Value {
        state_json(&self.state, &self.view.verifier, &mut self.ended)
    }

    /// Steps 2 to 6 for entries that the fold has taken already.
    fn commit(&mut self, first: u64, entries: Vec<Indexed>) -> Result<(), Fatal> {
        let (size, root) = (self.state.size(), self.state.root());
        if first + entries.len() as u64 != size {
            return Err(Fatal::Internal("the fold took other entries than the batch has"));
        }
        // Step 2: the durability point.
        let bytes = entries.iter().map(|entry| entry.bytes.clone()).collect();
        self.journal.append(&Record::Batch { first, size, root, entries: bytes })?;
        // Crash here: durable, not indexed, not signed. The next start goes on from here.
        self.view.index().add(&self.view.event(), first, &entries, root)?;
        // Crash here: as before, the index may be rebuilt or not.
        self.seal(&entries)
    }

    /// Steps 4 to 6: signs the tree as it is, and shows it with the entries that are new in it.
    fn seal(&mut self, new: &[Indexed]) -> Result<(), Fatal> {
        let (size, root) = (self.state.size(), self.state.root());
        // Step 4.
        let head = Checkpoint::new(self.view.origin.clone(), size, root);
        let note = checkpoint::sign(&head, &self.keys.note);
        // Crash here: signed and forgotten; the next start makes the same note of the same tree.
        // Step 5.
        self.journal.append(&Record::Head { size, root, note: note.clone() })?;
        // Crash here: the head is durable; the next start shows it.
        self.view.index().add_head(&self.view.event(), size, &note)?;
        // Step 6.
        let state = self.json();
        self.view.publish(leaves(new), note, state);
        // Crash here: nobody was answered yet; the same bytes sent again get the receipt.
        Ok(())
    }

    /// Admits and commits a batch, and answers every job of it.
    fn process(&mut self, jobs: Vec<Job>) -> Result<(), (Fatal, Vec<Job>)> {
        let (slots, batch) = match self.sort_out(&jobs) {
            Ok(sorted) => sorted,
            Err(fatal) => return Err((fatal, jobs)),
        };
        let committed = batch.entries.len();
        if committed > 0
            && let Err(fatal) = self.commit(batch.first, batch.entries)
        {
            return Err((fatal, jobs));
        }
        let mut refused = 0_usize;
        for (Job { work: _, reply }, slot) in jobs.into_iter().zip(slots) {
            let answer = match slot.and_then(|slot| batch.verdicts.get(slot).cloned()) {
                Some(verdict) => self.answer(verdict),
                None => Err(Fault::Internal),
            };
            refused += usize::from(answer.is_err());
            // The client may have gone; its entry stands on the log all the same.
            let _ = reply.send(answer);
        }
        info!(event = %self.view.event(), committed, refused, size = self.state.size(), "batch");
        Ok(())
    }

    /// Answers without a new entry: who sends an accepted entry again gets its receipt (S3), everybody else the fault.
    fn answer_known(&self, jobs: Vec<Job>, fault: &Fault) {
        for Job { work, reply } in jobs {
            let known = match &work {
                Work::Entry(bytes) => self.view.index().find(&self.view.event(), &leaf_hash(bytes)).unwrap_or(None),
                Work::Close(order) => self.closings.get(&tlog::hash::sha256(order)).copied(),
            };
            let _ = reply.send(known.map_or_else(|| Err(fault.clone()), |position| self.answer(Ok(position))));
        }
    }

    /// Step 1: lets the fold judge every job. Gives each job the place of its verdict.
    fn sort_out(&mut self, jobs: &[Job]) -> Result<(Vec<Option<usize>>, Batch), Fatal> {
        let mut batch = Batch { first: self.state.size(), ..Batch::default() };
        let mut slots = Vec::with_capacity(jobs.len());
        let mut pending: Vec<(usize, &[u8])> = Vec::new();
        let mut seen: BTreeMap<Hash, usize> = BTreeMap::new();
        for Job { work, reply: _ } in jobs {
            let slot = batch.verdicts.len();
            match work {
                Work::Entry(bytes) => {
                    let leaf = leaf_hash(bytes);
                    // Identical bytes again get the same receipt (S3).
                    if let Some(earlier) = seen.get(&leaf) {
                        slots.push(Some(*earlier));
                        continue;
                    }
                    seen.insert(leaf, slot);
                    match self.view.index().find(&self.view.event(), &leaf)? {
                        Some(position) => batch.verdicts.push(Ok(position)),
                        None => {
                            // Replaced when the row is judged.
                            batch.verdicts.push(Err(Refused::Fault(Fault::Internal)));
                            pending.push((slot, bytes));
                        }
                    }
                }
                Work::Close(order) => {
                    self.judge(&mut pending, &mut batch);
                    let verdict = self.close(order, &mut batch);
                    batch.verdicts.push(verdict);
                }
            }
            slots.push(Some(slot));
        }
        self.judge(&mut pending, &mut batch);
        Ok((slots, batch))
    }

    /// Lets the fold judge the entries that wait.
    fn judge(&mut self, pending: &mut Vec<(usize, &[u8])>, batch: &mut Batch) {
        let entries: Vec<&[u8]> = pending.iter().map(|(_, bytes)| *bytes).collect();
        // Entries of this batch are not in the index yet.
        let (first, view, before) = (batch.first, &self.view, &batch.entries);
        let log = |index: EntryIndex| match index.0.checked_sub(first) {
            Some(position) => before.get(usize::try_from(position).ok()?).map(|entry| entry.bytes.clone()),
            None => view.entry(index.0).ok(),
        };
        let verdicts = admit::admit(&mut self.state, &entries, &log, &entropy());
        let mut taken = Vec::new();
        for ((slot, bytes), verdict) in pending.drain(..).zip(verdicts) {
            let verdict = match verdict {
                Ok(index) => {
                    taken.push((index.0, Indexed { leaf: leaf_hash(bytes), bytes: bytes.to_vec() }));
                    Ok(index.0)
                }
                Err(refusal) => Err(Refused::Rule(refusal)),
            };
            if let Some(place) = batch.verdicts.get_mut(slot) {
                *place = verdict;
            }
        }
        taken.sort_by_key(|(index, _)| *index);
        batch.entries.extend(taken.into_iter().map(|(_, entry)| entry));
    }

    /// Closes the open round on an order; the same order again gives the same entry.
    fn close(&mut self, order: &[u8], batch: &mut Batch) -> Result<u64, Refused> {
        let name = tlog::hash::sha256(order);
        if let Some(position) = self.closings.get(&name) {
            return Ok(*position);
        }
        let closed = self.state.closing_entry(order, now())?;
        let body = Body::RoundClosed(closed);
        let bytes = entry::sign(&self.view.event(), Author::Board, &body, &self.keys.entries);
        let checked = self.state.check(&bytes)?;
        let index = self.state.apply(checked)?;
        self.closings.insert(name, index.0);
        batch.entries.push(Indexed { leaf: leaf_hash(&bytes), bytes });
        Ok(index.0)
    }

    /// The answer to a job whose batch is committed (A15).
    fn answer(&self, verdict: Result<u64, Refused>) -> Answer {
        let failed = |error: IndexError| {
            error!(event = %self.view.event(), %error, "an answer could not be made");
            Fault::Internal
        };
        match verdict {
            Ok(index) => Ok(Accepted { index, receipt: self.view.receipt(index).map_err(failed)? }),
            Err(Refused::Fault(fault)) => Err(fault),
            Err(Refused::Rule(refusal)) => {
                let latest = refusal.latest.map(|index| -> Result<_, IndexError> {
                    let (entry, receipt) = (self.view.entry(index.0)?, self.view.receipt(index.0)?);
                    Ok(Box::new(Latest { index: index.0, entry, receipt }))
                });
                let latest = latest.transpose().map_err(failed)?;
                Err(Fault::Rule(refusal, latest))
            }
        }
    }
}

impl From<Fatal> for StartError {
    fn from(fatal: Fatal) -> Self {
        match fatal {
            Fatal::Journal(error) => Self::Journal(error),
            Fatal::Index(error) => Self::Index(error),
            Fatal::Internal(what) => Self::Internal(what.into()),
        }
    }
}

fn view_of(state: &State, keys: &LogKeys, index: Arc<dyn Index>) -> Result<Arc<View>, StartError> {
    let manifest = state.manifest().clone();
    let origin = Origin::new(&manifest.origin()).map_err(|error| StartError::Internal(error.to_string()))?;
    Ok(Arc::new(View::new(manifest, origin, keys.note.verifier(), index)))
}

/// Verdicts and entries of one batch.
#[derive(Default)]
struct Batch {
    first: u64,
    verdicts: Vec<Result<u64, Refused>>,
    entries: Vec<Indexed>,
}

#[derive(Clone)]
enum Refused {
    Rule(Refusal),
    Fault(Fault),
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Rule(refusal)
    }
}

/// How batches are collected.
#[derive(Clone, Copy, Debug)]
struct Pace {
    batch: usize,
    wait: Duration,
    idle: Duration,
}

/// The sequencer of one event: the seam behind which order comes about.
pub(crate) struct Sequencer {
    queue: Mutex<Option<SyncSender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Sequencer {
    /// Starts the thread of an event.
    pub(crate) fn start(core: Core, config: &Config, space: Arc<Space>) -> Result<Self, StartError> {
        let (sender, receiver) = sync_channel(config.queue);
        let pace = Pace { batch: config.batch, wait: config.batch_wait, idle: config.batch_idle };
        let on_fatal = config.on_fatal;
        let name = format!("log-{}", core.view.event().to_string().get(..8).unwrap_or_default());
        let thread =
            std::thread::Builder::new().name(name).spawn(move || serve(core, &receiver, pace, &space, on_fatal));
        let thread = thread.map_err(|error| StartError::Internal(error.to_string()))?;
        Ok(Self { queue: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    /// Submits, and waits for the answer, which comes when the batch is durable and signed.
    ///
    /// # Errors
    /// [`Fault::Busy`] if the queue is full; else what the sequencer answers.
    pub(crate) async fn submit(&self, work: Work) -> Answer {
        let (reply, answer) = oneshot::channel();
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match queue.map(|queue| queue.try_send(Job { work, reply })) {
            Some(Ok(())) => answer.await.unwrap_or(Err(Fault::Internal)),
            Some(Err(TrySendError::Full(_))) => Err(Fault::Busy),
            Some(Err(TrySendError::Disconnected(_))) | None => Err(Fault::Internal),
        }
    }

    /// Takes nothing more, commits what waits, and ends the thread.
    pub(crate) fn stop(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

fn serve(mut core: Core, queue: &Receiver<Job>, pace: Pace, space: &Space, on_fatal: OnFatal) {
    while let Some(jobs) = collect(queue, pace) {
        if let Err(full) = space.check() {
            core.answer_known(jobs, &full);
            continue;
        }
        if let Err((fatal, jobs)) = core.process(jobs) {
            error!(event = %core.view.event(), %fatal, "storage failed: nothing of this batch is answered");
            // The state is ahead of the disk, and a failed sync is never retried.
            on_fatal.end();
            drop(jobs);
            return;
        }
    }
}

/// Waits for a first job and collects more: until the batch is full, the time is over, or nothing arrives any more.
/// `None` when the board stops.
fn collect(queue: &Receiver<Job>, pace: Pace) -> Option<Vec<Job>> {
    let first = queue.recv().ok()?;
    let end = Instant::now() + pace.wait;
    let size = |job: &Job| match &job.work {
        Work::Entry(bytes) | Work::Close(bytes) => bytes.len(),
    };
    let mut bytes = size(&first);
    let mut jobs = vec![first];
    while jobs.len() < pace.batch && bytes < BATCH_BYTES {
        let left = end.saturating_duration_since(Instant::now()).min(pace.idle);
        match queue.recv_timeout(left) {
            Ok(job) => {
                bytes += size(&job);
                jobs.push(job);
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    Some(jobs)
}

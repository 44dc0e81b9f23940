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
//! 6. The witnesses of the manifest cosign it (A19). *Crash before or within:* the next start asks them for the same head
//!    again, and shows the one before until they are enough.
//! 7. Journal: the cosigned head, not synced. *Crash before:* as before; cosignatures are had again.
//! 8. Published, then answered (A15). *Crash:* clients without an answer send the same bytes again and get the receipt.
//!
//! If too few witnesses answer in time, the entries of the batch are durable and signed but not published. Whoever sent them
//! gets a signed promise with a deadline, and nothing more is taken until the witnesses are enough.
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
use tlog::note::SignedNote;
use tlog::promise::Promise;
use tokio::sync::oneshot;
use tracing::{error, info};
use voting_core::ballot::witness_policy;
use voting_core::entry::{self, Author, Body};
use voting_core::ids::{EntryIndex, EventId};
use voting_core::record::State;

use crate::admit::{self, Refused};
use crate::config::{Config, OnFatal};
use crate::error::{Fault, Latest, StartError};
use crate::metrics::Counted;
use crate::recovery::{Replay, restore_index};
use crate::space::Space;
use crate::store::{Folder, Index, IndexError, Indexed, Journal, JournalError, LogKeys, Record};
use crate::view::{Ended, View, Waiting, leaves, state_json};
use crate::witnesses::{Gathered, Witnesses};

/// Most bytes of entries in one batch.
const BATCH_BYTES: usize = 32 << 20;

/// Longest time for which a start waits for the word of all witnesses; later they are heard all the same.
pub(crate) const START_WAIT: Duration = Duration::from_secs(3);
/// How often missing witnesses are asked again.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// How long the thread listens to witnesses before it looks at submissions again, and the other way round.
const LISTEN: Duration = Duration::from_millis(40);

/// An accepted entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// It stands on the published log.
    Standing {
        /// Where it stands.
        index: u64,
        /// Its receipt, a C2SP tlog-proof.
        receipt: Vec<u8>,
    },
    /// It is durable and under a signed head that lacks cosignatures: a signed promise of a receipt.
    Promised(String),
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
    _waits: Counted,
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

/// A signed head that lacks cosignatures.
struct Late {
    size: u64,
    /// By when whoever sent an entry under it is promised a receipt, in seconds since 1970.
    deadline: u64,
    /// When it was signed, and when missing witnesses were asked last.
    since: Instant,
    asked: Instant,
    /// What was logged last, so that it is logged once.
    logged: String,
}

/// How witnesses are asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cosigning {
    /// Longest time for which a batch waits for them.
    pub(crate) wait: Duration,
    /// Seconds within which a late entry must have its receipt.
    pub(crate) promise: u64,
}

impl From<&Config> for Cosigning {
    fn from(config: &Config) -> Self {
        Self { wait: config.witness_wait, promise: config.promise_seconds }
    }
}

/// State and storage of one event. Only its thread has it.
pub(crate) struct Core {
    state: State,
    cosigning: Cosigning,
    /// The witnesses that the manifest asks for, if any.
    witnesses: Option<Witnesses>,
    /// Set while the newest head is not published.
    late: Option<Late>,
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
        cosigning: Cosigning,
    ) -> Result<Self, StartError> {
        let internal = |error: String| StartError::Internal(error);
        let state = State::found(manifest).map_err(|error| internal(error.to_string()))?;
        let journal = folder.create_journal(&state.manifest().event())?;
        let view = view_of(&state, &keys, index)?;
        let witnesses = witnesses_of(&state, &view, cosigning)?;
        let (closings, ended) = (BTreeMap::new(), Ended::default());
        let mut core = Self { state, cosigning, witnesses, late: None, journal, keys, view, closings, ended };
        let entry = Indexed { leaf: leaf_hash(manifest), bytes: manifest.to_vec() };
        // Its own thread listens to the witnesses.
        core.commit(0, vec![entry], Duration::ZERO).map_err(StartError::from)?;
        Ok(core)
    }

    /// Takes an event up again from its journal. `keys` finds the log's keys by its manifest. `None` if the crash came
    /// while the event was being founded: there is no entry then.
    pub(crate) fn recover(
        event: &EventId,
        folder: &Folder,
        index: Arc<dyn Index>,
        cosigning: Cosigning,
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
        let Replay { state, entries, heads, cosigned, closings } = replay;
        let Some(state) = state else { return Ok(None) };
        let contradiction = |what: String| JournalError::Contradiction { path: path.clone(), offset: 0, what };
        if state.manifest().event() != *event {
            return Err(contradiction("entry 0 is the manifest of another event".into()).into());
        }
        let keys = keys(&state)?;
        let view = view_of(&state, &keys, Arc::clone(&index))?;
        for note in heads.values() {
            let opened = checkpoint::open(note.as_bytes(), &view.origin, &view.verifier);
            opened.map_err(|error| contradiction(format!("a head is not signed by the log key: {error}")))?;
        }
        let witnesses = witnesses_of(&state, &view, cosigning)?;
        // Only what enough witnesses have cosigned was ever shown.
        let shown = if witnesses.is_some() { cosigned } else { heads.clone() };
        restore_index(index.as_ref(), event, &entries, &shown, &state, path)?;
        view.extend(leaves(&entries));
        let (signed, ended) = (heads.into_iter().next_back(), Ended::default());
        let mut core = Self { state, cosigning, witnesses, late: None, journal, keys, view, closings, ended };
        if let Some((size, note)) = shown.into_iter().next_back() {
            let state = core.json();
            core.view.desk.publish(&core.state);
            core.view.publish(size, note, state);
        }
        if let Some(witnesses) = &mut core.witnesses {
            witnesses.hear_all(Instant::now() + cosigning.wait.min(START_WAIT));
        }
        match signed {
            Some((size, _)) if size == core.state.size() && core.witnesses.is_none() => {}
            // Before anything is taken, the witnesses confirm that they know nothing newer: a copy of old may be restored.
            Some((size, note)) if size == core.state.size() => core.ask(&note)?,
            // A crash between the batch record and its head: the same path as a batch takes from there.
            _ => core.seal(Duration::ZERO)?,
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

    /// Steps 2 to 8 for entries that the fold has taken already.
    fn commit(&mut self, first: u64, entries: Vec<Indexed>, wait: Duration) -> Result<(), Fatal> {
        let (size, root) = (self.state.size(), self.state.root());
        if first + entries.len() as u64 != size {
            return Err(Fatal::Internal("the fold took other entries than the batch has"));
        }
        // Step 2: the durability point.
        let bytes = entries.iter().map(|entry| entry.bytes.clone()).collect();
        self.record(&Record::Batch { first, size, root, entries: bytes })?;
        // Crash here: durable, not indexed, not signed. The next start goes on from here.
        self.view.index().add(&self.view.event(), first, &entries, root)?;
        // Crash here: as before, the index may be rebuilt or not.
        self.view.extend(leaves(&entries));
        self.seal(wait)
    }

    /// Writes a durable record.
    fn record(&mut self, record: &Record) -> Result<(), Fatal> {
        let begun = Instant::now();
        self.journal.append(record)?;
        self.view.desk.measured.sync(begun.elapsed());
        Ok(())
    }

    /// Steps 4 to 8: signs the tree as it is, has it cosigned within the given time, and shows it.
    fn seal(&mut self, wait: Duration) -> Result<(), Fatal> {
        let (size, root) = (self.state.size(), self.state.root());
        // Step 4.
        let head = Checkpoint::new(self.view.origin.clone(), size, root);
        let note = checkpoint::sign(&head, &self.keys.note);
        // Crash here: signed and forgotten; the next start makes the same note of the same tree.
        // Step 5.
        self.record(&Record::Head { size, root, note: note.clone() })?;
        // Crash here: the head is durable; the next start shows it, or has it cosigned.
        if self.witnesses.is_none() {
            return self.show(size, note);
        }
        // Step 6.
        self.ask(&note)?;
        self.settle(Instant::now() + wait)
    }

    /// Asks the witnesses for the newest head, which the journal has.
    fn ask(&mut self, note: &str) -> Result<(), Fatal> {
        let signed = SignedNote::parse(note.as_bytes()).map_err(|_| Fatal::Internal("a head is no note"))?;
        let head = Checkpoint::from_unverified_note(&signed).map_err(|_| Fatal::Internal("a head is no checkpoint"))?;
        let deadline = now().saturating_add(self.cosigning.promise);
        let logged = String::new();
        let since = Instant::now();
        self.late = Some(Late { size: head.size, deadline, since, asked: since, logged });
        self.view.wait(Waiting { why: "the witnesses are being asked".into(), contradicted: false });
        if let Some(witnesses) = &mut self.witnesses {
            witnesses.ask(head, signed);
        }
        Ok(())
    }

    /// Listens to the witnesses until the given time, and shows the newest head if they are enough.
    fn settle(&mut self, until: Instant) -> Result<(), Fatal> {
        let (Some(witnesses), Some(late)) = (&mut self.witnesses, &mut self.late) else { return Ok(()) };
        let (why, contradicted) = match witnesses.gather(until) {
            Gathered::Enough(note) => {
                let (size, note) = (late.size, note.to_string());
                self.view.desk.measured.witnesses(late.since.elapsed());
                if !late.logged.is_empty() {
                    info!(event = %self.view.event(), size, "enough witnesses have cosigned: the event goes on");
                }
                self.late = None;
                if size == self.view.size() {
                    // After a start: it was shown before, and its receipts stay the same bytes.
                    self.view.go_on();
                    return Ok(());
                }
                // Step 7. Crash before or after: the witnesses cosign the same head again.
                self.journal.append(&Record::Cosigned { size, note: note.clone() })?;
                return self.show(size, note);
            }
            Gathered::NotYet(why) => (why, false),
            Gathered::Contradicted(why) => (why, true),
        };
        if late.logged != why {
            // Not before the time that a batch waits anyway.
            if late.since.elapsed() >= self.cosigning.wait || contradicted {
                error!(event = %self.view.event(), why, "cosignatures are missing: the event is read only");
                late.logged.clone_from(&why);
            }
            self.view.wait(Waiting { why, contradicted });
        }
        Ok(())
    }

    /// While the newest head is not published: asks missing witnesses again, listens, and answers what comes in.
    fn wait(&mut self, queue: &Receiver<Job>) -> Result<bool, Fatal> {
        match (&mut self.witnesses, &mut self.late) {
            (Some(witnesses), Some(late)) if late.asked.elapsed() >= ASK_AGAIN => {
                witnesses.ask_again();
                late.asked = Instant::now();
            }
            _ => {}
        }
        self.settle(Instant::now() + LISTEN)?;
        let end = Instant::now() + LISTEN;
        while self.late.is_some() {
            match queue.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(Job { work, reply, .. }) => drop(reply.send(self.answer_late(&work))),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The answer to a submission that comes while nothing is taken: to one that was taken already, its receipt or promise.
    fn answer_late(&self, work: &Work) -> Answer {
        let Work::Entry(bytes) = work else { return Err(self.view.refusal()) };
        match self.view.index().find(&self.view.event(), &leaf_hash(bytes)) {
            Ok(Some(position)) => self.answer(Ok(position), Some(leaf_hash(bytes))),
            Ok(None) => Err(self.view.refusal()),
            Err(error) => {
                error!(event = %self.view.event(), %error, "the index cannot be read");
                Err(Fault::Internal)
            }
        }
    }

    /// Step 8.
    fn show(&mut self, size: u64, note: String) -> Result<(), Fatal> {
        self.view.index().add_head(&self.view.event(), size, &note)?;
        let state = self.json();
        self.view.desk.publish(&self.state);
        self.view.publish(size, note, state);
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
            && let Err(fatal) = self.commit(batch.first, batch.entries, self.cosigning.wait)
        {
            return Err((fatal, jobs));
        }
        let mut refused = 0_usize;
        for (Job { work, reply, .. }, slot) in jobs.into_iter().zip(slots) {
            let leaf = match &work {
                Work::Entry(bytes) => Some(leaf_hash(bytes)),
                Work::Close(_) => None,
            };
            let answer = match slot.and_then(|slot| batch.verdicts.get(slot).cloned()) {
                Some(verdict) => self.answer(verdict, leaf),
                None => Err(Fault::Internal),
            };
            refused += usize::from(answer.is_err());
            // The client may have gone; its entry stands on the log all the same.
            let _ = reply.send(answer);
        }
        self.view.desk.measured.batch(committed);
        info!(event = %self.view.event(), committed, refused, size = self.state.size(), "batch");
        Ok(())
    }

    /// Answers without a new entry: who sends an accepted entry again gets its receipt (S3), everybody else the fault.
    fn answer_known(&self, jobs: Vec<Job>, fault: &Fault) {
        for Job { work, reply, .. } in jobs {
            let known = match &work {
                Work::Entry(bytes) => self.view.index().find(&self.view.event(), &leaf_hash(bytes)).unwrap_or(None),
                Work::Close(order) => self.closings.get(&tlog::hash::sha256(order)).copied(),
            };
            let _ = reply.send(known.map_or_else(|| Err(fault.clone()), |position| self.answer(Ok(position), None)));
        }
    }

    /// Step 1: lets the fold judge every job. Gives each job the place of its verdict.
    fn sort_out(&mut self, jobs: &[Job]) -> Result<(Vec<Option<usize>>, Batch), Fatal> {
        let mut batch = Batch { first: self.state.size(), ..Batch::default() };
        let mut slots = Vec::with_capacity(jobs.len());
        let mut pending: Vec<(usize, &[u8])> = Vec::new();
        let mut seen: BTreeMap<Hash, usize> = BTreeMap::new();
        for Job { work, .. } in jobs {
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
        let begun = Instant::now();
        let verdicts = admit::admit(&mut self.state, &entries, &log, &entropy(), Some(&view.desk));
        view.desk.measured.verify(begun.elapsed());
        let mut taken = Vec::new();
        for ((slot, bytes), verdict) in pending.drain(..).zip(verdicts) {
            let verdict = match verdict {
                Ok(index) => {
                    taken.push((index.0, Indexed { leaf: leaf_hash(bytes), bytes: bytes.to_vec() }));
                    Ok(index.0)
                }
                Err(refused) => Err(refused),
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

    /// The answer to a job whose batch is committed (A15). `leaf` is the leaf hash of what was sent.
    fn answer(&self, verdict: Result<u64, Refused>, leaf: Option<Hash>) -> Answer {
        let failed = |error: IndexError| {
            error!(event = %self.view.event(), %error, "an answer could not be made");
            Fault::Internal
        };
        match verdict {
            Ok(index) if index < self.view.size() => {
                Ok(Accepted::Standing { index, receipt: self.view.receipt(index).map_err(failed)? })
            }
            Ok(_) => self.promise(leaf),
            Err(Refused::Fault(fault)) => Err(fault),
            Err(Refused::Rule(refusal)) => match refusal.latest {
                // What it would be shown is not published yet.
                Some(latest) if latest.0 >= self.view.size() => Err(self.view.refusal()),
                latest => {
                    let latest = latest.map(|index| -> Result<_, IndexError> {
                        let (entry, receipt) = (self.view.entry(index.0)?, self.view.receipt(index.0)?);
                        Ok(Box::new(Latest { index: index.0, entry, receipt }))
                    });
                    let latest = latest.transpose().map_err(failed)?;
                    Err(Fault::Rule(refusal, latest))
                }
            },
        }
    }

    /// A promise for an entry under the newest head, which is not published.
    fn promise(&self, leaf: Option<Hash>) -> Answer {
        let (Some(leaf), Some(late)) = (leaf, &self.late) else { return Err(self.view.refusal()) };
        let promise = Promise { origin: self.view.origin.clone(), leaf, deadline: late.deadline };
        promise.sign(&self.keys.note).map(Accepted::Promised).map_err(|error| {
            error!(event = %self.view.event(), %error, "a promise could not be made");
            Fault::Internal
        })
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

/// The witnesses that the manifest of an event asks for.
fn witnesses_of(state: &State, view: &View, cosigning: Cosigning) -> Result<Option<Witnesses>, StartError> {
    let policy = witness_policy(state.manifest()).map_err(StartError::Internal)?;
    Witnesses::start(policy, &view.origin, &view.verifier, view.tree(), cosigning.wait)
        .map_err(|error| StartError::Internal(error.to_string()))
}

/// Verdicts and entries of one batch.
#[derive(Default)]
struct Batch {
    first: u64,
    verdicts: Vec<Result<u64, Refused>>,
    entries: Vec<Indexed>,
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
    view: Arc<View>,
}

impl Sequencer {
    /// Starts the thread of an event.
    pub(crate) fn start(core: Core, config: &Config, space: Arc<Space>) -> Result<Self, StartError> {
        let (sender, receiver) = sync_channel(config.queue);
        let pace = Pace { batch: config.batch, wait: config.batch_wait, idle: config.batch_idle };
        let on_fatal = config.on_fatal;
        let view = Arc::clone(&core.view);
        let name = format!("log-{}", core.view.event().to_string().get(..8).unwrap_or_default());
        let thread =
            std::thread::Builder::new().name(name).spawn(move || serve(core, &receiver, pace, &space, on_fatal));
        let thread = thread.map_err(|error| StartError::Internal(error.to_string()))?;
        Ok(Self { queue: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)), view })
    }

    /// Submits, and waits for the answer, which comes when the batch is durable and signed.
    ///
    /// # Errors
    /// [`Fault::Busy`] if the queue is full; else what the sequencer answers.
    pub(crate) async fn submit(&self, work: Work) -> Answer {
        let (reply, answer) = oneshot::channel();
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let job = Job { work, reply, _waits: self.view.desk.measured.waits() };
        match queue.map(|queue| queue.try_send(job)) {
            Some(Ok(())) => answer.await.unwrap_or(Err(Fault::Internal)),
            Some(Err(TrySendError::Full(_))) => Err(Fault::Busy),
            Some(Err(TrySendError::Disconnected(_))) | None => Err(Fault::Internal),
        }
    }

    /// Whether its thread still serves.
    pub(crate) fn is_alive(&self) -> bool {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        thread.as_ref().is_some_and(|thread| !thread.is_finished())
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
    loop {
        let done = if core.late.is_some() {
            core.wait(queue).map_err(|fatal| (fatal, Vec::new()))
        } else {
            match collect(queue, pace) {
                Some(jobs) => match space.check() {
                    Ok(()) => core.process(jobs).map(|()| true),
                    Err(full) => {
                        core.answer_known(jobs, &full);
                        Ok(true)
                    }
                },
                None => Ok(false),
            }
        };
        if let Ok(false) = done {
            return;
        }
        if let Err((fatal, jobs)) = done {
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

//! The board: its events, reservations and labels. The only way from a request to storage.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tlog::hash::sha256;
use tokio::sync::{Semaphore, SemaphorePermit};
use tracing::{error, info, warn};
use voting_core::ballot::witness_policy;
use voting_core::codec::{self, Reader};
use voting_core::entry::{self, Request};
use voting_core::ids::{EventId, SigningKeyId};
use voting_core::labels::{LabelFile, MAX_FILE};
use voting_core::manifest::Manifest;

use crate::admit::signed_fault;
use crate::config::{Config, Limits};
use crate::error::{Fault, StartError};
use crate::sequencer::{Core, START_WAIT, Sequencer, now};
use crate::service::{Reason, Service};
use crate::space::Space;
use crate::store::{Folder, Index, Reservation};
use crate::view::View;
use crate::witnesses::{can_be_met, without_address};

/// Seconds by which the clock of a signed request may differ from the board's.
const REQUEST_AGE: u64 = 300;
/// Most reserved events that were not founded.
const MAX_RESERVED: usize = 1_000;
/// Most large label files that arrive at the same time: their signature comes last. Files up to the size of an entry, which
/// is nearly all of them, need no place, so that nobody keeps events from being published by holding the places.
const LABEL_UPLOADS: usize = 2;

/// An event that the board serves.
pub(crate) struct Event {
    pub(crate) view: Arc<View>,
    pub(crate) sequencer: Sequencer,
    /// One deposit of labels at a time.
    labels: Mutex<()>,
}

/// Everything that requests share.
pub(crate) struct Board {
    config: Config,
    host: String,
    public_url: String,
    events: RwLock<BTreeMap<EventId, Arc<Event>>>,
    reserved: Mutex<BTreeMap<SigningKeyId, Reservation>>,
    label_uploads: Semaphore,
    pub(crate) service: Service,
    space: Arc<Space>,
    index: Arc<dyn Index>,
    // The last one to be dropped: it holds the lock.
    folder: Folder,
}

fn broken(what: &'static str) -> impl FnOnce(std::io::Error) -> Fault {
    move |error| {
        error!(%error, what, "storage failed");
        Fault::Internal
    }
}

impl Board {
    /// Opens the board's data: every event is folded again from its journal.
    pub(crate) fn open(
        config: Config,
        host: String,
        public_url: String,
        folder: Folder,
        index: Arc<dyn Index>,
    ) -> Result<Self, StartError> {
        let reserved: BTreeMap<_, _> = Reservation::read_all(&folder)?.into_iter().collect();
        let space = Arc::new(Space::new(&config.data, config.minimum_free));
        let mut events = BTreeMap::new();
        for event in folder.events()? {
            let core = Core::recover(&event, &folder, Arc::clone(&index), (&config).into(), |state| {
                let manifest = state.manifest();
                let keys = reserved.get(&manifest.log_key).and_then(|key| key.keys(&manifest.origin()));
                keys.ok_or_else(|| StartError::Key {
                    path: folder.key(&manifest.log_key),
                    fault: "it is missing".into(),
                })
            })?;
            let Some(core) = core else {
                // A crash while it was founded: nobody was told of it, and it can be founded again.
                folder.remove_journal(&event)?;
                continue;
            };
            if core.view().manifest.host != host {
                let named = &core.view().manifest.host;
                warn!(event = %event, named, host, "the event was founded under another host name");
            }
            events.insert(event, Arc::new(Event::start(core, &config, &space)?));
        }
        confirmed(&events, config.witness_wait.min(START_WAIT))?;
        let (events, reserved) = (RwLock::new(events), Mutex::new(reserved));
        let label_uploads = Semaphore::new(LABEL_UPLOADS);
        let service = Service::new(&config.limits);
        Ok(Self { config, host, public_url, events, reserved, label_uploads, service, space, index, folder })
    }

    /// Ends the threads of all events, after what waits is committed.
    pub(crate) fn stop(&self) {
        let events: Vec<_> =
            self.events.write().unwrap_or_else(PoisonError::into_inner).values().map(Arc::clone).collect();
        events.iter().for_each(|event| event.sequencer.stop());
        if let Err(error) = self.index.flush() {
            warn!(%error, "the index was not flushed; it is rebuilt at the next start if it lacks anything");
        }
    }

    /// An event.
    pub(crate) fn event(&self, id: &str) -> Result<Arc<Event>, Fault> {
        // One spelling: 64 lower-case digits.
        let known = id.parse::<EventId>().ok().filter(|event| event.to_string() == id).ok_or(Fault::UnknownEvent)?;
        let events = self.events.read().unwrap_or_else(PoisonError::into_inner);
        events.get(&known).map(Arc::clone).ok_or(Fault::UnknownEvent)
    }

    /// All events, ascending by id.
    pub(crate) fn events(&self) -> Vec<Arc<Event>> {
        self.events.read().unwrap_or_else(PoisonError::into_inner).values().map(Arc::clone).collect()
    }

    /// The public address of an event's log.
    pub(crate) fn log_url(&self, event: &EventId) -> String {
        format!("{}/{event}", self.public_url)
    }

    /// Whether anything new is begun.
    ///
    /// # Errors
    /// [`Fault::Stopping`].
    pub(crate) fn is_open(&self) -> Result<(), Fault> {
        if self.service.is_stopping() { Err(Fault::Stopping) } else { Ok(()) }
    }

    /// What one sender may take up.
    pub(crate) fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// Why entries can't be taken now, at most so many reasons; none if they can.
    pub(crate) fn hindrances(&self, most: usize) -> Vec<Reason> {
        let reason = |code, event: Option<EventId>, message: String| {
            let event = event.map(|event| event.to_string());
            Reason { code, event, message }
        };
        let mut reasons = Vec::new();
        if self.service.is_stopping() {
            reasons.push(reason("stopping", None, Fault::Stopping.to_string()));
        }
        if let Err(fault) = self.space.check() {
            reasons.push(reason("disk-full", None, fault.to_string()));
        }
        for event in self.events() {
            let id = Some(event.view.event());
            if !event.sequencer.is_alive() {
                reasons.push(reason("event-stopped", id, "its storage failed: see the log of the board".into()));
            } else if event.view.is_late(self.config.witness_wait)
                && let Some(waiting) = event.view.waiting()
            {
                reasons.push(reason("witnesses-missing", id, waiting.why));
            }
        }
        reasons.truncate(most);
        reasons
    }

    fn reserved(&self) -> MutexGuard<'_, BTreeMap<SigningKeyId, Reservation>> {
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a signed request: for this board, this action, and of now.
    fn request(&self, bytes: &[u8], action: &str) -> Result<Request, Fault> {
        let request = entry::open_request(bytes, &self.host, action).map_err(|error| {
            if error.what == "request for another host or action" {
                let host = &self.host;
                Fault::NotAuthorised(format!(
                    "the request is not for \"{action}\" at this board, whose host name is \"{host}\": event.host of the \
                     draft must be the same"
                ))
            } else {
                signed_fault(&error)
            }
        })?;
        let now = now();
        if now.abs_diff(request.time) > REQUEST_AGE {
            let what = format!("the request was signed {} s from now: set your clock", now.abs_diff(request.time));
            return Err(Fault::NotAuthorised(what));
        }
        Ok(request)
    }

    fn check_administrator(&self, key: &SigningKeyId) -> Result<(), Fault> {
        let listed = &self.config.administrators;
        if listed.is_empty() || listed.contains(key) {
            return Ok(());
        }
        Err(Fault::NotAuthorised(format!("{key} is not among the administrators of this board")))
    }

    /// Reserves an event: makes the key of its log. The same request again gets the same key.
    pub(crate) fn reserve(&self, bytes: &[u8]) -> Result<SigningKeyId, Fault> {
        let request = self.request(bytes, "reserve")?;
        self.check_administrator(&request.key)?;
        let name = sha256(bytes).to_string();
        let mut reserved = self.reserved();
        if let Some((key, _)) = reserved.iter().find(|(_, reservation)| reservation.request == name) {
            return Ok(*key);
        }
        self.space.check()?;
        if reserved.len() >= MAX_RESERVED + self.events().len() {
            return Err(Fault::Busy);
        }
        let made = Reservation::make(&self.folder, request.key, name);
        let (key, reservation) = made.map_err(broken("the file of a log key"))?;
        reserved.insert(key, reservation);
        info!(log_key = %key, administrator = %request.key, "event reserved");
        Ok(key)
    }

    /// Founds an event from its manifest. The same manifest again changes nothing.
    pub(crate) fn found(&self, bytes: &[u8]) -> Result<Arc<Event>, Fault> {
        let request = self.request(bytes, "found")?;
        let manifest = Manifest::from_bytes(&request.payload).map_err(|error| Fault::Manifest(error.to_string()))?;
        if request.key != manifest.administrator {
            return Err(Fault::NotAuthorised("it is not signed by the administrator whom the manifest names".into()));
        }
        self.check_administrator(&request.key)?;
        let id = manifest.event();
        // Held to the end: one event is founded at a time.
        let reserved = self.reserved();
        if let Ok(event) = self.event(&id.to_string()) {
            return Ok(event);
        }
        self.space.check()?;
        if manifest.host != self.host {
            let what = format!("event.host: \"{}\" is not this board, which is {}", manifest.host, self.host);
            return Err(Fault::Manifest(what));
        }
        let reservation = reserved.get(&manifest.log_key).filter(|own| own.administrator == request.key);
        let reservation = reservation.ok_or_else(|| {
            Fault::Manifest("log_key: this administrator has not reserved it here: reserve first, then found".into())
        })?;
        let policy = witness_policy(&manifest).map_err(Fault::Manifest)?;
        if !can_be_met(&policy) {
            let nowhere = without_address(&policy).join(", ");
            return Err(Fault::Manifest(format!(
                "witnesses.policy: it can't be met, since these witnesses have no http address behind their key: {nowhere}"
            )));
        }
        // S6: one log for each key.
        if self.events().iter().any(|event| event.view.manifest.log_key == manifest.log_key) {
            return Err(Fault::Manifest("log_key: it belongs to another event already: reserve again".into()));
        }
        let keys = reservation.keys(&manifest.origin());
        let keys = keys.ok_or_else(|| Fault::Manifest("event.host: no log can have this name".into()))?;
        let failed = |error: StartError| {
            error!(%error, event = %id, "founding failed");
            if matches!(error, StartError::Journal(_) | StartError::Index(_)) {
                self.config.on_fatal.end();
            }
            Fault::Internal
        };
        let wait = Instant::now() + self.config.witness_wait;
        let index = Arc::clone(&self.index);
        let core = Core::found(manifest.as_bytes(), keys, &self.folder, index, (&self.config).into());
        let event = Arc::new(Event::start(core.map_err(failed)?, &self.config, &self.space).map_err(failed)?);
        self.events.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&event));
        info!(event = %id, "event founded");
        drop(reserved);
        while event.view.waiting().is_some() && Instant::now() < wait {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(event)
    }

    /// Leave to send a label file now.
    pub(crate) fn label_upload(&self) -> Result<SemaphorePermit<'_>, Fault> {
        self.label_uploads.try_acquire().map_err(|_| Fault::Busy)
    }

    /// Takes the signed label file of an event.
    pub(crate) fn deposit_labels(&self, event: &Event, bytes: &[u8]) -> Result<(), Fault> {
        let request = self.request(bytes, "labels")?;
        let manifest = &event.view.manifest;
        if request.key != manifest.administrator {
            return Err(Fault::NotAuthorised("it is not signed by the administrator of this event".into()));
        }
        let opened = LabelFile::open(&request.payload, &manifest.event(), &manifest.administrator);
        opened.map_err(|error| match error {
            voting_core::labels::LabelError::Malformed(error) => Fault::Malformed(error.to_string()),
            voting_core::labels::LabelError::Signature => Fault::Signature(error.to_string()),
            voting_core::labels::LabelError::OtherEvent => Fault::OtherEvent,
        })?;
        if audience(&request.payload).as_deref() != Some("public") {
            let what = "the label file is not for the public, and this board has no login to keep it from others";
            return Err(Fault::NotAuthorised(what.into()));
        }
        self.space.check()?;
        let _one = event.labels.lock().unwrap_or_else(PoisonError::into_inner);
        self.folder.write_labels(&manifest.event(), &request.payload).map_err(broken("the labels"))?;
        info!(event = %manifest.event(), bytes = request.payload.len(), "labels deposited");
        Ok(())
    }

    /// The signed label file of an event.
    pub(crate) fn labels(&self, event: &Event) -> Result<Vec<u8>, Fault> {
        match self.folder.read_labels(&event.view.event()) {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Fault::NotFound),
            Err(error) => Err(broken("the labels")(error)),
        }
    }
}

impl Event {
    fn start(core: Core, config: &Config, space: &Arc<Space>) -> Result<Self, StartError> {
        let view = Arc::clone(core.view());
        view.desk.limit(config.limits.ballots_per_credential_minute);
        Ok(Self { view, sequencer: Sequencer::start(core, config, Arc::clone(space))?, labels: Mutex::new(()) })
    }
}

/// Waits for the witnesses' first word on the logs of a board that starts: none may know more than the journals.
fn confirmed(events: &BTreeMap<EventId, Arc<Event>>, wait: Duration) -> Result<(), StartError> {
    let end = Instant::now() + wait;
    loop {
        let waiting: Vec<_> = events.values().filter_map(|event| event.view.waiting()).collect();
        // A restored backup: whoever goes on from it forks the log (A19).
        if let Some(told) = waiting.iter().find(|waiting| waiting.contradicted) {
            return Err(StartError::Rollback(told.why.clone()));
        }
        if waiting.is_empty() || Instant::now() >= end {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// For whom a label file is, as its administrator declared. The file was opened before.
fn audience(signed: &[u8]) -> Option<String> {
    let mut reader = Reader::new(signed);
    reader.array(2, "signed label file").ok()?;
    let body = reader.bytes("labels").ok()?;
    codec::from_bytes::<LabelFile>(body, MAX_FILE).ok().map(|file| file.audience)
}

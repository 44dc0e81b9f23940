//! Cosignatures for the heads of one event's log, collected over the C2SP tlog-witness protocol.
//!
//! Each witness has a thread that sends it the newest head with a consistency proof from the tree that it knows. The
//! sequencer asks all, waits until the policy of the manifest is met, and then publishes the head with what came. A slow
//! or absent witness delays nobody as long as the others are enough.
//!
//! What witnesses say is believed only where it is signed. The two claims that are not, "I know a larger tree" and "I know
//! another tree", stop the service of the event as long as they are made: after a restored backup they are true, and going
//! on would fork the log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tlog::checkpoint::{Checkpoint, Origin};
use tlog::note::{NoteSignature, SignedNote, VerifierKey};
use tlog::policy::{Policy, Requirement};
use tlog::tree::MemoryTree;
use tlog::witness::{AddCheckpoint, MAX_RESPONSE, parse_response, parse_size};
use tracing::{debug, warn};

/// Most requests that one exchange takes: a witness tells its size, then gets a proof from there.
const REQUESTS: usize = 4;

/// The tree of an event, shared with the threads that prove it to witnesses.
pub(crate) type SharedTree = Arc<RwLock<MemoryTree>>;

/// A signed head on its way to the witnesses.
#[derive(Clone)]
struct Ask {
    checkpoint: Checkpoint,
    note: SignedNote,
}

/// How an exchange with a witness ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reply {
    /// Its valid cosignatures.
    Cosigned(Vec<NoteSignature>),
    /// It claims to know a tree of this size, larger than ours.
    Ahead(u64),
    /// It claims to know another tree than ours.
    Other(String),
    /// It did not answer, or not usefully.
    Failed(String),
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gathered {
    /// The policy is met: the head with the cosignatures that came.
    Enough(SignedNote),
    /// Too few in the given time; in words.
    NotYet(String),
    /// A witness says that the log was larger, or another, than what is here; in words.
    Contradicted(String),
}

/// Where a thread finds its next head. The newest replaces one that was not taken yet.
#[derive(Default)]
struct Desk {
    next: Mutex<(Option<Ask>, bool)>,
    bell: Condvar,
}

impl Desk {
    fn put(&self, ask: Ask) {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).0 = Some(ask);
        self.bell.notify_one();
    }

    fn close(&self) {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.bell.notify_one();
    }

    /// The next head; `None` when the event stops.
    fn take(&self) -> Option<Ask> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match &mut *next {
                (_, true) => return None,
                (ask @ Some(_), false) => return ask.take(),
                (None, false) => next = self.bell.wait(next).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// Collects for one log.
pub(crate) struct Witnesses {
    policy: Policy,
    origin: Origin,
    key: VerifierKey,
    /// Names and desks of the witnesses that have an address.
    desks: BTreeMap<usize, (String, Arc<Desk>)>,
    answers: Receiver<(usize, u64, Reply)>,
    /// The head that is being cosigned, and what has come for it.
    current: Option<Ask>,
    lines: Vec<NoteSignature>,
    asked: BTreeSet<usize>,
    faults: BTreeMap<usize, String>,
    /// What witnesses said last that can't be true of this log, unless it lost something.
    contradictions: BTreeMap<usize, String>,
    /// Until when all are waited for, even if fewer are enough.
    patience: Option<Instant>,
}

/// Names of the witnesses of a policy that nobody can ask, since they have no usable address.
pub(crate) fn without_address(policy: &Policy) -> Vec<String> {
    let usable = |witness: &&tlog::policy::Witness| url_of(witness).is_none();
    policy.witnesses().iter().filter(usable).map(|witness| witness.name.to_string()).collect()
}

/// Whether the witnesses that have an address could meet the policy together.
pub(crate) fn can_be_met(policy: &Policy) -> bool {
    let Requirement::Named(required) = policy.requirement() else { return true };
    let addressed = policy.witnesses().iter().filter(|witness| url_of(witness).is_some());
    let mut met: BTreeSet<_> = addressed.map(|witness| &witness.name).collect();
    for group in policy.groups() {
        if group.members.iter().filter(|member| met.contains(member)).count() >= group.threshold {
            met.insert(&group.name);
        }
    }
    met.contains(required)
}

fn url_of(witness: &tlog::policy::Witness) -> Option<String> {
    let url = String::from_utf8(witness.url.as_ref()?.as_bytes().to_vec()).ok()?;
    (url.starts_with("http://") || url.starts_with("https://")).then(|| url.trim_end_matches('/').to_owned())
}

impl Witnesses {
    /// Starts the threads of a log's witnesses; `None` if its policy asks for none.
    ///
    /// # Errors
    /// If a thread could not be started, the system's words.
    pub(crate) fn start(
        policy: Policy,
        origin: &Origin,
        key: &VerifierKey,
        tree: &SharedTree,
        limit: Duration,
    ) -> std::io::Result<Option<Self>> {
        if matches!(policy.requirement(), Requirement::None) {
            return Ok(None);
        }
        let (sender, answers) = channel();
        let mut desks = BTreeMap::new();
        for (number, witness) in policy.witnesses().iter().enumerate() {
            let Some(url) = url_of(witness) else { continue };
            let desk = Arc::new(Desk::default());
            let name = witness.name.to_string();
            let remote = Remote::new(url, witness.key.clone(), Arc::clone(tree), limit);
            let (takes, replies) = (Arc::clone(&desk), sender.clone());
            std::thread::Builder::new()
                .name(format!("witness-{number}"))
                .spawn(move || work(remote, number, &takes, &replies))?;
            desks.insert(number, (name, desk));
        }
        Ok(Some(Self {
            policy,
            origin: origin.clone(),
            key: key.clone(),
            desks,
            answers,
            current: None,
            lines: Vec::new(),
            asked: BTreeSet::new(),
            faults: BTreeMap::new(),
            contradictions: BTreeMap::new(),
            patience: None,
        }))
    }

    /// Waits for the word of every witness until the given time, even if fewer are enough: one of them may know more.
    pub(crate) fn hear_all(&mut self, until: Instant) {
        self.patience = Some(until);
    }

    /// Asks all witnesses for a head that the log signed.
    pub(crate) fn ask(&mut self, checkpoint: Checkpoint, note: SignedNote) {
        self.lines.clear();
        self.asked.clear();
        self.current = Some(Ask { checkpoint, note });
        self.ask_again();
    }

    /// Asks those again that gave no cosignature for the newest head and are not being asked.
    pub(crate) fn ask_again(&mut self) {
        let Some(ask) = &self.current else { return };
        for (number, (_, desk)) in &self.desks {
            let key = self.policy.witnesses().get(*number).map(|witness| &witness.key);
            let done = self.lines.iter().any(|line| key.is_some_and(|key| line.key_id() == key.id()));
            if !done && self.asked.insert(*number) {
                desk.put(ask.clone());
            }
        }
    }

    /// Waits for answers about the newest head: until the policy is met, all have answered, or the time is over.
    pub(crate) fn gather(&mut self, until: Instant) -> Gathered {
        loop {
            while let Ok((number, size, reply)) = self.answers.try_recv() {
                self.note(number, size, reply);
            }
            // A19: one that knows more is heard before those that are enough.
            if let Some(what) = self.contradictions.values().next() {
                return Gathered::Contradicted(what.clone());
            }
            let patient = !self.asked.is_empty() && self.patience.is_some_and(|end| Instant::now() < end);
            if !patient && let Some(enough) = self.enough() {
                self.patience = None;
                return Gathered::Enough(enough);
            }
            if self.asked.is_empty() {
                break;
            }
            match self.answers.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok((number, size, reply)) => self.note(number, size, reply),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        let name = |number: &usize| self.desks.get(number).map_or("a witness", |(name, _)| name.as_str());
        let silent = self.asked.iter().map(|number| format!("{} has not answered yet", name(number)));
        let faults = self.faults.iter().map(|(number, fault)| format!("{}: {fault}", name(number)));
        let words: Vec<String> = silent.chain(faults).collect();
        Gathered::NotYet(words.join("; "))
    }

    fn note(&mut self, number: usize, size: u64, reply: Reply) {
        let name = self.desks.get(&number).map_or_else(String::new, |(name, _)| name.clone());
        let contradiction = match &reply {
            Reply::Ahead(known) => Some(format!(
                "witness {name} says that it has cosigned {known} entries of this log, and there are fewer here"
            )),
            Reply::Other(fault) => {
                Some(format!("witness {name} says that it has cosigned another tree of this log: {fault}"))
            }
            Reply::Cosigned(_) => None,
            // Whoever does not answer takes nothing back.
            Reply::Failed(_) => self.contradictions.get(&number).cloned(),
        };
        match contradiction {
            Some(what) => self.contradictions.insert(number, what),
            None => self.contradictions.remove(&number),
        };
        // After an answer about an earlier head the newest one is at the desk.
        if self.current.as_ref().map(|ask| ask.checkpoint.size) != Some(size) {
            return;
        }
        self.asked.remove(&number);
        self.faults.remove(&number);
        match reply {
            Reply::Cosigned(lines) => self.lines.extend(lines),
            Reply::Failed(fault) => {
                debug!(witness = name, fault, "no cosignature");
                self.faults.insert(number, fault);
            }
            Reply::Ahead(_) | Reply::Other(_) => {}
        }
    }

    /// The head with its cosignatures, if they are enough (A19).
    fn enough(&self) -> Option<SignedNote> {
        let mut note = self.current.as_ref()?.note.clone();
        for line in &self.lines {
            if let Err(error) = note.add_signature(line.clone()) {
                warn!(%error, "a cosignature could not be added");
            }
        }
        self.policy.evaluate(&note, &self.origin, &self.key).is_ok().then_some(note)
    }
}

impl Drop for Witnesses {
    fn drop(&mut self) {
        self.desks.values().for_each(|(_, desk)| desk.close());
    }
}

fn work(mut remote: Remote, number: usize, desk: &Desk, replies: &Sender<(usize, u64, Reply)>) {
    while let Some(ask) = desk.take() {
        let reply = remote.exchange(&ask);
        if replies.send((number, ask.checkpoint.size, reply)).is_err() {
            return;
        }
    }
}

/// A witness on the network.
struct Remote {
    url: String,
    key: VerifierKey,
    tree: SharedTree,
    agent: ureq::Agent,
    /// Size of the tree that it knows, as far as we know.
    known: u64,
    /// Size of the largest tree that it cosigned for this process.
    cosigned: u64,
}

impl Remote {
    fn new(url: String, key: VerifierKey, tree: SharedTree, limit: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(limit))
            .max_redirects(0)
            .user_agent(concat!("urna/", env!("CARGO_PKG_VERSION")));
        Self { url, key, tree, agent: config.build().into(), known: 0, cosigned: 0 }
    }

    fn exchange(&mut self, ask: &Ask) -> Reply {
        for _ in 0..REQUESTS {
            match self.request(ask) {
                Ok(Some(reply)) => return reply,
                Ok(None) => {}
                Err(fault) => return Reply::Failed(fault),
            }
        }
        Reply::Failed("it keeps changing the size that it knows".into())
    }

    /// One request. `None` if it is to be made again, since the witness knows another size than we thought.
    fn request(&mut self, ask: &Ask) -> Result<Option<Reply>, String> {
        let (size, old_size) = (ask.checkpoint.size, self.known);
        let (proof, held) = {
            let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
            let proof = if old_size == 0 { Ok(Vec::new()) } else { tree.consistency(old_size, size) };
            (proof.map_err(|error| error.to_string())?, tree.size())
        };
        let body = AddCheckpoint { old_size, proof, note: ask.note.clone() }.to_bytes();
        let answer = self.agent.post(format!("{}/add-checkpoint", self.url)).content_type("text/plain").send(&body);
        let mut answer = answer.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let bytes = answer.body_mut().with_config().limit(MAX_RESPONSE as u64).read_to_vec();
        let bytes = bytes.map_err(|error| error.to_string())?;
        match status {
            200 => {
                let lines = parse_response(&bytes, &ask.checkpoint, std::slice::from_ref(&self.key));
                let lines = lines.map_err(|error| error.to_string())?;
                (self.known, self.cosigned) = (size, size);
                Ok(Some(Reply::Cosigned(lines)))
            }
            409 => {
                let known = parse_size(&bytes).map_err(|error| error.to_string())?;
                if known > held {
                    return Ok(Some(Reply::Ahead(known)));
                }
                if known < self.cosigned {
                    // It may cosign a second history now: its word is worth nothing any more.
                    let (known, cosigned) = (known, self.cosigned);
                    return Err(format!(
                        "its memory went back, from {cosigned} entries to {known}: its operator must give it a new key"
                    ));
                }
                if known == old_size {
                    return Ok(Some(Reply::Other(format!("of the same {known} entries"))));
                }
                if known > size {
                    return Err("it knows a newer head already".into());
                }
                self.known = known;
                Ok(None)
            }
            422 => Ok(Some(Reply::Other("the proof from what it knows does not hold".into()))),
            404 => Err("it does not know this log: its operator must add the log's key to the watched list".into()),
            403 => Err("it knows another key for this log: its operator must correct the watched list".into()),
            status => Err(format!("status {status}")),
        }
    }
}

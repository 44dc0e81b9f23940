//! The HTTP interface of a board.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use tlog::checkpoint::Origin;
use tlog::hash::leaf_hash;
use tlog::promise::Promise;
use tlog::tlog_proof::{MAX_TLOG_PROOF, TlogProof};
use voting_core::ballot::{log_key, witness_policy};
use voting_core::entry::{OfficialKey, sign_request};
use voting_core::ids::{EntryIndex, EventId, SigningKeyId};
use voting_core::labels;
use voting_core::manifest::Manifest;

use crate::error::ClientError;
use crate::http::{Http, is_url};

/// Longest answer to a request of officials in bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// How long a promise is asked to become a receipt, and how often.
const PROMISE_WAIT: Duration = Duration::from_secs(12);
const PROMISE_PAUSE: Duration = Duration::from_secs(1);

/// A board, by its address.
#[derive(Clone, Debug)]
pub struct Board {
    base: String,
    http: Http,
}

/// An entry that stands on the log. The receipt was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Where it stands.
    pub index: EntryIndex,
    /// The receipt, a C2SP tlog-proof.
    pub receipt: Vec<u8>,
}

#[derive(Deserialize)]
struct Reserved {
    log_key: SigningKeyId,
}

#[derive(Deserialize)]
struct Founded {
    event: EventId,
}

#[derive(Deserialize)]
struct Closed {
    index: EntryIndex,
}

#[derive(Deserialize)]
struct Listed {
    event: EventId,
}

#[derive(Deserialize)]
struct List {
    events: Vec<Listed>,
}

impl Board {
    /// The board at an address such as `http://127.0.0.1:8080`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ClientError::Url`].
    pub fn new(url: &str) -> Result<Self, ClientError> {
        let base = url.trim_end_matches('/');
        if !is_url(base) || base.contains(['?', '#', ' ']) {
            return Err(ClientError::Url { url: url.to_owned(), why: "is no address of a board".into() });
        }
        Ok(Self { base: base.to_owned(), http: Http::new(base) })
    }

    /// Reserves an event: the board makes a log key and returns its public half.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn reserve(&self, host: &str, key: &OfficialKey) -> Result<SigningKeyId, ClientError> {
        // The board answers the same request with the same key: the time to the nanosecond tells requests apart.
        let apart = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let apart = apart.map_or(0, |elapsed| elapsed.as_nanos()).to_le_bytes();
        let request = sign_request(host, "reserve", &apart, now(), key);
        let answer: Reserved = self.http.post(&self.api("reserve"), &request, MAX_ANSWER)?.json()?;
        Ok(answer.log_key)
    }

    /// Founds an event with its manifest, signed by its administrator. May be repeated.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn found(&self, manifest: &Manifest, key: &OfficialKey) -> Result<(), ClientError> {
        let request = sign_request(&manifest.host, "found", manifest.as_bytes(), now(), key);
        let answer: Founded = self.http.post(&self.api("events"), &request, MAX_ANSWER)?.json()?;
        if answer.event == manifest.event() {
            Ok(())
        } else {
            Err(ClientError::OtherEvent { expected: manifest.event(), found: answer.event })
        }
    }

    /// Deposits the signed label file of an event.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn deposit_labels(&self, manifest: &Manifest, file: &[u8], key: &OfficialKey) -> Result<(), ClientError> {
        let request = sign_request(&manifest.host, "labels", file, now(), key);
        self.http.post(&self.event(&manifest.event(), "/labels"), &request, MAX_ANSWER).map(|_| ())
    }

    /// The signed label file of an event, if the board has one. Open it with `LabelFile::open`, which verifies it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn labels(&self, event: &EventId) -> Result<Option<Vec<u8>>, ClientError> {
        // The file may be deleted, so "no labels" is an answer; an unknown event is one as well, which `submit` tells.
        let answer = self.http.get(&self.event(event, "/labels"), labels::MAX_FILE as u64)?;
        Ok(answer.map(|answer| answer.body))
    }

    /// Submits an entry: a ballot, or one signed by an official or trustee. May be repeated with the same bytes.
    ///
    /// The receipt is verified under origin, log key and witness policy of the manifest before this returns (A13).
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the board's reason, [`ClientError::Promised`] if the witnesses do not answer for long,
    /// [`ClientError::Receipt`] if what came back proves nothing.
    pub fn submit(&self, manifest: &Manifest, entry: &[u8]) -> Result<Accepted, ClientError> {
        let begun = Instant::now();
        let answer = loop {
            let answer = self.http.post(&self.event(&manifest.event(), "/entries"), entry, MAX_TLOG_PROOF as u64)?;
            if !answer.promised {
                break answer;
            }
            let deadline = check_promise(manifest, entry, &answer.body).map_err(|why| ClientError::Receipt { why })?;
            if begun.elapsed() >= PROMISE_WAIT {
                return Err(ClientError::Promised { promise: answer.body, deadline });
            }
            std::thread::sleep(PROMISE_PAUSE);
        };
        let index = check_receipt(manifest, entry, &answer.body).map_err(|why| ClientError::Receipt { why })?;
        Ok(Accepted { index, receipt: answer.body })
    }

    /// Sends the administrator's signed order to close the open round; returns where the closing entry stands. May be
    /// repeated.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn close(&self, event: &EventId, order: &[u8]) -> Result<EntryIndex, ClientError> {
        let answer: Closed = self.http.post(&self.event(event, "/close"), order, MAX_ANSWER)?.json()?;
        Ok(answer.index)
    }

    /// The board's view of an event. It is the board's word; what must be sure is folded from the log.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn event_state(&self, event: &EventId) -> Result<serde_json::Value, ClientError> {
        self.http.get_json(&self.event(event, ""))
    }

    /// The events of the board.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn events(&self) -> Result<Vec<EventId>, ClientError> {
        let list: List = self.http.get_json(&self.api("events"))?;
        Ok(list.events.into_iter().map(|listed| listed.event).collect())
    }

    /// The address of an event's log: what [`crate::Source`] reads.
    #[must_use]
    pub fn log_url(&self, event: &EventId) -> String {
        format!("{}/{event}", self.base)
    }

    fn api(&self, path: &str) -> String {
        format!("{}/api/{path}", self.base)
    }

    fn event(&self, event: &EventId, path: &str) -> String {
        format!("{}/api/events/{event}{path}", self.base)
    }
}

/// Verifies that an entry stands on the log of an event, and says where; never from what the board says by the way.
fn check_receipt(manifest: &Manifest, entry: &[u8], receipt: &[u8]) -> Result<EntryIndex, String> {
    let proof = TlogProof::parse(receipt).map_err(|error| error.to_string())?;
    let origin = Origin::new(&manifest.origin()).map_err(|error| error.to_string())?;
    let verified = proof.verify(entry, &origin, &log_key(manifest)?, &witness_policy(manifest)?);
    verified.map(|verified| EntryIndex(verified.index())).map_err(|error| error.to_string())
}

/// Verifies that the log of an event promises a receipt for an entry; returns the deadline in seconds since 1970.
fn check_promise(manifest: &Manifest, entry: &[u8], promise: &[u8]) -> Result<u64, String> {
    let origin = Origin::new(&manifest.origin()).map_err(|error| error.to_string())?;
    let promise = Promise::open(promise, &origin, &log_key(manifest)?).map_err(|error| error.to_string())?;
    if promise.leaf == leaf_hash(entry) { Ok(promise.deadline) } else { Err("it promises another entry".into()) }
}

/// Seconds since 1970-01-01 UTC, for requests; the log itself carries no time of the client.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

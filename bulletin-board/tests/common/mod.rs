//! What the test files share: a board on a free port and an event on it, with everybody's keys.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, dead_code, unreachable_pub)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use board::store::Index;
use board::{Config, Handle, OnFatal, StartError};
use serde_json::Value;
use tempfile::TempDir;
use tlog::client::Reader;
use tlog::hash::Hash;
use tlog::{Checkpoint, TlogProof};
use voting_core::ballot::{log_key, witness_policy};
use voting_core::entry::{Author, Body, sign_request};
use voting_core::ids::{EventId, RoundIndex, SigningKeyId};
use voting_core::manifest::Fields;
use voting_core::testing::Sandbox;

/// Host name of the boards of the tests.
pub const HOST: &str = "board.test";

/// An HTTP answer.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&self.body)))
    }
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or("none").to_owned()
    }
    pub fn index(&self) -> u64 {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.header("x-urna-index").unwrap().parse().unwrap()
    }
}

fn agent() -> ureq::Agent {
    let config =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(60)));
    config.build().into()
}

fn answer(response: ureq::http::Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    let (status, mut body) = (response.status().as_u16(), response.into_body());
    Ok(Answer { status, headers, body: body.with_config().limit(1 << 26).read_to_vec()? })
}

pub fn get(url: &str) -> Answer {
    try_get(url).unwrap()
}

pub fn post(url: &str, body: &[u8]) -> Answer {
    try_post(url, body).unwrap()
}

/// As [`post`], for a server that may not answer.
pub fn try_post(url: &str, body: &[u8]) -> Result<Answer, ureq::Error> {
    agent().post(url).send(body).and_then(answer)
}

/// As [`get`], for a server that may not answer.
pub fn try_get(url: &str) -> Result<Answer, ureq::Error> {
    agent().get(url).call().and_then(answer)
}

/// The clock.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The configuration of a test's board.
pub fn config(data: &Path) -> Config {
    let mut config = Config::new(data, "127.0.0.1:0".parse().unwrap());
    config.host = Some(HOST.into());
    config.on_fatal = OnFatal::StopEvent;
    // The tests vote faster than any voter.
    config.limits.ballots_per_credential_minute = 0;
    config
}

/// A board with one event.
pub struct Town {
    pub dir: TempDir,
    pub board: Option<Handle>,
    pub url: String,
    pub sandbox: Sandbox,
    /// Entries of the sandbox that the board has.
    pub sent: usize,
    /// Receipts by position.
    pub receipts: Vec<Vec<u8>>,
}

/// Reserves an event at a board and returns its log key.
pub fn reserve(url: &str, sandbox: &Sandbox) -> SigningKeyId {
    let request = sign_request(HOST, "reserve", b"", now(), &sandbox.administrator);
    let answer = post(&format!("{url}/api/reserve"), &request);
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()["log_key"].as_str().unwrap().parse().unwrap()
}

impl Town {
    /// A founded event on a new board.
    pub fn found(seed: u64) -> Self {
        let dir = TempDir::new().unwrap();
        let board = board::run(config(&dir.path().join("data"))).unwrap();
        Self::found_on(seed, dir, board)
    }

    /// A founded event on a new board with this index.
    pub fn found_with(seed: u64, index: Arc<dyn Index>, change: impl FnOnce(&mut Config)) -> Self {
        let dir = TempDir::new().unwrap();
        let mut config = config(&dir.path().join("data"));
        change(&mut config);
        let board = board::run_with_index(config, index).unwrap();
        Self::found_on(seed, dir, board)
    }

    /// A founded event with changed fields of the manifest on a new board.
    pub fn found_as(seed: u64, change: impl FnOnce(&mut Fields)) -> Self {
        let dir = TempDir::new().unwrap();
        let board = board::run(config(&dir.path().join("data"))).unwrap();
        Self::found_changed(seed, dir, board, change)
    }

    fn found_on(seed: u64, dir: TempDir, board: Handle) -> Self {
        Self::found_changed(seed, dir, board, |_| ())
    }

    fn found_changed(seed: u64, dir: TempDir, board: Handle, change: impl FnOnce(&mut Fields)) -> Self {
        let town = Self::reserved(seed, dir, board, change);
        let answer = town.found_again();
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        town
    }

    /// An event that is reserved and not founded.
    pub fn reserved(seed: u64, dir: TempDir, board: Handle, change: impl FnOnce(&mut Fields)) -> Self {
        let url = board.url().to_owned();
        let log_key = reserve(&url, &Sandbox::new(seed));
        let sandbox = Sandbox::with(seed, |fields| {
            fields.host = HOST.into();
            fields.log_key = log_key;
            change(fields);
        });
        Self { dir, board: Some(board), url, sandbox, sent: 1, receipts: vec![Vec::new()] }
    }

    /// An event with its first round open.
    pub fn open(seed: u64) -> Self {
        let mut town = Self::found(seed);
        town.prepare();
        town
    }

    /// Ceremony, rolls, start of the first round.
    pub fn prepare(&mut self) {
        self.sandbox.ceremony();
        for round in 0..self.sandbox.manifest().rounds.len() as u32 {
            self.sandbox.roll(RoundIndex(round));
        }
        self.start(RoundIndex(0));
        self.sync();
    }

    /// Starts a round with the real clock, since the board closes it with the real clock.
    pub fn start(&mut self, round: RoundIndex) {
        let mut start = self.sandbox.start(round);
        start.time = now();
        self.sandbox.push(Author::Administrator, &Body::RoundStarted(start));
    }

    pub fn found_again(&self) -> Answer {
        let request =
            sign_request(HOST, "found", self.sandbox.manifest().as_bytes(), now(), &self.sandbox.administrator);
        post(&format!("{}/api/events", self.url), &request)
    }

    pub fn event(&self) -> EventId {
        self.sandbox.manifest().event()
    }
    pub fn api(&self, path: &str) -> String {
        format!("{}/api/events/{}{path}", self.url, self.event())
    }
    pub fn log(&self, path: &str) -> String {
        format!("{}/{}/{path}", self.url, self.event())
    }
    pub fn submit(&self, entry: &[u8]) -> Answer {
        post(&self.api("/entries"), entry)
    }
    pub fn state(&self) -> Value {
        get(&self.api("")).json()
    }
    pub fn size(&self) -> u64 {
        self.state()["size"].as_u64().unwrap()
    }
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }
    pub fn journal(&self) -> PathBuf {
        self.data().join("events").join(self.event().to_string()).join("journal")
    }

    /// Sends what the sandbox has and the board has not, and checks every receipt.
    pub fn sync(&mut self) {
        for position in self.sent..self.sandbox.entries.len() {
            let entry = self.sandbox.entries[position].clone();
            let answer = self.submit(&entry);
            assert_eq!(answer.index(), position as u64);
            self.check_receipt(&entry, &answer.body);
            self.receipts.push(answer.body);
        }
        self.sent = self.sandbox.entries.len();
    }

    /// Verifies a receipt as a client does.
    pub fn check_receipt(&self, entry: &[u8], receipt: &[u8]) -> u64 {
        let manifest = self.sandbox.manifest();
        let origin = tlog::Origin::new(&manifest.origin()).unwrap();
        let (key, policy) = (log_key(&manifest).unwrap(), witness_policy(&manifest).unwrap());
        TlogProof::parse(receipt).unwrap().verify(entry, &origin, &key, &policy).unwrap().index()
    }

    /// Closes the open round at the board; the sandbox follows.
    pub fn close(&mut self) -> Vec<u8> {
        let order = self.sandbox.close_order();
        let answer = post(&self.api("/close"), &order);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let index = answer.json()["index"].as_u64().unwrap();
        assert_eq!(index, self.sandbox.entries.len() as u64);
        let closing = self.read().1.remove(index as usize);
        self.sandbox.offer(closing).unwrap();
        self.sent += 1;
        self.receipts.push(Vec::new());
        order
    }

    /// The checkpoint, opened under the manifest's key.
    pub fn head(&self) -> Checkpoint {
        let manifest = self.sandbox.manifest();
        let origin = tlog::Origin::new(&manifest.origin()).unwrap();
        let note = get(&self.log("checkpoint"));
        assert_eq!(note.status, 200);
        tlog::checkpoint::open(&note.body, &origin, &log_key(&manifest).unwrap()).unwrap()
    }

    /// Reads the whole log with the verifying reader of `tlog`.
    pub fn read(&self) -> (Hash, Vec<Vec<u8>>) {
        let head = self.head();
        let mut reader = Reader::new(head.size, head.root).unwrap();
        let mut entries = Vec::new();
        loop {
            let wanted = reader.wanted_paths(4);
            if wanted.is_empty() {
                break;
            }
            for path in wanted {
                let answer = get(&self.log(&path));
                assert_eq!(answer.status, 200, "{path}");
                reader.feed(&path, &answer.body).unwrap();
            }
            while let Some(entry) = reader.next_entry() {
                entries.push(entry.bytes);
            }
        }
        assert_eq!(reader.finish().unwrap().entries, head.size);
        (head.root, entries)
    }

    /// Stops the board.
    pub fn stop(&mut self) {
        self.board.take().unwrap().stop();
    }

    /// Starts the board again on the same data.
    pub fn restart(&mut self) -> Result<(), StartError> {
        self.restart_as(|_| ())
    }

    /// The same with a changed configuration.
    pub fn restart_as(&mut self, change: impl FnOnce(&mut Config)) -> Result<(), StartError> {
        let mut config = config(&self.data());
        change(&mut config);
        let mut board = board::run(config.clone());
        // A process that another test starts right now has a copy of the lock until it executes its program.
        for _ in 0..20 {
            if !matches!(board, Err(StartError::Locked(_))) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
            board = board::run(config.clone());
        }
        let board = board?;
        self.url = board.url().to_owned();
        self.board = Some(board);
        Ok(())
    }
}

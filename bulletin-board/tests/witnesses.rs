//! Cosignatures: real witness servers, one board, and what happens when they are away or know more.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use board::{Config, StartError};
use common::{Town, config, get, now, post};
use tempfile::TempDir;
use tlog::TlogProof;
use tlog::hash::leaf_hash;
use tlog::note::VerifierKey;
use tlog::policy::Policy;
use tlog::promise::Promise;
use voting_core::ballot::{log_key, witness_policy};
use voting_core::testing::chosen;

/// A witness server with a folder of its own.
struct Server {
    dir: TempDir,
    key: VerifierKey,
    address: SocketAddr,
    running: Option<witness::Handle>,
}

impl Server {
    fn start(name: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let key = witness::key::Key::make(name, &dir.path().join("key")).unwrap();
        let mut server = Self { dir, key, address: "127.0.0.1:0".parse().unwrap(), running: None };
        server.run();
        let url = server.running.as_ref().unwrap().url().to_owned();
        server.address = url.strip_prefix("http://").unwrap().parse().unwrap();
        server
    }

    fn watched(&self) -> PathBuf {
        self.dir.path().join("logs")
    }

    /// Starts again at the same address, on the same folder.
    fn run(&mut self) {
        let folder = self.dir.path();
        let config = witness::Config::new(&folder.join("data"), &folder.join("key"), &self.watched(), self.address);
        self.running = Some(witness::run(config).unwrap());
    }

    fn stop(&mut self) {
        self.running.take().unwrap().stop();
    }

    fn watch(&self, town: &Town) {
        let line = format!("log {}\n", log_key(&town.sandbox.manifest()).unwrap());
        fs::write(self.watched(), line).unwrap();
    }
}

fn policy(servers: &[Server], needed: &str) -> String {
    let mut text = String::new();
    for (number, server) in servers.iter().enumerate() {
        text += &format!("witness w{number} {} http://{}\n", server.key, server.address);
    }
    let names: Vec<_> = (0..servers.len()).map(|number| format!("w{number}")).collect();
    text + &format!("group some {needed} {}\nquorum some\n", names.join(" "))
}

fn quick(data: &Path) -> Config {
    let mut config = config(data);
    config.witness_wait = Duration::from_millis(500);
    config
}

/// An event that is reserved; its witnesses do not know its log yet.
fn reserved(servers: &[Server], needed: &str) -> Town {
    let dir = TempDir::new().unwrap();
    let board = board::run(quick(&dir.path().join("data"))).unwrap();
    let policy = policy(servers, needed);
    Town::reserved(1, dir, board, |fields| fields.witness_policy = policy)
}

/// An event whose witnesses know its log, with its first round open.
fn open(servers: &[Server], needed: &str) -> Town {
    let mut town = reserved(servers, needed);
    servers.iter().for_each(|server| server.watch(&town));
    assert_eq!(town.found_again().status, 200);
    town.prepare();
    town
}

fn two() -> [Server; 2] {
    [Server::start("w1.example/1"), Server::start("w2.example/1")]
}

fn restart(town: &mut Town) -> Result<(), StartError> {
    let board = board::run(quick(&town.data()))?;
    town.url = board.url().to_owned();
    town.board = Some(board);
    Ok(())
}

/// The next ballot of a voter.
fn ballot(town: &mut Town, voter: usize) -> Vec<u8> {
    let before = town.sandbox.entries.len();
    let answers: &[&[u32]] = if voter.is_multiple_of(2) { &[&[0], &[1]] } else { &[&[0], &[1], &[1]] };
    let answers: Vec<_> = answers.iter().map(|options| chosen(options)).collect();
    town.sandbox.vote(voter, &answers);
    town.sandbox.entries[before].clone()
}

/// Sends until the board gives a receipt.
fn until_receipt(town: &Town, entry: &[u8]) -> Vec<u8> {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = town.submit(entry);
        if answer.status == 200 {
            return answer.body;
        }
        assert!(matches!(answer.status, 202 | 503), "{}", String::from_utf8_lossy(&answer.body));
        assert!(Instant::now() < end, "no receipt");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Witnesses that cosigned the served checkpoint, by the policy of the manifest.
fn cosigners(town: &Town) -> Vec<String> {
    let manifest = town.sandbox.manifest();
    let note = tlog::SignedNote::parse(&get(&town.log("checkpoint")).body).unwrap();
    let origin = tlog::Origin::new(&manifest.origin()).unwrap();
    let satisfied = witness_policy(&manifest).unwrap().evaluate(&note, &origin, &log_key(&manifest).unwrap()).unwrap();
    satisfied.cosigners().iter().map(|cosigner| cosigner.name.to_string()).collect()
}

#[test]
fn a19_every_head_that_is_shown_and_every_receipt_is_cosigned() {
    let servers = two();
    let mut town = open(&servers, "all");
    assert_eq!(cosigners(&town), ["w0", "w1"]);
    let entry = ballot(&mut town, 0);
    let answer = town.submit(&entry);
    assert_eq!(answer.status, 200);
    // check_receipt judges by the policy of the manifest.
    town.check_receipt(&entry, &answer.body);
    let receipt = TlogProof::parse(&answer.body).unwrap();
    let times: Vec<_> = {
        let manifest = town.sandbox.manifest();
        let origin = tlog::Origin::new(&manifest.origin()).unwrap();
        let (key, policy) = (log_key(&manifest).unwrap(), witness_policy(&manifest).unwrap());
        let verified = receipt.verify(&entry, &origin, &key, &policy).unwrap();
        verified.satisfied().cosigners().iter().map(|cosigner| cosigner.timestamp).collect()
    };
    assert!(times.len() == 2 && times.iter().all(|time| time.abs_diff(now()) < 60));
    // The same receipt again, also after a restart.
    assert_eq!(town.submit(&entry).body, answer.body);
    town.stop();
    restart(&mut town).unwrap();
    assert_eq!(until_receipt(&town, &entry), answer.body);
    assert_eq!(town.read().1, town.sandbox.entries);
}

#[test]
fn a19_without_cosignatures_nothing_is_shown_or_taken_and_promises_are_kept() {
    let mut servers = two();
    let mut town = open(&servers, "all");
    let shown = town.head();
    servers[1].stop();
    let late = ballot(&mut town, 0);
    let answer = town.submit(&late);
    assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
    let manifest = town.sandbox.manifest();
    let origin = tlog::Origin::new(&manifest.origin()).unwrap();
    let promise = Promise::open(&answer.body, &origin, &log_key(&manifest).unwrap()).unwrap();
    assert_eq!(promise.leaf, leaf_hash(&late));
    assert!(promise.deadline.abs_diff(now() + 86_400) < 60);
    // The same bytes get the same promise, others nothing; a round cannot be closed.
    assert_eq!(town.submit(&late).body, answer.body);
    let other = ballot(&mut town, 1);
    let refused = town.submit(&other);
    assert_eq!((refused.status, refused.code().as_str()), (503, "witnesses-missing"));
    assert!(refused.header("retry-after").is_some());
    assert!(refused.json()["message"].as_str().unwrap().contains("w1"), "{}", refused.json());
    let order = town.sandbox.close_order();
    assert_eq!(post(&town.api("/close"), &order).status, 503);
    // Reads go on, and show what was cosigned.
    assert_eq!(town.head(), shown);
    assert!(town.state()["waiting_for_witnesses"].as_str().unwrap().contains("w1"));
    let tile = tlog::tile::TileId::new(0, 0, u16::try_from(shown.size + 1).unwrap()).unwrap();
    assert_eq!(get(&town.log(&tile.path())).status, 404);
    let tile = tlog::tile::TileId::new(0, 0, u16::try_from(shown.size).unwrap()).unwrap();
    assert_eq!(get(&town.log(&tile.path())).status, 200);

    // A restart changes nothing.
    town.stop();
    restart(&mut town).unwrap();
    assert_eq!(town.head(), shown);
    assert_eq!(town.submit(&late).status, 202);
    assert_eq!(town.submit(&other).status, 503);

    // The witness is back: the promise becomes a receipt.
    servers[1].run();
    let receipt = until_receipt(&town, &late);
    town.check_receipt(&late, &receipt);
    assert_eq!(town.head().size, shown.size + 1);
    let receipt = until_receipt(&town, &other);
    town.check_receipt(&other, &receipt);
    assert_eq!(town.state()["waiting_for_witnesses"], serde_json::Value::Null);
    assert_eq!(town.read().1, town.sandbox.entries);
}

#[test]
fn one_of_two_witnesses_may_be_away() {
    let mut servers = two();
    servers[0].stop();
    let mut town = open(&servers, "any");
    let entry = ballot(&mut town, 0);
    let begun = Instant::now();
    assert_eq!(town.submit(&entry).status, 200);
    assert!(begun.elapsed() < Duration::from_millis(450), "nobody waits for the one that is away");
    assert_eq!(cosigners(&town), ["w1"]);
    servers[0].run();
    let entry = ballot(&mut town, 1);
    assert_eq!(town.submit(&entry).status, 200);
}

/// Copies what a board keeps.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let to = to.join(item.file_name());
        if item.path().is_dir() {
            copy(&item.path(), &to);
        } else {
            fs::copy(item.path(), to).unwrap();
        }
    }
}

fn restore(town: &Town, backup: &Path) {
    fs::remove_dir_all(town.data()).unwrap();
    copy(backup, &town.data());
    // Backups have no index.
    fs::remove_dir_all(town.data().join("index")).unwrap();
}

#[test]
fn a19_a_board_restored_from_an_old_backup_does_not_start() {
    let servers = two();
    let mut town = open(&servers, "any");
    town.stop();
    let backup = TempDir::new().unwrap();
    copy(&town.data(), backup.path());
    restart(&mut town).unwrap();
    let entry = ballot(&mut town, 0);
    until_receipt(&town, &entry);
    town.stop();

    restore(&town, backup.path());
    let refused = restart(&mut town).unwrap_err();
    assert_eq!(refused.code(), "journal-behind");
    assert!(refused.to_string().contains("w0") || refused.to_string().contains("w1"), "{refused}");
}

#[test]
fn a19_a_restored_board_takes_nothing_before_its_witnesses_were_heard() {
    let mut servers = two();
    let mut town = open(&servers, "all");
    town.stop();
    let backup = TempDir::new().unwrap();
    copy(&town.data(), backup.path());
    restart(&mut town).unwrap();
    let entry = ballot(&mut town, 0);
    until_receipt(&town, &entry);
    town.stop();

    servers.iter_mut().for_each(Server::stop);
    restore(&town, backup.path());
    restart(&mut town).unwrap();
    let forked = ballot(&mut town, 1);
    assert_eq!(town.submit(&forked).status, 503);
    servers.iter_mut().for_each(Server::run);
    // Now they are heard, and say that they know more: it stays so.
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = town.submit(&forked);
        assert_eq!(answer.status, 503);
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        if message.contains("there are fewer here") {
            break;
        }
        assert!(Instant::now() < end, "{message}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn an_event_is_shown_once_its_witnesses_know_its_log() {
    let servers = two();
    let town = reserved(&servers, "all");
    let refused = town.found_again();
    assert_eq!((refused.status, refused.code().as_str()), (503, "witnesses-missing"));
    assert!(refused.json()["message"].as_str().unwrap().contains("watched list"), "{}", refused.json());
    assert_eq!(get(&town.log("checkpoint")).status, 404);
    servers.iter().for_each(|server| server.watch(&town));
    let end = Instant::now() + Duration::from_secs(20);
    while town.found_again().status != 200 {
        assert!(Instant::now() < end);
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(cosigners(&town), ["w0", "w1"]);
}

#[test]
fn a_policy_that_nobody_can_be_asked_for_is_refused() {
    let server = Server::start("w1.example/1");
    let dir = TempDir::new().unwrap();
    let board = board::run(quick(&dir.path().join("data"))).unwrap();
    let policy = format!("witness w1 {}\nquorum w1\n", server.key);
    assert!(Policy::parse(policy.as_bytes()).is_ok());
    let town = Town::reserved(1, dir, board, |fields| fields.witness_policy = policy);
    let refused = town.found_again();
    assert_eq!(refused.status, 400, "{}", String::from_utf8_lossy(&refused.body));
    assert!(refused.json()["message"].as_str().unwrap().contains("no http address"));
}

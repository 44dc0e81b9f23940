//! A board on a simulated disk, and what must hold after its disk or power failed.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use board::store::{Index, Journal, MemoryIndex, Record, SimulatedDisk};
use board::{Config, Handle, StartError};
use tlog::client::Reader;
use tlog::tile::{new_tiles, tile_bytes};
use tlog::{Checkpoint, MemoryTree, TlogProof};
use voting_core::ballot::{log_key, witness_policy};
use voting_core::entry::sign_request;
use voting_core::ids::{EventId, RoundIndex};
use voting_core::testing::{Sandbox, chosen};

use crate::common::{self, Answer, HOST, get, now, post};

const FOLDER: &str = "/disk";
/// Ballots of one batch.
const TOGETHER: usize = 2;

/// The data folder on the simulated disk.
pub fn data() -> PathBuf {
    Path::new(FOLDER).join("data")
}

fn config() -> Config {
    let mut config = common::config(&data());
    // A batch is full when the ballots that are sent together have arrived.
    (config.batch, config.batch_wait, config.batch_idle) =
        (TOGETHER, Duration::from_millis(40), Duration::from_millis(20));
    config.minimum_free = 0;
    config.workers = 1;
    config
}

pub fn blank() -> SimulatedDisk {
    SimulatedDisk::new(Path::new(FOLDER))
}

pub fn start(disk: &SimulatedDisk, index: Arc<dyn Index>) -> Result<Handle, StartError> {
    board::run_on(config(), index, Arc::new(disk.clone()))
}

/// An empty index.
pub fn fresh() -> Arc<dyn Index> {
    Arc::new(MemoryIndex::new())
}

/// What clients and readers were given, all of which must hold for ever.
#[derive(Clone, Default)]
pub struct Told {
    pub receipts: Vec<(Vec<u8>, Vec<u8>)>,
    pub heads: Vec<Vec<u8>>,
}

/// An event on a disk, and ballots that are not on it yet.
pub struct World {
    pub sandbox: Sandbox,
    /// The log key is reserved, the event not founded.
    pub reserved: SimulatedDisk,
    /// The first round is open.
    pub opened: SimulatedDisk,
    /// Entries on it.
    pub before: usize,
    /// Ballots, those of one batch together.
    pub batches: Vec<Vec<Vec<u8>>>,
}

/// The request that founds the sandbox's event.
pub fn found(url: &str, sandbox: &Sandbox) -> Answer {
    let request = sign_request(HOST, "found", sandbox.manifest().as_bytes(), now(), &sandbox.administrator);
    post(&format!("{url}/api/events"), &request)
}

pub fn sandbox_for(seed: u64, log_key: voting_core::ids::SigningKeyId) -> Sandbox {
    Sandbox::with(seed, |fields| {
        fields.host = HOST.into();
        fields.log_key = log_key;
    })
}

impl World {
    pub fn new(seed: u64) -> Self {
        let disk = blank();
        let board = start(&disk, fresh()).unwrap();
        let sandbox = sandbox_for(seed, common::reserve(board.url(), &Sandbox::new(seed)));
        let reserved = disk.copy();
        let mut world = Self { sandbox, reserved, opened: disk.copy(), before: 0, batches: Vec::new() };
        assert_eq!(found(board.url(), &world.sandbox).status, 200);
        world.sandbox.ceremony();
        world.sandbox.roll(RoundIndex(0));
        let mut round = world.sandbox.start(RoundIndex(0));
        round.time = now();
        world.sandbox.push(voting_core::entry::Author::Administrator, &voting_core::entry::Body::RoundStarted(round));
        for entry in &world.sandbox.entries[1..] {
            assert_eq!(post(&world.api(board.url(), "/entries"), entry).status, 200);
        }
        board.stop();
        (world.opened, world.before) = (disk.copy(), world.sandbox.entries.len());
        for voters in [[0, 2], [4, 0], [2, 4]] {
            world.batches.push(voters.map(|voter| world.sandbox.vote(voter, &[chosen(&[1]), chosen(&[0])])).into());
        }
        world
    }

    pub fn event(&self) -> EventId {
        self.sandbox.manifest().event()
    }
    pub fn journal(&self) -> PathBuf {
        data().join("events").join(self.event().to_string()).join("journal")
    }
    pub fn api(&self, url: &str, path: &str) -> String {
        format!("{url}/api/events/{}{path}", self.event())
    }
    fn log(&self, url: &str, path: &str) -> String {
        format!("{url}/{}/{path}", self.event())
    }

    /// Sends entries at the same time; keeps the receipts. Whether all were accepted.
    pub fn submit(&self, url: &str, entries: &[Vec<u8>], told: &mut Told) -> bool {
        let address = self.api(url, "/entries");
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let sent: Vec<_> = entries.iter().map(|entry| scope.spawn(|| post(&address, entry))).collect();
            sent.into_iter().map(|sent| sent.join().unwrap()).collect()
        });
        let mut all = true;
        for (entry, answer) in entries.iter().zip(answers) {
            if answer.status == 200 {
                told.receipts.push((entry.clone(), answer.body));
            } else {
                assert!(matches!(answer.code().as_str(), "internal" | "unknown-event"), "{}", answer.code());
                all = false;
            }
        }
        all
    }

    /// Sends all ballots, batch after batch, until one is not accepted; notes every head that is shown.
    pub fn drive(&self, url: &str, told: &mut Told) -> bool {
        self.batches.iter().all(|batch| {
            let accepted = self.submit(url, batch, told);
            let shown = get(&self.log(url, "checkpoint"));
            if shown.status == 200 {
                told.heads.push(shown.body);
            }
            accepted
        })
    }

    /// Every head that was signed: those in the journal, synced or not.
    pub fn note_signed(&self, disk: &SimulatedDisk, told: &mut Told) {
        let mut signed = Vec::new();
        let read = Journal::read_on(disk, &self.journal(), &self.event(), |record| {
            if let Record::Head { note, .. } = record {
                signed.push(note.into_bytes());
            }
            Ok(())
        });
        if read.is_ok() {
            told.heads.append(&mut signed);
        }
    }

    fn open(&self, note: &[u8]) -> Checkpoint {
        let manifest = self.sandbox.manifest();
        let origin = tlog::Origin::new(&manifest.origin()).unwrap();
        tlog::checkpoint::open(note, &origin, &log_key(&manifest).unwrap()).unwrap()
    }

    /// Derives the whole tree again from what is served, and compares it with all that was told. Returns the entries.
    pub fn verify(&self, url: &str, told: &Told) -> Vec<Vec<u8>> {
        let fetch = |path: &str| {
            let answer = get(&self.log(url, path));
            assert_eq!(answer.status, 200, "{path}");
            answer.body
        };
        let head = self.open(&fetch("checkpoint"));
        let mut reader = Reader::new(head.size, head.root).unwrap();
        let mut entries = Vec::new();
        loop {
            let wanted = reader.wanted_paths(8);
            if wanted.is_empty() {
                break;
            }
            wanted.iter().for_each(|path| reader.feed(path, &fetch(path)).unwrap());
            entries.extend(std::iter::from_fn(|| reader.next_entry()).map(|entry| entry.bytes));
        }
        reader.finish().unwrap();
        let mut tree = MemoryTree::new();
        entries.iter().for_each(|entry| {
            tree.append(entry);
        });
        assert_eq!((tree.size(), tree.root()), (head.size, head.root));
        for tile in new_tiles(0, head.size) {
            assert_eq!(fetch(&tile.path()), tile_bytes(&tree, tile).unwrap(), "{}", tile.path());
        }
        // The tree never forks: whatever was signed is its beginning.
        for note in &told.heads {
            let signed = self.open(note);
            assert!(signed.size <= head.size, "a signed tree of {} entries has become {}", signed.size, head.size);
            assert_eq!(tree.root_at(signed.size).unwrap(), signed.root, "two trees of size {}", signed.size);
        }
        let manifest = self.sandbox.manifest();
        let origin = tlog::Origin::new(&manifest.origin()).unwrap();
        let (key, policy) = (log_key(&manifest).unwrap(), witness_policy(&manifest).unwrap());
        for (entry, receipt) in &told.receipts {
            let proof = TlogProof::parse(receipt).unwrap().verify(entry, &origin, &key, &policy).unwrap();
            assert_eq!(&entries[proof.index() as usize], entry, "A15: an acknowledged entry is missing");
            let signed = proof.checkpoint();
            assert_eq!(tree.root_at(signed.size).unwrap(), signed.root);
        }
        entries
    }

    /// Who sends an acknowledged entry again gets the same receipt.
    pub fn repeat(&self, url: &str, told: &Told) {
        for receipts in told.receipts.chunks(TOGETHER) {
            let (entries, expected): (Vec<_>, Vec<_>) = receipts.iter().cloned().unzip();
            let mut again = Told::default();
            assert!(self.submit(url, &entries, &mut again));
            let found: Vec<_> = again.receipts.into_iter().map(|(_, receipt)| receipt).collect();
            assert_eq!(found, expected, "another receipt than before");
        }
    }

    /// A board starts on what is left; all that was told holds; all ballots are sent again and stand on the log once.
    pub fn recovers(&self, disk: &SimulatedDisk, index: Arc<dyn Index>, told: &mut Told) {
        let board = start(disk, index).unwrap_or_else(|error| panic!("the board does not start: {error}"));
        let url = board.url().to_owned();
        self.verify(&url, told);
        self.repeat(&url, told);
        assert!(self.drive(&url, told), "the event goes on");
        let entries = self.verify(&url, told);
        let ballots = self.batches.iter().map(Vec::len).sum::<usize>();
        assert_eq!(entries.len(), self.before + ballots);
        assert!(self.batches.iter().flatten().all(|ballot| entries.contains(ballot)));
        board.stop();
    }
}

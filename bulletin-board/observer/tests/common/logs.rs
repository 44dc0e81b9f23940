//! Logs with witnesses, receipts from them, and folders with files.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tlog::cosign::CosigningKey;
use tlog::note::SignedNote;
use tlog::tlog_proof::TlogProof;
use tlog::tree::MemoryTree;
use voting_core::card::Card;
use voting_core::ids::RoundIndex;
use voting_core::testing::{Sandbox, chosen};

use crate::server::{Files, cosign, log_of, witness_policy};

/// An event whose manifest demands two witnesses, with its first round open.
pub struct Event {
    pub sandbox: Sandbox,
    pub witnesses: Vec<CosigningKey>,
}

impl Event {
    pub fn opened(seed: u64) -> Self {
        let (witnesses, policy) = witness_policy(2);
        let mut sandbox = Sandbox::with(seed, |fields| fields.witness_policy = policy);
        sandbox.ceremony();
        sandbox.roll(RoundIndex(0));
        sandbox.roll(RoundIndex(1));
        sandbox.open(RoundIndex(0));
        Self { sandbox, witnesses }
    }

    /// A vote of a member without a third contest; returns the entry.
    pub fn vote(&mut self, voter: usize) -> Vec<u8> {
        self.sandbox.vote(voter, &[chosen(&[0]), chosen(&[1])])
    }

    /// The log of its first entries, cosigned by all witnesses.
    pub fn log(&self, size: usize) -> Files {
        self.log_by(size, &[(&self.witnesses[0], 1_800_000_000), (&self.witnesses[1], 1_800_000_060)])
    }

    pub fn whole(&self) -> Files {
        self.log(self.sandbox.entries.len())
    }

    pub fn log_by(&self, size: usize, by: &[(&CosigningKey, u64)]) -> Files {
        cosign(log_of(&self.sandbox, &self.sandbox.entries[..size]), by)
    }

    /// The receipt of an entry under a checkpoint.
    pub fn receipt(&self, index: u64, log: &Files) -> Vec<u8> {
        let note = SignedNote::parse(&log["checkpoint"]).unwrap();
        let size = tlog::Checkpoint::from_unverified_note(&note).unwrap().size;
        let mut tree = MemoryTree::new();
        self.sandbox.entries.iter().for_each(|entry| {
            tree.append(entry);
        });
        TlogProof::new(index, tlog::tree::inclusion(&tree, index, size).unwrap(), note).unwrap().to_bytes()
    }

    pub fn card(&self) -> Vec<u8> {
        Card::of(&self.sandbox.manifest()).unwrap().to_bytes()
    }

    pub fn event(&self) -> String {
        self.sandbox.manifest().event().to_string()
    }
}

/// A folder for the files of a test.
pub struct Desk(pub TempDir);

impl Desk {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn name(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Writes a file and returns its name.
    pub fn put(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.path(name), bytes).unwrap();
        self.name(name)
    }

    /// Writes a log into a folder and returns its name.
    pub fn log(&self, name: &str, files: &Files) -> String {
        crate::server::write(Path::new(&self.name(name)), files);
        self.name(name)
    }
}

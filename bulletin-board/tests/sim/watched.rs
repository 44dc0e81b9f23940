//! A witness server whose memory can be put back, since each power cut makes another history of the same log.

#![allow(unreachable_pub, reason = "used by one test file")]

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tlog::note::VerifierKey;
use voting_core::ballot::log_key;
use voting_core::testing::Sandbox;

/// All files of a folder.
pub type Memory = BTreeMap<PathBuf, Vec<u8>>;

pub struct Server {
    dir: TempDir,
    key: VerifierKey,
    address: SocketAddr,
    running: Option<witness::Handle>,
}

impl Server {
    pub fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let key = witness::key::Key::make("w.example/1", &dir.path().join("key")).unwrap();
        let mut server = Self { dir, key, address: "127.0.0.1:0".parse().unwrap(), running: None };
        server.run();
        let url = server.running.as_ref().unwrap().url().to_owned();
        server.address = url.strip_prefix("http://").unwrap().parse().unwrap();
        server
    }

    pub fn policy(&self) -> String {
        format!("witness w {} http://{}\nquorum w\n", self.key, self.address)
    }

    pub fn watch(&self, sandbox: &Sandbox) {
        fs::write(self.dir.path().join("logs"), format!("log {}\n", log_key(&sandbox.manifest()).unwrap())).unwrap();
    }

    fn run(&mut self) {
        let folder = self.dir.path();
        let (data, key, watched) = (folder.join("data"), folder.join("key"), folder.join("logs"));
        self.running = Some(witness::run(witness::Config::new(&data, &key, &watched, self.address)).unwrap());
    }

    /// What it remembers.
    pub fn memory(&self) -> Memory {
        let mut memory = Memory::new();
        read(&self.dir.path().join("data"), &mut memory);
        memory
    }

    /// Starts it again with what it remembered then.
    pub fn put_back(&mut self, memory: &Memory) {
        self.running.take().unwrap().stop();
        fs::remove_dir_all(self.dir.path().join("data")).unwrap();
        for (path, bytes) in memory {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        self.run();
    }
}

fn read(folder: &Path, memory: &mut Memory) {
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            read(&path, memory);
        } else {
            memory.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
}

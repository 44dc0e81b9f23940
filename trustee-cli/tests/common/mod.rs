//! Trustees as real processes, and a log in a folder in place of the board.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use tlog::tile::{bundles_for_size, tile_bytes, tiles_for_size, write_bundle};
use tlog::tree::MemoryTree;
use voting_core::entry::{Author, Body};
use voting_core::ids::RoundIndex;
use voting_core::manifest::Fields;
use voting_core::testing::Sandbox;

pub const PASSPHRASE: &str = "three words here";

/// What a process said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    #[track_caller]
    pub fn refused(&self, exit: i32, code: &str) {
        assert_eq!(self.code, exit, "{self:?}");
        assert!(self.err.contains(&format!("error[{code}]: ")), "{self:?}");
        assert!(self.err.contains("\n  remedy: "), "{self:?}");
    }
}

/// A log, its trustees' folders, and a folder for everything.
pub struct World {
    pub dir: TempDir,
    pub sandbox: Sandbox,
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Runs the program in a folder.
pub fn trustee(dir: &Path, args: &[&str]) -> Said {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_trustee"))
        .args(args)
        .current_dir(dir)
        .env("URNA_TEST_WORK_FACTOR", "1")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder with the passphrase files.
pub fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("pass"), format!("{PASSPHRASE}\n")).unwrap();
    std::fs::write(dir.path().join("wrong"), "something else\n").unwrap();
    dir
}

impl World {
    /// An event whose three trustees have made their keys with the program.
    pub fn new(seed: u64, change: impl FnOnce(&mut Fields)) -> Self {
        let dir = folder();
        let key = |n: usize| {
            let said = trustee(dir.path(), &["init", "--dir", &format!("t{n}"), "--passphrase-file", "pass"]).ok();
            said.out.lines().next().unwrap().parse().unwrap()
        };
        let keys = [1, 2, 3].map(key);
        let sandbox = Sandbox::with(seed, |fields| {
            for (trustee, key) in fields.trustees.iter_mut().zip(keys) {
                trustee.key = key;
            }
            change(fields);
        });
        Self { dir, sandbox }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn event(&self) -> String {
        self.sandbox.manifest().event().to_string()
    }

    /// Writes the log as it stands into the folder `log`.
    pub fn publish(&self) {
        self.publish_to("log");
    }

    pub fn publish_to(&self, name: &str) {
        let dir = self.path(name);
        let _ = std::fs::remove_dir_all(&dir);
        let mut tree = MemoryTree::new();
        for entry in &self.sandbox.entries {
            tree.append(entry);
        }
        let write = |path: String, bytes: &[u8]| {
            let path = dir.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        };
        for tile in tiles_for_size(tree.size()) {
            write(tile.path(), &tile_bytes(&tree, tile).unwrap());
        }
        for bundle in bundles_for_size(tree.size()) {
            let first = bundle.index() as usize * 256;
            let entries = &self.sandbox.entries[first..first + usize::from(bundle.width())];
            write(bundle.path(), &write_bundle(entries).unwrap());
        }
        write("checkpoint".into(), &self.sandbox.checkpoint());
    }

    /// Runs the program for trustee `n` on the folder `log`, with passphrase and acceptance.
    pub fn run(&self, n: usize, command: &str, more: &[&str]) -> Said {
        let (dir, event) = (format!("t{n}"), self.event());
        let mut args = vec![command, "--dir", &dir, "--in", "log", "--accept", &event];
        if command != "verify" {
            args.extend(["--passphrase-file", "pass"]);
        }
        args.extend(more);
        trustee(self.dir.path(), &args)
    }

    /// One step of trustee `n` in the ceremony; what it wrote goes onto the log. Returns whether there was something.
    pub fn step(&mut self, n: usize) -> bool {
        self.publish();
        let out = self.path("entry");
        let _ = std::fs::remove_file(&out);
        self.run(n, "ceremony", &["--out", "entry"]).ok();
        let Ok(entry) = std::fs::read(&out) else { return false };
        self.sandbox.offer(entry).unwrap();
        true
    }

    /// The whole ceremony.
    pub fn ceremony(&mut self) {
        while [3, 1, 2].map(|n| self.step(n)).contains(&true) {}
        assert!(self.sandbox.state.joint_key().is_some());
    }

    /// The ceremony, rolls, and an open first round.
    pub fn open(&mut self) {
        self.ceremony();
        self.sandbox.roll(RoundIndex(0));
        self.sandbox.roll(RoundIndex(1));
        self.sandbox.open(RoundIndex(0));
    }

    /// Closes the open round now.
    pub fn close(&mut self) {
        let closing = self.sandbox.state.closing_entry(&self.sandbox.close_order(), now()).unwrap();
        self.sandbox.push(Author::Board, &Body::RoundClosed(closing));
        self.publish();
    }
}

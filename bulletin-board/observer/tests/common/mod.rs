//! A record in a folder, and the program that looks at it.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::path::Path;
use std::process::Command;

use tlog::tile::{bundles_for_size, tile_bytes, tiles_for_size, write_bundle};
use tlog::tree::MemoryTree;
use voting_core::testing::tamper::TamperedRecord;

/// Writes a record in the C2SP layout.
pub fn write(dir: &Path, record: &TamperedRecord) {
    let put = |path: String, bytes: Vec<u8>| {
        let path = dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let mut tree = MemoryTree::new();
    for entry in &record.entries {
        tree.append(entry);
    }
    for tile in tiles_for_size(tree.size()) {
        put(tile.path(), tile_bytes(&tree, tile).unwrap());
    }
    for bundle in bundles_for_size(tree.size()) {
        let first = bundle.index() as usize * 256;
        let entries = &record.entries[first..first + usize::from(bundle.width())];
        put(bundle.path(), write_bundle(entries).unwrap());
    }
    put("checkpoint".into(), record.checkpoint.clone());
}

/// What the program said.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub notes: String,
}

/// Runs the program with these arguments.
pub fn observer(args: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_observer")).args(args).output().unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        notes: String::from_utf8(output.stderr).unwrap(),
    }
}

//! What several test files share: a small log with a key and witnesses, and the foreign vectors.

#![allow(dead_code, unreachable_pub)]

use std::io::Write as _;
use std::path::PathBuf;

use tlog::cosign::CosigningKey;
use tlog::layout::Resource;
use tlog::policy::{Policy, Witness, Word};
use tlog::tile::{bundles_for_size, tile_bytes, tiles_for_size, write_bundle};
use tlog::{Checkpoint, KeyName, MemoryTree, Origin, SignedNote, SigningKey, checkpoint};

/// A log in memory.
pub struct TestLog {
    pub entries: Vec<Vec<u8>>,
    pub tree: MemoryTree,
    pub key: SigningKey,
    pub origin: Origin,
}

impl TestLog {
    pub fn new(size: u64) -> Self {
        let name = KeyName::new("log.example/test").unwrap();
        let mut log = Self {
            entries: Vec::new(),
            tree: MemoryTree::new(),
            origin: Origin::from(&name),
            key: SigningKey::from_seed(name, &[42; 32]),
        };
        (0..size).for_each(|index| log.append(format!("entry {index}").as_bytes()));
        log
    }

    pub fn append(&mut self, entry: &[u8]) {
        self.tree.append(entry);
        self.entries.push(entry.to_vec());
    }

    pub fn head(&self, size: u64) -> Checkpoint {
        Checkpoint::new(self.origin.clone(), size, self.tree.root_at(size).unwrap())
    }

    pub fn note(&self, size: u64) -> SignedNote {
        SignedNote::parse(checkpoint::sign(&self.head(size), &self.key).as_bytes()).unwrap()
    }

    pub fn cosigned(&self, size: u64, seeds: &[u8]) -> SignedNote {
        let mut note = self.note(size);
        for seed in seeds {
            note.add_signature(cosigner(*seed).cosign(&self.head(size), 1_700_000_000).unwrap()).unwrap();
        }
        note
    }

    /// What a server at this size answers for a tile or bundle, or for the full one at the same place.
    pub fn serve(&self, resource: Resource) -> Option<Vec<u8>> {
        match resource {
            Resource::Checkpoint => None,
            Resource::Tile(tile) => tile_bytes(&self.tree, tile),
            Resource::Entries(bundle) => {
                let first = usize::try_from(bundle.index() * 256).unwrap();
                write_bundle(self.entries.get(first..first + usize::from(bundle.width()))?).ok()
            }
        }
    }

    /// All resources of the log at a size.
    pub fn resources(&self, size: u64) -> Vec<Resource> {
        tiles_for_size(size).map(Resource::Tile).chain(bundles_for_size(size).map(Resource::Entries)).collect()
    }
}

pub fn cosigner(seed: u8) -> CosigningKey {
    CosigningKey::from_seed(KeyName::new(&format!("w{seed}.example")).unwrap(), &[seed; 32])
}

/// At least `threshold` of the witnesses with these seeds.
pub fn policy(threshold: usize, seeds: &[u8]) -> Policy {
    let witness = |seed: &u8| Witness {
        name: Word::new(format!("w{seed}")).unwrap(),
        key: cosigner(*seed).verifier(),
        url: None,
    };
    Policy::at_least(threshold, seeds.iter().map(witness).collect()).unwrap()
}

/// A file or folder of the foreign vectors; says loudly if it is not there.
pub fn vectors(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors").join(name);
    if path.exists() {
        return Some(path);
    }
    // Not `eprintln!`, which the test runner keeps back when a test passes.
    let text =
        format!("SKIPPED: the foreign vectors ../shared/vectors/{name} are not here; nothing was checked with them");
    let mut stderr = std::io::stderr();
    writeln!(stderr, "{text}").unwrap();
    None
}

//! A log in memory, written as files, and a small HTTP server over std::net for them.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use tlog::checkpoint::{self, Checkpoint, Origin};
use tlog::cosign::CosigningKey;
use tlog::note::{KeyName, SignedNote, SigningKey};
use tlog::tile::{bundles_for_size, tile_bytes, tiles_for_size, write_bundle};
use tlog::tree::MemoryTree;
use voting_core::ids::EventId;
use voting_core::testing::Sandbox;

/// Files by path below the log's prefix.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A log of the sandbox's event with these further entries, as files.
pub fn log_of(sandbox: &Sandbox, entries: &[Vec<u8>]) -> Files {
    let mut tree = MemoryTree::new();
    for entry in entries {
        tree.append(entry);
    }
    let mut files = Files::new();
    for tile in tiles_for_size(tree.size()) {
        files.insert(tile.path(), tile_bytes(&tree, tile).unwrap());
    }
    for bundle in bundles_for_size(tree.size()) {
        let first = bundle.index() as usize * 256;
        let entries = &entries[first..first + usize::from(bundle.width())];
        files.insert(bundle.path(), write_bundle(entries).unwrap());
    }
    let origin = sandbox.manifest().origin();
    let head = Checkpoint::new(Origin::new(&origin).unwrap(), tree.size(), tree.root());
    let key = SigningKey::from_seed(KeyName::new(&origin).unwrap(), &sandbox.log.expose_seed());
    files.insert("checkpoint".into(), checkpoint::sign(&head, &key).into_bytes());
    files
}

/// The sandbox's manifest and then `count` entries of no meaning, which differ by `salt`.
pub fn entries(sandbox: &Sandbox, count: u64, salt: u8) -> Vec<Vec<u8>> {
    let filler = (0..count).map(|i| [&[salt][..], &i.to_be_bytes()].concat());
    core::iter::once(sandbox.manifest().as_bytes().to_vec()).chain(filler).collect()
}

/// So many witnesses `w1`, `w2`, .. of which all must cosign, and the policy that says so.
pub fn witness_policy(count: u8) -> (Vec<CosigningKey>, String) {
    let keys: Vec<_> = (1..=count)
        .map(|i| CosigningKey::from_seed(KeyName::new(&format!("w{i}.example.org")).unwrap(), &[100 + i; 32]))
        .collect();
    let mut policy = String::new();
    for (i, key) in (1..).zip(&keys) {
        policy.push_str(&format!("witness w{i} {}\n", key.verifier()));
    }
    let names: Vec<_> = (1..=count).map(|i| format!("w{i}")).collect();
    policy.push_str(&format!("group all all {}\nquorum all\n", names.join(" ")));
    (keys, policy)
}

/// Adds cosignatures of these times to the checkpoint.
pub fn cosign(mut files: Files, by: &[(&CosigningKey, u64)]) -> Files {
    let mut note = SignedNote::parse(&files["checkpoint"]).unwrap();
    let head = Checkpoint::from_unverified_note(&note).unwrap();
    for (key, time) in by {
        note.add_signature(key.cosign(&head, *time).unwrap()).unwrap();
    }
    files.insert("checkpoint".into(), note.to_bytes());
    files
}

/// A checkpoint of the same manifest and key, with the name of the key as it should be, but of a second origin (S6).
pub fn second_origin(sandbox: &Sandbox) -> Vec<u8> {
    let manifest = sandbox.manifest();
    let origin = manifest.origin();
    let mut tree = MemoryTree::new();
    sandbox.entries.iter().for_each(|entry| {
        tree.append(entry);
    });
    let other = Origin::new(&format!("other.example.org/{}", manifest.event())).unwrap();
    let head = Checkpoint::new(other, tree.size(), tree.root());
    let key = SigningKey::from_seed(KeyName::new(&origin).unwrap(), &sandbox.log.expose_seed());
    checkpoint::sign(&head, &key).into_bytes()
}

pub fn write(dir: &Path, files: &Files) {
    for (path, bytes) in files {
        let path = dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

/// All files below a folder.
pub fn files_in(dir: &Path) -> Files {
    fn walk(root: &Path, dir: &Path, found: &mut Files) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    let mut found = Files::new();
    walk(dir, dir, &mut found);
    found
}

/// A request that arrived.
pub struct Request {
    pub method: String,
    pub path: String,
    pub body: Vec<u8>,
}

/// What a server answers: status, header lines, body.
pub type Reply = (u16, Vec<String>, Vec<u8>);
type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

/// A server on a port of its own; it ends with the test process.
pub struct Server {
    pub url: String,
    pub requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub fn new(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, handler): (_, Arc<Handler>) = (requests.clone(), Arc::new(handler));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, handler) = (seen.clone(), handler.clone());
                std::thread::spawn(move || answer(stream, &seen, &*handler));
            }
        });
        Self { url, requests }
    }

    /// Serves the files of a log, and nothing else.
    pub fn files(event: EventId, files: Files) -> Self {
        Self::new(move |request| {
            match request.path.strip_prefix(&format!("/{event}/")).and_then(|path| files.get(path)) {
                Some(bytes) => (200, vec![], bytes.clone()),
                None => (404, vec![], b"not found".to_vec()),
            }
        })
    }

    pub fn log(&self, event: EventId) -> client::Source {
        format!("{}/{event}", self.url).parse().unwrap()
    }

    pub fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

fn answer(stream: TcpStream, seen: &Mutex<Vec<String>>, handler: &Handler) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    seen.lock().ok()?.push(format!("{method} {path}"));
    let (status, headers, body) = handler(&Request { method, path, body });
    let mut stream = stream;
    write!(stream, "HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Length: {}\r\n", body.len()).ok()?;
    for header in headers {
        write!(stream, "{header}\r\n").ok()?;
    }
    stream.write_all(b"\r\n").ok()?;
    stream.write_all(&body).ok()
}

//! The vectors that others made: RFC 6962 proofs, a Tessera log, edge cases of Ed25519.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tlog::client::Reader;
use tlog::tile::{BundleId, TileId, parse_bundle, tile_bytes, write_bundle};
use tlog::{Hash, MemoryTree, Origin, VerifierKey, checkpoint, signature, verify_consistency, verify_inclusion};

fn load<T: DeserializeOwned>(path: &Path) -> T {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Standard base64 of any length, for the vectors whose "roots" are not 32 bytes.
fn bytes_of(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let value = |c: u8| alphabet.iter().position(|a| *a == c).unwrap();
    let mut out = Vec::new();
    let (mut bits, mut buffer) = (0u32, 0usize);
    for c in text.bytes().filter(|c| *c != b'=') {
        buffer = buffer << 6 | value(c);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((buffer >> bits & 0xff) as u8);
        }
    }
    out
}

/// A root of the consistency vectors. Some are placeholders of 12 bytes that are only compared with each other; they get zeros.
fn root(text: &str) -> Hash {
    let mut bytes = bytes_of(text);
    assert!(bytes.len() <= 32, "a root of {} bytes can't be told apart once cut", bytes.len());
    bytes.resize(32, 0);
    Hash::from_slice(&bytes).unwrap()
}

/// The hashes of a proof; `None` if one of them is no hash, which is a refusal.
fn proof(hashes: Option<&Vec<String>>) -> Option<Vec<Hash>> {
    hashes.into_iter().flatten().map(|hash| Hash::from_base64(hash).ok()).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InclusionVector {
    name: String,
    leaf_idx: u64,
    tree_size: u64,
    root: String,
    leaf_hash: String,
    proof: Option<Vec<String>>,
    want_err: bool,
}

#[test]
fn rfc6962_inclusion_proofs() {
    let Some(path) = common::vectors("rfc6962-inclusion.json") else { return };
    let vectors: Vec<InclusionVector> = load(&path);
    assert_eq!(vectors.len(), 98);
    for v in &vectors {
        let hashes = [&v.leaf_hash, &v.root].map(|hash| Hash::from_base64(hash));
        // What is no hash can't be asked about, which is a refusal.
        let accepted = match (hashes, proof(v.proof.as_ref())) {
            ([Ok(leaf), Ok(root)], Some(proof)) => {
                verify_inclusion(v.leaf_idx, v.tree_size, &leaf, &proof, &root).is_ok()
            }
            _ => false,
        };
        assert_eq!(accepted, !v.want_err, "{}", v.name);
    }
    assert!(vectors.iter().filter(|v| !v.want_err).count() >= 6);
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConsistencyVector {
    name: String,
    size1: u64,
    size2: u64,
    root1: String,
    root2: String,
    proof: Option<Vec<String>>,
    want_err: bool,
}

#[test]
fn rfc6962_consistency_proofs() {
    let Some(path) = common::vectors("rfc6962-consistency.json") else { return };
    let vectors: Vec<ConsistencyVector> = load(&path);
    assert_eq!(vectors.len(), 98);
    for v in &vectors {
        let accepted = proof(v.proof.as_ref()).is_some_and(|proof| {
            verify_consistency(v.size1, v.size2, &root(&v.root1), &root(&v.root2), &proof).is_ok()
        });
        assert_eq!(accepted, !v.want_err, "{}", v.name);
    }
    assert!(vectors.iter().filter(|v| !v.want_err).count() >= 6);
}

#[derive(Deserialize)]
struct SignatureVector {
    number: u64,
    key: String,
    sig: String,
    msg: String,
    flags: Option<Vec<String>>,
}

fn hex<const N: usize>(text: &str) -> [u8; N] {
    let bytes: Vec<u8> = (0..N).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect();
    assert_eq!(text.len(), 2 * N);
    bytes.try_into().unwrap()
}

/// The decision stands in the documentation of `signature`: these flags, and no others, are refused.
const REFUSED: [&str; 6] =
    ["low_order_A", "low_order_R", "low_order_residue", "non_canonical_A", "non_canonical_R", "reencoded_k"];

#[test]
fn ed25519_edge_cases_are_decided_by_their_flags() {
    let Some(path) = common::vectors("ed25519-cctv.json") else { return };
    let vectors: Vec<SignatureVector> = load(&path);
    assert_eq!(vectors.len(), 914);
    let mut accepted = BTreeMap::new();
    for v in &vectors {
        let flags: BTreeSet<&str> = v.flags.iter().flatten().map(String::as_str).collect();
        let verdict = signature::verify_strict(&hex(&v.key), v.msg.as_bytes(), &hex(&v.sig));
        assert_eq!(verdict, REFUSED.iter().all(|flag| !flags.contains(flag)), "number {}: {flags:?}", v.number);
        if verdict {
            *accepted.entry(flags.into_iter().collect::<Vec<_>>().join(" ")).or_insert(0) += 1;
        }
    }
    println!("accepted: {accepted:?}");
    assert!(!accepted.is_empty());
}

const TESSERA_KEY: &str = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

/// Reads the log of 15 entries as a client does, with one file replaced. Every file of that size is used.
fn read_tessera(folder: &Path, changed: Option<(&str, &[u8])>) -> Result<Vec<Vec<u8>>, String> {
    let get = |path: &str| match changed {
        Some((name, bytes)) if name == path => bytes.to_vec(),
        _ => fs::read(folder.join(path)).unwrap(),
    };
    let key: VerifierKey = TESSERA_KEY.parse().unwrap();
    let origin = Origin::new("example.com/log/testdata").unwrap();
    let head = checkpoint::open(&get("checkpoint"), &origin, &key).map_err(|error| error.to_string())?;
    let mut reader = Reader::new(head.size, head.root).map_err(|error| error.to_string())?;
    let mut entries = Vec::new();
    loop {
        let wanted = reader.wanted_paths(4);
        if wanted.is_empty() {
            break;
        }
        for path in wanted {
            reader.feed(&path, &get(&path)).map_err(|error| error.to_string())?;
        }
        entries.extend(std::iter::from_fn(|| reader.next_entry()).map(|entry| entry.bytes));
    }
    assert_eq!(reader.finish().map_err(|error| error.to_string())?.entries, 15);
    Ok(entries)
}

#[test]
fn the_tessera_log_is_accepted_and_refused_with_any_byte_changed() {
    let Some(folder) = common::vectors("tlog-tessera") else { return };
    let entries = read_tessera(&folder, None).unwrap();
    assert_eq!(
        (entries.len(), entries[0].as_slice(), entries[14].as_slice()),
        (15, b"one".as_slice(), b"fivten".as_slice())
    );
    let mut tried = 0;
    for path in ["checkpoint", "tile/0/000.p/15", "tile/entries/000.p/15"] {
        let original = fs::read(folder.join(path)).unwrap();
        for at in 0..original.len() {
            for flip in [0x01, 0x20, 0x80, 0xff] {
                let mut bytes = original.clone();
                bytes[at] ^= flip;
                let error = read_tessera(&folder, Some((path, &bytes))).expect_err(&format!("{path}, byte {at}"));
                assert!(path == "checkpoint" || error.starts_with(path), "{error}");
                tried += 1;
            }
        }
        for bytes in [&original[..original.len() - 1], &[original.as_slice(), &[0]].concat()] {
            assert!(read_tessera(&folder, Some((path, bytes))).is_err(), "{path}");
        }
    }
    assert_eq!(tried, 4 * (196 + 480 + 99));
}

#[test]
fn every_size_of_the_tessera_log_is_made_again_byte_for_byte() {
    let Some(folder) = common::vectors("tlog-tessera") else { return };
    let key: VerifierKey = TESSERA_KEY.parse().unwrap();
    let origin = Origin::new("example.com/log/testdata").unwrap();
    let last = fs::read(folder.join("tile/entries/000.p/15")).unwrap();
    let entries = parse_bundle(&last, 15).unwrap();
    let mut tree = MemoryTree::new();
    for size in 0..=15u64 {
        let note = fs::read(folder.join(format!("checkpoint.{size}"))).unwrap();
        let head = checkpoint::open(&note, &origin, &key).unwrap();
        assert_eq!((head.size, head.root), (size, tree.root()));
        assert!(String::from_utf8(note).unwrap().starts_with(&head.to_text()));
        if size > 0 {
            let tile = TileId::new(0, 0, size as u16).unwrap();
            assert_eq!(fs::read(folder.join(tile.path())).unwrap(), tile_bytes(&tree, tile).unwrap());
            let bundle = BundleId::new(0, size as u16).unwrap();
            assert_eq!(fs::read(folder.join(bundle.path())).unwrap(), write_bundle(&entries[..size as usize]).unwrap());
        }
        if size < 15 {
            tree.append(entries[size as usize]);
        }
    }
}

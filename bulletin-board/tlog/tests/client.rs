//! The verifying reader over logs of many sizes, honest and not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::TestLog;
use tlog::client::{MAX_READ, ReadSummary, Reader, bundle_count};
use tlog::layout::Resource;
use tlog::tile::{TileId, tile_bytes};
use tlog::{ClientError, EMPTY_ROOT, Hash, NodeSource, leaf_hash};

/// Feeds everything that the reader wants, `step` resources at a time and the last first, and returns the entries.
fn drain(reader: &mut Reader, log: &TestLog, step: usize) -> Vec<(u64, Vec<u8>)> {
    let mut entries = Vec::new();
    loop {
        let mut wanted = reader.wanted(step);
        if wanted.is_empty() {
            return entries;
        }
        wanted.reverse();
        for resource in wanted {
            reader.feed(&resource.path(), &log.serve(resource).unwrap()).unwrap();
        }
        entries.extend(std::iter::from_fn(|| reader.next_entry()).map(|entry| (entry.index, entry.bytes)));
    }
}

fn expected(log: &TestLog, from: u64, to: u64) -> Vec<(u64, Vec<u8>)> {
    (from..to).map(|index| (index, log.entries[index as usize].clone())).collect()
}

fn root(log: &TestLog, size: u64) -> Hash {
    log.tree.root_at(size).unwrap()
}

#[test]
fn logs_of_many_sizes_are_read_in_order() {
    let log = TestLog::new(70_000);
    for size in [0, 1, 2, 15, 255, 256, 257, 512, 1000, 65_536, 65_537, 70_000] {
        for step in [1, 7] {
            if size > 1000 && step == 1 {
                continue;
            }
            let mut reader = Reader::new(size, root(&log, size)).unwrap();
            assert_eq!(drain(&mut reader, &log, step), expected(&log, 0, size), "{size}");
            let summary = ReadSummary { entries: size, size, root: root(&log, size) };
            assert_eq!(reader.finish().unwrap(), summary);
        }
    }
    assert_eq!([bundle_count(0), bundle_count(1), bundle_count(256), bundle_count(257)], [0, 1, 1, 2]);
}

#[test]
fn reading_resumes_at_any_size() {
    let log = TestLog::new(66_000);
    let sizes = [0, 1, 3, 255, 256, 300, 511, 512, 513, 65_535, 65_536, 65_800, 66_000];
    for (at, old) in sizes.into_iter().enumerate() {
        for new in &sizes[at..] {
            let mut reader = Reader::resume((old, root(&log, old)), (*new, root(&log, *new))).unwrap();
            assert_eq!(drain(&mut reader, &log, 64), expected(&log, old, *new), "{old} to {new}");
            assert_eq!(reader.finish().unwrap().entries, new - old);
        }
    }
    // Only what is new is fetched: one bundle and the edge.
    let reader = Reader::resume((65_800, root(&log, 65_800)), (66_000, root(&log, 66_000))).unwrap();
    assert_eq!(reader.wanted_paths(100), ["tile/0/257.p/208", "tile/1/001.p/1", "tile/2/000.p/1"]);
}

#[test]
fn a_changed_resource_is_named_and_can_be_fetched_again() {
    let size = 66_000;
    let log = TestLog::new(size);
    for resource in log.resources(size).into_iter().filter(|r| {
        // A sample: all upper tiles, some lower ones, some bundles.
        match r {
            Resource::Tile(tile) => tile.level() > 0 || tile.index() % 50 == 0 || !tile.is_full(),
            Resource::Entries(bundle) => bundle.index() % 60 == 0 || !bundle.is_full(),
            Resource::Checkpoint => false,
        }
    }) {
        let good = log.serve(resource).unwrap();
        for at in [0, 2, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            let mut reader = Reader::new(size, root(&log, size)).unwrap();
            let mut failure = None;
            let mut yielded = 0;
            while let Some(wanted) = reader.wanted(1).first().copied() {
                let spoiled = wanted == resource && failure.is_none();
                let bytes = if spoiled { bad.clone() } else { log.serve(wanted).unwrap() };
                if let Err(error) = reader.feed(&wanted.path(), &bytes) {
                    assert!(failure.is_none(), "{resource}: a second failure: {error}");
                    assert!(error.to_string().contains(&resource.path()), "{resource}: {error}");
                    failure = Some(error);
                }
                while let Some(entry) = reader.next_entry() {
                    assert_eq!(entry.bytes, log.entries[entry.index as usize]);
                    yielded += 1;
                }
            }
            assert!(failure.is_some(), "{resource}: not noticed");
            assert_eq!(yielded, size);
        }
    }
}

#[test]
fn a35_an_unfinished_reading_is_no_success() {
    let log = TestLog::new(300);
    let reader = Reader::new(300, log.tree.root()).unwrap();
    assert_eq!(reader.finish(), Err(ClientError::Incomplete { expected: 300, yielded: 0 }));
    let mut reader = Reader::new(300, log.tree.root()).unwrap();
    while let Some(wanted) = reader.wanted(1).first().copied() {
        reader.feed(&wanted.path(), &log.serve(wanted).unwrap()).unwrap();
    }
    assert!(reader.next_entry().is_some());
    assert_eq!(reader.finish(), Err(ClientError::Incomplete { expected: 300, yielded: 1 }));
}

#[test]
fn a19_a_tree_that_does_not_extend_the_old_one_is_refused() {
    let log = TestLog::new(400);
    let mut other = TestLog::new(100);
    other.append(b"another entry 100");
    (101..400).for_each(|index| other.append(format!("entry {index}").as_bytes()));
    for old in [101, 128, 255, 256, 257, 399] {
        let mut reader = Reader::resume((old, root(&log, old)), (400, root(&other, 400))).unwrap();
        let mut outcome = Ok(());
        for resource in reader.wanted(100) {
            outcome = outcome.and(reader.feed(&resource.path(), &other.serve(resource).unwrap()));
        }
        assert_eq!(outcome, Err(ClientError::Inconsistent { old, new: 400 }));
        assert!(reader.next_entry().is_none());
    }
    // Up to the entry that differs the trees agree.
    let mut reader = Reader::resume((100, root(&log, 100)), (400, root(&other, 400))).unwrap();
    assert_eq!(drain(&mut reader, &other, 9).len(), 300);
    // Equal sizes need no fetching.
    assert!(matches!(
        Reader::resume((400, root(&log, 400)), (400, root(&other, 400))),
        Err(ClientError::Inconsistent { .. })
    ));
    assert!(matches!(
        Reader::resume((400, root(&log, 400)), (399, root(&log, 399))),
        Err(ClientError::Shrinks { old: 400, new: 399 })
    ));
}

#[test]
fn another_log_does_not_fit_the_checkpoint() {
    let log = TestLog::new(300);
    let mut reader = Reader::new(300, leaf_hash(b"another root")).unwrap();
    let mut outcome = Ok(());
    for resource in reader.wanted(100) {
        outcome = outcome.and(reader.feed(&resource.path(), &log.serve(resource).unwrap()));
    }
    assert_eq!(outcome, Err(ClientError::CheckpointRoot { paths: "tile/0/001.p/44, tile/1/000.p/1".into() }));
    // The tiles at fault are wanted again, and no bundle before they fit.
    assert_eq!(reader.wanted_paths(100), ["tile/0/001.p/44", "tile/1/000.p/1"]);
}

#[test]
fn full_resources_stand_in_for_partial_ones() {
    let log = TestLog::new(600);
    let mut reader = Reader::new(300, root(&log, 300)).unwrap();
    let mut count = 0;
    loop {
        let wanted = reader.wanted(1);
        let Some(resource) = wanted.first() else { break };
        let full = match resource {
            // Level 1 has no full tile yet.
            Resource::Tile(tile) if tile.level() == 0 => Resource::Tile(tile.to_full()),
            Resource::Entries(bundle) => Resource::Entries(bundle.to_full()),
            other => *other,
        };
        reader.feed(&full.path(), &log.serve(full).unwrap()).unwrap();
        while reader.next_entry().is_some() {
            count += 1;
        }
    }
    assert_eq!(count, 300);
    assert_eq!(reader.finish().unwrap().entries, 300);
}

#[test]
fn unwanted_and_malformed_resources_are_refused() {
    let log = TestLog::new(300);
    let mut reader = Reader::new(300, log.tree.root()).unwrap();
    let serve = |path: &str| log.serve(Resource::from_path(path).unwrap()).unwrap();
    let not_wanted = |path: &str| Err(ClientError::NotWanted { path: path.into() });
    assert_eq!(reader.feed("checkpoint", b""), not_wanted("checkpoint"));
    // A bundle before the tiles are checked; a tile that is narrower than wanted.
    assert_eq!(reader.feed("tile/entries/000", &serve("tile/entries/000")), not_wanted("tile/entries/000"));
    assert_eq!(reader.feed("tile/0/000.p/9", &serve("tile/0/000.p/9")), not_wanted("tile/0/000.p/9"));
    assert!(matches!(reader.feed("tile/0/0", b""), Err(ClientError::Malformed { .. })));
    assert!(matches!(reader.feed("tile/0/000", &[0; 8191]), Err(ClientError::Malformed { .. })));
    for path in reader.wanted_paths(10) {
        reader.feed(&path, &serve(&path)).unwrap();
        assert_eq!(reader.feed(&path, &serve(&path)), not_wanted(&path));
    }
    assert_eq!(reader.wanted_paths(10), ["tile/entries/000", "tile/entries/001.p/44"]);
    assert_eq!(reader.wanted_paths(1), ["tile/entries/000"]);
    let bundle = serve("tile/entries/001.p/44");
    assert!(matches!(
        reader.feed("tile/entries/001.p/44", &bundle[..bundle.len() - 1]),
        Err(ClientError::Malformed { .. })
    ));
    assert_eq!(reader.feed("tile/entries/002", &bundle), not_wanted("tile/entries/002"));
    reader.feed("tile/entries/001.p/44", &bundle).unwrap();
    // It waits for its turn.
    assert!(reader.next_entry().is_none());
    assert_eq!(reader.wanted_paths(10), ["tile/entries/000"]);
    // An entry that is the one of another place.
    let mut entries = log.entries[..256].to_vec();
    entries.swap(7, 8);
    let swapped = tlog::tile::write_bundle(&entries).unwrap();
    assert_eq!(
        reader.feed("tile/entries/000", &swapped),
        Err(ClientError::Entry { path: "tile/entries/000".into(), index: 7 })
    );
}

#[test]
fn impossible_heads_are_refused() {
    assert!(matches!(Reader::new(0, leaf_hash(b"")), Err(ClientError::EmptyTreeRoot)));
    assert!(matches!(Reader::new(MAX_READ + 1, EMPTY_ROOT), Err(ClientError::TooLarge { .. })));
    assert!(matches!(Reader::new(u64::MAX, EMPTY_ROOT), Err(ClientError::TooLarge { .. })));
    // Far out, but with few new entries.
    let reader = Reader::resume((u64::MAX - 2, EMPTY_ROOT), (u64::MAX, EMPTY_ROOT)).unwrap();
    assert_eq!(reader.wanted(100).len(), 8);
}

#[test]
fn proofs_can_be_made_from_the_tiles_that_were_read() {
    let log = TestLog::new(300);
    let mut reader = Reader::new(300, log.tree.root()).unwrap();
    drain(&mut reader, &log, 5);
    assert_eq!(tlog::tree::inclusion(reader.tiles(), 7, 300), log.tree.inclusion(7, 300));
    let tile = TileId::new(0, 0, 256).unwrap();
    assert_eq!(tile_bytes(reader.tiles(), tile), tile_bytes(&log.tree, tile));
    assert_eq!(reader.tiles().node(8, 0), log.tree.node(8, 0));
}

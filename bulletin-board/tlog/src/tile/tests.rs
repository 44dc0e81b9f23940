//! Tiles: the specification's worked examples, paths, growth, and proofs made from tiles.

use proptest::prelude::*;

use super::*;
use crate::hash::leaf_hash;
use crate::tree::{MemoryTree, consistency, consistency_nodes, inclusion, inclusion_nodes, root_at};

fn tree_of(size: u64) -> MemoryTree {
    let mut tree = MemoryTree::new();
    (0..size).for_each(|i| tree.append_leaf_hash(leaf_hash(&i.to_be_bytes())));
    tree
}

#[test]
fn the_examples_of_the_specification() {
    let path = |index| TileId::new(0, index, 256).unwrap().path();
    assert_eq!(path(1_234_067), "tile/0/x001/x234/067");
    assert_eq!(TileId::new(0, 1067, 256).unwrap().path(), "tile/0/x001/067");
    // A tree of 70,000 entries.
    let tiles: Vec<TileId> = tiles_for_size(70_000).collect();
    let count = |level, full| tiles.iter().filter(|t| t.level() == level && t.is_full() == full).count();
    assert_eq!((count(0, true), count(0, false)), (273, 1));
    assert_eq!((count(1, true), count(1, false)), (1, 1));
    assert_eq!((count(2, true), count(2, false)), (0, 1));
    assert_eq!(tiles.len(), 277);
    let edge: Vec<(u8, u16)> = edge_tiles(70_000).map(|t| (t.level(), t.width())).collect();
    assert_eq!(edge, [(0, 112), (1, 17), (2, 1)]);
    // A tree of 256 entries.
    let paths: Vec<String> = tiles_for_size(256).map(TileId::path).collect();
    assert_eq!(paths, ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(tiles_for_size(0).count(), 0);
    assert_eq!(
        bundles_for_size(257).map(BundleId::path).collect::<Vec<_>>(),
        ["tile/entries/000", "tile/entries/001.p/1"]
    );
}

#[test]
fn only_canonical_paths_are_read() {
    for good in ["tile/0/000", "tile/63/x018/x446/x744/x073/x709/x551/615", "tile/1/999.p/255", "tile/7/x001/000.p/1"] {
        assert_eq!(TileId::from_path(good).unwrap().path(), good);
    }
    for bad in [
        "",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/256/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/x001",
        "tile/0/001/002",
        "tile/0/x001/x002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p/1/",
        "tile/0/000/",
        "tile/0//000",
        "/tile/0/000",
        "tile/0/+01",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x001/x000/x000/x000/x000/x000/x000/x000/000",
        "tile/entries/000",
        "tile/0/x00é/000",
    ] {
        assert!(TileId::from_path(bad).is_err(), "{bad}");
    }
    assert_eq!(BundleId::from_path("tile/entries/x001/067.p/9").unwrap(), BundleId::new(1067, 9).unwrap());
    assert!(BundleId::from_path("tile/0/000").is_err());
    assert_eq!(TileId::new(64, 0, 1), Err(TileError::Level { level: 64 }));
    assert_eq!(TileId::new(0, 0, 0), Err(TileError::Width { width: 0 }));
    assert_eq!(BundleId::new(0, 257), Err(TileError::Width { width: 257 }));
}

#[test]
fn bundles_are_read_strictly() {
    let entries: [&[u8]; 3] = [b"one", b"", b"three"];
    let bytes = write_bundle(&entries).unwrap();
    assert_eq!(bytes, b"\0\x03one\0\0\0\x05three");
    assert_eq!(parse_bundle(&bytes, 3).unwrap(), entries);
    assert_eq!(parse_bundle(&bytes, 2), Err(TileError::BundleTrailing { bytes: 7 }));
    assert_eq!(parse_bundle(&bytes, 4), Err(TileError::BundleShort { expected: 4, complete: 3 }));
    assert_eq!(parse_bundle(&bytes[..11], 3), Err(TileError::BundleShort { expected: 3, complete: 2 }));
    assert_eq!(parse_bundle(&bytes[..8], 3), Err(TileError::BundleShort { expected: 3, complete: 2 }));
    assert_eq!(parse_bundle(b"", 0), Err(TileError::Width { width: 0 }));
    assert_eq!(parse_bundle(b"", 257), Err(TileError::Width { width: 257 }));
    assert!(write_bundle::<&[u8]>(&[]).is_err());
    assert!(write_bundle(&vec![b"x"; 257]).is_err());
    assert_eq!(write_bundle(&[vec![0; MAX_ENTRY + 1]]), Err(TileError::EntryTooLong { bytes: MAX_ENTRY + 1 }));
    let longest = write_bundle(&vec![vec![7; MAX_ENTRY]; 256]).unwrap();
    assert_eq!(longest.len(), MAX_BUNDLE);
    assert_eq!(parse_bundle(&longest, 256).unwrap().len(), 256);
}

#[test]
fn a_growing_log_publishes_exactly_what_is_new() {
    for (old, new) in
        [(0, 0), (0, 1), (1, 2), (255, 256), (256, 256), (255, 257), (10, 70_000), (65_536, 65_537), (9, 3)]
    {
        let before: BTreeSet<TileId> = tiles_for_size(old).collect();
        let after: BTreeSet<TileId> = tiles_for_size(new).collect();
        let published: BTreeSet<TileId> = new_tiles(old, new).collect();
        if old <= new {
            let missing: BTreeSet<TileId> = after.difference(&before).copied().collect();
            // Partial tiles of a level that did not grow are there already.
            let grown = |tile: &TileId| nodes_at(tile.level(), old) != nodes_at(tile.level(), new);
            assert_eq!(published, missing.into_iter().filter(grown).collect(), "{old} to {new}");
        } else {
            assert!(published.is_empty());
        }
        let held: BTreeSet<BundleId> = bundles_for_size(old).collect();
        let expected: BTreeSet<BundleId> = bundles_for_size(new).filter(|b| old < new && !held.contains(b)).collect();
        assert_eq!(new_bundles(old, new).collect::<BTreeSet<_>>(), expected, "{old} to {new}");
    }
    // Sizes at the end of the range don't overflow.
    assert_eq!(edge_tiles(u64::MAX).count(), 8);
    assert_eq!(new_tiles(u64::MAX - 1, u64::MAX).map(TileId::width).collect::<Vec<_>>(), [255]);
}

#[test]
fn proofs_from_tiles_equal_those_from_the_tree() {
    for size in [1, 2, 255, 256, 257, 511, 513, 1000, 65_536, 66_000] {
        let tree = tree_of(size);
        let mut store = TileStore::new();
        for tile in tiles_for_size(size) {
            store.insert(tile, &tile_bytes(&tree, tile).unwrap()).unwrap();
        }
        assert_eq!(root_at(&store, size).unwrap(), tree.root(), "{size}");
        for other in [0, 1, size / 3, size / 2, size - 1] {
            assert_eq!(inclusion(&store, other.min(size - 1), size), tree.inclusion(other.min(size - 1), size));
            assert_eq!(consistency(&store, other, size), tree.consistency(other, size));
        }
    }
}

#[test]
fn the_tiles_of_a_proof_are_enough() {
    let size = 70_000;
    let tree = tree_of(size);
    for other in [0, 1, 255, 256, 40_000, 65_535, 65_536, size - 1] {
        for (nodes, is_inclusion) in
            [(inclusion_nodes(other, size).unwrap(), true), (consistency_nodes(other, size).unwrap(), false)]
        {
            let mut store = TileStore::new();
            let tiles = tiles_for_nodes(&nodes, size);
            assert!(tiles.len() <= 6, "{} tiles", tiles.len());
            for tile in tiles {
                store.insert(tile, &tile_bytes(&tree, tile).unwrap()).unwrap();
            }
            if is_inclusion {
                assert_eq!(inclusion(&store, other, size), tree.inclusion(other, size));
            } else {
                assert_eq!(consistency(&store, other, size), tree.consistency(other, size));
            }
        }
    }
}

#[test]
fn the_store_keeps_the_widest_tile_and_refuses_wrong_lengths() {
    let tree = tree_of(300);
    let mut store = TileStore::new();
    let full = TileId::new(0, 0, 256).unwrap();
    let narrow = TileId::new(0, 0, 4).unwrap();
    store.insert(full, &tile_bytes(&tree, full).unwrap()).unwrap();
    store.insert(narrow, &tile_bytes(&tree, narrow).unwrap()).unwrap();
    assert_eq!(store.tile_root(0, 0), tree.node(8, 0));
    assert_eq!(store.insert(narrow, &[0; 127]), Err(TileError::TileLength { expected: 128, found: 127 }));
    store.remove(0, 0);
    assert_eq!(store.hashes(0, 0), None);
    assert_eq!(tile_bytes(&tree, TileId::new(0, 1, 45).unwrap()), None);
    assert_eq!(tile_bytes(&tree, TileId::new(63, u64::MAX, 256).unwrap()), None);
}

proptest! {
    #[test]
    fn paths_come_back(level in 0u8..=63, index: u64, width in 1u16..=256) {
        let tile = TileId::new(level, index, width).unwrap();
        prop_assert_eq!(TileId::from_path(&tile.path()).unwrap(), tile);
        let bundle = BundleId::new(index, width).unwrap();
        prop_assert_eq!(bundle.path().parse::<BundleId>().unwrap(), bundle);
        prop_assert!(tile.path().len() < 60);
    }

    #[test]
    fn path_reader_never_panics(text in "(tile/)?[0-9x/.p]{0,60}") {
        if let Ok(tile) = TileId::from_path(&text) {
            prop_assert_eq!(tile.path(), text.clone());
        }
        let _ = BundleId::from_path(&text).is_ok();
    }

    #[test]
    fn bundles_come_back(entries in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..=256)) {
        let bytes = write_bundle(&entries).unwrap();
        prop_assert_eq!(parse_bundle(&bytes, entries.len()).unwrap(), entries);
    }

    #[test]
    fn bundle_reader_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..600), count in 0usize..300) {
        if let Ok(entries) = parse_bundle(&bytes, count) {
            prop_assert_eq!(write_bundle(&entries).unwrap(), bytes);
        }
    }
}

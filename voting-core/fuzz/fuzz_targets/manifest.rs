//! A manifest that is accepted is written back byte for byte and founds a state with that one entry.

#![no_main]

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use tlog::hash::leaf_hash;
use voting_core::ids::EventId;
use voting_core::manifest::{Manifest, lint};
use voting_core::record::State;
use voting_core_fuzz::{WORLD, edited};

fn check(bytes: &[u8]) {
    let founded = State::found(bytes);
    let Ok(manifest) = Manifest::from_bytes(bytes) else {
        assert!(founded.is_err());
        return;
    };
    assert_eq!(manifest.as_bytes(), bytes);
    assert_eq!(manifest.event(), EventId::of_manifest(bytes));
    assert_eq!(Manifest::new((*manifest).clone()).as_ref(), Ok(&manifest));
    let _ = lint(&manifest);
    let state = founded.expect("a valid manifest");
    assert_eq!((state.size(), state.root()), (1, leaf_hash(bytes)));
}

fuzz_target!(|data: &[u8]| {
    check(data);
    if let Ok(bytes) = edited(&WORLD.sandbox.entries[0], &mut Unstructured::new(data)) {
        check(&bytes);
    }
});

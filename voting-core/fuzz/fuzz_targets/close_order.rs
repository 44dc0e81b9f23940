//! Only what the administrator signed opens as an order to close.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use voting_core::entry::{CloseOrder, open_close_order, sign_close_order};
use voting_core::ids::RoundId;
use voting_core::manifest::Manifest;
use voting_core_fuzz::{WORLD, edited};

struct Case {
    manifest: Manifest,
    order: CloseOrder,
    bytes: Vec<u8>,
}

static CASE: LazyLock<Case> = LazyLock::new(|| {
    let manifest = WORLD.sandbox.manifest();
    let order = CloseOrder { round: RoundId([5; 32]), time: 1_795_395_600 };
    let bytes = sign_close_order(&manifest.event(), &order, &WORLD.sandbox.administrator);
    assert_eq!(open_close_order(&manifest, &bytes).as_ref(), Ok(&order));
    Case { manifest, order, bytes }
});

fn check(bytes: &[u8]) {
    if let Ok(order) = open_close_order(&CASE.manifest, bytes) {
        assert_eq!(bytes, CASE.bytes);
        assert_eq!(order, CASE.order);
    }
}

fuzz_target!(|data: &[u8]| {
    check(data);
    let mut u = Unstructured::new(data);
    if let Ok(bytes) = edited(&CASE.bytes, &mut u) {
        check(&bytes);
    }
    // Signed entries of the same event are no orders.
    if let Ok(bytes) = WORLD.entry(&mut u) {
        check(&bytes);
    }
});

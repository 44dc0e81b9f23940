//! An observer card that is read is written back byte for byte.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use tlog::cosign::CosigningKey;
use tlog::note::KeyName;
use voting_core::card::Card;
use voting_core::testing::Sandbox;
use voting_core_fuzz::edited;

static VALID: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let name = KeyName::new("w.example.org").expect("a name");
    let policy =
        format!("witness w1 {}\ngroup all any w1\nquorum all\n", CosigningKey::from_seed(name, &[7; 32]).verifier());
    let manifest = Sandbox::with(1, |fields| fields.witness_policy = policy).manifest();
    Card::of(&manifest).expect("a card").to_bytes()
});

fn read(bytes: &[u8]) {
    if let Ok(card) = Card::parse(bytes) {
        assert_eq!(card.to_bytes(), bytes, "one encoding");
        assert!(card.origin().as_str().ends_with(&card.event().to_string()));
    }
}

fuzz_target!(|data: &[u8]| {
    read(data);
    if let Ok(bytes) = edited(&VALID, &mut Unstructured::new(data)) {
        read(&bytes);
    }
});

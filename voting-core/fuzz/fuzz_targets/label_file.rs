//! Labels that are read are written back byte for byte, and a signed file says what its administrator signed.

#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use voting_core::codec;
use voting_core::ids::EventId;
use voting_core::labels::{Label, LabelFile, MAX_FILE};
use voting_core_fuzz::{WORLD, edited, rng};

static VALID: LazyLock<(LabelFile, Vec<u8>)> = LazyLock::new(|| {
    let texts =
        |text: &str| BTreeMap::from([("en".to_owned(), text.to_owned()), ("zh-CN".to_owned(), "文".to_owned())]);
    let labels = vec![Label::new(texts("a"), &mut rng()), Label::new(texts("bc"), &mut rng())];
    let file = LabelFile { event: EventId([1; 32]), audience: "public".into(), delete_day: 20_000, labels };
    let bytes = file.sign(&WORLD.sandbox.administrator);
    (file, bytes)
});

fn unsigned(bytes: &[u8]) {
    let Ok(file) = codec::from_bytes::<LabelFile>(bytes, MAX_FILE) else { return };
    assert_eq!(codec::to_bytes(&file), bytes);
    let administrator = &WORLD.sandbox.administrator;
    let labels = LabelFile::open(&file.sign(administrator), &file.event, &administrator.public()).expect("just signed");
    for label in &file.labels {
        assert_eq!(labels.get(&label.digest()), Some(label));
    }
}

fn signed(bytes: &[u8]) {
    let (file, valid) = &*VALID;
    if let Ok(labels) = LabelFile::open(bytes, &file.event, &WORLD.sandbox.administrator.public()) {
        assert_eq!(bytes, valid.as_slice(), "one encoding");
        assert_eq!(labels.len(), file.labels.len());
        assert!(file.labels.iter().all(|label| labels.get(&label.digest()) == Some(label)));
    }
}

fuzz_target!(|data: &[u8]| {
    unsigned(data);
    signed(data);
    let mut u = Unstructured::new(data);
    let (file, bytes) = &*VALID;
    if let Ok(bytes) = edited(&codec::to_bytes(file), &mut u) {
        unsigned(&bytes);
    }
    if let Ok(bytes) = edited(bytes, &mut u) {
        signed(&bytes);
    }
});

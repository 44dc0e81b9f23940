//! A proof of equal logarithms that is read is written back byte for byte, and no edit of a valid one verifies; nor does
//! an edit of a list of images or of its one proof.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use proofs::group::{BASE, Point, Scalar, decode_point};
use proofs::sigma::equal_dlog::{EqualDlog, EqualDlogBatch, EqualDlogProof};
use proofs_fuzz::{context, edited, key, rng};

static VALID: LazyLock<(EqualDlog, [u8; 64])> = LazyLock::new(|| {
    let secret = key().0;
    let statement = EqualDlog::of(&secret, BASE + BASE);
    let proof = EqualDlogProof::prove(&mut context(), &statement, &secret, &mut rng()).expect("a true statement");
    (statement, proof.to_bytes())
});

fn holds(bytes: &[u8]) -> bool {
    let Ok(proof) = EqualDlogProof::from_bytes(bytes) else { return false };
    assert_eq!(proof.to_bytes(), bytes);
    proof.verify(&mut context(), &VALID.0).is_ok()
}

/// Bases, of which one is the identity; their images and the proof, as bytes.
static LIST: LazyLock<(Vec<Point>, Vec<u8>)> = LazyLock::new(|| {
    let (secret, public) = key();
    let bases: Vec<_> = (0..5_u64).map(|factor| BASE * Scalar::from(factor)).collect();
    let proved = EqualDlogBatch::prove(&mut context(), &secret, public.point(), &bases, &mut rng());
    let (images, proof) = proved.expect("a true statement");
    let images = images.iter().flat_map(|image| image.compress().to_bytes());
    let bytes: Vec<u8> = images.chain(proof.to_bytes()).collect();
    assert!(list_holds(&bases, &bytes));
    (bases, bytes)
});

fn list_holds(bases: &[Point], bytes: &[u8]) -> bool {
    let Some(at) = bytes.len().checked_sub(EqualDlogProof::BYTES) else { return false };
    let (images, proof) = bytes.split_at(at);
    let images: Result<Vec<_>, _> = images.chunks(32).map(|bytes| decode_point(bytes, "image")).collect();
    let (Ok(images), Ok(proof)) = (images, EqualDlogProof::from_bytes(proof)) else { return false };
    EqualDlogBatch::verify(&mut context(), key().1.point(), bases, &images, &proof).is_ok()
}

fuzz_target!(|data: &[u8]| {
    let _ = holds(data);
    let (bases, list) = &*LIST;
    let _ = list_holds(bases, data);
    if let Ok(bytes) = edited(&VALID.1, &mut Unstructured::new(data)) {
        assert_eq!(holds(&bytes), bytes == VALID.1);
    }
    if let Ok(bytes) = edited(list, &mut Unstructured::new(data)) {
        assert_eq!(list_holds(bases, &bytes), bytes == *list);
    }
});

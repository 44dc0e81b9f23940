//! A proof of equal logarithms that is read is written back byte for byte, and no edit of a valid one verifies.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use proofs::group::BASE;
use proofs::sigma::equal_dlog::{EqualDlog, EqualDlogProof};
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

fuzz_target!(|data: &[u8]| {
    let _ = holds(data);
    if let Ok(bytes) = edited(&VALID.1, &mut Unstructured::new(data)) {
        assert_eq!(holds(&bytes), bytes == VALID.1);
    }
});

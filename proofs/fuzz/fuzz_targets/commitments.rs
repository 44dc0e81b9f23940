//! Commitments that are read are written back byte for byte, for the threshold asked and no other.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use proofs::sharing::{Commitments, Polynomial};
use proofs_fuzz::{edited, rng};

static VALID: LazyLock<(Polynomial, Vec<u8>)> = LazyLock::new(|| {
    let polynomial = Polynomial::random(3, &mut rng()).expect("a threshold of 3");
    let bytes = Commitments::of(&polynomial).encode();
    (polynomial, bytes)
});

fn check(bytes: &[u8], threshold: usize) -> Option<Commitments> {
    let commitments = Commitments::decode(bytes, threshold).ok()?;
    assert_eq!(commitments.encode(), bytes);
    assert_eq!((commitments.threshold(), bytes.len()), (threshold, 32 * threshold));
    assert_eq!(commitments.public_share(0), commitments.constant());
    Some(commitments)
}

fuzz_target!(|data: &[u8]| {
    let (polynomial, valid) = &*VALID;
    let mut u = Unstructured::new(data);
    let Ok(threshold) = u.arbitrary::<u8>() else { return };
    check(u.peek_bytes(u.len()).unwrap_or_default(), threshold.into());
    let Ok(bytes) = edited(valid, &mut u) else { return };
    if let Some(commitments) = check(&bytes, 3) {
        let share = polynomial.share(2).expect("index 2");
        assert_eq!(commitments.verify_share(2, &share), bytes == *valid, "a share of other commitments");
    }
});

//! A signature that is read is written back byte for byte, no edit of a valid one verifies, and a batch of one agrees.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use proofs::batch::{self, Item, Pending};
use proofs::elgamal::PublicKey;
use proofs::group::Generators;
use proofs::sigma::signature::Signature;
use proofs_fuzz::{ENTROPY, context, edited, key, rng};

static VALID: LazyLock<(PublicKey, [u8; 64])> = LazyLock::new(|| {
    let (secret, public) = key();
    (public, Signature::sign(&mut context(), &secret, &public, &mut rng()).to_bytes())
});

fn holds(bytes: &[u8]) -> bool {
    let Ok(signature) = Signature::from_bytes(bytes) else { return false };
    assert_eq!(signature.to_bytes(), bytes);
    let public = &VALID.0;
    let single = signature.verify(&mut context(), public).is_ok();
    let batched = signature.prepare(&mut context(), public).is_ok_and(|pending| {
        let item = Item::new(vec![Pending::Signature(pending)]);
        batch::verify(&[item], &Generators::new(0), public, &ENTROPY) == [true]
    });
    assert_eq!(single, batched);
    single
}

fuzz_target!(|data: &[u8]| {
    let _ = holds(data);
    if let Ok(bytes) = edited(&VALID.1, &mut Unstructured::new(data)) {
        assert_eq!(holds(&bytes), bytes == VALID.1);
    }
});

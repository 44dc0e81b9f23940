//! Every field of every statement and of every proof, and the context, changed one by one: each change is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use proofs::batch::{self, Item, Pending};
use proofs::elgamal::PublicKey;
use proofs::error::ProofError;
use proofs::group::{BASE, Generators, Point, Scalar};
use proofs::secret::SecretScalar;
use proofs::sigma::equal_dlog::{EqualDlog, EqualDlogProof};
use proofs::sigma::possession::PossessionProof;
use proofs::sigma::signature::Signature;
use proofs::transcript::Transcript;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

/// The group order, little endian: the smallest number that is not reduced.
const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

fn context(value: u64) -> Transcript {
    let mut transcript = Transcript::open(b"test of sigma proofs");
    transcript.bind_u64(b"value", value);
    transcript
}

fn key_pair(seed: u64) -> (SecretScalar, PublicKey) {
    let secret = SecretScalar::random(&mut ChaCha20Rng::seed_from_u64(seed));
    let public = PublicKey::of(&secret).unwrap();
    (secret, public)
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(99)
}

fn possession() -> (PossessionProof, PublicKey) {
    let (secret, public) = key_pair(1);
    (PossessionProof::prove(&mut context(0), &secret, &public, &mut rng()), public)
}

fn equality() -> (EqualDlogProof, EqualDlog) {
    let (secret, _) = key_pair(2);
    let statement = EqualDlog::of(&secret, *key_pair(3).1.point());
    (EqualDlogProof::prove(&mut context(0), &statement, &secret, &mut rng()).unwrap(), statement)
}

fn signature() -> (Signature, PublicKey) {
    let (secret, public) = key_pair(4);
    (Signature::sign(&mut context(0), &secret, &public, &mut rng()), public)
}

/// The proof bytes with 1 added to the scalar in one half.
fn with_scalar_changed(mut bytes: [u8; 64], half: usize) -> [u8; 64] {
    let part = &mut bytes[32 * half..32 * (half + 1)];
    let scalar = Scalar::from_canonical_bytes(part.try_into().unwrap()).unwrap();
    part.copy_from_slice((scalar + Scalar::ONE).as_bytes());
    bytes
}

fn with_order_in_half(mut bytes: [u8; 64], half: usize) -> [u8; 64] {
    bytes[32 * half..32 * (half + 1)].copy_from_slice(&hex::decode(ORDER).unwrap());
    bytes
}

// Possession ---------------------------------------------------------------------------------------------------------

#[test]
fn possession_is_accepted() {
    let (proof, public) = possession();
    assert_eq!(proof.verify(&mut context(0), &public), Ok(()));
}

#[test]
fn a1_possession_of_another_key_is_refused() {
    let (proof, public) = possession();
    for point in [*key_pair(5).1.point(), public.point() + BASE, -public.point()] {
        assert!(proof.verify(&mut context(0), &PublicKey::new(point).unwrap()).is_err());
    }
}

#[test]
fn a2_possession_in_another_context_is_refused() {
    let (proof, public) = possession();
    assert!(proof.verify(&mut context(1), &public).is_err());
    assert!(proof.verify(&mut Transcript::open(b"test of sigma proofs"), &public).is_err());
    assert!(proof.verify(&mut Transcript::open(b"else"), &public).is_err());
}

#[test]
fn a1_possession_with_changed_challenge_or_response_is_refused() {
    let (proof, public) = possession();
    for half in [0, 1] {
        let changed = PossessionProof::from_bytes(&with_scalar_changed(proof.to_bytes(), half)).unwrap();
        assert!(changed.verify(&mut context(0), &public).is_err(), "half {half}");
    }
}

#[test]
fn possession_with_a_foreign_secret_does_not_verify() {
    let (public, other) = (key_pair(1).1, key_pair(5).0);
    let proof = PossessionProof::prove(&mut context(0), &other, &public, &mut rng());
    assert!(proof.verify(&mut context(0), &public).is_err());
}

// Equality -----------------------------------------------------------------------------------------------------------

#[test]
fn equality_is_accepted() {
    let (proof, statement) = equality();
    assert_eq!(proof.verify(&mut context(0), &statement), Ok(()));
}

fn refused_with(change: impl Fn(&mut EqualDlog)) {
    let (proof, mut statement) = equality();
    change(&mut statement);
    let verdict = proof.verify(&mut context(0), &statement);
    assert_eq!(verdict, Err(ProofError::Invalid("proof of equal logarithms")));
}

#[test]
fn a6_equality_with_another_public_point_is_refused() {
    refused_with(|statement| statement.public += BASE);
}

#[test]
fn a6_equality_with_another_base_is_refused() {
    refused_with(|statement| statement.base += BASE);
}

#[test]
fn a6_equality_with_another_image_is_refused() {
    refused_with(|statement| statement.image += BASE);
    refused_with(|statement| statement.image = -statement.image);
    refused_with(|statement| statement.image = statement.public);
}

#[test]
fn a6_equality_with_swapped_or_scaled_points_is_refused() {
    refused_with(|statement| (statement.base, statement.image) = (statement.image, statement.base));
    // A true statement about another ciphertext, derived from the proved one.
    let two = Scalar::from(2_u64);
    refused_with(|statement| (statement.base, statement.image) = (statement.base * two, statement.image * two));
}

#[test]
fn a4_equality_with_identity_as_public_point_base_or_image_is_refused() {
    let (proof, statement) = equality();
    let identity = BASE - BASE;
    let verify = |statement: EqualDlog| proof.verify(&mut context(0), &statement);
    let public = verify(EqualDlog { public: identity, ..statement });
    assert_eq!(public, Err(ProofError::Identity("public point of an equality")));
    let base = verify(EqualDlog { base: identity, ..statement });
    assert_eq!(base, Err(ProofError::Identity("base of an equality")));
    assert!(verify(EqualDlog { image: identity, ..statement }).is_err());
    // Statements that would hold, with the secret 0 or about nothing, are not proved either.
    let zero = SecretScalar::from_scalar(Scalar::ZERO);
    let trivial = EqualDlog::of(&zero, BASE);
    assert!(EqualDlogProof::prove(&mut context(0), &trivial, &zero, &mut rng()).is_err());
    let (secret, _) = key_pair(2);
    let empty = EqualDlog::of(&secret, identity);
    assert!(EqualDlogProof::prove(&mut context(0), &empty, &secret, &mut rng()).is_err());
}

#[test]
fn a2_equality_in_another_context_is_refused() {
    let (proof, statement) = equality();
    assert!(proof.verify(&mut context(1), &statement).is_err());
    assert!(proof.verify(&mut Transcript::open(b"test of sigma proofs"), &statement).is_err());
}

#[test]
fn a1_equality_with_changed_challenge_or_response_is_refused() {
    let (proof, statement) = equality();
    for half in [0, 1] {
        let changed = EqualDlogProof::from_bytes(&with_scalar_changed(proof.to_bytes(), half)).unwrap();
        assert!(changed.verify(&mut context(0), &statement).is_err(), "half {half}");
    }
}

#[test]
fn a6_a_false_equality_cannot_be_proved_with_the_secret() {
    let (secret, _) = key_pair(2);
    let mut statement = EqualDlog::of(&secret, *key_pair(3).1.point());
    statement.image += BASE;
    let proof = EqualDlogProof::prove(&mut context(0), &statement, &secret, &mut rng()).unwrap();
    assert!(proof.verify(&mut context(0), &statement).is_err());
}

// Signature ----------------------------------------------------------------------------------------------------------

#[test]
fn signature_is_accepted() {
    let (signature, public) = signature();
    assert_eq!(signature.verify(&mut context(0), &public), Ok(()));
}

#[test]
fn a1_signature_under_another_key_is_refused() {
    let (signature, public) = signature();
    for point in [*key_pair(5).1.point(), public.point() + BASE, -public.point()] {
        let verdict = signature.verify(&mut context(0), &PublicKey::new(point).unwrap());
        assert_eq!(verdict, Err(ProofError::Invalid("signature")));
    }
}

#[test]
fn a2_signature_in_another_context_or_on_another_message_is_refused() {
    let (signature, public) = signature();
    assert!(signature.verify(&mut context(1), &public).is_err());
    let mut longer = context(0);
    longer.bind(b"value", b"");
    assert!(signature.verify(&mut longer, &public).is_err());
}

#[test]
fn a1_signature_with_changed_response_is_refused() {
    let (signature, public) = signature();
    let changed = Signature::from_bytes(&with_scalar_changed(signature.to_bytes(), 1)).unwrap();
    assert!(changed.verify(&mut context(0), &public).is_err());
}

#[test]
fn a1_signature_with_changed_commitment_is_refused() {
    let (signature, public) = signature();
    let mut bytes = signature.to_bytes();
    bytes[..32].copy_from_slice(BASE.compress().as_bytes());
    assert!(Signature::from_bytes(&bytes).unwrap().verify(&mut context(0), &public).is_err());
}

#[test]
fn a3_signature_with_a_commitment_that_is_no_point_is_refused() {
    let (signature, public) = signature();
    let mut bytes = signature.to_bytes();
    bytes[..32].fill(0xff);
    let verdict = Signature::from_bytes(&bytes).unwrap().verify(&mut context(0), &public);
    assert_eq!(verdict, Err(ProofError::Malformed("commitment of a signature")));
}

// Across the kinds ---------------------------------------------------------------------------------------------------

#[test]
fn a1_a_proof_of_one_type_is_none_of_another_type() {
    let (secret, public) = key_pair(1);
    let proof = PossessionProof::prove(&mut context(0), &secret, &public, &mut rng());
    // The same equation: R = zG - cP from the proof of possession, as a signature.
    let bytes = proof.to_bytes();
    let scalar = |half: &[u8]| Scalar::from_canonical_bytes(half.try_into().unwrap()).unwrap();
    let (c, z) = (scalar(&bytes[..32]), scalar(&bytes[32..]));
    let mut moved = [0; 64];
    moved[..32].copy_from_slice((BASE * z - public.point() * c).compress().as_bytes());
    moved[32..].copy_from_slice(z.as_bytes());
    assert!(Signature::from_bytes(&moved).unwrap().verify(&mut context(0), &public).is_err());
    let statement = EqualDlog { public: *public.point(), base: BASE, image: *public.point() };
    assert!(EqualDlogProof::from_bytes(&bytes).unwrap().verify(&mut context(0), &statement).is_err());
}

#[test]
fn a3_non_canonical_scalars_and_wrong_lengths_are_refused() {
    let (possession, equality, signature) = (possession().0, equality().0, signature().0);
    for half in [0, 1] {
        let bytes = with_order_in_half(possession.to_bytes(), half);
        assert!(matches!(PossessionProof::from_bytes(&bytes), Err(ProofError::Malformed(_))));
        let bytes = with_order_in_half(equality.to_bytes(), half);
        assert!(matches!(EqualDlogProof::from_bytes(&bytes), Err(ProofError::Malformed(_))));
    }
    let bytes = with_order_in_half(signature.to_bytes(), 1);
    assert!(matches!(Signature::from_bytes(&bytes), Err(ProofError::Malformed(_))));
    for length in [0, 31, 32, 63, 65, 96, 128] {
        let bytes = vec![0; length];
        assert!(matches!(PossessionProof::from_bytes(&bytes), Err(ProofError::Length(_))), "{length}");
        assert!(matches!(EqualDlogProof::from_bytes(&bytes), Err(ProofError::Length(_))), "{length}");
        assert!(matches!(Signature::from_bytes(&bytes), Err(ProofError::Length(_))), "{length}");
    }
}

/// A change of a label, an order or a derivation would silently fork the protocol. The bytes also fix the nonces.
#[test]
fn proofs_are_frozen() {
    assert_eq!(
        hex::encode(possession().0.to_bytes()),
        "a28f162b9f54371e5bf7548cf80fc1bd2534fd4b26c8a3dbba43c109265e7504d98cc8905757d474f3cf8ab3823cc52fd5ac220a6b4c7a2a99dbdeb82562ae07"
    );
    assert_eq!(
        hex::encode(equality().0.to_bytes()),
        "113ff82a249010d30d6ac0a98896411d520a19d472ab4a098c0f40a0a14ce107f0ddc29d07e03e189952da9bb7f8ca997d0a2b89dff27ef3d5bc22d6a20a9607"
    );
    assert_eq!(
        hex::encode(signature().0.to_bytes()),
        "848e9221343ad3957a7b3831fed5c162ead93b90160c134a817f7d6929a7d11399f400da6d1cec40fa9f16a1629c46be091044867d1ea5852bf97241f10cc80d"
    );
}

#[test]
fn provers_and_verifiers_leave_the_same_transcript_behind() {
    let (secret, public) = key_pair(1);
    let (mut prover, mut verifier) = (context(0), context(0));
    for _ in 0..2 {
        let proof = PossessionProof::prove(&mut prover, &secret, &public, &mut rng());
        assert_eq!(proof.verify(&mut verifier, &public), Ok(()));
        let statement = EqualDlog::of(&secret, BASE + BASE);
        let proof = EqualDlogProof::prove(&mut prover, &statement, &secret, &mut rng()).unwrap();
        assert_eq!(proof.verify(&mut verifier, &statement), Ok(()));
    }
}

// Batches ------------------------------------------------------------------------------------------------------------

/// A signature on `message` by key `index`, broken in one of several ways, as an item; and whether it is good.
fn item(index: u64, fault: u8) -> (Item, bool) {
    let (secret, public) = key_pair(1_000 + index);
    let signature = Signature::sign(&mut context(index), &secret, &public, &mut rng());
    let (signature, seen, key) = match fault {
        1 => (Signature::from_bytes(&with_scalar_changed(signature.to_bytes(), 1)).unwrap(), index, public),
        2 => (signature, index + 1, public),
        3 => (signature, index, key_pair(5).1),
        _ => (signature, index, public),
    };
    let single = signature.verify(&mut context(seen), &key).is_ok();
    assert_eq!(single, !(1..=3).contains(&fault));
    (Item::new(vec![Pending::Signature(signature.prepare(&mut context(seen), &key).unwrap())]), single)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// M4: batch and single verification agree, and the batch names exactly the bad ones.
    #[test]
    fn m4_batches_of_signatures_agree_with_single_verification(
        faults in proptest::collection::vec(0_u8..12, 0..20),
        entropy: [u8; 32],
    ) {
        let (items, expected): (Vec<_>, Vec<_>) = (0_u64..).zip(faults).map(|(i, fault)| item(i, fault)).unzip();
        let verdicts = batch::verify(&items, &Generators::new(0), &key_pair(6).1, &entropy);
        prop_assert_eq!(verdicts, expected);
    }

    #[test]
    fn a3_decoding_then_encoding_is_the_identity(bytes in proptest::collection::vec(any::<u8>(), 64)) {
        if let Ok(proof) = PossessionProof::from_bytes(&bytes) {
            prop_assert_eq!(&proof.to_bytes()[..], &bytes[..]);
        }
        if let Ok(proof) = EqualDlogProof::from_bytes(&bytes) {
            prop_assert_eq!(&proof.to_bytes()[..], &bytes[..]);
        }
        if let Ok(signature) = Signature::from_bytes(&bytes) {
            prop_assert_eq!(&signature.to_bytes()[..], &bytes[..]);
        }
    }

    #[test]
    fn honest_proofs_are_accepted_and_survive_encoding(seed: u64, value: u64, base: [u8; 32]) {
        let (secret, public) = key_pair(seed);
        let rng = &mut ChaCha20Rng::seed_from_u64(!seed);
        let proof = PossessionProof::prove(&mut context(value), &secret, &public, rng);
        let proof = PossessionProof::from_bytes(&proof.to_bytes()).unwrap();
        prop_assert_eq!(proof.verify(&mut context(value), &public), Ok(()));

        let mut wide = [0; 64];
        wide[..32].copy_from_slice(&base);
        let statement = EqualDlog::of(&secret, Point::from_uniform_bytes(&wide));
        let proof = EqualDlogProof::prove(&mut context(value), &statement, &secret, rng).unwrap();
        let proof = EqualDlogProof::from_bytes(&proof.to_bytes()).unwrap();
        prop_assert_eq!(proof.verify(&mut context(value), &statement), Ok(()));

        let signature = Signature::sign(&mut context(value), &secret, &public, rng);
        let signature = Signature::from_bytes(&signature.to_bytes()).unwrap();
        prop_assert_eq!(signature.verify(&mut context(value), &public), Ok(()));
    }

    /// Any single bit of a proof, changed, is refused when decoding or when verifying.
    #[test]
    fn a1_any_flipped_bit_of_a_proof_is_refused(bit in 0_usize..512) {
        let flip = |mut bytes: [u8; 64]| {
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        };
        let (proof, public) = possession();
        let verdict = PossessionProof::from_bytes(&flip(proof.to_bytes())).and_then(|p| p.verify(&mut context(0), &public));
        prop_assert!(verdict.is_err());
        let (proof, statement) = equality();
        let verdict = EqualDlogProof::from_bytes(&flip(proof.to_bytes())).and_then(|p| p.verify(&mut context(0), &statement));
        prop_assert!(verdict.is_err());
        let (signature, public) = signature();
        let verdict = Signature::from_bytes(&flip(signature.to_bytes())).and_then(|s| s.verify(&mut context(0), &public));
        prop_assert!(verdict.is_err());
    }
}

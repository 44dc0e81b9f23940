use curve25519_dalek::traits::Identity;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::group::{BASE, BASE_TABLE};

fn context() -> Transcript {
    Transcript::open(b"test of lists")
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

fn secret() -> SecretScalar {
    SecretScalar::from_wide_bytes(&[9; 64])
}

fn identity() -> Point {
    Point::identity()
}

#[derive(Clone)]
struct Case {
    public: Point,
    bases: Vec<Point>,
    images: Vec<Point>,
    proof: EqualDlogProof,
}

impl Case {
    fn of(bases: Vec<Point>) -> Self {
        let public = BASE_TABLE * secret().expose();
        let proved = EqualDlogBatch::prove(&mut context(), &secret(), &public, &bases, &mut rng());
        let (images, proof) = proved.unwrap();
        Self { public, bases, images, proof }
    }

    fn new() -> Self {
        Self::of((2_u64..7).map(|factor| BASE * Scalar::from(factor * factor)).collect())
    }

    fn verify(&self) -> Result<(), ProofError> {
        EqualDlogBatch::verify(&mut context(), &self.public, &self.bases, &self.images, &self.proof)
    }
}

fn refused(change: impl Fn(&mut Case)) {
    let mut case = Case::new();
    change(&mut case);
    assert_eq!(case.verify(), Err(ProofError::Invalid(WHAT)));
}

#[test]
fn a_list_of_true_images_is_accepted() {
    let case = Case::new();
    assert_eq!(case.verify(), Ok(()));
    assert!(case.bases.iter().zip(&case.images).all(|(base, image)| base * secret().expose() == *image));
    let read = EqualDlogProof::from_bytes(&case.proof.to_bytes()).unwrap();
    assert_eq!(Case { proof: read, ..case }.verify(), Ok(()));
    assert_eq!(Case::of(vec![BASE + BASE]).verify(), Ok(()));
}

#[test]
fn a6_each_wrong_image_and_base_is_refused() {
    for i in 0..5 {
        refused(|case| case.images[i] += BASE);
        refused(|case| case.images[i] = identity());
        refused(|case| case.images[i] = -case.images[i]);
        refused(|case| case.bases[i] += BASE);
        refused(|case| {
            (case.bases[i], case.images[i]) = (case.bases[i] + case.bases[i], case.images[i] + case.images[i])
        });
    }
    refused(|case| case.public += BASE);
}

#[test]
fn a6_swapped_images_pairs_and_halves_are_refused() {
    refused(|case| case.images.swap(0, 1));
    refused(|case| case.bases.swap(3, 4));
    refused(|case| (case.bases.swap(0, 1), case.images.swap(0, 1)).0);
    refused(|case| core::mem::swap(&mut case.bases, &mut case.images));
}

#[test]
fn a1_changed_proofs_and_contexts_are_refused() {
    refused(|case| case.proof.challenge += Scalar::ONE);
    refused(|case| case.proof.response += Scalar::ONE);
    refused(|case| case.proof = NOTHING);
    let case = Case::new();
    let mut other = context();
    other.bind_u64(b"more", 1);
    assert!(EqualDlogBatch::verify(&mut other, &case.public, &case.bases, &case.images, &case.proof).is_err());
}

#[test]
fn a35_lists_that_are_empty_or_of_other_lengths_are_refused() {
    let length = Err(ProofError::Length("list of an equality"));
    let case = Case::new();
    let verify = |bases: &[Point], images: &[Point]| {
        EqualDlogBatch::verify(&mut context(), &case.public, bases, images, &case.proof)
    };
    assert_eq!(verify(&[], &[]), length);
    assert_eq!(verify(&case.bases[..4], &case.images), length);
    assert_eq!(verify(&case.bases, &case.images[..4]), length);
    assert_eq!(verify(&case.bases[..4], &case.images[..4]), Err(ProofError::Invalid(WHAT)), "a shorter list");
    let proved = EqualDlogBatch::prove(&mut context(), &secret(), &case.public, &[], &mut rng());
    assert_eq!(proved, Err(ProofError::Length("list of an equality")));
}

/// A prover that knows the secret and runs the protocol on two images whose errors add up to nothing. Under equal
/// weights, programmed here, the combination is true and the proof verifies; under drawn weights it does not.
#[test]
fn a6_two_errors_that_cancel_under_equal_weights_are_refused() {
    let Case { public, bases, mut images, .. } = Case::new();
    images[1] += BASE;
    images[3] -= BASE;
    let run = |weights: &[Scalar]| {
        let (mut prover, mut verifier) = (context(), context());
        prover.program(weights);
        verifier.program(weights);
        let proof = prove_images(&mut prover, &secret(), &public, &bases, &images, &mut rng()).unwrap();
        EqualDlogBatch::verify(&mut verifier, &public, &bases, &images, &proof)
    };
    assert_eq!(run(&[Scalar::from(4_u64); 5]), Ok(()), "the attack is real under equal weights");
    assert_eq!(run(&[]), Err(ProofError::Invalid(WHAT)));
}

#[test]
fn a6_a_prover_with_the_secret_cannot_prove_any_one_false_image() {
    for i in 0..5 {
        let Case { public, bases, mut images, .. } = Case::new();
        images[i] += BASE;
        let proof = prove_images(&mut context(), &secret(), &public, &bases, &images, &mut rng()).unwrap();
        let verdict = EqualDlogBatch::verify(&mut context(), &public, &bases, &images, &proof);
        assert_eq!(verdict, Err(ProofError::Invalid(WHAT)));
    }
    // Nor with another secret, whose images are all wrong.
    let public = BASE_TABLE * secret().expose();
    let (images, proof) =
        EqualDlogBatch::prove(&mut context(), &SecretScalar::random(&mut rng()), &public, &[BASE], &mut rng()).unwrap();
    assert!(EqualDlogBatch::verify(&mut context(), &public, &[BASE], &images, &proof).is_err());
}

#[test]
fn a6_a_base_that_is_the_identity_forces_its_image() {
    let bases = vec![BASE, identity(), BASE + BASE];
    let case = Case::of(bases);
    assert_eq!(case.verify(), Ok(()));
    assert!(case.images[1].is_identity());
    let mut wrong = case.clone();
    wrong.images[1] = BASE;
    assert_eq!(wrong.verify(), Err(ProofError::Invalid(WHAT)));
    // Even for a prover that runs the protocol on the false image.
    let Case { public, bases, images, .. } = wrong;
    let proof = prove_images(&mut context(), &secret(), &public, &bases, &images, &mut rng()).unwrap();
    let verdict = EqualDlogBatch::verify(&mut context(), &public, &bases, &images, &proof);
    assert_eq!(verdict, Err(ProofError::Invalid(WHAT)));
}

#[test]
fn a6_a_list_of_identities_has_one_proof_fixed_to_the_byte() {
    let case = Case::of(vec![identity(); 3]);
    assert_eq!(case.proof.to_bytes(), [0; 64]);
    assert_eq!(case.verify(), Ok(()));
    for change in [
        |case: &mut Case| case.proof.challenge = Scalar::ONE,
        |case: &mut Case| case.proof.response = Scalar::ONE,
        |case: &mut Case| case.proof = Case::new().proof,
        |case: &mut Case| case.images[2] = BASE,
        |case: &mut Case| case.images = vec![BASE, -BASE, Point::identity()],
    ] {
        let mut wrong = case.clone();
        change(&mut wrong);
        assert_eq!(wrong.verify(), Err(ProofError::Invalid(WHAT)));
    }
}

/// Bases that cancel under the weights: cannot happen by chance, so it is refused on both sides.
#[test]
fn a6_bases_that_cancel_are_not_taken_for_a_list_of_identities() {
    let public = BASE_TABLE * secret().expose();
    let bases = [BASE, -BASE];
    let programmed = || {
        let mut transcript = context();
        transcript.program(&[Scalar::ONE; 2]);
        transcript
    };
    let proved = EqualDlogBatch::prove(&mut programmed(), &secret(), &public, &bases, &mut rng());
    assert_eq!(proved, Err(ProofError::Identity("combination of bases")));
    let verdict = EqualDlogBatch::verify(&mut programmed(), &public, &bases, &[public, -public], &NOTHING);
    assert_eq!(verdict, Err(ProofError::Invalid(WHAT)));
    assert_eq!(Case::of(bases.to_vec()).verify(), Ok(()), "with drawn weights they are two bases like others");
}

#[test]
fn a4_identity_as_public_point_is_refused() {
    let expected = ProofError::Identity("public point of an equality");
    let zero = SecretScalar::from_scalar(Scalar::ZERO);
    let proved = EqualDlogBatch::prove(&mut context(), &zero, &identity(), &[BASE], &mut rng());
    assert_eq!(proved, Err(expected));
    let case = Case { public: identity(), ..Case::new() };
    assert_eq!(case.verify(), Err(expected));
}

/// A proof about a list of one is none about a single equality, and the other way round.
#[test]
fn a1_a_list_of_one_is_another_type_of_proof() {
    let case = Case::of(vec![BASE + BASE]);
    let statement = EqualDlog { public: case.public, base: case.bases[0], image: case.images[0] };
    assert!(case.proof.verify(&mut context(), &statement).is_err());
    let single = EqualDlogProof::prove(&mut context(), &statement, &secret(), &mut rng()).unwrap();
    assert!(Case { proof: single, ..case }.verify().is_err());
}

#[test]
fn prover_and_verifier_leave_the_same_transcript_behind() {
    for bases in [vec![BASE, BASE + BASE], vec![identity()]] {
        let public = BASE_TABLE * secret().expose();
        let (mut prover, mut verifier) = (context(), context());
        let (images, proof) = EqualDlogBatch::prove(&mut prover, &secret(), &public, &bases, &mut rng()).unwrap();
        EqualDlogBatch::verify(&mut verifier, &public, &bases, &images, &proof).unwrap();
        assert_eq!(prover.item_digest(), verifier.item_digest());
    }
}

/// A change of a label, an order or a derivation would silently fork the protocol.
#[test]
fn lists_are_frozen() {
    assert_eq!(
        hex::encode(Case::new().proof.to_bytes()),
        "26d71efb241c5c6f94401d5df58f9e74e77ac9891fbf5ea5a545af3911385c051e5045567a0a0bf53c8030567f6266fcade1bde2930b6d96c51ba454f3fe6705"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Any list is accepted, identities and repetitions included, and refused with any one image changed.
    #[test]
    fn a6_any_list_is_accepted_and_any_changed_image_refused(
        factors in prop::collection::vec(0_u64..5, 1..20),
        index: prop::sample::Index,
        shift in 1_u64..,
    ) {
        let mut case = Case::of(factors.iter().map(|factor| BASE * Scalar::from(*factor)).collect());
        prop_assert_eq!(case.verify(), Ok(()));
        let at = index.index(case.images.len());
        case.images[at] += BASE * Scalar::from(shift);
        prop_assert_eq!(case.verify(), Err(ProofError::Invalid(WHAT)));
    }
}

/// Weak Fiat-Shamir: errors computed from the weights of the true list. They would cancel if the weights did not depend on
/// the images.
#[test]
fn a1_a6_images_computed_after_the_weights_are_refused() {
    let Case { public, bases, mut images, .. } = Case::new();
    let weights = bind(&mut context(), &public, &bases, &images).unwrap();
    images[0] += BASE * weights[1];
    images[1] -= BASE * weights[0];
    let sum = |points: &[Point]| weights.iter().zip(points).map(|(weight, point)| point * weight).sum::<Point>();
    assert_eq!(sum(&images), sum(&bases) * secret().expose(), "the combination under the old weights is true");
    let proof = prove_images(&mut context(), &secret(), &public, &bases, &images, &mut rng()).unwrap();
    let verdict = EqualDlogBatch::verify(&mut context(), &public, &bases, &images, &proof);
    assert_eq!(verdict, Err(ProofError::Invalid(WHAT)));
}

#[test]
fn a1_every_weight_depends_on_the_whole_list() {
    let Case { public, bases, images, .. } = Case::new();
    let original = bind(&mut context(), &public, &bases, &images).unwrap();
    let all_differ = |public: &Point, bases: &[Point], images: &[Point]| {
        let other = bind(&mut context(), public, bases, images).unwrap();
        original.iter().zip(&other).all(|(one, two)| one != two)
    };
    assert!(all_differ(&(public + BASE), &bases, &images));
    for i in 0..5 {
        let (mut changed_bases, mut changed_images) = (bases.clone(), images.clone());
        changed_bases[i] += BASE;
        changed_images[i] += BASE;
        assert!(all_differ(&public, &changed_bases, &images));
        assert!(all_differ(&public, &bases, &changed_images));
    }
}

/// A list of identities says nothing about the secret: it has one proof, which anybody can write down (A4).
#[test]
fn a4_a_list_of_identities_proves_no_knowledge() {
    let public = BASE_TABLE * secret().expose();
    let other = SecretScalar::from_wide_bytes(&[10; 64]);
    let (images, proof) = EqualDlogBatch::prove(&mut context(), &other, &public, &[identity(); 3], &mut rng()).unwrap();
    assert_eq!((&images, proof.to_bytes()), (&vec![identity(); 3], [0; 64]));
    assert_eq!(EqualDlogBatch::verify(&mut context(), &public, &[identity(); 3], &images, &proof), Ok(()));
    // One base that is not, and the wrong secret is refused.
    let bases = [identity(), BASE];
    let (images, proof) = EqualDlogBatch::prove(&mut context(), &other, &public, &bases, &mut rng()).unwrap();
    assert!(EqualDlogBatch::verify(&mut context(), &public, &bases, &images, &proof).is_err());
}

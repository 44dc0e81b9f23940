use curve25519_dalek::traits::Identity;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::error::ProofError;
use crate::group::{BASE, Point, Scalar};
use crate::secret::SecretScalar;

fn polynomial(threshold: usize, seed: u64) -> Polynomial {
    Polynomial::random(threshold, &mut ChaCha20Rng::seed_from_u64(seed)).unwrap()
}

fn share(polynomial: &Polynomial, index: u32) -> Scalar {
    *polynomial.share(index).unwrap().expose()
}

fn reconstruct(polynomial: &Polynomial, indices: &[u32]) -> Scalar {
    let coefficients = coefficients_at_zero(indices).unwrap();
    coefficients.iter().zip(indices).map(|(l, index)| l * share(polynomial, *index)).sum()
}

/// The polynomial through these points, at `at`: written down plainly, apart from the code under test.
fn interpolate(points: &[(Scalar, Scalar)], at: Scalar) -> Scalar {
    let term = |(x, y): &(Scalar, Scalar)| {
        let others = points.iter().filter(|(other, _)| other != x);
        others.fold(*y, |product, (other, _)| product * (at - other) * (x - other).invert())
    };
    points.iter().map(term).sum()
}

/// t, and distinct indices, at least t of them.
fn group() -> impl Strategy<Value = (usize, Vec<u32>)> {
    (1_usize..7, proptest::collection::btree_set(1_u32.., 7..12)).prop_flat_map(|(threshold, indices)| {
        let indices: Vec<u32> = indices.into_iter().collect();
        (Just(threshold), Just(indices).prop_shuffle())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_t_shares_reconstruct((threshold, indices) in group(), seed: u64) {
        let polynomial = polynomial(threshold, seed);
        for enough in threshold..=indices.len() {
            prop_assert_eq!(reconstruct(&polynomial, &indices[..enough]), *polynomial.expose_secret().expose());
        }
    }

    #[test]
    fn t_minus_one_shares_do_not_reconstruct((threshold, indices) in group(), seed: u64) {
        prop_assume!(threshold > 1);
        let polynomial = polynomial(threshold, seed);
        let few = reconstruct(&polynomial, &indices[..threshold - 1]);
        prop_assert_ne!(few, *polynomial.expose_secret().expose());
    }

    /// Perfect secrecy: for every other secret there is a polynomial that gives the same t - 1 shares.
    #[test]
    fn t_minus_one_shares_fit_any_secret((threshold, indices) in group(), seed: u64, other: u64) {
        prop_assume!(threshold > 1);
        let polynomial = polynomial(threshold, seed);
        let known = &indices[..threshold - 1];
        let mut points: Vec<_> = known.iter().map(|i| (Scalar::from(*i), share(&polynomial, *i))).collect();
        points.push((Scalar::ZERO, Scalar::from(other)));
        let last = indices[threshold - 1];
        points.push((Scalar::from(last), interpolate(&points, Scalar::from(last))));
        let all: Vec<u32> = indices[..threshold].to_vec();
        let shares = points.iter().filter(|(x, _)| *x != Scalar::ZERO).map(|(_, y)| *y);
        let secret: Scalar = coefficients_at_zero(&all).unwrap().iter().zip(shares).map(|(l, y)| l * y).sum();
        prop_assert_eq!(secret, Scalar::from(other));
    }

    #[test]
    fn combination_in_the_exponent_equals_that_of_scalars((threshold, indices) in group(), seed: u64, base: u64) {
        let polynomial = polynomial(threshold, seed);
        let base = BASE * Scalar::from(base);
        let points: Vec<_> = indices.iter().map(|i| (*i, base * share(&polynomial, *i))).collect();
        prop_assert_eq!(combine(&points).unwrap(), base * polynomial.expose_secret().expose());
    }

    #[test]
    fn a29_feldman_catches_a_changed_share((threshold, indices) in group(), seed: u64, change in 1_u64..) {
        let polynomial = polynomial(threshold, seed);
        let commitments = Commitments::of(&polynomial);
        for index in indices {
            let right = polynomial.share(index).unwrap();
            prop_assert!(commitments.verify_share(index, &right));
            prop_assert_eq!(commitments.public_share(index), BASE * right.expose());
            let changed = SecretScalar::from_scalar(right.expose() + Scalar::from(change));
            prop_assert!(!commitments.verify_share(index, &changed));
            if threshold > 1 {
                prop_assert!(!commitments.verify_share(index.wrapping_add(1), &right), "share of another index");
            }
        }
    }

    #[test]
    fn sums_of_dealings_share_the_sum_of_secrets((threshold, indices) in group(), seed: u64, dealers in 1_u64..5) {
        let polynomials: Vec<_> = (0..dealers).map(|d| polynomial(threshold, seed.wrapping_add(d))).collect();
        let dealings: Vec<_> = polynomials.iter().map(Commitments::of).collect();
        let joint = Commitments::sum(&dealings).unwrap();
        let secret: Scalar = polynomials.iter().map(|p| *p.expose_secret().expose()).sum();
        prop_assert_eq!(joint.constant(), BASE * secret);
        prop_assert_eq!(joint.threshold(), threshold);
        let joint_share = |index| polynomials.iter().map(|p| share(p, index)).sum::<Scalar>();
        for index in &indices {
            prop_assert!(joint.verify_share(*index, &SecretScalar::from_scalar(joint_share(*index))));
        }
        let public: Vec<_> = indices[..threshold].iter().map(|i| (*i, joint.public_share(*i))).collect();
        prop_assert_eq!(combine(&public).unwrap(), joint.constant());
    }

    #[test]
    fn encodings_round_trip(threshold in 1_usize..9, seed: u64) {
        let polynomial = polynomial(threshold, seed);
        let commitments = Commitments::of(&polynomial);
        prop_assert_eq!(Commitments::decode(&commitments.encode(), threshold).unwrap(), commitments);
        let bytes = polynomial.expose_bytes();
        prop_assert_eq!(bytes.len(), 32 * threshold);
        let again = Polynomial::from_exposed_bytes(&bytes, threshold).unwrap();
        prop_assert_eq!(again.expose_bytes(), bytes);
        prop_assert_eq!(share(&again, 7), share(&polynomial, 7));
    }
}

#[test]
fn shares_follow_the_formula() {
    // 5 + 3j + 2j^2
    let coefficients = [5_u64, 3, 2].map(|a| SecretScalar::from_scalar(Scalar::from(a)));
    let polynomial = Polynomial::from_coefficients(coefficients.into()).unwrap();
    let values = [1_u32, 2, 10, u32::MAX].map(|index| share(&polynomial, index));
    let max = Scalar::from(u32::MAX);
    let last = Scalar::from(5_u64) + Scalar::from(3_u64) * max + Scalar::from(2_u64) * max * max;
    assert_eq!(values, [Scalar::from(10_u64), Scalar::from(19_u64), Scalar::from(235_u64), last]);
}

#[test]
fn lagrange_coefficients_of_one_two_three() {
    let expected = [Scalar::from(3_u64), -Scalar::from(3_u64), Scalar::ONE];
    assert_eq!(coefficients_at_zero(&[1, 2, 3]).unwrap(), expected);
    assert_eq!(coefficients_at_zero(&[9]).unwrap(), [Scalar::ONE]);
}

#[test]
fn a26_index_zero_duplicates_and_nothing_are_refused() {
    for indices in [&[][..], &[0], &[1, 0, 2], &[3, 1, 3]] {
        assert!(matches!(coefficients_at_zero(indices), Err(ProofError::Misuse(_))), "{indices:?}");
        let points: Vec<_> = indices.iter().map(|index| (*index, BASE)).collect();
        assert!(matches!(combine(&points), Err(ProofError::Misuse(_))), "{indices:?}");
    }
    let polynomial = polynomial(3, 1);
    assert!(matches!(polynomial.share(0), Err(ProofError::Misuse(_))));
    assert!(!Commitments::of(&polynomial).verify_share(0, &polynomial.expose_secret()));
}

#[test]
fn a25_longer_or_shorter_commitments_are_refused() {
    let bytes = Commitments::of(&polynomial(3, 2)).encode();
    let wrong = Err(ProofError::Length("commitments to a polynomial"));
    assert_eq!(Commitments::decode(&bytes, 2), wrong);
    assert_eq!(Commitments::decode(&bytes, 4), wrong);
    assert_eq!(Commitments::decode(&bytes[..95], 3), wrong);
    assert_eq!(Commitments::decode(&[bytes.as_slice(), &[0]].concat(), 3), wrong);
    let mixed = [Commitments::of(&polynomial(3, 2)), Commitments::of(&polynomial(2, 2))];
    assert_eq!(Commitments::sum(&mixed), wrong);
    assert!(matches!(Commitments::sum(&[]), Err(ProofError::Misuse(_))));
}

#[test]
fn a4_identity_as_first_or_last_commitment_is_refused() {
    let bytes = Commitments::of(&polynomial(3, 3)).encode();
    let with_identity_at = |position: usize| {
        let mut bytes = bytes.clone();
        bytes[32 * position..32 * (position + 1)].fill(0);
        Commitments::decode(&bytes, 3)
    };
    assert_eq!(with_identity_at(0), Err(ProofError::Identity("commitment to the constant coefficient")));
    assert_eq!(with_identity_at(2), Err(ProofError::Identity("commitment to the leading coefficient")));
    assert_ne!(with_identity_at(1).unwrap().encode(), bytes);
    assert!(Commitments::decode(&[0; 32], 1).is_err());
}

#[test]
fn a3_non_canonical_commitment_is_refused() {
    let mut bytes = Commitments::of(&polynomial(3, 4)).encode();
    bytes[32..64].fill(0xff);
    assert_eq!(Commitments::decode(&bytes, 3), Err(ProofError::Malformed("commitment to a coefficient")));
}

#[test]
fn a4_m9_sum_with_a_cancelling_dealing_is_refused() {
    let polynomial = polynomial(3, 5);
    let negated = polynomial.expose_coefficients().map(|c| SecretScalar::from_scalar(-c.expose())).collect();
    let negated = Polynomial::from_coefficients(negated).unwrap();
    let dealings = [Commitments::of(&polynomial), Commitments::of(&negated)];
    assert_eq!(Commitments::sum(&dealings), Err(ProofError::Identity("commitment to the constant coefficient")));
    // Only the leading coefficient cancels: the threshold of the sum would be lower than said.
    let scalars = |values: [i64; 2]| {
        let secrets = values.map(|value| SecretScalar::from_scalar(crate::group::scalar_from_i64(value)));
        Commitments::of(&Polynomial::from_coefficients(secrets.into()).unwrap())
    };
    let leading = Commitments::sum(&[scalars([1, 4]), scalars([2, -4])]);
    assert_eq!(leading, Err(ProofError::Identity("commitment to the leading coefficient")));
}

#[test]
fn a4_a25_polynomials_that_are_trivial_or_too_short_are_refused() {
    let of = |values: &[u64]| {
        Polynomial::from_coefficients(values.iter().map(|v| SecretScalar::from_scalar(Scalar::from(*v))).collect())
    };
    for values in [&[][..], &[0], &[0, 1], &[1, 0]] {
        assert!(matches!(of(values), Err(ProofError::Misuse(_))), "{values:?}");
    }
    assert!(of(&[1, 0, 1]).is_ok());
    let rng = &mut ChaCha20Rng::seed_from_u64(6);
    assert!(Polynomial::random(0, rng).is_err());
    assert!(Polynomial::random(MAX_THRESHOLD + 1, rng).is_err());
    assert!(Commitments::decode(&[], 0).is_err());
    assert!(Commitments::decode(&[], usize::MAX).is_err());
}

#[test]
fn a3_persisted_polynomial_of_another_length_or_not_reduced_is_refused() {
    let bytes = polynomial(2, 7).expose_bytes();
    for (bytes, threshold) in [(&bytes[..], 1), (&bytes[..], 3), (&bytes[..63], 2)] {
        let wrong = Polynomial::from_exposed_bytes(bytes, threshold).unwrap_err();
        assert_eq!(wrong, ProofError::Length("coefficients of a polynomial"));
    }
    assert_eq!(Polynomial::from_exposed_bytes(&[0xff; 64], 2).unwrap_err(), ProofError::Malformed("secret scalar"));
}

#[test]
fn debug_shows_no_digit_of_a_coefficient() {
    let coefficients = vec![SecretScalar::from_scalar(Scalar::from(123_456_789_u64))];
    let polynomial = Polynomial::from_coefficients(coefficients).unwrap();
    assert_eq!(format!("{polynomial:?} {polynomial:#?}"), "Polynomial(.., threshold: 1) Polynomial(.., threshold: 1)");
}

#[test]
fn public_share_at_zero_is_the_constant() {
    let commitments = Commitments::of(&polynomial(4, 8));
    assert_eq!(commitments.public_share(0), commitments.constant());
    assert_ne!(commitments.constant(), Point::identity());
}

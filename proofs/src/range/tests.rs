pub(crate) mod cheat;

use bulletproofs::RangeProof as Crate;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use self::cheat::{Answer, Fill};
use super::*;
use crate::batch::Accumulator;
use crate::elgamal::PublicKey;
use crate::group::{BASE, Generators, Point};
use crate::linear::{MAX_WIDE, Statement, Value};
use crate::transcript::{ProverRng, Transcript, Weights};

fn context() -> Transcript {
    Transcript::open(b"test of range proofs")
}

fn source(seed: u64) -> ProverRng {
    context().prover_rng(b"test", &mut ChaCha20Rng::seed_from_u64(seed))
}

/// Commitments to values in 0..=max and a proof.
#[derive(Clone)]
struct Case {
    shape: RangeShape,
    maxima: Vec<u64>,
    generators: Generators,
    commitments: Vec<Point>,
    proof: RangeProof,
}

impl Case {
    fn empty(maxima: &[u64]) -> (RangeShape, Generators) {
        let values = maxima.iter().map(|max| Value::encrypted(*max)).collect();
        let statement = Statement::new(values, vec![]).unwrap();
        (statement.range_shape().unwrap(), Generators::for_statements([&statement]))
    }

    /// By the prover of the crate.
    fn new(maxima: &[u64], values: &[u64], seed: u64) -> Self {
        let (shape, generators) = Self::empty(maxima);
        let mut source = source(seed);
        let blindings: Vec<_> = values.iter().map(|_| source.scalar()).collect();
        let commit = |(v, gamma): (&u64, &Scalar)| BASE * Scalar::from(*v) + generators.value * gamma;
        let commitments = values.iter().zip(&blindings).map(commit).collect();
        let transcript = &mut context();
        let proof = prove(transcript, &generators, shape, maxima, values, &blindings, &mut source).unwrap();
        Self { shape, maxima: maxima.to_vec(), generators, commitments, proof }
    }

    /// Our verdict: both equations with weights, as in a batch.
    fn holds(&self) -> bool {
        let mut weights = Weights::new(&[1; 32], 0, core::iter::empty());
        self.holds_weighted([weights.next(), weights.next()])
    }

    /// With these weights for the equation of the polynomial and that of the product.
    fn holds_weighted(&self, [polynomial, product]: [Scalar; 2]) -> bool {
        let commitments: Vec<_> = self.commitments.iter().map(|point| (point.compress(), *point)).collect();
        let pending = prepare(&mut context(), self.shape, &self.maxima, &commitments, &self.proof);
        let Ok(pending) = pending else { return false };
        let mut sum = Accumulator::new(0, self.shape);
        let mut coefficients = vec![Scalar::ZERO; commitments.len()];
        pending.fold_polynomial(polynomial, &mut sum, &mut coefficients);
        pending.fold_product(product, &mut sum);
        coefficients.iter().zip(&self.commitments).for_each(|(scalar, point)| sum.push(*scalar, point));
        sum.vartime_is_identity(&self.generators, &PublicKey::new(BASE).unwrap())
    }

    /// The crate's own verdict on the same bytes.
    fn holds_for_the_crate(&self) -> bool {
        let Ok(proof) = Crate::from_bytes(&self.proof.to_bytes()) else { return false };
        let rests = self.commitments.iter().zip(&self.maxima).map(|(point, max)| BASE * Scalar::from(*max) - point);
        let mut all: Vec<_> = self.commitments.iter().copied().chain(rests).map(|point| point.compress()).collect();
        all.resize(self.shape.places, CompressedPoint([0; 32]));
        let (transcript, rng) = (&mut context(), &mut ChaCha20Rng::seed_from_u64(3));
        let gens = &self.generators.range.as_ref().unwrap().gens;
        let pedersen = self.generators.pedersen();
        let verdict =
            proof.verify_multiple_with_rng(gens, &pedersen, transcript.for_range_prover(), &all, self.shape.bits, rng);
        verdict.is_ok()
    }

    fn verdict(&self) -> bool {
        let ours = self.holds();
        assert_eq!(ours, self.holds_for_the_crate(), "both verifiers agree");
        ours
    }
}

#[test]
fn shapes_and_lengths_follow_the_maxima() {
    assert_eq!(shape(&[]), None);
    let cases = [
        (vec![70_000], 32, 2),
        (vec![u64::from(u32::MAX); 2], 32, 4),
        (vec![70_000, 1 << 32, 70_000], 64, 8),
        (vec![MAX_WIDE; 32], 64, 64),
    ];
    for (maxima, bits, places) in cases {
        let shape = shape(&maxima).unwrap();
        assert_eq!(shape, RangeShape { bits, places });
        let rounds = (bits * places).trailing_zeros() as usize;
        assert_eq!(encoded_len(shape), 32 * (9 + 2 * rounds));
    }
}

/// M7: generators are those of the crate: it accepts what we accept, in every shape with padding or without.
#[test]
fn proofs_of_the_crate_are_accepted_by_both_verifiers() {
    for (maxima, values) in [
        (vec![70_000], vec![70_000]),
        (vec![1 << 40], vec![0]),
        (vec![1_000_000, 1 << 40, 65_536], vec![999_999, 1 << 40, 0]),
    ] {
        let case = Case::new(&maxima, &values, 1);
        assert!(case.verdict(), "{maxima:?}");
        let bytes = case.proof.to_bytes();
        assert_eq!(bytes.len(), encoded_len(case.shape));
        assert_eq!(RangeProof::from_bytes(case.shape, &bytes).unwrap(), case.proof);
    }
}

/// The largest shape, and generators made for more than the proof needs.
#[test]
fn larger_generators_do_not_matter() {
    let mut case = Case::new(&[70_000], &[5], 2);
    case.generators = Case::empty(&[MAX_WIDE; 32]).1;
    assert!(case.verdict());
    let case = Case::new(&[MAX_WIDE; 32], &[1; 32], 2);
    assert!(case.verdict());
}

#[test]
fn a_changed_maximum_or_commitment_is_refused() {
    let case = Case::new(&[70_000, 80_000], &[1, 2], 3);
    assert!(case.verdict());
    let refuse = |change: &dyn Fn(&mut Case)| {
        let mut case = case.clone();
        change(&mut case);
        assert!(!case.verdict());
    };
    refuse(&|case| case.maxima[0] += 1);
    refuse(&|case| case.maxima.swap(0, 1));
    refuse(&|case| case.commitments[1] += BASE);
    refuse(&|case| case.commitments.swap(0, 1));
    refuse(&|case| case.commitments[0] += case.generators.value);
}

/// Every 32-byte word: each of its bits 0, 100, 255 flipped, set to zero, and replaced by the next word.
#[test]
fn a1_every_changed_word_has_the_verdict_of_the_crate() {
    let case = Case::new(&[1_000_000], &[123_456], 4);
    let bytes = case.proof.to_bytes();
    let words = bytes.len() / 32;
    assert_eq!(words, 9 + 2 * 6);
    for word in 0..words {
        let at = 32 * word;
        let mut changes: Vec<Vec<u8>> = [0, 100, 255]
            .iter()
            .map(|bit| {
                let mut changed = bytes.clone();
                changed[at + bit / 8] ^= 1 << (bit % 8);
                changed
            })
            .collect();
        let mut zero = bytes.clone();
        zero[at..at + 32].fill(0);
        let mut next = bytes.clone();
        next.copy_within((word + 1) % words * 32..((word + 1) % words + 1) * 32, at);
        changes.extend([zero, next]);
        for changed in changes {
            let ours = RangeProof::from_bytes(case.shape, &changed);
            // Scalars that are not reduced and lengths are refused by both decoders, points later by both verifiers.
            assert_eq!(ours.is_ok(), Crate::from_bytes(&changed).is_ok(), "word {word}");
            if let Ok(proof) = ours {
                assert!(!Case { proof, ..case.clone() }.verdict(), "word {word}");
            }
        }
    }
}

/// A4: the identity is refused in the place of every point, before any equation, and the crate refuses it too.
#[test]
fn a4_identity_in_a_range_proof_is_refused_as_the_crate_does() {
    let case = Case::new(&[1_000_000], &[123_456], 4);
    let bytes = case.proof.to_bytes();
    let commitments: Vec<_> = case.commitments.iter().map(|point| (point.compress(), *point)).collect();
    let points: Vec<_> = (0..4).chain(7..7 + 2 * rounds(case.shape)).collect();
    assert_eq!(points.len(), 4 + 2 * 6);
    for word in points {
        let mut changed = bytes.clone();
        changed[32 * word..][..32].fill(0);
        let proof = RangeProof::from_bytes(case.shape, &changed).unwrap();
        let refused = prepare(&mut context(), case.shape, &case.maxima, &commitments, &proof).err();
        assert_eq!(refused, Some(ProofError::Identity("point of a range proof")), "word {word}");
        assert!(!Case { proof, ..case.clone() }.holds_for_the_crate(), "word {word}");
    }
}

/// By the prover of the tests, which fills in for bits that do not exist.
fn cheated(max: u64, value: Scalar, fill: Fill, answer: Answer) -> Case {
    let (shape, generators) = Case::empty(&[max]);
    let mut source = source(5);
    let blinding = source.scalar();
    let places = cheat::places(&generators, shape, &[max], &[value], &[blinding], fill);
    let proof = cheat::prove(&mut context(), &generators, shape, &places, answer, &mut source);
    let commitments = vec![BASE * value + generators.value * blinding];
    Case { shape, maxima: vec![max], generators, commitments, proof }
}

#[test]
fn the_prover_of_the_tests_is_accepted_when_it_tells_the_truth() {
    for answer in [Answer::Product, Answer::Polynomial] {
        assert!(cheated(100_000, Scalar::from(99_u64), Fill::Heap, answer).verdict(), "{answer:?}");
    }
}

/// F1: values just above the maximum, far above it, and negative ones, with bits that do not add up or scalars that are
/// no bits, so that one equation or the other holds.
#[test]
fn f1_a_prover_that_cheats_in_the_protocol_is_refused() {
    let (zero, one) = (Scalar::ZERO, Scalar::ONE);
    for max in [100_000, MAX_WIDE] {
        let values = [
            Scalar::from(max) + one,
            Scalar::from(MAX_WIDE) + one,
            Scalar::from(u64::MAX),
            -one,
            Scalar::from(1_u128 << 100),
            Scalar::from(2_u8).invert(),
        ];
        for (value, answer, fill) in values.iter().flat_map(|value| {
            let ways = [Answer::Product, Answer::Polynomial]
                .map(|answer| [Fill::Heap, Fill::LowBits].map(|fill| (*value, answer, fill)));
            ways.into_iter().flatten()
        }) {
            let case = cheated(max, value, fill, answer);
            assert!(!case.verdict(), "{max} {value:?} {answer:?} {fill:?}");
            // The attack is real: the equation that it aims at holds, and only the other one refuses.
            let aims = [answer == Answer::Polynomial, answer == Answer::Product];
            assert_eq!([case.holds_weighted([one, zero]), case.holds_weighted([zero, one])], aims);
        }
    }
}

/// M3: the two equations have weights of their own; opposite errors in both do not cancel.
#[test]
fn m3_opposite_errors_in_both_equations_do_not_cancel() {
    let case = Case::new(&[100_000], &[7], 6);
    let commitments: Vec<_> = case.commitments.iter().map(|point| (point.compress(), *point)).collect();
    let verdict = |change: &dyn Fn(&mut PendingRange)| {
        let mut pending = prepare(&mut context(), case.shape, &case.maxima, &commitments, &case.proof).unwrap();
        change(&mut pending);
        let mut sum = Accumulator::new(0, case.shape);
        let mut coefficients = vec![Scalar::ZERO; 1];
        let mut weights = Weights::new(&[1; 32], 0, core::iter::empty());
        pending.fold(&mut weights, &mut sum, &mut coefficients);
        sum.push(coefficients[0], &case.commitments[0]);
        sum.vartime_is_identity(&case.generators, &PublicKey::new(BASE).unwrap())
    };
    let one = Scalar::ONE;
    assert!(verdict(&|_| ()));
    assert!(!verdict(
        &|pending| (pending.t_x_blinding, pending.e_blinding) = (pending.t_x_blinding + one, pending.e_blinding - one)
    ));
    assert!(!verdict(
        &|pending| (pending.t_x_blinding, pending.A) = (pending.t_x_blinding + one, pending.A + case.generators.value)
    ));
    assert!(!verdict(&|pending| pending.S += BASE));
    assert!(!verdict(&|pending| pending.T[1] += BASE));
    assert!(!verdict(&|pending| pending.t_x += one));
    assert!(!verdict(&|pending| (pending.a, pending.b) = (pending.b, pending.a)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn both_verifiers_agree_on_valid_and_changed_proofs(
        seed: u64,
        cells in prop::collection::vec((65_536..=MAX_WIDE, any::<u64>()), 1..4),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        swap in prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>())),
    ) {
        let (maxima, values): (Vec<_>, Vec<_>) = cells.iter().map(|(max, raw)| (*max, raw % (max + 1))).unzip();
        let mut case = Case::new(&maxima, &values, seed);
        let valid = case.proof.to_bytes();
        let mut bytes = valid.clone();
        for (index, edit) in edits {
            let at = index.index(bytes.len());
            bytes[at] ^= edit;
        }
        if let Some((from, to)) = swap {
            let (from, to) = (32 * from.index(bytes.len() / 32), 32 * to.index(bytes.len() / 32));
            bytes.copy_within(from..from + 32, to);
        }
        let decoded = RangeProof::from_bytes(case.shape, &bytes);
        prop_assert_eq!(decoded.is_ok(), Crate::from_bytes(&bytes).is_ok());
        if let Ok(proof) = decoded {
            case.proof = proof;
            prop_assert_eq!(case.verdict(), bytes == valid);
        }
    }
}

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::prove::{Witness, prove_witness};
use super::*;
use crate::batch::{self, Item, Pending};
use crate::elgamal::{CompressedCiphertext, EncryptionKey, PublicKey};
use crate::group::{BASE, Generators, Point};
use crate::linear::{MAX_VALUE, Relation, Value};
use crate::secret::SecretScalar;
use crate::transcript::{ProverRng, Transcript};

mod adaptive;
mod extractor;
mod masks;
mod wide;

const ENTROPY: [u8; 32] = [5; 32];

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn context(name: &[u8]) -> Transcript {
    let mut transcript = Transcript::open(b"test");
    transcript.bind(b"context", name);
    transcript
}

/// A statement of three encrypted cells and a committed one with two relations, and a proof about it.
#[derive(Clone)]
struct Case {
    context: &'static [u8],
    values: Vec<Value>,
    relations: Vec<Relation>,
    key: PublicKey,
    ciphertexts: Vec<CompressedCiphertext>,
    proof: BitVectorProof,
}

fn values() -> Vec<Value> {
    vec![Value::encrypted(1), Value::encrypted(5), Value::committed(6), Value::encrypted(100)]
}

fn relations() -> Vec<Relation> {
    vec![
        Relation { terms: vec![(0, 1), (1, 1), (3, 1)], lo: 2, hi: 9 },
        Relation { terms: vec![(1, 2), (2, -1)], lo: 0, hi: 0 },
    ]
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut rng = rng(seed);
        let key = EncryptionKey::new(PublicKey::of(&SecretScalar::random(&mut rng)).unwrap());
        let statement = Statement::new(values(), relations()).unwrap();
        let secret = [1, 3, 6, 5];
        let randomness: Vec<_> = (0..3).map(|_| SecretScalar::random(&mut rng)).collect();
        let ciphertexts = statement.encrypt(&key, &secret, &randomness).unwrap();
        let ciphertexts: Vec<_> = ciphertexts.iter().map(|pair| pair.compress()).collect();
        let generators = Generators::new(statement.bits());
        let transcript = &mut context(b"one");
        let proof =
            prove(transcript, &statement, &generators, &key, &ciphertexts, &secret, &randomness, &mut rng).unwrap();
        Self { context: b"one", values: values(), relations: relations(), key: *key.public(), ciphertexts, proof }
    }

    fn verify(&self) -> Result<(), ProofError> {
        let statement = Statement::new(self.values.clone(), self.relations.clone()).unwrap();
        let generators = Generators::new(statement.bits());
        let proof = self.proof.clone();
        let transcript = &mut context(self.context);
        verify(transcript, &statement, &generators, &self.key, &self.ciphertexts, proof, &ENTROPY)
    }
}

fn other_point(compressed: &CompressedPoint) -> CompressedPoint {
    (compressed.decompress().unwrap() + BASE).compress()
}

#[test]
fn a_true_statement_is_accepted() {
    assert_eq!(Case::new(1).verify(), Ok(()));
}

#[test]
fn proof_has_the_documented_size_and_one_encoding() {
    let case = Case::new(1);
    let statement = Statement::new(values(), relations()).unwrap();
    // 1 + 3 + 3 + 7 bits of values, 3 of the first slack, none of the second.
    assert_eq!(statement.bits(), 17);
    let bytes = case.proof.to_bytes();
    assert_eq!(bytes.len(), 32 * (4 + 17 + 2));
    assert_eq!(BitVectorProof::from_bytes(&statement, &bytes), Ok(case.proof));
    assert!(BitVectorProof::from_bytes(&statement, &bytes[1..]).is_err());
    let mut overflowing = bytes.clone();
    *overflowing.last_mut().unwrap() = 0xff;
    let expected = Err(ProofError::Malformed("response of an argument"));
    assert_eq!(BitVectorProof::from_bytes(&statement, &overflowing), expected);
}

/// Every field of the statement, the context and the proof is bound: each change alone is refused (A1, A2).
#[test]
fn a1_every_perturbed_field_is_refused() {
    let valid = Case::new(2);
    assert_eq!(valid.verify(), Ok(()));
    let mut tried = 0;
    let mut refuse = |name: &str, change: &dyn Fn(&mut Case)| {
        let mut case = valid.clone();
        change(&mut case);
        assert!(case.verify().is_err(), "{name} is not bound");
        tried += 1;
    };
    refuse("context", &|case| case.context = b"two");
    refuse("maximum of a value", &|case| case.values[1].max = 4);
    refuse("maximum with the same number of bits", &|case| case.values[3].max = 101);
    refuse("maximum of a committed value", &|case| case.values[2].max = 5);
    refuse("order of values", &|case| case.values.swap(1, 3));
    refuse("coefficient", &|case| case.relations[0].terms[2].1 = 2);
    refuse("term", &|case| case.relations[0].terms.truncate(2));
    refuse("lower bound", &|case| (case.relations[0].lo, case.relations[0].hi) = (1, 8));
    refuse("upper bound with the same number of bits", &|case| case.relations[0].hi = 8);
    refuse("order of relations", &|case| case.relations.swap(0, 1));
    refuse("missing relation", &|case| case.relations.truncate(1));
    refuse("key", &|case| case.key = PublicKey::new(case.key.point() + BASE).unwrap());
    for i in 0..3 {
        refuse("first component", &|case| case.ciphertexts[i].first = other_point(&case.ciphertexts[i].first));
        refuse("second component", &|case| case.ciphertexts[i].second = other_point(&case.ciphertexts[i].second));
    }
    refuse("order of ciphertexts", &|case| case.ciphertexts.swap(0, 1));
    refuse("missing ciphertext", &|case| case.ciphertexts.truncate(2));
    refuse("B", &|case| case.proof.B = other_point(&case.proof.B));
    refuse("A", &|case| case.proof.A = other_point(&case.proof.A));
    refuse("E first", &|case| case.proof.E[0] = other_point(&case.proof.E[0]));
    refuse("E second", &|case| case.proof.E[1] = other_point(&case.proof.E[1]));
    for i in 0..17 {
        refuse("response", &|case| case.proof.f[i] += Scalar::ONE);
    }
    refuse("z", &|case| case.proof.z += Scalar::ONE);
    refuse("z_e", &|case| case.proof.z_e += Scalar::ONE);
    refuse("missing response", &|case| case.proof.f.truncate(16));
    refuse("point that is none", &|case| case.proof.B = CompressedPoint([0xff; 32]));
    assert_eq!(tried, 45);
}

#[test]
fn a4_identity_as_first_component_is_refused() {
    let mut case = Case::new(3);
    case.ciphertexts[0].first = CompressedPoint([0; 32]);
    assert_eq!(case.verify(), Err(ProofError::Identity("first component of a ciphertext")));
}

/// A prover that follows the protocol with something that is no bit, or with bits of a false relation.
fn cheat(values: Vec<Value>, relations: Vec<Relation>, bits: &[Scalar], plain: &[Scalar]) -> Result<(), ProofError> {
    let mut rng = rng(4);
    let key = EncryptionKey::new(PublicKey::of(&SecretScalar::random(&mut rng)).unwrap());
    let statement = Statement::new(values, relations).unwrap();
    let randomness: Vec<_> = plain.iter().map(|_| SecretScalar::random(&mut rng)).collect();
    let pairs = plain.iter().zip(&randomness).map(|(v, r)| key.encrypt(v, r).compress());
    let ciphertexts: Vec<_> = pairs.collect();
    let generators = Generators::new(statement.bits());
    let transcript = &mut context(b"cheat");
    let witness = Witness { bits, wide: &[], randomness: &randomness };
    let no_range = |_: &mut Transcript, _: &[Scalar], _: &mut ProverRng| Err(ProofError::Misuse("no wide value"));
    let proof =
        prove_witness(transcript, &statement, &generators, &key, &ciphertexts, &witness, &mut rng, no_range).unwrap();
    verify(&mut context(b"cheat"), &statement, &generators, key.public(), &ciphertexts, proof, &ENTROPY)
}

#[test]
fn a9_values_outside_their_range_are_refused() {
    let one = || vec![Value::encrypted(1)];
    let scalar = |v: u64| Scalar::from(v);
    assert_eq!(cheat(one(), vec![], &[scalar(1)], &[scalar(1)]), Ok(()));
    for wrong in [scalar(2), scalar(5), -Scalar::ONE, scalar(1 << 40), scalar(2).invert()] {
        assert!(cheat(one(), vec![], &[wrong], &[wrong]).is_err(), "a non-bit in the vector");
        assert!(cheat(one(), vec![], &[scalar(1)], &[wrong]).is_err(), "another value in the ciphertext");
    }
    // 0..=5 has the weights 1, 2, 2: there is no way to 6.
    let five = || vec![Value::encrypted(5)];
    assert_eq!(cheat(five(), vec![], &[scalar(1), scalar(1), scalar(1)], &[scalar(5)]), Ok(()));
    assert!(cheat(five(), vec![], &[scalar(1), scalar(1), scalar(1)], &[scalar(6)]).is_err());
}

#[test]
fn a_false_relation_is_refused_whatever_the_slack() {
    let cells = || vec![Value::encrypted(1), Value::encrypted(1)];
    let at_most_one = || vec![Relation { terms: vec![(0, 1), (1, 1)], lo: 0, hi: 1 }];
    let (zero, one) = (Scalar::ZERO, Scalar::ONE);
    assert_eq!(cheat(cells(), at_most_one(), &[zero, one, one], &[zero, one]), Ok(()));
    for slack in [zero, one, one + one, -one] {
        assert!(cheat(cells(), at_most_one(), &[one, one, slack], &[one, one]).is_err());
    }
}

#[test]
fn a_false_relation_between_committed_values_is_refused() {
    let values = || vec![Value::encrypted(1), Value::committed(1), Value::committed(1)];
    let equal = || vec![Relation { terms: vec![(1, 1), (2, -1)], lo: 0, hi: 0 }];
    let (zero, one) = (Scalar::ZERO, Scalar::ONE);
    assert_eq!(cheat(values(), equal(), &[one, one, one], &[one]), Ok(()));
    assert!(cheat(values(), equal(), &[one, one, zero], &[one]).is_err());
}

#[test]
fn an_honest_prover_refuses_a_false_witness() {
    let statement = Statement::new(values(), relations()).unwrap();
    assert!(statement.witness_bits(&[1, 3, 6, 5]).is_ok());
    for wrong in [vec![2, 3, 6, 5], vec![1, 3, 5, 5], vec![0, 0, 0, 1], vec![1, 3, 6, 6], vec![1, 3, 6]] {
        assert!(matches!(statement.witness_bits(&wrong), Err(ProofError::Misuse(_))), "{wrong:?}");
    }
}

fn item(seed: u64, tamper: bool) -> (Item, Generators, PublicKey) {
    let case = Case::new(seed);
    let statement = Statement::new(values(), relations()).unwrap();
    let mut proof = case.proof;
    if tamper {
        proof.z_e += Scalar::ONE;
    }
    let pending = prepare(&mut context(b"one"), &statement, &case.key, &case.ciphertexts, proof).unwrap();
    (Item::new(vec![Pending::BitVector(pending)]), Generators::new(statement.bits()), case.key)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Same verdict in a batch as one by one: each item under the same key, some of them tampered with.
    #[test]
    fn m4_batch_and_single_verdicts_agree(tampered in prop::collection::vec(any::<bool>(), 1..24), entropy: [u8; 32]) {
        let items: Vec<_> = tampered.iter().map(|tamper| item(7, *tamper)).collect();
        let (generators, key) = (items[0].1.clone(), items[0].2);
        let single: Vec<_> = items.iter().map(|(item, ..)| batch::verify(core::slice::from_ref(item), &generators, &key, &entropy)[0]).collect();
        let items: Vec<_> = items.into_iter().map(|(item, ..)| item).collect();
        let batched = batch::verify(&items, &generators, &key, &entropy);
        let expected: Vec<_> = tampered.iter().map(|tamper| !tamper).collect();
        prop_assert_eq!(&batched, &single);
        prop_assert_eq!(&batched, &expected);
    }

    /// Any satisfiable statement is proved and verified.
    #[test]
    fn random_statements_are_complete(seed: u64, cells in prop::collection::vec((1..=MAX_VALUE, any::<u64>(), any::<bool>(), -3_i64..=3), 1..6)) {
        let mut rng = rng(seed);
        let mut shape: Vec<_> = cells.iter().map(|(max, _, hidden, _)| if *hidden { Value::committed(*max) } else { Value::encrypted(*max) }).collect();
        shape[0].carrier = crate::linear::Carrier::Encrypted;
        let secret: Vec<_> = cells.iter().map(|(max, raw, ..)| raw % (max + 1)).collect();
        let terms: Vec<_> = cells.iter().enumerate().filter(|(_, cell)| cell.3 != 0).map(|(i, cell)| (i, cell.3)).collect();
        let sum: i64 = terms.iter().map(|(i, c)| c * i64::try_from(secret[*i]).unwrap()).sum();
        let relations = if terms.is_empty() { vec![] } else { vec![Relation { terms, lo: sum - 2, hi: sum + 11 }] };
        let statement = Statement::new(shape, relations).unwrap();
        let key = EncryptionKey::new(PublicKey::of(&SecretScalar::random(&mut rng)).unwrap());
        let randomness: Vec<_> = (0..statement.encrypted()).map(|_| SecretScalar::random(&mut rng)).collect();
        let pairs = statement.encrypt(&key, &secret, &randomness).unwrap();
        let pairs: Vec<_> = pairs.iter().map(|pair| pair.compress()).collect();
        let generators = Generators::new(statement.bits());
        let proof = prove(&mut context(b"p"), &statement, &generators, &key, &pairs, &secret, &randomness, &mut rng).unwrap();
        prop_assert_eq!(verify(&mut context(b"p"), &statement, &generators, key.public(), &pairs, proof, &ENTROPY), Ok(()));
    }
}

#[test]
fn m4_two_errors_of_one_author_do_not_cancel() {
    // Opposite errors in the same equation of two items: unweighted they would cancel.
    let statement = Statement::new(values(), relations()).unwrap();
    let case = Case::new(8);
    let shifted = |shift: Scalar| {
        let mut proof = case.proof.clone();
        proof.z += shift;
        let pending = prepare(&mut context(b"one"), &statement, &case.key, &case.ciphertexts, proof).unwrap();
        Item::new(vec![Pending::BitVector(pending)])
    };
    let items = [shifted(Scalar::ONE), shifted(-Scalar::ONE)];
    let generators = Generators::new(statement.bits());
    assert_eq!(batch::verify(&items, &generators, &case.key, &ENTROPY), [false, false]);
}

#[test]
fn a35_an_item_that_claims_nothing_is_refused() {
    let (_, generators, key) = item(1, false);
    assert_eq!(batch::verify(&[Item::default()], &generators, &key, &ENTROPY), [false]);
    assert!(batch::verify(&[], &generators, &key, &ENTROPY).is_empty());
}

#[test]
fn too_few_generators_refuse_instead_of_skipping() {
    let (item, _, key) = item(1, false);
    assert_eq!(batch::verify(&[item], &Generators::new(16), &key, &ENTROPY), [false]);
}

/// A1: the parts of the key are added up for the key of the batch; an argument prepared for another one is refused, even
/// where its equations hold under the key of the batch.
#[test]
fn a1_an_argument_prepared_for_another_key_is_refused() {
    let (statement, case) = (Statement::new(values(), relations()).unwrap(), Case::new(1));
    let generators = Generators::new(statement.bits());
    let other = PublicKey::new(case.key.point() + BASE).unwrap();
    let pending =
        || prepare(&mut context(b"one"), &statement, &case.key, &case.ciphertexts, case.proof.clone()).unwrap();
    let verdict =
        |pending, key| batch::verify(&[Item::new(vec![Pending::BitVector(pending)])], &generators, key, &ENTROPY);
    assert_eq!(verdict(pending(), &case.key), [true]);
    assert_eq!(verdict(pending(), &other), [false]);
    let mut relabelled = pending();
    relabelled.key = *other.compressed();
    assert_eq!(verdict(relabelled, &case.key), [false], "only the key that the challenges are about");
    // Beside a sound one only the stranger is refused.
    let [sound, mut stranger] = [pending(), pending()];
    stranger.key = *other.compressed();
    let items = [sound, stranger].map(|pending| Item::new(vec![Pending::BitVector(pending)]));
    assert_eq!(batch::verify(&items, &generators, &case.key, &ENTROPY), [true, false]);
}

/// A3: a statement without wide values has no wide part, not even an empty one.
#[test]
fn a3_an_empty_wide_part_is_refused() {
    let (statement, mut case) = (Statement::new(values(), relations()).unwrap(), Case::new(1));
    let donor = Statement::new(vec![Value::encrypted(70_000)], vec![]).unwrap();
    let shape = donor.range_shape().unwrap();
    let range = crate::range::RangeProof::from_bytes(shape, &vec![0; crate::range::encoded_len(shape)]).unwrap();
    case.proof.wide = Some(WideProof { V: vec![], W: vec![], f: vec![], z: vec![], range });
    let refused = prepare(&mut context(b"one"), &statement, &case.key, &case.ciphertexts, case.proof.clone()).err();
    assert_eq!(refused, Some(ProofError::Length("argument")));
}

/// M3: each of the three equations has a weight of its own. Opposite errors in two of them would cancel otherwise.
#[test]
fn m3_opposite_errors_in_two_equations_of_one_proof_do_not_cancel() {
    let statement = Statement::new(values(), relations()).unwrap();
    let case = Case::new(8);
    let generators = Generators::new(statement.bits());
    let verdict = |change: &dyn Fn(&mut PendingBitVector)| {
        let proof = case.proof.clone();
        let mut pending = prepare(&mut context(b"one"), &statement, &case.key, &case.ciphertexts, proof).unwrap();
        change(&mut pending);
        batch::verify(&[Item::new(vec![Pending::BitVector(pending)])], &generators, &case.key, &ENTROPY)
    };
    assert_eq!(verdict(&|_| ()), [true]);
    assert_eq!(verdict(&|pending| (pending.E[0], pending.E[1]) = (pending.E[0] + BASE, pending.E[1] - BASE)), [false]);
    assert_eq!(verdict(&|pending| (pending.A, pending.E[0]) = (pending.A + BASE, pending.E[0] - BASE)), [false]);
    assert_eq!(verdict(&|pending| (pending.A, pending.E[1]) = (pending.A + BASE, pending.E[1] - BASE)), [false]);
    // Errors that are no multiples of each other's weight by accident: each alone is refused as well.
    assert_eq!(verdict(&|pending| pending.B += BASE), [false]);
}

/// Narrow proofs have not changed since they were first used: this digest binds every byte of statement and proof.
#[test]
fn narrow_proofs_are_frozen() {
    let case = Case::new(1);
    let statement = Statement::new(values(), relations()).unwrap();
    let transcript = &mut context(b"one");
    prepare(transcript, &statement, &case.key, &case.ciphertexts, case.proof.clone()).unwrap();
    assert_eq!(hex::encode(&transcript.item_digest()[..16]), "a7ac2ccb54851be91e862c91404340ea");
}

#[test]
fn a1_what_follows_is_bound_to_every_response() {
    let digest = |f: &[Scalar], z: u64, z_e: u64| {
        let mut transcript = context(b"one");
        transcript.bind_responses(f, &Scalar::from(z), &Scalar::from(z_e));
        transcript.item_digest()
    };
    let f: Vec<_> = (0..9_u64).map(Scalar::from).collect();
    let honest = digest(&f, 20, 21);
    for i in 0..f.len() {
        let mut other = f.clone();
        other[i] += Scalar::from(100_u64);
        assert_ne!(digest(&other, 20, 21), honest, "f {i}");
    }
    assert_ne!(digest(&f[..8], 20, 21), honest);
    assert_ne!(digest(&f, 22, 21), honest);
    assert_ne!(digest(&f, 20, 22), honest);
    assert_ne!(digest(&f, 21, 20), honest);
    let mut swapped = f;
    swapped.swap(0, 1);
    assert_ne!(digest(&swapped, 20, 21), honest);
}

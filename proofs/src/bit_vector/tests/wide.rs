//! Wide values: commitments of their own, one more response each, and a range proof (F1).

use super::*;
use crate::linear::{MAX_WIDE, decompose};
use crate::range::RangeProof;
use crate::range::tests::cheat::{self, Answer, Fill};
use crate::sigma::signature::Signature;

/// Two narrow and two wide cells and a committed value; relations mix them.
fn mixed() -> (Vec<Value>, Vec<Relation>) {
    let values = vec![
        Value::encrypted(1),
        Value::encrypted(1_000_000),
        Value::committed(6),
        Value::encrypted(100),
        Value::encrypted(MAX_WIDE),
    ];
    let relations = vec![
        Relation { terms: vec![(0, 1), (1, 3), (4, 1)], lo: 5, hi: 1 << 41 },
        Relation { terms: vec![(1, 1), (2, -1), (3, -2)], lo: 0, hi: 900_000 },
    ];
    (values, relations)
}

const SECRET: [u64; 5] = [1, 700_000, 6, 50, 1 << 40];

#[derive(Clone)]
struct WideCase {
    context: &'static [u8],
    values: Vec<Value>,
    relations: Vec<Relation>,
    key: PublicKey,
    ciphertexts: Vec<CompressedCiphertext>,
    proof: BitVectorProof,
}

impl WideCase {
    fn of(values: Vec<Value>, relations: Vec<Relation>, secret: &[u64], seed: u64) -> Self {
        let mut rng = rng(seed);
        let key = EncryptionKey::new(
            PublicKey::of(&SecretScalar::random(&mut rand_chacha::ChaCha20Rng::seed_from_u64(0))).unwrap(),
        );
        let statement = Statement::new(values.clone(), relations.clone()).unwrap();
        let randomness: Vec<_> = (0..statement.encrypted()).map(|_| SecretScalar::random(&mut rng)).collect();
        let ciphertexts = statement.encrypt(&key, secret, &randomness).unwrap();
        let ciphertexts: Vec<_> = ciphertexts.iter().map(|pair| pair.compress()).collect();
        let generators = Generators::for_statements([&statement]);
        let transcript = &mut context(b"one");
        let proof =
            prove(transcript, &statement, &generators, &key, &ciphertexts, secret, &randomness, &mut rng).unwrap();
        Self { context: b"one", values, relations, key: *key.public(), ciphertexts, proof }
    }

    fn new(seed: u64) -> Self {
        let (values, relations) = mixed();
        Self::of(values, relations, &SECRET, seed)
    }

    fn statement(&self) -> Result<Statement, ProofError> {
        let statement = Statement::new(self.values.clone(), self.relations.clone());
        statement.map_err(|_| ProofError::Misuse("no statement"))
    }

    fn verify(&self) -> Result<(), ProofError> {
        let statement = self.statement()?;
        let generators = Generators::for_statements([&statement]);
        let proof = self.proof.clone();
        let transcript = &mut context(self.context);
        verify(transcript, &statement, &generators, &self.key, &self.ciphertexts, proof, &ENTROPY)
    }

    fn pending(&self) -> PendingBitVector {
        let (statement, proof) = (self.statement().unwrap(), self.proof.clone());
        prepare(&mut context(self.context), &statement, &self.key, &self.ciphertexts, proof).unwrap()
    }
}

#[test]
fn a_true_statement_of_wide_and_narrow_cells_is_accepted() {
    assert_eq!(WideCase::new(1).verify(), Ok(()));
    // Wide cells alone: not a single bit.
    let alone = WideCase::of(vec![Value::encrypted(70_000); 3], vec![], &[0, 1, 70_000], 2);
    assert_eq!(alone.statement().unwrap().bits(), 0);
    assert_eq!(alone.verify(), Ok(()));
}

#[test]
fn wide_proofs_have_the_documented_size_and_one_encoding() {
    let case = WideCase::new(1);
    let statement = case.statement().unwrap();
    // Values 1 + 3 + 7 bits, slacks 41 and 20 bits.
    assert_eq!((statement.bits(), statement.wide()), (72, 2));
    let bytes = case.proof.to_bytes();
    // n = 64, m = 4: 8 rounds.
    assert_eq!(bytes.len(), 32 * (4 + 72 + 2 + 4 * 2 + 9 + 2 * 8));
    assert_eq!(BitVectorProof::encoded_len(&statement), bytes.len());
    assert_eq!(BitVectorProof::from_bytes(&statement, &bytes), Ok(case.proof));
    for length in [0, bytes.len() - 1, 32 * (4 + 72 + 2)] {
        assert_eq!(BitVectorProof::from_bytes(&statement, &bytes[..length]), Err(ProofError::Length("argument")));
    }
    // Scalars that are not reduced: response of a value, of a blinding, and in the range proof.
    let first = 32 * (4 + 72 + 2 + 4);
    for (word, what) in [(0, "response of an argument"), (3, "response of an argument"), (8, "scalar of a range proof")]
    {
        let mut overflowing = bytes.clone();
        overflowing[first + 32 * word..][..32].fill(0xff);
        assert_eq!(BitVectorProof::from_bytes(&statement, &overflowing), Err(ProofError::Malformed(what)));
    }
}

/// Every field that wide values add, and every word of the encoding (A1).
#[test]
fn a1_every_perturbed_field_of_a_wide_argument_is_refused() {
    let valid = WideCase::new(2);
    assert_eq!(valid.verify(), Ok(()));
    let mut tried = 0;
    let mut refuse = |name: &str, change: &dyn Fn(&mut WideCase)| {
        let mut case = valid.clone();
        change(&mut case);
        assert!(case.verify().is_err(), "{name} is not bound");
        tried += 1;
    };
    refuse("context", &|case| case.context = b"two");
    refuse("maximum of a wide value", &|case| case.values[1].max += 1);
    refuse("smaller maximum of a wide value", &|case| case.values[4].max -= 1);
    refuse("order of wide values", &|case| case.values.swap(1, 4));
    refuse("wide value made narrow", &|case| case.values[1].max = 60_000);
    refuse("narrow value made wide", &|case| case.values[3].max = 70_000);
    refuse("coefficient of a wide value", &|case| case.relations[0].terms[1].1 = 4);
    refuse("bound of a mixed relation", &|case| case.relations[0].lo = 4);
    refuse("key", &|case| case.key = PublicKey::new(case.key.point() + BASE).unwrap());
    refuse("ciphertext", &|case| case.ciphertexts[1].second = other_point(&case.ciphertexts[1].second));
    refuse("order of ciphertexts", &|case| case.ciphertexts.swap(1, 3));
    refuse("no wide part", &|case| case.proof.wide = None);
    for i in 0..2 {
        let wide = |change: &dyn Fn(&mut WideProof)| {
            let change = |case: &mut WideCase| change(case.proof.wide.as_mut().unwrap());
            let mut case = valid.clone();
            change(&mut case);
            case
        };
        for (name, case) in [
            ("V", wide(&|wide| wide.V[i] = other_point(&wide.V[i]))),
            ("W", wide(&|wide| wide.W[i] = other_point(&wide.W[i]))),
            ("f of a wide value", wide(&|wide| wide.f[i] += Scalar::ONE)),
            ("z of a wide value", wide(&|wide| wide.z[i] += Scalar::ONE)),
            ("V that is no point", wide(&|wide| wide.V[i] = CompressedPoint([0xff; 32]))),
            ("W that is no point", wide(&|wide| wide.W[i] = CompressedPoint([0xff; 32]))),
            ("V exchanged", wide(&|wide| wide.V.swap(0, 1))),
            ("W exchanged", wide(&|wide| wide.W.swap(0, 1))),
            ("missing V", wide(&|wide| wide.V.truncate(i))),
            ("missing W", wide(&|wide| wide.W.truncate(i))),
            ("missing f", wide(&|wide| wide.f.truncate(i))),
            ("missing z", wide(&|wide| wide.z.truncate(i))),
            ("missing round", wide(&|wide| wide.range.rounds.truncate(7))),
        ] {
            refuse(name, &|old| *old = case.clone());
        }
    }
    let (statement, bytes) = (valid.statement().unwrap(), valid.proof.to_bytes());
    for word in 0..bytes.len() / 32 {
        let mut changed = bytes.clone();
        changed[32 * word] ^= 2;
        if let Ok(proof) = BitVectorProof::from_bytes(&statement, &changed) {
            refuse("word of the encoding", &|case| case.proof = proof.clone());
        }
    }
    assert_eq!(tried, 12 + 26 + bytes.len() / 32, "every word of this proof stays canonical");
}

/// M4: the weights of a batch depend on every byte of the range proof, its last scalars included.
#[test]
fn m4_digest_covers_the_range_proof() {
    let case = WideCase::new(3);
    let original = case.pending().digest;
    let change = |change: &dyn Fn(&mut RangeProof)| {
        let mut case = case.clone();
        change(&mut case.proof.wide.as_mut().unwrap().range);
        case.pending().digest
    };
    assert_eq!(change(&|_| ()), original);
    assert_ne!(change(&|range| range.a += Scalar::ONE), original);
    assert_ne!(change(&|range| range.b += Scalar::ONE), original);
    assert_ne!(change(&|range| range.t_x += Scalar::ONE), original);
}

/// M3: every wide value's equation and both of the range proof have weights of their own.
#[test]
fn m3_opposite_errors_in_equations_of_wide_values_do_not_cancel() {
    let case = WideCase::new(4);
    let generators = Generators::for_statements([&case.statement().unwrap()]);
    let verdict = |change: &dyn Fn(&mut PendingBitVector, &mut super::super::verify::PendingWide)| {
        let mut pending = case.pending();
        let mut wide = pending.wide.take().unwrap();
        change(&mut pending, &mut wide);
        pending.wide = Some(wide);
        batch::verify(&[Item::new(vec![Pending::BitVector(pending)])], &generators, &case.key, &ENTROPY)
    };
    assert_eq!(verdict(&|_, _| ()), [true]);
    assert_eq!(verdict(&|_, wide| wide.values[0].W += BASE), [false]);
    assert_eq!(
        verdict(&|_, wide| (wide.values[0].f, wide.values[1].f) =
            (wide.values[0].f + Scalar::ONE, wide.values[1].f - Scalar::ONE)),
        [false]
    );
    assert_eq!(
        verdict(&|_, wide| (wide.values[0].z, wide.values[1].z) =
            (wide.values[0].z + Scalar::ONE, wide.values[1].z - Scalar::ONE)),
        [false]
    );
    assert_eq!(
        verdict(&|pending, wide| (pending.E[0], wide.values[0].W) = (pending.E[0] + BASE, wide.values[0].W - BASE)),
        [false]
    );
    assert_eq!(
        verdict(&|_, wide| (wide.values[0].V, wide.values[1].V) = (wide.values[1].V, wide.values[0].V)),
        [false]
    );
    // The blinding of a V and that of either equation of the range proof.
    let (blinding, one) = (generators.value, Scalar::ONE);
    for j in 0..2 {
        let with = |change: &dyn Fn(&mut super::super::verify::PendingWide)| {
            verdict(&|_, wide| {
                wide.values[j].W += blinding;
                change(wide);
            })
        };
        assert_eq!(with(&|wide| wide.values[j].z += one), [true], "as large as the shift");
        assert_eq!(with(&|wide| wide.range.t_x_blinding += one), [false]);
        assert_eq!(with(&|wide| wide.range.e_blinding += one), [false]);
    }
}

/// Adds a point to the left side of one equation: the vector, both components of the image, the two V, and polynomial and
/// product of the range proof.
fn shift(pending: &mut PendingBitVector, equation: usize, by: Point) {
    let wide = pending.wide.as_mut().unwrap();
    match equation {
        0 => pending.A += by,
        1 | 2 => pending.E[equation - 1] += by,
        3 | 4 => wide.values[equation - 3].W += by,
        5 => wide.range.T[0] += by * wide.range.x.invert(),
        6 => wide.range.S += by * wide.range.x.invert(),
        _ => panic!("seven equations"),
    }
}

/// M3: of all seven equations no two have one weight: opposite errors of any size would cancel then.
#[test]
fn m3_opposite_errors_in_any_two_equations_do_not_cancel() {
    let case = WideCase::new(4);
    let generators = Generators::for_statements([&case.statement().unwrap()]);
    let verdict = |shifts: &[(usize, Point)]| {
        let mut pending = case.pending();
        shifts.iter().for_each(|(equation, by)| shift(&mut pending, *equation, *by));
        batch::verify(&[Item::new(vec![Pending::BitVector(pending)])], &generators, &case.key, &ENTROPY)
    };
    for one in 0..7 {
        assert_eq!(verdict(&[(one, BASE)]), [false], "{one}");
        for two in one + 1..7 {
            for by in [BASE, generators.value] {
                assert_eq!(verdict(&[(one, by), (two, -by)]), [false], "{one} and {two}");
            }
        }
    }
    // Polynomial and product are shifted by as much as the others: the blinding of each makes up for it.
    for equation in [5, 6] {
        let mut pending = case.pending();
        shift(&mut pending, equation, generators.value);
        let range = &mut pending.wide.as_mut().unwrap().range;
        *(if equation == 5 { &mut range.t_x_blinding } else { &mut range.e_blinding }) += Scalar::ONE;
        let items = [Item::new(vec![Pending::BitVector(pending)])];
        assert_eq!(batch::verify(&items, &generators, &case.key, &ENTROPY), [true]);
    }
}

/// A prover that follows the protocol with scalars of its choice for slack bits and wide values.
fn cheat_wide(
    statement: &Statement,
    bits: &[Scalar],
    wide: &[Scalar],
    plain: &[Scalar],
    fill: Fill,
    answer: Answer,
) -> Result<(), ProofError> {
    let mut rng = rng(5);
    let key = EncryptionKey::new(PublicKey::of(&SecretScalar::random(&mut rng)).unwrap());
    let randomness: Vec<_> = plain.iter().map(|_| SecretScalar::random(&mut rng)).collect();
    let pairs: Vec<_> = plain.iter().zip(&randomness).map(|(v, r)| key.encrypt(v, r).compress()).collect();
    let generators = Generators::for_statements([statement]);
    let (shape, maxima) = (statement.range_shape().unwrap(), statement.wide_maxima());
    let range = |transcript: &mut Transcript, blindings: &[Scalar], source: &mut ProverRng| {
        let places = cheat::places(&generators, shape, maxima, wide, blindings, fill);
        Ok(cheat::prove(transcript, &generators, shape, &places, answer, source))
    };
    let witness = Witness { bits, wide, randomness: &randomness };
    let transcript = &mut context(b"cheat");
    let proof = prove_witness(transcript, statement, &generators, &key, &pairs, &witness, &mut rng, range).unwrap();
    verify(&mut context(b"cheat"), statement, &generators, key.public(), &pairs, proof, &ENTROPY)
}

/// Values that no cell with this maximum may hold.
fn outside(max: u64) -> Vec<Scalar> {
    let mut values = vec![
        Scalar::from(max) + Scalar::ONE,
        Scalar::from(MAX_WIDE) + Scalar::ONE,
        Scalar::from(u64::MAX),
        -Scalar::ONE,
    ];
    if max < MAX_WIDE {
        values.push(Scalar::from(MAX_WIDE));
    }
    values
}

const WAYS: [(Fill, Answer); 4] = [
    (Fill::Heap, Answer::Product),
    (Fill::Heap, Answer::Polynomial),
    (Fill::LowBits, Answer::Product),
    (Fill::LowBits, Answer::Polynomial),
];

#[test]
fn f1_wide_values_outside_their_range_are_refused_without_a_budget() {
    for max in [65_536, 1_000_000, MAX_WIDE] {
        let statement = Statement::new(vec![Value::encrypted(max)], vec![]).unwrap();
        let cheat = |v: Scalar, (fill, answer)| cheat_wide(&statement, &[], &[v], &[v], fill, answer);
        for way in WAYS {
            assert_eq!(cheat(Scalar::from(max), way), Ok(()), "the prover of the tests works");
            for v in outside(max) {
                assert!(cheat(v, way).is_err(), "{v:?} of {max} in the way {way:?}");
            }
        }
    }
}

/// With a budget of twice the maximum: within it the relation holds honestly and only the range refuses; beyond it the
/// slack is no bit either.
#[test]
fn f1_wide_values_outside_their_range_are_refused_with_a_budget() {
    for max in [1_000_000, MAX_WIDE] {
        let hi = 2 * i64::try_from(max).unwrap();
        let budget = vec![Relation { terms: vec![(0, 1)], lo: 0, hi }];
        let statement = Statement::new(vec![Value::encrypted(max)], budget).unwrap();
        // Bits of the slack where it has some; all of it in the lowest place otherwise, so that the relation holds.
        let slack = |v: Scalar| -> Vec<Scalar> {
            let small = u64::from_le_bytes(v.as_bytes()[..8].try_into().unwrap());
            let mut bits = vec![];
            if Scalar::from(small) == v && small <= hi.unsigned_abs() {
                decompose(&mut bits, small, hi.unsigned_abs());
            } else {
                bits.resize(statement.bits(), Scalar::ZERO);
                bits[0] = v;
            }
            bits
        };
        for way in WAYS {
            let honest = Scalar::from(max);
            assert_eq!(cheat_wide(&statement, &slack(honest), &[honest], &[honest], way.0, way.1), Ok(()));
            for v in outside(max) {
                let verdict = cheat_wide(&statement, &slack(v), &[v], &[v], way.0, way.1);
                assert!(verdict.is_err(), "{v:?} of {max} in the way {way:?}");
            }
        }
    }
}

/// A value in its range, but another one in the ciphertext, in the commitment, or in the relation.
#[test]
fn f1_a_wide_commitment_to_another_value_than_the_ciphertext_is_refused() {
    let budget = vec![Relation { terms: vec![(0, 1)], lo: 5, hi: 5 }];
    let statement = Statement::new(vec![Value::encrypted(100_000)], budget).unwrap();
    let cheat = |wide: u64, plain: u64| {
        let (wide, plain) = (Scalar::from(wide), Scalar::from(plain));
        cheat_wide(&statement, &[], &[wide], &[plain], Fill::Heap, Answer::Product)
    };
    assert_eq!(cheat(5, 5), Ok(()));
    assert!(cheat(5, 6).is_err(), "ciphertext");
    assert!(cheat(6, 6).is_err(), "relation");
    assert!(cheat(6, 5).is_err(), "commitment");
}

/// Somebody who knows the secret key y of Y = yG. Were Y the base of the commitments, V = vG + gamma Y could be opened
/// as 0 G + (gamma + v / y) Y, and the range of 0 be proved for any v. The base H is hashed, so it cannot (A5).
#[test]
fn a5_who_knows_the_secret_key_cannot_prove_a_false_range() {
    let mut rng = rng(6);
    let secret = SecretScalar::random(&mut rng);
    let key = EncryptionKey::new(PublicKey::of(&secret).unwrap());
    let statement = Statement::new(vec![Value::encrypted(1_000_000)], vec![]).unwrap();
    let (shape, maxima) = (statement.range_shape().unwrap(), statement.wide_maxima());
    let hashed = Generators::for_statements([&statement]);
    let trapdoored = Generators { value: *key.public().point(), ..hashed.clone() };
    let mut attack = |v: Scalar, prover: &Generators, verifier: &Generators| {
        let randomness = [SecretScalar::random(&mut rng)];
        let pairs = [key.encrypt(&v, &randomness[0]).compress()];
        let range = |transcript: &mut Transcript, blindings: &[Scalar], source: &mut ProverRng| {
            let opened = blindings[0] + v * secret.expose().invert();
            crate::range::prove(transcript, prover, shape, maxima, &[0], &[opened], source)
        };
        let witness = Witness { bits: &[], wide: &[v], randomness: &randomness };
        let transcript = &mut context(b"a5");
        let proof = prove_witness(transcript, &statement, prover, &key, &pairs, &witness, &mut rng, range).unwrap();
        verify(&mut context(b"a5"), &statement, verifier, key.public(), &pairs, proof, &ENTROPY)
    };
    for v in outside(1_000_000) {
        assert_eq!(attack(v, &trapdoored, &trapdoored), Ok(()), "the attack is real where Y is the base");
        assert!(attack(v, &hashed, &hashed).is_err());
        assert!(attack(v, &trapdoored, &hashed).is_err());
    }
}

#[test]
fn too_few_generators_for_the_range_refuse_instead_of_skipping() {
    let case = WideCase::new(7);
    let narrow = Generators::new(case.statement().unwrap().bits());
    let short = Generators::for_statements([&Statement::new(vec![Value::encrypted(MAX_WIDE)], vec![]).unwrap()]);
    let short = Generators { range: short.range, ..narrow.clone() };
    for generators in [narrow, short] {
        let item = Item::new(vec![Pending::BitVector(case.pending())]);
        assert_eq!(batch::verify(&[item], &generators, &case.key, &ENTROPY), [false]);
        let statement = case.statement().unwrap();
        let key = EncryptionKey::new(case.key);
        let randomness: Vec<_> = (0..4).map(|_| SecretScalar::random(&mut rng(1))).collect();
        let transcript = &mut context(b"one");
        let proof =
            prove(transcript, &statement, &generators, &key, &case.ciphertexts, &SECRET, &randomness, &mut rng(1));
        assert_eq!(proof, Err(ProofError::Misuse("not enough generators")));
    }
}

/// An item of one of four kinds under the same key, sound or with one fault.
fn item_of(kind: u8, fault: u8) -> (Item, bool) {
    let narrow = || WideCase::of(values(), relations(), &[1, 3, 6, 5], 8);
    let small = || WideCase::of(vec![Value::encrypted(70_000)], vec![], &[69_999], 9);
    let large = || WideCase::new(10);
    let mut cases = match kind {
        0 => vec![narrow()],
        1 => vec![small()],
        2 => vec![large()],
        _ => vec![small(), narrow()],
    };
    let target = &mut cases[0].proof;
    match (fault, &mut target.wide) {
        (1, _) => target.z_e += Scalar::ONE,
        (2, Some(wide)) => wide.range.a += Scalar::ONE,
        (3, Some(wide)) => wide.z[0] += Scalar::ONE,
        (4, Some(wide)) => wide.range.t_x += Scalar::ONE,
        (5, Some(wide)) => wide.V[0] = other_point(&wide.V[0]),
        (6, Some(wide)) => wide.range.rounds[1].swap(0, 1),
        (2..=6, None) => target.f[0] += Scalar::ONE,
        _ => {}
    }
    let mut parts: Vec<_> = cases.iter().map(|case| Pending::BitVector(case.pending())).collect();
    let secret = SecretScalar::from_scalar(Scalar::from(77_u64));
    let public = PublicKey::of(&secret).unwrap();
    let signature = Signature::sign(&mut context(b"signed"), &secret, &public, &mut rng(11));
    let seen: &[u8] = if fault == 7 { b"other" } else { b"signed" };
    parts.push(Pending::Signature(signature.prepare(&mut context(seen), &public).unwrap()));
    (Item::new(parts), !(1..=7).contains(&fault))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    /// Narrow, wide of two shapes and signatures in one batch: the same verdict as one by one.
    #[test]
    fn m4_mixed_batches_agree_with_single_verification(
        kinds in prop::collection::vec((0_u8..4, 0_u8..24), 1..9),
        entropy: [u8; 32],
    ) {
        let (items, expected): (Vec<_>, Vec<_>) = kinds.iter().map(|(kind, fault)| item_of(*kind, *fault)).unzip();
        let statements = [
            Statement::new(mixed().0, mixed().1).unwrap(),
            Statement::new(values(), relations()).unwrap(),
            Statement::new(vec![Value::encrypted(70_000)], vec![]).unwrap(),
        ];
        let (generators, key) = (Generators::for_statements(&statements), WideCase::new(10).key);
        let single: Vec<_> =
            items.iter().map(|item| batch::verify(core::slice::from_ref(item), &generators, &key, &entropy)[0]).collect();
        prop_assert_eq!(&single, &expected);
        prop_assert_eq!(&batch::verify(&items, &generators, &key, &entropy), &expected);
    }

    /// Any satisfiable statement that mixes wide and narrow values is proved and verified.
    #[test]
    fn random_wide_statements_are_complete(
        seed: u64,
        cells in prop::collection::vec((prop_oneof![1..=MAX_VALUE, 65_536..=MAX_WIDE], any::<u64>(), -3_i64..=3), 1..6),
    ) {
        let shape: Vec<_> = cells.iter().map(|(max, ..)| Value::encrypted(*max)).collect();
        let secret: Vec<_> = cells.iter().map(|(max, raw, _)| raw % (max + 1)).collect();
        let terms: Vec<_> = cells.iter().enumerate().filter(|(_, cell)| cell.2 != 0).map(|(i, cell)| (i, cell.2)).collect();
        let sum: i64 = terms.iter().map(|(i, c)| c * i64::try_from(secret[*i]).unwrap()).sum();
        let relations = if terms.is_empty() { vec![] } else { vec![Relation { terms, lo: sum - 2, hi: sum + (1 << 33) }] };
        let case = WideCase::of(shape, relations, &secret, seed);
        let bytes = case.proof.to_bytes();
        prop_assert_eq!(BitVectorProof::from_bytes(&case.statement().unwrap(), &bytes), Ok(case.proof.clone()));
        prop_assert_eq!(case.verify(), Ok(()));
    }
}

/// A change of a label, an order, a generator or a derivation would silently fork the protocol.
#[test]
fn wide_proofs_are_frozen() {
    assert_eq!(hex::encode(&WideCase::new(1).pending().digest[..16]), "2e06c6ece20c069801f5cb9012d01a8b");
}

/// The equations alone would not notice most of these: the challenges themselves must depend on each message, and every
/// later challenge on every response.
#[test]
fn a1_challenges_depend_on_what_wide_values_add() {
    let case = WideCase::new(12);
    let statement = case.statement().unwrap();
    let run = |change: &dyn Fn(&mut WideProof), shape: Option<crate::group::RangeShape>| {
        let (proof, mut transcript) = (&case.proof, context(b"one"));
        let mut wide = proof.wide.clone().unwrap();
        change(&mut wide);
        transcript.begin_bit_vector(&statement, &case.key, &case.ciphertexts);
        transcript.commit_values(shape.or(statement.range_shape()).unwrap(), &wide.V);
        let y = transcript.commit_bits(&proof.B, &proof.A);
        let x = transcript.commit_image(&proof.E, &wide.W);
        transcript.bind_responses(&proof.f, &proof.z, &proof.z_e);
        transcript.bind_value_responses(&wide.f, &wide.z);
        (y, x, transcript.item_digest())
    };
    let original = run(&|_| (), None);
    assert_eq!(original, run(&|_| (), None));
    let differs = |name: &str, other: (Scalar, Scalar, [u8; 32]), expected: [bool; 3]| {
        let found = [original.0 != other.0, original.1 != other.1, original.2 != other.2];
        assert_eq!(found, expected, "{name}");
    };
    let point = case.proof.B;
    let range = |bits, places| Some(crate::group::RangeShape { bits, places });
    differs("V", run(&|wide| wide.V[1] = point, None), [true; 3]);
    differs("number of V", run(&|wide| wide.V.truncate(1), None), [true; 3]);
    differs("n", run(&|_| (), range(32, 4)), [true; 3]);
    differs("m", run(&|_| (), range(64, 8)), [true; 3]);
    differs("W", run(&|wide| wide.W[1] = point, None), [false, true, true]);
    differs("f", run(&|wide| wide.f[1] += Scalar::ONE, None), [false, false, true]);
    differs("z", run(&|wide| wide.z[0] += Scalar::ONE, None), [false, false, true]);
}

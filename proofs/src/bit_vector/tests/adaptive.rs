//! Provers of false statements that know every secret, the secret key included, and may change any one field of the proof
//! afterwards: at random, by a shift, or to a value computed so that one equation holds.

use core::cell::RefCell;

use super::*;
use crate::range::tests::cheat::{self, Answer, Fill};

/// What is false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    /// Nothing: the control.
    None,
    /// A bit is a scalar of the prover's choice, and the ciphertext says so too.
    Bit,
    /// A ciphertext encrypts another number.
    Ciphertext,
    /// The relation does not hold.
    Relation,
    /// A wide value is above its maximum.
    Range,
    /// A wide commitment has another value than its ciphertext, and f' answers for the commitment.
    WideCiphertext,
    /// The same, but f' answers for the ciphertext.
    WideResponse,
}

const LIES: [Lie; 6] = [Lie::Bit, Lie::Ciphertext, Lie::Relation, Lie::Range, Lie::WideCiphertext, Lie::WideResponse];

/// The one field that is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    B,
    A,
    E0,
    E1,
    F(usize),
    Z,
    ZE,
    V,
    W,
    WideF,
    WideZ,
    /// A word of the range proof.
    Range(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Keep,
    Random,
    Shift,
    /// To what the equation wants that the field occurs in, all other fields and the challenges being as they are.
    Solve,
}

const MAX: u64 = 1_000_000;

/// Everything the prover knows.
struct Liar {
    statement: Statement,
    generators: Generators,
    secret: SecretScalar,
    key: EncryptionKey,
    ciphertexts: Vec<CompressedCiphertext>,
    bits: Vec<Scalar>,
    /// What f' answers for.
    wide: Vec<Scalar>,
    /// What V holds and the range proof is about.
    opened: Vec<Scalar>,
    /// Plaintexts of the ciphertexts.
    plain: Vec<Scalar>,
    blindings: RefCell<Vec<Scalar>>,
    ways: (Fill, Answer),
    proof: BitVectorProof,
}

impl Liar {
    fn new(lie: Lie, by: Scalar, ways: (Fill, Answer), seed: u64) -> Self {
        let mut rng = rng(seed);
        let values = vec![Value::encrypted(1), Value::encrypted(5), Value::encrypted(MAX)];
        let relations = vec![Relation { terms: vec![(0, 1), (1, 1), (2, 1)], lo: 3, hi: 3 + 15 }];
        let statement = Statement::new(values, relations).unwrap();
        // 1, 4 = 2 + 2 (weights 1, 2, 2), 6, slack 8 (weights 1, 2, 4, 8).
        let truth = [1_u64, 4, 6];
        let mut bits = statement.witness_bits(&truth).unwrap().to_vec();
        let mut wide = vec![Scalar::from(6_u64)];
        let mut plain: Vec<_> = truth.iter().map(|v| Scalar::from(*v)).collect();
        match lie {
            Lie::None => {}
            Lie::Bit => {
                // The relation still holds: the first cell gains what the wide one loses. 1 - 1 would be a bit.
                let by = if by == -Scalar::ONE { Scalar::ONE } else { by };
                bits[0] += by;
                plain[0] += by;
                wide[0] -= by;
                plain[2] -= by;
            }
            Lie::Ciphertext => plain[1] += by,
            Lie::Relation => bits[4] = Scalar::ONE - bits[4],
            Lie::Range => {
                // Above the maximum; the slack takes the difference in its lowest place.
                let more = Scalar::from(MAX) + Scalar::ONE;
                wide[0] += more;
                plain[2] += more;
                bits[4] += more;
            }
            Lie::WideCiphertext => plain[2] += by,
            // In its range, whatever `by` is.
            Lie::WideResponse => wide[0] += Scalar::from(u64::from(by.as_bytes()[0]) + 1),
        }
        let secret = SecretScalar::random(&mut rng);
        let key = EncryptionKey::new(PublicKey::of(&secret).unwrap());
        let randomness: Vec<_> = plain.iter().map(|_| SecretScalar::random(&mut rng)).collect();
        let ciphertexts: Vec<_> = plain.iter().zip(&randomness).map(|(v, r)| key.encrypt(v, r).compress()).collect();
        let generators = Generators::for_statements([&statement]);
        let blindings = RefCell::new(Vec::new());
        let (shape, maxima) = (statement.range_shape().unwrap(), statement.wide_maxima());
        let range = |transcript: &mut Transcript, drawn: &[Scalar], source: &mut ProverRng| {
            *blindings.borrow_mut() = drawn.to_vec();
            let places = cheat::places(&generators, shape, maxima, &wide, drawn, ways.0);
            Ok(cheat::prove(transcript, &generators, shape, &places, ways.1, source))
        };
        let witness = Witness { bits: &bits, wide: &wide, randomness: &randomness };
        let transcript = &mut context(b"adaptive");
        let proof =
            prove_witness(transcript, &statement, &generators, &key, &ciphertexts, &witness, &mut rng, range).unwrap();
        let opened = wide.clone();
        let mut liar =
            Self { statement, generators, secret, key, ciphertexts, bits, wide, opened, plain, blindings, ways, proof };
        if lie == Lie::WideResponse {
            let (_, _, x) = liar.replay();
            liar.wide[0] = liar.plain[2];
            liar.proof.wide.as_mut().unwrap().f[0] += x * (liar.wide[0] - liar.opened[0]);
            liar.prove_range_again();
        }
        liar
    }

    fn verify(&self) -> Result<(), ProofError> {
        let Self { statement, generators, key, ciphertexts, proof, .. } = self;
        let transcript = &mut context(b"adaptive");
        verify(transcript, statement, generators, key.public(), ciphertexts, proof.clone(), &ENTROPY)
    }

    /// The transcript up to the range proof, and y and x.
    fn replay(&self) -> (Transcript, Scalar, Scalar) {
        let mut transcript = context(b"adaptive");
        let wide = self.proof.wide.as_ref().unwrap();
        transcript.begin_bit_vector(&self.statement, self.key.public(), &self.ciphertexts);
        transcript.commit_values(self.statement.range_shape().unwrap(), &wide.V);
        let y = transcript.commit_bits(&self.proof.B, &self.proof.A);
        let x = transcript.commit_image(&self.proof.E, &wide.W);
        transcript.bind_responses(&self.proof.f, &self.proof.z, &self.proof.z_e);
        transcript.bind_value_responses(&wide.f, &wide.z);
        (transcript, y, x)
    }

    /// The range proof is made anew behind the changed field, for the commitment as it is now if its opening is known.
    fn prove_range_again(&mut self) {
        let (mut transcript, ..) = self.replay();
        let shape = self.statement.range_shape().unwrap();
        let (maxima, blindings) = (self.statement.wide_maxima(), self.blindings.borrow());
        let mut places = cheat::places(&self.generators, shape, maxima, &self.opened, &blindings, self.ways.0);
        let commitment = self.proof.wide.as_ref().unwrap().V[0];
        if let Some(point) = commitment.decompress() {
            places[0].commitment = commitment;
            places[1].commitment = (BASE * Scalar::from(MAX) - point).compress();
        }
        let source = &mut context(b"again").prover_rng(b"again", &mut rng(99));
        let range = cheat::prove(&mut transcript, &self.generators, shape, &places, self.ways.1, source);
        drop(blindings);
        self.proof.wide.as_mut().unwrap().range = range;
    }

    /// What each equation wants under these challenges: right side minus left side of the vector equation without A and
    /// B, of both components of the image without E, and of the wide value without V and W.
    fn sides(&self, y: Scalar, x: Scalar) -> [Point; 4] {
        let BitVectorProof { f, z, z_e, wide, .. } = &self.proof;
        let wide = wide.as_ref().unwrap();
        let Generators { bit, cross, blind, value, .. } = &self.generators;
        let bits = f.iter().zip(bit.iter().zip(cross)).map(|(f, (h, cross))| h * f + cross * (f * (x - f)));
        let vector = bits.sum::<Point>() + blind * z;
        let forms = self.statement.forms().iter().zip(powers(y));
        let image: Scalar = forms.map(|(form, y)| y * (form.evaluate(f, &wide.f) - x * form.constant)).sum();
        let pairs = self.ciphertexts.iter().zip(powers(y)).map(|(pair, y)| {
            let pair = pair.decompress().unwrap();
            [pair.first * (x * y), pair.second * (x * y)]
        });
        let [first, second] = pairs.fold([BASE * z_e, BASE * image + self.key.public().point() * z_e], |sum, pair| {
            [sum[0] - pair[0], sum[1] - pair[1]]
        });
        [vector, first, second, BASE * wide.f[0] + value * wide.z[0]]
    }

    /// Which of the equations hold under these challenges: the vector, both components of the image, the wide value.
    fn equations(&self, y: Scalar, x: Scalar) -> [bool; 4] {
        let wide = self.proof.wide.as_ref().unwrap();
        let point = |compressed: &CompressedPoint| compressed.decompress().unwrap();
        let [vector, first, second, value] = self.sides(y, x);
        [
            point(&self.proof.B) * x + point(&self.proof.A) == vector,
            point(&self.proof.E[0]) == first,
            point(&self.proof.E[1]) == second,
            point(&wide.V[0]) * x + point(&wide.W[0]) == value,
        ]
    }

    /// By how much the equation of the second components is wrong: a multiple of G that the prover knows.
    fn error(&self, y: Scalar, x: Scalar) -> Scalar {
        let forms = self.statement.forms().iter().zip(powers(y)).enumerate();
        let terms = forms.map(|(j, (form, y))| {
            let plain = self.plain.get(j).copied().unwrap_or(form.constant);
            y * (plain - form.evaluate(&self.bits, &self.wide))
        });
        x * terms.sum::<Scalar>()
    }

    /// The coefficient of a bit, or of the wide value, in the sum of all forms.
    fn coefficient(&self, y: Scalar, bit: Option<usize>) -> Scalar {
        let mut bits = vec![Scalar::ZERO; self.statement.bits()];
        if let Some(bit) = bit {
            bits[bit] = Scalar::ONE;
        }
        let wide = [if bit.is_none() { Scalar::ONE } else { Scalar::ZERO }];
        self.statement.forms().iter().zip(powers(y)).map(|(form, y)| y * form.evaluate(&bits, &wide)).sum()
    }

    fn change(&mut self, field: Field, change: Change, by: Scalar) {
        let (_, y, x) = self.replay();
        let sides = self.sides(y, x);
        let (error, inverse) = (self.error(y, x), x.invert());
        let point = |old: &CompressedPoint, solved: Point| match change {
            Change::Keep => *old,
            Change::Random => (BASE * by).compress(),
            Change::Shift => (old.decompress().unwrap() + BASE * by).compress(),
            Change::Solve => solved.compress(),
        };
        // Where no equation can be solved for a scalar, a shift it is.
        let scalar = |old: &Scalar, solved: Option<Scalar>| match (change, solved) {
            (Change::Keep, _) => *old,
            (Change::Random, _) => by,
            (Change::Solve, Some(solved)) => solved,
            (Change::Shift | Change::Solve, _) => old + by,
        };
        let wide_points = |liar: &Self| {
            let wide = liar.proof.wide.as_ref().unwrap();
            [wide.V[0], wide.W[0]].map(|point| point.decompress().unwrap())
        };
        let [value, mask] = wide_points(self);
        let [b, a] = [self.proof.B, self.proof.A].map(|point| point.decompress().unwrap());
        let solved_f = match field {
            Field::F(i) => Some(self.proof.f[i] + error * self.coefficient(y, Some(i)).invert()),
            Field::WideF => {
                let old = self.proof.wide.as_ref().unwrap().f[0];
                Some(old + error * self.coefficient(y, None).invert())
            }
            _ => None,
        };
        let z_e = self.proof.z_e + error * self.secret.expose().invert();
        let proof = &mut self.proof;
        let wide = proof.wide.as_mut().unwrap();
        match field {
            Field::B => proof.B = point(&proof.B, (sides[0] - a) * inverse),
            Field::A => proof.A = point(&proof.A, sides[0] - b * x),
            Field::E0 => proof.E[0] = point(&proof.E[0], sides[1]),
            Field::E1 => proof.E[1] = point(&proof.E[1], sides[2]),
            Field::F(i) => proof.f[i] = scalar(&proof.f[i], solved_f),
            Field::Z => proof.z = scalar(&proof.z, None),
            // With the secret key the error can be moved into the term of Y.
            Field::ZE => proof.z_e = scalar(&proof.z_e, Some(z_e)),
            Field::V => wide.V[0] = point(&wide.V[0], (sides[3] - mask) * inverse),
            Field::W => wide.W[0] = point(&wide.W[0], sides[3] - value * x),
            Field::WideF => wide.f[0] = scalar(&wide.f[0], solved_f),
            Field::WideZ => wide.z[0] = scalar(&wide.z[0], None),
            Field::Range(_) => {}
        }
        if change == Change::Solve {
            // Under the challenges as they were, the equation that the field was computed for holds now.
            let aimed = match field {
                Field::B | Field::A => Some(0),
                Field::E0 => Some(1),
                Field::E1 | Field::F(_) | Field::WideF | Field::ZE => Some(2),
                Field::V | Field::W => Some(3),
                Field::Z | Field::WideZ | Field::Range(_) => None,
            };
            assert!(aimed.is_none_or(|aimed| self.equations(y, x)[aimed]), "{field:?} solves its equation");
        }
        if let Field::Range(word) = field {
            self.change_range(word, change, by);
        } else if change != Change::Keep {
            self.prove_range_again();
        }
    }

    /// Changes one word of the range proof. What could be computed for it, `Answer` has tried.
    fn change_range(&mut self, word: usize, change: Change, by: Scalar) {
        let shape = self.statement.range_shape().unwrap();
        let range = &mut self.proof.wide.as_mut().unwrap().range;
        let mut bytes = range.to_bytes();
        let at = word % (bytes.len() / 32) * 32;
        let old: [u8; 32] = bytes[at..at + 32].try_into().unwrap();
        let is_scalar = (4..7).contains(&(at / 32)) || at + 64 >= bytes.len();
        let new = match (change, is_scalar) {
            (Change::Keep, _) => old,
            (Change::Random, true) => by.to_bytes(),
            (_, true) => (Scalar::from_canonical_bytes(old).unwrap() + by).to_bytes(),
            (Change::Random, false) => (BASE * by).compress().to_bytes(),
            (_, false) => (CompressedPoint(old).decompress().unwrap() + BASE * by).compress().to_bytes(),
        };
        bytes[at..at + 32].copy_from_slice(&new);
        *range = crate::range::RangeProof::from_bytes(shape, &bytes).unwrap();
    }
}

/// Ways that are all the same for values in their range.
const WAYS: [(Fill, Answer); 3] =
    [(Fill::Heap, Answer::Product), (Fill::Heap, Answer::Polynomial), (Fill::LowBits, Answer::Polynomial)];

fn fields(bits: usize) -> Vec<Field> {
    let mut fields = vec![Field::B, Field::A, Field::E0, Field::E1, Field::Z, Field::ZE];
    fields.extend([Field::V, Field::W, Field::WideF, Field::WideZ]);
    fields.extend((0..bits).map(Field::F));
    fields.extend((0..9 + 2 * 6).map(Field::Range));
    fields
}

/// The prover of these tests is accepted when nothing is false, also with a range proof made anew.
#[test]
fn the_liar_is_accepted_when_it_tells_the_truth() {
    for ways in WAYS {
        let mut liar = Liar::new(Lie::None, Scalar::ONE, ways, 30);
        assert_eq!(liar.verify(), Ok(()));
        let (_, y, x) = liar.replay();
        assert_eq!(liar.equations(y, x), [true; 4]);
        liar.prove_range_again();
        assert_eq!(liar.verify(), Ok(()));
    }
}

/// Which equation gives each lie away before anything is adapted.
#[test]
fn each_lie_breaks_the_equation_that_it_is_about() {
    for (lie, expected) in LIES.iter().zip([
        [false, true, true, true],
        [true, true, false, true],
        [true, true, false, true],
        [false, true, true, true],
        [true, true, false, true],
        [true, true, true, false],
    ]) {
        let liar = Liar::new(*lie, Scalar::from(3_u64), WAYS[0], 31);
        let (_, y, x) = liar.replay();
        assert_eq!(liar.equations(y, x), expected, "{lie:?}");
        assert!(liar.verify().is_err());
    }
}

/// Every lie with every field, computed so that its equation holds.
#[test]
fn a1_no_field_computed_afterwards_saves_a_false_statement() {
    let mut tried = 0;
    for lie in LIES {
        for field in fields(8) {
            let mut liar = Liar::new(lie, Scalar::from(3_u64), WAYS[tried % 3], 32);
            liar.change(field, Change::Solve, Scalar::ONE);
            assert!(liar.verify().is_err(), "{lie:?} saved by {field:?}");
            tried += 1;
        }
    }
    assert_eq!(tried, 6 * (10 + 8 + 21));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a1_false_statements_are_refused_whatever_one_field_becomes(
        lie in prop::sample::select(&LIES[..]),
        field in prop::sample::select(fields(8)),
        change in prop::sample::select(&[Change::Keep, Change::Random, Change::Shift, Change::Solve][..]),
        ways in prop::sample::select(&WAYS[..]),
        by in prop_oneof![Just(Scalar::ONE), Just(-Scalar::ONE), any::<[u8; 32]>().prop_map(Scalar::from_bytes_mod_order)],
        seed: u64,
    ) {
        prop_assume!(by != Scalar::ZERO);
        let mut liar = Liar::new(lie, by, ways, seed);
        liar.change(field, change, by);
        prop_assert!(liar.verify().is_err());
    }
}

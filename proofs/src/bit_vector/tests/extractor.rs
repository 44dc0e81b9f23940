//! The extractor of the proof in `doc/bit-vector.md` (S1), run against the real prover, which it rewinds, and the real
//! verifier, whose random oracle it programs.

use super::*;
use crate::elgamal::Ciphertext;
use crate::group::VALUE_BASE;
use crate::linear::MAX_WIDE;

/// A prover with fixed coins: asked again with other challenges it sends the same B, A and V, and for the same y the same
/// E and W. That is what rewinding means.
struct Prover {
    statement: Statement,
    generators: Generators,
    key: EncryptionKey,
    ciphertexts: Vec<CompressedCiphertext>,
    secret: Vec<u64>,
    randomness: Vec<SecretScalar>,
}

/// An accepting transcript.
struct Answer {
    y: Scalar,
    x: Scalar,
    proof: BitVectorProof,
}

fn programmed(y: Scalar, x: Scalar) -> Transcript {
    let mut transcript = context(b"extract");
    transcript.program(&[y, x]);
    transcript
}

impl Prover {
    fn new() -> Self {
        let mut rng = rng(20);
        let values = vec![
            Value::encrypted(1),
            Value::encrypted(1_000_000),
            Value::committed(6),
            Value::encrypted(100),
            Value::encrypted(MAX_WIDE),
        ];
        let relations = vec![
            Relation { terms: vec![(0, 1), (1, 3), (4, 1)], lo: -5, hi: 1 << 41 },
            Relation { terms: vec![(1, 1), (2, -1), (3, -2)], lo: 7, hi: 900_000 },
        ];
        let statement = Statement::new(values, relations).unwrap();
        let key = EncryptionKey::new(PublicKey::of(&SecretScalar::random(&mut rng)).unwrap());
        let secret = vec![1, 700_000, 6, 50, (1 << 40) - 3];
        let randomness: Vec<_> = (0..statement.encrypted()).map(|_| SecretScalar::random(&mut rng)).collect();
        let pairs = statement.encrypt(&key, &secret, &randomness).unwrap();
        let ciphertexts = pairs.iter().map(Ciphertext::compress).collect();
        let generators = Generators::for_statements([&statement]);
        Self { statement, generators, key, ciphertexts, secret, randomness }
    }

    /// Runs the prover from the start with the same coins and these challenges, and asks the verifier.
    fn answer(&self, y: Scalar, x: Scalar) -> Answer {
        let Self { statement, generators, key, ciphertexts, secret, randomness } = self;
        let transcript = &mut programmed(y, x);
        let coins = &mut rng(21);
        let proof = prove(transcript, statement, generators, key, ciphertexts, secret, randomness, coins).unwrap();
        let transcript = &mut programmed(y, x);
        let verdict = verify(transcript, statement, generators, key.public(), ciphertexts, proof.clone(), &ENTROPY);
        assert_eq!(verdict, Ok(()));
        Answer { y, x, proof }
    }
}

/// What the extractor computes from accepting transcripts and nothing else.
struct Extracted {
    /// Openings of B and of A: bits or masks, coefficients of the h', coefficient of K.
    bits: (Vec<Scalar>, Vec<Scalar>, Scalar),
    masks: (Vec<Scalar>, Vec<Scalar>, Scalar),
    /// Values and blindings of the V.
    wide: Vec<(Scalar, Scalar)>,
    /// Randomness of the pair of each form.
    randomness: Vec<Scalar>,
}

/// `(first - second) / (x - x')`: what both answers say about the secret behind `f = x secret + mask`.
fn slope(one: &Answer, two: &Answer, pick: impl Fn(&Answer) -> Scalar) -> Scalar {
    (pick(one) - pick(two)) * (one.x - two.x).invert()
}

fn cross(answer: &Answer, i: usize) -> Scalar {
    let f = answer.proof.f[i];
    f * (answer.x - f)
}

/// The coefficients of the polynomial of degree below m through m points: the inverse of the Vandermonde matrix.
fn interpolate(points: &[(Scalar, Scalar)]) -> Vec<Scalar> {
    let mut sum = vec![Scalar::ZERO; points.len()];
    for (k, (at, value)) in points.iter().enumerate() {
        // value x product over the others of (X - other) / (at - other)
        let mut product = vec![*value];
        for (_, (other, _)) in points.iter().enumerate().filter(|(i, _)| *i != k) {
            let inverse = (at - other).invert();
            let mut next = vec![Scalar::ZERO; product.len() + 1];
            for (degree, coefficient) in product.iter().enumerate() {
                next[degree + 1] += coefficient * inverse;
                next[degree] -= coefficient * inverse * other;
            }
            product = next;
        }
        sum.iter_mut().zip(product).for_each(|(sum, coefficient)| *sum += coefficient);
    }
    sum
}

/// `tree` has m branches of 3 transcripts: equal B, A, V everywhere, and in a branch equal y, E, W and three distinct x.
fn extract(bits: usize, wide: usize, tree: &[[Answer; 3]]) -> Extracted {
    let root = &tree[0][0].proof;
    let values = |proof: &BitVectorProof| proof.wide.as_ref().map(|wide| (wide.V.clone(), wide.W.clone()));
    for branch in tree {
        for answer in branch {
            assert_eq!((root.B, root.A), (answer.proof.B, answer.proof.A));
            assert_eq!(values(root).map(|pair| pair.0), values(&answer.proof).map(|pair| pair.0));
            assert_eq!((branch[0].y, branch[0].proof.E), (answer.y, answer.proof.E));
            assert_eq!(values(&branch[0].proof), values(&answer.proof));
        }
        assert!(branch[0].x != branch[1].x && branch[1].x != branch[2].x && branch[0].x != branch[2].x);
    }
    // Openings from the first two transcripts.
    let [one, two, _] = &tree[0];
    let b: Vec<_> = (0..bits).map(|i| slope(one, two, |answer| answer.proof.f[i])).collect();
    let beta: Vec<_> = (0..bits).map(|i| slope(one, two, |answer| cross(answer, i))).collect();
    let r = slope(one, two, |answer| answer.proof.z);
    let a: Vec<_> = (0..bits).map(|i| one.proof.f[i] - one.x * b[i]).collect();
    let alpha: Vec<_> = (0..bits).map(|i| cross(one, i) - one.x * beta[i]).collect();
    let s = one.proof.z - one.x * r;
    // Every other transcript agrees; otherwise the two openings of x B + A are a relation among the generators.
    for answer in tree.iter().flatten() {
        for i in 0..bits {
            assert_eq!(answer.proof.f[i], answer.x * b[i] + a[i], "no relation among the generators");
            assert_eq!(cross(answer, i), answer.x * beta[i] + alpha[i], "no relation among the generators");
        }
        assert_eq!(answer.proof.z, answer.x * r + s);
    }
    let response = |answer: &Answer, j: usize| {
        let wide = answer.proof.wide.as_ref().unwrap();
        (wide.f[j], wide.z[j])
    };
    let open = |branch: &[Answer; 3], j: usize| {
        let pick =
            |part: fn((Scalar, Scalar)) -> Scalar| slope(&branch[0], &branch[1], |answer| part(response(answer, j)));
        (pick(|pair| pair.0), pick(|pair| pair.1))
    };
    let opened: Vec<_> = (0..wide).map(|j| open(&tree[0], j)).collect();
    for branch in tree {
        assert!((0..wide).all(|j| open(branch, j) == opened[j]), "no logarithm of H");
    }
    // Each branch gives the randomness of the combination with powers of its y; m branches give each one.
    let points: Vec<_> =
        tree.iter().map(|branch| (branch[0].y, slope(&branch[0], &branch[1], |answer| answer.proof.z_e))).collect();
    Extracted { bits: (b, beta, r), masks: (a, alpha, s), wide: opened, randomness: interpolate(&points) }
}

fn commitment(generators: &Generators, (direct, cross, blind): &(Vec<Scalar>, Vec<Scalar>, Scalar)) -> CompressedPoint {
    let sum = |points: &[Point], scalars: &[Scalar]| {
        points.iter().zip(scalars).map(|(point, scalar)| point * scalar).sum::<Point>()
    };
    (sum(&generators.bit, direct) + sum(&generators.cross, cross) + generators.blind * blind).compress()
}

#[test]
fn s1_three_answers_for_each_of_m_y_give_the_whole_witness() {
    let prover = Prover::new();
    let (statement, m) = (&prover.statement, prover.statement.form_count());
    assert_eq!((m, statement.wide()), (6, 2));
    let mut challenges = rng(22);
    let mut draw = || *SecretScalar::random(&mut challenges).expose();
    let tree: Vec<[Answer; 3]> = (0..m)
        .map(|_| {
            let y = draw();
            [draw(), draw(), draw()].map(|x| prover.answer(y, x))
        })
        .collect();
    let found = extract(statement.bits(), statement.wide(), &tree);

    // The bits are bits, they are the witness, and the openings open B and A.
    let expected = statement.witness_bits(&prover.secret).unwrap();
    assert_eq!(found.bits.0, *expected);
    assert!(found.bits.0.iter().all(|bit| bit * (Scalar::ONE - bit) == Scalar::ZERO));
    let root = &tree[0][0].proof;
    assert_eq!(commitment(&prover.generators, &found.bits), root.B);
    assert_eq!(commitment(&prover.generators, &found.masks), root.A);
    // Wide values with their blindings open V.
    let base = VALUE_BASE.decompress().unwrap();
    for ((v, gamma), (expected, commitment)) in
        found.wide.iter().zip([prover.secret[1], prover.secret[4]].iter().zip(&root.wide.as_ref().unwrap().V))
    {
        assert_eq!(*v, Scalar::from(*expected));
        assert_eq!((BASE * v + base * gamma).compress(), *commitment);
    }
    // Every mask is drawn for itself: a_i, r, s, and gamma_k, c_k, s_k of each wide value.
    let (answer, wide) = (&tree[0][0], root.wide.as_ref().unwrap());
    let mut masks: Vec<_> = found.masks.0.iter().chain([&found.bits.2, &found.masks.2]).map(Scalar::to_bytes).collect();
    for ((v, gamma), (f, z)) in found.wide.iter().zip(wide.f.iter().zip(&wide.z)) {
        masks.extend([*gamma, f - answer.x * v, z - answer.x * gamma].map(|mask| mask.to_bytes()));
    }
    let distinct: std::collections::BTreeSet<_> = masks.iter().collect();
    assert_eq!((distinct.len(), masks.len()), (masks.len(), statement.bits() + 2 + 3 * 2), "a mask is used twice");
    assert!(!distinct.contains(&[0; 32]), "a mask is zero");
    // The randomness opens every ciphertext to the form of the extracted values; that of relations is zero.
    let wide: Vec<_> = found.wide.iter().map(|pair| pair.0).collect();
    for (j, form) in statement.forms().iter().enumerate() {
        let value = form.evaluate(&found.bits.0, &wide);
        if let Some(pair) = prover.ciphertexts.get(j) {
            let opened = prover.key.encrypt(&value, &SecretScalar::from_scalar(found.randomness[j]));
            assert_eq!(opened.compress(), *pair, "form {j}");
            assert_eq!(found.randomness[j], *prover.randomness[j].expose());
        } else {
            assert_eq!((found.randomness[j], value), (Scalar::ZERO, form.constant), "relation {j}");
        }
    }
}

/// A prover for one cell in 0..=1 that committed to `b = 5` so that two challenges have answers.
struct NonBit {
    opened: [Scalar; 3],
    masks: [Scalar; 3],
    randomness: Scalar,
    mask: Scalar,
    key: EncryptionKey,
    roots: [Scalar; 2],
}

impl NonBit {
    fn new() -> Self {
        let mut rng = rng(23);
        let mut draw = || *SecretScalar::random(&mut rng).expose();
        let (b, a, roots) = (Scalar::from(5_u64), draw(), [draw(), draw()]);
        // b (1-b) x^2 + (a (1-2b) - beta) x - (a^2 + alpha) = b (1-b) (x - x1) (x - x2)
        let lead = b * (Scalar::ONE - b);
        let beta = a * (Scalar::ONE - b - b) + lead * (roots[0] + roots[1]);
        let alpha = -(a * a) - lead * roots[0] * roots[1];
        let (opened, masks) = ([b, beta, draw()], [a, alpha, draw()]);
        let (randomness, mask) = (draw(), draw());
        let key = EncryptionKey::new(PublicKey::new(BASE * draw()).unwrap());
        Self { opened, masks, randomness, mask, key, roots }
    }

    fn answer(&self, x: Scalar) -> (Answer, Result<(), ProofError>) {
        let statement = Statement::new(vec![Value::encrypted(1)], vec![]).unwrap();
        let generators = Generators::new(1);
        let commit = |[direct, cross, blind]: [Scalar; 3]| commitment(&generators, &(vec![direct], vec![cross], blind));
        let encrypt = |v: &Scalar, r: Scalar| self.key.encrypt(v, &SecretScalar::from_scalar(r)).compress();
        let pairs = [encrypt(&self.opened[0], self.randomness)];
        let image = encrypt(&self.masks[0], self.mask);
        let answers = [0, 2].map(|i| x * self.opened[i] + self.masks[i]);
        let proof = BitVectorProof {
            B: commit(self.opened),
            A: commit(self.masks),
            E: [image.first, image.second],
            f: vec![answers[0]],
            z: answers[1],
            z_e: x * self.randomness + self.mask,
            wide: None,
        };
        let y = Scalar::from(77_u64);
        let transcript = &mut programmed(y, x);
        let verdict = verify(transcript, &statement, &generators, self.key.public(), &pairs, proof.clone(), &ENTROPY);
        (Answer { y, x, proof }, verdict)
    }
}

/// S1: two answers do not force a bit. The real verifier accepts b = 5 at two challenges and refuses every third one, and
/// the extractor finds 5 where it is given two answers only.
#[test]
fn s1_two_answers_are_not_enough_and_three_are() {
    let prover = NonBit::new();
    let [one, two] = prover.roots.map(|x| prover.answer(x));
    assert_eq!((one.1, two.1), (Ok(()), Ok(())));
    assert_eq!(slope(&one.0, &two.0, |answer| answer.proof.f[0]), Scalar::from(5_u64));
    let mut challenges = rng(24);
    for _ in 0..20 {
        let (_, verdict) = prover.answer(*SecretScalar::random(&mut challenges).expose());
        assert_eq!(verdict, Err(ProofError::Invalid("argument about encrypted values")));
    }
}

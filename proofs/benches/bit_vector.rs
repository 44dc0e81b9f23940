//! The bit-vector argument for 1 of 5 and up to 3 of 20, beside its floor: what the group alone must do.
//!
//! The floor decodes as many points as the proofs have and multiplies them, with the shared generators, in one
//! multiscalar multiplication. Ratios are printed from runs that alternate with the floor, so that both meet the same
//! load of the machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use curve25519_dalek::traits::VartimeMultiscalarMul;
use proofs::batch::{self, CHUNK, Item, Pending};
use proofs::bit_vector::{BitVectorProof, prepare, prove};
use proofs::elgamal::{Ciphertext, CompressedCiphertext, EncryptionKey, PublicKey};
use proofs::group::{Generators, Point, Scalar, decode_point};
use proofs::linear::{Relation, Statement, Value};
use proofs::secret::SecretScalar;
use proofs::transcript::Transcript;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

const ENTROPY: [u8; 32] = [7; 32];
const BATCH: usize = 1_000;

fn context() -> Transcript {
    Transcript::open(b"bench")
}

/// A statement about bits of which between `min` and `max` are 1, and proofs about it.
struct Case {
    name: &'static str,
    statement: Statement,
    generators: Generators,
    key: EncryptionKey,
    values: Vec<u64>,
    rng: ChaCha20Rng,
}

impl Case {
    fn new(name: &'static str, cells: usize, min: i64, max: i64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let relation = Relation { terms: (0..cells).map(|i| (i, 1)).collect(), lo: min, hi: max };
        let statement = Statement::new(vec![Value::encrypted(1); cells], vec![relation]).unwrap();
        let generators = Generators::new(statement.bits());
        let key = EncryptionKey::new(PublicKey::of(&SecretScalar::random(&mut rng)).unwrap());
        let values = (0..cells).map(|i| u64::from((i as i64) < max)).collect();
        Self { name, statement, generators, key, values, rng }
    }

    /// Ciphertexts and argument as they travel.
    fn sealed(&mut self) -> (Vec<u8>, Vec<u8>) {
        let randomness: Vec<_> = self.values.iter().map(|_| SecretScalar::random(&mut self.rng)).collect();
        let pairs = self.statement.encrypt(&self.key, &self.values, &randomness).unwrap();
        let pairs: Vec<_> = pairs.iter().map(Ciphertext::compress).collect();
        let Self { statement, generators, key, values, rng, .. } = self;
        let proof = prove(&mut context(), statement, generators, key, &pairs, values, &randomness, rng).unwrap();
        (pairs.iter().flat_map(CompressedCiphertext::to_bytes).collect(), proof.to_bytes())
    }

    fn prepared(&self, (ciphertexts, argument): &(Vec<u8>, Vec<u8>)) -> Item {
        let pairs = ciphertexts.chunks_exact(Ciphertext::BYTES).map(CompressedCiphertext::from_bytes);
        let pairs: Vec<_> = pairs.collect::<Result<_, _>>().unwrap();
        let proof = BitVectorProof::from_bytes(&self.statement, argument).unwrap();
        let pending = prepare(&mut context(), &self.statement, self.key.public(), &pairs, proof).unwrap();
        Item::new(vec![Pending::BitVector(pending)])
    }

    /// Everything from bytes to verdicts.
    fn verify(&self, sealed: &[(Vec<u8>, Vec<u8>)]) {
        let items: Vec<_> = sealed.iter().map(|sealed| self.prepared(sealed)).collect();
        let verdicts = batch::verify(&items, &self.generators, self.key.public(), &ENTROPY);
        assert!(verdicts.iter().all(|holds| *holds));
    }
}

/// The points of sealed cells and proofs, and a scalar for each of them and for the points that all share.
struct Floor {
    encoded: Vec<[u8; 32]>,
    scalars: Vec<Scalar>,
    shared: Vec<Point>,
}

impl Floor {
    fn of(case: &Case, sealed: &[(Vec<u8>, Vec<u8>)]) -> Self {
        let points = |(ciphertexts, argument): &(Vec<u8>, Vec<u8>)| {
            let bytes: Vec<u8> = ciphertexts.iter().chain(&argument[..4 * 32]).copied().collect();
            bytes.chunks_exact(32).map(|chunk| chunk.try_into().unwrap()).collect::<Vec<[u8; 32]>>()
        };
        let encoded: Vec<_> = sealed.iter().flat_map(points).collect();
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        // G, Y, K and two generators for each bit.
        let shared: Vec<_> = (0..3 + 2 * case.statement.bits()).map(|_| Point::random(&mut rng)).collect();
        let scalars = (0..encoded.len() + shared.len()).map(|_| Scalar::random(&mut rng)).collect();
        Self { encoded, scalars, shared }
    }

    fn run(&self) {
        let decoded: Vec<_> = self.encoded.iter().map(|bytes| decode_point(bytes, "point").unwrap()).collect();
        black_box(Point::vartime_multiscalar_mul(&self.scalars, decoded.iter().chain(&self.shared)));
    }

    fn points(&self) -> usize {
        self.encoded.len() + self.shared.len()
    }
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

/// Prints the ratio of verification to floor over alternating runs.
fn ratio(case: &Case, sealed: &[(Vec<u8>, Vec<u8>)], runs: usize) {
    let floor = Floor::of(case, sealed);
    let times = (0..runs).map(|_| (timed(|| case.verify(sealed)), timed(|| floor.run())));
    let (verify, bare): (Vec<_>, Vec<_>) = times.unzip();
    let (verify, bare, count) = (median(verify), median(bare), sealed.len() as f64);
    println!(
        "ratio, {}, {count} proofs, {} points: verify {:.1} us each, floor {:.1} us each, ratio {:.2}",
        case.name,
        floor.points(),
        verify / count * 1e6,
        bare / count * 1e6,
        verify / bare
    );
}

fn bit_vector(c: &mut Criterion) {
    const { assert!(BATCH <= CHUNK, "one multiscalar multiplication, like the floor") };
    for mut case in [Case::new("1 of 5", 5, 1, 1), Case::new("up to 3 of 20", 20, 0, 3)] {
        let mut group = c.benchmark_group(format!("bit vector, {}", case.name));
        group.sample_size(10).measurement_time(Duration::from_secs(3));
        let (statement, bits) = (&case.statement, case.statement.bits());
        println!("{}: {bits} bits, argument of {} bytes", case.name, BitVectorProof::encoded_len(statement));
        group.bench_function("encrypt and prove one", |b| b.iter(|| black_box(case.sealed())));
        let one = [case.sealed()];
        group.bench_function("verify one", |b| b.iter(|| case.verify(&one)));
        let floor = Floor::of(&case, &one);
        group.bench_function("floor of one", |b| b.iter(|| floor.run()));
        let many: Vec<_> = (0..BATCH).map(|_| case.sealed()).collect();
        group.bench_function("verify 1000 in a batch", |b| b.iter(|| case.verify(&many)));
        let floor = Floor::of(&case, &many);
        group.bench_function("floor of 1000", |b| b.iter(|| floor.run()));
        group.finish();
        ratio(&case, &one, 201);
        ratio(&case, &many, 15);
    }
}

criterion_group!(benches, bit_vector);
criterion_main!(benches);

//! Sigma proofs, sharing and small logarithms, beside their floors: the bare group operations in the same run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use proofs::batch::{self, Item, Pending};
use proofs::elgamal::PublicKey;
use proofs::group::{BASE, BASE_TABLE, Generators, Point, Scalar};
use proofs::secret::SecretScalar;
use proofs::sharing::{Commitments, Polynomial, combine};
use proofs::sigma::equal_dlog::{EqualDlog, EqualDlogProof};
use proofs::sigma::possession::PossessionProof;
use proofs::sigma::signature::Signature;
use proofs::small_log::{MAX_BOUND, SmallLog};
use proofs::transcript::Transcript;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

fn context() -> Transcript {
    Transcript::open(b"bench")
}

fn sigma(c: &mut Criterion) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let secret = SecretScalar::random(&mut rng);
    let public = PublicKey::of(&secret).unwrap();
    let mut group = c.benchmark_group("sigma");

    group.bench_function("floor: multiple of G", |b| b.iter(|| BASE_TABLE * black_box(secret.expose())));
    group.bench_function("floor: cP + zG", |b| {
        let s = *secret.expose();
        b.iter(|| Point::vartime_double_scalar_mul_basepoint(black_box(&s), public.point(), &s));
    });

    group.bench_function("possession: prove", |b| {
        b.iter(|| PossessionProof::prove(&mut context(), &secret, &public, &mut rng));
    });
    let proof = PossessionProof::prove(&mut context(), &secret, &public, &mut rng);
    group.bench_function("possession: verify", |b| b.iter(|| proof.verify(&mut context(), &public).unwrap()));

    let statement = EqualDlog::of(&secret, BASE + BASE);
    group.bench_function("equality: prove", |b| {
        b.iter(|| EqualDlogProof::prove(&mut context(), &statement, &secret, &mut rng).unwrap());
    });
    let proof = EqualDlogProof::prove(&mut context(), &statement, &secret, &mut rng).unwrap();
    group.bench_function("equality: verify", |b| b.iter(|| proof.verify(&mut context(), &statement).unwrap()));

    group.bench_function("signature: sign", |b| {
        b.iter(|| Signature::sign(&mut context(), &secret, &public, &mut rng));
    });
    let signature = Signature::sign(&mut context(), &secret, &public, &mut rng);
    group.bench_function("signature: verify one", |b| b.iter(|| signature.verify(&mut context(), &public).unwrap()));
    group.bench_function("signature: prepare and verify 1000 in a batch", |b| {
        let generators = Generators::new(0);
        b.iter(|| {
            let pending = |_| Item::new(vec![Pending::Signature(signature.prepare(&mut context(), &public).unwrap())]);
            let items: Vec<_> = (0..1_000).map(pending).collect();
            assert!(batch::verify(&items, &generators, &public, &[7; 32]).iter().all(|verdict| *verdict));
        });
    });
    group.finish();
}

fn sharing(c: &mut Criterion) {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let polynomial = Polynomial::random(5, &mut rng).unwrap();
    let commitments = Commitments::of(&polynomial);
    let share = polynomial.share(9).unwrap();
    let mut group = c.benchmark_group("sharing, t = 5");
    group.bench_function("share", |b| b.iter(|| polynomial.share(black_box(9)).unwrap()));
    group.bench_function("public share", |b| b.iter(|| commitments.public_share(black_box(9))));
    group.bench_function("verify share", |b| b.iter(|| assert!(commitments.verify_share(9, black_box(&share)))));
    let parts: Vec<_> = (1..=5).map(|index| (index, commitments.public_share(index))).collect();
    group.bench_function("combine", |b| b.iter(|| combine(black_box(&parts)).unwrap()));
    group.finish();
}

fn small_log(c: &mut Criterion) {
    let mut group = c.benchmark_group("small log");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    group.bench_function("table for 2^40", |b| {
        b.iter_batched(|| (), |()| SmallLog::new(MAX_BOUND).unwrap(), BatchSize::PerIteration);
    });
    let table = SmallLog::new(MAX_BOUND).unwrap();
    for value in [1_000_u64, 21_642_136_685, MAX_BOUND] {
        let point = BASE * Scalar::from(value);
        group.bench_function(format!("solve {value}, bound 2^40"), |b| {
            b.iter(|| assert_eq!(table.solve(black_box(&point)), Some(value)));
        });
    }
    group.bench_function("floor: double and encode 2^20 points", |b| {
        let points = vec![BASE; 512];
        b.iter(|| (0..2_048).for_each(|_| drop(black_box(Point::double_and_compress_batch(&points)))));
    });
    group.finish();
}

criterion_group!(benches, sigma, sharing, small_log);
criterion_main!(benches);

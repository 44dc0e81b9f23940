//! Our ballots against those of a peer, elastic-elgamal, doing the same work in the same run; and against the floor, what
//! the curve alone costs, where the peer cannot do the work.
//!
//! `cargo bench -p voting-core --bench peer` prints criterion's figures for single actions and then a table of ratios from
//! runs in which all sides take turns. `-- table` prints the table alone, `-- '1 of 5'` one work, `-- --quick` takes
//! smaller batches and says so. With `--features parallel` one core and two are compared as well. docs/benchmarks.md
//! explains each column.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod clock;
mod floor;
mod ours;
mod table;
mod theirs;

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use clock::{Contestant, Series, core_time, repetitions};
use floor::Floor;
use ours::{Ours, WORKS, Work};
use table::{One, Row};
use theirs::Theirs;

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Ballots of a batch.
    pub(crate) batch: usize,
    /// Ballots of the peer that stand for a batch: it has no batches, each costs the same.
    pub(crate) peers: usize,
    /// Alternating runs.
    pub(crate) runs: usize,
}

impl Sizes {
    const FULL: Self = Self { batch: 1_000, peers: 200, runs: 5 };
    const QUICK: Self = Self { batch: 200, peers: 40, runs: 5 };
    /// When tests run the benches: only to see that they work.
    const TRIAL: Self = Self { batch: 4, peers: 2, runs: 1 };
}

/// Two threads, and the one of this bench: everything but the comparison of cores runs on one.
#[cfg(feature = "parallel")]
fn pool_of_two() -> Option<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().unwrap();
    Some(rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap())
}

#[cfg(feature = "parallel")]
type Pool = rayon::ThreadPool;
#[cfg(not(feature = "parallel"))]
type Pool = core::convert::Infallible;

#[cfg(not(feature = "parallel"))]
fn pool_of_two() -> Option<Pool> {
    None
}

#[cfg(feature = "parallel")]
fn within(pool: &Pool, run: impl FnOnce() + Send) {
    pool.install(run);
}
#[cfg(not(feature = "parallel"))]
fn within(pool: &Pool, _: impl FnOnce() + Send) {
    match *pool {}
}

/// Seconds on a core for each of `count` pieces of work.
fn contestant<'a>(count: usize, mut run: impl FnMut(usize) + 'a) -> Contestant<'a> {
    Box::new(move || core_time(&mut || (0..count).for_each(&mut run)) / count as f64)
}

/// As many pieces as give a sample of useful length, in turn those of `different` ones.
fn sampled<'a>(different: usize, mut run: impl FnMut(usize) + 'a) -> Contestant<'a> {
    let count = repetitions(&mut || run(0));
    contestant(count, move |piece| run(piece % different))
}

fn seal(ours: &Ours, theirs: Option<&Theirs>, Sizes { batch, peers, runs }: Sizes) -> One {
    let [mut one, mut other] = [5, 6].map(ChaCha20Rng::seed_from_u64);
    let mut contestants = vec![sampled(batch, move |voter| {
        black_box(ours.seal(voter, &mut one));
    })];
    contestants.extend(theirs.map(|theirs| {
        sampled(peers, move |voter| {
            black_box(theirs.seal(voter, &mut other));
        })
    }));
    One::of(&Series::take(runs, &mut contestants))
}

/// Ballots one at a time, each through the whole verification; beside the floor of one ballot. All sides take different
/// ballots in turn: the processor learns the branches of one that comes again and again.
fn verify_one(ours: &Ours, theirs: Option<&Theirs>, Sizes { batch, peers, runs }: Sizes) -> One {
    let floors: Vec<_> = (0..peers).map(|voter| Floor::of(ours, voter..voter + 1)).collect();
    let mut contestants = vec![
        sampled(batch, |voter| ours.verify(&ours.entries[voter..=voter])),
        sampled(peers, |voter| floors[voter].run()),
    ];
    contestants.extend(theirs.map(|theirs| sampled(peers, |voter| theirs.verify(&theirs.ballots[voter]))));
    One::of(&Series::take(runs, &mut contestants))
}

fn verify_batch(ours: &Ours, theirs: Option<&Theirs>, Sizes { batch, peers, runs }: Sizes) -> One {
    let floor = Floor::of(ours, 0..batch);
    let mut contestants: Vec<Contestant<'_>> = vec![
        Box::new(|| core_time(&mut || ours.verify(&ours.entries)) / batch as f64),
        Box::new(|| core_time(&mut || floor.run()) / batch as f64),
    ];
    contestants.extend(theirs.map(|theirs| contestant(peers, |voter| theirs.verify(&theirs.ballots[voter]))));
    One::of(&Series::take(runs, &mut contestants))
}

/// How many times faster two threads are than one, by the clock; 0 without the feature.
fn two_cores(ours: &Ours, pool: Option<&Pool>, runs: usize) -> Option<Series> {
    let pool = pool?;
    let mut contestants: Vec<Contestant<'_>> = vec![
        Box::new(|| clock::clock_time(&mut || within(pool, || ours.verify(&ours.entries)))),
        Box::new(|| clock::clock_time(&mut || ours.verify(&ours.entries))),
    ];
    Some(Series::take(runs, &mut contestants))
}

fn row(work: &'static Work, sizes: Sizes, pool: Option<&Pool>) -> Row {
    let ours = Ours::new(work, sizes.batch);
    let theirs = Theirs::new(work.name, work.choice, sizes.peers);
    let peer = theirs.as_ref();
    let (own_points, shared_points) = Floor::of(&ours, 0..1).points();
    Row {
        name: work.name,
        points: (own_points, shared_points),
        bytes: (ours.entries[0].len(), ours.proof_bytes(), peer.map(Theirs::bytes)),
        seal: seal(&ours, peer, sizes),
        verify_one: verify_one(&ours, peer, sizes),
        verify_batch: verify_batch(&ours, peer, sizes),
        two_cores: two_cores(&ours, pool, sizes.runs),
        framing: peer.map(|theirs| framing(theirs, sizes)),
    }
}

/// Seconds that the peer's decoding takes beyond its points and scalars.
fn framing(theirs: &Theirs, Sizes { peers, runs, .. }: Sizes) -> f64 {
    use proofs::group::{BASE, decode_point, decode_scalar};
    let (points, scalars) = theirs.elements;
    let point = (BASE + BASE).compress();
    let mut contestants = vec![
        sampled(peers, |voter| theirs.decode(&theirs.ballots[voter])),
        sampled(1, |_| {
            let points = (0..points).all(|_| black_box(decode_point(point.as_bytes(), "point")).is_ok());
            let scalars = (0..scalars).all(|_| black_box(decode_scalar(&[1; 32], "scalar")).is_ok());
            assert!(points && scalars);
        }),
    ];
    let series = Series::take(runs, &mut contestants);
    series.seconds[0] - series.seconds[1]
}

/// Single actions, as criterion measures them: by the clock.
fn singles(c: &mut Criterion) {
    for work in WORKS {
        let mut group = c.benchmark_group(work.name);
        group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(1));
        let ours = Ours::new(work, 2);
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        group.bench_function("ours, seal", |b| b.iter(|| ours.seal(0, &mut rng)));
        group.bench_function("ours, verify one", |b| b.iter(|| ours.verify(&ours.entries[..1])));
        if let Some(theirs) = Theirs::new(work.name, work.choice, 2) {
            group.bench_function("peer, seal", |b| b.iter(|| theirs.seal(0, &mut rng)));
            group.bench_function("peer, verify one", |b| b.iter(|| theirs.verify(&theirs.ballots[0])));
        }
        group.finish();
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let sizes = match (has("--bench"), has("--quick")) {
        (false, _) => Sizes::TRIAL,
        (true, true) => Sizes::QUICK,
        (true, false) => Sizes::FULL,
    };
    let filter = arguments.iter().find(|argument| !argument.starts_with("--"));
    let wanted = |work: &&'static Work| filter.is_none_or(|filter| filter == "table" || work.name.contains(filter));
    let pool = pool_of_two();
    if filter.is_none_or(|filter| filter != "table") {
        let mut criterion = Criterion::default().configure_from_args();
        singles(&mut criterion);
        criterion.final_summary();
    }
    let rows = WORKS.iter().filter(wanted).map(|work| {
        eprintln!("measuring: {}", work.name);
        row(work, sizes, pool.as_ref())
    });
    let rows: Vec<Row> = rows.collect();
    table::print(&rows, sizes, pool.is_some());
}

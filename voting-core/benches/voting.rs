//! What voters, board and verifiers wait for: stretching a code, sealing, checking ballots, verifying a record.
//!
//! The round has one contest of 1 of 5 and one of up to 3 of 20, with blank cells, and a roll of 1,000.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use proofs::elgamal::EncryptionKey;
use voting_core::ballot;
use voting_core::contest::{Choice, Entitlement, Selection};
use voting_core::credential::{CodeSecret, VotingCode};
use voting_core::entry::{Author, Body, RollChunk};
use voting_core::ids::{EventId, GroupIndex, LabelDigest, RoundIndex};
use voting_core::testing::{ENTROPY, Sandbox, Voter, chosen, contest, verify};

const VOTERS: usize = 1_000;
const ROUND: RoundIndex = RoundIndex(0);

fn choices() -> [Choice; 2] {
    [chosen(&[2]), chosen(&[0, 7, 19])]
}

/// An open round with a roll of [`VOTERS`] members in one group.
fn opened() -> Sandbox {
    let mut sandbox = Sandbox::with(1, |fields| {
        fields.groups = vec![LabelDigest([4; 32])];
        fields.rounds.truncate(1);
        fields.rounds[0].contests = vec![
            contest(5, Selection { min: 1, max: 1, blank: true }, &[0], false),
            contest(20, Selection { min: 1, max: 3, blank: true }, &[0], false),
        ];
    });
    let voter = |i: usize| {
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&(i as u64).to_le_bytes());
        Voter { secret: CodeSecret::testing_only(secret), weight: 1, group: GroupIndex(0) }
    };
    sandbox.voters = (0..VOTERS).map(voter).collect();
    sandbox.ceremony();
    let members = sandbox.members(ROUND);
    sandbox.push(Author::Registrar, &Body::RollChunk(RollChunk { round: ROUND, number: 0, members }));
    let end = sandbox.roll_end(ROUND);
    sandbox.push(Author::Registrar, &Body::RollClosed(end));
    sandbox.open(ROUND);
    sandbox
}

fn code(c: &mut Criterion) {
    let code = VotingCode::from_entropy([0x5a; 11]);
    let event = EventId([7; 32]);
    let mut group = c.benchmark_group("voting code");
    group.sample_size(20);
    group.bench_function("stretch", |b| b.iter(|| CodeSecret::stretch(black_box(&code), &event).unwrap()));
    let secret = CodeSecret::stretch(&code, &event).unwrap();
    group.bench_function("credential of a round", |b| b.iter(|| black_box(&secret).credential(ROUND).key()));
    group.finish();
}

fn voting(c: &mut Criterion) {
    let mut sandbox = opened();
    let rules = sandbox.state.round(ROUND).unwrap().rules().unwrap().clone();
    let key = EncryptionKey::new(rules.binding.joint_key);
    let credential = sandbox.credential(0, ROUND);
    let mut group = c.benchmark_group("ballot, 1 of 5 and up to 3 of 20");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    group.bench_function("seal", |b| {
        let member = Entitlement { group: GroupIndex(0), weight: 1 };
        b.iter(|| ballot::seal(&rules, &key, member, &credential.key(), &choices(), &mut sandbox.rng).unwrap());
    });

    let mut ballots = Vec::new();
    for voter in 0..VOTERS {
        let sealed = sandbox.seal(voter, &choices());
        ballots.push(sandbox.cast(voter, &sealed.parts()[0]));
    }
    println!("one ballot takes {} bytes", ballots[0].len());
    let slices: Vec<&[u8]> = ballots.iter().map(Vec::as_slice).collect();
    group.throughput(Throughput::Elements(1));
    group.bench_function("check_ballots of one", |b| {
        b.iter(|| assert!(sandbox.state.check_ballots(&slices[..1], &ENTROPY)[0].is_ok()));
    });
    group.throughput(Throughput::Elements(VOTERS as u64));
    group.bench_function("check_ballots of 1000", |b| {
        b.iter(|| assert!(sandbox.state.check_ballots(&slices, &ENTROPY).iter().all(Result::is_ok)));
    });

    let verified = sandbox.state.check_ballots(&slices, &ENTROPY);
    for (bytes, verified) in ballots.iter().zip(verified) {
        sandbox.state.apply_ballot(&verified.unwrap(), &|_| None).unwrap();
        sandbox.entries.push(bytes.clone());
    }
    sandbox.close();
    sandbox.decrypt(1);
    sandbox.decrypt(3);
    sandbox.result(ROUND);
    let record = sandbox.record();
    let holds = || {
        let report = verify(&record.event, &record.checkpoint, &record.entries);
        assert!(report.holds && report.checked.ballots == VOTERS as u64, "{:?}", report.faults);
    };
    group.bench_function("verify_record of 1000 ballots", |b| b.iter(holds));
    group.finish();
    let mut times = Vec::new();
    for _ in 0..7 {
        let start = Instant::now();
        holds();
        times.push(start.elapsed());
    }
    times.sort();
    println!("verify_record: {:.1} us per ballot, everything included", times[3].as_secs_f64() * 1e6 / VOTERS as f64);
}

criterion_group!(benches, code, voting);
criterion_main!(benches);

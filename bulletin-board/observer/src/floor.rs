//! `observer verify --floor`: the least work that verifying the same ballots can take.
//!
//! Whatever the proof system, every point of a ballot must be decompressed once and enter one multiscalar multiplication
//! once. This measures exactly that, for the points of the record's own ballots and with full-width random scalars, on the
//! same threads and in the same portions as verification. Nothing is verified here.
//!
//! Points of a ballot: B, A and the pair E of each argument, two for each cell, and R of the signature. Keys of credentials
//! are left out: they are decoded with the roll.

use std::time::{Duration, Instant};

use client::Record;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{Identity, VartimeMultiscalarMul};
use rand::rngs::OsRng;
use rand::{RngCore as _, SeedableRng as _};
use rayon::prelude::*;
use serde::Serialize;
use voting_core::ballot::BallotEntry;
use voting_core::record::state::{as_ballot, looks_like_ballot};

use crate::failure::Failure;

/// Ballots that are handed to verification together, as `verify_record` does.
const BATCH: usize = 2_048;
/// Most ballots in one multiscalar multiplication, as `proofs::batch::CHUNK`.
const CHUNK: usize = 1_024;
/// Fewest ballots of one thread's share, as in `proofs::batch`.
const LEAST: usize = 64;
/// Bytes of an encoded point.
const POINT: usize = 32;
/// Points at the front of an argument.
const ARGUMENT_POINTS: usize = 4;

/// The floor, and how far verification is above it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Floor {
    /// Ballots counted.
    pub(crate) ballots: u64,
    /// Their points.
    pub(crate) points: u64,
    /// Seconds for decompressing and multiplying them.
    pub(crate) seconds: f64,
    /// Seconds of verification over seconds of the floor; none without ballots.
    pub(crate) ratio: Option<f64>,
}

/// Measures the floor for the ballots of a record.
pub(crate) fn measure(record: &Record, verify_seconds: f64) -> Result<Floor, Failure> {
    let mut floor = Floor { ballots: 0, points: 0, seconds: 0.0, ratio: None };
    let mut batch: Vec<Vec<[u8; POINT]>> = Vec::with_capacity(BATCH);
    let mut spent = Duration::ZERO;
    for entry in record.entries() {
        let entry = entry?;
        if let Some(ballot) = Some(&entry).filter(|entry| looks_like_ballot(entry)).and_then(|entry| as_ballot(entry)) {
            let points = encodings(&ballot);
            floor.ballots += 1;
            floor.points += points.len() as u64;
            batch.push(points);
        }
        if batch.len() == BATCH {
            spent += time(&batch);
            batch.clear();
        }
    }
    spent += time(&batch);
    floor.seconds = spent.as_secs_f64();
    floor.ratio = (floor.seconds > 0.0 && floor.ballots > 0).then(|| verify_seconds / floor.seconds);
    Ok(floor)
}

/// All points of a ballot.
fn encodings(ballot: &BallotEntry) -> Vec<[u8; POINT]> {
    let BallotEntry { sealed, signature, .. } = ballot;
    let arguments = sealed.sections.iter().flat_map(|section| {
        let front = section.argument.get(..ARGUMENT_POINTS * POINT).unwrap_or_default();
        front.as_chunks::<POINT>().0.iter().chain(section.ciphertexts.as_chunks::<POINT>().0)
    });
    arguments.chain(signature.as_chunks::<POINT>().0.first()).copied().collect()
}

/// The time for one batch. Random scalars are drawn before the clock starts.
fn time(batch: &[Vec<[u8; POINT]>]) -> Duration {
    let share = batch.len().div_ceil(rayon::current_num_threads().max(1));
    let portions: Vec<(Vec<[u8; POINT]>, Vec<Scalar>)> = batch
        .par_chunks(share.clamp(LEAST, CHUNK))
        .map(|ballots| {
            let points = ballots.concat();
            // A fast generator from a fresh seed: only the width of the scalars matters here.
            let mut rng = rand::rngs::StdRng::seed_from_u64(OsRng.next_u64());
            let scalars = points.iter().map(|_| Scalar::random(&mut rng)).collect();
            (points, scalars)
        })
        .collect();
    let begun = Instant::now();
    let sums: Vec<RistrettoPoint> = portions
        .into_par_iter()
        .map(|(encodings, scalars)| {
            // A malformed point of a tampered record counts as the identity.
            let points = encodings.iter().map(|bytes| CompressedRistretto(*bytes).decompress());
            let points: Vec<_> = points.map(|point| point.unwrap_or_else(RistrettoPoint::identity)).collect();
            RistrettoPoint::vartime_multiscalar_mul(&scalars, &points)
        })
        .collect();
    let spent = begun.elapsed();
    core::hint::black_box(sums);
    spent
}

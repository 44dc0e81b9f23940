//! The floor: what the curve alone costs any verifier of these bytes. Each point of a ballot is decoded once and multiplied
//! by a full scalar once, in multiscalar multiplications of the size that is fastest here, together with the points that
//! all ballots share. No hashing, no scalars, no decoding of anything else.

use core::ops::Range;
use std::hint::black_box;

use curve25519_dalek::traits::VartimeMultiscalarMul;
use proofs::group::{Point, Scalar, decode_point};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::ours::Ours;

/// Points of one multiplication: fewer cost more each, and many more leave the cache (measured).
const PIECE: usize = 16_384;
/// B, A and E of an argument.
const ARGUMENT_POINTS: usize = 4 * 32;

pub(crate) struct Floor {
    encoded: Vec<[u8; 32]>,
    shared: Vec<Point>,
    scalars: Vec<Scalar>,
}

impl Floor {
    /// Of some entries: ciphertexts, argument, credential and the signature's commitment.
    pub(crate) fn of(ours: &Ours, entries: Range<usize>) -> Self {
        let mut encoded = Vec::new();
        for entry in ours.decoded(entries) {
            let mut bytes = Vec::new();
            for section in &entry.sealed.sections {
                bytes.extend_from_slice(&section.ciphertexts);
                bytes.extend_from_slice(&section.argument[..ARGUMENT_POINTS]);
            }
            bytes.extend_from_slice(entry.sealed.credential.as_bytes());
            bytes.extend_from_slice(&entry.signature[..32]);
            encoded.extend(bytes.chunks_exact(32).map(|point| <[u8; 32]>::try_from(point).unwrap()));
        }
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let shared: Vec<_> = (0..ours.shared_points()).map(|_| Point::random(&mut rng)).collect();
        let scalars = (0..encoded.len() + shared.len()).map(|_| Scalar::random(&mut rng)).collect();
        Self { encoded, shared, scalars }
    }

    /// Points of ballots, and shared ones.
    pub(crate) fn points(&self) -> (usize, usize) {
        (self.encoded.len(), self.shared.len())
    }

    pub(crate) fn run(&self) {
        let decoded = self.encoded.iter().map(|bytes| decode_point(bytes, "point").unwrap());
        let points: Vec<_> = decoded.chain(self.shared.iter().copied()).collect();
        for (scalars, points) in self.scalars.chunks(PIECE).zip(points.chunks(PIECE)) {
            black_box(Point::vartime_multiscalar_mul(scalars, points));
        }
    }
}

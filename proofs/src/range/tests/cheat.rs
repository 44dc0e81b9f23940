//! A prover of its own for tests: it follows the protocol of aggregated range proofs with any scalars for bits, and can
//! answer so that one of the two equations holds although the statement is false.

use curve25519_dalek::traits::VartimeMultiscalarMul;

use super::super::{RangeProof, powers};
use crate::group::{BASE, CompressedPoint, Generators, Point, RangeShape, Scalar};
use crate::transcript::{ProverRng, RangeLabel as Label, Transcript};

/// One place: what the prover uses as bits, and the opening of its commitment as the prover knows it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// a_L: n scalars.
    pub(crate) left: Vec<Scalar>,
    /// a_R: n scalars; `a_L - 1` if honest.
    pub(crate) right: Vec<Scalar>,
    pub(crate) value: Scalar,
    pub(crate) blinding: Scalar,
    /// What stands for this place in the transcript.
    pub(crate) commitment: CompressedPoint,
}

/// Which value the prover sends as t(x).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// <l, r>: the inner-product equation holds.
    Product,
    /// What the equation about the commitments wants.
    Polynomial,
}

/// The n lowest bits of a number.
pub(crate) fn bits_of(value: u128, n: usize) -> Vec<Scalar> {
    (0..n).map(|bit| Scalar::from(u8::from(value >> bit & 1 == 1))).collect()
}

/// What stands for the bits of a value that has too many of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    /// All of it in the lowest place: it adds up, but is no bit.
    Heap,
    /// The lowest bits: bits that do not add up.
    LowBits,
}

/// The places of wide values, of what is left to their maxima, and padding; with honest bits wherever there are some.
pub(crate) fn places(
    generators: &Generators,
    shape: RangeShape,
    maxima: &[u64],
    values: &[Scalar],
    blindings: &[Scalar],
    fill: Fill,
) -> Vec<Place> {
    let rests = values.iter().zip(maxima).map(|(value, max)| Scalar::from(*max) - value);
    let values: Vec<_> = values.iter().copied().chain(rests).collect();
    let blindings: Vec<_> = blindings.iter().copied().chain(blindings.iter().map(|blinding| -blinding)).collect();
    let place = |j: usize| {
        let value = values.get(j).copied().unwrap_or(Scalar::ZERO);
        let blinding = blindings.get(j).copied().unwrap_or(Scalar::ZERO);
        let low = u128::from_le_bytes(value.as_bytes()[..16].try_into().unwrap());
        let fits = Scalar::from(low) == value && low >> shape.bits == 0;
        let mut left = bits_of(low, shape.bits);
        if !fits && fill == Fill::Heap {
            left.fill(Scalar::ZERO);
            left[0] = value;
        }
        let right = left.iter().map(|a| a - Scalar::ONE).collect();
        let commitment = (BASE * value + generators.value * blinding).compress();
        Place { left, right, value, blinding, commitment }
    };
    (0..shape.places).map(place).collect()
}

fn dot(a: &[Scalar], b: &[Scalar]) -> Scalar {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn combination(scalars: &[&[Scalar]], points: &[&[Point]]) -> Point {
    Point::vartime_multiscalar_mul(scalars.concat(), points.concat())
}

/// Runs the protocol; `H` of the commitments is `generators.value`.
#[allow(non_snake_case, reason = "letters of the paper: capitals are points")]
pub(crate) fn prove(
    transcript: &mut Transcript,
    generators: &Generators,
    shape: RangeShape,
    places: &[Place],
    answer: Answer,
    source: &mut ProverRng,
) -> RangeProof {
    let RangeShape { bits: n, places: m } = shape;
    assert_eq!(places.len(), m);
    let range = generators.range.as_ref().unwrap();
    let stride = range.shape().bits;
    let take = |all: &[Point]| -> Vec<Point> { (0..m).flat_map(|j| all[j * stride..][..n].to_vec()).collect() };
    let (mut G, mut H) = (take(&range.direct), take(&range.cross));
    let blind = generators.value;
    let mut draw = |count: usize| -> Vec<Scalar> { (0..count).map(|_| source.scalar()).collect() };

    transcript.range_begin(shape);
    places.iter().for_each(|place| transcript.range_message(Label::Value, place.commitment.as_bytes()));
    let left: Vec<_> = places.iter().flat_map(|place| place.left.clone()).collect();
    let right: Vec<_> = places.iter().flat_map(|place| place.right.clone()).collect();
    let (s_left, s_right, drawn) = (draw(n * m), draw(n * m), draw(4));
    let (alpha, rho, tau) = (drawn[0], drawn[1], [drawn[2], drawn[3]]);
    let A = (combination(&[&left, &right], &[&G, &H]) + blind * alpha).compress();
    let S = (combination(&[&s_left, &s_right], &[&G, &H]) + blind * rho).compress();
    transcript.range_message(Label::Bits, A.as_bytes());
    transcript.range_message(Label::Blinding, S.as_bytes());
    let y = transcript.range_challenge(Label::BitChallenge);
    let z = transcript.range_challenge(Label::ValueChallenge);

    let y_powers: Vec<_> = powers(y).take(n * m).collect();
    let two = Scalar::from(2_u8);
    let weights: Vec<_> =
        powers(z).take(m).flat_map(|z_power| powers(two).take(n).map(move |two| z * z * z_power * two)).collect();
    let l0: Vec<_> = left.iter().map(|a| a - z).collect();
    let r0: Vec<_> = (0..n * m).map(|i| y_powers[i] * (right[i] + z) + weights[i]).collect();
    let r1: Vec<_> = s_right.iter().zip(&y_powers).map(|(s, y)| s * y).collect();
    let t1 = dot(&l0, &r1) + dot(&s_left, &r0);
    let t2 = dot(&s_left, &r1);
    let T = [(BASE * t1 + blind * tau[0]).compress(), (BASE * t2 + blind * tau[1]).compress()];
    transcript.range_message(Label::T1, T[0].as_bytes());
    transcript.range_message(Label::T2, T[1].as_bytes());
    let x = transcript.range_challenge(Label::PolyChallenge);

    let mut l: Vec<_> = l0.iter().zip(&s_left).map(|(l, s)| l + s * x).collect();
    let mut r: Vec<_> = r0.iter().zip(&r1).map(|(r, s)| r + s * x).collect();
    let value = |pick: &dyn Fn(&Place) -> Scalar| -> Scalar {
        powers(z).zip(places).map(|(z_power, place)| z * z * z_power * pick(place)).sum()
    };
    let ones = weights.iter().sum::<Scalar>() * z;
    let delta = (z - z * z) * y_powers.iter().sum::<Scalar>() - ones;
    let t_x = match answer {
        Answer::Product => dot(&l, &r),
        Answer::Polynomial => value(&|place| place.value) + delta + t1 * x + t2 * x * x,
    };
    let t_x_blinding = value(&|place| place.blinding) + tau[0] * x + tau[1] * x * x;
    let e_blinding = alpha + rho * x;
    transcript.range_message(Label::T, t_x.as_bytes());
    transcript.range_message(Label::TBlinding, t_x_blinding.as_bytes());
    transcript.range_message(Label::Blindings, e_blinding.as_bytes());
    let w = transcript.range_challenge(Label::ProductChallenge);

    let Q = BASE * w;
    H.iter_mut().zip(powers(y.invert())).for_each(|(point, power)| *point *= power);
    transcript.range_begin_product(n * m);
    let mut rounds = Vec::new();
    while l.len() > 1 {
        let half = l.len() / 2;
        let ((l_low, l_high), (r_low, r_high)) = (l.split_at(half), r.split_at(half));
        let ((G_low, G_high), (H_low, H_high)) = (G.split_at(half), H.split_at(half));
        let L = combination(&[l_low, r_high, &[dot(l_low, r_high)]], &[G_high, H_low, &[Q]]).compress();
        let R = combination(&[l_high, r_low, &[dot(l_high, r_low)]], &[G_low, H_high, &[Q]]).compress();
        transcript.range_message(Label::Left, L.as_bytes());
        transcript.range_message(Label::Right, R.as_bytes());
        let u = transcript.range_challenge(Label::RoundChallenge);
        let inverse = u.invert();
        let fold = |low: &[Scalar], high: &[Scalar], a, b| -> Vec<Scalar> {
            low.iter().zip(high).map(|(low, high)| low * a + high * b).collect()
        };
        let fold_points = |low: &[Point], high: &[Point], a, b| -> Vec<Point> {
            low.iter().zip(high).map(|(low, high)| low * a + high * b).collect()
        };
        let next = (fold(l_low, l_high, u, inverse), fold(r_low, r_high, inverse, u));
        let points = (fold_points(G_low, G_high, inverse, u), fold_points(H_low, H_high, u, inverse));
        (l, r) = next;
        (G, H) = points;
        rounds.push([L, R]);
    }
    let proof = RangeProof { A, S, T, t_x, t_x_blinding, e_blinding, rounds, a: l[0], b: r[0] };
    transcript.bind_range_proof(&proof.to_bytes());
    proof
}

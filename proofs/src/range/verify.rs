//! The verifier: the equations of the crate `bulletproofs`, folded into a batch. Variable time, everything is public.

use super::{RangeProof, WHAT, powers, rounds};
use crate::batch::Accumulator;
use crate::error::ProofError;
use crate::group::{BASE, CompressedPoint, POINT_BYTES, Point, RangeShape, Scalar, decode_point_not_identity};
use crate::transcript::{RangeLabel as Label, Transcript, Weights};

/// A decoded range proof with its challenges: two equations that wait for their weights.
#[allow(non_snake_case, reason = "letters of the paper: capitals are points")]
pub(crate) struct PendingRange {
    shape: RangeShape,
    maxima: Vec<u64>,
    pub(crate) A: Point,
    pub(crate) S: Point,
    pub(crate) T: [Point; 2],
    pub(super) t_x: Scalar,
    pub(crate) t_x_blinding: Scalar,
    pub(crate) e_blinding: Scalar,
    /// L, R, u^2 and u^-2 of each round.
    rounds: Vec<(Point, Point, Scalar, Scalar)>,
    pub(super) a: Scalar,
    pub(super) b: Scalar,
    y: Scalar,
    y_inverse: Scalar,
    z: Scalar,
    pub(crate) x: Scalar,
    w: Scalar,
    /// 1 / (u_1 u_2 ..).
    all_inverse: Scalar,
}

/// Decodes points, replays the messages of the crate behind everything that the transcript holds, and draws the
/// challenges. `commitments` are the V_j, compressed and decoded; the verifier computes max_j G - V_j itself (F1).
///
/// # Errors
/// [`ProofError::Malformed`] or [`ProofError::Identity`] for a point of the proof, [`ProofError::Length`].
pub(crate) fn prepare(
    transcript: &mut Transcript,
    shape: RangeShape,
    maxima: &[u64],
    commitments: &[(CompressedPoint, Point)],
    proof: &RangeProof,
) -> Result<PendingRange, ProofError> {
    if commitments.len() != maxima.len() || 2 * maxima.len() > shape.places || proof.rounds.len() != rounds(shape) {
        return Err(ProofError::Length(WHAT));
    }
    transcript.range_begin(shape);
    for (commitment, _) in commitments {
        transcript.range_message(Label::Value, commitment.as_bytes());
    }
    for ((_, commitment), max) in commitments.iter().zip(maxima) {
        let rest = BASE * Scalar::from(*max) - commitment;
        transcript.range_message(Label::Value, rest.compress().as_bytes());
    }
    for _ in 2 * maxima.len()..shape.places {
        transcript.range_message(Label::Value, &[0; POINT_BYTES]);
    }
    // The crate refuses the identity in these places too.
    let point = |transcript: &mut Transcript, label, compressed: &CompressedPoint| {
        transcript.range_message(label, compressed.as_bytes());
        decode_point_not_identity(compressed.as_bytes(), "point of a range proof")
    };
    let bits = point(transcript, Label::Bits, &proof.A)?;
    let blinding = point(transcript, Label::Blinding, &proof.S)?;
    let y = transcript.range_challenge(Label::BitChallenge);
    let z = transcript.range_challenge(Label::ValueChallenge);
    let t1 = point(transcript, Label::T1, &proof.T[0])?;
    let t2 = point(transcript, Label::T2, &proof.T[1])?;
    let x = transcript.range_challenge(Label::PolyChallenge);
    transcript.range_message(Label::T, proof.t_x.as_bytes());
    transcript.range_message(Label::TBlinding, proof.t_x_blinding.as_bytes());
    transcript.range_message(Label::Blindings, proof.e_blinding.as_bytes());
    let w = transcript.range_challenge(Label::ProductChallenge);

    transcript.range_begin_product(shape.bits * shape.places);
    let (mut rounds, mut inverses) =
        (Vec::with_capacity(proof.rounds.len()), Vec::with_capacity(proof.rounds.len() + 1));
    for [left, right] in &proof.rounds {
        let left = point(transcript, Label::Left, left)?;
        let right = point(transcript, Label::Right, right)?;
        let u = transcript.range_challenge(Label::RoundChallenge);
        inverses.push(u);
        rounds.push((left, right, u * u, Scalar::ZERO));
    }
    inverses.push(y);
    if inverses.contains(&Scalar::ZERO) {
        // A single zero would turn all inverses into zeros. At most 13 challenges are each zero with a probability of about
        // 2^-252: no test comes here.
        return Err(ProofError::Invalid(WHAT));
    }
    Scalar::batch_invert(&mut inverses);
    let y_inverse = inverses.pop().ok_or(ProofError::Length(WHAT))?;
    rounds.iter_mut().zip(&inverses).for_each(|(round, inverse)| round.3 = inverse * inverse);
    transcript.bind_range_proof(&proof.to_bytes());
    Ok(PendingRange {
        shape,
        maxima: maxima.to_vec(),
        A: bits,
        S: blinding,
        T: [t1, t2],
        t_x: proof.t_x,
        t_x_blinding: proof.t_x_blinding,
        e_blinding: proof.e_blinding,
        rounds,
        a: proof.a,
        b: proof.b,
        y,
        y_inverse,
        z,
        x,
        w,
        all_inverse: inverses.iter().product(),
    })
}

impl PendingRange {
    pub(crate) fn shape(&self) -> RangeShape {
        self.shape
    }

    /// Adds both equations, each with a weight of its own (M3), but for the V_j, whose coefficients it adds to `values`,
    /// because another equation speaks of these points too.
    pub(crate) fn fold<'a>(&'a self, weights: &mut Weights, sum: &mut Accumulator<'a>, values: &mut [Scalar]) {
        self.fold_polynomial(weights.next(), sum, values);
        self.fold_product(weights.next(), sum);
    }

    /// `x T_1 + x^2 T_2 - t_x_blinding H + (delta - t_x) G + sum_j z^(2+j) V'_j = 0`, where V' are all commitments: the
    /// V_j, the max_j G - V_j, identities.
    pub(super) fn fold_polynomial<'a>(&'a self, weight: Scalar, sum: &mut Accumulator<'a>, values: &mut [Scalar]) {
        let (x, z) = (self.x, self.z);
        sum.push(weight * x, &self.T[0]);
        sum.push(weight * x * x, &self.T[1]);
        sum.value -= weight * self.t_x_blinding;
        sum.base += weight * (self.delta() - self.t_x);
        let count = values.len();
        let exponents: Vec<_> = powers(z).take(2 * count).map(|power| weight * z * z * power).collect();
        let (direct, rest) = exponents.split_at(count);
        for (((value, direct), rest), max) in values.iter_mut().zip(direct).zip(rest).zip(&self.maxima) {
            *value += direct - rest;
            sum.base += rest * Scalar::from(*max);
        }
    }

    /// `A + x S + sum_k (u_k^2 L_k + u_k^-2 R_k) - e_blinding H + w (t_x - a b) G + sum_i g_i G_i + sum_i h_i H_i = 0`
    /// with `g_i = -z - a s_i` and `h_i = z + y^-i (z^(2+j) 2^k - b / s_i)` for bit k of place j, `i = n j + k`.
    pub(super) fn fold_product<'a>(&'a self, weight: Scalar, sum: &mut Accumulator<'a>) {
        let (x, z, n, m) = (self.x, self.z, self.shape.bits, self.shape.places);
        sum.push(weight, &self.A);
        sum.push(weight * x, &self.S);
        for (left, right, square, inverse_square) in &self.rounds {
            sum.push(weight * square, left);
            sum.push(weight * inverse_square, right);
        }
        sum.value -= weight * self.e_blinding;
        sum.base += weight * self.w * (self.t_x - self.a * self.b);
        let s = self.products();
        let mut y_power = weight;
        let mut z_power = z * z;
        for place in 0..m {
            let mut bit_weight = z_power;
            for bit in 0..n {
                let i = n * place + bit;
                let (direct, cross) = sum.range(place, bit);
                *direct -= weight * (z + self.a * s[i]);
                // 1 / s_i is s read backwards.
                *cross += weight * z + y_power * (bit_weight - self.b * s[n * m - 1 - i]);
                y_power *= self.y_inverse;
                bit_weight += bit_weight;
            }
            z_power *= z;
        }
    }

    /// `(z - z^2) sum_i y^i - (2^n - 1) sum_j z^(3+j)`, i below n m and j below m.
    fn delta(&self) -> Scalar {
        let RangeShape { bits: n, places: m } = self.shape;
        let y_sum: Scalar = powers(self.y).take(n * m).sum();
        let z_sum: Scalar = powers(self.z).take(m).sum();
        let ones = Scalar::from(u64::MAX >> (64 - n));
        let z_squared = self.z * self.z;
        (self.z - z_squared) * y_sum - ones * z_squared * self.z * z_sum
    }

    /// s_i: the product of u_k where bit k of i, from the highest, is set, and of 1 / u_k where it is not.
    fn products(&self) -> Vec<Scalar> {
        let mut s = Vec::with_capacity(1 << self.rounds.len());
        s.push(self.all_inverse);
        // The last round belongs to the lowest bit.
        for (.., square, _) in self.rounds.iter().rev() {
            s.extend_from_within(..);
            let half = s.len() / 2;
            s[half..].iter_mut().for_each(|s| *s *= square);
        }
        s
    }
}

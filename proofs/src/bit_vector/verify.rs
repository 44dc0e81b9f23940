//! The verifier: variable time, everything is public.

use std::sync::Arc;

use super::{BitVectorProof, powers};
use crate::batch::{self, Accumulator, Item, Pending};
use crate::elgamal::{Ciphertext, CompressedCiphertext, PublicKey};
use crate::error::ProofError;
use crate::group::{Generators, Point, Scalar, decode_point};
use crate::linear::Statement;
use crate::transcript::{Transcript, Weights};

/// A decoded argument with its challenges: three equations that wait for their weights.
#[allow(non_snake_case, reason = "letters of the notation: capitals are points")]
pub struct PendingBitVector {
    pub(crate) digest: [u8; 32],
    pub(super) B: Point,
    pub(super) A: Point,
    pub(super) E: [Point; 2],
    ciphertexts: Arc<[Ciphertext]>,
    f: Vec<Scalar>,
    z: Scalar,
    z_e: Scalar,
    x: Scalar,
    y: Scalar,
    /// `sum y^j form_j(f) - x sum y^j constant_j`: the coefficient of G in the third equation but for its sign.
    image: Scalar,
}

impl core::fmt::Debug for PendingBitVector {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PendingBitVector").field("bits", &self.f.len()).finish_non_exhaustive()
    }
}

impl PendingBitVector {
    pub(crate) fn bits(&self) -> usize {
        self.f.len()
    }

    /// The decoded ciphertexts. They mean something only once the argument has been verified.
    #[must_use]
    pub fn ciphertexts(&self) -> &Arc<[Ciphertext]> {
        &self.ciphertexts
    }

    /// Adds the three equations, each with a weight of its own (M3):
    /// 1. `x B + A - sum f_i h_i - sum f_i (x - f_i) h'_i - z K = 0`
    /// 2. `x sum y^j first_j + E_1 - z_e G = 0`
    /// 3. `x sum y^j second_j + E_2 - (sum y^j form_j(f) - x sum y^j constant_j) G - z_e Y = 0`
    pub(crate) fn fold(&self, weights: &mut Weights, sum: &mut Accumulator) {
        let [vector, first, second] = [weights.next(), weights.next(), weights.next()];
        let x = &self.x;

        sum.push(vector * x, self.B);
        sum.push(vector, self.A);
        for (i, f) in self.f.iter().enumerate() {
            let weighted = vector * f;
            sum.bit[i] -= weighted;
            sum.cross[i] -= weighted * (x - f);
        }
        sum.blind -= vector * self.z;

        let (first_x, second_x) = (first * x, second * x);
        for (pair, y) in self.ciphertexts.iter().zip(powers(self.y)) {
            sum.push(first_x * y, pair.first);
            sum.push(second_x * y, pair.second);
        }
        sum.push(first, self.E[0]);
        sum.push(second, self.E[1]);
        sum.base -= first * self.z_e + second * self.image;
        sum.key -= second * self.z_e;
    }
}

/// Decodes points, replays the transcript and draws the challenges. The transcript is left behind the responses.
///
/// # Errors
/// [`ProofError::Length`], [`ProofError::Malformed`], or [`ProofError::Identity`] for a first component (A4).
pub fn prepare(
    transcript: &mut Transcript,
    statement: &Statement,
    key: &PublicKey,
    ciphertexts: &[CompressedCiphertext],
    proof: BitVectorProof,
) -> Result<PendingBitVector, ProofError> {
    if ciphertexts.len() != statement.encrypted() || proof.f.len() != statement.bits() {
        return Err(ProofError::Length("argument"));
    }
    transcript.begin_bit_vector(statement, key, ciphertexts);
    let y = transcript.commit_bits(&proof.B, &proof.A);
    let x = transcript.commit_image(&proof.E);
    transcript.bind_responses(&proof.f, &proof.z, &proof.z_e);

    let forms = statement.forms().iter().zip(powers(y));
    let image = forms.map(|(form, y)| y * (form.evaluate(&proof.f) - x * form.constant)).sum();
    let part = |point| decode_point(point, "commitment of an argument");
    Ok(PendingBitVector {
        digest: transcript.item_digest(),
        B: part(proof.B.as_bytes())?,
        A: part(proof.A.as_bytes())?,
        E: [part(proof.E[0].as_bytes())?, part(proof.E[1].as_bytes())?],
        ciphertexts: ciphertexts.iter().map(CompressedCiphertext::decompress).collect::<Result<_, _>>()?,
        f: proof.f,
        z: proof.z,
        z_e: proof.z_e,
        x,
        y,
        image,
    })
}

/// Verifies one argument through the same equation as a batch. `entropy` as for [`batch::verify`].
///
/// # Errors
/// Those of [`prepare`], and [`ProofError::Invalid`].
pub fn verify(
    transcript: &mut Transcript,
    statement: &Statement,
    generators: &Generators,
    key: &PublicKey,
    ciphertexts: &[CompressedCiphertext],
    proof: BitVectorProof,
    entropy: &[u8; 32],
) -> Result<(), ProofError> {
    let pending = prepare(transcript, statement, key, ciphertexts, proof)?;
    let item = Item::new(vec![Pending::BitVector(pending)]);
    match batch::verify(&[item], generators, key, entropy).as_slice() {
        [true] => Ok(()),
        _ => Err(ProofError::Invalid("argument about encrypted values")),
    }
}

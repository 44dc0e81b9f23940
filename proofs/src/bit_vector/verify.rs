//! The verifier: variable time, everything is public.

use std::sync::Arc;

use super::{BitVectorProof, WideProof};
use crate::batch::{self, Accumulator, Item, Pending};
use crate::elgamal::{Ciphertext, CompressedCiphertext, PublicKey};
use crate::error::ProofError;
use crate::group::{CompressedPoint, Generators, Point, RangeShape, Scalar, decode_point};
use crate::linear::Statement;
use crate::range::{self, PendingRange};
use crate::transcript::{Transcript, Weights};
use crate::weighted::Integer;

/// A decoded argument with its challenges: three equations that wait for their weights, and with wide values one more
/// for each of them and two of their range proof.
#[allow(non_snake_case, reason = "letters of the notation: capitals are points")]
pub struct PendingBitVector {
    pub(crate) digest: [u8; 32],
    /// The key Y that the challenges are about; the batch adds up the parts of Y for one key only.
    pub(super) key: CompressedPoint,
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
    pub(super) wide: Option<PendingWide>,
}

/// The part about wide values.
pub(super) struct PendingWide {
    pub(super) values: Vec<PendingValue>,
    pub(super) range: PendingRange,
}

/// One wide value: `x V + W = f G + z H`.
#[allow(non_snake_case, reason = "letters of the notation: capitals are points")]
pub(super) struct PendingValue {
    pub(super) V: Point,
    pub(super) W: Point,
    pub(super) f: Scalar,
    pub(super) z: Scalar,
}

impl core::fmt::Debug for PendingBitVector {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PendingBitVector").field("bits", &self.f.len()).finish_non_exhaustive()
    }
}

impl PendingBitVector {
    /// Number of points that [`Self::fold`] adds, but for those of a range proof.
    pub(crate) fn points(&self) -> usize {
        let wide = self.wide.as_ref().map_or(0, |wide| wide.values.len());
        4 + 2 * self.ciphertexts.len() + 2 * wide
    }

    pub(crate) fn bits(&self) -> usize {
        self.f.len()
    }

    pub(crate) fn range_shape(&self) -> Option<RangeShape> {
        self.wide.as_ref().map(|wide| wide.range.shape())
    }

    /// Whether the challenges were drawn for this key (A1).
    pub(crate) fn is_about(&self, key: &PublicKey) -> bool {
        self.key == *key.compressed()
    }

    /// The decoded ciphertexts. They mean something only once the argument has been verified.
    #[must_use]
    pub fn ciphertexts(&self) -> &Arc<[Ciphertext]> {
        &self.ciphertexts
    }

    /// Adds all equations, each with a weight of its own (M3):
    /// 1. `x B + A - sum f_i h_i - sum f_i (x - f_i) h'_i - z K = 0`
    /// 2. `x sum y^j first_j + E_1 - z_e G = 0`
    /// 3. `x sum y^j second_j + E_2 - (sum y^j form_j(f) - x sum y^j constant_j) G - z_e Y = 0`
    /// 4. `x V_j + W_j - f_j G - z_j H = 0` for each wide value, then the two of the range proof.
    pub(crate) fn fold<'a>(&'a self, weights: &mut Weights, sum: &mut Accumulator<'a>) {
        let [vector, first, second] = [weights.next(), weights.next(), weights.next()];
        let x = &self.x;

        sum.push(vector * x, &self.B);
        sum.push(vector, &self.A);
        let weight = Integer::of(&vector);
        for (f, (bit, cross)) in self.f.iter().zip(&mut sum.bits) {
            let (response, rest) = (Integer::of(f), Integer::of(&(f - x)));
            bit.add(&weight, &response);
            cross.add_product(&weight, &response, &rest);
        }
        sum.blind -= vector * self.z;

        let (mut first_xy, mut second_xy) = (first * x, second * x);
        for pair in self.ciphertexts.iter() {
            sum.push(first_xy, &pair.first);
            sum.push(second_xy, &pair.second);
            first_xy *= self.y;
            second_xy *= self.y;
        }
        sum.push(first, &self.E[0]);
        sum.push(second, &self.E[1]);
        sum.base -= first * self.z_e + second * self.image;
        sum.key -= second * self.z_e;

        if let Some(PendingWide { values, range }) = &self.wide {
            let mut coefficients = Vec::with_capacity(values.len());
            for value in values {
                let weight = weights.next();
                coefficients.push(weight * x);
                sum.push(weight, &value.W);
                sum.base -= weight * value.f;
                sum.value -= weight * value.z;
            }
            range.fold(weights, sum, &mut coefficients);
            coefficients.into_iter().zip(values).for_each(|(coefficient, value)| sum.push(coefficient, &value.V));
        }
    }
}

/// Decodes points, replays the transcript and draws the challenges. The transcript is left behind the responses, or
/// behind the range proof where there is one.
///
/// # Errors
/// [`ProofError::Length`], [`ProofError::Malformed`], or [`ProofError::Identity`] for a first component (A4) or a point
/// of the range proof.
pub fn prepare(
    transcript: &mut Transcript,
    statement: &Statement,
    key: &PublicKey,
    ciphertexts: &[CompressedCiphertext],
    proof: BitVectorProof,
) -> Result<PendingBitVector, ProofError> {
    let wide = proof.wide.as_ref();
    let lengths = wide.map_or([0; 4], |wide| [wide.V.len(), wide.W.len(), wide.f.len(), wide.z.len()]);
    if ciphertexts.len() != statement.encrypted()
        || proof.f.len() != statement.bits()
        || lengths != [statement.wide(); 4]
        || wide.is_some() != (statement.wide() > 0)
    {
        return Err(ProofError::Length("argument"));
    }
    transcript.begin_bit_vector(statement, key, ciphertexts);
    if let (Some(wide), Some(shape)) = (wide, statement.range_shape()) {
        transcript.commit_values(shape, &wide.V);
    }
    let y = transcript.commit_bits(&proof.B, &proof.A);
    let x = transcript.commit_image(&proof.E, wide.map_or(&[], |wide| &wide.W));
    transcript.bind_responses(&proof.f, &proof.z, &proof.z_e);

    let image = statement.image(&y, &x, &proof.f, wide.map_or(&[][..], |wide| &wide.f));
    let part = |point| decode_point(point, "commitment of an argument");
    let wide = match (proof.wide, statement.range_shape()) {
        (Some(wide), Some(shape)) => Some(prepare_wide(transcript, statement, shape, wide)?),
        _ => None,
    };
    Ok(PendingBitVector {
        digest: transcript.item_digest(),
        key: *key.compressed(),
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
        wide,
    })
}

/// The responses for wide values and the range proof, both behind the other responses.
fn prepare_wide(
    transcript: &mut Transcript,
    statement: &Statement,
    shape: RangeShape,
    wide: WideProof,
) -> Result<PendingWide, ProofError> {
    transcript.bind_value_responses(&wide.f, &wide.z);
    let part = |point| decode_point(point, "commitment to a wide value");
    let mut commitments = Vec::with_capacity(wide.V.len());
    for commitment in &wide.V {
        commitments.push((*commitment, part(commitment.as_bytes())?));
    }
    let range = range::prepare(transcript, shape, statement.wide_maxima(), &commitments, &wide.range)?;
    let masks = wide.W.iter().zip(wide.f.iter().zip(&wide.z));
    let values = commitments.iter().zip(masks).map(|((_, commitment), (mask, (f, z)))| {
        Ok(PendingValue { V: *commitment, W: part(mask.as_bytes())?, f: *f, z: *z })
    });
    Ok(PendingWide { values: values.collect::<Result<_, ProofError>>()?, range })
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

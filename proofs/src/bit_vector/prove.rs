//! The prover: constant time in bits, masks and randomness.

use curve25519_dalek::traits::MultiscalarMul;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::{BitVectorProof, WideProof, powers};
use crate::elgamal::{CompressedCiphertext, EncryptionKey};
use crate::error::ProofError;
use crate::group::{BASE_TABLE, CompressedPoint, Generators, Point, Scalar};
use crate::linear::Statement;
use crate::range::{self, RangeProof};
use crate::secret::SecretScalar;
use crate::transcript::{ProverRng, Transcript};

/// Proves that `ciphertexts`, made by [`Statement::encrypt`] from these values and randomnesses, satisfy the statement.
///
/// The transcript carries the context of the application; it is left in the state that the verifier reaches. All
/// masks come from a source keyed with the witness and 32 fresh bytes of `rng`, and are gone when this returns (M6).
///
/// # Errors
/// [`ProofError::Misuse`] if the witness does not satisfy the statement, or lengths or generators do not fit.
#[allow(clippy::too_many_arguments, reason = "statement, witness and sources, each used once")]
pub fn prove(
    transcript: &mut Transcript,
    statement: &Statement,
    generators: &Generators,
    key: &EncryptionKey,
    ciphertexts: &[CompressedCiphertext],
    values: &[u64],
    randomness: &[SecretScalar],
    rng: &mut impl CryptoRngCore,
) -> Result<BitVectorProof, ProofError> {
    let bits = statement.witness_bits(values)?;
    let wide = statement.witness_wide(values);
    let scalars = Zeroizing::new(wide.iter().map(|v| Scalar::from(*v)).collect::<Vec<_>>());
    let witness = Witness { bits: &bits, wide: &scalars, randomness };
    let range = |transcript: &mut Transcript, blindings: &[Scalar], source: &mut ProverRng| {
        let shape = statement.range_shape().ok_or(ProofError::Misuse("no wide value"))?;
        range::prove(transcript, generators, shape, statement.wide_maxima(), &wide, blindings, source)
    };
    prove_witness(transcript, statement, generators, key, ciphertexts, &witness, rng, range)
}

/// What the prover knows: scalars, which need not be in any range.
pub(super) struct Witness<'a> {
    pub(super) bits: &'a [Scalar],
    pub(super) wide: &'a [Scalar],
    pub(super) randomness: &'a [SecretScalar],
}

impl Witness<'_> {
    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let Self { bits, wide, randomness } = self;
        let mut bytes = Zeroizing::new(Vec::with_capacity(32 * (bits.len() + randomness.len() + wide.len())));
        bits.iter().for_each(|bit| bytes.extend_from_slice(bit.as_bytes()));
        randomness.iter().for_each(|r| bytes.extend_from_slice(r.expose_bytes().as_ref()));
        wide.iter().for_each(|v| bytes.extend_from_slice(v.as_bytes()));
        bytes
    }
}

/// What the prover draws for the wide values.
struct WideMasks {
    /// gamma_j, blinding of V_j.
    blindings: Zeroizing<Vec<Scalar>>,
    /// a_j, mask of the value.
    masks: Zeroizing<Vec<Scalar>>,
    /// s_j, mask of the blinding.
    blinding_masks: Zeroizing<Vec<Scalar>>,
}

impl WideMasks {
    fn draw(count: usize, source: &mut ProverRng) -> Self {
        let mut draw = || Zeroizing::new((0..count).map(|_| source.scalar()).collect());
        Self { blindings: draw(), masks: draw(), blinding_masks: draw() }
    }
}

/// `v_j G + gamma_j H` for each j, in constant time.
fn commit(generators: &Generators, values: &[Scalar], blindings: &[Scalar]) -> Vec<CompressedPoint> {
    let pairs = values.iter().zip(blindings);
    pairs.map(|(v, gamma)| (BASE_TABLE * v + generators.value * gamma).compress()).collect()
}

/// The protocol itself on scalars that [`prove`] has made sure to be in range; tests cheat here. `range` proves that the
/// wide values are.
#[allow(non_snake_case, reason = "letters of the notation: capitals are points")]
#[allow(clippy::too_many_arguments, reason = "statement, witness and sources, each used once")]
pub(super) fn prove_witness(
    transcript: &mut Transcript,
    statement: &Statement,
    generators: &Generators,
    key: &EncryptionKey,
    ciphertexts: &[CompressedCiphertext],
    witness: &Witness<'_>,
    rng: &mut impl CryptoRngCore,
    range: impl FnOnce(&mut Transcript, &[Scalar], &mut ProverRng) -> Result<RangeProof, ProofError>,
) -> Result<BitVectorProof, ProofError> {
    let count = statement.bits();
    let Witness { bits, wide, randomness } = *witness;
    if bits.len() != count || randomness.len() != statement.encrypted() || ciphertexts.len() != statement.encrypted() {
        return Err(ProofError::Misuse("a randomness and a ciphertext for each encrypted value are needed"));
    }
    if wide.len() != statement.wide() {
        return Err(ProofError::Misuse("a value for each wide cell is needed"));
    }
    if generators.bits() < count || statement.range_shape().is_some_and(|shape| !generators.cover(shape)) {
        return Err(ProofError::Misuse("not enough generators"));
    }
    transcript.begin_bit_vector(statement, key.public(), ciphertexts);

    let mut source = transcript.prover_rng(&witness.to_bytes(), rng);
    let a: Zeroizing<Vec<Scalar>> = Zeroizing::new((0..count).map(|_| source.scalar()).collect());
    let r = SecretScalar::from_scalar(source.scalar());
    let s = SecretScalar::from_scalar(source.scalar());
    let t = SecretScalar::from_scalar(source.scalar());
    let drawn = WideMasks::draw(wide.len(), &mut source);

    // V_j = v_j G + gamma_j H
    let V = commit(generators, wide, &drawn.blindings);
    if let Some(shape) = statement.range_shape() {
        transcript.commit_values(shape, &V);
    }

    // B = sum b_i h_i + sum a_i (1 - 2 b_i) h'_i + r K;  A = sum a_i h_i - sum a_i^2 h'_i + s K
    let points = || generators.bit[..count].iter().chain(&generators.cross[..count]).chain([&generators.blind]);
    let cross: Zeroizing<Vec<Scalar>> =
        Zeroizing::new(bits.iter().zip(a.iter()).map(|(b, a)| a * (Scalar::ONE - (b + b))).collect());
    let squares: Zeroizing<Vec<Scalar>> = Zeroizing::new(a.iter().map(|a| -(a * a)).collect());
    let B = Point::multiscalar_mul(bits.iter().chain(cross.iter()).chain([r.expose()]), points()).compress();
    let A = Point::multiscalar_mul(a.iter().chain(squares.iter()).chain([s.expose()]), points()).compress();
    let y = transcript.commit_bits(&B, &A);

    // E = Enc(sum y^j form_j(a); t);  W_j = a_j G + s_j H
    // Masks have no constants (M1): their x is 0.
    let image = SecretScalar::from_scalar(statement.image(&y, &Scalar::ZERO, &a, &drawn.masks));
    let E = key.encrypt(image.expose(), &t).compress();
    let E = [E.first, E.second];
    let W = commit(generators, &drawn.masks, &drawn.blinding_masks);
    let x = transcript.commit_image(&E, &W);

    let answer = |secret: &Scalar, mask: &Scalar| x * secret + mask;
    let f: Vec<Scalar> = bits.iter().zip(a.iter()).map(|(b, a)| answer(b, a)).collect();
    let z = answer(r.expose(), s.expose());
    let rho = randomness.iter().zip(powers(y)).map(|(rho, y)| y * rho.expose()).sum();
    let rho = SecretScalar::from_scalar(rho);
    let z_e = answer(rho.expose(), t.expose());
    transcript.bind_responses(&f, &z, &z_e);

    let wide = if V.is_empty() {
        None
    } else {
        let answers = |secrets: &[Scalar], masks: &[Scalar]| -> Vec<Scalar> {
            secrets.iter().zip(masks).map(|(secret, mask)| answer(secret, mask)).collect()
        };
        let f = answers(wide, &drawn.masks);
        let z = answers(&drawn.blindings, &drawn.blinding_masks);
        transcript.bind_value_responses(&f, &z);
        let range = range(transcript, &drawn.blindings, &mut source)?;
        Some(WideProof { V, W, f, z, range })
    };
    Ok(BitVectorProof { B, A, E, f, z, z_e, wide })
}

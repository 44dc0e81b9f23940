//! The prover: constant time in bits, masks and randomness.

use curve25519_dalek::traits::MultiscalarMul;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::{BitVectorProof, powers};
use crate::elgamal::{CompressedCiphertext, EncryptionKey};
use crate::error::ProofError;
use crate::group::{Generators, Point, Scalar};
use crate::linear::Statement;
use crate::secret::SecretScalar;
use crate::transcript::Transcript;

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
    prove_bits(transcript, statement, generators, key, ciphertexts, &bits, randomness, rng)
}

/// The protocol itself on scalars that [`prove`] has made sure to be bits; tests cheat here.
#[allow(non_snake_case, reason = "letters of the notation: capitals are points")]
#[allow(clippy::too_many_arguments, reason = "statement, witness and sources, each used once")]
pub(super) fn prove_bits(
    transcript: &mut Transcript,
    statement: &Statement,
    generators: &Generators,
    key: &EncryptionKey,
    ciphertexts: &[CompressedCiphertext],
    bits: &[Scalar],
    randomness: &[SecretScalar],
    rng: &mut impl CryptoRngCore,
) -> Result<BitVectorProof, ProofError> {
    let count = statement.bits();
    if bits.len() != count || randomness.len() != statement.encrypted() || ciphertexts.len() != statement.encrypted() {
        return Err(ProofError::Misuse("a randomness and a ciphertext for each encrypted value are needed"));
    }
    if generators.bits() < count {
        return Err(ProofError::Misuse("not enough generators"));
    }
    transcript.begin_bit_vector(statement, key.public(), ciphertexts);

    let mut witness = Zeroizing::new(Vec::with_capacity(32 * (count + randomness.len())));
    bits.iter().for_each(|bit| witness.extend_from_slice(bit.as_bytes()));
    randomness.iter().for_each(|r| witness.extend_from_slice(r.expose_bytes().as_ref()));
    let mut source = transcript.prover_rng(&witness, rng);

    let a: Zeroizing<Vec<Scalar>> = Zeroizing::new((0..count).map(|_| source.scalar()).collect());
    let r = SecretScalar::from_scalar(source.scalar());
    let s = SecretScalar::from_scalar(source.scalar());
    let t = SecretScalar::from_scalar(source.scalar());

    // B = sum b_i h_i + sum a_i (1 - 2 b_i) h'_i + r K;  A = sum a_i h_i - sum a_i^2 h'_i + s K
    let points = || generators.bit[..count].iter().chain(&generators.cross[..count]).chain([&generators.blind]);
    let cross: Zeroizing<Vec<Scalar>> =
        Zeroizing::new(bits.iter().zip(a.iter()).map(|(b, a)| a * (Scalar::ONE - (b + b))).collect());
    let squares: Zeroizing<Vec<Scalar>> = Zeroizing::new(a.iter().map(|a| -(a * a)).collect());
    let B = Point::multiscalar_mul(bits.iter().chain(cross.iter()).chain([r.expose()]), points()).compress();
    let A = Point::multiscalar_mul(a.iter().chain(squares.iter()).chain([s.expose()]), points()).compress();
    let y = transcript.commit_bits(&B, &A);

    // E = Enc(sum y^j form_j(a); t)
    let image: Scalar = statement.forms().iter().zip(powers(y)).map(|(form, y)| y * form.evaluate(&a)).sum();
    let image = SecretScalar::from_scalar(image);
    let E = key.encrypt(image.expose(), &t).compress();
    let E = [E.first, E.second];
    let x = transcript.commit_image(&E);

    let f: Vec<Scalar> = bits.iter().zip(a.iter()).map(|(b, a)| x * b + a).collect();
    let z = x * r.expose() + s.expose();
    let rho: Scalar = randomness.iter().zip(powers(y)).map(|(rho, y)| y * rho.expose()).sum();
    let z_e = x * rho + t.expose();
    transcript.bind_responses(&f, &z, &z_e);
    Ok(BitVectorProof { B, A, E, f, z, z_e })
}

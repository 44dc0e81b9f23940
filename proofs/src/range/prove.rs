//! The prover is that of the crate `bulletproofs`: constant-time in values and blindings.
//!
//! Its inner-product argument is variable-time in the vectors l and r. These hide the values: they are masked by the
//! uniform vectors s_L and s_R, and the protocol of section 4.1 of the paper sends them in the clear.

use bulletproofs::RangeProof as Crate;
use zeroize::Zeroizing;

use super::{RangeProof, WHAT};
use crate::error::ProofError;
use crate::group::{Generators, RangeShape, Scalar};
use crate::transcript::{ProverRng, Transcript};

/// Proves `0 <= v_j <= max_j` for the commitments `V_j = v_j G + blinding_j H`: both v_j and max_j - v_j lie in 0..2^n.
///
/// The caller has bound the commitments; they come first among the messages of the range proof once more, as the crate
/// wants it.
pub(crate) fn prove(
    transcript: &mut Transcript,
    generators: &Generators,
    shape: RangeShape,
    maxima: &[u64],
    values: &[u64],
    blindings: &[Scalar],
    source: &mut ProverRng,
) -> Result<RangeProof, ProofError> {
    let range = generators.range.as_ref().filter(|_| generators.cover(shape));
    let range = range.ok_or(ProofError::Misuse("not enough generators for the range proof"))?;
    if values.len() != maxima.len() || blindings.len() != maxima.len() {
        return Err(ProofError::Misuse("a value and a blinding for each wide value are needed"));
    }
    // v_1, .., then max_1 - v_1, .., then zeros. The blinding of max - v is minus that of v.
    let mut all_values = Zeroizing::new(Vec::with_capacity(shape.places));
    let mut all_blindings = Zeroizing::new(Vec::with_capacity(shape.places));
    all_values.extend_from_slice(values);
    all_blindings.extend_from_slice(blindings);
    for ((value, max), blinding) in values.iter().zip(maxima).zip(blindings) {
        let rest = max.checked_sub(*value).ok_or(ProofError::Misuse("a value is above its maximum"))?;
        all_values.push(rest);
        all_blindings.push(-blinding);
    }
    all_values.resize(shape.places, 0);
    all_blindings.resize(shape.places, Scalar::ZERO);
    let proof = Crate::prove_multiple_with_rng(
        &range.gens,
        &generators.pedersen(),
        transcript.for_range_prover(),
        &all_values,
        &all_blindings,
        shape.bits,
        source.for_range_prover(),
    );
    let (proof, _) = proof.map_err(|_| ProofError::Misuse("no range proof of this shape"))?;
    let proof = RangeProof::from_bytes(shape, &proof.to_bytes()).map_err(|_| ProofError::Malformed(WHAT))?;
    transcript.bind_range_proof(&proof.to_bytes());
    Ok(proof)
}

//! One proof for a whole list of images under one secret.

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use rand_core::CryptoRngCore;

use super::{EqualDlog, EqualDlogProof};
use crate::error::ProofError;
use crate::group::{CompressedPoint, Point, Scalar};
use crate::secret::SecretScalar;
use crate::transcript::{Label, ProofType, Transcript};

const WHAT: &str = "proof of equal logarithms";

/// The proof where nothing is left to prove: 64 zero bytes.
const NOTHING: EqualDlogProof = EqualDlogProof { challenge: Scalar::ZERO, response: Scalar::ZERO };

/// Proof that one secret x with X = xG gives `D_i = x C_i` for every i of a list: one [`EqualDlogProof`] of 64 bytes about
/// a random combination of the pairs, as in RFC 9497, section 2.2.
///
/// A base that is the identity is allowed and forces its image to be the identity. If the combination of the bases is the
/// identity, all images must be, and the proof is 64 zero bytes.
#[derive(Clone, Copy, Debug)]
pub struct EqualDlogBatch;

impl EqualDlogBatch {
    /// Computes the images of `bases` under `secret` and proves them, in the context of `transcript`. Constant time in
    /// the secret; the bases are public.
    ///
    /// If `secret` does not belong to `public` the proof does not verify, unless all bases are the identity: then there
    /// is nothing to prove, and the proof shows no knowledge of any secret.
    ///
    /// # Errors
    /// [`ProofError::Length`] for an empty list, [`ProofError::Identity`] if X is the identity, or if the combination of
    /// bases that are not is (which does not happen by chance).
    pub fn prove(
        transcript: &mut Transcript,
        secret: &SecretScalar,
        public: &Point,
        bases: &[Point],
        rng: &mut impl CryptoRngCore,
    ) -> Result<(Vec<Point>, EqualDlogProof), ProofError> {
        let images: Vec<_> = bases.iter().map(|base| base * secret.expose()).collect();
        let proof = prove_images(transcript, secret, public, bases, &images, rng)?;
        Ok((images, proof))
    }

    /// Verifies that `images` are the images of `bases`, in the context of `transcript`. The verifier computes the bases
    /// itself (A6).
    ///
    /// # Errors
    /// [`ProofError::Length`] unless there is an image for each base and at least one base (A35),
    /// [`ProofError::Identity`] if X is the identity, [`ProofError::Invalid`] if an image is wrong.
    pub fn verify(
        transcript: &mut Transcript,
        public: &Point,
        bases: &[Point],
        images: &[Point],
        proof: &EqualDlogProof,
    ) -> Result<(), ProofError> {
        let weights = bind(transcript, public, bases, images)?;
        if bases.iter().zip(images).any(|(base, image)| base.is_identity() && !image.is_identity()) {
            return Err(ProofError::Invalid(WHAT));
        }
        let base = Point::vartime_multiscalar_mul(&weights, bases);
        if base.is_identity() {
            let nothing = images.iter().all(IsIdentity::is_identity) && *proof == NOTHING;
            return if nothing { Ok(()) } else { Err(ProofError::Invalid(WHAT)) };
        }
        let image = Point::vartime_multiscalar_mul(&weights, images);
        proof.verify(transcript, &EqualDlog { public: *public, base, image })
    }
}

/// The proof itself about images that [`EqualDlogBatch::prove`] has computed; tests cheat here.
fn prove_images(
    transcript: &mut Transcript,
    secret: &SecretScalar,
    public: &Point,
    bases: &[Point],
    images: &[Point],
    rng: &mut impl CryptoRngCore,
) -> Result<EqualDlogProof, ProofError> {
    let weights = bind(transcript, public, bases, images)?;
    // Weights and bases are public.
    let base = Point::vartime_multiscalar_mul(&weights, bases);
    if base.is_identity() {
        let nothing = bases.iter().all(IsIdentity::is_identity);
        return if nothing { Ok(NOTHING) } else { Err(ProofError::Identity("combination of bases")) };
    }
    let statement = EqualDlog { public: *public, base, image: base * secret.expose() };
    EqualDlogProof::prove(transcript, &statement, secret, rng)
}

/// Binds the whole list (A1, A6): G and all bases, then X and all images; and draws a weight of full width for each pair
/// (M3).
fn bind(
    transcript: &mut Transcript,
    public: &Point,
    bases: &[Point],
    images: &[Point],
) -> Result<Vec<Scalar>, ProofError> {
    if bases.is_empty() || bases.len() != images.len() {
        return Err(ProofError::Length("list of an equality"));
    }
    if public.is_identity() {
        return Err(ProofError::Identity("public point of an equality"));
    }
    let encode = |first: CompressedPoint, points: &[Point]| -> Vec<CompressedPoint> {
        core::iter::once(first).chain(points.iter().map(Point::compress)).collect()
    };
    transcript.begin(ProofType::EqualDlogBatch);
    transcript.points(Label::Bases, encode(RISTRETTO_BASEPOINT_COMPRESSED, bases).iter());
    transcript.points(Label::Images, encode(public.compress(), images).iter());
    Ok(bases.iter().map(|_| transcript.challenge(Label::PairChallenge)).collect())
}

#[cfg(test)]
mod tests;

#![doc = include_str!("../../doc/equal-dlog.md")]

mod batch;

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use rand_core::CryptoRngCore;

use crate::error::ProofError;
use crate::group::{BASE_TABLE, CompressedPoint, Point, SCALAR_BYTES, Scalar, decode_scalar};
use crate::secret::SecretScalar;
use crate::transcript::{Label, ProofType, Transcript};

pub use batch::EqualDlogBatch;

/// The statement: one secret x with X = xG and Z = xB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EqualDlog {
    /// X = xG, for instance a verification share.
    pub public: Point,
    /// B, for instance the first component of a sum of ciphertexts. The verifier computes it itself (A6).
    pub base: Point,
    /// Z = xB, for instance a partial decryption.
    pub image: Point,
}

impl EqualDlog {
    /// The statement about `secret` and `base`: computes X and Z in constant time.
    #[must_use]
    pub fn of(secret: &SecretScalar, base: Point) -> Self {
        Self { public: BASE_TABLE * secret.expose(), base, image: base * secret.expose() }
    }

    /// Refuses X and B where they are the identity (A4): then x is not determined, or Z says nothing.
    fn check(&self) -> Result<(), ProofError> {
        if self.public.is_identity() {
            return Err(ProofError::Identity("public point of an equality"));
        }
        if self.base.is_identity() {
            return Err(ProofError::Identity("base of an equality"));
        }
        Ok(())
    }

    /// Binds the statement (A1, A6): G and B, then X and Z.
    fn bind(&self, transcript: &mut Transcript, generator: &CompressedPoint) {
        transcript.begin(ProofType::EqualDlog);
        transcript.points(Label::Bases, [generator, &self.base.compress()].into_iter());
        transcript.points(Label::Images, [&self.public.compress(), &self.image.compress()].into_iter());
    }
}

/// Proof that two points have one discrete logarithm, and of its knowledge (Chaum-Pedersen 1992), as challenge and
/// response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EqualDlogProof {
    challenge: Scalar,
    response: Scalar,
}

/// Binds both commitments, to G and to B, and draws the challenge.
fn challenge(transcript: &mut Transcript, commitments: [&Point; 2]) -> Scalar {
    transcript.points(Label::Nonce, commitments.map(Point::compress).iter());
    transcript.challenge(Label::Challenge)
}

impl EqualDlogProof {
    /// Bytes of an encoded proof.
    pub const BYTES: usize = 2 * SCALAR_BYTES;

    /// Proves `statement` with `secret`, in the context of `transcript`.
    ///
    /// If `secret` does not belong to the statement the proof does not verify.
    ///
    /// # Errors
    /// [`ProofError::Identity`] if X or B is the identity.
    pub fn prove(
        transcript: &mut Transcript,
        statement: &EqualDlog,
        secret: &SecretScalar,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, ProofError> {
        statement.check()?;
        statement.bind(transcript, &RISTRETTO_BASEPOINT_COMPRESSED);
        // M6: the nonce depends on the context, the statement, the secret and fresh randomness.
        let nonce = SecretScalar::from_scalar(transcript.prover_rng(secret.expose_bytes().as_ref(), rng).scalar());
        let commitments = [&(BASE_TABLE * nonce.expose()), &(statement.base * nonce.expose())];
        let challenge = challenge(transcript, commitments);
        let response = nonce.expose() + challenge * secret.expose();
        transcript.scalars(Label::Responses, [&response].into_iter());
        Ok(Self { challenge, response })
    }

    /// Verifies `statement` in the context of `transcript`.
    ///
    /// # Errors
    /// [`ProofError::Identity`] if X or B is the identity, [`ProofError::Invalid`] if the equations do not hold.
    pub fn verify(&self, transcript: &mut Transcript, statement: &EqualDlog) -> Result<(), ProofError> {
        statement.check()?;
        statement.bind(transcript, &RISTRETTO_BASEPOINT_COMPRESSED);
        let (minus_c, z) = (-self.challenge, self.response);
        let to_generator = Point::vartime_double_scalar_mul_basepoint(&minus_c, &statement.public, &z);
        let to_base = Point::vartime_multiscalar_mul([z, minus_c], [statement.base, statement.image]);
        let expected = challenge(transcript, [&to_generator, &to_base]);
        transcript.scalars(Label::Responses, [&self.response].into_iter());
        if expected == self.challenge { Ok(()) } else { Err(ProofError::Invalid("proof of equal logarithms")) }
    }

    /// Decodes exactly 64 bytes: challenge, then response, both reduced (A3).
    ///
    /// # Errors
    /// [`ProofError::Length`] or [`ProofError::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProofError> {
        let (challenge, response) =
            bytes.split_at_checked(SCALAR_BYTES).ok_or(ProofError::Length("proof of equal logarithms"))?;
        Ok(Self {
            challenge: decode_scalar(challenge, "challenge of a proof of equal logarithms")?,
            response: decode_scalar(response, "response of a proof of equal logarithms")?,
        })
    }

    /// The 64 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let (challenge, response) = bytes.split_at_mut(SCALAR_BYTES);
        challenge.copy_from_slice(self.challenge.as_bytes());
        response.copy_from_slice(self.response.as_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::BASE;

    fn multiple(factor: u64) -> Point {
        BASE * Scalar::from(factor)
    }

    fn challenge_of(generator: &Point, statement: &EqualDlog, commitments: [&Point; 2]) -> Scalar {
        let mut transcript = Transcript::open(b"test");
        statement.bind(&mut transcript, &generator.compress());
        challenge(&mut transcript, commitments)
    }

    /// The equations alone would not notice most of these: the challenge itself must depend on each field.
    #[test]
    fn a1_a6_challenge_depends_on_every_field() {
        let statement = EqualDlog { public: multiple(2), base: multiple(3), image: multiple(6) };
        let (r, s, other) = (multiple(10), multiple(11), multiple(99));
        let original = challenge_of(&BASE, &statement, [&r, &s]);
        assert_eq!(original, challenge_of(&BASE, &statement, [&r, &s]));
        assert_ne!(original, challenge_of(&other, &statement, [&r, &s]), "generator");
        assert_ne!(original, challenge_of(&BASE, &EqualDlog { public: other, ..statement }, [&r, &s]), "public");
        assert_ne!(original, challenge_of(&BASE, &EqualDlog { base: other, ..statement }, [&r, &s]), "base");
        assert_ne!(original, challenge_of(&BASE, &EqualDlog { image: other, ..statement }, [&r, &s]), "image");
        assert_ne!(original, challenge_of(&BASE, &statement, [&other, &s]), "first commitment");
        assert_ne!(original, challenge_of(&BASE, &statement, [&r, &other]), "second commitment");
    }

    /// Weak Fiat-Shamir: X and B fixed, Z computed from a challenge that does not bind it; then Z is no multiple by x.
    #[test]
    fn a1_a6_image_computed_after_the_challenge_is_refused() {
        let (x, r, s) = (Scalar::from(2_u64), Scalar::from(10_u64), Scalar::from(11_u64));
        let mut statement = EqualDlog { public: BASE * x, base: multiple(3), image: BASE };
        let commitments = [BASE * r, BASE * s];
        let challenge = challenge_of(&BASE, &statement, [&commitments[0], &commitments[1]]);
        let response = r + challenge * x;
        statement.image = (statement.base * response - commitments[1]) * challenge.invert();
        assert_ne!(statement.image, statement.base * x);
        // Both equations hold, and only the binding of Z refuses.
        assert_eq!(BASE * response - statement.public * challenge, commitments[0]);
        assert_eq!(statement.base * response - statement.image * challenge, commitments[1]);
        let proof = EqualDlogProof { challenge, response };
        assert!(proof.verify(&mut Transcript::open(b"test"), &statement).is_err());
    }

    #[test]
    fn a1_proof_about_another_generator_is_refused() {
        let secret = SecretScalar::from_scalar(Scalar::from(2_u64));
        let statement = EqualDlog::of(&secret, multiple(3));
        let nonce = Scalar::from(9_u64);
        let commitments = [BASE * nonce, statement.base * nonce];
        let challenge = challenge_of(&multiple(2), &statement, [&commitments[0], &commitments[1]]);
        let proof = EqualDlogProof { challenge, response: nonce + challenge * secret.expose() };
        assert!(proof.verify(&mut Transcript::open(b"test"), &statement).is_err());
    }

    /// Special soundness: two answers to one commitment disclose the secret, and it is the same for both images.
    #[test]
    fn two_answers_to_one_commitment_give_the_secret() {
        let (x, r) = (Scalar::from(123_456_u64), Scalar::from(777_u64));
        let (c1, c2) = (Scalar::from(5_u64), Scalar::from(8_u64));
        let (z1, z2) = (r + c1 * x, r + c2 * x);
        let extracted = (z1 - z2) * (c1 - c2).invert();
        let statement = EqualDlog::of(&SecretScalar::from_scalar(x), multiple(3));
        assert_eq!(EqualDlog::of(&SecretScalar::from_scalar(extracted), statement.base), statement);
    }
}

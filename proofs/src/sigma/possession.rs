#![doc = include_str!("../../doc/possession.md")]

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED;
use rand_core::CryptoRngCore;

use crate::elgamal::PublicKey;
use crate::error::ProofError;
use crate::group::{BASE_TABLE, CompressedPoint, Point, SCALAR_BYTES, Scalar, decode_scalar};
use crate::secret::SecretScalar;
use crate::transcript::{Label, ProofType, Transcript};

/// Proof of knowledge of the discrete logarithm of a public key (Schnorr 1989), as challenge and response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PossessionProof {
    challenge: Scalar,
    response: Scalar,
}

/// Binds the statement (A1): the base, then the key.
fn bind(transcript: &mut Transcript, base: &CompressedPoint, public: &CompressedPoint) {
    transcript.begin(ProofType::Possession);
    transcript.points(Label::Bases, [base].into_iter());
    transcript.points(Label::Key, [public].into_iter());
}

/// Binds the commitment and draws the challenge.
fn challenge(transcript: &mut Transcript, commitment: &Point) -> Scalar {
    transcript.points(Label::Nonce, [&commitment.compress()].into_iter());
    transcript.challenge(Label::Challenge)
}

impl PossessionProof {
    /// Bytes of an encoded proof.
    pub const BYTES: usize = 2 * SCALAR_BYTES;

    /// Proves knowledge of `secret`, the discrete logarithm of `public`, in the context of `transcript`.
    ///
    /// If `secret` does not belong to `public` the proof does not verify; it discloses nothing even then.
    #[must_use]
    pub fn prove(
        transcript: &mut Transcript,
        secret: &SecretScalar,
        public: &PublicKey,
        rng: &mut impl CryptoRngCore,
    ) -> Self {
        bind(transcript, &RISTRETTO_BASEPOINT_COMPRESSED, public.compressed());
        // M6: the nonce depends on the context, the statement, the secret and fresh randomness.
        let nonce = SecretScalar::from_scalar(transcript.prover_rng(secret.expose_bytes().as_ref(), rng).scalar());
        let challenge = challenge(transcript, &(BASE_TABLE * nonce.expose()));
        let response = nonce.expose() + challenge * secret.expose();
        transcript.scalars(Label::Responses, [&response].into_iter());
        Self { challenge, response }
    }

    /// Verifies that the author knew the discrete logarithm of `public`, in the context of `transcript`.
    ///
    /// # Errors
    /// [`ProofError::Invalid`] if the equation does not hold in this context.
    pub fn verify(&self, transcript: &mut Transcript, public: &PublicKey) -> Result<(), ProofError> {
        bind(transcript, &RISTRETTO_BASEPOINT_COMPRESSED, public.compressed());
        let commitment = Point::vartime_double_scalar_mul_basepoint(&-self.challenge, public.point(), &self.response);
        let expected = challenge(transcript, &commitment);
        transcript.scalars(Label::Responses, [&self.response].into_iter());
        if expected == self.challenge { Ok(()) } else { Err(ProofError::Invalid("proof of possession")) }
    }

    /// Decodes exactly 64 bytes: challenge, then response, both reduced (A3).
    ///
    /// # Errors
    /// [`ProofError::Length`] or [`ProofError::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProofError> {
        let (challenge, response) =
            bytes.split_at_checked(SCALAR_BYTES).ok_or(ProofError::Length("proof of possession"))?;
        Ok(Self {
            challenge: decode_scalar(challenge, "challenge of a proof of possession")?,
            response: decode_scalar(response, "response of a proof of possession")?,
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
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::group::BASE;

    fn challenge_of(base: &Point, public: &Point, commitment: &Point) -> Scalar {
        let mut transcript = Transcript::open(b"test");
        bind(&mut transcript, &base.compress(), &public.compress());
        challenge(&mut transcript, commitment)
    }

    /// The equation alone would not notice most of these: the challenge itself must depend on each field.
    #[test]
    fn a1_challenge_depends_on_base_key_and_commitment() {
        let (one, two, three) = (BASE, BASE + BASE, BASE + BASE + BASE);
        let original = challenge_of(&one, &two, &three);
        assert_eq!(original, challenge_of(&one, &two, &three));
        assert_ne!(original, challenge_of(&two, &two, &three), "base");
        assert_ne!(original, challenge_of(&one, &three, &three), "key");
        assert_ne!(original, challenge_of(&one, &two, &two), "commitment");
    }

    /// Weak Fiat-Shamir: a key computed from a challenge that does not bind it.
    #[test]
    fn a1_key_computed_after_the_challenge_is_refused() {
        let response = Scalar::from(5_u64);
        let commitment = BASE * Scalar::from(7_u64);
        let challenge = challenge_of(&BASE, &BASE, &commitment);
        // zG = R + cP holds for this P, although it is not the key that the challenge was made for.
        let public = PublicKey::new((BASE * response - commitment) * challenge.invert()).unwrap();
        let proof = PossessionProof { challenge, response };
        assert!(proof.verify(&mut Transcript::open(b"test"), &public).is_err());
    }

    #[test]
    fn a1_proof_about_another_base_is_refused() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let secret = SecretScalar::random(&mut rng);
        let public = PublicKey::of(&secret).unwrap();
        let mut transcript = Transcript::open(b"test");
        bind(&mut transcript, &(BASE + BASE).compress(), public.compressed());
        let nonce = Scalar::from(9_u64);
        let challenge = challenge(&mut transcript, &(BASE * nonce));
        let proof = PossessionProof { challenge, response: nonce + challenge * secret.expose() };
        assert!(proof.verify(&mut Transcript::open(b"test"), &public).is_err());
    }

    /// Special soundness: two answers to one commitment disclose the secret.
    #[test]
    fn two_answers_to_one_commitment_give_the_secret() {
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        let (secret, nonce) = (Scalar::random(&mut rng), Scalar::random(&mut rng));
        let (c1, c2) = (Scalar::random(&mut rng), Scalar::random(&mut rng));
        let (z1, z2) = (nonce + c1 * secret, nonce + c2 * secret);
        let check = |c: Scalar, z: Scalar| BASE * z == BASE * nonce + BASE * secret * c;
        assert!(check(c1, z1) && check(c2, z2));
        assert_eq!((z1 - z2) * (c1 - c2).invert(), secret);
    }
}

#![doc = include_str!("../../doc/signature.md")]

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED;
use rand_core::CryptoRngCore;

use crate::batch::{self, Accumulator, Item, Pending};
use crate::elgamal::PublicKey;
use crate::error::ProofError;
use crate::group::{
    BASE_TABLE, CompressedPoint, Generators, POINT_BYTES, Point, SCALAR_BYTES, Scalar, decode_point, decode_scalar,
};
use crate::secret::SecretScalar;
use crate::transcript::{Label, ProofType, Transcript, Weights};

/// A Schnorr signature in commitment form (R, z). The point R is decoded by [`Self::prepare`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    commitment: CompressedPoint,
    response: Scalar,
}

/// A signature whose transcript has been replayed: the equation `zG = R + cP`, ready for [`batch::verify`].
#[derive(Clone, Debug)]
pub struct PendingSignature {
    /// Binds everything absorbed: context, message, key, R and z (M4).
    pub(crate) digest: [u8; 32],
    commitment: Point,
    public: Point,
    challenge: Scalar,
    response: Scalar,
}

/// Binds the base and the key behind the message, which the caller has bound (A1, M2).
fn bind(transcript: &mut Transcript, base: &CompressedPoint, public: &CompressedPoint) {
    transcript.begin(ProofType::Signature);
    transcript.points(Label::Bases, [base].into_iter());
    transcript.points(Label::Key, [public].into_iter());
}

/// Binds R and draws the challenge.
fn challenge(transcript: &mut Transcript, commitment: &CompressedPoint) -> Scalar {
    transcript.points(Label::Nonce, [commitment].into_iter());
    transcript.challenge(Label::Challenge)
}

impl Signature {
    /// Bytes of an encoded signature.
    pub const BYTES: usize = POINT_BYTES + SCALAR_BYTES;

    /// Signs what the caller has bound to `transcript`: context and the whole message.
    ///
    /// If `secret` does not belong to `public` the signature does not verify; it discloses nothing even then.
    #[must_use]
    pub fn sign(
        transcript: &mut Transcript,
        secret: &SecretScalar,
        public: &PublicKey,
        rng: &mut impl CryptoRngCore,
    ) -> Self {
        bind(transcript, &RISTRETTO_BASEPOINT_COMPRESSED, public.compressed());
        // M6: the nonce depends on the context, the message, the secret and fresh randomness; never on a seed (S2).
        let nonce = SecretScalar::from_scalar(transcript.prover_rng(secret.expose_bytes().as_ref(), rng).scalar());
        let commitment = (BASE_TABLE * nonce.expose()).compress();
        let challenge = challenge(transcript, &commitment);
        let response = nonce.expose() + challenge * secret.expose();
        transcript.scalars(Label::Responses, [&response].into_iter());
        Self { commitment, response }
    }

    /// Decodes R and replays the transcript, to which the caller has bound the same context and message as the signer.
    ///
    /// `public` comes from a source that the caller trusts, never from the message (M5). The result is not yet
    /// verified: only [`batch::verify`] judges it.
    ///
    /// # Errors
    /// [`ProofError::Malformed`] if R is no canonical encoding of a point.
    pub fn prepare(&self, transcript: &mut Transcript, public: &PublicKey) -> Result<PendingSignature, ProofError> {
        let commitment = decode_point(self.commitment.as_bytes(), "commitment of a signature")?;
        bind(transcript, &RISTRETTO_BASEPOINT_COMPRESSED, public.compressed());
        let challenge = challenge(transcript, &self.commitment);
        transcript.scalars(Label::Responses, [&self.response].into_iter());
        let digest = transcript.item_digest();
        Ok(PendingSignature { digest, commitment, public: *public.point(), challenge, response: self.response })
    }

    /// Verifies one signature: a batch of one, so that the verdict is the same as in any batch (M4).
    ///
    /// # Errors
    /// Those of [`Self::prepare`], and [`ProofError::Invalid`] if the equation does not hold.
    pub fn verify(&self, transcript: &mut Transcript, public: &PublicKey) -> Result<(), ProofError> {
        let item = Item::new(vec![Pending::Signature(self.prepare(transcript, public)?)]);
        // One equation times one weight that is not zero: the verdict is exact whatever the weight, so that no
        // randomness is needed. The encryption key has coefficient zero; any key does.
        let verdicts = batch::verify(&[item], &Generators::new(0), public, &[0; 32]);
        if verdicts == [true] { Ok(()) } else { Err(ProofError::Invalid("signature")) }
    }

    /// Splits exactly 64 bytes: R, then z, which must be reduced (A3). R is checked by [`Self::prepare`].
    ///
    /// # Errors
    /// [`ProofError::Length`] or [`ProofError::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProofError> {
        let wrong = ProofError::Length("signature");
        let (commitment, response) = bytes.split_at_checked(POINT_BYTES).ok_or(wrong)?;
        Ok(Self {
            commitment: CompressedPoint::from_slice(commitment).map_err(|_| wrong)?,
            response: decode_scalar(response, "response of a signature")?,
        })
    }

    /// The 64 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let (commitment, response) = bytes.split_at_mut(POINT_BYTES);
        commitment.copy_from_slice(self.commitment.as_bytes());
        response.copy_from_slice(self.response.as_bytes());
        bytes
    }
}

impl PendingSignature {
    /// Adds `w (R + cP - zG)` with a weight w of its own (M3).
    pub(crate) fn fold<'a>(&'a self, weights: &mut Weights, sum: &mut Accumulator<'a>) {
        let weight = weights.next();
        sum.base -= weight * self.response;
        sum.push(weight, &self.commitment);
        sum.push(weight * self.challenge, &self.public);
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::group::BASE;

    fn challenge_of(message: u64, base: &Point, public: &Point, commitment: &Point) -> Scalar {
        let mut transcript = Transcript::open(b"test");
        transcript.bind_u64(b"message", message);
        bind(&mut transcript, &base.compress(), &public.compress());
        challenge(&mut transcript, &commitment.compress())
    }

    /// The equation alone would not notice most of these: the challenge itself must depend on each field.
    #[test]
    fn a1_challenge_depends_on_message_base_key_and_commitment() {
        let (one, two, three) = (BASE, BASE + BASE, BASE + BASE + BASE);
        let original = challenge_of(0, &one, &two, &three);
        assert_eq!(original, challenge_of(0, &one, &two, &three));
        assert_ne!(original, challenge_of(1, &one, &two, &three), "message");
        assert_ne!(original, challenge_of(0, &two, &two, &three), "base");
        assert_ne!(original, challenge_of(0, &one, &three, &three), "key");
        assert_ne!(original, challenge_of(0, &one, &two, &two), "commitment");
    }

    /// Without the key in the challenge a signature could be moved to a related key.
    #[test]
    fn a1_signature_moved_to_a_related_key_is_refused() {
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        let secret = SecretScalar::random(&mut rng);
        let public = PublicKey::of(&secret).unwrap();
        let mut signature = Signature::sign(&mut Transcript::open(b"test"), &secret, &public, &mut rng);
        let pending = signature.prepare(&mut Transcript::open(b"test"), &public).unwrap();
        let shift = Scalar::from(3_u64);
        let related = PublicKey::new(public.point() + BASE * shift).unwrap();
        signature.response += pending.challenge * shift;
        // The equation holds for the related key and the old challenge.
        assert_eq!(BASE * signature.response, pending.commitment + related.point() * pending.challenge);
        assert!(signature.verify(&mut Transcript::open(b"test"), &related).is_err());
    }

    #[test]
    fn m4_digest_covers_response_commitment_key_and_context() {
        let mut rng = ChaCha20Rng::seed_from_u64(6);
        let secret = SecretScalar::random(&mut rng);
        let public = PublicKey::of(&secret).unwrap();
        let signature = Signature::sign(&mut Transcript::open(b"test"), &secret, &public, &mut rng);
        let digest = |signature: &Signature, purpose, public: &PublicKey| {
            signature.prepare(&mut Transcript::open(purpose), public).unwrap().digest
        };
        let original = digest(&signature, b"test", &public);
        assert_eq!(original, digest(&signature, b"test", &public));
        let response = Signature { response: signature.response + Scalar::ONE, ..signature };
        assert_ne!(original, digest(&response, b"test", &public), "response");
        let commitment = Signature { commitment: BASE.compress(), ..signature };
        assert_ne!(original, digest(&commitment, b"test", &public), "commitment");
        assert_ne!(original, digest(&signature, b"test", &PublicKey::new(BASE).unwrap()), "key");
        assert_ne!(original, digest(&signature, b"else", &public), "context");
    }

    /// One and the same broken source of randomness for two messages must not repeat the nonce: that gives the key.
    #[test]
    fn m6_broken_randomness_does_not_repeat_a_nonce_for_another_message() {
        let secret = SecretScalar::from_scalar(Scalar::from(77_u64));
        let public = PublicKey::of(&secret).unwrap();
        let sign = |message| {
            let mut transcript = Transcript::open(b"test");
            transcript.bind_u64(b"message", message);
            Signature::sign(&mut transcript, &secret, &public, &mut ChaCha20Rng::from_seed([0; 32]))
        };
        assert_eq!(sign(1), sign(1));
        assert_ne!(sign(1).commitment, sign(2).commitment);
    }
}

//! The one transcript module: every label, separator and challenge of this package stands here (A1).
//!
//! A [`Transcript`] is a Merlin transcript. The application opens it with a purpose and binds its context *before* any
//! proof sees it (A2); proof code can append and draw challenges but has no way to open one. Merlin frames every value
//! with its label and length, so that no two sequences of values are absorbed alike (A3). Every challenge is 64 bytes
//! reduced modulo the group order (A7, M3).
//!
//! | method | label | what |
//! | --- | --- | --- |
//! | `open` | `urna/v1`, `purpose` | protocol, version, purpose of the transcript |
//! | `bind` | the caller's | context, appended by the application only |
//! | `begin` | `proof` | type of the proof that follows |
//! | `points`, `scalars`, `bytes` | a label of this module | statement, commitments, responses |
//! | `challenge` | a label of this module | challenge |
//! | `item_digest` | `item digest` | 32 bytes that bind everything absorbed so far, for the weights of a batch (M4) |
//! | `prover_rng` | `witness` | randomness of a prover (M6) |
//! | `range_..` | those of `RangeLabel` | messages and challenges of a range proof, as the crate `bulletproofs` labels them |

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED;
use merlin::TranscriptRng;
use rand_core::{CryptoRng, CryptoRngCore, RngCore};
use sha2::{Digest, Sha256};

use crate::elgamal::{Ciphertext, CompressedCiphertext, PublicKey};
use crate::group::{CompressedPoint, RangeShape, Scalar, VALUE_BASE};
use crate::linear::Statement;

/// Label of the Merlin transcript: protocol and version (A1).
const PROTOCOL: &[u8] = b"urna/v1";

/// Which range proof is meant (A5): the crate that defines its generators, labels and equation.
const RANGE_PROOF: &[u8] = b"bulletproofs 5, aggregated range proof";

/// The types of proof, as absorbed by `begin`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ProofType {
    BitVector,
    EqualDlog,
    EqualDlogBatch,
    Possession,
    Signature,
}

impl ProofType {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::BitVector => b"bit vector",
            Self::EqualDlog => b"equal discrete logarithms",
            Self::EqualDlogBatch => b"equal discrete logarithms of a list",
            Self::Possession => b"possession of a discrete logarithm",
            Self::Signature => b"signature",
        }
    }
}

/// Labels of values and challenges inside a proof.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Label {
    Statement,
    Key,
    Ciphertexts,
    BitCommitment,
    MaskCommitment,
    MaskImage,
    ValueCommitments,
    ValueMasks,
    RangeSystem,
    RangeShape,
    RangeProof,
    Responses,
    Bases,
    Images,
    Nonce,
    FormChallenge,
    PairChallenge,
    Challenge,
}

impl Label {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Statement => b"statement",
            Self::Key => b"key",
            Self::Ciphertexts => b"ciphertexts",
            Self::BitCommitment => b"B",
            Self::MaskCommitment => b"A",
            Self::MaskImage => b"E",
            Self::ValueCommitments => b"V",
            Self::ValueMasks => b"W",
            Self::RangeSystem => b"range proof system",
            Self::RangeShape => b"n, m",
            Self::RangeProof => b"range proof",
            Self::Responses => b"responses",
            Self::Bases => b"bases",
            Self::Images => b"images",
            Self::Nonce => b"R",
            Self::FormChallenge => b"y",
            Self::PairChallenge => b"d",
            Self::Challenge => b"x",
        }
    }
}

/// Labels inside a range proof. The crate `bulletproofs` fixes them; its prover appends them by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RangeLabel {
    Value,
    Bits,
    Blinding,
    T1,
    T2,
    BitChallenge,
    ValueChallenge,
    PolyChallenge,
    T,
    TBlinding,
    Blindings,
    ProductChallenge,
    Left,
    Right,
    RoundChallenge,
}

impl RangeLabel {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Value => b"V",
            Self::Bits => b"A",
            Self::Blinding => b"S",
            Self::T1 => b"T_1",
            Self::T2 => b"T_2",
            Self::BitChallenge => b"y",
            Self::ValueChallenge => b"z",
            Self::PolyChallenge => b"x",
            Self::T => b"t_x",
            Self::TBlinding => b"t_x_blinding",
            Self::Blindings => b"e_blinding",
            Self::ProductChallenge => b"w",
            Self::Left => b"L",
            Self::Right => b"R",
            Self::RoundChallenge => b"u",
        }
    }
}

/// The only place where a Merlin transcript begins.
fn fresh(purpose: &'static [u8]) -> merlin::Transcript {
    let mut inner = merlin::Transcript::new(PROTOCOL);
    inner.append_message(b"purpose", purpose);
    inner
}

/// A Fiat-Shamir transcript with the context of one application purpose. See the [module](self) for its labels.
#[derive(Clone)]
pub struct Transcript {
    inner: merlin::Transcript,
    /// Challenges that a test of the extractor has chosen, the next one last.
    #[cfg(test)]
    programmed: Vec<Scalar>,
}

impl core::fmt::Debug for Transcript {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Transcript")
    }
}

impl Transcript {
    /// Opens a transcript for one purpose. For the application's context module only (A2).
    #[must_use]
    pub fn open(purpose: &'static [u8]) -> Self {
        Self {
            inner: fresh(purpose),
            #[cfg(test)]
            programmed: Vec::new(),
        }
    }

    /// Binds a field of the application's context. For the application's context module only (A2).
    pub fn bind(&mut self, field: &'static [u8], value: &[u8]) {
        self.inner.append_message(field, value);
    }

    /// Binds an integer of the application's context as 8 little-endian bytes.
    pub fn bind_u64(&mut self, field: &'static [u8], value: u64) {
        self.inner.append_u64(field, value);
    }

    pub(crate) fn begin(&mut self, proof: ProofType) {
        self.inner.append_message(b"proof", proof.name());
    }

    pub(crate) fn bytes(&mut self, label: Label, bytes: &[u8]) {
        self.inner.append_message(label.name(), bytes);
    }

    /// Appends points as one value: a count, then their encodings.
    pub(crate) fn points<'a>(&mut self, label: Label, points: impl ExactSizeIterator<Item = &'a CompressedPoint>) {
        let mut bytes = Vec::with_capacity(8 + 32 * points.len());
        bytes.extend_from_slice(&(points.len() as u64).to_le_bytes());
        points.for_each(|point| bytes.extend_from_slice(point.as_bytes()));
        self.inner.append_message(label.name(), &bytes);
    }

    /// Appends scalars as one value: a count, then their encodings.
    pub(crate) fn scalars<'a>(&mut self, label: Label, scalars: impl ExactSizeIterator<Item = &'a Scalar>) {
        let mut bytes = Vec::with_capacity(8 + 32 * scalars.len());
        bytes.extend_from_slice(&(scalars.len() as u64).to_le_bytes());
        scalars.for_each(|scalar| bytes.extend_from_slice(scalar.as_bytes()));
        self.inner.append_message(label.name(), &bytes);
    }

    /// A challenge of full width: 64 bytes reduced (A7, M3).
    pub(crate) fn challenge(&mut self, label: Label) -> Scalar {
        let drawn = self.draw(label.name());
        #[cfg(test)]
        if let Some(chosen) = self.programmed.pop() {
            return chosen;
        }
        drawn
    }

    fn draw(&mut self, name: &'static [u8]) -> Scalar {
        let mut wide = [0_u8; 64];
        self.inner.challenge_bytes(name, &mut wide);
        Scalar::from_bytes_mod_order_wide(&wide)
    }

    /// The next challenges in order: a random oracle that the extractor programs (S1). Range proofs draw their own.
    #[cfg(test)]
    pub(crate) fn program(&mut self, challenges: &[Scalar]) {
        self.programmed = challenges.iter().rev().copied().collect();
    }

    /// Statement of the bit-vector argument: first message of M2's order.
    pub(crate) fn begin_bit_vector(
        &mut self,
        statement: &Statement,
        key: &PublicKey,
        ciphertexts: &[CompressedCiphertext],
    ) {
        self.begin(ProofType::BitVector);
        self.bytes(Label::Statement, statement.as_bytes());
        self.bytes(Label::Key, key.compressed().as_bytes());
        let mut bytes = Vec::with_capacity(ciphertexts.len() * Ciphertext::BYTES);
        ciphertexts.iter().for_each(|pair| bytes.extend_from_slice(&pair.to_bytes()));
        self.bytes(Label::Ciphertexts, &bytes);
    }

    /// The range proof system (A5) with its bases and shape, and the commitments to wide values; between the
    /// ciphertexts and B. Not called for statements without wide values.
    pub(crate) fn commit_values(&mut self, shape: RangeShape, commitments: &[CompressedPoint]) {
        self.bytes(Label::RangeSystem, RANGE_PROOF);
        self.points(Label::Bases, [&RISTRETTO_BASEPOINT_COMPRESSED, &VALUE_BASE].into_iter());
        let mut bytes = [0_u8; 16];
        bytes[..8].copy_from_slice(&(shape.bits as u64).to_le_bytes());
        bytes[8..].copy_from_slice(&(shape.places as u64).to_le_bytes());
        self.bytes(Label::RangeShape, &bytes);
        self.points(Label::ValueCommitments, commitments.iter());
    }

    /// Commitments to bits and masks; returns y.
    pub(crate) fn commit_bits(&mut self, bits: &CompressedPoint, masks: &CompressedPoint) -> Scalar {
        self.bytes(Label::BitCommitment, bits.as_bytes());
        self.bytes(Label::MaskCommitment, masks.as_bytes());
        self.challenge(Label::FormChallenge)
    }

    /// Image of the masks and commitments to the masks of wide values; returns x. E and the W are bound before x and
    /// after y.
    pub(crate) fn commit_image(&mut self, image: &[CompressedPoint; 2], value_masks: &[CompressedPoint]) -> Scalar {
        self.points(Label::MaskImage, image.iter());
        if !value_masks.is_empty() {
            self.points(Label::ValueMasks, value_masks.iter());
        }
        self.challenge(Label::Challenge)
    }

    /// All responses, so that whatever follows on this transcript is bound to them: those for bits, of which there are many, by
    /// the SHA-256 of their encodings, which takes an eighth of the time.
    pub(crate) fn bind_responses(&mut self, bits: &[Scalar], z: &Scalar, z_e: &Scalar) {
        let mut hash = Sha256::new();
        bits.iter().for_each(|response| hash.update(response.as_bytes()));
        self.bytes(Label::Responses, &hash.finalize());
        self.scalars(Label::Responses, [z, z_e].into_iter());
    }

    /// The responses for wide values; behind those of [`Self::bind_responses`], before the range proof.
    pub(crate) fn bind_value_responses(&mut self, values: &[Scalar], blindings: &[Scalar]) {
        self.scalars(Label::Responses, values.iter());
        self.scalars(Label::Responses, blindings.iter());
    }

    /// Every byte of a range proof: its last two scalars stand in no message of its own.
    pub(crate) fn bind_range_proof(&mut self, bytes: &[u8]) {
        self.bytes(Label::RangeProof, bytes);
    }

    /// What the crate `bulletproofs` absorbs first: its name for the protocol and its shape.
    pub(crate) fn range_begin(&mut self, shape: RangeShape) {
        self.inner.append_message(b"dom-sep", b"rangeproof v1");
        self.inner.append_u64(b"n", shape.bits as u64);
        self.inner.append_u64(b"m", shape.places as u64);
    }

    /// What the crate `bulletproofs` absorbs at the start of the inner-product argument.
    pub(crate) fn range_begin_product(&mut self, length: usize) {
        self.inner.append_message(b"dom-sep", b"ipp v1");
        self.inner.append_u64(b"n", length as u64);
    }

    /// A message of a range proof: 32 bytes of a point or a scalar.
    pub(crate) fn range_message(&mut self, label: RangeLabel, bytes: &[u8; 32]) {
        self.inner.append_message(label.name(), bytes);
    }

    /// A challenge of a range proof: 64 bytes reduced, like all others.
    pub(crate) fn range_challenge(&mut self, label: RangeLabel) -> Scalar {
        self.draw(label.name())
    }

    /// The same transcript as the type that the prover of `bulletproofs` takes.
    pub(crate) fn for_range_prover(&mut self) -> &mut merlin::Transcript {
        &mut self.inner
    }

    /// 32 bytes that bind everything absorbed so far; call it after the responses (M4).
    ///
    /// Drawn from a copy: the transcript itself stays where the prover left it.
    pub(crate) fn item_digest(&self) -> [u8; 32] {
        let mut digest = [0_u8; 32];
        self.inner.clone().challenge_bytes(b"item digest", &mut digest);
        digest
    }

    /// The randomness of a prover: a function of the transcript so far, the secret witness and 32 fresh bytes of
    /// `entropy`, so that a broken source of randomness alone does not repeat a nonce for another statement (M6).
    pub(crate) fn prover_rng(&self, witness: &[u8], entropy: &mut impl CryptoRngCore) -> ProverRng {
        ProverRng(self.inner.build_rng().rekey_with_witness_bytes(b"witness", witness).finalize(&mut Crypto(entropy)))
    }
}

/// Merlin asks for `RngCore + CryptoRng`, sized; this passes a borrowed source on.
struct Crypto<'a, R: ?Sized>(&'a mut R);

impl<R: CryptoRngCore + ?Sized> RngCore for Crypto<'_, R> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        self.0.fill_bytes(dest);
    }
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        self.0.try_fill_bytes(dest)
    }
}
impl<R: CryptoRngCore + ?Sized> CryptoRng for Crypto<'_, R> {}

/// Source of masks and nonces of one proof.
pub(crate) struct ProverRng(TranscriptRng);

impl ProverRng {
    /// A uniform scalar: 64 bytes reduced (A7).
    pub(crate) fn scalar(&mut self) -> Scalar {
        let mut wide = zeroize::Zeroizing::new([0_u8; 64]);
        self.0.fill_bytes(wide.as_mut());
        Scalar::from_bytes_mod_order_wide(&wide)
    }

    /// The same source for the prover of `bulletproofs`.
    pub(crate) fn for_range_prover(&mut self) -> &mut TranscriptRng {
        &mut self.0
    }
}

/// Bytes of a weight.
const WEIGHT_BYTES: usize = 16;
/// Bytes of weights drawn at once: what one permutation of the transcript gives.
const WEIGHTS_DRAWN: usize = 10 * WEIGHT_BYTES;

/// The random weights of one batch equation: an XOF over the caller's 32 random bytes and the digest of every item (M4).
pub(crate) struct Weights {
    source: merlin::Transcript,
    drawn: [u8; WEIGHTS_DRAWN],
    used: usize,
}

impl Weights {
    /// `round` counts the bisection steps, so that no weight is used twice.
    pub(crate) fn new(entropy: &[u8; 32], round: u64, digests: impl Iterator<Item = [u8; 32]>) -> Self {
        let mut inner = fresh(b"batch weights");
        inner.append_message(b"entropy", entropy);
        inner.append_u64(b"round", round);
        digests.for_each(|digest| inner.append_message(b"item", &digest));
        Self { source: inner, drawn: [0; WEIGHTS_DRAWN], used: WEIGHTS_DRAWN }
    }

    /// The next weight: 128 uniform bits, not zero (A7's only exception).
    pub(crate) fn next(&mut self) -> Scalar {
        loop {
            if self.used == WEIGHTS_DRAWN {
                self.source.challenge_bytes(b"weights", &mut self.drawn);
                self.used = 0;
            }
            let mut bytes = [0_u8; WEIGHT_BYTES];
            bytes.copy_from_slice(&self.drawn[self.used..self.used + WEIGHT_BYTES]);
            self.used += WEIGHT_BYTES;
            let weight = u128::from_le_bytes(bytes);
            if weight != 0 {
                return Scalar::from(weight);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn weights(entropy: u8, round: u64, digests: &[[u8; 32]]) -> Vec<[u8; 32]> {
        let mut weights = Weights::new(&[entropy; 32], round, digests.iter().copied());
        (0..50).map(|_| weights.next().to_bytes()).collect()
    }

    /// M3, M4: independent for every equation, bisection step, item and source; 128 bits, never zero.
    #[test]
    fn m4_no_weight_is_used_twice() {
        let items = [[1; 32], [2; 32]];
        let runs = [
            weights(0, 0, &items),
            weights(1, 0, &items),
            weights(0, 1, &items),
            weights(0, 0, &[[1; 32], [3; 32]]),
            weights(0, 0, &[[2; 32], [1; 32]]),
            weights(0, 0, &items[..1]),
        ];
        let all: BTreeSet<_> = runs.iter().flatten().collect();
        assert_eq!(all.len(), runs.len() * 50);
        assert!(all.iter().all(|weight| weight[16..] == [0; 16] && weight[..16] != [0; 16]));
        assert_eq!(weights(0, 0, &items), weights(0, 0, &items), "a function of its inputs");
    }
}

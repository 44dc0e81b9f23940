//! The group: ristretto255 (RFC 9496) through curve25519-dalek, strict decoding, the policy about the identity, and
//! the independent generators.
//!
//! There is one fixed group of about 126-bit security and no way to configure another one (A5, A8).

use std::sync::LazyLock;

use bulletproofs::{BulletproofGens, PedersenGens};
use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
pub use curve25519_dalek::constants::RISTRETTO_BASEPOINT_TABLE as BASE_TABLE;
pub use curve25519_dalek::ristretto::{CompressedRistretto as CompressedPoint, RistrettoPoint as Point};
pub use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity;
pub use curve25519_dalek::traits::IsIdentity;
use sha2::{Digest, Sha512};
use sha3::Shake256;
use sha3::digest::{ExtendableOutput, Update, XofReader};

use crate::error::ProofError;
use crate::linear::Statement;

/// The base point G of RFC 9496.
pub const BASE: Point = RISTRETTO_BASEPOINT_POINT;

/// Bytes of an encoded point.
pub const POINT_BYTES: usize = 32;
/// Bytes of an encoded scalar.
pub const SCALAR_BYTES: usize = 32;

/// Decodes a point from exactly 32 canonical bytes (RFC 9496, 4.3.1). The identity is accepted.
///
/// # Errors
/// [`ProofError::Length`] unless there are 32 bytes, [`ProofError::Malformed`] if the encoding is not canonical.
pub fn decode_point(bytes: &[u8], what: &'static str) -> Result<Point, ProofError> {
    let compressed = CompressedPoint::from_slice(bytes).map_err(|_| ProofError::Length(what))?;
    compressed.decompress().ok_or(ProofError::Malformed(what))
}

/// Decodes a point and refuses the identity (A4): for public keys and first components of ciphertexts.
///
/// # Errors
/// Those of [`decode_point`], and [`ProofError::Identity`].
pub fn decode_point_not_identity(bytes: &[u8], what: &'static str) -> Result<Point, ProofError> {
    let point = decode_point(bytes, what)?;
    if point == Point::identity() { Err(ProofError::Identity(what)) } else { Ok(point) }
}

/// Decodes a scalar from exactly 32 canonical little-endian bytes (below the group order).
///
/// # Errors
/// [`ProofError::Length`] unless there are 32 bytes, [`ProofError::Malformed`] if the number is not reduced.
pub fn decode_scalar(bytes: &[u8], what: &'static str) -> Result<Scalar, ProofError> {
    let bytes: [u8; SCALAR_BYTES] = bytes.try_into().map_err(|_| ProofError::Length(what))?;
    Option::from(Scalar::from_canonical_bytes(bytes)).ok_or(ProofError::Malformed(what))
}

/// A scalar from a signed integer.
#[must_use]
pub fn scalar_from_i64(value: i64) -> Scalar {
    let magnitude = Scalar::from(value.unsigned_abs());
    if value < 0 { -magnitude } else { magnitude }
}

/// Which family a generator belongs to: the byte that is hashed with its index (M7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Role {
    /// `h_i`, carries bit i and its mask.
    Bit = 1,
    /// `h'_i`, carries the cross term of bit i.
    Cross = 2,
    /// `K`, blinds a vector commitment.
    Blind = 3,
    /// `H`, blinds the Pedersen commitment to a wide value.
    Value = 4,
}

/// One generator: `hash-to-ristretto255(SHA-512('urna/v1/generator' || role || index as u32 little endian))` (M7, A5).
///
/// Nobody knows a discrete logarithm between two of them, or to G: none depends on a key, an event or a size.
fn generator(role: Role, index: u32) -> Point {
    let hash = Sha512::new().chain_update(b"urna/v1/generator");
    let hash = hash.chain_update([role as u8]).chain_update(index.to_le_bytes());
    Point::from_uniform_bytes(&hash.finalize().into())
}

/// The encoding of H, computed once, for transcripts.
pub(crate) static VALUE_BASE: LazyLock<CompressedPoint> = LazyLock::new(|| generator(Role::Value, 0).compress());

/// The first `count` generators `H_i` of one place of an aggregated range proof, as the crate `bulletproofs` derives
/// them: 64 bytes each from SHAKE256 over its name of a chain, the letter and the place as u32 little endian.
///
/// The crate does not hand them out. Tests compare them through its own verdicts, and its `G_i` with its accessor.
fn range_cross_generators(place: u32, count: usize) -> impl Iterator<Item = Point> {
    let shake = Shake256::default().chain(b"GeneratorsChain").chain(b"H").chain(place.to_le_bytes());
    let mut reader = shake.finalize_xof();
    (0..count).map(move |_| {
        let mut wide = [0_u8; 64];
        reader.read(&mut wide);
        Point::from_uniform_bytes(&wide)
    })
}

/// How many bits a range proof has for each commitment, and how many commitments it covers. Both are powers of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RangeShape {
    /// n: 32 or 64.
    pub(crate) bits: usize,
    /// m: two for each wide value, then as many identities as the next power of two needs.
    pub(crate) places: usize,
}

/// The generators of aggregated range proofs up to a shape: those of the crate `bulletproofs` (M7).
#[derive(Clone)]
pub(crate) struct RangeGenerators {
    /// For the crate's prover.
    pub(crate) gens: BulletproofGens,
    /// `G_i` of all places, one place after the other.
    pub(crate) direct: Vec<Point>,
    /// `H_i` in the same order.
    pub(crate) cross: Vec<Point>,
}

impl core::fmt::Debug for RangeGenerators {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { gens, direct: _, cross: _ } = self;
        f.debug_struct("RangeGenerators")
            .field("bits", &gens.gens_capacity)
            .field("places", &gens.party_capacity)
            .finish_non_exhaustive()
    }
}

impl RangeGenerators {
    fn new(shape: RangeShape) -> Self {
        let gens = BulletproofGens::new(shape.bits, shape.places);
        let direct = (0..shape.places).flat_map(|place| gens.share(place).G(shape.bits).copied()).collect();
        let places = 0..u32::try_from(shape.places).unwrap_or(0);
        let cross = places.flat_map(|place| range_cross_generators(place, shape.bits)).collect();
        Self { gens, direct, cross }
    }

    pub(crate) fn shape(&self) -> RangeShape {
        RangeShape { bits: self.gens.gens_capacity, places: self.gens.party_capacity }
    }
}

/// The independent generators of the bit-vector argument, for arguments of up to a given number of bits, and those of
/// the range proofs of wide values where a statement has some.
///
/// A prefix property holds: `Generators::new(n)` is a prefix of `Generators::new(m)` for n < m.
#[derive(Clone, Debug)]
pub struct Generators {
    /// `h_i`, one for each bit.
    pub(crate) bit: Vec<Point>,
    /// `h'_i`, one for each bit.
    pub(crate) cross: Vec<Point>,
    /// `K`.
    pub(crate) blind: Point,
    /// `H`.
    pub(crate) value: Point,
    /// For the range proofs of wide values.
    pub(crate) range: Option<RangeGenerators>,
}

impl Generators {
    /// Computes the generators for up to `bits` bits (about 8 us for each of 2 x `bits` + 2 points), for statements
    /// without wide values. More than [`MAX_BITS`](crate::linear::MAX_BITS) are never needed.
    #[must_use]
    pub fn new(bits: usize) -> Self {
        let count = u32::try_from(bits.min(crate::linear::MAX_BITS)).unwrap_or(0);
        Self {
            bit: (0..count).map(|i| generator(Role::Bit, i)).collect(),
            cross: (0..count).map(|i| generator(Role::Cross, i)).collect(),
            blind: generator(Role::Blind, 0),
            value: generator(Role::Value, 0),
            range: None,
        }
    }

    /// Computes the generators that suffice for each of these statements, wide values included: besides those of
    /// [`Self::new`] two for each bit of the largest range proof, at most 8,192 (about 100 ms).
    #[must_use]
    pub fn for_statements<'a>(statements: impl IntoIterator<Item = &'a Statement>) -> Self {
        let (mut bits, mut range) = (0, None::<RangeShape>);
        for statement in statements {
            bits = bits.max(statement.bits());
            range = match (range, statement.range_shape()) {
                (Some(a), Some(b)) => Some(RangeShape { bits: a.bits.max(b.bits), places: a.places.max(b.places) }),
                (a, b) => a.or(b),
            };
        }
        Self { range: range.map(RangeGenerators::new), ..Self::new(bits) }
    }

    /// The number of bits these generators suffice for.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.bit.len()
    }

    /// Whether they suffice for range proofs of this shape.
    pub(crate) fn cover(&self, shape: RangeShape) -> bool {
        self.range.as_ref().is_some_and(|range| {
            let have = range.shape();
            shape.bits <= have.bits && shape.places <= have.places
        })
    }

    /// The bases of a Pedersen commitment to a wide value: G for the value, H for the blinding. H is hashed to the group
    /// and never the encryption key, whose discrete logarithm somebody knows (A5).
    pub(crate) fn pedersen(&self) -> PedersenGens {
        PedersenGens { B: BASE, B_blinding: self.value }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// RFC 9496, A.1: small multiples of the generator.
    #[test]
    fn base_multiples_equal_rfc_9496() {
        let one = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76";
        let two = "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919";
        assert_eq!(hex::encode(BASE.compress().as_bytes()), one);
        assert_eq!(hex::encode((BASE + BASE).compress().as_bytes()), two);
    }

    #[test]
    fn m7_generators_are_distinct_and_not_special() {
        let generators = Generators::new(2_048);
        let mut seen = BTreeSet::from([BASE.compress().to_bytes(), Point::identity().compress().to_bytes()]);
        let range = RangeGenerators::new(RangeShape { bits: 64, places: 64 });
        let all = generators.bit.iter().chain(&generators.cross).chain([&generators.blind, &generators.value]);
        let all = all.chain(&range.direct).chain(&range.cross);
        let count = all.map(|point| assert!(seen.insert(point.compress().to_bytes()))).count();
        assert_eq!(count, 4_098 + 8_192);
    }

    /// Ours are the crate's own, whatever the capacity that they were made for.
    #[test]
    fn m7_range_generators_have_a_prefix_property_in_every_place() {
        let small = RangeGenerators::new(RangeShape { bits: 32, places: 2 });
        let large = RangeGenerators::new(RangeShape { bits: 64, places: 4 });
        for place in 0..2 {
            assert_eq!(small.direct[32 * place..][..32], large.direct[64 * place..][..32]);
            assert_eq!(small.cross[32 * place..][..32], large.cross[64 * place..][..32]);
        }
    }

    /// Frozen: a change of the derivation would silently fork the protocol.
    #[test]
    fn generators_are_frozen() {
        let generators = Generators::new(2);
        let encode = |point: &Point| hex::encode(point.compress().as_bytes());
        assert_eq!(encode(&generators.bit[0]), "2698c1b67689f88a7b2ece75c1e3e94261d942a7cbd5d08491b8417cf2713326");
        assert_eq!(encode(&generators.cross[1]), "08156948adac8a5452548ab00bd0ee1e1844976b797479695011bde7e0a4db2c");
        assert_eq!(encode(&generators.blind), "629d31b955055886787dafde21ef9343c4bed3624317a53a142379b39301b153");
        assert_eq!(encode(&generators.value), "7e051f0659fc122e86c3ec904bbb08d2460e3d42822404e55cccb24f3e2fc54c");
    }

    #[test]
    fn a3_a4_non_canonical_and_identity_are_refused() {
        assert_eq!(decode_point(&[0xff; 32], "p"), Err(ProofError::Malformed("p")));
        assert_eq!(decode_point(&[0; 31], "p"), Err(ProofError::Length("p")));
        assert_eq!(decode_point(&[0; 32], "p"), Ok(Point::identity()));
        assert_eq!(decode_point_not_identity(&[0; 32], "p"), Err(ProofError::Identity("p")));
        // The group order itself is the smallest number that is not reduced.
        let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
        assert_eq!(decode_scalar(&order, "s"), Err(ProofError::Malformed("s")));
        assert_eq!(decode_scalar(&[0; 33], "s"), Err(ProofError::Length("s")));
    }

    #[test]
    fn signed_integers_map_to_scalars() {
        assert_eq!(scalar_from_i64(-3) + Scalar::from(3_u64), Scalar::ZERO);
        assert_eq!(scalar_from_i64(i64::MIN) + Scalar::from(1_u64 << 63), Scalar::ZERO);
    }
}

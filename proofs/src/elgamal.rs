//! Exponential ElGamal over ristretto255: `Enc_Y(v; r) = (rG, vG + rY)`, additively homomorphic in v.
//!
//! Secrecy rests on the decisional Diffie-Hellman assumption. Encryption is constant-time in v and r; everything that
//! only touches ciphertexts is public.

use core::iter::Sum;
use core::ops::{Add, AddAssign, Sub, SubAssign};

use curve25519_dalek::ristretto::RistrettoBasepointTable;
use curve25519_dalek::traits::Identity;

use crate::error::ProofError;
use crate::group::{BASE_TABLE, CompressedPoint, POINT_BYTES, Point, Scalar, decode_point, decode_point_not_identity};
use crate::secret::SecretScalar;

/// A public encryption key: a point that is not the identity (A4), with its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey {
    point: Point,
    compressed: CompressedPoint,
}

impl PublicKey {
    /// The key of a point.
    ///
    /// # Errors
    /// [`ProofError::Identity`] for the identity.
    pub fn new(point: Point) -> Result<Self, ProofError> {
        if point == Point::identity() {
            return Err(ProofError::Identity("public key"));
        }
        Ok(Self { point, compressed: point.compress() })
    }

    /// The key of a secret.
    ///
    /// # Errors
    /// [`ProofError::Identity`] if the secret is zero.
    pub fn of(secret: &SecretScalar) -> Result<Self, ProofError> {
        Self::new(BASE_TABLE * secret.expose())
    }

    /// Decodes 32 canonical bytes.
    ///
    /// # Errors
    /// As [`decode_point_not_identity`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofError> {
        let point = decode_point_not_identity(bytes, "public key")?;
        // These bytes are the one encoding of the point: encoding it again would cost as much as decoding it.
        let compressed = CompressedPoint::from_slice(bytes).map_err(|_| ProofError::Length("public key"))?;
        Ok(Self { point, compressed })
    }

    /// The point Y.
    #[must_use]
    pub fn point(&self) -> &Point {
        &self.point
    }

    /// The encoding of Y.
    #[must_use]
    pub fn compressed(&self) -> &CompressedPoint {
        &self.compressed
    }

    /// The 32 bytes of Y.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; POINT_BYTES] {
        self.compressed.to_bytes()
    }
}

/// A public key with its table of multiples (30 KiB, about 1 ms to make): for whoever encrypts.
#[derive(Clone)]
pub struct EncryptionKey {
    public: PublicKey,
    table: Box<RistrettoBasepointTable>,
}

impl core::fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("EncryptionKey").field(&self.public).finish()
    }
}

impl EncryptionKey {
    /// Makes the table.
    #[must_use]
    pub fn new(public: PublicKey) -> Self {
        Self { public, table: Box::new(RistrettoBasepointTable::create(&public.point)) }
    }

    /// The key without its table.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// `(rG, vG + rY)`, in constant time.
    #[must_use]
    pub fn encrypt(&self, value: &Scalar, randomness: &SecretScalar) -> Ciphertext {
        let r = randomness.expose();
        Ciphertext { first: BASE_TABLE * r, second: BASE_TABLE * value + self.table.as_ref() * r }
    }
}

/// An ElGamal pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ciphertext {
    /// `rG`.
    pub first: Point,
    /// `vG + rY`.
    pub second: Point,
}

impl Ciphertext {
    /// Bytes of an encoded ciphertext.
    pub const BYTES: usize = 2 * POINT_BYTES;

    /// The neutral element of addition: an encryption of 0 with randomness 0.
    #[must_use]
    pub fn zero() -> Self {
        Self { first: Point::identity(), second: Point::identity() }
    }

    /// Multiplies plaintext and randomness by a public integer. Variable time: public data only.
    #[must_use]
    pub fn vartime_scale(&self, factor: u64) -> Self {
        if factor == 1 {
            return *self;
        }
        // Double and add over 64 bits: a third of the cost of a multiplication by a full scalar.
        let mut sum = Self::zero();
        for bit in (0..u64::BITS - factor.leading_zeros()).rev() {
            sum = sum + sum;
            if factor >> bit & 1 == 1 {
                sum += *self;
            }
        }
        sum
    }

    /// The 64 bytes: first, then second component.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        CompressedCiphertext { first: self.first.compress(), second: self.second.compress() }.to_bytes()
    }

    /// Encodes both components.
    #[must_use]
    pub fn compress(&self) -> CompressedCiphertext {
        CompressedCiphertext { first: self.first.compress(), second: self.second.compress() }
    }

    /// What the secret key takes away: `vG = second - shared` where `shared = secret x first`.
    #[must_use]
    pub fn open_with(&self, shared: &Point) -> Point {
        self.second - shared
    }
}

impl Add for Ciphertext {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { first: self.first + other.first, second: self.second + other.second }
    }
}
impl Sub for Ciphertext {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { first: self.first - other.first, second: self.second - other.second }
    }
}
impl AddAssign for Ciphertext {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
impl SubAssign for Ciphertext {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}
impl Sum for Ciphertext {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::zero(), Add::add)
    }
}

/// An ElGamal pair as it travels: 64 bytes, not yet checked to be points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompressedCiphertext {
    /// Encoding of the first component.
    pub first: CompressedPoint,
    /// Encoding of the second component.
    pub second: CompressedPoint,
}

impl CompressedCiphertext {
    /// Splits 64 bytes; the points are checked by [`Self::decompress`].
    ///
    /// # Errors
    /// [`ProofError::Length`] unless there are 64 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProofError> {
        let wrong = |_| ProofError::Length("ciphertext");
        let (first, second) = bytes.split_at_checked(POINT_BYTES).ok_or(ProofError::Length("ciphertext"))?;
        Ok(Self {
            first: CompressedPoint::from_slice(first).map_err(wrong)?,
            second: CompressedPoint::from_slice(second).map_err(wrong)?,
        })
    }

    /// The 64 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Ciphertext::BYTES] {
        let mut bytes = [0; Ciphertext::BYTES];
        bytes[..POINT_BYTES].copy_from_slice(self.first.as_bytes());
        bytes[POINT_BYTES..].copy_from_slice(self.second.as_bytes());
        bytes
    }

    /// Decodes both points; the first component may not be the identity (A4).
    ///
    /// # Errors
    /// [`ProofError::Malformed`] or [`ProofError::Identity`].
    pub fn decompress(&self) -> Result<Ciphertext, ProofError> {
        Ok(Ciphertext {
            first: decode_point_not_identity(self.first.as_bytes(), "first component of a ciphertext")?,
            second: decode_point(self.second.as_bytes(), "second component of a ciphertext")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::group::BASE;

    #[test]
    fn sums_and_multiples_decrypt_to_sums_and_multiples() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let secret = SecretScalar::random(&mut rng);
        let key = EncryptionKey::new(PublicKey::of(&secret).unwrap());
        let mut encrypt = |v: u64| key.encrypt(&Scalar::from(v), &SecretScalar::random(&mut rng));
        let sum = encrypt(3) + encrypt(4).vartime_scale(1_970_452_510) - encrypt(1).vartime_scale(2);
        let opened = sum.open_with(&(sum.first * secret.expose()));
        assert_eq!(opened, BASE * Scalar::from(3_u64 + 4 * 1_970_452_510 - 2));
        assert_eq!(encrypt(9).vartime_scale(0), Ciphertext::zero());
    }

    #[test]
    fn a4_identity_is_refused_as_key_and_first_component() {
        assert_eq!(PublicKey::decode(&[0; 32]), Err(ProofError::Identity("public key")));
        let pair = CompressedCiphertext::from_bytes(&[0; 64]).unwrap();
        assert_eq!(pair.decompress(), Err(ProofError::Identity("first component of a ciphertext")));
        assert!(CompressedCiphertext::from_bytes(&[0; 63]).is_err());
        assert!(CompressedCiphertext::from_bytes(&[0; 65]).is_err());
    }
}

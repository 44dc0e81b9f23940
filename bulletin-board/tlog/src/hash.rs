//! SHA-256 values and the two hash functions of the Merkle tree (RFC 6962 section 2.1, RFC 9162 section 2.1.1).
//!
//! This is the only file of the crate that names the hash crate. A leaf is hashed with the prefix byte 0x00 and an inner
//! node with 0x01, so that no leaf can be passed off as a node.

use core::fmt;
use core::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::error::HashError;

/// Length of a hash in bytes.
pub const HASH_LEN: usize = 32;

/// The root of the empty tree: the SHA-256 of the empty string (RFC 6962 section 2.1).
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// A SHA-256 value: a leaf hash, an inner node or a root.
///
/// `Display`, `Debug` and `FromStr` use 64 lowercase hex digits. The C2SP text formats use base64, see
/// [`Hash::to_base64`] and [`Hash::from_base64`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; HASH_LEN]);

impl Hash {
    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; HASH_LEN] {
        &self.0
    }

    /// Reads a hash from exactly 32 bytes.
    ///
    /// # Errors
    /// [`HashError::Length`] if there are more or fewer bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, HashError> {
        <[u8; HASH_LEN]>::try_from(bytes).map(Self).map_err(|_| HashError::Length { found: bytes.len() })
    }

    /// The standard base64 form with padding (RFC 4648 section 4), 44 characters.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// Reads the standard base64 form. Only the canonical form is accepted: padded, and with zero trailing bits.
    ///
    /// # Errors
    /// [`HashError::Base64`] if the text is no canonical base64, [`HashError::Length`] if it does not hold 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, HashError> {
        // 32 bytes always take 44 characters; longer texts are refused before they are decoded.
        if text.len() > 44 {
            return Err(HashError::Length { found: text.len() / 4 * 3 });
        }
        Self::from_slice(&STANDARD.decode(text).map_err(|_| HashError::Base64)?)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for Hash {
    type Err = HashError;

    /// Reads 64 lowercase hex digits; upper case is refused so that every hash has one text.
    fn from_str(text: &str) -> Result<Self, HashError> {
        if text.len() != 2 * HASH_LEN {
            return Err(HashError::Hex);
        }
        let mut bytes = [0u8; HASH_LEN];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let mut value = 0u8;
            for digit in pair {
                let nibble = match digit {
                    b'0'..=b'9' => digit - b'0',
                    b'a'..=b'f' => digit - b'a' + 10,
                    _ => return Err(HashError::Hex),
                };
                value = value << 4 | nibble;
            }
            *byte = value;
        }
        Ok(Self(bytes))
    }
}

/// The hash of a leaf: SHA-256(0x00 || entry).
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    sha256_parts(&[&[0x00], entry])
}

/// The hash of an inner node: SHA-256(0x01 || left || right).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256_parts(&[&[0x01], &left.0, &right.0])
}

/// Plain SHA-256, for names and identifiers of the C2SP formats (key ids, the origin hash of a witness).
#[must_use]
pub fn sha256(bytes: &[u8]) -> Hash {
    sha256_parts(&[bytes])
}

/// Plain SHA-256 of bytes that arrive in parts, for files that are too long to hold.
#[derive(Clone, Debug, Default)]
pub struct RunningSha256(Sha256);

impl RunningSha256 {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all bytes.
    #[must_use]
    pub fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

/// SHA-256 of the concatenation of the parts.
pub(crate) fn sha256_parts(parts: &[&[u8]]) -> Hash {
    let mut state = Sha256::new();
    for part in parts {
        state.update(part);
    }
    Hash(state.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_root_is_the_hash_of_nothing() {
        assert_eq!(sha256(b""), EMPTY_ROOT);
    }

    #[test]
    fn leaf_and_node_differ_in_their_prefix() {
        let joined = [EMPTY_ROOT.0, EMPTY_ROOT.0].concat();
        assert_ne!(leaf_hash(&joined), node_hash(&EMPTY_ROOT, &EMPTY_ROOT));
        // The leaf hash of the empty entry, as printed in the test data of RFC 6962 implementations.
        assert_eq!(leaf_hash(b"").to_string(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    }

    #[test]
    fn texts_are_canonical() {
        let hash = leaf_hash(b"x");
        assert_eq!(hash.to_string().parse::<Hash>().unwrap(), hash);
        assert_eq!(Hash::from_base64(&hash.to_base64()).unwrap(), hash);
        assert_eq!(hash.to_string().to_uppercase().parse::<Hash>(), Err(HashError::Hex));
        assert_eq!("00".parse::<Hash>(), Err(HashError::Hex));
        assert_eq!("é".repeat(32).parse::<Hash>(), Err(HashError::Hex));
        assert_eq!(Hash::from_base64("AAAA"), Err(HashError::Length { found: 3 }));
        assert!(Hash::from_base64(&"A".repeat(48)).is_err());
        // Unpadded, and with a non-zero trailing bit.
        assert_eq!(Hash::from_base64(&"A".repeat(43)), Err(HashError::Base64));
        assert_eq!(Hash::from_base64(&format!("{}B=", "A".repeat(42))), Err(HashError::Base64));
        assert!(Hash::from_base64(&format!("{}A=", "A".repeat(42))).is_ok());
    }
}

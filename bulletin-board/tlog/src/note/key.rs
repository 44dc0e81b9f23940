//! Names, ids and keys of notes.

use core::fmt;
use core::str::FromStr;

use super::{NoteSignature, check_text};
use crate::cosign;
use crate::error::NoteError;
use crate::hash::sha256_parts;
use crate::signature::{KEY_LEN, SIGNATURE_LEN, SecretKey, is_valid_public_key, verify_strict};
use crate::text::{from_base64, to_base64};

/// Longest name in bytes. The ML-DSA cosignature format has one length byte for it.
const MAX_NAME: usize = 255;
/// Longest verifier key in characters; one of ML-DSA-44 with the longest name takes about 2,020.
const MAX_VKEY: usize = 4096;
/// Length of an ML-DSA-44 public key in bytes.
const ML_DSA_44_LEN: usize = 1312;

/// The name of a key: not empty, no Unicode space, no `+`, no control character, at most 255 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName(String);

impl KeyName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`NoteError::KeyName`].
    pub fn new(name: &str) -> Result<Self, NoteError> {
        let bad = |c: char| c == '+' || c < ' ' || c.is_whitespace();
        if name.is_empty() || name.len() > MAX_NAME || name.chars().any(bad) {
            return Err(NoteError::KeyName);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for KeyName {
    type Err = NoteError;

    fn from_str(name: &str) -> Result<Self, NoteError> {
        Self::new(name)
    }
}

/// The four bytes that, with the name, identify a key. Not a cryptographic hash: collisions are easy to make and harmless.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 4]);

impl KeyId {
    /// The recommended id: first four bytes of SHA-256(name || 0x0A || type || key).
    #[must_use]
    pub fn derive(name: &KeyName, key_type: KeyType, key: &[u8]) -> Self {
        let [a, b, c, d, ..] = sha256_parts(&[name.0.as_bytes(), b"\n", &[key_type.byte()], key]).0;
        Self([a, b, c, d])
    }
}

impl fmt::Display for KeyId {
    /// Eight lowercase hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// The signature type byte of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyType {
    /// 0x01: Ed25519 over the text of the note.
    Ed25519,
    /// 0x04: cosignature/v1, Ed25519 over the checkpoint and a time.
    CosignatureV1,
    /// A type that this version can't verify, for instance 0x06 (ML-DSA-44 cosignatures).
    Other(u8),
}

impl KeyType {
    /// The type of a byte.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        match byte {
            0x01 => Self::Ed25519,
            0x04 => Self::CosignatureV1,
            other => Self::Other(other),
        }
    }

    /// The byte of this type.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
            Self::Other(byte) => byte,
        }
    }
}

/// What a key says about one signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The signature verifies.
    Valid {
        /// The time that a cosignature states, in seconds since the Unix epoch.
        timestamp: Option<u64>,
    },
    /// The signature does not verify.
    Invalid,
    /// This version can't verify signatures of that type; the line is to be ignored like one of an unknown key.
    Unsupported,
}

/// A public key with its name: a *vkey*.
///
/// A key of a known type is valid (canonical, not of small order) and has the id of [`KeyId::derive`]. A key of another
/// type is kept as it is and verifies nothing.
///
/// ```
/// # fn main() -> Result<(), tlog::error::NoteError> {
/// let text = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
/// let key: tlog::note::VerifierKey = text.parse()?;
/// assert_eq!(key.name().as_str(), "example.com/foo");
/// assert_eq!(key.to_string(), text);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VerifierKey {
    name: KeyName,
    id: KeyId,
    key_type: KeyType,
    material: Vec<u8>,
}

impl VerifierKey {
    /// A key for Ed25519 signatures of type 0x01.
    ///
    /// # Errors
    /// [`NoteError::PublicKey`] if the bytes are no canonical point or one of small order.
    pub fn ed25519(name: KeyName, public: &[u8; KEY_LEN]) -> Result<Self, NoteError> {
        Self::of_type(name, KeyType::Ed25519, public)
    }

    /// A key for cosignatures of type 0x04.
    ///
    /// # Errors
    /// [`NoteError::PublicKey`] if the bytes are no canonical point or one of small order.
    pub fn cosignature_v1(name: KeyName, public: &[u8; KEY_LEN]) -> Result<Self, NoteError> {
        Self::of_type(name, KeyType::CosignatureV1, public)
    }

    fn of_type(name: KeyName, key_type: KeyType, public: &[u8; KEY_LEN]) -> Result<Self, NoteError> {
        if !is_valid_public_key(public) {
            return Err(NoteError::PublicKey);
        }
        Ok(Self { id: KeyId::derive(&name, key_type, public), name, key_type, material: public.to_vec() })
    }

    /// The public half of a secret key; a seed never leads to a point of small order.
    pub(crate) fn of_secret(name: &KeyName, key_type: KeyType, secret: &SecretKey) -> Self {
        let public = secret.public();
        let id = KeyId::derive(name, key_type, &public);
        Self { name: name.clone(), id, key_type, material: public.to_vec() }
    }

    /// Reads the text form `<name>+<hex key id>+<base64 of type and key>`.
    ///
    /// # Errors
    /// [`NoteError::VerifierKey`] for a wrong form, [`NoteError::KeyName`], [`NoteError::KeyIdMismatch`],
    /// [`NoteError::PublicKey`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        if text.len() > MAX_VKEY {
            return Err(NoteError::VerifierKey);
        }
        // A name has no plus; base64 may have some.
        let (name, rest) = text.split_once('+').ok_or(NoteError::VerifierKey)?;
        let (id, encoded) = rest.split_once('+').ok_or(NoteError::VerifierKey)?;
        let name = KeyName::new(name)?;
        let id = parse_id(id).ok_or(NoteError::VerifierKey)?;
        let bytes = from_base64(encoded).ok_or(NoteError::VerifierKey)?;
        let (type_byte, material) = bytes.split_first().ok_or(NoteError::VerifierKey)?;
        let key_type = KeyType::from_byte(*type_byte);
        let derived_id = match key_type {
            KeyType::Ed25519 | KeyType::CosignatureV1 => {
                let public = <&[u8; KEY_LEN]>::try_from(material).map_err(|_| NoteError::PublicKey)?;
                if !is_valid_public_key(public) {
                    return Err(NoteError::PublicKey);
                }
                true
            }
            KeyType::Other(0x06) => {
                if material.len() != ML_DSA_44_LEN {
                    return Err(NoteError::PublicKey);
                }
                true
            }
            // Other types may derive their ids in other ways.
            KeyType::Other(_) => {
                if material.is_empty() {
                    return Err(NoteError::PublicKey);
                }
                false
            }
        };
        if derived_id && id != KeyId::derive(&name, key_type, material) {
            return Err(NoteError::KeyIdMismatch);
        }
        Ok(Self { name, id, key_type, material: material.to_vec() })
    }

    /// The name of the key.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id of the key.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The signature type.
    #[must_use]
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// The public key without the type byte: 32 bytes for the types of this version.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        &self.material
    }

    /// Checks one signature (the bytes after the key id) over the text of a note.
    #[must_use]
    pub fn check(&self, text: &str, signature: &[u8]) -> Outcome {
        let public = match self.key_type {
            KeyType::Other(_) => return Outcome::Unsupported,
            KeyType::Ed25519 | KeyType::CosignatureV1 => self.material.as_slice(),
        };
        let Ok(public) = <&[u8; KEY_LEN]>::try_from(public) else { return Outcome::Invalid };
        let timestamp = match self.key_type {
            KeyType::CosignatureV1 => cosign::check(public, text, signature).map(Some),
            KeyType::Ed25519 | KeyType::Other(_) => <&[u8; SIGNATURE_LEN]>::try_from(signature)
                .ok()
                .filter(|signature| verify_strict(public, text.as_bytes(), signature))
                .map(|_| None),
        };
        timestamp.map_or(Outcome::Invalid, |timestamp| Outcome::Valid { timestamp })
    }
}

/// Eight lowercase hex digits.
fn parse_id(text: &str) -> Option<KeyId> {
    let id = KeyId(u32::from_str_radix(text, 16).ok()?.to_be_bytes());
    (id.to_string() == text).then_some(id)
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = to_base64(&[[self.key_type.byte()].as_slice(), &self.material].concat());
        write!(f, "{}+{}+{encoded}", self.name, self.id)
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        Self::parse(text)
    }
}

/// A secret key that signs notes with Ed25519 (type 0x01), for instance the key of a log.
///
/// Wiped when dropped, not clonable, hidden in `Debug`. Witnesses use `cosign::CosigningKey`, with a key of its own.
///
/// ```compile_fail
/// let name = tlog::note::KeyName::new("example.com/log").unwrap();
/// let key = tlog::note::SigningKey::from_seed(name, &[7; 32]);
/// let copy = key.clone();
/// ```
#[derive(Debug)]
pub struct SigningKey {
    name: KeyName,
    secret: SecretKey,
}

impl SigningKey {
    /// A key from a seed of 32 uniformly random bytes. The caller wipes its own copy.
    #[must_use]
    pub fn from_seed(name: KeyName, seed: &[u8; KEY_LEN]) -> Self {
        Self { name, secret: SecretKey::from_seed(seed) }
    }

    /// The name of the key.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The 32 bytes of the public key.
    #[must_use]
    pub fn public(&self) -> [u8; KEY_LEN] {
        self.secret.public()
    }

    /// The public half.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey::of_secret(&self.name, KeyType::Ed25519, &self.secret)
    }

    /// Signs the text of a note.
    ///
    /// # Errors
    /// [`NoteError::Text`] if it does not end in a newline, [`NoteError::Characters`] if it has control characters.
    pub fn sign_text(&self, text: &str) -> Result<NoteSignature, NoteError> {
        check_text(text)?;
        Ok(self.sign_checked(text))
    }

    /// Signs a text whose form is known to be right.
    pub(crate) fn sign_checked(&self, text: &str) -> NoteSignature {
        let signature = self.secret.sign(text.as_bytes()).to_vec();
        NoteSignature { name: self.name.clone(), key_id: self.id(), signature }
    }

    fn id(&self) -> KeyId {
        KeyId::derive(&self.name, KeyType::Ed25519, &self.secret.public())
    }
}

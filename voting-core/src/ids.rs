//! Identifiers and indices, so that no bare integer or byte string crosses a public boundary, and the domain-separated
//! hash that makes identifiers.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// SHA-256 of a domain and parts, each with its length, so that no two lists of parts are hashed alike (A3).
#[must_use]
pub fn digest(domain: &'static str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [domain.as_bytes()].iter().chain(parts) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// An identifier given as text is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 64 hexadecimal digits")]
pub struct NotHex;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The 32 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
        impl FromStr for $name {
            type Err = NotHex;
            fn from_str(text: &str) -> Result<Self, NotHex> {
                let mut bytes = [0; 32];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| NotHex)?;
                Ok(Self(bytes))
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
        impl TryFrom<String> for $name {
            type Error = NotHex;
            fn try_from(text: String) -> Result<Self, NotHex> {
                text.parse()
            }
        }
    };
}

id!(
    /// The election id: SHA-256 of the manifest bytes.
    EventId
);
id!(
    /// Hash of the statement that starts a round.
    RoundId
);
id!(
    /// Identifies one attempt at a key ceremony (A27).
    CeremonyId
);
id!(
    /// Public key of a voter's credential in one round: an encoded point.
    CredentialKey
);
id!(
    /// Hash of the sealed part of a ballot; its receipt number (A13).
    Tracker
);
id!(
    /// Salted digest of a text that lies in the label file.
    LabelDigest
);
id!(
    /// Ed25519 public key of an official, trustee or log.
    SigningKeyId
);

macro_rules! index {
    ($(#[$doc:meta])* $name:ident, $int:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $int);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

index!(
    /// Position of a round in the event, from 0.
    RoundIndex,
    u32
);
index!(
    /// Position of a contest in its round, from 0.
    ContestIndex,
    u32
);
index!(
    /// Position of an option in its contest, from 0.
    OptionIndex,
    u32
);
index!(
    /// Position of a group in the manifest, from 0.
    GroupIndex,
    u32
);
index!(
    /// Index of a trustee, from 1, as the manifest lists them (A26).
    TrusteeIndex,
    u32
);
index!(
    /// Position of an entry in the log, from 0.
    EntryIndex,
    u64
);

macro_rules! position {
    ($($name:ident),*) => {$(
        impl $name {
            /// The index as a position in a list.
            #[must_use]
            pub fn position(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}
position!(RoundIndex, ContestIndex, OptionIndex, GroupIndex);

impl EventId {
    /// The id of the event that these manifest bytes found.
    #[must_use]
    pub fn of_manifest(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl CeremonyId {
    /// The id of the `attempt`-th ceremony of an event, from 0.
    #[must_use]
    pub fn of(event: &EventId, attempt: u32) -> Self {
        Self(digest("urna/v1/ceremony", &[&event.0, &attempt.to_le_bytes()]))
    }
}

impl RoundId {
    /// The id of the round that these statement bytes start in an event.
    #[must_use]
    pub fn of(event: &EventId, statement: &[u8]) -> Self {
        Self(digest("urna/v1/round", &[&event.0, statement]))
    }
}

impl Tracker {
    /// The tracker of a sealed ballot (A13, S2).
    #[must_use]
    pub fn of(sealed: &[u8]) -> Self {
        Self(digest("urna/v1/tracker", &[sealed]))
    }

    /// The tracker of a ballot of several parts, from the digests of its sealed parts in order.
    #[must_use]
    pub fn of_parts(parts: &[Self]) -> Self {
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.0.as_slice()).collect();
        Self(digest("urna/v1/tracker of parts", &parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a3_parts_are_framed() {
        assert_ne!(digest("d", &[b"ab", b"c"]), digest("d", &[b"a", b"bc"]));
        assert_ne!(digest("d", &[b"abc"]), digest("d", &[b"abc", b""]));
        assert_ne!(digest("d", &[b"abc"]), digest("e", &[b"abc"]));
    }

    #[test]
    fn ids_print_and_parse_as_hex() {
        let id = EventId([0xab; 32]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("ab".parse::<EventId>(), Err(NotHex));
    }
}

//! What a trustee must never forget about one event: the secrets of its ceremony, and the exact bytes of everything that
//! it was about to post. Stored encrypted before anything is posted (S8).

use std::collections::BTreeMap;

use tlog::hash::Hash;
use voting_core::codec::{Malformed, Reader, Writer};
use voting_core::ids::{EventId, RoundId, RoundIndex, TrusteeIndex};
use voting_core::manifest::{MAX_ROUNDS, Manifest};
use voting_core::tally::ClosingCheckpoint;
use zeroize::Zeroizing;

/// Format and version; no other secret is taken for a memory.
const MAGIC: &str = "urna/v1/trustee memory";

/// Which secret there is. Each stage replaces the one before, so that a dealt polynomial is gone for good.
#[derive(Default)]
pub enum Secret {
    /// The ceremony has not begun.
    #[default]
    None,
    /// `voting_core::ceremony::Committed`.
    Committed(Zeroizing<Vec<u8>>),
    /// `voting_core::ceremony::Dealt`.
    Dealt(Zeroizing<Vec<u8>>),
    /// `voting_core::ceremony::KeyShare`.
    Share(Zeroizing<Vec<u8>>),
}

impl Secret {
    fn parts(&self) -> (u64, &[u8]) {
        match self {
            Self::None => (0, &[]),
            Self::Committed(bytes) => (1, bytes),
            Self::Dealt(bytes) => (2, bytes),
            Self::Share(bytes) => (3, bytes),
        }
    }
}

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Committed(_) => "Committed(..)",
            Self::Dealt(_) => "Dealt(..)",
            Self::Share(_) => "Share(..)",
        })
    }
}

/// A partial decryption that was made: the only one of its round, for ever (A20).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The round.
    pub round: RoundId,
    /// The checkpoint that was decrypted.
    pub closing: ClosingCheckpoint,
    /// The entry.
    pub entry: Vec<u8>,
}

/// The memory of one event.
#[derive(Debug)]
pub struct Memory {
    /// The event.
    pub event: EventId,
    /// The trustee's index in its manifest.
    pub index: TrusteeIndex,
    /// The secret.
    pub secret: Secret,
    /// Entry of the first stage.
    pub commitment: Option<Vec<u8>>,
    /// Entry of the second stage.
    pub dealing: Option<Vec<u8>>,
    /// Entry of the last stage.
    pub confirmation: Option<Vec<u8>>,
    /// Partial decryptions by round.
    pub counted: BTreeMap<RoundIndex, Counted>,
}

impl Memory {
    /// The memory of a trustee who has done nothing yet.
    #[must_use]
    pub fn new(manifest: &Manifest, index: TrusteeIndex) -> Self {
        Self {
            event: manifest.event(),
            index,
            secret: Secret::None,
            commitment: None,
            dealing: None,
            confirmation: None,
            counted: BTreeMap::new(),
        }
    }

    /// The memory as bytes, to be stored encrypted.
    #[must_use]
    pub fn expose_bytes(&self) -> Zeroizing<Vec<u8>> {
        let Self { event, index, secret, commitment, dealing, confirmation, counted } = self;
        let mut w = Writer::default();
        w.array(9);
        w.text(MAGIC);
        w.bytes(event.as_bytes());
        w.uint(index.0.into());
        let (stage, bytes) = secret.parts();
        w.uint(stage);
        w.bytes(bytes);
        for entry in [commitment, dealing, confirmation] {
            w.bytes(entry.as_deref().unwrap_or_default());
        }
        w.array(counted.len());
        for (index, Counted { round, closing, entry }) in counted {
            w.array(5);
            w.uint(index.0.into());
            w.bytes(round.as_bytes());
            w.uint(closing.size);
            w.bytes(&closing.root.0);
            w.bytes(entry);
        }
        Zeroizing::new(w.finish())
    }

    /// Reads what [`Self::expose_bytes`] wrote. The bytes are authentic: they were encrypted by this program.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn from_exposed_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(bytes);
        r.array(9, "memory of a trustee")?;
        if r.text(MAGIC.len(), "version of the memory")? != MAGIC {
            return Err(r.malformed("version of the memory"));
        }
        let (event, index) = (EventId(r.fixed("event")?), TrusteeIndex(r.uint32("index")?));
        let stage = r.uint("stage")?;
        let secret = Zeroizing::new(r.bytes("secret")?.to_vec());
        let secret = match stage {
            0 => Secret::None,
            1 => Secret::Committed(secret),
            2 => Secret::Dealt(secret),
            3 => Secret::Share(secret),
            _ => return Err(r.malformed("stage")),
        };
        let mut entry = |what| r.bytes(what).map(|bytes| Some(bytes.to_vec()).filter(|bytes| !bytes.is_empty()));
        let (commitment, dealing, confirmation) = (entry("commitment")?, entry("dealing")?, entry("confirmation")?);
        let mut counted = BTreeMap::new();
        for _ in 0..r.array_up_to(MAX_ROUNDS, "rounds")? {
            r.array(5, "round")?;
            let index = RoundIndex(r.uint32("round")?);
            let round = RoundId(r.fixed("round")?);
            let closing = ClosingCheckpoint { size: r.uint("size")?, root: Hash(r.fixed("root")?) };
            counted.insert(index, Counted { round, closing, entry: r.bytes("partial decryption")?.to_vec() });
        }
        if r.position() != bytes.len() {
            return Err(r.malformed("memory of a trustee"));
        }
        Ok(Self { event, index, secret, commitment, dealing, confirmation, counted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Memory {
        let closing = ClosingCheckpoint { size: 7, root: Hash([3; 32]) };
        Memory {
            event: EventId([1; 32]),
            index: TrusteeIndex(2),
            secret: Secret::Dealt(Zeroizing::new(vec![9; 32])),
            commitment: Some(vec![1, 2]),
            dealing: Some(vec![3]),
            confirmation: None,
            counted: BTreeMap::from([(RoundIndex(1), Counted { round: RoundId([4; 32]), closing, entry: vec![5] })]),
        }
    }

    #[test]
    fn bytes_are_read_back_and_nothing_secret_is_printed() {
        let (memory, bytes) = (memory(), memory().expose_bytes());
        let again = Memory::from_exposed_bytes(&bytes).unwrap();
        assert_eq!(again.expose_bytes(), bytes);
        assert_eq!((again.commitment, again.confirmation), (memory.commitment, None));
        assert_eq!(again.counted, memory.counted);
        assert_eq!(format!("{:?}", again.secret), "Dealt(..)");
    }

    #[test]
    fn other_bytes_are_refused() {
        let bytes = memory().expose_bytes();
        assert!(Memory::from_exposed_bytes(&bytes[..bytes.len() - 1]).is_err());
        assert!(Memory::from_exposed_bytes(&[&bytes[..], &[0]].concat()).is_err());
        assert!(Memory::from_exposed_bytes(b"urna/v1/trustee identity").is_err());
    }
}

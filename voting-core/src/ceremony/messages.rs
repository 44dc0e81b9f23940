//! The three messages of the ceremony, as they stand on the log. Their author is the entry's author.

use tlog::hash::Hash;

use crate::codec::{Malformed, Reader, Wire, Writer};
use crate::ids::CeremonyId;
use crate::manifest::MAX_TRUSTEES;

/// First stage: a fresh encryption key (S9) and the hash of the dealing's commitments (A24).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// The ceremony (A27).
    pub ceremony: CeremonyId,
    /// Encryption key of this ceremony: an encoded point.
    pub encryption_key: [u8; 32],
    /// Proof of possession of the encryption key.
    pub possession: [u8; 64],
    /// Hash of the commitments that the dealing will reveal.
    pub dealing: [u8; 32],
}

/// One share, encrypted to its receiver (A29).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedShare {
    /// Ephemeral key: an encoded point.
    pub ephemeral: [u8; 32],
    /// Proof of knowledge of the ephemeral secret, bound to ceremony, dealer and receiver (A29).
    pub possession: [u8; 64],
    /// ChaCha20-Poly1305 of the 32-byte share: 32 bytes and a tag of 16.
    pub sealed: [u8; 48],
}

/// Second stage: the commitments and a share for every trustee, the dealer included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dealing {
    /// The ceremony (A27).
    pub ceremony: CeremonyId,
    /// Feldman commitments, exactly t points (A25).
    pub commitments: Vec<u8>,
    /// Proof of possession of the constant coefficient (A24).
    pub possession: [u8; 64],
    /// Shares for trustees 1..=n in order (A25).
    pub shares: Vec<EncryptedShare>,
}

/// Last stage: what the trustee saw and what follows from it (A21, A28).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// The ceremony (A27).
    pub ceremony: CeremonyId,
    /// Hash of all commitments and dealings.
    pub record: Hash,
    /// The joint key: an encoded point.
    pub joint_key: [u8; 32],
}

impl Wire for Commitment {
    const WHAT: &'static str = "commitment to a dealing";
    fn write(&self, w: &mut Writer) {
        w.array(4);
        w.bytes(self.ceremony.as_bytes());
        w.bytes(&self.encryption_key);
        w.bytes(&self.possession);
        w.bytes(&self.dealing);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(4, Self::WHAT)?;
        Ok(Self {
            ceremony: CeremonyId(r.fixed("ceremony")?),
            encryption_key: r.fixed("encryption key")?,
            possession: r.fixed("proof of possession")?,
            dealing: r.fixed("hash of the dealing")?,
        })
    }
}

impl Wire for EncryptedShare {
    const WHAT: &'static str = "encrypted share";
    fn write(&self, w: &mut Writer) {
        w.array(3);
        w.bytes(&self.ephemeral);
        w.bytes(&self.possession);
        w.bytes(&self.sealed);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(3, Self::WHAT)?;
        Ok(Self {
            ephemeral: r.fixed("ephemeral key")?,
            possession: r.fixed("proof of knowledge")?,
            sealed: r.fixed("encrypted share")?,
        })
    }
}

impl Wire for Dealing {
    const WHAT: &'static str = "dealing";
    fn write(&self, w: &mut Writer) {
        w.array(4);
        w.bytes(self.ceremony.as_bytes());
        w.bytes(&self.commitments);
        w.bytes(&self.possession);
        w.list(&self.shares);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(4, Self::WHAT)?;
        Ok(Self {
            ceremony: CeremonyId(r.fixed("ceremony")?),
            commitments: r.bytes("commitments")?.to_vec(),
            possession: r.fixed("proof of possession")?,
            shares: r.list(MAX_TRUSTEES)?,
        })
    }
}

impl Wire for Confirmation {
    const WHAT: &'static str = "confirmation";
    fn write(&self, w: &mut Writer) {
        w.array(3);
        w.bytes(self.ceremony.as_bytes());
        w.bytes(&self.record.0);
        w.bytes(&self.joint_key);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(3, Self::WHAT)?;
        Ok(Self {
            ceremony: CeremonyId(r.fixed("ceremony")?),
            record: Hash(r.fixed("hash of the ceremony")?),
            joint_key: r.fixed("joint key")?,
        })
    }
}

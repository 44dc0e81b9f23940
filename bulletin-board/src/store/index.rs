//! The index: entries by position, positions by leaf hash, signed heads by size. It carries no durability: whatever it
//! lacks is rebuilt from the journal.

use thiserror::Error;
use tlog::hash::Hash;
use voting_core::ids::EventId;

/// The index failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct IndexError(pub String);

/// What the index has of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Number of entries.
    pub entries: u64,
    /// Root over them.
    pub root: Hash,
    /// Size of the newest signed head, 0 if there is none.
    pub head: u64,
}

/// An entry on its way into the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indexed {
    /// Its leaf hash.
    pub leaf: Hash,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// An index of the logs of all events.
pub trait Index: Send + Sync {
    /// What there is of an event; `None` if nothing.
    ///
    /// # Errors
    /// [`IndexError`].
    fn summary(&self, event: &EventId) -> Result<Option<Summary>, IndexError>;

    /// Forgets an event.
    ///
    /// # Errors
    /// [`IndexError`].
    fn forget(&self, event: &EventId) -> Result<(), IndexError>;

    /// Adds the entries from position `first` on, all or none. `root` is the root with them.
    ///
    /// # Errors
    /// [`IndexError`].
    fn add(&self, event: &EventId, first: u64, entries: &[Indexed], root: Hash) -> Result<(), IndexError>;

    /// Adds a signed head of this size, which all entries so far make.
    ///
    /// # Errors
    /// [`IndexError`].
    fn add_head(&self, event: &EventId, size: u64, note: &str) -> Result<(), IndexError>;

    /// Up to `count` entries from position `first` on.
    ///
    /// # Errors
    /// [`IndexError`].
    fn entries(&self, event: &EventId, first: u64, count: usize) -> Result<Vec<Vec<u8>>, IndexError>;

    /// The position of the entry with this leaf hash.
    ///
    /// # Errors
    /// [`IndexError`].
    fn find(&self, event: &EventId, leaf: &Hash) -> Result<Option<u64>, IndexError>;

    /// The first signed head that covers a position: its size and note.
    ///
    /// # Errors
    /// [`IndexError`].
    fn head_covering(&self, event: &EventId, position: u64) -> Result<Option<(u64, String)>, IndexError>;

    /// The newest signed head: its size and note.
    ///
    /// # Errors
    /// [`IndexError`].
    fn newest_head(&self, event: &EventId) -> Result<Option<(u64, String)>, IndexError> {
        match self.summary(event)? {
            Some(Summary { head, .. }) if head > 0 => self.head_covering(event, head - 1),
            _ => Ok(None),
        }
    }

    /// Hands everything to the system.
    ///
    /// # Errors
    /// [`IndexError`].
    fn flush(&self) -> Result<(), IndexError>;
}

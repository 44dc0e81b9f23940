//! Storage: the journal is the truth, the index can be rebuilt from it, keys and labels lie in files of their own.

mod folder;
mod index;
mod journal;
mod keys;
mod memory;
mod sled;

pub(crate) use folder::{Folder, write_atomic};
pub use index::{Index, IndexError, Indexed, Summary};
pub use journal::{Journal, JournalError, Record};
pub(crate) use keys::{LogKeys, Reservation};
pub use memory::MemoryIndex;
pub use sled::SledIndex;

//! Storage: the journal is the truth, the index can be rebuilt from it, keys and labels lie in files of their own.

mod disk;
mod folder;
mod index;
mod journal;
mod keys;
mod memory;
mod simulated;
mod sled;

pub use disk::{Disk, DiskFile, RealDisk};
pub(crate) use disk::{remedy, sync_parent, write_atomic};
pub(crate) use folder::{FORMAT, Folder, UNFINISHED, check_format, events};
pub use index::{Index, IndexError, Indexed, Summary};
pub use journal::{Journal, JournalError, Record, Scanned};
pub(crate) use keys::{LogKeys, Reservation};
pub use memory::MemoryIndex;
pub use simulated::{DiskFault, SimulatedDisk, Tear};
pub use sled::SledIndex;

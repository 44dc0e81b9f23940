//! The file operations under journals, keys and labels, behind a trait: the system's files, or a simulated disk
//! ([`super::SimulatedDisk`]) on which tests cut the power and let operations fail.
//!
//! What the callers rely on: bytes are durable after a sync of their file, names after a sync of their folder, and a rename
//! shows the old or the new file. Nothing else.

use std::any::Any;
use std::ffi::OsString;
use std::fmt::Debug;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::Path;

/// A file that is open for reading and writing.
pub trait DiskFile: Debug + Send {
    /// Its length in bytes.
    ///
    /// # Errors
    /// The system's.
    fn length(&self) -> io::Result<u64>;

    /// Reads from a position on; fewer bytes than there is room for at the end of the file, or when it pleases.
    ///
    /// # Errors
    /// The system's.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes some of the bytes at a position and says how many.
    ///
    /// # Errors
    /// The system's.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize>;

    /// Cuts off what is behind this length.
    ///
    /// # Errors
    /// The system's.
    fn set_length(&mut self, length: u64) -> io::Result<()>;

    /// Makes the bytes durable (fdatasync).
    ///
    /// # Errors
    /// The system's. What was written since the last sync is then of unknown fate.
    fn sync_data(&mut self) -> io::Result<()>;

    /// As [`DiskFile::sync_data`], with all that the system notes about the file (fsync).
    ///
    /// # Errors
    /// As [`DiskFile::sync_data`].
    fn sync_all(&mut self) -> io::Result<()>;
}

/// A file system, as far as the board uses it.
pub trait Disk: Debug + Send + Sync {
    /// Opens a file that exists.
    ///
    /// # Errors
    /// The system's.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file that exists, for reading: every other call on it fails.
    ///
    /// # Errors
    /// The system's.
    fn open_to_read(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Makes a file that only its owner may use.
    ///
    /// # Errors
    /// The system's, also if the name is taken.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Reads a whole file.
    ///
    /// # Errors
    /// The system's.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Gives a file another name; one that had this name is gone.
    ///
    /// # Errors
    /// The system's.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// The system's.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes a folder that only its owner may enter.
    ///
    /// # Errors
    /// The system's, also if the name is taken.
    fn make_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// The system's.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// The names in a folder, in any order.
    ///
    /// # Errors
    /// The system's.
    fn list(&self, path: &Path) -> io::Result<Vec<OsString>>;

    /// Whether a file or folder of this name is there.
    fn exists(&self, path: &Path) -> bool;

    /// Locks a file, which is made if it is missing, until what is returned is dropped.
    ///
    /// # Errors
    /// [`TryLockError::WouldBlock`] if somebody else has it locked, else the system's.
    fn lock(&self, path: &Path) -> Result<Box<dyn Any + Send + Sync>, TryLockError>;
}

/// Writes all bytes at a position.
///
/// # Errors
/// The system's; it is then unknown how much was written.
pub(crate) fn write_all_at(file: &mut dyn DiskFile, mut offset: u64, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(offset, bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => {
                offset += written as u64;
                bytes = bytes.get(written..).unwrap_or_default();
            }
            // Nothing was written: a signal came first.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Syncs the folder that holds a file.
pub(crate) fn sync_parent(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    disk.sync_folder(parent(path))
}

/// The folder that holds a file.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Writes a file that appears whole or not at all: a temporary file, synced, renamed, its folder synced.
pub(crate) fn write_atomic(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("part");
    // What a crash or an error left was never given its name.
    match disk.remove(&temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = disk.create(&temporary)?;
    write_all_at(file.as_mut(), 0, bytes)?;
    file.sync_all()?;
    // Crash here: the temporary file is left and is removed by the next one.
    disk.rename(&temporary, path)?;
    // Crash here: the old or the new file, each of them whole.
    sync_parent(disk, path)
}

/// What to do about an error of the system.
pub(crate) fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "there is no room: make some on this file system or raise the limit, then start the board again"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "the file system is read-only, often because the disk failed: check the disk, mount it for writing, then \
             start the board again"
        }
        ErrorKind::NotFound | ErrorKind::PermissionDenied => {
            "check that the folder exists and belongs to the user that runs the board"
        }
        _ => "check the disk and the permissions, then start the board again",
    }
}

/// Reads an open file from the start.
#[derive(Debug)]
pub(crate) struct FromStart<'a> {
    file: &'a dyn DiskFile,
    offset: u64,
}

impl<'a> FromStart<'a> {
    pub(crate) fn new(file: &'a dyn DiskFile) -> Self {
        Self { file, offset: 0 }
    }

    pub(crate) fn at(file: &'a dyn DiskFile, offset: u64) -> Self {
        Self { file, offset }
    }
}

impl Read for FromStart<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(self.offset, buffer)?;
        self.offset += read as u64;
        Ok(read)
    }
}

/// The files of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl DiskFile for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        FileExt::write_at(self, bytes, offset)
    }
    fn set_length(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
    fn sync_data(&mut self) -> io::Result<()> {
        File::sync_data(self)
    }
    fn sync_all(&mut self) -> io::Result<()> {
        File::sync_all(self)
    }
}

impl Disk for RealDisk {
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(OpenOptions::new().read(true).write(true).open(path)?))
    }
    fn open_to_read(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(File::open(path)?))
    }
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?))
    }
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(path)
    }
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        fs::read_dir(path)?.map(|item| Ok(item?.file_name())).collect()
    }
    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }
    fn lock(&self, path: &Path) -> Result<Box<dyn Any + Send + Sync>, TryLockError> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = file.map_err(TryLockError::Error)?;
        file.try_lock()?;
        Ok(Box::new(file))
    }
}

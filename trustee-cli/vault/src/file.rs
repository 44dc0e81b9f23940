//! Files that are written whole or not at all.
//!
//! The bytes go to a temporary file in the same folder and to the disk; only then does the file get its name. A crash
//! leaves at most a temporary file `.<name>.<process>-<number>.tmp`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::VaultError;

/// Mode of files that hold secrets, or might.
pub(crate) const PRIVATE: u32 = 0o600;

/// Writes a file that must not exist yet, with this mode (such as 0o600).
///
/// # Errors
/// [`VaultError::Exists`], and then nothing was written; [`VaultError::Io`].
pub fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), VaultError> {
    // Asked first only to spare the work; what counts is the link below, which is atomic.
    if path.symlink_metadata().is_ok() {
        return Err(VaultError::Exists { path: path.to_owned() });
    }
    let failed = |why: io::Error| match why.kind() {
        io::ErrorKind::AlreadyExists => VaultError::Exists { path: path.to_owned() },
        _ => VaultError::Io { path: path.to_owned(), why },
    };
    let temporary = Temporary::write(path, bytes, mode).map_err(failed)?;
    // A hard link never replaces a file, unlike a rename.
    match fs::hard_link(&temporary.0, path) {
        Err(why) if no_links(&why) => write_direct(path, bytes, mode).map_err(failed)?,
        other => other.map_err(failed)?,
    }
    drop(temporary);
    sync_folder(path).map_err(failed)
}

/// Writes a file, replacing what is there in one step. The mode of an existing file is kept; a new one gets 0600.
///
/// # Errors
/// [`VaultError::Io`], and then the old contents are still there.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    let failed = |why: io::Error| VaultError::Io { path: path.to_owned(), why };
    let temporary = Temporary::write(path, bytes, existing_mode(path).unwrap_or(PRIVATE)).map_err(failed)?;
    // The contents are on the disk before the name points to them.
    fs::rename(&temporary.0, path).map_err(failed)?;
    sync_folder(path).map_err(failed)
}

/// A temporary file, removed when dropped.
struct Temporary(PathBuf);

impl Temporary {
    fn write(target: &Path, bytes: &[u8], mode: u32) -> io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let temporary = Self(target.with_file_name(format!(".{name}.{}-{number}.tmp", std::process::id())));
        write_direct(&temporary.0, bytes, mode)?;
        Ok(temporary)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename there is nothing left to remove.
        let _ = fs::remove_file(&self.0);
    }
}

/// Creates a file and brings it to the disk. The mode is set at creation: no other user can open it in between.
fn write_direct(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Whether a file system (of a memory stick, for instance) has no hard links.
fn no_links(why: &io::Error) -> bool {
    matches!(why.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied)
}

fn existing_mode(path: &Path) -> Option<u32> {
    #[cfg(unix)]
    return path.metadata().ok().map(|data| std::os::unix::fs::PermissionsExt::mode(&data.permissions()) & 0o777);
    #[cfg(not(unix))]
    return path.metadata().ok().map(|_| PRIVATE);
}

/// Brings the name itself to the disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

//! Files of a mirror: written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::ClientError;

/// Writes a file in one step, with the folders above it. What was there is replaced.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), ClientError> {
    let failed = |why: io::Error| ClientError::Io { path: path.to_owned(), why };
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let temporary = temporary(path);
    let mut file = File::create(&temporary).map_err(failed)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    // The contents are on the disk before the name points to them.
    written.and_then(|()| fs::rename(&temporary, path)).map_err(|why| {
        let _ = fs::remove_file(&temporary);
        failed(why)
    })?;
    if cfg!(unix) { File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed) } else { Ok(()) }
}

/// Reads a file of at most `limit` bytes; `None` if there is none.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, ClientError> {
    let failed = |why: io::Error| ClientError::Io { path: path.to_owned(), why };
    // A pipe or device in a folder from elsewhere would keep the reader waiting for ever.
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => {
            let why = "it is no regular file".to_owned();
            return Err(ClientError::Malformed { place: path.display().to_string(), why });
        }
        Ok(_) | Err(_) => {}
    }
    let file = match File::open(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(failed)?,
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        let why = format!("it is longer than {limit} bytes");
        return Err(ClientError::Malformed { place: path.display().to_string(), why });
    }
    Ok(Some(bytes))
}

/// Removes a file; one that is not there is fine.
pub(crate) fn remove(path: &Path) -> Result<(), ClientError> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(ClientError::Io { path: path.to_owned(), why }),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Removes the files of a folder whose names are numbers that are not to be kept, and the folder if nothing is left. A
/// folder that is not there is fine.
pub(crate) fn remove_numbers(folder: &Path, keep: &dyn Fn(u64) -> bool) -> Result<(), ClientError> {
    let failed = |why: io::Error| ClientError::Io { path: folder.to_owned(), why };
    let files = match fs::read_dir(folder) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(failed)?,
    };
    let mut left = false;
    for file in files {
        let file = file.map_err(failed)?;
        match file.file_name().to_str().and_then(|name| name.parse().ok()) {
            Some(number) if !keep(number) => fs::remove_file(file.path()).map_err(failed)?,
            _ => left = true,
        }
    }
    if left { Ok(()) } else { fs::remove_dir(folder).map_err(failed) }
}

/// Another name in the same folder, of this process alone.
fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

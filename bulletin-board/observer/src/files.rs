//! Files that are given by name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::failure::Failure;

/// Reads a regular file of at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let failed = |why: io::Error| Failure::File(path.to_owned(), why);
    // A pipe or device would keep the reader waiting for ever.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(Failure::unable("no-file", format!("{} is no file", path.display()), "check the path"));
    }
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > limit {
        let fault = format!("{} is longer than {limit} bytes", path.display());
        return Err(Failure::unable("too-long", fault, "check that it is the right file"));
    }
    Ok(bytes)
}

/// Writes a file that must not exist yet, readable by its owner alone if it is secret.
pub(crate) fn write_new(path: &Path, bytes: &[u8], secret: bool) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if secret { 0o600 } else { 0o644 });
    let written = options.open(path).and_then(|mut file| {
        // A file that is not complete must not stay: the name would be taken for good.
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        written.inspect_err(|_| {
            let _ = fs::remove_file(path);
        })
    });
    written.map_err(|why| Failure::File(path.to_owned(), why))
}

//! The keys of the logs: one Ed25519 seed for each reserved event, in a file that only the board may read (0600).

use std::io;
use std::path::Path;

use rand::RngCore;
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use tlog::note::{KeyName, SigningKey};
use voting_core::entry::OfficialKey;
use voting_core::ids::SigningKeyId;
use zeroize::{Zeroize, Zeroizing};

use super::disk::{Disk, write_atomic};
use super::folder::Folder;
use crate::error::StartError;

/// What the file of a key says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    format: u32,
    seed: String,
    administrator: SigningKeyId,
    request: String,
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

/// A reserved event: its log key, and who reserved it with which request.
pub(crate) struct Reservation {
    seed: Zeroizing<[u8; 32]>,
    /// Who reserved it.
    pub(crate) administrator: SigningKeyId,
    /// SHA-256 of the request in hexadecimal digits: the same request gets the same key.
    pub(crate) request: String,
}

/// The key of a log in its two uses: for checkpoints and for the board's own entries.
#[derive(Debug)]
pub(crate) struct LogKeys {
    /// Signs checkpoints.
    pub(crate) note: SigningKey,
    /// Signs closing entries.
    pub(crate) entries: OfficialKey,
}

impl Reservation {
    /// Draws a key and keeps it in a new file.
    pub(crate) fn make(
        folder: &Folder,
        administrator: SigningKeyId,
        request: String,
    ) -> io::Result<(SigningKeyId, Self)> {
        let mut seed = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(seed.as_mut());
        let public = OfficialKey::from_seed(&seed).public();
        let file = KeyFile { format: 1, seed: hex::encode(*seed), administrator, request: request.clone() };
        let text = Zeroizing::new(serde_json::to_string(&file)?);
        write_atomic(folder.disk(), &folder.key(&public), text.as_bytes())?;
        Ok((public, Self { seed, administrator, request }))
    }

    /// Reads every key of a folder.
    pub(crate) fn read_all(folder: &Folder) -> Result<Vec<(SigningKeyId, Self)>, StartError> {
        let keys = folder.keys();
        let mut found = Vec::new();
        for name in folder.disk().list(&keys).map_err(StartError::io(&keys))? {
            let path = keys.join(name);
            // What a crash left before the rename was never given to anybody.
            if path.extension().is_some_and(|extension| extension == "json") {
                found.push(Self::read(folder.disk(), &path)?);
            }
        }
        found.sort_by_key(|(public, _)| *public);
        Ok(found)
    }

    /// Reads the file of a key.
    pub(crate) fn read(disk: &dyn Disk, path: &Path) -> Result<(SigningKeyId, Self), StartError> {
        let wrong = |fault: &str| StartError::Key { path: path.to_owned(), fault: fault.into() };
        let text = Zeroizing::new(disk.read(path).map_err(StartError::io(path))?);
        let file: KeyFile = serde_json::from_slice(&text).map_err(|_| wrong("it is no key file"))?;
        let mut seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(&file.seed, seed.as_mut()).map_err(|_| wrong("its seed is damaged"))?;
        let public = OfficialKey::from_seed(&seed).public();
        let named = path.file_stem().and_then(|name| name.to_str());
        if file.format != 1 || named != Some(public.to_string().as_str()) {
            return Err(wrong("its name is not that of its key"));
        }
        let (administrator, request) = (file.administrator, file.request.clone());
        Ok((public, Self { seed, administrator, request }))
    }

    /// The keys of the log with this origin.
    pub(crate) fn keys(&self, origin: &str) -> Option<LogKeys> {
        let note = SigningKey::from_seed(KeyName::new(origin).ok()?, &self.seed);
        Some(LogKeys { note, entries: OfficialKey::from_seed(&self.seed) })
    }
}

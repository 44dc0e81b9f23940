//! The trustee's folder: identity, and for each event what must not be lost.
//!
//! | file | what | encrypted |
//! | --- | --- | --- |
//! | `identity.age` | Ed25519 seed of the identity key (A21) | yes |
//! | `identity.pub` | its public half, as the manifest names it | no |
//! | `lock` | held while a command changes the folder | no |
//! | `events/<event id>/event.json` | that this event was accepted, where its log is, the own index | no |
//! | `events/<event id>/memory.age` | secrets of the ceremony, entries to post, checkpoints decrypted | yes |
//! | `events/<event id>/record/` | copy of the log; a new copy must extend it (A19) | no |

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use vault::{Cost, Passphrase};
use voting_core::entry::OfficialKey;
use voting_core::ids::{EventId, SigningKeyId, TrusteeIndex};
use voting_core::manifest::Manifest;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::memory::Memory;

/// First bytes of the secret in `identity.age`, so that no other secret is taken for an identity.
const MAGIC: &[u8] = b"urna/v1/trustee identity\n";

/// `event.json`: an event that the trustee accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventFile {
    /// The event.
    pub event: EventId,
    /// Its words (A22), for people who look into the file.
    pub words: String,
    /// The trustee's index in the manifest.
    pub index: TrusteeIndex,
    /// Where its log was read from first; none for a copy in a folder.
    pub log: Option<String>,
}

/// The folder.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// The folder while this process alone may change it.
#[derive(Debug)]
pub struct Locked {
    _file: File,
}

fn damaged(path: &Path, what: &str) -> Failure {
    let fault = format!("{}: {what}", path.display());
    Failure::unable("damaged-folder", fault, "restore the folder from a copy; do not edit its files")
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Failure> {
    let bytes = serde_json::to_vec_pretty(value).map_err(|error| damaged(path, &error.to_string()))?;
    Ok(vault::write_new(path, &bytes, 0o600)?)
}

impl Folder {
    /// The folder at this place; nothing is read yet.
    #[must_use]
    pub fn at(dir: &Path) -> Self {
        Self(dir.to_owned())
    }

    fn identity(&self) -> PathBuf {
        self.0.join("identity.age")
    }
    fn public(&self) -> PathBuf {
        self.0.join("identity.pub")
    }
    fn event_dir(&self, event: &EventId) -> PathBuf {
        self.0.join("events").join(event.to_string())
    }
    fn event_file(&self, event: &EventId) -> PathBuf {
        self.event_dir(event).join("event.json")
    }
    fn memory_file(&self, event: &EventId) -> PathBuf {
        self.event_dir(event).join("memory.age")
    }
    /// The copy of an event's log.
    #[must_use]
    pub fn record(&self, event: &EventId) -> PathBuf {
        self.event_dir(event).join("record")
    }

    /// Makes the identity key. Refuses a folder that has one.
    ///
    /// # Errors
    /// `output-exists`, `file-system`.
    pub fn init(&self, passphrase: &Passphrase) -> Result<SigningKeyId, Failure> {
        if self.identity().exists() {
            return Err(Failure::exists(&self.identity()));
        }
        private_dir(&self.0)?;
        let key = OfficialKey::random(&mut OsRng);
        let mut secret = Zeroizing::new(Vec::with_capacity(MAGIC.len() + 32));
        secret.extend_from_slice(MAGIC);
        secret.extend_from_slice(key.expose_seed().as_ref());
        // A crash after this line leaves an identity without its public half, which `public_key` restores.
        vault::seal(&self.identity(), &secret, passphrase, Cost::from_environment()?)?;
        vault::write_atomic(&self.public(), format!("{}\n", key.public()).as_bytes())?;
        Ok(key.public())
    }

    /// Refuses a folder without an identity key, before a passphrase is asked for.
    ///
    /// # Errors
    /// `no-identity`.
    pub fn must_have_identity(&self) -> Result<(), Failure> {
        if self.identity().exists() {
            return Ok(());
        }
        let fault = format!("{} holds no identity key", self.0.display());
        Err(Failure::unable("no-identity", fault, "run `trustee init` first, or check --dir"))
    }

    /// The public key.
    ///
    /// # Errors
    /// `no-identity`, `damaged-folder`.
    pub fn public_key(&self) -> Result<SigningKeyId, Failure> {
        self.must_have_identity()?;
        let path = self.public();
        let text = fs::read_to_string(&path).map_err(|error| Failure::io(&path, &error))?;
        text.trim().parse().map_err(|_| damaged(&path, "it is no public key"))
    }

    /// Opens the identity key.
    ///
    /// # Errors
    /// `no-identity`, `wrong-passphrase`, `damaged-folder`.
    pub fn open_identity(&self, passphrase: &Passphrase) -> Result<OfficialKey, Failure> {
        self.must_have_identity()?;
        let secret = vault::open(&self.identity(), passphrase)?;
        let seed = secret.strip_prefix(MAGIC).and_then(|seed| <&[u8; 32]>::try_from(seed).ok());
        let key = OfficialKey::from_seed(seed.ok_or_else(|| damaged(&self.identity(), "it holds no identity key"))?);
        if self.public_key().ok() != Some(key.public()) {
            vault::write_atomic(&self.public(), format!("{}\n", key.public()).as_bytes())?;
        }
        Ok(key)
    }

    /// Locks the folder against a second process, which could deal a second polynomial (S8). Ends with the value.
    ///
    /// # Errors
    /// `folder-busy`, `file-system`.
    pub fn lock(&self) -> Result<Locked, Failure> {
        let path = self.0.join("lock");
        let file = File::create(&path).map_err(|error| Failure::io(&path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Locked { _file: file }),
            Err(TryLockError::WouldBlock) => {
                let fault = format!("another `trustee` process uses {}", self.0.display());
                Err(Failure::unable("folder-busy", fault, "wait until it is done, or end it"))
            }
            Err(TryLockError::Error(error)) => Err(Failure::io(&path, &error)),
        }
    }

    /// The events that were accepted.
    ///
    /// # Errors
    /// `file-system`, `damaged-folder`.
    pub fn events(&self) -> Result<Vec<EventFile>, Failure> {
        let dir = self.0.join("events");
        let Ok(entries) = fs::read_dir(&dir) else { return Ok(Vec::new()) };
        let mut events = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| Failure::io(&dir, &error))?;
            let Some(event) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            events.extend(self.accepted(&event)?);
        }
        events.sort_by_key(|file| file.event);
        Ok(events)
    }

    /// The event, if it was accepted.
    ///
    /// # Errors
    /// `file-system`, `damaged-folder`.
    pub fn accepted(&self, event: &EventId) -> Result<Option<EventFile>, Failure> {
        let path = self.event_file(event);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = fs::read(&path).map_err(|error| Failure::io(&path, &error))?;
        let file: EventFile = serde_json::from_slice(&bytes).map_err(|error| damaged(&path, &error.to_string()))?;
        if file.event == *event { Ok(Some(file)) } else { Err(damaged(&path, "it names another event")) }
    }

    /// Remembers that an event was accepted.
    ///
    /// # Errors
    /// `file-system`.
    pub fn accept(&self, file: &EventFile) -> Result<(), Failure> {
        private_dir(&self.event_dir(&file.event))?;
        write_json(&self.event_file(&file.event), file)
    }

    /// Removes the copy of the log of an event that was not accepted; anything that was ever accepted stays.
    pub fn forget_stranger(&self, event: &EventId) {
        if !self.event_file(event).exists() && !self.memory_file(event).exists() {
            // Public bytes only: what cannot be removed does no harm.
            let _ = fs::remove_dir_all(self.event_dir(event));
        }
    }

    /// The memory of an event: what was stored, or an empty one.
    ///
    /// # Errors
    /// `wrong-passphrase`, `damaged-folder`.
    pub fn open_memory(
        &self,
        file: &EventFile,
        manifest: &Manifest,
        passphrase: &Passphrase,
    ) -> Result<Memory, Failure> {
        let path = self.memory_file(&file.event);
        if !path.exists() {
            return Ok(Memory::new(manifest, file.index));
        }
        let memory = Memory::from_exposed_bytes(&vault::open(&path, passphrase)?);
        let memory = memory.map_err(|error| damaged(&path, &error.to_string()))?;
        let fits = (memory.event, memory.index) == (file.event, file.index);
        if fits { Ok(memory) } else { Err(damaged(&path, "it belongs to another event or trustee")) }
    }

    /// Stores the memory in one step; when this returns it is durable, and only then may anything of it be posted.
    ///
    /// # Errors
    /// `file-system`.
    pub fn store_memory(&self, memory: &Memory, passphrase: &Passphrase, _lock: &Locked) -> Result<(), Failure> {
        let path = self.memory_file(&memory.event);
        Ok(vault::replace(&path, &memory.expose_bytes(), passphrase, Cost::from_environment()?)?)
    }
}

fn private_dir(dir: &Path) -> Result<(), Failure> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|error| Failure::io(dir, &error))
}

//! The store: one record for each log, and a list of every log that was ever cosigned.
//!
//! ```text
//! format                the format, the key that this folder belongs to, its id
//! lock                  held by the running witness
//! logs                  one origin a line: every log that was ever cosigned; lines are only added
//! records/<hash>        the newest cosigned checkpoint of a log; <hash> is the SHA-256 of its origin
//! evidence/<hash>/      checkpoints that contradict cosigned ones, and the requests that brought them
//! ```
//! The list makes a missing record visible: without it, a log whose record was lost would look like one that was never
//! seen, and could be given a second history.

mod evidence;
mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::RngCore;
use rand::rngs::OsRng;
use tlog::Origin;
use tlog::hash::{Hash, sha256};
use tlog::note::VerifierKey;
use tracing::warn;

pub(crate) use evidence::{Kept, keep};
use record::MAX_RECORD;
pub(crate) use record::Record;

use crate::error::StartError;
use crate::files::{make_folder, read_text, write_atomic};
use crate::key::Key;

const FORMAT: &str = "urna witness 1";
const LISTED: &str = "urna witness logs 1";
/// Largest list of cosigned logs that is read, in bytes.
const MAX_LISTED: usize = 64 << 20;

const RESTORE: &str = "bring the data folder back as it was, and not from a backup that may be older; if that can't be done, \
                       retire this key and start with a new one and an empty data folder";

/// The name of a log in the store: the SHA-256 of its origin.
pub(crate) fn name_of(origin: &Origin) -> Hash {
    sha256(origin.as_str().as_bytes())
}

/// The data folder of a witness, locked for this process.
#[derive(Debug)]
pub(crate) struct Store {
    root: PathBuf,
    /// Every log that was ever cosigned, as the file `logs` says.
    listed: Mutex<BTreeSet<Origin>>,
    // The lock is released when the file is closed.
    _lock: File,
}

impl Store {
    /// Opens and locks the data folder, makes it if its parent exists, and reads every record.
    pub(crate) fn open(root: &Path, key: &Key) -> Result<(Self, BTreeMap<Hash, Record>), StartError> {
        make_folder(root).map_err(StartError::io(root))?;
        let path = root.join("lock");
        let options = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let lock = options.map_err(StartError::io(&path))?;
        take(&lock).map_err(|error| match error {
            TryLockError::WouldBlock => StartError::Locked(root.to_owned()),
            TryLockError::Error(error) => StartError::Io { path, error },
        })?;
        check_owner(root, key)?;
        let mut listed = read_listed(root)?;
        let records = read_records(root, &key.verifier(), &listed)?;
        let unlisted: Vec<_> =
            records.values().map(Record::origin).filter(|origin| !listed.contains(*origin)).collect();
        if !unlisted.is_empty() {
            // A crash between record and list: see `Store::save`.
            listed.extend(unlisted.into_iter().cloned());
            let path = root.join("logs");
            write_atomic(&path, list_text(&listed).as_bytes()).map_err(StartError::io(&path))?;
        }
        Ok((Self { root: root.to_owned(), listed: Mutex::new(listed), _lock: lock }, records))
    }

    /// Stores a record in the place of the one before it, durably. The caller holds the lock of its log, and cosigns only
    /// after this has returned; after an error nothing may be cosigned any more, for what the disk holds is unknown.
    pub(crate) fn save(&self, record: &Record) -> io::Result<()> {
        let path = record_path(&self.root, record.origin());
        // A crash before the rename in here leaves the record before this one: the cosignature was never given.
        write_atomic(&path, record.to_string().as_bytes())?;
        // A crash here leaves a record of which no cosignature was given. It is kept, and its log is put on the list at
        // the next start: to know too much is harmless, the log learns the size from an answer 409.
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if !listed.contains(record.origin()) {
            let mut longer = listed.clone();
            longer.insert(record.origin().clone());
            write_atomic(&self.root.join("logs"), list_text(&longer).as_bytes())?;
            *listed = longer;
        }
        // A crash here leaves record and list; the log asks again with the new size and gets its cosignature.
        Ok(())
    }

    /// Where evidence about a log lies.
    pub(crate) fn evidence(&self, origin: &Origin) -> PathBuf {
        self.root.join("evidence").join(name_of(origin).to_string())
    }
}

/// Takes a lock. One that was just let go of may be held a moment longer, by a process that is being started and has not
/// yet closed what it inherited.
fn take(lock: &File) -> Result<(), TryLockError> {
    for _ in 0..20 {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(25)),
            taken => return taken,
        }
    }
    lock.try_lock()
}

/// The record of a log in a data folder that a witness may be using; only for looking at.
pub(crate) fn peek(root: &Path, origin: &Origin, own: &VerifierKey) -> Result<Option<Record>, StartError> {
    let path = record_path(root, origin);
    let damaged = |fault: String| StartError::Record { path: path.clone(), origin: origin.to_string(), fault };
    match read_text(&path, MAX_RECORD) {
        Ok(text) => Record::parse(&text, own).map(Some).map_err(damaged),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(damaged(error.to_string())),
        Err(error) => Err(StartError::Io { path: path.clone(), error }),
    }
}

fn record_path(root: &Path, origin: &Origin) -> PathBuf {
    root.join("records").join(name_of(origin).to_string())
}

/// Checks that the folder belongs to the key, and the key to the folder; makes a new folder if both are new.
fn check_owner(root: &Path, key: &Key) -> Result<(), StartError> {
    let path = root.join("format");
    let used = key.used_with()?;
    let id = match read_text(&path, 4096) {
        Ok(text) => {
            let (owner, id) = parse_format(&text).ok_or_else(|| StartError::Folder {
                path: path.clone(),
                fault: format!("it does not say \"{FORMAT}\", key and id"),
                remedy: "use the version that wrote this folder, or give another data folder",
            })?;
            let given = key.verifier().to_string();
            if owner != given {
                return Err(StartError::OtherKey { path: root.to_owned(), belongs: owner.to_owned(), given });
            }
            id.to_owned()
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if used.is_some() {
                return Err(StartError::KeyUsed { mark: key.mark(), data: root.to_owned() });
            }
            if root.join("logs").exists() || root.join("records").exists() {
                // Made before the format, see below; so this folder may have been in use.
                let names =
                    |folder: &str| fs::read_dir(root.join(folder)).is_ok_and(|mut items| items.next().is_some());
                let empty = list_text(&BTreeSet::new());
                let cosigned = read_text(&root.join("logs"), MAX_LISTED).is_ok_and(|text| text != empty);
                if cosigned || names("records") {
                    let fault = "the file is missing from a data folder that was in use".into();
                    return Err(StartError::Folder { path, fault, remedy: RESTORE });
                }
            }
            make(root, key).map_err(StartError::io(root))?
        }
        Err(error) => return Err(StartError::Io { path, error }),
    };
    match used {
        Some(used) if used == id => {}
        Some(_) => return Err(StartError::KeyUsed { mark: key.mark(), data: root.to_owned() }),
        None => {
            // Where keys lie on a file system that can't be written, the operator alone can keep key and data together.
            if let Err(error) = key.mark_used(&id) {
                let mark = key.mark().display().to_string();
                warn!(mark, %error, "the key could not be marked as used: never start it with another data folder");
            }
        }
    }
    Ok(())
}

/// Makes a data folder; the format comes last, so that a crash in between leaves a folder that is made again.
fn make(root: &Path, key: &Key) -> io::Result<String> {
    make_folder(&root.join("records"))?;
    make_folder(&root.join("evidence"))?;
    write_atomic(&root.join("logs"), list_text(&BTreeSet::new()).as_bytes())?;
    let mut id = [0; 16];
    OsRng.fill_bytes(&mut id);
    let id = hex::encode(id);
    let text = format!("{FORMAT}\nkey {}\nid {id}\n", key.verifier());
    write_atomic(&root.join("format"), text.as_bytes())?;
    Ok(id)
}

fn parse_format(text: &str) -> Option<(&str, &str)> {
    let lines: Vec<&str> = text.strip_suffix('\n')?.split('\n').collect();
    let [FORMAT, key, id] = lines.as_slice() else { return None };
    Some((key.strip_prefix("key ")?, id.strip_prefix("id ")?))
}

fn list_text(listed: &BTreeSet<Origin>) -> String {
    let mut text = format!("{LISTED}\n");
    for origin in listed {
        text.push_str(origin.as_str());
        text.push('\n');
    }
    text
}

fn read_listed(root: &Path) -> Result<BTreeSet<Origin>, StartError> {
    let path = root.join("logs");
    let damaged = |fault: String| StartError::Folder { path: path.clone(), fault, remedy: RESTORE };
    let text = match read_text(&path, MAX_LISTED) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => {
            return Err(damaged(format!("the list of cosigned logs cannot be read: {error}")));
        }
        Err(error) => return Err(StartError::Io { path, error }),
    };
    let mut listed = BTreeSet::new();
    for line in text.strip_prefix(LISTED).unwrap_or_default().lines().skip(1) {
        listed.insert(Origin::new(line).map_err(|error| damaged(format!("\"{line}\": {error}")))?);
    }
    if list_text(&listed) == text { Ok(listed) } else { Err(damaged("the list of cosigned logs is damaged".into())) }
}

fn read_records(
    root: &Path,
    own: &VerifierKey,
    listed: &BTreeSet<Origin>,
) -> Result<BTreeMap<Hash, Record>, StartError> {
    let mut records = BTreeMap::new();
    for origin in listed {
        let path = record_path(root, origin);
        let damaged = |fault: String| StartError::Record { path: path.clone(), origin: origin.to_string(), fault };
        let record = peek(root, origin, own)?.ok_or_else(|| damaged("the file is missing".into()))?;
        if record.origin() != origin {
            return Err(damaged(format!("it is the record of another log, {}", record.origin())));
        }
        records.insert(name_of(origin), record);
    }
    // Records that a crash kept off the list.
    let folder = root.join("records");
    for item in fs::read_dir(&folder).map_err(StartError::io(&folder))? {
        let path = item.map_err(StartError::io(&folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<Hash>().ok());
        let Some(name) = name.filter(|name| !records.contains_key(name)) else { continue };
        let damaged =
            |fault: String| StartError::Record { path: path.clone(), origin: format!("with the hash {name}"), fault };
        let text = read_text(&path, MAX_RECORD).map_err(|error| damaged(error.to_string()))?;
        let record = Record::parse(&text, own).map_err(damaged)?;
        if name_of(record.origin()) != name {
            return Err(damaged(format!("it is the record of another log, {}", record.origin())));
        }
        records.insert(name, record);
    }
    Ok(records)
}

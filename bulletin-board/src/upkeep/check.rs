//! `board check`: reads everything and changes nothing.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use tlog::hash::Hash;
use voting_core::ids::EventId;

use super::UpkeepError;
use crate::error::StartError;
use crate::recovery::Replay;
use crate::store::{Disk, Journal, JournalError, RealDisk, Reservation, Scanned, check_format, events};

/// A journal that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Entries; 0 if a crash came while the event was being founded, which the next start clears away.
    pub entries: u64,
    /// Root over them.
    pub root: Option<Hash>,
    /// Signed heads.
    pub heads: u64,
    /// Size of the newest signed head.
    pub head: u64,
    /// Bytes of the journal.
    pub bytes: u64,
    /// Bytes of a torn last record, which the next start cuts.
    pub torn: u64,
}

/// An event, and what its journal is found to be.
pub type EventCheck = (EventId, Result<Checked, UpkeepError>);

/// Reads every journal of a data folder and lets every entry go through the rules again; compares every head with the tree
/// and the log's key.
///
/// # Errors
/// [`UpkeepError`] if there is no data folder, or a board runs on it. What is wrong with one event stands in its place.
pub fn check(data: &Path) -> Result<Vec<EventCheck>, UpkeepError> {
    check_format(&RealDisk, data)?.ok_or_else(|| UpkeepError::NoData(data.to_owned()))?;
    // A backup has no such file, and a folder may be read-only.
    let path = data.join("lock");
    let _lock = match File::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(UpkeepError::io(&path)(error)),
        Ok(file) => match file.try_lock() {
            Ok(()) => Some(file),
            Err(TryLockError::WouldBlock) => return Err(StartError::Locked(data.to_owned()).into()),
            Err(TryLockError::Error(error)) => return Err(UpkeepError::io(&path)(error)),
        },
    };
    let events = events(&RealDisk, data)?;
    Ok(events.into_iter().map(|event| (event, check_event(data, &event).map(|(checked, _)| checked))).collect())
}

/// Checks one event of a data folder, and returns what was read.
pub(super) fn check_event(data: &Path, event: &EventId) -> Result<(Checked, Replay), UpkeepError> {
    let (path, mut replay) = (journal(data, event), Replay::default());
    let nothing = Checked { entries: 0, root: None, heads: 0, head: 0, bytes: 0, torn: 0 };
    let scanned = match Journal::read_on(&RealDisk, &path, event, |record| replay.take(record)) {
        // A crash tore it while its first bytes were written.
        Err(JournalError::Foreign { .. }) if std::fs::metadata(&path).is_ok_and(|f| f.len() < Journal::START) => {
            return Ok((nothing, replay));
        }
        other => other?,
    };
    let Scanned { end, torn, .. } = scanned;
    let contradiction = |what| JournalError::Contradiction { path: path.clone(), offset: 0, what };
    replay.check_signed(event).map_err(contradiction)?;
    let Some(state) = &replay.state else { return Ok((Checked { bytes: end, torn, ..nothing }, replay)) };
    check_key(data, state.manifest())?;
    let head = replay.heads.keys().next_back().copied().unwrap_or(0);
    let (entries, root) = (state.size(), Some(state.root()));
    Ok((Checked { entries, root, heads: replay.heads.len() as u64, head, bytes: end, torn }, replay))
}

/// The file of the log's key must be there.
fn check_key(data: &Path, manifest: &voting_core::manifest::Manifest) -> Result<(), UpkeepError> {
    let path = data.join("keys").join(format!("{}.json", manifest.log_key));
    if !RealDisk.exists(&path) {
        return Err(StartError::Key { path, fault: "it is missing".into() }.into());
    }
    Reservation::read(&RealDisk, &path)?;
    Ok(())
}

/// The journal of an event in a data folder.
pub(super) fn journal(data: &Path, event: &EventId) -> std::path::PathBuf {
    data.join("events").join(event.to_string()).join("journal")
}

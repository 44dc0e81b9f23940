//! `board repair`: completes a journal that has lost its end from a mirror of the log.

use std::path::{Path, PathBuf};

use tlog::hash::leaf_hash;
use tlog::tree::MemoryTree;
use voting_core::ids::EventId;

use super::UpkeepError;
use super::backup::copy;
use super::check::check_event;
use super::mirror::Mirror;
use crate::recovery::Replay;
use crate::store::{Folder, Journal, JournalError, RealDisk, Record, check_format, sync_parent};

/// Most bytes of entries in one record.
const RECORD_BYTES: usize = 16 << 20;

/// What a repair did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// Entries that the journal had.
    pub before: u64,
    /// Entries that the mirror has. The journal has them all now.
    pub mirror: u64,
    /// Where the journal is kept as it was, if there was one and it was changed.
    pub kept: Option<PathBuf>,
}

/// Completes the journal of an event from a mirror, up to the mirror's signed head. A journal that is missing is made; one
/// that has everything stays as it is. The new journal is written beside the old one and takes its place in one step.
///
/// # Errors
/// [`UpkeepError`]; the journal is then as before.
pub fn repair(data: &Path, event: &EventId, from: &Path) -> Result<Repaired, UpkeepError> {
    check_format(&RealDisk, data)?.ok_or_else(|| UpkeepError::NoData(data.to_owned()))?;
    let folder = Folder::open(data)?;
    let mirror = Mirror::read(from, event)?;
    let path = folder.journal(event);
    let mut replay = if path.exists() { check_event(data, event)?.1 } else { Replay::default() };
    let before = replay.entries.len() as u64;
    compare(event, &replay, &mirror)?;
    if before >= mirror.head.size {
        return Ok(Repaired { before, mirror: mirror.head.size, kept: None });
    }
    let part = path.with_extension("repair");
    match std::fs::remove_file(&part) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(UpkeepError::io(&part)(error)),
        Ok(()) | Err(_) => {}
    }
    let kept = if before > 0 { Some(keep(&path)?) } else { None };
    let mut journal = match &kept {
        Some(old) => {
            copy(old, &part, u64::MAX)?;
            Journal::open(&part, event, |_| Ok(()))?.0
        }
        None => {
            folder.make_event(event).map_err(UpkeepError::io(&path))?;
            Journal::create(&part, event)?
        }
    };
    let new = mirror.entries.get(replay.entries.len()..).unwrap_or_default();
    complete(&mut journal, &mut replay, new, from)?;
    let (size, root) = (mirror.head.size, mirror.head.root);
    take(&mut journal, &mut replay, Record::Head { size, root, note: mirror.note }, from)?;
    drop(journal);
    // Read again as a start does, before it counts.
    let mut again = Replay::default();
    Journal::read_on(&RealDisk, &part, event, |record| again.take(record))?;
    again.check_signed(event).map_err(|what| JournalError::Contradiction { path: part.clone(), offset: 0, what })?;
    // Crash before: the old journal. After: the new one, whole and synced.
    std::fs::rename(&part, &path).map_err(UpkeepError::io(&path))?;
    sync_parent(&RealDisk, &path).map_err(UpkeepError::io(&path))?;
    Ok(Repaired { before, mirror: size, kept })
}

/// Refuses unless one of the two is the beginning of the other (A19).
fn compare(event: &EventId, replay: &Replay, mirror: &Mirror) -> Result<(), UpkeepError> {
    let pairs = replay.entries.iter().zip(&mirror.entries);
    match pairs.enumerate().find(|(_, (own, other))| own.bytes != **other) {
        None => Ok(()),
        Some((position, _)) => {
            let (own, other) = (replay.entries.len(), mirror.head.size);
            let what = format!("entry {position} differs; the journal has {own} entries, the mirror {other}");
            Err(UpkeepError::Contradiction { event: *event, what })
        }
    }
}

/// Copies a journal to a name that is free.
fn keep(path: &Path) -> Result<PathBuf, UpkeepError> {
    let names = (1_u32..).map(|number| path.with_extension(format!("before-repair-{number}")));
    let kept = names.into_iter().find(|name| !name.exists()).unwrap_or_else(|| path.with_extension("before-repair"));
    copy(path, &kept, u64::MAX)?;
    sync_parent(&RealDisk, &kept).map_err(UpkeepError::io(&kept))?;
    Ok(kept)
}

/// Appends entries in records of bounded size.
fn complete(journal: &mut Journal, replay: &mut Replay, new: &[Vec<u8>], from: &Path) -> Result<(), UpkeepError> {
    let mut tree = MemoryTree::new();
    replay.entries.iter().for_each(|entry| tree.append_leaf_hash(entry.leaf));
    let mut rest = new;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = |entry: &&Vec<u8>| {
            bytes += entry.len();
            bytes <= RECORD_BYTES
        };
        let (part, behind) = rest.split_at(rest.iter().take_while(fits).count().max(1));
        let first = tree.size();
        part.iter().for_each(|entry| tree.append_leaf_hash(leaf_hash(entry)));
        let record = Record::Batch { first, size: tree.size(), root: tree.root(), entries: part.to_vec() };
        take(journal, replay, record, from)?;
        rest = behind;
    }
    Ok(())
}

/// Lets the rules judge a record, then appends it.
fn take(journal: &mut Journal, replay: &mut Replay, record: Record, from: &Path) -> Result<(), UpkeepError> {
    let wrong = |what| UpkeepError::Mirror { path: from.to_owned(), what };
    replay.take(record.clone()).map_err(wrong)?;
    Ok(journal.append(&record)?)
}

//! The journal of one event: an append-only file, synced before anything is signed. It alone is the truth.
//!
//! The file begins with the line `urna journal 1`, then the 32 bytes of the event's id. Records follow:
//! `"\xf5rec"`, kind (1 byte), length of the contents (u32), the contents, and the SHA-256 of the record before it (for the
//! first one, of the file's beginning) and all of this. Integers are little-endian. Records are of three kinds:
//!
//! - `B`, a batch: position of its first entry (u64), size (u64) and root (32 bytes) of the tree with it, number of entries
//!   (u32), and each entry behind its length (u32);
//! - `H`, a head: size (u64), root (32 bytes), the signed note;
//! - `C`, a cosigned head: size (u64), the same note with the cosignatures of witnesses. It is not synced: if it is lost, the
//!   witnesses are asked again.
//!
//! The beginning appears whole; a record may be torn by a crash, but only while nothing was answered that rests on it.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;
use tlog::hash::{Hash, sha256};
use voting_core::ids::EventId;

use super::disk::{Disk, DiskFile, FromStart, RealDisk, remedy, write_all_at, write_atomic};

#[cfg(test)]
mod tests;

const MAGIC: &[u8] = b"urna journal 1\n";
const MARK: [u8; 4] = *b"\xf5rec";
/// Mark, kind and length.
const HEADER: usize = 9;
const SUM: usize = 32;
/// Longest contents of a record: far more than a batch of the configured size takes.
const MAX_CONTENTS: usize = 256 << 20;

/// Why a journal cannot be used.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The system refused to read or write.
    #[error("{}: {error}: {}", .path.display(), remedy(.error))]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
    /// No journal, or one of another event or version.
    #[error("{}: it is not the journal of this event in a known format: restore it from your copy", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A record is damaged and is not merely the end that a crash tore off.
    #[error("{}: damaged at byte {offset} ({what}), and signed entries follow: restore it from your copy", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the record begins, in bytes from the start.
        offset: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The records contradict the rules or each other.
    #[error("{}: the record at byte {offset} contradicts the log: {what}: restore the journal from your copy", .path.display())]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// Where the record begins, in bytes from the start.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// The index knows entries that the journal has lost.
    #[error(
        "{}: it has {journal} entries, the index knows {index}: entries that were answered are missing, an older copy may \
         have been restored; put the newest copy of the journal back", .path.display()
    )]
    Behind {
        /// The file.
        path: PathBuf,
        /// Entries in the journal.
        journal: u64,
        /// Entries in the index.
        index: u64,
    },
}

/// A record of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Entries that were taken together.
    Batch {
        /// Position of the first of them.
        first: u64,
        /// Size of the tree with them.
        size: u64,
        /// Root of the tree with them.
        root: Hash,
        /// The entries.
        entries: Vec<Vec<u8>>,
    },
    /// A signed head.
    Head {
        /// Size of the tree.
        size: u64,
        /// Its root.
        root: Hash,
        /// The signed checkpoint.
        note: String,
    },
    /// A head of before, with cosignatures.
    Cosigned {
        /// Size of the tree.
        size: u64,
        /// The signed and cosigned checkpoint.
        note: String,
    },
}

const BATCH: u8 = b'B';
const HEAD: u8 = b'H';
const COSIGNED: u8 = b'C';

/// Takes bytes off the front.
struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }
    fn u32(&mut self) -> Option<u32> {
        self.bytes(4)?.try_into().ok().map(u32::from_le_bytes)
    }
    fn u64(&mut self) -> Option<u64> {
        self.bytes(8)?.try_into().ok().map(u64::from_le_bytes)
    }
    fn hash(&mut self) -> Option<Hash> {
        Hash::from_slice(self.bytes(32)?).ok()
    }
}

impl Record {
    /// Whether it is synced before anything is written behind it.
    fn is_synced(&self) -> bool {
        match self {
            Self::Batch { .. } | Self::Head { .. } => true,
            Self::Cosigned { .. } => false,
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Batch { .. } => BATCH,
            Self::Head { .. } => HEAD,
            Self::Cosigned { .. } => COSIGNED,
        }
    }

    fn contents(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Batch { first, size, root, entries } => {
                out.extend_from_slice(&first.to_le_bytes());
                out.extend_from_slice(&size.to_le_bytes());
                out.extend_from_slice(&root.0);
                out.extend_from_slice(&(entries.len() as u32).to_le_bytes());
                for entry in entries {
                    out.extend_from_slice(&(entry.len() as u32).to_le_bytes());
                    out.extend_from_slice(entry);
                }
            }
            Self::Head { size, root, note } => {
                out.extend_from_slice(&size.to_le_bytes());
                out.extend_from_slice(&root.0);
                out.extend_from_slice(note.as_bytes());
            }
            Self::Cosigned { size, note } => {
                out.extend_from_slice(&size.to_le_bytes());
                out.extend_from_slice(note.as_bytes());
            }
        }
        out
    }

    fn read(kind: u8, contents: &[u8]) -> Option<Self> {
        let mut parts = Parts(contents);
        match kind {
            BATCH => {
                let (first, size, root, count) = (parts.u64()?, parts.u64()?, parts.hash()?, parts.u32()?);
                let mut entries = Vec::new();
                for _ in 0..count {
                    let length = usize::try_from(parts.u32()?).ok()?;
                    entries.push(parts.bytes(length)?.to_vec());
                }
                parts.0.is_empty().then_some(Self::Batch { first, size, root, entries })
            }
            HEAD => {
                let (size, root) = (parts.u64()?, parts.hash()?);
                Some(Self::Head { size, root, note: String::from_utf8(parts.0.to_vec()).ok()? })
            }
            COSIGNED => Some(Self::Cosigned { size: parts.u64()?, note: String::from_utf8(parts.0.to_vec()).ok()? }),
            _ => None,
        }
    }

    /// The record as it stands in the file behind a record with the sum `previous`, and its own sum.
    fn to_bytes(&self, previous: &Hash) -> Option<(Vec<u8>, Hash)> {
        let contents = self.contents();
        let length = u32::try_from(contents.len()).ok().filter(|_| contents.len() <= MAX_CONTENTS)?;
        let mut bytes = Vec::with_capacity(HEADER + contents.len() + SUM);
        bytes.extend_from_slice(&MARK);
        bytes.push(self.kind());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&contents);
        let sum = sum(previous, &bytes);
        bytes.extend_from_slice(&sum.0);
        Some((bytes, sum))
    }
}

fn sum(previous: &Hash, record: &[u8]) -> Hash {
    sha256(&[previous.0.as_slice(), record].concat())
}

/// Kind and length of the contents, from the header of a record.
fn read_header(header: &[u8]) -> Option<(u8, usize)> {
    let mut parts = Parts(header);
    if parts.bytes(4)? != MARK {
        return None;
    }
    let kind = *parts.bytes(1)?.first()?;
    let length = usize::try_from(parts.u32()?).ok()?;
    (matches!(kind, BATCH | HEAD | COSIGNED) && length <= MAX_CONTENTS).then_some((kind, length))
}

/// The journal of one event, opened at its end.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    last: Hash,
    length: u64,
}

/// How much of a journal holds whole records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// Where the last whole record ends, in bytes from the start.
    pub end: u64,
    /// Bytes of a torn record behind it, which the next start cuts.
    pub torn: u64,
    /// Where the last head record ends; 0 if there is none. Everything up to there is signed, and durable.
    pub signed: u64,
    /// Where the bytes begin whose fate is unknown if the last sync failed, see [`Journal::open`].
    certain: u64,
    /// The sum of the last whole record.
    last: Hash,
}

impl Journal {
    /// Bytes before the first record.
    pub const START: u64 = MAGIC.len() as u64 + 32;

    /// Makes the journal of a new event. Its folder must exist.
    ///
    /// # Errors
    /// [`JournalError::Io`], also if the file exists.
    pub fn create(path: &Path, event: &EventId) -> Result<Self, JournalError> {
        Self::create_on(&RealDisk, path, event)
    }

    /// As [`Journal::create`], on any disk.
    ///
    /// # Errors
    /// As [`Journal::create`].
    pub fn create_on(disk: &dyn Disk, path: &Path, event: &EventId) -> Result<Self, JournalError> {
        let failed = |error| JournalError::Io { path: path.to_owned(), error };
        if disk.exists(path) {
            return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
        }
        // Its beginning is never torn: what is torn there could be anything, and a start would refuse it.
        let start = [MAGIC, event.as_bytes()].concat();
        write_atomic(disk, path, &start).map_err(failed)?;
        // Crash here: a beginning without records; the next start removes it.
        let file = disk.open(path).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file, last: sha256(&start), length: start.len() as u64 })
    }

    /// Opens the journal of an event, gives every record to `take`, and cuts off what a crash tore: a bad record that no head
    /// record follows. Returns how many bytes were cut.
    ///
    /// Then it writes the end of the file again, byte for byte, and syncs it. When a sync fails the process ends, but the
    /// system may go on to show bytes that it has given up writing; the next process would build on them, and lose them in
    /// the next power cut.
    ///
    /// # Errors
    /// [`JournalError`]; an error of `take` is a [`JournalError::Contradiction`] at the record's offset.
    pub fn open(
        path: &Path,
        event: &EventId,
        take: impl FnMut(Record) -> Result<(), String>,
    ) -> Result<(Self, u64), JournalError> {
        Self::open_on(&RealDisk, path, event, take)
    }

    /// As [`Journal::open`], on any disk.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_on(
        disk: &dyn Disk,
        path: &Path,
        event: &EventId,
        mut take: impl FnMut(Record) -> Result<(), String>,
    ) -> Result<(Self, u64), JournalError> {
        let failed = |error| JournalError::Io { path: path.to_owned(), error };
        let mut file = disk.open(path).map_err(failed)?;
        let Scanned { end, torn, signed: _, certain, last } = scan(file.as_ref(), path, event, &mut take)?;
        if torn > 0 {
            // Crash here or below: the same bytes are cut at the next start.
            file.set_length(end).map_err(failed)?;
        }
        let mut uncertain = Vec::new();
        FromStart::at(file.as_ref(), certain).take(end - certain).read_to_end(&mut uncertain).map_err(failed)?;
        write_all_at(file.as_mut(), certain, &uncertain).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        Ok((Self { path: path.to_owned(), file, last, length: end }, torn))
    }

    /// Reads the journal of an event and changes nothing, even while a board writes it.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn read_on(
        disk: &dyn Disk,
        path: &Path,
        event: &EventId,
        mut take: impl FnMut(Record) -> Result<(), String>,
    ) -> Result<Scanned, JournalError> {
        let file = disk.open_to_read(path).map_err(|error| JournalError::Io { path: path.to_owned(), error })?;
        scan(file.as_ref(), path, event, &mut take)
    }

    /// Appends a record and syncs it, but for a cosigned head. After an error the file must not be written again: the caller ends.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn append(&mut self, record: &Record) -> Result<(), JournalError> {
        let failed = |error| JournalError::Io { path: self.path.clone(), error };
        let too_long = || failed(std::io::Error::other("a record is too long"));
        let (bytes, sum) = record.to_bytes(&self.last).ok_or_else(too_long)?;
        write_all_at(self.file.as_mut(), self.length, &bytes).map_err(failed)?;
        // Crash here: the record is torn in any way, or whole. Nothing was signed or shown that rests on it.
        // A cosigned head can be had again; it is synced with the next record.
        if record.is_synced() {
            self.file.sync_data().map_err(failed)?;
        }
        self.last = sum;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its length in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }
}

/// Reads records from the start up to where the file ends now.
fn scan(
    file: &dyn DiskFile,
    path: &Path,
    event: &EventId,
    take: &mut dyn FnMut(Record) -> Result<(), String>,
) -> Result<Scanned, JournalError> {
    let failed = |error| JournalError::Io { path: path.to_owned(), error };
    let end = file.length().map_err(failed)?;
    let start = [MAGIC, event.as_bytes()].concat();
    let mut reader = BufReader::with_capacity(1 << 20, FromStart::new(file));
    let mut found = vec![0; start.len()];
    if end < start.len() as u64 {
        return Err(JournalError::Foreign { path: path.to_owned() });
    }
    reader.read_exact(&mut found).map_err(failed)?;
    if found != start {
        return Err(JournalError::Foreign { path: path.to_owned() });
    }
    let (mut offset, mut last) = (start.len() as u64, sha256(&start));
    // Ends of the last two records that were synced before anything was written behind them.
    let (mut certain, mut synced, mut signed) = (0, 0, 0);
    while offset < end {
        match read_record(&mut reader, end - offset, &last).map_err(failed)? {
            Ok((record, sum, bytes)) => {
                let (is_synced, is_head) = (record.is_synced(), matches!(record, Record::Head { .. }));
                take(record).map_err(|what| JournalError::Contradiction { path: path.to_owned(), offset, what })?;
                last = sum;
                offset += bytes;
                if is_synced {
                    (certain, synced) = (synced, offset);
                }
                if is_head {
                    signed = offset;
                }
            }
            Err(fault) => {
                check_torn(file, path, offset, end, fault)?;
                break;
            }
        }
    }
    Ok(Scanned { end: offset, torn: end - offset, signed, certain, last })
}

/// A record that cannot be read.
#[derive(Clone, Copy, Debug)]
struct BadRecord {
    what: &'static str,
    /// If it is as long as it says: its length, and the sum that it should have.
    whole: Option<(usize, Hash)>,
}

impl BadRecord {
    const fn short(what: &'static str) -> Self {
        Self { what, whole: None }
    }
}

type ReadRecord = Result<(Record, Hash, u64), BadRecord>;

/// Reads the next record of `remaining` bytes. The outer error is the system's.
fn read_record(reader: &mut impl Read, remaining: u64, previous: &Hash) -> std::io::Result<ReadRecord> {
    let mut bytes = vec![0; HEADER];
    if remaining < HEADER as u64 {
        return Ok(Err(BadRecord::short("a record is cut off")));
    }
    reader.read_exact(&mut bytes)?;
    let Some((kind, length)) = read_header(&bytes) else { return Ok(Err(BadRecord::short("no record begins here"))) };
    let total = (HEADER + length + SUM) as u64;
    if remaining < total {
        return Ok(Err(BadRecord::short("a record is cut off")));
    }
    bytes.resize(HEADER + length, 0);
    reader.read_exact(bytes.get_mut(HEADER..).unwrap_or_default())?;
    let mut stated = [0; SUM];
    reader.read_exact(&mut stated)?;
    let computed = sum(previous, &bytes);
    let bad = |what| BadRecord { what, whole: Some((HEADER + length + SUM, computed)) };
    if computed.0 != stated {
        return Ok(Err(bad("its checksum is wrong")));
    }
    let record = bytes.get(HEADER..).and_then(|contents| Record::read(kind, contents));
    Ok(record.map(|record| (record, computed, total)).ok_or_else(|| bad("its contents are malformed")))
}

/// Refuses if a head record stands anywhere behind the bad record at `offset`: then what is damaged was signed. Without one,
/// nothing from there on was ever answered or shown, but perhaps a head that is made again, the same, from its batch.
fn check_torn(file: &dyn DiskFile, path: &Path, offset: u64, end: u64, bad: BadRecord) -> Result<(), JournalError> {
    // A damaged length hides what follows. Each sum stands right before the next record, so whole records are found again
    // from any place.
    let failed = |error| JournalError::Io { path: path.to_owned(), error };
    let mut rest = Vec::new();
    FromStart::at(file, offset).take(end - offset).read_to_end(&mut rest).map_err(failed)?;
    if whole_head_within(&rest, bad.whole) {
        return Err(JournalError::Damaged { path: path.to_owned(), offset, what: bad.what.into() });
    }
    Ok(())
}

/// Whether a whole head record with a right sum stands somewhere behind the bad record that `bytes` begin with. `next` is
/// where the next record should begin, and the sum that should stand before it, which may be what is damaged.
fn whole_head_within(bytes: &[u8], next: Option<(usize, Hash)>) -> bool {
    let starts = bytes.windows(MARK.len()).enumerate().skip(SUM).filter(|(_, window)| *window == MARK);
    let whole = |at: usize| {
        let (_, length) = read_header(bytes.get(at..at + HEADER)?).filter(|(kind, _)| *kind == HEAD)?;
        let record = bytes.get(at..at + HEADER + length)?;
        let stated = bytes.get(at + HEADER + length..at + HEADER + length + SUM)?;
        let before = Hash::from_slice(bytes.get(at.checked_sub(SUM)?..at)?).ok();
        let expected = next.filter(|(place, _)| *place == at).map(|(_, sum)| sum);
        let fits = |previous: Hash| sum(&previous, record).as_ref() == stated;
        (before.is_some_and(fits) || expected.is_some_and(fits)).then_some(())
    };
    starts.into_iter().any(|(at, _)| whole(at).is_some())
}

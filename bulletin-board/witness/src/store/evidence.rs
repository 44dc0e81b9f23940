//! Evidence about a log that contradicts itself (A19), kept on disk for whoever wants to judge.
//!
//! A contradiction that convicts by itself can be made by nobody but the log. A complaint - a proof that fails and shows
//! nothing else - can be made by anybody who spoils a proof. So each kind has a budget of its own: whoever sends spoiled
//! proofs can't use up the room of the convicting ones.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tlog::evidence::{SplitView, Verdict};
use tlog::hash::sha256;
use tlog::witness::AddCheckpoint;

use super::Record;
use crate::files::{make_folder, write_atomic};

/// Most pieces that are kept for one log and kind.
pub(crate) const MOST: usize = 16;

/// What became of a piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is new, and lies here.
    New(PathBuf, Verdict),
    /// The same contradiction was kept before.
    Known,
    /// There is room for no more of its kind.
    Full(Verdict),
}

/// Keeps what a request shows against the record of its log. The signature of the log under the request was verified.
pub(crate) fn keep(folder: &Path, record: &Record, request: &AddCheckpoint) -> io::Result<Kept> {
    let invalid = |error: tlog::EvidenceError| io::Error::new(io::ErrorKind::InvalidData, error.to_string());
    let evidence = SplitView::from_proof(record.note.clone(), request.note.clone(), request.proof.clone());
    let evidence = evidence.map_err(invalid)?;
    let verdict = evidence.judge(record.origin(), &record.key).map_err(invalid)?;
    let kind = match verdict {
        Verdict::SplitView => "split-view",
        Verdict::ProofFails => "complaint",
        // The proof had hashes too many, but the trees agree.
        Verdict::Consistent => return Ok(Kept::Known),
    };
    // One for each pair of checkpoints: another spoiled proof for the same pair says nothing new.
    let pair = [record.note.text(), request.note.text()].concat();
    let name = format!("{kind}-{}", sha256(pair.as_bytes()));
    let path = folder.join(format!("{name}.evidence"));
    if path.exists() {
        return Ok(Kept::Known);
    }
    make_folder(folder)?;
    let mut count = 0;
    for item in fs::read_dir(folder)? {
        let name = item?.file_name();
        let name = name.to_string_lossy();
        count += usize::from(name.starts_with(kind) && name.ends_with(".evidence"));
    }
    if count >= MOST {
        return Ok(Kept::Full(verdict));
    }
    // The request first: where the evidence lies, everything lies.
    write_atomic(&folder.join(format!("{name}.request")), &request.to_bytes())?;
    write_atomic(&path, &evidence.to_bytes())?;
    Ok(Kept::New(path, verdict))
}

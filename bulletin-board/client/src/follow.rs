//! Following a log for days: each look fetches what is new, checks it against what was seen before, and folds it.
//!
//! # Order of a look
//! 1. The newest checkpoint: signature and origin.
//! 2. Its tree must extend the newest one that was seen, by tiles (A19). A contradiction becomes a file of evidence,
//!    whoever cosigned.
//! 3. Enough witnesses must have cosigned.
//! 4. The checkpoint is written as `checkpoint.seen`: from now on nothing that contradicts it is accepted, even if the
//!    rest of the look is interrupted.
//! 5. New tiles, new bundles, each checked before it is written; new entries go to the fold.
//! 6. The checkpoint becomes `checkpoint`: the folder is a complete copy of that size, as [`crate::mirror`] makes it.

use core::cmp::Ordering;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tlog::checkpoint::Checkpoint;
use tlog::client::Entry;
use tlog::layout::{CHECKPOINT_PATH, Resource};
use tlog::note::MAX_NOTE;
use tlog::policy::Cosigner;
use tlog::tile::TileStore;
use tlog::tree::root_at;
use voting_core::ids::{EntryIndex, EventId};
use voting_core::manifest::Manifest;
use voting_core::record::state::Recall;
use voting_core::record::{Refusal, State};

use crate::error::ClientError;
use crate::fold::{Ballots, Folding};
use crate::log::{self, Head, Sink};
use crate::record::Record;
use crate::source::{Fetch, LABELS_FILE, Source};
use crate::{Progress, disk, mirror, split};

/// Name of the newest checkpoint that was checked but whose entries may not all be in the folder.
const SEEN: &str = "checkpoint.seen";
/// Name of the file that only one process at a time may lock.
const LOCK: &str = ".lock";

/// Somebody who follows a log into a folder.
pub struct Follower {
    event: EventId,
    fetch: Fetch,
    own: Fetch,
    dir: PathBuf,
    manifest: Option<Manifest>,
    /// The tree that the folder is a complete copy of.
    kept: Option<Head>,
    /// The newest tree that was checked; the folder may lack a part of it.
    seen: Option<Head>,
    folding: Folding<Kept>,
    /// The first entry that the rules refuse. What comes after it is copied, not judged.
    refused: Option<(EntryIndex, Refusal)>,
    _lock: File,
}

/// What a look found: a checkpoint that holds.
#[derive(Clone, Debug)]
pub struct Look {
    /// Entries before.
    pub before: u64,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The witnesses that cosigned it.
    pub cosigners: Vec<Cosigner>,
    /// The first entry that the rules refuse, if it is among the new ones.
    pub refused: Option<(EntryIndex, Refusal)>,
}

impl Follower {
    /// Follows the log of an event into a folder, which is new or has a copy of it. What is there already is verified.
    /// Nothing is fetched yet.
    ///
    /// `entropy` are 32 fresh random bytes of the caller's operating system (M4).
    ///
    /// # Errors
    /// [`ClientError`]: the folder has another event's log, is damaged, or is in use; the address is that of another event.
    pub fn open(
        source: &Source,
        event: EventId,
        dir: &Path,
        entropy: &[u8; 32],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, ClientError> {
        if let Some(named) = source.event()?.filter(|named| *named != event) {
            return Err(ClientError::OtherEvent { expected: event, found: named });
        }
        let own = Fetch::Folder(dir.to_owned());
        let log = Kept { dir: dir.to_owned(), size: 0 };
        let mut follower = Self {
            event,
            fetch: Fetch::new(source)?,
            own,
            dir: dir.to_owned(),
            manifest: None,
            kept: None,
            seen: None,
            folding: Folding::new(log),
            refused: None,
            _lock: lock(dir)?,
        };
        if disk::read(&dir.join(CHECKPOINT_PATH), MAX_NOTE as u64)?.is_some() {
            let head = Head::open(&follower.own, Some(&event))?;
            head.satisfied()?;
            follower.take(None, &head, false, entropy, progress)?;
            follower.seen = Some(head.clone());
            follower.resume_seen(&head.manifest)?;
            follower.manifest = Some(head.manifest.clone());
            follower.kept = Some(head);
        }
        Ok(follower)
    }

    /// A look at the log. After an error everything is as before, but for what was written as seen.
    ///
    /// `entropy` as for [`Follower::open`], fresh for every look.
    ///
    /// # Errors
    /// [`ClientError::NotAnExtension`] with evidence if the log forked; [`ClientError::Rollback`],
    /// [`ClientError::Witnesses`], [`ClientError::Checkpoint`], [`ClientError::Log`]; and those of reading.
    pub fn look(&mut self, entropy: &[u8; 32], progress: &mut dyn FnMut(Progress)) -> Result<Look, ClientError> {
        let place = self.fetch.place(CHECKPOINT_PATH);
        let (_, bytes) = self.fetch.resource(Resource::Checkpoint)?;
        let manifest = match &self.manifest {
            Some(manifest) => manifest.clone(),
            None => {
                let manifest = log::find_manifest(&self.fetch, &bytes, Some(&self.event))?;
                self.resume_seen(&manifest)?;
                self.manifest = Some(manifest.clone());
                manifest
            }
        };
        let head = Head::under(place, bytes, manifest)?;
        if let Some(seen) = &self.seen {
            self.must_extend(seen, &head)?;
        }
        let cosigners = head.satisfied()?.cosigners().to_vec();

        let before = self.kept.as_ref().map_or(0, |kept| kept.checkpoint.size);
        let news = self.refused.is_none();
        if self.kept.as_ref().is_none_or(|kept| kept.checkpoint.root != head.checkpoint.root) {
            disk::write(&self.dir.join(SEEN), &head.bytes)?;
            self.seen = Some(head.clone());
            self.take(self.kept.as_ref().map(|kept| kept.checkpoint.clone()), &head, true, entropy, progress)?;
            if !self.dir.join(LABELS_FILE).exists() {
                mirror::keep_labels(&self.fetch, &head.manifest, &self.dir)?;
            }
        }
        if self.kept.as_ref().is_none_or(|kept| kept.bytes != head.bytes) {
            // Last: from now on the folder is complete up to this size.
            disk::write(&self.dir.join(CHECKPOINT_PATH), &head.bytes)?;
            disk::remove(&self.dir.join(SEEN))?;
            mirror::prune(&self.dir, before, head.checkpoint.size)?;
            self.seen = Some(head.clone());
            self.kept = Some(head.clone());
        }
        let refused = self.refused.clone().filter(|_| news);
        Ok(Look { before, checkpoint: head.checkpoint, cosigners, refused })
    }

    /// The state of the event as far as it was followed; it stands still at the first entry that the rules refuse.
    #[must_use]
    pub fn state(&self) -> Option<&State> {
        self.folding.state.as_ref()
    }

    /// The first entry that the rules refuse.
    #[must_use]
    pub fn refused(&self) -> Option<&(EntryIndex, Refusal)> {
        self.refused.as_ref()
    }

    /// Entries of which the folder has a complete copy.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.kept.as_ref().map_or(0, |kept| kept.checkpoint.size)
    }

    /// The checkpoint of that copy, with its cosignatures.
    #[must_use]
    pub fn head(&self) -> Option<&Head> {
        self.kept.as_ref()
    }

    /// The checkpoint that an interrupted look had checked.
    fn resume_seen(&mut self, manifest: &Manifest) -> Result<(), ClientError> {
        let path = self.dir.join(SEEN);
        let Some(bytes) = disk::read(&path, MAX_NOTE as u64)? else { return Ok(()) };
        let head = Head::under(path.display().to_string(), bytes, manifest.clone())?;
        if self.seen.as_ref().is_none_or(|seen| seen.checkpoint.size < head.checkpoint.size) {
            self.seen = Some(head);
        }
        Ok(())
    }

    /// A19: the tree offered now must extend the one that was seen.
    fn must_extend(&self, seen: &Head, head: &Head) -> Result<(), ClientError> {
        let new = head.checkpoint.size;
        // Of a tree that the folder has completely there are all tiles to prove with; the one seen extends it.
        let old = self.kept.as_ref().filter(|kept| new <= kept.checkpoint.size).unwrap_or(seen);
        let tiles = match new.cmp(&old.checkpoint.size) {
            Ordering::Equal => TileStore::new(),
            Ordering::Less => split::readable_tiles(&self.own, new, old.checkpoint.size),
            Ordering::Greater => split::tiles(&self.fetch, Some(&self.own), old.checkpoint.size, &head.checkpoint)?,
        };
        let extends = match new.cmp(&old.checkpoint.size) {
            Ordering::Equal => head.checkpoint.root == old.checkpoint.root,
            Ordering::Less => root_at(&tiles, new).is_ok_and(|root| root == head.checkpoint.root),
            Ordering::Greater => root_at(&tiles, old.checkpoint.size).is_ok_and(|root| root == old.checkpoint.root),
        };
        if extends && new >= seen.checkpoint.size {
            return Ok(());
        }
        if extends {
            return Err(ClientError::Rollback { old: seen.checkpoint.size, new });
        }
        let evidence = split::view(&old.note, &head.note, &tiles)?;
        Err(split::refusal(&evidence, old.checkpoint.size, head, &self.dir))
    }

    /// Reads what came after a tree, keeps it, and folds it.
    fn take(
        &mut self,
        from: Option<Checkpoint>,
        head: &Head,
        write: bool,
        entropy: &[u8; 32],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), ClientError> {
        let size = head.checkpoint.size;
        self.folding.entropy = *entropy;
        self.folding.log.size = size;
        let fetch = if write { &self.fetch } else { &self.own };
        let mut following = Following {
            dir: write.then_some(&self.dir),
            total: size,
            folding: &mut self.folding,
            refused: &mut self.refused,
            progress,
        };
        let local = write.then_some(self.dir.as_path());
        log::read(fetch, local, from.as_ref(), &head.checkpoint, &mut following)?;
        let flushed = following.folding.flush();
        following.judge(flushed)?;
        progress(Progress { done: size, total: size });
        Ok(())
    }
}

struct Following<'a> {
    /// Where what arrives is kept.
    dir: Option<&'a PathBuf>,
    total: u64,
    folding: &'a mut Folding<Kept>,
    refused: &'a mut Option<(EntryIndex, Refusal)>,
    progress: &'a mut dyn FnMut(Progress),
}

impl Following<'_> {
    /// An illegal entry ends the fold, not the copy.
    fn judge(&mut self, folded: Result<(), ClientError>) -> Result<(), ClientError> {
        match folded {
            Err(ClientError::Illegal { entry, refusal }) => {
                self.refused.get_or_insert((entry, refusal));
                Ok(())
            }
            other => other,
        }
    }
}

impl Sink for Following<'_> {
    fn tiles(&mut self, _tiles: &TileStore) -> Result<(), ClientError> {
        Ok(())
    }

    fn keep(&mut self, resource: Resource, bytes: &[u8]) -> Result<(), ClientError> {
        self.dir.map_or(Ok(()), |dir| disk::write(&dir.join(resource.path()), bytes))
    }

    fn entry(&mut self, entry: Entry) -> Result<(), ClientError> {
        let done = entry.index + 1;
        // An interrupted look has folded some entries of this tree already.
        if self.refused.is_none() && entry.index >= self.folding.taken() {
            let folded = self.folding.entry(entry);
            self.judge(folded)?;
        }
        (self.progress)(Progress { done, total: self.total });
        Ok(())
    }
}

/// Ballots stand in the folder, where each bundle is written before its entries are folded.
struct Kept {
    dir: PathBuf,
    size: u64,
}

impl Recall for Kept {
    fn entry(&self, index: EntryIndex) -> Option<Vec<u8>> {
        Record::of_size(&self.dir, self.size).entry(index).ok()
    }
}

impl Ballots for Kept {
    fn add(&mut self, _first: u64, _ballots: &[Vec<u8>]) -> Result<(), ClientError> {
        Ok(())
    }
}

/// Only one process follows into a folder.
fn lock(dir: &Path) -> Result<File, ClientError> {
    let path = dir.join(LOCK);
    let failed = |why: io::Error| ClientError::Io { path: path.clone(), why };
    fs::create_dir_all(dir).map_err(failed)?;
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(failed(io::Error::new(io::ErrorKind::ResourceBusy, "another process follows a log into this folder")))
        }
        Err(TryLockError::Error(why)) => Err(failed(why)),
    }
}

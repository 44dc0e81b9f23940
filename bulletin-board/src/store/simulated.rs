//! A disk in memory, for tests: it keeps synced and unsynced bytes apart, and at a chosen operation it loses power or lets
//! the operation fail.
//!
//! It promises no more than a disk must: what was synced stays; of what was written since, a power cut leaves nothing, all,
//! a beginning, or any 512-byte sectors; the same for names that were given in a folder and not synced there. After a
//! failed sync it shows what was written but, as systems do, may never write it: later syncs succeed without it.

use std::any::Any;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::TryLockError;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::disk::{Disk, DiskFile, parent};

const SECTOR: usize = 512;
const EIO: i32 = 5;

/// What happens to the chosen operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskFault {
    /// The power goes: this operation and all after it fail. Look at what is left with [`SimulatedDisk::after_power_cut`].
    PowerCut,
    /// It fails with this number of an error of the system, and has not happened.
    Failed(i32),
    /// It fails with this number of an error of the system, but it has happened.
    FailedButDone(i32),
    /// A write takes half of the bytes and says so; what is no write happens.
    Short,
    /// As `Short`, and the next operation fails with this number.
    ShortThenFailed(i32),
}

/// What a power cut leaves of what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tear {
    /// Nothing.
    Nothing,
    /// Everything.
    Everything,
    /// The beginning, up to a random byte.
    Beginning,
    /// Random sectors of 512 bytes, the others missing.
    Sectors,
}

#[derive(Clone, Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Change {
    fn apply(&self, contents: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => {
                let end = offset + bytes.len();
                if contents.len() < end {
                    contents.resize(end, 0);
                }
                if let Some(place) = contents.get_mut(*offset..end) {
                    place.copy_from_slice(bytes);
                }
            }
            Self::Length(length) => contents.resize(*length, 0),
        }
    }
}

/// A file or, without contents that matter, a folder.
#[derive(Clone, Debug, Default)]
struct Node {
    folder: bool,
    /// What everybody reads.
    shown: Vec<u8>,
    /// What is durable.
    synced: Vec<u8>,
    /// What the next sync makes durable.
    waiting: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Naming {
    Give(PathBuf, usize),
    Move(PathBuf, PathBuf, usize),
    Remove(PathBuf),
}

impl Naming {
    fn folder(&self) -> &Path {
        match self {
            Self::Give(path, _) | Self::Remove(path) => parent(path),
            // The board renames within a folder only.
            Self::Move(_, to, _) => parent(to),
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Give(path, node) => {
                names.insert(path.clone(), *node);
            }
            Self::Move(from, to, node) => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
            Self::Remove(path) => {
                names.remove(path);
            }
        }
    }
}

#[derive(Clone, Debug, Default)]
struct State {
    nodes: Vec<Node>,
    shown: BTreeMap<PathBuf, usize>,
    synced: BTreeMap<PathBuf, usize>,
    waiting: Vec<Naming>,
    operations: u64,
    plan: Option<(u64, DiskFault)>,
    off: bool,
}

/// What an operation does, by the plan.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    Normal,
    /// Nothing happens, and it fails.
    Fails(i32),
    /// It happens, and fails.
    DoneButFails(i32),
    /// A write happens without any promise, nothing else does, and it fails.
    PowerGoes,
    Half,
}

impl Course {
    fn result<T>(self, done: T) -> io::Result<T> {
        match self {
            Self::Normal | Self::Half => Ok(done),
            Self::Fails(number) | Self::DoneButFails(number) => Err(io::Error::from_raw_os_error(number)),
            Self::PowerGoes => Err(io::Error::from_raw_os_error(EIO)),
        }
    }
    /// Whether what is written is shown.
    fn writes(self) -> bool {
        !matches!(self, Self::Fails(_))
    }
    /// Whether a sync makes durable what waits.
    fn syncs(self) -> bool {
        matches!(self, Self::Normal | Self::Half | Self::DoneButFails(_))
    }
}

impl State {
    /// Counts an operation that changes something, and says how it goes.
    fn step(&mut self) -> Course {
        if self.off {
            return Course::Fails(EIO);
        }
        self.operations += 1;
        let Some((number, fault)) = self.plan else { return Course::Normal };
        if self.operations != number {
            return Course::Normal;
        }
        match fault {
            DiskFault::PowerCut => {
                self.off = true;
                Course::PowerGoes
            }
            DiskFault::Failed(error) => Course::Fails(error),
            DiskFault::FailedButDone(error) => Course::DoneButFails(error),
            DiskFault::Short => Course::Half,
            DiskFault::ShortThenFailed(error) => {
                self.plan = Some((number + 1, DiskFault::Failed(error)));
                Course::Half
            }
        }
    }

    fn readable(&self) -> io::Result<()> {
        if self.off { Err(io::Error::from_raw_os_error(EIO)) } else { Ok(()) }
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        self.readable()?;
        self.shown.get(path).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn node(&mut self, node: usize) -> io::Result<&mut Node> {
        self.nodes.get_mut(node).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn name(&mut self, naming: Naming) {
        naming.apply(&mut self.shown);
        self.waiting.push(naming);
    }

    fn make(&mut self, path: &Path, folder: bool) -> io::Result<usize> {
        self.readable()?;
        if self.shown.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let above = parent(path).to_owned();
        let above = self.find(&above)?;
        if !self.node(above)?.folder {
            return Err(ErrorKind::NotADirectory.into());
        }
        let course = self.step();
        let node = self.nodes.len();
        if course.writes() {
            self.nodes.push(Node { folder, ..Node::default() });
            self.name(Naming::Give(path.to_owned(), node));
        }
        course.result(node)
    }
}

/// Numbers that look random and follow from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides.max(1) as u64) as usize
    }
}

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

impl SimulatedDisk {
    /// A disk with this one folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        let nodes = vec![Node { folder: true, ..Node::default() }];
        let names = BTreeMap::from([(folder.to_owned(), 0)]);
        Self::of(State { nodes, shown: names.clone(), synced: names, ..State::default() })
    }

    fn of(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another disk in the same state.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self::of(self.state().clone())
    }

    /// How many operations there were that change something: writes, syncs, new names.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Lets an operation fail, by its number from now on, from 1; `None`: nothing fails any more.
    pub fn plan(&self, fault: Option<(u64, DiskFault)>) {
        let mut state = self.state();
        state.operations = 0;
        state.plan = fault;
    }

    /// Whether both show the same names with the same contents.
    #[must_use]
    pub fn shows_the_same(&self, other: &Self) -> bool {
        let names = |state: &State| -> Vec<(PathBuf, Option<Vec<u8>>)> {
            let contents = |node: &usize| state.nodes.get(*node).map(|node| node.shown.clone());
            state.shown.iter().map(|(path, node)| (path.clone(), contents(node))).collect()
        };
        // One after the other: both may be the same disk.
        let own = names(&self.state());
        own == names(&other.state())
    }

    /// What the power, if it goes now or went before, leaves; all of it durable.
    #[must_use]
    pub fn after_power_cut(&self, tear: Tear, seed: u64) -> Self {
        let state = self.state();
        let mut dice = Dice(seed);
        let mut names = state.synced.clone();
        let kept = match tear {
            Tear::Nothing => 0,
            Tear::Everything | Tear::Sectors => state.waiting.len(),
            Tear::Beginning => dice.roll(state.waiting.len() + 1),
        };
        for naming in state.waiting.iter().take(kept) {
            if tear != Tear::Sectors || dice.roll(2) == 0 {
                naming.apply(&mut names);
            }
        }
        // What lies in a folder that is gone is gone.
        let paths: Vec<PathBuf> = names.keys().cloned().collect();
        for path in paths {
            let above = parent(&path);
            if state.shown.contains_key(above) && !names.contains_key(above) {
                names.remove(&path);
            }
        }
        let left = |node: &Node| {
            let contents = torn(node, tear, &mut dice);
            Node { folder: node.folder, shown: contents.clone(), synced: contents, waiting: Vec::new() }
        };
        let nodes = state.nodes.iter().map(left).collect();
        Self::of(State { nodes, shown: names.clone(), synced: names, ..State::default() })
    }
}

/// The contents of a file after a power cut.
fn torn(node: &Node, tear: Tear, dice: &mut Dice) -> Vec<u8> {
    let mut contents = node.synced.clone();
    let written = |change: &Change| match change {
        Change::Write { bytes, .. } => bytes.len(),
        Change::Length(_) => 1,
    };
    match tear {
        Tear::Nothing => {}
        Tear::Everything => node.waiting.iter().for_each(|change| change.apply(&mut contents)),
        Tear::Beginning => {
            let mut left = dice.roll(node.waiting.iter().map(written).sum::<usize>() + 1);
            for change in &node.waiting {
                match change {
                    Change::Write { offset, bytes } if bytes.len() > left => {
                        let bytes = bytes.get(..left).unwrap_or_default().to_vec();
                        Change::Write { offset: *offset, bytes }.apply(&mut contents);
                    }
                    _ if left == 0 => {}
                    whole => whole.apply(&mut contents),
                }
                left = left.saturating_sub(written(change));
            }
        }
        Tear::Sectors => {
            for change in &node.waiting {
                match change {
                    Change::Write { offset, bytes } => {
                        // The length may have grown before the bytes came.
                        if dice.roll(2) == 0 && contents.len() < offset + bytes.len() {
                            contents.resize(offset + bytes.len(), 0);
                        }
                        let mut at = 0;
                        while at < bytes.len() {
                            let end = bytes.len().min(at + SECTOR - (offset + at) % SECTOR);
                            if dice.roll(2) == 0 {
                                let bytes = bytes.get(at..end).unwrap_or_default().to_vec();
                                Change::Write { offset: offset + at, bytes }.apply(&mut contents);
                            }
                            at = end;
                        }
                    }
                    length if dice.roll(2) == 0 => length.apply(&mut contents),
                    Change::Length(_) => {}
                }
            }
        }
    }
    contents
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    node: usize,
    writable: bool,
}

impl SimulatedFile {
    fn change(&mut self, change: impl FnOnce(Course) -> (Change, usize)) -> io::Result<usize> {
        if !self.writable {
            return Err(ErrorKind::PermissionDenied.into());
        }
        let mut state = self.disk.state();
        let course = state.step();
        let (change, count) = change(course);
        if course.writes() {
            let node = state.node(self.node)?;
            change.apply(&mut node.shown);
            node.waiting.push(change);
        }
        course.result(count)
    }
}

impl DiskFile for SimulatedFile {
    fn length(&self) -> io::Result<u64> {
        let mut state = self.disk.state();
        state.readable()?;
        Ok(state.node(self.node)?.shown.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.disk.state();
        state.readable()?;
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let rest = state.node(self.node)?.shown.get(offset..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        Ok(count)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        self.change(|course| {
            let count = if course == Course::Half { bytes.len().div_ceil(2) } else { bytes.len() };
            let bytes = bytes.get(..count).unwrap_or_default().to_vec();
            (Change::Write { offset, bytes }, count)
        })
    }

    fn set_length(&mut self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).map_err(io::Error::other)?;
        self.change(|_| (Change::Length(length), 0)).map(|_| ())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        let mut state = self.disk.state();
        let course = state.step();
        let node = state.node(self.node)?;
        if course != Course::PowerGoes {
            // After a failure the system counts it as written and never tries again.
            let waiting = std::mem::take(&mut node.waiting);
            if course.syncs() {
                waiting.iter().for_each(|change| change.apply(&mut node.synced));
            }
        }
        course.result(())
    }

    fn sync_all(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

impl Disk for SimulatedDisk {
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let node = self.state().find(path)?;
        Ok(Box::new(SimulatedFile { disk: self.clone(), node, writable: true }))
    }

    fn open_to_read(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let node = self.state().find(path)?;
        Ok(Box::new(SimulatedFile { disk: self.clone(), node, writable: false }))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let node = self.state().make(path, false)?;
        Ok(Box::new(SimulatedFile { disk: self.clone(), node, writable: true }))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut state = self.state();
        let node = state.find(path)?;
        Ok(state.node(node)?.shown.clone())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let node = state.find(from)?;
        let course = state.step();
        if course.writes() {
            state.name(Naming::Move(from.to_owned(), to.to_owned(), node));
        }
        course.result(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.find(path)?;
        let course = state.step();
        if course.writes() {
            state.name(Naming::Remove(path.to_owned()));
        }
        course.result(())
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.state().make(path, true).map(|_| ())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        // The parent of the disk's one folder is not on it.
        let course = state.step();
        if course != Course::PowerGoes {
            let (synced, waiting) = std::mem::take(&mut state.waiting).into_iter().partition(|n| n.folder() == path);
            state.waiting = waiting;
            let synced: Vec<Naming> = synced;
            if course.syncs() {
                let mut names = std::mem::take(&mut state.synced);
                synced.iter().for_each(|naming| naming.apply(&mut names));
                state.synced = names;
            } else {
                // Names, unlike bytes, stay known to the system as not yet written.
                state.waiting.extend(synced);
            }
        }
        course.result(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let mut state = self.state();
        let folder = state.find(path)?;
        if !state.node(folder)?.folder {
            return Err(ErrorKind::NotADirectory.into());
        }
        let inside = state.shown.keys().filter(|name| name.as_path() != path && parent(name) == path);
        Ok(inside.filter_map(|name| name.file_name().map(ToOwned::to_owned)).collect())
    }

    fn exists(&self, path: &Path) -> bool {
        self.state().find(path).is_ok()
    }

    fn lock(&self, _: &Path) -> Result<Box<dyn Any + Send + Sync>, TryLockError> {
        Ok(Box::new(()))
    }
}

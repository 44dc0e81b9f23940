//! Room on the disk: nothing new is taken while too little is free, so that what is under way can still be finished and
//! nobody's ballot meets a full disk.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use crate::error::Fault;

/// How long an answer of the system is believed.
const FRESH: Duration = Duration::from_secs(1);

/// Watches the file system of the data folder.
pub(crate) struct Space {
    folder: PathBuf,
    minimum: u64,
    last: Mutex<Option<(Instant, bool)>>,
}

/// Bytes that the service may still use on the file system of a folder. `None` if the system does not say.
fn free(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

impl Space {
    /// Watches the file system of `folder`; `minimum` bytes must be free, 0 for any number.
    pub(crate) fn new(folder: &Path, minimum: u64) -> Self {
        Self { folder: folder.to_owned(), minimum, last: Mutex::new(None) }
    }

    /// Whether something new may be taken. Asks the system at most once a second.
    ///
    /// # Errors
    /// [`Fault::DiskFull`].
    pub(crate) fn check(&self) -> Result<(), Fault> {
        if self.minimum == 0 {
            return Ok(());
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let enough = match *last {
            Some((asked, enough)) if asked.elapsed() < FRESH => enough,
            before => {
                let was = before.is_none_or(|(_, enough)| enough);
                let enough = self.ask(was);
                *last = Some((Instant::now(), enough));
                enough
            }
        };
        if enough { Ok(()) } else { Err(Fault::DiskFull) }
    }

    /// Asks the system, and tells the operator when the answer changes.
    fn ask(&self, was_enough: bool) -> bool {
        let Some(free) = free(&self.folder) else {
            warn!(folder = %self.folder.display(), "the free space of the disk cannot be read: writing goes on without it");
            return true;
        };
        let enough = free >= self.minimum;
        let (free, minimum) = (free >> 20, self.minimum >> 20);
        if was_enough && !enough {
            error!(
                folder = %self.folder.display(), free_mebibytes = free, minimum_mebibytes = minimum,
                "the disk is nearly full: nothing new is taken, reads go on; make room, or lower minimum_free_mebibytes"
            );
        } else if !was_enough && enough {
            info!(free_mebibytes = free, "there is room on the disk again: submissions are taken");
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_compared_with_what_the_system_says() {
        let dir = tempfile::tempdir().unwrap();
        let now = free(dir.path()).unwrap();
        assert!(now > 0);
        assert_eq!(Space::new(dir.path(), 0).check(), Ok(()), "no limit");
        assert_eq!(Space::new(dir.path(), 1).check(), Ok(()));
        assert_eq!(Space::new(dir.path(), u64::MAX).check(), Err(Fault::DiskFull));
        // A file system that says nothing stops nobody.
        assert_eq!(Space::new(&dir.path().join("missing"), 1).check(), Ok(()));
    }

    #[test]
    fn an_answer_is_believed_for_a_second() {
        let dir = tempfile::tempdir().unwrap();
        let space = Space { minimum: u64::MAX, ..Space::new(dir.path(), 0) };
        *space.last.lock().unwrap() = Some((Instant::now(), true));
        assert_eq!(space.check(), Ok(()), "not asked again");
        *space.last.lock().unwrap() = Instant::now().checked_sub(FRESH).map(|then| (then, true));
        assert_eq!(space.check(), Err(Fault::DiskFull));
    }
}

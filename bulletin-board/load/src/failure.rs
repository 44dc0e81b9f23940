//! Why the bench stopped.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why the bench stopped.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error("{}: {error}: check folder and permissions", .path.display())]
    Io { path: PathBuf, error: std::io::Error },
    #[error("{0}")]
    Client(#[from] client::ClientError),
    #[error("{what}: {remedy}")]
    Unable { what: String, remedy: &'static str },
    #[error("{0}: this is a fault of the bench or of the board")]
    Wrong(String),
}

impl Failure {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { path, error }
    }

    pub(crate) fn unable(what: impl Into<String>, remedy: &'static str) -> Self {
        Self::Unable { what: what.into(), remedy }
    }
}

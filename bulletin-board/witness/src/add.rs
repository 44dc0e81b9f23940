//! Adding a log to the watched list, checked against what was cosigned.

use std::path::Path;

use tlog::Origin;
use tlog::note::VerifierKey;

use crate::config::Settings;
use crate::error::StartError;
use crate::key::Key;
use crate::store::peek;
use crate::watched::{self, Added};

/// Adds a log to the watched list of these settings. If they name data folder and key file, and the log was cosigned
/// before, the key must be that of the record.
///
/// # Errors
/// [`StartError::Config`] for a bad key, origin or comment, or another key than the record's; the errors of [`watched::add`].
pub fn add_log(
    settings: &Settings,
    vkey: &str,
    origin: Option<&str>,
    comment: Option<&str>,
) -> Result<Added, StartError> {
    let (name, key) = watched::log_of(vkey, origin)?;
    if let (Some(data), Some(file)) = (&settings.data, &settings.key)
        && let Some(record) = recorded(data, file, &name)?
        && record != key
    {
        return Err(StartError::Config {
            place: "VKEY".into(),
            fault: format!("the log {name} was cosigned under another key, {record}"),
            remedy: "a log with a new key needs a new origin; ask its operator".into(),
        });
    }
    watched::add(settings.watched_list()?, vkey, origin, comment)
}

/// The key under which a log was cosigned. Nothing is known where this user may not read key or data; the witness itself
/// still refuses another key then.
fn recorded(data: &Path, file: &Path, name: &Origin) -> Result<Option<VerifierKey>, StartError> {
    if !file.exists() {
        return Ok(None);
    }
    match Key::read(file).and_then(|own| peek(data, name, &own.verifier())) {
        Ok(record) => Ok(record.map(|record| record.key)),
        Err(StartError::Io { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

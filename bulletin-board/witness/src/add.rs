//! Adding a log to the watched list, checked against what was cosigned.

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
        && file.exists()
        && let Some(record) = peek(data, &name, &Key::read(file)?.verifier())?
        && record.key != key
    {
        return Err(StartError::Config {
            place: "VKEY".into(),
            fault: format!("the log {name} was cosigned under another key, {}", record.key),
            remedy: "a log with a new key needs a new origin; ask its operator".into(),
        });
    }
    watched::add(settings.watched_list()?, vkey, origin, comment)
}

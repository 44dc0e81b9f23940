//! The configuration: a file, overlaid by what environment and flags give, checked into a [`Config`].

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::error::StartError;

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder of what the witness has cosigned.
    pub data: PathBuf,
    /// The file of its key.
    pub key: PathBuf,
    /// The watched list.
    pub watched: PathBuf,
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What stands before every path: empty, or begins with a slash and ends without one.
    pub prefix: String,
    /// Threads that serve HTTP.
    pub workers: usize,
    /// Longest time for a body to arrive.
    pub body_time: Duration,
    /// Time between two looks at the watched list.
    pub look_every: Duration,
}

impl Config {
    /// A configuration with the usual limits.
    #[must_use]
    pub fn new(data: &Path, key: &Path, watched: &Path, listen: SocketAddr) -> Self {
        Self {
            data: data.to_owned(),
            key: key.to_owned(),
            watched: watched.to_owned(),
            listen,
            prefix: String::new(),
            workers: 2,
            body_time: Duration::from_secs(10),
            look_every: Duration::from_secs(1),
        }
    }
}

/// Settings as a file, the environment or flags give them; anything may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Folder of what the witness has cosigned.
    pub data: Option<PathBuf>,
    /// The file of its key.
    pub key: Option<PathBuf>,
    /// The watched list.
    pub watched: Option<PathBuf>,
    /// Address to listen on.
    pub listen: Option<String>,
    /// What stands before every path.
    pub prefix: Option<String>,
    /// Threads that serve HTTP.
    pub workers: Option<usize>,
}

fn wrong(place: &str, fault: impl Into<String>, remedy: impl Into<String>) -> StartError {
    StartError::Config { place: place.into(), fault: fault.into(), remedy: remedy.into() }
}

impl Settings {
    /// Reads a configuration file. Unknown settings are refused, so that a typing error drops nothing silently.
    ///
    /// # Errors
    /// [`StartError::Io`]; [`StartError::Config`] naming line and column.
    pub fn read(path: &Path) -> Result<Self, StartError> {
        let text = std::fs::read_to_string(path).map_err(StartError::io(path))?;
        toml::from_str(&text).map_err(|error| {
            wrong(&path.display().to_string(), error.to_string().trim_end(), "correct the configuration file")
        })
    }

    /// These settings where they are given, else those of `lower`.
    #[must_use]
    pub fn over(self, lower: Self) -> Self {
        Self {
            data: self.data.or(lower.data),
            key: self.key.or(lower.key),
            watched: self.watched.or(lower.watched),
            listen: self.listen.or(lower.listen),
            prefix: self.prefix.or(lower.prefix),
            workers: self.workers.or(lower.workers),
        }
    }

    /// The watched list.
    ///
    /// # Errors
    /// [`StartError::Config`] if none is named.
    pub fn watched_list(&self) -> Result<&Path, StartError> {
        let remedy = "name the list of logs with --watched FILE, or `watched = \"...\"` in the configuration file";
        self.watched.as_deref().ok_or_else(|| wrong("watched", "no watched list is given", remedy))
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`StartError::Config`] naming the setting.
    pub fn check(self) -> Result<Config, StartError> {
        let watched = self.watched_list()?.to_owned();
        let Self { data, key, watched: _, listen, prefix, workers } = self;
        let data = data.ok_or_else(|| wrong("data", "no data folder is given", "name one with --data DIR"))?;
        let remedy = "make one with `witness key new` and name it with --key FILE";
        let key = key.ok_or_else(|| wrong("key", "no key file is given", remedy))?;
        let listen = listen.unwrap_or_else(|| "127.0.0.1:8090".into());
        let address = listen.parse().map_err(|_| {
            wrong("listen", format!("\"{listen}\" is no address with port"), "give one such as 127.0.0.1:8090")
        })?;
        let mut config = Config::new(&data, &key, &watched, address);
        if let Some(prefix) = prefix.filter(|prefix| !prefix.is_empty()) {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
            let mut parts = prefix.split('/');
            let rooted = parts.next() == Some("");
            if !rooted || !parts.all(|part| !part.is_empty() && part.chars().all(plain)) {
                let remedy = "give a path such as /w1, that begins with a slash and ends without one";
                return Err(wrong("prefix", format!("\"{prefix}\" is no prefix of paths"), remedy));
            }
            config.prefix = prefix;
        }
        config.workers = match workers {
            None => config.workers,
            Some(number @ 1..=256) => number,
            Some(number) => {
                return Err(wrong("workers", format!("{number} is out of range"), "choose a number from 1 to 256"));
            }
        };
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            data: Some("data".into()),
            key: Some("key".into()),
            watched: Some("watched".into()),
            ..Settings::default()
        }
    }

    #[test]
    fn settings_are_checked() {
        let config = settings().check().unwrap();
        assert_eq!((config.listen.to_string().as_str(), config.prefix.as_str()), ("127.0.0.1:8090", ""));
        let with = |change: fn(&mut Settings)| {
            let mut settings = settings();
            change(&mut settings);
            settings.check()
        };
        assert_eq!(with(|s| s.prefix = Some("/w/1".into())).unwrap().prefix, "/w/1");
        assert_eq!(with(|s| s.prefix = Some(String::new())).unwrap().prefix, "");
        for (place, change) in [
            ("data", (|s| s.data = None) as fn(&mut Settings)),
            ("key", |s| s.key = None),
            ("watched", |s| s.watched = None),
            ("listen", |s| s.listen = Some("8090".into())),
            ("prefix", |s| s.prefix = Some("w1".into())),
            ("prefix", |s| s.prefix = Some("/".into())),
            ("prefix", |s| s.prefix = Some("/w1/".into())),
            ("prefix", |s| s.prefix = Some("/w//1".into())),
            ("prefix", |s| s.prefix = Some("/{w}".into())),
            ("workers", |s| s.workers = Some(0)),
        ] {
            let error = with(change).unwrap_err();
            assert!(error.to_string().starts_with(&format!("{place}: ")), "{error}");
        }
    }

    #[test]
    fn flags_go_over_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("witness.toml");
        std::fs::write(&path, "data = \"d\"\nkey = \"k\"\nwatched = \"l\"\nlisten = \"127.0.0.1:1\"\n").unwrap();
        let given = Settings { listen: Some("127.0.0.1:2".into()), ..Settings::default() };
        let config = given.over(Settings::read(&path).unwrap()).check().unwrap();
        assert_eq!((config.listen.port(), config.data), (2, PathBuf::from("d")));
        std::fs::write(&path, "dada = \"d\"\n").unwrap();
        let error = Settings::read(&path).unwrap_err();
        assert!(error.to_string().contains("dada"), "{error}");
    }
}

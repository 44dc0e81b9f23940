//! The configuration: a file, overlaid by what environment and flags give, checked into a [`Config`].

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use voting_core::ids::SigningKeyId;

use crate::error::StartError;
pub use crate::tls::TlsFiles;

/// What happens when storage fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFatal {
    /// The process ends at once, answering nobody. A failed sync is never retried.
    EndProcess,
    /// The event stops and answers `internal` from then on. For tests that run in one process.
    StopEvent,
}

impl OnFatal {
    /// Ends the process, or returns.
    pub(crate) fn end(self) {
        if self == Self::EndProcess {
            std::process::exit(70);
        }
    }
}

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder of journals, keys and index.
    pub data: PathBuf,
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Public host name, the first part of every origin; the real address and port if none is given.
    pub host: Option<String>,
    /// Base of public URLs, without a slash at its end; `http://` and the real address if none is given.
    pub public_url: Option<String>,
    /// Administrators who may reserve events; everybody if there are none.
    pub administrators: Vec<SigningKeyId>,
    /// Most submissions that wait for the sequencer of one event.
    pub queue: usize,
    /// Most submissions in one batch.
    pub batch: usize,
    /// Longest time for which a batch collects.
    pub batch_wait: Duration,
    /// A batch stops collecting when nothing has arrived for this long.
    pub batch_idle: Duration,
    /// Longest time for which a batch waits for cosignatures.
    pub witness_wait: Duration,
    /// Within how many seconds an entry whose cosignatures are late is promised a receipt.
    pub promise_seconds: u64,
    /// Threads that serve HTTP.
    pub workers: usize,
    /// Certificate and key; plain HTTP without.
    pub tls: Option<TlsFiles>,
    /// Address of the page of measurements; none without.
    pub metrics_listen: Option<SocketAddr>,
    /// What one sender may take up.
    pub limits: Limits,
    /// Bytes that must be free on the file system of the data folder, or nothing new is taken; 0 for no such limit.
    pub minimum_free: u64,
    /// What happens when storage fails.
    pub on_fatal: OnFatal,
}

/// What one sender, or all of them together, may take up.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most open connections; further ones wait for the system to pass them on.
    pub connections: usize,
    /// Most bytes of bodies that are under way, from their arrival to the answer.
    pub body_bytes: usize,
    /// Longest time for the head of a request to arrive.
    pub head_time: Duration,
    /// Longest time for a body to arrive.
    pub body_time: Duration,
    /// How long a connection stays open without a request.
    pub keep_alive: Duration,
    /// Ballots that one credential may cast in a minute; 0 for any number.
    pub ballots_per_credential_minute: u32,
    /// Requests that one address may send in a minute; 0 for any number.
    pub requests_per_address_minute: u32,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Most listeners to the turnout of all events.
    pub turnout_listeners: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8_192,
            body_bytes: 256 << 20,
            head_time: Duration::from_secs(10),
            body_time: Duration::from_secs(60),
            keep_alive: Duration::from_secs(75),
            ballots_per_credential_minute: 10,
            requests_per_address_minute: 0,
            trusted_proxies: Vec::new(),
            turnout_listeners: 1_024,
        }
    }
}

impl Config {
    /// A configuration with the usual limits.
    #[must_use]
    pub fn new(data: &Path, listen: SocketAddr) -> Self {
        Self {
            data: data.to_owned(),
            listen,
            host: None,
            public_url: None,
            administrators: Vec::new(),
            queue: 8_192,
            batch: 2_048,
            batch_wait: Duration::from_millis(100),
            batch_idle: Duration::from_millis(4),
            witness_wait: Duration::from_secs(5),
            promise_seconds: 86_400,
            workers: 2,
            tls: None,
            metrics_listen: None,
            limits: Limits::default(),
            minimum_free: 256 << 20,
            on_fatal: OnFatal::EndProcess,
        }
    }
}

/// Settings as a file, the environment or flags give them; anything may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Folder of journals, keys and index.
    pub data: Option<PathBuf>,
    /// Address to listen on.
    pub listen: Option<String>,
    /// Public host name.
    pub host: Option<String>,
    /// Base of public URLs.
    pub public_url: Option<String>,
    /// Public keys of administrators, 64 hexadecimal digits each.
    pub administrators: Option<Vec<String>>,
    /// Most waiting submissions of one event.
    pub queue: Option<usize>,
    /// Most submissions in one batch.
    pub batch: Option<usize>,
    /// Longest time for which a batch collects, in milliseconds.
    pub batch_milliseconds: Option<u64>,
    /// Longest time for which a batch waits for cosignatures, in milliseconds.
    pub witness_milliseconds: Option<u64>,
    /// Seconds after which an entry whose cosignatures are late must have a receipt.
    pub promise_seconds: Option<u64>,
    /// Threads that serve HTTP.
    pub workers: Option<usize>,
    /// File of the certificate chain (PEM).
    pub tls_certificate: Option<PathBuf>,
    /// File of the certificate's private key (PEM).
    pub tls_key: Option<PathBuf>,
    /// Address of the page of measurements.
    pub metrics_listen: Option<String>,
    /// Most open connections.
    pub connections: Option<usize>,
    /// Most mebibytes of bodies under way.
    pub body_mebibytes: Option<usize>,
    /// Ballots that one credential may cast in a minute, 0 for any number.
    pub ballots_per_credential_minute: Option<u64>,
    /// Requests that one address may send in a minute, 0 for any number.
    pub requests_per_address_minute: Option<u64>,
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxy: Option<Vec<String>>,
    /// Most listeners to the turnout.
    pub turnout_listeners: Option<usize>,
    /// Mebibytes that must be free on the file system of the data folder.
    pub minimum_free_mebibytes: Option<u64>,
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
            listen: self.listen.or(lower.listen),
            host: self.host.or(lower.host),
            public_url: self.public_url.or(lower.public_url),
            administrators: self.administrators.or(lower.administrators),
            queue: self.queue.or(lower.queue),
            batch: self.batch.or(lower.batch),
            batch_milliseconds: self.batch_milliseconds.or(lower.batch_milliseconds),
            witness_milliseconds: self.witness_milliseconds.or(lower.witness_milliseconds),
            promise_seconds: self.promise_seconds.or(lower.promise_seconds),
            workers: self.workers.or(lower.workers),
            tls_certificate: self.tls_certificate.or(lower.tls_certificate),
            tls_key: self.tls_key.or(lower.tls_key),
            metrics_listen: self.metrics_listen.or(lower.metrics_listen),
            connections: self.connections.or(lower.connections),
            body_mebibytes: self.body_mebibytes.or(lower.body_mebibytes),
            ballots_per_credential_minute: self.ballots_per_credential_minute.or(lower.ballots_per_credential_minute),
            requests_per_address_minute: self.requests_per_address_minute.or(lower.requests_per_address_minute),
            trusted_proxy: self.trusted_proxy.or(lower.trusted_proxy),
            turnout_listeners: self.turnout_listeners.or(lower.turnout_listeners),
            minimum_free_mebibytes: self.minimum_free_mebibytes.or(lower.minimum_free_mebibytes),
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`StartError::Config`] naming the setting.
    pub fn check(self) -> Result<Config, StartError> {
        let Self {
            data,
            listen,
            host,
            public_url,
            administrators,
            queue,
            batch,
            batch_milliseconds,
            witness_milliseconds,
            promise_seconds,
            workers,
            tls_certificate,
            tls_key,
            metrics_listen,
            connections,
            body_mebibytes,
            ballots_per_credential_minute,
            requests_per_address_minute,
            trusted_proxy,
            turnout_listeners,
            minimum_free_mebibytes,
        } = self;
        let data = data.ok_or_else(|| wrong("data", "no data folder is given", "name one with --data DIR"))?;
        let listen = listen.unwrap_or_else(|| "127.0.0.1:8080".into());
        let socket = |place: &str, text: &str| {
            let fault = format!("\"{text}\" is no address with port");
            text.parse().map_err(|_| wrong(place, fault, "give one such as 127.0.0.1:8080"))
        };
        let address = socket("listen", &listen)?;
        if let Some(host) = &host {
            let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]/".contains(c);
            if host.is_empty() || host.len() > 180 || !host.chars().all(plain) || host.ends_with('/') {
                let remedy = "give the public name without scheme and slash, such as votes.example.org";
                return Err(wrong("host", format!("\"{host}\" is no host name"), remedy));
            }
        }
        if let Some(url) = &public_url
            && (!(url.starts_with("https://") || url.starts_with("http://")) || url.ends_with('/'))
        {
            let remedy = "give one such as https://votes.example.org, without a slash at its end";
            return Err(wrong("public_url", format!("\"{url}\" is no base URL"), remedy));
        }
        let mut keys = Vec::new();
        for text in administrators.unwrap_or_default() {
            let key = text.parse().map_err(|_| {
                let remedy = "copy the 64 hexadecimal digits that `office key show` prints";
                wrong("administrators", format!("\"{text}\" is no public key"), remedy)
            })?;
            keys.push(key);
        }
        let mut config = Config::new(&data, address);
        let range = |place: &str, value: Option<usize>, usual: usize, most: usize| match value {
            None => Ok(usual),
            Some(value) if (1..=most).contains(&value) => Ok(value),
            Some(value) => {
                Err(wrong(place, format!("{value} is out of range"), format!("choose a number from 1 to {most}")))
            }
        };
        config.host = host;
        config.public_url = public_url;
        config.administrators = keys;
        config.queue = range("queue", queue, config.queue, 1 << 20)?;
        config.batch = range("batch", batch, config.batch, 1 << 14)?;
        config.workers = range("workers", workers, config.workers, 256)?;
        if let Some(milliseconds) = batch_milliseconds {
            if milliseconds > 1_000 {
                let fault = format!("{milliseconds} is out of range");
                return Err(wrong("batch_milliseconds", fault, "choose a number from 0 to 1000"));
            }
            config.batch_wait = Duration::from_millis(milliseconds);
        }
        if let Some(mebibytes) = minimum_free_mebibytes {
            let bytes = mebibytes.checked_mul(1 << 20).filter(|bytes| *bytes <= 1 << 50);
            config.minimum_free = bytes.ok_or_else(|| {
                let fault = format!("{mebibytes} is out of range");
                wrong("minimum_free_mebibytes", fault, "choose a number from 0 (no limit) to 1073741824")
            })?;
        }
        let number = |place: &str, value: Option<u64>, usual: u64, range: std::ops::RangeInclusive<u64>| match value {
            None => Ok(usual),
            Some(value) if range.contains(&value) => Ok(value),
            Some(value) => {
                let remedy = format!("choose a number from {} to {}", range.start(), range.end());
                Err(wrong(place, format!("{value} is out of range"), remedy))
            }
        };
        let wait = number("witness_milliseconds", witness_milliseconds, 5_000, 100..=60_000)?;
        config.witness_wait = Duration::from_millis(wait);
        let a_minute = |place, value, usual: u32| {
            let found = number(place, value, u64::from(usual), 0..=1_000_000)?;
            Ok::<u32, StartError>(u32::try_from(found).unwrap_or(usual))
        };
        let limits = &mut config.limits;
        limits.connections = range("connections", connections, limits.connections, 1 << 20)?;
        limits.body_bytes = range("body_mebibytes", body_mebibytes, limits.body_bytes >> 20, 1 << 20)? << 20;
        limits.ballots_per_credential_minute = a_minute(
            "ballots_per_credential_minute",
            ballots_per_credential_minute,
            limits.ballots_per_credential_minute,
        )?;
        limits.requests_per_address_minute =
            a_minute("requests_per_address_minute", requests_per_address_minute, limits.requests_per_address_minute)?;
        limits.turnout_listeners = range("turnout_listeners", turnout_listeners, limits.turnout_listeners, 1 << 20)?;
        for text in trusted_proxy.unwrap_or_default() {
            let proxy = text.parse::<IpAddr>().map_err(|_| {
                let remedy = "give the address from which the proxy connects, such as 127.0.0.1";
                wrong("trusted_proxy", format!("\"{text}\" is no address"), remedy)
            })?;
            limits.trusted_proxies.push(proxy.to_canonical());
        }
        config.metrics_listen = metrics_listen.map(|text| socket("metrics_listen", &text)).transpose()?;
        config.tls = match (tls_certificate, tls_key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
            (Some(_), None) => return Err(wrong("tls_key", "it is missing", "give the key of tls_certificate")),
            (None, Some(_)) => {
                return Err(wrong("tls_certificate", "it is missing", "give the certificate of tls_key"));
            }
        };
        config.promise_seconds = number("promise_seconds", promise_seconds, config.promise_seconds, 60..=2_592_000)?;
        Ok(config)
    }
}

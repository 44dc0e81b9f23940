//! Requests: one agent, limits on every answer, the board's errors.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::{Agent, Body, http};
use voting_core::ids::EntryIndex;

use crate::error::{ApiError, ClientError, Latest, plain};

/// Longest JSON answer in bytes.
const MAX_JSON: u64 = 16 << 20;
/// How often a request is repeated while the board says that it is busy.
const TRIES: u32 = 20;
/// How long a request is repeated: then the person is told what the board waits for.
const MAX_WAIT: Duration = Duration::from_secs(12);
/// Longest pause between two tries in seconds, whatever the board asks for.
const MAX_PAUSE: u64 = 5;

/// A client with its connections.
#[derive(Clone, Debug)]
pub(crate) struct Http(Agent);

/// A successful answer.
pub(crate) struct Answer {
    pub(crate) body: Vec<u8>,
    /// The board took an entry that lacks cosignatures (status 202): the body is a promise.
    pub(crate) promised: bool,
    url: String,
}

#[derive(Deserialize)]
struct WireError {
    code: String,
    message: String,
    #[serde(default)]
    remedy: String,
    rule: Option<String>,
    latest: Option<WireLatest>,
}

#[derive(Deserialize)]
struct WireLatest {
    index: u64,
    entry: String,
    receipt: String,
}

impl Http {
    /// A client for addresses that begin like this one.
    pub(crate) fn new(url: &str) -> Self {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_global(Some(Duration::from_secs(120)))
            .user_agent(concat!("urna/", env!("CARGO_PKG_VERSION")));
        if is_own_machine(url) {
            // A proxy can't know what this machine calls itself.
            config = config.proxy(None);
        }
        Self(config.build().into())
    }

    /// Fetches at most `limit` bytes; `None` if there is no such thing (status 404).
    pub(crate) fn get(&self, url: &str, limit: u64) -> Result<Option<Answer>, ClientError> {
        match self.send(url, limit, || self.0.get(url).call()) {
            Err(ClientError::Refused(error)) if error.status == 404 => Ok(None),
            Err(ClientError::Answer { why, .. }) if why == NOT_FOUND => Ok(None),
            other => other.map(Some),
        }
    }

    /// Fetches JSON.
    pub(crate) fn get_json<T: DeserializeOwned>(&self, url: &str) -> Result<T, ClientError> {
        self.send(url, MAX_JSON, || self.0.get(url).call())?.json()
    }

    /// Sends bytes. Repeating them is harmless: the board answers identical bytes with the same receipt.
    pub(crate) fn post(&self, url: &str, body: &[u8], limit: u64) -> Result<Answer, ClientError> {
        self.send(url, limit, || self.0.post(url).content_type("application/octet-stream").send(body))
    }

    fn send(
        &self,
        url: &str,
        limit: u64,
        request: impl Fn() -> Result<http::Response<Body>, ureq::Error>,
    ) -> Result<Answer, ClientError> {
        let unreachable = |why: ureq::Error| ClientError::Unreachable { url: url.to_owned(), why: why.to_string() };
        let (mut tries, begun) = (0, Instant::now());
        loop {
            let mut response = request().map_err(unreachable)?;
            let status = response.status().as_u16();
            tries += 1;
            // A log that is read only says when to ask again, in seconds; a full queue is asked for longer.
            if status == 503 && tries < TRIES && begun.elapsed() < MAX_WAIT {
                let after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
                // A board that says 0 is asked again soon, but not at once.
                let pause = after.map_or(Duration::from_millis(200), Duration::from_secs);
                std::thread::sleep(pause.clamp(Duration::from_millis(50), Duration::from_secs(MAX_PAUSE)));
                continue;
            }
            let taken = matches!(status, 200 | 202);
            let limit = if taken { limit } else { MAX_JSON };
            let body = response.body_mut().with_config().limit(limit).read_to_vec().map_err(unreachable)?;
            if taken {
                return Ok(Answer { body, promised: status == 202, url: url.to_owned() });
            }
            return Err(refusal(url, status, &body));
        }
    }
}

/// Why of an answer with status 404 that no board wrote, as that of a plain file server.
const NOT_FOUND: &str = "status 404";

impl Answer {
    /// The body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        let unusable = |why: serde_json::Error| ClientError::Answer { url: self.url.clone(), why: why.to_string() };
        serde_json::from_slice(&self.body).map_err(unusable)
    }
}

fn refusal(url: &str, status: u16, body: &[u8]) -> ClientError {
    let unusable = |why: String| ClientError::Answer { url: url.to_owned(), why };
    let Ok(error) = serde_json::from_slice::<WireError>(body) else {
        return unusable(format!("status {status}"));
    };
    let latest = error.latest.map(|latest| {
        let entry = STANDARD.decode(&latest.entry).ok()?;
        let receipt = STANDARD.decode(&latest.receipt).ok()?;
        Some(Box::new(Latest { index: EntryIndex(latest.index), entry, receipt }))
    });
    match latest {
        Some(None) => unusable("its latest ballot is not base64".into()),
        latest => ClientError::Refused(ApiError {
            status,
            code: plain(&error.code),
            message: plain(&error.message),
            remedy: plain(&error.remedy),
            rule: error.rule.as_deref().map(plain),
            latest: latest.flatten(),
        }),
    }
}

/// Whether a URL points to this machine itself.
fn is_own_machine(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default();
    let name = if host.starts_with('[') { host } else { host.split(':').next().unwrap_or_default() };
    name == "localhost" || name.starts_with("127.") || name.starts_with("[::1]")
}

/// Whether a text is a URL that this client can use.
pub(crate) fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

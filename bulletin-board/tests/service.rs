//! What operators and programs see of the service: readiness, measurements, live turnout, description, headers, TLS.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use board::Config;
use board::config::TlsFiles;
use board::store::MemoryIndex;
use common::{Town, config, get, post};
use tempfile::TempDir;
use voting_core::testing::chosen;

fn town(seed: u64, change: impl FnOnce(&mut Config)) -> Town {
    let mut town = Town::found_with(seed, Arc::new(MemoryIndex::new()), |config| {
        config.metrics_listen = Some("127.0.0.1:0".parse().unwrap());
        change(config);
    });
    town.prepare();
    town
}

fn page(town: &Town) -> String {
    let answer = get(&format!("http://{}/metrics", town.board.as_ref().unwrap().metrics().unwrap()));
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; version=0.0.4; charset=utf-8")));
    String::from_utf8(answer.body).unwrap()
}

fn vote(town: &mut Town, voter: usize, choice: u32) -> Vec<u8> {
    town.sandbox.vote(voter, &[chosen(&[choice]), chosen(&[])])
}

#[test]
fn readiness_names_what_is_missing() {
    let town = town(90, |_| ());
    let ready = get(&format!("{}/api/ready", town.url));
    assert_eq!((ready.status, &ready.json()["ready"]), (200, &true.into()));
    drop(town);

    let dir = TempDir::new().unwrap();
    let mut full = config(&dir.path().join("data"));
    full.minimum_free = 1 << 50;
    let board = board::run(full).unwrap();
    let ready = get(&format!("{}/api/ready", board.url()));
    let body = ready.json();
    assert_eq!((ready.status, body["ready"].as_bool()), (503, Some(false)));
    assert_eq!(body["reasons"][0]["code"], "disk-full");
    assert_eq!(get(&format!("{}/api/health", board.url())).status, 200, "it lives all the same");
    board.stop();
}

#[test]
fn a19_an_event_that_waits_for_its_witnesses_is_not_ready() {
    let dir = TempDir::new().unwrap();
    let mut waiting = config(&dir.path().join("data"));
    waiting.witness_wait = Duration::from_millis(300);
    let board = board::run(waiting).unwrap();
    let folder = TempDir::new().unwrap();
    let key = witness::key::Key::make("away.example/1", &folder.path().join("key")).unwrap();
    // Nobody listens there.
    let policy = format!("witness away {key} http://127.0.0.1:9\nquorum away\n");
    let town = Town::reserved(91, dir, board, |fields| fields.witness_policy = policy);
    assert_eq!(town.found_again().code(), "witnesses-missing");
    let begun = Instant::now();
    let body = loop {
        let ready = get(&format!("{}/api/ready", town.url));
        if ready.status == 503 {
            break ready.json();
        }
        assert!(begun.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(body["reasons"][0]["code"], "witnesses-missing");
    assert_eq!(body["reasons"][0]["event"], town.event().to_string());
    assert!(body["reasons"][0]["message"].as_str().unwrap().contains("away"), "{body}");
}

#[test]
fn measurements_stand_at_an_address_of_their_own_and_tell_nothing_of_anybody() {
    let mut town = town(92, |_| ());
    let entry = vote(&mut town, 0, 1);
    town.sync();
    assert_eq!(town.submit(b"garbage").status, 400);
    assert_eq!(get(&format!("{}/metrics", town.url)).code(), "not-found", "not where everybody reads");
    let text = page(&town);
    let event = town.event();
    let size = town.size();
    for line in [
        format!("urna_entries{{event=\"{event}\"}} {size}"),
        format!("urna_queue_length{{event=\"{event}\"}} 0"),
        format!("urna_waiting_for_witnesses{{event=\"{event}\"}} 0"),
        "urna_refusals_total{code=\"malformed-entry\"} 1".to_owned(),
        "urna_requests_total{route=\"/api/events/{event}/entries\",method=\"POST\",status=\"400\"} 1".to_owned(),
        "urna_requests_total{route=\"other\",method=\"GET\",status=\"404\"} 1".to_owned(),
        "urna_events_left_out 0".to_owned(),
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    let number = |line: &str| -> f64 {
        let line = line.replace("EVENT", &event.to_string());
        text.lines()
            .find_map(|found| found.strip_prefix(&line)?.trim().parse().ok())
            .unwrap_or_else(|| panic!("{line}\n{text}"))
    };
    let batches = number("urna_batch_entries_count{event=\"EVENT\"}");
    assert!(batches >= 1.0 && number("urna_batch_entries_sum{event=\"EVENT\"}") == (size - 1) as f64);
    assert!(number("urna_sync_seconds_count{event=\"EVENT\"}") >= 2.0 * (batches - 1.0), "two durable records each");
    assert!(number("urna_verify_seconds_sum{event=\"EVENT\"}") > 0.0);
    assert!(number("urna_request_seconds_sum{route=\"/api/events/{event}/entries\"}") > 0.0);
    // Every label is one of these; the only digits of length are the public id of the event.
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        for label in
            line.split_once('{').map_or("", |(_, rest)| rest).split("\",").filter(|label| label.contains("=\""))
        {
            let name = label.split('=').next().unwrap();
            assert!(["route", "method", "status", "code", "event", "le"].contains(&name), "{line}");
        }
    }
    let ballot = voting_core::record::state::as_ballot(&entry).unwrap();
    for secret in [ballot.sealed.credential.to_string(), ballot.tracker().to_string(), hex_of(&entry[..16])] {
        assert!(!text.contains(&secret));
    }
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A listener to the turnout.
struct Listener(BufReader<TcpStream>);

impl Listener {
    fn open(town: &Town) -> (u16, Self) {
        let mut stream = TcpStream::connect(town.url.strip_prefix("http://").unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "GET /api/events/{}/turnout HTTP/1.1\r\nHost: a\r\n\r\n", town.event()).unwrap();
        let mut listener = Self(BufReader::new(stream));
        let status = listener.line().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let mut head = String::new();
        while let Some(line) = listener.line().filter(|line| !line.is_empty()) {
            head += &line.to_ascii_lowercase();
            head.push('\n');
        }
        if status == 200 {
            assert!(head.contains("content-type: text/event-stream\n"), "{head}");
        }
        (status, listener)
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        (self.0.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
    }

    /// The next event, `None` at the end of the stream.
    fn next(&mut self) -> Option<serde_json::Value> {
        loop {
            if let Some(data) = self.line()?.strip_prefix("data: ") {
                return Some(serde_json::from_str(data).unwrap());
            }
        }
    }
}

#[test]
fn the_turnout_is_told_as_it_is_published() {
    let mut town = town(93, |_| ());
    let (status, mut listener) = Listener::open(&town);
    assert_eq!(status, 200);
    let size = town.size();
    assert_eq!(listener.next().unwrap(), serde_json::json!({"round": 0, "ballots": 0, "turnout": 0, "size": size}));
    vote(&mut town, 0, 1);
    vote(&mut town, 0, 0);
    vote(&mut town, 2, 0);
    town.sync();
    let begun = Instant::now();
    let mut told = 1;
    // Never ahead of what everybody can read, and at most once a second.
    let last = loop {
        let turnout = listener.next().unwrap();
        told += 1;
        assert!(turnout["size"].as_u64().unwrap() <= town.size());
        if turnout["ballots"] == 3 {
            break turnout;
        }
        assert!(begun.elapsed() < Duration::from_secs(10));
    };
    assert_eq!(last, serde_json::json!({"round": 0, "ballots": 3, "turnout": 2, "size": size + 3}));
    assert!(told <= 2 + begun.elapsed().as_secs() + 1, "{told}");
    assert!(page(&town).contains("\nurna_turnout_listeners 1\n"));
    // The end of the service is the end of the stream, and does not wait for the listener.
    let begun = Instant::now();
    town.stop();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(listener.next(), None);
}

#[test]
fn listeners_are_capped_and_give_their_place_back() {
    let town = town(94, |config| config.limits.turnout_listeners = 2);
    let mut first = Listener::open(&town);
    let second = Listener::open(&town);
    assert_eq!((first.0, second.0), (200, 200));
    // It has read everything when it goes, so that the system tells the board nothing but that it says no more.
    assert!(first.1.next().is_some());
    let refused = get(&town.api("/turnout"));
    assert_eq!((refused.status, refused.code().as_str(), refused.header("retry-after")), (503, "busy", Some("1")));
    assert_eq!(get(&format!("{}/api/events/{}/turnout", town.url, "0".repeat(64))).code(), "unknown-event");
    drop(first);
    let begun = Instant::now();
    while Listener::open(&town).0 != 200 {
        assert!(begun.elapsed() < Duration::from_secs(25), "a listener that went keeps its place");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn the_viewer_loads_nothing_from_elsewhere() {
    let town = town(95, |_| ());
    let document = get(&format!("{}/api/openapi.json", town.url));
    assert!(document.json()["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(
        document.header("content-security-policy").unwrap().contains("sandbox"),
        "the strict policy everywhere else"
    );
    let viewer = get(&format!("{}/api/docs/", town.url));
    assert_eq!(viewer.header("content-type"), Some("text/html"));
    let html = String::from_utf8(viewer.body.clone()).unwrap();
    let mut loaded = Vec::new();
    for part in html.split(['"', '\'']).collect::<Vec<_>>().windows(2) {
        if part[0].ends_with("src=") || part[0].ends_with("href=") {
            loaded.push(part[1].to_owned());
        }
    }
    assert!(loaded.len() >= 6, "{html}");
    for url in loaded {
        assert!(!url.contains(':') && !url.starts_with('/'), "{url}");
        let file = get(&format!("{}/api/docs/{}", town.url, url.trim_start_matches("./")));
        assert_eq!(file.status, 200, "{url}");
        let policy = file.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
        assert!(!policy.contains("http") && !policy.contains('*') && !policy.contains("unsafe-eval"), "{policy}");
        if url.ends_with("initializer.js") {
            let script = String::from_utf8(file.body).unwrap();
            assert!(script.contains("../openapi.json"), "{script}");
            assert!(!script.contains("://"), "{script}");
            assert!(script.contains("\"supportedSubmitMethods\": []"), "it sends nothing: {script}");
        } else if url.ends_with(".css") {
            let style = String::from_utf8(file.body).unwrap();
            for address in style.split("url(").skip(1) {
                assert!(
                    address.trim_start_matches(['"', '\'']).starts_with("data:"),
                    "{}",
                    &address[..60.min(address.len())]
                );
            }
        }
    }
    assert_eq!(get(&format!("{}/api/docs/nothing.js", town.url)).status, 404);
}

#[test]
fn every_answer_has_the_headers_that_protect() {
    let town = town(96, |_| ());
    let answers = [
        get(&town.api("")),
        get(&town.log("checkpoint")),
        get(&format!("{}/nowhere", town.url)),
        post(&town.api("/entries"), b"garbage"),
        get(&format!("{}/api/ready", town.url)),
    ];
    for answer in answers {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("cross-origin"));
        let policy = answer.header("content-security-policy").unwrap();
        assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'; sandbox");
        assert!(answer.header("set-cookie").is_none() && answer.header("server").is_none());
        assert!(answer.header("access-control-allow-credentials").is_none());
    }
}

/// Makes a certificate of its own for `localhost`, and returns it as PEM.
fn certify(files: &TlsFiles) -> String {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    made.cert.pem()
}

/// What a client says that trusts this certificate alone.
fn ask(url: &str, trusted: &str) -> Result<u16, ureq::Error> {
    use ureq::tls::{Certificate, RootCerts, TlsConfig};
    let certificate = Certificate::from_pem(trusted.as_bytes()).unwrap();
    let tls = TlsConfig::builder().root_certs(RootCerts::from(vec![certificate])).build();
    let config = ureq::Agent::config_builder().http_status_as_error(false).tls_config(tls).build();
    let agent: ureq::Agent = config.into();
    let answer = agent.get(url).call()?;
    assert!(answer.headers().contains_key("strict-transport-security"));
    Ok(answer.status().as_u16())
}

fn files(dir: &Path) -> TlsFiles {
    TlsFiles { certificate: dir.join("certificate.pem"), key: dir.join("key.pem") }
}

#[test]
fn tls_by_a_certificate_that_can_be_changed() {
    let dir = TempDir::new().unwrap();
    let files = files(dir.path());
    let mut config = config(&dir.path().join("data"));
    config.tls = Some(files.clone());
    let missing = board::run(config.clone()).unwrap_err();
    assert_eq!(missing.code(), "io");
    let first = certify(&files);
    let board = board::run(config.clone()).unwrap();
    let url = format!("{}/api/health", board.url().replace("127.0.0.1", "localhost"));
    assert!(url.starts_with("https://"));
    assert_eq!(ask(&url, &first).unwrap(), 200);
    // Plain HTTP gets no answer.
    let plain = board.url().strip_prefix("https://").unwrap().to_owned();
    assert!(common::try_get(&format!("http://{plain}/api/health")).is_err());

    let second = certify(&files);
    assert!(ask(&url, &second).is_err(), "not read yet");
    board.reload().unwrap();
    assert_eq!(ask(&url, &second).unwrap(), 200);
    assert!(ask(&url, &first).is_err());
    // A key that does not belong to it changes nothing.
    std::fs::write(&files.key, "nonsense").unwrap();
    assert_eq!(board.reload().unwrap_err().code(), "config-invalid");
    assert_eq!(ask(&url, &second).unwrap(), 200);
    board.stop();
    let refused = board::run(config).unwrap_err();
    assert_eq!(refused.code(), "config-invalid");
    assert!(!refused.to_string().contains("nonsense"));
}

#[test]
fn connections_without_a_request_do_not_delay_a_stop() {
    use std::io::Read;
    let mut town = town(97, |_| ());
    let mut idle: Vec<_> = (0..5)
        .map(|_| {
            let mut stream = TcpStream::connect(town.url.strip_prefix("http://").unwrap()).unwrap();
            stream.write_all(b"GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
            assert!(stream.read(&mut [0; 4_096]).unwrap() > 0);
            stream
        })
        .collect();
    let begun = Instant::now();
    town.stop();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    for stream in &mut idle {
        assert_eq!(stream.read(&mut [0; 4_096]).unwrap_or(0), 0);
    }
}

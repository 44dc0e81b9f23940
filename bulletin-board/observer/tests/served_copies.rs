//! `observer serve`: copies of copies are the same, and nothing but the files of a log can be had.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
#[path = "common/logs.rs"]
mod logs;
#[path = "../../client/tests/common/mod.rs"]
mod server;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::observer;
use logs::{Desk, Event};
use server::{entries, files_in, log_of};
use voting_core::labels::LabelFile;
use voting_core::testing::Sandbox;

/// A server that runs; ended with the value.
struct Serving(Child, Vec<String>);

impl Serving {
    fn start(dirs: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_observer"))
            .arg("serve")
            .args(dirs)
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let urls = dirs.iter().map(|_| lines.next().unwrap().unwrap().split(' ').next().unwrap().to_owned()).collect();
        Self(child, urls)
    }

    fn address(&self) -> &str {
        self.1[0].strip_prefix("http://").unwrap().split('/').next().unwrap()
    }

    /// Sends bytes and returns all that comes back until the server closes or is silent.
    fn send(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn get(&self, path: &str) -> String {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_copy_of_a_copy_is_the_same_byte_for_byte_and_verifies() {
    let mut event = Event::opened(1);
    event.vote(0);
    let sandbox = &event.sandbox;
    let manifest = sandbox.manifest();
    let labels = LabelFile { event: manifest.event(), audience: "public".into(), delete_day: 0, labels: vec![] };
    let mut files = event.whole();
    files.insert("labels.signed".into(), labels.sign(&sandbox.administrator));
    let second = Sandbox::new(2);
    let desk = Desk::new();
    let many = desk.log("many", &log_of(&second, &entries(&second, 700, 1)));
    let original = desk.log("original", &files);

    let first = Serving::start(&[&original, &many]);
    let [one, two] = ["one", "two"].map(|name| desk.name(name));
    assert_eq!(observer(&["mirror", &first.1[0], &one]).code, Some(0));
    assert_eq!(files_in(&desk.path("one")), files);
    let again = Serving::start(&[&one]);
    assert_eq!(observer(&["mirror", &again.1[0], &two]).code, Some(0));
    assert_eq!(files_in(&desk.path("two")), files);
    let card = desk.put("event.card", &event.card());
    for url in [&first.1[0], &again.1[0]] {
        let said = observer(&["verify", url, "--card", &card]);
        assert!(said.code == Some(0) && said.out.ends_with("The record holds.\n"), "{}{}", said.out, said.notes);
    }
    let three = desk.name("three");
    assert_eq!(observer(&["mirror", &first.1[1], &three]).code, Some(0));
    assert_eq!(files_in(&desk.path("three")), files_in(&desk.path("many")));

    let said = observer(&["serve", &original, &one, "--listen", "127.0.0.1:0"]);
    assert!(said.code == Some(2) && said.notes.starts_with("error[two-copies]: "), "{}", said.notes);
    let said = observer(&["serve", &desk.name("nothing"), "--listen", "127.0.0.1:0"]);
    assert!(said.code == Some(2) && said.notes.starts_with("error[missing-file]: "), "{}", said.notes);
}

#[test]
fn nothing_else_can_be_had_and_bad_requests_are_refused() {
    let event = Event::opened(3);
    let desk = Desk::new();
    let dir = desk.log("copy", &event.whole());
    desk.put("copy/.lock", b"secret");
    desk.put("copy/checkpoint.seen", b"secret");
    desk.put("secret", b"secret");
    std::fs::create_dir(desk.path("copy/evidence")).unwrap();
    desk.put("copy/evidence/split-view.txt", b"secret");
    let serving = Serving::start(&[&dir]);
    let id = event.event();

    let answer = serving.get(&format!("/{id}/checkpoint"));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    for header in [
        "Content-Type: text/plain; charset=utf-8",
        "Cache-Control: no-cache",
        "Access-Control-Allow-Origin: *",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    ] {
        assert!(answer.contains(&format!("\r\n{header}\r\n")), "{header} {answer}");
    }
    assert!(answer.ends_with(&String::from_utf8(event.whole()["checkpoint"].clone()).unwrap()));
    let tile = event.whole().keys().find(|path| path.starts_with("tile/0/")).unwrap().clone();
    let answer = serving.get(&format!("/{id}/{tile}"));
    assert!(answer.contains("\r\nCache-Control: public, max-age=31536000, immutable\r\n"), "{answer}");
    assert!(answer.contains("\r\nContent-Type: application/octet-stream\r\n"), "{answer}");
    let head = serving.send(format!("HEAD /{id}/{tile} HTTP/1.0\r\n\r\n").as_bytes());
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");

    for path in [
        "/",
        "//",
        "/checkpoint",
        &format!("/{id}"),
        &format!("/{id}/"),
        &format!("/{id}/.lock"),
        &format!("/{id}/checkpoint.seen"),
        &format!("/{id}/evidence/split-view.txt"),
        &format!("/{id}/../secret"),
        &format!("/{id}/tile/../../secret"),
        &format!("/{id}/%2e%2e/secret"),
        &format!("/{id}/tile/0/000"),
        &format!("/{id}//checkpoint"),
        &format!("/{id}/checkpoint?x"),
        &format!("/{id}/labels.signed"),
        &format!("/{}/checkpoint", "00".repeat(32)),
    ] {
        let answer = serving.get(path);
        assert!(
            answer.starts_with("HTTP/1.1 404 Not Found\r\n") && answer.ends_with("\r\nno such file\n"),
            "{path} {answer}"
        );
    }
    let checkpoint = format!("/{id}/checkpoint");
    let long = format!("GET {checkpoint} HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(9_000));
    for (request, status) in [
        (format!("POST {checkpoint} HTTP/1.1\r\nContent-Length: 2\r\n\r\nxx"), "405 Method Not Allowed"),
        (format!("DELETE {checkpoint} HTTP/1.0\r\n\r\n"), "405 Method Not Allowed"),
        (format!("GET {checkpoint} HTTP/1.1\r\nContent-Length: 2\r\n\r\nxx"), "400 Bad Request"),
        (format!("GET {checkpoint} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "400 Bad Request"),
        (format!("GET {checkpoint}\r\n\r\n"), "400 Bad Request"),
        (format!("GET {checkpoint} HTTP/3\r\n\r\n"), "400 Bad Request"),
        (format!("GET {checkpoint} HTTP/1.1\r\nno colon\r\n\r\n"), "400 Bad Request"),
        ("\u{0}\u{1}\r\n\r\n".to_owned(), "400 Bad Request"),
        (long, "400 Bad Request"),
    ] {
        let answer = serving.send(request.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{request:?} {answer}");
        assert!(!answer.contains("secret"));
    }
    // Two requests on one connection.
    let two = format!("GET {checkpoint} HTTP/1.1\r\n\r\nGET {checkpoint} HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert_eq!(serving.send(two.as_bytes()).matches("HTTP/1.1 200 OK").count(), 2);
}

#[test]
fn a_slow_reader_keeps_nobody_else_waiting() {
    let event = Event::opened(4);
    let desk = Desk::new();
    let dir = desk.log("copy", &event.whole());
    let serving = Serving::start(&[&dir]);
    let slow: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut stream = TcpStream::connect(serving.address()).unwrap();
            stream.write_all(b"GET /").unwrap();
            stream
        })
        .collect();
    assert!(serving.get(&format!("/{}/checkpoint", event.event())).starts_with("HTTP/1.1 200 OK"));
    // Above the limit of connections they are told to come back.
    let more: Vec<TcpStream> = (0..40).filter_map(|_| TcpStream::connect(serving.address()).ok()).collect();
    let answer = serving.get(&format!("/{}/checkpoint", event.event()));
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
    drop((slow, more));
    let begun = std::time::Instant::now();
    while !serving.get(&format!("/{}/checkpoint", event.event())).starts_with("HTTP/1.1 200 OK") {
        assert!(begun.elapsed() < Duration::from_secs(20), "places are not given back");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_request_that_never_ends_is_cut_off() {
    let event = Event::opened(5);
    let desk = Desk::new();
    let dir = desk.log("copy", &event.whole());
    let serving = Serving::start(&[&dir]);
    let mut stream = TcpStream::connect(serving.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    let begun = std::time::Instant::now();
    // A byte a second, in a header that goes on for ever.
    loop {
        let _ = stream.write_all(b"x");
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(0) => break,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
            Err(_) => break,
            Ok(_) => panic!("there is an answer to half a request"),
        }
        assert!(begun.elapsed() < Duration::from_secs(40), "nobody cut it off");
    }
    assert!(begun.elapsed() > Duration::from_secs(5), "cut off too early");
}

//! `observer serve`: copies of records as plain files over HTTP. Reads only, a handful of paths, strict limits.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read as _, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use client::{LABELS_FILE, Record};
use tlog::layout::Resource;
use tlog::note::MAX_NOTE;
use tlog::tile::MAX_BUNDLE;
use voting_core::ids::EventId;
use voting_core::labels::MAX_FILE;

use crate::cli::ServeArgs;
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::talk::entries;

/// Connections at one time; a further one is told to come back.
const MAX_CONNECTIONS: usize = 64;
/// Requests on one connection.
const MAX_REQUESTS: usize = 10_000;
/// Bytes of a request with all its headers.
const MAX_REQUEST: u64 = 8 * 1_024;
/// Longest time for a whole request, and for an answer besides what its length allows.
const PATIENCE: Duration = Duration::from_secs(15);
/// Slowest reader that is served to the end, in bytes a second.
const SLOWEST: u64 = 16 * 1_024;

/// Folders of the copies, by event.
type Copies = BTreeMap<EventId, PathBuf>;

pub(crate) fn run(args: &ServeArgs, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let mut copies = Copies::new();
    let mut lines = Vec::new();
    for dir in &args.dirs {
        let record = Record::open(dir)?;
        let event = record.event()?;
        if copies.insert(event, dir.clone()).is_some() {
            let fault = format!("{} is a second copy of event {event}", dir.display());
            return Err(Failure::unable("two-copies", fault, "give one folder for each event"));
        }
        lines.push((event, record.size()));
    }
    let failed = |why| Failure::File(PathBuf::from(args.listen.to_string()), why);
    let listener = TcpListener::bind(args.listen).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    for (event, size) in lines {
        writeln!(out, "http://{address}/{event}  {}", entries(size)).map_err(Failure::Output)?;
    }
    out.flush().map_err(Failure::Output)?;

    let (copies, open) = (Arc::new(copies), Arc::new(AtomicUsize::new(0)));
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            // Out of file descriptors, for instance: wait instead of turning in circles.
            std::thread::sleep(Duration::from_millis(50));
            continue;
        };
        let ticket = Ticket::take(&open);
        if open.load(Ordering::SeqCst) > MAX_CONNECTIONS {
            let _ = Answer::error(503, "busy").send(&mut Patient::new(&stream, Duration::from_secs(1)), false, true);
            continue;
        }
        let copies = copies.clone();
        let spawned = std::thread::Builder::new().spawn(move || {
            let _ticket = ticket;
            // A reader who goes away in the middle is no fault of ours.
            let _ = converse(&stream, &copies);
        });
        drop(spawned);
    }
    Ok(Outcome::Holds)
}

/// A place among the open connections, given back when dropped.
struct Ticket(Arc<AtomicUsize>);

impl Ticket {
    fn take(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::SeqCst);
        Self(open.clone())
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A connection with a deadline: who sends or takes a byte now and then does not stay for ever.
struct Patient<'a> {
    stream: &'a TcpStream,
    until: Instant,
}

impl<'a> Patient<'a> {
    fn new(stream: &'a TcpStream, patience: Duration) -> Self {
        Self { stream, until: Instant::now() + patience }
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl io::Read for Patient<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        self.stream.read(bytes)
    }
}

impl Write for Patient<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// What is answered.
struct Answer {
    status: u16,
    media: &'static str,
    cache: &'static str,
    body: Vec<u8>,
}

impl Answer {
    fn error(status: u16, text: &str) -> Self {
        Self { status, media: "text/plain; charset=utf-8", cache: "no-store", body: format!("{text}\n").into_bytes() }
    }

    fn send(&self, stream: &mut Patient<'_>, head_only: bool, close: bool) -> io::Result<()> {
        let Self { status, media, cache, body } = self;
        let reason = match status {
            200 => "OK",
            404 => "Not Found",
            405 => "Method Not Allowed",
            503 => "Service Unavailable",
            _ => "Bad Request",
        };
        let more = match status {
            405 => "Allow: GET, HEAD\r\n",
            503 => "Retry-After: 5\r\n",
            _ => "",
        };
        let connection = if close { "close" } else { "keep-alive" };
        let head = format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Type: {media}\r\nContent-Length: {}\r\nCache-Control: {cache}\r\n\
             Access-Control-Allow-Origin: *\r\nX-Content-Type-Options: nosniff\r\n{more}Connection: {connection}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        if head_only { Ok(()) } else { stream.write_all(body) }
    }
}

/// What a request asks for.
struct Request {
    method: String,
    path: String,
    /// The reader wants no further answers, or can't be told where this request ends.
    close: bool,
    /// The request brings a body, which nobody here reads.
    body: bool,
}

/// Answers the requests of one connection.
fn converse(stream: &TcpStream, copies: &Copies) -> io::Result<()> {
    let mut reader = BufReader::new(Patient::new(stream, PATIENCE));
    for _ in 0..MAX_REQUESTS {
        reader.get_mut().until = Instant::now() + PATIENCE;
        let Some(request) = (match read_request(&mut reader) {
            Ok(request) => request,
            Err(why) if why.kind() == io::ErrorKind::InvalidData => {
                return Answer::error(400, "malformed request").send(&mut Patient::new(stream, PATIENCE), false, true);
            }
            Err(why) => return Err(why),
        }) else {
            return Ok(());
        };
        let close = request.close || request.body;
        let head_only = request.method == "HEAD";
        let answer = match request.method.as_str() {
            "GET" | "HEAD" if !request.body => find(&request.path, copies),
            "GET" | "HEAD" => Answer::error(400, "a request for a file has no body"),
            _ => Answer::error(405, "copies of records can only be read"),
        };
        let patience = PATIENCE + Duration::from_secs(answer.body.len() as u64 / SLOWEST);
        answer.send(&mut Patient::new(stream, patience), head_only, close)?;
        if close {
            return Ok(());
        }
    }
    Ok(())
}

/// Reads the head of a request; `None` if the reader has gone.
fn read_request(reader: &mut BufReader<Patient<'_>>) -> io::Result<Option<Request>> {
    let malformed = || io::Error::from(io::ErrorKind::InvalidData);
    let mut reader = reader.take(MAX_REQUEST);
    let mut line = |must: bool| -> io::Result<Option<String>> {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.strip_suffix('\n') {
            Some(line) => Ok(Some(line.strip_suffix('\r').unwrap_or(line).to_owned())),
            // The end of the connection before a request, or a head that is too long.
            None if line.is_empty() && !must => Ok(None),
            None => Err(malformed()),
        }
    };
    let Some(first) = line(false)? else { return Ok(None) };
    let words: Vec<&str> = first.split(' ').collect();
    let [method, path, version] = words.as_slice() else { return Err(malformed()) };
    if !matches!(*version, "HTTP/1.1" | "HTTP/1.0") {
        return Err(malformed());
    }
    let mut request =
        Request { method: (*method).to_owned(), path: (*path).to_owned(), close: *version == "HTTP/1.0", body: false };
    while let Some(header) = line(true)?.filter(|header| !header.is_empty()) {
        let (name, value) = header.split_once(':').ok_or_else(malformed)?;
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "connection" => request.close |= value.eq_ignore_ascii_case("close"),
            "content-length" => request.body |= value != "0",
            "transfer-encoding" => request.body = true,
            _ => {}
        }
    }
    Ok(Some(request))
}

/// The file of a path `/<event id>/<path of the log>`; nothing else exists. A path that is not in its one spelling is none.
fn find(path: &str, copies: &Copies) -> Answer {
    let missing = || Answer::error(404, "no such file");
    let parts = path.strip_prefix('/').and_then(|path| path.split_once('/'));
    let Some((event, path)) = parts.and_then(|(event, path)| Some((event.parse::<EventId>().ok()?, path))) else {
        return missing();
    };
    let Some(dir) = copies.get(&event) else { return missing() };
    let (media, cache, limit) = if path == LABELS_FILE {
        ("application/octet-stream", "no-cache", MAX_FILE)
    } else {
        let Ok(resource) = Resource::from_path(path) else { return missing() };
        let cache = if resource.is_immutable() { "public, max-age=31536000, immutable" } else { "no-cache" };
        let limit = match resource {
            Resource::Checkpoint => MAX_NOTE,
            Resource::Tile(_) | Resource::Entries(_) => MAX_BUNDLE,
        };
        (resource.media_type(), cache, limit)
    };
    match files::read(&file(dir, path), limit) {
        Ok(body) => Answer { status: 200, media, cache, body },
        Err(_) => missing(),
    }
}

/// The path was checked: it has no part that leads out of the folder.
fn file(dir: &Path, path: &str) -> PathBuf {
    path.split('/').fold(dir.to_owned(), |place, part| place.join(part))
}

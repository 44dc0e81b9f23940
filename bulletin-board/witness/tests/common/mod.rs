//! What the test files share: a small log, a place for a witness, and plain HTTP.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, dead_code, unreachable_pub)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tlog::hash::sha256;
use tlog::note::VerifierKey;
use tlog::witness::AddCheckpoint;
use tlog::{Checkpoint, KeyName, MemoryTree, Origin, SignedNote, SigningKey, checkpoint};
use witness::key::Key;
use witness::{Config, Handle, StartError};

/// A log in memory.
pub struct TestLog {
    pub tree: MemoryTree,
    pub key: SigningKey,
    pub origin: Origin,
}

impl TestLog {
    /// A log of so many entries; another flavour is another history of the same log.
    pub fn with(name: &str, flavour: &str, common: u64, size: u64) -> Self {
        let name = KeyName::new(name).unwrap();
        let seed = *sha256(name.as_str().as_bytes()).as_bytes();
        let mut log =
            Self { tree: MemoryTree::new(), origin: Origin::from(&name), key: SigningKey::from_seed(name, &seed) };
        for index in 0..size {
            let word = if index < common { "entry" } else { flavour };
            log.tree.append(format!("{word} {index}").as_bytes());
        }
        log
    }

    pub fn new(name: &str, size: u64) -> Self {
        Self::with(name, "entry", 0, size)
    }

    pub fn vkey(&self) -> String {
        self.key.verifier().to_string()
    }

    pub fn head(&self, size: u64) -> Checkpoint {
        Checkpoint::new(self.origin.clone(), size, self.tree.root_at(size).unwrap())
    }

    pub fn note(&self, size: u64) -> SignedNote {
        self.signed(&self.head(size))
    }

    pub fn signed(&self, head: &Checkpoint) -> SignedNote {
        SignedNote::parse(checkpoint::sign(head, &self.key).as_bytes()).unwrap()
    }

    pub fn request(&self, old: u64, new: u64) -> AddCheckpoint {
        AddCheckpoint { old_size: old, proof: self.tree.consistency(old, new).unwrap(), note: self.note(new) }
    }

    /// The bytes of a request.
    pub fn ask(&self, old: u64, new: u64) -> Vec<u8> {
        self.request(old, new).to_bytes()
    }

    /// The name of this log's files at a witness.
    pub fn file(&self) -> String {
        sha256(self.origin.as_str().as_bytes()).to_string()
    }
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub media_type: String,
    pub text: String,
}

pub fn agent() -> ureq::Agent {
    let config =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(60)));
    config.build().into()
}

fn answer(response: ureq::http::Response<ureq::Body>) -> Answer {
    let media_type = response.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
    let (status, mut body) = (response.status().as_u16(), response.into_body());
    let text = body.with_config().limit(1 << 22).read_to_string().unwrap();
    Answer { status, media_type: media_type.unwrap_or_default(), text }
}

pub fn get(url: &str) -> Answer {
    answer(agent().get(url).call().unwrap())
}

pub fn post(url: &str, body: &[u8]) -> Answer {
    try_post(&agent(), url, body).unwrap()
}

pub fn try_post(agent: &ureq::Agent, url: &str, body: &[u8]) -> Result<Answer, ureq::Error> {
    agent.post(url).send(body).map(answer)
}

/// Sends bytes as they are and returns all that comes back.
pub fn raw(url: &str, bytes: &[u8]) -> String {
    let mut stream = connect(url);
    // A server that has heard enough may close the line.
    let _ = stream.write_all(bytes);
    rest(stream)
}

pub fn connect(url: &str) -> TcpStream {
    let address = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

pub fn rest(mut stream: TcpStream) -> String {
    let mut all = Vec::new();
    // A reset at the end is as good as an end.
    let _ = stream.read_to_end(&mut all);
    String::from_utf8(all).unwrap()
}

/// A place with the files of a witness.
pub struct Place {
    pub dir: TempDir,
    pub own: VerifierKey,
}

impl Place {
    /// A new key, and a list with these logs.
    pub fn new(logs: &[&TestLog]) -> Self {
        let dir = TempDir::new().unwrap();
        let own = Key::make("witness.example/w1", &dir.path().join("key")).unwrap();
        let place = Self { dir, own };
        place.watch(logs);
        let line = |name: &str| format!("{name} = {:?}\n", place.path(name));
        let text = ["data", "key", "watched"].map(line).concat() + "listen = \"127.0.0.1:0\"\n";
        fs::write(place.path("witness.toml"), text).unwrap();
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes the watched list.
    pub fn watch(&self, logs: &[&TestLog]) {
        let text: String = logs.iter().map(|log| format!("log {}\n", log.vkey())).collect();
        fs::write(self.path("watched"), text).unwrap();
    }

    /// Makes the list look as if it had not been touched for a while.
    pub fn settle(&self) {
        let time = std::time::SystemTime::now() - Duration::from_secs(10);
        fs::File::options().write(true).open(self.path("watched")).unwrap().set_modified(time).unwrap();
    }

    pub fn config(&self) -> Config {
        let mut config =
            Config::new(&self.path("data"), &self.path("key"), &self.path("watched"), "127.0.0.1:0".parse().unwrap());
        config.look_every = Duration::from_millis(50);
        config
    }

    pub fn run(&self) -> Handle {
        witness::run(self.config()).unwrap()
    }

    pub fn refusal(&self) -> StartError {
        match witness::run(self.config()) {
            Ok(_) => panic!("it started"),
            Err(error) => error,
        }
    }

    pub fn record(&self, log: &TestLog) -> PathBuf {
        self.path("data").join("records").join(log.file())
    }

    /// Size in the record on the disk.
    pub fn stored(&self, log: &TestLog) -> Option<u64> {
        let text = fs::read_to_string(self.record(log)).ok()?;
        text.lines().find_map(|line| line.strip_prefix("size ")).map(|size| size.parse().unwrap())
    }

    /// Files of evidence about a log.
    pub fn evidence(&self, log: &TestLog) -> Vec<PathBuf> {
        let Ok(items) = fs::read_dir(self.path("data").join("evidence").join(log.file())) else { return Vec::new() };
        let mut files: Vec<_> = items.map(|item| item.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|end| end == "evidence"));
        files.sort();
        files
    }

    /// Starts the program and waits until it serves.
    pub fn start(&self) -> Program {
        let config = self.path("witness.toml");
        Program::start(&["serve", "--config", config.to_str().unwrap()])
    }
}

/// The real program as a process.
pub struct Program {
    pub child: Child,
    pub url: String,
}

pub fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_witness"))
}

impl Program {
    pub fn start(arguments: &[&str]) -> Self {
        let mut command = command();
        command.args(arguments);
        Self::spawn(command)
    }

    /// Starts this command and waits until it serves.
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| {
            let mut text = String::new();
            child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
            panic!("it did not start: {line}{text}")
        });
        let url = url.to_owned();
        Self { child, url }
    }

    /// Kills it like a power switch for processes: SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end; exit code and stderr.
    pub fn end(mut self) -> (Option<i32>, String) {
        let mut text = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        (self.child.wait().unwrap().code(), text)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the program to its end: exit code, stdout, stderr.
pub fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = command().args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Waits until something holds; panics after a while.
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not come true");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn add(handle_url: &str) -> String {
    format!("{handle_url}/add-checkpoint")
}

/// Replaces a file by a symbolic link to a device that is always full.
pub fn fill_up(path: &Path) {
    std::os::unix::fs::symlink("/dev/full", path).unwrap();
}

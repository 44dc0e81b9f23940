//! Board and witnesses as processes: built, started with their output in files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// How often a process is looked at.
const TICK: Duration = Duration::from_millis(5);
/// How long a program may take to be ready: a large log is folded again.
const READY: Duration = Duration::from_secs(3_600);
/// How long it may take to end when asked.
const GRACE: Duration = Duration::from_secs(120);

/// Builds the programs with the cargo that started this one.
pub(crate) fn build() -> Result<(), Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command.args(["build", "--release", "-p", "board", "-p", "witness", "--features", "board/measure"]);
    if let Some(folder) = std::env::var_os("CARGO_MANIFEST_DIR") {
        command.current_dir(folder);
    }
    // What cargo tells a program about its own package would make build scripts of others run again each time.
    let own = |name: &std::ffi::OsStr| {
        let name = name.as_encoded_bytes();
        name.starts_with(b"CARGO_PKG_") || name.starts_with(b"CARGO_MANIFEST_") || name == b"OUT_DIR"
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| own(name)) {
        command.env_remove(name);
    }
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Failure::unable(
            "building board and witness failed",
            "run `cargo build --release -p board -p witness --features board/measure` and mend what it reports",
        )),
    }
}

/// The path of a program beside this one.
pub(crate) fn find(binary: &str) -> Result<PathBuf, Failure> {
    let own = std::env::current_exe().map_err(|error| Failure::Wrong(error.to_string()))?;
    let path = own.parent().map(|folder| folder.join(binary)).unwrap_or_default();
    if path.is_file() {
        return Ok(path);
    }
    Err(Failure::unable(format!("the program {binary} is not beside this one"), "start the bench with `cargo load`"))
}

/// A service that runs. It is ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    /// Where it listens.
    pub(crate) url: String,
    /// How long it took until it listened.
    pub(crate) ready: Duration,
}

impl Service {
    /// Starts a program and waits for its line `listening on URL`. Its output goes to files in `logs`.
    pub(crate) fn start(binary: &str, arguments: &[&str], logs: &Path, name: &str) -> Result<Self, Failure> {
        let program = find(binary)?;
        fs::create_dir_all(logs).map_err(Failure::io(logs))?;
        let (out, err) = (logs.join(format!("{name}.out")), logs.join(format!("{name}.err")));
        let create = |path: &Path| File::create(path).map_err(Failure::io(path));
        let mut command = Command::new(&program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"URNA_")) {
            command.env_remove(name);
        }
        let begun = Instant::now();
        let child = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(create(&out)?)
            .stderr(create(&err)?)
            .spawn()
            .map_err(Failure::io(&program))?;
        let mut service = Self { child, url: String::new(), ready: Duration::ZERO };
        while begun.elapsed() < READY {
            let printed = fs::read_to_string(&out).unwrap_or_default();
            if let Some(url) = printed.lines().find_map(|line| line.strip_prefix("listening on "))
                && printed.ends_with('\n')
            {
                (service.url, service.ready) = (url.to_owned(), begun.elapsed());
                return Ok(service);
            }
            if let Ok(Some(status)) = service.child.try_wait() {
                let said = fs::read_to_string(&err).unwrap_or_default();
                let tail: Vec<&str> = said.lines().rev().take(3).collect();
                return Err(Failure::Wrong(format!("{name} ended with {status}: {}", tail.join(" / "))));
            }
            std::thread::sleep(TICK);
        }
        Err(Failure::Wrong(format!("{name} was not ready after an hour")))
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it in order, and says how long that took.
    pub(crate) fn stop(mut self) -> Duration {
        let begun = Instant::now();
        self.end();
        begun.elapsed()
    }

    fn end(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let asked = rustix::process::Pid::from_child(&self.child);
        let asked = rustix::process::kill_process(asked, rustix::process::Signal::TERM);
        let begun = Instant::now();
        while asked.is_ok() && begun.elapsed() < GRACE {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(TICK);
        }
        // It may have ended in the meantime; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end();
    }
}

//! The programs as processes: built, found beside this one, started with their output in files, and ended.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::account::Progress;
use crate::failure::Failure;

/// The programs that are driven: package, binary.
pub(crate) const PROGRAMS: [(&str, &str); 5] = [
    ("board", "board"),
    ("witness", "witness"),
    ("office", "office"),
    ("trustee-cli", "trustee"),
    ("observer", "observer"),
];
/// How often a process is looked at.
const TICK: Duration = Duration::from_millis(15);
/// How long a process may take to end when asked.
const GRACE: Duration = Duration::from_secs(10);
/// Lines that are shown of a program that failed.
const TAIL: usize = 20;
/// log2 of the work factor of passphrase files: cheap, and only for a demonstration.
pub(crate) const WORK_FACTOR: &str = "10";

/// Set when somebody asks the demonstration to stop.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether somebody asked the demonstration to stop.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// The failure to report then.
pub(crate) fn interruption() -> Failure {
    Failure::unable("interrupted", "the demonstration was interrupted", "start it again")
}

/// Watches for Ctrl-C and the signal to terminate. Everything that waits looks at [`interrupted`].
pub(crate) fn watch_signals() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::internal(error.to_string()))?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(terminate) => terminate,
                Err(_) => return,
            };
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            INTERRUPTED.store(true, Ordering::Relaxed);
        });
    });
    Ok(())
}

/// A running program. It is ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    name: String,
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

/// What a program printed on standard output before it ended well.
#[derive(Clone, Debug)]
pub(crate) struct Printed {
    /// Exit code; none if a signal ended it.
    pub(crate) status: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Printed {
    /// The one JSON object.
    pub(crate) fn json(&self) -> Result<Value, Failure> {
        serde_json::from_slice(&self.stdout)
            .map_err(|error| Failure::internal(format!("a program printed something else than JSON: {error}")))
    }
}

/// The folder of the programs and the one for their output.
#[derive(Debug)]
pub(crate) struct Programs {
    binaries: PathBuf,
    logs: PathBuf,
    started: AtomicUsize,
}

/// Builds the programs with the cargo that started this one.
pub(crate) fn build() -> Result<(), Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command.args(["build", "--release"]);
    for (package, _) in PROGRAMS {
        command.args(["-p", package]);
    }
    // Started by cargo, the folder of this package is known, wherever the user stands.
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
    let fault = match status {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => format!("building the programs failed ({status})"),
        Err(error) => format!("{}: {error}", cargo.display()),
    };
    Err(Failure::unable("build", fault, "run `cargo build --release` and mend what it reports"))
}

impl Programs {
    /// Finds the programs beside this one.
    pub(crate) fn find(logs: &Path) -> Result<Self, Failure> {
        let own = std::env::current_exe().map_err(|error| Failure::internal(error.to_string()))?;
        let binaries = own.parent().map(Path::to_owned).unwrap_or_default();
        for (package, binary) in PROGRAMS {
            if !binaries.join(binary).is_file() {
                let fault = format!("the program {binary} is not beside this one");
                return Err(Failure::unable("build", fault, format!("build it: cargo build --release -p {package}")));
            }
        }
        fs::create_dir_all(logs).map_err(|error| Failure::io(logs, &error))?;
        Ok(Self { binaries, logs: logs.to_owned(), started: AtomicUsize::new(0) })
    }

    /// Starts a program. `name` is for the account and for its files.
    pub(crate) fn start(&self, name: &str, binary: &str, arguments: &[&str]) -> Result<Running, Failure> {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let file = |kind: &str| self.logs.join(format!("{number:02}-{}.{kind}", name.replace(' ', "-")));
        let (stdout, stderr) = (file("out"), file("err"));
        let create = |path: &Path| File::create(path).map_err(|error| Failure::io(path, &error));
        let mut command = Command::new(self.binaries.join(binary));
        // Settings of the user's own board or office have no place here.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"URNA_")) {
            command.env_remove(name);
        }
        let child = command
            .args(arguments)
            .env("URNA_TEST_WORK_FACTOR", WORK_FACTOR)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(create(&stdout)?)
            .stderr(create(&stderr)?)
            .spawn()
            .map_err(|error| Failure::unable("start", format!("{binary}: {error}"), "build the programs again"))?;
        Ok(Running { name: name.to_owned(), child, stdout, stderr })
    }

    /// Runs a program to its end, which must be good.
    pub(crate) fn run(
        &self,
        name: &str,
        binary: &str,
        arguments: &[&str],
        progress: Option<&Progress>,
    ) -> Result<Printed, Failure> {
        self.start(name, binary, arguments)?.finish(progress)
    }
}

impl Running {
    /// Waits for a good end.
    pub(crate) fn finish(self, progress: Option<&Progress>) -> Result<Printed, Failure> {
        let name = self.name.clone();
        let printed = self.end(progress)?;
        if printed.status == Some(0) { Ok(printed) } else { Err(failed(&name, &printed)) }
    }

    /// Waits for any end.
    pub(crate) fn end(mut self, progress: Option<&Progress>) -> Result<Printed, Failure> {
        let status = loop {
            if let Some(status) = self.ended()? {
                break status;
            }
            if interrupted() {
                return Err(interruption());
            }
            if let Some(progress) = progress {
                progress.tell();
            }
            sleep(TICK);
        };
        let stdout = fs::read(&self.stdout).map_err(|error| Failure::io(&self.stdout, &error))?;
        Ok(Printed { status: status.code(), stdout, stderr: self.said() })
    }

    /// Its status, if it has ended.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>, Failure> {
        self.child.try_wait().map_err(|error| Failure::internal(format!("{}: {error}", self.name)))
    }

    /// What it has printed on standard output so far.
    pub(crate) fn printed(&self) -> String {
        text(&self.stdout)
    }

    /// What it has printed on standard error so far.
    pub(crate) fn said(&self) -> String {
        text(&self.stderr)
    }

    /// Adds what it printed last to a failure that it may have caused.
    pub(crate) fn explain(&self, failure: Failure) -> Failure {
        if failure.tail.is_empty() { Failure { tail: tail(&self.said()), ..failure } } else { failure }
    }

    /// The failure of a program that ended although it should run.
    pub(crate) fn gone(&self, status: ExitStatus) -> Failure {
        let printed = Printed { status: status.code(), stdout: Vec::new(), stderr: self.said() };
        failed(&self.name, &printed)
    }

    /// Asks it to end, and makes it if it does not.
    fn stop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let asked = Command::new("kill").arg(self.child.id().to_string()).stderr(Stdio::null()).status();
        let begin = Instant::now();
        while asked.as_ref().is_ok_and(ExitStatus::success) && begin.elapsed() < GRACE {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            sleep(TICK);
        }
        // It may have ended in the meantime; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

fn text(path: &Path) -> String {
    let mut bytes = Vec::new();
    // A file that cannot be read has nothing to show.
    let _ = File::open(path).and_then(|mut file| file.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The last lines of what a program printed.
fn tail(text: &str) -> Vec<String> {
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines.iter().skip(lines.len().saturating_sub(TAIL)).map(|line| (*line).to_owned()).collect()
}

/// The failure of a program, with the last lines that it printed.
fn failed(name: &str, printed: &Printed) -> Failure {
    let how = match printed.status {
        Some(code) => format!("exit code {code}"),
        None => "a signal".to_owned(),
    };
    let remedy = "see what it printed; with --keep DIR all of it stays in DIR/logs";
    let failure = Failure::unable("program-failed", format!("{name} ended with {how}"), remedy);
    Failure { tail: tail(&printed.stderr), ..failure }
}

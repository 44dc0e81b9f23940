//! Runs a command, shows its output as it comes, and counts what it reports.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::tally::{Counts, Tally};

/// Runs the commands of all stages and keeps the sum.
pub(crate) struct Runner {
    /// The root of the repository.
    pub(crate) root: PathBuf,
    /// What was counted so far.
    pub(crate) counts: Counts,
    /// What failed, in words.
    pub(crate) failures: Vec<String>,
    target: Option<PathBuf>,
    /// Shows a line.
    show: fn(&str),
}

/// How a command ended.
struct Ended {
    success: bool,
    counts: Counts,
    /// Everything it wrote to standard output.
    stdout: String,
}

impl Runner {
    /// A runner for the repository at `root`; cargo compiles to `target`, or where it does by itself.
    pub(crate) fn new(root: PathBuf, target: Option<PathBuf>) -> Self {
        Self { root, counts: Counts::default(), failures: Vec::new(), target, show: print }
    }

    /// A cargo command in `folder` of the repository. `line` is split at spaces.
    pub(crate) fn cargo(&self, folder: &Path, line: &str) -> Command {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(program);
        command.args(line.split_whitespace()).current_dir(folder).stdin(Stdio::null());
        // What cargo tells this program about itself is not meant for what this program starts.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(name);
            }
        }
        if let Some(target) = &self.target {
            command.env("CARGO_TARGET_DIR", target);
        }
        command
    }

    /// Runs a check that either passes or fails.
    pub(crate) fn check(&mut self, command: &mut Command) {
        let (name, ended) = self.run(command);
        self.note(&name, ended.is_some_and(|ended| ended.success));
    }

    /// Runs a check whose standard output must also satisfy `holds`.
    pub(crate) fn check_output(&mut self, command: &mut Command, holds: impl FnOnce(&str) -> bool) {
        let (name, ended) = self.run(command);
        self.note(&name, ended.is_some_and(|ended| ended.success && holds(&ended.stdout)));
    }

    /// Runs tests and adds up their closing lines. No test executed is a failure.
    pub(crate) fn tests(&mut self, command: &mut Command) {
        let (name, ended) = self.run(command);
        let Some(Ended { success, counts, .. }) = ended else {
            return self.note(&name, false);
        };
        self.counts = self.counts + counts;
        if counts.passed + counts.failed + counts.skipped == 0 {
            self.note(&format!("{name}: no test was run"), false);
        } else if counts.failed > 0 {
            self.failures.push(format!("{name}: {} tests", counts.failed));
        } else if !success {
            self.note(&format!("{name}: ended with an error beside the tests that it counted"), false);
        }
    }

    /// Counts one check by its end.
    pub(crate) fn note(&mut self, name: &str, passed: bool) {
        if passed {
            self.counts.passed += 1;
        } else {
            (self.show)(&format!("FAILED: {name}\n"));
            self.counts.failed += 1;
            self.failures.push(name.to_owned());
        }
    }

    /// Counts one check that this machine can't do, and says why and what to do.
    pub(crate) fn skip(&mut self, why: &str) {
        (self.show)(&format!("SKIPPED: {why}\n"));
        self.counts.skipped += 1;
    }

    /// Runs and shows; `None` if the program could not be started or its output not read.
    fn run(&self, command: &mut Command) -> (String, Option<Ended>) {
        let name = describe(command);
        (self.show)(&format!("$ {name}\n"));
        match stream(command, self.show) {
            Ok(ended) => (name, Some(ended)),
            Err(error) => {
                (self.show)(&format!("could not be run: {error}\n"));
                (name, None)
            }
        }
    }
}

/// The command as one would type it.
fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn stream(command: &mut Command, show: fn(&str)) -> std::io::Result<Ended> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let tally = Mutex::new(Tally::default());
    let written = std::thread::scope(|scope| {
        let errors = scope.spawn(|| stderr.map_or_else(|| Ok(String::new()), |pipe| copy(pipe, &tally, show)));
        let written = stdout.map_or_else(|| Ok(String::new()), |pipe| copy(pipe, &tally, show));
        match errors.join() {
            Ok(Err(error)) => Err(error),
            Ok(Ok(_)) | Err(_) => written,
        }
    });
    let success = child.wait()?.success();
    let counts = tally.into_inner().unwrap_or_else(PoisonError::into_inner).counts();
    Ok(Ended { success, counts, stdout: written? })
}

/// Shows whole lines, so that the two streams of a command never mix within a line, and counts.
fn copy(pipe: impl Read, tally: &Mutex<Tally>, show: fn(&str)) -> std::io::Result<String> {
    let mut pipe = BufReader::new(pipe);
    let mut all = String::new();
    let mut line = Vec::new();
    while pipe.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        tally.lock().unwrap_or_else(PoisonError::into_inner).line(&text);
        show(&text);
        all.push_str(&text);
        line.clear();
    }
    Ok(all)
}

/// Writes to standard output at once. Nobody reading it any more is no reason to stop the checks.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows nothing: whoever runs these tests counts what they show.
    fn runner() -> Runner {
        Runner { show: |_| {}, ..Runner::new(PathBuf::from("."), None) }
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_streams_are_counted() {
        let mut runner = runner();
        runner.tests(&mut shell("echo 'test result: ok. 2 passed; 0 failed; 0 ignored'; echo 'SKIPPED: no data' >&2"));
        assert_eq!(runner.counts, Counts { passed: 1, failed: 0, skipped: 1 });
    }

    #[test]
    fn a_runner_without_tests_fails() {
        let mut runner = runner();
        runner.tests(&mut shell("true"));
        assert_eq!(runner.counts, Counts { passed: 0, failed: 1, skipped: 0 });
    }

    #[test]
    fn an_error_beside_passing_tests_fails() {
        let mut runner = runner();
        runner.tests(&mut shell("echo 'test result: ok. 2 passed; 0 failed; 0 ignored'; exit 101"));
        assert_eq!(runner.counts, Counts { passed: 2, failed: 1, skipped: 0 });
    }

    #[test]
    fn a_program_that_is_not_there_fails() {
        let mut runner = runner();
        runner.check(&mut Command::new("no-such-program-anywhere"));
        assert_eq!(runner.counts, Counts { passed: 0, failed: 1, skipped: 0 });
        runner.check_output(&mut shell("echo no"), |text| text.contains("yes"));
        assert_eq!(runner.counts.failed, 2);
    }
}

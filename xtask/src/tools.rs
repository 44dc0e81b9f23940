//! What the checks need beside cargo, and how it comes here.
//!
//! As root on Debian the missing programs are installed. Elsewhere the one command is named that does it.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::runner::Runner;

/// A program, the Debian package that has it, and what needs it.
struct Program {
    name: &'static str,
    package: &'static str,
    needed_by: &'static str,
}

const PROGRAMS: &[Program] = &[
    Program { name: "cc", package: "gcc", needed_by: "linking, and the C parts of the TLS library" },
    Program { name: "c++", package: "g++", needed_by: "the fuzz targets (libFuzzer)" },
    Program { name: "git", package: "git", needed_by: "the rules of the house (the list of files)" },
];

/// Components of the Rust toolchain and the command that each of them brings.
const COMPONENTS: &[(&str, &str)] = &[("rustfmt", "rustfmt"), ("clippy", "cargo-clippy")];

/// The platform of the browser.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Checks and installs. False if something that everything else needs is missing.
pub(crate) fn provide(runner: &mut Runner) -> bool {
    let mut complete = debian(runner);
    for (component, command) in COMPONENTS {
        let there = || quiet(Command::new(command).arg("--version"));
        complete &= provided(runner, component, there, &["rustup", "component", "add", component]);
    }
    let wasm = || {
        let asked = Command::new("rustc").args(["--print", "target-libdir", "--target", WASM]).output();
        asked.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
    };
    complete & provided(runner, WASM, wasm, &["rustup", "target", "add", WASM])
}

/// True if the program answers at all.
pub(crate) fn quiet(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// One thing that is there, or comes by `install`, or is named.
fn provided(runner: &mut Runner, what: &str, there: impl Fn() -> bool, install: &[&str]) -> bool {
    let line = install.join(" ");
    if !there() {
        println!("{what} is missing: {line}");
        let mut words = install.iter();
        if let Some(program) = words.next() {
            let _ = Command::new(program).args(words).stdin(Stdio::null()).status();
        }
    }
    let now = there();
    runner.note(&if now { what.to_owned() } else { format!("{what} is missing. Install it: {line}") }, now);
    now
}

fn debian(runner: &mut Runner) -> bool {
    let missing = || PROGRAMS.iter().filter(|program| !on_path(program.name)).collect::<Vec<_>>();
    let packages: Vec<&str> = missing().iter().map(|program| program.package).collect();
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"));
    if !packages.is_empty() && root && Path::new("/etc/debian_version").exists() && on_path("apt-get") {
        println!("Installing {}.", packages.join(", "));
        let apt = |words: &[&str]| {
            Command::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(words).stdin(Stdio::null()).status()
        };
        let _ = apt(&["update"]);
        let _ = apt(&[&["install", "--yes", "--no-install-recommends"], packages.as_slice()].concat());
    }
    let missing = missing();
    for Program { name, package, needed_by } in &missing {
        runner.note(&format!("`{name}` is missing, for {needed_by}. Install it: apt-get install {package}"), false);
    }
    for _ in missing.len()..PROGRAMS.len() {
        runner.note("program", true);
    }
    missing.is_empty()
}

/// True if a program of this name is on the search path.
pub(crate) fn on_path(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_on_the_search_path() {
        assert!(on_path("sh"));
        assert!(!on_path("no-such-program-anywhere"));
    }
}

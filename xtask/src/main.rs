#![doc = include_str!("../README.md")]

mod cache;
mod runner;
mod stages;
mod tally;
mod tools;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::runner::Runner;
use crate::stages::{STAGES, Stage};
use crate::tally::Counts;

const HELP: &str = "\
All checks and tests of the repository, one stage after the other.

Usage: cargo check-all [-- OPTIONS]

Options:
  --only STAGE   run this stage only; may be repeated; --list names the stages
  --list         show the stages and what each of them does
  --help         this text

The last line adds up every runner: `N passed, M failed, K skipped`. A check that is no test (formatting, one run of
clippy, one build for wasm32) counts as one. A test that printed a line starting with `SKIPPED:`, because its data or its
program is not on this machine, counts as skipped and not as passed. The lines above tell what was skipped and what to
install.

Exit codes: 0 everything passed, 1 something failed, 2 the command could not run.

Compiled files go to the folder in CARGO_TARGET_DIR. If that is not set, they go to `urna/target` in the user's cache
folder, so that a clean clone does not start from nothing.

Examples:
  cargo check-all                                  everything, before a change is submitted
  cargo check-all -- --only house                  only the rules of the house, in seconds
  cargo check-all -- --only fmt --only clippy      two stages
  cargo check-all -- --only demo                   a whole election with real processes
";

/// What the command line asks for.
enum Request {
    Help,
    List,
    Check(Vec<&'static Stage>),
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match parse(&words) {
        Ok(Request::Help) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Ok(Request::List) => {
            for stage in STAGES {
                println!("{:<8} {}", stage.name, stage.about);
            }
            ExitCode::SUCCESS
        }
        Ok(Request::Check(stages)) => match check_all(&stages) {
            Ok(counts) if counts.failed == 0 && counts.passed > 0 => ExitCode::SUCCESS,
            Ok(_) => ExitCode::from(1),
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::from(2)
            }
        },
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn parse(words: &[String]) -> Result<Request, String> {
    // `cargo check-all -- --only fmt` arrives as `check-all -- --only fmt`.
    let mut words = words.iter().map(String::as_str).filter(|word| *word != "--");
    match words.next() {
        Some("check-all") => {}
        None | Some("--help" | "-h" | "help") => return Ok(Request::Help),
        Some(other) => return Err(format!("unknown command `{other}`. The only command is `check-all`.")),
    }
    let mut only = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "--help" | "-h" => return Ok(Request::Help),
            "--list" => return Ok(Request::List),
            "--only" => {
                let name = words.next().ok_or("--only needs the name of a stage. --list shows them.")?;
                let stage = STAGES.iter().find(|stage| stage.name == name);
                only.push(stage.ok_or_else(|| format!("there is no stage `{name}`. --list shows the stages."))?);
            }
            other => return Err(format!("unknown option `{other}`. --help shows the options.")),
        }
    }
    Ok(Request::Check(if only.is_empty() { STAGES.iter().collect() } else { only }))
}

/// The folder of the workspace: where cargo says that this package lies, or, if this runs without cargo, here.
fn workspace() -> Result<PathBuf, String> {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = own.as_deref().and_then(Path::parent).map_or_else(std::env::current_dir, |root| Ok(root.to_owned()));
    let root = root.map_err(|error| format!("the current folder is unknown: {error}"))?;
    if root.join("xtask").is_dir() && root.join("Cargo.toml").is_file() {
        return Ok(root);
    }
    Err(format!("{} is not the root of the repository. Start this as `cargo check-all`.", root.display()))
}

fn check_all(stages: &[&Stage]) -> Result<Counts, String> {
    let root = workspace()?;
    let cache = cache::prepare(&root)?;
    let mut runner = Runner::new(root, cache.target.clone());
    let mut times = Vec::new();
    for stage in stages {
        println!("\n=== {}: {}", stage.name, stage.about);
        let before = runner.counts;
        let start = std::time::Instant::now();
        let went_on = (stage.run)(&mut runner);
        let counts = runner.counts - before;
        println!("=== {}: {counts}; {} s", stage.name, start.elapsed().as_secs());
        times.push((stage.name, counts, start.elapsed()));
        if !went_on {
            println!("The other stages need what is missing, so they were not run.");
            break;
        }
    }
    println!();
    for (name, counts, time) in &times {
        println!("{name:<8} {:>5} s   {counts}", time.as_secs());
    }
    if runner.counts.passed == 0 {
        println!("No check and no test passed. That is a failure.");
    }
    for failure in &runner.failures {
        println!("FAILED: {failure}");
    }
    println!("{}", runner.counts);
    Ok(runner.counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn all_stages_run_unless_some_are_named() {
        let Ok(Request::Check(all)) = parse(&words("check-all")) else { panic!("refused") };
        assert_eq!(all.len(), STAGES.len());
        let Ok(Request::Check(two)) = parse(&words("check-all -- --only fmt --only doc")) else { panic!("refused") };
        assert_eq!(two.iter().map(|stage| stage.name).collect::<Vec<_>>(), ["fmt", "doc"]);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for line in ["check-all --only", "check-all --only nothing", "check-all --fast", "bench"] {
            assert!(parse(&words(line)).is_err(), "{line}");
        }
    }
}

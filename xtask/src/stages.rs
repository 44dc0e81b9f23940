//! The stages of `cargo check-all`, cheapest answers first.

use std::path::{Path, PathBuf};

use crate::cache::{package_folders, package_name};
use crate::runner::Runner;
use crate::tools::{self, WASM};

/// One stage.
pub(crate) struct Stage {
    /// For `--only`.
    pub(crate) name: &'static str,
    /// What it does, in one line.
    pub(crate) about: &'static str,
    /// Does it; false if the stages after it make no sense.
    pub(crate) run: fn(&mut Runner) -> bool,
}

/// All stages in their order.
pub(crate) const STAGES: &[Stage] = &[
    Stage { name: "tools", about: "what the checks need is here, or is installed", run: tools::provide },
    Stage { name: "fmt", about: "rustfmt changes nothing", run: fmt },
    Stage { name: "house", about: "arrows between packages and rules of the house", run: house },
    Stage { name: "clippy", about: "no warning, each package by itself, with and without its features", run: clippy },
    Stage { name: "wasm", about: "the pure packages build for wasm32", run: wasm },
    Stage { name: "doc", about: "rustdoc without a warning", run: doc },
    Stage { name: "test", about: "unit, integration and doc tests", run: test },
    Stage { name: "fuzz", about: "the fuzz targets compile", run: fuzz },
    Stage {
        name: "deny",
        about: "licences, sources and bans of dependencies, by cargo-deny where installed",
        run: deny,
    },
    Stage { name: "demo", about: "whole elections with real processes, compared with the known totals", run: demo },
];

/// Packages that must build for the browser, in the order of their arrows.
const PURE: &[&str] = &["proofs", "tlog", "voting-core", "session"];

/// The demonstrations: arguments, and the test data that they need. Of the votes that ship with the program, a few; then a
/// weighted vote, a ranking in both of its ways, and the made-up elections that have what no data set has.
const DEMOS: &[(&str, Option<&str>)] = &[
    ("--ballots 200", None),
    ("", Some("weighted-us-electoral-college-2016")),
    ("--unranked last", Some("ranked-kubernetes-2021")),
    ("--unranked incomparable", Some("ranked-kubernetes-2021")),
    ("--example four-kinds", None),
    ("--example split", Some("weighted-beanstalk-bip-5")),
    ("--example chain", None),
];

/// The folders of the packages of the workspace, without the fuzz workspaces.
fn members(root: &Path) -> Vec<PathBuf> {
    package_folders(root).into_iter().filter(|folder| !folder.ends_with("fuzz")).collect()
}

fn fuzz_workspaces(root: &Path) -> Vec<PathBuf> {
    package_folders(root).into_iter().filter(|folder| folder.ends_with("fuzz")).collect()
}

fn fmt(runner: &mut Runner) -> bool {
    let root = runner.root.clone();
    runner.check(&mut runner.cargo(&root, "fmt --all --check"));
    for folder in fuzz_workspaces(&root) {
        runner.check(&mut runner.cargo(&folder, "fmt --check"));
    }
    true
}

fn house(runner: &mut Runner) -> bool {
    let root = runner.root.clone();
    let mut command = runner.cargo(&root, "test --package xtask --no-fail-fast -- --show-output");
    // These tests tell what to repair; where they stand in xtask does not matter.
    runner.tests(command.env("RUST_BACKTRACE", "0"));
    true
}

/// One run for each package: if all were checked together, a feature that one of them turns on would hide that another
/// one does not compile without it.
fn clippy(runner: &mut Runner) -> bool {
    let root = runner.root.clone();
    for folder in members(&root) {
        let Some(name) = package_name(&folder) else { continue };
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        let with_features = manifest.lines().any(|line| line.trim() == "[features]");
        let variants: &[&str] = if with_features { &["", "--all-features"] } else { &[""] };
        for variant in variants {
            let line = format!("clippy --quiet --package {name} --all-targets {variant} -- -D warnings");
            runner.check(&mut runner.cargo(&root, &line));
        }
    }
    true
}

fn wasm(runner: &mut Runner) -> bool {
    let root = runner.root.clone();
    for name in PURE {
        runner.check(&mut runner.cargo(&root, &format!("build --quiet --package {name} --lib --target {WASM}")));
    }
    true
}

fn doc(runner: &mut Runner) -> bool {
    let root = runner.root.clone();
    let mut command = runner.cargo(&root, "doc --quiet --workspace --no-deps");
    runner.check(command.env("RUSTDOCFLAGS", "-D warnings"));
    true
}

/// One process for each test binary: tests of a binary share the elections that they prepare.
fn test(runner: &mut Runner) -> bool {
    let root = runner.root.clone();
    let line = "test --workspace --exclude xtask --no-fail-fast -- --show-output";
    runner.tests(&mut runner.cargo(&root, line));
    // In the browser there is no `parallel`; in the workspace somebody always turns it on.
    runner.tests(&mut runner.cargo(&root, "test --package proofs --lib --tests --no-fail-fast -- --show-output"));
    true
}

fn fuzz(runner: &mut Runner) -> bool {
    for folder in fuzz_workspaces(&runner.root) {
        println!("in {}", folder.display());
        runner.check(&mut runner.cargo(&folder, "check --quiet --locked"));
    }
    true
}

fn deny(runner: &mut Runner) -> bool {
    let root = runner.root.clone();
    if tools::on_path("cargo-deny") {
        runner.check(&mut runner.cargo(&root, "deny --workspace check bans licenses sources"));
    } else {
        runner.skip(
            "cargo-deny is not installed, so deny.toml was only checked by the tests of stage `house`. \
             Install it: cargo install --locked cargo-deny",
        );
    }
    true
}

fn demo(runner: &mut Runner) -> bool {
    let root = runner.root.clone();
    let ran_well = |stdout: &str| stdout.split_whitespace().collect::<String>().contains("\"ok\":true");
    for (arguments, name) in DEMOS {
        let mut line = format!("run --release --quiet --package demo -- --json {arguments}");
        if let Some(name) = name {
            let data = format!("../shared/elections/{name}.json");
            if !root.join(&data).exists() {
                runner.skip(&format!("the votes {data} are not here; this election was not run"));
                continue;
            }
            line.push_str(&format!(" --data {data}"));
        }
        runner.check_output(&mut runner.cargo(&root, &line), ran_well);
    }
    true
}

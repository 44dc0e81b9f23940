//! The packages of the workspace and the arrows between them, as docs/architecture.md shows them.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, TargetKind};

use crate::source::{in_sources_of, refuse, root, rust, text};

const MAP: &str = "docs/architecture.md";

/// Hashes may be computed only here (decisions: "Hash crates").
const HASHING: &[&str] = &["proofs", "voting-core", "tlog"];
const HASHES: &[&str] = &["sha2", "sha3", "hkdf", "argon2", "merlin", "blake2", "hmac"];
/// In `proofs` only these files hash.
const HASHING_IN_PROOFS: &[&str] = &["proofs/src/transcript.rs", "proofs/src/group.rs"];

fn workspace() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().expect("cargo metadata works")
}

fn folder(package: &Package) -> String {
    let folder = package.manifest_path.parent().unwrap();
    let own = root().canonicalize().unwrap();
    folder.as_std_path().canonicalize().unwrap().strip_prefix(own).unwrap().to_string_lossy().into_owned()
}

/// Package → (folder, packages that it may use), from the table that starts with `| package | folder | may use |`.
fn map() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let page = text(MAP);
    let rows = page.lines().skip_while(|line| !line.starts_with("| package | folder | may use |")).skip(2);
    let quoted = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let mut table = BTreeMap::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.split('|').collect();
        let (name, place) = (quoted(cells[1]), quoted(cells[2]));
        let (Some(name), Some(place)) = (name.first(), place.first()) else { panic!("{MAP}: strange row {row}") };
        let known =
            table.insert(name.clone(), (place.trim_end_matches('/').into(), quoted(cells[3]).into_iter().collect()));
        assert!(known.is_none(), "{MAP} has two rows for {name}");
    }
    assert!(!table.is_empty(), "{MAP} has no table `| package | folder | may use |`");
    table
}

#[test]
fn the_map_shows_every_package_and_no_other() {
    let shown: BTreeSet<_> = map().into_iter().map(|(name, (place, _))| (name, place)).collect();
    let built: BTreeSet<_> = workspace().packages.iter().map(|p| (p.name.to_string(), folder(p))).collect();
    let missing = built.difference(&shown).map(|(name, place)| format!("{name} in {place}/ is not in {MAP}"));
    let gone =
        shown.difference(&built).map(|(name, place)| format!("{MAP} shows {name} in {place}/, which is not there"));
    refuse(&missing.chain(gone).collect::<Vec<_>>(), "add or remove the row of the map, or the member in Cargo.toml.");
}

#[test]
fn packages_use_only_what_the_map_allows() {
    let map = map();
    let pure = ["proofs", "tlog", "voting-core"];
    let mut found = Vec::new();
    for package in &workspace().packages {
        let name = package.name.as_str();
        let Some((_, allowed)) = map.get(name) else { continue };
        for dependency in package.dependencies.iter().filter(|dependency| map.contains_key(&dependency.name)) {
            let test_only = dependency.kind == DependencyKind::Development && !pure.contains(&name);
            if !(test_only || allowed.contains(&dependency.name) || dependency.name == name) {
                found.push(format!("{name} uses {}", dependency.name));
            }
        }
    }
    refuse(
        &found,
        "move the code to where the arrow is allowed. If the arrow itself is right, argue it in the change and add it to \
         the table of docs/architecture.md. Tests of programs may use more; those of pure packages may not.",
    );
}

#[test]
fn the_map_has_no_circle_and_nobody_uses_the_board() {
    let map = map();
    let mut found = Vec::new();
    for (name, (_, uses)) in &map {
        found.extend(
            uses.iter().filter(|used| !map.contains_key(*used)).map(|used| format!("{name} uses {used}, unknown")),
        );
        let users = ["board", "witness", "office", "observer", "trustee-cli", "demo", "xtask"];
        found.extend(
            uses.iter().filter(|used| users.contains(&used.as_str())).map(|used| format!("{name} uses {used}")),
        );
        let (mut reached, mut open) = (BTreeSet::new(), vec![name]);
        while let Some(next) = open.pop() {
            for used in map.get(next).into_iter().flat_map(|(_, uses)| uses) {
                if used == name {
                    found.push(format!("{name} reaches itself through {next}"));
                } else if reached.insert(used) {
                    open.push(used);
                }
            }
        }
    }
    refuse(&found, "programs are used by nobody; demo and tests start them as processes. Correct the table.");
}

#[test]
fn only_board_and_witness_know_the_web_framework() {
    let services = ["board", "witness"];
    let mut found = Vec::new();
    for package in workspace().packages.iter().filter(|package| !services.contains(&package.name.as_str())) {
        let uses = package.dependencies.iter().filter(|dependency| dependency.name.starts_with("actix"));
        found.extend(uses.map(|dependency| format!("{} uses {}", package.name, dependency.name)));
    }
    refuse(
        &found,
        "whoever needs a service's answers asks it over HTTP, the board through `client`. See [bans] in deny.toml.",
    );
}

#[test]
fn a1_hash_crates_stand_in_their_three_packages_only() {
    let mut found = Vec::new();
    for package in workspace().packages.iter().filter(|package| !HASHING.contains(&package.name.as_str())) {
        let uses = package.dependencies.iter().filter(|dependency| HASHES.contains(&dependency.name.as_str()));
        found.extend(uses.map(|dependency| format!("{} depends on {}", package.name, dependency.name)));
    }
    for file in rust() {
        let allowed = file.path.starts_with("voting-core/")
            || file.path.starts_with("bulletin-board/tlog/")
            || HASHING_IN_PROOFS.contains(&file.path.as_str());
        if allowed {
            continue;
        }
        for hash in HASHES {
            let lines = crate::source::lines_with(&file.code(), &format!("{hash}::"));
            found.extend(lines.iter().map(|line| format!("{}:{line} names {hash}", file.path)));
        }
    }
    refuse(
        &found,
        "use tlog::hash for digests of files and records, voting-core's ids and credentials for anything of an election, \
         and proofs::transcript for challenges. A new kind of hash belongs into one of these.",
    );
}

#[test]
fn every_package_says_what_it_is() {
    let mut found = Vec::new();
    for package in &workspace().packages {
        let (name, place) = (&package.name, folder(package));
        let manifest: toml::Table = text(&format!("{place}/Cargo.toml")).parse().unwrap();
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        let fault = |what: &str| format!("{place}/Cargo.toml: {name} {what}");
        if package.license.as_deref() != Some("Apache-2.0 OR MIT") {
            found.push(fault("is not under the licence of the workspace: `license.workspace = true`"));
        }
        if package.description.as_deref().unwrap_or_default().len() < 20 {
            found.push(fault("has no description of a line: `description = \"...\"`"));
        }
        if lints != Some(true) {
            found.push(fault("does not take the lints: `[lints]`, `workspace = true`"));
        }
        let is_library = package.targets.iter().any(|target| target.kind.contains(&TargetKind::Lib));
        let head = if is_library { "lib.rs" } else { "main.rs" };
        let heads: Vec<_> =
            rust().filter(|file| in_sources_of(&file.path, &place) && file.path.ends_with(head)).collect();
        let shows_readme = |file: &&&crate::source::File| file.text.contains("include_str!(\"../README.md\")");
        if !root().join(&place).join("README.md").is_file() || heads.iter().find(shows_readme).is_none() {
            found.push(fault(&format!(
                "needs a README.md that src/{head} includes: #![doc = include_str!(\"../README.md\")]"
            )));
        }
    }
    refuse(&found, "complete the package; `proofs` is an example.");
}

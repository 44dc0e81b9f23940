//! Dependencies against deny.toml, for machines without cargo-deny.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use crate::source::{refuse, root, text};

/// Everything that is compiled for a server or a browser.
fn dependencies() -> Metadata {
    let platforms = ["x86_64-unknown-linux-gnu", "wasm32-unknown-unknown"];
    let options = platforms.map(|platform| format!("--filter-platform={platform}"));
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(options.to_vec())
        .exec()
        .expect("cargo metadata works")
}

/// True if the terms can be met with the allowed licences. SPDX expressions with OR, AND and parentheses; the old form
/// with `/` is an OR.
fn allowed(expression: &str, licences: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    let holds = either(&mut rest, licences);
    holds && rest.is_empty()
}

fn either(rest: &mut &[&str], licences: &BTreeSet<String>) -> bool {
    let mut holds = both(rest, licences);
    while let Some((&"OR", after)) = rest.split_first() {
        *rest = after;
        holds |= both(rest, licences);
    }
    holds
}

fn both(rest: &mut &[&str], licences: &BTreeSet<String>) -> bool {
    let mut holds = one(rest, licences);
    while let Some((&"AND", after)) = rest.split_first() {
        *rest = after;
        holds &= one(rest, licences);
    }
    holds
}

fn one(rest: &mut &[&str], licences: &BTreeSet<String>) -> bool {
    let Some((first, after)) = rest.split_first() else { return false };
    *rest = after;
    if *first == "(" {
        let holds = either(rest, licences);
        let Some((&")", after)) = rest.split_first() else { return false };
        *rest = after;
        return holds;
    }
    if let [with @ "WITH", exception, after @ ..] = *rest {
        *rest = after;
        return licences.contains(&format!("{first} {with} {exception}"));
    }
    licences.contains(*first)
}

#[test]
fn dependencies_have_an_allowed_licence_and_come_from_the_registry() {
    let rules: toml::Table = text("deny.toml").parse().unwrap();
    let list = rules["licenses"]["allow"].as_array().unwrap();
    let licences: BTreeSet<String> = list.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    let mut found = Vec::new();
    for package in dependencies().packages.iter().filter(|package| package.source.is_some()) {
        let terms = package.license.as_deref().unwrap_or("no licence");
        if !allowed(terms, &licences) {
            found.push(format!("{} {} is under {terms}", package.name, package.version));
        }
        if !package.source.as_ref().is_some_and(cargo_metadata::Source::is_crates_io) {
            found.push(format!("{} {} does not come from the registry", package.name, package.version));
        }
    }
    refuse(&found, "take another crate. If the licence suits a program under Apache-2.0 OR MIT, add it to deny.toml.");
}

#[test]
fn banned_crates_are_absent_or_wrapped() {
    let rules: toml::Table = text("deny.toml").parse().unwrap();
    let metadata = dependencies();
    let mut found = Vec::new();
    let nodes = &metadata.resolve.as_ref().expect("cargo metadata resolves").nodes;
    for ban in rules["bans"]["deny"].as_array().unwrap() {
        let name = ban["crate"].as_str().unwrap();
        let wrappers = ban.get("wrappers").and_then(toml::Value::as_array).into_iter().flatten();
        let wrappers: Vec<&str> = wrappers.filter_map(toml::Value::as_str).collect();
        for node in nodes {
            let uses = node.deps.iter().any(|dependency| {
                let runs = dependency.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development);
                runs && metadata[&dependency.pkg].name.as_str() == name
            });
            let user = metadata[&node.id].name.as_str();
            if uses && !wrappers.contains(&user) {
                found.push(format!("{user} uses {name}"));
            }
        }
    }
    refuse(&found, "see the reason beside the ban in deny.toml.");
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let licences: BTreeSet<String> = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
    for good in ["MIT", "GPL-3.0 OR MIT", "MIT/GPL-2.0", "(GPL-3.0 OR MIT) AND ISC", "Apache-2.0 WITH LLVM-exception"] {
        assert!(allowed(good, &licences), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "ISC AND (GPL-2.0 OR GPL-3.0)", "no licence", "MIT )", "(MIT", ""] {
        assert!(!allowed(bad, &licences), "{bad}");
    }
}

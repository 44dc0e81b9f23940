//! What the files of the repository must not contain, code or not.

use std::collections::BTreeSet;
use std::fs;

use crate::source::{files, refuse, root};

/// Words of elections, which `proofs` does not know, with their plurals.
const ELECTION_WORDS: &[&str] = &[
    "vote",
    "votes",
    "ballot",
    "ballots",
    "voter",
    "voters",
    "trustee",
    "trustees",
    "election",
    "elections",
    "tally",
    "tallies",
];

/// Real votes whose licence keeps them out of what is built and shipped. Tests read them from beside the repository.
const NOT_OURS: &[&str] = &["approval-gy-les-nonains-2002", "points-toulouse-2019", "choose1-gdansk-2020"];

#[test]
fn proofs_know_no_elections() {
    let mut found = Vec::new();
    for file in files().iter().filter(|file| file.path.starts_with("proofs/")) {
        for (index, line) in file.text.lines().enumerate() {
            let line = line.to_lowercase();
            let mut words = line.split(|c: char| !c.is_alphanumeric());
            if let Some(word) = words.find(|word| ELECTION_WORDS.contains(word)) {
                found.push(format!("{}:{} has `{word}`", file.path, index + 1));
            }
        }
    }
    refuse(&found, "say it in terms of groups, statements and proofs, or move it to voting-core.");
}

#[test]
fn no_file_is_longer_than_800_lines() {
    let written = ["rs", "md", "toml", "sh", "css", "html", "js"];
    let by_hand = files().iter().filter(|file| file.path.rsplit('.').next().is_some_and(|end| written.contains(&end)));
    let long = by_hand.map(|file| (file, file.text.lines().count())).filter(|(_, lines)| *lines > 800);
    let found: Vec<String> = long.map(|(file, lines)| format!("{} has {lines} lines", file.path)).collect();
    refuse(&found, "split it where a reader would look for the parts; tests go into a file beside the module.");
}

#[test]
fn no_path_of_a_home_or_of_this_machine() {
    let parent =
        root().canonicalize().unwrap().parent().map(|folder| format!("{}/", folder.display())).unwrap_or_default();
    let mut places: BTreeSet<String> = ["/home/", "/Users/", "/root/"].map(str::to_owned).into();
    places.extend(Some(parent).filter(|folder| folder.len() > 2 && folder != "/tmp/"));
    let mut found = Vec::new();
    for file in files().iter().filter(|file| !file.path.starts_with("xtask/tests/house/")) {
        for (index, line) in file.text.lines().enumerate() {
            let starts_path = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-/$}~".contains(c));
            if places.iter().any(|place| line.match_indices(place.as_str()).any(|(at, _)| starts_path(at))) {
                found.push(format!("{}:{} {}", file.path, index + 1, line.trim()));
            }
        }
    }
    refuse(&found, "use a path from the root of the repository, a temporary folder, or `~`.");
}

#[test]
fn nothing_is_left_unfinished() {
    let mut found = Vec::new();
    for file in
        files().iter().filter(|file| !file.path.starts_with("xtask/tests/house/") && !file.path.ends_with(".json"))
    {
        for (index, line) in file.text.lines().enumerate() {
            if line.split(|c: char| !c.is_alphanumeric()).any(|word| word == "TODO" || word == "FIXME") {
                found.push(format!("{}:{} {}", file.path, index + 1, line.trim()));
            }
        }
    }
    refuse(&found, "finish it, or describe the limit in the documentation.");
}

#[test]
fn no_votes_under_a_foreign_licence() {
    let mut found = Vec::new();
    for file in files() {
        if NOT_OURS.iter().any(|name| file.path.contains(name)) {
            found.push(file.path.clone());
        }
        let data = ["json", "csv", "cbor"].iter().any(|end| file.path.ends_with(end));
        if data && (file.text.contains("GPL") || NOT_OURS.iter().any(|name| file.text.contains(name))) {
            found.push(format!("{} says that it is such data", file.path));
        }
        for name in NOT_OURS {
            let original =
                fs::read_to_string(root().join(format!("../shared/elections/{name}.csv"))).unwrap_or_default();
            if !original.is_empty() && original == file.text {
                found.push(format!("{} is {name}", file.path));
            }
        }
    }
    refuse(&found, "remove the file and read it from beside the repository, with a loud SKIPPED where it is absent.");
}

#[test]
fn the_licences_are_here() {
    for (name, start) in [("LICENSE-APACHE", "Apache License"), ("LICENSE-MIT", "MIT License")] {
        let text = fs::read_to_string(root().join(name)).unwrap_or_default();
        assert!(text.trim_start().starts_with(start), "{name} is missing or another text. Restore it.");
    }
}

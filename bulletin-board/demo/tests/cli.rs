//! What is refused before anything is built or started.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn demo(arguments: &[&str]) -> (i32, Value, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_demo")).args(arguments).output().unwrap();
    let text = String::from_utf8(stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "exactly one object: {text}");
    (status.code().unwrap(), serde_json::from_str(&text).unwrap(), String::from_utf8(stderr).unwrap())
}

fn refused(arguments: &[&str], code: &str) -> Value {
    let (exit, object, stderr) = demo(arguments);
    assert_eq!((exit, &object["ok"]), (2, &Value::Bool(false)), "{object}");
    assert_eq!(object["error"]["code"], code, "{object}");
    assert!(object["phases"].as_array().unwrap().is_empty(), "nothing was started: {object}");
    assert!(!stderr.is_empty());
    object
}

/// A copy of the data set that ships with the program, with one text replaced by another in its JSON file.
fn changed(folder: &Path, from: &str, to: &str) -> String {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let name = "choose3-westminster-2015";
    std::fs::copy(data.join(format!("{name}.csv")), folder.join(format!("{name}.csv"))).unwrap();
    let json = std::fs::read_to_string(data.join(format!("{name}.json"))).unwrap();
    assert!(json.contains(from));
    let path = folder.join("changed.json");
    std::fs::write(&path, json.replace(from, to)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_kind_of_contest_that_does_not_exist_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = changed(folder.path(), "choose_up_to_k", "dance");
    let object = refused(&["--json", "--data", &data], "contest-kind");
    assert!(object["error"]["message"].as_str().unwrap().contains("dance"));
}

#[test]
fn bad_ballots_are_refused_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    // The voter of the third line chose three options.
    let data = changed(folder.path(), "choose_up_to_k", "choose_one");
    let object = refused(&["--json", "--data", &data], "data-csv");
    assert!(object["error"]["message"].as_str().unwrap().contains("line 3 "), "{object}");
}

#[test]
fn examples_are_listed_and_unknown_ones_refused() {
    let (exit, object, _) = demo(&["--json", "--example", "list"]);
    assert_eq!((exit, &object["ok"]), (0, &Value::Bool(true)));
    let names: Vec<_> = object["examples"].as_array().unwrap().iter().map(|example| &example["name"]).collect();
    assert_eq!(names, ["evaluation", "evaluation-large", "four-kinds", "split", "chain"]);
    refused(&["--json", "--example", "chains"], "unknown-example");
    refused(&["--json", "--example", "chain", "--ballots", "3"], "usage");
    refused(&["--json", "--unranked", "last"], "usage");
    refused(&["--json", "--unranked", "first"], "usage");
}

#[test]
fn a_changed_data_set_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = changed(folder.path(), "6b51220e", "6b51220f");
    refused(&["--json", "--data", &data], "data-hash");
    let data = changed(folder.path(), "[3500,", "[3501,");
    refused(&["--json", "--data", &data], "data-totals");
    refused(&["--json", "--data", "there/is/no/such.json"], "file-system");
}

#[test]
fn impossible_requests_are_refused() {
    refused(&["--json", "--ballots", "1"], "ballots");
    refused(&["--json", "--ballots", "12685"], "ballots");
    refused(&["--json", "--ballots", "many"], "usage");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine"), "kept").unwrap();
    refused(&["--json", "--keep", folder.path().to_str().unwrap()], "output-exists");
    assert_eq!(std::fs::read_to_string(folder.path().join("mine")).unwrap(), "kept");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was written");
}

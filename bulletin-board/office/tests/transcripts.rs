//! Transcripts as data: `tests/cmd/*.toml` say which files there are, what is typed, and what must come out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use common::{draft, folder, office};
use serde::Deserialize;
use voting_core::entry::OfficialKey;
use voting_core::labels::LabelFile;

/// One transcript.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Transcript {
    /// What is typed after `office`.
    args: Vec<String>,
    /// Exit code.
    exit: i32,
    /// Parts of standard error, in order.
    #[serde(default)]
    stderr: Vec<String>,
    /// Parts of standard output, in order.
    #[serde(default)]
    stdout: Vec<String>,
    /// Paths that must not be there afterwards.
    #[serde(default)]
    absent: Vec<String>,
    /// Changes of the valid draft `draft.toml`.
    #[serde(default)]
    edits: Vec<(String, String)>,
    /// More files.
    #[serde(default)]
    files: BTreeMap<String, String>,
}

/// The folder `event` of a valid draft, as `election new` writes it.
fn event_folder(dir: &Path) {
    let path = dir.join("draft.toml");
    let parsed = office::draft::parse(&path, &fs::read(&path).unwrap()).unwrap();
    let log_key = OfficialKey::from_seed(&[9; 32]).public();
    let examined = office::draft::examine(&path, parsed, log_key, &[]).unwrap();
    let event = dir.join("event");
    fs::create_dir(&event).unwrap();
    let id = examined.manifest.event();
    let labels = LabelFile { event: id, audience: "public".into(), delete_day: 0, labels: examined.drafted.labels };
    fs::write(event.join("manifest.cbor"), examined.manifest.as_bytes()).unwrap();
    fs::write(event.join("labels.signed"), labels.sign(&OfficialKey::from_seed(&[1; 32]))).unwrap();
    fs::write(event.join("groups.json"), serde_json::to_vec(&examined.drafted.group_ids).unwrap()).unwrap();
    let file = format!("{{\"board\":\"http://127.0.0.1:9\",\"event\":\"{id}\"}}");
    fs::write(event.join("event.json"), file).unwrap();
}

fn files_below(dir: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![dir.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.strip_prefix(dir).unwrap().display().to_string());
            }
        }
    }
    found
}

#[track_caller]
fn in_order(name: &str, text: &str, parts: &[String]) {
    let mut rest = text;
    for part in parts {
        let Some(at) = rest.find(part.as_str()) else { panic!("{name}: {part:?} is missing in {text:?}") };
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn every_transcript_holds_and_a_refusal_writes_nothing() {
    let (base, keys) = folder();
    let trustees = [1, 2, 3].map(|i| OfficialKey::from_seed(&[i; 32]).public().to_string());
    let valid = draft("votes.example.org", &keys, &trustees);
    fs::write(base.path().join("draft.toml"), &valid).unwrap();
    event_folder(base.path());

    let mut transcripts: Vec<_> =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd")).unwrap().collect();
    transcripts.sort_by_key(|entry| entry.as_ref().unwrap().path());
    assert!(transcripts.len() >= 25, "{} transcripts", transcripts.len());
    for entry in transcripts {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let transcript: Transcript = toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        for file in files_below(base.path()) {
            let to = dir.path().join(&file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(base.path().join(&file), to).unwrap();
        }
        let mut edited = valid.clone();
        for (from, to) in &transcript.edits {
            assert_eq!(edited.matches(from.as_str()).count(), 1, "{name}: {from:?} occurs once in the draft");
            edited = edited.replace(from, to);
        }
        fs::write(dir.path().join("draft.toml"), edited).unwrap();
        for (file, text) in &transcript.files {
            fs::write(dir.path().join(file), text).unwrap();
        }
        let before = files_below(dir.path());
        let args: Vec<&str> = transcript.args.iter().map(String::as_str).collect();
        let said = office(dir.path(), &args);
        assert_eq!(said.code, transcript.exit, "{name}: {said:?}");
        in_order(&name, &said.err, &transcript.stderr);
        in_order(&name, &said.out, &transcript.stdout);
        for absent in &transcript.absent {
            assert!(!dir.path().join(absent).exists(), "{name}: {absent} was written");
        }
        if transcript.exit != 0 {
            assert_eq!(files_below(dir.path()), before, "{name}: a refusal writes nothing");
            assert!(said.err.contains("error["), "{name}: {said:?}");
        }
    }
}

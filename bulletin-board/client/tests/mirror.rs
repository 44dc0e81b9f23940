//! The copy of a log: from folders and over HTTP, interrupted, tampered with, rolled back and forked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use client::{ClientError, EVIDENCE_FOLDER, LABELS_FILE, Progress, Record, Source, mirror};
use common::{Files, Server, entries, files_in, log_of, write};
use tempfile::TempDir;
use tlog::evidence::{SplitView, Verdict};
use voting_core::ballot::log_key;
use voting_core::ids::EventId;
use voting_core::labels::LabelFile;
use voting_core::testing::Sandbox;

/// Two full bundles and a partial one.
const MANY: u64 = 700;

fn copy(source: &Source, dir: &Path) -> Result<client::Mirrored, ClientError> {
    mirror(source, dir, &mut |_| ())
}

fn folder(files: &Files) -> (TempDir, Source) {
    let dir = TempDir::new().unwrap();
    write(dir.path(), files);
    let source = Source::Folder(dir.path().to_owned());
    (dir, source)
}

#[test]
fn a_folder_is_copied_completely() {
    let sandbox = Sandbox::new(1);
    let entries = entries(&sandbox, MANY, 1);
    let files = log_of(&sandbox, &entries);
    let (_from, source) = folder(&files);
    let to = TempDir::new().unwrap();
    let mut seen = Vec::new();
    let copied = mirror(&source, to.path(), &mut |progress| seen.push(progress)).unwrap();
    assert_eq!((copied.event, copied.size, copied.labels), (sandbox.manifest().event(), MANY + 1, false));
    assert_eq!(files_in(to.path()), files);
    assert_eq!(seen.last(), Some(&Progress { done: MANY + 1, total: MANY + 1 }));

    let record = Record::open(to.path()).unwrap();
    assert_eq!(record.size(), MANY + 1);
    assert_eq!(record.event().unwrap(), sandbox.manifest().event());
    assert_eq!(record.manifest().unwrap(), sandbox.manifest());
    let read: Vec<_> = record.entries().map(Result::unwrap).collect();
    assert_eq!(read, entries);
}

#[test]
fn a_served_log_is_copied_with_its_labels() {
    let sandbox = Sandbox::new(2);
    let event = sandbox.manifest().event();
    let files = log_of(&sandbox, &entries(&sandbox, MANY, 1));
    let label_file = LabelFile { event, audience: "public".into(), delete_day: 0, labels: vec![] };
    let signed = label_file.sign(&sandbox.administrator);
    let (served, labels) = (files.clone(), signed.clone());
    let server = Server::new(move |request| {
        if request.path == format!("/api/events/{event}/labels") {
            return (200, vec![], labels.clone());
        }
        match request.path.strip_prefix(&format!("/{event}/")).and_then(|path| served.get(path)) {
            Some(bytes) => (200, vec![], bytes.clone()),
            None => (404, vec![], vec![]),
        }
    });
    let to = TempDir::new().unwrap();
    assert!(copy(&server.log(event), to.path()).unwrap().labels);
    let mut expected = files;
    expected.insert(LABELS_FILE.into(), signed);
    assert_eq!(files_in(to.path()), expected);
    assert!(Record::open(to.path()).unwrap().labels().is_some());
}

#[test]
fn a38_labels_that_the_administrator_did_not_sign_are_left_out() {
    let sandbox = Sandbox::new(3);
    let event = sandbox.manifest().event();
    let mut files = log_of(&sandbox, &entries(&sandbox, 3, 1));
    let label_file = LabelFile { event, audience: "public".into(), delete_day: 0, labels: vec![] };
    files.insert(LABELS_FILE.into(), label_file.sign(&sandbox.registrar));
    let (_from, source) = folder(&files);
    let to = TempDir::new().unwrap();
    assert!(!copy(&source, to.path()).unwrap().labels);
    assert!(!to.path().join(LABELS_FILE).exists());
}

#[test]
fn every_changed_file_is_refused_by_name_and_nothing_is_complete() {
    let sandbox = Sandbox::new(4);
    let event = sandbox.manifest().event();
    let good = log_of(&sandbox, &entries(&sandbox, MANY, 1));
    for path in good.keys().filter(|path| *path != "checkpoint") {
        let mut files = good.clone();
        // The last byte: of a hash, or of an entry; never a length.
        *files.get_mut(path).unwrap().last_mut().unwrap() ^= 1;
        let server = Server::files(event, files);
        let to = TempDir::new().unwrap();
        let error = copy(&server.log(event), to.path()).unwrap_err();
        assert!(error.is_verdict(), "{path}: {error}");
        assert_eq!(error.code(), "not-in-the-log");
        assert!(error.to_string().contains(path.as_str()), "{path}: {error}");
        assert!(!to.path().join("checkpoint").exists());
    }
}

#[test]
fn a_missing_or_shortened_file_is_named_and_no_verdict() {
    let sandbox = Sandbox::new(5);
    let good = log_of(&sandbox, &entries(&sandbox, MANY, 1));
    for path in good.keys() {
        for missing in [true, false] {
            let mut files = good.clone();
            if missing {
                files.remove(path);
            } else {
                files.get_mut(path).unwrap().pop();
            }
            let (_from, source) = folder(&files);
            let to = TempDir::new().unwrap();
            let error = copy(&source, to.path()).unwrap_err();
            assert!(!error.is_verdict(), "{path}: {error}");
            assert!(error.to_string().contains(path.as_str()), "{path}: {error}");
        }
    }
}

#[test]
fn an_interrupted_copy_goes_on_where_it_stopped() {
    let sandbox = Sandbox::new(6);
    let event = sandbox.manifest().event();
    let files = log_of(&sandbox, &entries(&sandbox, MANY, 1));
    let to = TempDir::new().unwrap();
    // The server breaks down before the last bundle.
    let (served, left) = (files.clone(), AtomicUsize::new(files.len()));
    let server = Server::new(move |request| {
        let broken = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err();
        match request.path.strip_prefix(&format!("/{event}/")).and_then(|path| served.get(path)) {
            Some(bytes) if !broken => (200, vec![], bytes.clone()),
            _ => (500, vec![], vec![]),
        }
    });
    let error = copy(&server.log(event), to.path()).unwrap_err();
    assert_eq!(error.code(), "unusable-answer", "{error}");
    let kept = files_in(to.path());
    assert!(!kept.contains_key("checkpoint") && kept.len() > 4, "{:?}", kept.keys());
    let missing = files.keys().filter(|path| !kept.contains_key(*path)).count();

    let server = Server::files(event, files.clone());
    copy(&server.log(event), to.path()).unwrap();
    assert_eq!(files_in(to.path()), files);
    // Besides what was missing: entry 0 to know the manifest, and two places where labels may be.
    assert_eq!(server.count(), missing + 3, "{:?}", server.requests.lock().unwrap());
}

#[test]
fn a_damaged_file_of_the_folder_is_replaced() {
    let sandbox = Sandbox::new(7);
    let event = sandbox.manifest().event();
    let files = log_of(&sandbox, &entries(&sandbox, MANY, 1));
    let server = Server::files(event, files.clone());
    let to = TempDir::new().unwrap();
    copy(&server.log(event), to.path()).unwrap();
    for path in files.keys().filter(|path| *path != "checkpoint") {
        for damage in [vec![], vec![0; 40], [&files[path][..], b"more"].concat()] {
            std::fs::write(to.path().join(path), damage).unwrap();
            copy(&server.log(event), to.path()).unwrap();
            assert_eq!(files_in(to.path()), files, "{path}");
        }
    }
}

#[test]
fn a_log_that_grew_is_copied_again() {
    let sandbox = Sandbox::new(8);
    let event = sandbox.manifest().event();
    let all = entries(&sandbox, MANY, 1);
    let to = TempDir::new().unwrap();
    for size in [1, 2, 255, 256, 257, 512, MANY as usize] {
        let server = Server::files(event, log_of(&sandbox, &all[..size]));
        assert_eq!(copy(&server.log(event), to.path()).unwrap().size, size as u64);
        let record = Record::open(to.path()).unwrap();
        assert_eq!(record.entries().map(Result::unwrap).collect::<Vec<_>>(), all[..size]);
        // Partial files of older sizes go, but for those of the size before: somebody may be reading them.
        let wanted = log_of(&sandbox, &all[..size]);
        let kept = files_in(to.path());
        let older = kept.keys().filter(|path| !wanted.contains_key(*path)).count();
        assert!(older <= 3 && kept.len() == wanted.len() + older, "{size}: {:?}", kept.keys());
    }
}

#[test]
fn a_full_file_takes_the_place_of_a_partial_one() {
    let sandbox = Sandbox::new(9);
    let event = sandbox.manifest().event();
    let all = entries(&sandbox, 300, 1);
    // The checkpoint is an older one; the log has forgotten the partial files that belong to it.
    let old = log_of(&sandbox, &all[..200]);
    let mut files = log_of(&sandbox, &all);
    files.insert("checkpoint".into(), old["checkpoint"].clone());
    let server = Server::files(event, files);
    let to = TempDir::new().unwrap();
    copy(&server.log(event), to.path()).unwrap();
    assert_eq!(files_in(to.path()), old);
}

/// Copies one log, then another into the same folder; returns the refusal and the verdict on its evidence.
fn copy_twice(sandbox: &Sandbox, first: &[Vec<u8>], second: &[Vec<u8>]) -> (ClientError, Verdict) {
    let event = sandbox.manifest().event();
    let to = TempDir::new().unwrap();
    let files = log_of(sandbox, first);
    copy(&Server::files(event, files.clone()).log(event), to.path()).unwrap();
    let error = copy(&Server::files(event, log_of(sandbox, second)).log(event), to.path()).unwrap_err();
    let mut left = files_in(to.path());
    let evidence: Vec<_> = left.extract_if(.., |path, _| path.starts_with(EVIDENCE_FOLDER)).collect();
    assert_eq!(left, files, "the record in the folder is left as it was");
    assert_eq!(evidence.len(), 1);
    let ClientError::NotAnExtension { evidence: named, .. } = &error else { panic!("{error}") };
    assert_eq!(named.strip_prefix(to.path()).unwrap().to_str(), Some(evidence[0].0.as_str()));
    let evidence = SplitView::parse(&evidence[0].1).unwrap();
    let manifest = sandbox.manifest();
    let origin = manifest.origin().parse().unwrap();
    let verdict = evidence.judge(&origin, &log_key(&manifest).unwrap()).unwrap();
    (error, verdict)
}

#[test]
fn a19_a_fork_is_refused_with_evidence_that_convinces() {
    let sandbox = Sandbox::new(10);
    for (first, second) in [(300, 700), (300, 300), (700, 300), (5, 6), (1, 300)] {
        let (error, verdict) = copy_twice(&sandbox, &entries(&sandbox, first, 1), &entries(&sandbox, second, 2));
        assert_eq!(verdict, Verdict::SplitView, "{first} then {second}: {error}");
        assert_eq!(error.code(), "split-view");
        assert!(error.is_verdict());
        assert!(error.to_string().contains("contradict"), "{error}");
    }
}

#[test]
fn a19_a_rollback_is_refused_and_told_from_a_fork() {
    let sandbox = Sandbox::new(11);
    for (first, second) in [(700, 300), (300, 299), (2, 1)] {
        let (error, verdict) = copy_twice(&sandbox, &entries(&sandbox, first, 1), &entries(&sandbox, second, 1));
        assert_eq!(verdict, Verdict::Consistent);
        assert!(error.to_string().contains("older state"), "{error}");
    }
}

#[test]
fn a22_the_manifest_must_be_that_of_the_address() {
    let sandbox = Sandbox::new(12);
    let files = log_of(&sandbox, &entries(&sandbox, 3, 1));
    let other = EventId([7; 32]);
    let to = TempDir::new().unwrap();
    let error = copy(&Server::files(other, files).log(other), to.path()).unwrap_err();
    assert_eq!(error.code(), "other-event");
    assert!(files_in(to.path()).is_empty());
}

#[test]
fn s6_the_checkpoint_must_be_signed_by_the_manifests_key_for_its_origin() {
    let sandbox = Sandbox::new(13);
    let event = sandbox.manifest().event();
    let origin = sandbox.manifest().origin();
    let one = vec![sandbox.manifest().as_bytes().to_vec()];
    let checkpoints = [
        sandbox.checkpoint_as(&origin, &sandbox.administrator, |_| ()),
        sandbox.checkpoint_as(&format!("other.example.org/{event}"), &sandbox.log, |_| ()),
    ];
    for checkpoint in checkpoints {
        let mut files = log_of(&sandbox, &one);
        files.insert("checkpoint".into(), checkpoint);
        let (_from, source) = folder(&files);
        let error = copy(&source, TempDir::new().unwrap().path()).unwrap_err();
        assert_eq!(error.code(), "false-checkpoint", "{error}");
        assert!(error.is_verdict());
    }
}

#[test]
fn a_folder_of_another_event_is_not_overwritten() {
    let (one, other) = (Sandbox::new(14), Sandbox::new(15));
    let (_one, first) = folder(&log_of(&one, &entries(&one, 3, 1)));
    let (_other, second) = folder(&log_of(&other, &entries(&other, 3, 1)));
    let to = TempDir::new().unwrap();
    copy(&first, to.path()).unwrap();
    let before = files_in(to.path());
    let error = copy(&second, to.path()).unwrap_err();
    assert_eq!(error.code(), "false-checkpoint");
    assert_eq!(files_in(to.path()), before);
}

#[test]
fn addresses_without_an_event_and_silent_servers_are_named() {
    let to = TempDir::new().unwrap();
    let error = copy(&"http://127.0.0.1:9/votes".parse().unwrap(), to.path()).unwrap_err();
    assert_eq!(error.code(), "bad-url");
    let error = copy(&format!("http://127.0.0.1:1/{}", EventId([1; 32])).parse().unwrap(), to.path()).unwrap_err();
    assert_eq!(error.code(), "unreachable");
    assert!(!error.is_verdict());
    let error = copy(&"/no/such/folder".parse().unwrap(), to.path()).unwrap_err();
    assert_eq!(error.code(), "missing-file");
}

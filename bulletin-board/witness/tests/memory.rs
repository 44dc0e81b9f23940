//! What a witness remembers: over restarts and kills, and what it does when memory, key or list are not what they were.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs;
use std::path::Path;
use std::time::Duration;

use common::{Place, TestLog, add, agent, fill_up, get, post, run, try_post, until};
use tlog::{KeyName, SignedNote, SigningKey};
use witness::key::Key;

#[test]
fn a_restart_keeps_what_was_cosigned() {
    let (log, other) = (TestLog::new("log.example/1", 40), TestLog::new("log.example/2", 40));
    let place = Place::new(&[&log, &other]);
    for (old, new) in [(0, 5), (5, 17), (17, 17), (17, 40)] {
        let witness = place.run();
        assert_eq!(post(&add(witness.url()), &log.ask(old, new)).status, 200);
        let monitored = |url: &str| get(&format!("{url}/{}/checkpoint", log.file())).text;
        let shown = monitored(witness.url());
        witness.stop();
        let witness = place.run();
        let url = add(witness.url());
        if old < new {
            assert_eq!(monitored(witness.url()), shown);
        } else {
            // A fresh time for an unchanged tree is not stored; the tree and some time are.
            let again = SignedNote::parse(monitored(witness.url()).as_bytes()).unwrap();
            assert_eq!(again.text(), log.head(new).to_text());
            assert_eq!(again.verify(std::slice::from_ref(&place.own)).unwrap().len(), 1);
        }
        let fork = TestLog::with("log.example/1", "other", new - 1, 41);
        assert_eq!(post(&url, &fork.ask(new, 41)).status, 422);
        assert_eq!(post(&url, &log.ask(0, new)).text, format!("{new}\n"));
        assert_eq!(post(&url, &other.ask(5, 6)).text, "0\n");
    }
    let witness = place.run();
    assert_eq!(post(&add(witness.url()), &other.ask(0, 1)).status, 200);
}

#[test]
fn a_kill_forgets_nothing_that_was_cosigned() {
    let log = TestLog::new("log.example/1", 400);
    let place = Place::new(&[&log]);
    let mut known = 0;
    for round in 0..6u64 {
        let program = place.start();
        let url = add(&program.url);
        let agent = agent();
        // What the witness says it knows is at least what it cosigned.
        let said = try_post(&agent, &url, &log.ask(399, 400)).unwrap();
        assert_eq!(said.status, 409);
        let said: u64 = said.text.trim().parse().unwrap();
        assert!(said >= known, "{said} after {known}");
        known = said;
        // Killed in the middle of a stream of requests.
        let killer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(15 + 11 * round));
            program.kill();
        });
        while known < 390 {
            match try_post(&agent, &url, &log.ask(known, known + 1)) {
                Ok(answer) => {
                    assert_eq!(answer.status, 200, "{}", answer.text);
                    known += 1;
                }
                Err(_) => break,
            }
        }
        killer.join().unwrap();
    }
    assert!(known > 6, "it cosigned {known}");
    let stored = place.stored(&log).unwrap();
    assert!(stored == known || stored == known + 1, "{stored} after {known}");
}

#[test]
fn the_watched_list_is_taken_without_a_restart() {
    let (log, other) = (TestLog::new("log.example/1", 9), TestLog::new("log.example/2", 9));
    let place = Place::new(&[&log]);
    let witness = place.run();
    let url = add(witness.url());
    assert_eq!(post(&url, &other.ask(0, 5)).status, 404);
    let list = place.path("watched");
    witness::watched::add(&list, &other.vkey(), None, Some("added later")).unwrap();
    // At once: a request for an unknown log looks at the list.
    assert_eq!(post(&url, &other.ask(0, 5)).status, 200);
    // A list with a fault changes nothing, not even for the lines that are right.
    let third = TestLog::new("log.example/3", 9);
    let good = fs::read_to_string(&list).unwrap();
    fs::write(&list, format!("{good}log {}\nlog nonsense\n", third.vkey())).unwrap();
    assert_eq!(post(&url, &third.ask(0, 5)).status, 404);
    assert_eq!(post(&url, &log.ask(0, 5)).status, 200);
    fs::write(&list, format!("{good}log {}\n", third.vkey())).unwrap();
    assert_eq!(post(&url, &third.ask(0, 5)).status, 200);
    witness.stop();
    // At the start a list with a fault is refused, with the line.
    fs::write(&list, format!("{good}log nonsense\n")).unwrap();
    let refusal = place.refusal();
    assert_eq!(refusal.code(), "list");
    assert!(refusal.to_string().contains("line 3"), "{refusal}");
}

#[test]
fn a_log_taken_off_the_list_is_not_forgotten() {
    let (log, other) = (TestLog::new("log.example/1", 40), TestLog::new("log.example/2", 9));
    let place = Place::new(&[&log, &other]);
    let program = place.start();
    let url = add(&program.url);
    assert_eq!(post(&url, &log.ask(0, 20)).status, 200);
    place.watch(&[&other]);
    place.settle();
    until("the log is not watched", || post(&url, &log.ask(0, 20)).status == 404);
    assert_eq!(post(&url, &log.ask(20, 21)).status, 404);
    // Its record stays, is shown to monitors, and survives a restart.
    let monitor = |url: &str| get(&format!("{url}/{}/checkpoint", log.file())).status;
    assert_eq!((place.stored(&log), monitor(&program.url)), (Some(20), 200));
    program.terminate();
    let (code, text) = program.end();
    assert_eq!(code, Some(0));
    assert!(text.contains("lacks a log that was cosigned") && text.contains("log.example/1"), "{text}");
    let program = place.start();
    let url = add(&program.url);
    assert_eq!((post(&url, &log.ask(20, 21)).status, monitor(&program.url)), (404, 200));
    // When it comes back it goes on where it was, and not from the beginning.
    place.watch(&[&other, &log]);
    let fork = TestLog::with("log.example/1", "other", 10, 40);
    until("the log is watched again", || post(&url, &fork.ask(0, 20)).status != 404);
    assert_eq!(post(&url, &fork.ask(0, 20)).text, "20\n");
    assert_eq!(post(&url, &fork.ask(20, 30)).status, 422);
    assert_eq!(post(&url, &log.ask(20, 30)).status, 200);
    program.terminate();
    let (code, text) = program.end();
    assert_eq!(code, Some(0));
    assert!(text.contains("watched again"), "{text}");
}

#[test]
fn another_key_for_a_known_log_is_refused() {
    let log = TestLog::new("log.example/1", 40);
    // The same origin under another key: whoever brings it is not the log that was cosigned.
    let mut taken = TestLog::with("log.example/1", "taken over", 0, 40);
    taken.key = SigningKey::from_seed(KeyName::new("log.example/1").unwrap(), &[9; 32]);
    let place = Place::new(&[&log]);
    let program = place.start();
    let url = add(&program.url);
    assert_eq!(post(&url, &log.ask(0, 20)).status, 200);
    place.watch(&[&taken]);
    let text = place.path("witness.toml");
    let config = text.to_str().unwrap();
    // While it runs, and after a restart.
    until("the change is seen", || {
        std::thread::sleep(Duration::from_millis(1200));
        post(&url, &taken.ask(0, 30)).status == 403
    });
    assert_eq!(post(&url, &taken.ask(20, 30)).status, 403);
    assert_eq!(post(&url, &log.ask(20, 21)).status, 200);
    program.terminate();
    let (_, text) = program.end();
    assert!(text.contains("another key") && text.contains(&log.vkey()), "{text}");
    let program = place.start();
    let url = add(&program.url);
    assert_eq!(post(&url, &taken.ask(21, 30)).status, 403);
    assert_eq!(post(&url, &log.ask(21, 22)).status, 200);
    program.terminate();
    let (_, text) = program.end();
    assert!(text.contains("another key") && text.contains(&log.vkey()), "{text}");
    // `log add` says so before it writes anything.
    fs::write(place.path("watched"), "").unwrap();
    let (code, _, error) = run(&["log", "add", "--config", config, &taken.vkey()]);
    assert_eq!(code, 2);
    assert!(error.contains("cosigned under another key") && error.contains(&log.vkey()), "{error}");
    assert_eq!(fs::read_to_string(place.path("watched")).unwrap(), "");
    assert_eq!(run(&["log", "add", "--config", config, &log.vkey()]).0, 0);
}

/// A place whose witness has cosigned size 20 of a log, and has ended.
fn used() -> (Place, TestLog) {
    let log = TestLog::new("log.example/1", 40);
    let place = Place::new(&[&log]);
    let witness = place.run();
    assert_eq!(post(&add(witness.url()), &log.ask(0, 20)).status, 200);
    witness.stop();
    (place, log)
}

#[test]
fn a_damaged_or_missing_record_stops_the_start() {
    let (place, log) = used();
    let path = place.record(&log);
    let good = fs::read(&path).unwrap();
    let refused = |place: &Place| {
        let refusal = place.refusal();
        assert_eq!(refusal.code(), "record-damaged", "{refusal}");
        let text = refusal.to_string();
        // Which file, which log, what to do.
        assert!(text.contains(path.to_str().unwrap()) && text.contains("log.example/1"), "{text}");
        assert!(text.contains("retire this key") && text.contains("witness key new"), "{text}");
    };
    fs::remove_file(&path).unwrap();
    refused(&place);
    for bytes in [b"".to_vec(), good[..good.len() - 1].to_vec(), vec![b'x'; 1 << 20], vec![0xff; 10]] {
        fs::write(&path, bytes).unwrap();
        refused(&place);
    }
    for at in (0..good.len()).step_by(7) {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
        refused(&place);
    }
    // The whole record of another log, under this name.
    let other = TestLog::new("log.example/2", 40);
    let elsewhere = Place::new(&[&other]);
    fs::copy(place.path("key"), elsewhere.path("key")).unwrap();
    let witness = elsewhere.run();
    assert_eq!(post(&add(witness.url()), &other.ask(0, 3)).status, 200);
    witness.stop();
    fs::copy(elsewhere.record(&other), &path).unwrap();
    refused(&place);
    // Put back, it goes on.
    fs::write(&path, good).unwrap();
    let witness = place.run();
    assert_eq!(post(&add(witness.url()), &log.ask(20, 21)).status, 200);
}

#[test]
fn a_record_that_a_crash_kept_off_the_list_is_kept() {
    let (place, log) = used();
    let list = place.path("data").join("logs");
    assert_eq!(fs::read_to_string(&list).unwrap(), "urna witness logs 1\nlog.example/1\n");
    // As after a crash between record and list: the cosignature was never given, the record counts all the same.
    fs::write(&list, "urna witness logs 1\n").unwrap();
    fs::write(place.record(&log).with_extension("part"), "half a record").unwrap();
    let witness = place.run();
    assert_eq!(post(&add(witness.url()), &log.ask(0, 20)).text, "20\n");
    assert_eq!(fs::read_to_string(&list).unwrap(), "urna witness logs 1\nlog.example/1\n");
    witness.stop();
    // A damaged one is refused, listed or not.
    fs::write(&list, "urna witness logs 1\n").unwrap();
    fs::write(place.record(&log), "urna").unwrap();
    assert_eq!(place.refusal().code(), "record-damaged");
    // A damaged or missing list, or format, is no new folder.
    let (place, _) = used();
    let list = place.path("data").join("logs");
    for bad in ["", "urna witness logs 2\n", "urna witness logs 1\nlog.example/1", "urna witness logs 1\nb\na\n", "\n"]
    {
        fs::write(&list, bad).unwrap();
        assert_eq!(place.refusal().code(), "data-format", "{bad}");
    }
    fs::remove_file(&list).unwrap();
    assert_eq!(place.refusal().code(), "data-format");
    let (place, _) = used();
    let format = place.path("data").join("format");
    fs::write(&format, "urna witness 2\n").unwrap();
    assert_eq!(place.refusal().code(), "data-format");
    fs::remove_file(&format).unwrap();
    assert_eq!(place.refusal().code(), "key-used");
    fs::remove_file(place.path("key.used")).unwrap();
    assert_eq!(place.refusal().code(), "data-format");
}

#[test]
fn a_key_does_not_go_on_without_its_memory() {
    let (place, log) = used();
    // The data folder is lost.
    fs::rename(place.path("data"), place.path("lost")).unwrap();
    let refusal = place.refusal();
    assert_eq!(refusal.code(), "key-used");
    assert!(refusal.to_string().contains("retire this key"), "{refusal}");
    // Another folder, made by the same key elsewhere, does not do either.
    let elsewhere = Place::new(&[&log]);
    fs::copy(place.path("key"), elsewhere.path("key")).unwrap();
    elsewhere.run().stop();
    fs::remove_dir_all(place.path("data")).unwrap();
    fs::rename(elsewhere.path("data"), place.path("data")).unwrap();
    assert_eq!(place.refusal().code(), "key-used");
    // The folder of another key.
    let stranger = Place::new(&[&log]);
    stranger.run().stop();
    fs::remove_dir_all(place.path("data")).unwrap();
    fs::rename(stranger.path("data"), place.path("data")).unwrap();
    assert_eq!(place.refusal().code(), "data-of-other-key");
    // Found again.
    fs::remove_dir_all(place.path("data")).unwrap();
    fs::rename(place.path("lost"), place.path("data")).unwrap();
    let witness = place.run();
    assert_eq!(post(&add(witness.url()), &log.ask(0, 20)).text, "20\n");
    witness.stop();
    // A new key starts with a new folder.
    Key::make("witness.example/w2", &place.path("key2")).unwrap();
    let mut config = place.config();
    config.key = place.path("key2");
    assert!(witness::run(config.clone()).is_err());
    config.data = place.path("data2");
    let witness = witness::run(config).unwrap();
    assert_eq!(post(&add(witness.url()), &log.ask(0, 20)).status, 200);
}

#[test]
fn a_folder_has_one_witness() {
    let (place, log) = used();
    let witness = place.run();
    assert_eq!(place.refusal().code(), "data-locked");
    let config = place.path("witness.toml");
    let (code, out, error) = run(&["serve", "--config", config.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.contains("error[data-locked]") && error.contains("stop it first"), "{error}");
    assert_eq!(post(&add(witness.url()), &log.ask(20, 21)).status, 200);
    witness.stop();
    let program = place.start();
    assert_eq!(place.refusal().code(), "data-locked");
    program.kill();
    place.run().stop();
}

/// Cosigns nothing after a write has failed in this way, ends the process with code 70, and forgets nothing.
fn fails_when(damage: impl Fn(&Path), repair: impl Fn(&Path), after: u64) {
    let (place, log) = used();
    let program = place.start();
    let url = add(&program.url);
    damage(&place.record(&log));
    let answer = post(&url, &log.ask(20, 30));
    assert_eq!(answer.status, 500, "{}", answer.text);
    assert!(answer.text.contains("storage") && !answer.text.contains('\u{2014}'), "{}", answer.text);
    let (code, text) = program.end();
    assert_eq!(code, Some(70), "{text}");
    assert!(text.contains("error[storage-failed]") && text.contains("nothing is cosigned any more"), "{text}");
    repair(&place.record(&log));
    let witness = place.run();
    assert_eq!(post(&add(witness.url()), &log.ask(7, 9)).text, format!("{after}\n"));
    let fork = TestLog::with("log.example/1", "other", 10, 40);
    assert_eq!(post(&add(witness.url()), &fork.ask(after, 40)).status, 422);
    assert_eq!(post(&add(witness.url()), &log.ask(after, 40)).status, 200);
}

#[test]
fn a_full_disk_ends_the_witness_and_loses_nothing() {
    let part = |record: &Path| record.with_extension("part");
    fails_when(|record| fill_up(&part(record)), |record| fs::remove_file(part(record)).unwrap(), 20);
}

#[test]
fn a_file_that_cannot_be_opened_ends_the_witness() {
    let part = |record: &Path| record.with_extension("part");
    fails_when(|record| fs::create_dir(part(record)).unwrap(), |record| fs::remove_dir(part(record)).unwrap(), 20);
}

#[test]
fn a_rename_that_fails_ends_the_witness() {
    let aside = |record: &Path| record.with_extension("aside");
    fails_when(
        |record| {
            fs::rename(record, aside(record)).unwrap();
            fs::create_dir(record).unwrap();
        },
        |record| {
            fs::remove_dir(record).unwrap();
            fs::rename(aside(record), record).unwrap();
        },
        20,
    );
}

#[test]
fn a_list_that_cannot_be_written_ends_the_witness_before_the_first_cosignature() {
    let (place, _) = used();
    let log = TestLog::new("log.example/2", 40);
    witness::watched::add(&place.path("watched"), &log.vkey(), None, None).unwrap();
    let program = place.start();
    let part = place.path("data").join("logs.part");
    fill_up(&part);
    assert_eq!(post(&add(&program.url), &log.ask(0, 30)).status, 500);
    assert_eq!(program.end().0, Some(70));
    fs::remove_file(&part).unwrap();
    // The record was stored, though no cosignature was given: it counts.
    let witness = place.run();
    assert_eq!(post(&add(witness.url()), &log.ask(0, 30)).text, "30\n");
    assert_eq!(post(&add(witness.url()), &log.ask(30, 30)).status, 200);
}

#[test]
fn after_a_failure_nothing_is_cosigned_for_any_log() {
    let (place, log) = used();
    let other = TestLog::new("log.example/2", 40);
    witness::watched::add(&place.path("watched"), &other.vkey(), None, None).unwrap();
    // In one process that does not end by itself.
    let witness = place.run();
    let url = add(witness.url());
    fill_up(&place.record(&log).with_extension("part"));
    assert!(!witness.has_failed());
    assert_eq!(post(&url, &log.ask(20, 30)).status, 500);
    assert!(witness.has_failed());
    // The disk would take it now; it is not tried again.
    fs::remove_file(place.record(&log).with_extension("part")).unwrap();
    for body in [log.ask(20, 30), log.ask(20, 20), other.ask(0, 1)] {
        assert_eq!(post(&url, &body).status, 500);
    }
    assert_eq!(get(&format!("{}/health", witness.url())).status, 500);
    assert_eq!(get(&format!("{}/{}/checkpoint", witness.url(), log.file())).status, 500);
    assert_eq!((place.stored(&log), place.stored(&other)), (Some(20), None));
}

#[test]
fn evidence_that_cannot_be_kept_is_no_reason_to_cosign_or_to_end() {
    let (place, log) = used();
    let fork = TestLog::with("log.example/1", "other", 10, 40);
    fs::remove_dir(place.path("data").join("evidence")).unwrap();
    fs::write(place.path("data").join("evidence"), "").unwrap();
    let witness = place.run();
    let url = add(witness.url());
    assert_eq!(post(&url, &fork.ask(20, 30)).status, 422);
    assert_eq!(post(&url, &log.ask(20, 30)).status, 200);
    assert!(!witness.has_failed());
}

//! `observer verify --card`, and signed statements.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
#[path = "common/logs.rs"]
mod logs;
#[path = "../../client/tests/common/mod.rs"]
mod server;

use common::{observer, write};
use logs::{Desk, Event};
use voting_core::card::Card;
use voting_core::testing::{Sandbox, tamper};

#[test]
fn a_record_is_verified_with_a_card() {
    let sandbox = Sandbox::finished(1);
    let desk = Desk::new();
    let record = desk.name("record");
    write(&desk.path("record"), &sandbox.record());
    let card = Card::of(&sandbox.manifest()).unwrap().to_bytes();
    let path = desk.put("event.card", &card);
    let said = observer(&["verify", &record, "--card", &path]);
    assert_eq!(said.code, Some(0), "{}", said.notes);
    let (event, words) = (sandbox.manifest().event(), sandbox.manifest().event_words());
    let first = format!("Taken on trust: only the card {path}, with the event id {event} ({words}).\n");
    assert!(said.out.starts_with(&first), "{}", said.out);
    let said = observer(&["verify", &record, "--card", &path, "--json"]);
    assert!(said.out.contains("\"trust\":\"card\""), "{}", said.out);
    // Without any, the first line says what was believed.
    let said = observer(&["verify", &record]);
    assert!(said.out.lines().next().unwrap().ends_with("or give it with --event or --card."), "{}", said.out);

    // A card of another event, one that lies about the host, one that is none.
    let other = desk.put("other.card", &Card::of(&Sandbox::new(2).manifest()).unwrap().to_bytes());
    let said = observer(&["verify", &record, "--card", &other]);
    assert!(said.code == Some(1) && said.out.contains("R-MANIFEST-01"), "{}{}", said.out, said.notes);
    let lie = String::from_utf8(card).unwrap().replacen("host votes.", "host cotes.", 1);
    let said = observer(&["verify", &record, "--card", &desk.put("lie.card", lie.as_bytes())]);
    assert!(
        said.code == Some(1) && said.notes.starts_with("error[false-card]: the card's host is not "),
        "{}",
        said.notes
    );
    let said = observer(&["verify", &record, "--card", &desk.put("empty", b"")]);
    assert!(said.code == Some(2) && said.notes.starts_with("error[malformed-card]: "), "{}", said.notes);
    let said = observer(&["verify", &record, "--card", &path, "--event", &event.to_string()]);
    assert!(said.code == Some(2) && said.notes.contains("cannot be used with"), "{}", said.notes);
}

#[test]
fn a_statement_is_signed_and_checked() {
    let desk = Desk::new();
    let key = desk.name("my.key");
    let said = observer(&["key", "new", &key, "--name", "observer.example.org"]);
    assert_eq!(said.code, Some(0), "{}", said.notes);
    let public = said.out.trim().to_owned();
    assert!(public.starts_with("observer.example.org+"), "{public}");
    assert_eq!(observer(&["key", "show", &key]).out.trim(), public);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let said = observer(&["key", "new", &key, "--name", "observer.example.org"]);
    assert!(said.code == Some(2) && said.notes.starts_with("error[output-exists]: "), "{}", said.notes);

    let good = Sandbox::finished(3);
    let (record, event) = (desk.name("record"), good.manifest().event().to_string());
    write(&desk.path("record"), &good.record());
    let to = desk.name("statement");
    let sign = |record: &str, event: &str, to: &str, name: &str| {
        observer(&["verify", record, "--event", event, "--sign", &key, "--name", name, "--statement", to])
    };
    let said = sign(&record, &event, &to, "Anna Alt, member");
    assert_eq!(said.code, Some(0), "{}", said.notes);
    assert!(said.out.ends_with(&format!("The record holds.\nThe signed statement is in {to}.\n")), "{}", said.out);
    let said = sign(&record, &event, &to, "Anna Alt, member");
    assert!(said.code == Some(2) && said.notes.starts_with("error[output-exists]: "), "{}", said.notes);

    let check = |file: &str, key: &str| observer(&["statement", file, "--key", key]);
    let said = check(&to, &public);
    assert_eq!(said.code, Some(0), "{}", said.notes);
    for part in [
        "Signed by the key observer.example.org.\nAnna Alt, member states: the record holds.\n".to_owned(),
        format!("Event {event} ({}), finished, {} entries, root ", good.manifest().event_words(), good.entries.len()),
        format!("Taken on trust: given. Program: observer {}. By its clock: 2", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(said.out.contains(&part), "{part}\n{}", said.out);
    }
    let said = observer(&["statement", &to, "--key", &public, "--event", &"00".repeat(32)]);
    assert!(said.code == Some(1) && said.notes.starts_with("error[other-event]: "), "{}", said.notes);
    let said = observer(&["statement", &to, "--key", &public, "--json"]);
    let value: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((value["holds"].as_bool(), value["by"].as_str()), (Some(true), Some("Anna Alt, member")));

    // Another key, and every changed byte.
    observer(&["key", "new", &desk.name("other.key"), "--name", "observer.example.org"]);
    let other = observer(&["key", "show", &desk.name("other.key")]).out.trim().to_owned();
    let said = check(&to, &other);
    assert!(said.code == Some(1) && said.notes.starts_with("error[false-statement]: "), "{}", said.notes);
    let bytes = std::fs::read(&to).unwrap();
    for position in (0..bytes.len()).step_by(13) {
        let mut bytes = bytes.clone();
        bytes[position] ^= 1;
        let said = check(&desk.put("changed", &bytes), &public);
        assert!(matches!(said.code, Some(1 | 2)) && said.out.is_empty(), "{position} {}", said.out);
    }

    // A record that does not hold: the statement says so, and so does its exit code.
    let (bad, id) = (desk.name("bad"), {
        let case = tamper::all().into_iter().find(|case| case.rule.to_string() == "R-ENTRY-02").unwrap();
        let record = (case.make)();
        write(&desk.path("bad"), &record);
        record.event.to_string()
    });
    let said = sign(&bad, &id, &desk.name("no"), "Bo Berg");
    assert_eq!(said.code, Some(1), "{}", said.notes);
    let said = check(&desk.name("no"), &public);
    assert!(
        said.code == Some(1) && said.out.contains("Bo Berg states: the record does NOT hold: 1 fault (1 R-ENTRY-02)"),
        "{}",
        said.out
    );

    // Bad names and keys.
    for name in ["", " Anna", "Anna\nsize 5", &"x".repeat(201)] {
        let said = sign(&record, &event, &desk.name("x"), name);
        assert!(said.code == Some(2) && said.notes.contains("error[bad-name]: "), "{name:?} {}", said.notes);
    }
    let text = std::fs::read_to_string(&key).unwrap();
    for text in [
        text.replacen("name ", "name  ", 1),
        text.to_uppercase(),
        format!("{text}\n"),
        text.replacen("seed ", "seed 0", 1),
    ] {
        let said = observer(&["key", "show", &desk.put("bad.key", text.as_bytes())]);
        assert!(said.code == Some(2) && said.notes.starts_with("error[malformed-key]: "), "{text} {}", said.notes);
    }
    assert!(!desk.path("x").exists());
}

#[test]
fn a_mirror_says_who_cosigned_and_refuses_too_few() {
    let event = Event::opened(4);
    let desk = Desk::new();
    let good = desk.log("good", &event.whole());
    let said = observer(&["mirror", &good, &desk.name("one")]);
    assert!(
        said.code == Some(0) && said.out.contains("\nCosigned by w1 at 2027-01-15T08:00:00Z, w2 at "),
        "{}",
        said.out
    );
    let size = event.sandbox.entries.len();
    let few = desk.log("few", &event.log_by(size, &[(&event.witnesses[1], 1_800_000_000)]));
    let said = observer(&["mirror", &few, &desk.name("two")]);
    assert!(said.code == Some(1) && said.notes.starts_with("error[too-few-witnesses]: "), "{}", said.notes);
    let said = observer(&["verify", &desk.name("two"), "--event", &event.event()]);
    assert!(said.code == Some(1) && said.out.contains("R-LOG-0"), "{}", said.out);
}

//! `observer watch` and `observer compare`: what is new, every alarm, resumption, and the program that is called.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
#[path = "common/logs.rs"]
mod logs;
#[path = "../../client/tests/common/mod.rs"]
mod server;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Said, observer};
use logs::{Desk, Event};
use server::{Files, Server, log_of};
use voting_core::ids::EventId;
use voting_core::testing::{Sandbox, chosen};

/// A server whose files can be exchanged; without files it breaks down.
fn changing(event: EventId, files: Files) -> (String, Arc<Mutex<Files>>) {
    let shown = Arc::new(Mutex::new(files));
    let served = shown.clone();
    let server = Server::new(move |request| {
        let files = served.lock().unwrap();
        if files.is_empty() {
            return (500, vec![], vec![]);
        }
        match request.path.strip_prefix(&format!("/{event}/")).and_then(|path| files.get(path)) {
            Some(bytes) => (200, vec![], bytes.clone()),
            None => (404, vec![], b"not found".to_vec()),
        }
    });
    (format!("{}/{event}", server.url), shown)
}

fn once(url: &str, event: &str, dir: &str, more: &[&str]) -> Said {
    observer(&[&["watch", url, "--event", event, "--dir", dir, "--once"], more].concat())
}

#[test]
fn looks_one_by_one_resume_and_end_with_the_right_code() {
    let sandbox = Sandbox::finished(1);
    let event = sandbox.manifest().event();
    let id = event.to_string();
    let (url, shown) = changing(event, log_of(&sandbox, &sandbox.entries[..12]));
    let desk = Desk::new();
    let dir = desk.name("watch");
    let said = once(&url, &id, &dir, &[]);
    assert_eq!(said.code, Some(0), "{}", said.notes);
    assert!(said.out.starts_with(&format!("Watching event {id} (")) && said.out.contains("from a new copy in "));
    assert!(said.out.contains("  12 entries (12 new): holds so far. Cosigned by nobody: "), "{}", said.out);

    *shown.lock().unwrap() = log_of(&sandbox, &sandbox.entries);
    let said = once(&url, &id, &dir, &["--json"]);
    assert_eq!(said.code, Some(0), "{}", said.notes);
    let line: serde_json::Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
    let size = sandbox.entries.len() as u64;
    assert_eq!((line["size"].as_u64(), line["new"].as_u64()), (Some(size), Some(size - 12)));
    assert_eq!((line["judged"].as_bool(), line["open_round"].as_u64()), (Some(true), None));

    // The folder is a copy like every other.
    let said = observer(&["verify", &dir, "--event", &id]);
    assert!(said.code == Some(0) && said.out.ends_with("The record holds.\n"), "{}{}", said.out, said.notes);

    // No answer is no verdict.
    shown.lock().unwrap().clear();
    let said = once(&url, &id, &dir, &[]);
    assert_eq!(said.code, Some(2), "{}", said.out);
    assert!(said.notes.starts_with("error[unusable-answer]: "), "{}", said.notes);
    let said = once("http://127.0.0.1:1/0000", &id, &dir, &[]);
    assert!(said.code == Some(2) && said.notes.starts_with("error[bad-url]: "), "{}", said.notes);
    let said = once(&url.replace(&id, &"00".repeat(32)), &id, &dir, &[]);
    assert!(said.code == Some(1) && said.notes.starts_with("error[other-event]: "), "{}", said.notes);
}

#[test]
fn a19_fork_and_rollback_give_the_alarm_and_a_fork_is_judged() {
    let (mut one, mut other) = (Event::opened(2), Event::opened(2));
    one.vote(0);
    other.vote(2);
    other.vote(4);
    let desk = Desk::new();
    let (dir, id) = (desk.name("watch"), one.event());
    let (url, shown) = changing(one.sandbox.manifest().event(), one.whole());
    let card = desk.put("event.card", &one.card());
    let quiet = ["--stalled", "365d"];
    assert_eq!(once(&url, &id, &dir, &quiet).code, Some(0));

    *shown.lock().unwrap() = one.log(one.sandbox.entries.len() - 1);
    let said = once(&url, &id, &dir, &quiet);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.notes.contains("  ALARM[rollback]: the log has "), "{}", said.notes);

    *shown.lock().unwrap() = other.whole();
    let said = once(&url, &id, &dir, &[&quiet[..], &["--json"]].concat());
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.notes.contains("ALARM[fork]: "), "{}", said.notes);
    let line: serde_json::Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
    assert_eq!((line["what"].as_str(), line["alarm"].as_str()), (Some("alarm"), Some("fork")));
    let evidence = line["evidence"].as_str().unwrap();
    assert!(evidence.starts_with(&format!("{dir}/evidence/split-view-")), "{evidence}");
    let judged = observer(&["judge", evidence, "--card", &card]);
    assert!(judged.code == Some(0) && judged.out.contains("This CONVINCES."), "{}{}", judged.out, judged.notes);
}

#[test]
fn missing_cosignatures_false_checkpoints_and_false_data_give_the_alarm() {
    let mut event = Event::opened(3);
    let before = event.sandbox.entries.len();
    event.vote(0);
    let size = event.sandbox.entries.len();
    let desk = Desk::new();
    let (dir, id) = (desk.name("watch"), event.event());
    let (url, shown) = changing(event.sandbox.manifest().event(), event.log(before));
    let quiet = ["--stalled", "365d"];
    assert_eq!(once(&url, &id, &dir, &quiet).code, Some(0));

    let mut second = event.whole();
    second.insert("checkpoint".into(), server::second_origin(&event.sandbox));
    let mut data = event.whole();
    let path = data.keys().find(|path| path.starts_with("tile/entries/")).unwrap().clone();
    *data.get_mut(&path).unwrap().last_mut().unwrap() ^= 1;
    let mut other_key = event.whole();
    let origin = event.sandbox.manifest().origin();
    other_key.insert("checkpoint".into(), event.sandbox.checkpoint_as(&origin, &event.sandbox.registrar, |_| ()));
    let few = event.log_by(size, &[(&event.witnesses[0], 1_800_000_000)]);
    let cases = [
        (few, "missing-cosignatures", "missing: w2"),
        (second, "false-checkpoint", "checkpoint is not acceptable: "),
        (other_key, "false-checkpoint", "checkpoint is not acceptable: "),
        (data, "false-data", "is not the one in the tree"),
    ];
    for (files, alarm, says) in cases {
        *shown.lock().unwrap() = files;
        let said = once(&url, &id, &dir, &quiet);
        assert_eq!(said.code, Some(1), "{alarm} {}", said.out);
        assert!(said.notes.contains(&format!("ALARM[{alarm}]: ")) && said.notes.contains(says), "{}", said.notes);
        assert!(said.notes.contains("\n  remedy: "), "{}", said.notes);
    }
    *shown.lock().unwrap() = event.whole();
    assert_eq!(once(&url, &id, &dir, &quiet).code, Some(0));
}

#[test]
fn a_refused_entry_and_a_stalled_log_give_the_alarm() {
    let mut sandbox = Sandbox::opened(4);
    let event = sandbox.manifest().event();
    let id = event.to_string();
    let (url, shown) = changing(event, log_of(&sandbox, &sandbox.entries));
    let desk = Desk::new();
    let dir = desk.name("watch");
    assert_eq!(once(&url, &id, &dir, &[]).code, Some(0));
    std::thread::sleep(Duration::from_millis(1_100));
    let said = once(&url, &id, &dir, &["--stalled", "1s"]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.notes.contains("ALARM[stalled]: round 1 is open, but nothing new was signed for "), "{}", said.notes);

    let ballot = sandbox.vote(0, &[chosen(&[0]), chosen(&[1])]);
    sandbox.smuggle(ballot);
    *shown.lock().unwrap() = log_of(&sandbox, &sandbox.entries);
    for _ in 0..2 {
        let said = once(&url, &id, &dir, &["--json"]);
        assert_eq!(said.code, Some(1), "{}", said.out);
        let bad = sandbox.entries.len() - 1;
        let alarm = format!("ALARM[bad-entry]: entry {bad} breaks R-BALLOT-06: ");
        assert_eq!(said.notes.matches(&alarm).count(), 1, "{}", said.notes);
        let alarms: Vec<serde_json::Value> = said
            .out
            .lines()
            .filter(|line| line.contains("\"alarm\""))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!((alarms.len(), alarms[0]["rule"].as_str()), (1, Some("R-BALLOT-06")));
        assert_eq!(alarms[0]["entry"].as_u64(), Some(bad as u64));
    }
    // By cosignatures: their time says how old the checkpoint is, whenever it was copied.
    let event = Event::opened(5);
    let old = event.log_by(event.sandbox.entries.len(), &[(&event.witnesses[0], 100), (&event.witnesses[1], 200)]);
    let (url, _shown) = changing(event.sandbox.manifest().event(), old);
    let said = once(&url, &event.event(), &desk.name("old"), &[]);
    assert!(said.code == Some(1) && said.notes.contains("ALARM[stalled]: "), "{}{}", said.out, said.notes);
}

#[test]
fn a_card_names_the_event_and_must_be_that_of_the_manifest() {
    let event = Event::opened(6);
    let desk = Desk::new();
    let card = desk.put("event.card", &event.card());
    let lie = String::from_utf8(event.card()).unwrap().replacen("host votes.", "host cotes.", 1);
    let lie = desk.put("lie.card", lie.as_bytes());
    let (url, _shown) = changing(event.sandbox.manifest().event(), event.whole());
    let watch = |card: &str, dir: &str| {
        observer(&["watch", &url, "--card", card, "--dir", &desk.name(dir), "--once", "--stalled", "365d"])
    };
    assert_eq!(watch(&card, "one").code, Some(0));
    let said = watch(&lie, "two");
    assert!(said.code == Some(1) && said.notes.starts_with("error[false-card]: "), "{}", said.notes);
    let said = observer(&["watch", &url, "--once"]);
    assert_eq!(said.code, Some(2), "{}", said.out);
}

/// A watch that runs; ended with the value.
struct Running(Child, Receiver<String>);

impl Running {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_observer"))
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, receive) = channel();
        let (out, notes) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        for stream in [Box::new(out) as Box<dyn std::io::Read + Send>, Box::new(notes)] {
            let send = send.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = send.send(line);
                }
            });
        }
        Self(child, receive)
    }

    /// The next line that contains a text.
    fn wait_for(&self, text: &str) -> String {
        let mut seen = Vec::new();
        loop {
            match self.1.recv_timeout(Duration::from_secs(30)) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => seen.push(line),
                Err(_) => panic!("{text:?} does not come; there was {seen:?}"),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_watch_goes_on_calls_the_program_once_for_each_alarm_and_ends_after_a_fork() {
    let (mut one, mut other) = (Event::opened(7), Event::opened(7));
    let size = one.sandbox.entries.len();
    one.vote(0);
    one.vote(2);
    other.vote(4);
    let desk = Desk::new();
    let (dir, id) = (desk.name("watch"), one.event());
    let (url, shown) = changing(one.sandbox.manifest().event(), one.log(size));
    let called = desk.name("called");
    let program = desk.put("call-me", format!("#!/bin/sh\necho \"$1\" >>{called}\ncat >>{called}\n").as_bytes());
    #[cfg(unix)]
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let watch = Running::start(&[
        "watch",
        &url,
        "--event",
        &id,
        "--dir",
        &dir,
        "--every",
        "1s",
        "--stalled",
        "365d",
        "--command",
        &program,
    ]);
    watch.wait_for(&format!("  {size} entries ({size} new): holds so far. Cosigned by w1 at "));
    // A second watch into the same folder is refused.
    let said = once(&url, &id, &dir, &[]);
    assert!(said.code == Some(2) && said.notes.contains("another process"), "{}", said.notes);

    *shown.lock().unwrap() = one.log(size + 1);
    watch.wait_for("(1 new): holds so far. Cosigned by w1 at ");
    *shown.lock().unwrap() = one.log_by(size + 2, &[(&one.witnesses[0], 1_800_000_000)]);
    watch.wait_for("ALARM[missing-cosignatures]: ");
    // Silence in between does not end the alarm.
    shown.lock().unwrap().clear();
    watch.wait_for("unusable answer");
    *shown.lock().unwrap() = one.log_by(size + 2, &[(&one.witnesses[0], 1_800_000_000)]);
    watch.wait_for("note: there is an answer again");
    *shown.lock().unwrap() = one.log(size + 2);
    watch.wait_for("note: missing-cosignatures is over");

    *shown.lock().unwrap() = other.whole();
    watch.wait_for("ALARM[fork]: ");
    let mut watch = watch;
    assert_eq!(watch.0.wait().unwrap().code(), Some(1));
    let called = std::fs::read_to_string(called).unwrap();
    let names: Vec<_> = called.lines().filter(|line| !line.starts_with('{')).collect();
    assert_eq!(names, ["missing-cosignatures", "fork"], "{called}");
    assert_eq!(called.matches("\"what\":\"alarm\"").count(), 2);
}

#[test]
fn a19_two_sources_are_compared_and_a_fork_is_kept() {
    let (mut one, mut other) = (Event::opened(8), Event::opened(8));
    let size = one.sandbox.entries.len();
    one.vote(0);
    other.vote(2);
    other.vote(4);
    let desk = Desk::new();
    let (whole, part) = (desk.log("whole", &one.whole()), desk.log("part", &one.log(size)));
    let (forked, few) =
        (desk.log("forked", &other.whole()), desk.log("few", &one.log_by(size, &[(&one.witnesses[0], 1_800_000_000)])));
    let (url, _shown) = changing(one.sandbox.manifest().event(), one.whole());
    let (id, dir) = (one.event(), desk.name("kept"));
    let compare = |one: &str, other: &str| observer(&["compare", one, other, "--event", &id, "--dir", &dir]);

    let said = compare(&whole, &url);
    assert!(said.code == Some(0) && said.out.ends_with("\nBoth show the same record.\n"), "{}{}", said.out, said.notes);
    assert!(said.out.starts_with(&format!("Taken on trust: only the event id {id} (")), "{}", said.out);
    let said = compare(&part, &url);
    assert!(said.code == Some(0) && said.out.contains("The first is the beginning of the second"), "{}", said.out);
    let said = compare(&whole, &part);
    assert!(said.code == Some(0) && said.out.contains("The second is the beginning of the first"), "{}", said.out);
    // Agreement counts only under the witnesses of the manifest.
    let said = compare(&whole, &few);
    assert!(said.code == Some(1) && said.notes.starts_with("error[too-few-witnesses]: "), "{}", said.notes);
    assert!(said.out.contains("Not cosigned as the manifest demands: "), "{}", said.out);

    for _ in 0..2 {
        let said = compare(&forked, &url);
        assert_eq!(said.code, Some(1), "{}", said.out);
        assert!(said.out.contains("\nFORK: the log signed two records that contradict each other."), "{}", said.out);
    }
    let evidence: Vec<_> =
        std::fs::read_dir(desk.path("kept/evidence")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(evidence.len(), 1);
    let card = desk.put("event.card", &one.card());
    let judged = observer(&["judge", evidence[0].to_str().unwrap(), "--card", &card]);
    assert!(judged.code == Some(0), "{}{}", judged.out, judged.notes);

    let said = observer(&["compare", &whole, &part, "--json"]);
    let value: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((value["relation"].as_str(), value["one"]["cosigned"].as_bool()), (Some("other-is-older"), Some(true)));
    let foreign = desk.log("foreign", &Event::opened(9).whole());
    let said = compare(&whole, &foreign);
    assert!(said.code == Some(1) && said.notes.starts_with("error[other-event]: "), "{}", said.notes);
}

#[test]
fn s6_a_second_origin_is_not_compared_and_not_verified() {
    let event = Event::opened(10);
    let desk = Desk::new();
    let good = desk.log("good", &event.whole());
    let mut files = event.whole();
    files.insert("checkpoint".into(), server::second_origin(&event.sandbox));
    let by = [(&event.witnesses[0], 1_800_000_000), (&event.witnesses[1], 1_800_000_000)];
    let second = desk.log("second", &server::cosign(files, &by));
    let id = event.event();
    for (one, other) in [(&good, &second), (&second, &good)] {
        let said = observer(&["compare", one, other, "--event", &id, "--dir", &desk.name("x")]);
        assert!(said.code == Some(1) && said.notes.starts_with("error[false-checkpoint]: "), "{}", said.notes);
    }
    let said = observer(&["verify", &second, "--event", &id]);
    assert!(said.code == Some(1) && said.out.contains("R-LOG-02"), "{}{}", said.out, said.notes);
    let said = observer(&["mirror", &second, &desk.name("copy")]);
    assert!(said.code == Some(1) && said.notes.starts_with("error[false-checkpoint]: "), "{}", said.notes);
}

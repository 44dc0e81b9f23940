//! Transcripts as data: arguments, exit code, and parts of what is printed, on a small record with labels.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{observer, write};
use tempfile::TempDir;
use voting_core::ids::{EventId, RoundIndex};
use voting_core::labels::{Label, LabelFile};
use voting_core::testing::{Sandbox, chosen};

/// A run of the program. `{record}`, `{event}`, `{words}`, `{new}`, `{empty}`, `{short}` and `{hostile}` are filled in.
struct Transcript {
    args: &'static [&'static str],
    code: i32,
    out: &'static [&'static str],
    notes: &'static [&'static str],
}

/// Nothing is printed.
const NOTHING: &[&str] = &["^$"];

const TRANSCRIPTS: &[Transcript] = &[
    Transcript {
        args: &["verify", "{record}", "--event", "{event}"],
        code: 0,
        out: &[
            "^Taken on trust: only the event id {event} ({words}), which you gave.\n",
            "\nThis is a demonstration.\n",
            "\n  R-LOG       1 checkpoint over 37 entries\n  R-MANIFEST  1 manifest\n",
            "\n  R-CEREMONY  3 confirmations of the joint key\n  R-ROLL      12 members\n",
            "\n  R-BALLOT    11 ballots, 22 arguments\n  R-DECRYPT   4 partial decryptions\n",
            "\nRound 1: result\n  6 of 6 credentials cast, 7 ballots on the log\n",
            "\n  decrypted by trustees 1, 3\n",
            "\n  Contest 1, Members of the board: 6 ballots of weight 8\n               2  Anna Alt (40.00 %)\n               4  Bo Berg (80.00 %)\n",
            "               3  option 3 (60.00 %)\n               3  blank\n      On the roll: 6 with 8 votes. Excused: 0 ",
            "\n  R-OUTCOME   0 outcomes\n",
            "  Contest 3, Students: 3 ballots of weight 5\n",
            "      unanimous: nobody chose \"blank\", so this total tells how each ballot answered (A36)\n",
            "\nNot checked, because the record can't tell:\n  - whether credentials belong to real members",
            "\n\nThe record holds.\n$",
        ],
        notes: NOTHING,
    },
    Transcript {
        args: &["verify", "{record}"],
        code: 0,
        out: &["^Taken on trust: the event id {event} ({words}), which the folder itself names. Compare it"],
        notes: NOTHING,
    },
    Transcript {
        args: &["verify", "{record}", "--floor"],
        code: 0,
        // 3 ballots of 23 points, 4 of 31, and in the second round 4 of 11.
        out: &["\nFloor: 207 points of 11 ballots decompressed and multiplied in ", " times as long.\n"],
        notes: NOTHING,
    },
    Transcript {
        args: &["verify", "{record}", "--json", "--floor"],
        code: 0,
        out: &[
            "^{\"holds\":true,\"event\":\"{event}\"",
            "\"trust\":\"folder\"",
            "\"times\":{\"read_seconds\":",
            "\"floor\":{\"ballots\":11,\"points\":207,",
            "}\n$",
        ],
        notes: NOTHING,
    },
    Transcript {
        args: &["verify", "{record}", "--event", "0000000000000000000000000000000000000000000000000000000000000000"],
        code: 1,
        out: &[
            "\n  R-MANIFEST  0 manifests; 1 FAULT\n",
            "\nFault 1: R-MANIFEST-01\n",
            "\n  culprit:  the board\n  evidence: the record as a whole\n",
            "\nThe record does NOT hold: 1 fault\n$",
        ],
        notes: NOTHING,
    },
    Transcript {
        args: &["verify", "{record}", "--event", "zz"],
        code: 2,
        out: NOTHING,
        notes: &["invalid value 'zz' for '--event <HASH>': not 64 hexadecimal digits"],
    },
    Transcript {
        args: &["verify", "{empty}"],
        code: 2,
        out: NOTHING,
        notes: &["^error[missing-file]: {empty}/checkpoint is missing\n  remedy: check the address or path"],
    },
    Transcript {
        args: &["verify", "{short}", "--event", "{event}"],
        code: 2,
        out: NOTHING,
        notes: &["^error[malformed-file]: {short}/tile/entries/000.p/37 is malformed: ", "\n  remedy: "],
    },
    Transcript {
        args: &["verify", "{empty}", "--json"],
        code: 2,
        out: &["^{\"error\":{\"code\":\"missing-file\",", "\"holds\":null}\n$"],
        notes: &["^error[missing-file]: "],
    },
    Transcript {
        args: &["verify", "http://127.0.0.1:1/{event}"],
        code: 2,
        out: NOTHING,
        notes: &["^error[unreachable]: http://127.0.0.1:1/{event}/checkpoint does not answer: "],
    },
    Transcript {
        args: &["verify", "http://127.0.0.1:1/votes"],
        code: 2,
        out: NOTHING,
        notes: &["^error[bad-url]: \"http://127.0.0.1:1/votes\" does not end in an event id\n  remedy: "],
    },
    Transcript {
        args: &["mirror", "{record}", "{new}"],
        code: 0,
        out: &[
            "^Event {event} ({words}): 37 entries in {new}, with labels.\nCosigned by nobody: the manifest demands no witness server.\nCopied, not yet verified: `observer verify {new}",
        ],
        notes: NOTHING,
    },
    Transcript {
        args: &["mirror", "{record}", "{new}", "--json"],
        code: 0,
        out: &["\"event\":\"{event}\"", "\"labels\":true", "\"size\":37"],
        notes: NOTHING,
    },
    Transcript {
        args: &["mirror", "{hostile}", "{new}"],
        code: 1,
        out: NOTHING,
        notes: &["^error[not-in-the-log]: tile/entries/000.p/37: entry 36 is not the one in the tree", "\n  remedy: "],
    },
    Transcript {
        args: &["verify", "{hostile}", "--event", "{event}"],
        code: 1,
        out: &[
            "\nFault 1: R-",
            "\n  evidence: entry 36, leaf hash ",
            "R-LOG-04",
            "\nThe record does NOT hold: 2 faults\n$",
        ],
        notes: NOTHING,
    },
    Transcript {
        args: &["show", "{record}"],
        code: 0,
        out: &[
            "^Nothing of this was verified: `observer verify` does that.\nEvent {event} ({words})\n",
            "\n2 of 3 trustees are needed for the count\n",
            "\n  contest 1, Members of the board (selection): Anna Alt; Bo Berg; option 3\n",
            "\n37 entries:\n         0            manifest\n",
            "  ballot (7)\n",
        ],
        notes: NOTHING,
    },
    Transcript {
        args: &["show", "{record}", "--entry", "0"],
        code: 0,
        out: &["\nwhat            manifest\n", "\nevent           {event}\n"],
        notes: NOTHING,
    },
    Transcript {
        args: &["show", "{record}", "--entry", "17", "--json"],
        code: 0,
        out: &["\"what\":\"ballot\"", "\"counter\":1", "\"receipt_number\":\""],
        notes: NOTHING,
    },
    Transcript {
        args: &["show", "{record}", "--json"],
        code: 0,
        out: &["\"verified\":false", "\"size\":37"],
        notes: NOTHING,
    },
    Transcript {
        args: &["show", "{record}", "--entry", "37"],
        code: 2,
        out: NOTHING,
        notes: &["^error[malformed-file]: entry 37 is malformed: the record has 37 entries\n"],
    },
    Transcript {
        args: &["verify", "{record}", "--card", "{record}/event.card"],
        code: 0,
        out: &["^Taken on trust: only the card {record}/event.card, with the event id {event} ({words}).\n"],
        notes: NOTHING,
    },
    Transcript {
        args: &["verify", "{record}", "--sign", "my.key"],
        code: 2,
        out: NOTHING,
        notes: &["^error: the following required arguments were not provided:"],
    },
    Transcript {
        args: &["compare", "{record}", "{record}"],
        code: 0,
        out: &[
            "^Taken on trust: the event id {event} ({words}), which the sources name. Compare it with the letter",
            "\n{record}:\n  37 entries, root ",
            "\n  Cosigned by nobody: the manifest demands no witness server.\n",
            "\n\nBoth show the same record.\n$",
        ],
        notes: NOTHING,
    },
    Transcript {
        args: &["compare", "{record}", "{empty}"],
        code: 2,
        out: NOTHING,
        notes: &["^error[missing-file]: {empty}/checkpoint is missing\n  remedy: "],
    },
    Transcript {
        args: &["watch", "{record}", "--event", "{event}", "--dir", "{new}", "--once"],
        code: 0,
        out: &[
            "^Watching event {event} ({words}) at {record}, from a new copy in {new}.\n",
            "  37 entries (37 new): holds so far. Cosigned by nobody: the manifest demands no witness server.\n$",
        ],
        notes: NOTHING,
    },
    Transcript {
        args: &["watch", "{hostile}", "--event", "{event}", "--dir", "{new}", "--once"],
        code: 1,
        out: &["^Watching event {event} ({words}) at {hostile}"],
        notes: &["  ALARM[false-data]: tile/entries/000.p/37: entry 36 is not the one in the tree", "\n  remedy: "],
    },
    Transcript {
        args: &["watch", "{record}", "--event", "{event}", "--dir", "{new}", "--once", "--every", "30"],
        code: 2,
        out: NOTHING,
        notes: &["invalid value '30' for '--every <TIME>': write a number and s, m, h or d, such as 30s or 5m"],
    },
    Transcript {
        args: &["receipt", "{record}/checkpoint", "--entry", "{record}/event.card", "--card", "{record}/event.card"],
        code: 2,
        out: NOTHING,
        notes: &["^error[malformed-receipt]: no proof: the first line must be c2sp.org/tlog-proof@v1\n  remedy: "],
    },
    Transcript {
        args: &[
            "receipt",
            "{record}/nothing",
            "--entry",
            "{record}/nothing",
            "--card",
            "{record}/event.card",
            "--json",
        ],
        code: 2,
        out: &["^{\"error\":{\"code\":\"no-such-file\","],
        notes: &["^error[no-such-file]: {record}/nothing: "],
    },
    Transcript {
        args: &["judge", "{record}/checkpoint", "--card", "{record}/event.card"],
        code: 2,
        out: NOTHING,
        notes: &[
            "^error[malformed-evidence]: {record}/checkpoint: neither the evidence of a split view nor a receipt\n",
        ],
    },
    Transcript {
        args: &["serve", "{empty}"],
        code: 2,
        out: NOTHING,
        notes: &["^error[missing-file]: {empty}/checkpoint is missing\n"],
    },
    Transcript {
        args: &["statement", "{record}/checkpoint", "--key", "x"],
        code: 2,
        out: NOTHING,
        notes: &["invalid value 'x' for '--key <KEY>'"],
    },
    Transcript {
        args: &["key", "new", "{new}", "--name", "two words"],
        code: 2,
        out: NOTHING,
        notes: &["invalid value 'two words' for '--name <NAME>'"],
    },
    Transcript {
        args: &["key", "show", "{record}/checkpoint"],
        code: 2,
        out: NOTHING,
        notes: &["^error[malformed-key]: {record}/checkpoint is no key of an observer\n  remedy: "],
    },
    Transcript {
        args: &["--help"],
        code: 0,
        out: &[
            "The only thing taken on trust is the event id",
            "Exit codes: 0 the record holds",
            "0 it convinces, 1 it was checked and convinces nobody",
        ],
        notes: NOTHING,
    },
    Transcript { args: &["verify", "--help"], code: 0, out: &["observer verify ./record --event"], notes: NOTHING },
];

fn label(text: &str, rng: &mut impl rand_core::CryptoRngCore) -> Label {
    Label::new(BTreeMap::from([("en".to_owned(), text.to_owned()), ("zh-CN".to_owned(), text.to_owned())]), rng)
}

/// A finished event with labels for some of its texts.
fn sandbox() -> (Sandbox, Vec<u8>) {
    let mut rng = rand::rngs::OsRng;
    let labels: Vec<_> =
        ["Members of the board", "Anna Alt", "Bo Berg", "Students"].map(|text| label(text, &mut rng)).into();
    let digests: Vec<_> = labels.iter().map(Label::digest).collect();
    let mut sandbox = Sandbox::with(1, |fields| {
        let contest = &mut fields.rounds[0].contests[0];
        contest.title = digests[0];
        contest.options[..2].copy_from_slice(&digests[1..3]);
        fields.groups[1] = digests[3];
    });
    sandbox.ceremony();
    sandbox.roll(RoundIndex(0));
    sandbox.roll(RoundIndex(1));
    sandbox.open(RoundIndex(0));
    sandbox.vote_all();
    sandbox.close();
    sandbox.decrypt(1);
    sandbox.decrypt(3);
    sandbox.result(RoundIndex(0));
    sandbox.open(RoundIndex(1));
    for voter in 0..4 {
        sandbox.vote(voter, &[chosen(&[u32::from(voter % 2 == 1)])]);
    }
    sandbox.close();
    sandbox.decrypt(2);
    sandbox.decrypt(3);
    sandbox.result(RoundIndex(1));
    let event = sandbox.manifest().event();
    let file = LabelFile { event, audience: "public".into(), delete_day: 0, labels };
    let signed = file.sign(&sandbox.administrator);
    (sandbox, signed)
}

fn check(place: &str, said: &str, parts: &[&str], fill: &dyn Fn(&str) -> String) {
    for part in parts {
        let part = fill(part);
        let holds = match (part.strip_prefix('^'), part.strip_suffix('$')) {
            (Some("$"), _) => said.is_empty(),
            (Some(start), _) => said.starts_with(start),
            (None, Some(end)) => said.ends_with(end),
            (None, None) => said.contains(&part),
        };
        assert!(holds, "{place}: {part:?} not found in\n{said}");
    }
}

#[test]
fn every_transcript_is_as_written() {
    let (sandbox, labels) = sandbox();
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let event = sandbox.manifest().event();
    write(&path("record"), &sandbox.record());
    std::fs::write(path("record/labels.signed"), labels).unwrap();
    let card = voting_core::card::Card::of(&sandbox.manifest()).unwrap();
    std::fs::write(path("record/event.card"), card.to_bytes()).unwrap();
    std::fs::create_dir(path("empty")).unwrap();
    // Cut short within the last entry; and with another last byte.
    let entries = "tile/entries/000.p/37";
    let bytes = std::fs::read(path("record").join(entries)).unwrap();
    write(&path("short"), &sandbox.record());
    std::fs::write(path("short").join(entries), &bytes[..bytes.len() - 1]).unwrap();
    write(&path("hostile"), &sandbox.record());
    let mut changed = bytes;
    *changed.last_mut().unwrap() ^= 1;
    std::fs::write(path("hostile").join(entries), changed).unwrap();

    for (number, transcript) in TRANSCRIPTS.iter().enumerate() {
        let fill = |text: &str| {
            let name = |path: &Path| path.to_str().unwrap().to_owned();
            let mut text = text.replace("{event}", &event.to_string());
            text = text.replace("{words}", &sandbox.manifest().event_words());
            text = text.replace("{new}", &name(&path(&format!("new-{number}"))));
            for place in ["record", "empty", "short", "hostile"] {
                text = text.replace(&format!("{{{place}}}"), &name(&path(place)));
            }
            text
        };
        let args: Vec<String> = transcript.args.iter().map(|arg| fill(arg)).collect();
        let said = observer(&args.iter().map(String::as_str).collect::<Vec<_>>());
        let place = format!("observer {}", args.join(" "));
        assert_eq!(said.code, Some(transcript.code), "{place}\n{}{}", said.out, said.notes);
        check(&place, &said.out, transcript.out, &fill);
        check(&place, &said.notes, transcript.notes, &fill);
        assert!(!said.out.contains('\u{1b}'), "{place}: a label steers the terminal");
    }
}

#[test]
fn json_is_one_object() {
    let sandbox = Sandbox::finished(2);
    let folder = TempDir::new().unwrap();
    write(folder.path(), &sandbox.record());
    let said = observer(&["verify", folder.path().to_str().unwrap(), "--json"]);
    let value: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(value["event"].as_str().unwrap().parse::<EventId>(), Ok(sandbox.manifest().event()));
    assert_eq!(value["rounds"][0]["tallies"][0]["totals"], serde_json::json!([2, 4, 3, 3]));
    assert!(value["times"]["entries_per_second"].as_f64().unwrap() > 0.0);
    assert!(value.get("floor").is_none());
    if Path::new("/proc/self/status").exists() {
        assert!(value["times"]["peak_memory_bytes"].as_u64().unwrap() > 1_000_000);
    }
}

//! The protocol over HTTP: every status code, limits, what is served.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use common::{Place, TestLog, add, agent, connect, get, post, raw, rest, try_post};
use tlog::checkpoint::Extension;
use tlog::evidence::{SplitView, Verdict};
use tlog::note::{MAX_NOTE, NoteSignature};
use tlog::policy::{Policy, Witness, Word};
use tlog::witness::{AddCheckpoint, MAX_REQUEST, parse_response, parse_size};
use tlog::{Checkpoint, EMPTY_ROOT, SignedNote, TlogProof, leaf_hash};

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn a_consistent_log_gets_cosignatures_that_a_policy_accepts() {
    let log = TestLog::new("log.example/1", 40);
    let place = Place::new(&[&log]);
    let witness = place.run();
    let url = add(witness.url());
    let mut old = 0;
    for new in [0, 0, 1, 7, 8, 8, 25, 40] {
        let before = now();
        let answer = post(&url, &log.ask(old, new));
        assert_eq!((answer.status, answer.media_type.as_str()), (200, "text/plain; charset=utf-8"), "{}", answer.text);
        let lines = parse_response(answer.text.as_bytes(), &log.head(new), std::slice::from_ref(&place.own)).unwrap();
        assert_eq!(lines.len(), 1);
        let time = tlog::cosign::verify_line(&log.head(new), &lines[0], &place.own).unwrap();
        assert!((before..=now()).contains(&time));
        assert_eq!(place.stored(&log), Some(new));
        old = new;
    }
    // A receipt under a policy that insists on this witness.
    let mut note = log.note(40);
    let refused = |note: &SignedNote, policy: &Policy| policy.evaluate(note, &log.origin, &log.key.verifier()).is_err();
    let listed = Witness { name: Word::new("w1").unwrap(), key: witness.verifier(), url: None };
    let policy = Policy::at_least(1, vec![listed]).unwrap();
    assert!(refused(&note, &policy));
    let answer = post(&url, &log.ask(40, 40));
    for line in NoteSignature::parse_lines(&answer.text).unwrap() {
        note.add_signature(line).unwrap();
    }
    assert!(!refused(&note, &policy));
    let receipt = TlogProof::new(7, log.tree.inclusion(7, 40).unwrap(), note).unwrap().to_bytes();
    let verified = TlogProof::parse(&receipt).unwrap();
    let verified = verified.verify(b"entry 7", &log.origin, &log.key.verifier(), &policy).unwrap();
    assert_eq!(verified.index(), 7);
    witness.stop();
}

#[test]
fn every_status_code_of_the_specification() {
    let log = TestLog::new("log.example/1", 40);
    let stranger = TestLog::new("log.example/2", 40);
    let place = Place::new(&[&log]);
    let witness = place.run();
    let url = add(witness.url());
    let refuse = |body: &[u8], status: u16, word: &str| {
        let answer = post(&url, body);
        assert_eq!(answer.status, status, "{}", answer.text);
        assert_eq!(answer.media_type, if status == 409 { "text/x.tlog.size" } else { "text/plain; charset=utf-8" });
        assert!(answer.text.contains(word) && answer.text.ends_with('\n'), "{word}: {}", answer.text);
        answer.text
    };
    // 404, before anything about signatures.
    refuse(&stranger.ask(0, 5), 404, "log.example/2");
    // 409 with the size 0 while nothing was cosigned.
    assert_eq!(refuse(&log.ask(3, 5), 409, "0"), "0\n");
    assert_eq!(post(&url, &log.ask(0, 20)).status, 200);

    // 400: form, and the old size above the new one.
    refuse(b"", 400, "incomplete");
    refuse(b"old 1\n", 400, "incomplete");
    refuse(b"\xff\xfe", 400, "");
    refuse(&log.request(20, 30).to_string().replace("old 20", "old 020").into_bytes(), 400, "size");
    let mut many = log.request(20, 30);
    many.proof = vec![EMPTY_ROOT; 64];
    refuse(&many.to_bytes(), 400, "63");
    let mut ahead = log.request(20, 20);
    ahead.old_size = 21;
    refuse(&ahead.to_bytes(), 400, "old size");

    // 403: not signed by the known key; signed in its name, but wrongly; signed by somebody else with the same name.
    let mut unsigned = log.request(20, 30);
    unsigned.note = SignedNote::from_parts(unsigned.note.text(), stranger.note(30).signatures().to_vec()).unwrap();
    refuse(&unsigned.to_bytes(), 403, "signed");
    let mut wrong = log.request(20, 30);
    wrong.note = SignedNote::from_parts(wrong.note.text(), log.note(31).signatures().to_vec()).unwrap();
    refuse(&wrong.to_bytes(), 403, "signed");
    // 403 comes before 400, 409 and 422.
    wrong.old_size = 31;
    refuse(&wrong.to_bytes(), 403, "signed");

    // 409: another size is known; the body is that size.
    for (old, new) in [(0, 30), (19, 30), (19, 20), (21, 30), (0, 0), (0, 20)] {
        let text = refuse(&log.ask(old, new), 409, "20");
        assert_eq!(parse_size(text.as_bytes()), Ok(20));
    }

    // 422: the proof fails, or is not wanted; equal sizes with different roots; the empty tree with another root.
    let mut short = log.request(20, 30);
    short.proof.pop();
    refuse(&short.to_bytes(), 422, "extend");
    let mut long = log.request(20, 20);
    long.proof.push(EMPTY_ROOT);
    refuse(&long.to_bytes(), 422, "extend");
    let other = TestLog::with("log.example/1", "other", 10, 40);
    refuse(&other.ask(20, 20), 422, "extend");
    refuse(&other.ask(20, 30), 422, "extend");
    let empty = Checkpoint::new(log.origin.clone(), 0, leaf_hash(b""));
    let empty = AddCheckpoint { old_size: 0, proof: vec![], note: log.signed(&empty) };
    refuse(&empty.to_bytes(), 422, "empty tree");

    // Nothing of all this has changed what is known.
    assert_eq!(place.stored(&log), Some(20));
    assert_eq!(post(&url, &log.ask(20, 30)).status, 200);

    // A proof from the empty tree must be empty.
    let place = Place::new(&[&log]);
    let witness = place.run();
    let mut unwanted = log.request(0, 30);
    unwanted.proof.push(EMPTY_ROOT);
    let answer = post(&add(witness.url()), &unwanted.to_bytes());
    assert_eq!((answer.status, place.stored(&log)), (422, None));
}

#[test]
fn signatures_of_others_are_ignored_and_not_kept() {
    let (log, stranger) = (TestLog::new("log.example/1", 40), TestLog::new("log.example/2", 40));
    let place = Place::new(&[&log]);
    let witness = place.run();
    let mut request = log.request(0, 9);
    let foreign = stranger.key.sign_text(request.note.text()).unwrap();
    request.note.add_signature(foreign).unwrap();
    assert_eq!(post(&add(witness.url()), &request.to_bytes()).status, 200);
    let served = get(&format!("{}/{}/checkpoint", witness.url(), log.file()));
    let note = SignedNote::parse(served.text.as_bytes()).unwrap();
    let names: Vec<_> = note.signatures().iter().map(|line| line.name().to_string()).collect();
    assert_eq!(names, ["log.example/1", "witness.example/w1"]);
}

#[test]
fn extension_lines_are_cosigned_and_a_checkpoint_without_room_for_a_cosignature_is_refused() {
    let log = TestLog::new("log.example/1", 9);
    let place = Place::new(&[&log]);
    let witness = place.run();
    let url = add(witness.url());
    let with = |size: u64, lines: usize, length: usize| {
        let mut head = log.head(size);
        head.extensions = vec![Extension::new(&"x".repeat(length)).unwrap(); lines];
        let body = AddCheckpoint { old_size: if size == 9 { 5 } else { 0 }, proof: vec![], note: log.signed(&head) };
        (head, body)
    };
    let (head, body) = with(5, 2, 9);
    let answer = post(&url, &body.to_bytes());
    parse_response(answer.text.as_bytes(), &head, std::slice::from_ref(&place.own)).unwrap();
    // The same tree with another text is another checkpoint; both are consistent.
    let (head, mut body) = with(5, 1, 9);
    body.old_size = 5;
    let answer = post(&url, &body.to_bytes());
    parse_response(answer.text.as_bytes(), &head, std::slice::from_ref(&place.own)).unwrap();
    assert!(fs::read_to_string(place.record(&log)).unwrap().contains(&head.to_text()));
    let (_, mut body) = with(9, 255, 1024);
    body.proof = log.tree.consistency(5, 9).unwrap();
    let spare = MAX_NOTE - body.note.to_bytes().len();
    let mut head = Checkpoint::from_unverified_note(&body.note).unwrap();
    head.extensions.push(Extension::new(&"y".repeat(spare - 1)).unwrap());
    body.note = log.signed(&head);
    assert_eq!(body.note.to_bytes().len(), MAX_NOTE);
    let answer = post(&url, &body.to_bytes());
    assert_eq!((answer.status, place.stored(&log)), (400, Some(5)), "{}", answer.text);
    assert_eq!(post(&url, &log.ask(5, 9)).status, 200);
}

#[test]
fn the_newest_cosigned_checkpoint_is_served_to_monitors() {
    let log = TestLog::new("log.example/1", 40);
    let place = Place::new(&[&log]);
    let mut config = place.config();
    config.prefix = "/w1".into();
    let witness = witness::run(config).unwrap();
    assert!(witness.url().ends_with("/w1"));
    let url = format!("{}/{}/checkpoint", witness.url(), log.file());
    assert_eq!(get(&url).status, 404);
    for (old, new) in [(0, 12), (12, 33)] {
        let lines = post(&add(witness.url()), &log.ask(old, new)).text;
        let served = get(&url);
        assert_eq!(served.status, 200);
        let mut note = log.note(new);
        note.add_signature(NoteSignature::parse_lines(&lines).unwrap().remove(0)).unwrap();
        assert_eq!(served.text, note.to_string());
    }
    // Nothing outside the prefix but the readiness; other methods and places are refused.
    let root = witness.url().strip_suffix("/w1").unwrap();
    assert_eq!(post(&add(root), &log.ask(33, 40)).status, 404);
    assert_eq!(get(&format!("{root}/health")).status, 200);
    assert_eq!(get(&format!("{}/health", witness.url())).status, 200);
    assert_eq!(get(&add(witness.url())).status, 405);
    assert_eq!(get(&format!("{}/{}/checkpoint", witness.url(), "0".repeat(64))).status, 404);
    assert_eq!(get(&format!("{}/../data/format", witness.url())).status, 404);
    let health = get(&format!("{root}/")).text;
    assert!(health.contains(&place.own.to_string()) && health.contains("\"ready\""), "{health}");
}

#[test]
fn a19_an_inconsistent_checkpoint_is_refused_and_kept_as_evidence() {
    let log = TestLog::new("log.example/1", 80);
    let fork = TestLog::with("log.example/1", "other", 10, 80);
    let place = Place::new(&[&log]);
    let witness = place.run();
    let url = add(witness.url());
    assert_eq!(post(&url, &log.ask(0, 20)).status, 200);
    let judge = |path: &std::path::Path| {
        let evidence = SplitView::parse(&fs::read(path).unwrap()).unwrap();
        evidence.judge(&log.origin, &log.key.verifier()).unwrap()
    };

    // The fork's own proof shows which prefix it has: that convicts.
    let request = fork.ask(20, 30);
    assert_eq!(post(&url, &request).status, 422);
    let files = place.evidence(&log);
    assert_eq!(files.len(), 1);
    assert_eq!(judge(&files[0]), Verdict::SplitView);
    assert_eq!(fs::read(files[0].with_extension("request")).unwrap(), request);
    // The evidence carries the cosignature of the witness under the first history.
    let evidence = SplitView::parse(&fs::read(&files[0]).unwrap()).unwrap();
    assert_eq!(evidence.smaller().signatures().len(), 2);
    // The same again is not kept twice.
    assert_eq!(post(&url, &request).status, 422);
    assert_eq!(place.evidence(&log).len(), 1);

    // Equal sizes and different roots convict, whatever old size the request names.
    assert_eq!(post(&url, &fork.ask(20, 20)).status, 422);
    assert_eq!(place.evidence(&log).len(), 2);
    assert_eq!(post(&url, &log.ask(20, 21)).status, 200);
    assert_eq!(post(&url, &fork.ask(0, 21)).status, 409);
    assert_eq!(place.evidence(&log).len(), 3);
    place.evidence(&log).iter().for_each(|path| assert_eq!(judge(path), Verdict::SplitView));

    // A spoiled proof is a complaint: anybody can make one, so it must not convict an honest log.
    let mut spoiled = log.request(21, 40);
    spoiled.proof[1] = EMPTY_ROOT;
    assert_eq!(post(&url, &spoiled.to_bytes()).status, 422);
    let complaints = || -> Vec<_> {
        let mut files = place.evidence(&log);
        files.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with("complaint-"));
        files
    };
    assert_eq!(complaints().len(), 1);
    assert_eq!(judge(&complaints()[0]), Verdict::ProofFails);

    // Spoiled proofs use up their own room, and never that of what convicts.
    for size in 41..70 {
        let mut spoiled = log.request(21, size);
        spoiled.proof[1] = EMPTY_ROOT;
        assert_eq!(post(&url, &spoiled.to_bytes()).status, 422);
    }
    assert_eq!(complaints().len(), 16);
    assert_eq!(place.evidence(&log).len(), 19);
    assert_eq!(post(&url, &fork.ask(21, 50)).status, 422);
    assert_eq!(place.evidence(&log).len(), 20);
    for size in 51..80 {
        assert_eq!(post(&url, &fork.ask(21, size)).status, 422);
    }
    assert_eq!(place.evidence(&log).len(), 32);
    // From a power of two the proof does not show the prefix: it stays a complaint until somebody brings the tiles.
    assert_eq!(post(&url, &log.ask(21, 32)).status, 200);
    assert_eq!(post(&url, &fork.ask(32, 33)).status, 422);
    assert_eq!((complaints().len(), place.stored(&log)), (16, Some(32)));
    // What was not signed by the log is no evidence, and a request that only comes late is none either.
    assert_eq!(post(&url, &log.ask(21, 32)).status, 409);
    assert_eq!(place.evidence(&log).len(), 32);
}

#[test]
fn from_a_power_of_two_a_fork_is_a_complaint_that_tiles_make_a_conviction() {
    let log = TestLog::new("log.example/1", 40);
    let fork = TestLog::with("log.example/1", "other", 10, 40);
    let place = Place::new(&[&log]);
    let witness = place.run();
    assert_eq!(post(&add(witness.url()), &log.ask(0, 32)).status, 200);
    assert_eq!(post(&add(witness.url()), &fork.ask(32, 33)).status, 422);
    let files = place.evidence(&log);
    let complaint = SplitView::parse(&fs::read(&files[0]).unwrap()).unwrap();
    let key = log.key.verifier();
    assert_eq!(complaint.judge(&log.origin, &key).unwrap(), Verdict::ProofFails);
    let (smaller, larger) = (complaint.smaller().clone(), complaint.larger().clone());
    let with_tiles = SplitView::from_source(smaller, larger, &fork.tree).unwrap();
    assert_eq!(with_tiles.judge(&log.origin, &key).unwrap(), Verdict::SplitView);
}

#[test]
fn connections_are_kept_and_bodies_are_limited() {
    let log = TestLog::new("log.example/1", 40);
    let place = Place::new(&[&log]);
    let mut config = place.config();
    config.body_time = Duration::from_millis(400);
    let witness = witness::run(config).unwrap();
    let host = witness.url().strip_prefix("http://").unwrap();
    let head = |length: usize| {
        format!("POST /add-checkpoint HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n").into_bytes()
    };

    // Two requests over one connection.
    let mut stream = connect(witness.url());
    for (old, new) in [(0, 7), (7, 9)] {
        let body = log.ask(old, new);
        stream.write_all(&[head(body.len()), body].concat()).unwrap();
        let mut reader = BufReader::new(&stream);
        let (mut line, mut length) = (String::new(), 0);
        reader.read_line(&mut line).unwrap();
        assert_eq!(line, "HTTP/1.1 200 OK\r\n");
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).unwrap();
            let found = line.to_lowercase().strip_prefix("content-length: ").and_then(|text| text.trim().parse().ok());
            length = found.unwrap_or(length);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        parse_response(&body, &log.head(new), std::slice::from_ref(&place.own)).unwrap();
    }

    // As long as can be, and longer: announced, in chunks, far too long.
    let agent = agent();
    let long = |length: usize| try_post(&agent, &add(witness.url()), &vec![b'x'; length]).unwrap();
    assert_eq!(long(MAX_REQUEST).status, 400);
    assert_eq!(long(MAX_REQUEST + 1).status, 413);
    let chunked = |path: &str, chunks: usize| {
        let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n");
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        (head + &chunk.repeat(chunks)).into_bytes()
    };
    let body = log.ask(9, 12);
    let half = [head(body.len()), body[..body.len() / 2].to_vec()].concat();
    // Whatever is sent, the line is free again after a few seconds.
    let cases: [(&str, Vec<u8>); 8] = [
        ("413", head(1 << 30)),
        ("413", chunked("/add-checkpoint", 8)),
        ("408", half),
        ("408", head(100)),
        ("408", chunked("/add-checkpoint", 1)),
        ("404", chunked("/elsewhere", 1)),
        ("405", chunked("/health", 1)),
        ("408", b"POST /add-checkpoint HTTP/1.1\r\nHost:".to_vec()),
    ];
    std::thread::scope(|scope| {
        for (status, bytes) in &cases {
            let url = witness.url();
            scope.spawn(move || {
                let started = Instant::now();
                let answer = raw(url, bytes);
                assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{status}: {answer}");
                assert!(started.elapsed() < Duration::from_secs(15), "{status}: {:?}", started.elapsed());
            });
        }
        // A body that drips.
        let (body, head, witness) = (&body, head(body.len()), &witness);
        scope.spawn(move || {
            let started = Instant::now();
            let mut stream = connect(witness.url());
            stream.write_all(&head).unwrap();
            for byte in body {
                std::thread::sleep(Duration::from_millis(40));
                if stream.write_all(&[*byte]).is_err() {
                    break;
                }
            }
            let answer = rest(stream);
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
            assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
        });
    });
    // A whole body in chunks is as good as any, and it serves on.
    let mut whole = chunked("/add-checkpoint", 0);
    let (one, two) = body.split_at(30);
    for part in [one, two, b""] {
        whole.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
        whole.extend_from_slice(part);
        whole.extend_from_slice(b"\r\n");
    }
    let mut stream = connect(witness.url());
    stream.write_all(&whole).unwrap();
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 200 OK\r\n");
    assert_eq!(post(&add(witness.url()), &log.ask(12, 13)).status, 200);
    witness.stop();
}

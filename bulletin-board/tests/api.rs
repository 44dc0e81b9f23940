//! The whole life of an event over HTTP, and what everybody can read of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeMap;

use board::store::MemoryIndex;
use common::{HOST, Town, get, now, post, reserve};
use voting_core::ballot::Receipt;
use voting_core::entry::sign_request;
use voting_core::ids::{EntryIndex, RoundIndex};
use voting_core::labels::{Label, LabelFile};
use voting_core::record::verify_record;
use voting_core::testing::{Sandbox, chosen};

#[test]
fn a_whole_event_by_http() {
    let mut town = Town::found(1);
    assert_eq!(town.state()["phase"], "ceremony");
    assert_eq!(town.state()["size"], 1);
    assert_eq!(town.found_again().status, 200, "the same manifest again changes nothing");
    assert_eq!(town.size(), 1);

    town.sandbox.ceremony();
    town.sync();
    assert_eq!(town.state()["ceremony"]["stage"], "complete");
    assert_eq!(town.state()["phase"], "roll");
    town.sandbox.roll(RoundIndex(0));
    town.sandbox.roll(RoundIndex(1));
    town.sync();
    assert_eq!(town.state()["phase"], "ready");
    assert_eq!(town.state()["rounds"][0]["entitled"], 6);
    town.start(RoundIndex(0));
    town.sandbox.vote_all();
    town.sync();
    let state = town.state();
    assert_eq!((state["phase"].as_str(), state["rounds"][0]["ballots"].as_u64()), (Some("voting"), Some(7)));
    assert_eq!(state["rounds"][0]["turnout"], 6, "one credential voted twice");
    let manifest = town.sandbox.manifest();
    for (position, entry) in town.sandbox.entries.iter().enumerate().skip(town.sent - 7) {
        let receipt = Receipt::check(&manifest, entry, &town.receipts[position]).unwrap();
        assert_eq!(receipt.index.0, position as u64);
    }

    let order = town.close();
    let again = post(&town.api("/close"), &order);
    assert_eq!(again.json()["index"], town.sent as u64 - 1, "the same order again names the same entry");
    assert_eq!(town.size(), town.sent as u64);
    assert_eq!(town.state()["phase"], "counting");
    town.sandbox.decrypt(3);
    town.sandbox.decrypt(1);
    town.sandbox.result(RoundIndex(0));
    town.sync();
    assert_eq!(town.state()["rounds"][0]["tallies"][0]["totals"], serde_json::json!([2, 4, 3, 3]));
    assert_eq!(town.state()["rounds"][0]["status"], "result");

    town.start(RoundIndex(1));
    town.sync();
    for voter in 0..4 {
        town.sandbox.vote(voter, &[chosen(&[u32::from(voter % 2 == 1)])]);
    }
    town.sync();
    town.close();
    town.sandbox.decrypt(2);
    town.sandbox.decrypt(3);
    town.sandbox.result(RoundIndex(1));
    town.sync();
    assert_eq!(town.state()["phase"], "finished");

    // Everybody reads the log and verifies the record.
    let checkpoint = get(&town.log("checkpoint")).body;
    let (root, entries) = town.read();
    assert_eq!(entries, town.sandbox.entries);
    assert_eq!(root, town.sandbox.state.root());
    let report = {
        let log = |index: EntryIndex| entries.get(index.0 as usize).cloned();
        verify_record(&town.event(), &checkpoint, entries.clone(), &log, &[7; 32], |_| ())
    };
    assert!(report.holds, "{:?}", report.faults);
    assert!(report.finished);
    town.stop();
}

#[test]
fn what_is_served_carries_the_right_headers() {
    let town = Town::open(2);
    let checkpoint = get(&town.log("checkpoint"));
    assert_eq!(checkpoint.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(checkpoint.header("cache-control"), Some("no-cache"));
    let size = town.size();
    for path in [format!("tile/0/000.p/{size}"), format!("tile/entries/000.p/{size}")] {
        let tile = get(&town.log(&path));
        assert_eq!(tile.status, 200, "{path}");
        assert_eq!(tile.header("content-type"), Some("application/octet-stream"));
        assert_eq!(tile.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(tile.header("access-control-allow-origin"), Some("*"));
        assert_eq!(tile.header("x-content-type-options"), Some("nosniff"));
    }
    // Every size that was published stays servable; what is not there yet, or is spelled otherwise, is not.
    assert_eq!(get(&town.log("tile/0/000.p/3")).body.len(), 96);
    for path in [
        "tile/0/000".to_owned(),
        format!("tile/0/000.p/{}", size + 1),
        format!("tile/entries/000.p/{}", size + 1),
        "tile/1/000".into(),
        "tile/0/0".into(),
        "tile/entries/x000/001".into(),
        "else".into(),
    ] {
        assert_eq!(get(&town.log(&path)).status, 404, "{path}");
    }
    assert_eq!(get(&format!("{}/{}/checkpoint", town.url, "0".repeat(64))).code(), "unknown-event");
    assert_eq!(get(&format!("{}/api/nothing", town.url)).code(), "not-found");
    let state = get(&town.api(""));
    assert_eq!(state.header("access-control-allow-origin"), Some("*"));
    assert!(state.header("content-security-policy").is_some());
    let health = get(&format!("{}/api/health", town.url)).json();
    assert_eq!((health["status"].as_str(), health["events"].as_u64()), (Some("ok"), Some(1)));
}

#[test]
fn a_log_of_several_tiles_is_readable() {
    // Votes by one voter, each replacing the one before, fill more than one tile.
    let mut town = Town::open(3);
    for i in 0..260_u32 {
        town.sandbox.vote(0, &[chosen(&[i % 3]), chosen(&[])]);
    }
    town.sync();
    let (root, entries) = town.read();
    assert!(entries.len() > 256);
    assert_eq!(entries, town.sandbox.entries);
    assert_eq!(root, town.sandbox.state.root());
    assert_eq!(get(&town.log("tile/0/000")).body.len(), 256 * 32);
    assert_eq!(get(&town.log("tile/1/000.p/1")).body.len(), 32);
    // Restored from the journal, it is the same log, and old receipts are the same bytes.
    town.stop();
    town.restart().unwrap();
    assert_eq!(town.read(), (root, entries));
    for position in [1, 255, 256, town.sent - 1] {
        assert_eq!(town.submit(&town.sandbox.entries[position]).body, town.receipts[position]);
    }
}

#[test]
fn identical_bytes_get_the_same_receipt() {
    let mut town = Town::open(4);
    let entry = town.sandbox.vote(0, &[chosen(&[0]), chosen(&[1])]);
    town.sync();
    let first = town.receipts.last().unwrap().clone();
    town.sandbox.vote(2, &[chosen(&[1]), chosen(&[])]);
    town.sync();
    let size = town.size();
    assert_eq!(town.submit(&entry).body, first, "also after the log has grown");
    // Many at once, of a ballot that is new: one entry, one receipt.
    let sealed = town.sandbox.seal(4, &[chosen(&[2]), chosen(&[0])]);
    let new = town.sandbox.cast(4, &sealed.parts()[0]);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| town.submit(&new))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| answer.index() == size && answer.body == answers[0].body));
    assert_eq!(town.size(), size + 1);
    // Also after the round has closed.
    town.sandbox.offer(new.clone()).unwrap();
    town.sent += 1;
    town.close();
    assert_eq!(town.submit(&new).body, answers[0].body);
}

#[test]
fn s3_two_devices_at_once_and_one_is_told_of_the_other() {
    use base64::Engine as _;
    let mut town = Town::open(5);
    let before = town.size();
    let ballots: Vec<_> = (0..2)
        .map(|choice| {
            let sealed = town.sandbox.seal(0, &[chosen(&[choice]), chosen(&[choice])]);
            (town.sandbox.cast(0, &sealed.parts()[0]), sealed.into_parts().remove(0))
        })
        .collect();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = ballots.iter().map(|(entry, _)| scope.spawn(|| town.submit(entry))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(town.size(), before + 1);
    let (winner, loser) = if answers[0].status == 200 { (0, 1) } else { (1, 0) };
    let refusal = answers[loser].json();
    assert_eq!((refusal["code"].as_str(), refusal["rule"].as_str()), (Some("stale-predecessor"), Some("R-BALLOT-06")));
    let decode = |value: &serde_json::Value| base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap());
    let latest = decode(&refusal["latest"]["entry"]).unwrap();
    assert_eq!(latest, ballots[winner].0);
    let receipt = decode(&refusal["latest"]["receipt"]).unwrap();
    assert_eq!(Some(town.check_receipt(&latest, &receipt)), refusal["latest"]["index"].as_u64());
    // It signs again after that one, without sealing again.
    let chain = voting_core::record::state::as_ballot(&latest).unwrap();
    let entry = town.sandbox.cast_after(0, &ballots[loser].1, chain.counter + 1, tlog::leaf_hash(&latest));
    assert_eq!(town.submit(&entry).index(), before + 1);
}

#[test]
fn labels_are_deposited_by_the_administrator_for_the_public() {
    let town = Town::found(6);
    assert_eq!(get(&town.api("/labels")).status, 404);
    let mut rng = Sandbox::new(99).rng;
    let labels = vec![Label::new(BTreeMap::from([("en".to_owned(), "Yes".to_owned())]), &mut rng)];
    let file =
        |event, audience: &str| LabelFile { event, audience: audience.into(), delete_day: 0, labels: labels.clone() };
    let (sandbox, event) = (&town.sandbox, town.event());
    let deposit = |file: &[u8], key| post(&town.api("/labels"), &sign_request(HOST, "labels", file, now(), key));
    let signed = file(event, "public").sign(&sandbox.administrator);
    assert_eq!(deposit(&signed, &sandbox.registrar).code(), "not-authorised");
    assert_eq!(
        deposit(&file(event, "public").sign(&sandbox.registrar), &sandbox.administrator).code(),
        "invalid-signature"
    );
    let other = file(voting_core::ids::EventId([1; 32]), "public").sign(&sandbox.administrator);
    assert_eq!(deposit(&other, &sandbox.administrator).code(), "other-event");
    let members = file(event, "members").sign(&sandbox.administrator);
    assert_eq!(deposit(&members, &sandbox.administrator).code(), "not-authorised");
    assert_eq!(deposit(b"garbage", &sandbox.administrator).code(), "malformed-entry");
    assert_eq!(get(&town.api("/labels")).status, 404, "nothing was written");
    assert_eq!(deposit(&signed, &sandbox.administrator).status, 200);
    assert_eq!(get(&town.api("/labels")).body, signed);
}

#[test]
fn one_board_serves_several_events() {
    let mut one = Town::found(7);
    let log_key = reserve(&one.url, &Sandbox::new(8));
    let two = Sandbox::with(8, |fields| {
        fields.host = HOST.into();
        fields.log_key = log_key;
    });
    let request = sign_request(HOST, "found", two.manifest().as_bytes(), now(), &two.administrator);
    let founded = post(&format!("{}/api/events", one.url), &request).json();
    assert_eq!(founded["event"], two.manifest().event().to_string());
    let list = get(&format!("{}/api/events", one.url)).json();
    assert_eq!(list["events"].as_array().unwrap().len(), 2);
    one.prepare();
    assert_eq!(get(&format!("{}/api/events/{}", one.url, two.manifest().event())).json()["size"], 1);
    one.stop();
    one.restart().unwrap();
    assert_eq!(get(&format!("{}/api/events", one.url)).json()["events"], {
        let mut events = list["events"].clone();
        for event in events.as_array_mut().unwrap() {
            event["url"] = format!("{}/{}", one.url, event["event"].as_str().unwrap()).into();
        }
        events
    });
}

#[test]
fn the_index_in_memory_serves_the_same() {
    let mut town = Town::found_with(9, std::sync::Arc::new(MemoryIndex::new()), |_| ());
    town.prepare();
    town.sandbox.vote(0, &[chosen(&[0]), chosen(&[1])]);
    town.sync();
    assert_eq!(town.read().1, town.sandbox.entries);
}

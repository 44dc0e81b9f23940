//! A whole event with real processes: board, office, three trustees; the voters are this test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs;

use common::day::{Day, chosen, mode, program};
use common::{office, run};
use voting_core::contest::Choice;
use voting_core::ids::RoundIndex;

#[test]
fn a_whole_event_with_real_processes() {
    let day = Day::new();
    day.act("election", &["open"]).refused(1, "ceremony-incomplete");
    day.ceremonies();
    assert!(day.state().joint_key().is_some());
    // The card is that of the manifest; made again it is the same.
    for _ in 0..2 {
        let args = ["event", "card", "--dir", "event", "--out", "event.card", "--page", "card.html", "--json"];
        assert_eq!(office(day.dir.path(), &args).ok().json()["words"], day.state().manifest().event_words());
    }
    let card = voting_core::card::Card::parse(&fs::read(day.path("event.card")).unwrap()).unwrap();
    assert_eq!(card.check(day.state().manifest()), Ok(()));
    let page = fs::read_to_string(day.path("card.html")).unwrap();
    assert!(page.contains("<p>Board 2026</p>") && page.contains("<svg") && page.contains("观察员卡"), "{page}");
    fs::write(day.path("event.card"), "something else").unwrap();
    office(day.dir.path(), &["event", "card", "--dir", "event", "--out", "event.card"]).refused(2, "output-exists");
    day.act("election", &["open"]).refused(1, "roll-incomplete");
    day.act("election", &["close"]).refused(1, "no-open-round");

    // Codes and rolls; the repetition finds everything done.
    let csv = "member,weight,group\nAda,1,north\nBob,3,north\nCyd,1,south\nDee,3,south\nEve,1,south\n";
    fs::write(day.path("members.csv"), csv).unwrap();
    office(day.dir.path(), &["roll", "import", "members.csv", "--dir", "event"]).ok();
    let said = day.act("credentials", &["issue"]).ok();
    let size = day.state().size();
    let codes = fs::read(day.path("event/codes.csv")).unwrap();
    fs::remove_file(day.path("event/letters.html")).unwrap();
    fs::remove_file(day.path("event/credentials.json")).unwrap();
    day.act("credentials", &["issue"]).ok();
    assert_eq!(day.state().size(), size, "{said:?}");
    assert_eq!(fs::read(day.path("event/codes.csv")).unwrap(), codes);
    for name in ["codes.csv", "letters.html", "credentials.json", "roll.json"] {
        assert_eq!(mode(&day.path("event").join(name)), 0o600, "{name}");
    }
    let letters = fs::read_to_string(day.path("event/letters.html")).unwrap();
    assert_eq!(letters.matches("<section>").count(), 5);
    assert!(letters.contains(&day.state().manifest().event_words()));
    assert_eq!(day.state().roll(RoundIndex(1)).unwrap().weight(), 9);

    // The first round.
    day.act("election", &["open"]).ok();
    day.act("election", &["open"]).ok();
    day.vote(1, 0, &[chosen(&[0]), chosen(&[0])]);
    day.vote(2, 0, &[chosen(&[1]), chosen(&[0])]);
    day.vote(3, 1, &[Choice::Blank, chosen(&[0])]);
    day.vote(4, 1, &[chosen(&[2]), chosen(&[1])]);
    day.vote(5, 1, &[chosen(&[2]), chosen(&[1])]);
    day.vote(1, 0, &[chosen(&[2]), chosen(&[1])]); // the last one counts
    day.act("election", &["result"]).refused(1, "not-closed");
    day.act("election", &["close"]).refused(1, "too-early");
    day.act("election", &["close", "--early"]).ok();
    day.act("election", &["close", "--early"]).ok();
    day.act("election", &["result"]).refused(1, "waiting-for-trustees");
    day.decrypt(3).ok();
    assert!(day.decrypt(3).ok().out.contains("stands on the log already"));
    day.decrypt(1).ok();
    let result = day.act("election", &["result"]).ok().json();
    // Ada's last ballot, Dee and Eve for Cedar, Bob for Birch, Cyd blank. In the north Bob has 3 of 4 votes, more than two
    // thirds: the sum would tell his, so it is not decrypted. In the south Cyd yes, Dee and Eve no.
    assert_eq!(result["contests"][0]["totals"], serde_json::json!([0, 3, 5, 1]), "{result}");
    assert_eq!(result["contests"][0]["cells"][2]["name"], "Cedar");
    assert_eq!((&result["contests"][1]["counted"], &result["contests"][1]["group"]), (&false.into(), &0.into()));
    assert!(result["contests"][1]["totals"].is_null());
    assert_eq!(result["contests"][2]["totals"], serde_json::json!([1, 4]));
    assert_eq!(day.act("election", &["result"]).ok().json(), result);
    let text = office(day.dir.path(), &["status", "--dir", "event"]).ok().out;
    assert!(
        text.contains("Board 2026") && text.contains("5  Cedar") && text.contains("North: not decrypted"),
        "{text}"
    );

    // The second round has one ballot only, below the minimum of two: it ends without a result.
    day.act("election", &["open"]).ok();
    day.vote(1, 0, &[chosen(&[0])]);
    day.act("election", &["close", "--early"]).ok();
    day.decrypt(2).refused(1, "too-few-ballots");
    assert_eq!(day.act("election", &["result"]).ok().json()["status"], "not_counted");
    day.act("election", &["cancel", "--reason", "other", "--yes"]).refused(1, "illegal-entry");
    let said = run(&program("trustee"), day.dir.path(), &["verify", "--dir", "t2"]).ok();
    assert!(said.out.starts_with("The record holds."), "{said:?}");
}

#[test]
fn s12_a_cancelled_event_takes_nothing_more() {
    let day = Day::new();
    day.act("election", &["cancel", "--reason", "organisational"]).refused(2, "needs-answer");
    day.act("election", &["cancel", "--reason", "organisational", "--yes"]).ok();
    day.act("election", &["cancel", "--reason", "organisational", "--yes"]).ok();
    day.act("election", &["open"]).refused(1, "cancelled");
    let text = office(day.dir.path(), &["status", "--dir", "event"]).ok().out;
    assert!(text.contains("cancelled"), "{text}");
}

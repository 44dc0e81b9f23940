//! A pre-selection, its formal election, a tie and the run-off, with real processes; and what the office refuses on the way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs;

use common::day::{Day, chosen, program};
use common::{Said, now, office, run, toml_time};
use serde_json::{Value, json};
use voting_core::ids::RoundIndex;

/// Pre-selection of three among four, formal election of two; the first contest of all has lots for its ties. A second round
/// is planned, for the case that somebody asks for it.
fn draft(host: &str, [administrator, registrar]: &[String; 2], trustees: &[String]) -> String {
    let member =
        |(i, key): (usize, &String)| format!("[[trustees.member]]\nname = \"Trustee {}\"\nkey = \"{key}\"\n", i + 1);
    let members: String = trustees.iter().enumerate().map(member).collect();
    let at = |offset: u64| toml_time(now() + offset);
    format!(
        r#"accept = ["demonstration", "few-ballots", "no-second-factor", "no-witnesses", "short-dispute"]

[event]
organisation = "Society for Tests"
title = {{ en = "Committee 2026", zh-CN = "委员会选举" }}
languages = ["en", "zh-CN"]
host = "{host}"
demonstration = true
rounds_may_be_added = true

[officials]
administrator = "{administrator}"
registrar = "{registrar}"

[trustees]
threshold = 2
{members}
[schedule]
time_zone = "Europe/Berlin"
dispute_seconds = 0

[privacy]
minimum_ballots = 2

[[round]]
title = "Election"
opens = {}
closes = {}

[[round.contest]]
title = "Committee"
kind = "selection"
options = ["Alder", "Birch", "Cedar", "Dogwood"]
max = 3
blank = true
[round.contest.outcome]
seats = 3
quorum = "at least 1/2 of due"
[round.contest.outcome.next]
kind = "selection"
max = 2
blank = true
[round.contest.outcome.next.outcome]
seats = 2

[[round.contest]]
title = "Speaker"
kind = "selection"
options = ["Elm", "Fir", "Gorse"]
max = 1
blank = true
[round.contest.outcome]
seats = 1
ties = "lots"

[[round]]
title = "If asked for"
opens = {}
closes = {}
[[round.contest]]
title = "Motion"
kind = "selection"
options = ["yes", "no"]
max = 1
blank = true
"#,
        at(0),
        at(43_200),
        at(50_000),
        at(60_000)
    )
}

const MEMBERS: &str = "member\nAda\nBob\nCyd\nDee\nEve\nFay\n";

struct Meeting {
    day: Day,
    codes: Vec<String>,
}

impl Meeting {
    /// Ceremony and rolls are done, the codes are with the members and no longer on the computer of the office.
    fn new() -> Self {
        let day = Day::with(draft);
        let others = [day.ceremony(1), day.ceremony(2), day.ceremony(3)];
        for mut running in others {
            assert!(running.0.wait().unwrap().success());
        }
        fs::write(day.path("members.csv"), MEMBERS).unwrap();
        office(day.dir.path(), &["roll", "import", "members.csv", "--dir", "event"]).ok();
        day.act("credentials", &["issue"]).ok();
        let codes = day.codes();
        fs::rename(day.path("event/codes.csv"), day.path("codes.csv")).unwrap();
        Self { day, codes }
    }

    fn registrar(&self, args: &[&str]) -> Said {
        self.day.act_as("registrar", "round", args)
    }

    fn administrator(&self, args: &[&str]) -> Said {
        self.day.act("round", args)
    }

    fn election(&self, args: &[&str]) -> Said {
        self.day.act("election", args)
    }

    /// Closes the open round and counts it; gives what `election result` says.
    fn count(&self) -> Value {
        self.election(&["close", "--early"]).ok();
        self.election(&["outcome"]).refused(1, "no-result");
        self.day.decrypt(1).ok();
        self.day.decrypt(3).ok();
        self.election(&["result"]).ok().json()
    }

    fn status(&self, more: &[&str]) -> String {
        office(self.day.dir.path(), &[&["status", "--dir", "event"], more].concat()).ok().out
    }
}

#[test]
fn from_the_pre_selection_over_a_tie_to_the_run_off() {
    let meeting = Meeting::new();
    let day = &meeting.day;
    let vote = |voter: usize, choices: &[&[u32]]| {
        let choices: Vec<_> = choices.iter().map(|options| chosen(options)).collect();
        day.vote_with(&meeting.codes[voter], 0, &choices);
    };
    // Nothing calls for a round yet.
    meeting.registrar(&["next"]).refused(1, "no-follow-up");
    meeting.administrator(&["next"]).refused(1, "no-follow-up");
    meeting.registrar(&["attendance", "--present", "all=5"]).refused(1, "no-open-round");
    meeting.election(&["outcome"]).refused(1, "no-result");
    meeting.election(&["open", "--round", "3"]).refused(1, "unknown-round");

    // The first round. Five of six are there, one is excused.
    meeting.election(&["open"]).ok();
    meeting.administrator(&["next"]).refused(1, "round-open");
    meeting.administrator(&["drop", "--round", "1", "--reason", "other"]).refused(1, "round-started");
    attendance(&meeting);
    for (voter, committee, speaker) in
        [(0, &[0, 1, 2][..], 0), (1, &[0, 1, 2], 1), (2, &[0, 1], 0), (3, &[0, 1], 1), (4, &[0, 2, 3], 2)]
    {
        vote(voter, &[committee, &[speaker]]);
    }
    let result = meeting.count();
    // Alder 5, Birch 4, Cedar 3, Dogwood 1.
    assert_eq!(result["contests"][0]["totals"], json!([5, 4, 3, 1, 0]), "{result}");
    assert_eq!((&result["outcome_needed"], &result["contests"][1]["totals"]), (&true.into(), &json!([2, 2, 1, 0])));
    assert!(meeting.status(&[]).contains("Next: the administrator publishes the outcome of round 1"));
    meeting.registrar(&["next"]).refused(1, "no-follow-up");

    // Elm and Fir have equal votes, which lots settle.
    meeting.election(&["outcome"]).refused(1, "lots-needed");
    meeting.election(&["outcome", "--lots", "12"]).refused(1, "bad-lots");
    let lots = "ab".repeat(32);
    let outcome = meeting.election(&["outcome", "--lots", &lots]).ok().json();
    assert_eq!(meeting.election(&["outcome"]).ok().json(), outcome, "a repetition shows what stands");
    meeting.election(&["outcome", "--lots", &"cd".repeat(32)]).refused(1, "other-lots");
    assert_eq!((&outcome["lots"], &outcome["follow_up_round"]), (&json!(lots), &2.into()));
    let words = outcome["contests"][0]["words"].to_string();
    assert!(words.contains("On the roll: 6. Excused: 1. Due to attend: 5. Present: 5."), "{words}");
    assert!(
        words.contains("Selected as candidates for 3 seats, in the order of votes: Alder (5), Birch (4), Cedar (3).")
    );
    assert!(words.contains("The formal election follows, with 3 candidates for 2 seats."), "{words}");
    assert!(outcome["contests"][1]["words"].to_string().contains("decided by lot, from the public value"));
    let chinese = run(&common::office_path(), day.dir.path(), &zh(&["--round", "1"])).ok().out;
    assert!(
        chinese.contains("确定为正式候选人：Alder（5票）") && chinese.contains("正式选举（依据第1轮的选举结论）"),
        "{chinese}"
    );

    // The formal election: the same codes, which the office no longer has.
    meeting.election(&["open", "--round", "3"]).refused(1, "follow-up-round");
    meeting.administrator(&["next"]).refused(1, "roll-incomplete");
    let roll = meeting.registrar(&["next"]).ok().json();
    assert_eq!((&roll["round"], &roll["members"]), (&2.into(), &6.into()));
    let size = day.state().size();
    meeting.registrar(&["next"]).ok();
    assert_eq!(day.state().size(), size, "the roll stands");
    meeting.administrator(&["next", "--closes", "2001-01-01T00:00:00Z"]).refused(1, "bad-times");
    let started = meeting.administrator(&["next"]).ok().json();
    assert!(
        started["closes"].as_u64().unwrap().abs_diff(now() + 43_200) < 600,
        "as long as the round that calls for it"
    );
    meeting.administrator(&["next"]).ok();
    meeting.registrar(&["next"]).ok();
    meeting.election(&["close"]).refused(1, "too-early");
    for (voter, committee) in [(0, &[0, 1][..]), (1, &[0, 2]), (2, &[0, 1]), (3, &[0, 2]), (4, &[])] {
        vote(voter, &[committee]);
    }
    let result = meeting.count();
    assert_eq!(result["contests"][0]["totals"], json!([4, 2, 2, 1]), "{result}");
    assert_eq!(result["contests"][0]["options"], json!(["Alder", "Birch", "Cedar"]));
    meeting.election(&["outcome", "--lots", &lots]).refused(1, "no-lots");
    let outcome = meeting.election(&["outcome"]).ok().json();
    let words = outcome["contests"][0]["words"].to_string();
    assert!(words.contains("Elected for 2 seats: Alder (4).") && words.contains("a run-off between them"), "{words}");

    run_off(&meeting, &vote);
}

/// Birch and Cedar stand again for the second seat.
fn run_off(meeting: &Meeting, vote: &dyn Fn(usize, &[&[u32]])) {
    let day = &meeting.day;
    assert!(
        meeting.status(&[]).contains("Round 4: run-off, called for by round 3\nNext: the registrar publishes its roll")
    );
    // A folder whose map has credentials for the rounds of the manifest only needs the codes again.
    let map = day.path("event/credentials.json");
    let whole: Value = serde_json::from_slice(&fs::read(&map).unwrap()).unwrap();
    assert_eq!(whole["members"][0]["credentials"].as_array().unwrap().len(), 10);
    let mut short = whole.clone();
    for member in short["members"].as_array_mut().unwrap() {
        member["credentials"].as_array_mut().unwrap().truncate(2);
    }
    fs::write(&map, short.to_string()).unwrap();
    meeting.registrar(&["next"]).refused(2, "codes-missing");
    fs::copy(day.path("codes.csv"), day.path("event/codes.csv")).unwrap();
    meeting.registrar(&["next"]).ok();
    let again: Value = serde_json::from_slice(&fs::read(&map).unwrap()).unwrap();
    let (old, new) = (&whole["members"][5]["credentials"], &again["members"][5]["credentials"]);
    assert_eq!(old.as_array().unwrap()[..4], new.as_array().unwrap()[..4], "the same credentials");
    let closes = toml_time(now() + 7_200);
    meeting.administrator(&["next", "--closes", &closes]).ok();
    for (voter, option) in [(0, 0), (1, 1), (2, 0), (3, 1), (4, 0), (5, 0)] {
        vote(voter, &[&[option]]);
    }
    let result = meeting.count();
    assert_eq!(result["contests"][0]["options"], json!(["Birch", "Cedar"]), "{result}");
    let outcome = meeting.election(&["outcome"]).ok().json();
    assert_eq!(outcome["carried"], json!([{ "title": "Committee", "names": ["Alder"] }]));
    assert_eq!((&outcome["calls_for_round"], &outcome["follow_up_round"]), (&false.into(), &Value::Null));
    assert!(outcome["contests"][0]["words"].to_string().contains("Elected for 1 seat: Birch (4)."), "{outcome}");

    // Nobody asked for the second round.
    let finished = |day: &Day| day.state().is_finished();
    assert!(!finished(day));
    meeting.administrator(&["drop", "--round", "9", "--reason", "not-needed"]).refused(1, "unknown-round");
    meeting.administrator(&["drop", "--round", "2", "--reason", "not-needed"]).ok();
    meeting.administrator(&["drop", "--round", "2", "--reason", "not-needed"]).ok();
    assert!(finished(day));
    meeting.election(&["open"]).refused(1, "no-planned-round");
    let text = meeting.status(&["--language", "zh-CN"]);
    for part in ["round 2  If asked for: not held", "再次投票（依据第3轮的选举结论）", "当选：Birch（4票）"]
    {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    let said = run(&program("trustee"), day.dir.path(), &["verify", "--dir", "t2"]).ok();
    assert!(said.out.starts_with("The record holds."), "{said:?}");
    assert_eq!(day.state().roll(RoundIndex(3)).unwrap().entitled(), 6);
}

/// `election outcome` as text in Chinese.
fn zh<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let own = [
        "election",
        "outcome",
        "--dir",
        "event",
        "--key",
        "administrator.key",
        "--passphrase-file",
        "pass",
        "--language",
        "zh-CN",
    ];
    [&own[..], more].concat()
}

/// The registrar states who is there: every mistake is refused, then it stands.
fn attendance(meeting: &Meeting) {
    let refused = |args: &[&str]| meeting.registrar(&[&["attendance"], args].concat()).refused(1, "attendance");
    refused(&["--present", "all"]);
    refused(&["--present", "all=five"]);
    refused(&["--present", "north=5"]);
    refused(&["--present", "all=5", "--present", "all=5"]);
    refused(&["--present", "all=7"]);
    refused(&["--present", "all=5", "--excused", "all=2"]);
    refused(&["--present", "all=5:9"]);
    let state = ["attendance", "--present", "all=5", "--excused", "all=1"];
    meeting.administrator(&state).refused(1, "other-key");
    let said = meeting.registrar(&state).ok().json();
    assert_eq!(said["groups"][0]["present"], json!({ "members": 5, "weight": 5 }));
    let size = meeting.day.state().size();
    meeting.registrar(&state).ok();
    assert_eq!(meeting.day.state().size(), size, "stated once");
    meeting.registrar(&["attendance", "--present", "all=4"]).refused(1, "attendance-stated");
}

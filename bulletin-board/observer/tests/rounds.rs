//! What an observer reads about all kinds of contest, outcomes, follow-up rounds and rounds that are not held.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeMap;

use common::{observer, write};
use tempfile::TempDir;
use voting_core::contest::{Choice, Grades, Kind, Method, Mode, Points, Ranking, Selection};
use voting_core::entry::{Attendance, Author, Body, Entry, GroupAttendance, RoundDropped};
use voting_core::ids::{LabelDigest, OptionIndex, RoundIndex};
use voting_core::labels::{Label, LabelFile};
use voting_core::outcome::{Decision, OutcomeRule, Ties, Vacancies};
use voting_core::testing::{Sandbox, chosen, contest_of};

const NAMES: [&str; 3] = ["Ann", "Bert", "Cleo"];

fn elect(ties: Ties) -> OutcomeRule {
    let decision = Decision::Elect { seats: 1, requirement: None, ties, vacancies: Vacancies::LeaveOpen, then: None };
    OutcomeRule { profile: None, quorum: None, decision }
}

/// An event with one contest of each kind, a run-off, and a planned round that is not held.
fn event() -> (Sandbox, Vec<u8>) {
    let mut labels = Vec::new();
    let mut label = |text: &str, chinese: &str| {
        let texts = BTreeMap::from([("en".to_owned(), text.to_owned()), ("zh-CN".to_owned(), chinese.to_owned())]);
        let label = Label::new(texts, &mut rand::rngs::OsRng);
        labels.push(label.clone());
        label.digest()
    };
    let names: Vec<LabelDigest> = NAMES.iter().map(|name| label(name, name)).collect();
    let grades = Grades {
        criteria: vec![label("care", "细心"), label("pace", "速度")],
        grades: vec![label("good", "优"), label("fair", "中"), label("poor", "差")],
        rows_may_be_blank: true,
        caps: vec![],
        median: true,
    };
    let titles = [label("Chair", "主席"), label("Review", "评议"), label("Budget", "预算"), label("Place", "地点")];
    let budget = voting_core::contest::Budget::Fixed(6);
    let kinds = [
        Kind::Selection(Selection { min: 0, max: 1, blank: true }),
        Kind::Grades(grades),
        Kind::Points(Points { max: 4, budget, exact: false, blank: true }),
        Kind::Ranking(Ranking { mode: Mode::UnrankedLast, ties: true, blank: true, method: Method::RankedPairs }),
    ];
    let mut sandbox = Sandbox::with(7, |fields| {
        fields.rounds_may_be_added = true;
        fields.rounds[0].contests = kinds.map(|kind| contest_of(3, kind, &[0, 1], false)).into();
        for (contest, title) in fields.rounds[0].contests.iter_mut().zip(titles) {
            (contest.title, contest.options) = (title, names.clone());
        }
        fields.rounds[0].contests[0].outcome = elect(Ties::NewRound);
        fields.rounds[0].contests[2].outcome = elect(Ties::Lots);
    });
    sandbox.ceremony();
    sandbox.roll(RoundIndex(0));
    sandbox.open(RoundIndex(0));
    // Everybody but voter 5 comes; voter 1 has weight 3.
    let present =
        [GroupAttendance { excused: (0, 0), present: (3, 3) }, GroupAttendance { excused: (1, 1), present: (2, 4) }];
    let round = sandbox.state.round(RoundIndex(0)).unwrap().id().unwrap();
    sandbox.push(Author::Registrar, &Body::Attendance(Attendance { round, groups: present.into() }));
    for (voter, chair) in [(0, 2), (1, 0), (2, 2), (3, 1), (4, 2)] {
        let ranks = [[0, 1, 2], [1, 2, 0], [2, 0, 1]][voter % 3].map(Some);
        let answers = [
            chosen(&[chair]),
            Choice::Grades([Some(0), Some(1), Some(1), Some(2), Some(2), None].into()),
            Choice::Points(vec![2, 1, 0]),
            Choice::Ranking(ranks.into()),
        ];
        sandbox.vote(voter, &answers);
    }
    close_and_count(&mut sandbox, 0);
    let outcome = sandbox.state.compute_outcome(RoundIndex(0), Some([5; 32])).unwrap();
    sandbox.push(Author::Administrator, &Body::RoundOutcome(outcome));
    sandbox.roll(RoundIndex(2));
    sandbox.open(RoundIndex(2));
    for voter in [0, 2, 3] {
        sandbox.vote(voter, &[Choice::Selection(vec![OptionIndex(1)])]);
    }
    close_and_count(&mut sandbox, 2);
    let outcome = sandbox.state.compute_outcome(RoundIndex(2), None).unwrap();
    sandbox.push(Author::Administrator, &Body::RoundOutcome(outcome));
    let dropped = RoundDropped { round: RoundIndex(1), reason: 1 };
    sandbox.push(Author::Administrator, &Body::RoundDropped(dropped));
    let file = LabelFile { event: sandbox.manifest().event(), audience: "public".into(), delete_day: 0, labels };
    let signed = file.sign(&sandbox.administrator);
    (sandbox, signed)
}

fn close_and_count(sandbox: &mut Sandbox, round: u32) {
    sandbox.close();
    sandbox.decrypt(1);
    sandbox.decrypt(2);
    sandbox.result(RoundIndex(round));
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
}

/// The entry of the first body that fits.
fn entry_of(sandbox: &Sandbox, wanted: impl Fn(&Body) -> bool) -> String {
    let fits = |bytes: &Vec<u8>| matches!(Entry::from_bytes(bytes), Ok(Entry::Official(entry)) if wanted(&entry.body));
    sandbox.entries.iter().position(fits).unwrap().to_string()
}

#[test]
fn every_kind_outcome_and_round_is_readable() {
    let (sandbox, labels) = event();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("record");
    write(&path, &sandbox.record());
    std::fs::write(path.join("labels.signed"), labels).unwrap();
    let path = path.to_str().unwrap();

    let said = observer(&["verify", path]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.notes);
    assert!(!said.out.contains("not finished"), "{}", said.out);
    says(
        &said.out,
        &[
            "  R-OUTCOME   5 outcomes\n",
            "\n  Contest 1, Chair: 5 ballots of weight 7\n               3  Ann (42.86 %)\n",
            "      On the roll: 6 with 8 votes. Excused: 1 with 1 vote. Due to attend: 5 with 7 votes. Present: 5 with 7 votes.",
            "      Equal votes for the last seat: Ann and Cleo (3 votes each): a run-off between them is to be held.\n",
            "\n  good / fair / poor\n",
            "Ann, care; majority grade: good (0 better, 0 worse)\n",
            "Cleo, pace; majority grade: poor (0 better, 0 worse); 7 no grade\n",
            "  Order by majority judgment: 1. Ann; 2. Bert; 3. Cleo\n",
            "              14  Ann (66.67 %)\n",
            "  Votes that put the row before the column:\n",
            "  Condorcet winner: ",
            "  Order by ranked pairs: ",
            "  First by Schulze: ",
            "      No rule decides this contest: the totals stand for themselves.\n",
            "  public value for lots: 0505050505",
            "\nRound 2: not held\n",
            "\nRound 3: result\n  run-off, called for by round 1\n  3 of 6 credentials cast",
            "      Elected for 1 seat: Cleo (3).\n",
            "  - whether a public value for lots is the one that was announced",
        ],
    );
    let said = observer(&["verify", path, "--language", "zh-CN"]);
    says(
        &said.out,
        &[
            "Contest 1, 主席",
            "须就上述人选再次投票",
            "优 / 中 / 差",
            "Ann、细心；多数等次：优",
            "按多数评判法排序：1. Ann",
            "孔多塞胜者",
            "  再次投票（依据第1轮的选举结论）\n",
            "应到会",
        ],
    );
    let said = observer(&["verify", path, "--json"]);
    let value: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let tallies = value["rounds"][0]["tallies"].as_array().unwrap();
    let kinds: Vec<_> = tallies.iter().map(|tally| tally["standings"]["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["selection", "grades", "points", "ranking"]);
    assert_eq!(tallies[0]["standings"]["shares"][0], serde_json::json!({ "numerator": 3, "denominator": 7 }));
    assert_eq!(value["rounds"][0]["lots"].as_str().unwrap(), "05".repeat(32));
    assert_eq!(
        (&value["rounds"][1]["status"], &value["rounds"][2]["cause"]),
        (&"dropped".into(), &value["rounds"][0]["id"])
    );
}

#[test]
fn entries_about_totals_are_shown_in_words() {
    let (sandbox, labels) = event();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("record");
    write(&path, &sandbox.record());
    std::fs::write(path.join("labels.signed"), labels).unwrap();
    let path = path.to_str().unwrap();
    let show = |entry: &str, more: &[&str]| observer(&[&["show", path, "--entry", entry], more].concat()).out;

    let result = entry_of(&sandbox, |body| matches!(body, Body::RoundResult(_)));
    says(
        &show(&result, &[]),
        &["\n  contest 1, Chair:\n               3  Ann\n", "  Ann, care: good\n", "Ann before Bert\n"],
    );
    let outcome = entry_of(&sandbox, |body| matches!(body, Body::RoundOutcome(_)));
    says(
        &show(&outcome, &[]),
        &["Nothing of this was verified", "    Equal votes for the last seat: Ann and Cleo (3 votes each)"],
    );
    says(&show(&outcome, &["--language", "zh-CN"]), &["须就上述人选再次投票"]);
    let json: serde_json::Value = serde_json::from_str(&show(&outcome, &["--json"])).unwrap();
    assert!(json["lines"].as_array().unwrap().len() > 8, "{json}");
    let follows =
        entry_of(&sandbox, |body| matches!(body, Body::RoundStarted(start) if start.statement.cause.is_some()));
    says(&show(&follows, &[]), &["\ncalled for by", "\n  contest 1, Chair (selection): Ann; Cleo\n"]);
    let dropped = entry_of(&sandbox, |body| matches!(body, Body::RoundDropped(_)));
    says(&show(&dropped, &[]), &["round dropped, by the administrator", "\nreason          1\n"]);
    let present = entry_of(&sandbox, |body| matches!(body, Body::Attendance(_)));
    says(&show(&present, &[]), &["attendance, by the registrar"]);
    let said = observer(&["show", path]).out;
    says(
        &said,
        &["(grades): Ann; Bert; Cleo\n", "(ranking): ", "Further rounds may be held if an outcome calls for them\n"],
    );
}

use serde_json::json;

use super::*;

fn report() -> Value {
    let grades = json!({ "persons": [[{ "grades": [2, 1], "answered": 3 }, { "grades": [0, 3], "answered": 3 }]] });
    json!({
        "checked": { "entries": 20, "ballots": 5, "signatures": 14, "partial_decryptions": 2, "totals": 3, "outcomes": 1 },
        "rounds": [{
            "tallies": [
                { "contest": 0, "group": null, "reading": { "selection": { "options": [3, 1], "blank": 1 } } },
                { "contest": 1, "group": 1, "reading": { "points": { "options": [7], "blank": null } } },
                { "contest": 2, "group": null, "reading": { "ranking": { "before": [[0, 2], [1, 0]], "blank": 0 } } },
                { "contest": 3, "group": null, "reading": { "grades": grades } },
            ],
            "outcome": [
                { "contest": 0, "group": null, "verdict": { "election": { "elected": [1], "tied": [0, 2], "vacant": 0 } } },
            ],
        }],
    })
}

#[test]
fn totals_of_every_kind_come_from_the_observers_report() {
    let counted = counted(&report()).unwrap();
    let tallies = &counted.rounds[0];
    assert_eq!((&tallies[0].totals, tallies[0].blank), (&Totals::Options(vec![3, 1]), Some(1)));
    assert_eq!((&tallies[1].totals, tallies[1].blank), (&Totals::Options(vec![7]), None));
    assert_eq!((tallies[1].contest, tallies[1].group), (1, Some(1)));
    assert_eq!(tallies[2].totals, Totals::Pairs(vec![vec![0, 2], vec![1, 0]]));
    assert_eq!(tallies[3].totals, Totals::Grades(vec![vec![vec![2, 1], vec![0, 3]]]));
    assert_eq!(tallies[0].decided, Some((vec![1], vec![0, 2])));
    assert_eq!(tallies[1].decided, None);
    assert!(counted.verdict.contains("5 ballots") && counted.verdict.contains("1 outcomes"));
}

#[test]
fn a35_a_report_that_checked_nothing_is_no_verdict() {
    for (place, value) in [("/checked/ballots", 0), ("/checked/partial_decryptions", 1)] {
        let mut report = report();
        *report.pointer_mut(place).unwrap() = value.into();
        assert_eq!(counted(&report).unwrap_err().exit, 1, "{place}");
    }
    for (place, value) in [
        ("/rounds/0/tallies/0/reading", Value::Null),
        ("/rounds/0/tallies/0/reading/selection/options/1", json!("1")),
        ("/rounds/0/tallies/2/reading/ranking/before/0", json!(0)),
        ("/rounds/0/tallies/3/reading/grades/persons/0/0", json!({})),
    ] {
        let mut report = report();
        *report.pointer_mut(place).unwrap() = value;
        assert_eq!(counted(&report).unwrap_err().code, "no-result", "{place}");
    }
}

use serde_json::json;

use super::*;

fn report() -> Value {
    json!({
        "checked": { "entries": 20, "ballots": 5, "signatures": 14, "partial_decryptions": 2, "totals": 3 },
        "rounds": [{ "tallies": [{ "reading": { "selection": { "options": [3, 1], "blank": 1 } } }] }],
    })
}

#[test]
fn totals_come_from_the_observers_report() {
    let counted = counted(&report()).unwrap();
    assert_eq!((counted.totals, counted.blank), (vec![3, 1], 1));
    assert!(counted.verdict.contains("5 ballots"));
}

#[test]
fn a35_a_report_that_checked_nothing_is_no_verdict() {
    for (place, value) in [("/checked/ballots", 0), ("/checked/partial_decryptions", 1)] {
        let mut report = report();
        *report.pointer_mut(place).unwrap() = value.into();
        assert_eq!(counted(&report).unwrap_err().exit, 1, "{place}");
    }
    let mut report = report();
    report["rounds"][0]["tallies"][0]["reading"] = Value::Null;
    assert_eq!(counted(&report).unwrap_err().code, "no-result");
}

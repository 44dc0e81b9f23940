use super::*;
use crate::contest::{Budget, GradeTotals, Mode, Points, Ranking, Selection};
use crate::ids::LabelDigest;
use crate::testing::{contest_of, label_digests};

/// The example of docs/methods.md: Memphis, Nashville, Chattanooga, Knoxville.
const CITIES: [&str; 4] = ["Memphis", "Nashville", "Chattanooga", "Knoxville"];
const BEFORE: [[u64; 4]; 4] = [[0, 42, 42, 42], [58, 0, 68, 68], [58, 32, 0, 83], [58, 32, 17, 0]];
const GRADES: [[u64; 4]; 4] = [[42, 0, 0, 58], [26, 42, 32, 0], [15, 43, 42, 0], [17, 15, 26, 42]];

fn contest(kind: Kind) -> Contest {
    contest_of(4, kind, &[0], false)
}

fn ranking(method: Method) -> Contest {
    contest(Kind::Ranking(Ranking { mode: Mode::UnrankedLast, ties: true, blank: true, method }))
}

fn evaluation(median: bool, criteria: u32) -> Contest {
    let (criteria, grades) = (label_digests(1_000, criteria), label_digests(2_000, 4));
    contest(Kind::Grades(crate::contest::Grades { criteria, grades, rows_may_be_blank: true, caps: vec![], median }))
}

/// Texts of the digests that the contests above have.
fn text(digest: &LabelDigest, fallback: String) -> String {
    let known = [(100, &CITIES), (2_000, &["excellent", "good", "fair", "poor"])];
    for (first, names) in known {
        let position = label_digests(first, 4).iter().position(|known| known == digest);
        if let Some(name) = position.and_then(|position| names.get(position)) {
            return (*name).to_owned();
        }
    }
    fallback
}

fn lines(contest: &Contest, reading: &Reading, weight: u64, language: &str) -> Vec<String> {
    Standings::of(contest, reading, weight).unwrap().lines(contest, reading, language, &text)
}

fn pairs(before: &[[u64; 4]]) -> Reading {
    Reading::Ranking { before: before.iter().map(|row| row.to_vec()).collect(), blank: Some(3) }
}

fn graded(rows: &[[u64; 4]], criteria: usize) -> Reading {
    let totals = |row: &[u64; 4]| GradeTotals { grades: row.to_vec(), answered: row.iter().sum() };
    Reading::Grades { persons: rows.iter().map(|row| vec![totals(row); criteria]).collect() }
}

#[test]
fn a_selection_has_exact_shares_of_what_is_not_blank() {
    let contest = contest(Kind::Selection(Selection { min: 0, max: 2, blank: true }));
    let reading = Reading::Selection { options: vec![1, 2, 3, 0], blank: Some(5) };
    let standings = Standings::of(&contest, &reading, 8).unwrap();
    let Standings::Selection { answered, shares, places } = &standings else { panic!("{standings:?}") };
    assert_eq!((*answered, shares[0]), (3, Share::new(1, 3).unwrap()));
    assert_eq!(places.0, [2, 1, 0, 3].map(|option| vec![OptionIndex(option)]));
    let lines = standings.lines(&contest, &reading, "en", &text);
    assert_eq!(lines[0], "             1  Memphis (33.33 %)");
    assert_eq!(lines[4], "             5  blank");
    assert_eq!(serde_json::to_value(&standings).unwrap()["kind"], "selection");
    // Nobody answered: there is no share of nothing.
    let nothing = Reading::Selection { options: vec![0; 4], blank: Some(8) };
    assert_eq!(lines.len(), lines_of(&contest, &nothing).len());
    assert_eq!(lines_of(&contest, &nothing)[0], "             0  Memphis");
}

fn lines_of(contest: &Contest, reading: &Reading) -> Vec<String> {
    lines(contest, reading, 8, "zh-CN")
}

#[test]
fn points_are_shares_of_what_was_given() {
    let contest = contest(Kind::Points(Points { max: 0, budget: Budget::Weight, exact: false, blank: false }));
    let reading = Reading::Points { options: vec![10, 30, 0, 0], blank: None };
    assert_eq!(lines(&contest, &reading, 100, "en")[1], "            30  Nashville (75.00 %)");
}

#[test]
fn grades_show_the_majority_grade_and_the_order() {
    let shown = lines(&evaluation(true, 1), &graded(&GRADES, 1), 100, "en");
    assert_eq!(
        shown,
        [
            "excellent / good / fair / poor",
            "   42    0    0   58  Memphis; majority grade: poor (42 better, 0 worse)",
            "   26   42   32    0  Nashville; majority grade: good (26 better, 32 worse)",
            "   15   43   42    0  Chattanooga; majority grade: good (15 better, 42 worse)",
            "   17   15   26   42  Knoxville; majority grade: fair (32 better, 42 worse)",
            "Order by majority judgment: 1. Nashville; 2. Chattanooga; 3. Knoxville; 4. Memphis",
        ]
    );
    let shown = lines(&evaluation(false, 2), &graded(&GRADES, 2), 110, "zh-CN");
    assert_eq!(shown.len(), 10, "a line for each person and criterion");
    // Ten ballots without a grade count as the worst one.
    let expected = "   26   42   32    0  Nashville、criterion 1；多数等次：good (26 更优、42 更低)；10 未评";
    assert_eq!(shown[3], expected);
    assert_eq!(shown[9], "按最优等次票数排序：1. Memphis；2. Nashville；3. Knoxville；4. Chattanooga");
}

#[test]
fn a_ranking_shows_pairs_the_condorcet_winner_and_the_first_by_each_method() {
    let shown = lines(&ranking(Method::Borda), &pairs(&BEFORE), 100, "en");
    assert_eq!(
        shown,
        [
            "Votes that put the row before the column:",
            "     1    2    3    4",
            "1    -   42   42   42  Memphis",
            "2   58    -   68   68  Nashville",
            "3   58   32    -   83  Chattanooga",
            "4   58   32   17    -  Knoxville",
            "             3  blank",
            "Condorcet winner: Nashville",
            "Order by Borda: 1. Nashville; 2. Chattanooga; 3. Memphis; 4. Knoxville",
            "First by Schulze: Nashville; ranked pairs: Nashville; Copeland: Nashville; Borda: Nashville",
        ]
    );
}

#[test]
fn a_circle_has_no_condorcet_winner() {
    let circle = [[0, 6, 4, 10], [4, 0, 6, 10], [6, 4, 0, 10], [0, 0, 0, 0]];
    let contest = ranking(Method::Copeland);
    let shown = lines(&contest, &pairs(&circle), 10, "en");
    assert_eq!(shown[7], "Condorcet winner: none; in question (Smith set): Memphis, Nashville, Chattanooga");
    assert_eq!(shown[8], "Order by Copeland: 1. Memphis = Nashville = Chattanooga; 4. Knoxville");
    let standings = Standings::of(&contest, &pairs(&circle), 10).unwrap();
    let json = serde_json::to_value(&standings).unwrap();
    assert_eq!((&json["kind"], &json["condorcet_winner"]), (&"ranking".into(), &serde_json::Value::Null));
    assert_eq!(json["smith_set"], serde_json::json!([0, 1, 2]));
    assert_eq!(json["first"]["copeland"], serde_json::json!([0, 1, 2]));
    // A reading of another kind is no reading of this contest.
    assert_eq!(Standings::of(&contest, &graded(&GRADES, 1), 100), None);
}

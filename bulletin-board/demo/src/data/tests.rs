use super::*;
use crate::vote::Row;

const CSV: &str = "voter,weight,o1,o2,o3\na,1,1,0,1\nb,5,0,0,0\nc,2,0,1,0\n";
const POINTS: &str = "voter,weight,o1,o2,o3\na,2,3,0,2\nb,1,0,0,0\nc,1,0,4,1\n";
const RANKED: &str = "voter,weight,o1,o2,o3\na,1,1,2,0\nb,2,2,2,7\nc,1,0,0,4\n";

fn json(contest: &str, csv: &str, expected: &str) -> String {
    let sha = sha256(csv.as_bytes());
    format!(
        r#"{{"title":"t","contest":{{{contest}}},"options":[{{"id":"o1","name":"x"}},{{"id":"o2","name":"y"}},
        {{"id":"o3","name":"z"}}],"ballots_file":"x.csv","ballots_sha256":"{sha}","ballots":3,"expected":{{{expected}}}}}"#
    )
}

const CHOOSE: &str = r#""type":"choose_up_to_k","max_selections":2"#;
const GIVE: &str = r#""type":"points","max_per_option":4,"budget":5"#;
const RANK: &str = r#""type":"ranked","ties_allowed":true,"unranked_allowed":true"#;

fn read(contest: &str, csv: &str, expected: &str, wanted: Wanted) -> Result<Vote, Failure> {
    super::parse(&json(contest, csv, expected), |_| Ok(csv.into()), wanted)
}

fn choose(csv: &str, ballots: Ballots) -> Result<Vote, Failure> {
    read(CHOOSE, csv, r#""totals":[1,2,1]"#, Wanted { ballots: Some(ballots), unranked: None })
}

fn totals(vote: &Vote) -> (Totals, Option<u64>) {
    let expected = &vote.rounds[0].expected[0];
    (expected.totals.clone(), expected.blank)
}

#[test]
fn totals_are_added_up_with_weights_and_compared_with_the_file() {
    let vote = choose(CSV, Ballots::All).unwrap();
    assert_eq!(totals(&vote), (Totals::Options(vec![1, 2, 1]), Some(5)));
    assert_eq!((vote.weight(), vote.origin), (8, Origin::Real { lines: 3, stated: true }));
    assert!(vote.rounds[0].has_majority_holder(&vote.members));
    let vote = choose(CSV, Ballots::First(2)).unwrap();
    assert_eq!((totals(&vote), vote.members.len()), ((Totals::Options(vec![1, 0, 1]), Some(5)), 2));
    assert_eq!(vote.origin, Origin::Real { lines: 3, stated: false }, "the file speaks of all ballots");
}

#[test]
fn points_are_multiplied_by_the_weight() {
    let vote = read(GIVE, POINTS, r#""totals":[6,4,5]"#, Wanted::default()).unwrap();
    assert_eq!(totals(&vote), (Totals::Options(vec![6, 4, 5]), Some(1)));
    assert_eq!(vote.origin, Origin::Real { lines: 3, stated: true });
}

#[test]
fn rankings_are_counted_pair_by_pair_in_both_ways() {
    let last = r#""pairwise_unranked_last":[[0,1,3],[0,0,3],[1,1,0]],"condorcet_winner_unranked_last":"o1""#;
    let only = r#""pairwise_ranked_only":[[0,1,2],[0,0,2],[0,0,0]],"condorcet_winner_ranked_only":"o1""#;
    for (unranked, pairs, blank) in [
        (Unranked::Last, vec![vec![0, 1, 3], vec![0, 0, 3], vec![1, 1, 0]], 0),
        (Unranked::Incomparable, vec![vec![0, 1, 2], vec![0, 0, 2], vec![0, 0, 0]], 0),
    ] {
        let wanted = Wanted { ballots: None, unranked: Some(unranked) };
        let vote = read(RANK, RANKED, &format!("{last},{only}"), wanted).unwrap();
        assert_eq!(totals(&vote), (Totals::Pairs(pairs), Some(blank)));
        assert_eq!(vote.origin, Origin::Real { lines: 3, stated: true });
    }
    let other = last.replace("\"o1\"", "\"o2\"");
    assert_eq!(read(RANK, RANKED, &other, Wanted::default()).unwrap_err().code, "data-totals");
    let other = last.replace("[0,1,3]", "[0,1,2]");
    assert_eq!(read(RANK, RANKED, &other, Wanted::default()).unwrap_err().code, "data-totals");
    let wanted = Wanted { ballots: None, unranked: Some(Unranked::Last) };
    assert_eq!(read(CHOOSE, CSV, "", wanted).unwrap_err().code, "usage", "--unranked is for rankings");
}

#[test]
fn what_does_not_fit_is_refused_with_its_line() {
    let refused = |csv: &str| choose(csv, Ballots::All).unwrap_err();
    assert!(refused(&CSV.replace("c,2,0,1,0", "c,2,1,1,1")).fault.contains("line 4"));
    assert!(refused(&CSV.replace("c,2", "a,2")).fault.contains("occurs twice"));
    assert!(refused(&CSV.replace("c,2", "c,0")).fault.contains("weight"));
    assert!(refused(&CSV.replace("c,2,0,1,0", "c,2,0,2,0")).fault.contains("o2"));
    for number in ["x", "-1", "01", "+1", "1.0", ""] {
        let fault = refused(&CSV.replace("c,2,0,1,0", &format!("c,2,0,{number},0"))).fault;
        assert!(fault.contains("line 4") && fault.contains("o2"), "{fault}");
    }
    assert_eq!(refused(&CSV.replace("o3", "o4")).code, "data-csv");
    assert_eq!(refused(&CSV.replace("c,2,0,1,0\n", "")).code, "data-csv");
    assert_eq!(refused(&CSV.replace("c,2,0,1,0", "c,2,1,0,0")).code, "data-totals");
    assert_eq!(choose(CSV, Ballots::First(1)).unwrap_err().code, "ballots");
    assert_eq!(choose(CSV, Ballots::First(4)).unwrap_err().code, "ballots");

    for (wrong, what) in [("c,1,0,5,0", "at most 4"), ("c,1,3,3,0", "6 points are given")] {
        let csv = POINTS.replace("c,1,0,4,1", wrong);
        let failure = read(GIVE, &csv, "", Wanted::default()).unwrap_err();
        assert!(failure.exit == 2 && failure.fault.contains("line 4") && failure.fault.contains(what), "{failure}");
    }
    let strict = RANK.replace("true,\"un", "false,\"un");
    let failure = read(&strict, RANKED, "", Wanted::default()).unwrap_err();
    assert!(failure.exit == 2 && failure.fault.contains("line 3") && failure.fault.contains("same rank"), "{failure}");
    let csv = RANKED.replace("c,1,0,0,4", "c,1,0,0,4294967296");
    assert!(read(RANK, &csv, "", Wanted::default()).unwrap_err().fault.contains("o3 has the rank 4294967296"));
}

#[test]
fn sums_that_are_too_large_are_refused() {
    let huge = u64::MAX;
    let csv = format!("voter,weight,o1,o2,o3\na,{huge},1,0,0\nb,{huge},1,0,0\nc,1,0,0,0\n");
    let failure = read(CHOOSE, &csv, "", Wanted::default()).unwrap_err();
    assert_eq!((failure.code.as_str(), failure.exit), ("data-csv", 2));
}

#[test]
fn a_changed_file_and_other_kinds_are_refused() {
    let changed = super::parse(&json(CHOOSE, "another", ""), |_| Ok(CSV.into()), Wanted::default());
    assert_eq!(changed.unwrap_err().code, "data-hash");
    let refused = read(r#""type":"dance""#, CSV, "", Wanted::default()).unwrap_err();
    assert_eq!((refused.code.as_str(), refused.exit), ("contest-kind", 2));
    for contest in [r#""type":"points","max_per_option":3"#, r#""type":"points","budget":3,"max_per_option":0"#] {
        assert_eq!(read(contest, CSV, "", Wanted::default()).unwrap_err().code, "data-json");
    }
}

#[test]
fn the_shipped_data_set_is_whole() {
    let all = Wanted { ballots: Some(Ballots::All), unranked: None };
    let vote = read_vote(None, all).unwrap();
    assert_eq!((vote.members.len(), totals(&vote).1), (12_684, Some(1_789)));
    assert_eq!(vote.origin, Origin::Real { lines: 12_684, stated: true });
    assert_eq!(read_vote(None, Wanted::default()).unwrap().members.len(), SHIPPED_BALLOTS);
}

#[test]
fn another_answer_differs_and_keeps_the_rule() {
    let vote = read_vote(None, Wanted::default()).unwrap();
    let round = &vote.rounds[0];
    let rows: Vec<&Row> = round.ballots.iter().flat_map(|ballot| ballot.answers.iter().flatten()).collect();
    for row in rows {
        let other = round.contests[0].rule.other(row, 1);
        assert_ne!(other, *row);
        round.contests[0].rule.check(&other, 1).unwrap();
    }
}

#[test]
fn real_data_sets_are_read_where_present() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/elections");
    if !folder.exists() {
        eprintln!("SKIPPED: the folder of real votes is not there");
        return;
    }
    for name in [
        "approval-gy-les-nonains-2002",
        "choose1-gdansk-2020",
        "weighted-us-electoral-college-2016",
        "weighted-beanstalk-bip-5",
        "points-toulouse-2019",
        "ranked-kubernetes-2021",
    ] {
        for unranked in [None, Some(Unranked::Incomparable)] {
            if unranked.is_some() && !name.starts_with("ranked") {
                continue;
            }
            let vote =
                read_vote(Some(&folder.join(format!("{name}.json"))), Wanted { ballots: None, unranked }).unwrap();
            assert!(matches!(vote.origin, Origin::Real { stated: true, .. }), "{name}");
        }
    }
}

use super::*;

const CSV: &str = "voter,weight,o1,o2,o3\na,1,1,0,1\nb,5,0,0,0\nc,2,0,1,0\n";

fn json(kind: &str, sha: &str, totals: &str) -> String {
    format!(
        r#"{{"title":"t","contest":{{"type":"{kind}","max_selections":2}},"options":[{{"name":"x"}},{{"name":"y"}},{{"name":"z"}}],
        "ballots_file":"x.csv","ballots_sha256":"{sha}","ballots":3,"expected":{{"totals":{totals}}}}}"#
    )
}

fn parse(csv: &str, wanted: Ballots) -> Result<DataSet, Failure> {
    let sha = sha256(csv.as_bytes()).to_string();
    DataSet::parse(&json("choose_up_to_k", &sha, "[1,2,1]"), |_| Ok(csv.into()), wanted)
}

#[test]
fn totals_are_added_up_with_weights_and_compared_with_the_file() {
    let data = parse(CSV, Ballots::All).unwrap();
    assert_eq!((data.expected.as_slice(), data.expected_blank, data.weight()), ([1, 2, 1].as_slice(), 5, 8));
    assert!(data.compared_with_file && data.has_majority_holder());
    let data = parse(CSV, Ballots::First(2)).unwrap();
    assert_eq!((data.expected.as_slice(), data.expected_blank, data.ballots.len()), ([1, 0, 1].as_slice(), 5, 2));
    assert!(!data.compared_with_file, "the file speaks of all ballots");
}

#[test]
fn what_does_not_fit_is_refused_with_its_line() {
    let code = |csv: &str| parse(csv, Ballots::All).unwrap_err();
    assert!(code(&CSV.replace("c,2,0,1,0", "c,2,1,1,1")).fault.contains("line 4"));
    assert!(code(&CSV.replace("c,2", "a,2")).fault.contains("occurs twice"));
    assert!(code(&CSV.replace("c,2", "c,0")).fault.contains("weight"));
    assert!(code(&CSV.replace("c,2,0,1,0", "c,2,0,2,0")).fault.contains("o2"));
    assert_eq!(code(&CSV.replace("o3", "o4")).code, "data-csv");
    assert_eq!(code(&CSV.replace("c,2,0,1,0\n", "")).code, "data-csv");
    assert_eq!(code(&CSV.replace("c,2,0,1,0", "c,2,1,0,0")).code, "data-totals");
    assert_eq!(parse(CSV, Ballots::First(1)).unwrap_err().code, "ballots");
    assert_eq!(parse(CSV, Ballots::First(4)).unwrap_err().code, "ballots");
}

#[test]
fn a_changed_file_and_other_kinds_are_refused() {
    let changed = DataSet::parse(&json("choose_one", &"0".repeat(64), "[]"), |_| Ok(CSV.into()), Ballots::All);
    assert_eq!(changed.unwrap_err().code, "data-hash");
    for kind in ["points", "ranked"] {
        let refused = DataSet::parse(&json(kind, "", "[]"), |_| Ok(CSV.into()), Ballots::All).unwrap_err();
        assert_eq!((refused.code.as_str(), refused.exit), ("contest-kind", 2));
    }
}

#[test]
fn the_shipped_data_set_is_whole() {
    let data = DataSet::read(None, Some(Ballots::All)).unwrap();
    assert_eq!((data.ballots.len(), data.expected_blank, data.max), (12_684, 1_789, 3));
    assert!(data.compared_with_file);
    assert_eq!(DataSet::read(None, None).unwrap().ballots.len(), SHIPPED_BALLOTS);
}

#[test]
fn another_choice_differs_and_keeps_the_rule() {
    for ballot in DataSet::read(None, None).unwrap().ballots {
        let other = ballot.other_choice(10);
        assert_ne!(other, ballot.choice());
        assert!(!matches!(other, Choice::Selection(chosen) if chosen.len() != 1));
    }
}

#[test]
fn real_data_sets_are_read_where_present() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/elections");
    if !folder.exists() {
        eprintln!("SKIPPED: the folder of real votes is not there");
        return;
    }
    for (name, kind) in [
        ("approval-gy-les-nonains-2002", None),
        ("choose1-gdansk-2020", None),
        ("weighted-us-electoral-college-2016", None),
        ("weighted-beanstalk-bip-5", None),
        ("points-toulouse-2019", Some("contest-kind")),
        ("ranked-kubernetes-2021", Some("contest-kind")),
    ] {
        let read = DataSet::read(Some(&folder.join(format!("{name}.json"))), None);
        match kind {
            None => assert!(read.unwrap().compared_with_file, "{name}"),
            Some(code) => assert_eq!(read.unwrap_err().code, code, "{name}"),
        }
    }
}

use super::*;
use crate::cli::Ballots;

fn counted(data: &DataSet) -> Counted {
    Counted { totals: data.expected.clone(), blank: data.expected_blank, verdict: String::new() }
}

#[test]
fn any_difference_in_the_totals_ends_with_exit_code_1() {
    let data = DataSet::read(None, Some(Ballots::First(50))).unwrap();
    let account = Account::new(true);
    conclude(&data, &counted(&data), account).unwrap();
    let mut wrong = vec![counted(&data), counted(&data), counted(&data)];
    wrong[0].totals[3] += 1;
    wrong[1].blank -= 1;
    wrong[2].totals.pop();
    for wrong in wrong {
        let failure = conclude(&data, &wrong, account).unwrap_err();
        assert_eq!((failure.code.as_str(), failure.exit), ("totals", 1));
    }
}

#[test]
fn a_failure_stands_in_the_summary_without_what_programs_printed() {
    let failure = Failure { tail: vec!["a line of a log".into()], ..Failure::wrong("record", "fault", "remedy") };
    let text = serde_json::to_string(&Summary::of_failure(&failure)).unwrap();
    assert!(text.contains(r#""ok":false"#) && text.contains(r#""code":"record""#) && !text.contains("a line of a log"));
    assert!(failure.to_string().contains("| a line of a log"));
}

use super::*;

#[test]
fn a_failure_stands_in_the_summary_without_what_programs_printed() {
    let failure = Failure { tail: vec!["a line of a log".into()], ..Failure::wrong("record", "fault", "remedy") };
    let text = serde_json::to_string(&Summary::of_failure(&failure)).unwrap();
    assert!(text.contains(r#""ok":false"#) && text.contains(r#""code":"record""#) && !text.contains("a line of a log"));
    assert!(failure.to_string().contains("| a line of a log"));
}

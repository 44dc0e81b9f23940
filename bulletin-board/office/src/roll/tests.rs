use super::*;

fn limits(groups: &[&str]) -> Limits {
    Limits { groups: groups.iter().map(|id| (*id).to_owned()).collect(), contests: vec![] }
}

fn problems(csv: &[u8], groups: &[&str]) -> Vec<(String, String)> {
    let found = parse(csv, &limits(groups)).unwrap_err();
    let pair = |problem: &RollProblem| (problem.problem("m.csv").code.into_owned(), problem.to_string());
    found.iter().map(pair).collect()
}

#[test]
fn a_list_is_read_in_any_order_of_columns() {
    let csv = "\u{feff}Group,member,contact,weight\nb,\"Doe, Ann\",ann@example.org,3\nb,Bob,,1\na,Eve,,2\na,Xi 李,,5\n";
    let members = parse(csv.as_bytes(), &limits(&["a", "b"])).unwrap();
    assert_eq!(members.len(), 4);
    assert_eq!(members[0].member, "Doe, Ann");
    assert_eq!(members[0].group, GroupIndex(1));
    assert_eq!(members[0].contact.as_deref(), Some("ann@example.org"));
    assert_eq!(members[1].contact, None);
    assert_eq!(members[3], Member { member: "Xi 李".into(), weight: 5, group: GroupIndex(0), contact: None });
}

#[test]
fn one_column_is_enough_for_one_group() {
    let members = parse(b"member\r\n1\r\n2\r\n", &limits(&["all"])).unwrap();
    assert!(members.iter().all(|member| member.weight == 1 && member.group == GroupIndex(0)));
}

/// Name, list, groups, expected code, part of the message.
type Case<'a> = (&'a str, &'a [u8], &'a [&'a str], &'a str, &'a str);

#[test]
fn every_error_names_its_place() {
    let cases: &[Case<'_>] = &[
        ("empty", b"", &["all"], "roll-header", "line 1, column 1: the file is empty"),
        (
            "semicolons",
            b"member;weight\nA;1\n",
            &["all"],
            "roll-header",
            "line 1, column 1: the columns are separated by",
        ),
        ("unknown column", b"member,age\nA,1\n", &["all"], "roll-header", "line 1, column 2: unknown column \"age\""),
        ("twice", b"member,member\nA,A\n", &["all"], "roll-header", "column \"member\" occurs twice"),
        ("no member", b"weight\n1\n", &["all"], "roll-header", "there is no column \"member\""),
        ("no group", b"member\nA\n", &["a", "b"], "roll-header", "there is no column \"group\""),
        ("too few fields", b"member,weight\nA,1\nB\n", &["all"], "roll-csv", "line 3, column 2: the line has 1 fields"),
        ("too many fields", b"member,weight\nA,1,2\n", &["all"], "roll-csv", "line 2, column 3: the line has 3 fields"),
        (
            "open quote",
            b"member,contact\nA,\"x\nB,y\n",
            &["all"],
            "roll-field",
            "line 2, column 2 (contact): has a line break",
        ),
        (
            "no text",
            b"member\nA\n\xff\n",
            &["all"],
            "roll-field",
            "line 3, column 1 (member): is no UTF-8 at its byte 1",
        ),
        ("empty name", b"member,weight\n ,1\n", &["all"], "roll-field", "line 2, column 1 (member): is empty"),
        ("weight 0", b"member,weight\nA,0\n", &["all"], "roll-field", "line 2, column 2 (weight): \"0\" is no weight"),
        (
            "weight -1",
            b"member,weight\nA,-1\n",
            &["all"],
            "roll-field",
            "line 2, column 2 (weight): \"-1\" is no weight",
        ),
        ("weight 1.5", b"member,weight\nA,1.5\n", &["all"], "roll-field", "\"1.5\" is no weight"),
        ("weight none", b"member,weight\nA,\n", &["all"], "roll-field", "\"\" is no weight"),
        (
            "group",
            b"member,group\nA,a\nB,c\n",
            &["a", "b"],
            "unknown-group",
            "line 3, column 2 (group): there is no group \"c\"",
        ),
        (
            "duplicate",
            b"member\nA\nB\nA\n",
            &["all"],
            "duplicate-member",
            "line 4, column 1 (member): \"A\" stands on line 2",
        ),
        ("nobody", b"member\n", &["all"], "roll-empty", "no members"),
    ];
    for (name, csv, groups, code, text) in cases {
        let found = problems(csv, groups);
        assert_eq!(found[0].0, *code, "{name}: {found:?}");
        assert!(found[0].1.contains(text), "{name}: {found:?}");
    }
}

#[test]
fn a36_a_group_of_one_or_none_is_refused() {
    let found = problems(b"member,group\nA,a\nB,a\nC,b\n", &["a", "b", "c"]);
    assert_eq!(found[0].0, "group-of-one");
    assert!(found[0].1.contains("group \"b\" has a single member, on line 4"), "{found:?}");
    assert_eq!(found[1].0, "empty-group");
    assert_eq!(problems(b"member\nA\n", &["all"])[0].0, "group-of-one");
}

#[test]
fn a9_weights_over_the_bound_are_refused_on_their_line() {
    let bound = MAX_TOTAL.to_string();
    let at_bound = format!("member,weight\nA,{}\nB,1\n", MAX_TOTAL - 1);
    assert!(parse(at_bound.as_bytes(), &limits(&["all"])).is_ok());
    for csv in [
        format!("member,weight\nA,{bound}\nB,1\n"),
        format!("member,weight\nA,1\nB,{}\n", u64::MAX),
        "member,weight\nA,1\nB,99999999999999999999999999\n".to_owned(),
    ] {
        let found = problems(csv.as_bytes(), &["all"]);
        assert_eq!(found[0].0, "weight-bound");
        assert!(found[0].1.contains("line 3"), "{found:?}");
    }
}

#[test]
fn many_problems_are_cut_short() {
    let csv = format!("member,weight\n{}", "A,x\n".repeat(100));
    let found = problems(csv.as_bytes(), &["all"]);
    assert_eq!(found.len(), MAX_PROBLEMS + 1);
    assert!(found[MAX_PROBLEMS].1.contains("more problems"));
}

//! Ids of rules and attacks: the same in code, specification and tests.

use std::collections::BTreeSet;
use std::fs;

use crate::source::{lines_with, refuse, rust, shared, text};

const RULES: &str = "voting-core/src/record/rule.rs";
const PROTOCOL: &str = "docs/protocol.md";

/// All ids `R-WORD-12` in a text.
fn rule_ids(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words.filter(|word| is_rule_id(word)).map(str::to_owned).collect()
}

fn is_rule_id(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let [prefix, family, number] = parts[..] else { return false };
    let letters = !family.is_empty() && family.chars().all(|c| c.is_ascii_uppercase());
    prefix == "R" && letters && number.len() == 2 && number.chars().all(|c| c.is_ascii_digit())
}

/// The rules as (variant, id), from lines such as `LogRoot "R-LOG-04" "...",`.
fn rules() -> Vec<(String, String)> {
    let text = text(RULES);
    let rows = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let pairs = rows.filter_map(|row| Some(((*row.first()?).to_owned(), row.get(1)?.trim_matches('"').to_owned())));
    pairs.filter(|(_, id)| is_rule_id(id)).collect()
}

/// Names of the functions in a text of code.
fn functions(code: &str) -> impl Iterator<Item = &str> {
    let starts = code.match_indices("fn ").map(|(at, _)| &code[at + 3..]);
    starts.map(|rest| rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default())
}

/// The ids at the beginning of a test's name: `a3_m2_text` has A3 and M2.
fn attack_ids(name: &str) -> Vec<String> {
    let is_id = |part: &&str| {
        let (letter, number) = part.split_at_checked(1).unwrap_or_default();
        matches!(letter, "a" | "s" | "m" | "f") && !number.is_empty() && number.chars().all(|c| c.is_ascii_digit())
    };
    name.split('_').take_while(is_id).map(str::to_uppercase).collect()
}

#[test]
fn every_rule_stands_in_the_protocol_and_back() {
    let built: BTreeSet<String> = rules().into_iter().map(|(_, id)| id).collect();
    let written = rule_ids(&text(PROTOCOL));
    assert!(!built.is_empty(), "{RULES} has no rules");
    let missing = built.difference(&written).map(|id| format!("{id} is in {RULES} but not in {PROTOCOL}"));
    let invented = written.difference(&built).map(|id| format!("{id} is in {PROTOCOL} but not in {RULES}"));
    refuse(&missing.chain(invented).collect::<Vec<_>>(), "write the MUST and its check in the same change.");
}

#[test]
fn every_rule_has_a_test_that_carries_its_id() {
    let mut tested = BTreeSet::new();
    for file in rust().filter(|file| !file.path.starts_with("xtask/")) {
        let code = file.test_code();
        tested.extend(rule_ids(&code));
        for name in functions(&code) {
            let parts: Vec<&str> = name.split('_').collect();
            let ids = parts.windows(3).map(|three| three.join("-").to_uppercase()).filter(|id| is_rule_id(id));
            tested.extend(ids);
        }
        let named = rules().into_iter().filter(|(variant, _)| !lines_with(&code, variant).is_empty());
        tested.extend(named.map(|(_, id)| id));
    }
    let untested = rules().into_iter().filter(|(_, id)| !tested.contains(id));
    let found: Vec<String> = untested.map(|(variant, id)| format!("{id} ({variant}) has no test")).collect();
    refuse(
        &found,
        "add a case to voting-core/src/testing/tamper/cases.rs that breaks exactly this rule, under its variant, or a test with \
         the id in its name (`r_ballot_07_repeated_ciphertext_is_refused`).",
    );
}

#[test]
fn every_attack_in_the_name_of_a_test_is_known() {
    let (Some(attacks), Some(notes)) = (shared("attacks.md"), shared("protocol-notes.md")) else { return };
    let pages = fs::read_to_string(attacks).unwrap() + &fs::read_to_string(notes).unwrap();
    let head = |line: &str| {
        line.trim_start_matches(['|', '#', ' ']).split([' ', '.', '|']).next().unwrap_or_default().to_owned()
    };
    let known: BTreeSet<String> = pages.lines().filter(|line| line.starts_with(['|', '#'])).map(head).collect();
    assert!(known.contains("A42") && known.contains("M14"), "the lists of attacks have another form now");
    let mut found = Vec::new();
    for file in rust() {
        for name in functions(&file.test_code()) {
            let unknown = attack_ids(name).into_iter().filter(|id| !known.contains(id));
            found.extend(unknown.map(|id| format!("{}: {name} names {id}", file.path)));
        }
    }
    refuse(&found, "quote an id of the lists of attacks and notes, or take it out of the name.");
}

#[test]
fn ids_are_read_as_written() {
    assert_eq!(
        rule_ids("see R-LOG-01, (R-BALLOT-07). Not R-X, r-log-01 or R-LOG-011"),
        ["R-BALLOT-07", "R-LOG-01"].map(str::to_owned).into()
    );
    assert_eq!(attack_ids("a3_a25_text_of_a4"), ["A3", "A25"]);
    assert_eq!(attack_ids("add_one"), [""; 0]);
    assert_eq!(functions("async fn one() {}\nfn two_three<T>()").collect::<Vec<_>>(), ["one", "two_three"]);
}

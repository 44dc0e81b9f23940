//! Data sets: a JSON file that describes a vote, and a CSV file with one line for each ballot.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use csv::{ReaderBuilder, Trim};
use serde::Deserialize;
use tlog::hash::sha256;

use crate::cli::Ballots;
use crate::failure::Failure;
use crate::plain::{self, Totals};
use crate::vote::{Ballot, Budget, Contest, Member, Origin, Round, Rule, Unranked, Vote};

const SHIPPED_JSON: &str = include_str!("../data/choose3-westminster-2015.json");
const SHIPPED_CSV: &[u8] = include_bytes!("../data/choose3-westminster-2015.csv");
/// Ballots of the data set that ships with the program, unless told otherwise.
const SHIPPED_BALLOTS: usize = 1_000;
/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 256 << 20;
/// Title of the only round.
const ROUND: &str = "The vote";

/// What is taken of a data set.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// How many ballots; all but for the data set that ships with the program unless given.
    pub ballots: Option<Ballots>,
    /// Where options without a rank stand; last unless given. Only for rankings.
    pub unranked: Option<Unranked>,
}

/// What the JSON file says, as far as it is used.
#[derive(Clone, Debug, Deserialize)]
struct Described {
    title: String,
    contest: DescribedRule,
    options: Vec<Named>,
    ballots_file: String,
    ballots_sha256: String,
    ballots: usize,
    #[serde(default)]
    expected: Stated,
}

#[derive(Clone, Debug, Deserialize)]
struct DescribedRule {
    #[serde(rename = "type")]
    kind: String,
    max_selections: Option<u32>,
    max_per_option: Option<u64>,
    budget: Option<u64>,
    ties_allowed: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
struct Named {
    id: String,
    name: String,
}

/// The results that the data set states.
#[derive(Clone, Debug, Default, Deserialize)]
struct Stated {
    totals: Option<Vec<u64>>,
    pairwise_unranked_last: Option<Vec<Vec<u64>>>,
    pairwise_ranked_only: Option<Vec<Vec<u64>>>,
    condorcet_winner_unranked_last: Option<String>,
    condorcet_winner_ranked_only: Option<String>,
}

/// Reads the data set at `path`, or the one that ships with the program.
///
/// # Errors
/// [`Failure`]: `contest-kind` for a kind that this version does not have, `data-hash`, `data-csv` with the line,
/// `data-totals`, and others.
pub fn read_vote(path: Option<&Path>, wanted: Wanted) -> Result<Vote, Failure> {
    let Some(path) = path else {
        let ballots = wanted.ballots.or(Some(Ballots::First(SHIPPED_BALLOTS)));
        return parse(SHIPPED_JSON, |_| Ok(SHIPPED_CSV.to_vec()), Wanted { ballots, ..wanted });
    };
    let text = String::from_utf8(read(path)?)
        .map_err(|_| Failure::unable("data-json", format!("{}: no UTF-8", path.display()), "check --data"))?;
    parse(&text, |name| read(&path.with_file_name(name)), wanted)
}

fn parse(json: &str, csv: impl FnOnce(&str) -> Result<Vec<u8>, Failure>, wanted: Wanted) -> Result<Vote, Failure> {
    let described: Described = serde_json::from_str(json).map_err(|error| {
        let remedy = "give the JSON file of a data set; its format is that of the one in bulletin-board/demo/data";
        Failure::unable("data-json", format!("the data set is not understood: {error}"), remedy)
    })?;
    let rule = rule(&described.contest, wanted.unranked)?;
    if described.ballots_file.contains(['/', '\\']) {
        let fault = format!("\"{}\" is no plain file name", described.ballots_file);
        return Err(Failure::unable("data-json", fault, "put the CSV file beside the JSON file"));
    }
    let csv = csv(&described.ballots_file)?;
    let hash = sha256(&csv).to_string();
    if hash != described.ballots_sha256 {
        let fault = format!("{} has the SHA-256 {hash}, not the one in the JSON file", described.ballots_file);
        return Err(Failure::unable("data-hash", fault, "copy the data set again"));
    }
    let (mut members, mut ballots) = lines(&csv, described.options.len(), &rule)?;
    let lines = ballots.len();
    if lines != described.ballots {
        let fault = format!("the CSV file has {lines} ballots, the JSON file says {}", described.ballots);
        return Err(Failure::unable("data-csv", fault, "copy the data set again"));
    }
    if let Some(Ballots::First(number)) = wanted.ballots {
        if !(2..=lines).contains(&number) {
            let fault = format!("--ballots {number}: the data set has {lines}, and a vote needs at least 2");
            let remedy = format!("choose a number from 2 to {lines}, or \"all\"");
            return Err(Failure::unable("ballots", fault, remedy));
        }
        ballots.truncate(number);
        members.truncate(number);
    }
    let options = described.options.iter().map(|option| option.name.clone()).collect();
    let title = described.title.clone();
    let contest = Contest { title: title.clone(), options, rule, groups: vec![0], per_group: false, outcome: None };
    let round = Round::new(ROUND, vec![contest], ballots, &members)?;
    let stated = members.len() == lines && compare(&round, &described)?;
    let origin = Origin::Real { lines, stated };
    Ok(Vote { title, origin, groups: Vec::new(), members, rounds: vec![round] })
}

/// Compares the totals of all ballots with those that the data set states; false if it states none.
fn compare(round: &Round, described: &Described) -> Result<bool, Failure> {
    let differ = |what: &str| {
        let fault = format!("the {what} in the JSON file are not those of the CSV file");
        Err(Failure::unable("data-totals", fault, "copy the data set again"))
    };
    let ([contest], [own]) = (round.contests.as_slice(), round.expected.as_slice()) else {
        return Err(Failure::internal("a data set has one contest"));
    };
    let stated = &described.expected;
    match (&own.totals, &contest.rule) {
        (Totals::Options(own), _) => match &stated.totals {
            Some(totals) if totals == own => Ok(true),
            Some(_) => differ("totals"),
            None => Ok(false),
        },
        (Totals::Pairs(own), Rule::Ranking { unranked, .. }) => {
            let (pairs, winner) = match unranked {
                Unranked::Last => (&stated.pairwise_unranked_last, &stated.condorcet_winner_unranked_last),
                Unranked::Incomparable => (&stated.pairwise_ranked_only, &stated.condorcet_winner_ranked_only),
            };
            let Some(pairs) = pairs else { return Ok(false) };
            if pairs != own {
                return differ("pairwise totals");
            }
            let found = plain::condorcet_winner(own).and_then(|winner| described.options.get(winner));
            if found.map(|option| &option.id) == winner.as_ref() { Ok(true) } else { differ("Condorcet winners") }
        }
        (Totals::Pairs(_) | Totals::Grades(_), _) => Ok(false),
    }
}

fn rule(described: &DescribedRule, unranked: Option<Unranked>) -> Result<Rule, Failure> {
    let DescribedRule { kind, max_selections, max_per_option, budget, ties_allowed } = described;
    let missing = |field: &str| {
        let fault = format!("contest.{field} is missing or 0");
        Failure::unable("data-json", fault, "copy the data set again")
    };
    if unranked.is_some() && kind != "ranked" {
        let fault = format!("--unranked is for rankings, this data set is of the type \"{kind}\"");
        return Err(Failure::unable("usage", fault, "leave --unranked out"));
    }
    let above_0 = |field: &str, value: Option<u64>| value.filter(|value| *value > 0).ok_or_else(|| missing(field));
    match kind.as_str() {
        "choose_one" => Ok(Rule::Selection { min: 1, max: 1, blank: true }),
        "choose_up_to_k" => {
            let max = max_selections.filter(|max| *max > 0).ok_or_else(|| missing("max_selections"))?;
            Ok(Rule::Selection { min: 1, max, blank: true })
        }
        "points" => Ok(Rule::Points {
            max: above_0("max_per_option", *max_per_option)?,
            budget: Budget::Fixed(above_0("budget", *budget)?),
            exact: false,
            blank: true,
        }),
        "ranked" => Ok(Rule::Ranking {
            unranked: unranked.unwrap_or(Unranked::Last),
            ties: ties_allowed.unwrap_or(true),
            blank: true,
        }),
        other => {
            let fault = format!("the contest is of the type \"{other}\", which this version does not have");
            let remedy = "use a data set of the type choose_one, choose_up_to_k, points or ranked";
            Err(Failure::unable("contest-kind", fault, remedy))
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let size = fs::metadata(path).map_err(|error| Failure::io(path, &error))?.len();
    if size > MAX_FILE {
        let fault = format!("{} has {size} bytes, at most {MAX_FILE} are read", path.display());
        return Err(Failure::unable("data-json", fault, "check --data"));
    }
    fs::read(path).map_err(|error| Failure::io(path, &error))
}

/// A whole number without a sign or leading zeros.
fn whole(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

fn lines(csv: &[u8], options: usize, rule: &Rule) -> Result<(Vec<Member>, Vec<Ballot>), Failure> {
    let wrong = |line: u64, what: String| {
        Failure::unable("data-csv", format!("line {line} of the CSV file: {what}"), "correct the line")
    };
    let mut reader = ReaderBuilder::new().trim(Trim::None).from_reader(csv);
    let header = reader.headers().map_err(|error| wrong(1, error.to_string()))?;
    let named = |(i, name): (usize, &str)| match i {
        0 => name == "voter",
        1 => name == "weight",
        _ => name == format!("o{}", i - 1),
    };
    if header.len() != options + 2 || !header.iter().enumerate().all(named) {
        return Err(wrong(1, format!("the header must be voter,weight,o1 to o{options}")));
    }
    let (mut members, mut ballots) = (Vec::new(), Vec::new());
    let mut names = BTreeSet::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            wrong(line, error.to_string())
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut fields = record.iter();
        let name = fields.next().unwrap_or_default().to_owned();
        if name.is_empty() || !names.insert(name.clone()) {
            return Err(wrong(line, format!("the voter \"{name}\" is missing or occurs twice")));
        }
        let weight = fields.next().and_then(whole).filter(|weight| *weight > 0);
        let weight = weight.ok_or_else(|| wrong(line, "the weight must be a positive whole number".into()))?;
        let mut row = Vec::with_capacity(options);
        for (option, field) in (1..).zip(fields) {
            let number = whole(field);
            let what = || format!("o{option} is \"{field}\", it must be a whole number");
            row.push(number.ok_or_else(|| wrong(line, what()))?);
        }
        rule.check(&row, weight).map_err(|what| wrong(line, what))?;
        ballots.push(Ballot { member: members.len(), answers: vec![Some(row)] });
        members.push(Member { name, weight, group: 0 });
    }
    Ok((members, ballots))
}

#[cfg(test)]
mod tests;

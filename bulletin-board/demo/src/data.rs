//! Data sets: a JSON file that describes a vote, and a CSV file with one line for each ballot.

use std::fs;
use std::path::Path;

use csv::{ReaderBuilder, Trim};
use serde::Deserialize;
use tlog::hash::sha256;
use voting_core::contest::Choice;
use voting_core::ids::OptionIndex;

use crate::cli::Ballots;
use crate::failure::Failure;

const SHIPPED_JSON: &str = include_str!("../data/choose3-westminster-2015.json");
const SHIPPED_CSV: &[u8] = include_bytes!("../data/choose3-westminster-2015.csv");
/// Ballots of the data set that ships with the program, unless told otherwise.
const SHIPPED_BALLOTS: usize = 1_000;
/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 256 << 20;

/// What the JSON file says, as far as it is used.
#[derive(Clone, Debug, Deserialize)]
struct Described {
    title: String,
    contest: Rule,
    options: Vec<Named>,
    ballots_file: String,
    ballots_sha256: String,
    ballots: usize,
    #[serde(default)]
    expected: Expected,
}

#[derive(Clone, Debug, Deserialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
    max_selections: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
struct Named {
    name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Expected {
    totals: Option<Vec<u64>>,
}

/// One line of the data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ballot {
    /// Label of the voter, unique.
    pub voter: String,
    /// How many votes the ballot counts for.
    pub weight: u64,
    /// The chosen options, ascending; none is a blank ballot.
    pub chosen: Vec<u32>,
}

impl Ballot {
    /// The answer to the only contest.
    #[must_use]
    pub fn choice(&self) -> Choice {
        match self.chosen.as_slice() {
            [] => Choice::Blank,
            chosen => Choice::Selection(chosen.iter().copied().map(OptionIndex).collect()),
        }
    }

    /// Another answer that is allowed, for a ballot that is replaced afterwards.
    #[must_use]
    pub fn other_choice(&self, options: u32) -> Choice {
        match self.chosen.as_slice() {
            [only] if options > 1 => Choice::Selection(vec![OptionIndex((only + 1) % options)]),
            [] => Choice::Selection(vec![OptionIndex(0)]),
            _ => Choice::Blank,
        }
    }
}

/// A vote to be repeated.
#[derive(Clone, Debug)]
pub struct DataSet {
    /// What was voted on.
    pub title: String,
    /// Names of the options.
    pub options: Vec<String>,
    /// Most options of an answer.
    pub max: u32,
    /// The ballots that are cast.
    pub ballots: Vec<Ballot>,
    /// Lines of the file.
    pub lines: usize,
    /// Total of each option, weights included, added up in plain from the ballots that are cast.
    pub expected: Vec<u64>,
    /// Weight of the blank ballots among them.
    pub expected_blank: u64,
    /// Whether the totals were also compared with those of the JSON file.
    pub compared_with_file: bool,
}

impl DataSet {
    /// Reads the data set at `path`, or the one that ships with the program.
    ///
    /// # Errors
    /// [`Failure`]: `contest-kind` for a kind that this version does not have, `data-hash`, `data-csv` with the line, and
    /// others.
    pub fn read(path: Option<&Path>, ballots: Option<Ballots>) -> Result<Self, Failure> {
        let Some(path) = path else {
            let ballots = ballots.unwrap_or(Ballots::First(SHIPPED_BALLOTS));
            return Self::parse(SHIPPED_JSON, |_| Ok(SHIPPED_CSV.to_vec()), ballots);
        };
        let text = String::from_utf8(read(path)?)
            .map_err(|_| Failure::unable("data-json", format!("{}: no UTF-8", path.display()), "check --data"))?;
        Self::parse(&text, |name| read(&path.with_file_name(name)), ballots.unwrap_or(Ballots::All))
    }

    fn parse(json: &str, csv: impl FnOnce(&str) -> Result<Vec<u8>, Failure>, wanted: Ballots) -> Result<Self, Failure> {
        let described: Described = serde_json::from_str(json).map_err(|error| {
            let remedy = "give the JSON file of a data set; its format is that of the one in bulletin-board/demo/data";
            Failure::unable("data-json", format!("the data set is not understood: {error}"), remedy)
        })?;
        let max = max_selections(&described)?;
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
        let options: Vec<_> = described.options.into_iter().map(|option| option.name).collect();
        let mut ballots = lines(&csv, options.len(), max)?;
        let lines = ballots.len();
        if lines != described.ballots {
            let fault = format!("the CSV file has {lines} ballots, the JSON file says {}", described.ballots);
            return Err(Failure::unable("data-csv", fault, "copy the data set again"));
        }
        if let Ballots::First(number) = wanted {
            if !(2..=lines).contains(&number) {
                let fault = format!("--ballots {number}: the data set has {lines}, and a vote needs at least 2");
                let remedy = format!("choose a number from 2 to {lines}, or \"all\"");
                return Err(Failure::unable("ballots", fault, remedy));
            }
            ballots.truncate(number);
        }
        let (expected, expected_blank) = add_up(&ballots, options.len())?;
        let mut compared_with_file = false;
        if ballots.len() == lines
            && let Some(totals) = described.expected.totals
        {
            if totals != expected {
                let fault = "the totals in the JSON file are not those of the CSV file";
                return Err(Failure::unable("data-totals", fault, "copy the data set again"));
            }
            compared_with_file = true;
        }
        Ok(Self { title: described.title, options, max, ballots, lines, expected, expected_blank, compared_with_file })
    }

    /// Sum of the weights.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.ballots.iter().map(|ballot| ballot.weight).sum()
    }

    /// Whether one voter holds more than half of the weight.
    #[must_use]
    pub fn has_majority_holder(&self) -> bool {
        let heaviest = self.ballots.iter().map(|ballot| ballot.weight).max().unwrap_or(0);
        heaviest.saturating_mul(2) > self.weight()
    }
}

fn max_selections(described: &Described) -> Result<u32, Failure> {
    let Rule { kind, max_selections } = &described.contest;
    let missing = || Failure::unable("data-json", "contest.max_selections is missing", "copy the data set again");
    match kind.as_str() {
        "choose_one" => Ok(1),
        "choose_up_to_k" => max_selections.filter(|max| *max > 0).ok_or_else(missing),
        other => {
            let fault = format!("the contest is of the type \"{other}\", which this version does not have yet");
            Err(Failure::unable("contest-kind", fault, "use a data set of the type choose_one or choose_up_to_k"))
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

fn lines(csv: &[u8], options: usize, max: u32) -> Result<Vec<Ballot>, Failure> {
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
    let mut ballots = Vec::new();
    let mut voters = std::collections::BTreeSet::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            wrong(line, error.to_string())
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut fields = record.iter();
        let voter = fields.next().unwrap_or_default().to_owned();
        if voter.is_empty() || !voters.insert(voter.clone()) {
            return Err(wrong(line, format!("the voter \"{voter}\" is missing or occurs twice")));
        }
        let weight = fields.next().unwrap_or_default().parse().ok().filter(|weight| *weight > 0);
        let weight = weight.ok_or_else(|| wrong(line, "the weight must be a positive whole number".into()))?;
        let mut chosen = Vec::new();
        for (option, field) in (0..).zip(fields) {
            match field {
                "0" => {}
                "1" => chosen.push(option),
                other => return Err(wrong(line, format!("o{} is \"{other}\", it must be 0 or 1", option + 1))),
            }
        }
        if chosen.len() > max as usize {
            return Err(wrong(line, format!("{} options are chosen, at most {max} are allowed", chosen.len())));
        }
        ballots.push(Ballot { voter, weight, chosen });
    }
    Ok(ballots)
}

/// The totals in plain: an own addition, which shares no code with the tally.
fn add_up(ballots: &[Ballot], options: usize) -> Result<(Vec<u64>, u64), Failure> {
    let mut totals = vec![0_u64; options];
    let mut blank = 0_u64;
    let overflow =
        || Failure::unable("data-csv", "the weights are too large to be added", "divide them by a common factor");
    for Ballot { voter: _, weight, chosen } in ballots {
        if chosen.is_empty() {
            blank = blank.checked_add(*weight).ok_or_else(overflow)?;
        }
        for option in chosen {
            let total = totals.get_mut(*option as usize).ok_or_else(|| Failure::internal("an unknown option"))?;
            *total = total.checked_add(*weight).ok_or_else(overflow)?;
        }
    }
    Ok((totals, blank))
}

#[cfg(test)]
mod tests;

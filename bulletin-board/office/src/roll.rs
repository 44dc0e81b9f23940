//! The list of members: a CSV file read strictly, and the rules that a roll must keep before anything is made of it.

use std::collections::BTreeMap;

use csv::{ByteRecord, ReaderBuilder};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use voting_core::contest::Contest;
use voting_core::ids::GroupIndex;
use voting_core::manifest::{MAX_TOTAL, Manifest};

use crate::failure::Problem;

/// Longest text of one field in bytes.
const MAX_FIELD: usize = 500;
/// Most problems that are listed.
const MAX_PROBLEMS: usize = 20;

/// A member as the registrar lists it. Never on the log (A38).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Name or number, unique on the roll.
    pub member: String,
    /// How many votes the ballot counts for.
    pub weight: u64,
    /// The group.
    pub group: GroupIndex,
    /// Where the voting code is sent, if the list says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
}

/// One thing that is wrong in a list. Lines and columns count from 1; the header is line 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RollProblem {
    /// The header does not name the columns.
    #[error("line 1, column {column}: {what}")]
    Header {
        /// The column.
        column: usize,
        /// What is wrong.
        what: String,
    },
    /// A line that does not have one field for each column.
    #[error("line {line}, column {column}: the line has {found} fields, the header has {expected}")]
    Fields {
        /// The line.
        line: u64,
        /// The first column that is missing or too many.
        column: usize,
        /// Fields of the line.
        found: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// A field that cannot be used.
    #[error("line {line}, column {column} ({name}): {what}")]
    Field {
        /// The line.
        line: u64,
        /// The column.
        column: usize,
        /// The column's name.
        name: &'static str,
        /// What is wrong.
        what: String,
    },
    /// A group that the manifest does not have.
    #[error("line {line}, column {column} (group): there is no group \"{group}\"")]
    UnknownGroup {
        /// The line.
        line: u64,
        /// The column.
        column: usize,
        /// What the line says.
        group: String,
        /// The groups there are.
        known: Vec<String>,
    },
    /// A member who is listed twice.
    #[error("line {line}, column {column} (member): \"{member}\" stands on line {first} already")]
    Duplicate {
        /// The line.
        line: u64,
        /// The column.
        column: usize,
        /// The member.
        member: String,
        /// Where it stands first.
        first: u64,
    },
    /// No member at all.
    #[error("the list has no members")]
    Empty,
    /// A group with a single member: its totals would be that member's vote.
    #[error("group \"{group}\" has a single member, on line {line}: its totals would disclose one vote")]
    GroupOfOne {
        /// The group.
        group: String,
        /// The line.
        line: u64,
    },
    /// A group of the manifest without any member.
    #[error("group \"{group}\" of the manifest has no member")]
    EmptyGroup {
        /// The group.
        group: String,
    },
    /// Weights that no result could be found for.
    #[error("line {line}: the sum of weights up to here, times the largest cell, exceeds 2^40 = {MAX_TOTAL}")]
    WeightBound {
        /// The line that passes the bound.
        line: u64,
    },
    /// More problems than are listed.
    #[error("{0} more problems are not listed")]
    More(usize),
}

impl RollProblem {
    /// Code and remedy.
    #[must_use]
    pub fn problem(&self, file: &str) -> Problem {
        let (code, remedy) = match self {
            Self::Header { .. } => ("roll-header", "begin with a line such as: member,weight,group,contact".into()),
            Self::Fields { .. } => {
                ("roll-csv", "put fields with a comma in double quotes, and close every quote".into())
            }
            Self::Field { .. } => ("roll-field", "correct this field".into()),
            Self::UnknownGroup { known, .. } => ("unknown-group", format!("use one of: {}", known.join(", "))),
            Self::Duplicate { .. } => {
                ("duplicate-member", "remove one of the lines, or tell the members apart by a number".into())
            }
            Self::Empty => ("roll-empty", "add a line for each member below the header".into()),
            Self::GroupOfOne { .. } => {
                ("group-of-one", "put the member into another group, or join two groups in the draft".into())
            }
            Self::EmptyGroup { .. } => ("empty-group", "add its members, or remove the group from the draft".into()),
            Self::WeightBound { .. } => {
                ("weight-bound", "divide all weights by a common factor, such as 100 or 1000".into())
            }
            Self::More(_) => ("roll-more", "correct those listed first".into()),
        };
        Problem::new(code, format!("{file}: {self}"), remedy)
    }
}

/// What the rolls of an event must keep.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Short ids of the groups, in the order of the manifest.
    pub groups: Vec<String>,
    /// All contests and the stages that may follow them, whose totals must stay below 2^40 (A9).
    pub contests: Vec<Contest>,
}

impl Limits {
    /// The limits of a manifest.
    #[must_use]
    pub fn of(manifest: &Manifest, groups: Vec<String>) -> Self {
        let mut contests: Vec<Contest> = Vec::new();
        for contest in manifest.rounds.iter().flat_map(|round| &round.contests) {
            let mut next = Some(contest.clone());
            // The stages that may follow have kinds of their own; the same members vote in them.
            while let Some(contest) = next {
                let stage = contest.outcome.stage().cloned();
                next = stage.map(|stage| Contest { kind: stage.kind, outcome: stage.rule, ..contest.clone() });
                contests.push(contest);
            }
        }
        Self { groups, contests }
    }

    /// Whether members of this weight together could make a total that is too large to be decrypted.
    fn exceeded(&self, weight: u64) -> bool {
        let above = |contest: &Contest| contest.largest_total(weight).is_none_or(|total| total > MAX_TOTAL);
        weight > MAX_TOTAL || self.contests.iter().any(above)
    }
}

#[derive(Clone, Copy)]
struct Columns {
    all: usize,
    member: usize,
    weight: Option<usize>,
    group: Option<usize>,
    contact: Option<usize>,
}

/// Reads a list and checks all of it.
///
/// # Errors
/// Every problem found, at most twenty, in the order of lines.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Vec<Member>, Vec<RollProblem>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut record = ByteRecord::new();
    let mut found = Found { problems: Vec::new(), members: Vec::new(), lines: BTreeMap::new(), at: Vec::new() };
    let header = reader.read_byte_record(&mut record).unwrap_or(false);
    if !header {
        return Err(vec![RollProblem::Header { column: 1, what: "the file is empty".into() }]);
    }
    let columns = header_of(&record, limits)?;
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) => found.line(&record, columns, limits),
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                found.problems.push(RollProblem::Field { line, column: 1, name: "member", what: error.to_string() });
                break;
            }
        }
    }
    found.finish(limits)
}

fn header_of(record: &ByteRecord, limits: &Limits) -> Result<Columns, Vec<RollProblem>> {
    let mut problems = Vec::new();
    let mut columns = Columns { all: record.len(), member: usize::MAX, weight: None, group: None, contact: None };
    for (i, field) in record.iter().enumerate() {
        let name = String::from_utf8_lossy(field).trim().to_lowercase();
        let mut problem = |what: String| problems.push(RollProblem::Header { column: i + 1, what });
        let repeated = match name.as_str() {
            "member" => core::mem::replace(&mut columns.member, i) != usize::MAX,
            "weight" => columns.weight.replace(i).is_some(),
            "group" => columns.group.replace(i).is_some(),
            "contact" => columns.contact.replace(i).is_some(),
            other if record.len() == 1 && (other.contains(';') || other.contains('\t')) => {
                problem("the columns are separated by semicolons or tabs: save the file with commas".into());
                false
            }
            other => {
                let other: String = other.chars().filter(|c| !c.is_control()).take(40).collect();
                problem(format!("unknown column \"{other}\""));
                false
            }
        };
        if repeated {
            problems.push(RollProblem::Header { column: i + 1, what: format!("column \"{name}\" occurs twice") });
        }
    }
    if columns.member == usize::MAX && problems.is_empty() {
        problems.push(RollProblem::Header { column: 1, what: "there is no column \"member\"".into() });
    }
    if columns.group.is_none() && limits.groups.len() > 1 && problems.is_empty() {
        let what = format!("there is no column \"group\", but the event has {} groups", limits.groups.len());
        problems.push(RollProblem::Header { column: record.len() + 1, what });
    }
    if problems.is_empty() { Ok(columns) } else { Err(problems) }
}

struct Found {
    problems: Vec<RollProblem>,
    members: Vec<Member>,
    /// Line of each member, by name.
    lines: BTreeMap<String, u64>,
    /// Line of each member, by position.
    at: Vec<u64>,
}

impl Found {
    fn line(&mut self, record: &ByteRecord, columns: Columns, limits: &Limits) {
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != columns.all {
            let column = record.len().min(columns.all) + 1;
            self.problems.push(RollProblem::Fields { line, column, found: record.len(), expected: columns.all });
            return;
        }
        let before = self.problems.len();
        let member = self.text(record, line, columns.member, "member").unwrap_or_default();
        let column = columns.member + 1;
        if before == self.problems.len() {
            if member.is_empty() {
                self.problems.push(RollProblem::Field { line, column, name: "member", what: "is empty".into() });
            } else if let Some(first) = self.lines.get(&member).copied() {
                self.problems.push(RollProblem::Duplicate { line, column, member: member.clone(), first });
            } else {
                self.lines.insert(member.clone(), line);
            }
        }
        let weight = columns.weight.map_or(1, |column| self.weight(record, line, column));
        let group = columns.group.map_or(GroupIndex(0), |column| self.group(record, line, column, limits));
        let contact = columns.contact.and_then(|column| self.text(record, line, column, "contact"));
        self.members.push(Member { member, weight, group, contact: contact.filter(|text| !text.is_empty()) });
        self.at.push(line);
    }

    fn text(&mut self, record: &ByteRecord, line: u64, position: usize, name: &'static str) -> Option<String> {
        let column = position + 1;
        let field = record.get(position).unwrap_or_default();
        let what = match core::str::from_utf8(field) {
            Ok(text) if text.len() > MAX_FIELD => format!("has {} bytes, at most {MAX_FIELD} fit", text.len()),
            Ok(text) if text.contains(['\n', '\r']) => {
                "has a line break: a double quote before it is not closed".into()
            }
            Ok(text) if text.contains(char::is_control) => "has a control character".into(),
            // Names come from members and are written beside voting codes: a spreadsheet must not run them.
            Ok(text) if name == "member" && text.trim_start().starts_with(['=', '+', '-', '@']) => {
                "begins like a formula: a spreadsheet could run it, write a letter or digit first".into()
            }
            Ok(text) => return Some(text.trim().to_owned()),
            Err(error) => format!("is no UTF-8 at its byte {}: save the file as UTF-8", error.valid_up_to() + 1),
        };
        self.problems.push(RollProblem::Field { line, column, name, what });
        None
    }

    fn weight(&mut self, record: &ByteRecord, line: u64, position: usize) -> u64 {
        let Some(text) = self.text(record, line, position, "weight") else { return 1 };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<u64>() {
            Ok(weight) if digits && weight > 0 => weight,
            // More digits than 64 bits hold: certainly over the bound.
            Err(_) if digits => u64::MAX,
            _ => {
                let shown: String = text.chars().take(40).collect();
                let what = format!("\"{shown}\" is no weight: write a whole number from 1 on");
                self.problems.push(RollProblem::Field { line, column: position + 1, name: "weight", what });
                1
            }
        }
    }

    fn group(&mut self, record: &ByteRecord, line: u64, position: usize, limits: &Limits) -> GroupIndex {
        let Some(text) = self.text(record, line, position, "group") else { return GroupIndex(0) };
        if text.is_empty() && limits.groups.len() == 1 {
            return GroupIndex(0);
        }
        match limits.groups.iter().position(|id| *id == text) {
            Some(position) => GroupIndex(position as u32),
            None => {
                let group = text.chars().take(40).collect();
                let known = limits.groups.clone();
                self.problems.push(RollProblem::UnknownGroup { line, column: position + 1, group, known });
                GroupIndex(0)
            }
        }
    }

    fn finish(mut self, limits: &Limits) -> Result<Vec<Member>, Vec<RollProblem>> {
        let readable = self.problems.is_empty();
        let mut sum = 0_u64;
        for (member, line) in self.members.iter().zip(&self.at) {
            sum = sum.saturating_add(member.weight);
            if limits.exceeded(sum) {
                self.problems.push(RollProblem::WeightBound { line: *line }); // A9
                break;
            }
        }
        if readable && self.members.is_empty() {
            self.problems.push(RollProblem::Empty);
        } else if readable {
            for (index, id) in limits.groups.iter().enumerate() {
                let own = |(member, _): &(&Member, &u64)| member.group.position() == index;
                let mut members = self.members.iter().zip(&self.at).filter(own);
                match (members.next(), members.next()) {
                    (None, _) => self.problems.push(RollProblem::EmptyGroup { group: id.clone() }),
                    (Some((_, line)), None) => {
                        self.problems.push(RollProblem::GroupOfOne { group: id.clone(), line: *line }); // A36
                    }
                    (Some(_), Some(_)) => {}
                }
            }
        }
        if self.problems.is_empty() {
            return Ok(self.members);
        }
        let more = self.problems.len().saturating_sub(MAX_PROBLEMS);
        self.problems.truncate(MAX_PROBLEMS);
        if more > 0 {
            self.problems.push(RollProblem::More(more));
        }
        Err(self.problems)
    }
}

#[cfg(test)]
mod tests;

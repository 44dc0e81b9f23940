//! A draft examined: every problem, every warning, and the size of every entry that the event can need.

use std::path::Path;

use rand::rngs::OsRng;
use serde::Serialize;
use tlog::tile::MAX_ENTRY;
use voting_core::ballot;
use voting_core::contest::Contest;
use voting_core::entry::ROLL_CHUNK;
use voting_core::ids::{ContestIndex, GroupIndex, SigningKeyId};
use voting_core::manifest::{Draft, DraftError, Drafted, Fields, Finding, Manifest, ManifestError, lint};
use voting_core::tally::partial::{CELL, PROOF};

use crate::failure::{Failure, Problem};

/// Bytes around the body of any signed entry, at most.
const SHELL: usize = 96;
/// Bytes of a member of the roll, at most.
const ROLL_MEMBER: usize = 46;

/// The largest entry of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Size {
    /// What it is, and where.
    pub what: String,
    /// Upper bound of its bytes.
    pub bytes: usize,
}

/// A draft that can become a manifest.
#[derive(Clone, Debug)]
pub struct Examined {
    /// What it becomes.
    pub drafted: Drafted,
    /// The manifest.
    pub manifest: Manifest,
    /// Warnings that nobody has accepted.
    pub unaccepted: Vec<Finding>,
    /// Warnings that were accepted.
    pub accepted: Vec<Finding>,
    /// Accepted codes that no warning has.
    pub idle: Vec<String>,
    /// Largest entries.
    pub sizes: Vec<Size>,
}

/// Reads a draft.
///
/// # Errors
/// `draft-toml` or `draft-unknown-field` with line and column.
pub fn parse(path: &Path, text: &[u8]) -> Result<Draft, Failure> {
    let file = path.display();
    let text = core::str::from_utf8(text).map_err(|error| {
        let line = text.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        let fault = format!("{file}: line {line}: this is no UTF-8");
        Failure::refused("draft-toml", fault, "save the file as UTF-8")
    })?;
    Draft::from_toml(text).map_err(|error| draft_failure(path, &error))
}

/// Examines a draft under this log key, with more accepted codes than it names itself.
///
/// # Errors
/// Every problem, with its place and a code.
pub fn examine(path: &Path, draft: Draft, log_key: SigningKeyId, accept: &[String]) -> Result<Examined, Failure> {
    let mut drafted = draft.into_fields(log_key, &mut OsRng).map_err(|error| draft_failure(path, &error))?;
    drafted.fields.accepted.extend(accept.iter().cloned());
    drafted.fields.accepted.sort();
    drafted.fields.accepted.dedup();
    let manifest = Manifest::new(drafted.fields.clone()).map_err(|error| manifest_failure(path, error))?;
    let sizes = sizes(&manifest);
    let too_large: Vec<_> = sizes.iter().filter(|size| size.bytes > MAX_ENTRY).collect();
    if !too_large.is_empty() {
        let problem = |size: &&Size| {
            let fault =
                format!("{}: {} would take {} bytes, at most {MAX_ENTRY} fit", path.display(), size.what, size.bytes);
            Problem::new("too-large", fault, "use fewer contests, options or trustees, or split the round")
        };
        return Err(Failure::all(too_large.iter().map(problem).collect()));
    }
    let (accepted, unaccepted) = findings(&manifest);
    let known = |code: &String| accepted.iter().any(|finding| finding.code == code);
    let idle = manifest.accepted.iter().filter(|code| !known(code)).cloned().collect();
    Ok(Examined { drafted, manifest, unaccepted, accepted, idle, sizes })
}

/// The warnings about a manifest: those accepted, then those not.
#[must_use]
pub fn findings(fields: &Fields) -> (Vec<Finding>, Vec<Finding>) {
    lint(fields).into_iter().partition(|finding| fields.accepted.iter().any(|code| code == finding.code))
}

/// The refusal of warnings that nobody has accepted.
#[must_use]
pub fn unaccepted(findings: &[Finding]) -> Option<Failure> {
    let problem = |finding: &Finding| {
        let fault = format!("warning {}: {}", finding.code, finding.what);
        let remedy = format!("change the draft, or accept it visibly with `--accept {}`", finding.code);
        Problem::new("finding-not-accepted", fault, remedy)
    };
    (!findings.is_empty()).then(|| Failure::all(findings.iter().map(problem).collect()))
}

fn draft_failure(path: &Path, error: &DraftError) -> Failure {
    match error {
        DraftError::Toml(text) => {
            let fault = format!("{}: {text}", path.display());
            if text.contains("unknown field") {
                Failure::refused("draft-unknown-field", fault, "remove the field or correct its name")
            } else {
                Failure::refused("draft-toml", fault, "correct the file at this place")
            }
        }
        DraftError::Problems(problems) => problems_failure(path, problems),
    }
}

fn manifest_failure(path: &Path, error: ManifestError) -> Failure {
    match error {
        ManifestError::Invalid(problems) => problems_failure(path, &problems),
        ManifestError::Malformed(error) => Failure::refused("draft-invalid", error.to_string(), ""),
    }
}

fn problems_failure(path: &Path, problems: &[voting_core::manifest::Problem]) -> Failure {
    let problem = |problem: &voting_core::manifest::Problem| {
        let (what, remedy) = problem.what.split_once(": ").unwrap_or((&problem.what, ""));
        let fault = format!("{}: {}: {what}", path.display(), problem.place);
        let remedy = if remedy.is_empty() { format!("correct {}", problem.place) } else { remedy.to_owned() };
        Problem::new(problem_code(&problem.place, &problem.what), fault, remedy)
    };
    Failure::all(problems.iter().map(problem).collect())
}

/// The stable code of a problem, from its place.
fn problem_code(place: &str, what: &str) -> &'static str {
    let last = place.rsplit('.').next().unwrap_or(place);
    let field = last.split('[').next().unwrap_or(last);
    match field {
        "trustees" if what.contains("none") => "no-trustees",
        "threshold" => "threshold",
        "options" if what.contains("repeats") => "repeated-option",
        "key" | "administrator" | "registrar" => "draft-key",
        _ if what.contains("repeats") => "repeated-name",
        _ => "draft-invalid",
    }
}

fn partial_decryption(contests: &[Contest]) -> usize {
    let tally = |contest: &Contest| contest.tallies().len() * (contest.cells() * CELL + PROOF + 5);
    contests.iter().map(tally).sum::<usize>() + SHELL + 96
}

/// Upper bounds of the largest entries of each kind.
#[must_use]
pub fn sizes(manifest: &Manifest) -> Vec<Size> {
    let mut sizes = vec![Size { what: "the manifest".into(), bytes: manifest.as_bytes().len() }];
    let (n, t) = (manifest.trustees.len(), manifest.threshold as usize);
    sizes.push(Size { what: "a dealing of the ceremony".into(), bytes: SHELL + 34 + 5 + 32 * t + 66 + 5 + 151 * n });
    let chunk = SHELL + 16 + ROLL_CHUNK * ROLL_MEMBER;
    sizes.push(Size { what: "a chunk of the roll".into(), bytes: chunk });
    for (i, round) in manifest.rounds.iter().enumerate() {
        let group = |group: usize| {
            let contests = (0..).map(ContestIndex).zip(&round.contests);
            let contests = contests.filter(|(_, contest)| contest.is_for(GroupIndex(group as u32)));
            ballot::part_sizes(contests).ok()
        };
        let parts: Vec<_> = (0..manifest.groups.len()).filter_map(group).collect();
        let several = parts.iter().map(Vec::len).max().unwrap_or(0);
        let largest = parts.into_iter().flatten().max().unwrap_or(0);
        let what = if several > 1 {
            format!("a part of a ballot of round {}, which takes up to {several} parts", i + 1)
        } else {
            format!("a ballot of round {}", i + 1)
        };
        sizes.push(Size { what, bytes: largest });
        let bytes = partial_decryption(&round.contests);
        sizes.push(Size { what: format!("a partial decryption of round {}", i + 1), bytes });
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_have_codes_by_their_place() {
        assert_eq!(problem_code("trustees", "there are none: add"), "no-trustees");
        assert_eq!(problem_code("trustees", "two of them have the same key: each"), "draft-invalid");
        assert_eq!(problem_code("trustees.threshold", "must be"), "threshold");
        assert_eq!(problem_code("round[0].contest[1].options[2]", "repeats an earlier name: give"), "repeated-option");
        assert_eq!(problem_code("group[1]", "repeats an earlier name: give"), "repeated-name");
        assert_eq!(problem_code("trustees.member[0].key", "must be"), "draft-key");
        assert_eq!(problem_code("round[0].closes", "must be later"), "draft-invalid");
    }
}

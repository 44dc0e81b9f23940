//! Split mandates: every holder of votes spreads them over the options. The weights are real ones.

use std::path::{Path, PathBuf};

use crate::data::{self, Wanted};
use crate::failure::Failure;
use crate::vote::{Ballot, Budget, Contest, Origin, Round, Row, Rule, Vote};

/// Name of the example.
pub(super) const NAME: &str = "split";
/// The data set that gives the weights, in the folder of test data beside the repository.
const WEIGHTS: &str = "weighted-beanstalk-bip-5.json";
/// The options.
const OPTIONS: [&str; 3] = ["For", "Against", "Abstain"];

/// Every holder splits its weight.
pub(super) fn split(data: Option<&Path>) -> Result<Vote, Failure> {
    let path = data.map_or_else(weights, |path| Ok(path.to_owned()))?;
    let Vote { title, members, .. } = data::read_vote(Some(&path), Wanted::default())?;
    let ballots = members.iter().enumerate().map(|(member, holder)| {
        let row = parts(member, holder.weight);
        Ballot { member, answers: vec![Some(row)] }
    });
    let ballots = ballots.collect();
    let contest = Contest {
        title: format!("{title}: split mandates"),
        options: OPTIONS.map(str::to_owned).to_vec(),
        rule: Rule::Points { max: 0, budget: Budget::Weight, exact: true, blank: true },
        groups: vec![0],
        per_group: false,
        outcome: None,
    };
    let title = contest.title.clone();
    let round = Round::new("The vote", vec![contest], ballots, &members)?;
    Ok(Vote { title, origin: Origin::MadeUp, groups: Vec::new(), members, rounds: vec![round] })
}

/// How the holder on a line splits a weight, by the number of the line from 0: thirds, halves and nothing, one tenth and
/// the rest, or all for one option; what cannot be divided goes to the last option that gets something.
pub(super) fn parts(line: usize, weight: u64) -> Row {
    match line % 4 {
        0 => vec![weight / 3, weight / 3, weight - 2 * (weight / 3)],
        1 => vec![weight / 2, weight - weight / 2, 0],
        2 => vec![weight / 10, 0, weight - weight / 10],
        _ => vec![weight, 0, 0],
    }
}

/// Started by cargo, the folder of this package is known; the test data lie beside the repository.
fn weights() -> Result<PathBuf, Failure> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let beside = |package: PathBuf| package.join("../../../shared/elections").join(WEIGHTS);
    package.map(beside).filter(|path| path.is_file()).ok_or_else(|| {
        let fault = format!("the test data with {WEIGHTS} are not beside the repository");
        Failure::unable("no-weights", fault, "name a weighted data set with --data FILE.json")
    })
}

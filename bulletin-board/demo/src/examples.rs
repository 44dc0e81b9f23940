//! Made-up elections: what no data set has. Members and candidates are numbers and letters, and the same ballots come out
//! each time.

mod chain;
mod evaluation;
mod four_kinds;
mod random;
mod split;

use std::path::Path;

use crate::failure::Failure;
use crate::vote::{Member, Vote};

/// A made-up election.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// For `--example`.
    pub name: &'static str,
    /// What it shows, in one line.
    pub about: &'static str,
    make: fn(Option<&Path>) -> Result<Vote, Failure>,
}

/// All of them.
pub const EXAMPLES: [Example; 5] = [
    Example {
        name: "evaluation",
        about: "40 members give 12 people one of 4 grades by 3 criteria; at most a third may be excellent",
        make: |_| evaluation::evaluation(),
    },
    Example {
        name: "evaluation-large",
        about: "60 people, 5 criteria, 4 grades: ballots too large for one entry, cast in numbered parts by 12 members",
        make: |_| evaluation::large(),
    },
    Example {
        name: "four-kinds",
        about: "one ballot with a selection, grades, points and a ranking; two groups, weights from 1 to 5",
        make: |_| four_kinds::four_kinds(),
    },
    Example {
        name: "split",
        about: "75 holders of up to 1,970,452,510 votes split their own weight over three options (real weights)",
        make: split::split,
    },
    Example {
        name: "chain",
        about: "pre-selection of 5 from 7, formal election of 4 from 5, a tie at the last seat, its run-off; one ceremony",
        make: |_| chain::chain(),
    },
];

/// Makes the example of this name. `data` is the JSON file that gives `split` its weights.
///
/// # Errors
/// [`Failure`]: `unknown-example`, `usage` for `data` where it has no use, and those of [`crate::data::read_vote`].
pub fn make(name: &str, data: Option<&Path>) -> Result<Vote, Failure> {
    let Some(example) = EXAMPLES.iter().find(|example| example.name == name) else {
        let names: Vec<_> = EXAMPLES.iter().map(|example| example.name).collect();
        let fault = format!("there is no example \"{name}\"");
        return Err(Failure::unable("unknown-example", fault, format!("use one of: {}, or list", names.join(", "))));
    };
    if data.is_some() && name != split::NAME {
        let fault = format!("the example \"{name}\" takes no data set");
        return Err(Failure::unable("usage", fault, "leave --data out"));
    }
    (example.make)(data)
}

/// `count` members of weight 1, in one group, with numbers for names.
fn members(count: usize) -> Vec<Member> {
    (1..=count).map(|number| Member { name: format!("member-{number:02}"), weight: 1, group: 0 }).collect()
}

/// Numbered names: "Person 1", "Person 2".
fn numbered(what: &str, count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("{what} {number}")).collect()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[cfg(test)]
mod tests;

//! Contests: a kind says which cells and relations it needs, how choices become cells, and how totals are read.
//! Everything else, proofs and tally included, is the same for every kind.

mod selection;

use proofs::StatementError;
use proofs::linear::Statement;
use serde::Serialize;
use thiserror::Error;

pub use selection::Selection;

use crate::codec::{Malformed, Reader, Wire, Writer};
use crate::ids::{GroupIndex, LabelDigest, OptionIndex};

/// Most options of one contest.
pub const MAX_OPTIONS: usize = 500;
/// Most groups of an event.
pub const MAX_GROUPS: usize = 64;

/// One question on the ballot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contest {
    /// Digest of its title.
    pub title: LabelDigest,
    /// Digests of its options' names, in order.
    pub options: Vec<LabelDigest>,
    /// How it is answered.
    pub kind: Kind,
    /// Groups that may answer it, ascending.
    pub groups: Vec<GroupIndex>,
    /// Whether each group has totals of its own instead of one sum.
    pub per_group: bool,
}

/// The kinds of contest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Choose between `min` and `max` of the options.
    Selection(Selection),
}

/// A voter's answer to one contest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Took part without choosing anything.
    Blank,
    /// The chosen options.
    Selection(Vec<OptionIndex>),
}

/// An answer that breaks the rule of its contest, in the voter's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChoiceError {
    /// More options than allowed (over-vote).
    #[error("{chosen} options are chosen, at most {max} are allowed: take some away")]
    TooMany {
        /// How many were chosen.
        chosen: usize,
        /// How many may be.
        max: u32,
    },
    /// Fewer options than needed.
    #[error("{chosen} options are chosen, at least {min} are needed: add some")]
    TooFew {
        /// How many were chosen.
        chosen: usize,
        /// How many are needed.
        min: u32,
    },
    /// A blank answer where none is allowed.
    #[error("this contest can't be left blank: choose at least one option")]
    BlankNotAllowed,
    /// An option that is not on the ballot.
    #[error("there is no option {0} in this contest")]
    UnknownOption(OptionIndex),
    /// An option that is chosen twice.
    #[error("option {0} is chosen twice: choose it once")]
    Repeated(OptionIndex),
}

/// What the totals of a contest say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// Votes for each option, and blank votes where blank is allowed; weights included.
    Selection {
        /// One number for each option, in order.
        options: Vec<u64>,
        /// Blank votes.
        blank: Option<u64>,
    },
}

impl Contest {
    /// Cells and relations of the contest.
    ///
    /// # Errors
    /// [`StatementError`] if the contest needs more than one argument can hold.
    pub fn statement(&self) -> Result<Statement, StatementError> {
        match &self.kind {
            Kind::Selection(selection) => selection.statement(self.options.len()),
        }
    }

    /// The values of the statement for an answer.
    ///
    /// # Errors
    /// [`ChoiceError`] if the answer breaks the contest's rule.
    pub fn values(&self, choice: &Choice) -> Result<Vec<u64>, ChoiceError> {
        match &self.kind {
            Kind::Selection(selection) => selection.values(choice, self.options.len()),
        }
    }

    /// Number of encrypted cells, hence of totals.
    #[must_use]
    pub fn cells(&self) -> usize {
        match &self.kind {
            Kind::Selection(selection) => selection.cells(self.options.len()),
        }
    }

    /// Largest value of one cell; times the sum of weights it bounds every total (A9).
    #[must_use]
    pub fn largest_cell(&self) -> u64 {
        match &self.kind {
            Kind::Selection(_) => 1,
        }
    }

    /// What decrypted totals mean; `None` unless there is one for each cell.
    #[must_use]
    pub fn read_totals(&self, totals: &[u64]) -> Option<Reading> {
        match &self.kind {
            Kind::Selection(selection) => selection.reading(totals, self.options.len()),
        }
    }

    /// Whether members of a group answer this contest.
    #[must_use]
    pub fn is_for(&self, group: GroupIndex) -> bool {
        self.groups.binary_search(&group).is_ok()
    }

    /// The tallies that are decrypted: one for all groups, or one for each.
    #[must_use]
    pub fn tallies(&self) -> Vec<Option<GroupIndex>> {
        if self.per_group { self.groups.iter().copied().map(Some).collect() } else { vec![None] }
    }
}

impl Wire for LabelDigest {
    const WHAT: &'static str = "label digest";
    fn write(&self, w: &mut Writer) {
        w.bytes(self.as_bytes());
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.fixed(Self::WHAT).map(Self)
    }
}

impl Wire for GroupIndex {
    const WHAT: &'static str = "group";
    fn write(&self, w: &mut Writer) {
        w.uint(self.0.into());
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.uint32(Self::WHAT).map(Self)
    }
}

/// Code of `selection` on the log.
const SELECTION: u64 = 0;

impl Wire for Contest {
    const WHAT: &'static str = "contest";
    fn write(&self, w: &mut Writer) {
        w.array(6);
        w.bytes(self.title.as_bytes());
        w.list(&self.options);
        match &self.kind {
            Kind::Selection(selection) => {
                w.uint(SELECTION);
                selection.write(w);
            }
        }
        w.list(&self.groups);
        w.bool(self.per_group);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(6, "contest")?;
        let title = LabelDigest(r.fixed("title of a contest")?);
        let options = r.list(MAX_OPTIONS)?;
        let kind = match r.uint("kind of a contest")? {
            SELECTION => Kind::Selection(Selection::read(r)?),
            _ => return Err(r.malformed("kind of a contest")),
        };
        Ok(Self { title, options, kind, groups: r.list(MAX_GROUPS)?, per_group: r.bool("per group")? })
    }
}

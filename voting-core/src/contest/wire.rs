//! Canonical bytes of contests and choices; docs/protocol.md has the same as CDDL.

use super::{Choice, Contest, Grades, Kind, MAX_CRITERIA, MAX_GROUPS, MAX_OPTIONS, Points, Ranking, Selection};
use crate::codec::{Malformed, Reader, Wire, Writer};
use crate::ids::{GroupIndex, LabelDigest, OptionIndex};
use crate::outcome::OutcomeRule;

/// Codes of the kinds, on the log and in revealed ballots.
const SELECTION: u64 = 0;
const GRADES: u64 = 1;
const POINTS: u64 = 2;
const RANKING: u64 = 3;

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

impl Wire for Kind {
    const WHAT: &'static str = "kind of a contest";
    fn write(&self, w: &mut Writer) {
        w.array(2);
        match self {
            Self::Selection(rule) => {
                w.uint(SELECTION);
                rule.write(w);
            }
            Self::Grades(rule) => {
                w.uint(GRADES);
                rule.write(w);
            }
            Self::Points(rule) => {
                w.uint(POINTS);
                rule.write(w);
            }
            Self::Ranking(rule) => {
                w.uint(RANKING);
                rule.write(w);
            }
        }
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(2, Self::WHAT)?;
        match r.uint(Self::WHAT)? {
            SELECTION => Selection::read(r).map(Self::Selection),
            GRADES => Grades::read(r).map(Self::Grades),
            POINTS => Points::read(r).map(Self::Points),
            RANKING => Ranking::read(r).map(Self::Ranking),
            _ => Err(r.malformed(Self::WHAT)),
        }
    }
}

impl Wire for Contest {
    const WHAT: &'static str = "contest";
    fn write(&self, w: &mut Writer) {
        w.array(6);
        w.bytes(self.title.as_bytes());
        w.list(&self.options);
        self.kind.write(w);
        w.list(&self.groups);
        w.bool(self.per_group);
        self.outcome.write(w);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(6, "contest")?;
        let title = LabelDigest(r.fixed("title of a contest")?);
        let options = r.list(MAX_OPTIONS)?;
        let kind = Kind::read(r)?;
        let (groups, per_group) = (r.list(MAX_GROUPS)?, r.bool("per group")?);
        Ok(Self { title, options, kind, groups, per_group, outcome: OutcomeRule::read(r)? })
    }
}

/// 0 for none, else one more than the number.
fn write_numbers(numbers: &[Option<u32>], w: &mut Writer) {
    w.array(numbers.len());
    numbers.iter().for_each(|number| w.uint(number.map_or(0, |number| u64::from(number) + 1)));
}

fn read_numbers(r: &mut Reader<'_>, most: usize, what: &'static str) -> Result<Vec<Option<u32>>, Malformed> {
    let count = r.array_up_to(most, what)?;
    let number = |_| match r.uint(what)?.checked_sub(1) {
        None => Ok(None),
        Some(number) => u32::try_from(number).map(Some).map_err(|_| r.malformed(what)),
    };
    (0..count).map(number).collect()
}

/// `[]` for a blank answer, else `[kind, list]`.
impl Wire for Choice {
    const WHAT: &'static str = "answer";
    fn write(&self, w: &mut Writer) {
        let mut kind = |code| {
            w.array(2);
            w.uint(code);
        };
        match self {
            Self::Blank => w.array(0),
            Self::Selection(options) => {
                kind(SELECTION);
                w.array(options.len());
                options.iter().for_each(|option| w.uint(option.0.into()));
            }
            Self::Grades(grades) => {
                kind(GRADES);
                write_numbers(grades, w);
            }
            Self::Points(points) => {
                kind(POINTS);
                w.array(points.len());
                points.iter().for_each(|points| w.uint(*points));
            }
            Self::Ranking(ranks) => {
                kind(RANKING);
                write_numbers(ranks, w);
            }
        }
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        if r.array_up_to(2, Self::WHAT)? == 0 {
            return Ok(Self::Blank);
        }
        Ok(match r.uint("kind of an answer")? {
            SELECTION => {
                let count = r.array_up_to(MAX_OPTIONS, "options")?;
                let options = (0..count).map(|_| r.uint32("option").map(OptionIndex));
                Self::Selection(options.collect::<Result<_, _>>()?)
            }
            GRADES => Self::Grades(read_numbers(r, MAX_OPTIONS * MAX_CRITERIA, "grades")?),
            POINTS => {
                let count = r.array_up_to(MAX_OPTIONS, "points")?;
                Self::Points((0..count).map(|_| r.uint("points")).collect::<Result<_, _>>()?)
            }
            RANKING => Self::Ranking(read_numbers(r, MAX_OPTIONS, "ranks")?),
            _ => return Err(r.malformed("kind of an answer")),
        })
    }
}

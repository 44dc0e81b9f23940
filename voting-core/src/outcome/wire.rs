//! Canonical bytes of rules and outcomes (A3). A value that may be absent is an array of no or one item.
//!
//! ```cddl
//! rule        = [profile: [? 0..10], quorum: [? requirement], decision]
//! requirement = [bound: 0..1, numerator: uint, denominator: uint, of: number]    ; at least, more than
//! number      = 0..5    ; entitled, due, present, ballots, answered, decided
//! decision    = [0] / [1, in_favour: option, against: [? option], requirement] /
//!               [2, seats: uint, [? requirement], ties: 0..2, vacancies: 0..1, then: [? stage]]
//!               ; ties: new round, lots, listed; vacancies: left open, new round
//! stage       = [kind, rule]    ; at most three stages in all
//! option      = uint
//! outcome     = [contest: uint, group: [? uint], numbers, verdict, [? follow_up]]
//! numbers     = [entitled: count, excused: count, present: count, ballots: count, answered: uint]
//! count       = [members: uint, weight: uint]
//! verdict     = [0] / [1] / [2] / [3] / [4] / [5, elected: [* option], tied: [* option], vacant: uint, decided_by: [? 0..2]]
//!               ; no quorum, more ballots than present, totals only, adopted, not adopted, election
//! follow_up   = [cause: 0..2, options: [* option], seats: uint, carried: [* option]]    ; tie, vacancy, next stage
//! ```

use super::profiles::Profile;
use super::requirement::{Bound, Count, Number, Numbers, Requirement};
use super::{Cause, ContestOutcome, Decision, FollowUp, MAX_STAGES, OutcomeRule, Stage, Ties, Vacancies, Verdict};
use crate::codec::{Malformed, Reader, Wire, Writer};
use crate::contest::{Kind, MAX_OPTIONS};
use crate::ids::{ContestIndex, GroupIndex, OptionIndex};

fn write_optional<T: Wire>(value: Option<&T>, w: &mut Writer) {
    w.array(usize::from(value.is_some()));
    if let Some(value) = value {
        value.write(w);
    }
}

fn read_optional<T: Wire>(r: &mut Reader<'_>) -> Result<Option<T>, Malformed> {
    Ok(r.list(1)?.pop())
}

/// A choice between values, as the position of the value in a list that never changes but at its end.
macro_rules! code {
    ($name:ident, $what:literal, $all:expr) => {
        impl Wire for $name {
            const WHAT: &'static str = $what;
            fn write(&self, w: &mut Writer) {
                let code = $all.iter().position(|known| known == self);
                debug_assert!(code.is_some());
                w.uint(code.unwrap_or($all.len()) as u64);
            }
            fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
                let code = r.uint(Self::WHAT)?;
                let known = usize::try_from(code).ok().and_then(|code| $all.get(code).copied());
                known.ok_or_else(|| r.malformed(Self::WHAT))
            }
        }
    };
}

code!(Number, "number", Number::ALL);
code!(Bound, "bound", [Bound::AtLeast, Bound::MoreThan]);
code!(Ties, "ties", [Ties::NewRound, Ties::Lots, Ties::Listed]);
code!(Vacancies, "vacancies", [Vacancies::LeaveOpen, Vacancies::NewRound]);
code!(Cause, "cause of a round", [Cause::Tie, Cause::Vacancy, Cause::NextStage]);
code!(Profile, "profile", Profile::ALL);

impl Wire for OptionIndex {
    const WHAT: &'static str = "option";
    fn write(&self, w: &mut Writer) {
        w.uint(self.0.into());
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.uint32(Self::WHAT).map(Self)
    }
}

impl Wire for Count {
    const WHAT: &'static str = "count of members";
    fn write(&self, w: &mut Writer) {
        let Self { members, weight } = self;
        w.array(2);
        w.uint(*members);
        w.uint(*weight);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(2, Self::WHAT)?;
        Ok(Self { members: r.uint(Self::WHAT)?, weight: r.uint(Self::WHAT)? })
    }
}

impl Wire for Numbers {
    const WHAT: &'static str = "numbers of an outcome";
    fn write(&self, w: &mut Writer) {
        let Self { entitled, excused, present, ballots, answered } = self;
        w.array(5);
        [entitled, excused, present, ballots].into_iter().for_each(|count| count.write(w));
        w.uint(*answered);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(5, Self::WHAT)?;
        Ok(Self {
            entitled: Count::read(r)?,
            excused: Count::read(r)?,
            present: Count::read(r)?,
            ballots: Count::read(r)?,
            answered: r.uint("answered")?,
        })
    }
}

impl Wire for Requirement {
    const WHAT: &'static str = "requirement";
    fn write(&self, w: &mut Writer) {
        let Self { bound, part, of } = self;
        w.array(4);
        bound.write(w);
        w.uint(part.0.into());
        w.uint(part.1.into());
        of.write(w);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(4, Self::WHAT)?;
        let bound = Bound::read(r)?;
        let part = (r.uint32("numerator")?, r.uint32("denominator")?);
        Ok(Self { bound, part, of: Number::read(r)? })
    }
}

const TOTALS_ONLY: u64 = 0;
const ADOPT: u64 = 1;
const ELECT: u64 = 2;

/// Rules hold rules: `stages` more levels may be read.
fn read_rule(r: &mut Reader<'_>, stages: usize) -> Result<OutcomeRule, Malformed> {
    r.array(3, OutcomeRule::WHAT)?;
    let (profile, quorum) = (read_optional(r)?, read_optional(r)?);
    let length = r.array_up_to(6, "decision")?;
    let decision = match (r.uint("decision")?, length) {
        (TOTALS_ONLY, 1) => Decision::TotalsOnly,
        (ADOPT, 4) => Decision::Adopt {
            in_favour: OptionIndex::read(r)?,
            against: read_optional(r)?,
            requirement: Requirement::read(r)?,
        },
        (ELECT, 6) => Decision::Elect {
            seats: r.uint32("seats")?,
            requirement: read_optional(r)?,
            ties: Ties::read(r)?,
            vacancies: Vacancies::read(r)?,
            then: read_stage(r, stages)?,
        },
        _ => return Err(r.malformed("decision")),
    };
    Ok(OutcomeRule { profile, quorum, decision })
}

fn read_stage(r: &mut Reader<'_>, stages: usize) -> Result<Option<Box<Stage>>, Malformed> {
    if r.array_up_to(1, "stage")? == 0 {
        return Ok(None);
    }
    let stages = stages.checked_sub(1).ok_or_else(|| r.malformed("stage"))?;
    r.array(2, "stage")?;
    Ok(Some(Box::new(Stage { kind: Kind::read(r)?, rule: read_rule(r, stages)? })))
}

impl Wire for OutcomeRule {
    const WHAT: &'static str = "outcome rule";
    fn write(&self, w: &mut Writer) {
        let Self { profile, quorum, decision } = self;
        w.array(3);
        write_optional(profile.as_ref(), w);
        write_optional(quorum.as_ref(), w);
        match decision {
            Decision::TotalsOnly => {
                w.array(1);
                w.uint(TOTALS_ONLY);
            }
            Decision::Adopt { in_favour, against, requirement } => {
                w.array(4);
                w.uint(ADOPT);
                in_favour.write(w);
                write_optional(against.as_ref(), w);
                requirement.write(w);
            }
            Decision::Elect { seats, requirement, ties, vacancies, then } => {
                w.array(6);
                w.uint(ELECT);
                w.uint((*seats).into());
                write_optional(requirement.as_ref(), w);
                ties.write(w);
                vacancies.write(w);
                w.array(usize::from(then.is_some()));
                if let Some(Stage { kind, rule }) = then.as_deref() {
                    w.array(2);
                    kind.write(w);
                    rule.write(w);
                }
            }
        }
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        read_rule(r, MAX_STAGES - 1)
    }
}

/// Codes of verdicts.
const NO_QUORUM: u64 = 0;
const MORE_BALLOTS: u64 = 1;
const NOTHING: u64 = 2;
const ADOPTED: u64 = 3;
const NOT_ADOPTED: u64 = 4;
const ELECTION: u64 = 5;

impl Wire for Verdict {
    const WHAT: &'static str = "verdict";
    fn write(&self, w: &mut Writer) {
        let plain = |code: u64, w: &mut Writer| {
            w.array(1);
            w.uint(code);
        };
        match self {
            Self::NoQuorum => plain(NO_QUORUM, w),
            Self::MoreBallotsThanPresent => plain(MORE_BALLOTS, w),
            Self::TotalsOnly => plain(NOTHING, w),
            Self::Adopted => plain(ADOPTED, w),
            Self::NotAdopted => plain(NOT_ADOPTED, w),
            Self::Election { elected, tied, vacant, decided_by } => {
                w.array(5);
                w.uint(ELECTION);
                w.list(elected);
                w.list(tied);
                w.uint((*vacant).into());
                write_optional(decided_by.as_ref(), w);
            }
        }
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let length = r.array_up_to(5, Self::WHAT)?;
        match (r.uint(Self::WHAT)?, length) {
            (NO_QUORUM, 1) => Ok(Self::NoQuorum),
            (MORE_BALLOTS, 1) => Ok(Self::MoreBallotsThanPresent),
            (NOTHING, 1) => Ok(Self::TotalsOnly),
            (ADOPTED, 1) => Ok(Self::Adopted),
            (NOT_ADOPTED, 1) => Ok(Self::NotAdopted),
            (ELECTION, 5) => Ok(Self::Election {
                elected: r.list(MAX_OPTIONS)?,
                tied: r.list(MAX_OPTIONS)?,
                vacant: r.uint32("vacant seats")?,
                decided_by: read_optional(r)?,
            }),
            _ => Err(r.malformed(Self::WHAT)),
        }
    }
}

impl Wire for FollowUp {
    const WHAT: &'static str = "round that follows";
    fn write(&self, w: &mut Writer) {
        let Self { cause, options, seats, carried } = self;
        w.array(4);
        cause.write(w);
        w.list(options);
        w.uint((*seats).into());
        w.list(carried);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(4, Self::WHAT)?;
        Ok(Self {
            cause: Cause::read(r)?,
            options: r.list(MAX_OPTIONS)?,
            seats: r.uint32("seats")?,
            carried: r.list(MAX_OPTIONS)?,
        })
    }
}

impl Wire for ContestOutcome {
    const WHAT: &'static str = "outcome of a contest";
    fn write(&self, w: &mut Writer) {
        let Self { contest, group, numbers, verdict, follow_up } = self;
        w.array(5);
        w.uint(contest.0.into());
        write_optional(group.as_ref(), w);
        numbers.write(w);
        verdict.write(w);
        write_optional(follow_up.as_ref(), w);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(5, Self::WHAT)?;
        Ok(Self {
            contest: ContestIndex(r.uint32("contest")?),
            group: read_optional::<GroupIndex>(r)?,
            numbers: Numbers::read(r)?,
            verdict: Verdict::read(r)?,
            follow_up: read_optional(r)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{from_bytes, to_bytes};
    use crate::outcome::Subject;
    use crate::outcome::fixtures::{election, options, people, stage};

    const LIMIT: usize = 65_535;

    fn rules() -> Vec<OutcomeRule> {
        let mut rules = vec![OutcomeRule::totals_only(), election(3, None)];
        let motion = |against| Subject::Motion { in_favour: OptionIndex(0), against };
        for subject in [Subject::Election { seats: 2 }, motion(None), motion(Some(OptionIndex(1)))] {
            rules.extend(Profile::ALL.into_iter().filter_map(|profile| profile.rule(subject)));
        }
        rules.push(stage(election(4, None), stage(election(3, None), election(2, None))));
        rules
    }

    fn outcomes() -> Vec<ContestOutcome> {
        let election = |decided_by| Verdict::Election {
            elected: options(&[4, 2]),
            tied: options(&[0, 300]),
            vacant: 1,
            decided_by,
        };
        let verdicts = [
            Verdict::NoQuorum,
            Verdict::MoreBallotsThanPresent,
            Verdict::TotalsOnly,
            Verdict::Adopted,
            Verdict::NotAdopted,
            election(None),
            election(Some(Ties::NewRound)),
            election(Some(Ties::Lots)),
            election(Some(Ties::Listed)),
        ];
        let follow_up = |cause| FollowUp { cause, options: options(&[0, 9]), seats: 1, carried: options(&[7]) };
        let causes = [None, Some(Cause::Tie), Some(Cause::Vacancy), Some(Cause::NextStage)];
        let both = verdicts.iter().flat_map(|verdict| causes.map(|cause| (verdict.clone(), cause)));
        both.map(|(verdict, cause)| ContestOutcome {
            contest: ContestIndex(3),
            group: cause.map(|_| GroupIndex(5)),
            numbers: people(30, 2, 23),
            verdict,
            follow_up: cause.map(follow_up),
        })
        .collect()
    }

    #[test]
    fn a3_each_rule_and_outcome_has_one_encoding() {
        for rule in rules() {
            let bytes = to_bytes(&rule);
            assert_eq!(from_bytes(&bytes, LIMIT), Ok(rule));
        }
        for outcome in outcomes() {
            let bytes = to_bytes(&outcome);
            assert_eq!(from_bytes(&bytes, LIMIT), Ok(outcome));
        }
    }

    #[test]
    fn a3_every_changed_byte_is_refused_or_another_value() {
        for rule in rules() {
            let bytes = to_bytes(&rule);
            for at in 0..bytes.len() {
                for flip in [1, 0x20, 0x80] {
                    let mut other = bytes.clone();
                    other[at] ^= flip;
                    assert_ne!(from_bytes(&other, LIMIT).as_ref(), Ok(&rule));
                }
                assert!(from_bytes::<OutcomeRule>(&bytes[..at], LIMIT).is_err());
            }
        }
    }

    #[test]
    fn a3_unknown_codes_and_other_lengths_are_refused() {
        assert!(from_bytes::<OutcomeRule>(&[0x83, 0x80, 0x80, 0x81, 0x00], LIMIT).is_ok());
        for (name, bytes) in [
            ("unknown decision", vec![0x83, 0x80, 0x80, 0x81, 0x03]),
            ("decision of another length", vec![0x83, 0x80, 0x80, 0x82, 0x00, 0x00]),
            ("unknown profile", vec![0x83, 0x81, 0x0b, 0x80, 0x81, 0x00]),
            ("two profiles", vec![0x83, 0x82, 0x00, 0x00, 0x80, 0x81, 0x00]),
            ("unknown number", vec![0x83, 0x80, 0x81, 0x84, 0x00, 0x01, 0x02, 0x06, 0x81, 0x00]),
            ("unknown bound", vec![0x83, 0x80, 0x81, 0x84, 0x02, 0x01, 0x02, 0x01, 0x81, 0x00]),
        ] {
            assert!(from_bytes::<OutcomeRule>(&bytes, LIMIT).is_err(), "{name}");
        }
    }

    #[test]
    fn a42_no_rule_is_deeper_than_its_stages() {
        let mut rule = election(2, None);
        for stages in 2..=20 {
            rule = stage(election(2, None), rule);
            let decoded = from_bytes::<OutcomeRule>(&to_bytes(&rule), LIMIT);
            assert_eq!(decoded.is_ok(), stages <= MAX_STAGES, "{stages} stages");
        }
    }
}

//! `grades`: persons x criteria, one grade for each; evaluations, or for / against / abstain for each candidate.
//!
//! The options of the contest are the persons. One section for each criterion, so that a large evaluation is cast in
//! parts. Cells of a section: one bit for each person and grade, person by person. Caps and floors bound how many persons
//! get a grade.

#[cfg(test)]
mod tests;

use proofs::linear::Value;

use super::plan::{Plan, sum_of};
use super::{Choice, ChoiceError, Findings, GradeTotals, Reading};
use crate::codec::{Malformed, Reader, Wire, Writer};
use crate::ids::LabelDigest;

/// Most criteria of a contest.
pub const MAX_CRITERIA: usize = 32;
/// Most grades of a contest.
pub const MAX_GRADES: usize = 16;
/// Most caps: one for each grade and criterion, and one for each grade in all criteria.
const MAX_CAPS: usize = MAX_GRADES * (MAX_CRITERIA + 1);

/// The rule of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grades {
    /// Digests of the criteria's names, 1 to 32.
    pub criteria: Vec<LabelDigest>,
    /// Digests of the grades' names, best first, 2 to 16.
    pub grades: Vec<LabelDigest>,
    /// Whether a person may be left without a grade.
    pub rows_may_be_blank: bool,
    /// Bounds of how often a grade is given; those of one grade and criterion hold together.
    pub caps: Vec<Cap>,
    /// Whether persons are put in order by their median grade (majority judgment), by the first criterion; else by how often
    /// they got the best grade.
    pub median: bool,
}

/// How many persons get a grade: a cap and a floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// Position of the criterion; `None` for each of them by itself.
    pub criterion: Option<u32>,
    /// Position of the grade.
    pub grade: u32,
    /// Fewest persons.
    pub lo: u32,
    /// Most persons.
    pub hi: u32,
}

impl Grades {
    /// Encrypted cells of one section.
    fn section_cells(&self, persons: usize) -> usize {
        persons * self.grades.len()
    }

    pub(super) fn cells(&self, persons: usize) -> usize {
        self.criteria.len() * self.section_cells(persons)
    }

    /// Fewest and most persons who get each grade for a criterion: all caps together.
    fn bounds(&self, persons: usize, criterion: usize) -> Vec<(u32, u32)> {
        let persons = u32::try_from(persons).unwrap_or(u32::MAX);
        let of = |grade: usize| {
            let caps = self.caps.iter().filter(|cap| cap.grade as usize == grade);
            let caps = caps.filter(|cap| cap.criterion.is_none_or(|only| only as usize == criterion));
            caps.fold((0, persons), |(lo, hi), cap| (cap.lo.max(lo), cap.hi.min(hi)))
        };
        (0..self.grades.len()).map(of).collect()
    }

    /// The most persons that one ballot can give the best grade for the first criterion; `None` if there is no limit.
    pub(super) fn most_best(&self, persons: usize) -> Option<u32> {
        let (_, most) = self.bounds(persons, 0).first().copied()?;
        Some(most).filter(|most| (*most as usize) < persons)
    }

    /// Rows: `sum = 1`, or `0 <= sum <= 1` where they may be blank. Columns: `lo <= sum <= hi` where a cap says so; they
    /// depend on the rows, which does no harm (M1).
    pub(super) fn plan(&self, persons: usize, criterion: usize, plan: &mut Plan) {
        let grades = self.grades.len();
        for person in 0..persons {
            for grade in 0..grades {
                let name = format_args!("person {person}, criterion {criterion}, grade {grade}");
                plan.value(Value::encrypted(1), name);
            }
        }
        let (least, words) = if self.rows_may_be_blank { (0, "at most one grade") } else { (1, "exactly one grade") };
        for person in 0..persons {
            let row = sum_of(person * grades..(person + 1) * grades);
            let name = format_args!("person {person}, criterion {criterion}: {words}");
            if least == 1 {
                plan.exactly(row, 1, ((person + 1) * grades).saturating_sub(1), name);
            } else {
                plan.relation(row, (0, 1), name);
            }
        }
        for (grade, (lo, hi)) in self.bounds(persons, criterion).into_iter().enumerate() {
            if lo == 0 && hi as usize >= persons {
                continue;
            }
            let column = (0..persons).map(|person| (person * grades + grade, 1));
            let name = format_args!("criterion {criterion}, cap of grade {grade}: {}", range(lo, hi, persons));
            plan.relation(column, (lo.into(), hi.into()), name);
        }
    }

    pub(super) fn demands(&self, persons: usize, criterion: usize) -> String {
        let words = if self.rows_may_be_blank { "at most one grade" } else { "exactly one grade" };
        let mut text = format!("each person has {words} for criterion {criterion}");
        for (grade, (lo, hi)) in self.bounds(persons, criterion).into_iter().enumerate() {
            if lo > 0 || (hi as usize) < persons {
                text.push_str(&format!(", grade {grade} has {} persons", range(lo, hi, persons)));
            }
        }
        text
    }

    pub(super) fn values(&self, choice: &Choice, persons: usize) -> Result<Vec<Vec<u64>>, ChoiceError> {
        let (criteria, grades) = (self.criteria.len(), self.grades.len());
        let places = persons * criteria;
        let blank = vec![None; places];
        let given = match choice {
            Choice::Grades(given) => given.as_slice(),
            Choice::Blank if self.rows_may_be_blank => &blank,
            Choice::Blank => return Err(ChoiceError::BlankNotAllowed),
            _ => return Err(ChoiceError::OtherKind("grades")),
        };
        if given.len() != places {
            return Err(ChoiceError::Places { found: given.len(), expected: places });
        }
        let mut sections = vec![vec![0; self.section_cells(persons)]; criteria];
        let mut counts = vec![vec![0_u32; grades]; criteria];
        for (place, given) in given.iter().enumerate() {
            let (person, criterion) = (place / criteria, place % criteria);
            let Some(grade) = *given else {
                if self.rows_may_be_blank {
                    continue;
                }
                return Err(ChoiceError::GradeMissing { person, criterion });
            };
            let position = grade as usize;
            let count = counts.get_mut(criterion).and_then(|counts| counts.get_mut(position));
            let cell = sections.get_mut(criterion).and_then(|section| section.get_mut(person * grades + position));
            // A grade beyond the last one would be a cell of the next person.
            let (Some(count), Some(cell)) = (count, cell) else {
                return Err(ChoiceError::UnknownGrade { grade, grades });
            };
            *count += 1;
            *cell = 1;
        }
        for (criterion, counts) in counts.iter().enumerate() {
            for ((grade, given), (least, most)) in (0..).zip(counts).zip(self.bounds(persons, criterion)) {
                if *given > most {
                    return Err(ChoiceError::GradeTooOften { criterion, grade, given: *given, most });
                }
                if *given < least {
                    return Err(ChoiceError::GradeTooRare { criterion, grade, given: *given, least });
                }
            }
        }
        Ok(sections)
    }

    pub(super) fn reading(&self, totals: &[u64], persons: usize) -> Option<Reading> {
        if totals.len() != self.cells(persons) || totals.is_empty() {
            return None;
        }
        let sections: Vec<_> = totals.chunks_exact(self.section_cells(persons)).collect();
        let row = |person: usize, section: &&[u64]| {
            let grades = section.chunks_exact(self.grades.len()).nth(person)?.to_vec();
            let answered = grades.iter().try_fold(0_u64, |sum, total| sum.checked_add(*total))?;
            Some(GradeTotals { grades, answered })
        };
        let person = |person| sections.iter().map(|section| row(person, section)).collect::<Option<Vec<_>>>();
        Some(Reading::Grades { persons: (0..persons).map(person).collect::<Option<_>>()? })
    }

    /// What is wrong with the rule itself: unknown grades, or caps that nobody can keep.
    pub(super) fn check(&self, persons: usize, found: &mut Findings<'_>) {
        let (criteria, grades) = (self.criteria.len(), self.grades.len());
        found((1..=MAX_CRITERIA).contains(&criteria), "criteria", format!("needs 1 to {MAX_CRITERIA} criteria"));
        found((2..=MAX_GRADES).contains(&grades), "grades", format!("needs 2 to {MAX_GRADES} grades, best first"));
        for (position, cap) in self.caps.iter().enumerate() {
            let place = format!("cap[{position}]");
            found((cap.grade as usize) < grades, &place, format!("there is no grade {}", cap.grade));
            if let Some(criterion) = cap.criterion {
                found((criterion as usize) < criteria, &place, format!("there is no criterion {criterion}"));
            }
            let what =
                format!("at_least must not be above at_most, at_most not above the number of persons, {persons}");
            found(cap.lo <= cap.hi && cap.hi as usize <= persons, &place, what);
        }
        for criterion in 0..criteria.min(MAX_CRITERIA) {
            let bounds = self.bounds(persons, criterion);
            let lo: u64 = bounds.iter().map(|(lo, _)| u64::from(*lo)).sum();
            let hi: u64 = bounds.iter().map(|(_, hi)| u64::from(*hi)).sum();
            let persons = persons as u64;
            let each = bounds.iter().all(|(lo, hi)| lo <= hi);
            let what = format!("the caps for criterion {criterion} contradict each other: widen or remove one");
            found(each, "cap", what);
            let what =
                format!("the caps for criterion {criterion} demand {lo} grades for {persons} persons: lower at_least");
            found(lo <= persons, "cap", what);
            let what =
                format!("the caps for criterion {criterion} allow {hi} grades for {persons} persons: raise at_most");
            found(self.rows_may_be_blank || hi >= persons, "cap", what);
        }
    }

    /// The same for a stage that fewer persons have reached than it was planned for: floors that they can't keep are dropped.
    pub(super) fn for_fewer(&self, persons: usize) -> Self {
        let mut kept = true;
        self.check(persons, &mut |holds, _, _| kept &= holds);
        if kept {
            return self.clone();
        }
        let count = u32::try_from(persons).unwrap_or(u32::MAX);
        let caps = self.caps.iter().map(|cap| Cap { lo: 0, hi: cap.hi.min(count), ..*cap }).collect();
        Self { caps, ..self.clone() }
    }

    /// The same for a run-off or vacant seats. Caps were made for the old number of persons and are dropped, but "at most so many
    /// of the best grade" becomes as many as there are seats.
    pub(super) fn narrowed(&self, persons: usize, seats: u32) -> Self {
        let best = self.caps.iter().filter(|cap| cap.grade == 0 && (seats as usize) < persons);
        let caps = best.map(|cap| Cap { lo: 0, hi: seats, ..*cap }).collect();
        Self { caps, ..self.clone() }
    }
}

fn range(lo: u32, hi: u32, persons: usize) -> String {
    match (lo, hi) {
        (0, hi) => format!("at most {hi}"),
        (lo, hi) if hi as usize >= persons => format!("at least {lo}"),
        (lo, hi) => format!("from {lo} to {hi}"),
    }
}

impl Wire for Cap {
    const WHAT: &'static str = "cap";
    fn write(&self, w: &mut Writer) {
        w.array(4);
        // 0 for each criterion, else one more than its position.
        w.uint(self.criterion.map_or(0, |criterion| u64::from(criterion) + 1));
        w.uint(self.grade.into());
        w.uint(self.lo.into());
        w.uint(self.hi.into());
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(4, Self::WHAT)?;
        let criterion = match r.uint("criterion of a cap")?.checked_sub(1) {
            None => None,
            Some(criterion) => Some(u32::try_from(criterion).map_err(|_| r.malformed("criterion of a cap"))?),
        };
        Ok(Self { criterion, grade: r.uint32("grade")?, lo: r.uint32("fewest")?, hi: r.uint32("most")? })
    }
}

impl Wire for Grades {
    const WHAT: &'static str = "grades";
    fn write(&self, w: &mut Writer) {
        w.array(5);
        w.list(&self.criteria);
        w.list(&self.grades);
        w.bool(self.rows_may_be_blank);
        w.list(&self.caps);
        w.bool(self.median);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(5, Self::WHAT)?;
        Ok(Self {
            criteria: r.list(MAX_CRITERIA)?,
            grades: r.list(MAX_GRADES)?,
            rows_may_be_blank: r.bool("blank rows")?,
            caps: r.list(MAX_CAPS)?,
            median: r.bool("order by median")?,
        })
    }
}

//! What cells count, in the words of the label file.

use super::{Contest, Kind};
use crate::ids::LabelDigest;

/// The text of a label, or the fallback where its file is gone.
pub type TextOf<'a> = dyn Fn(&LabelDigest, String) -> String + 'a;

impl Contest {
    /// The name of an option, or "option 3" without its label.
    #[must_use]
    pub fn option_text(&self, option: usize, text: &TextOf<'_>) -> String {
        named(&self.options, option, "option", text)
    }

    /// What a cell counts: "Ann", "Ann, teamwork: excellent", "Ann before Bert", "blank".
    #[must_use]
    pub fn cell_text(&self, cell: usize, text: &TextOf<'_>) -> String {
        let options = self.options.len();
        match &self.kind {
            Kind::Selection(_) | Kind::Points(_) if cell < options => self.option_text(cell, text),
            Kind::Grades(rule) => {
                let grades = rule.grades.len().max(1);
                let (row, grade) = (cell / grades, cell % grades);
                let (criterion, person) = (row / options.max(1), row % options.max(1));
                let grade = named(&rule.grades, grade, "grade", text);
                let person = self.option_text(person, text);
                if rule.criteria.len() == 1 {
                    return format!("{person}: {grade}");
                }
                format!("{person}, {}: {grade}", named(&rule.criteria, criterion, "criterion", text))
            }
            Kind::Ranking(_) if cell < options * options.saturating_sub(1) => {
                // Row by row without the diagonal.
                let (first, column) = (cell / (options - 1), cell % (options - 1));
                let second = if column < first { column } else { column + 1 };
                format!("{} before {}", self.option_text(first, text), self.option_text(second, text))
            }
            Kind::Selection(_) | Kind::Points(_) | Kind::Ranking(_) => "blank".into(),
        }
    }
}

fn named(labels: &[LabelDigest], position: usize, what: &str, text: &TextOf<'_>) -> String {
    let fallback = format!("{what} {}", position + 1);
    match labels.get(position) {
        Some(digest) => text(digest, fallback),
        None => fallback,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contest::{Grades, Method, Mode, Ranking, Selection};
    use crate::testing::contest_of;

    fn texts(contest: &Contest) -> Vec<String> {
        (0..contest.cells()).map(|cell| contest.cell_text(cell, &|_, fallback| fallback)).collect()
    }

    /// The words follow the layout of the cells, which the kinds describe themselves.
    #[test]
    fn every_cell_has_the_name_of_what_it_counts() {
        let selection = contest_of(2, Kind::Selection(Selection { min: 0, max: 1, blank: true }), &[0], false);
        assert_eq!(texts(&selection), ["option 1", "option 2", "blank"]);
        let ranking = Ranking { mode: Mode::UnrankedLast, ties: true, blank: true, method: Method::Schulze };
        let ranking = contest_of(3, Kind::Ranking(ranking), &[0], false);
        let grades = Grades {
            criteria: vec![LabelDigest([1; 32]), LabelDigest([2; 32])],
            grades: vec![LabelDigest([3; 32]), LabelDigest([4; 32])],
            rows_may_be_blank: false,
            caps: vec![],
            median: false,
        };
        let grades = contest_of(2, Kind::Grades(grades), &[0], false);
        for contest in [ranking, grades] {
            for (cell, words) in texts(&contest).iter().enumerate() {
                // The kind's own name counts from 0, in another order of words.
                let own = contest.cell_name(cell).unwrap();
                let numbers = |text: &str| {
                    let mut numbers: Vec<u32> =
                        text.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
                    numbers.sort_unstable();
                    numbers
                };
                let counted: Vec<_> = numbers(&own).into_iter().map(|number| number + 1).collect();
                assert_eq!(numbers(words), counted, "{own} / {words}");
            }
        }
    }
}

//! Contests of a draft: each kind has fields of its own; one that belongs to another kind is refused, so that a rule that
//! an administrator wrote is never dropped silently.
//!
//! ```toml
//! kind = "selection"              # min = 0, max, blank = false
//!
//! kind = "grades"                 # the options are the persons
//! criteria = ["Work", "Manners"]
//! grades = ["excellent", "good", "unfit"]                 # best first
//! rows_may_be_blank = false
//! cap = [{ grade = "excellent", at_most = "1/3" },         # for each criterion, rounded down
//!        { grade = "unfit", criterion = "Work", at_least = 1, at_most = 2 }]
//! order = "best grade"            # or "median"
//!
//! kind = "points"
//! max_points = 3                  # for one option; left out where the budget is the weight
//! budget = 7                      # left out: no limit; "weight": the ballot's weight is split
//! exact = false                   # whether all must be given
//! blank = false
//!
//! kind = "ranking"
//! unranked = "last"               # or "incomparable": compared with nothing
//! ties = true
//! blank = false
//! method = "schulze"              # "ranked pairs", "copeland", "borda"
//! ```

use core::cell::RefCell;
use core::fmt::Display;

use rand_core::CryptoRngCore;
use serde::Deserialize;

use super::{Builder, Text};
use crate::contest::{Budget, Cap, Contest, Grades, Kind, Method, Mode, Points, Ranking, Selection};
use crate::ids::{GroupIndex, OptionIndex};
use crate::outcome::OutcomeRule;
use crate::outcome::draft::{DraftOutcome, Surroundings};

/// A contest with the fields of every kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftContest {
    title: Text,
    options: Vec<Text>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    per_group: bool,
    kind: String,
    min: Option<u32>,
    max: Option<u32>,
    blank: Option<bool>,
    criteria: Option<Vec<Text>>,
    grades: Option<Vec<Text>>,
    rows_may_be_blank: Option<bool>,
    cap: Option<Vec<DraftCap>>,
    max_points: Option<u64>,
    budget: Option<DraftBudget>,
    exact: Option<bool>,
    unranked: Option<String>,
    ties: Option<bool>,
    method: Option<String>,
    order: Option<String>,
    outcome: Option<DraftOutcome>,
}

/// The fields of a kind, for the stage that follows a pre-selection.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StageFields {
    kind: String,
    min: Option<u32>,
    max: Option<u32>,
    blank: Option<bool>,
    criteria: Option<Vec<Text>>,
    grades: Option<Vec<Text>>,
    rows_may_be_blank: Option<bool>,
    cap: Option<Vec<DraftCap>>,
    max_points: Option<u64>,
    budget: Option<DraftBudget>,
    exact: Option<bool>,
    unranked: Option<String>,
    ties: Option<bool>,
    method: Option<String>,
    order: Option<String>,
}

impl StageFields {
    fn contest(self, title: Text, options: Vec<Text>) -> DraftContest {
        let Self { kind, min, max, blank, criteria, grades, rows_may_be_blank, cap, .. } = self;
        let Self { max_points, budget, exact, unranked, ties, method, order, .. } = self;
        DraftContest {
            title,
            options,
            groups: Vec::new(),
            per_group: false,
            kind,
            min,
            max,
            blank,
            criteria,
            grades,
            rows_may_be_blank,
            cap,
            max_points,
            budget,
            exact,
            unranked,
            ties,
            method,
            order,
            outcome: None,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftCap {
    grade: String,
    criterion: Option<String>,
    at_least: Option<Amount>,
    at_most: Option<Amount>,
}

/// A number of persons, or a part of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a number of persons, or a part of them such as \"1/3\"")]
enum Amount {
    Number(u32),
    Part(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a number of points, or \"weight\"")]
enum DraftBudget {
    Points(u64),
    Word(String),
}

/// Fields and the kinds that have them.
const FIELDS: [(&str, &[&str]); 14] = [
    ("min", &["selection"]),
    ("max", &["selection"]),
    ("blank", &["selection", "points", "ranking"]),
    ("criteria", &["grades"]),
    ("grades", &["grades"]),
    ("rows_may_be_blank", &["grades"]),
    ("cap", &["grades"]),
    ("max_points", &["points"]),
    ("budget", &["points"]),
    ("exact", &["points"]),
    ("unranked", &["ranking"]),
    ("ties", &["ranking"]),
    ("method", &["ranking"]),
    ("order", &["grades"]),
];

impl DraftContest {
    /// Whether each of [`FIELDS`] is given, in that order.
    fn given(&self) -> [bool; 14] {
        [
            self.min.is_some(),
            self.max.is_some(),
            self.blank.is_some(),
            self.criteria.is_some(),
            self.grades.is_some(),
            self.rows_may_be_blank.is_some(),
            self.cap.is_some(),
            self.max_points.is_some(),
            self.budget.is_some(),
            self.exact.is_some(),
            self.unranked.is_some(),
            self.ties.is_some(),
            self.method.is_some(),
            self.order.is_some(),
        ]
    }
}

/// The position of a text among others, as people see it, in any language; `None` if it is missing or stands for two.
fn position(texts: &[Text], name: &str) -> Option<usize> {
    let wanted = Text::Same(name.to_owned()).folded();
    let means = |text: &Text| match text.folded() {
        Text::Each(each) => each.into_values().any(|text| Text::Same(text) == wanted),
        same @ Text::Same(_) => same == wanted,
    };
    let mut found = texts.iter().enumerate().filter(|(_, text)| means(text)).map(|(position, _)| position);
    found.next().filter(|_| found.next().is_none())
}

impl<R: CryptoRngCore> Builder<'_, R> {
    pub(super) fn contest(&mut self, place: &str, contest: &DraftContest, group_ids: &[String]) -> Contest {
        self.distinct(&format!("{place}.options"), &contest.options);
        let mut groups = Vec::new();
        for id in &contest.groups {
            match group_ids.iter().position(|known| known == id) {
                Some(position) => groups.push(GroupIndex(position as u32)),
                None => self.problem(&format!("{place}.groups"), format!("there is no group \"{id}\"")),
            }
        }
        if contest.groups.is_empty() {
            groups = (0..group_ids.len() as u32).map(GroupIndex).collect();
        }
        groups.sort();
        let options = contest.options.iter().enumerate();
        let options = options.map(|(i, option)| self.label(&format!("{place}.options[{i}]"), option)).collect();
        Contest {
            title: self.label(&format!("{place}.title"), &contest.title),
            options,
            kind: self.kind(place, contest),
            groups,
            per_group: contest.per_group,
            outcome: self.outcome(place, contest),
        }
    }

    fn outcome(&mut self, place: &str, contest: &DraftContest) -> OutcomeRule {
        let place = format!("{place}.outcome");
        let options = &contest.options;
        let builder = RefCell::new(self);
        let around = Surroundings {
            options: options.len(),
            find: &|text| position(options, text).map(|position| OptionIndex(position as u32)),
            kind: &|table| {
                // A stage has the title and the options of its contest; only who was selected stands on its ballot.
                let selected = contest.outcome.as_ref().and_then(|outcome| outcome.seats).unwrap_or(0) as usize;
                let options = options.iter().take(selected.max(1)).cloned().collect();
                let fields: StageFields =
                    table.clone().try_into().map_err(|error: toml::de::Error| error.to_string())?;
                let contest = fields.contest(contest.title.clone(), options);
                Ok(builder.borrow_mut().kind(&format!("{place}.next"), &contest))
            },
        };
        let rule = DraftOutcome::into_rule(contest.outcome.clone(), &around);
        rule.unwrap_or_else(|problems| {
            for problem in problems {
                builder.borrow_mut().problem(&format!("{place}.{}", problem.field), problem.what);
            }
            OutcomeRule::totals_only()
        })
    }

    fn kind(&mut self, place: &str, contest: &DraftContest) -> Kind {
        let kind = contest.kind.as_str();
        let known = ["selection", "grades", "points", "ranking"].contains(&kind);
        for ((field, kinds), given) in FIELDS.iter().zip(contest.given()) {
            if known && given && !kinds.contains(&kind) {
                let what = format!(
                    "belongs to the kind \"{}\", this contest is \"{kind}\": take it out",
                    kinds.join("\" or \"")
                );
                self.problem(&format!("{place}.{field}"), what);
            }
        }
        match kind {
            "grades" => Kind::Grades(self.grades(place, contest)),
            "points" => Kind::Points(self.points(place, contest)),
            "ranking" => Kind::Ranking(self.ranking(place, contest)),
            "selection" => Kind::Selection(Selection {
                min: contest.min.unwrap_or(0),
                max: self.needed(place, "max", contest.max, "the most options of an answer").unwrap_or(1),
                blank: contest.blank.unwrap_or(false),
            }),
            _ => {
                let what =
                    "is no kind that this version knows: use \"selection\", \"grades\", \"points\" or \"ranking\"";
                self.problem(&format!("{place}.kind"), format!("\"{kind}\" {what}"));
                Kind::Selection(Selection { min: 0, max: 1, blank: false })
            }
        }
    }

    fn needed<T>(&mut self, place: &str, field: &str, value: Option<T>, what: impl Display) -> Option<T> {
        if value.is_none() {
            self.problem(&format!("{place}.{field}"), format!("is missing: give {what}"));
        }
        value
    }

    fn grades(&mut self, place: &str, contest: &DraftContest) -> Grades {
        let criteria = self.needed(place, "criteria", contest.criteria.clone(), "the criteria, at least one");
        let grades = self.needed(place, "grades", contest.grades.clone(), "the grades, best first");
        let (criteria, grades) = (criteria.unwrap_or_default(), grades.unwrap_or_default());
        let mut labels = |field: &str, texts: &[Text]| {
            let place = format!("{place}.{field}");
            self.distinct(&place, texts);
            texts.iter().enumerate().map(|(i, text)| self.label(&format!("{place}[{i}]"), text)).collect()
        };
        let (criteria_labels, grade_labels) = (labels("criteria", &criteria), labels("grades", &grades));
        let mut caps = Vec::new();
        for (i, cap) in contest.cap.iter().flatten().enumerate() {
            let place = format!("{place}.cap[{i}]");
            caps.extend(self.cap(&place, cap, contest.options.len() as u32, (&criteria, &grades)));
        }
        Grades {
            criteria: criteria_labels,
            grades: grade_labels,
            rows_may_be_blank: contest.rows_may_be_blank.unwrap_or(false),
            caps,
            median: self.median(place, contest.order.as_deref()),
        }
    }

    fn median(&mut self, place: &str, order: Option<&str>) -> bool {
        if !matches!(order, None | Some("best grade" | "median")) {
            let what = "must be \"best grade\" (who got it most often) or \"median\" (majority judgment)";
            self.problem(&format!("{place}.order"), what);
        }
        order == Some("median")
    }

    fn cap(
        &mut self,
        place: &str,
        cap: &DraftCap,
        persons: u32,
        (criteria, grades): (&[Text], &[Text]),
    ) -> Option<Cap> {
        if cap.at_least.is_none() && cap.at_most.is_none() {
            self.problem(place, "bounds nothing: give at_most, at_least or both");
        }
        let mut find = |field: &str, texts: &[Text], name: &str| {
            let found = position(texts, name);
            if found.is_none() {
                let what = format!("there is no {field} \"{name}\", or more than one: write it as in the list");
                self.problem(&format!("{place}.{field}"), what);
            }
            found.map(|position| position as u32)
        };
        let grade = find("grade", grades, &cap.grade);
        let criterion = cap.criterion.as_ref().map(|name| find("criterion", criteria, name));
        let lo = self.amount(&format!("{place}.at_least"), cap.at_least.as_ref(), persons, true).unwrap_or(0);
        let hi = self.amount(&format!("{place}.at_most"), cap.at_most.as_ref(), persons, false).unwrap_or(persons);
        let criterion = match criterion {
            Some(found) => Some(found?),
            None => None,
        };
        Some(Cap { criterion, grade: grade?, lo, hi })
    }

    /// A number of persons; a part of them is rounded towards what keeps it: up for a floor, down for a cap.
    fn amount(&mut self, place: &str, amount: Option<&Amount>, persons: u32, up: bool) -> Option<u32> {
        match amount? {
            Amount::Number(number) => Some(*number),
            Amount::Part(text) => {
                let (part, whole) = self.fraction(place, text);
                if whole == 0 || part > whole {
                    self.problem(place, "must be a part of the persons, such as \"1/3\"");
                    return None;
                }
                let (product, whole) = (u64::from(part) * u64::from(persons), u64::from(whole));
                let number = if up { product.div_ceil(whole) } else { product / whole };
                u32::try_from(number).ok()
            }
        }
    }

    fn points(&mut self, place: &str, contest: &DraftContest) -> Points {
        let (exact, blank) = (contest.exact.unwrap_or(false), contest.blank.unwrap_or(false));
        let split = match &contest.budget {
            Some(DraftBudget::Word(word)) if word == "weight" => true,
            Some(DraftBudget::Word(_)) => {
                self.problem(&format!("{place}.budget"), "must be a number of points, or \"weight\"");
                false
            }
            _ => false,
        };
        if split {
            return Points { max: contest.max_points.unwrap_or(0), budget: Budget::Weight, exact, blank };
        }
        let max = self.needed(place, "max_points", contest.max_points, "the most points of one option").unwrap_or(1);
        let budget = match &contest.budget {
            Some(DraftBudget::Points(0)) => {
                self.problem(&format!("{place}.budget"), "must be at least 1, or \"weight\"");
                1
            }
            Some(DraftBudget::Points(budget)) => *budget,
            _ => max.saturating_mul(contest.options.len() as u64),
        };
        Points { max, budget: Budget::Fixed(budget), exact, blank }
    }

    fn ranking(&mut self, place: &str, contest: &DraftContest) -> Ranking {
        let mode = match contest.unranked.as_deref() {
            None | Some("last") => Mode::UnrankedLast,
            Some("incomparable") => Mode::RankedOnly,
            Some(_) => {
                let what = "must be \"last\" (behind every ranked option) or \"incomparable\" (compared with nothing)";
                self.problem(&format!("{place}.unranked"), what);
                Mode::UnrankedLast
            }
        };
        let word = contest.method.as_deref().unwrap_or(Method::default().word());
        let method = Method::ALL.into_iter().find(|method| method.word() == word);
        if method.is_none() {
            let words: Vec<_> = Method::ALL.into_iter().map(Method::word).collect();
            self.problem(&format!("{place}.method"), format!("must be one of \"{}\"", words.join("\", \"")));
        }
        let (ties, blank) = (contest.ties.unwrap_or(true), contest.blank.unwrap_or(false));
        Ranking { mode, ties, blank, method: method.unwrap_or_default() }
    }
}

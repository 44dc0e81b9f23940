//! What an administrator writes: `[round.contest.outcome]` of the draft, and the rule that it becomes.
//!
//! ```toml
//! [round.contest.outcome]
//! profile = "cn-party-basic"
//! seats = 5
//! ```
//! or, for a motion, `in_favour = 1` and `against = "Against"`; or without a profile `quorum`, `majority`, `ties` and
//! `vacancies`; and `[round.contest.outcome.next]` for the formal election after a pre-selection, with the fields of a kind of
//! contest and an `outcome` of its own.

use serde::Deserialize;

use super::check::Problem;
use super::profiles::{Profile, Subject};
use super::requirement::Requirement;
use super::{Decision, MAX_STAGES, OutcomeRule, Stage, Ties, Vacancies};
use crate::contest::Kind;
use crate::ids::OptionIndex;

/// The table `[round.contest.outcome]`. Unknown fields are refused, so that a typing error cannot drop a rule silently.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct DraftOutcome {
    /// Name of a profile.
    pub profile: Option<String>,
    /// How many are elected.
    pub seats: Option<u32>,
    /// The option in favour of a motion.
    pub in_favour: Option<DraftOption>,
    /// The option against it.
    pub against: Option<DraftOption>,
    /// Such as "at least 4/5 of due".
    pub quorum: Option<String>,
    /// Such as "more than 1/2 of present".
    pub majority: Option<String>,
    /// "new round", "lots" or "listed".
    pub ties: Option<String>,
    /// "new round" or "open".
    pub vacancies: Option<String>,
    /// The stage that follows a pre-selection: the fields of a kind of contest, and the table `outcome`.
    pub next: Option<toml::Table>,
}

/// An option by its number on the ballot, from 1, or by its text.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum DraftOption {
    /// Its number, from 1.
    Number(u32),
    /// Its text in one of the languages.
    Text(String),
}

/// What a draft needs from the contest that it stands in.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Number of options.
    pub options: usize,
    /// The option with a text.
    pub find: &'a dyn Fn(&str) -> Option<OptionIndex>,
    /// The kind of contest that the fields of `next` describe, without its `outcome`; the error is fault and remedy.
    pub kind: &'a dyn Fn(&toml::Table) -> Result<Kind, String>,
}

impl DraftOutcome {
    /// The rule that a draft says; totals only if there is none.
    ///
    /// # Errors
    /// Every [`Problem`], each with its field. [`problems()`](super::problems()) finds those that need the whole contest.
    pub fn into_rule(draft: Option<Self>, around: &Surroundings<'_>) -> Result<OutcomeRule, Vec<Problem>> {
        let mut reader = DraftReader { around, prefix: String::new(), problems: Vec::new() };
        let rule = draft.map(|draft| reader.rule(draft, MAX_STAGES));
        match rule {
            None => Ok(OutcomeRule::totals_only()),
            Some(Some(rule)) if reader.problems.is_empty() => Ok(rule),
            Some(_) => Err(reader.problems),
        }
    }
}

struct DraftReader<'a> {
    around: &'a Surroundings<'a>,
    prefix: String,
    problems: Vec<Problem>,
}

impl DraftReader<'_> {
    fn problem(&mut self, field: &str, what: impl Into<String>) {
        let field = format!("{}{field}", self.prefix).trim_end_matches('.').to_owned();
        self.problems.push(Problem { field, what: what.into() });
    }

    /// The rule, or none after a problem. Reading goes on after a problem where that can find more.
    fn rule(&mut self, draft: DraftOutcome, stages: usize) -> Option<OutcomeRule> {
        let DraftOutcome { profile, seats, in_favour, against, quorum, majority, ties, vacancies, next } = draft;
        let before = self.problems.len();
        let quorum = quorum.and_then(|text| self.requirement("quorum", &text));
        let majority = majority.and_then(|text| self.requirement("majority", &text));
        let in_favour = in_favour.and_then(|option| self.option("in_favour", &option));
        let against = against.and_then(|option| self.option("against", &option));
        let ties = ties.and_then(|text| self.ties(&text));
        let vacancies = vacancies.and_then(|text| self.vacancies(&text));
        let profile = profile.and_then(|name| self.profile(&name));
        let then = next.and_then(|next| self.stage(next, stages));
        if self.problems.len() > before {
            return None;
        }
        let subject = match (seats, in_favour) {
            (Some(seats), None) => Some(Subject::Election { seats }),
            (None, Some(in_favour)) => Some(Subject::Motion { in_favour, against }),
            (None, None) => None,
            (Some(_), Some(_)) => {
                self.problem("seats", "is for elections and `in_favour` for motions: keep one of them");
                return None;
            }
        };
        let of_motion = matches!(subject, Some(Subject::Motion { .. }));
        let of_election = matches!(subject, Some(Subject::Election { .. }));
        self.needs(against.is_some(), of_motion, "against", "in_favour");
        self.needs(ties.is_some(), of_election, "ties", "seats");
        self.needs(vacancies.is_some(), of_election, "vacancies", "seats");
        self.needs(then.is_some(), of_election, "next", "seats");
        let Some(subject) = subject else {
            self.needs(majority.is_some(), false, "majority", "seats` or `in_favour");
            self.needs(profile.is_some(), false, "profile", "seats` or `in_favour");
            if quorum.is_none() && self.problems.len() == before {
                self.problem(
                    "",
                    "says nothing: name `seats` or `in_favour`, or leave the table out to publish totals only",
                );
            }
            let rule = OutcomeRule { quorum, ..OutcomeRule::totals_only() };
            return (self.problems.len() == before).then_some(rule);
        };
        let mut rule = match profile {
            Some(profile) => self.of_profile(profile, subject)?,
            None => self.explicit(subject, majority)?,
        };
        rule.quorum = quorum.or(rule.quorum);
        match &mut rule.decision {
            Decision::TotalsOnly => {}
            Decision::Adopt { requirement, .. } => *requirement = majority.unwrap_or(*requirement),
            Decision::Elect { requirement, ties: own_ties, vacancies: own_vacancies, then: own_then, .. } => {
                *requirement = majority.or(*requirement);
                *own_ties = ties.unwrap_or(*own_ties);
                *own_vacancies = vacancies.unwrap_or(*own_vacancies);
                *own_then = then.map(Box::new);
            }
        }
        if let Some(profile) = profile.filter(|profile| !profile.is(&rule)) {
            self.contradicts(profile, subject, &rule);
        }
        (self.problems.len() == before).then_some(rule)
    }

    fn needs(&mut self, given: bool, fits: bool, field: &str, other: &str) {
        if given && !fits {
            self.problem(field, format!("has a meaning only together with `{other}`: add that, or leave it out"));
        }
    }

    fn of_profile(&mut self, profile: Profile, subject: Subject) -> Option<OutcomeRule> {
        let rule = profile.rule(subject);
        if rule.is_none() {
            let name = profile.name();
            match subject {
                Subject::Election { .. } => {
                    self.problem(
                        "profile",
                        format!("\"{name}\" is for motions: name `in_favour`, or choose another profile"),
                    );
                }
                Subject::Motion { against: None, .. } if is_for_motions(profile) => {
                    self.problem("against", format!("is missing: \"{name}\" compares the votes for and against"));
                }
                Subject::Motion { .. } => {
                    self.problem(
                        "profile",
                        format!("\"{name}\" is for elections: name `seats`, or choose another profile"),
                    );
                }
            }
        }
        rule
    }

    fn explicit(&mut self, subject: Subject, majority: Option<Requirement>) -> Option<OutcomeRule> {
        let decision = match (subject, majority) {
            (Subject::Motion { in_favour, against }, Some(requirement)) => {
                Decision::Adopt { in_favour, against, requirement }
            }
            (Subject::Motion { .. }, None) => {
                let what = "is missing: say it, such as \"more than 1/2 of decided\", or name a profile";
                self.problem("majority", what);
                return None;
            }
            (Subject::Election { seats }, requirement) => Decision::Elect {
                seats,
                requirement,
                ties: Ties::NewRound,
                vacancies: if requirement.is_some() { Vacancies::NewRound } else { Vacancies::LeaveOpen },
                then: None,
            },
        };
        Some(OutcomeRule { profile: None, quorum: None, decision })
    }

    /// Names the fields that say something else than the profile.
    fn contradicts(&mut self, profile: Profile, subject: Subject, rule: &OutcomeRule) {
        let Some(own) = profile.rule(subject) else { return };
        let mut differs = |field: &str, differs: bool, says: String| {
            if differs {
                let name = profile.name();
                self.problem(field, format!("\"{name}\" says {says}: leave this field out, or leave the profile out"));
            }
        };
        let says = |requirement: Option<Requirement>| match requirement {
            Some(requirement) => format!("\"{requirement}\""),
            None => "nothing about it".to_owned(),
        };
        let other_quorum = OutcomeRule { decision: own.decision.clone(), ..rule.clone() };
        differs("quorum", !profile.is(&other_quorum), says(own.quorum));
        match (&own.decision, &rule.decision) {
            (Decision::Adopt { requirement: own, .. }, Decision::Adopt { requirement, .. }) => {
                differs("majority", own != requirement, says(Some(*own)));
            }
            (
                Decision::Elect { requirement: own, ties: own_ties, vacancies: own_vacancies, .. },
                Decision::Elect { requirement, ties, vacancies, .. },
            ) => {
                differs("majority", own != requirement, says(*own));
                differs("ties", own_ties != ties, format!("\"{}\"", ties_word(*own_ties)));
                differs("vacancies", own_vacancies != vacancies, format!("\"{}\"", vacancies_word(*own_vacancies)));
            }
            _ => {}
        }
    }

    fn stage(&mut self, mut next: toml::Table, stages: usize) -> Option<Stage> {
        let depth = self.prefix.len();
        self.prefix.push_str("next.");
        let stage = self.next_stage(&mut next, stages);
        self.prefix.truncate(depth);
        stage
    }

    fn next_stage(&mut self, next: &mut toml::Table, stages: usize) -> Option<Stage> {
        let Some(stages) = stages.checked_sub(1).filter(|stages| *stages > 0) else {
            self.problem("", format!("at most {MAX_STAGES} stages are possible: leave this one out"));
            return None;
        };
        let Some(outcome) = next.remove("outcome") else {
            self.problem("outcome", "is missing: say how many are elected in this stage");
            return None;
        };
        let kind = (self.around.kind)(next);
        if let Err(what) = &kind {
            self.problem("", what.as_str());
        }
        match outcome.try_into::<DraftOutcome>() {
            Ok(draft) => {
                let rule = self.rule(draft, stages)?;
                Some(Stage { kind: kind.ok()?, rule })
            }
            Err(error) => {
                self.problem("outcome", error.to_string().trim_end());
                None
            }
        }
    }

    fn requirement(&mut self, field: &str, text: &str) -> Option<Requirement> {
        match text.parse() {
            Ok(requirement) => Some(requirement),
            Err(error) => {
                self.problem(field, format!("\"{text}\" {error}"));
                None
            }
        }
    }

    fn option(&mut self, field: &str, option: &DraftOption) -> Option<OptionIndex> {
        let found = match option {
            DraftOption::Number(number) => {
                number.checked_sub(1).filter(|position| (*position as usize) < self.around.options).map(OptionIndex)
            }
            DraftOption::Text(text) => (self.around.find)(text),
        };
        if found.is_none() {
            let options = self.around.options;
            let what =
                format!("is no option: give its number, from 1 to {options}, or its text as it stands in `options`");
            self.problem(field, what);
        }
        found
    }

    fn ties(&mut self, text: &str) -> Option<Ties> {
        let known = [Ties::NewRound, Ties::Lots, Ties::Listed].into_iter().find(|ties| ties_word(*ties) == text);
        if known.is_none() {
            self.problem("ties", "must be \"new round\", \"lots\" or \"listed\"");
        }
        known
    }

    fn vacancies(&mut self, text: &str) -> Option<Vacancies> {
        let all = [Vacancies::LeaveOpen, Vacancies::NewRound];
        let known = all.into_iter().find(|vacancies| vacancies_word(*vacancies) == text);
        if known.is_none() {
            self.problem("vacancies", "must be \"new round\" or \"open\"");
        }
        known
    }

    fn profile(&mut self, name: &str) -> Option<Profile> {
        let known = Profile::by_name(name);
        if known.is_none() {
            let names: Vec<_> = Profile::ALL.into_iter().map(Profile::name).collect();
            self.problem("profile", format!("there is no profile \"{name}\": use one of {}", names.join(", ")));
        }
        known
    }
}

fn is_for_motions(profile: Profile) -> bool {
    let motion = Subject::Motion { in_favour: OptionIndex(0), against: Some(OptionIndex(1)) };
    profile.rule(motion).is_some()
}

const fn ties_word(ties: Ties) -> &'static str {
    match ties {
        Ties::NewRound => "new round",
        Ties::Lots => "lots",
        Ties::Listed => "listed",
    }
}

const fn vacancies_word(vacancies: Vacancies) -> &'static str {
    match vacancies {
        Vacancies::LeaveOpen => "open",
        Vacancies::NewRound => "new round",
    }
}

#[cfg(test)]
mod tests;

//! Whether a rule makes sense for the contest that it stands in.

use core::fmt;

use serde::Serialize;

use super::requirement::{Number, Requirement};
use super::{Decision, MAX_STAGES, OutcomeRule, Stage};
use crate::contest::Kind;

/// What a rule must know of its contest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of options.
    pub options: usize,
    /// The most options that one ballot can be in favour of; none if there is no limit.
    pub most_in_favour: Option<u32>,
    /// Whether its totals give votes in favour of each option; pairwise comparisons do not.
    pub counts_votes: bool,
}

/// One thing that is wrong in a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The field, such as `majority` or `next.seats`, as in drafts.
    pub field: String,
    /// What is wrong, and the remedy.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.what)
    }
}

/// Every problem of a rule. `next` gives the shape of a stage's contest from its kind and number of options.
#[must_use]
pub fn problems(rule: &OutcomeRule, shape: &Shape, next: &dyn Fn(&Kind, usize) -> Shape) -> Vec<Problem> {
    let mut found = Found { prefix: String::new(), problems: Vec::new() };
    let (mut rule, mut shape) = (rule, *shape);
    for _ in 0..MAX_STAGES {
        found.check_rule(rule, &shape);
        let Some(Stage { kind, rule: following }) = rule.stage() else { return found.problems };
        let seats = rule.seats().unwrap_or(0);
        found.prefix.push_str("next.");
        let fewer = following.seats().is_some_and(|own| own <= seats);
        found.check(fewer, "seats", format!("must be an election with at most the {seats} seats of the stage before"));
        shape = next(kind, seats as usize);
        rule = following;
    }
    found.check(false, "", format!("at most {MAX_STAGES} stages are possible: leave this one out"));
    found.problems
}

struct Found {
    prefix: String,
    problems: Vec<Problem>,
}

impl Found {
    fn check(&mut self, holds: bool, field: &str, what: impl Into<String>) {
        if !holds {
            let field = format!("{}{field}", self.prefix).trim_end_matches('.').to_owned();
            self.problems.push(Problem { field, what: what.into() });
        }
    }

    fn check_rule(&mut self, rule: &OutcomeRule, shape: &Shape) {
        let OutcomeRule { profile, quorum, decision } = rule;
        if let Some(quorum) = quorum {
            self.check_fraction("quorum", quorum);
            let of_people = matches!(quorum.of, Number::Entitled | Number::Due);
            self.check(
                of_people,
                "quorum",
                "must be a part of \"entitled\" or \"due\": those are the people who could come",
            );
        }
        if let Some(profile) = profile {
            let what = format!(
                "differs from what \"{}\" says: leave out the fields that the profile sets, or leave out the profile",
                profile.name()
            );
            self.check(profile.is(rule), "profile", what);
        }
        match decision {
            Decision::TotalsOnly => {}
            Decision::Adopt { in_favour, against, requirement } => {
                self.check_fraction("majority", requirement);
                self.check(
                    shape.counts_votes,
                    "in_favour",
                    "needs a kind of contest that counts votes for each option",
                );
                let exists = in_favour.position() < shape.options;
                self.check(exists, "in_favour", format!("must be one of the {} options", shape.options));
                if let Some(against) = against {
                    let exists = against.position() < shape.options && against != in_favour;
                    self.check(exists, "against", format!("must be another one of the {} options", shape.options));
                    let one = shape.most_in_favour == Some(1);
                    self.check(
                        one,
                        "against",
                        "needs a contest with one choice: `max = 1`, so that no ballot is for and against",
                    );
                }
                let decided = requirement.of != Number::Decided || against.is_some();
                self.check(
                    decided,
                    "against",
                    "name the option against: the majority is a part of the votes for and against",
                );
            }
            Decision::Elect { seats, requirement, ties: _, vacancies: _, then: _ } => {
                let possible = (1..=shape.options).contains(&(*seats as usize));
                self.check(
                    possible,
                    "seats",
                    format!("must be between 1 and the number of options, {}", shape.options),
                );
                if let Some(requirement) = requirement {
                    self.check_fraction("majority", requirement);
                    let counted = requirement.of != Number::Decided;
                    let what = "can't be a part of \"decided\": candidates have no votes against; use \"answered\"";
                    self.check(counted, "majority", what);
                    let what = "needs a kind of contest that counts votes for each option: leave it out";
                    self.check(shape.counts_votes, "majority", what);
                }
                if profile.is_some_and(super::Profile::names_at_most_seats) {
                    let limited = shape.most_in_favour.is_some_and(|most| most <= *seats);
                    let what = format!(
                        "a ballot with more names than seats must be impossible under this profile: let the contest allow at \
                         most {seats}"
                    );
                    self.check(limited, "seats", what);
                }
            }
        }
    }

    fn check_fraction(&mut self, field: &str, requirement: &Requirement) {
        let what = "must be a fraction above 0 and up to 1 in lowest terms, such as 1/2; \"more than\" must be below 1";
        self.check(requirement.is_sane(), field, what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::OptionIndex;
    use crate::outcome::fixtures::{election, stage};
    use crate::outcome::{Profile, Subject, Ties, Vacancies};

    const CONTEST: Shape = Shape { options: 4, most_in_favour: Some(2), counts_votes: true };

    fn next(_: &Kind, options: usize) -> Shape {
        Shape { options, most_in_favour: Some(2), counts_votes: true }
    }

    /// Fields of the problems of a rule.
    fn fields(rule: &OutcomeRule, shape: Shape) -> Vec<String> {
        problems(rule, &shape, &next).into_iter().map(|problem| problem.field).collect()
    }

    fn motion(in_favour: u32, against: Option<u32>, requirement: Requirement) -> OutcomeRule {
        let against = against.map(OptionIndex);
        let decision = Decision::Adopt { in_favour: OptionIndex(in_favour), against, requirement };
        OutcomeRule { profile: None, quorum: None, decision }
    }

    const MOST: Requirement = Requirement::more_than((1, 2), Number::Decided);

    #[test]
    fn sensible_rules_have_no_problem() {
        let one = Shape { most_in_favour: Some(1), ..CONTEST };
        assert_eq!(fields(&OutcomeRule::totals_only(), CONTEST), [""; 0]);
        assert_eq!(fields(&motion(0, Some(1), MOST), one), [""; 0]);
        for profile in Profile::ALL {
            for subject in [
                Subject::Election { seats: 2 },
                Subject::Motion { in_favour: OptionIndex(3), against: Some(OptionIndex(0)) },
            ] {
                if let Some(rule) = profile.rule(subject) {
                    assert_eq!(fields(&rule, one), [""; 0], "{profile:?} {subject:?}");
                }
            }
        }
    }

    #[test]
    fn roles_of_options_must_exist_and_differ() {
        let one = Shape { most_in_favour: Some(1), ..CONTEST };
        assert_eq!(fields(&motion(4, Some(1), MOST), one), ["in_favour"]);
        assert_eq!(fields(&motion(0, Some(4), MOST), one), ["against"]);
        assert_eq!(fields(&motion(0, Some(0), MOST), one), ["against"]);
        assert_eq!(fields(&motion(0, None, MOST), one), ["against"], "a part of for and against needs both");
        assert_eq!(fields(&motion(0, Some(1), MOST), CONTEST), ["against"], "two choices: for and against at once");
        assert_eq!(fields(&motion(0, Some(1), MOST), Shape { counts_votes: false, ..one }), ["in_favour"]);
    }

    #[test]
    fn fractions_and_numbers_must_make_sense() {
        let quorum =
            |part, of| OutcomeRule { quorum: Some(Requirement::at_least(part, of)), ..OutcomeRule::totals_only() };
        assert_eq!(fields(&quorum((4, 5), Number::Entitled), CONTEST), [""; 0]);
        for of in [Number::Present, Number::Ballots, Number::Answered, Number::Decided] {
            assert_eq!(fields(&quorum((4, 5), of), CONTEST), ["quorum"]);
        }
        for part in [(0, 5), (6, 5), (5, 0), (0, 0), (2, 4)] {
            assert_eq!(fields(&quorum(part, Number::Due), CONTEST), ["quorum"], "{part:?}");
        }
        assert_eq!(fields(&quorum((1, 1), Number::Due), CONTEST), [""; 0], "all must come");
        let all = election(2, Some(Requirement::more_than((1, 1), Number::Due)));
        assert_eq!(fields(&all, CONTEST), ["majority"], "more than all");
    }

    #[test]
    fn seats_and_majorities_must_be_possible() {
        assert_eq!(fields(&election(0, None), CONTEST), ["seats"]);
        assert_eq!(fields(&election(5, None), CONTEST), ["seats"]);
        assert_eq!(fields(&election(2, Some(MOST)), CONTEST), ["majority"]);
        let pairwise = Shape { counts_votes: false, ..CONTEST };
        assert_eq!(fields(&election(2, Some(Requirement::more_than((1, 2), Number::Due))), pairwise), ["majority"]);
        assert_eq!(fields(&election(2, None), pairwise), [""; 0]);
    }

    #[test]
    fn more_names_than_seats_are_impossible_under_the_profiles_that_say_so() {
        let profiles: Vec<_> = Profile::ALL.into_iter().filter(|profile| profile.names_at_most_seats()).collect();
        assert_eq!(profiles.len(), 5);
        for profile in profiles {
            let rule = profile.rule(Subject::Election { seats: 2 }).unwrap();
            assert_eq!(fields(&rule, CONTEST), [""; 0], "exactly as many");
            assert_eq!(fields(&rule, Shape { most_in_favour: Some(3), ..CONTEST }), ["seats"]);
            assert_eq!(fields(&rule, Shape { most_in_favour: None, ..CONTEST }), ["seats"]);
        }
        let simple = Profile::SimpleMajority.rule(Subject::Election { seats: 2 }).unwrap();
        assert_eq!(fields(&simple, Shape { most_in_favour: None, ..CONTEST }), [""; 0]);
    }

    #[test]
    fn a_rule_with_a_name_is_that_profile() {
        let basic = Profile::CnPartyBasic.rule(Subject::Election { seats: 2 }).unwrap();
        let mut other = basic.clone();
        other.quorum = Some(Requirement::at_least((3, 4), Number::Due));
        assert_eq!(fields(&other, CONTEST), ["profile"]);
        other.quorum = Some(Requirement::more_than((4, 5), Number::Due));
        assert_eq!(fields(&other, CONTEST), [""; 0], "published guidance differs in the bound");
        let mut other = basic;
        if let Decision::Elect { ties, vacancies, .. } = &mut other.decision {
            (*ties, *vacancies) = (Ties::Lots, Vacancies::LeaveOpen);
        }
        assert_eq!(fields(&other, CONTEST), ["profile"]);
        other.profile = None;
        assert_eq!(fields(&other, CONTEST), [""; 0]);
    }

    #[test]
    fn stages_narrow_the_field_and_end() {
        let two = stage(election(3, None), election(2, None));
        assert_eq!(fields(&two, CONTEST), [""; 0]);
        assert_eq!(fields(&stage(election(2, None), election(3, None)), CONTEST), ["next.seats", "next.seats"]);
        assert_eq!(fields(&stage(election(2, None), OutcomeRule::totals_only()), CONTEST), ["next.seats"]);
        let three = stage(election(4, None), two);
        assert_eq!(fields(&three, CONTEST), [""; 0]);
        let four = stage(election(4, None), three);
        assert_eq!(fields(&four, CONTEST), ["next.next.next"]);
    }
}

//! The draft of the election, made from a vote: what an administrator would write by hand.

use serde::Serialize;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use toml::value::Datetime;

use crate::failure::Failure;
use crate::vote::{Budget, Cap, Contest, Origin, Outcome, Rule, Unranked, Vote};

/// Fewest ballots that are counted, unless fewer are cast (A36).
const MINIMUM: u64 = 10;
/// The same where a contest publishes many totals (M12).
const MINIMUM_OF_MANY_CELLS: u64 = 30;
/// Every text is the same in both: names of real votes are not translated.
pub(crate) const LANGUAGES: [&str; 2] = ["en", "zh-CN"];
/// Linter findings of every demonstration: each is accepted by name, and stands in the manifest for everybody to see.
pub(crate) const ACCEPTED: [&str; 3] = ["demonstration", "no-second-factor", "short-dispute"];

/// Public keys in hexadecimal digits.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) administrator: String,
    pub(crate) registrar: String,
    pub(crate) trustees: Vec<(String, String)>,
}

#[derive(Serialize)]
struct Draft<'a> {
    accept: Vec<&'static str>,
    event: Event<'a>,
    officials: Officials<'a>,
    trustees: Trustees<'a>,
    schedule: Schedule,
    privacy: Privacy,
    witnesses: Witnesses<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    group: Vec<Group<'a>>,
    round: [Round<'a>; 1],
}

#[derive(Serialize)]
struct Event<'a> {
    organisation: &'a str,
    title: &'a str,
    languages: [&'static str; 2],
    host: &'a str,
    demonstration: bool,
    rounds_may_be_added: bool,
}

#[derive(Serialize)]
struct Officials<'a> {
    administrator: &'a str,
    registrar: &'a str,
}

#[derive(Serialize)]
struct Trustees<'a> {
    threshold: u32,
    member: Vec<Trustee<'a>>,
}

#[derive(Serialize)]
struct Trustee<'a> {
    name: &'a str,
    key: &'a str,
}

#[derive(Serialize)]
struct Schedule {
    time_zone: &'static str,
    grace_seconds: u64,
    dispute_seconds: u64,
}

#[derive(Serialize)]
struct Privacy {
    minimum_ballots: u64,
    largest_share: &'static str,
}

#[derive(Serialize)]
struct Witnesses<'a> {
    policy: &'a str,
}

#[derive(Serialize)]
struct Group<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Round<'a> {
    title: &'a str,
    opens: Datetime,
    closes: Datetime,
    contest: Vec<Question<'a>>,
}

/// A contest: the fields of its kind, and no other.
#[derive(Serialize)]
struct Question<'a> {
    title: &'a str,
    options: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<&'a str>,
    per_group: bool,
    #[serde(flatten)]
    kind: Fields<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<OutcomeFields>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Fields<'a> {
    Selection {
        min: u32,
        max: u32,
        blank: bool,
    },
    Grades {
        criteria: &'a [String],
        grades: &'a [String],
        rows_may_be_blank: bool,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        cap: Vec<CapFields<'a>>,
    },
    Points {
        #[serde(skip_serializing_if = "Option::is_none")]
        max_points: Option<u64>,
        budget: BudgetField,
        exact: bool,
        blank: bool,
    },
    Ranking {
        unranked: &'static str,
        ties: bool,
        blank: bool,
    },
}

#[derive(Serialize)]
struct CapFields<'a> {
    grade: &'a str,
    at_most: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum BudgetField {
    Points(u64),
    Word(&'static str),
}

#[derive(Serialize)]
struct OutcomeFields {
    profile: &'static str,
    seats: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<NextFields>,
}

#[derive(Serialize)]
struct NextFields {
    kind: &'static str,
    max: u32,
    blank: bool,
    outcome: Box<OutcomeFields>,
}

fn fields(rule: &Rule) -> Fields<'_> {
    match rule {
        Rule::Selection { min, max, blank } => Fields::Selection { min: *min, max: *max, blank: *blank },
        Rule::Grades { criteria, grades, rows_may_be_blank, cap } => {
            let cap = cap.and_then(|Cap { grade, part: (part, whole) }| {
                Some(CapFields { grade: grades.get(grade)?, at_most: format!("{part}/{whole}") })
            });
            let cap = cap.into_iter().collect();
            Fields::Grades { criteria, grades, rows_may_be_blank: *rows_may_be_blank, cap }
        }
        Rule::Points { max, budget, exact, blank } => {
            let (max_points, budget) = match budget {
                Budget::Fixed(budget) => (Some(*max), BudgetField::Points(*budget)),
                Budget::Weight => (None, BudgetField::Word("weight")),
            };
            Fields::Points { max_points, budget, exact: *exact, blank: *blank }
        }
        Rule::Ranking { unranked, ties, blank } => {
            let unranked = match unranked {
                Unranked::Last => "last",
                Unranked::Incomparable => "incomparable",
            };
            Fields::Ranking { unranked, ties: *ties, blank: *blank }
        }
    }
}

fn question<'a>(vote: &'a Vote, contest: &'a Contest) -> Question<'a> {
    let group = |position: &usize| vote.groups.get(*position).map(String::as_str);
    let outcome = contest.outcome.as_ref().map(|Outcome { profile, seats, formal, run_off: _ }| OutcomeFields {
        profile,
        seats: *seats,
        next: formal.map(|seats| NextFields {
            kind: "selection",
            max: seats,
            blank: true,
            outcome: Box::new(OutcomeFields { profile, seats, next: None }),
        }),
    });
    Question {
        title: &contest.title,
        options: &contest.options,
        groups: contest.groups.iter().filter_map(group).collect(),
        per_group: contest.per_group,
        kind: fields(&contest.rule),
        outcome,
    }
}

/// The draft as TOML, and what is weaker in it than in a real election, in words.
pub(crate) fn draft(vote: &Vote, keys: &Keys, host: &str, witnesses: &str) -> Result<(String, Vec<String>), Failure> {
    let round = vote.rounds.first().ok_or_else(|| Failure::internal("a vote without a round"))?;
    let ballots = vote.fewest_ballots();
    let mut weaker = vec![
        "the event is marked as a demonstration, for every reader of its manifest".to_owned(),
        "the dispute period is 0 seconds: the trustees decrypt at once".to_owned(),
        "the witnesses run on the same machine, and a voting code alone is enough to cast".to_owned(),
    ];
    let mut accept = ACCEPTED.to_vec();
    let many_cells = round.contests.iter().any(|contest| !matches!(contest.rule, Rule::Selection { .. }));
    let usual = if many_cells { MINIMUM_OF_MANY_CELLS } else { MINIMUM };
    // Where not even that many arrive, as few as there are: everything is public in a demonstration.
    let minimum = if ballots >= usual { usual } else { MINIMUM.min(ballots) };
    if minimum < usual {
        weaker.push(format!(
            "only {ballots} ballots count in one of the tallies: the minimum of {usual} is lowered to {minimum}"
        ));
        if minimum < MINIMUM {
            accept.push("few-ballots");
        }
        if many_cells {
            accept.push("small-ballots-for-kind");
        }
    }
    let heavy = vote.rounds.iter().any(|round| round.has_majority_holder(&vote.members));
    let largest_share = if heavy {
        accept.push("heavy-share");
        weaker.push("one voter holds more than half of the weight: the largest share is raised to 1/1".into());
        "1/1"
    } else {
        "1/2"
    };
    accept.sort_unstable();
    let opens = now();
    let trustees = keys.trustees.iter().map(|(name, key)| Trustee { name, key }).collect();
    let organisation = match vote.origin {
        Origin::Real { .. } => "Demonstration on real votes",
        Origin::MadeUp => "Demonstration on made-up votes",
    };
    let draft = Draft {
        accept,
        event: Event {
            organisation,
            title: &vote.title,
            languages: LANGUAGES,
            host,
            demonstration: true,
            rounds_may_be_added: vote.rounds.len() > 1,
        },
        officials: Officials { administrator: &keys.administrator, registrar: &keys.registrar },
        trustees: Trustees { threshold: 2, member: trustees },
        // The round is closed when all ballots are cast: the plan says within which time.
        schedule: Schedule { time_zone: "Etc/UTC", grace_seconds: 86_400, dispute_seconds: 0 },
        privacy: Privacy { minimum_ballots: minimum, largest_share },
        witnesses: Witnesses { policy: witnesses },
        group: vote.groups.iter().map(|name| Group { id: name, name }).collect(),
        round: [Round {
            title: &round.title,
            opens: datetime(opens)?,
            closes: datetime(opens + Duration::hours(12))?,
            contest: round.contests.iter().map(|contest| question(vote, contest)).collect(),
        }],
    };
    let text = toml::to_string(&draft).map_err(|error| Failure::internal(error.to_string()))?;
    Ok((text, weaker))
}

fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_nanosecond(0).unwrap_or(now)
}

fn datetime(time: OffsetDateTime) -> Result<Datetime, Failure> {
    let text = time.format(&Rfc3339).map_err(|error| Failure::internal(error.to_string()))?;
    text.parse().map_err(|_| Failure::internal("a date that is none"))
}

#[cfg(test)]
mod tests;

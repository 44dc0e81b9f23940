//! The draft that an administrator writes as TOML, and what it becomes: fields with salted digests, and the labels.

mod contest;

use std::collections::{BTreeMap, BTreeSet};

use rand_core::CryptoRngCore;
use serde::Deserialize;
use thiserror::Error;

use contest::DraftContest;

use super::{Fields, Login, Problem, RoundPlan, TooFew, TrusteeIdentity};
use crate::ids::{LabelDigest, SigningKeyId};
use crate::labels::Label;

/// Why a draft is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DraftError {
    /// No TOML, or an unknown, missing or wrongly typed field; the text names line and column.
    #[error("{0}")]
    Toml(String),
    /// Well-formed, but contents that make no sense.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Problems(Vec<Problem>),
}

/// A draft as read from TOML.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    event: Event,
    officials: Officials,
    trustees: Trustees,
    schedule: Schedule,
    #[serde(default)]
    privacy: Privacy,
    #[serde(default)]
    witnesses: Witnesses,
    #[serde(default = "no_login")]
    login: Vec<String>,
    #[serde(default)]
    accept: Vec<String>,
    #[serde(default, rename = "group")]
    groups: Vec<Group>,
    #[serde(rename = "round")]
    rounds: Vec<Round>,
}

/// One text for all languages, or one for each.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(untagged)]
enum Text {
    Same(String),
    Each(BTreeMap<String, String>),
}

impl Text {
    /// What people see: lower case, single spaces.
    fn folded(&self) -> Self {
        let fold = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
        match self {
            Self::Same(text) => Self::Same(fold(text)),
            Self::Each(texts) => {
                Self::Each(texts.iter().map(|(language, text)| (language.clone(), fold(text))).collect())
            }
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    organisation: Text,
    title: Text,
    languages: Vec<String>,
    host: String,
    #[serde(default)]
    demonstration: bool,
    #[serde(default)]
    rounds_may_be_added: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Officials {
    administrator: String,
    registrar: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trustees {
    threshold: u32,
    #[serde(default, rename = "member")]
    members: Vec<Trustee>,
    #[serde(default, rename = "reserve")]
    reserves: Vec<Trustee>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trustee {
    name: Text,
    key: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Schedule {
    time_zone: String,
    #[serde(default = "default_grace")]
    grace_seconds: u64,
    #[serde(default = "default_dispute")]
    dispute_seconds: u64,
    #[serde(default = "default_retention")]
    retention_days: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Privacy {
    minimum_ballots: u64,
    if_too_few: String,
    largest_share: String,
}

impl Default for Privacy {
    fn default() -> Self {
        Self { minimum_ballots: 10, if_too_few: "no result".into(), largest_share: "1/2".into() }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Witnesses {
    #[serde(default)]
    policy: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    id: String,
    name: Text,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Round {
    title: Text,
    opens: toml::value::Datetime,
    closes: toml::value::Datetime,
    #[serde(rename = "contest")]
    contests: Vec<DraftContest>,
}

const fn default_grace() -> u64 {
    600
}
const fn default_dispute() -> u64 {
    86_400
}
const fn default_retention() -> u32 {
    365
}
fn no_login() -> Vec<String> {
    vec!["none".into()]
}

/// A draft turned into fields, with the labels whose digests stand there and the ids of the groups.
#[derive(Clone, Debug)]
pub struct Drafted {
    /// The fields; [`Manifest::new`](super::Manifest::new) checks them.
    pub fields: Fields,
    /// Every label.
    pub labels: Vec<Label>,
    /// The groups' short ids in order, as used in the roll's CSV.
    pub group_ids: Vec<String>,
}

impl Draft {
    /// Reads TOML. Unknown fields are refused, so that a typing error cannot drop a rule silently.
    ///
    /// # Errors
    /// [`DraftError::Toml`] naming line and column.
    pub fn from_toml(text: &str) -> Result<Self, DraftError> {
        toml::from_str(text).map_err(|error| DraftError::Toml(error.to_string().trim_end().to_owned()))
    }

    /// The host of the board that the draft names.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.event.host
    }

    /// Salts every text and collects the fields. `log_key` is the key that the board made for this event.
    ///
    /// # Errors
    /// [`DraftError::Problems`] with every problem found.
    pub fn into_fields(self, log_key: SigningKeyId, rng: &mut impl CryptoRngCore) -> Result<Drafted, DraftError> {
        let mut builder =
            Builder { languages: self.event.languages.clone(), labels: Vec::new(), problems: Vec::new(), rng };
        let groups = if self.groups.is_empty() {
            vec![Group { id: "all".into(), name: Text::Same("all members".into()) }]
        } else {
            self.groups
        };
        let group_ids: Vec<_> = groups.iter().map(|group| group.id.clone()).collect();
        let shown: Vec<_> = group_ids.iter().cloned().map(Text::Same).collect();
        builder.distinct("group", &shown);

        let organisation = builder.label("event.organisation", &self.event.organisation);
        let title = builder.label("event.title", &self.event.title);
        let administrator = builder.key("officials.administrator", &self.officials.administrator);
        let registrar = builder.key("officials.registrar", &self.officials.registrar);
        let trustees = builder.trustees("trustees.member", &self.trustees.members);
        let reserves = builder.trustees("trustees.reserve", &self.trustees.reserves);
        let names: Vec<_> =
            self.trustees.members.iter().chain(&self.trustees.reserves).map(|t| t.name.clone()).collect();
        builder.distinct("trustees", &names);
        let groups =
            groups.iter().enumerate().map(|(i, group)| builder.label(&format!("group[{i}].name"), &group.name));
        let groups = groups.collect();
        let rounds =
            self.rounds.iter().enumerate().map(|(i, round)| builder.round(&format!("round[{i}]"), round, &group_ids));
        let rounds = rounds.collect();
        let login = self.login.iter().map(|login| builder.login(login)).collect();
        let if_too_few = builder.if_too_few(&self.privacy.if_too_few);
        let largest_share = builder.fraction("privacy.largest_share", &self.privacy.largest_share);
        let mut accepted = self.accept;
        accepted.sort();
        accepted.dedup();

        let fields = Fields {
            demonstration: self.event.demonstration,
            host: self.event.host,
            log_key,
            organisation,
            title,
            languages: self.event.languages,
            administrator,
            registrar,
            threshold: self.trustees.threshold,
            trustees,
            reserves,
            groups,
            rounds,
            rounds_may_be_added: self.event.rounds_may_be_added,
            time_zone: self.schedule.time_zone,
            grace_seconds: self.schedule.grace_seconds,
            witness_policy: self.witnesses.policy,
            login,
            minimum_ballots: self.privacy.minimum_ballots,
            if_too_few,
            largest_share,
            dispute_seconds: self.schedule.dispute_seconds,
            retention_days: self.schedule.retention_days,
            accepted,
        };
        if builder.problems.is_empty() {
            Ok(Drafted { fields, labels: builder.labels, group_ids })
        } else {
            Err(DraftError::Problems(builder.problems))
        }
    }
}

struct Builder<'a, R> {
    languages: Vec<String>,
    labels: Vec<Label>,
    problems: Vec<Problem>,
    rng: &'a mut R,
}

impl<R: CryptoRngCore> Builder<'_, R> {
    fn problem(&mut self, place: &str, what: impl Into<String>) {
        self.problems.push(Problem { place: place.to_owned(), what: what.into() });
    }

    fn label(&mut self, place: &str, text: &Text) -> LabelDigest {
        let texts: BTreeMap<String, String> = match text {
            Text::Same(text) => self.languages.iter().map(|language| (language.clone(), text.clone())).collect(),
            Text::Each(texts) => texts.clone(),
        };
        for language in self.languages.clone() {
            if texts.get(&language).is_none_or(|text| text.trim().is_empty()) {
                self.problem(place, format!("has no text in \"{language}\": add one"));
            }
        }
        if !texts.values().all(|text| crate::labels::is_plain(text)) {
            self.problem(place, "has a line break, a control character or one that can't be seen: write plain text");
        }
        if texts.values().any(|text| text.len() > crate::labels::MAX_TEXT) {
            self.problem(place, "is too long: link to a longer document instead");
        }
        let label = Label::new(texts, self.rng);
        let digest = label.digest();
        self.labels.push(label);
        digest
    }

    fn key(&mut self, place: &str, text: &str) -> SigningKeyId {
        text.parse().unwrap_or_else(|_| {
            self.problem(place, "must be a public key: 64 hexadecimal digits");
            SigningKeyId([0; 32])
        })
    }

    /// Names that look alike are the same name: case and white space make no difference to people.
    fn distinct(&mut self, place: &str, items: &[Text]) {
        let mut seen = BTreeSet::new();
        for (position, item) in items.iter().enumerate() {
            if !seen.insert(item.folded()) {
                let what = "repeats an earlier name: give each a name of its own";
                self.problem(&format!("{place}[{position}]"), what);
            }
        }
    }

    fn trustees(&mut self, place: &str, trustees: &[Trustee]) -> Vec<TrusteeIdentity> {
        let identity = |(i, trustee): (usize, &Trustee)| TrusteeIdentity {
            key: self.key(&format!("{place}[{i}].key"), &trustee.key),
            name: self.label(&format!("{place}[{i}].name"), &trustee.name),
        };
        trustees.iter().enumerate().map(identity).collect()
    }

    fn login(&mut self, text: &str) -> Login {
        if text != "none" {
            self.problem("login", format!("\"{text}\" is no login method that this version knows: use \"none\""));
        }
        Login::None
    }

    fn if_too_few(&mut self, text: &str) -> TooFew {
        match text {
            "no result" => TooFew::NoResult,
            "prolong once" => TooFew::ProlongOnce,
            _ => {
                self.problem("privacy.if_too_few", "must be \"no result\" or \"prolong once\"");
                TooFew::NoResult
            }
        }
    }

    fn fraction(&mut self, place: &str, text: &str) -> (u32, u32) {
        let parts = text.split_once('/').and_then(|(a, b)| Some((a.trim().parse().ok()?, b.trim().parse().ok()?)));
        parts.unwrap_or_else(|| {
            self.problem(place, "must be a fraction such as \"1/2\"");
            (1, 2)
        })
    }

    fn time(&mut self, place: &str, datetime: &toml::value::Datetime) -> u64 {
        seconds(datetime).unwrap_or_else(|| {
            self.problem(place, "must be date and time with an offset, such as 2026-11-23T09:00:00+08:00");
            0
        })
    }

    fn round(&mut self, place: &str, round: &Round, group_ids: &[String]) -> RoundPlan {
        let contests = round.contests.iter().enumerate();
        let contests = contests.map(|(i, contest)| self.contest(&format!("{place}.contest[{i}]"), contest, group_ids));
        let contests = contests.collect();
        RoundPlan {
            title: self.label(&format!("{place}.title"), &round.title),
            opens: self.time(&format!("{place}.opens"), &round.opens),
            closes: self.time(&format!("{place}.closes"), &round.closes),
            contests,
        }
    }
}

/// Seconds since 1970-01-01 UTC of a date and time with an offset; `None` without one of the three.
fn seconds(datetime: &toml::value::Datetime) -> Option<u64> {
    let (date, time, offset) = (datetime.date?, datetime.time?, datetime.offset?);
    let offset = match offset {
        toml::value::Offset::Z => 0,
        toml::value::Offset::Custom { minutes } => i64::from(minutes) * 60,
    };
    // Days from civil (proleptic Gregorian calendar), with March as the first month of a year.
    let (year, month, day) = (i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = days + (153 * month + 2) / 5 + day - 1 - 719_468;
    let in_day = i64::from(time.hour) * 3_600 + i64::from(time.minute) * 60 + i64::from(time.second.unwrap_or(0));
    u64::try_from(days * 86_400 + in_day - offset).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_seconds() {
        let at = |text: &str| seconds(&text.parse().unwrap());
        assert_eq!(at("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(at("2000-02-29T12:00:00Z"), Some(951_825_600));
        assert_eq!(at("2026-11-23T09:00:00+08:00"), Some(1_795_395_600));
        assert_eq!(at("2026-11-23T09:00:00"), None);
        assert_eq!(at("2026-11-23"), None);
    }
}

//! The draft of the election, made from a data set: what an administrator would write by hand.

use serde::Serialize;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use toml::value::Datetime;

use crate::data::DataSet;
use crate::failure::Failure;

/// Fewest ballots that are counted, unless the data set has fewer (A36).
const MINIMUM: u64 = 10;
/// Linter findings of every demonstration: each is accepted by name, and stands in the manifest for everybody to see.
pub(crate) const ACCEPTED: [&str; 4] = ["demonstration", "no-second-factor", "no-witnesses", "short-dispute"];

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
    round: [Round<'a>; 1],
}

#[derive(Serialize)]
struct Event<'a> {
    organisation: &'a str,
    title: &'a str,
    languages: [&'static str; 1],
    host: &'a str,
    demonstration: bool,
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
struct Round<'a> {
    title: &'static str,
    opens: Datetime,
    closes: Datetime,
    contest: [Contest<'a>; 1],
}

#[derive(Serialize)]
struct Contest<'a> {
    title: &'a str,
    kind: &'static str,
    options: &'a [String],
    min: u32,
    max: u32,
    blank: bool,
}

/// The draft as TOML, and what is weaker in it than in a real election, in words.
pub(crate) fn draft(data: &DataSet, keys: &Keys, host: &str) -> Result<(String, Vec<String>), Failure> {
    let ballots = data.ballots.len() as u64;
    let mut weaker = vec![
        "the event is marked as a demonstration, for every reader of its manifest".to_owned(),
        "the dispute period is 0 seconds: the trustees decrypt at once".to_owned(),
        "no witness cosigns the log, and a voting code alone is enough to cast".to_owned(),
    ];
    let mut accept = ACCEPTED.to_vec();
    if ballots < MINIMUM {
        accept.push("few-ballots");
        weaker.push(format!("only {ballots} ballots are cast: the minimum of {MINIMUM} is lowered to {ballots}"));
    }
    let largest_share = if data.has_majority_holder() {
        weaker.push("one voter holds more than half of the weight: the largest share is raised to 1/1".into());
        "1/1"
    } else {
        "1/2"
    };
    let opens = now();
    let contest =
        Contest { title: &data.title, kind: "selection", options: &data.options, min: 1, max: data.max, blank: true };
    let trustees = keys.trustees.iter().map(|(name, key)| Trustee { name, key }).collect();
    let draft = Draft {
        accept,
        event: Event {
            organisation: "Demonstration on real votes",
            title: &data.title,
            languages: ["en"],
            host,
            demonstration: true,
        },
        officials: Officials { administrator: &keys.administrator, registrar: &keys.registrar },
        trustees: Trustees { threshold: 2, member: trustees },
        // The round is closed when all ballots are cast: the plan says within which time.
        schedule: Schedule { time_zone: "Etc/UTC", grace_seconds: 86_400, dispute_seconds: 0 },
        privacy: Privacy { minimum_ballots: MINIMUM.min(ballots), largest_share },
        round: [Round {
            title: "The vote",
            opens: datetime(opens)?,
            closes: datetime(opens + Duration::hours(12))?,
            contest: [contest],
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
mod tests {
    use rand::rngs::OsRng;
    use voting_core::entry::OfficialKey;
    use voting_core::manifest::{Manifest, lint};

    use super::*;
    use crate::cli::Ballots;

    fn manifest(ballots: usize) -> (Manifest, Vec<String>) {
        let data = DataSet::read(None, Some(Ballots::First(ballots))).unwrap();
        let key = || OfficialKey::random(&mut OsRng).public();
        let [log, administrator, registrar] = core::array::from_fn(|_| key());
        let trustees = ["a", "b", "c"].map(|name| (name.to_owned(), key().to_string())).to_vec();
        let keys = Keys { administrator: administrator.to_string(), registrar: registrar.to_string(), trustees };
        let (text, weaker) = draft(&data, &keys, "127.0.0.1:8080").unwrap();
        let draft = voting_core::manifest::Draft::from_toml(&text).unwrap();
        (Manifest::new(draft.into_fields(log, &mut OsRng).unwrap().fields).unwrap(), weaker)
    }

    #[test]
    fn the_draft_is_valid_and_every_finding_is_accepted_by_name() {
        for (ballots, notes) in [(1_000, 3), (5, 4)] {
            let (manifest, weaker) = manifest(ballots);
            for finding in lint(&manifest) {
                assert!(manifest.accepted.iter().any(|code| code == finding.code), "{}", finding.code);
            }
            assert_eq!(weaker.len(), notes, "{weaker:?}");
            assert_eq!(manifest.minimum_ballots, 10.min(ballots as u64));
            assert!(manifest.demonstration);
        }
    }
}

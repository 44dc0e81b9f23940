//! The manifest: the fixed rules and questions of an event, entry 0 of its log. Its hash is the event's id.
//!
//! [`Fields`] is what it says; a [`Manifest`] exists only if all of it is valid, and carries its bytes and id.

mod draft;
mod lint;
mod wire;

use core::ops::Deref;

use serde::Serialize;
use thiserror::Error;

pub use draft::{Draft, DraftError, Drafted};
pub use lint::{Finding, lint};

use crate::ballot::{self, ContestRules, SizeError, TooLarge};
use crate::codec::{self, Malformed};
use crate::contest::{Contest, Kind, MAX_GROUPS, MAX_OPTIONS, Method};
use crate::ids::{ContestIndex, EventId, GroupIndex, LabelDigest, RoundIndex, SigningKeyId, TrusteeIndex};
use crate::outcome::{self, Decision, Ties, Vacancies};
use crate::tally::partial::{CELL, PROOF};

/// The largest total of any cell: sum of weights times the largest cell, the bound of the discrete logarithm (A9).
pub const MAX_TOTAL: u64 = 1 << 40;
/// Most trustees, and most reserves.
pub const MAX_TRUSTEES: usize = 64;
/// Most rounds known beforehand.
pub const MAX_ROUNDS: usize = 32;
/// Most contests of a round.
pub const MAX_CONTESTS: usize = 64;

/// A trustee, or one in reserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrusteeIdentity {
    /// Ed25519 identity key, made before the event (A21).
    pub key: SigningKeyId,
    /// Digest of the name.
    pub name: LabelDigest,
}

/// A round that is known beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundPlan {
    /// Digest of its title.
    pub title: LabelDigest,
    /// Planned start in seconds since 1970-01-01 UTC.
    pub opens: u64,
    /// Planned end in seconds since 1970-01-01 UTC.
    pub closes: u64,
    /// Its contests, in order.
    pub contests: Vec<Contest>,
}

/// What follows when fewer ballots than the minimum arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TooFew {
    /// The round ends without a result.
    NoResult,
    /// The round is prolonged once, then ends without a result.
    ProlongOnce,
}

/// How members log in when they cast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Login {
    /// The voting code alone; lowers the assurance level (A12).
    None,
}

/// Everything that a manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    /// A demonstration: tiny minimum of ballots allowed, and every page says that it is one.
    pub demonstration: bool,
    /// Host of the board, the first part of the log's origin.
    pub host: String,
    /// Ed25519 public key of the log.
    pub log_key: SigningKeyId,
    /// Digest of the organisation's name.
    pub organisation: LabelDigest,
    /// Digest of the event's title.
    pub title: LabelDigest,
    /// Language tags (BCP 47), the first one is the default.
    pub languages: Vec<String>,
    /// Key of the administrator.
    pub administrator: SigningKeyId,
    /// Key of the registrar.
    pub registrar: SigningKeyId,
    /// Trustees needed for the count.
    pub threshold: u32,
    /// The trustees, with the indices 1..=n.
    pub trustees: Vec<TrusteeIdentity>,
    /// Reserves in order (S8).
    pub reserves: Vec<TrusteeIdentity>,
    /// Digests of the groups' names; at least one group.
    pub groups: Vec<LabelDigest>,
    /// The rounds known beforehand.
    pub rounds: Vec<RoundPlan>,
    /// Whether a round that an outcome calls for may be held.
    pub rounds_may_be_added: bool,
    /// Time zone of the schedule (IANA name), for display.
    pub time_zone: String,
    /// Seconds by which a start or end may differ from the plan.
    pub grace_seconds: u64,
    /// Witness policy in the C2SP format, without the log's own line; empty if there are no witnesses.
    pub witness_policy: String,
    /// How members log in.
    pub login: Vec<Login>,
    /// Fewest ballots that are counted (A36).
    pub minimum_ballots: u64,
    /// What follows if fewer arrive.
    pub if_too_few: TooFew,
    /// Largest part of the cast weight that one credential may hold, as a fraction (S12).
    pub largest_share: (u32, u32),
    /// Seconds between closing and the first partial decryption (S7).
    pub dispute_seconds: u64,
    /// Days for which the organisation keeps login data and labels.
    pub retention_days: u32,
    /// Codes of linter findings that the administrator accepted.
    pub accepted: Vec<String>,
}

/// Why a manifest is none: each problem names its place and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ManifestError {
    /// Not the canonical form.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Well-formed but not valid.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Problem>),
}

/// One thing that is wrong in a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where, such as `round[0].contest[2].max`.
    pub place: String,
    /// What is wrong, and the remedy.
    pub what: String,
}

impl core::fmt::Display for Problem {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// A valid manifest with its canonical bytes and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    fields: Fields,
    bytes: Vec<u8>,
    event: EventId,
}

impl Deref for Manifest {
    type Target = Fields;
    fn deref(&self) -> &Fields {
        &self.fields
    }
}

impl Manifest {
    /// Checks the fields and fixes the bytes.
    ///
    /// # Errors
    /// [`ManifestError::Invalid`] with every problem found.
    pub fn new(fields: Fields) -> Result<Self, ManifestError> {
        let mut problems = problems(&fields);
        let bytes = codec::to_bytes(&fields);
        if bytes.len() > tlog::tile::MAX_ENTRY {
            let what =
                format!("it takes {} bytes, at most {} fit: split the event", bytes.len(), tlog::tile::MAX_ENTRY);
            problems.push(Problem { place: "manifest".into(), what });
        }
        if problems.is_empty() {
            let event = EventId::of_manifest(&bytes);
            Ok(Self { fields, bytes, event })
        } else {
            Err(ManifestError::Invalid(problems))
        }
    }

    /// Decodes and checks.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ManifestError> {
        Self::new(codec::from_bytes(bytes, tlog::tile::MAX_ENTRY)?)
    }

    /// The canonical bytes: entry 0.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The id of the event.
    #[must_use]
    pub fn event(&self) -> EventId {
        self.event
    }

    /// The origin line of the log: `<host>/<event id>` (S6).
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}/{}", self.fields.host, self.event)
    }

    /// A trustee by index (A26).
    #[must_use]
    pub fn trustee(&self, index: TrusteeIndex) -> Option<&TrusteeIdentity> {
        (index.0 as usize).checked_sub(1).and_then(|position| self.fields.trustees.get(position))
    }

    /// The indices 1..=n (A26).
    pub fn trustee_indices(&self) -> impl Iterator<Item = TrusteeIndex> + use<> {
        (1..=self.fields.trustees.len() as u32).map(TrusteeIndex)
    }

    /// A round known beforehand.
    #[must_use]
    pub fn round(&self, index: RoundIndex) -> Option<&RoundPlan> {
        self.fields.rounds.get(index.position())
    }

    /// Words that must be the same on every screen and letter (A22); see [`event_words`].
    #[must_use]
    pub fn event_words(&self) -> String {
        event_words(&self.event)
    }
}

/// Four pronounceable words from the first 96 bits of the event id: four syllables of consonant and vowel to a word.
#[must_use]
pub fn event_words(event: &EventId) -> String {
    const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
    const VOWELS: &[u8; 4] = b"aiou";
    let mut words: Vec<String> = Vec::new();
    for bytes in event.as_bytes().chunks(3).take(4) {
        // 24 bits: four syllables of six bits.
        let bits = bytes.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        let syllables = (0..4).rev().flat_map(|i| {
            let syllable = bits >> (6 * i) & 63;
            [CONSONANTS.get(syllable >> 2), VOWELS.get(syllable & 3)]
        });
        words.push(syllables.flatten().map(|letter| char::from(*letter)).collect());
    }
    words.join("-")
}

struct Problems(Vec<Problem>);

impl Problems {
    fn check(&mut self, holds: bool, place: impl Into<String>, what: impl Into<String>) {
        if !holds {
            self.0.push(Problem { place: place.into(), what: what.into() });
        }
    }
}

/// Every problem of a manifest, not only the first one.
fn problems(fields: &Fields) -> Vec<Problem> {
    let mut found = Problems(Vec::new());
    check_names(fields, &mut found);
    check_trustees(fields, &mut found);
    check_numbers(fields, &mut found);
    check_roles(fields, &mut found);
    let groups = fields.groups.len();
    found.check((1..=MAX_GROUPS).contains(&groups), "group", format!("needs 1 to {MAX_GROUPS} groups"));
    let rounds = fields.rounds.len();
    found.check((1..=MAX_ROUNDS).contains(&rounds), "round", format!("needs 1 to {MAX_ROUNDS} rounds"));
    for (index, round) in fields.rounds.iter().enumerate() {
        check_round(index, round, fields, &mut found);
    }
    found.0
}

fn check_names(fields: &Fields, found: &mut Problems) {
    let host = &fields.host;
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]/".contains(c);
    let valid = !host.is_empty() && host.len() <= 255 && host.chars().all(plain) && !host.ends_with('/');
    found.check(valid, "event.host", "must be the board's public host name, such as votes.example.org");
    found.check(!fields.languages.is_empty(), "event.languages", "name at least one language, such as \"en\"");
    let tags = fields.languages.iter().all(|tag| !tag.is_empty() && tag.is_ascii() && tag.len() <= 35);
    found.check(tags, "event.languages", "use language tags such as \"en\" or \"zh-CN\"");
    let mut sorted = fields.languages.clone();
    sorted.sort();
    sorted.dedup();
    found.check(sorted.len() == fields.languages.len(), "event.languages", "name each language once");
    let zone = !fields.time_zone.is_empty() && fields.time_zone.is_ascii();
    found.check(zone, "schedule.time_zone", "name the time zone, such as \"Europe/Berlin\"");
    if !fields.witness_policy.is_empty() {
        let parsed = tlog::policy::Policy::parse(fields.witness_policy.as_bytes());
        found.check(parsed.is_ok(), "witnesses.policy", "is no C2SP witness policy: see docs/operating.md");
    }
}

fn check_trustees(fields: &Fields, found: &mut Problems) {
    let n = fields.trustees.len();
    found.check(n > 0, "trustees", "there are none: add at least two with `[[trustees.member]]`");
    found.check(n <= MAX_TRUSTEES, "trustees", format!("at most {MAX_TRUSTEES} are possible"));
    let t = fields.threshold as usize;
    let least = if fields.demonstration { 1 } else { 2 };
    if n > 0 {
        let what = format!("must be between {least} and the number of trustees, {n}");
        found.check((least..=n).contains(&t), "trustees.threshold", what);
    }
    found.check(fields.reserves.len() <= MAX_TRUSTEES, "trustees.reserve", format!("at most {MAX_TRUSTEES}"));
    let mut keys: Vec<_> = fields.trustees.iter().chain(&fields.reserves).map(|trustee| trustee.key).collect();
    let all = keys.len();
    keys.sort();
    keys.dedup();
    found.check(keys.len() == all, "trustees", "two of them have the same key: each needs a key of its own");
    let officials = [("officials.administrator", fields.administrator), ("officials.registrar", fields.registrar)];
    for (place, key) in officials {
        let valid = tlog::signature::is_valid_public_key(key.as_bytes());
        found.check(valid, place, "is no Ed25519 public key: copy it from `office key show`");
    }
    for (index, trustee) in fields.trustees.iter().chain(&fields.reserves).enumerate() {
        let valid = tlog::signature::is_valid_public_key(trustee.key.as_bytes());
        let place = format!("trustees[{index}].key");
        found.check(valid, place, "is no Ed25519 public key: ask the trustee for the line that `trustee init` printed");
    }
}

/// Keys of different roles differ, so that no signature speaks for two of them (A12).
fn check_roles(fields: &Fields, found: &mut Problems) {
    let valid = tlog::signature::is_valid_public_key(fields.log_key.as_bytes());
    found.check(valid, "log_key", "is no Ed25519 public key: reserve the event at the board again");
    let officials = [fields.administrator, fields.registrar];
    let apart = !officials.contains(&fields.log_key);
    found.check(apart, "officials", "an official has the key of the log: each needs a key of its own");
    let mut trustees = fields.trustees.iter().chain(&fields.reserves);
    let apart = trustees.all(|trustee| trustee.key != fields.log_key && !officials.contains(&trustee.key));
    found.check(apart, "trustees", "one of them has the key of an official or of the log: each needs a key of its own");
    // Reserves are for restarts of the ceremony, which this version does not have.
    let none = fields.reserves.is_empty();
    found.check(none, "trustees.reserve", "this version can't restart a ceremony: leave the reserves out");
}

fn check_numbers(fields: &Fields, found: &mut Problems) {
    let least = if fields.demonstration { 1 } else { 3 };
    let what = format!("must be at least {least}: fewer would disclose single votes");
    found.check(fields.minimum_ballots >= least, "privacy.minimum_ballots", what);
    let (part, whole) = fields.largest_share;
    let fraction = part > 0 && whole > 0 && part <= whole;
    found.check(fraction, "privacy.largest_share", "must be a fraction above 0 and up to 1, such as \"1/2\"");
    found.check(!fields.login.is_empty(), "login", "name at least one method; \"none\" is one");
    let kept = fields.if_too_few == TooFew::NoResult;
    found.check(kept, "privacy.if_too_few", "this version can't prolong a round: use \"no result\"");
    let sorted = fields.accepted.is_sorted_by(|a, b| a < b);
    found.check(sorted, "accept", "codes must be ascending, each once");
}

fn check_round(index: usize, round: &RoundPlan, fields: &Fields, found: &mut Problems) {
    let groups = fields.groups.len();
    let place = format!("round[{index}]");
    found.check(round.opens < round.closes, format!("{place}.closes"), "must be later than opens");
    let count = round.contests.len();
    found.check((1..=MAX_CONTESTS).contains(&count), &place, format!("needs 1 to {MAX_CONTESTS} contests"));
    let mut sizes = true;
    for (i, contest) in round.contests.iter().enumerate() {
        sizes &= check_contest(&format!("{place}.contest[{i}]"), contest, groups, found);
    }
    let stages = round.contests.iter().any(|contest| contest.outcome.stage().is_some());
    let what = "must be true: a contest has a stage that follows, which is a round of its own";
    found.check(!stages || fields.rounds_may_be_added, "event.rounds_may_be_added", what);
    if !sizes {
        return;
    }
    for group in (0..groups).map(|group| GroupIndex(group as u32)) {
        let empty = format!("group {group} has no contest in this round: name it in one");
        found.check(round.contests.iter().any(|contest| contest.is_for(group)), &place, empty);
    }
    check_sizes(&place, round, groups, found);
    // What an outcome may call for must be possible as well, or an event could come to a round that can't be held.
    let mut following = round.clone();
    for _ in 0..outcome::MAX_STAGES {
        if !fields.rounds_may_be_added {
            break;
        }
        following = worst_follow_up(&following);
        let count = following.contests.len();
        if count == 0 {
            break;
        }
        let place = format!("{place}.follow_up");
        let what = format!("could have {count} contests, at most {MAX_CONTESTS} are possible: split the round");
        found.check(count <= MAX_CONTESTS, &place, what);
        check_sizes(&place, &following, groups, found);
    }
}

/// The largest round that an outcome of this one may call for: for each contest and tally the next stage with all that can be
/// selected, or the same contest again, whichever has more cells.
fn worst_follow_up(round: &RoundPlan) -> RoundPlan {
    let mut contests = Vec::new();
    for contest in &round.contests {
        let again = match contest.outcome.decision {
            Decision::Elect { ties: Ties::NewRound, .. } | Decision::Elect { vacancies: Vacancies::NewRound, .. } => {
                true
            }
            Decision::Elect { .. } | Decision::Adopt { .. } | Decision::TotalsOnly => false,
        };
        let stage = contest.outcome.stage().zip(contest.outcome.seats()).map(|(stage, seats)| {
            let options = contest.options.iter().take(seats as usize).copied().collect();
            Contest { options, kind: stage.kind.clone(), outcome: stage.rule.clone(), ..contest.clone() }
        });
        let own = again.then(|| contest.clone());
        let Some(largest) = own.into_iter().chain(stage).max_by_key(Contest::cells) else { continue };
        for group in contest.tallies() {
            let groups = group.map_or_else(|| contest.groups.clone(), |group| vec![group]);
            contests.push(Contest { groups, per_group: false, ..largest.clone() });
        }
    }
    RoundPlan { contests, ..round.clone() }
}

/// Whether everything that a round puts on the log fits its entries: start, ballots, count, outcome.
fn check_sizes(place: &str, round: &RoundPlan, groups: usize, found: &mut Problems) {
    /// Joint key, times and signature of the entry that starts a round, more than there can be.
    const FRAME: usize = 512;
    let bytes = FRAME + codec::to_bytes(round).len();
    let what = format!("its start would take {bytes} bytes, at most {} fit: split the round", tlog::tile::MAX_ENTRY);
    found.check(bytes <= tlog::tile::MAX_ENTRY, place, what);
    check_count_size(place, round, found);
    for group in 0..groups {
        let contests = (0..).map(ContestIndex).zip(&round.contests);
        let contests = contests.filter(|(_, contest)| contest.is_for(GroupIndex(group as u32)));
        match ballot::part_sizes(contests) {
            Err(SizeError::TooLarge(TooLarge { contest, bytes })) => {
                let what = format!(
                    "an answer would take {bytes} bytes, at most {} fit: use fewer options, or split the contest",
                    tlog::tile::MAX_ENTRY
                );
                found.check(false, format!("{place}.contest[{contest}]"), what);
            }
            Err(SizeError::Parts(parts)) => {
                let most = ballot::MAX_PARTS;
                let what =
                    format!("a ballot of group {group} would have {parts} parts, at most {most}: split the round");
                found.check(false, place, what);
            }
            Ok(_) | Err(SizeError::Statement(_)) => {} // an invalid contest has been reported
        }
    }
}

/// A count that does not fit an entry could never be posted: the round would end in neither a result nor none.
fn check_count_size(place: &str, round: &RoundPlan, found: &mut Problems) {
    /// CBOR headers and signature of an entry, more than there can be.
    const FRAME: usize = 256;
    let cells = round.contests.iter().map(|contest| contest.cells() * contest.tallies().len()).sum::<usize>();
    let tallies = round.contests.iter().map(|contest| contest.tallies().len()).sum::<usize>();
    let partial = FRAME + tallies * (5 + PROOF) + cells * CELL;
    let what = format!(
        "a partial decryption would take {partial} bytes, at most {} fit: use fewer contests, or totals of all groups \
         together, or split the round",
        tlog::tile::MAX_ENTRY
    );
    found.check(partial <= tlog::tile::MAX_ENTRY, place, what);
    // Numbers and verdict of a tally; each option is named at most twice, in 3 bytes.
    let outcome = round.contests.iter().map(|contest| contest.tallies().len() * (160 + 6 * contest.options.len()));
    let outcome = FRAME + outcome.sum::<usize>();
    let what = format!(
        "an outcome would take {outcome} bytes, at most {} fit: use fewer contests, or totals of all groups together, or \
         split the round",
        tlog::tile::MAX_ENTRY
    );
    found.check(outcome <= tlog::tile::MAX_ENTRY, place, what);
}

/// Returns whether the contest has statements, so that sizes can be computed.
fn check_contest(place: &str, contest: &Contest, groups: usize, found: &mut Problems) -> bool {
    let options = contest.options.len();
    let what = format!("needs 1 to {MAX_OPTIONS} options");
    found.check((1..=MAX_OPTIONS).contains(&options), format!("{place}.options"), what);
    let ascending = contest.groups.is_sorted_by(|a, b| a < b);
    let known = !contest.groups.is_empty() && contest.groups.iter().all(|group| group.position() < groups);
    found.check(ascending && known, format!("{place}.groups"), "must name existing groups, each once, ascending");
    let earlier = found.0.len();
    contest.check(&mut |holds, field, what| found.check(holds, format!("{place}.{field}"), what));
    if found.0.len() > earlier {
        return false;
    }
    // The statements of every weight that a roll can have.
    if let Err(error) = ContestRules::new(ContestIndex(0), contest) {
        found.check(false, place, format!("{error}: use fewer options or a smaller range"));
        return false;
    }
    // A weight of one each is the least that a roll can have.
    let total = contest.largest_total(1).is_some_and(|total| total <= MAX_TOTAL);
    found.check(total, place, "the total of an option could pass 2^40: use a smaller range");
    let problems = outcome::problems(&contest.outcome, &contest.shape(), &|kind, options| kind.shape(options));
    for outcome::Problem { field, what } in &problems {
        found.check(false, format!("{place}.outcome.{field}"), what.as_str());
    }
    // These methods may leave an order between tied options open that is no tie of all with all (docs/methods.md).
    if let (Kind::Ranking(rule), Decision::Elect { ties, .. }) = (&contest.kind, &contest.outcome.decision) {
        let sure = matches!(rule.method, Method::Copeland | Method::Borda) || *ties == Ties::NewRound;
        let what = "must be \"new round\" with this method: lots or the list could put a loser before who beats it";
        found.check(sure, format!("{place}.outcome.ties"), what);
    }
    // The contests of the stages that may follow.
    if problems.is_empty()
        && let Some((stage, seats)) = contest.outcome.stage().zip(contest.outcome.seats())
    {
        let options = contest.options.iter().take(seats as usize).copied().collect();
        let (kind, outcome) = (stage.kind.clone(), stage.rule.clone());
        let following = Contest { options, kind, outcome, ..contest.clone() };
        return check_contest(&format!("{place}.outcome.next"), &following, groups, found);
    }
    true
}

#[cfg(test)]
mod tests;

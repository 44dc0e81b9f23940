//! `office credentials issue`: voting codes, letters, and the rolls on the log.
//!
//! Order of what becomes durable: codes.csv (with it everything else can be made again) → credentials.json →
//! letters.html → the entries. A crash in between leaves a prefix of these, and the next run goes on from there.

use std::collections::BTreeSet;
use std::path::Path;

use rand::rngs::OsRng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use voting_core::credential::{CodeSecret, VotingCode};
use voting_core::entry::{Author, Body, OfficialKey, ROLL_CHUNK, RollChunk, RollClosed, RollMember};
use voting_core::ids::{CredentialKey, EventId, RoundIndex};
use voting_core::manifest::{MAX_ROUNDS, Manifest};
use voting_core::record::State;
use zeroize::Zeroizing;

use super::{fold, key_of, post, words_of_time};
use crate::cli::IssueArgs;
use crate::failure::Failure;
use crate::folder::{self, EventFolder, damaged, read_json, to_json};
use crate::letters::{self, Letterhead};
use crate::roll::Member;
use crate::talk::{Outcome, Talk};

/// `credentials.json`: the registrar's map from members to credentials (A38).
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Issued {
    event: EventId,
    members: Vec<IssuedMember>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuedMember {
    member: String,
    /// One credential for each round: those of the manifest, and further ones where rounds may be added.
    credentials: Vec<CredentialKey>,
}

/// Rounds that may be added for which credentials are derived at once, so that the codes need not stay on the computer.
const FURTHER: usize = 8;

/// Rounds for which credentials are derived when codes are issued.
fn rounds_at_once(manifest: &Manifest) -> usize {
    let further = if manifest.rounds_may_be_added { FURTHER } else { 0 };
    (manifest.rounds.len() + further).min(MAX_ROUNDS)
}

/// The members of the folder.
pub(super) fn members(folder: &EventFolder) -> Result<Vec<Member>, Failure> {
    if !folder.paths.roll().exists() {
        let fault = format!("{} has no members", folder.paths.dir().display());
        return Err(Failure::refused("no-roll", fault, "run `office roll import` first"));
    }
    read_json(&folder.paths.roll())
}

/// Makes codes and letters, and posts the rolls.
pub(super) fn issue(args: &IssueArgs, talk: Talk) -> Result<Outcome, Failure> {
    let folder = EventFolder::open(&args.event.dir)?;
    let members = members(&folder)?;
    let key = key_of(&args.event.key, &folder.manifest.registrar, "registrar")?;
    // The log first: without it codes would be made that cannot be published.
    let mut state = fold(&folder, talk)?;
    let issued = codes(&folder, &members, &state, talk)?;
    let rounds = folder.manifest.rounds.len() as u32;
    for index in (0..rounds).map(RoundIndex) {
        publish(&folder, &mut state, index, &members, &issued, &key, talk)?;
    }

    let paths = &folder.paths;
    let files = [paths.codes(), paths.letters(), paths.credentials()].map(|path| path.display().to_string());
    Ok(Outcome {
        text: format!(
            "{} members have voting codes; the rolls of {rounds} round(s) are complete\n{}\n\
             These files hold secrets: send the letters, then take codes.csv and letters.html off this computer.",
            members.len(),
            files.join("\n")
        ),
        json: json!({ "members": members.len(), "rounds": rounds, "files": files, "size": state.size() }),
    })
}

/// Makes what is missing of codes, map and letters, in this order.
fn codes(folder: &EventFolder, members: &[Member], state: &State, talk: Talk) -> Result<Issued, Failure> {
    let paths = &folder.paths;
    let codes = if paths.codes().exists() {
        let read = read_codes(&paths.codes(), members);
        // Without the map beside it, it may be somebody else's file of that name.
        let foreign = |failure| if paths.credentials().exists() { failure } else { Failure::exists(&paths.codes()) };
        read.map_err(foreign)?
    } else {
        if paths.credentials().exists() || state.roll(RoundIndex(0)).is_some_and(|roll| roll.chunks() > 0) {
            let fault = format!("the codes of this event were made before, but {} is missing", paths.codes().display());
            return Err(Failure::unable("codes-missing", fault, "restore codes.csv and credentials.json from a copy"));
        }
        let codes: Vec<_> = members.iter().map(|_| VotingCode::random(&mut OsRng)).collect();
        vault::write_new(&paths.codes(), &write_codes(members, &codes)?, 0o600)?;
        codes
    };
    let issued = if paths.credentials().exists() {
        read_issued(folder, members)?
    } else {
        let issued = derive(folder, members, &codes, rounds_at_once(&folder.manifest), talk)?;
        vault::write_new(&paths.credentials(), &to_json(&issued)?, 0o600)?;
        issued
    };
    if !paths.letters().exists() {
        let named: Vec<_> = members.iter().map(|member| member.member.clone()).zip(codes).collect();
        let page = Zeroizing::new(letters::html(&letterhead(folder)?, &named));
        vault::write_new(&paths.letters(), page.as_bytes(), 0o600)?;
    }
    Ok(issued)
}

/// Reads credentials.json, which must have exactly the members of the roll, in order.
fn read_issued(folder: &EventFolder, members: &[Member]) -> Result<Issued, Failure> {
    let path = folder.paths.credentials();
    let issued: Issued = read_json(&path)?;
    let names = issued.members.iter().map(|issued| &issued.member).eq(members.iter().map(|member| &member.member));
    let rounds = issued.rounds();
    let complete = issued.members.iter().all(|member| member.credentials.len() == rounds);
    if issued.event == folder.file.event && names && complete && rounds >= folder.manifest.rounds.len() {
        Ok(issued)
    } else {
        Err(damaged(&path, "it does not have the members of roll.json"))
    }
}

impl Issued {
    /// Rounds for which there are credentials.
    fn rounds(&self) -> usize {
        self.members.first().map_or(0, |member| member.credentials.len())
    }
}

/// The credentials of a round, from credentials.json; beyond those that were derived at once from the codes again.
pub(super) fn issued_for(
    folder: &EventFolder,
    members: &[Member],
    round: RoundIndex,
    talk: Talk,
) -> Result<Issued, Failure> {
    let (codes, map) = (folder.paths.codes(), folder.paths.credentials());
    if !map.exists() {
        let fault = format!("{} is missing", map.display());
        return Err(Failure::unable("codes-missing", fault, "use the folder with which the codes were issued"));
    }
    let issued = read_issued(folder, members)?;
    if round.position() < issued.rounds() {
        return Ok(issued);
    }
    if !codes.exists() {
        let fault =
            format!("{} has credentials for {} rounds, none for round {}", map.display(), issued.rounds(), round.0 + 1);
        let remedy = format!("put {} back for this command: it makes those of {FURTHER} more rounds", codes.display());
        return Err(Failure::unable("codes-missing", fault, remedy));
    }
    let rounds = (round.position() + FURTHER).min(MAX_ROUNDS);
    let wider = derive(folder, members, &read_codes(&codes, members)?, rounds, talk)?;
    let same = |(old, new): (&IssuedMember, &IssuedMember)| new.credentials.starts_with(&old.credentials);
    if !issued.members.iter().zip(&wider.members).all(same) {
        return Err(damaged(&codes, "its codes do not give the credentials of credentials.json"));
    }
    vault::write_atomic(&map, &to_json(&wider)?)?;
    Ok(wider)
}

/// Stretches every code on all cores and derives a credential for each of so many rounds (M10).
fn derive(
    folder: &EventFolder,
    members: &[Member],
    codes: &[VotingCode],
    rounds: usize,
    talk: Talk,
) -> Result<Issued, Failure> {
    let (event, rounds) = (folder.file.event, rounds as u32);
    let bar = talk.bar("stretching codes");
    bar.set_length(codes.len() as u64);
    let credentials = |code: &VotingCode| {
        let secret = CodeSecret::stretch(code, &event)?;
        bar.inc(1);
        Ok((0..rounds).map(|round| secret.credential(RoundIndex(round)).key()).collect())
    };
    let all: Result<Vec<Vec<CredentialKey>>, voting_core::credential::OutOfMemory> =
        codes.par_iter().map(credentials).collect();
    bar.finish_and_clear();
    let all =
        all.map_err(|error| Failure::unable("memory", error.to_string(), "close other programs, run it again"))?;
    let distinct: BTreeSet<_> = all.iter().flatten().collect();
    if distinct.len() != members.len() * rounds as usize {
        let fault = "two members would have the same credential";
        return Err(Failure::unable(
            "codes-repeat",
            fault,
            "remove codes.csv, check the system's randomness, run it again",
        ));
    }
    let member = |(member, credentials): (&Member, _)| IssuedMember { member: member.member.clone(), credentials };
    Ok(Issued { event, members: members.iter().zip(all).map(member).collect() })
}

fn write_codes(members: &[Member], codes: &[VotingCode]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let failed =
        |error: csv::Error| Failure::unable("internal", error.to_string(), "report this as a fault of the program");
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["member", "code", "digits"]).map_err(failed)?;
    for (member, code) in members.iter().zip(codes) {
        writer.write_record([&member.member, &code.expose_text(), &code.expose_digits()]).map_err(failed)?;
    }
    let bytes = writer.into_inner();
    bytes.map(Zeroizing::new).map_err(|error| Failure::unable("internal", error.to_string(), ""))
}

/// Reads back codes.csv, which must have exactly the members of the roll, in order.
fn read_codes(path: &Path, members: &[Member]) -> Result<Vec<VotingCode>, Failure> {
    let bytes = Zeroizing::new(folder::read(path)?);
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let mut codes = Vec::with_capacity(members.len());
    for record in reader.records() {
        let record = record.map_err(|error| damaged(path, &error.to_string()))?;
        let line = codes.len() + 2;
        let fits = record.get(0) == members.get(codes.len()).map(|member| member.member.as_str());
        let code = record.get(1).filter(|_| fits).and_then(|code| VotingCode::parse(code).ok());
        codes.push(
            code.ok_or_else(|| damaged(path, &format!("line {line} is not the member of roll.json with a code")))?,
        );
    }
    if codes.len() == members.len() {
        Ok(codes)
    } else {
        Err(damaged(path, "it does not have every member of roll.json"))
    }
}

fn letterhead(folder: &EventFolder) -> Result<Letterhead, Failure> {
    let (labels, manifest, language) = (folder.labels()?, &folder.manifest, folder.language());
    let schedule = manifest.rounds.iter().enumerate().map(|(i, round)| {
        let title = labels.text(&round.title, language, || format!("round {}", i + 1));
        format!("{title}: {} to {}", words_of_time(round.opens), words_of_time(round.closes))
    });
    Ok(Letterhead {
        organisation: labels.text(&manifest.organisation, language, String::new),
        title: labels.text(&manifest.title, language, || "Election".into()),
        language: language.to_owned(),
        words: manifest.event_words(),
        url: folder.file.board.clone(),
        schedule: schedule.collect(),
        further: manifest.rounds_may_be_added,
        demonstration: manifest.demonstration,
    })
}

/// Posts what is missing of the roll of a round: all members of the groups that it asks something.
pub(super) fn publish(
    folder: &EventFolder,
    state: &mut State,
    round: RoundIndex,
    members: &[Member],
    issued: &Issued,
    key: &OfficialKey,
    talk: Talk,
) -> Result<(), Failure> {
    let contests = state.plan(round).map_or(&[][..], |planned| &planned.plan.contests);
    let asked = |member: &Member| contests.iter().any(|contest| contest.is_for(member.group));
    let mut roll: Vec<_> = members
        .iter()
        .zip(&issued.members)
        .filter(|(member, _)| asked(member))
        .filter_map(|(member, issued)| {
            let key = *issued.credentials.get(round.position())?;
            Some(RollMember { key, weight: member.weight, group: member.group })
        })
        .collect();
    roll.sort_by_key(|member| member.key); // M11
    let chunks: Vec<_> = roll.chunks(ROLL_CHUNK).collect();
    let (posted, closed) = state.roll(round).map_or((0, false), |roll| (roll.chunks() as usize, roll.is_closed()));
    let standing = chunks.iter().take(posted).flat_map(|chunk| chunk.iter());
    let own = standing.clone().all(|member| state.roll(round).is_some_and(|roll| roll.member(&member.key).is_some()));
    let entitled = state.roll(round).map_or(0, voting_core::record::state::Roll::entitled);
    if !own || standing.count() as u64 != entitled || (closed && posted != chunks.len()) {
        let fault = format!("the log has another roll for round {} than this folder", round.0 + 1);
        return Err(Failure::refused("other-roll", fault, "use the folder with which codes were issued first"));
    }
    let bar = talk.bar("publishing the roll");
    bar.set_length(chunks.len() as u64);
    for (number, chunk) in chunks.iter().enumerate().skip(posted) {
        let chunk = RollChunk { round, number: number as u32, members: chunk.to_vec() };
        post(folder, state, Author::Registrar, &Body::RollChunk(chunk), key)?;
        bar.set_position(number as u64 + 1);
    }
    bar.finish_and_clear();
    if !closed {
        let mut groups = vec![(0, 0); folder.manifest.groups.len()];
        for member in &roll {
            if let Some((count, weight)) = groups.get_mut(member.group.position()) {
                *count += 1;
                *weight += member.weight;
            }
        }
        post(folder, state, Author::Registrar, &Body::RollClosed(RollClosed { round, groups }), key)?;
    }
    Ok(())
}

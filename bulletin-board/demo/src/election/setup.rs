//! What comes before the first ballot: board, keys, the founded event, the roll.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand::RngCore;
use rand::rngs::OsRng;
use voting_core::manifest::Manifest;

use super::{TRUSTEES, field, text, write};
use crate::account::{Account, number};
use crate::draft::{self, Keys};
use crate::failure::Failure;
use crate::programs::{self, Programs, Running};
use crate::vote::Vote;

/// Short id of the only group of a draft without groups.
const ONLY_GROUP: &str = "all";
/// Longest time that a program may take to say that it is ready.
const READY: Duration = Duration::from_secs(60);

pub(super) fn start_board(account: Account, programs: &Programs, dir: &Path) -> Result<(Running, String), Failure> {
    let data = dir.join("board");
    let arguments = ["serve", "--data", text(&data), "--listen", "127.0.0.1:0", "--log-format", "text"];
    let mut board = programs.start("board", "board", &arguments)?;
    let begin = Instant::now();
    loop {
        let printed = board.printed();
        // Only a whole line: the rest of the address may be still to come.
        let line = printed.lines().find_map(|line| line.strip_prefix("listening on "));
        if let Some(url) = line.filter(|_| printed.ends_with('\n')) {
            let url = url.trim().to_owned();
            account.detail(&format!("{url}, a free port of this machine"));
            return Ok((board, url));
        }
        if let Some(status) = board.ended()? {
            return Err(board.gone(status));
        }
        if begin.elapsed() > READY {
            return Err(Failure::unable("board", "the board does not say where it listens", "see its log"));
        }
        if programs::interrupted() {
            return Err(programs::interruption());
        }
        sleep(Duration::from_millis(15));
    }
}

/// The file with the passphrase of a role.
pub(super) fn passphrase(dir: &Path, role: &str) -> PathBuf {
    dir.join(format!("{role}.passphrase"))
}

/// Makes up a passphrase for a role.
fn new_passphrase(dir: &Path, role: &str) -> Result<PathBuf, Failure> {
    let mut random = [0_u8; 16];
    OsRng.fill_bytes(&mut random);
    let path = passphrase(dir, role);
    write(&path, hex::encode(random).as_bytes(), 0o600)?;
    Ok(path)
}

pub(super) fn make_keys(programs: &Programs, dir: &Path) -> Result<Keys, Failure> {
    let official = |name: &str| {
        let key = dir.join(format!("{name}.key"));
        let passphrase = new_passphrase(dir, name)?;
        let arguments = ["--json", "key", "new", "--key", text(&key), "--passphrase-file", text(&passphrase)];
        let printed = programs.run(&format!("office key new {name}"), "office", &arguments, None)?.json()?;
        field(&printed, "public_key").map(str::to_owned)
    };
    let (administrator, registrar) = (official("administrator")?, official("registrar")?);
    let mut trustees = Vec::new();
    for (number, name) in (1..).zip(TRUSTEES) {
        let role = format!("trustee-{number}");
        let (folder, passphrase) = (dir.join(&role), new_passphrase(dir, &role)?);
        let arguments = ["init", "--dir", text(&folder), "--passphrase-file", text(&passphrase), "--json"];
        let printed = programs.run(&format!("{name} init"), "trustee", &arguments, None)?.json()?;
        trustees.push((name.to_owned(), field(&printed, "public_key")?.to_owned()));
    }
    Ok(Keys { administrator, registrar, trustees })
}

/// Writes the draft, has it checked, reserves the event and founds it.
pub(super) fn found(
    account: Account,
    programs: &Programs,
    dir: &Path,
    url: &str,
    vote: &Vote,
    keys: &Keys,
) -> Result<Manifest, Failure> {
    let host = url.split_once("://").map_or(url, |(_, host)| host);
    let (text_of_draft, weaker) = draft::draft(vote, keys, host)?;
    for line in weaker {
        account.detail(&format!("weaker than a real election: {line}"));
    }
    let (path, folder, key) = (dir.join("draft.toml"), dir.join("office"), dir.join("administrator.key"));
    write(&path, text_of_draft.as_bytes(), 0o644)?;
    programs.run("office election check", "office", &["--json", "election", "check", text(&path)], None)?;
    let passphrase = passphrase(dir, "administrator");
    let owner = ["--dir", text(&folder), "--key", text(&key), "--passphrase-file", text(&passphrase)];
    let arguments = [["--json", "election", "new", text(&path), "--board", url].as_slice(), &owner].concat();
    let printed = programs.run("office election new", "office", &arguments, None)?.json()?;
    let arguments = [["--json", "election", "publish"].as_slice(), &owner].concat();
    programs.run("office election publish", "office", &arguments, None)?;

    let bytes = folder.join("manifest.cbor");
    let bytes = fs::read(&bytes).map_err(|error| Failure::io(&bytes, &error))?;
    let manifest = Manifest::from_bytes(&bytes).map_err(|error| Failure::internal(error.to_string()))?;
    if field(&printed, "event")? != manifest.event().to_string() {
        return Err(Failure::internal("the office names another event than its manifest"));
    }
    account.detail(&format!("event {}", manifest.event()));
    account.detail(&format!("words {}", manifest.event_words()));
    Ok(manifest)
}

/// The roll as the office takes it.
pub(super) fn import(account: Account, programs: &Programs, dir: &Path, vote: &Vote) -> Result<(), Failure> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| Failure::internal(error.to_string());
    csv.write_record(["member", "weight", "group"]).map_err(failed)?;
    for member in &vote.members {
        let group = vote.groups.get(member.group).map_or(ONLY_GROUP, String::as_str);
        csv.write_record([member.name.as_str(), &member.weight.to_string(), group]).map_err(failed)?;
    }
    let csv = csv.into_inner().map_err(|error| Failure::internal(error.to_string()))?;
    let members = dir.join("members.csv");
    write(&members, &csv, 0o600)?;
    let office = dir.join("office");
    let arguments = ["--json", "roll", "import", text(&members), "--dir", text(&office)];
    programs.run("office roll import", "office", &arguments, None)?;
    let groups = if vote.groups.is_empty() { String::new() } else { format!(" in {} groups", vote.groups.len()) };
    account.detail(&format!(
        "{} members{groups}, total weight {}",
        number(vote.members.len() as u64),
        number(vote.weight())
    ));
    Ok(())
}

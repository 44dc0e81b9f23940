//! What comes before the first ballot: board, witnesses, keys, the founded event, the roll.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand::RngCore;
use rand::rngs::OsRng;
use voting_core::manifest::Manifest;

use super::{TRUSTEES, WITNESSES, field, text, write};
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
    let (board, url) = serve(programs, "board", "board", &arguments)?;
    account.detail(&format!("{url}, a free port of this machine"));
    Ok((board, url))
}

/// Starts a service and waits for the line in which it says where it listens.
fn serve(
    programs: &Programs,
    name: &'static str,
    binary: &str,
    arguments: &[&str],
) -> Result<(Running, String), Failure> {
    let mut service = programs.start(name, binary, arguments)?;
    let begin = Instant::now();
    loop {
        let printed = service.printed();
        // Only a whole line: the rest of the address may be still to come.
        let line = printed.lines().find_map(|line| line.strip_prefix("listening on "));
        if let Some(url) = line.filter(|_| printed.ends_with('\n')) {
            return Ok((service, url.trim().to_owned()));
        }
        if let Some(status) = service.ended()? {
            return Err(service.gone(status));
        }
        if begin.elapsed() > READY {
            let fault = format!("the {name} does not say where it listens");
            return Err(Failure::unable(name, fault, "see its log"));
        }
        if programs::interrupted() {
            return Err(programs::interruption());
        }
        sleep(Duration::from_millis(15));
    }
}

/// A witness server: it ends when this is dropped.
pub(super) struct Witness {
    _running: Running,
    watched: PathBuf,
    /// Its line in the policy of the manifest.
    line: String,
}

/// Starts the witness servers, each with a key and a folder of its own, as other people would run them.
pub(super) fn start_witnesses(
    account: Account,
    programs: &Programs,
    dir: &Path,
) -> Result<[Witness; WITNESSES.len()], Failure> {
    let start = |name: &'static str| -> Result<Witness, Failure> {
        let key = dir.join(format!("{name}.key"));
        let (data, watched) = (dir.join(name), dir.join(format!("{name}.logs")));
        let named = format!("{name}.example/1");
        let arguments = ["key", "new", "--name", &named, "--out", text(&key)];
        let printed = programs.run(&format!("{name} key new"), "witness", &arguments, None)?.stdout;
        let printed = String::from_utf8_lossy(&printed);
        let vkey = printed.lines().find(|line| line.starts_with(&named));
        let vkey = vkey.ok_or_else(|| Failure::internal("the witness prints no public key"))?.to_owned();
        let arguments = [
            ["serve", "--listen", "127.0.0.1:0", "--log-format", "text", "--data", text(&data)].as_slice(),
            &["--key", text(&key), "--watched", text(&watched)],
        ]
        .concat();
        let (running, url) = serve(programs, name, "witness", &arguments)?;
        account.detail(&format!("{name}: {url}"));
        Ok(Witness { _running: running, watched, line: format!("witness {name} {vkey} {url}") })
    };
    let [first, second] = WITNESSES;
    Ok([start(first)?, start(second)?])
}

/// The policy that asks for all of them, as the C2SP text of the manifest.
fn policy(witnesses: &[Witness]) -> String {
    let lines: String = witnesses.iter().map(|witness| format!("{}\n", witness.line)).collect();
    format!("{lines}group everybody all {}\nquorum everybody\n", WITNESSES.join(" "))
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
    witnesses: &[Witness],
) -> Result<Manifest, Failure> {
    let host = url.split_once("://").map_or(url, |(_, host)| host);
    let (text_of_draft, weaker) = draft::draft(vote, keys, host, &policy(witnesses))?;
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
    // The operator of each witness puts the key of the new log on the watched list.
    let vkey = field(&printed, "log_vkey")?;
    for (witness, name) in witnesses.iter().zip(WITNESSES) {
        let arguments = ["log", "add", "--watched", text(&witness.watched), vkey];
        programs.run(&format!("{name} log add"), "witness", &arguments, None)?;
    }
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

//! The event that is voted on, prepared once: a board's folder with its first round open, and one ballot of each credential.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use tlog::hash::Hash;
use voting_core::ballot::{self, BallotEntry, EncryptionKey, RoundRules};
use voting_core::codec;
use voting_core::contest::{Entitlement, Selection};
use voting_core::credential::CodeSecret;
use voting_core::entry::{Author, Body, RollChunk, RollMember};
use voting_core::ids::{GroupIndex, RoundIndex};
use voting_core::manifest::Manifest;
use voting_core::record::State;
use voting_core::record::state::Round;
use voting_core::testing::{Sandbox, chosen, contest};

use crate::failure::Failure;
use crate::programs::{Service, find};

/// Host name of the board.
const HOST: &str = "load.example";
/// Seed of the event: its keys and ballots are made up.
const SEED: u64 = 41;
/// Members of one entry of the roll: it fits the longest entry.
const CHUNK: usize = 1_400;
/// Ballots that are sealed between two writes.
const SEALED_AT_ONCE: usize = 8_192;
/// The round and the group that everybody votes in.
const ROUND: RoundIndex = RoundIndex(0);
const GROUP: GroupIndex = GroupIndex(0);
/// Names of the witnesses.
const WITNESSES: [&str; 2] = ["left", "right"];

/// What was prepared, for the next time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shape {
    pub(crate) ballots: u32,
    pub(crate) forged: bool,
    /// Ports of the witnesses: the manifest names them.
    pub(crate) witnesses: Vec<u16>,
}

/// A prepared event.
pub(crate) struct Event {
    /// Folder `founded` in it is copied for each run.
    dir: PathBuf,
    pub(crate) shape: Shape,
    pub(crate) manifest: Manifest,
    /// The fold with the round open.
    pub(crate) state: State,
    pub(crate) ballots: Vec<Vec<u8>>,
}

/// Services on a copy of the event: board, witnesses.
pub(crate) struct Town {
    pub(crate) board: Service,
    witnesses: Vec<Service>,
}

fn write_list(path: &Path, items: impl Iterator<Item = Vec<u8>>) -> Result<(), Failure> {
    let mut out = BufWriter::new(File::create(path).map_err(Failure::io(path))?);
    for item in items {
        let length = (item.len() as u32).to_le_bytes();
        out.write_all(&length).and_then(|()| out.write_all(&item)).map_err(Failure::io(path))?;
    }
    out.flush().map_err(Failure::io(path))
}

fn read_list(path: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    let mut bytes = Vec::new();
    File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(Failure::io(path))?;
    let mut items = Vec::new();
    let mut rest = bytes.as_slice();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let item = after.split_at_checked(u32::from_le_bytes(*length) as usize);
        let (item, after) = item.ok_or_else(|| Failure::unable("the kept ballots are damaged", "delete the folder"))?;
        items.push(item.to_vec());
        rest = after;
    }
    Ok(items)
}

/// What a voter's code would stretch to, if it came from a code.
fn secret(voter: u32) -> CodeSecret {
    let mut bytes = [0x5a; 32];
    bytes[..4].copy_from_slice(&voter.to_le_bytes());
    CodeSecret::testing_only(bytes)
}

fn text(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| Failure::unable("a folder's name is no text", "choose another folder"))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status();
    match done {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Failure::unable(format!("{} was not copied", from.display()), "make room for it")),
    }
}

fn start_board(program: &str, folder: &Path, arguments: &[&str]) -> Result<Service, Failure> {
    let data = folder.join("board");
    let fixed = ["serve", "--listen", "127.0.0.1:0", "--host", HOST, "--data", text(&data)?];
    // Each voter of the bench casts as fast as it can.
    let pace = ["--ballots-per-credential-minute", "0"];
    Service::start(program, &[fixed.as_slice(), &pace, arguments].concat(), &folder.join("logs"), "board")
}

fn start_witness(folder: &Path, name: &str, port: u16) -> Result<Service, Failure> {
    let (data, key) = (folder.join(name), folder.join(format!("{name}.key")));
    let (watched, listen) = (folder.join(format!("{name}.logs")), format!("127.0.0.1:{port}"));
    let arguments = ["serve", "--listen", &listen, "--data", text(&data)?, "--key", text(&key)?];
    let arguments = [arguments.as_slice(), &["--watched", text(&watched)?]].concat();
    Service::start("witness", &arguments, &folder.join("logs"), name)
}

/// Runs the witness program to its end; returns what it printed.
fn witness(arguments: &[&str]) -> Result<String, Failure> {
    let program = find("witness")?;
    let done = Command::new(&program).args(arguments).output().map_err(Failure::io(&program))?;
    if !done.status.success() {
        return Err(Failure::Wrong(format!("witness: {}", String::from_utf8_lossy(&done.stderr))));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// Makes a key for each witness; returns the policy that asks for both.
fn policy(founded: &Path, ports: &[u16]) -> Result<String, Failure> {
    let mut lines = String::new();
    for (name, port) in WITNESSES.iter().zip(ports) {
        let (named, out) = (format!("{name}.example/1"), founded.join(format!("{name}.key")));
        let printed = witness(&["key", "new", "--name", &named, "--out", text(&out)?])?;
        let vkey = printed.lines().find(|line| line.starts_with(&named));
        let vkey = vkey.ok_or_else(|| Failure::Wrong("the witness prints no public key".into()))?;
        lines.push_str(&format!("witness {name} {vkey} http://127.0.0.1:{port}\n"));
    }
    if ports.is_empty() {
        Ok(lines)
    } else {
        Ok(format!("{lines}group both all {}\nquorum both\n", WITNESSES.join(" ")))
    }
}

/// Free ports, which are free again when this returns.
fn free_ports(count: usize) -> Result<Vec<u16>, Failure> {
    let failed = |error: std::io::Error| Failure::Wrong(format!("no port: {error}"));
    let held: Result<Vec<_>, _> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0")).collect();
    held.and_then(|held| held.iter().map(|held| Ok(held.local_addr()?.port())).collect()).map_err(failed)
}

impl Event {
    /// Takes the prepared event from a folder, or prepares it there.
    pub(crate) fn prepare(
        dir: &Path,
        ballots: u32,
        forged: bool,
        witnesses: bool,
        tell: &dyn Fn(&str),
    ) -> Result<Self, Failure> {
        fs::create_dir_all(dir).map_err(Failure::io(dir))?;
        if let Some(event) = Self::kept(dir, ballots, forged, witnesses)? {
            tell("event and ballots are taken from the folder");
            return Ok(event);
        }
        let founded = dir.join("founded");
        fs::create_dir(&founded).map_err(Failure::io(&founded))?;
        let ports = free_ports(if witnesses { WITNESSES.len() } else { 0 })?;
        let sandbox = found(&founded, ballots, &ports, tell)?;
        write_list(&dir.join("entries"), sandbox.entries.iter().cloned())?;
        tell("sealing the ballots on all cores");
        let path = dir.join("ballots");
        let sealed = seal(&sandbox.state, ballots, forged)?;
        write_list(&path, sealed.into_iter())?;
        let shape = Shape { ballots, forged, witnesses: ports };
        let json = serde_json::to_string(&shape).map_err(|error| Failure::Wrong(error.to_string()))?;
        let path = dir.join("shape.json");
        fs::write(&path, json).map_err(Failure::io(&path))?;
        Self::kept(dir, ballots, forged, witnesses)?
            .ok_or_else(|| Failure::Wrong("what was prepared is not found".into()))
    }

    fn kept(dir: &Path, ballots: u32, forged: bool, witnesses: bool) -> Result<Option<Self>, Failure> {
        let path = dir.join("shape.json");
        let Ok(json) = fs::read(&path) else { return Ok(None) };
        let shape: Option<Shape> = serde_json::from_slice(&json).ok();
        let fits =
            |shape: &Shape| (shape.ballots, shape.forged, shape.witnesses.is_empty()) == (ballots, forged, !witnesses);
        let shape = shape.filter(fits).ok_or_else(|| {
            let what = format!("{} holds another event", dir.display());
            Failure::unable(what, "give the settings that it was prepared with, or another folder")
        })?;
        let entries = read_list(&dir.join("entries"))?;
        let wrong = |what: String| Failure::Wrong(format!("the prepared event: {what}"));
        let (manifest, rest) = entries.split_first().ok_or_else(|| wrong("no entries".into()))?;
        let mut state = State::found(manifest).map_err(|error| wrong(error.to_string()))?;
        for entry in rest {
            let checked = state.check(entry).and_then(|checked| state.apply(checked));
            checked.map_err(|refusal| wrong(refusal.to_string()))?;
        }
        let ballots = read_list(&dir.join("ballots"))?;
        Ok(Some(Self { dir: dir.to_owned(), shape, manifest: state.manifest().clone(), state, ballots }))
    }

    /// Starts board and witnesses on a fresh copy of the event in a folder that is made.
    pub(crate) fn start(&self, folder: &Path, without_proofs: bool) -> Result<Town, Failure> {
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(Failure::io(folder))?;
        }
        copy(&self.dir.join("founded"), folder)?;
        let names = WITNESSES.iter().zip(&self.shape.witnesses);
        let witnesses = names.map(|(name, port)| start_witness(folder, name, *port)).collect::<Result<_, _>>()?;
        Ok(Town { board: Self::start_again(folder, without_proofs, false)?, witnesses })
    }

    /// Starts a board again on what is in the folder.
    pub(crate) fn start_again(folder: &Path, without_proofs: bool, verify_all: bool) -> Result<Service, Failure> {
        let arguments: &[&str] = if verify_all { &["--verify-all"] } else { &[] };
        let program = if without_proofs { "board-without-proofs" } else { "board" };
        start_board(program, folder, arguments)
    }

    /// The seconds that the board last took for folding its journal, as its log says.
    pub(crate) fn folded(folder: &Path) -> Option<f64> {
        let log = fs::read_to_string(folder.join("logs").join("board.err")).ok()?;
        let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let line = lines.rev().find(|line| line["message"] == "event restored")?;
        Some(line["folded_ms"].as_u64()? as f64 / 1_000.0)
    }

    /// The journal of the event in a run's folder.
    pub(crate) fn journal(&self, folder: &Path) -> PathBuf {
        folder.join("board").join("events").join(self.manifest.event().to_string()).join("journal")
    }
}

impl Town {
    /// Ends the board in order, keeps the witnesses.
    pub(crate) fn stop_board(self) -> (std::time::Duration, Vec<Service>) {
        (self.board.stop(), self.witnesses)
    }
}

/// Founds the event on a real board and brings it to its open round.
fn found(founded: &Path, ballots: u32, ports: &[u16], tell: &dyn Fn(&str)) -> Result<Sandbox, Failure> {
    let policy = policy(founded, ports)?;
    let service = start_board("board", founded, &[])?;
    let board = client::Board::new(&service.url)?;
    let log_key = board.reserve(HOST, &Sandbox::new(SEED).administrator)?;
    let mut sandbox = Sandbox::with(SEED, |fields| {
        fields.host = HOST.into();
        fields.log_key = log_key;
        fields.groups.truncate(1);
        fields.rounds.truncate(1);
        fields.witness_policy = policy;
        for round in &mut fields.rounds {
            let rule = Selection { min: 1, max: 1, blank: false };
            round.contests = vec![contest(5, rule, &[0], false)];
        }
    });
    let manifest = sandbox.manifest();
    let mut witnesses = Vec::new();
    for (name, port) in WITNESSES.iter().zip(ports) {
        let watched = founded.join(format!("{name}.logs"));
        let vkey = ballot::log_key(&manifest).map_err(Failure::Wrong)?.to_string();
        witness(&["log", "add", "--watched", text(&watched)?, &vkey])?;
        witnesses.push(start_witness(founded, name, *port)?);
    }
    board.found(&manifest, &sandbox.administrator)?;
    tell("event founded; making the roll");
    sandbox.ceremony();
    let member = |voter| RollMember { key: secret(voter).credential(ROUND).key(), weight: 1, group: GROUP };
    let mut members: Vec<_> = (0..ballots).into_par_iter().map(member).collect();
    members.par_sort_by_key(|member| member.key);
    for (number, members) in (0..).zip(members.chunks(CHUNK)) {
        let chunk = RollChunk { round: ROUND, number, members: members.to_vec() };
        sandbox.push(Author::Registrar, &Body::RollChunk(chunk));
    }
    let end = sandbox.roll_end(ROUND);
    sandbox.push(Author::Registrar, &Body::RollClosed(end));
    sandbox.open(ROUND);
    for entry in sandbox.entries.iter().skip(1) {
        board.submit(&manifest, entry)?;
    }
    service.stop();
    Ok(sandbox)
}

/// One ballot of each credential, on all cores.
fn seal(state: &State, ballots: u32, forged: bool) -> Result<Vec<Vec<u8>>, Failure> {
    let rules = state.round(ROUND).and_then(Round::rules).ok_or_else(|| Failure::Wrong("no round".into()))?;
    let key = EncryptionKey::new(rules.binding.joint_key);
    let first = Hash(state.manifest().event().0);
    let template = sealed(rules, &key, first, 0)?;
    let template: BallotEntry =
        codec::from_bytes(&template, template.len()).map_err(|error| Failure::Wrong(error.to_string()))?;
    let mut all = Vec::with_capacity(ballots as usize);
    let numbers: Vec<u32> = (0..ballots).collect();
    for part in numbers.chunks(SEALED_AT_ONCE) {
        let make = |voter: &u32| {
            if forged { Ok(forge(&template, *voter)) } else { sealed(rules, &key, first, *voter) }
        };
        all.append(&mut part.par_iter().map(make).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(all)
}

/// A valid ballot.
fn sealed(rules: &RoundRules, key: &EncryptionKey, first: Hash, voter: u32) -> Result<Vec<u8>, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::Wrong(format!("sealing: {error}"));
    let mut rng = ChaCha20Rng::seed_from_u64(SEED ^ (u64::from(voter) << 16));
    let credential = secret(voter).credential(ROUND);
    let member = Entitlement { group: GROUP, weight: 1 };
    let sealed = ballot::seal(rules, key, member, &credential.key(), &[chosen(&[voter % 5])], &mut rng);
    let parts = sealed.map_err(|error| wrong(&error))?.into_parts();
    let mut entries = ballot::cast(&parts, &rules.binding, &credential, 1, first, &mut rng).map_err(|e| wrong(&e))?;
    entries.pop().ok_or_else(|| Failure::Wrong("a ballot of no parts".into()))
}

/// The form of a ballot with points that nobody knows anything about, and the proof of another one: what a board takes
/// whose test setting leaves out proofs. Keys of rounds that are never held serve as points that differ.
fn forge(template: &BallotEntry, voter: u32) -> Vec<u8> {
    let mut forged = template.clone();
    let secret = secret(voter);
    forged.sealed.credential = secret.credential(ROUND).key();
    let mut number = 1;
    for section in &mut forged.sealed.sections {
        for pair in section.ciphertexts.chunks_exact_mut(64) {
            let point = secret.credential(RoundIndex(number)).key();
            let (one, two) = pair.split_at_mut(32);
            one.copy_from_slice(point.as_bytes());
            two.copy_from_slice(point.as_bytes());
            number += 1;
        }
    }
    forged.sealed_bytes = codec::to_bytes(&forged.sealed);
    codec::to_bytes(&forged)
}

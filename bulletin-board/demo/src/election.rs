//! The election itself: who is asked to do what, in which order. Every step is a process of its own but the voters.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use client::{Board, Source};
use rand::RngCore;
use rand::rngs::OsRng;
use serde_json::Value;
use session::Booth;
use voting_core::ballot::log_key;
use voting_core::ids::EventId;
use voting_core::manifest::Manifest;

use crate::account::{Account, number};
use crate::data::DataSet;
use crate::draft::{self, Keys};
use crate::failure::Failure;
use crate::programs::{self, Printed, Programs, Running, WORK_FACTOR};
use crate::run::Phases;
use crate::voters;

/// Longest time that a program may take to say that it is ready.
const READY: Duration = Duration::from_secs(60);
/// The trustees of the demonstration; two are needed, the last one stays away from the count.
const TRUSTEES: [&str; 3] = ["Trustee One", "Trustee Two", "Trustee Three"];

/// What the count gave.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    /// Total of each option.
    pub(crate) totals: Vec<u64>,
    /// Weight of blank ballots.
    pub(crate) blank: u64,
    /// The observer's verdict in words.
    pub(crate) verdict: String,
}

/// An election under way. The board ends when this is dropped.
pub(crate) struct Election {
    account: Account,
    programs: Programs,
    dir: PathBuf,
    board: Running,
    url: String,
    manifest: Manifest,
    receipts: Vec<(PathBuf, PathBuf)>,
}

fn text(path: &Path) -> &str {
    // The folders are made by this program below the system's folder for temporary files or the user's --keep.
    path.to_str().unwrap_or_default()
}

fn field<'a>(value: &'a Value, name: &str) -> Result<&'a str, Failure> {
    let missing = || Failure::internal(format!("a program's answer has no field {name}: {value}"));
    value.get(name).and_then(Value::as_str).ok_or_else(missing)
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(|error| Failure::io(path, &error))
}

impl Election {
    /// Board, keys, event, ceremony, roll, codes, opening.
    pub(crate) fn start(
        account: Account,
        programs: Programs,
        dir: &Path,
        data: &DataSet,
        phases: &mut Phases,
    ) -> Result<Self, Failure> {
        if dir.to_str().is_none() {
            return Err(Failure::unable("file-system", "the folder's name is no UTF-8", "name another with --keep"));
        }
        let (board, url) = phases.run("board", "Start the board", || start_board(account, &programs, dir))?;

        let keys = phases.run("keys", "Keys: administrator, registrar, three trustees", || {
            account.detail(&format!(
                "WARNING: passphrase files of this demonstration are cheap to open (URNA_TEST_WORK_FACTOR={WORK_FACTOR})"
            ));
            make_keys(&programs, dir)
        })?;

        let heading = "Found the event: draft, check, reserve, publish";
        let manifest = phases.run("event", heading, || found(account, &programs, dir, &url, data, &keys))?;
        let election = Self { account, programs, dir: dir.to_owned(), board, url, manifest, receipts: Vec::new() };
        phases.run(
            "ceremony",
            "Key ceremony: three trustees at once, each a process with a folder of its own",
            || election.ceremony(),
        )?;
        phases.run("roll", "Import the roll", || election.import(data))?;
        let heading = "Issue voting codes and publish the roll";
        phases.run("credentials", heading, || election.issue(data.ballots.len()))?;
        phases.run("open", "Open the round", || {
            election.office("office open", &["election", "open"], "administrator", &[]).map(|_| ())
        })?;
        Ok(election)
    }

    /// The event id.
    pub(crate) fn event(&self) -> EventId {
        self.manifest.event()
    }

    /// Address of the board.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Address of the log.
    pub(crate) fn log_url(&self) -> String {
        format!("{}/{}", self.url, self.event())
    }

    /// Verifier key of the log, as notes are checked with.
    pub(crate) fn log_vkey(&self) -> Result<String, Failure> {
        log_key(&self.manifest).map(|key| key.to_string()).map_err(Failure::internal)
    }

    /// Whether the board still runs.
    pub(crate) fn is_served(&mut self) -> bool {
        matches!(self.board.ended(), Ok(None))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// An office command in the folder of the event.
    fn office(&self, name: &str, command: &[&str], role: &str, more: &[&str]) -> Result<Printed, Failure> {
        let (dir, key) = (self.path("office"), self.path(&format!("{role}.key")));
        let passphrase = passphrase(&self.dir, role);
        let mut arguments = vec!["--json"];
        arguments.extend(command);
        arguments.extend(["--dir", text(&dir), "--key", text(&key), "--passphrase-file", text(&passphrase)]);
        arguments.extend(more);
        let progress = self.account.progress(name, 0);
        self.programs.run(name, "office", &arguments, Some(&progress))
    }

    fn ceremony(&self) -> Result<(), Failure> {
        let (event, log) = (self.event().to_string(), self.log_url());
        let mut running = Vec::new();
        for (number, name) in (1..).zip(TRUSTEES) {
            let role = format!("trustee-{number}");
            let (dir, passphrase) = (self.path(&role), passphrase(&self.dir, &role));
            let arguments = [
                "ceremony",
                "--dir",
                text(&dir),
                "--log",
                &log,
                // The words were compared, as it were; each trustee names the event that the administrator read out.
                "--accept",
                &event,
                "--watch",
                "--interval",
                "1",
                "--passphrase-file",
                text(&passphrase),
            ];
            running.push(self.programs.start(&format!("{name} ceremony"), "trustee", &arguments)?);
        }
        let progress = self.account.progress("commit, deal, confirm", 0);
        for trustee in running {
            trustee.finish(Some(&progress))?;
        }
        drop(progress);
        self.account.detail("All three trustees have confirmed the same joint key; any two of them can count.");
        Ok(())
    }

    fn import(&self, data: &DataSet) -> Result<(), Failure> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        let failed = |error: csv::Error| Failure::internal(error.to_string());
        csv.write_record(["member", "weight"]).map_err(failed)?;
        for ballot in &data.ballots {
            csv.write_record([ballot.voter.as_str(), &ballot.weight.to_string()]).map_err(failed)?;
        }
        let csv = csv.into_inner().map_err(|error| Failure::internal(error.to_string()))?;
        let members = self.path("members.csv");
        write(&members, &csv, 0o600)?;
        let dir = self.path("office");
        let arguments = ["--json", "roll", "import", text(&members), "--dir", text(&dir)];
        self.programs.run("office roll import", "office", &arguments, None)?;
        self.account.detail(&format!(
            "{} members, total weight {}",
            number(data.ballots.len() as u64),
            number(data.weight())
        ));
        Ok(())
    }

    fn issue(&self, members: usize) -> Result<(), Failure> {
        self.office("office credentials issue", &["credentials", "issue"], "registrar", &[])?;
        self.account.detail(&format!(
            "{} voting codes issued; the log has their public keys in ascending order, and no name",
            number(members as u64)
        ));
        Ok(())
    }

    /// Voting: every ballot over HTTP, some twice. Returns the number of ballots on the log.
    pub(crate) fn vote(&mut self, data: &DataSet, phases: &mut Phases) -> Result<u64, Failure> {
        let codes = voters::codes(&self.path("office").join("codes.csv"))?;
        let booth = phases.run("booth", "The voters' devices check what is voted on", || self.booth())?;
        let cast = phases.run("voting", "Voting: seal, cast over HTTP, check the receipt", || {
            let progress = self.account.progress("voters", data.ballots.len() as u64);
            let begin = Instant::now();
            let cast = voters::cast_all(data, &codes, &booth, &self.url, &progress);
            drop(progress);
            let cast = match (cast, self.board.ended()?) {
                (Err(_), Some(status)) => return Err(self.board.gone(status)),
                (Err(failure), None) if programs::interrupted() => return Err(failure),
                (Err(failure), None) => return Err(self.board.explain(failure)),
                (Ok(cast), _) => cast,
            };
            let seconds = begin.elapsed().as_secs_f64().max(0.001);
            self.account.detail(&format!(
                "{} ballots in {seconds:.1} s, {:.0} a second; every voter checked a receipt",
                number(cast.ballots),
                cast.ballots as f64 / seconds
            ));
            self.account.detail(&format!(
                "voters who voted twice, the last ballot counts: {} ({} on a second device, which signed again after \
                 seeing the first)",
                number(cast.replaced),
                number(cast.signed_again)
            ));
            self.account.detail(&format!(
                "blank ballots: {}; sealed ballots that were tested on another device before: {}",
                number(cast.blank),
                number(cast.tested)
            ));
            Ok(cast)
        })?;
        let receipts = self.path("receipts");
        fs::create_dir_all(&receipts).map_err(|error| Failure::io(&receipts, &error))?;
        for (number, (entry, receipt)) in (1..).zip(&cast.receipts) {
            let paths =
                (receipts.join(format!("ballot-{number}.cbor")), receipts.join(format!("receipt-{number}.txt")));
            write(&paths.0, entry, 0o644)?;
            write(&paths.1, receipt, 0o644)?;
            self.receipts.push(paths);
        }
        Ok(cast.ballots)
    }

    /// What a voter's device does before voting: reads the log, verifies all of it, and the labels.
    fn booth(&self) -> Result<Booth, Failure> {
        let mut entropy = [0; 32];
        OsRng.fill_bytes(&mut entropy);
        let event = self.event();
        let source = Source::Url(self.log_url());
        let progress = self.account.progress("entries", 1);
        let state = client::fold(&source, &event, &entropy, &mut |read| progress.set(read.done, read.total))?;
        drop(progress);
        let labels = Board::new(&self.url)?.labels(&event)?;
        let labels = labels.ok_or_else(|| Failure::internal("the board has no labels"))?;
        let booth = Booth::from_state(&event, &state, Some(&labels))
            .map_err(|error| Failure::wrong("booth", error.to_string(), "see the board's log"))?;
        self.account.detail(&format!("event words: {}", booth.event_words()));
        Ok(booth)
    }

    /// Closing, count, result, mirror, verification.
    pub(crate) fn count(&mut self, record: &Path, phases: &mut Phases) -> Result<Counted, Failure> {
        phases.run("close", "Close the round", || {
            self.office("office close", &["election", "close"], "administrator", &["--early"]).map(|_| ())
        })?;
        let heading = "Count: trustees One and Two verify the whole record and decrypt; Three stays away";
        phases.run("decrypt", heading, || self.decrypt())?;
        phases.run("result", "Publish the result", || {
            self.office("office result", &["election", "result"], "administrator", &[]).map(|_| ())
        })?;
        phases.run("mirror", "An observer copies the whole record", || self.mirror(record))?;
        phases.run("verify", "The observer verifies it, in a process of its own", || self.verify(record))
    }

    fn decrypt(&self) -> Result<(), Failure> {
        let log = self.log_url();
        let mut running = Vec::new();
        for (number, name) in (1..).zip(TRUSTEES).take(2) {
            let role = format!("trustee-{number}");
            let (dir, passphrase) = (self.path(&role), passphrase(&self.dir, &role));
            let mut arguments =
                vec!["decrypt", "--dir", text(&dir), "--log", &log, "--yes", "--passphrase-file", text(&passphrase)];
            for (entry, receipt) in &self.receipts {
                arguments.extend(["--ballot", text(entry), "--receipt", text(receipt)]);
            }
            running.push(self.programs.start(&format!("{name} decrypt"), "trustee", &arguments)?);
        }
        let progress = self.account.progress("verify and decrypt", 0);
        for trustee in running {
            trustee.finish(Some(&progress))?;
        }
        Ok(())
    }

    fn mirror(&self, record: &Path) -> Result<(), Failure> {
        let progress = self.account.progress("copy", 0);
        self.programs.run(
            "observer mirror",
            "observer",
            &["mirror", &self.log_url(), text(record)],
            Some(&progress),
        )?;
        Ok(())
    }

    fn verify(&self, record: &Path) -> Result<Counted, Failure> {
        let progress = self.account.progress("verify", 0);
        let event = self.event().to_string();
        let arguments = ["verify", text(record), "--event", &event, "--json"];
        let printed = self.programs.start("observer verify", "observer", &arguments)?.end(Some(&progress))?;
        drop(progress);
        let report = printed.json()?;
        if printed.status != Some(0) || report.get("holds") != Some(&Value::Bool(true)) {
            let faults = report.get("faults").map(Value::to_string).unwrap_or(printed.stderr);
            let fault = format!("the record does not hold: {faults}");
            return Err(Failure::wrong("record", fault, "keep the record: the board or this build is at fault"));
        }
        counted(&report)
    }
}

/// Totals and verdict from the observer's report.
fn counted(report: &Value) -> Result<Counted, Failure> {
    let figure = |pointer: &str| report.pointer(pointer).and_then(Value::as_u64);
    let missing = || Failure::wrong("no-result", "the record holds but has no result", "see the office's output");
    let reading = report.pointer("/rounds/0/tallies/0/reading/selection").ok_or_else(missing)?;
    let totals = reading.get("options").and_then(Value::as_array).ok_or_else(missing)?;
    let totals = totals.iter().map(Value::as_u64).collect::<Option<Vec<_>>>().ok_or_else(missing)?;
    let blank = reading.get("blank").and_then(Value::as_u64).ok_or_else(missing)?;
    let checked = |name: &str| number(figure(&format!("/checked/{name}")).unwrap_or(0));
    // A35: a record of which nothing was checked proves nothing.
    if figure("/checked/ballots").unwrap_or(0) == 0 || figure("/checked/partial_decryptions").unwrap_or(0) < 2 {
        return Err(Failure::wrong("record", "the observer checked no ballots or no decryptions", "see its report"));
    }
    let verdict = format!(
        "The record holds: {} entries, {} ballots, {} signatures, {} partial decryptions, {} totals checked; 0 faults.",
        checked("entries"),
        checked("ballots"),
        checked("signatures"),
        checked("partial_decryptions"),
        checked("totals")
    );
    Ok(Counted { totals, blank, verdict })
}

fn start_board(account: Account, programs: &Programs, dir: &Path) -> Result<(Running, String), Failure> {
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
fn passphrase(dir: &Path, role: &str) -> PathBuf {
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

fn make_keys(programs: &Programs, dir: &Path) -> Result<Keys, Failure> {
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
fn found(
    account: Account,
    programs: &Programs,
    dir: &Path,
    url: &str,
    data: &DataSet,
    keys: &Keys,
) -> Result<Manifest, Failure> {
    let host = url.split_once("://").map_or(url, |(_, host)| host);
    let (text_of_draft, weaker) = draft::draft(data, keys, host)?;
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

#[cfg(test)]
mod tests;

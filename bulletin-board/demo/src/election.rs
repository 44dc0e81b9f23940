//! The election itself: who is asked to do what, in which order. Every step is a process of its own but the voters.

mod rounds;
mod setup;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use voting_core::ballot::log_key;
use voting_core::ids::EventId;
use voting_core::manifest::Manifest;

use crate::account::{Account, number};
use crate::counted::{Counted, counted};
use crate::failure::Failure;
use crate::programs::{Printed, Programs, Running, WORK_FACTOR};
use crate::run::Phases;
use crate::vote::Vote;
use setup::passphrase;

/// The trustees of the demonstration; two are needed, the last one stays away from the count.
const TRUSTEES: [&str; 3] = ["Trustee One", "Trustee Two", "Trustee Three"];

/// The witness servers: both must cosign each head of the log.
const WITNESSES: [&str; 2] = ["witness-1", "witness-2"];

/// An election under way. Board and witnesses end when this is dropped.
pub(crate) struct Election {
    account: Account,
    programs: Programs,
    dir: PathBuf,
    board: Running,
    _witnesses: [setup::Witness; WITNESSES.len()],
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
    /// Board, keys, event, ceremony, roll, codes.
    pub(crate) fn start(
        account: Account,
        programs: Programs,
        dir: &Path,
        vote: &Vote,
        phases: &mut Phases,
    ) -> Result<Self, Failure> {
        if dir.to_str().is_none() {
            return Err(Failure::unable("file-system", "the folder's name is no UTF-8", "name another with --keep"));
        }
        let (board, url) = phases.run("board", "Start the board", || setup::start_board(account, &programs, dir))?;
        let heading = "Start two witness servers, which cosign each state of the log";
        let witnesses = phases.run("witnesses", heading, || setup::start_witnesses(account, &programs, dir))?;

        let keys = phases.run("keys", "Keys: administrator, registrar, three trustees", || {
            account.detail(&format!(
                "WARNING: passphrase files of this demonstration are cheap to open (URNA_TEST_WORK_FACTOR={WORK_FACTOR})"
            ));
            setup::make_keys(&programs, dir)
        })?;

        let heading = "Found the event: draft, check, reserve, publish";
        let manifest =
            phases.run("event", heading, || setup::found(account, &programs, dir, &url, vote, &keys, &witnesses))?;
        let (dir_of_all, receipts, _witnesses) = (dir.to_owned(), Vec::new(), witnesses);
        let election = Self { account, programs, dir: dir_of_all, board, _witnesses, url, manifest, receipts };
        phases.run(
            "ceremony",
            "Key ceremony: three trustees at once, each a process with a folder of its own",
            || election.ceremony(),
        )?;
        phases.run("roll", "Import the roll", || setup::import(account, &election.programs, dir, vote))?;
        let heading = "Issue voting codes and publish the roll";
        phases.run("credentials", heading, || election.issue(vote.members.len()))?;
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

    fn issue(&self, members: usize) -> Result<(), Failure> {
        self.office("office credentials issue", &["credentials", "issue"], "registrar", &[])?;
        self.account.detail(&format!(
            "{} voting codes issued; the log has their public keys in ascending order, and no name",
            number(members as u64)
        ));
        Ok(())
    }

    /// What remains when the last round is counted: mirror and verification.
    pub(crate) fn conclude(&self, record: &Path, phases: &mut Phases) -> Result<Counted, Failure> {
        phases.round = None;
        phases.run("mirror", "An observer copies the whole record", || self.mirror(record))?;
        phases.run("verify", "The observer verifies it, in a process of its own", || self.verify(record))
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
        let times = |name: &str| report.pointer(&format!("/times/{name}"));
        if let Some((seconds, threads)) = times("verify_seconds").and_then(Value::as_f64).zip(times("threads")) {
            let memory = times("peak_memory_bytes").and_then(Value::as_u64).unwrap_or(0) >> 20;
            self.account.detail(&format!("verified in {seconds:.1} s on {threads} threads, peak memory {memory} MiB"));
        }
        counted(&report)
    }
}

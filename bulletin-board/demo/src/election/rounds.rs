//! One round: opening, voting, closing, count, and what its outcome calls for.

use std::fs;
use std::path::Path;
use std::time::Instant;

use client::{Board, Source};
use rand::RngCore;
use rand::rngs::OsRng;
use session::Booth;
use voting_core::ids::{GroupIndex, LabelDigest};
use voting_core::record::State;

use super::setup::passphrase;
use super::{Election, TRUSTEES, text, write};
use crate::account::number;
use crate::draft::LANGUAGES;
use crate::failure::Failure;
use crate::programs::{self, Printed};
use crate::run::Phases;
use crate::vote::{Round, Vote};
use crate::voters::{self, Cast};

impl Election {
    /// Opens a round: the first one as the manifest plans it, the others because the outcome before calls for them.
    pub(crate) fn open(&self, number: usize, phases: &mut Phases) -> Result<(), Failure> {
        if number == 1 {
            return phases.run("open", "Open the round", || {
                self.office("office open", &["election", "open"], "administrator", &[]).map(|_| ())
            });
        }
        let heading = "Found the round that the outcome calls for: the same members, voting codes and joint key";
        phases.run("next", heading, || {
            let command = ["round", "next"];
            self.office("office round next (roll)", &command, "registrar", &[])?;
            self.office("office round next (start)", &command, "administrator", &[]).map(|_| ())
        })
    }

    /// Voting: every ballot over HTTP, some twice.
    pub(crate) fn vote(
        &mut self,
        vote: &Vote,
        number: usize,
        round: &Round,
        phases: &mut Phases,
    ) -> Result<Cast, Failure> {
        let codes = voters::codes(&self.path("office").join("codes.csv"))?;
        let booth = phases.run("booth", "The voters' devices check what is voted on", || {
            let booth = self.booth()?;
            asks(&booth, vote, round)?;
            Ok(booth)
        })?;
        let cast = phases.run("voting", "Voting: seal, cast over HTTP, check the receipt", || {
            let progress = self.account.progress("voters", round.ballots.len() as u64);
            let begin = Instant::now();
            let cast = voters::cast_all(vote, round, &codes, &booth, &self.url, &progress);
            drop(progress);
            let cast = match (cast, self.board.ended()?) {
                (Err(_), Some(status)) => return Err(self.board.gone(status)),
                (Err(failure), None) if programs::interrupted() => return Err(failure),
                (Err(failure), None) => return Err(self.board.explain(failure)),
                (Ok(cast), _) => cast,
            };
            self.describe(&cast, begin.elapsed().as_secs_f64().max(0.001));
            Ok(cast)
        })?;
        let receipts = self.path("receipts").join(format!("round-{number}"));
        fs::create_dir_all(&receipts).map_err(|error| Failure::io(&receipts, &error))?;
        self.receipts.clear();
        for (number, (entry, receipt)) in (1..).zip(&cast.receipts) {
            let paths =
                (receipts.join(format!("ballot-{number}.cbor")), receipts.join(format!("receipt-{number}.txt")));
            write(&paths.0, entry, 0o644)?;
            write(&paths.1, receipt, 0o644)?;
            self.receipts.push(paths);
        }
        Ok(cast)
    }

    fn describe(&self, cast: &Cast, seconds: f64) {
        self.account.detail(&format!(
            "{} ballots in {seconds:.1} s, {:.1} a second; every voter checked a receipt",
            number(cast.ballots),
            cast.ballots as f64 / seconds
        ));
        let parts = match cast.parts {
            0 | 1 => "each ballot is one entry of the log".to_owned(),
            parts => format!("a ballot takes up to {parts} entries of the log, numbered parts"),
        };
        self.account.detail(&format!("largest entry: {} bytes; {parts}", number(cast.largest_entry)));
        self.account.detail(&format!(
            "voters who voted twice, the last ballot counts: {} ({} on a second device, which signed again after seeing \
             the first)",
            number(cast.replaced),
            number(cast.signed_again)
        ));
        self.account.detail(&format!(
            "ballots that are blank throughout: {}; sealed ballots that were tested on another device before: {}",
            number(cast.blank),
            number(cast.tested)
        ));
    }

    /// Reads the log and verifies all of it.
    fn state(&self) -> Result<State, Failure> {
        let mut entropy = [0; 32];
        OsRng.fill_bytes(&mut entropy);
        let source = Source::Url(self.log_url());
        let progress = self.account.progress("entries", 1);
        Ok(client::fold(&source, &self.event(), &entropy, &mut |read| progress.set(read.done, read.total))?)
    }

    /// What a voter's device does before voting: reads the log, verifies all of it, and the labels.
    fn booth(&self) -> Result<Booth, Failure> {
        let (event, state) = (self.event(), self.state()?);
        let labels = Board::new(&self.url)?.labels(&event)?;
        let labels = labels.ok_or_else(|| Failure::internal("the board has no labels"))?;
        let booth = Booth::from_state(&event, &state, Some(&labels))
            .map_err(|error| Failure::wrong("booth", error.to_string(), "see the board's log"))?;
        self.account.detail(&format!("event words: {}", booth.event_words()));
        Ok(booth)
    }

    /// Closing, count, result, and the outcome where a rule decides something.
    pub(crate) fn count(&self, number: usize, round: &Round, phases: &mut Phases) -> Result<(), Failure> {
        phases.run("close", "Close the round", || {
            self.office("office close", &["election", "close"], "administrator", &["--early"]).map(|_| ())
        })?;
        // In the first of several rounds somebody also tries to have it decrypted twice.
        let backup = if phases.round == Some(1) { Some(self.back_up(number)?) } else { None };
        let heading = "Count: trustees One and Two verify the whole record and decrypt; Three stays away";
        phases.run("decrypt", heading, || self.decrypt())?;
        if let Some(backup) = backup {
            let heading = "A trustee who has forgotten the count is asked for it";
            phases.run("refusal", heading, || self.ask_who_forgot(&backup, number))?;
        }
        phases.run("result", "Publish the result", || {
            self.office("office result", &["election", "result"], "administrator", &[]).map(|_| ())
        })?;
        if round.decided.is_none() {
            return Ok(());
        }
        phases.run("outcome", "Publish what the rules make of it, in both languages", || self.outcome(number))
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

    /// The outcome as the office prints it: the second language is read from what stands on the log by then.
    fn outcome(&self, number: usize) -> Result<(), Failure> {
        let number = number.to_string();
        let (dir, key) = (self.path("office"), self.path("administrator.key"));
        let passphrase = passphrase(&self.dir, "administrator");
        for language in LANGUAGES {
            let arguments = [
                "election",
                "outcome",
                "--dir",
                text(&dir),
                "--key",
                text(&key),
                "--passphrase-file",
                text(&passphrase),
                "--round",
                &number,
                "--language",
                language,
            ];
            let name = format!("office outcome {language}");
            let printed = self.programs.run(&name, "office", &arguments, None)?;
            for line in String::from_utf8_lossy(&printed.stdout).lines() {
                self.account.detail(line);
            }
        }
        Ok(())
    }

    /// A trustee is asked to decrypt a round; the arguments are those of an impatient official.
    fn ask(&self, name: &str, folder: &str, passphrase: &Path, number: usize) -> Result<Printed, Failure> {
        let (log, number, dir) = (self.log_url(), number.to_string(), self.path(folder));
        let mut arguments = vec!["decrypt", "--dir", text(&dir), "--log", &log, "--round", &number, "--yes"];
        arguments.extend(["--passphrase-file", text(passphrase)]);
        self.programs.start(&format!("{name} again"), "trustee", &arguments)?.end(None)
    }

    /// Asks a trustee to decrypt a round once more, which must be refused with exit code 1.
    fn must_refuse(&self, name: &str, folder: &str, passphrase: &Path, number: usize) -> Result<(), Failure> {
        let printed = self.ask(name, folder, passphrase, number)?;
        if printed.status != Some(1) {
            let fault = format!("{name} was asked again and ended with {:?}, not with 1", printed.status);
            let failure = Failure::wrong("decrypted-twice", fault, "keep the folder: this must never happen");
            return Err(Failure { tail: printed.stderr.lines().map(str::to_owned).collect(), ..failure });
        }
        self.account.detail(&format!("{name} refuses, exit code 1:"));
        self.tell(&printed.stderr);
        Ok(())
    }

    fn tell(&self, said: &str) {
        let worth = |line: &&str| !line.trim().is_empty() && !line.starts_with("warning: ");
        said.lines().filter(worth).for_each(|line| self.account.detail(&format!("  {line}")));
    }

    /// The folder of trustee One as it was before a count: whoever restores it has forgotten the count.
    fn back_up(&self, number: usize) -> Result<String, Failure> {
        let name = format!("trustee-1-before-round-{number}");
        copy(&self.path("trustee-1"), &self.path(&name))?;
        Ok(name)
    }

    /// A round is decrypted at most once (A20). Before the result: a trustee who has forgotten, because the folder was
    /// restored from a copy, is stopped by what stands on the log (M9).
    fn ask_who_forgot(&self, backup: &str, number: usize) -> Result<(), Failure> {
        self.must_refuse(
            "Trustee One, from an old copy of the folder,",
            backup,
            &passphrase(&self.dir, "trustee-1"),
            number,
        )
    }

    /// After the result: a trustee who has not decrypted and could, and one who has and would only send the same again.
    pub(crate) fn ask_again(&self, number: usize, phases: &mut Phases) -> Result<(), Failure> {
        let heading = format!("Trustees are asked to decrypt round {number} although it has its result");
        phases.run("refusal", &heading, || {
            let size = || self.size();
            let before = size()?;
            self.must_refuse("Trustee Three", "trustee-3", &passphrase(&self.dir, "trustee-3"), number)?;
            let printed = self.ask("Trustee One", "trustee-1", &passphrase(&self.dir, "trustee-1"), number)?;
            let said = String::from_utf8_lossy(&printed.stdout).into_owned();
            if size()? != before {
                let fault = format!("the log has grown by an answer to round {number}");
                return Err(Failure::wrong("decrypted-twice", fault, "keep the folder: this must never happen"));
            }
            self.account.detail("Trustee One decrypts nothing new, and the log does not grow:");
            self.tell(&said);
            Ok(())
        })
    }

    /// Entries of the log.
    fn size(&self) -> Result<u64, Failure> {
        Ok(self.state()?.size())
    }
}

/// Copies a folder of a trustee: small files, two levels.
fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::io(from, &error);
    fs::create_dir(to).map_err(|error| Failure::io(to, &error))?;
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let target = to.join(entry.file_name());
        if entry.file_type().map_err(failed)?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).map_err(failed)?;
        }
    }
    Ok(())
}

/// The open round asks what the demonstration is about to answer: titles and options, in their order.
fn asks(booth: &Booth, vote: &Vote, round: &Round) -> Result<(), Failure> {
    let label = |digest: &LabelDigest| {
        booth.labels().get(digest).map(|label| label.text(LANGUAGES[0]).to_owned()).unwrap_or_default()
    };
    for group in 0..vote.groups.len().max(1) {
        let index = GroupIndex(u32::try_from(group).map_err(|_| Failure::internal("too many groups"))?);
        let asked = booth.contests(index).map(|rules| {
            let contest = &rules.contest;
            (label(&contest.title), contest.options.iter().map(label).collect::<Vec<_>>(), contest.kind.word())
        });
        let own = round.contests_of(group);
        let own = own.map(|(_, own)| (own.title.clone(), own.options.clone(), own.rule.word()));
        if !asked.eq(own) {
            let fault = "the open round asks something else than the demonstration expects";
            return Err(Failure::wrong("other-question", fault, "see the draft and the outcome of the round before"));
        }
    }
    Ok(())
}

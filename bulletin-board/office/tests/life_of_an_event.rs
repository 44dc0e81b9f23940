//! A whole event with real processes: board, office, three trustees; the voters are this test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use client::{Board, Source};
use common::{Said, command, draft, folder, office, run};
use proofs::elgamal::EncryptionKey;
use rand::rngs::OsRng;
use tempfile::TempDir;
use tlog::hash::Hash;
use voting_core::ballot::{cast, seal};
use voting_core::contest::Choice;
use voting_core::credential::{CodeSecret, VotingCode};
use voting_core::ids::{EventId, GroupIndex, OptionIndex, RoundIndex};
use voting_core::record::State;

/// The programs of other packages, built where this one was.
fn program(name: &str) -> PathBuf {
    let office = common::office_path();
    let profile = office.parent().unwrap();
    let path = profile.join(name);
    static BUILT: std::sync::Once = std::sync::Once::new();
    BUILT.call_once(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["build", "--quiet", "-p", "board", "-p", "trustee-cli", "--target-dir"])
            .arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success(), "board and trustee build");
    });
    path
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Day {
    dir: TempDir,
    url: String,
    event: String,
    log: String,
    _board: Running,
}

impl Day {
    /// A published event.
    fn new() -> Self {
        let (dir, keys) = folder();
        let path = dir.path();
        let mut board = Command::new(program("board"));
        board.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(path.join("board"));
        let mut board = Running(board.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(board.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();

        let trustees = [1, 2, 3].map(|n| {
            let said = run(
                &program("trustee"),
                path,
                &["init", "--dir", &format!("t{n}"), "--passphrase-file", "pass", "--json"],
            );
            said.ok().json()["public_key"].as_str().unwrap().to_owned()
        });
        let host = url.strip_prefix("http://").unwrap();
        fs::write(path.join("draft.toml"), draft(host, &keys, &trustees)).unwrap();
        let mut day = Self { dir, url, event: String::new(), log: String::new(), _board: board };
        let url = day.url.clone();
        let said = day.act("election", &["new", "draft.toml", "--board", &url]).ok();
        day.event = said.json()["event"].as_str().unwrap().to_owned();
        day.act("election", &["publish"]).ok();
        let said = day.act("election", &["publish"]).ok();
        day.log = said.json()["log_url"].as_str().unwrap().to_owned();
        day
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn act(&self, area: &str, args: &[&str]) -> Said {
        let key = if area == "credentials" { "registrar.key" } else { "administrator.key" };
        let own = [area, "--json", "--dir", "event", "--key", key, "--passphrase-file", "pass"];
        let mut all = vec![own[0], args[0]];
        all.extend(&own[1..]);
        all.extend(&args[1..]);
        office(self.dir.path(), &all)
    }

    fn trustee(&self, n: usize, args: &[&str]) -> Command {
        let dir = format!("t{n}");
        let mut all = vec![args[0], "--dir", &dir, "--passphrase-file", "pass"];
        all.extend(&args[1..]);
        command(&program("trustee"), self.dir.path(), &all)
    }

    fn ceremony(&self, n: usize) -> Running {
        let args = ["ceremony", "--log", &self.log, "--accept", &self.event, "--watch", "--interval", "1"];
        Running(self.trustee(n, &args).spawn().unwrap())
    }

    /// Three processes at once; the first one is killed again and again while it works.
    fn ceremonies(&self) {
        let others = [self.ceremony(2), self.ceremony(3)];
        for wait in [300, 700, 1_100, 1_500] {
            let killed = self.ceremony(1);
            sleep(Duration::from_millis(wait));
            drop(killed);
        }
        for mut running in [self.ceremony(1)].into_iter().chain(others) {
            let status = running.0.wait().unwrap();
            assert!(status.success(), "{status:?}");
        }
    }

    fn decrypt(&self, n: usize) -> Said {
        let output = self.trustee(n, &["decrypt", "--yes"]).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    fn state(&self) -> State {
        let event: EventId = self.event.parse().unwrap();
        client::fold(&Source::Url(self.log.clone()), &event, &[7; 32], &mut |_| ()).unwrap()
    }

    /// A member votes with the code from codes.csv.
    fn vote(&self, line: usize, group: u32, choices: &[Choice]) {
        let state = self.state();
        let index = state.open_round().unwrap();
        let rules = state.round(index).unwrap().rules().unwrap();
        let codes = fs::read_to_string(self.path("event/codes.csv")).unwrap();
        let code = codes.lines().nth(line).unwrap().split(',').nth(1).unwrap();
        let code = VotingCode::parse(code).unwrap();
        let credential = CodeSecret::stretch(&code, &state.manifest().event()).unwrap().credential(index);
        let key = EncryptionKey::new(rules.binding.joint_key);
        let sealed = seal(rules, &key, GroupIndex(group), &credential.key(), choices, &mut OsRng).unwrap();
        let chain = state.latest_ballot(&credential.key());
        let first = (1, Hash(state.manifest().event().0));
        let (counter, previous) = chain.map_or(first, |chain| (chain.counter + 1, chain.leaf));
        let entry = cast(sealed.as_bytes(), &rules.binding, &credential, counter, previous, &mut OsRng).unwrap();
        Board::new(&self.url).unwrap().submit(state.manifest(), &entry).unwrap();
    }
}

fn chosen(options: &[u32]) -> Choice {
    Choice::Selection(options.iter().copied().map(OptionIndex).collect())
}

fn mode(path: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777
}

#[test]
fn a_whole_event_with_real_processes() {
    let day = Day::new();
    day.act("election", &["open"]).refused(1, "ceremony-incomplete");
    day.ceremonies();
    assert!(day.state().joint_key().is_some());
    day.act("election", &["open"]).refused(1, "roll-incomplete");
    day.act("election", &["close"]).refused(1, "no-open-round");

    // Codes and rolls; the repetition finds everything done.
    let csv = "member,weight,group\nAda,1,north\nBob,3,north\nCyd,1,south\nDee,3,south\nEve,1,south\n";
    fs::write(day.path("members.csv"), csv).unwrap();
    office(day.dir.path(), &["roll", "import", "members.csv", "--dir", "event"]).ok();
    let said = day.act("credentials", &["issue"]).ok();
    let size = day.state().size();
    let codes = fs::read(day.path("event/codes.csv")).unwrap();
    fs::remove_file(day.path("event/letters.html")).unwrap();
    fs::remove_file(day.path("event/credentials.json")).unwrap();
    day.act("credentials", &["issue"]).ok();
    assert_eq!(day.state().size(), size, "{said:?}");
    assert_eq!(fs::read(day.path("event/codes.csv")).unwrap(), codes);
    for name in ["codes.csv", "letters.html", "credentials.json", "roll.json"] {
        assert_eq!(mode(&day.path("event").join(name)), 0o600, "{name}");
    }
    let letters = fs::read_to_string(day.path("event/letters.html")).unwrap();
    assert_eq!(letters.matches("<section>").count(), 5);
    assert!(letters.contains(&day.state().manifest().event_words()));
    assert_eq!(day.state().roll(RoundIndex(1)).unwrap().weight(), 9);

    // The first round.
    day.act("election", &["open"]).ok();
    day.act("election", &["open"]).ok();
    day.vote(1, 0, &[chosen(&[0]), chosen(&[0])]);
    day.vote(2, 0, &[chosen(&[1]), chosen(&[0])]);
    day.vote(3, 1, &[Choice::Blank, chosen(&[0])]);
    day.vote(4, 1, &[chosen(&[2]), chosen(&[1])]);
    day.vote(5, 1, &[chosen(&[2]), chosen(&[1])]);
    day.vote(1, 0, &[chosen(&[2]), chosen(&[1])]); // the last one counts
    day.act("election", &["result"]).refused(1, "not-closed");
    day.act("election", &["close"]).refused(1, "too-early");
    day.act("election", &["close", "--early"]).ok();
    day.act("election", &["close", "--early"]).ok();
    day.act("election", &["result"]).refused(1, "waiting-for-trustees");
    day.decrypt(3).ok();
    assert!(day.decrypt(3).ok().out.contains("stands on the log already"));
    day.decrypt(1).ok();
    let result = day.act("election", &["result"]).ok().json();
    // Ada's last ballot, Dee and Eve for Cedar, Bob for Birch, Cyd blank. In the north Bob has 3 of 4 votes, more than two
    // thirds: the sum would tell his, so it is not decrypted. In the south Cyd yes, Dee and Eve no.
    assert_eq!(result["contests"][0]["totals"], serde_json::json!([0, 3, 5, 1]), "{result}");
    assert_eq!(result["contests"][0]["options"][2]["name"], "Cedar");
    assert_eq!((&result["contests"][1]["counted"], &result["contests"][1]["group"]), (&false.into(), &0.into()));
    assert!(result["contests"][1]["totals"].is_null());
    assert_eq!(result["contests"][2]["totals"], serde_json::json!([1, 4]));
    assert_eq!(day.act("election", &["result"]).ok().json(), result);
    let text = office(day.dir.path(), &["status", "--dir", "event"]).ok().out;
    assert!(
        text.contains("Board 2026") && text.contains("5  Cedar") && text.contains("North: not decrypted"),
        "{text}"
    );

    // The second round has one ballot only, below the minimum of two: it ends without a result.
    day.act("election", &["open"]).ok();
    day.vote(1, 0, &[chosen(&[0])]);
    day.act("election", &["close", "--early"]).ok();
    day.decrypt(2).refused(1, "too-few-ballots");
    assert_eq!(day.act("election", &["result"]).ok().json()["status"], "not_counted");
    day.act("election", &["cancel", "--reason", "other", "--yes"]).refused(1, "illegal-entry");
    let said = run(&program("trustee"), day.dir.path(), &["verify", "--dir", "t2"]).ok();
    assert!(said.out.starts_with("The record holds."), "{said:?}");
}

#[test]
fn s12_a_cancelled_event_takes_nothing_more() {
    let day = Day::new();
    day.act("election", &["cancel", "--reason", "organisational"]).refused(2, "needs-answer");
    day.act("election", &["cancel", "--reason", "organisational", "--yes"]).ok();
    day.act("election", &["cancel", "--reason", "organisational", "--yes"]).ok();
    day.act("election", &["open"]).refused(1, "cancelled");
    let text = office(day.dir.path(), &["status", "--dir", "event"]).ok().out;
    assert!(text.contains("cancelled"), "{text}");
}

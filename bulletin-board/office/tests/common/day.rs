//! A board, an office and three trustees as real processes; the voters are the test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use client::{Board, Source};
use proofs::elgamal::EncryptionKey;
use rand::rngs::OsRng;
use tempfile::TempDir;
use tlog::hash::Hash;
use voting_core::ballot::{cast, seal};
use voting_core::contest::Choice;
use voting_core::credential::{CodeSecret, VotingCode};
use voting_core::ids::{EventId, GroupIndex, OptionIndex};
use voting_core::record::State;

use super::{Said, command, folder, office, office_path, run};

/// The programs of other packages, built where this one was.
pub fn program(name: &str) -> PathBuf {
    let office = office_path();
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

pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub struct Day {
    pub dir: TempDir,
    pub url: String,
    pub event: String,
    pub log: String,
    _board: Running,
}

impl Day {
    /// A published event with two groups and two rounds.
    pub fn new() -> Self {
        Self::with(super::draft)
    }

    /// A published event of this draft, made from host, public keys of the officials, and of the trustees.
    pub fn with(draft: impl FnOnce(&str, &[String; 2], &[String]) -> String) -> Self {
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

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn act(&self, area: &str, args: &[&str]) -> Said {
        self.act_as(if area == "credentials" { "registrar" } else { "administrator" }, area, args)
    }

    /// The same with the key of this role.
    pub fn act_as(&self, role: &str, area: &str, args: &[&str]) -> Said {
        let key = format!("{role}.key");
        let own = [area, "--json", "--dir", "event", "--key", &key, "--passphrase-file", "pass"];
        let mut all = vec![own[0], args[0]];
        all.extend(&own[1..]);
        all.extend(&args[1..]);
        office(self.dir.path(), &all)
    }

    pub fn trustee(&self, n: usize, args: &[&str]) -> Command {
        let dir = format!("t{n}");
        let mut all = vec![args[0], "--dir", &dir, "--passphrase-file", "pass"];
        all.extend(&args[1..]);
        command(&program("trustee"), self.dir.path(), &all)
    }

    pub fn ceremony(&self, n: usize) -> Running {
        let args = ["ceremony", "--log", &self.log, "--accept", &self.event, "--watch", "--interval", "1"];
        Running(self.trustee(n, &args).spawn().unwrap())
    }

    /// Three processes at once; the first one is killed again and again while it works.
    pub fn ceremonies(&self) {
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

    pub fn decrypt(&self, n: usize) -> Said {
        let output = self.trustee(n, &["decrypt", "--yes"]).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    pub fn state(&self) -> State {
        let event: EventId = self.event.parse().unwrap();
        client::fold(&Source::Url(self.log.clone()), &event, &[7; 32], &mut |_| ()).unwrap()
    }

    /// The codes of codes.csv, in the order of its lines.
    pub fn codes(&self) -> Vec<String> {
        let codes = fs::read_to_string(self.path("event/codes.csv")).unwrap();
        codes.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
    }

    /// A member votes with the code from codes.csv, by its line.
    pub fn vote(&self, line: usize, group: u32, choices: &[Choice]) {
        self.vote_with(&self.codes()[line - 1], group, choices);
    }

    /// A member votes with this code.
    pub fn vote_with(&self, code: &str, group: u32, choices: &[Choice]) {
        let state = self.state();
        let index = state.open_round().unwrap();
        let rules = state.round(index).unwrap().rules().unwrap();
        let code = VotingCode::parse(code).unwrap();
        let credential = CodeSecret::stretch(&code, &state.manifest().event()).unwrap().credential(index);
        let key = EncryptionKey::new(rules.binding.joint_key);
        let member = *state.roll(index).unwrap().member(&credential.key()).unwrap();
        assert_eq!(member.group, GroupIndex(group));
        let sealed = seal(rules, &key, member, &credential.key(), choices, &mut OsRng).unwrap();
        let chain = state.latest_ballot(&credential.key());
        let first = (1, Hash(state.manifest().event().0));
        let (counter, previous) = chain.map_or(first, |chain| (chain.counter() + 1, chain.leaf));
        let entries = cast(sealed.parts(), &rules.binding, &credential, counter, previous, &mut OsRng).unwrap();
        for entry in entries {
            Board::new(&self.url).unwrap().submit(state.manifest(), &entry).unwrap();
        }
    }
}

pub fn chosen(options: &[u32]) -> Choice {
    Choice::Selection(options.iter().copied().map(OptionIndex).collect())
}

pub fn mode(path: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777
}

//! The office as a real process, and the files that it needs.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

pub mod day;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What a process said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    #[track_caller]
    pub fn refused(&self, exit: i32, code: &str) {
        assert_eq!(self.code, exit, "{self:?}");
        assert!(self.err.contains(&format!("error[{code}]: ")), "{self:?}");
        assert!(self.err.contains("\n  remedy: "), "{self:?}");
    }

    /// The JSON object on standard output.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

pub fn run(program: &Path, dir: &Path, args: &[&str]) -> Said {
    let output = command(program, dir, args).output().unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub fn command(program: &Path, dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(dir).env("URNA_TEST_WORK_FACTOR", "1");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn office_path() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_office"))
}

pub fn office(dir: &Path, args: &[&str]) -> Said {
    run(&office_path(), dir, args)
}

/// A folder with passphrase files and the keys of both officials; their public keys.
pub fn folder() -> (TempDir, [String; 2]) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("pass"), "three words here\n").unwrap();
    std::fs::write(dir.path().join("wrong"), "something else\n").unwrap();
    let key = |name: &str| {
        let said = office(dir.path(), &["key", "new", "--key", &format!("{name}.key"), "--passphrase-file", "pass"]);
        said.ok().out.trim().to_owned()
    };
    let keys = ["administrator", "registrar"].map(key);
    (dir, keys)
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A time of TOML.
pub fn toml_time(seconds: u64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds as i64).unwrap().format(&Rfc3339).unwrap()
}

/// A valid draft with two groups and two rounds.
pub fn draft(host: &str, [administrator, registrar]: &[String; 2], trustees: &[String]) -> String {
    let member =
        |(i, key): (usize, &String)| format!("[[trustees.member]]\nname = \"Trustee {}\"\nkey = \"{key}\"\n", i + 1);
    let members: String = trustees.iter().enumerate().map(member).collect();
    let at = |offset: u64| toml_time(now() + offset);
    format!(
        r#"accept = ["demonstration", "few-ballots", "heavy-share", "no-second-factor", "no-witnesses", "short-dispute"]

[event]
organisation = "Society for Tests"
title = {{ en = "Board 2026", de = "Vorstand 2026" }}
languages = ["en", "de"]
host = "{host}"
demonstration = true

[officials]
administrator = "{administrator}"
registrar = "{registrar}"

[trustees]
threshold = 2
{members}
[schedule]
time_zone = "Europe/Berlin"
dispute_seconds = 0

[privacy]
minimum_ballots = 2
largest_share = "2/3"

[[group]]
id = "north"
name = "North"

[[group]]
id = "south"
name = "South"

[[round]]
title = "Election"
opens = {}
closes = {}

[[round.contest]]
title = "Chair"
kind = "selection"
options = ["Alder", "Birch", "Cedar"]
max = 1
blank = true

[[round.contest]]
title = "New hall"
kind = "selection"
options = ["yes", "no"]
min = 1
max = 1
groups = ["north", "south"]
per_group = true

[[round]]
title = "Run-off"
opens = {}
closes = {}

[[round.contest]]
title = "Chair, run-off"
kind = "selection"
options = ["Alder", "Birch"]
max = 1
blank = true
"#,
        at(0),
        at(43_200),
        at(50_000),
        at(60_000)
    )
}

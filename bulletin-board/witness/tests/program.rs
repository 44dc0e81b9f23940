//! The program as its operator meets it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt;

use common::{Place, Program, TestLog, add, command, get, post, run};
use tlog::note::{KeyType, VerifierKey};
use tlog::witness::parse_response;

#[test]
fn a_witness_is_set_up_as_the_help_says() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (code, out, error) = run(&["key", "new", "--name", "witness.example/w1", "--out", &path("key")]);
    assert_eq!(code, 0, "{error}");
    let own: VerifierKey = out.trim().parse().unwrap();
    assert_eq!((own.name().as_str(), own.key_type()), ("witness.example/w1", KeyType::CosignatureV1));
    assert_eq!(fs::metadata(path("key")).unwrap().permissions().mode() & 0o777, 0o600);
    let seed = fs::read_to_string(path("key")).unwrap();
    let seed = seed.split("seed ").nth(1).unwrap().trim();
    assert!(!out.contains(seed) && !error.contains(seed));
    // Never overwritten.
    let before = fs::read(path("key")).unwrap();
    let (code, out, error) = run(&["key", "new", "--name", "witness.example/w1", "--out", &path("key")]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.contains("error[key]") && error.contains("never overwritten"), "{error}");
    assert_eq!(fs::read(path("key")).unwrap(), before);
    let (code, out, _) = run(&["key", "show", &path("key")]);
    assert_eq!((code, out.trim()), (0, own.to_string().as_str()));

    let [data, key, watched] = ["data", "key", "watched"].map(|name| format!("{name} = {:?}\n", path(name)));
    fs::write(path("witness.toml"), format!("{data}{key}{watched}listen = \"127.0.0.1:0\"\n")).unwrap();
    let log = TestLog::new("log.example/1", 9);
    let config = path("witness.toml");
    let mut program = Program::start(&["serve", "--config", &config]);
    let url = add(&program.url);
    assert_eq!(post(&url, &log.ask(0, 5)).status, 404);
    for words in ["added to", "has this log already"] {
        let (code, _, error) = run(&["log", "add", "--config", &config, &log.vkey(), "--comment", "the first"]);
        assert_eq!(code, 0);
        assert!(error.contains(words), "{error}");
    }
    assert_eq!(fs::read_to_string(path("watched")).unwrap(), format!("log {}  # the first\n", log.vkey()));
    let answer = post(&url, &log.ask(0, 5));
    parse_response(answer.text.as_bytes(), &log.head(5), &[own]).unwrap();
    let (code, _, error) = run(&["log", "add", "--config", &config, &log.vkey()[3..]]);
    assert_eq!(code, 2);
    assert!(error.contains("error[config-invalid]: VKEY"), "{error}");
    // SIGTERM: in order, without a word of the seed in the log.
    program.terminate();
    let mut text = String::new();
    program.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(program.child.wait().unwrap().code(), Some(0));
    assert!(text.contains("\"cosigning\"") && !text.contains(seed), "{text}");
    assert!(text.lines().all(|line| line.starts_with('{')), "{text}");
}

#[test]
fn settings_come_from_file_environment_and_flags() {
    let place = Place::new(&[]);
    let config = place.path("witness.toml");
    let child = |flags: &[&str]| {
        let mut command = command();
        command.args(["serve", "--config", config.to_str().unwrap()]).args(flags);
        command.env("URNA_WITNESS_PREFIX", "/env").env("URNA_WITNESS_LISTEN", "127.0.0.1:0");
        Program::spawn(command)
    };
    let program = child(&[]);
    assert!(program.url.ends_with("/env"), "{}", program.url);
    assert_eq!(get(&format!("{}/health", program.url)).status, 200);
    program.kill();
    let program = child(&["--prefix", "/flag"]);
    assert!(program.url.ends_with("/flag"), "{}", program.url);
    program.kill();
}

#[test]
fn what_is_wrong_is_said_with_a_remedy() {
    let place = Place::new(&[]);
    let config = place.path("witness.toml");
    let config = config.to_str().unwrap();
    let refuse = |arguments: &[&str], code: &str, word: &str| {
        let (exit, out, error) = run(arguments);
        assert_eq!((exit, out.as_str()), (2, ""), "{error}");
        let last = error.lines().last().unwrap_or_default();
        assert!(last.starts_with(&format!("error[{code}]: ")) && last.contains(word), "{error}");
    };
    refuse(&["serve"], "config-invalid", "--watched");
    refuse(&["serve", "--config", config, "--listen", "nowhere"], "config-invalid", "127.0.0.1:8090");
    refuse(&["serve", "--config", config, "--prefix", "w1"], "config-invalid", "/w1");
    refuse(&["serve", "--config", config, "--key", "no-such-key"], "key", "witness key new");
    refuse(&["serve", "--config", "no-such-file"], "io", "no-such-file");
    refuse(&["serve", "--config", config, "--listen", "192.0.2.1:1"], "listen", "--listen");
    refuse(&["key", "new", "--name", "a b", "--out", "x"], "config-invalid", "witness.example/w1");
    refuse(&["key", "show", config], "key", "");
    fs::write(place.path("watched"), "log\n").unwrap();
    refuse(&["serve", "--config", config], "list", "line 1");
    fs::set_permissions(place.path("key"), fs::Permissions::from_mode(0o644)).unwrap();
    refuse(&["serve", "--config", config], "key", "chmod 600");
}

#[test]
fn the_help_teaches() {
    let (code, out, _) = run(&["--help"]);
    assert_eq!(code, 0);
    for word in ["witness key new", "witness log add", "witness serve", "Exit codes", "new key"] {
        assert!(out.contains(word), "{word}: {out}");
    }
    let (code, out, _) = run(&["serve", "--help"]);
    assert_eq!(code, 0);
    for word in ["URNA_WITNESS_DATA", "URNA_WITNESS_KEY", "URNA_WITNESS_WATCHED", "listening on", "backup"] {
        assert!(out.contains(word), "{word}: {out}");
    }
}

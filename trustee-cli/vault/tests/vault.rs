//! Secrets in files: what is written, what is refused, and that nothing is destroyed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use tempfile::TempDir;
use vault::{
    Cost, DEFAULT_COST, MAX_COST, Passphrase, PassphraseArgs, PassphraseSource, VaultError, inspect, open, replace,
    seal, write_atomic, write_new,
};

const SECRET: &[u8] = b"a secret of some length, 0123456789";

fn cheap() -> Cost {
    Cost::lowered(8).unwrap()
}

fn phrase(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn file(dir: &TempDir) -> PathBuf {
    dir.path().join("key.age")
}

#[test]
fn what_is_sealed_is_opened() {
    let dir = TempDir::new().unwrap();
    for (number, secret) in [SECRET, b"", &[0xff; 200_000]].into_iter().enumerate() {
        let path = dir.path().join(format!("{number}.age"));
        seal(&path, secret, &phrase("four words of mine"), cheap()).unwrap();
        assert_eq!(open(&path, &phrase("four words of mine")).unwrap().as_slice(), secret);
        let stored = fs::read(&path).unwrap();
        assert!(secret.is_empty() || !stored.windows(secret.len().min(16)).any(|part| secret.starts_with(part)));
    }
    assert_eq!(names(dir.path()), ["0.age", "1.age", "2.age"], "no temporary file stays behind");
}

#[test]
fn a_wrong_passphrase_has_its_own_error_with_a_remedy() {
    let dir = TempDir::new().unwrap();
    seal(&file(&dir), SECRET, &phrase("right"), cheap()).unwrap();
    let error = open(&file(&dir), &phrase("wrong")).unwrap_err();
    assert_eq!(error.code(), "wrong-passphrase");
    assert_eq!(
        error.to_string(),
        format!(
            "the passphrase does not open {}; type it again; without it the secret can't be recovered",
            file(&dir).display()
        )
    );
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let dir = TempDir::new().unwrap();
    fs::write(file(&dir), b"mine").unwrap();
    let error = seal(&file(&dir), SECRET, &phrase("p"), cheap()).unwrap_err();
    assert_eq!(error.code(), "output-exists");
    assert_eq!(write_new(&file(&dir), b"other", 0o644).unwrap_err().code(), "output-exists");
    assert_eq!(fs::read(file(&dir)).unwrap(), b"mine");
    // Also not through a link that points nowhere.
    #[cfg(unix)]
    {
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path().join("target"), &link).unwrap();
        assert_eq!(write_new(&link, b"other", 0o600).unwrap_err().code(), "output-exists");
        assert!(!dir.path().join("target").exists());
        assert_eq!(names(dir.path()), ["key.age", "link"]);
    }
}

#[test]
fn of_many_writers_one_wins_and_the_file_is_its() {
    let dir = TempDir::new().unwrap();
    let path = file(&dir);
    let won: Vec<u8> = std::thread::scope(|scope| {
        let writer = |number: u8| write_new(&path, &[number; 4_096], 0o600).map(|()| number);
        let threads: Vec<_> = (0..8).map(|number| scope.spawn(move || writer(number))).collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap().ok()).collect()
    });
    assert_eq!(won.len(), 1);
    assert_eq!(fs::read(&path).unwrap(), [won[0]; 4_096]);
    assert_eq!(names(dir.path()), ["key.age"]);
}

#[cfg(unix)]
#[test]
fn secrets_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let dir = TempDir::new().unwrap();
    seal(&file(&dir), SECRET, &phrase("p"), cheap()).unwrap();
    assert_eq!(mode(&file(&dir)), 0o600);
    replace(&file(&dir), SECRET, &phrase("p"), cheap()).unwrap();
    assert_eq!(mode(&file(&dir)), 0o600);
    let (plain, state) = (dir.path().join("plain"), dir.path().join("state"));
    write_new(&plain, b"x", 0o644).unwrap();
    write_atomic(&plain, b"y").unwrap();
    assert_eq!((mode(&plain), fs::read(&plain).unwrap()), (0o644, b"y".to_vec()));
    write_atomic(&state, b"z").unwrap();
    assert_eq!(mode(&state), 0o600);
}

#[test]
fn state_is_replaced_in_one_step() {
    let dir = TempDir::new().unwrap();
    for secret in [&b"first"[..], b"second", b"third"] {
        replace(&file(&dir), secret, &phrase("p"), cheap()).unwrap();
        assert_eq!(open(&file(&dir), &phrase("p")).unwrap().as_slice(), secret);
    }
    assert_eq!(names(dir.path()), ["key.age"]);
}

#[test]
fn a_header_that_demands_too_much_work_is_refused_before_the_work() {
    let dir = TempDir::new().unwrap();
    seal(&file(&dir), SECRET, &phrase("p"), cheap()).unwrap();
    let stored = fs::read(file(&dir)).unwrap();
    let end = stored.windows(3).position(|part| part == b" 8\n").unwrap();
    for demanded in [MAX_COST + 1, 40, 63] {
        let header = [&stored[..end], format!(" {demanded}\n").as_bytes(), &stored[end + 3..]].concat();
        fs::write(file(&dir), header).unwrap();
        let begun = std::time::Instant::now();
        let error = open(&file(&dir), &phrase("p")).unwrap_err();
        assert_eq!(error.code(), "work-factor-too-high", "{error}");
        assert!(begun.elapsed().as_millis() < 500);
    }
}

#[test]
fn a_low_work_factor_is_warned_of() {
    let dir = TempDir::new().unwrap();
    seal(&file(&dir), SECRET, &phrase("p"), cheap()).unwrap();
    let opened = inspect(&file(&dir), &phrase("p")).unwrap();
    assert_eq!(opened.cost, 8);
    let warning = opened.warning(&file(&dir)).unwrap();
    assert!(warning.starts_with("warning: ") && warning.contains("work factor 8 instead of 18"), "{warning}");
    let strong = vault::Opened { secret: opened.secret, cost: DEFAULT_COST };
    assert_eq!(strong.warning(&file(&dir)), None);
    assert!(!format!("{strong:?}").contains("secret of"));
}

#[test]
fn damage_is_told_from_a_wrong_passphrase() {
    let dir = TempDir::new().unwrap();
    seal(&file(&dir), SECRET, &phrase("p"), cheap()).unwrap();
    let stored = fs::read(file(&dir)).unwrap();
    let mut changed = stored.clone();
    *changed.last_mut().unwrap() ^= 1;
    for damaged in [changed, stored[..stored.len() - 1].to_vec(), stored[..30].to_vec(), b"garbage".to_vec(), vec![]] {
        fs::write(file(&dir), damaged).unwrap();
        let error = open(&file(&dir), &phrase("p")).unwrap_err();
        assert_eq!(error.code(), "damaged-file", "{error}");
    }
    let error = open(&dir.path().join("none"), &phrase("p")).unwrap_err();
    assert_eq!(error.code(), "no-such-file");
}

#[test]
fn a_folder_that_is_missing_is_named() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("no").join("key.age");
    let error = seal(&path, SECRET, &phrase("p"), cheap()).unwrap_err();
    assert_eq!(error.code(), "file-system");
    assert!(error.to_string().contains("key.age"));
}

#[test]
fn costs_have_bounds() {
    assert!(matches!(Cost::lowered(0), Err(VaultError::Cost { .. })));
    assert!(matches!(Cost::lowered(MAX_COST + 1), Err(VaultError::Cost { .. })));
    assert_eq!(Cost::default(), Cost::lowered(DEFAULT_COST).unwrap());
}

#[test]
fn passphrases_come_from_the_first_line_of_a_file() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("passphrase");
    let key = file(&dir);
    seal(&key, SECRET, &phrase(" words with spaces "), cheap()).unwrap();
    for contents in [" words with spaces ", " words with spaces \n", " words with spaces \r\nmore\n"] {
        fs::write(&path, contents).unwrap();
        let read = PassphraseSource::File(path.clone()).read(true).unwrap();
        assert!(open(&key, &read).is_ok(), "{contents:?}");
        assert_eq!(format!("{read:?}"), "Passphrase(..)");
    }
    for contents in ["", "\nsecond line", "  \n"] {
        fs::write(&path, contents).unwrap();
        assert_eq!(PassphraseSource::File(path.clone()).read(false).unwrap_err().code(), "empty-passphrase");
    }
    let missing = PassphraseSource::File(dir.path().join("none")).read(false).unwrap_err();
    assert_eq!(missing.code(), "passphrase-unreadable");
}

#[cfg(unix)]
#[test]
fn passphrases_come_from_a_file_descriptor() {
    use std::os::fd::AsRawFd;
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("passphrase");
    fs::write(&path, "words\n").unwrap();
    let opened = fs::File::open(&path).unwrap();
    let read = PassphraseSource::Fd(opened.as_raw_fd()).read(true).unwrap();
    seal(&file(&dir), SECRET, &phrase("words"), cheap()).unwrap();
    assert!(open(&file(&dir), &read).is_ok());
    assert_eq!(PassphraseSource::Fd(9_999).read(true).unwrap_err().code(), "passphrase-unreadable");
}

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

#[test]
fn the_options_name_one_source() {
    let source = |args: &[&str]| {
        Program::try_parse_from([&["program"], args].concat()).map(|program| program.passphrase.source()).ok()
    };
    assert_eq!(source(&[]), Some(PassphraseSource::Prompt));
    assert_eq!(source(&["--passphrase-file", "a"]), Some(PassphraseSource::File("a".into())));
    assert_eq!(source(&["--passphrase-fd", "3"]), Some(PassphraseSource::Fd(3)));
    assert_eq!(source(&["--passphrase-fd", "3", "--passphrase-file", "a"]), None);
}

//! The watched list as a file: what is read, what is refused, what a change changes.

use std::os::unix::fs::PermissionsExt;
use std::thread::sleep;

use tempfile::tempdir;
use tlog::cosign::CosigningKey;
use tlog::note::{KeyName, SigningKey};

use super::*;

fn vkey(name: &str, seed: u8) -> String {
    SigningKey::from_seed(KeyName::new(name).unwrap(), &[seed; 32]).verifier().to_string()
}

fn origin(text: &str) -> Origin {
    Origin::new(text).unwrap()
}

/// Gives a file a time long ago, as if it had come to rest.
fn settle(path: &Path, seconds: u64) {
    let time = SystemTime::now() - Duration::from_secs(seconds);
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn lists_are_read() {
    let (a, b) = (vkey("a.example", 1), vkey("b.example", 2));
    let text = format!("# logs\n\nlog {a}\n  log\t{b}  another origin # why\nlog {a} # again\n#log nonsense\r\n");
    let logs = parse(&text).unwrap();
    assert_eq!(logs.len(), 2);
    assert_eq!(logs.get(&origin("a.example")).unwrap().to_string(), a);
    assert_eq!(logs.get(&origin("another origin")).unwrap().to_string(), b);
}

#[test]
fn faulty_lines_are_named() {
    let a = vkey("a.example", 1);
    let witness = CosigningKey::from_seed(KeyName::new("w").unwrap(), &[1; 32]).verifier();
    let unknown = format!("x+00000000+{}", "Bw==");
    for (bad, word) in [
        (format!("lag {a}"), "log <vkey>"),
        (format!("log{a}"), "log <vkey>"),
        ("log".to_owned(), "log <vkey>"),
        (format!("log {}", &a[1..]), "key of the log"),
        (format!("log {witness}"), "key of a witness"),
        (format!("log {unknown}"), "key of the log"),
        (format!("log {} a.example", vkey("b.example", 2)), "another key"),
    ] {
        let ListFault { line, fault } = parse(&format!("log {a}\n\n{bad}\n")).unwrap_err();
        assert_eq!(line, 3, "{bad}");
        assert!(fault.contains(word), "{bad}: {fault}");
    }
}

#[test]
fn changes_are_seen_and_faults_change_nothing() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("watched");
    let (a, b) = (vkey("a.example", 1), vkey("b.example", 2));
    let mut watched = Watched::open(&path).unwrap();
    assert!(watched.logs().is_empty());
    assert_eq!(watched.look(), Look::Same);

    fs::write(&path, format!("log {a}\n")).unwrap();
    let changes = Changes { added: [origin("a.example")].into(), ..Changes::default() };
    assert_eq!(watched.look(), Look::Changed(changes));
    assert_eq!(watched.look(), Look::Same);

    // A fault is reported once, and the list before it stays.
    fs::write(&path, format!("log {a}\nlog {}\n", &b[1..])).unwrap();
    assert!(matches!(watched.look(), Look::Faulty(fault) if fault.starts_with("line 2:")));
    assert_eq!(watched.look(), Look::Same);
    settle(&path, 5);
    assert_eq!(watched.look(), Look::Same);
    assert_eq!(watched.look(), Look::Same);
    assert_eq!(watched.logs().len(), 1);
    fs::remove_file(&path).unwrap();
    assert!(matches!(watched.look(), Look::Faulty(_)));
    assert_eq!((watched.look(), watched.logs().len()), (Look::Same, 1));

    // What is missing is removed only when the file has come to rest.
    fs::write(&path, format!("log {b}\n")).unwrap();
    let changes = Changes { added: [origin("b.example")].into(), ..Changes::default() };
    assert_eq!(watched.look(), Look::Changed(changes));
    assert_eq!(watched.logs().len(), 2);
    settle(&path, 5);
    let changes = Changes { removed: [origin("a.example")].into(), ..Changes::default() };
    assert_eq!(watched.look(), Look::Changed(changes));
    assert_eq!(watched.logs().len(), 1);

    fs::write(&path, format!("log {}\n", vkey("b.example", 3))).unwrap();
    settle(&path, 4);
    let changes = Changes { other_key: [origin("b.example")].into(), ..Changes::default() };
    assert_eq!(watched.look(), Look::Changed(changes));
}

#[test]
fn a_change_of_the_same_length_right_after_another_is_seen() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("watched");
    fs::write(&path, format!("log {}\n", vkey("a.example", 1))).unwrap();
    let stamp = Stamp::of(&path).unwrap();
    let mut watched = Watched::open(&path).unwrap();
    fs::write(&path, format!("log {}\n", vkey("b.example", 1))).unwrap();
    // The same stamp, as on a file system with coarse times.
    File::options().write(true).open(&path).unwrap().set_modified(stamp.changed).unwrap();
    assert_eq!(Stamp::of(&path).unwrap(), stamp);
    assert!(matches!(watched.look(), Look::Changed(_)));
    assert!(watched.logs().contains_key(&origin("b.example")));
}

#[test]
fn adding_is_checked_and_loses_nothing() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("watched");
    let (a, b) = (vkey("a.example", 1), vkey("b.example", 2));
    assert_eq!(add(&path, &a, None, Some("the first")).unwrap(), Added::Written);
    assert_eq!(add(&path, &a, None, None).unwrap(), Added::AlreadyThere);
    fs::write(&path, format!("# mine\nlog {a}")).unwrap();
    assert_eq!(add(&path, &b, Some("b.example/log 7"), None).unwrap(), Added::Written);
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("# mine\nlog {a}\nlog {b} b.example/log 7\n"));
    let before = fs::read(&path).unwrap();
    for (key, origin, comment, code) in [
        (vkey("a.example", 9), None, None, "list"),
        ("nonsense".to_owned(), None, None, "config-invalid"),
        (b.clone(), Some(" x"), None, "config-invalid"),
        (b.clone(), Some("x # y"), None, "config-invalid"),
        (b.clone(), Some("x\ny"), None, "config-invalid"),
        (b.clone(), Some("x"), Some("one\nlog two"), "config-invalid"),
    ] {
        assert_eq!(add(&path, &key, origin, comment).unwrap_err().code(), code, "{key} {origin:?}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }
    // Owner and mode stay, and a link is followed.
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(add(&link, &vkey("linked.example", 4), None, None).unwrap(), Added::Written);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    add(&dir.path().join("new"), &a, None, None).unwrap();
    assert_eq!(fs::metadata(dir.path().join("new")).unwrap().permissions().mode() & 0o777, 0o644);
    // Many at once.
    let threads: Vec<_> = (0..8u8)
        .map(|at| {
            let path = path.clone();
            std::thread::spawn(move || {
                for more in 0..4u8 {
                    add(&path, &vkey(&format!("{at}-{more}.example"), at), None, None).unwrap();
                    sleep(Duration::from_millis(1));
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(parse(&fs::read_to_string(&path).unwrap()).unwrap().len(), 35);
}

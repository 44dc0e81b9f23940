//! The files of the repository, and what of them is code.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A file of the repository.
pub(crate) struct File {
    /// From the root, with `/`.
    pub(crate) path: String,
    /// Its text; empty if it is not UTF-8.
    pub(crate) text: String,
}

impl File {
    /// Tests, benches, fuzz targets and examples: what never runs in a program.
    pub(crate) fn is_test(&self) -> bool {
        let mut folders = self.path.split('/');
        folders.any(|name| matches!(name, "tests" | "benches" | "fuzz" | "examples" | "tests.rs" | "testing"))
    }

    /// The code without comments.
    pub(crate) fn code(&self) -> String {
        without_comments(&self.text)
    }

    /// The code that programs run: without comments and without test modules.
    pub(crate) fn running_code(&self) -> String {
        if self.is_test() { String::new() } else { without_tests(&self.code()) }
    }

    /// The code of tests: everything in test files, test modules elsewhere.
    pub(crate) fn test_code(&self) -> String {
        if self.is_test() { self.code() } else { only_tests(&self.code()) }
    }
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let own = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    own.parent().unwrap().to_owned()
}

/// A file or folder of the test data beside the repository; says loudly if it is not there.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: ../shared/{name} is not here; nothing was compared with it");
    None
}

/// All files that git knows or would add.
pub(crate) fn files() -> &'static [File] {
    static FILES: OnceLock<Vec<File>> = OnceLock::new();
    FILES.get_or_init(|| {
        let list = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root())
            .output()
            .expect("git is installed");
        assert!(list.status.success(), "`git ls-files` failed: the rules of the house need a git clone");
        let paths = String::from_utf8(list.stdout).unwrap();
        let mut paths: Vec<&str> = paths.split('\0').filter(|path| root().join(path).is_file()).collect();
        paths.sort_unstable();
        paths.dedup();
        let read = |path: &str| String::from_utf8(fs::read(root().join(path)).unwrap()).unwrap_or_default();
        paths.into_iter().map(|path| File { path: path.to_owned(), text: read(path) }).collect()
    })
}

/// All Rust files but the rules of the house, which quote what they forbid.
pub(crate) fn rust() -> impl Iterator<Item = &'static File> {
    files().iter().filter(|file| file.path.ends_with(".rs") && !file.path.starts_with("xtask/tests/house/"))
}

/// The text of one file; fails if it is not there.
pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path} can't be read: {error}. Add it."))
}

/// Fails with everything found, and the remedy.
pub(crate) fn refuse(found: &[String], remedy: &str) {
    assert!(found.is_empty(), "\n  {}\nHow to repair: {remedy}\n", found.join("\n  "));
}

/// Lines, counted from 1, in which `needle` stands as a word of its own. A needle ending in `*` is the beginning of a word.
pub(crate) fn lines_with(code: &str, needle: &str) -> Vec<usize> {
    let numbered = code.lines().enumerate();
    numbered.filter(|(_, line)| has_word(line, needle)).map(|(index, _)| index + 1).collect()
}

fn has_word(line: &str, needle: &str) -> bool {
    let (needle, open_end) = needle.strip_suffix('*').map_or((needle, false), |start| (start, true));
    let part_of_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let starts_word = part_of_word(needle.chars().next());
    let ends_word = part_of_word(needle.chars().next_back()) && !open_end;
    line.match_indices(needle).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + needle.len()..].chars().next();
        !(starts_word && part_of_word(before) || ends_word && part_of_word(after))
    })
}

/// Blanks what follows `//`; the numbers of lines stay. A `//` inside a text is taken for one only after a space.
fn without_comments(text: &str) -> String {
    let cut = |line: &str| -> String {
        let bounds = line.match_indices("//").map(|(at, _)| at);
        let mut starts = bounds.filter(|at| line[..*at].ends_with(char::is_whitespace) || *at == 0);
        starts.next().map_or(line, |at| &line[..at]).to_owned()
    };
    text.lines().map(cut).collect::<Vec<_>>().join("\n")
}

/// For every line whether it belongs to a test module or function: from `#[cfg(test)]` to the closing brace in the
/// same column, or to the end of the item if that is one line.
fn test_lines(code: &str) -> Vec<bool> {
    let mut inside: Option<usize> = None;
    let mut opened = false;
    let mut marks = Vec::new();
    for line in code.lines() {
        let indent = line.len() - line.trim_start().len();
        if inside.is_none() && line.trim() == "#[cfg(test)]" {
            (inside, opened) = (Some(indent), false);
        }
        marks.push(inside.is_some());
        let ends = if opened { line.trim() == "}" } else { line.trim().ends_with([';', '}']) };
        if inside == Some(indent) && ends {
            inside = None;
        }
        opened |= line.trim().ends_with('{');
    }
    marks
}

fn keep(code: &str, tests: bool) -> String {
    let kept = code.lines().zip(test_lines(code)).map(|(line, mark)| if mark == tests { line } else { "" });
    kept.collect::<Vec<_>>().join("\n")
}

fn without_tests(code: &str) -> String {
    keep(code, false)
}

fn only_tests(code: &str) -> String {
    keep(code, true)
}

/// The folder of the packages' own sources: `PACKAGE/src/`.
pub(crate) fn in_sources_of(path: &str, folder: &str) -> bool {
    Path::new(path).starts_with(Path::new(folder).join("src"))
}

#[test]
fn words_are_found_whole() {
    assert!(has_word("let a = unsafe { b };", "unsafe"));
    assert!(!has_word("#![forbid(unsafe_code)]", "unsafe"));
    assert!(has_word("Point::vartime_multiscalar_mul", "vartime_*"));
    assert!(!has_word("a::MyTranscript::open(", "Transcript::open"));
    assert!(has_word("use sha2::{Digest};", "sha2::"));
}

#[test]
fn comments_and_test_modules_are_told_apart() {
    let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
    let text = "/// one\nfn one() {}\n\n#[cfg(test)]\nmod tests {\n    fn two() {\n    }\n}\nfn three() {} // four\n";
    let source = file("a/src/lib.rs", text);
    assert_eq!(source.running_code().split_whitespace().collect::<String>(), "fnone(){}fnthree(){}");
    assert_eq!(source.test_code().split_whitespace().collect::<String>(), "#[cfg(test)]modtests{fntwo(){}}");
    let outside = file("a/src/lib.rs", "#[cfg(test)]\nmod tests;\nfn one() {}\n");
    assert_eq!(outside.running_code().trim(), "fn one() {}");
    assert_eq!(file("a/src/b/tests.rs", "fn one() {}").running_code(), "");
}

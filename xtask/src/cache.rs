//! Where compiled files go: a folder in the user's cache that all clones share.
//!
//! Cargo takes a source file for unchanged if it is older than what was compiled from the file of that name. Two clones
//! share these names. So whoever comes from another clone than the last user throws away the marks of the workspace's
//! own packages, and only these are compiled again. A lock keeps two runs in one folder apart.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The cache, locked as long as this value lives.
pub(crate) struct Cache {
    /// The target folder, or `None` if CARGO_TARGET_DIR is set and cargo knows itself, or if there is no home.
    pub(crate) target: Option<PathBuf>,
    /// Held open for its lock.
    _lock: Option<File>,
}

/// Finds and locks the cache for the clone at `root`.
pub(crate) fn prepare(root: &Path) -> Result<Cache, String> {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")));
    match (named("CARGO_TARGET_DIR"), home) {
        (None, Some(home)) => at(&home.join("urna"), root),
        (Some(_), _) | (None, None) => Ok(Cache { target: None, _lock: None }),
    }
}

fn at(folder: &Path, root: &Path) -> Result<Cache, String> {
    let trouble = |error: std::io::Error| {
        format!("the cache {} can't be used: {error}. Set CARGO_TARGET_DIR to another folder.", folder.display())
    };
    let target = folder.join("target");
    fs::create_dir_all(&target).map_err(trouble)?;
    let lock = File::create(folder.join("lock")).map_err(trouble)?;
    if lock.try_lock().is_err() {
        println!("Waiting for another check-all that uses {}.", folder.display());
        lock.lock().map_err(trouble)?;
    }
    let user = folder.join("clone");
    let clone = root.to_string_lossy();
    if fs::read_to_string(&user).unwrap_or_default() != clone {
        forget(&target, &packages(root)).map_err(trouble)?;
        fs::write(&user, clone.as_bytes()).map_err(trouble)?;
    }
    println!("Compiled files go to {}.", target.display());
    Ok(Cache { target: Some(target), _lock: Some(lock) })
}

/// The folders of all packages in the repository that have a Cargo.toml, the fuzz workspaces among them.
pub(crate) fn package_folders(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() && !path.is_symlink() && name != "target" && !name.starts_with('.') {
                open.push(path);
            } else if name == "Cargo.toml" && folder != root {
                found.push(folder.clone());
            }
        }
    }
    found.sort();
    found
}

/// The name in a Cargo.toml.
pub(crate) fn package_name(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("name = "))?;
    Some(line.trim_matches(['"', ' ']).to_owned())
}

fn packages(root: &Path) -> Vec<String> {
    package_folders(root).iter().filter_map(|folder| package_name(folder)).collect()
}

/// Removes cargo's marks of these packages: `TARGET/PROFILE/.fingerprint/NAME-HASH`, also below a platform's folder.
fn forget(target: &Path, packages: &[String]) -> std::io::Result<()> {
    let folders = |path: &Path| -> Vec<PathBuf> {
        fs::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
            .collect()
    };
    let profiles: Vec<PathBuf> =
        folders(target).into_iter().flat_map(|outer| [vec![outer.clone()], folders(&outer)].concat()).collect();
    for mark in profiles.iter().flat_map(|profile| folders(&profile.join(".fingerprint"))) {
        let name = mark.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.rsplit_once('-').is_some_and(|(name, _)| packages.iter().any(|package| package == name)) {
            fs::remove_dir_all(&mark)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_clone_forgets_the_packages_of_the_workspace_only() {
        let place = tempfile::tempdir().unwrap();
        let (first, second, cache) = (place.path().join("a"), place.path().join("b"), place.path().join("cache"));
        for root in [&first, &second] {
            fs::create_dir_all(root.join("tlog/fuzz")).unwrap();
            fs::write(root.join("tlog/Cargo.toml"), "[package]\nname = \"tlog\"\n").unwrap();
            fs::write(root.join("tlog/fuzz/Cargo.toml"), "[package]\nname = \"tlog-fuzz\"\n").unwrap();
        }
        drop(at(&cache, &first).unwrap());
        let mark = |path: &str| cache.join("target").join(path);
        let own = [mark("debug/.fingerprint/tlog-0011"), mark("wasm32-x/debug/.fingerprint/tlog-fuzz-22")];
        let foreign = [mark("debug/.fingerprint/tlog-other-0011"), mark("release/.fingerprint/sha2-33")];
        for path in own.iter().chain(&foreign) {
            fs::create_dir_all(path).unwrap();
        }
        drop(at(&cache, &first).unwrap());
        assert!(own.iter().all(|path| path.exists()), "the same clone keeps everything");
        drop(at(&cache, &second).unwrap());
        assert!(own.iter().all(|path| !path.exists()));
        assert!(foreign.iter().all(|path| path.exists()));
    }
}

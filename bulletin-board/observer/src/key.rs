//! `observer key`: the key with which an observer signs statements. A file that only its owner can read, without a
//! passphrase: it protects no ballot and no count, only the name under which statements stand.
//!
//! ```text
//! urna/v1/observer-key
//! name <name of the key>
//! seed <64 hexadecimal digits>
//! ```

use std::io::Write;
use std::path::Path;

use rand::RngCore as _;
use rand::rngs::OsRng;
use serde_json::json;
use tlog::hash::Hash;
use tlog::{KeyName, SigningKey};
use zeroize::Zeroizing;

use crate::cli::{KeyNewArgs, KeyShowArgs};
use crate::failure::{Failure, Outcome};
use crate::files;

/// The first line of the file.
const HEADER: &str = "urna/v1/observer-key";
/// Longest file in bytes.
const MAX_FILE: usize = 1_024;

pub(crate) fn new(args: &KeyNewArgs, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let mut seed = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(seed.as_mut());
    let text = Zeroizing::new(format!("{HEADER}\nname {}\nseed {}\n", args.name, Hash(*seed)));
    files::write_new(&args.file, text.as_bytes(), true)?;
    print(&SigningKey::from_seed(args.name.clone(), &seed), args.json, out)
}

pub(crate) fn show(args: &KeyShowArgs, out: &mut dyn Write) -> Result<Outcome, Failure> {
    print(&open(&args.file)?, args.json, out)
}

fn print(key: &SigningKey, as_json: bool, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let public = key.verifier();
    let written = match as_json {
        true => writeln!(out, "{}", json!({ "public_key": public.to_string(), "name": public.name().as_str() })),
        false => writeln!(out, "{public}"),
    };
    written.map_err(Failure::Output)?;
    Ok(Outcome::Holds)
}

/// Reads a key file, in its one spelling.
pub(crate) fn open(path: &Path) -> Result<SigningKey, Failure> {
    let bytes = Zeroizing::new(files::read(path, MAX_FILE)?);
    let malformed = || {
        let fault = format!("{} is no key of an observer", path.display());
        Failure::unable("malformed-key", fault, "give the file that `observer key new` made")
    };
    let text = core::str::from_utf8(&bytes).map_err(|_| malformed())?;
    let rest = text.strip_prefix(HEADER).and_then(|rest| rest.strip_prefix("\nname ")).ok_or_else(malformed)?;
    let (name, rest) = rest.split_once('\n').ok_or_else(malformed)?;
    let digits = rest.strip_prefix("seed ").and_then(|rest| rest.strip_suffix('\n')).ok_or_else(malformed)?;
    let name = KeyName::new(name).map_err(|_| malformed())?;
    let seed = Zeroizing::new(seed_of(digits).ok_or_else(malformed)?);
    Ok(SigningKey::from_seed(name, &seed))
}

/// 64 lowercase hexadecimal digits.
fn seed_of(digits: &str) -> Option<[u8; 32]> {
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != 32 || !rest.is_empty() {
        return None;
    }
    let mut seed = [0; 32];
    for (byte, [high, low]) in seed.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(seed)
}

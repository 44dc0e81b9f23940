//! `office key new`, `office key show`.

use rand::rngs::OsRng;
use serde_json::json;
use vault::Cost;
use voting_core::entry::OfficialKey;
use zeroize::Zeroizing;

use super::must_not_exist;
use crate::cli::KeyArgs;
use crate::failure::Failure;
use crate::talk::Outcome;

/// First bytes of the secret in a key file, so that no other secret is taken for a key.
const MAGIC: &[u8] = b"urna/v1/official key\n";

/// Makes a key.
pub(super) fn new(args: &KeyArgs) -> Result<Outcome, Failure> {
    must_not_exist(&[&args.key])?;
    let passphrase = args.passphrase.read(true)?;
    let key = OfficialKey::random(&mut OsRng);
    let mut secret = Zeroizing::new(Vec::with_capacity(MAGIC.len() + 32));
    secret.extend_from_slice(MAGIC);
    secret.extend_from_slice(key.expose_seed().as_ref());
    vault::seal(&args.key, &secret, &passphrase, Cost::from_environment()?)?;
    Ok(public(args, &key, "wrote"))
}

/// Prints the public key.
pub(super) fn show(args: &KeyArgs) -> Result<Outcome, Failure> {
    Ok(public(args, &open(args)?, "read"))
}

fn public(args: &KeyArgs, key: &OfficialKey, done: &str) -> Outcome {
    let public = key.public();
    Outcome {
        text: public.to_string(),
        json: json!({ "public_key": public, "file": args.key.display().to_string(), "did": done }),
    }
}

/// Opens a key file.
pub(super) fn open(args: &KeyArgs) -> Result<OfficialKey, Failure> {
    if !args.key.exists() {
        let fault = format!("{} does not exist", args.key.display());
        return Err(Failure::unable("no-such-file", fault, "check --key, or make a key with `office key new`"));
    }
    let passphrase = args.passphrase.read(false)?;
    let secret = vault::open(&args.key, &passphrase)?;
    let seed = secret.strip_prefix(MAGIC).and_then(|seed| <&[u8; 32]>::try_from(seed).ok());
    let other = || {
        let fault = format!("{} opens, but it holds no key of an official", args.key.display());
        Failure::refused("other-key", fault, "give a file that `office key new` wrote")
    };
    Ok(OfficialKey::from_seed(seed.ok_or_else(other)?))
}

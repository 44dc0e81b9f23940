//! `trustee ceremony`.

use std::thread::sleep;
use std::time::Duration;

use rand::rngs::OsRng;
use serde_json::{Value, json};
use vault::Passphrase;
use voting_core::entry::OfficialKey;
use voting_core::record::state::CeremonyStatus;

use super::simple::ceremony_words;
use crate::board::{self, Contact};
use crate::ceremony::{Next, StepError, step};
use crate::cli::CeremonyArgs;
use crate::failure::{Failure, Kind};
use crate::folder::{Folder, Locked};
use crate::talk::{Outcome, Talk};

/// How a look at the log ended.
enum Look {
    Wait(CeremonyStatus),
    Complete(String),
    Written { stage: &'static str },
}

/// Does all that is possible now; with `--watch` until the ceremony is complete.
pub(super) fn ceremony(args: &CeremonyArgs, talk: Talk) -> Result<Outcome, Failure> {
    let folder = Folder::at(&args.log.dir);
    folder.must_have_identity()?;
    if args.log.input.is_some() && args.out.is_none() {
        let fault = "a folder takes no entries";
        return Err(Failure::unable("no-network", fault, "name a file for the entry with --out FILE"));
    }
    let lock = folder.lock()?;
    let contact = Contact::of(&args.log, &folder)?;
    let passphrase = args.passphrase.read(false)?;
    let identity = folder.open_identity(&passphrase)?;
    let run = Run {
        args,
        talk,
        folder: &folder,
        contact: &contact,
        passphrase: &passphrase,
        identity: &identity,
        lock: &lock,
    };
    let mut told = None;
    loop {
        match run.look() {
            Ok(Look::Wait(status)) if args.watch => {
                let words = ceremony_words(&status);
                if told.as_ref() != Some(&words) {
                    talk.note(&words);
                    told = Some(words);
                }
            }
            Ok(look) => return Ok(outcome(&contact, look, args)),
            // The board may be away for a while; anything that was checked and refused ends the watch.
            Err(failure) if args.watch && failure.kind == Kind::Unable && is_transient(&failure) => {
                let words = failure.to_string();
                if told.as_ref() != Some(&words) {
                    talk.note(&words);
                    told = Some(words);
                }
            }
            Err(failure) => return Err(failure),
        }
        sleep(Duration::from_secs(args.interval));
    }
}

fn is_transient(failure: &Failure) -> bool {
    failure.problems.iter().all(|problem| matches!(problem.code.as_ref(), "unreachable" | "busy"))
}

fn outcome(contact: &Contact, look: Look, args: &CeremonyArgs) -> Outcome {
    let (text, status, joint): (String, Value, Option<String>) = match look {
        Look::Wait(status) => {
            let text = format!("{}; run this command again then", ceremony_words(&status));
            (text, json!(status), None)
        }
        Look::Complete(joint) => {
            let text = format!("the ceremony is complete; everybody has confirmed the joint key\njoint key {joint}");
            (text, json!(CeremonyStatus::Complete), Some(joint))
        }
        Look::Written { stage } => {
            let file = args.out.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
            let text = format!("wrote the {stage} to {file}; post it with `trustee post {file} --log URL`");
            (text, json!({ "stage": "written", "file": file }), None)
        }
    };
    Outcome { text, json: json!({ "event": contact.event, "ceremony": status, "joint_key": joint }) }
}

struct Run<'a> {
    args: &'a CeremonyArgs,
    talk: Talk,
    folder: &'a Folder,
    contact: &'a Contact,
    passphrase: &'a Passphrase,
    identity: &'a OfficialKey,
    lock: &'a Locked,
}

impl Run<'_> {
    /// Copies the log and takes steps until others must act.
    fn look(&self) -> Result<Look, Failure> {
        loop {
            let record = self.contact.copy(self.folder, self.talk)?;
            let (file, manifest) = board::introduce(self.folder, self.contact, &record, &self.args.log, self.talk)?;
            let state = board::fold(self.folder, &file.event, self.talk)?;
            let mut memory = self.folder.open_memory(&file, &manifest, self.passphrase)?;
            let before = memory.expose_bytes();
            match step(&state, &mut memory, self.identity, &mut OsRng).map_err(failure)? {
                Next::Complete => {
                    let joint = state.joint_key().map(|joint| EncodedKey(joint.public.to_bytes()).to_string());
                    return Ok(Look::Complete(joint.unwrap_or_default()));
                }
                Next::Wait(status) => return Ok(Look::Wait(status)),
                Next::Post { entry, stage } => {
                    // A false entry would be remembered for ever: the rules judge it before it is stored.
                    state.check(&entry)?;
                    // From here on a crash loses nothing: the next run finds the same bytes and posts them (S8).
                    if memory.expose_bytes() != before {
                        self.folder.store_memory(&memory, self.passphrase, self.lock)?;
                    }
                    if let Some(path) = &self.args.out {
                        board::write_out(path, &entry)?;
                        return Ok(Look::Written { stage });
                    }
                    let index = self.contact.post(&manifest, &entry)?;
                    self.talk.note(&format!("posted the {stage} as entry {index}"));
                }
            }
        }
    }
}

/// A key as hexadecimal digits.
struct EncodedKey([u8; 32]);

impl core::fmt::Display for EncodedKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn failure(error: StepError) -> Failure {
    let (code, remedy) = match &error {
        StepError::Foreign(_) => (
            "foreign-state",
            "use the folder with which you began; if it is lost, or the key is used elsewhere, tell the administrator",
        ),
        StepError::Lost(_) => ("damaged-folder", "restore the folder from a copy; do not edit its files"),
        StepError::Stage(voting_core::ceremony::StageError::BadShare(_)) => {
            ("bad-share", "keep the folder as evidence")
        }
        StepError::Stage(_) => ("ceremony-failed", "tell the administrator; the event needs a new manifest"),
    };
    Failure::refused(code, error.to_string(), remedy)
}

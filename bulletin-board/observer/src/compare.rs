//! `observer compare`: what two sources show of one record.

use std::io::Write;
use std::path::PathBuf;

use client::{EVIDENCE_FOLDER, Relation, compare};
use serde_json::json;
use tlog::policy::Satisfied;
use voting_core::manifest::event_words;

use crate::cli::CompareArgs;
use crate::failure::{Failure, Outcome};
use crate::talk::{cosigned, entries};

pub(crate) fn run(args: &CompareArgs, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let compared = compare(&args.one, &args.other, args.event.as_ref())?;
    let (one, other) = (&compared.one, &compared.other);
    let event = one.manifest.event();
    let mut evidence: Option<PathBuf> = None;
    if let Relation::Fork(view) = &compared.relation {
        let roots = [one.checkpoint.root, other.checkpoint.root].map(|root| root.to_string());
        let short: Vec<&str> = roots.iter().map(|root| root.get(..8).unwrap_or(root)).collect();
        let folder = args.dir.join(EVIDENCE_FOLDER);
        let path = folder.join(format!("split-view-{}.txt", short.join("-")));
        std::fs::create_dir_all(&folder).map_err(|why| Failure::File(folder.clone(), why))?;
        // The name says which two trees: what is there already says the same.
        if !path.exists() {
            crate::files::write_new(&path, &view.to_bytes(), false)?;
        }
        evidence = Some(path);
    }
    // A contradiction counts whoever saw it; agreement only under the witnesses that the manifest demands (A19).
    let seen = [one.satisfied(), other.satisfied()];
    let says = |source: &client::Source, head: &client::Head, seen: &Result<Satisfied, client::ClientError>| {
        let seen = match seen {
            Ok(satisfied) => cosigned(satisfied.cosigners()),
            Err(error) => format!("Not cosigned as the manifest demands: {}.", error.fault()),
        };
        format!("{source}:\n  {}, root {}\n  {seen}", entries(head.checkpoint.size), head.checkpoint.root)
    };
    let [seen_one, seen_other] = &seen;
    let (relation, words) = match &compared.relation {
        Relation::Same => ("same", "Both show the same record.".to_owned()),
        Relation::Prefix if one.checkpoint.size < other.checkpoint.size => {
            ("one-is-older", "The first is the beginning of the second: an older state of the same record.".to_owned())
        }
        Relation::Prefix => (
            "other-is-older",
            "The second is the beginning of the first: an older state of the same record.".to_owned(),
        ),
        Relation::Fork(_) => (
            "fork",
            format!(
                "FORK: the log signed two records that contradict each other. The evidence is in {}: keep it, and have it \
                 judged with `observer judge`.",
                evidence.as_deref().unwrap_or(&args.dir).display()
            ),
        ),
    };
    let written = if args.json {
        let side = |head: &client::Head, seen: &Result<Satisfied, client::ClientError>| json!({ "size": head.checkpoint.size, "root": head.checkpoint.root.to_string(), "cosigned": seen.is_ok() });
        let object = json!({
            "relation": relation, "event": event, "one": side(one, seen_one), "other": side(other, seen_other),
            "evidence": evidence.as_ref().map(|path| path.display().to_string()),
        });
        writeln!(out, "{object}")
    } else {
        let trust = match args.event {
            Some(_) => format!("Taken on trust: only the event id {event} ({}), which you gave.", event_words(&event)),
            None => format!(
                "Taken on trust: the event id {event} ({}), which the sources name. Compare it with the letter or page that \
                 announced the event.",
                event_words(&event)
            ),
        };
        let (one, other) = (says(&args.one, one, seen_one), says(&args.other, other, seen_other));
        writeln!(out, "{trust}\n{one}\n{other}\n\n{words}")
    };
    written.map_err(Failure::Output)?;
    if evidence.is_some() {
        return Ok(Outcome::Refused);
    }
    for seen in seen {
        seen?;
    }
    Ok(Outcome::Holds)
}

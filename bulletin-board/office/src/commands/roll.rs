//! `office roll import`.

use serde_json::json;

use super::must_not_exist;
use crate::cli::ImportArgs;
use crate::failure::Failure;
use crate::folder::{self, EventFolder};
use crate::roll::{self, Limits};
use crate::talk::Outcome;

/// Reads the members and keeps them in the folder; nothing is written if anything is wrong.
pub(super) fn import(args: &ImportArgs) -> Result<Outcome, Failure> {
    let folder = EventFolder::open(&args.dir)?;
    must_not_exist(&[&folder.paths.roll(), &folder.paths.codes(), &folder.paths.credentials()])?;
    let ids = folder.group_ids()?;
    let limits = Limits::of(&folder.manifest, ids.clone());
    let file = args.csv.display().to_string();
    let members = roll::parse(&folder::read(&args.csv)?, &limits);
    let members =
        members.map_err(|problems| Failure::all(problems.iter().map(|problem| problem.problem(&file)).collect()))?;
    // Names and contacts: for the registrar's eyes only.
    vault::write_new(&folder.paths.roll(), &folder::to_json(&members)?, 0o600)?;

    let mut text = format!("{} members\n", members.len());
    let mut groups = Vec::new();
    for (index, id) in ids.iter().enumerate() {
        let own = members.iter().filter(|member| member.group.position() == index);
        let (count, weight) = own.fold((0_u64, 0_u64), |(count, weight), member| (count + 1, weight + member.weight));
        text.push_str(&format!("group {id}: {count} members, weight {weight}\n"));
        groups.push(json!({ "group": id, "members": count, "weight": weight }));
    }
    text.push_str("Next: `office credentials issue`.");
    Ok(Outcome { text, json: json!({ "members": members.len(), "groups": groups }) })
}

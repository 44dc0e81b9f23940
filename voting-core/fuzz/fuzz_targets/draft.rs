//! A draft that makes a manifest makes one that is read back the same, and its labels are the ones it names.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use voting_core::manifest::{Draft, Manifest};
use voting_core_fuzz::{WORLD, edited, rng};

static VALID: LazyLock<String> = LazyLock::new(|| {
    let manifest = WORLD.sandbox.manifest();
    let member = |i: usize| format!("[[trustees.member]]\nname = \"t{i}\"\nkey = \"{}\"\n", manifest.trustees[i].key);
    format!(
        "accept = [\"a\"]\n[event]\norganisation = \"Club\"\ntitle = {{ en = \"Board\", zh-CN = \"理事会\" }}\n\
         languages = [\"en\", \"zh-CN\"]\nhost = \"votes.example.org\"\n[officials]\nadministrator = \"{}\"\n\
         registrar = \"{}\"\n[trustees]\nthreshold = 2\n{}{}[schedule]\ntime_zone = \"Asia/Shanghai\"\n\
         [privacy]\nminimum_ballots = 5\nif_too_few = \"no result\"\nlargest_share = \"1/3\"\n\
         [[group]]\nid = \"all\"\nname = \"All\"\n[[round]]\ntitle = \"Vote\"\nopens = 2026-11-23T09:00:00+08:00\n\
         closes = 2026-11-24T09:00:00+08:00\n[[round.contest]]\ntitle = \"Who?\"\nkind = \"selection\"\n\
         options = [\"A\", \"B\", \"C\"]\nmin = 1\nmax = 2\nblank = true\ngroups = [\"all\"]\nper_group = true\n",
        manifest.administrator,
        manifest.registrar,
        member(0),
        member(1)
    )
});

/// The manifest that a text makes, or why there is none.
fn check(text: &str) -> Result<Manifest, String> {
    let draft = Draft::from_toml(text).map_err(|error| error.to_string())?;
    let drafted = draft.into_fields(WORLD.sandbox.log.public(), &mut rng()).map_err(|error| error.to_string())?;
    let manifest = Manifest::new(drafted.fields).map_err(|error| error.to_string())?;
    assert_eq!(Manifest::from_bytes(manifest.as_bytes()).as_ref(), Ok(&manifest));
    assert_eq!(drafted.group_ids.len(), manifest.groups.len());
    assert!(drafted.labels.iter().any(|label| label.digest() == manifest.title));
    Ok(manifest)
}

fuzz_target!(init: drop(check(&VALID).expect("a valid draft")), |data: &[u8]| {
    if let Ok(text) = core::str::from_utf8(data) {
        let _ = check(text);
    }
    let text = edited(VALID.as_bytes(), &mut Unstructured::new(data)).map(String::from_utf8);
    if let Ok(Ok(text)) = text {
        let _ = check(&text);
    }
});

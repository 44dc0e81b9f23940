//! A voting code that is read comes back from each of its forms, and no single wrong symbol is accepted.

#![no_main]

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use voting_core::credential::VotingCode;
use voting_core_fuzz::edited;

fn check(text: &str) -> Option<VotingCode> {
    let code = VotingCode::parse(text).ok()?;
    let canonical = code.expose_canonical();
    for form in [&code.expose_text(), &code.expose_digits(), canonical.as_str()] {
        let again = VotingCode::parse(form);
        assert!(again.as_ref() == Ok(&code));
        assert_eq!(again.map(|code| code.expose_canonical()).as_deref(), Ok(&*canonical));
    }
    Some(code)
}

/// Edits a form of a code; where a single character differs, another code must not come out.
fn near(u: &mut Unstructured<'_>) -> Result<()> {
    let code = VotingCode::from_entropy(u.arbitrary()?);
    let form = if u.arbitrary()? { code.expose_text() } else { code.expose_digits() };
    assert!(check(&form).as_ref() == Some(&code));
    let Ok(text) = String::from_utf8(edited(form.as_bytes(), u)?) else { return Ok(()) };
    let read = check(&text);
    let changed = form.bytes().zip(text.bytes()).filter(|(a, b)| a != b).count();
    if text.len() == form.len() && changed == 1 {
        assert!(read.is_none_or(|read| read == code));
    }
    Ok(())
}

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = core::str::from_utf8(data) {
        check(text);
    }
    let _ = near(&mut Unstructured::new(data));
});

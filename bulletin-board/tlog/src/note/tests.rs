//! Notes: the specification's worked examples, form, keys, verification.

use proptest::prelude::*;

use super::*;
use crate::cosign::CosigningKey;

/// The example of C2SP signed-note.
const EXAMPLE_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const EXAMPLE: &str = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(KeyName::new(name).unwrap(), &[seed; 32])
}

#[test]
fn the_example_of_the_specification_verifies() {
    let key: VerifierKey = EXAMPLE_KEY.parse().unwrap();
    assert_eq!(key.to_string(), EXAMPLE_KEY);
    assert_eq!(key.key_type(), KeyType::Ed25519);
    assert_eq!(key.id().to_string(), "530d903a");
    let note = SignedNote::parse(EXAMPLE.as_bytes()).unwrap();
    assert_eq!(note.text(), "This is an example message.\n");
    assert_eq!(note.to_string(), EXAMPLE);
    let verified = note.verify(std::slice::from_ref(&key)).unwrap();
    assert_eq!((verified.len(), verified[0].timestamp()), (1, None));
    assert_eq!(verified[0].key(), &key);
}

#[test]
fn the_example_with_any_byte_changed_fails() {
    let key: VerifierKey = EXAMPLE_KEY.parse().unwrap();
    for at in 0..EXAMPLE.len() {
        for flip in [0x01, 0x20, 0x80] {
            let mut bytes = EXAMPLE.as_bytes().to_vec();
            bytes[at] ^= flip;
            let outcome = SignedNote::parse(&bytes).and_then(|note| note.verify(std::slice::from_ref(&key)));
            assert!(outcome.is_err(), "byte {at}");
        }
    }
}

#[test]
fn the_text_may_have_empty_lines() {
    let text = "Ognuno sta solo\n\ned è subito sera.\n";
    let note = SignedNote::sign(text, &[&key("quasimodo.example/salvatore", 3)]).unwrap();
    let again = SignedNote::parse(&note.to_bytes()).unwrap();
    assert_eq!((again.text(), &again), (text, &note));
    // The other example of the specification: no key is given for it, but its form is right.
    let example = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
    assert_eq!(SignedNote::parse(example.as_bytes()).unwrap().to_string(), example);
}

#[test]
fn malformed_notes_are_refused() {
    let line = "— a AAAAAAA=";
    let cases: [(String, NoteError); 14] = [
        (String::new(), NoteError::NoBlankLine),
        ("text\n".into(), NoteError::NoBlankLine),
        (format!("text\n{line}\n"), NoteError::NoBlankLine),
        ("text\n\n".into(), NoteError::NoSignature),
        (format!("text\n\n{line}"), NoteError::SignatureLine),
        (format!("text\n\n{line}\r\n"), NoteError::Characters),
        (format!("te\txt\n\n{line}\n"), NoteError::Characters),
        ("text\n\n- a AAAAAAA=\n".into(), NoteError::SignatureLine),
        ("text\n\n— a  AAAAAAA=\n".into(), NoteError::SignatureLine),
        ("text\n\n— a AAAAAAA= \n".into(), NoteError::SignatureLine),
        ("text\n\n— a AAAAAAA\n".into(), NoteError::SignatureLine),
        // Only a key id.
        ("text\n\n— a AAAAAA==\n".into(), NoteError::SignatureLine),
        ("text\n\n— a+b AAAAAAA=\n".into(), NoteError::KeyName),
        (format!("text\n\n{}", format!("{line}\n").repeat(65)), NoteError::TooManySignatures { limit: 64 }),
    ];
    for (bytes, expected) in cases {
        assert_eq!(SignedNote::parse(bytes.as_bytes()), Err(expected), "{bytes:?}");
    }
    assert_eq!(SignedNote::parse(b"te\xffxt\n\n"), Err(NoteError::Characters));
    let huge = vec![b'a'; MAX_NOTE + 1];
    assert_eq!(SignedNote::parse(&huge), Err(NoteError::TooLarge { bytes: MAX_NOTE + 1, limit: MAX_NOTE }));
    assert!(SignedNote::parse(format!("text\n\n{}", format!("{line}\n").repeat(64)).as_bytes()).is_ok());
}

#[test]
fn sixteen_post_quantum_signatures_fit() {
    let mut note = SignedNote::sign("text\n", &[&key("log", 1)]).unwrap();
    for number in 0..16 {
        let name = KeyName::new(&format!("witness{number}")).unwrap();
        note.add_signature(NoteSignature::new(name, KeyId([9; 4]), vec![number; 5_000]).unwrap()).unwrap();
    }
    assert_eq!(SignedNote::parse(&note.to_bytes()).unwrap(), note);
}

#[test]
fn only_well_formed_texts_are_signed() {
    let key = key("log", 1);
    assert_eq!(SignedNote::sign("no newline", &[&key]), Err(NoteError::Text));
    assert_eq!(SignedNote::sign("", &[&key]), Err(NoteError::Text));
    assert_eq!(SignedNote::sign("tab\t\n", &[&key]), Err(NoteError::Characters));
    assert_eq!(SignedNote::sign("text\n", &[]), Err(NoteError::NoSignature));
    let long = format!("{}\n", "a".repeat(MAX_NOTE));
    assert!(matches!(SignedNote::sign(&long, &[&key]), Err(NoteError::TooLarge { .. })));
}

#[test]
fn added_signatures_respect_the_limits() {
    let mut note = SignedNote::sign("text\n", &[&key("log", 1)]).unwrap();
    let line = |n: u8| NoteSignature::new(KeyName::new("w").unwrap(), KeyId([0, 0, 0, n]), vec![1]).unwrap();
    for number in 0..63 {
        note.add_signature(line(number)).unwrap();
        note.add_signature(line(number)).unwrap();
    }
    assert_eq!(note.signatures().len(), 64);
    let before = note.clone();
    assert_eq!(note.add_signature(line(64)), Err(NoteError::TooManySignatures { limit: 64 }));
    assert_eq!(note, before);
}

#[test]
fn unknown_lines_are_ignored_and_wrong_ones_of_known_keys_are_not() {
    let (log, other, stranger) = (key("log", 1), key("other", 2), key("stranger", 3));
    let note = SignedNote::sign("text\n", &[&stranger, &log, &other]).unwrap();
    assert_eq!(note.verify(&[log.verifier()]).unwrap().len(), 1);
    assert_eq!(note.verify(&[log.verifier(), other.verifier(), log.verifier()]).unwrap().len(), 2);
    assert_eq!(note.verify(&[]), Err(NoteError::NotSigned));
    // The same name with another key is another key: its id differs.
    assert_eq!(note.verify(&[key("log", 9).verifier()]), Err(NoteError::NotSigned));
    assert_eq!(note.verify(&[key("log2", 1).verifier()]), Err(NoteError::NotSigned));

    // One wrong line of a known key spoils the note although another known key signed well.
    let foreign = SignedNote::sign("another text\n", &[&other]).unwrap();
    let mut mixed = SignedNote::sign("text\n", &[&log]).unwrap();
    mixed.add_signature(foreign.signatures()[0].clone()).unwrap();
    assert_eq!(mixed.verify(&[log.verifier()]).unwrap().len(), 1);
    assert_eq!(
        mixed.verify(&[log.verifier(), other.verifier()]),
        Err(NoteError::BadSignature { name: "other".into() })
    );
    // So does a second, wrong line of the same key.
    let mut twice = SignedNote::sign("text\n", &[&other]).unwrap();
    twice.add_signature(foreign.signatures()[0].clone()).unwrap();
    assert_eq!(twice.verify(&[other.verifier()]), Err(NoteError::BadSignature { name: "other".into() }));
}

#[test]
fn keys_that_share_name_and_id_are_ambiguous() {
    let one: VerifierKey = format!("a+00000000+{}", to_base64(&[0xfb, 1])).parse().unwrap();
    let two: VerifierKey = format!("a+00000000+{}", to_base64(&[0xfb, 2])).parse().unwrap();
    let note = SignedNote::sign("text\n", &[&key("log", 1)]).unwrap();
    assert_eq!(note.verify(&[one.clone(), two]), Err(NoteError::AmbiguousKey { name: "a".into() }));
    assert_eq!(note.verify(&[one.clone(), one]), Err(NoteError::NotSigned));
}

#[test]
fn an_unknown_signature_type_is_ignored() {
    let mldsa = [&[0x06], [7u8; 1312].as_slice()].concat();
    let name = KeyName::new("pq").unwrap();
    let id = KeyId::derive(&name, KeyType::Other(0x06), &[7u8; 1312]);
    let text = format!("pq+{id}+{}", to_base64(&mldsa));
    let pq: VerifierKey = text.parse().unwrap();
    assert_eq!((pq.to_string(), pq.key_type()), (text, KeyType::Other(6)));
    let log = key("log", 1);
    let mut note = SignedNote::sign("text\n", &[&log]).unwrap();
    note.add_signature(NoteSignature::new(name, id, vec![0; 2428]).unwrap()).unwrap();
    assert_eq!(note.verify(&[log.verifier(), pq.clone()]).unwrap().len(), 1);
    assert_eq!(note.verify(&[pq]), Err(NoteError::NotSigned));
}

#[test]
fn malformed_verifier_keys_are_refused() {
    let good = key("log", 1).verifier().to_string();
    assert!(good.parse::<VerifierKey>().is_ok());
    let (head, encoded) = good.rsplit_once('+').unwrap();
    let (name, id) = head.split_once('+').unwrap();
    let cases = [
        (String::new(), NoteError::VerifierKey),
        (name.to_owned(), NoteError::VerifierKey),
        (head.to_owned(), NoteError::VerifierKey),
        (format!("+{id}+{encoded}"), NoteError::KeyName),
        (format!("a b+{id}+{encoded}"), NoteError::KeyName),
        (format!("a\u{3000}b+{id}+{encoded}"), NoteError::KeyName),
        (format!("{name}+{}+{encoded}", id.to_uppercase()), NoteError::VerifierKey),
        (format!("{name}+0{id}+{encoded}"), NoteError::VerifierKey),
        (format!("{name}++{}+{encoded}", &id[1..]), NoteError::VerifierKey),
        (format!("{name}+00000000+{encoded}"), NoteError::KeyIdMismatch),
        (format!("{name}x+{id}+{encoded}"), NoteError::KeyIdMismatch),
        (format!("{good}="), NoteError::VerifierKey),
        (format!("{head}+"), NoteError::VerifierKey),
        (format!("{head}+AQ=="), NoteError::PublicKey),
        (format!("{head}+{}", to_base64(&[1; 34])), NoteError::PublicKey),
        (format!("{head}+{}", to_base64(&[6; 33])), NoteError::PublicKey),
        (format!("{head}+{}", to_base64(&[9])), NoteError::PublicKey),
        (format!("{good}\n"), NoteError::VerifierKey),
        ("a".repeat(5000), NoteError::VerifierKey),
    ];
    for (text, expected) in cases {
        assert_eq!(text.parse::<VerifierKey>(), Err(expected), "{text:?}");
    }
}

#[test]
fn a4_keys_of_small_order_are_refused() {
    // The identity, and y = 0, a point of order 4.
    for low in [[1u8].as_slice(), &[0]] {
        let mut public = [0; 32];
        public[..1].copy_from_slice(low);
        let name = KeyName::new("log").unwrap();
        assert_eq!(VerifierKey::ed25519(name.clone(), &public), Err(NoteError::PublicKey));
        assert_eq!(VerifierKey::cosignature_v1(name.clone(), &public), Err(NoteError::PublicKey));
        let id = KeyId::derive(&name, KeyType::Ed25519, &public);
        let text = format!("log+{id}+{}", to_base64(&[[1].as_slice(), &public].concat()));
        assert_eq!(text.parse::<VerifierKey>(), Err(NoteError::PublicKey));
    }
}

#[test]
fn secrets_are_hidden_and_wiped() {
    fn wiped<T: zeroize::ZeroizeOnDrop>() {}
    wiped::<ed25519_dalek::SigningKey>();
    let shown = format!("{:?}", key("log", 0xab));
    assert_eq!(shown, "SigningKey { name: KeyName(\"log\"), secret: SecretKey(hidden) }");
    let shown = format!("{:?}", CosigningKey::from_seed(KeyName::new("w").unwrap(), &[0xab; 32]));
    assert_eq!(shown, "CosigningKey { name: KeyName(\"w\"), secret: SecretKey(hidden) }");
}

proptest! {
    #[test]
    fn notes_come_back(text in "[^\\x00-\\x09\\x0b-\\x1f]{0,80}", names in proptest::collection::vec("[^+ \\s\\x00-\\x20]{1,20}", 1..5)) {
        let keys: Vec<SigningKey> = names.iter().filter_map(|n| KeyName::new(n).ok())
            .map(|name| SigningKey::from_seed(name, &[5; 32])).collect();
        prop_assume!(!keys.is_empty());
        let text = format!("{text}\n");
        let note = SignedNote::sign(&text, &keys.iter().collect::<Vec<_>>()).unwrap();
        let again = SignedNote::parse(&note.to_bytes()).unwrap();
        prop_assert_eq!(&again, &note);
        let verifiers: Vec<VerifierKey> = keys.iter().map(SigningKey::verifier).collect();
        prop_assert!(!again.verify(&verifiers).unwrap().is_empty());
        for verifier in verifiers {
            prop_assert_eq!(verifier.to_string().parse::<VerifierKey>().unwrap(), verifier);
        }
    }

    #[test]
    fn reader_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(SignedNote::parse(&bytes).is_err() || SignedNote::parse(&bytes).unwrap().to_bytes() == bytes);
    }

    #[test]
    fn reader_never_panics_on_likely_text(text in "(a|\n|— |\\+| |AAAA|=){0,40}") {
        if let Ok(note) = SignedNote::parse(text.as_bytes()) {
            prop_assert_eq!(note.to_string(), text.clone());
        }
        if let Ok(key) = VerifierKey::parse(&text) {
            prop_assert_eq!(key.to_string(), text);
        }
    }
}

//! Policies: the specification's worked example, every rule of the file, evaluation of groups.

use proptest::prelude::*;

use super::*;
use crate::cosign::CosigningKey;
use crate::error::{CheckpointError, NoteError};
use crate::hash::leaf_hash;
use crate::note::{KeyName, SigningKey};

fn cosigner(seed: u8) -> CosigningKey {
    CosigningKey::from_seed(KeyName::new(&format!("w{seed}.example")).unwrap(), &[seed; 32])
}

fn vkey(seed: u8) -> String {
    cosigner(seed).verifier().to_string()
}

fn log_key() -> SigningKey {
    SigningKey::from_seed(KeyName::new("log.example").unwrap(), &[200; 32])
}

fn head() -> Checkpoint {
    Checkpoint::new(Origin::new("log.example").unwrap(), 7, leaf_hash(b"root"))
}

/// A checkpoint with the cosignatures of these witnesses; the time is 1000 plus the seed.
fn note(seeds: &[u8]) -> SignedNote {
    let mut note = SignedNote::sign(&head().to_text(), &[&log_key()]).unwrap();
    for seed in seeds {
        note.add_signature(cosigner(*seed).cosign(&head(), 1000 + u64::from(*seed)).unwrap()).unwrap();
    }
    note
}

/// The worked example of C2SP tlog-policy: X is 1, 2, 3 and Y is 4, 5, 6.
fn example() -> Policy {
    let mut file = format!("# The example.\nlog {}\n\n", log_key().verifier());
    for (name, seed) in [("X1", 1), ("X2", 2), ("X3", 3)] {
        file.push_str(&format!("witness {name} {}\n", vkey(seed)));
    }
    file.push_str("group X-witnesses 2 X1 X2 X3\n \t\n");
    for (name, seed) in [("Y1", 4), ("Y2", 5), ("Y3", 6)] {
        file.push_str(&format!("\twitness  {name}\t{} https://{name}.example/ \n", vkey(seed)));
    }
    file.push_str("group Y-witnesses any Y1 Y2 Y3\n  # A comment.\n");
    file.push_str("group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n");
    Policy::parse(file.as_bytes()).unwrap()
}

fn judge(policy: &Policy, seeds: &[u8]) -> Result<Satisfied, Unsatisfied> {
    policy.evaluate(&note(seeds), &head().origin, &log_key().verifier())
}

fn parse(file: &str) -> Result<Policy, PolicyError> {
    Policy::parse(file.as_bytes())
}

#[test]
fn the_example_of_the_specification() {
    let policy = example();
    assert_eq!(policy.witnesses().len(), 6);
    assert_eq!(policy.witnesses()[3].url, Some(Word::new("https://Y1.example/").unwrap()));
    for enough in [[1, 2, 4].as_slice(), &[1, 3, 5], &[2, 3, 6], &[1, 2, 3, 4, 5, 6]] {
        let satisfied = judge(&policy, enough).unwrap();
        assert_eq!(satisfied.checkpoint(), &head());
        let times: Vec<u64> = satisfied.cosigners().iter().map(|c| c.timestamp).collect();
        assert_eq!(times, enough.iter().map(|seed| 1000 + u64::from(*seed)).collect::<Vec<_>>());
    }
    let missing = |seeds: &[u8]| judge(&policy, seeds).unwrap_err().missing().join(" ");
    assert_eq!(missing(&[]), "X1 X2 X3 Y1 Y2 Y3");
    assert_eq!(missing(&[1, 2]), "Y1 Y2 Y3");
    assert_eq!(missing(&[2, 4]), "X1 X3");
    assert_eq!(missing(&[4, 5, 6]), "X1 X2 X3");
    // Unknown witnesses do not help.
    assert_eq!(missing(&[1, 2, 7, 8, 9]), "Y1 Y2 Y3");
}

#[test]
fn a19_too_few_witnesses_are_refused() {
    let witness = |seed: u8| Witness { name: Word::new([seed]).unwrap(), key: cosigner(seed).verifier(), url: None };
    let policy = Policy::at_least(2, (b'a'..=b'c').map(witness).collect()).unwrap();
    assert!(judge(&policy, b"ab").is_ok());
    let refusal = judge(&policy, b"b").unwrap_err();
    assert_eq!(
        refusal,
        Unsatisfied::Missing { requirement: "witnesses".into(), missing: vec!["a".into(), "c".into()] }
    );
    assert_eq!(
        refusal.to_string(),
        "too few witnesses cosigned for 'witnesses'; missing: a, c; fetch a later copy or ask them"
    );
    // One witness that signs twice is one witness.
    let mut twice = note(b"b");
    twice.add_signature(cosigner(b'b').cosign(&head(), 9).unwrap()).unwrap();
    assert!(policy.evaluate(&twice, &head().origin, &log_key().verifier()).is_err());
    assert!(Policy::at_least(0, vec![witness(b'a')]).is_err());
    assert!(Policy::at_least(2, vec![witness(b'a')]).is_err());
}

#[test]
fn no_witness_and_a_single_witness() {
    assert!(judge(&Policy::none(), &[]).unwrap().cosigners().is_empty());
    let policy = parse("quorum none\n").unwrap();
    assert_eq!(policy, Policy::none());
    let policy = parse(&format!("witness w {}\nquorum none\n", vkey(1))).unwrap();
    assert_eq!(judge(&policy, &[1]).unwrap().cosigners().len(), 1);
    let policy = parse(&format!("witness w {}\nquorum w\n", vkey(1))).unwrap();
    assert!(judge(&policy, &[1]).is_ok());
    assert_eq!(judge(&policy, &[2]).unwrap_err().missing(), ["w"]);
}

#[test]
fn the_log_must_have_signed_and_be_listed() {
    let other = SigningKey::from_seed(KeyName::new("log.example").unwrap(), &[201; 32]);
    let origin = head().origin;
    assert!(matches!(
        Policy::none().evaluate(&note(&[]), &origin, &other.verifier()),
        Err(Unsatisfied::Checkpoint(CheckpointError::Note(NoteError::NotSigned)))
    ));
    assert!(matches!(
        example().evaluate(&note(&[1, 2, 4]), &origin, &other.verifier()),
        Err(Unsatisfied::LogNotListed { .. })
    ));
    assert!(example().evaluate_listed(&note(&[1, 2, 4])).is_ok());
    assert_eq!(example().evaluate_listed(&note(&[1, 2])).unwrap_err().missing(), ["Y1", "Y2", "Y3"]);
    assert!(matches!(Policy::none().evaluate_listed(&note(&[])), Err(Unsatisfied::LogNotListed { .. })));
    let forged = SignedNote::sign(&head().to_text(), &[&other]).unwrap();
    assert!(matches!(example().evaluate_listed(&forged), Err(Unsatisfied::Checkpoint(_))));
    // A log is listed under its key's name only.
    let foreign = Checkpoint::new(Origin::new("other.example").unwrap(), 7, head().root);
    let foreign = SignedNote::sign(&foreign.to_text(), &[&log_key()]).unwrap();
    assert!(matches!(example().evaluate_listed(&foreign), Err(Unsatisfied::LogNotListed { .. })));
}

#[test]
fn s6_a_second_origin_under_the_same_key_is_refused() {
    let second = Checkpoint::new(Origin::new("log.example/2").unwrap(), 7, head().root);
    let mut note = SignedNote::sign(&second.to_text(), &[&log_key()]).unwrap();
    note.add_signature(cosigner(1).cosign(&second, 5).unwrap()).unwrap();
    assert!(matches!(
        Policy::none().evaluate(&note, &head().origin, &log_key().verifier()),
        Err(Unsatisfied::Checkpoint(CheckpointError::WrongOrigin { .. }))
    ));
}

#[test]
fn a_wrong_line_of_a_known_witness_spoils_the_checkpoint() {
    let policy = parse(&format!("witness w {}\nquorum none\n", vkey(1))).unwrap();
    let other = Checkpoint::new(head().origin, 8, head().root);
    let mut spoiled = note(&[]);
    spoiled.add_signature(cosigner(1).cosign(&other, 5).unwrap()).unwrap();
    assert_eq!(
        policy.evaluate(&spoiled, &head().origin, &log_key().verifier()),
        Err(Unsatisfied::Witness(NoteError::BadSignature { name: "w1.example".into() }))
    );
}

#[test]
fn a_witness_of_an_unknown_type_is_listed_and_never_counted() {
    let mldsa = {
        let name = KeyName::new("pq").unwrap();
        let id = crate::note::KeyId::derive(&name, KeyType::Other(6), &[7; 1312]);
        format!("pq+{id}+{}", crate::text::to_base64(&[[6].as_slice(), &[7; 1312]].concat()))
    };
    let policy = parse(&format!("witness pq {mldsa}\nwitness w {}\ngroup g any pq w\nquorum g\n", vkey(1))).unwrap();
    assert!(judge(&policy, &[1]).is_ok());
    assert_eq!(judge(&policy, &[]).unwrap_err().missing(), ["pq", "w"]);
    assert_eq!(Policy::parse(&policy.to_bytes()).unwrap(), policy);
}

#[test]
fn every_rule_of_the_file_has_its_failure() {
    let (w1, w2, log) = (vkey(1), vkey(2), log_key().verifier());
    let name_taken = |name: &str| PolicyError::Name { name: name.into() };
    let unknown = |name: &str| PolicyError::Unknown { name: name.into() };
    let threshold = || PolicyError::Threshold { group: "g".into() };
    let same_key_other_name = VerifierKey::cosignature_v1(
        KeyName::new("elsewhere").unwrap(),
        cosigner(1).verifier().public_key().try_into().unwrap(),
    )
    .unwrap();
    let cases: Vec<(String, usize, PolicyError)> = vec![
        ("quorum w\n".into(), 1, unknown("w")),
        (format!("quorum w\nwitness w {w1}\n"), 1, unknown("w")),
        (format!("witness w {w1}\nquorum w\nquorum none\n"), 3, PolicyError::SecondRequirement),
        (format!("witness w {w1}\nwitness w {w2}\n"), 2, name_taken("w")),
        (format!("witness none {w1}\n"), 1, name_taken("none")),
        (format!("witness w {w1}\ngroup none 1 w\n"), 2, name_taken("none")),
        (format!("witness w {w1}\ngroup w 1 w\n"), 2, name_taken("w")),
        (format!("witness w {w1}\nwitness v {w1}\n"), 2, PolicyError::DuplicateKey { name: "v".into() }),
        (
            format!("witness w {w1}\nwitness v {same_key_other_name}\n"),
            2,
            PolicyError::DuplicateKey { name: "v".into() },
        ),
        (format!("log {log}\nlog {log}\n"), 2, PolicyError::DuplicateKey { name: "log.example".into() }),
        (format!("witness w {log}\n"), 1, PolicyError::WitnessKeyType { name: "w".into() }),
        (format!("witness w {w1}\ngroup g 1 w v\n"), 2, unknown("v")),
        ("group g 1 g\n".into(), 1, unknown("g")),
        (format!("witness w {w1}\ngroup g 1 none\n"), 2, unknown("none")),
        (format!("witness w {w1}\ngroup g 1 w w\n"), 2, PolicyError::SecondMembership { name: "w".into() }),
        (format!("witness w {w1}\ngroup f 1 w\ngroup g 1 w\n"), 3, PolicyError::SecondMembership { name: "w".into() }),
        (format!("witness w {w1}\ngroup g 0 w\n"), 2, threshold()),
        (format!("witness w {w1}\ngroup g 2 w\n"), 2, threshold()),
        (format!("witness w {w1}\ngroup g +1 w\n"), 2, threshold()),
        (format!("witness w {w1}\ngroup g w\n"), 2, threshold()),
        ("group g all\n".into(), 1, threshold()),
        ("group g any\n".into(), 1, threshold()),
        ("group g\n".into(), 1, PolicyError::Syntax),
        ("group\n".into(), 1, PolicyError::Syntax),
        ("log\n".into(), 1, PolicyError::Syntax),
        (format!("witness {w1}\n"), 1, PolicyError::Syntax),
        (format!("log {log} url more\n"), 1, PolicyError::Syntax),
        ("quorum\n".into(), 1, PolicyError::Syntax),
        ("quorum none none\n".into(), 1, PolicyError::Syntax),
        ("\n\nQuorum none\n".into(), 3, PolicyError::Syntax),
        ("quorum none\r\n".into(), 1, PolicyError::Characters),
        ("# \u{7f}\nquorum none\n".into(), 1, PolicyError::Characters),
        ("log nonsense\n".into(), 1, PolicyError::Key(NoteError::VerifierKey)),
    ];
    for (file, number, fault) in cases {
        assert_eq!(parse(&file), Err(PolicyError::Line { number, fault: Box::new(fault) }), "{file:?}");
    }
    assert_eq!(parse(""), Err(PolicyError::NoRequirement));
    assert_eq!(parse("# nothing\n"), Err(PolicyError::NoRequirement));
    assert_eq!(parse("quorum none"), Err(PolicyError::LastLine));
    let huge = vec![b'#'; MAX_POLICY + 1];
    assert!(matches!(Policy::parse(&huge), Err(PolicyError::TooLarge { .. })));
}

#[test]
fn names_are_opaque_bytes() {
    let mut file = format!("witness ab {}\n", vkey(1)).into_bytes();
    file.splice(8..10, [0xff, 0xe2]);
    file.extend_from_slice(b"quorum \xff\xe2\n");
    let policy = Policy::parse(&file).unwrap();
    assert_eq!(policy.to_bytes(), file);
    assert_eq!(judge(&policy, &[]).unwrap_err().missing().len(), 1);
    // "K" and the Kelvin sign are two names.
    let kelvin = format!("witness K {}\nwitness \u{212a} {}\nquorum K\n", vkey(1), vkey(2));
    let policy = parse(&kelvin).unwrap();
    assert!(judge(&policy, &[1]).is_ok());
    assert!(judge(&policy, &[2]).is_err());
}

#[test]
fn at_least_32_of_everything_are_supported() {
    let mut file = String::new();
    for n in 0..32u8 {
        let log = SigningKey::from_seed(KeyName::new(&format!("log{n}")).unwrap(), &[n + 100; 32]);
        file.push_str(&format!("log {}\nwitness w{n} {}\n", log.verifier(), vkey(n)));
    }
    for n in 0..32 {
        let before = if n == 0 { String::new() } else { format!(" g{}", n - 1) };
        file.push_str(&format!("group g{n} all w{n}{before}\n"));
    }
    file.push_str("quorum g31\n");
    let policy = parse(&file).unwrap();
    assert_eq!((policy.logs().len(), policy.witnesses().len(), policy.groups().len()), (32, 32, 32));
    assert_eq!(Policy::parse(&policy.to_bytes()).unwrap(), policy);
    let all: BTreeSet<&Word> = policy.witnesses().iter().map(|w| &w.name).collect();
    assert_eq!(policy.missing(&all), None);
    assert_eq!(policy.missing(&BTreeSet::new()).unwrap().1.len(), 32);
}

#[test]
fn the_canonical_file_is_stable() {
    let policy = example();
    let bytes = policy.to_bytes();
    assert_eq!(Policy::parse(&bytes).unwrap(), policy);
    assert_eq!(Policy::parse(&bytes).unwrap().to_bytes(), bytes);
    assert!(policy.to_string().ends_with("group X-and-Y 2 X-witnesses Y-witnesses\nquorum X-and-Y\n"));
}

/// A random nesting of groups over the witnesses 0..n.
fn arbitrary_policy() -> impl Strategy<Value = Policy> {
    (1u8..10, proptest::collection::vec((any::<usize>(), any::<usize>()), 0..5)).prop_map(|(count, groups)| {
        let mut builder = PolicyBuilder::new();
        let mut free: Vec<Word> = (0..count).map(|n| Word::new(format!("w{n}")).unwrap()).collect();
        for (n, name) in free.iter().enumerate() {
            let key = cosigner(n as u8).verifier();
            builder.witness(Witness { name: name.clone(), key, url: None }).unwrap();
        }
        for (n, (take, threshold)) in groups.into_iter().enumerate() {
            let members: Vec<Word> = free.drain(..1 + take % free.len()).collect();
            let name = Word::new(format!("g{n}")).unwrap();
            let threshold = 1 + threshold % members.len();
            builder.group(Group { name: name.clone(), threshold, members }).unwrap();
            free.push(name);
        }
        builder.requirement(Requirement::Named(free.pop().unwrap())).unwrap();
        builder.build().unwrap()
    })
}

/// The definition of the specification, recursively.
fn witnesses_it(policy: &Policy, name: &Word, cosigned: &BTreeSet<&Word>) -> bool {
    match policy.groups().iter().find(|group| &group.name == name) {
        None => cosigned.contains(name),
        Some(group) => {
            group.members.iter().filter(|member| witnesses_it(policy, member, cosigned)).count() >= group.threshold
        }
    }
}

proptest! {
    #[test]
    fn evaluation_follows_the_definition(policy in arbitrary_policy(), bits: u16) {
        prop_assert_eq!(&Policy::parse(&policy.to_bytes()).unwrap(), &policy);
        let cosigned: BTreeSet<&Word> =
            policy.witnesses().iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1).map(|(_, w)| &w.name).collect();
        let Requirement::Named(required) = policy.requirement() else { unreachable!() };
        let expected = witnesses_it(&policy, required, &cosigned);
        let missing = policy.missing(&cosigned);
        prop_assert_eq!(missing.is_none(), expected);
        if let Some((_, names)) = missing {
            // With all the missing ones it would be enough.
            let mut more = cosigned;
            more.extend(policy.witnesses().iter().map(|w| &w.name).filter(|n| names.contains(&n.to_string())));
            prop_assert!(witnesses_it(&policy, required, &more));
        }
    }

    #[test]
    fn reader_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(policy) = Policy::parse(&bytes) {
            prop_assert_eq!(Policy::parse(&policy.to_bytes()).unwrap(), policy);
        }
    }

    #[test]
    fn reader_never_panics_on_likely_text(text in "(log|witness|group|quorum|none|any|all| |\t|\n|#|1|a|b){0,30}") {
        if let Ok(policy) = Policy::parse(text.as_bytes()) {
            prop_assert_eq!(Policy::parse(&policy.to_bytes()).unwrap(), policy);
        }
    }
}

use super::messages::Dealing;
use super::*;
use crate::entry::{Author, Body};
use crate::ids::TrusteeIndex;
use crate::record::state::CeremonyStatus;
use crate::testing::Sandbox;

fn trustee(index: u32) -> Author {
    Author::Trustee(TrusteeIndex(index))
}

#[test]
fn the_ceremony_says_whom_it_waits_for() {
    let mut sandbox = Sandbox::new(1);
    let all = || (1..=3).map(TrusteeIndex).collect::<Vec<_>>();
    assert_eq!(sandbox.state.ceremony(), CeremonyStatus::Commit(all()));
    let committed = sandbox.commit();
    assert_eq!(sandbox.state.ceremony(), CeremonyStatus::Deal(all()));
    let dealt = sandbox.deal(committed);
    assert_eq!(sandbox.state.ceremony(), CeremonyStatus::Confirm(all()));
    assert_eq!(sandbox.state.joint_key(), None, "nothing is final before everybody has confirmed");
    sandbox.confirm(dealt);
    assert_eq!(sandbox.state.ceremony(), CeremonyStatus::Complete);
    assert!(sandbox.state.joint_key().is_some());
}

#[test]
fn shares_fit_the_public_verification_shares_and_any_two_give_the_joint_key() {
    use proofs::group::BASE_TABLE;
    use proofs::sharing::lagrange;
    let mut sandbox = Sandbox::new(1);
    sandbox.ceremony();
    let joint = sandbox.state.joint_key().unwrap();
    for pair in [[0, 1], [0, 2], [1, 2]] {
        let points = pair.map(|i| {
            let share = &sandbox.shares[i];
            assert_eq!(joint.share(share.index()), Some(&(BASE_TABLE * share.secret().expose())));
            (share.index().0, BASE_TABLE * share.secret().expose())
        });
        assert_eq!(lagrange::combine(&points).unwrap(), *joint.public.point());
    }
}

#[test]
fn states_survive_being_stored() {
    let mut sandbox = Sandbox::new(1);
    let setup = sandbox.setup();
    let restore = |(index, state): (u32, Committed)| {
        Committed::from_exposed_bytes(setup, TrusteeIndex(index), &state.expose_bytes()).unwrap()
    };
    let committed = sandbox.commit();
    let committed: Vec<_> = (1..).zip(committed).map(restore).collect();
    let dealt = sandbox.deal(committed);
    let restore = |(index, state): (u32, Dealt)| {
        Dealt::from_exposed_bytes(setup, TrusteeIndex(index), &state.expose_bytes()).unwrap()
    };
    let dealt: Vec<_> = (1..).zip(dealt).map(restore).collect();
    sandbox.confirm(dealt);
    assert!(sandbox.state.joint_key().is_some());
    assert!(Committed::from_exposed_bytes(setup, TrusteeIndex(1), &[0; 95]).is_err());
    assert!(Dealt::from_exposed_bytes(setup, TrusteeIndex(1), &[0xff; 32]).is_err());
}

#[test]
fn a29_a_bad_share_names_its_dealer_and_is_not_confirmed() {
    let mut sandbox = Sandbox::new(2);
    let mut committed = sandbox.commit().into_iter();
    let keys = sandbox.state.encryption_keys().clone();
    // Trustee 1 encrypts noise to trustee 2: every public proof of the dealing holds, only the receiver can tell.
    let (_, mut bad) = committed.next().unwrap().deal(&keys, &mut sandbox.rng).unwrap();
    bad.shares[1].sealed = [7; 48];
    sandbox.push(trustee(1), &Body::Dealing(bad));
    let mut dealt = Vec::new();
    for (index, state) in (2..).zip(committed) {
        let (state, message): (Dealt, Dealing) = state.deal(&keys, &mut sandbox.rng).unwrap();
        sandbox.push(trustee(index), &Body::Dealing(message));
        dealt.push(state);
    }
    let error = dealt.remove(0).confirm(sandbox.state.ceremony_messages()).unwrap_err();
    assert_eq!(error, StageError::BadShare(TrusteeIndex(1)));
    assert!(dealt.remove(0).confirm(sandbox.state.ceremony_messages()).is_ok(), "the share of trustee 3 is right");
}

#[test]
fn a26_nobody_outside_the_manifest_takes_part() {
    let mut sandbox = Sandbox::new(1);
    for index in [0, 4] {
        let error = commit(sandbox.setup(), TrusteeIndex(index), &mut sandbox.rng).unwrap_err();
        assert_eq!(error, StageError::UnknownTrustee);
    }
}

#[test]
fn s9_a_share_refuses_another_event() {
    use crate::tally::partial;
    let mut sandbox = Sandbox::opened(3);
    sandbox.vote_all();
    sandbox.close();
    let counting = sandbox.state.rounds().next().unwrap().1.closed().unwrap().clone();
    let bytes = sandbox.shares[0].expose_bytes();
    let other = KeyShare::from_exposed_bytes(crate::ids::EventId([9; 32]), TrusteeIndex(1), bytes.as_ref()).unwrap();
    let binding = &counting.rules().binding;
    let result = partial::decrypt(&other, binding, &counting.closing(), counting.tallies(), &mut sandbox.rng);
    assert_eq!(result.unwrap_err(), partial::PartialError::OtherEvent);
}

#[test]
fn secrets_print_nothing() {
    let mut sandbox = Sandbox::new(1);
    let committed = sandbox.commit();
    let text = format!("{:?}", committed[0]);
    let bytes = committed[0].expose_bytes();
    assert!(text.contains("SecretScalar(..)") && !text.contains(&hex::encode(&bytes[..32])));
}

#[test]
fn a29_a_well_encrypted_wrong_share_names_its_dealer() {
    use proofs::secret::SecretScalar;
    let mut sandbox = Sandbox::new(2);
    let setup = sandbox.setup();
    let mut committed = sandbox.commit().into_iter();
    let keys = sandbox.state.encryption_keys().clone();
    let (_, mut bad) = committed.next().unwrap().deal(&keys, &mut sandbox.rng).unwrap();
    let side = |index| (TrusteeIndex(index), &keys[&TrusteeIndex(index)]);
    let wrong = SecretScalar::random(&mut sandbox.rng);
    bad.shares[1] = super::shares::encrypt(&setup, side(1), side(2), &wrong, &mut sandbox.rng).unwrap();
    sandbox.push(trustee(1), &Body::Dealing(bad));
    let mut dealt = Vec::new();
    for (index, state) in (2..).zip(committed) {
        let (state, message) = state.deal(&keys, &mut sandbox.rng).unwrap();
        sandbox.push(trustee(index), &Body::Dealing(message));
        dealt.push(state);
    }
    let error = dealt.remove(0).confirm(sandbox.state.ceremony_messages()).unwrap_err();
    assert_eq!(error, StageError::BadShare(TrusteeIndex(1)));
}

#[test]
fn nobody_deals_under_an_encryption_key_that_is_not_their_own() {
    let mut sandbox = Sandbox::new(2);
    let first = sandbox.commit().remove(0);
    let mut keys = sandbox.state.encryption_keys().clone();
    let other = keys[&TrusteeIndex(2)];
    keys.insert(TrusteeIndex(1), other);
    assert_eq!(first.deal(&keys, &mut sandbox.rng).unwrap_err(), StageError::EncryptionKey);
}

#[test]
fn a28_the_record_covers_every_message_of_both_stages() {
    let mut sandbox = Sandbox::new(2);
    sandbox.ceremony();
    let (setup, messages) = (sandbox.setup(), sandbox.state.ceremony_messages().clone());
    let record = |change: &dyn Fn(&mut Messages)| {
        let mut messages = messages.clone();
        change(&mut messages);
        JointKey::of(&setup, &messages).unwrap().record
    };
    let mut seen = std::collections::BTreeSet::from([record(&|_| ())]);
    for index in (1..=3).map(TrusteeIndex) {
        assert!(seen.insert(record(&|messages| messages.get_mut(&index).unwrap().0.possession[0] ^= 1)));
        let dealing = |messages: &mut Messages| {
            messages.get_mut(&index).unwrap().1.as_mut().unwrap().0.shares[0].sealed[0] ^= 1;
        };
        assert!(seen.insert(record(&dealing)));
    }
}

#[test]
fn a24_the_hash_of_a_dealing_covers_every_part() {
    let sandbox = Sandbox::new(2);
    let setup = sandbox.setup();
    let hash = |setup: &Setup, dealer, commitments: &[u8], possession| {
        checks::dealing_hash(setup, TrusteeIndex(dealer), commitments, possession)
    };
    let mut other = setup;
    other.ceremony.0[0] ^= 1;
    let hashes = [
        hash(&setup, 1, b"commitments", &[0; 64]),
        hash(&setup, 2, b"commitments", &[0; 64]),
        hash(&setup, 1, b"other", &[0; 64]),
        hash(&setup, 1, b"commitments", &[1; 64]),
        hash(&other, 1, b"commitments", &[0; 64]),
    ];
    assert_eq!(std::collections::BTreeSet::from(hashes).len(), hashes.len());
}

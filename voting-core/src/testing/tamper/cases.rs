//! The list: at least one record for each rule.

use super::*;

macro_rules! tampers {
    ($($rule:ident $name:literal $make:expr,)*) => {
        pub(super) fn all() -> Vec<Tamper> {
            vec![$(Tamper { rule: Rule::$rule, name: $name, make: || $make },)*]
        }
    };
}

tampers! {
    LogCheckpoint "checkpoint signed by another key" {
        let sandbox = opened();
        let origin = sandbox.manifest().origin();
        TamperedRecord { checkpoint: sandbox.checkpoint_as(&origin, &sandbox.administrator, |_| ()), ..sandbox.record() }
    },
    LogCheckpoint "garbage for a checkpoint" TamperedRecord { checkpoint: b"garbage".to_vec(), ..opened().record() },
    LogOrigin "s6: same manifest under a second origin" {
        let sandbox = opened();
        let origin = format!("elsewhere.example.org/{}", sandbox.manifest().event());
        TamperedRecord { checkpoint: sandbox.checkpoint_as(&origin, &sandbox.log, |_| ()), ..sandbox.record() }
    },
    LogOrigin "a22: checkpoint of another event on the same board" {
        let sandbox = opened();
        TamperedRecord { checkpoint: Sandbox::new(99).checkpoint(), ..sandbox.record() }
    },
    LogSize "a35: empty record" TamperedRecord { entries: vec![], ..opened().record() },
    LogSize "truncated record" {
        let mut record = Sandbox::finished(1).record();
        record.entries.pop();
        record
    },
    LogSize "entry behind the checkpoint" {
        let mut sandbox = opened();
        let checkpoint = sandbox.checkpoint();
        sandbox.vote(0, &pair());
        TamperedRecord { checkpoint, ..sandbox.record() }
    },
    LogRoot "a19: another root than the entries give" {
        let sandbox = opened();
        let origin = sandbox.manifest().origin();
        let checkpoint = sandbox.checkpoint_as(&origin, &sandbox.log, |checkpoint| checkpoint.root.0[0] ^= 1);
        TamperedRecord { checkpoint, ..sandbox.record() }
    },
    LogRoot "reordered entries under the old checkpoint" {
        let mut sandbox = opened();
        sandbox.vote(0, &pair());
        sandbox.vote(2, &pair());
        let mut record = sandbox.record();
        let last = record.entries.len() - 1;
        record.entries.swap(last - 1, last);
        record
    },
    LogWitnesses "a19: checkpoint without the cosignatures that the manifest demands" {
        let seed = [7; 32];
        let witness = tlog::cosign::CosigningKey::from_seed(tlog::note::KeyName::new("w.example.org").unwrap(), &seed);
        let policy = format!("witness w1 {}\nquorum w1\n", witness.verifier());
        Sandbox::with(1, |fields| fields.witness_policy = policy).record()
    },
    ManifestHash "a22: another manifest" TamperedRecord { event: EventId([1; 32]), ..opened().record() },
    ManifestValid "garbage for a manifest" {
        let entries = vec![b"garbage".to_vec()];
        TamperedRecord { event: EventId::of_manifest(b"garbage"), checkpoint: opened().checkpoint(), entries }
    },
    ManifestValid "a25: threshold above the number of trustees" {
        let sandbox = Sandbox::new(1);
        let mut fields = (*sandbox.manifest()).clone();
        fields.threshold = 4;
        let bytes = codec::to_bytes(&fields);
        TamperedRecord { event: EventId::of_manifest(&bytes), checkpoint: sandbox.checkpoint(), entries: vec![bytes] }
    },
    EntryCanonical "a3: trailing byte" {
        let mut sandbox = opened();
        let sealed = sandbox.seal(0, &pair());
        let mut bytes = sandbox.cast(0, &sealed.parts()[0]);
        bytes.push(0);
        with_bytes(sandbox, bytes)
    },
    EntryCanonical "a3: longer integer of the same value" {
        let sandbox = Sandbox::new(1);
        let mut bytes = sandbox.signed(ADMINISTRATOR, &Body::Cancelled(Cancelled { reason: 1 }));
        bytes.splice(1..2, [0x18, 12]);
        with_bytes(sandbox, bytes)
    },
    EntryCanonical "a42: garbage" with_bytes(opened(), vec![0xff; 100]),
    EntrySignature "forged signature" {
        let sandbox = Sandbox::new(1);
        let mut bytes = sandbox.signed(ADMINISTRATOR, &Body::Cancelled(Cancelled { reason: 1 }));
        *bytes.last_mut().unwrap() ^= 1;
        with_bytes(sandbox, bytes)
    },
    EntrySignature "a11: roll signed by the administrator" {
        let mut sandbox = Sandbox::new(5);
        sandbox.ceremony();
        let chunk = RollChunk { round: FIRST, number: 0, members: sandbox.members(FIRST) };
        with(sandbox, ADMINISTRATOR, &Body::RollChunk(chunk))
    },
    EntrySignature "entry of another event replayed" {
        let other = Sandbox::new(98);
        let body = Body::Cancelled(Cancelled { reason: 1 });
        let sandbox = Sandbox::new(1);
        let bytes = entry::sign(&other.manifest().event(), ADMINISTRATOR, &body, &sandbox.administrator);
        with_bytes(sandbox, bytes)
    },
    EntrySignature "a26: trustee that the manifest does not have" {
        let mut sandbox = Sandbox::new(1);
        let setup = sandbox.setup();
        let message = commitment(&mut sandbox, setup).1;
        let event = sandbox.manifest().event();
        let bytes = entry::sign(&event, trustee(4), &Body::Commitment(message), &sandbox.trustees[0]);
        with_bytes(sandbox, bytes)
    },
    EntryLegal "a41: dealing before everybody has committed" {
        let (sandbox, dealing) = first_dealing();
        let mut early = Sandbox::new(2);
        let message = sandbox.entries[1].clone();
        early.offer(message).unwrap();
        with(early, trustee(1), &Body::Dealing(dealing))
    },
    EntryLegal "roll chunk after the end of the roll" {
        let mut sandbox = Sandbox::new(5);
        sandbox.ceremony();
        sandbox.roll(FIRST);
        let chunk = RollChunk { round: FIRST, number: 2, members: sandbox.members(FIRST) };
        with(sandbox, REGISTRAR, &Body::RollChunk(chunk))
    },
    EntryLegal "entry after the event was cancelled" {
        let mut sandbox = Sandbox::new(1);
        sandbox.push(ADMINISTRATOR, &Body::Cancelled(Cancelled { reason: 1 }));
        let setup = sandbox.setup();
        let message = commitment(&mut sandbox, setup).1;
        with(sandbox, trustee(1), &Body::Commitment(message))
    },
    EntryLegal "partial decryption before the round is closed" {
        let mut sandbox = closed();
        let part = sandbox.partial(1);
        let mut early = opened();
        early.vote_all();
        with(early, trustee(1), &Body::PartialDecryption(part))
    },
    CeremonyMessage "a27: commitment from another ceremony" {
        let mut sandbox = Sandbox::new(1);
        let mut setup = sandbox.setup();
        setup.ceremony = crate::ids::CeremonyId::of(&setup.event, 1);
        let message = commitment(&mut sandbox, setup).1;
        with(sandbox, trustee(1), &Body::Commitment(message))
    },
    CeremonyMessage "second commitment of one trustee" {
        let mut sandbox = Sandbox::new(1);
        let setup = sandbox.setup();
        let first = commitment(&mut sandbox, setup).1;
        sandbox.push(trustee(1), &Body::Commitment(first));
        let second = commitment(&mut sandbox, setup).1;
        with(sandbox, trustee(1), &Body::Commitment(second))
    },
    CeremonyEncryptionKey "s9: encryption key without proof of possession" {
        let mut sandbox = Sandbox::new(1);
        let setup = sandbox.setup();
        let mut message = commitment(&mut sandbox, setup).1;
        shift(&mut message.encryption_key);
        with(sandbox, trustee(1), &Body::Commitment(message))
    },
    CeremonyEncryptionKey "a24: encryption key and proof of another trustee" {
        let mut sandbox = Sandbox::new(1);
        let setup = sandbox.setup();
        let message = commitment(&mut sandbox, setup).1;
        sandbox.push(trustee(1), &Body::Commitment(message.clone()));
        with(sandbox, trustee(2), &Body::Commitment(message))
    },
    CeremonyCommitted "a24: dealing changed after seeing the others" {
        let mut sandbox = Sandbox::new(2);
        sandbox.commit();
        let setup = sandbox.setup();
        let keys = sandbox.state.encryption_keys().clone();
        let mut own = std::collections::BTreeMap::new();
        let (state, message) = commitment(&mut sandbox, setup);
        own.extend(keys);
        own.insert(TrusteeIndex(1), PublicKey::decode(&message.encryption_key).unwrap());
        let dealing = state.deal(&own, &mut sandbox.rng).unwrap().1;
        with(sandbox, trustee(1), &Body::Dealing(dealing))
    },
    CeremonyShape "a25: longer polynomial" {
        let (sandbox, dealing) = dealing_of(|sandbox| {
            let setup = Setup { threshold: 3, ..sandbox.setup() };
            commitment(sandbox, setup)
        });
        with(sandbox, trustee(1), &Body::Dealing(dealing))
    },
    CeremonyShape "missing share" {
        let (sandbox, mut dealing) = first_dealing();
        dealing.shares.pop();
        with(sandbox, trustee(1), &Body::Dealing(dealing))
    },
    CeremonyPossession "a24: constant without proof of possession" {
        let mut sandbox = Sandbox::new(3);
        let setup = sandbox.setup();
        let (state, mut message) = commitment(&mut sandbox, setup);
        // Commits to a proof that is none, and reveals it.
        let mut bytes = state.expose_bytes().to_vec();
        bytes[32..96].fill(0);
        let commitments = {
            let polynomial = Polynomial::from_exposed_bytes(&bytes[96..], 2).unwrap();
            proofs::sharing::feldman::Commitments::of(&polynomial).encode()
        };
        message.dealing = ceremony::checks::dealing_hash(&setup, TrusteeIndex(1), &commitments, &[0; 64]);
        let state = Committed::from_exposed_bytes(setup, TrusteeIndex(1), &bytes).unwrap();
        let (sandbox, dealing) = dealing_of(move |other| {
            *other = sandbox;
            (state, message)
        });
        with(sandbox, trustee(1), &Body::Dealing(dealing))
    },
    CeremonyPossession "a29: ephemeral key without proof of knowledge" {
        let (sandbox, mut dealing) = first_dealing();
        shift(&mut dealing.shares[1].ephemeral);
        with(sandbox, trustee(1), &Body::Dealing(dealing))
    },
    CeremonyPossession "a29: ephemeral key and proof of another share" {
        let (sandbox, mut dealing) = first_dealing();
        let other = dealing.shares[0].clone();
        dealing.shares[1].ephemeral = other.ephemeral;
        dealing.shares[1].possession = other.possession;
        with(sandbox, trustee(1), &Body::Dealing(dealing))
    },
    CeremonyConfirmed "a28: confirmation of another record" confirmation(|message| message.record.0[0] ^= 1),
    CeremonyConfirmed "a21: confirmation of another joint key" confirmation(|message| shift(&mut message.joint_key)),
    CeremonyMessage "second confirmation of one trustee" {
        let mut sandbox = Sandbox::new(2);
        sandbox.ceremony();
        let again = sandbox.entries.len() - 3;
        let again = sandbox.entries[again].clone();
        with_bytes(sandbox, again)
    },
    CeremonyMessage "second dealing of one trustee" {
        let (mut sandbox, dealing) = first_dealing();
        sandbox.push(trustee(1), &Body::Dealing(dealing.clone()));
        with(sandbox, trustee(1), &Body::Dealing(dealing))
    },
    CeremonyEncryptionKey "s9: one encryption key of two trustees who share the secret" {
        use proofs::sigma::possession::PossessionProof;
        let mut sandbox = Sandbox::new(1);
        let setup = sandbox.setup();
        let secret = SecretScalar::from_scalar(Scalar::from(4_711_u64));
        let key = PublicKey::of(&secret).unwrap();
        let message = |index: u32, sandbox: &mut Sandbox| {
            let mut message = ceremony::commit(setup, TrusteeIndex(index), &mut sandbox.rng).unwrap().1;
            let mut transcript = crate::context::encryption_key(&setup.event, &setup.ceremony, TrusteeIndex(index));
            message.encryption_key = key.to_bytes();
            message.possession = PossessionProof::prove(&mut transcript, &secret, &key, &mut sandbox.rng).to_bytes();
            Body::Commitment(message)
        };
        let (first, second) = (message(1, &mut sandbox), message(2, &mut sandbox));
        sandbox.push(trustee(1), &first);
        with(sandbox, trustee(2), &second)
    },
    CeremonyPossession "a29: one ephemeral key for two receivers" {
        let (mut sandbox, mut dealing) = first_dealing();
        reuse(&mut sandbox, &mut dealing, 1, 1);
        reuse(&mut sandbox, &mut dealing, 1, 2);
        with(sandbox, trustee(1), &Body::Dealing(dealing))
    },
    CeremonyPossession "a29: ephemeral key of another dealer who shares the secret" {
        let mut sandbox = Sandbox::new(2);
        let mut committed = sandbox.commit().into_iter();
        let keys = sandbox.state.encryption_keys().clone();
        let mut next = |sandbox: &mut Sandbox| committed.next().unwrap().deal(&keys, &mut sandbox.rng).unwrap().1;
        let (mut first, mut second) = (next(&mut sandbox), next(&mut sandbox));
        reuse(&mut sandbox, &mut first, 1, 3);
        reuse(&mut sandbox, &mut second, 2, 3);
        sandbox.push(trustee(1), &Body::Dealing(first));
        with(sandbox, trustee(2), &Body::Dealing(second))
    },
    CeremonyIdentity "m9: joint key cancelled out" colluding([(5, 1), (7, 2), (-12, 3)]),
    CeremonyIdentity "m9: verification share of one trustee cancelled out" colluding([(5, -1), (7, -2), (-2, -7)]),
    RollOrder "m11: roll out of order" roll(|chunk| chunk.members.swap(0, 1)),
    RollOrder "credential twice on the roll" roll(|chunk| {
        let first = chunk.members[0];
        chunk.members.insert(0, first);
    }),
    RollOrder "missing chunk of the roll" roll(|chunk| chunk.number = 1),
    RollOrder "m11: credential in two chunks of the roll" {
        let mut sandbox = Sandbox::new(5);
        let members = sandbox.members(FIRST);
        let chunk = |number, members: &[entry::RollMember]| RollChunk { round: FIRST, number, members: members.to_vec() };
        sandbox.push(REGISTRAR, &Body::RollChunk(chunk(0, &members[..3])));
        with(sandbox, REGISTRAR, &Body::RollChunk(chunk(1, &members[2..])))
    },
    RollOrder "empty chunk of the roll" roll(|chunk| chunk.members.clear()),
    RollKey "a4: identity for a credential" roll(|chunk| chunk.members[0].key = CredentialKey([0; 32])),
    RollKey "a4: credential that is no point" roll(|chunk| {
        chunk.members.last_mut().unwrap().key = CredentialKey([0xff; 32]);
    }),
    RollCount "wrong end of the roll" {
        let mut sandbox = Sandbox::new(5);
        sandbox.ceremony();
        let chunk = RollChunk { round: FIRST, number: 0, members: sandbox.members(FIRST) };
        sandbox.push(REGISTRAR, &Body::RollChunk(chunk));
        let mut end = sandbox.roll_end(FIRST);
        end.groups[0].0 += 1;
        with(sandbox, REGISTRAR, &Body::RollClosed(end))
    },
    RollCount "empty roll" {
        let sandbox = Sandbox::new(5);
        let end = sandbox.roll_end(FIRST);
        with(sandbox, REGISTRAR, &Body::RollClosed(end))
    },
    EntryLegal "second end of the roll" {
        let mut sandbox = Sandbox::new(5);
        sandbox.roll(FIRST);
        let end = sandbox.roll_end(FIRST);
        with(sandbox, REGISTRAR, &Body::RollClosed(end))
    },
    RollCount "a36: group of one" {
        let mut sandbox = Sandbox::new(5);
        sandbox.ceremony();
        let mut members = sandbox.members(FIRST);
        let lonely = members.iter().position(|member| member.group.0 == 0).unwrap();
        let lonely = members[lonely];
        members.retain(|member| member.group.0 == 1 || *member == lonely);
        sandbox.push(REGISTRAR, &Body::RollChunk(RollChunk { round: FIRST, number: 0, members }));
        let end = sandbox.roll_end(FIRST);
        with(sandbox, REGISTRAR, &Body::RollClosed(end))
    },
    RollBound "a9: weights beyond 2^40" roll(|chunk| chunk.members[0].weight = 1 << 40),
    RollBound "a9: weights that overflow" roll(|chunk| {
        chunk.members[0].weight = u64::MAX;
        chunk.members[1].weight = u64::MAX;
    }),
    RollBound "a9: weights beyond 2^40 in two chunks" {
        let mut sandbox = Sandbox::new(5);
        let mut members = sandbox.members(FIRST);
        (members[0].weight, members[3].weight) = (1 << 39, 1 << 39);
        let chunk = |number, members: &[entry::RollMember]| RollChunk { round: FIRST, number, members: members.to_vec() };
        sandbox.push(REGISTRAR, &Body::RollChunk(chunk(0, &members[..3])));
        with(sandbox, REGISTRAR, &Body::RollChunk(chunk(1, &members[3..])))
    },
    RollBound "weight zero" roll(|chunk| chunk.members[0].weight = 0),
    RollBound "unknown group" roll(|chunk| chunk.members[0].group.0 = 2),
    RoundPlan "a22: other questions than the manifest planned" start(|start| {
        start.statement.plan.contests[0].options.swap(0, 1);
    }),
    RoundReady "a41: round started without a key" {
        let mut sandbox = Sandbox::new(6);
        sandbox.roll(FIRST);
        let start = sandbox.start(FIRST);
        with(sandbox, ADMINISTRATOR, &Body::RoundStarted(start))
    },
    RoundReady "round started without its roll" {
        let mut sandbox = Sandbox::new(6);
        sandbox.ceremony();
        let start = sandbox.start(FIRST);
        with(sandbox, ADMINISTRATOR, &Body::RoundStarted(start))
    },
    RoundReady "a21: round under another joint key" start(|start| shift(&mut start.joint_key)),
    RoundReady "second round while the first is open" {
        let sandbox = opened();
        let start = sandbox.start(RoundIndex(1));
        with(sandbox, ADMINISTRATOR, &Body::RoundStarted(start))
    },
    RoundReady "round started twice" {
        let sandbox = opened();
        let start = sandbox.start(FIRST);
        with(sandbox, ADMINISTRATOR, &Body::RoundStarted(start))
    },
    RoundOrder "a15: closed without an order of the administrator" closing(|closing, sandbox| {
        let round = sandbox.state.round(FIRST).unwrap().id().unwrap();
        let order = CloseOrder { round, time: 0 };
        closing.order = entry::sign_close_order(&sandbox.manifest().event(), &order, &sandbox.log);
    }),
    RoundOrder "an entry of another kind in place of the order" closing(|closing, sandbox| {
        closing.order = sandbox.signed(ADMINISTRATOR, &Body::Cancelled(Cancelled { reason: 1 }));
    }),
    EntryLegal "order to close another round" closing(|closing, sandbox| {
        let order = CloseOrder { round: crate::ids::RoundId([1; 32]), time: START + 3_600 };
        closing.order = entry::sign_close_order(&sandbox.manifest().event(), &order, &sandbox.administrator);
    }),
    RoundTime "order given before the round was started" closing(|closing, sandbox| {
        let order = CloseOrder { round: sandbox.state.round(FIRST).unwrap().id().unwrap(), time: START - 1 };
        closing.order = entry::sign_close_order(&sandbox.manifest().event(), &order, &sandbox.administrator);
    }),
    EntrySignature "round closed by the administrator alone" {
        let mut sandbox = opened();
        sandbox.vote_all();
        let closing = sandbox.state.closing_entry(&sandbox.close_order(), START + 3_601).unwrap();
        with(sandbox, ADMINISTRATOR, &Body::RoundClosed(closing))
    },
    EntrySignature "event cancelled by a trustee" {
        with(Sandbox::new(1), trustee(1), &Body::Cancelled(Cancelled { reason: 1 }))
    },
    RoundCount "a15: ballot dropped from the count at closing" closing(|closing, _| closing.ballots -= 1),
    RoundTree "closing entry with another root" closing(|closing, _| closing.root.0[0] ^= 1),
    RoundTree "closing entry with another size" closing(|closing, _| closing.size += 1),
    RoundTime "closed before its start" closing(|closing, _| closing.time = START - 1),
    BallotBinding "a2: ballot of another event" {
        let mut other = Sandbox::opened(97);
        let sealed = other.seal(0, &pair());
        let bytes = other.cast(0, &sealed.parts()[0]);
        with_bytes(opened(), bytes)
    },
    BallotBinding "ballot of another round" {
        let mut sandbox = opened();
        let bytes = resigned(&mut sandbox, |sealed| sealed.round.0[0] ^= 1);
        with_bytes(sandbox, bytes)
    },
    BallotEligible "a11: stuffed ballot of a credential that is not on the roll" {
        let mut sandbox = opened();
        sandbox.voters[0].secret = crate::credential::CodeSecret::testing_only([77; 32]);
        let sealed = sandbox.seal(0, &pair());
        let bytes = sandbox.cast(0, &sealed.parts()[0]);
        with_bytes(sandbox, bytes)
    },
    BallotContests "missing contest" {
        let mut sandbox = opened();
        let bytes = resigned(&mut sandbox, |sealed| { sealed.sections.pop(); });
        with_bytes(sandbox, bytes)
    },
    BallotContests "wrong number of cells" {
        let mut sandbox = opened();
        let bytes = resigned(&mut sandbox, |sealed| sealed.sections[0].ciphertexts.truncate(64));
        with_bytes(sandbox, bytes)
    },
    BallotContests "a3: byte behind the ciphertexts" {
        let mut sandbox = opened();
        let bytes = resigned(&mut sandbox, |sealed| sealed.sections[0].ciphertexts.push(0));
        with_bytes(sandbox, bytes)
    },
    BallotContests "a4: identity as first component" {
        let mut sandbox = opened();
        let bytes = resigned(&mut sandbox, |sealed| sealed.sections[0].ciphertexts[..32].fill(0));
        with_bytes(sandbox, bytes)
    },
    BallotContests "a3: response that is not reduced" {
        let mut sandbox = opened();
        let bytes = resigned(&mut sandbox, |sealed| *sealed.sections[0].argument.last_mut().unwrap() = 0xff);
        with_bytes(sandbox, bytes)
    },
    BallotProof "changed ciphertext" {
        let mut sandbox = opened();
        let bytes = resigned(&mut sandbox, |sealed| shift(&mut sealed.sections[0].ciphertexts[32..64]));
        with_bytes(sandbox, bytes)
    },
    BallotProof "changed response" {
        let mut sandbox = opened();
        let bytes = resigned(&mut sandbox, |sealed| {
            let from = sealed.sections[0].argument.len() - 32;
            sealed.sections[0].argument[from] ^= 1;
        });
        with_bytes(sandbox, bytes)
    },
    BallotProof "argument of another ballot" {
        let mut sandbox = opened();
        let other = unsent(&mut sandbox).sealed.sections[0].argument.clone();
        let bytes = resigned(&mut sandbox, |sealed| sealed.sections[0].argument = other);
        with_bytes(sandbox, bytes)
    },
    BallotProof "a10: ballot copied under another credential" {
        let mut sandbox = opened();
        let mut copied = unsent(&mut sandbox);
        copied.sealed.credential = sandbox.credential(2, FIRST).key();
        let sealed = codec::to_bytes(&copied.sealed);
        let bytes = sandbox.cast(2, &sealed);
        with_bytes(sandbox, bytes)
    },
    BallotProof "a10: contest copied within a ballot" {
        let mut sandbox = opened();
        let sealed = sandbox.seal(1, &[chosen(&[0]), chosen(&[0]), chosen(&[0])]);
        let bytes = sandbox.cast(1, &sealed.parts()[0]);
        let mut entry: BallotEntry = codec::from_bytes(&bytes, tlog::tile::MAX_ENTRY).unwrap();
        // A cell of one contest moved to the same place of another.
        let moved = entry.sealed.sections[0].ciphertexts[..64].to_vec();
        entry.sealed.sections[1].ciphertexts[..64].copy_from_slice(&moved);
        let sealed = codec::to_bytes(&entry.sealed);
        let bytes = sandbox.cast(1, &sealed);
        with_bytes(sandbox, bytes)
    },
    BallotProof "a9: over-vote proved for a rule of the voter's own" {
        let mut sandbox = opened();
        let rules = sandbox.state.round(FIRST).unwrap().rules().unwrap().clone();
        let mut plan = sandbox.manifest().round(FIRST).unwrap().clone();
        // Three of three instead of two; as many bits as the real contest has.
        plan.contests[0] = contest(3, Selection { min: 2, max: 3, blank: true }, &[0, 1], false);
        let own = RoundRules::new(rules.binding, &plan).unwrap();
        let key = EncryptionKey::new(rules.binding.joint_key);
        let credential = sandbox.credential(0, FIRST).key();
        let choices = [chosen(&[0, 1, 2]), chosen(&[0])];
        let member = crate::contest::Entitlement { group: sandbox.voters[0].group, weight: 1 };
        let sealed = ballot::seal(&own, &key, member, &credential, &choices, &mut sandbox.rng).unwrap();
        let bytes = sandbox.cast(0, &sealed.parts()[0]);
        with_bytes(sandbox, bytes)
    },
    BallotSignature "a11: signature of somebody else" {
        let mut sandbox = opened();
        let mut entry = unsent(&mut sandbox);
        entry.signature[63] ^= 1;
        with_bytes(sandbox, codec::to_bytes(&entry))
    },
    BallotSignature "a14: counter raised without a signature" {
        let mut sandbox = opened();
        let mut entry = unsent(&mut sandbox);
        entry.counter += 1;
        with_bytes(sandbox, codec::to_bytes(&entry))
    },
    BallotChain "a14: old ballot offered after its successor" {
        let mut sandbox = opened();
        let old = sandbox.vote(0, &pair());
        sandbox.vote(0, &pair());
        with_bytes(sandbox, old)
    },
    BallotChain "s3: counter that skips one" {
        let mut sandbox = opened();
        let sealed = sandbox.seal(0, &pair());
        let event = tlog::hash::Hash(sandbox.manifest().event().0);
        let bytes = sandbox.cast_after(0, &sealed.parts()[0], 2, event);
        with_bytes(sandbox, bytes)
    },
    BallotChain "s3: foreign predecessor" {
        let mut sandbox = opened();
        let foreign = tlog::hash::leaf_hash(&sandbox.vote(2, &pair()));
        let sealed = sandbox.seal(0, &pair());
        let bytes = sandbox.cast_after(0, &sealed.parts()[0], 1, foreign);
        with_bytes(sandbox, bytes)
    },
    BallotRepeat "a10: own ciphertexts cast again" {
        let mut sandbox = opened();
        let sealed = sandbox.seal(0, &pair()).into_parts().remove(0);
        let bytes = sandbox.cast(0, &sealed);
        sandbox.offer(bytes).unwrap();
        let bytes = sandbox.cast(0, &sealed);
        with_bytes(sandbox, bytes)
    },
    BallotRepeat "a10: two cells of one ballot with the same randomness" {
        let mut sandbox = opened();
        let bytes = with_randomness(&mut sandbox, 1, |contest, cell| {
            let own = if contest == 0 && cell < 2 { 9 } else { 100 * u64::from(contest) + cell as u64 + 1 };
            SecretScalar::from_scalar(Scalar::from(own))
        });
        with_bytes(sandbox, bytes)
    },
    BallotContests "a4: randomness that cancels out in an implied cell" {
        let mut sandbox = opened();
        let bytes = with_randomness(&mut sandbox, 1, |contest, cell| {
            let own = Scalar::from(100 * u64::from(contest) + 9 + u64::from(contest != 2) * cell as u64);
            SecretScalar::from_scalar(if contest == 2 && cell > 0 { -own } else { own })
        });
        with_bytes(sandbox, bytes)
    },
    BallotOpen "s12: ballot after the event was cancelled" {
        let mut sandbox = opened();
        let sealed = sandbox.seal(0, &pair());
        let late = sandbox.cast(0, &sealed.parts()[0]);
        sandbox.push(ADMINISTRATOR, &Body::Cancelled(Cancelled { reason: 1 }));
        with_bytes(sandbox, late)
    },
    BallotOpen "ballot of a closed round while the next one is open" {
        let mut sandbox = opened();
        let sealed = sandbox.seal(0, &pair());
        let late = sandbox.cast(0, &sealed.parts()[0]);
        sandbox.close();
        sandbox.not_counted(FIRST);
        sandbox.open(RoundIndex(1));
        with_bytes(sandbox, late)
    },
    BallotOpen "a15: ballot after the round was closed" {
        let mut sandbox = opened();
        let sealed = sandbox.seal(0, &pair());
        let late = sandbox.cast(0, &sealed.parts()[0]);
        sandbox.vote_all();
        sandbox.close();
        with_bytes(sandbox, late)
    },
    BallotOpen "a41: ballot before any round was started" {
        let mut sandbox = opened();
        let sealed = sandbox.seal(0, &pair());
        let early = sandbox.cast(0, &sealed.parts()[0]);
        with_bytes(Sandbox::new(1), early)
    },
    DecryptCheckpoint "a20: partial decryption of another checkpoint" partial(|part| part.size += 1),
    DecryptCheckpoint "a20: partial decryption of another root" partial(|part| part.root.0[0] ^= 1),
    DecryptOnce "second partial decryption of one trustee" {
        let mut sandbox = closed();
        sandbox.decrypt(1);
        let again = sandbox.partial(1);
        with(sandbox, trustee(1), &Body::PartialDecryption(again))
    },
    DecryptOnce "partial decryption after the result" {
        let mut sandbox = decrypted();
        let late = sandbox.partial(3);
        sandbox.result(FIRST);
        with(sandbox, trustee(3), &Body::PartialDecryption(late))
    },
    DecryptShape "a35: missing tally" partial(|part| { part.tallies.pop(); }),
    DecryptShape "a35: missing cell" partial(|part| { part.tallies[0].drain(..32); }),
    DecryptShape "a35: missing proof" partial(|part| { let part = &mut part.tallies[0]; part.truncate(part.len() - 64); }),
    DecryptProof "a6: wrong partial decryption" partial(|part| shift(&mut part.tallies[0][..32])),
    DecryptProof "a6: the part of another cell" partial(|part| part.tallies[0].copy_within(..32, 32)),
    DecryptProof "a6: the proof of another tally" partial(|part| {
        let proof = part.tallies[1].len() - 64;
        let other = part.tallies[1][proof..].to_vec();
        let own = part.tallies[0].len() - 64;
        part.tallies[0][own..].copy_from_slice(&other);
    }),
    DecryptProof "a6: partial decryption of another trustee" {
        let mut sandbox = closed();
        let part = sandbox.partial(1);
        with(sandbox, trustee(2), &Body::PartialDecryption(part))
    },
    DecryptMinimum "a36: too few ballots" {
        let mut sandbox = opened();
        sandbox.vote(0, &pair());
        sandbox.close();
        let part = closed().partial(1);
        with(sandbox, trustee(1), &Body::PartialDecryption(part))
    },
    DecryptMinimum "s12: one credential with too much of the weight" {
        let mut sandbox = opened();
        let triple = [chosen(&[0]), chosen(&[0]), chosen(&[0])];
        sandbox.vote(0, &pair());
        sandbox.vote(2, &pair());
        sandbox.vote(1, &triple); // weight 3 of 4 in the second contest
        sandbox.vote(3, &triple);
        sandbox.close();
        let mut part = sandbox.partial(1);
        part.tallies[1] = part.tallies[0].clone();
        with(sandbox, trustee(1), &Body::PartialDecryption(part))
    },
    ResultTrustees "result of fewer trustees than needed" result(|result| result.trustees.truncate(1)),
    ResultTrustees "result that names a trustee who stayed away" result(|result| result.trustees[1].0 = 3),
    ResultTrustees "result that names a trustee twice" result(|result| result.trustees[1] = result.trustees[0]),
    ResultTrustees "trustees of the result out of order" result(|result| result.trustees.reverse()),
    ResultTotals "result off by one" result(|result| result.totals[0].0[0] += 1),
    ResultTotals "a9: total modulo the group order" result(|result| result.totals[0].0[0] = u64::MAX),
    ResultTotals "a35: missing totals" result(|result| { result.totals.pop(); }),
    ResultTotals "a35: no totals at all" result(|result| result.totals = vec![Totals(vec![]); 4]),
    ResultOnce "second result" {
        let mut sandbox = decrypted();
        sandbox.result(FIRST);
        let other = sandbox.state.compute_result(FIRST).unwrap();
        with(sandbox, ADMINISTRATOR, &Body::RoundResult(other))
    },
    ResultOnce "not counted although enough ballots are there" {
        let sandbox = closed();
        let round = sandbox.state.round(FIRST).unwrap().id().unwrap();
        with(sandbox, ADMINISTRATOR, &Body::NotCounted(NotCounted { round }))
    },
    ResultOnce "not counted twice" {
        let mut sandbox = opened();
        let round = sandbox.state.round(FIRST).unwrap().id().unwrap();
        sandbox.close();
        sandbox.not_counted(FIRST);
        with(sandbox, ADMINISTRATOR, &Body::NotCounted(NotCounted { round }))
    },
    RoundAttendance "more members present than are on the roll" {
        let mut sandbox = opened();
        let round = sandbox.state.round(FIRST).unwrap().id().unwrap();
        let present = |members| GroupAttendance { excused: (1, 1), present: (members, members) };
        sandbox.vote(0, &pair());
        let body = Body::Attendance(Attendance { round, groups: vec![present(2), present(3)] });
        with(sandbox, REGISTRAR, &body)
    },
    OutcomeTrue "an outcome that the totals do not give" {
        let mut sandbox = decrypted();
        sandbox.result(FIRST);
        let mut outcome = sandbox.state.compute_outcome(FIRST, None).unwrap();
        outcome.contests[0].verdict = Verdict::Adopted;
        with(sandbox, ADMINISTRATOR, &Body::RoundOutcome(outcome))
    },
    OutcomeTrue "an outcome with another number of members" {
        let mut sandbox = decrypted();
        sandbox.result(FIRST);
        let mut outcome = sandbox.state.compute_outcome(FIRST, None).unwrap();
        outcome.contests[0].numbers.entitled.members += 1;
        with(sandbox, ADMINISTRATOR, &Body::RoundOutcome(outcome))
    },
    CancelEarly "s12: cancelled after a round was closed" {
        with(closed(), ADMINISTRATOR, &Body::Cancelled(Cancelled { reason: 1 }))
    },
}

//! A statement that is accepted has the size that it says, and a value that it admits can be proved and verified.

#![no_main]

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use proofs::bit_vector::{BitVectorProof, prove, verify};
use proofs::elgamal::{Ciphertext, EncryptionKey};
use proofs::group::Generators;
use proofs::linear::{MAX_BITS, MAX_FORMS, MAX_WIDE_VALUES, Relation, Statement, Value};
use proofs::secret::SecretScalar;
use proofs_fuzz::{ENTROPY, context, key, rng};

/// Ranges and coefficients of any size, most of them small.
fn number(u: &mut Unstructured<'_>) -> Result<i64> {
    Ok(if u.ratio(3_u8, 4_u8)? { u.int_in_range(-8..=8)? } else { u.arbitrary()? })
}

fn statement(u: &mut Unstructured<'_>) -> Result<(Vec<Value>, Vec<Relation>)> {
    let mut values = Vec::new();
    for _ in 0..u.int_in_range(0..=4)? {
        // Some of them wide; one beyond 2^40 is refused.
        let max = if u.ratio(1_u8, 4_u8)? { u.int_in_range(65_000..=1 << 41)? } else { number(u)?.unsigned_abs() };
        values.push(if u.arbitrary()? { Value::encrypted(max) } else { Value::committed(max) });
    }
    let mut relations = Vec::new();
    for _ in 0..u.int_in_range(0..=3)? {
        let mut terms = Vec::new();
        for _ in 0..u.int_in_range(0..=4)? {
            terms.push((u.int_in_range(0..=4)?, number(u)?));
        }
        relations.push(Relation { terms, lo: number(u)?, hi: number(u)? });
    }
    Ok((values, relations))
}

fuzz_target!(|data: &[u8]| {
    let mut u = Unstructured::new(data);
    let Ok((values, relations)) = statement(&mut u) else { return };
    let Ok(statement) = Statement::new(values.clone(), relations.clone()) else { return };
    assert_eq!(statement.values(), values);
    assert_eq!(statement.relations(), relations);
    let wide = values.iter().filter(|value| value.is_wide()).count();
    assert_eq!(statement.wide(), wide);
    assert!(wide <= MAX_WIDE_VALUES && statement.bits() <= MAX_BITS && statement.bits() + wide > 0);
    assert!(statement.form_count() <= MAX_FORMS);
    let length = 32 * (statement.bits() + 6 + 4 * wide);
    let range = BitVectorProof::encoded_len(&statement) - length;
    assert_eq!(range > 0, wide > 0);
    assert!(range <= 32 * (9 + 2 * 12));

    // Reduced by the range, so that most values are within it; relations decide whether the witness is one.
    let secret = values.iter().map(|value| u.arbitrary::<u64>().map(|v| v % (value.max + 1)));
    let Ok(secret) = secret.collect::<Result<Vec<_>>>() else { return };
    let sum = |relation: &Relation| -> i128 {
        relation.terms.iter().map(|(i, c)| i128::from(*c) * i128::from(secret[*i])).sum()
    };
    let within = |relation: &Relation| (i128::from(relation.lo)..=i128::from(relation.hi)).contains(&sum(relation));
    let is_true = relations.iter().all(within);

    let generators = Generators::for_statements([&statement]);
    let key = EncryptionKey::new(key().1);
    let mut rng = rng();
    let randomness: Vec<_> = (0..statement.encrypted()).map(|_| SecretScalar::random(&mut rng)).collect();
    let pairs = statement.encrypt(&key, &secret, &randomness).expect("a value and a randomness each");
    let pairs: Vec<_> = pairs.iter().map(Ciphertext::compress).collect();
    let proof = prove(&mut context(), &statement, &generators, &key, &pairs, &secret, &randomness, &mut rng);
    assert_eq!(proof.is_ok(), is_true);
    if let Ok(proof) = proof {
        let read = BitVectorProof::from_bytes(&statement, &proof.to_bytes());
        assert_eq!(read.as_ref(), Ok(&proof));
        let verdict = verify(&mut context(), &statement, &generators, key.public(), &pairs, proof, &ENTROPY);
        assert_eq!(verdict, Ok(()));
    }
});

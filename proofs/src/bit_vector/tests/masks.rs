//! What a prover draws for wide values: that it hides them, that it depends on them, and that it stands before x.

use super::*;
use crate::range;

/// A statement of one wide value and nothing else: not a single bit.
fn alone() -> (Statement, Generators) {
    let statement = Statement::new(vec![Value::encrypted(1_000_000)], vec![]).unwrap();
    let generators = Generators::for_statements([&statement]);
    (statement, generators)
}

/// F1, A1: V holds a small value and has an honest range proof; f' answers for the huge one of the ciphertext; W is computed
/// after x so that the equation of V holds. It is bound before x, so that x is another one then.
#[test]
#[allow(non_snake_case, reason = "letters of the notation: capitals are points")]
fn f1_mask_commitment_computed_after_x_is_refused() {
    let mut rng = rng(40);
    let mut draw = || *SecretScalar::random(&mut rng).expose();
    let (statement, generators) = alone();
    let (shape, maxima) = (statement.range_shape().unwrap(), statement.wide_maxima());
    let key = EncryptionKey::new(PublicKey::new(BASE * draw()).unwrap());
    let (huge, small) = (Scalar::from(1_u64 << 63), 5_u64);
    let [rho, gamma, c, t, r, s, z_value] = [0; 7].map(|_| draw());
    let pairs = [key.encrypt(&huge, &SecretScalar::from_scalar(rho)).compress()];
    let V = BASE * Scalar::from(small) + generators.value * gamma;
    let (B, A) = ((generators.blind * r).compress(), (generators.blind * s).compress());
    let mut transcript = context(b"after x");
    transcript.begin_bit_vector(&statement, key.public(), &pairs);
    transcript.commit_values(shape, &[V.compress()]);
    let _y = transcript.commit_bits(&B, &A);
    let E = key.encrypt(&c, &SecretScalar::from_scalar(t)).compress();
    let E = [E.first, E.second];
    let x = transcript.commit_image(&E, &[BASE.compress()]);
    let f = x * huge + c;
    let W = BASE * f + generators.value * z_value - V * x;
    let (z, z_e) = (x * r + s, x * rho + t);
    transcript.bind_responses(&[], &z, &z_e);
    transcript.bind_value_responses(&[f], &[z_value]);
    let mut source = context(b"range").prover_rng(b"range", &mut super::rng(41));
    let range = range::prove(&mut transcript, &generators, shape, maxima, &[small], &[gamma], &mut source).unwrap();
    let wide = Some(WideProof { V: vec![V.compress()], W: vec![W.compress()], f: vec![f], z: vec![z_value], range });
    let proof = BitVectorProof { B, A, E, f: vec![], z, z_e, wide };
    let verdict = verify(&mut context(b"after x"), &statement, &generators, key.public(), &pairs, proof, &ENTROPY);
    assert_eq!(verdict, Err(ProofError::Invalid("argument about encrypted values")));
}

/// A proof about one value with fixed bytes of the operating system and one ciphertext, whatever the value.
fn proof_of(value: u64, seed: u64) -> BitVectorProof {
    let (statement, generators) = alone();
    let key = EncryptionKey::new(PublicKey::new(BASE * Scalar::from(7_u64)).unwrap());
    let randomness = [SecretScalar::from_wide_bytes(&[3; 64])];
    let pairs = statement.encrypt(&key, &[1], &randomness).unwrap();
    let pairs: Vec<_> = pairs.iter().map(|pair| pair.compress()).collect();
    let transcript = &mut context(b"masks");
    prove(transcript, &statement, &generators, &key, &pairs, &[value], &randomness, &mut rng(seed)).unwrap()
}

/// M6: with a broken source of randomness another wide value still gets other blindings and masks. Were they the same,
/// two answers would disclose the difference of the values.
#[test]
fn m6_another_wide_value_gets_other_masks_from_the_same_bytes() {
    let (one, same, other, fresh) = (proof_of(1, 50), proof_of(1, 50), proof_of(2, 50), proof_of(1, 51));
    assert_eq!(one, same, "a function of its inputs");
    for different in [other, fresh] {
        assert!(one.B != different.B && one.A != different.A && one.E != different.E);
        let (one, different) = (one.wide.as_ref().unwrap(), different.wide.as_ref().unwrap());
        // The W have no part of the value: they differ only if the masks do.
        assert_ne!(one.W, different.W);
        let [one, different] = [one, different].map(|wide| wide.V[0].decompress().unwrap());
        assert!(one != different && one + BASE != different, "not the same blinding for 1 and for 1 or 2");
    }
}

/// V is no multiple of G that anybody could find by trying values, and W is none of the mask alone.
#[test]
fn wide_commitments_are_blinded() {
    for value in [0, 1, 1_000_000] {
        let proof = proof_of(value, 52);
        let wide = proof.wide.unwrap();
        assert_ne!(wide.V[0], (BASE * Scalar::from(value)).compress());
        assert_ne!(wide.V[0], wide.W[0]);
        assert_ne!(wide.z[0], Scalar::ZERO);
        assert_ne!(wide.f[0], wide.z[0]);
    }
}

//! An argument that is read is written back byte for byte, and no edit of a valid argument or of its ciphertexts
//! verifies.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use proofs::bit_vector::{BitVectorProof, prove, verify};
use proofs::elgamal::{Ciphertext, CompressedCiphertext, EncryptionKey, PublicKey};
use proofs::group::Generators;
use proofs::linear::{Relation, Statement, Value};
use proofs::secret::SecretScalar;
use proofs_fuzz::{ENTROPY, context, edited, key, rng};

struct Case {
    statement: Statement,
    generators: Generators,
    key: PublicKey,
    ciphertexts: Vec<u8>,
    argument: Vec<u8>,
}

/// At most one of two cells, and a committed value that is their difference with another one.
static NARROW: LazyLock<Case> = LazyLock::new(|| {
    let values = vec![Value::encrypted(1), Value::encrypted(5), Value::committed(4)];
    let relations = vec![
        Relation { terms: vec![(0, 1), (1, 1)], lo: 0, hi: 5 },
        Relation { terms: vec![(1, 1), (2, -1)], lo: 0, hi: 1 },
    ];
    case(values, relations, &[1, 4, 3])
});

/// A budget over a narrow and two wide cells, so that the proof has commitments, masks and a range proof.
static WIDE: LazyLock<Case> = LazyLock::new(|| {
    let values = vec![Value::encrypted(3), Value::encrypted(70_000), Value::encrypted(1 << 40)];
    let relations = vec![Relation { terms: vec![(0, 1), (1, 1), (2, 1)], lo: 0, hi: 1 << 20 }];
    case(values, relations, &[2, 69_999, 900_000])
});

fn case(values: Vec<Value>, relations: Vec<Relation>, secret: &[u64]) -> Case {
    let statement = Statement::new(values, relations).expect("a valid statement");
    let generators = Generators::for_statements([&statement]);
    let key = EncryptionKey::new(key().1);
    let mut rng = rng();
    let randomness: Vec<_> = (0..statement.encrypted()).map(|_| SecretScalar::random(&mut rng)).collect();
    let pairs = statement.encrypt(&key, secret, &randomness).expect("a randomness for each cell");
    let pairs: Vec<_> = pairs.iter().map(Ciphertext::compress).collect();
    let argument =
        prove(&mut context(), &statement, &generators, &key, &pairs, secret, &randomness, &mut rng).expect("true");
    let ciphertexts = pairs.iter().flat_map(CompressedCiphertext::to_bytes).collect();
    let case = Case { statement, generators, key: *key.public(), ciphertexts, argument: argument.to_bytes() };
    assert!(case.holds(&case.ciphertexts, &case.argument));
    case
}

impl Case {
    fn holds(&self, ciphertexts: &[u8], argument: &[u8]) -> bool {
        let Ok(proof) = BitVectorProof::from_bytes(&self.statement, argument) else { return false };
        assert_eq!(proof.to_bytes(), argument);
        let pairs: Result<Vec<_>, _> =
            ciphertexts.chunks(Ciphertext::BYTES).map(CompressedCiphertext::from_bytes).collect();
        let Ok(pairs) = pairs else { return false };
        let verdict = verify(&mut context(), &self.statement, &self.generators, &self.key, &pairs, proof, &ENTROPY);
        verdict.is_ok()
    }
}

fuzz_target!(|data: &[u8]| {
    for case in [&*NARROW, &*WIDE] {
        let _ = case.holds(&case.ciphertexts, data);
        let mut u = Unstructured::new(data);
        let Ok(argument) = edited(&case.argument, &mut u) else { return };
        let Ok(ciphertexts) = edited(&case.ciphertexts, &mut u) else { return };
        let same = argument == case.argument && ciphertexts == case.ciphertexts;
        assert_eq!(case.holds(&ciphertexts, &argument), same);
    }
});

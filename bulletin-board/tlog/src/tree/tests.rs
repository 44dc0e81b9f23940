//! Trees and proofs against a naive implementation that follows the recursive definitions of RFC 6962 word by word.

use proptest::prelude::*;

use super::*;
use crate::error::ProofError;
use crate::hash::leaf_hash;
use crate::proof::{verify_consistency, verify_inclusion};

/// MTH(D[n]).
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(naive_split(leaves.len()));
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// PATH(m, D[n]).
fn naive_path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = naive_split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut path, sibling) =
        if m < k { (naive_path(m, left), naive_root(right)) } else { (naive_path(m - k, right), naive_root(left)) };
    path.push(sibling);
    path
}

/// SUBPROOF(m, D[n], b).
fn naive_subproof(m: usize, leaves: &[Hash], b: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if b { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let k = naive_split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut proof, sibling) = if m <= k {
        (naive_subproof(m, left, b), naive_root(right))
    } else {
        (naive_subproof(m - k, right, false), naive_root(left))
    };
    proof.push(sibling);
    proof
}

fn naive_split(n: usize) -> usize {
    let mut k = 1;
    while 2 * k < n {
        k *= 2;
    }
    k
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

fn tree_of(leaves: &[Hash]) -> MemoryTree {
    let mut tree = MemoryTree::new();
    leaves.iter().for_each(|leaf| tree.append_leaf_hash(*leaf));
    tree
}

const SIZES: usize = 130;

#[test]
fn roots_agree_with_the_definition() {
    let leaves = leaves(SIZES);
    let tree = tree_of(&leaves);
    let mut compact = CompactTree::new();
    for size in 0..=SIZES {
        let expected = naive_root(&leaves[..size]);
        assert_eq!(tree.root_at(size as u64).unwrap(), expected, "size {size}");
        assert_eq!(tree_of(&leaves[..size]).root(), expected, "size {size}");
        assert_eq!(tree_of(&leaves[..size]).compact(), compact, "size {size}");
        assert_eq!((compact.size(), compact.root()), (size as u64, expected), "size {size}");
        let again = CompactTree::from_edge(compact.size(), compact.edge().to_vec()).unwrap();
        assert_eq!(again, compact);
        if size < SIZES {
            compact.append_leaf_hash(leaves[size]);
        }
    }
}

#[test]
fn inclusion_proofs_agree_with_the_definition_and_verify() {
    let leaves = leaves(SIZES);
    let tree = tree_of(&leaves);
    for size in 1..=SIZES {
        let root = tree.root_at(size as u64).unwrap();
        for index in 0..size {
            let proof = tree.inclusion(index as u64, size as u64).unwrap();
            assert_eq!(proof, naive_path(index, &leaves[..size]), "{index} of {size}");
            verify_inclusion(index as u64, size as u64, &leaves[index], &proof, &root).unwrap();
        }
    }
}

#[test]
fn consistency_proofs_agree_with_the_definition_and_verify() {
    let leaves = leaves(SIZES);
    let tree = tree_of(&leaves);
    for new in 1..=SIZES {
        let new_root = tree.root_at(new as u64).unwrap();
        for old in 1..=new {
            let proof = tree.consistency(old as u64, new as u64).unwrap();
            assert_eq!(proof, naive_subproof(old, &leaves[..new], true), "{old} to {new}");
            let old_root = tree.root_at(old as u64).unwrap();
            verify_consistency(old as u64, new as u64, &old_root, &new_root, &proof).unwrap();
        }
    }
}

#[test]
fn the_planned_nodes_are_those_that_are_used() {
    let tree = tree_of(&leaves(70));
    struct Only(MemoryTree, Vec<NodeId>);
    impl NodeSource for Only {
        fn node(&self, level: u8, index: u64) -> Option<Hash> {
            self.1.contains(&NodeId { level, index }).then(|| self.0.node(level, index)).flatten()
        }
    }
    for size in 1..=70u64 {
        let only = Only(tree.clone(), root_nodes(size));
        assert_eq!(root_at(&only, size).unwrap(), tree.root_at(size).unwrap());
        for other in 0..size {
            let only = Only(tree.clone(), inclusion_nodes(other, size).unwrap());
            assert_eq!(inclusion(&only, other, size).unwrap(), tree.inclusion(other, size).unwrap());
            let only = Only(tree.clone(), consistency_nodes(other, size).unwrap());
            assert_eq!(consistency(&only, other, size).unwrap(), tree.consistency(other, size).unwrap());
        }
    }
}

#[test]
fn impossible_questions_are_refused() {
    let tree = tree_of(&leaves(5));
    assert_eq!(tree.root_at(6), Err(TreeError::SizeAhead { asked: 6, held: 5 }));
    assert_eq!(tree.inclusion(5, 5), Err(TreeError::IndexOutsideTree { index: 5, size: 5 }));
    assert_eq!(tree.inclusion(0, 0), Err(TreeError::IndexOutsideTree { index: 0, size: 0 }));
    assert_eq!(tree.inclusion(0, 6), Err(TreeError::SizeAhead { asked: 6, held: 5 }));
    assert_eq!(tree.consistency(4, 3), Err(TreeError::Shrinks { old: 4, new: 3 }));
    assert_eq!(tree.consistency(0, 5).unwrap(), Vec::new());
    assert_eq!(tree.consistency(5, 5).unwrap(), Vec::new());
    let nothing = MemoryTree::new();
    assert_eq!(nothing.root(), EMPTY_ROOT);
    assert_eq!(root_at(&nothing, 3), Err(TreeError::MissingNode { level: 0, index: 2 }));
    assert_eq!(
        CompactTree::from_edge(3, vec![EMPTY_ROOT]),
        Err(TreeError::EdgeLength { size: 3, expected: 2, found: 1 })
    );
    assert_eq!(CompactTree::from_edge(u64::MAX, vec![EMPTY_ROOT; 64]), Err(TreeError::TooLarge { size: u64::MAX }));
    assert!(inclusion_nodes(u64::MAX - 1, u64::MAX).is_ok());
    assert!(consistency_nodes(1, u64::MAX).is_ok());
}

#[test]
fn consistency_from_the_empty_tree_has_no_proof() {
    let tree = tree_of(&leaves(5));
    let refused = Err(ProofError::EmptyOldTree);
    assert_eq!(verify_consistency(0, 5, &EMPTY_ROOT, &tree.root(), &[]), refused);
    assert_eq!(verify_consistency(0, 0, &EMPTY_ROOT, &EMPTY_ROOT, &[]), refused);
}

/// Every way to spoil a proof a little: a changed bit, a lost, repeated, added or exchanged hash.
fn spoiled(proof: &[Hash], at: usize, bit: usize) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    let mut longer = proof.to_vec();
    longer.insert(at % (proof.len() + 1), leaf_hash(&bit.to_be_bytes()));
    all.push(longer);
    if !proof.is_empty() {
        let at = at % proof.len();
        let mut changed = proof.to_vec();
        changed[at].0[bit / 8 % 32] ^= 1 << (bit % 8);
        all.push(changed);
        let mut shorter = proof.to_vec();
        shorter.remove(at);
        all.push(shorter);
        let mut repeated = proof.to_vec();
        repeated.insert(at, proof[at]);
        all.push(repeated);
        if proof.len() > 1 {
            let mut exchanged = proof.to_vec();
            exchanged.swap(at, (at + 1) % proof.len());
            all.push(exchanged);
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_spoiled_inclusion_proof_fails(size in 1usize..=300, index: u64, at: usize, bit in 0usize..256) {
        let leaves = leaves(size);
        let tree = tree_of(&leaves);
        let (size, index) = (size as u64, index % size as u64);
        let leaf = leaves[index as usize];
        let proof = tree.inclusion(index, size).unwrap();
        let root = tree.root();
        prop_assert!(verify_inclusion(index, size, &leaf, &proof, &root).is_ok());
        for bad in spoiled(&proof, at, bit) {
            prop_assert!(verify_inclusion(index, size, &leaf, &bad, &root).is_err());
        }
        let mut flipped = leaf;
        flipped.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_inclusion(index, size, &flipped, &proof, &root).is_err());
        let mut flipped = root;
        flipped.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_inclusion(index, size, &leaf, &proof, &flipped).is_err());
        for other in [index.wrapping_sub(1), index + 1, index ^ 2, size, u64::MAX] {
            prop_assert!(verify_inclusion(other, size, &leaf, &proof, &root).is_err());
        }
        // The same leaf under an inner node's hash: a node is no leaf.
        prop_assert!(verify_inclusion(index, size, &leaf_hash(root.as_bytes()), &proof, &root).is_err());
    }

    #[test]
    fn a_spoiled_consistency_proof_fails(new in 1usize..=300, old: u64, at: usize, bit in 0usize..256) {
        let tree = tree_of(&leaves(new));
        let new = new as u64;
        let old = 1 + old % new;
        let (old_root, new_root) = (tree.root_at(old).unwrap(), tree.root());
        let proof = tree.consistency(old, new).unwrap();
        prop_assert!(verify_consistency(old, new, &old_root, &new_root, &proof).is_ok());
        for bad in spoiled(&proof, at, bit) {
            prop_assert!(verify_consistency(old, new, &old_root, &new_root, &bad).is_err());
        }
        let mut flipped = old_root;
        flipped.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_consistency(old, new, &flipped, &new_root, &proof).is_err());
        let mut flipped = new_root;
        flipped.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_consistency(old, new, &old_root, &flipped, &proof).is_err());
        for other in [old - 1, old + 1, new + 1] {
            prop_assert!(verify_consistency(other, new, &old_root, &new_root, &proof).is_err());
        }
    }

    #[test]
    fn verifiers_never_panic(a: u64, b: u64, hashes in proptest::collection::vec(any::<[u8; 32]>(), 0..70)) {
        let hashes: Vec<Hash> = hashes.into_iter().map(Hash).collect();
        // A random root is met by no random proof; equal sizes with equal roots are the only way to succeed.
        prop_assert!(verify_inclusion(a, b, &EMPTY_ROOT, &hashes, &leaf_hash(b"r")).is_err());
        prop_assert!(verify_consistency(a, b, &EMPTY_ROOT, &leaf_hash(b"r"), &hashes).is_err());
        prop_assert!(verify_inclusion(a.min(b), u64::MAX, &EMPTY_ROOT, &hashes, &leaf_hash(b"r")).is_err());
    }
}

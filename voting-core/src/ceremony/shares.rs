//! Encryption of one share to its receiver (A29, S9): ephemeral Diffie-Hellman, HKDF-SHA-512, ChaCha20-Poly1305.
//!
//! The key is derived from the shared point with ceremony, dealer, receiver, both encryption keys and the ephemeral point
//! as info, so that it serves this one message and the nonce may be zero.

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use hkdf::Hkdf;
use proofs::elgamal::PublicKey;
use proofs::group::Point;
use proofs::secret::SecretScalar;
use proofs::sigma::possession::PossessionProof;
use rand_core::CryptoRngCore;
use sha2::Sha512;
use zeroize::Zeroizing;

use super::checks::{Setup, StageError};
use super::messages::EncryptedShare;
use crate::context;
use crate::ids::TrusteeIndex;

/// A trustee with the encryption key of this ceremony.
pub(super) type Side<'a> = (TrusteeIndex, &'a PublicKey);

fn cipher(
    setup: &Setup,
    dealer: Side<'_>,
    receiver: Side<'_>,
    ephemeral: &[u8; 32],
    shared: &Point,
) -> ChaCha20Poly1305 {
    let mut key = Zeroizing::new([0_u8; 32]);
    let info: [&[u8]; 7] = [
        b"urna/v1/share",
        setup.ceremony.as_bytes(),
        &dealer.0.0.to_le_bytes(),
        &receiver.0.0.to_le_bytes(),
        &dealer.1.to_bytes(),
        &receiver.1.to_bytes(),
        ephemeral,
    ];
    let shared = Zeroizing::new(shared.compress().to_bytes());
    let expanded = Hkdf::<Sha512>::new(None, shared.as_ref()).expand_multi_info(&info, key.as_mut());
    debug_assert!(expanded.is_ok());
    ChaCha20Poly1305::new(Key::from_slice(key.as_ref()))
}

/// Encrypts a share and proves knowledge of the ephemeral secret.
pub(super) fn encrypt(
    setup: &Setup,
    dealer: Side<'_>,
    receiver: Side<'_>,
    share: &SecretScalar,
    rng: &mut impl CryptoRngCore,
) -> Result<EncryptedShare, StageError> {
    let bad = |_| StageError::Ephemeral(receiver.0);
    let secret = SecretScalar::random(rng);
    let public = PublicKey::of(&secret).map_err(bad)?;
    let mut transcript = context::ephemeral(&setup.event, &setup.ceremony, dealer, receiver);
    let possession = PossessionProof::prove(&mut transcript, &secret, &public, rng).to_bytes();
    let ephemeral = public.to_bytes();
    let shared = receiver.1.point() * secret.expose();
    let cipher = cipher(setup, dealer, receiver, &ephemeral, &shared);
    let sealed = cipher.encrypt(&Nonce::default(), share.expose_bytes().as_ref());
    let sealed = sealed.ok().and_then(|sealed| sealed.try_into().ok());
    Ok(EncryptedShare { ephemeral, possession, sealed: sealed.ok_or(StageError::Ephemeral(receiver.0))? })
}

/// Decrypts a share with the receiver's secret; `None` if the ciphertext is not authentic or no scalar.
pub(super) fn decrypt(
    setup: &Setup,
    dealer: Side<'_>,
    receiver: Side<'_>,
    secret: &SecretScalar,
    share: &EncryptedShare,
) -> Option<SecretScalar> {
    let ephemeral = PublicKey::decode(&share.ephemeral).ok()?;
    let shared = ephemeral.point() * secret.expose();
    let cipher = cipher(setup, dealer, receiver, &share.ephemeral, &shared);
    let bytes = Zeroizing::new(cipher.decrypt(&Nonce::default(), share.sealed.as_slice()).ok()?);
    SecretScalar::from_bytes(&bytes).ok()
}

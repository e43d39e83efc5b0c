//! What every key store keeps to.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test suite")]

use std::sync::Arc;

use uuid::Uuid;

use crate::{KeyStore, LocalKek, Vault, VaultError};

/// Runs every case on a store that may hold other keys.
pub async fn run(store: Arc<dyn KeyStore>) {
    let kek = LocalKek::generate().unwrap();
    let vault = || Vault::new(store.clone(), Arc::new(LocalKek::from_base64(&kek).unwrap()));
    a_key_is_made_once_and_found_by_another_process(&vault).await;
    vault().found().await.unwrap();
    whoever_only_reads_makes_no_key(&vault, &*store).await;
    what_a_shredded_key_sealed_is_gone_everywhere(&vault).await;
    an_unknown_key_is_not_mistaken_for_a_destroyed_one(&vault).await;
    many_keys_are_found_in_one_look_and_none_is_mistaken(&vault, &*store).await;
    an_identifier_keeps_the_first_id_that_it_was_given(&vault, &*store).await;
    the_systems_own_key_is_never_destroyed(&vault).await;
}

async fn a_key_is_made_once_and_found_by_another_process(vault: &impl Fn() -> Vault) {
    let subject = Uuid::now_v7();
    let (one, other) = (vault(), vault());
    let (a, b) = tokio::join!(one.key_of(subject), other.key_of(subject));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!((a.id(), a.subject()), (b.id(), subject));
    let sealed = a.seal(b"c", b"words").unwrap();
    assert_eq!(other.key(a.id()).await.unwrap().open(b"c", &sealed).unwrap(), b"words");
}

async fn whoever_only_reads_makes_no_key(vault: &impl Fn() -> Vault, store: &dyn KeyStore) {
    let subject = Uuid::now_v7();
    assert!(matches!(vault().held_key_of(subject).await, Err(VaultError::UnknownKey)));
    assert!(store.of_subject(subject).await.unwrap().is_none());
    let made = vault().key_of(subject).await.unwrap().id();
    assert_eq!(vault().held_key_of(subject).await.unwrap().id(), made);
}

async fn what_a_shredded_key_sealed_is_gone_everywhere(vault: &impl Fn() -> Vault) {
    let subject = Uuid::now_v7();
    let one = vault();
    let key = one.key_of(subject).await.unwrap();
    one.shred(subject).await.unwrap();
    one.shred(subject).await.unwrap();
    for vault in [one, vault()] {
        assert!(matches!(vault.key(key.id()).await, Err(VaultError::Destroyed)));
        assert!(matches!(vault.key_of(subject).await, Err(VaultError::Destroyed)), "an erased subject gets no new key");
    }
}

async fn many_keys_are_found_in_one_look_and_none_is_mistaken(vault: &impl Fn() -> Vault, store: &dyn KeyStore) {
    let (one, other) = (vault(), vault());
    let [a, b, gone] = [one.key_of(Uuid::now_v7()), one.key_of(Uuid::now_v7()), one.key_of(Uuid::now_v7())];
    let (a, b, gone) = (a.await.unwrap(), b.await.unwrap(), gone.await.unwrap());
    one.shred(gone.subject()).await.unwrap();
    let unknown = Uuid::now_v7();
    let found = store.by_ids(&[unknown, a.id(), gone.id(), b.id()]).await.unwrap();
    let found: Vec<_> = found.iter().map(|key| (key.key_id, key.subject, key.wrapped.is_some())).collect();
    for key in [(a.id(), a.subject(), true), (b.id(), b.subject(), true), (gone.id(), gone.subject(), false)] {
        assert!(found.contains(&key), "{found:?}");
    }
    assert_eq!(found.len(), 3);
    other.prepare([unknown, a.id(), gone.id(), b.id()]).await.unwrap();
    assert_eq!(other.key(b.id()).await.unwrap().subject(), b.subject());
    assert!(matches!(other.key(gone.id()).await, Err(VaultError::Destroyed)));
    assert!(matches!(other.key(unknown).await, Err(VaultError::UnknownKey)));
}

async fn an_unknown_key_is_not_mistaken_for_a_destroyed_one(vault: &impl Fn() -> Vault) {
    assert!(matches!(vault().key(Uuid::now_v7()).await, Err(VaultError::UnknownKey)));
}

async fn an_identifier_keeps_the_first_id_that_it_was_given(vault: &impl Fn() -> Vault, store: &dyn KeyStore) {
    let (one, other) = (vault().identifiers().await.unwrap(), vault().identifiers().await.unwrap());
    let number = Uuid::now_v7();
    let pseudonym = one.pseudonyms().of("number", &[number.as_bytes()]);
    assert_eq!(pseudonym, other.pseudonyms().of("number", &[number.as_bytes()]), "the same in every process");
    let (a, b) = tokio::join!(one.id(pseudonym, Uuid::now_v7()), other.id(pseudonym, Uuid::now_v7()));
    let id = a.unwrap();
    assert_eq!(id, b.unwrap());
    assert_eq!(other.id(pseudonym, Uuid::now_v7()).await.unwrap(), id);
    // What is kept names no id, and opens under its own pseudonym only.
    let sealed = store.identified(pseudonym).await.unwrap().unwrap();
    assert!(!sealed.windows(16).any(|window| window == id.as_bytes()));
    let another = one.pseudonyms().of("number", &[Uuid::now_v7().as_bytes()]);
    store.identify(another, &sealed).await.unwrap();
    assert!(matches!(one.id(another, Uuid::now_v7()).await, Err(VaultError::Tampered)));
}

async fn the_systems_own_key_is_never_destroyed(vault: &impl Fn() -> Vault) {
    let before = vault().pseudonyms().await.unwrap().of("a", &[]);
    assert!(vault().shred(crate::pseudonyms::SYSTEM).await.is_err());
    assert_eq!(vault().pseudonyms().await.unwrap().of("a", &[]), before);
}

use super::keychain::Patience;
use super::*;
use keyring_core::mock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const QUICK: Patience = Patience { start: Duration::from_millis(300), answer: Duration::from_millis(300) };
const CALM: Patience = Patience { start: Duration::from_secs(30), answer: Duration::from_secs(30) };

fn keychain() -> Keychain {
    let store = mock::Store::new().unwrap();
    Keychain::start(Box::new(move || Ok(store.clone())), CALM)
}

fn key(dir: &Path, source: &KeySource, keychain: &Keychain) -> Result<KeyedProfile> {
    profile_key_blocking(dir, source, keychain)
}

fn kind(result: Result<KeyedProfile>) -> ErrorKind {
    result.err().unwrap().kind
}

fn passphrase(text: &str) -> KeySource {
    KeySource::Passphrase(Password::new(text.into()))
}

#[test]
fn the_first_start_makes_a_key_and_the_next_finds_it() {
    let (dir, keychain) = (tempfile::tempdir().unwrap(), keychain());
    let first = key(dir.path(), &KeySource::Keychain, &keychain).unwrap();
    std::fs::write(dir.path().join("profile.db"), b"x").unwrap();
    let second = key(dir.path(), &KeySource::Keychain, &keychain).unwrap();
    assert_eq!(first.key.bytes(), second.key.bytes());
    assert_eq!(second.dir, dir.path());
    assert_ne!(first.key.bytes(), &[0; 32]);
}

#[test]
fn two_profiles_have_two_keys_and_a_moved_one_keeps_its_own() {
    let (dir, keychain) = (tempfile::tempdir().unwrap(), keychain());
    let (one, two, moved) = (dir.path().join("one"), dir.path().join("two"), dir.path().join("moved"));
    let first = key(&one, &KeySource::Keychain, &keychain).unwrap();
    let second = key(&two, &KeySource::Keychain, &keychain).unwrap();
    assert_ne!(first.key.bytes(), second.key.bytes());
    std::fs::rename(&one, &moved).unwrap();
    assert_eq!(key(&moved, &KeySource::Keychain, &keychain).unwrap().key.bytes(), first.key.bytes());
}

#[test]
fn a_lost_key_is_told_and_nothing_is_overwritten() {
    let (dir, full) = (tempfile::tempdir().unwrap(), keychain());
    key(dir.path(), &KeySource::Keychain, &full).unwrap();
    std::fs::write(dir.path().join("profile.db"), b"precious").unwrap();
    let empty = keychain();
    assert_eq!(kind(key(dir.path(), &KeySource::Keychain, &empty)), ErrorKind::KeyUnavailable);
    assert_eq!(kind(key(dir.path(), &KeySource::Keychain, &empty)), ErrorKind::KeyUnavailable);
    assert_eq!(std::fs::read(dir.path().join("profile.db")).unwrap(), b"precious");
    assert!(key(dir.path(), &KeySource::Keychain, &full).is_ok());
    std::fs::remove_file(dir.path().join("profile.id")).unwrap();
    assert_eq!(kind(key(dir.path(), &KeySource::Keychain, &full)), ErrorKind::KeyUnavailable);
    assert!(!dir.path().join("profile.id").exists());
}

#[test]
fn a_keychain_that_hangs_is_given_up_and_a_retry_succeeds_once_it_answers() {
    let dir = tempfile::tempdir().unwrap();
    let store = mock::Store::new().unwrap();
    let gate = Arc::new(Mutex::new(()));
    let (held, opening) = (gate.lock().unwrap(), gate.clone());
    let opener = Box::new(move || {
        drop(opening.lock());
        Ok(store.clone() as Arc<keyring_core::CredentialStore>)
    });
    let keychain = Keychain::start(opener, QUICK);
    assert_eq!(kind(key(dir.path(), &KeySource::Keychain, &keychain)), ErrorKind::KeyUnavailable);
    drop(held);
    let first = key(dir.path(), &KeySource::Keychain, &keychain).unwrap();
    assert_eq!(key(dir.path(), &KeySource::Keychain, &keychain).unwrap().key.bytes(), first.key.bytes());
}

#[test]
fn a_keychain_that_was_not_there_is_opened_anew_by_a_retry() {
    let dir = tempfile::tempdir().unwrap();
    let store = mock::Store::new().unwrap();
    let tries = AtomicU32::new(0);
    let opener = Box::new(move || match tries.fetch_add(1, Ordering::Relaxed) {
        0 => Err(keyring::Error::PlatformFailure("no D-Bus".into())),
        _ => Ok(store.clone() as Arc<keyring_core::CredentialStore>),
    });
    let keychain = Keychain::start(opener, CALM);
    let told = key(dir.path(), &KeySource::Keychain, &keychain).err().unwrap();
    assert_eq!(told.kind, ErrorKind::KeyUnavailable);
    assert!(told.what.contains("no D-Bus"), "{told}");
    assert!(!told.mend.is_empty());
    assert!(key(dir.path(), &KeySource::Keychain, &keychain).is_ok());
}

#[test]
fn a_passphrase_is_used_instead_of_the_keychain_and_the_two_are_never_mixed() {
    let (dir, keychain) = (tempfile::tempdir().unwrap(), keychain());
    let first = key(dir.path(), &passphrase("a b c"), &keychain).unwrap();
    std::fs::write(dir.path().join("profile.db"), b"x").unwrap();
    assert_eq!(key(dir.path(), &passphrase("a b c"), &keychain).unwrap().key.bytes(), first.key.bytes());
    assert_eq!(kind(key(dir.path(), &passphrase("a b"), &keychain)), ErrorKind::KeyUnavailable);
    assert_eq!(kind(key(dir.path(), &KeySource::Keychain, &keychain)), ErrorKind::KeyUnavailable);
    std::fs::remove_file(dir.path().join("key.wrapped")).unwrap();
    assert_eq!(kind(key(dir.path(), &passphrase("a b c"), &keychain)), ErrorKind::KeyUnavailable);
    assert!(!dir.path().join("key.wrapped").exists());
}

#[test]
fn a_key_for_this_run_only_touches_nothing_of_the_profile_and_leaves_nothing() {
    let (dir, keychain) = (tempfile::tempdir().unwrap(), keychain());
    std::fs::write(dir.path().join("profile.db"), b"precious").unwrap();
    let left_by_a_kill = dir.path().join("this-run-0123");
    std::fs::create_dir(&left_by_a_kill).unwrap();
    std::fs::write(left_by_a_kill.join("profile.db"), b"x").unwrap();
    let keyed = key(dir.path(), &KeySource::ThisRunOnly, &keychain).unwrap();
    assert_ne!(keyed.dir, dir.path());
    assert!(keyed.dir.starts_with(dir.path()) && keyed.dir.is_dir());
    std::fs::write(keyed.dir.join("profile.db"), b"y").unwrap();
    drop(keyed);
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["profile.db"]);
    assert_eq!(std::fs::read(dir.path().join("profile.db")).unwrap(), b"precious");
}

#[tokio::test]
async fn the_systems_own_keychain_keeps_a_key() {
    if std::env::var_os("GODWIT_TEST_KEYCHAIN").is_none() {
        eprintln!("skipped: no keychain (set GODWIT_TEST_KEYCHAIN=1 where one is unlocked)");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let first = profile_key(dir.path(), &KeySource::Keychain).await.unwrap();
    std::fs::write(dir.path().join("profile.db"), b"x").unwrap();
    let second = profile_key(dir.path(), &KeySource::Keychain).await.unwrap();
    assert_eq!(first.key.bytes(), second.key.bytes());
    delete_profile_key(dir.path()).await.unwrap();
    delete_profile_key(dir.path()).await.unwrap();
    let told = profile_key(dir.path(), &KeySource::Keychain).await.err().unwrap();
    assert_eq!(told.kind, ErrorKind::KeyUnavailable);
}

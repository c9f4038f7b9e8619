//! The operating system's keychain, spoken to by one thread of its own, because its calls block (on a prompt, on a hung
//! service) and are only ordered within a thread. The store is opened anew after every failure, so that a retry can succeed.
//! Never waits without an end; what was asked and given up is skipped if it had not begun.

use super::{ProfileKey, unavailable};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use godwit_domain::{Error, Result};
use keyring::{Error as StoreError, Result as StoreResult};
use keyring_core::{CredentialStore, Entry};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use zeroize::Zeroizing;

const SERVICE: &str = "Godwit";

/// How long a person waits.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// Until the keychain's service answers at all.
    pub start: Duration,
    /// From then on: a prompt may be open.
    pub answer: Duration,
}

const PATIENCE: Patience = Patience { start: Duration::from_secs(5), answer: Duration::from_secs(20) };

type Opener = Box<dyn Fn() -> StoreResult<Arc<CredentialStore>> + Send>;
type Work<T> = Box<dyn FnOnce(&CredentialStore) -> StoreResult<T> + Send>;
type Job = Box<dyn FnOnce(&mut Desk) + Send>;

/// What the thread owns.
struct Desk {
    opener: Opener,
    store: Option<Arc<CredentialStore>>,
}

impl Desk {
    fn store(&mut self) -> StoreResult<Arc<CredentialStore>> {
        if let Some(store) = &self.store {
            return Ok(store.clone());
        }
        let store = (self.opener)()?;
        self.store = Some(store.clone());
        Ok(store)
    }
}

/// The way to the keychain's thread.
pub struct Keychain {
    jobs: Sender<Job>,
    patience: Patience,
}

enum Said<T> {
    Opened,
    Done(StoreResult<T>),
}

impl Keychain {
    /// The one of this process.
    pub fn of_the_system() -> &'static Self {
        static SYSTEM: OnceLock<Keychain> = OnceLock::new();
        SYSTEM.get_or_init(|| Self::start(Box::new(system_store), PATIENCE))
    }

    pub(super) fn start(opener: Opener, patience: Patience) -> Self {
        let (jobs, inbox) = channel::<Job>();
        let work = move || {
            let mut desk = Desk { opener, store: None };
            while let Ok(job) = inbox.recv() {
                // A store that panics costs one answer (its sender is dropped), not the thread.
                if catch_unwind(AssertUnwindSafe(|| job(&mut desk))).is_err() {
                    desk.store = None;
                }
            }
        };
        // Without a thread the inbox is gone, and every question is answered with that.
        if let Err(error) = std::thread::Builder::new().name("keychain".into()).spawn(work) {
            tracing::warn!(%error, "the keychain's thread did not start");
        }
        Self { jobs, patience }
    }

    /// The key under `id`. Where there is none: a new one, kept and read back, if `may_create`; else `None`.
    pub(super) fn get_or_create(&self, id: &str, may_create: bool) -> Result<Option<ProfileKey>> {
        let id = id.to_owned();
        let text = self.ask(Box::new(move |store| {
            let entry = entry(store, &id)?;
            match entry.get_password() {
                Err(StoreError::NoEntry) if may_create => create(&entry).map(Some),
                Err(StoreError::NoEntry) => Ok(None),
                found => found.map(|text| Some(Zeroizing::new(text))),
            }
        }))?;
        let Some(text) = text else { return Ok(None) };
        let bytes = BASE64.decode(text.trim()).map(Zeroizing::new);
        match bytes.ok().and_then(|bytes| ProfileKey::from_slice(&bytes)) {
            Some(key) => Ok(Some(key)),
            None => Err(unavailable("The keychain's entry for this profile holds no key of Godwit's. Nothing was changed.")
                .mend("Restore the keychain, or start a new profile with --profile DIR.")),
        }
    }

    /// Takes the entry away; fine where there is none.
    pub(super) fn delete(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        self.ask(Box::new(move |store| match entry(store, &id)?.delete_credential() {
            Err(StoreError::NoEntry) => Ok(()),
            done => done,
        }))
    }

    /// Whether the keychain answers, for the doctor: reads the entry of `id` and says nothing of what it holds.
    pub fn check(&self, id: &str) -> Result<()> {
        self.get_or_create(id, false).map(|_| ())
    }

    fn ask<T: Send + 'static>(&self, work: Work<T>) -> Result<T> {
        let (said, heard) = channel::<Said<T>>();
        let given_up = Arc::new(AtomicBool::new(false));
        let skip = given_up.clone();
        let job: Job = Box::new(move |desk| {
            if !skip.load(Ordering::Acquire) {
                do_job(desk, work, &said);
            }
        });
        if self.jobs.send(job).is_err() {
            return Err(silent("The keychain's thread is gone."));
        }
        let answer = self.wait(&heard);
        given_up.store(true, Ordering::Release);
        answer
    }

    fn wait<T>(&self, heard: &Receiver<Said<T>>) -> Result<T> {
        let mut patience = self.patience.start;
        loop {
            match heard.recv_timeout(patience) {
                Ok(Said::Opened) => patience = self.patience.answer,
                Ok(Said::Done(done)) => return done.map_err(|e| told(&e)),
                Err(RecvTimeoutError::Timeout) => {
                    return Err(silent(format!("The keychain did not answer in {} seconds.", patience.as_secs_f32())));
                }
                Err(RecvTimeoutError::Disconnected) => return Err(silent("The keychain broke off.")),
            }
        }
    }
}

fn do_job<T>(desk: &mut Desk, work: Work<T>, said: &Sender<Said<T>>) {
    // Whoever gave up hears nothing more; the sends then go nowhere, which is right.
    let done = desk.store().and_then(|store| {
        let _ = said.send(Said::Opened);
        work(store.as_ref())
    });
    if done.is_err() {
        desk.store = None;
    }
    let _ = said.send(Said::Done(done));
}

fn entry(store: &CredentialStore, id: &str) -> StoreResult<Entry> {
    #[cfg(windows)]
    // The default would roam with the account to other machines.
    let modifiers = Some(std::collections::HashMap::from([("persistence", "Local")]));
    #[cfg(not(windows))]
    let modifiers: Option<std::collections::HashMap<&str, &str>> = None;
    store.build(SERVICE, id, modifiers.as_ref())
}

/// Makes and keeps a key; what is used is what the keychain gives back.
fn create(entry: &Entry) -> StoreResult<Zeroizing<String>> {
    let key = ProfileKey::random().map_err(|e| StoreError::PlatformFailure(Box::new(e)))?;
    let text = Zeroizing::new(BASE64.encode(key.bytes()));
    entry.set_password(&text)?;
    let kept = Zeroizing::new(entry.get_password()?);
    if *kept != *text {
        return Err(StoreError::BadStoreFormat("it gave back something else than it was given".into()));
    }
    Ok(kept)
}

fn system_store() -> StoreResult<Arc<CredentialStore>> {
    #[cfg(target_os = "macos")]
    let store = apple_native_keyring_store::keychain::Store::new()?;
    #[cfg(target_os = "windows")]
    let store = windows_native_keyring_store::Store::new()?;
    #[cfg(all(unix, not(target_os = "macos")))]
    let store = zbus_secret_service_keyring_store::Store::new()?;
    Ok(store)
}

/// A store's error in our words. Only variants whose text can't hold the secret are quoted.
fn told(error: &StoreError) -> Error {
    let why = match error {
        StoreError::PlatformFailure(_) | StoreError::NoStorageAccess(_) | StoreError::BadStoreFormat(_) => error.to_string(),
        StoreError::NotSupportedByStore(_) | StoreError::TooLong(..) | StoreError::NoDefaultStore => error.to_string(),
        StoreError::Ambiguous(_) => "it holds more than one entry for this profile".into(),
        _ => "its entry for this profile can't be read".into(),
    };
    let why: String = why.chars().filter(|c| !c.is_control()).take(200).collect();
    silent(format!("The keychain can't be used: {}.", why.trim_end_matches('.')))
}

fn silent(what: impl Into<String>) -> Error {
    unavailable(what).mend("Unlock the keychain and try again, or use this run only, or a passphrase (GODWIT_PASSPHRASE).")
}

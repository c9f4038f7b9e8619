//! The profile's key: where it comes from and where it is kept. It opens the encrypted store, which holds every other secret.
//! Never writes the key in clear, never replaces one that exists, never falls back from one place to another by itself.
//! The only room that says `keyring`.

mod keychain;
mod wrapped;

pub use keychain::Keychain;

use crate::os::dirs::{create_private_dir, read_small, write_private};
use crate::os::{io_error, random_name};
use godwit_domain::api::Password;
use godwit_domain::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The 32 bytes that open a profile. No Debug, no Display, no Serialize: it can't be printed by mistake.
#[derive(Clone)]
pub struct ProfileKey(Zeroizing<[u8; 32]>);

impl ProfileKey {
    /// A new random one.
    pub fn random() -> Result<Self> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| Error::bug("The system gave no random numbers."))?;
        Ok(Self(bytes))
    }

    /// The bytes, for the one place that opens the store.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn from_slice(bytes: &[u8]) -> Option<Self> {
        <[u8; 32]>::try_from(bytes).ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }
}

/// Where the key is kept: what the person, or the environment, chose.
#[derive(Clone)]
pub enum KeySource {
    /// The operating system's keychain.
    Keychain,
    /// Wrapped by a passphrase, in a file of the profile.
    Passphrase(Password),
    /// Nowhere: a new key and an empty store for this run, gone with it.
    ThisRunOnly,
}

impl KeySource {
    /// `GODWIT_PASSPHRASE` where it is set and not empty, else the keychain.
    pub fn from_env() -> Result<Self> {
        match std::env::var_os("GODWIT_PASSPHRASE") {
            Some(value) if !value.is_empty() => match value.into_string() {
                Ok(passphrase) => Ok(Self::Passphrase(Password::new(passphrase))),
                Err(_) => Err(Error::invalid("GODWIT_PASSPHRASE is not UTF-8.").mend("Set it to text.")),
            },
            _ => Ok(Self::Keychain),
        }
    }
}

/// A key and the folder whose stores it opens.
pub struct KeyedProfile {
    /// The key.
    pub key: ProfileKey,
    /// Where the stores go: the profile itself, or a folder of this run inside it that goes when this value is dropped.
    pub dir: PathBuf,
    _this_run: Option<ThisRun>,
}

/// The key of the profile at `dir`, made and kept at the first start. The caller holds the profile's lock.
/// `KeyUnavailable`: it can't be had; nothing was changed, and the text says what mends it.
pub async fn profile_key(dir: &Path, source: &KeySource) -> Result<KeyedProfile> {
    let (dir, source) = (dir.to_path_buf(), source.clone());
    tokio::task::spawn_blocking(move || profile_key_blocking(&dir, &source, Keychain::of_the_system()))
        .await
        .map_err(|_| Error::bug("Looking for the profile's key failed."))?
}

/// The same on the calling thread, with a keychain of the caller's choice.
pub fn profile_key_blocking(dir: &Path, source: &KeySource, keychain: &Keychain) -> Result<KeyedProfile> {
    create_private_dir(dir)?;
    let key = match source {
        KeySource::Keychain => key_in_keychain(dir, keychain)?,
        KeySource::Passphrase(passphrase) => key_under_passphrase(dir, passphrase)?,
        KeySource::ThisRunOnly => {
            let this_run = ThisRun::start(dir)?;
            return Ok(KeyedProfile { key: ProfileKey::random()?, dir: this_run.0.clone(), _this_run: Some(this_run) });
        }
    };
    Ok(KeyedProfile { key, dir: dir.to_path_buf(), _this_run: None })
}

/// Takes the profile's entry out of the keychain: after its account data is gone, or in tests. What it opened stays shut for ever.
pub async fn delete_profile_key(dir: &Path) -> Result<()> {
    let Some(id) = profile_id(dir)? else { return Ok(()) };
    tokio::task::spawn_blocking(move || Keychain::of_the_system().delete(&id))
        .await
        .map_err(|_| Error::bug("Deleting the profile's key failed."))?
}

fn key_in_keychain(dir: &Path, keychain: &Keychain) -> Result<ProfileKey> {
    if dir.join(wrapped::FILE).exists() {
        return Err(unavailable("This profile is locked with a passphrase.").mend("Give the passphrase, in GODWIT_PASSPHRASE."));
    }
    let (id, has_store) = (profile_id(dir)?, has_store(dir));
    let id = match id {
        Some(id) => id,
        None if has_store => return Err(lost("its profile.id is missing, so nobody knows which key is its own")),
        None => make_profile_id(dir)?,
    };
    match keychain.get_or_create(&id, !has_store)? {
        Some(key) => Ok(key),
        None => Err(lost("it is not in this keychain")),
    }
}

fn key_under_passphrase(dir: &Path, passphrase: &Password) -> Result<ProfileKey> {
    if let Some(key) = wrapped::open(dir, passphrase)? {
        return Ok(key);
    }
    if has_store(dir) {
        return Err(unavailable("This profile is not locked with a passphrase: its key is in the keychain.")
            .mend("Start without GODWIT_PASSPHRASE, or use another profile with --profile DIR."));
    }
    wrapped::create(dir, passphrase, wrapped::COST)
}

/// Whether there is something in the profile that only its key opens.
fn has_store(dir: &Path) -> bool {
    // A file that can't be looked at counts as there: the careful side.
    dir.join("profile.db").try_exists().unwrap_or(true)
}

const ID_FILE: &str = "profile.id";

/// The profile's own name in the keychain: 32 hex digits that stay when the folder moves.
fn profile_id(dir: &Path) -> Result<Option<String>> {
    let Some(bytes) = read_small(&dir.join(ID_FILE), 256)? else { return Ok(None) };
    let id = String::from_utf8_lossy(&bytes).trim().to_owned();
    if id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(Some(id));
    }
    Err(Error::new(ErrorKind::Corrupt, "The profile's profile.id file is damaged.").mend("Put back a backup of this file."))
}

fn make_profile_id(dir: &Path) -> Result<String> {
    let id = random_name()?;
    write_private(&dir.join(ID_FILE), id.as_bytes())?;
    Ok(id)
}

fn unavailable(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::KeyUnavailable, what)
}

fn lost(why: &str) -> Error {
    unavailable(format!("The key of this profile can't be found: {why}. Nothing was changed.")).mend(
        "Unlock or restore the keychain that this profile was made with and try again, or start a new profile with --profile DIR.",
    )
}

/// A folder for one run. It goes when this is dropped; what a kill left over goes at the next start and could be opened by nobody.
struct ThisRun(PathBuf);

const THIS_RUN: &str = "this-run-";

impl ThisRun {
    fn start(profile: &Path) -> Result<Self> {
        let told = |e: std::io::Error| io_error("clear the last run's folder", profile, &e);
        for entry in std::fs::read_dir(profile).map_err(told)? {
            let entry = entry.map_err(told)?;
            let ours = entry.file_name().to_string_lossy().starts_with(THIS_RUN);
            if ours && entry.file_type().map_err(told)?.is_dir() {
                std::fs::remove_dir_all(entry.path()).map_err(told)?;
            }
        }
        let dir = profile.join(format!("{THIS_RUN}{}", random_name()?));
        create_private_dir(&dir)?;
        Ok(Self(dir))
    }
}

impl Drop for ThisRun {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "this run's folder could not be removed; the next start does it");
        }
    }
}

#[cfg(test)]
mod tests;

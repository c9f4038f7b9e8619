//! The profile's key under a passphrase: Argon2id makes a wrapping key, XChaCha20-Poly1305 seals the profile's key with it.
//! The file is made once and never overwritten; a wrong passphrase changes nothing.

use super::{ProfileKey, unavailable};
use crate::os::dirs::{read_small, write_private};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use godwit_domain::api::Password;
use godwit_domain::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;
use zeroize::Zeroizing;

pub const FILE: &str = "key.wrapped";

/// Bound to the sealed key, so that a file of another format is never taken for this one.
const LABEL: &[u8] = b"Godwit profile key, version 1";

/// What one guess costs.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// RFC 9106 section 4, second choice: 64 MiB, 3 passes.
pub const COST: Cost = Cost { memory_kib: 64 << 10, passes: 3, lanes: 4 };

impl Cost {
    /// A file may be hostile: no more than 1 GiB and 16 passes are spent on it.
    fn is_sane(self) -> bool {
        (8..=1 << 20).contains(&self.memory_kib) && (1..=16).contains(&self.passes) && (1..=16).contains(&self.lanes)
    }
}

#[derive(Serialize, Deserialize)]
struct Wrapped {
    version: u32,
    kdf: String,
    cost: Cost,
    salt: String,
    nonce: String,
    key: String,
}

/// Opens the profile's wrapped key; `None` where there is no such file. A wrong passphrase is `KeyUnavailable`.
pub fn open(dir: &Path, passphrase: &Password) -> Result<Option<ProfileKey>> {
    let Some(bytes) = read_small(&dir.join(FILE), 4096)? else { return Ok(None) };
    let file: Wrapped = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
    if file.version != 1 || file.kdf != "argon2id" || !file.cost.is_sane() {
        return Err(damaged());
    }
    let salt = BASE64.decode(&file.salt).map_err(|_| damaged())?;
    let nonce: [u8; 24] = BASE64.decode(&file.nonce).ok().and_then(|n| n.try_into().ok()).ok_or_else(damaged)?;
    let sealed = BASE64.decode(&file.key).map_err(|_| damaged())?;
    let opened =
        cipher(passphrase, &salt, file.cost)?.decrypt(&XNonce::from(nonce), Payload { msg: &sealed, aad: LABEL }).map_err(
            |_| unavailable("The passphrase does not open this profile.").mend("Check it and try again; nothing was changed."),
        )?;
    let opened = Zeroizing::new(opened);
    ProfileKey::from_slice(&opened).map(Some).ok_or_else(damaged)
}

/// Makes a key, seals it and keeps it.
pub fn create(dir: &Path, passphrase: &Password, cost: Cost) -> Result<ProfileKey> {
    let key = ProfileKey::random()?;
    let (mut salt, mut nonce) = ([0u8; 16], [0u8; 24]);
    getrandom::fill(&mut salt)
        .and_then(|()| getrandom::fill(&mut nonce))
        .map_err(|_| Error::bug("The system gave no random numbers."))?;
    let sealed = cipher(passphrase, &salt, cost)?
        .encrypt(&XNonce::from(nonce), Payload { msg: key.bytes(), aad: LABEL })
        .map_err(|_| Error::bug("Sealing the profile's key failed."))?;
    let file = Wrapped {
        version: 1,
        kdf: "argon2id".into(),
        cost,
        salt: BASE64.encode(salt),
        nonce: BASE64.encode(nonce),
        key: BASE64.encode(sealed),
    };
    let text = serde_json::to_vec_pretty(&file).map_err(|_| Error::bug("Writing down the profile's key failed."))?;
    write_private(&dir.join(FILE), &text)?;
    Ok(key)
}

fn cipher(passphrase: &Password, salt: &[u8], cost: Cost) -> Result<XChaCha20Poly1305> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).map_err(|_| damaged())?;
    let mut wrapping = Zeroizing::new([0u8; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.reveal().as_bytes(), salt, wrapping.as_mut_slice())
        .map_err(|_| damaged())?;
    let mut key = Key::from(*wrapping);
    let cipher = XChaCha20Poly1305::new(&key);
    zeroize::Zeroize::zeroize(key.as_mut_slice());
    Ok(cipher)
}

fn damaged() -> Error {
    Error::new(ErrorKind::Corrupt, "The file with this profile's wrapped key (key.wrapped) is damaged.")
        .mend("Put back a backup of this file.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };

    #[test]
    fn the_right_passphrase_opens_and_a_wrong_one_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let right = Password::new("godwits fly far".into());
        assert!(open(dir.path(), &right).unwrap().is_none());
        let key = create(dir.path(), &right, CHEAP).unwrap();
        let before = std::fs::read(dir.path().join(FILE)).unwrap();
        assert_eq!(open(dir.path(), &right).unwrap().unwrap().bytes(), key.bytes());
        let told = open(dir.path(), &Password::new("godwits fly fast".into())).err().unwrap();
        assert_eq!(told.kind, ErrorKind::KeyUnavailable);
        assert_eq!(std::fs::read(dir.path().join(FILE)).unwrap(), before);
        assert!(!before.windows(32).any(|w| w == key.bytes()));
        assert!(!String::from_utf8(before).unwrap().contains(&BASE64.encode(key.bytes())));
    }

    #[test]
    fn a_damaged_file_is_told_and_costs_little() {
        let dir = tempfile::tempdir().unwrap();
        let check = |text: &str| {
            std::fs::write(dir.path().join(FILE), text).unwrap();
            let told = open(dir.path(), &Password::new("x".into())).err().unwrap();
            assert_eq!(told.kind, ErrorKind::Corrupt, "{text}");
        };
        check("");
        check("{}");
        let greedy = r#"{"version":1,"kdf":"argon2id","cost":{"memory_kib":4000000000,"passes":1,"lanes":1},"salt":"","nonce":"","key":""}"#;
        check(greedy);
        check(&greedy.replace("4000000000", "64"));
        check(&greedy.replace("\"version\":1", "\"version\":2"));
    }
}

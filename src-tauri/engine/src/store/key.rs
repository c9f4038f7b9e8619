//! The key that opens a profile's two files: 32 random bytes, wiped on drop.
//! Has no Debug, Display, Clone or Serialize, and enters no log and no error.

use godwit_domain::{Error, Result};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

/// The profile key.
pub struct ProfileKey([u8; 32]);

impl ProfileKey {
    /// Wraps 32 bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A fresh random one.
    pub fn random() -> Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| Error::bug("The system gave no random numbers."))?;
        Ok(Self(bytes))
    }

    /// The value of `PRAGMA key`: raw bytes, no key derivation.
    pub(super) fn pragma(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(67));
        text.push_str("x'");
        for byte in &self.0 {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        text.push('\'');
        text
    }

    /// What is kept beside the files to tell a wrong key from a damaged file: a salt and its hash with the key.
    pub(super) fn check(&self, salt: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(b"godwit profile key").chain_update(salt).chain_update(self.0).finalize().into()
    }
}

impl Drop for ProfileKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

//! What differs between Linux, macOS and Windows on the engine's side: folders, permissions, the profile's lock,
//! the owner's socket. Never anything about mail; no other room asks which system it runs on.

pub mod dirs;
mod frame;
pub(crate) mod jumps;
pub mod lock;
pub(crate) mod meter;
pub(crate) mod network;
mod pipe;
pub mod socket;

pub use dirs::{private_temp, restrict};
pub use lock::ProfileLock;
pub use socket::{Ask, Owner, OwnerCall, OwnerClient, Reply};

use godwit_domain::{Error, ErrorKind};
use std::io;
use std::path::Path;

/// Turns an I/O error into ours. `doing` completes "Godwit could not …"; `path` is told so that the mend can be found.
pub fn io_error(doing: &str, path: &Path, error: &io::Error) -> Error {
    let what = format!("Godwit could not {doing} ({}): {error}.", path.display());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Error::new(ErrorKind::StorageFull, what).mend("Free some space on this disk, then try again.")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Error::new(ErrorKind::ReadOnly, what)
            .mend("Make the profile's folder writable for you, or choose another with --profile."),
        io::ErrorKind::NotFound => Error::gone(what),
        _ => Error::new(ErrorKind::Corrupt, what).mend("Check the disk and the folder, then try again."),
    }
}

/// `bytes` as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 16 random bytes as hex: a name that nobody guesses.
pub(crate) fn random_name() -> godwit_domain::Result<String> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| Error::bug("The system gave no random numbers."))?;
    Ok(hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_read_only_folder_are_told_apart() {
        let told = |kind| io_error("write a file", Path::new("x"), &io::Error::from(kind)).kind;
        assert_eq!(told(io::ErrorKind::StorageFull), ErrorKind::StorageFull);
        assert_eq!(told(io::ErrorKind::ReadOnlyFilesystem), ErrorKind::ReadOnly);
        assert_eq!(told(io::ErrorKind::PermissionDenied), ErrorKind::ReadOnly);
        assert_eq!(told(io::ErrorKind::NotFound), ErrorKind::Gone);
    }
}

//! The lock that makes one process the owner of a profile.
//! The file stays where it is: only the lock on it counts, and that dies with the process, however it dies.

use super::{dirs, io_error};
use godwit_domain::{Error, ErrorKind, Result};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Held as long as this process owns the profile.
#[derive(Debug)]
pub struct ProfileLock {
    dir: PathBuf,
    _file: File,
}

impl ProfileLock {
    /// Takes the lock of the profile at `dir`, creating the folder where there is none. `ProfileInUse`: somebody has it.
    pub fn take(dir: &Path) -> Result<Self> {
        dirs::create_private_dir(dir)?;
        let path = dir.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| io_error("open the profile's lock", &path, &e))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { dir: dir.to_path_buf(), _file: file }),
            Err(TryLockError::WouldBlock) => Err(in_use()),
            Err(TryLockError::Error(e)) => Err(io_error("lock the profile", &path, &e)),
        }
    }

    /// The profile.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

fn in_use() -> Error {
    Error::new(ErrorKind::ProfileInUse, "Another Godwit has this profile open.")
        .mend("Close it, or use another profile with --profile DIR.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_one_owner_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let profile = dir.path().join("new");
        let first = ProfileLock::take(&profile).unwrap();
        assert_eq!(ProfileLock::take(&profile).unwrap_err().kind, ErrorKind::ProfileInUse);
        drop(first);
        assert_eq!(ProfileLock::take(&profile).unwrap().dir(), profile);
    }

    #[test]
    fn two_profiles_never_meet() {
        let dir = tempfile::tempdir().unwrap();
        let _one = ProfileLock::take(&dir.path().join("one")).unwrap();
        assert!(ProfileLock::take(&dir.path().join("two")).is_ok());
    }
}

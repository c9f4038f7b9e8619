//! Where things live on each system, and files that only their owner may read.
//! Never creates anything outside the profile, and never widens a permission.

use super::io_error;
use godwit_domain::{Error, Result};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The profile to use: what was asked for, else `GODWIT_PROFILE`, else the platform's data folder. Always absolute.
pub fn profile(asked: Option<&Path>) -> Result<PathBuf> {
    let chosen = match asked {
        Some(path) => path.to_path_buf(),
        None => match env_path("GODWIT_PROFILE") {
            Some(path) => path,
            None => default_profile()?,
        },
    };
    std::path::absolute(&chosen).map_err(|e| io_error("find the profile's folder", &chosen, &e))
}

/// The platform's own data folder for Godwit.
pub fn default_profile() -> Result<PathBuf> {
    let base = if cfg!(target_os = "windows") {
        env_path("LOCALAPPDATA").map(|dir| dir.join("Godwit"))
    } else if cfg!(target_os = "macos") {
        home().map(|dir| dir.join("Library/Application Support/Godwit"))
    } else {
        env_path("XDG_DATA_HOME")
            .filter(|dir| dir.is_absolute())
            .or_else(|| home().map(|dir| dir.join(".local/share")))
            .map(|dir| dir.join("godwit"))
    };
    base.ok_or_else(|| {
        Error::invalid("Godwit does not know your home folder, so it has no place for its data.")
            .mend("Name one with --profile DIR or GODWIT_PROFILE.")
    })
}

/// The person's folder for downloads.
pub fn downloads() -> Result<PathBuf> {
    let home =
        home().ok_or_else(|| Error::invalid("Godwit does not know your home folder.").mend("Choose a folder yourself."))?;
    if cfg!(any(target_os = "windows", target_os = "macos")) {
        return Ok(home.join("Downloads"));
    }
    let config = env_path("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")).join("user-dirs.dirs");
    let named = fs::read_to_string(config).ok().and_then(|text| xdg_download_dir(&text, &home));
    Ok(named.unwrap_or_else(|| home.join("Downloads")))
}

/// `XDG_DOWNLOAD_DIR` out of a user-dirs.dirs file: absolute, or below `$HOME`.
fn xdg_download_dir(text: &str, home: &Path) -> Option<PathBuf> {
    let value = text.lines().find_map(|line| line.trim().strip_prefix("XDG_DOWNLOAD_DIR="))?;
    let value = value.trim().trim_matches('"');
    let path = match value.strip_prefix("$HOME") {
        Some(rest) => home.join(rest.trim_start_matches('/')),
        None => PathBuf::from(value),
    };
    path.is_absolute().then_some(path)
}

fn env_path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn home() -> Option<PathBuf> {
    env_path(if cfg!(target_os = "windows") { "USERPROFILE" } else { "HOME" })
}

/// Creates a folder that only its owner can enter; one that exists is left as it is.
pub fn create_private_dir(dir: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|e| io_error("create a folder", dir, &e))
}

/// Takes a file away from everyone but its owner (0600). On Windows the profile's own access list does this.
pub fn restrict(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(|e| io_error("protect a file", path, &e))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// The profile's folder for opened attachments: private, and empty at the start. Only the holder of the lock calls this.
pub fn private_temp(profile: &Path) -> Result<PathBuf> {
    let dir = profile.join("tmp");
    match fs::symlink_metadata(&dir) {
        // A link in its place is taken away, never followed.
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(&dir),
        Ok(_) => fs::remove_file(&dir),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
    .map_err(|e| io_error("empty the folder for opened attachments", &dir, &e))?;
    create_private_dir(&dir)?;
    Ok(dir)
}

/// Writes a small file of the profile whole or not at all, readable by its owner only, and on the disk before this returns.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let told = |e: io::Error| io_error("write a file", path, &e);
    let part = path.with_extension(format!("{}.part", super::random_name()?));
    let written = (|| {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)?;
        sync_dir(path.parent())
    })();
    if written.is_err() {
        // The part is ours and useless; that it could not be written is what gets told.
        let _ = fs::remove_file(&part);
    }
    written.map_err(told)
}

/// Makes a rename last through a power cut; Windows has no such call and does without.
fn sync_dir(dir: Option<&Path>) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(dir) = dir {
        fs::File::open(dir)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

/// Reads a small file of the profile; `None` where there is none. More than `limit` bytes is damage.
pub fn read_small(path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
    use std::io::Read;
    let told = |e: io::Error| io_error("read a file", path, &e);
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(told(e)),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() as u64 > limit {
        return Err(Error::new(godwit_domain::ErrorKind::Corrupt, format!("{} is far too long to be right.", path.display()))
            .mend("Put back a backup of this file."));
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_download_folder_is_read_from_the_desktops_own_file() {
        let home = Path::new("/home/marit");
        let read = |text| xdg_download_dir(text, home);
        assert_eq!(read("XDG_DOWNLOAD_DIR=\"$HOME/Nedlastinger\"\n"), Some("/home/marit/Nedlastinger".into()));
        assert_eq!(read("# x\n  XDG_DOWNLOAD_DIR=\"/data/in\"\n"), Some("/data/in".into()));
        assert_eq!(read("XDG_DOWNLOAD_DIR=\"relative\"\n"), None);
        assert_eq!(read("XDG_MUSIC_DIR=\"/x\"\n"), None);
    }

    #[test]
    fn the_temp_folder_is_empty_and_private_at_every_start() {
        let profile = tempfile::tempdir().unwrap();
        let dir = private_temp(profile.path()).unwrap();
        fs::write(dir.join("left over.pdf"), b"x").unwrap();
        let again = private_temp(profile.path()).unwrap();
        assert_eq!(dir, again);
        assert_eq!(fs::read_dir(&again).unwrap().count(), 0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&again).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_place_of_the_temp_folder_is_not_followed() {
        let profile = tempfile::tempdir().unwrap();
        let precious = tempfile::tempdir().unwrap();
        fs::write(precious.path().join("thesis"), b"x").unwrap();
        std::os::unix::fs::symlink(precious.path(), profile.path().join("tmp")).unwrap();
        let dir = private_temp(profile.path()).unwrap();
        assert!(precious.path().join("thesis").exists());
        assert!(fs::symlink_metadata(dir).unwrap().is_dir());
    }

    #[test]
    fn a_private_file_is_whole_and_its_owners() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write_private(&path, b"one").unwrap();
        write_private(&path, b"two").unwrap();
        assert_eq!(read_small(&path, 10).unwrap().unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(read_small(&path, 2).is_err());
        assert_eq!(read_small(&dir.path().join("b"), 2).unwrap(), None);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

//! Puts mail into a private Dovecot by writing Maildir files, thousands a second, and resets its UIDVALIDITY.
//! It knows the Maildir++ names that Dovecot 2.3 reads and nothing of IMAP.

use super::{Dovecot, User};
use crate::sample::Stored;
use anyhow::{Context, Result};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

fn letters(message: &Stored) -> String {
    let marks = [(message.draft, 'D'), (message.flagged, 'F'), (message.answered, 'R'), (message.seen, 'S')];
    // Maildir wants them in alphabetical order.
    marks.into_iter().filter_map(|(on, letter)| on.then_some(letter)).collect()
}

impl Dovecot {
    /// Adds messages to a mailbox, which is made if need be. `path` uses `/`; UIDs follow the order given.
    pub fn import(&self, user: &User, path: &str, messages: &[Stored]) -> Result<()> {
        let folder = self.folder(user, path)?;
        let already = fs::read_dir(folder.join("cur"))?.count();
        for (index, message) in messages.iter().enumerate() {
            let size = message.raw.len();
            // Dovecot gives UIDs by the number before the first dot, so the order given counts there, not the date.
            let order = already + index;
            let name = format!("{order:010}.M{order}P1.godwit,S={size},W={size}:2,{}", letters(message));
            let file_path = folder.join("cur").join(name);
            let mut file = File::create(&file_path)?;
            file.write_all(&message.raw)?;
            let seconds = u64::try_from(message.date).unwrap_or_default();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))?;
            own(&file_path, &folder)?;
        }
        Ok(())
    }

    /// Makes the server forget a mailbox's UIDs: the same mail comes back under a new UIDVALIDITY.
    pub fn reset_uidvalidity(&self, user: &User, path: &str) -> Result<()> {
        let folder = self.folder(user, path)?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == "dovecot-uidlist" || name.starts_with("dovecot.index") {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn folder(&self, user: &User, path: &str) -> Result<PathBuf> {
        let home = self.home(user);
        let mut folder = home.join("Maildir");
        if !path.eq_ignore_ascii_case("INBOX") {
            folder = path.split('/').fold(folder, |folder, part| folder.join(part));
        }
        for name in ["cur", "new", "tmp"] {
            make(&folder.join(name), &self.dir.join("mail"))?;
        }
        Ok(folder)
    }
}

/// Makes a folder with its parents, all belonging to whoever owns `top`.
fn make(folder: &Path, top: &Path) -> Result<()> {
    if folder.exists() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make(parent, top)?;
    }
    fs::create_dir(folder).with_context(|| format!("make {}", folder.display()))?;
    own(folder, top)
}

fn own(path: &Path, like: &Path) -> Result<()> {
    let owner = fs::metadata(like)?;
    if fs::metadata(path)?.uid() != owner.uid() {
        chown(path, Some(owner.uid()), Some(owner.gid())).with_context(|| format!("give away {}", path.display()))?;
    }
    Ok(())
}

//! How a second `godwit` hands its `mailto:` addresses and files to the first: small files in the profile's own
//! `opens/` folder, read and removed by the owner when it is raised. Never holds a message or a secret of the profile.

use crate::args::Open;
use godwit_domain::{Error, ErrorKind, Result};
use std::io::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

const FOLDER: &str = "opens";
/// More than the longest `mailto:` address that is taken, as JSON.
const MAX_BYTES: u64 = 512 * 1024;
/// The most that is taken at once; what lies behind is removed unread.
const MAX_FILES: usize = 16;

/// Leaves something for the owner of the profile.
pub fn leave(profile: &Path, opens: &[Open]) -> Result<()> {
    if opens.is_empty() {
        return Ok(());
    }
    let dir = profile.join(FOLDER);
    let failed =
        |_| Error::new(ErrorKind::ReadOnly, "What was to be opened can't be handed over.").mend("Check the profile's folder.");
    std::fs::create_dir_all(&dir).map_err(failed)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    let name = format!("{now:032}-{}", std::process::id());
    let text = serde_json::to_vec(opens).map_err(|e| Error::bug(format!("Opens can't be written: {e}.")))?;
    // Written under another name first: the owner never reads half a file.
    let half = dir.join(format!(".{name}"));
    let written = std::fs::File::create_new(&half).and_then(|mut file| file.write_all(&text)).map_err(failed);
    written.and_then(|()| std::fs::rename(&half, dir.join(format!("{name}.json"))).map_err(failed))
}

/// Takes what was left, oldest first. What can't be read is removed and logged.
pub fn take(profile: &Path) -> Vec<Open> {
    let Ok(entries) = std::fs::read_dir(profile.join(FOLDER)) else { return Vec::new() };
    let mut paths: Vec<_> = entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "json")).collect();
    paths.sort();
    let mut opens = Vec::new();
    for (index, path) in paths.iter().enumerate() {
        let small = path.symlink_metadata().is_ok_and(|m| m.is_file() && m.len() <= MAX_BYTES);
        if small && index < MAX_FILES {
            match std::fs::read(path).map(|text| serde_json::from_slice::<Vec<Open>>(&text)) {
                Ok(Ok(found)) => opens.extend(found),
                _ => tracing::warn!("something to open was left in a form that can't be read"),
            }
        }
        if let Err(error) = std::fs::remove_file(path) {
            tracing::warn!(kind = ?error.kind(), "what was opened can't be removed");
        }
    }
    opens.truncate(MAX_FILES);
    opens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_second_start_leaves_is_taken_once_and_in_order() {
        let profile = std::env::temp_dir().join(format!("godwit-opens-{}", std::process::id()));
        let mailto = |n: u8| Open::Mailto { url: format!("mailto:{n}@a.example") };
        leave(&profile, &[mailto(1)]).unwrap();
        leave(&profile, &[mailto(2), mailto(3)]).unwrap();
        std::fs::write(profile.join(FOLDER).join("z.json"), b"{").unwrap();
        assert_eq!(take(&profile), [mailto(1), mailto(2), mailto(3)]);
        assert_eq!(take(&profile), []);
        assert_eq!(std::fs::read_dir(profile.join(FOLDER)).unwrap().count(), 0);
        std::fs::remove_dir_all(&profile).unwrap();
    }
}

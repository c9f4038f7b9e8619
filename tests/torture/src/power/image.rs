//! What a disk holds after the power went: all that was synced, and of the rest whatever it pleased to write.

use super::{Did, Op};
use anyhow::Result;
use godwit_tests::sample::Dice;
use std::collections::BTreeMap;
use std::path::Path;

/// A disk writes whole sectors.
const SECTOR: usize = 512;

/// What becomes of writes that nobody synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsynced {
    /// None of them is there.
    Lost,
    /// Some are there, some in part, in any order.
    Some,
    /// All are there.
    Kept,
}

/// File contents by name.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// The files of a folder, without SQLite's shared memory, which no disk keeps.
pub(super) fn files(dir: &Path) -> Result<Files> {
    let mut files = Files::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && !name.ends_with("-shm") {
            files.insert(name, std::fs::read(entry.path())?);
        }
    }
    Ok(files)
}

/// What is left of `before` and these operations.
pub(super) fn after(before: &Files, ops: &[Op], unsynced: Unsynced, dice: &mut Dice) -> Files {
    let mut files = before.clone();
    let mut pending: BTreeMap<&str, Vec<&Did>> = BTreeMap::new();
    for Op { file, did } in ops {
        match did {
            Did::Sync => {
                for did in pending.remove(file.as_str()).unwrap_or_default() {
                    apply(&mut files, file, did, None);
                }
            }
            // SQLite deletes what it has no need of any more; that a file comes back is as if it had not been deleted yet.
            Did::Delete if unsynced == Unsynced::Kept => {
                pending.remove(file.as_str());
                files.remove(file);
            }
            did => pending.entry(file).or_default().push(did),
        }
    }
    for (file, dids) in pending {
        for did in dids {
            match unsynced {
                Unsynced::Lost => {}
                Unsynced::Kept => apply(&mut files, file, did, None),
                Unsynced::Some if dice.once_in(2) => apply(&mut files, file, did, dice.once_in(3).then(|| dice.below(9))),
                Unsynced::Some => {}
            }
        }
    }
    files
}

/// Does it to the file; of a torn write only so many sectors arrive.
fn apply(files: &mut Files, file: &str, did: &Did, sectors: Option<usize>) {
    match did {
        Did::Delete => drop(files.remove(file)),
        Did::Sync => {}
        Did::Truncate(size) => {
            files.entry(file.to_owned()).or_default().resize(usize::try_from(*size).unwrap_or(0), 0);
        }
        Did::Write { at, bytes } => {
            let bytes = &bytes[..sectors.map_or(bytes.len(), |n| (n * SECTOR).min(bytes.len()))];
            let at = usize::try_from(*at).unwrap_or(0);
            let content = files.entry(file.to_owned()).or_default();
            if content.len() < at + bytes.len() {
                content.resize(at + bytes.len(), 0);
            }
            content[at..at + bytes.len()].copy_from_slice(bytes);
        }
    }
}

/// Puts the files into a folder.
pub(super) fn write(files: &Files, dir: &Path) -> Result<()> {
    for (name, content) in files {
        std::fs::write(dir.join(name), content)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_of(at: u64, text: &str) -> Op {
        Op { file: "f".into(), did: Did::Write { at, bytes: text.as_bytes().to_vec() } }
    }

    #[test]
    fn what_was_synced_stays_and_what_was_not_may_go() {
        let sync = Op { file: "f".into(), did: Did::Sync };
        let ops = [write_of(0, "abc"), sync, write_of(1, "XY")];
        let check = |unsynced, is: &str| {
            let files = after(&Files::new(), &ops, unsynced, &mut Dice::new(1));
            assert_eq!(files.get("f").map(|f| String::from_utf8_lossy(f).into_owned()).as_deref(), Some(is));
        };
        check(Unsynced::Lost, "abc");
        check(Unsynced::Kept, "aXY");
    }
}

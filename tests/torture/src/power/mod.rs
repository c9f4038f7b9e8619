//! Power loss: what SQLite wrote is recorded, and what a disk would hold after any moment is put together from that.
//! Unsynced writes are forgotten, wholly or in part; what was synced stays. And a disk that has no more room after any write.

mod full;
mod image;
mod run;
#[allow(unsafe_code)]
mod vfs;

pub use full::{Filled, fill_disk};
pub use run::{Summary, Verdict, lose_power};

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What SQLite did to a file.
#[derive(Clone, Debug)]
enum Did {
    Write { at: u64, bytes: Vec<u8> },
    Truncate(u64),
    Sync,
    Delete,
}

/// One thing done to one file.
#[derive(Clone, Debug)]
struct Op {
    file: String,
    did: Did,
}

/// A folder whose files are recorded.
struct Disk {
    dir: PathBuf,
    ops: Mutex<Vec<Op>>,
    /// How many more writes find room; `None`: all of them.
    room: Mutex<Option<u32>>,
}

impl Disk {
    fn ops(&self) -> MutexGuard<'_, Vec<Op>> {
        self.ops.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_room(&self, writes: Option<u32>) {
        *self.room.lock().unwrap_or_else(PoisonError::into_inner) = writes;
    }

    fn has_room(&self) -> bool {
        *self.room.lock().unwrap_or_else(PoisonError::into_inner) != Some(0)
    }

    /// Whether one more write finds room, which it then takes.
    fn takes(&self) -> bool {
        match self.room.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }

    fn note(&self, file: &str, did: Did) {
        self.ops().push(Op { file: file.to_owned(), did });
    }
}

static WATCHED: Mutex<Vec<Arc<Disk>>> = Mutex::new(Vec::new());

fn watched() -> MutexGuard<'static, Vec<Arc<Disk>>> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Records all that SQLite does below this folder from here on.
fn watch(dir: &Path) -> Arc<Disk> {
    vfs::register();
    let disk = Arc::new(Disk { dir: dir.to_owned(), ops: Mutex::default(), room: Mutex::default() });
    watched().push(disk.clone());
    disk
}

fn forget(disk: &Arc<Disk>) {
    watched().retain(|d| !Arc::ptr_eq(d, disk));
}

/// The recorded folder that a file lies in, and its name there.
fn home_of(path: &Path) -> Option<(Arc<Disk>, String)> {
    let name = path.file_name()?.to_str()?.to_owned();
    let disk = watched().iter().find(|disk| path.parent() == Some(&disk.dir)).cloned()?;
    Some((disk, name))
}

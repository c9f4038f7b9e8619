//! Power loss: what SQLite wrote is recorded, and what a disk would hold after any moment is put together from that.
//! Unsynced writes are forgotten, wholly or in part; what was synced stays.

mod image;
mod run;
#[allow(unsafe_code)]
mod vfs;

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
}

impl Disk {
    fn ops(&self) -> MutexGuard<'_, Vec<Op>> {
        self.ops.lock().unwrap_or_else(PoisonError::into_inner)
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
    let disk = Arc::new(Disk { dir: dir.to_owned(), ops: Mutex::default() });
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

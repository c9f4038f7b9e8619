//! SQLite's own way to the disk, listened to: opens, writes, truncations, syncs and deletions of recorded folders are
//! noted after they are done, and a write may find no room. Everything else passes untouched. The one place of the tests with `unsafe`.

use super::{Did, Disk, home_of};
use rusqlite::ffi::{
    SQLITE_FULL, SQLITE_OK, sqlite3_file, sqlite3_filename, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find,
    sqlite3_vfs_register,
};
use std::collections::HashMap;
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, Once, OnceLock, PoisonError};

/// The default VFS as it was.
struct Real(*mut sqlite3_vfs);
// SAFETY: SQLite's VFS is a static structure that its own threads share; it is only read here.
unsafe impl Send for Real {}
// SAFETY: as above.
unsafe impl Sync for Real {}

static REAL: OnceLock<Real> = OnceLock::new();

/// Methods that note what they do. `patched` comes first, so that a file's pointer to it is a pointer to the whole.
#[repr(C)]
struct Listening {
    patched: sqlite3_io_methods,
    real: *const sqlite3_io_methods,
}

/// One a table of real methods; they live as long as the process.
static TABLES: Mutex<Vec<usize>> = Mutex::new(Vec::new());
/// The recorded folder and the name in it, by the address of SQLite's structure.
type Files = HashMap<usize, (Arc<Disk>, String)>;

/// Open files by the address of SQLite's structure.
static OPEN: Mutex<Option<Files>> = Mutex::new(None);

fn open_files() -> MutexGuard<'static, Option<Files>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the listening VFS the default one, once in a process.
pub(super) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: a null name asks for the default VFS; the copy is leaked, so SQLite may keep it, and only pointers to
        // functions of the same signatures are exchanged in it.
        unsafe {
            let real = sqlite3_vfs_find(std::ptr::null());
            assert!(!real.is_null(), "SQLite has no way to the disk");
            REAL.get_or_init(|| Real(real));
            let mut own = *real;
            own.zName = c"listening".as_ptr();
            own.pNext = std::ptr::null_mut();
            own.xOpen = Some(open);
            own.xDelete = Some(delete);
            assert_eq!(sqlite3_vfs_register(Box::leak(Box::new(own)), 1), SQLITE_OK);
        }
    });
}

fn real() -> *mut sqlite3_vfs {
    REAL.get().map_or(std::ptr::null_mut(), |real| real.0)
}

/// # Safety
/// `name` is null or a C string.
unsafe fn home(name: *const c_char) -> Option<(Arc<Disk>, String)> {
    if name.is_null() {
        return None;
    }
    // SAFETY: promised by the caller.
    let bytes = unsafe { CStr::from_ptr(name) }.to_bytes();
    home_of(Path::new(OsStr::from_bytes(bytes)))
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite calls with what xOpen takes; the real xOpen gets the same, with the VFS it belongs to. After its OK
    // `file` holds the real methods, which stay valid for good, and is ours to change until it is used.
    unsafe {
        let Some(real_open) = (*real()).xOpen else { return SQLITE_OK + 1 };
        let done = real_open(real(), name, file, flags, out);
        if done == SQLITE_OK
            && !(*file).pMethods.is_null()
            && let Some(home) = home(name)
        {
            (*file).pMethods = listening((*file).pMethods);
            open_files().get_or_insert_default().insert(file as usize, home);
        }
        done
    }
}

/// The listening methods around these real ones.
///
/// # Safety
/// `real` points to methods that live as long as the process.
unsafe fn listening(real: *const sqlite3_io_methods) -> *const sqlite3_io_methods {
    let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    for table in tables.iter() {
        let table = *table as *const Listening;
        // SAFETY: every entry is the address of a leaked `Listening`.
        if std::ptr::eq(unsafe { (*table).real }, real) {
            return table.cast();
        }
    }
    // SAFETY: promised by the caller.
    let mut patched = unsafe { *real };
    patched.xClose = Some(close);
    patched.xWrite = Some(write);
    patched.xTruncate = Some(truncate);
    patched.xSync = Some(sync);
    let table: *const Listening = Box::leak(Box::new(Listening { patched, real }));
    tables.push(table as usize);
    table.cast()
}

/// The real methods of an open, recorded file.
///
/// # Safety
/// `file` was opened by `open` above, which gave it a table of `listening`.
unsafe fn methods(file: *mut sqlite3_file) -> &'static sqlite3_io_methods {
    // SAFETY: its methods are the first field of a leaked `Listening`.
    unsafe { &*(*(*file).pMethods.cast::<Listening>()).real }
}

fn home_of_open(file: *mut sqlite3_file) -> Option<(Arc<Disk>, String)> {
    open_files().as_ref().and_then(|files| files.get(&(file as usize)).cloned())
}

fn note(file: *mut sqlite3_file, did: Did) {
    if let Some((disk, name)) = home_of_open(file) {
        disk.note(&name, did);
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    open_files().get_or_insert_default().remove(&(file as usize));
    // SAFETY: `file` is open, and closed by the methods it was opened with.
    unsafe { methods(file).xClose.map_or(SQLITE_OK, |f| f(file)) }
}

unsafe extern "C" fn write(file: *mut sqlite3_file, from: *const c_void, amount: c_int, at: sqlite3_int64) -> c_int {
    if home_of_open(file).is_some_and(|(disk, _)| !disk.takes()) {
        return SQLITE_FULL;
    }
    // SAFETY: SQLite hands over `amount` readable bytes at `from`.
    unsafe {
        let done = methods(file).xWrite.map_or(SQLITE_OK, |f| f(file, from, amount, at));
        if done == SQLITE_OK {
            let bytes = std::slice::from_raw_parts(from.cast::<u8>(), usize::try_from(amount).unwrap_or(0)).to_vec();
            note(file, Did::Write { at: u64::try_from(at).unwrap_or(0), bytes });
        }
        done
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    // SAFETY: the same call, passed on.
    let done = unsafe { methods(file).xTruncate.map_or(SQLITE_OK, |f| f(file, size)) };
    if done == SQLITE_OK {
        note(file, Did::Truncate(u64::try_from(size).unwrap_or(0)));
    }
    done
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: the same call, passed on.
    let done = unsafe { methods(file).xSync.map_or(SQLITE_OK, |f| f(file, flags)) };
    if done == SQLITE_OK {
        note(file, Did::Sync);
    }
    done
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, sync_dir: c_int) -> c_int {
    // SAFETY: the same call, passed on with the VFS it belongs to; `name` is SQLite's own C string.
    unsafe {
        let done = (*real()).xDelete.map_or(SQLITE_OK, |f| f(real(), name, sync_dir));
        if done == SQLITE_OK
            && let Some((disk, file)) = home(name)
        {
            disk.note(&file, Did::Delete);
        }
        done
    }
}

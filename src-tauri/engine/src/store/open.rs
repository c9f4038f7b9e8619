//! Opens the two files of a profile: key, pragmas, schema; tells a wrong key from a damaged file.
//! A damaged cache.db is set aside and built anew; a damaged profile.db is left exactly as it is.

use super::error::{Db, File, corrupt, from_io, from_sqlite};
use super::key::ProfileKey;
use super::migrate::migrate;
use crate::planted::Planted;
use godwit_domain::{Error, ErrorKind, Result};
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What opening found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// The profile was made now.
    pub created: bool,
    /// The cache was damaged; this is where the old file lies. It is built anew from the servers.
    pub damaged_cache: Option<PathBuf>,
    /// Mails in the outbox that have not left yet.
    pub unsent: u32,
    /// Placements whose shown state had to be brought in line with what is wanted (a kill between the two files).
    pub healed: u32,
}

/// Ids of every new cache start this much higher, so that none is ever used again (and all stay exact in a double).
const GENERATION: i64 = 1_000_000_000;
/// Beside cache.db: a statement met damage; the next open reads the whole file.
const SUSPECT: &str = "cache.suspect";
const CHECK: &str = "profile.check";

/// The writer's connections.
pub(super) struct Opened {
    pub(super) profile: Connection,
    pub(super) cache: Connection,
    pub(super) report: OpenReport,
}

/// Opens both files for writing.
pub(super) fn open(dir: &Path, key: &ProfileKey) -> Result<Opened> {
    make_dir(dir)?;
    let proven = key_fits(dir, key)?;
    let mut report = OpenReport::default();
    let (profile, created) = open_profile(dir, key, proven)?;
    report.created = created;
    if !proven {
        write_check(dir, key)?;
    }
    let (cache, fresh) = match open_cache(dir, key) {
        Err(error) if error.kind == ErrorKind::Corrupt => {
            report.damaged_cache = Some(set_aside(dir)?);
            open_cache(dir, key)?
        }
        other => other?,
    };
    if fresh {
        seed(Db::new(&profile, File::Profile), Db::new(&cache, File::Cache))?;
    }
    Ok(Opened { profile, cache, report })
}

/// Connections for reading.
pub(super) fn open_reader(dir: &Path, key: &ProfileKey) -> Result<(Connection, Connection)> {
    let profile = connect(dir, key, File::Profile, Use::Read)?;
    let cache = connect(dir, key, File::Cache, Use::Read)?;
    Ok((profile, cache))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Read,
    Write,
}

/// SQLite takes itself for ready before SQLCipher is: of two threads that open their first files at once one would be told
/// that it has no key. So one connection goes first.
fn wake_library() -> Result<()> {
    static FIRST: Mutex<bool> = Mutex::new(false);
    let mut awake = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
    if !*awake {
        // OpenSSL then leaves its clean-up at exit out. That alone did not stop a crash at exit (SQLCipher frees its own heap
        // there): what does is waiting for the threads, see `Inner::drop`.
        openssl_sys::init();
        Connection::open_in_memory().map_err(|e| from_sqlite(File::Profile, &e))?;
        *awake = true;
    }
    Ok(())
}

fn connect(dir: &Path, key: &ProfileKey, file: File, access: Use) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | if access == Use::Write { OpenFlags::SQLITE_OPEN_CREATE } else { OpenFlags::empty() };
    let sqlite = |e: rusqlite::Error| from_sqlite(file, &e);
    wake_library()?;
    let conn = Connection::open_with_flags(dir.join(file.name()), flags).map_err(sqlite)?;
    // SQLCipher's own log would go to stderr; what it says comes back as a result code too.
    Db::new(&conn, file).batch("PRAGMA cipher_log_level = NONE")?;
    conn.pragma_update(None, "key", key.pragma().as_str()).map_err(sqlite)?;
    conn.busy_timeout(std::time::Duration::from_secs(5)).map_err(sqlite)?;
    conn.set_prepared_statement_cache_capacity(200);
    let db = Db::new(&conn, file);
    db.one("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    if conn.is_readonly("main").map_err(sqlite)? {
        return Err(from_io("writing", &std::io::ErrorKind::ReadOnlyFilesystem.into()));
    }
    let (sync, pages) = match (file, access) {
        (File::Profile, Use::Write) if Planted::ProfileUnsynced.is_on() => ("NORMAL", 4_000),
        (File::Profile, Use::Write) => ("FULL", 4_000),
        (File::Profile, Use::Read) => ("FULL", 2_000),
        (File::Cache, Use::Write) => ("NORMAL", 48_000),
        (File::Cache, Use::Read) => ("NORMAL", 12_000),
    };
    // A first sync writes the same pages of its indexes again and again: the log takes more of them before it is moved.
    let log_pages = if file == File::Cache { 8_000 } else { 2_000 };
    db.batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = {sync}; PRAGMA foreign_keys = ON; PRAGMA mmap_size = 0;
         PRAGMA cache_size = -{pages}; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = {log_pages}; PRAGMA trusted_schema = OFF;"
    ))?;
    if access == Use::Read {
        db.batch("PRAGMA query_only = ON")?;
    }
    Ok(conn)
}

fn open_profile(dir: &Path, key: &ProfileKey, proven: bool) -> Result<(Connection, bool)> {
    let conn = match connect(dir, key, File::Profile, Use::Write) {
        Err(error) if error.kind == ErrorKind::Corrupt && !proven => return Err(wrong_key()),
        other => other?,
    };
    let created = migrate(Db::new(&conn, File::Profile))?;
    Ok((conn, created))
}

fn open_cache(dir: &Path, key: &ProfileKey) -> Result<(Connection, bool)> {
    let conn = connect(dir, key, File::Cache, Use::Write)?;
    let db = Db::new(&conn, File::Cache);
    let suspect = dir.join(SUSPECT);
    if suspect.exists() {
        let sound = db.one("PRAGMA quick_check(1)", [], |r| r.get::<_, String>(0))?.is_some_and(|word| word == "ok");
        if !sound {
            return Err(corrupt(File::Cache));
        }
        remove(&suspect)?;
    }
    let created = migrate(db)?;
    let fresh = created || db.one("SELECT generation FROM meta", [], |_| Ok(()))?.is_none();
    Ok((conn, fresh))
}

/// Notes that a statement met damage, so that the next open looks at the whole file.
pub(super) fn suspect(dir: &Path) {
    if std::fs::write(dir.join(SUSPECT), b"").is_err() {
        tracing::warn!("could not note that cache.db is damaged");
    }
}

/// Moves a damaged cache out of the way, with its log; never deletes it.
fn set_aside(dir: &Path) -> Result<PathBuf> {
    let taken = |n: &u32| !dir.join(format!("cache.db.damaged-{n}")).exists();
    let n = (1..1_000_000u32).find(taken).ok_or_else(|| Error::bug("No name is left for a damaged cache."))?;
    let aside = dir.join(format!("cache.db.damaged-{n}"));
    for (from, to) in [("cache.db-wal", "-wal"), ("cache.db", "")] {
        let target = dir.join(format!("cache.db.damaged-{n}{to}"));
        match std::fs::rename(dir.join(from), target) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(from_io("setting the damaged cache aside", &error)),
        }
    }
    for rest in ["cache.db-shm", SUSPECT] {
        remove(&dir.join(rest))?;
    }
    Ok(aside)
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(from_io("removing a file", &error)),
        _ => Ok(()),
    }
}

/// Gives a new cache its generation and starts its ids above all earlier ones.
fn seed(profile: Db<'_>, cache: Db<'_>) -> Result<()> {
    let generation = profile.one("SELECT cache_generation FROM meta", [], |r| r.get::<_, i64>(0))?.unwrap_or(0);
    profile.run("UPDATE meta SET cache_generation = ?1", [generation + 1])?;
    let base = generation * GENERATION;
    cache.batch("BEGIN IMMEDIATE")?;
    let fill = || -> Result<()> {
        for table in ["mailbox", "message", "placement"] {
            cache.run("DELETE FROM sqlite_sequence WHERE name = ?1", [table])?;
            cache.run("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)", (table, base))?;
        }
        cache.run("INSERT INTO meta (only, generation) VALUES (1, ?1)", [generation])?;
        cache.batch("COMMIT")
    };
    fill().inspect_err(|_| super::migrate::rollback(cache))
}

fn make_dir(dir: &Path) -> Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(dir).map_err(|e| from_io("making the folder", &e))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
            .map_err(|e| from_io("closing the folder to others", &e))?;
    }
    Ok(())
}

/// Whether the key is known to be the right one; a wrong one is an error before any file is touched.
fn key_fits(dir: &Path, key: &ProfileKey) -> Result<bool> {
    let kept = match std::fs::read(dir.join(CHECK)) {
        Ok(kept) => kept,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(from_io("reading", &error)),
    };
    let Some((salt, hash)) = kept.split_at_checked(16).filter(|(_, hash)| hash.len() == 32) else { return Ok(false) };
    if key.check(salt).as_slice() != hash {
        return Err(wrong_key());
    }
    Ok(true)
}

fn write_check(dir: &Path, key: &ProfileKey) -> Result<()> {
    let mut salt = [0u8; 16];
    getrandom::fill(&mut salt).map_err(|_| Error::bug("The system gave no random numbers."))?;
    let mut kept = salt.to_vec();
    kept.extend_from_slice(&key.check(&salt));
    std::fs::write(dir.join(CHECK), kept).map_err(|e| from_io("writing", &e))
}

fn wrong_key() -> Error {
    Error::new(ErrorKind::KeyUnavailable, "The key does not open this profile. Nothing was changed.")
        .mend("Unlock the keychain that made it, give its passphrase or recovery code, or use another profile.")
}

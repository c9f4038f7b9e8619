//! Brings a file to the newest schema: numbered .sql files, one transaction each, counted in `user_version`.
//! A released migration is never edited; `schema.sql` is what all of them together make, kept true by a test.

use super::error::{Db, File};
use godwit_domain::{Error, ErrorKind, Result};

/// The migrations of a file, first to last.
pub(super) const fn migrations(file: File) -> &'static [&'static str] {
    match file {
        File::Profile => &[
            include_str!("migrations/profile/0001.sql"),
            include_str!("migrations/profile/0002.sql"),
            include_str!("migrations/profile/0003.sql"),
            include_str!("migrations/profile/0004.sql"),
            include_str!("migrations/profile/0005.sql"),
        ],
        File::Cache => &[
            include_str!("migrations/cache/0001.sql"),
            include_str!("migrations/cache/0002.sql"),
            include_str!("migrations/cache/0003.sql"),
            include_str!("migrations/cache/0004.sql"),
            include_str!("migrations/cache/0005.sql"),
            include_str!("migrations/cache/0006.sql"),
            include_str!("migrations/cache/0007.sql"),
        ],
    }
}

/// Runs what is missing; answers whether the file was empty before.
pub(super) fn migrate(db: Db<'_>) -> Result<bool> {
    let steps = migrations(db.file);
    let version = db.one("PRAGMA user_version", [], |r| r.get::<_, i64>(0))?.unwrap_or(0);
    let have = usize::try_from(version).unwrap_or(usize::MAX);
    if have > steps.len() {
        return Err(Error::new(ErrorKind::Unsupported, "This profile was last used by a newer Godwit.")
            .mend("Install the newest Godwit, or use another profile."));
    }
    for (at, sql) in steps.iter().enumerate().skip(have) {
        db.batch("BEGIN IMMEDIATE")?;
        let done = db.batch(sql).and_then(|()| db.batch(&format!("PRAGMA user_version = {}", at + 1)));
        match done.and_then(|()| db.batch("COMMIT")) {
            Ok(()) => {}
            Err(error) => {
                rollback(db);
                return Err(error);
            }
        }
    }
    Ok(have == 0)
}

/// Ends a transaction that must not stand. SQLite may have ended it already; nothing more can be done then.
pub(super) fn rollback(db: Db<'_>) {
    if !db.conn.is_autocommit() && db.batch("ROLLBACK").is_err() {
        tracing::error!(file = db.file.name(), "a transaction could not be rolled back");
    }
}

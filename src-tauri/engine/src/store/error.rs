//! The store's door for foreign errors: every SQLite failure becomes a cause and a mend here, by its result code.
//! No statement text, value or message content passes.

use godwit_domain::{Error, ErrorKind, Result};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Params, Row};

/// Which of the two files a statement runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum File {
    /// profile.db
    Profile,
    /// cache.db
    Cache,
}

impl File {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Profile => "profile.db",
            Self::Cache => "cache.db",
        }
    }
}

/// A connection that knows its file, so that errors can name it. Statements are prepared once and kept.
#[derive(Clone, Copy)]
pub(super) struct Db<'c> {
    pub(super) conn: &'c Connection,
    pub(super) file: File,
}

impl<'c> Db<'c> {
    pub(super) fn new(conn: &'c Connection, file: File) -> Self {
        Self { conn, file }
    }

    /// Runs one statement; answers how many rows it changed.
    pub(super) fn run(self, sql: &str, params: impl Params) -> Result<usize> {
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(params)).map_err(|e| from_sqlite(self.file, &e))
    }

    /// Inserts one row; answers its rowid.
    pub(super) fn insert(self, sql: &str, params: impl Params) -> Result<i64> {
        self.conn.prepare_cached(sql).and_then(|mut s| s.insert(params)).map_err(|e| from_sqlite(self.file, &e))
    }

    /// The first row, where there is one.
    pub(super) fn one<T>(
        self,
        sql: &str,
        params: impl Params,
        f: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        self.conn.prepare_cached(sql).and_then(|mut s| s.query_row(params, f).optional()).map_err(|e| from_sqlite(self.file, &e))
    }

    /// All rows.
    pub(super) fn all<T>(self, sql: &str, params: impl Params, f: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Result<Vec<T>> {
        let rows = || -> rusqlite::Result<Vec<T>> { self.conn.prepare_cached(sql)?.query_map(params, f)?.collect() };
        rows().map_err(|e| from_sqlite(self.file, &e))
    }

    /// Several statements without parameters.
    pub(super) fn batch(self, sql: &str) -> Result<()> {
        self.conn.execute_batch(sql).map_err(|e| from_sqlite(self.file, &e))
    }
}

/// What a SQLite error means to a person.
pub(super) fn from_sqlite(file: File, error: &rusqlite::Error) -> Error {
    let rusqlite::Error::SqliteFailure(failure, _) = error else {
        return Error::bug(format!("A value in {} has another form than expected.", file.name()));
    };
    let name = file.name();
    match failure.code {
        ErrorCode::DiskFull => full(),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => read_only(),
        ErrorCode::CannotOpen => Error::new(ErrorKind::ReadOnly, format!("The file {name} can't be opened."))
            .mend("Check that the profile's folder exists and that you may write to it."),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => corrupt(file),
        ErrorCode::SystemIoFailure => {
            Error::new(ErrorKind::StorageFull, format!("The disk failed while {name} was read or written."))
                .mend("Check the disk and its free space, then try again.")
        }
        ErrorCode::TooBig => Error::invalid("This is larger than the store can hold."),
        ErrorCode::OutOfMemory => {
            Error::new(ErrorKind::StorageFull, "The machine has no memory left.").mend("Close something, then try again.")
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            Error::new(ErrorKind::ProfileInUse, format!("Another program holds {name}.")).mend("Close it, then try again.")
        }
        _ => Error::bug(format!("The store could not do this ({name}, SQLite result {}).", failure.extended_code)),
    }
}

/// What a failed file operation in the profile's folder means.
pub(super) fn from_io(doing: &str, error: &std::io::Error) -> Error {
    use std::io::ErrorKind as Io;
    match error.kind() {
        Io::StorageFull | Io::QuotaExceeded => full(),
        Io::PermissionDenied | Io::ReadOnlyFilesystem => read_only(),
        kind => Error::new(ErrorKind::ReadOnly, format!("The profile's folder can't be used: {doing} failed ({kind})."))
            .mend("Check that the folder exists and that you may write to it."),
    }
}

fn full() -> Error {
    Error::new(ErrorKind::StorageFull, "The disk is full.").mend("Free 200 MB, then try again.")
}

fn read_only() -> Error {
    Error::new(ErrorKind::ReadOnly, "The profile can't be written.")
        .mend("Check the rights of the profile's folder, then try again.")
}

/// A damaged file.
pub(super) fn corrupt(file: File) -> Error {
    let error = Error::new(ErrorKind::Corrupt, format!("The file {} is damaged.", file.name()));
    match file {
        File::Cache => error.mend("Start Godwit again: the mail cache is built anew from the server."),
        File::Profile => error.mend("Bring back profile.db from a backup. It was left as it is."),
    }
}

//! The store's door for foreign errors: every SQLite failure becomes a cause and a mend here, by its result code.
//! No statement text, value or message content passes.

use godwit_domain::{Error, ErrorKind, Result};
use rusqlite::{CachedStatement, Connection, ErrorCode, OptionalExtension, Params, Row, ToSql};

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

    /// Inserts rows, many with each statement. `head` ends before VALUES, and `bind` puts `width` values for each row.
    pub(super) fn insert_many<R>(
        self,
        head: &str,
        width: usize,
        rows: &[R],
        bind: impl FnMut(&mut Values<'_, '_>, &R) -> rusqlite::Result<()>,
    ) -> Result<()> {
        self.upsert_many(head, width, "", rows, bind)
    }

    /// The same with what follows the values: what becomes of a row that is there already.
    pub(super) fn upsert_many<R>(
        self,
        head: &str,
        width: usize,
        tail: &str,
        rows: &[R],
        mut bind: impl FnMut(&mut Values<'_, '_>, &R) -> rusqlite::Result<()>,
    ) -> Result<()> {
        let mut insert = || -> rusqlite::Result<()> {
            let (many, rest) = rows.split_at(rows.len() - rows.len() % TOGETHER);
            for (rows, together) in [(many, TOGETHER), (rest, 1)] {
                if rows.is_empty() {
                    continue;
                }
                let mut statement = self.conn.prepare_cached(&insert_sql(head, width, tail, together))?;
                for part in rows.chunks(together) {
                    let mut values = Values { statement: &mut statement, at: 0 };
                    part.iter().try_for_each(|row| bind(&mut values, row))?;
                    statement.raw_execute()?;
                }
            }
            Ok(())
        };
        insert().map_err(|e| from_sqlite(self.file, &e))
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

/// Rows that one statement inserts: each statement costs as much again as a row.
const TOGETHER: usize = 50;

/// The values of a statement, in turn.
pub(super) struct Values<'s, 'c> {
    statement: &'s mut CachedStatement<'c>,
    at: usize,
}

impl Values<'_, '_> {
    /// Binds the next one.
    pub(super) fn put(&mut self, value: impl ToSql) -> rusqlite::Result<()> {
        self.at += 1;
        self.statement.raw_bind_parameter(self.at, value)
    }
}

fn insert_sql(head: &str, width: usize, tail: &str, rows: usize) -> String {
    let row = format!("({})", vec!["?"; width].join(", "));
    format!("{head} VALUES {} {tail}", vec![row; rows].join(", "))
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

pub(super) fn full() -> Error {
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

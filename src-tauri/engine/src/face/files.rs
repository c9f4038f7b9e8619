//! Messages that lie in files: read like any other, behind the same sanitiser and frame, and never part of an account.

use super::messages::{blocking, write_harmless, write_part};
use crate::engine::Engine;
use crate::os;
use godwit_domain::api::*;
use godwit_domain::*;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes that are read of a file.
const MAX_FILE: u64 = 64 << 20;

pub(super) async fn open(engine: &Engine, asked: FileOpen) -> Result<OpenedFile> {
    let engine = engine.clone();
    blocking(move || {
        let path = PathBuf::from(asked.path);
        let (raw, whole) = read(&path)?;
        let parsed = mime::parse(&raw);
        let (token, mut rendered) = engine.inner.reading.open_parsed(raw, &parsed, asked.remote)?;
        if !whole {
            rendered.problems.push(format!("This file is larger than {} MB. Only its beginning is shown.", MAX_FILE >> 20));
        }
        Ok(OpenedFile {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            date: parsed.sent_at(),
            subject: parsed.subject,
            from: parsed.from,
            reply_to: parsed.reply_to,
            to: parsed.to,
            cc: parsed.cc,
            token,
            remote_loaded: asked.remote,
            remote: rendered.remote,
            links: rendered.links,
            attachments: rendered.attachments.into_iter().filter(|a| !a.inline).collect(),
            verdict: rendered.verdict,
            problems: rendered.problems,
        })
    })
    .await?
}

pub(super) async fn save_part(engine: &Engine, asked: FilePartSave) -> Result<String> {
    let raw = engine.inner.reading.raw(&asked.token)?;
    blocking(move || write_part(&raw, asked.part, Path::new(&asked.dir))).await?
}

pub(super) async fn open_part(engine: &Engine, asked: FilePartOpen) -> Result<String> {
    let raw = engine.inner.reading.raw(&asked.token)?;
    let dir = engine.inner.temp.clone();
    blocking(move || write_harmless(&raw, asked.part, &dir)).await?
}

/// The bytes of a file, and whether they are all of it. Only files are read: a pipe or a device could go on for ever.
fn read(path: &Path) -> Result<(Vec<u8>, bool)> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Error::gone("This message file is gone.").mend("See where it was moved to, and open it there.")
        }
        std::io::ErrorKind::PermissionDenied => Error::new(ErrorKind::ReadOnly, "This message file may not be read.")
            .mend("Make it readable for you, then try again."),
        _ => os::io_error("read a file", path, &error),
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(Error::invalid("This is not a file.").mend("Choose a message file (.eml)."));
    }
    let mut raw = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut raw).map_err(failed)?;
    let whole = raw.len() as u64 <= MAX_FILE;
    raw.truncate(MAX_FILE as usize);
    Ok((raw, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_bound_and_nothing_but_a_file_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("letter.eml");
        std::fs::write(&path, "Subject: Hi\n\nx").unwrap();
        assert_eq!(read(&path).unwrap(), (b"Subject: Hi\n\nx".to_vec(), true));
        std::fs::File::create(&path).unwrap().set_len(MAX_FILE + 1).unwrap();
        let (raw, whole) = read(&path).unwrap();
        assert_eq!((raw.len() as u64, whole), (MAX_FILE, false));
        for wrong in [dir.path().to_owned(), dir.path().join("none.eml")] {
            let error = read(&wrong).unwrap_err();
            assert!(!error.what.is_empty() && !error.mend.is_empty(), "{error:?}");
        }
    }
}

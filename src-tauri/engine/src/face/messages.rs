//! Opening a message and what hangs on it: its body, its attachments, its links, its conversation.

use crate::engine::Engine;
use crate::os;
use crate::sync::{BodyLimit, Had};
use base64::Engine as _;
use godwit_domain::api::*;
use godwit_domain::*;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(super) async fn open(engine: &Engine, asked: MessageOpen) -> Result<OpenedMessage> {
    let id = asked.id;
    let store = &engine.inner.context.store;
    let record = store.read(move |r| r.message_of(id)).await?;
    let body = engine.inner.line.readable(id).await?;
    let (had, size) = (body.had, body.size);
    let reading = engine.clone();
    let (token, mut rendered) = blocking(move || reading.inner.reading.open(body.raw, asked.remote)).await??;
    match had {
        Had::Whole => {}
        Had::TooLong => {
            let size = size >> 20;
            rendered.problems.push(format!("This message has {size} MB. Only its beginning is shown."));
        }
        Had::Offline => rendered.problems.push(
            "This is what is kept here of a long message. The rest, with its attachments, comes when the server can be reached."
                .to_owned(),
        ),
    }
    Ok(OpenedMessage {
        id,
        message: record.message,
        thread: record.thread,
        account: record.account,
        mailbox: record.mailbox,
        subject: record.subject,
        from: record.from,
        reply_to: record.reply_to,
        to: record.to,
        cc: record.cc,
        date: record.date,
        flags: godwit_domain::Flags::of(record.flags.bits).names(),
        labels: record.flags.keywords.into_iter().collect(),
        token,
        remote_loaded: asked.remote,
        remote: rendered.remote,
        links: rendered.links,
        attachments: rendered.attachments.into_iter().filter(|a| !a.inline).collect(),
        verdict: rendered.verdict,
        problems: rendered.problems,
    })
}

pub(super) async fn close(engine: &Engine, asked: MessageClose) -> Result<()> {
    engine.inner.reading.close(&asked.token);
    Ok(())
}

pub(super) async fn conversation(engine: &Engine, asked: Conversation) -> Result<Vec<ConversationItem>> {
    engine.inner.context.store.read(move |r| r.conversation(asked.id)).await
}

/// All of a message: half an attachment is none.
pub(super) async fn whole(engine: &Engine, id: PlacementId) -> Result<Vec<u8>> {
    let body = engine.inner.line.body(id, BodyLimit::RAW).await?;
    if body.had != Had::Whole {
        return Err(Error::invalid("This message is larger than 512 MB.").mend("Save its attachments on the provider's website."));
    }
    Ok(body.raw)
}

pub(super) async fn raw(engine: &Engine, asked: MessageRaw) -> Result<String> {
    let raw = whole(engine, asked.id).await?;
    blocking(move || base64::engine::general_purpose::STANDARD.encode(&raw)).await
}

pub(super) async fn save_attachment(engine: &Engine, asked: AttachmentSave) -> Result<Vec<String>> {
    let raw = whole(engine, asked.id).await?;
    blocking(move || {
        let parts: Vec<u32> = match asked.part {
            Some(part) => vec![part],
            None => mime::parse(&raw).attachments.iter().map(|a| a.part).collect(),
        };
        let dir = PathBuf::from(asked.dir);
        parts.into_iter().map(|part| write_part(&raw, part, &dir)).collect::<Result<Vec<String>>>()
    })
    .await?
}

pub(super) async fn open_attachment(engine: &Engine, asked: AttachmentOpen) -> Result<String> {
    let raw = whole(engine, asked.id).await?;
    let dir = engine.inner.temp.clone();
    blocking(move || write_harmless(&raw, asked.part, &dir)).await?
}

/// Writes a part for another program to open, unless that could do harm.
pub(super) fn write_harmless(raw: &[u8], part: u32, dir: &Path) -> Result<String> {
    if let Some(danger) = mime::part(raw, part).and_then(|(attachment, _)| attachment.danger) {
        return Err(Error::invalid(danger).mend("Save it instead, if you trust who sent it."));
    }
    write_part(raw, part, dir)
}

pub(super) async fn link(engine: &Engine, asked: LinkTarget) -> Result<String> {
    engine.inner.reading.link(&asked.token, asked.index)
}

/// Writes one part under its safe name, or that name with a number; never over a file, never outside `dir`.
pub(super) fn write_part(raw: &[u8], part: u32, dir: &Path) -> Result<String> {
    let (attachment, bytes) = mime::part(raw, part)
        .ok_or_else(|| Error::gone("This message has no such attachment.").mend("Open the message again."))?;
    for number in 0..1_000u32 {
        let path = dir.join(numbered(&attachment.name, number));
        match std::fs::OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                if let Err(error) = file.write_all(&bytes).and_then(|()| file.sync_all()) {
                    drop(file);
                    // Half a file is worse than none; that it could not be removed changes nothing about the cause told below.
                    let _ = std::fs::remove_file(&path);
                    return Err(os::io_error("write a file", &path, &error));
                }
                return Ok(path.to_string_lossy().into_owned());
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(os::io_error("write a file", &path, &error)),
        }
    }
    Err(Error::invalid(format!("There are a thousand files named like {} already.", attachment.name))
        .mend("Choose another folder."))
}

/// `plan.pdf`, `plan (1).pdf`, …
fn numbered(name: &str, number: u32) -> String {
    if number == 0 {
        return name.to_owned();
    }
    match name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) {
        Some((stem, extension)) => format!("{stem} ({number}).{extension}"),
        None => format!("{name} ({number})"),
    }
}

/// Parsing and encoding stay off the async threads.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::bug("Reading a message stopped short."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_file_of_a_name_gets_a_number_before_its_extension() {
        assert_eq!(numbered("plan.pdf", 0), "plan.pdf");
        assert_eq!(numbered("plan.pdf", 2), "plan (2).pdf");
        assert_eq!(numbered("README", 1), "README (1)");
        assert_eq!(numbered(".profile", 1), ".profile (1)");
    }
}

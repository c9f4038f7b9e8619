//! `show`, `attachment save`, `parse` and `render`: one message, from the profile or from a file.

use crate::args::Shown;
use crate::face::Face;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Output, readable, table};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use godwit_domain::api::{AttachmentSave, MessageRaw};
use godwit_domain::html::{self, RenderOptions};
use godwit_domain::{Address, Attachment, Error, ErrorKind, Parsed, PlacementId, mime, plain_words};
use serde_json::json;
use std::io::Read;
use std::path::Path;

/// The largest message file that is read: above every server's limit, below what a machine can't hold.
const MAX_FILE: u64 = 512 * 1024 * 1024;

/// Shows a message of the profile.
pub async fn show(face: &mut Face, message: PlacementId, what: Shown, out: Output) -> Outcome {
    let raw = face.ask(MessageRaw { id: message }).await?;
    let raw = STANDARD.decode(raw).map_err(|_| Failure::bug("The message came in a form that can't be read."))?;
    match what {
        Shown::Raw if out.json => out.answer(&json!({ "base64": STANDARD.encode(&raw) }), String::new),
        Shown::Raw => output::write(&raw),
        Shown::Headers => {
            let header = String::from_utf8_lossy(header_of(&raw));
            out.answer(&json!({ "headers": header }), || readable(&header))
        }
        Shown::Text => {
            let parsed = mime::parse(&raw);
            out.answer(&json!({ "text": parsed.text }), || readable(&parsed.text))
        }
        Shown::Html => {
            let html = mime::parse(&raw).html;
            out.answer(&json!({ "html": html }), || readable(html.as_deref().unwrap_or_default()))
        }
        Shown::Structure => {
            let parsed = mime::parse(&raw);
            let shape =
                json!({ "text": !parsed.text.is_empty(), "html": parsed.html.is_some(), "attachments": parsed.attachments });
            out.answer(&shape, || structure(&parsed))
        }
        Shown::Message => {
            let parsed = mime::parse(&raw);
            out.answer(&parsed, || message_text(&parsed))
        }
    }
}

/// Saves all attachments of a message.
pub async fn save(face: &mut Face, message: PlacementId, to: &Path, out: Output) -> Outcome {
    let dir = std::path::absolute(to).map_err(|_| Failure::usage("The folder has no name.", "Write --to DIR."))?;
    let Some(dir) = dir.to_str() else {
        return Err(Failure::usage("The folder's name is not Unicode.", "Choose another folder."));
    };
    let paths = face.ask(AttachmentSave { id: message, part: None, dir: dir.to_owned() }).await?;
    out.answer(&paths, || if paths.is_empty() { "No attachments.".to_owned() } else { readable(&paths.join("\n")) })
}

/// How a file reads.
pub fn parse(file: &Path, out: Output) -> Outcome {
    let parsed = mime::parse(&read(file)?);
    out.answer(&parsed, || message_text(&parsed))
}

/// What the reading pane would make of a file.
pub fn render(file: &Path, allow_remote: bool, out: Output) -> Outcome {
    // There is no frame to serve: parts are named as the frame would ask for them, under a token that never lives.
    let options = RenderOptions { allow_remote, base: "mail://localhost/file/".to_owned() };
    let rendered = html::render(&mime::parse(&read(file)?), &options);
    out.answer(&rendered, || {
        let mut text = readable(&rendered.text);
        for line in &rendered.verdict.reasons {
            text.push_str(&format!("\nCareful: {}", plain_words(line)));
        }
        for remote in &rendered.remote {
            text.push_str(&format!("\n{}: {}", if remote.blocked { "Kept out" } else { "Loaded" }, plain_words(&remote.url)));
        }
        for link in &rendered.links {
            let warning = link.warning.as_deref().map(|w| format!(" ({})", plain_words(w))).unwrap_or_default();
            text.push_str(&format!("\nLink: {}{warning}", plain_words(&link.url)));
        }
        for problem in &rendered.problems {
            text.push_str(&format!("\nProblem: {}", plain_words(problem)));
        }
        text
    })
}

/// A whole file, or standard input for `-`, up to the limit.
pub fn read(file: &Path) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let limited = |source: &mut dyn Read, bytes: &mut Vec<u8>| source.take(MAX_FILE + 1).read_to_end(bytes);
    let read = if file == Path::new("-") {
        limited(&mut std::io::stdin().lock(), &mut bytes)
    } else {
        std::fs::File::open(file).and_then(|mut file| limited(&mut file, &mut bytes))
    };
    read.map_err(|error| {
        let name = plain_words(&file.to_string_lossy());
        Failure::Failed(match error.kind() {
            std::io::ErrorKind::NotFound => {
                Error::gone(format!("There is no file \u{201c}{name}\u{201d}.")).mend("Check the name.")
            }
            std::io::ErrorKind::PermissionDenied => {
                Error::new(ErrorKind::ReadOnly, format!("\u{201c}{name}\u{201d} may not be read.")).mend("Check its permissions.")
            }
            _ => {
                Error::new(ErrorKind::Corrupt, format!("\u{201c}{name}\u{201d} can't be read.")).mend("Check that it is a file.")
            }
        })
    })?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Failure::Failed(Error::invalid("This message is larger than 512 MB.").mend("No mail server would take it.")));
    }
    Ok(bytes)
}

/// The header with the empty line that ends it.
fn header_of(raw: &[u8]) -> &[u8] {
    let end = |mark: &[u8]| raw.windows(mark.len()).position(|w| w == mark).map(|at| at + mark.len());
    let end = [end(b"\r\n\r\n"), end(b"\n\n")].into_iter().flatten().min().unwrap_or(raw.len());
    raw.get(..end).unwrap_or(raw)
}

fn message_text(parsed: &Parsed) -> String {
    let mut out = String::new();
    let mut field = |name: &str, value: String| {
        if !value.is_empty() {
            out.push_str(&format!("{name}: {}\n", plain_words(&value)));
        }
    };
    field("From", addresses(&parsed.from));
    field("To", addresses(&parsed.to));
    field("Cc", addresses(&parsed.cc));
    field("Date", parsed.date.clone().unwrap_or_default());
    field("Subject", parsed.subject.clone());
    for problem in &parsed.problems {
        field("Problem", problem.clone());
    }
    out.push('\n');
    out.push_str(readable(&parsed.text).trim_end());
    out.push('\n');
    if !parsed.attachments.is_empty() {
        out.push('\n');
        out.push_str(&parts(&parsed.attachments));
    }
    out
}

fn structure(parsed: &Parsed) -> String {
    let mut out = String::new();
    if !parsed.text.is_empty() {
        out.push_str(&format!("text: {} characters\n", parsed.text.chars().count()));
    }
    if let Some(html) = &parsed.html {
        out.push_str(&format!("HTML: {} characters\n", html.chars().count()));
    }
    out + &parts(&parsed.attachments)
}

fn parts(attachments: &[Attachment]) -> String {
    let row = |a: &Attachment| {
        let place = if a.inline { "inline" } else { "" }.to_owned();
        vec![a.part.to_string(), a.name.clone(), a.media_type.clone(), a.size.to_string(), place]
    };
    if attachments.is_empty() {
        return String::new();
    }
    table(&["PART", "NAME", "TYPE", "BYTES", ""], &attachments.iter().map(row).collect::<Vec<_>>(), 60)
}

fn addresses(list: &[Address]) -> String {
    let one = |a: &Address| if a.name.is_empty() { a.address.clone() } else { format!("{} <{}>", a.name, a.address) };
    list.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_ends_at_the_first_empty_line() {
        let check = |raw: &[u8], want: &[u8]| assert_eq!(header_of(raw), want);
        check(b"A: 1\r\n\r\nbody\n\n", b"A: 1\r\n\r\n");
        check(b"A: 1\n\nbody\r\n\r\n", b"A: 1\n\n");
        check(b"A: 1", b"A: 1");
        check(b"", b"");
    }

    #[test]
    fn a_file_that_is_not_there_is_told_by_name() {
        match read(Path::new("no such file.eml")) {
            Err(Failure::Failed(error)) => assert_eq!(error.kind, ErrorKind::Gone),
            other => panic!("{other:?}"),
        }
    }
}

//! A whole message, parsed: `mail_parser` finds the parts, our own code decodes, names and judges them. Never fails.

use super::fields::{self, Fields, cleaned, unstructured};
use super::tame::{Blunted, sharpened, tame};
use super::{MAX_ATTACHMENTS, MAX_MESSAGE, MAX_TEXT, charset, cut, danger, flowed, params, safe_name, words};
use crate::{Attachment, Parsed, html};
use mail_parser::{ContentType, Encoding, HeaderName, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use std::borrow::Cow;
use std::collections::HashSet;

/// Parses a message as it came. What is broken is named in `problems`.
pub fn parse(raw: &[u8]) -> Parsed {
    let whole = raw.len() <= MAX_MESSAGE;
    let raw = raw.get(..raw.len().min(MAX_MESSAGE)).unwrap_or_default();
    let fields = Fields::split(raw);
    let mut parsed = of_header(&fields);
    if !whole {
        parsed.problems.push("The message is larger than 128 MB; the rest of it is not shown.".into());
    }
    if fields.is_empty() {
        parsed.problems = vec![if raw.is_empty() { "The message is empty.".into() } else { "The message has no header.".into() }];
        parsed.text = shown(&charset::decode(raw, None).text, &mut parsed.problems);
        return parsed;
    }
    let done = with_message(raw, |message, blunted| {
        let mut problems = blunted.iter().map(|b| said(*b)).collect();
        let (text, html) = bodies(message, &mut problems);
        let attachments = list(message, html.as_deref());
        if message.attachments.len() > MAX_ATTACHMENTS {
            problems
                .push(format!("The message has {} parts; the first {MAX_ATTACHMENTS} are listed.", message.attachments.len()));
        }
        (text, html, attachments, problems)
    });
    match done {
        Some((text, html, attachments, problems)) => {
            parsed.problems.extend(problems);
            (parsed.text, parsed.html, parsed.attachments) = (text, html, attachments);
        }
        None => {
            parsed.problems.push("The parts of the message can't be read; it is shown as it came.".into());
            let body = charset::decode(raw.get(fields.body..).unwrap_or_default(), None).text;
            parsed.text = shown(&body, &mut parsed.problems);
        }
    }
    parsed
}

/// How far the text of a message goes: up to the body of the first part that is neither text nor holds others. For a
/// beginning that is to be kept without the half of an attachment.
pub fn text_end(raw: &[u8]) -> usize {
    let end = with_message(raw, |message, _| {
        // By what it says it is: a file that was cut off may not decode, and then passes for text.
        let is_text = |part: &&MessagePart<'_>| {
            let of_text = |kind: &ContentType<'_>| ["text", "multipart"].iter().any(|t| kind.ctype().eq_ignore_ascii_case(t));
            part.content_type().is_none_or(of_text) && !part.content_disposition().is_some_and(ContentType::is_attachment)
        };
        message.parts.iter().find(|part| !is_text(part)).map(|part| part.offset_body as usize)
    });
    end.flatten().map_or(raw.len(), |end| end.min(raw.len()))
}

/// An attachment by its index in `Parsed::attachments`, with its decoded bytes.
pub fn part(raw: &[u8], index: u32) -> Option<(Attachment, Vec<u8>)> {
    let raw = raw.get(..raw.len().min(MAX_MESSAGE))?;
    with_message(raw, |message, _| {
        let part = message.attachment(index).filter(|_| (index as usize) < MAX_ATTACHMENTS)?;
        let bytes = bytes_of(message, part).into_owned();
        let (_, html) = bodies(message, &mut Vec::new());
        Some((attachment(message, part, index, bytes.len(), &referenced(html.as_deref())), bytes))
    })?
}

/// An inline part by its Content-ID, as `cid:` names it.
pub fn part_by_content_id(raw: &[u8], content_id: &str) -> Option<(Attachment, Vec<u8>)> {
    let wanted = parse(raw).attachments.into_iter().find(|a| a.content_id.as_deref() == Some(content_id))?;
    part(raw, wanted.part)
}

fn with_message<T>(raw: &[u8], work: impl FnOnce(&Message<'_>, &[Blunted]) -> T) -> Option<T> {
    super::guarded(|| {
        let (tamed, blunted) = tame(raw);
        let parser = MessageParser::new().with_mime_headers().default_header_ignore();
        let message = parser.parse(tamed.as_ref())?;
        Some(work(&message, &blunted))
    })?
}

fn said(blunted: Blunted) -> String {
    match blunted {
        Blunted::Nesting => "Messages are nested too deep; the inner ones are left closed.",
        Blunted::Multiparts => "The message has too many multiparts; some are left closed.",
        Blunted::Field => "A field that describes a part is too long and was left out.",
    }
    .into()
}

fn of_header(fields: &Fields) -> Parsed {
    let mut problems = Vec::new();
    let from = fields.first_addresses("from");
    let sender = fields.first_addresses("sender");
    let date = fields.date("date");
    let repeated = fields.all("from").filter(|v| !v.trim().is_empty()).count();
    if repeated > 1 {
        problems.push(format!("The message has {repeated} From fields; the first is shown."));
    }
    match from.first() {
        None => problems.push("The message names no sender.".into()),
        Some(first) if crate::check_address(&first.address).is_err() => {
            problems.push("The sender's address is not a valid address.".into());
        }
        _ => {}
    }
    if date.is_none() {
        let why = if fields.first("date").is_some() { "The date can't be read." } else { "The message has no date." };
        problems.push(why.into());
    }
    if fields.guessed {
        problems.push("The header has raw 8-bit text without a charset; it was guessed.".into());
    }
    Parsed {
        subject: fields.text("subject"),
        sender: if sender == from { Vec::new() } else { sender },
        from,
        reply_to: fields.addresses("reply-to"),
        to: fields.addresses("to"),
        cc: fields.addresses("cc"),
        bcc: fields.addresses("bcc"),
        date: date.map(|d| d.to_rfc3339()),
        message_id: fields.ids("message-id").into_iter().next(),
        in_reply_to: fields.ids("in-reply-to"),
        references: fields.ids("references"),
        problems,
        ..Parsed::default()
    }
}

/// The text and, where there is one, the HTML.
fn bodies(message: &Message<'_>, problems: &mut Vec<String>) -> (String, Option<String>) {
    let part = |id: &u32| message.part(*id);
    let mut text = String::new();
    for part in message.text_body.iter().filter_map(part) {
        let piece = match part.body {
            PartType::Text(_) => plain_text(message, part, problems),
            PartType::Html(_) => html::to_text(&decoded(message, part, problems)),
            _ => continue,
        };
        append(&mut text, &piece);
    }
    let has_html = message.html_body.iter().filter_map(part).any(|p| matches!(p.body, PartType::Html(_)));
    let html = has_html.then(|| {
        let mut out = String::new();
        for part in message.html_body.iter().filter_map(part) {
            match part.body {
                PartType::Html(_) => append(&mut out, &decoded(message, part, &mut Vec::new())),
                PartType::Text(_) => {
                    let text = plain_text(message, part, &mut Vec::new());
                    append(&mut out, &format!("<div style=\"white-space:pre-wrap\">{}</div>", html::escaped(&text)));
                }
                _ => {}
            }
        }
        out
    });
    let html = html.map(|h| {
        if h.len() > MAX_TEXT {
            problems.push("The HTML is larger than 8 MB; the rest of it is not shown.".into());
        }
        cut(&h, MAX_TEXT).to_owned()
    });
    let text = shown(&text, problems);
    let text = match &html {
        Some(html) if text.trim().is_empty() => html::to_text(html),
        _ => text,
    };
    (text, html)
}

fn append(out: &mut String, piece: &str) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    out.push_str(piece);
}

/// Line ends as `\n`, no NUL, bounded.
fn shown(text: &str, problems: &mut Vec<String>) -> String {
    if text.len() > MAX_TEXT {
        problems.push("The text is larger than 8 MB; the rest of it is not shown.".into());
    }
    let text = cut(text, MAX_TEXT);
    if !text.contains(['\r', '\0']) {
        return text.to_owned();
    }
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "")
}

fn plain_text(message: &Message<'_>, part: &MessagePart<'_>, problems: &mut Vec<String>) -> String {
    let text = decoded(message, part, problems);
    let attribute = |name| part.content_type().and_then(|c| c.attribute(name));
    if attribute("format").is_some_and(|f| f.eq_ignore_ascii_case("flowed")) {
        return flowed::unfold(&text, attribute("delsp").is_some_and(|d| d.eq_ignore_ascii_case("yes")));
    }
    text
}

/// The text of a text part in the charset that is true of it.
fn decoded(message: &Message<'_>, part: &MessagePart<'_>, problems: &mut Vec<String>) -> String {
    if part.is_encoding_problem {
        problems.push("A part is not encoded as it says; it is shown as it came.".into());
    }
    let bytes = bytes_of(message, part);
    let declared = part.content_type().and_then(|c| c.attribute("charset"));
    let meta = if declared.is_none() && matches!(part.body, PartType::Html(_)) { meta_charset(&bytes) } else { None };
    let decoded = charset::decode(&bytes, declared.or(meta.as_deref()));
    if decoded.guessed {
        problems.push("The text does not say its charset, or a wrong one; it was guessed.".into());
    }
    decoded.text
}

/// The charset that a `<meta>` of the HTML names.
fn meta_charset(html: &[u8]) -> Option<String> {
    let start = String::from_utf8_lossy(html.get(..html.len().min(4096))?).to_ascii_lowercase();
    let meta = start.get(start.find("<meta")?..)?;
    let value = meta.get(meta.find("charset=")? + 8..)?.trim_start_matches(['"', '\'', ' ']);
    let label: String =
        value.chars().take(64).take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.')).collect();
    // A page that is read as bytes can't be UTF-16, whatever it says.
    (!label.is_empty()).then(|| if label.starts_with("utf-16") { "utf-8".into() } else { label })
}

/// The decoded bytes of a part; of a nested message its source.
fn bytes_of<'m>(message: &'m Message<'_>, part: &'m MessagePart<'_>) -> Cow<'m, [u8]> {
    let source = || message.raw_message.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default();
    match &part.body {
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => Cow::Borrowed(bytes),
        PartType::Text(_) | PartType::Html(_) => match part.encoding {
            Encoding::None => Cow::Borrowed(source()),
            Encoding::Base64 => Cow::Owned(words::base64_lenient(source())),
            Encoding::QuotedPrintable => Cow::Owned(words::quoted_printable_lenient(source())),
        },
        PartType::Message(inner) if part.encoding != Encoding::None => Cow::Borrowed(inner.raw_message.as_ref()),
        PartType::Message(_) | PartType::Multipart(_) => Cow::Borrowed(source()),
    }
}

fn list(message: &Message<'_>, html: Option<&str>) -> Vec<Attachment> {
    let referenced = referenced(html);
    let parts = message.attachments.iter().take(MAX_ATTACHMENTS).enumerate();
    parts
        .filter_map(|(index, id)| {
            let part = message.part(*id)?;
            Some(attachment(message, part, index as u32, bytes_of(message, part).len(), &referenced))
        })
        .collect()
}

fn attachment(
    message: &Message<'_>,
    part: &MessagePart<'_>,
    index: u32,
    size: usize,
    referenced: &HashSet<String>,
) -> Attachment {
    let media_type = media_type(part);
    let content_id = part.content_id().and_then(|id| fields::ids(&format!("<{id}>")).into_iter().next());
    let name = safe_name(&wanted_name(message, part, &media_type), &media_type);
    let disposed_inline = part.content_disposition().is_some_and(ContentType::is_inline);
    Attachment {
        part: index,
        danger: danger(&name, &media_type),
        name,
        size: u32::try_from(size).unwrap_or(u32::MAX),
        inline: disposed_inline || content_id.as_ref().is_some_and(|id| referenced.contains(id)),
        media_type,
        content_id,
    }
}

fn media_type(part: &MessagePart<'_>) -> String {
    let token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '_');
    let declared = part.content_type().and_then(|c| {
        let (main, sub) = (c.ctype(), c.subtype()?);
        let sound = !main.is_empty()
            && !sub.is_empty()
            && main.len() + sub.len() < 120
            && main.chars().all(token)
            && sub.chars().all(token);
        sound.then(|| format!("{main}/{sub}").to_ascii_lowercase())
    });
    match (declared, &part.body) {
        (Some(declared), _) => sharpened(&declared).to_owned(),
        (None, PartType::Text(_)) => "text/plain".into(),
        (None, PartType::Html(_)) => "text/html".into(),
        (None, PartType::Message(_)) => "message/rfc822".into(),
        (None, _) => "application/octet-stream".into(),
    }
}

/// The name the sender gave: `filename`, else `name`, else for a message its subject.
fn wanted_name(message: &Message<'_>, part: &MessagePart<'_>, media_type: &str) -> String {
    let named =
        [(HeaderName::ContentDisposition, "filename"), (HeaderName::ContentType, "name")].iter().find_map(|(header, name)| {
            let found = part.headers.iter().rev().find(|h| h.name == *header)?;
            params::parameter(message.raw_message.get(found.offset_start as usize..found.offset_end as usize)?, name)
        });
    if let Some(name) = named {
        return name;
    }
    if matches!(media_type, "message/rfc822" | "message/global") {
        let inner = Fields::split(&bytes_of(message, part));
        let subject = inner.first("subject").map(unstructured).unwrap_or_default();
        if !subject.is_empty() {
            return format!("{}.eml", cut(&subject, 120).replace(['/', '\\'], "_"));
        }
    }
    cleaned(part.content_description().filter(|d| d.contains('.') && !d.contains(' ')).unwrap_or_default())
}

/// Content-IDs that the HTML shows.
fn referenced(html: Option<&str>) -> HashSet<String> {
    let mut found = HashSet::new();
    let mut rest = html.unwrap_or_default();
    while let Some(at) = rest.find("cid:").or_else(|| rest.find("CID:")) {
        rest = rest.get(at + 4..).unwrap_or_default();
        let id: String =
            rest.chars().take(998).take_while(|c| !matches!(c, '"' | '\'' | '>' | ')' | ' ' | '\n' | '\r' | '\t')).collect();
        found.insert(html::content_id(&id));
    }
    found
}

impl crate::Parsed {
    /// The Date header in seconds since 1970, UTC.
    pub fn sent_at(&self) -> Option<i64> {
        mail_parser::DateTime::parse_rfc3339(self.date.as_deref()?).map(|date| date.to_timestamp())
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;

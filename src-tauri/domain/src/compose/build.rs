//! A draft as RFC 5322 bytes, and whom they go to. Control characters never reach a header; Bcc never reaches the bytes that leave.

use crate::mime::cleaned;
use crate::{Address, Draft, DraftAttachment, Identity, html};
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address as Built;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};

/// Who sends to whom, as the submission server hears it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// MAIL FROM.
    pub from: String,
    /// RCPT TO: To, Cc and Bcc, each address once.
    pub recipients: Vec<String>,
}

/// The envelope of a draft. Addresses are not checked here: see `check`.
pub fn envelope(draft: &Draft, identity: &Identity) -> Envelope {
    let mut recipients: Vec<String> = Vec::new();
    for address in draft.to.iter().chain(&draft.cc).chain(&draft.bcc) {
        let address = wire_address(&address.address);
        if !address.is_empty() && !recipients.iter().any(|r| r.eq_ignore_ascii_case(&address)) {
            recipients.push(address);
        }
    }
    Envelope { from: wire_address(&identity.email), recipients }
}

/// The bytes that are sent. `message_id` without brackets, `date_secs` since 1970; both fixed by the caller once and for all.
pub fn build(
    draft: &Draft,
    identity: &Identity,
    message_id: &str,
    date_secs: i64,
    attachments: Vec<(DraftAttachment, Vec<u8>)>,
) -> Vec<u8> {
    bytes(head(draft, identity, message_id, date_secs), draft, attachments)
}

/// The field by which a draft of ours is known among others in a Drafts mailbox.
pub const DRAFT_FIELD: &str = "X-Godwit-Draft";

/// The bytes that are kept for oneself (a draft on the server): with Bcc, and with `mark` in [`DRAFT_FIELD`].
pub fn build_kept(
    draft: &Draft,
    identity: &Identity,
    message_id: &str,
    date_secs: i64,
    mark: &str,
    attachments: Vec<(DraftAttachment, Vec<u8>)>,
) -> Vec<u8> {
    let mut head = head(draft, identity, message_id, date_secs).header(DRAFT_FIELD, Raw::new(cleaned(mark)));
    if !draft.bcc.is_empty() {
        head = head.bcc(list(&draft.bcc));
    }
    bytes(head, draft, attachments)
}

fn head<'x>(draft: &Draft, identity: &Identity, message_id: &str, date_secs: i64) -> MessageBuilder<'x> {
    let mut head = MessageBuilder::new()
        .from(one(&Address { name: identity.name.clone(), address: identity.email.clone() }))
        .date(date_secs)
        .message_id(id(message_id));
    if !draft.to.is_empty() {
        head = head.to(list(&draft.to));
    }
    if !draft.cc.is_empty() {
        head = head.cc(list(&draft.cc));
    }
    head = head.subject(cleaned(&draft.subject));
    if let Some(answered) = &draft.in_reply_to {
        head = head.in_reply_to(id(answered));
    }
    if !draft.references.is_empty() {
        head = head.references(MessageId::from(draft.references.iter().map(|r| id(r)).collect::<Vec<_>>()));
    }
    head
}

/// The value of a Date field (RFC 5322 section 3.3), in UTC.
pub(super) fn date_field(date_secs: i64) -> String {
    mail_builder::headers::date::Date::new(date_secs).to_rfc822()
}

fn bytes(head: MessageBuilder<'_>, draft: &Draft, attachments: Vec<(DraftAttachment, Vec<u8>)>) -> Vec<u8> {
    let text = MimePart::new("text/plain", BodyPart::Text(joined(&own_text(draft), &draft.quote_text).into()));
    let body = match &draft.html {
        None => text,
        Some(own) => {
            let own = html::sanitise_for_composer(own);
            let quote = html::sanitise_for_composer(&draft.quote_html);
            let whole = format!("<!DOCTYPE html>\n<html><body>{own}{quote}</body></html>\n");
            MimePart::new("multipart/alternative", vec![text, MimePart::new("text/html", BodyPart::Text(whole.into()))])
        }
    };
    let body = if attachments.is_empty() {
        body
    } else {
        let mut parts = vec![body];
        parts.extend(attachments.into_iter().map(attached));
        MimePart::new("multipart/mixed", parts)
    };
    let mut out = Vec::new();
    head.body(body).serialize(&mut out);
    out
}

fn attached<'x>((attachment, bytes): (DraftAttachment, Vec<u8>)) -> MimePart<'x> {
    let media_type = attachment.media_type.to_ascii_lowercase();
    let token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '_');
    let sound = media_type.split_once('/').is_some_and(|(main, sub)| {
        !main.is_empty() && !sub.is_empty() && main.chars().all(token) && sub.chars().all(token) && main != "multipart"
    });
    // A text or message part would be recoded on its way; as octets every file arrives as it left.
    let opaque = !sound || media_type.starts_with("text/") || media_type.starts_with("message/");
    let name = crate::mime::safe_name(&attachment.name, &media_type);
    let shown = if sound { media_type } else { "application/octet-stream".to_owned() };
    let part = MimePart::new(shown, BodyPart::Binary(bytes.into())).attachment(name);
    if opaque { base64(part) } else { part }
}

/// The same part in base64, whatever its type.
fn base64(part: MimePart<'_>) -> MimePart<'_> {
    use base64::Engine;
    let BodyPart::Binary(bytes) = &part.contents else { return part };
    let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / 38 + 2);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(76));
        lines.push_str(line);
        lines.push_str("\r\n");
        rest = tail;
    }
    let mut part = part.transfer_encoding("base64");
    part.contents = BodyPart::Binary(lines.into_bytes().into());
    part
}

/// The person's text; made from the HTML where only that was written.
fn own_text(draft: &Draft) -> String {
    match &draft.html {
        Some(own) if draft.text.trim().is_empty() => html::to_text(own),
        _ => draft.text.clone(),
    }
}

fn joined(own: &str, quote: &str) -> String {
    let mut out = own.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    if !quote.is_empty() {
        out.push('\n');
        out.push_str(&quote.replace("\r\n", "\n").replace('\0', ""));
        if !out.ends_with('\n') {
            out.push('\n');
        }
    }
    out.replace('\n', "\r\n")
}

fn list<'x>(addresses: &[Address]) -> Built<'x> {
    Built::new_list(addresses.iter().map(one).collect())
}

fn one<'x>(address: &Address) -> Built<'x> {
    let name = cleaned(&address.name);
    Built::new_address((!name.is_empty()).then_some(name), wire_address(&address.address))
}

/// An address without anything that could end it, its host in ASCII form so that every server can carry it.
fn wire_address(address: &str) -> String {
    let bare: String = address.chars().filter(|c| !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>')).collect();
    let Some((local, domain)) = bare.rsplit_once('@') else { return bare };
    if domain.is_ascii() {
        return bare;
    }
    idna::domain_to_ascii(domain).map_or_else(|_| bare.clone(), |ascii| format!("{local}@{ascii}"))
}

fn id(id: &str) -> String {
    id.chars().filter(|c| !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>')).collect()
}

#[cfg(test)]
#[path = "build_tests.rs"]
mod tests;

//! Looks a message over before the parser gets it and blunts what would cost it a stack or an hour: endless nesting of messages,
//! multiparts by the thousand, structured fields of megabytes. What is blunted keeps its length, so every offset stays true.

use crate::steps::step;
use std::borrow::Cow;

/// Nested messages that are opened; a parser's recursion (and its dropping) goes as deep.
const MAX_NESTED: usize = 200;
/// Multiparts that are opened in a small message.
const MAX_MULTIPARTS: usize = 1_000;
/// Bytes that looking for lost boundaries may read, all multiparts together.
const MAX_SCAN: usize = 1 << 30;
/// Bytes a MIME field has at most.
const MAX_MIME_FIELD: usize = 16 << 10;

/// Something of the message that stays closed, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blunted {
    Nesting,
    Multiparts,
    Field,
}

/// A field that matters to a MIME parser: where its value is and which header block it stands in.
struct MimeField {
    name_at: usize,
    value: std::ops::Range<usize>,
    kind: Kind,
    block: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    ContentType,
    TransferEncoding,
    Other,
}

/// Answers the message as the parser may have it, and what was blunted.
pub(crate) fn tame(raw: &[u8]) -> (Cow<'_, [u8]>, Vec<Blunted>) {
    let fields = mime_fields(raw);
    let mut edits: Vec<(usize, u8)> = Vec::new();
    let mut blunted = Vec::new();
    let multiparts_allowed = (MAX_SCAN / raw.len().max(1)).clamp(20, MAX_MULTIPARTS);
    let (mut nested, mut multiparts) = (0, 0);
    let blocks = blocks(raw, &fields);
    let is_digest = |f: &MimeField| f.kind == Kind::ContentType && find_all(value_of(raw, f), b"digest").next().is_some();
    let digests_are_odd = blocks.iter().any(|b| b.encoded && !b.typed) && fields.iter().any(is_digest);
    let mut blocks = blocks.into_iter().peekable();
    for field in &fields {
        let value = value_of(raw, field);
        if value.len() > MAX_MIME_FIELD {
            edits.push((field.name_at, b'X'));
            blunted.push(Blunted::Field);
            continue;
        }
        if field.kind != Kind::ContentType {
            continue;
        }
        // A message in an encoded block would be parsed unseen by us, so it stays a file.
        while blocks.next_if(|b| b.block < field.block).is_some() {}
        let encoded = blocks.peek().is_some_and(|b| b.block == field.block && b.encoded);
        for word in [&b"rfc822"[..], b"global", b"digest"] {
            for at in find_all(value, word) {
                nested += 1;
                if nested > MAX_NESTED || (encoded && word != b"digest") || (digests_are_odd && word == b"digest") {
                    edits.extend([(field.value.start + at, b'x'), (field.value.start + at + 1, b'-')]);
                    if nested > MAX_NESTED {
                        blunted.push(Blunted::Nesting);
                    }
                }
            }
        }
        if let Some(at) = find_all(value, b"multipart").next() {
            multiparts += 1;
            if multiparts > multiparts_allowed {
                edits.extend([(field.value.start + at, b'x'), (field.value.start + at + 1, b'-')]);
                blunted.push(Blunted::Multiparts);
            }
        }
    }
    blunted.dedup();
    if edits.is_empty() {
        return (Cow::Borrowed(raw), blunted);
    }
    let mut out = raw.to_vec();
    for (at, byte) in edits {
        if let Some(place) = out.get_mut(at) {
            *place = byte;
        }
    }
    (Cow::Owned(out), blunted)
}

/// The type a blunted type had.
pub(crate) fn sharpened(media_type: &str) -> &str {
    match media_type {
        "message/x-c822" => "message/rfc822",
        "message/x-obal" => "message/global",
        other => other,
    }
}

/// Every field of a MIME kind, anywhere a parser could take one for it.
fn mime_fields(raw: &[u8]) -> Vec<MimeField> {
    let mut fields: Vec<MimeField> = Vec::new();
    let (mut at, mut block) = (0, 0);
    let mut open = false;
    for line in raw.split_inclusive(|b| *b == b'\n') {
        let start = at;
        at += line.len();
        match line.iter().position(|b| !b.is_ascii_whitespace()) {
            None => {
                block += 1;
                open = false;
            }
            Some(first) if first > 0 && open => {
                if let Some(last) = fields.last_mut() {
                    last.value.end = at;
                }
            }
            Some(first) => {
                open = false;
                if matches!(line.get(first), Some(b'c' | b'C'))
                    && let Some(colon) = line.iter().take(200).position(|b| *b == b':')
                    && let Some(kind) = kind(line.get(..colon).unwrap_or_default())
                {
                    fields.push(MimeField { name_at: start + first, value: start + colon + 1..at, kind, block });
                    open = true;
                }
            }
        }
    }
    fields
}

/// What a field name means to a parser that skips blanks inside it.
fn kind(name: &[u8]) -> Option<Kind> {
    let name: Vec<u8> = name.iter().filter(|b| !b.is_ascii_whitespace()).map(u8::to_ascii_lowercase).collect();
    match name.as_slice() {
        b"content-type" => Some(Kind::ContentType),
        b"content-transfer-encoding" => Some(Kind::TransferEncoding),
        n if n.starts_with(b"content-") => Some(Kind::Other),
        _ => None,
    }
}

fn is_encoding(raw: &[u8], field: &MimeField) -> bool {
    let value = value_of(raw, field);
    field.kind == Kind::TransferEncoding
        && (find_all(value, b"base64").next().is_some() || find_all(value, b"quoted-printable").next().is_some())
}

/// What the MIME fields of one header block say together.
struct Block {
    block: usize,
    /// Its body is encoded.
    encoded: bool,
    /// It names a type that is no message. In a digest a part without a type is one; encoded too, it would be parsed unseen by us.
    typed: bool,
}

/// Every block that has MIME fields, in order; each field is looked at once.
fn blocks(raw: &[u8], fields: &[MimeField]) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    for field in fields {
        step(1);
        if out.last().is_none_or(|b| b.block != field.block) {
            out.push(Block { block: field.block, encoded: false, typed: false });
        }
        if let Some(block) = out.last_mut() {
            block.encoded |= is_encoding(raw, field);
            block.typed |= field.kind == Kind::ContentType && is_no_message(value_of(raw, field));
        }
    }
    out
}

fn is_no_message(value: &[u8]) -> bool {
    let value = value.trim_ascii_start();
    let begins = |word: &[u8]| value.get(..word.len()).is_some_and(|v| v.eq_ignore_ascii_case(word));
    [&b"text/"[..], b"image/", b"audio/", b"video/", b"application/", b"multipart/"].into_iter().any(begins)
}

fn value_of<'a>(raw: &'a [u8], field: &MimeField) -> &'a [u8] {
    raw.get(field.value.clone()).unwrap_or_default()
}

/// Places of `word` (lower case) in `text`, whatever its case.
fn find_all<'a>(text: &'a [u8], word: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    text.windows(word.len()).enumerate().filter(|(_, w)| w.eq_ignore_ascii_case(word)).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_message_is_left_alone() {
        let raw = b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\nSubject: in\n\nhi\n--x--\n";
        let (tamed, blunted) = tame(raw);
        assert!(matches!(tamed, Cow::Borrowed(_)));
        assert_eq!(blunted, []);
    }

    #[test]
    fn nesting_stops_at_a_bound_and_lengths_stay() {
        let raw = "Content - Type: message/RFC822\n\n".repeat(5_000);
        let (tamed, blunted) = tame(raw.as_bytes());
        assert_eq!(tamed.len(), raw.len());
        assert_eq!(blunted, [Blunted::Nesting]);
        assert_eq!(find_all(&tamed, b"rfc822").count(), MAX_NESTED);
    }

    #[test]
    fn encoded_messages_stay_files() {
        let raw = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeAo=\n";
        let (tamed, _) = tame(raw);
        assert!(find_all(&tamed, b"message/x-c822").next().is_some());
        let digest = b"Content-Type: multipart/digest; boundary=x\n\n--x\nContent-Transfer-Encoding: base64\n\nAAAA\n--x--\n";
        assert!(find_all(&tame(digest).0, b"digest").next().is_none());
    }

    #[test]
    fn megabytes_of_a_field_are_not_read() {
        let raw = format!("Content-Type: text/plain{}\n\nhi\n", "; a*1=b".repeat(10_000));
        let (tamed, blunted) = tame(raw.as_bytes());
        assert_eq!(blunted, [Blunted::Field]);
        assert!(tamed.starts_with(b"Xontent-Type"));
    }
}

//! What a list needs of a message: its header fields, parsed.

use super::fields::{Fields, unstructured};
use crate::Address;
use sha2::{Digest, Sha256};

/// Parsed header fields. Never fails: what can't be read is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    /// Decoded subject.
    pub subject: String,
    /// From (Sender where From is missing).
    pub from: Vec<Address>,
    /// Reply-To.
    pub reply_to: Vec<Address>,
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// Bcc.
    pub bcc: Vec<Address>,
    /// Date header, seconds since 1970 UTC.
    pub date: Option<i64>,
    /// Message-ID without angle brackets.
    pub message_id: Option<String>,
    /// In-Reply-To ids, without angle brackets.
    pub in_reply_to: Vec<String>,
    /// References ids, oldest first, without angle brackets.
    pub references: Vec<String>,
    /// Guess from Content-Type (multipart/mixed, or a top-level type that is neither text nor multipart).
    pub maybe_attachments: bool,
    /// List-Id, where there is one.
    pub list_id: Option<String>,
    /// 16 bytes that two copies of the same message share: SHA-256 of the header bytes as fetched, cut.
    pub identity: [u8; 16],
}

/// Parses header fields as fetched. `raw` holds the fields and perhaps the blank line behind them.
pub fn headers(raw: &[u8]) -> Headers {
    let fields = Fields::split(raw);
    let mut from = fields.first_addresses("from");
    if from.is_empty() {
        from = fields.first_addresses("sender");
    }
    Headers {
        subject: fields.text("subject"),
        from,
        reply_to: fields.addresses("reply-to"),
        to: fields.addresses("to"),
        cc: fields.addresses("cc"),
        bcc: fields.addresses("bcc"),
        date: fields.date("date").map(|d| d.to_timestamp()),
        message_id: fields.ids("message-id").into_iter().next(),
        in_reply_to: fields.ids("in-reply-to"),
        references: fields.ids("references"),
        maybe_attachments: maybe_attachments(&fields),
        list_id: list_id(&fields),
        identity: identity(raw),
    }
}

/// SHA-256 of `bytes`, cut to 16.
pub fn identity(bytes: &[u8]) -> [u8; 16] {
    let mut out = [0; 16];
    for (to, from) in out.iter_mut().zip(Sha256::digest(bytes)) {
        *to = from;
    }
    out
}

fn maybe_attachments(fields: &Fields) -> bool {
    fields.content_type("content-type").is_some_and(|c| match (c.ctype(), c.subtype()) {
        ("multipart", subtype) => subtype == Some("mixed"),
        (kind, _) => kind != "text",
    })
}

/// What stands between the brackets, RFC 2919; the whole value where there are none.
fn list_id(fields: &Fields) -> Option<String> {
    let value = unstructured(fields.first("list-id")?);
    let inner = value.rsplit_once('<').and_then(|(_, tail)| tail.split_once('>')).map_or(value.as_str(), |(id, _)| id);
    let id = inner.trim().to_owned();
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(name: &str, address: &str) -> Address {
        Address { name: name.into(), address: address.into() }
    }

    #[test]
    fn a_usual_header_is_read() {
        let raw = b"From: =?utf-8?Q?J=C3=B6rg?= <joerg@example.org>\r\nTo: a@b.example, \"C, D\" <c@d.example>\r\n\
            Subject: =?utf-8?B?U23DuHI=?=\r\n =?utf-8?B?YnLDuGQ=?=\r\nDate: Fri, 20 Nov 2026 09:42:00 +0100\r\n\
            Message-ID: <m1@example.org>\r\nIn-Reply-To: <m0@example.org>\r\nReferences: <r@x>\r\n <m0@example.org>\r\n\
            List-Id: Friends of mail <friends.example.org>\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n";
        let h = headers(raw);
        assert_eq!(h.subject, "Sm\u{f8}rbr\u{f8}d");
        assert_eq!(h.from, [address("J\u{f6}rg", "joerg@example.org")]);
        assert_eq!(h.to, [address("", "a@b.example"), address("C, D", "c@d.example")]);
        assert_eq!(h.date, Some(1_795_164_120));
        assert_eq!(h.message_id.as_deref(), Some("m1@example.org"));
        assert_eq!(h.in_reply_to, ["m0@example.org"]);
        assert_eq!(h.references, ["r@x", "m0@example.org"]);
        assert_eq!(h.list_id.as_deref(), Some("friends.example.org"));
        assert!(h.maybe_attachments);
        assert_eq!(h.identity, identity(raw));
        assert_ne!(h.identity, headers(b"Subject: other\r\n\r\n").identity);
    }

    #[test]
    fn senders_that_play_tricks_are_shown_as_they_are() {
        let check = |raw: &[u8], want: &[Address]| assert_eq!(headers(raw).from, want, "{}", String::from_utf8_lossy(raw));
        // Mailsploit: a NUL behind the address that is to be seen.
        check(
            b"From: =?utf-8?b?cG90dXNAd2hpdGVob3VzZS5nb3YA?= <attacker@evil.example>\n",
            &[address("potus@whitehouse.gov", "attacker@evil.example")],
        );
        check(
            b"From: potus@whitehouse.gov\0 <attacker@evil.example>\n",
            &[address("potus@whitehouse.gov", "attacker@evil.example")],
        );
        check("From: \u{202e}gro.knab\u{2800} <a@evil.example>\n".as_bytes(), &[address("gro.knab", "a@evil.example")]);
        check(b"From: =?utf-8?q?x=0AReply-To=3A_y=40z?= <a@b.example>\n", &[address("x Reply-To: y@z", "a@b.example")]);
        check(b"Sender: s@b.example\n", &[address("", "s@b.example")]);
        check(b"From:\nFrom: a@b.example\n", &[address("", "a@b.example")]);
        check(b"From: \"a@b.example\" <a@b.example>\n", &[address("", "a@b.example")]);
    }

    #[test]
    fn raw_bytes_without_a_charset_become_text() {
        let check = |raw: &[u8], want: &str| assert_eq!(headers(raw).subject, want);
        check(b"Subject: caf\xc3\xa9\n", "caf\u{e9}");
        check(b"Subject: Gr\xfc\xdfe aus M\xfcnchen\n", "Gr\u{fc}\u{df}e aus M\u{fc}nchen");
        check(
            b"Content-Type: text/plain; charset=koi8-r\nSubject: \xf0\xd2\xc9\xd7\xc5\xd4\n",
            "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}",
        );
    }

    #[test]
    fn junk_gives_an_empty_header() {
        let empty = |raw: &[u8]| {
            let h = headers(raw);
            assert_eq!(h, Headers { identity: identity(raw), ..Headers::default() });
        };
        empty(b"");
        empty(b"\r\n\r\n");
        empty(b"no colon here\nnor here");
        empty(&[0xff; 4096]);
        empty(b": no name\n");
    }

    #[test]
    fn a_header_without_end_is_bounded() {
        let mut raw = b"Subject: x\r\nTo: ".to_vec();
        for n in 0..200_000 {
            raw.extend_from_slice(format!("a{n}@b.example,\r\n ").as_bytes());
        }
        let h = headers(&raw);
        assert_eq!(h.subject, "x");
        assert_eq!(h.to.len(), super::super::MAX_ADDRESSES);
    }
}

//! The first readable words of a message, out of the start of its body. Made for the list: any cut, any encoding, no structure lost.

use super::fields::{Fields, content_type, is_blank, is_unseen};
use super::{charset, flowed, words};
use crate::html;

/// Characters of a preview.
const PREVIEW: usize = 160;
/// Bytes of a body that are looked at.
const MAX_START: usize = 64 << 10;
/// Multiparts inside each other that are looked into.
const MAX_DEPTH: usize = 8;

/// About 160 characters of readable text.
///
/// `content_type_headers` are the message's header fields (Content-Type and Content-Transfer-Encoding are used);
/// `text_start` is the beginning of its body, cut anywhere.
pub fn preview(content_type_headers: &[u8], text_start: &[u8]) -> String {
    let body = text_start.get(..text_start.len().min(MAX_START)).unwrap_or_default();
    let fields = Fields::split(content_type_headers);
    super::guarded(|| text_of(&fields, body, 0)).flatten().map(|text| words_of(&text)).unwrap_or_default()
}

/// The preview of text that is at hand whole.
pub fn preview_of_text(text: &str) -> String {
    words_of(super::cut(text, MAX_START))
}

/// The text of a part, or of the best part below it.
fn text_of(fields: &Fields, body: &[u8], depth: usize) -> Option<String> {
    let kind = fields.first("content-type").and_then(content_type);
    let (main, sub) = kind.as_ref().map_or(("text", Some("plain")), |k| (k.ctype(), k.subtype()));
    let disposition = fields.first("content-disposition").unwrap_or_default().trim_start();
    if disposition.get(..10).is_some_and(|d| d.eq_ignore_ascii_case("attachment")) {
        return None;
    }
    match (main, sub) {
        ("multipart", _) => {
            let boundary = kind.as_ref().and_then(|k| k.attribute("boundary")).map_or_else(|| looks_like(body), str::to_owned);
            best_part(body, boundary.as_bytes(), depth)
        }
        ("message", Some("rfc822" | "global")) if depth < MAX_DEPTH => {
            let inner = Fields::split(body);
            text_of(&inner, body.get(inner.body..).unwrap_or_default(), depth + 1)
        }
        ("text", sub) => {
            let bytes = match fields.first("content-transfer-encoding").unwrap_or_default().trim().to_ascii_lowercase().as_str() {
                "base64" => words::base64_lenient(body),
                "quoted-printable" => words::quoted_printable_lenient(body),
                _ => body.to_vec(),
            };
            let attribute = |name| kind.as_ref().and_then(|k| k.attribute(name));
            let text = charset::decode(&bytes, attribute("charset")).text;
            Some(match sub {
                Some("html") => html::to_text(&text),
                _ if attribute("format").is_some_and(|f| f.eq_ignore_ascii_case("flowed")) => {
                    flowed::unfold(&text, attribute("delsp").is_some_and(|d| d.eq_ignore_ascii_case("yes")))
                }
                _ => text,
            })
        }
        _ => None,
    }
}

/// A boundary that was not declared: the first line that has the form of one.
fn looks_like(body: &[u8]) -> String {
    let mut lines = body.split(|b| *b == b'\n');
    let line = lines.find(|l| l.len() > 4 && l.starts_with(b"--") && !l.starts_with(b"-- ")).unwrap_or_default();
    String::from_utf8_lossy(line.get(2..).unwrap_or_default().trim_ascii_end()).into_owned()
}

/// The first part that gives words; in order, so the plain one of an alternative comes before its HTML.
fn best_part(body: &[u8], boundary: &[u8], depth: usize) -> Option<String> {
    if boundary.is_empty() || depth >= MAX_DEPTH {
        return None;
    }
    for part in parts(body, boundary) {
        let fields = Fields::split(part);
        let found = text_of(&fields, part.get(fields.body..).unwrap_or_default(), depth + 1);
        if let Some(text) = found.filter(|t| !words_of(t).is_empty()) {
            return Some(text);
        }
    }
    None
}

/// The parts between boundary lines; the last one may be cut.
fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let mut found = Vec::new();
    let (mut at, mut start) = (0, None);
    for line in body.split_inclusive(|b| *b == b'\n') {
        let tail = line.strip_prefix(b"--").and_then(|l| l.strip_prefix(boundary));
        if let Some(tail) = tail.map(<[u8]>::trim_ascii_end)
            && (tail.is_empty() || tail == b"--")
        {
            if let Some(start) = start {
                found.push(body.get(start..at).unwrap_or_default());
            }
            start = (tail.is_empty()).then_some(at + line.len());
            if found.len() > 50 {
                return found;
            }
        }
        at += line.len();
    }
    found.extend(start.and_then(|s| body.get(s..)));
    found
}

/// Text as one line of words: quotes, attributions, rules and padding out.
fn words_of(text: &str) -> String {
    let own = collapse(own_lines(text));
    if own.is_empty() { collapse(text.lines().map(|l| l.trim_start_matches(['>', ' ']))) } else { own }
}

/// Lines that the writer wrote: no quotes, nothing behind "Original Message", no line that introduces a quote, no signature.
fn own_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut lines = text.lines().peekable();
    std::iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            let bare = line.trim();
            if line.trim_end() == "--" || bare.starts_with("-----Original Message") {
                lines.by_ref().for_each(drop);
                return None;
            }
            let introduces = bare.ends_with(':') && lines.peek().is_some_and(|next| next.trim_start().starts_with('>'));
            if !bare.starts_with('>') && !introduces {
                return Some(line);
            }
        }
    })
}

fn collapse<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    let mut count = 0;
    for line in lines {
        for word in line.split(is_blank) {
            let word: String = word.chars().filter(|c| !is_unseen(*c) && *c != '\u{200c}' && *c != '\u{fffc}').collect();
            if word.is_empty() || is_rule(&word) || is_long_link(&word) {
                continue;
            }
            if !out.is_empty() {
                out.push(' ');
                count += 1;
            }
            for c in word.chars() {
                if count >= PREVIEW {
                    return out;
                }
                out.push(c);
                count += 1;
            }
        }
    }
    out
}

/// A run of drawing characters that only divides.
fn is_rule(word: &str) -> bool {
    word.chars().count() >= 3
        && word.chars().all(|c| matches!(c, '-' | '_' | '=' | '*' | '~' | '#' | '\u{2014}' | '\u{2500}'..='\u{257f}'))
}

fn is_long_link(word: &str) -> bool {
    let bare = word.trim_start_matches(['<', '(', '[']);
    word.len() > 40 && (bare.starts_with("http://") || bare.starts_with("https://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &str, body: &str, want: &str) {
        assert_eq!(preview(headers.as_bytes(), body.as_bytes()), want);
    }

    #[test]
    fn plain_text_gives_its_first_words() {
        check("", "Hello,\r\n\r\n  the   boat leaves at nine.\r\n", "Hello, the boat leaves at nine.");
        check("", "On Monday Jo wrote:\n> old\n> older\nNew words\n-- \nJo\n", "New words");
        check("", "> only a quote\n", "only a quote");
        check("", "=====\nNews\n-----\nhttps://example.org/a/very/long/link/that/says/nothing/at/all ok\n", "News ok");
        check("", &"a".repeat(400), &"a".repeat(160));
    }

    #[test]
    fn encodings_and_cuts_are_survived() {
        check(
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n",
            "U23DuHJicsO4ZCBvZyBvc3",
            "Sm\u{f8}rbr\u{f8}d og os",
        );
        check(
            "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n",
            "Caf=E9 =\r\nau lait =E",
            "Caf\u{e9} au lait =E",
        );
        check(
            "Content-Type: text/html\n",
            "<html><style>p{color:red}</style><p>Dear&nbsp;you,</p><p>come <b>he",
            "Dear you, come he",
        );
        check("Content-Type: text/plain; format=flowed\n", "one \ntwo\n", "one two");
    }

    #[test]
    fn the_first_part_with_words_counts() {
        let multipart = "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n";
        let inner = "preamble\r\n--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain\r\n\r\n \r\n\
            --c\r\nContent-Type: text/html\r\n\r\n<p>Words</p>\r\n--c--\r\n--b\r\nContent-Type: text/plain\r\n\
            Content-Disposition: attachment\r\n\r\nnot this\r\n--b--\r\n";
        check(multipart, inner, "Words");
        check("Content-Type: multipart/mixed\r\n", "--x1\r\nContent-Type: text/plain\r\n\r\nfound\r\n--x1--\r\n", "found");
        check("Content-Type: application/pdf\r\n", "%PDF", "");
        check("Content-Type: multipart/mixed; boundary=b\n", "--b\nContent-Type: application/pdf\n\n%PDF\n", "");
    }
}

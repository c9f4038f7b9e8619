//! Encoded words of RFC 2047, also the broken ones that real mail has: spaces inside, split characters, missing padding.

use super::charset;
use crate::steps::step;
use std::borrow::Cow;

enum Piece<'a> {
    Text(&'a str),
    Word { charset: &'a str, bytes: Vec<u8> },
}

/// Decodes every encoded word. Neighbours of the same charset are joined before decoding, since many mailers split characters.
pub(crate) fn decode(value: &str) -> Cow<'_, str> {
    if !value.contains("=?") {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    for piece in grouped(value) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Word { charset, bytes } => out.push_str(&charset::decode(&bytes, Some(charset)).text),
        }
    }
    Cow::Owned(out)
}

/// Rewrites every encoded word as clean UTF-8 base64, so that a parser of structured fields can't trip over it and what was
/// encoded never becomes structure.
pub(crate) fn canonical(value: &str) -> Cow<'_, str> {
    use base64::Engine;
    if !value.contains("=?") {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len() * 2);
    for piece in grouped(value) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Word { charset, bytes } => {
                let text = super::fields::cleaned(&charset::decode(&bytes, Some(charset)).text);
                if text.is_empty() {
                    continue;
                }
                if !out.is_empty() && !out.ends_with([' ', '"', '(', ',', '<', ':']) {
                    out.push(' ');
                }
                out.push_str("=?utf-8?B?");
                out.push_str(&base64::engine::general_purpose::STANDARD.encode(text));
                out.push_str("?=");
            }
        }
    }
    Cow::Owned(out)
}

/// Pieces in order: blanks between words are gone, neighbours of one charset are one word.
fn grouped(value: &str) -> Vec<Piece<'_>> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let mut rest = value;
    let mut blank = "";
    // Behind the last end no word can end: looking for one each time would cost the square.
    let last_end = value.rfind("?=").unwrap_or(0);
    while let Some(at) = rest.find("=?").filter(|at| value.len() - rest.len() + at < last_end) {
        step(at);
        let (before, tail) = rest.split_at(at);
        let Some((charset, bytes, after)) = word(tail) else {
            let (skipped, tail) = rest.split_at(at + 2);
            push_text(&mut pieces, &mut blank, skipped);
            rest = tail;
            continue;
        };
        push_text(&mut pieces, &mut blank, before);
        match pieces.last_mut() {
            Some(Piece::Word { charset: last, bytes: joined }) if same(last, charset) => joined.extend(bytes),
            _ => pieces.push(Piece::Word { charset, bytes }),
        }
        blank = "";
        rest = after;
    }
    push_text(&mut pieces, &mut blank, rest);
    if !blank.is_empty() {
        pieces.push(Piece::Text(blank));
    }
    pieces
}

/// Whether two words are one text. Codes that switch by escapes begin anew in each word.
fn same(a: &str, b: &str) -> bool {
    let bare = |s: &str| s.split('*').next().unwrap_or_default().to_ascii_lowercase();
    bare(a) == bare(b) && !bare(a).starts_with("iso-2022")
}

/// Text behind a word that is only blank is held back: it counts only if no word follows.
fn push_text<'a>(pieces: &mut Vec<Piece<'a>>, blank: &mut &'a str, text: &'a str) {
    if text.is_empty() {
        return;
    }
    if text.trim_matches([' ', '\t', '\r', '\n']).is_empty() && matches!(pieces.last(), Some(Piece::Word { .. })) {
        *blank = text;
        return;
    }
    if !blank.is_empty() {
        pieces.push(Piece::Text(blank));
        *blank = "";
    }
    pieces.push(Piece::Text(text));
}

/// One encoded word at the start of `tail`: charset, bytes, and what follows.
fn word(tail: &str) -> Option<(&str, Vec<u8>, &str)> {
    let inner = tail.strip_prefix("=?")?;
    let (charset, inner) = inner.split_once('?')?;
    if charset.is_empty() || charset.len() > 75 || charset.contains(|c: char| c.is_whitespace() || c == '=') {
        return None;
    }
    let (encoding, inner) = inner.split_once('?')?;
    if !matches!(encoding.trim(), "B" | "b" | "Q" | "q") {
        return None;
    }
    let data_end = inner.find("?=")?;
    step(data_end);
    let data = inner.get(..data_end)?;
    let after = inner.get(data_end + 2..)?;
    let bytes = match encoding.trim() {
        "B" | "b" => base64_lenient(data.as_bytes()),
        "Q" | "q" => quoted(data.as_bytes()),
        _ => return None,
    };
    Some((charset, bytes, after))
}

/// Base64 as it comes: foreign characters skipped, padding optional and allowed in the middle.
pub(crate) fn base64_lenient(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() / 4 * 3 + 3);
    let (mut bits, mut count) = (0u32, 0u32);
    for &b in data {
        let value = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                (bits, count) = (0, 0);
                continue;
            }
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    out
}

/// The Q encoding: `_` is a space, a bad `=` stands for itself.
fn quoted(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some((&b, tail)) = rest.split_first() {
        rest = tail;
        match b {
            b'_' => out.push(b' '),
            b'=' => match hex_pair(tail) {
                Some(byte) => {
                    out.push(byte);
                    rest = tail.get(2..).unwrap_or_default();
                }
                None => out.push(b),
            },
            b => out.push(b),
        }
    }
    out
}

/// Quoted-printable body bytes, as much as there is; a bad `=` stands for itself.
pub(crate) fn quoted_printable_lenient(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some((&b, tail)) = rest.split_first() {
        rest = tail;
        if b != b'=' {
            out.push(b);
            continue;
        }
        if let Some(byte) = hex_pair(tail) {
            out.push(byte);
            rest = tail.get(2..).unwrap_or_default();
            continue;
        }
        let blanks = tail.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let end = tail.get(blanks..).unwrap_or_default();
        match end {
            [b'\r', b'\n', more @ ..] | [b'\n', more @ ..] => rest = more,
            [] => rest = end,
            _ => out.push(b),
        }
    }
    out
}

fn hex_pair(data: &[u8]) -> Option<u8> {
    let digit = |b: Option<&u8>| (*b? as char).to_digit(16);
    Some((digit(data.first())? << 4 | digit(data.get(1))?) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_decoded_also_when_broken() {
        let check = |value: &str, want: &str| assert_eq!(decode(value), want, "{value}");
        check("plain = text?", "plain = text?");
        check("=?utf-8?Q?Sm=C3=B8rbr=C3=B8d?=", "Sm\u{f8}rbr\u{f8}d");
        check("=?UTF-8?B?U23DuA==?= =?utf-8?b?cmJyw7hk?= now", "Sm\u{f8}rbr\u{f8}d now");
        check("=?utf-8?B?U23D?= =?utf-8?B?uHJi?=", "Sm\u{f8}rb");
        check("=?utf-8?Q?a b?= c", "a b c");
        check("a =?iso-8859-1*en?q?b=E9?= =?iso-8859-15?q?=A4?=", "a b\u{e9}\u{20ac}");
        check("=?utf-8?Q?What??=", "What?");
        check("=?nope?X?abc?=", "=?nope?X?abc?=");
        check("=?utf-8?B?YQ==Yg==?=", "ab");
        check("x=?utf-8?q?y?=z", "xyz");
        check("=?utf-8?q?open", "=?utf-8?q?open");
        check("=?=?=?utf-8?q?a?=", "=?=?a");
        check("=?utf-8?q?a?= ", "a ");
    }

    #[test]
    fn canonical_words_hide_structure() {
        let made = canonical("=?utf-8?q?a=2C_b=40c=00?= <x@y>");
        assert!(made.starts_with("=?utf-8?B?") && made.ends_with("?= <x@y>"), "{made}");
        assert_eq!(decode(&made), "a, b@c <x@y>");
    }
}

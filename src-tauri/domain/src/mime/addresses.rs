//! Address lists, read for safety first: what stands in the last angle brackets is the address, whatever surrounds it plays,
//! and what was encoded or quoted is never more than a name.

use super::fields::cleaned;
use super::{MAX_ADDRESSES, words};
use crate::Address;
use crate::steps::step;
use std::borrow::Cow;

/// Signs without a partner that are looked for to the end of the field; what comes after is taken as it stands. A field of
/// half a megabyte of opening brackets would cost its square.
const MAX_UNCLOSED: usize = 32;
/// Bytes of an address literal.
const MAX_LITERAL: usize = 256;

/// A piece of the field.
#[derive(Debug)]
enum Piece<'a> {
    Word(&'a str),
    Quoted(Cow<'a, str>),
    Comment(Cow<'a, str>),
    Angle(&'a str),
}

/// A piece and whether it follows the one before without a blank.
#[derive(Debug)]
struct Placed<'a> {
    piece: Piece<'a>,
    glued: bool,
}

/// Addresses of one field, groups flattened.
pub(crate) fn addresses(value: &str) -> Vec<Address> {
    let line = words::canonical(value);
    let mut found = Vec::new();
    let mut open: Vec<Placed<'_>> = Vec::new();
    let mut rest: &str = &line;
    let mut glued = false;
    let mut in_group = false;
    let mut unclosed = 0;
    while let Some(c) = rest.chars().next() {
        if found.len() >= MAX_ADDRESSES {
            return found;
        }
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        let taken = match c {
            ',' | ';' => {
                found.extend(settle(std::mem::take(&mut open)));
                in_group &= c == ',';
                (None, after)
            }
            // "Friends: a@b, c@d;": what stands before the colon names a group.
            ':' if !in_group && open.iter().all(|p| !matches!(&p.piece, Piece::Angle(_)) && !p.piece.text().contains('@')) => {
                open.clear();
                in_group = true;
                (None, after)
            }
            '"' | '(' | '<' if unclosed >= MAX_UNCLOSED => (None, after),
            '"' => match enclosed(after, '"', None) {
                Some((text, after)) => (Some(Piece::Quoted(text)), after),
                None => {
                    unclosed += 1;
                    (None, after)
                }
            },
            '(' => match enclosed(after, ')', Some('(')) {
                Some((text, after)) => (Some(Piece::Comment(text)), after),
                None => {
                    unclosed += 1;
                    (None, after)
                }
            },
            '<' => angle(after, &mut unclosed),
            '>' => (None, after),
            c if c.is_whitespace() => {
                glued = false;
                rest = after;
                continue;
            }
            _ => word(rest),
        };
        if let Some(piece) = taken.0.filter(|p| matches!(p, Piece::Quoted(_)) || !p.text().trim().is_empty()) {
            open.push(Placed { piece, glued });
        }
        glued = true;
        rest = taken.1;
    }
    found.extend(settle(open));
    found.truncate(MAX_ADDRESSES);
    found
}

impl Piece<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Word(text) | Self::Angle(text) => text,
            Self::Quoted(text) | Self::Comment(text) => text,
        }
    }
}

/// Text up to an unescaped `close`; `nests` opens another level. `None` where it is never closed.
fn enclosed(text: &str, close: char, nests: Option<char>) -> Option<(Cow<'_, str>, &str)> {
    let mut unescaped: Option<String> = None;
    let mut level = 0;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        step(1);
        match c {
            '\\' => {
                let out = unescaped.get_or_insert_with(|| text.get(..at).unwrap_or_default().to_owned());
                out.extend(chars.next().map(|(_, c)| c));
            }
            c if c == close && level == 0 => {
                let inside = unescaped.map_or_else(|| Cow::Borrowed(text.get(..at).unwrap_or_default()), Cow::Owned);
                return Some((inside, text.get(at + c.len_utf8()..)?));
            }
            c => {
                if c == close {
                    level -= 1;
                } else if Some(c) == nests {
                    level += 1;
                }
                if let Some(out) = &mut unescaped {
                    out.push(c);
                }
            }
        }
    }
    None
}

/// What stands in angle brackets; a second opening bracket starts anew, a missing closing one ends at the next comma.
fn angle<'a>(text: &'a str, unclosed: &mut usize) -> (Option<Piece<'a>>, &'a str) {
    let mut start = 0;
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        step(1);
        match c {
            '"' => quoted = !quoted && text.get(at + 1..).is_some_and(|t| t.contains('"')),
            '<' if !quoted => start = at + 1,
            '>' if !quoted => {
                let inside = text.get(start..at).unwrap_or_default();
                return (Some(Piece::Angle(inside)), text.get(at + 1..).unwrap_or_default());
            }
            _ => {}
        }
    }
    *unclosed += 1;
    let end = text.find([',', ';']).unwrap_or(text.len());
    let (inside, after) = text.split_at(end);
    (Some(Piece::Angle(inside.rsplit('<').next().unwrap_or_default())), after)
}

/// A word up to a blank or a sign of structure; an encoded word whole.
fn word(text: &str) -> (Option<Piece<'_>>, &str) {
    let encoded = text.strip_prefix(ENCODED).and_then(encoded_end).map(|end| end + ENCODED.len() + 2);
    let structure = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '"' | '(' | ':');
    let end = encoded.unwrap_or_else(|| {
        let plain = text.find(structure).unwrap_or(text.len());
        step(plain);
        literal_end(text, plain).unwrap_or(plain)
    });
    let end = if end == 0 { text.chars().next().map_or(0, char::len_utf8) } else { end };
    let (word, after) = text.split_at(end);
    (Some(Piece::Word(word)), after)
}

const ENCODED: &str = "=?utf-8?B?";

/// Where base64 ends. What `canonical` wrote has nothing else in it; anything else is no encoded word.
fn encoded_end(text: &str) -> Option<usize> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '/' | '=')).unwrap_or(text.len());
    step(end);
    text.get(end..)?.starts_with("?=").then_some(end)
}

/// Where a word ends that has an address literal in it; that one has colons: me@[IPv6:::1].
fn literal_end(text: &str, plain: usize) -> Option<usize> {
    let at = text.get(..plain)?.find("@[")?;
    let inside = super::cut(text.get(at..)?, MAX_LITERAL);
    let end = inside.find(']')?;
    let is_one_word = !inside.get(..end)?.contains(char::is_whitespace);
    is_one_word.then_some(at + end + 1)
}

/// One address out of its pieces.
fn settle(pieces: Vec<Placed<'_>>) -> Option<Address> {
    let angles =
        || pieces.iter().enumerate().filter_map(|(n, p)| if let Piece::Angle(a) = p.piece { Some((n, a)) } else { None });
    let chosen = angles().rfind(|(_, a)| a.contains('@')).or_else(|| angles().next_back());
    let (name, address) = match chosen {
        Some((at, inside)) => (name_of(&pieces, Some(at)), bare(inside)),
        None => without_angle(&pieces),
    };
    let name = cleaned(&name);
    let name = name.trim_matches(['"', '\'']).trim().to_owned();
    let address = cleaned(&address);
    if name.is_empty() && address.is_empty() {
        return None;
    }
    let name = if name.eq_ignore_ascii_case(&address) { String::new() } else { name };
    Some(Address { name, address })
}

/// `local@host (Name)`, `Name local@host`, or only a name.
fn without_angle(pieces: &[Placed<'_>]) -> (String, String) {
    let at = pieces.iter().position(|p| matches!(&p.piece, Piece::Word(w) if w.contains('@') && !w.starts_with("=?")));
    let Some(at) = at else {
        let words = pieces.iter().filter(|p| matches!(p.piece, Piece::Word(_))).count();
        let bare_word = pieces.iter().find_map(|p| if let Piece::Word(w) = &p.piece { Some(w) } else { None });
        let commented = pieces.iter().any(|p| matches!(p.piece, Piece::Comment(_)));
        return match bare_word.filter(|w| words == 1 && commented && !w.starts_with("=?")) {
            Some(word) => (comments(pieces), (*word).to_owned()),
            None => (name_of(pieces, None), String::new()),
        };
    };
    let word = pieces.get(at).map(|p| p.piece.text()).unwrap_or_default();
    let whole = word.split_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
    if whole {
        return (name_of(pieces, Some(at)), word.to_owned());
    }
    // Spaced out or with a quoted local part: everything but comments belongs to the address.
    let mut address = String::new();
    for placed in pieces {
        match &placed.piece {
            Piece::Word(word) => address.push_str(word),
            Piece::Quoted(text) => address.push_str(&quoted_local(text)),
            Piece::Comment(_) | Piece::Angle(_) => {}
        }
    }
    (comments(pieces), bare(&address))
}

fn comments(pieces: &[Placed<'_>]) -> String {
    let all: Vec<Cow<'_, str>> =
        pieces.iter().filter_map(|p| if let Piece::Comment(c) = &p.piece { Some(words::decode(c)) } else { None }).collect();
    all.join(" ")
}

/// Everything but the address itself, as it was written. Behind the address only comments count.
fn name_of(pieces: &[Placed<'_>], address: Option<usize>) -> String {
    let counts = |n: usize| Some(n) != address;
    let only_comments = pieces.iter().enumerate().filter(|(n, _)| counts(*n)).all(|(_, p)| matches!(p.piece, Piece::Comment(_)));
    if only_comments {
        return comments(pieces);
    }
    let mut out = String::with_capacity(pieces.iter().map(|p| p.piece.text().len() + 1).sum());
    for (n, placed) in pieces.iter().enumerate().filter(|(n, _)| counts(*n)) {
        let behind = address.is_some_and(|a| n > a);
        let text = match &placed.piece {
            Piece::Word(word) if !behind || !word.contains('@') => words::decode(word),
            Piece::Quoted(text) => words::decode(text),
            Piece::Comment(text) => Cow::Owned(format!("({})", words::decode(text))),
            Piece::Angle(text) => Cow::Owned(format!("<{text}>")),
            Piece::Word(_) => continue,
        };
        let after_address = n > 0 && Some(n - 1) == address;
        if !out.is_empty() && (!placed.glued || after_address || matches!(placed.piece, Piece::Comment(_))) {
            out.push(' ');
        }
        out.push_str(&text);
    }
    out
}

/// An address without comments, route, blanks around its signs, and needless quotes.
fn bare(inside: &str) -> String {
    let is_bare = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+');
    // As nearly every address is: nothing to be taken off.
    if inside.split_once('@').is_some_and(|(local, host)| !local.is_empty() && local.bytes().chain(host.bytes()).all(is_bare)) {
        return inside.to_owned();
    }
    let mut out = String::new();
    let mut rest = inside;
    let mut unclosed = 0;
    while let Some(at) = rest.find(['(', '"']).filter(|_| unclosed < MAX_UNCLOSED) {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let (sign, after) = tail.split_at(1);
        let close = if sign == "(" { enclosed(after, ')', Some('(')) } else { enclosed(after, '"', None) };
        let Some((text, after)) = close else {
            unclosed += 1;
            rest = after;
            continue;
        };
        if sign == "\"" {
            out.push_str(&quoted_local(&text));
        }
        rest = after;
    }
    out.push_str(rest);
    let out = words::decode(out.trim());
    // RFC 5322 section 4.4: `<@one,@two:me@there>` names a road nobody takes any more.
    let out = if out.starts_with('@') { out.split_once(':').map_or(&*out, |(_, a)| a) } else { &*out };
    let mut tight = String::with_capacity(out.len());
    for part in out.split_whitespace() {
        let joins = tight.ends_with(['.', '@']) || part.starts_with(['.', '@']) || tight.is_empty();
        if !joins {
            tight.push(' ');
        }
        tight.push_str(part);
    }
    tight
}

/// A quoted local part, in quotes only where it needs them.
fn quoted_local(text: &str) -> String {
    let atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if !text.is_empty() && text.chars().all(atom) && !text.starts_with('!') { text.to_owned() } else { format!("\"{text}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_what_stands_in_the_last_brackets() {
        let check = |value: &str, want: &[(&str, &str)]| {
            let got = addresses(value);
            let got: Vec<_> = got.iter().map(|a| (a.name.as_str(), a.address.as_str())).collect();
            assert_eq!(got, want, "{value}");
        };
        check("a@b.example, \"C, D\" <c@d.example>", &[("", "a@b.example"), ("C, D", "c@d.example")]);
        check("a@b.example (Ann (B.) C)", &[("Ann (B.) C", "a@b.example")]);
        check(
            "Friends: a@b.example, C <c@d.example>; e@f.example",
            &[("", "a@b.example"), ("C", "c@d.example"), ("", "e@f.example")],
        );
        check("undisclosed-recipients:;", &[]);
        check("me (via x@y) <attacker@z.example> <real@b.example>", &[("me (via x@y) <attacker@z.example>", "real@b.example")]);
        check("<attacker@a.example>friend@b.example", &[("", "attacker@a.example")]);
        check("friend@b.example <attacker@a.example>", &[("friend@b.example", "attacker@a.example")]);
        check("\"friend@b.example\" <attacker@a.example>", &[("friend@b.example", "attacker@a.example")]);
        check("=?utf-8?q?friend=40b.example=3E=2C?= <attacker@a.example>", &[("friend@b.example>,", "attacker@a.example")]);
        check("\"Un closed <a@b.example>", &[("Un closed", "a@b.example")]);
        check("Open <a@b.example", &[("Open", "a@b.example")]);
        check("a < <a@b.example>", &[("a", "a@b.example")]);
        check("<@hop.example:a@b.example>", &[("", "a@b.example")]);
        check("so . many @ spaces . example", &[("", "so.many@spaces.example")]);
        check("\"me\"@a.example, \"a b\"@c.example", &[("", "me@a.example"), ("", "\"a b\"@c.example")]);
        check("me@[IPv6:::1]", &[("", "me@[IPv6:::1]")]);
        check("root (Cron Daemon)", &[("Cron Daemon", "root")]);
        check("Just A Name", &[("Just A Name", "")]);
        check(",,;<>()\"\" ,", &[]);
        check("((((((", &[]);
    }

    proptest::proptest! {
        #[test]
        fn any_field_is_survived(value in "[ a@.<>\"(),;:\\\\=?Bu]{0,60}") {
            for a in addresses(&value) {
                proptest::prop_assert!(!(a.name.is_empty() && a.address.is_empty()));
            }
        }
    }
}

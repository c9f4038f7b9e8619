//! Parameters of MIME fields as they come: RFC 2231 before RFC 2047 before plain, raw 8-bit, missing quotes.

use super::{charset, words};
use std::collections::HashMap;

/// Parameters of one field that are looked at.
const MAX_PARAMETERS: usize = 400;

/// The value of parameter `name` (lower case) of the field `value`.
pub(crate) fn parameter(value: &[u8], name: &str) -> Option<String> {
    let text = charset::decode(value, None).text.replace(['\r', '\n'], "");
    let all = split(&text);
    let extended = all.get(&format!("{name}*")).and_then(|v| strictly(v));
    let found = extended.or_else(|| continued(&all, name)).or_else(|| all.get(name).map(|v| words::decode(v).into_owned()));
    // What breaks its own rules is still better than nothing.
    let found = found.or_else(|| all.get(&format!("{name}*")).map(|v| loosely(v)));
    found.filter(|v| !v.trim().is_empty())
}

/// Name and value of every parameter, the first of each name.
fn split(text: &str) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let mut rest = text.split_once(';').map_or("", |(_, tail)| tail);
    while !rest.is_empty() && found.len() < MAX_PARAMETERS {
        let Some(at) = rest.find(['=', ';']) else { break };
        let (name, tail) = rest.split_at(at);
        let (sign, tail) = tail.split_at(1);
        if sign == ";" {
            rest = tail;
            continue;
        }
        let (value, after) = value(tail.trim_start());
        let name: String = name.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
        found.entry(name).or_insert(value);
        rest = after;
    }
    found
}

/// A quoted or bare value, and what follows the next semicolon.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, after) = text.split_once(';').unwrap_or((text, ""));
        return (value.trim().to_owned(), after);
    };
    let mut out = String::new();
    let mut chars = quoted.char_indices();
    let mut end = quoted.len();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => out.extend(chars.next().map(|(_, c)| c)),
            '"' => {
                end = at + 1;
                break;
            }
            c => out.push(c),
        }
    }
    let after = quoted.get(end..).unwrap_or_default();
    (out, after.split_once(';').map_or("", |(_, tail)| tail))
}

/// `charset'language'percent-encoded`, by the letter; `None` where it is not that.
fn strictly(value: &str) -> Option<String> {
    let (label, tail) = value.split_once('\'')?;
    let (_, encoded) = tail.split_once('\'')?;
    let encoding = encoding_rs::Encoding::for_label_no_replacement(label.trim().as_bytes())?;
    let bytes = percent(encoded);
    let (text, _, broken) = encoding.decode(&bytes);
    (!broken).then(|| text.into_owned())
}

fn loosely(value: &str) -> String {
    let mut parts = value.splitn(3, '\'');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(label), Some(_), Some(encoded)) => charset::decode(&percent(encoded), Some(label)).text,
        _ => charset::decode(&percent(value), None).text,
    }
}

/// `name*0`, `name*1*`, …: joined as far as the numbers go without a gap.
fn continued(all: &HashMap<String, String>, name: &str) -> Option<String> {
    let piece = |n: usize| {
        let encoded = all.get(&format!("{name}*{n}*")).map(|v| (v.as_str(), true));
        encoded.or_else(|| all.get(&format!("{name}*{n}")).map(|v| (v.as_str(), false)))
    };
    let (first, encoded) = piece(0)?;
    let (label, first) = match first.splitn(3, '\'').collect::<Vec<_>>().as_slice() {
        [label, _, tail] if encoded => (Some((*label).to_owned()), *tail),
        _ => (None, first),
    };
    let mut bytes = if encoded { percent(first) } else { first.as_bytes().to_vec() };
    for (piece, encoded) in (1..MAX_PARAMETERS).map_while(piece) {
        bytes.extend(if encoded { percent(piece) } else { piece.as_bytes().to_vec() });
    }
    let decoded = charset::decode(&bytes, label.as_deref()).text;
    if decoded.contains(char::REPLACEMENT_CHARACTER) && all.contains_key(name) {
        return None;
    }
    Some(words::decode(&decoded).into_owned())
}

fn percent(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&b, tail)) = rest.split_first() {
        rest = tail;
        let digit = |at: usize| (*tail.get(at)? as char).to_digit(16);
        match (b, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => out.push(b),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_by_rank() {
        let check =
            |value: &str, want: Option<&str>| assert_eq!(parameter(value.as_bytes(), "filename").as_deref(), want, "{value}");
        check("attachment; filename=a.pdf", Some("a.pdf"));
        check("attachment; filename=\"a \\\"b;c.pdf\"; size=1", Some("a \"b;c.pdf"));
        check("attachment; filename=two words.pdf; x=y", Some("two words.pdf"));
        check("attachment; filename=plain; filename*=UTF-8''R%C3%A9", Some("R\u{e9}"));
        check("attachment; filename*0*=utf-8''R%C3; filename*1*=%A9; filename*2=\".pdf\"; filename=x", Some("R\u{e9}.pdf"));
        check("attachment; filename*0=a; filename*2=c", Some("a"));
        check("attachment; filename=\"=?iso-8859-1?Q?=E4.html?=\"", Some("\u{e4}.html"));
        check("attachment; filename*=UTF-8''A%e4B; filename=fallback", Some("fallback"));
        check("attachment; filename*=foo-%41", Some("foo-A"));
        check("attachment; filename", None);
        check("attachment", None);
    }
}

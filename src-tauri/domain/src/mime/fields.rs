//! Header fields: taken apart by our own code under limits, made UTF-8, then read by `mail_parser`'s parser of each kind.

use super::addresses::addresses;
use super::{MAX_ADDRESSES, MAX_FIELD, MAX_FIELDS, MAX_HEADER, MAX_IDS, MAX_WORDS, charset, cut, words};
use crate::Address;
use mail_parser::{ContentType, DateTime, parsers::MessageStream};
use std::borrow::Cow;

/// A header block, split into fields. Names are lower case; values are unfolded UTF-8 without control characters.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    fields: Vec<(String, String)>,
    /// Offset of the body behind the blank line; the length of the input where there is none.
    pub body: usize,
    /// Whether raw 8-bit text had to be guessed.
    pub guessed: bool,
}

impl Fields {
    /// Splits the header block at the start of `raw`.
    pub fn split(raw: &[u8]) -> Self {
        let mut found: Vec<(String, Vec<u8>)> = Vec::new();
        let mut at = 0;
        let mut first = true;
        let mut body = None;
        while let Some(rest) = raw.get(at..).filter(|r| !r.is_empty()) {
            let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |n| n + 1);
            let line = rest.get(..length).unwrap_or_default();
            at += length;
            let text = line.trim_ascii_end();
            let envelope = first && (line.starts_with(b"From ") || line.starts_with(b">From "));
            first = false;
            if text.is_empty() {
                body = Some(at);
                break;
            }
            if envelope || at > MAX_HEADER {
                continue;
            }
            if matches!(line.first(), Some(b' ' | b'\t')) {
                if let Some((_, value)) = found.last_mut()
                    && value.len() + text.len() < MAX_FIELD
                {
                    value.extend_from_slice(text);
                }
                continue;
            }
            if let Some((name, value)) = name_and_value(text)
                && found.len() < MAX_FIELDS
            {
                found.push((name, value.get(..value.len().min(MAX_FIELD)).unwrap_or_default().to_vec()));
            }
        }
        let (fields, guessed) = as_text(found);
        Self { fields, body: body.unwrap_or(raw.len()), guessed }
    }

    /// The first value of this name that is not blank.
    pub fn first<'a>(&'a self, name: &str) -> Option<&'a str> {
        self.all(name).map(str::trim).find(|v| !v.is_empty())
    }

    /// Every value of this name, in order.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Whether there is any field at all.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Decoded, cleaned one-line text.
    pub fn text(&self, name: &str) -> String {
        self.first(name).map(unstructured).unwrap_or_default()
    }

    /// Addresses of every field of this name.
    pub fn addresses(&self, name: &str) -> Vec<Address> {
        let mut out = Vec::new();
        for value in self.all(name) {
            out.extend(addresses(value));
            out.truncate(MAX_ADDRESSES);
        }
        out
    }

    /// Addresses of the first field of this name that has any.
    pub fn first_addresses(&self, name: &str) -> Vec<Address> {
        let mut found = self.all(name).map(addresses).find(|a| !a.is_empty()).unwrap_or_default();
        found.truncate(MAX_ADDRESSES);
        found
    }

    /// Message-IDs without brackets.
    pub fn ids(&self, name: &str) -> Vec<String> {
        self.first(name).map(ids).unwrap_or_default()
    }

    /// The date, where it can be read.
    pub fn date(&self, name: &str) -> Option<DateTime> {
        self.all(name).find_map(date)
    }

    /// A field of the form of Content-Type.
    pub fn content_type(&self, name: &str) -> Option<ContentType<'static>> {
        content_type(self.first(name)?)
    }
}

fn name_and_value(line: &[u8]) -> Option<(String, &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let name = line.get(..colon)?.trim_ascii();
    if name.is_empty() || name.len() > 100 || name.iter().any(|b| b.is_ascii_whitespace() || !b.is_ascii_graphic()) {
        return None;
    }
    Some((String::from_utf8_lossy(name).to_ascii_lowercase(), line.get(colon + 1..)?))
}

/// Values as text. Raw 8-bit values that are no UTF-8 are read in the charset the message declares, else in the one that all of
/// them together look like.
fn as_text(found: Vec<(String, Vec<u8>)>) -> (Vec<(String, String)>, bool) {
    let odd: Vec<&[u8]> = found.iter().map(|(_, v)| v.as_slice()).filter(|v| std::str::from_utf8(v).is_err()).collect();
    let guessed = !odd.is_empty();
    let fallback = guessed.then(|| {
        let declared = found
            .iter()
            .find(|(name, _)| name == "content-type")
            .and_then(|(_, v)| content_type(&String::from_utf8_lossy(v)))
            .and_then(|c| c.attribute("charset").map(str::to_owned))
            .and_then(|label| encoding_rs::Encoding::for_label_no_replacement(label.as_bytes()))
            .filter(|encoding| odd.iter().all(|v| !encoding.decode_without_bom_handling(v).1));
        declared.unwrap_or_else(|| charset::guess(&odd.join(&b'\n')))
    });
    let text = |value: Vec<u8>| match (String::from_utf8(value), fallback) {
        (Ok(text), _) if text.contains("\u{1b}$") => charset::decode(text.as_bytes(), Some("iso-2022-jp")).text,
        (Ok(text), _) => text,
        (Err(e), Some(encoding)) => encoding.decode_without_bom_handling(e.as_bytes()).0.into_owned(),
        (Err(e), None) => String::from_utf8_lossy(e.as_bytes()).into_owned(),
    };
    (found.into_iter().map(|(name, value)| (name, without_controls(text(value)))).collect(), guessed)
}

fn without_controls(text: String) -> String {
    if is_plain(&text) || !text.contains(|c: char| c.is_control()) {
        return text;
    }
    text.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| !c.is_control()).collect()
}

/// Whether all of it is ASCII that shows, blanks too. Without a way out on the first that is not: many bytes are looked at
/// together then, and nearly all text is.
fn is_plain(text: &str) -> bool {
    text.bytes().fold(true, |plain, b| plain & (b' '..0x7f).contains(&b))
}

/// One line of text that is safe to show: no control, direction or invisible characters, blanks collapsed, bounded.
pub(crate) fn cleaned(text: &str) -> String {
    // Most text is clean already; it is looked at byte by byte then, and copied once.
    let trimmed = text.trim_ascii();
    let is_spaced = || trimmed.as_bytes().windows(2).fold(false, |found, pair| found | (pair == b"  "));
    if text.len() <= MAX_WORDS && is_plain(text) && !is_spaced() {
        return trimmed.to_owned();
    }
    let mut out = String::with_capacity(text.len().min(MAX_WORDS));
    let mut blank = false;
    for (count, c) in text.chars().enumerate() {
        if count >= MAX_WORDS {
            break;
        }
        if is_unseen(c) {
            continue;
        }
        if is_blank(c) {
            blank = true;
            continue;
        }
        if blank && !out.is_empty() {
            out.push(' ');
        }
        blank = false;
        out.push(c);
    }
    out
}

/// Characters that change how others are shown or take no room: they have no place in a name, a subject or a file name.
pub(crate) fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}' // direction
        | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{00ad}' | '\u{034f}' | '\u{180e}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e01ef}')
        || (c.is_control() && !c.is_whitespace())
}

/// Everything that looks like a space, also the ones that aren't called so (Hangul fillers, the empty Braille cell).
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{2800}' | '\u{3164}' | '\u{115f}' | '\u{1160}' | '\u{ffa0}')
}

/// Decodes and cleans unstructured text.
pub(crate) fn unstructured(value: &str) -> String {
    cleaned(&words::decode(value))
}

/// Message-IDs without brackets, blanks inside taken out; without any bracket, words that have an `@`.
pub(crate) fn ids(value: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut rest = value;
    while let Some((_, tail)) = rest.split_once('<') {
        let Some((id, after)) = tail.split_once('>') else { break };
        // "<a <b@c>": the last opening bracket counts.
        let id = id.rsplit('<').next().unwrap_or_default();
        let is_clean = id.bytes().fold(true, |clean, b| clean & b.is_ascii_graphic());
        let id = if is_clean { Cow::Borrowed(id) } else { id.chars().filter(|c| !is_blank(*c) && !is_unseen(*c)).collect() };
        if !id.is_empty() {
            out.push(cut(&id, 998).to_owned());
        }
        rest = after;
    }
    if out.is_empty() {
        let bare = |w: &str| w.trim_matches(['"', ',', ';']).chars().filter(|c| !is_unseen(*c)).collect::<String>();
        let words = value.split_whitespace().filter_map(|w| w.split(['<', '>']).find(|piece| piece.contains('@')));
        out.extend(words.map(bare).map(|id| cut(&id, 998).to_owned()));
    }
    if out.len() > MAX_IDS {
        out.drain(..out.len() - MAX_IDS);
    }
    out
}

fn date(value: &str) -> Option<DateTime> {
    let mut line = plain_date(cut(value, 1000));
    line.push('\n');
    let parsed = super::guarded(|| MessageStream::new(line.as_bytes()).parse_date().into_owned())?;
    parsed.into_datetime().filter(DateTime::is_valid)
}

/// The date with month names cut to three letters, leap seconds taken back, and zones that have a name as numbers.
fn plain_date(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    for word in value.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        push_plain_word(&mut out, word);
    }
    out
}

fn push_plain_word(out: &mut String, word: &str) {
    let begins = |month: &&str| word.get(..3).is_some_and(|w| w.eq_ignore_ascii_case(month));
    if word.len() > 3 && word.bytes().all(|b| b.is_ascii_alphabetic()) && MONTHS.iter().any(begins) {
        return out.push_str(cut(word, 3));
    }
    if let Some(before) = word.strip_suffix(":60").filter(|b| b.matches(':').count() == 1) {
        out.push_str(before);
        return out.push_str(":59");
    }
    let zone = word.as_bytes().first().filter(|b| b.is_ascii_alphabetic());
    let zone = zone.and_then(|_| ZONES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)));
    out.push_str(zone.map_or(word, |(_, zone)| zone));
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Names of zones that RFC 5322 does not have and mail does. Ambiguous ones mean what most mail means.
const ZONES: &[(&str, &str)] = &[
    ("ast", "-0400"),
    ("adt", "-0300"),
    ("nst", "-0330"),
    ("ndt", "-0230"),
    ("akst", "-0900"),
    ("akdt", "-0800"),
    ("hst", "-1000"),
    ("wet", "+0000"),
    ("west", "+0100"),
    ("bst", "+0100"),
    ("met", "+0100"),
    ("mez", "+0100"),
    ("cet", "+0100"),
    ("mest", "+0200"),
    ("mesz", "+0200"),
    ("cest", "+0200"),
    ("eet", "+0200"),
    ("eest", "+0300"),
    ("msk", "+0300"),
    ("jst", "+0900"),
    ("kst", "+0900"),
    ("aest", "+1000"),
    ("aedt", "+1100"),
    ("nzst", "+1200"),
    ("nzdt", "+1300"),
];

/// Reads a value of the form of Content-Type or Content-Disposition, RFC 2231 and all.
pub(crate) fn content_type(value: &str) -> Option<ContentType<'static>> {
    let line = format!("{}\n", cut(value, 16 << 10));
    super::guarded(|| MessageStream::new(line.as_bytes()).parse_content_type().into_owned())?.into_content_type()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_without_brackets() {
        let check = |value: &str, want: &[&str]| assert_eq!(ids(value), want, "{value}");
        check("<a@b>", &["a@b"]);
        check(" <a@b>\t<c@d> (comment) <e @f>", &["a@b", "c@d", "e@f"]);
        check("a@b c@d", &["a@b", "c@d"]);
        check("Your message of Tue <x@y>", &["x@y"]);
        check("<unclosed@b", &["unclosed@b"]);
        // Found by fuzzing: a bracket in the midst of a bare word.
        check("\u{429}\u{44f}<1234@cocal.mac", &["1234@cocal.mac"]);
        check("<1056.NCV175<3@ text/html;", &["3@"]);
        check("a>b@c<d", &["b@c"]);
        check("", &[]);
    }

    #[test]
    fn shown_text_has_no_tricks() {
        let check = |text: &str, want: &str| assert_eq!(cleaned(text), want);
        check("a\u{202e}b\u{0}c", "abc");
        check("  a \u{2800}\u{a0}\t b ", "a b");
        check("\u{feff}x\u{200b}y", "xy");
    }
}

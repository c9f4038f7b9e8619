//! How addresses and searchable words stand in a column: separated by control characters that no address has.

use godwit_domain::{Address, mime::Headers};

const FIELD: char = '\u{1f}';
const RECORD: char = '\u{1e}';
/// The most addresses kept of one header field.
const MOST_ADDRESSES: usize = 100;
/// The most characters of text that is searched in, per message.
const MOST_SEARCHED: usize = 2_000;
/// The longest subject, name and address kept, in characters.
const MOST_SUBJECT: usize = 1_000;
const MOST_NAME: usize = 250;
const MOST_ADDRESS: usize = 320;

fn push_clean(out: &mut String, text: &str, most: usize) {
    // Nearly all text is; going through it character by character costs ten times as much.
    if text.len() <= most && text.bytes().fold(true, |plain, b| plain & (b' '..0x7f).contains(&b)) {
        return out.push_str(text);
    }
    out.extend(text.chars().filter(|c| !c.is_control()).take(most));
}

/// Addresses as one column.
pub(super) fn pack(addresses: &[Address]) -> String {
    let length = addresses.iter().take(MOST_ADDRESSES).map(|a| a.name.len() + a.address.len() + 2).sum();
    let mut out = String::with_capacity(length);
    for (at, address) in addresses.iter().take(MOST_ADDRESSES).enumerate() {
        if at > 0 {
            out.push(RECORD);
        }
        push_clean(&mut out, &address.name, MOST_NAME);
        out.push(FIELD);
        push_clean(&mut out, &address.address, MOST_ADDRESS);
    }
    out
}

/// The addresses of a column.
pub(super) fn unpack(text: &str) -> Vec<Address> {
    if text.is_empty() {
        return Vec::new();
    }
    let read = |part: &str| {
        let (name, address) = part.split_once(FIELD).unwrap_or(("", part));
        Address { name: name.to_owned(), address: address.to_owned() }
    };
    text.split(RECORD).map(read).collect()
}

/// A subject as kept.
pub(super) fn subject(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_clean(&mut out, text, MOST_SUBJECT);
    out
}

/// What a search looks through: subject and people, folded to lower case.
pub(super) fn searchable(headers: &Headers) -> String {
    let people = || headers.from.iter().chain(&headers.to).chain(&headers.cc);
    let length: usize = people().map(|a| a.name.len() + a.address.len() + 2).sum();
    let mut out = String::with_capacity((headers.subject.len() + length).min(2 * MOST_SEARCHED));
    push_clean(&mut out, &headers.subject, MOST_SUBJECT);
    for address in people() {
        if out.len() > MOST_SEARCHED {
            break;
        }
        out.push(' ');
        push_clean(&mut out, &address.name, MOST_NAME);
        out.push(' ');
        push_clean(&mut out, &address.address, MOST_ADDRESS);
    }
    fold(&out)
}

/// Lower case, as far as Unicode has it.
pub(super) fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// The words of a query, folded, at most 8 of at most 64 characters.
pub(super) fn words(query: &str) -> Vec<String> {
    query.split_whitespace().take(8).map(|w| fold(&w.chars().take(64).collect::<String>())).filter(|w| !w.is_empty()).collect()
}

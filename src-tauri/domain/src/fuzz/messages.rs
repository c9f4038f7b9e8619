//! Header fields, addresses, whole messages.

use super::text;
use crate::html::{RenderOptions, render, verify};
use crate::mime::{self, MAX_ADDRESSES, MAX_ATTACHMENTS, MAX_IDS, MAX_TEXT, MAX_WORDS};
use crate::steps::counted;
use crate::sync::UidSet;
use crate::{Address, compose};

/// Steps a byte of a field may cost: one look for each sign without a partner, in the field and in its address, and a few more.
const STEPS_A_BYTE: u64 = 80;
/// Parts that are had one by one.
const PARTS: usize = 20;

fn one_line(what: &str, shown: &str) {
    assert!(!shown.chars().any(char::is_control), "a control character in {what}: {shown:?}");
    assert!(shown.chars().count() <= MAX_WORDS, "{what} has {} characters", shown.chars().count());
}

fn sound(addresses: &[Address]) {
    assert!(addresses.len() <= MAX_ADDRESSES, "{} addresses", addresses.len());
    for address in addresses {
        one_line("a name", &address.name);
        one_line("an address", &address.address);
        assert!(!address.name.is_empty() || !address.address.is_empty(), "an address of nothing");
    }
}

pub(super) fn headers(input: &[u8]) {
    let (steps, read) = counted(|| mime::headers(input));
    // A field may be read for more than one purpose.
    assert!(steps <= 4 * STEPS_A_BYTE * (input.len() as u64 + 64), "{steps} steps for {} bytes", input.len());
    one_line("the subject", &read.subject);
    for list in [&read.from, &read.reply_to, &read.to, &read.cc, &read.bcc] {
        sound(list);
    }
    assert!(read.references.len() <= MAX_IDS && read.in_reply_to.len() <= MAX_IDS);
    for id in read.message_id.iter().chain(&read.in_reply_to).chain(&read.references) {
        assert!(!id.contains(['<', '>', ' ', '\r', '\n', '\0']), "a Message-ID {id:?}");
    }
    assert_eq!(read.identity, mime::identity(input));
    let shown = mime::preview(input, input);
    assert!(shown.chars().count() <= 200 && !shown.chars().any(char::is_control), "a preview {shown:?}");
}

pub(super) fn addresses(input: &[u8]) {
    let line: String = text(input).chars().filter(|c| !c.is_control()).collect();
    let (steps, found) = counted(|| mime::all_addresses(&line));
    assert!(steps <= STEPS_A_BYTE * (line.len() as u64 + 64), "{steps} steps for {} bytes", line.len());
    sound(&found);
}

pub(super) fn encoded_words(input: &[u8]) {
    let line = text(input);
    let (steps, decoded) = counted(|| mime::decoded_words(&line));
    assert!(steps <= 4 * (line.len() as u64 + 64), "{steps} steps for {} bytes", line.len());
    // A byte of an old charset is at most one character, of at most four bytes; a broken one is three.
    assert!(decoded.len() <= 4 * line.len() + 16, "{} bytes out of {}", decoded.len(), line.len());
    if !line.contains("=?") {
        assert_eq!(decoded, line);
    }
}

pub(super) fn mime(input: &[u8]) {
    let (steps, parsed) = counted(|| mime::parse(input));
    assert!(steps <= 8 * STEPS_A_BYTE * (input.len() as u64 + 64), "{steps} steps for {} bytes", input.len());
    assert!(parsed.text.len() <= MAX_TEXT + 4 && parsed.html.as_ref().is_none_or(|h| h.len() <= MAX_TEXT + 4));
    assert!(parsed.attachments.len() <= MAX_ATTACHMENTS);
    one_line("the subject", &parsed.subject);
    for attachment in parsed.attachments.iter().take(PARTS) {
        let name = &attachment.name;
        assert!(!name.is_empty() && !name.contains(['/', '\\', '\0', '\n']) && name != ".." && name.len() <= 255, "{name:?}");
        let Some((_, bytes)) = mime::part(input, attachment.part) else {
            // Only what the parser itself gives up on can't be had, and then nothing of it is listed.
            unreachable!("part {} is listed and can't be had", attachment.part)
        };
        assert_eq!(bytes.len() as u64, u64::from(attachment.size), "part {}", attachment.part);
    }
    let base = "mail://localhost/0/";
    let shown = render(&parsed, &RenderOptions { allow_remote: false, base: base.into() });
    assert_eq!(verify(&shown.html, base), Ok(()));
    assert!(shown.remote.iter().all(|r| r.blocked), "something remote is let in");
}

pub(super) fn mailto(input: &[u8]) {
    let Ok(start) = compose::mailto(&format!("mailto:{}", text(input))) else { return };
    for address in start.to.iter().chain(&start.cc).chain(&start.bcc) {
        assert!(!address.address.contains(['\r', '\n', '\0']), "an address {:?}", address.address);
    }
    assert!(!start.subject.contains(['\r', '\n']), "a subject {:?}", start.subject);
}

pub(super) fn uid_sets(input: &[u8]) {
    let Some(set) = UidSet::parse(&text(input)) else { return };
    assert!(set.ranges().windows(2).all(|w| matches!(w, [(_, a), (b, _)] if u64::from(*a) + 1 < u64::from(*b))), "{set:?}");
    assert!(set.ranges().iter().all(|(low, high)| 0 < *low && low <= high), "{set:?}");
    if !set.is_empty() {
        assert_eq!(UidSet::parse(&set.to_string()).as_ref(), Some(&set));
    }
    assert_eq!(set.minus(&set), UidSet::new());
    assert_eq!(set.intersect(&set), set);
}

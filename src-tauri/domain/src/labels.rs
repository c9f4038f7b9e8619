//! Labels as Gmail has them (X-GM-EXT-1): how they are spelled, which folder shows which, how the store keeps them.
//! Nothing here knows the wire's quoting; names come decoded.

use std::collections::BTreeSet;

/// Labels of one message: system labels with a backslash as Gmail spells them, others by the path of their folder.
pub type Labels = BTreeSet<String>;

/// In the inbox.
pub const INBOX: &str = "\\Inbox";
/// Kept as the flag `\Flagged`, never among [`Labels`].
pub const STARRED: &str = "\\Starred";
/// Sent from this account; can't be taken off.
pub const SENT: &str = "\\Sent";
/// A draft; can't be taken off.
pub const DRAFT: &str = "\\Draft";

/// System labels and the LIST attributes of their folders.
const SYSTEM: [(&str, &str); 4] = [(SENT, "\\Sent"), (DRAFT, "\\Drafts"), (STARRED, "\\Flagged"), ("\\Important", "\\Important")];
/// Other spellings that servers were seen to use.
const SPELLINGS: [(&str, &str); 7] = [
    ("\\Inbox", INBOX),
    ("\\Sent", SENT),
    ("\\Draft", DRAFT),
    ("\\Drafts", DRAFT),
    ("\\Starred", STARRED),
    ("\\Important", "\\Important"),
    ("\\Muted", "\\Muted"),
];

/// The most labels kept of a message; a server that sends more is not believed.
pub const MAX_LABELS: usize = 500;
/// The longest label, in bytes; Gmail takes 225 characters.
pub const LONGEST: usize = 1_000;
/// Begins a label where it stands among keywords, which have no such character.
const MARK: char = '"';

/// Labels as a server names them. The star is left out: the flag says it. What can't be a label is none.
pub fn from_server<'a>(names: impl IntoIterator<Item = &'a str>) -> Labels {
    // Some write the backslash twice, as if it stood in a string.
    let once = |name: &'a str| name.strip_prefix('\\').filter(|rest| rest.starts_with('\\')).unwrap_or(name);
    let known = |name: &'a str| SPELLINGS.iter().find(|(s, _)| s.eq_ignore_ascii_case(name)).map_or(name, |(_, label)| *label);
    names
        .into_iter()
        .map(once)
        .map(known)
        .filter(|name| is_label(name) && *name != STARRED)
        .take(MAX_LABELS)
        .map(str::to_owned)
        .collect()
}

/// Whether a label can have this name.
pub fn is_label(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST && !name.chars().any(char::is_control)
}

/// Whether a person may take it off.
pub fn can_go(label: &str) -> bool {
    label != SENT && label != DRAFT
}

/// Whether a person made it.
pub fn is_own(label: &str) -> bool {
    !label.starts_with('\\')
}

/// The label that shows a message in a folder, by the folder's path and LIST attributes; `None`: it has its own messages, or none.
/// `beside`: the path of All Mail; what else lies beside it is the server's own.
pub fn of_folder(path: &str, delimiter: Option<char>, attributes: &[String], beside: &str) -> Option<String> {
    let has = |name: &str| attributes.iter().any(|a| a.eq_ignore_ascii_case(name));
    if path.eq_ignore_ascii_case("INBOX") {
        return Some(INBOX.to_owned());
    }
    if ["\\Noselect", "\\NonExistent", "\\All", "\\Trash", "\\Junk"].into_iter().any(has) {
        return None;
    }
    if let Some((label, _)) = SYSTEM.iter().find(|(_, attribute)| has(attribute)) {
        return Some((*label).to_owned());
    }
    let above = |path: &str| delimiter.and_then(|d| path.rsplit_once(d)).map(|(above, _)| above.to_owned());
    let servers_own = above(beside).is_some_and(|own| above(path) == Some(own));
    (!servers_own && is_label(path)).then(|| path.to_owned())
}

/// A label as one word among keywords: marked, with what would end the word written as bytes.
pub fn word(label: &str) -> String {
    let mut out = String::from(MARK);
    for c in label.chars() {
        if c.is_ascii_whitespace() || matches!(c, '%' | MARK) {
            out.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// The other way; `None`: it is a keyword.
pub fn of_word(word: &str) -> Option<String> {
    let mut rest = word.strip_prefix(MARK)?;
    let mut out = String::with_capacity(rest.len());
    while let Some((plain, code)) = rest.split_once('%') {
        out.push_str(plain);
        let byte = code.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(u8::is_ascii);
        match byte.zip(code.get(2..)) {
            Some((byte, after)) => {
                out.push(char::from(byte));
                rest = after;
            }
            None => {
                out.push('%');
                rest = code;
            }
        }
    }
    out.push_str(rest);
    Some(out)
}

/// Whether a word would be read as a label.
pub(crate) fn is_word(word: &str) -> bool {
    word.starts_with(MARK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn system_labels_have_one_spelling_and_the_star_is_a_flag() {
        let labels = from_server(["\\INBOX", "\\\\Drafts", "\\Starred", "Bills 2026", "", "a\u{7}b"]);
        assert_eq!(labels.into_iter().collect::<Vec<_>>(), ["Bills 2026", "\\Draft", "\\Inbox"]);
    }

    #[test]
    fn endless_labels_are_cut() {
        let names: Vec<String> = (0..MAX_LABELS * 3).map(|n| n.to_string()).collect();
        assert_eq!(from_server(names.iter().map(String::as_str)).len(), MAX_LABELS);
        assert!(from_server(["x".repeat(LONGEST + 1).as_str()]).is_empty());
    }

    #[test]
    fn every_folder_is_home_its_own_or_a_label() {
        let check = |path: &str, attribute: &str, want: Option<&str>| {
            let attributes = [attribute.to_owned()];
            assert_eq!(of_folder(path, Some('/'), &attributes, "[Gmail]/Alle Nachrichten").as_deref(), want, "{path}");
        };
        check("INBOX", "\\HasNoChildren", Some("\\Inbox"));
        check("[Gmail]", "\\Noselect", None);
        check("[Gmail]/Alle Nachrichten", "\\All", None);
        check("[Gmail]/Papierkorb", "\\Trash", None);
        check("[Gmail]/Spam", "\\Junk", None);
        check("[Gmail]/Gesendet", "\\Sent", Some("\\Sent"));
        check("[Gmail]/Entwürfe", "\\Drafts", Some("\\Draft"));
        check("[Gmail]/Markiert", "\\Flagged", Some("\\Starred"));
        check("[Gmail]/Wichtig", "\\Important", Some("\\Important"));
        check("[Gmail]/Chats", "\\HasNoChildren", None);
        check("Work/Client A", "\\HasNoChildren", Some("Work/Client A"));
    }

    #[test]
    fn a_keyword_is_no_label() {
        assert_eq!(of_word("Work"), None);
        assert_eq!(of_word("\"50%-off"), Some("50%-off".to_owned()));
        assert_eq!(word("Bills 2026"), "\"Bills%202026");
    }

    proptest! {
        #[test]
        fn every_label_comes_back_from_its_word(label in "\\PC{1,40}|[ %\"0-9A-F]{1,20}") {
            let word = word(&label);
            prop_assert!(!word.contains(|c: char| c.is_ascii_whitespace()));
            prop_assert_eq!(of_word(&word), Some(label));
        }
    }
}

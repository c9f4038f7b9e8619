//! The mail of one case, and what a person wants of it: the model that server and engine are held against.

use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;

/// Mailboxes that every case has.
pub const MAILBOXES: [&str; 7] = ["INBOX", "Archive", "Drafts", "Junk", "Projects", "Sent", "Trash"];

/// A message to be put on the server.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Where.
    pub mailbox: String,
    /// Flags and keywords.
    pub flags: BTreeSet<String>,
    /// Its Subject; equal copies share it.
    pub subject: String,
    /// All its bytes.
    pub raw: Vec<u8>,
}

/// A message as the oracle sees it, or as it should.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// Where.
    pub mailbox: String,
    /// SHA-256 of all its bytes, in hex.
    pub digest: String,
    /// Flags and keywords without `\Recent`.
    pub flags: BTreeSet<String>,
}

impl Letter {
    /// A letter of its own; `id` makes it unlike all others.
    pub fn new(mailbox: &str, flags: &[&str], id: &str) -> Self {
        let subject = format!("Plank {id}");
        let raw = format!(
            "Date: Thu, 19 Nov 2026 09:42:00 +0100\r\nFrom: Jonas Lindqvist <jonas@lindqvist-dahl.example>\r\n\
             To: marit@test.example\r\nMessage-ID: <{id}@lindqvist-dahl.example>\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\nThe winch sits 40 cm further back, says J\u{f8}rgen.\r\n.\r\n\r\n"
        );
        Self { mailbox: mailbox.into(), flags: set(flags), subject, raw: raw.into_bytes() }
    }

    /// One that a server holds.
    pub fn read(mailbox: &str, raw: Vec<u8>, flags: BTreeSet<String>) -> Self {
        let text = String::from_utf8_lossy(&raw);
        let subject = text.lines().take_while(|l| !l.is_empty()).find_map(|l| l.strip_prefix("Subject: "));
        Self { mailbox: mailbox.into(), flags, subject: subject.unwrap_or_default().to_owned(), raw }
    }

    /// What stands behind its header.
    pub fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.raw);
        text.split_once("\r\n\r\n").map(|(_, text)| text.trim().to_owned()).unwrap_or_default()
    }

    /// A field of its header.
    pub fn field(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.raw);
        let head = text.split_once("\r\n\r\n").map_or(text.as_ref(), |(head, _)| head);
        head.lines().find_map(|l| l.strip_prefix(&format!("{name}: "))).map(str::to_owned)
    }

    /// What the oracle should see of it.
    pub fn held(&self) -> Held {
        Held { mailbox: self.mailbox.clone(), digest: digest(&self.raw), flags: self.flags.clone() }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
        write!(
            f,
            "{} in {} ({})",
            if self.digest.len() == 64 { &self.digest[..8] } else { &self.digest },
            self.mailbox,
            flags.join(" ")
        )
    }
}

/// SHA-256 in hex.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Flags as a set.
pub fn set(flags: &[&str]) -> BTreeSet<String> {
    flags.iter().map(|f| (*f).to_owned()).collect()
}

/// How two multisets differ, in words; `None` where they are equal.
pub fn difference(wanted: &[Held], there: &[Held]) -> Option<String> {
    let (mut missing, mut extra) = (Vec::new(), there.to_vec());
    for held in wanted {
        match extra.iter().position(|e| e == held) {
            Some(at) => drop(extra.swap_remove(at)),
            None => missing.push(held),
        }
    }
    let list = |held: Vec<String>| if held.is_empty() { "nothing".to_owned() } else { held.join(", ") };
    let words = |of: &[Held]| list(of.iter().map(ToString::to_string).collect());
    let missing: Vec<Held> = missing.into_iter().cloned().collect();
    (!missing.is_empty() || !extra.is_empty())
        .then(|| format!("not there: {}; there without being wanted: {}", words(&missing), words(&extra)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_equal_copies_are_two() {
        let one = Letter::new("INBOX", &["\\Seen"], "a").held();
        let other = Held { mailbox: "Archive".into(), ..one.clone() };
        assert_eq!(difference(&[one.clone(), other.clone()], &[other.clone(), one.clone()]), None);
        assert!(difference(&[one.clone(), one.clone()], std::slice::from_ref(&one)).is_some(), "a lost copy was not seen");
        assert!(difference(std::slice::from_ref(&one), &[one.clone(), one.clone()]).is_some(), "a doubled copy was not seen");
        assert!(difference(&[one], &[other]).is_some());
    }
}

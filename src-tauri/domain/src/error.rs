//! One error for every room, sorted by what can be done about it.
//! A text here never holds a secret or a message's content; a server's words travel apart, as quoted plain text.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What can be done about an error. The interface branches on this and never on a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// No way to the server now; what waits is pushed later.
    Offline,
    /// The host name is not known.
    HostUnknown,
    /// The host answered and refused the port.
    PortRefused,
    /// The server took too long.
    TimedOut,
    /// The server refused the password or wants another way to sign in.
    SignInNeeded,
    /// The certificate ran out.
    CertificateExpired,
    /// The certificate belongs to another name.
    CertificateName,
    /// Nobody we trust vouches for the certificate.
    CertificateUntrusted,
    /// TLS failed for another reason.
    Tls,
    /// The server lacks what was asked for (STARTTLS, IMAP4rev1, a sign-in mechanism).
    Unsupported,
    /// The server answered NO, or 5xx.
    Refused,
    /// The server answered "not now": 4xx, UNAVAILABLE, THROTTLED.
    Busy,
    /// The server broke the protocol.
    Protocol,
    /// The thing is not there any more.
    Gone,
    /// The request makes no sense as it is.
    Invalid,
    /// The disk is full.
    StorageFull,
    /// The profile can't be written.
    ReadOnly,
    /// Another process owns the profile.
    ProfileInUse,
    /// The key that opens the profile can't be had.
    KeyUnavailable,
    /// A file is damaged.
    Corrupt,
    /// It may have happened or not: nobody can say without a look.
    Uncertain,
    /// The person changed their mind.
    Cancelled,
    /// Godwit's own mistake.
    Bug,
}

impl ErrorKind {
    /// Whether the same call may work later without anyone doing something.
    pub fn is_passing(self) -> bool {
        matches!(self, Self::Offline | Self::TimedOut | Self::Busy | Self::HostUnknown | Self::PortRefused)
    }
}

/// What failed, why, and what mends it, in one or two plain sentences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
pub struct Error {
    /// What can be done about it.
    pub kind: ErrorKind,
    /// The cause: a short sentence.
    pub what: String,
    /// The mend: a short sentence, or empty where there is none.
    pub mend: String,
    /// The server's own words: plain text, at most 300 characters, to be shown quoted.
    pub server_words: Option<String>,
}

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error with a cause and no mend yet.
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), mend: String::new(), server_words: None }
    }

    /// Adds what mends it.
    #[must_use]
    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = mend.into();
        self
    }

    /// Adds the server's words, cut to 300 characters and stripped of control and bidi characters.
    #[must_use]
    pub fn server_words(mut self, words: &str) -> Self {
        let words = plain_words(words);
        self.server_words = if words.is_empty() { None } else { Some(words) };
        self
    }

    /// Godwit's own mistake: `what` says which promise broke.
    pub fn bug(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Bug, what).mend("This is a fault in Godwit. Try again; if it stays, run godwitctl doctor.")
    }

    /// A request that makes no sense as it is.
    pub fn invalid(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, what)
    }

    /// Something that is not there any more.
    pub fn gone(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Gone, what)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)?;
        if let Some(words) = &self.server_words {
            write!(f, " The server says: \u{201c}{words}\u{201d}.")?;
        }
        if !self.mend.is_empty() {
            write!(f, " {}", self.mend)?;
        }
        Ok(())
    }
}

/// A server's words made safe to show: no control or direction characters, one line, at most 300 characters.
pub fn plain_words(words: &str) -> String {
    let mut out = String::new();
    let mut count = 0;
    for c in words.chars() {
        let shown = match c {
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}' => continue,
            c if c.is_control() => ' ',
            c => c,
        };
        if shown == ' ' && (out.is_empty() || out.ends_with(' ')) {
            continue;
        }
        if count == 300 {
            break;
        }
        out.push(shown);
        count += 1;
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_are_shown_plain_and_short() {
        assert_eq!(plain_words("  Mailbox\r\n\tfull\u{202e}evil "), "Mailbox fullevil");
        assert_eq!(plain_words(&"é".repeat(1000)).chars().count(), 300);
        assert_eq!(plain_words("\r\n"), "");
    }

    #[test]
    fn an_error_reads_as_cause_words_mend() {
        let e = Error::new(ErrorKind::Refused, "The server refused to move 2 messages.")
            .server_words("NO over quota")
            .mend("Free some space.");
        assert_eq!(
            e.to_string(),
            "The server refused to move 2 messages. The server says: \u{201c}NO over quota\u{201d}. Free some space."
        );
    }
}

//! From a server's NO, BAD or BYE, or a broken stream, to an error that says what can be done.

use super::code::Code;
use super::framer::FrameError;
use super::response::{Outcome, Status};
use crate::net::io_error;
use godwit_domain::{Error, ErrorKind};
use std::io;

/// The error of a command that was answered with anything but OK. `doing`: "open the folder".
pub(super) fn refused(doing: &str, status: &Status) -> Error {
    let kind = kind(status);
    let what = match kind {
        ErrorKind::Protocol => format!("The server did not understand the request to {doing}."),
        ErrorKind::Busy => format!("The server can't {doing} now."),
        ErrorKind::Gone => format!("The server can't {doing}: it is not there any more."),
        ErrorKind::SignInNeeded => format!("The server refused to {doing}."),
        _ => format!("The server refused to {doing}."),
    };
    let mend = match kind {
        ErrorKind::Busy => "Godwit tries again in a while.",
        ErrorKind::SignInNeeded => "Check user name and password. Some providers want an app password.",
        _ if has(status, "OVERQUOTA") => "Free some space on the server.",
        _ => "",
    };
    Error::new(kind, what).mend(mend).server_words(&status.text)
}

/// The same for a sign-in, where a plain NO means the password.
pub(super) fn sign_in_refused(status: &Status) -> Error {
    let mut plain = refused("sign you in", status);
    if plain.kind == ErrorKind::Refused && is_for_now(&status.text) {
        plain.kind = ErrorKind::Busy;
        return plain.mend("Godwit tries again in a while.");
    }
    if plain.kind == ErrorKind::Refused || plain.kind == ErrorKind::Gone {
        plain = Error::new(ErrorKind::SignInNeeded, "The server refused the user name or the password.")
            .mend("Check both. Some providers want an app password, or IMAP to be switched on in their settings.")
            .server_words(&status.text);
    }
    plain
}

/// Servers without a code for it say in words that they only won't now; to ask for a password then would be wrong.
fn is_for_now(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    has(&["connection limit", "number of connections", "rate limit", "temporar"])
        || has(&["too many"]) && has(&["connection", "session", "simultaneous"])
}

fn has(status: &Status, word: &str) -> bool {
    status.code.as_ref().is_some_and(|code| code.is(word))
}

fn kind(status: &Status) -> ErrorKind {
    let text = status.text.to_ascii_lowercase();
    // Microsoft says so only in words (docs/protocol.md section 7).
    let throttled =
        text.contains("throttled") || text.contains("backoff time") || text.contains("authenticated but not connected");
    if throttled || ["UNAVAILABLE", "INUSE", "LIMIT", "THROTTLED"].iter().any(|w| has(status, w)) {
        return ErrorKind::Busy;
    }
    if ["AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED"].iter().any(|w| has(status, w)) {
        return ErrorKind::SignInNeeded;
    }
    if ["NONEXISTENT", "TRYCREATE"].iter().any(|w| has(status, w)) {
        return ErrorKind::Gone;
    }
    match status.outcome {
        Outcome::No => ErrorKind::Refused,
        Outcome::Bye => ErrorKind::Offline,
        _ => ErrorKind::Protocol,
    }
}

/// The server said goodbye, or the stream ended without a word.
pub(super) fn closed(host: &str, bye: Option<&Status>) -> Error {
    let e = Error::new(ErrorKind::Offline, format!("{host} closed the connection.")).mend("Godwit tries again by itself.");
    match bye {
        Some(status) => {
            let kind = match kind(status) {
                ErrorKind::Busy => ErrorKind::Busy,
                _ => ErrorKind::Offline,
            };
            Error { kind, ..e }.server_words(&status.text)
        }
        None => e,
    }
}

/// The stream broke.
pub(super) fn broken(host: &str, e: &io::Error) -> Error {
    match e.get_ref().and_then(|inner| inner.downcast_ref::<FrameError>()) {
        Some(why) => Error::new(ErrorKind::Protocol, format!("{host} sent something that can't be read: {why}."))
            .mend("Godwit connects anew. If it stays, run godwitctl doctor."),
        None => io_error(host, e),
    }
}

/// The server broke the rules in a way that makes its answers worthless. Its own code may name it better.
pub(super) fn protocol(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Protocol, what).mend("Godwit connects anew. If it stays, run godwitctl doctor.")
}

/// Whether a response code tells something for people to read.
pub(super) fn alert(status: &Status) -> Option<String> {
    (status.code == Some(Code::Alert)).then(|| godwit_domain::plain_words(&status.text)).filter(|text| !text.is_empty())
}

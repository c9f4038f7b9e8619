//! What the server had been given of the last command when a line broke, in words that hold no secret and no mail.

use std::fmt;

/// The last command that was begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Its verb, as `UID MOVE`; empty where it is not one of [`VERBS`].
    pub command: String,
    /// Whether all bytes up to its end had been passed on: then the server has executed it.
    pub executed: bool,
}

/// Verbs that may be named in a story.
const VERBS: [&str; 35] = [
    "CAPABILITY",
    "LOGIN",
    "AUTHENTICATE",
    "ID",
    "NAMESPACE",
    "ENABLE",
    "LIST",
    "STATUS",
    "SELECT",
    "EXAMINE",
    "FETCH",
    "STORE",
    "COPY",
    "MOVE",
    "EXPUNGE",
    "SEARCH",
    "APPEND",
    "CREATE",
    "SUBSCRIBE",
    "NOOP",
    "IDLE",
    "DONE",
    "NOTIFY",
    "COMPRESS",
    "LOGOUT",
    "UNSELECT",
    "CLOSE",
    "EHLO",
    "AUTH",
    "MAIL",
    "RCPT",
    "DATA",
    "BDAT",
    "RSET",
    "QUIT",
];

/// The offsets at which a command ends, with its verb.
pub fn commands(up: &[u8]) -> Vec<(u64, String)> {
    let (mut ends, mut at, mut verb) = (Vec::new(), 0, String::new());
    while let Some(line) = up.get(at..).and_then(|rest| rest.split_inclusive(|b| *b == b'\n').next()) {
        if !line.ends_with(b"\n") {
            break;
        }
        at += line.len();
        let named = verb_of(line);
        if !named.is_empty() || line == b".\r\n" {
            verb = if line == b".\r\n" { "the closing dot".to_owned() } else { named };
        }
        if let Some(size) = literal(line) {
            at += size;
            continue;
        }
        at += chunk(line);
        if at <= up.len() {
            ends.push((at as u64, verb.clone()));
        }
    }
    ends
}

impl Note {
    /// Of all that was passed on upwards.
    pub(super) fn of(up: &[u8]) -> Self {
        let ends = commands(up);
        let executed = ends.last().is_some_and(|(end, _)| *end == up.len() as u64);
        let begun = if executed { None } else { up.get(ends.last().map_or(0, |(end, _)| *end as usize)..).map(verb_of) };
        let command = begun.filter(|verb| !verb.is_empty()).or(ends.last().map(|(_, verb)| verb.clone())).unwrap_or_default();
        Self { command, executed }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = if self.command.is_empty() { "the greeting" } else { &self.command };
        write!(f, "{} {command}", if self.executed { "after" } else { "inside or before" })
    }
}

fn verb_of(line: &[u8]) -> String {
    let line = line.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
    let words: Vec<String> =
        line.split(|b| *b == b' ').take(3).map(|w| String::from_utf8_lossy(w).to_ascii_uppercase()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        [verb, ..] if VERBS[27..].contains(&verb) || verb == "DONE" => verb.to_owned(),
        [_, "UID", verb] if VERBS.contains(&verb) => format!("UID {verb}"),
        [_, verb, ..] if VERBS.contains(&verb) => verb.to_owned(),
        _ => String::new(),
    }
}

/// How many bytes follow a BDAT.
fn chunk(line: &[u8]) -> usize {
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_whitespace();
    if words.next() == Some("BDAT") { words.next().and_then(|size| size.parse().ok()).unwrap_or(0) } else { 0 }
}

fn literal(line: &[u8]) -> Option<usize> {
    let text = line.strip_suffix(b"}\r\n")?;
    let from = text.iter().rposition(|b| *b == b'{')?;
    let digits = String::from_utf8_lossy(text.get(from + 1..)?).into_owned();
    digits.trim_end_matches('+').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(up: &str, command: &str, executed: bool) {
        assert_eq!(Note::of(up.as_bytes()), Note { command: command.to_owned(), executed }, "{up:?}");
    }

    #[test]
    fn the_last_command_and_whether_it_left_whole_are_known() {
        check("", "", false);
        check("A1 LOGIN me secret\r\nA2 UID MOVE 1:2 Archive\r\n", "UID MOVE", true);
        check("A1 LOGIN me secret\r\nA2 UID MOVE 1:2 Arch", "UID MOVE", false);
        check("A1 APPEND Sent {5}\r\nhel", "APPEND", false);
        check("A1 APPEND Sent {5}\r\nhello", "APPEND", false);
        check("A1 APPEND Sent {5+}\r\nhello\r\n", "APPEND", true);
        check("MAIL FROM:<a@b>\r\n", "MAIL", true);
        check("DATA\r\nSubject: x\r\n\r\ntext\r\n.\r\n", "the closing dot", true);
        check("RCPT TO:<a>\r\nBDAT 4\r\nx\r\n", "BDAT", false);
        check("BDAT 4\r\nx\r\n.BDAT 3 LAST\r\ny\r\n", "BDAT", true);
    }

    #[test]
    fn nothing_secret_is_named() {
        assert_eq!(Note::of(b"A1 AUTHENTICATE PLAIN\r\nAGEAYg==\r\n").command, "AUTHENTICATE");
        assert_eq!(Note::of(b"AGEAYg==\r\n").command, "");
    }
}

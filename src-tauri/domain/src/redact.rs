//! What may be written down of a line between client and server: IMAP's own words and numbers, nothing else. What is not
//! known to be harmless is left out; there is no list of what is secret.

/// Who said a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// We.
    Client,
    /// The server.
    Server,
}

/// How much of a line is looked at.
const MOST_LINE: usize = 2_000;
/// How much of it is written down.
const MOST_SAID: usize = 300;
/// What stands for something left out.
const LEFT_OUT: &str = "…";

/// Commands, by their first word.
const VERBS: &[&str] = &[
    "APPEND",
    "AUTHENTICATE",
    "CAPABILITY",
    "CHECK",
    "CLOSE",
    "COMPRESS",
    "COPY",
    "CREATE",
    "DELETE",
    "ENABLE",
    "EXAMINE",
    "EXPUNGE",
    "FETCH",
    "GETQUOTAROOT",
    "ID",
    "IDLE",
    "LIST",
    "LOGIN",
    "LOGOUT",
    "LSUB",
    "MOVE",
    "NAMESPACE",
    "NOOP",
    "NOTIFY",
    "RENAME",
    "SEARCH",
    "SELECT",
    "SORT",
    "STARTTLS",
    "STATUS",
    "STORE",
    "SUBSCRIBE",
    "THREAD",
    "UID",
    "UNSELECT",
    "UNSUBSCRIBE",
];

/// Other words of the protocol.
const WORDS: &[&str] = &[
    "+FLAGS",
    "+FLAGS.SILENT",
    "-FLAGS",
    "-FLAGS.SILENT",
    "ALERT",
    "ALL",
    "ALREADYEXISTS",
    "APPENDLIMIT",
    "APPENDUID",
    "AUTH=LOGIN",
    "AUTH=PLAIN",
    "AUTHENTICATIONFAILED",
    "BAD",
    "BADCHARSET",
    "BODY",
    "BODY.PEEK",
    "BODYSTRUCTURE",
    "BYE",
    "CANNOT",
    "CHANGEDSINCE",
    "CHILDREN",
    "CLOSED",
    "CONDSTORE",
    "COPYUID",
    "DATE",
    "DEFLATE",
    "DELETED",
    "DONE",
    "EARLIER",
    "EMAILID",
    "ENABLED",
    "ESEARCH",
    "EXISTS",
    "EXPUNGEISSUED",
    "FLAGS",
    "FLAGCHANGE",
    "FROM",
    "HEADER",
    "HEADER.FIELDS",
    "HIGHESTMODSEQ",
    "IN-REPLY-TO",
    "INBOX",
    "INBOXES",
    "INTERNALDATE",
    "INUSE",
    "LIMIT",
    "LIST-ID",
    "MAILBOXID",
    "MAILBOXNAME",
    "MESSAGE-ID",
    "MESSAGEEXPUNGE",
    "MESSAGENEW",
    "MESSAGES",
    "MODIFIED",
    "MODSEQ",
    "NIL",
    "NO",
    "NOMODSEQ",
    "NONE",
    "NONEXISTENT",
    "NOPERM",
    "NOTIFICATIONOVERFLOW",
    "OK",
    "OVERQUOTA",
    "PERMANENTFLAGS",
    "PERSONAL",
    "PLAIN",
    "PREAUTH",
    "PREVIEW",
    "QRESYNC",
    "READ-ONLY",
    "READ-WRITE",
    "RECENT",
    "REFERENCES",
    "RETURN",
    "RFC822.SIZE",
    "SELECTED",
    "SEEN",
    "SET",
    "SIZE",
    "SPECIAL-USE",
    "SUBJECT",
    "SUBSCRIBED",
    "TEXT",
    "THREADID",
    "THROTTLED",
    "TO",
    "TRYCREATE",
    "UIDNEXT",
    "UIDNOTSTICKY",
    "UIDVALIDITY",
    "UNAVAILABLE",
    "UNCHANGEDSINCE",
    "UNSEEN",
    "VANISHED",
    "X-GM-LABELS",
    "+X-GM-LABELS.SILENT",
    "-X-GM-LABELS.SILENT",
    "X-GM-MSGID",
    "X-GM-THRID",
    "XOAUTH2",
];

/// Flags and attributes that are the protocol's own.
const FLAGS: &[&str] = &[
    "\\ALL",
    "\\ANSWERED",
    "\\ARCHIVE",
    "\\DELETED",
    "\\DRAFT",
    "\\DRAFTS",
    "\\FLAGGED",
    "\\HASCHILDREN",
    "\\HASNOCHILDREN",
    "\\JUNK",
    "\\MARKED",
    "\\NOINFERIORS",
    "\\NONEXISTENT",
    "\\NOSELECT",
    "\\RECENT",
    "\\SEEN",
    "\\SENT",
    "\\SUBSCRIBED",
    "\\TRASH",
    "\\UNMARKED",
    "\\*",
];

/// Commands whose bare words name mailboxes; a name may be nothing but digits.
const NAMING: &[&str] = &[
    "APPEND",
    "CREATE",
    "DELETE",
    "EXAMINE",
    "GETQUOTAROOT",
    "LIST",
    "LSUB",
    "RENAME",
    "SELECT",
    "STATUS",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
];

/// A line as it may be written down; without its CRLF, and without what follows in literals.
pub fn redact(side: Side, line: &[u8]) -> String {
    let looked_at = line.get(..line.len().min(MOST_LINE)).unwrap_or_default();
    let mut out = match side {
        Side::Client => client(looked_at, line.len()),
        Side::Server => server(looked_at, line.len()),
    };
    if let Some((at, _)) = out.char_indices().nth(MOST_SAID) {
        out.truncate(at);
        out.push_str(LEFT_OUT);
    }
    out
}

fn client(line: &[u8], len: usize) -> String {
    if line.eq_ignore_ascii_case(b"DONE") {
        return "DONE".to_owned();
    }
    let (tag, rest) = word(line);
    let (verb, rest) = word(rest);
    let (true, Some(verb)) = (is_tag(tag), known(VERBS, verb)) else { return format!("({len} bytes)") };
    let tag = String::from_utf8_lossy(tag).into_owned();
    match verb {
        // All that follows is, or may be, a name or a password.
        "LOGIN" | "AUTHENTICATE" => format!("{tag} {verb} {LEFT_OUT}"),
        "UID" => {
            let (second, rest) = word(rest);
            let Some(second) = known(VERBS, second) else { return format!("{tag} UID {LEFT_OUT}") };
            format!("{tag} UID {second}{}", spaced(&tokens(rest, Read::default())))
        }
        verb => format!("{tag} {verb}{}", spaced(&tokens(rest, Read { names: NAMING.contains(&verb), ..Read::default() }))),
    }
}

fn server(line: &[u8], len: usize) -> String {
    if line.first() == Some(&b'+') {
        return format!("+ {LEFT_OUT}");
    }
    let (first, rest) = word(line);
    if first != b"*" && !is_tag(first) {
        return format!("({len} bytes)");
    }
    let first = String::from_utf8_lossy(first).into_owned();
    let (second, after) = word(rest);
    match known(&["OK", "NO", "BAD", "BYE", "PREAUTH"], second) {
        Some(outcome) => format!("{first} {outcome}{}", spaced(&status(after))),
        None => {
            let second = known(VERBS, second).or_else(|| known(WORDS, second));
            let read =
                Read { names: second.is_some_and(|word| NAMING.contains(&word)), capabilities: second == Some("CAPABILITY") };
            format!("{first}{}", spaced(&tokens(rest, read)))
        }
    }
}

/// A response code, and how much the server had to say besides.
fn status(rest: &[u8]) -> String {
    let Some(code) = rest.strip_prefix(b"[") else { return text_of(rest.len()) };
    let end = code.iter().position(|b| *b == b']').unwrap_or(code.len());
    let (code, after) = code.split_at_checked(end).unwrap_or((code, b""));
    let read = Read { names: false, capabilities: code.starts_with(b"CAPABILITY") };
    let text = text_of(after.len().saturating_sub(2));
    format!("[{}] {text}", tokens(code, read)).trim_end().to_owned()
}

fn text_of(len: usize) -> String {
    if len == 0 { String::new() } else { format!("({len} characters)") }
}

fn spaced(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" {text}") }
}

#[derive(Clone, Copy, Default)]
struct Read {
    /// Bare words outside parentheses name mailboxes.
    names: bool,
    /// Words are what a server says it can do.
    capabilities: bool,
}

/// Words that are known, numbers, and the signs between them.
fn tokens(mut rest: &[u8], read: Read) -> String {
    let mut out = String::new();
    let mut depth = 0u32;
    // Where a list of labels began: all in it are names, numbers too.
    let mut labels: Option<u32> = None;
    while let Some((byte, after)) = rest.split_first() {
        match byte {
            b' ' | b'\t' => out.push(' '),
            b'(' | b')' | b'[' | b']' | b'<' | b'>' => {
                depth = if matches!(byte, b'(' | b'[') { depth + 1 } else { depth.saturating_sub(1) };
                labels = labels.filter(|at| *at < depth);
                out.push(char::from(*byte));
            }
            b'"' => {
                rest = behind_quoted(after);
                out.push_str(LEFT_OUT);
                continue;
            }
            b'{' => {
                let end = after.iter().position(|b| *b == b'}').unwrap_or(after.len());
                let (count, behind) = after.split_at_checked(end).unwrap_or((after, b""));
                let count = count.strip_suffix(b"+").unwrap_or(count);
                out.push_str(&if is_number(count) { format!("{{{}}}", String::from_utf8_lossy(count)) } else { LEFT_OUT.into() });
                rest = behind.get(1..).unwrap_or_default();
                continue;
            }
            _ => {
                let end = rest.iter().position(|b| b" \t()[]<>\"{".contains(b)).unwrap_or(rest.len());
                let (atom, behind) = rest.split_at_checked(end.max(1)).unwrap_or((rest, b""));
                let said = if labels.is_some() { LEFT_OUT.to_owned() } else { said(atom, read, depth) };
                if said.contains("X-GM-LABELS") && behind.starts_with(b" (") {
                    labels = Some(depth);
                }
                out.push_str(&said);
                rest = behind;
                continue;
            }
        }
        rest = after;
    }
    out.trim().to_owned()
}

fn said(atom: &[u8], read: Read, depth: u32) -> String {
    let is_name = read.names && depth == 0;
    if let Some(word) = known(VERBS, atom).or_else(|| known(WORDS, atom)).or_else(|| known(FLAGS, atom)) {
        return word.to_owned();
    }
    let is_set = atom.iter().all(|b| b.is_ascii_digit() || b":,*.".contains(b)) && !is_name;
    let is_skill = read.capabilities
        && atom.len() <= 40
        && atom.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"=-+/".contains(b));
    if is_set || is_skill { String::from_utf8_lossy(atom).into_owned() } else { LEFT_OUT.to_owned() }
}

fn behind_quoted(mut rest: &[u8]) -> &[u8] {
    while let Some((byte, after)) = rest.split_first() {
        rest = match byte {
            b'\\' => after.get(1..).unwrap_or_default(),
            b'"' => return after,
            _ => after,
        };
    }
    rest
}

fn word(line: &[u8]) -> (&[u8], &[u8]) {
    let end = line.iter().position(|b| *b == b' ').unwrap_or(line.len());
    let (word, rest) = line.split_at_checked(end).unwrap_or((line, b""));
    (word, rest.get(1..).unwrap_or_default())
}

/// Tags of ours: a letter or two and a few digits.
fn is_tag(word: &[u8]) -> bool {
    let letters = word.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let digits = word.get(letters..).unwrap_or_default();
    (1..=2).contains(&letters) && (1..=9).contains(&digits.len()) && is_number(digits)
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

fn known(words: &[&'static str], word: &[u8]) -> Option<&'static str> {
    words.iter().copied().find(|known| known.as_bytes().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_say_keeps_its_shape_and_loses_its_contents() {
        let check = |line: &str, said: &str| assert_eq!(redact(Side::Client, line.as_bytes()), said, "{line}");
        check(
            "g5 UID FETCH 1:200,7 (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])",
            "g5 UID FETCH 1:200,7 (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])",
        );
        check("a1 LOGIN \"marit@fjordlys.example\" \"123456\"", "a1 LOGIN …");
        check("a1 LOGIN marit 123456", "a1 LOGIN …");
        check("a1 AUTHENTICATE PLAIN AG1hcml0AHNlY3JldA==", "a1 AUTHENTICATE …");
        check("AG1hcml0AHNlY3JldA==", "(20 bytes)");
        check("12345678", "(8 bytes)");
        check("g7 SELECT \"Hemmelig\" (QRESYNC (9 41 1:70))", "g7 SELECT … (QRESYNC (9 41 1:70))");
        check("g7 SELECT 4711", "g7 SELECT …");
        check("g7 UID SEARCH TEXT \"a \\\"quoted\\\" word\" SEEN", "g7 UID SEARCH TEXT … SEEN");
        check("g7 UID STORE 4 +FLAGS (\\Seen Work)", "g7 UID STORE 4 +FLAGS (\\SEEN …)");
        check("g7 UID STORE 4 +X-GM-LABELS.SILENT (\\Inbox \"Divorce\" 4711)", "g7 UID STORE 4 +X-GM-LABELS.SILENT (… … …)");
        check("g7 UID FETCH 1:* (UID X-GM-LABELS) (CHANGEDSINCE 9)", "g7 UID FETCH 1:* (UID X-GM-LABELS) (CHANGEDSINCE 9)");
        check("g8 APPEND \"Sent\" (\\Seen) \"17-Jul-1996 09:44:25 +0000\" {310+}", "g8 APPEND … (\\SEEN) … {310}");
        check("Dear Jonas, the password is 4711", "(32 bytes)");
        check("DONE", "DONE");
        check("", "(0 bytes)");
    }

    #[test]
    fn what_the_server_says_keeps_codes_and_numbers() {
        let check = |line: &str, said: &str| assert_eq!(redact(Side::Server, line.as_bytes()), said, "{line}");
        check(
            "* OK [CAPABILITY IMAP4REV1 AUTH=PLAIN X-SECRET@HOST] Hello marit",
            "* OK [CAPABILITY IMAP4REV1 AUTH=PLAIN …] (11 characters)",
        );
        check("g5 NO [OVERQUOTA] marit@fjordlys.example has no room", "g5 NO [OVERQUOTA] (34 characters)");
        check("g5 OK [COPYUID 9 1:2 30:31] done", "g5 OK [COPYUID 9 1:2 30:31] (4 characters)");
        check("* LIST (\\HasNoChildren \\Sent) \"/\" Gesendet", "* LIST (\\HASNOCHILDREN \\SENT) … …");
        check("* LIST () \"/\" 2026", "* LIST () … …");
        check("* STATUS \"2026\" (MESSAGES 4 UIDNEXT 7)", "* STATUS … (MESSAGES 4 UIDNEXT 7)");
        check("* 12 FETCH (UID 40 FLAGS (\\Seen $Work) BODY[] {90}", "* 12 FETCH (UID 40 FLAGS (\\SEEN …) BODY[] {90}");
        check(
            "* 1 FETCH (X-GM-LABELS (4711 Seen \"\\\\Inbox\" \\Sent (8)) X-GM-MSGID 12 UID 5)",
            "* 1 FETCH (X-GM-LABELS (… … … … (…)) X-GM-MSGID 12 UID 5)",
        );
        check("* SEARCH 4 5 6", "* SEARCH 4 5 6");
        check("+ PDQ3MTFAZXhhbXBsZT4=", "+ …");
        check("* ENVELOPE jonas@lindqvist.example", "* … …");
        check("whatever a stranger wrote", "(25 bytes)");
    }

    #[test]
    fn no_line_is_longer_than_it_may_be_and_none_is_a_danger() {
        let long = format!("* SEARCH{}", " 4711".repeat(100_000));
        assert!(redact(Side::Server, long.as_bytes()).chars().count() <= MOST_SAID + 1);
        let mut seed = 7u32;
        for _ in 0..20_000 {
            let line: Vec<u8> = (0..seed % 60)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    b"*g5 (){}\"\\[]<>+\xC3\xB8aU9\0"[(seed >> 16) as usize % 21]
                })
                .collect();
            for side in [Side::Client, Side::Server] {
                redact(side, &line);
            }
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        }
    }
}

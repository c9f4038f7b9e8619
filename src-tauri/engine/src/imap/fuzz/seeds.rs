//! What the targets begin with: lines that broke a parser somewhere, and recorded conversations out of the corpus.

use godwit_mutate::{archive, line_cases};

/// Signs and words of the protocol.
pub(crate) const WORDS: &[&str] = &[
    "\r\n",
    "* ",
    "(",
    ")",
    "\"",
    "\\",
    "NIL",
    "{3}\r\n",
    "{0}\r\n",
    "~{2}\r\nab",
    "{4294967295}\r\n",
    "{99999999999}\r\n",
    "FETCH",
    "BODY[",
    "]<0>",
    "FLAGS",
    "UID ",
    "MODSEQ",
    "INTERNALDATE",
    "X-GM-LABELS",
    "[COPYUID 1 ",
    "[",
    "]",
    "1:*",
    "4294967295",
    ",",
    ":",
    "EXISTS",
    "EXPUNGE",
    "VANISHED",
    "(EARLIER)",
    "OK",
    "NO",
    "BYE",
    "[ALERT]",
    "CAPABILITY",
    "LIST",
    "STATUS",
    "&",
    "\u{e9}",
    "\0",
];

fn own(cases: &[&str]) -> Vec<Vec<u8>> {
    cases.iter().map(|c| c.as_bytes().to_vec()).collect()
}

fn on_the_wire(text: Vec<u8>) -> Vec<u8> {
    String::from_utf8_lossy(&text).replace("\r\n", "\n").replace('\n', "\r\n").into_bytes()
}

/// Whole conversations, server's side.
pub(crate) fn conversations() -> Vec<Vec<u8>> {
    let mut all = own(&[
        "\x01\u{7f}* OK hi {3}\r\n\0\0* 1 FETCH (A {3}\r\na\r\n B ~{0}\r\n C {2+}\r\n{})\r\n\r\n* X\ng1 OK {9}\r\n+ go {1}\r\n",
        "\x05\u{0}* 1 FETCH (UID 5 BODY[HEADER] {12}\r\nSubject: hi\n)\r\ng2 OK done\r\n",
        "\x03\u{10}* VANISHED (EARLIER) 5:3\r\n* SEARCH 1 2 (MODSEQ 9)\r\n* LIST () \"/\" {4}\r\na\r\nb\r\ng3 NO [UNAVAILABLE] x\r\n",
    ]);
    all.extend(lines().into_iter().map(|l| [b"\x09\x40", l.as_slice(), b"\r\n"].concat()));
    all.extend(line_cases("c-imap/rust-imap-lines.json", "server"));
    all.extend(archive("c-imap/mailkit.tar.zst", 60, 6 << 10).into_iter().map(on_the_wire));
    all
}

/// Single responses: those that broke another parser.
pub(crate) fn lines() -> Vec<Vec<u8>> {
    own(&[
        "* ESEARCH (TAG \"A1\") UID ALL 1:5",
        "* NAMESPACE ((\"\" \"/\")) NIL NIL",
        "* THREAD (2)(3 6)",
        "* STATUS \"x\" (MESSAGES 1 SIZE 44)",
        "* STATUS x (MAILBOXID (F22))",
        "* LIST () \"/\" Foo (\"CHILDINFO\" (\"SUBSCRIBED\"))",
        "* LIST () \"/\" \"a \\\"b\\\" \\\\c\"",
        "* OK [READ-WRITE]\u{e9}",
        "* 1 FETCH (UID 5 INTERNALDATE NIL)",
        "* 1 FETCH (ENVELOPE (NIL \"s\" () NIL NIL NIL NIL NIL NIL NIL))",
        "* 1 FETCH (BODYSTRUCTURE ((((",
        "* VANISHED 12:*",
        "* ID (support-url https://x name Y)",
        "BODY[HEADER.FIELDS (DATE \"X\")]<0> (a]b [c) NIL",
    ])
}

pub(crate) fn list_lines() -> Vec<Vec<u8>> {
    own(&[
        "(\\HasNoChildren \\Sent) \"/\" \"Sent Items\"",
        "() NIL INBOX",
        "(\\Noselect) \".\" NIL",
        "() \"/\" \"a \\\"b\\\" \\\\c\"",
        "() \"/\" Foo (\"CHILDINFO\" (\"SUBSCRIBED\"))",
    ])
}

pub(crate) fn status_lines() -> Vec<Vec<u8>> {
    own(&[
        "\"x y\" (MESSAGES 1 UIDNEXT 9 UIDVALIDITY 3 UNSEEN 0 HIGHESTMODSEQ 715194045007)",
        "x ()",
        "nil (MAILBOXID (F22) MESSAGES \"4\" SIZE 99999999999)",
    ])
}

pub(crate) fn fetch_lines() -> Vec<Vec<u8>> {
    own(&[
        "UID 5 FLAGS (\\Seen $Work a]b \\*) MODSEQ (917) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 4286",
        "UID 7 BODY[HEADER.FIELDS (DATE)] {9}\r\nDate: x\r\n BODY[]<256> \"y\" BODY[TEXT] NIL",
        "X-GM-MSGID 1278455344230334865 X-GM-THRID 12 X-GM-LABELS (\\\\Inbox \"a b\" {1}\r\nc)",
        "PREVIEW \"Hello\" EMAILID (M6d9) SAVEDATE NIL ENVELOPE (NIL \"s\" ())",
        "UID 0 INTERNALDATE \"30-Feb-2020 00:00:60 +9999\" RFC822.SIZE 99999999999 FLAGS NIL",
    ])
}

pub(crate) fn search_lines() -> Vec<Vec<u8>> {
    own(&[
        "1 2 3 (MODSEQ 9)",
        "",
        "(TAG \"A1\") UID ALL 1:5",
        "ALL 7,9:12 COUNT 5",
        "(EARLIER) 5:3",
        "12:*",
        "1,,2",
        "4294967295:0",
    ])
}

pub(crate) fn code_lines() -> Vec<Vec<u8>> {
    own(&[
        "[UIDNEXT 4392] Predicted next UID",
        "[COPYUID 38505 304,319:320 3956:3958] Done",
        "[COPYUID 1 1:1000000 1:1000000]",
        "[APPENDUID 38505 3955]",
        "[PERMANENTFLAGS (\\Seen a]b \\*)] ok",
        "[MODIFIED 7,9] no",
        "[BADCHARSET ({5} x)]",
        "[HIGHESTMODSEQ 0]",
        "[CAPABILITY IMAP4rev1 IDLE] hi",
        "[open \"]",
    ])
}

pub(crate) fn other_lines() -> Vec<Vec<u8>> {
    own(&[
        "IMAP4rev1 IDLE \"MOVE\" AUTH=PLAIN",
        "((\"INBOX.\" \".\")) NIL ((\"#shared/\" \"/\"))",
        "(\"name\" \"x\" support-url https://x)",
        "\"\" (STORAGE 10 512)",
        "INBOX \"\"",
        "EXISTS",
        "EXPUNGE",
        "RECENT",
        "g1 OK [ALERT] x",
        "",
    ])
}

pub(crate) fn names() -> Vec<Vec<u8>> {
    own(&["INBOX", "~peter/mail/&U,BTFw-/&ZeVnLIqe-", "Entw\u{fc}rfe & mehr", "&-", "&AGE", "&2D0-", "\u{1f48c}\u{0}", "&####-"])
}

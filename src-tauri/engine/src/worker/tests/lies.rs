//! The ways in which a server may answer one command wrongly, in four tables.

use super::life::Kind;
use crate::pretend::{Bend, Then};

/// What is known of a command that was answered so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// The server plainly refused: what was wanted may be taken back, and is told.
    No,
    /// OK, and nothing was done: no client could know; but here and there agree in the end.
    FalseOk,
    /// Nothing of the kind: what was wanted has to come true.
    Nothing,
}

/// A lie by its name.
pub(super) struct Fault {
    pub name: &'static str,
    pub bend: Bend,
    pub says: Says,
    /// Where it makes sense.
    pub at: fn(Kind) -> bool,
}

type Bytes = fn(&str, &[String]) -> Vec<u8>;

/// Not done, and this is said instead.
const fn instead(name: &'static str, says: Says, then: Then, bytes: Bytes) -> Fault {
    Fault { name, says, bend: Bend { done: false, bytes, then }, at: |_| true }
}

/// Done, and the answer is made into this.
const fn done(name: &'static str, then: Then, bytes: Bytes) -> Fault {
    Fault { name, says: Says::Nothing, bend: Bend { done: true, bytes, then }, at: |_| true }
}

/// Done, and the answer to commands of these kinds is made into this.
const fn done_at(name: &'static str, at: fn(Kind) -> bool, bytes: Bytes) -> Fault {
    Fault { at, ..done(name, GoOn, bytes) }
}

use Says::{FalseOk, No, Nothing};
use Then::{Chatter, GoOn, HangUp, Stall};

/// It will not.
pub(super) const REFUSING: &[Fault] = &[
    instead("a NO", No, GoOn, |tag, _| said(&[&format!("{tag} NO I will not")])),
    instead("a NO for now", Nothing, GoOn, |tag, _| said(&[&format!("{tag} NO [UNAVAILABLE] later")])),
    instead("a NO because it is in use", Nothing, GoOn, |tag, _| said(&[&format!("{tag} NO [INUSE] another time")])),
    instead("a BAD", Nothing, GoOn, |tag, _| said(&[&format!("{tag} BAD what?")])),
    instead("a BAD without a word", Nothing, GoOn, |tag, _| said(&[&format!("{tag} BAD")])),
    instead("an untagged NO and BAD, and a NO for now", Nothing, GoOn, |tag, _| {
        said(&["* NO disk", "* BAD what?", &format!("{tag} NO [INUSE] later")])
    }),
    instead("an OK, and nothing is done", FalseOk, GoOn, |tag, _| said(&[&format!("{tag} OK done")])),
    done("data, and then a NO for now", GoOn, |tag, truth| {
        let told = truth.len().saturating_sub(1);
        said_with(&truth[..told], &[&format!("{tag} NO [UNAVAILABLE] later")])
    }),
];

/// It goes, or says nothing that could be waited for.
pub(super) const GOING: &[Fault] = &[
    instead("a BYE", Nothing, HangUp, |_, _| said(&["* BYE [UNAVAILABLE] we close"])),
    instead("a BYE and an open line", Nothing, Stall, |_, _| said(&["* BYE we close"])),
    instead("an end", Nothing, HangUp, |_, _| Vec::new()),
    instead("silence", Nothing, Stall, |_, _| Vec::new()),
    instead("talk without end", Nothing, Chatter, |_, _| Vec::new()),
    done("done, and an end", HangUp, |_, _| Vec::new()),
    done("done, and silence", Stall, |_, _| Vec::new()),
    done("done, half told, and an end", HangUp, |_, truth| half(truth)),
    done("done, half told, and silence", Stall, |_, truth| half(truth)),
    done("done, half told, and talk without end", Chatter, |_, truth| half(truth)),
    done("done, and a BYE before the answer", HangUp, |_, truth| inside(&["* BYE we close"], &truth[..truth.len() - 1])),
    done("only other tags", Stall, |_, _| said(&["zz OK done", "g0 OK done", "g999 OK done"])),
];

/// It tells of what is not so.
pub(super) const FALSE_NEWS: &[Fault] = &[
    done("other tags first", GoOn, |_, truth| before(&["zz NO no", "* OK [ALERT] look", "+ go on"], truth)),
    done("everything said twice", GoOn, |_, truth| [said_with(truth, &[]), said_with(truth, &[])].concat()),
    done("an EXISTS that shrinks", GoOn, |_, truth| inside(&["* 0 EXISTS"], truth)),
    done("an EXISTS that grows", GoOn, |_, truth| inside(&["* 4294967295 EXISTS", "* 7 RECENT"], truth)),
    done("EXPUNGE for all that is there", GoOn, |_, truth| inside(&["* 1 EXPUNGE"; 40], truth)),
    done("EXPUNGE for what is not there", GoOn, |_, truth| inside(&["* 0 EXPUNGE", "* 4294967295 EXPUNGE"], truth)),
    done("a flood of VANISHED", GoOn, |_, truth| {
        inside(&["* VANISHED 1:4294967295", "* VANISHED (EARLIER) 4294967295:1", "* VANISHED 0", "* VANISHED x"], truth)
    }),
    done("FETCH for unknown messages", GoOn, |_, truth| {
        let flags: Vec<String> = (0..200).map(|n| format!("* {n} FETCH (UID 9{n:05} FLAGS (\\Deleted))")).collect();
        inside(&flags.iter().map(String::as_str).collect::<Vec<_>>(), truth)
    }),
    done("flags of all that nobody has", GoOn, |_, truth| {
        let flags: Vec<String> = (1..9).map(|n| format!("* {n} FETCH (UID {n} FLAGS (\\Deleted \\Seen))")).collect();
        inside(&flags.iter().map(String::as_str).collect::<Vec<_>>(), truth)
    }),
    done("other folders", GoOn, |_, truth| {
        inside(&["* LIST () \"/\" Ghost", "* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7)", "* STATUS Ghost ()"], truth)
    }),
    done_at("other UIDVALIDITYs", |kind| kind.counts(), |_, truth| replaced(truth, "UIDVALIDITY 7", "UIDVALIDITY 8")),
    done_at("no UIDVALIDITY", |kind| kind.counts(), |_, truth| replaced(truth, "UIDVALIDITY 7", "X-UIDVALIDITY 7")),
    done_at("a UIDVALIDITY of nothing", |kind| kind.counts(), |_, truth| replaced(truth, "UIDVALIDITY 7", "UIDVALIDITY 0")),
    done_at("a UIDNEXT that falls", |kind| kind.counts(), |_, truth| replaced(truth, "UIDNEXT ", "UIDNEXT 1] was [X-")),
    done_at("no UIDNEXT", |kind| kind.counts(), |_, truth| replaced(truth, "UIDNEXT ", "X-UIDNEXT ")),
    done_at(
        "a MODSEQ beyond all",
        |kind| kind.counts(),
        |_, truth| replaced(truth, "HIGHESTMODSEQ ", "HIGHESTMODSEQ 9223372036854775807] was [X-"),
    ),
    done_at(
        "new places that are others' places",
        |kind| kind.places(),
        |_, truth| said_with(&truth.iter().map(|line| places(line, "1")).collect::<Vec<_>>(), &[]),
    ),
    done_at(
        "more new places than messages",
        |kind| kind.places(),
        |_, truth| said_with(&truth.iter().map(|line| places(line, "1:4294967295")).collect::<Vec<_>>(), &[]),
    ),
    done_at("new places under another UIDVALIDITY", |kind| kind.places(), |_, truth| replaced(truth, "UID 7 ", "UID 9 ")),
];

/// It says what nobody can read.
pub(super) const RUBBISH: &[Fault] = &[
    done("64 deep", GoOn, |_, truth| inside(&[&nested(64)], truth)),
    done("10,000 deep", GoOn, |_, truth| inside(&[&nested(10_000)], truth)),
    done("half a character", GoOn, |_, truth| {
        let odd = b"* LIST () \"/\" \"\xc3\"\r\n* OK [ALERT] \xe2\x82\r\n* STATUS \"\xff\" (MESSAGES 1)\r\n* 1 FETCH (FLAGS (\xc3))\r\n";
        [odd.to_vec(), said_with(truth, &[])].concat()
    }),
    done("a literal of four gigabytes", HangUp, |_, _| b"* 1 FETCH (UID 1 BODY[HEADER] {4294967295}\r\nSubject: ".to_vec()),
    done("a literal without end", Stall, |_, _| b"* 1 FETCH (UID 1 BODY[HEADER] {60000000}\r\nSubject: ".to_vec()),
    done("a literal that holds the answer", Stall, |tag, truth| {
        let held = String::from_utf8(said_with(truth, &[&format!("{tag} OK done")])).unwrap();
        said(&[&format!("* 1 FETCH (UID 1 BODY[] {{{}}}\r\n{held}", held.len() + 2)])
    }),
    done("a line without end", HangUp, |_, _| vec![b'*'; 200_000]),
    done("lines of rubbish", GoOn, |_, truth| {
        before(&["* 1 FETCH (UID \"", "* ", "*", ")(", "* 9 FETCH", "* SEARCH a b", "", "\0\0\0"], truth)
    }),
    done("a list of a million ranges", GoOn, |_, truth| inside(&["* SEARCH 1:4294967295", "* ESEARCH UID ALL 1:*"], truth)),
    done_at(
        "no date and no size",
        |kind| kind == Kind::Rows,
        |_, truth| {
            let without =
                |line: &String| line.replace("RFC822.SIZE ", "X-SIZE ").replace("INTERNALDATE \"", "INTERNALDATE NIL X (\"");
            said_with(&truth.iter().map(without).collect::<Vec<_>>(), &[])
        },
    ),
];

/// Each table by its name.
pub(super) const ALL: [&[Fault]; 4] = [REFUSING, GOING, FALSE_NEWS, RUBBISH];

fn said(lines: &[&str]) -> Vec<u8> {
    said_with(&[], lines)
}

fn said_with(truth: &[String], after: &[&str]) -> Vec<u8> {
    let lines = truth.iter().map(String::as_str).chain(after.iter().copied());
    lines.map(|l| format!("{l}\r\n")).collect::<String>().into_bytes()
}

fn before(lines: &[&str], truth: &[String]) -> Vec<u8> {
    [said(lines), said_with(truth, &[])].concat()
}

/// Between the data and the tagged answer; after the leave to go on.
fn inside(lines: &[&str], truth: &[String]) -> Vec<u8> {
    let asks = truth.last().is_some_and(|l| l.starts_with('+'));
    let (data, end) = truth.split_at(if asks { truth.len() } else { truth.len().saturating_sub(1) });
    [said_with(data, lines), said_with(end, &[])].concat()
}

fn half(truth: &[String]) -> Vec<u8> {
    let mut whole = said_with(truth, &[]);
    whole.truncate(whole.len() / 2);
    whole
}

fn replaced(truth: &[String], from: &str, to: &str) -> Vec<u8> {
    said_with(&truth.iter().map(|l| l.replace(from, to)).collect::<Vec<_>>(), &[])
}

/// The last UID of COPYUID or APPENDUID becomes another.
fn places(line: &str, uid: &str) -> String {
    match line.split_once(']').filter(|(code, _)| code.contains("COPYUID ") || code.contains("APPENDUID ")) {
        Some((code, rest)) => format!("{} {uid}]{rest}", code.rsplit_once(' ').map_or(code, |(head, _)| head)),
        None => line.to_owned(),
    }
}

fn nested(depth: usize) -> String {
    format!("* 1 FETCH (BODYSTRUCTURE {}{})", "(".repeat(depth), ")".repeat(depth))
}

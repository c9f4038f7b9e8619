//! The ways in which a server may answer one command wrongly.

use crate::pretend::{Bend, Then};

/// What is known of a command that was answered so.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// The server plainly refused: what was wanted may be taken back, and is told.
    No,
    /// Nothing of the kind: what was wanted has to come true.
    Nothing,
}

/// A fault by its name.
pub(super) struct Fault {
    pub name: &'static str,
    pub bend: Bend,
    pub says: Says,
}

const fn instead(name: &'static str, says: Says, then: Then, bytes: fn(&str, &[String]) -> Vec<u8>) -> Fault {
    Fault { name, says, bend: Bend { done: false, bytes, then } }
}

const fn done(name: &'static str, then: Then, bytes: fn(&str, &[String]) -> Vec<u8>) -> Fault {
    Fault { name, says: Says::Nothing, bend: Bend { done: true, bytes, then } }
}

use Says::{No, Nothing};
use Then::{GoOn, HangUp, Stall};

/// All of them.
pub(super) const FAULTS: &[Fault] = &[
    instead("a NO", No, GoOn, |tag, _| said(&[&format!("{tag} NO I will not")])),
    instead("a NO for now", Nothing, GoOn, |tag, _| said(&[&format!("{tag} NO [UNAVAILABLE] later")])),
    instead("a BAD", Nothing, GoOn, |tag, _| said(&[&format!("{tag} BAD what?")])),
    instead("a BYE", Nothing, HangUp, |_, _| said(&["* BYE [UNAVAILABLE] we close"])),
    instead("a BYE and an open line", Nothing, Stall, |_, _| said(&["* BYE we close"])),
    instead("an end", Nothing, HangUp, |_, _| Vec::new()),
    instead("silence", Nothing, Stall, |_, _| Vec::new()),
    done("done, and an end", HangUp, |_, _| Vec::new()),
    done("done, and silence", Stall, |_, _| Vec::new()),
    done("done, half told, and an end", HangUp, |_, truth| half(truth)),
    done("done, half told, and silence", Stall, |_, truth| half(truth)),
    done("data, and then a NO for now", GoOn, |tag, truth| {
        let told = truth.len().saturating_sub(1);
        said_with(&truth[..told], &[&format!("{tag} NO [UNAVAILABLE] later")])
    }),
    done("only another's tag", Stall, |_, _| said(&["zz OK done", "g0 OK done"])),
    done("another's tag first", GoOn, |_, truth| before(&["zz NO no", "* OK [ALERT] look", "+ go on"], truth)),
    done("an EXISTS that shrinks", GoOn, |_, truth| inside(&["* 0 EXISTS"], truth)),
    done("an EXISTS that grows", GoOn, |_, truth| inside(&["* 4294967295 EXISTS", "* 7 RECENT"], truth)),
    done("EXPUNGE for all that is there", GoOn, |_, truth| inside(&["* 1 EXPUNGE"; 40], truth)),
    done("a flood of VANISHED", GoOn, |_, truth| {
        inside(&["* VANISHED 1:4294967295", "* VANISHED (EARLIER) 4294967295:1", "* VANISHED 0", "* VANISHED x"], truth)
    }),
    done("FETCH for unknown messages", GoOn, |_, truth| {
        let flags: Vec<String> = (0..200).map(|n| format!("* {n} FETCH (UID 9{n:05} FLAGS (\\Deleted))")).collect();
        inside(&flags.iter().map(String::as_str).collect::<Vec<_>>(), truth)
    }),
    done("other UIDVALIDITYs", GoOn, |_, truth| {
        let other = truth.iter().map(|l| l.replace("UIDVALIDITY 7", "UIDVALIDITY 8")).collect::<Vec<_>>();
        said_with(&other, &[])
    }),
    done("no UIDVALIDITY", GoOn, |_, truth| {
        let other = truth.iter().map(|l| l.replace("UIDVALIDITY 7", "X-UIDVALIDITY 7")).collect::<Vec<_>>();
        said_with(&other, &[])
    }),
    done("64 deep", GoOn, |_, truth| inside(&[&nested(64)], truth)),
    done("10,000 deep", GoOn, |_, truth| inside(&[&nested(10_000)], truth)),
    done("half a character", GoOn, |_, truth| {
        let odd = b"* LIST () \"/\" \"\xc3\"\r\n* OK [ALERT] \xe2\x82\r\n* STATUS \"\xff\" (MESSAGES 1)\r\n* 1 FETCH (FLAGS (\xc3))\r\n";
        [odd.to_vec(), said_with(truth, &[])].concat()
    }),
    done("a literal without end", HangUp, |_, _| b"* 1 FETCH (UID 1 BODY[HEADER] {4294967295}\r\nSubject: ".to_vec()),
    done("a line of rubbish", GoOn, |_, truth| {
        before(&["* 1 FETCH (UID \"", "* ", "*", ")(", "* 9 FETCH", "* SEARCH a b"], truth)
    }),
];

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

/// Between the data and the tagged answer.
fn inside(lines: &[&str], truth: &[String]) -> Vec<u8> {
    let (data, end) = truth.split_at(truth.len().saturating_sub(1));
    [said_with(data, lines), said_with(end, &[])].concat()
}

fn half(truth: &[String]) -> Vec<u8> {
    let mut whole = said_with(truth, &[]);
    whole.truncate(whole.len() / 2);
    whole
}

fn nested(depth: usize) -> String {
    format!("* 1 FETCH (BODYSTRUCTURE {}{})", "(".repeat(depth), ")".repeat(depth))
}

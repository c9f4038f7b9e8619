//! Targets for the typed views: what a line of each kind may become, and no more than that.

use super::frames;
use crate::imap::code::{Code, split, uid_set};
use crate::imap::framer::{Frame, Part};
use crate::imap::response::{ListLine, Response, read};
use crate::steps::counted;
use godwit_domain::flags::MAX_KEYWORDS;
use godwit_domain::sync::UidSet;

/// What a response may hold for each of its bytes, and beside that: the pairs that a COPYUID is believed to have.
const A_BYTE: usize = 100;
const BESIDE: usize = 8 << 20;

fn text(bytes: impl Into<Vec<u8>>) -> Part {
    Part::Text(bytes.into())
}

fn line(before: &str, input: &[u8]) -> Frame {
    Frame { parts: vec![text([before.as_bytes(), input].concat())] }
}

fn sound(frame: &Frame) -> Option<Response> {
    let (steps, response) = counted(|| read(frame));
    assert!(steps <= 4 * (frame.len() as u64 + 1), "{steps} steps for {} bytes", frame.len());
    let response = response.ok()?;
    assert!(response.held() <= A_BYTE * frame.len() + BESIDE, "{} bytes out of {}", response.held(), frame.len());
    match &response {
        Response::Search(uids) | Response::Vanished { uids, .. } => sound_set(uids),
        Response::Fetch(fetched) => {
            assert_ne!(fetched.uid, Some(0));
            let flags = fetched.flags.clone().unwrap_or_default();
            assert!(flags.keywords.len() <= MAX_KEYWORDS);
            let odd = |k: &String| k.is_empty() || k.contains(|c: char| c.is_ascii_whitespace() || c.is_ascii_control());
            assert!(!flags.keywords.iter().any(odd), "{flags:?}");
            let literals =
                frame.parts.iter().map(|p| if let Part::Literal { bytes, .. } = p { bytes.len() } else { 0 }).sum::<usize>();
            let kept = fetched.sections.iter().filter_map(|s| s.bytes.as_ref()).map(Vec::len).sum::<usize>();
            assert!(kept <= literals + frame.len());
        }
        Response::MailboxStatus(_, items) => assert_ne!(items.highestmodseq, Some(0)),
        Response::Status(status) | Response::Tagged(_, status) => sound_code(status.code.as_ref()),
        _ => {}
    }
    Some(response)
}

fn sound_set(uids: &UidSet) {
    assert!(uids.ranges().iter().all(|(low, high)| 0 < *low && low <= high));
    if !uids.is_empty() {
        assert_eq!(uid_set(uids.to_string().as_bytes()).as_ref(), Some(uids));
    }
}

fn sound_code(code: Option<&Code>) {
    match code {
        Some(Code::CopyUid(copied)) => assert_eq!(copied.source.len(), copied.target.len()),
        Some(Code::Modified(uids)) => sound_set(uids),
        Some(Code::HighestModseq(n)) => assert_ne!(*n, 0),
        _ => {}
    }
}

/// A whole conversation: every frame has a sound meaning or none.
pub(crate) fn responses(input: &[u8]) {
    for frame in frames(input, input.len(), 1 << 16).0 {
        let _ = sound(&frame);
    }
}

pub(crate) fn list(input: &[u8]) {
    for kind in ["LIST", "LSUB"] {
        let Some(Response::List(line) | Response::Lsub(line)) = sound(&line(&format!("* {kind} "), input)) else { continue };
        assert_eq!(sound(&written(&line)), Some(Response::List(line)));
    }
}

/// The line as a server that is careful with its strings would send it.
fn written(line: &ListLine) -> Frame {
    let literal = |s: &str| Part::Literal { bytes: s.as_bytes().to_vec(), announced: s.len() as u64 };
    let mut parts = vec![text("* LIST (")];
    for attribute in &line.attributes {
        parts.extend([literal(attribute), text(" ")]);
    }
    match line.delimiter {
        Some(delimiter) => parts.extend([text(") "), literal(&delimiter.to_string()), text(" ")]),
        None => parts.push(text(") NIL ")),
    }
    parts.push(literal(&line.name));
    Frame { parts }
}

pub(crate) fn status(input: &[u8]) {
    let Some(Response::MailboxStatus(name, items)) = sound(&line("* STATUS ", input)) else { return };
    let number = |word: &str, n: Option<u64>| n.map(|n| format!("{word} {n} ")).unwrap_or_default();
    let all = [
        number("MESSAGES", items.messages.map(u64::from)),
        number("UIDNEXT", items.uidnext.map(u64::from)),
        number("UIDVALIDITY", items.uidvalidity.map(u64::from)),
        number("UNSEEN", items.unseen.map(u64::from)),
        number("HIGHESTMODSEQ", items.highestmodseq),
    ];
    let literal = Part::Literal { bytes: name.clone().into_bytes(), announced: name.len() as u64 };
    let again = Frame { parts: vec![text("* STATUS "), literal, text(format!(" ({})", all.concat()))] };
    assert_eq!(sound(&again), Some(Response::MailboxStatus(name, items)));
}

pub(crate) fn fetch(input: &[u8]) {
    let wire = [b"* 7 FETCH (".as_slice(), input, b")\r\n"].concat();
    for frame in frames(&wire, wire.len(), 1 << 12).0 {
        let _ = sound(&frame);
    }
}

pub(crate) fn search(input: &[u8]) {
    for before in ["* SEARCH ", "* ESEARCH (TAG \"g1\") UID ", "* ESEARCH "] {
        let Some(Response::Search(uids)) = sound(&line(before, input)) else { continue };
        if !uids.is_empty() {
            let again = line(&format!("* ESEARCH (TAG \"g1\") UID ALL {uids}"), b"");
            assert_eq!(sound(&again), Some(Response::Search(uids)));
        }
    }
}

pub(crate) fn vanished(input: &[u8]) {
    let Some(Response::Vanished { earlier, uids }) = sound(&line("* VANISHED ", input)) else { return };
    if !uids.is_empty() {
        let again = line(&format!("* VANISHED {}{uids}", if earlier { "(EARLIER) " } else { "" }), b"");
        assert_eq!(sound(&again), Some(Response::Vanished { earlier, uids }));
    }
}

pub(crate) fn codes(input: &[u8]) {
    let (steps, (code, words)) = counted(|| split(input));
    assert!(steps <= 5 * (input.len() as u64 + 1), "{steps} steps for {} bytes", input.len());
    assert!(words.len() <= 3 * input.len(), "text out of nothing");
    sound_code(code.as_ref());
    for before in ["* OK ", "* BYE ", "g1 NO "] {
        let _ = sound(&line(before, input));
    }
}

/// CAPABILITY, NAMESPACE, ID, QUOTA and whatever else there is.
pub(crate) fn other_data(input: &[u8]) {
    for before in ["* ", "* CAPABILITY ", "* ENABLED ", "* NAMESPACE ", "* ID ", "* QUOTA ", "* QUOTAROOT ", "* 3 ", "+ ", ""] {
        let _ = sound(&line(before, input));
    }
}

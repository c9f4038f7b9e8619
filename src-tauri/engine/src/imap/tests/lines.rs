//! Single responses: the lines of docs/protocol.md appendix B, each of which broke some client, and their kin.

use crate::imap::framer::{Frame, Framer};
use crate::imap::response::{Outcome, Response, Status, read};
use crate::imap::token::TokenError;
use godwit_domain::sync::{StatusItems, UidSet};
use proptest::prelude::*;

fn frame(wire: &[u8]) -> Frame {
    let (taken, frame) = Framer::default().feed(wire).unwrap();
    assert_eq!(taken, wire.len());
    frame.unwrap()
}

fn line(text: &str) -> Result<Response, TokenError> {
    read(&frame(format!("{text}\r\n").as_bytes()))
}

fn set(text: &str) -> UidSet {
    UidSet::parse(text).unwrap()
}

#[test]
fn searches_of_all_kinds_are_sets() {
    assert_eq!(line("* SEARCH 2 1 3 "), Ok(Response::Search(set("1:3"))));
    assert_eq!(line("* SEARCH"), Ok(Response::Search(UidSet::new())));
    assert_eq!(line("* SEARCH 1 2 (MODSEQ 9)"), Ok(Response::Search(set("1:2"))));
    assert_eq!(line("* ESEARCH (TAG \"A1\") UID ALL 1:5"), Ok(Response::Search(set("1:5"))));
    assert_eq!(line("* ESEARCH (TAG \"A1\") UID"), Ok(Response::Search(UidSet::new())));
    assert_eq!(line("* SEARCH 1 x"), Err(TokenError::Unknown));
    assert_eq!(line("* THREAD (2)(3 6)"), Ok(Response::Other));
}

#[test]
fn a_search_over_a_million_messages_is_quick() {
    let mut wire = b"* SEARCH".to_vec();
    (1..=1_000_000u32).for_each(|n| wire.extend(format!(" {}", n * 2).bytes()));
    wire.extend(b"\r\n");
    let began = std::time::Instant::now();
    let Ok(Response::Search(found)) = read(&frame(&wire)) else { panic!("no SEARCH") };
    assert_eq!(found.len(), 1_000_000);
    assert!(began.elapsed().as_secs_f32() < 4.0, "{:?}", began.elapsed());
}

#[test]
fn statuses_with_unknown_items_keep_the_known_ones() {
    let messages = |n| StatusItems { messages: Some(n), ..StatusItems::default() };
    assert_eq!(line("* STATUS \"x\" (MESSAGES 1 SIZE 44)"), Ok(Response::MailboxStatus("x".into(), messages(1))));
    assert_eq!(line("* STATUS x (MAILBOXID (F22))"), Ok(Response::MailboxStatus("x".into(), StatusItems::default())));
    assert_eq!(line("* STATUS x ()"), Ok(Response::MailboxStatus("x".into(), StatusItems::default())));
    assert_eq!(line("* STATUS x (MESSAGES 7 ) "), Ok(Response::MailboxStatus("x".into(), messages(7))));
    assert_eq!(line("* STATUS NIL (MESSAGES 7)"), Ok(Response::MailboxStatus("NIL".into(), messages(7))));
}

#[test]
fn names_come_unescaped_whatever_they_are_spelled_with() {
    let name = |text: &str| match line(text).unwrap() {
        Response::List(l) => (l.name, l.delimiter),
        other => panic!("{other:?}"),
    };
    assert_eq!(name("* LIST () \"/\" \"a \\\"b\\\" \\\\c\""), ("a \"b\" \\c".into(), Some('/')));
    assert_eq!(name("* LIST () \"/\" Foo (\"CHILDINFO\" (\"SUBSCRIBED\"))"), ("Foo".into(), Some('/')));
    assert_eq!(name("* LIST (\\Noselect) \"\\\\\" NIL"), ("NIL".into(), Some('\\')));
    assert_eq!(name("* LIST () NIL INBOX"), ("INBOX".into(), None));
    assert_eq!(name("* LIST () \"/\" \"\""), (String::new(), Some('/')));
    let literal = read(&frame(b"* LIST () \"/\" {5}\r\na (b)\r\n")).unwrap();
    assert!(matches!(literal, Response::List(l) if l.name == "a (b)"));
    assert_eq!(read(&frame(b"* LIST () \"/\" \"\xff\"\r\n")), Err(TokenError::Unknown), "could not be sent back as it came");
}

#[test]
fn status_lines_need_no_space_after_the_code() {
    let Ok(Response::Status(Status { outcome, text, .. })) = line("* OK [READ-WRITE]é") else { panic!("no status") };
    assert_eq!((outcome, text.as_str()), (Outcome::Ok, "é"));
    assert!(matches!(line("a1 NO"), Ok(Response::Tagged(tag, Status { outcome: Outcome::No, .. })) if tag == "a1"));
    assert_eq!(line("a1 MAYBE"), Err(TokenError::Unknown));
    assert_eq!(line("a1 BYE"), Err(TokenError::Unknown));
}

#[test]
fn fetches_that_broke_others_are_read() {
    let fetched = |wire: &[u8]| match read(&frame(wire)).unwrap() {
        Response::Fetch(f) => *f,
        other => panic!("{other:?}"),
    };
    assert_eq!(fetched(b"* 1 FETCH (UID 5 INTERNALDATE NIL)\r\n").uid, Some(5));
    assert_eq!(fetched(b"* 1 FETCH (BINARY[1] ~{5}\r\na\0b\r\n UID 5)\r\n").uid, Some(5));
    assert_eq!(fetched(b"* 1 FETCH (ENVELOPE (NIL \"s\" () NIL NIL NIL NIL NIL NIL NIL) UID 5)\r\n").uid, Some(5));
    assert_eq!(fetched(b"* 1 FETCH ()\r\n").uid, None);
    assert_eq!(fetched(b"\0\0* 1 FETCH (X-GM-LABELS ({5}\r\na (b)) UID 5)\r\n").gm_labels, Some(["a (b)".to_owned()].into()));
    assert_eq!(read(&frame(format!("* 1 FETCH (BODYSTRUCTURE {}\r\n", "(".repeat(400)).as_bytes())), Err(TokenError::TooDeep));
}

#[test]
fn vanished_in_any_order_and_without_an_end() {
    let vanished = |text: &str| match line(text).unwrap() {
        Response::Vanished { earlier, uids } => (earlier, uids.to_string()),
        other => panic!("{other:?}"),
    };
    assert_eq!(vanished("* VANISHED 12:*"), (false, format!("12:{}", u32::MAX)));
    assert_eq!(vanished("* VANISHED (EARLIER) 5:3"), (true, "3:5".into()));
    assert_eq!(line("* VANISHED"), Err(TokenError::Unknown));
}

#[test]
fn the_rest_is_read_or_passed_over() {
    assert_eq!(line("* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL"), Ok(Response::Namespace(Some(("INBOX.".into(), Some('.'))))));
    assert_eq!(line("* NAMESPACE ((\"\" \"/\")) NIL NIL"), Ok(Response::Namespace(Some((String::new(), Some('/'))))));
    assert_eq!(line("* NAMESPACE NIL NIL NIL"), Ok(Response::Namespace(None)));
    assert_eq!(line("* CAPABILITY IMAP4rev2 \"X\""), Ok(Response::Capability(vec!["IMAP4rev2".into(), "X".into()])));
    // Old Proton bridges write atoms where strings belong.
    assert_eq!(line("* ID (support-url https://x name Y)"), Ok(Response::Id("support-url https://x name Y".into())));
    assert_eq!(line("* ID (\"name\" \"Coremail Imap\")"), Ok(Response::Id("name Coremail Imap".into())));
    assert_eq!(line("* ID NIL"), Ok(Response::Id("NIL".into())));
    let limits = vec![("STORAGE".to_owned(), 16, 30), ("MESSAGE".to_owned(), 2, u32::MAX)];
    assert_eq!(line("* QUOTA \"User quota\" (STORAGE 16 30 MESSAGE 2 4294967296)"), Ok(Response::Quota(limits)));
    assert!(line("* QUOTA root").is_err());
    assert_eq!(line("*  5 EXISTS"), Ok(Response::Exists(5)));
    assert_eq!(line("* 99999999999 EXISTS"), Ok(Response::Other));
    assert_eq!(line("* 5 EXPUNGE"), Ok(Response::Expunge(5)));
    assert_eq!(line("+"), Ok(Response::Continue(vec![])));
    assert_eq!(line("*"), Ok(Response::Other));
    assert!(line("* 1 FETCH (UID 5").is_err());
}

proptest! {
    #[test]
    fn whatever_a_server_says_is_read_or_refused(pieces in proptest::collection::vec(prop_oneof![
        Just("* ".to_owned()), Just("1 FETCH (".to_owned()), Just("UID 5 ".to_owned()), Just("FLAGS (\\Seen) ".to_owned()), Just(")".to_owned()),
        Just("BODY[HEADER.FIELDS (DATE)]<0> ".to_owned()), Just("{2}\r\nab".to_owned()), Just("\"a\\\"".to_owned()), Just("NIL ".to_owned()),
        Just("LIST () ".to_owned()), Just("STATUS x (".to_owned()), Just("SEARCH 1 ".to_owned()), Just("ESEARCH ALL 1:* ".to_owned()),
        Just("VANISHED (EARLIER) 9:1,*".to_owned()), Just("OK [".to_owned()), Just("COPYUID 1 1:9 ".to_owned()), Just("]".to_owned()),
        Just("PERMANENTFLAGS (".to_owned()), Just("NAMESPACE ((".to_owned()), Just("INTERNALDATE \"1-é-1 ".to_owned()),
        Just("\r\n".to_owned()), "\\PC{0,6}"
    ], 0..14)) {
        let wire = format!("{}\r\n", pieces.concat());
        let mut bytes = wire.as_bytes();
        let mut framer = Framer::default();
        while let Ok((taken, frame)) = framer.feed(bytes) {
            let _ = frame.map(|frame| read(&frame));
            bytes = &bytes[taken..];
            if bytes.is_empty() {
                break;
            }
        }
    }
}

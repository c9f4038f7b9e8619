//! Reading messages: rows, flags, UIDs, bodies in parts.

use crate::imap::connection::Connection;
use crate::imap::items::MailboxEvent;
use crate::imap::scripted::{done, signed_in_to};
use godwit_domain::sync::{FetchedHeader, UidSet};
use godwit_domain::{ErrorKind, Result};
use tokio::sync::mpsc;

const HEADER: &str = "BODY.PEEK[HEADER.FIELDS (DATE FROM SENDER REPLY-TO TO CC BCC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES \
    CONTENT-TYPE LIST-ID LIST-UNSUBSCRIBE LIST-UNSUBSCRIBE-POST AUTO-SUBMITTED IMPORTANCE X-PRIORITY AUTHENTICATION-RESULTS \
    DISPOSITION-NOTIFICATION-TO)]";

async fn headers(connection: &Connection, uids: &str) -> (Result<u32>, Vec<FetchedHeader>) {
    let (each, mut rows) = mpsc::channel(4);
    let uids = UidSet::parse(uids).unwrap();
    let collect = async {
        let mut out = Vec::new();
        while let Some(row) = rows.recv().await {
            out.push(row);
        }
        out
    };
    tokio::join!(connection.fetch_headers(&uids, true, each), collect)
}

#[tokio::test]
async fn rows_come_whole_and_strangers_become_news() {
    let script = format!(
        r#"C: a UID FETCH 5:7 (UID FLAGS MODSEQ INTERNALDATE RFC822.SIZE PREVIEW {HEADER})
           S: * 1 FETCH (UID 5 FLAGS (\Seen) MODSEQ (9) INTERNALDATE "01-Jan-1970 00:00:01 +0000" RFC822.SIZE 100 PREVIEW "Hi" BODY[HEADER.FIELDS (DATE)] {{9}}\r\nDate: x\r\n)
           S: * 9 FETCH (UID 99 FLAGS (\Answered))
           S: * 8 FETCH (FLAGS (\Seen))
           S: * 2 FETCH (UID 6 RFC822.SIZE 200 BODY[HEADER.FIELDS (DATE)] NIL)
           S: * 2 FETCH (UID 6 FLAGS (\Flagged))
           S: * 1 FETCH (UID 5 FLAGS ())
           S: * 4 EXISTS
           S: * 3 FETCH (UID 7 (broken
           S: a OK"#
    );
    let (connection, server) = signed_in_to("CONDSTORE PREVIEW", &script).await;
    let (outcome, rows) = headers(&connection, "5:7").await;
    outcome.unwrap();
    assert_eq!(rows.iter().map(|r| r.uid).collect::<Vec<_>>(), [5, 6], "7 could not be read and has no row");
    assert_eq!((rows[0].internal_date, rows[0].size, rows[0].modseq), (Some(1), Some(100), Some(9)));
    assert_eq!((rows[0].preview.as_deref(), rows[0].header.as_slice()), (Some("Hi"), b"Date: x\r\n".as_slice()));
    assert_eq!((rows[1].flags.names(), rows[1].header.len()), (vec!["\\Flagged".to_owned()], 0));
    assert_eq!(connection.quarantined(), 1);
    let events = connection.take_events();
    assert!(events.contains(&MailboxEvent::FlagsAt(8)) && events.contains(&MailboxEvent::Exists(4)));
    let news: Vec<u32> = events.iter().filter_map(|e| if let MailboxEvent::Flags(f) = e { Some(f.uid) } else { None }).collect();
    assert_eq!(news, [99, 5]);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn partial_data_and_then_no_or_the_end_is_never_success() {
    for (ending, kind) in [
        ("S: a NO [UNAVAILABLE] FETCH Server error", ErrorKind::Busy),
        ("S: a NO some messages could not be fetched", ErrorKind::Refused),
        ("S: a BAD what", ErrorKind::Protocol),
        ("S: * BYE bye\nEOF", ErrorKind::Offline),
        ("S+ * 2 FETCH (UID 6\nEOF", ErrorKind::Offline),
        ("EOF", ErrorKind::Offline),
    ] {
        let script = format!(
            "C: a UID FETCH 5 (UID FLAGS INTERNALDATE RFC822.SIZE {HEADER})
             S: * 1 FETCH (UID 5 FLAGS () BODY[HEADER.FIELDS (DATE)] \"\")\n{ending}"
        );
        let (connection, server) = signed_in_to("", &script).await;
        let (outcome, rows) = headers(&connection, "5:5").await;
        assert_eq!((outcome.unwrap_err().kind, rows.len()), (kind, 1), "{ending}");
        if kind == ErrorKind::Offline {
            assert!(!connection.is_alive());
            assert_eq!(connection.noop().await.unwrap_err().kind, ErrorKind::Offline);
        }
        drop(connection);
        done(server).await;
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_timed_and_progress_is_not() {
    let slow =
        "C: a UID FETCH 1:9 (UID)\nS: * 1 FETCH (UID 1)\nWAIT 59\nS: * 2 FETCH (UID 2)\nWAIT 59\nS: a OK\nC: b NOOP\nWAIT 61";
    let (connection, _server) = signed_in_to("", slow).await;
    assert_eq!(connection.fetch_uids(1, Some(9)).await.unwrap().to_string(), "1:2");
    assert_eq!(connection.noop().await.unwrap_err().kind, ErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_not_the_servers_fault() {
    let rows: String =
        (1..=600).map(|n| format!("S: * {n} FETCH (UID {n} FLAGS () BODY[HEADER.FIELDS (DATE)] \"\")\n")).collect();
    let script = format!("C: a UID FETCH 1:600 (UID FLAGS INTERNALDATE RFC822.SIZE {HEADER})\n{rows}WAIT 100\nS: a OK");
    let (connection, _server) = signed_in_to("", &script).await;
    let (each, mut slow) = mpsc::channel(1);
    let uids = UidSet::range(1, 600);
    let read = async {
        let mut count = 0;
        while slow.recv().await.is_some() {
            count += 1;
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        count
    };
    let (outcome, count) = tokio::join!(connection.fetch_headers(&uids, false, each), read);
    outcome.unwrap();
    assert_eq!(count, 600);
}

#[tokio::test]
async fn the_last_message_below_the_range_is_not_in_it() {
    let script = "C: a UID FETCH 12:* (UID)\nS: * 3 FETCH (UID 9)\nS: a OK";
    let (connection, server) = signed_in_to("", script).await;
    assert!(connection.fetch_uids(12, None).await.unwrap().is_empty());
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn flags_since_come_with_what_vanished() {
    let script = "C: a UID FETCH 1:* (UID FLAGS MODSEQ) (CHANGEDSINCE 40 VANISHED)
                  S: * VANISHED (EARLIER) 2,12:*
                  S: * 1 FETCH (UID 1 FLAGS (\\Seen a]b) MODSEQ (41))
                  S: a OK
                  C: b UID FETCH 1,3 (UID FLAGS MODSEQ) (CHANGEDSINCE 41)
                  S: * 1 FETCH (UID 1 FLAGS () MODSEQ (42))
                  S: b OK";
    let (connection, server) = signed_in_to("ENABLE QRESYNC", script).await;
    let changed = connection.fetch_flags_since(40).await.unwrap();
    assert_eq!(changed.vanished.to_string(), format!("2,12:{}", u32::MAX));
    assert_eq!((changed.flags[0].uid, changed.flags[0].modseq), (1, Some(41)));
    let changed = connection.fetch_flags(&UidSet::from_iter([1, 3]), Some(41)).await.unwrap();
    assert_eq!((changed.flags.len(), changed.flags[0].modseq), (1, Some(42)));
    drop(connection);
    done(server).await;
}

async fn body(connection: &Connection, uid: u32) -> (Result<u64>, Vec<u8>) {
    let (sink, mut parts) = mpsc::channel(4);
    let collect = async {
        let mut out = Vec::new();
        while let Some(part) = parts.recv().await {
            out.extend(part);
        }
        out
    };
    tokio::join!(connection.fetch_body(uid, sink), collect)
}

#[tokio::test]
async fn a_long_body_comes_in_parts_in_order() {
    let part = "x".repeat(262_144);
    let script = format!(
        "C: a UID FETCH 5 (UID BODY.PEEK[]<0.262144>)
         S: * 1 FETCH (UID 5 BODY[]<0> {{262144}}\\r\\n{part} FLAGS (\\Seen))
         S: a OK
         C: b UID FETCH 5 (UID BODY.PEEK[]<262144.262144>)
         C: c UID FETCH 5 (UID BODY.PEEK[]<524288.262144>)
         C: d UID FETCH 5 (UID BODY.PEEK[]<786432.262144>)
         C: e UID FETCH 5 (UID BODY.PEEK[]<1048576.262144>)
         S: * 1 FETCH (UID 5 BODY[]<524288> \"end\")
         S: c OK
         S: * 1 FETCH (UID 5 BODY[]<262144> {{262144}}\\r\\n{part})
         S: b OK
         S: * 1 FETCH (UID 5 BODY[]<786432> \"\")
         S: d OK
         S: * 1 FETCH (UID 5 BODY[]<1048576> NIL)
         S: e OK"
    );
    let (connection, server) = signed_in_to("", &script).await;
    let (total, bytes) = body(&connection, 5).await;
    assert_eq!(total.unwrap(), 524_291);
    assert!(bytes.len() == 524_291 && bytes.ends_with(b"xend"));
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn odd_bodies_are_told_apart() {
    let ask = "C: a UID FETCH 5 (UID BODY.PEEK[]<0.262144>)\n";
    let check = async |answer: &str| {
        let (connection, server) = signed_in_to("", &format!("{ask}{answer}")).await;
        let (total, bytes) = body(&connection, 5).await;
        drop(connection);
        done(server).await;
        total.map(|_| bytes).map_err(|e| e.kind)
    };
    assert_eq!(check("S: * 1 FETCH (UID 5 BODY[]<0> \"short\")\nS: a OK").await, Ok(b"short".to_vec()));
    assert_eq!(check("S: * 1 FETCH (UID 5 BODY[] \"whole\")\nS: a OK").await, Ok(b"whole".to_vec()), "parts are ignored");
    assert_eq!(check("S: * 1 FETCH (UID 5 BODY[]<0> \"\")\nS: a OK").await, Ok(vec![]));
    assert_eq!(check("S: a OK").await, Err(ErrorKind::Gone));
    assert_eq!(check("S: * 1 FETCH (UID 6 BODY[]<0> \"other\")\nS: a OK").await, Err(ErrorKind::Gone));
    assert_eq!(check("S: * 1 FETCH (UID 5 BODY[]<0> \"half\")\nS: a NO [NONEXISTENT] gone").await, Err(ErrorKind::Gone));
    assert_eq!(check("S: * 1 FETCH (UID 5 BODY[]<0> {9}\\r\\nhalf\nEOF").await, Err(ErrorKind::Offline));
}

#[tokio::test]
async fn bodies_and_beginnings_come_for_many() {
    let script = r#"C: a UID FETCH 1:3 (UID BODY.PEEK[]<0.6>)
        S: * 1 FETCH (UID 1 BODY[]<0> "12345")
        S: * 2 FETCH (UID 2 BODY[]<0> "123456")
        S: * 3 FETCH (UID 3 BODY[]<0> {9}\r\n123456789)
        S: a OK
        C: b UID FETCH 1 (UID BODY.PEEK[HEADER.FIELDS (CONTENT-TYPE CONTENT-TRANSFER-ENCODING)] BODY.PEEK[TEXT]<0.4096>)
        S: * 1 FETCH (UID 1 BODY[HEADER.FIELDS (CONTENT-TYPE)] "A: b" BODY[TEXT]<0> "text")
        S: b OK"#;
    let (connection, server) = signed_in_to("", script).await;
    let (each, mut bodies) = mpsc::channel(9);
    connection.fetch_bodies(&UidSet::range(1, 3), 5, each).await.unwrap();
    assert_eq!(bodies.recv().await, Some((1, b"12345".to_vec())));
    assert_eq!(bodies.recv().await, None, "longer ones are left out");
    let (each, mut starts) = mpsc::channel(9);
    connection.fetch_text_start(&UidSet::range(1, 1), each).await.unwrap();
    assert_eq!(starts.recv().await, Some((1, b"A: b".to_vec(), b"text".to_vec())));
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn a_dropped_call_is_still_read_to_its_answer() {
    let script = "C: a UID FETCH 1:9 (UID)
        S: * 1 FETCH (UID 1)
        WAIT 1
        S: * 2 FETCH (UID 2)
        S: a OK
        C: b UID FETCH 1:5 (UID)
        S: * 1 FETCH (UID 4)
        S: b OK";
    let (connection, server) = signed_in_to("", script).await;
    let dropped = tokio::time::timeout(std::time::Duration::from_millis(100), connection.fetch_uids(1, Some(9))).await;
    assert!(dropped.is_err());
    assert_eq!(connection.fetch_uids(1, Some(5)).await.unwrap().to_string(), "4");
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn who_wants_only_the_beginning_costs_one_part() {
    let part = "x".repeat(262_144);
    let script = format!(
        "C: a UID FETCH 5 (UID BODY.PEEK[]<0.262144>)
         S: * 1 FETCH (UID 5 BODY[]<0> {{262144}}\\r\\n{part})
         S: a OK
         C: b NOOP
         S: b OK"
    );
    let (connection, server) = signed_in_to("", &script).await;
    let (sink, mut parts) = mpsc::channel(1);
    let first = async {
        let part = parts.recv().await;
        drop(parts);
        part
    };
    let (outcome, part) = tokio::join!(connection.fetch_body(5, sink), first);
    assert_eq!((outcome.unwrap_err().kind, part.unwrap().len()), (ErrorKind::Cancelled, 262_144));
    connection.noop().await.unwrap();
    drop(connection);
    done(server).await;
}

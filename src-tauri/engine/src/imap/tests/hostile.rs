//! Servers that lie, flood or never end.

use crate::imap::connection::Connection;
use crate::imap::items::{Search, StoreChange};
use crate::imap::scripted::{done, scripted_through, signed_in_to, target};
use crate::imap::sign_in::signed_in;
use crate::net::Patient;
use godwit_domain::sync::UidSet;
use godwit_domain::{ErrorKind, Flags, Result};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn unreadable_responses_are_counted_and_the_connection_lives() {
    let deep = "(".repeat(400);
    let script = format!(
        "C: a NOOP
         S: * 1 FETCH (BODYSTRUCTURE {deep}
         S: * 1 FETCH (UID 5 \"open
         S: \\0\\0* 1 FETCH )
         S: zz OK a tag that nobody sent
         S: + nobody asked
         S: é à la carte
         S: a OK"
    );
    let (connection, server) = signed_in_to("", &script).await;
    connection.noop().await.unwrap();
    assert_eq!(connection.quarantined(), 5);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn a_literal_that_nobody_could_store_ends_the_connection_and_not_the_memory() {
    let (connection, server) = signed_in_to("", "C: a NOOP\nS: * 1 FETCH (BODY[] {536870913}\nEOF").await;
    assert_eq!(connection.noop().await.unwrap_err().kind, ErrorKind::Protocol);
    assert!(!connection.is_alive());
    done(server).await;
}

#[tokio::test]
async fn a_flood_of_news_stays_bounded() {
    let flood: String = (1..=30_000).map(|n| format!("S: * {n} FETCH (FLAGS ())\n")).collect();
    let (connection, server) = signed_in_to("", &format!("C: a NOOP\n{flood}S: a OK")).await;
    connection.noop().await.unwrap();
    assert_eq!(connection.take_events().len(), 10_001);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn calls_overlap_and_are_served_in_turn() {
    let script = "C: a NOOP\nS: a OK\nC: b STATUS \"x\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\nS: * STATUS x (MESSAGES 1)\nS: b OK\nC: c NOOP\nS: c NO";
    let (connection, server) = signed_in_to("", script).await;
    let (a, b, c) = tokio::join!(biased; connection.noop(), connection.status("x"), connection.noop());
    a.unwrap();
    assert_eq!(b.unwrap().messages, Some(1));
    assert_eq!(c.unwrap_err().kind, ErrorKind::Refused);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn a_goodbye_is_said() {
    let script = "C: a LOGOUT\nS: * BYE see you\nS: a OK\nEOF";
    let (connection, server) = signed_in_to("", script).await;
    connection.logout().await.unwrap();
    done(server).await;
}

/// Bytes as deflate stores them without compressing (RFC 1951 section 3.2.4).
fn stored(text: &str) -> Vec<u8> {
    let len = u16::try_from(text.len()).unwrap();
    [&[0][..], &len.to_le_bytes(), &(!len).to_le_bytes(), text.as_bytes()].concat()
}

#[tokio::test]
async fn a_compressed_connection_goes_on_and_its_news_in_the_same_packet_are_kept() {
    let (near, mut far) = tokio::io::duplex(1 << 16);
    let server = tokio::spawn(async move {
        let mut heard = [0; 4096];
        let first = [
            "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n",
            "A0001 OK in\r\n",
            "* CAPABILITY IMAP4rev1 COMPRESS=DEFLATE\r\ng1 OK\r\n",
        ];
        for answer in first {
            far.write_all(answer.as_bytes()).await.unwrap();
            assert!(far.read(&mut heard).await.unwrap() > 0);
        }
        assert!(heard.starts_with(b"A0002 COMPRESS DEFLATE\r\n"));
        let packet = [b"A0002 OK go\r\n".to_vec(), stored("* 7 EXISTS\r\n")].concat();
        far.write_all(&packet).await.unwrap();
        assert!(far.read(&mut heard).await.unwrap() > 0);
        assert!(!heard.starts_with(b"g2 NOOP"), "compressed");
        far.write_all(&stored("* 8 EXPUNGE\r\ng2 OK\r\n")).await.unwrap();
        far.write_all(&stored("* 9 EXPUNGE\r\n")).await.unwrap();
    });
    let stream = Box::new(Patient::new(near, Duration::from_secs(60)));
    let connection = signed_in(stream, &target(), false).await.unwrap();
    connection.compress().await.unwrap();
    connection.noop().await.unwrap();
    server.await.unwrap();
    while connection.is_alive() {
        tokio::task::yield_now().await;
    }
    use crate::imap::MailboxEvent::{Exists, Expunged};
    assert_eq!(connection.take_events(), [Expunged(8), Expunged(9), Exists(7)]);
}

/// Every call that makes a claim, by number; `None` past the last one.
async fn call(connection: &Connection, number: usize) -> Option<Result<()>> {
    let uids = UidSet::range(1, 2);
    let seen = Flags::parse(["\\Seen"]);
    Some(match number {
        0 => connection.list().await.map(drop),
        1 => connection.status("x").await.map(drop),
        2 => connection.select("x", None).await.map(drop),
        3 => connection.fetch_identities(&uids).await.map(drop),
        4 => connection.fetch_flags(&uids, None).await.map(drop),
        5 => connection.fetch_flags_since(7).await.map(drop),
        6 => connection.fetch_uids(1, None).await.map(drop),
        7 => connection.fetch_body(1, tokio::sync::mpsc::channel(99).0).await.map(drop),
        8 => connection.fetch_bodies(&uids, 9, tokio::sync::mpsc::channel(99).0).await,
        9 => connection.fetch_text_start(&uids, tokio::sync::mpsc::channel(99).0).await,
        10 => connection.store_flags(&uids, StoreChange::Add, &seen).await.map(drop),
        11 => connection.copy(&uids, "x").await.map(drop),
        12 => connection.move_messages(&uids, "x").await.map(drop),
        13 => connection.uid_expunge(&uids).await,
        14 => connection.expunge().await,
        15 => connection.append("x", &seen, Some(0), b"x".to_vec()).await.map(drop),
        16 => connection.search(&Search::All).await.map(drop),
        17 => connection.create("x").await,
        18 => connection.rename("x", "y").await,
        19 => connection.delete("x").await,
        20 => connection.subscribe("x", true).await,
        21 => connection.noop().await,
        22 => connection.idle(Duration::from_secs(9), std::future::pending()).await.map(drop),
        _ => return None,
    })
}

/// A server that signs in and then gives every command the same answer; `#` is the command's tag. Nothing: it hangs up.
async fn always(answer: &'static str) -> Connection {
    let (near, far) = tokio::io::duplex(1 << 16);
    tokio::spawn(async move {
        let mut far = tokio::io::BufReader::new(far);
        far.write_all(b"* PREAUTH hi\r\n").await.unwrap();
        let mut line = String::new();
        while tokio::io::AsyncBufReadExt::read_line(&mut far, &mut line).await.is_ok_and(|n| n > 0) {
            let tag = line.split(' ').next().unwrap().to_owned();
            let reply = if line.contains("CAPABILITY") {
                format!("* CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS CONDSTORE LITERAL+\r\n{tag} OK\r\n")
            } else {
                answer.replace('#', &tag)
            };
            if reply.is_empty() {
                return;
            }
            drop(far.write_all(reply.as_bytes()).await);
            line.clear();
        }
    });
    signed_in(Box::new(Patient::new(near, Duration::from_secs(60))), &target(), false).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn no_call_succeeds_without_its_ok() {
    let answers = [
        ("", ErrorKind::Offline),
        ("* BYE [UNAVAILABLE] down\r\n", ErrorKind::Busy),
        ("* SEARCH 1\r\n# NO no\r\n", ErrorKind::Refused),
        ("* 1 FETCH (UID 1 FLAGS () BODY[]<0> \"x\")\r\n# NO [UNAVAILABLE] later\r\n", ErrorKind::Busy),
        ("# BAD what\r\n", ErrorKind::Protocol),
        ("* 3 EXISTS\r\n", ErrorKind::TimedOut),
        ("zz OK done\r\n", ErrorKind::TimedOut),
    ];
    for (answer, kind) in answers {
        let mut number = 0;
        loop {
            let connection = always(answer).await;
            let Some(outcome) = call(&connection, number).await else { break };
            let got = outcome.expect_err("a success").kind;
            // A server that says BYE and does not hang up is left after a while.
            assert!(
                got == kind || (answer.contains("BYE") && got == ErrorKind::TimedOut),
                "call {number} to {answer:?}: {got:?}"
            );
            number += 1;
        }
        assert_eq!(number, 23);
    }
}

#[tokio::test]
async fn a_conversation_by_single_bytes_is_the_same_conversation() {
    let script = "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi
        C: a AUTHENTICATE PLAIN
        S: + 
        C> AG1hcml0AHNlY3JldA==
        S: a OK in
        C: b CAPABILITY
        S: * CAPABILITY IMAP4rev1
        S: b OK
        C: c UID FETCH 1:2 (UID FLAGS)
        S: * 1 FETCH (UID 1 FLAGS (\\Seen {3}\\r\\n\\r\\n) X))
        S: c OK";
    for width in 1..4 {
        let (stream, server) = scripted_through(width, script);
        let connection = signed_in(stream, &target(), false).await.unwrap();
        let flags = connection.fetch_flags(&UidSet::range(1, 2), None).await.unwrap().flags;
        assert_eq!(flags[0].flags.names(), ["\\Seen", "X"]);
        drop(connection);
        done(server).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_hears_of_the_end_finds_the_connection_dead() {
    for _ in 0..200 {
        let (connection, server) = signed_in_to("IDLE", "C: a NOOP\nEOF\n").await;
        assert_eq!(connection.noop().await.unwrap_err().kind, ErrorKind::Offline);
        assert!(!connection.is_alive(), "a second call would go to a dead line");
        done(server).await;
        let (connection, server) = signed_in_to("IDLE", "C: a IDLE\nEOF\n").await;
        assert!(connection.idle(std::time::Duration::from_secs(60), std::future::pending()).await.is_err());
        assert!(!connection.is_alive());
        done(server).await;
    }
}

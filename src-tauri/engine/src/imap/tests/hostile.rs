//! Servers that lie, flood or never end.

use crate::imap::scripted::{done, signed_in_to, target};
use crate::imap::sign_in::signed_in;
use crate::net::Patient;
use godwit_domain::ErrorKind;
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

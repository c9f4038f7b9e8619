//! Servers that lie, flood or never end.

use crate::imap::scripted::{done, signed_in_to};
use godwit_domain::ErrorKind;

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

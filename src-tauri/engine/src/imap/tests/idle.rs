//! IDLE in all the ways it ends, and what comes unasked.

use crate::imap::items::MailboxEvent;
use crate::imap::scripted::{done, signed_in_to};
use godwit_domain::ErrorKind;
use godwit_domain::sync::UidSet;
use std::future::{pending, ready};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(1000);

#[tokio::test]
async fn news_that_come_together_are_told_together() {
    let script = "C: a IDLE\nS: + idling\nS: * OK Still here\nS: * VANISHED 3\nS: * 5 EXISTS\nS: * 5 RECENT\nC> DONE\nS: * 6 EXISTS\nS: a OK";
    let (connection, server) = signed_in_to("IDLE", script).await;
    let events = connection.idle(LONG, pending()).await.unwrap();
    assert_eq!(events, [MailboxEvent::Vanished(UidSet::range(3, 3)), MailboxEvent::Exists(6)]);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn it_ends_at_the_idlers_word_and_after_its_time() {
    let script = "C: a IDLE\nS: + idling\nC> DONE\nS: a OK\nC: b IDLE\nS: + idling\nC> DONE\nS: b OK";
    let (connection, server) = signed_in_to("IDLE", script).await;
    assert_eq!(connection.idle(LONG, ready(())).await.unwrap(), []);
    assert_eq!(connection.idle(Duration::from_millis(1), pending()).await.unwrap(), []);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn another_call_ends_it() {
    let script = "C: a IDLE\nS: + idling\nC> DONE\nS: a OK\nC: b NOOP\nS: b OK";
    let (connection, server) = signed_in_to("IDLE", script).await;
    let (idled, noop) = tokio::join!(biased; connection.idle(LONG, pending()), connection.noop());
    assert_eq!(idled.unwrap(), []);
    noop.unwrap();
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn refusals_are_errors_and_an_early_end_is_none() {
    let script = "C: a IDLE\nS: a NO not now\nC: b IDLE\nS: b BAD\nC: c IDLE\nS: + idling\nS: * 4 EXISTS\nS: c OK enough\nC: d NOOP\nS: d OK";
    let (connection, server) = signed_in_to("IDLE", script).await;
    assert_eq!(connection.idle(LONG, pending()).await.unwrap_err().kind, ErrorKind::Refused);
    assert_eq!(connection.idle(LONG, pending()).await.unwrap_err().kind, ErrorKind::Protocol);
    assert_eq!(connection.idle(LONG, pending()).await.unwrap(), [MailboxEvent::Exists(4)]);
    connection.noop().await.unwrap();
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn the_end_of_the_stream_is_no_news() {
    for ending in ["EOF", "S: * BYE Idle for too long\nEOF", "S: * 4 EXISTS\nEOF"] {
        let (connection, server) = signed_in_to("IDLE", &format!("C: a IDLE\nS: + idling\n{ending}")).await;
        assert_eq!(connection.idle(LONG, pending()).await.unwrap_err().kind, ErrorKind::Offline, "{ending}");
        assert!(!connection.is_alive());
        done(server).await;
    }
}

#[tokio::test(start_paused = true)]
async fn idling_may_be_silent_but_done_may_not() {
    let script = "C: a IDLE\nS: + idling\nC> DONE\nS: a OK\nC: b IDLE\nS: + idling\nC> DONE\nWAIT 16";
    let (connection, _server) = signed_in_to("IDLE", script).await;
    assert_eq!(connection.idle(LONG, pending()).await.unwrap(), []);
    let began = tokio::time::Instant::now();
    let e = connection.idle(Duration::from_secs(1), pending()).await.unwrap_err();
    assert_eq!((e.kind, began.elapsed().as_secs()), (ErrorKind::TimedOut, 16));
}

#[tokio::test]
async fn what_came_before_is_told_at_once() {
    let (connection, server) = signed_in_to("IDLE", "C: a NOOP\nS: * 7 EXISTS\nS: * OK [ALERT] Disk full\nS: a OK").await;
    connection.noop().await.unwrap();
    let events = connection.idle(LONG, pending()).await.unwrap();
    assert_eq!(events, [MailboxEvent::Alert("Disk full".into()), MailboxEvent::Exists(7)]);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn a_dropped_idle_leaves_a_connection_that_works() {
    let script = "C: a IDLE\nS: + idling\nC> DONE\nS: a OK\nC: b NOOP\nS: b OK";
    let (connection, server) = signed_in_to("IDLE", script).await;
    assert!(tokio::time::timeout(Duration::from_millis(50), connection.idle(LONG, pending())).await.is_err());
    connection.noop().await.unwrap();
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn a_goodbye_between_calls_is_noticed() {
    let (connection, server) = signed_in_to("", "S: * 3 EXISTS\nS: * BYE shutting down\nEOF").await;
    done(server).await;
    while connection.is_alive() {
        tokio::task::yield_now().await;
    }
    let e = connection.noop().await.unwrap_err();
    assert_eq!((e.kind, e.server_words.as_deref()), (ErrorKind::Offline, Some("shutting down")));
    assert_eq!(connection.take_events(), [MailboxEvent::Bye("shutting down".into()), MailboxEvent::Exists(3)]);
}

#[tokio::test]
async fn five_hundred_expunges_are_all_told() {
    let expunges = "S: * 1 EXPUNGE\n".repeat(500);
    let (connection, server) = signed_in_to("", &format!("C: a NOOP\n{expunges}S: a OK")).await;
    connection.noop().await.unwrap();
    assert_eq!(connection.take_events().len(), 500);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn without_idle_nothing_is_sent() {
    let (connection, server) = signed_in_to("", "").await;
    assert_eq!(connection.idle(LONG, pending()).await.unwrap_err().kind, ErrorKind::Unsupported);
    drop(connection);
    done(server).await;
}

//! NOTIFY: what every mailbox but the open one has to say.

use crate::imap::items::MailboxEvent;
use crate::imap::scripted::{done, signed_in_to};
use godwit_domain::ErrorKind;
use godwit_domain::sync::StatusItems;
use std::future::pending;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(1000);
const SET: &str = "NOTIFY SET STATUS (selected (MessageNew MessageExpunge FlagChange)) (personal (MessageNew MessageExpunge FlagChange MailboxName))";

fn counts(name: &str, messages: Option<u32>, highestmodseq: Option<u64>) -> MailboxEvent {
    MailboxEvent::Counts(name.to_owned(), StatusItems { messages, highestmodseq, ..StatusItems::default() })
}

#[tokio::test]
async fn all_mailboxes_say_how_they_stand_and_then_what_happens_in_them() {
    let script = format!(
        "C: a {SET}
         S: * STATUS Work (MESSAGES 4 HIGHESTMODSEQ 9)
         S: * 7 EXISTS
         S: * STATUS \"R&AOU-d\" (MESSAGES 0)
         S: a OK
         C: b IDLE
         S: + idling
         C> DONE
         S: b OK
         C: c IDLE
         S: + idling
         S: * STATUS Work (MESSAGES 5)
         S: * LIST () \"/\" New (\"OLDNAME\" (Old))
         S: * STATUS Work (HIGHESTMODSEQ 11)
         C> DONE
         S: c OK"
    );
    let (connection, server) = signed_in_to("IDLE NOTIFY", &script).await;
    let standing = connection.notify().await.unwrap();
    assert_eq!(standing.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["Work", "R&AOU-d"]);
    assert_eq!(standing[0].1, StatusItems { messages: Some(4), highestmodseq: Some(9), ..StatusItems::default() });
    // What came of the open mailbox while it was asked is told at once.
    assert_eq!(connection.idle(LONG, pending()).await.unwrap(), [MailboxEvent::Exists(7)]);
    assert_eq!(connection.idle(Duration::from_millis(1), pending()).await.unwrap(), []);
    assert_eq!(connection.idle(LONG, pending()).await.unwrap(), [counts("Work", Some(5), Some(11)), MailboxEvent::Listed]);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn a_server_that_stops_telling_says_so() {
    let script = "C: a IDLE\nS: + idling\nS: * OK [NOTIFICATIONOVERFLOW] too much\nC> DONE\nS: a OK";
    let (connection, server) = signed_in_to("IDLE NOTIFY", script).await;
    assert_eq!(connection.idle(LONG, pending()).await.unwrap(), [MailboxEvent::Overflow]);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn a_refusal_is_an_error_and_without_the_capability_nothing_is_sent() {
    let (connection, server) = signed_in_to("NOTIFY", &format!("C: a {SET}\nS: a NO no list index\nC: b NOOP\nS: b OK")).await;
    assert_eq!(connection.notify().await.unwrap_err().kind, ErrorKind::Refused);
    connection.noop().await.unwrap();
    drop(connection);
    done(server).await;
    let (connection, server) = signed_in_to("IDLE", "").await;
    assert_eq!(connection.notify().await.unwrap_err().kind, ErrorKind::Unsupported);
    drop(connection);
    done(server).await;
}

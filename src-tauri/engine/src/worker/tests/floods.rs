//! More than anybody could hold: a call ends with an error or stays within its bounds, and says nothing false.

use crate::imap::{Connection, Search};
use crate::pretend::{Bend, Lie, Pretend, Then};
use crate::sync::tests::Home;
use godwit_domain::ErrorKind;
use godwit_domain::sync::UidSet;

async fn flooded(text: &str, bytes: fn(&str, &[String]) -> Vec<u8>) -> (Pretend, Connection) {
    let server = Pretend::offering("CONDSTORE UIDPLUS MOVE");
    server.change(|w| w.letters("INBOX", 3));
    let connection = server.connect().await.unwrap();
    connection.select("INBOX", None).await.unwrap();
    server.once(text, Lie::Bent(Bend { done: true, bytes, then: Then::GoOn }));
    (server, connection)
}

fn ended(tag: &str, lines: impl IntoIterator<Item = String>) -> Vec<u8> {
    lines.into_iter().chain([format!("{tag} OK done")]).map(|l| l + "\r\n").collect::<String>().into_bytes()
}

#[tokio::test]
async fn a_million_hits_are_one_set() {
    let (_server, connection) = flooded("UID SEARCH", |tag, _| {
        let hits: String = (1..=1_000_000).map(|n| format!(" {n}")).collect();
        ended(tag, [format!("* SEARCH{hits}")])
    })
    .await;
    assert_eq!(connection.search(&Search::All).await.unwrap(), UidSet::range(1, 1_000_000));
}

/// 45 bytes on the wire are a million pairs each.
#[tokio::test]
async fn answers_that_grow_when_they_are_read_count_as_what_they_take() {
    let (_server, connection) =
        flooded("NOOP", |tag, _| ended(tag, (0..2_000).map(|_| "* OK [COPYUID 1 1:1000000 1:1000000] x".to_owned()))).await;
    assert_eq!(connection.noop().await.unwrap_err().kind, ErrorKind::Protocol);
}

#[tokio::test]
async fn halves_of_rows_that_never_become_whole_end_the_answer() {
    let (_server, connection) = flooded("HEADER.FIELDS", |tag, _| {
        let half = |n: usize| format!("* {n} FETCH (UID {n} BODY[TEXT] {{20000}}\r\n{})", "x".repeat(20_000));
        ended(tag, (1..=3_000).map(half))
    })
    .await;
    let asked = UidSet::range(1, u32::MAX);
    assert_eq!(connection.fetch_identities(&asked).await.unwrap_err().kind, ErrorKind::Protocol);
}

#[tokio::test]
async fn headers_that_are_collected_are_bounded_together() {
    let (_server, connection) = flooded("HEADER.FIELDS", |tag, _| {
        let row =
            |n: usize| format!("* {n} FETCH (UID {n} FLAGS () BODY[HEADER.FIELDS (X)] {{1000000}}\r\n{})", "x".repeat(1_000_000));
        ended(tag, (1..=150).map(row))
    })
    .await;
    let asked = UidSet::range(1, u32::MAX);
    assert_eq!(connection.fetch_identities(&asked).await.unwrap_err().kind, ErrorKind::Protocol);
}

#[tokio::test]
async fn news_of_flags_without_end_becomes_one_word_to_look_again() {
    let (_server, connection) = flooded("NOOP", |tag, _| {
        let keywords: String = (0..120).map(|n| format!(" k{n}")).collect();
        ended(tag, (1..=2_000).map(|n| format!("* {n} FETCH (UID {n} FLAGS (\\Seen{keywords}))")))
    })
    .await;
    connection.noop().await.unwrap();
    let news = connection.take_events();
    assert!(news.len() < 200 && news.contains(&crate::imap::MailboxEvent::Overflow), "{}", news.len());
}

#[tokio::test]
async fn a_long_literal_that_nobody_asked_for_is_read_past_and_kept_by_nobody() {
    let (_server, connection) = flooded("UID FETCH", |tag, truth| {
        let long = format!("* 1 FETCH (UID 1 BODY[] {{20000000}}\r\n{})", "x".repeat(20_000_000));
        ended(tag, [long].into_iter().chain(truth[..truth.len() - 1].iter().cloned()))
    })
    .await;
    assert_eq!(connection.fetch_flags(&UidSet::range(1, 3), None).await.unwrap().flags.len(), 3);
}

/// UIDs that were given to other messages under the same UIDVALIDITY: what waits is not done to the wrong ones.
#[tokio::test]
async fn reused_uids_get_nothing_done_to_them_that_was_meant_for_others() {
    let server = Pretend::offering("UIDPLUS MOVE");
    server.change(|w| w.letters("INBOX", 4));
    let mut home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    let (moved, removed) = (home.row("INBOX", "Letter 2").await, home.row("INBOX", "Letter 3").await);
    home.perform(godwit_domain::Verb::Archive, &[moved]).await;
    home.perform(godwit_domain::Verb::DeleteForGood, &[removed]).await;
    server.change(|w| {
        for mail in &mut w.mailbox("INBOX").mails {
            mail.subject = format!("Another {}", mail.uid);
        }
    });
    sync.push().await.unwrap();
    let all = ["Another 1", "Another 2", "Another 3", "Another 4"];
    assert_eq!(server.world().subjects("INBOX"), all);
    assert_eq!(server.world().subjects("Archive"), [""; 0]);
    assert_eq!(server.heard("UID MOVE") + server.heard("UID EXPUNGE") + server.heard("UID STORE"), 0);
    assert!(!home.told().await.is_empty());
}

//! An OK to COPY proves nothing: done is what COPYUID names, or what is then read in the target.

use super::*;

async fn with_letters(capabilities: &str) -> (Pretend, Home, AccountSync, PlacementId) {
    let server = Pretend::offering(capabilities);
    server.change(|w| {
        w.letters("INBOX", 3);
        w.add("Boats");
    });
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    let id = home.row("INBOX", "Letter 1").await;
    (server, home, sync, id)
}

/// The server says that it copied, and did not.
const NOTHING_DONE: Lie = Lie::Say("TAG OK nothing to copy");

#[tokio::test]
async fn a_copy_of_what_another_device_moved_is_made_from_where_it_is_now() {
    for capabilities in ["", "UIDPLUS", "ENABLE CONDSTORE QRESYNC UIDPLUS MOVE"] {
        let (server, home, sync, id) = with_letters(capabilities).await;
        home.perform(Verb::Copy { to: home.mailbox("Archive").await }, &[id]).await;
        server.change(|w| {
            w.expunge("INBOX", |m| m.uid == 1);
            w.deliver("Boats", "Letter 1");
        });
        for _ in 0..2 {
            sync.push().await.unwrap();
            home.get(&sync).await;
        }
        assert_eq!(server.world().subjects("Archive"), ["Letter 1"], "with {capabilities:?}");
        assert_eq!(home.shown("Archive").await, ["Letter 1"]);
        assert_eq!(home.waiting().await, 0);
        home.audit().await;
    }
}

#[tokio::test]
async fn an_ok_without_a_copy_is_no_copy() {
    for capabilities in ["", "UIDPLUS"] {
        let (server, mut home, sync, id) = with_letters(capabilities).await;
        home.perform(Verb::Copy { to: home.mailbox("Archive").await }, &[id]).await;
        server.once("UID COPY", NOTHING_DONE);
        sync.push().await.unwrap();
        home.get(&sync).await;
        assert_eq!(home.waiting().await, 1, "with {capabilities:?} it still waits");
        sync.push().await.unwrap();
        home.get(&sync).await;
        assert_eq!(server.world().subjects("Archive"), ["Letter 1"]);
        assert_eq!(home.waiting().await, 0);
        assert_eq!(home.shown("Archive").await, ["Letter 1"]);
        assert!(home.told().await.is_empty());
        home.audit().await;
    }
}

#[tokio::test]
async fn a_move_by_copy_takes_no_source_away_whose_copy_was_not_seen() {
    for capabilities in ["", "UIDPLUS"] {
        let (server, mut home, sync, id) = with_letters(capabilities).await;
        home.perform(Verb::Archive, &[id]).await;
        server.always("UID COPY", NOTHING_DONE);
        for _ in 0..6 {
            sync.push().await.unwrap();
            home.get(&sync).await;
            assert_eq!(server.world().subjects("INBOX").len(), 3, "with {capabilities:?} the message is lost");
        }
        assert!(server.world().flags("INBOX", 1).is_empty(), "another client's EXPUNGE would take it");
        assert_eq!((home.shown("INBOX").await, home.waiting().await), (letters(1..=3), 0));
        let told: Vec<String> = home.told().await.into_iter().map(|e| e.what).collect();
        assert_eq!(told, ["The server said that it had moved or copied a message, and it is not there."]);
        home.audit().await;
    }
}

#[tokio::test]
async fn an_ok_without_a_move_is_no_move() {
    for capabilities in ["MOVE", "MOVE UIDPLUS", "ENABLE CONDSTORE QRESYNC UIDPLUS MOVE"] {
        let (server, mut home, sync, id) = with_letters(capabilities).await;
        home.perform(Verb::Archive, &[id]).await;
        server.once("UID MOVE", NOTHING_DONE);
        sync.push().await.unwrap();
        home.get(&sync).await;
        assert_eq!(home.waiting().await, 1, "with {capabilities:?} it still waits");
        sync.push().await.unwrap();
        home.get(&sync).await;
        assert_eq!(server.world().subjects("Archive"), ["Letter 1"]);
        assert_eq!((home.shown("INBOX").await, home.shown("Archive").await), (letters(2..=3), letters(1..=1)));
        assert_eq!((home.waiting().await, home.told().await.len()), (0, 0));
        home.audit().await;
    }
}

#[tokio::test]
async fn a_move_that_never_happens_is_told_in_the_end() {
    let (server, mut home, sync, id) = with_letters("UIDPLUS MOVE").await;
    home.perform(Verb::Archive, &[id]).await;
    server.always("UID MOVE", NOTHING_DONE);
    for _ in 0..6 {
        sync.push().await.unwrap();
        home.get(&sync).await;
    }
    assert_eq!((home.shown("INBOX").await, home.waiting().await), (letters(1..=3), 0));
    let told: Vec<String> = home.told().await.into_iter().map(|e| e.what).collect();
    assert_eq!(told, ["The server said that it had moved or copied a message, and it is not there."]);
    home.audit().await;
}

/// A MOVE that stopped between its two halves (RFC 6851 section 3.3 allows it) and is called done.
#[tokio::test]
async fn a_move_that_left_its_source_behind_takes_it_away_and_copies_nothing_again() {
    let (server, mut home, sync, id) = with_letters("UIDPLUS MOVE").await;
    home.perform(Verb::Archive, &[id]).await;
    server.once("UID MOVE", NOTHING_DONE);
    server.change(|w| {
        w.deliver("Archive", "Letter 1");
    });
    sync.push().await.unwrap();
    home.get(&sync).await;
    assert_eq!(server.world().subjects("INBOX"), letters(2..=3));
    assert_eq!(server.world().subjects("Archive"), letters(1..=1));
    assert_eq!((home.waiting().await, home.told().await.len()), (0, 0));
    home.audit().await;
}

#[tokio::test]
async fn without_uidplus_a_move_by_copy_is_done_once_its_copy_was_read() {
    let (server, home, sync, _) = with_letters("").await;
    server.change(|w| _ = w.deliver("Archive", "Letter 1"));
    let ids = [home.row("INBOX", "Letter 1").await, home.row("INBOX", "Letter 2").await];
    home.perform(Verb::Archive, &ids).await;
    sync.push().await.unwrap();
    home.get(&sync).await;
    assert_eq!(server.world().subjects("INBOX"), ["Letter 3"]);
    assert_eq!(server.world().subjects("Archive"), ["Letter 1", "Letter 1", "Letter 2"]);
    assert_eq!((server.heard("UID COPY"), server.heard("EXPUNGE"), home.waiting().await), (1, 1, 0));
    let archive: Vec<PlacementId> = home.rows("Archive").await.into_iter().map(|row| row.id).collect();
    assert!(ids.iter().all(|id| archive.contains(id)), "they are the same rows");
    home.audit().await;
}

#[tokio::test]
async fn a_copy_is_not_made_of_another_message_under_the_same_number() {
    let (server, mut home, sync, id) = with_letters("UIDPLUS").await;
    home.perform(Verb::Copy { to: home.mailbox("Archive").await }, &[id]).await;
    server.change(|w| w.mailbox("INBOX").mails[0].subject = "Another letter".into());
    sync.push().await.unwrap();
    assert_eq!((server.heard("UID COPY"), home.waiting().await), (0, 0));
    assert_eq!(home.told().await.len(), 1);
}

#[tokio::test]
async fn a_copy_of_what_was_removed_everywhere_is_told_and_waits_no_more() {
    let (server, mut home, sync, id) = with_letters("UIDPLUS").await;
    home.perform(Verb::Copy { to: home.mailbox("Archive").await }, &[id]).await;
    server.change(|w| _ = w.expunge("INBOX", |m| m.uid == 1));
    home.get(&sync).await;
    sync.push().await.unwrap();
    assert_eq!(home.waiting().await, 1, "another device may be moving it just now");
    home.store.write(Lane::Sync, |w| w.age(120)).await.unwrap();
    sync.push().await.unwrap();
    assert_eq!(home.waiting().await, 0);
    let told: Vec<ErrorKind> = home.told().await.iter().map(|e| e.kind).collect();
    assert_eq!(told, [ErrorKind::Gone]);
}

#[tokio::test]
async fn a_source_that_cannot_be_read_is_not_gone() {
    let (server, mut home, sync, id) = with_letters("").await;
    home.perform(Verb::Archive, &[id]).await;
    // The third reading of identities is the one before the source goes.
    server.later(|command| command.contains("HEADER.FIELDS (DATE"), 2, Lie::Garbled("(UID 1 "));
    for _ in 0..2 {
        sync.push().await.unwrap();
        home.get(&sync).await;
    }
    assert_eq!(server.world().subjects("INBOX"), ["Letter 2", "Letter 3"]);
    assert_eq!(server.world().subjects("Archive"), ["Letter 1"]);
    assert_eq!(server.heard("UID COPY"), 1);
    assert_eq!(home.waiting().await, 0);
    assert!(home.told().await.is_empty());
    home.audit().await;
}

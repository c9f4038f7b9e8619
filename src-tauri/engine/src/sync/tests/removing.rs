//! What goes only when it is proved to be gone.

use super::*;

const QRESYNC: &str = "ENABLE CONDSTORE QRESYNC UIDPLUS MOVE";

#[tokio::test]
async fn a_row_that_cannot_be_read_is_not_gone() {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| w.letters("INBOX", 6));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    // One goes for good; of another the server's list has a line that nobody can read.
    server.change(|w| drop(w.expunge("INBOX", |m| m.uid == 2)));
    server.once("UID FETCH 1:* (UID)", Lie::Garbled("(UID 5)"));
    assert_eq!(home.get(&sync).await.removed, 1);
    assert_eq!(home.shown("INBOX").await, letters([1, 3, 4, 5, 6]));
    home.audit().await;
}

#[tokio::test]
async fn nothing_goes_while_the_second_answer_has_a_line_that_cannot_be_read() {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| w.letters("INBOX", 4));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    server.change(|w| drop(w.expunge("INBOX", |m| m.uid == 2)));
    server.once("UID FETCH 1:* (UID)", Lie::Without("(UID 3)"));
    server.once("UID FETCH 2:3 (UID)", Lie::Garbled("(UID 3)"));
    assert_eq!(home.try_get(&sync).await.unwrap_err().kind, ErrorKind::Busy);
    assert_eq!(home.shown("INBOX").await, letters(1..=4));
    assert_eq!(home.get(&sync).await.removed, 1);
    assert_eq!(home.shown("INBOX").await, letters([1, 3, 4]));
}

#[tokio::test]
async fn vanished_is_asked_again_before_it_is_believed() {
    let server = Pretend::offering(QRESYNC);
    server.change(|w| w.letters("INBOX", 5));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    server.change(|w| w.mailbox("INBOX").claims_vanished(4));
    server.change(|w| drop(w.expunge("INBOX", |m| m.uid == 1)));
    assert_eq!(home.get(&sync).await.removed, 1);
    assert_eq!(home.shown("INBOX").await, letters(2..=5));
}

#[tokio::test]
async fn many_rows_go_only_on_a_second_connections_word() {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| w.letters("INBOX", 120));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    // This session's mailbox looks empty, whatever is asked and however often.
    server.always_on(0, "SELECT \"INBOX\"", Lie::Without("EXISTS"));
    server.always_on(0, "UID FETCH", Lie::Without("FETCH"));
    assert_eq!(home.get(&sync).await.removed, 0);
    assert_eq!(home.shown("INBOX").await.len(), 120);
    assert_eq!(server.connections(), 2, "the question went over a connection of its own");
    server.repent();
    server.change(|w| drop(w.expunge("INBOX", |m| m.uid <= 100)));
    assert_eq!(home.get(&sync).await.removed, 100);
    assert_eq!(server.connections(), 3);
    home.audit().await;
}

#[tokio::test]
async fn without_a_second_connection_many_rows_stay() {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| w.letters("INBOX", 80));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    server.change(|w| drop(w.expunge("INBOX", |m| m.uid > 10)));
    server.once("AUTHENTICATE", Lie::Say("TAG NO too many connections"));
    assert_eq!(home.try_get(&sync).await.unwrap_err().kind, ErrorKind::Busy, "that is no reason to ask for a password");
    assert_eq!(home.shown("INBOX").await.len(), 80);
    assert_eq!(home.get(&sync).await.removed, 70);
}

#[tokio::test]
async fn a_mailbox_numbered_anew_between_two_looks_loses_nothing() {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| w.letters("INBOX", 80));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    let ids: Vec<PlacementId> = home.rows("INBOX").await.iter().map(|r| r.id).collect();
    server.always_on(0, "UID FETCH 1:* (UID)", Lie::Without("FETCH"));
    server.always_on(0, "SELECT \"INBOX\"", Lie::Without("EXISTS"));
    let renumber = |w: &mut crate::pretend::World| {
        let inbox = w.mailbox("INBOX");
        inbox.validity = 8;
        inbox.next += 1_000;
        inbox.mails.iter_mut().for_each(|m| m.uid += 1_000);
    };
    server.once("AUTHENTICATE", Lie::After(Box::new(renumber)));
    assert_eq!(home.try_get(&sync).await.unwrap_err().kind, ErrorKind::Busy);
    server.repent();
    assert_eq!(home.get(&sync).await.removed, 0);
    assert_eq!(home.rows("INBOX").await.iter().map(|r| r.id).collect::<Vec<_>>(), ids);
    home.audit().await;
}

#[tokio::test]
async fn what_went_stays_restorable_and_comes_back_as_itself() {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| w.letters("INBOX", 3));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    let id = home.row("INBOX", "Letter 2").await;
    server.change(|w| drop(w.expunge("INBOX", |m| m.uid == 2)));
    assert_eq!(home.get(&sync).await.removed, 1);
    // Another device had only moved it: the same row, not a second one.
    server.change(|w| {
        w.deliver("Archive", "Letter 2");
    });
    home.get(&sync).await;
    assert_eq!(home.row("Archive", "Letter 2").await, id);
    home.audit().await;
}

#[tokio::test]
async fn a_mailbox_numbered_anew_that_seems_empty_loses_nothing_on_one_connections_word() {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| w.letters("INBOX", 80));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    let ids: Vec<PlacementId> = home.rows("INBOX").await.iter().map(|r| r.id).collect();
    server.change(|w| w.mailbox("INBOX").validity = 8);
    server.always_on(0, "SELECT \"INBOX\"", Lie::Without("EXISTS"));
    server.always_on(0, "UID FETCH", Lie::Without("FETCH"));
    assert_eq!(home.try_get(&sync).await.unwrap_err().kind, ErrorKind::Busy);
    assert_eq!(home.rows("INBOX").await.len(), 80);
    server.repent();
    home.get(&sync).await;
    assert_eq!(home.rows("INBOX").await.iter().map(|r| r.id).collect::<Vec<_>>(), ids);
    home.audit().await;
}

#[tokio::test]
async fn a_star_follows_a_message_that_another_device_moved_whichever_folder_is_read_first() {
    // To another folder, or out of it and back under another UID.
    for (from, to) in [("Archive", "INBOX"), ("INBOX", "Archive"), ("INBOX", "INBOX")] {
        for capabilities in [QRESYNC, "CONDSTORE UIDPLUS", ""] {
            let server = Pretend::offering(capabilities);
            server.change(|w| w.letters(from, 3));
            let home = Home::at(&server).await;
            let sync = home.session().await;
            home.get(&sync).await;
            let star = Verb::Mark { add: vec!["\\Flagged".into()], remove: Vec::new() };
            home.perform(star, &[home.row(from, "Letter 2").await]).await;
            let mut uid = 0;
            server.change(|w| {
                w.expunge(from, |m| m.uid == 2);
                uid = w.deliver(to, "Letter 2");
            });
            for _ in 0..2 {
                sync.push().await.unwrap();
                home.get(&sync).await;
            }
            assert_eq!(server.world().flags(to, uid), ["\\Flagged"], "{capabilities}: to {to}");
            assert!(home.shown(to).await.contains(&"Letter 2".to_owned()));
            assert_eq!(home.waiting().await, 0, "{capabilities}: to {to}");
            home.audit().await;
        }
    }
}

#[tokio::test]
async fn a_star_follows_a_message_that_another_device_moves_to_and_fro() {
    for capabilities in [QRESYNC, "CONDSTORE UIDPLUS", ""] {
        let server = Pretend::offering(capabilities);
        server.change(|w| w.letters("Archive", 2));
        let home = Home::at(&server).await;
        let sync = home.session().await;
        home.get(&sync).await;
        let carry = |w: &mut crate::pretend::World, from: &str, to: &str| {
            w.expunge(from, |m| m.subject == "Letter 2");
            w.deliver(to, "Letter 2")
        };
        // A row that was removed and never found again is no heir to what is wanted of a later one.
        server.change(|w| _ = carry(w, "Archive", "INBOX"));
        home.get(&sync).await;
        let star = Verb::Mark { add: vec!["\\Flagged".into()], remove: Vec::new() };
        home.perform(star, &[home.row("INBOX", "Letter 2").await]).await;
        let mut uid = 0;
        server.change(|w| uid = carry(w, "INBOX", "Archive"));
        for _ in 0..2 {
            sync.push().await.unwrap();
            home.get(&sync).await;
        }
        assert_eq!(server.world().flags("Archive", uid), ["\\Flagged"], "{capabilities}");
        assert_eq!(home.waiting().await, 0, "{capabilities}");
        home.audit().await;
    }
}

#[tokio::test]
async fn an_ok_to_expunge_that_removed_nothing_is_asked_again_and_nothing_comes_back_into_the_list() {
    for capabilities in ["", "UIDPLUS", QRESYNC] {
        let server = Pretend::offering(capabilities);
        server.change(|w| w.letters("INBOX", 4));
        let mut home = Home::at(&server).await;
        let sync = home.session().await;
        home.get(&sync).await;
        home.perform(Verb::DeleteForGood, &[home.row("INBOX", "Letter 2").await]).await;
        server.once("EXPUNGE", Lie::Say("TAG OK nothing to remove"));
        sync.push().await.unwrap();
        home.get(&sync).await;
        assert_eq!((home.shown("INBOX").await, home.waiting().await), (letters([1, 3, 4]), 1), "with {capabilities:?}");
        sync.push().await.unwrap();
        home.get(&sync).await;
        assert_eq!((home.shown("INBOX").await, home.waiting().await), (letters([1, 3, 4]), 0));
        assert_eq!(server.world().subjects("INBOX"), letters([1, 3, 4]));
        assert!(home.told().await.is_empty());
        home.audit().await;
    }
}

/// The server does not tell where a moved message came to be, and another device removes it before anybody looked.
#[tokio::test]
async fn a_row_that_waits_in_vain_for_its_place_goes_though_nothing_changes_any_more() {
    let server = Pretend::offering("CONDSTORE MOVE");
    server.change(|w| w.letters("INBOX", 3));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    home.perform(Verb::Archive, &[home.row("INBOX", "Letter 1").await]).await;
    sync.push().await.unwrap();
    server.change(|w| drop(w.expunge("Archive", |_| true)));
    home.get(&sync).await;
    assert_eq!(home.shown("Archive").await, letters(1..=1), "it may still turn up");
    home.store.write(Lane::Sync, |w| w.time_goes_by(120)).await.unwrap();
    home.get(&sync).await;
    assert_eq!((home.shown("Archive").await.len(), home.shown("INBOX").await), (0, letters(2..=3)));
    home.audit().await;
}

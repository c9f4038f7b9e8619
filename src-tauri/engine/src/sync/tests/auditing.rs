//! What counts and MODSEQ did not tell, an audit finds and mends.

use super::*;
use crate::sync::Audited;

const QRESYNC: &str = "ENABLE CONDSTORE QRESYNC UIDPLUS MOVE";

async fn with_letters(capabilities: &str, count: u32) -> (Pretend, Home, AccountSync, MailboxId) {
    let server = Pretend::offering(capabilities);
    server.change(|w| w.letters("INBOX", count));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    let inbox = home.mailbox("INBOX").await;
    (server, home, sync, inbox)
}

async fn state(home: &Home, mailbox: MailboxId) -> (Option<i64>, u32) {
    let shown = home.store.read(move |r| r.mailbox(mailbox)).await.unwrap();
    (shown.verified_at, shown.repaired)
}

#[tokio::test]
async fn where_nothing_differs_only_the_time_is_noted() {
    let (_server, home, sync, inbox) = with_letters(QRESYNC, 5).await;
    assert_eq!(state(&home, inbox).await, (None, 0));
    let found = sync.audit_mailbox(inbox).await.unwrap();
    assert_eq!(found, Some(Audited { messages: 5, ..Audited::default() }));
    let (at, repaired) = state(&home, inbox).await;
    assert!(at.is_some() && repaired == 0);
    assert!(sync.audit_due().await.unwrap().is_some_and(|next| next != inbox), "the other mailbox is next");
}

#[tokio::test]
async fn what_a_server_changed_without_a_word_is_found_and_mended() {
    for capabilities in [QRESYNC, "CONDSTORE UIDPLUS", "UIDPLUS"] {
        let (server, home, sync, inbox) = with_letters(capabilities, 6).await;
        // As many come as go, no MODSEQ moves, and the flags differ.
        server.change(|w| {
            w.silently("INBOX", |mails| {
                mails.retain(|m| m.uid != 2);
                mails[3].flags.insert("\\Flagged".into());
            });
        });
        home.store.write(Lane::Sync, move |w| w.remove_uids(inbox, 7, &UidSet::range(6, 6))).await.unwrap();
        let found = sync.audit_mailbox(inbox).await.unwrap().unwrap();
        assert!(found.gone + found.missed + found.flags > 0, "{capabilities}: {found:?}");
        assert_eq!(home.shown("INBOX").await, letters([1, 3, 4, 5, 6]), "{capabilities}");
        let starred: Vec<String> =
            home.rows("INBOX").await.into_iter().filter(|r| !r.flags.is_empty()).map(|r| r.subject).collect();
        assert_eq!(starred, ["Letter 5"], "{capabilities}");
        assert!(state(&home, inbox).await.1 > 0);
        let again = sync.audit_mailbox(inbox).await.unwrap().unwrap();
        assert_eq!(again, Audited { messages: 5, ..Audited::default() }, "{capabilities}: a second audit finds nothing");
        home.audit().await;
    }
}

#[tokio::test]
async fn a_row_of_another_message_is_found_and_the_right_one_read() {
    let server = Pretend::offering("UIDPLUS MOVE");
    server.change(|w| {
        for subject in ["Short", "A letter with a longer name"] {
            w.deliver("INBOX", subject);
        }
    });
    let mut home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    let both = [home.row("INBOX", "Short").await, home.row("INBOX", "A letter with a longer name").await];
    home.perform(Verb::Archive, &both).await;
    // Each is told the other's number.
    let swapped: fn(&str, &[String]) -> Vec<u8> =
        |tag, _| format!("* OK [COPYUID 7 1:2 2,1] moved\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n{tag} OK done\r\n").into_bytes();
    server.once("UID MOVE", Lie::Bent(crate::pretend::Bend { done: true, bytes: swapped, then: crate::pretend::Then::GoOn }));
    sync.push().await.unwrap();
    home.get(&sync).await;
    let held = async |home: &Home| {
        let mut rows: Vec<_> = home.rows("Archive").await.into_iter().map(|row| (row.uid.unwrap(), row.subject)).collect();
        rows.sort();
        rows
    };
    assert_eq!(held(&home).await[0].1, "A letter with a longer name", "the server was believed");
    let archive = home.mailbox("Archive").await;
    assert_eq!(sync.audit_mailbox(archive).await.unwrap().unwrap().others, 2);
    assert_eq!(held(&home).await, [(1, "Short".to_owned()), (2, "A letter with a longer name".to_owned())]);
    let again = sync.audit_mailbox(archive).await.unwrap();
    assert_eq!(again, Some(Audited { messages: 2, ..Audited::default() }), "a second audit finds nothing");
    assert!(home.told().await.is_empty());
    home.audit().await;
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_verifies_nothing() {
    let (server, home, sync, inbox) = with_letters(QRESYNC, 5).await;
    server.once("UID FETCH 1:* (UID)", Lie::Garbled("(UID 3)"));
    assert_eq!(sync.audit_mailbox(inbox).await.unwrap(), None);
    server.once("UID FETCH 1:5 (UID FLAGS", Lie::Garbled("(UID 3 "));
    assert_eq!(sync.audit_mailbox(inbox).await.unwrap(), None);
    assert_eq!(state(&home, inbox).await, (None, 0));
    assert_eq!(home.shown("INBOX").await, letters(1..=5));
}

#[tokio::test]
async fn what_changes_while_it_is_compared_is_no_difference() {
    let (server, home, sync, inbox) = with_letters("CONDSTORE UIDPLUS", 5).await;
    let star = |w: &mut crate::pretend::World| w.mark("INBOX", 4, "\\Flagged", true);
    server.once("UID FETCH 1:* (UID)", Lie::After(Box::new(star)));
    sync.audit_mailbox(inbox).await.unwrap();
    assert_eq!(state(&home, inbox).await.1, 0);
}

/// The cache is lost, and with it the rows that were starred, copied and deleted; two of the messages went elsewhere meanwhile.
#[tokio::test]
async fn what_was_wanted_of_messages_that_are_nowhere_any_more_ends_once_all_was_compared_and_is_told() {
    let (server, mut home, sync, _) = with_letters(QRESYNC, 5).await;
    drop(sync);
    let ids = [home.row("INBOX", "Letter 1").await, home.row("INBOX", "Letter 2").await, home.row("INBOX", "Letter 3").await];
    let star = Verb::Mark { add: vec!["\\Flagged".into()], remove: Vec::new() };
    home.perform(star.clone(), &ids[..2]).await;
    home.perform(Verb::Copy { to: home.mailbox("Archive").await }, &ids[..1]).await;
    home.perform(Verb::DeleteForGood, &ids[2..]).await;
    server.change(|w| drop(w.expunge("INBOX", |m| m.uid == 1 || m.uid == 3)));
    home.lose_the_cache().await;
    let sync = home.session().await;
    home.get(&sync).await;
    sync.push().await.unwrap();
    assert_eq!(home.waiting().await, 3, "another folder may have them");
    let (inbox, archive) = (home.mailbox("INBOX").await, home.mailbox("Archive").await);
    sync.audit_mailbox(inbox).await.unwrap().unwrap();
    assert_eq!((home.waiting().await, home.told().await.len()), (3, 0));
    sync.audit_mailbox(archive).await.unwrap().unwrap();
    assert_eq!(home.waiting().await, 0);
    let told: Vec<String> = home.told().await.into_iter().map(|e| e.what).collect();
    assert_eq!(told, ["2 changes that waited were for messages that are not on the server any more."]);
    assert_eq!(server.world().flags("INBOX", 2), ["\\Flagged"]);
    home.restart().await;
    assert_eq!(home.waiting().await, 0, "it stays so");
    home.audit().await;
}

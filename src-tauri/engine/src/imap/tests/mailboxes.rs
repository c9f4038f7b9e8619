//! LIST, STATUS, SELECT and the tree.

use crate::imap::items::{PermanentFlags, Resync};
use crate::imap::scripted::{done, signed_in_to};
use godwit_domain::sync::{FetchedFlags, UidSet};
use godwit_domain::{ErrorKind, Flags};

#[tokio::test]
async fn one_list_brings_everything() {
    let (connection, server) = signed_in_to(
        "LIST-EXTENDED LIST-STATUS SPECIAL-USE CONDSTORE",
        r#"C: a LIST "" "*" RETURN (SPECIAL-USE SUBSCRIBED CHILDREN STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ))
           S: * LIST (\Subscribed \HasNoChildren) "/" INBOX
           S: * STATUS inbox (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7 UNSEEN 1 HIGHESTMODSEQ 44)
           S: * LIST (\Sent) "/" Sent
           S: * LIST () "/" "Entw&APw-rfe"
           S: * LIST (\Noselect) "/" "a \"b\""
           S: * LIST (\Subscribed) "/" Sent
           S: a OK"#,
    )
    .await;
    let listed = connection.list().await.unwrap();
    drop(connection);
    done(server).await;
    let paths: Vec<_> = listed.iter().map(|l| (l.path.as_str(), l.subscribed)).collect();
    assert_eq!(paths, [("INBOX", true), ("Sent", true), ("Entwürfe", false), ("a \"b\"", false)]);
    assert_eq!(listed[0].status.unwrap().highestmodseq, Some(44));
    assert_eq!(listed[2].wire_name, "Entw&APw-rfe");
    assert!(listed[1].has("\\sent") && !listed[3].selectable());
}

#[tokio::test]
async fn a_server_that_can_t_extend_gets_plain_list_and_lsub() {
    let (connection, server) = signed_in_to(
        "LIST-EXTENDED",
        r#"C: a LIST "" "*" RETURN (SUBSCRIBED CHILDREN)
           S: a BAD what
           C: b LIST "" "*"
           C: c LSUB "" "*"
           S: * LIST () "." INBOX
           S: * LIST () "." INBOX.x
           S: b OK
           S: * LSUB () "." INBOX.x
           S: * LSUB () "." INBOX.gone
           S: * LSUB () "." INBOX.y
           S: * LIST () "." INBOX.y.below
           S: c OK"#,
    )
    .await;
    let listed = connection.list().await.unwrap();
    drop(connection);
    done(server).await;
    let names: Vec<_> = listed.iter().map(|l| (l.wire_name.as_str(), l.subscribed, l.selectable())).collect();
    assert_eq!(
        names,
        [("INBOX", false, true), ("INBOX.x", true, true), ("INBOX.y", true, false), ("INBOX.y.below", false, true)]
    );
}

#[tokio::test]
async fn a_refused_list_is_no_empty_list() {
    let script = "C: a LIST \"\" \"*\"\nC: b LSUB \"\" \"*\"\nS: * LIST () \"/\" INBOX\nS: a NO [UNAVAILABLE] later\nS: b OK";
    let (connection, server) = signed_in_to("", script).await;
    assert_eq!(connection.list().await.unwrap_err().kind, ErrorKind::Busy);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn many_statuses_each_have_their_own_outcome() {
    let (connection, server) = signed_in_to(
        "",
        r#"C: a STATUS "a" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)
           C: b STATUS "b" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)
           C: c STATUS "c" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)
           S: * STATUS c (MESSAGES 3)
           S: c OK
           S: * STATUS "a" (MESSAGES 1)
           S: a OK
           S: b NO [NONEXISTENT] gone"#,
    )
    .await;
    let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
    let all = connection.status_many(&names).await.unwrap();
    drop(connection);
    done(server).await;
    assert_eq!(all[0].1.as_ref().unwrap().messages, Some(1));
    assert_eq!(all[1].1.as_ref().unwrap_err().kind, ErrorKind::Gone);
    assert_eq!(all[2].1.as_ref().unwrap().messages, Some(3));
}

#[tokio::test]
async fn select_with_qresync_brings_what_changed() {
    let (connection, server) = signed_in_to(
        "ENABLE QRESYNC",
        r#"C: a SELECT "INBOX" (QRESYNC (7 40 1:9))
           S: * 99 EXISTS
           S: * OK [CLOSED] the other one
           S: * 172 EXISTS
           S: * OK [UIDVALIDITY 7] .
           S: * OK [UIDNEXT 10] .
           S: * OK [HIGHESTMODSEQ 50] .
           S: * OK [PERMANENTFLAGS (\Seen $Work \*)] .
           S: * VANISHED (EARLIER) 3,5:6
           S: * 1 FETCH (UID 1 FLAGS (\Seen) MODSEQ (45))
           S: a OK [READ-WRITE] done"#,
    )
    .await;
    let resync = Resync { uidvalidity: 7, modseq: 40, known: Some(UidSet::range(1, 9)) };
    let selected = connection.select("INBOX", Some(resync)).await.unwrap();
    drop(connection);
    done(server).await;
    assert_eq!(
        (selected.exists, selected.uidvalidity, selected.uidnext, selected.highestmodseq),
        (172, Some(7), Some(10), Some(50))
    );
    assert_eq!(selected.vanished.to_string(), "3,5:6");
    assert_eq!((selected.changed.len(), selected.changed[0].uid), (1, 1));
    let permanent = PermanentFlags { flags: Flags::parse(["\\Seen", "$Work"]), any_keyword: true };
    assert_eq!(selected.permanent_flags, Some(permanent));
    assert!(!selected.read_only);
}

#[tokio::test]
async fn many_changes_are_handed_on_as_they_come_but_only_under_the_uidvalidity_that_was_asked_for() {
    let lines = |from: u32, to: u32| -> String {
        (from..=to).map(|n| format!("S: * {n} FETCH (UID {n} FLAGS (\\Seen) MODSEQ (45))\n")).collect()
    };
    for (uidvalidity, told) in [(7, 1_000), (8, 0)] {
        let script = format!(
            "C: a SELECT \"INBOX\" (QRESYNC (7 40 1:9000))\n{}S: * OK [CLOSED] the other one\n\
             S: * OK [UIDVALIDITY {uidvalidity}] .\nS: * OK [HIGHESTMODSEQ 50] .\n{}S: a OK done",
            lines(1, 1_200),
            lines(2_001, 3_500),
        );
        let (connection, server) = signed_in_to("ENABLE QRESYNC", &script).await;
        let resync = Resync { uidvalidity: 7, modseq: 40, known: Some(UidSet::range(1, 9_000)) };
        let (each, mut news) = tokio::sync::mpsc::channel::<Vec<FetchedFlags>>(1);
        let listen = async {
            let mut all = Vec::new();
            while let Some(part) = news.recv().await {
                all.extend(part.into_iter().map(|f| f.uid));
            }
            all
        };
        let (selected, heard) = tokio::join!(connection.select_and_tell("INBOX", Some(resync), Some(each)), listen);
        drop(connection);
        done(server).await;
        assert_eq!(heard, (2_001..=2_000 + told).collect::<Vec<u32>>(), "what was said before belongs to the other mailbox");
        let left: Vec<u32> = selected.unwrap().changed.iter().map(|f| f.uid).collect();
        assert_eq!(left, (2_001 + told..=3_500).collect::<Vec<u32>>());
    }
}

#[tokio::test]
async fn select_falls_back_where_the_server_promised_too_much() {
    let (connection, server) = signed_in_to(
        "CONDSTORE",
        r#"C: a SELECT "INBOX" (CONDSTORE)
           S: a BAD what
           C: b SELECT "INBOX"
           S: * 3 EXISTS
           S: b OK [READ-ONLY] done
           C: c SELECT "gone" (CONDSTORE)
           S: c NO [NONEXISTENT] no such mailbox"#,
    )
    .await;
    let selected = connection.select("INBOX", None).await.unwrap();
    assert!(selected.read_only && selected.exists == 3 && selected.uidvalidity.is_none());
    assert_eq!(connection.select("gone", None).await.unwrap_err().kind, ErrorKind::Gone);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn a_call_for_the_mailbox_before_never_hits_the_next_one() {
    let (connection, server) = signed_in_to("UIDPLUS", "C: a SELECT \"A\"\nS: a OK\nC: b SELECT \"B\"\nWAIT 1\nS: b OK").await;
    connection.select("A", None).await.unwrap();
    let uids = UidSet::range(1, 3);
    let (select, expunge) = tokio::join!(biased; connection.select("B", None), connection.uid_expunge(&uids));
    select.unwrap();
    assert_eq!(expunge.unwrap_err().kind, ErrorKind::Cancelled);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn the_tree_is_changed_by_names_in_modified_utf7() {
    let (connection, server) = signed_in_to(
        "",
        r#"C: a CREATE "Entw&APw-rfe/a &- b"
           S: a OK
           C: b RENAME "x\"y" "z"
           S: b OK
           C: c DELETE "z"
           S: c NO [NOPERM] not yours
           C: d SUBSCRIBE "z"
           S: d OK
           C: e UNSUBSCRIBE "z"
           S: e OK"#,
    )
    .await;
    connection.create("Entwürfe/a & b").await.unwrap();
    connection.rename("x\"y", "z").await.unwrap();
    let e = connection.delete("z").await.unwrap_err();
    assert_eq!((e.kind, e.server_words.as_deref()), (ErrorKind::Refused, Some("not yours")));
    connection.subscribe("z", true).await.unwrap();
    connection.subscribe("z", false).await.unwrap();
    assert_eq!(connection.delete("a\0b").await.unwrap_err().kind, ErrorKind::Invalid);
    drop(connection);
    done(server).await;
}

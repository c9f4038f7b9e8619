//! STORE, COPY, MOVE, EXPUNGE, APPEND, SEARCH.

use crate::imap::items::{CopyUid, Search, StoreChange};
use crate::imap::scripted::{done, signed_in_to};
use godwit_domain::sync::UidSet;
use godwit_domain::{ErrorKind, Flags};

#[tokio::test]
async fn store_answers_what_the_server_took() {
    let script = "C: a UID STORE 1:2 +FLAGS (\\Seen $Work)
        S: * 1 FETCH (FLAGS (\\Seen) UID 1)
        S: * 2 FETCH (UID 2 FLAGS (\\Seen $work) MODSEQ (7))
        S: a OK
        C: b UID STORE 1 -FLAGS (\\Seen)
        S: * 1 FETCH (UID 1 FLAGS ())
        S: b NO [NOPERM] read-only";
    let (connection, server) = signed_in_to("", script).await;
    let flags = Flags::parse(["\\Seen", "$Work"]);
    let now = connection.store_flags(&UidSet::range(1, 2), StoreChange::Add, &flags).await.unwrap();
    assert_eq!(now.iter().map(|f| f.flags.names().len()).collect::<Vec<_>>(), [1, 2]);
    let seen = Flags::parse(["\\Seen"]);
    let e = connection.store_flags(&UidSet::range(1, 1), StoreChange::Remove, &seen).await.unwrap_err();
    assert_eq!(e.kind, ErrorKind::Refused);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn copyuid_is_found_in_either_place() {
    let script = r#"C: a UID COPY 1:2 "Arc hive"
        S: a OK [COPYUID 9 1:2 30:31] done
        C: b UID MOVE 5 "A"
        S: * OK [COPYUID 9 5 32] moved
        S: * 3 EXPUNGE
        S: b OK done
        C: c UID MOVE 6 "A"
        S: c OK done
        C: d UID COPY 6 "A"
        S: d NO [TRYCREATE] no such mailbox"#;
    let (connection, server) = signed_in_to("MOVE", script).await;
    let copied = connection.copy(&UidSet::range(1, 2), "Arc hive").await.unwrap();
    assert_eq!(copied, Some(CopyUid { uidvalidity: 9, source: vec![1, 2], target: vec![30, 31] }));
    let moved = connection.move_messages(&UidSet::range(5, 5), "A").await.unwrap();
    assert_eq!(moved.unwrap().target, [32]);
    assert_eq!(connection.move_messages(&UidSet::range(6, 6), "A").await.unwrap(), None);
    assert_eq!(connection.copy(&UidSet::range(6, 6), "A").await.unwrap_err().kind, ErrorKind::Gone);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn nothing_goes_out_that_the_server_can_t_do_or_that_means_nothing() {
    let (connection, server) = signed_in_to("", "").await;
    let one = UidSet::range(1, 1);
    assert_eq!(connection.move_messages(&one, "A").await.unwrap_err().kind, ErrorKind::Unsupported);
    assert_eq!(connection.uid_expunge(&one).await.unwrap_err().kind, ErrorKind::Unsupported);
    assert_eq!(connection.copy(&UidSet::new(), "A").await.unwrap(), None);
    assert!(connection.store_flags(&UidSet::new(), StoreChange::Add, &Flags::none()).await.unwrap().is_empty());
    assert_eq!(connection.copy(&one, "").await.unwrap_err().kind, ErrorKind::Invalid);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn expunge_is_exact() {
    let script = "C: a UID EXPUNGE 3,5:6\nS: * 3 EXPUNGE\nS: a OK\nC: b EXPUNGE\nS: b NO";
    let (connection, server) = signed_in_to("UIDPLUS", script).await;
    connection.uid_expunge(&UidSet::from_iter([3, 5, 6])).await.unwrap();
    assert_eq!(connection.expunge().await.unwrap_err().kind, ErrorKind::Refused);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn append_asks_leave_unless_the_server_gave_it() {
    let script = "C: a APPEND \"Sent\" (\\Seen) \"01-Jan-1970 00:00:01 +0000\" {7}
        S: + go
        C> a: b
        C> c
        S: a OK [APPENDUID 9 44] done
        C: b APPEND \"Sent\" {1}
        S: b NO [OVERQUOTA] full
        C: c NOOP
        S: c OK";
    let (connection, server) = signed_in_to("", script).await;
    let appended = connection.append("Sent", &Flags::parse(["\\Seen"]), Some(1), b"a: b\r\nc".to_vec()).await.unwrap();
    assert_eq!(appended, Some((9, 44)));
    let e = connection.append("Sent", &Flags::none(), None, b"x".to_vec()).await.unwrap_err();
    assert_eq!((e.kind, e.mend.as_str()), (ErrorKind::Refused, "Free some space on the server."));
    connection.noop().await.unwrap();
    drop(connection);
    done(server).await;

    let script = "C: a APPEND \"Sent\" {3+}\nC> a\nC> \nS: a OK";
    let (connection, server) = signed_in_to("LITERAL+", script).await;
    assert_eq!(connection.append("Sent", &Flags::none(), None, b"a\r\n".to_vec()).await.unwrap(), None);
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn a_big_message_goes_up_while_the_server_talks() {
    let line = "x".repeat(998);
    let expected = format!("C> {line}\nS: * OK Still here\n").repeat(4000);
    let script = format!("C: a APPEND \"Sent\" {{4000000+}}\n{expected}C> \nS: a OK [APPENDUID 1 2]");
    let (connection, server) = signed_in_to("LITERAL+", &script).await;
    let message = format!("{line}\r\n").repeat(4000).into_bytes();
    assert_eq!(connection.append("Sent", &Flags::none(), None, message).await.unwrap(), Some((1, 2)));
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn an_append_that_breaks_off_is_no_success() {
    for script in ["C: a APPEND \"Sent\" {1}\nEOF", "C: a APPEND \"Sent\" {1}\nS: + go\nC> x\nEOF"] {
        let (connection, server) = signed_in_to("", script).await;
        let e = connection.append("Sent", &Flags::none(), None, b"x".to_vec()).await.unwrap_err();
        assert_eq!(e.kind, ErrorKind::Offline);
        done(server).await;
    }
}

#[tokio::test]
async fn searches_quote_what_people_type() {
    let script = r#"C: a UID SEARCH HEADER MESSAGE-ID "<x@y>"
        S: * SEARCH 3 1
        S: * SEARCH 2
        S: a OK
        C: b UID SEARCH CHARSET UTF-8 TEXT {3}
        S: + go
        C> ü"
        S: b NO [BADCHARSET] no
        C: c UID SEARCH (ALL NOT DELETED OR FROM "a\"b" SINCE 01-Jan-1970 UID 1:5)
        S: c OK
        C: d UID SEARCH DELETED
        S: * SEARCH 1 2
        EOF"#;
    let (connection, server) = signed_in_to("", script).await;
    assert_eq!(connection.search(&Search::MessageId("<x@y>".into())).await.unwrap().to_string(), "1:3");
    assert_eq!(connection.search(&Search::Text("ü\"".into())).await.unwrap_err().kind, ErrorKind::Refused);
    let either = Search::Or(Box::new(Search::From("a\"b".into())), Box::new(Search::Since(0)));
    let query = Search::And(vec![Search::Not(Box::new(Search::Deleted)), either, Search::Uids(UidSet::range(1, 5))]);
    assert!(connection.search(&query).await.unwrap().is_empty());
    assert_eq!(connection.search(&Search::Deleted).await.unwrap_err().kind, ErrorKind::Offline, "never an empty success");
    done(server).await;
}

#[tokio::test]
async fn a_message_in_parts_goes_out_once_the_server_agrees() {
    let script = "C: a APPEND \"A\" (\\Seen) {11}
        S: + go on
        C> hello world
        S: a OK [APPENDUID 9 4] done";
    let (connection, server) = signed_in_to("LITERAL+ UIDPLUS", script).await;
    let (sink, parts) = tokio::sync::mpsc::channel(4);
    for part in ["hello ", "world"] {
        sink.send(part.as_bytes().to_vec()).await.unwrap();
    }
    let told = connection.append_parts("A", &Flags::parse(["\\Seen"]), None, 11, parts).await.unwrap();
    assert_eq!(told, Some((9, 4)));
    drop(connection);
    done(server).await;
}

#[tokio::test]
async fn a_message_whose_parts_end_early_is_never_taken_for_stored() {
    let script = "C: a APPEND \"A\" {20}
        S: + go on
        C> hello world";
    let (connection, server) = signed_in_to("UIDPLUS", script).await;
    let (sink, parts) = tokio::sync::mpsc::channel(4);
    sink.send(b"hello world\r\n".to_vec()).await.unwrap();
    drop(sink);
    let error = connection.append_parts("A", &Flags::none(), None, 20, parts).await.unwrap_err();
    assert_eq!(godwit_domain::sync::sent(&error), godwit_domain::sync::Sent::Open);
    assert!(!connection.is_alive());
    drop(connection);
    done(server).await;
}

//! What a creating command may have done before the line broke (rule W1).

use super::*;

/// A copy of Letter 1 into Archive is wanted, and the line breaks at the COPY.
async fn broken_off(lie: Lie) -> (Pretend, Home) {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| w.letters("INBOX", 3));
    // An equal message stood there long before.
    server.change(|w| {
        w.deliver("Archive", "Letter 1");
    });
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    home.perform(Verb::Copy { to: home.mailbox("Archive").await }, &[home.row("INBOX", "Letter 1").await]).await;
    server.once("UID COPY", lie);
    sync.push().await.unwrap_err();
    assert_eq!(home.waiting().await, 1);
    (server, home)
}

#[tokio::test]
async fn a_copy_that_was_made_before_the_line_broke_is_not_made_again() {
    let (server, home) = broken_off(Lie::Silence).await;
    home.session().await.push().await.unwrap();
    assert_eq!(server.world().subjects("Archive"), ["Letter 1", "Letter 1"]);
    assert_eq!((server.heard("UID COPY"), home.waiting().await), (1, 0));
}

/// Letter 1 was copied into Archive, the answer was lost, and another device did something with the copy before anybody looked.
async fn broken_off_and_then(change: impl FnOnce(&mut crate::pretend::World)) -> (Pretend, Home) {
    let (server, home) = broken_off(Lie::Silence).await;
    server.change(change);
    (server, home)
}

async fn next_session(home: &Home) {
    let sync = home.session().await;
    sync.push().await.unwrap();
    home.get(&sync).await;
    sync.push().await.unwrap();
    home.get(&sync).await;
}

#[tokio::test]
async fn a_copy_that_another_device_moved_on_before_anybody_looked_is_not_made_again() {
    let (server, mut home) = broken_off_and_then(|w| {
        w.add("Boathouse");
        w.expunge("Archive", |m| m.uid == 2);
        w.deliver("Boathouse", "Letter 1");
    })
    .await;
    next_session(&home).await;
    assert_eq!((server.heard("UID COPY"), home.waiting().await), (1, 0));
    assert_eq!(server.world().subjects("Archive"), ["Letter 1"], "the old one");
    let told: Vec<ErrorKind> = home.told().await.iter().map(|e| e.kind).collect();
    assert_eq!(told, [ErrorKind::Uncertain], "nobody can say where it came from");
}

#[tokio::test]
async fn a_copy_whose_folder_lost_something_else_meanwhile_is_made_once_all_folders_were_read() {
    let (server, home) = broken_off(Lie::Cut).await;
    server.change(|w| {
        w.deliver("Archive", "Letter 9");
        w.expunge("Archive", |m| m.subject == "Letter 9");
    });
    let sync = home.session().await;
    sync.push().await.unwrap();
    assert_eq!((server.heard("UID COPY"), home.waiting().await), (1, 1), "what came and went may have been the copy");
    home.get(&sync).await;
    sync.push().await.unwrap();
    assert_eq!((server.heard("UID COPY"), home.waiting().await), (2, 0));
    assert_eq!(server.world().subjects("Archive"), ["Letter 1", "Letter 1"]);
}

#[tokio::test]
async fn a_folder_that_is_busy_is_looked_into_again_before_anything_is_said() {
    let (server, mut home) = broken_off_and_then(|w| {
        w.add("Boathouse");
        w.deliver("Boathouse", "Letter 7");
        w.expunge("Archive", |m| m.uid == 2);
    })
    .await;
    server.always("SELECT \"Boathouse\"", Lie::Say("TAG NO [INUSE] another time"));
    let sync = home.session().await;
    sync.push().await.unwrap();
    drop(home.try_get(&sync).await);
    sync.push().await.unwrap();
    assert_eq!((server.heard("UID COPY"), home.waiting().await), (1, 1));
    assert!(home.told().await.is_empty(), "not now is no answer");
    server.repent();
    home.get(&sync).await;
    sync.push().await.unwrap();
    assert_eq!((server.heard("UID COPY"), home.waiting().await), (2, 0), "it stands nowhere, so it may be made");
}

#[tokio::test]
async fn where_a_folder_can_not_be_read_nobody_says_that_a_copy_did_not_go_there() {
    let (server, mut home) = broken_off_and_then(|w| {
        w.add("Boathouse");
        w.expunge("Archive", |m| m.uid == 2);
        w.deliver("Boathouse", "Letter 1");
    })
    .await;
    server.always("SELECT \"Boathouse\"", Lie::Say("TAG NO [NOPERM] not yours"));
    let sync = home.session().await;
    sync.push().await.unwrap();
    // Its trouble is its own.
    drop(home.try_get(&sync).await);
    sync.push().await.unwrap();
    assert_eq!((server.heard("UID COPY"), home.waiting().await), (1, 0));
    assert_eq!(home.told().await.iter().filter(|e| e.kind == ErrorKind::Uncertain).count(), 1);
}

#[tokio::test]
async fn what_stood_there_before_the_command_left_is_no_trace_of_it() {
    let (server, home) = broken_off(Lie::Cut).await;
    // An older question about the same folder makes the look begin below.
    let older = crate::store::Attempt {
        account: home.account,
        kind: crate::store::AttemptKind::Copy,
        target: home.mailbox("Archive").await,
        wire_name: "Archive".into(),
        uidvalidity: Some(7),
        uidnext: Some(1),
        identity: Some([9; 16]),
        message_id: None,
        size: 1,
        placement: None,
        copy: None,
        outbox: None,
        draft: None,
    };
    home.store.write(Lane::Sync, move |w| w.attempt_begin(&older)).await.unwrap();
    home.session().await.push().await.unwrap();
    assert_eq!(server.world().subjects("Archive"), ["Letter 1", "Letter 1"]);
    assert_eq!((server.heard("UID COPY"), home.waiting().await), (2, 0));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_proves_no_absence_so_nothing_is_copied_twice() {
    let (server, mut home) = broken_off(Lie::Silence).await;
    server.always("HEADER.FIELDS", Lie::Garbled("UID 2 "));
    home.session().await.push().await.unwrap();
    assert_eq!(server.world().subjects("Archive"), ["Letter 1", "Letter 1"]);
    assert_eq!((server.heard("UID COPY"), home.waiting().await), (1, 0));
    let told = home.told().await;
    assert_eq!(told.iter().map(|e| e.kind).collect::<Vec<_>>(), [ErrorKind::Uncertain]);
}

/// Letter 1 is to be archived by COPY, the line breaks at this command, which was done; then the person takes it back.
async fn taken_back(command: &str) -> (Pretend, Home) {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| w.letters("INBOX", 3));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    let id = home.row("INBOX", "Letter 1").await;
    home.perform(Verb::Archive, &[id]).await;
    server.once(command, Lie::Silence);
    sync.push().await.unwrap_err();
    home.perform(Verb::Move { to: home.mailbox("INBOX").await }, &[id]).await;
    for _ in 0..2 {
        let sync = home.session().await;
        sync.push().await.unwrap();
        home.get(&sync).await;
    }
    assert_eq!(home.waiting().await, 0);
    home.audit().await;
    (server, home)
}

#[tokio::test]
async fn a_move_that_was_done_when_the_line_broke_and_is_taken_back_goes_back() {
    let (server, mut home) = taken_back("UID EXPUNGE").await;
    assert_eq!(server.world().subjects("INBOX"), ["Letter 2", "Letter 3", "Letter 1"]);
    assert_eq!(server.world().subjects("Archive"), [""; 0]);
    assert_eq!(home.shown("INBOX").await, letters(1..=3));
    assert!(home.told().await.is_empty());
}

#[tokio::test]
async fn a_move_that_was_half_done_when_the_line_broke_and_is_taken_back_leaves_no_mark_to_be_expunged() {
    for command in ["UID COPY", "+FLAGS"] {
        let (server, mut home) = taken_back(command).await;
        assert_eq!(server.world().subjects("INBOX"), ["Letter 1", "Letter 2", "Letter 3"]);
        assert!(server.world().flags("INBOX", 1).is_empty(), "another client's EXPUNGE would take it");
        assert_eq!(home.shown("Archive").await, ["Letter 1"]);
        let told: Vec<ErrorKind> = home.told().await.iter().map(|e| e.kind).collect();
        assert_eq!(told, [ErrorKind::Uncertain], "a copy that nobody asked for is told");
    }
}

#[tokio::test]
async fn a_folder_made_here_and_numbered_anew_before_it_was_read_shows_its_mail_once() {
    let server = Pretend::offering("UIDPLUS MOVE");
    server.change(|w| {
        w.letters("INBOX", 3);
        w.mailboxes.remove("Archive");
    });
    let mut home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    let (moved, copied) = (home.row("INBOX", "Letter 1").await, home.row("INBOX", "Letter 2").await);
    home.perform(Verb::Archive, &[moved]).await;
    home.perform(Verb::Copy { to: home.mailbox("Archive").await }, &[copied]).await;
    sync.push().await.unwrap();
    server.change(|w| w.mailbox("Archive").validity = 8);
    home.get(&sync).await;
    assert_eq!(home.shown("Archive").await, letters(1..=2));
    assert_eq!(home.row("Archive", "Letter 1").await, moved, "it is the same row");
    assert_eq!((home.waiting().await, home.told().await.len()), (0, 0));
    home.audit().await;
}

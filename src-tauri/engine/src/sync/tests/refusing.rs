//! What a server will not do, now or ever, keeps nothing else from being done.

use super::*;

fn star() -> Verb {
    Verb::Mark { add: vec!["\\Flagged".into()], remove: Vec::new() }
}

/// Four letters in the INBOX, and a folder Boats.
async fn with_letters(capabilities: &str) -> (Pretend, Home, AccountSync) {
    let server = Pretend::offering(capabilities);
    server.change(|w| {
        w.letters("INBOX", 4);
        w.add("Boats");
    });
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    (server, home, sync)
}

/// Whether a FETCH asks for this UID.
fn asks_for(command: &str, uid: u32) -> bool {
    let words: Vec<&str> = command.split(' ').collect();
    matches!(words.as_slice(), ["UID", "FETCH", set, ..] if sync::UidSet::parse(&set.replace('*', "4294967295")).is_some_and(|s| s.contains(uid)))
}

#[tokio::test]
async fn a_folder_that_it_will_not_subscribe_to_is_made_and_filled_all_the_same() {
    for answer in ["TAG NO not you", "TAG BAD what?", "TAG NO [UNAVAILABLE] later"] {
        let server = Pretend::offering("UIDPLUS MOVE");
        server.change(|w| {
            w.letters("INBOX", 2);
            w.mailboxes.remove("Archive");
        });
        let mut home = Home::at(&server).await;
        let sync = home.session().await;
        home.get(&sync).await;
        home.perform(Verb::Archive, &[home.row("INBOX", "Letter 1").await]).await;
        server.whenever(|c| c.starts_with("SUBSCRIBE"), Lie::Say(answer));
        sync.push().await.unwrap();
        home.get(&sync).await;
        assert_eq!(server.world().subjects("Archive"), letters(1..=1), "{answer}");
        assert_eq!((home.waiting().await, home.told().await.len()), (0, 0));
    }
}

#[tokio::test]
async fn what_should_go_into_a_folder_that_cannot_be_made_now_waits_for_it() {
    for (answer, comes_true) in
        [("TAG NO [UNAVAILABLE] later", true), ("TAG NO [INUSE] another time", true), ("TAG NO you may not make folders", false)]
    {
        let server = Pretend::offering("UIDPLUS MOVE");
        server.change(|w| {
            w.letters("INBOX", 2);
            w.mailboxes.remove("Archive");
        });
        let mut home = Home::at(&server).await;
        let sync = home.session().await;
        home.get(&sync).await;
        home.perform(Verb::Archive, &[home.row("INBOX", "Letter 1").await]).await;
        server.always("CREATE", Lie::Say(answer));
        for _ in 0..7 {
            sync.push().await.unwrap();
        }
        let told = home.told().await;
        assert_eq!((home.waiting().await, told.is_empty()), (u32::from(comes_true), comes_true), "{answer}: {told:?}");
        assert!(told.iter().all(|e| e.server_words.as_deref() == Some("you may not make folders")), "{told:?}");
        server.repent();
        sync.push().await.unwrap();
        home.get(&sync).await;
        assert_eq!(home.waiting().await, 0, "{answer}");
        let archived = server.world().subjects("Archive");
        assert_eq!(archived, if comes_true { letters(1..=1) } else { Vec::new() }, "{answer}");
        assert_eq!(home.rows("INBOX").await.len(), 2 - archived.len(), "{answer}");
        home.audit().await;
    }
}

#[tokio::test]
async fn a_folder_that_another_device_made_first_is_waited_for_while_it_is_in_use() {
    let server = Pretend::offering("UIDPLUS MOVE");
    server.change(|w| {
        w.letters("INBOX", 2);
        w.mailboxes.remove("Archive");
    });
    let mut home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    home.perform(Verb::Archive, &[home.row("INBOX", "Letter 1").await]).await;
    server.change(|w| w.add("Archive"));
    server.always("CREATE", Lie::Say("TAG NO [ALREADYEXISTS] it is there"));
    server.always("STATUS \"Archive\"", Lie::Say("TAG NO [UNAVAILABLE] later"));
    sync.push().await.unwrap();
    assert_eq!((home.waiting().await, home.told().await.len()), (1, 0));
    server.repent();
    server.always("CREATE", Lie::Say("TAG NO [ALREADYEXISTS] it is there"));
    sync.push().await.unwrap();
    home.get(&sync).await;
    assert_eq!((home.waiting().await, home.told().await.len()), (0, 0));
    assert_eq!(server.world().subjects("Archive"), letters(1..=1));
    home.audit().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_looked_into_now_holds_up_nothing_but_itself() {
    let (server, home, sync) = with_letters("UIDPLUS").await;
    let boats = home.mailbox("Boats").await;
    home.perform(Verb::Copy { to: boats }, &[home.row("INBOX", "Letter 1").await]).await;
    server.once("UID COPY", Lie::Silence);
    sync.push().await.unwrap_err();
    server.always("SELECT \"Boats\"", Lie::Say("TAG NO [INUSE] another time"));
    home.perform(star(), &[home.row("INBOX", "Letter 2").await]).await;
    let sync = home.session().await;
    for _ in 0..2 {
        sync.push().await.unwrap();
        assert_eq!(server.world().flags("INBOX", 2), ["\\Flagged"]);
        assert_eq!((home.waiting().await, server.heard("UID COPY")), (1, 1), "what may have been made is not made again");
    }
    server.repent();
    sync.push().await.unwrap();
    home.get(&sync).await;
    assert_eq!((home.waiting().await, server.world().subjects("Boats")), (0, letters(1..=1)));
    home.audit().await;
}

#[tokio::test]
async fn a_copy_into_a_folder_that_is_gone_takes_back_no_other_wish() {
    for capabilities in ["UIDPLUS MOVE", "MOVE", ""] {
        let (server, mut home, sync) = with_letters(capabilities).await;
        home.perform(Verb::Copy { to: home.mailbox("Boats").await }, &[home.row("INBOX", "Letter 1").await]).await;
        home.perform(Verb::Archive, &[home.row("INBOX", "Letter 2").await]).await;
        home.perform(Verb::DeleteForGood, &[home.row("INBOX", "Letter 3").await]).await;
        server.change(|w| {
            w.mailboxes.remove("Boats");
        });
        for _ in 0..2 {
            sync.push().await.unwrap();
            home.get(&sync).await;
        }
        assert_eq!(server.world().subjects("INBOX"), letters([1, 4]), "with {capabilities:?}");
        assert_eq!(server.world().subjects("Archive"), letters(2..=2));
        assert_eq!((home.waiting().await, home.told().await.len()), (0, 1), "the copy is told of");
    }
}

#[tokio::test]
async fn what_it_does_not_give_can_still_be_deleted_for_good() {
    for answer in ["TAG NO it is broken", "TAG NO [UNAVAILABLE] it is broken"] {
        let (server, mut home, sync) = with_letters("UIDPLUS").await;
        let ids = [home.row("INBOX", "Letter 1").await, home.row("INBOX", "Letter 2").await];
        home.perform(Verb::DeleteForGood, &ids).await;
        server.whenever(|c| c.contains("BODY.PEEK[]") && asks_for(c, 1), Lie::Say(answer));
        sync.push().await.unwrap();
        home.get(&sync).await;
        assert_eq!(server.world().subjects("INBOX"), letters(3..=4), "{answer}");
        assert_eq!((home.waiting().await, home.told().await.len()), (0, 0));
        let account = home.account;
        let removed = home.store.read(move |r| r.removed(account, 10)).await.unwrap().messages;
        let whole: Vec<&str> = removed.iter().filter(|m| m.comes_back == Return::Possible).map(|m| m.subject.as_str()).collect();
        assert_eq!((removed.len(), whole), (2, vec!["Letter 2"]), "the other one was kept");
    }
}

#[tokio::test]
async fn a_message_whose_header_it_does_not_give_hides_no_other() {
    for (capabilities, answer) in [
        ("ENABLE CONDSTORE QRESYNC UIDPLUS MOVE", "TAG NO [UNAVAILABLE] not this one"),
        ("UIDPLUS", "TAG NO broken"),
        ("", "TAG BAD internal error"),
    ] {
        let server = Pretend::offering(capabilities);
        server.change(|w| w.letters("INBOX", 40));
        server.whenever(|c| c.contains("HEADER.FIELDS") && asks_for(c, 7), Lie::Say(answer));
        let home = Home::at(&server).await;
        let sync = home.session().await;
        home.get(&sync).await;
        let mut others = letters((1..=40).filter(|n| *n != 7));
        assert_eq!(home.shown("INBOX").await, others, "with {capabilities:?}");
        // News come in, and wishes go out, over it too.
        server.change(|w| w.letters("INBOX", 1));
        home.perform(Verb::Archive, &[home.row("INBOX", "Letter 6").await, home.row("INBOX", "Letter 8").await]).await;
        sync.push().await.unwrap();
        home.get(&sync).await;
        others.retain(|letter| letter != "Letter 6" && letter != "Letter 8");
        others.insert(0, "Letter 1".into());
        assert_eq!((home.shown("INBOX").await, home.waiting().await), (others.clone(), 0));
        // Once it is given it is there; a session asks again.
        server.repent();
        let sync = home.session().await;
        home.get(&sync).await;
        others.push("Letter 7".into());
        others.sort();
        assert_eq!(home.shown("INBOX").await, others);
        home.audit().await;
    }
}

#[tokio::test]
async fn a_mailbox_that_gives_nothing_at_all_is_not_asked_message_by_message() {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| w.letters("INBOX", 300));
    server.always("HEADER.FIELDS", Lie::Say("TAG NO the disk is gone"));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.try_get(&sync).await.unwrap_err();
    assert!(server.heard("HEADER.FIELDS") < 40, "{}", server.heard("HEADER.FIELDS"));
    server.repent();
    home.get(&sync).await;
    assert_eq!(home.shown("INBOX").await.len(), 300);
}

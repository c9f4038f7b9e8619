//! Folders that a LIST names, and those that it does not.

use super::*;

async fn with_boats() -> (Pretend, Home, AccountSync) {
    let server = Pretend::offering("UIDPLUS MOVE");
    server.change(|w| {
        w.add("Boats");
        w.letters("INBOX", 3);
        w.deliver("Boats", "Slip 12");
    });
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    (server, home, sync)
}

#[tokio::test]
async fn a_folder_whose_line_cannot_be_read_keeps_its_mail_and_what_is_on_its_way_there() {
    let (server, mut home, sync) = with_boats().await;
    let (boats, letter) = (home.mailbox("Boats").await, home.row("INBOX", "Letter 1").await);
    home.perform(Verb::Move { to: boats }, &[letter]).await;
    server.once("LIST", Lie::Garbled("\"Boats\""));
    sync.discover().await.unwrap();
    assert_eq!(home.mailbox("Boats").await, boats);
    assert_eq!(home.shown("Boats").await, ["Letter 1", "Slip 12"]);
    assert!(home.told().await.is_empty());
    sync.push().await.unwrap();
    assert_eq!(server.world().subjects("Boats"), ["Slip 12", "Letter 1"]);
    home.audit().await;
}

#[tokio::test]
async fn a_folder_that_is_gone_hands_back_what_was_meant_for_it_and_says_so() {
    let (server, mut home, sync) = with_boats().await;
    let (boats, letter, other) =
        (home.mailbox("Boats").await, home.row("INBOX", "Letter 1").await, home.row("INBOX", "Letter 2").await);
    home.perform(Verb::Move { to: boats }, &[letter]).await;
    home.perform(Verb::Copy { to: boats }, &[other]).await;
    assert_eq!(home.waiting().await, 2);
    server.change(|w| drop(w.mailboxes.remove("Boats")));
    sync.discover().await.unwrap();
    let told = home.told().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].kind, ErrorKind::Gone);
    assert!(told[0].what.contains("Boats") && told[0].what.contains("2 messages"), "{}", told[0].what);
    assert_eq!(home.shown("INBOX").await, letters(1..=3));
    assert_eq!(home.waiting().await, 0, "nothing waits for ever");
    home.audit().await;
}

#[tokio::test]
async fn a_server_that_cannot_say_takes_no_folder_away() {
    let (server, home, sync) = with_boats().await;
    server.always("LIST", Lie::Without("\"Boats\""));
    for answer in ["TAG NO [UNAVAILABLE] try later", "TAG BAD what?"] {
        server.once("STATUS \"Boats\"", Lie::Say(answer));
        sync.discover().await.unwrap();
        assert_eq!(home.shown("Boats").await, ["Slip 12"], "{answer}");
    }
    // It is there, and what changed in it is noticed though LIST leaves it out.
    server.change(|w| {
        w.deliver("Boats", "Slip 13");
    });
    sync.discover().await.unwrap();
    sync.sync_mailbox(home.mailbox("Boats").await, Depth::Whole).await.unwrap();
    assert_eq!(home.shown("Boats").await, ["Slip 12", "Slip 13"]);
}

#[tokio::test]
async fn many_folders_go_only_when_a_second_connection_hears_it_too() {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| ["A", "B", "C", "D", "E"].into_iter().for_each(|path| w.add(path)));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    let count = async || home.store.read(|r| r.mailboxes()).await.unwrap().len();
    server.always_on(0, "LIST", Lie::Say("* LIST () \"/\" INBOX\nTAG OK done"));
    server.always_on(0, "LSUB", Lie::Say("TAG OK done"));
    server.always_on(0, "STATUS", Lie::Say("TAG NO [NONEXISTENT] no such mailbox"));
    sync.discover().await.unwrap();
    assert_eq!(count().await, 7);
    server.change(|w| w.mailboxes.retain(|path, _| path == "INBOX"));
    sync.discover().await.unwrap();
    assert_eq!(count().await, 1);
}

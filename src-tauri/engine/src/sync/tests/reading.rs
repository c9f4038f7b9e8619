//! Flags and headers by whatever the server can tell them.

use super::*;

const QRESYNC: &str = "ENABLE CONDSTORE QRESYNC UIDPLUS MOVE";

async fn starred(home: &Home) -> Vec<String> {
    home.rows("INBOX").await.into_iter().filter(|r| r.flags.iter().any(|f| f == "\\Flagged")).map(|r| r.subject).collect()
}

#[tokio::test]
async fn flags_come_through_on_a_qresync_server_whose_mailbox_keeps_no_modseq() {
    let server = Pretend::offering(QRESYNC);
    server.change(|w| w.letters("INBOX", 3));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    server.change(|w| {
        w.mailbox("INBOX").forgets = true;
        w.mark("INBOX", 2, "\\Flagged", true);
    });
    home.get(&sync).await;
    assert_eq!(starred(&home).await, ["Letter 2"]);
    server.change(|w| w.mailbox("INBOX").forgets = false);
    server.change(|w| w.mark("INBOX", 3, "\\Flagged", true));
    home.get(&sync).await;
    assert_eq!(starred(&home).await.len(), 2);
}

#[tokio::test]
async fn a_refused_qresync_select_is_no_news_of_nothing_changed() {
    let server = Pretend::offering(QRESYNC);
    server.change(|w| w.letters("INBOX", 3));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    server.change(|w| w.mark("INBOX", 2, "\\Flagged", true));
    server.once("(QRESYNC (", Lie::Say("TAG BAD what?"));
    home.get(&sync).await;
    assert_eq!(starred(&home).await, ["Letter 2"]);
}

#[tokio::test]
async fn a_server_set_back_to_an_older_modseq_has_all_its_flags_read() {
    let server = Pretend::offering("CONDSTORE UIDPLUS");
    server.change(|w| w.letters("INBOX", 3));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    server.change(|w| {
        w.set_back(1);
        w.mark("INBOX", 3, "\\Flagged", true);
    });
    home.get(&sync).await;
    assert_eq!(starred(&home).await, ["Letter 3"]);
}

#[tokio::test]
async fn a_header_that_cannot_be_read_does_not_cost_a_full_list_at_every_turn() {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| w.letters("INBOX", 4));
    server.always("HEADER.FIELDS", Lie::Garbled("Letter 3"));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    home.get(&sync).await;
    let lists = server.heard("UID FETCH 1:* (UID)");
    home.get(&sync).await;
    home.get(&sync).await;
    assert_eq!(server.heard("UID FETCH 1:* (UID)"), lists);
    // The next session asks again, and this time it can be read.
    server.repent();
    home.get(&home.session().await).await;
    assert_eq!(home.shown("INBOX").await, letters(1..=4));
}

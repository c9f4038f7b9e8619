//! Where folders are labels: what is listened to, what is told, and who files what was sent.

use super::*;
use crate::worker::{MailRoad, UserLine};
use godwit_domain::Event;
use godwit_domain::sending::Files;

const ALL: &str = "[Gmail]/All Mail";

/// A running worker that is up to date and listens.
async fn listening_by_label() -> (Pretend, Home, Workers) {
    let server = Pretend::gmail();
    server.change(|w| {
        w.add("Work");
        w.arrive("Letter 1", &["\\Inbox"]);
    });
    let home = Home::at(&server).await;
    let workers = workers(&home, hurried());
    workers.sync(home.account, SyncBodies::None).await.unwrap();
    until(async || server.heard("IDLE") >= 1).await;
    (server, home, workers)
}

#[tokio::test]
async fn all_mail_is_listened_to_and_the_inbox_is_what_is_told() {
    let (server, home, workers) = listening_by_label().await;
    assert_eq!(server.heard("SELECT \"INBOX\""), 0);
    let mut events = home.store.subscribe();
    server.change(|w| w.arrive("Filed by a filter", &["Work"]));
    until(async || home.shown("Work").await == ["Filed by a filter"]).await;
    server.change(|w| w.arrive("Letter 2", &["\\Inbox", "Work"]));
    until(async || home.shown("INBOX").await == letters(1..=2)).await;
    let (inbox, row) = (home.mailbox("INBOX").await, home.row("INBOX", "Letter 2").await);
    let told = async {
        loop {
            if let Event::MailArrived { mailbox, placements, .. } = events.recv().await.unwrap() {
                return (mailbox, placements);
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(60), told).await.unwrap();
    assert_eq!(told, (inbox, vec![row]), "what passed by the inbox is no news");
    // A label that a person opens is read where its messages are.
    workers.opened(home.account, home.mailbox("Work").await);
    server.change(|w| w.label("Letter 1", "Work", true));
    until(async || home.shown("Work").await.len() == 3).await;
    assert_eq!((server.heard("SELECT \"Work\""), server.heard(&format!("SELECT \"{ALL}\"")) > 0), (0, true));
    home.audit().await;
}

#[tokio::test]
async fn a_persons_verbs_reach_the_server_while_it_listens() {
    let (server, home, workers) = listening_by_label().await;
    let id = home.row("INBOX", "Letter 1").await;
    home.perform(godwit_domain::Verb::Archive, &[id]).await;
    workers.push(home.account);
    until(async || server.labels("Letter 1").is_empty()).await;
    home.store.undo(None).await.unwrap();
    workers.push(home.account);
    until(async || server.labels("Letter 1") == ["\\Inbox"]).await;
    until(async || home.waiting().await == 0).await;
    assert_eq!(home.shown("INBOX").await, ["Letter 1"]);
    home.audit().await;
}

#[tokio::test]
async fn what_was_sent_is_filed_by_a_server_whose_folders_are_labels_and_by_us_elsewhere() {
    for (server, files) in [(Pretend::gmail(), Files::Server), (Pretend::offering("UIDPLUS"), Files::Us)] {
        let home = Home::at(&server).await;
        home.get(&home.session().await).await;
        let workers = Workers::at_pace(context(&home), hurried());
        let road = MailRoad::new(context(&home), UserLine::new(context(&home)), workers);
        let id = home.account;
        let account = home.store.read(move |r| r.account(id)).await.unwrap();
        assert_eq!(road.who_files(&account).await, files);
    }
}

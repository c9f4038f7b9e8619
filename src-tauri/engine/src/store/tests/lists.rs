//! Lists: order, filters, conversations, search, and how open ones follow.

use super::*;

#[tokio::test]
async fn mail_is_listed_newest_first_and_counted() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    home.deliver(inbox, vec![mail(3), seen(mail(2)), mail(1)]).await;
    home.deliver(inbox, vec![mail(5), mail(4)]).await;
    let rows = home.list(of(inbox)).await;
    assert_eq!(subjects(&rows), ["Letter 5", "Letter 4", "Letter 3", "Letter 2", "Letter 1"]);
    let unread = home.list(ViewSpec { filter: Filter::Unread, ..of(inbox) }).await;
    assert_eq!(subjects(&unread), ["Letter 5", "Letter 4", "Letter 3", "Letter 1"]);
    let boxes = home.read(|r| r.mailboxes()).await;
    assert_eq!((boxes[0].name.as_str(), boxes[0].messages, boxes[0].unread), ("Inbox", 5, 4));
    assert_eq!(rows[0].from[0].name, "Jonas Lindqvist");
    home.audit().await;
}

#[tokio::test]
async fn mail_of_the_same_second_keeps_the_servers_order() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    let at_once = |uid| {
        let mut mail = mail(uid);
        mail.headers.date = Some(1_700_000_000);
        mail.internal_date = Some(1_700_000_000);
        mail
    };
    home.deliver(inbox, (10..=12).rev().map(at_once).collect()).await;
    home.deliver(inbox, (7..=9).rev().map(at_once).collect()).await;
    home.deliver(inbox, (13..=15).rev().map(at_once).collect()).await;
    let uids: Vec<u32> = home.list(of(inbox)).await.iter().filter_map(|r| r.uid).collect();
    assert_eq!(uids, (7..=15).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_conversation_is_one_row_however_its_mails_arrive() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let (inbox, archive) = (home.mailbox(account, "INBOX").await, home.mailbox(account, "Archive").await);
    home.deliver(inbox, vec![answer(9, 8), seen(mail(4)), seen(mail(1))]).await;
    let threaded = ViewSpec { threaded: true, ..of(inbox) };
    let opened = home.store.view_open(threaded.clone()).await.unwrap();
    assert_eq!(opened.len, 3);
    // The mail in the middle arrives last and ties the two ends together.
    home.deliver(archive, vec![seen(answer(8, 4))]).await;
    let rows = home.store.view_window(opened.view, 0, 10).await.unwrap();
    assert_eq!(subjects(&rows), ["Letter 9", "Letter 1"]);
    assert_eq!((rows[0].count, rows[0].unread()), (3, true));
    let id = rows[0].id;
    let conversation = home.read(move |r| r.conversation(id)).await;
    assert_eq!(conversation.len(), 3);
    assert!(conversation.windows(2).all(|w| w[0].date <= w[1].date));
    home.audit().await;
}

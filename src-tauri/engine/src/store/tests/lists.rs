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

#[tokio::test]
async fn an_open_list_tells_what_moved_once_per_moment() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    let ids = home.deliver(inbox, mails(1..=6)).await;
    let opened = home.store.view_open(of(inbox)).await.unwrap();
    let mut events = home.store.subscribe();
    let archive = [ids[1], ids[4]];
    home.store.perform(Action { verb: Verb::Archive, targets: Targets::ids(archive) }).await.unwrap();
    let (version, len, splices) = loop {
        if let Event::ViewChanged { view, version, len, splices, .. } = events.recv().await.unwrap() {
            assert_eq!(view, opened.view);
            break (version, len, splices);
        }
    };
    assert_eq!((version, len), (opened.version + 1, 4));
    assert_eq!(splices, [Splice { at: 1, removed: 1, inserted: 0 }, Splice { at: 3, removed: 1, inserted: 0 }]);
    assert_eq!(home.store.view_position(opened.view, ids[2]).await.unwrap(), Some(1));
    assert_eq!(home.store.view_position(opened.view, ids[1]).await.unwrap(), None);
    home.store.view_close(opened.view);
    assert_eq!(home.store.view_ids(opened.view).await.unwrap_err().kind, ErrorKind::Gone);
}

#[tokio::test]
async fn a_filtered_list_loses_a_row_that_stops_matching() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    let ids = home.deliver(inbox, mails(1..=3)).await;
    let unread = home.store.view_open(ViewSpec { filter: Filter::Unread, ..of(inbox) }).await.unwrap().view;
    let starred = home.store.view_open(ViewSpec { filter: Filter::Starred, threaded: true, ..of(inbox) }).await.unwrap().view;
    let verb = Verb::Mark { add: vec!["\\Seen".into(), "\\Flagged".into()], remove: Vec::new() };
    home.store.perform(Action { verb, targets: Targets::ids(&ids[..1]) }).await.unwrap();
    assert_eq!(home.store.view_ids(unread).await.unwrap(), ids[1..]);
    assert_eq!(home.store.view_ids(starred).await.unwrap(), ids[..1]);
}

#[tokio::test]
async fn all_inboxes_are_one_list_and_grow_with_a_new_account() {
    let home = Home::new();
    let spec = ViewSpec { scope: Scope::Role { role: Role::Inbox }, filter: Filter::All, threaded: true, search: None };
    let view = home.store.view_open(spec).await.unwrap().view;
    for (email, uids) in [("marit@fjordlys.example", [1, 3]), ("marit@solheim.example", [2, 4])] {
        let account = home.account(email).await;
        let inbox = home.mailbox(account, "INBOX").await;
        home.deliver(inbox, uids.into_iter().rev().map(mail).collect()).await;
    }
    let rows = home.store.view_window(view, 0, 10).await.unwrap();
    assert_eq!(subjects(&rows), ["Letter 4", "Letter 3", "Letter 2", "Letter 1"]);
    assert!(rows.iter().all(|r| r.count == 1), "conversations never cross accounts");
}

#[tokio::test]
async fn a_search_in_a_list_finds_people_subjects_and_previews_whatever_the_case() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    let mut odd = mail(2);
    odd.headers.subject = "ÅRSMØTE 100% _sikkert_".into();
    let ids = home.deliver(inbox, vec![mail(3), odd, mail(1)]).await;
    let find = |words: &str| home.list(ViewSpec { search: Some(words.into()), ..of(inbox) });
    assert_eq!(find("årsmøte").await[0].id, ids[1]);
    assert_eq!(find("100%").await.len(), 1);
    assert_eq!(find("%").await.len(), 1);
    assert_eq!(find("LINDQVIST letter").await.len(), 2);
    assert_eq!(find("  ").await.len(), 3);
    assert!(find("nobody' OR 1=1 --").await.is_empty());
}

#[tokio::test]
async fn a_long_list_shows_its_first_screen_before_the_rest() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    home.deliver(inbox, mails(1..=700)).await;
    // The same list, as if 700 were more than one reads at once.
    let hub = std::sync::Arc::clone(&home.store.inner.hub);
    let spec = of(inbox);
    let (opened, partial) = home.store.reader(For::Person, move |desk| hub.open_long(desk, spec, 100)).await.unwrap();
    assert!(partial);
    assert_eq!(opened.len as usize, crate::store::view::FIRST);
    let ids = home.deliver(inbox, mails(701..=702)).await;
    let first = home.store.view_window(opened.view, 0, 3).await.unwrap();
    assert_eq!((first[0].id, first[2].subject.as_str()), (ids[0], "Letter 700"));
    let mut events = home.store.subscribe();
    let (hub, view) = (std::sync::Arc::clone(&home.store.inner.hub), opened.view);
    home.store.reader(For::Other, move |desk| hub.complete(desk, view)).await.unwrap();
    assert_eq!(home.store.view_ids(view).await.unwrap().len(), 702);
    loop {
        if let Event::ViewChanged { len: 702, splices, .. } = events.recv().await.unwrap() {
            assert_eq!(splices.last(), Some(&Splice { at: 302, removed: 0, inserted: 400 }));
            break;
        }
    }
}

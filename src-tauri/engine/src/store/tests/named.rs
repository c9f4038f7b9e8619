//! Messages that the server names (EMAILID, RFC 8474; X-GM-MSGID): what its names decide, and what they don't.

use super::*;

fn named(id: u64, mail: NewPlacement) -> NewPlacement {
    NewPlacement { facts: ServerFacts { email_id: Some(id), ..ServerFacts::default() }, ..mail }
}

/// Alike down to the header; `uid` and the date tell them apart.
fn twin(uid: u32, at: u32) -> NewPlacement {
    NewPlacement { uid, internal_date: mail(at).internal_date, ..mail(1) }
}

#[tokio::test]
async fn a_message_in_two_folders_has_one_content() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let (inbox, archive) = (home.mailbox(account, "INBOX").await, home.mailbox(account, "Archive").await);
    home.deliver(inbox, vec![named(5, mail(1)), named(6, mail(2))]).await;
    let first = home.list(of(inbox)).await.iter().find(|r| r.subject == "Letter 1").unwrap().message;
    home.write(move |w| w.put_body(first, b"Subject: Letter 1\r\n\r\nHei".to_vec())).await;
    // The second is called like one that is here and is another; the third is nameless.
    home.deliver(archive, vec![NewPlacement { uid: 9, ..named(5, mail(1)) }, named(6, mail(3)), mail(2)]).await;
    let rows = home.list(of(archive)).await;
    let message = |subject: &str| rows.iter().find(|r| r.subject == subject).unwrap().message;
    let here = home.list(of(inbox)).await;
    assert_eq!(message("Letter 1"), first);
    assert!(here.iter().all(|r| r.message != message("Letter 3") && r.message != message("Letter 2")));
    // Each place has its own flags, and what goes from one stays in the other, with its text.
    let (there, here) =
        (rows.iter().find(|r| r.message == first).unwrap().id, here.iter().find(|r| r.message == first).unwrap().id);
    let verb = Verb::Mark { add: vec!["\\Flagged".into()], remove: Vec::new() };
    home.store.perform(Action { verb, targets: Targets::ids([there]) }).await.unwrap();
    let starred = home.list(ViewSpec { filter: Filter::Starred, ..of(inbox) }).await;
    assert!(starred.iter().all(|r| r.id != here), "a star in one folder is none in the other");
    home.write(move |w| w.remove_uids(inbox, 1, &UidSet::range(1, 1))).await;
    assert_eq!(home.list(of(archive)).await.len(), 3);
    assert_eq!(home.read(move |r| r.body(first)).await.unwrap(), b"Subject: Letter 1\r\n\r\nHei");
    home.audit().await;
}

#[tokio::test]
async fn two_alike_in_one_folder_are_two_messages_whatever_the_server_calls_them() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    home.deliver(inbox, vec![named(5, twin(2, 1)), named(5, twin(1, 1))]).await;
    home.deliver(inbox, vec![named(5, twin(3, 1))]).await;
    let rows = home.list(of(inbox)).await;
    let messages: std::collections::BTreeSet<_> = rows.iter().map(|r| r.message.0).collect();
    assert_eq!((rows.len(), messages.len()), (3, 3));
    home.audit().await;
}

#[tokio::test]
async fn numbered_anew_equal_copies_keep_what_is_wanted_of_each_where_the_server_names_them() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    // The same date too: only the names tell them apart.
    let ids = home.deliver(inbox, vec![named(6, twin(2, 1)), named(5, twin(1, 1))]).await;
    home.store.perform(Action { verb: Verb::DeleteForGood, targets: Targets::ids(&ids[..1]) }).await.unwrap();
    home.write(move |w| w.mailbox_selected(inbox, 2)).await;
    home.write(move |w| w.insert_new(inbox, 2, vec![named(5, twin(8, 1)), named(6, twin(7, 1))])).await;
    home.write(move |w| w.finish_orphans(inbox)).await;
    let rows = home.list(of(inbox)).await;
    assert_eq!(rows.iter().map(|r| (r.id, r.uid)).collect::<Vec<_>>(), [(ids[1], Some(8))]);
    let pending = home.read(move |r| r.pending(account)).await;
    assert_eq!((pending[0].placement, pending[0].uid, pending[0].gone), (ids[0], Some(7), true), "no doubt which is meant");
    home.audit().await;
}

#[tokio::test]
async fn a_server_that_gives_new_names_with_new_numbers_is_followed() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    let ids = home.deliver(inbox, vec![named(6, mail(2)), named(5, mail(1))]).await;
    home.write(move |w| w.mailbox_selected(inbox, 2)).await;
    let again = vec![NewPlacement { uid: 12, ..named(96, mail(2)) }, NewPlacement { uid: 11, ..named(95, mail(1)) }];
    home.write(move |w| w.insert_new(inbox, 2, again)).await;
    assert_eq!(home.list(of(inbox)).await.iter().map(|r| r.id).collect::<Vec<_>>(), ids);
    // And by its new name from then on.
    let archive = home.mailbox(account, "Archive").await;
    home.deliver(archive, vec![NewPlacement { uid: 4, ..named(95, mail(1)) }]).await;
    assert_eq!(home.list(of(archive)).await[0].message, home.list(of(inbox)).await[1].message);
    home.audit().await;
}

#[tokio::test]
async fn of_two_alike_the_one_that_moved_is_told_by_its_name() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let (inbox, archive) = (home.mailbox(account, "INBOX").await, home.mailbox(account, "Archive").await);
    let ids = home.deliver(inbox, vec![named(6, twin(2, 2)), named(5, twin(1, 1))]).await;
    for id in &ids {
        let keyword = if *id == ids[0] { "first" } else { "second" };
        let verb = Verb::Mark { add: vec![keyword.into()], remove: Vec::new() };
        home.store.perform(Action { verb, targets: Targets::ids([*id]) }).await.unwrap();
    }
    home.write(move |w| w.remove_uids(inbox, 1, &UidSet::range(1, 2))).await;
    // Another device moved them, and it took no care of dates; a third is alike and was never here.
    let moved = |uid, id| NewPlacement { internal_date: mail(9).internal_date, ..named(id, twin(uid, 9)) };
    home.write(move |w| w.insert_new(archive, 1, vec![moved(43, 7), moved(42, 5), moved(41, 6)])).await;
    let rows = home.list(of(archive)).await;
    let at = |uid: u32| rows.iter().find(|r| r.uid == Some(uid)).unwrap();
    assert_eq!((at(41).id, at(42).id), (ids[0], ids[1]));
    assert!(!ids.contains(&at(43).id) && !at(43).waiting, "what is called otherwise did not come from here");
    home.audit().await;
}

#[tokio::test]
async fn two_alike_that_come_at_once_beside_one_that_is_here_are_two_messages() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let (inbox, archive) = (home.mailbox(account, "INBOX").await, home.mailbox(account, "Archive").await);
    home.deliver(inbox, vec![named(5, twin(1, 1))]).await;
    home.deliver(archive, vec![named(5, twin(2, 1)), named(5, twin(1, 1))]).await;
    let messages: std::collections::BTreeSet<_> = home.list(of(archive)).await.iter().map(|r| r.message.0).collect();
    assert_eq!(messages.len(), 2);
    home.audit().await;
}

#[tokio::test]
async fn what_becomes_of_one_row_leaves_the_content_of_others_as_it_is() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let (inbox, archive) = (home.mailbox(account, "INBOX").await, home.mailbox(account, "Archive").await);
    let ids = home.deliver(inbox, vec![named(5, mail(1))]).await;
    let message = home.list(of(inbox)).await[0].message;
    home.write(move |w| w.put_body(message, b"Subject: Letter 1\r\n\r\nHei".to_vec())).await;
    home.deliver(archive, vec![NewPlacement { uid: 4, ..named(5, mail(1)) }]).await;
    // The inbox went to other software, which gives the header otherwise; the archive stays as it is.
    home.write(move |w| w.mailbox_selected(inbox, 2)).await;
    let mut other = NewPlacement { uid: 31, ..named(95, mail(1)) };
    other.headers.identity = [31; 16];
    let inserted = home.write(move |w| w.insert_new(inbox, 2, vec![other])).await;
    assert_eq!((inserted.added.len(), inserted.updated), (0, 1), "by Message-ID, size and date");
    let (here, there) = (home.list(of(inbox)).await, home.list(of(archive)).await);
    assert_eq!((here[0].id, there[0].message), (ids[0], message));
    assert_ne!(here[0].message, message);
    // And its name: what comes under it later is the same content as there.
    let boathouse = home.mailbox(account, "Boathouse").await;
    home.deliver(boathouse, vec![NewPlacement { uid: 8, ..named(5, mail(1)) }]).await;
    assert_eq!(home.list(of(boathouse)).await[0].message, message);
    for content in [here[0].message, message] {
        assert_eq!(home.read(move |r| r.body(content)).await.unwrap(), b"Subject: Letter 1\r\n\r\nHei");
    }
    home.audit().await;
}

#[tokio::test]
async fn a_new_name_for_one_row_is_no_new_name_for_the_others_of_its_content() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let (inbox, archive) = (home.mailbox(account, "INBOX").await, home.mailbox(account, "Archive").await);
    home.deliver(inbox, vec![named(5, mail(1))]).await;
    home.deliver(archive, vec![named(5, mail(1))]).await;
    home.write(move |w| w.mailbox_selected(inbox, 2)).await;
    home.write(move |w| w.insert_new(inbox, 2, vec![NewPlacement { uid: 9, ..named(95, mail(1)) }])).await;
    let boathouse = home.mailbox(account, "Boathouse").await;
    home.deliver(boathouse, vec![NewPlacement { uid: 8, ..named(5, mail(1)) }]).await;
    assert_eq!(home.list(of(boathouse)).await[0].message, home.list(of(archive)).await[0].message);
    home.audit().await;
}

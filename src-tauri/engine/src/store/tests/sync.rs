//! What servers say: folders, UIDVALIDITY, arrivals under new UIDs, removals, bodies, previews.

use super::*;
use godwit_domain::sync::FetchedFlags;

#[tokio::test]
async fn roles_come_from_attributes_before_names() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let folders = vec![
        listed("inbox", &[]),
        listed("Projects/Archive", &[]),
        listed("Bin", &[]),
        listed("Gone", &["\\Trash"]),
        listed("Entwürfe", &[]),
        listed("Projects", &["\\Noselect"]),
    ];
    home.list_only(account, folders).await;
    let boxes = home.read(|r| r.mailboxes()).await;
    let seen: Vec<_> = boxes.iter().map(|m| (m.path.as_str(), m.role)).collect();
    assert_eq!(
        seen,
        [
            ("INBOX", Some(Role::Inbox)),
            ("Entwürfe", Some(Role::Drafts)),
            ("Gone", Some(Role::Trash)),
            ("Bin", None),
            ("Projects", None),
            ("Projects/Archive", None),
        ]
    );
    assert_eq!(boxes[5].parent, Some(boxes[4].id));
    assert!(!boxes[4].selectable);
}

#[tokio::test]
async fn a_list_without_an_inbox_removes_nothing() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    home.write(move |w| w.mailboxes_listed(account, &[])).await;
    assert_eq!(home.read(|r| r.mailboxes()).await.len(), usual_folders().len());
}

#[tokio::test]
async fn a_folder_gone_from_the_server_takes_its_mail_out_of_lists_and_hands_back_what_was_on_its_way() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let (inbox, boathouse) = (home.mailbox(account, "INBOX").await, home.mailbox(account, "Boathouse").await);
    let ids = home.deliver(inbox, mails(1..=2)).await;
    home.deliver(boathouse, mails(5..=6)).await;
    let everywhere = ViewSpec { scope: Scope::Everywhere, ..of(inbox) };
    let view = home.store.view_open(everywhere).await.unwrap();
    assert_eq!(view.len, 4);
    home.store.perform(Action { verb: Verb::Move { to: boathouse }, targets: Targets::ids(&ids[..1]) }).await.unwrap();
    let rest: Vec<Listed> = usual_folders().into_iter().filter(|f| f.path != "Boathouse").collect();
    home.write(move |w| w.mailboxes_listed(account, &rest)).await;
    assert!(home.read(move |r| r.mailbox_by_path(account, "Boathouse")).await.is_some(), "a LIST alone removes nothing");
    home.write(move |w| w.mailboxes_gone(account, &[boathouse])).await;
    assert!(home.read(move |r| r.mailbox_by_path(account, "Boathouse")).await.is_none());
    assert_eq!(home.list(of(inbox)).await.len(), 2);
    assert_eq!(home.store.view_ids(view.view).await.unwrap().len(), 2);
    home.audit().await;
}

#[tokio::test]
async fn a_new_uidvalidity_keeps_ids_bodies_and_wants() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    let ids = home.deliver(inbox, mails(1..=4)).await;
    let message = home.list(of(inbox)).await[0].message;
    home.write(move |w| w.put_body(message, b"Subject: Letter 4\r\n\r\nHei".to_vec())).await;
    home.store.perform(Action { verb: Verb::Archive, targets: Targets::ids(&ids[..1]) }).await.unwrap();
    assert_eq!(home.write(move |w| w.mailbox_selected(inbox, 2)).await, UidValidity::Changed);
    assert_eq!(home.list(of(inbox)).await.len(), 3, "orphans stay on screen");
    let state = home.read(move |r| r.mailbox_state(inbox)).await;
    assert_eq!((state.base_messages, state.synced_down_to), (0, None));
    home.audit().await;
    // Letters 2 to 4 come back under other UIDs; letter 1 is gone; letter 9 is new.
    let again = vec![
        mail(9),
        NewPlacement { uid: 77, ..mail(4) },
        NewPlacement { uid: 76, ..mail(3) },
        NewPlacement { uid: 75, ..mail(2) },
    ];
    let inserted = home.write(move |w| w.insert_new(inbox, 2, again)).await;
    assert_eq!((inserted.added.len(), inserted.updated), (1, 3));
    assert_eq!(home.write(move |w| w.finish_orphans(inbox)).await, 1);
    let rows = home.list(of(inbox)).await;
    assert_eq!(subjects(&rows), ["Letter 9", "Letter 3", "Letter 2"]);
    assert_eq!((rows[1].id, rows[2].id), (ids[1], ids[2]));
    let pending = home.read(move |r| r.pending(account)).await;
    assert_eq!((pending[0].placement, pending[0].uid, pending[0].uidvalidity), (ids[0], Some(77), 2));
    assert_eq!(home.read(move |r| r.body(message)).await.unwrap(), b"Subject: Letter 4\r\n\r\nHei");
    let stale = home.store.write(Lane::Sync, move |w| w.insert_new(inbox, 1, mails(1..=1))).await.unwrap_err();
    assert_eq!(stale.kind, ErrorKind::Busy);
    home.audit().await;
}

/// The mailbox was moved to a server of another make, which gives the header fields in another order.
#[tokio::test]
async fn a_new_uidvalidity_with_other_headers_finds_the_same_letters_by_message_id_size_and_date() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let (inbox, archive) = (home.mailbox(account, "INBOX").await, home.mailbox(account, "Archive").await);
    // An answer stands in the same conversation; letter 3 stands in the archive too.
    let ids = home.deliver(inbox, vec![mail(4), mail(3), answer(2, 1), mail(1)]).await;
    home.deliver(archive, mails(3..=3)).await;
    home.store.perform(Action { verb: Verb::Archive, targets: Targets::ids(&ids[..1]) }).await.unwrap();
    home.write(move |w| w.mailbox_selected(inbox, 2)).await;
    let other_header = |uid: u32, mut mail: NewPlacement| {
        mail.headers.identity = [uid as u8; 16];
        NewPlacement { uid, ..mail }
    };
    let longer = NewPlacement { size: 5_000, ..mail(3) };
    let again =
        vec![other_header(84, mail(4)), other_header(83, longer), other_header(82, answer(2, 1)), other_header(81, mail(1))];
    let inserted = home.write(move |w| w.insert_new(inbox, 2, again)).await;
    assert_eq!((inserted.added.len(), inserted.updated), (1, 3), "another size is another message");
    home.write(move |w| w.finish_orphans(inbox)).await;
    let rows = home.list(of(inbox)).await;
    assert_eq!(rows.iter().map(|r| r.uid.unwrap()).collect::<Vec<_>>(), [83, 82, 81]);
    assert_eq!((rows[1].id, rows[2].id), (ids[2], ids[3]));
    let pending = home.read(move |r| r.pending(account)).await;
    assert_eq!(
        (pending[0].placement, pending[0].uid, pending[0].identity),
        (ids[0], Some(84), [84; 16]),
        "as it is read there now"
    );
    home.audit().await;
}

#[tokio::test]
async fn of_two_equal_copies_the_second_never_vanishes() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    let twin = |uid: u32, at: u32| NewPlacement { uid, internal_date: mail(at).internal_date, ..mail(1) };
    let ids = home.deliver(inbox, vec![twin(2, 2), twin(1, 1)]).await;
    home.store.perform(Action { verb: Verb::DeleteForGood, targets: Targets::ids(&ids[..1]) }).await.unwrap();
    home.write(move |w| w.mailbox_selected(inbox, 2)).await;
    home.write(move |w| w.insert_new(inbox, 2, vec![twin(8, 2), twin(7, 1)])).await;
    home.write(move |w| w.finish_orphans(inbox)).await;
    let rows = home.list(of(inbox)).await;
    assert_eq!(rows.iter().map(|r| (r.id, r.uid)).collect::<Vec<_>>(), [(ids[0], Some(8)), (ids[1], Some(7))]);
    assert!(home.read(move |r| r.pending(account)).await.is_empty(), "a deletion does not follow an ambiguous copy");
    home.audit().await;
}

#[tokio::test]
async fn a_move_on_another_device_keeps_id_body_and_flags_wanted() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let (inbox, archive) = (home.mailbox(account, "INBOX").await, home.mailbox(account, "Archive").await);
    let ids = home.deliver(inbox, mails(1..=3)).await;
    let verb = Verb::Mark { add: vec!["\\Flagged".into()], remove: Vec::new() };
    home.store.perform(Action { verb, targets: Targets::ids(&ids[..1]) }).await.unwrap();
    assert_eq!(home.write(move |w| w.remove_uids(inbox, 1, &UidSet::range(3, 3))).await, 1);
    assert!(home.read(move |r| r.pending(account)).await.is_empty());
    assert_eq!(home.read(move |r| r.waiting_count(account)).await, 0);
    home.audit().await;
    let inserted = home.write(move |w| w.insert_new(archive, 1, vec![NewPlacement { uid: 50, ..mail(3) }])).await;
    assert_eq!((inserted.added.len(), inserted.updated), (0, 1));
    let rows = home.list(of(archive)).await;
    assert_eq!((rows[0].id, rows[0].uid, rows[0].waiting), (ids[0], Some(50), true));
    home.audit().await;
}

#[tokio::test]
async fn a_move_whose_answer_was_lost_is_over_once_both_folders_were_read() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let (inbox, archive) = (home.mailbox(account, "INBOX").await, home.mailbox(account, "Archive").await);
    let boathouse = home.mailbox(account, "Boathouse").await;
    let ids = home.deliver(inbox, mails(1..=2)).await;
    home.store.perform(Action { verb: Verb::Archive, targets: Targets::ids(&ids[..1]) }).await.unwrap();
    // The server did it. Its archive is read first, then the inbox.
    home.deliver(archive, vec![NewPlacement { uid: 50, ..mail(2) }]).await;
    home.write(move |w| w.remove_uids(inbox, 1, &UidSet::range(2, 2))).await;
    // A copy that is made later stays where it is made.
    home.write(move |w| w.insert_new(boathouse, 1, vec![NewPlacement { uid: 9, ..mail(2) }])).await;
    assert!(home.read(move |r| r.pending(account)).await.is_empty());
    let shown = |mailbox| home.list(of(mailbox));
    assert_eq!((shown(inbox).await.len(), shown(archive).await.len(), shown(boathouse).await.len()), (1, 1, 1));
    home.audit().await;
}

#[tokio::test]
async fn flags_of_others_come_through_under_ones_own_wants() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    let ids = home.deliver(inbox, mails(1..=2)).await;
    let verb = Verb::Mark { add: vec!["\\Flagged".into(), "\\Seen".into()], remove: Vec::new() };
    home.store.perform(Action { verb, targets: Targets::ids(&ids[..1]) }).await.unwrap();
    let theirs = vec![
        FetchedFlags { uid: 2, flags: Flags::parse(["\\Seen", "Boat"]), labels: None, modseq: Some(9) },
        FetchedFlags { uid: 77, flags: Flags::none(), labels: None, modseq: None },
    ];
    assert_eq!(home.write(move |w| w.apply_flags(inbox, 1, &theirs)).await, 1);
    let rows = home.list(of(inbox)).await;
    assert_eq!(
        (rows[0].flags.as_slice(), rows[0].labels.as_slice()),
        (["\\Seen".to_owned(), "\\Flagged".into()].as_slice(), ["Boat".to_owned()].as_slice())
    );
    let pending = home.read(move |r| r.pending(account)).await;
    assert_eq!(pending[0].edit.add, Flags::of(flags::bit::FLAGGED), "what is so already need not be pushed");
    home.audit().await;
}

#[tokio::test]
async fn uids_held_and_progress_are_what_was_told() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    home.deliver(inbox, vec![mail(9), mail(8), mail(3)]).await;
    assert_eq!(home.read(move |r| r.uids(inbox, 1, 8)).await, UidSet::parse("3,8").unwrap());
    let found = home.read(move |r| r.uid_identities(inbox, &UidSet::range(8, 99))).await;
    assert_eq!(found.iter().map(|f| f.0).collect::<Vec<_>>(), [8, 9]);
    assert_eq!(found[0].3.as_deref(), Some("8@solheim.example"));
    home.write(move |w| {
        w.set_progress(inbox, 3)?;
        w.set_checkpoint(inbox, Some(10), Some(u64::MAX >> 1))?;
        w.set_checkpoint(inbox, None, None)?;
        w.set_verified(inbox, 5)
    })
    .await;
    let state = home.read(move |r| r.mailbox_state(inbox)).await;
    assert_eq!((state.synced_down_to, state.uidnext, state.highestmodseq), (Some(3), Some(10), Some(u64::MAX >> 1)));
    assert_eq!((state.base_messages, state.verified_at), (3, Some(5)));
}

#[tokio::test]
async fn bodies_and_previews_are_asked_for_until_they_are_here() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let (inbox, junk) = (home.mailbox(account, "INBOX").await, home.mailbox(account, "Junk").await);
    home.deliver(inbox, vec![mail(3), seen(mail(2)), mail(1)]).await;
    home.deliver(junk, vec![mail(9)]).await;
    let missing = home.read(move |r| r.bodies_missing(account, 10, &r.kept(account)?, None, Extent::Whole)).await;
    assert_eq!(missing.iter().map(|m| m.2).collect::<Vec<_>>(), [3, 2, 1]);
    let below = Some(missing[0].0);
    let further = home.read(move |r| r.bodies_missing(account, 10, &r.kept(account)?, below, Extent::Whole)).await;
    assert_eq!(further.iter().map(|m| m.2).collect::<Vec<_>>(), [2, 1], "the next step goes on further down");
    let (newest, second) = (missing[0].3, missing[1].3);
    home.write(move |w| w.put_body(newest, vec![b'x'; 100_000])).await;
    assert_eq!(home.read(move |r| r.body(newest)).await.unwrap().len(), 100_000);
    assert_eq!(home.read(move |r| r.bodies_missing(account, 10, &r.kept(account)?, None, Extent::Whole)).await.len(), 2);
    assert_eq!(home.read(move |r| r.previews_missing(inbox, 10, 0)).await.len(), 3);
    home.write(move |w| {
        w.set_preview(newest, "The boat is ready", Some(true))?;
        w.set_preview(second, "", None)?;
        w.set_preview(MessageId(999_999), "nobody", None)
    })
    .await;
    assert_eq!(home.read(move |r| r.previews_missing(inbox, 10, 0)).await.len(), 1);
    let rows = home.list(of(inbox)).await;
    assert_eq!((rows[0].preview.as_str(), rows[0].attachments), ("The boat is ready", true));
    let found = home.read(|r| r.search("BOAT jonas", 10)).await;
    assert_eq!((found.total, found.rows[0].id), (1, rows[0].id));
    let people = home.read(|r| r.contacts("lind", 5)).await;
    assert_eq!((people[0].address.address.as_str(), people[0].mails), ("jonas@solheim.example", 4));
}

#[tokio::test]
async fn an_account_that_leaves_takes_everything_of_it_along() {
    let home = Home::new();
    let (one, two) = (home.account("marit@fjordlys.example").await, home.account("marit@solheim.example").await);
    for account in [one, two] {
        let inbox = home.mailbox(account, "INBOX").await;
        home.deliver(inbox, mails(1..=3)).await;
    }
    let colors: Vec<u8> = home.read(|r| r.accounts()).await.iter().map(|a| a.color).collect();
    assert_eq!(colors, [1, 4]);
    let inboxes = ViewSpec { scope: Scope::Role { role: Role::Inbox }, filter: Filter::All, threaded: true, search: None };
    let view = home.store.view_open(inboxes).await.unwrap();
    assert_eq!(view.len, 6);
    home.write(move |w| w.account_remove(one)).await;
    assert_eq!(home.store.view_ids(view.view).await.unwrap().len(), 3);
    assert_eq!(home.read(|r| r.accounts()).await.len(), 1);
    home.audit().await;
}

//! Wants that reach into another account, without any server: shown at once, landed, taken back, killed half-way.

use super::*;

struct Two {
    home: Home,
    from: AccountId,
    to: AccountId,
    inbox: MailboxId,
    there: MailboxId,
    ids: Vec<PlacementId>,
}

/// Letters 1 and 2 in one account's inbox; the other account has a boathouse.
async fn two() -> Two {
    let home = Home::new();
    let from = home.account("marit@fjordlys.example").await;
    let to = home.account("marit@club.example").await;
    let inbox = home.mailbox(from, "INBOX").await;
    let there = home.mailbox(to, "Boathouse").await;
    let ids = home.deliver(inbox, mails(1..=2)).await;
    Two { home, from, to, inbox, there, ids }
}

impl Two {
    async fn move_over(&self, id: PlacementId) -> Performed {
        self.home.store.perform(Action { verb: Verb::Move { to: self.there }, targets: Targets::ids([id]) }).await.unwrap()
    }

    async fn carries(&self) -> Vec<Carry> {
        let to = self.to;
        self.home.read(move |r| r.carries(to)).await
    }

    async fn shown(&self) -> (Vec<PlacementId>, Vec<PlacementId>) {
        let ids = |rows: Vec<Row>| rows.iter().map(|r| r.id).collect();
        (ids(self.home.list(of(self.inbox)).await), ids(self.home.list(of(self.there)).await))
    }
}

#[tokio::test]
async fn a_move_into_another_account_is_shown_there_and_pushed_by_neither() {
    let two = two().await;
    let done = two.move_over(two.ids[0]).await;
    assert_eq!(two.shown().await, (vec![two.ids[1]], vec![two.ids[0]]));
    assert_eq!(two.home.list(of(two.there)).await[0].account, two.to);
    let from = two.from;
    assert_eq!(two.home.read(move |r| r.pending(from)).await[0].target, None);
    assert_eq!(two.carries().await.len(), 1);
    two.home.audit().await;
    two.home.store.undo(done.receipt).await.unwrap();
    assert!(two.carries().await.is_empty());
    assert_eq!(two.shown().await, (two.ids.clone(), vec![]));
    two.home.audit().await;
}

#[tokio::test]
async fn what_has_landed_keeps_its_id_and_leaves_only_its_source_to_be_expunged() {
    let two = two().await;
    let (id, there, to, from) = (two.ids[0], two.there, two.to, two.from);
    two.move_over(id).await;
    let landed = two.home.write(move |w| w.carried(id, there, 1, &NewPlacement { uid: 7, ..mail(2) })).await;
    assert_eq!(landed, Landed::Moved(from));
    assert!(two.carries().await.is_empty());
    assert_eq!(two.shown().await, (vec![two.ids[1]], vec![id]));
    let record = two.home.read(move |r| r.message_of(id)).await;
    assert_eq!((record.account, record.uid), (to, Some(7)));
    let left = two.home.read(move |r| r.pending(from)).await;
    assert_eq!((left.len(), left[0].gone, left[0].uid), (1, true, Some(2)));
    two.home.audit().await;
    // The answer to the next mail of this conversation joins it in the new account.
    let inbox = two.home.mailbox(to, "INBOX").await;
    let answers = two.home.deliver(inbox, vec![answer(9, 2)]).await;
    let thread = two.home.read(move |r| r.message_of(answers[0])).await.thread;
    assert_eq!(thread, record.thread);
    let source = left[0].placement;
    two.home.write(move |w| w.gone_confirmed(&[source])).await;
    assert!(two.home.read(move |r| r.pending(from)).await.is_empty());
    two.home.audit().await;
}

#[tokio::test]
async fn a_kill_between_the_two_files_shows_it_once_where_it_landed() {
    let two = two().await;
    let (id, there, to, from) = (two.ids[0], two.there, two.to, two.from);
    two.move_over(id).await;
    let stopped = two
        .home
        .store
        .desk(Lane::Sync, move |desk| {
            desk.stop_between = true;
            desk.transact(Lane::Sync, |w| w.carried(id, there, 1, &NewPlacement { uid: 7, ..mail(2) }))
        })
        .await;
    assert!(stopped.is_err());
    let (home, _) = two.home.again().await;
    let two = Two { home, ..two };
    assert_eq!(two.shown().await, (vec![two.ids[1]], vec![id]));
    let left = two.home.read(move |r| r.pending(from)).await;
    assert_eq!((left.len(), left[0].gone, left[0].uid), (1, true, Some(2)));
    two.home.audit().await;
    // Its row arrives there with the next sync, and is the same.
    let arrived = two.home.write(move |w| w.insert_new(there, 1, vec![NewPlacement { uid: 7, ..mail(2) }])).await;
    assert!(arrived.added.is_empty());
    assert_eq!(two.shown().await, (vec![two.ids[1]], vec![id]));
    assert_eq!(two.home.read(move |r| r.message_of(id)).await.account, to);
    two.home.audit().await;
}

#[tokio::test]
async fn a_kill_as_the_source_is_expunged_never_shows_it_twice() {
    let two = two().await;
    let (id, there, from) = (two.ids[0], two.there, two.from);
    two.move_over(id).await;
    two.home.write(move |w| w.carried(id, there, 1, &NewPlacement { uid: 7, ..mail(2) })).await;
    let source = two.home.read(move |r| r.pending(from)).await[0].placement;
    let stopped = two
        .home
        .store
        .desk(Lane::Sync, move |desk| {
            desk.stop_between = true;
            desk.transact(Lane::Sync, |w| w.gone_confirmed(&[source]))
        })
        .await;
    assert!(stopped.is_err());
    let (home, _) = two.home.again().await;
    let two = Two { home, ..two };
    assert_eq!(two.shown().await, (vec![two.ids[1]], vec![id]));
    two.home.audit().await;
    // The next sync finds it gone, and nothing of it is left: not among the removed either.
    let inbox = two.inbox;
    two.home.write(move |w| w.remove_uids(inbox, 1, &UidSet::range(2, 2))).await;
    assert!(two.home.read(move |r| r.pending(from)).await.is_empty());
    assert_eq!(two.home.read(move |r| r.removed(from, 10)).await.total, 0);
    two.home.audit().await;
}

#[tokio::test]
async fn the_removed_are_listed_and_asked_back_once() {
    let two = two().await;
    let (id, from, inbox) = (two.ids[0], two.from, two.inbox);
    let message = two.home.read(move |r| r.message_of(id)).await.message;
    two.home.write(move |w| w.remove_uids(inbox, 1, &UidSet::range(1, 2))).await;
    let list = two.home.read(move |r| r.removed(from, 10)).await;
    assert_eq!((list.total, list.messages.len()), (2, 2));
    assert!(list.messages.iter().all(|m| m.comes_back == Return::HeaderOnly && m.mailbox == "INBOX"));
    let refused = two.home.store.write(Lane::User, move |w| w.restore(&[id])).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Gone);
    two.home.write(move |w| w.put_body(message, b"Subject: x\r\n\r\nHei\r\n".to_vec())).await;
    let done = two.home.write(move |w| w.restore(&[id])).await;
    assert_eq!(done.said, "1 message comes back to Inbox");
    let carries = two.home.read(move |r| r.carries(from)).await;
    assert_eq!((carries.len(), carries[0].restores, carries[0].target), (1, true, inbox));
    assert!(two.home.store.write(Lane::User, move |w| w.restore(&[id])).await.is_err(), "it was asked back already");
    two.home.store.undo(done.receipt).await.unwrap();
    assert!(two.home.read(move |r| r.carries(from)).await.is_empty());
    two.home.write(move |w| w.restore(&[id])).await;
    let copy = two.home.read(move |r| r.carries(from)).await[0].copy.unwrap();
    // It lands, and the sync that reads it there finds its old row.
    two.home.write(move |w| w.copy_landed(copy)).await;
    let arrived = two.home.write(move |w| w.insert_new(inbox, 1, vec![NewPlacement { uid: 9, ..mail(2) }])).await;
    assert!(arrived.added.is_empty());
    assert_eq!(two.shown().await.0, vec![id]);
    two.home.audit().await;
}

#[tokio::test]
async fn only_trash_and_junk_can_be_emptied() {
    let two = two().await;
    let (from, inbox) = (two.from, two.inbox);
    assert!(two.home.store.write(Lane::User, move |w| w.mailbox_empty(inbox)).await.is_err());
    let trash = two.home.mailbox(from, "Trash").await;
    two.home.deliver(trash, mails(11..=13)).await;
    let done = two.home.write(move |w| w.mailbox_empty(trash)).await;
    assert_eq!((done.count, done.receipt), (3, None));
    assert!(two.home.list(of(trash)).await.is_empty());
    assert_eq!(two.home.read(move |r| r.pending(from)).await.iter().filter(|p| p.gone).count(), 3);
    two.home.audit().await;
}

#[tokio::test]
async fn when_the_other_account_is_removed_its_mail_comes_home() {
    let two = two().await;
    two.move_over(two.ids[0]).await;
    let to = two.to;
    two.home.write(move |w| w.account_remove(to)).await;
    assert_eq!(two.home.list(of(two.inbox)).await.len(), 2);
    two.home.audit().await;
    let (home, _) = two.home.again().await;
    assert_eq!(home.list(of(two.inbox)).await.len(), 2);
    home.audit().await;
}

#[tokio::test]
async fn when_its_own_account_is_removed_nothing_of_it_stays_in_the_other() {
    let two = two().await;
    two.move_over(two.ids[0]).await;
    let from = two.from;
    two.home.write(move |w| w.account_remove(from)).await;
    assert!(two.home.list(of(two.there)).await.is_empty());
    two.home.audit().await;
}

#[tokio::test]
async fn half_a_message_in_the_spool_is_no_message() {
    let two = two().await;
    let id = two.ids[0];
    two.home.write(move |w| w.spool_put(id, 0, b"Subject: x\r\n")).await;
    assert_eq!(two.home.read(move |r| r.spooled(id)).await, None);
    two.home.write(move |w| w.spool_whole(id, 20)).await;
    assert_eq!(two.home.read(move |r| r.spooled(id)).await, None, "a part is missing");
    two.home.write(move |w| w.spool_put(id, 1, b"\r\nHei!\r\n")).await;
    assert_eq!(two.home.read(move |r| r.spooled(id)).await, Some(20));
    let (home, _) = two.home.again().await;
    assert_eq!(home.read(move |r| r.spooled(id)).await, None, "what a run before left is not trusted");
}

#[tokio::test]
async fn what_was_taken_back_is_not_carried() {
    let two = two().await;
    let done = two.move_over(two.ids[0]).await;
    let carry = two.carries().await.remove(0);
    let same = carry.clone();
    assert!(two.home.read(move |r| r.is_wanted(&same)).await);
    two.home.store.undo(done.receipt).await.unwrap();
    assert!(!two.home.read(move |r| r.is_wanted(&carry)).await);
}

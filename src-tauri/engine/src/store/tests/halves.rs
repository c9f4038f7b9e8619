//! The two files of a profile are not written as one: the cache may be behind, and what that must never do.

use super::*;
use std::path::Path;

/// The cache as it was at some earlier moment: a disk may have lost its last writes, which are not synced one by one.
struct Earlier(Vec<u8>);

impl Earlier {
    fn of(home: &Path) -> Self {
        Self(std::fs::read(home.join("cache.db")).unwrap())
    }

    fn put_back(&self, home: &Path) {
        std::fs::write(home.join("cache.db"), &self.0).unwrap();
    }
}

#[tokio::test]
async fn a_wish_never_falls_on_another_message_when_the_cache_lost_its_last_writes() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let (inbox, boathouse) = (home.mailbox(account, "INBOX").await, home.mailbox(account, "Boathouse").await);
    let (home, _) = home.again().await;
    home.store.clone().close().await;
    let earlier = Earlier::of(home.dir.path());
    let (home, _) = home.again().await;
    let doomed = home.deliver(boathouse, mails(1..=1)).await;
    home.store.perform(Action { verb: Verb::DeleteForGood, targets: Targets::ids(&doomed[..]) }).await.unwrap();
    home.store.clone().close().await;
    earlier.put_back(home.dir.path());
    // Another message comes first; it is another, in whatever order the program begins and ends.
    let (home, _) = home.again().await;
    let other = home.deliver(inbox, mails(2..=2)).await;
    assert_ne!(other, doomed);
    let (home, _) = home.again().await;
    assert!(home.read(move |r| r.pending(account)).await.is_empty());
    assert_eq!(subjects(&home.list(of(inbox)).await), ["Letter 2"]);
    // And the one that was meant is known again when it comes.
    home.deliver(boathouse, mails(1..=1)).await;
    let pending = home.read(move |r| r.pending(account)).await;
    assert_eq!((pending.len(), pending[0].gone, pending[0].mailbox), (1, true, boathouse));
    home.audit().await;
}

#[tokio::test]
async fn whatever_names_a_row_in_the_profile_keeps_its_number_from_others() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    home.store.clone().close().await;
    let earlier = Earlier::of(home.dir.path());
    let (home, _) = home.again().await;
    let rows = home.deliver(inbox, mails(1..=4)).await;
    let (answered, moving) = (rows[0], rows.clone());
    home.write(move |w| w.leaves(inbox, 1, &moving, &Doing::Store(FlagEdit::default()))).await;
    home.write(move |w| w.draft_put(&Draft { answers: Some(answered), ..writing::draft(account) })).await;
    home.store.clone().close().await;
    earlier.put_back(home.dir.path());
    let (home, _) = home.again().await;
    let others = home.deliver(inbox, mails(5..=8)).await;
    assert!(others.iter().all(|id| !rows.contains(id)), "{others:?} {rows:?}");
    home.audit().await;
}

#[tokio::test]
async fn an_account_that_was_removed_leaves_nothing_in_a_cache_that_did_not_follow() {
    let home = Home::new();
    let (account, other) = (home.account("marit@fjordlys.example").await, home.account("siri@fjordlys.example").await);
    let (inbox, others) = (home.mailbox(account, "INBOX").await, home.mailbox(other, "INBOX").await);
    home.deliver(inbox, mails(1..=2)).await;
    home.deliver(others, mails(3..=3)).await;
    home.store.clone().close().await;
    let earlier = Earlier::of(home.dir.path());
    let (home, _) = home.again().await;
    home.write(move |w| w.account_remove(account)).await;
    home.store.clone().close().await;
    earlier.put_back(home.dir.path());
    let (home, _) = home.again().await;
    let inboxes = ViewSpec { scope: Scope::Role { role: Role::Inbox }, filter: Filter::All, threaded: false, search: None };
    assert_eq!(subjects(&home.list(inboxes).await), ["Letter 3"]);
    home.audit().await;
}

#[tokio::test]
async fn what_is_to_be_told_is_told_though_the_cache_did_not_follow() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    let ids = home.deliver(inbox, mails(1..=1)).await;
    home.store.perform(Action { verb: Verb::Archive, targets: Targets::ids(&ids[..]) }).await.unwrap();
    let mut events = home.store.subscribe();
    let refused = Error::new(ErrorKind::Refused, "It will not.");
    let done = home
        .store
        .desk(Lane::Sync, move |desk| {
            desk.fail_cache = true;
            let done = desk.transact(Lane::Sync, |w| w.refused(&ids, &Want::Place, &refused));
            desk.fail_cache = false;
            done
        })
        .await;
    assert_eq!(done.unwrap_err().kind, ErrorKind::StorageFull);
    let told = async {
        loop {
            if let Event::Told { error } = events.recv().await.unwrap() {
                return error;
            }
        }
    };
    let told = tokio::time::timeout(std::time::Duration::from_secs(20), told).await.expect("nobody was told");
    assert_eq!(told.kind, ErrorKind::Refused);
    // With the next write the row stands where it belongs.
    home.write(|_| Ok(())).await;
    assert_eq!(subjects(&home.list(of(inbox)).await), ["Letter 1"]);
    home.audit().await;
}

//! A sync's large writes: they stop where a person waits, and conversations that meet within one come out as one.

use super::*;
use godwit_domain::sync::FetchedFlags;
use tokio::sync::oneshot;

async fn inbox(home: &Home) -> (AccountId, MailboxId) {
    let account = home.account("marit@fjordlys.example").await;
    (account, home.mailbox(account, "INBOX").await)
}

/// Runs a sync's write of which a person's write waits from its beginning.
async fn with_somebody_behind<T: Send + 'static>(
    home: &Home,
    work: impl FnOnce(&mut Writer<'_>) -> Result<T> + Send + 'static,
) -> T {
    let (started, begun) = oneshot::channel();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let store = home.store.clone();
    let syncing = tokio::spawn(async move {
        let job = move |w: &mut Writer<'_>| {
            started.send(()).unwrap();
            wait.recv().unwrap();
            work(w)
        };
        store.write(Lane::Sync, job).await.unwrap()
    });
    begun.await.unwrap();
    let mut click = Box::pin(home.store.write(Lane::User, |_| Ok(())));
    tokio::select! {
        biased;
        _ = &mut click => panic!("the click did not wait"),
        () = std::future::ready(()) => {}
    }
    go.send(()).unwrap();
    let out = syncing.await.unwrap();
    click.await.unwrap();
    out
}

#[tokio::test]
async fn rows_are_written_all_at_once_unless_a_person_waits() {
    let home = Home::new();
    let (account, inbox) = inbox(&home).await;
    let intake = home.read(move |r| r.intake(account)).await;
    let mut rows = intake.ready(mails(1_301..=2_500));
    let left = home.write(move |w| w.insert_ready(inbox, 1, &mut rows).map(|_| rows)).await;
    assert!(left.is_empty());
    let mut rows = intake.ready(mails(1..=1_300));
    let (added, mut left) =
        with_somebody_behind(&home, move |w| Ok((w.insert_ready(inbox, 1, &mut rows)?.added.len(), rows))).await;
    assert_eq!((added, left.len()), (500, 800));
    let added = home.write(move |w| w.insert_ready(inbox, 1, &mut left)).await.added;
    assert_eq!(added.len(), 800);
    let uids = home.read(move |r| r.uids(inbox, 1, 5_000)).await;
    assert_eq!(uids, UidSet::range(1, 2_500));
    home.audit().await;
}

#[tokio::test]
async fn flags_changed_elsewhere_are_taken_all_at_once_unless_a_person_waits() {
    let home = Home::new();
    let (_, inbox) = inbox(&home).await;
    home.deliver(inbox, mails(1..=1_200)).await;
    let seen = |uid| FetchedFlags { uid, flags: Flags::of(flags::bit::SEEN), labels: None, modseq: Some(7) };
    let mut flags: Vec<FetchedFlags> = (1..=1_200).map(seen).collect();
    let (changed, mut left) =
        with_somebody_behind(&home, move |w| Ok((w.apply_flags_in_turn(inbox, 1, &mut flags)?, flags))).await;
    assert_eq!((changed, left.len()), (500, 700));
    let (changed, left) = home.write(move |w| Ok((w.apply_flags_in_turn(inbox, 1, &mut left)?, left))).await;
    assert_eq!((changed, left.len()), (700, 0));
    assert_eq!(home.read(move |r| r.mailbox(inbox)).await.unread, 0);
    home.audit().await;
}

/// `mail(uid)` as an answer to both.
fn answer_to_both(uid: u32, one: u32, other: u32) -> NewPlacement {
    let mut mail = answer(uid, one);
    mail.headers.references.push(format!("{other}@solheim.example"));
    mail
}

#[tokio::test]
async fn conversations_that_meet_are_one_and_stay_so() {
    let home = Home::new();
    let (_, inbox) = inbox(&home).await;
    // One is here already, the other comes in the same batch as what joins them.
    home.deliver(inbox, vec![answer(29, 24)]).await;
    home.deliver(inbox, vec![answer(28, 23), answer_to_both(27, 23, 24), mail(26)]).await;
    home.audit().await;
    // Both are here already.
    home.deliver(inbox, vec![answer(19, 14)]).await;
    home.deliver(inbox, vec![answer(18, 13)]).await;
    home.deliver(inbox, vec![answer_to_both(17, 13, 14)]).await;
    home.audit().await;
    // What only knows a reference of a conversation that went into another finds the one that is left.
    home.deliver(inbox, vec![mail(24), mail(23), mail(14), mail(13), mail(2)]).await;
    home.audit().await;
    let threaded = home.list(ViewSpec { threaded: true, ..of(inbox) }).await;
    assert_eq!(subjects(&threaded), ["Letter 29", "Letter 26", "Letter 19", "Letter 2"]);
    assert_eq!(home.list(of(inbox)).await.len(), 12);
}

//! Flags that a server tells by itself: shown at once, and never kept where a later sync would not read them again.

use super::*;
use godwit_domain::sync::FetchedFlags;

fn line(uid: u32, flags: &[&str], modseq: Option<u64>) -> FetchedFlags {
    FetchedFlags { uid, flags: Flags::parse(flags.iter().copied()), labels: None, modseq }
}

/// Three letters, synced up to MODSEQ 20.
async fn synced(home: &Home) -> (AccountId, MailboxId) {
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    home.deliver(inbox, mails(1..=3)).await;
    home.write(move |w| w.set_checkpoint(inbox, Some(4), Some(20))).await;
    (account, inbox)
}

async fn flags(home: &Home, inbox: MailboxId) -> Vec<Vec<String>> {
    home.list(of(inbox)).await.into_iter().rev().map(|row| row.flags).collect()
}

#[tokio::test]
async fn a_flag_that_is_told_shows_at_once_and_the_next_sync_still_begins_where_it_would_have() {
    let home = Home::new();
    let (_, inbox) = synced(&home).await;
    let told = [line(2, &["\\Flagged"], Some(21)), line(77, &["\\Seen"], Some(22))];
    assert_eq!(home.write(move |w| w.apply_pushed(inbox, 1, &told)).await, 1);
    assert_eq!(flags(&home, inbox).await, [vec![], vec!["\\Flagged".to_owned()], vec![]]);
    let state = home.read(move |r| r.mailbox_state(inbox)).await;
    assert_eq!((state.highestmodseq, state.uidnext), (Some(20), Some(4)));
    home.audit().await;
}

#[tokio::test]
async fn a_late_word_changes_nothing() {
    let home = Home::new();
    let (_, inbox) = synced(&home).await;
    let newest = [line(1, &["\\Seen"], Some(30))];
    assert_eq!(home.write(move |w| w.apply_pushed(inbox, 1, &newest)).await, 1);
    let late = [
        line(1, &[], Some(29)),            // older than the row
        line(2, &["\\Flagged"], Some(20)), // a sync has been there
        line(2, &["\\Flagged"], None),     // nobody knows when
    ];
    assert_eq!(home.write(move |w| w.apply_pushed(inbox, 1, &late)).await, 0);
    let of_another_numbering = [line(2, &["\\Flagged"], Some(40))];
    assert_eq!(home.write(move |w| w.apply_pushed(inbox, 2, &of_another_numbering)).await, 0);
    assert_eq!(flags(&home, inbox).await, [vec!["\\Seen".to_owned()], vec![], vec![]]);
    home.audit().await;
}

#[tokio::test]
async fn of_two_words_on_one_letter_the_newer_counts_however_they_come() {
    let home = Home::new();
    let (_, inbox) = synced(&home).await;
    let told =
        [line(3, &["\\Flagged"], Some(25)), line(3, &[], Some(24)), line(2, &[], Some(24)), line(2, &["\\Seen"], Some(25))];
    home.write(move |w| w.apply_pushed(inbox, 1, &told)).await;
    assert_eq!(flags(&home, inbox).await, [vec![], vec!["\\Seen".to_owned()], vec!["\\Flagged".to_owned()]]);
}

#[tokio::test]
async fn a_mailbox_that_keeps_no_modseq_is_left_to_the_sync() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    home.deliver(inbox, mails(1..=1)).await;
    let told = [line(1, &["\\Seen"], Some(9))];
    assert_eq!(home.write(move |w| w.apply_pushed(inbox, 1, &told)).await, 0);
}

#[tokio::test]
async fn what_a_person_wants_stands_above_what_is_told() {
    let home = Home::new();
    let (account, inbox) = synced(&home).await;
    let ids: Vec<PlacementId> = home.list(of(inbox)).await.iter().map(|r| r.id).collect();
    let verb = Verb::Mark { add: vec!["\\Flagged".into()], remove: Vec::new() };
    home.store.perform(Action { verb, targets: Targets::ids(&ids[..1]) }).await.unwrap();
    let told = [line(3, &["\\Seen"], Some(21))];
    home.write(move |w| w.apply_pushed(inbox, 1, &told)).await;
    assert_eq!(flags(&home, inbox).await[2], ["\\Seen", "\\Flagged"]);
    assert_eq!(home.read(move |r| r.waiting_count(account)).await, 1);
    home.audit().await;
}

//! What was wanted of messages that another device removed: waits for them to turn up elsewhere, and is told in the end.

use super::*;

async fn perform(home: &Home, verb: Verb, ids: &[PlacementId]) {
    home.store.perform(Action { verb, targets: Targets::ids(ids) }).await.unwrap();
}

fn star() -> Verb {
    Verb::Mark { add: vec!["\\Flagged".into()], remove: Vec::new() }
}

/// Letters 1 to 4: one is starred, one is archived, one is copied; and all of these go from the server.
async fn removed_elsewhere() -> (Home, AccountId) {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    let ids: Vec<PlacementId> = home.deliver(inbox, mails(1..=4)).await.into_iter().rev().collect();
    perform(&home, star(), &ids[..1]).await;
    perform(&home, Verb::Archive, &ids[1..2]).await;
    let boathouse = home.mailbox(account, "Boathouse").await;
    perform(&home, Verb::Copy { to: boathouse }, &ids[2..3]).await;
    home.write(move |w| w.remove_uids(inbox, 1, &UidSet::range(1, 3))).await;
    (home, account)
}

async fn waiting(home: &Home, account: AccountId) -> (bool, usize) {
    home.read(move |r| {
        let copies = r.pending_copies(account)?.len() + r.stranded_copies(account)?.len();
        Ok((r.has_stranded(account)?, r.waiting_placements()?.len() + copies))
    })
    .await
}

async fn a_minute_goes_by(home: &Home) {
    home.write(|w| w.time_goes_by(120)).await;
}

#[tokio::test]
async fn it_is_told_after_a_while_and_ends() {
    let (home, account) = removed_elsewhere().await;
    assert_eq!(waiting(&home, account).await, (false, 2), "they may turn up elsewhere");
    a_minute_goes_by(&home).await;
    assert!(waiting(&home, account).await.0);
    let mut events = home.store.subscribe();
    home.write(move |w| w.give_up_stranded(account)).await;
    assert_eq!(waiting(&home, account).await, (false, 0));
    let mut told = Vec::new();
    while told.len() < 2 {
        if let Event::Told { error } = events.recv().await.unwrap() {
            told.push(error.what);
        }
    }
    assert_eq!(
        told,
        [
            "2 messages were removed by another device before your changes reached them.",
            "A message that was to be copied is not on the server any more."
        ]
    );
    home.audit().await;
    let (home, _) = home.again().await;
    assert_eq!(waiting(&home, account).await, (false, 0), "after a restart too");
}

#[tokio::test]
async fn what_turns_up_in_time_still_gets_what_was_wanted() {
    let (home, account) = removed_elsewhere().await;
    let boathouse = home.mailbox(account, "Boathouse").await;
    home.deliver(boathouse, mails(1..=1)).await;
    a_minute_goes_by(&home).await;
    home.write(move |w| w.give_up_stranded(account)).await;
    let flagged: Vec<Vec<String>> = home.list(of(boathouse)).await.into_iter().map(|row| row.flags).collect();
    assert_eq!(flagged, [vec!["\\Flagged".to_owned()]]);
    home.audit().await;
}

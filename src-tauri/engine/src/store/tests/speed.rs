//! How fast rows come in and windows go out. Prints figures; fails only where something is off by an order of magnitude.

use super::*;
use std::time::{Duration, Instant};

/// Mail as it is: a third of it answers, ten words of subject, thousands of people.
fn varied(uid: u32) -> NewPlacement {
    let mut mail = if uid.is_multiple_of(3) { answer(uid, uid.saturating_sub(2)) } else { mail(uid) };
    mail.headers.subject = format!("Letter {uid} about the boat, the boathouse and what is to be done before winter");
    mail.headers.from[0].address = format!("person{}@solheim.example", uid % 3_001);
    let hash = uid.wrapping_mul(2_654_435_761).to_le_bytes();
    mail.headers.identity[4..8].copy_from_slice(&hash);
    if uid.is_multiple_of(2) { seen(mail) } else { mail }
}

#[tokio::test]
async fn rows_come_in_fast_and_a_window_costs_the_same_however_long_the_list() {
    let count: u32 = std::env::var("GODWIT_ROWS").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    let threaded = ViewSpec { threaded: true, ..of(inbox) };
    let open = home.store.view_open(threaded.clone()).await.unwrap();
    let mut high = count;
    let (mut inserting, mut slowest) = (Duration::ZERO, Duration::ZERO);
    while high > 0 {
        let low = high.saturating_sub(499).max(1);
        let batch: Vec<NewPlacement> = (low..=high).rev().map(varied).collect();
        let begun = Instant::now();
        home.deliver(inbox, batch).await;
        inserting += begun.elapsed();
        slowest = slowest.max(begun.elapsed());
        high = low - 1;
    }
    println!(
        "{count} rows in {inserting:?}: {:.0} rows/s, slowest batch {slowest:?}",
        f64::from(count) / inserting.as_secs_f64()
    );
    let view = home.store.view_open(of(inbox)).await.unwrap();
    for (name, id, len) in
        [("plain", view.view, count), ("threaded", open.view, home.store.view_ids(open.view).await.unwrap().len() as u32)]
    {
        let mut times: Vec<Duration> = Vec::new();
        for n in 0..200u32 {
            let from = n.wrapping_mul(7_919) % len.saturating_sub(50).max(1);
            let begun = Instant::now();
            let rows = home.store.view_window(id, from, 50).await.unwrap();
            times.push(begun.elapsed());
            assert_eq!(rows.len(), 50.min(len as usize));
        }
        times.sort();
        println!("{name} window of 50 of {len}: p50 {:?}, p99 {:?}", times[100], times[197]);
        assert!(times[100] < Duration::from_millis(100));
    }
    for spec in [of(inbox), threaded] {
        let begun = Instant::now();
        let opened = home.store.view_open(spec).await.unwrap();
        println!("opening a list of {} took {:?}", opened.len, begun.elapsed());
    }
    let begun = Instant::now();
    let found = home.read(|r| r.search("boathouse 77", 50)).await;
    println!("searching {count} messages took {:?} ({} found)", begun.elapsed(), found.total);
    assert!(inserting < Duration::from_secs(u64::from(count) / 500 + 1));
}

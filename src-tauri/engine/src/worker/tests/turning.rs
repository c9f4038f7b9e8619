//! Servers whose numbers turn under the client: UIDs given to other messages, UIDVALIDITY that goes to and fro.

use crate::pretend::{Bend, Lie, Pretend, Then};
use crate::sync::tests::{Home, letters};
use godwit_domain::{PlacementId, Verb};

/// UIDs that were given to other messages under the same UIDVALIDITY: what waits is not done to the wrong ones.
#[tokio::test]
async fn reused_uids_get_nothing_done_to_them_that_was_meant_for_others() {
    for offers in ["UIDPLUS MOVE", "UIDPLUS", "ENABLE CONDSTORE QRESYNC UIDPLUS MOVE", ""] {
        let server = Pretend::offering(offers);
        server.change(|w| w.letters("INBOX", 5));
        let mut home = Home::at(&server).await;
        let sync = home.session().await;
        home.get(&sync).await;
        let rows =
            [home.row("INBOX", "Letter 2").await, home.row("INBOX", "Letter 3").await, home.row("INBOX", "Letter 4").await];
        home.perform(Verb::Archive, &rows[..1]).await;
        home.perform(Verb::DeleteForGood, &rows[1..2]).await;
        server.change(|w| {
            for mail in &mut w.mailbox("INBOX").mails {
                mail.subject = format!("Another {}", mail.uid);
            }
        });
        sync.push().await.unwrap();
        let all = ["Another 1", "Another 2", "Another 3", "Another 4", "Another 5"];
        assert_eq!(server.world().subjects("INBOX"), all, "{offers}");
        assert_eq!(server.world().subjects("Archive"), [""; 0], "{offers}");
        let meant = ["UID MOVE", "UID EXPUNGE", "UID STORE", "UID COPY"].map(|verb| server.heard(verb));
        assert_eq!(meant, [0; 4], "{offers}");
        assert!(!home.told().await.is_empty(), "{offers}");
        assert_eq!(home.waiting().await, 0, "{offers}");
    }
}

/// Every other SELECT and STATUS has another UIDVALIDITY.
#[tokio::test]
async fn a_uidvalidity_that_goes_to_and_fro_costs_no_mail_and_no_wish() {
    for offers in ["ENABLE CONDSTORE QRESYNC UIDPLUS MOVE LIST-EXTENDED LIST-STATUS", "UIDPLUS", ""] {
        let server = Pretend::offering(offers);
        server.change(|w| w.letters("INBOX", 80));
        let home = Home::at(&server).await;
        let sync = home.session().await;
        home.get(&sync).await;
        let ids: Vec<PlacementId> = home.rows("INBOX").await.iter().map(|r| r.id).collect();
        home.perform(Verb::Archive, &[home.row("INBOX", "Letter 7").await]).await;
        for round in 0..12 {
            let other = |_: &str, truth: &[String]| {
                truth.iter().map(|l| l.replace("UIDVALIDITY 7", "UIDVALIDITY 8") + "\r\n").collect::<String>().into_bytes()
            };
            for verb in if round % 2 == 0 { ["SELECT", "STATUS"] } else { ["none", "none"] } {
                server.always(verb, Lie::Bent(Bend { done: true, bytes: other, then: Then::GoOn }));
            }
            // What a confused session answers is its own affair; what it drops is not.
            drop(sync.push().await);
            drop(home.try_get(&sync).await);
            server.repent();
            let all = home.shown("INBOX").await.len() + home.shown("Archive").await.len();
            assert_eq!(all, 80, "{offers}, round {round}");
        }
        sync.push().await.unwrap();
        home.get(&sync).await;
        assert_eq!(server.world().subjects("Archive"), ["Letter 7"], "{offers}");
        let left = letters((1..=80).filter(|n| *n != 7));
        assert_eq!(home.shown("INBOX").await, left, "{offers}");
        let now: Vec<PlacementId> = home.rows("INBOX").await.iter().map(|r| r.id).collect();
        assert!(now.iter().all(|id| ids.contains(id)), "{offers}: the rows are still the same ones");
        assert_eq!(home.waiting().await, 0, "{offers}");
        home.audit().await;
    }
}

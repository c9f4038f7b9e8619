//! One test a row of the table of quirks (`godwit_domain::quirks`): what the engine does otherwise with that server.

use super::*;
use crate::context::Context;
use crate::net::TlsContext;
use crate::worker::Workers;
use std::sync::Arc;
use std::time::Duration;

fn at(host: &str, capabilities: &str) -> Pretend {
    let server = Pretend::offering(capabilities);
    server.change(|w| w.host = host.to_owned());
    server
}

#[tokio::test]
async fn icloud_offers_qresync_and_it_stays_off() {
    let server = at("imap.mail.me.com", "ENABLE CONDSTORE QRESYNC UIDPLUS");
    server.change(|w| w.letters("INBOX", 3));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    server.change(|w| drop(w.expunge("INBOX", |m| m.uid == 2)));
    assert_eq!(home.get(&sync).await.removed, 1);
    assert_eq!((server.heard("ENABLE CONDSTORE"), server.heard("QRESYNC")), (1, 0));
}

#[tokio::test]
async fn yahoo_shows_the_newest_ten_thousand_and_what_is_older_stays() {
    let server = at("imap.mail.yahoo.com", "UIDPLUS");
    server.change(|w| w.letters("INBOX", 10_000));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    // Three came, so three of the oldest are told of no longer; and one in between was really deleted.
    server.change(|w| {
        ["Slip 1", "Slip 2", "Slip 3"].iter().for_each(|subject| _ = w.deliver("INBOX", subject));
        w.expunge("INBOX", |m| m.uid <= 3 || m.uid == 5_000);
    });
    let out = home.get(&sync).await;
    assert_eq!((out.added, out.removed), (3, 1));
    let mailbox = home.mailbox("INBOX").await;
    let held = home.store.read(move |r| r.uids(mailbox, 1, 20_000)).await.unwrap();
    assert!([1, 2, 3].iter().all(|uid| held.contains(*uid)), "old mail went because it was not told of");
    assert!(!held.contains(5_000) && held.contains(10_003));
}

#[tokio::test]
async fn any_other_server_of_that_size_is_believed() {
    let server = at("mail.vik.example", "UIDPLUS");
    server.change(|w| w.letters("INBOX", 10_000));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    server.change(|w| {
        ["Slip 1", "Slip 2", "Slip 3"].iter().for_each(|subject| _ = w.deliver("INBOX", subject));
        w.expunge("INBOX", |m| m.uid <= 3);
    });
    assert_eq!(home.get(&sync).await.removed, 3);
}

#[tokio::test]
async fn coremail_is_signed_in_to_by_login_and_told_who_we_are_though_it_does_not_ask() {
    for server in [at("imap.163.com", ""), at("mail.firm.example", "X-CM-EXT-1")] {
        let by_host = server.world().host == "imap.163.com";
        let home = Home::at(&server).await;
        let sync = home.session().await;
        home.get(&sync).await;
        assert_eq!(server.heard("ID (\"name\""), 1);
        // Before the sign-in nothing but the host can tell.
        assert_eq!((server.heard("LOGIN") > 0, server.heard("AUTHENTICATE") > 0), (by_host, !by_host));
    }
}

#[tokio::test]
async fn qq_hears_no_set_that_runs_backwards() {
    let server = at("imap.qq.com", "UIDPLUS");
    server.change(|w| w.letters("INBOX", 4));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    server.change(|w| drop(w.expunge("INBOX", |m| m.uid == 2)));
    assert_eq!(home.get(&sync).await.removed, 1);
    assert_eq!(server.heard(":*"), 0);
    assert!(server.heard("UID FETCH 1:4294967295 (UID)") > 0);
}

#[tokio::test]
async fn proton_has_every_message_twice_and_it_comes_once() {
    let server = at("127.0.0.1", "ID UIDPLUS SPECIAL-USE LIST-EXTENDED");
    server.change(|w| {
        w.add("All Mail");
        w.letters("INBOX", 2);
        w.letters("All Mail", 2);
    });
    server.always("ID (\"name\"", Lie::Say("* ID (\"name\" \"Proton Mail Bridge\" vendor Proton)\nTAG OK done"));
    let all = "* LIST () \"/\" \"INBOX\"\n* LIST (\\All) \"/\" \"All Mail\"\nTAG OK done";
    server.always("LIST \"\"", Lie::Say(all));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    assert_eq!(home.get(&sync).await.added, 2);
    assert_eq!(server.heard("SELECT \"All Mail\""), 0);
}

/// A worker on an account at this server, and whatever keeps it alive.
async fn working(server: &Pretend) -> (Home, Workers) {
    let home = Home::at(server).await;
    let mut context = Context::new(home.store.clone(), Arc::new(TlsContext::new()), std::path::PathBuf::new());
    context.stand_in = Some(server.dial());
    let workers = Workers::new(context);
    workers.start(home.account);
    (home, workers)
}

async fn soon(what: &str, check: impl Fn() -> bool) {
    for _ in 0..400 {
        if check() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not soon: {what}");
}

#[tokio::test]
async fn yandex_ends_idling_at_random_and_is_listened_to_again_at_once() {
    let server = at("imap.yandex.com", "IDLE UIDPLUS");
    let (_home, workers) = working(&server).await;
    soon("the inbox is listened to", || server.heard("IDLE") == 1).await;
    // The line breaks while it idles; elsewhere the next try would wait for half a minute.
    server.change(|w| w.cut = true);
    soon("it is listened to again", || server.heard("IDLE") >= 2).await;
    workers.stop_all();
}

#[tokio::test]
async fn courier_has_one_connection_that_syncs_and_listens_too() {
    let server = at("mail.firm.example", "IDLE UIDPLUS ACL2=UNION");
    let (home, workers) = working(&server).await;
    soon("the inbox is listened to", || server.heard("IDLE") >= 1).await;
    server.change(|w| _ = w.deliver("INBOX", "Slip 12"));
    let mut came = false;
    for _ in 0..400 {
        came = home.shown("INBOX").await == ["Slip 12"];
        if came {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(came, "new mail was not heard of");
    assert_eq!(server.connections(), 1);
    workers.stop_all();
}

#[tokio::test]
async fn zoho_locks_who_signs_in_too_often_so_a_failure_is_waited_out() {
    for (host, pauses) in [("imap.zoho.com", true), ("mail.vik.example", false)] {
        let server = at(host, "UIDPLUS");
        server.always("LIST", Lie::Silence);
        let (_home, workers) = working(&server).await;
        soon("the first session broke", || server.heard("LIST") >= 1).await;
        // A plain server is tried again after about two seconds, this one after a minute.
        if pauses {
            tokio::time::sleep(Duration::from_secs(6)).await;
            assert_eq!(server.connections(), 1);
        } else {
            soon("it is tried again", || server.connections() >= 2).await;
        }
        workers.stop_all();
    }
}

//! Flags and headers by whatever the server can tell them.

use super::*;

const QRESYNC: &str = "ENABLE CONDSTORE QRESYNC UIDPLUS MOVE";

async fn starred(home: &Home) -> Vec<String> {
    home.rows("INBOX").await.into_iter().filter(|r| r.flags.iter().any(|f| f == "\\Flagged")).map(|r| r.subject).collect()
}

#[tokio::test]
async fn flags_come_through_on_a_qresync_server_whose_mailbox_keeps_no_modseq() {
    let server = Pretend::offering(QRESYNC);
    server.change(|w| w.letters("INBOX", 3));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    server.change(|w| {
        w.mailbox("INBOX").forgets = true;
        w.mark("INBOX", 2, "\\Flagged", true);
    });
    home.get(&sync).await;
    assert_eq!(starred(&home).await, ["Letter 2"]);
    server.change(|w| w.mailbox("INBOX").forgets = false);
    server.change(|w| w.mark("INBOX", 3, "\\Flagged", true));
    home.get(&sync).await;
    assert_eq!(starred(&home).await.len(), 2);
}

#[tokio::test]
async fn a_refused_qresync_select_is_no_news_of_nothing_changed() {
    let server = Pretend::offering(QRESYNC);
    server.change(|w| w.letters("INBOX", 3));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    server.change(|w| w.mark("INBOX", 2, "\\Flagged", true));
    server.once("(QRESYNC (", Lie::Say("TAG BAD what?"));
    home.get(&sync).await;
    assert_eq!(starred(&home).await, ["Letter 2"]);
}

#[tokio::test]
async fn a_server_set_back_to_an_older_modseq_has_all_its_flags_read() {
    let server = Pretend::offering("CONDSTORE UIDPLUS");
    server.change(|w| w.letters("INBOX", 3));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    server.change(|w| {
        w.set_back(1);
        w.mark("INBOX", 3, "\\Flagged", true);
    });
    home.get(&sync).await;
    assert_eq!(starred(&home).await, ["Letter 3"]);
}

#[tokio::test]
async fn a_header_that_cannot_be_read_does_not_cost_a_full_list_at_every_turn() {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| w.letters("INBOX", 4));
    server.always("HEADER.FIELDS", Lie::Garbled("Letter 3"));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    home.get(&sync).await;
    let lists = server.heard("UID FETCH 1:* (UID)");
    home.get(&sync).await;
    home.get(&sync).await;
    assert_eq!(server.heard("UID FETCH 1:* (UID)"), lists);
    // The next session asks again, and this time it can be read.
    server.repent();
    home.get(&home.session().await).await;
    assert_eq!(home.shown("INBOX").await, letters(1..=4));
}

#[tokio::test]
async fn without_condstore_old_flags_are_read_when_they_are_due_and_a_short_reading_does_not_put_that_off() {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| w.letters("INBOX", 450));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    let inbox = home.mailbox("INBOX").await;
    let verified = async || home.store.read(move |r| r.mailbox_state(inbox)).await.unwrap().verified_at;
    let first = verified().await.unwrap();
    server.change(|w| w.mark("INBOX", 2, "\\Flagged", true));
    server.change(|w| w.mark("INBOX", 449, "\\Flagged", true));
    let almost_due = crate::clock::now() - 800;
    home.store.write(Lane::Sync, move |w| w.set_verified(inbox, almost_due)).await.unwrap();
    home.get(&sync).await;
    assert_eq!(starred(&home).await, ["Letter 449"], "the newest are read each time");
    assert_eq!(verified().await, Some(almost_due));
    home.store.write(Lane::Sync, move |w| w.set_verified(inbox, almost_due - 200)).await.unwrap();
    home.get(&sync).await;
    assert_eq!(starred(&home).await, ["Letter 449", "Letter 2"]);
    assert!(verified().await.unwrap() >= first);
}

#[tokio::test]
async fn a_leap_of_the_uids_is_crossed_in_a_few_round_trips() {
    let server = Pretend::offering("CONDSTORE UIDPLUS");
    server.change(|w| w.letters("INBOX", 3));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    let before = server.heard("UID FETCH");
    server.change(|w| {
        w.mailbox("INBOX").next = 1_000_000_000;
        w.deliver("INBOX", "Letter 4");
        w.mailbox("INBOX").next = 4_000_000_000;
        w.deliver("INBOX", "Letter 5");
    });
    home.get(&sync).await;
    assert_eq!(home.shown("INBOX").await, letters(1..=5));
    assert!(server.heard("UID FETCH") - before < 10, "{} commands", server.heard("UID FETCH") - before);
}

#[tokio::test]
async fn first_words_are_fetched_of_the_last_weeks_and_of_what_somebody_scrolls_to() {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| {
        w.letters("INBOX", 4);
        w.silently("INBOX", |mails| mails[..2].iter_mut().for_each(|m| m.days = 100));
    });
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    let inbox = home.mailbox("INBOX").await;
    let previews = async || -> Vec<String> {
        let mut all: Vec<String> = home.rows("INBOX").await.into_iter().map(|r| r.preview).collect();
        all.sort();
        all
    };
    sync.fetch_recent_previews(inbox).await.unwrap();
    assert_eq!(previews().await, ["", "", "Hei, Letter 3.", "Hei, Letter 4."]);
    sync.fetch_previews_of(vec![home.row("INBOX", "Letter 1").await]).await.unwrap();
    assert_eq!(previews().await, ["", "Hei, Letter 1.", "Hei, Letter 3.", "Hei, Letter 4."]);
}

#[tokio::test]
async fn a_folder_that_gives_no_bodies_keeps_no_others_from_theirs() {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| {
        w.letters("INBOX", 3);
        w.deliver("Archive", "Letter 9");
    });
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    // The session leaves Archive, and is not let in again.
    sync.connection().select("INBOX", None).await.unwrap();
    server.always("SELECT \"Archive\"", Lie::Say("TAG NO not you"));
    while sync.prefetch_bodies(api::SyncBodies::Policy, Way::Asked).await.unwrap() {}
    let account = home.account;
    let missing = home.store.read(move |r| r.bodies_missing(account, 10, &r.kept(account)?, None, Extent::Whole)).await.unwrap();
    assert_eq!(missing.len(), 1, "only the refused folder's is missing");
}

#[tokio::test]
async fn new_mail_whose_row_did_not_come_is_asked_for_again_though_the_counts_agree() {
    for capabilities in ["ENABLE CONDSTORE QRESYNC UIDPLUS", "CONDSTORE UIDPLUS", ""] {
        for lie in [Lie::Without("FETCH"), Lie::Garbled("UID 5 ")] {
            let server = Pretend::offering(capabilities);
            server.change(|w| w.letters("INBOX", 4));
            let home = Home::at(&server).await;
            let sync = home.session().await;
            home.get(&sync).await;
            // One goes and one comes: as many as before.
            server.change(|w| {
                w.expunge("INBOX", |m| m.uid == 2);
                w.deliver("INBOX", "Letter 5");
            });
            server.once("INTERNALDATE", lie);
            drop(home.try_get(&sync).await);
            home.get(&sync).await;
            assert_eq!(home.shown("INBOX").await, letters([1, 3, 4, 5]), "{capabilities}");
            home.audit().await;
        }
    }
}

#[tokio::test]
async fn a_mailbox_that_is_numbered_anew_all_the_time_is_told_of_once_and_loses_nothing() {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| w.letters("INBOX", 3));
    let mut home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    for time in 1..=6 {
        server.change(|w| w.renumber("INBOX"));
        home.get(&sync).await;
        assert_eq!(home.shown("INBOX").await, letters(1..=3));
        let told: Vec<String> = home.told().await.into_iter().map(|e| e.what).collect();
        assert_eq!(told.len(), usize::from(time == 4), "at the {time}th time: {told:?}");
    }
    let account = home.account;
    assert_eq!(home.store.read(move |r| r.unstable_mailboxes(account)).await.unwrap(), 1);
    home.audit().await;
}

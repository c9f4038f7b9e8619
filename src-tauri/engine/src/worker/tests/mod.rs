//! The loop of an account against a server that breaks, refuses and surprises.

mod desk;
mod floods;
mod gmail;
mod histories;
mod lies;
mod life;
mod table;
mod turning;

use super::bell::Bell;
use super::*;
use crate::net::TlsContext;
use crate::pretend::{Lie, Pretend};
use crate::sync::tests::{Home, letters};
use crate::sync::{BodyLimit, Had};
use godwit_domain::api::SyncBodies;
use godwit_domain::sync::failures_left;
use godwit_domain::{Activity, KeepPolicy, KeepText, Verb};
use std::sync::atomic::{AtomicU32, Ordering};

/// Fast where time plays no part in a test.
fn hurried() -> Pace {
    Pace {
        watch_again: Duration::from_millis(1),
        probe: Duration::from_millis(20),
        stagger: 0,
        retry: Arc::new(|error, _| match retry_after(error, 1) {
            Retry::After(_) => Retry::After(1),
            stop => stop,
        }),
        ..Pace::default()
    }
}

fn context(home: &Home) -> Context {
    let mut context = Context::new(home.store.clone(), Arc::new(TlsContext::new()), home.dir.path().to_owned());
    context.stand_in = Some(home.server.dial());
    context
}

fn workers(home: &Home, pace: Pace) -> Workers {
    let workers = Workers::at_pace(context(home), pace);
    workers.start(home.account);
    workers
}

/// Waits until it is so; a test that would wait for ever has failed.
async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), waiting).await.expect("it never came to be");
}

async fn all_shown(home: &Home, path: &'static str) {
    until(async || {
        let mut there = home.server.world().subjects(path);
        there.sort();
        home.shown(path).await == there
    })
    .await;
}

/// A running worker whose account is up to date, and that listens in Archive.
async fn listening(capabilities: &str, pace: Pace) -> (Pretend, Home, Workers) {
    let server = Pretend::offering(capabilities);
    server.change(|w| w.letters("INBOX", 3));
    let home = Home::at(&server).await;
    let workers = workers(&home, pace);
    workers.sync(home.account, SyncBodies::None).await.unwrap();
    workers.opened(home.account, home.mailbox("Archive").await);
    if capabilities.contains("IDLE") {
        // One connection listens in the inbox, one in Archive.
        until(async || server.heard("IDLE") >= 2).await;
    }
    (server, home, workers)
}

#[tokio::test]
async fn a_folder_that_cannot_be_opened_does_not_end_the_accounts_session() {
    let (server, home, workers) = listening("IDLE UIDPLUS", hurried()).await;
    let connections = server.connections();
    for answer in ["TAG NO [NONEXISTENT] gone", "TAG NO not you", "TAG BAD what?"] {
        server.always("SELECT \"Archive\"", Lie::Say(answer));
        workers.changed(home.account, home.mailbox("Archive").await);
        server.change(|w| {
            w.deliver("INBOX", answer);
        });
        all_shown(&home, "INBOX").await;
        server.repent();
    }
    assert_eq!(server.connections(), connections, "the same lines serve on");
}

#[tokio::test]
async fn a_sign_in_that_is_followed_by_the_same_failure_makes_the_pauses_grow() {
    let seen: Arc<Mutex<Vec<u32>>> = Arc::default();
    let note = seen.clone();
    let retry = move |_: &Error, failures: u32| {
        note.lock().unwrap().push(failures);
        Retry::After(1)
    };
    let (server, _home, _workers) = listening("IDLE UIDPLUS", Pace { retry: Arc::new(retry), ..hurried() }).await;
    server.always("IDLE", Lie::Cut);
    server.change(|w| {
        w.deliver("Archive", "Letter 9");
    });
    until(async || seen.lock().unwrap().len() >= 4).await;
    let first: Vec<u32> = seen.lock().unwrap().iter().take(4).copied().collect();
    assert_eq!(first, [1, 2, 3, 4]);
    assert_eq!(failures_left(4, 0), 4);
}

#[tokio::test]
async fn what_comes_while_a_folder_is_being_opened_is_seen() {
    let server = Pretend::offering("IDLE UIDPLUS");
    let home = Home::at(&server).await;
    let workers = workers(&home, hurried());
    workers.sync(home.account, SyncBodies::None).await.unwrap();
    for subject in ["Letter 1", "Letter 2", "Letter 3", "Letter 4"] {
        let deliver = move |w: &mut crate::pretend::World| {
            w.deliver("Archive", subject);
        };
        server.once("SELECT \"Archive\"", Lie::After(Box::new(deliver)));
    }
    workers.opened(home.account, home.mailbox("Archive").await);
    until(async || server.heard("IDLE") >= 2).await;
    all_shown(&home, "Archive").await;
    assert!(!home.shown("Archive").await.is_empty());
}

#[tokio::test]
async fn news_that_a_wake_cuts_short_is_not_lost() {
    let (server, home, workers) = listening("IDLE UIDPLUS", hurried()).await;
    // It is there, but nobody was told yet: the server says so after DONE.
    server.world().deliver("Archive", "Letter 7");
    workers.push(home.account);
    all_shown(&home, "Archive").await;
}

#[tokio::test]
async fn who_asks_for_mail_is_answered_by_the_next_line_when_this_one_breaks() {
    let (server, home, workers) = listening("IDLE UIDPLUS", hurried()).await;
    server.once("DONE", Lie::Cut);
    server.world().deliver("INBOX", "Letter 4");
    workers.sync(home.account, SyncBodies::None).await.unwrap();
    assert_eq!(home.shown("INBOX").await, letters(1..=4));
}

#[tokio::test]
async fn everyone_who_asks_at_once_is_answered() {
    let (_server, home, workers) = listening("IDLE UIDPLUS", hurried()).await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (workers, account) = (workers.clone(), home.account);
        asking.spawn(async move { workers.sync(account, SyncBodies::None).await });
    }
    while let Some(answered) = asking.join_next().await {
        answered.unwrap().unwrap();
    }
}

#[tokio::test]
async fn the_poll_comes_however_busy_the_open_folder_is() {
    let pace = Pace { poll: Duration::from_millis(30), ..hurried() };
    let server = Pretend::offering("IDLE UIDPLUS");
    server.change(|w| w.add("Boats"));
    let home = Home::at(&server).await;
    let workers = workers(&home, pace);
    workers.sync(home.account, SyncBodies::None).await.unwrap();
    workers.opened(home.account, home.mailbox("Archive").await);
    let busy = server.clone();
    let noise = tokio::spawn(async move {
        for n in 0..100_000 {
            busy.change(|w| {
                w.expunge("Archive", |_| true);
                w.deliver("Archive", &format!("Noise {n}"));
            });
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    // Nobody listens in this one.
    server.world().deliver("Boats", "Slip 12");
    until(async || home.shown("Boats").await == ["Slip 12"]).await;
    noise.abort();
}

#[tokio::test]
async fn a_refused_password_ends_the_inbox_watch_for_good() {
    let server = Pretend::offering("IDLE UIDPLUS");
    let home = Home::at(&server).await;
    home.get(&home.session().await).await;
    let signed_in = server.heard("AUTHENTICATE");
    server.always("AUTHENTICATE", Lie::Say("TAG NO [AUTHENTICATIONFAILED] no"));
    let context = context(&home);
    let room = context.room_to_watch().unwrap();
    let mut watch = watch::start(context, home.account, Bell::default(), &hurried(), room);
    watch.over().await;
    assert_eq!(server.heard("AUTHENTICATE"), signed_in + 1, "a second try is what locks accounts");
}

#[tokio::test]
async fn where_there_is_no_room_for_a_watch_the_one_line_listens_and_no_more_are_asked_for() {
    let server = Pretend::offering("IDLE UIDPLUS");
    server.change(|w| w.letters("INBOX", 2));
    let signed_in = AtomicU32::new(0);
    let is_another = move |c: &str| c.starts_with("AUTHENTICATE") && signed_in.fetch_add(1, Ordering::Relaxed) > 0;
    server.whenever(is_another, Lie::Say("TAG NO [LIMIT] too many connections"));
    let home = Home::at(&server).await;
    let workers = workers(&home, hurried());
    workers.sync(home.account, SyncBodies::None).await.unwrap();
    until(async || server.heard("IDLE") > 0).await;
    for n in 3..6 {
        server.change(|w| {
            w.deliver("INBOX", &format!("Letter {n}"));
        });
        all_shown(&home, "INBOX").await;
    }
    assert_eq!(server.heard("AUTHENTICATE"), 4, "the line that works, and three that were refused");
}

#[tokio::test]
async fn an_account_beyond_those_that_may_have_two_lines_listens_on_its_one() {
    let server = Pretend::offering("IDLE UIDPLUS");
    let home = Home::at(&server).await;
    let context = context(&home);
    let others: Vec<_> = std::iter::from_fn(|| context.room_to_watch()).collect();
    let room = others.len();
    let workers = Workers::at_pace(context.clone(), hurried());
    workers.start(home.account);
    workers.sync(home.account, SyncBodies::None).await.unwrap();
    until(async || server.heard("IDLE") > 0).await;
    server.change(|w| {
        w.deliver("INBOX", "Letter 1");
    });
    all_shown(&home, "INBOX").await;
    assert_eq!(server.connections(), 1, "its own line, for without one there would be no mail");
    // The others end, and with the next session there is a line that only listens; what it took comes back with the account.
    drop(others);
    assert!(!context.lines.are_many());
    workers.reconnect(home.account);
    until(async || server.connections() >= 3).await;
    workers.stop(home.account).await;
    until(async || std::iter::from_fn(|| context.room_to_watch()).collect::<Vec<_>>().len() == room).await;
}

#[tokio::test]
async fn where_many_lines_stand_the_one_that_a_person_used_longest_ago_closes_for_the_next() {
    let server = Pretend::offering("UIDPLUS");
    let home = Home::at(&server).await;
    let context = context(&home);
    let line = UserLine::new(context.clone());
    let [first, second, third] = [1, 2, 3].map(|n| godwit_domain::AccountId(home.account.0 + n));
    let look = async |account| line.with(account, |conn| async move { conn.noop().await }).await.unwrap();
    look(first).await;
    look(second).await;
    look(first).await;
    assert_eq!(server.connections(), 2);
    let _others: Vec<_> = (2..crate::lines::MOST).map(|_| context.lines.stand()).collect();
    look(third).await;
    look(first).await;
    assert_eq!(server.connections(), 3, "the first had been used since");
    look(second).await;
    assert_eq!(server.connections(), 4, "it had made room");
}

#[tokio::test]
async fn what_the_server_would_not_do_just_now_is_tried_again_before_the_poll() {
    let pace = Pace { again: Duration::from_millis(5), ..hurried() };
    let (server, home, workers) = listening("IDLE UIDPLUS", pace).await;
    server.once("UID STORE", Lie::Say("TAG NO [INUSE] another time"));
    let star = Verb::Mark { add: vec!["\\Flagged".into()], remove: Vec::new() };
    home.perform(star, &[home.row("INBOX", "Letter 1").await]).await;
    workers.push(home.account);
    until(async || server.world().flags("INBOX", 1) == ["\\Flagged"]).await;
    until(async || home.waiting().await == 0).await;
}

#[tokio::test]
async fn after_a_sleep_a_dead_line_is_left_and_a_live_one_is_kept() {
    let (server, home, workers) = listening("UIDPLUS", hurried()).await;
    let lists = server.heard("LIST");
    workers.doubt_lines();
    until(async || server.heard("NOOP") == 1).await;
    workers.sync(home.account, SyncBodies::None).await.unwrap();
    assert!(server.world().heard.iter().rev().find(|(_, c)| c.starts_with("LIST")).unwrap().0 == 0, "the first line serves on");
    assert!(server.heard("LIST") > lists);
    // Now the line says nothing at all any more.
    server.always_on(0, "", Lie::Say(""));
    server.world().deliver("INBOX", "Letter 4");
    workers.doubt_lines();
    all_shown(&home, "INBOX").await;
}

#[tokio::test]
async fn a_worker_that_is_stopped_has_let_go_and_its_late_words_bring_nothing_back() {
    let (server, home, workers) = listening("IDLE UIDPLUS", hurried()).await;
    let account = home.account;
    workers.stop(account).await;
    assert!(!workers.runs(account));
    home.store.write(crate::store::Lane::User, move |w| w.account_remove(account)).await.unwrap();
    let connection = server.connect().await.unwrap();
    let listed = connection.list().await.unwrap();
    let late = home.store.write(crate::store::Lane::Sync, move |w| w.mailboxes_listed(account, &listed)).await;
    assert_eq!(late.unwrap_err().kind, ErrorKind::Gone);
    assert!(home.store.read(|r| r.mailboxes()).await.unwrap().is_empty());
}

#[tokio::test]
async fn who_asked_hears_of_the_failure_and_the_account_comes_back_by_itself() {
    let (server, home, workers) = listening("IDLE UIDPLUS", hurried()).await;
    server.once("LIST \"\" \"*\"", Lie::Cut);
    let failed = workers.sync(home.account, SyncBodies::None).await.unwrap_err();
    assert_eq!(failed.kind, ErrorKind::Offline);
    until(async || matches!(workers.context.activity(home.account), Activity::UpToDate { .. })).await;
}

#[tokio::test]
async fn in_idle_time_every_folder_is_compared_with_the_server() {
    let pace = Pace { poll: Duration::from_millis(20), ..hurried() };
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| w.letters("INBOX", 3));
    let home = Home::at(&server).await;
    let _workers = workers(&home, pace);
    until(async || {
        let boxes = home.store.read(|r| r.mailboxes()).await.unwrap();
        boxes.len() == 2 && boxes.iter().all(|m| m.verified_at.is_some())
    })
    .await;
}

#[tokio::test]
async fn what_makes_or_renames_is_never_sent_twice_when_the_line_breaks() {
    let server = Pretend::offering("UIDPLUS");
    let home = Home::at(&server).await;
    let line = UserLine::new(context(&home));
    line.with(home.account, |conn| async move { conn.noop().await }).await.unwrap();
    server.once("CREATE", Lie::Silence);
    let made = line.once(home.account, |conn| async move { conn.create("Boats").await }).await;
    assert_eq!(made.unwrap_err().kind, ErrorKind::Offline);
    assert_eq!(server.heard("CREATE"), 1);
    assert!(server.world().mailboxes.contains_key("Boats"));
}

#[tokio::test]
async fn the_text_of_long_mail_can_be_read_without_a_network_and_nothing_else_of_it() {
    let (server, home, workers) = listening("UIDPLUS", hurried()).await;
    server.change(|w| {
        w.deliver("INBOX", "Chart 1");
    });
    workers.sync(home.account, SyncBodies::Policy).await.unwrap();
    let line = UserLine::new(context(&home));
    let id = home.row("INBOX", "Chart 1").await;
    server.always("GREETING", Lie::Cut);
    let read = line.readable(id).await.unwrap();
    let text = String::from_utf8(read.raw).unwrap();
    assert_eq!(read.had, Had::Offline);
    assert!(text.contains("Hei, Chart 1.") && text.contains("filename=chart.png") && !text.contains("QUJD"), "{text}");
    assert_eq!(line.body(id, BodyLimit::RAW).await.unwrap_err().kind, ErrorKind::Offline, "half a message is none to save");
    let short = line.readable(home.row("INBOX", "Letter 1").await).await.unwrap();
    assert_eq!(short.had, Had::Whole);
    // Once the server is there again all of it is read, and stays; nothing of it is kept twice.
    server.repent();
    assert_eq!(line.readable(id).await.unwrap().had, Had::Whole);
    let message = home.store.read(move |r| Ok(r.message_of(id)?.message)).await.unwrap();
    assert_eq!(home.store.read(move |r| r.beginning(message)).await.unwrap(), None);
    server.always("GREETING", Lie::Cut);
    assert_eq!(line.readable(id).await.unwrap().had, Had::Whole);
}

#[tokio::test]
async fn a_busy_server_takes_no_mail_back_that_is_on_its_way_there() {
    let server = Pretend::offering("UIDPLUS");
    server.change(|w| w.letters("INBOX", 2));
    let mut desk = desk::Desk::at(&server).await;
    desk.pass(false).await.unwrap();
    server.change(|w| drop(w.expunge("INBOX", |m| m.uid == 1)));
    desk.pass(false).await.unwrap();
    let account = desk.home.account;
    let removed = desk.home.store.read(move |r| r.removed(account, 10)).await.unwrap().messages;
    let ids: Vec<PlacementId> = removed.iter().map(|m| m.id).collect();
    desk.home.store.write(crate::store::Lane::User, move |w| w.restore(&ids)).await.unwrap();
    server.always("APPEND", Lie::Say("TAG NO [INUSE] another time"));
    for _ in 0..7 {
        desk.pass(false).await.unwrap();
    }
    let told = desk.home.told().await;
    assert_eq!((desk.home.waiting().await, told.len()), (1, 0), "{told:?}");
    server.repent();
    desk.pass(false).await.unwrap();
    assert_eq!(server.world().subjects("INBOX"), ["Letter 2", "Letter 1"]);
    assert_eq!(desk.home.waiting().await, 0);
}

#[tokio::test]
async fn mail_to_be_kept_comes_while_nothing_else_is_to_be_done() {
    let (server, home, workers) = listening("IDLE UIDPLUS", hurried()).await;
    let whole = async || home.store.read(|r| r.disk_use()).await.unwrap()[0].whole;
    until(async || whole().await == 3).await;
    // What comes later is fetched too, once the mailboxes were looked at again.
    server.change(|w| {
        w.deliver("INBOX", "One more");
    });
    all_shown(&home, "INBOX").await;
    workers.sync(home.account, SyncBodies::None).await.unwrap();
    until(async || whole().await == 4).await;
    // A person who wants less has less, and gets it back by asking for more.
    let account = home.account;
    let none = KeepPolicy { text: KeepText::None, attachments_mb: 0 };
    home.store.write(crate::store::Lane::User, move |w| w.keep_set(account, None, Some(none))).await.unwrap();
    crate::sync::drop_beyond(&home.store, account).await.unwrap();
    workers.sync(account, SyncBodies::None).await.unwrap();
    assert_eq!(whole().await, 0);
    home.store.write(crate::store::Lane::User, move |w| w.keep_set(account, None, None)).await.unwrap();
    workers.prefetch(account);
    until(async || whole().await == 4).await;
}

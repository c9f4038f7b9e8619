//! What a person wanted, and what the server said to it.

use super::*;

fn star() -> Verb {
    Verb::Mark { add: vec!["\\Flagged".into()], remove: Vec::new() }
}

async fn with_letters(capabilities: &str) -> (Pretend, Home, AccountSync) {
    let server = Pretend::offering(capabilities);
    server.change(|w| w.letters("INBOX", 4));
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    (server, home, sync)
}

async fn held_back(home: &Home) -> u32 {
    let inbox = home.mailbox("INBOX").await;
    home.store.read(move |r| r.mailbox(inbox)).await.unwrap().held_back
}

#[tokio::test]
async fn what_cannot_be_expunged_without_others_mail_stays_hidden_until_it_can() {
    let (server, home, sync) = with_letters("IDLE").await;
    server.change(|w| w.mark("INBOX", 4, "\\Deleted", true));
    home.perform(Verb::DeleteForGood, &[home.row("INBOX", "Letter 1").await]).await;
    for _ in 0..3 {
        sync.push().await.unwrap();
        home.get(&sync).await;
        assert_eq!(home.shown("INBOX").await, letters(2..=4));
        assert_eq!(held_back(&home).await, 1);
    }
    assert_eq!(server.world().subjects("INBOX").len(), 4, "another client's mark is not carried out");
    home.audit().await;
    // A new session knows it too; then the other client changes its mind.
    let sync = home.session().await;
    server.change(|w| w.mark("INBOX", 4, "\\Deleted", false));
    sync.push().await.unwrap();
    home.get(&sync).await;
    assert_eq!(server.world().subjects("INBOX"), ["Letter 2", "Letter 3", "Letter 4"]);
    assert_eq!((held_back(&home).await, home.waiting().await), (0, 0));
    home.audit().await;
}

#[tokio::test]
async fn a_move_by_copy_whose_source_cannot_go_yet_shows_the_message_once() {
    let (server, home, sync) = with_letters("IDLE").await;
    server.change(|w| w.mark("INBOX", 4, "\\Deleted", true));
    let id = home.row("INBOX", "Letter 1").await;
    home.perform(Verb::Archive, &[id]).await;
    for _ in 0..3 {
        sync.push().await.unwrap();
        home.get(&sync).await;
        assert_eq!(home.shown("INBOX").await, letters(2..=4));
        assert_eq!(home.row("Archive", "Letter 1").await, id, "it is the same row");
        assert_eq!(home.rows("Archive").await.len(), 1);
    }
    assert_eq!(held_back(&home).await, 1);
    home.audit().await;
    server.change(|w| drop(w.expunge("INBOX", |m| m.uid == 4)));
    sync.push().await.unwrap();
    home.get(&sync).await;
    assert_eq!(server.world().subjects("INBOX"), ["Letter 2", "Letter 3"]);
    assert_eq!(server.world().subjects("Archive"), ["Letter 1"]);
    assert_eq!(home.waiting().await, 0);
    home.audit().await;
}

#[tokio::test]
async fn a_search_that_misses_our_own_marks_is_not_believed_about_others() {
    let (server, home, sync) = with_letters("IDLE").await;
    server.change(|w| w.mark("INBOX", 4, "\\Deleted", true));
    home.perform(Verb::DeleteForGood, &[home.row("INBOX", "Letter 1").await]).await;
    server.once("UID SEARCH", Lie::Say("* SEARCH\nTAG OK done"));
    sync.push().await.unwrap();
    assert_eq!(server.world().subjects("INBOX").len(), 4);
}

#[tokio::test]
async fn what_the_server_will_not_expunge_is_shown_again_and_not_left_marked() {
    let (server, mut home, sync) = with_letters("UIDPLUS").await;
    home.perform(Verb::DeleteForGood, &[home.row("INBOX", "Letter 1").await]).await;
    server.once("UID EXPUNGE", Lie::Say("TAG NO not you"));
    sync.push().await.unwrap();
    assert_eq!(home.shown("INBOX").await, letters(1..=4));
    assert_eq!(home.told().await.len(), 1);
    assert!(server.world().flags("INBOX", 1).is_empty(), "another client's EXPUNGE would take it");
    home.audit().await;
}

#[tokio::test]
async fn a_refused_flag_does_not_take_the_move_back() {
    let (server, mut home, sync) = with_letters("UIDPLUS MOVE").await;
    let id = home.row("INBOX", "Letter 2").await;
    home.perform(star(), &[id]).await;
    home.perform(Verb::Archive, &[id]).await;
    server.once("UID STORE", Lie::Say("TAG NO no flags here"));
    server.once("UID MOVE", Lie::Silence);
    sync.push().await.unwrap_err();
    assert_eq!(home.told().await.len(), 1, "the star is refused and told");
    assert_eq!(home.shown("Archive").await, ["Letter 2"], "the move is still wanted");
    // The server had moved it before the line broke.
    let sync = home.session().await;
    sync.push().await.unwrap();
    home.get(&sync).await;
    sync.push().await.unwrap();
    assert_eq!(server.world().subjects("Archive"), ["Letter 2"]);
    assert_eq!(home.row("Archive", "Letter 2").await, id);
    assert_eq!(home.waiting().await, 0);
    home.audit().await;
}

#[tokio::test]
async fn a_refused_half_of_an_edit_leaves_the_other_half_wanted() {
    let (server, home, sync) = with_letters("UIDPLUS MOVE").await;
    server.change(|w| w.mark("INBOX", 2, "\\Seen", true));
    home.get(&sync).await;
    let id = home.row("INBOX", "Letter 2").await;
    home.perform(Verb::Mark { add: vec!["\\Flagged".into()], remove: vec!["\\Seen".into()] }, &[id]).await;
    server.once("+FLAGS", Lie::Say("TAG NO no stars here"));
    server.once("-FLAGS", Lie::Say("TAG NO [INUSE] another time"));
    sync.push().await.unwrap();
    assert_eq!(home.waiting().await, 1);
    sync.push().await.unwrap();
    assert!(server.world().flags("INBOX", 2).is_empty(), "the other half was done");
    assert_eq!(home.waiting().await, 0);
    home.audit().await;
}

#[tokio::test]
async fn a_busy_server_takes_no_want_back_however_often_it_says_so() {
    let (server, mut home, sync) = with_letters("UIDPLUS MOVE").await;
    let ids = [home.row("INBOX", "Letter 1").await];
    home.perform(star(), &ids).await;
    home.perform(Verb::Archive, &ids).await;
    home.perform(Verb::Copy { to: home.mailbox("Archive").await }, &[home.row("INBOX", "Letter 2").await]).await;
    for verb in ["UID STORE", "UID MOVE", "UID COPY"] {
        server.always(verb, Lie::Say("TAG NO [INUSE] another time"));
    }
    for _ in 0..7 {
        sync.push().await.unwrap();
    }
    assert!(home.told().await.is_empty());
    server.repent();
    sync.push().await.unwrap();
    home.get(&sync).await;
    assert_eq!(server.world().subjects("Archive").len(), 2);
    assert_eq!(home.waiting().await, 0);
    home.audit().await;
}

#[tokio::test]
async fn many_moves_stop_between_two_commands_when_a_person_takes_them_back() {
    let server = Pretend::offering("UIDPLUS MOVE");
    server.change(|w| w.letters("INBOX", 2_500));
    let home = Home::at(&server).await;
    let pulse = Pulse::default();
    let connection = server.connect().await.unwrap();
    let sync = AccountSync::new(home.store.clone(), connection, home.account, pulse.clone(), server.dial());
    home.get(&sync).await;
    let inbox = home.mailbox("INBOX").await;
    let spec = ViewSpec { scope: Scope::Mailbox { mailbox: inbox }, filter: Filter::All, threaded: false, search: None };
    let view = home.store.view_open(spec).await.unwrap().view;
    let all = Targets::AllBut { view, except: Vec::new() };
    let done = home.store.perform(Action { verb: Verb::Archive, targets: all }).await.unwrap();
    let wants = pulse.clone();
    server.once("UID MOVE", Lie::After(Box::new(move |_| wants.want_push())));
    sync.push().await.unwrap();
    assert_eq!(server.heard("UID MOVE"), 1);
    assert_eq!(server.world().subjects("Archive").len(), 1_000);
    // All of it is taken back: what was not moved yet never is, and what was comes home.
    home.store.undo(done.receipt).await.unwrap();
    pulse.take_push();
    sync.push().await.unwrap();
    home.get(&sync).await;
    assert_eq!((home.waiting().await, server.heard("UID MOVE")), (0, 2));
    assert_eq!(server.world().subjects("INBOX").len(), 2_500);
    assert!(server.world().subjects("Archive").is_empty());
    home.audit().await;
}

#[tokio::test]
async fn a_disk_that_fills_at_any_moment_of_a_push_takes_no_wish_back_and_doubles_nothing() {
    for (capabilities, once) in ["UIDPLUS MOVE", "UIDPLUS", ""].into_iter().flat_map(|c| [(c, true), (c, false)]) {
        for room in 0.. {
            let (server, mut home, sync) = with_letters(capabilities).await;
            let row = async |n: u32| home.row("INBOX", &format!("Letter {n}")).await;
            let rows = [row(1).await, row(2).await, row(3).await];
            let copy = Verb::Copy { to: home.mailbox("Archive").await };
            for (verb, row) in [(star(), rows[0]), (Verb::Archive, rows[0]), (copy, rows[1]), (Verb::DeleteForGood, rows[2])] {
                home.perform(verb, &[row]).await;
            }
            home.store.set_room(Some((room, once))).await;
            let pushed = sync.push().await;
            let met = home.store.set_room(None).await;
            if let Err(error) = &pushed {
                assert_eq!(error.kind, ErrorKind::StorageFull, "{capabilities:?}, room for {room}");
            }
            let session = home.session().await;
            for _ in 0..2 {
                session.push().await.unwrap();
                home.get(&session).await;
            }
            let told = home.told().await;
            assert_eq!((home.waiting().await, told.len()), (0, 0), "{capabilities:?}, room for {room}: {told:?}");
            let mut archived = server.world().subjects("Archive");
            archived.sort();
            assert_eq!(archived, letters(1..=2), "{capabilities:?}, room for {room}");
            assert_eq!(server.world().subjects("INBOX"), letters([2, 4]), "{capabilities:?}, room for {room}");
            home.audit().await;
            if !met {
                assert!(room > 5, "{capabilities:?}: {room}");
                break;
            }
        }
    }
}

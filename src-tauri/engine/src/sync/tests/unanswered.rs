//! STORE and MOVE whose answer was lost, and what the person did before the next session (rules W2 and W4).

use super::*;

const HAS_IT_ALL: &str = "ENABLE CONDSTORE QRESYNC UIDPLUS MOVE";

fn star(on: bool) -> Verb {
    let (star, none) = (vec!["\\Flagged".to_owned()], Vec::new());
    if on { Verb::Mark { add: star, remove: none } } else { Verb::Mark { add: none, remove: star } }
}

async fn with_letters(capabilities: &str) -> (Pretend, Home, PlacementId) {
    let server = Pretend::offering(capabilities);
    server.change(|w| {
        w.letters("INBOX", 3);
        w.add("Boats");
    });
    let home = Home::at(&server).await;
    home.get(&home.session().await).await;
    let id = home.row("INBOX", "Letter 1").await;
    (server, home, id)
}

/// Two passes of a new session each.
async fn again(home: &Home) {
    for _ in 0..2 {
        let sync = home.session().await;
        sync.push().await.unwrap();
        home.get(&sync).await;
    }
    assert_eq!(home.waiting().await, 0);
    home.audit().await;
}

#[tokio::test]
async fn a_star_that_was_taken_back_before_its_lost_answer_is_taken_off_the_server() {
    for restarts in [false, true] {
        let (server, mut home, id) = with_letters(HAS_IT_ALL).await;
        home.perform(star(true), &[id]).await;
        server.once("+FLAGS", Lie::Silence);
        home.session().await.push().await.unwrap_err();
        if restarts {
            home.restart().await;
        }
        home.perform(star(false), &[id]).await;
        again(&home).await;
        assert!(server.world().flags("INBOX", 1).is_empty(), "the last word was to take it off");
        assert!(!home.rows("INBOX").await.iter().any(|row| row.flags.iter().any(|f| f == "\\Flagged")));
    }
}

#[tokio::test]
async fn a_star_put_back_on_before_the_lost_answer_that_took_it_off_is_on() {
    let (server, home, id) = with_letters("").await;
    server.change(|w| w.mark("INBOX", 1, "\\Flagged", true));
    home.get(&home.session().await).await;
    home.perform(star(false), &[id]).await;
    server.once("-FLAGS", Lie::Silence);
    home.session().await.push().await.unwrap_err();
    home.perform(star(true), &[id]).await;
    again(&home).await;
    assert_eq!(server.world().flags("INBOX", 1), ["\\Flagged"]);
}

#[tokio::test]
async fn a_star_that_never_left_and_was_taken_back_is_not_spoken_of_again() {
    let (server, home, id) = with_letters(HAS_IT_ALL).await;
    home.perform(star(true), &[id]).await;
    server.once("+FLAGS", Lie::Cut);
    home.session().await.push().await.unwrap_err();
    home.perform(star(false), &[id]).await;
    again(&home).await;
    assert_eq!((server.heard("+FLAGS"), server.heard("-FLAGS")), (1, 0));
    assert!(server.world().flags("INBOX", 1).is_empty());
}

#[tokio::test]
async fn a_star_that_is_still_wanted_stays_and_another_devices_star_too() {
    let (server, home, id) = with_letters(HAS_IT_ALL).await;
    home.perform(star(true), &[id]).await;
    server.once("+FLAGS", Lie::Silence);
    home.session().await.push().await.unwrap_err();
    again(&home).await;
    assert_eq!(server.world().flags("INBOX", 1), ["\\Flagged"]);
    // Nothing is open any more: what others do is theirs.
    server.change(|w| w.mark("INBOX", 1, "\\Flagged", false));
    again(&home).await;
    assert!(server.world().flags("INBOX", 1).is_empty());
}

#[tokio::test]
async fn a_move_that_was_taken_back_before_its_lost_answer_goes_back() {
    for restarts in [false, true] {
        let (server, mut home, id) = with_letters(HAS_IT_ALL).await;
        home.perform(Verb::Archive, &[id]).await;
        server.once("UID MOVE", Lie::Silence);
        home.session().await.push().await.unwrap_err();
        if restarts {
            home.restart().await;
        }
        home.perform(Verb::Move { to: home.mailbox("INBOX").await }, &[id]).await;
        again(&home).await;
        assert_eq!(server.world().subjects("INBOX"), ["Letter 2", "Letter 3", "Letter 1"]);
        assert_eq!(server.world().subjects("Archive"), [""; 0]);
        assert_eq!(home.row("INBOX", "Letter 1").await, id, "it is the same row");
    }
}

#[tokio::test]
async fn a_move_whose_answer_was_lost_and_that_is_wanted_elsewhere_goes_there() {
    for capabilities in [HAS_IT_ALL, "MOVE"] {
        let (server, home, id) = with_letters(capabilities).await;
        server.change(|w| _ = w.deliver("Archive", "Letter 1"));
        home.get(&home.session().await).await;
        home.perform(Verb::Archive, &[id]).await;
        server.once("UID MOVE", Lie::Silence);
        home.session().await.push().await.unwrap_err();
        home.perform(Verb::Move { to: home.mailbox("Boats").await }, &[id]).await;
        again(&home).await;
        assert_eq!(server.world().subjects("Archive"), ["Letter 1"], "what was there before stays there");
        assert_eq!(server.world().subjects("Boats"), ["Letter 1"]);
        assert_eq!(home.row("Boats", "Letter 1").await, id, "it is the same row");
    }
}

#[tokio::test]
async fn a_move_that_never_left_and_was_taken_back_is_over() {
    let (server, home, id) = with_letters(HAS_IT_ALL).await;
    home.perform(Verb::Archive, &[id]).await;
    server.once("UID MOVE", Lie::Cut);
    home.session().await.push().await.unwrap_err();
    home.perform(Verb::Move { to: home.mailbox("INBOX").await }, &[id]).await;
    again(&home).await;
    assert_eq!((server.heard("UID MOVE"), server.world().subjects("INBOX").len()), (1, 3));
}

#[tokio::test]
async fn a_folder_that_went_meanwhile_leaves_no_question_open() {
    let (server, home, id) = with_letters(HAS_IT_ALL).await;
    home.perform(Verb::Archive, &[id]).await;
    server.once("UID MOVE", Lie::Silence);
    home.session().await.push().await.unwrap_err();
    server.change(|w| _ = w.mailboxes.remove("Archive"));
    again(&home).await;
    let account = home.account;
    assert!(!home.store.read(move |r| r.is_on_wire(account)).await.unwrap());
}

//! What people do to messages: wants, receipts, undo, and their survival of kills and lost caches.

use super::*;

fn act(verb: Verb, ids: &[PlacementId]) -> Action {
    Action { verb, targets: Targets::ids(ids) }
}

fn mark(add: &[&str], remove: &[&str]) -> Verb {
    let own = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
    Verb::Mark { add: own(add), remove: own(remove) }
}

struct Scene {
    home: Home,
    account: AccountId,
    inbox: MailboxId,
    ids: Vec<PlacementId>,
}

/// Letters 1 to `count` in the inbox; `ids[0]` is the newest.
async fn letters(count: u32) -> Scene {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    let ids = home.deliver(inbox, mails(1..=count)).await;
    Scene { home, account, inbox, ids }
}

impl Scene {
    async fn pending(&self) -> Vec<Pending> {
        let account = self.account;
        self.home.read(move |r| r.pending(account)).await
    }

    async fn shown_in(&self, path: &'static str) -> Vec<String> {
        let mailbox = self.home.mailbox(self.account, path).await;
        self.home.list(of(mailbox)).await.into_iter().map(|r| r.subject).collect()
    }

    async fn perform(&self, verb: Verb, ids: &[PlacementId]) -> Performed {
        self.home.store.perform(act(verb, ids)).await.unwrap()
    }
}

#[tokio::test]
async fn archiving_shows_at_once_and_waits_for_the_server() {
    let s = letters(3).await;
    let done = s.perform(Verb::Archive, &s.ids[..2]).await;
    assert_eq!((done.count, done.said.as_str()), (2, "Archived 2 messages"));
    assert_eq!(s.shown_in("INBOX").await, ["Letter 1"]);
    assert_eq!(s.shown_in("Archive").await, ["Letter 3", "Letter 2"]);
    let pending = s.pending().await;
    let archive = s.home.mailbox(s.account, "Archive").await;
    assert!(pending.iter().all(|p| p.mailbox == s.inbox && p.target == Some(archive) && p.edit.is_empty()));
    let account = s.account;
    assert_eq!(s.home.read(move |r| r.waiting_count(account)).await, 2);
    let rows = s.home.list(of(archive)).await;
    assert!(rows.iter().all(|r| r.waiting));
    s.home.audit().await;
}

#[tokio::test]
async fn an_account_without_an_archive_gets_one_beside_its_other_folders() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let mut folders = vec![listed("INBOX", &[]), listed("INBOX/Sent", &[]), listed("INBOX/Trash", &[])];
    folders.iter_mut().for_each(|f| f.delimiter = Some('/'));
    home.list_only(account, folders).await;
    let inbox = home.mailbox(account, "INBOX").await;
    let ids = home.deliver(inbox, mails(1..=1)).await;
    home.store.perform(act(Verb::Archive, &ids)).await.unwrap();
    let states = home.read(move |r| r.mailbox_states(account)).await;
    let made = states.iter().find(|m| m.role == Some(Role::Archive)).unwrap();
    assert_eq!((made.path.as_str(), made.on_server), ("INBOX/Archive", false));
    home.audit().await;
}

#[tokio::test]
async fn marks_that_change_nothing_leave_no_receipt() {
    let s = letters(1).await;
    s.home.deliver(s.inbox, vec![seen(mail(7))]).await;
    let rows = s.home.list(of(s.inbox)).await;
    let read = rows.iter().find(|r| !r.unread()).unwrap().id;
    let done = s.perform(mark(&["\\Seen"], &[]), &[read]).await;
    assert_eq!((done.receipt, done.count), (None, 0));
    assert!(s.pending().await.is_empty());
}

#[tokio::test]
async fn a_message_named_twice_is_meant_once() {
    let s = letters(2).await;
    let boathouse = s.home.mailbox(s.account, "Boathouse").await;
    let twice = [s.ids[0], s.ids[1], s.ids[0]];
    s.perform(Verb::Copy { to: boathouse }, &twice).await;
    let account = s.account;
    assert_eq!(s.home.read(move |r| r.pending_copies(account)).await.len(), 2);
    assert_eq!(s.perform(Verb::Archive, &twice).await.count, 2);
    assert_eq!(s.shown_in("Archive").await, ["Letter 2", "Letter 1"]);
    s.home.audit().await;
}

#[tokio::test]
async fn opposite_actions_cancel_out() {
    let s = letters(1).await;
    let archive = s.home.mailbox(s.account, "Archive").await;
    s.perform(mark(&["\\Flagged", "Work"], &[]), &s.ids).await;
    s.perform(Verb::Archive, &s.ids).await;
    assert_eq!(s.pending().await.len(), 1);
    s.perform(mark(&[], &["\\Flagged", "Work"]), &s.ids).await;
    s.perform(Verb::Move { to: s.inbox }, &s.ids).await;
    assert!(s.pending().await.is_empty());
    assert!(s.home.list(of(archive)).await.is_empty());
    s.home.audit().await;
}

#[tokio::test]
async fn a_chain_of_moves_is_one_move() {
    let s = letters(1).await;
    let (trash, boathouse) = (s.home.mailbox(s.account, "Trash").await, s.home.mailbox(s.account, "Boathouse").await);
    let done = s.perform(Verb::Move { to: boathouse }, &s.ids).await;
    assert_eq!(done.said, "Moved to Boathouse");
    s.perform(Verb::Delete, &s.ids).await;
    let pending = s.pending().await;
    assert_eq!((pending.len(), pending[0].mailbox, pending[0].target), (1, s.inbox, Some(trash)));
    // The first MOVE was on the wire already; its answer comes without a UID.
    let id = s.ids[0];
    s.home.write(move |w| w.moved(id, boathouse, None, None)).await;
    let pending = s.pending().await;
    assert_eq!((pending[0].mailbox, pending[0].uid, pending[0].target), (boathouse, None, Some(trash)));
    // The row arrives there under its new UID and keeps its id and its want.
    let arrived = s.home.write(move |w| w.insert_new(boathouse, 1, vec![NewPlacement { uid: 40, ..mail(1) }])).await;
    assert!(arrived.added.is_empty());
    let pending = s.pending().await;
    assert_eq!((pending[0].placement, pending[0].uid, pending[0].target), (id, Some(40), Some(trash)));
    s.home.audit().await;
}

#[tokio::test]
async fn a_move_that_is_taken_back_while_it_is_on_the_wire_goes_back_once_the_server_has_done_it() {
    for uid in [None, Some(8)] {
        let s = letters(1).await;
        let (archive, id) = (s.home.mailbox(s.account, "Archive").await, s.ids[0]);
        s.perform(Verb::Archive, &s.ids).await;
        s.perform(Verb::Move { to: s.inbox }, &s.ids).await;
        assert!(s.pending().await.is_empty());
        s.home.write(move |w| w.moved(id, archive, Some(1), uid)).await;
        s.home.deliver(archive, vec![NewPlacement { uid: 8, ..mail(1) }]).await;
        let pending = s.pending().await;
        assert_eq!(pending.len(), 1, "the last word was to leave it where it was");
        assert_eq!((pending[0].mailbox, pending[0].uid, pending[0].target), (archive, Some(8), Some(s.inbox)));
        s.home.audit().await;
    }
}

#[tokio::test]
async fn a_mark_that_is_taken_back_while_it_is_on_the_wire_is_taken_back_there_too() {
    let s = letters(1).await;
    let (id, flagged) = (s.ids[0], || vec!["\\Flagged".to_owned()]);
    for on in [true, false] {
        let (there, back) = if on { (flagged(), Vec::new()) } else { (Vec::new(), flagged()) };
        s.perform(Verb::Mark { add: there.clone(), remove: back.clone() }, &s.ids).await;
        let sent = s.pending().await[0].edit.clone();
        s.perform(Verb::Mark { add: back.clone(), remove: there.clone() }, &s.ids).await;
        assert!(s.pending().await.is_empty());
        // The server has done what it was sent.
        let now = Flags::parse(there.iter().map(String::as_str));
        s.home.write(move |w| w.flags_confirmed(id, &sent, &told(now))).await;
        let undone = s.pending().await[0].edit.clone();
        let names = |flags: &Flags| flags.names();
        assert_eq!((names(&undone.add), names(&undone.del)), (back.clone(), there.clone()));
        // Now it is as the other way round began.
        s.perform(Verb::Mark { add: there, remove: back }, &s.ids).await;
        s.home.audit().await;
    }
}

#[tokio::test]
async fn a_new_place_that_holds_another_message_is_not_believed() {
    let s = letters(2).await;
    let (archive, id) = (s.home.mailbox(s.account, "Archive").await, s.ids[0]);
    s.home.deliver(archive, vec![NewPlacement { uid: 9, ..mail(7) }]).await;
    s.perform(Verb::Archive, &s.ids[..1]).await;
    s.home.write(move |w| w.moved(id, archive, Some(1), Some(9))).await;
    s.home.deliver(archive, vec![NewPlacement { uid: 10, ..mail(2) }]).await;
    let uids = s.home.read(move |r| r.uids(archive, 1, 20)).await;
    assert_eq!(uids.iter().collect::<Vec<_>>(), [9, 10], "the other message stays, and this one is found where it is");
    s.home.audit().await;
}

#[tokio::test]
async fn a_confirmed_move_is_no_longer_pending() {
    let s = letters(2).await;
    let archive = s.home.mailbox(s.account, "Archive").await;
    s.perform(Verb::Archive, &s.ids).await;
    let (first, second) = (s.ids[0], s.ids[1]);
    // The server's row was read in the archive before the answer to the MOVE was: they are one message.
    s.home.deliver(archive, vec![NewPlacement { uid: 9, ..mail(2) }]).await;
    s.home.write(move |w| w.moved(first, archive, Some(1), Some(9))).await;
    s.home.write(move |w| w.moved(second, archive, Some(1), Some(8))).await;
    assert!(s.pending().await.is_empty());
    let rows = s.home.list(of(archive)).await;
    assert_eq!(rows.iter().map(|r| (r.id, r.uid)).collect::<Vec<_>>(), [(first, Some(9)), (second, Some(8))]);
    s.home.audit().await;
}

#[tokio::test]
async fn undo_brings_back_what_has_not_changed_since() {
    let s = letters(5).await;
    s.perform(mark(&["\\Seen"], &[]), &s.ids[..1]).await;
    let done = s.perform(Verb::Archive, &s.ids).await;
    let boathouse = s.home.mailbox(s.account, "Boathouse").await;
    s.perform(Verb::Move { to: boathouse }, &s.ids[..2]).await;
    let undone = s.home.store.undo(done.receipt).await.unwrap();
    assert_eq!(undone, Undone { undone: 3, skipped: 2, said: "3 of 5 undone; 2 were changed elsewhere since".into() });
    assert_eq!(s.shown_in("INBOX").await, ["Letter 3", "Letter 2", "Letter 1"]);
    let again = s.home.store.undo(done.receipt).await.unwrap_err();
    assert_eq!(again.kind, ErrorKind::Invalid);
    s.home.audit().await;
}

#[tokio::test]
async fn undo_after_the_server_has_moved_it_moves_it_back() {
    let s = letters(1).await;
    let done = s.perform(Verb::Junk, &s.ids).await;
    let junk = s.home.mailbox(s.account, "Junk").await;
    let id = s.ids[0];
    s.home
        .write(move |w| {
            w.moved(id, junk, Some(1), Some(4))?;
            let pushed = w.pending(AccountId(1))?.remove(0).edit;
            w.flags_confirmed(id, &pushed, &told(Flags::of(flags::bit::JUNK)))
        })
        .await;
    assert!(s.pending().await.is_empty());
    s.home.store.undo(done.receipt).await.unwrap();
    let pending = s.pending().await;
    assert_eq!((pending[0].mailbox, pending[0].target), (junk, Some(s.inbox)));
    assert_eq!(pending[0].edit.del, Flags::of(flags::bit::JUNK));
    s.home.audit().await;
}

#[tokio::test]
async fn receipts_and_wants_survive_a_restart() {
    let s = letters(2).await;
    s.perform(Verb::Archive, &s.ids).await;
    let (home, report) = s.home.again().await;
    assert_eq!(report.healed, 0);
    let account = s.account;
    assert_eq!(home.read(move |r| r.pending(account)).await.len(), 2);
    assert_eq!(home.store.undo(None).await.unwrap().undone, 2);
    assert!(home.read(move |r| r.pending(account)).await.is_empty());
    home.audit().await;
}

#[tokio::test]
async fn a_kill_between_the_two_files_is_healed_at_open() {
    let s = letters(3).await;
    let id = s.ids[1];
    let stopped = s
        .home
        .store
        .desk(Lane::User, move |desk| {
            desk.stop_between = true;
            desk.transact(Lane::Sync, |w| w.perform(&Verb::Archive, &[id]))
        })
        .await;
    assert!(stopped.is_err());
    let (home, report) = s.home.again().await;
    assert_eq!(report.healed, 1);
    let archive = home.mailbox(s.account, "Archive").await;
    assert_eq!(subjects(&home.list(of(archive)).await), ["Letter 2"]);
    home.audit().await;
}

#[tokio::test]
async fn wants_find_their_messages_again_in_a_cache_built_anew() {
    let s = letters(4).await;
    let (archive_it, star_it) = ([s.ids[0]], [s.ids[1]]);
    s.perform(Verb::Archive, &archive_it).await;
    s.perform(mark(&["\\Flagged"], &[]), &star_it).await;
    s.perform(Verb::Copy { to: s.home.mailbox(s.account, "Boathouse").await }, &[s.ids[2]]).await;
    let dir = s.home.dir;
    s.home.store.close().await;
    for name in ["cache.db", "cache.db-wal", "cache.db-shm"] {
        let _ = std::fs::remove_file(dir.path().join(name));
    }
    let (store, _) = Store::open(dir.path(), &ProfileKey::new(KEY)).unwrap();
    let home = Home { dir, store };
    let account = s.account;
    assert_eq!(home.read(move |r| r.waiting_count(account)).await, 3);
    home.write(move |w| {
        for state in w.mailboxes_listed(account, &usual_folders())? {
            // Another UIDVALIDITY: only identity tells the messages.
            w.mailbox_selected(state.id, 2)?;
        }
        Ok(())
    })
    .await;
    let inbox = home.mailbox(account, "INBOX").await;
    let fresh = home.write(move |w| w.insert_new(inbox, 2, mails(1..=4))).await.added;
    assert!(fresh[0].0 > 1_000_000_000, "an id is never used again");
    assert_eq!(subjects(&home.list(of(inbox)).await), ["Letter 3", "Letter 2", "Letter 1"]);
    let pending = home.read(move |r| r.pending(account)).await;
    assert_eq!(pending.len(), 2);
    assert_eq!(pending.iter().find(|p| p.target.is_none()).unwrap().edit.add, Flags::of(flags::bit::FLAGGED));
    let copies = home.read(move |r| r.pending_copies(account)).await;
    assert_eq!((copies.len(), copies[0].placement), (1, fresh[2]));
    home.audit().await;
}

#[tokio::test]
async fn a_flag_the_server_does_not_take_is_kept_here_only() {
    let s = letters(1).await;
    let mut events = s.home.store.subscribe();
    s.perform(mark(&["Work", "\\Seen"], &[]), &s.ids).await;
    let id = s.ids[0];
    let pushed = s.pending().await.remove(0).edit;
    s.home.write(move |w| w.flags_confirmed(id, &pushed, &told(Flags::of(flags::bit::SEEN)))).await;
    assert!(s.pending().await.is_empty());
    let rows = s.home.list(of(s.inbox)).await;
    assert_eq!((rows[0].labels.as_slice(), rows[0].unread()), (["Work".to_owned()].as_slice(), false));
    let told = async {
        loop {
            if let Event::Told { error } = events.recv().await.unwrap() {
                return error.mend;
            }
        }
    };
    assert_eq!(told.await, "It is kept on this machine only.");
    s.perform(mark(&[], &["Work"]), &s.ids).await;
    assert!(s.pending().await.is_empty());
    assert!(s.home.list(of(s.inbox)).await[0].labels.is_empty());
    s.home.audit().await;
}

#[tokio::test]
async fn a_want_made_while_another_is_on_the_wire_is_not_lost() {
    let s = letters(1).await;
    s.perform(mark(&["\\Seen"], &[]), &s.ids).await;
    let pushed = s.pending().await.remove(0).edit;
    s.perform(mark(&["\\Flagged"], &[]), &s.ids).await;
    let id = s.ids[0];
    s.home.write(move |w| w.flags_confirmed(id, &pushed, &told(Flags::of(flags::bit::SEEN)))).await;
    assert_eq!(s.pending().await.remove(0).edit.add, Flags::of(flags::bit::FLAGGED));
}

#[tokio::test]
async fn what_is_taken_back_while_it_is_on_the_wire_is_undone_on_the_server_too() {
    let s = letters(2).await;
    let archive = s.home.mailbox(s.account, "Archive").await;
    s.perform(mark(&["\\Seen"], &[]), &s.ids[..1]).await;
    let marked = s.pending().await.remove(0).edit;
    s.home.store.undo(None).await.unwrap();
    s.perform(Verb::Archive, &s.ids[1..]).await;
    s.home.store.undo(None).await.unwrap();
    assert!(s.pending().await.is_empty());
    let (first, second) = (s.ids[0], s.ids[1]);
    s.home
        .write(move |w| {
            w.flags_confirmed(first, &marked, &told(Flags::of(flags::bit::SEEN)))?;
            w.moved(second, archive, Some(1), Some(9))
        })
        .await;
    let rows = s.home.list(of(s.inbox)).await;
    assert_eq!((rows.len(), rows.iter().filter(|r| r.unread()).count()), (2, 2), "a person sees what was asked for last");
    let mut pending = s.pending().await;
    pending.sort_by_key(|p| p.placement != first);
    assert_eq!((&pending[0].edit.del, pending[0].target), (&Flags::of(flags::bit::SEEN), None));
    assert_eq!((pending[1].mailbox, pending[1].target), (archive, Some(s.inbox)));
    s.home.audit().await;
}

#[tokio::test]
async fn a_refusal_takes_the_want_back_and_is_told() {
    let s = letters(2).await;
    let mut events = s.home.store.subscribe();
    s.perform(Verb::Archive, &s.ids).await;
    let ids = s.ids.clone();
    let first = s.ids[0];
    assert_eq!(s.home.write(move |w| w.count_refusal(first)).await, 1);
    let error = Error::new(ErrorKind::Refused, "The server refused to move 2 messages.").server_words("over quota");
    let said = error.clone();
    s.home.write(move |w| w.refused(&ids, &Want::All, &error)).await;
    assert_eq!(s.shown_in("INBOX").await.len(), 2);
    loop {
        if let Event::Told { error } = events.recv().await.unwrap() {
            assert_eq!(error, said);
            break;
        }
    }
    s.home.audit().await;
}

#[tokio::test]
async fn who_asks_for_it_has_heard_of_a_refusal_before_the_answer() {
    let s = letters(1).await;
    let mut events = s.home.store.subscribe();
    s.perform(Verb::Archive, &s.ids).await;
    let (ids, error) = (s.ids.clone(), Error::new(ErrorKind::Refused, "The server refused to move a message."));
    let said = error.clone();
    s.home.write(move |w| w.refused(&ids, &Want::All, &error)).await;
    s.home.store.tell_now().await.unwrap();
    let heard: Vec<Event> = std::iter::from_fn(|| events.try_recv().ok()).collect();
    assert!(heard.contains(&Event::Told { error: said }), "{heard:?}");
}

#[tokio::test]
async fn deleting_in_trash_asks_for_more_and_for_good_leaves_no_trace_in_lists() {
    let s = letters(1).await;
    s.perform(Verb::Delete, &s.ids).await;
    let refused = s.home.store.perform(act(Verb::Delete, &s.ids)).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Invalid);
    let done = s.perform(Verb::DeleteForGood, &s.ids).await;
    assert_eq!(done.receipt, None);
    assert!(s.shown_in("Trash").await.is_empty());
    assert!(s.pending().await[0].gone);
    let ids = s.ids.clone();
    s.home.write(move |w| w.gone_confirmed(&ids)).await;
    assert!(s.pending().await.is_empty());
    s.home.audit().await;
}

#[tokio::test]
async fn a_copy_shares_its_message_once_the_server_has_made_it() {
    let s = letters(1).await;
    let boathouse = s.home.mailbox(s.account, "Boathouse").await;
    s.perform(Verb::Copy { to: boathouse }, &s.ids).await;
    let account = s.account;
    let copy = s.home.read(move |r| r.pending_copies(account)).await.remove(0);
    s.home.write(move |w| w.copied(copy.id, Some((1, 5)))).await;
    let (here, there) = (s.home.list(of(s.inbox)).await, s.home.list(of(boathouse)).await);
    assert_eq!(here[0].message, there[0].message);
    assert_eq!(there[0].uid, Some(5));
    assert!(s.home.read(move |r| r.pending_copies(account)).await.is_empty());
    s.home.audit().await;
}

#[tokio::test]
async fn a_whole_list_but_two_is_archived_by_its_view() {
    let s = letters(6).await;
    let view = s.home.store.view_open(of(s.inbox)).await.unwrap().view;
    let targets = Targets::AllBut { view, except: s.ids[..2].to_vec() };
    let done = s.home.store.perform(Action { verb: Verb::Archive, targets }).await.unwrap();
    assert_eq!(done.count, 4);
    assert_eq!(s.home.store.view_ids(view).await.unwrap(), s.ids[..2]);
}

#[tokio::test]
async fn ten_thousand_messages_go_in_one_action() {
    let s = letters(1).await;
    for low in (1..10_000).step_by(500) {
        s.home.deliver(s.inbox, mails(low + 1..=low + 500)).await;
    }
    let threaded = s.home.store.view_open(ViewSpec { threaded: true, ..of(s.inbox) }).await.unwrap();
    assert_eq!(threaded.len, 10_001);
    let begun = std::time::Instant::now();
    let targets = Targets::AllBut { view: threaded.view, except: Vec::new() };
    let done = s.home.store.perform(Action { verb: Verb::Archive, targets }).await.unwrap();
    println!("10,001 messages archived in {:?}", begun.elapsed());
    assert_eq!(done.count, 10_001);
    assert!(s.home.store.view_ids(threaded.view).await.unwrap().is_empty());
    assert!(begun.elapsed().as_secs() < 20);
    s.home.audit().await;
}

//! A server whose folders are labels (docs/decisions/0005-gmail-labels.md): what is shown where, and what a person's verbs become.

use super::*;

const ALL: &str = "[Gmail]/All Mail";
const TRASH: &str = "[Gmail]/Trash";
const SPAM: &str = "[Gmail]/Spam";
const STARRED: &str = "[Gmail]/Starred";

/// Letters 1 to 4: in the inbox, in the inbox and under Work, under Work alone, nowhere but in All Mail.
async fn with_labels() -> (Pretend, Home, AccountSync) {
    let server = Pretend::gmail();
    server.change(|w| {
        w.add("Work");
        w.add("Bills");
        w.arrive("Letter 1", &["\\Inbox"]);
        w.arrive("Letter 2", &["\\Inbox", "Work"]);
        w.arrive("Letter 3", &["Work"]);
        w.arrive("Letter 4", &[]);
    });
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    home.audit().await;
    (server, home, sync)
}

impl Home {
    /// Does a verb to what is chosen in an open list.
    async fn perform_in(&self, path: &'static str, subjects: &[&str], verb: Verb) {
        let mailbox = self.mailbox(path).await;
        let spec = ViewSpec { scope: Scope::Mailbox { mailbox }, filter: Filter::All, threaded: false, search: None };
        let view = self.store.view_open(spec).await.unwrap().view;
        let mut ids = Vec::new();
        for subject in subjects {
            ids.push(self.row(path, subject).await);
        }
        let targets = Targets::Ids { ids, threads: false, view: Some(view) };
        self.store.perform(Action { verb, targets }).await.unwrap();
        self.store.view_close(view);
    }

    async fn counts(&self, path: &'static str) -> (u32, u32) {
        let id = self.mailbox(path).await;
        let mailbox = self.store.read(move |r| r.mailbox(id)).await.unwrap();
        (mailbox.messages, mailbox.unread)
    }

    /// Pushes, reads all again, and finds nothing left to do and nothing out of step.
    async fn settle(&self, sync: &AccountSync) {
        sync.push().await.unwrap();
        self.get(sync).await;
        sync.push().await.unwrap();
        assert_eq!(self.waiting().await, 0);
        self.audit().await;
    }
}

fn mark(add: &[&str], remove: &[&str]) -> Verb {
    let names = |all: &[&str]| all.iter().map(|n| (*n).to_owned()).collect();
    Verb::Mark { add: names(add), remove: names(remove) }
}

#[tokio::test]
async fn every_message_is_read_once_and_shown_wherever_it_has_a_label() {
    let (server, home, _) = with_labels().await;
    assert_eq!(home.shown(ALL).await, letters(1..=4));
    assert_eq!(home.shown("INBOX").await, letters(1..=2));
    assert_eq!(home.shown("Work").await, letters(2..=3));
    assert!(home.shown("Bills").await.is_empty());
    assert_eq!((home.counts("INBOX").await, home.counts("Work").await, home.counts(ALL).await), ((2, 2), (2, 2), (4, 4)));
    assert_eq!((server.heard("SELECT \"INBOX\""), server.heard("SELECT \"Work\"")), (0, 0), "no label is opened as a folder");
    assert_eq!(home.row("Work", "Letter 2").await, home.row("INBOX", "Letter 2").await, "it is one row in both");
    let row = home.rows("Work").await.into_iter().find(|r| r.subject == "Letter 2").unwrap();
    assert_eq!((row.labels.as_slice(), row.mailbox), (["Work".to_owned()].as_slice(), home.mailbox("Work").await));
    assert_eq!(row.count, 1, "it is one message of its conversation");
}

#[tokio::test]
async fn archiving_takes_the_inbox_off_and_nothing_else() {
    let (server, home, sync) = with_labels().await;
    let ids = [home.row("INBOX", "Letter 1").await, home.row("INBOX", "Letter 2").await];
    home.perform(Verb::Archive, &ids).await;
    assert!(home.shown("INBOX").await.is_empty(), "at once");
    assert_eq!((home.counts("INBOX").await, home.counts("Work").await), ((0, 0), (2, 2)));
    home.audit().await;
    home.settle(&sync).await;
    assert_eq!((server.labels("Letter 1"), server.labels("Letter 2")), (vec![], vec!["Work".to_owned()]));
    assert_eq!(server.heard("-X-GM-LABELS.SILENT (\\Inbox)"), 1, "in one command");
    assert_eq!((server.heard("UID MOVE"), server.heard("CREATE")), (0, 0));
    home.store.undo(None).await.unwrap();
    assert_eq!(home.shown("INBOX").await, letters(1..=2));
    home.settle(&sync).await;
    assert_eq!(server.subjects("INBOX").len(), 2);
}

#[tokio::test]
async fn a_move_puts_one_label_on_and_takes_off_that_of_the_list_it_was_chosen_in() {
    let (server, home, sync) = with_labels().await;
    let bills = home.mailbox("Bills").await;
    home.perform_in("Work", &["Letter 2", "Letter 3"], Verb::Move { to: bills }).await;
    assert_eq!((home.shown("Work").await, home.shown("Bills").await), (vec![], letters(2..=3)));
    assert_eq!(home.shown("INBOX").await, letters(1..=2), "it was not chosen there");
    home.settle(&sync).await;
    assert_eq!(server.labels("Letter 2"), ["Bills", "\\Inbox"]);
    assert_eq!(server.labels("Letter 3"), ["Bills"]);
    assert_eq!((server.heard("UID STORE"), server.heard("UID COPY")), (2, 0));
    let undone = home.store.undo(None).await.unwrap();
    assert_eq!((undone.undone, undone.skipped), (2, 0));
    home.settle(&sync).await;
    assert_eq!(server.labels("Letter 2"), ["Work", "\\Inbox"]);
    assert_eq!((home.shown("Work").await, home.shown("Bills").await), (letters(2..=3), vec![]));
}

#[tokio::test]
async fn a_move_out_of_no_list_is_out_of_the_inbox_or_of_the_only_label() {
    let (server, home, sync) = with_labels().await;
    let bills = home.mailbox("Bills").await;
    let ids = [home.row(ALL, "Letter 2").await, home.row(ALL, "Letter 3").await, home.row(ALL, "Letter 4").await];
    home.perform(Verb::Move { to: bills }, &ids).await;
    home.settle(&sync).await;
    assert_eq!(server.labels("Letter 2"), ["Bills", "Work"]);
    assert_eq!(server.labels("Letter 3"), ["Bills"]);
    assert_eq!(server.labels("Letter 4"), ["Bills"]);
    home.perform_in("Bills", &["Letter 4"], Verb::Move { to: home.mailbox(ALL).await }).await;
    home.settle(&sync).await;
    assert!(server.labels("Letter 4").is_empty(), "moved to All Mail it only leaves its folder");
}

#[tokio::test]
async fn a_copy_is_one_more_label_and_of_nothing_else_there_are_two() {
    let (server, home, sync) = with_labels().await;
    let id = home.row("INBOX", "Letter 1").await;
    home.perform(Verb::Copy { to: home.mailbox("Work").await }, &[id]).await;
    assert_eq!((home.shown("INBOX").await, home.shown("Work").await), (letters(1..=2), letters(1..=3)));
    home.settle(&sync).await;
    assert_eq!(server.labels("Letter 1"), ["Work", "\\Inbox"]);
    assert_eq!(server.heard("UID COPY"), 0);
    let to = home.mailbox(TRASH).await;
    let refused = home.store.perform(Action { verb: Verb::Copy { to }, targets: Targets::ids([id]) }).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Invalid);
}

#[tokio::test]
async fn what_is_deleted_is_moved_to_trash_and_comes_back_with_its_labels() {
    let (server, home, sync) = with_labels().await;
    home.perform_in("INBOX", &["Letter 2"], Verb::Delete).await;
    assert_eq!(
        (home.shown("INBOX").await, home.shown("Work").await, home.shown(TRASH).await),
        (letters([1]), letters([3]), letters([2]))
    );
    let undone = home.store.undo(None).await.unwrap();
    assert_eq!((undone.undone, undone.skipped), (1, 0));
    assert_eq!(
        (home.shown("INBOX").await, home.shown("Work").await),
        (letters(1..=2), letters(2..=3)),
        "before anything was pushed"
    );
    assert_eq!(home.waiting().await, 0);
    home.perform_in("INBOX", &["Letter 2"], Verb::Delete).await;
    home.settle(&sync).await;
    assert_eq!((server.subjects(TRASH), server.labels("Letter 2")), (letters([2]), vec![]));
    assert_eq!((server.heard("UID MOVE"), server.heard("EXPUNGE"), server.heard("X-GM-LABELS.SILENT")), (1, 0, 0));
    let undone = home.store.undo(None).await.unwrap();
    assert_eq!((undone.undone, undone.skipped), (1, 0));
    assert_eq!(
        (home.shown("INBOX").await, home.shown("Work").await, home.shown(TRASH).await),
        (letters(1..=2), letters(2..=3), vec![])
    );
    home.audit().await;
    sync.push().await.unwrap();
    assert_eq!(server.labels("Letter 2"), ["Work", "\\Inbox"], "one push brings it home and its labels on");
    home.settle(&sync).await;
    assert_eq!(home.shown("Work").await, letters(2..=3));
}

#[tokio::test]
async fn junk_is_moved_to_spam_and_what_is_no_junk_comes_to_the_inbox() {
    let (server, home, sync) = with_labels().await;
    let id = home.row("Work", "Letter 3").await;
    home.perform(Verb::Junk, &[id]).await;
    home.settle(&sync).await;
    assert_eq!(
        (server.subjects(SPAM), home.shown(SPAM).await, home.shown("Work").await),
        (letters([3]), letters([3]), letters([2]))
    );
    home.perform(Verb::NotJunk, &[id]).await;
    home.settle(&sync).await;
    assert_eq!((server.labels("Letter 3"), home.shown("INBOX").await), (vec!["\\Inbox".to_owned()], letters(1..=3)));
    assert!(home.shown(SPAM).await.is_empty());
}

#[tokio::test]
async fn what_goes_for_good_goes_by_the_trash_for_elsewhere_expunge_is_a_matter_of_settings() {
    let (server, home, sync) = with_labels().await;
    home.perform(Verb::DeleteForGood, &[home.row("INBOX", "Letter 1").await]).await;
    assert_eq!((home.shown("INBOX").await, home.shown(ALL).await), (letters([2]), letters(2..=4)));
    home.settle(&sync).await;
    assert_eq!(server.kept(), ["Letter 2", "Letter 3", "Letter 4"]);
    let selected_last = server
        .world()
        .heard
        .iter()
        .filter(|(_, c)| c.starts_with("SELECT") || c.contains("EXPUNGE"))
        .map(|(_, c)| c.clone())
        .collect::<Vec<_>>();
    let at = selected_last.iter().position(|c| c.contains("EXPUNGE")).unwrap();
    assert!(selected_last[at - 1].contains(TRASH), "{selected_last:?}");
}

#[tokio::test]
async fn without_a_trash_to_be_seen_nothing_is_expunged_and_it_is_told() {
    let server = Pretend::gmail();
    server.change(|w| {
        w.hide(TRASH, true);
        w.arrive("Letter 1", &["\\Inbox"]);
    });
    let mut home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    let id = home.row("INBOX", "Letter 1").await;
    home.perform(Verb::DeleteForGood, &[id]).await;
    sync.push().await.unwrap();
    assert_eq!((server.heard("EXPUNGE"), home.told().await.len(), home.waiting().await), (0, 1, 0));
    assert_eq!(home.shown("INBOX").await, letters([1]));
    let refused = home.store.perform(Action { verb: Verb::Delete, targets: Targets::ids([id]) }).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Invalid, "a label called Trash is no trash");
    home.audit().await;
}

#[tokio::test]
async fn labels_changed_elsewhere_are_heard_of_by_modseq() {
    let (server, home, sync) = with_labels().await;
    let read = server.heard("X-GM-MSGID");
    server.change(|w| {
        w.label("Letter 1", "\\Inbox", false);
        w.label("Letter 4", "Bills", true);
        w.label("Letter 3", "Work", false);
    });
    let out = home.get(&sync).await;
    assert_eq!((out.changed, out.added, out.removed), (3, 0, 0));
    assert_eq!(
        (home.shown("INBOX").await, home.shown("Work").await, home.shown("Bills").await),
        (letters([2]), letters([2]), letters([4]))
    );
    assert!(server.heard("X-GM-LABELS) (CHANGEDSINCE") > 0);
    assert_eq!(server.heard("X-GM-MSGID"), read, "no header was read again");
    home.audit().await;
}

#[tokio::test]
async fn what_is_trashed_elsewhere_is_missed_in_all_mail_and_found_in_trash() {
    let (server, home, sync) = with_labels().await;
    let id = home.row("Work", "Letter 2").await;
    server.change(|w| w.put("Letter 2", TRASH));
    home.get(&sync).await;
    assert_eq!(
        (home.shown("INBOX").await, home.shown("Work").await, home.shown(TRASH).await),
        (letters([1]), letters([3]), letters([2]))
    );
    assert_eq!(home.row(TRASH, "Letter 2").await, id, "it is the same row");
    server.change(|w| w.put("Letter 2", ALL));
    home.get(&sync).await;
    assert_eq!(
        (home.shown("INBOX").await, home.shown("Work").await),
        (letters([1]), letters([3])),
        "archived, as the server says"
    );
    assert_eq!(home.shown(ALL).await, letters(1..=4));
    home.audit().await;
}

#[tokio::test]
async fn a_star_is_a_flag_and_its_folder_follows_it() {
    let (server, home, sync) = with_labels().await;
    home.perform(mark(&["\\Flagged"], &[]), &[home.row("Work", "Letter 3").await]).await;
    assert_eq!(home.shown(STARRED).await, letters([3]));
    home.settle(&sync).await;
    assert_eq!((server.subjects(STARRED), server.heard("X-GM-LABELS.SILENT")), (letters([3]), 0));
    server.change(|w| w.label("Letter 1", "\\Starred", true));
    home.get(&sync).await;
    assert_eq!(home.shown(STARRED).await, ["Letter 1", "Letter 3"]);
    home.perform_in(STARRED, &["Letter 1"], Verb::Move { to: home.mailbox("Bills").await }).await;
    home.settle(&sync).await;
    assert_eq!(server.labels("Letter 1"), ["Bills", "\\Inbox"]);
    assert_eq!(home.shown(STARRED).await, letters([3]));
}

#[tokio::test]
async fn labels_of_any_spelling_come_and_go() {
    let server = Pretend::gmail();
    let odd = ["Muy Importante", "a (b)", "Entw&APw-rfe/Q&-A", "[x]", "back\\slash", "say \"hi\""];
    server.change(|w| {
        odd.iter().filter(|label| !label.contains(['"', '\\'])).for_each(|label| w.add(label));
        w.arrive("Letter 1", &odd);
        w.arrive("Letter 2", &[]);
    });
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    for path in ["Muy Importante", "a (b)", "Entw\u{fc}rfe/Q&A", "[x]"] {
        assert_eq!(home.shown(path).await, letters([1]), "{path}");
        let to = home.mailbox(path).await;
        home.perform(Verb::Copy { to }, &[home.row(ALL, "Letter 2").await]).await;
    }
    let all = home.rows(ALL).await.into_iter().find(|r| r.subject == "Letter 1").unwrap().labels;
    assert_eq!(all, ["Entw\u{fc}rfe/Q&A", "Muy Importante", "[x]", "a (b)", "back\\slash", "say \"hi\""]);
    home.settle(&sync).await;
    assert_eq!(server.labels("Letter 2"), ["Entw&APw-rfe/Q&-A", "Muy Importante", "[x]", "a (b)"]);
    assert_eq!(server.heard("UID STORE"), 1);
}

#[tokio::test]
async fn a_label_that_a_person_gives_is_a_folder_on_the_server() {
    let (server, home, sync) = with_labels().await;
    let id = home.row("INBOX", "Letter 1").await;
    home.perform(mark(&["Boat", "work"], &[]), &[id]).await;
    assert_eq!((home.shown("Boat").await, home.shown("Work").await), (letters([1]), letters(1..=3)));
    home.settle(&sync).await;
    assert_eq!(server.labels("Letter 1"), ["Boat", "Work", "\\Inbox"]);
    assert_eq!((server.subjects("Boat"), server.heard("+FLAGS")), (letters([1]), 0));
    home.perform(mark(&[], &["Boat"]), &[id]).await;
    home.settle(&sync).await;
    assert_eq!(server.labels("Letter 1"), ["Work", "\\Inbox"]);
    assert!(home.shown("Boat").await.is_empty());
}

#[tokio::test]
async fn wants_are_kept_over_a_kill_and_pushed_by_the_next_session() {
    let (server, mut home, sync) = with_labels().await;
    let ids = [home.row("INBOX", "Letter 1").await, home.row("INBOX", "Letter 2").await];
    drop(sync);
    home.perform(Verb::Archive, &ids).await;
    home.perform_in("Work", &["Letter 3"], Verb::Move { to: home.mailbox("Bills").await }).await;
    home.perform(Verb::Delete, &ids[..1]).await;
    home.lose_the_cache().await;
    assert_eq!(home.waiting().await, 3, "though the cache is gone");
    let sync = home.session().await;
    home.get(&sync).await;
    assert_eq!(
        (home.shown("INBOX").await, home.shown("Bills").await, home.shown(TRASH).await),
        (vec![], letters([3]), letters([1]))
    );
    home.settle(&sync).await;
    assert_eq!((server.labels("Letter 2"), server.labels("Letter 3")), (vec!["Work".to_owned()], vec!["Bills".to_owned()]));
    assert_eq!(server.subjects(TRASH), letters([1]));
}

#[tokio::test]
async fn a_line_that_breaks_in_mid_push_leaves_nothing_undone_and_nothing_done_twice() {
    for verb in ["-X-GM-LABELS", "+X-GM-LABELS", "UID MOVE"] {
        let (server, home, sync) = with_labels().await;
        home.perform_in("Work", &["Letter 2"], Verb::Move { to: home.mailbox("Bills").await }).await;
        home.perform(Verb::Delete, &[home.row("INBOX", "Letter 1").await]).await;
        server.once(verb, Lie::Silence);
        sync.push().await.unwrap_err();
        let sync = home.session().await;
        sync.push().await.unwrap();
        home.get(&sync).await;
        home.settle(&sync).await;
        assert_eq!(
            (server.labels("Letter 2"), server.subjects(TRASH)),
            (vec!["Bills".to_owned(), "\\Inbox".to_owned()], letters([1])),
            "{verb}"
        );
        assert_eq!(
            (home.shown("Bills").await, home.shown(TRASH).await, home.shown("INBOX").await),
            (letters([2]), letters([1]), letters([2])),
            "{verb}"
        );
    }
}

#[tokio::test]
async fn a_label_that_is_refused_is_taken_back_and_told_and_the_rest_goes_on() {
    let (server, mut home, sync) = with_labels().await;
    let id = home.row("INBOX", "Letter 1").await;
    home.perform_in("INBOX", &["Letter 1"], Verb::Move { to: home.mailbox("Bills").await }).await;
    home.perform(mark(&["\\Flagged"], &[]), &[id]).await;
    server.once("+X-GM-LABELS", Lie::Say("TAG NO too many labels"));
    sync.push().await.unwrap();
    assert_eq!((home.told().await.len(), home.waiting().await), (1, 0));
    assert_eq!(
        (server.labels("Letter 1"), home.shown("Bills").await, home.shown("INBOX").await),
        (vec!["\\Starred".to_owned()], vec![], letters([2]))
    );
    home.audit().await;
    // One that says OK and does nothing is not asked for ever.
    home.perform(Verb::Copy { to: home.mailbox("Work").await }, &[id]).await;
    server.once("+X-GM-LABELS", Lie::Say("TAG OK as you wish"));
    sync.push().await.unwrap();
    assert_eq!((home.told().await.len(), home.waiting().await, home.shown("Work").await), (1, 0, letters(2..=3)));
    home.audit().await;
}

#[tokio::test]
async fn folders_made_renamed_and_deleted_are_labels_made_renamed_and_deleted() {
    let (server, home, sync) = with_labels().await;
    let (work, id) = (home.mailbox("Work").await, home.row("Work", "Letter 3").await);
    home.perform_in("INBOX", &["Letter 1"], Verb::Move { to: work }).await;
    sync.connection().rename("Work", "Office").await.unwrap();
    home.store.write(Lane::User, move |w| w.mailbox_renamed(work, "Office", "Office")).await.unwrap();
    assert_eq!((home.mailbox("Office").await, home.shown("Office").await), (work, letters(1..=3)));
    home.audit().await;
    home.settle(&sync).await;
    assert_eq!(server.labels("Letter 1"), ["Office"], "what waited went under the new name");
    home.store.undo(None).await.unwrap();
    home.settle(&sync).await;
    assert_eq!((server.labels("Letter 1"), home.shown("INBOX").await), (vec!["\\Inbox".to_owned()], letters(1..=2)));
    sync.connection().delete("Office").await.unwrap();
    home.get(&sync).await;
    assert!(home.store.read(move |r| r.mailboxes()).await.unwrap().iter().all(|m| m.id != work));
    assert_eq!((home.shown(ALL).await, home.row(ALL, "Letter 3").await), (letters(1..=4), id), "no message went with it");
    server.change(|w| w.label("Letter 4", "Travel", true));
    home.get(&sync).await;
    assert_eq!(home.shown("Travel").await, letters([4]));
    home.audit().await;
}

#[tokio::test]
async fn all_mail_hidden_is_synced_by_folder_and_equal_messages_share_what_they_say() {
    let server = Pretend::gmail();
    server.change(|w| {
        w.hide(ALL, true);
        w.add("Work");
        w.arrive("Letter 1", &["\\Inbox"]);
        w.arrive("Letter 2", &["\\Inbox", "Work"]);
    });
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    assert_eq!((home.shown("INBOX").await, home.shown("Work").await), (letters(1..=2), letters([2])));
    let message = |rows: Vec<Row>| rows.into_iter().find(|r| r.subject == "Letter 2").unwrap().message;
    assert_eq!(message(home.rows("INBOX").await), message(home.rows("Work").await));
    home.perform(Verb::Move { to: home.mailbox("Work").await }, &[home.row("INBOX", "Letter 1").await]).await;
    home.settle(&sync).await;
    assert_eq!((server.labels("Letter 1"), home.shown("Work").await), (vec!["Work".to_owned()], letters(1..=2)));
    home.perform(Verb::DeleteForGood, &[home.row("INBOX", "Letter 2").await]).await;
    home.settle(&sync).await;
    assert_eq!((server.kept(), home.shown("Work").await), (vec!["Letter 1".to_owned()], letters([1])));
}

#[tokio::test]
async fn all_mail_shown_again_takes_the_folders_over_with_what_was_wanted_in_them() {
    let server = Pretend::gmail();
    server.change(|w| {
        w.hide(ALL, true);
        w.add("Work");
        w.arrive("Letter 1", &["\\Inbox"]);
        w.arrive("Letter 2", &["\\Inbox", "Work"]);
        w.arrive("Letter 3", &["\\Inbox"]);
    });
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    let id = home.row("INBOX", "Letter 1").await;
    home.perform(Verb::Move { to: home.mailbox("Work").await }, &[id]).await;
    home.perform(Verb::Delete, &[home.row("INBOX", "Letter 3").await]).await;
    server.change(|w| w.hide(ALL, false));
    home.get(&sync).await;
    assert_eq!(
        (home.shown("INBOX").await, home.shown("Work").await, home.shown(TRASH).await),
        (letters([2]), letters(1..=2), letters([3]))
    );
    assert_eq!(home.row("Work", "Letter 1").await, id);
    home.audit().await;
    home.settle(&sync).await;
    assert_eq!((server.labels("Letter 1"), server.subjects(TRASH)), (vec!["Work".to_owned()], letters([3])));
    assert_eq!((home.shown(ALL).await, home.shown("Work").await), (letters(1..=2), letters(1..=2)));
}

#[tokio::test]
async fn all_mail_hidden_later_gives_every_folder_its_messages_back() {
    let (server, home, sync) = with_labels().await;
    let id = home.row("Work", "Letter 3").await;
    home.perform(mark(&["\\Seen"], &[]), &[id]).await;
    home.perform(Verb::Archive, &[home.row("INBOX", "Letter 1").await]).await;
    server.change(|w| w.hide(ALL, true));
    home.get(&sync).await;
    home.get(&sync).await;
    assert_eq!((home.shown("INBOX").await, home.shown("Work").await), (letters(1..=2), letters(2..=3)));
    assert_eq!(home.row("Work", "Letter 3").await, id, "it is the same row");
    home.audit().await;
    sync.push().await.unwrap();
    home.get(&sync).await;
    assert!(server.flags("Work", 2).contains(&"\\Seen".to_owned()), "what was wanted of it is done where it turned up");
    assert_eq!(home.waiting().await, 0);
    home.audit().await;
}

#[tokio::test]
async fn a_list_without_all_mail_is_no_proof_that_it_is_gone() {
    let (server, home, sync) = with_labels().await;
    server.always("LIST", Lie::Without("All Mail"));
    home.get(&sync).await;
    assert_eq!((home.shown("INBOX").await, home.shown("Work").await), (letters(1..=2), letters(2..=3)));
    assert_eq!(server.heard("SELECT \"INBOX\""), 0);
    home.audit().await;
}

#[tokio::test]
async fn answers_without_labels_change_none() {
    let (server, home, sync) = with_labels().await;
    server.change(|w| w.label("Letter 1", "\\Starred", true));
    server.once("CHANGEDSINCE", Lie::Say("* 1 FETCH (UID 1 FLAGS (\\Flagged) MODSEQ (99))\n TAG OK done"));
    home.get(&sync).await;
    assert_eq!((home.shown("INBOX").await, home.shown(STARRED).await), (letters(1..=2), letters([1])));
    home.audit().await;
}

#[tokio::test]
async fn a_draft_stays_on_this_machine_where_its_copy_would_be_a_label() {
    let (server, home, sync) = with_labels().await;
    let account = home.account;
    let blank = godwit_domain::compose::Start::default().into_draft(DraftId(0), account);
    let written = move |w: &mut crate::store::Writer<'_>| {
        let begun = w.draft_put(&blank)?;
        w.draft_update(&Draft { id: begun.id, text: "Not done".into(), ..blank })
    };
    home.store.write(Lane::User, written).await.unwrap();
    assert_eq!(home.store.read(move |r| r.drafts_to_file(account, None)).await.unwrap().len(), 1);
    let mut out = PushOutcome::default();
    sync.push_drafts(Rest::All, &mut out).await.unwrap();
    assert_eq!((server.heard("APPEND"), server.heard("SELECT \"[Gmail]/Drafts")), (0, 0));
    assert!(home.shown("[Gmail]/Drafts").await.is_empty());
    home.audit().await;
}

#[tokio::test]
async fn what_was_wanted_in_two_folders_of_one_message_is_wanted_of_the_one_at_home() {
    let server = Pretend::gmail();
    server.change(|w| {
        w.hide(ALL, true);
        w.add("Work");
        w.arrive("Letter 1", &["\\Inbox", "Work"]);
    });
    let home = Home::at(&server).await;
    let sync = home.session().await;
    home.get(&sync).await;
    home.perform(Verb::Move { to: home.mailbox("Work").await }, &[home.row("INBOX", "Letter 1").await]).await;
    home.perform(mark(&["\\Seen"], &[]), &[home.rows("Work").await[0].id, home.rows("Work").await[1].id]).await;
    server.change(|w| w.hide(ALL, false));
    home.get(&sync).await;
    assert_eq!((home.shown("Work").await, home.shown("INBOX").await), (letters([1]), vec![]));
    home.audit().await;
    home.settle(&sync).await;
    assert_eq!((server.labels("Letter 1"), server.flags("Work", 1)), (vec!["Work".to_owned()], vec!["\\Seen".to_owned()]));
}

//! Drafts and their copies in Drafts mailboxes, as the store keeps them.

use super::*;

struct Scene {
    home: Home,
    account: AccountId,
    drafts: MailboxId,
}

impl Scene {
    async fn new() -> Self {
        let home = Home::new();
        let account = home.account("marit@fjordlys.example").await;
        let mut folders = usual_folders();
        folders.push(listed("Drafts", &["\\Drafts"]));
        home.list_only(account, folders).await;
        let drafts = home.mailbox(account, "Drafts").await;
        home.write(move |w| w.mailbox_selected(drafts, 1).map(drop)).await;
        Self { home, account, drafts }
    }

    /// A draft that somebody wrote on.
    async fn written(&self, text: &str) -> Draft {
        let draft = Draft { text: text.to_owned(), ..blank(self.account) };
        self.home
            .write(move |w| {
                let begun = w.draft_put(&blank(draft.account))?;
                w.draft_update(&Draft { id: begun.id, ..draft })
            })
            .await
    }

    /// Its last version was read under this UID.
    async fn filed(&self, draft: DraftId, uid: u32) {
        let (account, mailbox) = (self.account, self.drafts);
        self.home
            .write(move |w| {
                let attempt = w.attempt_begin(&attempt(account, mailbox, draft))?;
                let version = w.draft_version(draft)?;
                w.draft_filed(&DraftFiled { draft, version, attempt, mailbox, uidvalidity: 1, row: mail(uid) })
            })
            .await;
    }

    async fn shown(&self) -> Vec<String> {
        self.home.list(of(self.drafts)).await.into_iter().map(|row| row.subject).collect()
    }

    async fn to_file(&self) -> Vec<DraftId> {
        let account = self.account;
        self.home.read(move |r| r.drafts_to_file(account, None)).await.into_iter().map(|d| d.draft).collect()
    }

    async fn look_after(&self) {
        let account = self.account;
        self.home.write(move |w| w.drafts_looked_after(account)).await;
    }

    /// What is to be expunged: UIDs.
    async fn wanted_gone(&self) -> Vec<u32> {
        let account = self.account;
        let pending = self.home.read(move |r| r.pending(account)).await;
        pending.into_iter().filter(|p| p.gone).filter_map(|p| p.uid).collect()
    }

    /// The mailbox was read whole and ends before this UID.
    async fn read_up_to(&self, uidnext: u32) {
        let drafts = self.drafts;
        self.home
            .write(move |w| {
                w.set_progress(drafts, 1)?;
                w.set_checkpoint(drafts, Some(uidnext), None)
            })
            .await;
    }
}

fn blank(account: AccountId) -> Draft {
    godwit_domain::compose::Start::default().into_draft(DraftId(0), account)
}

fn attempt(account: AccountId, target: MailboxId, draft: DraftId) -> Attempt {
    Attempt {
        account,
        kind: AttemptKind::Append,
        target,
        wire_name: "Drafts".into(),
        uidvalidity: Some(1),
        uidnext: Some(1),
        identity: None,
        message_id: None,
        size: 1,
        placement: None,
        copy: None,
        outbox: None,
        draft: Some((draft, 1)),
    }
}

#[tokio::test]
async fn a_draft_waits_to_be_filed_from_its_first_word_on_and_each_says_when() {
    let s = Scene::new().await;
    let account = s.account;
    s.home.write(move |w| w.draft_put(&blank(account)).map(drop)).await;
    assert_eq!(s.to_file().await, []);
    let (one, other) = (s.written("one").await, s.written("other").await);
    assert_eq!(s.to_file().await, [one.id, other.id]);
    assert_eq!(s.home.read(|r| r.drafts_due()).await.len(), 2, "one that does not get on hides no other");
    assert_eq!(s.home.read(move |r| r.drafts_to_file(account, Some(crate::clock::now()))).await, [], "they rest first");
    let id = other.id;
    s.home.write(move |w| w.draft_rests(id)).await;
    let rested = s.home.read(move |r| r.drafts_to_file(account, Some(crate::clock::now()))).await;
    assert_eq!(rested.into_iter().map(|d| d.draft).collect::<Vec<_>>(), [other.id]);
}

#[tokio::test]
async fn a_list_shows_one_version_and_the_one_before_is_wanted_gone_without_a_trace() {
    let s = Scene::new().await;
    let draft = s.written("one").await;
    s.filed(draft.id, 3).await;
    assert_eq!((s.shown().await, s.to_file().await), (vec!["Letter 3".to_owned()], vec![]));
    s.filed(draft.id, 4).await;
    assert_eq!((s.shown().await, s.wanted_gone().await), (vec!["Letter 4".to_owned()], vec![3]));
    let drafts = s.drafts;
    s.home.write(move |w| w.remove_uids(drafts, 1, &UidSet::range(3, 3)).map(drop)).await;
    let account = s.account;
    assert_eq!(s.home.read(move |r| r.removed(account, 10)).await.total, 0);
    s.home.audit().await;
}

#[tokio::test]
async fn what_was_written_while_a_version_was_under_way_still_waits() {
    let s = Scene::new().await;
    let draft = s.written("one").await;
    let (account, mailbox, id) = (s.account, s.drafts, draft.id);
    s.home
        .write(move |w| {
            let attempt = w.attempt_begin(&attempt(account, mailbox, id))?;
            let version = w.draft_version(id)?;
            w.draft_update(&Draft { text: "two".into(), ..draft })?;
            w.draft_filed(&DraftFiled { draft: id, version, attempt, mailbox, uidvalidity: 1, row: mail(3) })
        })
        .await;
    assert_eq!(s.to_file().await, [id]);
}

#[tokio::test]
async fn a_version_that_lands_after_its_draft_was_thrown_away_goes_too() {
    let s = Scene::new().await;
    let draft = s.written("one").await.id;
    let (account, mailbox) = (s.account, s.drafts);
    s.home
        .write(move |w| {
            let attempt = w.attempt_begin(&attempt(account, mailbox, draft))?;
            w.draft_discard(draft)?;
            w.draft_filed(&DraftFiled { draft, version: 2, attempt, mailbox, uidvalidity: 1, row: mail(3) })
        })
        .await;
    assert_eq!((s.shown().await, s.wanted_gone().await), (vec![], vec![3]));
}

#[tokio::test]
async fn a_copy_that_the_cache_does_not_know_yet_is_removed_when_it_does() {
    let s = Scene::new().await;
    let draft = s.written("one").await;
    s.filed(draft.id, 3).await;
    let Scene { home, account, .. } = s;
    home.store.close().await;
    std::fs::remove_file(home.dir.path().join("cache.db")).unwrap();
    let (store, _) = Store::open(home.dir.path(), &ProfileKey::new(KEY)).unwrap();
    let home = Home { store, ..home };
    let id = draft.id;
    home.write(move |w| w.draft_discard(id)).await;
    let mut folders = usual_folders();
    folders.push(listed("Drafts", &["\\Drafts"]));
    home.list_only(account, folders).await;
    let drafts = home.mailbox(account, "Drafts").await;
    home.write(move |w| w.mailbox_selected(drafts, 1).map(drop)).await;
    let s = Scene { home, account, drafts };
    s.look_after().await;
    s.home.deliver(drafts, vec![mail(3), mail(2)]).await;
    assert!(s.home.read(move |r| r.drafts_have_news(account)).await);
    s.look_after().await;
    assert_eq!((s.shown().await, s.wanted_gone().await), (vec!["Letter 2".to_owned()], vec![3]));
    assert!(!s.home.read(move |r| r.drafts_have_news(account)).await);
}

#[tokio::test]
async fn nothing_is_done_to_another_message_under_the_old_number() {
    let s = Scene::new().await;
    let draft = s.written("one").await;
    s.filed(draft.id, 3).await;
    let drafts = s.drafts;
    let id = draft.id;
    s.home
        .write(move |w| {
            w.remove_uids(drafts, 1, &UidSet::range(3, 3))?;
            let other = NewPlacement { uid: 3, ..mail(9) };
            w.insert_new(drafts, 1, vec![other])?;
            w.draft_discard(id)
        })
        .await;
    assert_eq!((s.shown().await, s.wanted_gone().await), (vec!["Letter 9".to_owned()], vec![]));
}

#[tokio::test]
async fn of_two_that_are_alike_after_a_new_numbering_neither_is_touched() {
    let s = Scene::new().await;
    let draft = s.written("one").await;
    s.filed(draft.id, 3).await;
    let drafts = s.drafts;
    let id = draft.id;
    s.home
        .write(move |w| {
            w.mailbox_selected(drafts, 2)?;
            let twin = |uid| NewPlacement { uid, ..mail(3) };
            w.insert_new(drafts, 2, vec![twin(8), twin(7)])?;
            w.set_progress(drafts, 1)?;
            w.draft_discard(id)
        })
        .await;
    assert_eq!((s.shown().await.len(), s.wanted_gone().await), (2, vec![]));
}

#[tokio::test]
async fn a_draft_finished_elsewhere_is_let_go_of_and_one_with_news_goes_its_own_way() {
    for changed in [false, true] {
        let s = Scene::new().await;
        let draft = s.written("one").await;
        s.filed(draft.id, 3).await;
        s.read_up_to(4).await;
        if changed {
            let newer = Draft { text: "two".into(), ..draft.clone() };
            s.home.write(move |w| w.draft_update(&newer).map(drop)).await;
        }
        let (drafts, id) = (s.drafts, draft.id);
        s.home
            .write(move |w| {
                w.draft_named(id, "old@fjordlys.example")?;
                w.remove_uids(drafts, 1, &UidSet::range(3, 3)).map(drop)
            })
            .await;
        s.look_after().await;
        let listed = s.home.read(|r| r.drafts()).await.len();
        assert_eq!((listed, s.to_file().await.len()), if changed { (1, 1) } else { (0, 0) });
        let account = s.account;
        let names = s.home.read(move |r| r.drafts_to_file(account, None)).await;
        assert!(names.iter().all(|d| d.message_id.is_none()), "the name is the other one's now");
        // What is let go of is still there for whoever has it open.
        assert_eq!(s.home.read(move |r| r.draft(id)).await.id, id);
        if !changed {
            let newer = Draft { text: "two".into(), ..draft };
            s.home.write(move |w| w.draft_update(&newer).map(drop)).await;
            assert_eq!(s.to_file().await, [id]);
        }
    }
}

#[tokio::test]
async fn a_refusal_is_told_once_and_the_next_change_is_tried_again() {
    let s = Scene::new().await;
    let mut events = s.home.store.subscribe();
    let mut draft = s.written("one").await;
    let id = draft.id;
    for text in ["two", "three", "four"] {
        s.home.write(move |w| w.draft_refused(id, &Error::new(ErrorKind::StorageFull, "Over quota."))).await;
        assert_eq!(s.to_file().await, []);
        draft = Draft { text: text.into(), ..draft };
        let newer = draft.clone();
        s.home.write(move |w| w.draft_update(&newer).map(drop)).await;
        assert_eq!(s.to_file().await, [id]);
    }
    s.home.store.emit(Event::StatusChanged);
    let mut told = 0;
    loop {
        match events.recv().await.unwrap() {
            Event::Told { .. } => told += 1,
            Event::StatusChanged => break,
            _ => {}
        }
    }
    assert_eq!(told, 1);
}

#[tokio::test]
async fn what_is_on_its_way_out_is_not_put_into_drafts_again() {
    let s = Scene::new().await;
    let draft = s.written("one").await;
    let (account, id) = (s.account, draft.id);
    let row = OutboxRow {
        account,
        state: OutboxState::Held,
        due: 0,
        envelope_from: "marit@fjordlys.example".into(),
        recipients: vec!["jonas@solheim.example".into()],
        subject: String::new(),
        raw: b"Subject: x\r\n\r\ny\r\n".to_vec(),
        message_id: "1@fjordlys.example".into(),
        draft: Some(id),
        answers: None,
        forwards: false,
    };
    let out = s.home.write(move |w| w.outbox_put(&row)).await;
    assert_eq!(s.to_file().await, []);
    s.home.write(move |w| w.outbox_set(out, OutboxState::Cancelled, 0, None, 0)).await;
    assert_eq!(s.to_file().await, [id], "taken back it is a draft again");
}

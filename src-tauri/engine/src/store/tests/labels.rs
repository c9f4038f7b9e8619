//! Folders that are labels, without any server: into another account and back, folders that come and go, servers that lie.

use super::*;
use godwit_domain::labels::Labels;

struct Gmail {
    home: Home,
    account: AccountId,
    all: MailboxId,
}

fn folders() -> Vec<Listed> {
    vec![
        listed("INBOX", &[]),
        listed("[Gmail]", &["\\Noselect"]),
        listed("[Gmail]/All Mail", &["\\All"]),
        listed("[Gmail]/Trash", &["\\Trash"]),
        listed("[Gmail]/Starred", &["\\Flagged"]),
        listed("Work", &[]),
        listed("Archive", &[]),
    ]
}

fn labelled(uid: u32, labels: &[&str]) -> NewPlacement {
    let labels: Labels = labels.iter().map(|l| (*l).to_owned()).collect();
    let facts = ServerFacts { email_id: Some(1_000 + u64::from(uid)), thread_id: None, labels: Some(labels) };
    NewPlacement { facts, ..mail(uid) }
}

impl Gmail {
    async fn new() -> Self {
        let home = Home::new();
        let account = home.account("marit@labels.example").await;
        home.list_only(account, Vec::new()).await;
        let gmail = Self { account, all: MailboxId(0), home };
        gmail.list(folders()).await;
        let all = gmail.home.mailbox(account, "[Gmail]/All Mail").await;
        gmail.home.write(move |w| w.mailbox_selected(all, 1)).await;
        Self { all, ..gmail }
    }

    async fn list(&self, folders: Vec<Listed>) {
        let account = self.account;
        self.home
            .write(move |w| {
                w.mailboxes_listed(account, &folders)?;
                w.labels_listed(account, &folders, true)
            })
            .await;
    }

    async fn mailbox(&self, path: &'static str) -> MailboxId {
        self.home.mailbox(self.account, path).await
    }

    async fn shown(&self, path: &'static str) -> Vec<PlacementId> {
        self.home.list(of(self.mailbox(path).await)).await.into_iter().map(|r| r.id).collect()
    }

    async fn perform(&self, verb: Verb, ids: &[PlacementId]) -> Performed {
        self.home.store.perform(Action { verb, targets: Targets::ids(ids) }).await.unwrap()
    }
}

#[tokio::test]
async fn a_move_into_an_account_with_labels_lands_at_home_and_wants_the_label() {
    let g = Gmail::new().await;
    let from = g.home.account("marit@fjordlys.example").await;
    let inbox = g.home.mailbox(from, "INBOX").await;
    let id = g.home.deliver(inbox, mails(1..=1)).await[0];
    let (work, all, to) = (g.mailbox("Work").await, g.all, g.account);
    let done = g.perform(Verb::Move { to: work }, &[id]).await;
    assert_eq!((g.shown("Work").await, g.home.list(of(inbox)).await.len()), (vec![id], 0), "at once");
    g.home.audit().await;
    let carries = g.home.read(move |r| r.carries(to)).await;
    assert_eq!((carries.len(), carries[0].target, carries[0].flags.labels.len()), (1, all, 0));
    g.home.write(move |w| w.carried(id, all, 1, &labelled(1, &[]))).await;
    let pending = g.home.read(move |r| r.pending(to)).await;
    assert_eq!((pending[0].mailbox, pending[0].edit.add.labels.clone()), (all, Labels::from(["Work".to_owned()])));
    assert_eq!(g.shown("Work").await, [id]);
    g.home.audit().await;
    // Before it had landed it could be taken back whole, now it goes the same way back.
    g.home.store.undo(done.receipt).await.unwrap();
    assert_eq!((g.shown("Work").await, g.home.list(of(inbox)).await.len()), (vec![], 1));
    g.home.audit().await;
}

#[tokio::test]
async fn a_move_out_of_an_account_with_labels_leaves_them_behind() {
    let g = Gmail::new().await;
    let to = g.home.account("marit@fjordlys.example").await;
    let there = g.home.mailbox(to, "Boathouse").await;
    let id = g.home.deliver(g.all, vec![labelled(1, &["\\Inbox", "Work"])]).await[0];
    g.perform(Verb::Move { to: there }, &[id]).await;
    assert_eq!((g.shown("INBOX").await, g.shown("Work").await, g.home.list(of(there)).await.len()), (vec![], vec![], 1));
    g.home.audit().await;
    g.home.write(move |w| w.carried(id, there, 1, &mail(1))).await;
    let rows = g.home.list(of(there)).await;
    assert_eq!((rows[0].id, rows[0].labels.len()), (id, 0));
    let from = g.account;
    let pending = g.home.read(move |r| r.pending(from)).await;
    assert_eq!((pending.len(), pending[0].gone, pending[0].mailbox), (1, true, g.all));
    assert!(g.shown("INBOX").await.is_empty());
    g.home.audit().await;
}

#[tokio::test]
async fn a_label_called_archive_is_no_archive() {
    let g = Gmail::new().await;
    let id = g.home.deliver(g.all, vec![labelled(1, &["\\Inbox"])]).await[0];
    let done = g.perform(Verb::Archive, &[id]).await;
    assert_eq!((g.shown("INBOX").await, g.shown("Archive").await, done.said.as_str()), (vec![], vec![], "Archived 1 message"));
    let boxes = g.home.read(|r| r.mailboxes()).await;
    assert!(boxes.iter().all(|m| m.role != Some(Role::Archive)));
}

#[tokio::test]
async fn a_home_that_is_numbered_anew_keeps_rows_labels_and_wants() {
    let g = Gmail::new().await;
    let all = g.all;
    let ids = g.home.deliver(all, vec![labelled(2, &["\\Inbox", "Work"]), labelled(1, &["Work"])]).await;
    g.perform(Verb::Archive, &ids[..1]).await;
    g.home.write(move |w| w.mailbox_selected(all, 9)).await;
    assert_eq!(g.shown("Work").await.len(), 2, "nothing is hidden meanwhile");
    let again =
        vec![NewPlacement { uid: 22, ..labelled(2, &["\\Inbox", "Work"]) }, NewPlacement { uid: 21, ..labelled(1, &["Work"]) }];
    g.home
        .write(move |w| {
            w.insert_new(all, 9, again)?;
            w.finish_orphans(all)
        })
        .await;
    assert_eq!((g.shown("Work").await, g.shown("INBOX").await), (ids.clone(), vec![]));
    let account = g.account;
    let pending = g.home.read(move |r| r.pending(account)).await;
    assert_eq!((pending[0].uid, pending[0].edit.del.labels.clone()), (Some(22), Labels::from(["\\Inbox".to_owned()])));
    g.home.audit().await;
}

#[tokio::test]
async fn two_folders_that_claim_one_label_do_not_count_twice() {
    let g = Gmail::new().await;
    let mut odd = folders();
    odd.push(listed("[Gmail]/Second Star", &["\\Flagged"]));
    odd.push(listed("[Gmail]/Trash/Inside", &["\\Trash"]));
    odd[0] = listed("Inbox", &[]);
    g.list(odd).await;
    let mut starred = labelled(1, &["\\Inbox"]);
    starred.flags.bits |= flags::bit::FLAGGED;
    let id = g.home.deliver(g.all, vec![starred]).await[0];
    assert_eq!((g.shown("[Gmail]/Starred").await, g.shown("INBOX").await), (vec![id], vec![id]));
    assert!(g.shown("[Gmail]/Second Star").await.is_empty());
    g.home.audit().await;
    // A folder that becomes the server's own holds its own messages from then on.
    let mut turned = folders();
    turned[5] = listed("Work", &["\\Junk"]);
    let two = g.home.deliver(g.all, vec![labelled(2, &["Work"])]).await[0];
    assert_eq!(g.shown("Work").await, [two]);
    g.list(turned).await;
    assert!(g.shown("Work").await.is_empty());
    let work = g.mailbox("Work").await;
    assert_eq!(g.home.read(move |r| r.mailbox_state(work)).await.home, None);
    g.home.audit().await;
}

#[tokio::test]
async fn what_was_removed_from_the_inbox_is_asked_back_into_it() {
    let g = Gmail::new().await;
    let all = g.all;
    let ids = g.home.deliver(all, vec![labelled(2, &["\\Inbox", "Work"]), labelled(1, &["Work"])]).await;
    let messages: Vec<_> = g.home.list(of(all)).await.iter().map(|r| r.message).collect();
    g.home
        .write(move |w| {
            messages.iter().try_for_each(|message| w.put_body(*message, b"Subject: x\r\n\r\nHei".to_vec()))?;
            w.remove_uids(all, 1, &UidSet::range(1, 2))
        })
        .await;
    assert!(g.shown("Work").await.is_empty());
    let inbox = g.home.write(move |w| w.restore(&ids[..1])).await;
    assert_eq!(inbox.said, "1 message comes back to Inbox");
    g.home.audit().await;
}

#[tokio::test]
async fn equal_ids_of_unequal_messages_are_not_believed() {
    let g = Gmail::new().await;
    let trash = g.mailbox("[Gmail]/Trash").await;
    g.home.write(move |w| w.mailbox_selected(trash, 1)).await;
    g.home.deliver(g.all, vec![labelled(1, &[])]).await;
    let other = NewPlacement { facts: labelled(1, &[]).facts, ..mail(7) };
    let same = NewPlacement { uid: 8, ..labelled(1, &[]) };
    g.home.deliver(trash, vec![same, other]).await;
    let (all, rows) = (g.home.list(of(g.all)).await, g.home.list(of(trash)).await);
    let of_subject = |subject: &str| rows.iter().find(|r| r.subject == subject).unwrap().message;
    assert_eq!(of_subject("Letter 1"), all[0].message);
    assert_ne!(of_subject("Letter 7"), all[0].message, "a letter would be shown as another");
    g.home.audit().await;
}

#[tokio::test]
async fn conversations_are_counted_once_and_acted_on_in_the_list_they_are_seen_in() {
    let g = Gmail::new().await;
    let ids = {
        let mut second = labelled(2, &["\\Inbox"]);
        second.headers = answer(2, 1).headers;
        g.home.deliver(g.all, vec![second, labelled(1, &["\\Inbox", "Work"])]).await
    };
    let inbox = g.mailbox("INBOX").await;
    let spec = ViewSpec { threaded: true, ..of(inbox) };
    let view = g.home.store.view_open(spec).await.unwrap().view;
    let rows = g.home.store.view_window(view, 0, 10).await.unwrap();
    assert_eq!((rows.len(), rows[0].count, rows[0].mailbox), (1, 2, inbox));
    let work = g.mailbox("Work").await;
    let targets = Targets::Ids { ids: vec![ids[0]], threads: true, view: Some(view) };
    let done = g.home.store.perform(Action { verb: Verb::Move { to: work }, targets }).await.unwrap();
    assert_eq!((done.count, g.shown("INBOX").await.len(), g.shown("Work").await.len()), (2, 0, 2));
    assert!(g.home.store.view_ids(view).await.unwrap().is_empty(), "the open list follows");
    g.home.audit().await;
    let everywhere = ViewSpec { scope: Scope::Everywhere, filter: Filter::All, threaded: false, search: None };
    assert_eq!(g.home.list(everywhere).await.len(), 2, "once each, however many labels");
    let found = g.home.read(|r| r.search("letter", 10)).await;
    assert_eq!(found.total, 2);
}

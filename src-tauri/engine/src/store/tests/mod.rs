//! The store's own tests: two files in a temp folder each, no server.

mod actions;
mod carry;
mod drafts;
mod files;
mod halves;
mod keep;
mod labels;
mod large;
mod lists;
mod named;
mod pushed;
mod random;
mod speed;
mod stranded;
mod sync;
mod writing;

use super::*;
use godwit_domain::mime::Headers;
use godwit_domain::sync::{FetchedFlags, Listed, NewPlacement, ServerFacts, UidSet};
use godwit_domain::*;

/// A profile in a temp folder, with its store open.
struct Home {
    dir: tempfile::TempDir,
    store: Store,
}

const KEY: [u8; 32] = [7; 32];

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (store, report) = Store::open(dir.path(), &ProfileKey::new(KEY)).unwrap();
        assert!(report.created);
        Self { dir, store }
    }

    async fn again(self) -> (Self, OpenReport) {
        self.store.close().await;
        let (store, report) = Store::open(self.dir.path(), &ProfileKey::new(KEY)).unwrap();
        (Self { dir: self.dir, store }, report)
    }

    async fn write<T: Send + 'static>(&self, f: impl FnOnce(&mut Writer<'_>) -> Result<T> + Send + 'static) -> T {
        self.store.write(Lane::Sync, f).await.unwrap()
    }

    async fn read<T: Send + 'static>(&self, f: impl FnOnce(&Reader<'_>) -> Result<T> + Send + 'static) -> T {
        self.store.read(f).await.unwrap()
    }

    /// An account whose server lists the usual folders, each selected once with UIDVALIDITY 1.
    async fn account(&self, email: &str) -> AccountId {
        let email = email.to_owned();
        self.write(move |w| {
            let server = Server { host: "imap.fjordlys.example".into(), port: 993, security: Security::Tls, pin: None };
            let draft =
                AccountDraft { email: email.clone(), name: "Marit".into(), user: email, imap: server.clone(), smtp: server };
            let account = w.account_add(&draft, &api::Password::new("sesam".into()))?.id;
            for state in w.mailboxes_listed(account, &usual_folders())? {
                w.mailbox_selected(state.id, 1)?;
            }
            Ok(account)
        })
        .await
    }

    /// The server has these folders and no others.
    async fn list_only(&self, account: AccountId, folders: Vec<Listed>) {
        self.write(move |w| {
            let states = w.mailboxes_listed(account, &folders)?;
            let is_there = |path: &str| folders.iter().any(|f| f.path.eq_ignore_ascii_case(path));
            let gone: Vec<_> = states.iter().filter(|s| !is_there(&s.path)).map(|s| s.id).collect();
            w.mailboxes_gone(account, &gone)
        })
        .await;
    }

    async fn mailbox(&self, account: AccountId, path: &'static str) -> MailboxId {
        self.read(move |r| r.mailbox_by_path(account, path)).await.unwrap()
    }

    /// Puts mails into a mailbox as a sync would; answers the new placements.
    async fn deliver(&self, mailbox: MailboxId, mails: Vec<NewPlacement>) -> Vec<PlacementId> {
        self.write(move |w| w.insert_new(mailbox, 1, mails)).await.added
    }

    async fn audit(&self) {
        let wrong = self.read(|r| r.audit()).await;
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    async fn list(&self, spec: ViewSpec) -> Vec<Row> {
        let opened = self.store.view_open(spec).await.unwrap();
        let rows = self.store.view_window(opened.view, 0, 500).await.unwrap();
        self.store.view_close(opened.view);
        rows
    }
}

fn listed(path: &str, attributes: &[&str]) -> Listed {
    Listed {
        wire_name: path.into(),
        path: path.into(),
        delimiter: Some('/'),
        attributes: attributes.iter().map(|a| (*a).to_owned()).collect(),
        subscribed: true,
        status: None,
    }
}

fn usual_folders() -> Vec<Listed> {
    vec![
        listed("INBOX", &[]),
        listed("Archive", &["\\Archive"]),
        listed("Trash", &["\\Trash"]),
        listed("Junk", &["\\Junk"]),
        listed("Sent", &["\\Sent"]),
        listed("Boathouse", &[]),
    ]
}

/// A mail: `uid` also decides its date, identity and subject.
fn mail(uid: u32) -> NewPlacement {
    let mut identity = [0; 16];
    identity[..4].copy_from_slice(&uid.to_le_bytes());
    NewPlacement {
        uid,
        flags: Flags::none(),
        modseq: None,
        internal_date: Some(1_700_000_000 + i64::from(uid) * 60),
        size: 1_000 + uid,
        facts: ServerFacts::default(),
        headers: Headers {
            subject: format!("Letter {uid}"),
            from: vec![Address { name: "Jonas Lindqvist".into(), address: "jonas@solheim.example".into() }],
            to: vec![Address { name: "Marit".into(), address: "marit@fjordlys.example".into() }],
            date: Some(1_700_000_000 + i64::from(uid) * 60),
            message_id: Some(format!("{uid}@solheim.example")),
            identity,
            ..Headers::default()
        },
    }
}

/// What a server answers about flags.
fn told(flags: Flags) -> FetchedFlags {
    FetchedFlags { uid: 1, flags, labels: None, modseq: None }
}

/// Newest first, as a sync hands them over.
fn mails(uids: std::ops::RangeInclusive<u32>) -> Vec<NewPlacement> {
    uids.rev().map(mail).collect()
}

/// `mail(uid)` as an answer to `mail(to)`.
fn answer(uid: u32, to: u32) -> NewPlacement {
    let mut mail = mail(uid);
    mail.headers.in_reply_to = vec![format!("{to}@solheim.example")];
    mail.headers.references = mail.headers.in_reply_to.clone();
    mail
}

fn seen(mut mail: NewPlacement) -> NewPlacement {
    mail.flags.bits |= flags::bit::SEEN;
    mail
}

fn of(mailbox: MailboxId) -> ViewSpec {
    ViewSpec { scope: Scope::Mailbox { mailbox }, filter: Filter::All, threaded: false, search: None }
}

fn subjects(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|r| r.subject.as_str()).collect()
}

//! One account against a server that may lie: what stays here, what goes, what the person hears.

mod auditing;
mod copying;
mod gmail;
mod gmail_random;
mod listing;
mod pushing;
mod quirks;
mod reading;
mod refusing;
mod removing;
mod settling;
mod unanswered;

use super::*;
use crate::pretend::{Lie, Pretend};
use crate::store::{Extent, Lane, ProfileKey};
use godwit_domain::api::Password;
use godwit_domain::*;

/// A profile in a temp folder with one account at the pretended server.
pub(crate) struct Home {
    pub dir: tempfile::TempDir,
    pub store: Store,
    pub account: AccountId,
    pub server: Pretend,
    events: tokio::sync::broadcast::Receiver<Event>,
}

impl Home {
    pub async fn at(server: &Pretend) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let host = match server.world().host.clone() {
            host if host.is_empty() => "mail.vik.example".to_owned(),
            host => host,
        };
        let (store, _) = Store::open(dir.path(), &ProfileKey::new([7; 32])).unwrap();
        let account = store
            .write(Lane::User, move |w| {
                let host = Server { host, port: 993, security: Security::Tls, pin: None };
                let email = "marit@vik.example".to_owned();
                let draft =
                    AccountDraft { email: email.clone(), name: String::new(), user: email, imap: host.clone(), smtp: host };
                w.account_add(&draft, &Password::new("sesam".into()))
            })
            .await
            .unwrap();
        Self { dir, events: store.subscribe(), store, account: account.id, server: server.clone() }
    }

    /// The program ends and begins anew.
    pub async fn restart(&mut self) {
        self.store.clone().close().await;
        (self.store, _) = Store::open(self.dir.path(), &ProfileKey::new([7; 32])).unwrap();
        self.events = self.store.subscribe();
    }

    /// The program ends, its cache is lost, and it begins anew.
    pub async fn lose_the_cache(&mut self) {
        self.store.clone().close().await;
        std::fs::remove_file(self.dir.path().join("cache.db")).unwrap();
        self.restart().await;
    }

    /// A session of its own.
    pub async fn session(&self) -> AccountSync {
        let connection = self.server.connect().await.unwrap();
        AccountSync::new(self.store.clone(), connection, self.account, Pulse::default(), self.server.dial())
    }

    /// Lists, then brings every mailbox wholly here; the first error of a mailbox is the answer.
    pub async fn try_get(&self, sync: &AccountSync) -> Result<MailboxOutcome> {
        sync.discover().await?;
        let mut all = MailboxOutcome::default();
        for mailbox in sync.mailboxes_in_order().await? {
            let out = sync.sync_mailbox_now(mailbox).await?;
            all.added += out.added;
            all.changed += out.changed;
            all.removed += out.removed;
        }
        Ok(all)
    }

    pub async fn get(&self, sync: &AccountSync) -> MailboxOutcome {
        self.try_get(sync).await.unwrap()
    }

    pub async fn mailbox(&self, path: &'static str) -> MailboxId {
        let account = self.account;
        self.store.read(move |r| r.mailbox_by_path(account, path)).await.unwrap().unwrap()
    }

    pub async fn rows(&self, path: &'static str) -> Vec<Row> {
        let mailbox = self.mailbox(path).await;
        let spec = ViewSpec { scope: Scope::Mailbox { mailbox }, filter: Filter::All, threaded: false, search: None };
        let opened = self.store.view_open(spec).await.unwrap();
        let rows = self.store.view_window(opened.view, 0, 500).await.unwrap();
        self.store.view_close(opened.view);
        rows
    }

    /// Subjects as a person sees them, sorted.
    pub async fn shown(&self, path: &'static str) -> Vec<String> {
        let mut subjects: Vec<String> = self.rows(path).await.into_iter().map(|r| r.subject).collect();
        subjects.sort();
        subjects
    }

    pub async fn perform(&self, verb: Verb, ids: &[PlacementId]) {
        self.store.perform(Action { verb, targets: Targets::ids(ids) }).await.unwrap();
    }

    /// The placement of a subject.
    pub async fn row(&self, path: &'static str, subject: &str) -> PlacementId {
        self.rows(path).await.into_iter().find(|r| r.subject == subject).unwrap().id
    }

    /// What the person was told since the last look.
    pub async fn told(&mut self) -> Vec<Error> {
        let last = Error::bug("that was all");
        let mark = last.clone();
        self.store
            .write(Lane::Sync, move |w| {
                w.tell(Event::Told { error: mark });
                Ok(())
            })
            .await
            .unwrap();
        let mut errors = Vec::new();
        loop {
            match self.events.recv().await.unwrap() {
                Event::Told { error } if error == last => return errors,
                Event::Told { error } => errors.push(error),
                _ => {}
            }
        }
    }

    pub async fn waiting(&self) -> u32 {
        let account = self.account;
        self.store.read(move |r| r.waiting_count(account)).await.unwrap()
    }

    pub async fn audit(&self) {
        let wrong = self.store.read(|r| r.audit()).await.unwrap();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

pub(crate) fn letters(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    let mut all: Vec<String> = numbers.into_iter().map(|n| format!("Letter {n}")).collect();
    all.sort();
    all
}

//! One account at a pretended server, as its worker would serve it; and what can be seen of it here and there.

use crate::context::Context;
use crate::net::TlsContext;
use crate::pretend::Pretend;
use crate::sync::tests::Home;
use crate::sync::{AccountSync, Pulse};
use crate::worker::run_pass;
use godwit_domain::Result;
use godwit_domain::api::{MailboxSynced, SyncBodies};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Subjects with their flags, by folder.
pub(super) type Mail = BTreeMap<&'static str, Vec<(String, Vec<String>)>>;

pub(super) struct Desk {
    pub home: Home,
}

impl Desk {
    pub async fn at(server: &Pretend) -> Self {
        Self { home: Home::at(server).await }
    }

    fn context(&self) -> Context {
        let mut context = Context::new(self.home.store.clone(), Arc::new(TlsContext::new()), self.home.dir.path().to_owned());
        context.stand_in = Some(self.home.server.dial());
        context
    }

    async fn sync(&self, context: &Context, pulse: &Pulse) -> Result<AccountSync> {
        let account = self.home.account;
        let connection = context.connect(account).await?;
        Ok(AccountSync::new(self.home.store.clone(), connection, account, pulse.clone(), context.dial(account)))
    }

    /// Connects and brings everything up to date, once; then it may listen in the inbox, where a letter comes.
    pub async fn pass(&self, listens: bool) -> Result<Vec<MailboxSynced>> {
        let (context, pulse) = (self.context(), Pulse::default());
        let sync = self.sync(&context, &pulse).await?;
        let report = run_pass(&context, &sync, &pulse, SyncBodies::All).await?;
        if listens {
            sync.sync_mailbox_now(self.home.mailbox("INBOX").await).await?;
            if sync.connection().capabilities().idle {
                // Nobody was told of it yet.
                self.home.server.world().deliver("INBOX", "Letter 9");
                sync.connection().idle(Duration::from_secs(1), std::future::pending()).await?;
            }
        }
        Ok(report)
    }

    /// Compares every folder with the server, as it is done in idle time.
    pub async fn compare(&self, folders: &[&'static str], case: &str) {
        let sync = self.sync(&self.context(), &Pulse::default()).await.unwrap();
        for path in folders.iter().copied().filter(|path| self.home.server.world().mailboxes.contains_key(*path)) {
            assert!(sync.audit_mailbox(self.home.mailbox(path).await).await.unwrap().is_some(), "{case}: {path}");
        }
    }

    /// What is shown of these folders, as far as they are known.
    pub async fn shown(&self, folders: &[&'static str]) -> Mail {
        let (mut all, account) = (BTreeMap::new(), self.home.account);
        for path in folders.iter().copied() {
            if self.home.store.read(move |r| r.mailbox_by_path(account, path)).await.unwrap().is_some() {
                let rows = self.home.rows(path).await.into_iter().map(|r| (r.subject, sorted(r.flags)));
                all.insert(path, sorted(rows.collect()));
            }
        }
        all
    }

    /// The same as the server has it.
    pub fn there(&self, folders: &[&'static str]) -> Mail {
        let world = self.home.server.world();
        let of = |path: &'static str| {
            let mails = world.mailboxes.get(path).into_iter().flat_map(|m| &m.mails);
            (path, sorted(mails.map(|m| (m.subject.clone(), m.flags.iter().cloned().collect())).collect()))
        };
        folders.iter().map(|path| of(path)).collect()
    }

    /// One pass more changes nothing, neither here nor there.
    pub async fn is_quiet(&self, case: &str) {
        let before = self.home.server.world().heard.len();
        let report = self.pass(false).await.unwrap();
        let quiet = report.iter().all(|m| (m.added, m.changed, m.removed, m.pushed) == (0, 0, 0, 0));
        assert!(quiet, "{case}: a pass more changes something: {report:?}");
        let changes = |c: &str| ["STORE", "MOVE", "COPY", "EXPUNGE", "CREATE", "APPEND"].iter().any(|w| c.contains(w));
        let world = self.home.server.world();
        assert!(!world.heard[before..].iter().any(|(_, c)| changes(c)), "{case}: {:?}", &world.heard[before..]);
    }
}

/// A folder without mail may as well not be there.
pub(super) fn held(mail: Mail) -> Mail {
    mail.into_iter().filter(|(_, rows)| !rows.is_empty()).collect()
}

pub(super) fn subjects(mail: Mail) -> BTreeMap<&'static str, Vec<String>> {
    mail.into_iter().map(|(path, rows)| (path, rows.into_iter().map(|(subject, _)| subject).collect())).collect()
}

fn sorted<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort();
    all
}

//! One person on one server: an engine behind two proxies, and the oracle beside them. A lane runs case after case;
//! each begins with mailboxes emptied and filled anew, and with lines that nobody has used.

use crate::fault::{Fault, Layer, Proxy, Struck};
use crate::oracle::Oracle;
use crate::server::Server;
use crate::world::{Held, MAILBOXES};
use anyhow::{Context, Result, bail};
use godwit_domain::api::{
    AccountAdd, AccountRemove, AccountTry, Mailboxes, Password, Perform, Status, Sync, SyncBodies, ViewClose, ViewOpen,
    ViewWindow,
};
use godwit_domain::{
    AccountDraft, AccountId, Action, Event, Filter, Mailbox, PlacementId, Row, Scope, Security, ServerCheck, Targets, Verb,
    ViewSpec,
};
use godwit_engine::secrets::KeySource;
use godwit_engine::{Engine, OpenOptions};
use godwit_tests::authority::Leaf;
use godwit_tests::dovecot::User;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::broadcast;

/// The longest that one request may take, whatever the line does.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A person, an engine, two breakable lines.
pub struct Lane {
    /// Where the mail is.
    pub server: Arc<Server>,
    /// Whose.
    pub user: User,
    /// The line to the mail.
    pub imap: Proxy,
    /// The line to submission.
    pub smtp: Proxy,
    /// The engine, without background work: it does what it is asked, so that every connection has its number.
    pub engine: Engine,
    /// The account in it.
    pub account: AccountId,
    /// What the server holds.
    pub oracle: Oracle,
    events: broadcast::Receiver<Event>,
    draft: AccountDraft,
    keep: Keep,
    profile: TempDir,
}

/// How long a profile lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Keep {
    /// As long as its engine.
    Run,
    /// Under [`PASSPHRASE`], so that another process can open it too.
    Profile,
}

/// What opens a kept profile.
pub const PASSPHRASE: &str = "a bird that arrives";

impl Lane {
    /// A new person with an empty profile.
    pub async fn start(server: Arc<Server>, layer: Layer, keep: Keep) -> Result<Self> {
        // Names and numbers of one width, so that an offset means the same command in every lane.
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let user = User::of(&format!("torture{:06}@test.example", NEXT.fetch_add(1, Ordering::Relaxed)));
        let tls = || server.dovecot.authority().server_config(Leaf::Good);
        let root = server.dovecot.root();
        let imap = Proxy::before(server.dovecot.ports.imaps, layer, tls()?, &root).await?;
        let smtp = Proxy::before(server.submission.port, layer, tls()?, &root).await?;
        let profile = tempfile::Builder::new().prefix("godwit-torture-").tempdir()?;
        let engine = open(profile.path(), keep).await?;
        let draft = trusted(&engine, &user, imap.port, smtp.port).await?;
        let mut oracle = Oracle::sign_in(&server.dovecot, &user)?;
        oracle.fill(&MAILBOXES, &[])?;
        for mailbox in MAILBOXES {
            let high = ["--min-next-uid", "100000", "--min-highest-modseq", "100000", mailbox];
            server.dovecot.doveadm(&[&["mailbox", "update", "-u", &user.address], &high[..]].concat())?;
        }
        let events = engine.events();
        let account = engine.ask(AccountAdd { account: draft.clone(), password: password(&user) }).await?.id;
        Ok(Self { server, user, imap, smtp, engine, account, oracle, events, draft, keep, profile })
    }

    /// Forgets the account with all that is kept of it here, and adds it again.
    pub async fn begin_anew(&mut self) -> Result<()> {
        self.engine.ask(AccountRemove { account: self.account }).await?;
        let added = self.engine.ask(AccountAdd { account: self.draft.clone(), password: password(&self.user) }).await?;
        self.account = added.id;
        Ok(())
    }

    /// Where the profile is.
    pub fn profile(&self) -> &Path {
        self.profile.path()
    }

    /// Lets go of the profile, so that another process can have it.
    pub async fn leave(&self) {
        self.engine.clone().close().await;
    }

    /// Opens the profile again, whatever became of it meanwhile.
    pub async fn return_to(&mut self) -> Result<()> {
        self.engine = open(self.profile.path(), self.keep).await?;
        self.events = self.engine.events();
        Ok(())
    }

    /// One pass. The outer error is a hang, the inner one what the engine says.
    pub async fn sync(&self, bodies: SyncBodies) -> Result<godwit_domain::Result<()>> {
        let asked = self.engine.ask(Sync { account: Some(self.account), bodies });
        let done = tokio::time::timeout(PATIENCE, asked).await.context("the sync hangs")?;
        Ok(done.and_then(|report| match report.into_iter().find_map(|mailbox| mailbox.error) {
            Some(error) => Err(error),
            None => Ok(()),
        }))
    }

    /// Ends all lines; where one had been struck, says how far it had come.
    pub async fn heal(&self) -> Result<Option<Struck>> {
        let (imap, smtp) = tokio::join!(self.imap.heal(), self.smtp.heal());
        Ok(imap?.or(smtp?))
    }

    /// Counts lines from here on; breaks one where a fault is given.
    pub fn arm(&self, imap: Option<Fault>, smtp: Option<Fault>) {
        self.imap.reset(imap);
        self.smtp.reset(smtp);
    }

    /// Does something to these messages here.
    pub async fn perform(&self, verb: Verb, ids: Vec<PlacementId>) -> Result<()> {
        self.engine.ask(Perform { action: Action { verb, targets: Targets::ids(ids) } }).await?;
        Ok(())
    }

    /// The folders as the engine has them.
    pub async fn mailboxes(&self) -> Result<Vec<Mailbox>> {
        let mut all = self.engine.ask(Mailboxes {}).await?;
        all.retain(|m| m.account == self.account && m.selectable);
        Ok(all)
    }

    /// One folder.
    pub async fn mailbox(&self, path: &str) -> Result<Mailbox> {
        let all = self.mailboxes().await?;
        all.into_iter().find(|m| m.path == path).with_context(|| format!("the engine knows no {path}"))
    }

    /// The rows of a folder, as a window shows them.
    pub async fn rows(&self, path: &str) -> Result<Vec<Row>> {
        let Some(mailbox) = self.mailboxes().await?.into_iter().find(|m| m.path == path) else { return Ok(Vec::new()) };
        let spec = ViewSpec { scope: Scope::Mailbox { mailbox: mailbox.id }, filter: Filter::All, threaded: false, search: None };
        let opened = self.engine.ask(ViewOpen { spec }).await?;
        let rows = self.engine.ask(ViewWindow { view: opened.view, from: 0, count: 500 }).await?;
        self.engine.ask(ViewClose { view: opened.view }).await?;
        Ok(rows)
    }

    /// The row with this subject; of equal copies the `nth`.
    pub async fn row(&self, path: &str, subject: &str, nth: usize) -> Result<PlacementId> {
        let rows = self.rows(path).await?;
        let row = rows.into_iter().filter(|row| row.subject == subject).nth(nth);
        Ok(row.with_context(|| format!("{path} shows no {subject}"))?.id)
    }

    /// What the engine shows, in the oracle's terms but for subjects in the digests' place.
    pub async fn shown(&self) -> Result<Vec<Held>> {
        let mut all = Vec::new();
        for path in MAILBOXES {
            for row in self.rows(path).await? {
                let flags: BTreeSet<String> = row.flags.into_iter().chain(row.labels).collect();
                all.push(Held { mailbox: path.to_owned(), digest: row.subject, flags });
            }
        }
        all.sort();
        Ok(all)
    }

    /// Changes that the server has not confirmed.
    pub async fn waiting(&self) -> Result<u32> {
        let status = self.engine.ask(Status {}).await?;
        Ok(status.iter().filter(|s| s.account == self.account).map(|s| s.waiting).sum())
    }

    /// What a person was told since the last time this was asked.
    pub async fn told(&mut self) -> Result<Vec<String>> {
        // Events are gathered for a few milliseconds before they are told.
        tokio::time::sleep(Duration::from_millis(15)).await;
        let mut told = Vec::new();
        loop {
            match self.events.try_recv() {
                Ok(Event::Told { error }) => told.push(error.what),
                Ok(_) => {}
                Err(broadcast::error::TryRecvError::Empty) => return Ok(told),
                Err(broadcast::error::TryRecvError::Lagged(_)) => bail!("so much happened that what was told got lost"),
                Err(broadcast::error::TryRecvError::Closed) => bail!("the engine closed"),
            }
        }
    }

    /// Lets go of everything.
    pub async fn close(self) {
        self.engine.close().await;
    }
}

async fn open(dir: &Path, keep: Keep) -> Result<Engine> {
    let key = match keep {
        Keep::Run => KeySource::ThisRunOnly,
        Keep::Profile => KeySource::Passphrase(Password::new(PASSPHRASE.to_owned())),
    };
    Ok(Engine::open(OpenOptions { dir: dir.to_owned(), key, run_workers: false }).await?.0)
}

fn password(user: &User) -> Password {
    Password::new(user.password.clone())
}

/// Asks both servers once, and trusts the keys they show: what a person does with a server of their own.
async fn trusted(engine: &Engine, user: &User, imaps: u16, submissions: u16) -> Result<AccountDraft> {
    let server = |port| godwit_domain::Server { host: "localhost".to_owned(), port, security: Security::Tls, pin: None };
    let address = user.address.clone();
    let mut draft = AccountDraft {
        email: address.clone(),
        name: "Marit Solheim".to_owned(),
        user: address,
        imap: server(imaps),
        smtp: server(submissions),
    };
    let seen = engine.ask(AccountTry { account: draft.clone(), password: password(user) }).await?;
    let pin = |check: &ServerCheck| check.certificate.as_ref().map(|c| c.spki_sha256.clone());
    draft.imap.pin = pin(&seen.imap);
    draft.smtp.pin = pin(&seen.smtp);
    if draft.imap.pin.is_none() || draft.smtp.pin.is_none() {
        bail!("a server showed no certificate: {seen:?}");
    }
    Ok(draft)
}

//! One person on one server: an engine behind two proxies, and the oracle beside them. A lane runs case after case;
//! each begins with mailboxes emptied and filled anew, and with lines that nobody has used.

use crate::fault::{Fault, Layer, Proxy, Struck};
use crate::oracle::Oracle;
use crate::server::Server;
use crate::world::{Held, Letter, MAILBOXES};
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
    /// The person's other account, where the lane has one.
    pub beside: Option<Beside>,
    events: broadcast::Receiver<Event>,
    draft: AccountDraft,
    keep: Keep,
    profile: TempDir,
}

/// A second account in the same profile, on the same server.
pub struct Beside {
    /// The line to its mail.
    pub imap: Proxy,
    /// The account.
    pub account: AccountId,
    oracle: Oracle,
}

/// What stands before the names of the other account's mailboxes.
pub const BESIDE: &str = "beside:";

/// How long a profile lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Keep {
    /// As long as its engine.
    Run,
    /// Under [`PASSPHRASE`], so that another process can open it too.
    Profile,
    /// The same, and the engine works in the background as it does in the window.
    Awake,
}

/// Which line breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// The one to the mail.
    Mail,
    /// The one to submission.
    Submission,
    /// The one to the other account's mail.
    Beside,
}

/// What opens a kept profile.
pub const PASSPHRASE: &str = "a bird that arrives";

impl Lane {
    /// A new person with an empty profile.
    pub async fn start(server: Arc<Server>, layer: Layer, keep: Keep) -> Result<Self> {
        let user = somebody();
        let tls = || server.dovecot.authority().server_config(Leaf::Good);
        let root = server.dovecot.root();
        let imap = Proxy::before(server.dovecot.ports.imaps, layer, tls()?, &root).await?;
        let smtp = Proxy::before(server.submission.port, layer, tls()?, &root).await?;
        let profile = tempfile::Builder::new().prefix("godwit-torture-").tempdir()?;
        let engine = open(profile.path(), keep).await?;
        let draft = trusted(&engine, &user, imap.port, smtp.port).await?;
        let oracle = asked_about(&server, &user)?;
        let events = engine.events();
        let account = engine.ask(AccountAdd { account: draft.clone(), password: password(&user) }).await?.id;
        Ok(Self { server, user, imap, smtp, engine, account, oracle, beside: None, events, draft, keep, profile })
    }

    /// Adds a second account.
    pub async fn add_beside(&mut self) -> Result<()> {
        let (user, dovecot) = (somebody(), &self.server.dovecot);
        let tls = dovecot.authority().server_config(Leaf::Good)?;
        let imap = Proxy::before(dovecot.ports.imaps, Layer::Plain, tls, &dovecot.root()).await?;
        let draft = trusted(&self.engine, &user, imap.port, self.smtp.port).await?;
        let oracle = asked_about(&self.server, &user)?;
        let account = self.engine.ask(AccountAdd { account: draft, password: password(&user) }).await?.id;
        self.beside = Some(Beside { imap, account, oracle });
        Ok(())
    }

    /// Empties all mailboxes of all accounts and puts this mail into the first one's.
    pub fn fill(&mut self, mail: &[Letter]) -> Result<()> {
        if let Some(beside) = &mut self.beside {
            beside.oracle.fill(&MAILBOXES, &[])?;
        }
        self.oracle.fill(&MAILBOXES, mail)
    }

    /// What the server holds, of all accounts.
    pub fn held(&mut self) -> Result<Vec<Held>> {
        let mut held = self.oracle.read()?;
        if let Some(beside) = &mut self.beside {
            let theirs = beside.oracle.read()?;
            held.extend(theirs.into_iter().map(|h| Held { mailbox: format!("{BESIDE}{}", h.mailbox), ..h }));
        }
        Ok(held)
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
        // One after the other, so that connections come in the same order each time.
        let mut said = Ok(());
        for account in self.accounts() {
            let asked = self.engine.ask(Sync { account: Some(account), bodies });
            let done = tokio::time::timeout(PATIENCE, asked).await.context("the sync hangs")?;
            said = said.and(done.and_then(|report| match report.into_iter().find_map(|mailbox| mailbox.error) {
                Some(error) => Err(error),
                None => Ok(()),
            }));
        }
        Ok(said)
    }

    fn accounts(&self) -> Vec<AccountId> {
        self.beside.iter().map(|beside| beside.account).chain([self.account]).collect()
    }

    /// Ends all lines; where one had been struck, says how far it had come.
    pub async fn heal(&self) -> Result<Option<Struck>> {
        let beside = async {
            match &self.beside {
                Some(beside) => beside.imap.heal().await,
                None => Ok(None),
            }
        };
        let (imap, smtp, beside) = tokio::join!(self.imap.heal(), self.smtp.heal(), beside);
        Ok(imap?.or(smtp?).or(beside?))
    }

    /// Counts lines from here on; breaks this one where a fault is given.
    pub fn arm(&self, line: Line, fault: Option<Fault>) {
        for (proxy, is) in self.lines() {
            proxy.reset(fault.filter(|_| is == line));
        }
    }

    /// One of the lines.
    pub fn line(&self, line: Line) -> &Proxy {
        self.lines().find(|(_, is)| *is == line).map_or(&self.imap, |(proxy, _)| proxy)
    }

    fn lines(&self) -> impl Iterator<Item = (&Proxy, Line)> {
        let beside = self.beside.iter().map(|beside| (&beside.imap, Line::Beside));
        [(&self.imap, Line::Mail), (&self.smtp, Line::Submission)].into_iter().chain(beside)
    }

    /// Does something to these messages here.
    pub async fn perform(&self, verb: Verb, ids: Vec<PlacementId>) -> Result<()> {
        self.engine.ask(Perform { action: Action { verb, targets: Targets::ids(ids) } }).await?;
        Ok(())
    }

    /// One folder as the engine has it; of the other account with [`BESIDE`] before its path.
    pub async fn mailbox(&self, path: &str) -> Result<Mailbox> {
        self.known_mailbox(path).await?.with_context(|| format!("the engine knows no {path}"))
    }

    async fn known_mailbox(&self, path: &str) -> Result<Option<Mailbox>> {
        let (account, path) = match (path.strip_prefix(BESIDE), &self.beside) {
            (Some(path), Some(beside)) => (beside.account, path),
            _ => (self.account, path),
        };
        let all = self.engine.ask(Mailboxes {}).await?;
        Ok(all.into_iter().find(|m| m.account == account && m.selectable && m.path == path))
    }

    /// The rows of a folder, as a window shows them.
    pub async fn rows(&self, path: &str) -> Result<Vec<Row>> {
        let Some(mailbox) = self.known_mailbox(path).await? else { return Ok(Vec::new()) };
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
        let own = MAILBOXES.map(str::to_owned).into_iter();
        let theirs = MAILBOXES.map(|path| format!("{BESIDE}{path}")).into_iter().filter(|_| self.beside.is_some());
        for path in own.chain(theirs) {
            for row in self.rows(&path).await? {
                let flags: BTreeSet<String> = row.flags.into_iter().chain(row.labels).collect();
                all.push(Held { mailbox: path.clone(), digest: row.subject, flags });
            }
        }
        all.sort();
        Ok(all)
    }

    /// Changes that the server has not confirmed.
    pub async fn waiting(&self) -> Result<u32> {
        let status = self.engine.ask(Status {}).await?;
        let accounts = self.accounts();
        Ok(status.iter().filter(|s| accounts.contains(&s.account)).map(|s| s.waiting).sum())
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

/// Names and numbers are of one width, so that an offset means the same command in every lane.
fn somebody() -> User {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    User::of(&format!("torture{:06}@test.example", NEXT.fetch_add(1, Ordering::Relaxed)))
}

fn asked_about(server: &Server, user: &User) -> Result<Oracle> {
    let mut oracle = Oracle::sign_in(&server.dovecot, user)?;
    oracle.fill(&MAILBOXES, &[])?;
    for mailbox in MAILBOXES {
        let high = ["--min-next-uid", "100000", "--min-highest-modseq", "100000", mailbox];
        server.dovecot.doveadm(&[&["mailbox", "update", "-u", &user.address], &high[..]].concat())?;
    }
    Ok(oracle)
}

async fn open(dir: &Path, keep: Keep) -> Result<Engine> {
    let key = match keep {
        Keep::Run => KeySource::ThisRunOnly,
        Keep::Profile | Keep::Awake => KeySource::Passphrase(Password::new(PASSPHRASE.to_owned())),
    };
    Ok(Engine::open(OpenOptions { dir: dir.to_owned(), key, run_workers: keep == Keep::Awake }).await?.0)
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

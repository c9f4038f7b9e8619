//! One worker an account: keeps a connection, runs passes, waits for whatever comes first (a push notice, a person, a clock).
//! It never draws and never decides what is right: that is `sync`.

mod account;
mod bell;
mod carry;
mod meter;
mod pass;
mod road;
mod sleep;
#[cfg(test)]
mod tests;
mod told;
mod user;
mod watch;

pub(crate) use meter::watch_meter;
pub use pass::run_pass;
pub use road::MailRoad;
pub(crate) use sleep::{watch_network, watch_sleep};
pub use user::UserLine;

use crate::context::Context;
use crate::sync::Restraint;
use bell::{Asked, Bell, Rung};
use godwit_domain::api::{MailboxSynced, SyncBodies};
use godwit_domain::sync::{Retry, retry_after};
use godwit_domain::{AccountId, Error, ErrorKind, Event, Fetching, MailboxId, PlacementId, Result};
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Rows looked at whose first words may wait to be fetched.
const MOST_SEEN: usize = 2_000;

type Retrying = dyn Fn(&Error, u32) -> Retry + Send + Sync;

/// How long things take; tests hurry.
#[derive(Clone)]
pub(crate) struct Pace {
    /// How often mailboxes that nobody watches are looked at.
    pub poll: Duration,
    /// How soon what a push left waiting is tried again at first; each time after twice as long, up to `poll`.
    pub again: Duration,
    /// How long one IDLE lasts at most; RFC 2177 has 29 minutes. Shorter where lines die: [`godwit_domain::sync::idle_for`].
    pub idle: Duration,
    /// The pause before a server that refused a second connection is asked again.
    pub watch_again: Duration,
    /// What a line may take to show that it survived the machine's sleep.
    pub probe: Duration,
    /// Accounts that connect anew after a sleep do so within this many milliseconds, not all at once.
    pub stagger: u64,
    /// The pause after a failure, and the how manieth it is.
    pub retry: Arc<Retrying>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(300),
            again: Duration::from_secs(5),
            idle: Duration::from_secs(1_440),
            watch_again: Duration::from_secs(30),
            probe: Duration::from_secs(5),
            stagger: 3_000,
            retry: Arc::new(retry_after),
        }
    }
}

struct Running {
    bell: Bell,
    pulse: crate::sync::Pulse,
    task: JoinHandle<()>,
}

/// The workers of all accounts.
#[derive(Clone)]
pub struct Workers {
    context: Context,
    pace: Pace,
    running: Arc<Mutex<HashMap<AccountId, Running>>>,
    restraint: Arc<Restraint>,
    fetching: Arc<Mutex<Fetching>>,
}

impl Workers {
    /// No worker runs yet.
    pub fn new(context: Context) -> Self {
        Self::at_pace(context, Pace::default())
    }

    pub(crate) fn at_pace(context: Context, pace: Pace) -> Self {
        Self { context, pace, running: Arc::default(), restraint: Arc::default(), fetching: Arc::default() }
    }

    /// Starts the worker of an account, if none runs.
    pub fn start(&self, account: AccountId) {
        let mut running = self.lock();
        running.entry(account).or_insert_with(|| {
            let (bell, pulse) = (Bell::default(), crate::sync::Pulse::under(self.restraint.clone()));
            let (context, pace) = (self.context.clone(), self.pace.clone());
            let worker = account::AccountWorker::new(context, account, pulse.clone(), bell.clone(), pace);
            Running { bell, pulse, task: tokio::spawn(worker.run()) }
        });
    }

    /// Whether an account has a worker.
    pub fn runs(&self, account: AccountId) -> bool {
        self.lock().contains_key(&account)
    }

    /// Ends an account's worker, and waits until it has let go of everything.
    pub async fn stop(&self, account: AccountId) {
        let running = self.lock().remove(&account);
        if let Some(running) = running {
            running.task.abort();
            // It was told to end; that it did is all there is to know.
            let _ = running.task.await;
        }
        self.context.forget(account);
    }

    /// Ends all workers. The wire is left as it is: the server sees the socket close, and whatever was under way is found again by the next sync.
    pub fn stop_all(&self) {
        for (_, running) in self.lock().drain() {
            running.task.abort();
        }
    }

    /// Something waits to be pushed.
    pub fn push(&self, account: AccountId) {
        if let Some(running) = self.lock().get(&account) {
            running.pulse.want_push();
        }
        self.ring(account, |r| r.push = true);
    }

    /// Something waits to be pushed, somewhere.
    pub fn push_all(&self) {
        for account in self.accounts() {
            self.push(account);
        }
    }

    /// The machine slept, or its network changed: every line has to show that it still stands, and who waits tries at once.
    pub fn doubt_lines(&self) {
        for account in self.accounts() {
            self.ring(account, |r| r.slept = true);
        }
    }

    /// A person looks at a mailbox.
    pub fn opened(&self, account: AccountId, mailbox: MailboxId) {
        self.ring(account, |r| r.opened = Some(mailbox));
    }

    /// A person looks at these rows of some account, and they have no first words yet.
    pub fn seen(&self, account: AccountId, rows: &[PlacementId]) {
        self.ring(account, |r| {
            if r.seen.len() > MOST_SEEN {
                // Scrolled past long ago.
                r.seen.clear();
            }
            r.seen.extend(rows);
        });
    }

    /// This mailbox has something new that nobody pushed.
    pub fn changed(&self, account: AccountId, mailbox: MailboxId) {
        self.ring(account, |r| {
            r.changed.insert(mailbox);
        });
    }

    /// More may be to be kept here than before.
    pub fn prefetch(&self, account: AccountId) {
        self.ring(account, |r| r.look = true);
    }

    /// Whether mail comes of itself from now on, and why.
    pub fn set_fetching(&self, fetching: Fetching) {
        let before = std::mem::replace(&mut *self.fetching.lock().unwrap_or_else(PoisonError::into_inner), fetching);
        self.restraint.metered.store(fetching.metered == Some(true), Ordering::Relaxed);
        let held = self.restraint.held.swap(!fetching.ahead, Ordering::Relaxed);
        if held && fetching.ahead {
            for account in self.accounts() {
                self.ring(account, |r| r.ahead = true);
            }
        }
        if before != fetching {
            tracing::info!(metered = ?fetching.metered, ahead = fetching.ahead, "fetching ahead");
            self.context.store.emit(Event::StatusChanged);
        }
    }

    /// Whether mail comes of itself, and why.
    pub fn fetching(&self) -> Fetching {
        *self.fetching.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The account changed: connect anew.
    pub fn reconnect(&self, account: AccountId) {
        self.ring(account, |r| r.reconnect = true);
    }

    /// A full pass; answers when it is done.
    pub async fn sync(&self, account: AccountId, bodies: SyncBodies) -> Result<Vec<MailboxSynced>> {
        let (reply, done) = oneshot::channel();
        let bell = self.lock().get(&account).map(|r| r.bell.clone()).ok_or_else(crate::context::closed)?;
        if !bell.ask(Asked { bodies, reply }) {
            return Err(Error::new(ErrorKind::Busy, "Too many wait for this account's mail already.").mend("Wait a moment."));
        }
        done.await.map_err(|_| crate::context::closed())?
    }

    fn accounts(&self) -> Vec<AccountId> {
        self.lock().keys().copied().collect()
    }

    fn ring(&self, account: AccountId, what: impl FnOnce(&mut Rung)) {
        if let Some(running) = self.lock().get(&account) {
            running.bell.ring(what);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

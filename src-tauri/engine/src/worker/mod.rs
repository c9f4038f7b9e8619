//! One worker an account: keeps a connection, runs passes, waits for whatever comes first (a push notice, a person, a clock).
//! It never draws and never decides what is right: that is `sync`.

mod account;
mod carry;
mod pass;
mod road;
mod user;
mod watch;

pub use pass::run_pass;
pub use road::MailRoad;
pub use user::UserLine;

use crate::context::Context;
use godwit_domain::api::{MailboxSynced, SyncBodies};
use godwit_domain::{AccountId, MailboxId, Result};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Everything that can wake a worker.
pub(crate) enum Wake {
    /// A person did something that waits to be pushed.
    Push,
    /// A full pass, and who waits for it.
    Sync { bodies: SyncBodies, reply: oneshot::Sender<Result<Vec<MailboxSynced>>> },
    /// The server says that this mailbox changed.
    Changed(MailboxId),
    /// The server says that mailboxes came or went, or that much has changed.
    Look,
    /// A person looks at this mailbox now.
    Opened(MailboxId),
    /// The account was changed (password, server): connect anew.
    Reconnect,
}

/// The most wakes that wait; more of them say nothing new.
const WAKES: usize = 64;

struct Running {
    wakes: mpsc::Sender<Wake>,
    pulse: crate::sync::Pulse,
    task: JoinHandle<()>,
}

/// The workers of all accounts.
#[derive(Clone)]
pub struct Workers {
    context: Context,
    running: Arc<Mutex<HashMap<AccountId, Running>>>,
}

impl Workers {
    /// No worker runs yet.
    pub fn new(context: Context) -> Self {
        Self { context, running: Arc::default() }
    }

    /// Starts the worker of an account, if none runs.
    pub fn start(&self, account: AccountId) {
        let mut running = self.lock();
        running.entry(account).or_insert_with(|| {
            let (wakes, inbox) = mpsc::channel(WAKES);
            let pulse = crate::sync::Pulse::default();
            let worker = account::AccountWorker::new(self.context.clone(), account, pulse.clone(), wakes.clone(), inbox);
            Running { wakes, pulse, task: tokio::spawn(worker.run()) }
        });
    }

    /// Whether an account has a worker.
    pub fn runs(&self, account: AccountId) -> bool {
        self.lock().contains_key(&account)
    }

    /// Ends an account's worker.
    pub fn stop(&self, account: AccountId) {
        if let Some(running) = self.lock().remove(&account) {
            running.task.abort();
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
        self.wake(account, Wake::Push, true);
    }

    /// Something waits to be pushed, somewhere.
    pub fn push_all(&self) {
        let accounts: Vec<AccountId> = self.lock().keys().copied().collect();
        for account in accounts {
            self.push(account);
        }
    }

    /// A person looks at a mailbox.
    pub fn opened(&self, account: AccountId, mailbox: MailboxId) {
        self.wake(account, Wake::Opened(mailbox), false);
    }

    /// This mailbox has something new that nobody pushed.
    pub fn changed(&self, account: AccountId, mailbox: MailboxId) {
        self.wake(account, Wake::Changed(mailbox), false);
    }

    /// More may be to be kept here than before.
    pub fn prefetch(&self, account: AccountId) {
        self.wake(account, Wake::Look, false);
    }

    /// The account changed: connect anew.
    pub fn reconnect(&self, account: AccountId) {
        self.wake(account, Wake::Reconnect, false);
    }

    /// A full pass; answers when it is done.
    pub async fn sync(&self, account: AccountId, bodies: SyncBodies) -> Result<Vec<MailboxSynced>> {
        let (reply, done) = oneshot::channel();
        let wakes = self.lock().get(&account).map(|r| r.wakes.clone());
        let sent = match wakes {
            Some(wakes) => wakes.send(Wake::Sync { bodies, reply }).await.is_ok(),
            None => false,
        };
        if !sent {
            return Err(crate::context::closed());
        }
        done.await.map_err(|_| crate::context::closed())?
    }

    fn wake(&self, account: AccountId, wake: Wake, push: bool) {
        if let Some(running) = self.lock().get(&account) {
            if push {
                running.pulse.want_push();
            }
            // A full queue means that the worker is about to look anyway.
            let _ = running.wakes.try_send(wake);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, Running>> {
        self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

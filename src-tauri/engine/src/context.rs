//! What every room above store and wire shares: handles, never state of its own but the accounts' statuses.

use crate::ProtocolLog;
use crate::clock;
use crate::imap::{Connection, Dial, ImapTarget};
use crate::lines::{Lines, Standing};
use crate::net::TlsContext;
use crate::store::Store;
use godwit_domain::quirks::{Quirks, quirks};
use godwit_domain::{Account, AccountId, AccountStatus, Activity, Error, ErrorKind, Event, Result};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::broadcast;

/// Handles shared by workers, outbox and faces. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The store.
    pub store: Store,
    /// Trust roots and TLS settings.
    pub tls: Arc<TlsContext>,
    /// The profile folder.
    pub dir: PathBuf,
    /// What was said on the wire lately, redacted.
    pub log: ProtocolLog,
    statuses: Arc<Mutex<HashMap<AccountId, Activity>>>,
    /// Where a test's server stands in for the accounts' own.
    #[cfg(test)]
    pub(crate) stand_in: Option<Dial>,
    nudges: broadcast::Sender<AccountId>,
    crowded: Arc<Mutex<HashMap<AccountId, Instant>>>,
    /// The connections that stand.
    pub(crate) lines: Lines,
}

/// The most nudges that wait; one account needs only one.
const NUDGES: usize = 64;

/// How long a server that had no room for another connection is not asked for one.
const CROWDED: Duration = Duration::from_secs(86_400);

impl Context {
    /// Binds the handles together.
    pub fn new(store: Store, tls: Arc<TlsContext>, dir: PathBuf) -> Self {
        Self {
            store,
            tls,
            log: ProtocolLog::in_dir(&dir),
            dir,
            statuses: Arc::default(),
            nudges: broadcast::channel(NUDGES).0,
            crowded: Arc::default(),
            lines: Lines::default(),
            #[cfg(test)]
            stand_in: None,
        }
    }

    /// Says what an account is doing; tells the faces where that changed.
    pub fn set_activity(&self, account: AccountId, activity: Activity) {
        let changed = {
            let mut statuses = self.statuses();
            let changed = statuses.get(&account) != Some(&activity);
            statuses.insert(account, activity);
            changed
        };
        if changed {
            self.store.emit(Event::StatusChanged);
        }
    }

    /// Another account's work left this one something to push.
    pub fn nudge(&self, account: AccountId) {
        // Nobody listens where nothing runs in the background: it waits, like any other want.
        drop(self.nudges.send(account));
    }

    /// Nudges from here on.
    pub fn nudges(&self) -> broadcast::Receiver<AccountId> {
        self.nudges.subscribe()
    }

    /// An account is no more.
    pub fn forget(&self, account: AccountId) {
        self.statuses().remove(&account);
        self.store.emit(Event::StatusChanged);
    }

    /// A server that refuses an account a second connection is not asked for one again for a day.
    pub fn set_crowded(&self, account: AccountId) {
        self.crowded().insert(account, Instant::now() + CROWDED);
    }

    /// Whether that day is not over yet.
    pub fn is_crowded(&self, account: AccountId) -> bool {
        self.crowded().get(&account).is_some_and(|until| Instant::now() < *until)
    }

    /// Room for one more line that only listens, for as long as it is held.
    pub(crate) fn room_to_watch(&self) -> Option<Standing> {
        self.lines.try_stand()
    }

    fn crowded(&self) -> MutexGuard<'_, HashMap<AccountId, Instant>> {
        self.crowded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What an account is doing.
    pub fn activity(&self, account: AccountId) -> Activity {
        self.statuses().get(&account).cloned().unwrap_or(Activity::Idle)
    }

    /// Says that an account's sync failed: a thing that passes, or one for a person.
    pub fn set_failed(&self, account: AccountId, error: Error) {
        self.log.say(&format!("account {account} can't go on: {:?}", error.kind));
        let activity = match (error.kind.is_passing(), self.activity(account)) {
            (true, Activity::Offline { since, .. }) => Activity::Offline { since, error },
            (true, _) => Activity::Offline { since: clock::now(), error },
            (false, _) => Activity::Stopped { error },
        };
        self.set_activity(account, activity);
    }

    /// All statuses, with what waits to be pushed.
    pub async fn status(&self) -> Result<Vec<AccountStatus>> {
        let waiting = self
            .store
            .read(|r| {
                let accounts = r.accounts()?;
                accounts.into_iter().map(|a| Ok((a.id, r.waiting_count(a.id)?))).collect::<Result<Vec<_>>>()
            })
            .await?;
        Ok(waiting
            .into_iter()
            .map(|(account, waiting)| AccountStatus { account, activity: self.activity(account), waiting })
            .collect())
    }

    /// Where and how to sign in for an account.
    pub async fn target(&self, account: AccountId) -> Result<(Account, ImapTarget)> {
        let log = self.log.clone();
        self.store
            .read(move |r| {
                let account = r.account(account)?;
                let password = r.account_secret(account.id)?;
                let target = ImapTarget { server: account.imap.clone(), user: account.user.clone(), password, log };
                Ok((account, target))
            })
            .await
    }

    /// What is known of an account's server by its name.
    pub async fn quirks(&self, account: AccountId) -> Result<&'static Quirks> {
        let host = self.store.read(move |r| Ok(r.account(account)?.imap.host)).await?;
        Ok(quirks(&host, |_| false, ""))
    }

    /// Opens connections for an account.
    pub fn dial(&self, account: AccountId) -> Dial {
        let context = self.clone();
        Arc::new(move || {
            let context = context.clone();
            Box::pin(async move { context.connect(account).await })
        })
    }

    /// A fresh, signed-in connection, counted among all.
    pub async fn connect(&self, account: AccountId) -> Result<Connection> {
        let standing = self.lines.stand();
        Ok(self.connect_in_room(account).await?.counted(standing))
    }

    /// The same for who has room already.
    pub(crate) async fn connect_in_room(&self, account: AccountId) -> Result<Connection> {
        #[cfg(test)]
        if let Some(dial) = &self.stand_in {
            return dial().await;
        }
        let (_, target) = self.target(account).await?;
        Connection::open(&target, &self.tls).await
    }

    fn statuses(&self) -> MutexGuard<'_, HashMap<AccountId, Activity>> {
        // A poisoned lock only means that a panic passed by; the map itself is whole.
        self.statuses.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// What a worker says when it was told to end.
pub fn closed() -> Error {
    Error::new(ErrorKind::Cancelled, "Godwit is closing.")
}

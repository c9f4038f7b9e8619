//! Bringing one account's cache and its server together over one connection.
//! Deciding is `godwit_domain::sync`; here is the doing: read what the store believes, ask the server, one transaction a batch.
//! Nothing is dropped from the store but on an answer read to its tagged OK under the same UIDVALIDITY.

mod ahead;
mod arrivals;
mod audit;
mod beginnings;
mod bodies;
mod carry;
mod copying;
mod drafts;
mod folders;
mod gmail;
mod headers;
mod mailbox;
mod moving;
mod older;
mod push;
mod removal;
mod settle;
mod storing;
#[cfg(test)]
pub(crate) mod tests;
mod unanswered;

pub use ahead::Way;
pub use audit::Audited;
pub use bodies::{BodyLimit, FetchedBody, Had, drop_beyond, fetch_body};
pub use drafts::Rest;
pub(crate) use headers::parse;
pub use mailbox::{Depth, MailboxOutcome};
pub use push::PushOutcome;

use crate::imap::{Connection, Dial};
use crate::store::{MailboxState, Store};
use godwit_domain::sync::UidSet;
use godwit_domain::{AccountId, MailboxId};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a running sync shows and listens to; shared with the worker that runs it.
#[derive(Clone, Debug, Default)]
pub struct Pulse {
    done: Arc<AtomicU32>,
    total: Arc<AtomicU32>,
    wanted: Arc<AtomicBool>,
    restraint: Arc<Restraint>,
}

/// What keeps an account from fetching what nobody asked for.
#[derive(Debug, Default)]
pub struct Restraint {
    /// The line costs by the byte, as the system says.
    pub metered: AtomicBool,
    /// No mail comes of itself, be it for the line or because a person will have it so.
    pub held: AtomicBool,
}

impl Pulse {
    /// Headers read so far and to be read, in this pass.
    pub fn progress(&self) -> (u32, u32) {
        let done = self.done.load(Ordering::Relaxed);
        (done, self.total.load(Ordering::Relaxed).max(done))
    }

    /// Starts counting anew.
    pub fn reset(&self) {
        self.done.store(0, Ordering::Relaxed);
        self.total.store(0, Ordering::Relaxed);
    }

    /// A person did something: a running mailbox sync stops at the next window, so that the push comes first.
    pub fn want_push(&self) {
        self.wanted.store(true, Ordering::Release);
    }

    /// Whether a push is wanted.
    pub fn push_wanted(&self) -> bool {
        self.wanted.load(Ordering::Acquire)
    }

    /// The push is being done.
    pub fn take_push(&self) -> bool {
        self.wanted.swap(false, Ordering::AcqRel)
    }

    /// A pulse under this restraint.
    pub fn under(restraint: Arc<Restraint>) -> Self {
        Self { restraint, ..Self::default() }
    }

    /// Whether no mail is to be fetched but what a person needs now.
    pub fn is_held(&self) -> bool {
        self.restraint.held.load(Ordering::Relaxed)
    }

    /// Whether the line costs by the byte.
    pub fn is_metered(&self) -> bool {
        self.restraint.metered.load(Ordering::Relaxed)
    }

    fn expect(&self, rows: u32) {
        self.total.fetch_add(rows, Ordering::Relaxed);
    }

    fn got(&self, rows: u32) {
        self.done.fetch_add(rows, Ordering::Relaxed);
    }
}

/// How far down fetching ahead has come, as sort keys.
#[derive(Clone, Copy, Debug, Default)]
struct Prefetched {
    bodies: Option<i64>,
    beginnings: Option<i64>,
}

/// One account over one connection.
pub struct AccountSync {
    store: Store,
    conn: Connection,
    account: AccountId,
    pulse: Pulse,
    /// For what one connection alone must not decide.
    dial: Dial,
    /// The sort keys down to which bodies were fetched ahead, and the beginnings of longer ones.
    prefetched: Mutex<Prefetched>,
    /// Mailboxes in which nothing had happened when they were last listed.
    quiet: Mutex<HashSet<MailboxId>>,
    /// Mailboxes that were looked into since the last command that creates, and whether to the end.
    looked: Mutex<HashMap<MailboxId, bool>>,
    /// The mailbox that was synced last, and the opening that it was synced in.
    opened: Mutex<Option<(MailboxId, u64)>>,
    /// COMPRESS was asked for.
    compressed: AtomicBool,
    /// UIDs whose header this session could not read, by mailbox and UIDVALIDITY: asked for again by the next session.
    unreadable: Mutex<HashMap<MailboxId, (u32, UidSet)>>,
}

impl AccountSync {
    /// Takes the connection; nothing is sent yet.
    pub fn new(store: Store, conn: Connection, account: AccountId, pulse: Pulse, dial: Dial) -> Self {
        Self {
            store,
            conn,
            account,
            pulse,
            dial,
            prefetched: Mutex::default(),
            quiet: Mutex::default(),
            looked: Mutex::default(),
            opened: Mutex::default(),
            compressed: AtomicBool::default(),
            unreadable: Mutex::default(),
        }
    }

    /// The connection, to wait on.
    pub fn connection(&self) -> &Connection {
        &self.conn
    }

    /// See `Store::previewed`.
    fn previewed(&self) -> MutexGuard<'_, HashSet<MailboxId>> {
        self.store.previewed()
    }

    /// Whether nothing had happened in this mailbox when the mailboxes were last listed, and all of it is here.
    pub fn is_quiet(&self, mailbox: MailboxId) -> bool {
        self.quiet.lock().unwrap_or_else(PoisonError::into_inner).contains(&mailbox)
    }

    fn looked(&self) -> MutexGuard<'_, HashMap<MailboxId, bool>> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether every mailbox was read since the last command that creates; `None`: some wait for it still, false: some can't be.
    async fn looked_everywhere(&self) -> godwit_domain::Result<Option<bool>> {
        let read = self.mailboxes_in_order().await?;
        let looked = self.looked();
        let each: Option<Vec<bool>> = read.iter().map(|mailbox| looked.get(mailbox).copied()).collect();
        Ok(each.map(|each| each.into_iter().all(|whole| whole)))
    }

    fn listed(&self, states: &[MailboxState]) {
        let quiet: HashSet<MailboxId> = states.iter().filter(|s| folders::unchanged(s)).map(|s| s.id).collect();
        self.looked().extend(quiet.iter().map(|mailbox| (*mailbox, true)));
        *self.quiet.lock().unwrap_or_else(PoisonError::into_inner) = quiet;
    }

    /// Whether this mailbox is still the open one since it was last synced: whatever happened since was told to the connection.
    pub fn has_open(&self, mailbox: MailboxId) -> bool {
        let opened = *self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        self.conn.is_alive() && opened == Some((mailbox, self.conn.opening()))
    }

    fn opened(&self, mailbox: MailboxId) {
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Some((mailbox, self.conn.opening()));
    }

    /// How far fetching ahead has come in this round.
    fn prefetched(&self) -> MutexGuard<'_, Prefetched> {
        self.prefetched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a person did something that goes first.
    pub fn push_wanted(&self) -> bool {
        self.pulse.push_wanted()
    }

    /// The mailbox that is read to bring this one up to date: where folders are labels, the one that holds all messages.
    pub async fn ground(&self, mailbox: MailboxId) -> godwit_domain::Result<MailboxId> {
        self.store.read(move |r| r.ground(mailbox)).await
    }

    /// Which account.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Whether a mailbox holds messages of its own on the server, and is read.
    fn is_read(&self, state: &MailboxState) -> bool {
        let doubles = state.role == Some(godwit_domain::Role::All) && self.conn.capabilities().quirks.doubles_all;
        state.selectable && state.on_server && state.home.is_none() && !doubles
    }

    /// The mailboxes of the account in the order they are synced: inbox, then the ones people look at, then the rest.
    pub async fn mailboxes_in_order(&self) -> godwit_domain::Result<Vec<MailboxId>> {
        use godwit_domain::Role;
        let account = self.account;
        let mut states = self.store.read(move |r| r.mailbox_states(account)).await?;
        let homes: HashSet<MailboxId> = states.iter().filter_map(|s| s.home).collect();
        states.retain(|s| self.is_read(s));
        states.sort_by_key(|s| {
            let rank = match s.role {
                _ if homes.contains(&s.id) => 0,
                Some(Role::Inbox) => 0,
                Some(Role::Sent | Role::Drafts) => 1,
                Some(Role::Archive) => 2,
                None => 3,
                Some(Role::Trash) => 4,
                Some(Role::Junk | Role::Flagged | Role::All) => 5,
            };
            (rank, s.id)
        });
        Ok(states.into_iter().map(|s| s.id).collect())
    }
}

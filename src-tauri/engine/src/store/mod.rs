//! The only truth the faces know: profile.db (what nobody can give back) and cache.db (what the servers can), both encrypted.
//! One writer thread with two lanes, four readers, open lists that follow every commit. The one room that names `rusqlite`.
//! Never speaks to a server; never imports another room of the engine.

mod account;
mod action;
mod arrive;
mod attempt;
mod audit;
mod body;
mod carry;
mod confirm;
mod contact;
mod draft;
mod draft_copy;
mod error;
mod folders;
mod going;
mod hub;
mod intent;
mod keep;
mod key;
mod labelled;
mod labels;
mod lanes;
mod link;
mod mailbox;
mod message;
mod migrate;
mod on_wire;
mod open;
mod outbox;
mod placement;
mod placing;
mod pool;
mod pushed;
mod reader;
mod ready;
mod receipt;
mod removed;
mod search;
mod text;
mod thread;
mod unbound;
mod view;
mod writer;

#[cfg(test)]
mod tests;

pub use arrive::Inserted;
pub use attempt::{Attempt, AttemptId, AttemptKind, LiesAt};
pub use body::{Extent, Packed, Packer};
pub use carry::{Carry, Landed};
pub use confirm::Want;
pub use draft_copy::{DraftCopy, DraftFiled, DraftToFile};
pub use intent::{Pending, PendingCopy};
pub use keep::Kept;
pub use key::ProfileKey;
pub use lanes::Lane;
pub use mailbox::{MailboxState, UidValidity};
pub use message::MessageRecord;
pub use on_wire::{Doing, LeftThere, OnWire};
pub use open::OpenReport;
pub use outbox::{OutboxMail, OutboxRow};
pub use placement::UidIdentity;
pub use reader::Reader;
pub use ready::{Intake, Ready};
pub use writer::Writer;

use godwit_domain::{
    AccountId, Action, Error, ErrorKind, Event, MailboxId, Performed, PlacementId, ReceiptId, Result, Row, Targets, Undone,
    ViewId, ViewOpened, ViewSpec,
};
use hub::Hub;
use lanes::{Desk, Lanes};
use pool::{For, Pool, ReadDesk};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{broadcast, oneshot};

/// The most rows of one window.
const MOST_ROWS: u32 = 500;

/// A profile's store. Cheap to clone; all clones are one store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    hub: Arc<Hub>,
    lanes: Arc<Lanes>,
    pool: Arc<Pool>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    previewed: Mutex<HashSet<MailboxId>>,
    uncompressible: Mutex<HashSet<AccountId>>,
    alerts: Mutex<HashSet<(AccountId, String)>>,
    renumbered: Mutex<HashMap<MailboxId, Vec<Instant>>>,
}

/// A mailbox that gets a new UIDVALIDITY more often than so many times a day has no UIDs to rely on.
const MOST_RENUMBERED: usize = 3;
const DAY: Duration = Duration::from_secs(86_400);

/// Alerts of servers that are told while a process runs.
const MOST_ALERTS: usize = 100;

impl Drop for Inner {
    /// Waits for the threads: one that still holds a file when the process ends has the cipher library's memory freed under it.
    fn drop(&mut self) {
        self.lanes.close();
        self.pool.close();
        let threads = std::mem::take(self.threads.get_mut().unwrap_or_else(PoisonError::into_inner));
        let here = std::thread::current().id();
        for thread in threads.into_iter().filter(|thread| thread.thread().id() != here) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store did not end in order");
            }
        }
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Cancelled, "Godwit is closing.")
}

impl Store {
    /// Opens a profile's two files, making what is missing.
    pub fn open(dir: &Path, key: &ProfileKey) -> Result<(Self, OpenReport)> {
        let opened = open::open(dir, key)?;
        let mut report = opened.report;
        let lanes = Arc::new(Lanes::default());
        let hub = Arc::new(Hub::new(Arc::clone(&lanes)));
        let mut desk = Desk::new(dir, opened.profile, opened.cache, Arc::clone(&hub))?;
        report.healed = desk.transact(Lane::Sync, |w| {
            w.purge()?;
            w.spool_clear_all()?;
            w.heal()
        })?;
        report.unsent = desk.read(|r| r.unsent())?;
        let pool = Arc::new(Pool::default());
        let mut threads = pool.start(dir, key)?;
        let writer = {
            let lanes = Arc::clone(&lanes);
            std::thread::Builder::new()
                .name("store-writer".to_owned())
                .spawn(move || desk.run(&lanes))
                .map_err(|e| error::from_io("starting the writer", &e))?
        };
        threads.push(writer);
        let inner = Inner {
            hub,
            lanes,
            pool,
            threads: Mutex::new(threads),
            previewed: Mutex::default(),
            uncompressible: Mutex::default(),
            alerts: Mutex::default(),
            renumbered: Mutex::default(),
        };
        Ok((Self { inner: Arc::new(inner) }, report))
    }

    /// Mailboxes whose rows all have their first words, as far as this process knows: looking again costs a read of their
    /// newest thousands, and nothing but new rows makes it worth while.
    pub(crate) fn previewed(&self) -> MutexGuard<'_, HashSet<MailboxId>> {
        self.inner.previewed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accounts whose server offered COMPRESS and broke off when it was asked: this process does not ask them again.
    pub(crate) fn uncompressible(&self) -> MutexGuard<'_, HashSet<AccountId>> {
        self.inner.uncompressible.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a mailbox was numbered anew; answers whether that is once too often, as this process has seen it.
    pub(crate) fn is_renumbered_too_often(&self, mailbox: MailboxId) -> bool {
        let mut all = self.inner.renumbered.lock().unwrap_or_else(PoisonError::into_inner);
        let times = all.entry(mailbox).or_default();
        times.retain(|at| at.elapsed() < DAY);
        times.push(Instant::now());
        times.len() == MOST_RENUMBERED + 1
    }

    /// Whether a server's words for people are heard for the first time; some say them at every sign-in. So many are
    /// remembered, and no more are told.
    pub(crate) fn is_new_alert(&self, account: AccountId, words: &str) -> bool {
        let mut heard = self.inner.alerts.lock().unwrap_or_else(PoisonError::into_inner);
        heard.len() < MOST_ALERTS && heard.insert((account, words.to_owned()))
    }

    /// One transaction over both files, rolled back where `f` fails.
    pub async fn write<T: Send + 'static>(
        &self,
        lane: Lane,
        f: impl FnOnce(&mut Writer<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.desk(lane, move |desk| desk.transact(lane, f)).await
    }

    /// From now on there is room for so many transactions, and then for one not or for none. Answers whether what was left
    /// before was used up.
    #[cfg(test)]
    pub async fn set_room(&self, room: Option<(u32, bool)>) -> bool {
        let set = move |desk: &mut Desk| Ok(!matches!(std::mem::replace(&mut desk.room, room), Some((1.., _))));
        self.desk(Lane::User, set).await.unwrap()
    }

    async fn desk<T: Send + 'static>(&self, lane: Lane, f: impl FnOnce(&mut Desk) -> Result<T> + Send + 'static) -> Result<T> {
        let (answer, done) = oneshot::channel();
        // Whoever asked may have gone; the work is done all the same.
        let job = Box::new(move |desk: &mut Desk| drop(answer.send(f(desk))));
        if !self.inner.lanes.push(lane, job) {
            return Err(closed());
        }
        done.await.map_err(|_| closed())?
    }

    /// One snapshot of both files.
    pub async fn read<T: Send + 'static>(&self, f: impl FnOnce(&Reader<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        self.reader(For::Other, move |desk| desk.read(f)).await
    }

    /// As `read`, for what a person waits for: one reader is kept free for this.
    pub async fn read_now<T: Send + 'static>(&self, f: impl FnOnce(&Reader<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        self.reader(For::Person, move |desk| desk.read(f)).await
    }

    async fn reader<T: Send + 'static>(&self, who: For, f: impl FnOnce(&ReadDesk) -> Result<T> + Send + 'static) -> Result<T> {
        let (answer, done) = oneshot::channel();
        let job = Box::new(move |desk: &ReadDesk| drop(answer.send(f(desk))));
        if !self.inner.pool.push(who, job) {
            return Err(closed());
        }
        done.await.map_err(|_| closed())?
    }

    /// Everything that changes from here on. Who falls behind by 1,024 events is told so and reads all again.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.inner.hub.subscribe()
    }

    /// Tells an event that comes from elsewhere; it is gathered like the store's own.
    pub fn emit(&self, event: Event) {
        self.inner.hub.emit(event);
    }

    /// Sends what was gathered so far: who is answered after this has been told all that came before the answer.
    pub async fn tell_now(&self) -> Result<()> {
        self.desk(Lane::Sync, |desk| {
            desk.hub.tell();
            Ok(())
        })
        .await
    }

    /// Opens a list. Of a very long one the first screen stands at once and the rest follows as `ViewChanged`.
    pub async fn view_open(&self, spec: ViewSpec) -> Result<ViewOpened> {
        let hub = Arc::clone(&self.inner.hub);
        let (opened, partial) = self.reader(For::Person, move |desk| hub.open(desk, spec)).await?;
        if partial {
            let hub = Arc::clone(&self.inner.hub);
            let view = opened.view;
            let rest = Box::new(move |desk: &ReadDesk| {
                if let Err(error) = hub.complete(desk, view) {
                    tracing::warn!(kind = ?error.kind, "the rest of a list could not be read");
                    hub.emit(Event::Told { error });
                    hub.close(view);
                }
            });
            self.inner.pool.push(For::Other, rest);
        }
        Ok(opened)
    }

    /// Rows `from .. from + count` of an open list, at most 500.
    pub async fn view_window(&self, view: ViewId, from: u32, count: u32) -> Result<Vec<Row>> {
        if usize::try_from(from.saturating_add(count)).unwrap_or(usize::MAX) > view::FIRST {
            self.whole(view).await?;
        }
        let hub = Arc::clone(&self.inner.hub);
        self.reader(For::Person, move |desk| {
            let window = hub.window(view, from, count.min(MOST_ROWS))?;
            desk.read(|r| {
                let rows = if window.threaded { r.thread_rows(&window.ids, &window.scope) } else { r.rows(&window.ids) };
                r.in_folders(rows?, &window.scope)
            })
        })
        .await
    }

    /// Where a placement stands in an open list.
    pub async fn view_position(&self, view: ViewId, id: PlacementId) -> Result<Option<u32>> {
        self.whole(view).await?;
        let hub = Arc::clone(&self.inner.hub);
        let entry = self.read_now(move |r| Ok(r.placement(id.0)?.map(|p| (p.sort_key, p.id)))).await?;
        entry.map_or(Ok(None), |entry| hub.position(view, entry))
    }

    /// All rows of an open list, for "all but" selections.
    pub async fn view_ids(&self, view: ViewId) -> Result<Vec<PlacementId>> {
        self.whole(view).await?;
        Ok(self.inner.hub.window(view, 0, u32::MAX)?.ids)
    }

    /// Closes a list.
    pub fn view_close(&self, view: ViewId) {
        self.inner.hub.close(view);
    }

    /// Waits until a list is wholly read.
    async fn whole(&self, view: ViewId) -> Result<()> {
        for _ in 0..2_000 {
            if self.inner.hub.is_whole(view)? {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(Error::new(ErrorKind::TimedOut, "The list takes too long to read.").mend("Try again."))
    }

    /// Does something to messages: here at once, on the server as soon as it can.
    pub async fn perform(&self, action: Action) -> Result<Performed> {
        let (ids, list) = match action.targets {
            Targets::Ids { ids, threads, view } => {
                // A list that was closed meanwhile says nothing of where its rows were chosen.
                let window = view.and_then(|view| self.inner.hub.window(view, 0, 0).ok());
                let list = window.map(|window| window.scope).unwrap_or_default();
                let within = list.clone();
                let ids = if threads { self.read_now(move |r| r.expand(&ids, None, &within)).await? } else { ids };
                (ids, list)
            }
            Targets::AllBut { view, except } => {
                let except: std::collections::HashSet<PlacementId> = except.into_iter().collect();
                let ids: Vec<PlacementId> = self.view_ids(view).await?.into_iter().filter(|id| !except.contains(id)).collect();
                let window = self.inner.hub.window(view, 0, 0)?;
                let list = window.scope.clone();
                let ids = match window.threaded {
                    true => self.read_now(move |r| r.expand(&ids, Some(&window.scope), &[])).await?,
                    false => ids,
                };
                (ids, list)
            }
        };
        let verb = action.verb;
        self.write(Lane::User, move |w| w.perform_in(&verb, &ids, &list)).await
    }

    /// Takes back a receipt, or the newest one.
    pub async fn undo(&self, receipt: Option<ReceiptId>) -> Result<Undone> {
        self.write(Lane::User, move |w| w.undo(receipt)).await
    }

    /// Finishes what waits, moves the logs into the files and ends. Other clones answer "closing" from here on.
    pub async fn close(self) {
        self.inner.lanes.close();
        self.inner.pool.close();
        let threads = std::mem::take(&mut *self.inner.threads.lock().unwrap_or_else(PoisonError::into_inner));
        // All of them, not only the writer: a reader that frees its keys while the process exits meets OpenSSL's own
        // clean-up, and memory is freed twice.
        let ended =
            tokio::task::spawn_blocking(move || threads.into_iter().filter_map(|thread| thread.join().err()).count()).await;
        if !matches!(ended, Ok(0)) {
            tracing::error!("a thread of the store did not end in order");
        }
    }
}

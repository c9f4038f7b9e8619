//! The engine as its faces see it: open, ask, listen, close. One dispatcher answers the window, the command line and the tests.

use crate::context::Context;
use crate::net::TlsContext;
use crate::os::{Ask, Owner, ProfileLock};
use crate::outbox::{Outbox, StoredRows};
use crate::reading::{FrameAnswer, Reading};
use crate::secrets::{KeySource, KeyedProfile, profile_key};
use crate::store::{ProfileKey, Store};
use crate::worker::{MailRoad, UserLine, Workers, watch_meter, watch_network, watch_sleep};
use godwit_domain::api::{Command, Request};
use godwit_domain::sending::Happened;
use godwit_domain::{AccountId, Draft, DraftId, Error, ErrorKind, Event, Fetching, Result};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinSet;

/// How to open a profile.
pub struct OpenOptions {
    /// The profile's folder; made where it is missing.
    pub dir: PathBuf,
    /// Where its key comes from.
    pub key: KeySource,
    /// Whether accounts are kept up to date in the background. Without: only what is asked for.
    pub run_workers: bool,
}

/// What opening found.
#[derive(Debug, Default)]
pub struct OpenReport {
    /// Things to tell a person: a cache that was set aside and is built anew.
    pub notes: Vec<Error>,
}

/// How long closing may take. The shell gives a window's end 3 seconds of its own; here the disk is waited for, because a
/// process that ends while a thread still reads has its cipher library's memory freed under that thread.
const CLOSE: Duration = Duration::from_secs(30);
/// How long drafts are left alone where none rests: the clock may jump.
const DRAFTS_AGAIN: Duration = Duration::from_secs(60);
/// How often the protocol log is written down. A wake-up a minute is what an idle program may cost.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// An open profile. Cheap to clone; one process owns a profile at a time.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub context: Context,
    pub workers: Workers,
    pub outbox: Arc<Outbox<StoredRows, MailRoad>>,
    tasks: Mutex<JoinSet<()>>,
    pub line: UserLine,
    /// Rings where a draft was changed.
    pub drafts: Arc<Notify>,
    /// Rings where the settings were changed.
    pub settings: Arc<Notify>,
    pub reading: Reading,
    pub run_workers: bool,
    pub notes: Vec<Error>,
    /// The folder for opened attachments, emptied at the start.
    pub temp: PathBuf,
    held: Mutex<Option<Held>>,
}

/// What is let go of last: the lock, and the folder of a profile that lives for one run only.
struct Held {
    _keyed: KeyedProfile,
    lock: ProfileLock,
}

impl Engine {
    /// Takes the profile, opens its store and, where asked, starts its workers.
    ///
    /// # Errors
    /// `ProfileInUse`, `KeyUnavailable`, `ReadOnly`, `StorageFull`, `Corrupt`; nothing is changed then.
    pub async fn open(options: OpenOptions) -> Result<(Self, OpenReport)> {
        let dir = options.dir;
        crate::os::dirs::create_private_dir(&dir)?;
        let lock = ProfileLock::take(&dir)?;
        let keyed = profile_key(&dir, &options.key).await?;
        let opened = {
            let (dir, key) = (keyed.dir.clone(), ProfileKey::new(*keyed.key.bytes()));
            tokio::task::spawn_blocking(move || Store::open(&dir, &key)).await
        };
        let (store, report) = opened.map_err(|_| Error::bug("Opening the store stopped short."))??;
        let notes = notes(&report);
        let context = Context::new(store, Arc::new(TlsContext::new()), dir.clone());
        let workers = Workers::new(context.clone());
        let line = UserLine::new(context.clone());
        let road = MailRoad::new(context.clone(), line.clone(), workers.clone());
        let inner = Inner {
            line,
            outbox: Arc::new(Outbox::new(StoredRows(context.store.clone()), road)),
            tasks: Mutex::default(),
            drafts: Arc::default(),
            settings: Arc::default(),
            reading: Reading::new(),
            run_workers: options.run_workers,
            notes: notes.clone(),
            temp: crate::os::private_temp(&dir)?,
            held: Mutex::new(Some(Held { _keyed: keyed, lock })),
            context,
            workers,
        };
        let engine = Self { inner: Arc::new(inner) };
        {
            let mut tasks = engine.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            tasks.spawn(note_told(engine.events(), engine.inner.context.log.clone()));
        }
        if options.run_workers {
            engine.start_workers().await?;
        }
        Ok((engine, OpenReport { notes }))
    }

    async fn start_workers(&self) -> Result<()> {
        let accounts = self.inner.context.store.read(|r| r.accounts()).await?;
        // Until it is known what the line costs.
        self.inner.workers.set_fetching(Fetching::default());
        for account in accounts {
            self.inner.workers.start(account.id);
        }
        let mut tasks = self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.spawn(self.inner.outbox.clone().run());
        tasks.spawn(push_marks(self.events(), self.inner.workers.clone()));
        tasks.spawn(rest_drafts(self.inner.context.store.clone(), self.inner.drafts.clone(), self.inner.workers.clone()));
        let doubt = Arc::new(Notify::new());
        tasks.spawn(watch_sleep(doubt.clone()));
        tasks.spawn(watch_network(doubt.clone()));
        tasks.spawn(self.inner.doubts().watch(doubt));
        tasks.spawn(watch_meter(self.inner.context.clone(), self.inner.workers.clone(), self.inner.settings.clone()));
        tasks.spawn(write_log(self.inner.context.log.clone()));
        tasks.spawn(pass_nudges(self.inner.context.nudges(), self.inner.workers.clone()));
        drop(tasks);
        Ok(())
    }

    /// Answers one request with JSON.
    ///
    /// # Errors
    /// Whatever stands in the way, with its mend.
    pub async fn call(&self, request: Request) -> Result<Value> {
        crate::face::answer(self, request).await
    }

    /// Answers one request, typed.
    ///
    /// # Errors
    /// As [`Engine::call`].
    pub async fn ask<C: Command>(&self, command: C) -> Result<C::Reply> {
        let value = self.call(command.into()).await?;
        serde_json::from_value(value).map_err(|_| Error::bug(format!("The answer to {} has the wrong shape.", C::NAME)))
    }

    /// What changes, by id.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.context.store.subscribe()
    }

    /// Answers the message scheme: `/<token>/body`, `/<token>/part/<n>`.
    pub fn frame(&self, path_and_query: &str) -> FrameAnswer {
        self.inner.reading.answer(path_and_query)
    }

    /// Attaches bytes to a draft.
    ///
    /// # Errors
    /// `Gone` where there is no such draft, `StorageFull`.
    pub async fn attach_bytes(&self, draft: DraftId, name: &str, media_type: &str, bytes: Vec<u8>) -> Result<Draft> {
        crate::face::compose::attach(self, draft, name, media_type, bytes).await
    }

    /// Answers the owner's socket until the engine closes. `raise` brings the window to the front and opens what it is handed.
    ///
    /// # Errors
    /// Where the socket can't be made.
    pub async fn serve_owner(&self, raise: impl Fn(Vec<String>) -> Result<()> + Send + Sync + 'static) -> Result<()> {
        let listening = {
            let held = self.inner.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.as_ref().map(|held| Owner::listen(&held.lock))
        };
        let Some(owner) = listening else { return Err(crate::context::closed()) };
        let mut owner = owner?;
        while let Some(call) = owner.accept().await {
            match call.ask {
                Ask::Raise { open } => call.reply.send(raise(open).map(|()| Value::Null)),
                Ask::Request(request) => {
                    let engine = self.clone();
                    tokio::spawn(async move { call.reply.send(engine.call(*request).await) });
                }
            }
        }
        Ok(())
    }

    /// Ends workers, drains the store and lets go of the profile.
    pub async fn close(self) {
        self.inner.workers.stop_all();
        // A submission that is cut here is found as uncertain at the next start.
        self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
        let inner = self.inner.clone();
        let closing = async move {
            inner.line.close_all().await;
            inner.context.store.clone().close().await;
            let log = inner.context.log.clone();
            // Only what it was to say is lost where this fails.
            drop(tokio::task::spawn_blocking(move || log.write_down()).await);
        };
        if tokio::time::timeout(CLOSE, closing).await.is_err() {
            tracing::warn!("closing took longer than it may; the rest is found again at the next start");
        }
        let held = self.inner.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(held);
    }
}

/// What is done where no line may be trusted.
pub(crate) struct Doubts {
    line: UserLine,
    workers: Workers,
    outbox: Arc<Outbox<StoredRows, MailRoad>>,
}

impl Doubts {
    /// Every line has to show that it still stands, and what waits for a line is tried at once.
    pub(crate) async fn doubt(&self) {
        // What works on a line keeps it; the next to need one gets a fresh one.
        self.line.close_all().await;
        self.workers.doubt_lines();
        self.outbox.tell_waiting(None, &Happened::Online).await;
    }

    async fn watch(self, doubt: Arc<Notify>) {
        loop {
            doubt.notified().await;
            self.doubt().await;
        }
    }
}

impl Inner {
    pub(crate) fn doubts(&self) -> Doubts {
        Doubts { line: self.line.clone(), workers: self.workers.clone(), outbox: self.outbox.clone() }
    }

    /// Mails may not wait any more for what kept them back. What follows from that may take long, so nobody waits for it but a
    /// process that ends with its answer.
    pub(crate) async fn tell_waiting(&self, account: AccountId, happened: Happened) {
        let outbox = self.outbox.clone();
        let told = async move { outbox.tell_waiting(Some(account), &happened).await };
        if self.run_workers {
            self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(told);
        } else {
            told.await;
        }
    }
}

/// A mail that went out marks what it answers; that mark waits to be pushed like any other.
async fn push_marks(mut events: broadcast::Receiver<Event>, workers: Workers) {
    loop {
        match events.recv().await {
            Ok(Event::OutboxChanged) | Err(broadcast::error::RecvError::Lagged(_)) => workers.push_all(),
            Ok(_) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

/// A draft that has rested waits to be pushed like any other want. One that does not get on (no line, no room) goes with the
/// next pass, or is asked for again after a pause.
async fn rest_drafts(store: Store, changed: Arc<Notify>, workers: Workers) {
    loop {
        let due = match store.read(|r| r.drafts_due()).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "drafts could not be read");
                tokio::time::sleep(DRAFTS_AGAIN).await;
                continue;
            }
        };
        let now = crate::clock::now();
        let rested: BTreeSet<AccountId> = due.iter().filter(|(_, at)| *at <= now).map(|(account, _)| *account).collect();
        rested.into_iter().for_each(|account| workers.push(account));
        if due.is_empty() {
            // Nothing rests: only who writes can change that, and a timer would wake an idle machine for nothing.
            changed.notified().await;
            continue;
        }
        let next = due.iter().map(|(_, at)| at.saturating_sub(now)).filter(|secs| *secs > 0).min();
        let nap = next.and_then(|secs| u64::try_from(secs).ok()).map_or(DRAFTS_AGAIN, Duration::from_secs).min(DRAFTS_AGAIN);
        tokio::select! {
            () = tokio::time::sleep(nap) => {}
            () = changed.notified() => {}
        }
    }
}

/// A refusal or a repair that a person is told of leaves a line in the protocol log: its kind, never its words.
async fn note_told(mut events: broadcast::Receiver<Event>, log: crate::ProtocolLog) {
    loop {
        match events.recv().await {
            Ok(Event::Told { error }) => log.say(&format!("a person was told: {:?}", error.kind)),
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

/// Keeps the protocol log's file near what was said, so that a crash leaves its story. Nothing said, nothing woken.
async fn write_log(log: crate::ProtocolLog) {
    loop {
        log.said().await;
        tokio::time::sleep(LOG_EVERY).await;
        let log = log.clone();
        drop(tokio::task::spawn_blocking(move || log.write_down()).await);
    }
}

/// One account's landing is another one's expunge.
async fn pass_nudges(mut nudges: broadcast::Receiver<AccountId>, workers: Workers) {
    loop {
        match nudges.recv().await {
            Ok(account) => workers.push(account),
            Err(broadcast::error::RecvError::Lagged(_)) => workers.push_all(),
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

/// What a person should know of how the store opened.
fn notes(report: &crate::store::OpenReport) -> Vec<Error> {
    let Some(old) = &report.damaged_cache else { return Vec::new() };
    let saved = match report.unsent {
        0 => String::new(),
        1 => " 1 unsent mail was saved.".to_owned(),
        n => format!(" {n} unsent mails were saved."),
    };
    let what = format!("The mail cache was damaged and is being built again from the server.{saved}");
    vec![Error::new(ErrorKind::Corrupt, what).mend(format!("The old file is kept at {}.", old.display()))]
}

/// A reply as JSON.
pub(crate) fn json<T: Serialize>(value: T) -> Result<Value> {
    serde_json::to_value(value).map_err(|_| Error::bug("An answer could not be written as JSON."))
}

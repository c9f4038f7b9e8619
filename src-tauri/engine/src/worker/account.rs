//! The loop of one account: connect, pass, wait, again; with back-off where it fails and a stop where only a person helps.

use super::watch::{self, Watch};
use super::{Wake, pass};
use crate::context::Context;
use crate::sync::{AccountSync, Pulse};
use futures_util::FutureExt;
use godwit_domain::api::{MailboxSynced, SyncBodies};
use godwit_domain::sync::{Retry, retry_after};
use godwit_domain::{AccountId, Activity, Error, MailboxId, Result, Role};
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// How often mailboxes that nobody watches are looked at.
const POLL: Duration = Duration::from_secs(300);
/// How long one IDLE lasts at most; NATs forget sooner than RFC 2177's 29 minutes.
const IDLE: Duration = Duration::from_secs(570);

/// The pause after a panic, so that one that comes again does not spin.
const AFTER_PANIC: Duration = Duration::from_secs(30);

type Waiting = Option<(SyncBodies, oneshot::Sender<Result<Vec<MailboxSynced>>>)>;

pub(super) struct AccountWorker {
    context: Context,
    account: AccountId,
    pulse: Pulse,
    wakes: mpsc::Sender<Wake>,
    inbox: mpsc::Receiver<Wake>,
    open: Option<MailboxId>,
    /// Whether mail may be missing that is to be kept here: it comes whenever nothing else is to be done.
    behind: bool,
    /// When all mailboxes are looked at again, however busy one of them is.
    poll_at: Instant,
}

impl AccountWorker {
    pub(super) fn new(
        context: Context,
        account: AccountId,
        pulse: Pulse,
        wakes: mpsc::Sender<Wake>,
        inbox: mpsc::Receiver<Wake>,
    ) -> Self {
        Self { context, account, pulse, wakes, inbox, open: None, behind: false, poll_at: Instant::now() + POLL }
    }

    /// Lives until told to end. A panic is Godwit's mistake, and this account's alone: told, and begun anew after a pause.
    pub(super) async fn run(mut self) {
        while AssertUnwindSafe(self.live()).catch_unwind().await.is_err() {
            tracing::error!("an account's worker panicked and starts anew");
            let error = Error::bug("Getting this account's mail stopped short. It starts again by itself.");
            self.context.set_failed(self.account, error);
            tokio::time::sleep(AFTER_PANIC).await;
        }
    }

    async fn live(&mut self) {
        let mut failures = 0;
        let mut waiting: Waiting = None;
        loop {
            let error = match self.session(&mut failures, &mut waiting).await {
                Ok(End::Closed) => return,
                Ok(End::Reconnect) => continue,
                Err(error) => error,
            };
            failures += 1;
            tracing::info!(kind = ?error.kind, failures, "an account's session ended");
            self.context.set_failed(self.account, error.clone());
            if let Some((_, reply)) = waiting.take() {
                // Who asked may have gone away; nobody is left to tell then.
                let _ = reply.send(Err(error.clone()));
            }
            match self.pause(&error, failures).await {
                Some(asked) => waiting = asked,
                None => return,
            }
        }
    }

    /// Waits out the back-off, or for a person. `None`: the worker ends.
    async fn pause(&mut self, error: &Error, failures: u32) -> Option<Waiting> {
        let deadline = match retry_after(error, failures) {
            Retry::After(ms) => Some(Instant::now() + Duration::from_millis(ms + jitter(ms / 4))),
            Retry::Stop => None,
        };
        loop {
            let over = async {
                match deadline {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = over => return Some(None),
                wake = self.inbox.recv() => match wake? {
                    Wake::Sync { bodies, reply } => return Some(Some((bodies, reply))),
                    Wake::Reconnect => return Some(None),
                    Wake::Opened(mailbox) => self.open = Some(mailbox),
                    Wake::Push | Wake::Changed(_) | Wake::Look => {}
                },
            }
        }
    }

    /// One connection's life.
    async fn session(&mut self, failures: &mut u32, waiting: &mut Waiting) -> Result<End> {
        if matches!(self.context.activity(self.account), Activity::Idle | Activity::Stopped { .. }) {
            self.context.set_activity(self.account, Activity::SigningIn);
        }
        let connection = self.context.connect(self.account).await?;
        let dial = self.context.dial(self.account);
        let sync = AccountSync::new(self.context.store.clone(), connection, self.account, self.pulse.clone(), dial);
        self.full_pass(&sync, waiting).await?;
        *failures = 0;
        let watch = watch::start(self.context.clone(), self.account, self.wakes.clone());
        crate::sync::drop_beyond(&self.context.store, self.account).await?;
        loop {
            self.up_to_date();
            if self.behind && self.inbox.is_empty() && Instant::now() < self.poll_at {
                self.catch_up(&sync).await?;
                continue;
            }
            match self.wait(&sync, &watch).await? {
                None => return Ok(End::Closed),
                Some(Waited::Wake(Wake::Reconnect)) => return Ok(End::Reconnect),
                Some(wake) => self.answer(&sync, wake, waiting).await?,
            }
        }
    }

    async fn answer(&mut self, sync: &AccountSync, wake: Waited, waiting: &mut Waiting) -> Result<()> {
        match wake {
            Waited::Poll | Waited::Wake(Wake::Look) => self.full_pass(sync, waiting).await,
            Waited::Changed(mailbox) => pass::run_mailbox(&self.context, sync, &self.pulse, mailbox).await,
            Waited::Wake(Wake::Push) => pass::run_push(&self.context, sync, &self.pulse).await,
            Waited::Wake(Wake::Changed(mailbox)) => pass::run_mailbox(&self.context, sync, &self.pulse, mailbox).await,
            Waited::Wake(Wake::Opened(mailbox)) => {
                if self.open.replace(mailbox) == Some(mailbox) {
                    return Ok(());
                }
                pass::run_mailbox(&self.context, sync, &self.pulse, mailbox).await
            }
            Waited::Wake(Wake::Sync { bodies, reply }) => {
                *waiting = Some((bodies, reply));
                self.full_pass(sync, waiting).await
            }
            // Taken care of by the session, which owns the connection.
            Waited::Wake(Wake::Reconnect) => Ok(()),
        }
    }

    /// One step of what is to be kept here. What one mailbox will not give does not end the session.
    async fn catch_up(&mut self, sync: &AccountSync) -> Result<()> {
        if self.pulse.push_wanted() {
            return pass::run_push(&self.context, sync, &self.pulse).await;
        }
        match sync.prefetch_bodies(SyncBodies::Policy).await {
            Ok(more) => self.behind = more,
            Err(error) if sync.connection().is_alive() => {
                tracing::info!(kind = ?error.kind, "mail to be kept here could not be fetched");
                self.behind = false;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn full_pass(&mut self, sync: &AccountSync, waiting: &mut Waiting) -> Result<()> {
        self.poll_at = Instant::now() + POLL;
        let bodies = waiting.as_ref().map_or(SyncBodies::None, |(bodies, _)| *bodies);
        sync.prefetch_anew();
        self.behind = true;
        let running = pass::run_pass(&self.context, sync, &self.pulse, bodies);
        tokio::pin!(running);
        let mut tick = tokio::time::interval(Duration::from_millis(250));
        let report = loop {
            tokio::select! {
                report = &mut running => break report?,
                _ = tick.tick() => {
                    let (done, total) = self.pulse.progress();
                    if done < total {
                        self.context.set_activity(self.account, Activity::Getting { done, total });
                    }
                }
            }
        };
        if let Some((_, reply)) = waiting.take() {
            // Who asked may have gone away; the pass was not for them alone.
            let _ = reply.send(Ok(report));
        }
        Ok(())
    }

    fn up_to_date(&self) {
        self.context.set_activity(self.account, Activity::UpToDate { at: crate::clock::now() });
    }

    /// Waits for a wake, a change in the open mailbox, or the poll. `None`: nobody is left to wake us.
    async fn wait(&mut self, sync: &AccountSync, watch: &Watch) -> Result<Option<Waited>> {
        let watched = if watch.hears_all() { None } else { self.watched_mailbox().await? };
        let connection = sync.connection();
        let Some((mailbox, wire_name)) = watched.filter(|_| connection.capabilities().idle) else {
            return Ok(tokio::select! {
                wake = self.inbox.recv() => wake.map(Waited::Wake),
                () = tokio::time::sleep_until(self.poll_at) => Some(Waited::Poll),
            });
        };
        connection.select(&wire_name, None).await?;
        let (stop, stopped) = oneshot::channel::<()>();
        let idle = connection.idle(IDLE.min(self.poll_at.saturating_duration_since(Instant::now())), async {
            // Both ways to be woken mean the same: stop idling.
            let _ = stopped.await;
        });
        tokio::pin!(idle);
        tokio::select! {
            events = &mut idle => {
                let changed = !events?.is_empty();
                Ok(Some(if changed { Waited::Changed(mailbox) } else { Waited::Poll }))
            }
            wake = self.inbox.recv() => {
                drop(stop);
                idle.await?;
                Ok(wake.map(Waited::Wake))
            }
        }
    }

    /// The mailbox that a person has open, unless the watch has it already.
    async fn watched_mailbox(&self) -> Result<Option<(MailboxId, String)>> {
        let Some(open) = self.open else { return Ok(None) };
        let account = self.account;
        self.context
            .store
            .read(move |r| {
                let states = r.mailbox_states(account)?;
                let state = states.into_iter().find(|s| s.id == open && s.selectable && s.on_server);
                Ok(state.filter(|s| s.role != Some(Role::Inbox)).map(|s| (s.id, s.wire_name)))
            })
            .await
    }
}

/// Why a session ended without an error.
enum End {
    Closed,
    Reconnect,
}

enum Waited {
    Wake(Wake),
    Changed(MailboxId),
    Poll,
}

/// Up to `most` milliseconds, so that many accounts don't knock at once. The clock's low digits are random enough for that.
fn jitter(most: u64) -> u64 {
    let nanos = crate::clock::now_nanos();
    if most == 0 { 0 } else { nanos % most }
}

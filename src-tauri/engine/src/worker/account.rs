//! The loop of one account: connect, pass, wait, again; with back-off where it fails and a stop where only a person helps.

use super::bell::{Asked, Bell, Rung};
use super::watch::{self, Watch};
use super::{Pace, pass, told};
use crate::context::Context;
use crate::imap::MailboxEvent;
use crate::store::MailboxState;
use crate::sync::{AccountSync, Pulse, Way};
use futures_util::FutureExt;
use godwit_domain::api::{MailboxSynced, SyncBodies};
use godwit_domain::sync::{Retry, failures_left};
use godwit_domain::{AccountId, Activity, Error, MailboxId, PlacementId, Result, Role};
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout};

/// Messages compared between two polls; a larger mailbox is compared alone.
const MOST_AUDITED: u64 = 20_000;
/// New mail whose text is fetched as soon as it is listed.
const MOST_KEPT_AT_ONCE: usize = 50;
/// The pause after a panic, so that one that comes again does not spin.
const AFTER_PANIC: Duration = Duration::from_secs(30);
/// The pause after an idling that a server ends at random.
pub(super) const AFTER_DROP: Duration = Duration::from_secs(1);

pub(super) struct AccountWorker {
    context: Context,
    account: AccountId,
    pulse: Pulse,
    bell: Bell,
    pace: Pace,
    open: Option<MailboxId>,
    /// Whether mail may be missing that is to be kept here: it comes whenever nothing else is to be done.
    behind: bool,
    /// Who waits for the pass that runs or comes next.
    waiting: Vec<Asked>,
    /// When all mailboxes are looked at again, however busy one of them is.
    poll_at: Instant,
    /// How many passes in a row left something waiting.
    leftovers: u32,
    /// Since when this session has had a whole pass behind it.
    holds_since: Option<Instant>,
}

impl AccountWorker {
    pub(super) fn new(context: Context, account: AccountId, pulse: Pulse, bell: Bell, pace: Pace) -> Self {
        let poll_at = Instant::now() + pace.poll;
        let waiting = Vec::new();
        Self { context, account, pulse, bell, pace, open: None, behind: false, waiting, poll_at, leftovers: 0, holds_since: None }
    }

    /// Lives until it is ended. A panic is Godwit's mistake, and this account's alone: told, and begun anew after a pause.
    pub(super) async fn run(mut self) {
        while AssertUnwindSafe(self.live()).catch_unwind().await.is_err() {
            tracing::error!("an account's worker panicked and starts anew");
            let error = Error::bug("Getting this account's mail stopped short. It starts again by itself.");
            self.tell_waiting(&error);
            self.context.set_failed(self.account, error);
            tokio::time::sleep(AFTER_PANIC).await;
        }
    }

    async fn live(&mut self) {
        let mut failures = 0;
        loop {
            self.holds_since = None;
            self.waiting.append(&mut self.bell.take(|r| std::mem::take(&mut r.asked)));
            let Err(error) = self.session().await else { continue };
            // A server that takes the password and then fails is no better than one that does not answer.
            let held = self.holds_since.map_or(Duration::ZERO, |since| since.elapsed());
            failures = failures_left(failures, u64::try_from(held.as_millis()).unwrap_or(u64::MAX)) + 1;
            tracing::info!(kind = ?error.kind, failures, "an account's session ended");
            self.context.set_failed(self.account, error.clone());
            self.tell_waiting(&error);
            if self.pause(&error, failures).await {
                failures = 0;
            }
        }
    }

    fn tell_waiting(&mut self, error: &Error) {
        for asked in self.waiting.drain(..) {
            // Who asked may have gone away; nobody is left to tell then.
            let _ = asked.reply.send(Err(error.clone()));
        }
    }

    /// Waits out the back-off, or for a person, or for the machine to wake or to come into another network; answers whether it was that.
    async fn pause(&mut self, error: &Error, failures: u32) -> bool {
        // Where the store can't say, nothing is known of the server either.
        let least = self.context.quirks(self.account).await.map_or(0, |q| u64::from(q.sign_in_pause_secs) * 1000);
        let deadline = match (self.pace.retry)(error, failures) {
            Retry::After(ms) => Some(Instant::now() + Duration::from_millis(ms.max(least) + jitter(ms / 4))),
            Retry::Stop => None,
        };
        let over = async {
            match deadline {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        // A sleep mends nothing where only a person can.
        let urgent = |r: &Rung| r.reconnect || !r.asked.is_empty() || (r.slept && deadline.is_some());
        tokio::select! {
            () = over => {}
            () = self.bell.rung(urgent) => {}
        }
        self.bell.take(|r| {
            r.reconnect = false;
            std::mem::take(&mut r.slept)
        })
    }

    /// One connection's life. `Ok`: another one is to begin at once.
    async fn session(&mut self) -> Result<()> {
        if matches!(self.context.activity(self.account), Activity::Idle | Activity::Stopped { .. }) {
            self.context.set_activity(self.account, Activity::SigningIn);
        }
        let dial = self.context.dial(self.account);
        let connection = dial().await?;
        let sync = AccountSync::new(self.context.store.clone(), connection, self.account, self.pulse.clone(), dial);
        self.full_pass(&sync).await?;
        self.holds_since = Some(Instant::now());
        // Where a server lets a person have two connections, the other one is for the person.
        let alone = sync.connection().capabilities().quirks.connections < 3 || self.context.is_crowded(self.account);
        let mut watch = if alone { None } else { self.watch() };
        crate::sync::drop_beyond(&self.context.store, self.account).await?;
        loop {
            self.up_to_date();
            if self.behind && !self.pulse.is_held() && Instant::now() < self.poll_at && !self.bell.take(|r| r.anything()) {
                self.catch_up(&sync).await?;
                continue;
            }
            // Where there is no room for a watch this line listens for it.
            watch = watch.filter(|_| !self.context.is_crowded(self.account));
            match self.wait(&sync, watch.as_ref()).await? {
                Waited::Poll => {
                    self.full_pass(&sync).await?;
                    self.audit(&sync).await?;
                }
                Waited::Again => {}
                Waited::Rung => {
                    let (reconnect, slept) = self.bell.take(|r| (std::mem::take(&mut r.reconnect), std::mem::take(&mut r.slept)));
                    if reconnect {
                        return Ok(());
                    }
                    if slept {
                        if !matches!(timeout(self.pace.probe, sync.connection().noop()).await, Ok(Ok(()))) {
                            tokio::time::sleep(Duration::from_millis(jitter(self.pace.stagger))).await;
                            return Ok(());
                        }
                        drop(watch.take());
                        watch = if alone { None } else { self.watch() };
                    }
                    self.answer(&sync).await?;
                }
            }
        }
    }

    /// `None`: so many accounts have a second line that this one listens on its only one.
    fn watch(&self) -> Option<Watch> {
        let room = self.context.room_to_watch()?;
        Some(watch::start(self.context.clone(), self.account, self.bell.clone(), &self.pace, room))
    }

    /// Sees to whatever rang.
    async fn answer(&mut self, sync: &AccountSync) -> Result<()> {
        told::keep(&self.context, &self.bell).await?;
        let Rung { push, opened, changed, seen, look, ahead, asked, .. } = self.bell.take(std::mem::take);
        if ahead {
            // What came meanwhile stands above what was reached before.
            sync.prefetch_anew();
            self.behind = true;
        }
        let newly_open = opened.filter(|mailbox| self.open != Some(*mailbox));
        self.open = opened.or(self.open);
        if look || !asked.is_empty() {
            self.waiting.extend(asked);
            return self.full_pass(sync).await;
        }
        if push {
            pass::run_push(&self.context, sync, &self.pulse).await?;
            self.try_leftovers_soon().await?;
        }
        let mut came = Vec::new();
        for mailbox in newly_open.into_iter().chain(changed) {
            came.push(pass::run_mailbox(&self.context, sync, &self.pulse, mailbox).await?);
        }
        if !seen.is_empty() {
            pass::run_previews(sync, seen.into_iter().collect()).await?;
        }
        for (mailbox, arrived) in came {
            self.keep_arrived(sync, mailbox, arrived).await?;
        }
        Ok(())
    }

    /// Little is fetched at once, and nothing before whatever rings; the rest comes whenever nothing else is to be done.
    async fn keep_arrived(&mut self, sync: &AccountSync, mailbox: MailboxId, arrived: Vec<PlacementId>) -> Result<()> {
        if arrived.is_empty() {
            return Ok(());
        }
        if arrived.len() > MOST_KEPT_AT_ONCE || self.bell.take(|r| r.anything()) {
            sync.prefetch_anew();
            self.behind = true;
            return Ok(());
        }
        pass::run_arrived(sync, mailbox, arrived).await
    }

    /// One step of what is to be kept here. What one mailbox will not give does not end the session.
    async fn catch_up(&mut self, sync: &AccountSync) -> Result<()> {
        match sync.prefetch_bodies(SyncBodies::Policy, Way::Ahead).await {
            Ok(more) => self.behind = more,
            Err(error) if sync.connection().is_alive() => {
                tracing::info!(kind = ?error.kind, "mail to be kept here could not be fetched");
                self.behind = false;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// What a server would not do just now does not wait for the poll.
    async fn try_leftovers_soon(&mut self) -> Result<()> {
        let account = self.account;
        if self.context.store.read(move |r| r.waiting_count(account)).await? == 0 {
            self.leftovers = 0;
            return Ok(());
        }
        let pause = self.pace.again.saturating_mul(1 << self.leftovers.min(16)).min(self.pace.poll);
        self.leftovers += 1;
        self.poll_at = self.poll_at.min(Instant::now() + pause);
        Ok(())
    }

    async fn full_pass(&mut self, sync: &AccountSync) -> Result<()> {
        self.poll_at = Instant::now() + self.pace.poll;
        let bodies = self.waiting.iter().map(|asked| asked.bodies).reduce(most).unwrap_or(SyncBodies::None);
        sync.prefetch_anew();
        self.behind = true;
        let mut running = Box::pin(pass::run_pass(&self.context, sync, &self.pulse, bodies));
        let mut tick = tokio::time::interval(Duration::from_millis(250));
        let report: Vec<MailboxSynced> = loop {
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
        drop(running);
        self.try_leftovers_soon().await?;
        for asked in self.waiting.drain(..) {
            // Who asked may have gone away; the pass was not for them alone.
            let _ = asked.reply.send(Ok(report.clone()));
        }
        Ok(())
    }

    /// In idle time mailboxes are compared with the server one by one, until something happens or that is enough for now.
    async fn audit(&self, sync: &AccountSync) -> Result<()> {
        let mut messages = 0;
        while messages < MOST_AUDITED && !self.bell.take(|r| r.anything()) {
            let Some(mailbox) = sync.audit_due().await? else { return Ok(()) };
            match pass::run_audit(sync, mailbox).await? {
                Some(audited) => messages += audited.messages.max(1),
                None => return Ok(()),
            }
        }
        Ok(())
    }

    fn up_to_date(&self) {
        self.context.set_activity(self.account, Activity::UpToDate { at: crate::clock::now() });
    }

    /// Waits for the bell, a change in the open mailbox, or the poll. What rang stays in the bell until the line is free.
    async fn wait(&mut self, sync: &AccountSync, watch: Option<&Watch>) -> Result<Waited> {
        if Instant::now() >= self.poll_at {
            return Ok(Waited::Poll);
        }
        let bell = self.bell.clone();
        let hears_all = watch.is_some_and(Watch::hears_all);
        let watched = if hears_all { None } else { self.watched(sync, watch.is_none()).await? };
        let Some((mailbox, uidvalidity)) = watched else {
            return Ok(tokio::select! {
                () = bell.rung(Rung::anything) => Waited::Rung,
                () = sleep_until(self.poll_at) => Waited::Poll,
            });
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let longest = self.pace.idle.min(self.poll_at.saturating_duration_since(Instant::now()));
        let idle = sync.connection().idle(longest, async {
            // Both ways to be woken mean the same: stop idling.
            let _ = stopped.await;
        });
        tokio::pin!(idle);
        let events = tokio::select! {
            events = &mut idle => match events {
                // An end that means nothing here is no trouble to be told.
                Err(_) if !sync.connection().is_alive() && sync.connection().capabilities().quirks.drops_idle => {
                    tokio::time::sleep(AFTER_DROP).await;
                    bell.ring(|r| r.reconnect = true);
                    return Ok(Waited::Rung);
                }
                events => events?,
            },
            () = bell.rung(Rung::anything) => {
                told::keep(&self.context, &self.bell).await?;
                drop(stop);
                if bell.take(|r| r.slept) {
                    // A dead line answers nothing; what it might have told is read by the session that follows.
                    match timeout(self.pace.probe, &mut idle).await {
                        Ok(events) => events?,
                        Err(_) => return Ok(Waited::Rung),
                    }
                } else {
                    idle.await?
                }
            }
        };
        if !events.is_empty() {
            let flags = |event| if let MailboxEvent::Flags(line) = event { Some(line) } else { None };
            bell.ring(|r| r.news(mailbox, uidvalidity, events.into_iter().filter_map(flags).collect()));
        }
        Ok(if bell.take(|r| r.anything()) {
            Waited::Rung
        } else if Instant::now() >= self.poll_at {
            Waited::Poll
        } else {
            Waited::Again
        })
    }

    /// The mailbox to listen in: the one that a person has open, unless the watch has it already; the inbox where nothing
    /// else listens. It is brought up to
    /// date in the SELECT that is then listened in, so that nothing falls between the two. `None` also where it can't be opened.
    async fn watched(&mut self, sync: &AccountSync, alone: bool) -> Result<Option<(MailboxId, Option<u32>)>> {
        if !sync.connection().capabilities().idle {
            return Ok(None);
        }
        let (open, account) = (self.open, self.account);
        let states = self.context.store.read(move |r| r.mailbox_states(account)).await?;
        let wanted = |s: &&MailboxState| if alone { s.role == Some(Role::Inbox) } else { Some(s.id) == open };
        let state = states.iter().find(|s| wanted(s) && s.selectable && s.on_server);
        // What shows the messages of another mailbox by label is listened to there, where the watch is already.
        let is_home = |s: &MailboxState| states.iter().any(|other| other.home == Some(s.id));
        let watched = |s: &MailboxState| s.role == Some(Role::Inbox) || s.home.is_some() || is_home(s);
        let Some(mailbox) = state.filter(|s| alone || !watched(s)).map(|s| s.home.unwrap_or(s.id)) else { return Ok(None) };
        if !sync.has_open(mailbox) {
            let (mailbox, arrived) = pass::run_mailbox(&self.context, sync, &self.pulse, mailbox).await?;
            self.keep_arrived(sync, mailbox, arrived).await?;
        }
        if !sync.has_open(mailbox) {
            return Ok(None);
        }
        // It was selected by this worker, which is also the only one to note a new UIDVALIDITY.
        let uidvalidity = self.context.store.read(move |r| Ok(r.mailbox_state(mailbox)?.uidvalidity)).await?;
        Ok(Some((mailbox, uidvalidity)))
    }
}

enum Waited {
    /// Something stands in the bell.
    Rung,
    Poll,
    /// Nothing happened; a line that is idle for too long is forgotten on its way.
    Again,
}

fn most(a: SyncBodies, b: SyncBodies) -> SyncBodies {
    let rank = |bodies| match bodies {
        SyncBodies::None => 0,
        SyncBodies::Policy => 1,
        SyncBodies::All => 2,
    };
    if rank(a) < rank(b) { b } else { a }
}

/// Up to `most` milliseconds, so that many accounts don't knock at once. The clock's low digits are random enough for that.
fn jitter(most: u64) -> u64 {
    let nanos = crate::clock::now_nanos();
    if most == 0 { 0 } else { nanos % most }
}

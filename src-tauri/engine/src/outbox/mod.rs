//! Runs what `domain::sending` decides: hands mails in when they are due, files their copies, looks before it repeats.
//! The store's transaction decides and commits before anything leaves; this room keeps nothing in memory that matters.
//! It opens no connection by itself: the worker that owns them implements `Road`.

mod rows;
mod sent;
#[cfg(test)]
mod tests;

pub use rows::StoredRows;
pub use sent::{Filing, file, files, look};

use crate::smtp::{Outgoing, SubmitOutcome};
use godwit_domain::sending::{Effect, Files, Happened, Look, Sending};
use godwit_domain::{AccountId, Error, ErrorKind, OutboxId, OutboxState, Result};
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// The clock may jump, so no wait is longer than this.
const LONGEST_NAP: Duration = Duration::from_secs(60);
/// No mail takes more steps at a time; more would be a circle.
const MOST_STEPS: usize = 16;

/// A mail as it goes out, fixed once.
#[derive(Clone, Debug)]
pub struct Going {
    /// The account it goes through.
    pub account: AccountId,
    /// Envelope and bytes.
    pub outgoing: Outgoing,
    /// Its Message-ID, without angle brackets.
    pub message_id: String,
}

/// What the outbox needs of the store.
pub trait Rows: Send + Sync {
    /// In one transaction: reads where the mail stands, applies `sending::next` at the present time, commits (FULL), answers.
    fn step(&self, id: OutboxId, happened: Happened) -> impl Future<Output = Result<(Sending, Vec<Effect>)>> + Send;
    /// The mail.
    fn going(&self, id: OutboxId) -> impl Future<Output = Result<Going>> + Send;
    /// Mails that are held, queued or sent and due, oldest first.
    fn due(&self) -> impl Future<Output = Result<Vec<(AccountId, OutboxId)>>> + Send;
    /// Seconds until the next one is due, 0 where one is already; `None`: none waits for a time.
    fn next_due_secs(&self) -> impl Future<Output = Result<Option<u64>>> + Send;
    /// Mails that the last run left sending, uncertain or sent.
    fn unsettled(&self) -> impl Future<Output = Result<Vec<(AccountId, OutboxId)>>> + Send;
    /// Mails, of one account or of all, that wait to be handed in or to be filed.
    fn waiting(&self, account: Option<AccountId>) -> impl Future<Output = Result<Vec<(AccountId, OutboxId)>>> + Send;
    /// The mail surely went out: marks what it answers or hands on, and drops the draft it was.
    fn went(&self, id: OutboxId) -> impl Future<Output = Result<()>> + Send;
    /// Shows it as the draft again that it was.
    fn return_draft(&self, id: OutboxId) -> impl Future<Output = Result<()>> + Send;
    /// Tells the person.
    fn tell(&self, id: OutboxId, error: Error) -> impl Future<Output = ()> + Send;
}

/// What the outbox needs of the servers.
pub trait Road: Send + Sync {
    /// Hands the mail in, once.
    fn submit(&self, going: &Going) -> impl Future<Output = SubmitOutcome> + Send;
    /// Looks for it in the account's Sent.
    fn look(&self, going: &Going) -> impl Future<Output = Look> + Send;
    /// Files its copy in the account's Sent, with an attempt row around it (W1).
    fn file(&self, id: OutboxId, going: &Going) -> impl Future<Output = Filing> + Send;
    /// Who files copies for this account.
    fn files(&self, account: AccountId) -> Files;
}

/// The runner. One per process; several mails may be on their way at once, each of them only once.
pub struct Outbox<R, W> {
    rows: R,
    road: W,
    wake: Notify,
    mails: Held<OutboxId>,
    accounts: Held<AccountId>,
}

type Held<T> = Arc<Mutex<HashSet<T>>>;

/// Holds a mail, or an account's turn, until dropped.
struct Hold<T: Copy + Eq + Hash> {
    held: Held<T>,
    what: T,
}

impl<T: Copy + Eq + Hash> Hold<T> {
    fn take(held: &Held<T>, what: T) -> Option<Self> {
        held.lock().is_ok_and(|mut held| held.insert(what)).then(|| Self { held: held.clone(), what })
    }
}

impl<T: Copy + Eq + Hash> Drop for Hold<T> {
    fn drop(&mut self) {
        if let Ok(mut held) = self.held.lock() {
            held.remove(&self.what);
        }
    }
}

impl<R: Rows + 'static, W: Road + 'static> Outbox<R, W> {
    /// A runner; nothing goes before `run` or `happen`.
    pub fn new(rows: R, road: W) -> Self {
        Self { rows, road, wake: Notify::new(), mails: Held::default(), accounts: Held::default() }
    }

    /// Something new may be due: a mail was queued.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// What happened to an account, or to all, may end what mails wait for.
    pub async fn tell_waiting(&self, account: Option<AccountId>, happened: &Happened) {
        match self.rows.waiting(account).await {
            Ok(waiting) => {
                for (_, id) in waiting {
                    self.one(id, happened.clone()).await;
                }
                self.wake();
            }
            Err(error) => tracing::warn!(%error, "the outbox could not be read"),
        }
    }

    /// Runs until dropped: first what the last run left open, then whatever is due. Accounts never wait for each other.
    pub async fn run(self: Arc<Self>) {
        let mut tasks = JoinSet::new();
        match self.rows.unsettled().await {
            Ok(left) => self.start(&mut tasks, left, &Happened::Started),
            Err(error) => tracing::warn!(%error, "the outbox could not be read at the start"),
        }
        loop {
            while tasks.try_join_next().is_some() {}
            match self.rows.due().await {
                Ok(due) => self.start(&mut tasks, due, &Happened::Due),
                Err(error) => tracing::warn!(%error, "the outbox could not be read"),
            }
            let next = self.rows.next_due_secs().await;
            if tasks.is_empty() && matches!(next, Ok(None)) {
                // Nothing waits and nothing is on its way: only somebody who queues a mail can change that.
                self.wake.notified().await;
                continue;
            }
            let secs = next.ok().flatten().unwrap_or(LONGEST_NAP.as_secs());
            // Never at once again: what is due and does not get on must not spin.
            let nap = Duration::from_secs(secs.max(1)).min(LONGEST_NAP);
            tokio::select! {
                () = tokio::time::sleep(nap) => {}
                () = self.wake.notified() => {}
            }
        }
    }

    /// One task per account, unless it has one: within an account mails go one after the other, in their order.
    fn start(self: &Arc<Self>, tasks: &mut JoinSet<()>, mails: Vec<(AccountId, OutboxId)>, happened: &Happened) {
        let mut by_account = BTreeMap::<AccountId, Vec<OutboxId>>::new();
        for (account, id) in mails {
            by_account.entry(account).or_default().push(id);
        }
        for (account, ids) in by_account {
            let Some(turn) = Hold::take(&self.accounts, account) else { continue };
            let (outbox, happened) = (self.clone(), happened.clone());
            tasks.spawn(async move {
                let _turn = turn;
                for id in ids {
                    outbox.one(id, happened.clone()).await;
                }
            });
        }
    }

    async fn one(&self, id: OutboxId, happened: Happened) {
        match self.happen(id, happened).await {
            Ok(_) => {}
            Err(error) if error.kind == ErrorKind::Busy => {}
            Err(error) => tracing::warn!(%error, %id, "a mail in the outbox got stuck"),
        }
    }

    /// Something happened to a mail; runs all that follows from it and answers where it stands then.
    /// `Busy`: it is on its way just now.
    pub async fn happen(&self, id: OutboxId, happened: Happened) -> Result<Sending> {
        let Some(_hold) = Hold::take(&self.mails, id) else {
            return Err(Error::new(ErrorKind::Busy, "This mail is on its way just now.").mend("Wait a moment."));
        };
        let mut ahead = VecDeque::from([happened]);
        let mut stands = None;
        for _ in 0..MOST_STEPS {
            let Some(happened) = ahead.pop_front() else { break };
            let (sending, effects) = self.rows.step(id, happened).await?;
            for effect in effects {
                ahead.extend(self.execute(id, effect, &sending).await?);
            }
            stands = Some(sending);
        }
        stands.ok_or_else(|| Error::bug("A mail in the outbox stands nowhere."))
    }

    async fn execute(&self, id: OutboxId, effect: Effect, sending: &Sending) -> Result<Option<Happened>> {
        Ok(match effect {
            Effect::Submit => {
                let going = match self.rows.going(id).await {
                    Ok(going) => going,
                    // Nothing has left: it must not stand there as being on its way.
                    Err(error) => return Ok(Some(Happened::NotSent(error))),
                };
                let outcome = self.road.submit(&going).await;
                Some(self.ended(going.account, outcome))
            }
            Effect::LookInSent { resend } => {
                let look = match self.rows.going(id).await {
                    Ok(going) => self.road.look(&going).await,
                    Err(error) => Look::Failed(error),
                };
                Some(Happened::Looked { look, resend })
            }
            Effect::FileCopy => {
                let filing = match self.rows.going(id).await {
                    Ok(going) => self.road.file(id, &going).await,
                    Err(error) => Filing::NotFiled(error),
                };
                Some(match filing {
                    Filing::Filed => Happened::Filed,
                    Filing::NotFiled(error) => Happened::NotFiled(error),
                    Filing::Unclear(error) => Happened::FilingUnclear(error),
                })
            }
            // What fails here is small beside the mail, which goes on.
            Effect::MarkOriginal => {
                if let Err(error) = self.rows.went(id).await {
                    self.rows.tell(id, error).await;
                }
                None
            }
            Effect::ReturnDraft => {
                self.rows.return_draft(id).await?;
                None
            }
            Effect::Tell => {
                if let Some(error) = &sending.error {
                    self.rows.tell(id, error.clone()).await;
                }
                None
            }
        })
    }

    fn ended(&self, account: AccountId, outcome: SubmitOutcome) -> Happened {
        match outcome {
            SubmitOutcome::Accepted { .. } => Happened::Accepted(self.road.files(account)),
            SubmitOutcome::Refused(error, _) => Happened::Refused(error),
            SubmitOutcome::NotSent(error) => Happened::NotSent(error),
            SubmitOutcome::Uncertain(error) => Happened::Unclear(error),
        }
    }
}

/// Whether a mail that stands so needs nothing more of this run: what `godwitctl send` waits for.
pub fn is_settled(sending: &Sending) -> bool {
    matches!(
        sending.state,
        OutboxState::Filed | OutboxState::Refused | OutboxState::Uncertain | OutboxState::Cancelled | OutboxState::Sent
    )
}

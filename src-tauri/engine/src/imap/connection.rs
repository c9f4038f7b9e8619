//! The handle of a connection: what callers hold. It turns calls into exchanges for the actor and answers into results.
//! Nothing here is a success but a tagged OK that was read.

use super::capabilities::Capabilities;
use super::command::Command;
use super::exchange::{Delivery, Exchange, MOST_WAITING};
use super::framer::USUAL_LITERALS;
use super::items::MailboxEvent;
use super::mutf7;
use super::refusal;
use super::response::{Outcome, Status};
use super::session::{Actor, COMMAND, Held, Job, Shared};
use super::sign_in::{self, ImapTarget};
use crate::lines::Standing;
use crate::net::TlsContext;
use crate::planted::Planted;
use godwit_domain::{Error, ErrorKind, Result};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Jobs that may wait for the connection.
const MOST_JOBS: usize = 64;
/// Responses that may wait for their caller.
const MOST_DELIVERIES: usize = 64;
/// Responses that a call keeps before it gives up on the server.
pub(super) const MOST_COLLECTED: usize = 1_000_000;
/// And their bytes.
pub(super) const MOST_COLLECTED_BYTES: usize = 128 << 20;

/// Opens one more signed-in connection to an account's server.
pub type Dial = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Connection>> + Send>> + Send + Sync>;

/// A signed-in connection. Calls may overlap; they are served in turn. Dropping it says goodbye and closes.
#[derive(Debug)]
pub struct Connection {
    jobs: mpsc::Sender<Job>,
    pub(super) shared: Arc<Shared>,
    capabilities: Capabilities,
    /// Its place among all connections.
    _standing: Option<Standing>,
}

/// Commands to send together, and how to read what comes.
pub(super) struct Ask {
    pub commands: Vec<Command>,
    pub budget: usize,
    pub patience: Duration,
    pub wants_fetch: bool,
    pub selects: bool,
    pub opening: Option<u64>,
}

impl Ask {
    pub fn new(commands: Vec<Command>) -> Self {
        Self { commands, budget: USUAL_LITERALS, patience: COMMAND, wants_fetch: false, selects: false, opening: None }
    }
}

/// An exchange that is under way.
pub(super) struct Pending {
    deliveries: mpsc::Receiver<Delivery>,
    done: oneshot::Receiver<Result<Vec<Status>>>,
    doing: Vec<&'static str>,
    shared: Arc<Shared>,
}

/// What an exchange brought.
pub(super) struct Answers {
    pub responses: Vec<Delivery>,
    pub statuses: Vec<Status>,
    doing: Vec<&'static str>,
}

impl Pending {
    /// The next untagged response.
    pub async fn next(&mut self) -> Option<Delivery> {
        let mut delivery = self.deliveries.recv().await?;
        delivery.room = None;
        Some(delivery)
    }

    /// The tagged answers, in the order of the commands.
    pub async fn statuses(self) -> Result<Vec<Status>> {
        drop(self.deliveries);
        match self.done.await {
            Ok(statuses) => statuses,
            Err(_) => Err(dead(&self.shared)),
        }
    }

    /// The tagged answers, all of which have to be OK.
    pub async fn all_ok(self) -> Result<Vec<Status>> {
        let doing = self.doing.clone();
        let statuses = self.statuses().await?;
        for (doing, status) in doing.iter().zip(&statuses) {
            ok(doing, status)?;
        }
        Ok(statuses)
    }

    async fn collect(mut self) -> Result<Answers> {
        let (mut responses, mut bytes) = (Vec::new(), 0);
        while let Some(delivery) = self.next().await {
            bytes += delivery.bytes;
            if responses.len() >= MOST_COLLECTED || bytes > MOST_COLLECTED_BYTES {
                return Err(refusal::protocol("The server's answer has no end."));
            }
            responses.push(delivery);
        }
        let doing = self.doing.clone();
        Ok(Answers { responses, statuses: self.statuses().await?, doing })
    }
}

impl Answers {
    /// Only if every command was answered with OK.
    pub fn all_ok(self) -> Result<Self> {
        for (doing, status) in self.doing.iter().zip(&self.statuses) {
            ok(doing, status)?;
        }
        Ok(self)
    }
}

/// OK, or the error.
pub(super) fn ok(doing: &str, status: &Status) -> Result<()> {
    if status.outcome == Outcome::Ok || (status.outcome == Outcome::No && Planted::NoTakenAsSuccess.is_on()) {
        Ok(())
    } else {
        Err(refusal::refused(doing, status))
    }
}

fn dead(shared: &Shared) -> Error {
    let closed = || Error::new(ErrorKind::Offline, "The connection is closed.").mend("Godwit tries again by itself.");
    shared.dead().clone().unwrap_or_else(closed)
}

impl Connection {
    /// Connects and signs in: TCP, TLS, greeting, STARTTLS where chosen, one mechanism in one attempt, ID, ENABLE.
    pub async fn open(target: &ImapTarget, tls: &TlsContext) -> Result<Self> {
        Ok(sign_in::open(target, tls).await?)
    }

    pub(super) fn start(held: Held, host: String) -> Self {
        let (jobs, queue) = mpsc::channel(MOST_JOBS);
        let shared = Arc::new(Shared::default());
        tokio::spawn(Actor::new(held, host, shared.clone()).run(queue));
        Self { jobs, shared, capabilities: Capabilities::default(), _standing: None }
    }

    /// Counts among all connections from now on.
    pub(crate) fn counted(self, standing: Standing) -> Self {
        Self { _standing: Some(standing), ..self }
    }

    pub(super) fn set_capabilities(&mut self, capabilities: Capabilities) {
        self.capabilities = capabilities;
    }

    /// What the server can do.
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    /// Whether it may still be used. A connection that broke unnoticed says so at the next call.
    pub fn is_alive(&self) -> bool {
        !self.jobs.is_closed() && self.shared.dead().is_none()
    }

    /// Whether anything arrived unasked since the last look.
    pub fn has_news(&self) -> bool {
        !self.shared.events().is_empty()
    }

    /// What arrived unasked since the last look, oldest first.
    pub fn take_events(&self) -> Vec<MailboxEvent> {
        self.shared.events().take()
    }

    /// How many responses could not be read and were passed over.
    pub fn quarantined(&self) -> u32 {
        self.shared.quarantined()
    }

    /// How the server spells a path that people wrote: modified UTF-7.
    pub fn encode_name(path: &str) -> String {
        mutf7::encode(path)
    }

    /// Gives the server an opportunity to tell news.
    pub async fn noop(&self) -> Result<()> {
        self.run(vec![Command::new("tell what is new", "NOOP")]).await?.all_ok().map(drop)
    }

    /// Says goodbye and closes.
    pub async fn logout(self) -> Result<()> {
        let (done, answer) = oneshot::channel();
        self.send(Job::Logout { done }).await?;
        answer.await.map_err(|_| dead(&self.shared))
    }

    /// Waits for news in the open mailbox (RFC 2177): answers at the first events, at `stop`, after `max`, or with nothing
    /// when another call needs the connection. Call it again to go on.
    pub async fn idle(&self, max: Duration, stop: impl Future<Output = ()> + Send) -> Result<Vec<MailboxEvent>> {
        if !self.capabilities.idle {
            return Err(Error::new(ErrorKind::Unsupported, "The server can't tell news by itself."));
        }
        let (stopper, stopped) = oneshot::channel();
        let (done, mut answer) = oneshot::channel();
        self.send(Job::Idle { max, stop: stopped, done }).await?;
        let lost = |_| dead(&self.shared);
        tokio::select! {
            outcome = &mut answer => outcome.map_err(lost)??,
            () = stop => {
                drop(stopper);
                answer.await.map_err(lost)??;
            }
        }
        Ok(self.take_events())
    }

    /// Compresses everything that follows (RFC 4978). It only pays on slow lines. A refusal costs the connection.
    pub async fn compress(&self) -> Result<()> {
        if !self.capabilities.has("COMPRESS=DEFLATE") {
            return Err(Error::new(ErrorKind::Unsupported, "The server doesn't compress."));
        }
        let (done, answer) = oneshot::channel();
        self.send(Job::Compress { done }).await?;
        answer.await.map_err(|_| dead(&self.shared))?
    }

    /// Counts openings of mailboxes: calls from now on are meant for this one.
    pub fn opening(&self) -> u64 {
        self.shared.opening.load(Ordering::Acquire)
    }

    async fn send(&self, job: Job) -> Result<()> {
        self.jobs.send(job).await.map_err(|_| dead(&self.shared))
    }

    pub(super) async fn ask(&self, ask: Ask) -> Result<Pending> {
        let Ask { commands, budget, patience, wants_fetch, selects, opening } = ask;
        let doing = commands.iter().map(|c| c.doing).collect();
        let (deliver, deliveries) = mpsc::channel(MOST_DELIVERIES);
        let room = Arc::new(Semaphore::new(MOST_WAITING));
        let (done, answer) = oneshot::channel();
        let literals = self.capabilities.literals();
        let exchange = Exchange { commands, literals, budget, patience, wants_fetch, selects, opening, deliver, room, done };
        self.send(Job::Exchange(Box::new(exchange))).await?;
        Ok(Pending { deliveries, done: answer, doing, shared: self.shared.clone() })
    }

    /// Sends commands and collects everything.
    pub(super) async fn run(&self, commands: Vec<Command>) -> Result<Answers> {
        self.ask(Ask::new(commands)).await?.collect().await
    }

    /// The same for commands that mean the open mailbox.
    pub(super) async fn run_in(&self, opening: u64, commands: Vec<Command>) -> Result<Answers> {
        self.ask(Ask { opening: Some(opening), ..Ask::new(commands) }).await?.collect().await
    }

    pub(super) async fn run_ask(&self, ask: Ask) -> Result<Answers> {
        self.ask(ask).await?.collect().await
    }
}

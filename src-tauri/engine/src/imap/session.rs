//! The actor that owns a connection. One exchange at a time is on the wire, and it is read to its tagged answer whatever
//! became of whoever asked: a dropped wish is no dropped answer. It knows framing and waiting, not what the answers mean.

use super::events::Events;
use super::exchange::Exchange;
use super::fetch::Fetched;
use super::framer::Frame;
use super::items::MailboxEvent;
use super::refusal;
use super::response::{self, Outcome, Response, Status};
use super::tap::{ImapTap, Mode, NetStream};
use async_imap::{Client, Session};
use godwit_domain::sync::FetchedFlags;
use godwit_domain::{Error, ErrorKind, Result};
use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

/// The longest silence during a command.
pub(super) const COMMAND: Duration = Duration::from_secs(60);
/// The longest talk beside the point: news, words and rubbish are no silence, and no answer either.
pub(super) const ANSWER: Duration = Duration::from_secs(600);
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);

pub(super) type Stream = Box<dyn NetStream>;
pub(super) type Tap = ImapTap<Stream>;

/// async-imap's end of the connection. A session can only be had by signing in, so PREAUTH keeps the client.
pub(super) enum Held {
    Session(Session<Tap>),
    Preauth(Client<Tap>),
    /// Being changed; or lost while it was.
    Nothing,
}

impl Held {
    fn tap(&mut self) -> Option<&mut Tap> {
        match self {
            Self::Session(session) => Some(session.get_mut()),
            Self::Preauth(client) => Some(client.get_mut()),
            Self::Nothing => None,
        }
    }
}

pub(super) enum Job {
    Exchange(Box<Exchange>),
    Idle { max: Duration, stop: oneshot::Receiver<()>, done: oneshot::Sender<Result<()>> },
    Compress { done: oneshot::Sender<Result<()>> },
    Logout { done: oneshot::Sender<()> },
}

impl Job {
    fn fail(self, error: Error) {
        // Whoever asked may be gone; then nobody needs the answer.
        match self {
            Self::Exchange(exchange) => drop(exchange.done.send(Err(error))),
            Self::Idle { done, .. } | Self::Compress { done } => drop(done.send(Err(error))),
            Self::Logout { done } => {
                let _ = done.send(());
            }
        }
    }
}

/// What the actor and its handle both see.
#[derive(Debug, Default)]
pub(super) struct Shared {
    events: Mutex<Events>,
    dead: Mutex<Option<Error>>,
    quarantined: AtomicU32,
    /// Counts openings of mailboxes.
    pub opening: AtomicU64,
}

impl Shared {
    pub fn events(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn dead(&self) -> MutexGuard<'_, Option<Error>> {
        self.dead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn quarantined(&self) -> u32 {
        self.quarantined.load(Ordering::Relaxed)
    }

    /// One more response that could not be read.
    pub fn quarantine(&self) {
        self.quarantined.fetch_add(1, Ordering::Relaxed);
    }

    /// Flags that came unasked.
    pub fn push_fetched(&self, fetched: &Fetched) {
        let Some(flags) = &fetched.flags else { return };
        self.events().push(match fetched.uid {
            Some(uid) => MailboxEvent::Flags(FetchedFlags {
                uid,
                flags: flags.clone(),
                labels: fetched.gm_labels.clone(),
                modseq: fetched.modseq,
            }),
            None => MailboxEvent::FlagsAt(fetched.seq),
        });
    }
}

pub(super) struct Actor {
    pub held: Held,
    pub host: String,
    pub shared: Arc<Shared>,
    pub bye: Option<Status>,
    /// Length of the last response.
    pub last_bytes: usize,
    /// When a piece of what was asked for has to be there, whatever else is said; `None`: nothing was asked.
    pub answer_by: Option<Instant>,
    next_tag: u32,
}

impl Actor {
    pub fn new(held: Held, host: String, shared: Arc<Shared>) -> Self {
        Self { held, host, shared, bye: None, last_bytes: 0, answer_by: None, next_tag: 0 }
    }

    /// Serves until the handle is dropped or the connection dies.
    pub async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut waiting = None;
        let cause = loop {
            let job = match waiting.take() {
                Some(job) => Some(job),
                None => match self.wait(&mut jobs).await {
                    Ok(job) => job,
                    Err(e) => break Some(e),
                },
            };
            let Some(job) = job else { break None };
            match self.serve(job, &mut jobs).await {
                Ok(Next::Job(job)) => waiting = job,
                Ok(Next::End) => break None,
                Err(e) => break Some(e),
            }
        };
        if let Some(status) = &self.bye {
            self.shared.events().push(MailboxEvent::Bye(godwit_domain::plain_words(&status.text)));
        }
        let error = cause.clone().unwrap_or_else(|| refusal::closed(&self.host, None));
        tracing::debug!(host = %self.host, kind = ?error.kind, "connection ended");
        if let Ok(tap) = self.tap() {
            tap.note(&format!("the connection ended: {:?}", error.kind));
        }
        *self.shared.dead() = Some(error.clone());
        jobs.close();
        if let Some(job) = waiting {
            job.fail(error.clone());
        }
        while let Ok(job) = jobs.try_recv() {
            job.fail(error.clone());
        }
        if cause.is_none() {
            self.farewell().await;
        }
    }

    /// Between commands the server may still speak, or go.
    async fn wait(&mut self, jobs: &mut mpsc::Receiver<Job>) -> Result<Option<Job>> {
        self.tap()?.set_patience(None);
        self.answer_by = None;
        loop {
            tokio::select! {
                biased;
                job = jobs.recv() => return Ok(job),
                response = self.next_response() => self.note(response?),
            }
        }
    }

    async fn serve(&mut self, job: Job, jobs: &mut mpsc::Receiver<Job>) -> Result<Next> {
        match job {
            Job::Exchange(exchange) => self.exchange(*exchange).await.map(|()| Next::Job(None)),
            Job::Idle { max, stop, done } => match self.idle(max, stop, jobs).await {
                Ok((answer, next)) => {
                    drop(done.send(answer));
                    Ok(Next::Job(next))
                }
                Err(e) => {
                    *self.shared.dead() = Some(e.clone());
                    drop(done.send(Err(e.clone())));
                    Err(e)
                }
            },
            Job::Compress { done } => {
                let outcome = self.compress().await;
                let fatal = matches!(self.held, Held::Nothing);
                let error = outcome.as_ref().err().cloned();
                if fatal {
                    self.shared.dead().clone_from(&error);
                }
                drop(done.send(outcome));
                match error {
                    Some(e) if fatal => Err(e),
                    _ => Ok(Next::Job(None)),
                }
            }
            Job::Logout { done } => {
                self.farewell().await;
                let _ = done.send(());
                Ok(Next::End)
            }
        }
    }

    /// LOGOUT, politely but not for long.
    async fn farewell(&mut self) {
        if self.bye.is_some() {
            return;
        }
        let tag = self.tag();
        let host = self.host.clone();
        let Ok(tap) = self.tap() else { return };
        tap.queue(format!("{tag} LOGOUT\r\n").into_bytes());
        let goodbye = async {
            while let Ok(Some(_)) = tap.next_frame().await {}
            tap.close().await
        };
        if timeout(FAREWELL, goodbye).await.is_err() {
            tracing::debug!(%host, "no goodbye came");
        }
    }

    pub(super) fn tap(&mut self) -> Result<&mut Tap> {
        self.held.tap().ok_or_else(|| Error::new(ErrorKind::Offline, "The connection is closed."))
    }

    pub(super) fn tag(&mut self) -> String {
        self.next_tag += 1;
        format!("g{}", self.next_tag)
    }

    /// The next response that can be read; those that can't are counted and passed over.
    pub(super) async fn next_response(&mut self) -> Result<Response> {
        loop {
            let frame = match self.next_frame().await {
                Ok(Some(frame)) => frame,
                Ok(None) => return Err(refusal::closed(&self.host, self.bye.as_ref())),
                // A server that said BYE may end the stream as it likes.
                Err(_) if self.bye.is_some() => return Err(refusal::closed(&self.host, self.bye.as_ref())),
                Err(e) => return Err(refusal::broken(&self.host, &e)),
            };
            self.last_bytes = frame.len();
            match response::read(&frame) {
                Ok(Response::Other) => {}
                Ok(response) => return Ok(response),
                Err(why) => {
                    self.shared.quarantine();
                    tracing::debug!(host = %self.host, bytes = frame.len(), %why, "a response was passed over");
                    self.tap()?.note(&format!("a response of {} bytes was passed over: {why}", frame.len()));
                }
            }
        }
    }

    /// Somebody waits from now on, or has just got a piece of what was asked for.
    pub(super) fn expect_answer(&mut self) {
        self.answer_by = Some(Instant::now() + ANSWER);
    }

    /// The next frame, as long as what was asked for may still come. While our own bytes get away the server can't answer.
    async fn next_frame(&mut self) -> io::Result<Option<Frame>> {
        let tap = self.held.tap().ok_or(io::ErrorKind::NotConnected)?;
        let Some(asked_by) = self.answer_by else { return tap.next_frame().await };
        loop {
            let by = asked_by.max(tap.written_at() + ANSWER);
            match timeout_at(by, tap.next_frame()).await {
                Ok(frame) if Instant::now() < by => return frame,
                Err(_) if tap.written_at() + ANSWER > by => {}
                _ => return Err(io::ErrorKind::TimedOut.into()),
            }
        }
    }

    /// Takes what came unasked.
    pub(super) fn note(&mut self, response: Response) {
        match response {
            Response::Status(status) => self.note_status(&status),
            Response::Exists(n) => self.shared.events().push(MailboxEvent::Exists(n)),
            Response::Expunge(seq) => self.shared.events().push(MailboxEvent::Expunged(seq)),
            Response::Vanished { uids, .. } => self.shared.events().push(MailboxEvent::Vanished(uids)),
            Response::Fetch(fetched) => self.shared.push_fetched(&fetched),
            Response::MailboxStatus(name, items) => self.shared.events().push(MailboxEvent::Counts(name, items)),
            Response::List(_) => self.shared.events().push(MailboxEvent::Listed),
            _ => {}
        }
    }

    pub(super) fn note_status(&mut self, status: &Status) {
        if let Some(text) = refusal::alert(status) {
            self.shared.events().push(MailboxEvent::Alert(text));
        }
        // RFC 5465 section 5.8: from here on the server tells nothing any more.
        if status.code.as_ref().is_some_and(|code| code.is("NOTIFICATIONOVERFLOW")) {
            self.shared.events().push(MailboxEvent::Overflow);
        }
        if status.outcome == Outcome::Bye {
            self.bye = Some(status.clone());
            // Nothing more is to come but the end.
            if let Ok(tap) = self.tap() {
                tap.set_patience(Some(FAREWELL));
            }
        }
    }

    /// Deflate for everything that follows, by async-imap. A refusal costs the connection: the session went into the attempt.
    async fn compress(&mut self) -> Result<()> {
        let mut session = match std::mem::replace(&mut self.held, Held::Nothing) {
            Held::Session(session) => session,
            other => {
                self.held = other;
                return Err(Error::new(ErrorKind::Unsupported, "This connection can't be compressed."));
            }
        };
        session.get_mut().set_patience(Some(COMMAND));
        session.get_mut().set_mode(Mode::HandoverThenPass);
        // What goes through the old tap from here on is compressed and says nothing.
        let mut log = session.get_mut().take_log();
        if let Some(log) = &mut log {
            log.note("COMPRESS DEFLATE: what follows is compressed");
        }
        let compressing = session.compress(|deflate| ImapTap::logged(Box::new(deflate) as Stream, log));
        let Ok(compressed) = timeout(ANSWER, compressing).await else {
            return Err(refusal::broken(&self.host, &io::ErrorKind::TimedOut.into()));
        };
        match compressed {
            Ok(session) => {
                self.held = Held::Session(session);
                Ok(())
            }
            Err(async_imap::error::Error::Io(e)) => Err(refusal::broken(&self.host, &e)),
            Err(_) => Err(Error::new(ErrorKind::Refused, "The server refused to compress the connection.")),
        }
    }
}

enum Next {
    /// Go on, with a job that was already taken from the queue where there is one.
    Job(Option<Job>),
    End,
}

impl NetStream for async_imap::extensions::compress::DeflateStream<Tap> {
    fn set_patience(&mut self, patience: Option<Duration>) {
        self.get_mut().set_patience(patience);
    }
}

//! One exchange on the wire: commands go out, every response is sorted into data or news, and all tagged answers are read.
//! Part of the actor. It is never left half-way but by the end of the connection.

use super::command::{Command, Literals, Poured};
use super::items::MailboxEvent;
use super::refusal;
use super::response::{Outcome, Response, Status};
use super::session::Actor;
use godwit_domain::{Error, ErrorKind, Result};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// About how many bytes of responses may wait for whoever asked.
pub(super) const MOST_WAITING: usize = 64 << 20;

/// What an untagged response belongs to: the oldest command without an answer, and the response.
pub(super) struct Delivery {
    pub index: usize,
    pub response: Response,
    /// Its length on the wire, or what it takes here where that is more.
    pub bytes: usize,
    /// Its part of what may wait; given back when it is taken.
    pub room: Option<OwnedSemaphorePermit>,
}

/// Commands that go out together, and where their answers go.
pub(super) struct Exchange {
    pub commands: Vec<Command>,
    pub literals: Literals,
    /// What a response may keep of its literals.
    pub budget: usize,
    pub patience: Duration,
    /// FETCH responses are data and not news.
    pub wants_fetch: bool,
    /// Opens a mailbox: everything the server says is data.
    pub selects: bool,
    /// The opening of the mailbox that this is meant for; refused when another was opened since.
    pub opening: Option<u64>,
    pub deliver: mpsc::Sender<Delivery>,
    /// One permit for each byte that may wait for whoever asked.
    pub room: Arc<Semaphore>,
    pub done: oneshot::Sender<Result<Vec<Status>>>,
}

/// The exchange that is on the wire.
struct Running {
    deliver: mpsc::Sender<Delivery>,
    room: Arc<Semaphore>,
    literals: Literals,
    wants_fetch: bool,
    selects: bool,
    patience: Duration,
    pending: VecDeque<(String, usize)>,
    statuses: Vec<Status>,
}

impl Running {
    /// Answers may come out of turn; they are kept in the order of the commands.
    fn answer(&mut self, index: usize, status: Status) {
        let blank = || Status { outcome: Outcome::Bad, code: None, text: String::new() };
        if self.statuses.len() <= index {
            self.statuses.resize_with(index + 1, blank);
        }
        if let Some(slot) = self.statuses.get_mut(index) {
            *slot = status;
        }
    }
}

impl Actor {
    pub(super) async fn exchange(&mut self, exchange: Exchange) -> Result<()> {
        let Exchange { commands, literals, budget, patience, wants_fetch, selects, opening, deliver, room, done } = exchange;
        if done.is_closed() {
            return Ok(());
        }
        if opening.is_some_and(|o| o != self.shared.opening.load(Ordering::Acquire)) {
            let e = Error::new(ErrorKind::Cancelled, "Another folder was opened on this connection meanwhile.");
            drop(done.send(Err(e)));
            return Ok(());
        }
        if selects {
            self.shared.opening.fetch_add(1, Ordering::AcqRel);
            self.shared.events().forget_mailbox();
        }
        let tap = self.tap()?;
        tap.set_budget(budget);
        tap.set_patience(Some(patience));
        self.expect_answer();
        let mut running =
            Running { deliver, room, literals, wants_fetch, selects, patience, pending: VecDeque::new(), statuses: Vec::new() };
        match self.converse(commands, &mut running).await {
            Ok(()) => {
                drop(running.deliver);
                drop(done.send(Ok(running.statuses)));
                Ok(())
            }
            Err(e) => {
                // Whoever hears of the end must find the connection dead, or it would be used again.
                *self.shared.dead() = Some(e.clone());
                drop(running.deliver);
                drop(done.send(Err(e.clone())));
                Err(e)
            }
        }
    }

    async fn converse(&mut self, commands: Vec<Command>, running: &mut Running) -> Result<()> {
        for (index, mut command) in commands.into_iter().enumerate() {
            let tag = self.tag();
            tracing::trace!(host = %self.host, %tag, doing = command.doing, "command");
            let mut poured = command.take_poured();
            let mut steps = command.encode(&tag, running.literals).into_iter().peekable();
            // A literal that needs leave waits for the commands before it, so that `+` can only be meant for it.
            if steps.len() > 1 {
                self.drain(running).await?;
            }
            running.pending.push_back((tag, index));
            while let Some(step) = steps.next() {
                let tap = self.tap()?;
                step.into_iter().for_each(|bytes| tap.queue(bytes));
                if steps.peek().is_some() && !self.leave(running).await? {
                    break;
                }
                if steps.len() == 1
                    && let Some(poured) = poured.take()
                {
                    self.pour(poured).await?;
                    self.expect_answer();
                }
            }
        }
        self.drain(running).await
    }

    /// Sends a literal as its parts come. One that is not whole ends the connection: the server then has made nothing of it.
    async fn pour(&mut self, mut poured: Poured) -> Result<()> {
        let mut left = poured.size;
        while left > 0 {
            let part = poured.parts.recv().await;
            let part = part.filter(|part| u64::try_from(part.len()).is_ok_and(|len| len <= left)).ok_or_else(|| {
                Error::new(ErrorKind::Cancelled, "A message on its way to the server was not whole.").mend("Godwit tries again.")
            })?;
            left = left.saturating_sub(u64::try_from(part.len()).unwrap_or(left));
            let host = self.host.clone();
            let tap = self.tap()?;
            tap.queue(part);
            tap.flush().await.map_err(|e| refusal::broken(&host, &e))?;
        }
        Ok(())
    }

    /// Waits for `+`; false where the command was answered instead.
    async fn leave(&mut self, running: &mut Running) -> Result<bool> {
        while !running.pending.is_empty() {
            match self.next_response().await? {
                Response::Continue(_) => {
                    self.expect_answer();
                    return Ok(true);
                }
                response => self.route(response, running).await?,
            }
        }
        Ok(false)
    }

    async fn drain(&mut self, running: &mut Running) -> Result<()> {
        while !running.pending.is_empty() {
            let response = self.next_response().await?;
            self.route(response, running).await?;
        }
        Ok(())
    }

    async fn route(&mut self, response: Response, running: &mut Running) -> Result<()> {
        let is_news = match &response {
            Response::Tagged(tag, status) => {
                let Some(at) = running.pending.iter().position(|(t, _)| t == tag) else {
                    self.shared.quarantine();
                    return Ok(());
                };
                if let Some(text) = refusal::alert(status) {
                    self.shared.events().push(MailboxEvent::Alert(text));
                }
                self.expect_answer();
                if let Some((_, index)) = running.pending.remove(at) {
                    running.answer(index, status.clone());
                }
                return Ok(());
            }
            Response::Status(status) => {
                self.note_status(status);
                false
            }
            Response::Exists(_) | Response::Expunge(_) | Response::Vanished { earlier: false, .. } => !running.selects,
            Response::Fetch(_) => !running.selects && !running.wants_fetch,
            Response::Continue(_) => return Ok(()),
            _ => false,
        };
        if is_news {
            self.note(response);
            return Ok(());
        }
        if !matches!(response, Response::Status(_)) {
            self.expect_answer();
        }
        let index = running.pending.front().map_or(0, |(_, index)| *index);
        let bytes = self.last_bytes.max(response.held());
        let room = u32::try_from(bytes.min(MOST_WAITING)).unwrap_or(u32::MAX);
        let free = running.room.clone().try_acquire_many_owned(room).ok();
        let waits = free.is_none() || running.deliver.capacity() == 0;
        let room = match free {
            Some(room) => Some(room),
            None => running.room.clone().acquire_many_owned(room).await.ok(),
        };
        // Whoever asked may be gone; the answer is read to its end all the same.
        drop(running.deliver.send(Delivery { index, response, bytes, room }).await);
        if waits {
            // While whoever asked was busy, the server waited through no fault of its own.
            self.tap()?.set_patience(Some(running.patience));
            self.expect_answer();
        }
        Ok(())
    }
}

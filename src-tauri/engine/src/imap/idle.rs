//! IDLE (RFC 2177) without async-imap, whose own hangs on a NO and takes an end for news. Part of the actor.
//! Idling ends at news, at the idler's word, after its time, or when another job waits; DONE is always read to its answer.

use super::refusal;
use super::response::{Outcome, Response, Status};
use super::session::{Actor, COMMAND, Job};
use godwit_domain::Result;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout_at};

/// The longest silence after DONE.
const DONE: Duration = Duration::from_secs(15);
/// After the first news, how long to wait for what comes with it.
const GATHER: Duration = Duration::from_millis(20);

enum Watched {
    /// The server ended the idling itself, or refused it.
    Answered(Status),
    /// We have to say DONE; another job may wait.
    Stop(Option<Job>),
}

impl Actor {
    /// Answers the idler's outcome, and the job that ended the idling if one did. An outer error is the connection's end.
    pub(super) async fn idle(
        &mut self,
        max: Duration,
        stop: oneshot::Receiver<()>,
        jobs: &mut mpsc::Receiver<Job>,
    ) -> Result<(Result<()>, Option<Job>)> {
        if !self.shared.events().is_empty() {
            return Ok((Ok(()), None));
        }
        let tag = self.tag();
        let tap = self.tap()?;
        tap.set_patience(Some(COMMAND));
        tap.queue(format!("{tag} IDLE\r\n").into_bytes());
        self.expect_answer();
        if let Some(status) = self.until_idling(&tag).await? {
            return Ok((outcome(&status), None));
        }
        self.tap()?.set_patience(None);
        self.answer_by = None;
        let next = match self.watch(&tag, max, stop, jobs).await? {
            Watched::Answered(status) => return Ok((outcome(&status), None)),
            Watched::Stop(next) => next,
        };
        if let Some(status) = self.gather(&tag).await? {
            return Ok((outcome(&status), next));
        }
        let tap = self.tap()?;
        tap.set_patience(Some(DONE));
        tap.queue(b"DONE\r\n".to_vec());
        self.expect_answer();
        loop {
            match self.next_response().await? {
                Response::Tagged(t, status) if t == tag => return Ok((outcome(&status), next)),
                response => self.note(response),
            }
        }
    }

    /// Waits for `+`, or the answer that came instead.
    async fn until_idling(&mut self, tag: &str) -> Result<Option<Status>> {
        loop {
            match self.next_response().await? {
                Response::Continue(_) => return Ok(None),
                Response::Tagged(t, status) if t == tag => return Ok(Some(status)),
                response => self.note(response),
            }
        }
    }

    async fn watch(
        &mut self,
        tag: &str,
        max: Duration,
        mut stop: oneshot::Receiver<()>,
        jobs: &mut mpsc::Receiver<Job>,
    ) -> Result<Watched> {
        let deadline = sleep(max);
        tokio::pin!(deadline);
        while self.shared.events().is_empty() && self.bye.is_none() {
            tokio::select! {
                biased;
                response = self.next_response() => match response? {
                    Response::Tagged(t, status) if t == tag => return Ok(Watched::Answered(status)),
                    response => self.note(response),
                },
                job = jobs.recv() => return Ok(Watched::Stop(job)),
                _ = &mut stop => break,
                () = &mut deadline => break,
            }
        }
        Ok(Watched::Stop(None))
    }

    /// News comes in groups (VANISHED, then EXISTS): what comes at once is taken together.
    async fn gather(&mut self, tag: &str) -> Result<Option<Status>> {
        if self.shared.events().is_empty() {
            return Ok(None);
        }
        let until = Instant::now() + GATHER;
        while let Ok(response) = timeout_at(until, self.next_response()).await {
            match response? {
                Response::Tagged(t, status) if t == tag => return Ok(Some(status)),
                response => self.note(response),
            }
        }
        Ok(None)
    }
}

fn outcome(status: &Status) -> Result<()> {
    match status.outcome {
        Outcome::Ok => Ok(()),
        _ => Err(refusal::refused("wait for news", status)),
    }
}

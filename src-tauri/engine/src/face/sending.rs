//! The outbox as the faces see it.

use super::messages::blocking;
use crate::engine::Engine;
use crate::store::{Lane, OutboxRow};
use base64::Engine as _;
use godwit_domain::api::*;
use godwit_domain::sending::{self, Happened};
use godwit_domain::*;
use std::time::Duration;

/// The largest mail that is handed in, in bytes.
const MOST_BYTES: usize = 150 << 20;
/// How often, and after what pause, a mail that is on its way is looked at again.
const BUSY_TRIES: u32 = 600;
const BUSY_PAUSE: Duration = Duration::from_millis(500);

pub(super) async fn list(engine: &Engine, _: Outbox) -> Result<Vec<OutboxItem>> {
    engine.inner.context.store.read(|r| r.outbox()).await
}

pub(super) async fn send_draft(engine: &Engine, asked: DraftSend) -> Result<OutboxItem> {
    let store = &engine.inner.context.store;
    let (row, settings) = super::compose::outgoing(engine, asked.draft).await?;
    let held = i64::from(settings.undo_send_secs);
    let row = OutboxRow { due: crate::clock::now() + held, ..row };
    let draft = asked.draft;
    let id = store
        .write(Lane::User, move |w| {
            // Pressed twice is sent once: what is on its way already is answered again.
            for open in w.outbox_open()? {
                if open.state != OutboxState::Refused && w.outbox_head(open.id)?.mail.draft == Some(draft) {
                    return Ok(open.id);
                }
            }
            w.outbox_put(&row)
        })
        .await?;
    engine.inner.outbox.wake();
    item(engine, id).await
}

/// For scripts: no holding back; answers once the mail is filed, or with the error that stopped it.
pub(super) async fn send_raw(engine: &Engine, asked: SendRaw) -> Result<OutboxItem> {
    let raw = base64::engine::general_purpose::STANDARD
        .decode(&asked.message)
        .map_err(|_| Error::invalid("The message is not base64."))?;
    if raw.len() > MOST_BYTES {
        return Err(Error::invalid("This mail is larger than 150 MB.").mend("Send a link to the file instead."));
    }
    let account = engine.inner.context.store.read(move |r| r.account(asked.account)).await?;
    let ready = {
        let id = super::compose::new_message_id(&account.email)?;
        let now = crate::clock::now();
        blocking(move || compose::ready(&raw, &account.email, now, &id)).await??
    };
    let row = OutboxRow {
        account: asked.account,
        state: OutboxState::Queued,
        due: crate::clock::now(),
        envelope_from: ready.envelope_from,
        recipients: ready.recipients,
        subject: ready.subject,
        raw: ready.raw,
        message_id: ready.message_id,
        draft: None,
        answers: None,
        forwards: false,
    };
    let id = engine.inner.context.store.write(Lane::User, move |w| w.outbox_put(&row)).await?;
    settle(engine, id, Happened::Retry).await
}

/// Tells the outbox what happened and waits until it needs nothing more; a mail that another task has in hand is waited for.
async fn settle(engine: &Engine, id: OutboxId, happened: Happened) -> Result<OutboxItem> {
    for _ in 0..BUSY_TRIES {
        match engine.inner.outbox.happen(id, happened.clone()).await {
            Ok(_) => return item(engine, id).await,
            Err(error) if error.kind == ErrorKind::Busy => tokio::time::sleep(BUSY_PAUSE).await,
            Err(error) => return Err(error),
        }
        let now = item(engine, id).await?;
        if !matches!(now.state, OutboxState::Held | OutboxState::Queued | OutboxState::Sending) {
            return Ok(now);
        }
    }
    Err(Error::new(ErrorKind::Busy, "This mail has been on its way for a long time.").mend("Look into the outbox later."))
}

/// Without workers nobody runs the outbox: what the last run left open and what is due goes now, one after the other.
pub(super) async fn send_due(engine: &Engine) -> Result<()> {
    if engine.inner.run_workers {
        engine.inner.outbox.wake();
        return Ok(());
    }
    let now = crate::clock::now();
    let open = engine.inner.context.store.read(|r| r.outbox_open()).await?;
    let due = open.into_iter().filter_map(|item| {
        let happened = match item.state {
            OutboxState::Sending | OutboxState::Uncertain => Happened::Started,
            OutboxState::Held | OutboxState::Queued | OutboxState::Sent if sending::wait_secs(item.due, now) == Some(0) => {
                Happened::Due
            }
            _ => return None,
        };
        Some((item.account, item.id, happened))
    });
    every(due.map(async |(account, id, happened)| {
        let done = engine.inner.outbox.happen(id, happened).await;
        // What it answers is marked and the draft it was goes: both wait to be pushed.
        engine.inner.context.nudge(account);
        done
    }))
    .await
}

/// One mail's trouble keeps no other waiting: all are tried, then the first error is told.
async fn every<T>(all: impl Iterator<Item = impl Future<Output = Result<T>>>) -> Result<()> {
    let mut first = Ok(());
    for one in all {
        let done = one.await.map(drop);
        first = first.and(done);
    }
    first
}

async fn item(engine: &Engine, id: OutboxId) -> Result<OutboxItem> {
    engine.inner.context.store.read(move |r| Ok(r.outbox_head(id)?.item)).await
}

pub(super) async fn retry(engine: &Engine, asked: OutboxRetry) -> Result<OutboxItem> {
    match item(engine, asked.id).await?.state {
        OutboxState::Filed => Err(Error::invalid("This mail has gone out already.")),
        OutboxState::Cancelled => Err(Error::invalid("This mail was taken back.").mend("Write it again from its draft.")),
        _ => settle(engine, asked.id, Happened::Retry).await,
    }
}

pub(super) async fn cancel(engine: &Engine, asked: OutboxCancel) -> Result<Option<DraftId>> {
    engine.inner.outbox.happen(asked.id, Happened::Cancel).await?;
    let id = asked.id;
    let head = engine.inner.context.store.read(move |r| r.outbox_head(id)).await?;
    match head.item.state {
        OutboxState::Cancelled => Ok(head.mail.draft),
        _ => Err(Error::invalid("This mail has gone out already.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_mail_that_is_stuck_keeps_no_other_waiting() {
        let tried = std::cell::RefCell::new(Vec::new());
        let mails = (1..=4).map(|n| {
            let tried = &tried;
            async move {
                tried.borrow_mut().push(n);
                if n % 2 == 0 { Err(Error::new(ErrorKind::Busy, format!("mail {n}"))) } else { Ok(()) }
            }
        });
        let done = every(mails).await;
        assert_eq!((tried.into_inner(), done.unwrap_err().what), (vec![1, 2, 3, 4], "mail 2".to_owned()));
    }
}

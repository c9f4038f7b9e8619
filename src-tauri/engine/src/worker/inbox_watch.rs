//! A second connection that only listens: IDLE on the inbox.

use super::Pace;
use super::bell::Bell;
use crate::context::Context;
use godwit_domain::sync::{Retry, retry_after};
use godwit_domain::{AccountId, Result, Role};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Ends the watch when dropped.
pub(super) struct Watch(JoinHandle<()>);

#[cfg(test)]
impl Watch {
    /// Until it has ended by itself.
    pub async fn over(&mut self) {
        (&mut self.0).await.unwrap();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts listening. A server that refuses a second connection is asked again at intervals; the poll covers the time between.
pub(super) fn start(context: Context, account: AccountId, bell: Bell, pace: &Pace) -> Watch {
    let (idle, retry) = (pace.idle, pace.watch_again);
    Watch(tokio::spawn(async move {
        loop {
            match listen(&context, account, &bell, idle).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::debug!(kind = ?error.kind, "the inbox watch ended");
                    // A refused password is not tried again by itself: that is what locks accounts. The poll covers the rest.
                    if retry_after(&error, 1) == Retry::Stop {
                        return;
                    }
                }
            }
            tokio::time::sleep(retry).await;
        }
    }))
}

/// `Ok` only where there is nothing to listen to.
async fn listen(context: &Context, account: AccountId, bell: &Bell, idle: Duration) -> Result<()> {
    let inbox = context
        .store
        .read(move |r| {
            let Some(id) = r.mailbox_by_role(account, Role::Inbox)? else { return Ok(None) };
            Ok(Some((id, r.mailbox_state(id)?.wire_name)))
        })
        .await?;
    let Some((inbox, wire_name)) = inbox else { return Ok(()) };
    let connection = context.connect(account).await?;
    if !connection.capabilities().idle {
        return Ok(());
    }
    connection.select(&wire_name, None).await?;
    // Whatever came between the last sync and this SELECT was told to nobody.
    let mut changed = true;
    loop {
        if changed {
            bell.ring(|r| {
                r.changed.insert(inbox);
            });
        }
        changed = !connection.idle(idle, std::future::pending()).await?.is_empty();
    }
}

//! The recently removed: listed, asked back; trash and junk emptied into them.

use crate::engine::Engine;
use crate::store::Lane;
use godwit_domain::api::*;
use godwit_domain::*;

pub(super) async fn list(engine: &Engine, asked: RemovedMessages) -> Result<RemovedList> {
    engine.inner.context.store.read_now(move |r| r.removed(asked.account, asked.limit)).await
}

pub(super) async fn restore(engine: &Engine, asked: Restore) -> Result<Performed> {
    let performed = engine.inner.context.store.write(Lane::User, move |w| w.restore(&asked.ids)).await?;
    engine.inner.workers.push_all();
    Ok(performed)
}

pub(super) async fn empty(engine: &Engine, asked: MailboxEmpty) -> Result<Performed> {
    let performed = engine.inner.context.store.write(Lane::User, move |w| w.mailbox_empty(asked.mailbox)).await?;
    engine.inner.workers.push_all();
    Ok(performed)
}

//! What is kept for reading without a network: policies, and what they take on the disk.

use crate::engine::Engine;
use crate::store::Lane;
use godwit_domain::api::*;
use godwit_domain::*;

pub(super) async fn list(engine: &Engine, _: KeepSettings) -> Result<Vec<KeepSetting>> {
    engine.inner.context.store.read(|r| r.keep_settings()).await
}

/// What the new policy does not cover goes at once; what it covers comes with the next sync.
pub(super) async fn set(engine: &Engine, asked: KeepSet) -> Result<Vec<KeepSetting>> {
    let store = &engine.inner.context.store;
    let account = asked.account;
    store.write(Lane::User, move |w| w.keep_set(account, asked.mailbox, asked.policy)).await?;
    crate::sync::drop_beyond(store, account).await?;
    engine.inner.workers.prefetch(account);
    store.read(|r| r.keep_settings()).await
}

pub(super) async fn disk_use(engine: &Engine, _: DiskUses) -> Result<Vec<DiskUse>> {
    engine.inner.context.store.read(|r| r.disk_use()).await
}

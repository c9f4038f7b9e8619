//! Folders: made, renamed, deleted, subscribed on the server first, then here.

use crate::engine::Engine;
use crate::imap::encode_name;
use crate::store::{Lane, MailboxState};
use godwit_domain::api::*;
use godwit_domain::*;

pub(super) async fn list(engine: &Engine, _: Mailboxes) -> Result<Vec<Mailbox>> {
    engine.inner.context.store.read(|r| r.mailboxes()).await
}

pub(super) async fn create(engine: &Engine, asked: MailboxCreate) -> Result<Mailbox> {
    let path = checked(&asked.path)?;
    let path = engine
        .inner
        .line
        .once(asked.account, |conn| {
            let path = conn.capabilities().in_namespace(&path);
            async move {
                conn.create(&path).await?;
                conn.subscribe_if_it_will(&encode_name(&path), true).await?;
                Ok(path)
            }
        })
        .await?;
    relist(engine, asked.account).await?;
    find(engine, asked.account, &path).await
}

pub(super) async fn rename(engine: &Engine, asked: MailboxRename) -> Result<Mailbox> {
    let path = checked(&asked.path)?;
    let state = changeable(engine, asked.mailbox).await?;
    let path = engine
        .inner
        .line
        .once(state.account, |conn| {
            let (from, path) = (state.wire_name.clone(), conn.capabilities().in_namespace(&path));
            async move {
                conn.rename(&from, &path).await?;
                conn.subscribe_if_it_will(&from, false).await?;
                conn.subscribe_if_it_will(&encode_name(&path), true).await?;
                Ok(path)
            }
        })
        .await?;
    let new = path.clone();
    engine.inner.context.store.write(Lane::User, move |w| w.mailbox_renamed(asked.mailbox, &new, &encode_name(&new))).await?;
    relist(engine, state.account).await?;
    find(engine, state.account, &path).await
}

pub(super) async fn delete(engine: &Engine, asked: MailboxDelete) -> Result<()> {
    let state = changeable(engine, asked.mailbox).await?;
    engine
        .inner
        .line
        .once(state.account, |conn| {
            let name = state.wire_name.clone();
            async move {
                conn.delete(&name).await?;
                conn.subscribe_if_it_will(&name, false).await
            }
        })
        .await?;
    engine.inner.context.store.write(Lane::User, move |w| w.mailbox_removed(asked.mailbox)).await?;
    relist(engine, state.account).await
}

pub(super) async fn subscribe(engine: &Engine, asked: MailboxSubscribe) -> Result<()> {
    let id = asked.mailbox;
    let state = engine.inner.context.store.read(move |r| r.mailbox_state(id)).await?;
    let on = asked.on;
    engine
        .inner
        .line
        .with(state.account, |conn| {
            let name = state.wire_name.clone();
            async move { conn.subscribe(&name, on).await }
        })
        .await?;
    engine.inner.context.store.write(Lane::User, move |w| w.mailbox_subscribed(id, asked.on)).await
}

/// Mailboxes that play a part for Godwit keep their place.
async fn changeable(engine: &Engine, mailbox: MailboxId) -> Result<MailboxState> {
    let state = engine.inner.context.store.read(move |r| r.mailbox_state(mailbox)).await?;
    match state.role {
        Some(role) => Err(Error::invalid(format!("{} is the account's {} folder.", state.path, role.word()))
            .mend("Only folders without such a part can be renamed or deleted here.")),
        None => Ok(state),
    }
}

fn checked(path: &str) -> Result<String> {
    let path = path.trim();
    if path.is_empty() || path.len() > 1_000 || path.chars().any(char::is_control) {
        return Err(Error::invalid("A folder needs a name of at most 1,000 bytes without control characters."));
    }
    Ok(path.to_owned())
}

pub(super) async fn relist(engine: &Engine, account: AccountId) -> Result<()> {
    let context = &engine.inner.context;
    engine
        .inner
        .line
        .with(account, |conn| {
            let store = context.store.clone();
            async move {
                let listed = conn.list().await?;
                store.write(Lane::User, move |w| w.mailboxes_listed(account, &listed)).await
            }
        })
        .await?;
    context.store.emit(Event::MailboxesChanged);
    Ok(())
}

async fn find(engine: &Engine, account: AccountId, path: &str) -> Result<Mailbox> {
    let wanted = path.to_owned();
    engine
        .inner
        .context
        .store
        .read(move |r| {
            let found = r.mailboxes()?.into_iter().find(|m| m.account == account && m.path == wanted);
            found.ok_or_else(|| Error::gone(format!("The server made {wanted}, but does not list it.")))
        })
        .await
}

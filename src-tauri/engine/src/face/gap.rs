//! Search where the cache has a gap: mailboxes that are not wholly here are asked on the server, and what is found is kept.

use crate::engine::Engine;
use crate::imap::Search;
use crate::store::{Lane, MailboxState};
use crate::sync::parse;
use godwit_domain::sync::UidSet;
use godwit_domain::{Account, PlacementId, Result};
use std::time::Duration;

/// Mailboxes of one account that are asked.
const MOST_MAILBOXES: usize = 20;
/// Hits of one mailbox that are fetched, newest first.
const MOST_HITS: usize = 100;
/// What an answer may take; what comes later is found by the next search.
const PATIENCE: Duration = Duration::from_secs(8);

/// Asks every account's server for `query` where its mail is not all here. A server that can't be reached leaves the gap,
/// which the answer's coverage tells.
pub(super) async fn ask_servers(engine: &Engine, query: &str) -> Result<Vec<PlacementId>> {
    let accounts = engine.inner.context.store.read(|r| r.accounts()).await?;
    let mut asking = tokio::task::JoinSet::new();
    for account in accounts {
        let (engine, query) = (engine.clone(), query.to_owned());
        asking.spawn(async move { tokio::time::timeout(PATIENCE, ask(&engine, &account, &query)).await });
    }
    let mut found = Vec::new();
    while let Some(answered) = asking.join_next().await {
        match answered {
            Ok(Ok(Ok(ids))) => found.extend(ids),
            Ok(Ok(Err(error))) => tracing::debug!(kind = ?error.kind, "a server could not be searched"),
            Ok(Err(_)) | Err(_) => tracing::debug!("a server took too long to search"),
        }
    }
    Ok(found)
}

async fn ask(engine: &Engine, account: &Account, query: &str) -> Result<Vec<PlacementId>> {
    let id = account.id;
    let mut states = engine.inner.context.store.read(move |r| r.mailbox_states(id)).await?;
    if states.is_empty() {
        super::mailboxes::relist(engine, id).await?;
        states = engine.inner.context.store.read(move |r| r.mailbox_states(id)).await?;
    }
    states.retain(|s| s.selectable && s.on_server && s.home.is_none() && s.synced_down_to != Some(1));
    states.truncate(MOST_MAILBOXES);
    let mut found = Vec::new();
    for state in states {
        found.extend(ask_mailbox(engine, &state, query).await?);
    }
    Ok(found)
}

async fn ask_mailbox(engine: &Engine, state: &MailboxState, query: &str) -> Result<Vec<PlacementId>> {
    let store = engine.inner.context.store.clone();
    let (mailbox, held_validity) = (state.id, state.uidvalidity);
    engine
        .inner
        .line
        .with(state.account, |conn| {
            let (store, name, query) = (store.clone(), state.wire_name.clone(), query.to_owned());
            async move {
                let selected = conn.select(&name, None).await?;
                let Some(uidvalidity) = selected.uidvalidity else { return Ok(Vec::new()) };
                if held_validity.is_some_and(|held| held != uidvalidity) {
                    return Ok(Vec::new());
                }
                if held_validity.is_none() {
                    store.write(Lane::User, move |w| w.mailbox_selected(mailbox, uidvalidity)).await?;
                }
                let hits = conn.search(&Search::Text(query)).await?;
                let held = store.read(move |r| r.uids(mailbox, 1, u32::MAX)).await?;
                let missing: UidSet = hits.minus(&held).iter().rev().take(MOST_HITS).collect();
                if missing.is_empty() {
                    return Ok(Vec::new());
                }
                let rows = parse(conn.fetch_identities(&missing).await?).await?;
                Ok(store.write(Lane::User, move |w| w.insert_new(mailbox, uidvalidity, rows)).await?.added)
            }
        })
        .await
}

//! Lists, search, and verbs on their rows.

use crate::engine::Engine;
use godwit_domain::api::*;
use godwit_domain::*;

/// The most rows one window hands out.
const MOST_ROWS: u32 = 500;
/// The most hits one search hands out.
const MOST_HITS: u32 = 1_000;

pub(super) async fn open(engine: &Engine, asked: ViewOpen) -> Result<ViewOpened> {
    if let Scope::Mailbox { mailbox } = asked.spec.scope {
        let account = engine.inner.context.store.read(move |r| Ok(r.mailbox_state(mailbox)?.account)).await?;
        engine.inner.workers.opened(account, mailbox);
    }
    engine.inner.context.store.view_open(asked.spec).await
}

pub(super) async fn window(engine: &Engine, asked: ViewWindow) -> Result<Vec<Row>> {
    let rows = engine.inner.context.store.view_window(asked.view, asked.from, asked.count.min(MOST_ROWS)).await?;
    let bare: Vec<PlacementId> = rows.iter().filter(|row| row.preview.is_empty()).map(|row| row.id).collect();
    if engine.inner.run_workers && !bare.is_empty() {
        let missing = engine.inner.context.store.read(move |r| Ok((r.previews_missing_of(&bare)?, bare))).await?;
        let accounts: std::collections::BTreeSet<AccountId> = missing.0.iter().map(|m| m.0).collect();
        accounts.into_iter().for_each(|account| engine.inner.workers.seen(account, &missing.1));
    }
    Ok(rows)
}

pub(super) async fn position(engine: &Engine, asked: ViewPosition) -> Result<Option<u32>> {
    engine.inner.context.store.view_position(asked.view, asked.id).await
}

pub(super) async fn close(engine: &Engine, asked: ViewClose) -> Result<()> {
    engine.inner.context.store.view_close(asked.view);
    Ok(())
}

pub(super) async fn rows(engine: &Engine, asked: Rows) -> Result<Vec<Row>> {
    let ids: Vec<PlacementId> = asked.ids.into_iter().take(MOST_HITS as usize).collect();
    engine.inner.context.store.read(move |r| r.rows(&ids)).await
}

/// The cache first; where that has a gap the servers are asked, and their hits stand among ours by date.
pub(super) async fn search(engine: &Engine, asked: Search) -> Result<Found> {
    let limit = asked.limit.min(MOST_HITS);
    let store = &engine.inner.context.store;
    let query = asked.query.clone();
    let mut found = store.read(move |r| r.search(&query, limit)).await?;
    let seen = &found.coverage;
    let has_gap = seen.mailboxes_complete < seen.mailboxes_total || seen.mailboxes_total == 0;
    if !has_gap || asked.query.trim().is_empty() {
        return Ok(found);
    }
    let remote = super::gap::ask_servers(engine, asked.query.trim()).await?;
    let known: std::collections::HashSet<PlacementId> = found.rows.iter().map(|row| row.id).collect();
    let fresh: Vec<PlacementId> = remote.into_iter().filter(|id| !known.contains(id)).collect();
    let rows = store.read(move |r| r.rows(&fresh)).await?;
    found.total = found.total.saturating_add(u32::try_from(rows.len()).unwrap_or(u32::MAX));
    found.rows.extend(rows);
    found.rows.sort_by_key(|row| std::cmp::Reverse((row.date, row.id)));
    found.rows.truncate(limit as usize);
    Ok(found)
}

pub(super) async fn perform(engine: &Engine, asked: Perform) -> Result<Performed> {
    let performed = engine.inner.context.store.perform(asked.action).await?;
    engine.inner.workers.push_all();
    Ok(performed)
}

pub(super) async fn undo(engine: &Engine, asked: Undo) -> Result<Undone> {
    let undone = engine.inner.context.store.undo(asked.receipt).await?;
    engine.inner.workers.push_all();
    Ok(undone)
}

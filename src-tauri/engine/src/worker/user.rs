//! The connection that serves a person who waits: bodies and folder changes never queue behind a sync.

use crate::context::Context;
use crate::imap::Connection;
use crate::sync::{BodyLimit, FetchedBody, Had};
use godwit_domain::sync::{Sent, sent};
use godwit_domain::{AccountId, Activity, PlacementId, Result};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// An account's connection, held while somebody works on it.
type Line = Arc<Mutex<Option<Arc<Connection>>>>;

/// One lazily opened connection an account.
#[derive(Clone)]
pub struct UserLine {
    context: Context,
    lines: Arc<Mutex<HashMap<AccountId, Line>>>,
}

impl UserLine {
    /// Opens nothing yet.
    pub fn new(context: Context) -> Self {
        Self { context, lines: Arc::default() }
    }

    /// Runs `work` on the account's line, opened anew where the old one died; one retry where it died unnoticed.
    pub async fn with<T, F>(&self, account: AccountId, work: impl Fn(Arc<Connection>) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let slot = self.lines.lock().await.entry(account).or_default().clone();
        let mut line = slot.lock().await;
        if let Some(connection) = line.as_ref().filter(|c| c.is_alive()).cloned() {
            let result = work(connection.clone()).await;
            if result.is_ok() || connection.is_alive() {
                return result;
            }
        }
        let fresh = Arc::new(self.context.connect(account).await?);
        *line = Some(fresh.clone());
        work(fresh).await
    }

    /// As `with`, but never twice: for what creates.
    pub async fn once<T, F>(&self, account: AccountId, work: impl FnOnce(Arc<Connection>) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let slot = self.lines.lock().await.entry(account).or_default().clone();
        let mut line = slot.lock().await;
        let alive = line.as_ref().filter(|c| c.is_alive()).cloned();
        let connection = match alive {
            // A line that died unnoticed shows here, before anything leaves.
            Some(connection) if connection.noop().await.is_ok() => connection,
            _ => Arc::new(self.context.connect(account).await?),
        };
        *line = Some(connection.clone());
        work(connection).await
    }

    /// The raw bytes of a message: from the store, else from the server, and then kept.
    pub async fn body(&self, placement: PlacementId, limit: BodyLimit) -> Result<FetchedBody> {
        let store = self.context.store.clone();
        let (record, kept) = store
            .read(move |r| {
                let record = r.message_of(placement)?;
                let kept = r.body(record.message)?;
                Ok((record, kept))
            })
            .await?;
        if let Some(raw) = kept {
            return Ok(FetchedBody { raw, had: Had::Whole, size: record.size });
        }
        let account = record.account;
        self.with(account, move |connection| {
            let (store, record) = (store.clone(), record.clone());
            async move { crate::sync::fetch_body(&store, &connection, &record, limit).await }
        })
        .await
    }

    /// A message to be read: where the server can't be reached, the beginning that is kept of a long one.
    pub async fn readable(&self, placement: PlacementId) -> Result<FetchedBody> {
        let store = &self.context.store;
        let record = store.read(move |r| r.message_of(placement)).await?;
        let is_off = matches!(self.context.activity(record.account), Activity::Offline { .. } | Activity::Stopped { .. });
        let (message, size) = (record.message, record.size);
        let beginning = async || -> Result<Option<FetchedBody>> {
            // A body that is here goes first, whatever the server does.
            let kept = store.read(move |r| if r.body_size(message)?.is_some() { Ok(None) } else { r.beginning(message) }).await?;
            Ok(kept.map(|raw| FetchedBody { raw, had: Had::Offline, size }))
        };
        if is_off && let Some(beginning) = beginning().await? {
            return Ok(beginning);
        }
        match self.body(placement, BodyLimit::READING).await {
            Err(error) if sent(&error) == Sent::Open => beginning().await?.ok_or(error),
            body => body,
        }
    }

    /// Closes an account's line.
    pub async fn close(&self, account: AccountId) {
        self.lines.lock().await.remove(&account);
    }

    /// Closes all lines.
    pub async fn close_all(&self) {
        self.lines.lock().await.clear();
    }
}

//! The connection that serves a person who waits: bodies and folder changes never queue behind a sync.

use crate::context::Context;
use crate::imap::Connection;
use crate::sync::{BodyLimit, FetchedBody, Had};
use godwit_domain::sync::{Sent, sent};
use godwit_domain::{AccountId, Activity, PlacementId, Result};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// An account's connection, and when it was last taken; held while somebody works on it.
type Line = Arc<Mutex<Option<(Arc<Connection>, Instant)>>>;

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
        if let Some((connection, taken)) = line.as_mut().filter(|(c, _)| c.is_alive()) {
            *taken = Instant::now();
            let connection = connection.clone();
            let result = work(connection.clone()).await;
            if result.is_ok() || connection.is_alive() {
                return result;
            }
        }
        let fresh = self.open(account).await?;
        *line = Some((fresh.clone(), Instant::now()));
        work(fresh).await
    }

    /// As `with`, but never twice: for what creates.
    pub async fn once<T, F>(&self, account: AccountId, work: impl FnOnce(Arc<Connection>) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let slot = self.lines.lock().await.entry(account).or_default().clone();
        let mut line = slot.lock().await;
        let alive = line.as_ref().map(|(connection, _)| connection).filter(|c| c.is_alive()).cloned();
        let connection = match alive {
            // A line that died unnoticed shows here, before anything leaves.
            Some(connection) if connection.noop().await.is_ok() => connection,
            _ => self.open(account).await?,
        };
        *line = Some((connection.clone(), Instant::now()));
        work(connection).await
    }

    /// A fresh line. Where many stand already, the one that nobody has used for longest closes for it.
    async fn open(&self, account: AccountId) -> Result<Arc<Connection>> {
        if self.context.lines.are_many() {
            let lines = self.lines.lock().await;
            // One that is held is being used.
            let unused = lines.values().filter_map(|line| line.try_lock().ok()).filter(|line| line.is_some());
            if let Some(mut oldest) = unused.min_by_key(|line| line.as_ref().map(|(_, taken)| *taken)) {
                *oldest = None;
            }
        }
        Ok(Arc::new(self.context.connect(account).await?))
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

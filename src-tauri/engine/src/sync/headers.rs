//! Reading header fields in windows and handing them to the store in batches; memory stays bounded by two batches.

use super::AccountSync;
use crate::store::Lane;
use godwit_domain::sync::{FetchedHeader, NewPlacement, UidSet};
use godwit_domain::{Error, MailboxId, PlacementId, Result, mime};
use tokio::sync::mpsc;

/// Rows a transaction takes: small enough that a click never waits behind it for long.
pub(super) const BATCH: usize = 500;

/// What one window brought.
#[derive(Debug, Default)]
pub(super) struct WindowRead {
    /// Rows that are new here, newest first within each batch.
    pub added: Vec<PlacementId>,
    /// Rows that were here and got new flags.
    pub updated: u32,
}

impl AccountSync {
    /// Reads the headers of `uids` under the current SELECT. An error may come after part of it is kept: reading again is harmless.
    pub(super) async fn read_headers(&self, mailbox: MailboxId, uidvalidity: u32, uids: &UidSet) -> Result<WindowRead> {
        let (each, rows) = mpsc::channel(BATCH);
        let (fetched, kept) =
            tokio::join!(self.conn.fetch_headers(uids, false, each), self.keep_headers(mailbox, uidvalidity, rows));
        let read = kept?;
        fetched?;
        Ok(read)
    }

    /// Writes rows as they come, a batch a transaction.
    pub(super) async fn keep_headers(
        &self,
        mailbox: MailboxId,
        uidvalidity: u32,
        mut rows: mpsc::Receiver<FetchedHeader>,
    ) -> Result<WindowRead> {
        let mut read = WindowRead::default();
        let mut batch = Vec::with_capacity(BATCH);
        while rows.recv_many(&mut batch, BATCH).await > 0 {
            while batch.len() < BATCH && rows.recv_many(&mut batch, BATCH).await > 0 {}
            let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
            let count = u32::try_from(full.len()).unwrap_or(u32::MAX);
            let placements = parse(full).await?;
            let inserted = self.store.write(Lane::Sync, move |w| w.insert_new(mailbox, uidvalidity, placements)).await?;
            self.previewed().remove(&mailbox);
            read.updated += inserted.updated;
            read.added.extend(inserted.added);
            self.pulse.got(count);
        }
        Ok(read)
    }
}

/// Parses off the async threads: what a message says must never hold up a socket.
pub(crate) async fn parse(mut rows: Vec<FetchedHeader>) -> Result<Vec<NewPlacement>> {
    tokio::task::spawn_blocking(move || {
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.uid));
        rows.into_iter()
            .map(|row| NewPlacement {
                uid: row.uid,
                flags: row.flags,
                modseq: row.modseq,
                internal_date: row.internal_date,
                size: row.size.unwrap_or(0),
                headers: mime::headers(&row.header),
            })
            .collect()
    })
    .await
    .map_err(|_| Error::bug("Reading a batch of headers stopped short."))
}

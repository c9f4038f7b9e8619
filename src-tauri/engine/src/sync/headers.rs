//! Header fields on their way from the wire to the store: read, made ready and written at the same time, each by its own
//! hands. What waits between them is bounded, so memory does not grow with the mailbox.

use super::AccountSync;
use crate::store::{Intake, Lane, Ready};
use godwit_domain::sync::{FetchedHeader, NewPlacement, UidSet};
use godwit_domain::{Error, MailboxId, PlacementId, Result, mime};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// Rows made ready at a time.
pub(super) const BATCH: usize = 500;
/// Batches that wait for the writer.
pub(super) const MOST_WAITING: usize = 6;
/// Rows of one transaction. A page that is changed is encrypted and written once a transaction, however often it changes;
/// the writer cuts it short where a person waits.
const MOST_TOGETHER: usize = 4_000;
/// How long the first rows wait for more to be written with.
const GATHER: Duration = Duration::from_millis(150);

/// What one window brought.
#[derive(Debug, Default)]
pub(super) struct WindowRead {
    /// Rows that are new here, newest first within each batch.
    pub added: Vec<PlacementId>,
    /// Rows that were here and got new flags.
    pub updated: u32,
}

/// Rows made ready, or the end of a window.
#[derive(Default)]
pub(super) struct Portion {
    pub rows: Vec<Ready>,
    /// Every UID from here up came before.
    pub down_to: Option<u32>,
    /// Somebody looks: no waiting for more.
    pub at_once: bool,
}

impl Portion {
    fn is_full(&self) -> bool {
        self.at_once || self.rows.len() >= MOST_TOGETHER
    }

    fn take(&mut self, mut more: Self) {
        self.rows.append(&mut more.rows);
        self.down_to = more.down_to.or(self.down_to);
        self.at_once |= more.at_once;
    }
}

impl AccountSync {
    /// Reads the headers of `uids` under the current SELECT. An error may come after part of it is kept: reading again is harmless.
    pub(super) async fn read_headers(&self, mailbox: MailboxId, uidvalidity: u32, uids: &UidSet) -> Result<WindowRead> {
        let ((each, rows), (ready, portions)) = (mpsc::channel(BATCH), mpsc::channel(MOST_WAITING));
        let intake = self.intake().await?;
        let (fetched, made, kept) = tokio::join!(
            self.conn.fetch_headers(uids, false, each),
            async move { make_ready(&intake, rows, &ready).await },
            self.keep(mailbox, uidvalidity, portions)
        );
        let read = kept?;
        made?;
        fetched?;
        Ok(read)
    }

    pub(super) async fn intake(&self) -> Result<Intake> {
        let account = self.account;
        self.store.read(move |r| r.intake(account)).await
    }

    /// Writes what comes, as much as is there in one transaction.
    pub(super) async fn keep(
        &self,
        mailbox: MailboxId,
        uidvalidity: u32,
        mut portions: mpsc::Receiver<Portion>,
    ) -> Result<WindowRead> {
        let mut read = WindowRead::default();
        while let Some(mut all) = portions.recv().await {
            let until = Instant::now() + GATHER;
            while !all.is_full() {
                match timeout_at(until, portions.recv()).await {
                    Ok(Some(more)) => all.take(more),
                    Ok(None) | Err(_) => break,
                }
            }
            self.write(mailbox, uidvalidity, all, &mut read).await?;
        }
        Ok(read)
    }

    async fn write(&self, mailbox: MailboxId, uidvalidity: u32, portion: Portion, read: &mut WindowRead) -> Result<()> {
        let Portion { mut rows, down_to, .. } = portion;
        loop {
            let before = rows.len();
            let (inserted, left) = self
                .store
                .write(Lane::Sync, move |w| {
                    let inserted = w.insert_ready(mailbox, uidvalidity, &mut rows)?;
                    if let Some(down_to) = down_to.filter(|_| rows.is_empty()) {
                        w.set_progress(mailbox, down_to)?;
                    }
                    Ok((inserted, rows))
                })
                .await?;
            self.previewed().remove(&mailbox);
            read.updated += inserted.updated;
            read.added.extend(inserted.added);
            self.pulse.got(u32::try_from(before - left.len()).unwrap_or(u32::MAX));
            if left.is_empty() {
                return Ok(());
            }
            rows = left;
        }
    }
}

/// Parses rows as they come, a batch at a time. Ends early where nobody takes them any more.
pub(super) async fn make_ready(
    intake: &Intake,
    mut rows: mpsc::Receiver<FetchedHeader>,
    ready: &mpsc::Sender<Portion>,
) -> Result<()> {
    let mut batch = Vec::with_capacity(BATCH);
    while rows.recv_many(&mut batch, BATCH).await > 0 {
        while batch.len() < BATCH && rows.recv_many(&mut batch, BATCH).await > 0 {}
        let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
        let intake = intake.clone();
        let rows = aside(move || intake.ready(parsed(full))).await?;
        if ready.send(Portion { rows, ..Portion::default() }).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Parses off the async threads: what a message says must never hold up a socket.
pub(crate) async fn parse(rows: Vec<FetchedHeader>) -> Result<Vec<NewPlacement>> {
    aside(move || parsed(rows)).await
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::bug("Reading a batch of headers stopped short."))
}

fn parsed(mut rows: Vec<FetchedHeader>) -> Vec<NewPlacement> {
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.uid));
    let one = |row: FetchedHeader| NewPlacement {
        uid: row.uid,
        flags: row.flags,
        modseq: row.modseq,
        internal_date: row.internal_date,
        size: row.size.unwrap_or(0),
        facts: row.facts,
        headers: mime::headers(&row.header),
    };
    rows.into_iter().map(one).collect()
}

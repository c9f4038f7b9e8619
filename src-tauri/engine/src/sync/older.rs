//! Reading backwards: windows of headers from where the last run stopped down to UID 1. While one window is written the
//! next ones come in already.

use super::AccountSync;
use super::headers::{BATCH, MOST_WAITING, Portion, make_ready};
use super::mailbox::{Depth, MailboxOutcome, Visit, count};
use crate::store::{Intake, Lane};
use godwit_domain::sync::{FIRST_WINDOW, FetchedHeader, NEXT_WINDOW, Reading, UidSet, next_rows, next_window};
use godwit_domain::{Error, ErrorKind, MailboxId, Result};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Rows that fill a first screen.
const SCREEN: u32 = 50;

/// Fewer header rows a second than this, and the line is what everything waits for: then it pays to compress what follows.
const SLOW_ROWS_A_SECOND: u128 = 2_000;
/// Rows of a window that tell something about the line, and that have to be left for it to pay.
const TELLING_ROWS: u32 = 500;

/// A window on its way from the wire to the store.
struct Window {
    low: u32,
    /// Somebody waits for a first screen.
    at_once: bool,
    rows: mpsc::Receiver<FetchedHeader>,
    /// Said once the server has answered all of it with OK.
    whole: oneshot::Receiver<()>,
}

/// Why the reading ended.
enum End {
    /// UID 1 is reached, the last window began here.
    Bottom(u32),
    /// The first screen is here; there is more.
    Screen,
    /// A person's action waits.
    PushWanted,
}

impl AccountSync {
    /// Backwards from where the last run stopped. Answers whether UID 1 is reached.
    pub(super) async fn read_older(&self, at: &Visit<'_>, depth: Depth, out: &mut MailboxOutcome) -> Result<bool> {
        if at.state.synced_down_to == Some(1) {
            return Ok(true);
        }
        let first = at.state.synced_down_to.is_none();
        let held = if first { 0 } else { at.state.base_messages };
        let reading = Reading {
            down_to: at.state.synced_down_to.unwrap_or(at.uidnext),
            remaining: at.selected.exists.saturating_sub(held),
            rows: if first { FIRST_WINDOW } else { NEXT_WINDOW },
            empty: 0,
        };
        self.pulse.expect(reading.remaining);
        if first {
            self.checkpoint(at).await?;
        }
        let intake = self.intake().await?;
        let ((windows, coming), (ready, portions)) = (mpsc::channel(1), mpsc::channel(MOST_WAITING));
        let (fetched, made, kept) = tokio::join!(
            self.fetch_windows(reading, depth, windows),
            make_windows_ready(&intake, coming, ready),
            self.keep(at.mailbox, at.uidvalidity, portions)
        );
        // What the store says comes first: the wire only stopped because nobody took its rows any more.
        out.added += count(kept?.added.len());
        made?;
        match fetched? {
            End::Bottom(low) => {
                if low > 1 || at.uidnext <= 1 {
                    self.progress(at.mailbox, 1).await?;
                }
                Ok(true)
            }
            End::Screen => {
                out.interrupted = false;
                Ok(false)
            }
            End::PushWanted => {
                out.interrupted = depth == Depth::Whole;
                Ok(false)
            }
        }
    }

    async fn fetch_windows(&self, mut reading: Reading, depth: Depth, windows: mpsc::Sender<Window>) -> Result<End> {
        let mut received = 0;
        while let Some((low, high)) = next_window(reading) {
            let ((each, rows), (done, whole)) = (mpsc::channel(BATCH), oneshot::channel());
            let (at_once, began) = (depth == Depth::FirstScreen, Instant::now());
            if windows.send(Window { low, at_once, rows, whole }).await.is_err() {
                return Err(Error::new(ErrorKind::Cancelled, "The headers are not needed any more."));
            }
            let got = self.conn.fetch_headers(&UidSet::range(low, high), false, each).await?;
            // Where nobody listens any more the store has an error of its own to tell.
            let _ = done.send(());
            received += got;
            let empty = if got == 0 { reading.empty + 1 } else { 0 };
            let (remaining, took) = (reading.remaining.saturating_sub(got), began.elapsed());
            reading = Reading { down_to: low, remaining, rows: next_rows(reading.rows, took), empty };
            if low > 1 && remaining >= TELLING_ROWS && is_slow(got, took) {
                self.compress().await?;
            }
            if low > 1 && depth == Depth::FirstScreen && (received >= SCREEN || reading.remaining == 0) {
                return Ok(End::Screen);
            }
            if low > 1 && self.pulse.push_wanted() {
                return Ok(End::PushWanted);
            }
        }
        Ok(End::Bottom(reading.down_to))
    }

    /// Compresses what follows, once, where the server offers it. A refusal costs the connection, so it is tried but once.
    async fn compress(&self) -> Result<()> {
        let can = self.conn.capabilities();
        if !can.has("COMPRESS=DEFLATE") || self.compressed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        if !self.store.uncompressible().insert(self.account) {
            return Ok(());
        }
        tracing::info!("the line is slow: what follows is compressed");
        self.conn.compress().await?;
        self.store.uncompressible().remove(&self.account);
        Ok(())
    }

    async fn progress(&self, mailbox: MailboxId, down_to: u32) -> Result<()> {
        self.store.write(Lane::Sync, move |w| w.set_progress(mailbox, down_to)).await
    }
}

/// Whether so many rows in so long is a line that it pays to compress.
fn is_slow(rows: u32, took: Duration) -> bool {
    rows >= TELLING_ROWS && u128::from(rows) * 1_000 < SLOW_ROWS_A_SECOND * took.as_millis()
}

/// A window that broke off has no end here: it is read again from its top, and its rows are found then.
async fn make_windows_ready(intake: &Intake, mut coming: mpsc::Receiver<Window>, ready: mpsc::Sender<Portion>) -> Result<()> {
    while let Some(Window { low, at_once, rows, whole }) = coming.recv().await {
        make_ready(intake, rows, &ready).await?;
        let end = Portion { down_to: Some(low), at_once, ..Portion::default() };
        if whole.await.is_err() || ready.send(end).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_slow_by_many_rows_never_by_a_few() {
        let slow = |rows, ms| is_slow(rows, Duration::from_millis(ms));
        assert!(slow(500, 600) && slow(10_000, 6_000));
        assert!(!slow(500, 200) && !slow(10_000, 4_000), "2,000 a second and more are fast enough");
        assert!(!slow(50, 5_000), "one round trip says nothing of the line");
        assert!(!slow(0, 5_000));
    }
}

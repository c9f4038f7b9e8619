//! Bodies fetched before anybody asks. Commands bring about a second's worth each, long messages come in parts, and
//! between any two of them a person's action goes first.

use super::AccountSync;
use super::bodies::KEEP_MOST;
use crate::store::{Lane, Packed, Packer};
use godwit_domain::sync::UidSet;
use godwit_domain::{Error, ErrorKind, MailboxId, MessageId, Result};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Bytes that one command brings: at first, at least, at most.
const FIRST: u64 = 1 << 20;
const LEAST: u64 = 256 << 10;
const MOST: u64 = 4 << 20;
/// Messages that one command brings.
const MOST_TOGETHER: usize = 4_000;
/// What is packed together and written in one transaction, behind which a click waits.
const BATCH: usize = 250;
const BATCH_BYTES: usize = 1 << 20;
/// How long one command should take.
const COMMAND: Duration = Duration::from_millis(1_000);
/// RFC822.SIZE is not believed to the byte.
const SLACK: u32 = 1 << 20;

/// A body to fetch: UID, content, size as the server told it.
pub(super) type Wish = (u32, MessageId, u32);
pub(super) type Bodies = Vec<(MessageId, Vec<u8>)>;
pub(super) type PackedBatch = Vec<(MessageId, Packed)>;

/// What fetching gives way to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To a person's action, and to a line that costs by the byte: nobody asked for this. The rest is fetched later.
    Ahead,
    /// To a person's action alone.
    Asked,
    /// To nothing: what is fetched is needed for what comes next.
    Needed,
}

/// The next wishes that fit into so many bytes, at least one.
fn portion(left: &mut VecDeque<Wish>, bytes: u64) -> Vec<Wish> {
    let (mut out, mut sum) = (Vec::new(), 0);
    while let Some(wish) = left.front().copied().filter(|w| out.is_empty() || sum + u64::from(w.2) <= bytes) {
        sum += u64::from(wish.2);
        out.push(wish);
        left.pop_front();
        if out.len() >= MOST_TOGETHER {
            break;
        }
    }
    out
}

/// How much the next command should bring, after one that brought so much in so long.
fn next_bytes(bytes: u64, brought: u64, took: Duration) -> u64 {
    let fit = u128::from(brought) * COMMAND.as_millis() / took.as_millis().max(1);
    let fit = u64::try_from(fit).unwrap_or(u64::MAX);
    // A small portion says that little was left, not that the line is slow.
    if took < COMMAND { fit.max(bytes) } else { fit }.clamp(LEAST, MOST)
}

impl AccountSync {
    pub(super) fn gives(&self, way: Way) -> bool {
        match way {
            Way::Ahead => self.pulse.push_wanted() || self.pulse.is_held(),
            Way::Asked => self.pulse.push_wanted(),
            Way::Needed => false,
        }
    }

    /// Fetches and keeps bodies of the selected mailbox; answers how many. While some come in, those before are packed, and
    /// those before them written.
    pub(super) async fn fetch_ahead(&self, rows: Vec<Wish>, way: Way) -> Result<u32> {
        let (come, to_pack) = mpsc::channel(1);
        let (packed, to_write) = mpsc::channel(1);
        let (fetched, packed, written) =
            tokio::join!(self.fetch_portions(rows, way, come), pack(to_pack, packed), self.write_packed(to_write));
        // Who comes later in the line and fails makes those before it stop early, without an error of their own.
        let kept = written?;
        packed?;
        fetched?;
        Ok(kept)
    }

    async fn fetch_portions(&self, rows: Vec<Wish>, way: Way, come: mpsc::Sender<Bodies>) -> Result<()> {
        let (mut left, mut bytes) = (VecDeque::from(rows), FIRST);
        while !come.is_closed() {
            if self.gives(way) {
                break;
            }
            let next = portion(&mut left, bytes);
            let began = Instant::now();
            let brought = match next.as_slice() {
                [] => break,
                [(uid, message, size)] if u64::from(*size) > LEAST => {
                    let raw = self.fetch_long(*uid, *size, way).await?;
                    let brought = raw.as_ref().map_or(0, Vec::len) as u64;
                    send(&come, raw.map(|raw| (*message, raw)).into_iter().collect()).await;
                    brought
                }
                wishes => self.fetch_short(wishes, &come).await?,
            };
            bytes = next_bytes(bytes, brought, began.elapsed());
        }
        Ok(())
    }

    /// Many in one command; what has come of it goes on in batches. Answers how many bytes came.
    async fn fetch_short(&self, wishes: &[Wish], come: &mpsc::Sender<Bodies>) -> Result<u64> {
        let uids: UidSet = wishes.iter().map(|(uid, ..)| *uid).collect();
        let by_uid: HashMap<u32, MessageId> = wishes.iter().map(|(uid, message, _)| (*uid, *message)).collect();
        let most = wishes.iter().map(|(.., size)| *size).max().unwrap_or(0).min(KEEP_MOST);
        let (each, mut bodies) = mpsc::channel::<(u32, Vec<u8>)>(64);
        let batches = async {
            let (mut batch, mut held, mut brought) = (Vec::new(), 0, 0);
            while let Some((uid, raw)) = bodies.recv().await {
                held += raw.len();
                brought += raw.len() as u64;
                batch.extend(by_uid.get(&uid).map(|message| (*message, raw)));
                if held >= BATCH_BYTES || batch.len() >= BATCH {
                    send(come, std::mem::take(&mut batch)).await;
                    held = 0;
                }
            }
            send(come, batch).await;
            brought
        };
        let (fetched, brought) = tokio::join!(self.conn.fetch_bodies(&uids, most.saturating_add(SLACK), each), batches);
        fetched.map(|()| brought)
    }

    /// One long message in parts; `None` where a person's action goes first, or where it has gone.
    async fn fetch_long(&self, uid: u32, size: u32, way: Way) -> Result<Option<Vec<u8>>> {
        let (sink, mut parts) = mpsc::channel::<Vec<u8>>(1);
        let most = size.saturating_add(SLACK) as usize;
        let gather = async {
            let mut raw = Vec::new();
            while let Some(part) = parts.recv().await {
                if self.gives(way) || raw.len() + part.len() > most {
                    return None;
                }
                raw.extend_from_slice(&part);
            }
            Some(raw)
        };
        let (fetched, raw) = tokio::join!(self.conn.fetch_body(uid, sink), gather);
        match fetched {
            Ok(_) => Ok(raw),
            Err(error) if matches!(error.kind, ErrorKind::Gone | ErrorKind::Cancelled) && self.conn.is_alive() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn write_packed(&self, mut packed: mpsc::Receiver<PackedBatch>) -> Result<u32> {
        let mut kept = 0;
        while let Some(batch) = packed.recv().await {
            kept += u32::try_from(batch.len()).unwrap_or(u32::MAX);
            self.store
                .write(Lane::Sync, move |w| batch.into_iter().try_for_each(|(message, packed)| w.put_packed(message, packed)))
                .await?;
        }
        Ok(kept)
    }

    /// As `fetch_ahead`, in this mailbox; nothing where its UIDs are no longer ours.
    pub(super) async fn bodies_of(&self, mailbox: MailboxId, rows: Vec<Wish>, way: Way) -> Result<u32> {
        if !self.select_same(mailbox).await? {
            return Ok(0);
        }
        self.fetch_ahead(rows, way).await
    }
}

/// Nobody takes it any more where what comes after has failed; that is told there.
async fn send(to: &mpsc::Sender<Bodies>, batch: Bodies) {
    if !batch.is_empty() {
        let _ = to.send(batch).await;
    }
}

/// Compresses what comes, beside reading and writing.
async fn pack(mut bodies: mpsc::Receiver<Bodies>, to: mpsc::Sender<PackedBatch>) -> Result<()> {
    while let Some(batch) = bodies.recv().await {
        if to.send(packed(batch, |raw| raw).await?).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// Compresses what `of` leaves of each, off the async threads.
pub(super) async fn packed(bodies: Bodies, of: impl Fn(&[u8]) -> &[u8] + Send + 'static) -> Result<PackedBatch> {
    tokio::task::spawn_blocking(move || {
        let mut packer = Packer::new()?;
        bodies.into_iter().map(|(message, raw)| Ok((message, packer.pack(of(&raw))?))).collect::<Result<PackedBatch>>()
    })
    .await
    .map_err(|_| Error::bug("Packing a batch of messages stopped short."))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portion_has_what_fits_and_a_long_message_is_one_of_its_own() {
        let mut left: VecDeque<Wish> = [300, 400, 500, 5_000, 100].map(|size| (1, MessageId(1), size)).into();
        let sizes = |p: Vec<Wish>| p.iter().map(|w| w.2).collect::<Vec<_>>();
        assert_eq!(sizes(portion(&mut left, 1_000)), [300, 400]);
        assert_eq!(sizes(portion(&mut left, 1_000)), [500]);
        assert_eq!(sizes(portion(&mut left, 1_000)), [5_000]);
        assert_eq!(sizes(portion(&mut left, 1_000)), [100]);
        assert!(portion(&mut left, 1_000).is_empty());
    }

    #[test]
    fn portions_follow_the_line_within_bounds() {
        let after = |bytes, brought, ms| next_bytes(bytes, brought, Duration::from_millis(ms));
        assert_eq!(after(FIRST, FIRST, 500), 2 << 20);
        assert_eq!(after(MOST, MOST, 10), MOST);
        assert_eq!(after(MOST, MOST, 8_000), 512 << 10);
        assert_eq!(after(FIRST, 10, 60_000), LEAST);
        assert_eq!(after(FIRST, 10, 100), FIRST);
    }
}

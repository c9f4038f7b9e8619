//! Bodies: one that a person waits for, and which are fetched ahead; first words for the lists.

use super::ahead::{Way, Wish};
use super::{AccountSync, Prefetched};
use crate::imap::Connection;
use crate::store::{Extent, Lane, MessageRecord, Store};
use godwit_domain::api::SyncBodies;
use godwit_domain::sync::{Sent, UidSet, sent};
use godwit_domain::{AccountId, Error, ErrorKind, MailboxId, MessageId, PlacementId, Result, mime};
use std::collections::{HashMap, HashSet};
use tokio::sync::mpsc;

/// How much of a message is held in memory for reading, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimit(pub u32);

impl BodyLimit {
    /// What the reading pane opens whole; of a larger message only the beginning.
    pub const READING: Self = Self(64 << 20);
    /// What the command line hands out whole.
    pub const RAW: Self = Self(512 << 20);
}

/// How much of a message over its limit is read.
const BEGINNING: usize = 1 << 20;
/// Larger messages are not kept in the cache and not fetched ahead.
pub(super) const KEEP_MOST: u32 = 25 << 20;
/// How much is fetched at most before a deletion for good, so that it can come back.
const KEEP_BEFORE_REMOVAL: u64 = 512 << 20;
/// Rows one prefetch step takes: many portions, for between two steps the line waits for the store.
const PREFETCH_ROWS: u32 = 4_000;
/// Previews are fetched of themselves for so many days; older rows get theirs when somebody scrolls to them.
const PREVIEW_DAYS: i64 = 30;
/// Previews asked for in one command.
const PREVIEW_ROWS: u32 = 500;

/// How much of a message could be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Had {
    /// All of it.
    Whole,
    /// The beginning: it is longer than was asked for.
    TooLong,
    /// The beginning that is kept, because the server can't be reached.
    Offline,
}

/// A message's bytes.
#[derive(Debug)]
pub struct FetchedBody {
    /// The bytes: all of them, or the beginning.
    pub raw: Vec<u8>,
    /// Whether it is all of it.
    pub had: Had,
    /// RFC822.SIZE as the server has it.
    pub size: u32,
}

/// Drops what is kept beyond the account's policy, oldest first.
pub async fn drop_beyond(store: &Store, account: AccountId) -> Result<()> {
    while store.write(Lane::Sync, move |w| w.drop_beyond(account)).await? > 0 {}
    Ok(())
}

/// Fetches one message over a connection of its own choosing of mailbox, and keeps it.
pub async fn fetch_body(store: &Store, conn: &Connection, record: &MessageRecord, limit: BodyLimit) -> Result<FetchedBody> {
    let (Some(uid), Some(uidvalidity)) = (record.uid, record.uidvalidity) else {
        return Err(Error::new(ErrorKind::Busy, "This message was just moved, and its new place is not known yet.")
            .mend("Try again in a moment."));
    };
    let mailbox = record.mailbox;
    let wire_name = store.read(move |r| Ok(r.mailbox_state(mailbox)?.wire_name)).await?;
    let selected = conn.select(&wire_name, None).await?;
    if selected.uidvalidity != Some(uidvalidity) {
        return Err(Error::gone("The server has numbered this mailbox anew.").mend("Get mail, then open the message again."));
    }
    let whole = record.size <= limit.0;
    let raw = if whole { read_whole(conn, uid, limit).await? } else { read_beginning(conn, uid).await? };
    if whole && record.size <= KEEP_MOST {
        let (message, kept) = (record.message, raw.clone());
        store.write(Lane::User, move |w| w.put_body(message, kept)).await?;
    }
    Ok(FetchedBody { raw, had: if whole { Had::Whole } else { Had::TooLong }, size: record.size })
}

async fn read_whole(conn: &Connection, uid: u32, limit: BodyLimit) -> Result<Vec<u8>> {
    let (sink, mut parts) = mpsc::channel::<Vec<u8>>(8);
    let most = usize::try_from(limit.0).unwrap_or(usize::MAX).saturating_add(1 << 20);
    let gather = async {
        let mut raw = Vec::new();
        while let Some(part) = parts.recv().await {
            // RFC822.SIZE may lie; the bound does not.
            if raw.len() + part.len() > most {
                break;
            }
            raw.extend_from_slice(&part);
        }
        raw
    };
    let (fetched, raw) = tokio::join!(conn.fetch_body(uid, sink), gather);
    fetched?;
    Ok(raw)
}

async fn read_beginning(conn: &Connection, uid: u32) -> Result<Vec<u8>> {
    let (sink, mut parts) = mpsc::channel::<Vec<u8>>(1);
    let gather = async {
        let mut raw = Vec::new();
        while raw.len() < BEGINNING {
            let Some(part) = parts.recv().await else { break };
            raw.extend_from_slice(&part);
        }
        drop(parts);
        raw
    };
    let (fetched, raw) = tokio::join!(conn.fetch_body(uid, sink), gather);
    if raw.is_empty() {
        fetched?;
    }
    Ok(raw)
}

impl AccountSync {
    /// First words of rows that a person scrolled to; those of other accounts are passed over.
    pub async fn fetch_previews_of(&self, rows: Vec<PlacementId>) -> Result<()> {
        let account = self.account;
        let missing = self.store.read(move |r| r.previews_missing_of(&rows)).await?;
        let mut boxes: HashMap<MailboxId, Vec<(u32, MessageId)>> = HashMap::new();
        for (_, mailbox, uid, message) in missing.into_iter().filter(|(of, ..)| *of == account) {
            boxes.entry(mailbox).or_default().push((uid, message));
        }
        for (mailbox, missing) in boxes {
            self.preview_batch(mailbox, missing).await?;
        }
        Ok(())
    }

    /// First words of the last weeks' mail in a mailbox, newest first.
    pub async fn fetch_recent_previews(&self, mailbox: MailboxId) -> Result<()> {
        self.previews_since(mailbox, u32::MAX, crate::clock::now() - PREVIEW_DAYS * 86_400).await
    }

    /// First words for at most `most` rows of a mailbox that have none yet, newest first.
    pub async fn fetch_previews(&self, mailbox: MailboxId, most: u32) -> Result<()> {
        self.previews_since(mailbox, most, 0).await
    }

    async fn previews_since(&self, mailbox: MailboxId, most: u32, since: i64) -> Result<()> {
        if self.previewed().contains(&mailbox) {
            return Ok(());
        }
        let mut left = most;
        while left > 0 && !self.pulse.push_wanted() {
            let rows = left.min(PREVIEW_ROWS);
            let missing = self.store.read(move |r| r.previews_missing(mailbox, rows, since)).await?;
            if missing.is_empty() {
                self.previewed().insert(mailbox);
                return Ok(());
            }
            left -= rows.min(left);
            let asked = u32::try_from(missing.len()).unwrap_or(u32::MAX);
            self.preview_batch(mailbox, missing).await?;
            if asked < rows {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn preview_batch(&self, mailbox: MailboxId, missing: Vec<(u32, MessageId)>) -> Result<()> {
        if !self.select_same(mailbox).await? {
            return Ok(());
        }
        let uids: UidSet = missing.iter().map(|(uid, _)| *uid).collect();
        let (each, mut starts) = mpsc::channel(64);
        let gather = async {
            let mut found = Vec::new();
            while let Some(start) = starts.recv().await {
                found.push(start);
            }
            found
        };
        let (fetched, found) = tokio::join!(self.conn.fetch_text_start(&uids, each), gather);
        fetched?;
        let by_uid: HashMap<u32, MessageId> = missing.iter().copied().collect();
        let mut previews: HashMap<MessageId, String> = tokio::task::spawn_blocking(move || {
            let preview = |(uid, mime, text): (u32, Vec<u8>, Vec<u8>)| {
                by_uid.get(&uid).map(|message| (*message, mime::preview(&mime, &text)))
            };
            found.into_iter().filter_map(preview).collect()
        })
        .await
        .map_err(|_| Error::bug("Making previews stopped short."))?;
        self.store
            .write(Lane::Sync, move |w| {
                for (_, message) in &missing {
                    // A message that gave nothing gets an empty preview, so that it is not asked for again.
                    w.set_preview(*message, &previews.remove(message).unwrap_or_default(), None)?;
                }
                Ok(())
            })
            .await
    }

    /// Fetching ahead begins anew with the newest mail.
    pub fn prefetch_anew(&self) {
        *self.prefetched() = Prefetched::default();
    }

    /// Mail that just came, as far as it is to be kept here.
    pub async fn fetch_arrived(&self, mailbox: MailboxId, rows: Vec<PlacementId>) -> Result<()> {
        if rows.is_empty() || self.gives(Way::Ahead) {
            return Ok(());
        }
        let account = self.account;
        let wishes = self.store.read(move |r| r.bodies_missing_of(account, mailbox, &rows)).await?;
        if !wishes.is_empty() {
            self.bodies_of(mailbox, wishes, Way::Ahead).await?;
        }
        Ok(())
    }

    /// One step of fetching bodies, further down than the one before. Answers whether there may be more.
    pub async fn prefetch_bodies(&self, bodies: SyncBodies, way: Way) -> Result<bool> {
        let below = self.prefetched().bodies;
        let Some((lowest, boxes)) = self.missing(bodies, Extent::Whole, PREFETCH_ROWS, below).await? else {
            return self.prefetch_beginnings(bodies, way).await;
        };
        for (mailbox, rows) in boxes {
            if self.gives(way) {
                return Ok(true);
            }
            match self.bodies_of(mailbox, rows, way).await {
                Ok(_) => {}
                // Its own trouble is told by the passes; the others' mail is fetched all the same.
                Err(error) if self.conn.is_alive() && sent(&error) != Sent::Open => {
                    tracing::info!(kind = ?error.kind, "a mailbox gives no bodies");
                }
                Err(error) => return Err(error),
            }
        }
        if self.gives(way) {
            // What it came before is asked for again.
            return Ok(true);
        }
        self.prefetched().bodies = Some(lowest);
        Ok(true)
    }

    /// What is to be fetched next, by mailbox, and the sort key of the lowest of it.
    pub(super) async fn missing(
        &self,
        bodies: SyncBodies,
        extent: Extent,
        most: u32,
        below: Option<i64>,
    ) -> Result<Option<(i64, HashMap<MailboxId, Vec<Wish>>)>> {
        let account = self.account;
        let missing = self
            .store
            .read(move |r| {
                let mut kept = r.kept(account)?;
                match bodies {
                    SyncBodies::None => return Ok(Vec::new()),
                    SyncBodies::Policy => {}
                    SyncBodies::All => kept.iter_mut().for_each(|k| (k.since, k.most_bytes) = (0, KEEP_MOST)),
                }
                r.bodies_missing(account, most, &kept, below, extent)
            })
            .await?;
        let Some(lowest) = missing.last().map(|(key, ..)| *key) else { return Ok(None) };
        let mut boxes: HashMap<MailboxId, Vec<Wish>> = HashMap::new();
        // One that stands in several folders is fetched from one of them.
        let mut asked = HashSet::with_capacity(missing.len());
        for (_, mailbox, uid, message, size) in missing.into_iter().filter(|(.., message, _)| asked.insert(*message)) {
            boxes.entry(mailbox).or_default().push((uid, message, size));
        }
        Ok(Some((lowest, boxes)))
    }

    /// Brings what is about to be deleted for good here first, so that it can come back for a week.
    pub(super) async fn keep_bodies(&self, mailbox: MailboxId, rows: Vec<(PlacementId, u32, MessageId, u32)>) -> Result<()> {
        let missing = self.store.read(move |r| r.worth_keeping(rows)).await?;
        let mut left = KEEP_BEFORE_REMOVAL;
        for part in missing.chunks(usize::try_from(PREFETCH_ROWS).unwrap_or(1)) {
            let fits = |(_, _, size): &&(u32, MessageId, u32)| {
                let fits = *size <= KEEP_MOST && u64::from(*size) <= left;
                left = left.saturating_sub(if fits { u64::from(*size) } else { 0 });
                fits
            };
            let part: Vec<Wish> = part.iter().filter(fits).copied().collect();
            if !part.is_empty() {
                self.bodies_of(mailbox, part, Way::Needed).await?;
            }
        }
        Ok(())
    }

    /// Selects a mailbox; false where its UIDs are no longer ours (the next sync relinks them).
    pub(super) async fn select_same(&self, mailbox: MailboxId) -> Result<bool> {
        if self.has_open(mailbox) {
            return Ok(true);
        }
        let state = self.store.read(move |r| r.mailbox_state(mailbox)).await?;
        let selected = self.conn.select(&state.wire_name, None).await?;
        Ok(selected.uidvalidity.is_some() && selected.uidvalidity == state.uidvalidity)
    }
}

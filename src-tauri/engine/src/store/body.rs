//! Table body and the preview of a message: raw bytes exactly as they came, compressed, and which of them are missing.

use super::keep::Kept;
use super::reader::{Reader, json, number};
use super::text;
use super::writer::Writer;
use godwit_domain::{AccountId, Error, ErrorKind, MailboxId, MessageId, PlacementId, Result, Role};

/// How far down a mailbox previews are looked for.
const PREVIEW_DEPTH: u32 = 5_000;
/// The longest preview kept, in characters.
const PREVIEW_CHARS: usize = 300;
/// Past this a raw message is not kept.
const MOST_RAW: usize = 512 << 20;

/// A message's bytes as they are kept.
pub struct Packed {
    size: i64,
    zstd: Vec<u8>,
}

/// Packs messages one after the other: what it works in is made once, which costs more than packing a short message.
pub struct Packer(zstd::bulk::Compressor<'static>);

impl Packer {
    /// Takes its memory.
    pub fn new() -> Result<Self> {
        zstd::bulk::Compressor::new(3).map(Self).map_err(|_| not_packed())
    }

    /// Packs the bytes of a whole message.
    pub fn pack(&mut self, raw: &[u8]) -> Result<Packed> {
        if raw.len() > MOST_RAW {
            return Err(Error::invalid("This message is larger than the store keeps."));
        }
        let zstd = self.0.compress(raw).map_err(|_| not_packed())?;
        Ok(Packed { size: i64::try_from(raw.len()).unwrap_or(i64::MAX), zstd })
    }
}

fn unpacked(size: i64, packed: &[u8]) -> Result<Vec<u8>> {
    let size = usize::try_from(size).unwrap_or(0).min(MOST_RAW);
    zstd::bulk::decompress(packed, size).map_err(|_| {
        Error::new(ErrorKind::Corrupt, "The kept copy of this message is damaged.").mend("Get it from the server again.")
    })
}

fn not_packed() -> Error {
    Error::bug("A message could not be packed.")
}

/// How much of a message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// The beginning of one that is too long to be kept whole.
    Beginning,
}

/// A message without its bytes, with its sort key: mailbox, UID, content, size.
type Keyed = (i64, MailboxId, u32, MessageId, u32);

impl Reader<'_> {
    /// The raw bytes, where they are here.
    pub fn body(&self, message: MessageId) -> Result<Option<Vec<u8>>> {
        let kept = self.cache.one("SELECT size, zstd FROM body WHERE message_id = ?1", [message.0], |r| {
            Ok((r.get::<_, i64>(0)?, r.get::<_, Vec<u8>>(1)?))
        })?;
        let Some((size, packed)) = kept else { return Ok(None) };
        unpacked(size, &packed).map(Some)
    }

    /// The beginning of a message that is too long to be kept, where it is here: for reading, and nothing else.
    pub fn beginning(&self, message: MessageId) -> Result<Option<Vec<u8>>> {
        let kept = self.cache.one("SELECT size, zstd FROM beginning WHERE message_id = ?1", [message.0], |r| {
            Ok((r.get::<_, i64>(0)?, r.get::<_, Vec<u8>>(1)?))
        })?;
        kept.map(|(size, packed)| unpacked(size, &packed)).transpose()
    }

    /// How many bytes of a message are here; `None`: none.
    pub fn body_size(&self, message: MessageId) -> Result<Option<u64>> {
        let size = self.cache.one("SELECT size FROM body WHERE message_id = ?1", [message.0], |r| r.get::<_, i64>(0))?;
        Ok(size.and_then(|n| u64::try_from(n).ok()))
    }

    /// Of messages that are to be deleted for good (row, UID, content, size), those whose bytes are not here yet. What only
    /// stayed behind when a message went into another account is not worth it.
    pub fn worth_keeping(&self, rows: Vec<(PlacementId, u32, MessageId, u32)>) -> Result<Vec<(u32, MessageId, u32)>> {
        let mut out = Vec::new();
        for (placement, uid, message, size) in rows {
            if !self.is_departed(placement.0)? && self.body_size(message)?.is_none() {
                out.push((uid, message, size));
            }
        }
        Ok(out)
    }

    /// Messages whose bytes are not here and should be, newest first: (sort key, mailbox, UID, message). `below`: only those
    /// further down than this sort key. Never of trash and junk. Whole ones up to the size that is kept, or the beginnings of
    /// those above it.
    pub fn bodies_missing(
        &self,
        account: AccountId,
        limit: u32,
        kept: &[Kept],
        below: Option<i64>,
        extent: Extent,
    ) -> Result<Vec<Keyed>> {
        let wanted = match extent {
            Extent::Whole => "m.size <= ?3",
            Extent::Beginning => "m.size > ?3 AND NOT EXISTS (SELECT 1 FROM beginning b WHERE b.message_id = m.id)",
        };
        let mut out = Vec::new();
        for state in self.mailbox_states(account)? {
            let rule = kept.iter().find(|k| k.mailbox == state.id && k.since < i64::MAX);
            let Some(rule) = rule.filter(|_| !matches!(state.role, Some(Role::Trash | Role::Junk))) else { continue };
            let since = rule.since.max(0) << 24;
            out.extend(self.cache.all(
                &format!(
                    "SELECT x.sort_key, p.uid, m.id, m.size
                 FROM membership x JOIN placement p ON p.id = x.placement_id JOIN message m ON m.id = p.message_id
                 WHERE x.mailbox_id = ?1 AND x.sort_key >= ?2 AND x.sort_key < ?5 AND p.mailbox_id = ?1 AND p.uid IS NOT NULL
                   AND {wanted} AND NOT EXISTS (SELECT 1 FROM body WHERE body.message_id = m.id)
                 ORDER BY x.sort_key DESC LIMIT ?4"
                ),
                (state.id.0, since, rule.most_bytes, limit, below.unwrap_or(i64::MAX)),
                |r| Ok((r.get(0)?, state.id, number(r.get(1)?), MessageId(r.get(2)?), number(r.get(3)?))),
            )?);
        }
        out.sort_unstable_by_key(|(key, ..)| std::cmp::Reverse(*key));
        out.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(out)
    }

    /// Of these rows of a mailbox those whose bytes are not here and should be: (UID, message, size). Never of trash and junk.
    pub fn bodies_missing_of(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        rows: &[PlacementId],
    ) -> Result<Vec<(u32, MessageId, u32)>> {
        let kept = self.kept(account)?.into_iter().find(|k| k.mailbox == mailbox && k.since < i64::MAX);
        let role = self.mailbox_state(mailbox)?.role;
        let Some(kept) = kept.filter(|_| !matches!(role, Some(Role::Trash | Role::Junk))) else { return Ok(Vec::new()) };
        self.cache.all(
            "SELECT p.uid, m.id, m.size FROM json_each(?1) j JOIN placement p ON p.id = j.value JOIN message m ON m.id = p.message_id
             WHERE p.mailbox_id = ?2 AND p.uid IS NOT NULL AND p.removed_at IS NULL AND m.date >= ?3 AND m.size <= ?4
               AND NOT EXISTS (SELECT 1 FROM body WHERE body.message_id = m.id)",
            (json(rows.iter().map(|id| id.0)), mailbox.0, kept.since, kept.most_bytes),
            |r| Ok((number(r.get(0)?), MessageId(r.get(1)?), number(r.get(2)?))),
        )
    }

    /// Those of these rows that have no preview yet: (account, mailbox, UID, message).
    pub fn previews_missing_of(&self, rows: &[PlacementId]) -> Result<Vec<(AccountId, MailboxId, u32, MessageId)>> {
        self.cache.all(
            "SELECT m.account_id, p.mailbox_id, p.uid, m.id FROM json_each(?1) j JOIN placement p ON p.id = j.value
               JOIN message m ON m.id = p.message_id WHERE m.preview IS NULL AND p.uid IS NOT NULL AND p.removed_at IS NULL",
            [json(rows.iter().map(|id| id.0))],
            |r| Ok((AccountId(r.get(0)?), MailboxId(r.get(1)?), number(r.get(2)?), MessageId(r.get(3)?))),
        )
    }

    /// Messages of a mailbox without a preview, dated `since` (seconds since 1970) or later, newest first, among its newest
    /// 5,000: (UID, message).
    pub fn previews_missing(&self, mailbox: MailboxId, limit: u32, since: i64) -> Result<Vec<(u32, MessageId)>> {
        self.cache.all(
            "SELECT p.uid, m.id FROM (SELECT placement_id, sort_key FROM membership WHERE mailbox_id = ?1 AND sort_key >= ?4
                 ORDER BY sort_key DESC LIMIT ?3) x
               JOIN placement p ON p.id = x.placement_id JOIN message m ON m.id = p.message_id
             WHERE m.preview IS NULL AND p.uid IS NOT NULL AND p.mailbox_id = ?1 ORDER BY x.sort_key DESC LIMIT ?2",
            (mailbox.0, limit, PREVIEW_DEPTH, since.clamp(0, 1 << 38) << 24),
            |r| Ok((number(r.get(0)?), MessageId(r.get(1)?))),
        )
    }
}

impl Writer<'_> {
    /// Keeps the raw bytes of a message; one that is not here any more is passed over.
    pub fn put_body(&mut self, message: MessageId, raw: Vec<u8>) -> Result<()> {
        self.put_packed(message, Packer::new()?.pack(&raw)?)
    }

    /// The same, packed elsewhere than on the writer's thread.
    pub fn put_packed(&mut self, message: MessageId, packed: Packed) -> Result<()> {
        let Packed { size, zstd: packed } = packed;
        let put = "INSERT OR REPLACE INTO body (message_id, size, zstd) SELECT id, ?2, ?3 FROM message WHERE id = ?1";
        if self.cache.run(put, (message.0, size, packed))? > 0 {
            self.cache.run("DELETE FROM beginning WHERE message_id = ?1", [message.0])?;
            self.changes.messages.insert(message.0);
        }
        Ok(())
    }

    /// Keeps the beginning of a message that is too long to be kept whole.
    pub fn put_beginning(&mut self, message: MessageId, packed: Packed) -> Result<()> {
        let put = "INSERT OR REPLACE INTO beginning (message_id, size, zstd) SELECT id, ?2, ?3 FROM message WHERE id = ?1";
        self.cache.run(put, (message.0, packed.size, packed.zstd)).map(drop)
    }

    /// Keeps the first words of a message (empty: it has none) and, where known, whether it has attachments.
    pub fn set_preview(&mut self, message: MessageId, preview: &str, has_attachment: Option<bool>) -> Result<()> {
        let preview: String = preview.chars().filter(|c| !c.is_control()).take(PREVIEW_CHARS).collect();
        let words = text::fold(&preview);
        let done = self.cache.run(
            "UPDATE message SET preview = ?2, has_attachment = coalesce(?3, has_attachment),
               search_text = CASE WHEN preview IS NULL THEN search_text || ' ' || ?4 ELSE search_text END WHERE id = ?1",
            (message.0, preview, has_attachment, words),
        )?;
        if done > 0 {
            self.changes.messages.insert(message.0);
            let places = "SELECT id FROM placement WHERE message_id = ?1 AND removed_at IS NULL";
            let places = self.cache.all(places, [message.0], |r| r.get::<_, i64>(0))?;
            for row in self.placements(places)? {
                let shown = self.shown(&row)?;
                self.changes.redrawn.extend(shown.iter().map(|s| s.mailbox));
            }
        }
        Ok(())
    }
}

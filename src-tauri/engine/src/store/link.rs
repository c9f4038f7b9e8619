//! Rows that were here before under another UID or in another mailbox, and are found again.
//! Linking is a bijection (rule W6): flags follow an equal copy, moves and deletions only an unmistakable one.

use super::arrive::{Batch, Inserted};
use super::placement::Placement;
use super::reader::{Reader, number};
use super::ready::Ready;
use super::writer::Writer;
use godwit_domain::{Error, ErrorKind, Flags, MailboxId, PlacementId, Result};

/// A placement without a UID that an arriving row may be.
struct Loose {
    placement: i64,
    mailbox: i64,
    state: String,
    internal_date: Option<i64>,
    size: u32,
    /// What the server knew it by.
    email_id: Option<u64>,
    /// Something is wanted of it still, and when it was let loose.
    last: (bool, i64),
}

impl Loose {
    fn is_named(&self, row: &Ready) -> bool {
        self.email_id.is_some() && self.email_id == row.facts.email_id
    }

    /// Whether a removed row may have come back as this one. A server that knows them by two names says that they are two; but
    /// it may name what it moved afresh (RFC 8474 section 4), so then the date decides.
    fn may_be_back(&self, row: &Ready) -> bool {
        let renamed = self.email_id.is_some() && row.facts.email_id.is_some() && !self.is_named(row);
        self.size == row.size && (!renamed || self.internal_date == row.internal_date)
    }
}

impl Reader<'_> {
    pub(super) fn has_loose(&self, account: i64) -> Result<bool> {
        Ok(self.cache.one("SELECT 1 FROM loose WHERE account_id = ?1 LIMIT 1", [account], |_| Ok(()))?.is_some())
    }

    /// Rows of an old UIDVALIDITY that nobody has claimed yet.
    pub fn orphans(&self, mailbox: MailboxId) -> Result<u32> {
        let count = "SELECT count(*) FROM loose WHERE mailbox_id = ?1 AND state = 'orphan'";
        Ok(self.cache.one(count, [mailbox.0], |r| r.get::<_, i64>(0).map(number))?.unwrap_or(0))
    }

    fn loose(&self, account: i64, identity: &[u8; 16]) -> Result<Vec<Loose>> {
        self.cache.all(
            "SELECT l.placement_id, l.mailbox_id, l.state, p.internal_date, m.size, p.waiting, l.since, m.email_id
             FROM loose l JOIN placement p ON p.id = l.placement_id JOIN message m ON m.id = p.message_id
             WHERE l.account_id = ?1 AND l.identity = ?2 ORDER BY l.old_uid DESC, l.placement_id",
            (account, identity),
            loose_from,
        )
    }

    /// Orphans of this mailbox that are the same message by Message-ID, size and date, though its header is another: a server
    /// that was moved to other software gives the fields in another order, or has added some. Found by way of the conversation,
    /// where a Message-ID has an index.
    fn same_letters(&self, batch: &Batch, row: &Ready) -> Result<Vec<Loose>> {
        let Some(message_id) = &row.message_id else { return Ok(Vec::new()) };
        let mut out = Vec::new();
        for thread in self.threads_of(row.refs.iter().copied())?.all() {
            out.extend(self.cache.all(
                "SELECT l.placement_id, l.mailbox_id, l.state, p.internal_date, m.size, p.waiting, l.since, m.email_id
                 FROM message m CROSS JOIN placement p ON p.message_id = m.id JOIN loose l ON l.placement_id = p.id
                 WHERE m.thread_id = ?1 AND m.message_id = ?2 AND m.size = ?3 AND p.internal_date = ?4
                   AND l.mailbox_id = ?5 AND l.state = 'orphan'
                 ORDER BY l.old_uid DESC, l.placement_id",
                (thread, message_id, row.size, row.internal_date, batch.mailbox),
                loose_from,
            )?);
        }
        Ok(out)
    }
}

fn loose_from(r: &rusqlite::Row<'_>) -> rusqlite::Result<Loose> {
    Ok(Loose {
        placement: r.get(0)?,
        mailbox: r.get(1)?,
        state: r.get(2)?,
        internal_date: r.get(3)?,
        size: number(r.get(4)?),
        last: (r.get(5)?, r.get(6)?),
        email_id: r.get::<_, Option<i64>>(7)?.map(i64::cast_unsigned),
    })
}

impl Writer<'_> {
    /// Gives rows that were here before their placement back; answers the others.
    pub(super) fn link(&mut self, batch: &Batch, rows: Vec<Ready>, out: &mut Inserted) -> Result<Vec<Ready>> {
        let mut fresh = Vec::new();
        let renumbered = self.orphans(MailboxId(batch.mailbox))? > 0;
        for row in rows {
            let mut loose = self.loose(batch.account, &row.identity)?;
            if loose.is_empty() && renumbered {
                loose = self.same_letters(batch, &row)?;
            }
            // Where the server names it, what is alike under other names is no doubt.
            if loose.iter().any(|l| l.is_named(&row)) {
                loose.retain(|l| l.is_named(&row));
            }
            let same_box = |l: &&Loose| l.mailbox == batch.mailbox;
            let orphans: Vec<&Loose> = loose.iter().filter(same_box).filter(|l| l.state == "orphan").collect();
            let moved: Vec<&Loose> = loose.iter().filter(same_box).filter(|l| l.state == "moved").collect();
            let mut removed: Vec<&Loose> = loose.iter().filter(|l| l.state == "removed" && l.may_be_back(&row)).collect();
            // It was moved on more than once: the row that somebody still wants something of, else the one that went last.
            removed.sort_by_key(|l| std::cmp::Reverse((l.last, l.placement)));
            let Some(group) = [orphans, moved, removed].into_iter().find(|g| !g.is_empty()) else {
                fresh.push(row);
                continue;
            };
            let same_date = group.iter().find(|l| l.internal_date.is_some() && l.internal_date == row.internal_date);
            let Some(found) = same_date.or(group.first()) else { continue };
            let Some(old) = self.placement(found.placement)? else { continue };
            self.relink(batch, &old, &row, group.len() > 1)?;
            out.updated += 1;
        }
        Ok(fresh)
    }

    fn relink(&mut self, batch: &Batch, old: &Placement, row: &Ready, ambiguous: bool) -> Result<()> {
        let differs = old.identity != row.identity || old.size != row.size;
        let old = &if differs { self.with_own_content(old)? } else { old.clone() };
        let mut new = old.clone();
        new.mailbox = batch.mailbox;
        new.uidvalidity = batch.uidvalidity;
        new.uid = Some(row.uid);
        new.base = Flags { labels: row.facts.labels.clone().unwrap_or_default(), ..row.flags.clone() };
        new.modseq = row.modseq.and_then(|m| i64::try_from(m).ok());
        new.internal_date = row.internal_date;
        new.removed_at = None;
        if ambiguous && (new.want_gone || new.want_mailbox.is_some()) {
            new.want_gone = false;
            new.want_mailbox = None;
            let error = Error::new(
                ErrorKind::Uncertain,
                format!("The server numbered {} anew, and it holds equal copies of a message.", batch.path),
            )
            .mend("What was to be moved or deleted was left where it is. Do it again if you still want it.");
            self.tell_error(error);
        }
        if let Some(id) = row.facts.email_id {
            // A name that other rows were found by stays theirs.
            let name = "UPDATE message SET email_id = ?2 WHERE id = ?1 AND email_id IS NOT ?2
                 AND (email_id IS NULL OR NOT EXISTS (SELECT 1 FROM placement WHERE message_id = ?1 AND id <> ?3))";
            self.cache.run(name, (old.message, id.cast_signed(), old.id))?;
        }
        if old.identity != row.identity {
            self.cache.run("UPDATE message SET identity = ?2 WHERE id = ?1", (old.message, row.identity))?;
            new.identity = row.identity;
        }
        if old.size != row.size {
            self.cache.run("DELETE FROM body WHERE message_id = ?1", [old.message])?;
            self.cache.run("DELETE FROM beginning WHERE message_id = ?1", [old.message])?;
            self.cache.run("UPDATE message SET size = ?2 WHERE id = ?1", (old.message, row.size))?;
        }
        self.cache.run("DELETE FROM loose WHERE placement_id = ?1", [old.id])?;
        self.change(old, new)
    }

    /// A row whose content no other row has, with the same bytes: what changes of it changes nothing of others.
    fn with_own_content(&mut self, row: &Placement) -> Result<Placement> {
        if !self.is_shared(row)? {
            return Ok(row.clone());
        }
        let message = self.copy_content(row.message)?;
        self.copy_bytes(row.message, message)?;
        self.cache.run("UPDATE placement SET message_id = ?2 WHERE id = ?1", (row.id, message))?;
        Ok(Placement { message, ..row.clone() })
    }

    /// Whether other rows have this row's content too, removed ones among them.
    pub(super) fn is_shared(&self, row: &Placement) -> Result<bool> {
        let other = "SELECT 1 FROM placement WHERE message_id = ?1 AND id <> ?2 LIMIT 1";
        Ok(self.cache.one(other, (row.message, row.id), |_| Ok(()))?.is_some())
    }

    /// A content like another one in every column; the bytes stay where they are.
    pub(super) fn copy_content(&mut self, of: i64) -> Result<i64> {
        self.cache.insert(
            "INSERT INTO message (account_id, thread_id, sort_key, date, size, has_attachment, identity, message_id, subject, sender,
               reply_to, recipients, cc, preview, search_text, email_id)
             SELECT account_id, thread_id, sort_key, date, size, has_attachment, identity, message_id, subject, sender, reply_to,
               recipients, cc, preview, search_text, email_id FROM message WHERE id = ?1",
            [of],
        )
    }

    /// Gives one content the bytes that are kept of another.
    pub(super) fn copy_bytes(&mut self, of: i64, to: i64) -> Result<()> {
        for table in ["body", "beginning"] {
            let copy = format!(
                "INSERT OR REPLACE INTO {table} (message_id, size, zstd) SELECT ?2, size, zstd FROM {table} WHERE message_id = ?1"
            );
            self.cache.run(&copy, (of, to))?;
        }
        Ok(())
    }

    /// Gives intents that waited for these rows to them.
    pub(super) fn bind(&mut self, batch: &Batch, added: &[PlacementId]) -> Result<()> {
        let wanted = self.unbound.of(batch.account, &batch.path);
        if !wanted && !self.unbound.has_copies() {
            return Ok(());
        }
        for row in self.placements(added.iter().map(|p| p.0))? {
            for copy in self.unbound.take_copies(batch.account, &row.identity) {
                self.profile_tx()?.run("UPDATE copy_intent SET placement_id = ?2 WHERE id = ?1", (copy, row.id))?;
            }
            if let Some(intent) = self.unbound.take(batch.account, &batch.path, &row) {
                self.project(&intent, &row)?;
            }
        }
        Ok(())
    }

    /// A placement of a message that is here already, such as a copy that the server made for us.
    pub(super) fn insert_copy(&mut self, of: &Placement, mailbox: i64, uidvalidity: u32, uid: Option<u32>) -> Result<i64> {
        let id = self.cache.insert(
            "INSERT INTO placement (message_id, mailbox_id, uidvalidity, uid, sort_key, internal_date, base_bits, base_keywords)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (of.message, mailbox, uidvalidity, uid, of.sort_key, of.internal_date, of.base.bits, of.base.keywords_text()),
        )?;
        let Some(new) = self.placement(id)? else { return Err(Error::bug("A row vanished as it was written.")) };
        if uid.is_some() {
            self.count_base(mailbox, 1);
        } else {
            self.set_loose(&new, "moved")?;
        }
        let shown = self.shown(&new)?;
        self.show(new.place(), &[], &shown)?;
        Ok(id)
    }

    pub(super) fn set_loose(&mut self, row: &Placement, state: &str) -> Result<()> {
        self.cache.run(
            "INSERT OR REPLACE INTO loose (placement_id, account_id, mailbox_id, state, identity, old_uid, since)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (row.id, row.account, row.mailbox, state, row.identity, row.uid.unwrap_or(0), self.now),
        )?;
        Ok(())
    }
}

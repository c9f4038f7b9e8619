//! Rows that go: by a server's proven word, to be restorable for a week, or without trace.

use super::placement::Placement;
use super::writer::Writer;
use godwit_domain::sync::UidSet;
use godwit_domain::{Error, ErrorKind, FlagEdit, MailboxId, PlacementId, Result};

/// How long a removed message stays restorable.
pub(super) const KEEP_REMOVED_SECS: i64 = 7 * 86_400;
/// A row moved here without a UID may arrive until then, for a read of the mailbox can be older than the move.
pub(super) const MOVED_GRACE_SECS: i64 = 60;
/// The most removed messages cleared away at one opening.
const PURGE_MOST: u32 = 10_000;

impl Writer<'_> {
    /// These UIDs are gone from the server, proven. Answers how many rows went.
    pub fn remove_uids(&mut self, mailbox: MailboxId, uidvalidity: u32, uids: &UidSet) -> Result<u32> {
        let mut removed = 0;
        for (low, high) in uids.ranges() {
            let ids: Vec<i64> = self.cache.all(
                "SELECT id FROM placement WHERE mailbox_id = ?1 AND uidvalidity = ?2 AND uid BETWEEN ?3 AND ?4",
                (mailbox.0, uidvalidity, low, high),
                |r| r.get::<_, i64>(0),
            )?;
            removed += self.tombstones(&ids)?;
        }
        self.settle()?;
        Ok(removed)
    }

    fn tombstones(&mut self, ids: &[i64]) -> Result<u32> {
        let mut removed = 0;
        for part in ids.chunks(500) {
            for row in self.placements(part.iter().copied())? {
                self.tombstone(&row)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// The server has other messages where these rows are. They go among the removed, and their wants are told.
    pub fn are_others(&mut self, placements: &[PlacementId]) -> Result<()> {
        for row in self.placements(placements.iter().map(|p| p.0))? {
            if row.waits() {
                let error = Error::new(ErrorKind::Refused, "The server has another message where one was to be changed.")
                    .mend("Nothing was done to either. Look for the message, then try again.");
                self.tell_error(error);
            }
            self.change(&row, Self::without_wants(&row))?;
            self.tombstone(&Self::without_wants(&row))?;
        }
        self.settle()
    }

    /// All rows of a mailbox were read: what had no UID and found no row is removed. That is what a new UIDVALIDITY left
    /// over, and what we moved here a while ago and another device moved on before its row was seen. Answers how many.
    pub fn finish_orphans(&mut self, mailbox: MailboxId) -> Result<u32> {
        let ids = self.cache.all(
            "SELECT placement_id FROM loose WHERE mailbox_id = ?1 AND (state = 'orphan' OR (state = 'moved' AND since < ?2))",
            (mailbox.0, self.now - MOVED_GRACE_SECS),
            |r| r.get::<_, i64>(0),
        )?;
        let removed = self.tombstones(&ids)?;
        self.settle()?;
        Ok(removed)
    }

    /// As if what is loose and what was removed had been so for so much longer.
    #[cfg(test)]
    pub fn time_goes_by(&mut self, seconds: i64) -> Result<()> {
        self.cache.run("UPDATE placement SET removed_at = removed_at - ?1 WHERE removed_at IS NOT NULL", [seconds])?;
        self.cache.run("UPDATE loose SET since = since - ?1", [seconds])?;
        Ok(())
    }

    /// Takes a row out of its mailbox; it stays restorable.
    pub(super) fn tombstone(&mut self, row: &Placement) -> Result<()> {
        if row.removed_at.is_some() {
            return Ok(());
        }
        if self.is_departed(row.id)? {
            return self.erase(row);
        }
        self.set_loose(row, "removed")?;
        let edit = if self.hand_on_flags(row)? { FlagEdit::default() } else { row.edit.clone() };
        let want_mailbox = if self.has_arrived(row)? { None } else { row.want_mailbox };
        self.change(row, Placement { uid: None, removed_at: Some(self.now), want_gone: false, edit, want_mailbox, ..row.clone() })
    }

    /// It was wanted elsewhere, and an equal message came there after it: the move happened and its answer was lost, or another
    /// device made it. The wish has come true and must not wait for the next copy of the message.
    fn has_arrived(&self, row: &Placement) -> Result<bool> {
        let Some(target) = row.want_mailbox else { return Ok(false) };
        let there = "SELECT 1 FROM placement p JOIN message m ON m.id = p.message_id
             WHERE m.thread_id = ?1 AND m.identity = ?2 AND m.size = ?3 AND p.id > ?4 AND p.mailbox_id = ?5
               AND p.uid IS NOT NULL AND p.removed_at IS NULL LIMIT 1";
        let found = self.cache.one(there, (row.thread, row.identity, row.size, row.id, target), |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// Another device may have moved it, and its new place was read before the old one was seen to be empty: flags that are
    /// wanted follow an equal message (rule W6). It stands in the same conversation, where it is found without reading all mail.
    fn hand_on_flags(&mut self, row: &Placement) -> Result<bool> {
        if row.edit.is_empty() {
            return Ok(false);
        }
        let newest = self.cache.one(
            "SELECT p.id FROM placement p JOIN message m ON m.id = p.message_id
             WHERE m.thread_id = ?1 AND m.identity = ?2 AND m.size = ?3 AND p.id <> ?4
               AND p.uid IS NOT NULL AND p.removed_at IS NULL ORDER BY p.id DESC LIMIT 1",
            (row.thread, row.identity, row.size, row.id),
            |r| r.get::<_, i64>(0),
        )?;
        let Some(heir) = newest.map(|id| self.placement(id)).transpose()?.flatten() else { return Ok(false) };
        let mut new = heir.clone();
        // What was wanted of itself stays.
        new.edit.add = heir.edit.add.union(&row.edit.add.minus(&heir.edit.del));
        new.edit.del = heir.edit.del.union(&row.edit.del.minus(&heir.edit.add));
        self.change(&heir, new)?;
        Ok(true)
    }

    /// Removes a row without trace.
    pub(super) fn erase(&mut self, row: &Placement) -> Result<()> {
        let shown = self.shown(row)?;
        self.show(row.place(), &shown, &[])?;
        if row.uid.is_some() && row.removed_at.is_none() {
            self.count_base(row.mailbox, -1);
        }
        self.cache.run("DELETE FROM placement WHERE id = ?1", [row.id])?;
        self.cache.run(
            "DELETE FROM message WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM placement WHERE message_id = ?1)",
            [row.message],
        )?;
        if row.waits() || !row.kept.is_empty() {
            self.profile_tx()?.run("DELETE FROM intent WHERE placement_id = ?1", [row.id])?;
        }
        let copies = "SELECT id, account_id FROM copy_intent WHERE placement_id = ?1";
        for (copy, account) in self.profile.all(copies, [row.id], |r| Ok((r.get(0)?, r.get(1)?)))? {
            self.unbound.copy_waits(copy, account, row.identity);
        }
        Ok(())
    }

    /// The server expunged these.
    pub fn gone_confirmed(&mut self, placements: &[PlacementId]) -> Result<()> {
        for row in self.placements(placements.iter().map(|p| p.0))? {
            if self.is_departed(row.id)? {
                self.erase(&row)?;
                continue;
            }
            self.set_loose(&row, "removed")?;
            self.change(&row, Placement { uid: None, removed_at: Some(self.now), ..Self::without_wants(&row) })?;
        }
        self.settle()
    }

    /// As if what is removed, or waits to be found, had been so many seconds earlier.
    #[cfg(test)]
    pub(crate) fn age(&mut self, seconds: i64) -> Result<()> {
        self.cache.run("UPDATE loose SET since = since - ?1", [seconds])?;
        let sql = "UPDATE placement SET removed_at = removed_at - ?1 WHERE removed_at IS NOT NULL";
        self.cache.run(sql, [seconds]).map(drop)
    }

    /// Clears away what was removed more than a week ago.
    pub(super) fn purge(&mut self) -> Result<()> {
        let ids = self.cache.all(
            "SELECT id FROM placement WHERE removed_at IS NOT NULL AND removed_at < ?1 ORDER BY removed_at LIMIT ?2",
            (self.now - KEEP_REMOVED_SECS, PURGE_MOST),
            |r| r.get::<_, i64>(0),
        )?;
        let before = self.now - KEEP_REMOVED_SECS;
        self.profile_tx()?.run("DELETE FROM draft WHERE let_go_at < ?1", [before])?;
        // What was asked back waits for its server as long as it takes.
        let coming = self.coming_back()?;
        for part in ids.chunks(500) {
            for row in self.placements(part.iter().copied())?.into_iter().filter(|row| !coming.contains(&row.id)) {
                self.erase(&row)?;
            }
        }
        self.cache.run(
            "DELETE FROM mailbox WHERE removed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM placement WHERE mailbox_id = mailbox.id
               OR want_mailbox = mailbox.id)",
            [],
        )?;
        Ok(())
    }
}

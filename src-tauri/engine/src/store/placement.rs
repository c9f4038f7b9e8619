//! Table placement: reading and changing one presence of a message in a mailbox, base and wants together.
//! Every change goes through `change`, which keeps lists, counts and the intent in profile.db in step.

use super::reader::{Reader, json, number};
use super::writer::{Place, Shown, Writer};
use godwit_domain::flags::bit;
use godwit_domain::sync::UidSet;
use godwit_domain::{FlagEdit, Flags, MailboxId, PlacementId, Result};
use rusqlite::Row;

/// UID, placement, identity, Message-ID, size.
pub type UidIdentity = (u32, PlacementId, [u8; 16], Option<String>, u32);

/// A placement with what its message says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    pub(super) id: i64,
    pub(super) message: i64,
    pub(super) account: i64,
    pub(super) thread: i64,
    pub(super) mailbox: i64,
    pub(super) uidvalidity: u32,
    pub(super) uid: Option<u32>,
    pub(super) sort_key: i64,
    pub(super) internal_date: Option<i64>,
    pub(super) modseq: Option<i64>,
    pub(super) base: Flags,
    pub(super) kept: Flags,
    pub(super) edit: FlagEdit,
    pub(super) want_mailbox: Option<i64>,
    pub(super) want_gone: bool,
    pub(super) removed_at: Option<i64>,
    pub(super) refusals: u32,
    pub(super) identity: [u8; 16],
    pub(super) message_id: Option<String>,
    pub(super) size: u32,
}

const SELECT: &str = "SELECT p.id, p.message_id, m.account_id, m.thread_id, p.mailbox_id, p.uidvalidity, p.uid, p.sort_key,
   p.internal_date, p.modseq, p.base_bits, p.base_keywords, p.kept_bits, p.kept_keywords, p.add_bits, p.add_keywords,
   p.del_bits, p.del_keywords, p.want_mailbox, p.want_gone, p.removed_at, p.refusals, m.identity, m.message_id, m.size
 FROM placement p JOIN message m ON m.id = p.message_id";

fn flags(row: &Row<'_>, at: usize) -> rusqlite::Result<Flags> {
    Ok(Flags::from_columns(number(row.get(at)?), row.get_ref(at + 1)?.as_str()?))
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Placement> {
    Ok(Placement {
        id: row.get(0)?,
        message: row.get(1)?,
        account: row.get(2)?,
        thread: row.get(3)?,
        mailbox: row.get(4)?,
        uidvalidity: number(row.get(5)?),
        uid: row.get::<_, Option<i64>>(6)?.map(number),
        sort_key: row.get(7)?,
        internal_date: row.get(8)?,
        modseq: row.get(9)?,
        base: flags(row, 10)?,
        kept: flags(row, 12)?,
        edit: FlagEdit { add: flags(row, 14)?, del: flags(row, 16)? },
        want_mailbox: row.get(18)?,
        want_gone: row.get(19)?,
        removed_at: row.get(20)?,
        refusals: number(row.get(21)?),
        identity: row.get(22)?,
        message_id: row.get(23)?,
        size: number(row.get(24)?),
    })
}

impl Placement {
    /// Base as far as this machine is concerned: what the server has and what it would not take.
    pub(super) fn ground(&self) -> Flags {
        self.base.union(&self.kept)
    }

    /// Flags as shown.
    pub(super) fn flags(&self) -> Flags {
        self.edit.apply(&self.ground())
    }

    /// The mailbox it is shown in, whether or not it is shown.
    pub(super) fn shown_mailbox(&self) -> i64 {
        self.want_mailbox.unwrap_or(self.mailbox)
    }

    /// Its shown state in its own mailbox; `Writer::shown` has the folders of its labels too.
    pub(super) fn shown(&self) -> Option<Shown> {
        if self.removed_at.is_some() || self.want_gone {
            return None;
        }
        let flags = self.flags();
        Some(Shown { mailbox: self.shown_mailbox(), unread: !flags.has(bit::SEEN), starred: flags.has(bit::FLAGGED) })
    }

    /// Whether labels are held or wanted of it.
    pub(super) fn has_labels(&self) -> bool {
        [&self.base, &self.edit.add, &self.edit.del].into_iter().any(|flags| !flags.labels.is_empty())
    }

    pub(super) fn place(&self) -> Place {
        Place { id: self.id, sort_key: self.sort_key, thread: self.thread }
    }

    /// Whether something is wanted that the server has not confirmed.
    pub(super) fn waits(&self) -> bool {
        self.want_mailbox.is_some() || self.want_gone || !self.edit.is_empty()
    }

    /// Drops from the wants what base already satisfies.
    pub(super) fn tidy(&mut self) {
        self.kept = self.kept.minus(&self.base);
        self.edit = self.edit.against(&self.ground());
        if self.want_mailbox == Some(self.mailbox) {
            self.want_mailbox = None;
        }
    }

    fn counts_as_base(&self) -> bool {
        self.uid.is_some() && self.removed_at.is_none()
    }
}

impl Reader<'_> {
    pub(super) fn placement(&self, id: i64) -> Result<Option<Placement>> {
        self.cache.one(&format!("{SELECT} WHERE p.id = ?1"), [id], from_row)
    }

    /// Those of the ids that exist, in the order given.
    pub(super) fn placements(&self, ids: impl IntoIterator<Item = i64>) -> Result<Vec<Placement>> {
        let sql = format!("{} JOIN json_each(?1) j ON j.value = p.id ORDER BY j.key", SELECT);
        self.cache.all(&sql, [json(ids)], from_row)
    }

    pub(super) fn placement_at(&self, mailbox: i64, uidvalidity: u32, uid: u32) -> Result<Option<Placement>> {
        let sql = format!("{SELECT} WHERE p.mailbox_id = ?1 AND p.uidvalidity = ?2 AND p.uid = ?3");
        self.cache.one(&sql, (mailbox, uidvalidity, uid), from_row)
    }

    pub(super) fn placements_at(
        &self,
        mailbox: i64,
        uidvalidity: u32,
        uids: impl IntoIterator<Item = u32>,
    ) -> Result<Vec<Placement>> {
        let sql = format!(
            "{SELECT} WHERE p.mailbox_id = ?1 AND p.uidvalidity = ?2 AND p.uid IN (SELECT value FROM json_each(?3)) ORDER BY p.uid"
        );
        self.cache.all(&sql, (mailbox, uidvalidity, json(uids.into_iter().map(i64::from))), from_row)
    }

    /// UIDs held from `from` to `to` under the mailbox's current UIDVALIDITY.
    pub fn uids(&self, mailbox: MailboxId, from: u32, to: u32) -> Result<UidSet> {
        let uids = self.cache.all(
            "SELECT p.uid FROM mailbox b JOIN placement p ON p.mailbox_id = b.id AND p.uidvalidity = b.uidvalidity
             WHERE b.id = ?1 AND p.uid BETWEEN ?2 AND ?3 ORDER BY p.uid",
            (mailbox.0, from, to),
            |r| r.get::<_, i64>(0).map(number),
        )?;
        Ok(uids.into_iter().collect())
    }

    /// What the messages under these UIDs are: (UID, placement, identity, Message-ID, size), by UID.
    pub fn uid_identities(&self, mailbox: MailboxId, uids: &UidSet) -> Result<Vec<UidIdentity>> {
        let mut out = Vec::new();
        for (low, high) in uids.ranges() {
            out.extend(self.cache.all(
                "SELECT p.uid, p.id, m.identity, m.message_id, m.size
                 FROM mailbox b JOIN placement p ON p.mailbox_id = b.id AND p.uidvalidity = b.uidvalidity
                   JOIN message m ON m.id = p.message_id
                 WHERE b.id = ?1 AND p.uid BETWEEN ?2 AND ?3 ORDER BY p.uid",
                (mailbox.0, low, high),
                |r| Ok((number(r.get(0)?), PlacementId(r.get(1)?), r.get(2)?, r.get(3)?, number(r.get(4)?))),
            )?);
        }
        Ok(out)
    }

    /// Placements with wants, oldest first.
    pub(super) fn waiting_placements(&self) -> Result<Vec<Placement>> {
        self.cache.all(&format!("{SELECT} WHERE p.waiting = 1 ORDER BY p.id"), [], from_row)
    }

    /// Those of them that were removed before a time.
    pub(super) fn waiting_since_removed(&self, before: i64) -> Result<Vec<Placement>> {
        self.cache.all(&format!("{SELECT} WHERE p.waiting = 1 AND p.removed_at < ?1 ORDER BY p.id"), [before], from_row)
    }

    /// All placements whose base is this mailbox, at most `limit`, without those that are removed.
    pub(super) fn placements_based_in(&self, mailbox: i64, after: i64, limit: u32) -> Result<Vec<Placement>> {
        let sql = format!("{SELECT} WHERE p.mailbox_id = ?1 AND p.id > ?2 AND p.removed_at IS NULL ORDER BY p.id LIMIT ?3");
        self.cache.all(&sql, (mailbox, after, limit), from_row)
    }

    /// All placements in turn, for the audit.
    pub(super) fn placements_after(&self, after: i64, limit: u32) -> Result<Vec<Placement>> {
        self.cache.all(&format!("{SELECT} WHERE p.id > ?1 ORDER BY p.id LIMIT ?2"), (after, limit), from_row)
    }

    /// Placements shown in or wanted to a mailbox.
    pub(super) fn placements_wanted_in(&self, mailbox: i64) -> Result<Vec<Placement>> {
        self.cache.all(&format!("{SELECT} WHERE p.waiting = 1 AND p.want_mailbox = ?1 ORDER BY p.id"), [mailbox], from_row)
    }
}

impl Writer<'_> {
    /// Writes `new` over `old`, both of the same placement: lists, counts and the intent follow.
    pub(super) fn change(&mut self, old: &Placement, mut new: Placement) -> Result<()> {
        self.fit_labels(&mut new)?;
        new.tidy();
        if *old == new {
            return Ok(());
        }
        self.write_row(old, &new)?;
        for (placement, by) in [(old, -1), (&new, 1)] {
            if placement.counts_as_base() {
                self.count_base(placement.mailbox, by);
            }
        }
        let (before, after) = (self.shown(old)?, self.shown(&new)?);
        self.show(new.place(), &before, &after)?;
        if old.flags() != new.flags() || old.waits() != new.waits() || old.uid != new.uid {
            self.changes.messages.insert(new.message);
            self.changes.redrawn.extend(after.iter().map(|s| s.mailbox));
        }
        self.keep_intent(old, &new)
    }

    pub(super) fn write_row(&mut self, old: &Placement, new: &Placement) -> Result<()> {
        // Thousands of flags may change elsewhere at once: naming a column in an UPDATE writes every index that has it.
        if *old == (Placement { base: old.base.clone(), modseq: old.modseq, ..new.clone() }) {
            self.cache.run(
                "UPDATE placement SET modseq = ?2, base_bits = ?3, base_keywords = ?4 WHERE id = ?1",
                (new.id, new.modseq, new.base.bits, new.base.keywords_text()),
            )?;
            return Ok(());
        }
        self.cache.run(
            "UPDATE placement SET mailbox_id = ?2, uidvalidity = ?3, uid = ?4, internal_date = ?5, modseq = ?6,
               base_bits = ?7, base_keywords = ?8, kept_bits = ?9, kept_keywords = ?10, add_bits = ?11, add_keywords = ?12,
               del_bits = ?13, del_keywords = ?14, want_mailbox = ?15, want_gone = ?16, waiting = ?17, removed_at = ?18,
               refusals = ?19
             WHERE id = ?1",
            rusqlite::params![
                new.id,
                new.mailbox,
                new.uidvalidity,
                new.uid,
                new.internal_date,
                new.modseq,
                new.base.bits,
                new.base.keywords_text(),
                new.kept.bits,
                new.kept.keywords_text(),
                new.edit.add.bits,
                new.edit.add.keywords_text(),
                new.edit.del.bits,
                new.edit.del.keywords_text(),
                new.want_mailbox,
                new.want_gone,
                new.waits(),
                new.removed_at,
                new.refusals
            ],
        )?;
        Ok(())
    }
}

//! Rows arriving from a server: new messages, and those that were here before under another UID or in another mailbox.
//! Linking is a bijection (rule W6): flags follow an equal copy, moves and deletions only an unmistakable one.

use super::contact::Seen;
use super::placement::Placement;
use super::reader::{Reader, number};
use super::text;
use super::thread::{self, Threads};
use super::writer::{Place, Shown, Writer};
use godwit_domain::flags::bit;
use godwit_domain::sync::NewPlacement;
use godwit_domain::{Error, ErrorKind, FlagEdit, Flags, MailboxId, PlacementId, Result};
use std::collections::{HashMap, HashSet};

/// What `insert_new` did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inserted {
    /// Rows that are really new.
    pub added: Vec<PlacementId>,
    /// Rows that were here and changed or were found again.
    pub updated: u32,
}

/// A placement without a UID that an arriving row may be.
struct Loose {
    placement: i64,
    mailbox: i64,
    state: String,
    internal_date: Option<i64>,
    size: u32,
}

const DAY: i64 = 86_400;
/// Seconds that fit into a sort key beside the 24 bits of the counter: the year 10,680.
const LAST_SECOND: i64 = (1 << 38) - 1;

/// List order: the second, then a counter that never repeats within it.
fn sort_key(date: i64, id: i64, newer: bool) -> i64 {
    const HALF: i64 = 1 << 23;
    let low = id % HALF;
    // Backfill comes newest first, so later ids are older; new mail comes oldest first and stands above.
    let counter = if newer { HALF + low } else { HALF - 1 - low };
    (date.clamp(0, LAST_SECOND) << 24) | counter
}

/// The Date header unless missing or more than a day after INTERNALDATE.
fn date_of(row: &NewPlacement, now: i64) -> i64 {
    let arrived = row.internal_date.unwrap_or(now);
    row.headers.date.filter(|date| *date <= arrived.saturating_add(DAY) && *date > 0).unwrap_or(arrived)
}

impl Reader<'_> {
    fn has_loose(&self, account: i64) -> Result<bool> {
        Ok(self.cache.one("SELECT 1 FROM loose WHERE account_id = ?1 LIMIT 1", [account], |_| Ok(()))?.is_some())
    }

    /// Rows of an old UIDVALIDITY that nobody has claimed yet.
    pub fn orphans(&self, mailbox: MailboxId) -> Result<u32> {
        let count = "SELECT count(*) FROM loose WHERE mailbox_id = ?1 AND state = 'orphan'";
        Ok(self.cache.one(count, [mailbox.0], |r| r.get::<_, i64>(0).map(number))?.unwrap_or(0))
    }

    fn loose(&self, account: i64, identity: &[u8; 16]) -> Result<Vec<Loose>> {
        self.cache.all(
            "SELECT l.placement_id, l.mailbox_id, l.state, p.internal_date, m.size
             FROM loose l JOIN placement p ON p.id = l.placement_id JOIN message m ON m.id = p.message_id
             WHERE l.account_id = ?1 AND l.identity = ?2 ORDER BY l.old_uid DESC, l.placement_id",
            (account, identity),
            |r| {
                Ok(Loose {
                    placement: r.get(0)?,
                    mailbox: r.get(1)?,
                    state: r.get(2)?,
                    internal_date: r.get(3)?,
                    size: number(r.get(4)?),
                })
            },
        )
    }
}

/// What stays the same for a whole batch.
struct Batch {
    mailbox: i64,
    account: i64,
    path: String,
    uidvalidity: u32,
    newer: bool,
    own: String,
}

impl Writer<'_> {
    /// Takes rows as the server has them, newest first. A UID held already only gets its flags.
    pub fn insert_new(&mut self, mailbox: MailboxId, uidvalidity: u32, rows: Vec<NewPlacement>) -> Result<Inserted> {
        let state = self.mailbox_state(mailbox)?;
        if state.uidvalidity != Some(uidvalidity) {
            return Err(Error::new(ErrorKind::Busy, format!("{} was numbered anew while it was read.", state.path))
                .mend("Godwit tries again."));
        }
        let mut out = Inserted::default();
        let mut seen = HashSet::new();
        let mut rows: Vec<NewPlacement> = rows.into_iter().filter(|r| r.uid > 0 && seen.insert(r.uid)).collect();
        let held = self.placements_at(mailbox.0, uidvalidity, rows.iter().map(|r| r.uid))?;
        let held: HashMap<u32, Placement> = held.into_iter().filter_map(|p| Some((p.uid?, p))).collect();
        for row in &rows {
            if let Some(old) = held.get(&row.uid) {
                out.updated += u32::from(self.take_flags(old, &row.flags, row.modseq)?);
            }
        }
        rows.retain(|r| !held.contains_key(&r.uid));
        if rows.is_empty() {
            return Ok(out);
        }
        let top = self.cache.one(
            "SELECT max(uid) FROM placement WHERE mailbox_id = ?1 AND uidvalidity = ?2 AND uid IS NOT NULL",
            (mailbox.0, uidvalidity),
            |r| r.get::<_, Option<i64>>(0),
        )?;
        let top = top.flatten().map(number);
        let newer = top.is_some_and(|top| rows.iter().all(|r| r.uid > top));
        if newer {
            rows.sort_unstable_by_key(|r| r.uid);
        }
        let own = text::fold(&self.account(state.account)?.email);
        let batch = Batch { mailbox: mailbox.0, account: state.account.0, path: state.path, uidvalidity, newer, own };
        let rows = if self.has_loose(batch.account)? { self.link(&batch, rows, &mut out)? } else { rows };
        self.insert_rows(&batch, &rows, &mut out)?;
        if newer {
            out.added.reverse();
        }
        self.bind(&batch, &out.added)?;
        self.settle()?;
        Ok(out)
    }

    /// Gives rows that were here before their placement back; answers the others.
    fn link(&mut self, batch: &Batch, rows: Vec<NewPlacement>, out: &mut Inserted) -> Result<Vec<NewPlacement>> {
        let mut fresh = Vec::new();
        for row in rows {
            let loose = self.loose(batch.account, &row.headers.identity)?;
            let same_box = |l: &&Loose| l.mailbox == batch.mailbox;
            let orphans: Vec<&Loose> = loose.iter().filter(same_box).filter(|l| l.state == "orphan").collect();
            let moved: Vec<&Loose> = loose.iter().filter(same_box).filter(|l| l.state == "moved").collect();
            let removed: Vec<&Loose> = loose.iter().filter(|l| l.state == "removed" && l.size == row.size).collect();
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

    fn relink(&mut self, batch: &Batch, old: &Placement, row: &NewPlacement, ambiguous: bool) -> Result<()> {
        let mut new = old.clone();
        new.mailbox = batch.mailbox;
        new.uidvalidity = batch.uidvalidity;
        new.uid = Some(row.uid);
        new.base = row.flags.clone();
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
        if old.size != row.size {
            self.cache.run("DELETE FROM body WHERE message_id = ?1", [old.message])?;
            self.cache.run("UPDATE message SET size = ?2 WHERE id = ?1", (old.message, row.size))?;
        }
        self.cache.run("DELETE FROM loose WHERE placement_id = ?1", [old.id])?;
        self.change(old, new)
    }

    fn insert_rows(&mut self, batch: &Batch, rows: &[NewPlacement], out: &mut Inserted) -> Result<()> {
        let refs: Vec<Vec<i64>> = rows.iter().map(|r| thread::refs(batch.account, &r.headers)).collect();
        let mut threads = self.threads_of(refs.iter().flatten().copied())?;
        let mut seen = Seen::default();
        let next =
            |table: &str| self.cache.one("SELECT seq + 1 FROM sqlite_sequence WHERE name = ?1", [table], |r| r.get::<_, i64>(0));
        let (first_message, first_placement) = (next("message")?.unwrap_or(1), next("placement")?.unwrap_or(1));
        for ((row, refs), at) in rows.iter().zip(&refs).zip(0i64..) {
            let (message, placement) = (first_message + at, first_placement + at);
            self.insert_row(batch, row, refs, &mut threads, message, placement)?;
            seen.note(&row.headers, &batch.own, date_of(row, self.now));
            out.added.push(PlacementId(placement));
        }
        self.keep_contacts(seen)
    }

    fn insert_row(
        &mut self,
        batch: &Batch,
        row: &NewPlacement,
        refs: &[i64],
        threads: &mut Threads,
        message: i64,
        id: i64,
    ) -> Result<()> {
        let date = date_of(row, self.now);
        let sort_key = sort_key(date, message, batch.newer);
        let thread = self.join_thread(threads, refs, message)?;
        let h = &row.headers;
        self.cache.run(
            "INSERT INTO message (id, account_id, thread_id, sort_key, date, size, has_attachment, identity, message_id, subject,
               sender, reply_to, recipients, cc, search_text)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            rusqlite::params![
                message,
                batch.account,
                thread,
                sort_key,
                date,
                row.size,
                h.maybe_attachments,
                h.identity,
                h.message_id,
                text::subject(&h.subject),
                text::pack(&h.from),
                text::pack(&h.reply_to),
                text::pack(&h.to),
                text::pack(&h.cc),
                text::searchable(h)
            ],
        )?;
        self.cache.run(
            "INSERT INTO placement (id, message_id, mailbox_id, uidvalidity, uid, sort_key, internal_date, modseq, base_bits, base_keywords)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            rusqlite::params![
                id,
                message,
                batch.mailbox,
                batch.uidvalidity,
                row.uid,
                sort_key,
                row.internal_date,
                row.modseq.and_then(|m| i64::try_from(m).ok()),
                row.flags.bits,
                row.flags.keywords_text()
            ],
        )?;
        self.count_base(batch.mailbox, 1);
        let shown = Shown { mailbox: batch.mailbox, unread: !row.flags.has(bit::SEEN), starred: row.flags.has(bit::FLAGGED) };
        self.show(Place { id, sort_key, thread }, None, Some(shown))
    }

    /// Gives intents that waited for these rows to them.
    fn bind(&mut self, batch: &Batch, added: &[PlacementId]) -> Result<()> {
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
        self.show(new.place(), None, new.shown())?;
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

    /// The server's flags of a row; what is wanted and now so is done. Answers whether anything changed.
    pub(super) fn take_flags(&mut self, old: &Placement, flags: &Flags, modseq: Option<u64>) -> Result<bool> {
        if old.base == *flags {
            return Ok(false);
        }
        let modseq = modseq.and_then(|m| i64::try_from(m).ok()).or(old.modseq);
        self.change(old, Placement { base: flags.clone(), modseq, ..old.clone() })?;
        Ok(true)
    }

    /// Nothing is wanted of a row any more.
    pub(super) fn without_wants(row: &Placement) -> Placement {
        Placement { edit: FlagEdit::default(), want_mailbox: None, want_gone: false, refusals: 0, ..row.clone() }
    }
}

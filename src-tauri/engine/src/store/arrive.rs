//! Rows arriving from a server. A UID that is held already only gets its flags; rows that were here before are `link`'s.

use super::contact::Seen;
use super::error::Values;
use super::labels::LabelBoxes;
use super::placement::Placement;
use super::reader::number;
use super::ready::Ready;
use super::writer::{Place, Shown, Writer};
use godwit_domain::flags::bit;
use godwit_domain::labels::{self, Labels};
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

/// Rows written at a time: between two such parts a person may step in.
const PART: usize = 500;
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

/// What stays the same for a whole batch.
pub(super) struct Batch {
    pub(super) mailbox: i64,
    pub(super) account: i64,
    pub(super) path: String,
    pub(super) uidvalidity: u32,
}

/// A row with its ids and its conversation.
struct Fresh<'r> {
    row: &'r Ready,
    message: i64,
    placement: i64,
    sort_key: i64,
    thread: i64,
    /// Its content is here, from another folder.
    known: bool,
}

// OR FAIL: SQLite then keeps no copy of each page it changes, to take one statement back. Nothing here goes on after an
// error, and the transaction is taken back whole.
const INSERT_MESSAGE: &str =
    "INSERT OR FAIL INTO message (id, account_id, thread_id, sort_key, date, size, has_attachment, identity,
  message_id, subject, sender, reply_to, recipients, cc, search_text, email_id)";
const INSERT_PLACEMENT: &str =
    "INSERT OR FAIL INTO placement (id, message_id, mailbox_id, uidvalidity, uid, sort_key, internal_date, modseq,
  base_bits, base_keywords)";

impl Fresh<'_> {
    fn message_values(&self, values: &mut Values<'_, '_>, batch: &Batch) -> rusqlite::Result<()> {
        let row = self.row;
        values.put(self.message)?;
        values.put(batch.account)?;
        values.put(self.thread)?;
        values.put(self.sort_key)?;
        values.put(row.date)?;
        values.put(row.size)?;
        values.put(row.has_attachment)?;
        values.put(row.identity)?;
        values.put(row.message_id.as_deref())?;
        values.put(row.subject.as_str())?;
        values.put(row.sender.as_str())?;
        values.put(row.reply_to.as_str())?;
        values.put(row.recipients.as_str())?;
        values.put(row.cc.as_str())?;
        values.put(row.search_text.as_str())?;
        values.put(row.facts.email_id.map(u64::cast_signed))
    }

    fn placement_values(&self, values: &mut Values<'_, '_>, batch: &Batch) -> rusqlite::Result<()> {
        let row = self.row;
        values.put(self.placement)?;
        values.put(self.message)?;
        values.put(batch.mailbox)?;
        values.put(batch.uidvalidity)?;
        values.put(row.uid)?;
        values.put(self.sort_key)?;
        values.put(row.internal_date)?;
        values.put(row.modseq.and_then(|m| i64::try_from(m).ok()))?;
        values.put(row.flags.bits)?;
        values.put(row.flags.keywords_text())
    }

    fn shown(&self, mailbox: i64, boxes: Option<&LabelBoxes>) -> impl Iterator<Item = (Place, Shown)> {
        let flags = &self.row.flags;
        let place = Place { id: self.placement, sort_key: self.sort_key, thread: self.thread };
        let here = Shown { mailbox, unread: !flags.has(bit::SEEN), starred: flags.has(bit::FLAGGED) };
        let labels = flags.labels.iter().map(String::as_str).chain(here.starred.then_some(labels::STARRED));
        let others = boxes.into_iter().flat_map(move |boxes| labels.clone().filter_map(|label| boxes.get(label).copied()));
        std::iter::once(mailbox).chain(others).map(move |mailbox| (place, Shown { mailbox, ..here }))
    }
}

impl Writer<'_> {
    /// Takes rows as the server has them, newest first. A UID held already only gets its flags.
    pub fn insert_new(&mut self, mailbox: MailboxId, uidvalidity: u32, rows: Vec<NewPlacement>) -> Result<Inserted> {
        let intake = self.intake(self.mailbox_state(mailbox)?.account)?;
        let mut rows = intake.ready(rows);
        self.insert_parts(mailbox, uidvalidity, &mut rows, |_| false)
    }

    /// The same for rows made ready, until all are written or a person waits: what is left stays in `rows`.
    pub fn insert_ready(&mut self, mailbox: MailboxId, uidvalidity: u32, rows: &mut Vec<Ready>) -> Result<Inserted> {
        self.insert_parts(mailbox, uidvalidity, rows, Self::gives_way)
    }

    fn insert_parts(
        &mut self,
        mailbox: MailboxId,
        uidvalidity: u32,
        rows: &mut Vec<Ready>,
        stop: impl Fn(&Self) -> bool,
    ) -> Result<Inserted> {
        let state = self.mailbox_state(mailbox)?;
        if state.uidvalidity != Some(uidvalidity) {
            return Err(Error::new(ErrorKind::Busy, format!("{} was numbered anew while it was read.", state.path))
                .mend("Godwit tries again."));
        }
        let batch = Batch { mailbox: mailbox.0, account: state.account.0, path: state.path, uidvalidity };
        let (mut out, mut seen) = (Inserted::default(), Seen::default());
        while !rows.is_empty() {
            let part = rows.drain(..rows.len().min(PART)).collect();
            self.insert_part(&batch, part, &mut out, &mut seen)?;
            if stop(self) {
                break;
            }
        }
        self.keep_contacts(seen)?;
        Ok(out)
    }

    fn insert_part(&mut self, batch: &Batch, mut rows: Vec<Ready>, out: &mut Inserted, people: &mut Seen) -> Result<()> {
        let mut seen = HashSet::with_capacity(rows.len());
        rows.retain(|r| r.uid > 0 && seen.insert(r.uid));
        self.take_held(batch, &mut rows, out)?;
        if rows.is_empty() {
            return Ok(());
        }
        let top = self.cache.one(
            "SELECT max(uid) FROM placement WHERE mailbox_id = ?1 AND uidvalidity = ?2 AND uid IS NOT NULL",
            (batch.mailbox, batch.uidvalidity),
            |r| r.get::<_, Option<i64>>(0),
        )?;
        let top = top.flatten().map(number);
        let newer = top.is_some_and(|top| rows.iter().all(|r| r.uid > top));
        if newer {
            rows.sort_unstable_by_key(|r| r.uid);
        }
        let mut rows = if self.has_loose(batch.account)? { self.link(batch, rows, out)? } else { rows };
        rows.iter_mut().for_each(|row| people.note(std::mem::take(&mut row.people), row.date));
        if self.is_home(batch.mailbox)? {
            rows.iter_mut().for_each(|row| row.flags.labels = row.facts.labels.take().unwrap_or_default());
        }
        let mut added = self.insert_rows(batch, &rows, newer)?;
        if newer {
            added.reverse();
        }
        self.bind(batch, &added)?;
        self.settle()?;
        out.added.extend(added);
        Ok(())
    }

    /// Takes the flags of rows that are held under their UID already, and leaves the others.
    fn take_held(&mut self, batch: &Batch, rows: &mut Vec<Ready>, out: &mut Inserted) -> Result<()> {
        let (low, high) = (rows.iter().map(|r| r.uid).min().unwrap_or(0), rows.iter().map(|r| r.uid).max().unwrap_or(0));
        let any = self.cache.one(
            "SELECT 1 FROM placement WHERE mailbox_id = ?1 AND uidvalidity = ?2 AND uid BETWEEN ?3 AND ?4 LIMIT 1",
            (batch.mailbox, batch.uidvalidity, low, high),
            |_| Ok(()),
        )?;
        if any.is_none() {
            return Ok(());
        }
        let held = self.placements_at(batch.mailbox, batch.uidvalidity, rows.iter().map(|r| r.uid))?;
        let held: HashMap<u32, Placement> = held.into_iter().filter_map(|p| Some((p.uid?, p))).collect();
        for row in rows.iter() {
            if let Some(old) = held.get(&row.uid) {
                out.updated += u32::from(self.take_flags(old, &row.flags, row.facts.labels.as_ref(), row.modseq)?);
            }
        }
        rows.retain(|r| !held.contains_key(&r.uid));
        Ok(())
    }

    /// Writes rows table by table: the next row of one table lies beside the last.
    fn insert_rows(&mut self, batch: &Batch, rows: &[Ready], newer: bool) -> Result<Vec<PlacementId>> {
        let mut threads = self.threads_of(rows.iter().flat_map(|r| r.refs.iter().copied()))?;
        let next =
            |table: &str| self.cache.one("SELECT seq + 1 FROM sqlite_sequence WHERE name = ?1", [table], |r| r.get::<_, i64>(0));
        let (first_message, first_placement) = (next("message")?.unwrap_or(1), next("placement")?.unwrap_or(1));
        let (mut fresh, mut taken) = (Vec::with_capacity(rows.len()), HashSet::new());
        for (row, at) in rows.iter().zip(0i64..) {
            let (message, placement) = (first_message + at, first_placement + at);
            if let Some((message, sort_key, thread)) = self.elsewhere(batch, row)?.filter(|(message, ..)| taken.insert(*message))
            {
                let thread = threads.now(thread);
                fresh.push(Fresh { row, message, placement, sort_key, thread, known: true });
                continue;
            }
            let sort_key = sort_key(row.date, message, newer);
            let thread = self.join_thread(&mut threads, &row.refs, message)?;
            fresh.push(Fresh { row, message, placement, sort_key, thread, known: false });
        }
        fresh.iter_mut().for_each(|f| f.thread = threads.now(f.thread));
        self.keep_refs(&mut threads)?;
        let contents: Vec<&Fresh<'_>> = fresh.iter().filter(|f| !f.known).collect();
        self.cache.insert_many(INSERT_MESSAGE, 16, &contents, |values, f| f.message_values(values, batch))?;
        self.cache.insert_many(INSERT_PLACEMENT, 10, &fresh, |values, f| f.placement_values(values, batch))?;
        self.count_base(batch.mailbox, i64::try_from(fresh.len()).unwrap_or(i64::MAX));
        let boxes = self.boxes_of(batch.mailbox)?;
        let arrived: Vec<(Place, Shown)> = fresh.iter().flat_map(|f| f.shown(batch.mailbox, boxes.as_deref())).collect();
        self.show_new(&arrived)?;
        Ok(fresh.iter().map(|f| PlacementId(f.placement)).collect())
    }

    /// A content that is here from another folder, by what the server calls it: (message, sort key, conversation). That alone is no
    /// proof: header and length are the same too, or one message would be shown as another. Alike in one folder are two messages: a
    /// server may call both the same, and of very many it matters little which is found.
    fn elsewhere(&self, batch: &Batch, row: &Ready) -> Result<Option<(i64, i64, i64)>> {
        let Some(id) = row.facts.email_id else { return Ok(None) };
        self.cache.one(
            "SELECT m.id, m.sort_key, m.thread_id FROM (
               SELECT id, sort_key, thread_id FROM message
                WHERE account_id = ?1 AND email_id = ?2 AND identity = ?3 AND size = ?4 LIMIT 16) m
             WHERE NOT EXISTS (SELECT 1 FROM placement p WHERE p.message_id = m.id AND p.mailbox_id = ?5) LIMIT 1",
            (batch.account, id.cast_signed(), row.identity, row.size, batch.mailbox),
            |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
        )
    }

    /// The server's flags of a row; what is wanted and now so is done. Answers whether anything changed.
    pub(super) fn take_flags(
        &mut self,
        old: &Placement,
        flags: &Flags,
        labels: Option<&Labels>,
        modseq: Option<u64>,
    ) -> Result<bool> {
        let base = self.base_of(old, flags, labels)?;
        if old.base == base {
            return Ok(false);
        }
        let modseq = modseq.and_then(|m| i64::try_from(m).ok()).or(old.modseq);
        self.change(old, Placement { base, modseq, ..old.clone() })?;
        Ok(true)
    }

    /// Nothing is wanted of a row any more.
    pub(super) fn without_wants(row: &Placement) -> Placement {
        Placement { edit: FlagEdit::default(), want_mailbox: None, want_gone: false, refusals: 0, ..row.clone() }
    }
}

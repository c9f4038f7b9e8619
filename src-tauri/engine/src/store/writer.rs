//! One write transaction: shown state, counts and the list of what changed are kept together here, so that
//! membership, thread_box and a mailbox's counts can't drift apart. Nothing else writes those tables.

use super::error::Db;
use super::labels::LabelBoxes;
use super::lanes::Lanes;
use super::reader::Reader;
use super::unbound::Unbound;
use godwit_domain::{Error, Event, Result};
use rustc_hash::FxHashMap;
use std::collections::{BTreeSet, HashMap};
use std::ops::Deref;
use std::rc::Rc;

/// Where a placement is shown, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) mailbox: i64,
    pub(super) unread: bool,
    pub(super) starred: bool,
}

/// The place of a placement in every list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) id: i64,
    pub(super) sort_key: i64,
    pub(super) thread: i64,
}

/// What became of one placement in one mailbox.
#[derive(Clone, Copy, Debug)]
pub(super) struct Touched {
    pub(super) place: Place,
    /// Its state there now; `None`: it is not there.
    pub(super) now: Option<Shown>,
    /// Nothing was there before.
    pub(super) arrived: bool,
}

/// What a transaction changed, for open views and events.
#[derive(Default)]
pub(super) struct Changes {
    /// By placement and mailbox. Keys are our own ids, which nobody outside can choose: a quick hash is safe.
    pub(super) touched: FxHashMap<(i64, i64), Touched>,
    /// Conversations that went into others.
    pub(super) merged: Vec<(i64, i64)>,
    /// Messages whose contents changed.
    pub(super) messages: BTreeSet<i64>,
    /// Mailboxes in which contents changed though nothing moved.
    pub(super) redrawn: BTreeSet<i64>,
    /// Mailboxes came, went or changed their role.
    pub(super) mailboxes: bool,
    /// Plain events.
    pub(super) events: Vec<Event>,
}

#[derive(Clone, Copy, Default)]
struct MailboxDelta {
    base: i64,
    messages: i64,
    unread: i64,
}

/// Writes. Lives as long as one transaction over both files.
pub struct Writer<'a> {
    reader: Reader<'a>,
    pub(super) unbound: &'a mut Unbound,
    lanes: &'a Lanes,
    pub(super) changes: Changes,
    mailboxes: FxHashMap<i64, MailboxDelta>,
    boxes: FxHashMap<(i64, i64), [i64; 3]>,
    wrote_profile: bool,
    /// Mailbox paths read so far.
    pub(super) paths: HashMap<i64, String>,
    /// Folders that show rows by label, by the mailbox that has the rows; see `labels`.
    pub(super) homes: HashMap<i64, Option<Rc<LabelBoxes>>>,
    /// The homes of accounts.
    pub(super) home_ids: HashMap<i64, Option<i64>>,
    /// Folders with the home and the label that they show.
    pub(super) shows: HashMap<i64, Option<(i64, String)>>,
    /// Seconds since 1970 when the transaction began.
    pub(super) now: i64,
}

impl<'a> Deref for Writer<'a> {
    type Target = Reader<'a>;

    fn deref(&self) -> &Reader<'a> {
        &self.reader
    }
}

impl<'a> Writer<'a> {
    pub(super) fn new(reader: Reader<'a>, unbound: &'a mut Unbound, lanes: &'a Lanes) -> Self {
        Self {
            reader,
            unbound,
            lanes,
            changes: Changes::default(),
            mailboxes: FxHashMap::default(),
            boxes: FxHashMap::default(),
            wrote_profile: false,
            paths: HashMap::new(),
            homes: HashMap::new(),
            home_ids: HashMap::new(),
            shows: HashMap::new(),
            now: crate::clock::now(),
        }
    }

    /// profile.db inside the transaction; it begins with the first write.
    pub(super) fn profile_tx(&mut self) -> Result<Db<'a>> {
        if !self.wrote_profile {
            self.reader.profile.batch("BEGIN IMMEDIATE")?;
            self.wrote_profile = true;
        }
        Ok(self.reader.profile)
    }

    pub(super) fn into_changes(self) -> (Changes, bool) {
        (self.changes, self.wrote_profile)
    }

    /// Whether a person waits behind this transaction: what can be cut short is.
    pub(super) fn gives_way(&self) -> bool {
        self.lanes.someone_waits()
    }

    /// Says something after the commit.
    pub fn tell(&mut self, event: Event) {
        self.changes.events.push(event);
    }

    pub(super) fn tell_error(&mut self, error: Error) {
        self.tell(Event::Told { error });
    }

    /// Moves a placement from where it was shown to where it is: lists, conversation counts and mailbox counts follow.
    pub(super) fn show(&mut self, place: Place, before: &[Shown], after: &[Shown]) -> Result<()> {
        for now in after {
            let was = before.iter().find(|b| b.mailbox == now.mailbox).copied();
            self.show_in(place, was, Some(*now))?;
        }
        for was in before.iter().filter(|b| after.iter().all(|a| a.mailbox != b.mailbox)) {
            self.show_in(place, Some(*was), None)?;
        }
        Ok(())
    }

    /// The same in one mailbox.
    fn show_in(&mut self, place: Place, before: Option<Shown>, after: Option<Shown>) -> Result<()> {
        if before == after {
            return Ok(());
        }
        let cache = self.cache;
        match (before, after) {
            (Some(_), Some(a)) => cache.run(
                "UPDATE membership SET unread = ?4, starred = ?5 WHERE mailbox_id = ?1 AND sort_key = ?2 AND placement_id = ?3",
                (a.mailbox, place.sort_key, place.id, a.unread, a.starred),
            )?,
            (Some(b), None) => cache.run(
                "DELETE FROM membership WHERE mailbox_id = ?1 AND sort_key = ?2 AND placement_id = ?3",
                (b.mailbox, place.sort_key, place.id),
            )?,
            (None, Some(a)) => cache.run(
                "INSERT INTO membership (mailbox_id, sort_key, placement_id, thread_id, unread, starred)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (a.mailbox, place.sort_key, place.id, place.thread, a.unread, a.starred),
            )?,
            (None, None) => 0,
        };
        if let Some(b) = before {
            self.count(place, b, -1);
        }
        if let Some(a) = after {
            self.count(place, a, 1);
        }
        self.touch(place, before, after);
        Ok(())
    }

    /// As `show`, for placements that were nowhere before.
    pub(super) fn show_new(&mut self, arrived: &[(Place, Shown)]) -> Result<()> {
        self.cache.insert_many(
            "INSERT OR FAIL INTO membership (mailbox_id, sort_key, placement_id, thread_id, unread, starred)",
            6,
            arrived,
            |values, (place, shown)| {
                values.put(shown.mailbox)?;
                values.put(place.sort_key)?;
                values.put(place.id)?;
                values.put(place.thread)?;
                values.put(shown.unread)?;
                values.put(shown.starred)
            },
        )?;
        self.changes.touched.reserve(arrived.len());
        for (place, shown) in arrived {
            self.count(*place, *shown, 1);
            self.touch(*place, None, Some(*shown));
        }
        Ok(())
    }

    fn count(&mut self, place: Place, shown: Shown, by: i64) {
        let delta = self.mailboxes.entry(shown.mailbox).or_default();
        delta.messages += by;
        delta.unread += by * i64::from(shown.unread);
        let counts = self.boxes.entry((place.thread, shown.mailbox)).or_default();
        for (count, on) in counts.iter_mut().zip([true, shown.unread, shown.starred]) {
            *count += by * i64::from(on);
        }
    }

    fn touch(&mut self, place: Place, before: Option<Shown>, after: Option<Shown>) {
        let Some(mailbox) = after.or(before).map(|shown| shown.mailbox) else { return };
        let touched = Touched { place, now: after, arrived: before.is_none() };
        let entry = self.changes.touched.entry((place.id, mailbox)).or_insert(touched);
        entry.now = after;
        entry.place = place;
    }

    /// A base placement came to (1) or left (-1) a mailbox.
    pub(super) fn count_base(&mut self, mailbox: i64, by: i64) {
        self.mailboxes.entry(mailbox).or_default().base += by;
    }

    /// Writes the counts gathered so far.
    pub(super) fn settle(&mut self) -> Result<()> {
        let cache = self.cache;
        for (mailbox, delta) in std::mem::take(&mut self.mailboxes) {
            if delta.base == 0 && delta.messages == 0 && delta.unread == 0 {
                continue;
            }
            cache.run(
                "UPDATE mailbox SET base_messages = base_messages + ?2, messages = messages + ?3, unread = unread + ?4 WHERE id = ?1",
                (mailbox, delta.base, delta.messages, delta.unread),
            )?;
            if delta.messages != 0 || delta.unread != 0 {
                self.changes.events.push(Event::MailboxesChanged);
            }
        }
        // In the order of the table, so that neighbours are written together.
        let mut boxes: Vec<_> = std::mem::take(&mut self.boxes).into_iter().collect();
        boxes.sort_unstable_by_key(|(key, _)| *key);
        boxes.retain(|(_, counts)| counts.iter().any(|n| *n != 0));
        cache.upsert_many(
            "INSERT INTO thread_box (thread_id, mailbox_id, count, unread, starred)",
            5,
            "ON CONFLICT (thread_id, mailbox_id) DO UPDATE SET
               count = count + excluded.count, unread = unread + excluded.unread, starred = starred + excluded.starred",
            &boxes,
            |values, ((thread, mailbox), counts)| {
                values.put(*thread)?;
                values.put(*mailbox)?;
                counts.iter().try_for_each(|n| values.put(*n))
            },
        )?;
        for ((thread, mailbox), _) in boxes.iter().filter(|(_, [count, ..])| *count < 0) {
            cache.run("DELETE FROM thread_box WHERE thread_id = ?1 AND mailbox_id = ?2 AND count = 0", (thread, mailbox))?;
        }
        Ok(())
    }
}

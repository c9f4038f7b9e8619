//! One open list: its rows as (sort key, placement), newest first, and how a commit changes them.
//! Pure but for the few questions it asks of the writer's own snapshot.

use super::reader::{Reader, json};
use super::search::has_words;
use super::text;
use super::writer::{Changes, Touched};
use godwit_domain::{Filter, Result, Scope, Splice, ViewSpec};
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::collections::{HashMap, HashSet};

/// One row: its sort key and placement.
pub(super) type Entry = (i64, i64);

/// Rows of the first screen, there before the rest of a long list.
pub(super) const FIRST: usize = 300;
/// Beyond this many conversations to ask for, a list is read anew instead.
const REREAD: usize = 2_000;
/// Beyond this many splices one covers them all.
const MOST_SPLICES: usize = 200;

/// What an open list covers, with its mailboxes found.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) spec: ViewSpec,
    pub(super) scope: Vec<i64>,
    words: Vec<String>,
}

/// The rows of an open list.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) entries: Vec<Entry>,
    /// In a threaded list: the row of each conversation.
    by_thread: HashMap<i64, Entry>,
    /// Only rows down to here were read so far.
    horizon: Option<Entry>,
}

/// What a commit did to an open list.
pub(super) enum Outcome {
    Same,
    Changed {
        splices: Vec<Splice>,
        contents: bool,
    },
    /// Too much: read it anew.
    Reread,
}

impl Plan {
    pub(super) fn new(reader: &Reader<'_>, spec: ViewSpec) -> Result<Self> {
        let mut plan = Self { words: text::words(spec.search.as_deref().unwrap_or_default()), spec, scope: Vec::new() };
        plan.scope = plan.find_scope(reader)?;
        Ok(plan)
    }

    pub(super) fn find_scope(&self, reader: &Reader<'_>) -> Result<Vec<i64>> {
        match &self.spec.scope {
            Scope::Mailbox { mailbox } => Ok(vec![mailbox.0]),
            Scope::Role { role } => reader.mailboxes_of(*role),
            Scope::Everywhere => reader.mailboxes_everywhere(),
        }
    }

    fn keeps(&self, unread: bool, starred: bool) -> bool {
        match self.spec.filter {
            Filter::All => true,
            Filter::Unread => unread,
            Filter::Starred => starred,
        }
    }

    /// The filter as a condition that a partial index answers.
    fn condition(&self) -> &'static str {
        match self.spec.filter {
            Filter::All => "",
            Filter::Unread => " AND x.unread = 1",
            Filter::Starred => " AND x.starred = 1",
        }
    }

    /// Reads the rows, only about the newest `most` of them where given.
    pub(super) fn read(&self, reader: &Reader<'_>, most: Option<usize>) -> Result<Rows> {
        let mut found: Vec<(Entry, i64)> = Vec::new();
        let limit = most.map_or(-1, |m| i64::try_from(m).unwrap_or(-1));
        let join = if self.words.is_empty() {
            String::new()
        } else {
            "JOIN placement p ON p.id = x.placement_id JOIN message m ON m.id = p.message_id".to_owned()
        };
        let sql = format!(
            "SELECT x.sort_key, x.placement_id, x.thread_id FROM membership x {join}
             WHERE x.mailbox_id = ?1{} AND {} ORDER BY x.sort_key DESC, x.placement_id DESC LIMIT ?2",
            self.condition(),
            has_words(&self.words, 3)
        );
        for mailbox in &self.scope {
            let params = [rusqlite::types::Value::from(*mailbox), limit.into()];
            let params = params.into_iter().chain(self.words.iter().map(|w| w.clone().into()));
            found
                .extend(reader.cache.all(&sql, rusqlite::params_from_iter(params), |r| Ok(((r.get(0)?, r.get(1)?), r.get(2)?)))?);
        }
        // Each mailbox came in order, so this sort is a merge.
        found.sort_by_key(|(entry, _)| std::cmp::Reverse(*entry));
        let mut rows = Rows::default();
        if let Some(most) = most.filter(|m| found.len() >= *m) {
            found.truncate(most);
            rows.horizon = found.last().map(|(entry, _)| *entry);
        }
        rows.entries.reserve(found.len());
        for (entry, thread) in found {
            if self.spec.threaded {
                if rows.by_thread.contains_key(&thread) {
                    continue;
                }
                rows.by_thread.insert(thread, entry);
            }
            rows.entries.push(entry);
        }
        Ok(rows)
    }

    /// The row that stands for a conversation: its newest placement in scope that the filter keeps.
    fn newest_of(&self, reader: &Reader<'_>, thread: i64, scope: &str) -> Result<Option<Entry>> {
        let sql = format!(
            "SELECT x.sort_key, x.placement_id FROM message m CROSS JOIN placement p ON p.message_id = m.id
               CROSS JOIN json_each(?2) j
               CROSS JOIN membership x ON x.mailbox_id = j.value AND x.sort_key = p.sort_key AND x.placement_id = p.id
             WHERE m.thread_id = ?1{} AND {}
             ORDER BY x.sort_key DESC, x.placement_id DESC LIMIT 1",
            self.condition(),
            has_words(&self.words, 3)
        );
        let params = [rusqlite::types::Value::from(thread), scope.to_owned().into()];
        let params = params.into_iter().chain(self.words.iter().map(|w| w.clone().into()));
        reader.cache.one(&sql, rusqlite::params_from_iter(params), |r| Ok((r.get(0)?, r.get(1)?)))
    }

    fn says_words(&self, reader: &Reader<'_>, placement: i64) -> Result<bool> {
        if self.words.is_empty() {
            return Ok(true);
        }
        let sql = format!(
            "SELECT 1 FROM placement p JOIN message m ON m.id = p.message_id WHERE p.id = ?1 AND {}",
            has_words(&self.words, 2)
        );
        let params = std::iter::once(rusqlite::types::Value::from(placement)).chain(self.words.iter().map(|w| w.clone().into()));
        Ok(reader.cache.one(&sql, rusqlite::params_from_iter(params), |_| Ok(()))?.is_some())
    }

    /// Brings the rows in line with a commit.
    pub(super) fn follow(&self, reader: &Reader<'_>, rows: &mut Rows, changes: &Changes) -> Result<Outcome> {
        let scope: HashSet<i64> = self.scope.iter().copied().collect();
        let touched: Vec<&Touched> =
            changes.touched.iter().filter(|((_, mailbox), _)| scope.contains(mailbox)).map(|(_, t)| t).collect();
        let redrawn = changes.redrawn.iter().any(|m| scope.contains(m));
        if touched.is_empty() && changes.merged.is_empty() {
            return Ok(if redrawn { Outcome::Changed { splices: Vec::new(), contents: true } } else { Outcome::Same });
        }
        let contents = redrawn || !touched.is_empty();
        let edits = if self.spec.threaded {
            self.thread_edits(reader, rows, &touched, changes)?
        } else {
            Some(self.row_edits(reader, &touched)?)
        };
        let Some((mut removes, mut inserts)) = edits else { return Ok(Outcome::Reread) };
        if let Some(horizon) = rows.horizon {
            removes.retain(|e| *e >= horizon);
            inserts.retain(|e| *e >= horizon);
        }
        let splices = edit(&mut rows.entries, removes, inserts);
        Ok(if splices.is_empty() && !contents { Outcome::Same } else { Outcome::Changed { splices, contents } })
    }

    fn row_edits(&self, reader: &Reader<'_>, touched: &[&Touched]) -> Result<(Vec<Entry>, Vec<Entry>)> {
        let mut wanted: FxHashMap<Entry, bool> = FxHashMap::with_capacity_and_hasher(touched.len(), FxBuildHasher);
        for t in touched {
            let entry = (t.place.sort_key, t.place.id);
            let stays = match t.now {
                Some(now) => self.keeps(now.unread, now.starred) && self.says_words(reader, t.place.id)?,
                None => false,
            };
            *wanted.entry(entry).or_default() |= stays;
        }
        let (inserts, removes): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|(_, stays)| *stays);
        let entries = |list: Vec<(Entry, bool)>| list.into_iter().map(|(entry, _)| entry).collect();
        Ok((entries(removes), entries(inserts)))
    }

    /// `None`: too many conversations to ask for one by one.
    fn thread_edits(
        &self,
        reader: &Reader<'_>,
        rows: &mut Rows,
        touched: &[&Touched],
        changes: &Changes,
    ) -> Result<Option<(Vec<Entry>, Vec<Entry>)>> {
        let mut ask: HashSet<i64> = HashSet::new();
        let mut newest: HashMap<i64, Entry> = HashMap::new();
        for t in touched {
            match t.now.filter(|_| t.arrived && self.words.is_empty()) {
                Some(now) if self.keeps(now.unread, now.starred) => {
                    let entry = (t.place.sort_key, t.place.id);
                    newest.entry(t.place.thread).and_modify(|e| *e = (*e).max(entry)).or_insert(entry);
                }
                // A flag that no filter looks at moves nothing.
                None if t.now.is_some() && !t.arrived && self.spec.filter == Filter::All => {}
                Some(_) => {}
                None => {
                    ask.insert(t.place.thread);
                }
            }
        }
        let mut gone = Vec::new();
        for (from, into) in &changes.merged {
            if let Some(entry) = rows.by_thread.remove(from) {
                gone.push(entry);
                ask.insert(*into);
            }
            if newest.remove(from).is_some() || ask.remove(from) {
                ask.insert(*into);
            }
        }
        if ask.len() > REREAD {
            return Ok(None);
        }
        let (mut removes, mut inserts) = (gone, Vec::new());
        let scope = json(self.scope.iter().copied());
        let asked =
            ask.iter().map(|thread| Ok((*thread, self.newest_of(reader, *thread, &scope)?))).collect::<Result<Vec<_>>>()?;
        let arrived = newest.into_iter().filter(|(thread, _)| !ask.contains(thread));
        let arrived: Vec<(i64, Option<Entry>)> = arrived
            .map(|(thread, entry)| (thread, Some(rows.by_thread.get(&thread).map_or(entry, |old| entry.max(*old)))))
            .collect();
        for (thread, entry) in asked.into_iter().chain(arrived) {
            let entry = entry.filter(|e| rows.horizon.is_none_or(|h| *e >= h));
            let old = match entry {
                Some(entry) => rows.by_thread.insert(thread, entry),
                None => rows.by_thread.remove(&thread),
            };
            if old != entry {
                removes.extend(old);
                inserts.extend(entry);
            }
        }
        Ok(Some((removes, inserts)))
    }
}

/// Takes rows out and puts rows in; both lists may name what is (not) there already.
pub(super) fn edit(entries: &mut Vec<Entry>, mut removes: Vec<Entry>, mut inserts: Vec<Entry>) -> Vec<Splice> {
    let find = |entries: &[Entry], e: &Entry| entries.binary_search_by(|probe| e.cmp(probe)).is_ok();
    for list in [&mut removes, &mut inserts] {
        list.sort_unstable_by(|a, b| b.cmp(a));
        list.dedup();
    }
    let again: HashSet<Entry> = inserts.iter().copied().collect();
    removes.retain(|e| find(entries, e) && !again.contains(e));
    inserts.retain(|e| !find(entries, e));
    let Some(first) = removes.first().max(inserts.first()).copied() else { return Vec::new() };
    let last = [removes.last(), inserts.last()].into_iter().flatten().min().copied().unwrap_or(first);
    let low = entries.partition_point(|e| *e > first);
    let high = entries.partition_point(|e| *e >= last);
    let old: Vec<Entry> = entries.get(low..high).unwrap_or_default().to_vec();
    let mut new: Vec<Entry> = Vec::with_capacity(old.len() + inserts.len());
    let mut splices: Vec<Splice> = Vec::new();
    let mut open: Option<Splice> = None;
    let (mut old_at, mut coming, mut going) = (old.iter().peekable(), inserts.iter().peekable(), removes.iter().peekable());
    let at = |len: usize| u32::try_from(low + len).unwrap_or(u32::MAX);
    loop {
        match (old_at.peek(), coming.peek()) {
            (None, None) => break,
            (here, Some(insert)) if here.is_none_or(|here| *insert > *here) => {
                open.get_or_insert(Splice { at: at(new.len()), removed: 0, inserted: 0 }).inserted += 1;
                new.push(**insert);
                coming.next();
            }
            (Some(here), _) => {
                if going.next_if(|e| *e == *here).is_some() {
                    open.get_or_insert(Splice { at: at(new.len()), removed: 0, inserted: 0 }).removed += 1;
                } else {
                    splices.extend(open.take());
                    new.push(**here);
                }
                old_at.next();
            }
            (None, Some(_)) => break,
        }
    }
    splices.extend(open);
    if splices.len() > MOST_SPLICES {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        splices = vec![Splice { at: count(low), removed: count(high - low), inserted: count(new.len()) }];
    }
    entries.splice(low..high, new);
    splices
}

/// The one splice that turns `old` into `new`, or none.
pub(super) fn difference(old: &[Entry], new: &[Entry]) -> Vec<Splice> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (old.get(head..).unwrap_or_default(), new.get(head..).unwrap_or_default());
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let (removed, inserted) = (count(old_rest.len() - tail), count(new_rest.len() - tail));
    if removed == 0 && inserted == 0 { Vec::new() } else { vec![Splice { at: count(head), removed, inserted }] }
}

impl Rows {
    pub(super) fn is_partial(&self) -> bool {
        self.horizon.is_some()
    }

    pub(super) fn position(&self, entry: Entry) -> Option<usize> {
        self.entries.binary_search_by(|probe| entry.cmp(probe)).ok()
    }
}

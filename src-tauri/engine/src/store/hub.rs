//! Open lists and what is told of them: every commit passes here, open views follow it, and what changed within a few
//! milliseconds goes out as one event per view and kind. Holds ids, never contents.

use super::lanes::Lanes;
use super::pool::ReadDesk;
use super::reader::Reader;
use super::view::{Entry, FIRST, Outcome, Plan, Rows, difference};
use super::writer::Changes;
use godwit_domain::{Error, Event, MessageId, PlacementId, Result, Scope, Splice, ViewId, ViewOpened, ViewSpec};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;

/// A list with more rows than this shows its first screen before the rest is read.
const LONG: i64 = 50_000;
/// The most lists open at once.
const MOST_VIEWS: usize = 200;
/// The most message ids in one event, and the most events gathered.
const MOST_MESSAGES: usize = 500;
const MOST_EVENTS: usize = 1_000;
/// Splices gathered for one view before one covers them all.
const MOST_SPLICES: usize = 400;

struct OpenView {
    plan: Plan,
    rows: Rows,
    version: u32,
    /// A commit could not be followed: read anew with the next one.
    stale: bool,
}

#[derive(Default)]
struct Views {
    next: i64,
    open: HashMap<i64, OpenView>,
    /// Commits since the oldest list that is being read began, for that list to follow.
    log: Vec<(u64, Arc<Changes>)>,
    seq: u64,
    reading: usize,
}

#[derive(Default)]
struct News {
    first_len: u32,
    len: u32,
    version: u32,
    splices: Vec<Splice>,
    contents: bool,
}

#[derive(Default)]
struct Gathered {
    views: HashMap<i64, News>,
    messages: BTreeSet<MessageId>,
    events: Vec<Event>,
}

/// Open lists and gathered events.
pub(super) struct Hub {
    sender: broadcast::Sender<Event>,
    views: Mutex<Views>,
    gathered: Mutex<Gathered>,
    lanes: Arc<Lanes>,
}

/// A window of a list: which rows, and the mailboxes that the list covers.
pub(super) struct Window {
    pub(super) ids: Vec<PlacementId>,
    pub(super) scope: Vec<i64>,
    pub(super) threaded: bool,
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Hub {
    pub(super) fn new(lanes: Arc<Lanes>) -> Self {
        Self { sender: broadcast::channel(1_024).0, views: Mutex::default(), gathered: Mutex::default(), lanes }
    }

    pub(super) fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }

    fn views(&self) -> MutexGuard<'_, Views> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gathers an event; it goes out within a few milliseconds.
    pub(super) fn emit(&self, event: Event) {
        let mut gathered = self.gathered();
        match event {
            Event::MessagesChanged { messages } => gathered.messages.extend(messages),
            event if gathered.events.contains(&event) || gathered.events.len() >= MOST_EVENTS => {}
            event => gathered.events.push(event),
        }
        drop(gathered);
        self.lanes.tell_soon();
    }

    /// Sends what was gathered.
    pub(super) fn tell(&self) {
        let gathered = std::mem::take(&mut *self.gathered());
        // Nobody listening is no error.
        let send = |event| drop(self.sender.send(event));
        for (view, news) in gathered.views {
            let News { version, len, splices, contents, .. } = news;
            send(Event::ViewChanged { view: ViewId(view), version, len, splices, contents });
        }
        let messages: Vec<MessageId> = gathered.messages.into_iter().collect();
        for part in messages.chunks(MOST_MESSAGES) {
            send(Event::MessagesChanged { messages: part.to_vec() });
        }
        for event in gathered.events {
            send(event);
        }
    }

    /// Brings open lists in line with a commit and gathers its events. Never fails the commit, which stands already.
    pub(super) fn committed(&self, changes: Changes, reader: Reader<'_>) {
        let changes = Arc::new(changes);
        let mut views = self.views();
        views.seq += 1;
        if views.reading > 0 {
            let seq = views.seq;
            views.log.push((seq, Arc::clone(&changes)));
        }
        for (id, view) in &mut views.open {
            if let Err(error) = self.follow(*id, view, &changes, &reader) {
                tracing::warn!(kind = ?error.kind, "an open list could not follow a change");
                view.stale = true;
            }
        }
        drop(views);
        for event in &changes.events {
            self.emit(event.clone());
        }
        if !changes.messages.is_empty() {
            self.emit(Event::MessagesChanged { messages: changes.messages.iter().map(|m| MessageId(*m)).collect() });
        }
    }

    fn follow(&self, id: i64, view: &mut OpenView, changes: &Changes, reader: &Reader<'_>) -> Result<()> {
        let mut reread = view.stale;
        if changes.mailboxes {
            let scope = view.plan.find_scope(reader)?;
            let fixed = matches!(view.plan.spec.scope, Scope::Mailbox { .. });
            reread |= fixed || scope != view.plan.scope;
            view.plan.scope = scope;
        }
        let first_len = count(view.rows.entries.len());
        let outcome = if reread { Outcome::Reread } else { view.plan.follow(reader, &mut view.rows, changes)? };
        match outcome {
            Outcome::Same => {}
            Outcome::Changed { splices, contents } => self.news(id, view, first_len, splices, contents),
            Outcome::Reread => {
                let rows = view.plan.read(reader, view.rows.is_partial().then_some(FIRST))?;
                let splices = difference(&view.rows.entries, &rows.entries);
                view.rows = rows;
                view.stale = false;
                self.news(id, view, first_len, splices, true);
            }
        }
        Ok(())
    }

    fn news(&self, id: i64, view: &mut OpenView, first_len: u32, splices: Vec<Splice>, contents: bool) {
        view.version = view.version.wrapping_add(1);
        let mut gathered = self.gathered();
        let news = gathered.views.entry(id).or_insert_with(|| News { first_len, ..News::default() });
        news.len = count(view.rows.entries.len());
        news.version = view.version;
        news.contents |= contents;
        news.splices.extend(splices);
        if news.splices.len() > MOST_SPLICES {
            news.splices = vec![Splice { at: 0, removed: news.first_len, inserted: news.len }];
        }
        drop(gathered);
        self.lanes.tell_soon();
    }

    /// A list begins to be read: commits from here on are kept for it.
    fn begin(&self) -> u64 {
        let mut views = self.views();
        views.reading += 1;
        views.seq
    }

    fn end(views: &mut Views) {
        views.reading -= 1;
        if views.reading == 0 {
            views.log.clear();
        }
    }

    /// Commits since `seq`, applied to rows read at about that time.
    fn catch_up(views: &Views, seq: u64, plan: &mut Plan, rows: &mut Rows, reader: &Reader<'_>) -> Result<()> {
        for (_, changes) in views.log.iter().filter(|(at, _)| *at > seq) {
            if changes.mailboxes {
                plan.scope = plan.find_scope(reader)?;
            }
            if changes.mailboxes || matches!(plan.follow(reader, rows, changes)?, Outcome::Reread) {
                *rows = plan.read(reader, rows.is_partial().then_some(FIRST))?;
            }
        }
        Ok(())
    }

    /// Opens a list; `true`: only its first screen was read so far, and `complete` has to follow.
    pub(super) fn open(&self, desk: &ReadDesk, spec: ViewSpec) -> Result<(ViewOpened, bool)> {
        self.open_long(desk, spec, LONG)
    }

    /// As `open`, with the length from which a list is long.
    pub(super) fn open_long(&self, desk: &ReadDesk, spec: ViewSpec, long: i64) -> Result<(ViewOpened, bool)> {
        let seq = self.begin();
        let read = desk.read(|reader| {
            let plan = Plan::new(reader, spec)?;
            let total = reader.messages_in(&plan.scope)?;
            let rows = plan.read(reader, (total > long).then_some(FIRST))?;
            Ok((plan, rows))
        });
        let mut views = self.views();
        let done = read.and_then(|(mut plan, mut rows)| {
            if views.open.len() >= MOST_VIEWS {
                return Err(Error::invalid("Too many lists are open.").mend("Close one first."));
            }
            desk.read(|reader| Self::catch_up(&views, seq, &mut plan, &mut rows, reader))?;
            Ok((plan, rows))
        });
        Self::end(&mut views);
        let (plan, rows) = done?;
        views.next += 1;
        let id = views.next;
        let opened = ViewOpened { view: ViewId(id), len: count(rows.entries.len()), version: 1 };
        let partial = rows.is_partial();
        views.open.insert(id, OpenView { plan, rows, version: 1, stale: false });
        Ok((opened, partial))
    }

    /// Reads the rest of a list whose first screen stands.
    pub(super) fn complete(&self, desk: &ReadDesk, id: ViewId) -> Result<()> {
        let seq = self.begin();
        let plan = self.views().open.get(&id.0).map(|v| v.plan.clone());
        let read = match plan {
            Some(plan) => desk.read(|reader| Ok(Some((plan.read(reader, None)?, plan)))),
            None => Ok(None),
        };
        let mut views = self.views();
        let done = read.and_then(|found| {
            let Some((mut rows, mut plan)) = found else { return Ok(None) };
            desk.read(|reader| Self::catch_up(&views, seq, &mut plan, &mut rows, reader))?;
            Ok(Some((rows, plan)))
        });
        Self::end(&mut views);
        if let Some((rows, plan)) = done?
            && let Some(view) = views.open.get_mut(&id.0)
        {
            let first_len = count(view.rows.entries.len());
            let splices = difference(&view.rows.entries, &rows.entries);
            view.rows = rows;
            view.plan = plan;
            self.news(id.0, view, first_len, splices, false);
        }
        Ok(())
    }

    pub(super) fn close(&self, id: ViewId) {
        self.views().open.remove(&id.0);
        self.gathered().views.remove(&id.0);
    }

    /// Whether the list is there, and whether all of it was read.
    pub(super) fn is_whole(&self, id: ViewId) -> Result<bool> {
        self.views().open.get(&id.0).map(|v| !v.rows.is_partial()).ok_or_else(no_view)
    }

    pub(super) fn window(&self, id: ViewId, from: u32, most: u32) -> Result<Window> {
        let views = self.views();
        let view = views.open.get(&id.0).ok_or_else(no_view)?;
        let (from, most) = (usize::try_from(from).unwrap_or(usize::MAX), usize::try_from(most).unwrap_or(usize::MAX));
        let ids = view.rows.entries.iter().skip(from).take(most).map(|(_, id)| PlacementId(*id)).collect();
        Ok(Window { ids, scope: view.plan.scope.clone(), threaded: view.plan.spec.threaded })
    }

    pub(super) fn position(&self, id: ViewId, entry: Entry) -> Result<Option<u32>> {
        let views = self.views();
        let view = views.open.get(&id.0).ok_or_else(no_view)?;
        Ok(view.rows.position(entry).map(count))
    }
}

fn no_view() -> Error {
    Error::gone("This list is not open any more.").mend("Open it again.")
}

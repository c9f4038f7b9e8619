//! One mailbox: select, take changes, read what is new, go on backwards where a first sync stopped, and drop what the
//! server proved to be gone. Every step leaves the store in a state from which the next run goes on.

use super::{AccountSync, folders};
use crate::imap::{Resync, Selected};
use crate::store::{Lane, MailboxState, UidValidity};
use godwit_domain::sync::{FetchedFlags, NEXT_WINDOW, UidSet};
use godwit_domain::{Error, ErrorKind, Event, MailboxId, PlacementId, Result};
use tokio::sync::mpsc;

/// How far to go in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Changes, new mail, and the first window where nothing is here yet.
    FirstScreen,
    /// Down to UID 1.
    Whole,
}

/// What changed here.
#[derive(Debug, Default)]
pub struct MailboxOutcome {
    /// Rows that are really new.
    pub added: u32,
    /// Those of them that came since the last sync: news to a person, unlike what a first sync goes on to read backwards.
    pub arrived: Vec<PlacementId>,
    /// Rows with new flags.
    pub changed: u32,
    /// Rows that went.
    pub removed: u32,
    /// Every flag held is as the server has it now.
    pub flags_read: bool,
    /// All of it is here, as the server has it now.
    pub complete: bool,
    /// Stopped early because a person's action waits; call again.
    pub interrupted: bool,
}

/// Without CONDSTORE: flags of this many newest messages are read each time, of all of them at longer intervals.
const RECENT_FLAGS: u32 = 400;
/// UIDs between what was read and UIDNEXT that are walked through without a list of those that are there.
const LEAP: u32 = 20_000;
/// Seconds between two full flag reads without CONDSTORE.
const FULL_FLAGS_SECS: i64 = 900;

impl AccountSync {
    /// Brings one mailbox up to date.
    pub async fn sync_mailbox(&self, mailbox: MailboxId, depth: Depth) -> Result<MailboxOutcome> {
        let state = self.state(mailbox).await?;
        if folders::unchanged(&state) {
            self.looked().insert(state.id, true);
            return Ok(MailboxOutcome::default());
        }
        self.sync_selected(state, depth).await
    }

    /// The same without trusting STATUS: a push notice said that something happened.
    pub async fn sync_mailbox_now(&self, mailbox: MailboxId) -> Result<MailboxOutcome> {
        let state = self.state(mailbox).await?;
        self.sync_selected(state, Depth::Whole).await
    }

    async fn state(&self, mailbox: MailboxId) -> Result<MailboxState> {
        self.store.read(move |r| r.mailbox_state(r.ground(mailbox)?)).await
    }

    async fn sync_selected(&self, state: MailboxState, depth: Depth) -> Result<MailboxOutcome> {
        let mailbox = state.id;
        let synced = self.sync_one(state, depth).await;
        match &synced {
            Ok(out) if out.complete => drop(self.looked().insert(mailbox, true)),
            // Not all of it, or not now: it is looked into again.
            Ok(_) => {}
            Err(error) if error.kind == ErrorKind::Busy => {}
            Err(_) => drop(self.looked().insert(mailbox, false)),
        }
        synced
    }

    async fn sync_one(&self, state: MailboxState, depth: Depth) -> Result<MailboxOutcome> {
        if !state.on_server || !state.selectable {
            // Made here and not there yet, or a folder that only holds folders: nothing to read.
            return Ok(MailboxOutcome::default());
        }
        let mailbox = state.id;
        let (selected, told) = self.select_and_keep(&state).await?;
        let uidvalidity = selected.uidvalidity.ok_or_else(|| {
            Error::new(ErrorKind::Protocol, format!("The server gives no UIDVALIDITY for {}.", state.path))
                .mend("Without it no message can be told from another; ask your provider.")
        })?;
        let validity = self.store.write(Lane::Sync, move |w| w.mailbox_selected(mailbox, uidvalidity)).await?;
        if validity == UidValidity::Changed && self.store.is_renumbered_too_often(mailbox) {
            let what = format!("The server numbers {} anew again and again.", state.path);
            let error = Error::new(ErrorKind::Protocol, what).mend("Its mail is read anew each time; ask your provider.");
            self.store
                .write(Lane::Sync, move |w| {
                    w.set_uids_unstable(mailbox)?;
                    w.tell(Event::Told { error });
                    Ok(())
                })
                .await?;
        }
        self.opened(mailbox);
        let state = if validity == UidValidity::Same { state } else { self.state(mailbox).await? };
        let uidnext = self.uidnext(&state, &selected).await?;
        let at = Visit { mailbox, uidvalidity, uidnext, selected: &selected, state: &state };

        let mut out = MailboxOutcome { changed: told, ..MailboxOutcome::default() };
        if state.synced_down_to.is_some() {
            self.take_changes(&at, &mut out).await?;
            self.read_new(&at, &mut out).await?;
        }
        let complete = self.read_older(&at, depth, &mut out).await?;
        if complete {
            self.drop_missing(&at, &mut out).await?;
            out.complete = !out.interrupted;
        }
        Ok(out)
    }

    /// Selects; flags that changed elsewhere are written while the rest of them comes in. Answers how many of those.
    async fn select_and_keep(&self, state: &MailboxState) -> Result<(Selected, u32)> {
        let resync = resync(state, self.can_resync());
        let Some(uidvalidity) = resync.as_ref().map(|r| r.uidvalidity) else {
            return Ok((self.conn.select(&state.wire_name, None).await?, 0));
        };
        let (each, mut told) = mpsc::channel(1);
        let keep = async move {
            let mut changed = 0u32;
            while let Some(flags) = told.recv().await {
                changed += self.keep_flags(state.id, uidvalidity, flags).await?;
            }
            Ok::<_, Error>(changed)
        };
        let (selected, changed) = tokio::join!(self.conn.select_and_tell(&state.wire_name, resync, Some(each)), keep);
        Ok((selected?, changed?))
    }

    /// What QRESYNC tells has no labels in it.
    fn can_resync(&self) -> bool {
        let can = self.conn.capabilities();
        can.qresync && !can.gmail
    }

    async fn uidnext(&self, state: &MailboxState, selected: &Selected) -> Result<u32> {
        if let Some(next) = selected.uidnext {
            return Ok(next);
        }
        if let Some(next) = self.conn.status(&state.wire_name).await?.uidnext {
            return Ok(next);
        }
        let newer = self.conn.fetch_uids(state.uidnext.unwrap_or(1), None).await?;
        Ok(newer.last().map_or(state.uidnext.unwrap_or(1), |last| last.saturating_add(1)))
    }

    /// Flags and removals since last time.
    async fn take_changes(&self, at: &Visit<'_>, out: &mut MailboxOutcome) -> Result<()> {
        let caps = self.conn.capabilities();
        let known_modseq = at.state.highestmodseq.filter(|_| at.state.uidvalidity == Some(at.uidvalidity));
        match known_modseq {
            Some(_) if at.selected.resynced => {
                out.flags_read = true;
                out.changed += self.keep_flags(at.mailbox, at.uidvalidity, at.selected.changed.clone()).await?;
                self.remove(at, at.selected.vanished.clone(), out).await?;
            }
            // A MODSEQ below the one we know: the server was set back, and what changed since can't be told by number.
            Some(modseq) if caps.condstore && at.selected.highestmodseq.is_some_and(|now| now >= modseq) => {
                out.flags_read = true;
                if at.selected.highestmodseq != Some(modseq) {
                    let fetched = self.conn.fetch_flags_since(modseq).await?;
                    out.changed += self.keep_flags(at.mailbox, at.uidvalidity, fetched.flags).await?;
                    self.remove(at, fetched.vanished, out).await?;
                }
            }
            Some(_) => self.read_flags(at, Flagged::All, out).await?,
            None => self.read_flags(at, Flagged::WhenDue, out).await?,
        }
        Ok(())
    }

    /// The plain path: no MODSEQ to go by.
    async fn read_flags(&self, at: &Visit<'_>, which: Flagged, out: &mut MailboxOutcome) -> Result<()> {
        let Some(newest) = at.uidnext.checked_sub(1).filter(|n| *n > 0) else { return Ok(()) };
        let down_to = at.state.synced_down_to.unwrap_or(at.uidnext);
        let all_due = which == Flagged::All || at.state.verified_at.is_none_or(is_due);
        out.flags_read = all_due;
        let low = if all_due { down_to } else { newest.saturating_sub(RECENT_FLAGS - 1).max(down_to) };
        let mailbox = at.mailbox;
        let known = self.store.read(move |r| r.uids(mailbox, low, newest)).await?;
        for part in known.chunks(8_000) {
            let fetched = self.conn.fetch_flags(&part, None).await?;
            out.changed += self.keep_flags(at.mailbox, at.uidvalidity, fetched.flags).await?;
        }
        Ok(())
    }

    pub(super) async fn keep_flags(&self, mailbox: MailboxId, uidvalidity: u32, mut flags: Vec<FetchedFlags>) -> Result<u32> {
        let mut changed = 0;
        while !flags.is_empty() {
            let (here, left) = self
                .store
                .write(Lane::Sync, move |w| Ok((w.apply_flags_in_turn(mailbox, uidvalidity, &mut flags)?, flags)))
                .await?;
            changed += here;
            flags = left;
        }
        Ok(changed)
    }

    /// What came since: newest first, so that a long absence still shows today's mail at once.
    async fn read_new(&self, at: &Visit<'_>, out: &mut MailboxOutcome) -> Result<()> {
        let Some(from) = at.state.uidnext.filter(|from| *from < at.uidnext) else {
            return self.checkpoint(at).await;
        };
        let newest = at.uidnext - 1;
        // Where UIDs leapt, most of them name nothing: one list of those that are there saves walking through the gap.
        let there =
            if newest - from > LEAP { self.conn.fetch_uids(from, Some(newest)).await? } else { UidSet::range(from, newest) };
        let (mut left, mut silent) = (there, UidSet::default());
        while let Some(high) = left.last() {
            let window: UidSet = left.iter().rev().take(NEXT_WINDOW as usize).collect();
            let low = window.first().unwrap_or(high);
            let read = self.read_headers(at.mailbox, at.uidvalidity, &window).await?;
            out.added += count(read.added.len());
            out.arrived.extend(read.added);
            out.changed += read.updated;
            left = left.minus(&UidSet::range(low, high));
            let mailbox = at.mailbox;
            let held = self.store.read(move |r| r.uids(mailbox, low, high)).await?;
            silent = silent.union(&window.minus(&held));
        }
        let silent = silent.minus(&self.unreadable_in(at));
        if !silent.is_empty() {
            // No row came: they went meanwhile. Or they are there, and counts that agree by chance would hide them.
            let there = self.conn.fetch_present(&silent).await?;
            self.read_missed(at, &there, &UidSet::default(), out).await?;
        }
        self.checkpoint(at).await
    }

    pub(super) async fn checkpoint(&self, at: &Visit<'_>) -> Result<()> {
        let (mailbox, uidnext, modseq) = (at.mailbox, at.uidnext, at.selected.highestmodseq);
        self.store
            .write(Lane::Sync, move |w| {
                w.set_checkpoint(mailbox, Some(uidnext), modseq)?;
                // A mailbox that keeps no MODSEQ now may keep another count later: the old one says nothing then.
                if modseq.is_none() { w.forget_modseq(mailbox) } else { Ok(()) }
            })
            .await
    }
}

/// Whose flags are read where no MODSEQ tells which changed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flagged {
    /// Everybody's.
    All,
    /// Everybody's at longer intervals, else those of the newest.
    WhenDue,
}

/// One SELECT and what was believed before it.
pub(super) struct Visit<'a> {
    pub mailbox: MailboxId,
    pub uidvalidity: u32,
    pub uidnext: u32,
    pub selected: &'a Selected,
    pub state: &'a MailboxState,
}

pub(super) fn count(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

/// A time ahead of the clock says nothing: the clock was set back.
fn is_due(verified_at: i64) -> bool {
    !(0..=FULL_FLAGS_SECS).contains(&crate::clock::now().saturating_sub(verified_at))
}

fn resync(state: &MailboxState, qresync: bool) -> Option<Resync> {
    let (uidvalidity, modseq) = (state.uidvalidity?, state.highestmodseq.filter(|m| *m > 0)?);
    let down_to = state.synced_down_to?;
    let newest = state.uidnext?.checked_sub(1).filter(|n| *n >= down_to)?;
    qresync.then(|| Resync { uidvalidity, modseq, known: Some(UidSet::range(down_to, newest)) })
}

//! Dropping what the server proved to be gone, and finding what was missed. A row goes only when the server, asked for exactly
//! its UID a second time, does not have it, in an answer that could be read whole; many rows at once only when a second
//! connection says the same (docs/safety.md).

use super::AccountSync;
use super::mailbox::{MailboxOutcome, Visit, count};
use crate::imap::{Connection, Selected};
use crate::store::Lane;
use godwit_domain::sync::{Sent, UidSet, sent};
use godwit_domain::{Error, ErrorKind, Result};
use std::sync::PoisonError;

/// A removal of more than this many rows and more than a fifth of the mailbox needs a second connection's word.
const MASS_REMOVAL: u64 = 50;
/// So many messages that the server lists and does not give are borne with.
const MOST_UNREAD: u64 = 64;

impl AccountSync {
    /// With everything here: where the counts differ, compare UIDs; then orphans of an old UIDVALIDITY that nobody claimed may go.
    pub(super) async fn drop_missing(&self, at: &Visit<'_>, out: &mut MailboxOutcome) -> Result<()> {
        let mailbox = at.mailbox;
        let newest = at.uidnext.saturating_sub(1);
        let rows = self.store.read(move |r| Ok(r.mailbox_state(mailbox)?.base_messages)).await?;
        // The count is kept beside the rows; only where it disagrees are they read, all of them.
        let as_many = rows == at.selected.exists && self.unreadable_in(at).is_empty();
        let held = if as_many { UidSet::default() } else { self.store.read(move |r| r.uids(mailbox, 1, newest)).await? };
        let unreadable = self.unreadable_in(at).minus(&held);
        if !as_many && held.len() + unreadable.len() != u64::from(at.selected.exists) {
            let there = self.conn.fetch_uids(1, None).await?;
            self.remove(at, held.minus(&there), out).await?;
            self.read_missed(at, &there, &held, out).await?;
        }
        if self.unreadable_in(at).is_empty() {
            // A row that could not be read may be the one that an orphan waits for.
            self.finish_orphans(at, out).await?;
        }
        if !out.flags_read && at.state.synced_down_to.is_some() {
            // Only the newest flags were read: the full reading is still due when it was.
            return Ok(());
        }
        let now = crate::clock::now();
        self.store.write(Lane::Sync, move |w| w.set_verified(mailbox, now)).await
    }

    /// What an old UIDVALIDITY left and nobody claimed may go; much of it only where a second connection sees the same mailbox.
    async fn finish_orphans(&self, at: &Visit<'_>, out: &mut MailboxOutcome) -> Result<()> {
        let mailbox = at.mailbox;
        let (orphans, held) =
            self.store.read(move |r| Ok((r.orphans(mailbox)?, r.mailbox_state(mailbox)?.base_messages))).await?;
        if u64::from(orphans) > MASS_REMOVAL && u64::from(orphans) * 5 > u64::from(orphans) + u64::from(held) {
            let (_, selected) = self.select_afresh(at).await?;
            if selected.exists != at.selected.exists {
                return Err(changed_meanwhile(at));
            }
        }
        out.removed += self.store.write(Lane::Sync, move |w| w.finish_orphans(mailbox)).await?;
        Ok(())
    }

    /// Reads headers that should be here and are not; one that can't be read is remembered, so that it is not asked for at every turn.
    pub(super) async fn read_missed(
        &self,
        at: &Visit<'_>,
        there: &UidSet,
        held: &UidSet,
        out: &mut MailboxOutcome,
    ) -> Result<()> {
        let newest = at.uidnext.saturating_sub(1).max(1);
        let missed = there.intersect(&UidSet::range(1, newest)).minus(held).minus(&self.unreadable_in(at));
        if missed.is_empty() {
            return Ok(());
        }
        match self.read_headers(at.mailbox, at.uidvalidity, &missed).await {
            Ok(read) => out.added += count(read.added.len()),
            // A few that the server does not give stay unread; more than that is an error of the mailbox.
            Err(error) if missed.len() <= MOST_UNREAD && sent(&error) != Sent::Open && self.conn.is_alive() => {}
            Err(error) => return Err(error),
        }
        let mailbox = at.mailbox;
        let now_held = self.store.read(move |r| r.uids(mailbox, 1, newest)).await?;
        let unread = missed.minus(&now_held);
        if !unread.is_empty() {
            tracing::warn!(messages = unread.len(), "headers could not be read; the next session asks again");
            let all = self.unreadable_in(at).union(&unread);
            self.unreadable.lock().unwrap_or_else(PoisonError::into_inner).insert(mailbox, (at.uidvalidity, all));
        }
        Ok(())
    }

    pub(super) fn unreadable_in(&self, at: &Visit<'_>) -> UidSet {
        let known = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(&at.mailbox)
            .filter(|(validity, _)| *validity == at.uidvalidity)
            .map(|(_, uids)| uids.clone())
            .unwrap_or_default()
    }

    /// Drops rows the server says are gone, once it has said so twice.
    pub(super) async fn remove(&self, at: &Visit<'_>, gone: UidSet, out: &mut MailboxOutcome) -> Result<()> {
        let (mailbox, uidvalidity) = (at.mailbox, at.uidvalidity);
        let newest = at.uidnext.saturating_sub(1).max(at.state.uidnext.unwrap_or(1));
        let (Some(first), Some(last)) = (gone.first(), gone.last()) else { return Ok(()) };
        let (held, rows) = self
            .store
            .read(move |r| Ok((r.uids(mailbox, first, last.min(newest))?, r.mailbox_state(mailbox)?.base_messages)))
            .await?;
        let gone = gone.intersect(&held).minus(&self.beyond_view(at).await?);
        if gone.is_empty() {
            return Ok(());
        }
        let there = if gone.len() > MASS_REMOVAL && gone.len() * 5 > u64::from(rows) {
            self.ask_afresh(at, &gone).await?
        } else {
            still_there(&self.conn, at, &gone).await?
        };
        let gone = gone.minus(&there);
        out.removed += self.store.write(Lane::Sync, move |w| w.remove_uids(mailbox, uidvalidity, &gone)).await?;
        Ok(())
    }

    /// UIDs that a server which tells of the newest messages only can't be asked about: they are no proof of anything.
    async fn beyond_view(&self, at: &Visit<'_>) -> Result<UidSet> {
        // Shortly after removals a few less than the most are told of, though older mail is there.
        let near = |most: &u32| at.selected.exists >= most - most / 100;
        let Some(most) = self.conn.capabilities().quirks.shows_newest.filter(near) else {
            return Ok(UidSet::default());
        };
        let oldest = self.conn.fetch_uids(1, None).await?.first().unwrap_or(u32::MAX);
        tracing::debug!(most, oldest, "older messages are not told of, and stay");
        Ok(oldest.checked_sub(1).filter(|last| *last > 0).map_or_else(UidSet::default, |last| UidSet::range(1, last)))
    }

    /// The same question over a connection of its own: what confuses one session is not in the next.
    async fn ask_afresh(&self, at: &Visit<'_>, gone: &UidSet) -> Result<UidSet> {
        let (fresh, _) = self.select_afresh(at).await?;
        still_there(&fresh, at, gone).await
    }

    async fn select_afresh(&self, at: &Visit<'_>) -> Result<(Connection, Selected)> {
        let fresh = (self.dial)().await.map_err(|error| {
            // Whatever kept the second connection away is no reason to end the first, nor to believe it.
            Error::new(ErrorKind::Busy, format!("Much of {} seems gone, and no second connection could be made.", at.state.path))
                .mend(format!("Nothing was taken away here; Godwit tries again. {}", error.what))
        })?;
        let selected = fresh.select(&at.state.wire_name, None).await?;
        if selected.uidvalidity != Some(at.uidvalidity) {
            return Err(changed_meanwhile(at));
        }
        Ok((fresh, selected))
    }
}

fn changed_meanwhile(at: &Visit<'_>) -> Error {
    Error::new(ErrorKind::Busy, format!("{} changed while it was read.", at.state.path)).mend("Godwit tries again.")
}

/// Which of these the open mailbox still has. An answer with a line that can't be read proves no absence.
async fn still_there(conn: &Connection, at: &Visit<'_>, gone: &UidSet) -> Result<UidSet> {
    let before = conn.quarantined();
    let there = conn.fetch_present(gone).await?;
    if conn.quarantined() != before {
        return Err(Error::new(ErrorKind::Busy, format!("The server's list of {} can't be read whole.", at.state.path))
            .mend("Nothing was taken away here; Godwit tries again."));
    }
    Ok(there)
}

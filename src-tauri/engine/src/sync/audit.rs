//! In idle time: what is held of a mailbox against what the server has, UID by UID, flag by flag and size by size, whatever counts and MODSEQ
//! say. A difference is mended by the same steps that a sync takes, so nothing goes here on less proof, and it is logged.

use super::AccountSync;
use super::mailbox::{MailboxOutcome, Visit};
use crate::imap::Selected;
use crate::store::{Lane, MailboxState};
use godwit_domain::sync::{UidSet, due_for_audit};
use godwit_domain::{MailboxId, PlacementId, Result};
use std::collections::HashMap;

/// A mailbox is compared this often, in seconds; more seldom on a line that costs by the byte.
const EVERY_SECS: i64 = 86_400;
const METERED_EVERY_SECS: i64 = 7 * 86_400;
/// Flags asked for in one go; between two goes a person's action comes first.
const PART_CHARS: usize = 8_000;
/// Headers read again in one part. Servers whose sizes are never right would have all of them read.
const MOST_SUSPECTS: usize = 200;

/// What an audit found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audited {
    /// Messages compared.
    pub messages: u64,
    /// Held here and not there.
    pub gone: u64,
    /// There and not held here.
    pub missed: u64,
    /// Held with other flags.
    pub flags: u64,
    /// Held as another message than the one that is there.
    pub others: u64,
}

impl Audited {
    fn differences(self) -> u64 {
        self.gone + self.missed + self.flags + self.others
    }
}

impl AccountSync {
    /// The mailbox that has waited longest for its audit, where one is due.
    pub async fn audit_due(&self) -> Result<Option<MailboxId>> {
        let account = self.account;
        let states = self.store.read(move |r| r.mailbox_states(account)).await?;
        let every = if self.pulse.is_metered() { METERED_EVERY_SECS } else { EVERY_SECS };
        let whole = states.into_iter().filter(|s| self.is_read(s) && s.synced_down_to == Some(1));
        Ok(due_for_audit(whole.map(|s| (s.id, s.audited_at)), crate::clock::now(), every))
    }

    /// Compares one mailbox and mends what differs. `None`: it can't be said now, because the mailbox is changing, not whole
    /// here, or an answer could not be read; nothing is noted then.
    pub async fn audit_mailbox(&self, mailbox: MailboxId) -> Result<Option<Audited>> {
        let synced = self.sync_mailbox_now(mailbox).await?;
        let state = self.store.read(move |r| r.mailbox_state(mailbox)).await?;
        let (Some(uidvalidity), Some(uidnext)) = (state.uidvalidity, state.uidnext) else { return Ok(None) };
        if synced.interrupted || state.synced_down_to != Some(1) || !self.has_open(mailbox) {
            return Ok(None);
        }
        let selected = Selected { uidvalidity: Some(uidvalidity), uidnext: Some(uidnext), ..Selected::default() };
        let at = Visit { mailbox, uidvalidity, uidnext, selected: &selected, state: &state };
        let Some(found) = self.compare(&at).await? else { return Ok(None) };
        let (now, differences) = (crate::clock::now(), found.differences());
        self.store.write(Lane::Sync, move |w| w.set_audited(mailbox, now, differences)).await?;
        let account = self.account;
        let states = self.store.read(move |r| r.mailbox_states(account)).await?;
        if states.iter().filter(|s| self.is_read(s)).all(|s| s.audited_at.is_some()) {
            self.store.write(Lane::Sync, move |w| w.give_up_homeless(account)).await?;
        }
        if differences > 0 {
            tracing::warn!(%mailbox, gone = found.gone, missed = found.missed, flags = found.flags, others = found.others, "an audit mended differences");
        }
        Ok(Some(found))
    }

    async fn compare(&self, at: &Visit<'_>) -> Result<Option<Audited>> {
        let unreadable_before = self.conn.quarantined();
        let still = || self.conn.quarantined() == unreadable_before && !self.conn.has_news();
        let (mailbox, newest) = (at.mailbox, at.uidnext.saturating_sub(1));
        let there = self.conn.fetch_uids(1, None).await?;
        let held = self.store.read(move |r| r.uids(mailbox, 1, newest)).await?;
        if !still() {
            return Ok(None);
        }
        let known = UidSet::range(1, newest.max(1)).minus(&self.unreadable_in(at));
        let (gone, missed) = (held.minus(&there), there.intersect(&known).minus(&held));
        let mut found =
            Audited { messages: held.intersect(&there).len(), gone: gone.len(), missed: missed.len(), ..Audited::default() };
        let mut out = MailboxOutcome::default();
        self.remove(at, gone, &mut out).await?;
        self.read_missed(at, &there, &held, &mut out).await?;
        for part in held.intersect(&there).chunks(PART_CHARS) {
            found.flags += self.compare_flags(at, at.state, &part).await?;
            let others = self.other_messages(at, &part).await?;
            found.others += others.len();
            self.read_missed(at, &others, &UidSet::default(), &mut out).await?;
            if self.pulse.push_wanted() {
                return Ok(None);
            }
        }
        Ok(still().then_some(found))
    }

    /// UIDs whose row is of another message than the server has there: a COPYUID or a FETCH that was not true. Sizes prove
    /// nothing but raise the question; who is another is told by the header. Such rows go, to be read anew.
    async fn other_messages(&self, at: &Visit<'_>, part: &UidSet) -> Result<UidSet> {
        let sizes: HashMap<u32, u32> = self.conn.fetch_sizes(part).await?.into_iter().collect();
        let (mailbox, asked) = (at.mailbox, part.clone());
        let rows = self.store.read(move |r| r.uid_identities(mailbox, &asked)).await?;
        let differs = |uid: u32, size: u32| sizes.get(&uid).is_some_and(|there| *there != size);
        let suspects: UidSet = rows.iter().filter(|row| differs(row.0, row.4)).map(|row| row.0).take(MOST_SUSPECTS).collect();
        let there = self.held(&suspects).await?;
        let other = |uid: u32, identity: [u8; 16]| there.get(&uid).is_some_and(|now| *now != identity);
        let others: Vec<(u32, PlacementId)> =
            rows.into_iter().filter(|row| other(row.0, row.2)).map(|row| (row.0, row.1)).collect();
        let uids: UidSet = others.iter().map(|(uid, _)| *uid).collect();
        if !others.is_empty() {
            let others = others.into_iter().map(|(_, placement)| placement).collect::<Vec<_>>();
            self.store
                .write(Lane::Sync, move |w| {
                    w.set_uids_unstable(mailbox)?;
                    w.are_others(&others)
                })
                .await?;
        }
        Ok(uids)
    }

    /// Takes the flags as they are; answers how many had been missed, without those that changed only just now.
    async fn compare_flags(&self, at: &Visit<'_>, state: &MailboxState, part: &UidSet) -> Result<u64> {
        let fetched = self.conn.fetch_flags(part, None).await?;
        let is_new = |modseq: Option<u64>| modseq.zip(state.highestmodseq).is_some_and(|(now, known)| now > known);
        let (new, old): (Vec<_>, Vec<_>) = fetched.flags.into_iter().partition(|f| is_new(f.modseq));
        let missed = self.keep_flags(at.mailbox, at.uidvalidity, old).await?;
        self.keep_flags(at.mailbox, at.uidvalidity, new).await?;
        Ok(u64::from(missed))
    }
}

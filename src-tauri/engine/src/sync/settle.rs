//! What a creating command may have done before the line broke is found out here, before anything is repeated (rule W1).
//! The APPEND of sent mail is the outbox' own affair.

use super::AccountSync;
use super::push::{Deletion, PushOutcome};
use crate::imap::StoreChange;
use crate::store::{Attempt, AttemptId, AttemptKind, Lane, LiesAt, Want};
use godwit_domain::flags::bit;
use godwit_domain::sync::{Sent, UidSet, sent};
use godwit_domain::{Error, ErrorKind, Event, Flags, MailboxId, Result};
use std::collections::{BTreeMap, HashMap};

impl AccountSync {
    /// Looks where each unfinished COPY should have arrived. Found: it is done. Proven absent: it may be tried again.
    /// Neither can be said: it is given up and told, never repeated.
    pub(super) async fn settle_attempts(&self, out: &mut PushOutcome) -> Result<()> {
        let account = self.account;
        let attempts = self.store.read(move |r| r.attempts(account)).await?;
        let mut by_target: BTreeMap<MailboxId, Vec<(AttemptId, Attempt)>> = BTreeMap::new();
        for (id, attempt) in attempts.into_iter().filter(|(_, a)| a.kind != AttemptKind::Append) {
            by_target.entry(attempt.target).or_default().push((id, attempt));
        }
        for (target, attempts) in by_target {
            let ids: Vec<(AttemptId, Attempt)> = attempts.clone();
            match self.settle_in(target, attempts, out).await {
                Err(error) if sent(&error) == Sent::Refused => self.give_up(ids).await?,
                done => done?,
            }
        }
        Ok(())
    }

    /// The target can't be looked into any more: said once, and never tried again by itself.
    async fn give_up(&self, attempts: Vec<(AttemptId, Attempt)>) -> Result<()> {
        for (id, attempt) in attempts {
            self.cannot_say(&attempt).await?;
            self.end(vec![id]).await?;
        }
        Ok(())
    }

    async fn settle_in(&self, target: MailboxId, attempts: Vec<(AttemptId, Attempt)>, out: &mut PushOutcome) -> Result<()> {
        let state = self.store.read(move |r| r.mailbox_state(target)).await?;
        let selected = self.conn.select(&state.wire_name, None).await?;
        let uidvalidity = selected.uidvalidity;
        let from = attempts.iter().filter_map(|(_, a)| a.uidnext).min().unwrap_or(1);
        let arrived = self.conn.fetch_uids(from, None).await?;
        let rows = super::headers::parse(self.conn.fetch_identities(&arrived).await?).await?;
        // A row that could not be read may be the very copy: an absence is proved only where all of them were.
        let read_all = u64::try_from(rows.len()).unwrap_or(0) == arrived.len();
        let mut there: HashMap<[u8; 16], Vec<u32>> = HashMap::new();
        for row in rows {
            there.entry(row.headers.identity).or_default().push(row.uid);
        }
        for (id, attempt) in attempts {
            let comparable = attempt.uidvalidity.is_some() && attempt.uidvalidity == uidvalidity && attempt.uidnext.is_some();
            // What stood there before the command left is no trace of it.
            let after = attempt.uidnext.unwrap_or(u32::MAX);
            let candidates = attempt.identity.and_then(|identity| there.get_mut(&identity));
            let found = candidates.and_then(|uids| {
                let at = uids.iter().position(|uid| *uid >= after)?;
                Some(uids.swap_remove(at))
            });
            match (comparable, found, uidvalidity) {
                (true, Some(uid), Some(validity)) => self.arrived(&attempt, validity, uid).await?,
                (true, None, _) if read_all => {}
                _ => self.cannot_say(&attempt).await?,
            }
            self.end(vec![id]).await?;
        }
        out.touched.insert(target);
        Ok(())
    }

    /// The copy is there. A copy is done; a move still has to take its source away.
    async fn arrived(&self, attempt: &Attempt, uidvalidity: u32, uid: u32) -> Result<()> {
        if let Some(copy) = attempt.copy {
            return self.store.write(Lane::Sync, move |w| w.copied(copy, Some((uidvalidity, uid)))).await;
        }
        let Some(placement) = attempt.placement else { return Ok(()) };
        let Some(source) = self.store.read(move |r| r.lies_at(placement)).await? else { return Ok(()) };
        if source.mailbox == attempt.target {
            return Ok(());
        }
        let Some(old) = source.uid else {
            let wanted = source.target == Some(attempt.target);
            return if wanted { self.cannot_say(attempt).await } else { Ok(()) };
        };
        let mailbox = source.mailbox;
        let state = self.store.read(move |r| r.mailbox_state(mailbox)).await?;
        let selected = self.conn.select(&state.wire_name, None).await?;
        let uids = UidSet::range(old, old);
        let held = super::headers::parse(self.conn.fetch_identities(&uids).await?).await?;
        let is_gone = held.is_empty();
        let same = held.first().is_some_and(|n| n.headers.identity == source.identity);
        if selected.uidvalidity != state.uidvalidity || !(same || is_gone) {
            return self.cannot_say(attempt).await;
        }
        let target = attempt.target;
        if same && source.target != Some(target) {
            return self.stays(&uids, &source).await;
        }
        if same && self.delete_here(&uids).await? == Deletion::Marked {
            return self.store.write(Lane::Sync, move |w| w.moved_leaving(placement, target, Some((uidvalidity, uid)))).await;
        }
        self.store.write(Lane::Sync, move |w| w.moved(placement, target, Some(uidvalidity), Some(uid))).await
    }

    /// Taken back meanwhile, or wanted elsewhere: the original stays, and nobody's EXPUNGE may take it. The copy is listed by
    /// the sync that follows; it is not taken away, for another device may have made one too.
    async fn stays(&self, uids: &UidSet, source: &LiesAt) -> Result<()> {
        if !source.flags.has(bit::DELETED) {
            self.conn.store_flags(uids, StoreChange::Remove, &Flags::of(bit::DELETED)).await?;
        }
        let error = Error::new(ErrorKind::Uncertain, "The line broke as a message was moved, and it is in both folders now.")
            .mend("Delete the copy that you don't need.");
        self.store
            .write(Lane::Sync, move |w| {
                w.tell(Event::Told { error });
                Ok(())
            })
            .await
    }

    async fn cannot_say(&self, attempt: &Attempt) -> Result<()> {
        let error = Error::new(
            ErrorKind::Uncertain,
            "The line broke during a copy, and the folder can't be compared any more: nobody can say whether it arrived.",
        )
        .mend("Look into the folder; if the message is missing there, do it again.");
        let (placement, copy) = (attempt.placement, attempt.copy);
        self.store
            .write(Lane::Sync, move |w| {
                copy.map_or(Ok(()), |copy| w.copy_refused(copy, &error))?;
                placement.map_or(Ok(()), |placement| w.refused(&[placement], &Want::Place, &error))
            })
            .await
    }
}

//! What a creating command may have done before the line broke is found out here, before anything is repeated (rule W1).
//! The APPEND of sent mail is the outbox' own affair.

use super::AccountSync;
use super::arrivals::Absence;
use super::push::{Deletion, PushOutcome};
use crate::imap::StoreChange;
use crate::store::{Attempt, AttemptId, AttemptKind, Lane, LiesAt, Want};
use godwit_domain::flags::bit;
use godwit_domain::sync::{Sent, UidSet, sent};
use godwit_domain::{Error, ErrorKind, Event, Flags, MailboxId, PlacementId, Result};
use std::collections::{BTreeMap, HashMap};

/// A move whose copy was found in its target.
struct Arrived {
    id: AttemptId,
    attempt: Attempt,
    placement: PlacementId,
    /// UIDVALIDITY and UID there.
    place: (u32, u32),
}

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
            match self.settle_in(target, attempts, out).await {
                Err(error) if sent(&error) == Sent::Refused => self.give_up(target).await?,
                // Asked again by the next push. Until then what may have been done is not begun again, and the rest goes on.
                Err(error) if sent(&error) == Sent::NotNow && self.conn.is_alive() => {
                    tracing::info!(%target, kind = ?error.kind, "a folder can't be looked into now");
                }
                done => done?,
            }
        }
        Ok(())
    }

    /// The target, or where a move came from, can't be looked into any more: said once, and never tried again by itself.
    async fn give_up(&self, target: MailboxId) -> Result<()> {
        let account = self.account;
        let left = self.store.read(move |r| r.attempts(account)).await?;
        for (id, attempt) in left.into_iter().filter(|(_, a)| a.target == target && a.kind != AttemptKind::Append) {
            self.cannot_say(&attempt).await?;
            self.end(vec![id]).await?;
        }
        Ok(())
    }

    async fn settle_in(&self, target: MailboxId, attempts: Vec<(AttemptId, Attempt)>, out: &mut PushOutcome) -> Result<()> {
        let state = self.store.read(move |r| r.mailbox_state(target)).await?;
        let from = attempts.iter().filter_map(|(_, a)| a.uidnext).min();
        let mut arrivals = self.arrivals(&state, from, std::iter::once(None)).await?;
        let uidvalidity = arrivals.uidvalidity;
        let mut there: HashMap<[u8; 16], Vec<u32>> = HashMap::new();
        for row in std::mem::take(&mut arrivals.rows) {
            there.entry(row.headers.identity).or_default().push(row.uid);
        }
        let (mut moves, mut missing) = (Vec::new(), Vec::new());
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
                (true, Some(uid), Some(validity)) => match (attempt.copy, attempt.placement) {
                    (Some(copy), _) => self.store.write(Lane::Sync, move |w| w.copied(copy, Some((validity, uid)))).await?,
                    // Its trace goes once its source is dealt with.
                    (None, Some(placement)) => {
                        moves.push(Arrived { id, attempt, placement, place: (validity, uid) });
                        continue;
                    }
                    (None, None) => {}
                },
                (true, None, _) => {
                    missing.push((id, attempt));
                    continue;
                }
                _ => self.cannot_say(&attempt).await?,
            }
            self.end(vec![id]).await?;
        }
        let (ids, missing): (Vec<AttemptId>, Vec<Attempt>) = missing.into_iter().unzip();
        let absences = self.absences(&arrivals, &missing).await?;
        for ((id, attempt), absence) in ids.into_iter().zip(missing).zip(absences) {
            match absence {
                Absence::Proven => {}
                Absence::Doubtful => self.cannot_say(&attempt).await?,
                // Its trace stays, and what it stands for is not begun again before.
                Absence::NotYet => continue,
            }
            self.end(vec![id]).await?;
        }
        out.touched.insert(target);
        self.take_sources_away(moves).await
    }

    /// The copies of moves are there: their sources have to go, a mailbox at a time.
    async fn take_sources_away(&self, moves: Vec<Arrived>) -> Result<()> {
        let mut by_source: BTreeMap<MailboxId, Vec<(u32, LiesAt, Arrived)>> = BTreeMap::new();
        for arrived in moves {
            let (placement, target) = (arrived.placement, arrived.attempt.target);
            let source = self.store.read(move |r| r.lies_at(placement)).await?.filter(|source| source.mailbox != target);
            match source {
                Some(LiesAt { uid: Some(uid), mailbox, .. }) => {
                    by_source.entry(mailbox).or_default().extend(source.map(|source| (uid, source, arrived)));
                    continue;
                }
                // Its mailbox was numbered anew, and the sync has to find it there first.
                Some(_) => continue,
                None => {}
            }
            self.end(vec![arrived.id]).await?;
        }
        for (mailbox, rows) in by_source {
            self.take_away_in(mailbox, rows).await?;
        }
        Ok(())
    }

    async fn take_away_in(&self, mailbox: MailboxId, rows: Vec<(u32, LiesAt, Arrived)>) -> Result<()> {
        let state = self.store.read(move |r| r.mailbox_state(mailbox)).await?;
        let selected = self.conn.select(&state.wire_name, None).await?;
        if selected.uidvalidity != state.uidvalidity {
            // Numbered anew: the sync finds them again, and the next push comes back to this.
            return Ok(());
        }
        let asked: UidSet = rows.iter().map(|(uid, ..)| *uid).collect();
        let held = self.held(&asked).await?;
        let missing = asked.minus(&held.keys().copied().collect());
        // What could not be read is not gone: the next push comes back to it.
        let unread = if missing.is_empty() { UidSet::default() } else { self.conn.fetch_present(&missing).await? };
        let rows: Vec<_> = rows.into_iter().filter(|(uid, ..)| !unread.contains(*uid)).collect();
        let ids = rows.iter().map(|(_, _, arrived)| arrived.id).collect();
        let (mut there, mut gone, mut stay) = (Vec::new(), Vec::new(), Vec::new());
        for (uid, source, arrived) in rows {
            match held.get(&uid) {
                None => gone.push(arrived),
                Some(identity) if *identity != source.identity => self.cannot_say(&arrived.attempt).await?,
                Some(_) if source.target == Some(arrived.attempt.target) => there.push((uid, arrived)),
                Some(_) => stay.push((uid, source)),
            }
        }
        if !stay.is_empty() {
            self.stay(stay).await?;
        }
        let uids: UidSet = there.iter().map(|(uid, _)| *uid).collect();
        let mut marked = Vec::new();
        let deleted: Vec<Arrived> = there.into_iter().map(|(_, arrived)| arrived).collect();
        if !uids.is_empty() {
            match self.delete_here(&uids).await? {
                Deletion::Gone => gone.extend(deleted),
                Deletion::Marked => marked = deleted,
            }
        }
        self.store
            .write(Lane::Sync, move |w| {
                for Arrived { attempt, placement, place, .. } in marked {
                    w.moved_leaving(placement, attempt.target, Some(place))?;
                }
                for Arrived { attempt, placement, place: (uidvalidity, uid), .. } in gone {
                    w.moved(placement, attempt.target, Some(uidvalidity), Some(uid))?;
                }
                Ok(())
            })
            .await?;
        self.end(ids).await
    }

    /// Taken back meanwhile, or wanted elsewhere: the originals stay, and nobody's EXPUNGE may take them. The copies are listed
    /// by the sync that follows; they are not taken away, for another device may have made them too.
    async fn stay(&self, rows: Vec<(u32, LiesAt)>) -> Result<()> {
        let unmarked: UidSet = rows.iter().filter(|(_, source)| !source.flags.has(bit::DELETED)).map(|(uid, _)| *uid).collect();
        if !unmarked.is_empty() {
            self.conn.store_flags(&unmarked, StoreChange::Remove, &Flags::of(bit::DELETED)).await?;
        }
        let what = match rows.len() {
            1 => "The line broke as a message was moved, and it is in both folders now.".to_owned(),
            n => format!("The line broke as {n} messages were moved, and they are in both folders now."),
        };
        let error = Error::new(ErrorKind::Uncertain, what).mend("Delete the copy that you don't need.");
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
            "A message was being copied, and its folder can't be compared any more: nobody can say whether the copy arrived.",
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

//! MOVE and EXPUNGE. No destructive command goes to a UID that was not looked at under this SELECT (W7).

use super::AccountSync;
use super::copying::Trace;
use super::push::{Deletion, PushOutcome, Visit, another_message, count, told_uids};
use crate::imap::{CopyUid, StoreChange};
use crate::store::{AttemptKind, Doing, Lane, MailboxState, Pending, Want};
use godwit_domain::flags::bit;
use godwit_domain::sync::{Sent, UidSet, sent};
use godwit_domain::{Error, Flags, MailboxId, PlacementId, Result};
use std::collections::HashMap;

impl AccountSync {
    pub(super) async fn push_move(
        &self,
        visit: &Visit<'_>,
        target: MailboxId,
        placements: &[PlacementId],
        out: &mut PushOutcome,
    ) -> Result<()> {
        let (placements, uids) = self.checked(visit, placements).await?;
        if uids.is_empty() {
            return Ok(());
        }
        let to = self.store.read(move |r| r.mailbox_state(target)).await?;
        let mut on_wire = Vec::new();
        let moved = if self.conn.capabilities().move_ {
            let (mailbox, uidvalidity) = (visit.state.id, visit.state.uidvalidity.unwrap_or(0));
            let (rows, doing) = (placements.clone(), Doing::Move { target, uidnext: to.uidnext });
            on_wire.push(self.store.write(Lane::Sync, move |w| w.leaves(mailbox, uidvalidity, &rows, &doing)).await?);
            match self.conn.move_messages(&uids, &to.wire_name).await {
                Ok(moved) => {
                    let gone = self.not_standing_still(visit, &to, &placements, moved.as_ref(), out).await?;
                    Ok((moved, Deletion::Gone, gone))
                }
                Err(error) => Err(error),
            }
        } else {
            let wanted: Vec<&Pending> = placements.iter().filter_map(|id| visit.pending.get(id)).collect();
            self.move_by_copy(&to, &wanted, out).await
        };
        let (moved, source, placements) = match moved {
            Ok(moved) => moved,
            Err(error) => {
                self.refuse_move(visit.pending, &placements, error).await?;
                return self.answered(on_wire).await;
            }
        };
        let told = told_uids(moved.as_ref());
        let mut places = Vec::with_capacity(placements.len());
        for id in &placements {
            let place = visit.pending.get(id).and_then(|p| p.uid).and_then(|uid| told.get(&uid).copied());
            if place.is_none() {
                out.touched.insert(target);
            }
            places.push((*id, place));
        }
        *out.pushed.entry(visit.state.id).or_default() += count(places.len());
        for part in places.chunks(500) {
            let part = part.to_vec();
            self.store
                .write(Lane::Sync, move |w| {
                    part.iter().try_for_each(|(id, place)| match source {
                        Deletion::Gone => w.moved(*id, target, place.map(|p| p.0), place.map(|p| p.1)),
                        Deletion::Marked => w.moved_leaving(*id, target, *place),
                    })
                })
                .await?;
        }
        self.answered(on_wire).await
    }

    /// An OK without COPYUID moves nothing where the UID was not there, or where the server only says so. What stands in its
    /// old place is looked for in the target as if it had been copied. Answers the others.
    async fn not_standing_still(
        &self,
        visit: &Visit<'_>,
        to: &MailboxState,
        placements: &[PlacementId],
        moved: Option<&CopyUid>,
        out: &mut PushOutcome,
    ) -> Result<Vec<PlacementId>> {
        let told = told_uids(moved);
        let wanted: Vec<&Pending> = placements.iter().filter_map(|id| visit.pending.get(id)).collect();
        let untold = wanted.iter().filter_map(|p| p.uid).filter(|uid| !told.contains_key(uid)).collect();
        let there = match self.held(&untold).await {
            // Then the OK has to do.
            Err(error) if sent(&error) != Sent::Open && self.conn.is_alive() => HashMap::new(),
            there => there?,
        };
        let stands = |p: &Pending| p.uid.and_then(|uid| there.get(&uid)).is_some_and(|identity| *identity == p.identity);
        let (still, gone): (Vec<&Pending>, Vec<&Pending>) = wanted.into_iter().partition(|p| stands(p));
        if !still.is_empty() {
            self.begin_as_of(AttemptKind::Move, to, still.iter().map(|p| Trace::of_move(p)).collect()).await?;
            out.unproven.moves.extend(still.iter().map(|p| p.placement));
        }
        Ok(gone.iter().map(|p| p.placement).collect())
    }

    /// What was on its way out by the trash stays as it is, no less than what was on its way elsewhere.
    pub(super) async fn refuse_move(
        &self,
        pending: &HashMap<PlacementId, Pending>,
        placements: &[PlacementId],
        error: Error,
    ) -> Result<()> {
        let is_gone = |id: &PlacementId| pending.get(id).is_some_and(|p| p.gone);
        let (gone, moved): (Vec<PlacementId>, Vec<PlacementId>) = placements.iter().copied().partition(is_gone);
        for (placements, want) in [(gone, Want::Gone), (moved, Want::Place)] {
            if !placements.is_empty() {
                self.refuse(&placements, &want, error.clone(), false).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn push_expunge(&self, visit: &Visit<'_>, placements: &[PlacementId], out: &mut PushOutcome) -> Result<()> {
        let wanted = placements.iter().filter_map(|id| visit.pending.get(id));
        let kept =
            self.keep_bodies(visit.state.id, wanted.filter_map(|p| Some((p.placement, p.uid?, p.message, p.size))).collect());
        match kept.await {
            // What the server does not give nobody can keep; it is to go all the same.
            Err(error) if sent(&error) != Sent::Open && self.conn.is_alive() => {
                tracing::info!(kind = ?error.kind, "not all that goes for good could be read first");
            }
            kept => kept?,
        }
        let (placements, uids) = self.checked(visit, placements).await?;
        if uids.is_empty() {
            return Ok(());
        }
        match self.delete_here(&uids).await {
            Ok(Deletion::Gone) => {
                *out.pushed.entry(visit.state.id).or_default() += count(placements.len());
                self.store.write(Lane::Sync, move |w| w.gone_confirmed(&placements)).await
            }
            // They stay wanted gone, so nobody sees them, and the next push asks again.
            Ok(Deletion::Marked) => self.store.write(Lane::Sync, move |w| w.marked_deleted(&placements)).await,
            Err(error) => self.refuse(&placements, &Want::Gone, error, false).await,
        }
    }

    /// `\Deleted`, then UID EXPUNGE; without UIDPLUS a plain EXPUNGE only where nothing else is marked (W8): another
    /// client's `\Deleted` is not ours to carry out.
    pub(super) async fn delete_here(&self, uids: &UidSet) -> Result<Deletion> {
        let deleted = Flags::of(bit::DELETED);
        self.conn.store_flags(uids, StoreChange::Add, &deleted).await?;
        let removed = self.expunge_only(uids).await;
        if let Err(error) = &removed
            && sent(error) != Sent::Open
        {
            // It may be shown again, so nobody else's EXPUNGE may take it.
            self.conn.store_flags(uids, StoreChange::Remove, &deleted).await?;
        }
        removed
    }

    async fn expunge_only(&self, uids: &UidSet) -> Result<Deletion> {
        if self.conn.capabilities().uidplus {
            self.conn.uid_expunge(uids).await?;
        } else {
            let before = self.conn.quarantined();
            let marked = self.conn.search(&crate::imap::Search::Deleted).await?;
            // A search that does not even find ours is not to be trusted about others'.
            let only_ours = marked.minus(uids).is_empty() && marked.len() == uids.len() && self.conn.quarantined() == before;
            if !only_ours {
                tracing::info!("other messages are marked as deleted; ours stay marked and hidden until they are gone");
                return Ok(Deletion::Marked);
            }
            self.conn.expunge().await?;
        }
        // An OK alone does not make them gone: what is still there would come back into the list as if it were new.
        match self.conn.fetch_present(uids).await {
            Ok(left) if !left.is_empty() => Ok(Deletion::Marked),
            Err(error) if sent(&error) == Sent::Open || !self.conn.is_alive() => Err(error),
            // Where it does not say what is left, the OK has to do.
            Ok(_) | Err(_) => Ok(Deletion::Gone),
        }
    }

    /// W7: reads again what each UID holds before it is moved or removed. A mismatch is never acted on.
    async fn checked(&self, visit: &Visit<'_>, placements: &[PlacementId]) -> Result<(Vec<PlacementId>, UidSet)> {
        let wanted: Vec<&Pending> = placements.iter().filter_map(|id| visit.pending.get(id)).collect();
        let uids: UidSet = wanted.iter().filter_map(|p| p.uid).collect();
        let there = self.held(&uids).await?;
        let (mut same, mut other) = (Vec::new(), Vec::new());
        for pending in wanted {
            match pending.uid.and_then(|uid| there.get(&uid)) {
                Some(identity) if *identity == pending.identity => same.push(pending),
                Some(_) => other.push(pending.placement),
                // Gone meanwhile: the next sync finds out where to.
                None => {}
            }
        }
        if !other.is_empty() {
            let mailbox = visit.state.id;
            self.store.write(Lane::Sync, move |w| w.set_uids_unstable(mailbox)).await?;
            self.refuse(&other, &Want::All, another_message(), true).await?;
        }
        Ok((same.iter().map(|p| p.placement).collect(), same.iter().filter_map(|p| p.uid).collect()))
    }
}

//! Telling the server what people want: `wanted != base` becomes few commands over sets (planned in `domain::sync::push`).
//! Creating commands leave a trace first (rule W1); no destructive command goes to a UID that was not looked at under this SELECT (W7).

use super::AccountSync;
use super::copying::Unproven;
use crate::imap::{CopyUid, Selected, StoreChange};
use crate::planted::Planted;
use crate::store::{AttemptId, Doing, Lane, MailboxState, Pending, PendingCopy, Want};
use godwit_domain::flags::bit;
use godwit_domain::sync::{CopyWish, FetchedFlags, MailboxPush, PushStep, Sent, UidSet, Wish, plan_push, sent};
use godwit_domain::{AccountId, Error, ErrorKind, FlagEdit, Flags, MailboxId, PlacementId, Result};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A want refused this often for a reason that might pass is given up and told.
pub(super) const MOST_REFUSALS: u32 = 5;

/// So often at most a push goes round: to trash and out of it, or home and its labels on.
const ROUNDS: u32 = 3;

/// What a push did.
#[derive(Debug, Default)]
pub struct PushOutcome {
    /// Changes the server took, by mailbox.
    pub pushed: BTreeMap<MailboxId, u32>,
    /// Mailboxes that took a message whose new UID the server did not tell: to be synced next.
    pub touched: BTreeSet<MailboxId>,
    /// Accounts that have the source of a landed move to expunge.
    pub left_behind: BTreeSet<AccountId>,
    /// See [`Unproven`].
    pub(super) unproven: Unproven,
}

/// What became of messages that were to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deletion {
    /// They are gone.
    Gone,
    /// They are marked `\Deleted`; an EXPUNGE would take others' messages along.
    Marked,
}

impl AccountSync {
    /// Pushes all that waits in this account. What is refused is taken back here and told; what can't be pushed now waits on.
    pub async fn push(&self) -> Result<PushOutcome> {
        let mut out = PushOutcome::default();
        self.make_mailboxes().await?;
        self.settle_unanswered(&mut out).await?;
        self.settle_attempts(&mut out).await?;
        for _ in 0..ROUNDS {
            // Only labels and the way by trash make a want of two steps.
            if !self.push_round(&mut out).await? || !self.conn.capabilities().gmail {
                break;
            }
        }
        self.settle_unproven(&mut out).await?;
        if !out.pushed.is_empty() || !out.touched.is_empty() {
            // What was moved may have had no first words where it came from.
            self.previewed().clear();
        }
        Ok(out)
    }

    /// Answers whether anything was moved, which may now be gone on with.
    async fn push_round(&self, out: &mut PushOutcome) -> Result<bool> {
        let account = self.account;
        let (mut pending, copies, stranded, open) = self
            .store
            .read(move |r| {
                Ok((r.pending(account)?, r.pending_copies(account)?, r.stranded_copies(account)?, r.open_moves(account)?))
            })
            .await?;
        // What may have been done once is not begun again before that is settled.
        pending.retain(|p| !open.contains(&p.placement));
        if !stranded.is_empty() {
            self.store.write(Lane::Sync, move |w| w.give_up_stranded_copies(account)).await?;
        }
        let by_id: HashMap<PlacementId, Pending> = pending.into_iter().map(|p| (p.placement, p)).collect();
        let wishes = self.by_trash(by_id.values().filter_map(wish).collect()).await?;
        let copy_wishes: Vec<CopyWish> = copies
            .iter()
            .filter_map(|c| Some(CopyWish { copy: c.id, mailbox: c.mailbox, uid: c.uid?, target: c.target }))
            .collect();
        let wanted = Wanted { placements: by_id, copies: copies.into_iter().map(|c| (c.id, c)).collect() };
        let mut moved = false;
        for plan in plan_push(&wishes, &copy_wishes) {
            moved |= plan.steps.iter().any(|step| matches!(step, PushStep::Move { .. }));
            match self.push_mailbox(&plan, &wanted, out).await {
                Err(error) if sent(&error) != Sent::Open => self.refuse_all(&plan, &wanted, error).await?,
                #[cfg(feature = "planted")]
                Err(error) if Planted::WantDroppedOnReconnect.is_on() => {
                    let dropped: Vec<PlacementId> = wanted.placements.keys().copied().collect();
                    self.store.write(Lane::Sync, move |w| w.drop_wants(&dropped)).await?;
                    return Err(error);
                }
                done => done?,
            }
        }
        Ok(moved)
    }

    /// Mailboxes that an action asked for (an archive where there was none) come into being before anything moves there.
    pub(super) async fn make_mailboxes(&self) -> Result<()> {
        let account = self.account;
        let states = self.store.read(move |r| r.mailbox_states(account)).await?;
        for state in states.iter().filter(|s| !s.on_server) {
            let id = state.id;
            let path = self.conn.capabilities().in_namespace(&state.path);
            let wire_name = crate::imap::encode_name(&path);
            if path != state.path && states.iter().all(|s| s.path != path) {
                let (path, wire_name) = (path.clone(), wire_name.clone());
                self.store.write(Lane::Sync, move |w| w.mailbox_renamed(id, &path, &wire_name)).await?;
            }
            if let Err(error) = self.conn.create(&path).await {
                if sent(&error) == Sent::Open {
                    return Err(error);
                }
                if self.conn.status(&wire_name).await.is_err() {
                    // What should go there is refused by the server in its own words, one by one; the account goes on.
                    tracing::info!(kind = ?error.kind, "a mailbox could not be made");
                    continue;
                }
            }
            self.conn.subscribe(&wire_name, true).await?;
            self.store.write(Lane::Sync, move |w| w.mailbox_made(id, &wire_name)).await?;
        }
        Ok(())
    }

    async fn push_mailbox(&self, plan: &MailboxPush, wanted: &Wanted, out: &mut PushOutcome) -> Result<()> {
        if plan.steps.is_empty() {
            return Ok(());
        }
        let mailbox = plan.mailbox;
        let state = self.store.read(move |r| r.mailbox_state(mailbox)).await?;
        let selected = self.conn.select(&state.wire_name, None).await?;
        let renumbered = selected.uidvalidity.is_none() || selected.uidvalidity != state.uidvalidity;
        if renumbered && !Planted::UidvalidityUnchecked.is_on() {
            // Numbered anew: the next sync relinks, and then the wants are pushed to the right messages.
            return Ok(());
        }
        let visit = Visit { state: &state, selected: &selected, pending: &wanted.placements, copies: &wanted.copies };
        self.push_flags(&visit, &plan.steps, out).await?;
        for step in &plan.steps {
            match step {
                PushStep::Store { .. } => {}
                PushStep::Copy { target, copies, .. } => self.push_copy(&visit, *target, copies, out).await?,
                PushStep::Move { target, placements, .. } => self.push_move(&visit, *target, placements, out).await?,
                PushStep::Expunge { placements, .. } => self.push_expunge(&visit, placements, out).await?,
            }
        }
        Ok(())
    }

    /// All STOREs of a mailbox, then one confirmation a placement with what the server says its flags are now (W3).
    async fn push_flags(&self, visit: &Visit<'_>, steps: &[PushStep], out: &mut PushOutcome) -> Result<()> {
        let mut answered = HashMap::<u32, FetchedFlags>::new();
        // Only what got its OK counts as told; a refused half of an edit is not mistaken for one that the server will not keep.
        let mut done = HashMap::<PlacementId, FlagEdit>::new();
        let on_wire = self.flags_leave(visit, steps).await?;
        for step in steps {
            let PushStep::Store { add, flags, uids, placements } = step else { continue };
            let edit = Want::Flags(flags_of(*add, flags));
            if visit.selected.read_only {
                let error = Error::new(ErrorKind::Refused, format!("{} can only be read on this server.", visit.state.path));
                self.refuse(placements, &edit, error, true).await?;
                continue;
            }
            let change = if *add { StoreChange::Add } else { StoreChange::Remove };
            match self.conn.store_flags(uids, change, flags).await {
                Ok(fetched) => {
                    answered.extend(fetched.into_iter().map(|f| (f.uid, f)));
                    for id in placements {
                        let edit = done.entry(*id).or_default();
                        let half = if *add { &mut edit.add } else { &mut edit.del };
                        *half = half.union(flags);
                    }
                }
                Err(error) => self.refuse(placements, &edit, error, false).await?,
            }
        }
        let uid_of = |id: &PlacementId| visit.pending.get(id).and_then(|p| p.uid);
        let told = |(id, edit): (&PlacementId, &FlagEdit)| {
            let now = uid_of(id).and_then(|uid| answered.get(&uid));
            now.is_some_and(|now| now.labels.is_some() || (edit.add.labels.is_empty() && edit.del.labels.is_empty()))
        };
        let silent: UidSet = done.iter().filter(|one| !told(*one)).filter_map(|(id, _)| uid_of(id)).collect();
        if !silent.is_empty() {
            let fetched = self.conn.fetch_flags(&silent, None).await?;
            answered.extend(fetched.flags.into_iter().map(|f| (f.uid, f)));
        }
        let confirmed: Vec<(PlacementId, FlagEdit, FetchedFlags)> =
            done.into_iter().filter_map(|(id, edit)| Some((id, edit, answered.get(&uid_of(&id)?)?.clone()))).collect();
        *out.pushed.entry(visit.state.id).or_default() += count(confirmed.len());
        for part in confirmed.chunks(500) {
            let part = part.to_vec();
            self.store
                .write(Lane::Sync, move |w| part.iter().try_for_each(|(id, edit, now)| w.flags_confirmed(*id, edit, now)))
                .await?;
        }
        self.answered(on_wire).await
    }

    /// What is about to be stored is on the disk first: it may be taken back before the answer.
    async fn flags_leave(&self, visit: &Visit<'_>, steps: &[PushStep]) -> Result<Vec<i64>> {
        let stores: Vec<(Doing, Vec<PlacementId>)> = steps
            .iter()
            .filter_map(|step| match step {
                PushStep::Store { add, flags, placements, .. } => Some((Doing::Store(flags_of(*add, flags)), placements.clone())),
                _ => None,
            })
            .collect();
        let (mailbox, uidvalidity) = (visit.state.id, visit.state.uidvalidity.unwrap_or(0));
        if stores.is_empty() || visit.selected.read_only {
            return Ok(Vec::new());
        }
        self.store
            .write(Lane::Sync, move |w| {
                stores.iter().map(|(doing, rows)| w.leaves(mailbox, uidvalidity, rows, doing)).collect::<Result<Vec<_>>>()
            })
            .await
    }

    async fn answered(&self, on_wire: Vec<i64>) -> Result<()> {
        if on_wire.is_empty() {
            return Ok(());
        }
        self.store.write(Lane::Sync, move |w| w.answered(&on_wire)).await
    }

    async fn push_move(
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
            self.conn.move_messages(&uids, &to.wire_name).await.map(|moved| (moved, Deletion::Gone, placements.clone()))
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

    /// What was on its way out by the trash stays as it is, no less than what was on its way elsewhere.
    async fn refuse_move(&self, pending: &HashMap<PlacementId, Pending>, placements: &[PlacementId], error: Error) -> Result<()> {
        let is_gone = |id: &PlacementId| pending.get(id).is_some_and(|p| p.gone);
        let (gone, moved): (Vec<PlacementId>, Vec<PlacementId>) = placements.iter().copied().partition(is_gone);
        for (placements, want) in [(gone, Want::Gone), (moved, Want::Place)] {
            if !placements.is_empty() {
                self.refuse(&placements, &want, error.clone(), false).await?;
            }
        }
        Ok(())
    }

    async fn push_expunge(&self, visit: &Visit<'_>, placements: &[PlacementId], out: &mut PushOutcome) -> Result<()> {
        let wanted = placements.iter().filter_map(|id| visit.pending.get(id));
        self.keep_bodies(visit.state.id, wanted.filter_map(|p| Some((p.placement, p.uid?, p.message, p.size))).collect()).await?;
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
            && sent(error) == Sent::Refused
        {
            // It is shown again, so nobody else's EXPUNGE may take it.
            self.conn.store_flags(uids, StoreChange::Remove, &deleted).await?;
        }
        removed
    }

    async fn expunge_only(&self, uids: &UidSet) -> Result<Deletion> {
        if self.conn.capabilities().uidplus {
            return self.conn.uid_expunge(uids).await.map(|()| Deletion::Gone);
        }
        let before = self.conn.quarantined();
        let marked = self.conn.search(&crate::imap::Search::Deleted).await?;
        // A search that does not even find ours is not to be trusted about others'.
        let only_ours = marked.minus(uids).is_empty() && marked.len() == uids.len() && self.conn.quarantined() == before;
        if only_ours {
            return self.conn.expunge().await.map(|()| Deletion::Gone);
        }
        tracing::info!("other messages are marked as deleted; ours stay marked and hidden until they are gone");
        Ok(Deletion::Marked)
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

    /// The mailbox itself could not be opened or asked: all that was to be done in it shares the answer.
    async fn refuse_all(&self, plan: &MailboxPush, wanted: &Wanted, error: Error) -> Result<()> {
        for step in &plan.steps {
            match step {
                PushStep::Copy { copies, .. } => self.refuse_copies(copies, error.clone()).await?,
                PushStep::Store { add, flags, placements, .. } => {
                    let edit = Want::Flags(flags_of(*add, flags));
                    self.refuse(placements, &edit, error.clone(), false).await?;
                }
                PushStep::Move { placements, .. } => self.refuse_move(&wanted.placements, placements, error.clone()).await?,
                PushStep::Expunge { placements, .. } => self.refuse(placements, &Want::Gone, error.clone(), false).await?,
            }
        }
        Ok(())
    }

    /// A NO takes this want back, and no other; "not now" waits on; what was not understood waits on up to a number of times;
    /// what is open ends the session, and the next one looks.
    pub(super) async fn refuse(&self, placements: &[PlacementId], want: &Want, error: Error, for_good: bool) -> Result<()> {
        if !for_good && error.kind == ErrorKind::Busy {
            return Ok(());
        }
        let for_good = for_good
            || match sent(&error) {
                Sent::Refused => true,
                Sent::NotNow => false,
                Sent::Open => return Err(error),
            };
        let (placements, want) = (placements.to_vec(), want.clone());
        self.store
            .write(Lane::Sync, move |w| {
                let mut given_up = Vec::new();
                for id in placements {
                    if for_good || w.count_refusal(id)? >= MOST_REFUSALS {
                        given_up.push(id);
                    }
                }
                if given_up.is_empty() { Ok(()) } else { w.refused(&given_up, &want, &error) }
            })
            .await
    }

    pub(super) async fn end(&self, attempts: Vec<AttemptId>) -> Result<()> {
        self.store.write(Lane::Sync, move |w| attempts.iter().try_for_each(|a| w.attempt_end(*a))).await
    }
}

struct Wanted {
    placements: HashMap<PlacementId, Pending>,
    copies: HashMap<i64, PendingCopy>,
}

/// A mailbox that is selected to be pushed to, and all that is wanted.
pub(super) struct Visit<'a> {
    pub(super) state: &'a MailboxState,
    selected: &'a Selected,
    pending: &'a HashMap<PlacementId, Pending>,
    pub(super) copies: &'a HashMap<i64, PendingCopy>,
}

fn wish(pending: &Pending) -> Option<Wish> {
    Some(Wish {
        placement: pending.placement,
        mailbox: pending.mailbox,
        uid: pending.uid?,
        edit: pending.edit.clone(),
        target: pending.target,
        gone: pending.gone,
    })
}

fn flags_of(add: bool, flags: &Flags) -> FlagEdit {
    let flags = flags.clone();
    if add { FlagEdit { add: flags, ..FlagEdit::default() } } else { FlagEdit { del: flags, ..FlagEdit::default() } }
}

pub(super) fn another_message() -> Error {
    Error::new(ErrorKind::Refused, "The server has put another message in this one's place; nothing was done.")
        .mend("Get mail, then try again.")
}

/// New places by old UID, as COPYUID told them.
pub(super) fn told_uids(told: Option<&CopyUid>) -> HashMap<u32, (u32, u32)> {
    let Some(told) = told else { return HashMap::new() };
    told.source.iter().zip(&told.target).map(|(source, target)| (*source, (told.uidvalidity, *target))).collect()
}

pub(super) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

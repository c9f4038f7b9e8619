//! Telling the server what people want: `wanted != base` becomes few commands over sets (planned in `domain::sync::push`).
//! Creating commands leave a trace first (rule W1); no destructive command goes to a UID that was not looked at under this SELECT (W7).

use super::AccountSync;
use super::copying::Unproven;
use super::storing::flags_of;
use crate::imap::{CopyUid, Selected};
use crate::planted::Planted;
use crate::store::{AttemptId, Lane, MailboxState, Pending, PendingCopy, Want};
use godwit_domain::sync::{CopyWish, MailboxPush, PushStep, Sent, Wish, plan_push, sent};
use godwit_domain::{AccountId, Error, ErrorKind, MailboxId, PlacementId, Result};
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
    /// Mailboxes that were asked for and could not be made, and why.
    pub(super) unmade: BTreeMap<MailboxId, Error>,
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
        let mut out = PushOutcome { unmade: self.make_mailboxes().await?, ..PushOutcome::default() };
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
        let (mut pending, mut copies, stranded, (open_moves, open_copies)) = self
            .store
            .read(move |r| {
                Ok((r.pending(account)?, r.pending_copies(account)?, r.has_stranded(account)?, r.open_attempts(account)?))
            })
            .await?;
        // What may have been done once is not begun again before that is settled.
        pending.retain(|p| !open_moves.contains(&p.placement));
        copies.retain(|c| !open_copies.contains(&c.id));
        if stranded {
            self.store.write(Lane::Sync, move |w| w.give_up_stranded(account)).await?;
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
    /// Answers those that the server did not make.
    pub(super) async fn make_mailboxes(&self) -> Result<BTreeMap<MailboxId, Error>> {
        let mut unmade = BTreeMap::new();
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
                // It may be there all the same. Only a plain word that it is not makes the refusal a refusal.
                match self.conn.status(&wire_name).await {
                    Ok(_) => {}
                    Err(absent) if sent(&absent) == Sent::Open => return Err(absent),
                    Err(absent) => {
                        tracing::info!(kind = ?error.kind, "a mailbox could not be made");
                        // What should go there shares this answer; the account goes on.
                        unmade.insert(id, if sent(&absent) == Sent::NotNow { absent } else { error });
                        continue;
                    }
                }
            }
            self.conn.subscribe_if_it_will(&wire_name, true).await?;
            self.store.write(Lane::Sync, move |w| w.mailbox_made(id, &wire_name)).await?;
        }
        Ok(unmade)
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
        for (nth, step) in plan.steps.iter().enumerate() {
            // What a person did meanwhile may take back what is still to be done: the push that it asks for plans anew.
            if nth > 0 && self.push_wanted() {
                return Ok(());
            }
            let done = match step {
                PushStep::Store { .. } => Ok(()),
                PushStep::Copy { target, .. } | PushStep::Move { target, .. } if out.unmade.contains_key(target) => {
                    out.unmade.get(target).cloned().map_or(Ok(()), Err)
                }
                PushStep::Copy { target, copies, .. } => self.push_copy(&visit, *target, copies, out).await,
                PushStep::Move { target, placements, .. } => self.push_move(&visit, *target, placements, out).await,
                PushStep::Expunge { placements, .. } => self.push_expunge(&visit, placements, out).await,
            };
            match done {
                // A refusal on the way is this step's own; what else is wanted of the mailbox has nothing to do with it.
                Err(error) if sent(&error) != Sent::Open => self.refuse_step(step, wanted, error).await?,
                done => done?,
            }
        }
        Ok(())
    }

    /// The mailbox itself could not be opened or asked: all that was to be done in it shares the answer.
    async fn refuse_all(&self, plan: &MailboxPush, wanted: &Wanted, error: Error) -> Result<()> {
        for step in &plan.steps {
            self.refuse_step(step, wanted, error.clone()).await?;
        }
        Ok(())
    }

    async fn refuse_step(&self, step: &PushStep, wanted: &Wanted, error: Error) -> Result<()> {
        match step {
            PushStep::Copy { copies, .. } => self.refuse_copies(copies, error).await,
            PushStep::Store { add, flags, placements, .. } => {
                self.refuse(placements, &Want::Flags(flags_of(*add, flags)), error, false).await
            }
            PushStep::Move { placements, .. } => self.refuse_move(&wanted.placements, placements, error).await,
            PushStep::Expunge { placements, .. } => self.refuse(placements, &Want::Gone, error, false).await,
        }
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
    pub(super) selected: &'a Selected,
    pub(super) pending: &'a HashMap<PlacementId, Pending>,
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

//! COPY, and what stands in for MOVE where there is none. A UID that is not there is passed over without a word (RFC 9051
//! section 6.4.9), so an OK proves nothing: done is what COPYUID names, or what was then read in the target.

use super::AccountSync;
use super::push::{Deletion, MOST_REFUSALS, PushOutcome, Visit, another_message, count, told_uids};
use crate::imap::CopyUid;
use crate::store::{Attempt, AttemptId, AttemptKind, Lane, MailboxState, Pending, PendingCopy, Want};
use godwit_domain::sync::{Sent, UidSet, sent};
use godwit_domain::{Error, ErrorKind, MailboxId, PlacementId, Result};
use std::collections::HashMap;

/// What the server said OK to without telling what it did: settled once the push is through.
#[derive(Debug, Default)]
pub(super) struct Unproven {
    pub(super) copies: Vec<i64>,
    pub(super) moves: Vec<PlacementId>,
}

/// What an attempt row remembers of one message.
pub(super) struct Trace {
    identity: [u8; 16],
    message_id: Option<String>,
    size: u32,
    placement: Option<PlacementId>,
    copy: Option<i64>,
}

impl Trace {
    pub(super) fn of_move(pending: &Pending) -> Self {
        Trace {
            identity: pending.identity,
            message_id: pending.message_id.clone(),
            size: pending.size,
            placement: Some(pending.placement),
            copy: None,
        }
    }

    fn of_copy(copy: &PendingCopy) -> Self {
        Trace {
            identity: copy.identity,
            message_id: copy.message_id.clone(),
            size: copy.size,
            placement: None,
            copy: Some(copy.id),
        }
    }
}

impl AccountSync {
    pub(super) async fn push_copy(
        &self,
        visit: &Visit<'_>,
        target: MailboxId,
        copies: &[i64],
        out: &mut PushOutcome,
    ) -> Result<()> {
        let copies = self.checked_copies(visit, copies).await?;
        if copies.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = copies.iter().map(|copy| copy.id).collect();
        let uids: UidSet = copies.iter().filter_map(|copy| copy.uid).collect();
        let to = self.store.read(move |r| r.mailbox_state(target)).await?;
        let attempts = self.begin(AttemptKind::Copy, &to, copies.iter().map(|copy| Trace::of_copy(copy)).collect()).await?;
        match self.conn.copy(&uids, &to.wire_name).await {
            Ok(copied) => {
                let told = told_uids(copied.as_ref());
                let mut proven = Vec::new();
                for (copy, attempt) in copies.iter().zip(attempts) {
                    match copy.uid.and_then(|uid| told.get(&uid).copied()) {
                        Some(place) => proven.push((copy.id, attempt, place)),
                        None => out.unproven.copies.push(copy.id),
                    }
                }
                *out.pushed.entry(visit.state.id).or_default() += count(copies.len());
                out.touched.insert(target);
                self.store
                    .write(Lane::Sync, move |w| {
                        proven.iter().try_for_each(|(copy, attempt, place)| {
                            w.copied(*copy, Some(*place))?;
                            w.attempt_end(*attempt)
                        })
                    })
                    .await
            }
            Err(error) => match sent(&error) {
                Sent::Refused => {
                    self.end(attempts).await?;
                    self.refuse_copies(&ids, error).await
                }
                // The traces stay: the next push looks before it copies again.
                Sent::NotNow => self.refuse_copies(&ids, error).await,
                Sent::Open => Err(error),
            },
        }
    }

    /// W7 for copies: a UID that holds another message is not copied; one that is gone waits for where its message is found.
    async fn checked_copies<'a>(&self, visit: &Visit<'a>, copies: &[i64]) -> Result<Vec<&'a PendingCopy>> {
        let wanted: Vec<&PendingCopy> = copies.iter().filter_map(|id| visit.copies.get(id)).collect();
        let there = self.held(&wanted.iter().filter_map(|copy| copy.uid).collect()).await?;
        let (mut same, mut other) = (Vec::new(), Vec::new());
        for copy in wanted {
            match copy.uid.and_then(|uid| there.get(&uid)) {
                Some(identity) if *identity == copy.identity => same.push(copy),
                Some(_) => other.push(copy.id),
                None => {}
            }
        }
        if !other.is_empty() {
            let mailbox = visit.state.id;
            self.store.write(Lane::Sync, move |w| w.set_uids_unstable(mailbox)).await?;
            self.refuse_copies(&other, another_message()).await?;
        }
        Ok(same)
    }

    pub(super) async fn refuse_copies(&self, copies: &[i64], error: Error) -> Result<()> {
        let (copies, for_good) = (copies.to_vec(), sent(&error) == Sent::Refused);
        if error.kind == ErrorKind::Busy {
            return Ok(());
        }
        self.store
            .write(Lane::Sync, move |w| {
                for copy in copies {
                    if for_good || w.count_copy_refusal(copy)? >= MOST_REFUSALS {
                        w.copy_refused(copy, &error)?;
                    }
                }
                Ok(())
            })
            .await
    }

    /// Without MOVE: COPY, and only then `\Deleted` and EXPUNGE of just those whose copy was told. Answers them. Others keep
    /// their traces, and their sources stay until the copy was read.
    pub(super) async fn move_by_copy(
        &self,
        to: &MailboxState,
        wanted: &[&Pending],
        out: &mut PushOutcome,
    ) -> Result<(Option<CopyUid>, Deletion, Vec<PlacementId>)> {
        let attempts = self.begin(AttemptKind::Move, to, wanted.iter().map(|pending| Trace::of_move(pending)).collect()).await?;
        let copied = match self.conn.copy(&wanted.iter().filter_map(|p| p.uid).collect(), &to.wire_name).await {
            Ok(copied) => copied,
            Err(error) => {
                // Only a plain NO proves that nothing was made; else the trace stays, and the next push looks.
                if sent(&error) == Sent::Refused {
                    self.end(attempts).await?;
                }
                return Err(error);
            }
        };
        let told = told_uids(copied.as_ref());
        let (mut proven, mut uids, mut over) = (Vec::new(), Vec::new(), Vec::new());
        for (pending, attempt) in wanted.iter().zip(attempts) {
            match pending.uid.filter(|uid| told.contains_key(uid)) {
                Some(uid) => {
                    proven.push(pending.placement);
                    uids.push(uid);
                    over.push(attempt);
                }
                None => out.unproven.moves.push(pending.placement),
            }
        }
        let uids: UidSet = uids.into_iter().collect();
        if uids.is_empty() {
            return Ok((copied, Deletion::Gone, proven));
        }
        let source = match self.delete_here(&uids).await {
            Ok(source) => source,
            Err(error) => {
                if sent(&error) == Sent::Refused {
                    // The copy stands, and so does the original: in two places is told, in none would be lost.
                    self.end(over).await?;
                }
                return Err(error);
            }
        };
        self.end(over).await?;
        Ok((copied, source, proven))
    }

    /// Looks for what got an OK and no COPYUID. What is not there either is tried again some times, and then told.
    pub(super) async fn settle_unproven(&self, out: &mut PushOutcome) -> Result<()> {
        let unproven = std::mem::take(&mut out.unproven);
        if unproven.copies.is_empty() && unproven.moves.is_empty() {
            return Ok(());
        }
        self.settle_attempts(out).await?;
        let account = self.account;
        let (open_moves, open_copies) = self.store.read(move |r| r.open_attempts(account)).await?;
        let error = Error::new(ErrorKind::Refused, "The server said that it had moved or copied a message, and it is not there.")
            .mend("The message stays where it is. Try again later.");
        self.store
            .write(Lane::Sync, move |w| {
                // What nobody can say yet is no refusal.
                for copy in unproven.copies.into_iter().filter(|copy| !open_copies.contains(copy)) {
                    if w.count_copy_refusal(copy)? >= MOST_REFUSALS {
                        w.copy_refused(copy, &error)?;
                    }
                }
                for placement in unproven.moves.into_iter().filter(|row| !open_moves.contains(row)) {
                    if w.lies_at(placement)?.is_some_and(|at| at.target.is_some()) && w.count_refusal(placement)? >= MOST_REFUSALS
                    {
                        w.refused(&[placement], &Want::Place, &error)?;
                    }
                }
                Ok(())
            })
            .await
    }

    /// Rule W1: the trace of a creating command is on the disk before the command leaves.
    async fn begin(&self, kind: AttemptKind, to: &MailboxState, traces: Vec<Trace>) -> Result<Vec<AttemptId>> {
        let mut status = self.conn.status(&to.wire_name).await?;
        if status.uidvalidity != to.uidvalidity && to.uidvalidity.is_some() {
            // What contradicts all that was said before is asked twice.
            status = self.conn.status(&to.wire_name).await?;
        }
        // What stands at or above the UIDNEXT of the last sync is new to us too.
        let (uidvalidity, uidnext) = (status.uidvalidity.or(to.uidvalidity), status.uidnext.or(to.uidnext));
        self.begin_as_of(kind, &MailboxState { uidvalidity, uidnext, ..to.clone() }, traces).await
    }

    /// As `begin`, with UIDVALIDITY and UIDNEXT of the target as they are known here.
    pub(super) async fn begin_as_of(&self, kind: AttemptKind, to: &MailboxState, traces: Vec<Trace>) -> Result<Vec<AttemptId>> {
        let (account, target, wire_name) = (self.account, to.id, to.wire_name.clone());
        let (uidvalidity, uidnext) = (to.uidvalidity, to.uidnext);
        self.looked().clear();
        self.store
            .write(Lane::Sync, move |w| {
                let attempt = |trace: Trace| Attempt {
                    account,
                    kind,
                    target,
                    wire_name: wire_name.clone(),
                    uidvalidity,
                    uidnext,
                    identity: Some(trace.identity),
                    message_id: trace.message_id,
                    size: trace.size,
                    placement: trace.placement,
                    copy: trace.copy,
                    outbox: None,
                    draft: None,
                };
                traces.into_iter().map(|trace| w.attempt_begin(&attempt(trace))).collect::<Result<Vec<_>>>()
            })
            .await
    }

    /// What the UIDs of the selected mailbox hold now, by identity.
    pub(super) async fn held(&self, uids: &UidSet) -> Result<HashMap<u32, [u8; 16]>> {
        if uids.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = super::headers::parse(self.conn.fetch_identities(uids).await?).await?;
        Ok(rows.into_iter().map(|n| (n.uid, n.headers.identity)).collect())
    }
}

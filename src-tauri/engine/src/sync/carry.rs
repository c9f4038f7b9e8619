//! Landing what comes from another account, and what comes back from among the removed: APPEND with flags and date (rule W1).
//! The source is left alone until the message was read where it landed; it is then expunged by its own account.

use super::AccountSync;
use super::arrivals::Absence;
use super::push::{MOST_REFUSALS, PushOutcome};
use crate::store::{Attempt, AttemptId, AttemptKind, Carry, Landed, Lane, MailboxState, Want};
use godwit_domain::sync::{NewPlacement, Sent, StatusItems, sent};
use godwit_domain::{AccountId, Error, ErrorKind, MailboxId, Result};
use std::collections::BTreeMap;
use tokio::sync::mpsc;

/// Messages that share one look at the target before and one after.
const TOGETHER: usize = 50;

/// A message that was appended, as far as the server's OK tells.
struct Appended {
    attempt: AttemptId,
    carry: Carry,
    size: u32,
    /// APPENDUID.
    told: Option<(u32, u32)>,
}

impl AccountSync {
    /// What is to be appended here.
    pub async fn carries(&self) -> Result<Vec<Carry>> {
        let account = self.account;
        self.store.read(move |r| r.carries(account)).await
    }

    /// Appends messages whose bytes are all here, target by target.
    pub async fn land(&self, carries: Vec<Carry>, out: &mut PushOutcome) -> Result<()> {
        let mut by_target: BTreeMap<MailboxId, Vec<Carry>> = BTreeMap::new();
        for carry in carries {
            by_target.entry(carry.target).or_default().push(carry);
        }
        for (target, carries) in by_target {
            let state = self.store.read(move |r| r.mailbox_state(target)).await?;
            if let Some(error) = out.unmade.get(&target) {
                self.refuse_carries(&carries, error).await?;
            }
            if !state.on_server {
                continue;
            }
            for part in carries.chunks(TOGETHER) {
                match self.land_in(&state, part.to_vec(), out).await {
                    Err(error) if sent(&error) != Sent::Open => self.refuse_carries(part, &error).await?,
                    done => done?,
                }
            }
        }
        Ok(())
    }

    async fn land_in(&self, to: &MailboxState, carries: Vec<Carry>, out: &mut PushOutcome) -> Result<()> {
        let before = self.conn.status(&to.wire_name).await?;
        let mut appended = Vec::new();
        for (attempt, carry, size) in self.begin_carries(to, before, carries).await? {
            let Some(size) = size else { continue };
            match self.append(to, &carry, size).await {
                Ok(told) => {
                    let size = u32::try_from(size).unwrap_or(u32::MAX);
                    appended.push(Appended { attempt, carry, size, told });
                }
                Err(error) => match sent(&error) {
                    Sent::Refused => {
                        self.end(vec![attempt]).await?;
                        self.refuse_carries(&[carry], &error).await?;
                    }
                    // The trace stays: the next push looks before it appends again.
                    Sent::NotNow => self.refuse_carries(&[carry], &error).await?,
                    Sent::Open => return Err(error),
                },
            }
        }
        self.look_at_landed(to, before, appended, out).await
    }

    /// Rule W1: the traces are on the disk before anything leaves. Answers each with its exact length, where its bytes are here.
    async fn begin_carries(
        &self,
        to: &MailboxState,
        before: StatusItems,
        carries: Vec<Carry>,
    ) -> Result<Vec<(AttemptId, Carry, Option<u64>)>> {
        let (account, target, wire_name) = (self.account, to.id, to.wire_name.clone());
        self.looked().clear();
        self.store
            .write(Lane::Sync, move |w| {
                let mut out = Vec::with_capacity(carries.len());
                for carry in carries {
                    if !w.is_wanted(&carry)? || w.may_have_landed(&carry)? {
                        continue;
                    }
                    let kept = w.body_size(carry.message)?;
                    let size = if kept.is_some() { kept } else { w.spooled(carry.placement)? };
                    if size.is_none() {
                        continue;
                    }
                    let attempt = Attempt {
                        account,
                        kind: AttemptKind::Append,
                        target,
                        wire_name: wire_name.clone(),
                        uidvalidity: before.uidvalidity,
                        uidnext: before.uidnext,
                        identity: Some(carry.identity),
                        message_id: carry.message_id.clone(),
                        size: size.and_then(|s| u32::try_from(s).ok()).unwrap_or(u32::MAX),
                        placement: Some(carry.placement),
                        copy: carry.copy,
                        outbox: None,
                        draft: None,
                    };
                    out.push((w.attempt_begin(&attempt)?, carry, size));
                }
                Ok(out)
            })
            .await
    }

    async fn append(&self, to: &MailboxState, carry: &Carry, size: u64) -> Result<Option<(u32, u32)>> {
        let message = carry.message;
        if let Some(raw) = self.store.read(move |r| r.body(message)).await? {
            return self.conn.append(&to.wire_name, &carry.flags, carry.internal_date, raw).await;
        }
        let (sink, parts) = mpsc::channel(4);
        let pour = async {
            let placement = carry.placement;
            for n in 0.. {
                // An end before its time ends the connection, which is what a spool that can't be read must do.
                let Ok(Some(part)) = self.store.read(move |r| r.spool_part(placement, n)).await else { break };
                if sink.send(part).await.is_err() {
                    break;
                }
            }
            drop(sink);
        };
        let appending = self.conn.append_parts(&to.wire_name, &carry.flags, carry.internal_date, size, parts);
        let (told, ()) = tokio::join!(appending, pour);
        let placement = carry.placement;
        self.store.write(Lane::Sync, move |w| w.spool_clear(placement)).await?;
        told
    }

    /// Reads each message where it landed; only that moves the row and gives the source up.
    async fn look_at_landed(
        &self,
        to: &MailboxState,
        before: StatusItems,
        appended: Vec<Appended>,
        out: &mut PushOutcome,
    ) -> Result<()> {
        if appended.is_empty() {
            return Ok(());
        }
        let there = self.arrivals(to, before.uidnext, appended.iter().map(|a| a.told)).await?;
        let mut rows = there.rows;
        for one in appended {
            let told = one.told.filter(|(validity, _)| Some(*validity) == there.uidvalidity).map(|(_, uid)| uid);
            let comparable = before.uidvalidity.is_some() && before.uidvalidity == there.uidvalidity;
            let at = match told {
                Some(uid) => rows.iter().position(|row| row.uid == uid),
                None if comparable => rows.iter().position(|row| is_same(row, &one.carry, one.size)),
                None => None,
            };
            match (at.map(|at| rows.swap_remove(at)), there.uidvalidity) {
                (Some(row), Some(validity)) => self.landed(&one.carry, Some(one.attempt), validity, row, out).await?,
                _ => self.cannot_say_landed(&one.carry, one.attempt).await?,
            }
        }
        Ok(())
    }

    async fn landed(
        &self,
        carry: &Carry,
        attempt: Option<AttemptId>,
        uidvalidity: u32,
        row: NewPlacement,
        out: &mut PushOutcome,
    ) -> Result<()> {
        let (copy, placement, target) = (carry.copy, carry.placement, carry.target);
        let landed = self
            .store
            .write(Lane::Sync, move |w| {
                attempt.map_or(Ok(()), |attempt| w.attempt_end(attempt))?;
                match copy {
                    Some(copy) => w.copy_landed(copy).map(|()| None),
                    None => {
                        let landed = w.carried(placement, target, uidvalidity, &row)?;
                        if landed == Landed::TakenBack {
                            w.told_landed(target)?;
                        }
                        Ok(Some(landed))
                    }
                }
            })
            .await?;
        *out.pushed.entry(target).or_default() += 1;
        match landed {
            Some(Landed::Moved(source)) => {
                out.left_behind.insert(source);
            }
            // Its row comes with the next look into the target.
            Some(Landed::TakenBack) | None => {
                out.touched.insert(target);
            }
        }
        Ok(())
    }

    /// Looks where each APPEND without an outcome should have landed, before anything is appended again.
    pub async fn settle_carries(&self, out: &mut PushOutcome) -> Result<()> {
        let account = self.account;
        let attempts = self.store.read(move |r| r.attempts(account)).await?;
        let mut by_target: BTreeMap<MailboxId, Vec<(AttemptId, Attempt)>> = BTreeMap::new();
        let ours = |a: &Attempt| a.kind == AttemptKind::Append && a.outbox.is_none() && a.placement.is_some();
        for (id, attempt) in attempts.into_iter().filter(|(_, a)| ours(a)) {
            by_target.entry(attempt.target).or_default().push((id, attempt));
        }
        for (target, attempts) in by_target {
            let state = self.store.read(move |r| r.mailbox_state(target)).await?;
            match self.settle_landing(&state, &attempts, out).await {
                Err(error) if sent(&error) == Sent::Refused => {
                    for (id, attempt) in attempts {
                        self.settle_unknown(account, id, &attempt).await?;
                    }
                }
                // Asked again next time; what may have landed there is not appended again before.
                Err(error) if sent(&error) == Sent::NotNow && self.conn.is_alive() => {
                    tracing::info!(%target, kind = ?error.kind, "a folder can't be looked into now");
                }
                done => done?,
            }
        }
        Ok(())
    }

    async fn settle_landing(&self, to: &MailboxState, attempts: &[(AttemptId, Attempt)], out: &mut PushOutcome) -> Result<()> {
        let from = attempts.iter().filter_map(|(_, a)| a.uidnext).min();
        let mut there = self.arrivals(to, from, std::iter::once(None)).await?;
        let (account, mut missing) = (self.account, Vec::new());
        for (id, attempt) in attempts {
            let (placement, copy) = (attempt.placement, attempt.copy);
            let carry = self.store.read(move |r| r.carry_of(account, placement, copy)).await?;
            let comparable = attempt.uidvalidity.is_some() && attempt.uidvalidity == there.uidvalidity;
            let after = attempt.uidnext.unwrap_or(u32::MAX);
            let found = there.rows.iter().position(|row| row.uid >= after && is_like(row, attempt));
            match (found, there.uidvalidity) {
                (Some(at), Some(validity)) if comparable && is_exactly(there.rows.get(at), attempt) => {
                    let row = there.rows.swap_remove(at);
                    match carry {
                        Some(carry) => self.landed(&carry, Some(*id), validity, row, out).await?,
                        None => self.landed_unwanted(*id, to.id, placement, out).await?,
                    }
                }
                (None, _) if comparable => missing.push((*id, attempt.clone())),
                _ => self.settle_unknown(account, *id, attempt).await?,
            }
        }
        let (ids, missing): (Vec<AttemptId>, Vec<Attempt>) = missing.into_iter().unzip();
        let absences = self.absences(&there, &missing).await?;
        for ((id, attempt), absence) in ids.into_iter().zip(missing).zip(absences) {
            match absence {
                Absence::Proven => self.end(vec![id]).await?,
                Absence::Doubtful => self.settle_unknown(account, id, &attempt).await?,
                Absence::NotYet => {}
            }
        }
        Ok(())
    }

    /// It landed, and nobody wants it there any more: both places are shown, and it is said. One that only waits for its UID
    /// at the source is looked at again later.
    async fn landed_unwanted(
        &self,
        id: AttemptId,
        target: MailboxId,
        placement: Option<godwit_domain::PlacementId>,
        out: &mut PushOutcome,
    ) -> Result<()> {
        let waits = match placement {
            Some(placement) => self.store.read(move |r| r.waits_for(placement, target)).await?,
            None => false,
        };
        if waits {
            return Ok(());
        }
        out.touched.insert(target);
        self.store
            .write(Lane::Sync, move |w| {
                w.attempt_end(id)?;
                w.told_landed(target)
            })
            .await
    }

    async fn settle_unknown(&self, account: AccountId, id: AttemptId, attempt: &Attempt) -> Result<()> {
        let (placement, copy) = (attempt.placement, attempt.copy);
        let carry = self.store.read(move |r| r.carry_of(account, placement, copy)).await?;
        match carry {
            Some(carry) => self.cannot_say_landed(&carry, id).await,
            None => self.end(vec![id]).await,
        }
    }

    async fn cannot_say_landed(&self, carry: &Carry, attempt: AttemptId) -> Result<()> {
        let error = Error::new(
            ErrorKind::Uncertain,
            "A message was on its way into another folder, and nobody can say whether it arrived. The original was not touched.",
        )
        .mend("Look into that folder; if the message is missing there, do it again.");
        let (copy, placement) = (carry.copy, carry.placement);
        self.store
            .write(Lane::Sync, move |w| {
                w.attempt_end(attempt)?;
                match copy {
                    Some(copy) => w.copy_refused(copy, &error),
                    None => w.refused(&[placement], &Want::Place, &error),
                }
            })
            .await
    }

    /// The target's server will not have them: taken back and told, at once or after some tries.
    pub async fn refuse_carries(&self, carries: &[Carry], error: &Error) -> Result<()> {
        if error.kind == ErrorKind::Busy {
            return Ok(());
        }
        let (carries, error) = (carries.to_vec(), error.clone());
        let for_good = sent(&error) == Sent::Refused;
        self.store
            .write(Lane::Sync, move |w| {
                for carry in carries {
                    match carry.copy {
                        Some(copy) if for_good || w.count_copy_refusal(copy)? >= MOST_REFUSALS => w.copy_refused(copy, &error)?,
                        None if for_good || w.count_refusal(carry.placement)? >= MOST_REFUSALS => {
                            w.refused(&[carry.placement], &Want::Place, &error)?;
                        }
                        _ => {}
                    }
                }
                Ok(())
            })
            .await
    }
}

/// Header fields may come in another order from another server: then Message-ID and length decide.
fn is_same(row: &NewPlacement, carry: &Carry, size: u32) -> bool {
    let same_id = carry.message_id.is_some() && row.headers.message_id == carry.message_id;
    row.size == size && (row.headers.identity == carry.identity || same_id)
}

/// It may be the one.
fn is_like(row: &NewPlacement, attempt: &Attempt) -> bool {
    let same_id = attempt.message_id.is_some() && row.headers.message_id == attempt.message_id;
    Some(row.headers.identity) == attempt.identity || same_id
}

/// It is the one: nothing is given up for a message of another length.
fn is_exactly(row: Option<&NewPlacement>, attempt: &Attempt) -> bool {
    row.is_some_and(|row| row.size == attempt.size)
}

//! STORE and MOVE whose answer was lost with the line. What is still wanted is simply said again by the push that follows;
//! what the person took back meanwhile may have been done all the same, and is undone here.

use super::AccountSync;
use super::push::PushOutcome;
use crate::store::{Doing, Lane, LeftThere, OnWire};
use godwit_domain::sync::{Sent, UidSet, sent};
use godwit_domain::{MailboxId, Result};
use std::collections::HashMap;

impl AccountSync {
    /// Looks what became of commands that were not answered.
    pub(super) async fn settle_unanswered(&self, out: &mut PushOutcome) -> Result<()> {
        let account = self.account;
        let on_wire = self.store.read(move |r| r.on_wire(account)).await?;
        let (any, mut all) = (self.store.read(move |r| r.is_on_wire(account)).await?, true);
        for command in on_wire {
            let id = command.id;
            match self.settle_one(command, out).await {
                // The mailbox can't be asked: the sync tells what is in it.
                Err(error) if sent(&error) == Sent::Refused => {
                    tracing::info!(kind = ?error.kind, "a change without an answer can't be asked about");
                }
                Err(error) if sent(&error) == Sent::NotNow => {
                    all = false;
                    continue;
                }
                done => done?,
            }
            self.store.write(Lane::Sync, move |w| w.answered(&[id])).await?;
        }
        // What is left asks about folders that are gone.
        if all && any { self.store.write(Lane::Sync, move |w| w.all_answered(account)).await } else { Ok(()) }
    }

    async fn settle_one(&self, command: OnWire, out: &mut PushOutcome) -> Result<()> {
        let (rows, command) = self.store.read(move |r| Ok((r.left_there(&command)?, command))).await?;
        let rows: Vec<LeftThere> = match &command.doing {
            Doing::Store(_) => rows.into_iter().filter(|row| !row.taken_back.is_empty()).collect(),
            Doing::Move { .. } => rows,
        };
        if rows.is_empty() || !self.is_numbered(command.mailbox, command.uidvalidity).await? {
            return Ok(());
        }
        match command.doing {
            Doing::Store(_) => self.undo_flags(rows).await,
            Doing::Move { target, uidnext } => self.find_moved(rows, target, uidnext, out).await,
        }
    }

    /// Selects a mailbox; answers whether its numbers are still these.
    async fn is_numbered(&self, mailbox: MailboxId, uidvalidity: u32) -> Result<bool> {
        let state = self.store.read(move |r| r.mailbox_state(mailbox)).await?;
        let selected = self.conn.select(&state.wire_name, None).await?;
        Ok(selected.uidvalidity == Some(uidvalidity))
    }

    /// Where the server has what was taken back, it is wanted off again, and on what was to go.
    async fn undo_flags(&self, rows: Vec<LeftThere>) -> Result<()> {
        let uids: UidSet = rows.iter().map(|row| row.uid).collect();
        let now: HashMap<u32, _> = self.conn.fetch_flags(&uids, None).await?.flags.into_iter().map(|f| (f.uid, f)).collect();
        self.store
            .write(Lane::Sync, move |w| {
                rows.iter().try_for_each(|row| {
                    now.get(&row.uid).map_or(Ok(()), |now| w.flags_confirmed(row.placement, &row.taken_back, now))
                })
            })
            .await
    }

    /// What went from its mailbox and came where it was to go was moved; its row goes along, and back where it is wanted.
    async fn find_moved(
        &self,
        rows: Vec<LeftThere>,
        target: MailboxId,
        uidnext: Option<u32>,
        out: &mut PushOutcome,
    ) -> Result<()> {
        let uids: UidSet = rows.iter().map(|row| row.uid).collect();
        let present = self.conn.fetch_present(&uids).await?;
        let gone: Vec<LeftThere> = rows.into_iter().filter(|row| !present.contains(row.uid)).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let state = self.store.read(move |r| r.mailbox_state(target)).await?;
        let arrivals = self.arrivals(&state, uidnext, std::iter::once(None)).await?;
        let Some(uidvalidity) = arrivals.uidvalidity.filter(|now| state.uidvalidity.is_none_or(|known| known == *now)) else {
            return Ok(());
        };
        let mut there: HashMap<[u8; 16], Vec<u32>> = HashMap::new();
        for row in arrivals.rows {
            there.entry(row.headers.identity).or_default().push(row.uid);
        }
        // The oldest is taken first, from the end.
        there.values_mut().for_each(|uids| uids.sort_unstable_by_key(|uid| std::cmp::Reverse(*uid)));
        out.touched.insert(target);
        self.store
            .write(Lane::Sync, move |w| {
                for row in gone {
                    let Some(uids) = there.get_mut(&row.identity) else { continue };
                    // What has a row of its own already is another message.
                    while let Some(uid) = uids.pop() {
                        if !w.holds(target, uidvalidity, uid)? {
                            w.moved(row.placement, target, Some(uidvalidity), Some(uid))?;
                            break;
                        }
                    }
                }
                Ok(())
            })
            .await
    }
}

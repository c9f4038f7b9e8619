//! STORE of flags and labels, and what the server made of them (rule W3).

use super::AccountSync;
use super::push::{PushOutcome, Visit, count};
use crate::imap::StoreChange;
use crate::store::{Doing, Lane, Want};
use godwit_domain::sync::{FetchedFlags, PushStep, UidSet};
use godwit_domain::{Error, ErrorKind, FlagEdit, Flags, PlacementId, Result};
use std::collections::HashMap;

impl AccountSync {
    /// All STOREs of a mailbox, then one confirmation a placement with what the server says its flags are now (W3).
    pub(super) async fn push_flags(&self, visit: &Visit<'_>, steps: &[PushStep], out: &mut PushOutcome) -> Result<()> {
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

    pub(super) async fn answered(&self, on_wire: Vec<i64>) -> Result<()> {
        if on_wire.is_empty() {
            return Ok(());
        }
        self.store.write(Lane::Sync, move |w| w.answered(&on_wire)).await
    }
}

pub(super) fn flags_of(add: bool, flags: &Flags) -> FlagEdit {
    let flags = flags.clone();
    if add { FlagEdit { add: flags, ..FlagEdit::default() } } else { FlagEdit { del: flags, ..FlagEdit::default() } }
}

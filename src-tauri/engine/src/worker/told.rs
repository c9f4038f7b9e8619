//! Flags that a server tells by itself are shown before the sync that they also ask for: that one takes round trips.

use super::bell::Bell;
use crate::context::Context;
use crate::store::{Lane, Writer};
use godwit_domain::sync::FetchedFlags;
use godwit_domain::{ErrorKind, MailboxId, Result};
use std::collections::BTreeMap;

/// Writes what the bell holds of them. Only between two syncs: during one it would not be certain that it reads them again.
pub(super) async fn keep(context: &Context, bell: &Bell) -> Result<()> {
    let told = bell.take(|r| std::mem::take(&mut r.told));
    if told.is_empty() {
        return Ok(());
    }
    let mut boxes: BTreeMap<(MailboxId, u32), Vec<FetchedFlags>> = BTreeMap::new();
    for (mailbox, uidvalidity, line) in told {
        boxes.entry((mailbox, uidvalidity)).or_default().push(line);
    }
    let write = move |w: &mut Writer<'_>| {
        boxes.iter().try_for_each(|((mailbox, uidvalidity), told)| w.apply_pushed(*mailbox, *uidvalidity, told).map(drop))
    };
    match context.store.write(Lane::Sync, write).await {
        // The mailbox went meanwhile.
        Err(error) if error.kind == ErrorKind::Gone => Ok(()),
        done => done,
    }
}

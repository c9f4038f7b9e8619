//! Between two accounts: fetches what is to be carried over the source's own connection, then lets the target's sync land it.
//! A source that can't be reached now makes nobody wait but what comes from it.

use crate::context::Context;
use crate::imap::Connection;
use crate::store::{Carry, Lane, Store};
use crate::sync::{AccountSync, PushOutcome};
use godwit_domain::{AccountId, Activity, Error, ErrorKind, Result, mime};
use std::collections::{HashMap, HashSet};
use tokio::sync::mpsc;

/// Parts of a long message are kept in pieces of about this size.
const PIECE: usize = 1 << 20;
/// No longer message is carried.
const MOST: u64 = 2 << 30;

/// Messages that are brought here and landed together: what is under way takes no more room than these.
const TOGETHER: usize = 50;

/// Looks after what is open, then carries what can be carried, some at a time; a person's next wish goes first.
pub(super) async fn run(context: &Context, sync: &AccountSync, out: &mut PushOutcome) -> Result<()> {
    sync.settle_carries(out).await?;
    let mut sources = Sources { context, lines: HashMap::new() };
    let mut tried = HashSet::new();
    loop {
        let mut next = sync.carries().await?;
        next.retain(|carry| !tried.contains(&(carry.placement, carry.copy)));
        next.truncate(TOGETHER);
        if next.is_empty() {
            return Ok(());
        }
        tried.extend(next.iter().map(|carry| (carry.placement, carry.copy)));
        let ready = sources.bring(sync, next).await?;
        let landed = sync.land(ready, out).await;
        let left_behind = std::mem::take(&mut out.left_behind);
        for account in &left_behind {
            context.nudge(*account);
        }
        landed?;
        if !left_behind.is_empty() && sync.connection().capabilities().gmail {
            // What has landed here may want its labels now.
            context.nudge(sync.account());
        }
        if sync.push_wanted() {
            return Ok(());
        }
    }
}

/// Connections to the accounts that messages come from, opened when needed.
struct Sources<'a> {
    context: &'a Context,
    /// `None`: it can't be reached now.
    lines: HashMap<AccountId, Option<Connection>>,
}

impl Sources<'_> {
    /// Those whose bytes are here, or could be brought here.
    async fn bring(&mut self, sync: &AccountSync, carries: Vec<Carry>) -> Result<Vec<Carry>> {
        let mut ready = Vec::new();
        for carry in carries {
            match self.fetch(&carry).await {
                Ok(true) => ready.push(carry),
                Ok(false) => {}
                Err(error) if error.kind == ErrorKind::Gone => sync.refuse_carries(&[carry], &error).await?,
                // The source's own worker says what is wrong with it.
                Err(error) => tracing::info!(kind = ?error.kind, "a message waits for its source"),
            }
        }
        Ok(ready)
    }

    /// Brings a message's bytes here; false where they can't be had now.
    async fn fetch(&mut self, carry: &Carry) -> Result<bool> {
        let (message, placement) = (carry.message, carry.placement);
        let store = self.context.store.clone();
        let (kept, spooled) = store.read(move |r| Ok((r.body_size(message)?, r.spooled(placement)?))).await?;
        if kept.is_some() || spooled.is_some() {
            return Ok(true);
        }
        if carry.restores {
            return Err(Error::gone("All that was kept of this message is its header: it can't come back.")
                .mend("Ask its sender for it, or look for it in a backup."));
        }
        let Some(line) = self.line(carry.source).await else { return Ok(false) };
        let fetched = spool(&store, line, carry).await;
        if !matches!(fetched, Ok(true)) {
            store.write(Lane::Sync, move |w| w.spool_clear(placement)).await?;
        }
        fetched
    }

    async fn line(&mut self, account: AccountId) -> Option<&Connection> {
        let slot = match self.lines.entry(account) {
            std::collections::hash_map::Entry::Occupied(slot) => slot.into_mut(),
            std::collections::hash_map::Entry::Vacant(slot) => {
                // A password that was refused is not tried again by itself.
                let stopped = matches!(self.context.activity(account), Activity::Stopped { .. });
                let line = if stopped { None } else { self.context.connect(account).await.ok() };
                slot.insert(line)
            }
        };
        slot.as_ref()
    }
}

/// Reads a message into the spool; false where its UID names something else by now (its account's sync finds out what).
async fn spool(store: &Store, line: &Connection, carry: &Carry) -> Result<bool> {
    let Some(uid) = carry.uid else { return Ok(false) };
    let mailbox = carry.mailbox;
    let wire_name = store.read(move |r| Ok(r.mailbox_state(mailbox)?.wire_name)).await?;
    let selected = line.select(&wire_name, None).await?;
    if selected.uidvalidity != Some(carry.uidvalidity) {
        return Ok(false);
    }
    let held = line.fetch_identities(&godwit_domain::sync::UidSet::range(uid, uid)).await?;
    if !held.iter().any(|row| row.uid == uid && mime::identity(&row.header) == carry.identity) {
        return Ok(false);
    }
    let (sink, mut parts) = mpsc::channel::<Vec<u8>>(8);
    let placement = carry.placement;
    store.write(Lane::Sync, move |w| w.spool_clear(placement)).await?;
    let keep = async {
        let (mut piece, mut n, mut total) = (Vec::new(), 0u32, 0u64);
        while let Some(part) = parts.recv().await {
            total += part.len() as u64;
            if total > MOST {
                return Err(Error::invalid("A message over 2 GB can't be moved into another account."));
            }
            piece.extend_from_slice(&part);
            if piece.len() >= PIECE {
                let full = std::mem::take(&mut piece);
                store.write(Lane::Sync, move |w| w.spool_put(placement, n, &full)).await?;
                n += 1;
            }
        }
        if !piece.is_empty() {
            store.write(Lane::Sync, move |w| w.spool_put(placement, n, &piece)).await?;
        }
        Ok(total)
    };
    let (fetched, kept) = tokio::join!(line.fetch_body(uid, sink), keep);
    let (fetched, kept) = (fetched?, kept?);
    // Nothing may be given up for a message that came as nothing.
    if fetched != kept || kept == 0 {
        return Ok(false);
    }
    store.write(Lane::Sync, move |w| w.spool_whole(placement, kept)).await?;
    Ok(true)
}

//! A pass over a whole account: push first, list, then every mailbox, newest mail first.

use crate::context::Context;
use crate::sync::{AccountSync, Audited, Depth, MailboxOutcome, Pulse, PushOutcome, Rest, Way};
use godwit_domain::api::{MailboxSynced, SyncBodies};
use godwit_domain::sync::named_pause;
use godwit_domain::{Activity, Error, ErrorKind, Event, MailboxId, PlacementId, Result};
use std::collections::BTreeMap;

/// Rows whose first words are fetched right after a mailbox' first screen.
const FIRST_PREVIEWS: u32 = 60;

/// Runs one pass and reports per mailbox. An error ends it; what was done until then is kept.
pub async fn run_pass(context: &Context, sync: &AccountSync, pulse: &Pulse, bodies: SyncBodies) -> Result<Vec<MailboxSynced>> {
    let mut pass = Pass { context, sync, pulse, rest: Rest::All, report: BTreeMap::new() };
    pulse.reset();
    pass.push().await?;
    sync.discover().await?;
    let order = sync.mailboxes_in_order().await?;
    // Of hundreds of folders few have news.
    let busy: Vec<MailboxId> = order.iter().copied().filter(|mailbox| !sync.is_quiet(*mailbox)).collect();
    let mut left = Vec::new();
    for mailbox in &busy {
        if pass.mailbox(*mailbox, Depth::FirstScreen).await? != Visited::Complete {
            left.push(*mailbox);
        }
        pass.guard(*mailbox, sync.fetch_previews(*mailbox, FIRST_PREVIEWS).await)?;
        pass.push_if_wanted().await?;
    }
    for mailbox in left {
        while pass.mailbox(mailbox, Depth::Whole).await? == Visited::Interrupted {
            pass.push_if_wanted().await?;
        }
        pass.push_if_wanted().await?;
    }
    // What could not be pushed before, because its message had moved elsewhere, has its place again.
    pass.push().await?;
    for mailbox in order.iter().filter(|_| !pulse.is_metered()) {
        pass.guard(*mailbox, sync.fetch_recent_previews(*mailbox).await)?;
        pass.push_if_wanted().await?;
    }
    pass.bodies(bodies).await?;
    pass.finish().await
}

/// One mailbox that the server says has changed, with its new mail announced. Its own trouble (it is gone, it can't be opened)
/// is no trouble of the account's: the next full pass tells it.
/// Answers what came, and into which mailbox that is read.
pub(super) async fn run_mailbox(
    context: &Context,
    sync: &AccountSync,
    pulse: &Pulse,
    mailbox: MailboxId,
) -> Result<(MailboxId, Vec<PlacementId>)> {
    let mut pass = Pass { context, sync, pulse, rest: Rest::Rested, report: BTreeMap::new() };
    let mailbox = sync.ground(mailbox).await?;
    let mut arrived = Vec::new();
    loop {
        let synced = sync.sync_mailbox_now(mailbox).await;
        let Some(outcome) = pass.guard(mailbox, synced)? else { return Ok((mailbox, arrived)) };
        pass.announce(mailbox, &outcome).await?;
        arrived.extend(outcome.arrived);
        if !outcome.interrupted {
            break;
        }
        pass.push_if_wanted().await?;
    }
    pass.guard(mailbox, sync.fetch_previews(mailbox, FIRST_PREVIEWS).await)?;
    Ok((mailbox, arrived))
}

/// Mail that just came is kept here at once: who is offline a minute later wants to read it all the same.
pub(super) async fn run_arrived(sync: &AccountSync, mailbox: MailboxId, rows: Vec<PlacementId>) -> Result<()> {
    match sync.fetch_arrived(mailbox, rows).await {
        Err(error) if sync.connection().is_alive() && is_of_one_mailbox(error.kind) => Ok(()),
        done => done,
    }
}

/// First words of the rows that a person looks at.
pub(super) async fn run_previews(sync: &AccountSync, rows: Vec<PlacementId>) -> Result<()> {
    match sync.fetch_previews_of(rows).await {
        Err(error) if sync.connection().is_alive() && is_of_one_mailbox(error.kind) => Ok(()),
        done => done,
    }
}

/// Compares one mailbox with the server. Its own trouble is told by the passes; here it only ends the comparing for now.
pub(super) async fn run_audit(sync: &AccountSync, mailbox: MailboxId) -> Result<Option<Audited>> {
    match sync.audit_mailbox(mailbox).await {
        Err(error) if sync.connection().is_alive() && is_of_one_mailbox(error.kind) => {
            tracing::info!(kind = ?error.kind, "a mailbox could not be compared");
            Ok(None)
        }
        audited => audited,
    }
}

/// Pushes and brings the mailboxes that took something up to date.
pub(super) async fn run_push(context: &Context, sync: &AccountSync, pulse: &Pulse) -> Result<()> {
    Pass { context, sync, pulse, rest: Rest::Rested, report: BTreeMap::new() }.push().await
}

/// How a visit to a mailbox ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Visited {
    /// All of it is here.
    Complete,
    /// A person's action comes first.
    Interrupted,
    /// As far as it was to go, or there was nothing to do.
    Ended,
}

struct Pass<'a> {
    context: &'a Context,
    sync: &'a AccountSync,
    pulse: &'a Pulse,
    /// Which drafts go along.
    rest: Rest,
    report: BTreeMap<MailboxId, Counts>,
}

#[derive(Default)]
struct Counts {
    added: u32,
    changed: u32,
    removed: u32,
    pushed: u32,
    error: Option<Error>,
}

impl Pass<'_> {
    async fn push_if_wanted(&mut self) -> Result<()> {
        if self.pulse.push_wanted() { self.push().await } else { Ok(()) }
    }

    async fn push(&mut self) -> Result<()> {
        self.pulse.take_push();
        // On the heap one by one: within each other they outgrow the stack of a thread.
        let mut outcome = Box::pin(self.sync.push()).await?;
        Box::pin(super::carry::run(self.context, self.sync, &mut outcome)).await?;
        Box::pin(self.push_drafts(&mut outcome)).await?;
        for (mailbox, pushed) in outcome.pushed {
            self.report.entry(mailbox).or_default().pushed += pushed;
        }
        for mailbox in outcome.touched {
            let synced = Box::pin(self.sync.sync_mailbox_now(mailbox)).await;
            if let Some(outcome) = self.guard(mailbox, synced)? {
                self.count(mailbox, &outcome);
            }
        }
        Ok(())
    }

    /// After everything else, since a draft may be long; what it leaves behind goes at once.
    async fn push_drafts(&self, outcome: &mut PushOutcome) -> Result<()> {
        let wants = Box::pin(self.sync.push_drafts(self.rest, outcome)).await?;
        for account in std::mem::take(&mut outcome.left_behind) {
            self.context.nudge(account);
        }
        if wants {
            let more = Box::pin(self.sync.push()).await?;
            for (mailbox, pushed) in more.pushed {
                *outcome.pushed.entry(mailbox).or_default() += pushed;
            }
            outcome.touched.extend(more.touched);
        }
        Ok(())
    }

    async fn mailbox(&mut self, mailbox: MailboxId, depth: Depth) -> Result<Visited> {
        let synced = self.sync.sync_mailbox(mailbox, depth).await;
        let Some(outcome) = self.guard(mailbox, synced)? else { return Ok(Visited::Ended) };
        self.count(mailbox, &outcome);
        self.announce(mailbox, &outcome).await?;
        let (done, total) = self.pulse.progress();
        if total > 0 && done < total {
            self.context.set_activity(self.sync.account(), Activity::Getting { done, total });
        }
        Ok(match (outcome.interrupted, outcome.complete) {
            (true, _) => Visited::Interrupted,
            (false, true) => Visited::Complete,
            (false, false) => Visited::Ended,
        })
    }

    fn count(&mut self, mailbox: MailboxId, outcome: &MailboxOutcome) {
        let counts = self.report.entry(mailbox).or_default();
        counts.added += outcome.added;
        counts.changed += outcome.changed;
        counts.removed += outcome.removed;
    }

    /// One mailbox' trouble is noted and the pass goes on; the account's trouble ends it.
    fn guard<T>(&mut self, mailbox: MailboxId, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            // Who asks for a pause means it for the account, not for this mailbox.
            Err(error) if self.sync.connection().is_alive() && is_of_one_mailbox(error.kind) && named_pause(&error).is_none() => {
                tracing::info!(kind = ?error.kind, "a mailbox could not be brought up to date");
                self.report.entry(mailbox).or_default().error = Some(error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Tells of unread mail that came into an inbox; a first sync is no news.
    async fn announce(&self, mailbox: MailboxId, outcome: &MailboxOutcome) -> Result<()> {
        if outcome.arrived.is_empty() {
            return Ok(());
        }
        let ids = outcome.arrived.clone();
        let news = self.context.store.read(move |r| r.news_of(mailbox, &ids)).await?;
        if let Some((mailbox, fresh)) = news {
            let placements = fresh.into_iter().take(20).collect();
            self.context.store.emit(Event::MailArrived { account: self.sync.account(), mailbox, placements });
        }
        Ok(())
    }

    async fn bodies(&mut self, bodies: SyncBodies) -> Result<()> {
        if bodies == SyncBodies::None {
            return Ok(());
        }
        self.sync.prefetch_anew();
        loop {
            let more = self.sync.prefetch_bodies(bodies, Way::Asked).await?;
            self.push_if_wanted().await?;
            if !more {
                return Ok(());
            }
        }
    }

    async fn finish(self) -> Result<Vec<MailboxSynced>> {
        let account = self.sync.account();
        let report = self.report;
        self.context
            .store
            .read(move |r| {
                let email = r.account(account)?.email;
                let mut out = Vec::new();
                for state in r.mailbox_states(account)? {
                    let Some(counts) = report.get(&state.id) else { continue };
                    out.push(MailboxSynced {
                        account: email.clone(),
                        mailbox: state.path,
                        added: counts.added,
                        changed: counts.changed,
                        removed: counts.removed,
                        pushed: counts.pushed,
                        error: counts.error.clone(),
                    });
                }
                Ok(out)
            })
            .await
    }
}

fn is_of_one_mailbox(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Refused | ErrorKind::Gone | ErrorKind::Protocol | ErrorKind::Busy | ErrorKind::Unsupported)
}

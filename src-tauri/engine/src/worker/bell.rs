//! What wakes a worker: each thing that happened stands here once, until the worker takes it. Nothing is dropped for want of
//! room, and nothing is taken before the worker can really see to it.

use godwit_domain::api::{MailboxSynced, SyncBodies};
use godwit_domain::sync::FetchedFlags;
use godwit_domain::{MailboxId, PlacementId, Result};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};

/// The most people who wait for one account's pass.
const MOST_ASKED: usize = 256;

/// The most lines of flags that are written before the sync that follows; it brings the others.
const MOST_TOLD: usize = 500;

/// A full pass, and who waits for it.
pub(super) struct Asked {
    pub bodies: SyncBodies,
    pub reply: oneshot::Sender<Result<Vec<MailboxSynced>>>,
}

/// What happened since the worker last took it.
#[derive(Default)]
pub(super) struct Rung {
    /// A person did something that waits to be pushed.
    pub push: bool,
    /// The account was changed (password, server): connect anew.
    pub reconnect: bool,
    /// The machine slept: nothing says that the lines still stand.
    pub slept: bool,
    /// The mailbox that a person looks at now.
    pub opened: Option<MailboxId>,
    /// Mailboxes that changed, as a server or an account's other room says.
    pub changed: BTreeSet<MailboxId>,
    /// Flags that a server told by itself, and the UIDVALIDITY they were told under. Only ever beside `changed`: a sync
    /// follows, so that these may be dropped.
    pub told: Vec<(MailboxId, u32, FetchedFlags)>,
    /// Rows that a person looks at and that have no first words yet.
    pub seen: BTreeSet<PlacementId>,
    /// A server says that mailboxes came or went, or that much has changed.
    pub look: bool,
    /// Mail may come of itself again.
    pub ahead: bool,
    /// Who waits for a full pass.
    pub asked: Vec<Asked>,
}

impl Rung {
    /// A mailbox changed, and this is what the server said of it.
    pub fn news(&mut self, mailbox: MailboxId, uidvalidity: Option<u32>, told: Vec<FetchedFlags>) {
        self.changed.insert(mailbox);
        let room = MOST_TOLD.saturating_sub(self.told.len());
        if let Some(uidvalidity) = uidvalidity {
            self.told.extend(told.into_iter().take(room).map(|line| (mailbox, uidvalidity, line)));
        }
    }

    pub fn anything(&self) -> bool {
        self.push
            || self.reconnect
            || self.slept
            || self.look
            || self.ahead
            || !self.seen.is_empty()
            || self.opened.is_some()
            || !self.changed.is_empty()
            || !self.asked.is_empty()
    }
}

/// One worker's bell. Cheap to clone; all clones are the same bell.
#[derive(Clone, Default)]
pub(super) struct Bell(Arc<Hung>);

#[derive(Default)]
struct Hung {
    rung: Mutex<Rung>,
    heard: Notify,
}

impl Bell {
    /// Something happened.
    pub fn ring(&self, what: impl FnOnce(&mut Rung)) {
        what(&mut self.lock());
        self.0.heard.notify_waiters();
    }

    /// Somebody waits for a full pass; false where too many do.
    pub fn ask(&self, asked: Asked) -> bool {
        let mut rung = self.lock();
        let has_room = rung.asked.len() < MOST_ASKED;
        if has_room {
            rung.asked.push(asked);
        }
        drop(rung);
        self.0.heard.notify_waiters();
        has_room
    }

    /// Waits until something of this kind happened; it stays for `take`.
    pub async fn rung(&self, of_kind: impl Fn(&Rung) -> bool) {
        loop {
            let heard = self.0.heard.notified();
            tokio::pin!(heard);
            heard.as_mut().enable();
            if of_kind(&self.lock()) {
                return;
            }
            heard.await;
        }
    }

    /// Looks, or takes a part.
    pub fn take<T>(&self, part: impl FnOnce(&mut Rung) -> T) -> T {
        part(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Rung> {
        // A poisoned lock only means that a panic passed by; what rang is whole.
        self.0.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn however_often_it_rings_nothing_is_lost_and_nothing_is_told_twice() {
        let bell = Bell::default();
        for n in 0..10_000 {
            bell.ring(|r| {
                r.changed.insert(MailboxId(n % 300));
            });
        }
        bell.ring(|r| r.push = true);
        bell.rung(|r| r.push).await;
        let rung = bell.take(std::mem::take);
        assert_eq!((rung.push, rung.changed.len()), (true, 300));
        assert!(!bell.take(|r| r.anything()));
    }

    #[tokio::test]
    async fn a_bell_that_rings_while_somebody_turns_to_it_is_heard() {
        let bell = Bell::default();
        let (far, waits) = (bell.clone(), bell.clone());
        let waiting = tokio::spawn(async move { waits.rung(|r| r.slept).await });
        tokio::task::yield_now().await;
        far.ring(|r| r.push = true);
        far.ring(|r| r.slept = true);
        waiting.await.unwrap();
    }
}

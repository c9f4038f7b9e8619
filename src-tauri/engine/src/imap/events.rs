//! What the server said unasked, kept until somebody takes it: coalesced and bounded.

use super::items::MailboxEvent;
use super::piles::Pile;
use godwit_domain::sync::StatusItems;
use std::collections::BTreeMap;

/// More of one kind than this, and the mailbox has to be looked at again anyway.
const MOST: usize = 10_000;
const MOST_RANGES: usize = 1_000_000;

#[derive(Debug, Default)]
pub(super) struct Events {
    list: Vec<MailboxEvent>,
    keywords: usize,
    exists: Option<u32>,
    vanished: Pile,
    counts: BTreeMap<String, StatusItems>,
    listed: bool,
    overflow: bool,
}

impl Events {
    pub fn push(&mut self, event: MailboxEvent) {
        match event {
            MailboxEvent::Exists(n) => self.exists = Some(n),
            MailboxEvent::Listed => self.listed = true,
            MailboxEvent::Counts(name, items) if self.counts.len() < MOST || self.counts.contains_key(&name) => {
                let known = self.counts.entry(name).or_default();
                *known = later(known, items);
            }
            MailboxEvent::Vanished(uids) if self.vanished.len() < MOST_RANGES => self.vanished.add(&uids),
            event
                if self.list.len() + self.keywords < MOST
                    && !matches!(event, MailboxEvent::Vanished(_) | MailboxEvent::Counts(..)) =>
            {
                if let MailboxEvent::Flags(fetched) = &event {
                    self.keywords += fetched.flags.keywords.len();
                }
                self.list.push(event);
            }
            _ => self.overflow = true,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
            && self.exists.is_none()
            && self.vanished.is_empty()
            && self.counts.is_empty()
            && !self.listed
            && !self.overflow
    }

    /// Everything, oldest first; EXISTS counts after all that went.
    pub fn take(&mut self) -> Vec<MailboxEvent> {
        let Self { mut list, keywords: _, exists, vanished, counts, listed, overflow } = std::mem::take(self);
        if !vanished.is_empty() {
            list.push(MailboxEvent::Vanished(vanished.into_set()));
        }
        list.extend(exists.map(MailboxEvent::Exists));
        list.extend(counts.into_iter().map(|(name, items)| MailboxEvent::Counts(name, items)));
        if listed {
            list.push(MailboxEvent::Listed);
        }
        if overflow {
            list.push(MailboxEvent::Overflow);
        }
        list
    }

    /// What was said of a mailbox means nothing once another is open; words for people and news of other mailboxes stay.
    pub fn forget_mailbox(&mut self) {
        self.list.retain(|e| matches!(e, MailboxEvent::Alert(_) | MailboxEvent::Bye(_)));
        self.keywords = 0;
        self.exists = None;
        self.vanished = Pile::default();
        self.overflow = false;
    }
}

/// Two looks at one mailbox: what the later one says counts, and what it leaves out is as it was.
fn later(known: &StatusItems, items: StatusItems) -> StatusItems {
    StatusItems {
        messages: items.messages.or(known.messages),
        uidnext: items.uidnext.or(known.uidnext),
        uidvalidity: items.uidvalidity.or(known.uidvalidity),
        unseen: items.unseen.or(known.unseen),
        highestmodseq: items.highestmodseq.or(known.highestmodseq),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use godwit_domain::sync::UidSet;

    #[test]
    fn many_events_become_few_and_none_is_lost_silently() {
        let mut events = Events::default();
        for n in 1..=20_000 {
            events.push(MailboxEvent::Exists(n));
            events.push(MailboxEvent::Vanished(UidSet::range(n, n)));
            events.push(MailboxEvent::FlagsAt(n));
        }
        let taken = events.take();
        assert_eq!(taken.len(), MOST + 3);
        assert!(taken.contains(&MailboxEvent::Vanished(UidSet::range(1, 20_000))));
        assert!(taken.contains(&MailboxEvent::Exists(20_000)));
        assert!(taken.contains(&MailboxEvent::Overflow));
        assert!(events.is_empty());
    }

    #[test]
    fn looks_at_one_mailbox_become_one_and_stay_when_another_is_opened() {
        let mut events = Events::default();
        let items = |messages, highestmodseq| StatusItems { messages, highestmodseq, ..StatusItems::default() };
        events.push(MailboxEvent::Counts("Work".into(), items(Some(4), Some(7))));
        events.push(MailboxEvent::Counts("Work".into(), items(None, Some(8))));
        events.push(MailboxEvent::Listed);
        events.forget_mailbox();
        assert_eq!(events.take(), [MailboxEvent::Counts("Work".into(), items(Some(4), Some(8))), MailboxEvent::Listed]);
        assert!(events.is_empty());
    }

    #[test]
    fn another_mailbox_clears_all_but_words() {
        let mut events = Events::default();
        events.push(MailboxEvent::Exists(1));
        events.push(MailboxEvent::Alert("Disk is full".into()));
        events.forget_mailbox();
        assert_eq!(events.take(), [MailboxEvent::Alert("Disk is full".into())]);
    }
}

//! How many connections to mail servers stand in all, over every account. An account's own line is never refused, for without it
//! there would be no mail, and neither is a person who waits; what only listens is there as long as there is room.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Connections in all: three each for a dozen accounts.
pub(crate) const MOST: usize = 40;
/// Those that only listen leave so many to people, or the lines of two accounts would close for each other at every message.
const FOR_PEOPLE: usize = 8;

/// Counts them. Cheap to clone; all clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines(Arc<AtomicUsize>);

/// One that stands, or is about to.
#[derive(Debug)]
pub(crate) struct Standing(Lines);

impl Lines {
    /// One more, whether there is room or not.
    pub(crate) fn stand(&self) -> Standing {
        self.0.fetch_add(1, Ordering::Relaxed);
        Standing(self.clone())
    }

    /// One more where there is room.
    pub(crate) fn try_stand(&self) -> Option<Standing> {
        let more = |n: usize| (n < MOST - FOR_PEOPLE).then_some(n + 1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(|_| Standing(self.clone()))
    }

    /// Whether one that nobody uses should make room for another.
    pub(crate) fn are_many(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= MOST
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_listens_finds_room_while_there_is_some_and_gives_it_back() {
        let lines = Lines::default();
        let needed: Vec<Standing> = (1..MOST - FOR_PEOPLE).map(|_| lines.stand()).collect();
        let last = lines.try_stand();
        assert!(last.is_some() && lines.try_stand().is_none());
        assert!(!lines.are_many(), "there is room for people still");
        let people: Vec<Standing> = (0..FOR_PEOPLE).map(|_| lines.stand()).collect();
        assert!(lines.are_many());
        drop((people, last));
        assert!(lines.try_stand().is_some() && !lines.are_many());
        drop(needed);
    }
}

//! Counts steps of reading where tests ask for it, so that "linear" is shown by a number and not by a clock. Costs nothing else.

#[cfg(any(test, feature = "fuzz"))]
mod counted {
    use std::cell::Cell;

    thread_local! {
        static STEPS: Cell<u64> = const { Cell::new(0) };
    }

    /// `n` things were looked at.
    pub(crate) fn step(n: usize) {
        STEPS.set(STEPS.get().saturating_add(n as u64));
    }

    /// How many steps `work` took on this thread, and what it made.
    pub(crate) fn counted<T>(work: impl FnOnce() -> T) -> (u64, T) {
        let before = STEPS.get();
        let made = work();
        (STEPS.get() - before, made)
    }
}

#[cfg(any(test, feature = "fuzz"))]
pub(crate) use counted::{counted, step};

/// `n` things were looked at.
#[cfg(not(any(test, feature = "fuzz")))]
pub(crate) fn step(_n: usize) {}

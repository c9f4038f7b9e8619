//! Deciding in which windows a mailbox is read: newest first, sized by how densely its UIDs lie and how fast the line is,
//! resumable at any point.

use std::time::Duration;

/// Rows of the first screen's window.
pub const FIRST_WINDOW: u32 = 200;
/// Rows of the window after it, and of windows whose line is not known.
pub const NEXT_WINDOW: u32 = 2_000;
/// The least and the most rows of a window.
const ROWS: (u32, u32) = (500, 10_000);
/// How long a window should take: between two of them a person's action goes out.
const WINDOW: Duration = Duration::from_millis(1_000);

/// What is known while reading backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Every UID from here up is read; UIDNEXT before the first window.
    pub down_to: u32,
    /// Messages on the server below `down_to`, as far as EXISTS tells.
    pub remaining: u32,
    /// Rows that the next window should bring.
    pub rows: u32,
    /// Windows in a row that held nothing: a gap, to be crossed in growing steps.
    pub empty: u32,
}

/// Rows of the window after one of `rows` that took so long.
pub fn next_rows(rows: u32, took: Duration) -> u32 {
    let (least, most) = ROWS;
    if rows < NEXT_WINDOW && took < WINDOW {
        // A first screen says little of the line: most of its time is the turn-around.
        return NEXT_WINDOW;
    }
    let fit = u128::from(rows) * WINDOW.as_millis() / took.as_millis().max(1);
    u32::try_from(fit).unwrap_or(u32::MAX).clamp(least, most).min(rows.saturating_mul(4).max(least))
}

/// The next window (both ends included), or `None` when UID 1 is reached.
/// UIDs may lie sparsely: the window grows so that about as many rows come back as were meant to.
pub fn next_window(at: Reading) -> Option<(u32, u32)> {
    let high = at.down_to.checked_sub(1).filter(|h| *h > 0)?;
    if at.remaining == 0 {
        return Some((1, high));
    }
    let rows = at.rows;
    // EXISTS may count more messages than there are UIDs: a wrong number, and no window is larger than what is left.
    if at.remaining <= rows || high <= rows {
        return Some((1, high));
    }
    let span = u64::from(high) * u64::from(rows) / u64::from(at.remaining);
    let span = span.saturating_mul(1 << (2 * at.empty.min(15)));
    let span = u32::try_from(span).unwrap_or(u32::MAX).clamp(rows, high);
    Some((high - span + 1, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(uids: &[u32]) -> (usize, Vec<u32>) {
        let mut at = Reading {
            down_to: uids.iter().max().map_or(1, |m| m + 1),
            remaining: uids.len() as u32,
            rows: FIRST_WINDOW,
            empty: 0,
        };
        let (mut windows, mut read) = (0, Vec::new());
        while let Some((low, high)) = next_window(at) {
            let got: Vec<u32> = uids.iter().copied().filter(|u| (low..=high).contains(u)).collect();
            let empty = if got.is_empty() { at.empty + 1 } else { 0 };
            at = Reading { down_to: low, remaining: at.remaining - got.len() as u32, rows: NEXT_WINDOW, empty };
            read.extend(got);
            windows += 1;
            assert!(windows < 100_000);
        }
        read.sort_unstable();
        (windows, read)
    }

    #[test]
    fn every_message_is_read_once_in_few_windows() {
        let dense: Vec<u32> = (1..=100_000).collect();
        let sparse: Vec<u32> = (1..=5_000).map(|n| n * 800_000).collect();
        let old_block: Vec<u32> = (1..=10_000).chain([4_000_000_000]).collect();
        for uids in [dense, sparse, old_block, vec![], vec![1], vec![u32::MAX - 1]] {
            let (windows, read) = walk(&uids);
            assert_eq!(read, uids);
            assert!(windows <= uids.len() / 1000 + 30, "{windows} windows for {}", uids.len());
        }
    }

    #[test]
    fn the_first_window_is_a_screenful_however_large_the_mailbox() {
        assert_eq!(
            next_window(Reading { down_to: 1_000_001, remaining: 1_000_000, rows: FIRST_WINDOW, empty: 0 }),
            Some((999_801, 1_000_000))
        );
    }

    #[test]
    fn a_count_that_cannot_be_true_is_no_reason_to_stop() {
        let at = |down_to| Reading { down_to, remaining: u32::MAX, rows: FIRST_WINDOW, empty: 40 };
        assert_eq!(next_window(at(8)), Some((1, 7)));
        assert_eq!(next_window(at(FIRST_WINDOW + 1)), Some((1, FIRST_WINDOW)));
        assert_eq!(next_window(at(u32::MAX)), Some((1, u32::MAX - 1)));
        assert_eq!(next_window(at(0)), None);
    }

    #[test]
    fn a_fast_line_brings_large_windows_and_a_slow_one_small_ones() {
        let after = |rows, ms| next_rows(rows, Duration::from_millis(ms));
        assert_eq!(after(FIRST_WINDOW, 80), NEXT_WINDOW);
        assert_eq!(after(NEXT_WINDOW, 20), 8_000);
        assert_eq!(after(8_000, 80), 10_000);
        assert_eq!(after(NEXT_WINDOW, 2_000), 1_000);
        assert_eq!(after(1_000, 60_000), 500);
        assert_eq!(after(FIRST_WINDOW, 30_000), 500);
        assert_eq!(after(10_000, 0), 10_000);
    }
}

//! Deciding whose turn it is to be compared with the server.

/// The one that was never compared, or the longest ago, where that is `every` seconds or more. A time that lies ahead of the
/// clock says nothing: it counts as never.
pub fn due_for_audit<T>(all: impl IntoIterator<Item = (T, Option<i64>)>, now: i64, every: i64) -> Option<T> {
    let age = |at: Option<i64>| at.filter(|at| *at <= now).map_or(i64::MAX, |at| now.saturating_sub(at));
    let aged = all.into_iter().map(|(what, at)| (what, age(at)));
    // Of several that wait equally long the first has its turn.
    let oldest = aged.reduce(|a, b| if b.1 > a.1 { b } else { a });
    oldest.filter(|(_, age)| *age >= every).map(|(what, _)| what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_waited_longest_has_its_turn_and_nobody_too_soon() {
        let due = |all: &[(u32, Option<i64>)]| due_for_audit(all.iter().copied(), 1_000, 100);
        assert_eq!(due(&[]), None);
        assert_eq!(due(&[(1, Some(950)), (2, Some(901))]), None);
        assert_eq!(due(&[(1, Some(900)), (2, Some(800)), (3, Some(999))]), Some(2));
        assert_eq!(due(&[(1, Some(0)), (2, None), (3, None)]), Some(2));
        assert_eq!(due(&[(1, Some(5_000)), (2, Some(990))]), Some(1), "a clock that was set back");
    }
}

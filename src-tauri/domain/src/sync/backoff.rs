//! When to try again: one pure function of the error and of how often it failed.

use crate::{Error, ErrorKind};

/// What to do after a connection or a sync failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Try again after this many milliseconds (before jitter).
    After(u64),
    /// Only a person can mend it.
    Stop,
}

/// What an error says of a command that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The server read it and will not do it: what was wanted is taken back and told.
    Refused,
    /// The server read it and can't do it now, or did not understand: nothing was done, it may be tried again a few times.
    NotNow,
    /// Nobody knows whether it was done, in whole or in part: only a look at the server tells.
    Open,
}

/// Sorts the error of a command that changes something (rule W1: what is open is never taken for a refusal or a success).
pub fn sent(error: &Error) -> Sent {
    use ErrorKind::*;
    match error.kind {
        Refused | Gone | Unsupported | Invalid => Sent::Refused,
        Busy | Protocol => Sent::NotNow,
        // `StorageFull` and `ReadOnly` are this machine's: no server said a word.
        _ => Sent::Open,
    }
}

/// The longest wait between two tries, in milliseconds.
pub const LONGEST_WAIT_MS: u64 = 300_000;

/// The longest pause that a server may name, in milliseconds.
pub const LONGEST_NAMED_MS: u64 = 900_000;

/// The pause in milliseconds that a server asks for in words: "Request is throttled. Suggested Backoff Time: 3000 milliseconds".
pub fn named_pause(error: &Error) -> Option<u64> {
    let words = error.server_words.as_deref()?.to_ascii_lowercase();
    let (_, after) = words.split_once("backoff time")?;
    let digits = after.trim_start_matches([':', ' ']);
    let digits = digits.split(|c: char| !c.is_ascii_digit()).next().filter(|digits| !digits.is_empty())?;
    Some(digits.parse().unwrap_or(u64::MAX).min(LONGEST_NAMED_MS))
}

/// 2, 4, 8 … 300 s for what passes, or what the server asks for, up to 15 minutes; a stop for what does not. `failures` counts from 1.
pub fn retry_after(error: &Error, failures: u32) -> Retry {
    use ErrorKind::*;
    match error.kind {
        SignInNeeded | CertificateExpired | CertificateName | CertificateUntrusted | Unsupported | ReadOnly | KeyUnavailable
        | Corrupt | Invalid => Retry::Stop,
        // Whoever makes room does not come back to say so.
        StorageFull => Retry::After(LONGEST_WAIT_MS),
        Offline | HostUnknown | PortRefused | TimedOut | Tls | Busy | Protocol | Refused | Gone | Uncertain | Cancelled
        | ProfileInUse | Bug => {
            let wait = 2_000u64.saturating_mul(1 << failures.saturating_sub(1).min(16));
            Retry::After(wait.min(LONGEST_WAIT_MS).max(named_pause(error).unwrap_or(0)))
        }
    }
}

/// A connection that held for so long after its first pass shows that the server is well again, in milliseconds.
pub const STEADY_MS: u64 = 60_000;

/// How many earlier failures still count when a connection breaks `held_ms` after its first pass.
pub fn failures_left(failures: u32, held_ms: u64) -> u32 {
    if held_ms >= STEADY_MS { 0 } else { failures }
}

/// The shortest that one IDLE lasts, in seconds.
pub const IDLE_AT_LEAST: u64 = 240;
/// The longest where lines are known to be forgotten sooner.
const IDLE_WHERE_FORGOTTEN: u64 = 570;

/// How long one IDLE lasts, in seconds, of at most `longest`: less where the server or what lies before it forgets quiet
/// lines, and half as long each time that one was found dead.
pub fn idle_for(longest: u64, forgets: bool, found_dead: u32) -> u64 {
    let longest = if forgets { longest.min(IDLE_WHERE_FORGOTTEN) } else { longest };
    (longest >> found_dead.min(16)).max(IDLE_AT_LEAST.min(longest))
}

/// The wall clock went on so much further than the monotonic one that the machine must have slept.
pub fn slept(wall_secs: i64, ran_secs: u64) -> bool {
    wall_secs.saturating_sub(i64::try_from(ran_secs).unwrap_or(i64::MAX)) > 30
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_is_never_tried_again_by_itself() {
        assert_eq!(retry_after(&Error::new(ErrorKind::SignInNeeded, "no"), 1), Retry::Stop);
    }

    #[test]
    fn a_full_disk_is_tried_again_by_itself_now_and_then() {
        assert_eq!(retry_after(&Error::new(ErrorKind::StorageFull, "full"), 1), Retry::After(LONGEST_WAIT_MS));
    }

    #[test]
    fn only_a_servers_word_takes_back_what_was_wanted() {
        let check = |kind, is| assert_eq!(sent(&Error::new(kind, "x")), is, "{kind:?}");
        check(ErrorKind::Refused, Sent::Refused);
        check(ErrorKind::Gone, Sent::Refused);
        check(ErrorKind::Busy, Sent::NotNow);
        check(ErrorKind::Protocol, Sent::NotNow);
        for open in [ErrorKind::Offline, ErrorKind::TimedOut, ErrorKind::Uncertain, ErrorKind::Cancelled, ErrorKind::Bug] {
            check(open, Sent::Open);
        }
        for ours in [ErrorKind::StorageFull, ErrorKind::ReadOnly] {
            check(ours, Sent::Open);
        }
    }

    #[test]
    fn a_sign_in_that_is_followed_by_the_same_failure_mends_nothing() {
        assert_eq!(failures_left(3, 0), 3);
        assert_eq!(failures_left(3, STEADY_MS - 1), 3);
        assert_eq!(failures_left(3, STEADY_MS), 0);
    }

    #[test]
    fn a_line_that_dies_in_silence_is_asked_sooner_next_time() {
        let spans: Vec<u64> = (0..5).map(|found_dead| idle_for(1_440, false, found_dead)).collect();
        assert_eq!(spans, [1_440, 720, 360, 240, 240]);
        assert_eq!((idle_for(1_440, true, 0), idle_for(1_440, true, 1), idle_for(1_440, true, u32::MAX)), (570, 285, 240));
        assert_eq!(idle_for(3, false, 7), 3, "never longer than asked for");
    }

    #[test]
    fn only_a_clock_that_ran_ahead_means_sleep() {
        assert!(slept(3_600, 15));
        assert!(!slept(46, 16));
        assert!(!slept(-3_600, 15), "a clock set back is no sleep");
        assert!(!slept(i64::MIN, u64::MAX));
    }

    #[test]
    fn a_pause_that_the_server_names_is_kept_within_bounds() {
        let after = |words: &str| retry_after(&Error::new(ErrorKind::Busy, "not now").server_words(words), 1);
        assert_eq!(after("Request is throttled. Suggested Backoff Time: 60000 milliseconds"), Retry::After(60_000));
        assert_eq!(after("suggested backoff time 7"), Retry::After(2_000), "no shorter than without");
        assert_eq!(after("Suggested Backoff Time: 99999999999999999999999 milliseconds"), Retry::After(LONGEST_NAMED_MS));
        for silent in ["Suggested Backoff Time: soon", "Backoff", ""] {
            assert_eq!(after(silent), Retry::After(2_000), "{silent}");
        }
    }

    #[test]
    fn waits_double_up_to_five_minutes() {
        let error = Error::new(ErrorKind::Offline, "no network");
        let waits: Vec<_> = [1, 2, 3, 8, 9, 1000].map(|n| retry_after(&error, n)).to_vec();
        assert_eq!(waits, [2_000, 4_000, 8_000, 256_000, 300_000, 300_000].map(Retry::After));
    }
}

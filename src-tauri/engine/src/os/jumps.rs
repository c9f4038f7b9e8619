//! Hearing that the wall clock jumped, which it does when a machine wakes from its sleep. Linux tells it; elsewhere somebody
//! has to look now and then, which costs wake-ups.

use std::time::Duration;

/// How often to look where nothing tells it.
const LOOK: Duration = Duration::from_secs(15);

/// Whatever tells of jumps.
pub(crate) struct Jumps {
    #[cfg(target_os = "linux")]
    timer: Option<timer::Timer>,
}

impl Jumps {
    /// To be made on the runtime.
    pub(crate) fn new() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            timer: timer::Timer::new().inspect_err(|e| tracing::debug!(kind = ?e.kind(), "no timer tells of jumps")).ok(),
        }
    }

    /// Waits until the clock may have jumped.
    pub(crate) async fn next(&self) {
        #[cfg(target_os = "linux")]
        if let Some(timer) = &self.timer
            && timer.jumped().await.is_ok()
        {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

#[cfg(target_os = "linux")]
mod timer {
    use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime};
    use std::io;
    use tokio::net::unix::pipe::Receiver;

    /// The year 2500: the timer is there for being cancelled.
    const NEVER: i64 = 16_725_225_600;

    /// A timer on the wall clock that the system cancels when that clock is set, also at waking (timerfd_create(2)).
    /// Something to read stands in it then, as in a pipe, and it is waited for like one.
    pub(super) struct Timer(Receiver);

    impl Timer {
        pub(super) fn new() -> io::Result<Self> {
            let timer = timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
            let at = |tv_sec| Timespec { tv_sec, tv_nsec: 0 };
            let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
            timerfd_settime(&timer, flags, &Itimerspec { it_interval: at(0), it_value: at(NEVER) })?;
            Receiver::from_owned_fd_unchecked(timer).map(Self)
        }

        pub(super) async fn jumped(&self) -> io::Result<()> {
            loop {
                self.0.readable().await?;
                match self.0.try_read(&mut [0u8; 8]) {
                    Err(e) if e.raw_os_error() == Some(rustix::io::Errno::CANCELED.raw_os_error()) => return Ok(()),
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                    done => return done.map(drop),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn where_the_clock_stays_as_it_is_nothing_is_told() {
        let jumps = Jumps::new();
        assert!(tokio::time::timeout(Duration::from_millis(50), jumps.next()).await.is_err());
    }
}

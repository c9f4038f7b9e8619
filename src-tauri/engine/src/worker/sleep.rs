//! Notices that the machine slept: the wall clock went on while the monotonic one stood. Then no line is trusted unasked.

use super::{UserLine, Workers};
use crate::os::jumps::Jumps;
use godwit_domain::sync::slept;
use tokio::time::Instant;

/// Compares the clocks until dropped.
pub(crate) async fn watch_sleep(workers: Workers, line: UserLine) {
    let jumps = Jumps::new();
    let (mut wall, mut steady) = (crate::clock::now(), Instant::now());
    loop {
        jumps.next().await;
        let (now, ran) = (crate::clock::now(), steady.elapsed());
        if slept(now - wall, ran.as_secs()) {
            tracing::info!("the machine slept; lines are looked at anew");
            // What works on a line keeps it; the next to need one gets a fresh one.
            line.close_all().await;
            workers.doubt_lines();
        }
        (wall, steady) = (now, Instant::now());
    }
}

//! Notices that the machine slept (the wall clock went on while the monotonic one stood), or went into another network. Then no line
//! is trusted unasked.

use crate::os::jumps::Jumps;
use crate::os::network::Network;
use godwit_domain::sync::slept;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Compares the clocks until dropped.
pub(crate) async fn watch_sleep(doubt: Arc<Notify>) {
    let jumps = Jumps::new();
    let (mut wall, mut steady) = (crate::clock::now(), Instant::now());
    loop {
        jumps.next().await;
        let (now, ran) = (crate::clock::now(), steady.elapsed());
        if slept(now - wall, ran.as_secs()) {
            tracing::info!("the machine slept; lines are looked at anew");
            doubt.notify_one();
        }
        (wall, steady) = (now, Instant::now());
    }
}

/// Listens for networks until dropped.
pub(crate) async fn watch_network(doubt: Arc<Notify>) {
    let mut network = Network::new();
    loop {
        network.changed().await;
        tracing::info!("the machine is in another network; lines are looked at anew");
        doubt.notify_one();
    }
}

//! Holds back what nobody asked for while the line costs by the byte, as the system says and the setting has it.

use super::Workers;
use crate::context::Context;
use crate::os::meter::Meter;
use godwit_domain::Fetching;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// What the system says within so long is one change: a network that comes up says much at once.
const SETTLE: Duration = Duration::from_secs(1);

/// Follows both until dropped. `settings` rings where a person changed them.
pub(crate) async fn watch_meter(context: Context, workers: Workers, settings: Arc<Notify>) {
    let mut meter = Meter::new().await;
    loop {
        let metered = meter.metered().await;
        match context.store.read(|r| r.settings()).await {
            Ok(settings) => workers.set_fetching(Fetching { metered, ahead: settings.ahead.allows(metered) }),
            Err(error) => tracing::warn!(%error, "the settings could not be read"),
        }
        tokio::select! {
            () = meter.changed() => tokio::time::sleep(SETTLE).await,
            () = settings.notified() => {}
        }
    }
}

//! Whether the system says that the network costs by the byte. NetworkManager tells it on Linux; where nobody tells it,
//! only the setting decides.

use std::time::Duration;

/// How long the system is asked.
const ASK: Duration = Duration::from_secs(5);

/// Whoever tells it.
pub(crate) struct Meter {
    #[cfg(target_os = "linux")]
    manager: Option<manager::Manager>,
}

impl Meter {
    /// Looks who tells it. Never waits for longer than some seconds.
    pub(crate) async fn new() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            manager: within(manager::Manager::new()).await,
        }
    }

    /// Whether the line is metered; `None`: nobody says.
    pub(crate) async fn metered(&self) -> Option<bool> {
        #[cfg(target_os = "linux")]
        if let Some(manager) = &self.manager {
            return within(manager.metered()).await.flatten();
        }
        None
    }

    /// Waits until it may be otherwise; where nobody says, for ever.
    pub(crate) async fn changed(&mut self) {
        #[cfg(target_os = "linux")]
        if let Some(manager) = &mut self.manager {
            if manager.changed().await {
                return;
            }
            tracing::info!("the system's bus ended; it does not say any more whether the line is metered");
            self.manager = None;
            return;
        }
        std::future::pending().await
    }
}

#[cfg(target_os = "linux")]
async fn within<T>(asked: impl Future<Output = zbus::Result<T>>) -> Option<T> {
    match tokio::time::timeout(ASK, asked).await {
        Ok(Ok(told)) => Some(told),
        Ok(Err(error)) => {
            tracing::debug!(%error, "the system does not say whether the line is metered");
            None
        }
        Err(_) => {
            tracing::info!("the system does not answer whether the line is metered");
            None
        }
    }
}

#[cfg(target_os = "linux")]
mod manager {
    use futures_util::{Stream, StreamExt, stream};
    use std::pin::Pin;
    use zbus::fdo::{DBusProxy, PropertiesProxy};
    use zbus::names::{BusName, InterfaceName, WellKnownName};
    use zbus::{Connection, Result};

    const NAME: WellKnownName<'static> = WellKnownName::from_static_str_unchecked("org.freedesktop.NetworkManager");
    const INTERFACE: InterfaceName<'static> = InterfaceName::from_static_str_unchecked("org.freedesktop.NetworkManager");
    const PATH: &str = "/org/freedesktop/NetworkManager";
    /// `NM_METERED_YES` and `NM_METERED_GUESS_YES`; the others are unknown, no, and a guess at no.
    const METERED: [u32; 2] = [1, 3];

    /// NetworkManager on the system's bus. It is never started by being asked, for it might not be what runs this network.
    pub(super) struct Manager {
        bus: DBusProxy<'static>,
        properties: PropertiesProxy<'static>,
        changes: Pin<Box<dyn Stream<Item = ()> + Send + Sync>>,
    }

    impl Manager {
        pub(super) async fn new() -> Result<Self> {
            let connection = Connection::system().await?;
            let bus = DBusProxy::new(&connection).await?;
            let properties = PropertiesProxy::builder(&connection).destination(NAME)?.path(PATH)?.build().await?;
            // It may start, end and start anew while Godwit runs.
            let owners = bus.receive_name_owner_changed_with_args(&[(0, NAME.as_str())]).await?.map(drop);
            let values = properties.receive_properties_changed_with_args(&[(0, INTERFACE.as_str())]).await?.map(drop);
            Ok(Self { bus, properties, changes: Box::pin(stream::select(owners, values)) })
        }

        /// `None`: it does not run, or does not know.
        pub(super) async fn metered(&self) -> Result<Option<bool>> {
            if !self.bus.name_has_owner(BusName::WellKnown(NAME)).await? {
                return Ok(None);
            }
            let value = u32::try_from(self.properties.get(INTERFACE, "Metered").await?)?;
            Ok((value != 0).then(|| METERED.contains(&value)))
        }

        /// False once the bus is gone.
        pub(super) async fn changed(&mut self) -> bool {
            self.changes.next().await.is_some()
        }
    }
}

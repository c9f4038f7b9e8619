//! A proxy that ends TLS on both sides and breaks the plaintext, or the TLS records, at a chosen byte of a chosen
//! connection in a chosen direction. It changes no byte; it only delays, withholds, or ends.

mod line;
mod note;

use anyhow::{Context, Result, anyhow, bail};
pub use note::{Note, commands};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the engine to the server.
    Up,
    /// From the server to the engine.
    Down,
}

/// What happens to the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The socket goes, and no close_notify is sent.
    Cut,
    /// An orderly end: close_notify, then FIN.
    Close,
    /// Only this direction ends, in order; the other goes on.
    HalfClose,
    /// Nothing more goes in this direction; a while later the line is cut.
    Stall,
    /// A pause, then all goes on.
    Delay,
    /// One byte a record for a while, then all goes on.
    Trickle,
    /// This direction stands still until the line is healed, and whoever waits for that is told: the moment to kill a process.
    Freeze,
}

/// All kinds that a line alone can do.
pub const KINDS: [Kind; 6] = [Kind::Cut, Kind::Close, Kind::HalfClose, Kind::Stall, Kind::Delay, Kind::Trickle];

/// One fault: after `at` bytes of a direction of the `connection`th connection since it was armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// What.
    pub kind: Kind,
    /// Which way.
    pub direction: Direction,
    /// Which connection, from 1.
    pub connection: u32,
    /// Bytes that pass before it.
    pub at: u64,
}

const NAMES: [(Kind, &str); 7] = [
    (Kind::Cut, "cut"),
    (Kind::Close, "close"),
    (Kind::HalfClose, "half-close"),
    (Kind::Stall, "stall"),
    (Kind::Delay, "delay"),
    (Kind::Trickle, "trickle"),
    (Kind::Freeze, "freeze"),
];

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = NAMES.iter().find(|(kind, _)| *kind == self.kind).map_or("", |(_, name)| name);
        let way = if self.direction == Direction::Up { "up" } else { "down" };
        write!(f, "{kind}:{way}:{}:{}", self.connection, self.at)
    }
}

impl FromStr for Fault {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let [kind, way, connection, at] = text.split(':').collect::<Vec<_>>()[..] else {
            bail!("a fault is KIND:up|down:CONNECTION:BYTE, not {text}");
        };
        let kind = NAMES.iter().find(|(_, name)| *name == kind).with_context(|| format!("no fault is called {kind}"))?.0;
        let direction = match way {
            "up" => Direction::Up,
            "down" => Direction::Down,
            other => bail!("bytes go up or down, not {other}"),
        };
        Ok(Self { kind, direction, connection: connection.parse()?, at: at.parse()? })
    }
}

/// Where the proxy looks at bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// The plaintext: TLS ends here on both sides.
    Plain,
    /// The TLS records as they are: a cut may be in the middle of one.
    Records,
}

/// What went over one connection.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// What the engine sent, at most the first [`line::KEPT`] bytes.
    pub up: Vec<u8>,
    /// How many bytes it sent.
    pub up_bytes: u64,
    /// How many bytes the server sent.
    pub down_bytes: u64,
}

/// A fault that happened, and what the server had been given of the last command by then.
#[derive(Clone, Debug)]
pub struct Struck {
    /// Which.
    pub fault: Fault,
    /// See [`Note`].
    pub note: Note,
}

#[derive(Default)]
struct State {
    armed: Option<Fault>,
    struck: Option<Struck>,
    /// Connections since the last `reset`.
    traffic: Vec<Traffic>,
    /// Goes up with every `reset`: what an older connection does is not counted any more.
    round: u64,
    /// Connections that are open, by the order in which they came.
    open: BTreeSet<u64>,
    came: u64,
}

struct Shared {
    server: u16,
    layer: Layer,
    acceptor: TlsAcceptor,
    connector: TlsConnector,
    state: Mutex<State>,
    /// Goes up when all connections of now have to end.
    severed: watch::Sender<u64>,
    frozen: watch::Sender<bool>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A port on 127.0.0.1 in front of a server. It lives as long as its runtime.
pub struct Proxy {
    /// Where the engine connects.
    pub port: u16,
    shared: Arc<Shared>,
}

/// How long the server may take to notice that a line is gone.
const CLOSING: Duration = Duration::from_secs(10);

impl Proxy {
    /// Listens; shows `own` to the engine, and trusts `root` alone towards the server.
    pub async fn before(server: u16, layer: Layer, own: Arc<ServerConfig>, root: &Path) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(root).context("read the authority's root")?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let client = builder.with_root_certificates(roots).with_no_client_auth();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("listen for the proxy")?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            server,
            layer,
            acceptor: TlsAcceptor::from(own),
            connector: TlsConnector::from(Arc::new(client)),
            state: Mutex::default(),
            severed: watch::Sender::new(0),
            frozen: watch::Sender::new(false),
        });
        let serving = shared.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(line::serve(socket, serving.clone()));
            }
        });
        Ok(Self { port, shared })
    }

    /// Counts connections anew from 1, and breaks one of them where a fault is given.
    pub fn reset(&self, fault: Option<Fault>) {
        let mut state = self.shared.state();
        state.round += 1;
        (state.armed, state.struck, state.traffic) = (fault, None, Vec::new());
        self.shared.frozen.send_replace(false);
    }

    /// Ends every connection of now and waits until the server has let go of them too, so that whatever it was given
    /// is done or dropped. New ones pass unharmed. Answers the fault that had struck.
    pub async fn heal(&self) -> Result<Option<Struck>> {
        let (struck, last) = {
            let mut state = self.shared.state();
            state.armed = None;
            (state.struck.take(), state.came)
        };
        self.shared.severed.send_modify(|n| *n += 1);
        let start = Instant::now();
        while self.shared.state().open.first().is_some_and(|oldest| *oldest <= last) {
            if start.elapsed() > CLOSING {
                return Err(anyhow!("the server holds on to a connection that has ended"));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(struck)
    }

    /// What went over the connections since the last `reset`.
    pub fn traffic(&self) -> Vec<Traffic> {
        self.shared.state().traffic.clone()
    }

    /// Waits until a `Freeze` has struck.
    pub async fn frozen(&self) {
        let mut frozen = self.shared.frozen.subscribe();
        // The sender lives in `self`.
        let _ = frozen.wait_for(|is| *is).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_it_is_written() {
        for (kind, _) in NAMES {
            for direction in [Direction::Up, Direction::Down] {
                let fault = Fault { kind, direction, connection: 2, at: 1234 };
                assert_eq!(fault.to_string().parse::<Fault>().unwrap(), fault);
            }
        }
        assert_eq!("cut:up:1:812".parse::<Fault>().unwrap().at, 812);
        assert!("cut:sideways:1:812".parse::<Fault>().is_err());
        assert!("cut:up:1".parse::<Fault>().is_err());
    }
}

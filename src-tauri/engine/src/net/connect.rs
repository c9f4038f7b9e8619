//! From a server's name to a stream: DNS, TCP to whichever address answers first, TLS where it is implicit.
//! STARTTLS is spoken by the protocols; `Link::start_tls` only makes the switch.

use super::patient::Patient;
use super::tls::TlsContext;
use godwit_domain::{CertificateSeen, Error, ErrorKind, Security, Server};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::client::TlsStream;

const CONNECT: Duration = Duration::from_secs(15);
const TLS: Duration = Duration::from_secs(10);
/// The longest silence on an open connection, until a protocol sets another.
const SILENCE: Duration = Duration::from_secs(60);
/// How long one address may try alone before the next one starts too (RFC 8305).
const HEAD_START: Duration = Duration::from_millis(250);
const MOST_ADDRESSES: usize = 8;
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Why there is no connection, and the certificate where it was refused.
#[derive(Clone, Debug)]
pub struct ConnectError {
    /// Cause and mend.
    pub error: Error,
    /// What the wizard shows.
    pub certificate: Option<CertificateSeen>,
}

impl From<Error> for ConnectError {
    fn from(error: Error) -> Self {
        Self { error, certificate: None }
    }
}

impl From<ConnectError> for Error {
    fn from(e: ConnectError) -> Self {
        e.error
    }
}

#[derive(Debug)]
enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection with a progress-based deadline, in clear until TLS was made.
#[derive(Debug)]
pub struct Link(Patient<Socket>);

impl Link {
    /// Whether TLS is in place. Nothing secret goes over it before.
    pub fn is_tls(&self) -> bool {
        matches!(self.0.get_ref(), Socket::Tls(_))
    }

    /// The longest silence from now on; `None` waits for ever.
    pub fn set_patience(&mut self, patience: Option<Duration>) {
        self.0.set_patience(patience);
    }

    /// Makes TLS after the server agreed to STARTTLS. Whoever calls has seen that nothing was left in its own buffers.
    pub async fn start_tls(self, server: &Server, tls: &TlsContext) -> Result<Self, ConnectError> {
        match self.0.into_inner() {
            Socket::Plain(tcp) => secure(tcp, server, tls).await,
            Socket::Tls(_) => Err(Error::bug("TLS was asked for twice.").into()),
        }
    }
}

impl AsyncRead for Link {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Link {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(s) => Pin::new(s).poll_read(cx, buf),
            Self::Tls(s) => Pin::new(s).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(s) => Pin::new(s).poll_write(cx, buf),
            Self::Tls(s) => Pin::new(s).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(s) => Pin::new(s).poll_flush(cx),
            Self::Tls(s) => Pin::new(s).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(s) => Pin::new(s).poll_shutdown(cx),
            Self::Tls(s) => Pin::new(s).poll_shutdown(cx),
        }
    }
}

/// Connects to `server`. With implicit TLS the link is secured already; with STARTTLS it is in clear and the caller upgrades it.
pub async fn connect(server: &Server, tls: &TlsContext) -> Result<Link, ConnectError> {
    server.check("mail")?;
    let tcp = match timeout(CONNECT, open_tcp(server)).await {
        Ok(tcp) => tcp?,
        Err(_) => return Err(timed_out(server.host.trim()).into()),
    };
    match server.security {
        Security::Tls => secure(tcp, server, tls).await,
        Security::Starttls => Ok(Link(Patient::new(Socket::Plain(tcp), SILENCE))),
    }
}

async fn secure(tcp: TcpStream, server: &Server, tls: &TlsContext) -> Result<Link, ConnectError> {
    match timeout(TLS, tls.handshake(server, tcp)).await {
        Ok(stream) => Ok(Link(Patient::new(Socket::Tls(Box::new(stream?)), SILENCE))),
        Err(_) => Err(Error::new(ErrorKind::TimedOut, format!("{} took too long to answer with TLS.", server.host.trim()))
            .mend("Check port and encryption: a port for STARTTLS wants STARTTLS.")
            .into()),
    }
}

/// Without the brackets of an IPv6 literal and the dot of a rooted name.
pub(super) fn bare_host(host: &str) -> &str {
    host.trim().trim_start_matches('[').trim_end_matches([']', '.'])
}

async fn open_tcp(server: &Server) -> Result<TcpStream, Error> {
    let host = server.host.trim();
    let found = tokio::net::lookup_host((bare_host(host), server.port)).await.map(in_turn).unwrap_or_default();
    if found.is_empty() {
        return Err(Error::new(
            ErrorKind::HostUnknown,
            format!("There is no server named {host}, or the network can't be reached."),
        )
        .mend("Check the server's name and the network."));
    }
    let mut tries = JoinSet::new();
    for (n, address) in found.into_iter().enumerate() {
        tries.spawn(async move {
            sleep(HEAD_START.saturating_mul(u32::try_from(n).unwrap_or(u32::MAX))).await;
            TcpStream::connect(address).await
        });
    }
    let mut worst: Option<io::Error> = None;
    while let Some(outcome) = tries.join_next().await {
        match outcome {
            Ok(Ok(tcp)) => return Ok(tuned(tcp)),
            // "Refused" says more than "no route", which is only how the other address family fails.
            Ok(Err(e)) if worst.as_ref().is_none_or(|w| w.kind() != io::ErrorKind::ConnectionRefused) => worst = Some(e),
            Ok(Err(_)) | Err(_) => {}
        }
    }
    Err(match worst {
        Some(e) if e.kind() == io::ErrorKind::ConnectionRefused => {
            Error::new(ErrorKind::PortRefused, format!("{host} doesn't take connections on port {}.", server.port))
                .mend("Check the port; a firewall may stand between.")
        }
        Some(e) => io_error(host, &e),
        None => timed_out(host),
    })
}

/// Families take turns, so that a broken IPv6 costs one head start and not one per address.
fn in_turn(found: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let (v6, v4): (Vec<_>, Vec<_>) = found.partition(SocketAddr::is_ipv6);
    let (mut v6, mut v4) = (v6.into_iter(), v4.into_iter());
    let mut out = Vec::new();
    loop {
        let before = out.len();
        out.extend(v6.next());
        out.extend(v4.next());
        if out.len() == before || out.len() >= MOST_ADDRESSES {
            return out;
        }
    }
}

/// Options that only make things better: a connection without them still works.
fn tuned(tcp: TcpStream) -> TcpStream {
    let keepalive = socket2::TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE);
    let set = tcp.set_nodelay(true).and_then(|()| socket2::SockRef::from(&tcp).set_tcp_keepalive(&keepalive));
    if let Err(e) = set {
        tracing::debug!(error = %e, "the socket takes no options");
    }
    tcp
}

fn timed_out(host: &str) -> Error {
    Error::new(ErrorKind::TimedOut, format!("{host} took too long to answer."))
        .mend("Check the network, the server's name and the port.")
}

/// What a broken stream means to people.
pub(crate) fn io_error(host: &str, e: &io::Error) -> Error {
    use io::ErrorKind as Io;
    match e.kind() {
        Io::TimedOut => timed_out(host),
        Io::UnexpectedEof | Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe | Io::NotConnected => {
            Error::new(ErrorKind::Offline, format!("{host} closed the connection.")).mend("Godwit tries again by itself.")
        }
        Io::NetworkUnreachable | Io::HostUnreachable | Io::NetworkDown | Io::AddrNotAvailable => {
            Error::new(ErrorKind::Offline, format!("There is no way to {host} now.")).mend("Check the network.")
        }
        _ => Error::new(ErrorKind::Offline, format!("The connection to {host} broke: {e}.")).mend("Check the network."),
    }
}

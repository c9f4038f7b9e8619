//! One connection through the proxy: two directions, each passed on byte for byte until the fault.

use super::{Direction, Fault, Kind, Layer, Note, Shared, Struck, Traffic};
use anyhow::Result;
use rustls::pki_types::ServerName;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// How much of what the engine sends is kept, in bytes.
pub const KEPT: usize = 256 << 10;
/// How long a stall lasts before the line is cut.
const STALL: Duration = Duration::from_millis(300);
/// How long a delay lasts.
const DELAY: Duration = Duration::from_millis(120);
/// How many bytes trickle.
const TRICKLE: usize = 300;
/// How long a server may take to end a connection that was ended in order.
const DRAIN: Duration = Duration::from_secs(5);

/// How both ends learn that the line is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Abrupt,
    Orderly,
}

struct Wire {
    shared: Arc<Shared>,
    number: u32,
    round: u64,
    end: watch::Sender<Option<End>>,
}

/// Carries one connection to its end.
pub(super) async fn serve(socket: TcpStream, shared: Arc<Shared>) {
    // Before it counts as open, so that whoever ends all open ones ends this one too.
    let mut severed = shared.severed.subscribe();
    let (number, round, came) = {
        let mut state = shared.state();
        state.came += 1;
        let came = state.came;
        state.open.insert(came);
        state.traffic.push(Traffic::default());
        (u32::try_from(state.traffic.len()).unwrap_or(u32::MAX), state.round, came)
    };
    let wire = Wire { shared: shared.clone(), number, round, end: watch::Sender::new(None) };
    // A handshake that one side gives up is an ended connection, and the engine's own affair.
    let _ = join(socket, &wire, &mut severed).await;
    shared.state().open.remove(&came);
}

async fn join(client: TcpStream, wire: &Wire, severed: &mut watch::Receiver<u64>) -> Result<()> {
    let shared = &wire.shared;
    client.set_nodelay(true)?;
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.server)).await?;
    server.set_nodelay(true)?;
    if shared.layer == Layer::Records {
        return carry(client, server, wire, severed).await;
    }
    let client = shared.acceptor.accept(client).await?;
    let server = shared.connector.connect(ServerName::try_from("localhost")?, server).await?;
    carry(client, server, wire, severed).await
}

async fn carry<C, S>(client: C, server: S, wire: &Wire, severed: &mut watch::Receiver<u64>) -> Result<()>
where
    C: AsyncRead + AsyncWrite + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (from_client, to_client) = tokio::io::split(client);
    let (from_server, to_server) = tokio::io::split(server);
    let ((from_client, to_server), (from_server, to_client)) = {
        let both = async {
            tokio::join!(pass(from_client, to_server, Direction::Up, wire), pass(from_server, to_client, Direction::Down, wire))
        };
        let cut = async {
            // The sender lives as long as the proxy.
            let _ = severed.changed().await;
            wire.end.send_if_modified(|end| end.is_none() && end.replace(End::Abrupt).is_none());
            std::future::pending::<()>().await;
        };
        tokio::select! { halves = both => halves, () = cut => return Ok(()) }
    };
    let end = *wire.end.borrow();
    let mut client = from_client.unsplit(to_client);
    if end == Some(End::Orderly) {
        // Whoever has gone already needs no farewell.
        let _ = client.shutdown().await;
    }
    drop(client);
    // What was passed on is executed: the server reads it all before it reads the end, and only then lets go.
    let mut server = from_server.unsplit(to_server);
    let _ = server.shutdown().await;
    let mut rest = [0; 4096];
    let _ = tokio::time::timeout(DRAIN, async { while let Ok(1..) = server.read(&mut rest).await {} }).await;
    Ok(())
}

/// Passes one direction on until its end, the line's end or the fault's; gives both halves back.
async fn pass<R, W>(mut from: ReadHalf<R>, mut to: WriteHalf<W>, way: Direction, wire: &Wire) -> (ReadHalf<R>, WriteHalf<W>)
where
    R: AsyncRead + AsyncWrite + Unpin,
    W: AsyncRead + AsyncWrite + Unpin,
{
    let mut end = wire.end.subscribe();
    let mut buffer = vec![0; 16 << 10];
    let mut passed = 0u64;
    loop {
        let read = tokio::select! {
            _ = end.wait_for(Option::is_some) => return (from, to),
            read = from.read(&mut buffer) => read.unwrap_or(0),
        };
        if read == 0 {
            // Gone already is as good as told.
            let _ = to.shutdown().await;
            return (from, to);
        }
        let bytes = &buffer[..read];
        let Some((fault, before)) = wire.due(way, passed, read) else {
            passed += read as u64;
            if !wire.send(&mut to, bytes, way).await {
                wire.over(End::Orderly);
                return (from, to);
            }
            continue;
        };
        passed += read as u64;
        wire.send(&mut to, &bytes[..before], way).await;
        wire.strike(fault);
        if !wire.suffer(fault.kind, &mut from, &mut to, &bytes[before..], way).await {
            return (from, to);
        }
    }
}

impl Wire {
    /// The fault that falls into the next `read` bytes, and how many of them pass before it.
    fn due(&self, way: Direction, passed: u64, read: usize) -> Option<(Fault, usize)> {
        let state = self.shared.state();
        let fault = state.armed.filter(|f| state.round == self.round && f.direction == way && f.connection == self.number)?;
        let before = fault.at.checked_sub(passed)?;
        let fits = if fault.kind == Kind::Trickle { before < read as u64 } else { before <= read as u64 };
        fits.then_some((fault, usize::try_from(before).unwrap_or(read)))
    }

    async fn send(&self, to: &mut (impl AsyncWrite + Unpin), bytes: &[u8], way: Direction) -> bool {
        {
            let mut state = self.shared.state();
            let counts = state.round == self.round;
            if let Some(traffic) = state.traffic.get_mut(self.number as usize - 1).filter(|_| counts) {
                let count = if way == Direction::Up { &mut traffic.up_bytes } else { &mut traffic.down_bytes };
                *count += bytes.len() as u64;
                if way == Direction::Up {
                    let room = KEPT.saturating_sub(traffic.up.len()).min(bytes.len());
                    traffic.up.extend_from_slice(&bytes[..room]);
                }
            }
        }
        bytes.is_empty() || (to.write_all(bytes).await.is_ok() && to.flush().await.is_ok())
    }

    fn strike(&self, fault: Fault) {
        let mut state = self.shared.state();
        let note = state.traffic.get(self.number as usize - 1).map(|t| Note::of(&t.up)).unwrap_or_default();
        state.struck = Some(Struck { fault, note });
        state.armed = None;
    }

    fn over(&self, how: End) {
        self.end.send_if_modified(|end| end.is_none() && end.replace(how).is_none());
    }

    /// Answers whether the direction goes on.
    async fn suffer<R, W>(&self, kind: Kind, from: &mut R, to: &mut W, left: &[u8], way: Direction) -> bool
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut end = self.end.subscribe();
        match kind {
            Kind::Cut => self.over(End::Abrupt),
            Kind::Close => self.over(End::Orderly),
            Kind::HalfClose => {
                let _ = to.shutdown().await;
                let mut rest = [0; 4096];
                // Still read, so that nobody is held up; passed on to nobody.
                while tokio::select! { _ = end.wait_for(Option::is_some) => false, read = from.read(&mut rest) => read.is_ok_and(|n| n > 0) }
                {
                }
            }
            Kind::Stall => {
                tokio::select! { _ = end.wait_for(Option::is_some) => {}, () = tokio::time::sleep(STALL) => self.over(End::Abrupt) }
            }
            Kind::Freeze => {
                self.shared.frozen.send_replace(true);
                let _ = end.wait_for(Option::is_some).await;
            }
            Kind::Delay => {
                tokio::time::sleep(DELAY).await;
                return self.send(to, left, way).await;
            }
            Kind::Trickle => {
                let (slow, rest) = left.split_at(left.len().min(TRICKLE));
                for byte in slow {
                    if !self.send(to, std::slice::from_ref(byte), way).await {
                        return false;
                    }
                }
                return self.send(to, rest, way).await;
            }
        }
        false
    }
}

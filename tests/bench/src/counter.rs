//! A relay on loopback between the engine and the server. It reads nothing, TLS stays whole; it counts bytes and turns:
//! how often the client spoke after the server had, which is what a slow line multiplies. It can be such a slow line, and
//! it notes when the server spoke.

use anyhow::Result;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// Pieces on the line at once; a server that is faster waits.
const MOST_UNDER_WAY: usize = 64;

/// The name of its threads.
pub const RELAY: &str = "relay";

#[derive(Default)]
struct Counts {
    turns: AtomicU32,
    client_spoke: AtomicBool,
    bytes: AtomicU64,
    /// When the server first spoke since somebody last asked.
    heard: Mutex<Option<Instant>>,
}

/// A running counter; it ends with the process.
pub struct Counter {
    pub port: u16,
    counts: Arc<Counts>,
}

/// What has passed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Passed {
    pub turns: u32,
    pub bytes: u64,
}

impl Counter {
    /// Relays to `to` of 127.0.0.1.
    pub fn start(to: u16) -> Result<Self> {
        Self::slow(to, Duration::ZERO)
    }

    /// The same over a line on which a round trip takes so long.
    pub fn slow(to: u16, round_trip: Duration) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let counts = Arc::new(Counts::default());
        let of_threads = counts.clone();
        let one_way = round_trip / 2;
        relaying(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)) else { continue };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let (Ok(client_too), Ok(server_too)) = (client.try_clone(), server.try_clone()) else { continue };
                let (up, down) = (of_threads.clone(), of_threads.clone());
                relaying(move || pass(client, late(server, one_way), &up, true));
                relaying(move || pass(server_too, late(client_too, one_way), &down, false));
            }
        });
        Ok(Self { port, counts })
    }

    pub fn passed(&self) -> Passed {
        Passed { turns: self.counts.turns.load(Ordering::SeqCst), bytes: self.counts.bytes.load(Ordering::SeqCst) }
    }

    /// When the server first spoke since this was last asked.
    pub fn heard(&self) -> Option<Instant> {
        self.counts.heard.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A thread of the relay, by name, so that what it wakes for is not counted as the engine's.
fn relaying(work: impl FnOnce() + Send + 'static) {
    let started = std::thread::Builder::new().name(RELAY.to_owned()).spawn(work);
    if let Err(error) = started {
        eprintln!("a relay could not be started: {error}");
    }
}

/// A way to `to` on which everything arrives so much later, and in order. It ends when its sender is dropped.
fn late(mut to: TcpStream, by: Duration) -> mpsc::SyncSender<(Instant, Vec<u8>)> {
    let (send, sent) = mpsc::sync_channel::<(Instant, Vec<u8>)>(MOST_UNDER_WAY);
    relaying(move || {
        while let Ok((began, bytes)) = sent.recv() {
            std::thread::sleep((began + by).saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        // The other side may be gone already.
        let _ = to.shutdown(Shutdown::Write);
    });
    send
}

fn pass(mut from: TcpStream, to: mpsc::SyncSender<(Instant, Vec<u8>)>, counts: &Counts, is_client: bool) {
    let mut chunk = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut chunk) {
        let client_spoke = counts.client_spoke.swap(is_client, Ordering::SeqCst);
        counts.turns.fetch_add(u32::from(is_client && !client_spoke), Ordering::SeqCst);
        counts.bytes.fetch_add(read as u64, Ordering::SeqCst);
        if !is_client {
            counts.heard.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(Instant::now);
        }
        if to.send((Instant::now(), chunk.get(..read).unwrap_or_default().to_vec())).is_err() {
            break;
        }
    }
}

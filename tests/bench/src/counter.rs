//! A relay on loopback between the engine and the server. It reads nothing, TLS stays whole; it counts bytes and turns:
//! how often the client spoke after the server had, which is what a slow line multiplies.

use anyhow::Result;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

#[derive(Default)]
struct Counts {
    turns: AtomicU32,
    client_spoke: AtomicBool,
    bytes: AtomicU64,
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
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let counts = Arc::new(Counts::default());
        let of_threads = counts.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)) else { continue };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let (Ok(client_too), Ok(server_too)) = (client.try_clone(), server.try_clone()) else { continue };
                let (up, down) = (of_threads.clone(), of_threads.clone());
                std::thread::spawn(move || pass(client, server, &up, true));
                std::thread::spawn(move || pass(server_too, client_too, &down, false));
            }
        });
        Ok(Self { port, counts })
    }

    pub fn passed(&self) -> Passed {
        Passed { turns: self.counts.turns.load(Ordering::SeqCst), bytes: self.counts.bytes.load(Ordering::SeqCst) }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, counts: &Counts, is_client: bool) {
    let mut chunk = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut chunk) {
        let client_spoke = counts.client_spoke.swap(is_client, Ordering::SeqCst);
        counts.turns.fetch_add(u32::from(is_client && !client_spoke), Ordering::SeqCst);
        counts.bytes.fetch_add(read as u64, Ordering::SeqCst);
        if to.write_all(chunk.get(..read).unwrap_or_default()).is_err() {
            break;
        }
    }
    // The other side may be gone already.
    let _ = to.shutdown(Shutdown::Write);
}

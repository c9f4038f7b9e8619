//! A gate in front of a server: open, shut, or cut in the middle. It passes bytes on and looks into none of them,
//! so a test can take one person offline while the shared server goes on.

use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

#[derive(Default)]
struct State {
    shut: AtomicBool,
    to_server: AtomicU64,
    /// Bytes a second that go to clients; 0: as fast as they come.
    width: AtomicU64,
    now: AtomicU64,
    most: AtomicU64,
    sockets: Mutex<Vec<TcpStream>>,
}

/// A forwarding port on 127.0.0.1.
pub struct Gate {
    /// Where clients connect.
    pub port: u16,
    state: Arc<State>,
}

impl Gate {
    /// Opens a gate before a port.
    pub fn before(server: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listen for the gate")?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State::default());
        let shared = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if !shared.shut.load(Ordering::SeqCst) {
                    // A pair that can't be made is a closed connection, which is what a shut gate means too.
                    drop(join(&client, server, &shared));
                }
            }
        });
        Ok(Self { port, state })
    }

    /// Cuts all connections and lets none through.
    pub fn shut(&self) {
        self.state.shut.store(true, Ordering::SeqCst);
        self.cut();
    }

    /// Lets connections through again.
    pub fn open(&self) {
        self.state.shut.store(false, Ordering::SeqCst);
    }

    /// Cuts what is connected now; new connections are let through.
    pub fn cut(&self) {
        for socket in self.state.sockets.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // Already closed is as good as cut.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// The most connections there were at one time.
    pub fn most_at_once(&self) -> u64 {
        self.state.most.load(Ordering::SeqCst)
    }

    /// From now on so many bytes a second come through to clients.
    pub fn narrow(&self, bytes_a_second: u64) {
        self.state.width.store(bytes_a_second, Ordering::SeqCst);
    }

    /// Bytes that clients have sent through.
    pub fn bytes_to_server(&self) -> u64 {
        self.state.to_server.load(Ordering::SeqCst)
    }
}

fn join(client: &TcpStream, server: u16, state: &Arc<State>) -> Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server))?;
    state.sockets.lock().unwrap_or_else(PoisonError::into_inner).extend([client.try_clone()?, server.try_clone()?]);
    let now = state.now.fetch_add(1, Ordering::SeqCst) + 1;
    state.most.fetch_max(now, Ordering::SeqCst);
    pass(client.try_clone()?, server.try_clone()?, state.clone(), true);
    pass(server, client.try_clone()?, state.clone(), false);
    Ok(())
}

fn pass(mut from: TcpStream, mut to: TcpStream, state: Arc<State>, up: bool) {
    std::thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            if up {
                state.to_server.fetch_add(read as u64, Ordering::SeqCst);
            }
            let width = if up { 0 } else { state.width.load(Ordering::SeqCst) };
            if let Some(millis) = (read as u64 * 1_000).checked_div(width) {
                std::thread::sleep(Duration::from_millis(millis));
            }
            if to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
        if up {
            state.now.fetch_sub(1, Ordering::SeqCst);
        }
    });
}

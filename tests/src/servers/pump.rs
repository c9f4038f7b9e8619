//! Carries bytes between a TLS connection and a child process, both ways at once, until either ends.

use anyhow::Result;
use rustls::ServerConnection;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{ChildStdin, ChildStdout};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Shared = Arc<Mutex<ServerConnection>>;

const PART: usize = 16 * 1024;

/// Returns when the client has gone or the child has said its last.
pub fn between(tls: ServerConnection, socket: TcpStream, mut to: ChildStdin, mut from: ChildStdout) -> Result<()> {
    let shared: Shared = Arc::new(Mutex::new(tls));
    let (for_child, mut out) = (shared.clone(), socket.try_clone()?);
    let back = std::thread::spawn(move || -> Result<()> {
        let mut part = [0; PART];
        while let read @ 1.. = from.read(&mut part)? {
            let mut tls = lock(&for_child);
            tls.writer().write_all(&part[..read])?;
            flush(&mut tls, &mut out)?;
        }
        let mut tls = lock(&for_child);
        tls.send_close_notify();
        flush(&mut tls, &mut out)?;
        Ok(out.shutdown(Shutdown::Both)?)
    });
    // How the client left does not matter: the child hears the end of its input.
    let _ = forth(&shared, socket, &mut to);
    drop(to);
    back.join().unwrap_or(Ok(()))
}

fn forth(shared: &Shared, mut socket: TcpStream, to: &mut ChildStdin) -> Result<()> {
    let mut part = [0; PART];
    loop {
        let mut plain = Vec::new();
        drain(&mut lock(shared), &mut plain)?;
        to.write_all(&plain)?;
        to.flush()?;
        let read = socket.read(&mut part)?;
        let mut rest = &part[..read];
        if read == 0 {
            return Ok(());
        }
        while !rest.is_empty() {
            let mut plain = Vec::new();
            let mut tls = lock(shared);
            tls.read_tls(&mut rest)?;
            tls.process_new_packets()?;
            drain(&mut tls, &mut plain)?;
            flush(&mut tls, &mut socket)?;
            drop(tls);
            to.write_all(&plain)?;
        }
    }
}

/// Takes what is decrypted by now.
fn drain(tls: &mut ServerConnection, plain: &mut Vec<u8>) -> Result<()> {
    match tls.reader().read_to_end(plain) {
        Err(e) if e.kind() != ErrorKind::WouldBlock => Err(e.into()),
        _ => Ok(()),
    }
}

fn flush(tls: &mut ServerConnection, out: &mut TcpStream) -> Result<()> {
    while tls.wants_write() {
        tls.write_tls(out)?;
    }
    Ok(())
}

fn lock(shared: &Shared) -> MutexGuard<'_, ServerConnection> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

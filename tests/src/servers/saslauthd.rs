//! Stands in for saslauthd, the daemon Cyrus asks about passwords: everybody's is `secret-` and the local part.
//! It knows the socket's protocol (four counted strings in, one out) and no mail.

use anyhow::{Context, Result};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

/// Answers at this socket until the process ends.
pub fn answer_at(socket: &Path) -> Result<()> {
    let listener = UnixListener::bind(socket).context("listen as saslauthd")?;
    fs::set_permissions(socket, fs::Permissions::from_mode(0o777))?;
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // A server that goes away mid-question needs no answer.
            std::thread::spawn(move || drop(answer(client)));
        }
    });
    Ok(())
}

fn answer(mut client: UnixStream) -> Result<()> {
    let user = counted(&mut client)?;
    let password = counted(&mut client)?;
    let (_service, _realm) = (counted(&mut client)?, counted(&mut client)?);
    let local = user.split('@').next().unwrap_or(&user);
    let word: &[u8] = if password == format!("secret-{local}") { b"OK" } else { b"NO" };
    client.write_all(&[0, 2])?;
    Ok(client.write_all(word)?)
}

fn counted(client: &mut UnixStream) -> Result<String> {
    let mut size = [0; 2];
    client.read_exact(&mut size)?;
    let mut bytes = vec![0; usize::from(u16::from_be_bytes(size))];
    client.read_exact(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

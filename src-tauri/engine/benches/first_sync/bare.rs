//! The yardstick: a reader that asks for the same items over the same TLS on one connection and keeps nothing.

use anyhow::{Result, bail};
use godwit_tests::dovecot::User;
use godwit_tests::net::connect_tls;
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::time::Instant;

/// What the engine asks of a server like this one, but for PREVIEW, which it reads later.
const ITEMS: &str = "(UID FLAGS MODSEQ INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM SENDER REPLY-TO TO CC BCC \
    SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES CONTENT-TYPE LIST-ID LIST-UNSUBSCRIBE LIST-UNSUBSCRIBE-POST AUTO-SUBMITTED \
    IMPORTANCE X-PRIORITY AUTHENTICATION-RESULTS DISPOSITION-NOTIFICATION-TO)])";

/// What it took.
pub struct Reading {
    /// Until the tagged OK, from before the connection.
    pub seconds: f64,
    /// Messages.
    pub rows: usize,
    /// Bytes after TLS.
    pub bytes: u64,
}

/// Reads a whole inbox and drops it.
pub fn read(port: u16, root: &Path, user: &User) -> Result<Reading> {
    let start = Instant::now();
    let mut wire = BufReader::with_capacity(64 * 1024, connect_tls(port, root)?);
    let mut reading = Reading { seconds: 0.0, rows: 0, bytes: 0 };
    let commands = [
        format!("a LOGIN {} {}", user.address, user.password),
        "a SELECT INBOX (CONDSTORE)".to_owned(),
        format!("a UID FETCH 1:* {ITEMS}"),
    ];
    let mut line = Vec::new();
    wire.read_until(b'\n', &mut line)?;
    for command in commands {
        let out = wire.get_mut();
        out.write_all(format!("{command}\r\n").as_bytes())?;
        out.flush()?;
        until_tagged(&mut wire, &mut reading)?;
    }
    reading.seconds = start.elapsed().as_secs_f64();
    Ok(reading)
}

fn until_tagged(wire: &mut impl BufRead, reading: &mut Reading) -> Result<()> {
    let (mut line, mut literal) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        let read = wire.read_until(b'\n', &mut line)?;
        if read == 0 {
            bail!("the server closed the connection");
        }
        reading.bytes += read as u64;
        if line.starts_with(b"a ") {
            if !line.starts_with(b"a OK") {
                bail!("the server said {}", String::from_utf8_lossy(&line).trim());
            }
            return Ok(());
        }
        if line.starts_with(b"* ") && line.windows(8).take(16).any(|w| w == b" FETCH (") {
            reading.rows += 1;
        }
        let size = line.strip_suffix(b"}\r\n").and_then(|l| l.rsplit(|b| *b == b'{').next());
        if let Some(size) = size.and_then(|s| std::str::from_utf8(s).ok()).and_then(|s| s.parse::<usize>().ok()) {
            literal.resize(size, 0);
            wire.read_exact(&mut literal)?;
            reading.bytes += size as u64;
        }
    }
}

/// The same as one JSON line.
pub fn print(port: u16, root: &str, user: &str) -> Result<()> {
    let reading = read(port, Path::new(root), &User::of(user))?;
    println!("{}", json!({ "all": reading.seconds, "rows": reading.rows, "bytes": reading.bytes }));
    Ok(())
}

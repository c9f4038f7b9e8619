//! The bare reader: how fast the same bytes come over one TLS connection when nobody does anything with them.
//! It cuts frames, counts rows and bytes, and keeps nothing. It shares the list of items with the engine and no code.

use crate::account::Account;
use crate::usage::Usage;
use anyhow::{Context, Result, bail};
use godwit_engine::imap::HEADER_FIELDS;
use godwit_tests::net::{Tls, connect_tls};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Read, Write};
use std::time::{Duration, Instant};

/// What one read took.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Bare {
    pub wall_secs: f64,
    pub cpu_secs: f64,
    pub rows: u32,
    pub bytes: u64,
}

struct Wire {
    tls: BufReader<Tls>,
    bytes: u64,
    rows: u32,
    line: Vec<u8>,
}

/// The read that a first sync is measured by.
pub fn headers() -> String {
    format!("UID FETCH 1:* (UID FLAGS MODSEQ INTERNALDATE RFC822.SIZE {HEADER_FIELDS})")
}

/// Reads the inbox once by this command, from the first SYN to the tagged OK.
pub fn read(account: &Account, fetch: &str) -> Result<Bare> {
    let (began, cpu) = (Instant::now(), Usage::now().cpu);
    let tls = connect_tls(account.imaps, &account.root)?;
    // Dovecot is silent while it builds the index of a large mailbox that is new to it.
    tls.get_ref().set_read_timeout(Some(Duration::from_secs(600)))?;
    let mut wire = Wire { tls: BufReader::with_capacity(64 << 10, tls), bytes: 0, rows: 0, line: Vec::new() };
    wire.frame()?;
    wire.command(&format!("LOGIN \"{}\" \"{}\"", account.address, account.password))?;
    wire.command("ENABLE QRESYNC")?;
    wire.command("SELECT INBOX")?;
    wire.rows = 0;
    wire.command(fetch)?;
    let wall = began.elapsed();
    let cpu = Usage::now().cpu.saturating_sub(cpu);
    Ok(Bare { wall_secs: wall.as_secs_f64(), cpu_secs: cpu.as_secs_f64(), rows: wire.rows, bytes: wire.bytes })
}

impl Wire {
    /// Sends a command and reads to its tagged answer, which has to be OK.
    fn command(&mut self, words: &str) -> Result<()> {
        let out = self.tls.get_mut();
        out.write_all(format!("b {words}\r\n").as_bytes())?;
        out.flush()?;
        loop {
            self.frame()?;
            if self.line.starts_with(b"b OK") {
                return Ok(());
            }
            if self.line.starts_with(b"b ") {
                let verb = words.split(' ').next().unwrap_or_default();
                bail!("{verb} was answered {}", String::from_utf8_lossy(&self.line).trim_end());
            }
        }
    }

    /// One response with its literals; its first line stays in `line`.
    fn frame(&mut self) -> Result<()> {
        self.line.clear();
        let mut start = 0;
        loop {
            let read = self.tls.read_until(b'\n', &mut self.line)?;
            if read == 0 {
                bail!("the server closed the connection");
            }
            self.bytes += read as u64;
            let Some(size) = literal(self.line.get(start..).unwrap_or_default()) else { break };
            let skipped = std::io::copy(&mut self.tls.by_ref().take(size), &mut std::io::sink()).context("read a literal")?;
            self.bytes += skipped;
            start = self.line.len();
        }
        if self.line.starts_with(b"* ") && memchr::memmem::find(self.line.get(..40).unwrap_or(&self.line), b" FETCH (").is_some()
        {
            self.rows += 1;
        }
        Ok(())
    }
}

/// The number in `{n}` at a line's end.
fn literal(line: &[u8]) -> Option<u64> {
    let inner = line.strip_suffix(b"}\r\n")?;
    let open = memchr::memrchr(b'{', inner)?;
    std::str::from_utf8(inner.get(open + 1..)?).ok()?.parse().ok()
}

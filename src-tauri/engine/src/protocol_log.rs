//! What was said on the wire lately, with everything left out that is not the protocol's own (`domain::redact`): for finding
//! out why something went wrong. A ring in memory, and a small file of it in the profile. Never a name, a password or mail.

use godwit_domain::redact::{Side, redact};
use std::collections::VecDeque;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Lines kept in memory.
const LINES: usize = 2_000;
/// The file is begun anew beyond this; the one before is kept beside it.
const FILE_BYTES: u64 = 256 << 10;
/// What is read back of a file.
const READ_BYTES: u64 = 2 * FILE_BYTES;
const FILE: &str = "protocol.log";
const OLD_FILE: &str = "protocol.log.old";
/// What is kept of a line that we send until it ends.
const MOST_LINE: usize = 2_000;

#[derive(Default)]
struct Ring {
    lines: VecDeque<String>,
    /// How many of the last lines the file does not have yet.
    unwritten: usize,
}

/// The log of a profile. Cheap to clone; all clones are one log.
#[derive(Clone, Default)]
pub struct ProtocolLog {
    ring: Arc<Mutex<Ring>>,
    lines: Arc<AtomicU32>,
    dir: Option<Arc<PathBuf>>,
    /// Something was said since somebody last waited for it.
    news: Arc<Notify>,
}

impl std::fmt::Debug for ProtocolLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProtocolLog").finish_non_exhaustive()
    }
}

impl ProtocolLog {
    /// A log whose file is in this folder.
    pub fn in_dir(dir: &Path) -> Self {
        Self { dir: Some(Arc::new(dir.to_owned())), ..Self::default() }
    }

    /// A new connection's part in it.
    pub fn line(&self) -> WireLog {
        let number = self.lines.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        self.say(&format!("c{number} a new connection"));
        WireLog { log: self.clone(), number, ..WireLog::default() }
    }

    /// Notes something in words of our own.
    pub fn say(&self, what: &str) {
        self.say_quietly(what);
        self.news.notify_one();
    }

    /// The same for what is not worth waking a disk: it is written with the next.
    fn say_quietly(&self, what: &str) {
        let line = format!("{} {what}", stamp());
        let mut ring = self.ring();
        if ring.lines.len() >= LINES {
            ring.lines.pop_front();
        }
        ring.lines.push_back(line);
        ring.unwritten = (ring.unwritten + 1).min(LINES);
    }

    /// Waits until something was said.
    pub async fn said(&self) {
        self.news.notified().await;
    }

    /// Everything that is known, oldest first: what the files hold, then what only memory has.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for name in [OLD_FILE, FILE] {
            if let Some(dir) = &self.dir
                && let Ok(file) = std::fs::File::open(dir.join(name))
                && let Err(error) = std::io::Read::read_to_string(&mut std::io::Read::take(file, READ_BYTES), &mut out)
            {
                out.push_str(&format!("(a part of the log could not be read: {})\n", error.kind()));
            }
        }
        let ring = self.ring();
        let new = if self.dir.is_some() { ring.unwritten } else { ring.lines.len() };
        for line in ring.lines.iter().skip(ring.lines.len().saturating_sub(new)) {
            out.push_str(line);
            out.push('\n');
        }
        out
    }

    /// Writes what the file does not have yet. A disk that refuses loses the log and nothing else.
    pub fn write_down(&self) {
        let Some(dir) = &self.dir else { return };
        let text = {
            let mut ring = self.ring();
            let new = std::mem::take(&mut ring.unwritten);
            let mut text = String::new();
            for line in ring.lines.iter().skip(ring.lines.len().saturating_sub(new)) {
                text.push_str(line);
                text.push('\n');
            }
            text
        };
        if !text.is_empty()
            && let Err(error) = append(dir, &text)
        {
            tracing::debug!(kind = ?error.kind(), "the protocol log could not be written");
        }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn append(dir: &Path, text: &str) -> std::io::Result<()> {
    let path = dir.join(FILE);
    let long = std::fs::metadata(&path).is_ok_and(|m| m.len() > FILE_BYTES);
    if long {
        std::fs::rename(&path, dir.join(OLD_FILE))?;
    }
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path)?;
    file.write_all(text.as_bytes())
}

/// Date and time as ISO 8601 has them, UTC.
fn stamp() -> String {
    let now = time::OffsetDateTime::from_unix_timestamp(crate::clock::now()).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let (date, clock) = (now.date(), now.time());
    let millis = crate::clock::now_nanos() / 1_000_000;
    format!("{date}T{:02}:{:02}:{:02}.{millis:03}Z", clock.hour(), clock.minute(), clock.second())
}

/// One connection's part in the log.
#[derive(Clone, Debug, Default)]
pub struct WireLog {
    log: ProtocolLog,
    number: u32,
    /// The beginning of a line of ours that is not whole yet, and how long it is.
    line: Vec<u8>,
    len: usize,
    /// Bytes of a literal of ours that are still to come.
    skip: u64,
    /// FETCH responses since the last line: a mailbox is one line, not a hundred thousand.
    fetches: u32,
}

impl WireLog {
    /// Bytes that we send, cut as they may be.
    pub fn sent(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.skip > 0 {
                let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
                self.skip -= u64::try_from(skipped).unwrap_or(self.skip);
                bytes = bytes.get(skipped..).unwrap_or_default();
                continue;
            }
            let end = memchr::memchr(b'\n', bytes);
            let (part, rest) = bytes.split_at_checked(end.map_or(bytes.len(), |at| at + 1)).unwrap_or((bytes, b""));
            let room = MOST_LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(part.get(..part.len().min(room)).unwrap_or_default());
            self.len += part.len();
            bytes = rest;
            if end.is_some() {
                self.skip = literal(part);
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        self.gathered();
        let line = std::mem::take(&mut self.line);
        let said = redact(Side::Client, line.trim_ascii_end());
        let more = if self.len > MOST_LINE { format!(" ({} bytes)", self.len) } else { String::new() };
        self.len = 0;
        self.log.say(&format!("c{} > {said}{more}", self.number));
    }

    /// The head of a response.
    pub fn heard(&mut self, head: &[u8], len: usize) {
        if is_fetch(head) {
            self.fetches = self.fetches.saturating_add(1);
            return;
        }
        self.gathered();
        let said = redact(Side::Server, head);
        let more = if len > head.len() { format!(" ({len} bytes)") } else { String::new() };
        let line = format!("c{} < {said}{more}", self.number);
        // Some servers say "Still here" every other minute, all night.
        let is_idle_talk = head.starts_with(b"* OK ") && !head.starts_with(b"* OK [");
        if is_idle_talk { self.log.say_quietly(&line) } else { self.log.say(&line) }
    }

    /// Notes something in words of our own.
    pub fn note(&mut self, what: &str) {
        self.gathered();
        self.log.say(&format!("c{} {what}", self.number));
    }

    fn gathered(&mut self) {
        match std::mem::take(&mut self.fetches) {
            0 => {}
            1 => self.log.say(&format!("c{} < * FETCH", self.number)),
            n => self.log.say(&format!("c{} < * FETCH, {n} times", self.number)),
        }
    }
}

/// `* 12 FETCH …`
fn is_fetch(head: &[u8]) -> bool {
    let Some(rest) = head.strip_prefix(b"* ") else { return false };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    digits > 0 && rest.get(digits..).is_some_and(|rest| rest.get(..6).is_some_and(|w| w.eq_ignore_ascii_case(b" FETCH")))
}

/// The literal that follows a line, in bytes.
fn literal(line: &[u8]) -> u64 {
    let line = line.trim_ascii_end();
    let Some(inner) = line.strip_suffix(b"}") else { return 0 };
    let inner = inner.strip_suffix(b"+").unwrap_or(inner);
    let digits = inner.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let (before, count) = inner.split_at_checked(inner.len().saturating_sub(digits)).unwrap_or((b"", b""));
    if before.last() != Some(&b'{') {
        return 0;
    }
    std::str::from_utf8(count).ok().and_then(|count| count.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(log: &ProtocolLog) -> Vec<String> {
        log.text().lines().map(|line| line.split_once(' ').map_or("", |(_, said)| said).to_owned()).collect()
    }

    #[tokio::test]
    async fn a_server_that_only_says_that_it_is_there_wakes_nobody() {
        let log = ProtocolLog::default();
        let mut line = log.line();
        log.said().await;
        line.heard(b"* OK Still here", 15);
        assert!(tokio::time::timeout(std::time::Duration::ZERO, log.said()).await.is_err());
        line.heard(b"* OK [ALERT] Going down", 23);
        log.said().await;
        assert_eq!(said(&log), ["c1 a new connection", "c1 < * OK (10 characters)", "c1 < * OK [ALERT] (10 characters)"]);
    }

    #[test]
    fn literals_are_passed_over_however_they_are_cut() {
        let all = b"g1 APPEND \"Sent\" {34}\r\nSubject: secret\r\ng2 NOOP hunter2\r\nx\r\ng2 LOGIN {3+}\r\nabc {3}\r\ndef\r\ng3 NOOP\r\n";
        for cut in 1..all.len() {
            let log = ProtocolLog::default();
            let mut line = log.line();
            for part in all.chunks(cut) {
                line.sent(part);
            }
            let text = log.text();
            for word in ["secret", "hunter2", "Sent", "abc", "def"] {
                assert!(!text.contains(word), "{word} with cuts of {cut}: {text}");
            }
            assert_eq!(said(&log).last().map(String::as_str), Some("c1 > g3 NOOP"), "cuts of {cut}");
        }
    }

    #[test]
    fn a_mailbox_is_one_line_and_the_ring_has_an_end() {
        let log = ProtocolLog::default();
        let mut line = log.line();
        (0..50_000).for_each(|n| line.heard(format!("* {n} FETCH (UID {n} FLAGS ())").as_bytes(), 30));
        line.heard(b"g1 OK done", 10);
        assert_eq!(said(&log)[1..], ["c1 < * FETCH, 50000 times", "c1 < g1 OK (4 characters)"]);
        (0..3 * LINES).for_each(|_| line.note("again"));
        assert_eq!(said(&log).len(), LINES);
    }

    #[test]
    fn the_file_is_small_and_outlives_the_process() {
        let dir = tempfile::tempdir().unwrap();
        for round in 0..40 {
            let log = ProtocolLog::in_dir(dir.path());
            (0..400).for_each(|n| log.say(&format!("round {round} line {n} of a log that grows and grows")));
            log.write_down();
        }
        let held: u64 = std::fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().metadata().unwrap().len()).sum();
        assert!(held < 3 * FILE_BYTES, "{held} bytes");
        let last = ProtocolLog::in_dir(dir.path()).text();
        assert!(last.trim_end().ends_with("round 39 line 399 of a log that grows and grows"));
    }
}

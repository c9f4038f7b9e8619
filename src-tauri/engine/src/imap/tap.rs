//! `ImapTap`: the stream under async-imap's `Session`. It cuts the server's bytes into frames and gives them to us.
//! While async-imap signs in or starts compression it gets a plain copy of what it waits for and nothing else, so that no
//! odd response reaches its parser. Frames are never logged: they hold mail and passwords.

use super::framer::{Frame, Framer};
use super::response::{self, Outcome, Response};
use crate::net::{Link, Patient};
use crate::protocol_log::WireLog;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

const CHUNK: usize = 32 << 10;
/// Small writes are joined up to here.
const JOIN: usize = 16 << 10;
/// What may wait to be written before a writer has to wait too.
const MOST_WAITING: usize = 256 << 10;
/// Frames kept while async-imap is in charge.
const MOST_SEEN: usize = 256;

/// A stream whose longest silence can be set.
pub(super) trait NetStream: AsyncRead + AsyncWrite + Unpin + Send + Debug {
    /// See [`Patient::set_patience`].
    fn set_patience(&mut self, patience: Option<Duration>);
}

impl NetStream for Link {
    fn set_patience(&mut self, patience: Option<Duration>) {
        Self::set_patience(self, patience);
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + Debug> NetStream for Patient<S> {
    fn set_patience(&mut self, patience: Option<Duration>) {
        Self::set_patience(self, patience);
    }
}

impl NetStream for Box<dyn NetStream> {
    fn set_patience(&mut self, patience: Option<Duration>) {
        (**self).set_patience(patience);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Frames go to us; async-imap reads nothing.
    Frames,
    /// async-imap reads tagged lines and continuations, re-spelled; all frames are kept for us as well.
    Handover,
    /// As `Handover`, but after the next tagged OK all bytes go through as they are: compression begins.
    HandoverThenPass,
    /// Bytes go through as they are.
    Pass,
}

pub(super) struct ImapTap<S> {
    inner: S,
    framer: Framer,
    chunk: Vec<u8>,
    at: usize,
    out: VecDeque<Vec<u8>>,
    out_at: usize,
    out_waiting: usize,
    unflushed: bool,
    written_at: Instant,
    mode: Mode,
    handed: VecDeque<u8>,
    seen: Vec<Frame>,
    log: Option<WireLog>,
}

impl<S> Debug for ImapTap<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImapTap").field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl<S: NetStream> ImapTap<S> {
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            framer: Framer::default(),
            chunk: Vec::new(),
            at: 0,
            out: VecDeque::new(),
            out_at: 0,
            out_waiting: 0,
            unflushed: false,
            written_at: Instant::now(),
            mode: Mode::Frames,
            handed: VecDeque::new(),
            seen: Vec::new(),
            log: None,
        }
    }

    /// The same, with what goes through noted there, redacted.
    pub fn logged(inner: S, log: Option<WireLog>) -> Self {
        Self { log, ..Self::new(inner) }
    }

    /// Notes something in words of our own.
    pub fn note(&mut self, what: &str) {
        if let Some(log) = &mut self.log {
            log.note(what);
        }
    }

    /// Goes on noting in another tap.
    pub fn take_log(&mut self) -> Option<WireLog> {
        self.log.take()
    }

    pub fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    pub fn set_patience(&mut self, patience: Option<Duration>) {
        self.inner.set_patience(patience);
    }

    /// How many bytes of literals a response may keep.
    pub fn set_budget(&mut self, bytes: usize) {
        self.framer.set_budget(bytes);
    }

    /// Frames that passed by while async-imap was in charge.
    pub fn take_seen(&mut self) -> Vec<Frame> {
        std::mem::take(&mut self.seen)
    }

    /// The stream below; `None` where the server sent more than was asked for, which must not survive the start of TLS.
    pub fn into_drained(self) -> Option<S> {
        (self.at >= self.chunk.len() && self.framer.is_empty()).then_some(self.inner)
    }

    /// Puts bytes in line for writing; they leave while frames are waited for.
    pub fn queue(&mut self, bytes: Vec<u8>) {
        if let Some(log) = &mut self.log {
            log.sent(&bytes);
        }
        self.out_waiting += bytes.len();
        match self.out.back_mut() {
            Some(last) if last.len() + bytes.len() <= JOIN => last.extend_from_slice(&bytes),
            _ => self.out.push_back(bytes),
        }
        self.unflushed = true;
    }

    /// When the last of our bytes got away.
    pub fn written_at(&self) -> Instant {
        self.written_at
    }

    /// The next frame, `None` at the end of the stream. Safe to drop and call again.
    pub async fn next_frame(&mut self) -> io::Result<Option<Frame>> {
        poll_fn(|cx| self.poll_frame(cx)).await
    }

    /// Writes what waits and closes the stream.
    pub async fn close(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_out(cx)).await?;
        poll_fn(|cx| Pin::new(&mut self.inner).poll_shutdown(cx)).await
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Frame>>> {
        // Writing goes on while we wait: a server that can't get rid of its answers would stop reading ours.
        if let Poll::Ready(Err(e)) = self.poll_out(cx) {
            return Poll::Ready(Err(e));
        }
        loop {
            if let Some(rest) = self.chunk.get(self.at..).filter(|rest| !rest.is_empty()) {
                let (taken, frame) = self.framer.feed(rest).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
                self.at += taken;
                if let Some(frame) = frame {
                    if let Some(log) = &mut self.log {
                        log.heard(frame.head(), frame.len());
                    }
                    return Poll::Ready(Ok(Some(frame)));
                }
                continue;
            }
            if ready!(self.poll_chunk(cx))? == 0 {
                return Poll::Ready(Ok(None));
            }
        }
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.chunk.resize(CHUNK, 0);
        let mut buf = ReadBuf::new(&mut self.chunk);
        let read = Pin::new(&mut self.inner).poll_read(cx, &mut buf);
        let filled = buf.filled().len();
        self.chunk.truncate(filled);
        self.at = 0;
        ready!(read)?;
        Poll::Ready(Ok(filled))
    }

    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(first) = self.out.front() {
            let rest = first.get(self.out_at..).unwrap_or_default();
            if rest.is_empty() {
                self.out.pop_front();
                self.out_at = 0;
                continue;
            }
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.out_at += written;
            self.written_at = Instant::now();
            self.out_waiting = self.out_waiting.saturating_sub(written);
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Keeps the frame for us and lays out for async-imap what it waits for, spelled so that any parser reads it.
    fn hand_over(&mut self, frame: Frame) {
        match response::read(&frame) {
            Ok(Response::Continue(challenge)) => {
                let challenge = STANDARD.decode(&challenge).map_or(Vec::new(), |_| challenge);
                self.handed.extend(b"+ ".iter().chain(&challenge).chain(b"\r\n"));
            }
            Ok(Response::Tagged(tag, status)) if tag.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                let word = match status.outcome {
                    Outcome::Ok => "OK",
                    Outcome::No => "NO",
                    _ => "BAD",
                };
                self.handed.extend(format!("{tag} {word} read\r\n").into_bytes());
                if self.mode == Mode::HandoverThenPass && status.outcome == Outcome::Ok {
                    self.mode = Mode::Pass;
                }
            }
            _ => {}
        }
        if self.seen.len() < MOST_SEEN {
            self.seen.push(frame);
        }
    }
}

impl<S: NetStream> AsyncRead for ImapTap<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.handed.is_empty() {
            match this.mode {
                Mode::Frames => return Poll::Ready(Err(io::Error::other("the frames are ours"))),
                Mode::Pass => {
                    if this.at >= this.chunk.len() && ready!(this.poll_chunk(cx))? == 0 {
                        return Poll::Ready(Ok(()));
                    }
                    let rest = this.chunk.get(this.at..).unwrap_or_default();
                    let part = rest.get(..rest.len().min(buf.remaining())).unwrap_or_default();
                    buf.put_slice(part);
                    this.at += part.len();
                    return Poll::Ready(Ok(()));
                }
                Mode::Handover | Mode::HandoverThenPass => match ready!(this.poll_frame(cx))? {
                    Some(frame) => this.hand_over(frame),
                    None => return Poll::Ready(Ok(())),
                },
            }
        }
        let part: Vec<u8> = this.handed.drain(..this.handed.len().min(buf.remaining())).collect();
        buf.put_slice(&part);
        Poll::Ready(Ok(()))
    }
}

impl<S: NetStream> AsyncWrite for ImapTap<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.out_waiting > MOST_WAITING {
            ready!(self.poll_out(cx))?;
        }
        self.queue(buf.to_vec());
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_out(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_out(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

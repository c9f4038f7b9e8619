//! A stream that waits for progress, not for completion: a slow link may take its time, a silent one may not.
//! Bytes in either direction count, so a long upload does not time out the read beside it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// Any stream with a deadline that moves on with every byte.
#[derive(Debug)]
pub struct Patient<S> {
    inner: S,
    patience: Option<Duration>,
    last_progress: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl<S> Patient<S> {
    /// Wraps `inner`; `patience` is the longest silence.
    pub fn new(inner: S, patience: Duration) -> Self {
        let now = Instant::now();
        Self { inner, patience: Some(patience), last_progress: now, alarm: Box::pin(tokio::time::sleep_until(now + patience)) }
    }

    /// Sets the longest silence from now on; `None` waits for ever (IDLE).
    pub fn set_patience(&mut self, patience: Option<Duration>) {
        self.patience = patience;
        self.last_progress = Instant::now();
    }

    /// The stream inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Gives the stream back.
    pub fn into_inner(self) -> S {
        self.inner
    }

    fn progress<T>(&mut self, value: T) -> Poll<io::Result<T>> {
        self.last_progress = Instant::now();
        Poll::Ready(Ok(value))
    }

    /// Called when nothing moved: an error once the silence is too long, else a wake-up call for then.
    fn poll_silence<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let Some(patience) = self.patience else { return Poll::Pending };
        let until = self.last_progress + patience;
        if self.alarm.deadline() != until {
            self.alarm.as_mut().reset(until);
        }
        ready!(self.alarm.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.inner).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => self.progress(()),
            Poll::Ready(Err(e)) => Poll::Ready(Err(e)),
            Poll::Pending => self.poll_silence(cx),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.inner).poll_write(cx, buf) {
            Poll::Ready(Ok(n)) => self.progress(n),
            Poll::Ready(Err(e)) => Poll::Ready(Err(e)),
            Poll::Pending => self.poll_silence(cx),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.inner).poll_flush(cx) {
            Poll::Ready(done) => Poll::Ready(done),
            Poll::Pending => self.poll_silence(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.inner).poll_shutdown(cx) {
            Poll::Ready(done) => Poll::Ready(done),
            Poll::Pending => self.poll_silence(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test(start_paused = true)]
    async fn a_slow_stream_lives_and_a_silent_one_times_out() {
        let (mut far, near) = tokio::io::duplex(64);
        let mut near = Patient::new(near, Duration::from_secs(10));
        let far = tokio::spawn(async move {
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_secs(9)).await;
                far.write_all(b"x").await.unwrap();
            }
            far
        });
        for _ in 0..5 {
            assert_eq!(near.read_u8().await.unwrap(), b'x');
        }
        let _kept_open = far.await.unwrap();
        let began = Instant::now();
        assert_eq!(near.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed(), Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_it_waits() {
        let (_far, near) = tokio::io::duplex(64);
        let mut near = Patient::new(near, Duration::from_secs(10));
        near.set_patience(None);
        assert!(tokio::time::timeout(Duration::from_secs(3600), near.read_u8()).await.is_err());
    }
}

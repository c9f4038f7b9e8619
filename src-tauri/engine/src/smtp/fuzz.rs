//! Target for what a submission server answers.

use super::hello::Extensions;
use super::wire::{Broken, Reply, Wire};
use futures_util::FutureExt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, ReadBuf};

pub(crate) const WORDS: &[&str] =
    &["250 ", "250-", "\r\n", "\n", "AUTH=", "SIZE ", "STARTTLS", "550 5.1.1 ", "2", "-", "\0", "\u{e9}"];

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let own = [
        "\x01250 ok\r\n",
        "\x07550-no\r\n550-\r\n550 never\r\n",
        "\x03250-mx\r\n250-SIZE 35882577\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n",
        "\x02* OK IMAP4rev1\r\n",
        "\x05250-a\r\n550 b\r\n",
    ];
    own.iter().map(|s| s.as_bytes().to_vec()).collect()
}

/// Hands its bytes out in steps and is never waited for.
struct Steps<'a> {
    left: &'a [u8],
    step: usize,
}

impl AsyncRead for Steps<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let take = self.step.max(1).min(buf.remaining()).min(self.left.len());
        let (now, later) = self.left.split_at(take);
        buf.put_slice(now);
        self.left = later;
        Poll::Ready(Ok(()))
    }
}

fn read(bytes: &[u8], step: usize) -> Vec<Result<Reply, &'static str>> {
    let mut wire = Wire::new(tokio::io::join(Steps { left: bytes, step }, tokio::io::sink()));
    let mut out = Vec::new();
    while let Some(reply) = wire.read_reply().now_or_never() {
        let (reply, goes_on) = match reply {
            Ok(reply) => (Ok(reply), true),
            Err(Broken::Nonsense(why)) => (Err(why), false),
            Err(Broken::Io(_)) => (Err("the end"), false),
        };
        out.push(reply);
        if !goes_on {
            break;
        }
    }
    out
}

/// The same replies whatever the chunks, each bounded; what they offer is read without harm.
pub(crate) fn replies(input: &[u8]) {
    let Some((step, bytes)) = input.split_first() else { return };
    let whole = read(bytes, bytes.len());
    assert_eq!(whole, read(bytes, usize::from(*step)));
    for reply in whole.iter().flatten() {
        assert!((200..600).contains(&reply.code) && reply.lines.len() <= 100);
        assert!(reply.lines.iter().all(|l| !l.contains('\n') && l.len() <= 3 * (2 << 10)));
        let kinds = [reply.is_positive(), (300..400).contains(&reply.code), reply.is_passing(), reply.is_permanent()];
        assert_eq!(kinds.iter().filter(|k| **k).count(), 1, "{}", reply.code);
        let offers = Extensions::read(reply);
        assert!(offers.max_size().is_none_or(|n| n > 0));
    }
}

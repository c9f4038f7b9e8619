//! Commands out, replies in (RFC 5321 section 4.2), over any stream. Every reply is bounded in bytes, lines and time.
//! It interprets no code and never logs a line.

use godwit_domain::{Error, ErrorKind};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

/// The longest line of a reply.
const MAX_LINE: usize = 2 << 10;
/// The most lines of a reply.
const MAX_LINES: usize = 100;
/// The longest a reply may take from its first byte to its last; the silence before and within it is the stream's business.
const MAX_TIME: Duration = Duration::from_secs(15 * 60);

/// A reply: its code and the text of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    pub lines: Vec<String>,
}

impl Reply {
    /// Its text on one line.
    pub fn text(&self) -> String {
        self.lines.join(" ")
    }

    pub fn is_positive(&self) -> bool {
        (200..300).contains(&self.code)
    }

    pub fn is_passing(&self) -> bool {
        (400..500).contains(&self.code)
    }

    pub fn is_permanent(&self) -> bool {
        (500..600).contains(&self.code)
    }

    /// `error` with the server's words, code first.
    pub fn tell(&self, error: Error) -> Error {
        error.server_words(&format!("{} {}", self.code, self.text()))
    }
}

/// Why there is no reply.
#[derive(Debug)]
pub enum Broken {
    /// The stream failed or ended.
    Io(io::Error),
    /// What came was no reply.
    Nonsense(&'static str),
}

impl From<io::Error> for Broken {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

impl Broken {
    /// In our words.
    pub fn tell(&self, host: &str) -> Error {
        match self {
            Self::Io(e) if e.kind() == io::ErrorKind::TimedOut => {
                Error::new(ErrorKind::TimedOut, format!("{host} took too long to answer.")).mend("Check the network.")
            }
            Self::Io(_) => Error::new(ErrorKind::Offline, format!("The connection to {host} broke.")).mend("Check the network."),
            Self::Nonsense(why) => Error::new(ErrorKind::Protocol, format!("{host} does not answer like a mail server: {why}."))
                .mend("Check the server's name and its port."),
        }
    }
}

/// A stream that speaks SMTP.
pub struct Wire<S>(BufReader<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub fn new(stream: S) -> Self {
        Self(BufReader::with_capacity(4 << 10, stream))
    }

    /// The stream, for its deadline and for writing.
    pub fn stream(&mut self) -> &mut S {
        self.0.get_mut()
    }

    /// The stream back, and whether bytes had come that nobody has read.
    pub fn into_stream(self) -> (S, bool) {
        let left_over = !self.0.buffer().is_empty();
        (self.0.into_inner(), left_over)
    }

    /// Sends one line and reads the reply. The line must not hold a line end; that is checked.
    pub async fn command(&mut self, line: &str) -> Result<Reply, Broken> {
        if line.bytes().any(|b| matches!(b, b'\r' | b'\n' | 0)) {
            return Err(Broken::Io(io::Error::new(io::ErrorKind::InvalidInput, "a line end in a command")));
        }
        self.send(format!("{line}\r\n").as_bytes()).await
    }

    /// Sends these bytes and reads the reply.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<Reply, Broken> {
        let stream = self.0.get_mut();
        stream.write_all(bytes).await?;
        stream.flush().await?;
        self.reply().await
    }

    /// Reads one reply, all its lines.
    pub async fn reply(&mut self) -> Result<Reply, Broken> {
        match tokio::time::timeout(MAX_TIME, self.read_reply()).await {
            Ok(reply) => reply,
            Err(_) => Err(Broken::Io(io::ErrorKind::TimedOut.into())),
        }
    }

    pub(super) async fn read_reply(&mut self) -> Result<Reply, Broken> {
        let mut reply: Option<Reply> = None;
        loop {
            let line = self.read_line().await?;
            let (code, more, text) = parse_line(&line)?;
            let so_far = reply.get_or_insert(Reply { code, lines: Vec::new() });
            if so_far.code != code {
                return Err(Broken::Nonsense("one reply has two codes"));
            }
            so_far.lines.push(text);
            if !more {
                return reply.ok_or(Broken::Nonsense("an empty reply"));
            }
            if so_far.lines.len() >= MAX_LINES {
                return Err(Broken::Nonsense("a reply has no end"));
            }
        }
    }

    async fn read_line(&mut self) -> Result<Vec<u8>, Broken> {
        let mut line = Vec::new();
        loop {
            let come = self.0.fill_buf().await?;
            if come.is_empty() {
                return Err(Broken::Io(io::ErrorKind::UnexpectedEof.into()));
            }
            let end = memchr::memchr(b'\n', come);
            let taken = end.map_or(come.len(), |at| at + 1);
            line.extend_from_slice(come.get(..taken).unwrap_or_default());
            self.0.consume(taken);
            if line.len() > MAX_LINE {
                return Err(Broken::Nonsense("a line of a reply has no end"));
            }
            if end.is_some() {
                return Ok(line);
            }
        }
    }
}

/// Code, whether more lines follow, and the text.
fn parse_line(line: &[u8]) -> Result<(u16, bool, String), Broken> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let nonsense = Broken::Nonsense("a reply has no code");
    let Some((digits, rest)) = line.split_at_checked(3) else { return Err(nonsense) };
    let code = std::str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_digit())).and_then(|d| d.parse().ok());
    let Some(code @ 200..600) = code else { return Err(nonsense) };
    let (more, text) = match rest.split_first() {
        None => (false, &[][..]),
        Some((b' ', text)) => (false, text),
        Some((b'-', text)) => (true, text),
        Some(_) => return Err(nonsense),
    };
    Ok((code, more, String::from_utf8_lossy(text).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8]) -> Result<Reply, Broken> {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        far.write_all(bytes).await.unwrap();
        drop(far);
        Wire::new(near).reply().await
    }

    #[tokio::test]
    async fn replies_of_one_and_many_lines_are_read() {
        let check = async |bytes: &str, code: u16, lines: &[&str]| {
            let reply = read(bytes.as_bytes()).await.unwrap();
            assert_eq!((reply.code, reply.lines), (code, lines.iter().map(|l| l.to_string()).collect()), "{bytes:?}");
        };
        check("250 ok\r\n", 250, &["ok"]).await;
        check("250\r\n", 250, &[""]).await;
        check("250 bare\n", 250, &["bare"]).await;
        check("550-no\r\n550-\r\n550 never\r\n", 550, &["no", "", "never"]).await;
        check(&format!("250 {}\r\n", "x".repeat(2000)), 250, &[&"x".repeat(2000)]).await;
    }

    #[tokio::test]
    async fn what_is_no_reply_is_told_and_bounded() {
        let check = async |bytes: &[u8], nonsense: bool| {
            let told = read(bytes).await.unwrap_err();
            assert_eq!(matches!(told, Broken::Nonsense(_)), nonsense, "{:?}", bytes.get(..40));
        };
        check(b"* OK IMAP4rev1\r\n", true).await;
        check(b"\xff\xfe\r\n", true).await;
        check(b"999 x\r\n", true).await;
        check(b"+50 x\r\n", true).await;
        check(b"250x\r\n", true).await;
        check(b"250-a\r\n550 b\r\n", true).await;
        check(&[b'2'; 5000], true).await;
        check("250-again\r\n".repeat(101).as_bytes(), true).await;
        check(b"250-a\r\n250", false).await;
        check(b"", false).await;
    }

    #[tokio::test]
    async fn a_command_never_holds_a_second_one() {
        let (near, mut far) = tokio::io::duplex(1 << 10);
        let mut wire = Wire::new(near);
        assert!(wire.command("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>").await.is_err());
        drop(wire);
        let mut sent = Vec::new();
        tokio::io::AsyncReadExt::read_to_end(&mut far, &mut sent).await.unwrap();
        assert_eq!(sent, b"");
    }
}

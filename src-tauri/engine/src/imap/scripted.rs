//! A server for tests that reads like a transcript and says nothing but what stands in it.
//!
//! `S: text` sends a line, `S+ text` sends bytes without CRLF, `C: a NOOP` waits for a command and calls its tag `a`,
//! `C> text` waits for a line without tag, `EOF` hangs up, `WAIT 5` sleeps five seconds. `\r`, `\n` and `\0` are those bytes.

use super::connection::Connection;
use super::session::Stream;
use super::sign_in::{ImapTarget, signed_in};
use crate::net::Patient;
use godwit_domain::api::Password;
use godwit_domain::{Result, Security, Server};
use std::collections::HashMap;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::task::JoinHandle;

/// The server's end: joined at the end of a test, it fails where the client strayed from the script.
pub(super) type Scripted = JoinHandle<()>;

pub(super) fn target() -> ImapTarget {
    let server = Server { host: "mail.vik.example".into(), port: 993, security: Security::Tls, pin: None };
    ImapTarget { server, user: "marit".into(), password: Password::new("secret".into()), log: crate::ProtocolLog::default() }
}

/// A stream with a scripted server at its other end.
pub(super) fn scripted(script: &str) -> (Stream, Scripted) {
    scripted_through(1 << 20, script)
}

/// The same through a pipe that holds `width` bytes.
pub(super) fn scripted_through(width: usize, script: &str) -> (Stream, Scripted) {
    let (near, far) = tokio::io::duplex(width);
    let server = tokio::spawn(play(script.to_owned(), far));
    (Box::new(Patient::new(near, Duration::from_secs(60))), server)
}

/// Signs in to a server that plays `script` from its greeting on.
pub(super) async fn greet(script: &str) -> (Result<Connection>, Scripted) {
    let (stream, server) = scripted(script);
    (signed_in(stream, &target(), false).await, server)
}

/// Signs in over a stream whose other end a test holds.
pub(crate) async fn over(host: &str, stream: DuplexStream) -> Result<Connection> {
    let mut target = target();
    if !host.is_empty() {
        target.server.host = host.to_owned();
    }
    signed_in(Box::new(Patient::new(stream, Duration::from_secs(60))), &target, false).await
}

/// A signed-in connection whose server offers `capabilities` and then plays `script`.
pub(super) async fn signed_in_to(capabilities: &str, script: &str) -> (Connection, Scripted) {
    let mut all = format!(
        "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello
         C: s AUTHENTICATE PLAIN AG1hcml0AHNlY3JldA==
         S: s OK in
         C: s CAPABILITY
         S: * CAPABILITY IMAP4rev1 {capabilities}
         S: s OK done\n"
    );
    if capabilities.contains("ENABLE") {
        all += "C: s ENABLE QRESYNC\nS: * ENABLED QRESYNC\nS: s OK done\n";
    }
    let (connection, server) = greet(&(all + script)).await;
    (connection.unwrap(), server)
}

/// The server's end of a test: everything was said as it stands in the script.
pub(super) async fn done(server: Scripted) {
    server.await.unwrap();
}

async fn play(script: String, stream: DuplexStream) {
    let mut stream = BufReader::new(stream);
    let mut tags: HashMap<String, String> = HashMap::new();
    for line in script.lines().map(str::trim_start).filter(|l| !l.is_empty()) {
        let line = line.replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0");
        if let Some(text) = line.strip_prefix("S: ") {
            let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
            let text = tags.get(word).map_or_else(|| text.to_owned(), |tag| format!("{tag} {rest}"));
            send(&mut stream, format!("{text}\r\n").as_bytes()).await;
        } else if let Some(text) = line.strip_prefix("S+ ") {
            send(&mut stream, text.as_bytes()).await;
        } else if let Some(expected) = line.strip_prefix("C: ") {
            let said = hear(&mut stream, expected).await;
            let (label, expected) = expected.split_once(' ').unwrap();
            let (tag, command) = said.split_once(' ').unwrap_or((&said, ""));
            assert_eq!(command, expected);
            tags.insert(label.to_owned(), tag.to_owned());
        } else if let Some(expected) = line.strip_prefix("C> ") {
            assert_eq!(hear(&mut stream, expected).await, expected);
        } else if let Some(secs) = line.strip_prefix("WAIT ") {
            tokio::time::sleep(Duration::from_secs(secs.parse().unwrap())).await;
        } else if line == "EOF" {
            return;
        } else {
            panic!("no such line in a script: {line}");
        }
    }
    // Played out: the client may say goodbye.
    let mut rest = String::new();
    drop(stream.read_line(&mut rest).await);
    assert!(rest.is_empty() || rest.ends_with(" LOGOUT\r\n"), "not in the script: {rest}");
}

/// A client that hung up is found out by the next `C`.
async fn send(stream: &mut BufReader<DuplexStream>, bytes: &[u8]) {
    drop(stream.write_all(bytes).await);
}

async fn hear(stream: &mut BufReader<DuplexStream>, expected: &str) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    assert!(line.ends_with("\r\n"), "waited for {expected:?}, got {line:?}");
    line.trim_end_matches("\r\n").to_owned()
}

//! A small SMTP receiver: it stands behind Dovecot's submission, or is a submission server itself over TLS.
//! It records every envelope, delivers by LMTP into the same Dovecot, and fails for chosen senders when told to.

use crate::dovecot::User;
use crate::net::connect_tls;
use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// MAIL FROM.
    pub from: String,
    /// RCPT TO, each.
    pub to: Vec<String>,
    /// The message, dots unstuffed, CRLF lines.
    pub data: Vec<u8>,
}

/// How to fail a sender's mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// 451 after the final dot.
    TemporaryAfterData,
    /// 554 after the final dot.
    PermanentAfterData,
    /// 550 to each recipient.
    RecipientsRefused,
    /// The mail is taken and delivered, and the connection cut before the answer.
    TakenThenCut,
    /// The connection is cut after the final dot and the mail is not taken.
    LostThenCut,
}

#[derive(Default)]
struct State {
    envelopes: Vec<Envelope>,
    failures: HashMap<String, Failure>,
    lmtp: Option<u16>,
}

/// How a relay takes mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// By DATA.
    Data,
    /// By BDAT too (RFC 3030).
    Chunks,
}

/// The receiver. It listens until the process ends.
pub struct Relay {
    /// The port on 127.0.0.1.
    pub port: u16,
    state: Arc<Mutex<State>>,
}

trait Wire: Read + Write + Send {}
impl<T: Read + Write + Send> Wire for T {}

impl Relay {
    /// Starts a plain one, for Dovecot to relay to.
    pub fn start() -> Result<Self> {
        Self::listen(None, Takes::Data)
    }

    /// Starts one that speaks TLS from the first byte and takes any sign-in.
    pub fn start_tls(tls: Arc<ServerConfig>, takes: Takes) -> Result<Self> {
        Self::listen(Some(tls), takes)
    }

    fn listen(tls: Option<Arc<ServerConfig>>, takes: Takes) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listen for the relay")?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let (state, tls) = (shared.clone(), tls.clone());
                // A client that goes away mid-line is the client's affair; the envelope tells whether mail was taken.
                std::thread::spawn(move || drop(converse(socket, tls, takes, &state)));
            }
        });
        Ok(Self { port, state })
    }

    /// Delivers what comes to this LMTP port from now on.
    pub fn deliver_to(&self, lmtp: u16) {
        lock(&self.state).lmtp = Some(lmtp);
    }

    /// Fails all mail of this sender in this way until told otherwise.
    pub fn fail(&self, sender: &str, failure: Option<Failure>) {
        let mut state = lock(&self.state);
        match failure {
            Some(failure) => state.failures.insert(sender.into(), failure),
            None => state.failures.remove(sender),
        };
    }

    /// What was taken from this sender, oldest first.
    pub fn taken_from(&self, sender: &str) -> Vec<Envelope> {
        lock(&self.state).envelopes.iter().filter(|e| e.from == sender).cloned().collect()
    }

    /// Waits until `count` mails of this sender were taken.
    pub fn wait_for(&self, sender: &str, count: usize, limit: Duration) -> Result<Vec<Envelope>> {
        let start = Instant::now();
        loop {
            let taken = self.taken_from(sender);
            if taken.len() >= count {
                return Ok(taken);
            }
            if start.elapsed() > limit {
                bail!("{} of {count} mails from {sender} came within {} s", taken.len(), limit.as_secs());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn converse(socket: TcpStream, tls: Option<Arc<ServerConfig>>, takes: Takes, state: &Mutex<State>) -> Result<()> {
    socket.set_read_timeout(Some(Duration::from_secs(60)))?;
    let is_submission = tls.is_some();
    let wire: Box<dyn Wire> = match tls {
        Some(config) => Box::new(StreamOwned::new(ServerConnection::new(config)?, socket)),
        None => Box::new(socket),
    };
    let mut wire = BufReader::new(wire);
    say(&mut wire, "220 relay.test.example ESMTP")?;
    let mut envelope = Envelope { from: String::new(), to: Vec::new(), data: Vec::new() };
    while let Some(line) = read_line(&mut wire)? {
        let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        let failure = lock(state).failures.get(&envelope.from).copied();
        match verb.as_str() {
            "EHLO" if is_submission => {
                let chunks = if takes == Takes::Chunks { "250-CHUNKING\r\n" } else { "" };
                let offers =
                    format!("250-relay.test.example\r\n250-8BITMIME\r\n{chunks}250-SIZE 300000000\r\n250 AUTH PLAIN LOGIN");
                say(&mut wire, &offers)?;
            }
            "EHLO" => say(&mut wire, "250-relay.test.example\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 SIZE 300000000")?,
            "AUTH" => authenticate(&mut wire, &line)?,
            "MAIL" => {
                envelope = Envelope { from: address(&line), to: Vec::new(), data: Vec::new() };
                say(&mut wire, "250 2.1.0 ok")?;
            }
            "RCPT" if failure == Some(Failure::RecipientsRefused) => say(&mut wire, "550 5.1.1 no such person here")?,
            "RCPT" => {
                envelope.to.push(address(&line));
                say(&mut wire, "250 2.1.5 ok")?;
            }
            "DATA" => {
                say(&mut wire, "354 go ahead")?;
                envelope.data = read_data(&mut wire)?;
                if !finish(&mut wire, state, &envelope, failure)? {
                    return Ok(());
                }
            }
            "BDAT" if takes == Takes::Chunks => {
                let size: usize = line.split_whitespace().nth(1).context("BDAT has no size")?.parse()?;
                let from = envelope.data.len();
                envelope.data.resize(from + size, 0);
                wire.read_exact(&mut envelope.data[from..])?;
                if line.to_ascii_uppercase().ends_with(" LAST") {
                    if !finish(&mut wire, state, &envelope, failure)? {
                        return Ok(());
                    }
                } else {
                    say(&mut wire, "250 2.0.0 go on")?;
                }
            }
            "RSET" | "NOOP" | "HELO" => say(&mut wire, "250 2.0.0 ok")?,
            "QUIT" => {
                say(&mut wire, "221 2.0.0 bye")?;
                return Ok(());
            }
            _ => say(&mut wire, "502 5.5.1 not known here")?,
        }
    }
    Ok(())
}

/// Takes or fails one mail; answers whether the connection goes on.
fn finish(wire: &mut BufReader<Box<dyn Wire>>, state: &Mutex<State>, mail: &Envelope, failure: Option<Failure>) -> Result<bool> {
    match failure {
        Some(Failure::TemporaryAfterData) => say(wire, "451 4.3.0 the tide is out, try again later")?,
        Some(Failure::PermanentAfterData) => say(wire, "554 5.7.1 this harbour takes no such mail")?,
        Some(Failure::LostThenCut) => return Ok(false),
        _ => {
            let lmtp = lock(state).lmtp;
            if let Some(port) = lmtp {
                deliver(port, mail)?;
            }
            lock(state).envelopes.push(mail.clone());
            if failure == Some(Failure::TakenThenCut) {
                return Ok(false);
            }
            say(wire, "250 2.0.0 taken")?;
        }
    }
    Ok(true)
}

fn authenticate(wire: &mut BufReader<Box<dyn Wire>>, line: &str) -> Result<()> {
    let mut words = line.split_whitespace().skip(1);
    let is_login = words.next().is_some_and(|m| m.eq_ignore_ascii_case("LOGIN"));
    let prompts = match (is_login, words.next().is_some()) {
        (true, false) => 2,
        (true, true) | (false, false) => 1,
        (false, true) => 0,
    };
    for _ in 0..prompts {
        say(wire, "334 ")?;
        read_line(wire)?;
    }
    say(wire, "235 2.7.0 welcome")
}

/// Delivers by LMTP into the Dovecot at this port.
pub fn deliver(lmtp: u16, mail: &Envelope) -> Result<()> {
    let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, lmtp)).context("connect to LMTP")?;
    socket.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut wire = BufReader::new(socket);
    expect(&mut wire, '2')?;
    ask(&mut wire, "LHLO relay.test.example", '2')?;
    hand_over(&mut wire, mail, mail.to.len())
}

/// Submits over TLS as a person's program does.
pub fn submit(port: u16, root: &Path, user: &User, mail: &Envelope) -> Result<()> {
    let mut wire = BufReader::new(connect_tls(port, root)?);
    expect(&mut wire, '2')?;
    ask(&mut wire, "EHLO client.test.example", '2')?;
    let login = STANDARD.encode(format!("\0{}\0{}", user.address, user.password));
    ask(&mut wire, &format!("AUTH PLAIN {login}"), '2')?;
    hand_over(&mut wire, mail, 1)
}

/// The envelope, the data, and as many answers as the protocol gives.
fn hand_over<W: Read + Write>(wire: &mut BufReader<W>, mail: &Envelope, answers: usize) -> Result<()> {
    ask(wire, &format!("MAIL FROM:<{}>", mail.from), '2')?;
    for to in &mail.to {
        ask(wire, &format!("RCPT TO:<{to}>"), '2')?;
    }
    ask(wire, "DATA", '3')?;
    let mut out = Vec::with_capacity(mail.data.len() + 64);
    for line in mail.data.split_inclusive(|b| *b == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    wire.get_mut().write_all(&out)?;
    for _ in 0..answers {
        expect(wire, '2').context("the mail was not taken")?;
    }
    ask(wire, "QUIT", '2')
}

fn ask<W: Read + Write>(wire: &mut BufReader<W>, line: &str, class: char) -> Result<()> {
    wire.get_mut().write_all(format!("{line}\r\n").as_bytes())?;
    expect(wire, class).with_context(|| format!("after {line}"))
}

fn expect<W: Read + Write>(wire: &mut BufReader<W>, class: char) -> Result<()> {
    loop {
        let line = read_line(wire)?.context("the server closed the connection")?;
        if line.as_bytes().get(3) == Some(&b'-') {
            continue;
        }
        if !line.starts_with(class) {
            bail!("the server answered: {line}");
        }
        return Ok(());
    }
}

fn say(wire: &mut BufReader<Box<dyn Wire>>, line: &str) -> Result<()> {
    let out = wire.get_mut();
    out.write_all(format!("{line}\r\n").as_bytes())?;
    Ok(out.flush()?)
}

fn read_line(wire: &mut impl BufRead) -> Result<Option<String>> {
    let mut line = Vec::new();
    let read = wire.take(4096).read_until(b'\n', &mut line)?;
    Ok((read > 0).then(|| String::from_utf8_lossy(&line).trim_end().to_owned()))
}

fn read_data(wire: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut data = Vec::new();
    loop {
        let start = data.len();
        if wire.read_until(b'\n', &mut data)? == 0 {
            bail!("the mail was cut short");
        }
        let line = &data[start..];
        if line == b".\r\n" || line == b".\n" {
            data.truncate(start);
            return Ok(data);
        }
        if line.starts_with(b".") {
            data.remove(start);
        }
    }
}

fn address(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map(|(address, _)| address.to_owned()).unwrap_or_default()
}

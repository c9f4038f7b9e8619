//! The oracle: a tiny blocking IMAP client that says what the server really has. It shares no code with the engine,
//! so that one mistake can't hide in both.

use crate::net::{Tls, connect_tls};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// A signed-in connection.
pub struct Mailbox {
    wire: BufReader<Tls>,
    next_tag: u32,
}

/// A message as the server has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnServer {
    /// UID.
    pub uid: u32,
    /// Flags and keywords, sorted, without `\Recent`.
    pub flags: Vec<String>,
    /// The Subject header as it stands.
    pub subject: String,
}

impl OnServer {
    /// Whether a flag is set.
    pub fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|f| f.eq_ignore_ascii_case(flag))
    }
}

/// One response: its text, and its literals in order (`{n}` stays in the text).
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The line without CRLF, literals taken out.
    pub line: String,
    /// The literals.
    pub literals: Vec<Vec<u8>>,
}

impl Mailbox {
    /// Connects over TLS, trusting `root` alone, and signs in.
    pub fn sign_in(port: u16, root: &Path, user: &str, password: &str) -> Result<Self> {
        let mut mailbox = Self { wire: BufReader::new(connect_tls(port, root)?), next_tag: 1 };
        mailbox.read_response()?;
        mailbox.command(&format!("LOGIN {} {}", quoted(user), quoted(password)))?;
        Ok(mailbox)
    }

    /// Runs one command; fails unless the server says OK. Answers the untagged responses, then the tagged one.
    pub fn command(&mut self, command: &str) -> Result<Vec<Response>> {
        self.command_with_literal(command, None)
    }

    fn command_with_literal(&mut self, command: &str, literal: Option<&[u8]>) -> Result<Vec<Response>> {
        let tag = format!("T{}", self.next_tag);
        self.next_tag += 1;
        let out = self.wire.get_mut();
        match literal {
            None => out.write_all(format!("{tag} {command}\r\n").as_bytes())?,
            Some(bytes) => {
                out.write_all(format!("{tag} {command} {{{}}}\r\n", bytes.len()).as_bytes())?;
                out.flush()?;
                // Not every server takes literals without leave.
                let leave = self.read_response()?;
                if !leave.line.starts_with('+') {
                    bail!("{} was answered {}", command.split(' ').next().unwrap_or_default(), leave.line);
                }
                let out = self.wire.get_mut();
                out.write_all(bytes)?;
                out.write_all(b"\r\n")?;
            }
        }
        self.wire.get_mut().flush()?;
        let mut responses = Vec::new();
        loop {
            let response = self.read_response()?;
            let status = response.line.strip_prefix(&format!("{tag} ")).map(str::to_owned);
            responses.push(response);
            match status {
                Some(status) if status.starts_with("OK") => return Ok(responses),
                Some(status) => bail!("{} was answered {status}", command.split(' ').next().unwrap_or_default()),
                None => {}
            }
        }
    }

    /// Selects a mailbox and answers its UIDVALIDITY.
    pub fn select(&mut self, path: &str) -> Result<u32> {
        let responses = self.command(&format!("SELECT {}", quoted(path)))?;
        let found = responses.iter().find_map(|r| r.line.split_once("[UIDVALIDITY ")?.1.split_once(']')?.0.parse().ok());
        found.context("the server told no UIDVALIDITY")
    }

    /// All messages of a mailbox, by UID.
    pub fn messages(&mut self, path: &str) -> Result<Vec<OnServer>> {
        self.select(path)?;
        let responses = self.command("UID FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")?;
        // What has no header in it is told unasked: another client changed a flag just now.
        let asked = |r: &&Response| r.line.starts_with("* ") && r.line.contains(" FETCH (") && r.line.contains("BODY[");
        let fetched = responses.iter().filter(asked).map(on_server);
        let mut messages = fetched.collect::<Result<Vec<_>>>()?;
        messages.sort_by_key(|m| m.uid);
        Ok(messages)
    }

    /// The message with this subject, if it is there.
    pub fn find(&mut self, path: &str, subject: &str) -> Result<Option<OnServer>> {
        Ok(self.messages(path)?.into_iter().find(|m| m.subject == subject))
    }

    /// Asks until `check` says yes of a mailbox's messages.
    pub fn wait_until(&mut self, path: &str, limit: Duration, check: impl Fn(&[OnServer]) -> bool) -> Result<Vec<OnServer>> {
        let start = Instant::now();
        loop {
            let messages = self.messages(path)?;
            if check(&messages) {
                return Ok(messages);
            }
            if start.elapsed() > limit {
                bail!("after {} s {path} holds: {messages:?}", limit.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A message's bytes.
    pub fn raw(&mut self, path: &str, uid: u32) -> Result<Vec<u8>> {
        self.select(path)?;
        let responses = self.command(&format!("UID FETCH {uid} (UID BODY.PEEK[])"))?;
        responses.into_iter().find_map(|r| r.literals.into_iter().next()).context("the server sent no body")
    }

    /// Adds a message; `flags` as `\Seen \Flagged`.
    pub fn append(&mut self, path: &str, flags: &str, message: &[u8]) -> Result<()> {
        self.command_with_literal(&format!("APPEND {} ({flags})", quoted(path)), Some(message)).map(drop)
    }

    /// Changes flags; `change` as `+FLAGS (\Seen)`.
    pub fn store(&mut self, path: &str, uid: u32, change: &str) -> Result<()> {
        self.select(path)?;
        self.command(&format!("UID STORE {uid} {change}")).map(drop)
    }

    /// Moves a message, in the way that every server has.
    pub fn move_to(&mut self, path: &str, uid: u32, target: &str) -> Result<()> {
        self.select(path)?;
        self.command(&format!("UID COPY {uid} {}", quoted(target)))?;
        self.expunge(path, uid)
    }

    /// Removes a message for good.
    pub fn expunge(&mut self, path: &str, uid: u32) -> Result<()> {
        self.store(path, uid, "+FLAGS (\\Deleted)")?;
        self.command(&format!("UID EXPUNGE {uid}")).map(drop)
    }

    /// The mailboxes' names, as they go over the wire.
    pub fn mailboxes(&mut self) -> Result<Vec<String>> {
        let responses = self.command("LIST \"\" \"*\"")?;
        let names = responses.iter().filter(|r| r.line.starts_with("* LIST")).map(|r| {
            // Behind the attributes: a delimiter of one character, quoted, and the name.
            let rest = r.line.split_once(") ").map(|(_, rest)| rest).unwrap_or_default();
            let name = rest.split_once(' ').map(|(_, name)| name).unwrap_or_default();
            match r.literals.first() {
                Some(literal) => String::from_utf8_lossy(literal).into_owned(),
                None => unquoted(name),
            }
        });
        Ok(names.collect())
    }

    fn read_response(&mut self) -> Result<Response> {
        let mut response = Response::default();
        loop {
            let mut line = Vec::new();
            if self.wire.read_until(b'\n', &mut line)? == 0 {
                bail!("the server closed the connection");
            }
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
            response.line.push_str(&text);
            let literal = text.strip_suffix('}').and_then(|t| t.rsplit_once('{')).and_then(|(_, n)| n.parse::<usize>().ok());
            let Some(size) = literal else { return Ok(response) };
            let mut bytes = vec![0; size];
            self.wire.read_exact(&mut bytes)?;
            response.literals.push(bytes);
        }
    }
}

fn on_server(response: &Response) -> Result<OnServer> {
    let line = &response.line;
    let uid = line.split_once("UID ").and_then(|(_, rest)| rest.split([' ', ')']).next()).context("a FETCH without UID")?;
    let flags = line.split_once("FLAGS (").and_then(|(_, rest)| rest.split_once(')')).context("a FETCH without FLAGS")?.0;
    let mut flags: Vec<String> = flags.split_whitespace().filter(|f| *f != "\\Recent").map(str::to_owned).collect();
    flags.sort();
    let header = response.literals.first().map(|l| String::from_utf8_lossy(l).into_owned()).unwrap_or_default();
    let subject = header.split_once(':').map(|(_, s)| s.replace("\r\n", "").trim().to_owned()).unwrap_or_default();
    Ok(OnServer { uid: uid.parse()?, flags, subject })
}

fn unquoted(name: &str) -> String {
    match name.strip_prefix('"').and_then(|n| n.strip_suffix('"')) {
        Some(inside) => inside.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => name.to_owned(),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

//! A private Courier out of the unpacked package. TLS and sign-in are our own, since Courier's are bound to paths of an
//! installed one; everything from there on is Courier's imapd on a Maildir, started for each connection as its own
//! login would, with gamin to tell it of changed files.

use super::pump;
use super::unpacked::Unpacked;
use crate::authority::{Authority, Leaf};
use crate::tied::{Spawn, Tied};
use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

type Wire = StreamOwned<ServerConnection, TcpStream>;

/// As Debian's /etc/courier/imapd has it.
const CAPABILITIES: &str = "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE";

/// A running Courier.
pub struct Courier {
    /// IMAP over TLS.
    pub imaps: u16,
    dir: PathBuf,
    _gamin: Tied,
}

struct Programs {
    imapd: PathBuf,
    libraries: (String, String),
    dir: PathBuf,
    tls: Arc<ServerConfig>,
    /// What gamin's clients call it by: a socket that lies in no folder.
    gamin: (String, String),
}

impl Courier {
    pub fn start(dir: &Path, authority: &Authority) -> Result<Self> {
        let unpacked = Unpacked::find("courier")?;
        let libraries = unpacked.library_path()?;
        let name = dir.file_name().context("a folder without a name")?.to_string_lossy().into_owned();
        let server = unpacked.path("usr/libexec/gam_server").display().to_string();
        let gamin = Spawn::new(server, ["--notimeout".to_owned(), name.clone()]).envs([libraries.clone()]);
        let gamin = gamin.removing_at_exit(dir).start().context("start gamin")?;
        let programs = Arc::new(Programs {
            imapd: unpacked.path("usr/bin/imapd"),
            libraries,
            dir: dir.to_owned(),
            tls: authority.server_config(Leaf::Good)?,
            gamin: ("GAM_CLIENT_ID".into(), name),
        });
        File::create(dir.join("log"))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listen for Courier")?;
        let imaps = listener.local_addr()?.port();
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let programs = programs.clone();
                // A client that leaves during sign-in is the client's affair.
                std::thread::spawn(move || drop(serve(socket, &programs)));
            }
        });
        Ok(Self { imaps, dir: dir.to_owned(), _gamin: gamin })
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }
}

fn serve(socket: TcpStream, programs: &Programs) -> Result<()> {
    socket.set_nodelay(true)?;
    let mut wire = StreamOwned::new(ServerConnection::new(programs.tls.clone())?, socket);
    say(&mut wire, &format!("* OK [CAPABILITY {CAPABILITIES} AUTH=PLAIN] Courier-IMAP ready."))?;
    let Some((tag, user)) = sign_in(&mut wire)? else { return Ok(()) };
    let home = programs.dir.join("mail").join(&user);
    for below in ["cur", "new", "tmp"] {
        fs::create_dir_all(home.join("Maildir").join(below))?;
    }
    let log = File::options().append(true).open(programs.dir.join("log"))?;
    let mut child = Command::new(&programs.imapd)
        .arg("Maildir")
        .current_dir(&home)
        .env_clear()
        .env(&programs.libraries.0, &programs.libraries.1)
        .env("HOME", &home)
        .env("AUTHENTICATED", &user)
        .env("AUTHADDR", &user)
        .env("IMAPLOGINTAG", &tag)
        .env("IMAP_CAPABILITY", CAPABILITIES)
        .env("IMAP_KEYWORDS", "1")
        .env("IMAP_ACL", "1")
        .env(&programs.gamin.0, &programs.gamin.1)
        .env("IMAP_USELOCKS", "1")
        .env("IMAP_TRASHFOLDERNAME", "Trash")
        .env("IMAP_IDLE_TIMEOUT", "60")
        .env("IMAP_ENHANCEDIDLE", "1")
        .env("TCPREMOTEIP", "127.0.0.1")
        .env("TCPREMOTEPORT", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .context("start Courier's imapd")?;
    let (to, from) = (child.stdin.take().context("no stdin")?, child.stdout.take().context("no stdout")?);
    let (tls, socket) = wire.into_parts();
    let carried = pump::between(tls, socket, to, from);
    child.wait()?;
    carried
}

/// Everything before the sign-in; answers the tag it came with, and who it is.
fn sign_in(wire: &mut Wire) -> Result<Option<(String, String)>> {
    loop {
        let Some(line) = read_line(wire)? else { return Ok(None) };
        let mut words = line.splitn(3, ' ');
        let (tag, verb) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_ascii_uppercase());
        let rest = words.next().unwrap_or_default();
        let claimed = match verb.as_str() {
            "CAPABILITY" => {
                say(wire, &format!("* CAPABILITY {CAPABILITIES} AUTH=PLAIN\r\n{tag} OK CAPABILITY completed"))?;
                continue;
            }
            "LOGOUT" => {
                say(wire, &format!("* BYE Courier-IMAP server shutting down\r\n{tag} OK LOGOUT completed"))?;
                return Ok(None);
            }
            "NOOP" => {
                say(wire, &format!("{tag} OK NOOP completed"))?;
                continue;
            }
            "LOGIN" => quoted_words(rest),
            "AUTHENTICATE" if rest.eq_ignore_ascii_case("PLAIN") => {
                say(wire, "+ ")?;
                let Some(answer) = read_line(wire)? else { return Ok(None) };
                plain(&answer)
            }
            _ => {
                say(wire, &format!("{tag} NO Error in IMAP command received by server."))?;
                continue;
            }
        };
        match claimed {
            Some((user, password)) if password == format!("secret-{}", user.split('@').next().unwrap_or(&user)) => {
                return Ok(Some((tag, user)));
            }
            _ => say(wire, &format!("{tag} NO Login failed."))?,
        }
    }
}

fn plain(answer: &str) -> Option<(String, String)> {
    let bytes = STANDARD.decode(answer).ok()?;
    let mut parts = bytes.split(|b| *b == 0).skip(1).map(|p| String::from_utf8_lossy(p).into_owned());
    Some((parts.next()?, parts.next()?))
}

fn quoted_words(rest: &str) -> Option<(String, String)> {
    let mut words = rest.split(' ').map(|w| w.trim_matches('"').to_owned());
    Some((words.next()?, words.next()?))
}

fn say(wire: &mut Wire, line: &str) -> Result<()> {
    wire.write_all(format!("{line}\r\n").as_bytes())?;
    Ok(wire.flush()?)
}

/// One byte at a time, so that nothing meant for imapd is taken.
fn read_line(wire: &mut Wire) -> Result<Option<String>> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < 8192 {
        if wire.read(&mut byte)? == 0 {
            return Ok(None);
        }
        if byte[0] == b'\n' {
            return Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()));
        }
        line.push(byte[0]);
    }
    bail!("a line that is too long")
}

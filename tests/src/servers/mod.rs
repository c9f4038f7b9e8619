//! The servers that the same journeys run on: Dovecot whole and with less to offer, Cyrus, Courier.
//! Each is private, on loopback, and shared by all tests of a process; what differs between them is said here once.

mod courier;
mod cyrus;
mod pump;
mod saslauthd;
mod unpacked;

use crate::authority::{Authority, Leaf};
use crate::dovecot::{CAPABILITIES, Dovecot, Setup, User};
use crate::mailbox::Mailbox;
use crate::relay::{Relay, Takes};
use anyhow::{Context, Result, anyhow};
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Which server, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Dovecot with all it has.
    Dovecot,
    /// Without QRESYNC: removals are found by comparing.
    DovecotWithoutQresync,
    /// Without CONDSTORE: flags are found by reading.
    DovecotWithoutCondstore,
    /// Without UIDPLUS and MOVE: nothing tells where a copy went, and nothing removes a single message.
    DovecotWithoutUidplus,
    /// Without MOVE.
    DovecotWithoutMove,
    /// Without IDLE and NOTIFY.
    DovecotWithoutIdle,
    /// Without LIST-EXTENDED, LIST-STATUS and SPECIAL-USE: roles by name, a STATUS a folder.
    DovecotWithoutListExtended,
    /// With no more than Microsoft 365 offers.
    LikeMicrosoft,
    /// Cyrus, out of Debian's package.
    Cyrus,
    /// Courier, out of Debian's package: every folder is below `INBOX.`.
    Courier,
}

/// What Microsoft 365 announces and Dovecot has too.
const MICROSOFT: &[&str] =
    &["IMAP4rev1", "SASL-IR", "UIDPLUS", "MOVE", "ID", "UNSELECT", "CHILDREN", "IDLE", "NAMESPACE", "LITERAL+"];

impl Kind {
    fn masked(self) -> Vec<&'static str> {
        match self {
            Self::DovecotWithoutQresync => vec!["QRESYNC"],
            Self::DovecotWithoutCondstore => vec!["QRESYNC", "CONDSTORE", "ENABLE"],
            Self::DovecotWithoutUidplus => vec!["UIDPLUS", "MOVE"],
            Self::DovecotWithoutMove => vec!["MOVE"],
            Self::DovecotWithoutIdle => vec!["IDLE", "NOTIFY"],
            Self::DovecotWithoutListExtended => vec!["LIST-EXTENDED", "LIST-STATUS", "SPECIAL-USE"],
            Self::LikeMicrosoft => CAPABILITIES.split_whitespace().filter(|c| !MICROSOFT.contains(c)).collect(),
            Self::Dovecot | Self::Cyrus | Self::Courier => Vec::new(),
        }
    }

    /// Whether folder names may have signs beyond 16 bits: Courier refuses an emoji as an error in the command.
    pub fn takes_emoji(self) -> bool {
        self != Self::Courier
    }

    /// Whether it names messages (OBJECTID): Dovecot 2.3 and Courier don't.
    pub fn names_messages(self) -> bool {
        self == Self::Cyrus
    }

    /// Whether it can tell of new mail while somebody waits.
    pub fn can_idle(self) -> bool {
        self != Self::DovecotWithoutIdle
    }
}

enum Running {
    Dovecot(Box<Dovecot>),
    Cyrus(cyrus::Cyrus),
    Courier(courier::Courier),
}

/// The library that makes a program believe in another time, for LD_PRELOAD.
pub fn faketime() -> Result<String> {
    let unpacked = unpacked::Unpacked::find("faketime")?;
    let name = "faketime/libfaketime.so.1";
    let (_, dirs) = unpacked.library_path()?;
    let found = dirs.split(':').map(|dir| Path::new(dir).join(name)).find(|path| path.exists());
    Ok(found.with_context(|| format!("{name} is not in its package"))?.display().to_string())
}

/// A running server of some kind.
pub struct Server {
    /// Which.
    pub kind: Kind,
    /// Its port for IMAP over TLS.
    pub imaps: u16,
    /// A submission server for its people, over TLS. It takes all mail and delivers none.
    pub submission: Relay,
    root: PathBuf,
    running: Running,
}

impl Server {
    /// The one of this process, started at first use.
    pub fn shared(kind: Kind) -> Result<&'static Self> {
        static SHARED: Mutex<Option<HashMap<Kind, Result<&'static Server, String>>>> = Mutex::new(None);
        let mut all = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = all.get_or_insert_default().entry(kind);
        // It lives as long as the process; the shell it is tied to takes it down after that.
        let started = shared.or_insert_with(|| Self::start(kind).map(|s| &*Box::leak(Box::new(s))).map_err(|e| format!("{e:#}")));
        started.as_ref().copied().map_err(|e| anyhow!("{kind:?} did not start: {e}"))
    }

    fn start(kind: Kind) -> Result<Self> {
        if !matches!(kind, Kind::Cyrus | Kind::Courier) {
            let dovecot = Dovecot::start(&Setup { masked: kind.masked(), ..Setup::default() })?;
            let (submission, imaps, root) = (dovecot.start_submission()?, dovecot.ports.imaps, dovecot.root());
            return Ok(Self { kind, imaps, submission, root, running: Running::Dovecot(Box::new(dovecot)) });
        }
        let dir = tempfile::Builder::new().prefix("godwit-server-").tempdir().context("make a folder for a server")?.keep();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755))?;
        let authority = Authority::create(&dir)?;
        let submission = Relay::start_tls(authority.server_config(Leaf::Good)?, Takes::Chunks)?;
        let (imaps, running) = if kind == Kind::Cyrus {
            let cyrus = cyrus::Cyrus::start(&dir, &authority)?;
            (cyrus.imaps, Running::Cyrus(cyrus))
        } else {
            let courier = courier::Courier::start(&dir, &authority)?;
            (courier.imaps, Running::Courier(courier))
        };
        Ok(Self { kind, imaps, submission, root: authority.root(), running })
    }

    /// The root that signs its certificate.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A person nobody else uses, with an inbox.
    pub fn user(&self, name: &str) -> User {
        crate::dovecot::next_user(name)
    }

    /// Signs in with a client that shares no code with the engine.
    pub fn mailbox(&self, user: &User) -> Result<Mailbox> {
        Mailbox::sign_in(self.imaps, &self.root, &user.address, &user.password)
    }

    /// Puts a message into a person's inbox.
    pub fn deliver(&self, user: &User, message: &[u8]) -> Result<()> {
        self.mailbox(user)?.append("INBOX", "", message)
    }

    /// A folder's path as this server has it; `parts` from the top down.
    pub fn path(&self, parts: &[&str]) -> String {
        match self.kind {
            Kind::Courier => format!("INBOX.{}", parts.join(".")),
            _ => parts.join("/"),
        }
    }

    /// What it has logged, for a failure's story.
    pub fn log(&self) -> String {
        match &self.running {
            Running::Dovecot(dovecot) => dovecot.log(),
            Running::Cyrus(cyrus) => cyrus.log(),
            Running::Courier(courier) => courier.log(),
        }
    }
}

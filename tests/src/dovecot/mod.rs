//! A private Dovecot on loopback: IMAPS, STARTTLS, submission, LMTP, with folders and a configuration of its own.
//! Every address signs in with `secret-` and its local part, so a test needs no set-up for a user of its own.
//! It never reads /etc/dovecot and never touches another server's files.

mod conf;
mod import;

use crate::authority::{Authority, Leaf};
use crate::mailbox::Mailbox;
use crate::net::{answers, free_ports};
use crate::relay::{self, Envelope, Relay, Takes};
pub use crate::sample::Stored;
use crate::tied::{Spawn, Tied};
use anyhow::{Context, Result, bail};
pub use conf::{CAPABILITIES, Setup};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Ports on 127.0.0.1.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// IMAP with STARTTLS.
    pub imap: u16,
    /// IMAP over TLS.
    pub imaps: u16,
    /// Submission with STARTTLS.
    pub submission: u16,
    /// Submission over TLS.
    pub submissions: u16,
    /// LMTP.
    pub lmtp: u16,
}

/// A person with mail there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The whole address; it is the user name too.
    pub address: String,
    /// The password.
    pub password: String,
}

impl User {
    /// The person behind an address.
    pub fn of(address: &str) -> Self {
        let local = address.split('@').next().unwrap_or(address);
        Self { address: address.into(), password: format!("secret-{local}") }
    }
}

/// A running server.
pub struct Dovecot {
    /// Where it listens.
    pub ports: Ports,
    /// What its submission hands mail to.
    pub relay: Relay,
    authority: Authority,
    dir: PathBuf,
    process: Mutex<Option<Tied>>,
}

static NEXT_USER: AtomicU32 = AtomicU32::new(1);

/// A person whom no other test of this process uses.
pub(crate) fn next_user(name: &str) -> User {
    let number = NEXT_USER.fetch_add(1, Ordering::Relaxed);
    User::of(&format!("{name}{number}@test.example"))
}

impl Dovecot {
    /// The one of this process, with the default set-up. Started at first use.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<Dovecot, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| Self::start(&Setup::default()).map_err(|e| format!("{e:#}")));
        shared.as_ref().map_err(|e| anyhow::anyhow!("the shared Dovecot did not start: {e}"))
    }

    /// Starts one of its own.
    pub fn start(setup: &Setup) -> Result<Self> {
        if program().is_none() {
            bail!("Dovecot is not installed. Install dovecot-imapd, dovecot-submissiond and dovecot-lmtpd.");
        }
        let dir = tempfile::Builder::new().prefix("godwit-dovecot-").tempdir().context("make a folder for Dovecot")?.keep();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755))?;
        let authority = Authority::create(&dir)?;
        let relay = Relay::start()?;
        for attempt in 1.. {
            let [imap, imaps, submission, submissions, lmtp] = free_ports()?;
            let ports = Ports { imap, imaps, submission, submissions, lmtp };
            conf::write(&dir, setup, &authority, ports, relay.port)?;
            match run(&dir, ports) {
                Ok(tied) => {
                    relay.deliver_to(ports.lmtp);
                    return Ok(Self { ports, relay, authority, dir, process: Mutex::new(Some(tied)) });
                }
                // Another process may have taken a port in between.
                Err(error) if attempt == 3 => return Err(error),
                Err(_) => fs::create_dir_all(&dir)?,
            }
        }
        unreachable!("the loop returns")
    }

    /// The root that signs its certificate, for SSL_CERT_FILE.
    pub fn root(&self) -> PathBuf {
        self.authority.root()
    }

    /// Its authority, for other servers of a test.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// A person nobody else uses.
    pub fn user(&self, name: &str) -> User {
        next_user(name)
    }

    /// Signs in over TLS with a client that shares no code with the engine.
    pub fn mailbox(&self, user: &User) -> Result<Mailbox> {
        Mailbox::sign_in(self.ports.imaps, &self.root(), &user.address, &user.password)
    }

    /// Delivers a message into a person's inbox.
    pub fn deliver(&self, user: &User, message: &[u8]) -> Result<()> {
        let mail = Envelope {
            from: "sender@elsewhere.example".into(),
            to: vec![user.address.clone()],
            data: crate::sample::crlf(message),
        };
        relay::deliver(self.ports.lmtp, &mail)
    }

    /// Submits a message from one person to another, as a mail program does.
    pub fn submit(&self, from: &User, to: &User, message: &[u8]) -> Result<()> {
        let mail = Envelope { from: from.address.clone(), to: vec![to.address.clone()], data: crate::sample::crlf(message) };
        relay::submit(self.ports.submissions, &self.root(), from, &mail)
    }

    /// Runs doveadm against this server and answers what it prints.
    pub fn doveadm(&self, args: &[&str]) -> Result<String> {
        let out = Command::new("doveadm").arg("-c").arg(self.conf()).args(args).output().context("run doveadm")?;
        if !out.status.success() {
            bail!("doveadm {}: {}", args.join(" "), String::from_utf8_lossy(&out.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    }

    /// Ends it: its ports refuse from now on, mail stays.
    pub fn stop(&self) {
        self.process.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Starts it again on the same ports, with another set-up if need be.
    pub fn restart(&self, setup: &Setup) -> Result<()> {
        self.stop();
        conf::write(&self.dir, setup, &self.authority, self.ports, self.relay.port)?;
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(run(&self.dir, self.ports)?);
        Ok(())
    }

    /// Starts it again with one password for everyone: all passwords were changed.
    pub fn restart_with_password(&self, password: &str) -> Result<()> {
        self.restart(&Setup { password: Some(password.to_owned()), ..Setup::default() })
    }

    /// A submission server of our own that delivers into this one, for failures that Dovecot would smooth over.
    pub fn start_submission(&self) -> Result<Relay> {
        let relay = Relay::start_tls(self.authority.server_config(Leaf::Good)?, Takes::Data)?;
        relay.deliver_to(self.ports.lmtp);
        Ok(relay)
    }

    /// What it has logged, for a failure's story.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    fn conf(&self) -> PathBuf {
        self.dir.join("dovecot.conf")
    }

    fn home(&self, user: &User) -> PathBuf {
        self.dir.join("mail").join(&user.address)
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.stop();
        // Best effort: a folder under the temporary folder may stay when a disk refuses.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Where the program is, if it is installed.
pub fn program() -> Option<&'static Path> {
    ["/usr/sbin/dovecot", "/usr/local/sbin/dovecot", "/opt/homebrew/sbin/dovecot"].map(Path::new).into_iter().find(|p| p.exists())
}

fn run(dir: &Path, ports: Ports) -> Result<Tied> {
    let program = program().context("Dovecot is not installed")?;
    let conf = dir.join("dovecot.conf");
    let args = ["-F".as_ref(), "-c".as_ref(), conf.as_os_str()];
    let mut tied = Spawn::new(program.as_os_str(), args).removing_at_exit(dir).log(dir.join("stderr")).start()?;
    let all = [ports.imap, ports.imaps, ports.submission, ports.submissions, ports.lmtp];
    let ready = tied.wait_until("Dovecot", Duration::from_secs(20), || all.iter().all(|p| answers(*p)));
    ready.with_context(|| {
        let read = |name| fs::read_to_string(dir.join(name)).unwrap_or_default();
        format!("Dovecot said: {}{}", read("stderr"), read("log"))
    })?;
    Ok(tied)
}

//! The command line as a person's script uses it: the built program, a profile, a passphrase, JSON out.

use crate::dovecot::{Dovecot, User};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A profile in a temporary folder, and the program on it.
pub struct Godwitctl {
    profile: PathBuf,
    env: Vec<(String, String)>,
    programs: Option<PathBuf>,
    _dir: Option<TempDir>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code.
    pub code: i32,
    /// What it printed for programs.
    pub stdout: String,
    /// What it printed for people.
    pub stderr: String,
}

/// The folder of the built programs: beside the test binary.
pub fn built(name: &str) -> Result<PathBuf> {
    let mut dir = match std::env::var_os("GODWIT_BIN_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => std::env::current_exe()?.parent().context("the test binary has no folder")?.to_owned(),
    };
    if dir.ends_with("deps") {
        dir.pop();
    }
    let path = dir.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !path.exists() {
        bail!("{} is not built. Run cargo xtask test, or cargo build --workspace --bins.", path.display());
    }
    Ok(path)
}

impl Godwitctl {
    /// A fresh profile that trusts this server's authority, opened by a passphrase.
    pub fn new(dovecot: &Dovecot) -> Result<Self> {
        Self::trusting(&dovecot.root())
    }

    /// A fresh profile that trusts one root.
    pub fn trusting(root: &Path) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("godwit-profile-").tempdir()?;
        let profile = dir.path().join("profile");
        let env = vec![("GODWIT_PASSPHRASE".into(), "a bird that arrives".into()), root_env(root)];
        Ok(Self { profile, env, programs: None, _dir: Some(dir) })
    }

    /// A profile that stands somewhere already, with these variables and the programs of this folder.
    pub fn at(profile: &Path, env: Vec<(String, String)>, programs: &Path) -> Self {
        Self { profile: profile.to_owned(), env, programs: Some(programs.to_owned()), _dir: None }
    }

    /// Sets a variable, or takes it away.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: Option<&str>) -> Self {
        self.env.retain(|(n, _)| n != name);
        self.env.extend(value.map(|v| (name.to_owned(), v.to_owned())));
        self
    }

    /// The profile's folder.
    pub fn profile(&self) -> &Path {
        &self.profile
    }

    /// The program, ready to run with these arguments.
    pub fn command(&self, args: &[&str]) -> Result<Command> {
        let mut command = Command::new(match &self.programs {
            Some(dir) => dir.join("godwitctl"),
            None => built("godwitctl")?,
        });
        command.env_remove("GODWIT_PROFILE").env_remove("GODWIT_PASSPHRASE").env_remove("SSL_CERT_DIR");
        command.arg("--profile").arg(&self.profile).args(args).envs(self.env.iter().cloned());
        Ok(command)
    }

    /// Starts it and leaves it running.
    pub fn spawn(&self, args: &[&str]) -> Result<Child> {
        let mut command = self.command(args)?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().context("start godwitctl")
    }

    /// Runs it to its end, with `stdin`.
    pub fn run_with(&self, args: &[&str], stdin: &str) -> Result<Ended> {
        let mut command = self.command(args)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("start godwitctl")?;
        let mut pipe = child.stdin.take().context("godwitctl has no stdin")?;
        // It may end before it has read all: how it ended is what counts.
        let _ = pipe.write_all(stdin.as_bytes());
        drop(pipe);
        let out = child.wait_with_output()?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Ended { code: out.status.code().unwrap_or(-1), stdout: text(out.stdout), stderr: text(out.stderr) })
    }

    /// Runs it to its end.
    pub fn run(&self, args: &[&str]) -> Result<Ended> {
        self.run_with(args, "")
    }

    /// Runs it and fails unless it says done.
    pub fn ok(&self, args: &[&str]) -> Result<String> {
        let ended = self.run(args)?;
        if ended.code != 0 {
            bail!("godwitctl {} exited {}: {}", args.join(" "), ended.code, ended.stderr.trim());
        }
        Ok(ended.stdout)
    }

    /// Runs it with `--json` and reads what it prints.
    pub fn json(&self, args: &[&str]) -> Result<Value> {
        let args: Vec<&str> = std::iter::once("--json").chain(args.iter().copied()).collect();
        let out = self.ok(&args)?;
        serde_json::from_str(&out).with_context(|| format!("godwitctl {} printed no JSON: {out}", args.join(" ")))
    }

    /// Runs it, expects exit 1, and answers the line for people.
    pub fn fails(&self, args: &[&str]) -> Result<String> {
        let ended = self.run(args)?;
        if ended.code != 1 {
            bail!("godwitctl {} exited {}, not 1: {}{}", args.join(" "), ended.code, ended.stdout, ended.stderr);
        }
        Ok(ended.stderr)
    }

    /// Adds a person's account at these ports, over TLS.
    pub fn try_add(&self, user: &User, imaps: u16, submissions: u16) -> Result<Ended> {
        let (imap, smtp) = (format!("localhost:{imaps}"), format!("localhost:{submissions}"));
        let args = [
            "account",
            "add",
            "--email",
            &user.address,
            "--name",
            "Marit Solheim",
            "--imap",
            &imap,
            "--imap-security",
            "tls",
            "--smtp",
            &smtp,
            "--smtp-security",
            "tls",
            "--password-stdin",
        ];
        self.run_with(&args, &user.password)
    }

    /// Adds a person's account and fails unless it is saved.
    pub fn add(&self, dovecot: &Dovecot, user: &User) -> Result<()> {
        self.add_at(user, dovecot.ports.imaps, dovecot.ports.submissions)
    }

    /// Adds a person's account at these ports and fails unless it is saved.
    pub fn add_at(&self, user: &User, imaps: u16, submissions: u16) -> Result<()> {
        let ended = self.try_add(user, imaps, submissions)?;
        if ended.code != 0 {
            bail!("account add exited {}: {}", ended.code, ended.stderr.trim());
        }
        Ok(())
    }

    /// The rows of a mailbox, newest first; `path` as INBOX.
    pub fn list(&self, user: &User, path: &str) -> Result<Vec<Value>> {
        let mailbox = format!("{}/{path}", user.address);
        let rows = self.json(&["list", &mailbox, "--limit", "500"])?;
        rows.as_array().cloned().context("list printed no array")
    }

    /// The subjects of a mailbox, newest first.
    pub fn subjects(&self, user: &User, path: &str) -> Result<Vec<String>> {
        Ok(self.list(user, path)?.iter().map(|row| row["subject"].as_str().unwrap_or_default().to_owned()).collect())
    }

    /// The id of the message with this subject.
    pub fn id(&self, user: &User, path: &str, subject: &str) -> Result<String> {
        let rows = self.list(user, path)?;
        let row = rows.iter().find(|row| row["subject"] == subject);
        let row = row.with_context(|| format!("{path} has no message \u{201c}{subject}\u{201d}"))?;
        Ok(match &row["id"] {
            Value::String(id) => id.clone(),
            other => other.to_string(),
        })
    }
}

/// The variable that makes a root trusted.
pub fn root_env(root: &Path) -> (String, String) {
    ("SSL_CERT_FILE".into(), root.display().to_string())
}

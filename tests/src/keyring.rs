//! A real keychain that is not yours: a private D-Bus session with gnome-keyring on it, unlocked, in a temporary folder.

use crate::tied::{Spawn, Tied};
use anyhow::{Context, Result, bail};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// Only what is started by hand talks on this bus: no service files, so nothing of the desktop wakes up.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="false"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A running session with its keychain.
pub struct Keyring {
    address: String,
    keychain: Option<Tied>,
    _bus: Tied,
    dir: TempDir,
}

impl Keyring {
    /// Starts both.
    pub fn start() -> Result<Self> {
        let mut session = Self::without_keychain()?;
        let log = session.dir.path().join("keyring.log");
        let run = "printf secret | exec gnome-keyring-daemon --foreground --unlock --components=secrets";
        let mut keychain = Spawn::new("/bin/sh", ["-c", run]).envs(session.env()).log(&log).start()?;
        let ready = keychain.wait_until("gnome-keyring", Duration::from_secs(20), || session.default_collection().is_ok());
        ready.with_context(|| format!("gnome-keyring said: {}", fs::read_to_string(&log).unwrap_or_default()))?;
        session.keychain = Some(keychain);
        Ok(session)
    }

    /// A session where no keychain answers.
    pub fn without_keychain() -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("godwit-session-").tempdir()?;
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700))?;
        let socket = dir.path().join("bus").display().to_string();
        let conf = dir.path().join("bus.conf");
        fs::write(&conf, BUS.replace("SOCKET", &socket))?;
        let conf = format!("--config-file={}", conf.display());
        let mut bus =
            Spawn::new("dbus-daemon", [conf.as_str(), "--nofork"]).start().context("start dbus-daemon (package dbus)")?;
        bus.wait_until("dbus-daemon", Duration::from_secs(20), || std::path::Path::new(&socket).exists())?;
        Ok(Self { address: format!("unix:path={socket}"), keychain: None, _bus: bus, dir })
    }

    /// The session bus' address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Ends the keychain; the session stays.
    pub fn stop_keychain(&mut self) {
        self.keychain = None;
    }

    /// What a child needs to find this session, and no other.
    pub fn env(&self) -> Vec<(String, String)> {
        let dir = |name: &str| self.dir.path().join(name).display().to_string();
        vec![
            ("DBUS_SESSION_BUS_ADDRESS".into(), self.address.clone()),
            ("XDG_RUNTIME_DIR".into(), self.dir.path().display().to_string()),
            ("HOME".into(), self.dir.path().display().to_string()),
            ("XDG_DATA_HOME".into(), dir("data")),
            ("XDG_CONFIG_HOME".into(), dir("config")),
            ("XDG_CACHE_HOME".into(), dir("cache")),
            ("NO_AT_BRIDGE".into(), "1".into()),
            ("GIO_USE_VFS".into(), "local".into()),
            ("GSETTINGS_BACKEND".into(), "memory".into()),
        ]
    }

    /// The object path of the keychain's default collection.
    pub fn default_collection(&self) -> Result<String> {
        let mut ask = Command::new("dbus-send");
        ask.arg(format!("--bus={}", self.address)).args([
            "--dest=org.freedesktop.secrets",
            "--print-reply=literal",
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.ReadAlias",
            "string:default",
        ]);
        let out = ask.output().context("run dbus-send (package dbus-bin)")?;
        let path = String::from_utf8_lossy(&out.stdout).trim().to_owned();
        if !out.status.success() || path.len() < 2 {
            bail!("the keychain has no default collection: {path}{}", String::from_utf8_lossy(&out.stderr).trim());
        }
        Ok(path)
    }
}

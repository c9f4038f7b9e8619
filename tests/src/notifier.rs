//! A desktop's notifications: dunst on a private session bus, drawing on the display nobody sees. It is unpacked by
//! `cargo xtask`, never installed, since its service would answer for a person's own desktop.

use crate::display::Display;
use crate::godwitctl::built;
use crate::keyring::Keyring;
use crate::tied::{Spawn, Tied};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// Nothing goes away by itself while a test looks.
const CONF: &str = "[global]\n    follow = none\n    idle_threshold = 0\n[urgency_normal]\n    timeout = 0\n";

/// A running notification service.
pub struct Notifier {
    bus: String,
    _process: Tied,
    _dir: tempfile::TempDir,
}

/// What a notification said, as it stands in the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Which program.
    pub app: String,
    /// Its title.
    pub title: String,
    /// Its text, markup and all.
    pub text: String,
}

impl Notifier {
    /// Starts it for one desk.
    pub fn start(display: &Display, session: &Keyring) -> Result<Self> {
        let root = root()?;
        let dir = tempfile::Builder::new().prefix("godwit-notifier-").tempdir()?;
        let conf = dir.path().join("dunstrc");
        std::fs::write(&conf, CONF)?;
        let libraries = root.join("usr/lib").join(format!("{}-linux-gnu", std::env::consts::ARCH));
        let program = root.join("usr/bin/dunst").display().to_string();
        let log = dir.path().join("log");
        let mut process = Spawn::new(program, ["-config".to_owned(), conf.display().to_string()])
            .envs(display.env())
            .envs(session.env())
            .envs([("LD_LIBRARY_PATH", libraries.as_os_str())])
            .log(&log)
            .start()?;
        let bus = session.address().to_owned();
        let ready = process.wait_until("dunst", Duration::from_secs(20), || displayed(&bus).is_ok());
        ready.with_context(|| format!("dunst said: {}", std::fs::read_to_string(&log).unwrap_or_default()))?;
        Ok(Self { bus, _process: process, _dir: dir })
    }

    /// How many are on the screen.
    pub fn displayed(&self) -> Result<u32> {
        displayed(&self.bus)
    }

    /// Chooses the newest one on the screen, as a click on it does.
    pub fn choose(&self) -> Result<()> {
        ask(&self.bus, "org.dunstproject.cmd0.NotificationAction", &["uint32:0"]).map(drop)
    }

    /// Clears the screen and answers everything that was said, newest first.
    pub fn said(&self) -> Result<Vec<Said>> {
        ask(&self.bus, "org.dunstproject.cmd0.NotificationCloseAll", &[])?;
        let answer = ask(&self.bus, "org.dunstproject.cmd0.NotificationListHistory", &[])?;
        Ok(answer.split("array [").skip(2).map(said).collect())
    }
}

fn displayed(bus: &str) -> Result<u32> {
    let args = ["string:org.dunstproject.cmd0", "string:displayedLength"];
    let answer = ask(bus, "org.freedesktop.DBus.Properties.Get", &args)?;
    answer.split_whitespace().last().and_then(|n| n.parse().ok()).with_context(|| format!("no number in: {answer}"))
}

/// One entry of dunst's history as dbus-send prints it: `string "summary"` and then `variant string "…"`.
fn said(entry: &str) -> Said {
    let value = |name: &str| {
        let rest = entry.split_once(&format!("string \"{name}\"")).map_or("", |(_, rest)| rest);
        let rest = rest.split_once("string \"").map_or("", |(_, rest)| rest);
        rest.split_once("\"\n").map_or(rest, |(text, _)| text).to_owned()
    };
    Said { app: value("appname"), title: value("summary"), text: value("body") }
}

fn ask(bus: &str, method: &str, args: &[&str]) -> Result<String> {
    let mut ask = Command::new("dbus-send");
    ask.arg(format!("--bus={bus}")).arg(format!("--dest={NAME}")).args(["--print-reply", PATH, method]).args(args);
    let out = ask.output().context("run dbus-send (package dbus-bin)")?;
    if !out.status.success() {
        bail!("{method}: {}", String::from_utf8_lossy(&out.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// Where it was unpacked: `target/servers/dunst`, beside the folder of the built programs.
fn root() -> Result<PathBuf> {
    let programs = built("godwit")?;
    let target = programs.parent().and_then(|p| p.parent()).context("the programs lie in no target folder")?;
    let root = target.join("servers/dunst/root");
    if !root.join("usr/bin/dunst").exists() {
        bail!("{} is not there. Run cargo xtask test, which unpacks it.", root.display());
    }
    Ok(root)
}

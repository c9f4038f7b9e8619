//! A display nobody sees: Xvfb on a number it picks itself.

use crate::tied::{Spawn, Tied};
use anyhow::{Context, Result};
use std::fs;
use std::time::Duration;
use tempfile::TempDir;

/// A running display.
pub struct Display {
    /// Its name, for DISPLAY.
    pub name: String,
    _process: Tied,
    _dir: TempDir,
}

impl Display {
    /// Starts one of this size.
    pub fn start(width: u32, height: u32) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("godwit-display-").tempdir()?;
        let log = dir.path().join("number");
        let screen = format!("{width}x{height}x24");
        let args = ["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp", "-noreset"];
        let mut process = Spawn::new("Xvfb", args).log(&log).start().context("start Xvfb (package xvfb)")?;
        let number = || fs::read_to_string(&log).ok()?.lines().find_map(|l| l.trim().parse::<u32>().ok());
        process.wait_until("Xvfb", Duration::from_secs(20), || number().is_some())?;
        let name = format!(":{}", number().context("Xvfb told no number")?);
        Ok(Self { name, _process: process, _dir: dir })
    }

    /// What a child needs to open its windows here.
    pub fn env(&self) -> Vec<(String, String)> {
        [
            ("DISPLAY", self.name.as_str()),
            ("GDK_BACKEND", "x11"),
            // No graphics card behind Xvfb; without these WebKit tries one and may paint nothing.
            ("LIBGL_ALWAYS_SOFTWARE", "1"),
            ("WEBKIT_DISABLE_DMABUF_RENDERER", "1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }
}

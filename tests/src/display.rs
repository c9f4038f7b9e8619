//! A display nobody sees: Xvfb on a number it picks itself.

use crate::tied::{Spawn, Tied};
use anyhow::{Context, Result};
use std::fs;
use std::time::Duration;
use tempfile::TempDir;

/// Whatever the machine's own choice, system-ui is Inter here, as on the pictures of the design.
const FONTS: &str = r#"<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <match target="pattern">
    <test qual="any" name="family"><string>system-ui</string></test>
    <edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit>
  </match>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
</fontconfig>
"#;

/// A running display.
pub struct Display {
    /// Its name, for DISPLAY.
    pub name: String,
    _process: Tied,
    dir: TempDir,
}

impl Display {
    /// Starts one of this size.
    pub fn start(width: u32, height: u32) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("godwit-display-").tempdir()?;
        fs::write(dir.path().join("fonts.conf"), FONTS)?;
        let log = dir.path().join("number");
        let screen = format!("{width}x{height}x24");
        let args = ["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp", "-noreset"];
        let mut process = Spawn::new("Xvfb", args).log(&log).start().context("start Xvfb (package xvfb)")?;
        let number = || fs::read_to_string(&log).ok()?.lines().find_map(|l| l.trim().parse::<u32>().ok());
        process.wait_until("Xvfb", Duration::from_secs(20), || number().is_some())?;
        let name = format!(":{}", number().context("Xvfb told no number")?);
        Ok(Self { name, _process: process, dir })
    }

    /// What a child needs to open its windows here, and to draw them with the same fonts on every machine.
    pub fn env(&self) -> Vec<(String, String)> {
        let fonts = self.dir.path().join("fonts.conf").display().to_string();
        // Never WEBKIT_DISABLE_DMABUF_RENDERER: with it WebKit under Xvfb answers no screenshot (tried, 2.50.6).
        [("DISPLAY", self.name.as_str()), ("GDK_BACKEND", "x11"), ("LIBGL_ALWAYS_SOFTWARE", "1"), ("FONTCONFIG_FILE", &fonts)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec()
    }
}

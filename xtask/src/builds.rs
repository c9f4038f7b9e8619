//! Builds: the interface by npm, the programs by cargo, and what is generated out of sources.

use crate::machine::{npm, root, target};
use crate::runner::{command, run};
use crate::{apt, machine};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;

/// Installs the interface's packages when package-lock.json changed since the last time.
pub fn npm_packages() -> Result<()> {
    if !machine::has_program("npm") {
        bail!("npm is not installed. Install Node 20.19 or newer (nodejs.org).");
    }
    let lock = fs::read(root().join("package-lock.json")).context("read package-lock.json")?;
    let stamp = root().join("node_modules/.godwit-lock");
    if fs::read(&stamp).is_ok_and(|last| last == lock) {
        return Ok(());
    }
    run(&mut command(npm(), &["ci", "--no-audit", "--no-fund"]))?;
    fs::write(&stamp, lock).context("remember what npm installed")
}

/// Builds the interface into ui/dist, which the shell takes in.
pub fn interface() -> Result<()> {
    npm_packages()?;
    run(&mut command(npm(), &["run", "--silent", "build"]))
}

/// Builds `godwit` and `godwitctl`; answers their folder.
pub fn programs() -> Result<PathBuf> {
    apt::need(&[apt::BUILD])?;
    interface()?;
    run(&mut command("cargo", &["build", "--package", "godwit", "--package", "godwit-cli"]))?;
    Ok(target().join("debug"))
}

/// Times and memory of the engine beside a bare reader, optimised as a package is.
pub fn bench(args: &[&str]) -> Result<()> {
    if cfg!(not(unix)) {
        bail!("the bench needs Dovecot, which does not run on this system");
    }
    apt::need(&[apt::BUILD, apt::DOVECOT])?;
    let build = ["run", "--quiet", "--release", "--package", "godwit-bench", "--bin", "bench", "--"];
    run(&mut command("cargo", &[&build, args].concat()))
}

/// All icon sizes and formats out of the drawing.
pub fn icons() -> Result<()> {
    npm_packages()?;
    run(&mut command(npm(), &["run", "--silent", "tauri", "--", "icon", "icons/icon.svg", "--output", "icons"]))
}

/// The TypeScript types out of the Rust ones.
pub fn bindings() -> Result<()> {
    run(command("cargo", &["test", "--quiet", "--package", "godwit-domain", "bindings"]).env("GODWIT_WRITE_BINDINGS", "1"))
}

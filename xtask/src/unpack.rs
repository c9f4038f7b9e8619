//! Programs out of Debian's packages that are never installed, because they would push others off the machine or start by
//! themselves on a person's desktop: downloaded, unpacked below `target/servers/NAME`, and run from there.

use crate::machine;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Packages unpacked together into one root.
#[derive(Clone, Copy, Debug)]
pub struct Root {
    /// The folder below `target/servers`.
    pub name: &'static str,
    /// What lies in it.
    pub packages: &'static [&'static str],
}

/// A desktop's notifications.
pub const DUNST: Root = Root { name: "dunst", packages: &["dunst", "libxss1", "libnotify4"] };

/// Unpacks what is not there yet. Where there is no apt it does nothing.
pub fn need(root: Root) -> Result<()> {
    if !machine::IS_LINUX || !machine::has_program("apt-get") {
        return Ok(());
    }
    let dir = folder(root);
    // Written last, so what was cut off half-way is done again.
    let done = dir.join("packages");
    let wanted = root.packages.join("\n");
    if fs::read_to_string(&done).is_ok_and(|held| held == wanted) {
        return Ok(());
    }
    eprintln!("Unpacking {} below {}. Nothing is installed.", root.packages.join(", "), dir.display());
    if dir.exists() {
        fs::remove_dir_all(&dir).with_context(|| format!("empty {}", dir.display()))?;
    }
    let archives = dir.join("archives");
    fs::create_dir_all(&archives).with_context(|| format!("make {}", archives.display()))?;
    let mut download = Command::new("apt-get");
    download.args(["-q", "download"]).args(root.packages).current_dir(&archives);
    if !download.status().context("run apt-get download")?.success() {
        bail!("apt-get could not download {}. Refresh its lists with: apt-get update", root.packages.join(", "));
    }
    for archive in fs::read_dir(&archives)? {
        let archive = archive?.path();
        let unpacked = Command::new("dpkg-deb").arg("-x").args([archive.as_path(), &dir.join("root")]).status();
        if !unpacked.context("run dpkg-deb")?.success() {
            bail!("{} can't be unpacked", archive.display());
        }
    }
    fs::write(&done, wanted).with_context(|| format!("write {}", done.display()))
}

fn folder(root: Root) -> PathBuf {
    machine::target().join("servers").join(root.name)
}
